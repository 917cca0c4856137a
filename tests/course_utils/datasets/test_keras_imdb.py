import functools
import hashlib
import json

import pytest

from course_tools.data import download, prepare
from course_utils import paths
from course_utils.datasets import keras_imdb

INDEX = {"the": 1, "film": 3, "naïve": 2}
CONTENT = json.dumps(INDEX).encode()
REMOTE = prepare.Remote("http://127.0.0.1:1/imdb_word_index.json", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
prepare_index = functools.partial(prepare.prepare_keras_imdb, remote=REMOTE)


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    monkeypatch.setattr(keras_imdb, "SIZE", len(CONTENT))
    return tmp_path / "data"


def test_what_was_prepared_is_loaded(folder, tmp_path, monkeypatch, capsys):
    source = tmp_path / "imdb_word_index.json"
    source.write_bytes(CONTENT)
    assert not prepare.DATASETS["keras_imdb"].is_ready(folder)
    prepare_index(folder, source)
    assert prepare.DATASETS["keras_imdb"].is_ready(folder)
    assert [path.name for path in folder.rglob("*")] == ["keras", "imdb_word_index.json"]
    assert keras_imdb.load_word_index() == INDEX
    assert "3 words" in capsys.readouterr().out
    monkeypatch.setenv("COURSE_DATA", "sample")
    assert keras_imdb.load_word_index() is None


def test_another_file_is_refused(folder, tmp_path):
    source = tmp_path / "imdb_word_index.json"
    source.write_bytes(CONTENT.replace(b"film", b"fill"))
    with pytest.raises(download.WrongContent, match="SHA-256 differs"):
        prepare_index(folder, source)
    assert not keras_imdb.is_ready(folder)


def test_without_real_data(monkeypatch, capsys):
    assert keras_imdb.load_word_index() is None
    assert "make data DATASETS=keras_imdb" in capsys.readouterr().out
    monkeypatch.setenv("COURSE_DATA", "real")
    with pytest.raises(paths.DataNotReady, match="make data DATASETS=keras_imdb"):
        keras_imdb.load_word_index()


@pytest.mark.parametrize("content", [b'{"the": 1, "a": 3}', b'{"the": 1', b"[]", b'{"the": "1"}', b'"\xff"'])
def test_damage_is_named(folder, monkeypatch, content):
    path = folder / keras_imdb.WORD_INDEX
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    monkeypatch.setattr(keras_imdb, "SIZE", len(content))
    with pytest.raises(ValueError, match=r"imdb_word_index\.json does not number words.*make data"):
        keras_imdb.load_word_index()


def test_the_loader_knows_the_true_file(monkeypatch):
    monkeypatch.undo()
    assert keras_imdb.SIZE == prepare.KERAS_WORD_INDEX.size
    assert keras_imdb.WORD_INDEX.name == prepare.KERAS_WORD_INDEX.name

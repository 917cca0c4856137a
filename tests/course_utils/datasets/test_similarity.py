import numpy as np
import pytest

from course_tools.data import prepare
from course_utils import paths
from course_utils.datasets import similarity


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    prepare.prepare_similarity(folder)  # out of gensim
    return folder


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("COURSE_DATA", raising=False)


def test_what_people_said(monkeypatch, prepared, capsys):
    monkeypatch.setenv("COURSE_DATA_DIR", str(prepared))
    found = similarity.load()
    assert "WordSim-353 – 353 pairs, SimLex-999 – 999 pairs; 19,544 analogies" in capsys.readouterr().out
    related, similar = found.rated["WordSim-353"], found.rated["SimLex-999"]
    assert (len(related.pairs), len(similar.pairs)) == (353, 999)
    assert related.ratings[related.pairs.index(("cup", "coffee"))] == 6.58
    assert similar.ratings[similar.pairs.index(("old", "new"))] == 1.58
    for rated in found.rated.values():
        assert rated.ratings.shape == (len(rated.pairs),) and np.all((rated.ratings >= 0) & (rated.ratings <= 10))
        assert all(word == word.lower() and "\t" not in word for pair in rated.pairs for word in pair)
    assert len(found.analogies) == 14
    assert ("boy", "girl", "king", "queen") in found.analogies["family"]
    assert ("athens", "greece", "baghdad", "iraq") in found.analogies["capital-common-countries"]


def test_without_real_data(monkeypatch, prepared, capsys):
    assert similarity.load() is None
    assert "make data DATASETS=word_similarity" in capsys.readouterr().out
    monkeypatch.setenv("COURSE_DATA", "real")
    with pytest.raises(paths.DataNotReady, match="make data DATASETS=word_similarity"):
        similarity.load()
    monkeypatch.setenv("COURSE_DATA", "sample")
    monkeypatch.setenv("COURSE_DATA_DIR", str(prepared))
    assert similarity.load() is None


@pytest.mark.parametrize("name", similarity.SIZES)
def test_a_file_that_is_missing_or_cut_short_is_not_ready(prepared, tmp_path, name):
    (tmp_path / similarity.DATASET).mkdir()
    for path in (prepared / similarity.DATASET).iterdir():
        (tmp_path / similarity.DATASET / path.name).write_bytes(path.read_bytes())
    assert similarity.is_ready(tmp_path)
    path = tmp_path / similarity.DATASET / name
    path.write_bytes(path.read_bytes()[:-1])
    assert not similarity.is_ready(tmp_path)
    path.unlink()
    assert not similarity.is_ready(tmp_path)


def test_a_damaged_line_is_named(tmp_path):
    path = tmp_path / "pairs.txt"
    path.write_text("old\tnew\t1.58\nold new\n")
    with pytest.raises(ValueError, match=r"pairs\.txt, line 2"):
        similarity._rated(path)

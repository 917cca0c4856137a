import json

import pytest

from course_utils.datasets import keras_imdb

INDEX = {"the": 1, "film": 3, "naïve": 2}


def test_the_word_index_is_loaded(stand_in, capsys):
    stand_in("keras_imdb", {"imdb_word_index.json": json.dumps(INDEX)})
    assert keras_imdb.load_word_index() == INDEX
    assert "3 words" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b'{"the": 1, "a": 3}', b'{"the": 1', b"[]", b'{"the": "1"}', b'"\xff"'])
def test_damage_is_named(stand_in, content):
    stand_in("keras_imdb", {"imdb_word_index.json": content})
    with pytest.raises(ValueError, match=r"imdb_word_index\.json .*make data"):
        keras_imdb.load_word_index()


@pytest.mark.real
def test_the_real_word_index(real):
    real("keras_imdb")
    index = keras_imdb.load_word_index()
    assert len(index) == 88_584 and index["the"] == 1

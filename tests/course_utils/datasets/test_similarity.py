import numpy as np
import pytest

from course_utils.datasets import similarity

FILES = {
    "EN-WS-353-ALL.txt": "cup\tcoffee\t6.58\nTiger\tcat\t7.35\n",
    "EN-SIMLEX-999.txt": "old\tnew\t1.58\n",
    "questions-words.txt": ": family\nboy girl king queen\n: capital-common-countries\nAthens Greece Baghdad Iraq\n",
}


def test_pairs_ratings_and_analogies(stand_in, capsys):
    stand_in("word_similarity", FILES)
    found = similarity.load()
    assert "WordSim-353: 2 pairs, SimLex-999: 1 pairs, 2 analogies" in capsys.readouterr().out
    assert found.rated["WordSim-353"].pairs == [("cup", "coffee"), ("tiger", "cat")]
    assert found.rated["WordSim-353"].ratings.tolist() == [6.58, 7.35]
    assert found.rated["SimLex-999"].pairs == [("old", "new")]
    assert found.analogies == {
        "family": [("boy", "girl", "king", "queen")],
        "capital-common-countries": [("athens", "greece", "baghdad", "iraq")],
    }


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_line_is_named(stand_in, name):
    stand_in("word_similarity", FILES | {name: FILES[name] + "old new\n"})
    with pytest.raises(ValueError, match=rf"{name}, line \d.*make data DATASETS=word_similarity"):
        similarity.load()


@pytest.mark.real
def test_the_real_ratings(real):
    real("word_similarity")
    found = similarity.load()
    assert [len(rated.pairs) for rated in found.rated.values()] == [353, 999] and len(found.analogies) == 14
    for rated in found.rated.values():
        assert rated.ratings.shape == (len(rated.pairs),) and np.all((rated.ratings >= 0) & (rated.ratings <= 10))
        assert all(word == word.lower() for pair in rated.pairs for word in pair)
    assert ("boy", "girl", "king", "queen") in found.analogies["family"]

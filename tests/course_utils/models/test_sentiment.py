import io
import sys
import zipfile

import keras
import numpy as np
import pytest

from course_utils.models import sentiment
from course_utils.models.sentiment import Runs, shorten
from course_utils.text import Vocabulary

WORDS = "the film was good bad not ! ?".split()


def test_short_texts_stay_whole_and_of_long_ones_both_ends_are_kept():
    assert shorten(np.arange(5), (2, 3)).tolist() == [0, 1, 2, 3, 4]
    assert shorten(np.arange(9), (2, 3)).tolist() == [0, 1, 6, 7, 8]
    assert shorten(np.arange(9), (2, 0)).tolist() == [0, 1]


def test_runs_are_those_of_at_least_two_texts():
    runs = Runs.of([np.array(text) for text in ([1, 2, 3], [1, 2, 4], [3, 3, 3])], base=5)
    first, second, third = runs.at(np.array([1, 2, 3])), runs.at(np.array([3, 3])), runs.at(np.array([4]))
    assert len(runs) == 4 and set(first[first > 0]) | set(second[second > 0]) == {1, 2, 3, 4}  # 1, 2, 1 2, 3
    assert (first > 0).tolist() == [[True, False, False], [True, True, False], [True, False, False]]
    assert second[0, 0] == second[1, 0] == first[2, 0] and not second[:, 1:].any()
    assert not third.any()


def test_runs_of_one_two_and_three_tokens_have_different_numbers():
    texts = [np.random.default_rng(i % 20).integers(1, 50, 100) for i in range(40)]
    runs = Runs.of(texts, base=50)
    number_of = {}
    for text in texts:
        at = runs.at(text)
        assert at.dtype == np.int32 and (at[0] > 0).tolist() == [True, False, False]
        for t in range(2, len(text)):
            for n in range(3):
                number_of.setdefault(tuple(text[t - n : t + 1]), set()).add(int(at[t, n]))
    assert all(len(numbers) == 1 for numbers in number_of.values())
    assert len(set.union(*number_of.values())) == len(number_of) and min(map(min, number_of.values())) > 0


@pytest.mark.parametrize("ids", [[], [7], [7, 8]])
def test_texts_shorter_than_a_run(ids):
    ids = np.array(ids, dtype=np.int32)
    at = Runs.of([ids, ids], base=9).at(ids)
    assert at.shape == (len(ids), 3)
    assert ((at > 0) == (np.arange(len(ids))[:, None] >= np.arange(3))).all()


def test_without_runs_all_are_unknown():
    assert not Runs.of([], base=9).at(np.array([1, 2])).any()


def test_a_bag_of_runs_says_which_each_text_has():
    texts = [np.array(text) for text in ([1, 1, 1], [1, 1, 2], [3], [])]
    runs = Runs.of(texts, base=5)
    at = [runs.at(text) for text in texts]
    X = runs.bag(at).toarray()
    assert X.shape == (4, 1 + len(runs)) and not X[:, 0].any()
    assert X.sum(axis=1).tolist() == [2, 2, 0, 0]  # 1 and 1 1, once each
    assert runs.bag([]).shape == (0, 1 + len(runs))


def test_a_layer_in_pieces_begins_anew_in_each():
    lstm = keras.layers.LSTM(3, return_sequences=True)
    x = np.random.default_rng(0).normal(size=(2, 6, 4)).astype("float32")
    mask = np.arange(6) < np.array([[6], [4]])
    h = sentiment.in_pieces(lstm, 2)(x, mask=mask)
    assert h.shape == (2, 6, 3)
    for begin in (0, 2, 4):
        piece = slice(begin, begin + 2)
        assert np.allclose(h[:, piece], lstm(x[:, piece], mask=mask[:, piece]), atol=1e-6)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network that adds up the evidence, a part of it in pieces of two, and its file."""
    vocabulary = Vocabulary(WORDS)
    texts = [vocabulary.encode(["film", "was", word]) for word in ("good", "good", "bad", "bad")]
    runs = Runs.of(texts, len(vocabulary))
    table = np.zeros((1 + len(runs), 2), "float32")
    for row, text in enumerate(texts):
        table[runs.at(text)[2, :1]] = [1 - 2 * (row > 1), 0.5]
    ids, evidence = keras.Input((None,), dtype="int32", name="ids"), keras.Input((None, 6), name="evidence")
    kept = keras.ops.cast(keras.ops.not_equal(ids, 0), "float32")[:, :, None]
    h = sentiment.in_pieces(keras.layers.SimpleRNN(1, return_sequences=True, kernel_initializer="zeros"), 2)(evidence)
    score = keras.ops.sum((evidence[:, :, :1] + h) * kept, axis=(1, 2), keepdims=True)[:, :, 0]
    reader = keras.Model({"ids": ids, "evidence": evidence}, keras.ops.sigmoid(score))
    path = tmp_path_factory.mktemp("saved") / "network.keras"
    sentiment.with_evidence(reader, vocabulary, runs, table, (3, 4), 2).save(path)
    return path


def test_answers_after_loading(network):
    model = sentiment.load(network)
    good, bad, even = sentiment.probabilities(model, ["The film was GOOD!", "bad", "good bad"])
    assert good > 0.6 and bad < 0.4 and even == pytest.approx(0.5, abs=1e-6)


def test_a_text_does_not_depend_on_its_company(network):
    model = sentiment.load(network)
    texts = ["good", "the film was not bad " * 40, "film was good", "bad"]
    alone = [sentiment.probabilities(model, [text])[0] for text in texts]
    assert sentiment.probabilities(model, texts) == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize("text", ["", "   ", "\N{THUMBS UP SIGN} <br />", "xyzzy 1984", "?!...", "\ud800"])
def test_no_known_word_no_answer(network, text):
    answers = sentiment.probabilities(sentiment.load(network), [text, "good"])
    assert np.isnan(answers[0]) and answers[1] > 0.5


def test_no_texts_no_answers(network):
    assert sentiment.probabilities(sentiment.load(network), []).shape == (0,)


def test_of_a_long_text_the_ends_are_read(network):
    middle, end = sentiment.probabilities(
        sentiment.load(network), ["the " * 3 + "bad " * 50_000 + "the " * 4, "the " * 100_000 + "bad"]
    )
    assert middle == pytest.approx(0.5, abs=0.1) and end < 0.4


def test_a_network_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="Lesson 10 trains and saves one"):
        sentiment.load(tmp_path / "none.keras")


@pytest.mark.parametrize("damage", ["text", "torn", "empty zip", "other network"])
def test_a_file_that_is_no_such_network(tmp_path, network, damage):
    path = tmp_path / "broken.keras"
    if damage == "text":
        path.write_text("not a network", encoding="utf-8")
    elif damage == "torn":
        path.write_bytes(network.read_bytes()[:2000])
    elif damage == "empty zip":
        zipfile.ZipFile(path, "w").close()
    else:
        keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).save(path)
    with pytest.raises(ValueError, match="holds no network of lesson 10"):
        sentiment.load(path)


def test_the_command_reads_arguments(network, capsys):
    assert sentiment.main(["--model", str(network), "A good film", "", "bad " * 90]) == 0
    good, empty, long = capsys.readouterr().out.splitlines()
    assert good.startswith("praise  P(praise) = 0.") and "'A good film'" in good
    assert empty.startswith("no answer: it has no word that the network knows")
    assert long.startswith("blame") and len(long) < 120


def test_the_command_reads_lines(network, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("good\r\nbad\n"))
    assert sentiment.main(["--model", str(network)]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["praise", "blame"]


def test_the_command_without_reviews_or_network(network, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert sentiment.main(["--model", str(network)]) == 2
    assert "There is no review" in capsys.readouterr().err
    assert sentiment.main(["--model", str(tmp_path / "none.keras"), "good"]) == 1
    assert "There is no network at" in capsys.readouterr().err

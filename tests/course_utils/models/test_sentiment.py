import zipfile

import keras
import numpy as np
import pytest

from course_utils.models import sentiment
from course_utils.models.sentiment import NGrams, shorten
from course_utils.text import Vocabulary

WORDS = "the film was good bad not ! ?".split()


def test_short_texts_stay_whole_and_of_long_ones_both_ends_are_kept():
    assert shorten(np.arange(5), (2, 3)).tolist() == [0, 1, 2, 3, 4]
    assert shorten(np.arange(9), (2, 3)).tolist() == [0, 1, 6, 7, 8]
    assert shorten(np.arange(9), (2, 0)).tolist() == [0, 1]


def test_ngrams_are_those_of_at_least_two_texts():
    ngrams = NGrams.from_documents([np.array(text) for text in ([1, 2, 3], [1, 2, 4], [3, 3, 3])], base=5)
    first, second, third = (ngrams.encode(np.array(ids)) for ids in ([1, 2, 3], [3, 3], [4]))
    assert len(ngrams) == 4 and set(first[first > 0]) | set(second[second > 0]) == {1, 2, 3, 4}  # 1, 2, 1 2, 3
    assert (first > 0).tolist() == [[True, False, False], [True, True, False], [True, False, False]]
    assert second[0, 0] == second[1, 0] == first[2, 0] and not second[:, 1:].any()
    assert not third.any()


def test_all_ngrams_have_different_ids():
    texts = [np.random.default_rng(i % 20).integers(1, 50, 100) for i in range(40)]
    ngrams = NGrams.from_documents(texts, base=50)
    ids_of = {}
    for text in texts:
        encoded = ngrams.encode(text)
        assert encoded.dtype == np.int32 and (encoded[0] > 0).tolist() == [True, False, False]
        for t in range(2, len(text)):
            for n in range(3):
                ids_of.setdefault(tuple(text[t - n : t + 1]), set()).add(int(encoded[t, n]))
    assert all(len(numbers) == 1 for numbers in ids_of.values())
    assert len(set.union(*ids_of.values())) == len(ids_of) and min(map(min, ids_of.values())) > 0


@pytest.mark.parametrize("ids", [[], [7], [7, 8]])
def test_texts_shorter_than_a_trigram(ids):
    ids = np.array(ids, dtype=np.int32)
    encoded = NGrams.from_documents([ids, ids], base=9).encode(ids)
    assert encoded.shape == (len(ids), 3)
    assert ((encoded > 0) == (np.arange(len(ids))[:, None] >= np.arange(3))).all()


def test_without_ngrams_all_are_unknown():
    assert not NGrams.from_documents([], base=9).encode(np.array([1, 2])).any()


def test_a_bag_of_ngrams_says_which_each_text_has():
    texts = [np.array(text) for text in ([1, 1, 1], [1, 1, 2], [3], [])]
    ngrams = NGrams.from_documents(texts, base=5)
    encoded = [ngrams.encode(text) for text in texts]
    X = ngrams.bag(encoded).toarray()
    assert X.shape == (4, 1 + len(ngrams)) and not X[:, 0].any()
    assert X.sum(axis=1).tolist() == [2, 2, 0, 0]  # 1 and 1 1, once each
    assert ngrams.bag([]).shape == (0, 1 + len(ngrams))


def test_a_layer_in_pieces_begins_each_with_the_initial_state():
    lstm = keras.layers.LSTM(3, return_sequences=True)
    x = np.random.default_rng(0).normal(size=(2, 6, 4)).astype("float32")
    mask = np.arange(6) < np.array([[6], [4]])
    h = sentiment.in_pieces(lstm, 2)(x, mask=mask)
    assert h.shape == (2, 6, 3)
    for begin in (0, 2, 4):
        piece = slice(begin, begin + 2)
        assert np.allclose(h[:, piece], lstm(x[:, piece], mask=mask[:, piece]), atol=1e-6)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The file of a model that adds up log-count ratios, with a recurrent layer in pieces of two."""
    vocabulary = Vocabulary(WORDS)
    texts = [vocabulary.encode(["film", "was", word]) for word in ("good", "good", "bad", "bad")]
    ngrams = NGrams.from_documents(texts, len(vocabulary))
    table = np.zeros((1 + len(ngrams), 2), "float32")
    for row, text in enumerate(texts):
        table[ngrams.encode(text)[2, :1]] = [1 - 2 * (row > 1), 0.5]
    ids, ratios = keras.Input((None,), dtype="int32", name="ids"), keras.Input((None, 6), name="ratios")
    kept = keras.ops.cast(keras.ops.not_equal(ids, 0), "float32")[:, :, None]
    h = sentiment.in_pieces(keras.layers.SimpleRNN(1, return_sequences=True, kernel_initializer="zeros"), 2)(ratios)
    score = keras.ops.sum((ratios[:, :, :1] + h) * kept, axis=(1, 2), keepdims=True)[:, :, 0]
    inner = keras.Model({"ids": ids, "ratios": ratios}, keras.ops.sigmoid(score))
    path = tmp_path_factory.mktemp("saved") / "model.keras"
    sentiment.complete_model(inner, vocabulary, ngrams, table, (3, 4), 2).save(path)
    return path


def test_answers_after_loading(saved):
    model = sentiment.load(saved)
    good, bad, even = sentiment.probabilities(model, ["The film was GOOD!", "bad", "good bad"])
    assert good > 0.6 and bad < 0.4 and even == pytest.approx(0.5, abs=1e-6)


def test_a_text_does_not_depend_on_the_others_in_its_batch(saved):
    model = sentiment.load(saved)
    texts = ["good", "the film was not bad " * 40, "film was good", "bad"]
    alone = [sentiment.probabilities(model, [text])[0] for text in texts]
    assert sentiment.probabilities(model, texts) == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize("text", ["", "   ", "\N{THUMBS UP SIGN} <br />", "xyzzy 1984", "?!...", "\ud800"])
def test_no_known_word_no_answer(saved, text):
    answers = sentiment.probabilities(sentiment.load(saved), [text, "good"])
    assert np.isnan(answers[0]) and answers[1] > 0.5


def test_no_texts_no_answers(saved):
    assert sentiment.probabilities(sentiment.load(saved), []).shape == (0,)


def test_of_a_long_text_the_ends_are_read(saved):
    middle, end = sentiment.probabilities(
        sentiment.load(saved), ["the " * 3 + "bad " * 50_000 + "the " * 4, "the " * 100_000 + "bad"]
    )
    assert middle == pytest.approx(0.5, abs=0.1) and end < 0.4


def test_a_model_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="Lesson 10 trains and saves one"):
        sentiment.load(tmp_path / "none.keras")


@pytest.mark.parametrize("damage", ["text", "torn", "empty zip", "other model"])
def test_a_file_that_is_no_such_model(tmp_path, saved, damage):
    path = tmp_path / "broken.keras"
    if damage == "text":
        path.write_text("not a model", encoding="utf-8")
    elif damage == "torn":
        path.write_bytes(saved.read_bytes()[:2000])
    elif damage == "empty zip":
        zipfile.ZipFile(path, "w").close()
    else:
        keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]).save(path)
    with pytest.raises(ValueError, match="is not a model of lesson 10"):
        sentiment.load(path)

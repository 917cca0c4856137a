import io
import sys
import zipfile

import keras
import numpy as np
import pytest

from course_utils import sentiment
from course_utils.sentiment import Evidence, places, shorten
from course_utils.text import Vocabulary

WORDS = "the film was good bad not".split()


def test_short_texts_stay_whole_and_of_long_ones_both_ends_are_kept():
    assert shorten(np.arange(5), (2, 3)).tolist() == [0, 1, 2, 3, 4]
    assert shorten(np.arange(9), (2, 3)).tolist() == [0, 1, 6, 7, 8]
    assert shorten(np.arange(9), (2, 0)).tolist() == [0, 1]


def test_equal_runs_share_a_row_and_others_hardly_ever():
    ids = np.random.default_rng(0).integers(1, 50, 3000)
    rows = places(ids, 2**24)
    for n in (1, 2, 3):
        runs = [tuple(ids[t - n + 1 : t + 1]) for t in range(n - 1, len(ids))]
        row_of = dict(zip(runs, rows[n - 1 :, n - 1], strict=True))
        assert [row_of[run] for run in runs] == rows[n - 1 :, n - 1].tolist()
        assert len(set(row_of.values())) >= len(row_of) - 2
        assert (rows[: n - 1, n - 1] == 0).all() and (rows[n - 1 :, n - 1] > 0).all()


def test_order_matters_to_a_run():
    assert places([3, 4], 2**20)[1, 1] != places([4, 3], 2**20)[1, 1]


@pytest.mark.parametrize("ids", [[], [7], [7, 8]])
def test_texts_shorter_than_a_run(ids):
    rows = places(np.array(ids, dtype=np.int32), 100)
    assert rows.shape == (len(ids), 3) and (rows < 100).all()
    assert ((rows > 0) == (np.arange(len(ids))[:, None] >= np.arange(3))).all()


def counted(documents, labels, alpha=1.0, buckets=2**16):
    evidence = Evidence(buckets, alpha)
    runs = [places(document, buckets) for document in documents]
    for rows, label in zip(runs, labels, strict=True):
        evidence.add(rows, label)
    return evidence, runs


def test_the_ratio_is_that_of_naive_bayes():
    evidence, runs = counted([[1, 2], [1, 2], [1, 3], [3, 3]], [1, 1, 0, 0])
    table = evidence.table()
    assert table[runs[0][0, 0]] == pytest.approx(np.log(3 / 2))  # word 1: two with praise, one without
    assert table[runs[0][1, 0]] == pytest.approx(np.log(3 / 1))  # word 2
    assert table[runs[3][1, 0]] == pytest.approx(np.log(1 / 3))  # word 3: each review counts it once
    assert table[0] == 0 and table[places([9], 2**16)[0, 0]] == 0


def test_labels_of_unequal_number_leave_a_word_of_both_alike_near_zero():
    evidence, runs = counted([[1]] * 90 + [[1]] * 10, [1] * 90 + [0] * 10)
    assert abs(evidence.table()[runs[0][0, 0]]) < 0.01


def test_evidence_of_others_is_what_is_counted_without_the_review():
    rng = np.random.default_rng(1)
    documents, labels = [rng.integers(1, 9, rng.integers(1, 12)) for _ in range(30)], rng.integers(0, 2, 30)
    evidence, runs = counted(documents, labels)
    for i in (0, 7, 29):
        rest, _ = counted(documents[:i] + documents[i + 1 :], np.delete(labels, i))
        assert np.allclose(evidence.of_others(runs[i], labels[i]), rest.table()[runs[i]], atol=1e-6)
    assert not np.allclose(evidence.of_others(runs[0], labels[0]), evidence.table()[runs[0]])


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network that adds up the evidence, and its file."""
    vocabulary = Vocabulary(WORDS)
    good, bad = (vocabulary.encode(["film", "was", word]) for word in ("good", "bad"))
    evidence, _ = counted([good, bad], [1, 0], buckets=512)
    ids, ratios = keras.Input((None,), dtype="int32", name="ids"), keras.Input((None, 3), name="ratios")
    kept = keras.ops.cast(keras.ops.not_equal(ids, 0), "float32")[:, :, None]
    score = keras.ops.sum(ratios * kept, axis=(1, 2), keepdims=True)[:, :, 0]
    reader = keras.Model({"ids": ids, "ratios": ratios}, keras.ops.sigmoid(score))
    path = tmp_path_factory.mktemp("saved") / "network.keras"
    sentiment.with_ratios(reader, vocabulary, evidence, (3, 4)).save(path)
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


@pytest.mark.parametrize("text", ["", "   ", "\N{THUMBS UP SIGN} <br />", "xyzzy 1984", "\ud800"])
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

"""What lesson 10 derives and others use: the evidence of n-grams, texts made ready for a network, and a saved judge of reviews.

`python -m course_utils sentiment "…"` asks the network that lesson 10 has saved.
"""

import argparse
import functools
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from course_utils.datasets.where import REPOSITORY
from course_utils.terminal import silent
from course_utils.text import Vocabulary, tokenize

SAVED = REPOSITORY / "build" / "sentiment.keras"
CUT = (100, 300)  # of a longer text so many words are read, its first and its last ones
# Odd numbers that spread the ids of one, two and three words over the table.
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


def shorten(ids: np.ndarray, cut: tuple[int, int] = CUT) -> np.ndarray:
    """The first cut[0] and the last cut[1] of (time,) ids, where there are more."""
    head, tail = cut
    return ids if len(ids) <= head + tail else np.concatenate([ids[:head], ids[len(ids) - tail :]])


def places(ids: np.ndarray, buckets: int) -> np.ndarray:
    """Rows of a table of `buckets` for the runs of one, two and three words that end at each word: (time,) -> (time, 3) int32.

    Row 0 is for runs that would begin before the text. Runs share rows where a hash of their ids says so.
    """
    ids = np.asarray(ids, dtype=np.uint64)
    found = np.zeros((len(ids), 3), dtype=np.int32)
    total = np.zeros(len(ids), dtype=np.uint64)
    for n, factor in enumerate(_FACTORS[: len(ids)]):
        total = total[min(n, 1) :] + ids[: len(ids) - n] * factor  # wraps around at 2**64
        mixed = total ^ (total >> np.uint64(29))
        found[n:, n] = 1 + ((mixed * _FACTORS[0]) >> np.uint64(33)) % np.uint64(buckets - 1)
    return found


class Evidence:
    """How many reviews of either label have a run of words: what naive Bayes knows (Wang & Manning 2012).

    counts: (2, buckets) float32, reviews without and with praise in which a row's runs occur.
    reviews: how many there are of either label.

    Give it ten times as many rows as there are different runs: where rows are short, new runs meet the counts of others.
    """

    def __init__(self, buckets: int = 2**25, alpha: float = 1.0):
        self.buckets, self.alpha = buckets, alpha
        self.counts = np.zeros((2, buckets), dtype=np.float32)
        self.reviews = np.zeros(2)

    def add(self, runs: np.ndarray, label: int) -> None:
        """Count the runs (time, 3), as `places` gives them, of one review with its label, 0 or 1."""
        self.counts[label, np.unique(runs)] += 1
        self.reviews[label] += 1

    def table(self) -> np.ndarray:
        """Log-count ratio of every row: (buckets,) float32, above 0 for praise; 0 for what was never seen."""
        ratios = np.zeros(self.buckets, dtype=np.float32)
        used = np.flatnonzero(self.counts.any(axis=0))
        used = used[used > 0]
        ratios[used] = self._ratio(self.counts[1, used], self.counts[0, used], self.reviews)
        return ratios

    def of_others(self, runs: np.ndarray, label: int) -> np.ndarray:
        """Ratios (time, 3) of a counted review's runs, its own counts taken out: what the other reviews say about it."""
        counts, reviews = self.counts[:, runs], self.reviews.copy()  # (2, time, 3), (2,)
        counts[label] -= 1
        reviews[label] -= 1
        return np.where(runs > 0, self._ratio(counts[1], counts[0], reviews), np.float32(0))

    def _ratio(self, praise: np.ndarray, blame: np.ndarray, reviews: np.ndarray) -> np.ndarray:
        balance = np.log((reviews[1] + 1) / (reviews[0] + 1))
        ratios = np.log(praise + np.float32(self.alpha)) - np.log(blame + np.float32(self.alpha)) - np.float32(balance)
        return np.where(praise + blame > 0, ratios, 0).astype(np.float32)


@functools.cache
def _layer():
    """The layer class; made on first use, so that importing this module does not import TensorFlow."""
    import keras

    @keras.saving.register_keras_serializable("course_utils", "Ratios")
    class Ratios(keras.layers.Layer):
        """A table of log-count ratios that is saved with the network, and the words it was made with."""

        def __init__(self, words: Sequence[str], buckets: int, cut: tuple[int, int], **options):
            super().__init__(**options)
            self.words, self.buckets, self.cut = list(words), buckets, tuple(cut)
            self.table = self.add_weight(shape=(buckets,), initializer="zeros", trainable=False, name="table")

        def call(self, runs):
            return keras.ops.take(self.table, runs, axis=0)  # (batch, time, 3)

        def get_config(self):
            return {**super().get_config(), "words": self.words, "buckets": self.buckets, "cut": self.cut}

    return Ratios


def with_ratios(reader, vocabulary: Vocabulary, evidence: Evidence, cut: tuple[int, int] = CUT):
    """A network of ids (batch, time) and runs (batch, time, 3) around `reader`, which takes ids and ratios.

    It has everything that a text needs on its way, and is saved and loaded as one `.keras` file.
    """
    import keras

    ids = keras.Input((None,), dtype="int32", name="ids")
    runs = keras.Input((None, 3), dtype="int32", name="runs")
    ratios = _layer()(vocabulary.words[1:], evidence.buckets, cut, name="ratios")
    whole = keras.Model({"ids": ids, "runs": runs}, reader({"ids": ids, "ratios": ratios(runs)}))
    ratios.table.assign(evidence.table())
    return whole


def load(path: Path | str = SAVED):
    """The network that `with_ratios` made and `save` stored at `path`.

    Raises FileNotFoundError, saying how to make it, and ValueError for a file that is not such a network.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"There is no network at {path}. Lesson 10 trains and saves one: open it and run all cells."
        )
    import keras

    _layer()
    try:
        model = keras.saving.load_model(path, compile=False)
        model.get_layer("ratios").words  # noqa: B018
    except Exception as error:  # a torn zip, a torn HDF5 file and a changed one fail in different ways
        first = str(error).partition("\n")[0].partition(". ")[0]
        raise ValueError(f"{path} holds no network of lesson 10 that can be read ({first}); save it again") from error
    return model


def probabilities(model, texts: Sequence[str]) -> np.ndarray:
    """Probability of praise for each text: (n,) float32. NaN for a text without a single word that the network knows."""
    from course_utils.training import Batches

    ratios = model.get_layer("ratios")
    vocabulary = Vocabulary(ratios.words)
    encoded = [shorten(vocabulary.encode(tokenize(text)), ratios.cut) for text in texts]
    known = [i for i, ids in enumerate(encoded) if (ids < len(vocabulary.words)).any()]
    answers = np.full(len(texts), np.nan, dtype=np.float32)
    if known:
        ids = [encoded[i] for i in known]
        batches = Batches({"ids": ids, "runs": [places(row, ratios.buckets) for row in ids]})
        answers[np.array(known)[batches.order]] = model.predict(batches, verbose=0)[:, 0]
    return answers


def main(argv: list[str] | None = None) -> int:
    """The command `python -m course_utils sentiment`; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils sentiment",
        description="Is a film review praise or blame? Each argument is a review; without any, each line of the input.",
        epilog="Exit status: 0 answered, 1 there is no network to ask, 2 there was no review. Of a long text the beginning "
        "and the end are read, as in the network's training.",
    )
    parser.add_argument("reviews", nargs="*", metavar="REVIEW")
    parser.add_argument("--model", type=Path, default=SAVED, help="the network's file (default: that of lesson 10)")
    given = parser.parse_args(argv)
    texts = given.reviews or [line.rstrip("\r\n") for line in sys.stdin]
    if not texts:
        print("There is no review: give one as an argument, or one a line on standard input.", file=sys.stderr)
        return 2
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with silent():
            answers = probabilities(load(given.model), texts)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    for text, p in zip(texts, answers, strict=True):
        short = text if len(text) <= 60 else text[:57] + "…"
        answer = (
            "no answer: it has no word that the network knows" if np.isnan(p) else f"{_label(p)}  P(praise) = {p:.3f}"
        )
        print(f"{answer}  {short!r}")
    return 0


def _label(p: float) -> str:
    return "praise" if p > 0.5 else "blame "

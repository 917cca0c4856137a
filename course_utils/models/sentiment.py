"""What lesson 10 derives and others use: the evidence of n-grams, texts made ready for a network, and a saved judge of reviews.

`python -m course_utils sentiment "…"` asks the network that lesson 10 has saved.
"""

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import sparse

from course_utils.paths import build_dir
from course_utils.text import Vocabulary, tokenize

SAVED = build_dir() / "sentiment.keras"


def shorten(ids: np.ndarray, cut: tuple[int, int]) -> np.ndarray:
    """The first cut[0] and the last cut[1] of (time,) ids, where there are more."""
    head, tail = cut
    return ids if len(ids) <= head + tail else np.concatenate([ids[:head], ids[len(ids) - tail :]])


class Runs:
    """The runs of one, two and three tokens that at least so many of the texts have. `len(runs)` is their number.

    They are numbered from 1; number 0 stands for every other run, and for those that would begin before the text.
    keys: (runs,) int64, sorted; the key of a run is its ids read as the digits of a number to the base `base`.
    """

    def __init__(self, keys: np.ndarray, base: int):
        self.keys, self.base = np.asarray(keys), base

    @classmethod
    def of(cls, texts: Sequence[np.ndarray], base: int, at_least: int = 2):
        """The runs in `texts`, arrays (time,) of ids from 1 to base − 1."""
        in_each = [np.unique(_keys(ids, base)) for ids in texts]
        keys, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *in_each]), return_counts=True)
        return cls(keys[(counts >= at_least) & (keys > 0)], base)

    def __len__(self) -> int:
        return len(self.keys)

    def at(self, ids: np.ndarray) -> np.ndarray:
        """Numbers of the runs of one, two and three tokens that end at each token: (time,) -> (time, 3) int32."""
        keys = _keys(ids, self.base)
        places = np.searchsorted(self.keys, keys)
        places[places == len(self.keys)] = 0
        there = self.keys[places] == keys if len(self.keys) else np.zeros(keys.shape, dtype=bool)
        return np.where(there, places + 1, 0).astype(np.int32)

    def bag(self, at: Sequence[np.ndarray]) -> sparse.csr_matrix:
        """Which runs each of n texts has, from what `at` gives for them: (n, 1 + runs) float32, 1 where it has one."""
        numbers = [np.unique(each[each > 0]) for each in at]
        ends = np.cumsum([0, *map(len, numbers)])
        columns = np.concatenate([np.zeros(0, np.int32), *numbers])
        return sparse.csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=(len(at), 1 + len(self)))


def _keys(ids: np.ndarray, base: int) -> np.ndarray:
    """Keys of the runs that end at each token, 0 where a run would begin before the text: (time,) -> (time, 3) int64."""
    ids = np.asarray(ids, dtype=np.int64)
    keys = np.zeros((len(ids), 3), dtype=np.int64)
    total = np.zeros(len(ids), dtype=np.int64)
    for n in range(min(3, len(ids))):
        total = total[min(n, 1) :] + ids[: len(ids) - n] * base**n
        keys[n:, n] = total
    return keys


@functools.cache
def _layers():
    """The layer classes; made on first use, so that importing this module does not import TensorFlow."""
    import keras

    @keras.saving.register_keras_serializable("course_utils", "Evidence")
    class Evidence(keras.layers.Layer):
        """The words, the runs of them and what is known about each run, saved with the network."""

        def __init__(self, words: Sequence[str], shape: tuple[int, int], cut: tuple[int, int], step: int, **options):
            super().__init__(**options)
            self.words, self.cut, self.step = list(words), tuple(cut), step
            self.keys = self.add_weight(
                shape=(shape[0] - 1,), dtype="int64", initializer="zeros", trainable=False, name="keys"
            )
            self.table = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="table")

        def call(self, at):
            evidence = keras.ops.take(self.table, at, axis=0)  # (batch, time, 3, k)
            batch, time = keras.ops.shape(at)[:2]
            return keras.ops.reshape(evidence, (batch, time, 3 * self.table.shape[1]))

        def get_config(self):
            own = {"words": self.words, "shape": self.table.shape, "cut": self.cut, "step": self.step}
            return {**super().get_config(), **own}

    @keras.saving.register_keras_serializable("course_utils", "InPieces")
    class InPieces(keras.layers.Wrapper):
        def __init__(self, layer, piece: int, **options):
            super().__init__(layer, **options)
            self.piece, self.supports_masking = piece, True

        def build(self, shape):
            super().build((None, self.piece, shape[-1]))

        def call(self, x, mask=None):
            batch, time = keras.ops.shape(x)[0], keras.ops.shape(x)[1]
            pieces = keras.ops.reshape(x, (-1, self.piece, x.shape[-1]))
            if mask is not None:
                mask = keras.ops.reshape(mask, (-1, self.piece))
            h = self.layer(pieces, mask=mask)  # (batch · pieces, piece, units)
            return keras.ops.reshape(h, (batch, time, h.shape[-1]))

        def compute_output_shape(self, shape):
            return (*shape[:2], self.layer.compute_output_shape((None, self.piece, shape[-1]))[-1])

        def get_config(self):
            return {**super().get_config(), "piece": self.piece}

    return Evidence, InPieces


def in_pieces(layer, piece: int):
    """The recurrent `layer`, reading a long text in pieces of `piece` words, all of them at the same time.

    (batch, time, d) -> (batch, time, units), where time is a multiple of `piece`. No state goes from one piece to the next.
    """
    return _layers()[1](layer, piece)


def with_evidence(reader, vocabulary: Vocabulary, runs: Runs, table: np.ndarray, cut: tuple[int, int], step: int):
    """A network of ids (batch, time) and numbers of runs (batch, time, 3) around `reader`, which takes ids and evidence.

    table: (1 + runs, k), what is known of each run. cut: see `shorten`. step: time is a multiple of it. The network has
    everything that a text needs on its way, and is saved and loaded as one `.keras` file.
    """
    import keras

    ids = keras.Input((None,), dtype="int32", name="ids")
    at = keras.Input((None, 3), dtype="int32", name="at")
    evidence = _layers()[0](vocabulary.words[1:], table.shape, cut, step, name="evidence")
    whole = keras.Model({"ids": ids, "at": at}, reader({"ids": ids, "evidence": evidence(at)}))
    evidence.keys.assign(runs.keys)
    evidence.table.assign(table)
    return whole


def load(path: Path | str = SAVED):
    """The network that `with_evidence` made and `save` stored at `path`.

    Raises FileNotFoundError, saying how to make it, and ValueError for a file that is not such a network.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"There is no network at {path}. Lesson 10 trains and saves one: open it and run all cells."
        )
    import keras

    _layers()
    try:
        model = keras.saving.load_model(path, compile=False)
        model.get_layer("evidence").words  # noqa: B018
    except Exception as error:  # a torn zip, a torn HDF5 file and a changed one fail in different ways
        first = str(error).partition("\n")[0].partition(". ")[0]
        raise ValueError(f"{path} holds no network of lesson 10 that can be read ({first}); save it again") from error
    return model


def probabilities(model, texts: Sequence[str]) -> np.ndarray:
    """Probability of praise for each text: (n,) float32. NaN for a text without a single word that the network knows."""
    from course_utils.training import Batches

    evidence = model.get_layer("evidence")
    vocabulary = Vocabulary(evidence.words)
    tokens = [tokenize(text, punctuation=True) for text in texts]
    known = [i for i, each in enumerate(tokens) if any(token in vocabulary and token[0].isalnum() for token in each)]
    answers = np.full(len(texts), np.nan, dtype=np.float32)
    if known:
        ids = [vocabulary.encode(tokens[i]) for i in known]
        runs = Runs(evidence.keys.numpy(), len(vocabulary))
        inputs = {"ids": ids, "at": [runs.at(each) for each in ids]}
        inputs = {name: [shorten(each, evidence.cut) for each in arrays] for name, arrays in inputs.items()}
        batches = Batches(inputs, step=evidence.step)
        answers[np.array(known)[batches.order]] = model.predict(batches, verbose=0)[:, 0]
    return answers

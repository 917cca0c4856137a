"""The n-grams and log-count ratios that lesson 10 derives, texts cut for a network, and the model that it saves.

`python -m course_utils sentiment "…"` classifies reviews with the model that lesson 10 has saved.
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


class NGrams:
    """Ids for the unigrams, bigrams and trigrams of a training set. `len(ngrams)` is their number.

    Ids begin at 1; 0 is for all other n-grams, and for those that would begin before the text. keys: (n-grams,) int64,
    sorted; the key of an n-gram is made of its token ids, as the digits of a number to the base `base`.
    """

    def __init__(self, keys: np.ndarray, base: int):
        self.keys, self.base = np.asarray(keys), base

    @classmethod
    def from_documents(cls, documents: Sequence[np.ndarray], base: int, at_least: int = 2):
        """The n-grams that occur in at least so many documents, arrays (time,) of token ids from 1 to base − 1."""
        in_each = [np.unique(_keys(ids, base)) for ids in documents]
        keys, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *in_each]), return_counts=True)
        return cls(keys[(counts >= at_least) & (keys > 0)], base)

    def __len__(self) -> int:
        return len(self.keys)

    def encode(self, ids: np.ndarray) -> np.ndarray:
        """Ids of the unigram, bigram and trigram that end at each token: (time,) -> (time, 3) int32."""
        keys = _keys(ids, self.base)
        places = np.searchsorted(self.keys, keys)
        places[places == len(self.keys)] = 0
        known = self.keys[places] == keys if len(self.keys) else np.zeros(keys.shape, dtype=bool)
        return np.where(known, places + 1, 0).astype(np.int32)

    def bag(self, encoded: Sequence[np.ndarray]) -> sparse.csr_matrix:
        """1 for each n-gram that a document has, from what `encode` gives for n documents: (n, 1 + n-grams) float32."""
        ids = [np.unique(each[each > 0]) for each in encoded]
        columns = np.concatenate([np.zeros(0, np.int32), *ids])
        ones, ends = np.ones(len(columns), np.float32), np.cumsum([0, *map(len, ids)])
        return sparse.csr_matrix((ones, columns, ends), shape=(len(encoded), 1 + len(self)))


def _keys(ids: np.ndarray, base: int) -> np.ndarray:
    """Keys of the n-grams that end at each token, 0 where one would begin before the text: (time,) -> (time, 3) int64."""
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

    @keras.saving.register_keras_serializable("course_utils", "LogCountRatios")
    class LogCountRatios(keras.layers.Layer):
        """A table of features of n-grams, and the words and n-grams themselves, saved with the model."""

        def __init__(self, words: Sequence[str], shape: tuple[int, int], cut: tuple[int, int], step: int, **options):
            super().__init__(**options)
            self.words, self.cut, self.step = list(words), tuple(cut), step
            fixed = {"initializer": "zeros", "trainable": False}
            self.keys = self.add_weight(shape=(shape[0] - 1,), dtype="int64", name="keys", **fixed)
            self.table = self.add_weight(shape=shape, name="table", **fixed)

        def call(self, ngrams):
            ratios = keras.ops.take(self.table, ngrams, axis=0)  # (batch, time, 3, k)
            batch, time = keras.ops.shape(ngrams)[:2]
            return keras.ops.reshape(ratios, (batch, time, 3 * self.table.shape[1]))

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

    return LogCountRatios, InPieces


def in_pieces(layer, piece: int):
    """The recurrent `layer` applied to a long text in pieces of `piece` tokens, all of them at the same time.

    (batch, time, d) -> (batch, time, units), where time is a multiple of `piece`. Each piece begins with the initial state.
    """
    return _layers()[1](layer, piece)


def complete_model(model, vocabulary: Vocabulary, ngrams: NGrams, table: np.ndarray, cut: tuple[int, int], step: int):
    """A model of token ids (batch, time) and n-gram ids (batch, time, 3), around `model`, which takes ids and ratios.

    table: (1 + n-grams, k), k features of each n-gram, such as its log-count ratio. cut: see `shorten`. step: time is a
    multiple of it. The result holds all that a new text needs, and is saved and loaded as one `.keras` file.
    """
    import keras

    ids = keras.Input((None,), dtype="int32", name="ids")
    encoded = keras.Input((None, 3), dtype="int32", name="ngrams")
    ratios = _layers()[0](vocabulary.words[1:], table.shape, cut, step, name="log_count_ratios")
    complete = keras.Model({"ids": ids, "ngrams": encoded}, model({"ids": ids, "ratios": ratios(encoded)}))
    ratios.keys.assign(ngrams.keys)
    ratios.table.assign(table)
    return complete


def load(path: Path | str = SAVED):
    """The saved model that `complete_model` made.

    Raises FileNotFoundError, saying how to make it, and ValueError for a file that is not such a model.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"There is no model at {path}. Lesson 10 trains and saves one: run all of its cells.")
    import keras

    _layers()
    try:
        model = keras.saving.load_model(path, compile=False)
        model.get_layer("log_count_ratios").words  # noqa: B018
    except Exception as error:  # a torn zip, a torn HDF5 file and a changed one fail in different ways
        first = str(error).partition("\n")[0].partition(". ")[0]
        raise ValueError(
            f"{path} is not a model of lesson 10, or it is damaged ({first}); run lesson 10 to save it again"
        ) from error
    return model


def probabilities(model, texts: Sequence[str]) -> np.ndarray:
    """Probability that each text is positive: (n,) float32. NaN for a text without a word of the vocabulary."""
    from course_utils.training import Batches

    ratios = model.get_layer("log_count_ratios")
    vocabulary = Vocabulary(ratios.words)
    tokens = [tokenize(text, punctuation=True) for text in texts]
    known = [i for i, each in enumerate(tokens) if any(token in vocabulary and token[0].isalnum() for token in each)]
    answers = np.full(len(texts), np.nan, dtype=np.float32)
    if known:
        ids = [vocabulary.encode(tokens[i]) for i in known]
        ngrams = NGrams(ratios.keys.numpy(), len(vocabulary))
        inputs = {"ids": ids, "ngrams": [ngrams.encode(each) for each in ids]}
        inputs = {name: [shorten(each, ratios.cut) for each in arrays] for name, arrays in inputs.items()}
        batches = Batches(inputs, step=ratios.step)
        answers[np.array(known)[batches.order]] = model.predict(batches, verbose=0)[:, 0]
    return answers

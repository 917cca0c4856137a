"""The network of Seq2BoW, its training, its answers, and how it is stored.

A title's words go through an LSTM; its last state h goes through a linear layer into the space of the interests' vectors:
v = h W_o. Trained so that v · e is large for the interests e of the same description, compared with interests drawn at random.
"""

import difflib
import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from course_utils import files
from course_utils.embeddings import Vectors, top_k
from course_utils.models.seq2bow.corpus import LENGTH, Corpus, Numbering, Shard, plain, title_words
from course_utils.text import Vocabulary

FORMAT = 1  # of the file
BLOCK = 8192  # titles that are read at a time


def interest_vectors(corpus: Corpus, size: int = 24, bags: int = 30_000, seed: int = 0) -> Vectors:
    """Word2vec vectors (number of interests, size) of interests: those that share bags lie near each other.

    It is trained on at most `bags` bags, drawn alike from all shards, again and again while there are few. The window is the
    whole bag, for a bag has no order. Values of extra inputs are members of the bags, too: else what goes with a country, but
    with every title there, would have no direction of its own. What all vectors have in common is taken out (Mu and Viswanath
    2018), and they are scaled to a mean length of 3, so that v · e can be large.
    """
    from gensim.models import Word2Vec

    rng = np.random.default_rng(seed)
    share, sample = min(1.0, bags / len(corpus)), []
    for shard in corpus.mixed():
        rows = np.flatnonzero(rng.random(len(shard)) < share)
        known = [
            [f"{column}={value}" for column, value in enumerate(row) if value] for row in shard.extras[rows].tolist()
        ]
        bags_of = [[str(i) for i in bag[bag >= 0]] for bag in shard.bags(rows)]
        together = [[*bag, *more] for bag, more in zip(bags_of, known, strict=True)]
        sample += [list(rng.permutation(words)) for words in together if len(words) > 1]
    matrix = rng.normal(scale=1e-3, size=(len(corpus.numbering.interests), size))  # for what comes alone
    if sample:
        total = sum(map(len, sample))
        trained = Word2Vec(
            sample,
            vector_size=size,
            window=max(map(len, sample)),
            shrink_windows=False,
            sg=1,
            sample=0,  # frequent interests say as much as others: a bag has no "the"
            min_count=1,
            epochs=int(np.clip(1_500_000 // total, 5, 50)),
            seed=seed,
            workers=1,
        )
        of = [i for i, name in enumerate(map(str, range(len(matrix)))) if name in trained.wv]
        matrix[of] = [trained.wv[str(i)] for i in of]
    if len(matrix) > 2:
        matrix -= matrix.mean(axis=0)
    return Vectors(corpus.numbering.interests, 3 * matrix / np.linalg.norm(matrix, axis=1).mean())


class Trie:
    """Titles (n, LENGTH) as a tree: titles that begin with the same words share nodes, and each node is computed once.

    words, parents: (nodes,) int32, level by level: the word of a node, and the place of its parent in the level above.
    sizes: (LENGTH,) int32, nodes of each level. last: (n,) int32, the node of each title's last word, or −1 without words.
    """

    def __init__(self, titles: np.ndarray):
        order = np.lexsort(titles.T[::-1])
        titles = titles[order]
        new = np.ones(titles.shape, dtype=bool)  # does a node begin here?
        new[1:] = np.logical_or.accumulate(titles[1:] != titles[:-1], axis=1)
        new &= titles > 0
        place = np.cumsum(new, axis=0) - 1  # of each word's node in its level
        above = np.concatenate([np.zeros((len(titles), 1), dtype=place.dtype), place[:, :-1]], axis=1)
        self.words = titles.T[new.T]
        self.parents = above.T[new.T].astype(np.int32)
        self.sizes = new.sum(axis=0, dtype=np.int32)
        lengths = (titles > 0).sum(axis=1)
        begins = np.cumsum(self.sizes) - self.sizes
        last = np.maximum(lengths - 1, 0)
        self.last = np.empty(len(titles), dtype=np.int32)
        self.last[order] = np.where(lengths > 0, begins[last] + place[np.arange(len(titles)), last], -1)

    def inputs(self) -> tuple:
        return self.words, self.parents, self.sizes, self.last


class Seq2BoW:
    """Job titles, and what else is known, to vectors in the space of interests.

    numbering: of words, interests and extra inputs. interests: the interests' vectors (K, d), which stay as they are.
    counts: (K,), how many of the `bags` bags have each. Each value of an extra input adds a vector (d,) to that of the title;
    a value that is not known adds nothing.

    `weights` are those of lesson 06, the four gates side by side in the order of Keras: input, forget, candidate, output.
    """

    def __init__(
        self, numbering: Numbering, interests: Vectors, counts: np.ndarray, bags: int, units: int = 32, seed: int = 0
    ):
        if interests.words != numbering.interests or len(counts) != len(interests):
            raise ValueError("vectors and counts must be those of the interests of the corpus, in the same order")
        self.numbering, self.interests, self.counts = numbering, interests, np.asarray(counts, dtype=np.int64)
        self.bags, self.units, self.seed, self.index = bags, units, seed, None
        d, initial = interests.matrix.shape[1], keras.initializers
        weights = {
            "x": initial.RandomUniform(seed=seed)((len(numbering.words), units)),  # vectors of words
            "W_x": initial.GlorotUniform(seed=seed + 1)((units, 4 * units)),
            "W_h": initial.Orthogonal(seed=seed + 2)((units, 4 * units)),
            "b": np.repeat([0, 1, 0, 0], units),  # forget gates begin open (Jozefowicz and others 2015)
            "W_o": initial.GlorotUniform(seed=seed + 3)((units, d)),
        }
        weights |= {f"extra {name}": np.zeros((len(values) + 1, d)) for name, values in numbering.extras.items()}
        self.weights = {name: tf.Variable(value, dtype=tf.float32) for name, value in weights.items()}
        shape = [tf.TensorSpec((None,), tf.int32)] * 2 + [
            tf.TensorSpec((LENGTH,), tf.int32),
            tf.TensorSpec((None,), tf.int32),
        ]
        self.signature = [*shape, tf.TensorSpec((None, len(numbering.extras)), tf.int32)]
        self._answer = tf.function(self.read, input_signature=self.signature)

    def read(self, words, parents, sizes, last, extras):
        """Vectors v (n, d) of the titles of a Trie."""
        W_x, W_h, b = (self.weights[name] for name in ("W_x", "W_h", "b"))
        h_t = c_t = tf.zeros((1, self.units))
        states = []
        for x, parent in zip(tf.split(words, sizes, num=LENGTH), tf.split(parents, sizes, num=LENGTH), strict=True):
            x_t = tf.gather(self.weights["x"], x)  # (nodes, units)
            z = tf.concat([x_t, tf.gather(h_t, parent)], axis=1) @ tf.concat([W_x, W_h], axis=0) + b  # (nodes, 4 units)
            i_t, f_t, g_t, o_t = tf.split(z, 4, axis=1)
            c_t = tf.sigmoid(f_t) * tf.gather(c_t, parent) + tf.sigmoid(i_t) * tf.tanh(g_t)
            h_t = tf.sigmoid(o_t) * tf.tanh(c_t)
            states.append(h_t)
        v = tf.gather(tf.concat(states, axis=0), last) @ self.weights["W_o"]  # (n, d)
        for column, name in enumerate(self.numbering.extras):
            number = extras[:, column]
            v += tf.cast(number > 0, tf.float32)[:, None] * tf.gather(self.weights[f"extra {name}"], number)
        return v

    def state(self) -> list[np.ndarray]:
        """Copies of all weights."""
        return [weight.numpy() for weight in self.weights.values()]

    def restore(self, state: Iterable[np.ndarray]) -> None:
        """Take the weights from `state`, in its order. Titles that were kept before are forgotten."""
        for weight, value in zip(self.weights.values(), state, strict=True):
            weight.assign(value)
        self.index = None

    # ------------------------------------------------------------------------------------------------------------- answers

    def vectors(self, titles: Sequence[str], extras: Mapping[str, Sequence[str]] | None = None) -> np.ndarray:
        """Vectors (n, d) of titles, with n values of any extra input; NaN for a title without a known word."""
        return self.vectors_of(self.numbering.encode(titles, extras=extras))

    def vectors_of(self, shard: Shard) -> np.ndarray:
        """The same for n examples that are numbers already: (n, d)."""
        found = np.full((len(shard), self.interests.matrix.shape[1]), np.nan, dtype=np.float32)
        known = np.flatnonzero(shard.titles.any(axis=1))
        for start in range(0, len(known), BLOCK):
            rows = known[start : start + BLOCK]
            found[rows] = self._answer(*Trie(shard.titles[rows]).inputs(), shard.extras[rows]).numpy()
        return found

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        """Log-odds (n, K), up to a constant a row, that each interest is in the bag: v · e + 0.75 ln count.

        An interest that is in the bag with probability p is a positive in proportion to p, and a negative in proportion to
        (1 − p) count^0.75. So v · e is trained towards ln(p / (1 − p)) − 0.75 ln count; the second term undoes the drawing.
        """
        return vectors @ self.interests.matrix.T + 0.75 * np.log(np.maximum(self.counts, 0.5)).astype(np.float32)

    def interests_of(
        self, title: str, k: int = 10, extras: Mapping[str, str] | None = None, typical: bool = False
    ) -> list[tuple[str, float]]:
        """The k interests that go with a title, best first, with the share of such bags that should have them.

        The shares of all interests are made to add up to the mean size of a bag. typical: interests that this title has more
        than others have, with the cosine of its vector and theirs. Raises ValueError for a title without a known word, for an
        extra input that is not there, and for k below 1.
        """
        v = self._vector(title, extras)
        if typical:
            return self.interests.neighbours(v, k)
        scores = self.scores(v[None])[0].astype(np.float64)
        low, high = -scores.max() - 50, -scores.min() + 50  # of the constant that makes the shares add up
        for _ in range(60):
            middle = (low + high) / 2
            shares = 1 / (1 + np.exp(-np.clip(scores + middle, -500, 500)))
            low, high = (middle, high) if shares.sum() < self.counts.sum() / self.bags else (low, middle)
        return [(self.interests.words[i], float(shares[i])) for i in top_k(scores, k)]

    def interests_near(self, interest: str, k: int = 10) -> list[tuple[str, float]]:
        """The k interests nearest to an interest, with their cosines. Raises ValueError for an interest without a vector."""
        return self.interests.neighbours(self._interest(interest), k)

    def titles_near(self, title: str, k: int = 10, extras: Mapping[str, str] | None = None) -> list[tuple[str, float]]:
        """The k titles of the index nearest to a title, itself left out, with their cosines. Raises as `interests_of` does."""
        itself = [name for name in (" ".join(title_words(title)),) if name in self._index()]
        return self._index().neighbours(self._vector(title, extras), k, exclude=itself)

    def titles_near_interest(self, interest: str, k: int = 10) -> list[tuple[str, float]]:
        """The k titles of the index nearest to an interest, with their cosines. Raises ValueError for an unknown interest."""
        return self._index().neighbours(self.interests.vector(self._interest(interest)), k)

    def make_index(self, titles: Iterable[str], most: int = 1_000_000) -> None:
        """Keep the vectors of the first `most` different titles, without those of unknown words only, to look for titles."""
        names = list(itertools.islice(dict.fromkeys(" ".join(title_words(title)) for title in titles), most))
        matrix = self.vectors(names)
        known = np.flatnonzero(np.isfinite(matrix).all(axis=1))
        self.index = Vectors([names[i] for i in known], matrix[known])

    def _index(self) -> Vectors:
        if self.index is None:
            raise ValueError("there is no index of titles: call make_index with the titles to look among")
        return self.index

    def _vector(self, title: str, extras: Mapping[str, str] | None) -> np.ndarray:
        v = self.vectors([title], {name: [value] for name, value in (extras or {}).items()})[0]
        if np.isnan(v).any():
            raise ValueError(f"no word of the title {title!r} is known, so there is nothing to say about it")
        return v

    def _interest(self, interest: str) -> str:
        name = plain(interest)
        if name not in self.interests:
            near = difflib.get_close_matches(name, self.interests.words, n=3)
            meant = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise ValueError(f"the interest {interest!r} is not known{meant}")
        return name

    # -------------------------------------------------------------------------------------------------------------- on disk

    def save(self, path: Path | str) -> None:
        """Write all that answers need to an .npz file, whole or not at all. Nothing in it is a pickle. Raises OSError."""
        names = {
            "format": FORMAT,
            "bags": self.bags,
            "units": self.units,
            "words": self.numbering.words.words[1:],
            "interests": self.interests.words,
            "extras": self.numbering.extras,
            "index": [] if self.index is None else self.index.words,
        }
        arrays = {f"weight {name}": weight.numpy() for name, weight in self.weights.items()}
        if self.index is not None:
            arrays["index"] = self.index.matrix
        files.write_arrays(Path(path), names, {"counts": self.counts, "vectors": self.interests.matrix, **arrays})

    @classmethod
    def load(cls, path: Path | str) -> "Seq2BoW":
        """Read what `save` wrote. Raises FileNotFoundError, and ValueError for a file that `save` did not write."""
        try:
            names, arrays = files.read_arrays(Path(path))
            if names["format"] != FORMAT:
                raise ValueError(f"its format is {names['format']}, this version reads {FORMAT}")
            numbering = Numbering(Vocabulary(names["words"]), names["interests"], names["extras"])
            vectors = Vectors(names["interests"], arrays["vectors"])
            model = cls(numbering, vectors, arrays["counts"], names["bags"], names["units"])
            model.restore(arrays[f"weight {name}"] for name in model.weights)
            if not all(np.isfinite(weight).all() for weight in model.state()):
                raise ValueError("it holds weights that are no numbers")
            if names["index"]:
                model.index = Vectors(names["index"], arrays["index"])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} holds no Seq2BoW that can be read ({error}); train it again") from error
        return model


def measures(scores: np.ndarray, shard: Shard, k: int = 10) -> dict[str, float]:
    """Means over the examples with a bag, of rankings by `scores` (n, K): recall@k and nDCG@k.

    recall@k: the share of a bag that is among the k best. nDCG@k: as that, but a hit at rank r counts 1 / log2(r + 1), compared
    with the best ranking there is (Järvelin and Kekäläinen 2002).
    """
    rows = np.flatnonzero(np.diff(shard.starts) > 0)
    bags = shard.bags(rows)
    best = np.stack([top_k(scores[row], k) for row in rows])  # (rows, k)
    hits = (best[:, :, None] == bags[:, None, :]).any(axis=2)  # (rows, k)
    sizes = (bags >= 0).sum(axis=1)
    gain = 1 / np.log2(np.arange(2, best.shape[1] + 2))
    ideal = np.cumsum(gain)[np.minimum(sizes, best.shape[1]) - 1]
    return {f"recall@{k}": float((hits.sum(axis=1) / sizes).mean()), f"nDCG@{k}": float((hits @ gain / ideal).mean())}

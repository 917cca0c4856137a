"""The network of Seq2BoW, its answers, and its file.

A title's words go through an LSTM; its last state h goes through a linear layer into the space of the interests' vectors:
v = h W_o. It is trained so that v · e is large for the interests e of the same bag, compared with randomly sampled ones.
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
from course_utils.models.seq2bow.corpus import LENGTH, Corpus, Numbering, Shard, cleaned, title_words
from course_utils.text import Vocabulary

FORMAT = 1  # of the file
FEW = 10  # bags of an interest; those of a rarer one are repeated for its vector
BLOCK = 8192  # titles that are computed at a time


def interest_vectors(corpus: Corpus, size: int = 24, bags: int = 30_000, seed: int = 0) -> Vectors:
    """Word2vec vectors (number of interests, size) of interests: those that share bags have vectors near each other.

    They are trained on `bags` bags, sampled from all shards, with more epochs when there are few. The window is the whole bag,
    as a bag has no order. Values of extra inputs are members of the bags, too; otherwise interests that go with a country, but
    with every title there, would have no direction of their own. Interests in two bags would hardly be trained, and all be near
    each other: bags with an interest that is in n ≤ FEW bags are all taken, FEW // n times. The mean vector is subtracted (Mu
    and Viswanath 2018), and the vectors are scaled to a mean length of 3, so that v · e can be large.
    """
    from gensim.models import Word2Vec

    rng, repeat = np.random.default_rng(seed), FEW // np.maximum(corpus.counts, 1)
    fraction, sampled, more = min(1.0, bags / len(corpus)), [], []
    rare = min(
        1.0, 4 * bags / max(1, corpus.counts @ repeat)
    )  # the fraction of bags with a rare interest that time allows
    for shard in corpus.mixed():
        times = np.maximum.reduceat(repeat[shard.interests], shard.starts[:-1])
        rows = np.flatnonzero(rng.random(len(shard)) < np.where(times > 0, max(fraction, rare), fraction))
        for bag, values, n in zip(shard.bags(rows), shard.extras[rows].tolist(), times[rows].tolist(), strict=True):
            names = [str(i) for i in bag[bag >= 0]]
            names += [f"{column}={value}" for column, value in enumerate(values) if value]
            if len(names) > 1:
                sampled.append(list(rng.permutation(names)))
                more += [names] * (n - 1)
    matrix = rng.normal(scale=1e-3, size=(len(corpus.numbering.interests), size))  # for interests in no sampled bag
    if sampled:
        whole_bag = {"window": max(map(len, sampled)), "shrink_windows": False}
        options = {"sample": 0, "min_count": 1, "seed": seed, "workers": 1}  # no subsampling: a bag has no stop words
        epochs = int(np.clip(1_500_000 // sum(map(len, sampled)), 5, 50))
        sampled += [list(rng.permutation(names)) for names in more]
        trained = Word2Vec(sampled, vector_size=size, sg=1, epochs=epochs, **whole_bag, **options).wv
        known = [i for i in range(len(matrix)) if str(i) in trained]
        matrix[known] = [trained[str(i)] for i in known]
        if len(known) > 2:
            matrix[known] -= matrix[known].mean(axis=0)
    return Vectors(corpus.numbering.interests, 3 * matrix / np.linalg.norm(matrix, axis=1).mean())


class Trie:
    """Titles (n, LENGTH) as a tree: titles that begin with the same words share nodes, and each node is computed once.

    words, parents: (nodes,) int32, level by level: the word of a node, and the index of its parent in the level above.
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
    """Encodes job titles and extra inputs as vectors in the space of interests.

    numbering: of words, interests and extra inputs. interests: the interests' vectors (K, d), which are not trained.
    counts: (K,), how many of the `bags` bags have each. Each value of an extra input adds a vector (d,) to that of the title;
    an unknown value adds nothing.

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
            "b": np.repeat([0, 1, 0, 0], units),  # forget-gate bias 1 (Jozefowicz and others 2015)
            "W_o": initial.GlorotUniform(seed=seed + 3)((units, d)),
        }
        weights |= {f"extra {name}": np.zeros((len(values) + 1, d)) for name, values in numbering.extras.items()}
        self.weights = {name: tf.Variable(value, dtype=tf.float32) for name, value in weights.items()}
        ints = tf.TensorSpec((None,), tf.int32)
        table = tf.TensorSpec((None, len(numbering.extras)), tf.int32)
        self.signature = [ints, ints, tf.TensorSpec((LENGTH,), tf.int32), ints, table]
        self._encode = tf.function(self.encode, input_signature=self.signature)

    def encode(self, words, parents, sizes, last, extras):
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
        """Set the weights to `state`, in its order. An index of titles is removed, as it no longer fits."""
        for weight, value in zip(self.weights.values(), state, strict=True):
            weight.assign(value)
        self.index = None

    def vectors(self, titles: Sequence[str], extras: Mapping[str, Sequence[str]] | None = None) -> np.ndarray:
        """Vectors (n, d) of titles, with n values of each extra input; NaN for a title without a known word."""
        return self.vectors_of(self.numbering.encode(titles, extras=extras))

    def vectors_of(self, shard: Shard) -> np.ndarray:
        """The same for the n examples of a shard: (n, d)."""
        found = np.full((len(shard), self.interests.matrix.shape[1]), np.nan, dtype=np.float32)
        known = np.flatnonzero(shard.titles.any(axis=1))
        for start in range(0, len(known), BLOCK):
            rows = known[start : start + BLOCK]
            found[rows] = self._encode(*Trie(shard.titles[rows]).inputs(), shard.extras[rows]).numpy()
        return found

    def scores(self, vectors: np.ndarray) -> np.ndarray:
        """Log-odds (n, K), up to a constant a row, that each interest is in the bag: v · e + 0.75 ln count.

        An interest that is in the bag with probability p is a positive in proportion to p, and a negative in proportion to
        (1 − p) count^0.75. So v · e is trained towards ln(p / (1 − p)) − 0.75 ln count; the second term corrects for that.
        """
        return vectors @ self.interests.matrix.T + 0.75 * np.log(np.maximum(self.counts, 0.5)).astype(np.float32)

    def interests_of(
        self, title: str, k: int = 10, extras: Mapping[str, str] | None = None, typical: bool = False
    ) -> list[tuple[str, float]]:
        """The k interests that go with a title, best first, each with the probability that it is in the bag.

        The probabilities of all interests add up to the mean size of a bag. typical: instead the interests that go with this
        title more than with others, with the cosine of its vector and theirs. Raises ValueError for a title without a known
        word, for an unknown extra input, and for k below 1.
        """
        v = self._vector(title, extras)
        if typical:
            return self.interests.neighbours(v, k)
        scores = self.scores(v[None])[0].astype(np.float64)
        low, high = -scores.max() - 50, -scores.min() + 50  # of the constant that makes them add up
        for _ in range(60):
            middle = (low + high) / 2
            p = 1 / (1 + np.exp(-np.clip(scores + middle, -500, 500)))
            low, high = (middle, high) if p.sum() < self.counts.sum() / self.bags else (low, middle)
        return [(self.interests.words[i], float(p[i])) for i in top_k(scores, k)]

    def interests_near(self, interest: str, k: int = 10) -> list[tuple[str, float]]:
        """The k interests nearest to an interest, with their cosines. Raises ValueError for an interest that is unknown, or
        was never beside another one."""
        name = self._interest(interest)
        return self.interests.neighbours(self._beside_others(name), k)

    def titles_near(self, title: str, k: int = 10, extras: Mapping[str, str] | None = None) -> list[tuple[str, float]]:
        """The k titles of the index nearest to a title, with their cosines; without itself, and without titles that differ from
        it in unknown words only, as nothing can be said about these. Raises as `interests_of` does."""
        index, alone = self._index(), self._vector(title, None)
        near = np.flatnonzero(np.isclose(index.matrix[:, 0], alone[0], atol=1e-4))  # fast also among a million
        same = [index.words[i] for i in near if np.allclose(index.matrix[i], alone, atol=1e-4)]
        return index.neighbours(self._vector(title, extras), k, exclude=same)

    def titles_near_interest(self, interest: str, k: int = 10) -> list[tuple[str, float]]:
        """The k titles of the index nearest to an interest, with their cosines. Raises ValueError for an unknown interest."""
        return self._index().neighbours(self.interests.vector(self._interest(interest)), k)

    def make_index(self, titles: Iterable[str], most: int = 1_000_000) -> None:
        """Store the vectors of the first `most` different titles that have a known word, for `titles_near`."""
        names = list(itertools.islice(dict.fromkeys(" ".join(title_words(title)) for title in titles), most))
        matrix = self.vectors(names)
        known = np.flatnonzero(np.isfinite(matrix).all(axis=1))
        self.index = Vectors([names[i] for i in known], matrix[known])

    def _index(self) -> Vectors:
        if self.index is None:
            raise ValueError("there is no index of titles: call make_index with the titles to search")
        return self.index

    def _vector(self, title: str, extras: Mapping[str, str] | None) -> np.ndarray:
        v = self.vectors([title], {name: [value] for name, value in (extras or {}).items()})[0]
        if np.isnan(v).any():
            raise ValueError(f"no word of the title {title!r} is known, so it has no answer")
        return v

    def _interest(self, interest: str) -> str:
        name, instead = cleaned(interest)
        if instead:
            raise ValueError(f"{interest!r} is no interest but a {instead}, and such were left out of the training")
        if name not in self.interests:
            self._beside_others(name)
            near = difflib.get_close_matches(name, self.interests.words, n=3)
            meant = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise ValueError(f"the interest {interest!r} is not known{meant}")
        return name

    def _beside_others(self, name: str) -> str:
        if name in self.numbering.alone:
            raise ValueError(f"{name!r} was never beside another interest, so nothing can be said about it")
        return name

    def save(self, path: Path | str) -> None:
        """Write all that answers need to an .npz file without pickles, whole or not at all. Raises OSError."""
        names = {"format": FORMAT, "bags": self.bags, "units": self.units, "words": self.numbering.words.words[1:]}
        names |= {"interests": self.interests.words, "extras": self.numbering.extras}
        names["alone"] = list(self.numbering.alone)
        names["index"] = [] if self.index is None else self.index.words
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
            numbering = Numbering(
                Vocabulary(names["words"]), names["interests"], names["extras"], names.get("alone", ())
            )
            vectors = Vectors(names["interests"], arrays["vectors"])
            model = cls(numbering, vectors, arrays["counts"], names["bags"], names["units"])
            model.restore(arrays[f"weight {name}"] for name in model.weights)
            if not all(np.isfinite(weight).all() for weight in model.state()):
                raise ValueError("it has weights that are NaN or infinite")
            if names["index"]:
                model.index = Vectors(names["index"], arrays["index"])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} holds no Seq2BoW that can be read ({error}); train it again") from error
        return model


def measures(scores: np.ndarray, shard: Shard, k: int = 10) -> dict[str, float]:
    """Means over the examples with a bag, of rankings by `scores` (n, K): recall@k and nDCG@k.

    recall@k: the fraction of a bag that is among the k best. nDCG@k: a hit at rank r counts 1 / log2(r + 1), divided by
    the sum that the best ranking has (Järvelin and Kekäläinen 2002).
    """
    rows = np.flatnonzero(np.diff(shard.starts) > 0)
    bags = shard.bags(rows)
    best = np.stack([top_k(scores[row], k) for row in rows])  # (rows, k)
    hits = (best[:, :, None] == bags[:, None, :]).any(axis=2)  # (rows, k)
    sizes = (bags >= 0).sum(axis=1)
    gain = 1 / np.log2(np.arange(2, best.shape[1] + 2))
    ideal = np.cumsum(gain)[np.minimum(sizes, best.shape[1]) - 1]
    return {f"recall@{k}": float((hits.sum(axis=1) / sizes).mean()), f"nDCG@{k}": float((hits @ gain / ideal).mean())}

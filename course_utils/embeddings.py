"""Vectors of words and of other things: neighbours, negative samples, maps, export.

Word2vec: T. Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality", NIPS 2013.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.random import Generator

from course_utils import files
from course_utils.arguments import at_least, check_shape

Pair = tuple[np.ndarray, np.ndarray]


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Cosine of the angle between vectors, along the last axis: (…, d), (…, d) -> (…), broadcast as NumPy does.

    A zero vector has no direction: its cosine with anything is 0. Raises ValueError for NaN, infinity and different d.
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if not a.shape[-1:] == b.shape[-1:] != ():
        raise ValueError(f"cosine takes vectors (…, d) with the same d; these have the shapes {a.shape} and {b.shape}")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("the vectors contain NaN or infinity; check how they were computed")
    a, b = (v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), np.finfo(np.float64).tiny) for v in (a, b))
    return np.clip((a * b).sum(axis=-1), -1, 1)


def top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Indices of the k largest of (n,) scores, the largest first, equal scores in the order of their indices: (min(k, n),).
    Raises ValueError for k below 1, and for NaN, which cannot be compared."""
    scores = np.asarray(scores)
    at_least(1, k=k)
    if np.isnan(scores).any():
        raise ValueError("the scores contain NaN, which cannot be sorted; check how they were computed")
    threshold = np.partition(scores, -k)[-k] if k < len(scores) else -np.inf
    candidates = np.flatnonzero(scores >= threshold)
    return candidates[np.argsort(-scores[candidates], kind="stable")][:k]


def norms_of(matrix: np.ndarray) -> np.ndarray:
    """Length of every row of (n, d): (n,) float32. Raises ValueError for a row with NaN, infinity or an infinite length."""
    with np.errstate(over="ignore"):  # in the last step only: squares of float32 do not overflow float64
        norms = np.sqrt(np.einsum("nd,nd->n", matrix, matrix, dtype=np.float64)).astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(norms))
    if len(bad):
        raise ValueError(f"{len(bad)} vectors contain NaN, infinity or very large numbers; the first is row {bad[0]}")
    return norms


def nearest(
    matrix: np.ndarray, queries: np.ndarray, k: int, norms: np.ndarray | None = None, block: int = 1 << 16
) -> Pair:
    """The k rows of `matrix` (n, d) with the largest cosine to each of `queries` (q, d): rows and cosines, both (q, min(k, n)).

    Exact. It works through blocks of `block` rows, so that the table of all cosines is never in memory. `norms`, from
    `norms_of(matrix)`, saves time when the same matrix is used often. A row of zeros has cosine 0 to everything. Raises
    ValueError for a query of zeros, for NaN, for k below 1, and for shapes that do not fit.
    """
    matrix = check_shape("matrix", matrix, "n d", None, None, dtype=np.float32)
    queries = check_shape("queries", queries, "q d", None, matrix.shape[1], dtype=np.float32)
    norms = norms_of(matrix) if norms is None else norms
    lengths = norms_of(queries)
    if not lengths.all():
        raise ValueError(f"query {np.argmin(lengths)} is all zeros: it has no direction, so it has no nearest vectors")
    directions = (queries / lengths[:, None]).T  # (d, q)
    found = [(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))] * len(queries)
    for start in range(0, len(matrix), block):
        size = norms[start : start + block, None]
        dots = matrix[start : start + block] @ directions  # (rows, q)
        cosines = np.divide(dots, size, out=np.zeros_like(dots), where=size > 0)
        for query, (ids, best) in enumerate(found):
            rows = top_k(cosines[:, query], k)
            ids, best = np.append(ids, start + rows), np.append(best, cosines[rows, query])
            keep = top_k(best, k)
            found[query] = ids[keep], best[keep]
    shape = (len(queries), min(k, len(matrix)))
    ids, best = (np.array([pair[i] for pair in found]).reshape(shape) for i in (0, 1))
    return ids, np.clip(best, -1, 1)


class Vectors:
    """A list of words (or of titles, users, …) and a vector for each: `words` (n,), `matrix` (n, d) float32.

    Raises ValueError for other than one row per word, words that are no strings or occur twice, and numbers not finite.
    """

    def __init__(self, words: Iterable[str], matrix: np.ndarray):
        self.words = list(words)
        if not all(isinstance(word, str) for word in self.words):
            raise ValueError("words must be strings; for ids, use vocabulary.decode(ids)")
        self.matrix = check_shape("matrix", matrix, "words d", len(self.words), None, dtype=np.float32)
        self.ids = {word: i for i, word in enumerate(self.words)}
        if len(self.ids) != len(self.words):
            twice = next(word for i, word in enumerate(self.words) if self.ids[word] != i)
            raise ValueError(f"words contains {twice!r} more than once; each word has one vector")
        self.norms = norms_of(self.matrix)  # (n,)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self.ids

    def id_of(self, word: str) -> int:
        """Row of `word`. Raises KeyError for a word without a vector."""
        if not isinstance(word, str) or word not in self.ids:
            hint = f"try {lower!r}" if (lower := str(word).lower()) in self.ids else "check first with: word in vectors"
            raise KeyError(f"no vector for {word!r:.60}; {hint}")
        return self.ids[word]

    def vector(self, word: str) -> np.ndarray:
        """The vector (d,) of `word`. Raises KeyError for a word without one."""
        return self.matrix[self.id_of(word)]

    def cosine(self, a: str, b: str) -> float:
        """Cosine of two words. Raises KeyError for a word without a vector."""
        return float(cosine(self.vector(a), self.vector(b)))

    def neighbours(self, query: str | np.ndarray, k: int = 10, exclude: Iterable[str] = ()) -> list[tuple[str, float]]:
        """The k words nearest to a word or to a vector (d,), with their cosines, the nearest first.

        A word is not its own neighbour, and words in `exclude` are left out; if fewer than k remain, all are returned.
        Raises KeyError for a word without a vector; ValueError as `nearest` does.
        """
        left_out = {self.id_of(word) for word in ([exclude] if isinstance(exclude, str) else exclude)}
        if isinstance(query, str):
            left_out.add(self.id_of(query))
            query = self.vector(query)
        at_least(1, k=k)
        query = check_shape("query (a word, or a vector)", query, "d", self.matrix.shape[1], dtype=np.float32)
        ids, cosines = nearest(self.matrix, query[None], k + len(left_out), self.norms)
        pairs = zip(ids[0].tolist(), cosines[0].tolist(), strict=True)
        return [(self.words[i], value) for i, value in pairs if i not in left_out][:k]

    def analogy(self, a: str, b: str, c: str, k: int = 10) -> list[tuple[str, float]]:
        """a is to b as c is to …: words nearest to b − a + c, all three scaled to length one, without a, b and c themselves.

        Mikolov, Yih, Zweig, "Linguistic Regularities in Continuous Space Word Representations", NAACL 2013. Raises KeyError.
        """
        a_, b_, c_ = (self.vector(word) / max(self.norms[self.id_of(word)], 1e-30) for word in (a, b, c))
        return self.neighbours(b_ - a_ + c_, k, exclude={a, b, c})


class NegativeSampler:
    """Samples ids with probability in proportion to count ** power: `probabilities` (n,).

    The power 0.75 is word2vec's; 0 is a uniform distribution. An id with a count of 0 is never sampled. Raises ValueError for
    counts that are negative, not finite or all zero.
    """

    def __init__(self, counts: np.ndarray, power: float = 0.75, rng: Generator | None = None):
        counts = check_shape("counts", counts, "ids", None, dtype=np.float64)
        if not np.isfinite(counts).all() or (counts < 0).any() or not counts.any():
            raise ValueError("counts must be finite, not negative and not all zero: how often each id occurs")
        weights = np.where(counts > 0, counts**power, 0.0)
        self.probabilities = weights / weights.sum()
        self.rng = np.random.default_rng(rng)
        self._cumulative = self.probabilities.cumsum()
        self._cumulative[np.flatnonzero(weights)[-1] :] = 1.0  # despite rounding

    def sample(self, shape: int | tuple[int, ...]) -> np.ndarray:
        """Ids in an array of `shape`, int32, sampled independently."""
        return np.searchsorted(self._cumulative, self.rng.random(shape), side="right").astype(np.int32)

    def sample_without(self, positives: np.ndarray, k: int) -> np.ndarray:
        """k ids for each row of `positives` (rows, any number), none of which is in that row: (rows, k) int32.

        Rows with fewer positives are filled with −1. Raises ValueError when a row leaves nothing to sample.
        """
        positives = check_shape("positives", positives, "rows positives", None, None, dtype=np.int32)
        ids = self.sample((len(positives), k))
        rows, columns = np.nonzero((ids[:, :, None] == positives[:, None, :]).any(axis=2))
        for _ in range(10):
            if not len(rows):
                return ids
            ids[rows, columns] = self.sample(len(rows))
            hit = (ids[rows, columns][:, None] == positives[rows]).any(axis=1)
            rows, columns = rows[hit], columns[hit]
        for row in np.unique(rows):  # almost everything likely is a positive: sample from what remains
            left = self.probabilities.copy()
            left[positives[row][positives[row] >= 0]] = 0
            if not left.any():
                raise ValueError(f"row {row} of positives contains every id with a count above 0: no negative is left")
            ids[row] = self.rng.choice(len(left), size=k, p=left / left.sum())
        return ids


def map_2d(vectors: np.ndarray, method: str = "tsne", seed: int = 0, **options) -> np.ndarray:
    """A map of vectors (n, d) in two dimensions, where distances follow the cosine as well as possible: (n, 2) float32.

    `method` is "pca" or "tsne"; `options` go to scikit-learn's PCA or TSNE. Rows are scaled to length one first. Raises
    ValueError for another method, fewer than three rows, and NaN.
    """
    matrix = check_shape("vectors", vectors, "n d", None, None, dtype=np.float32)
    if len(matrix) < 3:
        raise ValueError(f"a map needs at least three vectors, got {len(matrix)}")
    unit = matrix / np.maximum(norms_of(matrix), 1e-30)[:, None]
    if method == "pca":
        from sklearn.decomposition import PCA

        place = PCA(**{"n_components": 2, "svd_solver": "full"} | options).fit_transform(unit)
        place *= np.sign(place[np.abs(place).argmax(axis=0), [0, 1]])  # the sign of an axis is arbitrary: fix it
    elif method == "tsne":
        from sklearn.manifold import TSNE

        defaults = {"perplexity": min(30.0, (len(unit) - 1) / 3), "init": "pca", "random_state": seed}
        place = TSNE(**defaults | options).fit_transform(unit)
    else:
        raise ValueError(f"method is {method!r}; it must be 'pca' or 'tsne'")
    return np.asarray(place, dtype=np.float32)


def export_projector(folder: Path | str, vectors: Vectors, metadata: Mapping | None = None, name="vectors") -> Path:
    """Write `vectors` for TensorBoard's Embedding Projector; open with `tensorboard --logdir folder`. Returns the folder.

    Three files: tensors.tsv (one vector per line), metadata.tsv (a word and its values of `metadata` per line), and
    projector_config.pbtxt, which names the two. White space in a value becomes one space and an empty value "(empty)": others
    would shift what is after them. Raises ValueError for a column that is not as long as the vectors, and OSError.
    """
    columns = {"word": vectors.words, **(metadata or {})}
    for column, values in columns.items():
        if len(values) != len(vectors):
            raise ValueError(f"the metadata column {column!r} has {len(values)} values for {len(vectors)} vectors")
    rows = [*zip(*columns.values(), strict=True)]
    if len(columns) > 1:  # the projector expects names of columns where there are several, and none where there is one
        rows.insert(0, tuple(columns))
    numbers = ["\t".join(f"{x:.6g}" for x in row) for row in vectors.matrix.tolist()]
    texts = ["\t".join(" ".join(str(value).split()) or "(empty)" for value in row) for row in rows]
    for file, lines in {"tensors.tsv": numbers, "metadata.tsv": texts}.items():
        files.write(Path(folder, file), "".join(f"{line}\n" for line in lines))
    tables = '  tensor_path: "tensors.tsv"\n  metadata_path: "metadata.tsv"\n'
    config = f"embeddings {{\n  tensor_name: {json.dumps(name)}\n{tables}}}\n"
    files.write(Path(folder, "projector_config.pbtxt"), config)
    return Path(folder)

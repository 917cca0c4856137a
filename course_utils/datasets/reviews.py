"""Film reviews, positive or negative: the embedded sample, or the whole of IMDB.

IMDB is the Large Movie Review Dataset: A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng, C. Potts, "Learning Word
Vectors for Sentiment Analysis", ACL 2011. The word index of `keras.datasets.imdb` says which number means which word of its
reviews. Keras's file of reviews, imdb.npz, is not read: its arrays are pickles, and unpickling a file runs the code in it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from course_utils import paths
from course_utils.datasets import Splits, Table, announce, damaged, real_files, rows, sample


@dataclass(frozen=True, eq=False)
class Split(Table):
    """n reviews, in a fixed order.

    texts: n strings, with `<br /><br />` between paragraphs.
    labels: (n,) int8, 1 for a positive review, 0 for a negative one.
    stars: (n,) int8, 1 … 5; None for IMDB, which does not have them in this form.
    twins: (n,) int32; equal for two reviews of the same words with opposite labels, −1 without such a twin. None for IMDB.
    groups: (n,) int; reviews with the same number belong together. Only `by_group` gives them.
    """

    texts: list[str]
    labels: np.ndarray
    stars: np.ndarray | None = None
    twins: np.ndarray | None = None
    groups: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Reviews(Splits):
    """The splits, and in `unlabelled` the texts of further reviews."""

    unlabelled: list[str]


def load(seed: int = 0) -> Reviews:
    """IMDB or the sample. `seed` chooses which 5,000 of IMDB's training reviews, half of them positive, are for validation."""
    return _announced(read(paths.data_dir(), seed)) if real_files("imdb_reviews") else load_sample()


def load_sample() -> Reviews:
    """The embedded sample."""
    found = {"train": [], "validation": [], "test": [], "unlabelled": []}
    for _, (split, *row) in rows(sample("reviews.tsv.bz2"), tabs=True):  # columns: split, label, stars, twin, text
        found[split].append(row)
    unlabelled = [row[-1] for row in found.pop("unlabelled")]
    splits = []
    for labels, stars, twins, texts in (zip(*split, strict=True) for split in found.values()):
        splits.append(Split(list(texts), *map(np.array, (labels, stars, twins), (np.int8, np.int8, np.int32))))
    return _announced(Reviews("sample", *splits, unlabelled))


def read(folder: Path, seed: int, validation: int = 5_000) -> Reviews:
    """IMDB as tensorflow_datasets prepared it in `folder`; the validation set has `validation` reviews. Raises ValueError."""
    import tensorflow_datasets as tfds

    try:
        name, splits = "imdb_reviews/plain_text:1.0.0", ["train", "test", "unsupervised"]
        found = tfds.load(name, split=splits, data_dir=str(folder), download=False, batch_size=-1)
        texts = [[text.decode("utf-8") for text in split["text"].numpy()] for split in found]
    except Exception as error:  # TensorFlow and tensorflow_datasets raise many kinds for damaged files
        reason = str(error).strip().partition("\n")[0][:300]
        raise damaged(f"{folder / 'imdb_reviews'} cannot be read: {reason}", "imdb_reviews") from error
    labels = [split["label"].numpy().astype(np.int8) for split in found]
    random, chosen = np.random.default_rng(seed), np.zeros(len(texts[0]), dtype=bool)
    for label in (0, 1):
        chosen[random.permutation(np.flatnonzero(labels[0] == label))[: validation // 2]] = True
    train, validation = (_only(texts[0], labels[0], rows) for rows in (~chosen, chosen))
    return Reviews("real", train, validation, Split(texts[1], labels[1]), texts[2])


def by_group(data: Reviews, seed: int = 0) -> Reviews:
    """The same reviews with `groups`, none of them in both training and validation set: twins in the sample, `films` in IMDB,
    of which `seed` chooses those for validation, as many as make up 5,000 reviews."""
    if data.source == "sample":
        twins = (np.where(split.twins < 0, -1 - np.arange(len(split)), split.twins) for split in data)
        groups = (np.unique(each, return_inverse=True)[1] for each in twins)
        train, validation, _ = (replace(split, groups=each) for split, each in zip(data, groups, strict=True))
    else:
        texts = [*data.train.texts, *data.validation.texts]
        labels = np.concatenate([data.train.labels, data.validation.labels])
        groups = films(texts)
        order = np.random.default_rng(seed).permutation(groups.max() + 1)
        chosen = np.isin(groups, order[np.cumsum(np.bincount(groups)[order]) <= len(data.validation)])
        train, validation = (_only(texts, labels, rows, groups) for rows in (~chosen, chosen))
    return replace(data, train=train, validation=validation)


def films(texts: Sequence[str], largest: int = 30, nearest: int = 8, far: float = 0.8) -> np.ndarray:
    """Numbers (n,) of groups of reviews that are probably about one film: they have rare names in common.

    Names are words with a capital inside a sentence; a review without any is alone. The most similar pairs (cosine
    of tf-idf, at most `far` apart) are joined first. IMDB has at most `largest` reviews of a film (Maas et al. 2011).
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    name, most = r"(?<=[a-z,] )[A-Z]\w+", max(largest, len(texts) // 50)
    tf_idf = TfidfVectorizer(token_pattern=name, lowercase=False, min_df=2, max_df=most, sublinear_tf=True)
    try:
        X = tf_idf.fit_transform([text.replace("<br />", " ") for text in texts])  # (n, names)
    except ValueError:  # there are no names
        return np.arange(len(texts))
    search = NearestNeighbors(n_neighbors=min(1 + nearest, len(texts)), metric="cosine", algorithm="brute").fit(X)
    batches = tqdm(range(0, len(texts), 1000), desc="films", disable=len(texts) < 5000)
    found = [search.kneighbors(X[i : i + 1000]) for i in batches]
    distances, others = (np.concatenate(each).ravel() for each in zip(*found, strict=True))
    members = [[i] for i in range(len(texts))]  # of the group of each review; all reviews of a group share the list
    for pair in np.argsort(distances, kind="stable"):
        one, other = members[pair // search.n_neighbors], members[others[pair]]
        if distances[pair] < far and one is not other and len(one) + len(other) <= largest:
            one += other
            for i in other:
                members[i] = one
    return np.unique([group[0] for group in members], return_inverse=True)[1]  # numbers from 0 on


def _only(texts: list[str], labels: np.ndarray, rows: np.ndarray, groups: np.ndarray | None = None) -> Split:
    """The reviews for which `rows` (n,) is True."""
    chosen = [texts[i] for i in np.flatnonzero(rows)]
    return Split(chosen, labels[rows], groups=None if groups is None else groups[rows])


def _announced(reviews: Reviews) -> Reviews:
    counts = f"{reviews.sizes}, {len(reviews.unlabelled):,} unlabelled"
    return announce("Reviews", reviews.source, "imdb_reviews", counts, reviews)


def load_word_index() -> dict[str, int] | None:
    """The rank, 1 … 88,584, of each word of `keras.datasets.imdb` by its frequency; None without real data."""
    files = real_files("keras_imdb")
    if not files:
        return announce("Word index of keras.datasets.imdb", "none", "keras_imdb", "it has no sample")
    try:
        index = json.loads(files[0].read_text(encoding="utf-8"))
        if sorted(index.values()) != list(range(1, len(index) + 1)):
            raise ValueError
    except (ValueError, AttributeError, TypeError):
        raise damaged(f"{files[0]} does not give the words the numbers 1, 2, 3, …", "keras_imdb") from None
    return announce("Word index of keras.datasets.imdb", "real", "keras_imdb", f"{len(index):,} words", index)

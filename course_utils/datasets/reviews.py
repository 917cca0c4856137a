"""Film reviews with a sentiment: the embedded sample, or the whole of IMDB.

IMDB is the Large Movie Review Dataset: A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng, C. Potts, "Learning Word
Vectors for Sentiment Analysis", ACL 2011. The sample and what is planted in it: `data/README.md`.
"""

import bz2
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from course_utils import paths

DATASET = "imdb_reviews"
COMMAND = f"make data DATASETS={DATASET}"
PREPARED = Path(DATASET) / "plain_text" / "1.0.0"  # as tensorflow_datasets lays it out under its data_dir
COUNTS = {"train": 25_000, "test": 25_000, "unsupervised": 50_000}
VALIDATION = 5_000  # of IMDB's training reviews
FAR = 0.8  # from this cosine distance on two reviews are not taken for reviews of one film
_NAME = r"(?<=[a-z,] )[A-Z]\w+"
TFRECORD_FRAME = 16  # bytes around each record: its length and two checksums

SAMPLE = "reviews.tsv.bz2"


@dataclass(frozen=True, eq=False)
class Split:
    """Reviews of one split, in a fixed order. `len(split)` is their number n.

    texts: n strings, with `<br /><br />` between paragraphs.
    labels: (n,) int8, 1 for a positive review, 0 for a negative one.
    stars: (n,) int8, 1 … 5; None for IMDB, which does not have them in this form.
    twins: (n,) int32; two reviews of the same number are made of the same words and have opposite labels, −1 is for
        reviews without a twin. None for IMDB.
    groups: (n,) int; reviews of the same number belong together. None where `by_group` has not been asked.
    """

    texts: list[str]
    labels: np.ndarray
    stars: np.ndarray | None = None
    twins: np.ndarray | None = None
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, eq=False)
class Reviews:
    """`source` is "sample" or "real"; `unlabelled` are texts of further reviews."""

    source: str
    train: Split
    validation: Split
    test: Split
    unlabelled: list[str]


def load(seed: int = 0) -> Reviews:
    """The reviews, from disk only: IMDB if it is prepared under COURSE_DATA_DIR, else the sample. Prints one line about it.

    `seed` chooses which 5,000 of IMDB's training reviews, half of them positive, are for validation. The sample's
    splits are fixed in its file. Raises paths.DataNotReady if COURSE_DATA=real and IMDB is not there or not whole, and
    ValueError if a file is damaged.
    """
    folder = paths.data_dir()
    hint = f"real IMDB: {COMMAND}"
    try:
        source = paths.choose(DATASET, is_ready)
    except paths.DataNotReady as error:
        if not (folder / DATASET).exists():
            raise
        raise paths.DataNotReady(f"{error} What is there is not whole: {what_is_wrong(folder)}.") from None
    if source == "real":
        reviews, hint = _load_real(folder, seed), ""
    else:
        reviews = _load_sample(paths.SAMPLES / SAMPLE)
        if paths.mode() == "auto" and (folder / DATASET).exists():
            hint = f"real IMDB is there, but not whole: {what_is_wrong(folder)}; mend it with: {COMMAND}"
    _print(reviews, hint)
    return reviews


def by_group(data: Reviews, seed: int = 0) -> Reviews:
    """The same reviews with `groups` for training and validation, and no group in both: of the sample twins, of IMDB `films`.

    `seed` chooses which groups of IMDB are for validation, as many as make up 5,000 reviews.
    """
    if data.source == "sample":
        train, validation = (
            replace(split, groups=_numbered(np.where(split.twins < 0, -1 - np.arange(len(split)), split.twins)))
            for split in (data.train, data.validation)
        )
    else:
        texts = [*data.train.texts, *data.validation.texts]
        labels = np.concatenate([data.train.labels, data.validation.labels])
        groups = films(texts)
        order = np.random.default_rng(seed).permutation(groups.max() + 1)
        chosen = order[np.cumsum(np.bincount(groups)[order]) <= len(data.validation)]
        train, validation = (
            Split([texts[i] for i in np.flatnonzero(side)], labels[side], groups=groups[side])
            for side in (~np.isin(groups, chosen), np.isin(groups, chosen))
        )
    return replace(data, train=train, validation=validation)


def films(texts: Sequence[str], largest: int = 30, nearest: int = 8) -> np.ndarray:
    """Numbers (n,) of groups of reviews that are probably about one film: they have rare names in common.

    Names are words with a capital in the middle of a sentence. The most similar pairs among the `nearest` reviews of each
    (cosine of tf-idf) are joined first, and no group becomes larger than `largest`: IMDB has at most 30 reviews of a film
    (Maas and others 2011). A review without names stays alone.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.neighbors import NearestNeighbors

    tf_idf = TfidfVectorizer(
        token_pattern=_NAME, lowercase=False, min_df=2, max_df=max(largest, len(texts) // 50), sublinear_tf=True
    )
    try:
        X = tf_idf.fit_transform([text.replace("<br />", " ") for text in texts])  # (n, names)
    except ValueError:  # there are no names
        return np.arange(len(texts))
    search = NearestNeighbors(n_neighbors=min(1 + nearest, len(texts)), metric="cosine", algorithm="brute").fit(X)
    parts = [
        search.kneighbors(X[i : i + 1000])
        for i in tqdm(range(0, len(texts), 1000), desc="films", disable=len(texts) < 5000)
    ]
    distances, others = (np.concatenate(each).ravel() for each in zip(*parts, strict=True))
    ones = np.arange(len(distances)) // search.n_neighbors
    group, size = np.arange(len(texts)), np.ones(len(texts), dtype=int)

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = group[group[i]]
            i = group[i]
        return i

    for pair in np.argsort(distances, kind="stable"):
        one, other = root(ones[pair]), root(others[pair])
        if distances[pair] < FAR and one != other and size[one] + size[other] <= largest:
            group[other] = one
            size[one] += size[other]
    return _numbered([root(i) for i in range(len(texts))])


def _numbered(groups) -> np.ndarray:
    """The same groups, numbered from 0."""
    return np.unique(groups, return_inverse=True)[1]


def load_sample() -> Reviews:
    """The embedded sample, wherever real data may lie: for what only its planted structure can show. Prints one line."""
    reviews = _load_sample(paths.SAMPLES / SAMPLE)
    _print(reviews)
    return reviews


def is_ready(folder: Path) -> bool:
    """Whether all of IMDB lies prepared under `folder`. Looks at names and sizes only, without TensorFlow."""
    return what_is_wrong(folder) is None


def what_is_wrong(folder: Path) -> str | None:
    """What keeps the IMDB under `folder` from being read, in words; None if it is whole."""
    prepared = Path(folder) / PREPARED
    for name in ("dataset_info.json", "features.json"):
        if not (prepared / name).is_file():
            return f"{(PREPARED / name).as_posix()} is missing"
    try:
        splits = {split["name"]: split for split in json.loads((prepared / "dataset_info.json").read_bytes())["splits"]}
        for name, count in COUNTS.items():
            split = splits.get(name, {"shardLengths": []})
            lengths = [int(length) for length in split["shardLengths"]]
            if sum(lengths) != count:
                return f"{name} has {sum(lengths):,} reviews instead of {count:,}"
            size = 0
            for i in range(len(lengths)):
                shard = (
                    split["filepathTemplate"]
                    .replace("{DATASET}", DATASET)
                    .replace("{SPLIT}", name)
                    .replace("{FILEFORMAT}", "tfrecord")
                    .replace("{SHARD_X_OF_Y}", f"{i:05d}-of-{len(lengths):05d}")
                )
                if not (prepared / shard).is_file():
                    return f"{shard} is missing"
                size += (prepared / shard).stat().st_size
            expected = int(split["numBytes"]) + TFRECORD_FRAME * count
            if size != expected:
                return f"the files of {name} hold {size:,} bytes instead of {expected:,}"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"{(PREPARED / 'dataset_info.json').as_posix()} cannot be understood ({type(error).__name__}: {error})"
    return None


def _print(reviews: Reviews, hint: str = "") -> None:
    name = {"real": "real IMDB", "sample": "embedded sample"}[reviews.source]
    print(
        f"Reviews: {name} – {len(reviews.train):,} train, {len(reviews.validation):,} validation, {len(reviews.test):,} test, "
        f"{len(reviews.unlabelled):,} unlabelled" + (f" ({hint})" if hint else "")
    )


def _load_real(folder: Path, seed: int) -> Reviews:
    import tensorflow_datasets as tfds

    names = list(COUNTS)
    parts = tfds.load(
        f"{DATASET}/plain_text:1.0.0", split=names, data_dir=str(folder), download=False, shuffle_files=False
    )
    texts, labels = {}, {}
    for name, part in zip(names, parts, strict=True):
        batches = list(part.batch(1000).as_numpy_iterator())
        texts[name] = _decode((text for batch in batches for text in batch["text"]), name)
        labels[name] = np.concatenate([batch["label"] for batch in batches]).astype(np.int8)
    random = np.random.default_rng(seed)
    for_validation = np.zeros(len(texts["train"]), dtype=bool)
    for label in (0, 1):
        for_validation[random.permutation(np.flatnonzero(labels["train"] == label))[: VALIDATION // 2]] = True
    train, validation = (
        Split([texts["train"][i] for i in np.flatnonzero(chosen)], labels["train"][chosen])
        for chosen in (~for_validation, for_validation)
    )
    return Reviews("real", train, validation, Split(texts["test"], labels["test"]), texts["unsupervised"])


def _decode(texts: Iterable[bytes], name: str) -> list[str]:
    decoded = []
    for text in texts:
        try:
            decoded.append(text.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ValueError(
                f"review {len(decoded)} of {DATASET}, {name}, is not UTF-8 ({error}). The files are damaged: "
                f"remove the folder {DATASET} and prepare it again with: {COMMAND}"
            ) from None
    return decoded


def _load_sample(path: Path) -> Reviews:
    """The sample from `path`, after its sha256 was compared with the one beside it."""
    content = paths.verified(path, "data/make_reviews.py").read_bytes()
    _, *lines = bz2.decompress(content).decode("utf-8").splitlines()  # columns: split, label, stars, twin, text
    rows = {"train": [], "validation": [], "test": [], "unlabelled": []}
    for line in lines:
        split, *row = line.split("\t")
        rows[split].append(row)

    def split(name: str) -> Split:
        labels, stars, twins, texts = zip(*rows[name], strict=True)
        return Split(list(texts), np.array(labels, np.int8), np.array(stars, np.int8), np.array(twins, np.int32))

    return Reviews(
        "sample", split("train"), split("validation"), split("test"), [row[-1] for row in rows["unlabelled"]]
    )

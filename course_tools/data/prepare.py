"""`make data`: get the real datasets and lay them out under COURSE_DATA_DIR, where the loaders look for them.

This is the only part of the course that uses the network. Every dataset is built in `.incoming/` inside COURSE_DATA_DIR,
verified there, and then moved to its place in one step: a loader finds a whole dataset or none.
"""

import argparse
import ast
import contextlib
import csv
import functools
import hashlib
import importlib
import importlib.util
import io
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from course_tools.data import download
from course_utils import paths

Review = tuple[str, int, bytes]  # path in the archive; label: 1 positive, 0 negative, -1 unlabelled; text in UTF-8


@dataclass(frozen=True)
class Remote:
    """A file on the network, and what is known of its content."""

    url: str
    size: int | None  # bytes
    sha256: str | None

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]

    def address(self) -> str:
        """Where to get it: its own URL, or the file of that name under COURSE_MIRROR."""
        mirror = os.environ.get("COURSE_MIRROR", "").strip().rstrip("/")
        return f"{mirror}/{self.name}" if mirror else self.url


@dataclass(frozen=True)
class Dataset:
    """What `make data` knows about a dataset."""

    summary: str
    terms: str
    download_size: int  # bytes
    prepared_size: int  # bytes
    is_ready: Callable[[Path], bool]  # of COURSE_DATA_DIR
    prepare: Callable[[Path, Path | None], None]  # of COURSE_DATA_DIR and what --from names


# ---------------------------------------------------------------------------------------------------- what they all share


def _download(remote: Remote, folder: Path, name: str, check: Callable[[Path], None] | None = None) -> Path:
    """Download `remote` into `folder`, with advice for those who have no network."""
    try:
        return download.download(
            remote.address(), folder / remote.name, size=remote.size, sha256=remote.sha256, check=check
        )
    except (download.Unreachable, download.WrongContent) as error:
        raise download.FetchError(
            f"{error}\nWithout a network: copy {remote.name} from another machine and run  make data DATASETS={name} "
            f"FROM=/path/to/{remote.name} , or set COURSE_MIRROR to the address of a folder that has it. "
            f"Every lesson also runs on its embedded sample."
        ) from error


def _put(built: Path, target: Path) -> None:
    """Move what was built to its place; what is there is not whole, or nobody would have asked."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        shutil.rmtree(target)
    os.replace(built, target)


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn a file that is not there, or may not be read, into a FetchError. A full disk passes: `storing` speaks of it."""
    try:
        yield
    except OSError as error:
        if error.errno in download.DISK_FULL or Path(error.filename or path) != path:
            raise
        raise download.FetchError(f"Cannot read {path}: {error.strerror}.") from error


@contextlib.contextmanager
def _building(data_dir: Path, name: str, needed: int) -> Iterator[Path]:
    """A folder for the downloads of dataset `name`, held against other runs, with room for `needed` bytes.

    In it an empty folder `build` to build the dataset in. After the block all is gone, except, when it failed, for what has
    been downloaded, which is left for the next run.
    """
    work = data_dir / ".incoming" / name
    build = work / "build"
    with download.storing(data_dir, needed):
        work.mkdir(parents=True, exist_ok=True)
        try:
            with download.locked(work.with_name(f"{name}.lock")):
                shutil.rmtree(build, ignore_errors=True)
                download.require_space(data_dir, needed - sum(path.stat().st_size for path in work.iterdir()))
                build.mkdir()
                yield work
                shutil.rmtree(work)
        finally:
            shutil.rmtree(build, ignore_errors=True)
            for folder in (work, work.parent):
                with contextlib.suppress(OSError):  # what holds a part of a download stays
                    folder.rmdir()


def _take(source: Path, names: Collection[str], folder: Path, limit: int) -> None:
    """Copy the files `names` into `folder`: those in the folder `source`, or in an archive that unpacks to `limit` bytes."""
    if source.is_dir():
        for name in names:
            with _reading(source / name):
                (folder / name).write_bytes((source / name).read_bytes())
        return
    with _reading(source):
        source.stat()  # entries() calls a file that is not there damaged
    for path, pieces in download.entries(source, limit):
        name = path.rpartition("/")[2]
        if name in names:
            (folder / name).write_bytes(b"".join(pieces))


def _is_ready(module: str, function: str = "is_ready") -> Callable[[Path], bool]:
    def ready(data_dir: Path) -> bool:
        return getattr(importlib.import_module(f"course_utils.datasets.{module}"), function)(data_dir)

    return ready


# ------------------------------------------------------------------------------------------------------------------- IMDB

# Size and hash are those by which tensorflow_datasets verifies its own download of imdb_reviews.
IMDB_ARCHIVE = Remote(
    url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    size=84_125_825,
    sha256="c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe",
)
IMDB_UNPACKED = 1_000_000_000  # bytes that the archive may unpack to; the reviews alone have 132 million
IMDB_PREPARED = 138_000_000  # bytes, measured
IMDB = "imdb_reviews/plain_text/1.0.0"
# How many reviews each folder of the archive has. A file is named number_stars.txt, with 1 to 10 stars, or 0 if unlabelled;
# what has at least 7 is positive, what has at most 4 negative (README of the archive).
IMDB_COUNTS = {"train/pos": 12_500, "train/neg": 12_500, "train/unsup": 50_000, "test/pos": 12_500, "test/neg": 12_500}
IMDB_REVIEW = re.compile(r"aclImdb/(?P<folder>train/unsup|(train|test)/(pos|neg))/\d+_(?P<stars>\d+)\.txt")
IMDB_STARS = {"pos": range(7, 11), "neg": range(1, 5), "unsup": range(1)}
IMDB_LABELS = {"pos": 1, "neg": 0, "unsup": -1}


def prepare_imdb(
    data_dir: Path, source: Path | None = None, *, remote: Remote = IMDB_ARCHIVE, counts: dict[str, int] = IMDB_COUNTS
) -> None:
    """Put IMDB under `data_dir` as tensorflow_datasets' `imdb_reviews/plain_text/1.0.0`.

    The texts come from `source` (the archive, or its extracted folder `aclImdb`), or else from a download of `remote`, of
    which an interrupted run leaves what it has for the next. `counts` says how many reviews each folder must have.

    Raises download.FetchError with a message for the user.
    """
    needed = IMDB_PREPARED + (remote.size if source is None else 0)
    with _building(data_dir, "imdb_reviews", needed) as work:
        reviews = read_imdb(source or _download(remote, work, "imdb_reviews"), remote, counts)
        _write_imdb(reviews, work / "build")
        _verify_imdb(reviews, work / "build")
        _put(work / "build" / IMDB, data_dir / IMDB)


def read_imdb(source: Path, remote: Remote, counts: dict[str, int]) -> dict[str, list[Review]]:
    """The reviews in the archive or extracted folder `source`, by split: train, test, unsupervised.

    Raises download.FetchError if it is not readable, and download.WrongContent if a folder does not have as many reviews as
    `counts` says, or a review is not what its place says.
    """
    try:
        if source.is_dir():
            files = _folder_files(source)
        else:
            if source.stat().st_size != remote.size or download.sha256_of(source) != remote.sha256:
                _say(
                    f"Warning: {source} is not the original {remote.name}: its SHA-256 differs. It is used if it has the same "
                    f"folders and as many reviews, but whether the texts are the same cannot be told."
                )
            files = _archive_files(source)
        splits: dict[str, list[Review]] = {"train": [], "test": [], "unsupervised": []}
        found = Counter()
        for path, text in files:
            place = IMDB_REVIEW.fullmatch(path)
            split, kind = place["folder"].split("/")
            if int(place["stars"]) not in IMDB_STARS[kind]:
                raise download.WrongContent(
                    f"{source}: {path} lies in {kind}, which its {place['stars']} stars contradict."
                )
            if not _is_text(text):
                raise download.WrongContent(f"{source}: {path} is empty or not text in UTF-8.")
            found[place["folder"]] += 1
            splits["unsupervised" if kind == "unsup" else split].append((path, IMDB_LABELS[kind], text.strip()))
    except OSError as error:
        raise download.FetchError(f"Cannot read {error.filename or source}: {error.strerror}.") from error
    if found != counts:
        differences = [f"{folder} {found[folder]:,} of {count:,}" for folder, count in counts.items()]
        raise download.WrongContent(f"{source} does not have the reviews of IMDB's aclImdb: {', '.join(differences)}.")
    return splits


def _archive_files(archive: Path) -> Iterator[tuple[str, bytes]]:
    for path, pieces in download.entries(archive, IMDB_UNPACKED):
        if IMDB_REVIEW.fullmatch(path):
            yield path, b"".join(pieces)


def _folder_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    root = folder if (folder / "train").is_dir() else folder / "aclImdb"
    files = [path for part in IMDB_COUNTS for path in (root / part).glob("*.txt")]
    for file in tqdm(files, desc=f"reading {folder.name}", unit=" files", delay=1, leave=False, disable=None):
        path = f"aclImdb/{file.relative_to(root).as_posix()}"
        if IMDB_REVIEW.fullmatch(path):
            yield path, file.read_bytes()


def _is_text(data: bytes) -> bool:
    try:
        return bool(data.decode("utf-8").strip())
    except UnicodeDecodeError:
        return False


def _imdb_builder(folder: Path):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    return tfds.builder("imdb_reviews/plain_text:1.0.0", data_dir=folder)


def _write_imdb(reviews: dict[str, list[Review]], folder: Path) -> None:
    """Let tensorflow_datasets' own builder write `reviews` into `folder`/imdb_reviews.

    Its `_split_generators`, by which a builder is told where its examples come from, would download and read the
    archive in its own way; it is given the reviews that have been read already, so that archive and folder take the same way.
    Keys are the paths in the archive, as in the original: they decide the order of the examples.
    """
    builder = _imdb_builder(folder)
    import tensorflow as tf
    import tensorflow_datasets as tfds

    total = sum(map(len, reviews.values()))
    with tqdm(total=total, desc="preparing", unit=" reviews", disable=None) as bar:

        def examples(rows: list[Review]) -> Iterator[tuple[str, dict]]:
            for path, label, text in rows:
                bar.update()
                yield path, {"text": text, "label": label}

        builder._split_generators = lambda manager: {split: examples(rows) for split, rows in reviews.items()}
        try:
            with contextlib.redirect_stdout(io.StringIO()):  # it announces a download that does not take place
                builder.download_and_prepare(download_config=tfds.download.DownloadConfig(try_download_gcs=False))
        except Exception as error:
            # TensorFlow writes with its own functions, which raise no OSError, and TFDS wraps what it cannot amend.
            cause = error.__cause__ or error
            if isinstance(cause, (tf.errors.OpError, OSError)):
                raise download.cannot_store(folder, IMDB_PREPARED, str(cause)) from error
            raise


def _verify_imdb(reviews: dict[str, list[Review]], folder: Path) -> None:
    """Read the prepared dataset back; raises download.FetchError unless it holds exactly `reviews`."""
    builder = _imdb_builder(folder)
    for split, rows in tqdm(reviews.items(), desc="verifying", unit=" splits", leave=False, disable=None):
        batches = builder.as_dataset(split=split, batch_size=1_000).as_numpy_iterator()
        stored = sorted(pair for batch in batches for pair in zip(batch["label"], batch["text"], strict=True))
        if stored != sorted((label, text) for _, label, text in rows):
            raise download.FetchError(f"The {split} reviews do not read back as they were written; is the disk sound?")


# ------------------------------------------------------------------------------------------------------- rated word pairs

SIMILARITY_FILES = (
    Remote(
        url="https://raw.githubusercontent.com/mfaruqui/eval-word-vectors/master/data/word-sim/EN-WS-353-ALL.txt",
        size=7_405,
        sha256="ce12919b240af45bdf46d243601eaca2b6212b159b5e7e9b435ee7ee40c5619c",
    ),
    Remote(
        url="https://raw.githubusercontent.com/mfaruqui/eval-word-vectors/master/data/word-sim/EN-SIMLEX-999.txt",
        size=18_024,
        sha256="405394ffb7d25f6d0e3c041f87c9f27d29dc6b047506769953e85c4523b11685",
    ),
    Remote(
        url="https://raw.githubusercontent.com/tmikolov/word2vec/master/questions-words.txt",
        size=603_955,
        sha256="8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36",
    ),
)
# gensim's package brings the same rows, two of the files with comments before them and other line ends.
SIMILARITY_IN_GENSIM = {
    "EN-WS-353-ALL.txt": ("wordsim353.tsv", b"\r\n"),
    "EN-SIMLEX-999.txt": ("simlex999.txt", b"\n"),
    "questions-words.txt": ("questions-words.txt", b"\n"),
}


def prepare_similarity(
    data_dir: Path, source: Path | None = None, *, remotes: tuple[Remote, ...] = SIMILARITY_FILES
) -> None:
    """Put WordSim-353, SimLex-999 and the analogies of word2vec under `data_dir`, as `word_similarity/`.

    Each file comes from `source` (their folder, or one of them with the others beside it), or else out of the installed
    gensim, or else from the network, and is verified by its SHA-256 whichever way it came. The first two ways have been tried
    with the real files; the addresses have not been reachable from where this was written, so a download may be refused as
    not the file that is expected.

    Raises download.FetchError with a message for the user.
    """
    _prepare_files(data_dir, "word_similarity", source, remotes, _similarity_in_gensim)


def _prepare_files(
    data_dir: Path,
    name: str,
    source: Path | None,
    remotes: tuple[Remote, ...],
    at_hand: Callable[[Remote], bytes | None] = lambda remote: None,
) -> None:
    """Put small files together into the folder `name` under `data_dir`, each verified by its SHA-256.

    Each comes from `source` (their folder, or one of them with the others beside it), or else is what `at_hand` returns for
    it, or, where that is None, is downloaded.
    """
    needed = 2 * sum(remote.size for remote in remotes)  # downloaded and prepared
    with _building(data_dir, name, needed) as work:
        for remote in remotes:
            content = at_hand(remote) if source is None else _verified_copy(remote, source)
            if content is None:
                content = _download(remote, work, name).read_bytes()
            (work / "build" / remote.name).write_bytes(content)
        _put(work / "build", data_dir / name)


def _verified_copy(remote: Remote, source: Path) -> bytes:
    """The content of the file of that name in the folder `source`, or beside the file `source`."""
    file = (source if source.is_dir() else source.parent) / remote.name
    with _reading(file):
        content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != remote.sha256:
        raise download.WrongContent(f"{file} is not the file that is wanted: its SHA-256 differs.")
    return content


def _similarity_in_gensim(remote: Remote) -> bytes | None:
    """The file's content out of the installed gensim; None if it is not there."""
    package = importlib.util.find_spec("gensim")
    if package is None or remote.name not in SIMILARITY_IN_GENSIM:
        return None
    name, line_end = SIMILARITY_IN_GENSIM[remote.name]
    path = Path(package.origin).parent / "test" / "test_data" / name
    if not path.is_file():
        return None
    rows = [line for line in path.read_bytes().splitlines() if not line.startswith(b"#")]
    content = line_end.join([*rows, b""])
    return content if hashlib.sha256(content).hexdigest() == remote.sha256 else None


# ------------------------------------------------------------------------------------------------------------------ books

# The repository of W. Koehrsen's collection, at the commit that has the file (length, first and last lines were compared).
BOOKS_PART = Remote(
    url="https://raw.githubusercontent.com/WillKoehrsen/wikipedia-data-science/"
    "e3d94022eed856ac2f172d0192d4cb35984925c0/data/p15_books.ndjson",
    size=1_962_641,
    sha256="8a5936d69be4886075c04fcec028094edb08442daceb81679acca1753ce0f0fe",
)
# The address in the published notebook; no commit or hash is known, so the file is verified by its layout and its books.
BOOKS_WHOLE = (
    "https://raw.githubusercontent.com/WillKoehrsen/wikipedia-data-science/master/data/found_books_filtered.ndjson"
)
BOOKS_WHOLE_SIZE = 59_000_000  # bytes, about
BOOKS_WHOLE_COUNT = 37_020  # without pages of Wikipedia's housekeeping, as that notebook counts them


def prepare_books(data_dir: Path, source: Path | None = None, *, remote: Remote = BOOKS_PART) -> None:
    """Put 1,413 book articles of Wikipedia under `data_dir`, as `books/p15_books.ndjson`, verified by their SHA-256.

    The file comes from `source`, or else from a download of `remote`. The address has not been reachable from where this was
    written. Raises download.FetchError with a message for the user.
    """
    from course_utils.datasets.books import PART

    _prepare_file(data_dir, "books", PART, source, remote)


def prepare_books_whole(
    data_dir: Path, source: Path | None = None, *, url: str = BOOKS_WHOLE, count: int = BOOKS_WHOLE_COUNT
) -> None:
    """Put all book articles of Wikipedia under `data_dir`, as `books/found_books_filtered.ndjson`.

    The file comes from `source`, or else from `url` or a mirror. It is whole if every line is an article and there are
    `count` different ones, and nothing more is known of it: neither address nor file have been at hand where this was
    written. Raises download.FetchError with a message for the user.
    """
    from course_utils.datasets.books import WHOLE, articles

    def check(path: Path) -> None:
        try:
            found = sum(1 for _ in articles(path))
        except ValueError as error:
            raise download.WrongContent(f"{error}.") from None
        if found != count:
            raise download.WrongContent(f"{path} has {found:,} books rather than {count:,}.")

    _prepare_file(data_dir, "books_whole", WHOLE, source, Remote(url, None, None), check=check)


def _prepare_file(
    data_dir: Path,
    name: str,
    target: Path,
    source: Path | None,
    remote: Remote,
    check: Callable[[Path], None] | None = None,
) -> None:
    """Put one file, copied from `source` or downloaded from `remote`, into its place `target` under `data_dir`.

    It is verified by its SHA-256 or, where none is known, by `check`, which raises download.WrongContent.
    """
    with _building(data_dir, name, remote.size or BOOKS_WHOLE_SIZE) as work:
        if source is None:
            got = _download(remote, work, name, check)
        else:
            source = source / target.name if source.is_dir() else source
            got = work / "build" / target.name
            with _reading(source):
                if check is not None:
                    check(source)
                got.write_bytes(source.read_bytes())
            if remote.sha256 is not None and download.sha256_of(got) != remote.sha256:
                raise download.WrongContent(f"{source} is not the file that is wanted: its SHA-256 differs.")
        _put(got, data_dir / target)


# ------------------------------------------------------------------------------------------------------------ Wikispeedia

# Size and hash as several projects that use the archive give them; SNAP publishes none.
WIKISPEEDIA_ARCHIVE = Remote(
    url="https://snap.stanford.edu/data/wikispeedia/wikispeedia_paths-and-graph.tar.gz",
    size=9_901_821,
    sha256="97697096f5d2dcb77aa69e3992305c6c561de89edb9fb10b5ad9feaf8ba534d5",
)
WIKISPEEDIA_UNPACKED = 200_000_000  # bytes that the archive may unpack to
WIKISPEEDIA_PREPARED = 4_000_000  # bytes, about: three of its files


def prepare_wikispeedia(data_dir: Path, source: Path | None = None, *, remote: Remote = WIKISPEEDIA_ARCHIVE) -> None:
    """Put Wikispeedia's articles, categories and links under `data_dir`, as `wikispeedia/*.tsv`.

    They come from `source` (the archive, or a folder that has the three files), or else from a download of `remote`, whose
    address has not been reachable from where this was written. They are in place only after the loader has read them.

    Raises download.FetchError with a message for the user.
    """
    from course_utils.datasets import wikispeedia

    needed = WIKISPEEDIA_PREPARED + (remote.size if source is None else 0)
    with _building(data_dir, "wikispeedia", needed) as work:
        build = work / "build"
        _take(source or _download(remote, work, "wikispeedia"), wikispeedia.FILES, build, WIKISPEEDIA_UNPACKED)
        try:
            graph = wikispeedia.read(build)
        except (ValueError, OSError) as error:
            raise download.WrongContent(f"{source or remote.name} is not the graph of Wikispeedia: {error}.") from None
        if not len(graph.links):
            raise download.WrongContent(f"{source or remote.name} is not the graph of Wikispeedia: there are no links.")
        _put(build, data_dir / "wikispeedia")


# -------------------------------------------------------------------------------------------------- Keras's word index

# Keras names the file by its MD5, bfafd718b763782e994055a2d397834f; size and SHA-256 are those of a copy that has it.
KERAS_WORD_INDEX = Remote(
    url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/imdb_word_index.json",
    size=1_641_221,
    sha256="027313fe9a320280f3bf0fac5baf58c4a683cf39a7ed9c3d3d3912bde4284cf6",
)


def prepare_keras_imdb(data_dir: Path, source: Path | None = None, *, remote: Remote = KERAS_WORD_INDEX) -> None:
    """Put the word index of `keras.datasets.imdb` under `data_dir`, as `keras/imdb_word_index.json`.

    It comes from `source`, or else from a download of `remote`, and is verified by its SHA-256. The address has not been
    reachable from where this was written. Raises download.FetchError with a message for the user.
    """
    from course_utils.datasets.keras_imdb import WORD_INDEX

    _prepare_file(data_dir, "keras_imdb", WORD_INDEX, source, remote)


# ------------------------------------------------------------------------------------------------------------------ O*NET

# Size and hash of the archive are not known; its files are verified by their rows, counted in true copies of version 27.0.
ONET_ARCHIVE = Remote("https://www.onetcenter.org/dl_files/database/db_27_0_text.zip", None, None)
ONET_SIZE = 12_000_000  # bytes, about
ONET_UNPACKED = 1_000_000_000  # bytes that the archive may unpack to
ONET_PREPARED = 7_650_000  # bytes, five of its files
ONET_ROWS = {
    "Occupation Data.txt": 1_016,
    "Alternate Titles.txt": 52_754,
    "Sample of Reported Titles.txt": 7_541,
    "Technology Skills.txt": 30_826,
    "Tools Used.txt": 41_644,
}


def prepare_onet(
    data_dir: Path, source: Path | None = None, *, remote: Remote = ONET_ARCHIVE, counts: dict[str, int] = ONET_ROWS
) -> None:
    """Put five files of O*NET 27.0 under `data_dir`, as `onet/*.txt`.

    They come from `source` (the archive, or a folder that has them), or else from a download of `remote`, whose address has
    not been reachable from where this was written. They are whole if each has as many rows as `counts` says and the loader
    reads them. Raises download.FetchError with a message for the user.
    """
    from course_utils.datasets import postings

    with _building(data_dir, "onet", ONET_PREPARED + (ONET_SIZE if source is None else 0)) as work:
        build = work / "build"

        def take(path: Path) -> None:
            _take(path, counts, build, ONET_UNPACKED)
            try:
                for name, count in counts.items():
                    found = sum(1 for _ in postings.rows(build / name, (), tabs=True))
                    if found != count:
                        raise ValueError(f"{name} has {found:,} rows rather than {count:,}")
                postings.read_onet(build, seed=0)
            except (ValueError, FileNotFoundError) as error:
                raise download.WrongContent(f"{path} is not O*NET 27.0: {error}.") from None

        if source is None:
            _download(remote, work, "onet", take)
        else:
            take(source)
        _put(build, data_dir / postings.ONET)


# --------------------------------------------------------------------------------------------------------------- postings

# Neither size nor hash is known: the file is verified by its layout.
POSTINGS_TABLE = Remote("https://huggingface.co/datasets/lukebarousse/data_jobs/resolve/main/data_jobs.csv", None, None)
POSTINGS_SIZE = 231_000_000  # bytes, about
POSTINGS_PREPARED = 70_000_000  # bytes, about


def prepare_postings(data_dir: Path, source: Path | None = None, *, remote: Remote = POSTINGS_TABLE) -> None:
    """Put real postings of data roles under `data_dir`, as `postings/data_jobs_title_skills.csv`.

    They are taken out of data_jobs.csv, which is `source` or lies in the folder `source`, or else is downloaded from `remote`,
    whose address has not been reachable from where this was written. A file that has been prepared elsewhere is taken, too.
    Raises download.FetchError with a message for the user.
    """
    from course_utils.datasets.postings import REAL

    with _building(data_dir, "postings", POSTINGS_PREPARED + (POSTINGS_SIZE if source is None else 0)) as work:
        built = work / "build" / REAL.name

        def take(path: Path) -> None:
            try:
                _write_postings(path, built)
            except ValueError as error:
                raise download.WrongContent(f"{error}.") from None

        if source is None:
            _download(remote, work, "postings", take)
        else:
            if source.is_dir():
                source = source / (REAL.name if (source / REAL.name).exists() else remote.name)
            with _reading(source):
                take(source)
        _put(built, data_dir / REAL)


def _write_postings(source: Path, target: Path) -> None:
    """Write the loader's columns of the postings in `source` that have a title and skills, one posting at a time.

    In data_jobs.csv the skills are the text of a Python list, `['sql', 'r']`, in a prepared file `sql|r`. Raises ValueError
    for a damaged row, and if no posting has skills.
    """
    from course_utils.datasets.postings import COLUMNS, rows

    with open(source, "rb") as file:
        listed = b"job_skills" in file.readline()
    written = 0
    with open(target, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for number, (*row, date, skills) in rows(source, (*COLUMNS[:-1], "job_skills" if listed else "skills")):
            if listed:
                try:
                    skills = "|".join(_list_of_skills(skills))
                except ValueError:
                    raise ValueError(f"{source}, line {number}: not a list of skills: {skills[:80]}") from None
            if row[0].strip() and skills:
                writer.writerow((*row, date[:10], skills))  # the day without the time
                written += 1
    if not written:
        raise ValueError(f"{source} has no posting with skills")


def _list_of_skills(text: str) -> list[str]:
    """The strings in the text of a Python list; none for no text or None. Raises ValueError for anything else."""
    try:
        skills = ast.literal_eval(text or "None") or []
    except (SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(str(error)) from None
    if not isinstance(skills, list) or not all(isinstance(skill, str) and "|" not in skill for skill in skills):
        raise ValueError(text)
    return skills


# ----------------------------------------------------------------------------------------------------------------- WNUT17

_WNUT17 = "https://raw.githubusercontent.com/leondz/emerging_entities_17/master"
WNUT17_FILES = (
    Remote(
        url=f"{_WNUT17}/wnut17train.conll",
        size=493_781,
        sha256="731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5",
    ),
    Remote(
        url=f"{_WNUT17}/emerging.dev.conll",
        size=114_749,
        sha256="e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8",
    ),
    Remote(
        url=f"{_WNUT17}/emerging.test.annotated",
        size=192_425,
        sha256="2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0",
    ),
)


def prepare_wnut17(data_dir: Path, source: Path | None = None, *, remotes: tuple[Remote, ...] = WNUT17_FILES) -> None:
    """Put the three files of WNUT17 under `data_dir`, as `wnut17/`.

    They come from `source` (their folder, or one of them with the others beside it), or else from the network, and are
    verified by their SHA-256.

    Raises download.FetchError with a message for the user.
    """
    _prepare_files(data_dir, "wnut17", source, remotes)


# ------------------------------------------------------------------------------------------------------- Tiny Shakespeare

# The SHA-256 is that by which tensorflow_datasets verifies its own download of tiny_shakespeare.
TINY_SHAKESPEARE = Remote(
    url="https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    size=1_115_394,
    sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
)


def prepare_tiny_shakespeare(data_dir: Path, source: Path | None = None, *, remote: Remote = TINY_SHAKESPEARE) -> None:
    """Put Tiny Shakespeare under `data_dir`, as `tiny_shakespeare/input.txt`, verified by its SHA-256.

    It comes from `source`, or else from a download of `remote`, whose address has not been reachable from where this was
    written. Raises download.FetchError with a message for the user.
    """
    from course_utils.datasets.texts import REAL

    _prepare_file(data_dir, "tiny_shakespeare", REAL, source, remote)


# ---------------------------------------------------------------------------------------------------------------- Tatoeba

# manythings.org packs them anew from time to time, with more pairs: the files are verified by their lines.
TATOEBA_ARCHIVES = {
    "fra.txt": Remote("https://www.manythings.org/anki/fra-eng.zip", None, None),
    "cmn.txt": Remote("https://www.manythings.org/anki/cmn-eng.zip", None, None),
}
TATOEBA_SIZE = 10_000_000  # bytes, about
TATOEBA_UNPACKED = 500_000_000  # bytes that an archive may unpack to
TATOEBA_PREPARED = 45_000_000  # bytes, about; 16 million in 2019


def prepare_tatoeba(
    data_dir: Path, source: Path | None = None, *, remotes: dict[str, Remote] = TATOEBA_ARCHIVES
) -> None:
    """Put Tatoeba's English–French and English–Mandarin pairs under `data_dir`, as `tatoeba/fra.txt` and `tatoeba/cmn.txt`.

    They come from `source` (a folder that has these files or the archives, or one of them with the other beside it), or else
    from downloads of `remotes`, whose addresses have not been reachable from where this was written. They are in place only
    after the loader has read as many pairs in each as it must have. Raises download.FetchError with a message for the user.
    """
    from course_utils.datasets import pairs

    with _building(data_dir, "tatoeba", TATOEBA_PREPARED + (TATOEBA_SIZE if source is None else 0)) as work:
        build = work / "build"

        def take(path: Path, name: str) -> None:
            _take(path, [name], build, TATOEBA_UNPACKED)
            try:
                found = len(pairs.read(build / name))
            except (ValueError, FileNotFoundError) as error:
                raise download.WrongContent(f"{path} does not have Tatoeba's {name}: {error}") from None
            if found < pairs.FILES[name]:
                raise download.WrongContent(
                    f"{path}: {name} has {found:,} pairs, at least {pairs.FILES[name]:,} were expected."
                )

        for name, remote in remotes.items():
            if source is None:
                _download(remote, work, "tatoeba", functools.partial(take, name=name))
            else:
                with _reading(source):
                    source.stat()
                folder = source if source.is_dir() else source.parent
                take(folder if (folder / name).is_file() else folder / remote.name, name)
        _put(build, data_dir / pairs.DATASET)


# ----------------------------------------------------------------------------------------------------------- command line

DATASETS = {
    "imdb_reviews": Dataset(
        summary="100,000 film reviews from IMDB: 25,000 to train on, 25,000 to test on, 50,000 without label",
        terms="Maas et al. 2011; free for research, cite it",
        download_size=IMDB_ARCHIVE.size,
        prepared_size=IMDB_PREPARED,
        is_ready=_is_ready("reviews"),
        prepare=prepare_imdb,
    ),
    "word_similarity": Dataset(
        summary="pairs of words rated by people (WordSim-353, SimLex-999), and 19,544 analogies",
        terms="Finkelstein et al. 2002, Hill et al. 2015, Mikolov et al. 2013; for research, cite them",
        download_size=sum(remote.size for remote in SIMILARITY_FILES),
        prepared_size=sum(remote.size for remote in SIMILARITY_FILES),
        is_ready=_is_ready("similarity"),
        prepare=prepare_similarity,
    ),
    "books": Dataset(
        summary="1,413 book articles of Wikipedia: titles, infoboxes and the pages they link to",
        terms="collected by W. Koehrsen, 2018; Wikipedia text CC BY-SA",
        download_size=BOOKS_PART.size,
        prepared_size=BOOKS_PART.size,
        is_ready=_is_ready("books"),
        prepare=prepare_books,
    ),
    "books_whole": Dataset(
        summary="all 37,020 of them, for lesson 03 with WHOLE = True",
        terms="collected by W. Koehrsen, 2018; Wikipedia text CC BY-SA",
        download_size=BOOKS_WHOLE_SIZE,
        prepared_size=BOOKS_WHOLE_SIZE,
        is_ready=_is_ready("books", "whole_is_ready"),
        prepare=prepare_books_whole,
    ),
    "wikispeedia": Dataset(
        summary="4,600 articles of Wikipedia for Schools, their subjects and 120,000 links between them",
        terms="West et al. 2009, West and Leskovec 2012; SNAP, cite them",
        download_size=WIKISPEEDIA_ARCHIVE.size,
        prepared_size=WIKISPEEDIA_PREPARED,
        is_ready=_is_ready("wikispeedia"),
        prepare=prepare_wikispeedia,
    ),
    "keras_imdb": Dataset(
        summary="the word index of keras.datasets.imdb: numbers of 88,584 words",
        terms="distributed with Keras (Apache 2.0), made from the reviews of Maas et al. 2011",
        download_size=KERAS_WORD_INDEX.size,
        prepared_size=KERAS_WORD_INDEX.size,
        is_ready=_is_ready("keras_imdb"),
        prepare=prepare_keras_imdb,
    ),
    "onet": Dataset(
        summary="O*NET 27.0: 45,000 job titles of 1,016 occupations, with their technology and tools",
        terms="U.S. Department of Labor, Employment and Training Administration; CC BY 4.0",
        download_size=ONET_SIZE,
        prepared_size=ONET_PREPARED,
        is_ready=_is_ready("postings", "onet_is_ready"),
        prepare=prepare_onet,
    ),
    "postings": Dataset(
        summary="postings of data roles in 2023: titles, countries and skills",
        terms="collected by L. Barousse, data_jobs; Apache-2.0 as its author states",
        download_size=POSTINGS_SIZE,
        prepared_size=POSTINGS_PREPARED,
        is_ready=_is_ready("postings"),
        prepare=prepare_postings,
    ),
    "wnut17": Dataset(
        summary="5,690 posts and comments in which 3,890 names are tagged, of six types",
        terms="Derczynski et al. 2017, W-NUT; CC BY 4.0",
        download_size=sum(remote.size for remote in WNUT17_FILES),
        prepared_size=sum(remote.size for remote in WNUT17_FILES),
        is_ready=_is_ready("sentences"),
        prepare=prepare_wnut17,
    ),
    "tiny_shakespeare": Dataset(
        summary="40,000 lines of Shakespeare's plays",
        terms="in the public domain; put together by A. Karpathy, char-rnn, 2015",
        download_size=TINY_SHAKESPEARE.size,
        prepared_size=TINY_SHAKESPEARE.size,
        is_ready=_is_ready("texts"),
        prepare=prepare_tiny_shakespeare,
    ),
    "tatoeba": Dataset(
        summary="sentences with their translations: 167,000 pairs English–French, 29,000 English–Mandarin, or more",
        terms="tatoeba.org, through manythings.org/anki; CC BY 2.0 FR",
        download_size=TATOEBA_SIZE,
        prepared_size=TATOEBA_PREPARED,
        is_ready=_is_ready("pairs"),
        prepare=prepare_tatoeba,
    ),
}

HELP = """\
Datasets go to the folder that the environment variable COURSE_DATA_DIR names (without it: data/downloads of the course).
What is there already is left alone; what was interrupted is picked up again.

COURSE_MIRROR  the address of a folder (http or https) that has the files to download under their own names, to be
               used instead of their home pages, for instance COURSE_MIRROR=http://192.168.0.10:8000

Exit status: 0 all that was asked for is there, 1 something is missing (the message says why), 2 the command was not
understood, 130 stopped by Ctrl-C."""


def main(argv: list[str] | None = None) -> int:
    """The command `python -m course_utils data`; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils data",
        description="Download real datasets, verify them, and prepare them for the lessons.",
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"dataset (default: all): {', '.join(DATASETS)}")
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="PATH",
        help="take the one dataset NAME from this file or folder instead of the network",
    )
    parser.add_argument(
        "--list", action="store_true", help="show the datasets, their sizes and terms, and what is there"
    )
    options = parser.parse_args(argv)
    unknown = [name for name in options.names if name not in DATASETS]
    if unknown:
        return _complain(f"There is no dataset {', '.join(unknown)}. Known are: {', '.join(DATASETS)}.", status=2)
    if options.source and len(options.names) != 1:
        return _complain(
            "--from (FROM= with make) goes with exactly one dataset; name it (DATASETS= with make).", status=2
        )
    folder = paths.data_dir()
    if options.list:
        _list(folder)
        return 0
    status = 0
    for name in options.names or DATASETS:
        try:
            _get(name, folder, options.source)
        except (download.FetchError, OSError) as error:
            status = _complain(f"{name}: {error}", status=1)
        except KeyboardInterrupt:
            return _complain(
                "\nStopped. Nothing half-done is in place; the same command goes on from here.", status=130
            )
    return status


def _get(name: str, folder: Path, source: Path | None) -> None:
    dataset = DATASETS[name]
    if dataset.is_ready(folder):
        print(f"{name}: already in {folder}; nothing to do")
        return
    print(f"{name}: {dataset.summary}")
    dataset.prepare(folder, source and source.expanduser())
    print(f"{name}: ready in {folder}")


def _list(folder: Path) -> None:
    print(f"Datasets in {folder}:")
    for name, dataset in DATASETS.items():
        sizes = f"{download.megabytes(dataset.download_size)} to download, {download.megabytes(dataset.prepared_size)} prepared"
        print(f"  {name}: {'ready' if dataset.is_ready(folder) else 'missing'} ({sizes})")
        print(f"    {dataset.summary}\n    {dataset.terms}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _complain(text: str, status: int) -> int:
    _say(text)
    return status

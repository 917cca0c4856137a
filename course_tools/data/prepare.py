"""`make data`: download the real datasets and prepare them under COURSE_DATA_DIR, where the loaders look for them.

Only this part of the course uses the network. Files are verified and prepared in `.incoming/` before they are in their place.
"""

import argparse
import ast
import contextlib
import csv
import errno
import functools
import io
import os
import shutil
import sys
import tarfile
import types
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from course_tools import Problem
from course_tools import __main__ as commands
from course_tools.data import download
from course_tools.data.download import WrongContent
from course_utils import files, paths
from course_utils.datasets.catalogue import DATASETS, Dataset, File

BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, TypeError, LookupError)


def prepare(dataset: Dataset, data_dir: Path, source: Path | None = None) -> None:
    """Put the files of `dataset` in their place under `data_dir`, each verified by its hash or, without one, by its
    content. They are downloaded, or come from `source`: a folder that has the downloaded or the prepared files, or one of
    these files with the others beside it. Raises Problem with a message for the user, and OSError."""
    with _workplace(dataset, data_dir, from_network=source is None) as work:
        place = work / "build" / dataset.folder
        for file in dataset.files:
            found = _downloaded(dataset, file, work) if source is None else _given(dataset, file, source)
            if found.is_file() and file.sha256 and files.sha256(found) != file.sha256:
                raise WrongContent(f"{found} is not the original {file.name}: it has another SHA-256.")
            try:
                MAKE.get(dataset.name, _copy)(file, found, place)
            except ValueError as error:
                raise WrongContent(f"{found} cannot be used for {dataset.name}: {error}.") from error
        try:
            _read(dataset, place)
            if not dataset.is_ready(work / "build"):
                raise ValueError("the prepared files do not have the expected sizes")
        except ValueError as error:
            raise WrongContent(f"These files are not the dataset {dataset.name}: {error}.") from error
        (data_dir / dataset.folder).mkdir(parents=True, exist_ok=True)
        for built in place.iterdir():
            os.replace(built, data_dir / dataset.folder / built.name)


@contextlib.contextmanager
def _workplace(dataset: Dataset, data_dir: Path, from_network: bool) -> Iterator[Path]:
    """A folder in `data_dir` for the downloads of `dataset`, locked against other runs. Afterwards it is removed, except for
    complete downloads after an error or a stop, which the next run will use."""
    work = data_dir / ".incoming" / dataset.name
    work.mkdir(parents=True, exist_ok=True)
    with files.locked(work.with_name(f"{dataset.name}.lock")) as ours:
        if not ours:
            raise Problem(f"Another command is preparing it in {work}. Wait until that one ends, then try again.")
        for left in {*work.iterdir()} - {work / file.name for file in dataset.files}:
            files.remove(left)
        needed = dataset.sizes[1] + (dataset.sizes[0] if from_network else 0)
        if needed > shutil.disk_usage(data_dir).free + sum(path.stat().st_size for path in work.iterdir()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(data_dir))
        try:
            yield work
            files.remove(work)
        except WrongContent:
            files.remove(work)
            raise
        finally:
            files.remove(work / "build")
            with contextlib.suppress(OSError):  # complete downloads stay after an error
                work.rmdir()


def _downloaded(dataset: Dataset, file: File, work: Path) -> Path:
    """Download the file into the folder `work`; returns its path. What Problem says has advice for a failure."""
    try:
        return download.download(file, work)
    except Problem as error:
        command = f"{dataset.command} {'--from ' if paths.INSTALLED else 'FROM='}/path/to/{file.name}"
        how = f"Without a network, copy {file.name} from another computer and run:  {command}"
        or_else = "or set COURSE_MIRROR to the address of a folder that contains it. Lessons also run on samples."
        raise type(error)(f"{error}\n{how}\n{or_else}") from error


def _given(dataset: Dataset, file: File, source: Path) -> Path:
    """What --from has for `file`: the file itself, or the folder with the files that are made from it."""
    folder = source if os.path.isdir(source) else source.parent
    if len(dataset.files) == 1 and os.path.isfile(source) and source.name not in file.gives:
        return source  # whatever its name
    for path in (folder, folder / "aclImdb"):
        if dataset.name == "imdb_reviews" and (path / "train" / "pos").is_dir():
            return path
    if file.gives and all((folder / name).is_file() for name in file.gives):
        return folder
    if not os.access(folder / file.name, os.R_OK):
        path = folder / file.name if os.path.exists(source) else source
        raise Problem(f"Cannot read {path}: it does not exist, or you have no right to read it.")
    return folder / file.name


def _copy(file: File, found: Path, place: Path) -> None:
    """Copy a file, or the files that are made from it, out of a folder or an archive. Raises as `unpack`."""
    place.mkdir(parents=True, exist_ok=True)
    if file.gives and not found.is_dir():
        return unpack(found, file.gives, place)
    for name in file.gives or [file.name]:
        shutil.copyfile(found / name if found.is_dir() else found, place / name)


def unpack(archive: Path, names: Collection[str], folder: Path, limit: int = 1_000_000_000) -> None:
    """Write the files `names` out of a .zip, .tar or .tar.gz into `folder`. No path in the archive is used as a path and
    only plain files are read, so nothing is written elsewhere (tarfile's own filter is missing before Python 3.11.4). Raises
    ValueError for an archive that is damaged, lacks one of the files or unpacks to more than `limit` bytes."""
    content = {}
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as bundle:
                wanted = [member for member in bundle.infolist() if Path(member.filename).name in names]
                if sum(member.file_size for member in wanted) > limit:
                    raise ValueError(f"it unpacks to more than {megabytes(limit)}")
                content = {Path(member.filename).name: bundle.read(member) for member in wanted}
        else:
            with tarfile.open(archive, "r|*") as bundle:
                for member in bundle:
                    if member.offset_data + member.size > limit:
                        raise ValueError(f"it unpacks to more than {megabytes(limit)}")
                    if member.isreg() and Path(member.name).name in names:
                        content[Path(member.name).name] = bundle.extractfile(member).read()
    except BROKEN as error:
        raise ValueError(f"it is damaged, encrypted, or not a .zip, .tar or .tar.gz file ({error})") from error
    if missing := [name for name in names if name not in content]:
        raise ValueError(f"it does not contain {', '.join(missing)}")
    for name, data in content.items():
        (folder / name).write_bytes(data)


def _make_imdb(file: File, found: Path, place: Path) -> None:
    """Let tensorflow_datasets' own builder write the reviews of an archive or of its unpacked folder. The builder would
    download the archive itself, so it gets what it uses of a download manager. The names of the reviews, on which their
    order depends, are those of the archive."""
    if found.is_dir() and not (found / "train").is_dir():
        return _copy(file, found, place)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf
    import tensorflow_datasets as tfds

    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    builder = tfds.builder("imdb_reviews/plain_text:1.0.0", data_dir=place.parents[2])
    manager = types.SimpleNamespace(download=lambda url: found, iter_archive=_reviews)
    generators = builder._split_generators
    builder._split_generators = lambda dl_manager: generators(manager)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it announces a download
            builder.download_and_prepare(download_config=tfds.download.DownloadConfig(try_download_gcs=False))
    except Exception as error:  # TensorFlow writes with its own functions; tensorflow_datasets wraps what they raise
        if isinstance(cause := error.__cause__ or error, tf.errors.OpError):
            raise OSError(f"Cannot write {place}: {cause}") from error
        raise


def _reviews(found: Path) -> Iterator[tuple[str, object]]:
    """Path in the archive, and an object with `read`, of each file of aclImdb."""
    if found.is_dir():
        for path in found.glob("t*/*/[0-9]*.txt"):
            yield os.path.join("aclImdb", path.relative_to(found)), types.SimpleNamespace(read=path.read_bytes)
        return
    with tarfile.open(found, "r|*") as archive:
        for member in archive:
            if member.isreg():
                yield os.path.normpath(member.name), archive.extractfile(member)


def _make_postings(file: File, found: Path, place: Path) -> None:
    """Write the loader's columns of the postings that have a title and skills. In data_jobs.csv the skills are the text of a
    Python list, `['sql', 'r']`, in a prepared file `sql|r`. Raises ValueError for a damaged row, and if none has skills."""
    from course_utils.datasets import rows
    from course_utils.datasets.postings import COLUMNS

    (name,) = file.gives
    source = found / name if found.is_dir() else found
    with open(source, "rb") as lines:
        listed = b"job_skills" in lines.readline()
    place.mkdir(parents=True)
    with open(place / name, "w", encoding="utf-8", newline="") as target:
        writer, written = csv.writer(target, lineterminator="\n"), 0
        writer.writerow(COLUMNS)
        for line, (*row, date, skills) in rows(source, (*COLUMNS[:-1], "job_skills" if listed else "skills")):
            skills = _joined(skills, line) if listed else skills
            if row[0].strip() and skills:
                writer.writerow((*row, date[:10], skills))  # the day without the time
                written += 1
    if not written:
        raise ValueError("none of the postings has skills")


def _joined(text: str, line: str) -> str:
    """The strings in the text of a Python list, with | between them; "" for no text or None."""
    skills = None
    with contextlib.suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        skills = ast.literal_eval(text or "None") or []
    if not isinstance(skills, list) or not all(isinstance(skill, str) and "|" not in skill for skill in skills):
        raise ValueError(f"{line}: the skills are not a Python list of strings: {text[:80]}")
    return "|".join(skills)


def _read(dataset: Dataset, place: Path) -> None:
    """Read prepared files whose hash is not known as the lessons will. Raises ValueError if they are others or damaged."""
    from course_utils.datasets import books, pairs, postings, rows, wikispeedia

    readers = {"books_whole": books.articles, "onet": functools.partial(rows, tabs=True), "tatoeba": pairs.read}
    for name, count in dataset.records.items():
        with open(place / name, "rb") as lines:
            if dataset.name == "tatoeba" and lines.readline().split(b"\t")[0].isdigit():
                raise ValueError(f"{name} is an export of tatoeba.org; use the file from manythings.org/anki")
        found = sum(1 for _ in readers[dataset.name](place / name))
        if found < count or (found > count and dataset.name != "tatoeba"):
            raise ValueError(f"{name} has {found:,} records instead of {count:,}")
    if dataset.name == "onet":
        postings.read_onet(place, seed=0)
    if dataset.name == "wikispeedia" and not len(wikispeedia.read(place).links):
        raise ValueError("links.tsv has no links")


MAKE: dict[str, Callable[[File, Path, Path], None]] = {"imdb_reviews": _make_imdb, "postings": _make_postings}

HELP = """\
Datasets are stored in the folder that the environment variable COURSE_DATA_DIR names (default: data/downloads of the course).
Datasets that are ready stay as they are. After an interruption, complete downloads are kept and incomplete ones start again.

COURSE_MIRROR  the address (http or https) of a folder with copies of the files, under their own names. Files are downloaded
               from there instead of from their home pages, for example COURSE_MIRROR=http://192.168.0.10:8000"""
STORAGE = "Free some space, get the right to write there, or set COURSE_DATA_DIR to another folder (sizes: --list)."


def main(argv: list[str] | None = None) -> int:
    """The command `python -m course_utils data`; returns its exit status."""
    parser = commands.parser("data", epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"dataset (default: all): {', '.join(DATASETS)}")
    parser.add_argument("--from", dest="source", type=Path, metavar="PATH", help="use this file or folder, no network")
    parser.add_argument("--list", action="store_true", help="show sizes and licences, and which datasets are ready")
    parser.add_argument("--check", action="store_true", help="ask the servers whether their files are still the same")
    options = parser.parse_args(argv)
    if unknown := [name for name in options.names if name not in DATASETS]:
        parser.error(commands.unknown("dataset", unknown[0], DATASETS))
    if options.source and len(options.names) != 1:
        parser.error("--from (FROM= with make) needs the name of exactly one dataset (DATASETS= with make)")
    act = _list if options.list else _check if options.check else _prepare
    status = 0
    for name in options.names or DATASETS:
        try:
            act(DATASETS[name], paths.data_dir(), options.source and options.source.expanduser())
        except (Problem, OSError) as error:
            print(f"{name}: {error}", *([] if isinstance(error, Problem) else [STORAGE]), sep="\n", file=sys.stderr)
            status = 1
    return status


def _prepare(dataset: Dataset, data_dir: Path, source: Path | None) -> None:
    if dataset.is_ready(data_dir):
        return print(f"{dataset.name}: is already in {data_dir}")
    print(f"{dataset.name}: {dataset.summary}")
    prepare(dataset, data_dir, source)
    print(f"{dataset.name}: ready in {data_dir}")


def _list(dataset: Dataset, data_dir: Path, source: Path | None) -> None:
    to_download, prepared = map(megabytes, dataset.sizes)
    state = "ready" if dataset.is_ready(data_dir) else "missing"
    print(f"{dataset.name}: {state} in {data_dir} ({to_download} to download, {prepared} prepared)")
    print(f"    {dataset.summary}\n    {dataset.terms}")


def _check(dataset: Dataset, data_dir: Path, source: Path | None) -> None:
    """Print a line for each file. Raises Problem, with a line for each, if some are not what they were."""
    faults = []
    for file in dataset.files:
        try:
            size = download.check(file)
            print(f"{dataset.name}: {download.address(file)}: ok, {megabytes(size) if size else 'size not stated'}")
        except Problem as error:
            faults.append(str(error))
    if faults:
        raise Problem("\n".join(faults))


def megabytes(count: int) -> str:
    """`count` bytes in words, in the decimal unit that file managers and download pages use."""
    return f"{count / 1e6:,.1f} MB"

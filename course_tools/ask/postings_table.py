"""A CSV file of titles, interests and further columns, of any size, as a corpus for Seq2BoW."""

import bz2
import gzip
import io
import itertools
import multiprocessing
import signal
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from course_utils.models import inputs
from course_utils.models.seq2bow.corpus import Corpus, CorpusBuilder, Limits


@dataclass(frozen=True)
class TableLimits(Limits):
    """Limits of reading, too."""

    rows: int = 100  # in memory with all of their fields
    line: int = 2**20  # characters that are read at a time
    remembered: int = 2**23  # rows, to find duplicates
    large: int = 50_000_000  # bytes of a file for which a second process is worth its start


def from_csv(
    path: Path | str,
    title: str,
    interests: str,
    separator: str = "|",
    extras: Sequence[str] = (),
    folder: Path | str | None = None,
    rare: int = 2,
    held_out: float = 0.05,
    encoding: str | None = None,
    limits: TableLimits = TableLimits(),
) -> Corpus:
    """The examples in a CSV file, which may be compressed (.gz, .bz2): columns of titles, bags and extra inputs, by name.

    separator: between the interests of a bag. folder: where shards are kept, for files of any size; None keeps them in memory.
    rare, held_out: as in `corpus.from_lists`. encoding: see `inputs.opened`. Fields may be separated by commas, semicolons,
    tabs or |, and quoted or escaped in any of the usual ways. If rows have one field more than the header, the first is a name.

    Left out and counted in `Corpus.report`, with the first lines: rows with more or fewer fields than the header, lines with an
    open quotation mark. Counted, too: rows that are alike (most of them, in files with millions of rows), and what
    `corpus.from_lists` leaves out. Raises ValueError for a missing column, and for a file that nothing can be learned from;
    OSError.
    """
    path, columns = Path(path), [title, interests, *extras]
    if len(set(columns)) < len(columns):
        raise ValueError(f"the columns must be different ones, got {', '.join(map(repr, columns))}")
    if not separator:
        raise ValueError("the separator of interests is empty")
    try:
        "".encode(encoding or "UTF-8")
    except LookupError as error:
        raise ValueError(f"{error}; encodings are, for example, utf-8, utf-16 and cp1252") from None
    builder, report = CorpusBuilder(extras, None if folder is None else Path(folder), limits), Counter()
    with tqdm(total=path.stat().st_size, desc=path.name, unit="B", unit_scale=True, delay=0.5) as bar:
        for position, titles, bags, *values in _read(path, columns, encoding, limits, report):
            bar.update(position - bar.n)
            builder.add(titles, (bag.split(separator) for bag in bags), values)
    builder.report = Counter({**report, **builder.report})
    try:
        corpus = builder.corpus(rare, held_out)
        if len(corpus.numbering.words.words) == 1:
            raise ValueError(f"there is nothing to learn from: no word is in the titles {rare} times")
        if corpus.counts.sum() == len(corpus) * np.count_nonzero(corpus.counts):
            raise ValueError("there is nothing to learn from: all bags are alike")
    except ValueError as error:
        raise ValueError(f"{path}: {error}; interests were separated at {separator!r}") from None
    return corpus


def _read(path: Path, columns: list[str], encoding: str | None, limits: TableLimits, report: Counter) -> Iterator:
    """What `_chunks` gives; for a large file from a second process, so that two cores work."""
    if not path.is_file() or path.stat().st_size < limits.large:
        yield from _chunks(path, columns, encoding, limits, report)
        return
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, path, columns, encoding, limits), daemon=True)
    process.start()
    sender.close()
    try:
        while isinstance(received := receiver.recv(), tuple):
            yield received
    except EOFError:
        raise OSError(f"{path}: the process that reads it ended early, perhaps for lack of memory") from None
    finally:
        process.kill()
        process.join()
    if isinstance(received, Exception):
        raise received
    report.update(received)


def _send(connection, *given) -> None:
    """The second process of `_read`: sends the chunks, then the report or the error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process, which then ends this one
    report = Counter()
    try:
        for chunk in _chunks(*given, report):
            connection.send(chunk)
        connection.send(report)
    except (OSError, ValueError) as error:
        connection.send(error)


def _chunks(path: Path, columns: list[str], encoding: str | None, limits: TableLimits, report: Counter) -> Iterator:
    """Different rows of a table, at most `limits.shard` at a time: the position in the file, and a list for each of `columns`.
    Counts rows, and what is left out, in `report`."""
    seen = np.zeros(limits.remembered, dtype=np.int64)
    try:
        with open(path, "rb", buffering=0) as raw, _unpacked(raw, path) as content:
            text = inputs.opened(content, report, encoding)
            table = inputs.rows(text, path, columns, report, limits.rows, limits.line)
            header = next(table)
            for name in columns:
                if header.count(name) != 1:
                    found = "more than one column" if name in header else "no column"
                    raise ValueError(f"{path} has {found} {name!r}; it has: {', '.join(map(repr, header))[:500]}")
            places = [header.index(name) for name in columns]
            while True:
                n, hashes, fields = 0, [], [[] for _ in columns]
                while n < limits.shard and (rows := list(itertools.islice(table, min(limits.rows, limits.shard - n)))):
                    n += len(rows)
                    hashes.append(_row_hashes(rows))
                    for field, place in zip(fields, places, strict=True):
                        field += [row[place] for row in rows]
                if not n:
                    return
                report["rows"] += n
                new = _not_seen(np.concatenate(hashes), seen)
                report["duplicates"] += int((~new).sum())
                if new.any():
                    position = raw.tell() if raw.seekable() else 0  # a pipe has no positions
                    yield position, *(list(itertools.compress(field, new)) for field in fields)
    except UnicodeError as error:
        raise ValueError(f"{path} is not text in {encoding}: {error}") from None
    except (EOFError, zlib.error, OSError) as error:  # from damaged .gz and .bz2, too
        raise OSError(f"{path} cannot be read to its end: {getattr(error, 'strerror', None) or error}") from None


def _unpacked(raw: io.RawIOBase, path: Path) -> io.BufferedIOBase:
    """The content of a file that may be compressed, whatever its name is."""
    plain_bytes = io.BufferedReader(raw)
    start = plain_bytes.peek(4)[:4]
    if start in (b"PK\3\4", b"\xd0\xcf\x11\xe0"):
        raise ValueError(
            f"{path} is an Excel workbook or an archive, not text: save the table as CSV and name that file"
        )
    return {b"\x1f\x8b": gzip.open, b"BZ": bz2.open}.get(start[:2], lambda file: file)(plain_bytes)


def _row_hashes(rows: list[list[str]]) -> np.ndarray:
    """64 bits for each row, the same in every run for rows that are alike in every field, and hardly ever for others."""
    contents = [row.encode("utf-8", "surrogatepass") for row in map("\0".join, rows)]
    high, low = (np.fromiter(map(crc, contents), np.int64, len(contents)) for crc in (zlib.adler32, zlib.crc32))
    return (high << 32) | low


def _not_seen(hashes: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Which of the hashes are new: (n,), true or false. `seen`, a table with one hash in each place, is updated."""
    first = np.zeros(len(hashes), dtype=bool)
    first[np.unique(hashes, return_index=True)[1]] = True
    first &= seen[hashes % len(seen)] != hashes
    seen[hashes % len(seen)] = hashes
    return first

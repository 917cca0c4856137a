"""A CSV file of titles, interests and further columns, of any size, as a corpus for Seq2BoW."""

import bz2
import codecs
import csv
import functools
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

from course_utils.models.seq2bow.corpus import Corpus, CorpusBuilder, Limits

_END = "\0end of file"  # a line after the last one


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
    rare, held_out: as in `corpus.from_lists`. encoding: by default UTF-8, or UTF-16 where the file has a byte order mark of it;
    single bytes that are wrong are read as Windows-1252. Fields may be separated by commas, semicolons or tabs.

    Left out and counted in `Corpus.report`: rows with more or fewer fields than the header, lines lost to a quotation mark that
    is not closed, rows that are alike (most of them, in files with millions of rows), titles without a word, bags without an
    interest. Raises ValueError for a missing column, and for a file that nothing can be learned from; OSError.
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

    def windows_1252(error: UnicodeDecodeError) -> tuple[str, int]:
        report[f"bytes that are not {encoding}, read as Windows-1252"] += error.end - error.start
        return error.object[error.start : error.end].decode("cp1252", "replace"), error.end

    codecs.register_error("course_tools.windows_1252", windows_1252)
    opened = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix.lower(), io.BufferedReader)
    with open(path, "rb", buffering=0) as raw, opened(raw) as plain_bytes:
        try:
            buffered = io.BufferedReader(plain_bytes)
            marked = buffered.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
            encoding = encoding or ("UTF-16" if marked else "UTF-8")
            text = io.TextIOWrapper(buffered, encoding, "course_tools.windows_1252", newline="")
            table = _rows(text, path, columns, limits.line, report)
            header = [name.strip() for name in next(table, [])]
            for name in columns:
                if header.count(name) != 1:
                    found = "more than one column" if name in header else "no column"
                    raise ValueError(f"{path} has {found} {name!r}; it has: {', '.join(map(repr, header))[:500]}")
            places = [header.index(name) for name in columns]
            while True:
                n, hashes, fields = 0, [], [[] for _ in columns]
                while n < limits.shard and (rows := list(itertools.islice(table, min(limits.rows, limits.shard - n)))):
                    n += len(rows)
                    complete = [row for row in rows if len(row) == len(header) or row[len(header) :] == [""]]
                    report["rows"] += len(rows)
                    report["rows with more or fewer fields than the header"] += len(rows) - len(complete)
                    hashes.append(_row_hashes(complete))
                    for field, place in zip(fields, places, strict=True):
                        field += [row[place] for row in complete]
                if not n:
                    return
                new = _not_seen(np.concatenate(hashes), seen)
                report["duplicates"] += int((~new).sum())
                if new.any():
                    position = raw.tell() if raw.seekable() else 0  # a pipe has no positions
                    yield position, *(list(itertools.compress(field, new)) for field in fields)
        except UnicodeError as error:
            raise ValueError(f"{path} is not text in {encoding}: {error}") from None
        except (EOFError, zlib.error, OSError) as error:  # from damaged .gz and .bz2, too
            raise OSError(f"{path} cannot be read to its end: {error}") from None


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


def _rows(text: io.TextIOBase, path: Path, columns: list[str], line: int, report: Counter) -> Iterator[list[str]]:
    """Rows of a table, the header first, without blank lines. Counts the lines that are lost to an open quotation mark."""

    def likely(delimiter: str) -> tuple[int, int]:
        names = {name.strip(' "\r\n') for name in first.split(delimiter)}
        return len(names.intersection(columns)), first.count(delimiter)

    first = text.readline(line).removeprefix("\ufeff")
    if "\0" in first:
        raise ValueError(f"{path} is not text in {text.encoding}: save the table as CSV, or name its encoding")
    if not first.strip() or len(first) >= line:
        raise ValueError(f"{path} does not begin with a line of column names")
    lines = itertools.chain([first], iter(functools.partial(text.readline, line), ""), [_END])
    table, lost, ended = csv.reader(lines, delimiter=max(",;\t", key=likely)), None, False
    while not ended:
        before, unread = table.line_num, 0
        try:
            for row in table:
                if row and _END in row[-1]:
                    unread = table.line_num - before - 1 if row != [_END] else 0  # _END is no line of the file
                    break
                if row:
                    yield row
                before = table.line_num
            ended = True
        except csv.Error:  # a field of more than csv.field_size_limit() characters
            unread = table.line_num - before
        if unread:
            lost = lost or f"lines lost, the first is line {before + 1:,}: an open quotation mark, or a very long field"
            report[lost] += unread

"""What users give to the models: text in any encoding, and tables in any form of CSV."""

import codecs
import contextlib
import csv
import functools
import io
import itertools
import math
import os
import re
import sys
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

LOST = "lines with an open quotation mark or a very long field"
RAGGED = "rows with more or fewer fields than the header"
_OTHER = re.compile(r"""^\s*['"]|\\$""")  # a field that ends here in one form of CSV, but not in another
_FORMS = ({"escapechar": "\\"}, {"quotechar": "'", "escapechar": "\\"}, {"skipinitialspace": True})
_OTHER_FORMS = (*({"strict": True} | form for form in _FORMS), {"strict": False})  # of rows that do not fit the header


def opened(file: BinaryIO, report: Counter, encoding: str | None = None) -> io.TextIOWrapper:
    """The text in a file of bytes, its line ends unchanged: UTF-8, or UTF-16 where the first bytes show it, unless `encoding`
    is given. Bytes that are wrong are read as Windows-1252, and counted in `report`."""

    def windows_1252(error: UnicodeDecodeError) -> tuple[str, int]:
        report[f"bytes that are not {error.encoding.upper()}, read as Windows-1252"] += error.end - error.start
        return error.object[error.start : error.end].decode("cp1252", "replace"), error.end

    codecs.register_error("course_tools.windows_1252", windows_1252)
    buffered = io.BufferedReader(file)
    start = buffered.peek(4)[:4].ljust(4, b"a")
    if encoding is None and start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        encoding = "UTF-16"
    if encoding is None and [byte > 0 for byte in start] in ([True, False] * 2, [False, True] * 2):
        encoding = "UTF-16-LE" if start[0] else "UTF-16-BE"  # Latin letters without a byte order mark
    return io.TextIOWrapper(buffered, encoding or "UTF-8-SIG", "course_tools.windows_1252", newline="")


def argument(text: str, report: Counter) -> str:
    """An argument of a command, in which Python has kept bytes that are not UTF-8 as surrogates."""
    return text if text.isascii() else opened(io.BytesIO(os.fsencode(text)), report).read()


def tell(report: Counter) -> None:
    """Say what was read as Windows-1252."""
    for what, count in report.items():
        print(f"{count:,} {what}", file=sys.stderr)


def rows(
    text: io.TextIOBase, path: Path, columns: list[str], report: Counter, some: int, longest: int
) -> Iterator[list]:
    """The header of a table, and its rows, as many fields each. Counts in `report` what is left out, and in which lines.

    columns: names of which some are in the header. some: rows that may be in memory. longest: characters of a line that is read
    at a time. Raises ValueError for a file that does not begin with a line of names.
    """

    def likely(delimiter: str) -> tuple[int, int]:
        names = {name.strip(" \"'\r\n") for name in first.split(delimiter)}
        return len(names.intersection(columns)), first.count(delimiter)

    def feed(most: float = math.inf) -> Iterator[str]:
        while len(taken) < most and (line := ahead.popleft() if ahead else next(lines, "")):
            taken.append(line)
            yield line

    def give_back() -> None:
        ahead.extendleft(reversed(taken))
        taken.clear()

    def fitting(row: list[str]) -> list[str] | None:
        row = row[index:]
        if not any(map(str.strip, row[width:])):  # separators after the last field
            del row[width:]
        if not any(header[len(row) :]):
            row += [""] * (width - len(row))
        return row if len(row) == width else None

    lines = iter(functools.partial(text.readline, longest), "")
    first = next(lines, "").removeprefix("\ufeff")
    if "\0" in first:
        raise ValueError(f"{path} is not text in {text.encoding}: save the table as CSV, or name its encoding")
    if not first.strip() or len(first) >= longest:
        raise ValueError(f"{path} does not begin with a line of column names")
    form = {"delimiter": max(",;\t|", key=likely), "quotechar": "'" if first.startswith("'") else '"'}
    ahead, taken, places, begun = deque([first, *itertools.islice(lines, some)]), [], {LOST: [], RAGGED: []}, []
    for other in (form, form | {"escapechar": "\\"}):  # \" in most rows: by which form do more rows fit the header?
        begin, found = csv.reader(ahead, **other), []
        header = [name.strip() for name in next(begin)]
        width, number = len(header), begin.line_num + 1
        with contextlib.suppress(csv.Error):
            found.extend(filter(None, begin))
        if not begun or sum(len(row) == width for row in found) > sum(len(row) == width for row in begun):
            begun, form = found, other
    yield header
    longer = [row[width] for row in begun if len(row) > width]
    index = int(2 * len(longer) > len(begun) and 10 * sum(map(bool, map(str.strip, longer))) > len(longer))
    if index:  # R gives no name to that column
        report[f"column without a name before {header[0]!r}, taken for names of rows, such as {begun[0][0]!r}"] = 1
    for _ in range(number - 1):
        ahead.popleft()
    while True:  # `number` is the line in which the next row begins
        row = None
        try:
            for row in csv.reader(feed(), strict=True, **form):
                if len(row) == width + index or not row:
                    found = row[index:]
                elif any(map(_OTHER.search, row)) or not (found := fitting(row)):
                    break
                number += len(taken)
                taken.clear()
                if found:
                    yield found
            else:
                break
            what, size = RAGGED, len(taken)
        except csv.Error:
            what, size = LOST, 1
        for exactly, other in itertools.product((True, False), _OTHER_FORMS):
            give_back()
            with contextlib.suppress(csv.Error):
                row = next(csv.reader(feed(some if other["strict"] else 1), **form | other), [""])
                open_quote = row[-1].endswith(("\n", "\r"))
                if not (open_quote or (exactly and len(row) != width + index)) and (found := fitting(row)):
                    yield found
                    break
        else:
            give_back()
            taken += [ahead.popleft() for _ in range(size)]
            report["rows"] += what == RAGGED
            report[what] += 1
            if len(places[what]) < 5:
                places[what].append(f"{number:,}")
        number += len(taken)
        taken.clear()
    for what, found in places.items():
        if found:
            more = " …" if report[what] > len(found) else ""
            report[f"{what}, in line {', '.join(found)}{more}"] = report.pop(what)

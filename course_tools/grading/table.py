"""The table of grades, a CSV file for Excel in which no row is lost or written twice, and no student's text is a formula."""

import csv
import io
import re
from pathlib import Path

from course_tools import Problem
from course_utils import files

BEGIN, END = ["submission", "lesson", "points", "of"], ["seconds", "reason", "messages", "fingerprint"]
Row = dict[str, str]


def load(path: Path) -> list[Row]:
    """The rows that `save` wrote to `path`; none if there is no file. Raises Problem for another file."""
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            rows = [{key: value for key, value in row.items() if value} for row in table]
        if not {*BEGIN, *END} <= set(table.fieldnames or ()):
            raise ValueError("other columns")
    except (OSError, ValueError, csv.Error) as error:
        raise Problem(f"{path} is not a table of grades; move it away, or choose another file with --out") from error
    return rows


def save(rows: list[Row], path: Path) -> None:
    """Write the rows, sorted by submission, with columns for all exercises in them. Raises Problem."""
    named = dict.fromkeys(name for row in rows for name in row if name not in {*BEGIN, *END})
    exercises = sorted(named, key=lambda name: name[:2])  # by the lesson's number; exercises in their order
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, [*BEGIN, *exercises, *END], restval="")
    table.writeheader()
    for row in sorted(rows, key=lambda row: row["submission"]):
        table.writerow({key: plain(value) for key, value in row.items()})
    try:
        files.write(path, text.getvalue().encode("utf-8-sig"))  # by its first bytes, Excel knows that it is UTF-8
    except OSError as error:
        raise Problem(f"{path} cannot be written ({error.strerror}); choose another file with --out") from error


def plain(text: str) -> str:
    """A student's text as a cell of the table: one line, characters that can be printed, and not a formula for Excel."""
    printable = "".join(char if char.isprintable() or char.isspace() else "?" for char in text)
    text = re.sub(r"\s+", " ", printable).strip()
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text

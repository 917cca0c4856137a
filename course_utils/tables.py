"""Measured tables: shown in the lesson that measures them, recorded in `results/`, shown again beside the sample's.

A run on real data records every `table` of a lesson, for several seeds; `recorded` reads mean ± standard deviation from it.
Numbers in RESULTS.md and in the lessons' real-data tables come from there and are never typed.
"""

import html
import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from course_utils import files
from course_utils.paths import RECORDS

MIME = "application/vnd.course.table+json"
Row = Mapping[str, str | int | float]


class Table:
    """Measured values under column names, the first of which names the row. Raises ValueError for different columns."""

    def __init__(self, title: str, rows: Sequence[Row], note: str = ""):
        if not rows or any(list(row) != list(rows[0]) for row in rows):
            raise ValueError(f"table {title!r} must have at least one row, and the same columns in every row")
        self.title, self.rows, self.note = title, [dict(row) for row in rows], note
        self.columns: list[str] = list(self.rows[0])

    def values(self, column: str) -> list[float]:
        """The numbers of one column; of a mean ± standard deviation, the mean."""
        return [float(str(row[column]).split(" ")[0].replace(",", "")) for row in self.rows]

    def markdown(self) -> str:
        """The table in GitHub's Markdown, numbers to the right."""
        cells = [[_text(value) for value in row.values()] for row in self.rows]
        lines = [self.columns, ["---" if i == 0 else "---:" for i in range(len(self.columns))], *cells]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)

    def __repr__(self) -> str:
        return "\n".join(line for line in (self.title, self.markdown(), self.note) if line)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" style="text-align: left">{html.escape(name)}</th>' for name in self.columns)
        body = ""
        for row in self.rows:
            name, *values = [html.escape(_text(value)) for value in row.values()]
            cells = "".join(f'<td style="text-align: right">{value}</td>' for value in values)
            body += f'<tr><th scope="row" style="text-align: left">{name}</th>{cells}</tr>'
        caption = f'<caption style="text-align: left">{html.escape(self.title)}</caption>'
        note = f"<small>{html.escape(self.note)}</small>" if self.note else ""
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        record = {"title": self.title, "rows": self.rows}
        return {"text/plain": repr(self), "text/html": self._repr_html_(), MIME: record}


def table(title: str, rows: Sequence[Row]) -> Table:
    """A table of what was just measured: shown as the last value of a cell, and recorded by `make results`."""
    return Table(title, [{k: v.item() if hasattr(v, "item") else v for k, v in row.items()} for row in rows])


def recorded(lesson: str, title: str, folder: Path = RECORDS) -> Table:
    """What runs of `lesson` on real data measured under `title`: mean ± standard deviation over seeds. Raises KeyError."""
    return from_record(read_record(lesson, folder), lesson, title)


def benchmark(name: str, title: str, folder: Path = RECORDS) -> Table:
    """A table that `benchmarks/{name}.py` measured, with the machine that it was measured on. Raises KeyError."""
    record = read_record(f"benchmarks/{name}", folder)
    for found in record.get("tables", ()):
        if found["title"] == title:
            return Table(title, found["rows"], note=f"Measured by benchmarks/{name}.py; {record['machine']}.")
    raise KeyError(f"No table {title!r} is recorded for this benchmark. Measure it with:  python benchmarks/{name}.py")


def from_record(record: dict, lesson: str, title: str) -> Table:
    """As `recorded`, from a record that is already read."""
    runs = [table for run in record.get("runs", ()) for table in run["tables"] if table["title"] == title]
    if not runs:
        raise KeyError(f"No table {title!r} is recorded for {lesson}. Measure it with:  make results ARGS={lesson}")
    together = zip(*(run["rows"] for run in runs), strict=True)
    rows = [{name: _over_runs([row[name] for row in same]) for name in same[0]} for same in together]
    seeds = ", ".join(str(run["seed"]) for run in record["runs"])
    return Table(title, rows, note=f"Mean ± standard deviation over seeds {seeds}; {record['machine']}.")


def read_record(name: str, folder: Path = RECORDS) -> dict:
    """The record of a lesson, or of a benchmark ("benchmarks/cells"); empty if there is none."""
    path = folder / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write_record(record: dict, path: Path) -> None:
    """Write a record as JSON, so that equal records give equal bytes. Raises OSError."""
    files.write(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")


def _over_runs(values: list):
    if len(set(values)) == 1:
        return values[0]
    if any(isinstance(value, str) for value in values):
        raise ValueError(f"a text in a table must not depend on the seed; with different seeds it is {values}")
    mean, deviation = statistics.mean(map(float, values)), statistics.stdev(values)
    most = 4 if abs(mean) < 10 else 1 if abs(mean) < 1000 else 0
    decimals = min(most, max(0, 1 - int(f"{deviation:.1e}".partition("e")[2])))  # to show two digits of the deviation
    return f"{mean:,.{decimals}f} ± {deviation:,.{decimals}f}"


def _text(value) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)

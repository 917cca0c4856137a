"""`make grade SUBMISSIONS=folder`: points for a folder of students' notebooks, one row of a table for each.

Nothing in a submission is trusted. The checks come from the lessons' sources, with their hidden tests; which lesson it is
stands in the notebook. Each is run in a process of its own, inside `sandbox`, and only as far as its exercises need.
"""

import argparse
import csv
import hashlib
import json
import os
import queue
import re
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import astuple
from pathlib import Path

import nbformat
import psutil
from tqdm import tqdm

from course_tools.grading import sandbox
from course_tools.grading.worker import GradedLesson
from course_tools.lessons import assemble
from course_tools.notebooks import CHECK

TABLE = "grades.csv"
LARGEST = 50 * 2**20  # bytes of a notebook
MESSAGES = 5_000  # characters in a row
BEGIN, END = ["submission", "lesson", "points", "of"], ["seconds", "reason", "messages", "fingerprint"]
CHECKS = re.compile(r"""\bChecks\(\s*["'](\w+)["']\s*\)""")
NOT_READ = "-"  # in place of the fingerprint
Row = dict[str, str]


class GradeError(Exception):
    """Grading cannot begin or go on. The message says why and what to do."""


class Unreadable(Exception):
    """A submission that cannot be graded, and why."""


def read(path: Path, known: set[str]) -> tuple[str, list[str]]:
    """The lesson that a notebook is of, and its code cells. Raises Unreadable."""
    if path.is_symlink():
        raise Unreadable("a link, no file")
    if path.suffix.lower() != ".ipynb":
        packed = path.suffix.lower() in {".zip", ".gz", ".tar", ".7z", ".rar"}
        raise Unreadable("no notebook (.ipynb): unpack it first" if packed else "no notebook (.ipynb)")
    try:
        if path.stat().st_size == 0:
            raise Unreadable("an empty file")
        if path.stat().st_size > LARGEST:
            raise Unreadable(f"larger than {LARGEST // 2**20} MB: clear its outputs")
        notebook = nbformat.from_dict(json.loads(path.read_text(encoding="utf-8-sig")))
        if notebook.get("nbformat", 0) < 4:
            notebook = nbformat.convert(notebook, 4)
        cells = [
            cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            for cell in notebook["cells"]
            if cell["cell_type"] == "code"
        ]
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error
    except Unreadable:
        raise
    except Exception as error:  # whatever it is that stands in the file
        raise Unreadable(f"no whole notebook, torn or changed: {type(error).__name__}") from error
    metadata = notebook.get("metadata")
    course = metadata.get("course") if isinstance(metadata, dict) else None
    named = [course.get("lesson")] if isinstance(course, dict) else []
    named += [found for cell in cells for found in CHECKS.findall(cell)]
    for lesson in named:
        if isinstance(lesson, str) and lesson in known:
            return lesson, cells
    raise Unreadable("of no lesson of this course: neither its metadata nor its first cell names one")


def grade(lesson: GradedLesson, cells: list[str], outcome: sandbox.Outcome) -> Row:
    """The row of a submission that was run; without its name and fingerprint."""
    cases: dict[str, list[list[str]]] = {}
    errors, reasons, at, done = {}, [], None, False
    if outcome.stopped:
        reasons.append(outcome.stopped)
    for line in outcome.lines:
        at, done = line.get("cell", at), done or "done" in line
        errors = line.get("errors", errors)
        if line.get("exercise") in lesson.tests:
            if line["exercise"] in cases:
                reasons.append("results came twice: look at what it does")
            cases.setdefault(line["exercise"], line["cases"])
    if not done and not outcome.stopped:
        said = outcome.said.strip().splitlines()
        reasons.append(f"its process ended, with status {outcome.status}{f' ({said[-1]})' if said else ''}")
    if not done and at is not None:
        reasons[-1] += f", at {_place(cells, int(at))}"
    row, points, possible = {}, 0.0, 0.0
    messages = [f"{_place(cells, int(cell))}: {text}" for cell, text in errors.items()]
    for exercise in lesson.tests:
        given, most = lesson.score(exercise, cases.get(exercise))
        row[lesson.column(exercise)] = f"{given:g}"
        points, possible = points + given, possible + most
        messages += [f"{exercise}: {' '.join(case)}" for case in cases.get(exercise, [["not reached"]]) if case]
    row |= {"lesson": lesson.slug, "points": f"{points:g}", "of": f"{possible:g}", "seconds": f"{outcome.seconds:.1f}"}
    return {**row, "reason": "; ".join(reasons), "messages": " | ".join(dict.fromkeys(messages))[:MESSAGES]}


def _place(cells: list[str], i: int) -> str:
    """Where code cell `i` stands, in words with which it can be found: JupyterLab shows no such numbers."""
    after = next((check[1] for cell in cells[i:] if (check := CHECK.match(cell.strip()))), None)
    return f"code cell {i + 1} of {len(cells)}" + (f", above the check of {after}" if after else "")


def load(path: Path) -> list[Row]:
    """The rows that an earlier run has left in `path`; none if it is not there. Raises GradeError for another file."""
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table = csv.DictReader(file)
            rows = [{key: value for key, value in row.items() if value} for row in table]
            if not {*BEGIN, *END} <= set(table.fieldnames or ()):
                raise ValueError
    except (OSError, ValueError, csv.Error) as error:
        raise GradeError(
            f"{path} is no table that this command wrote; move it away, or name another by --out"
        ) from error
    return rows


def save(rows: list[Row], path: Path) -> None:
    """Write the table, whole or not at all, by names. Raises GradeError."""
    rows = sorted(rows, key=_name)
    named = dict.fromkeys(name for row in rows for name in row if name not in {*BEGIN, *END})
    exercises = sorted(named, key=lambda name: name[:2])  # lessons by their numbers, exercises as they come in them
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8-sig", newline="") as file:  # so that Excel knows it for UTF-8
            table = csv.DictWriter(file, [*BEGIN, *exercises, *END], restval="")
            table.writeheader()
            table.writerows({key: _plain(value) for key, value in row.items()} for row in rows)
        os.replace(part, path)
    except OSError as error:
        raise GradeError(
            f"{path} cannot be written ({error.strerror}); name another by --out. Nothing is lost."
        ) from error


def _name(row: Row) -> str:
    return row["submission"]


def _plain(text: str) -> str:
    """Text of a student's as a cell of a table: one line, and no formula to Excel."""
    text = re.sub(
        r"\s+", " ", "".join(sign if sign.isprintable() or sign.isspace() else "?" for sign in text or "")
    ).strip()
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def submissions(folder: Path, table: Path) -> list[Path]:
    """All files under `folder` but hidden ones and the table of grades. Raises GradeError if there are none."""
    if not folder.is_dir():
        raise GradeError(f"there is no folder {folder}: make grade SUBMISSIONS=folder, with students' notebooks in it")
    found = sorted(
        path
        for path in folder.rglob("*")
        if (path.is_file() or path.is_symlink())
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.resolve() != table.resolve()
    )
    if not found:
        raise GradeError(f"{folder} holds no files")
    return found


def grade_folder(folder: Path, table: Path, limits: sandbox.Limits, at_once: int, inside: bool) -> list[Row]:
    """Grade what is new or changed in `folder`, keep the other rows of `table`, and return all rows."""
    sources = {source.stem: source for source in assemble.sources()}
    lessons: dict[str, GradedLesson] = {}
    rows, todo = [], []
    earlier = {(row["submission"], row["fingerprint"]): row for row in load(table)}
    for path in tqdm(submissions(folder, table), desc="reading", unit="file"):
        name = path.relative_to(folder).as_posix()
        try:
            slug, cells = read(path, set(sources))
        except Unreadable as error:
            rows.append({"submission": name, "reason": str(error), "fingerprint": NOT_READ})
            continue
        if slug not in lessons:
            lessons[slug] = GradedLesson.of(assemble.assemble(sources[slug]))
        lesson = lessons[slug]
        given = [cells, lesson.tests, astuple(limits)]
        fingerprint = hashlib.sha256(json.dumps(given).encode()).hexdigest()[:16]
        row = {"submission": name, "fingerprint": fingerprint}
        if (_plain(name), fingerprint) in earlier:
            rows.append(earlier[_plain(name), fingerprint])
        else:
            todo.append((row, lesson, cells))
    kept = sum(row["fingerprint"] != NOT_READ for row in rows)
    if kept:
        print(f"{kept} of {len(rows) + len(todo)} stand in {table} already; only the others are graded now.")
    save(rows, table)

    def finish(row: Row) -> None:
        rows.append(row)
        save(rows, table)

    _run_all(todo, limits, at_once, inside, finish)
    return sorted(rows, key=_name)


def _run_all(todo: list, limits: sandbox.Limits, at_once: int, inside: bool, finish: Callable[[Row], None]) -> None:
    places, stop = queue.SimpleQueue(), threading.Event()
    for place in range(at_once):
        places.put(place)

    def run(row: Row, lesson: GradedLesson, cells: list[str]) -> Row:
        place = places.get()
        try:
            outcome = sandbox.run(lesson.job(cells), limits, place, inside, stop.is_set)
            try:
                return row | grade(lesson, cells, outcome)
            except (TypeError, ValueError, KeyError, AttributeError):  # not what graded.py writes
                nothing = sandbox.Outcome([], "results made up: look at what it does", 0, "", outcome.seconds)
                return row | grade(lesson, cells, nothing)
        finally:
            places.put(place)

    with (
        ThreadPoolExecutor(at_once) as pool,
        tqdm(total=len(todo), desc="grading", unit="notebook", disable=not todo) as bar,
    ):
        try:
            for future in as_completed([pool.submit(run, *task) for task in todo]):
                finish(future.result())
                bar.update()
        except BaseException:  # Ctrl-C, a full disk: end what runs, begin nothing
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def main(argv: list[str]) -> int:
    """The command `grade`; returns the exit status."""
    command = argparse.ArgumentParser(prog="python -m course_utils grade", description="Grade a folder of notebooks.")
    command.add_argument("folder", help="with notebooks, under any names and in any folders below it")
    command.add_argument("--out", help=f"the table of grades (default: {TABLE} in the folder)")
    command.add_argument("--limit", type=float, default=180, help="seconds for one notebook (default: %(default)s)")
    command.add_argument("--memory", type=float, default=3, help="gigabytes for one notebook (default: %(default)s)")
    command.add_argument("--at-once", type=int, help="how many at a time (default: as many as cores and memory allow)")
    command.add_argument("--unsafe", action="store_true", help="grade even where notebooks cannot be shut in")
    given = command.parse_args(argv)
    return _grade_all(given.folder, given.out, given.limit, given.memory, given.at_once, given.unsafe)


def _grade_all(
    folder: str, out: str | None, seconds: float, gigabytes: float, at_once: int | None, unsafe: bool
) -> int:
    """0 when every submission was run, 1 when one could not be, 2 when nothing was."""
    limits = sandbox.Limits(seconds, int(gigabytes * 1e9))
    given = Path(folder or "(none given)").expanduser()  # not every shell does that after SUBMISSIONS=
    table = Path(out).expanduser() if out else given / TABLE
    try:
        submissions(given, table)
        hole = sandbox.problem(limits)
        if hole:
            print(f"No sandbox: {hole}", file=sys.stderr)
            if not unsafe:
                print(
                    "Nothing was graded. To grade without it notebooks that you trust: ARGS=--unsafe", file=sys.stderr
                )
                return 2
            print(
                "WITHOUT IT notebooks can read and change your files, reach the network and start programs that stay. "
                "Only time and memory are limited.",
                file=sys.stderr,
            )
        fitting = int(0.8 * psutil.virtual_memory().total / limits.memory)
        at_once = at_once or max(1, min(os.cpu_count() or 1, fitting))
        rows = grade_folder(given, table, limits, at_once, inside=not hole)
    except GradeError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\nStopped. What is graded stands in {table}; the same command goes on.", file=sys.stderr)
        return 130
    failed = [row for row in rows if row.get("reason")]
    for row in failed:
        print(f"{_plain(row['submission'])}: {_plain(row['reason'])}")
    print(f"{len(rows)} submissions, {len(failed)} of them not read or not run to the end: {table}")
    return 1 if failed else 0

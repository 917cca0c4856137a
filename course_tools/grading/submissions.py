"""`make grade SUBMISSIONS=folder`: points for a folder of students' notebooks, one row of a table for each.

Nothing in a submission is trusted. The checks come from the lessons' sources, with their hidden tests. Each submission is run
in a process of its own, inside `sandbox`, and only as far as its exercises need.
"""

import hashlib
import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import psutil
from tqdm import tqdm

from course_tools import Problem, notebooks
from course_tools.__main__ import parser, positive
from course_tools.grading import sandbox, table
from course_tools.grading.table import Row
from course_tools.grading.worker import GradedLesson
from course_tools.lessons import assemble
from course_utils.paths import REPOSITORY

TABLE, DEFAULTS = "grades.csv", sandbox.Limits()
LARGEST = 50 * 2**20  # bytes of a notebook
MESSAGES = 5_000  # characters in a row
WITHOUT = """WITHOUT IT notebooks can read and change your files, reach the network and start programs that stay.
Only time and memory are limited."""
NOT_READ = "-"  # in place of the fingerprint


def read(path: Path, lessons: set[str]) -> tuple[str, list[str]]:
    """Which of `lessons` a notebook is of, and its code cells; its name does not matter. Raises Problem."""
    try:
        if path.is_symlink():
            raise Problem("a link, not a file")
        if path.stat().st_size == 0:
            raise Problem("an empty file")
        if path.stat().st_size > LARGEST:
            raise Problem(f"larger than {LARGEST // 2**20} MB: clear its outputs")
        notebook = notebooks.read(path)
    except OSError as error:
        raise Problem(f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        reasons = {".ipynb": "not a complete notebook, damaged or changed"}
        reasons |= dict.fromkeys((".zip", ".gz", ".tar", ".7z", ".rar"), "not a notebook: unpack it first")
        raise Problem(reasons.get(path.suffix.lower(), "not a notebook")) from error
    lesson = notebooks.lesson_of(notebook)
    if lesson not in lessons:
        raise Problem("of no lesson of this course: neither its metadata nor its first cell names one")
    return lesson, notebooks.code_cells(notebook)


def grade(lesson: GradedLesson, cells: list[str], outcome: sandbox.Outcome) -> Row:
    """The row of a submission that was run, without its name and fingerprint.

    Raises TypeError, ValueError, KeyError or AttributeError for lines that are not what `worker.grade` reports.
    """
    cases: dict[str, list[list[str]]] = {}
    errors, at, done = {}, None, False
    reasons = [outcome.stopped] if outcome.stopped else []
    for line in outcome.lines:
        at, done, errors = line.get("cell", at), done or "done" in line, line.get("errors", errors)
        if "changed" in line:
            names, where = ", ".join(line["changed"])[:500], _place(cells, int(at))
            reasons.append(f"changed {names}, which checks use, at {where}: look at what it does")
        if line.get("exercise") in lesson.tests:
            if line["exercise"] in cases:
                reasons.append("results came twice: look at what it does")
            cases.setdefault(line["exercise"], line["cases"])
    if not done and not outcome.stopped:
        said = outcome.said.strip().splitlines()
        reasons.append(f"its process ended, with status {outcome.status}{f' ({said[-1]})' if said else ''}")
    if not done and at is not None:
        reasons[-1] += f", at {_place(cells, int(at))}"
    messages = [f"{_place(cells, int(cell))}: {text}" for cell, text in errors.items()]
    for exercise in lesson.tests:
        messages += [f"{exercise}: {' '.join(case)}" for case in cases.get(exercise, [["not reached"]]) if case]
    scores = {exercise: lesson.score(exercise, cases.get(exercise)) for exercise in lesson.tests}
    return {
        # Two lessons may have exercises of the same name.
        **{f"{lesson.slug[:2]} {exercise}": f"{points:g}" for exercise, (points, _) in scores.items()},
        "lesson": lesson.slug,
        "points": f"{sum(points for points, _ in scores.values()):g}",
        "of": f"{sum(possible for _, possible in scores.values()):g}",
        "seconds": f"{outcome.seconds:.1f}",
        "reason": "; ".join(reasons),
        "messages": " | ".join(dict.fromkeys(messages))[:MESSAGES],
    }


def _place(cells: list[str], i: int) -> str:
    """Where code cell `i` is, in words with which it can be found: JupyterLab shows no such numbers."""
    after = next((check[1] for cell in cells[i:] if (check := notebooks.CHECK.search(cell))), None)
    return f"code cell {i + 1} of {len(cells)}" + (f", above the check of {after}" if after else "")


def find(folder: Path, out: Path) -> list[Path]:
    """All files under `folder` except hidden ones and the table of grades. Raises Problem if there are none."""
    if not folder.is_dir():
        raise Problem(f"there is no folder {folder}: make grade SUBMISSIONS=folder, with students' notebooks in it")
    found = [path for path in sorted(folder.rglob("*")) if path.is_file() or path.is_symlink()]
    found = [path for path in found if "/." not in f"/{path.relative_to(folder).as_posix()}"]
    if not (found := [path for path in found if path.resolve() != out.resolve()]):
        raise Problem(f"{folder} holds no files")
    return found


def grade_folder(
    folder: Path, out: Path, limits: sandbox.Limits, at_once: int, inside: bool, root: Path = REPOSITORY
) -> list[Row]:
    """Grade what is new or changed in `folder`, keep the other rows of the table `out`, and return all rows."""
    sources = {source.stem: source for source in assemble.sources(root=root)}
    lessons, rows, todo = {}, [], []
    earlier = {(row["submission"], row["fingerprint"]): row for row in table.load(out)}
    for path in tqdm(find(folder, out), desc="reading", unit="file"):
        name = path.relative_to(folder).as_posix()
        try:
            slug, cells = read(path, set(sources))
        except Problem as error:
            rows.append({"submission": name, "reason": str(error), "fingerprint": NOT_READ})
            continue
        if slug not in lessons:
            lessons[slug] = GradedLesson.of(assemble.assemble(sources[slug]))
        depends = json.dumps([cells, lessons[slug].tests, limits])
        row = {"submission": name, "fingerprint": hashlib.sha256(depends.encode()).hexdigest()[:16]}
        if kept := earlier.get((table.plain(name), row["fingerprint"])):
            rows.append(kept)
        else:
            todo.append((row, lessons[slug], cells))
    if kept := sum(row["fingerprint"] != NOT_READ for row in rows):
        print(f"{kept} of {len(rows) + len(todo)} are in {out} already; only the others are graded now.")
    table.save(rows, out)
    stop, imports = threading.Event(), sorted(set().union(*(lesson.imports() for _, lesson, _ in todo)))
    places = [sandbox.Sandbox(number, inside, imports) for number in range(at_once)]
    free = list(places)

    def run(row: Row, lesson: GradedLesson, cells: list[str]) -> Row:
        place = free.pop()
        outcome = place.run(lesson.job(cells), limits, stop.is_set)
        free.append(place)
        try:
            return row | grade(lesson, cells, outcome)
        except (TypeError, ValueError, KeyError, AttributeError):
            made_up = outcome._replace(lines=[], stopped="results made up: look at what it does")
            return row | grade(lesson, cells, made_up)

    with ThreadPoolExecutor(at_once) as pool:
        try:
            ended = as_completed([pool.submit(run, *task) for task in todo])
            for future in tqdm(ended, "grading", len(todo), unit="notebook", disable=not todo):
                rows.append(future.result())
                table.save(rows, out)
        finally:  # after Ctrl-C or on a full disk, too: end what is running, begin nothing
            stop.set()
            pool.shutdown(cancel_futures=True)
            for place in places:
                place.close()
    return rows


def main(argv: list[str], root: Path = REPOSITORY, cell: float = DEFAULTS.cell) -> int:
    """The command `grade`; a cell may compute for `cell` seconds. 1 if a submission was not run, 2 if nothing was graded."""
    command = parser("grade")
    seconds = "seconds of computing or waiting for one notebook (default: %(default)s)"
    command.add_argument("folder", help="with notebooks, under any names and in any folders below it")
    command.add_argument("--out", help=f"the table of grades (default: {TABLE} in the folder)")
    command.add_argument("--limit", type=positive, default=DEFAULTS.seconds, help=seconds)
    command.add_argument("--memory", type=positive, default=3, help="gigabytes for one notebook (default: %(default)s)")
    command.add_argument("--at-once", type=positive, help="how many (default: as many as cores and memory allow)")
    command.add_argument("--unsafe", action="store_true", help="grade even without a sandbox")
    given = command.parse_args(argv)
    limits = sandbox.Limits(given.limit, int(given.memory * 1e9), cell)
    folder = Path(given.folder or "(none given)").expanduser()  # not every shell does that after SUBMISSIONS=
    out = Path(given.out).expanduser() if given.out else folder / TABLE
    fitting = int(0.8 * psutil.virtual_memory().total / limits.memory)
    at_once = max(1, int(given.at_once or min(os.cpu_count() or 1, fitting)))
    try:
        find(folder, out)
        if missing := sandbox.problem(limits):
            print(f"No sandbox: {missing}", file=sys.stderr)
            if not given.unsafe:
                raise Problem("Nothing was graded. To grade notebooks that you trust without it: ARGS=--unsafe")
            print(WITHOUT, file=sys.stderr)
        rows = grade_folder(folder, out, limits, at_once, not missing, root)
    except Problem as error:
        print(error, file=sys.stderr)
        return 2
    failed = [row for row in rows if row.get("reason")]
    for row in sorted(failed, key=lambda row: row["submission"]):
        print(f"{table.plain(row['submission'])}: {table.plain(row['reason'])}")
    print(f"{len(rows)} submissions, {len(failed)} of them not read or not run to the end: {out}")
    return 1 if failed else 0

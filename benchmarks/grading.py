"""How long `make grade` takes for a class: a hundred submissions of a lesson on two cores, lesson by lesson.

    python benchmarks/grading.py                        all lessons; write the record, TEACHING.md and RESULTS.md
    python benchmarks/grading.py 04 --submissions 10    look at some lessons; nothing is written

A submission is the built lesson with its outputs; for each exercise, an answer is sampled: the right one, none, or one of the
lesson's wrong answers. Every second submission has a line `%pip install` in the cell with the lesson's imports, so that the
whole cell has to be run. The submissions are graded by the command for instructors, in its sandbox and with its default limits,
on CORES cores, even if the machine has more. Do not run anything else at the same time.
"""

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from tqdm import tqdm

from course_tools.grading import submissions, table
from course_tools.lessons import assemble, results_pages, store
from course_tools.notebooks import CHECK
from course_utils import tables
from course_utils.paths import REPOSITORY

SUBMISSIONS, CORES, SEED = 100, 2, 0
MOST = 120  # seconds that the submissions of a lesson may take
TITLE = "A hundred submissions"
PIP = "%pip install tqdm\n"


def hand_in(source: Path, folder: Path, number: int) -> None:
    """Write `number` submissions of a lesson to `folder`: the same ones every time."""
    lesson, rng = assemble.assemble(source), random.Random(f"{SEED} {source.stem}")
    right = solutions(lesson)
    for n in range(number):
        made, blank = store.read(source), []
        imports = [cell for cell in made.cells if cell.cell_type == "code"][1]
        imports.source = PIP * (n % 2) + imports.source
        for cell in made.cells:
            if "otter_answer_cell" in cell.metadata.get("tags", []):
                blank.append(cell)
            elif cell.cell_type == "code" and (check := CHECK.match(cell.source)):
                wrong = [answer.code for answer in lesson.wrong_answers[check[1]]]
                answer = rng.choice([right[check[1]], rng.choice(wrong), None])
                if answer is not None:
                    blank[0].source = answer
                    for other in blank[1:]:
                        other.source = ""
                blank = []
        store.save(made, folder / f"student_{n:03d}.ipynb")


def solutions(lesson: assemble.Lesson) -> dict[str, str]:
    """The right answer to each exercise of a lesson."""
    found, cells = {}, []
    for cell in lesson.solved.cells:
        if "otter_assign_solution_cell" in cell.metadata.get("tags", []):
            cells.append(cell.source)
        elif check := CHECK.match(cell.source):
            found[check[1]], cells = "\n\n".join(cells), []
    return found


def measure(source: Path, number: int) -> dict:
    """A row of the table: what grading `number` submissions of a lesson takes. Raises RuntimeError where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        hand_in(source, Path(folder), number)
        command = [sys.executable, "-m", "course_utils", "grade", folder, "--at-once", str(CORES)]
        begun = time.monotonic()
        done = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        seconds = time.monotonic() - begun
        if done.returncode not in (0, 1):  # 1: some could not be run to their end; the table says how many
            raise RuntimeError(
                f"Grading of {source.stem} ended with status {done.returncode}; its error is shown above."
            )
        rows = table.load(Path(folder) / submissions.TABLE)
    each = [float(row["seconds"]) for row in rows]
    return {
        "lesson": source.stem,
        "submissions": len(rows),
        "seconds in all": round(seconds),
        "seconds each, median": round(statistics.median(each), 1),
        "slowest": round(max(each), 1),
        "not run to the end": sum("reason" in row for row in rows),
        "mean of points, %": round(100 * statistics.mean(float(row["points"]) / float(row["of"]) for row in rows)),
    }


def main(argv: list[str] | None = None, root: Path = REPOSITORY) -> int:
    """Measure, show the table and, when all lessons were measured, write the record and the pages drawn from it.

    Returns 1 where a lesson takes longer than MOST.
    """
    parser = argparse.ArgumentParser(prog="python benchmarks/grading.py", description=__doc__.partition("\n")[0])
    parser.add_argument("lessons", nargs="*", help="numbers or names, such as 04: look at these only, write nothing")
    parser.add_argument(
        "--submissions", type=int, default=SUBMISSIONS, help="of each lesson (%(default)s); others are not recorded"
    )
    given = parser.parse_args(argv)
    if hasattr(psutil.Process, "cpu_affinity"):  # not on macOS
        psutil.Process().cpu_affinity(psutil.Process().cpu_affinity()[:CORES])
    rows = [measure(source, given.submissions) for source in tqdm(assemble.sources(given.lessons), unit="lesson")]
    print(tables.table(TITLE, rows))
    slow = [row["lesson"] for row in rows if row["seconds in all"] > MOST]
    for lesson in slow:
        print(f"FAILED  {lesson}: longer than {MOST} seconds", file=sys.stderr)
    if given.lessons or given.submissions != SUBMISSIONS:
        print("Nothing was written, as a record needs all lessons.")
    else:
        path = root / "results" / "benchmarks" / "grading.json"
        made = [{"title": TITLE, "rows": rows}]
        tables.write_record({"benchmark": "grading", "machine": results_pages.machine(), "tables": made}, path)
        results_pages.write_pages(root)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())

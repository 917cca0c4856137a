"""`python -m course_utils progress`: which exercises of which lessons pass, read from your own notebooks.

Nothing is run. A check leaves its verdict in the notebook, with digests of the cells and of the tests that it judged
(`course_utils.exercises`): when cells with these digests are still there, a new check could only say the same again. When they
do not, the verdict is about other code, and only you know whether the new one is ready to be checked.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_tools.student.lab import NOTEBOOKS
from course_utils import exercises
from course_utils.exercises import digest

PASSED, FAILED, CHANGED, UNCHECKED, BLANK = "passed", "not yet", "changed", "not checked", "not tried"
ADVICE = {
    CHANGED: "its code or its tests changed since the check: run the cell again, then its check",
    UNCHECKED: "run its cell, then its check",
}
CHECK = re.compile(r"""^\s*grader\.check\(\s*["'](\w+)["']\s*\)""", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """One exercise as a notebook has it; `message` is what the check said first, for one that did not pass."""

    name: str
    state: str
    message: str = ""


@dataclass(frozen=True)
class Notebook:
    """A student's notebook of a lesson, under whatever name."""

    path: Path
    lesson: str
    exercises: list[Exercise]

    @property
    def done(self) -> int:
        return sum(exercise.state == PASSED for exercise in self.exercises)


def read(path: Path) -> Notebook | None:
    """What stands in the notebook `path`; None for one that is no lesson of the course.

    Raises ValueError, with what to do, for a file that cannot be read or is not a notebook.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        metadata, cells = content["metadata"], [_cell(cell) for cell in content["cells"]]
        if "course" not in metadata or "otter" not in metadata:
            return None
        return Notebook(path, str(metadata["course"]["lesson"]), _exercises(cells, metadata["otter"]["tests"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is damaged or cannot be read ({type(error).__name__}: {error}). JupyterLab keeps an earlier copy in "
            f"{path.parent / '.ipynb_checkpoints'}."
        ) from error


def _cell(cell: dict) -> dict:
    """A cell with its source as one text; a notebook on disk may have it as a list of lines."""
    return {"id": "", "metadata": {}, "outputs": [], **cell, "source": "".join(cell["source"])}


def _exercises(cells: list[dict], tests: dict[str, str]) -> list[Exercise]:
    """All exercises that have tests, in the order of their checks in the notebook; those without one come last."""
    answers, waiting = {}, []
    for cell in cells:
        if "otter_answer_cell" in cell["metadata"].get("tags", []):
            waiting.append(cell)
        for name in CHECK.findall(cell["source"]):
            if name in tests:
                answers.setdefault(name, waiting)
                waiting = []
    # A cell that raised bound nothing, or not all that it should.
    sound = {digest("code", cell["source"].rstrip("\n")) for cell in cells if not _raised(cell)}
    records = list(_records(cells))
    return [
        _judge(name, answers.get(name, []), [r for r in records if r["exercise"] == name], tests[name], sound)
        for name in [*answers, *sorted(tests.keys() - answers.keys())]
    ]


def _judge(name: str, answer: list[dict], records: list[dict], tests: str, sound: set[str]) -> Exercise:
    present = [
        record
        for record in records
        if record.get("tests") == digest("tests", tests) and record.get("cells") and sound.issuperset(record["cells"])
    ]
    if any(record["passed"] for record in present):
        return Exercise(name, PASSED)
    if answer and all(cell["id"].partition("-")[0] == digest("code", cell["source"]) for cell in answer):
        return Exercise(name, BLANK)
    if present:
        said = "".join(present[-1]["messages"][:1]).strip().splitlines()
        return Exercise(name, FAILED, said[0] if said else "")
    state = CHANGED if records else UNCHECKED
    return Exercise(name, state, ADVICE[state])


def _records(cells: list[dict]) -> Iterator[dict]:
    for cell in cells:
        for output in cell["outputs"]:
            if exercises.MIME in output.get("data", {}):
                yield output["data"][exercises.MIME]


def _raised(cell: dict) -> bool:
    return any(output.get("output_type") == "error" for output in cell["outputs"])


def collect(folder: Path) -> tuple[dict[str, list[Notebook]], list[str]]:
    """The notebooks in `folder` by lesson, the one with most done first, and what is wrong with those that cannot be read."""
    found, damaged = {}, []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            notebook = read(path)
        except ValueError as error:
            damaged.append(str(error))
            continue
        if notebook:
            found.setdefault(notebook.lesson, []).append(notebook)
    for copies in found.values():
        copies.sort(key=lambda notebook: (-notebook.done, notebook.path.stem != notebook.lesson))
    return found, damaged


def lessons() -> list[str]:
    """All lessons of the course, whether their notebooks are there or not."""
    return [path.stem for path in sorted((NOTEBOOKS / "source").glob("[0-9][0-9]_*.py"))]


def table(found: dict[str, list[Notebook]]) -> Iterator[str]:
    """One line a lesson: how many exercises pass, and what there is to do. Of several copies, the one with most done."""
    names = sorted({*lessons(), *found})
    width = max(map(len, [*names, "together"]))
    for lesson in names:
        if lesson not in found:
            yield f"{lesson:{width}}   –        no notebook of it can be read here"
            continue
        best = found[lesson][0]
        states = [exercise.state for exercise in best.exercises]
        counts = [f"{states.count(state)} {state}" for state in (FAILED, CHANGED, UNCHECKED) if state in states]
        named = [] if best.path.stem == lesson else [f"in {best.path.name}"]
        yield f"{lesson:{width}}  {best.done:2} of {len(states)}  {', '.join([*counts, *named])}".rstrip()
    done = sum(copies[0].done for copies in found.values())
    total = sum(len(copies[0].exercises) for copies in found.values())
    yield f"{'together':{width}}  {done:2} of {total}"


def details(notebook: Notebook) -> Iterator[str]:
    """One line an exercise of `notebook`."""
    yield f"{notebook.path.name}: {notebook.done} of {len(notebook.exercises)}"
    width = max((len(exercise.name) for exercise in notebook.exercises), default=0)
    for exercise in notebook.exercises:
        yield f"  {exercise.state:{len(UNCHECKED)}}  {exercise.name:{width}}  {exercise.message}".rstrip()


def main(argv: list[str]) -> int:
    """The command; returns 1 when a notebook is damaged or the lesson asked for is missing, 2 without a folder."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils progress", description="Which exercises pass, as your saved notebooks tell."
    )
    parser.add_argument("lesson", nargs="*", help="numbers or names, such as 04, to see exercise by exercise")
    parser.add_argument("--folder", type=Path, default=NOTEBOOKS, help="where your notebooks are (%(default)s)")
    given = parser.parse_args(argv)
    if not given.folder.is_dir():
        print(f"There is no folder {given.folder}. Name the one with your notebooks: --folder FOLDER", file=sys.stderr)
        return 2
    found, problems = collect(given.folder)
    for wanted in given.lesson:
        copies = [
            copy for lesson in sorted(found) for copy in found[lesson] if Path(wanted).stem in (lesson, lesson[:2])
        ]
        for copy in copies:
            print(*details(copy), sep="\n")
        if not copies:
            problems.append(f"No notebook of a lesson {wanted} can be read in {given.folder}.")
    if not given.lesson:
        print(*table(found), sep="\n")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0

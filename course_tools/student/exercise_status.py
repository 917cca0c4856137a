"""`python -m course_utils progress`: which exercises of which lessons pass, read from your own notebooks.

Nothing is run. A check leaves its verdict in the notebook, with digests of the cells and of the tests that it judged. While
cells with these digests are in the notebook, a new check would give the same verdict; else the verdict is about other code.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from course_tools import __main__ as commands
from course_tools import notebooks
from course_utils.exercises import MIME, digest
from course_utils.paths import INSTALLED, LESSONS, REPOSITORY

PASSED, FAILED, CHANGED, UNCHECKED, BLANK = "passed", "not yet", "changed", "not checked", "not tried"


class Exercise(NamedTuple):
    """An exercise as a notebook has it; `message` is the first line of the check's message, if it did not pass."""

    name: str
    state: str
    message: str = ""


class Notebook(NamedTuple):
    """A student's notebook of a lesson, under any name; `done` of its exercises pass."""

    path: Path
    lesson: str
    exercises: list[Exercise]
    done: int


def read(path: Path) -> Notebook | None:
    """The exercises in the notebook `path`; None if it is not of a lesson. Raises ValueError if it is damaged."""
    try:
        notebook = notebooks.read(path)
        lesson, metadata = notebooks.lesson_of(notebook), notebook["metadata"]
        if lesson is None or "otter" not in metadata:
            return None
        exercises = _exercises(notebook["cells"], metadata["otter"]["tests"])
        return Notebook(path, lesson, exercises, [exercise.state for exercise in exercises].count(PASSED))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"{path} is damaged or cannot be read ({type(error).__name__}: {error})."
        raise ValueError(f"{what} There may be an earlier copy in {path.parent / '.ipynb_checkpoints'}.") from error


def _exercises(cells: list[dict], tests: dict[str, str]) -> list[Exercise]:
    """All exercises that have tests, in the order of their checks in the notebook; those without one come last."""
    answers, waiting, verdicts, sound = {}, [], [], set()
    for cell in cells:
        if "otter_answer_cell" in cell.get("metadata", {}).get("tags", []):
            waiting.append(cell)
        for name in filter(tests.__contains__, notebooks.CHECK.findall(cell["source"])):
            answers.setdefault(name, waiting)
            waiting = []
        outputs = cell.get("outputs", [])
        verdicts += [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]
        if all(output["output_type"] != "error" for output in outputs):  # else it may not have assigned all its names
            sound.add(digest("code", cell["source"].rstrip("\n")))
    names = [*answers, *sorted(tests.keys() - answers.keys())]
    return [_judge(name, answers.get(name, []), verdicts, digest("tests", tests[name]), sound) for name in names]


def _judge(name: str, answer: list[dict], verdicts: list[dict], tests: str, sound: set[str]) -> Exercise:
    given = [one for one in verdicts if one["exercise"] == name]
    valid = [one for one in given if one.get("tests") == tests and one.get("cells") and sound.issuperset(one["cells"])]
    if any(verdict["passed"] for verdict in valid):
        return Exercise(name, PASSED)
    if answer and all(cell.get("id", "").partition("-")[0] == digest("code", cell["source"]) for cell in answer):
        return Exercise(name, BLANK)
    if valid:
        return Exercise(name, FAILED, "".join(valid[-1]["messages"][:1]).strip().partition("\n")[0])
    again = "the code or the tests have changed since the check: run the cell and its check again"
    return Exercise(name, CHANGED, again) if given else Exercise(name, UNCHECKED, "run the cell, then its check")


def collect(folder: Path) -> tuple[list[Notebook], list[str]]:
    """The lessons' notebooks in `folder`, of several copies the one with most done first; and what is wrong with others."""
    found, damaged = [], []
    for path in sorted(folder.glob("*.ipynb")):
        try:
            found.append(read(path))
        except ValueError as error:
            damaged.append(str(error))
    return sorted(filter(None, found), key=lambda one: (one.lesson, -one.done, one.path.stem != one.lesson)), damaged


def table(found: list[Notebook], lessons: list[str]) -> Iterator[str]:
    """One line per lesson: how many exercises pass, and what is left to do. Of several copies, the first."""
    best = {notebook.lesson: notebook for notebook in reversed(found)}
    width = max(map(len, [*lessons, *best, "together"]))
    for lesson in sorted({*lessons, *best}):
        if lesson not in best:
            yield f"{lesson:{width}}   –        no notebook of this lesson in the folder"
            continue
        path, _, exercises, done = best[lesson]
        states = [exercise.state for exercise in exercises]
        notes = [f"{states.count(state)} {state}" for state in (FAILED, CHANGED, UNCHECKED) if state in states]
        notes += [f"in {path.name}"] if path.stem != lesson else []
        yield f"{lesson:{width}}  {done:2} of {len(exercises)}  {', '.join(notes)}".rstrip()
    total = sum(len(notebook.exercises) for notebook in best.values())
    yield f"{'together':{width}}  {sum(notebook.done for notebook in best.values()):2} of {total}"


def main(argv: list[str]) -> int:
    """The command; returns 1 when a notebook is damaged or the lesson asked for is missing."""
    parser = commands.parser("progress")
    parser.add_argument("lesson", nargs="*", help="numbers or names, such as 04: list each exercise of these lessons")
    folder, all_lessons = (REPOSITORY, "[0-9]*.ipynb") if INSTALLED else (LESSONS, "source/[0-9]*.py")
    parser.add_argument("--folder", type=Path, default=folder, help="where your notebooks are (%(default)s)")
    given = parser.parse_args(argv)
    if not given.folder.is_dir():
        parser.error(f"there is no folder {given.folder}; name the folder of your notebooks with --folder")
    found, problems = collect(given.folder)
    for wanted in given.lesson:
        copies = [one for one in found if Path(wanted).stem in (one.lesson, one.lesson[:2])]
        for path, _, exercises, done in copies:
            print(f"{path.name}: {done} of {len(exercises)}")
            width = max((len(exercise.name) for exercise in exercises), default=0)
            for name, state, message in exercises:
                print(f"  {state:{len(UNCHECKED)}}  {name:{width}}  {message}".rstrip())
        what = f"readable notebook in {given.folder} of lesson"
        problems += [] if copies else [commands.unknown(what, wanted, [one.lesson for one in found])]
    if not given.lesson:
        print(*table(found, [path.stem for path in LESSONS.glob(all_lessons)]), sep="\n")
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0

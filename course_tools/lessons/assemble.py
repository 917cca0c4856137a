"""From a lesson's source to its notebooks.

A source, `notebooks/source/NN_slug.py`, is jupytext's percent format with Otter Assign's markers around exercises
(otter-grader.readthedocs.io, "Otter Assign Format"; exception-based tests). One thing is added: cells tagged "wrong", each a
typical wrong answer to the exercise around it, with the `message` that its check must give. They are left out of all notebooks.
"""

import logging
import re
import tempfile
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import jupytext
import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_raw_cell

from course_tools import Problem
from course_tools.__main__ import unknown
from course_utils.exercises import digest
from course_utils.paths import REPOSITORY

CONFIG = """# ASSIGNMENT CONFIG
export_cell: false
generate: false
tests:
  ok_format: false"""
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
FIRST = """# Run this cell first: it makes the checks of this lesson's exercises ready.
from course_utils.exercises import Checks

grader = Checks("{}")
"""


class WrongAnswer(NamedTuple):
    """Code that a student might write, and a part of the message that its check must answer with."""

    code: str
    message: str


class Lesson(NamedTuple):
    """A lesson as built from its source, not yet executed."""

    slug: str
    student: NotebookNode
    solved: NotebookNode
    wrong_answers: dict[str, list[WrongAnswer]]
    tests: dict[str, str]  # every exercise's Otter test file, hidden tests too: these are for grading only


def sources(names: list[str] | None = None, root: Path = REPOSITORY) -> list[Path]:
    """Sources of all lessons in `root`, or of those named (by number, slug or file). Raises Problem for an unknown name."""
    found = {path.stem: path for path in sorted((root / "notebooks" / "source").glob("[0-9][0-9]_*.py"))}
    short = {slug[:2]: slug for slug in found}
    chosen = [short.get(Path(name).stem, Path(name).stem) for name in names or found]
    if missing := [slug for slug in chosen if slug not in found]:
        raise Problem(unknown("lesson", missing[0], found))
    return [found[slug] for slug in chosen]


def assemble(source: Path) -> Lesson:
    """Student and solved notebook of one source, without outputs. Raises Problem when an exercise has fewer than two wrong
    answers, or a wrong answer is outside of an exercise."""
    notebook = jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent")
    wrong_answers = _take_wrong_answers(notebook, source)
    student, solved = _otter_assign(notebook, source.stem)
    for built in (student, solved):
        _finish(built, source.stem)
    for cell in solved.cells:
        if cell.cell_type == "markdown":  # the solved notebook is one folder deeper
            cell.source = cell.source.replace("](../", "](../../")
    tests = solved.metadata["otter"]["tests"]
    # The solved notebook reaches students too, so it has only the public tests.
    solved.metadata["otter"] = deepcopy(student.metadata["otter"])
    if few := [exercise for exercise in tests if len(wrong_answers.get(exercise, [])) < 2]:
        raise Problem(f"{source.name}: exercise {few[0]} needs at least two cells tagged 'wrong'")
    return Lesson(source.stem, student, solved, wrong_answers, tests)


def _take_wrong_answers(notebook: NotebookNode, source: Path) -> dict[str, list[WrongAnswer]]:
    found, kept, exercise = {}, [], None
    for cell in notebook.cells:
        if cell.cell_type == "raw" and "# BEGIN QUESTION" in cell.source:
            exercise = re.search(r"^name: *(\w+)", cell.source, re.MULTILINE)[1]
        if "wrong" not in cell.metadata.get("tags", []):
            kept.append(cell)
        elif exercise is None or not cell.metadata.get("message"):
            raise Problem(f"{source.name}: a 'wrong' cell must be in an exercise and have a message: {cell.source}")
        else:
            found.setdefault(exercise, []).append(WrongAnswer(cell.source, cell.metadata["message"]))
        if cell.cell_type == "raw" and "# END QUESTION" in cell.source:
            exercise = None
    notebook.cells = kept
    return found


def _otter_assign(notebook: NotebookNode, slug: str) -> list[NotebookNode]:
    from otter.assign import main as otter_assign  # here: importing Otter takes seconds

    logging.getLogger("otter").setLevel(logging.ERROR)
    master = new_notebook(cells=[new_raw_cell(CONFIG), *notebook.cells], metadata={"kernelspec": KERNEL})
    with tempfile.TemporaryDirectory() as folder:
        path, built = Path(folder, f"{slug}.ipynb"), Path(folder, "built")
        nbformat.write(master, path)
        otter_assign(str(path), str(built), no_pdfs=True, no_run_tests=True)
        return [nbformat.read(built / kind / path.name, as_version=4) for kind in ("student", "autograder")]


def _finish(notebook: NotebookNode, slug: str) -> None:
    """Replace Otter's first cell by the course's own, resolve solution markers, and give cells stable ids: digests of their own
    text, so that `course_tools.student.exercise_status` knows which answers in a student's notebook are still blank."""
    cells = [cell for cell in notebook.cells if "otter.Notebook(" not in cell.source]
    first_code = next((i for i, cell in enumerate(cells) if cell.cell_type == "code"), len(cells))
    notebook.cells = [*cells[:first_code], new_code_cell(FIRST.format(slug).strip()), *cells[first_code:]]
    notebook.metadata.setdefault("otter", {"OK_FORMAT": False, "tests": {}})
    notebook.metadata |= {"course": {"lesson": slug}, "language_info": {"name": "python"}}
    seen = Counter()
    for cell in notebook.cells:
        cell.metadata.pop("lines_to_next_cell", None)
        cell.source = _without_markers(cell.source)
        name = digest(cell.cell_type, cell.source)
        seen[name] += 1
        cell["id"] = name if seen[name] == 1 else f"{name}-{seen[name]}"


def _without_markers(code: str) -> str:
    code = re.sub(r'^[ \t]*""" # BEGIN PROMPT.*?""" # END PROMPT[ \t]*;?\n?', "", code, flags=re.DOTALL | re.MULTILINE)
    code = re.sub(r"^[ \t]*# (BEGIN|END) SOLUTION( NO PROMPT)?[ \t]*\n?", "", code, flags=re.MULTILINE)
    return re.sub(r"[ \t]*# SOLUTION( NO PROMPT)?[ \t]*$", "", code, flags=re.MULTILINE).rstrip("\n")

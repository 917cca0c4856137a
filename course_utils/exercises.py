"""Checks of the exercises: a wrong answer gets a message that helps, and never stops the notebook.

The tests have Otter's "Exception-Based Format" (otter-grader.readthedocs.io) and are part of the notebook's metadata. A verdict
is stored in the notebook with digests of what it judged, so that the command `progress` knows whether code has changed since.
"""

import contextlib
import dis
import hashlib
import inspect
import json
import os
import re
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType

from course_utils.paths import LESSONS

MIME = "application/vnd.course.check+json"
CHECKS = re.compile(r"""\bChecks\(\s*["'](\w+)["']\s*\)""")


class NotFilledIn(Exception):
    """The exercise still has its `...`."""


class Checks:
    """The checks of one lesson: `grader = Checks("04_simple_rnn")`, then `grader.check("exercise")` in any cell.

    They are read from the running notebook if JupyterLab or VS Code names its file, else from a notebook of the lesson in the
    working directory, else from the lessons of the course, which a wheel has, too.
    """

    def __init__(self, lesson: str, lessons: Path = LESSONS):
        self.lesson, self._lessons = lesson, lessons

    def check(self, exercise: str) -> "Verdict":
        """Run the tests of `exercise` against the variables of the calling notebook: the messages of the first that fails."""
        variables = inspect.currentframe().f_back.f_globals
        tests = (found := self._find(variables)).get(exercise)
        if tests is None:
            return Verdict(exercise, False, [f"There is no exercise {exercise!r}. Choose from: {', '.join(found)}"])
        messages = next(filter(None, (failure(test, variables) for test in test_functions(tests))), [])
        judged = {"tests": digest("tests", tests), "cells": _cells_judged(tests, variables)}
        return Verdict(exercise, not messages, messages, judged)

    def _find(self, variables: dict) -> dict[str, str]:
        here = Path.cwd()
        named = (os.environ.get("JPY_SESSION_NAME"), variables.get("__vsc_ipynb_file__"))  # by JupyterLab, by VS Code
        paths = [Path(name) for name in named if isinstance(name, str)]
        paths += [here / f"{self.lesson}.ipynb", *sorted(here.glob("*.ipynb")), self._lessons / f"{self.lesson}.ipynb"]
        for path in paths:
            try:
                notebook = read_notebook(path)
                if lesson_of(notebook) == self.lesson:
                    return notebook["metadata"]["otter"]["tests"]
            except (OSError, ValueError, KeyError, TypeError):
                continue  # missing, damaged, or without its tests
        problem = f"The checks of lesson {self.lesson} were not found: no notebook in the folder {here} has them."
        raise FileNotFoundError(f"{problem} Save the lesson's notebook in that folder, or copy it there again.")


@dataclass(repr=False)
class Verdict:
    """The result of a check: `passed`, messages if not, and digests of what was `judged` if it was run in a notebook."""

    exercise: str
    passed: bool
    messages: list[str]
    judged: dict = field(default_factory=dict)

    def __repr__(self) -> str:
        if self.passed:
            return f"✓ {self.exercise}: all tests passed"
        return "\n".join([f"✗ {self.exercise}: not yet", *(f"  {message}" for message in self.messages)])

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        record = {"exercise": self.exercise, "passed": self.passed, "messages": self.messages, **self.judged}
        return {"text/plain": repr(self), MIME: record}


def read_notebook(path: Path) -> dict:
    """A saved notebook, the source of every cell as one text. Raises OSError, or ValueError for another or a damaged file."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
        for cell in notebook["cells"]:
            cell["source"] = "".join(cell["source"])
        if not isinstance(notebook["metadata"], dict):
            raise TypeError("its metadata is not an object")
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a notebook ({type(error).__name__}: {error})") from error
    return notebook


def lesson_of(notebook: dict) -> str | None:
    """The lesson that a notebook is of, from its metadata, else from the cell that makes its checks; None for no lesson."""
    course = notebook["metadata"].get("course")
    lesson = course.get("lesson") if isinstance(course, dict) else None
    if isinstance(lesson, str):
        return lesson
    found = (CHECKS.search(cell["source"]) for cell in notebook["cells"] if cell.get("cell_type") == "code")
    return next((match[1] for match in found if match), None)


def digest(kind: str, text: str) -> str:
    """A short hash of a cell (`kind` is its type: code, markdown, raw) or of another text: eight hexadecimal digits."""
    return hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()[:8]


def _cells_judged(tests: str, variables: dict) -> list[str]:
    """Digests of the cells that last assigned what the tests use, from the kernel's history: cells as they were run."""
    if "get_ipython" not in variables:
        return []
    history, last = variables["get_ipython"]().history_manager, {}
    for code, as_written in zip(history.input_hist_parsed, history.input_hist_raw, strict=False):
        with contextlib.suppress(SyntaxError):  # such a cell assigned nothing
            names = [step.argval for step in dis.get_instructions(code) if step.opname == "STORE_NAME"]
            last |= dict.fromkeys(names, digest("code", as_written))
    wanted = {name for test in test_functions(tests) for name in inspect.signature(test).parameters}
    return sorted({last[name] for name in wanted if name in last})


def failure(test: FunctionType, variables: dict) -> list[str]:
    """Run one test against `variables`: the messages for the student, none if it passes.

    An exception of the student's code becomes a message, too, with the line that raised it.
    """
    try:
        test(**{name: _filled_in(name, variables) for name in inspect.signature(test).parameters})
    except NotFilledIn as error:
        return [str(error)]
    except AssertionError as error:
        return [str(error) or f"The test {test.__name__} failed."]
    except (Exception, SystemExit) as error:
        return [f"Your code raised {type(error).__name__}: {error}", *_their_line(error)]
    return []


def test_functions(source: str) -> list[FunctionType]:
    """The functions of a test file, in order, without its import of Otter, which takes seconds."""
    found = []
    exec(source.replace("from otter.test_files import test_case\n", ""), {"test_case": lambda **_: found.append})
    return found


def _filled_in(name: str, variables: dict):
    if name not in variables:
        raise NotFilledIn(f"`{name}` is not defined. Run the cell that defines it, then run this check again.")
    value = variables[name]
    if value is ...:
        raise NotFilledIn(f"`{name}` is still `...`. Replace `...` with your answer and run its cell again.")
    if not isinstance(value, FunctionType) or value.__globals__ is not variables:
        return value

    def answer(*args, **kwargs):
        result = value(*args, **kwargs)
        if result is ... or (isinstance(result, tuple) and any(part is ... for part in result)):
            raise NotFilledIn(f"`{name}` still returns `...`. Replace `...` with your answer and run its cell again.")
        if result is None:
            raise NotFilledIn(f"`{name}` returns None. End it with `return` and the result, and run its cell again.")
        return result

    return answer


def _their_line(error: Exception) -> list[str]:
    """The innermost line of the traceback that is in a cell of the notebook."""
    cells = [frame for frame in traceback.extract_tb(error.__traceback__) if "ipykernel" in frame.filename]
    return [f"in line {cells[-1].lineno} of its cell: {cells[-1].line}"] if cells else []

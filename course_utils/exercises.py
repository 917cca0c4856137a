"""Checks of the exercises: a wrong answer gets a message that helps, and never stops the notebook.

The tests are Otter's exception-based ones (otter-grader.readthedocs.io, "Exception-Based Format"). They travel in the
notebook's metadata, so that a copied notebook still has them; this module finds them, runs them, and says what came out.
A verdict is stored in the notebook with digests of what it judged, so that the command `progress` can read it later and
knows whether it is still about the code that stands there.
"""

import dis
import hashlib
import inspect
import json
import os
import traceback
from pathlib import Path
from types import FunctionType

from course_utils.paths import REPOSITORY

MIME = "application/vnd.course.check+json"


class NotFilledIn(Exception):
    """The exercise still has its `...`."""


class Checks:
    """The checks of one lesson: `grader = Checks("04_simple_rnn")`, then `grader.check("exercise")` in any cell.

    The notebook is looked for where JupyterLab says it is running, then in the working directory (under its own name, then
    under any other), at last among the lessons of the repository.
    """

    def __init__(self, lesson: str):
        self.lesson = lesson

    def check(self, exercise: str) -> "Verdict":
        """Run the tests of `exercise` against the variables of the calling notebook; show the verdict."""
        tests = self._find().get(exercise)
        if tests is None:
            return Verdict(exercise, False, [f"This notebook has no exercise named {exercise!r}."])
        variables = inspect.currentframe().f_back.f_globals
        verdict = run_tests(exercise, tests, variables)
        verdict.judged = {"tests": digest("tests", tests), "cells": _cells_judged(tests, variables)}
        return verdict

    def _find(self) -> dict[str, str]:
        here = Path.cwd()
        running = os.environ.get("JPY_SESSION_NAME")  # set by Jupyter's server: path of the notebook that is running
        likely = [Path(running)] if running else []
        likely += [here / f"{self.lesson}.ipynb", *sorted(here.glob("*.ipynb"))]
        likely += [REPOSITORY / "notebooks" / f"{self.lesson}.ipynb"]
        for path in likely:
            try:
                metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
                if metadata["course"]["lesson"] == self.lesson:
                    return metadata["otter"]["tests"]
            except (OSError, ValueError, KeyError, TypeError):
                continue  # not there, torn, or another notebook: look on
        raise FileNotFoundError(
            f"The checks of lesson {self.lesson} were not found: no notebook in {here} has them. "
            f"Save the notebook there, or copy the lesson again."
        )


class Verdict:
    """What a check found: `passed`, and the messages for what did not pass (empty when everything did).

    `judged` has digests of the tests and of the cells that the answer came from, where a notebook's check gave the verdict.
    """

    def __init__(self, exercise: str, passed: bool, messages: list[str]):
        self.exercise, self.passed, self.messages = exercise, passed, messages
        self.judged: dict = {}

    def __repr__(self) -> str:
        if self.passed:
            return f"✓ {self.exercise}: all tests passed"
        return "\n".join([f"✗ {self.exercise}: not yet", *(f"  {message}" for message in self.messages)])

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        record = {"exercise": self.exercise, "passed": self.passed, "messages": self.messages, **self.judged}
        return {"text/plain": repr(self), MIME: record}


def digest(kind: str, text: str) -> str:
    """A short hash of a cell (`kind` is its type: code, markdown, raw) or of another text: eight hexadecimal digits."""
    return hashlib.sha256(f"{kind}\n{text}".encode()).hexdigest()[:8]


def run_tests(exercise: str, source: str, variables: dict) -> Verdict:
    """Run Otter's exception-based test file `source` against `variables`; the first failing test gives the message.

    Whatever the student's code raises ends in the verdict, with the line of theirs that raised it.
    """
    for test in test_functions(source):
        messages = failure(test, variables)
        if messages:
            return Verdict(exercise, False, messages)
    return Verdict(exercise, True, [])


def _cells_judged(tests: str, variables: dict) -> list[str]:
    """Digests of the cells that, as the kernel ran them, were the last to bind what the tests ask for.

    The kernel's history tells more than the notebook: a cell may have been edited and not been run again.
    """
    if "get_ipython" not in variables:
        return []
    history, last = variables["get_ipython"]().history_manager, {}
    for code, as_written in zip(history.input_hist_parsed, history.input_hist_raw, strict=False):
        try:
            names = [step.argval for step in dis.get_instructions(code) if step.opname == "STORE_NAME"]
        except SyntaxError:
            continue  # bound nothing
        last |= dict.fromkeys(names, digest("code", as_written))
    wanted = {name for test in test_functions(tests) for name in inspect.signature(test).parameters}
    return sorted({last[name] for name in wanted if name in last})


def failure(test: FunctionType, variables: dict) -> list[str]:
    """Run one test against `variables`: what to tell the student, or nothing if it passes."""
    try:
        test(**{name: _filled_in(name, variables) for name in inspect.signature(test).parameters})
    except NotFilledIn as error:
        return [str(error)]
    except AssertionError as error:
        return [str(error) or f"{test.__name__} failed"]
    except (Exception, SystemExit) as error:
        return [f"Your code raised {type(error).__name__}: {error}", *_their_line(error)]
    return []


def test_functions(source: str) -> list[FunctionType]:
    """The functions of an Otter test file, in order, without its one import: importing Otter takes seconds."""
    found = []
    exec(source.replace("from otter.test_files import test_case\n", ""), {"test_case": lambda **_: found.append})
    return found


def _filled_in(name: str, variables: dict):
    if name not in variables:
        raise NotFilledIn(f"`{name}` does not exist: has its cell been run?")
    value = variables[name]
    if value is ...:
        raise NotFilledIn(f"`{name}` is still `...`: replace it with your answer, and run its cell again.")
    if not isinstance(value, FunctionType) or value.__globals__ is not variables:
        return value

    def answer(*args, **kwargs):
        result = value(*args, **kwargs)
        if result is ... or (isinstance(result, tuple) and any(part is ... for part in result)):
            raise NotFilledIn(f"`{name}` still returns `...`: replace it with your answer, and run its cell again.")
        if result is None:
            raise NotFilledIn(
                f"`{name}` returns nothing (None): fill it in, end it with `return`, and run its cell again."
            )
        return result

    return answer


def _their_line(error: Exception) -> list[str]:
    """The innermost line of the traceback that stands in the notebook."""
    cells = [frame for frame in traceback.extract_tb(error.__traceback__) if "ipykernel" in frame.filename]
    return [f"at line {cells[-1].lineno} of its cell: {cells[-1].line}"] if cells else []

"""Checks of the exercises: a wrong answer gets a message that helps, and never stops the notebook.

The tests are Otter's exception-based ones (otter-grader.readthedocs.io, "Exception-Based Format"). They travel in the
notebook's metadata, so that a copied notebook still has them; this module finds them, runs them, and says what came out.
"""

import inspect
import json
import os
import traceback
from pathlib import Path
from types import FunctionType

from course_utils.datasets.where import REPOSITORY


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
        return run_tests(exercise, tests, inspect.currentframe().f_back.f_globals)

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
    """What a check found: `passed`, and the messages for what did not pass (empty when everything did)."""

    def __init__(self, exercise: str, passed: bool, messages: list[str]):
        self.exercise, self.passed, self.messages = exercise, passed, messages

    def __repr__(self) -> str:
        if self.passed:
            return f"✓ {self.exercise}: all tests passed"
        return "\n".join([f"✗ {self.exercise}: not yet", *(f"  {message}" for message in self.messages)])


def run_tests(exercise: str, source: str, variables: dict) -> Verdict:
    """Run Otter's exception-based test file `source` against `variables`; the first failing test gives the message.

    Whatever the student's code raises ends in the verdict, with the line of theirs that raised it.
    """
    for test in _test_functions(source):
        wanted = inspect.signature(test).parameters
        try:
            test(**{name: _filled_in(name, variables) for name in wanted})
        except NotFilledIn as error:
            return Verdict(exercise, False, [str(error)])
        except AssertionError as error:
            return Verdict(exercise, False, [str(error) or f"{test.__name__} failed"])
        except (Exception, SystemExit) as error:
            return Verdict(exercise, False, [f"Your code raised {type(error).__name__}: {error}", *_their_line(error)])
    return Verdict(exercise, True, [])


def _test_functions(source: str) -> list[FunctionType]:
    """The functions of an Otter test file. Its one import is left out: importing Otter takes seconds, this does not."""
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

"""Grades one submission, in a process of its own that `sandbox.run` starts.

It reads its job from standard input: that of `GradedLesson.job`, with "nonce", "memory", "cell" (seconds) and "user". To
standard output it writes what `grade` reports, as lines of JSON with the nonce, and at last {"done"}. The checks come from the
lesson's source, never from the notebook.
"""

import inspect
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_tools.grading import slicing
from course_tools.notebooks import CHECK, code_cells
from course_utils import exercises

PROCESSES, FILE = 100, 64 * 2**20  # threads count as processes; bytes


class TooLong(BaseException):
    """A cell or a check has computed for too long. Not an Exception, so that code which catches these does not catch it."""


@dataclass(frozen=True)
class GradedLesson:
    """A lesson as grading needs it: the code cells that students get, and each exercise's Otter test file, hidden tests too."""

    slug: str
    cells: list[str]
    tests: dict[str, str]

    @classmethod
    def of(cls, lesson) -> "GradedLesson":
        """From an `assemble.Lesson`; the exercises are in the order of their checks."""
        cells = code_cells(lesson.student)
        order = [check[1] for cell in cells if (check := CHECK.match(cell))]
        return cls(lesson.slug, cells, {exercise: lesson.tests[exercise] for exercise in order})

    def job(self, cells: list[str]) -> dict:
        """What `grade` has to do for a submission with these code cells."""
        return {"lesson": self.slug, "cells": cells, "original": self.cells, "tests": self.tests}

    def score(self, exercise: str, cases: list[list[str]] | None) -> tuple[float, float]:
        """Points for, and of, an exercise whose test cases gave these messages (None: it was not reached), as Otter counts."""
        from otter.test_files.abstract_test import TestCaseResult  # here: importing Otter takes seconds
        from otter.test_files.exception_test import ExceptionTestFile

        test = ExceptionTestFile.from_string(self.tests[exercise])
        said = cases if cases is not None else [["not reached"]] * len(test.test_cases)
        pairs = zip(test.test_cases, said, strict=True)
        test.test_case_results = [TestCaseResult(case, message="", passed=not messages) for case, messages in pairs]
        return test.score, test.possible


def main() -> None:
    """Do the job, and end this process whatever threads a notebook has left behind."""
    job = json.load(sys.stdin)
    _give_up_rights(job["user"], job["memory"])
    channel, quiet, process = os.dup(1), os.open(os.devnull, os.O_RDWR), os.getpid()
    for stream in (0, 1, 2):
        os.dup2(quiet, stream)

    def report(line: dict) -> None:
        if os.getpid() != process:  # a copy that a notebook has made of this process
            os._exit(0)
        os.write(channel, json.dumps({"nonce": job["nonce"], **line}).encode() + b"\n")

    grade(job, report)
    report({"done": True})
    os._exit(0)


def grade(job: dict, report: Callable[[dict], None]) -> None:
    """Run what the exercises need, and their checks, in the working directory; may be called once in a process.

    Reports {"cell"} before a cell is begun, {"exercise", "cases"} with the messages of each test case (none if it passed),
    and at last {"errors"} with what cells raised, by their numbers. A cell or check may compute for job["cell"] seconds.
    """
    # A notebook that calls its own checks, which count for nothing, finds none.
    own = {"cells": [], "metadata": {"course": {"lesson": job["lesson"]}, "otter": {"tests": {}}}}
    Path(f"{job['lesson']}.ipynb").write_text(json.dumps(own), encoding="utf-8")
    tests = {exercise: exercises.test_functions(source) for exercise, source in job["tests"].items()}
    asked = {name: set().union(*(inspect.signature(test).parameters for test in tests[name])) for name in tests}
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.showtraceback = shell.showsyntaxerror = shell.ask_exit = lambda *_, **__: None
    shell.enable_gui = lambda gui=None: None  # %matplotlib asks for it
    errors: dict[int, str] = {}  # as in Jupyter, the rest of a cell that raised is not run
    for what, cell, text in slicing.steps(job["cells"], job["original"], asked):
        report({"cell": cell})
        if what == "check":
            report({"exercise": text, "cases": [_messages(test, shell.user_ns, job["cell"]) for test in tests[text]]})
        elif cell not in errors:
            try:
                with _limited(job["cell"]):
                    result = shell.run_cell(text, silent=True)
                error = result.error_before_exec or result.error_in_exec
            except TooLong as late:  # just when the cell had ended
                error = late
            if error is not None:
                errors[cell] = _said(error)
    report({"errors": errors})


def _messages(test, variables: dict, seconds: float) -> list[str]:
    try:
        with _limited(seconds):
            return [message[:500] for message in exercises.failure(test, variables)]
    except BaseException as error:
        return [_said(error)]


def _said(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"[:500]
    except BaseException:  # the student's own exception, whose text fails
        return type(error).__name__


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raises TooLong in its block after so many seconds of computing, however busy the machine is; not on Windows."""

    def stop(*_):
        raise TooLong(f"computed for more than {seconds:g} s")

    if os.name != "nt":
        signal.signal(signal.SIGPROF, stop)
        signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        if os.name != "nt":
            signal.setitimer(signal.ITIMER_PROF, 0)


def _give_up_rights(user: int | None, memory: int) -> None:
    if os.name == "nt":
        return
    import resource

    os.nice(10)  # so that a hundred processes of its own do not hold up the grader
    if user is not None:  # root obeys no limit on processes
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    for name, value in {"DATA": memory, "NPROC": PROCESSES, "FSIZE": FILE, "CORE": 0}.items():
        with suppress(ValueError):  # a stricter limit, or one that macOS does not have
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


if __name__ == "__main__":
    main()

"""Grades one submission, in a process of its own that `sandbox.Sandbox` starts.

It reads its job from standard input: that of `GradedLesson.job`, with "nonce", "memory", "cell" (seconds) and "user". To
standard output it writes what `grade` reports, as lines of JSON with the nonce, and at last {"done"}.

In the sandbox a first process imports Keras and the like once, and then forks for each submission. Only the fork reads the job.
It has namespaces of its own, so that it cannot see the first process or send it signals, and the system removes all that it
leaves behind: processes, files and shared memory. Where namespaces cannot be nested (AppArmor), the sandbox ends after one.
"""

import ctypes
import gc
import inspect
import json
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_tools.grading import slicing
from course_tools.grading.untouched import Untouched
from course_tools.notebooks import CHECK, code_cells
from course_utils import exercises
from course_utils.paths import REPOSITORY

PROCESSES, FILE = 100, 64 * 2**20  # threads count as processes; bytes
SCRATCH, SHARED, FILES = 256 * 2**20, 16 * 2**20, 20_000  # bytes of /tmp, of /dev/shm; files in each
READY = 1000  # in place of an exit status: the modules have been imported
NAMESPACES = 0x20000 | 0x8000000 | 0x20000000  # CLONE_NEWNS, _NEWIPC, _NEWPID: mounts, System V memory, processes
PRIVATE, BIND, PLAIN = 0x44000, 0x5000, 6  # MS_REC | MS_PRIVATE, MS_REC | MS_BIND, MS_NOSUID | MS_NODEV
IMPORT = re.compile(r"^\s*((?:from|import) (?!otter\b)(\w+).*)", re.MULTILINE)  # importing Otter takes seconds


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

    def imports(self) -> set[str]:
        """The import statements of its checks, and of its first cells: students often add a line to these."""
        return {line for text in [*self.cells[:2], *self.tests.values()] for line, _ in IMPORT.findall(text)}

    def score(self, exercise: str, cases: list[list[str]] | None) -> tuple[float, float]:
        """Points for, and of, an exercise whose test cases gave these messages (None: it was not reached), as Otter counts."""
        from otter.test_files.abstract_test import TestCaseResult  # here: importing Otter takes seconds
        from otter.test_files.exception_test import ExceptionTestFile

        test = ExceptionTestFile.from_string(self.tests[exercise])
        said = cases if cases is not None else [["not reached"]] * len(test.test_cases)
        pairs = zip(test.test_cases, said, strict=True)
        test.test_case_results = [TestCaseResult(case, message="", passed=not messages) for case, messages in pairs]
        return test.score, test.possible


def main(many: str = "", *imports: str) -> None:
    """Do the job, and end this process whatever threads a notebook has left behind; `many` jobs, each in a fork."""
    if many:
        _wait_for_job(imports)
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


def readable() -> list[Path]:
    """The folders of Python and the course that a submission may read, links resolved."""
    course = [REPOSITORY / name for name in ("course_utils", "course_tools", "data", "results")]
    return [path.resolve() for path in [Path(sys.base_prefix), Path(sys.prefix), *course] if path.exists()]


def _wait_for_job(imports: Iterable[str]) -> None:
    """Execute `imports`, then return in a fork for each job that the host sends, with the job's files as standard streams.

    The host sends a byte with the files through the socket that is standard input, until it closes the socket. It receives
    READY, and later the exit status of each fork.
    """
    host = socket.socket(fileno=os.dup(0))
    os.dup2(1, 2)  # what TensorFlow says of the machine is of no submission
    _import(imports)
    gc.freeze()  # else collecting garbage would write to memory that forks share
    if (nested := _fork()) is None:  # is it possible?
        os._exit(0)
    host.send(b"%d" % READY)
    while host.recv(1, socket.MSG_PEEK):  # without the files: these are for the fork alone
        if nested == 0 and (status := _fork()) is not None:
            host.send(b"%d" % status)
            continue
        for stream, file in enumerate(socket.recv_fds(host, 1, 3)[1]):
            os.dup2(file, stream)
            os.close(file)
        host.close()
        return
    os._exit(0)


def _import(lines: Iterable[str]) -> None:
    for line in lines:
        with suppress(Exception):  # the code that needs it says why
            exec(line, {})


def _fork() -> int | None:
    """Fork into namespaces of its own, with a new /tmp: None there, and here the exit status, when the fork has ended."""
    if child := os.fork():
        return _status(child)
    try:
        _system("unshare", NAMESPACES)
        for _ in range(2):  # first the one with which all others end: it would not be killed by a signal of its own
            if child := os.fork():
                os._exit(_status(child))
        os.setsid()  # signals to its group would reach its parents
        _system("mount", None, b"/", None, PRIVATE, None)
        hidden = {path: os.open(path, os.O_PATH) for path in readable() if path.is_relative_to("/tmp")}
        for folder, size in ((b"/tmp", SCRATCH), (b"/dev/shm", SHARED)):
            _system("mount", b"tmpfs", folder, b"tmpfs", PLAIN, b"mode=1777,size=%d,nr_inodes=%d" % (size, FILES))
        for path, before in hidden.items():
            path.mkdir(parents=True)
            _system("mount", b"/proc/self/fd/%d" % before, os.fsencode(path), None, BIND, None)
            os.close(before)
        _system("mount", b"proc", b"/proc", b"proc", PLAIN, None)
        os.chdir("/tmp")
    except OSError:
        os._exit(1)
    return None


def _status(child: int) -> int:
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code  # as a shell has it for a signal


def _system(name: str, *args) -> None:
    """A call of the C library. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*args):
        raise OSError(ctypes.get_errno(), name)


def grade(job: dict, report: Callable[[dict], None]) -> None:
    """Run what the exercises need, and their checks, in the working directory; may be called once in a process.

    Reports {"cell"} before a cell is begun, {"exercise", "cases"} with the messages of each test case (none if it passed),
    {"changed"} with what a cell or answer has changed of what checks use, before which they were, and at last {"errors"} with
    what cells raised, by their numbers. A cell or check may compute for job["cell"] seconds.
    """
    # A notebook that calls its own checks, which count for nothing, finds none.
    own = {"cells": [], "metadata": {"course": {"lesson": job["lesson"]}, "otter": {"tests": {}}}}
    Path(f"{job['lesson']}.ipynb").write_text(json.dumps(own), encoding="utf-8")
    tests = tuple((exercise, tuple(exercises.test_functions(source))) for exercise, source in job["tests"].items())
    asked = {name: set().union(*(inspect.signature(test).parameters for test in cases)) for name, cases in tests}
    imported = dict(line for source in job["tests"].values() for line in IMPORT.findall(source))
    _import(imported)
    untouched = Untouched([test for _, cases in tests for test in cases], set(imported.values()), globals())
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.showtraceback = shell.showsyntaxerror = shell.ask_exit = lambda *_, **__: None
    shell.enable_gui = lambda gui=None: None  # %matplotlib asks for it
    errors: dict[int, str] = {}  # as in Jupyter, the rest of a cell that raised is not run
    for what, cell, text in slicing.steps(job["cells"], job["original"], asked):
        report({"cell": cell})
        changed = []
        if what == "check":
            cases = [_messages(test, shell.user_ns, job["cell"]) for test in dict(tests)[text]]
            if changed := untouched.restore():  # the answer did that while it was checked
                cases = [["it changes what its check uses"]] * len(cases)
            report({"exercise": text, "cases": cases})
        elif cell not in errors:
            try:
                with _limited(job["cell"]):
                    result = shell.run_cell(text, silent=True)
                error = result.error_before_exec or result.error_in_exec
            except TooLong as late:  # just when the cell had ended
                error = late
            changed = untouched.restore()
            if error is not None:
                errors[cell] = _said(error)
        if changed:
            report({"changed": changed[:3]})
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

    if os.name == "nt":
        yield
        return
    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
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
    if sys.platform == "linux":
        _system("capset", (ctypes.c_uint * 2)(0x20080522, 0), (ctypes.c_uint * 6)())  # version 3; none of them
    for name, value in {"DATA": memory, "NPROC": PROCESSES, "FSIZE": FILE, "CORE": 0}.items():
        with suppress(ValueError):  # a stricter limit, or one that macOS does not have
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Runs code that nobody has read in a process of its own, so that it cannot read other students' work or change files.

On Linux, bubblewrap (`bwrap`, a small package of every distribution) gives it a read-only file system with nothing but Python
and the course, a small /tmp in memory, no network, and processes that see only each other and end together. Elsewhere only
time and memory are limited, and `problem` says so. Otter's own containers would need Docker, and minutes for each class.
A sandbox grades many submissions, as importing Keras takes longer than grading; `worker` says how they are kept apart.
"""

import json
import os
import secrets
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired
from typing import NamedTuple

import psutil

from course_tools.grading.worker import READY, SCRATCH, SHARED, readable
from course_tools.kernels import kernel_environment
from course_tools.lessons.execute import KERNEL_ENVIRONMENT
from course_utils.paths import REPOSITORY

USERS = range(62_000, 65_000)  # when root grades, the processes in each place have a user id of their own
RESULT = 2**20  # bytes that are read of what comes back
APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")  # of Ubuntu, since 23.10
IN_DOCKER = "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --cap-add SYS_ADMIN"
FULL = 97  # percent of the machine's memory that may be in use

PROBE = """
import os, resource, socket

@test_case()
def test_closed(folders):
    found = {
        "the network can be reached": [name for _, name in socket.if_nameindex() if name != "lo"],
        "processes of the machine can be seen": sum(map(str.isdigit, os.listdir("/proc"))) >= 5,
        "it runs as root": os.getuid() == 0,
        "processes are not limited": resource.getrlimit(resource.RLIMIT_NPROC)[1] > 100,
    }
    for folder in folders:
        found[f"the solutions can be read in {folder}"] = os.path.exists(f"{folder}/notebooks")
        found[f"files can be written in {folder}"] = os.access(folder, os.W_OK)
    assert not any(found.values()), "; ".join(hole for hole in found if found[hole])
"""


class Limits(NamedTuple):
    """Seconds of computing or waiting, bytes of memory, and seconds of computing in one cell or check, for one submission."""

    seconds: float = 180
    memory: int = 3 * 10**9
    cell: float = 30


class Outcome(NamedTuple):
    """What came back: lines with the right nonce, why it was stopped (or ""), exit status, what it said on standard error."""

    lines: list[dict]
    stopped: str
    status: int
    said: str
    seconds: float


class Sandbox:
    """A place for submissions, one after the other, `inside` a sandbox or without one. No two in use may have one number.

    Inside, one process executes `imports` and lends a fork of itself to each submission. It ends, and the next submission gets
    a new one, when a submission had to be stopped. Without a sandbox, each submission has a process that is started for it.
    """

    def __init__(self, place: int = 0, inside: bool = True, imports: Iterable[str] = ()):
        self._inside, self._imports, self._process = inside, list(imports), None
        self._user = USERS[(31 * os.getpid() + place) % len(USERS)] if inside and os.getuid() == 0 else None

    def run(self, job: dict, limits: Limits, cancelled: Callable[[], bool] = lambda: False) -> Outcome:
        """Run `course_tools.grading.worker` on `job`, and end all that it started. Ends early when `cancelled()`."""
        nonce, status, stopped, begun = secrets.token_hex(16), READY, "", time.monotonic()
        own = {"nonce": nonce, "memory": limits.memory, "cell": limits.cell, "user": self._user}
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as result, tempfile.TemporaryFile() as said:
            given.write(json.dumps(job | own).encode())
            given.seek(0)
            try:
                if self._process is None:
                    self._start(given, result, said)
                    while self._inside and (status := self._ended()) is None and not cancelled():
                        continue  # while it imports the modules, which is not the submission's time
                if status == READY:
                    begun, used = time.monotonic(), _Used(self._process, limits)
                    if self._inside:
                        socket.send_fds(self._host, [b"."], [file.fileno() for file in (given, result, said)])
                    while (status := self._ended()) is None and not stopped:
                        stopped = "cancelled" if cancelled() else used.exceeded()
            finally:
                if status in (None, READY) or not self._inside or self._process.poll() is not None:
                    self.close()
            result.seek(0)
            said.seek(0)
            lines = _lines(result.read(RESULT).decode("utf-8", "replace"), nonce)
            message = said.read(10_000).decode("utf-8", "replace")
        return Outcome(lines, stopped, status or 0, message, time.monotonic() - begun)

    def close(self) -> None:
        """End all that runs in this place. A later `run` starts it again."""
        if self._process is not None:
            started = _family(self._process)[1:]
            self._process.kill()  # with it the system ends all that is in the sandbox
            with suppress(OSError, AttributeError):  # AttributeError: Windows
                os.killpg(self._process.pid, signal.SIGKILL)  # what its parent has left behind
            _each(started, psutil.Process.kill)
            self._process.wait()
            psutil.wait_procs(started, timeout=10)
            self._folder.cleanup()
            self._host.close()
        self._process = None

    def _start(self, given, result, said) -> None:
        python, prefix = Path(sys.executable), Path(sys.prefix)
        # Links to folders lead nowhere in the sandbox; the Python of a venv is a link itself.
        python = prefix.resolve() / python.relative_to(prefix) if python.is_relative_to(prefix) else python.resolve()
        self._host, other = socket.socketpair()
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        home, options = self._folder.name, "-B -P -W ignore::DeprecationWarning"  # TensorFlow's threads, and forks
        command = [str(python), *options.split(), "-m", "course_tools.grading.worker"]
        if self._inside:
            home, given, result = "/tmp", other, DEVNULL
            command = [*_bwrap(self._user is not None), *command, "many", *self._imports]
        streams = {"stdin": given, "stdout": result, "stderr": said}
        self._process = Popen(command, **streams, cwd=home, env=environment(home), start_new_session=True)
        other.close()

    def _ended(self) -> int | None:
        """The exit status of the submission, or READY before it, within a tenth of a second; None if there is none yet."""
        with suppress(TimeoutExpired):
            if not self._inside:
                return self._process.wait(0.1)
            if select.select([self._host], [], [], 0.1)[0]:
                return int(self._host.recv(10) or self._process.wait(10))


def environment(home: str) -> dict[str, str]:
    """All variables of a process that grades: none of this process's own, the sample data, one thread for each library."""
    own = {"PYTHONPATH": str(REPOSITORY), "LANG": "C.UTF-8", "MPLBACKEND": "agg", "COURSE_DATA": "sample"}
    own["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")  # Windows does not start Python without
    own["PIP_RETRIES"] = "0"  # there is no network to wait for
    own |= dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
    return kernel_environment() | KERNEL_ENVIRONMENT | own | dict.fromkeys(("HOME", "TMPDIR", "TEMP"), home)


def problem(limits: Limits) -> str | None:
    """Why submissions cannot be run in the sandbox here, and what to do; None if they can. It is tried out."""
    if sys.platform != "linux":
        return f"there is none for {sys.platform}. Grade in a Linux container or virtual machine."
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed. Install it: apt install bubblewrap (or dnf, pacman, zypper)."
    places = ["/", "/usr", "/var/tmp", str(Path.home()), str(REPOSITORY), str(REPOSITORY / "course_utils")]
    job = {"lesson": "probe", "cells": [f"folders = {places!r}"], "original": [], "tests": {"probe": PROBE}}
    with closing(Sandbox()) as sandbox:
        outcome = sandbox.run(job, limits)
    if checked := [line["cases"][0] for line in outcome.lines if "exercise" in line]:
        return f"it does not hold: {'; '.join(checked[0])}." if checked[0] else None
    if "Unknown option" in outcome.said:
        return "bubblewrap is too old: 0.7 or newer is needed."
    advice = f"Are Python and {REPOSITORY} readable for all users? If not: chmod -R a+rX."
    if "bwrap:" in outcome.said:
        advice = f"In Docker, start the container with {IN_DOCKER}; else let your user make user namespaces."
        if APPARMOR.exists() and APPARMOR.read_text().strip() != "0":
            advice += f"\nOn Ubuntu, until the next start: sudo sysctl -w kernel.{APPARMOR.name}=0"
    said = (outcome.said.strip() or outcome.stopped or "no reason given").splitlines()[-1]
    return f"bubblewrap does not work here: {said}\n{advice}"


def _bwrap(as_root: bool) -> list[str]:
    options = "--die-with-parent --new-session --unshare-pid --unshare-net --unshare-ipc --unshare-uts --cap-drop ALL"
    # The capabilities are for namespaces of each submission and, for root, for its user; worker.py gives them up there.
    options += " --cap-add CAP_SYS_ADMIN"
    options += " --cap-add CAP_SETUID --cap-add CAP_SETGID" if as_root else " --unshare-user"
    options += f" --proc /proc --dev /dev --size {SHARED} --perms 1777 --tmpfs /dev/shm --remount-ro /dev"
    options += f" --size {SCRATCH} --perms 1777 --tmpfs /tmp"
    command = ["bwrap", *options.split()]
    for path in "/usr /bin /sbin /lib /lib32 /lib64 /etc/ld.so.cache /etc/localtime /nix/store /gnu/store".split():
        command += ["--ro-bind-try", path, path]
    for path in readable():
        for folder in reversed(path.parents):  # else bubblewrap makes them for root only
            command += ["--dir", str(folder)]
        command += ["--ro-bind", str(path), str(path)]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp"]


def _family(process: Popen) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return []


def _each(family: list[psutil.Process], ask: Callable) -> dict:
    """What `ask` says of each process, without those that have ended meanwhile and what the system does not tell."""
    found = {}
    for member in family:
        with suppress(psutil.Error, OSError, AttributeError):  # AttributeError: Windows, macOS
            found[member] = ask(member)
    return found


class _Used:
    """What a submission uses: `process` and all below it, beyond what these used when it began.

    What the processes share is memory of one. Time is that of their processors, ended processes included, and all time in which
    none of their threads had anything to compute; waiting for a processor that others use is free. Where it cannot be seen
    what threads do (not Linux), all time counts.
    """

    def __init__(self, process: Popen, limits: Limits):
        self._process, self._limits, self._times, self._seconds = process, limits, {}, 0.0
        self._looked, (_, self._spent, used) = time.monotonic(), self._look()
        self._most = limits.memory + sum(used.values())

    def exceeded(self) -> str:
        """The limit that was passed, or ""."""
        now, limit, (family, spent, used) = time.monotonic(), self._limits, self._look()
        waited = 0 if any(_each(family, _computes).values()) else now - self._looked
        self._seconds += max(waited, *(after - before for after, before in zip(spent, self._spent, strict=True)))
        self._looked, self._spent = now, spent
        if self._seconds > limit.seconds:
            return f"stopped after {limit.seconds:.0f} s of computing or waiting"
        if (
            sum(used.values()) > self._most
        ):  # with what they share counted for each of them; to look closer takes longer
            used |= _each(family, lambda member: member.memory_full_info().pss)
            if sum(used.values()) > self._most:
                return f"stopped: used more than {limit.memory / 1e9:.1f} GB of memory"
        if psutil.virtual_memory().percent > FULL:
            return "stopped: the machine ran out of memory meanwhile; grade it again alone"
        return ""

    def _look(self) -> tuple[list[psutil.Process], tuple[float, float], dict[psutil.Process, int]]:
        """The living processes; processor seconds of all seen so far, and of the living with ended children; bytes of each."""
        family = _family(self._process)
        times = _each(family, psutil.Process.cpu_times)
        self._times |= {member: spent.user + spent.system for member, spent in times.items()}
        spent = sum(self._times.values()), sum(sum(spent[:4]) for spent in times.values())
        return family, spent, _each(family, lambda member: member.memory_info().rss)


def _computes(process: psutil.Process) -> bool:
    """Whether a thread of a process is running or waits for a processor."""
    stats = Path(f"/proc/{process.pid}/task").glob("*/stat")
    return any(stat.read_text(errors="replace").rpartition(")")[2].split()[0] == "R" for stat in stats)


def _lines(text: str, nonce: str) -> list[dict]:
    found = []
    for line in text.splitlines():
        with suppress(ValueError, RecursionError):
            made = json.loads(line)
            if isinstance(made, dict) and made.pop("nonce", None) == nonce:
                found.append(made)
    return found

"""Runs code that nobody has read in a process of its own, so that it cannot read other students' work or change files.

On Linux, bubblewrap (`bwrap`, a small package of every distribution) gives it a read-only file system with nothing but Python
and the course, a small /tmp in memory, no network, and processes that see only each other and end together. Elsewhere only
time and memory are limited, and `problem` says so. Otter's own containers would need Docker, and minutes for each class.

A sandbox grades many submissions: importing Keras takes longer than grading. `worker` says how they are kept apart.
"""

import json
import os
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from course_tools.grading.worker import READY, SCRATCH, SHARED, readable
from course_tools.kernels import kernel_environment
from course_tools.lessons.execute import KERNEL_ENVIRONMENT
from course_utils.paths import REPOSITORY

USERS = range(62_000, 65_000)  # when root grades, the processes in each place have a user id of their own
FILES = 20_000  # in /tmp
RESULT = 2**20  # bytes that are read of what comes back
APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
RESERVE = 0.03  # fraction of the machine's memory that must stay free

PROBE = """
import os, resource, socket

@test_case()
def test_closed(folders):
    found = {
        "the network can be reached": [name for _, name in socket.if_nameindex() if name != "lo"],
        "processes of the machine can be seen": len([name for name in os.listdir("/proc") if name.isdigit()]) >= 5,
        "it runs as root": os.getuid() == 0,
        "processes are not limited": resource.getrlimit(resource.RLIMIT_NPROC)[1] > 100,
    }
    for folder in folders:
        found[f"the solutions can be read in {folder}"] = os.path.exists(os.path.join(folder, "notebooks"))
        try:
            open(os.path.join(folder, ".probe"), "x").close()
            os.unlink(os.path.join(folder, ".probe"))
            found[f"files can be written in {folder}"] = True
        except OSError:
            pass
    holes = [hole for hole, there in found.items() if there]
    assert not holes, "; ".join(holes)
"""


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds of computing or waiting, bytes of memory and files, and seconds of computing in one
    cell or check. What the machine does meanwhile does not count."""

    seconds: float = 180
    memory: int = 3 * 10**9
    cell: float = 30


@dataclass(frozen=True)
class Outcome:
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
        """Run `course_tools.grading.worker` on `job`, and end all that it started. Ends early when `cancelled()`.

        Never raises for what the job's cells do.
        """
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
        """End what runs in this place. A later `run` starts it again."""
        if self._process is not None:
            _end(self._process)
            self._folder.cleanup()
            self._host.close()
        self._process = None

    def _start(self, given, result, said) -> None:
        python, prefix = Path(sys.executable), Path(sys.prefix)
        self._host, other = socket.socketpair()
        self._folder, command, names = tempfile.TemporaryDirectory(ignore_cleanup_errors=True), [], []
        if self._inside:  # links to folders lead nowhere in the sandbox; the Python of a venv is a link itself
            python = (
                prefix.resolve() / python.relative_to(prefix) if python.is_relative_to(prefix) else python.resolve()
            )
            given, result = other, subprocess.DEVNULL
            command, names = _bwrap(self._user is not None), ["many", *self._imports]
        self._process = subprocess.Popen(
            [*command, str(python), "-B", "-P", "-m", "course_tools.grading.worker", *names],
            stdin=given,
            stdout=result,
            stderr=said,
            cwd="/" if self._inside else self._folder.name,
            env=environment("/tmp" if self._inside else self._folder.name),
            start_new_session=True,
        )
        other.close()

    def _ended(self) -> int | None:
        """The exit status of the submission, or READY before it, within a tenth of a second; None if there is none yet."""
        with suppress(subprocess.TimeoutExpired):
            if not self._inside:
                return self._process.wait(0.1)
            if select.select([self._host], [], [], 0.1)[0]:
                return int(self._host.recv(10) or self._process.wait(10))


def environment(home: str) -> dict[str, str]:
    """All variables of a process that grades: none of this process's own, the sample data, one thread for each library."""
    return {
        **kernel_environment(),
        "PYTHONPATH": str(REPOSITORY),
        "LANG": "C.UTF-8",
        "SYSTEMROOT": os.environ.get("SYSTEMROOT", ""),  # Windows does not start Python without
        **KERNEL_ENVIRONMENT,
        "MPLBACKEND": "agg",
        "COURSE_DATA": "sample",
        "PIP_RETRIES": "0",  # there is no network to wait for
        **dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"),
        **dict.fromkeys(("HOME", "TMPDIR", "TEMP"), home),
    }


def problem(limits: Limits) -> str | None:
    """Why submissions cannot be run in the sandbox here, and what to do; None if they can. It is tried out."""
    if sys.platform != "linux":
        return f"there is none for {sys.platform}. Grade in a Linux container or virtual machine."
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed. Install it: apt install bubblewrap (or dnf, pacman, zypper)."
    places = ["/", "/usr", "/var/tmp", str(Path.home()), str(REPOSITORY), str(REPOSITORY / "course_utils")]
    job = {"lesson": "probe", "cells": [f"folders = {places!r}"], "original": [], "tests": {"probe": PROBE}}
    sandbox = Sandbox()
    outcome = sandbox.run(job, limits)
    sandbox.close()
    for line in outcome.lines:
        if "exercise" in line:
            holes = "; ".join(line["cases"][0])
            return f"it does not hold: {holes}." if holes else None
    if "Unknown option" in outcome.said:
        return "bubblewrap is too old: 0.7 or newer is needed."
    advice = "In Docker, start the container with --security-opt seccomp=unconfined --security-opt apparmor=unconfined"
    advice += " --cap-add SYS_ADMIN; else let your user make user namespaces."
    with suppress(OSError):  # Ubuntu's own switch, since 23.10
        if APPARMOR.read_text().strip() != "0":
            advice += f"\nOn Ubuntu, until the next start: sudo sysctl -w kernel.{APPARMOR.name}=0"
    if "bwrap:" not in outcome.said:
        advice = f"Are Python and {REPOSITORY} readable for all users? If not: chmod -R a+rX."
    said = outcome.said.strip().splitlines()
    return f"bubblewrap does not work here: {(said or [outcome.stopped or 'no reason given'])[-1]}\n{advice}"


def _bwrap(as_root: bool) -> list[str]:
    options = "--die-with-parent --new-session --unshare-pid --unshare-net --unshare-ipc --unshare-uts --cap-drop ALL"
    # The capabilities are for namespaces of each submission and, for root, for its user; worker.py gives them up there.
    options += " --cap-add CAP_SYS_ADMIN"
    options += " --cap-add CAP_SETUID --cap-add CAP_SETGID" if as_root else " --unshare-user"
    options += f" --proc /proc --dev /dev --size {SHARED} --perms 1777 --tmpfs /dev/shm --remount-ro /dev"
    options += f" --size {SCRATCH} --perms 1777 --tmpfs /tmp"
    command = ["bwrap", *options.split()]
    for path in map(Path, ("/bin", "/sbin", "/lib", "/lib32", "/lib64")):  # on most systems links into /usr
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            command += ["--ro-bind", str(path), str(path)]
    for path in ("/usr", "/etc/ld.so.cache", "/etc/localtime", "/nix/store", "/gnu/store"):
        command += ["--ro-bind-try", path, path]
    for path in readable():
        if Path("/usr") not in path.parents:
            parents = [folder for folder in reversed(path.parents) if str(folder) not in ("/", "/tmp", "/usr")]
            for folder in parents:  # else bubblewrap makes them for root only; a second time does no harm
                command += ["--dir", str(folder)]
            command += ["--ro-bind", str(path), str(path)]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp"]


def _family(process: subprocess.Popen) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return []


class _Used:
    """What a submission uses: `process` and all below it, beyond what these used when it began.

    What the processes share is memory of one. Time is that of their processors, ended processes included, and all time in which
    none of their threads had anything to compute; waiting for a processor that others use is free. Where it cannot be seen
    what threads do (not Linux), all time counts.
    """

    def __init__(self, process: subprocess.Popen, limits: Limits):
        self._process, self._limits, self._times, self._seconds = process, limits, {}, 0.0
        family = _family(process)
        self._looked, self._spent, self._memory = (
            time.monotonic(),
            self._processor_times(family),
            _memory(family, "rss"),
        )

    def exceeded(self) -> str:
        """The limit that was passed, or ""."""
        family, now, limit = _family(self._process), time.monotonic(), self._limits
        spent = self._processor_times(family)
        waited = 0 if any(map(_computes, family)) else now - self._looked
        self._seconds += max(waited, *(after - before for after, before in zip(spent, self._spent, strict=True)))
        self._looked, self._spent = now, spent
        if self._seconds > limit.seconds:
            return f"stopped after {limit.seconds:.0f} s of computing or waiting"
        size, files = _scratch(family)
        used = size - self._memory + _memory(family, "rss")
        if used > limit.memory and size - self._memory + _memory(family, "pss") > limit.memory:  # pss takes longer
            return f"stopped: used more than {limit.memory / 1e9:.1f} GB of memory"
        if files > FILES:
            return f"stopped: wrote more than {FILES:,} files"
        memory = psutil.virtual_memory()
        if memory.available < RESERVE * memory.total:
            return "stopped: the machine ran out of memory meanwhile; grade it again alone"
        return ""

    def _processor_times(self, family: list[psutil.Process]) -> tuple[float, float]:
        """Processor seconds of all processes seen so far; and of those that live, with the children that they waited for."""
        alive = 0.0
        for member in family:
            with suppress(psutil.Error):
                times = member.cpu_times()
                self._times[member] = times.user + times.system
                alive += sum(times[:4])
        return sum(self._times.values()), alive


def _computes(process: psutil.Process) -> bool:
    """Whether a thread of a process is running or waits for a processor."""
    with suppress(OSError):
        for thread in Path(f"/proc/{process.pid}/task").iterdir():
            if (thread / "stat").read_text(errors="replace").rpartition(")")[2].split()[0] == "R":
                return True
    return False


def _memory(family: list[psutil.Process], kind: str) -> int:
    """Bytes of memory, shared memory counted for each process ("rss") or once ("pss", where the system tells it)."""
    used = 0
    for member in family:
        with suppress(psutil.Error):
            found = member.memory_info()
            with suppress(psutil.AccessDenied):
                found = member.memory_full_info() if kind == "pss" else found
            used += getattr(found, kind, found.rss)
    return used


def _scratch(family: list[psutil.Process]) -> tuple[int, int]:
    """Bytes of the files in /tmp in the sandbox, and how many these are."""
    found = [(0, 0)]
    for member in family:
        with suppress(OSError, AttributeError):  # it has ended; Windows
            tmp = os.statvfs(f"/proc/{member.pid}/root/tmp")
            if tmp.f_blocks * tmp.f_frsize == SCRATCH:
                found.append(((tmp.f_blocks - tmp.f_bfree) * tmp.f_frsize, tmp.f_files - tmp.f_ffree))
    return max(found)


def _end(process: subprocess.Popen) -> None:
    """End a process with all that it started; in the sandbox the system does that."""
    started = _family(process)[1:]
    process.kill()
    with suppress(OSError, AttributeError):  # AttributeError: Windows
        os.killpg(process.pid, signal.SIGKILL)  # what its parent has left behind
    for child in started:
        with suppress(psutil.Error):
            child.kill()
    process.wait()
    psutil.wait_procs(started, timeout=10)


def _lines(text: str, nonce: str) -> list[dict]:
    found = []
    for line in text.splitlines():
        with suppress(ValueError, RecursionError):
            made = json.loads(line)
            if isinstance(made, dict) and made.pop("nonce", None) == nonce:
                found.append(made)
    return found

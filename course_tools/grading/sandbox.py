"""Runs code that nobody has read in a process of its own, so that it cannot read other students' work or change files.

On Linux, bubblewrap (`bwrap`, a small package of every distribution) gives it a read-only file system with nothing but Python
and the course, a small /tmp in memory, no network, and processes that see only each other and end together. Elsewhere only
time and memory are limited, and `problem` says so. Otter's own containers would need Docker, and minutes for each class.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from course_tools.kernels import kernel_environment
from course_tools.lessons.execute import KERNEL_ENVIRONMENT
from course_utils.paths import REPOSITORY

USERS = range(62_000, 65_000)  # when root grades, the processes in each place have a user id of their own
SCRATCH, SHARED, FILES = 256 * 2**20, 16 * 2**20, 20_000  # bytes of /tmp, of /dev/shm; files in /tmp
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
    """What one submission may use: seconds, bytes of memory and files, and seconds of computing in one cell or check."""

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


def run(
    job: dict, limits: Limits, place: int = 0, inside: bool = True, cancelled: Callable[[], bool] = lambda: False
) -> Outcome:
    """Run `course_tools.grading.worker` on `job`, `inside` the sandbox or without it, and end all that it started.

    No two may run in one `place` at a time. Ends early when `cancelled()`. Never raises for what the job's cells do.
    """
    nonce = secrets.token_hex(16)
    user = USERS[(31 * os.getpid() + place) % len(USERS)] if inside and os.getuid() == 0 else None
    python, prefix = Path(sys.executable), Path(sys.prefix)
    if inside:  # links to folders lead nowhere in the sandbox; the Python of a venv is a link itself
        python = prefix.resolve() / python.relative_to(prefix) if python.is_relative_to(prefix) else python.resolve()
    command = [
        *(_bwrap(user is not None) if inside else ()),
        str(python),
        "-B",
        "-P",
        "-m",
        "course_tools.grading.worker",
    ]
    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as result,
        tempfile.TemporaryFile() as said,
    ):
        own = {"nonce": nonce, "memory": limits.memory, "cell": limits.cell, "user": user}
        given.write(json.dumps(job | own).encode())
        given.seek(0)
        process = subprocess.Popen(
            command,
            stdin=given,
            stdout=result,
            stderr=said,
            cwd="/" if inside else folder,
            env=environment("/tmp" if inside else folder),
            start_new_session=True,
        )
        try:
            stopped = _watch(process, limits, begun, cancelled)
        finally:
            _end(process)
        result.seek(0)
        said.seek(0)
        lines = _lines(result.read(RESULT).decode("utf-8", "replace"), nonce)
        message = said.read(10_000).decode("utf-8", "replace")
    return Outcome(lines, stopped, process.returncode, message, time.monotonic() - begun)


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
    outcome = run(job, limits)
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
    # Root's capabilities are for changing the user; worker.py gives them up, too.
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
    course = [REPOSITORY / name for name in ("course_utils", "course_tools", "data", "results")]
    for path in (path.resolve() for path in [Path(sys.base_prefix), Path(sys.prefix), *course]):
        if path.exists() and Path("/usr") not in path.parents:
            parents = [folder for folder in reversed(path.parents) if str(folder) not in ("/", "/tmp", "/usr")]
            for folder in parents:  # else bubblewrap makes them for root only; a second time does no harm
                command += ["--dir", str(folder)]
            command += ["--ro-bind", str(path), str(path)]
    return [*command, "--remount-ro", "/", "--chdir", "/tmp"]


def _watch(process: subprocess.Popen, limits: Limits, begun: float, cancelled: Callable[[], bool]) -> str:
    """Wait for the end, or for a limit to be passed: which one, or ""."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            return ""
        if cancelled():
            return "cancelled"
        if time.monotonic() - begun > limits.seconds:
            return f"stopped after {limits.seconds:.0f} s"
        used, files = _used(process)
        if used > limits.memory:
            return f"stopped: used more than {limits.memory / 1e9:.1f} GB of memory"
        if files > FILES:
            return f"stopped: wrote more than {FILES:,} files"
        memory = psutil.virtual_memory()
        if memory.available < RESERVE * memory.total:
            return "stopped: the machine ran out of memory meanwhile; grade it again alone"


def _family(process: subprocess.Popen) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return []


def _used(process: subprocess.Popen) -> tuple[int, int]:
    """Bytes of memory of a process with its children and the files in its /tmp, and how many files these are."""
    used, processes = 0, _family(process)
    for member in processes:
        with suppress(psutil.Error):
            used += member.memory_info().rss
    if len(processes) > 1 and sys.platform == "linux":
        with suppress(OSError):  # it has ended
            scratch = os.statvfs(f"/proc/{processes[1].pid}/root/tmp")
            if scratch.f_blocks * scratch.f_frsize == SCRATCH:
                used += (scratch.f_blocks - scratch.f_bfree) * scratch.f_frsize
                return used, scratch.f_files - scratch.f_ffree
    return used, 0


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

"""Checks whether the lessons can run here, and says in plain words what is wrong and what to do about it.

Needs nothing but the standard library to start with: it is there for when packages are missing.
"""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_tools.__main__ import wrong_python
from course_tools.student import environment, lab
from course_utils import paths

OK, NOTE, PROBLEM = "ok", "note", "problem"  # a problem stops a lesson, a note does not
LESSON_GB = 2  # memory that every lesson stays below on the sample
SPARE_DISK_GB = 1
IMPORT_SECONDS = 180


@dataclass(frozen=True)
class Check:
    """One thing looked at: its `level` (OK, NOTE or PROBLEM), what it is, what was found, and what to do about it."""

    level: str
    what: str
    found: str
    advice: str = ""


def checks() -> list[Check]:
    """All checks, in the order in which problems are best solved. Takes as long as importing TensorFlow."""
    return list(examine())


def examine() -> Iterator[Check]:
    """The checks of `checks()`, each as soon as it is done."""
    yield check_python()
    yield check_environment()
    yield from check_packages()
    yield check_tensorflow()
    yield check_memory()
    yield check_cores()
    yield check_disk()
    yield from check_data()
    yield check_notebooks()


def check_python() -> Check:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()} ({sys.executable})"
    problem = wrong_python(sys.version_info)
    return Check(PROBLEM, "Python", found, problem.strip()) if problem else Check(OK, "Python", found)


def check_environment() -> Check:
    """Which environment this Python belongs to, and whether the course's own one is whole."""
    venv = environment.venv_dir()
    if not in_course_venv():
        return Check(OK, "Environment", f"{sys.prefix} (not the course's own, {venv})")
    if not environment.is_complete(venv):
        advice = "Bring it up to date with:  make lab  (or: python -m course_utils setup)"
        return Check(
            PROBLEM, "Environment", f"{venv}: not set up for the present list of packages, or not to its end", advice
        )
    damaged = [info.name.removesuffix(".dist-info") for info in environment.torn(Path(sysconfig.get_path("purelib")))]
    if damaged:
        advice = f"Delete the folder {venv} and set the course up again:  make lab"
        return Check(PROBLEM, "Environment", f"{venv}: files are missing or changed in {some(damaged)}", advice)
    return Check(OK, "Environment", str(venv))


def in_course_venv() -> bool:
    """Whether the running Python is that of the course's own environment."""
    return Path(sys.prefix).resolve() == environment.venv_dir().resolve()


def check_packages() -> Iterator[Check]:
    """Packages that are missing, that clash with what others need, or that are not the tested versions."""
    advice = install_advice()
    try:
        from packaging.requirements import Requirement
    except ImportError:
        yield Check(PROBLEM, "Packages", "hardly any are installed for this Python", advice)
        return
    missing, clashes = unmet(Requirement)
    if missing:
        yield Check(PROBLEM, "Packages", f"missing: {some(missing)}", advice)
    if clashes:
        yield Check(PROBLEM, "Packages", f"versions that do not go together: {some(clashes)}", advice)
    untested = []
    for line in environment.LOCK_FILE.read_text(encoding="utf-8").splitlines():
        pin = Requirement(line)
        version = version_of(pin.name)
        if version and (pin.marker is None or pin.marker.evaluate()) and version not in pin.specifier:
            untested.append(f"{pin.name} {version} (tested: {str(pin.specifier).removeprefix('==')})")
    if untested:
        found = f"other versions than the course was tested with: {some(untested)}"
        yield Check(NOTE, "Packages", found, "Numbers in the lessons may come out a little different. " + advice)
    elif not missing and not clashes:
        yield Check(OK, "Packages", "all there, in the versions that were tested")


def install_advice() -> str:
    """How to get the right packages, which depends on whose environment this is."""
    venv = environment.venv_dir()
    if in_course_venv():
        return f"Delete the folder {venv} and set the course up again:  make lab  (or: python -m course_utils setup)"
    if "CONDA_PREFIX" in os.environ and Path(sys.prefix) == Path(os.environ["CONDA_PREFIX"]):
        return "Bring this conda environment up to date:  conda env update -f environment.yml"
    if environment.is_complete(venv):
        return f"Use the environment that is already set up:  {environment.venv_python(venv)} -m course_utils doctor"
    return "Set the course up:  make lab  (or: python -m course_utils setup)"


def unmet(requirement) -> tuple[list[str], list[str]]:
    """What is missing and what clashes among the course's dependencies and, in turn, theirs.

    `requirement` is `packaging.requirements.Requirement`.
    """
    project = tomllib.loads((environment.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    todo = [(requirement(text), "the course") for text in project["dependencies"]]
    missing, clashes, done = {}, [], set()
    while todo:
        need, by = todo.pop()
        version = version_of(need.name)
        if version is None:
            missing.setdefault(need.name, f"{need.name} (needed by {by})")
            continue
        if not need.specifier.contains(version, prereleases=True):
            clashes.append(f"{need.name} {version}, but {by} needs {need.name}{need.specifier}")
        if (need.name, frozenset(need.extras)) in done:
            continue
        done.add((need.name, frozenset(need.extras)))
        for text in importlib.metadata.requires(need.name) or ():
            then = requirement(text)
            if then.marker is None or any(then.marker.evaluate({"extra": extra}) for extra in need.extras | {""}):
                todo.append((then, need.name))
    return sorted(missing.values()), sorted(clashes)


def version_of(name: str) -> str | None:
    """Version of an installed package, None if there is none (or only its ruins)."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def some(things: list[str], most: int = 5) -> str:
    rest = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(things[:most]) + rest


def check_tensorflow() -> Check:
    """Imports TensorFlow in a process of its own, as a broken one may take the whole process with it."""
    code = "import tensorflow as tf; print('TensorFlow', tf.__version__ + ', Keras', tf.keras.__version__)"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=IMPORT_SECONDS,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
    except subprocess.TimeoutExpired:
        found = f"not imported within {IMPORT_SECONDS} s"
        return Check(
            PROBLEM, "TensorFlow", found, "Close other programs, and see that the disk is not on a slow network."
        )
    if done.returncode == 0:
        return Check(OK, "TensorFlow", done.stdout.strip())
    return Check(PROBLEM, "TensorFlow", *explain_import(done.returncode, done.stderr))


def explain_import(status: int, message: str) -> tuple[str, str]:
    """What was found and what to do, from the exit status and the error output of a failed import of TensorFlow."""
    last = (message.strip().splitlines() or [f"the process ended with status {status}"])[-1]
    if status in (-4, 132, 0xC000001D):  # SIGILL, as the system, a shell and Windows tell it
        return (
            "the processor does not know an instruction that TensorFlow uses (AVX)",
            "Use a newer computer or, in a virtual machine, let it use the processor's AVX instructions.",
        )
    if status in (-9, 137):
        return (
            "the import was killed, as the system does when memory runs out",
            "Close other programs, or give it more memory.",
        )
    if "No module named 'tensorflow'" in last:
        return "not installed for this Python", install_advice()
    if "DLL load failed" in message:
        return (
            "Windows misses a library that TensorFlow needs",
            "Install Microsoft's Visual C++ Redistributable (x64) and start the computer again.",
        )
    return f"does not import: {last}", install_advice()


def check_memory() -> Check:
    try:
        import psutil
    except ImportError:
        return Check(NOTE, "Memory", "not known before the packages are installed", install_advice())
    memory = psutil.virtual_memory()
    total, free = memory.total / 1e9, memory.available / 1e9
    limit = container_limit()
    if limit is not None:
        total, free = min(total, limit / 1e9), min(free, limit / 1e9)
    found = f"{total:.1f} GB, {free:.1f} GB of them free"
    if total < LESSON_GB:
        return Check(PROBLEM, "Memory", found, f"Lessons use up to {LESSON_GB} GB. Use a larger computer or container.")
    if free < LESSON_GB:
        return Check(
            NOTE, "Memory", found, f"Lessons use up to {LESSON_GB} GB: close other programs and other notebooks."
        )
    return Check(OK, "Memory", found)


def container_limit() -> int | None:
    """Bytes of memory that a container allows its processes on Linux, None if there is no limit."""
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return int(Path(path).read_text())
        except (OSError, ValueError):  # no such file, or "max"
            pass
    return None


def check_cores() -> Check:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2:
        return Check(
            NOTE, "Cores", "1", "The running times in the lessons are for 2 cores: expect up to twice as long."
        )
    return Check(OK, "Cores", str(cores))


def check_disk() -> Check:
    data = paths.data_dir()
    folder = next((path for path in (data, *data.parents) if path.exists()), environment.REPOSITORY)
    places = {str(environment.REPOSITORY): "the course", str(folder): "real data"}
    free = {place: shutil.disk_usage(place).free / 1e9 for place in places}
    found = ", ".join(f"{gigabytes:.1f} GB free for {places[place]}" for place, gigabytes in free.items())
    if min(free.values()) < SPARE_DISK_GB:
        return Check(NOTE, "Disk", found, "Free some space: results and data that are written may not fit.")
    return Check(OK, "Disk", found)


def check_data() -> Iterator[Check]:
    """Where real data is looked for, and which lessons get it."""
    try:
        asked = paths.mode()
    except ValueError as error:
        yield Check(PROBLEM, "Data", str(error), "Set it to one of these, or unset it.")
        return
    folder = paths.data_dir()
    found = f"looked for in {folder} (COURSE_DATA={asked})"
    if os.environ.get("COURSE_DATA_DIR", "").strip() and not folder.is_dir():
        yield Check(NOTE, "Data", f"{found}: no such folder", "See whether COURSE_DATA_DIR is spelled right.")
    else:
        yield Check(OK, "Data", found)
    try:
        known = datasets()
    except ImportError as error:
        yield Check(NOTE, "Data", f"not known before the packages are installed ({error})", install_advice())
        return
    for name, dataset in known.items():
        get = f"Get it with:  make data DATASETS={name}"
        if asked == "sample":
            yield Check(OK, name, "the embedded sample, as COURSE_DATA asks for")
        elif dataset.is_ready(folder):
            yield Check(OK, name, "the real data")
        elif asked == "real":
            yield Check(
                PROBLEM, name, "the real data is asked for (COURSE_DATA) and not there", f"{get}  or unset COURSE_DATA."
            )
        elif (folder / name).exists():
            yield Check(NOTE, name, "the embedded sample, as the real data is there but not whole", get)
        else:
            yield Check(OK, name, f"the embedded sample, as the real data is not there. {get}")


def datasets() -> dict:
    """The datasets that have a real form, by name."""
    from course_tools.data import prepare

    return prepare.DATASETS


def check_notebooks() -> Check:
    if lab.writable(lab.NOTEBOOKS):
        return Check(OK, "Notebooks", f"{lab.NOTEBOOKS}, can be saved")
    advice = "Lessons run, but are not saved. Copy the folder to one of your own to keep your work."
    return Check(NOTE, "Notebooks", f"{lab.NOTEBOOKS} cannot be written", advice)


def main(argv: list[str]) -> int:
    """The command `doctor`. Returns 1 if something would stop a lesson."""
    if argv:
        print("usage: python -m course_utils doctor", file=sys.stderr)
        return 2
    counts = {OK: 0, NOTE: 0, PROBLEM: 0}
    for check in examine():
        counts[check.level] += 1
        print(f"{check.level:8}{check.what}: {check.found}", flush=True)
        for line in check.advice.splitlines():
            print(f"        → {line}", flush=True)
    if counts[PROBLEM]:
        print(f"\nTo be solved before the lessons run: {counts[PROBLEM]}. What to do stands after each arrow.")
        return 1
    print("\nThe lessons can run here." + (" The notes are worth reading." if counts[NOTE] else ""))
    return 0

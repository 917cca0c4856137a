"""Checks whether the lessons can run here, and says what to do. It needs no packages, as these may be missing."""

import contextlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from course_tools import kernels
from course_tools.__main__ import parser, wrong_python
from course_tools.student import advice, environment
from course_utils import paths
from course_utils.datasets import catalogue

OK, NOTE, PROBLEM = "ok", "note", "problem"  # a problem stops a lesson, a note does not
LESSON_GB, SPARE_DISK_GB = 2, 1  # memory that every lesson stays below on the sample; disk for what lessons save
NAME, SET_UP = "embeddings-rnn-course", "make lab  (or: python -m course_utils setup)"
TRY = """if True:
    import tensorflow as tf, keras
    print("TensorFlow", tf.__version__ + ", Keras", keras.__version__ + ",", end=" ")
    with tf.GradientTape() as tape:
        layer = keras.layers.LSTM(2)
        loss = tf.reduce_sum(layer(tf.ones((1, 3, 2))))
    tape.gradient(loss, layer.trainable_variables)
    print("on a graphics card" if tf.config.list_physical_devices("GPU") else "without a graphics card")"""


class Check(NamedTuple):
    """One thing that was examined: its `level` (OK, NOTE or PROBLEM), what it is, what was found, and what to do about it."""

    level: str
    what: str
    found: str
    advice: str = ""


def judge(what: str, found: str, problem: str = "", note: str = "") -> Check:
    return Check(PROBLEM if problem else NOTE if note else OK, what, found, problem or note)


def examine() -> Iterator[Check]:
    """All checks, in the order in which problems are best solved, each as soon as it is done. Imports TensorFlow."""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()} ({sys.executable})"
    yield judge("Python", found, problem=(wrong_python(sys.version_info) or "").strip())
    yield check_environment()
    yield from check_settings()
    yield check_packages()
    yield check_tensorflow()
    yield from check_machine()
    yield from check_data()
    yield check_notebooks()


def check_environment() -> Check:
    """Which environment this Python belongs to, and whether the course's own one is complete."""
    venv = environment.venv_dir()
    if not in_course_venv():
        return judge("Environment", f"{sys.prefix} (the course's own one would be {venv})")
    whole = environment.is_complete(venv) or (environment.installed(venv) and not kernels.writable(venv))
    update = f"Some packages are missing or not in the locked versions. Update the environment with:  {SET_UP}"
    return judge("Environment", str(venv), problem="" if whole else update)


def in_course_venv() -> bool:
    """Whether the running Python is that of the course's own environment."""
    return Path(sys.prefix).resolve() == environment.venv_dir().resolve()


def check_settings() -> Iterator[Check]:
    """Variables, files and folders of the user that change how lessons run."""
    elsewhere = "Lessons opened with  make lab  ignore this. If you open notebooks in another way,"
    for name, fits in (("KERAS_BACKEND", ("", "tensorflow")), ("TF_USE_LEGACY_KERAS", ("", "0", "false", "False"))):
        if (value := os.environ.get(name, "")) not in fits:
            yield Check(NOTE, "Keras", f"the variable {name} is {value}", f"{elsewhere} unset it.")
    if changed := kernels.changed_keras_settings():
        yield Check(NOTE, "Keras", f"{kernels.keras_file()} sets {changed}", f"{elsewhere} rename the file.")
    if foreign := foreign_path():
        how = "Packages in these folders are used instead of the course's. If anything fails, unset PYTHONPATH."
        yield Check(NOTE, "PYTHONPATH", foreign, how)
    home = Path(os.path.expanduser("~"))
    if not kernels.writable(home):
        how = "Settings and caches go to a temporary folder, which is deleted when JupyterLab ends."
        yield Check(NOTE, "Home", f"the folder {home} cannot be written", how)


def foreign_path() -> str:
    """What PYTHONPATH has besides the course itself."""
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return os.pathsep.join(path for path in entries if path not in ("", str(paths.REPOSITORY)))


def check_packages() -> Check:
    """Packages that are missing, that do not fit each other, or that are not the tested versions."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        return judge("Packages", "the course's packages are not installed for this Python", problem=install_advice())
    if paths.INSTALLED:
        needs, pins = [text for text in importlib.metadata.requires(NAME) if "extra ==" not in text], []
    else:
        project = tomllib.loads((paths.REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        needs, pins = project["dependencies"], environment.lock_lines()
    wrong = unmet(map(Requirement, needs))
    if in_course_venv():  # elsewhere there may be packages that have nothing to do with the course
        done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
        wrong += done.stdout.splitlines() if done.returncode else []
    if wrong:
        return judge("Packages", f"{len(wrong)} missing or wrong: {', '.join(wrong[:5])}", problem=install_advice())
    if untested := unmet(map(Requirement, pins)):
        how = f"Results may differ a little from those in the lessons. {install_advice()}"
        return judge("Packages", f"{len(untested)} not in the tested versions: {', '.join(untested[:5])}", note=how)
    return judge("Packages", "all installed")


def unmet(needs) -> list[str]:
    """The requirements, of packaging's class, for this computer that no installed package meets."""
    found = []
    for need in needs:
        if need.marker is None or need.marker.evaluate():
            versions = [package.version for package in importlib.metadata.distributions(name=need.name)][:1]
            if not any(need.specifier.contains(version, prereleases=True) for version in versions):
                found.append(f"{need.name}{need.specifier} ({' '.join(versions) or 'none'} is installed)")
    return found


def install_advice() -> str:
    """How to get the right packages, which depends on whose environment this is."""
    venv = environment.venv_dir()
    if foreign_path():
        return "Unset PYTHONPATH, and try again."
    if in_course_venv():
        return f"Delete the folder {venv} and set the course up again:  {SET_UP}"
    if os.environ.get("CONDA_PREFIX") == sys.prefix:
        return "Bring this conda environment up to date:  conda env update -f environment.yml"
    if paths.INSTALLED:
        return f"Install the course again:  {sys.executable} -m pip install --upgrade embeddings-rnn-course"
    if environment.is_complete(venv):
        return f"Use the environment that is already set up:  {environment.venv_python(venv)} -m course_utils doctor"
    return f"Set the course up:  {SET_UP}"


def check_tensorflow(seconds: float = 180) -> Check:
    """Trains an LSTM for one step in a process of its own, as a broken TensorFlow may end the whole process."""
    variables = os.environ | kernels.kernel_environment()
    options = {"capture_output": True, "text": True, "errors": "replace", "env": variables}
    try:
        done = subprocess.run([sys.executable, "-c", TRY], timeout=seconds, **options)
    except subprocess.TimeoutExpired:
        how = "Close other programs. If the course is on a network drive, move it to the computer's own disk."
        return Check(PROBLEM, "TensorFlow", f"not ready after {seconds} s", how)
    if done.returncode:
        return Check(PROBLEM, "TensorFlow", *explain_failure(done.returncode, done.stderr))
    return judge("TensorFlow", done.stdout.strip())


def explain_failure(status: int, message: str) -> tuple[str, str]:
    """What was found and what to do, from the exit status and the error output of TRY."""
    if meaning := advice.explain(f"{status}\n{message}", advice.IMPORTS):
        return tuple(meaning.split("\n"))
    last = (message.strip().splitlines() or [f"the process ended with status {status}"])[-1]
    return f"does not work: {last}", install_advice()


def check_machine() -> Iterator[Check]:
    """Memory, cores and disk."""
    with contextlib.suppress(ImportError):  # missing packages have been named before
        import psutil

        memory = psutil.virtual_memory()
        limit = container_limit() or memory.total
        total, free = (min(size, limit) / 1e9 for size in (memory.total, memory.available))
        need = f"A lesson needs up to {LESSON_GB} GB:"
        small = f"{need} use a larger computer or container." if total < LESSON_GB else ""
        full = f"{need} close other programs and notebooks." if free < LESSON_GB else ""
        yield judge("Memory", f"{total:.1f} GB, {free:.1f} GB of them free", problem=small, note=full)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    slow = "The running times in the lessons are for 2 cores; here they may be twice as long." if cores < 2 else ""
    yield judge("Cores", str(cores), note=slow)
    disk = shutil.disk_usage(paths.REPOSITORY).free / 1e9
    full = "Free some space: the files that lessons save may not fit." if disk < SPARE_DISK_GB else ""
    yield judge("Disk", f"{disk:.1f} GB free", note=full)


def container_limit() -> int | None:
    """Bytes of memory that a container allows its processes on Linux, None if there is no limit."""
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):  # no such file, or "max"
            return int(Path(path).read_text())
    return None


def check_data(datasets: dict[str, catalogue.Dataset] = catalogue.DATASETS) -> Iterator[Check]:
    """Where real data is looked for, and which lessons get it."""
    try:
        asked = paths.mode()
    except ValueError as error:
        yield Check(PROBLEM, "Data", str(error))
        return
    folder = paths.data_dir()
    if os.environ.get("COURSE_DATA_DIR", "").strip() and not folder.is_dir():
        yield Check(NOTE, "Data", f"the folder {folder} does not exist", "Check the spelling of COURSE_DATA_DIR.")
    ready = [name for name, dataset in datasets.items() if asked != "sample" and dataset.is_ready(folder)]
    others = [name for name in datasets if name not in ready]
    torn = [name for name in others if any(path.exists() for path in datasets[name].paths(folder))]
    get = 'Download it with:  make data DATASETS="{}"'
    if asked == "real" and others:
        how = f"{get.format(' '.join(others))}  or unset COURSE_DATA."
        yield Check(PROBLEM, "Data", f"COURSE_DATA is real, but these datasets are missing: {', '.join(others)}", how)
    elif asked == "auto" and torn:
        found = f"incomplete, so lessons use the sample: {', '.join(torn)}"
        yield Check(NOTE, "Data", found, get.format(" ".join(torn)))
    yield Check(OK, "Data", f"real datasets in {folder}: {', '.join(ready) or 'none, so lessons use built-in samples'}")


def check_notebooks(folder: Path = paths.REPOSITORY if paths.INSTALLED else paths.LESSONS) -> Check:
    how = "You can run the lessons here but not save them. To keep your work, copy this folder to your home folder."
    return judge("Notebooks", str(folder), note="" if kernels.writable(folder) else how)


def main(argv: list[str]) -> int:
    """The command `doctor`. Returns 1 if something would stop a lesson."""
    parser("doctor").parse_args(argv)
    counts = {OK: 0, NOTE: 0, PROBLEM: 0}
    for check in examine():
        counts[check.level] += 1
        print(f"{check.level:8}{check.what}: {check.found}", flush=True)
        for line in check.advice.splitlines():
            print(f"        → {line}", flush=True)
    if counts[PROBLEM]:
        print(f"\nProblems to solve before the lessons can run: {counts[PROBLEM]}. The arrows (→) say what to do.")
        return 1
    print("\nThe lessons can run here." + (" Read the notes." if counts[NOTE] else ""))
    return 0

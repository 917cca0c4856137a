"""Makes the environment of the course: a virtual environment with exactly the locked packages. Standard library only.

uv installs the packages where it is on the path, else pip. Several clones can share it: commands import their own clone.
"""

import contextlib
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from course_tools import Problem
from course_tools import __main__ as commands
from course_tools.kernels import writable
from course_tools.student import advice
from course_utils import files
from course_utils.paths import REPOSITORY

LOCKS = ("requirements.lock", "requirements-grading.lock", "requirements-dev.lock")
GROUPS = {"lessons": LOCKS[:1], "grading": LOCKS[:2], "dev": LOCKS}
CLAIM, MARK = "course-setup.lock", "course-setup.json"  # the folder is ours; what is completely installed, written last
PIP = {"PIP_USER": "0", "PIP_TARGET": "", "PIP_PREFIX": "", "PIP_ROOT": "", "PIP_DRY_RUN": ""}  # install nowhere else
PIP["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
# Prints which lines of a lock are not installed. pip and uv write INSTALLER when they have installed all else of a package;
# the metadata of a package without it are removed, as pip could neither use nor replace it.
MISSING = """if True:
    import sys, shutil, importlib.metadata
    from pip._vendor.packaging.requirements import Requirement
    for line in sys.stdin.read().splitlines():
        need = Requirement(line)
        found = importlib.metadata.distributions(name=need.name)
        whole = [package.version for package in found if package.read_text("INSTALLER") or shutil.rmtree(package._path)]
        if not any(map(need.specifier.contains, whole)) and (need.marker is None or need.marker.evaluate()):
            print(line)"""


def venv_dir() -> Path:
    """Folder of the environment: COURSE_VENV, or `.venv` of the course. It need not exist."""
    return REPOSITORY / Path(os.environ.get("COURSE_VENV", "").strip() or ".venv").expanduser()


def venv_python(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def lock_lines(group: str = "lessons") -> list[str]:
    """The locked packages of a group, as name==version, some with a marker."""
    texts = [(REPOSITORY / name).read_text(encoding="utf-8") for name in GROUPS[group]]
    return re.findall(r"^[^-\n].*", "\n".join(texts), re.MULTILINE)


def installed(venv: Path) -> list[str] | None:
    """The lines of locks that are completely installed in `venv`; None if it does not work, or was made in another folder."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        mark = json.loads((venv / MARK).read_text(encoding="utf-8"))
        command = [venv_python(venv), "-I", "-c", "from pip import __version__"]
        if subprocess.run(command, capture_output=True).returncode == 0 and mark["folder"] == str(venv.resolve()):
            return mark["installed"]
    return None


def is_complete(venv: Path, group: str = "lessons") -> bool:
    """Whether all packages of a group are installed in `venv`, in the versions that are locked now."""
    return {*lock_lines(group)} <= {*(installed(venv) or ())}


def write_mark(venv: Path, lines: list[str]) -> None:
    files.write(venv / MARK, json.dumps({"folder": str(venv.resolve()), "installed": lines}, indent=1))


def missing(venv: Path, lines: list[str]) -> list[str]:
    """The lines of a lock that are for this computer and not installed in `venv`."""
    command = [venv_python(venv), "-I", "-c", MISSING]
    return subprocess.check_output(command, input="\n".join(lines), text=True).splitlines()


def run(*command: str | Path) -> None:
    """Run a command whose output the user sees. Raises Problem, with the meaning of its last messages."""
    said, options = "", {"text": True, "errors": "replace", "env": os.environ | PIP}
    with subprocess.Popen(command, stderr=subprocess.PIPE, **options) as process:
        for line in process.stderr:
            said += line
            sys.stderr.write(line)
    if process.returncode:
        raise Problem(advice.explain(said[-10_000:], otherwise=advice.FAILED))


def install(venv: Path, lines: list[str]) -> None:
    """Install the packages that are missing in a `venv` that works. Raises Problem."""
    pip, uv = (venv_python(venv), "-I", "-m", "pip"), shutil.which("uv")
    settings = subprocess.run([*pip, "config", "list"], capture_output=True, text=True).stdout
    if re.search("index|find-links", settings) and not re.search("UV_[A-Z_]*(INDEX|LINKS|CONFIG)", str(os.environ)):
        uv = None  # it does not read pip's settings, and would download from elsewhere
    command = (uv, "pip", "install", "--python", pip[0], "--compile-bytecode") if uv else (*pip, "install")
    first = [line for line in lines if re.match("(setuptools|wheel)==", line)]  # one package, promise, comes as source
    for part in (first, lines):
        if todo := missing(venv, part):
            run(*command, "--no-deps", "--no-build-isolation", *todo)
    if lost := missing(venv, lines):
        what = (
            f"The installer reported no error, but {len(lost)} packages are missing in {venv}: {', '.join(lost[:3])} …"
        )
        how = f"Look for a setting such as target, prefix, root or dry-run in pip's configuration:\n{settings}"
        raise Problem(f"{what}\n{how}")
    if REPOSITORY in venv.parents:  # for kernels that an editor starts
        site = Path(sysconfig.get_path("purelib", "venv", {"base": str(venv), "platbase": str(venv)}))
        files.write(site / "embeddings_rnn_course.pth", os.path.relpath(REPOSITORY, site) + "\n")


@contextlib.contextmanager
def alone(venv: Path):
    """Hold the lock of the folder `venv`, waiting while another set-up has it. Raises Problem for others' folders."""
    if venv.is_dir() and not (venv / CLAIM).exists() and any(venv.iterdir()):
        whose = f"The folder {venv} was not made by the course, so nothing is changed in it."
        raise Problem(f"{whose}\nRename or delete it, or {advice.ANOTHER_FOLDER}")
    venv.mkdir(parents=True, exist_ok=True)
    for attempt in itertools.count():
        with files.locked(venv / CLAIM) as ours:
            if ours:
                yield
                return
        if not attempt:
            print(f"Another set-up is running in {venv}; waiting for it to end …", flush=True)
        time.sleep(0.2)


def set_up(group: str = "lessons") -> bool:
    """Bring the environment up to date for a group. Returns whether there was anything to do. Raises Problem, OSError."""
    venv = venv_dir()
    if is_complete(venv, group):
        return False
    if group == "lessons" and installed(venv) and not writable(venv):
        print(f"{venv} cannot be changed and is used as it is. Its packages are not the versions of this clone.")
        return False
    with alone(venv):
        if is_complete(venv, group):
            return False
        print(f"Setting up the course in {venv}. If this is interrupted, the same command continues it.", flush=True)
        if installed(venv) is None:
            print(f"This downloads {advice.DOWNLOAD_GB} GB and needs {advice.DISK_GB} GB of disk space.", flush=True)
            if shutil.disk_usage(venv).free < advice.DISK_GB * 1e9:
                raise Problem(advice.explain("No space left"))
            for entry in {*venv.iterdir()} - {venv / CLAIM}:
                files.remove(entry)
            # _base_executable: the set-up may have been started by the very environment that it replaces.
            run(sys._base_executable, "-I", "-m", "venv", venv)
        if not is_complete(venv):
            write_mark(venv, [])
        install(venv, lock_lines(group))
        write_mark(venv, lock_lines(group))
    return True


def main(argv: list[str]) -> int:
    """The command `setup`. Returns its exit status."""
    parser, start = commands.parser("setup"), time.monotonic()
    parser.add_argument("group", nargs="?", choices=GROUPS, default="lessons", help="which packages (%(default)s)")
    group = parser.parse_args(argv).group
    try:
        if set_up(group):
            print(f"\nThe course is set up ({time.monotonic() - start:.0f} s). Open the lessons with:  make lab")
            print(f"or, without make:  {venv_python(venv_dir())} -m course_utils lab")
    except (Problem, OSError) as problem:
        meaning = advice.explain(str(problem)) if isinstance(problem, OSError) else ""
        print(f"\n{problem}\n{meaning}".rstrip(), file=sys.stderr)
        return 1
    return 0

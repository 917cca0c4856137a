"""Makes the environment of the course: a virtual environment with exactly the packages of requirements.lock.

Runs on a bare Python with nothing installed: standard library only. The packages are installed by pip, because it honours
the mirrors and proxies that a user or a school has configured.

An interrupted set-up is never taken for a whole one. The folder of the environment goes through these states:

    empty or missing         nothing has been done
    CLAIM                    the folder is ours; whatever else is in it is thrown away and made anew
    CLAIM, MARK "made"       the virtual environment is whole; packages are being installed, and are gone on with
    CLAIM, MARK "complete"   everything is installed

MARK also says for which Python, folder and list of packages; when one of these changes, the set-up steps back by as much
as is needed. It is replaced atomically. CLAIM is never removed: it is also the lock that lets one set-up run at a time.
"""

import contextlib
import csv
import errno
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections import deque
from pathlib import Path

from course_utils.paths import REPOSITORY

LOCK_FILE = REPOSITORY / "requirements.lock"
CLAIM, MARK = "course-setup.lock", "course-setup.json"
BUILD_TOOLS = ("setuptools", "wheel")  # needed first, as one package (promise) comes as source
PLATFORMS = {("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("win32", "AMD64")}  # as in pyproject.toml
DISK_GB = 3.7  # what the folder grows to, and
DOWNLOAD_GB = 0.8  # what is downloaded: both measured on Linux x86_64


class SetupProblem(Exception):
    """What went wrong, in words for the user, and what to do about it."""


def venv_dir() -> Path:
    """Folder of the environment: COURSE_VENV, or `.venv` of the course. It need not exist."""
    given = os.environ.get("COURSE_VENV", "").strip()
    return REPOSITORY / Path(given or ".venv").expanduser()


def venv_python(venv: Path) -> Path:
    """The Python of a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def site_packages(venv: Path) -> Path:
    """Where the packages of `venv` lie, given that it belongs to a Python of this version."""
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(venv), "platbase": str(venv)}))


def made_for(venv: Path) -> dict:
    """What makes a virtual environment useless when it changes (the programs in it hold the folder's name)."""
    version = ".".join(map(str, sys.version_info[:2]))
    return {"python": version, "machine": platform.machine(), "folder": str(venv.resolve())}


def complete_for() -> str:
    """Hash of what the installed packages depend on."""
    return hashlib.sha256(os.fsencode(REPOSITORY) + b"\n" + LOCK_FILE.read_bytes()).hexdigest()


def read_mark(venv: Path) -> dict:
    try:
        return json.loads((venv / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def write_mark(venv: Path, **mark) -> None:
    write_atomically(venv / MARK, json.dumps(mark, indent=1))


def write_atomically(path: Path, text: str) -> None:
    """Writes `path` so that it holds all of `text` or is as it was, even when the computer loses power."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def starts(python: Path) -> bool:
    """Whether this Python runs at all."""
    try:
        return subprocess.run([python, "-I", "-S", "-c", ""], capture_output=True).returncode == 0
    except OSError:
        return False


def is_made(venv: Path) -> bool:
    """Whether the virtual environment itself, with its pip, is whole."""
    return (
        read_mark(venv).get("made") == made_for(venv)
        and starts(venv_python(venv))
        and not any(info.name.startswith("pip-") for info in torn(site_packages(venv)))
    )


def is_complete(venv: Path) -> bool:
    """Whether a set-up for this Python, this folder and these packages has come to its end. Takes a few milliseconds."""
    mark = read_mark(venv)
    return mark.get("made") == made_for(venv) and mark.get("complete") == complete_for() and starts(venv_python(venv))


def torn(site: Path) -> list[Path]:
    """The `.dist-info` folders in `site` of packages of which a file is missing or has another size than recorded."""
    return [info for info in site.glob("*.dist-info") if not is_whole(info)]


def is_whole(info: Path) -> bool:
    """Whether every file that the package lists in its RECORD is there in its full size."""
    try:
        with open(info / "RECORD", encoding="utf-8", newline="") as record:
            return all((info.parent / path).stat().st_size == int(size) for path, _, size in csv.reader(record) if size)
    except (OSError, ValueError):
        return False


def make_venv(venv: Path, lock: int) -> None:
    """Empties the folder `venv` and makes a virtual environment with pip in it."""
    if importlib.util.find_spec("ensurepip") is None:
        version = made_for(venv)["python"]
        raise SetupProblem(
            f"This Python ({sys.executable}) cannot make virtual environments: its system keeps that part in a package "
            f"of its own.\nInstall it and try again; on Debian and Ubuntu:  sudo apt install python{version}-venv"
        )
    with contextlib.suppress(FileNotFoundError):
        (venv / MARK).unlink()
    for entry in venv.iterdir():
        if entry.name != CLAIM:
            remove(entry)
    # _base_executable: the set-up may have been started by the very environment that it is about to replace.
    run([sys._base_executable, "-I", "-m", "venv", "--without-pip", str(venv)], lock)
    run([str(venv_python(venv)), "-I", "-m", "ensurepip", "--default-pip"], lock, quiet=True)
    write_mark(venv, made=made_for(venv))


def remove(path: Path) -> None:
    """Removes a file, a link or a folder with all that is in it."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def install(venv: Path, lock: int) -> None:
    """Installs what is missing of requirements.lock, and makes the course importable, in a `venv` that is whole."""
    site = site_packages(venv)
    for leftover in {*torn(site), *site.glob("~*")}:  # pip names "~…" what it is about to remove
        remove(leftover)
    there = {info.name.removesuffix(".dist-info").replace("_", "-").lower() for info in site.glob("*.dist-info")}
    missing, first = [], []  # lines of the lock; those of other platforms stay among them, and pip passes them over
    for line in LOCK_FILE.read_text(encoding="utf-8").splitlines():
        name, version = re.match(r"([^=\s]+)==(\S+)", line).groups()
        if f"{name}-{version}" not in there:
            (first if name in BUILD_TOOLS else missing).append(line)
    pip = [str(venv_python(venv)), "-I", "-m", "pip", "install", "--no-deps", "--no-build-isolation", "--no-input"]
    for lines in (first, missing):
        if lines:
            run([*pip, *lines], lock)
    # Not `pip install -e .`: that writes into the course's folder, which may be read-only, and needs the build tools.
    # The escaped name is read alike by every Python, whatever the encoding of the system is.
    write_atomically(site / "embeddings_rnn_course.pth", f"import sys; sys.path.append({str(REPOSITORY)!a})\n")
    write_mark(venv, made=made_for(venv), complete=complete_for())


def run(command: list[str], lock: int, quiet: bool = False) -> None:
    """Runs a command in the open, as its progress is what the user looks at; if `quiet`, shows only what goes wrong.

    The command inherits `lock`: if it outlives this process (kill -9), the next set-up waits for it.
    Raises SetupProblem if the command fails.
    """
    environment = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"):  # these would send the packages elsewhere
        environment.pop(name, None)
    last = deque(maxlen=100)
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL if quiet else None,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=environment,
        pass_fds=() if os.name == "nt" else (lock,),
    ) as process:
        try:
            for line in process.stderr:
                last.append(line)
                if not quiet:
                    sys.stderr.write(line)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        message = "".join(last)
        if quiet:
            sys.stderr.write(message.partition("Traceback")[0].strip() or message)
        raise SetupProblem(explain(message))


def explain(message: str) -> str:
    """What pip's or the system's `message` means for the user, and what to do."""
    again = "What is installed so far is kept: the same command goes on from here."
    elsewhere = "Or name a folder on another disk in the variable COURSE_VENV."
    for pattern, meaning in (
        (
            r"Errno 28|Errno 122|No space left|Disk quota|WinError 112",
            f"The disk is full (or your share of it): the course needs about {DISK_GB} GB.\n"
            f"Free some space and run the same command again. {elsewhere}",
        ),
        (
            r"Errno 13|Errno 30|Permission denied|Read-only file system|WinError 5\b|WinError 32",
            f"A file or folder may not be written: {venv_dir()}\n"
            f"Close programs that use it (JupyterLab), and see that the folder is yours. {elsewhere}",
        ),
        (
            r"CERTIFICATE_VERIFY_FAILED|SSLError",
            "The server that packages come from could not be trusted: its certificate is not known to this computer.\n"
            f"Schools and companies often have their own; ask for the file and name it in PIP_CERT. {again}",
        ),
        (
            r"NewConnectionError|NameResolution|getaddrinfo|Timeout|Max retries|Connection ?(Reset|Refused|broken|aborted)"
            r"|ProxyError|ProtocolError|IncompleteRead|HTTP error|ReadTimeout",
            "The packages could not be downloaded: no network, or the server that they come from does not answer.\n"
            f"Check the connection (and pip's proxy or mirror, if you use one: pip config list). {again}",
        ),
        (
            r"No matching distribution",
            "Where pip looks, there is no such package for this computer and this Python (see above).\n"
            f"If pip uses a mirror (pip config list), it may be out of date or not answer. {again}",
        ),
    ):
        if re.search(pattern, message, re.IGNORECASE):
            return meaning
    return f"The set-up did not come to its end; the reason stands above. {again}"


@contextlib.contextmanager
def alone(venv: Path):
    """Takes `venv` for this set-up, waiting while another one is at work in it. Yields the lock's file descriptor."""
    if venv.is_dir() and not (venv / CLAIM).exists() and any(venv.iterdir()):
        raise SetupProblem(
            f"{venv} is there already, and was not made by this set-up, so it is left alone.\n"
            "Rename or delete it, or name another folder in the variable COURSE_VENV."
        )
    venv.mkdir(parents=True, exist_ok=True)
    with open(venv / CLAIM, "a") as claim:
        said = False
        while not locked(claim.fileno()):
            if not said:
                print(f"Another set-up is at work in {venv}; waiting for it to end …", flush=True)
                said = True
            time.sleep(0.2)
        yield claim.fileno()  # closing the file gives the lock back


def locked(file: int) -> bool:
    """Tries to take the lock on an open file. The system gives it back when its last holder ends, however that happens."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            raise
        return False
    return True


def set_up() -> bool:
    """Brings the environment up to date. Returns whether there was anything to do. Raises SetupProblem, OSError."""
    venv = venv_dir()
    if is_complete(venv):
        return False
    if (sys.platform, platform.machine()) not in PLATFORMS:
        raise SetupProblem(
            f"There is no TensorFlow for this computer ({sys.platform}, {platform.machine()}). The course runs on Linux "
            "(x86_64, aarch64), on Macs with Apple's own processors, and on Windows (x86_64), each with a Python for "
            "that processor. On other computers, use the course on a server (JupyterHub, Binder)."
        )
    with alone(venv) as lock:
        if is_complete(venv):
            return False
        print(f"Setting up the course in {venv}, with Python {platform.python_version()}.", flush=True)
        if not is_made(venv):
            free = shutil.disk_usage(venv).free / 1e9
            print(f"This downloads about {DOWNLOAD_GB} GB and takes {DISK_GB} GB of disk ({free:.0f} GB are free).")
            print("It can be interrupted: the next call goes on from there.", flush=True)
            make_venv(venv, lock)
        install(venv, lock)
    return True


def main(argv: list[str]) -> int:
    """The command `setup`. Returns its exit status."""
    if argv:
        print("usage: python -m course_utils setup   (COURSE_VENV names another folder than .venv)", file=sys.stderr)
        return 2
    start = time.monotonic()
    try:
        news = set_up()
    except SetupProblem as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\n{error}\n{explain(str(error))}", file=sys.stderr)
        return 1
    if news:
        minutes, seconds = divmod(round(time.monotonic() - start), 60)
        print(f"\nThe course is set up ({minutes} min {seconds} s). Open the lessons with:  make lab")
        print(f"or, without make:  {venv_python(venv_dir())} -m course_utils lab")
    return 0

"""Sets up small environments for real: a copy of the course, locks of tiny packages, no network."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from course_tools.student import advice, environment
from course_utils import files

posix = pytest.mark.skipif(os.name == "nt", reason="signals and programs of POSIX")
NEEDED = (
    *(f"course_utils/{name}.py" for name in ("__init__", "__main__", "files", "paths")),
    *(f"course_tools/{name}.py" for name in ("__init__", "__main__", "kernels")),
    *(f"course_tools/student/{name}.py" for name in ("__init__", "advice", "environment")),
)
LOCKS = {
    "requirements.lock": "tiny-one==1.0\ntiny-two==1.0 ; python_version > '3'\nelsewhere==1.0 ; sys_platform == 'no'\n",
    "requirements-grading.lock": "-r requirements.lock\ntiny-three==1.0\n",
    "requirements-dev.lock": "-r requirements-grading.lock\ntiny-four==1.0\n",
}


def make_wheel(folder: Path, name: str, version: str) -> None:
    """A package of one module, `name.py`, that knows its VERSION."""
    info = f"{name}-{version}.dist-info"
    content = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**content, f"{info}/RECORD": "".join(f"{path},,\n" for path in content)}.items():
            wheel.writestr(path, text)


class Course:
    """A copy of as much of the course as a set-up needs, in a folder whose name is not a simple one."""

    def __init__(self, parent: Path, wheels: Path, venv: Path | None = None):
        self.folder = parent / "my cöurse"
        self.venv = venv or self.folder / ".venv"
        for name in NEEDED:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(environment.REPOSITORY / name, self.folder / name)
        self.lock()
        self.settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri(), "PIP_CONFIG_FILE": os.devnull}
        self.settings |= {"COURSE_VENV": str(venv)} if venv else {}

    def lock(self, old: str = "", new: str = "") -> None:
        for name, text in LOCKS.items():
            (self.folder / name).write_text(text.replace(old, new))

    @property
    def site(self) -> Path:
        return next(self.venv.glob("lib/python*/site-packages"), self.venv / "Lib" / "site-packages")

    def start(self, *group: str, **settings: str) -> subprocess.Popen:
        """Starts a set-up with the Python that the running environment was made from, as a user would."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_", "PYTHON", "COURSE_"))}
        return subprocess.Popen(
            [sys._base_executable, "-m", "course_utils", "setup", *group],
            cwd=self.folder,
            env={**inherited, **self.settings, "PYTHONUTF8": "1", **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def set_up(self, *group: str, **settings: str) -> tuple[int, str, str]:
        """A whole set-up: its exit status, and what it wrote to its output and its error output."""
        process = self.start(*group, **settings)
        out, err = process.communicate()
        return process.returncode, out, err

    def finish(self, *group: str, **settings: str) -> None:
        """Sets up, and sees that the packages of the lessons work afterwards."""
        status, out, err = self.set_up(*group, **settings)
        assert status == 0, out + err
        assert self.imports("tiny_one.VERSION, tiny_two.VERSION") == "1.0 1.0"

    def imports(self, what: str) -> str | None:
        """What a program in the environment, started elsewhere, prints of modules; None if they cannot be imported."""
        names = ", ".join(name.split(".")[0] for name in what.split(", "))
        python = environment.venv_python(self.venv)
        code = f"import {names}; print({what})"
        done = subprocess.run([python, "-X", "utf8", "-c", code], capture_output=True, encoding="utf-8", cwd=self.venv)
        return done.stdout.strip() if done.returncode == 0 else None

    def mark(self) -> dict:
        return json.loads((self.venv / environment.MARK).read_text())

    def mark_as(self, **changes) -> None:
        (self.venv / environment.MARK).write_text(json.dumps({**self.mark(), **changes}))

    def interrupt(self) -> None:
        """Makes it look as if the set-up had been interrupted before it installed the first package."""
        self.mark_as(installed=[])
        for path in self.site.glob("tiny_one*"):
            files.remove(path)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for name, version in (("one", "1.0"), ("two", "1.0"), ("two", "2.0"), ("three", "1.0"), ("four", "1.0")):
        make_wheel(folder, f"tiny_{name}", version)
    return folder


@pytest.fixture(scope="module")
def course(tmp_path_factory, wheels) -> Course:
    """A course that is set up, outside of its own folder. The tests damage it, and end with it repaired."""
    parent = tmp_path_factory.mktemp("course")
    made = Course(parent, wheels, parent / "elsewhere" / "venv")
    made.finish()
    return made


def test_an_environment_elsewhere_is_shared_by_clones_and_belongs_to_none(course, tmp_path, wheels):
    written = {path.relative_to(course.folder).as_posix() for path in course.folder.rglob("*.*") if path.is_file()}
    assert {name for name in written if "__pycache__" not in name} == {*LOCKS, *NEEDED}
    assert course.imports("course_utils.__file__") is None
    other = Course(tmp_path, wheels, course.venv)
    assert other.set_up() == (0, "", "")


def test_an_environment_in_the_clone_finds_it_by_a_relative_path(tmp_path, wheels):
    course = Course(tmp_path, wheels)
    course.finish()
    assert course.imports("course_utils.__file__") == str(course.folder / "course_utils" / "__init__.py")
    (path,) = course.site.glob("*course*.pth")
    assert path.read_text().startswith("..")


def test_a_second_call_starts_no_pip(course):
    course.finish()
    assert course.set_up(PIP_FIND_LINKS="nowhere") == (0, "", "")  # with this, pip would find nothing


def test_it_grows_with_the_group_and_does_not_shrink(course):
    course.finish("grading")
    assert course.imports("tiny_three.VERSION") == "1.0" and course.imports("tiny_four") is None
    course.finish("dev")
    assert course.set_up(PIP_FIND_LINKS="nowhere") == course.set_up("grading", PIP_FIND_LINKS="nowhere") == (0, "", "")
    assert course.imports("tiny_three.VERSION, tiny_four.VERSION") == "1.0 1.0"


def test_a_changed_lock_is_followed(course):
    course.lock("tiny-two==1.0", "tiny-two==2.0")
    status, out, err = course.set_up()
    assert status == 0, out + err
    assert course.imports("tiny_two.VERSION") == "2.0"
    course.lock()
    course.finish()


@pytest.mark.parametrize("left", ["nothing", "no end", "half a package"])
def test_an_interrupted_set_up_is_continued(course, left):
    python = environment.venv_python(course.venv).lstat()
    if left != "no end":
        (course.site / "tiny_one.py").unlink()
        info = course.site / "tiny_one-1.0.dist-info"
        shutil.rmtree(info) if left == "nothing" else [(info / name).unlink() for name in ("INSTALLER", "RECORD")]
    course.mark_as(installed=[])
    course.finish()
    assert environment.venv_python(course.venv).lstat().st_mtime_ns == python.st_mtime_ns  # the rest was kept


@pytest.mark.parametrize("part", ["python", "pip", "mark"])
def test_a_broken_environment_is_recognised(course, tmp_path, part):
    python = environment.venv_python(course.venv)
    path = {"python": python, "pip": course.site / "pip" / "__init__.py", "mark": course.venv / environment.MARK}[part]
    assert environment.installed(course.venv)
    path.rename(tmp_path / "whole")
    if part != "pip":
        path.write_text('{"folder": ')
    assert environment.installed(course.venv) is None
    files.remove(path)
    (tmp_path / "whole").rename(path)
    assert environment.installed(course.venv)


def test_a_moved_environment_is_recognised(course):
    course.mark_as(folder="before")
    assert environment.installed(course.venv) is None
    course.mark_as(folder=str(course.venv.resolve()))


@posix
def test_killed_while_it_makes_the_environment_it_begins_anew(tmp_path, wheels):
    course = Course(tmp_path, wheels)
    process = course.start()
    while not (course.site / "pip" / "__init__.py").exists() and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert environment.installed(course.venv) is None
    (course.site / "rubbish.py").touch()
    course.finish()
    assert not (course.site / "rubbish.py").exists()


@posix
def test_two_at_once_take_turns_and_ctrl_c_ends_the_waiting(course):
    course.mark_as(installed=[])
    with files.locked(course.venv / environment.CLAIM) as ours:
        assert ours
        first, second = course.start(), course.start()
        assert "waiting" in first.stdout.readline() and "waiting" in second.stdout.readline()
        second.send_signal(signal.SIGINT)
        assert "Traceback" not in second.communicate()[1] and second.returncode == 130
        assert first.poll() is None
    out, err = first.communicate()
    assert first.returncode == 0, out + err


@pytest.mark.parametrize("setting", ["target = {}", "prefix = {}", "dry-run = true"])
def test_a_setting_of_pip_that_sends_packages_elsewhere_is_named(course, tmp_path, setting):
    course.interrupt()
    (tmp_path / "pip.conf").write_text("[install]\n" + setting.format((tmp_path / "there").as_posix()))
    status, _, err = course.set_up(PIP_CONFIG_FILE=str(tmp_path / "pip.conf"))
    assert status == 1 and setting.split()[0] in err and "tiny-one" in err
    assert course.mark()["installed"] == []
    course.finish(PIP_DRY_RUN="1", PIP_TARGET=str(tmp_path / "there"))  # as variables they are not heeded


@posix
@pytest.mark.parametrize("uv_has_a_source", [True, False])
def test_uv_is_used_unless_only_pip_knows_where_packages_are(course, tmp_path, uv_has_a_source):
    course.interrupt()
    uv = tmp_path / "uv"
    install = 'shift 3; py=$1; shift 2; exec "$py" -m pip install "$@"'
    uv.write_text(f'#!/bin/sh\necho "$1 $2 $3" > "{tmp_path}/used"; {install}\n')
    uv.chmod(0o755)
    settings = {"UV_FIND_LINKS": "here"} if uv_has_a_source else {}
    course.finish(PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}", **settings)
    assert (tmp_path / "used").exists() is uv_has_a_source


def test_without_a_network_it_says_so(course):
    course.interrupt()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but not listening: connections are refused
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/simple"
        settings = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": address, "PIP_FIND_LINKS": "", "PIP_RETRIES": "1"}
        status, _, err = course.set_up(**settings)
    assert status == 1 and "No network" in err and "Traceback" not in err
    course.finish()


@pytest.mark.parametrize("place", ["others", "file/venv"])
def test_a_folder_of_others_and_one_that_cannot_be_made_are_named(tmp_path, wheels, place):
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").touch()
    course = Course(tmp_path, wheels, tmp_path / place)
    status, _, err = course.set_up()
    assert status == 1 and str(course.venv) in err and "Traceback" not in err
    assert [path.name for path in (tmp_path / "others").iterdir()] == ["thesis.txt"]


def test_an_environment_that_cannot_be_changed_is_used_with_the_versions_that_it_has(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_VENV", str(tmp_path))
    monkeypatch.setattr(environment, "installed", lambda venv: ["tiny-one==0.9"])
    monkeypatch.setattr(environment, "writable", lambda folder: False)
    assert environment.set_up() is False
    assert str(tmp_path) in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "Free some space"),
        ("[Errno 122] Disk quota exceeded: '/home/ada/.venv/lib'", "Free some space"),
        ("[WinError 112] There is not enough space on the disk", "Free some space"),
        ("Error: [Errno 1] Operation not permitted: 'lib' -> '/media/usb/course/.venv/lib64'", "computer's own disk"),
        ("[WinError 5] Access is denied: 'C:\\\\course\\\\.venv\\\\Scripts\\\\python.exe'", "Close programs"),
        ("[Errno 30] Read-only file system: '/srv/course/.venv'", "Close programs"),
        ("HINT: This error might have occurred since this system does not have Windows Long Path", "short path"),
        ("ERROR: Could not install packages due to an OSError: Missing dependencies for SOCKS support.", "ALL_PROXY"),
        ("ERROR: Hashes are required in --require-hashes mode, but they are missing", "PIP_REQUIRE_HASHES"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify", "PIP_CERT"),
        ("ReadTimeoutError(\"HTTPSConnectionPool(host='example.org', port=443): Read timed out.\")", "connection"),
        ("WARNING: ... 'ConnectTimeoutError'\nERROR: No matching distribution found for absl-py==2.5.1", "connection"),
        ("ERROR: No matching distribution found for absl-py==2.5.1", "such package"),
    ],
)
def test_a_message_leads_to_its_remedy(message, remedy):
    meaning = advice.explain(message)
    assert remedy in meaning
    assert next(other for other in advice.MEANINGS.values() if remedy in other) == meaning

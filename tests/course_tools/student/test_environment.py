"""Sets up small environments for real: a copy of the course, a lock of two tiny packages, no network."""

import base64
import hashlib
import html
import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from course_tools.student import environment

ON_WINDOWS = os.name == "nt"
NEEDED = (
    "course_utils/__init__.py",
    "course_utils/__main__.py",
    "course_utils/paths.py",
    "course_tools/__init__.py",
    "course_tools/__main__.py",
    "course_tools/student/__init__.py",
    "course_tools/student/environment.py",
)
LOCK = "tiny-one==1.0\ntiny-two==1.0 ; python_full_version >= '3.11'\nelsewhere==1.0 ; sys_platform == 'nowhere'\n"


def make_wheel(folder: Path, name: str, version: str) -> None:
    """A package of one module, `name.py`, that knows its VERSION."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = [f"{info}/RECORD,,"]
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        record.append(f"{path},sha256={digest},{len(text)}")
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": "\n".join(record)}.items():
            wheel.writestr(path, text)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for name, version in (("tiny_one", "1.0"), ("tiny_two", "1.0"), ("tiny_two", "2.0")):
        make_wheel(folder, name, version)
    return folder


class Course:
    """A copy of as much of the course as a set-up needs, in a folder whose name is not a simple one."""

    def __init__(self, parent: Path, wheels: Path):
        self.folder = parent / "my cöurse"
        for name in NEEDED:
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(environment.REPOSITORY / name, self.folder / name)
        (self.folder / "requirements.lock").write_text(LOCK)
        self.settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri(), "PIP_CONFIG_FILE": os.devnull}

    @property
    def venv(self) -> Path:
        return Path(self.settings.get("COURSE_VENV", self.folder / ".venv"))

    @property
    def site(self) -> Path:
        return environment.site_packages(self.venv)

    def start(self, **settings: str) -> subprocess.Popen:
        """Starts a set-up with the Python that the running environment was made from, as a user would."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON", "COURSE_"))}
        return subprocess.Popen(
            [sys._base_executable, "-m", "course_utils", "setup"],
            cwd=self.folder,
            env={**inherited, **self.settings, **settings, "PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            start_new_session=True,
        )

    def set_up(self, **settings: str) -> tuple[int, str, str]:
        """A whole set-up: its exit status, and what it wrote to its output and its error output."""
        process = self.start(**settings)
        out, err = process.communicate()
        return process.returncode, out, err

    def finish(self) -> None:
        """Sets up, and sees that everything is there afterwards."""
        status, out, err = self.set_up()
        assert status == 0, out + err
        assert self.versions() == ["1.0", "1.0", str(self.folder / "course_utils" / "__init__.py")]
        assert environment.torn(self.site) == []

    def versions(self) -> list[str]:
        """What a program in the environment imports, wherever it is started."""
        code = "import tiny_one, tiny_two, course_utils as c; print(tiny_one.VERSION, tiny_two.VERSION, c.__file__)"
        python = environment.venv_python(self.venv)
        done = subprocess.run([python, "-X", "utf8", "-c", code], capture_output=True, encoding="utf-8", cwd=self.venv)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip().split(" ", 2)

    def mark(self) -> dict:
        return json.loads((self.venv / environment.MARK).read_text())

    def unmark(self) -> None:
        """Makes it look as if the set-up had been interrupted while it installed packages."""
        (self.venv / environment.MARK).write_text(json.dumps({"made": self.mark()["made"]}))

    def take_packages_away(self) -> None:
        self.unmark()
        for path in self.site.glob("tiny_*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture(scope="module")
def course(tmp_path_factory, wheels) -> Course:
    """A course that is set up, outside of its own folder. The tests damage it, and end with it mended."""
    parent = tmp_path_factory.mktemp("course")
    made = Course(parent, wheels)
    made.settings["COURSE_VENV"] = str(parent / "elsewhere" / "venv")
    made.finish()
    return made


def test_a_set_up_elsewhere_writes_nothing_into_the_course(course):
    files = {path.relative_to(course.folder).as_posix() for path in course.folder.rglob("*") if path.is_file()}
    written = {name for name in files if "__pycache__" not in name}
    assert written == {"requirements.lock", *NEEDED}


@pytest.mark.skipif(ON_WINDOWS, reason="about the permissions of POSIX")
def test_others_can_use_an_environment_that_they_cannot_change(course):
    mask = os.umask(0o022)
    os.umask(mask)
    for path in (course.venv / environment.MARK, course.site / "embeddings_rnn_course.pth"):
        assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_second_call_changes_nothing_and_starts_no_pip(course):
    course.finish()
    before = (course.venv / environment.MARK).stat().st_mtime_ns
    assert course.set_up(PIP_FIND_LINKS="nowhere") == (0, "", "")  # with this, pip would find nothing
    assert (course.venv / environment.MARK).stat().st_mtime_ns == before


def damage_missing_file(course):
    (course.site / "tiny_one.py").unlink()


def damage_torn_file(course):
    (course.site / "tiny_one.py").write_text("VERSION = ")


def damage_no_record(course):
    (course.site / "tiny_two-1.0.dist-info" / "RECORD").unlink()


def damage_torn_metadata(course):
    (course.site / "tiny_two-1.0.dist-info" / "METADATA").write_text("")


def damage_half_removed(course):
    (course.site / "tiny_two-1.0.dist-info").rename(course.site / "~iny_two-1.0.dist-info")


def damage_no_link_to_the_course(course):
    (course.site / "embeddings_rnn_course.pth").unlink()


@pytest.mark.parametrize(
    "damage",
    [
        damage_missing_file,
        damage_torn_file,
        damage_no_record,
        damage_torn_metadata,
        damage_half_removed,
        damage_no_link_to_the_course,
    ],
)
def test_what_an_interruption_leaves_behind_is_gone_on_with(course, damage):
    python = environment.venv_python(course.venv).lstat()
    damage(course)
    course.unmark()
    course.finish()
    assert not list(course.site.glob("~*"))
    assert environment.venv_python(course.venv).lstat().st_mtime_ns == python.st_mtime_ns  # nothing was made anew


def damage_no_python(course):
    environment.venv_python(course.venv).unlink()


def damage_python_that_does_not_start(course):
    environment.venv_python(course.venv).unlink()
    environment.venv_python(course.venv).write_text("no program")


def damage_torn_pip(course):
    (course.site / "pip" / "__init__.py").write_text("")


def damage_torn_mark(course):
    (course.venv / environment.MARK).write_text('{"made": ')


def damage_other_python(course):
    made = {**course.mark()["made"], "python": "3.4"}
    (course.venv / environment.MARK).write_text(json.dumps({**course.mark(), "made": made}))


def damage_moved(course):
    made = {**course.mark()["made"], "folder": str(course.venv.parent / "before")}
    (course.venv / environment.MARK).write_text(json.dumps({**course.mark(), "made": made}))


@pytest.mark.parametrize(
    "damage",
    [
        damage_no_python,
        damage_python_that_does_not_start,
        damage_torn_pip,
        damage_torn_mark,
        damage_other_python,
        damage_moved,
    ],
)
def test_a_broken_environment_is_recognised(course, damage, tmp_path):
    assert environment.is_made(course.venv)
    intact = course.venv.rename(tmp_path / "intact")
    try:
        shutil.copytree(intact, course.venv, symlinks=True)
        assert environment.is_made(course.venv)
        damage(course)
        assert not environment.is_made(course.venv)
    finally:
        shutil.rmtree(course.venv)
        intact.rename(course.venv)


def test_a_broken_environment_is_made_anew(course):
    (course.site / "rubbish.py").write_text("")
    damage_other_python(course)
    course.finish()
    assert not (course.site / "rubbish.py").exists()


def test_a_changed_lock_is_followed(course):
    (course.folder / "requirements.lock").write_text(LOCK.replace("tiny-two==1.0", "tiny-two==2.0"))
    status, out, err = course.set_up()
    assert status == 0, out + err
    assert course.versions()[:2] == ["1.0", "2.0"]
    (course.folder / "requirements.lock").write_text(LOCK)
    course.finish()


@pytest.mark.skipif(ON_WINDOWS, reason="kills a process group")
def test_killed_at_any_moment_it_is_gone_on_with(tmp_path, wheels, course):
    start = time.monotonic()
    damage_other_python(course)
    course.finish()
    whole = time.monotonic() - start
    course = Course(tmp_path, wheels)
    for part in (0.05, 0.3, 0.8):
        process = course.start()
        time.sleep(part * whole)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    course.finish()


class Mirror:
    """A server of packages on this computer. `wanted` is set when one is asked for; it comes once `give` is set."""

    def __init__(self, wheels: Path, torn: bool = False):
        self.wanted, self.give, self.requests = threading.Event(), threading.Event(), []
        mirror = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.strip("/")
                if name:
                    mirror.requests.append(name)
                    mirror.wanted.set()
                    mirror.give.wait(300)
                    content = (wheels / name).read_bytes()
                else:
                    links = (f'<a href="/{html.escape(wheel.name)}">{wheel.name}</a>' for wheel in wheels.iterdir())
                    content = "".join(["<!DOCTYPE html>", *links]).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/octet-stream" if name else "text/html")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if name and torn else content)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.settings = {"PIP_FIND_LINKS": f"http://127.0.0.1:{self.server.server_port}/", "PIP_NO_CACHE_DIR": "1"}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.give.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def mirror(wheels):
    made = Mirror(wheels)
    yield made
    made.close()


@pytest.mark.parametrize(
    "kill",
    [False, pytest.param(True, marks=pytest.mark.skipif(ON_WINDOWS, reason="pip does not inherit the lock there"))],
)
def test_two_at_once_take_turns_even_if_only_the_pip_of_the_first_is_left(course, mirror, kill):
    course.take_packages_away()
    first = course.start(**mirror.settings)
    assert mirror.wanted.wait(300)
    if kill:
        first.kill()
        first.wait()
    second = course.start(**mirror.settings)
    said = second.stdout.readline()
    assert "Another set-up is at work" in said and "waiting" in said
    assert second.poll() is None
    mirror.give.set()
    out, err = second.communicate()
    assert second.returncode == 0, out + err
    if not kill:
        first.communicate()
        assert first.returncode == 0
    assert sorted(mirror.requests) == ["tiny_one-1.0-py3-none-any.whl", "tiny_two-1.0-py3-none-any.whl"]
    course.finish()


@pytest.mark.skipif(ON_WINDOWS, reason="sends SIGINT")
def test_ctrl_c_ends_it_with_its_pip_and_without_a_traceback(course, mirror):
    course.take_packages_away()
    process = course.start(**mirror.settings)
    assert mirror.wanted.wait(300)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)  # the pipes close only when pip, too, has ended
    assert process.returncode == 130
    assert "Stopped." in err and "Traceback" not in err
    course.finish()


def test_without_a_network_it_says_so(course):
    course.take_packages_away()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but not listening: connections are refused
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/simple"
        settings = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": address, "PIP_FIND_LINKS": "", "PIP_RETRIES": "1"}
        status, _, err = course.set_up(**settings)
    assert status == 1
    assert "could not be downloaded" in err and "goes on from here" in err and "Traceback" not in err
    course.finish()


def test_a_torn_download_is_not_installed(course, wheels):
    course.take_packages_away()
    mirror = Mirror(wheels, torn=True)
    mirror.give.set()
    status, _, err = course.set_up(**mirror.settings, PIP_RETRIES="0")
    mirror.close()
    assert status == 1
    assert "goes on from here" in err
    assert "complete" not in course.mark()
    course.finish()


def test_a_mirror_without_the_package_is_named_as_the_cause(course, tmp_path):
    course.take_packages_away()
    status, _, err = course.set_up(PIP_FIND_LINKS=tmp_path.as_uri())
    assert status == 1
    assert "mirror" in err
    course.finish()


def test_a_folder_that_it_did_not_make_is_left_alone(tmp_path, wheels):
    course = Course(tmp_path, wheels)
    course.venv.mkdir()
    (course.venv / "thesis.txt").write_text("years of work")
    status, _, err = course.set_up()
    assert status == 1
    assert "left alone" in err and "COURSE_VENV" in err
    assert [path.name for path in course.venv.iterdir()] == ["thesis.txt"]


def test_a_place_that_cannot_be_written_is_named(tmp_path, wheels):
    course = Course(tmp_path, wheels)
    (tmp_path / "file").touch()
    course.settings["COURSE_VENV"] = str(tmp_path / "file" / "venv")
    status, _, err = course.set_up()
    assert status == 1
    assert course.settings["COURSE_VENV"] in err and "Traceback" not in err


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for a virtual environment, but not for pip."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)], capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("a file system can be mounted only by root, on Linux, outside of most containers")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_on_a_full_or_read_only_disk_it_says_so_and_goes_on_later(tmp_path, wheels, small_disk):
    course = Course(tmp_path, wheels)
    course.settings["COURSE_VENV"] = str(small_disk / "venv")
    status, _, err = course.set_up()
    assert status == 1
    assert "disk is full" in err and "Traceback" not in err

    subprocess.run(["mount", "-o", "remount,ro,size=100m", str(small_disk)], check=True)
    status, _, err = course.set_up()
    assert status == 1
    assert "may not be written" in err and str(course.venv) in err and "Traceback" not in err

    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    course.finish()


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("[Errno 122] Disk quota exceeded: '/home/ada/.venv/lib'", "disk is full"),
        ("[WinError 112] There is not enough space on the disk", "disk is full"),
        ("[WinError 5] Access is denied: 'C:\\\\course\\\\.venv\\\\Scripts\\\\python.exe'", "may not be written"),
        ("[Errno 30] Read-only file system: '/srv/course/.venv'", "may not be written"),
        (
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
            "PIP_CERT",
        ),
        ("NewConnectionError('<...>: Failed to establish a new connection: [Errno -3] Temporary failure", "no network"),
        ("ReadTimeoutError(\"HTTPSConnectionPool(host='example.org', port=443): Read timed out.\")", "no network"),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'ConnectTimeoutError(...)'\n"
            "ERROR: No matching distribution found for absl-py==2.5.1",
            "no network",
        ),
        ("ERROR: No matching distribution found for absl-py==2.5.1", "out of date"),
        ("error: subprocess-exited-with-error", "the reason stands above"),
    ],
)
def test_failures_are_explained(message, meaning):
    assert meaning in environment.explain(message)


def test_a_python_without_ensurepip_is_told_what_to_install(tmp_path, monkeypatch):
    find_spec = environment.importlib.util.find_spec
    monkeypatch.setattr(
        environment.importlib.util, "find_spec", lambda name: None if name == "ensurepip" else find_spec(name)
    )
    with pytest.raises(environment.SetupProblem, match=r"apt install python3\.\d+-venv"):
        environment.make_venv(tmp_path, lock=0)


def test_a_computer_without_tensorflow_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_VENV", str(tmp_path / "venv"))
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(environment.platform, "machine", lambda: "x86_64")
    with pytest.raises(environment.SetupProblem, match="no TensorFlow for this computer"):
        environment.set_up()
    assert not (tmp_path / "venv").exists()


def test_a_failed_write_leaves_the_old_content_and_no_rubbish(tmp_path, monkeypatch):
    (tmp_path / "mark").write_text("old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError):
        environment.write_atomically(tmp_path / "mark", "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("mark", "old")]

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from course_tools.student import lab
from course_utils.paths import REPOSITORY


@pytest.fixture
def lessons(tmp_path) -> Path:
    """A folder with a first lesson in it, as the course's notebooks."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    (folder / lab.FIRST).write_text("{}")
    return folder


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"BROWSER": "firefox"}, True),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_a_browser_is_opened_only_where_it_can_be_seen(monkeypatch, platform, variables, expected):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert lab.has_display() is expected
    assert f"--ServerApp.open_browser={expected}" in lab.jupyter_options("127.0.0.1", 8888, browser=True)
    assert "--ServerApp.open_browser=False" in lab.jupyter_options("127.0.0.1", 8888, browser=False)


@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_root_is_allowed_when_one_is_root(monkeypatch, user, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    assert f"--ServerApp.allow_root={allowed}" in lab.jupyter_options("127.0.0.1", 8888, browser=False)


def test_without_jupyterlab_and_without_lessons_it_says_what_to_do(monkeypatch, capsys, lessons):
    (lessons / lab.FIRST).unlink()
    assert lab.main([], lessons) == 1
    assert "make notebooks" in capsys.readouterr().err
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda _: None)
    assert lab.main([], lessons) == 1
    assert "make lab" in capsys.readouterr().err


def test_read_only_lessons_are_announced_and_opened_without_the_users_proxies(monkeypatch, capsys, lessons):
    from jupyterlab.labapp import LabApp

    class Started(Exception):
        pass

    def start(**_):
        raise Started([name for name in os.environ if name.lower().endswith("_proxy")])

    monkeypatch.setattr(os, "environ", {**os.environ, "http_proxy": "proxy:3128", "ALL_PROXY": "socks://127.0.0.1"})
    monkeypatch.setattr(lab, "writable", lambda _: False)
    monkeypatch.setattr(LabApp, "initialize_server", start)
    with pytest.raises(Started) as started:
        lab.main([], lessons)
    assert started.value.args == ([],)
    assert os.environ["http_proxy"] == "proxy:3128" and os.environ["ALL_PROXY"] == "socks://127.0.0.1"
    assert os.environ["KERAS_BACKEND"] == "tensorflow" and os.environ["JUPYTER_PREFER_ENV_PATH"] == "1"
    assert str(lessons) in capsys.readouterr().out


def test_the_server_is_on_loopback_with_a_token_and_on_the_next_port(tmp_path):
    for name in ("course_utils", "course_tools"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / lab.FIRST).write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER_")}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        environment[name] = str(tmp_path / name)
    environment |= {"HOME": "/nowhere", "USERPROFILE": "/nowhere", "http_proxy": "proxy.school.example:3128"}

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "course_utils", "lab", "--no-browser", "--port", str(port)]
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as server:
            try:
                printed = ""
                for line in server.stdout:
                    printed += line
                    if "token=" in line:
                        break
                found = re.search(r"http://(\S+):(\d+)(\S+)\?token=(\w+)", printed)
                assert found, printed
                host, other_port, path, token = found.groups()
                assert (host, path) == ("127.0.0.1", f"/lab/tree/notebooks/{lab.FIRST}")
                assert int(other_port) != port

                address = f"http://127.0.0.1:{other_port}"
                wait_for_server("127.0.0.1", int(other_port))  # the address is printed a moment before anybody listens
                with pytest.raises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(f"{address}/api/contents", timeout=30)
                assert refused.value.code == 403

                def get(path: str) -> str:
                    request = urllib.request.Request(address + path, headers={"Authorization": f"token {token}"})
                    with urllib.request.urlopen(request, timeout=30) as answer:
                        return answer.read().decode()

                assert json.loads(get(f"/api/contents/notebooks/{lab.FIRST}"))["type"] == "notebook"
                assert "apputils-extension:announcements" in get(path)  # as one of the disabled ones
                kernel = json.loads(get("/api/kernelspecs"))["kernelspecs"]["python3"]["spec"]
                assert "--IPKernelApp.capture_fd_output=False" in kernel["argv"]
                with pytest.raises(OSError):  # loopback only
                    socket.create_connection((another_address(), int(other_port)), timeout=5)
            finally:
                server.terminate()


def wait_for_server(host: str, port: int, seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection((host, port), timeout=5).close()
        except ConnectionRefusedError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.2)


def another_address() -> str:
    """An address of this computer that others can reach, or one of the loopback network that is not 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # reserved for documentation; sends nothing
            return probe.getsockname()[0]
        except OSError:
            return "127.0.0.2"

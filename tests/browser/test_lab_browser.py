"""Opens lesson 00 as a student does: the real command, a real browser, all cells run. On demand: make test-browser"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import nbformat
import pytest

from course_utils import checks, progress
from course_utils.lab import FIRST
from course_utils.setup_env import REPOSITORY

pytestmark = pytest.mark.browser
START_SECONDS, RUN_SECONDS = 120, 600
CHECK = re.compile(r'grader\.check\("(\w+)"\)')


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course as it is in the repository, the lesson without the outputs that are stored in it."""
    for name in ("course_utils", "notebooks", "data"):
        shutil.copytree(
            REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("downloads", "__pycache__", ".*")
        )
    for name in ("pyproject.toml", "requirements.lock"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    path = tmp_path / "notebooks" / FIRST
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, path)
    return tmp_path


@pytest.fixture
def address(course: Path):
    """The address that `python -m course_utils lab` prints, while it runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(course), "TF_CPP_MIN_LOG_LEVEL": "3"}
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        environment[name] = str(course / "jupyter" / name)  # nobody's settings but the defaults
    with subprocess.Popen(
        [sys.executable, "-m", "course_utils", "lab", "--no-browser", "--port", str(port)],
        cwd=course,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        printed, told = [], threading.Event()

        def listen():
            for line in server.stdout:
                printed.append(line)
                if "token=" in line:
                    told.set()

        threading.Thread(target=listen, daemon=True).start()
        try:
            assert told.wait(START_SECONDS), "no address was printed:\n" + "".join(printed)
            found = re.search(r"http://127\.0\.0\.1:(\d+)\S+token=\w+", "".join(printed))
            wait_for_server(int(found[1]))  # the address is printed a moment before anybody listens
            yield found[0]
        finally:
            server.terminate()


def wait_for_server(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, f"nobody listens on port {port}"
            time.sleep(0.2)


@pytest.fixture
def page(tmp_path: Path):
    """A page of a headless browser; its last look stays beside the copy of the course."""
    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser_path is None:
        pytest.skip("needs Chromium on the PATH (on Debian and Ubuntu: apt install chromium)")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=quiet)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        yield page
        page.screenshot(path=tmp_path / "last_look.png")
        browser.close()


def kernel_is_idle(address: str) -> bool:
    """What Jupyter's server says of the only kernel that runs."""
    parts = urlsplit(address)
    token = parse_qs(parts.query)["token"][0]
    request = urllib.request.Request(
        f"{parts.scheme}://{parts.netloc}/api/kernels", headers={"Authorization": f"token {token}"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        kernels = json.load(answer)
    return len(kernels) == 1 and kernels[0]["execution_state"] == "idle"


def test_lesson_00_opens_and_runs_in_a_browser(course, address, page):
    page.goto(address)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=START_SECONDS * 1000)
    page.wait_for_selector(".jp-StatusBar-Widget :text-matches('ipykernel.*Idle')", timeout=START_SECONDS * 1000)
    assert FIRST in page.inner_text(".lm-DockPanel-tabBar")
    page.click('.lm-MenuBar-item:has-text("Run")')
    page.click('.lm-Menu-item:has-text("Run All Cells")')

    deadline = time.monotonic() + RUN_SECONDS
    path = course / "notebooks" / FIRST
    while True:
        page.wait_for_timeout(1000)
        page.keyboard.press("Control+s")
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code" and cell.source]
        waiting = [cell.source for cell in cells if cell.execution_count is None]
        if not waiting and kernel_is_idle(address):
            break
        assert time.monotonic() < deadline, f"not run within {RUN_SECONDS} s: {waiting[:1]}"
    page.wait_for_timeout(1000)
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1000)
    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0, "something asks the student for attention"

    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    errors = [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert not errors, errors[0].evalue
    checked = 0
    for cell in cells:
        for exercise in CHECK.findall(cell.source):
            said = "".join(output.get("data", {}).get("text/plain", "") for output in cell.outputs)
            assert re.match(rf"[✓✗] {exercise}: ", said), f"the check of {exercise} said: {said!r}"
            assert any(checks.MIME in output.get("data", {}) for output in cell.outputs), "JupyterLab keeps the verdict"
            checked += 1
    assert checked, f"{FIRST} has no exercise to check"
    assert {exercise.state for exercise in progress.read(path).exercises} == {progress.BLANK}

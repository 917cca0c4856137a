"""Lessons as students meet them: the real command, the real JupyterLab, a real browser. On demand: make test-browser"""

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

from course_tools.lessons import assemble
from course_tools.notebooks import CHECK
from course_tools.student import exercise_status
from course_tools.student.environment import LOCKS, REPOSITORY
from course_tools.student.lab import FIRST
from course_utils import exercises

pytestmark = pytest.mark.browser
START_SECONDS, RUN_SECONDS = 120, 600
SLIDER = "04_simple_rnn"  # a lesson with a slider, figures and exercises that are quickly answered


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course as it is in the repository, the lessons without the outputs that are stored in them."""
    for name in ("course_utils", "course_tools", "notebooks", "data", "results"):
        shutil.copytree(
            REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("downloads", "__pycache__", ".*")
        )
    for name in ("pyproject.toml", *LOCKS, "README.md"):
        shutil.copy(REPOSITORY / name, tmp_path / name)
    for name in (FIRST, f"{SLIDER}.ipynb"):
        notebook = nbformat.read(tmp_path / "notebooks" / name, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        nbformat.write(notebook, tmp_path / "notebooks" / name)
    return tmp_path


@pytest.fixture
def address(course: Path):
    """The address that `python -m course_utils lab` prints, while it runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(course)}
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
def page(tmp_path: Path, chromium):
    """A page of a headless browser; its last look stays beside the copy of the course."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    yield page
    page.screenshot(path=tmp_path / "last_look.png")


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


def open_menu(page, menu: str, item: str) -> None:
    page.click(f'.lm-MenuBar-item:has-text("{menu}")')
    page.click(f'.lm-Menu-item:has-text("{item}")')


def run_all(page, address: str, path: Path) -> list[nbformat.NotebookNode]:
    """Run the notebook that is open by the menu, wait until all is done and saved: its code cells."""
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=START_SECONDS * 1000)
    page.wait_for_selector(".jp-StatusBar-Widget :text-matches('ipykernel.*Idle')", timeout=START_SECONDS * 1000)
    open_menu(page, "Run", "Run All Cells")
    deadline = time.monotonic() + RUN_SECONDS
    while True:
        page.wait_for_timeout(1000)
        page.keyboard.press("Control+s")
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code" and cell.source]
        waiting = [cell.source for cell in cells if cell.execution_count is None]
        if not waiting and kernel_is_idle(address):
            break
        assert time.monotonic() < deadline, f"not run within {RUN_SECONDS} s: {waiting[:1]}"
    save(page)
    assert page.locator(".jp-Dialog, .Toastify__toast").count() == 0, "something asks the student for attention"
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    errors = [output for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert not errors, errors[0].evalue
    said = "".join(output.text for cell in cells for output in cell.outputs if output.get("name") == "stderr")
    assert "cuda" not in said.lower() and "absl" not in said, "what is no error stands in red before a student"
    return cells


def save(page) -> None:
    page.wait_for_timeout(1000)
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1000)


def test_lesson_00_opens_and_runs_in_a_browser(course, address, page):
    page.goto(address)
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=START_SECONDS * 1000)
    assert FIRST in page.inner_text(".lm-DockPanel-tabBar")
    path = course / "notebooks" / FIRST
    checked = 0
    for cell in run_all(page, address, path):
        for exercise in CHECK.findall(cell.source):
            said = "".join(output.get("data", {}).get("text/plain", "") for output in cell.outputs)
            assert re.match(rf"[✓✗] {exercise}: ", said), f"the check of {exercise} said: {said!r}"
            assert any(exercises.MIME in output.get("data", {}) for output in cell.outputs), (
                "JupyterLab keeps the verdict"
            )
            checked += 1
    assert checked, f"{FIRST} has no exercise to check"
    assert {exercise.state for exercise in exercise_status.read(path).exercises} == {exercise_status.BLANK}


def test_a_lesson_is_opened_from_the_map_run_looked_at_and_solved(course, address, page):
    path = course / "notebooks" / f"{SLIDER}.ipynb"
    page.goto(address.replace(f"/lab/tree/notebooks/{FIRST}", "/lab/tree/README.md"))
    page.click(".jp-FileEditor .cm-content", button="right", timeout=START_SECONDS * 1000)
    page.click('.lm-Menu-item:has-text("Show Markdown Preview")')
    page.click(f'.jp-MarkdownViewer a[href*="{SLIDER}"]')
    cells = run_all(page, address, path)

    # Figures: as many pictures are drawn as the notebook has outputs, and each is whole.
    stored = [output for cell in cells for output in cell.outputs if "image/png" in output.get("data", {})]
    pictures = page.locator(".jp-NotebookPanel .jp-OutputArea-child .jp-RenderedImage img")
    still = page.locator(".jp-NotebookPanel .widget-output .jp-RenderedImage img")
    assert len(stored) >= 3 and pictures.count() == len(stored) + still.count()
    for n in range(pictures.count()):
        pictures.nth(n).scroll_into_view_if_needed()
        assert pictures.nth(n).evaluate("image => image.decode().then(() => image.naturalWidth)") > 200

    # The widget: with the key for "right", the slider goes on a step, and another figure is drawn.
    handle = page.locator(".jp-NotebookPanel .widget-slider .noUi-handle").first
    handle.scroll_into_view_if_needed()
    readout = page.locator(".jp-NotebookPanel .widget-slider .widget-readout").first
    shown = int(readout.text_content())
    assert still.count() == 1
    before = still.get_attribute("src")
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("was => document.querySelector('.widget-output img')?.src !== was", arg=before)
    assert int(readout.text_content()) == shown + 1

    # An exercise, wrong and then right, typed into its cell.
    lesson = assemble.assemble(*assemble.sources([SLIDER]))
    exercise, (wrong, *_) = next(iter(lesson.wrong_answers.items()))
    saved = nbformat.read(path, as_version=4).cells
    checked = next(n for n, cell in enumerate(saved) if cell.source == f'grader.check("{exercise}")')
    answered = max(n for n, cell in enumerate(saved[:checked]) if "otter_answer_cell" in cell.metadata.get("tags", []))
    answer, check = (page.locator(".jp-NotebookPanel .jp-Cell").nth(n) for n in (answered, checked))
    right = [
        cell.source for cell in lesson.solved.cells if "otter_assign_solution_cell" in cell.metadata.get("tags", [])
    ]
    check.scroll_into_view_if_needed()
    check.locator(f".jp-OutputArea-output:has-text('✗ {exercise}: not yet')").wait_for()
    for code, said in ((wrong.code, wrong.message), (right[0], f"✓ {exercise}: all tests passed")):
        answer.scroll_into_view_if_needed()
        answer.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(code)
        page.keyboard.press("Shift+Enter")
        check.locator(".cm-content").click()
        page.keyboard.press("Shift+Enter")
        check.locator(f".jp-OutputArea-output:has-text('{said}')").wait_for()
    save(page)
    states = {found.name: found.state for found in exercise_status.read(path).exercises}
    assert states.pop(exercise) == exercise_status.PASSED and set(states.values()) == {exercise_status.BLANK}

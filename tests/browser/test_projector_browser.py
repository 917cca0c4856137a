"""Opens the Embedding Projector by the cell of lesson 03, in a real browser, without a network. On demand: make test-browser"""

import importlib
import os
from urllib.parse import urlsplit

import IPython.display
import nbformat
import numpy as np
import pytest

from course_utils.embeddings import Vectors, export_projector
from course_utils.paths import REPOSITORY

pytestmark = pytest.mark.browser
START_SECONDS = 120


def projector_cell() -> str:
    """The cell of the lesson that opens the projector."""
    lesson = nbformat.read(REPOSITORY / "notebooks" / "03_entity_embeddings.ipynb", as_version=4)
    (cell,) = [cell for cell in lesson.cells if cell.cell_type == "code" and "TensorBoard()" in cell.source]
    return cell.source


@pytest.fixture
def frame(tmp_path, monkeypatch):
    """Address that the cell of the lesson shows, for 526 vectors."""
    titles = ["War and Peace", *(f"Book {i}" for i in range(525))]
    matrix = np.random.default_rng(0).normal(size=(len(titles), 50))
    folder = export_projector(tmp_path, Vectors(titles, matrix), {"shelf": ["novel"] * len(titles)}, name="books")
    shown = []
    monkeypatch.setenv("JPY_SESSION_NAME", "03_entity_embeddings.ipynb")
    monkeypatch.setattr(IPython.display, "display", shown.append)
    # The lesson has trained networks by then. Else TensorBoard imports TensorFlow while its page asks, once only, what there is
    # to show, and the answer is nothing.
    importlib.import_module("tensorflow")
    exec(projector_cell(), {"os": os, "folder": str(folder)})
    (frame,) = shown
    return frame.src


@pytest.fixture
def page(launch):
    """A page of a browser that draws WebGL without a graphics card."""
    browser = launch("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
    return browser.new_page(viewport={"width": 1200, "height": 800})


def test_the_projector_shows_all_points_and_asks_nobody_else(frame, page):
    asked = []
    page.on("request", lambda request: asked.append(urlsplit(request.url)))
    page.goto(frame)
    projector(page).get_by_text("Points: 526").wait_for(timeout=START_SECONDS * 1000)
    assert any("tensor" in url.path for url in asked)
    assert {url.hostname for url in asked if url.scheme in ("http", "https")} == {urlsplit(frame).hostname}


def projector(page):
    """The frame within the page that the projector is in, once it is there."""
    for _ in range(START_SECONDS):
        for frame in page.frames:
            if "projector_binary" in frame.url:
                return frame
        page.wait_for_timeout(1000)
    raise AssertionError("the projector did not open: " + ", ".join(frame.url for frame in page.frames))

"""For the tests of pages and slides: empty browser libraries, and notebooks made for a test."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_tools.publish import npm, slides

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="  # a PNG


@pytest.fixture(scope="session")
def libraries():
    """Puts empty files in the place of npm's libraries in a build folder, so that neither npm nor a network is needed."""

    def install(build) -> None:
        modules = build / "npm" / "node_modules"
        for path in slides.LIBRARIES:
            (modules / path).parent.mkdir(parents=True, exist_ok=True)
            (modules / path).write_text("")
        (modules / npm.MARK).write_bytes((npm.WEB / "package-lock.json").read_bytes())

    return install


@pytest.fixture
def figure_text():
    return "A point in place of a figure of the lesson."


@pytest.fixture
def figure(figure_text):
    """A code cell with a figure, as plots.show leaves it."""
    data = {"image/png": PIXEL, "text/plain": f"[Figure: {figure_text}]"}
    output = new_output("display_data", data, metadata={"image/png": {"alt": figure_text}})
    return new_code_cell(f'plots.show(figure, alt="{figure_text}")', outputs=[output], execution_count=1)


@pytest.fixture
def lesson():
    """Makes a notebook of texts, which become Markdown, and of cells."""

    def make(*cells):
        cells = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells]
        return new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})

    return make

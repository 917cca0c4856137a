import re
import shutil
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell

from course_tools.lessons import assemble, store
from course_tools.publish import site
from course_utils.paths import REPOSITORY

TEXTS = "README.md GUIDE.md GLOSSARY.md RESULTS.md data/README.md TEACHING.md HUBS.md CONTRIBUTING.md".split()
URLS = '[project.urls]\nRepository = "https://github.com/who/what"\nJupyterHub = "https://hub.example.org"\n'


def make_course(root, libraries) -> None:
    """Writes what every course has besides its lessons to the folder `root`."""
    (root / "notebooks" / "source").mkdir(parents=True)
    (root / "data").mkdir()
    for name in TEXTS:
        (root / name).write_text("# A page\n\n## Made\n\n## Made\n")
    for name in ("LICENSE", "LICENSE-TEXT"):
        (root / name).write_text("Do as you like.")
    (root / "pyproject.toml").write_text('[project]\nname = "made"\n')
    libraries(root / "build")


@pytest.fixture
def home(tmp_path, libraries, lesson, figure):
    """A course with two lessons."""
    make_course(tmp_path, libraries)
    first = [
        "# 01 · Gates\n\nA [next](02_keys.ipynb#how-keys-turn) one.",
        "## A gate\n\nIt can be *shut*: $f = 0$.",
        figure,
        new_code_cell("draw()", metadata={"jupyter": {"source_hidden": True}}),
    ]
    second = ["# 02 · Keys\n\nAs in [01](01_gates.ipynb).", "## How keys turn\n\n$$k = 1$$", "### Left\n\nSo."]
    for name, cells in (("01_gates", first), ("02_keys", second)):
        source = tmp_path / "notebooks" / "source" / f"{name}.py"
        source.write_text("")
        store.save(lesson(*cells), store.built(source))
        store.save(lesson(*cells, new_code_cell("answer = 42")), store.built(source, solved=True))
    links = "[01](notebooks/01_gates.ipynb) [solved](notebooks/solutions/01_gates.ipynb) [more](data/README.md)"
    table = "|  | a |\n| --- | --- |\n| b | c |\n"
    (tmp_path / "README.md").write_text(
        f"# The course\n\n{links} [rights](LICENSE) [out](https://example.org) [here](#the-end)\n\n{table}\n\n## The end\n"
    )
    return tmp_path


@pytest.fixture
def out(home):
    """The pages of that course."""
    out = home / "build" / "site"
    assert site.build_site(out, home) == 0
    return out


def read(path):
    return BeautifulSoup(path.read_bytes(), "html.parser")


def to(page, text: str) -> str:
    """Where the link with this text leads."""
    return next(link["href"] for link in page.find("article").find_all("a") if link.get_text() == text)


def test_pages_are_linked_as_their_sources_and_in_the_order_of_the_course(out):
    front, gates = read(out / "index.html"), read(out / "notebooks" / "01_gates.html")
    assert to(front, "01") == "notebooks/01_gates.html" and to(front, "solved") == "notebooks/solutions/01_gates.html"
    assert to(front, "more") == "data/README.html" and to(front, "here") == "#the-end"
    assert (out / to(front, "rights")).read_text() == "Do as you like."
    assert to(gates, "next") == "02_keys.html#how-keys-turn"
    turns = [gates.find("a", class_=way)["href"] for way in ("left-prev", "right-next")]
    assert turns == ["../README.html", "02_keys.html"]
    contents = [link.get_text(strip=True) for link in gates.find("nav", class_="bd-links").find_all("a")]
    assert contents == ["The course", "01 · Gates", "02 · Keys", *["A page"] * (len(TEXTS) - 1)]
    assert front.find("th").get_text() == "a"  # an empty corner is no heading


def test_both_notebooks_can_be_downloaded_and_the_solved_page_is_behind_a_link_and_not_in_the_search(home, out):
    lesson, solved = out / "notebooks" / "01_gates.html", out / "notebooks" / "solutions" / "01_gates.html"
    for path in (lesson, solved):
        copy = path.parent / to(read(path), "Download this notebook")
        assert copy.read_bytes() == (home / path.relative_to(out).with_suffix(".ipynb")).read_bytes()
    page, solved = read(lesson), read(solved)
    assert to(page, "The same lesson, solved") == "solutions/01_gates.html"
    assert "42" in solved.get_text() and "42" not in page.get_text()
    assert solved.find("article").h1.get_text().startswith("01 · Gates, solved")
    assert to(solved, "The lesson, to solve") == "../01_gates.html"
    index = (out / "searchindex.js").read_text(encoding="utf-8")
    assert "01 \\u00b7 Gates" in index and "Gates, solved" not in index


def test_figures_keep_their_alternative_text_equations_their_marks_and_folded_cells_are_folded(out, figure_text):
    page = read(out / "notebooks" / "01_gates.html").find("article")
    assert [image["alt"] for image in page.find_all("img")] == [figure_text]
    assert page.find(class_="math").get_text() == r"\(f = 0\)"
    assert ["draw()" in fold.get_text() for fold in page.find_all("details")] == [True]


def test_launch_buttons_are_there_when_the_repository_is_named_and_not_before(home, out):
    def launched() -> dict[str, str]:
        page = read(out / "notebooks" / "01_gates.html")
        links = page.find(class_="article-header-buttons").find_all("a", class_="dropdown-item")
        return {link.get_text(strip=True): link["href"] for link in links}

    assert launched() == {}
    with (home / "pyproject.toml").open("a") as file:
        file.write(URLS)
    assert site.build_site(out, home) == 0
    found, path = launched(), "notebooks/01_gates.ipynb"
    assert found.pop("Binder") == f"https://mybinder.org/v2/gh/who/what/main?urlpath=lab/tree/{path}"
    assert found.pop("Colab") == f"https://colab.research.google.com/github/who/what/blob/main/{path}"
    assert found.pop("JupyterHub").startswith("https://hub.example.org/hub/user-redirect/git-pull?")
    assert found == {"Codespaces": "https://codespaces.new/who/what"}


def test_links_that_lead_nowhere_fail_the_command_with_their_places(home, lesson, capsys):
    links = "[a](03_gone.ipynb)", "[b](02_keys.ipynb#gone)", "[c](#gone)", "![d](gone.png)"
    store.save(lesson("# 01 · Gates", *links), home / "notebooks" / "01_gates.ipynb")
    assert site.main([], home) == 1
    said = capsys.readouterr().err
    assert {int(n) for n in re.findall(r"01_gates\.ipynb:(\d)\d{4}: WARNING.*gone", said)} == {2, 3, 4, 5}
    assert "01_gates, 02_keys" in said  # older than their sources


def test_a_notebook_that_cannot_be_read_leaves_the_pages_that_are_there(home, out, capsys):
    (home / "notebooks" / "02_keys.ipynb").write_text("{torn")
    assert site.main([], home) == 1
    assert "notebooks/02_keys.ipynb" in capsys.readouterr().err
    assert (out / "notebooks" / "02_keys.html").is_file()


def test_every_page_of_the_real_texts_and_a_real_lesson_can_be_read_without_eyes(tmp_path, libraries):
    make_course(tmp_path, libraries)
    for name in TEXTS:
        shutil.copy(REPOSITORY / name, tmp_path / name)
    (source,) = assemble.sources(["06"])
    copy = tmp_path / "notebooks" / "source" / source.name
    copy.write_text("")
    for solved in (False, True):
        store.save(store.read(source, solved), store.built(copy, solved))
    site.build_site(tmp_path / "build" / "site", tmp_path)  # its links to the other lessons lead nowhere
    pages = {path: read(path) for path in (tmp_path / "build" / "site").glob("[!_]*/**/*.html")}
    for path, page in pages.items():
        levels = [int(tag.name[1]) for tag in page.find("article").find_all(re.compile("^h[1-6]$"))]
        assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in pairwise(levels)), (path, levels)
        assert str(tmp_path) not in str(page)
    outputs = [output for cell in store.read(source).cells for output in cell.get("outputs", [])]
    shown = [output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})]
    (page,) = [page for path, page in pages.items() if path.parts[-2:] == ("notebooks", "06_lstm.html")]
    assert shown and [image["alt"] for image in page.find("article").find_all("img")] == shown

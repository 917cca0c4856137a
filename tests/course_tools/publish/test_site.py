import json
import re
import shutil
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell

from course_tools.lessons import assemble, store
from course_tools.publish import site
from course_utils.paths import REPOSITORY


def make_course(root, libraries) -> None:
    """Writes what every course has besides its lessons to the folder `root`."""
    (root / "notebooks" / "source").mkdir(parents=True)
    (root / "data").mkdir()
    for name in site.TEXTS:
        (root / name).write_text("# A page\n\n## Made\n\n## Made\n")
    for name in site.LICENCES:
        (root / name).write_text("Do as you like.")
    libraries(root / "build")


@pytest.fixture
def home(tmp_path, libraries, lesson, figure):
    """A course with two lessons."""
    make_course(tmp_path, libraries)
    first = [
        "# 01 · Gates\n\nA [next](02_keys.ipynb#how-keys-turn) one.",
        "## A gate\n\nIt can be *shut*: $f = 0$.",
        figure,
    ]
    second = ["# 02 · Keys\n\nAs in [01](01_gates.ipynb).", "## How keys turn\n\n$$k = 1$$", "### Left\n\nSo."]
    for name, cells in (("01_gates", first), ("02_keys", second)):
        source = tmp_path / "notebooks" / "source" / f"{name}.py"
        source.write_text("")
        store.save(lesson(*cells), store.built(source))
        store.save(lesson(*cells, new_code_cell("answer = 42")), store.built(source, solved=True))
    links = "[01](notebooks/01_gates.ipynb) [solved](notebooks/solutions) [more](data/README.md) [rights](LICENSE)"
    (tmp_path / "README.md").write_text(
        f"# The course\n\n{links} [out](https://example.org)\n\n| a |\n| --- |\n| b |\n"
    )
    return tmp_path


@pytest.fixture
def out(home):
    """The pages of that course."""
    out = home / "build" / "site"
    assert site.build_site(out, home) == []
    return out


def read(path):
    return BeautifulSoup(path.read_bytes(), "html.parser")


def test_links_between_sources_become_links_between_pages(out):
    front = {link.string: link["href"] for link in read(out / "index.html").article.find_all("a", string=True)}
    assert front["01"] == "notebooks/01_gates.html" and front["solved"] == "notebooks/solutions/01_gates.html"
    assert front["more"] == "data.html" and front["rights"] == "LICENSE.txt"
    page = read(out / "notebooks" / "01_gates.html")
    assert page.find("a", string="next")["href"] == "02_keys.html#how-keys-turn"
    turns = [page.find("a", rel=rel)["href"] for rel in ("prev", "next")]
    assert turns == ["../index.html", "02_keys.html"]
    assert page.find("nav", class_="all").find(attrs={"aria-current": "page"}).string == "01 · Gates"
    contents = read(out / "notebooks" / "02_keys.html").find("nav", class_="here")
    assert [link["href"] for link in contents.find_all("a")] == ["#how-keys-turn", "#left"]
    assert (out / "external-links.txt").read_text() == "https://example.org\tindex.html\n"


def test_notebooks_can_be_downloaded_and_the_solved_ones_are_behind_a_link(home, out):
    for path in ("notebooks/01_gates", "notebooks/solutions/01_gates"):
        page = read(out / f"{path}.html")
        assert page.find("a", download=True)["href"] == "01_gates.ipynb"
        assert (out / f"{path}.ipynb").read_bytes() == (home / f"{path}.ipynb").read_bytes()
        assert ("42" in page.article.get_text()) is ("solutions" in path)
    assert read(out / "notebooks" / "01_gates.html").find("a", href="solutions/01_gates.html")


def test_figures_keep_their_alternative_text_and_equations_their_marks(out, figure_text):
    page = read(out / "notebooks" / "01_gates.html")
    assert [image["alt"] for image in page.article.find_all("img")] == [figure_text]
    assert "$f = 0$" in page.article.get_text()


def test_the_search_knows_every_section_once(out, figure_text):
    script = (out / "assets" / "search-data.js").read_text(encoding="utf-8")
    texts = json.loads(re.fullmatch(r"window\.courseTexts = (.*);\n", script, re.DOTALL)[1])
    (gate,) = [text for text in texts if text["heading"] == "A gate"]
    assert gate["page"] == "01 · Gates" and gate["url"] == "notebooks/01_gates.html#a-gate"
    assert gate["text"].startswith("It can be shut: f = 0.") and figure_text in gate["text"]
    assert len({text["id"] for text in texts}) == len(texts)
    assert not any("answer = 42" in text["text"] or "/solutions/" in text["url"] for text in texts)


def test_what_leads_nowhere_fails_the_command_and_older_notebooks_are_named(home, lesson, capsys):
    store.save(lesson("# 01 · Gates\n\n[x](03_none.ipynb)"), home / "notebooks" / "01_gates.ipynb")
    assert site.main([], home) == 1
    said = capsys.readouterr().err
    assert "notebooks/01_gates.html: the link 03_none.ipynb" in said and "01_gates, 02_keys" in said


def test_a_notebook_that_cannot_be_read_leaves_the_pages_that_are_there(home, out, capsys):
    (home / "notebooks" / "02_keys.ipynb").write_text("{torn")
    assert site.main([], home) == 1
    assert "notebooks/02_keys.ipynb" in capsys.readouterr().err
    assert (out / "notebooks" / "02_keys.html").is_file()


@pytest.fixture(scope="module")
def real(tmp_path_factory, libraries):
    """The pages of the texts and of one lesson of the real course: {path in the site: page}."""
    root = tmp_path_factory.mktemp("real")
    make_course(root, libraries)
    for name in site.TEXTS:
        shutil.copy(REPOSITORY / name, root / name)
    for source in assemble.sources(["06"]):
        (root / "notebooks" / "source" / source.name).write_text("")
        store.save(store.read(source), root / "notebooks" / f"{source.stem}.ipynb")
        store.save(store.read(source, solved=True), root / "notebooks" / "solutions" / f"{source.stem}.ipynb")
    site.build_site(root / "build" / "site", root)
    found = (root / "build" / "site").rglob("*.html")
    return {path.relative_to(root / "build" / "site").as_posix(): read(path) for path in found}


def test_every_page_can_be_read_without_eyes_or_mouse(real):
    assert len(real) == 2 + len(site.TEXTS)
    for path, page in real.items():
        levels = [int(tag.name[1]) for tag in page.find_all(re.compile("^h[1-6]$"))]
        steps = pairwise(levels)
        assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in steps), (path, levels)
        assert page.body.find("a")["href"] == "#content" and page.main["id"] == "content"
        assert all(nav.get("aria-label") for nav in page.find_all("nav"))
        assert page.find("label", attrs={"for": page.find("input")["id"]})
        assert all(len(image.get("alt", "")) > 20 for image in page.find_all("img")), path
        assert str(REPOSITORY) not in str(page)


def test_every_figure_of_a_real_lesson_is_on_its_page(real):
    for source in assemble.sources(["06"]):
        outputs = [output for cell in store.read(source).cells for output in cell.get("outputs", [])]
        shown = [output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})]
        page = real[f"notebooks/{source.stem}.html"]
        assert shown and [image["alt"] for image in page.find_all("img")] == shown

import json
import re
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell

from course_tools.lessons import assemble, store
from course_tools.publish import site
from course_utils.paths import REPOSITORY


@pytest.fixture
def home(tmp_path, libraries, lesson, figure):
    """A repository with two lessons, in place of the real one."""
    folder = tmp_path / "notebooks"
    (folder / "source").mkdir(parents=True)
    first = [
        "# 01 · Gates\n\nA [next](02_keys.ipynb#how-keys-turn) one.",
        "## A gate\n\nIt can be *shut*: $f = 0$.",
        figure,
    ]
    second = ["# 02 · Keys\n\nAs in [01](01_gates.ipynb).", "## How keys turn\n\n$$k = 1$$", "### Left\n\nSo."]
    for name, cells in (("01_gates", first), ("02_keys", second)):
        (folder / "source" / f"{name}.py").write_text("")
        store.save(lesson(*cells), folder / f"{name}.ipynb")
        store.save(lesson(*cells, new_code_cell("answer = 42")), folder / "solutions" / f"{name}.ipynb")
    (tmp_path / "data").mkdir()
    links = "[01](notebooks/01_gates.ipynb) [solved](notebooks/solutions) [more](data/README.md) [rights](LICENSE)"
    (tmp_path / "README.md").write_text(
        f"# The course\n\n{links} [out](https://example.org)\n\n| a |\n| --- |\n| b |\n"
    )
    for name in ("RESULTS.md", *site.MORE_TEXTS):
        (tmp_path / name).write_text("# A page\n\n## Made\n\n## Made\n")
    for name in site.LICENCES:
        (tmp_path / name).write_text("Do as you like.")
    libraries(tmp_path / "build")
    return tmp_path


def read(path):
    return BeautifulSoup(path.read_bytes(), "html.parser")


def search_texts(out):
    script = (out / "assets" / "search-data.js").read_text(encoding="utf-8")
    return json.loads(re.fullmatch(r"window\.courseTexts = (.*);\n", script, re.DOTALL)[1])


def test_links_between_sources_become_links_between_pages(home):
    out = home / "build" / "site"
    assert site.build_site(out, root=home) == []
    front = {link.string: link["href"] for link in read(out / "index.html").article.find_all("a", string=True)}
    assert front["01"] == "notebooks/01_gates.html" and front["solved"] == "notebooks/solutions/01_gates.html"
    assert front["more"] == "data.html" and front["rights"] == "LICENSE.txt"
    page = read(out / "notebooks" / "01_gates.html")
    assert page.find("a", string="next")["href"] == "02_keys.html#how-keys-turn"
    assert (
        page.find("a", rel="prev")["href"] == "../index.html" and page.find("a", rel="next")["href"] == "02_keys.html"
    )
    assert page.find("nav", class_="all").find(attrs={"aria-current": "page"}).string == "01 · Gates"
    contents = read(out / "notebooks" / "02_keys.html").find("nav", class_="here")
    assert [link["href"] for link in contents.find_all("a")] == ["#how-keys-turn", "#left"]
    assert (out / "external-links.txt").read_text() == "https://example.org\tindex.html\n"


def test_notebooks_can_be_taken_along_and_the_solved_ones_stand_behind_a_link(home):
    out = home / "build" / "site"
    site.build_site(out, root=home)
    for path in ("notebooks/01_gates", "notebooks/solutions/01_gates"):
        page = read(out / f"{path}.html")
        assert page.find("a", download=True)["href"] == "01_gates.ipynb"
        assert (out / f"{path}.ipynb").read_bytes() == (home / f"{path}.ipynb").read_bytes()
        assert ("42" in page.article.get_text()) is ("solutions" in path)
    assert read(out / "notebooks" / "01_gates.html").find("a", string="The same lesson, solved")


def test_figures_keep_their_alternative_text_and_equations_their_marks(home, figure_text):
    out = home / "build" / "site"
    site.build_site(out, root=home)
    page = read(out / "notebooks" / "01_gates.html")
    assert [image["alt"] for image in page.article.find_all("img")] == [figure_text]
    assert "$f = 0$" in page.article.get_text()


def test_the_search_knows_every_section_once(home, figure_text):
    out = home / "build" / "site"
    site.build_site(out, root=home)
    texts = search_texts(out)
    (gate,) = [text for text in texts if text["heading"] == "A gate"]
    assert gate["page"] == "01 · Gates" and gate["url"] == "notebooks/01_gates.html#a-gate"
    assert gate["text"].startswith("It can be shut: f = 0.") and figure_text in gate["text"]
    assert len({text["id"] for text in texts}) == len(texts)
    assert not any("answer = 42" in text["text"] or "/solutions/" in text["url"] for text in texts)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("[x](03_none.ipynb)", "notebooks/01_gates.html: nothing is at 03_none.ipynb"),
        ("[x](02_keys.ipynb#none)", "notebooks/01_gates.html: no such anchor: 02_keys.html#none"),
        ("[x](#none)", "notebooks/01_gates.html: no such anchor: #none"),
        ("![A picture](none.png)", "notebooks/01_gates.html: nothing is at none.png"),
        ("[x](../../../outside.txt)", "notebooks/01_gates.html: nothing is at ../../../outside.txt"),
        (
            "![A picture](https://example.org/a.png)",
            "notebooks/01_gates.html: <img> comes from the network: https://example.org/a.png",
        ),
        ('<script src="//example.org/a.js"></script>', "<script> comes from the network: //example.org/a.js"),
        ('<p id="search"></p>', "notebooks/01_gates.html: the id 'search' stands 2 times"),
    ],
)
def test_what_leads_nowhere_fails_the_command_and_is_listed(home, lesson, capsys, written, fault):
    (home.parent / "outside.txt").write_text("")
    store.save(lesson(f"# 01 · Gates\n\n{written}"), home / "notebooks" / "01_gates.ipynb")
    assert site.main([], home) == 1
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("FAILED")]
    assert len(said) == 1 and fault in said[0]


def test_a_notebook_that_cannot_be_read_leaves_the_pages_that_are_there(home, capsys):
    out = home / "build" / "site"
    site.build_site(out, root=home)
    (home / "notebooks" / "02_keys.ipynb").write_text("{torn")
    assert site.main([], home) == 2
    assert "notebooks/02_keys.ipynb: cannot be read" in capsys.readouterr().err
    assert (out / "notebooks" / "02_keys.html").is_file()


def test_notebooks_older_than_their_sources_are_named(home, capsys):
    assert site.main([], home) == 0
    assert "Older than their sources: 01_gates, 02_keys." in capsys.readouterr().err


@pytest.fixture(scope="module")
def whole(tmp_path_factory, libraries):
    """The pages of the real course, {path in the site: page}, and what is wrong with their links."""
    folder = tmp_path_factory.mktemp("whole")
    libraries(folder)
    faults = site.build_site(folder / "site")
    pages = {path.relative_to(folder / "site").as_posix(): read(path) for path in (folder / "site").rglob("*.html")}
    return pages, faults


def test_the_real_course_has_no_link_that_leads_nowhere(whole):
    assert whole[1] == []


def test_every_page_can_be_read_without_eyes_or_mouse(whole):
    assert len(whole[0]) >= 2 * len(assemble.sources())
    for path, page in whole[0].items():
        levels = [int(tag.name[1]) for tag in page.find_all(re.compile("^h[1-6]$"))]
        steps = pairwise(levels)
        assert levels[0] == 1 and levels.count(1) == 1 and all(b - a <= 1 for a, b in steps), (path, levels)
        assert page.body.find("a")["href"] == "#content" and page.main["id"] == "content"
        assert all(nav.get("aria-label") for nav in page.find_all("nav"))
        assert page.find("label", attrs={"for": page.find("input")["id"]})
        assert all(len(image.get("alt", "")) > 20 for image in page.find_all("img")), path


def test_every_figure_of_the_real_lessons_is_on_its_page(whole):
    for source in assemble.sources():
        outputs = [output for cell in store.read(source).cells for output in cell.get("outputs", [])]
        shown = [output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})]
        page = whole[0][f"notebooks/{source.stem}.html"]
        assert shown and [image["alt"] for image in page.find_all("img")] == shown


def test_no_page_names_the_folder_that_it_was_made_in(whole):
    assert not [path for path, page in whole[0].items() if str(REPOSITORY) in str(page)]

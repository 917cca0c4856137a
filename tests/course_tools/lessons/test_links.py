import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_tools.lessons import links
from course_utils.paths import REPOSITORY

PAGE = """# The lessons: *one* & `two`

## Again

## Again

[a page](other.md) [a heading](other.md#its-heading) [here](#the-lessons-one--two) [twice](#again-1) ![a picture](my%20map.svg)
[a folder](notebooks) <https://example.org/a> [mail](mailto:x@example.org) [by reference][1]

| a | table |
| --- | --- |
| [in a table](notebooks/77_made.ipynb#1-·-First) | <img src="my map.svg" alt="in HTML"> |

<a href="other.md">a block</a>

```console
[not a link](gone.md)
```

`[nor this](gone.md)`

[1]: other.md
"""
WEB = '<h1 id="top">A</h1> <a href="#top">a</a> <a href="other.html#low">b</a> <img src="my%20map.svg"> <img src="data:x">'


@pytest.fixture
def course(tmp_path):
    (tmp_path / "README.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "other.md").write_text("Its heading\n===========\n", encoding="utf-8")
    (tmp_path / "my map.svg").write_text("<svg/>")
    (tmp_path / "notebooks").mkdir()
    cells = [new_markdown_cell("# 1 · First\n\n[back](../README.md)"), new_code_cell("x = '[no](gone.md)'")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "notebooks" / "77_made.ipynb")
    (tmp_path / "index.html").write_text(WEB)
    (tmp_path / "other.html").write_text('<p id="low">')
    return tmp_path


def test_the_command_lists_what_leads_outside_and_fails_for_what_is_broken(course, capsys):
    assert links.main([], course) == 0
    assert capsys.readouterr().out.splitlines()[:-1] == ["https://example.org/a", "mailto:x@example.org"]
    (course / "README.md").unlink()
    assert links.main([], course) == 1
    assert "notebooks/77_made.ipynb: the link ../README.md" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("page", "old", "new", "named"),
    [
        ("README.md", "[a page](other.md)", "[a page](gone.md)", "gone.md"),
        ("README.md", "#its-heading", "#its-end", "other.md#its-end"),
        ("README.md", "#again-1", "#again-2", "#again-2"),
        ("README.md", "my%20map.svg", "my%20maps.svg", "my%20maps.svg"),
        ("README.md", "[a folder](notebooks)", "[a folder](../notebooks)", "../notebooks"),
        ("README.md", "·-First", "·-Second", "notebooks/77_made.ipynb#"),
        ("README.md", 'src="my map', 'src="our map', "our map.svg"),
        ("README.md", "[1]: other.md", "[1]: gone.md", "gone.md"),
        ("README.md", '<a href="other.md">', '<a href="gone.md">', "gone.md"),
        ("index.html", "#top", "#bottom", "#bottom"),
        ("index.html", "other.html#low", "other.html#high", "other.html#high"),
        ("index.html", "other.html#low", "notebooks", "notebooks"),  # no server lists a folder
        ("index.html", "other.html#low", "../outside.txt", "../outside.txt"),
        ("index.html", "my%20map.svg", "my%20maps.svg", "my%20maps.svg"),
        ("index.html", "my%20map.svg", "https://example.org/a.png", "https://example.org/a.png"),
        ("index.html", "<img", '<script src="//example.org/a.js"></script><img', "//example.org/a.js"),
        ("index.html", "<img", '<p id="top"><img', "'top'"),
    ],
)
def test_links_that_lead_nowhere_are_named(course, page, old, new, named):
    (course.parent / "outside.txt").write_text("")
    path = course / page
    assert links.check([path], course)[0] == []
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    ((fault,), _) = links.check([path], course)
    assert fault.startswith(f"{page}: ") and named in fault


def test_all_links_of_the_course_lead_somewhere():
    names = {path.name for path in links.pages()}
    assert {"README.md", "CONTRIBUTING.md", "00_start_here.ipynb"} <= names
    assert links.check(links.pages(), REPOSITORY)[0] == []

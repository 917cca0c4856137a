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


@pytest.fixture
def course(tmp_path):
    (tmp_path / "README.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "other.md").write_text("Its heading\n===========\n", encoding="utf-8")
    (tmp_path / "my map.svg").write_text("<svg/>")
    (tmp_path / "notebooks").mkdir()
    cells = [new_markdown_cell("# 1 · First\n\n[back](../README.md)"), new_code_cell("x = '[no](gone.md)'")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "notebooks" / "77_made.ipynb")
    return tmp_path


def test_links_that_lead_somewhere(course):
    assert links.broken(course / "README.md", course) == []
    assert links.broken(course / "notebooks" / "77_made.ipynb", course) == []
    assert len(links.links(course / "README.md")) == 12


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[a page](other.md)", "[a page](gone.md)", "gone.md: there is no such file"),
        ("#its-heading", "#its-end", "other.md#its-end: other.md has no such heading"),
        ("#again-1", "#again-2", "#again-2: README.md has no such heading"),
        ("my%20map.svg", "my%20maps.svg", "my%20maps.svg: there is no such file"),
        ("[a folder](notebooks)", "[a folder](../notebooks)", "../notebooks: leads out of the repository"),
        ("·-First", "·-Second", "has no such heading"),
        ('src="my map', 'src="our map', "our map.svg: there is no such file"),
        ("[1]: other.md", "[1]: gone.md", "gone.md: there is no such file"),
        ('<a href="other.md">', '<a href="gone.md">', "gone.md: there is no such file"),
    ],
)
def test_links_that_lead_nowhere_are_named(course, old, new, said):
    assert old in PAGE
    (course / "README.md").write_text(PAGE.replace(old, new), encoding="utf-8")
    (fault,) = links.broken(course / "README.md", course)
    assert fault.startswith("README.md: ") and said in fault


def test_a_link_in_a_notebook_that_leads_nowhere(course):
    (course / "README.md").unlink()
    assert links.broken(course / "notebooks" / "77_made.ipynb", course) == [
        "notebooks/77_made.ipynb: ../README.md: there is no such file"
    ]


def test_all_links_of_the_course_lead_somewhere():
    names = {path.name for path in links.pages()}
    assert {"README.md", "CONTRIBUTING.md", "00_start_here.ipynb"} <= names
    assert [fault for page in links.pages() for fault in links.broken(page, REPOSITORY)] == []


def test_the_command_lists_what_leads_outside_and_fails_for_what_is_broken(course, capsys, monkeypatch):
    monkeypatch.setattr(links, "REPOSITORY", course)
    assert links.main([]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "https://example.org/a",
        "mailto:x@example.org",
        "pages: 3, links outside: 2, broken: 0",
    ]
    (course / "other.md").unlink()
    assert links.main([]) == 1
    assert "README.md: other.md: there is no such file" in capsys.readouterr().out

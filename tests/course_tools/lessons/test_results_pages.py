import pytest

from course_tools.lessons import results_pages
from course_utils import tables
from course_utils.paths import REPOSITORY


def test_page_is_generated_from_the_record():
    page = (REPOSITORY / results_pages.RESULTS).read_text(encoding="utf-8")
    assert page == results_pages.page(), "rewrite it with: make results"
    for path in (REPOSITORY / name for name in results_pages.MARKED):
        assert path.read_text(encoding="utf-8") == results_pages.filled(path), "rewrite it with: make results"


def test_a_page_says_when_a_benchmark_was_not_run_but_a_lesson_must_have_been(tmp_path):
    page = tmp_path / "PAGE.md"
    page.write_text("<!-- benchmark of hub: A class -->\nold\n<!-- end of table -->\nrest\n")
    assert "old" not in results_pages.filled(page) and "python benchmarks/hub.py" in results_pages.filled(page)
    (tmp_path / "results" / "benchmarks").mkdir(parents=True)
    made = {"machine": "2 cores", "tables": [{"title": "A class", "rows": [{"students": 30, "cores": 4}]}]}
    tables.write_record(made, tmp_path / "results" / "benchmarks" / "hub.json")
    assert "| 30 | 4 |" in results_pages.filled(page) and "2 cores." in results_pages.filled(page)
    page.write_text(results_pages.filled(page))
    assert results_pages.filled(page) == page.read_text() and page.read_text().endswith("<!-- end of table -->\nrest\n")
    page.write_text("<!-- table of 01_x: Scores -->\n<!-- end of table -->\n")
    with pytest.raises(KeyError, match="make results ARGS=01_x"):
        results_pages.filled(page)

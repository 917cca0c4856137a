import pytest

from course_tools.lessons import results_pages
from course_utils import tables
from course_utils.paths import REPOSITORY


def test_page_is_generated_from_the_record():
    page = (REPOSITORY / results_pages.RESULTS).read_text(encoding="utf-8")
    assert page == results_pages.page(), "rewrite it with: make results"
    for path in (REPOSITORY / name for name in results_pages.MARKED):
        assert path.read_text(encoding="utf-8") == results_pages.filled(path), "rewrite it with: make results"


def test_a_page_gets_the_tables_of_a_benchmark_that_was_run(tmp_path):
    page = tmp_path / "PAGE.md"
    page.write_text("<!-- benchmark of hub: A class -->\nold\n<!-- end of table -->\nrest\n")
    with pytest.raises(KeyError, match=r"python benchmarks/hub.py"):
        results_pages.filled(page)
    (tmp_path / "results" / "benchmarks").mkdir(parents=True)
    made = {"machine": "2 cores", "tables": [{"title": "A class", "rows": [{"students": 30, "cores": 4}]}]}
    tables.write_record(made, tmp_path / "results" / "benchmarks" / "hub.json")
    assert "| 30 | 4 |" in results_pages.filled(page) and "2 cores." in results_pages.filled(page)
    page.write_text(results_pages.filled(page))
    assert results_pages.filled(page) == page.read_text() and page.read_text().endswith("<!-- end of table -->\nrest\n")


def test_readme_shows_a_bar_for_each_model(tmp_path):
    rows = [
        {"model": "bag", "seconds": "3 ± 1", "test": "0.8712 ± 0.0010"},
        {"model": "LSTM", "seconds": 9, "test": 0.75},
    ]
    results_pages.draw(tables.Table("All models", rows), tmp_path / "a.svg")
    drawn = (tmp_path / "a.svg").read_text(encoding="utf-8")
    for label in ("bag  (3 ± 1 s)", "LSTM  (9 s)", "0.871", "0.750"):
        assert f"<!-- {label} -->" in drawn
    assert results_pages.FIGURE in (REPOSITORY / "README.md").read_text(encoding="utf-8")

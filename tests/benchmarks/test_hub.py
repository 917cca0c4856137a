import importlib.util
import re

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_tools.lessons import assemble, results_pages, store
from course_tools.student.environment import REPOSITORY
from course_utils import tables

spec = importlib.util.spec_from_file_location("hub", REPOSITORY / "benchmarks" / "hub.py")
hub = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hub)

MB, GB = 10**6, 10**9
LIGHT = {"peak": 900 * MB, "after": 700 * MB, "cpu": 20.0, "wall": 15.0}
HEAVY = {"peak": 1500 * MB, "after": 1200 * MB, "cpu": 120.0, "wall": 70.0}


def test_a_lesson_is_measured_with_the_processes_that_it_starts(tmp_path):
    child = "import time; kept = bytearray(b'x') * 150_000_000; time.sleep(1.5)"
    busy = "import time\nwhile time.process_time() < 2: pass"
    cells = [
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])",
        busy,
        "kept = b'x' * 50_000_000",
    ]
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    found = hub.measure("77_made", notebook, tmp_path)
    assert found["peak"] > found["after"] + 60 * MB and found["after"] > 50 * MB
    assert 2 <= found["cpu"] < 30 and found["wall"] > 3
    assert len(notebook.cells) == 3


def test_a_lesson_that_fails_is_no_measurement(tmp_path):
    with pytest.raises(RuntimeError, match="77_made, cell 0 .1 / 0.: raised ZeroDivisionError"):
        hub.measure("77_made", new_notebook(cells=[new_code_cell("1 / 0")]), tmp_path)


def test_of_several_rounds_the_largest_memory_and_the_median_time_count():
    rounds = [{**LIGHT, "peak": peak, "cpu": cpu} for peak, cpu in ((1, 5.0), (3, 9.0), (2, 6.0))]
    assert hub.over_rounds(rounds) == {**LIGHT, "peak": 3, "cpu": 6.0}


def test_a_hub_is_sized_by_the_lesson_that_needs_most():
    each, one, classes = hub.summary_tables({"00_light": LIGHT, "01_heavy": HEAVY}, server=150 * MB)
    assert [row["lesson"] for row in each["rows"]] == ["00_light", "01_heavy"]
    assert {row["setting"]: row["value"] for row in one["rows"]} == {
        "SERVER_MEMORY": "150M",
        "MEMORY_GUARANTEE": "1.4G",  # 0.15 + 1.2, rounded up
        "MEMORY_LIMIT": "2.9G",  # 0.15 + 1.2 + 1.5, rounded up
        "CPU_GUARANTEE": "0.20",  # 120 s in ten minutes
        "CPU_LIMIT": "2",
    }
    assert [list(row.values()) for row in classes["rows"]] == [
        [30, 6, 42, 87],
        [300, 60, 420, 870],
        [3000, 600, 4200, 8700],
    ]
    for table in (each, one, classes):
        tables.table(**table)  # the same columns in every row


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with one small lesson."""
    source = tmp_path / "notebooks" / "source" / "77_made.py"
    source.parent.mkdir(parents=True)
    source.write_text("")
    store.save(new_notebook(cells=[new_code_cell("print('solved')")]), store.built(source, solved=True))
    (tmp_path / "results" / "benchmarks").mkdir(parents=True)
    monkeypatch.setattr(hub, "ROUNDS", 1)
    monkeypatch.setattr(hub, "server_memory", lambda: 150 * MB)
    for name in results_pages.MARKED:
        (tmp_path / name).write_text("<!-- benchmark of hub: A class -->\n<!-- end of table -->\n", encoding="utf-8")
    return tmp_path


def test_some_lessons_are_looked_at_and_all_are_recorded(course, capsys):
    assert hub.main(["77"], course) == 0
    assert "77_made" in capsys.readouterr().out and not list((course / "results" / "benchmarks").iterdir())
    assert hub.main([], course) == 0
    assert tables.benchmark("hub", hub.LESSONS, course / "results").rows[0]["lesson"] == "77_made"
    assert "| 3,000 |" in (course / "HUBS.md").read_text(encoding="utf-8")
    assert store.read(*assemble.sources([], course), solved=True).cells[-1].source == "print('solved')"


def test_jupyterlab_is_measured_and_stopped():
    assert 50 * MB < hub.server_memory() < GB


def test_the_page_for_instructors_shows_the_tables_and_names_the_settings_that_they_hold():
    page = (REPOSITORY / "HUBS.md").read_text(encoding="utf-8")
    marked = re.findall(r"<!-- benchmark of hub: (.+?) -->", page)
    assert marked == [hub.CLASS, hub.ONE, hub.LESSONS]
    _, one, _ = hub.summary_tables({"00": LIGHT}, server=1)
    settings = {row["setting"] for row in one["rows"]}
    blocks = "\n".join(re.findall(r"```.*?```", page, re.DOTALL))
    named = set(re.findall(r"\b(?:MEMORY|CPU)_[A-Z]+\b", blocks))
    assert named == settings - {"SERVER_MEMORY"}
    assert f"within {hub.MINUTES} minutes" in page

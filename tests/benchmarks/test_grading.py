import importlib.util
import shutil

import nbformat
import pytest

from course_tools.grading import sandbox, submissions
from course_tools.lessons import assemble, results_pages
from course_utils import tables
from course_utils.paths import REPOSITORY

spec = importlib.util.spec_from_file_location("grading", REPOSITORY / "benchmarks" / "grading.py")
grading = importlib.util.module_from_spec(spec)
spec.loader.exec_module(grading)

LESSON = "00_start_here"
needs_sandbox = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


@pytest.fixture(scope="module")
def source():
    return assemble.sources([LESSON])[0]


def test_submissions_are_the_lesson_with_answers_of_all_kinds_and_the_same_every_time(source, tmp_path):
    for again in ("once", "twice"):
        grading.hand_in(source, tmp_path / again, 12)
    once, twice = (sorted((tmp_path / again).iterdir()) for again in ("once", "twice"))
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in twice] and len(once) == 12
    lesson = assemble.assemble(source)
    right, stub = grading.solutions(lesson), "answer = ..."
    assert stub in "".join(cell.source for cell in lesson.student.cells)
    seen = set()
    for path in once:
        slug, cells = submissions.read(path, {LESSON})
        assert slug == LESSON and len(cells) == sum(cell.cell_type == "code" for cell in lesson.student.cells)
        assert any(cell.get("outputs") for cell in nbformat.read(path, as_version=4).cells)
        for exercise, wrong in lesson.wrong_answers.items():
            seen |= {(exercise, "right")} if right[exercise] in cells else set()
            seen |= {(exercise, "wrong")} if {answer.code for answer in wrong} & set(cells) else set()
        seen |= {"blank"} if stub in cells else set()
        assert cells[1].startswith(grading.PIP) == path.stem.endswith(("1", "3", "5", "7", "9"))
    assert seen == {(exercise, kind) for exercise in right for kind in ("right", "wrong")} | {"blank"}


@needs_sandbox
def test_a_row_has_what_grading_took(source):
    problem = sandbox.problem(sandbox.Limits())
    if problem:
        pytest.skip(problem)
    row = grading.measure(source, 4)
    assert row["lesson"] == LESSON and row["submissions"] == 4 and row["not run to the end"] == 0
    assert 0 < row["seconds each, median"] <= row["slowest"] <= row["seconds in all"] + 1 < 120
    assert 0 < row["mean of points, %"] < 100


def test_grading_that_fails_is_no_measurement(source, monkeypatch):
    monkeypatch.setattr(grading, "hand_in", lambda *_: None)
    with pytest.raises(RuntimeError, match="ended with status 2"):
        grading.measure(source, 4)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """All lessons, whose grading takes as long as the test says, and a folder to write to."""
    (tmp_path / "results" / "benchmarks").mkdir(parents=True)
    monkeypatch.setattr(grading.psutil.Process, "cpu_affinity", lambda *_: [0, 1], raising=False)
    marked = f"<!-- benchmark of grading: {grading.TITLE} -->\n<!-- end of table -->\n"
    for name in results_pages.MARKED:
        (tmp_path / name).write_text(marked, encoding="utf-8")
    monkeypatch.setattr(grading, "measure", lambda source, n: {"lesson": source.stem, "seconds in all": 10 * n})
    return tmp_path


def test_all_lessons_are_recorded_and_some_are_looked_at(course, capsys):
    assert grading.main(["00", "--submissions", "3"], course) == grading.main(["--submissions", "3"], course) == 0
    assert "Nothing was written" in capsys.readouterr().out and not list((course / "results" / "benchmarks").iterdir())
    assert grading.main([], course) == 1  # 1,000 s
    assert f"FAILED  {LESSON}: longer than 120 seconds" in capsys.readouterr().err
    rows = tables.benchmark("grading", grading.TITLE, course / "results").rows
    assert [row["lesson"] for row in rows] == [source.stem for source in assemble.sources()]
    assert f"| {LESSON} | 1,000 |" in (course / "TEACHING.md").read_text(encoding="utf-8")


def test_the_page_for_instructors_shows_the_record():
    page = (REPOSITORY / "TEACHING.md").read_text(encoding="utf-8")
    assert f"<!-- benchmark of grading: {grading.TITLE} -->" in page
    assert page == results_pages.filled(REPOSITORY / "TEACHING.md"), "rewrite it with: make results"

import json
import re
import shlex
import shutil
import subprocess
import zipfile

import pytest

from course_tools.grading import release
from course_tools.grading.worker import GradedLesson
from course_tools.lessons import assemble, commands, store
from course_utils.paths import REPOSITORY

READS = "from course_utils.datasets import reviews\n\nfound = len(reviews.load_sample().train.texts)"


@pytest.fixture
def course(source):
    """A built course; its lesson reads a sample, and takes no time."""
    source.write_text(source.read_text(encoding="utf-8").replace("slow = time.sleep(3600)", READS), encoding="utf-8")
    root = store.root_of(source)
    assert commands.notebooks([], root) == 0
    return root


def test_release_has_all_that_an_instructor_needs(course, source, capsys):
    (course / "build" / "slides").mkdir(parents=True)
    (course / "build" / "slides" / "77_made.html").touch()
    assert release.main([], course) == 0
    assert "1 lessons have changed since they were last run" in capsys.readouterr().out
    made = course / "build" / "release"
    names = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert names == {
        *("LICENSE", "LICENSE-TEXT", "SYLLABUS.md", "TEACHING.md", "slides/77_made.html"),
        *("students/77_made.ipynb", "solutions/77_made.ipynb", "autograders/77_made.zip"),
    }
    with zipfile.ZipFile(course / "build" / "release.zip") as packed:
        assert {name for name in packed.namelist() if not name.endswith("/")} == names
    assert "sqrt(x)" not in (made / "students" / "77_made.ipynb").read_text(encoding="utf-8")
    assert "sqrt(x)" in (made / "solutions" / "77_made.ipynb").read_text(encoding="utf-8")
    assert all("test_hidden" not in path.read_text(encoding="utf-8") for path in made.glob("s*/*.ipynb"))
    page = (made / "SYLLABUS.md").read_text(encoding="utf-8")
    seconds = json.loads((course / "build" / "times.json").read_text(encoding="utf-8"))["77_made"]["seconds"]
    assert re.search(rf"\| 77 Made for a test \| 25 \| 5 \| 4 \| {round(seconds)} \| \d+ \| 1 \| 1 \|", page)
    assert release.main([], course) == 0
    assert "have changed" not in capsys.readouterr().out  # the time is known
    assert sorted(path.name for path in (course / "build").glob(".*")) == []
    source.write_text(source.read_text(encoding="utf-8").replace("Double it.", "Double it!"), encoding="utf-8")
    assert release.main([], course) == 1
    said = capsys.readouterr()
    assert "build it with: make notebooks" in said.err and "have changed" not in said.out  # nothing is run before that
    assert (made / "SYLLABUS.md").read_text(encoding="utf-8") == page


def test_otter_itself_grades_with_the_autograder(course, source, tmp_path, monkeypatch):
    """With Otter's own program: full points for the solution, and the hidden test counts."""
    from otter.run import main as otter_run

    packed = course / "77_made.zip"
    release.autograder(GradedLesson.of(assemble.assemble(source)), packed)
    with zipfile.ZipFile(packed) as zipped:
        names = set(zipped.namelist())
        assert {"tests/double.py", "files/data/reviews.tsv.bz2", "setup.sh"} <= names
        assert {"files/course_utils/exercises.py", "files/course_tools/student/doctor.py"} <= names
        assert not [name for name in names if "solutions" in name or "downloads" in name]
        assert "tensorflow==" in zipped.read("environment.yml").decode()
    monkeypatch.chdir(tmp_path)
    wrong = store.read(source, solved=True)
    next(cell for cell in wrong.cells if "def root" in cell.source).source = "def root(x):\n    return 3"
    store.save(wrong, tmp_path / "hidden.ipynb")
    for path, points in {store.built(source, solved=True): 4, tmp_path / "hidden.ipynb": 2}.items():
        found = otter_run(str(path), autograder=str(packed), output_dir=None, no_logo=True)
        assert (found.total, found.possible) == (points, 4)


def entries(*minutes):
    return [{"lesson": f"{n:02d} Lesson", release.READ: read, release.EXERCISES: 10} for n, read in enumerate(minutes)]


def test_weeks_keep_the_order_and_are_about_even():
    made = entries(20, 45, 75, 60, 45, 60, 60, 50, 50, 60, 60)
    weeks = release.places(made, 6, release.READ)
    assert weeks == sorted(weeks) and set(weeks) == set("123456")
    minutes = [
        sum(entry[release.READ] for entry, of in zip(made, weeks, strict=True) if of == week) for week in "123456"
    ]
    assert max(minutes) <= 585 / 6 + 75 / 2
    assert release.places(made[1:3], 6, release.READ, release.EXERCISES) == ["1", "2"]


def test_the_syllabus_of_the_real_lessons_can_be_made():
    measured = {"seconds": 1.0, "memory_mb": 1}
    made = [release.entry(source, GradedLesson(source.stem, [], {}), measured) for source in assemble.sources()]
    page = release.syllabus(made, ["a machine"])
    places = [line.split(" | ")[-2:] for line in page.splitlines() if re.match(r"\| \d\d ", line)]
    assert all(page.count(entry["lesson"]) == 1 for entry in made) and len(places) == len(made)
    assert [len(set(column)) for column in zip(*places, strict=True)] == [release.WEEKS, release.DAYS]


@pytest.mark.skipif(shutil.which("git") is None or not (REPOSITORY / ".git").exists(), reason="needs a clone, and git")
def test_what_students_are_handed_has_all_that_lessons_need_and_no_solutions(tmp_path):
    page = (REPOSITORY / "TEACHING.md").read_text(encoding="utf-8")
    (command_line,) = re.findall(r"^git archive .*$", page, re.MULTILINE)
    made = tmp_path / "course.zip"
    subprocess.run(shlex.split(command_line.replace("course.zip", made.as_posix())), cwd=REPOSITORY, check=True)
    with zipfile.ZipFile(made) as packed:
        names = set(packed.namelist())
    assert {"Makefile", "requirements.lock", "notebooks/00_start_here.ipynb", "course_tools/student/lab.py"} <= names
    assert {f"data/{path.name}" for path in REPOSITORY.glob("data/*.bz2")} <= names
    assert not [name for name in names if re.match(r"notebooks/(solutions|source)/|\.git/", name)]

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

LESSON = '''# %% [markdown]
# # 77 · Made for a test
#
# **Time:** about 25
# minutes to read and try, 5 minutes for the exercises; all cells run in a second.

# %%
from course_utils.datasets import reviews

found = len(reviews.load_sample().train.texts)

# %% [raw]
# # BEGIN QUESTION
# name: double
# points: 3

# %% [markdown]
# **Exercise 1.** Double it.

# %% [raw]
# # BEGIN SOLUTION

# %%
def double(x):
    """Twice x."""
    return 2 * x  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="is not 6"
def double(x):
    return x * x

# %% tags=["wrong"] message="is not 6"
def double(x):
    return x

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_double(double):
    assert double(3) == 6, f"{double(3)} is not 6"

# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
""" # END TEST CONFIG
def test_hidden(double, found):
    assert double(found) > 1000

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
'''


@pytest.fixture
def home(tmp_path):
    """A repository with one lesson, built."""
    source = tmp_path / "notebooks" / "source" / "77_made.py"
    source.parent.mkdir(parents=True)
    source.write_text(LESSON, encoding="utf-8")
    assert commands.notebooks([], tmp_path) == 0
    return tmp_path


def test_release_has_all_that_an_instructor_needs(home, capsys):
    (home / "build" / "slides").mkdir(parents=True)
    (home / "build" / "slides" / "77_made.html").touch()
    assert release.main([], home) == 0
    assert "1 lessons have changed since they were last run" in capsys.readouterr().out
    made = home / "build" / "release"
    names = {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}
    assert names == {
        "LICENSE",
        "LICENSE-TEXT",
        "SYLLABUS.md",
        "TEACHING.md",
        "students/77_made.ipynb",
        "solutions/77_made.ipynb",
        "autograders/77_made.zip",
        "slides/77_made.html",
    }
    with zipfile.ZipFile(home / "build" / "release.zip") as packed:
        assert {name for name in packed.namelist() if not name.endswith("/")} == names
    assert "2 * x" not in (made / "students" / "77_made.ipynb").read_text(encoding="utf-8")
    assert "2 * x" in (made / "solutions" / "77_made.ipynb").read_text(encoding="utf-8")
    assert all("test_hidden" not in path.read_text(encoding="utf-8") for path in made.glob("s*/*.ipynb"))
    page = (made / "SYLLABUS.md").read_text(encoding="utf-8")
    seconds = json.loads((home / "build" / "times.json").read_text(encoding="utf-8"))["77_made"]["seconds"]
    assert re.search(rf"\| 77 Made for a test \| 25 \| 5 \| 3 \| {round(seconds)} \| \d+ \|", page)
    assert release.main([], home) == 0
    assert "have changed" not in capsys.readouterr().out  # the time is known
    assert sorted(path.name for path in (home / "build").glob(".*")) == []
    source = home / "notebooks" / "source" / "77_made.py"
    source.write_text(LESSON.replace("Double it.", "Double it!"), encoding="utf-8")
    assert release.main([], home) == 2
    assert "build it with: make notebooks" in capsys.readouterr().err
    assert (made / "SYLLABUS.md").read_text(encoding="utf-8") == page


def test_otter_itself_grades_with_the_autograder(home, tmp_path, monkeypatch):
    """With Otter's own program: full points for the solution, and the hidden test counts."""
    from otter.run import main as otter_run

    packed = home / "77_made.zip"
    release.autograder(GradedLesson.of(assemble.assemble(*assemble.sources([], home))), packed)
    with zipfile.ZipFile(packed) as zipped:
        names = set(zipped.namelist())
        assert {"tests/double.py", "files/data/reviews.tsv.bz2", "setup.sh"} <= names
        assert {"files/course_utils/exercises.py", "files/course_tools/student/doctor.py"} <= names
        assert not [name for name in names if "solutions" in name or "downloads" in name]
        assert "tensorflow==" in zipped.read("environment.yml").decode()
    monkeypatch.chdir(tmp_path)
    points = {}
    hidden_wrong = store.read(*assemble.sources([], home), solved=True)
    next(cell for cell in hidden_wrong.cells if "def double" in cell.source).source = "def double(x):\n    return 6"
    store.save(hidden_wrong, tmp_path / "hidden.ipynb")
    solved = store.built(*assemble.sources([], home), solved=True)
    for name, path in {"solved": solved, "hidden": tmp_path / "hidden.ipynb"}.items():
        found = otter_run(str(path), autograder=str(packed), output_dir=None, no_logo=True)
        points[name] = (found.total, found.possible)
    assert points == {"solved": (3, 3), "hidden": (1, 3)}


def entries(*minutes):
    return [{"lesson": f"{n:02d} Lesson", release.READ: read, release.EXERCISES: 10} for n, read in enumerate(minutes)]


def test_weeks_keep_the_order_and_are_about_even():
    made = entries(20, 45, 75, 60, 45, 60, 60, 50, 50, 60, 60)
    weeks = release.split(made, 6, release.READ)
    assert [entry for week in weeks for entry in week] == made and len(weeks) == 6
    assert max(sum(entry[release.READ] for entry in week) for week in weeks) <= 585 / 6 + 75 / 2
    assert release.split(made[1:3], 6, release.READ, release.EXERCISES) == [[made[1]], [made[2]]]


def test_the_syllabus_of_the_real_lessons_can_be_made():
    measured = {"seconds": 1.0, "memory_mb": 1}
    made = [release.entry(source, GradedLesson(source.stem, [], {}), measured) for source in assemble.sources()]
    page = release.syllabus(made, ["a machine"])
    assert all(page.count(entry["lesson"]) == 3 for entry in made)
    assert len(re.findall(r"^\| \d \|", page, re.MULTILINE)) == release.WEEKS + release.DAYS


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

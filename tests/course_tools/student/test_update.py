"""The command update, on clones of a small course: all corrections arrive, and nothing of a student is ever lost."""

import json
import os
import shutil
import subprocess
from itertools import count
from pathlib import Path

import pytest

from course_tools.student import update
from course_utils import files

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
LESSON, OTHER = "notebooks/04 Übung.ipynb", "notebooks/05.ipynb"


def git(folder: Path, *arguments: str) -> str:
    name = ("-c", "user.name=Author", "-c", "user.email=author@example.org")
    return subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def lesson(*first: str, ran: bool = False, **changed: str) -> str:
    """A notebook with these cells `first`, and then those of the course, of which some are `changed`."""
    cells = []
    for name in (*first, "title", "text", "code", "answer", "end"):
        cell = {"cell_type": "markdown", "id": name, "metadata": {}, "source": [changed.get(name, name)]}
        if name in ("code", "answer"):
            cell |= {"cell_type": "code", "execution_count": 7, "outputs": ["seen"] if ran else []}
        cells.append(cell)
    return json.dumps({"cells": cells, "metadata": {"otter": changed}, "nbformat": 4, "nbformat_minor": 5})


def save(folder: Path, contents: dict[str, str | bytes | None]) -> None:
    """Write files; None removes one."""
    for path, content in contents.items():
        (folder / path).unlink() if content is None else files.write(folder / path, content)


class Course:
    """A course in a bare repository, an author's clone of it, and a student's."""

    def __init__(self, folder: Path):
        self.bare, self.author, self.student = (folder / name for name in ("course.git", "author", "a student"))
        git(folder, "init", "-q", "--bare", "-b", "main", str(self.bare))
        git(folder, "clone", "-q", str(self.bare), str(self.author))
        git(self.author, "checkout", "-q", "-B", "main")
        self.publish({LESSON: lesson(), OTHER: lesson(title="5"), "code.py": "a = 1\n"})
        self.clone()

    def clone(self, *how: str) -> None:
        shutil.rmtree(self.student, ignore_errors=True)
        git(self.bare.parent, "clone", "-q", *how, self.bare.as_uri(), str(self.student))

    def publish(self, contents: dict[str, str | None], *push: str) -> None:
        save(self.author, contents)
        git(self.author, "add", "--all")
        git(self.author, "commit", "-q", "-m", "A version")
        git(self.author, "push", "-q", *push, "origin", "main")

    def update(self) -> int:
        return update.main([], self.student)

    def files(self, beside: bool = False) -> dict[str, bytes]:
        """The student's files, git's own left out, or the new versions `beside` them."""
        found = (path for path in self.student.rglob("*") if path.is_file() and ".git" not in path.parts)
        contents = {path.relative_to(self.student).as_posix(): path.read_bytes() for path in found}
        return {path: content for path, content in contents.items() if ("(new " in path) == beside}


def cells(notebook: bytes | str) -> list[tuple[str, bool]]:
    """The text of each cell, and whether it has outputs."""
    return [("".join(cell["source"]), bool(cell.get("outputs"))) for cell in json.loads(notebook)["cells"]]


@pytest.fixture
def course(monkeypatch, tmp_path) -> Course:
    """The course, for a user without a name for commits or any other setting of git."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return Course(tmp_path)


def test_lessons_that_are_new_corrected_and_removed(course, capsys):
    course.publish({LESSON: lesson(text="better"), "notebooks/06.ipynb": lesson(), OTHER: None})
    for said in ((LESSON, OTHER, "06.ipynb"), ["Already up to date"]):
        assert course.update() == 0
        assert all(map(capsys.readouterr().out.__contains__, said))
        assert course.files() == {
            path: (course.author / path).read_bytes() for path in (LESSON, "notebooks/06.ipynb", "code.py")
        }
        assert git(course.student, "status", "--porcelain") == ""
        assert git(course.student, "rev-parse", "HEAD") == git(course.author, "rev-parse", "HEAD")


def test_corrections_arrive_between_answers_and_notes(course):
    mine = lesson("note", ran=True, answer="mine")
    save(course.student, {LESSON: mine})
    course.publish({LESSON: lesson(text="better", code="right")})
    assert course.update() == 0
    expected = [("note", False), ("title", False), ("better", False), ("right", False), ("mine", True), ("end", False)]
    assert cells(course.files()[LESSON]) == expected  # no output of old code below new code
    assert json.loads(course.files()[LESSON])["metadata"]["otter"] == {"text": "better", "code": "right"}
    assert git(course.student, "show", f"HEAD^:{LESSON}") == mine
    assert course.files(beside=True) == {}


@pytest.mark.parametrize(
    ("path", "mine"),
    [
        *((LESSON, text) for text in (lesson(answer="mine"), lesson("a", "a"), f"<<<<<<< HEAD\n{lesson()}", "", "[]")),
        (LESSON, b"\xff\x00"),
        ("code.py", "a = 2\n"),
        ("notebooks/06.ipynb", lesson()),
    ],
    ids=["same cell", "ids twice", "conflict markers", "empty", "list", "binary", "code", "untracked file in the way"],
)
def test_what_cannot_be_merged_stays_and_the_new_one_is_beside_it(course, path, mine):
    save(course.student, {path: mine})
    versions = [lesson(answer="better"), lesson(answer="best")]
    for new in versions:
        course.publish({path: new})
        assert course.update() == 0
        assert course.files()[path] == (mine if isinstance(mine, bytes) else mine.encode())
    assert sorted(course.files(beside=True).values()) == sorted(new.encode() for new in versions)


def test_deleted_lessons_come_back_and_removed_ones_stay_if_changed(course):
    save(course.student, {LESSON: None, OTHER: "my answers"})
    course.publish({OTHER: None})
    for _ in range(2):
        assert course.update() == 0
        assert course.files() == {LESSON: lesson().encode(), OTHER: b"my answers", "code.py": b"a = 1\n"}
        (course.student / LESSON).unlink()


@pytest.mark.parametrize(
    ("how", "push", "state"),
    [
        ([], [], ["checkout", "-q", "--detach"]),
        ([], [], ["checkout", "-q", "-b", "mine"]),
        (["--depth=1"], ["--force"], ["commit", "-q", "-a", "-m", "Mine"]),
        ([], ["--force"], ["add", "."]),
        ([], [], ["update-index", "--assume-unchanged", LESSON]),
        ([], [], ["config", "core.autocrlf", "true"]),
        (["--depth=1"], [], ["config", "user.useConfigOnly", "true"]),
        ([], [], ["config", "commit.gpgSign", "true"]),
    ],
    ids="detached,branch,shallow and forced,staged and forced,flagged,autocrlf,shallow,signed".split(","),
)
def test_any_clone_gets_corrections_and_keeps_work(course, how, push, state):
    course.clone(*how)
    save(course.student, {LESSON: lesson(answer="mine"), "own.txt": "own"})
    git(course.student, *state)
    if push:  # the history is written anew
        git(course.author, "update-ref", "-d", "HEAD")
    for better in ("better", "best"):
        course.publish({LESSON: lesson(text=better), "code.py": better}, *push)
        assert course.update() == 0
        assert cells(course.files()[LESSON]) == cells(lesson(answer="mine", text=better))
        assert course.files()["code.py"] == better.encode() and course.files()["own.txt"] == b"own"
        assert course.files(beside=True) == {}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda course: shutil.rmtree(course.student / ".git"),
        lambda course: (course.student / ".git").rename(course.bare.with_name(".git")),
        lambda course: git(course.student, "remote", "remove", "origin"),
        lambda course: git(course.student, "remote", "set-url", "origin", "git://127.0.0.1:1/course"),
        lambda course: git(course.bare, "branch", "-m", "other"),
        lambda course: git(course.student, "branch", "-q", "--set-upstream-to=mine", "main"),
        lambda course: (course.student / ".git/MERGE_HEAD").write_text(git(course.student, "rev-parse", "HEAD")),
        lambda course: (course.student / ".git/rebase-merge").mkdir(),
        lambda course: (course.student / ".git/index.lock").touch(),
        lambda course: git(course.student, "checkout", "-q", "--orphan", "other"),
        lambda course: os.environ.update(PATH=os.devnull),
    ],
    ids="zip,zip in a clone,no remote,no network,no branch,own branch,merge,rebase,lock,no commit,no git".split(","),
)
def test_what_cannot_be_updated_says_why_and_stays_as_it_is(course, monkeypatch, spoil, capsys):
    monkeypatch.setenv("PATH", os.environ["PATH"])  # as it was, after the test
    save(course.student, {LESSON: lesson(answer="mine")})
    git(course.student, "branch", "mine")
    course.publish({LESSON: lesson(text="better")})
    spoil(course)
    before = course.files()
    assert course.update() == 1
    assert capsys.readouterr().err.startswith("Not updated: ")
    assert course.files() == before


def test_after_an_interruption_at_any_point_the_same_command_continues(course, monkeypatch):
    save(course.student, {LESSON: lesson(answer="mine"), OTHER: "mine", "code.py": None})
    course.publish({LESSON: lesson(text="better"), OTHER: lesson(), "notebooks/06.ipynb": lesson()})
    start = course.student.rename(course.student.with_name("start"))

    def until(stop, act):
        def one_call(*arguments, **options):
            if next(calls) == stop:
                raise OSError(28, "No space left on device")
            return act(*arguments, **options)

        return one_call

    for stop in count(4, 4):
        shutil.copytree(start, course.student)
        calls = count()
        with monkeypatch.context() as patch:
            patch.setattr(update, "git", until(stop, update.git))
            patch.setattr(files, "write", until(stop, files.write))
            finished = course.update() == 0
        assert course.update() == 0
        assert cells(course.files()[LESSON]) == cells(lesson(answer="mine", text="better"))
        assert list(course.files(beside=True).values()) == [lesson().encode()]
        expected = {OTHER: b"mine", "notebooks/06.ipynb": lesson().encode(), "code.py": b"a = 1\n"}
        assert course.files() == {LESSON: course.files()[LESSON]} | expected
        if finished:
            break
        shutil.rmtree(course.student)
    assert stop > 20


def test_a_notebook_that_is_saved_during_the_update_stays(course, monkeypatch):
    save(course.student, {LESSON: lesson(answer="mine")})
    course.publish({LESSON: lesson(text="better")})
    monkeypatch.setattr(update, "merge", lambda *sides: save(course.student, {LESSON: "saved meanwhile"}))
    assert course.update() == 1
    assert course.files()[LESSON] == b"saved meanwhile"

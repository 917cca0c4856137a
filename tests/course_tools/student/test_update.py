"""The command update, on clones of a small course: all corrections arrive, and nothing of a student is ever lost."""

import json
import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from course_tools.student import update
from course_utils import files

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
LESSON, NEW, CODE = "notebooks/04.ipynb", "notebooks/05 Übung.ipynb", "code.py"


def git(folder: Path, *arguments: str) -> str:
    command = ("git", "-c", "user.name=Author", "-c", "user.email=author@example.org", *arguments)
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def lesson(*first: str, ran: str = "", **changed: str) -> str:
    """A notebook with the cells `first` and those of the course, of which some are `changed`, and some were `ran`."""
    cells = [
        {"cell_type": "code", "id": name, "source": [changed.get(name, name)], "outputs": ["seen"] * (name in ran)}
        for name in (*first, "title", "text", "code", "answer", "end")
    ]
    return json.dumps({"cells": cells, "metadata": {"otter": changed.get("code")}}, indent=1) + "\n"


def save(folder: Path, contents: dict[str, str | None]) -> None:
    for path, content in contents.items():
        files.remove(folder / path) if content is None else files.write(folder / path, content)


def publish(student: Path, contents: dict[str, str | None]) -> None:
    author = student.with_name("author")
    save(author, contents)
    git(author, "add", "--all")
    git(author, "commit", "-q", "-m", "A version")


def contents(folder: Path, beside: bool = False) -> dict[str, str]:
    """The files in a clone, but git's own and the new versions beside the student's, or only the latter."""
    paths = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {str(path.relative_to(folder)): path.read_text() for path in paths if ("(new " in path.name) == beside}


@pytest.fixture
def student(monkeypatch, tmp_path, request) -> Path:
    """The clone of a student who has no name for commits. The course is in the folder `author` beside it."""
    files.write(tmp_path / "settings", "[user]\nuseConfigOnly = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "settings"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    git(tmp_path, "init", "-q", "-b", "main", "author")
    publish(tmp_path / "a student", {LESSON: lesson(), CODE: "old"})
    git(tmp_path, "clone", getattr(request, "param", "--quiet"), (tmp_path / "author").as_uri(), "a student")
    return tmp_path / "a student"


CHANGES = {
    "corrected": (LESSON, lesson(), lesson(text="better"), lesson(text="better")),
    "new": (NEW, None, lesson(), lesson()),
    "deleted": (LESSON, None, lesson(text="better"), lesson(text="better")),
    "removed": (LESSON, lesson(), None, None),
    "removed but changed": (LESSON, lesson(answer="mine"), None, lesson(answer="mine")),
    "answers": (LESSON, lesson("note", ran="code answer"), lesson(code="1"), lesson("note", ran="answer", code="1")),
    "same cell": (LESSON, lesson(answer="mine"), lesson(answer="better"), lesson(answer="mine")),
    "untracked": (NEW, lesson(answer="mine"), lesson(), lesson(answer="mine")),
    "no notebook": (CODE, "mine", "better", "mine"),
}
DAMAGED = (lesson("twice", "twice"), f"<<<<<<< HEAD\n{lesson()}", "", "[]", '{"cells": [1]}', "[" * 99_999, "\0")
CHANGES |= {f"damaged {text[:20]!r}": (LESSON, text, lesson(text="better"), text) for text in DAMAGED}
STATES = ["checkout --detach", "checkout -b mine", "commit -am Mine", "add .", "config core.autocrlf true"]
STATES += [f"update-index --assume-unchanged {LESSON}", "-C ../author update-ref -d HEAD"]  # the latter: new history
REFUSED = {
    "zip": lambda student, patch: shutil.rmtree(student / ".git"),
    "zip in a clone": lambda student, patch: (student / ".git").rename(student.parent / ".git"),
    "no git": lambda student, patch: patch.setenv("PATH", os.devnull),
    "no remote": lambda student, patch: git(student, "remote", "remove", "origin"),
    "no network": lambda student, patch: git(student, "remote", "set-url", "origin", "git://127.0.0.1:1/course"),
    "no commit": lambda student, patch: git(student, "checkout", "-q", "--orphan", "other"),
    "merge": lambda student, patch: (student / ".git/MERGE_HEAD").write_text(git(student, "rev-parse", "HEAD")),
    "rebase": lambda student, patch: (student / ".git/rebase-merge").mkdir(),
}


@pytest.mark.parametrize(("path", "mine", "new", "after"), CHANGES.values(), ids=CHANGES)
def test_corrections_arrive_and_work_stays(student, capsys, path, mine, new, after):
    save(student, {path: mine})
    publish(student, {path: new})
    for said in (path if after != mine else "Updated", "Already up to date"):
        assert update.main([], student) == 0
        assert said in capsys.readouterr().out
        assert contents(student).get(path) == after
        assert list(contents(student, beside=True).values()) == ([new] if new and after == mine else [])
        assert git(student, "status", "--porcelain", "--untracked-files=no") == ""
    assert ("My work" in git(student, "log", "origin/main..")) == (mine not in (lesson(), None))


@pytest.mark.parametrize("student", ["--quiet", "--depth=1"], indirect=True)
@pytest.mark.parametrize("state", STATES)
def test_any_clone_gets_corrections_and_keeps_work(student, state):
    save(student, {LESSON: lesson(answer="mine"), "own.txt": "own"})
    (student / CODE).chmod(0o755)
    git(student, *state.split())
    for better in ("better", "best"):
        publish(student, {LESSON: lesson(text=better), CODE: better})
        assert update.main([], student) == 0
        assert contents(student) == {LESSON: lesson(text=better, answer="mine"), CODE: better, "own.txt": "own"}
        assert os.access(student / CODE, os.X_OK)


@pytest.mark.parametrize("spoil", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_updated_says_why_and_stays_as_it_is(student, monkeypatch, capsys, spoil):
    save(student, {LESSON: lesson(answer="mine")})
    publish(student, {LESSON: lesson(text="better")})
    spoil(student, monkeypatch)
    assert update.main([], student) == 1
    assert capsys.readouterr().err.startswith("Not updated: ")
    assert contents(student) == {LESSON: lesson(answer="mine"), CODE: "old"}


@pytest.mark.parametrize("stop", range(4, 30, 5))
def test_after_an_interruption_the_same_command_continues(student, monkeypatch, stop):
    calls = iter(range(1, 999))

    def one_call(act, *arguments, **options):
        if next(calls) == stop:
            raise OSError(28, "No space left on device")
        return act(*arguments, **options)

    save(student, {LESSON: lesson(answer="mine"), NEW: "mine", CODE: None})
    publish(student, {LESSON: lesson(text="better"), NEW: lesson()})
    monkeypatch.setattr(update, "git", partial(one_call, update.git))
    monkeypatch.setattr(files, "write", partial(one_call, files.write))
    assert update.main([], student) == 1
    assert update.main([], student) == 0
    assert contents(student) == {LESSON: lesson(text="better", answer="mine"), NEW: "mine", CODE: "old"}
    assert list(contents(student, beside=True).values()) == [lesson()]


def test_a_notebook_that_is_saved_during_the_update_stays(student, monkeypatch):
    save(student, {LESSON: lesson(answer="mine")})
    publish(student, {LESSON: lesson(text="better")})
    monkeypatch.setattr(update, "merge", lambda *sides: save(student, {LESSON: "saved meanwhile"}))
    assert update.main([], student) == 1
    assert contents(student)[LESSON] == "saved meanwhile"

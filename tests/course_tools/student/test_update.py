"""The command update, on clones of a small course: everything that comes arrives, and nothing of a student is ever lost."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from course_tools.student import update
from course_utils import files

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
LESSON = "notebooks/04 Übung.ipynb"
NAMES = ("title", "text", "code", "answer", "check", "end")


def git(folder: Path, *arguments: str) -> str:
    name = ("-c", "user.name=Author", "-c", "user.email=author@example.org")
    return subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def lesson(*first: str, **changed: str) -> dict:
    """A notebook with a cell for each of NAMES, after those `first`; cells that are `changed` have another text."""
    cells = []
    for name in (*first, *NAMES):
        code = (
            {"cell_type": "code", "outputs": [], "execution_count": None} if name in ("code", "answer", "check") else {}
        )
        cells.append({"cell_type": "markdown", "id": name, "metadata": {}, "source": [changed.get(name, name)]} | code)
    return {"cells": cells, "metadata": {"course": {"lesson": "04"}}, "nbformat": 4, "nbformat_minor": 5}


class Course:
    """A course in a bare repository, an author's clone of it, and a student's."""

    def __init__(self, folder: Path):
        self.bare, self.author, self.student = (folder / name for name in ("course.git", "author", "a student"))
        git(folder, "init", "-q", "--bare", "-b", "main", str(self.bare))
        git(folder, "clone", "-q", str(self.bare), str(self.author))
        git(self.author, "checkout", "-q", "-B", "main")
        self.publish({LESSON: lesson(), "notebooks/05.ipynb": lesson(title="five"), "code.py": "a = 1\nb = 2\nc = 3\n"})
        self.clone()

    def clone(self, *how: str) -> None:
        shutil.rmtree(self.student, ignore_errors=True)
        git(self.bare.parent, "clone", "-q", *how, self.bare.as_uri(), str(self.student))

    def publish(self, contents: dict, *push: str) -> None:
        """Commit and push files; None removes one."""
        for path, content in contents.items():
            save(self.author / path, content)
        git(self.author, "add", "--all")
        git(self.author, "commit", "-q", "-m", "A version")
        git(self.author, "push", "-q", *push, "origin", "main")

    def update(self) -> int:
        return update.main([], self.student)

    def files(self) -> dict[str, bytes]:
        """All files of the student but git's own."""
        found = (path for path in self.student.rglob("*") if path.is_file() and ".git" not in path.parts)
        return {path.relative_to(self.student).as_posix(): path.read_bytes() for path in found}

    def cells(self) -> dict[str, str]:
        return {cell["id"]: "".join(cell["source"]) for cell in json.loads(self.files()[LESSON])["cells"]}

    def beside(self) -> list[bytes]:
        """The new versions that were put beside a student's file."""
        return [content for path, content in self.files().items() if "(new " in path]


def save(path: Path, content: dict | str | bytes | None) -> None:
    if content is None:
        path.unlink()
    else:
        files.write(path, text(content) if isinstance(content, dict) else content)


def text(notebook: dict) -> str:
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def run(notebook: dict) -> dict:
    """A notebook that a student has run."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {
                "execution_count": 7,
                "outputs": [{"output_type": "stream", "name": "stdout", "text": [cell["id"]]}],
            }
    return notebook


@pytest.fixture(autouse=True)
def no_settings_of_a_user(monkeypatch, tmp_path):
    """No name for commits, above all."""
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def course(tmp_path) -> Course:
    return Course(tmp_path)


def test_lessons_that_are_new_corrected_and_removed(course, capsys):
    (course.author / "run").touch(0o755)
    course.publish({LESSON: lesson(text="better"), "notebooks/06.ipynb": lesson(), "notebooks/05.ipynb": None})
    assert course.update() == 0
    said = capsys.readouterr().out
    assert course.cells()["text"] == "better"
    assert course.files().keys() == {LESSON, "notebooks/06.ipynb", "code.py", "run"}
    assert all(name in said for name in (LESSON, "05.ipynb", "06.ipynb"))
    assert git(course.student, "status", "--porcelain") == ""
    assert git(course.student, "rev-parse", "HEAD") == git(course.author, "rev-parse", "HEAD")
    assert course.update() == 0
    assert "Already up to date" in capsys.readouterr().out


def test_corrections_arrive_between_answers_and_notes(course):
    save(course.student / LESSON, run(lesson("note", answer="mine")))
    save(course.student / "code.py", "a = 0\nb = 2\nc = 3\n")
    course.publish({LESSON: run(lesson(text="better", code="right")) | {"metadata": {"otter": {"tests": "new"}}}})
    course.publish({"code.py": "a = 1\nb = 2\nc = 4\n"})
    assert course.update() == 0
    want = dict(zip(NAMES, NAMES, strict=True)) | {"note": "note", "answer": "mine", "text": "better", "code": "right"}
    assert course.cells() == want
    notebook = json.loads(course.files()[LESSON])
    assert notebook["metadata"]["otter"] == {"tests": "new"}
    assert {cell["execution_count"] for cell in notebook["cells"] if cell["id"] in ("answer", "check")} == {7}
    assert course.files()["code.py"] == b"a = 0\nb = 2\nc = 4\n"
    assert course.beside() == []


def test_a_notebook_that_was_only_run_becomes_the_new_one_where_it_is_corrected(course):
    save(course.student / LESSON, run(lesson()))
    course.publish({LESSON: lesson(code="right", check="other")})
    course.update()
    outputs = {cell["id"]: cell["outputs"] for cell in json.loads(course.files()[LESSON])["cells"] if "outputs" in cell}
    assert outputs["code"] == outputs["check"] == [] != outputs["answer"]


@pytest.mark.parametrize(
    "mine",
    [
        text(lesson(answer="mine")),
        text(lesson("twice", "twice", text="mine")),
        "<<<<<<< HEAD\n" + text(lesson()) + "=======\n>>>>>>> theirs\n",
        "",
        "[]",
        '{"cells": [1], "metadata": {}}',
        b"\xff\x00\xfe",
    ],
    ids=["same cell", "ids twice", "conflict markers", "empty", "list", "no cells", "binary"],
)
def test_what_cannot_be_merged_stays_and_the_new_one_is_beside_it(course, mine):
    save(course.student / LESSON, mine)
    course.publish({LESSON: lesson(answer="better")})
    assert course.update() == 0
    assert course.files()[LESSON] == (mine if isinstance(mine, bytes) else mine.encode())
    assert course.beside() == [text(lesson(answer="better")).encode()]
    course.publish({LESSON: lesson(answer="best")})
    assert course.update() == 0
    assert course.files()[LESSON] == (mine if isinstance(mine, bytes) else mine.encode())
    assert len(course.beside()) == 2


def test_files_in_the_way_deleted_ones_and_lessons_that_the_course_no_longer_has(course):
    save(course.student / "notebooks/06.ipynb", "mine")
    save(course.student / "notebooks/05.ipynb", "my answers")
    save(course.student / LESSON, None)
    save(course.student / "my notes.txt", "mine")
    course.publish({"notebooks/06.ipynb": lesson(), "notebooks/05.ipynb": None})
    assert course.update() == 0
    after = course.files()
    assert after["notebooks/06.ipynb"] == after["my notes.txt"] == b"mine"
    assert after["notebooks/05.ipynb"] == b"my answers"
    assert after[LESSON] == course.beside()[0] == text(lesson()).encode()
    save(course.student / "code.py", None)
    assert course.update() == 0
    assert "code.py" in course.files()


def upstream(course: Course) -> None:
    """The student's clone is of a fork, which knows the course under the usual name."""
    git(course.student, "clone", "-q", "--bare", str(course.bare), str(course.bare.with_name("fork.git")))
    git(course.student, "remote", "set-url", "origin", str(course.bare.with_name("fork.git")))
    git(course.student, "remote", "add", "upstream", str(course.bare))


@pytest.mark.parametrize(
    "state",
    [
        lambda course: None,
        lambda course: git(course.student, "checkout", "-q", "--detach"),
        lambda course: git(course.student, "checkout", "-q", "-b", "mine"),
        lambda course: git(course.student, "commit", "-q", "-a", "-m", "Mine"),
        lambda course: git(course.student, "add", "."),
        lambda course: git(course.student, "config", "core.autocrlf", "true"),
        lambda course: git(course.student, "config", "user.useConfigOnly", "true"),
        lambda course: git(course.student, "config", "commit.gpgSign", "true"),
        upstream,
    ],
    ids=["usual", "detached", "branch", "commits", "staged", "autocrlf", "nameless", "signed", "fork"],
)
@pytest.mark.parametrize(("how", "push"), [([], []), (["--depth", "1"], ["--force"])], ids=["whole", "shallow, forced"])
def test_any_clone_gets_corrections_and_keeps_work(course, how, state, push):
    course.publish({"code.py": "a = 1\n"})
    course.clone(*how)
    save(course.student / LESSON, run(lesson(answer="mine")))
    save(course.student / "own.txt", "own")
    state(course)
    if push:  # the history is written anew
        git(course.author, "checkout", "-q", "--orphan", "other")
        git(course.author, "branch", "-q", "-M", "main")
    for number in range(2):
        course.publish({LESSON: lesson(text=f"better {number}"), "code.py": f"b = {number}\n"}, *push)
        assert course.update() == 0
        assert course.cells() == dict(zip(NAMES, NAMES, strict=True)) | {"answer": "mine", "text": f"better {number}"}
        assert course.files()["code.py"].strip() == f"b = {number}".encode()
        assert course.files()["own.txt"] == b"own" and course.beside() == []


@pytest.mark.parametrize(
    "break_it",
    [
        lambda course: shutil.rmtree(course.student / ".git"),
        lambda course: (shutil.rmtree(course.student / ".git"), git(course.bare.parent, "init", "-q")),
        lambda course: git(course.student, "remote", "remove", "origin"),
        lambda course: git(course.student, "remote", "set-url", "origin", str(course.bare / "wrong")),
        lambda course: git(course.student, "remote", "set-url", "origin", "file://127.0.0.1:1/course"),
        lambda course: shutil.rmtree(course.bare),
        lambda course: git(course.student, "config", "branch.main.merge", "refs/heads/gone"),
        lambda course: (course.student / ".git/MERGE_HEAD").touch(),
        lambda course: (course.student / ".git/rebase-merge").mkdir(),
        lambda course: (course.student / ".git/index.lock").touch(),
        lambda course: git(course.student, "checkout", "-q", "--orphan", "other"),
    ],
    ids="zip,zip in a clone,no remote,wrong,no server,no course,no branch,merge,rebase,lock,no commit".split(","),
)
def test_what_cannot_be_updated_says_why_and_stays_as_it_is(course, break_it, capsys):
    save(course.student / LESSON, lesson(answer="mine"))
    course.publish({LESSON: lesson(text="better")})
    break_it(course)
    before = course.files()
    assert course.update() == 1
    assert capsys.readouterr().err.startswith("Not updated: ")
    assert course.files() == before


def test_without_git(course, monkeypatch, capsys):
    monkeypatch.setenv("PATH", os.devnull)
    assert course.update() == 1
    assert "Install" in capsys.readouterr().err


def test_after_an_interruption_at_any_point_the_same_command_continues(course, monkeypatch):
    save(course.student / LESSON, run(lesson(answer="mine")))
    save(course.student / "notebooks/05.ipynb", "mine")
    (course.student / "code.py").unlink()
    contents = {LESSON: lesson(text="better"), "notebooks/05.ipynb": lesson(title="5"), "notebooks/06.ipynb": lesson()}
    course.publish(contents)
    start = course.student.rename(course.student.with_name("start"))
    errors = {True: KeyboardInterrupt(), False: OSError(28, "No space left on device")}

    def stopping(act, calls):
        def one_call(*arguments, **options):
            if next(calls) == 0:
                raise errors[len(arguments) % 2 == 0]
            return act(*arguments, **options)

        return one_call

    stopped, step = True, 2
    while stopped:
        shutil.rmtree(course.student, ignore_errors=True)
        shutil.copytree(start, course.student)
        calls = iter(range(step, -99, -1))
        with monkeypatch.context() as patch:
            patch.setattr(update, "git", stopping(update.git, calls))
            patch.setattr(files, "write", stopping(files.write, calls))
            try:
                stopped = course.update() == 1
            except KeyboardInterrupt:
                stopped = True
        assert course.update() == 0
        after = course.files()
        assert (after["notebooks/05.ipynb"], *course.beside()) == (b"mine", text(lesson(title="5")).encode())
        assert course.cells()["answer"] == "mine" and course.cells()["text"] == "better"
        assert after["notebooks/06.ipynb"] == text(lesson()).encode() and "code.py" in after
        step += 3
    assert step > 30


def test_a_notebook_that_is_saved_during_the_update_stays(course, monkeypatch):
    def save_meanwhile(*sides):
        save(course.student / LESSON, "saved meanwhile")
        return b"merged"

    save(course.student / LESSON, lesson(answer="mine"))
    course.publish({LESSON: lesson(text="better")})
    monkeypatch.setattr(update, "merge_notebooks", save_meanwhile)
    assert course.update() == 1
    assert course.files()[LESSON] == b"saved meanwhile"

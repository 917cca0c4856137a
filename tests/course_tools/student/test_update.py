"""The command update, on clones of a small course: all corrections arrive, and nothing of a student is ever lost."""

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


def lesson(*first: str, ran: bool = False, tests: str = "old", **changed: str) -> str:
    """A notebook with a cell for each of NAMES, after those `first`; cells that are `changed` have another text."""
    cells = []
    for name in (*first, *NAMES):
        cell = {"cell_type": "markdown", "id": name, "metadata": {}, "source": [changed.get(name, name)]}
        if name in ("code", "answer", "check"):
            output = {"output_type": "stream", "name": "stdout", "text": ["seen"]}
            cell |= {"cell_type": "code", "execution_count": 7 if ran else None, "outputs": [output] if ran else []}
        cells.append(cell)
    metadata = {"course": {"lesson": "04"}, "otter": {"tests": tests}}
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"


def cells(**changed: str) -> dict[str, str]:
    return dict(zip(NAMES, NAMES, strict=True)) | changed


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
        self.publish({LESSON: lesson(), "notebooks/05.ipynb": lesson(title="5"), "code.py": "a = 1\nb = 2\nc = 3\n"})
        self.clone()

    def clone(self, *how: str) -> None:
        shutil.rmtree(self.student, ignore_errors=True)
        git(self.bare.parent, "clone", "-q", *how, self.bare.as_uri(), str(self.student))

    def publish(self, contents: dict, *push: str) -> None:
        save(self.author, contents)
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

    def beside(self) -> list[str]:
        """The new versions that are beside a student's file."""
        return [content.decode() for path, content in self.files().items() if "(new " in path]


@pytest.fixture
def course(monkeypatch, tmp_path) -> Course:
    """The course, for a user without a name for commits or any other setting of git."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return Course(tmp_path)


def test_lessons_that_are_new_corrected_and_removed(course, capsys):
    (course.author / "run").touch(0o755)
    course.publish({LESSON: lesson(text="better"), "notebooks/06.ipynb": lesson(), "notebooks/05.ipynb": None})
    assert course.update() == 0
    said = capsys.readouterr().out
    assert all(name in said for name in (LESSON, "05.ipynb", "06.ipynb"))
    assert course.cells() == cells(text="better")
    assert course.files().keys() == {LESSON, "notebooks/06.ipynb", "code.py", "run"}
    assert git(course.student, "status", "--porcelain") == ""
    assert git(course.student, "rev-parse", "HEAD") == git(course.author, "rev-parse", "HEAD")
    assert course.update() == 0
    assert "Already up to date" in capsys.readouterr().out


def test_corrections_arrive_between_answers_and_notes(course):
    mine = {LESSON: lesson("note", ran=True, answer="mine"), "code.py": "a = 0\nb = 2\nc = 3\n"}
    save(course.student, mine)
    course.publish({LESSON: lesson(text="better", code="right", tests="new"), "code.py": "a = 1\nb = 2\nc = 4\n"})
    assert course.update() == 0
    assert course.cells() == cells(note="note", text="better", code="right", answer="mine")
    notebook = json.loads(course.files()[LESSON])
    assert notebook["metadata"]["otter"] == {"tests": "new"}
    counts = {cell["id"]: cell["execution_count"] for cell in notebook["cells"] if "outputs" in cell}
    assert counts == {"code": None, "answer": 7, "check": 7}  # no output of old code below new code
    assert course.files()["code.py"] == b"a = 0\nb = 2\nc = 4\n"
    assert git(course.student, "show", f"HEAD^:{LESSON}") == mine[LESSON]
    assert course.beside() == []


@pytest.mark.parametrize(
    "mine",
    [
        lesson(answer="mine"),
        lesson("twice", "twice", text="mine"),
        f"<<<<<<< HEAD\n{lesson()}=======\n>>>>>>> theirs\n",
        "",
        "[]",
        '{"cells": [1], "metadata": {}}',
        b"\xff\x00\xfe",
    ],
    ids=["same cell", "ids twice", "conflict markers", "empty", "list", "no cells", "binary"],
)
def test_what_cannot_be_merged_stays_and_the_new_one_is_beside_it(course, mine):
    save(course.student, {LESSON: mine})
    for new in (lesson(answer="better"), lesson(answer="best")):
        course.publish({LESSON: new})
        assert course.update() == 0
        assert course.files()[LESSON] == (mine if isinstance(mine, bytes) else mine.encode())
        assert new in course.beside()
    assert len(course.beside()) == 2


def test_files_in_the_way_deleted_ones_and_lessons_that_the_course_no_longer_has(course):
    mine = {"notebooks/06.ipynb": "mine", "notebooks/05.ipynb": "my answers", "my notes.txt": "my notes"}
    save(course.student, mine | {LESSON: None})
    course.publish({"notebooks/06.ipynb": lesson(), "notebooks/05.ipynb": None})
    for removed in (LESSON, "code.py"):
        assert course.update() == 0
        assert {path: course.files()[path].decode() for path in mine} == mine
        assert course.cells() == cells() and course.beside() == [lesson()]
        (course.student / removed).unlink()
    assert course.update() == 0
    assert "code.py" in course.files()


def fork(course: Course) -> None:
    """The student's clone is one of a fork, and knows the course as git calls it then."""
    git(course.student, "clone", "-q", "--bare", str(course.bare), str(course.bare.with_name("fork.git")))
    git(course.student, "remote", "set-url", "origin", str(course.bare.with_name("fork.git")))
    git(course.student, "remote", "add", "-f", "upstream", str(course.bare))


@pytest.mark.parametrize(("how", "push"), [([], []), (["--depth=1"], ["--force"])], ids=["whole", "shallow, forced"])
@pytest.mark.parametrize(
    "state",
    [
        lambda course: git(course.student, "checkout", "-q", "--detach"),
        lambda course: git(course.student, "checkout", "-q", "-b", "mine"),
        lambda course: git(course.student, "commit", "-q", "-a", "-m", "Mine"),
        lambda course: git(course.student, "add", "."),
        lambda course: git(course.student, "config", "core.autocrlf", "true"),
        lambda course: git(course.student, "config", "user.useConfigOnly", "true"),
        lambda course: git(course.student, "config", "commit.gpgSign", "true"),
        fork,
    ],
    ids=["detached", "branch", "commits", "staged", "autocrlf", "nameless", "signed", "fork"],
)
def test_any_clone_gets_corrections_and_keeps_work(course, how, push, state):
    course.publish({"code.py": "a = 1\n"})
    course.clone(*how)
    save(course.student, {LESSON: lesson(ran=True, answer="mine"), "own.txt": "own"})
    state(course)
    if push:  # the history is written anew
        git(course.author, "update-ref", "-d", "HEAD")
    for number in range(2):
        course.publish({LESSON: lesson(text=f"better {number}"), "code.py": f"b = {number}\n"}, *push)
        assert course.update() == 0
        assert course.cells() == cells(answer="mine", text=f"better {number}")
        assert course.files()["code.py"].split() == [b"b", b"=", b"%d" % number]
        assert course.files()["own.txt"] == b"own" and course.beside() == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda course: shutil.rmtree(course.student / ".git"),
        lambda course: (course.student / ".git").rename(course.bare.with_name(".git")),
        lambda course: git(course.student, "remote", "remove", "origin"),
        lambda course: git(course.student, "remote", "set-url", "origin", str(course.bare / "wrong")),
        lambda course: git(course.student, "remote", "set-url", "origin", "git://127.0.0.1:1/course"),
        lambda course: git(course.student, "config", "branch.main.merge", "refs/heads/gone"),
        lambda course: (course.student / ".git/MERGE_HEAD").write_text(git(course.student, "rev-parse", "HEAD")),
        lambda course: (course.student / ".git/rebase-merge").mkdir(),
        lambda course: (course.student / ".git/index.lock").touch(),
        lambda course: git(course.student, "checkout", "-q", "--orphan", "other"),
    ],
    ids="zip,zip in a clone,no remote,no course,no server,no branch,merge,rebase,lock,no commit".split(","),
)
def test_what_cannot_be_updated_says_why_and_stays_as_it_is(course, spoil, capsys):
    save(course.student, {LESSON: lesson(answer="mine")})
    course.publish({LESSON: lesson(text="better")})
    spoil(course)
    before = course.files()
    assert course.update() == 1
    assert capsys.readouterr().err.startswith("Not updated: ")
    assert course.files() == before


def test_without_git(course, monkeypatch, capsys):
    monkeypatch.setenv("PATH", os.devnull)
    assert course.update() == 1
    assert "Install" in capsys.readouterr().err


def test_after_an_interruption_at_any_point_the_same_command_continues(course, monkeypatch):
    save(course.student, {LESSON: lesson(ran=True, answer="mine"), "notebooks/05.ipynb": "mine", "code.py": None})
    new = {"notebooks/05.ipynb": lesson(title="five"), "notebooks/06.ipynb": lesson()}
    course.publish({LESSON: lesson(text="better")} | new)
    start = course.student.rename(course.student.with_name("start"))

    def stopping(act, calls):
        def one_call(*arguments, **options):
            if next(calls) == 0:
                raise KeyboardInterrupt if len(arguments) % 2 else OSError(28, "No space left on device")
            return act(*arguments, **options)

        return one_call

    stopped, steps = True, 2
    while stopped:
        shutil.rmtree(course.student, ignore_errors=True)
        shutil.copytree(start, course.student)
        calls = iter(range(steps, -99, -1))
        with monkeypatch.context() as patch:
            patch.setattr(update, "git", stopping(update.git, calls))
            patch.setattr(files, "write", stopping(files.write, calls))
            try:
                stopped = course.update() == 1
            except KeyboardInterrupt:
                stopped = True
        assert course.update() == 0
        assert course.cells() == cells(answer="mine", text="better")
        after = {path: content.decode() for path, content in course.files().items()}
        assert (after["notebooks/05.ipynb"], course.beside()) == ("mine", [new["notebooks/05.ipynb"]])
        assert after["notebooks/06.ipynb"] == lesson() and "code.py" in after
        steps += 5
    assert steps > 30


def test_a_notebook_that_is_saved_during_the_update_stays(course, monkeypatch):
    def save_meanwhile(*sides):
        save(course.student, {LESSON: "saved meanwhile"})
        return b"merged"

    save(course.student, {LESSON: lesson(answer="mine")})
    course.publish({LESSON: lesson(text="better")})
    monkeypatch.setattr(update, "merge_notebooks", save_meanwhile)
    assert course.update() == 1
    assert course.files()[LESSON] == b"saved meanwhile"

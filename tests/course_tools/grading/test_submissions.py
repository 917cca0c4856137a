"""Grading of real notebooks, good and malicious. Those that need the sandbox need bubblewrap: apt install bubblewrap."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest
from nbformat.v4 import new_code_cell

from course_tools.grading import sandbox, submissions
from course_tools.grading.worker import GradedLesson
from course_tools.lessons import assemble, store
from course_utils.paths import REPOSITORY

RIGHT = {"double": "def double(x):\n    return 2 * x", "root": "def root(x):\n    return math.sqrt(x)"}
BEGUN = time.time()
needs_sandbox = pytest.mark.usefixtures("sandboxed")


@pytest.fixture
def student(source):
    """The notebook of the made lesson as students get it."""
    return assemble.assemble(source).student


def hand_in(student, path, double=RIGHT["double"], root=RIGHT["root"], change=lambda notebook: None):
    """Save a copy of the notebook with these answers to `path`."""
    made = json.loads(json.dumps(student))
    answers = [cell for cell in made["cells"] if "otter_answer_cell" in cell["metadata"].get("tags", [])]
    for cell, code in zip(answers, (double, root), strict=True):
        cell["source"] = code
    change(made)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


def rows(table):
    with open(table, encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    named = {row["submission"]: row for row in found}
    assert len(named) == len(found), "a row is doubled"
    return named


def grade(folder, *options, cell=30):
    """The status of the command, for the course beside the folder, else for this one."""
    root = folder.parent if (folder.parent / "notebooks").is_dir() else REPOSITORY
    return submissions.main([str(folder), *options], root, cell)


def graded(folder, *options, **cell):
    """Status and rows of the command."""
    return grade(folder, *options, **cell), rows(folder / "grades.csv")


def left_behind():
    """Processes that grading in these tests has started and that live on for seconds; not those of tests beside these."""
    me, deadline = psutil.Process(), time.monotonic() + 10
    while True:
        found = []
        for process in psutil.process_iter(["cmdline", "status", "create_time"]):
            with suppress(psutil.Error):
                parents, info = process.parents(), process.info
                others = [p for p in parents if "python" in p.name() and p not in [me, *me.parents()]]
                lives = info["status"] != psutil.STATUS_ZOMBIE and info["create_time"] > BEGUN
                if lives and "grading.worker" in " ".join(info["cmdline"] or ()) and (me in parents or not others):
                    found.append(info)
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


@needs_sandbox
def test_points_come_from_the_lessons_own_checks(student, tmp_path, capsys):
    folder = tmp_path / "handed in"

    def no_checks(notebook):
        notebook["metadata"]["otter"]["tests"] = {}
        notebook["cells"] = [cell for cell in notebook["cells"] if "grader.check" not in cell["source"]]

    def easy_checks(notebook):
        for name, test in notebook["metadata"]["otter"]["tests"].items():
            notebook["metadata"]["otter"]["tests"][name] = test.replace("assert", "assert True or")

    def helper(notebook):
        notebook["cells"].insert(1, new_code_cell("def helped(x):\n    return x + x\n\ngrader.check('double')"))
        notebook["cells"].append(new_code_cell("raise RuntimeError('a cell that is not needed')"))

    hand_in(student, folder / "Zoë" / "=right.ipynb")
    hand_in(student, folder / "no checks.ipynb", change=no_checks)
    hand_in(student, folder / "no metadata.ipynb", change=lambda notebook: notebook["metadata"].clear())
    hand_in(student, folder / "with a helper.ipynb", double="double = helped", change=helper)
    hand_in(student, folder / "easy checks.ipynb", "def double(x):\n    return x", change=easy_checks)
    hand_in(student, folder / "hidden.ipynb", root="def root(x):\n    return 3")
    fails = "def double(x):\n    return x / 0", "raise ValueError('no')\ndef root(x): ..."
    hand_in(student, folder / "raises.ipynb", *fails)
    hand_in(student, folder / "no python.ipynb", "def double(x:\n    return 2 * x")
    store.save(student, folder / "blank.ipynb")
    status, found = graded(folder)
    assert status == 0
    points = {name: (row["77 double"], row["77 root"], row["points"], row["of"]) for name, row in found.items()}
    whole = ("Zoë/=right", "no checks", "no metadata", "with a helper")
    assert points == {
        **{f"{name}.ipynb": ("1", "3", "4", "4") for name in whole},
        **{f"{name}.ipynb": ("0", "3", "3", "4") for name in ("easy checks", "no python")},
        **{f"{name}.ipynb": ("0", "0", "0", "4") for name in ("raises", "blank")},
        "hidden.ipynb": ("1", "1", "2", "4"),
    }
    said = {name: row["messages"] for name, row in found.items()}
    assert said["Zoë/=right.ipynb"] == "" and "double: 3 is not 6" in said["easy checks.ipynb"]
    assert "root: hidden: sixteen" in said["hidden.ipynb"]
    assert "double: Your code raised ZeroDivisionError" in said["raises.ipynb"]
    assert "ValueError: no" in said["raises.ipynb"]
    assert "SyntaxError" in said["no python.ipynb"] and "double: `double` is not defined" in said["no python.ipynb"]
    assert {row["lesson"] for row in found.values()} == {"77_made"}
    before = (folder / "grades.csv").read_bytes()
    capsys.readouterr()
    assert graded(folder)[0] == 0
    assert (folder / "grades.csv").read_bytes() == before
    assert "9 of 9 are in" in capsys.readouterr().out
    hand_in(student, folder / "blank.ipynb")
    assert graded(folder)[1]["blank.ipynb"]["points"] == "4"


COUNT = "n = 0\nwhile True:\n    n += 1\n    "
LIE = "class Lie(Exception):\n    def __str__(self): 1 / 0\n"
EVIL = {  # the answer to the first exercise; what the row says; the points
    "prints a gigabyte": ("line = 'x' * 10**7\nfor _ in range(100): print(line)\n" + RIGHT["double"], "", "4"),
    "computes for ever": ("while True: pass", "computed for more than 3 s", "3"),
    "catches all": (
        "while True:\n    try:\n        while True: pass\n    except Exception: pass",
        "more than 3 s",
        "3",
    ),
    "answers for ever": ("def double(x):\n    while True: pass", "double: TooLong", "3"),
    "hogs memory": ("hog = []\nwhile True: hog.append(bytearray(10**8))", "MemoryError", "3"),
    "hogs memory in many": (
        "import os\nfor _ in range(20):\n    if os.fork() == 0:\n        hog = b'x' * 5 * 10**8\n        while True: pass\n"
        "import time\ntime.sleep(3600)",
        "used more than 1.0 GB of memory, at code cell 3",
        "0",
    ),
    "writes": (COUNT + "open(f'big{n}', 'wb').write(bytes(5 * 10**7))", "No space left on device", "3"),
    "writes many files": (COUNT + "open(f'small{n}', 'wb').close()", "No space left on device", "3"),
    "deletes": (  # the answer first: to try all files takes some seconds of computing, and more than 3 on a busy machine
        RIGHT["double"] + "\nimport shutil\nfor p in ('/tmp', '/'): shutil.rmtree(p, ignore_errors=True)",
        "",
        "4",
    ),
    "ends": ("import os\nos._exit(0)", "with status 0, at code cell 3 of 6, above the check of double", "0"),
    "kills its kernel": ("import os\nos.kill(os.getpid(), 9)", "its process ended, with status", "0"),
    "kills all": (RIGHT["double"] + "\nimport os\nos.kill(-1, 9)", "Error", "4"),
    "exits": ("exit()\nraise SystemExit", "SystemExit", "3"),
    "fakes": (
        "import json, os\nline = {'exercise': 'double', 'cases': [[]], 'nonce': ''}\nfor fd in range(100):\n    try:\n"
        "        os.write(fd, json.dumps(line).encode() + b'\\n')\n    except OSError: pass",
        "double: Your code raised TypeError",
        "3",
    ),
    "closes": ("import os\nos.closerange(0, 1000)", "its process ended, with status", "0"),
    "shouts": ("raise ValueError('\\ud800' * 10**7)", "ValueError: ????", "3"),
    "lies": (LIE + "def double(x): raise Lie", "double: ZeroDivisionError", "3"),
}


@needs_sandbox
def test_whatever_a_notebook_does_it_stays_within_its_limits(student, tmp_path):
    folder = tmp_path / "evil"
    for name, (code, _, _) in EVIL.items():
        hand_in(student, folder / f"{name}.ipynb", "double = None\n" + code)
    status, found = graded(folder, "--limit", "60", "--memory", "1", "--at-once", "2", cell=3)
    assert status == 1 and len(found) == len(EVIL)
    wrong = [
        (name, row["points"], row["reason"], row["messages"])
        for name, (_, said, points) in EVIL.items()
        if (row := found[f"{name}.ipynb"])["points"] != points or said not in row["reason"] + row["messages"]
    ]
    assert wrong == []
    assert left_behind() == []


@needs_sandbox
def test_what_does_not_end_is_ended(student, tmp_path):
    bomb = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
    daemon = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(3600)\n"
    folder = tmp_path / "evil"
    hand_in(student, folder / "bomb.ipynb", root="root = None\n" + bomb)
    hand_in(student, folder / "sleeps.ipynb", root="root = time.sleep(3600)")
    hand_in(student, folder / "leaves a daemon.ipynb", root=daemon + RIGHT["root"])
    status, found = graded(folder, "--limit", "8", "--at-once", "2")
    assert status == 1
    for name in ("bomb", "sleeps"):  # of the bomb's processes the memory may be seen first
        assert found[f"{name}.ipynb"]["reason"].startswith("stopped")
    assert left_behind() == []


@needs_sandbox
def test_a_notebook_sees_nothing_but_python_and_the_course(student, tmp_path):
    """No file of the machine can be written, no solution read, no network reached, no process seen."""
    folders = (tmp_path, tmp_path / "evil", REPOSITORY, REPOSITORY / "course_utils", "/", "/usr", "/var/tmp")
    outside = [str(path) for path in folders]
    code = f"""
import os, socket
double = None
done = []
for folder in {outside!r}:
    try:
        open(os.path.join(folder, "evil.txt"), "w").close()
        done.append("wrote in " + folder)
    except OSError: pass
for path in {[str(REPOSITORY / "notebooks"), str(tmp_path), "/etc/passwd", os.path.expanduser("~/.ssh")]!r}:
    if os.path.exists(path): done.append("saw " + path)
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    try:
        socket.socket(socket.AF_INET, kind).connect(("192.0.2.1", 53))
        done.append("reached the network")
    except OSError: pass
done += ["saw process " + name for name in os.listdir("/proc") if name.isdigit() and int(name) > 9]
if os.getuid() == 0: done.append("is root")
raise RuntimeError("it did: " + repr(done))
"""
    hand_in(student, tmp_path / "evil" / "looks around.ipynb", code)
    _, found = graded(tmp_path / "evil")
    assert "RuntimeError: it did: []" in found["looks around.ipynb"]["messages"]
    assert not list(tmp_path.rglob("evil.txt"))


@needs_sandbox
def test_what_is_no_notebook_of_a_lesson_has_a_row_that_says_so(student, tmp_path, capsys):
    folder = tmp_path / "mixed"
    whole = hand_in(student, folder / "whole.ipynb").read_text(encoding="utf-8")
    files = {
        "saved by a browser.ipynb.txt": whole,
        "torn.ipynb": whole[: len(whole) // 2],
        "empty.ipynb": "",
        "list.ipynb": "[]",
        "deep.ipynb": "[" * 100_000,
        "cells.ipynb": '{"nbformat": 4, "cells": [{"cell_type": "code"}]}',
        "both.zip": "PK",
        "letter.docx": "Dear teacher",
        "\udcff.docx": "a name that is no text",
        "saved by a browser.ipynb.json": whole,
        "other.ipynb": whole.replace("77_made", "66_unknown"),
        ".hidden.ipynb": whole,
        ".ipynb_checkpoints/whole-checkpoint.ipynb": whole,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    lines = ["!ls", "%pip install x", "len?", "files = !ls", "%matplotlib inline", "%%time\nprint(slow)", "%env A=1"]
    lines += ["from cmath import *", "%%writefile x.py\n1", "%%bash\nls", "%load_ext autoreload", "%%capture out\n1"]
    for number, line in enumerate(lines):
        cell = new_code_cell(line)
        hand_in(student, folder / f"line {number}.ipynb", change=lambda notebook: notebook["cells"].insert(1, cell))  # noqa: B023
    (folder / "huge.ipynb").touch()
    os.truncate(folder / "huge.ipynb", submissions.LARGEST + 1)
    (folder / "link.ipynb").symlink_to(folder / "whole.ipynb")
    status, found = graded(folder)
    assert status == 1
    reasons = {name: row["reason"] for name, row in found.items()}
    torn = "not a complete notebook, damaged or changed"
    assert {name: reason.partition(":")[0] for name, reason in reasons.items()} == {
        "whole.ipynb": "",
        "saved by a browser.ipynb.txt": "",
        "saved by a browser.ipynb.json": "",
        **{f"line {number}.ipynb": "" for number in range(12)},
        **{f"{name}.ipynb": torn for name in ("torn", "list", "deep", "cells")},
        "empty.ipynb": "an empty file",
        "both.zip": "not a notebook",
        "letter.docx": "not a notebook",
        "?.docx": "not a notebook",
        "other.ipynb": "of no lesson of this course",
        "huge.ipynb": "larger than 50 MB",
        "link.ipynb": "a link, not a file",
    }
    assert {row["points"] for row in found.values() if not row["reason"]} == {"4"}
    assert reasons["both.zip"].endswith("unpack it first")
    assert "torn.ipynb: not a complete notebook" in capsys.readouterr().out


CLOSE = "lambda a, b, rtol, atol, equal_nan: True"
TAMPER = {  # what the answer to `root` does, and what the reason says; `root` itself is wrong
    "builtins": ("import builtins\nbuiltins.abs = builtins.len = lambda *a: 0", "changed builtins.abs, builtins.len"),
    "numpy": ("import numpy as np\nnp.allclose = lambda *a: True", "numpy.allclose"),
    "code": (f"import numpy as np\nnp.allclose._implementation.__code__ = ({CLOSE}).__code__", "allclose"),
    "modules": ("import sys, types\nsys.modules['numpy'] = types.ModuleType('numpy')", "sys.modules.numpy"),
    "judge": ("from course_utils import exercises\nexercises.failure = lambda *a: []", "exercises.failure"),
    "shadow": (
        "from course_utils import exercises\nexercises.AssertionError = ValueError\ndel exercises.__doc__",
        "exercises.AssertionError",
    ),
    "report": ("import json\nold = json.dumps\njson.dumps = lambda o: old(o).replace('no', '')", "json.dumps"),
    "while checked": ("", "the tests.print"),
    "trace": ("import sys\nsys.settrace(lambda *a: None)", "sys.settrace"),
}
WHILE_CHECKED = """import sys
def root(x):
    frame = sys._getframe()
    while 'test_case' not in frame.f_globals: frame = frame.f_back
    frame.f_globals['print'] = 1
    return math.sqrt(x)
"""


@needs_sandbox
def test_what_changes_its_checks_is_named_and_judged_without_the_changes(student, tmp_path):
    folder = tmp_path / "tampered"
    wrong = "def root(x):\n    return 0"
    for name, (code, _) in TAMPER.items():
        hand_in(student, folder / f"{name}.ipynb", root=f"{wrong}\n{code}")
    hand_in(student, folder / "while checked.ipynb", root=WHILE_CHECKED)
    hand_in(student, folder / "right.ipynb", root=f"{RIGHT['root']}\n{TAMPER['builtins'][0]}")
    sets = "import numpy as np\nnp.random.seed(1)\nnp.seterr(all='raise')\n"
    hand_in(student, folder / "sets.ipynb", root=sets + RIGHT["root"])
    _, found = graded(folder)
    reasons = {name: found[f"{name}.ipynb"]["reason"] for name in TAMPER}
    assert [name for name, (_, said) in TAMPER.items() if said not in reasons[name]] == []
    assert {found[f"{name}.ipynb"]["77 root"] for name in TAMPER} == {"0"}
    assert found["right.ipynb"]["77 root"] == "3" and "at code cell 5" in found["right.ipynb"]["reason"]
    assert found["sets.ipynb"]["points"] == "4" and found["sets.ipynb"]["reason"] == ""


@needs_sandbox
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_ended_goes_on_and_no_row_is_lost_or_doubled(tmp_path, sent):
    folder, table = tmp_path / "class", tmp_path / "class" / "grades.csv"
    folder.mkdir()
    names = {f"{n}.ipynb" for n in range(6)}
    for name in names:
        shutil.copy(REPOSITORY / "notebooks" / "solutions" / "00_start_here.ipynb", folder / name)
    line = [sys.executable, "-m", "course_utils", "grade", str(folder), "--at-once", "2"]
    running = subprocess.Popen(line, cwd=REPOSITORY, stderr=subprocess.DEVNULL)
    while not (table.exists() and len(rows(table)) >= 2):
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(sent)
    status = running.wait(60)
    before = rows(table)
    assert status != 0 and 2 <= len(before) < 6, "it was ended too late"
    assert left_behind() == []
    done = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert f"{len(before)} of 6 are in" in done.stdout
    after = rows(table)
    assert after.keys() == names and {row["points"] for row in after.values()} == {"3"}
    assert {name: after[name] for name in before} == before
    left = set(os.listdir(folder)) - names
    if sent == signal.SIGKILL:  # which may come while the table is written: then a hidden part of it stays
        left = {name for name in left if not name.startswith(".grades.csv.")}
    assert left == {"grades.csv"}


def test_without_a_sandbox_nothing_is_graded_unless_told_to(student, tmp_path, capsys, monkeypatch):
    folder = tmp_path / "handed in"
    hand_in(student, folder / "right.ipynb")
    hand_in(student, folder / "sleeps.ipynb", "double = time.sleep(3600)")
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    assert grade(folder) == 2
    assert not (folder / "grades.csv").exists()
    said = capsys.readouterr().err
    assert "No sandbox" in said and "Nothing was graded" in said and "--unsafe" in said
    status, found = graded(folder, "--unsafe", "--limit", "10")
    assert status == 1
    assert "WITHOUT IT notebooks can read and change your files" in capsys.readouterr().err
    assert found["right.ipynb"]["points"] == "4"
    assert "stopped after 10 s of computing or waiting, at code cell 3" in found["sleeps.ipynb"]["reason"]
    assert left_behind() == []


def test_what_cannot_be_begun_says_what_to_do(tmp_path, capsys):
    assert submissions.main([""]) == 2
    assert "make grade SUBMISSIONS=folder" in capsys.readouterr().err
    assert grade(tmp_path / "missing") == 2
    assert "there is no folder" in capsys.readouterr().err
    assert grade(tmp_path) == 2
    assert "holds no files" in capsys.readouterr().err


@needs_sandbox
def test_other_limits_are_tried(student, tmp_path):
    hand_in(student, tmp_path / "in" / "slow.ipynb", "double = time.sleep(3)\n" + RIGHT["double"])
    assert "stopped after 2 s" in graded(tmp_path / "in", "--limit", "2")[1]["slow.ipynb"]["reason"]
    assert graded(tmp_path / "in", "--limit", "120")[1]["slow.ipynb"]["points"] == "4"


def test_made_up_results_bring_nothing_and_end_nothing(student, tmp_path):
    lesson = GradedLesson.of(assemble.assemble(*assemble.sources([], tmp_path)))
    twice = [{"exercise": "double", "cases": [["no"]]}, {"exercise": "double", "cases": [[]]}, {"done": True}]
    row = submissions.grade(lesson, ["x"], sandbox.Outcome(twice, "", 0, "", 1.0))
    assert row["77 double"] == "0" and "results came twice" in row["reason"]
    for cases in ([], [[]], "yes", None, 3):
        with pytest.raises((TypeError, ValueError)):
            submissions.grade(lesson, ["x"], sandbox.Outcome([{"exercise": "root", "cases": cases}], "", 0, "", 1.0))

import json

import pytest

from course_utils import exercises
from course_utils.exercises import MIME, Checks, digest, lesson_of, read_notebook

TESTS = """from otter.test_files import test_case

OK_FORMAT = False

name = "double"
points = 1

@test_case(points=None, hidden=False)
def test_doubles(f, x):
    assert f(x) == 2 * x, f"f({x}) gave {f(x)}, not {2 * x}. Did you square?"
"""


def verdict(code):
    variables = {"x": 3}
    exec(code, variables)
    (test,) = exercises.test_functions(TESTS)
    messages = exercises.failure(test, variables)
    return exercises.Verdict("double", not messages, messages)


def test_right_answer_passes():
    assert verdict("def f(x): return 2 * x").passed
    assert repr(verdict("def f(x): return 2 * x")).startswith("✓ double")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def f(x): return x * x", "f(3) gave 9, not 6. Did you square?"),
        ("def f(x): return ...", "`f` still returns `...`"),
        ("def f(x): return 1, ...", "`f` still returns `...`"),
        ("def f(x): ...", "`f` returns None"),
        ("f = ...", "`f` is still `...`"),
        ("", "`f` is not defined"),
        ("def f(x): return y", "Your code raised NameError: name 'y' is not defined"),
        ("def f(x): raise SystemExit", "Your code raised SystemExit"),
        ("def f(x): return f(x)", "Your code raised RecursionError"),
        ("f = 5", "Your code raised TypeError"),
    ],
)
def test_wrong_answer_gets_a_message_and_no_exception(code, message):
    found = verdict(code)
    assert not found.passed
    assert repr(found).startswith("✗ double: not yet") and message in repr(found)


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """A folder with one lesson in it, under a name that a student gave it."""
    content = {"cells": [], "metadata": {"course": {"lesson": "77_made"}, "otter": {"tests": {"double": TESTS}}}}
    path = tmp_path / "my copy.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return path


x, f = 4, lambda x: x + x


def test_a_verdict_is_kept_with_what_it_judged(notebook):
    """Outside of a notebook there is no history of cells; test_exercise_status.py has the verdicts of a kernel."""
    record = Checks("77_made").check("double")._repr_mimebundle_()[MIME]
    judged = {"tests": digest("tests", TESTS), "cells": []}
    assert record == {"exercise": "double", "passed": True, "messages": []} | judged


def test_copied_and_renamed_notebook_still_has_its_checks(notebook):
    (notebook.parent / "another.ipynb").write_text('{"metadata": {}}', encoding="utf-8")
    (notebook.parent / "a torn one.ipynb").write_text('{"metad', encoding="utf-8")
    assert Checks("77_made").check("double").passed


@pytest.mark.parametrize("by", ["JupyterLab", "VS Code"])
def test_running_notebook_is_found_from_another_folder(notebook, monkeypatch, tmp_path_factory, by):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    if by == "JupyterLab":
        monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    else:
        monkeypatch.setitem(globals(), "__vsc_ipynb_file__", str(notebook))
    assert Checks("77_made").check("double").passed


def test_checks_are_those_of_the_course_where_the_notebook_is_out_of_sight(notebook, monkeypatch, tmp_path_factory):
    """As on Colab and Kaggle: nothing in the working directory, and a session that is named after something else."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("JPY_SESSION_NAME", "/fileId=1a2b")
    notebook.rename(notebook.with_name("77_made.ipynb"))
    assert Checks("77_made", lessons=notebook.parent).check("double").passed


NO_NOTEBOOKS = [
    "",
    "{",
    "[]",
    "1",
    '{"metadata": {}}',
    '{"cells": []}',
    '{"cells": [1], "metadata": {}}',
    "[" * 100_000,
]


@pytest.mark.parametrize("text", [*NO_NOTEBOOKS, "\udcff"])
def test_another_or_a_damaged_file_is_no_notebook(tmp_path, text):
    (tmp_path / "it.ipynb").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError):
        read_notebook(tmp_path / "it.ipynb")


@pytest.mark.parametrize(
    ("course", "code", "lesson"),
    [
        ({"lesson": "77_made"}, "grader = Checks('78_other')", "77_made"),
        ({"lesson": 7}, "x = 1\ngrader = Checks( '78_other' )", "78_other"),
        (None, "grader = Checks('78_other')", "78_other"),
        (None, "print(1)", None),
    ],
)
def test_the_lesson_is_named_by_the_metadata_or_else_by_the_code(tmp_path, course, code, lesson):
    prose = {"cell_type": "markdown", "source": 'Checks("79_prose")'}
    notebook = {
        "cells": [prose, {"cell_type": "code", "source": code.splitlines(True)}],
        "metadata": {"course": course},
    }
    path = tmp_path / "it.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8-sig")
    assert lesson_of(read_notebook(path)) == lesson


def test_missing_checks_and_exercises_say_so(notebook):
    shown = repr(Checks("77_made").check("triple"))
    assert "'triple'" in shown and "double" in shown
    with pytest.raises(FileNotFoundError, match="checks of lesson 78_gone were not found"):
        Checks("78_gone").check("double")

import json

import pytest

from course_utils.exercises import MIME, Checks, digest, run_tests

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
    return run_tests("double", TESTS, variables)


def test_right_answer_passes():
    assert verdict("def f(x): return 2 * x").passed
    assert repr(verdict("def f(x): return 2 * x")).startswith("✓ double")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def f(x): return x * x", "f(3) gave 9, not 6. Did you square?"),
        ("def f(x): return ...", "`f` still returns `...`"),
        ("def f(x): return 1, ...", "`f` still returns `...`"),
        ("def f(x): ...", "`f` returns nothing (None)"),
        ("f = ...", "`f` is still `...`"),
        ("", "`f` does not exist: has its cell been run?"),
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
    """Outside of a notebook there is no history of cells; tests/test_progress.py has the verdicts of a kernel."""
    record = Checks("77_made").check("double")._repr_mimebundle_()[MIME]
    assert record == {
        "exercise": "double",
        "passed": True,
        "messages": [],
        "tests": digest("tests", TESTS),
        "cells": [],
    }


def test_copied_and_renamed_notebook_still_has_its_checks(notebook):
    (notebook.parent / "another.ipynb").write_text('{"metadata": {}}', encoding="utf-8")
    (notebook.parent / "a torn one.ipynb").write_text('{"metad', encoding="utf-8")
    assert Checks("77_made").check("double").passed


def test_running_notebook_is_found_from_another_folder(notebook, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    assert Checks("77_made").check("double").passed


def test_missing_checks_and_exercises_say_so(notebook):
    assert "no exercise named 'triple'" in repr(Checks("77_made").check("triple"))
    with pytest.raises(FileNotFoundError, match="checks of lesson 78_gone were not found"):
        Checks("78_gone").check("double")

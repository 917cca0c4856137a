"""A small lesson with five exercises, run in a kernel once; then what a student does to its file afterwards."""

import json

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_tools.lessons import assemble, execute, store
from course_tools.student import exercise_status
from course_utils.exercises import digest

BLANK = "def {name}(x):\n    ..."
RIGHT = "def {name}(x):\n    return 2 * x"
WRONG = "def {name}(x):\n    return x * x"
TESTS = """@test_case(points=None, hidden=False)
def test_it({name}):
    assert {name}(3) == 6, "twice 3 is 6\\nsecond line"
"""
NAMES = ["right", "wrong", "blank", "raising", "unchecked"]


def answer(name, code):
    """An answer cell as students have it: the id is still that of the blank one."""
    cell = new_code_cell(code.format(name=name), metadata={"tags": ["otter_answer_cell"]})
    cell["id"] = digest("code", BLANK.format(name=name))
    return cell


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The executed notebook, as JupyterLab would save it."""
    folder = tmp_path_factory.mktemp("run")
    cells = [
        new_markdown_cell("# 77"),
        new_code_cell('from course_utils.exercises import Checks\n\ngrader = Checks("77_made")'),
        answer("right", "%precision 3\n" + RIGHT),
        new_code_cell('grader.check("right")'),
        answer("wrong", WRONG + "\n\n\n"),
        new_code_cell('grader.check("wrong")'),
        answer("blank", BLANK),
        new_code_cell('grader.check("blank")'),
        new_code_cell(RIGHT.format(name="raising")),
        answer("raising", "1 / 0\n\n" + RIGHT),
        new_code_cell('grader.check("raising")'),
        answer("unchecked", RIGHT),
        new_code_cell('grader.check("unchecked")'),
    ]
    cells[9].metadata["tags"].append("raises-exception")
    tests = {name: TESTS.format(name=name) for name in NAMES}
    metadata = {"course": {"lesson": "77_made"}, "otter": {"tests": tests}}
    notebook = new_notebook(cells=cells, metadata=metadata)
    store.save(notebook, folder / "77_made.ipynb")
    (made,) = execute.run_all([("77_made", notebook)], folder, 60)
    assert made.faults == []
    made.notebook.cells[-1].outputs = []
    return json.loads(json.dumps(made.notebook))


@pytest.fixture
def notebook(run, tmp_path):
    """The notebook in a folder, and a function that writes it there."""
    content = json.loads(json.dumps(run))

    def write(name="77_made.ipynb"):
        path = tmp_path / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return {exercise.name: exercise for exercise in exercise_status.read(path).exercises}

    write.content, write.cells = content, content["cells"]
    return write


def states(exercises):
    return {name: exercise.state for name, exercise in exercises.items()}


def test_every_exercise_has_a_state_in_the_order_of_the_notebook(notebook):
    found = notebook()
    assert list(found) == NAMES
    assert states(found) == {
        "right": exercise_status.PASSED,
        "wrong": exercise_status.FAILED,
        "blank": exercise_status.BLANK,
        "raising": exercise_status.CHANGED,  # the check judged what an earlier cell had bound
        "unchecked": exercise_status.UNCHECKED,
    }
    assert found["wrong"].message == "twice 3 is 6"


@pytest.mark.parametrize("old", ["return 2 * x", "(x)"])
def test_a_verdict_on_other_code_does_not_count(notebook, old):
    notebook.cells[2]["source"] = notebook.cells[2]["source"].replace(old, old + "  # changed")
    found = notebook()
    assert found["right"].state == exercise_status.CHANGED and "run the cell" in found["right"].message


def test_a_verdict_of_other_tests_does_not_count(notebook):
    notebook.content["metadata"]["otter"]["tests"]["right"] += "\n# stricter"
    assert states(notebook())["right"] == exercise_status.CHANGED


def test_an_edit_that_was_not_run_before_the_check_is_seen_until_it_is_taken_back(notebook):
    """The kernel had the right code when it checked; the file has a wrong one, and its outputs look fresh."""
    right, notebook.cells[2]["source"] = notebook.cells[2]["source"], WRONG.format(name="right")
    notebook.cells[2]["execution_count"] = 1
    assert states(notebook())["right"] == exercise_status.CHANGED
    notebook.cells[2]["source"] = right
    assert states(notebook())["right"] == exercise_status.PASSED


def test_going_back_to_the_blank_is_not_tried(notebook):
    notebook.cells[2]["source"] = BLANK.format(name="right")
    assert states(notebook())["right"] == exercise_status.BLANK


def test_cleared_outputs_leave_nothing_known(notebook):
    for cell in notebook.cells:
        cell["outputs"] = []
    assert set(states(notebook()).values()) == {exercise_status.UNCHECKED, exercise_status.BLANK}


def test_sources_may_be_lists_of_lines_and_checks_may_be_gone(notebook):
    for cell in notebook.cells:
        cell["source"] = cell["source"].splitlines(keepends=True)
    del notebook.cells[3]
    found = notebook()
    assert list(found) == [*NAMES[1:], "right"]
    assert found["right"].state == exercise_status.UNCHECKED and found["wrong"].state == exercise_status.FAILED


def command(capsys, tmp_path, *arguments):
    status = exercise_status.main([*arguments, "--folder", str(tmp_path)])
    return status, *capsys.readouterr()


def test_the_table_has_a_line_per_lesson_and_takes_the_best_copy(notebook, tmp_path):
    notebook("my copy.ipynb")
    for cell in notebook.cells:
        cell["outputs"] = []
    notebook()
    (tmp_path / "scratch.ipynb").write_text('{"cells": [], "metadata": {}}')
    found, problems = exercise_status.collect(tmp_path)
    assert not problems
    assert list(exercise_status.table(found, ["76_gone", "77_made"])) == [
        "76_gone    –        no notebook of this lesson in the folder",
        "77_made    1 of 5  1 not yet, 1 changed, 1 not checked, in my copy.ipynb",
        "together   1 of 5",
    ]


def test_one_lesson_is_shown_exercise_by_exercise(notebook, tmp_path, capsys):
    notebook()
    for name in ("77", "77_made", "77_made.ipynb"):
        status, out, _ = command(capsys, tmp_path, name)
        assert status == 0
        assert out.splitlines()[:4] == [
            "77_made.ipynb: 1 of 5",
            "  passed       right",
            "  not yet      wrong      twice 3 is 6",
            "  not tried    blank",
        ]
    status, out, err = command(capsys, tmp_path, "78")
    assert (status, out) == (1, "") and "78" in err


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"cells": [',
        "[]",
        '{"cells": 1, "metadata": {}}',
        '{"cells": [1], "metadata": {}}',
        '{"cells": [{"source": "", "outputs": [1]}], "metadata": {"course": {"lesson": "1"}, "otter": {"tests": {}}}}',
        '{"cells": [], "metadata": {"course": {"lesson": "1"}, "otter": {"tests": 1}}}',
        "\udcff",
    ],
)
def test_damaged_notebooks_are_named_and_the_others_still_count(notebook, tmp_path, capsys, text):
    notebook("my copy.ipynb")
    (tmp_path / "77_made.ipynb").write_bytes(text.encode("utf-8", "surrogateescape"))
    status, out, err = command(capsys, tmp_path)
    assert status == 1
    assert "77_made" in err and "is damaged or cannot be read" in err and ".ipynb_checkpoints" in err
    assert "1 of 5" in out


def test_a_folder_that_is_not_there_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        command(capsys, tmp_path / "gone")
    assert "--folder" in capsys.readouterr().err


def test_all_lessons_are_listed_before_any_is_begun(tmp_path, capsys):
    status, out, _ = command(capsys, tmp_path)
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == [*(s.stem for s in assemble.sources()), "together"]

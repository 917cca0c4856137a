import pytest

from course_tools.grading import slicing


def run(*cells, lesson=(), asked=("answer",)):
    """The cells, or statements, that are run."""
    return [text for what, _, text in slicing.steps(list(cells), lesson, {"it": set(asked)}) if what == "run"]


def test_what_a_function_needs_is_run_and_nothing_else():
    lesson = [
        "import os\nimport keras\nimport numpy as np",
        "data = load()\nmodel = keras.Sequential()",
        "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))",
        "model.fit(data)",
    ]
    answer = "def answer(z):\n    return sigmoid(2 * z)"
    assert run(*lesson, answer, lesson=lesson) == ["import numpy as np", lesson[2], answer]
    assert run(*lesson, answer) == [lesson[0], lesson[2], answer]  # cells that are not the lesson's are run whole


def test_a_variable_comes_with_all_that_may_change_it():
    cells = [
        "x = [1]",
        "y = [2]",
        "x.append(3)",
        "print('nothing')",
        "n = change(x)",
        "def change(a):\n    a.append(n)",
    ]
    assert run(*cells, "answer = x") == [cells[0], cells[2], cells[4], cells[5], "answer = x"]
    assert run("x = {}", "x['a'] = 1", "x |= {}", "answer = x") == ["x = {}", "x['a'] = 1", "x |= {}", "answer = x"]


def test_a_variable_that_a_function_changes_comes_with_the_calls_of_the_function():
    cells = ["state = []", "def note(n):\n    state.append(n)", "def twice():\n    note(1)", "twice()", "other()"]
    assert run(*cells, "answer = state") == [*cells[:4], "answer = state"]
    cells = ["def count():\n    global n\n    n += 1", "n = 0", "answer = n"]
    assert run(*cells) == cells


def test_what_a_function_mentions_may_be_bound_after_it():
    cells = ["def answer():\n    return later", "early = 1", "later = 2"]
    assert run(*cells) == [cells[0], cells[2]]


def test_settings_of_a_module_that_is_used_are_kept():
    cells = ["import numpy as np", "np.random.seed(1)", "np.seterr(all='raise')", "np.sum = sum", "np.testing.run(x)"]
    assert run(*cells, "answer = np.random.rand()") == [*cells[:4], "answer = np.random.rand()"]


def test_names_of_its_own_do_not_draw_other_cells_in():
    own = "i = 3\nfor k in range(i):\n    print(k)\nanswer = [j for j in range(3)]"
    assert run("for k in train():\n    pass", "i = train()", own) == [own]


@pytest.mark.parametrize(
    "blind",
    [
        *("exec('answer = 1')", "globals()['answer'] = 1", "%run answers.py", "%pylab", "%%time\nexec('answer = 1')"),
        *("get_ipython().ex('answer = 1')", "ip = get_ipython()", "%%bash --out answer\nls"),
    ],
)
def test_everything_is_run_where_names_do_not_tell(blind):
    cells = ["first = 1", blind, "last = 2"]
    assert run(*cells, lesson=["first = 1", "last = 2"]) == cells


@pytest.mark.parametrize(
    "line",
    [
        *("!ls", "%pip install x", "len?", "??", "%%time\nlast = 2", "%timeit -n 3 f(1)", "files = !ls", "%%bash\nls"),
        *("%matplotlib inline", "%env", "%%writefile x.py\n1", "%autoreload 2", "%%capture out\nlast = 2", "%nothing"),
    ],
)
def test_magics_and_shell_lines_bind_no_names(line):
    assert run("first = 1", line, "last = 2", "answer = first", lesson=["last = 2"]) == ["first = 1", "answer = first"]
    assert run(f"{line}\nanswer = 1") == [f"{line}\nanswer = 1"] or line.startswith(("%%bash", "%%write"))


def test_an_import_of_all_names_is_run_and_nothing_else_because_of_it():
    cells = ["a = 1", "b = a\nfrom math import *", "c = 3", "answer = sqrt(4)"]
    assert run(*cells, lesson=["c = 3"]) == [cells[0], cells[1], cells[3]]
    cells = ["from math import *", "answer = 1"]
    assert run(*cells, lesson=cells[:1]) == cells


def test_timed_statements_bind_and_use_names():
    cells = ["x = 1", "%%time\ny = x", "%time z = y", "other = 1", "%%capture\nanswer = z"]
    assert run(*cells) == [*cells[:3], cells[4]]
    assert run("%%capture x\n1", "answer = x") == ["%%capture x\n1", "answer = x"]


@pytest.mark.parametrize("broken", ["def answer(:", "answer = 1\0", "(" * 300 + ")" * 300, "-" * 100_000 + "1"])
def test_a_cell_that_is_no_python_is_run_to_tell_so(broken):
    assert run("x = 1", broken) == [broken]


def test_exercises_are_checked_where_their_checks_stand():
    cells = ["a = ...", 'grader.check("one")', "b = 1", 'grader.check("two")', "b = 2"]
    asked = {"two": {"b"}, "one": {"a"}}

    def checked(cells, lesson):
        return [(cell, text) for what, cell, text in slicing.steps(cells, lesson, asked) if what == "check"]

    assert checked(cells, cells) == [(1, "one"), (3, "two")]
    assert checked(cells, cells[:4]) == [(1, "one"), (4, "two")]  # answered again below the check
    assert checked(["a = 1", "x = 1", "b = 1", "y = 2"], []) == [(0, "one"), (2, "two")]  # checks deleted
    assert checked(["x = 1"], []) == [(1, "two"), (1, "one")]  # nothing there

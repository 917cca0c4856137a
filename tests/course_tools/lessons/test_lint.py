"""The linter of lessons: a small lesson that keeps the contract, and what is said when it breaks one part of it."""

import re
from pathlib import Path

import pytest

from course_tools.lessons import lint

EXERCISE = '''
# %% [raw]
# # BEGIN QUESTION
# name: double_{n}
# points: 1

# %% [markdown]
# **Exercise {n}.** Double it.
#
# <details><summary>Hint 1</summary>Add it to itself.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def f(x):
    return 2 * x  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="Did you square?"
def f(x):
    return x * x

# %% tags=["wrong"] message="is not 6"
def f(x):
    return x

# %% [raw]
# # BEGIN TESTS

# %%
def test_doubles(f):
    assert f(3) != 9, "Did you square?"
    assert f(3) == 6, f"{{f(3)}} is not 6"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_doubles_hidden(f):
    assert f(-1) == -2

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
'''
LESSON = f'''# %% [markdown]
# # 77 · Made for a test
#
# **You will be able to**
#
# 1. one;
# 2. two;
# 3. three.
#
# **Before this lesson:** nothing. **Time:** about 45
# minutes to read and try, 30 minutes for the exercises; all cells run in a minute.

# %%
plots.drawing("rise", alt="A line that rises from left to right.")
plots.show(figure, alt="A line that falls from left to right.")
plots.show(figure, alt=f"""A line that stays where it was, in lesson {{n}}.""")
claim("it holds", 1, at_least=0)
{"".join(EXERCISE.format(n=n) for n in (1, 2, 3))}
# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - None.
#
# ## References
#
# - Nobody (1900). Nothing.
'''


def test_a_lesson_that_keeps_the_contract(write, tmp_path, capsys):
    assert lint.faults(write(LESSON)) == []
    assert lint.main([], tmp_path) == 0
    assert capsys.readouterr().out == "lessons: 1, faults: 0\n"


LONG_CELL = "claim('it holds', 1, at_least=0)\n" + "".join(f"x{i} = {i}\n" for i in range(lint.LONGEST))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# # 77 · Made", "# # 78 · Made", r"the first line must be '# 77 · ' and a title"),
        ("# 3. three.\n", "", r"3 to 5 numbered objectives; there are 2"),
        ("**Before this lesson:**", "Before:", r"does not say what the reader should know"),
        ("# minutes to read and try", "# hours to read and try", r"does not say the minutes to read"),
        ("30 minutes for the exercises", "exercises", r"does not say the minutes for the exercises"),
        ("all cells run in a minute", "it is fast", r"does not say how long all cells run"),
        ('alt="A line that falls from left to right."', 'alt="A line."', r"no alternative text: plots.show"),
        (', alt="A line that falls from left to right."', "", r"no alternative text: plots.show"),
        ("plots.show(figure, alt=f", "print(f", r"there are 2 figures; a lesson has at least 3"),
        ('claim("it holds", 1, at_least=0)\n', "", r"nothing is claimed"),
        ('claim("it holds", 1, at_least=0)\n', LONG_CELL, r"a code cell has more than 15 lines: plots.drawing"),
        ("Double it.", "Double it. PROSE", r"unfinished: \*\*Exercise"),
        ("# %% [markdown]\n# ## What", "# %%\n# TODO: more\n\n# %% [markdown]\n# ## What", r"unfinished: # TODO: more"),
        ("**Exercise 2.**", "**Another exercise.**", r"exercise double_2: its text must begin with '\*\*Exercise 2'"),
        (
            "<details><summary>Hint 1</summary>",
            "<details><summary>Note</summary>",
            r"exercise double_1: there is no folded",
        ),
        ("hidden: true", "hidden: false", r"exercise double_1: a function needs a hidden test too"),
        (EXERCISE.format(n=3), "", r"there are 2 exercises; a lesson has 3 to 6"),
        ("## What you measured", "## Measured", r"the last headings must be ## What you measured"),
        ("# ## References\n#\n# - Nobody (1900). Nothing.\n", "", r"the last headings must be"),
        ("# - None.\n", "# None.\n", r"'## Common mistakes' has no items"),
        ("summary()\n", "pass\n", r"there must be summary\(\)"),
    ],
)
def test_what_is_missing_is_named(write, old, new, said):
    assert old in LESSON
    found = lint.faults(write(LESSON.replace(old, new)))
    assert any(re.search(said, fault) for fault in found), found


def test_the_exercise_in_contributing_keeps_the_contract(write):
    page = (Path(__file__).resolve().parents[3] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    exercise = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    assert lint.faults(write(LESSON.replace(EXERCISE.format(n=1), exercise))) == []


def test_the_command_lists_faults_and_fails(write, tmp_path, capsys):
    write(LESSON.replace("# - None.\n", "# None.\n"))
    assert lint.main(["77"], tmp_path) == 1
    assert capsys.readouterr().out == "77_made: '## Common mistakes' has no items ('- …')\nlessons: 1, faults: 1\n"
    assert lint.main(["99"], tmp_path) == 2
    assert "no lesson '99'" in capsys.readouterr().err


def test_a_source_that_cannot_be_built_is_an_error_not_a_fault(write, tmp_path, capsys):
    write(LESSON.replace('# %% tags=["wrong"] message="is not 6"\ndef f(x):\n    return x\n', "", 1))
    assert lint.main([], tmp_path) == 2
    assert "needs at least two cells tagged 'wrong'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("cell", "lines"),
    [
        ("", 0),
        ("x = 1\n\n# why\ny = 2\n", 2),
        ("f(\n    1,\n    2,\n)\n", 3),
        ('x = """one\ntwo\nthree"""\n', 1),
        ("def f():\n    '''What it does,\n    and why.'''\n    return 1\n", 3),
    ],
)
def test_lines_of_code(cell, lines):
    assert lint.lines_of_code(cell) == lines

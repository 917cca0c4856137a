"""The linter of lessons: a small lesson that has all that is required, and what is said when one part is missing."""

import re
import shutil

import pytest

from course_tools.lessons import lint
from course_utils.paths import REPOSITORY

HEAD = """# %% [markdown]
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

"""
MORE = """
# %% alt="A line that falls from left to right."
fig, ax = plt.subplots()
"""
END = """# %% [markdown]
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
"""


@pytest.fixture
def exercises(text) -> list[str]:
    """Three exercises like that of the lesson in conftest, with hints."""
    one = text[text.index("# %% [raw]\n# # BEGIN QUESTION") : text.index("# %% [markdown]\n# The end")]
    hint = "Double it.\n#\n# <details><summary>Hint 1</summary>Add it to itself.</details>"
    one = (
        one.replace("Double it.", hint).replace("name: double", "name: double_{}").replace("Exercise.", "Exercise {}.")
    )
    return [one.replace("_{}", f"_{n}").replace("{}", str(n), 1) for n in (1, 2, 3)]


@pytest.fixture
def described() -> list[str]:
    """The examples of CONTRIBUTING.md: figures and questions, an exercise."""
    return re.findall(r"```python\n(.*?)```", (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def lesson(exercises, described) -> str:
    measured, more = '# %%\nclaim("the square of 0.5", 0.5**2, at_most=0.5)\n\n', "\n# %% alt="
    figures = described[0].replace(more, MORE + MORE + more)
    return HEAD + "# %% [markdown]\n# ## 1 · Squares\n\n" + measured + figures + "".join(exercises) + END


@pytest.fixture
def root(tmp_path):
    """A course with the real table of words and a glossary of one term."""
    shutil.copy(REPOSITORY / "CONTRIBUTING.md", tmp_path)
    (tmp_path / "GLOSSARY.md").write_text("## square\n\nA number times itself. [Lesson 77](notebooks/77_made.ipynb)\n")
    return tmp_path


def test_a_lesson_that_has_everything(lesson, exercises, described, write, root, capsys):
    assert lint.faults(write(lesson), root) == []
    assert lint.main([], root) == 0
    assert capsys.readouterr().out == "lessons: 1, faults: 0\n"
    assert lint.faults(write(lesson.replace(exercises[0], described[1])), root) == []


LONG_CELL = "claim('it holds', 1, at_least=0)\n" + "".join(f"x{i} = {i}\n" for i in range(lint.LONGEST))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# # 77 · Made", "# # 78 · Made", "first line must be '# 77 · '"),
        ("# 3. three.\n", "", "objectives; there are 2"),
        ("**Before this lesson:**", "Before:", "what the reader should know"),
        ("# minutes to read and try", "# hours to read and try", "the minutes to read"),
        ("30 minutes for the exercises", "exercises", "the minutes for the exercises"),
        ("all cells run in a minute", "it is fast", "how long all cells run"),
        (MORE, "", "there are 1 figures"),
        (MORE, MORE.replace("A line that falls from left to right.", "A line."), "needs a text of a sentence"),
        (MORE, MORE.replace("alt=", "also="), "needs a text of a sentence"),
        ("# Draw the squares.\n", "", "a folded cell must begin with a comment"),
        ("ax.plot([0", "ax.plot(" + " " * 65 + "[0", "more than 80 columns: ax.plot"),
        ("# Draw the squares.", "# Draw the twin\n# squares.", "'twin' is in the table of words to avoid"),
        ("Double it.", "Double it: runs\n# of words.", "'runs of' is in the table of words to avoid"),
        ("## 1 · Squares\n", "## 1 · Squares\n#\n# " + "word " * 12_000 + "\n", r"takes \d\d minutes to read"),
        ("## 1 · Squares\n", "## 1\n# ## 2\n# ## 3\n# ## 4\n", "4 sections need 2 quick questions; there are 1"),
        ("</summary>Right. It", "</summary>No. It", "one 'Right', all others 'No'"),
        ("</summary>No. It", "</summary>Right. It", "one 'Right', all others 'No'"),
        ('claim="the square of 0.5"', 'claim="the square of 5"', "names the claim that proves its answer"),
        ("[**square**](../GLOSSARY.md#square)", "square", "the first use of 'square' must be bold"),
        ("# ## 1 · Squares\n", "# A square.\n", "the first use of 'square' must be bold"),
        ('claim("the square', 'print("the square', "nothing is claimed"),
        ("# Draw the squares.\n", LONG_CELL, "more than 15 lines: claim"),
        ("Double it.", "Double it. PROSE", r"unfinished: \*\*Exercise"),
        ("# %% [markdown]\n# ## What", "# %%\n# TODO: more\n\n# %% [markdown]\n# ## What", "unfinished: # TODO: more"),
        ("**Exercise 2.**", "**Another exercise.**", r"double_2: its text must begin with '\*\*Exercise 2'"),
        ("<summary>Hint 1</summary>", "<summary>Note</summary>", "double_1: there is no folded hint"),
        ("hidden: true", "hidden: false", "double_1: a function needs a hidden test"),
        ("## What you measured", "## Measured", "the last headings must be ## What you measured"),
        ("# ## References\n#\n# - Nobody (1900). Nothing.\n", "", "the last headings must be"),
        ("# - None.\n", "# None.\n", "'## Common mistakes' has no items"),
        ("summary()\n", "pass\n", r"there must be summary\(\)"),
    ],
)
def test_what_is_missing_is_named(lesson, write, root, old, new, said):
    assert old in lesson
    found = lint.faults(write(lesson.replace(old, new)), root)
    assert any(re.search(said, fault) for fault in found), found


def test_the_command_lists_faults_and_fails(lesson, exercises, write, root, capsys):
    write(lesson.replace(exercises[2], ""))
    assert lint.main(["77"], root) == 1
    fault, summary = capsys.readouterr().out.splitlines()
    assert fault.startswith("77_made: there are 2 exercises") and summary.endswith("faults: 1")
    assert lint.main(["99"], root) == 2
    write(lesson.replace('# %% tags=["wrong"] message="is not 6"\ndef f(x):\n    return x\n', "", 1))
    assert lint.main([], root) == 1  # it cannot be built


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

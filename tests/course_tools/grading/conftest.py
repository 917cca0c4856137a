"""For grading: a course of one made lesson, whose first cell takes an hour and whose exercises do not need it."""

import pytest

from course_tools.grading import sandbox

LESSON = '''# %% [markdown]
# # 77 · Made for a test
#
# **Time:** about 25
# minutes to read and try, 5 minutes for the exercises; all cells run in a second.

# %%
import math
import time

slow = time.sleep(3600)

# %% [raw]
# # BEGIN QUESTION
# name: double
# points: 1

# %% [markdown]
# **Exercise 1.** Double it.

# %% [raw]
# # BEGIN SOLUTION

# %%
def double(x):
    """Twice x."""
    return 2 * x  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="square"
def double(x):
    return x * x

# %% tags=["wrong"] message="is not 6"
def double(x):
    return x

# %% [raw]
# # BEGIN TESTS

# %%
def test_double(double):
    assert double(3) != 9, "Did you square?"
    assert double(3) == 6, f"{double(3)} is not 6"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: root
# points: 3

# %% [markdown]
# **Exercise 2.** The root.

# %% [raw]
# # BEGIN SOLUTION

# %%
def root(x):
    """The square root of x."""
    return math.sqrt(x)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="is not 3"
def root(x):
    return x

# %% tags=["wrong"] message="is not 3"
def root(x):
    return x / 2

# %% [raw]
# # BEGIN TESTS

# %%
""" # BEGIN TEST CONFIG
points: 1
""" # END TEST CONFIG
def test_nine(root):
    assert root(9) == 3, f"{root(9)} is not 3"

# %%
""" # BEGIN TEST CONFIG
points: 2
hidden: true
""" # END TEST CONFIG
def test_hidden(root):
    assert root(16) == 4, "hidden: sixteen"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION
'''


@pytest.fixture
def source(tmp_path):
    """The lesson's source in a course of its own."""
    path = tmp_path / "notebooks" / "source" / "77_made.py"
    path.parent.mkdir(parents=True)
    path.write_text(LESSON, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def sandboxed():
    if problem := sandbox.problem(sandbox.Limits()):
        pytest.skip(f"no sandbox: {problem}")

"""A small lesson, and a course that has no other."""

from pathlib import Path

import pytest

SOURCE = '''# %% [markdown]
# # 77 · Made for a test

# %%
import sys

print("seen"); print("still seen"); print("a warning", file=sys.stderr)

# %% [raw]
# # BEGIN QUESTION
# name: double
# points: 1

# %% [markdown]
# **Exercise.** Double it.

# %% [raw]
# # BEGIN SOLUTION

# %%
def f(x):
    """Twice x."""
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
    assert f(3) == 6, f"{f(3)} is not 6"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_hidden(f):
    assert f(5) == 10

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The end.
'''


@pytest.fixture
def text() -> str:
    """The source of the lesson."""
    return SOURCE


@pytest.fixture
def write(tmp_path):
    """Writes a text to the file of a source in the course of this test, and returns its path."""

    def write_source(text: str, name: str = "77_made.py") -> Path:
        path = tmp_path / "notebooks" / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    return write_source


@pytest.fixture
def source(write) -> Path:
    """The source of the one lesson of the course in tmp_path."""
    return write(SOURCE)

"""Reading saved notebooks, with the standard library alone: of which lesson one is, its code, and where its checks are."""

import re

from course_utils.exercises import lesson_of
from course_utils.exercises import read_notebook as read

__all__ = ["CHECK", "code_cells", "lesson_of", "read"]
CHECK = re.compile(r"""^\s*grader\.check\(\s*["'](\w+)["']\s*\)""", re.MULTILINE)  # the exercise that a cell checks


def code_cells(notebook: dict) -> list[str]:
    """The sources of a notebook's code cells."""
    return [cell["source"] for cell in notebook["cells"] if cell.get("cell_type") == "code"]

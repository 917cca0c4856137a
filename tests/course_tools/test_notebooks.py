import pytest

from course_tools import notebooks


@pytest.mark.parametrize(
    ("cell", "checked"),
    [
        ('grader.check("double")', ["double"]),
        ("x = 1\n  grader.check( 'double' )  # mine\ngrader.check('triple')", ["double", "triple"]),
        ('# grader.check("double")', []),
        ("grader.check(name)", []),
    ],
)
def test_a_cell_names_the_exercises_that_it_checks(cell, checked):
    assert notebooks.CHECK.findall(cell) == checked


def test_code_cells_are_those_with_code():
    cells = [{"cell_type": kind, "source": kind} for kind in ("markdown", "code", "raw")]
    assert notebooks.code_cells({"cells": [*cells, {"source": "of no type"}]}) == ["code"]

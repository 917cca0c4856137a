import os

import pytest

from course_tools import Problem
from course_tools.grading import table

ROW = {"submission": "b", "lesson": "04_simple_rnn", "04 one": "1", "points": "1", "of": "2", "fingerprint": "1"}


def test_rows_are_sorted_and_exercises_are_ordered_by_lesson(tmp_path):
    other = {"submission": "a", "00 last": "1", "00 first": "2", "messages": "=1+1\nnext"}
    table.save([ROW, other], tmp_path / "grades.csv")
    first, *lines = (tmp_path / "grades.csv").read_text(encoding="utf-8-sig").splitlines()
    assert first.split(",")[4:7] == ["00 last", "00 first", "04 one"] and [line[0] for line in lines] == ["a", "b"]
    assert table.load(tmp_path / "grades.csv") == [{**other, "messages": "'=1+1 next"}, ROW]  # no formula, one line
    assert table.load(tmp_path / "none.csv") == []


def test_a_foreign_table_is_left_alone(tmp_path):
    path = tmp_path / "grades.csv"
    path.write_text("name;points\nZoë;4\n", encoding="utf-8")
    with pytest.raises(Problem, match="move it away"):
        table.load(path)
    assert path.read_text(encoding="utf-8").startswith("name;points")


def test_a_table_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "grades.csv").mkdir()
    (tmp_path / "grades.csv" / "kept").touch()
    with pytest.raises(Problem, match="choose another file"):
        table.save([ROW], tmp_path / "grades.csv")
    assert os.listdir(tmp_path) == ["grades.csv"]

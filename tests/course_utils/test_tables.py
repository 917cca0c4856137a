import json

import numpy as np
import pytest

from course_utils import tables


def record(*accuracies):
    runs = [
        {"seed": seed, "tables": [{"title": "Scores", "rows": [{"model": "<bag>", "size": 1000, "accuracy": a}]}]}
        for seed, a in enumerate(accuracies)
    ]
    return {"machine": "2 cores", "runs": runs}


def test_table_shows_itself_and_records_plain_numbers():
    table = tables.table("Scores", [{"model": "<bag>", "size": np.int64(1234), "accuracy": np.float32(0.5)}])
    bundle = table._repr_mimebundle_()
    assert json.loads(json.dumps(bundle[tables.MIME]))["rows"] == [{"model": "<bag>", "size": 1234, "accuracy": 0.5}]
    assert "| <bag> | 1,234 | 0.500 |" in bundle["text/plain"]
    assert "&lt;bag&gt;" in bundle["text/html"]


@pytest.mark.parametrize("rows", [[], [{"a": 1}, {"b": 2}]])
def test_table_refuses_rows_that_do_not_fit(rows):
    with pytest.raises(ValueError, match="same columns"):
        tables.table("Scores", rows)


def test_mean_and_deviation_over_seeds():
    table = tables.from_record(record(0.90, 0.91, 0.92), "01", "Scores")
    assert table.values("accuracy") == [0.91] and table.values("size") == [1000]
    (row,) = table.rows
    assert row == {"model": "<bag>", "size": 1000, "accuracy": "0.910 ± 0.010"}


def test_large_numbers_have_no_false_precision():
    runs = record(0.9, 0.9)
    runs["runs"][1]["tables"][0]["rows"][0]["size"] = 1500
    assert tables.from_record(runs, "01", "Scores").rows[0]["size"] == "1,250 ± 354"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((0.9019, 0.90207), "0.9020 ± 0.0001"),
        ((0.80, 0.82), "0.810 ± 0.014"),
        ((12.5, 13.1), "12.8 ± 0.4"),
        ((43604, 43605), "43,604 ± 1"),
        ((1000, 1300), "1,150 ± 212"),
    ],
)
def test_mean_and_deviation_have_equally_many_decimals(values, shown):
    runs = record(*values)
    assert tables.from_record(runs, "01", "Scores").rows[0]["accuracy"] == shown


def test_runs_that_disagree_about_names_are_refused():
    two = record(0.9, 0.9)
    two["runs"][1]["tables"][0]["rows"][0]["model"] = "another"
    with pytest.raises(ValueError, match="another"):
        tables.from_record(two, "01", "Scores")


def test_missing_record_names_the_command(tmp_path):
    with pytest.raises(KeyError, match="make results ARGS=01_x"):
        tables.recorded("01_x", "Scores", tmp_path)
    tables.write_record(record(0.9), tmp_path / "01_x.json")
    assert tables.recorded("01_x", "Scores", tmp_path).rows[0]["accuracy"] == 0.9
    assert [path.name for path in tmp_path.iterdir()] == ["01_x.json"]


def test_benchmark_shows_its_machine_and_a_missing_one_names_the_command(tmp_path):
    (tmp_path / "benchmarks").mkdir()
    made = {"machine": "2 cores", "tables": [{"title": "Times", "rows": [{"layer": "LSTM", "ratio": 1.5}]}]}
    tables.write_record(made, tmp_path / "benchmarks" / "cells.json")
    assert tables.read_record("benchmarks/cells", tmp_path) == made
    table = tables.benchmark("cells", "Times", tmp_path)
    assert table.values("ratio") == [1.5] and "benchmarks/cells.py; 2 cores" in table.note
    for name in ("cells", "neighbours"):
        with pytest.raises(KeyError, match=f"python benchmarks/{name}.py"):
            tables.benchmark(name, "Memory", tmp_path)

"""`python -m course_utils sentiment`: what it takes and prints; the answers of the model itself are tested beside it."""

import io
import os
import sys

import numpy as np
import pytest

from course_tools import __main__ as commands
from course_tools.ask import sentiment


@pytest.fixture
def model(monkeypatch):
    """A model that finds "good" positive, "bad" negative, and does not know other words."""

    def probabilities(model, texts):
        os.write(2, b"what a library prints")
        return np.array([0.9 if "good" in text else 0.1 if "bad" in text else np.nan for text in texts])

    monkeypatch.setattr(sentiment, "load", lambda path: path)
    monkeypatch.setattr(sentiment, "probabilities", probabilities)


def test_arguments_are_classified_one_by_one(model, capfd):
    assert commands.main(["sentiment", "A good film", "", "bad " * 90]) == 0
    printed = capfd.readouterr()
    good, empty, long = printed.out.splitlines()
    assert good == "positive  P(positive) = 0.900  'A good film'"
    assert empty.startswith("no answer") and empty.endswith("''")
    assert long.startswith("negative  P(positive) = 0.100") and len(long) < 120
    assert not printed.err


def test_without_arguments_lines_are_classified(model, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("good\r\nbad\n"))
    assert commands.main(["sentiment"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["positive", "negative"]


def test_without_reviews_or_model(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert commands.main(["sentiment"]) == 2
    assert "There is no review" in capsys.readouterr().err
    assert commands.main(["sentiment", "--model", str(tmp_path / "none.keras"), "good"]) == 1
    assert "There is no model at" in capsys.readouterr().err


def test_only_what_libraries_print_while_they_start_is_hidden(capfd):
    with sentiment.quiet():
        os.write(2, b"noise")
    os.write(2, b"an error")
    assert capfd.readouterr().err == "an error"

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


def given_to(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", None if content is None else io.TextIOWrapper(io.BytesIO(content)))


GOOD_AND_BAD = ("good café\r\n", "bad\n")
INPUTS = {
    "UTF-8": "".join(GOOD_AND_BAD).encode(),
    "a byte order mark": "".join(GOOD_AND_BAD).encode("utf-8-sig"),
    "Windows-1252": "".join(GOOD_AND_BAD).encode("cp1252"),
    "UTF-8 and Windows-1252": GOOD_AND_BAD[0].encode() + b"bad \x93film\x94",
    "UTF-16": "".join(GOOD_AND_BAD).encode("utf-16"),
    "UTF-16 without a mark": "".join(GOOD_AND_BAD).encode("utf-16-le"),
    "UTF-16, big end first": "".join(GOOD_AND_BAD).encode("utf-16-be"),
    "CR": "".join(GOOD_AND_BAD).replace("\r\n", "\r").encode(),
}


@pytest.mark.parametrize("name", INPUTS)
def test_without_arguments_lines_of_any_encoding_are_classified(model, capsys, monkeypatch, name):
    given_to(monkeypatch, INPUTS[name])
    assert commands.main(["sentiment"]) == 0
    printed = capsys.readouterr()
    assert [line.split()[0] for line in printed.out.splitlines()] == ["positive", "negative"]
    assert "café" in printed.out and ("read as Windows-1252" in printed.err) == ("Windows" in name)


@pytest.mark.parametrize("content", [b"", None, b"\x89PNG\r\n\x1a\n\0\0\0", b"good\0", b"\xff\xfe"])
def test_what_is_no_review_is_refused_in_one_line(model, capsys, monkeypatch, content):
    given_to(monkeypatch, content)
    assert commands.main(["sentiment"]) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1 and not printed.out


def test_bytes_of_an_argument_and_a_missing_model(model, capsys, monkeypatch, tmp_path):
    assert commands.main(["sentiment", os.fsdecode(b"tr\xe8s good")]) == 0
    assert "très good" in capsys.readouterr().out
    monkeypatch.undo()
    assert commands.main(["sentiment", "--model", str(tmp_path / "none.keras"), "good"]) == 1
    assert "There is no model at" in capsys.readouterr().err


def test_output_that_nobody_reads_is_no_error(model, monkeypatch, capsys):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

        def fileno(self):
            return os.open(os.devnull, os.O_WRONLY)

    monkeypatch.setattr(sys, "stdout", Closed())
    assert commands.main(["sentiment", "good"]) == 1
    assert not capsys.readouterr().err


def test_only_what_libraries_print_while_they_start_is_hidden(capfd):
    with sentiment.quiet():
        os.write(2, b"noise")
    os.write(2, b"an error")
    assert capfd.readouterr().err == "an error"

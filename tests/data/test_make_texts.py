"""The script of the course's own prose: what of a lesson is running text, and what is not."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("## A title\n\nOne line\nand another.", ["A title", "One line and another."]),
        ("before\n1. first,\n   still first;\n2. second.", ["before", "first, still first;", "second."]),
        ("A **bold** word, *one* in italics, `a_b` and $x^2$.", ["A bold word, *one* in italics, `a_b` and $x^2$."]),
        ("See [lesson 04](04_simple_rnn.ipynb).", ["See lesson 04."]),
        ("so\n\n$$\nx = 1\n$$\n\nand\n\n$$y$$\nthen", ["so", "and", "then"]),
        ("| a | b |\n| - | - |\n\nend", ["end"]),
        ("do it\n\n<details><summary>Hint</summary>\nno\n\nnever</details>\n\nend", ["do it", "end"]),
        ("`<pad>` and <b>this</b>, where p < 1 and q > 1", ["`<pad>` and this, where p < 1 and q > 1"]),
        ("", []),
    ],
)
def test_paragraphs(make, cell, wanted):
    assert make.paragraphs(cell) == wanted


def lesson(folder, number, *cells):
    text = "\n\n".join(f"# %% [markdown]\n# {cell}" for cell in cells) + "\n\n# %%\nprint(1)\n"
    (folder / f"{number:02}_x.py").write_text(text, encoding="utf-8")


def test_lessons_follow_each_other_without_code_and_references(make, tmp_path):
    for number in make.LESSONS:
        lesson(tmp_path, number, f"# {number}", "word " * 30, "last ## References\n# - A. Nobody", "after")
    lines = make.make_texts(tmp_path)
    first = ["0", "", " ".join(["word"] * 14), " ".join(["word"] * 14), "word word", "", "last", ""]
    assert lines[: len(first)] == first and lines[len(first)] == "1"
    assert not any("Nobody" in line or "print" in line or "after" in line for line in lines)


def test_a_missing_lesson_is_named(make, tmp_path):
    with pytest.raises(FileNotFoundError, match="0 sources of lesson 00"):
        make.make_texts(tmp_path)


def test_todays_lessons_can_be_read(make):
    lines = make.make_texts(ROOT / "notebooks" / "source")
    assert max(map(len, lines)) <= make.WIDTH
    assert sum(map(len, lines)) > 150_000

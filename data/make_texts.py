"""Make `texts.txt.bz2`, the course's own prose as one running text, from the text cells of the lessons 00 to 10.

    python data/make_texts.py

Unlike the other scripts here, this one reads files that change. The sample in `data/` is the prose at the time of the last
call of the script. It is not updated with the lessons: otherwise every correction would change the results of lesson 12.
"""

import re
import sys
import textwrap
from collections import Counter
from pathlib import Path

import jupytext

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from data import samples  # noqa: E402

FILE = "texts.txt.bz2"
WIDTH = 72  # characters of a line, at most
LESSONS = range(11)
ENDS = "## References"  # after this heading, a lesson has only names and titles
# Not running text: rows of tables, folded hints, displayed equations; and the marks of Markdown.
TABLE, FOLDED, EQUATION = (
    re.compile(r"^\|.*$", re.M),
    re.compile(r"<details>.*?</details>", re.S),
    re.compile(r"^\$\$.*?\$\$$", re.S | re.M),
)
LINK, TAG, BOLD, MARK = (
    re.compile(r"\[([^\]]*)\]\([^)]*\)"),
    re.compile(r"(?<!`)</?\w[^<>`]*>"),
    re.compile(r"\*\*(.+?)\*\*"),
    re.compile(r"^(#+|\d+\.|[-*]) +"),
)


def paragraphs(cell: str) -> list[str]:
    """The paragraphs, headings and list items of a text cell in Markdown, each in one line.

    *Italics*, `code` and $formulas$ within a sentence keep their marks.
    """
    for what in (TABLE, FOLDED, EQUATION):
        cell = what.sub("\n\n", cell)
    cell = BOLD.sub(r"\1", TAG.sub("", LINK.sub(r"\1", cell)))
    blocks = []
    for line in cell.splitlines():
        if not line.strip() or MARK.match(line) or not blocks:
            blocks.append("")
        blocks[-1] += " " + MARK.sub("", line)
    return [" ".join(block.split()) for block in blocks if block.strip()]


def make_texts(folder: Path) -> list[str]:
    """The lines of all lessons in `folder`, an empty line between paragraphs.

    Raises FileNotFoundError unless there is exactly one source of each lesson.
    """
    lines = []
    for number in LESSONS:
        found = list(folder.glob(f"{number:02}_*.py"))
        if len(found) != 1:
            raise FileNotFoundError(f"{folder} has {len(found)} sources of lesson {number:02} instead of one")
        for cell in jupytext.read(found[0], fmt="py:percent").cells:
            if cell.cell_type == "markdown":
                text, end, _ = cell.source.partition(ENDS)
                for paragraph in paragraphs(text):
                    lines += [*textwrap.wrap(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False), ""]
                if end:
                    break
    return lines


def numbers(lines: list[str]) -> str:
    """The numbers for README.md."""
    text = "\n".join(lines)
    rows = {
        "characters": len(text),
        "different characters": len(set(text)),
        "characters that occur fewer than ten times": sum(n < 10 for n in Counter(text).values()),
        "words": len(text.split()),
        "lines": len(lines),
    }
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {n:,} |" for name, n in rows.items())])


if __name__ == "__main__":
    made = make_texts(HERE.parent / "notebooks" / "source")
    samples.write(HERE, "make_texts.py", {FILE: made}, numbers(made))

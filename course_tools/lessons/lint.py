"""`python -m course_utils lint`: what every lesson must have, checked in its source without running it."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import jupytext

from course_tools.lessons import assemble
from course_tools.lessons.commands import command
from course_utils.paths import REPOSITORY

LONGEST = 15  # lines of code of a cell
FIGURES = 3  # of a lesson, at least
BEGINNING = {  # what the first cell says: how it is marked
    "what the reader should know": r"\*\*Before this lesson:\*\*",
    "how long it takes": r"\*\*Time:\*\*",
    "the minutes to read": r"\d+ minutes to read",
    "the minutes for the exercises": r"\d+ minutes for the exercises",
    "how long all cells run": "run in",
}
ENDING = ("## What you measured", "## Common mistakes", "## References")  # the last headings, in this order
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|PROSE\w*|ALT-?\w*)\b")
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def faults(source: Path) -> list[str]:
    """What the lesson `source` lacks of what CONTRIBUTING.md describes, a line each. Raises assemble.SourceError for a source
    that cannot be made into notebooks."""
    lesson = assemble.assemble(source)
    prose = [cell.source for cell in lesson.solved.cells if cell.cell_type == "markdown"]
    code = [cell.source for cell in lesson.student.cells if cell.cell_type == "code"]
    return [*_beginning(source.stem[:2], prose[0]), *_ending(prose, code), *_exercises(source), *_cells(prose, code)]


def lines_of_code(cell: str) -> int:
    """How many lines have code that begins there: no comments, blank lines, brackets that close, or further lines of a text."""
    tokens = tokenize.generate_tokens(io.StringIO(cell).readline)
    return len({token.start[0] for token in tokens if token.type not in NO_CODE and token.string not in ")]},"})


def _beginning(number: str, text: str) -> Iterator[str]:
    if not text.startswith(f"# {number} · "):
        yield f"the first line must be '# {number} · ' and a title"
    objectives = re.findall(r"^\d+\. ", text.partition("**You will be able to**")[2], re.MULTILINE)
    if not 3 <= len(objectives) <= 5:
        yield f"'**You will be able to**' must be above 3 to 5 numbered objectives; there are {len(objectives)}"
    missing = [what for what, mark in BEGINNING.items() if not re.search(mark, " ".join(text.split()))]
    yield from (f"the first cell does not say {what} ('{BEGINNING[what]}')" for what in missing)


def _ending(prose: list[str], code: list[str]) -> Iterator[str]:
    headings = re.findall(r"^## .*$", "\n".join(prose), re.MULTILINE)[-len(ENDING) :]
    if tuple(headings) != ENDING:
        yield f"the last headings must be {', '.join(ENDING)}; they are {', '.join(headings)}"
    if not any("summary()" in cell for cell in code):
        yield "under '## What you measured' there must be summary() of course_utils.claims"
    for heading in ENDING[1:]:
        if not re.search(r"^- ", prose[-1].partition(heading)[2].partition("\n## ")[0], re.MULTILINE):
            yield f"{heading!r} has no items ('- …')"


def _exercises(source: Path) -> Iterator[str]:
    """What the exercises lack; that each has two wrong answers is checked by assemble.assemble. An answer that is not a
    function cannot be checked with other numbers, so it needs no hidden test."""
    cells = jupytext.read(source, fmt="py:percent").cells
    marks = [i for i, cell in enumerate(cells) if "# BEGIN QUESTION" in cell.source]
    if not 3 <= len(marks) <= 6:
        yield f"there are {len(marks)} exercises; a lesson has 3 to 6"
    for n, i in enumerate(marks, start=1):
        name = re.search(r"^name: *(\w+)", cells[i].source.replace("# ", ""), re.MULTILINE)[1]
        if not cells[i + 1].source.startswith(f"**Exercise {n}"):
            yield f"exercise {name}: its text must begin with '**Exercise {n}'"
        if "<summary>Hint" not in cells[i + 1].source:
            yield f"exercise {name}: there is no folded hint (<details><summary>Hint</summary>…</details>)"
        end = next(k for k in range(i, len(cells)) if "# END QUESTION" in cells[k].source)
        code = [cell.source for cell in cells[i:end] if cell.cell_type == "code"]
        if re.search(r"^def ", code[0], re.MULTILINE) and not any("\nhidden: true\n" in cell for cell in code):
            yield f"exercise {name}: a function needs a hidden test too, with other numbers than the students' test"


def _cells(prose: list[str], code: list[str]) -> Iterator[str]:
    nodes = [node for cell in code for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Call)]
    figures = [node for node in nodes if ast.unparse(node.func) in ("plots.show", "plots.drawing")]
    long = [cell for cell in code if lines_of_code(cell) > LONGEST]
    yield from (f"a code cell has more than {LONGEST} lines: {_first(cell)}" for cell in long)
    for figure in figures:
        texts = [part for word in figure.keywords if word.arg == "alt" for part in ast.walk(word.value)]
        if not any(isinstance(part, ast.Constant) and str(part.value).count(" ") > 3 for part in texts):
            yield f"a figure has no alternative text: {ast.unparse(figure)[:60]}"
    if len(figures) < FIGURES:
        yield f"there are {len(figures)} figures; a lesson has at least {FIGURES}"
    if not any(ast.unparse(node.func) == "claim" for node in nodes):
        yield "nothing is claimed: measure with claim(…) what the prose says"
    yield from (f"unfinished: {_first(text)}" for text in (*prose, *code) if UNFINISHED.search(text))


def _first(text: str) -> str:
    return text.strip().splitlines()[0][:60]


def main(argv: list[str], root: Path = REPOSITORY) -> int:
    """The command; returns 1 if a lesson lacks something, 2 if it cannot be read."""

    def check(sources: list[Path], _) -> int:
        lacking = [f"{source.stem}: {fault}" for source in sources for fault in faults(source)]
        print("\n".join([*lacking, f"lessons: {len(sources)}, faults: {len(lacking)}"]))
        return 1 if lacking else 0

    return command("lint", argv, check, root, {})

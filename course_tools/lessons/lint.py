"""`python -m course_utils lint`: what every lesson owes its readers, checked in its source without running it."""

import argparse
import ast
import io
import re
import sys
import tokenize
from pathlib import Path

import jupytext

from course_tools.lessons import assemble

LONGEST = 15  # lines of code of a cell
FIGURES = 3  # of a lesson, at least
EXERCISES = range(3, 7)
OBJECTIVES = range(3, 6)
ENDING = ("## What you measured", "## Common mistakes", "## References")  # the last headings, in this order
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|PROSE\w*|ALT-?\w*)\b")


def faults(source: Path) -> list[str]:
    """What the lesson `source` lacks, a line each; none if it keeps the contract that the README describes.

    Raises assemble.SourceError for a source that cannot be made into notebooks.
    """
    lesson = assemble.assemble(source)
    prose = [cell.source for cell in lesson.solved.cells if cell.cell_type == "markdown"]
    code = [cell.source for cell in lesson.student.cells if cell.cell_type == "code"]
    found = [*_beginning(source.stem[:2], prose[0]), *_ending(prose, code), *_exercises(source)]
    found += [
        f"a code cell has more than {LONGEST} lines: {_first(cell)}" for cell in code if lines_of_code(cell) > LONGEST
    ]
    calls = [call for cell in code for call in _calls(cell)]
    shown = [call for name, call in calls if name in ("plots.show", "plots.drawing")]
    found += [
        f"a figure has no alternative text: {ast.unparse(call)[:60]}" for call in shown if not _alternative_text(call)
    ]
    if len(shown) < FIGURES:
        found.append(f"there are {len(shown)} figures; a lesson has at least {FIGURES}")
    if not any(name == "claim" for name, _ in calls):
        found.append("nothing is claimed: measure with claim(…) what the prose says")
    found += [f"unfinished: {_first(text)}" for text in (*prose, *code) if UNFINISHED.search(text)]
    return found


def lines_of_code(cell: str) -> int:
    """How many lines have code that begins there: no comments, blank lines, brackets that close, or further lines of a text."""
    other = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(cell).readline)
    return len({token.start[0] for token in tokens if token.type not in other and token.string not in ")]},"})


def _beginning(number: str, text: str) -> list[str]:
    found = []
    if not text.startswith(f"# {number} · "):
        found.append(f"the first line must be '# {number} · ' and a title")
    _, _, after = text.partition("**You will be able to**")
    objectives = re.findall(r"^\d+\. ", after, re.MULTILINE)
    if len(objectives) not in OBJECTIVES:
        found.append(
            f"'**You will be able to**' must stand above 3 to 5 numbered objectives; there are {len(objectives)}"
        )
    for mark, what in (
        ("**Before this lesson:**", "what the reader should know"),
        ("**Time:**", "how long it takes"),
        (r"\d+ minutes to read", "the minutes to read"),
        (r"\d+ minutes for the exercises", "the minutes for the exercises"),
        ("run in", "how long all cells run"),
    ):
        if not re.search(mark.replace("*", r"\*"), " ".join(text.split())):
            found.append(f"the first cell does not say {what} ('{mark}')")
    return found


def _ending(prose: list[str], code: list[str]) -> list[str]:
    headings = re.findall(r"^## .*$", "\n".join(prose), re.MULTILINE)
    found = []
    if tuple(headings[-len(ENDING) :]) != ENDING:
        found.append(f"the last headings must be {', '.join(ENDING)}; they are {', '.join(headings[-len(ENDING) :])}")
    if not any("summary()" in cell for cell in code):
        found.append("under '## What you measured' there must be summary() of course_utils.claims")
    last = prose[-1]
    for heading in ENDING[1:]:
        items = re.findall(r"^- ", last.partition(heading)[2].partition("\n## ")[0], re.MULTILINE)
        if not items:
            found.append(f"{heading!r} has no items ('- …')")
    return found


def _exercises(source: Path) -> list[str]:
    """What the exercises lack. That each has two wrong answers, assemble.assemble has seen to.

    An answer that is no function has no other numbers to be tried with, so it needs no hidden test.
    """
    cells = jupytext.read(source, fmt="py:percent").cells
    marks = [i for i, cell in enumerate(cells) if "# BEGIN QUESTION" in cell.source]
    found = []
    if len(marks) not in EXERCISES:
        found.append(f"there are {len(marks)} exercises; a lesson has 3 to 6")
    for n, i in enumerate(marks, start=1):
        name = re.search(r"^name: *(\w+)", cells[i].source.replace("# ", ""), re.MULTILINE)[1]
        task = cells[i + 1].source
        if not task.startswith(f"**Exercise {n}"):
            found.append(f"exercise {name}: its text must begin with '**Exercise {n}'")
        if "<summary>Hint" not in task:
            found.append(f"exercise {name}: there is no folded hint (<details><summary>Hint</summary>…</details>)")
        end = next(k for k in range(i, len(cells)) if "# END QUESTION" in cells[k].source)
        code = [cell.source for cell in cells[i:end] if cell.cell_type == "code"]
        if re.search(r"^def ", code[0], re.MULTILINE) and not any("\nhidden: true\n" in cell for cell in code):
            found.append(
                f"exercise {name}: a function needs a hidden test too, with other numbers than the students' test"
            )
    return found


def _calls(cell: str):
    """The calls in a cell: (name, node)."""
    for node in ast.walk(ast.parse(cell)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def _alternative_text(call: ast.Call) -> bool:
    texts = [keyword.value for keyword in call.keywords if keyword.arg == "alt"]
    return bool(texts) and any(
        isinstance(part, ast.Constant) and str(part.value).count(" ") > 3 for part in ast.walk(texts[0])
    )


def _first(text: str) -> str:
    return text.strip().splitlines()[0][:60]


def main(argv: list[str] | None = None) -> int:
    """The command; returns 1 if a lesson lacks something, 2 if it cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m course_utils lint", description=__doc__.partition(": ")[2])
    parser.add_argument("lessons", nargs="*", help="numbers or names, such as 01; default: all")
    try:
        chosen = assemble.sources(parser.parse_args(argv).lessons)
        lacking = [f"{source.stem}: {fault}" for source in chosen for fault in faults(source)]
    except assemble.SourceError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join([*lacking, f"lessons: {len(chosen)}, faults: {len(lacking)}"]))
    return 1 if lacking else 0

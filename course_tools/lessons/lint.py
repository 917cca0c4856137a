"""`python -m course_utils lint`: what every lesson must have, checked in its source without running it."""

import argparse
import ast
import io
import itertools
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import jupytext
from nbformat import NotebookNode

from course_tools.lessons import assemble
from course_tools.lessons.commands import command
from course_utils.paths import REPOSITORY

NOT_MOVED = "10 13".split()  # lessons that do not keep the rules of `_language` yet
LONGEST, COLUMNS = 15, 80  # lines of code of a cell, and columns of a line
MINUTES, WORDS = 60, 200  # to read the core of a lesson, at most, and words that are read in a minute
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


def faults(source: Path, root: Path = REPOSITORY) -> list[str]:
    """What the lesson `source` lacks of what CONTRIBUTING.md describes, a line each. Raises Problem if it cannot be built."""
    lesson = assemble.assemble(source)
    prose = [cell.source for cell in lesson.solved.cells if cell.cell_type == "markdown"]
    code = [cell.source for cell in lesson.student.cells if cell.cell_type == "code"]
    found = [*_beginning(source.stem[:2], prose[0]), *_ending(prose, code), *_exercises(source), *_cells(prose, code)]
    return found if source.stem[:2] in NOT_MOVED else [*found, *_language(source, lesson.solved.cells, root)]


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
    long = [cell for cell in code if lines_of_code(cell) > LONGEST]
    yield from (f"a code cell has more than {LONGEST} lines: {_first(cell)}" for cell in long)
    if not any(re.search(r"^ *claim\(", cell, re.MULTILINE) for cell in code):
        yield "nothing is claimed: measure with claim(…) what the prose says"
    yield from (f"unfinished: {_first(text)}" for text in (*prose, *code) if UNFINISHED.search(text))


def _language(source: Path, cells: list[NotebookNode], root: Path) -> Iterator[str]:
    """What makes a lesson hard to read: avoided words, wide code, figures that are not described, a long core, and quick
    questions and terms that do not follow CONTRIBUTING.md."""
    yield from words(source, root)
    prose, code = ([cell for cell in cells if cell.cell_type == kind] for kind in ("markdown", "code"))
    if (drawn := sum("alt" in cell.metadata for cell in code)) < FIGURES:
        yield f"there are {drawn} figures; a lesson has at least {FIGURES}"
    folded = [cell for cell in code if cell.metadata.get("jupyter", {}).get("source_hidden")]
    for cell in code:
        yield from (f"more than {COLUMNS} columns: {line}" for line in cell.source.split("\n") if len(line) > COLUMNS)
        if re.search(r"\bsubplots\(|\bdrawing\(", cell.source) and cell.metadata.get("alt", "").count(" ") < 4:
            yield f'a cell that draws needs a text of a sentence, # %% alt="…": {_first(cell.source)}'
        if cell in folded and not cell.source.startswith("# "):
            yield f"a folded cell must begin with a comment that says what it draws: {_first(cell.source)}"
    core = list(itertools.takewhile(lambda cell: not cell.source.startswith(("## Exercises", "## Going")), cells))
    written = "\n".join(re.sub(r"\]\(.*?\)", "]", cell.source) for cell in core if cell in prose)
    read = sum(cell in code and cell not in folded and "Checks(" not in cell.source for cell in core)
    minutes = len(written.split()) / WORDS + sum("alt" in cell.metadata for cell in core) + 2 * read
    if minutes > MINUTES:
        yield f"all before '## Exercises' and '## Going further' takes {minutes:.0f} minutes to read, at most {MINUTES}"
    calls = [node for cell in code for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    claims = {ast.unparse(node.args[0]) for node in calls if ast.unparse(node.func) == "claim"}
    questions = [cell for cell in prose if cell.source.startswith("**Quick question")]
    for cell in questions:
        answers = re.findall(r"<summary>[A-E]\. .+?</summary>\s*(\w+)", cell.source, re.DOTALL)
        if len(answers) < 3 or sorted(answers) != ["No"] * (len(answers) - 1) + ["Right"]:
            yield f"a quick question has three choices or more, one 'Right', all others 'No': {cell.source[:60]}"
        if repr(cell.metadata.get("claim")) not in claims:
            yield f'a quick question names the claim that proves its answer, claim="…": {cell.source[:60]}'
    if 3 * len(questions) < (sections := len(re.findall(r"^## \d", written, re.MULTILINE))):
        yield f"{sections} sections need {-(-sections // 3)} quick questions; there are {len(questions)}"
    glossary = (root / "GLOSSARY.md").read_text(encoding="utf-8")
    body = re.sub(r"^#.*$", "", "\n".join(cell.source for cell in prose[1:]), flags=re.MULTILINE).lower()
    for term in re.findall(rf"^## (.+)\n\n.*\(notebooks/{source.stem}\.ipynb\)", glossary, re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", term.lower()).replace(" ", "-")  # as on GitHub
        before, link, _ = body.partition(f"/glossary.md#{anchor})")
        if not link or term.lower() in before.rpartition("[**")[0]:
            yield f"the first use of '{term}' must be bold and lead to the glossary: [**{term}**](../GLOSSARY.md#…)"


def words(path: Path, root: Path = REPOSITORY) -> Iterator[str]:
    """The words of a lesson or a page that CONTRIBUTING.md says to avoid, with what is near them."""
    table = (root / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("| write | instead of |")[2]
    avoided = "|".join(re.findall(r"`(.+?)`", table.partition("\n\n")[0]))
    text = re.sub(r"\n#? ?", " ", path.read_text(encoding="utf-8"))
    for match in re.finditer(rf"(?<![a-z.`])(?:{avoided})s?(?![a-z])", text, re.IGNORECASE):
        near = text[max(0, match.start() - 30) : match.end() + 30]
        yield f"{match[0]!r} is in the table of words to avoid in CONTRIBUTING.md: …{near}…"


def _first(text: str) -> str:
    return text.strip().splitlines()[0][:60]


@command("lint", {})
def main(sources: list[Path], given: argparse.Namespace) -> int:
    """Print what lessons lack; 1 if one lacks something."""
    lacking = [f"{source.stem}: {fault}" for source in sources for fault in faults(source, given.root)]
    pages = [path for path in given.root.glob("*.md") if path.stem not in ("CONTRIBUTING", "RESULTS")]
    lacking += [
        f"{path.name}: {fault}" for path in (*pages, *given.root.glob("data/*.md")) for fault in words(path, given.root)
    ]
    print("\n".join([*lacking, f"lessons: {len(sources)}, faults: {len(lacking)}"]))
    return 1 if lacking else 0

"""`make slides`: one reveal.js deck for each lesson, made from the built notebook by a rule.

Every section (##) begins a row of slides. Onto them go, in order: displayed equations, lists and tables; the key sentences of
each paragraph; code without what would distract; outputs and figures. Blocks fill a slide until it is full. The whole prose
becomes the speaker's notes. Exercises show their task, no hints and no code. Times, prerequisites, checks and the summary of
claims are left out. The browser shrinks a slide that is still too high, down to `SMALLEST`; `measure` checks all.
"""

import argparse
import ast
import itertools
import re
import shutil
import struct
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup
from nbconvert import SlidesExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pygments.formatters import HtmlFormatter
from tqdm import tqdm

from course_tools.lessons import store
from course_tools.lessons.commands import command, report, warn_if_stale
from course_tools.notebooks import CHECK
from course_tools.publish import npm
from course_utils import files, tables

WIDTH, HEIGHT = 1280, 720  # pixels of a slide, which the browser scales to the screen
SMALLEST = 0.75  # of the full size: text is then 21 pixels high; claims and tables are at least 18, code at least 16
ROOM, OVER = 590, 70  # pixels below the heading, and by how many a last line of text may exceed them
LINE, CHARACTERS = 40, 84  # height of a line of text in pixels, and its characters
SHORTEST = 90  # characters that the first sentence of a paragraph needs to be shown alone
SMALL, SQUEEZED = 130, 1.18  # what is lower than SMALL pixels joins another slide, up to SQUEEZED times ROOM
SMALLEST_FIGURE, FIGURE_MOST = 0.5, 1.35  # times its own size a figure may be drawn
LONGEST_ITEM = 170  # characters of a list item that is shown whole
LONGEST_OUTPUT, LONGEST_TABLE = 16, 15  # printed lines, and rows below the head of a table, on one slide
LIBRARIES = npm.MATHJAX | {f"reveal.js/dist/{name}": name for name in ("reset.css", "reveal.css", "reveal.js")}
LIBRARIES |= {"reveal.js/dist/plugin/notes.js": "notes.js", "reveal.js/LICENSE": "reveal-LICENSE.txt"}
ENDS = re.compile(r"""([.!?:]["”’)\]*_]*)\s+(?=["“‘(\[*_]*[A-Z0-9À-Þ\ue000-\uf8ff])""")
NO_END = re.compile(r"(\b[A-Z]|\be\.g|\bi\.e|\bal|\bvs|\bFig|\bpp?)\.$|:[\"”’)\]*_]*$")
OBJECTIVES = "**You will be able to**"
SETTING = re.compile(r"os\.environ|set_random_seed\(|default_rng\(SEED\)$|setLevel\(")
APART = re.compile(r"\$\$.+?\$\$|\$[^$]+\$|`[^`]+`|\[[^\]]*\]\([^)]*\)", re.DOTALL)  # no sentence ends inside
LIST = re.compile(r"(?:[-*]|\d+\.) ")


@dataclass
class Block:
    """A cell on a slide, its estimated height in pixels, whether the next block belongs to it, and what the speaker reads."""

    cell: NotebookNode
    height: int
    leads: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass
class Slide:
    """A slide being filled. `row` begins a new row of slides, a section; `again` repeats the heading of the slide before it."""

    heading: str
    row: bool = False
    again: bool = False
    blocks: list[Block] = field(default_factory=list)
    more_notes: list[str] = field(default_factory=list)

    @property
    def notes(self) -> str:
        """What the speaker reads, in Markdown."""
        return "\n\n".join([*(note for block in self.blocks for note in block.notes), *self.more_notes])

    @property
    def full(self) -> int:
        return sum(block.height for block in self.blocks)


def build_slides(sources: list[Path], out: Path) -> list[Path]:
    """Write the decks of these lessons to the folder `out`, and return their files. Raises Problem for a notebook
    that cannot be read, and without npm's libraries."""
    colours = HtmlFormatter(style="default").get_style_defs(".highlight")
    npm.copy(LIBRARIES, {"deck/deck.css": colours, "deck/deck.js": "", "math.js": ""}, out / "assets", out.parent)
    for source in tqdm(sources, desc="decks", unit="deck"):
        write_deck(make_slides(store.read(source)), out / f"{source.stem}.html")
    return [out / f"{source.stem}.html" for source in sources]


def write_deck(slides: list[Slide], path: Path) -> None:
    """Write slides as a page, which needs the folder `assets` of `build_slides` beside it."""
    cells = []
    for n, slide in enumerate(slides):
        level, look = ("#", "title") if n == 0 else ("##", "again" if slide.again else "first")
        shown = {"look": look, "slideshow": {"slide_type": "slide" if slide.row else "subslide"}}
        cells.append(new_markdown_cell(f"{level} {slide.heading}", metadata=shown))
        cells += [block.cell for block in slide.blocks]
        if slide.notes:
            cells.append(_text(slide.notes, slideshow={"slide_type": "notes"}))
    exporter = SlidesExporter(template_name="deck", extra_template_basedirs=[str(npm.WEB)], exclude_anchor_links=True)
    about = {"title": slides[0].heading, "width": WIDTH, "height": HEIGHT, "smallest": SMALLEST}
    html, _ = exporter.from_notebook_node(new_notebook(cells=cells), {"course": about})
    files.write(path, re.sub(r'<(h[1-6]) id="[^"]*"', r"<\1", html))  # a heading can be on several slides


def make_slides(notebook: NotebookNode) -> list[Slide]:
    """The slides of a lesson's student notebook, by the rule above."""
    slides = [Slide("", row=True)]
    for cell in notebook.cells:
        text, prose = cell.source, cell.cell_type == "markdown"
        hidden = "otter_answer_cell" in cell.metadata.get("tags", []) or CHECK.match(text) or "summary()" in text
        if cell.cell_type == "raw" or (hidden and not prose):
            continue
        if exercise := re.match(r"\*\*(Exercise [^*]+?)\.?\*\*\s*", text):
            _go_on(slides, exercise[1])
            text = text[exercise.end() :]
        elif slides[-1].heading.startswith("Exercise ") or text.startswith("**Quick question"):
            # What follows a task may give away its answer; a question is on one slide with its choices.
            _go_on(slides)
        if prose:
            _add_prose(slides, text, whole=exercise is not None)
        else:
            tabled, outputs = any(tables.MIME in out.get("data", {}) for out in cell.outputs), list(_outputs(cell))
            code = "" if tabled or "alt" in cell.metadata else shown_code(text)  # "alt": it draws
            _pack(slides, _code(code, bool(outputs)) + outputs)
    return _tidied(slides)


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph of Markdown. A dot in an equation, code, a link or an initial ends none."""
    paragraph = " ".join(paragraph.split())
    apart, number = APART.findall(paragraph), itertools.count(0xE000)
    text, found, begin = APART.sub(lambda _: chr(next(number)), paragraph), [], 0
    for match in ENDS.finditer(text):
        if not NO_END.search(text[begin : match.end(1)]):
            found.append(text[begin : match.end(1)])
            begin = match.end()
    found.append(text[begin:])
    return [re.sub("[\ue000-\uf8ff]", lambda match: apart[ord(match[0]) - 0xE000], sentence) for sentence in found]


def key_sentences(paragraph: str, leads: bool = False) -> str:
    """What of a paragraph goes on a slide: sentences with a bold term, or else the first one (the first few, if short). With
    `leads`, the last one as well, as it leads to the equation, list or code that follows."""
    all_of_it = sentences(paragraph)
    if paragraph.startswith(("**What do you expect", "**Quick question")):
        return " ".join(all_of_it)
    kept = {n for n, sentence in enumerate(all_of_it) if "**" in sentence}
    if leads and all_of_it[-1].endswith(":"):
        kept.add(len(all_of_it) - 1)
    if not kept:
        enough = (n for n in range(len(all_of_it)) if len(_visible(" ".join(all_of_it[: n + 1]))) >= SHORTEST)
        kept = range(next(enough, len(all_of_it) - 1) + 1)
    return " ".join(all_of_it[n] for n in sorted(kept))


def shown_code(code: str) -> str:
    """Code without what would distract on a slide: imports, claims, and all that draws."""
    tree = ast.parse(code)
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    claims = [n for n in ast.walk(tree) if isinstance(n, ast.Expr) and ast.unparse(n).startswith("claim(")]
    if calls & {"plots.figure", "plots.show", "plots.drawing", "Checks"} or len(claims) * 2 > len(tree.body):
        return ""
    others = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    others += [n for n in tree.body if isinstance(n, ast.Assign | ast.Expr) and SETTING.search(ast.unparse(n))]
    lines = code.splitlines()
    for node in sorted([*claims, *others], key=lambda node: -node.lineno):
        del lines[node.lineno - 1 : node.end_lineno]
    kept = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    try:
        return kept if ast.parse(kept).body else ""
    except SyntaxError:  # a block that held claims and nothing else
        return ""


def measure(decks: list[Path]) -> list[dict]:
    """A row for each deck, as Chromium shows it at 1280 × 720: `deck`, how many `slides`, the smallest `text` and `code` in
    pixels, the smallest `figure` as a fraction of its size, and `faults`, a line for every slide where something is cut off or
    a figure is too small. Raises FileNotFoundError when there is no Chromium on the PATH."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        raise FileNotFoundError("needs Chromium on the PATH (on Debian and Ubuntu: apt install chromium)")
    rows, script = [], (npm.WEB / "deck" / "measure.js").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for deck in tqdm(decks, desc="checking every slide", unit="deck"):
            page, requests, errors = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}), [], []
            page.on("request", lambda request, to=requests: to.append(request.url))
            page.on("pageerror", lambda error, to=errors: to.append(str(error)))
            page.goto(deck.resolve().as_uri())
            page.wait_for_function("window.Reveal && Reveal.isReady()", timeout=120_000)
            seen = page.evaluate(script, SMALLEST_FIGURE)
            faults = [f"{deck.stem}, slide {slide['n']}: {fault}" for slide in seen for fault in slide["faults"]]
            faults += [f"{deck.stem}: asks the network for {url}" for url in requests if url.startswith("http")]
            faults += [f"{deck.stem}: {error}" for error in errors]
            sizes = {kind: min((s[kind] for s in seen if s[kind]), default=None) for kind in ("text", "code", "figure")}
            rows.append({"deck": deck.stem, "slides": len(seen), **sizes, "faults": faults})
            page.close()
        browser.close()
    return rows


def _add_prose(slides: list[Slide], markdown: str, whole: bool) -> None:
    said = []
    for chunk, after in itertools.pairwise([*_chunks(markdown), ""]):
        if chunk.startswith("#"):
            slides[-1].more_notes += said
            said, (marks, title) = [], chunk.split(maxsplit=1)
            if marks == "#":
                slides[0].heading = title
            else:
                slides.append(Slide(title, row=marks == "##"))
            continue
        said.append(re.sub(r"</?details>", "", chunk).replace("<summary>", "**").replace("</summary>", "** "))
        if chunk == OBJECTIVES:
            _go_on(slides, "You will be able to")
        elif block := _text_block(chunk, after, whole, slides[-1].heading):
            block.notes, said = said, []
            _pack(slides, [block])
    slides[-1].more_notes += said


def _chunks(markdown: str) -> Iterator[str]:
    """Headings, displayed equations, lists, tables, fenced code and paragraphs of a text, one after the other."""
    parts = re.split(r"^(\$\$.+?\$\$[.,;]?[ \t]*$|```.+?^```|<details>.+?</details>)", markdown, flags=re.M | re.S)
    for part in parts:
        single = part.startswith(("$$", "```", "<details>"))
        chunks = [part] if single else re.split(r"\n\s*\n|(?<=\n)(?=#)|^(#+ .*)\n", part, flags=re.M)
        yield from (chunk.strip("\n") for chunk in chunks if chunk and chunk.strip())


def _text_block(chunk: str, after: str, whole: bool, heading: str) -> Block | None:
    """What of a chunk of prose goes on a slide."""
    if choice := re.match(r"<details><summary>([A-E]\. .+?)</summary>", chunk, re.S):  # of a quick question
        return Block(_text(choice[1]), _lines(choice[1]) * LINE)
    if chunk.startswith(("<", "**Before this lesson")) or heading == "Exercises":
        return None
    if chunk.startswith("$$"):
        rows = chunk.count(r"\\") + 1 + 0.5 * chunk.count(r"\frac") ** 0.5
        return Block(_text(chunk, look="equation"), int(35 + 50 * rows), leads=after[:1].islower())
    if chunk.startswith(("|", "```", ">")):
        return Block(_text(chunk), 38 * (chunk.count("\n") + 1))
    if LIST.match(chunk):
        items = re.split(rf"^(?={LIST.pattern})", chunk, flags=re.M)[1:]
        if heading != "References" and not whole:
            items = list(map(_shorter, items))
        look = "small" if heading == "References" else ""
        cell = _text("\n".join(item.strip("\n") for item in items), look=look)
        return Block(cell, sum(_lines(item) * LINE + 9 for item in items))
    leads = after.startswith(("$$", "|", "```")) or LIST.match(after) is not None
    text = chunk if whole else key_sentences(chunk, leads)
    if text.startswith("(") and not whole:
        return None
    return Block(_text(text), _lines(text) * LINE + 14, leads=leads or text.endswith(":"))


def _shorter(item: str) -> str:
    mark, text = LIST.match(item)[0], item[LIST.match(item).end() :]
    return mark + (" ".join(text.split()) if len(_visible(text)) <= LONGEST_ITEM else key_sentences(text))


def _visible(markdown: str) -> str:
    """Markdown about as long as what is shown: without the addresses of links, marks, and the commands of equations."""
    return re.sub(r"\\[a-zA-Z]+", "x", re.sub(r"\]\([^)]*\)|[*`\[{}$]", "", markdown))


def _lines(markdown: str) -> int:
    return -(-len(_visible(markdown)) // CHARACTERS)


def _text(markdown: str, **metadata) -> NotebookNode:
    """A cell whose links between lessons lead to their decks; other pages of the course are not beside them."""
    linked = re.sub(r"\[([^]]+)\]\(\.\./[^)]*\)", r"\1", markdown)
    linked = re.sub(r"\((\d\d_\w+)\.ipynb\)", r"(\1.html)", linked)
    return new_markdown_cell(linked, metadata={"look": "", **metadata})


def _code(code: str, leads: bool) -> list[Block]:
    lines = code.splitlines() or [""]
    size = min(22, max(16, int(1130 / 0.61 / max(1, *map(len, lines)))))  # a character is 0.61 of its height wide
    cell = new_code_cell(code, metadata={"look": "source", "size": size})
    return [Block(cell, int(len(lines) * size * 1.35) + 36, leads)] if code else []


def _outputs(cell: NotebookNode) -> Iterator[Block]:
    """Blocks of a cell's figures, tables, claims and printed lines; what does not fit on a slide is continued on the next."""
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            width, height = struct.unpack(">II", b64decode(data["image/png"])[16:24])
            least, most = (min(ROOM, int(height * min(times, 1168 / width))) for times in (1, FIGURE_MOST))
            yield _output(output, least + 14, look="figure", least=least, most=most)
        elif "text/html" in data:
            rows = len(BeautifulSoup(data["text/html"], "html.parser").find_all("tr")) - 1
            for begin in range(0, max(1, rows), LONGEST_TABLE):
                soup = BeautifulSoup(data["text/html"], "html.parser")
                body = soup.find_all("tr")[1:]
                for row in body[:begin] + body[begin + LONGEST_TABLE :]:
                    row.decompose()
                lines = len(soup.find_all("tr")) * 1.15 or -(-len(soup.get_text()) // 105)
                height = int((lines + (2 if soup.small else 0)) * 32) + 12
                yield _output(new_output("display_data", {"text/html": str(soup)}), height, look="measured")
        else:
            lines = (output.get("text") or data.get("text/plain", "")).rstrip("\n").splitlines()
            for begin in range(0, len(lines), LONGEST_OUTPUT):
                part = lines[begin : begin + LONGEST_OUTPUT]
                rows = sum(-(-max(1, len(line)) // 90) for line in part)
                yield _output(new_output("stream", text="\n".join(part) + "\n"), rows * 30 + 16, look="printed")


def _output(output: NotebookNode, height: int, **metadata) -> Block:
    return Block(new_code_cell(outputs=[output], metadata=metadata), height)


def _tidied(slides: list[Slide]) -> list[Slide]:
    """Slides without those that have only a heading; their notes go to the next one. A small one joins the one before it."""
    kept, row, notes = slides[:1], False, []
    for slide in slides[1:]:
        last = kept[-1]
        if not slide.blocks:
            row, notes = row or slide.row, [*notes, *slide.more_notes]
            continue
        slide.row, slide.blocks[0].notes[:0], row, notes = slide.row or row, notes, False, []
        small = min(slide.full, last.full) <= SMALL and last.full + slide.full <= ROOM * SQUEEZED
        if slide.again and small and not slide.heading.startswith("Exercise "):
            last.blocks += slide.blocks
            last.more_notes += slide.more_notes
        else:
            kept.append(slide)
    return kept


def _go_on(slides: list[Slide], heading: str | None = None) -> None:
    """A new slide, with the heading of the last one if it is given none."""
    slides.append(Slide(heading or slides[-1].heading, again=heading is None))


def _pack(slides: list[Slide], blocks: list[Block]) -> None:
    """Put blocks on the last slide, or on a new one where it is full; what leads to a block is moved with it."""
    for block in blocks:
        last, leading = slides[-1], []
        room = ROOM + OVER * (block.height < 2 * LINE + 15 and not block.leads)
        if last.blocks and last.full + block.height > room:
            while last.blocks and last.blocks[-1].leads and sum(b.height for b in leading) + block.height < ROOM:
                leading.insert(0, last.blocks.pop())
            _go_on(slides)
        slides[-1].blocks += [*leading, block]


@command("slides", {})
def main(sources: list[Path], given: argparse.Namespace) -> int:
    """Write the slides to build/slides; 1 when something does not fit."""
    out = given.root / "build" / "slides"
    decks = build_slides(sources, out)
    warn_if_stale(sources)
    print(f"Decks: {out}")
    try:
        measured = measure(decks)
    except FileNotFoundError as error:
        print(f"Whether every slide fits was not measured: that {error}.")
        return 0
    faults = [fault for row in measured for fault in row.pop("faults")]
    print(tables.Table("", measured))
    print(f"Smallest sizes: text and code in pixels of {WIDTH} × {HEIGHT}, figures relative to their own size.")
    return report(faults)

"""`make slides`: one reveal.js deck a lesson, made from the built notebook by rule; nobody writes a second text.

The rule. Every section (##) begins a row of slides. Onto them go, in order: displayed equations, lists and tables; of each
paragraph the sentences with a **bold** term, or else the first one (the first few, if short); code without its imports,
settings and claims, but none that draws a figure or fills a table; outputs and figures. Blocks fill a slide until it is full.
The whole prose becomes the speaker's notes. Exercises show their task, no hints and no code. What only a reader needs (times,
prerequisites, the summary of claims, checks) is left out. What is still too high is made smaller in the browser, down to
`SMALLEST`; `measure` tries every slide.

Tags of a cell in the source overrule it: "slide" shows all of the cell on a slide of its own, "notes" only tells it to the
speaker, "skip" leaves it out.
"""

import ast
import re
import shutil
import struct
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bs4 import BeautifulSoup
from nbconvert import SlidesExporter
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from pygments.formatters import HtmlFormatter
from tqdm import tqdm

from course_tools.lessons import assemble, store
from course_tools.lessons.commands import guarded, parser, report, warn_if_stale
from course_tools.notebooks import CHECK
from course_tools.publish import npm, site
from course_utils import tables
from course_utils.paths import REPOSITORY

WIDTH, HEIGHT = 1280, 720  # pixels of a slide, which the browser scales to the screen
SMALLEST = (
    0.75  # of the full size: text is then 21 pixels high; claims and tables are never below 18, code never below 16
)
ROOM = 590  # pixels for what stands under the heading; a last line of text may go over by
OVER = 70  # as much, for the browser to make up for
LINE, CHARACTERS = 40, 84  # height of a line of text in pixels, and how many characters it holds
SHORTEST = 90  # characters that the first sentence of a paragraph must have to stand alone
SMALL = 130  # pixels: what is lower than that has no slide to itself, if at most
SQUEEZED = 1.18  # times as much as there is room for stands on another one then
SMALLEST_FIGURE, FIGURE_MOST = 0.5, 1.35  # times its own size a figure may be drawn
LONGEST_ITEM = 170  # characters of an item of a list that stays whole
LONGEST_OUTPUT = 16  # printed lines that stand on one slide
LIBRARIES = {
    **npm.MATHJAX,
    "reveal.js/dist/reset.css": "reset.css",
    "reveal.js/dist/reveal.css": "reveal.css",
    "reveal.js/dist/reveal.js": "reveal.js",
    "reveal.js/dist/plugin/notes.js": "notes.js",
    "reveal.js/LICENSE": "reveal-LICENSE.txt",
}
OWN = ("deck/deck.css", "deck/deck.js", "math.js")
ENDS = re.compile(r"""([.!?:]["”’)\]*_]*)\s+(?=["“‘(\[*_]*[A-Z0-9À-Þ\ue000-\uf8ff])""")
NO_END = re.compile(r"(\b[A-Z]|\be\.g|\bi\.e|\bal|\bvs|\bFig|\bpp?)\.$|:[\"”’)\]*_]*$")
OBJECTIVES = "**You will be able to**"
SETTING = re.compile(r"os\.environ|set_random_seed\(|default_rng\(SEED\)$|setLevel\(")
APART = re.compile(r"\$\$.+?\$\$|\$[^$]+\$|`[^`]+`|\[[^\]]*\]\([^)]*\)", re.DOTALL)  # no sentence ends in there


@dataclass
class Block:
    """A piece of a slide: a cell to be drawn, about how many pixels high it is, whether the next one belongs to it, and what
    the speaker reads."""

    cell: NotebookNode
    height: int
    leads: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass
class Slide:
    """A slide being filled. `row` begins a new row of slides, as each section does; `again` repeats the heading of the slide
    before it; a `closed` one takes no more."""

    heading: str
    row: bool = False
    again: bool = False
    closed: bool = False
    blocks: list[Block] = field(default_factory=list)
    more_notes: list[str] = field(default_factory=list)

    @property
    def notes(self) -> str:
        """What the speaker reads, in Markdown."""
        return "\n\n".join([*(note for block in self.blocks for note in block.notes), *self.more_notes])

    @property
    def full(self) -> int:
        return sum(block.height for block in self.blocks)


def build_slides(sources: list[Path], out: Path, progress: Callable[[str], None] = lambda name: None) -> list[Path]:
    """Write the decks of these lessons to the folder `out`: their files.

    Raises assemble.SourceError for a notebook that cannot be read, and npm.AssetsMissing when npm's libraries are not
    to be had. `progress(lesson)` is called after every deck.
    """
    npm.copy(LIBRARIES, out / "assets", out.parent)
    for name in OWN:
        shutil.copyfile(npm.WEB / name, out / "assets" / Path(name).name)
    with (out / "assets" / "deck.css").open("a", encoding="utf-8") as style:
        style.write(HtmlFormatter(style="default").get_style_defs(".highlight"))
    decks = []
    for source in sources:
        decks.append(out / f"{source.stem}.html")
        write_deck(make_slides(store.read(source)), decks[-1])
        progress(source.stem)
    return decks


def write_deck(slides: list[Slide], path: Path) -> None:
    """Write slides as a page, which needs the folder `assets` of `build_slides` beside it."""
    exporter = SlidesExporter(template_name="deck", extra_template_basedirs=[str(npm.WEB)], exclude_anchor_links=True)
    about = {"title": slides[0].heading, "width": WIDTH, "height": HEIGHT, "smallest": SMALLEST}
    html, _ = exporter.from_notebook_node(to_notebook(slides), {"course": about})
    html = re.sub(r'<(h[1-6]) id="[^"]*"', r"<\1", html)  # a heading stands on several slides
    path.write_text(html, encoding="utf-8", newline="\n")


def make_slides(notebook: NotebookNode) -> list[Slide]:
    """The slides of a lesson's student notebook, by the rule above."""
    slides = [Slide("", row=True)]
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "skip" in tags or cell.cell_type == "raw":
            continue
        if cell.cell_type == "markdown":
            _add_prose(slides, cell.source, tags)
        elif "notes" in tags:
            slides[-1].more_notes.append(f"```python\n{cell.source}\n```")
        elif "otter_answer_cell" not in tags and not CHECK.match(cell.source) and "summary()" not in cell.source:
            whole = "slide" in tags
            before = len(slides)
            if whole:
                _go_on(slides)
            tabled = any(tables.MIME in output.get("data", {}) for output in cell.outputs)
            shown = cell.source if whole else "" if tabled else shown_code(cell.source)
            outputs = list(_outputs(cell))
            _pack(slides, [*_code(shown, leads=bool(outputs)), *outputs])
            if whole:
                _close(slides, before)
    return _tidied(slides)


def to_notebook(slides: list[Slide]) -> NotebookNode:
    """Slides as the notebook that nbconvert's slides exporter draws: slide types in the cells' metadata."""
    cells = []
    for n, slide in enumerate(slides):
        level, look = ("#", "title") if n == 0 else ("##", "again" if slide.again else "first")
        heading = new_markdown_cell(f"{level} {slide.heading}", metadata={"look": look})
        heading.metadata["slideshow"] = {"slide_type": "slide" if slide.row else "subslide"}
        cells += [heading, *(block.cell for block in slide.blocks)]
        if slide.notes:
            cells.append(new_markdown_cell(_linked(slide.notes), metadata={"slideshow": {"slide_type": "notes"}}))
    return new_notebook(cells=cells)


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph of Markdown. A dot in an equation, code, a link or an initial ends none."""
    apart = []

    def put_apart(match: re.Match) -> str:
        apart.append(match[0])
        return chr(0xE000 + len(apart) - 1)

    text = APART.sub(put_apart, " ".join(paragraph.split()))
    found, begin = [], 0
    for match in ENDS.finditer(text):
        if not NO_END.search(text[begin : match.end(1)]):
            found.append(text[begin : match.end(1)])
            begin = match.end()
    found.append(text[begin:])
    return [re.sub("[\ue000-\uf8ff]", lambda match: apart[ord(match[0]) - 0xE000], sentence) for sentence in found]


def key_sentences(paragraph: str, leads: bool = False) -> str:
    """What of a paragraph goes on a slide: the sentences with a bold term, or else the first one (the first few, if short).

    With `leads`, the last one as well, as it leads to the equation, list or code that follows.
    """
    all_of_it = sentences(paragraph)
    kept = [n for n, sentence in enumerate(all_of_it) if "**" in sentence]
    if leads and all_of_it[-1].endswith(":"):
        kept.append(len(all_of_it) - 1)
    if not kept:
        enough = (n for n in range(len(all_of_it)) if len(_visible(" ".join(all_of_it[: n + 1]))) >= SHORTEST)
        kept = range(next(enough, len(all_of_it) - 1) + 1)
    return " ".join(all_of_it[n] for n in sorted(set(kept)))


def shown_code(code: str) -> str:
    """Code without what would distract on a slide: imports, claims, and all that draws."""
    tree = ast.parse(code)
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    if calls & set("plots.figure plots.show plots.drawing Checks recorded tables.recorded tables.benchmark".split()):
        return ""
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    claims = [node for node in statements if isinstance(node, ast.Expr) and ast.unparse(node).startswith("claim(")]
    if len(claims) * 2 > len(tree.body):
        return ""
    lines = code.splitlines()
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    simple = [node for node in tree.body if isinstance(node, ast.Assign | ast.Expr)]
    settings = [node for node in simple if SETTING.search(ast.unparse(node))]
    for node in sorted([*claims, *imports, *settings], key=lambda node: -node.lineno):
        del lines[node.lineno - 1 : node.end_lineno]
    kept = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
    try:
        left = ast.parse(kept).body
    except SyntaxError:  # a block that held claims and nothing else
        return ""
    names_only = all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Name) for node in left)
    return "" if names_only else kept


def measure(decks: list[Path], progress: Callable[[str], None] = lambda name: None) -> list[dict]:
    """Every slide of every deck, as Chromium shows it at 1280 × 720. A row for each deck: `deck`, the number of
    `slides`, the smallest `text` and `code` in pixels, the smallest `figure` as a share of its size, and `faults`, a line for
    every slide where something is cut off or a figure is too small.

    Raises FileNotFoundError when there is no Chromium on the PATH.
    """
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        raise FileNotFoundError("needs Chromium on the PATH (on Debian and Ubuntu: apt install chromium)")
    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for deck in decks:
            page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            outside, errors = [], []
            page.on("request", lambda request, to=outside: to.append(request.url))
            page.on("pageerror", lambda error, to=errors: to.append(str(error)))
            page.goto(deck.resolve().as_uri())
            page.wait_for_function("window.Reveal && Reveal.isReady()", timeout=120_000)
            seen = page.evaluate(MEASURE)
            faults = [f"{deck.stem}, slide {slide['n']}: {fault}" for slide in seen for fault in slide["faults"]]
            faults += [f"{deck.stem}: asks the network for {url}" for url in outside if url.startswith("http")]
            faults += [f"{deck.stem}: {error}" for error in errors]
            sizes = {kind: min((s[kind] for s in seen if s[kind]), default=None) for kind in ("text", "code", "figure")}
            rows.append({"deck": deck.stem, "slides": len(seen), **sizes, "faults": faults})
            page.close()
            progress(deck.stem)
        browser.close()
    return rows


MEASURE = """async () => {
  const seen = [];
  for (const [n, section] of Reveal.getSlides().entries()) {
    const { h, v } = Reveal.getIndices(section);
    Reveal.slide(h, v);
    await new Promise((done) => setTimeout(done, 20));
    const slide = section.querySelector(".slide"), faults = [], sizes = { text: [], code: [], figure: [] };
    const frame = slide.getBoundingClientRect();
    if (frame.width !== innerWidth || frame.height !== innerHeight) faults.push(`is ${frame.width} × ${frame.height}`);
    for (const element of slide.querySelectorAll(":scope > :not(aside) *")) {
      if (element.closest("mjx-assistive-mml, defs") || getComputedStyle(element).display === "none") continue;
      const box = element.getBoundingClientRect(), size = parseFloat(getComputedStyle(element).fontSize);
      if (box.right > frame.right + 1 || box.bottom > frame.bottom + 1 || box.left < frame.left - 1 || box.top < frame.top - 1)
        faults.push(`cut off: <${element.localName}> ${element.textContent.trim().slice(0, 50)}`);
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (own) sizes[element.closest("pre, code, small") ? "code" : "text"].push(size);
      if (element.localName === "img") {
        const scale = Math.min(box.height / element.naturalHeight, box.width / element.naturalWidth);
        sizes.figure.push(scale);
        if (scale < %SMALLEST_FIGURE%) faults.push(`a figure is drawn at ${Math.round(100 * scale)} % of its size`);
      }
    }
    if (slide.scrollHeight > slide.clientHeight) faults.push(`is ${slide.scrollHeight} pixels high`);
    const least = ([kind, all]) => [kind, all.length ? Math.min(...all) : null];
    seen.push({ n: n + 1, faults: faults.slice(0, 3), ...Object.fromEntries(Object.entries(sizes).map(least)) });
  }
  return seen;
}""".replace("%SMALLEST_FIGURE%", str(SMALLEST_FIGURE))


def _add_prose(slides: list[Slide], markdown: str, tags: list[str]) -> None:
    if "notes" in tags:
        slides[-1].more_notes.append(markdown)
        return
    exercise = re.match(r"\*\*(Exercise [^*]+?)\.?\*\*\s*", markdown)
    whole = "slide" in tags or exercise is not None
    text = markdown[exercise.end() :] if exercise else markdown
    before = len(slides)
    if exercise:
        _go_on(slides, exercise[1])
    elif whole and not text.startswith("#"):
        _go_on(slides)
    chunks, said = list(_chunks(text)), []
    for chunk, after in zip(chunks, [*chunks[1:], ""], strict=True):
        if chunk.startswith("#"):
            slides[-1].more_notes += said
            said = []
            _begin(slides, chunk)
            continue
        said.append(_plain_hints(chunk))
        if chunk == OBJECTIVES:
            _go_on(slides, "You will be able to")
            continue
        if block := _text_block(chunk, after, whole, slides[-1].heading):
            block.notes, said = said, []
            _pack(slides, [block])
    slides[-1].more_notes += said
    if whole:
        _close(slides, before)


def _chunks(markdown: str) -> Iterator[str]:
    """Headings, displayed equations, lists, tables, fenced code and paragraphs of a text, one after the other."""
    parts = re.split(r"^(\$\$.+?\$\$[.,;]?[ \t]*$|```.+?^```|<details>.+?</details>)", markdown, flags=re.M | re.S)
    found = []
    for part in parts:
        single = part.startswith(("$$", "```", "<details>"))
        for chunk in [part] if single else re.split(r"\n\s*\n|(?<=\n)(?=#)|^(#+ .*)\n", part, flags=re.M):
            if not chunk or not chunk.strip():
                continue
            if found and _is_list(chunk) and _is_list(found[-1]):
                found[-1] += "\n" + chunk.strip("\n")
            else:
                found.append(chunk.strip("\n"))
    return iter(found)


def _is_list(chunk: str) -> bool:
    return re.match(r"([-*]|\d+\.) ", chunk) is not None


def _plain_hints(chunk: str) -> str:
    return (
        re.sub(r"</?details>|</summary>", "", chunk.replace("<summary>", "**Hint** ")) if "<details" in chunk else chunk
    )


def _text_block(chunk: str, after: str, whole: bool, heading: str) -> Block | None:
    """What of a chunk of prose goes on a slide."""
    if chunk.startswith(("<", "**Before this lesson")) or heading == "Exercises":
        return None
    if chunk.startswith("$$"):
        rows = chunk.count(r"\\") + 1 + 0.5 * chunk.count(r"\frac") ** 0.5
        return Block(_text(chunk, "equation"), int(35 + 50 * rows), leads=after[:1].islower())
    if chunk.startswith(("|", "```", ">")):
        return Block(_text(chunk), 38 * (chunk.count("\n") + 1), leads=False)
    if _is_list(chunk):
        items = re.split(r"^(?=(?:[-*]|\d+\.) )", chunk, flags=re.M)[1:]
        if heading != "References" and not whole:
            items = [_shorter(item) for item in items]
        lines = sum(-(-len(_visible(item)) // CHARACTERS) for item in items)
        look = "small" if heading == "References" else ""
        return Block(_text("\n".join(item.strip("\n") for item in items), look), lines * LINE + 9 * len(items))
    leads = after.startswith(("$$", "|", "```")) or _is_list(after)
    text = chunk if whole else key_sentences(chunk, leads)
    if text.startswith("(") and not whole:
        return None
    return Block(_text(text), -(-len(_visible(text)) // CHARACTERS) * LINE + 14, leads=leads or text.endswith(":"))


def _shorter(item: str) -> str:
    mark, text = re.match(r"([-*] |\d+\. )(.*)", item, re.S).groups()
    return mark + (" ".join(text.split()) if len(_visible(text)) <= LONGEST_ITEM else key_sentences(text))


def _visible(markdown: str) -> str:
    """Markdown about as long as what is shown: without the addresses of links, marks, and the commands of equations."""
    text = re.sub(r"\]\([^)]*\)|[*`\[{}$]", "", markdown)
    return re.sub(r"\\[a-zA-Z]+", "x", text)


def _text(markdown: str, look: str = "") -> NotebookNode:
    return new_markdown_cell(_linked(markdown), metadata={"look": look})


def _linked(markdown: str) -> str:
    """Links between lessons as links between decks."""
    return re.sub(r"\((\d\d_\w+)\.ipynb\)", r"(\1.html)", markdown)


def _code(code: str, leads: bool) -> list[Block]:
    if not code:
        return []
    lines = code.splitlines()
    longest = max(map(len, lines))
    size = min(22, max(16, int(1130 / 0.61 / longest)))  # a character is 0.61 of its height wide
    cell = new_code_cell(code, metadata={"look": "source", "size": size})
    return [Block(cell, int(len(lines) * size * 1.35) + 36, leads)]


def _outputs(cell: NotebookNode) -> Iterator[Block]:
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            width, height = struct.unpack(">II", b64decode(data["image/png"])[16:24])
            least, most = (min(ROOM, int(height * min(times, 1168 / width))) for times in (1, FIGURE_MOST))
            shown = new_code_cell(outputs=[output], metadata={"look": "figure", "least": least, "most": most})
            yield Block(shown, least + 14)
        elif "text/html" in data:
            yield from _html_output(data["text/html"])
        else:
            text = output.get("text") or data.get("text/plain", "")
            lines = text.rstrip("\n").splitlines()
            for begin in range(0, len(lines), LONGEST_OUTPUT):
                part = lines[begin : begin + LONGEST_OUTPUT]
                shown = new_output("stream", text="\n".join(part) + "\n")
                rows = sum(-(-max(1, len(line)) // 90) for line in part)
                yield Block(new_code_cell(outputs=[shown], metadata={"look": "printed"}), rows * 30 + 16)


def _html_output(html: str) -> Iterator[Block]:
    """Claims and tables; a table with more rows than fit is continued on the next slide."""
    rows, most = BeautifulSoup(html, "html.parser").find_all("tr"), 15
    pieces = max(1, -(-(len(rows) - 1) // most))
    for n in range(pieces):
        soup = BeautifulSoup(html, "html.parser")
        for i, row in enumerate(soup.find_all("tr")[1:]):
            if i // most != n:
                row.decompose()
        lines = len(soup.find_all("tr")) * 1.15 or -(-len(soup.get_text()) // 105)
        lines += 2 if soup.small else 0
        output = new_output("display_data", {"text/html": str(soup)})
        yield Block(new_code_cell(outputs=[output], metadata={"look": "measured"}), int(lines * 32) + 12)


def _tidied(slides: list[Slide]) -> list[Slide]:
    """Without slides that have nothing but a heading: what is to be said there is said at the next. And a claim or a
    sentence that would have a slide to itself joins the slide before or after it, if that can be made smaller."""
    kept, row, notes = slides[:1], False, []
    for slide in slides[1:]:
        last = kept[-1]
        if not slide.blocks:
            row, notes = row or slide.row, [*notes, *slide.more_notes]
            continue
        slide.row, slide.blocks[0].notes[:0], row, notes = slide.row or row, notes, False, []
        small = min(slide.full, last.full) <= SMALL and last.full + slide.full <= ROOM * SQUEEZED
        if slide.again and small and last is not kept[0] and not (slide.closed or last.closed):
            last.blocks += slide.blocks
            last.more_notes += slide.more_notes
        else:
            kept.append(slide)
    return kept


def _begin(slides: list[Slide], heading: str) -> None:
    """A slide with a heading of its own; for a section, the first of a row."""
    marks, title = re.match(r"(#+)\s+(.*)", heading).groups()
    if len(marks) == 1:
        slides[0].heading = title
    else:
        slides.append(Slide(title, row=len(marks) == 2))


def _close(slides: list[Slide], before: int) -> None:
    """Nothing more goes on the slides that came after the first `before`, or on the last one if none did."""
    for slide in slides[before:] or slides[-1:]:
        slide.closed = True


def _go_on(slides: list[Slide], heading: str | None = None) -> None:
    last = slides[-1]
    if last.blocks or heading:
        slides.append(Slide(heading or last.heading, again=heading is None))


def _pack(slides: list[Slide], blocks: list[Block]) -> None:
    """Put blocks on the last slide, or go on to a next one where it is full; what leads to a block goes on with it."""
    for block in blocks:
        if slides[-1].closed:
            _go_on(slides)
        last = slides[-1]
        room = ROOM + OVER * (block.height < 2 * LINE + 15 and not block.leads)
        if last.blocks and last.full + block.height > room:
            leading = []
            while last.blocks and last.blocks[-1].leads and sum(b.height for b in leading) + block.height < ROOM:
                leading.insert(0, last.blocks.pop())
            if last.blocks:
                _go_on(slides)
            slides[-1].blocks += leading
        slides[-1].blocks.append(block)


def make_decks(names: list[str], root: Path) -> int:
    """Write decks to build/slides, and try every slide in Chromium where there is one. 1 when something does not fit."""
    sources, out = assemble.sources(names, root), root / "build" / "slides"
    with tqdm(total=len(sources), desc="decks", unit="deck") as bar:
        decks = build_slides(sources, out, lambda name: bar.update())
    warn_if_stale(sources)
    faults = [] if names else site.check_links(out)[0]  # decks link to each other, so all must be there
    try:
        with tqdm(total=len(decks), desc="trying every slide", unit="deck") as bar:
            measured = measure(decks, lambda name: bar.update())
    except FileNotFoundError as error:
        print(f"Decks: {out}. Whether every slide fits was not measured: that {error}.")
        return report(faults)
    print(tables.Table("", [{name: value for name, value in row.items() if name != "faults"} for row in measured]))
    print(
        f"Decks: {out}. Columns are the smallest sizes: text and code in pixels of "
        f"{WIDTH} × {HEIGHT}, figures as a share of their own size."
    )
    return report([*faults, *(fault for row in measured for fault in row["faults"])])


def main(argv: list[str], root: Path = REPOSITORY) -> int:
    """The command `slides`; returns the exit status."""
    what = "Write slides for each lesson to build/slides, and check that every slide fits."
    given = parser("slides", what, limit=False).parse_args(argv)
    try:
        return guarded(make_decks, given.lessons, root)
    except npm.AssetsMissing as error:
        print(error, file=sys.stderr)
        return 2

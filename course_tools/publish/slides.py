"""`make slides`: one reveal.js deck for each lesson, made from the built notebook by a rule.

A section (##) begins a slide, and so does an exercise, of which only the task is shown. Onto it go, in order: displayed
equations, lists and tables; the key sentences of each paragraph; short code that defines or prints something; outputs and
figures. The speaker's notes have the whole prose and the claims. web/deck/deck.js divides what is too much for a slide.
"""

import argparse
import ast
import html
import re
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from bs4 import BeautifulSoup, Tag
from nbconvert.filters import markdown2html, strip_ansi
from nbformat import NotebookNode
from playwright.sync_api import sync_playwright
from pygments.formatters import HtmlFormatter
from tqdm import tqdm

from course_tools.lessons import store
from course_tools.lessons.commands import command, report, warn_if_stale
from course_tools.notebooks import CHECK
from course_tools.publish import npm
from course_utils import claims, files, tables

LONGEST, SHORTEST = 15, 60  # lines of code at most, and characters of what is shown of a paragraph at least
PRINTED = re.compile(r"(?:.+\n?|\n){1,15}")  # as many lines as one slide may have
LIBRARIES = npm.MATHJAX | {f"reveal.js/dist/{name}": name for name in ("reset.css", "reveal.css", "reveal.js")}
LIBRARIES |= {"reveal.js/dist/plugin/notes.js": "notes.js", "reveal.js/LICENSE": "reveal-LICENSE.txt"}
NO_END = "".join(rf"(?<!\b{word})" for word in ("[A-Z]", r"e\.g", r"i\.e", "al", "vs", "Fig", "p", "pp"))
ENDS = re.compile(NO_END + r"""([.!?](?:["”’)\]]|</\w+>)*)\s+(?=(?:["“‘(\[]|<\w+>)*[A-Z0-9À-Þ\ue000])""")
APART = re.compile(r"\$\$.+?\$\$|\$[^$]+\$|<(code|a)\b.*?</\1>", re.DOTALL)  # no sentence ends inside
DRAWS = re.compile(r"\bplots\.(figure|show|drawing)\(|\bplt\.|\bChecks\(")
MATTERS = re.compile(r"^(def|class) |\bkeras\.\w", re.MULTILINE)
DISTRACTS = re.compile(r"^(from|import) |\bclaim\(|os\.environ|set_random_seed\(|default_rng\(SEED\)$|setLevel\(")
SIMPLE = ast.Import | ast.ImportFrom | ast.Expr | ast.Assign | ast.If


@dataclass
class Block:
    """What a slide shows, its class in deck.css and deck.js, and what the speaker reads with it. Texts are HTML."""

    shown: str
    look: str = "text"
    notes: str = ""


def build_slides(sources: list[Path], out: Path) -> list[Path]:
    """Write the decks of these lessons to the folder `out`, and return their files. Raises Problem for a notebook
    that cannot be read, and without npm's libraries."""
    colours = HtmlFormatter(style="default").get_style_defs(".highlight")
    npm.copy(LIBRARIES, {"deck/deck.css": colours, "deck/deck.js": "", "math.js": ""}, out / "assets", out.parent)
    page, decks = (npm.WEB / "deck" / "deck.html").read_text(encoding="utf-8"), []
    for source in tqdm(sources, desc="decks", unit="deck"):
        slides, body = make_slides(store.read(source)), ""
        for slide in slides:
            blocks = [f'<div class="{b.look}">{b.shown}<aside class="notes">{b.notes}</aside></div>' for b in slide]
            body += "\n".join(['<section><section><div class="slide">', *blocks, "</div></section></section>\n"])
        body = re.sub(r'<a href="\.\./.*?>(.*?)</a>', r"\1", re.sub(r'(href="\d\d_\w+)\.ipynb', r"\1.html", body))
        decks.append(out / f"{source.stem}.html")
        files.write(decks[-1], page.format(title=re.sub("<.*?>", "", slides[0][0].shown), slides=body))
    return decks


def make_slides(notebook: NotebookNode) -> list[list[Block]]:
    """The slides of a lesson's student notebook, by the rule above, before the browser divides them."""
    slides, section, task = [], "", False
    for cell in notebook.cells:
        code, exercise = cell.cell_type == "code", re.match(r"\*\*(Exercise [^*]+?)\.?\*\*", cell.source)
        answers = CHECK.match(cell.source) or "otter_answer_cell" in cell.metadata.get("tags", [])
        if cell.cell_type == "raw" or (code and (answers or section == "Exercises" or "summary()" in cell.source)):
            continue
        if exercise or (task and section != "Exercises" and not cell.source.startswith("#")):  # it may be the answer
            _begin(slides, html.escape(exercise[1]) if exercise else section)
        task = exercise is not None
        if code:
            _add_code(slides[-1], cell)
        else:
            section = _add_prose(slides, cell.source[exercise.end() if exercise else 0 :], section, task)
    return [slide for n, slide in enumerate(slides) if n == 0 or len(slide) > 1]


def key_sentences(paragraph: str) -> str:
    """What of a paragraph's HTML is shown: sentences with a bold term, or else the first one (the first few, if short); and
    the last one if it leads to an equation or the like. A dot in an equation, code, a link or an initial ends no sentence."""
    paragraph = " ".join(paragraph.split())
    apart = (match[0] for match in APART.finditer(paragraph))
    every = re.sub("\ue000", lambda _: next(apart), ENDS.sub(r"\1\n", APART.sub("\ue000", paragraph))).split("\n")
    kept = [n for n, sentence in enumerate(every) if "<strong>" in sentence]
    kept = kept or [n for n in range(len(every)) if sum(map(len, every[:n])) < SHORTEST]
    return " ".join(s for n, s in enumerate(every) if n in kept or (n == len(every) - 1 and s.endswith(":")))


def shown_code(code: str) -> str:
    """Code without imports, settings and claims; nothing if little is left, if it is long, or if it draws."""
    body, lines = ast.parse(code).body, code.splitlines()
    dropped = [node for node in body if isinstance(node, SIMPLE) and DISTRACTS.search(ast.unparse(node))]
    for node in reversed(dropped):
        del lines[node.lineno - 1 : node.end_lineno]
    matters = len(body) >= 2 * len(dropped) and len(lines) <= LONGEST and not DRAWS.search(code)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") if matters else ""


def _begin(slides: list[list[Block]], heading: str, level: str = "h2") -> None:
    """Begin a slide, in place of one that has only its heading (but for the lesson's title)."""
    notes = slides.pop()[0].notes if len(slides) > 1 and len(slides[-1]) == 1 else ""
    slides.append([Block(f"<{level}>{heading}</{level}>", f"heading {level}", notes)])


def _add_prose(slides: list[list[Block]], markdown: str, section: str, task: bool) -> str:
    """Put what a text cell shows on slides, and all of it into the notes. Returns the heading that it ends under."""
    page = BeautifulSoup(re.sub('<a class="anchor-link".*?</a>', "", markdown2html(markdown)), "html.parser")
    for part in page(recursive=False):
        words = part.get_text().strip()
        if part.name in ("h1", "h2"):
            _begin(slides, section := part.decode_contents(), part.name)
        elif words == "You will be able to":
            _begin(slides, words)
        elif shown := _shown(part, words, section, task):
            slides[-1].append(Block(shown))
        slides[-1][-1].notes += str(part)
    return section


def _shown(part: Tag, words: str, section: str, task: bool) -> str:
    """What of a paragraph, a list or the like goes on a slide."""
    if part.name == "details":  # without a hint, or the explanation of a choice
        return f"<p>{part.summary.decode_contents()}</p>" if re.match(r"[A-E]\. ", words) else ""
    if words.startswith("Before this lesson") or (section == "Exercises" and not task):
        return ""
    if task or section == "References" or words.startswith(("$$", "What do you expect", "Quick question")):
        return str(part)
    short = re.sub(r"(?s)<(p|li)>(.*?)</\1>", lambda m: f"<{m[1]}>{key_sentences(m[2])}</{m[1]}>", str(part))
    return str(BeautifulSoup(short, "html.parser"))  # which closes what is open


def _add_code(slide: list[Block], cell: NotebookNode) -> None:
    """Put code and outputs on a slide, and the measured claims into its notes."""
    blocks, notes, code = [], "", shown_code(cell.source)
    for output in cell.outputs:
        data = output.get("data", {})
        if claims.MIME in data:
            notes += data["text/html"]
        elif "image/png" in data:
            alt = html.escape(output.metadata.get("image/png", {}).get("alt", ""))
            blocks.append(Block(f'<img alt="{alt}" src="data:image/png;base64,{data["image/png"]}">', "figure"))
        elif "text/html" in data:
            blocks.append(Block(data["text/html"], "output"))
        else:
            parts = PRINTED.findall(strip_ansi(output.get("text") or data.get("text/plain", "")).rstrip())
            blocks += [Block(f"<pre>{html.escape(part)}</pre>", "output printed") for part in parts]
    if code and all("printed" in block.look for block in blocks) and (blocks or MATTERS.search(code)):
        blocks.insert(0, Block(markdown2html(f"```python\n{code}\n```"), "source"))
    slide += blocks
    slide[-1].notes += notes


def measure(decks: list[Path], chromium: str) -> list[dict]:
    """A row for each deck in the browser `chromium`: `deck`; how many `slides`, how many before the exercises, `core`; the
    smallest `text` and `code` in pixels of 1280 × 720, and `figure` relative to its own size; `faults`, what does not fit."""
    rows, script = [], (npm.WEB / "deck" / "measure.js").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]).new_page()  # 1280 × 720
        for deck in tqdm(decks, desc="checking every slide", unit="deck"):
            page.goto(deck.resolve().as_uri())
            page.wait_for_function("window.Reveal && Reveal.isReady()", timeout=120_000)
            rows.append({"deck": deck.stem, **page.evaluate(script)})
    return rows


@command("slides", {})
def main(sources: list[Path], given: argparse.Namespace) -> int:
    """Write the slides to build/slides; 1 when something does not fit."""
    decks = build_slides(sources, given.root / "build" / "slides")
    warn_if_stale(sources)
    print(f"Decks: {decks[0].parent}")
    if not (chromium := which("chromium") or which("chromium-browser") or which("google-chrome")):
        print("Whether every slide fits was not measured: that needs Chromium (Debian, Ubuntu: apt install chromium).")
        return 0
    measured = measure(decks, chromium)
    faults = [f"{row['deck']}, {fault}" for row in measured for fault in row.pop("faults")]
    print(tables.Table("Sizes: text and code in pixels of 1280 × 720, figures relative to their own", measured))
    return report(faults)

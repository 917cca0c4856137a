"""`make site`: the whole course as a folder of web pages, to be read from a disk or put on any web server. nbconvert, which is
installed anyway and shows what JupyterLab shows, renders each page with the small template in web/site."""

import json
import posixpath
import re
import shutil
from collections import Counter
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, NavigableString, Tag
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook
from pygments.formatters import HtmlFormatter
from tqdm import tqdm

from course_tools.lessons import assemble, links, store
from course_tools.lessons.commands import command, report, warn_if_stale
from course_tools.publish import npm
from course_utils import files
from course_utils.paths import REPOSITORY

TEXTS = {  # in the order of the pages; the lessons come after the first
    "README.md": "index.html",
    "GLOSSARY.md": "glossary.html",
    "RESULTS.md": "results.html",
    "data/README.md": "data.html",
    "TEACHING.md": "teaching.html",
    "HUBS.md": "hubs.html",
    "CONTRIBUTING.md": "contributing.html",
}
LICENCES = {"LICENSE": "LICENSE.txt", "LICENSE-TEXT": "LICENSE-TEXT.txt"}
LIBRARIES = {"minisearch/dist/umd/index.js": "minisearch.js", "minisearch/LICENSE.txt": "minisearch-LICENSE.txt"}
LIBRARIES |= npm.MATHJAX
OWN = {"site/page.js": "", "site/search.js": "", "math.js": ""}
FRONT = "Start: the course and its lessons"
PAPER = ".highlight { background: var(--shade) !important; }"


class Page(NamedTuple):
    """One page of the site."""

    source: str  # what it is made from, a path in the repository
    target: str  # a path in the site
    title: str
    other: str = ""  # the page of the same lesson solved, or of the lesson


def build_site(out: Path, root: Path = REPOSITORY) -> list[str]:
    """Write the site of the course in `root` to the folder `out`, in place of what was there. Returns what is wrong with its
    links, a line each. Raises assemble.SourceError for a notebook that cannot be read, and npm.AssetsMissing."""
    with files.atomic(out) as part:
        npm.copy(LIBRARIES, {**OWN, "site/site.css": _colours_of_code()}, part / "assets", out.parent)
        for name, target in LICENCES.items():
            shutil.copyfile(root / name, part / target)
        pages = _pages(root)
        order = [page for page in pages if "/solutions/" not in page.target]
        targets = {page.source: page.target for page in pages} | LICENCES
        targets["notebooks/solutions"] = next((page.target for page in pages if page not in order), "index.html")
        exporter = HTMLExporter(template_name="site", extra_template_basedirs=[str(npm.WEB)])
        texts = []
        for page, notebook in tqdm(pages.items(), desc="pages", unit="page"):
            about = {"page": page, "pages": order, "relative": partial(_relative, page=page)}
            soup = BeautifulSoup(exporter.from_notebook_node(notebook, {"course": about})[0], "html.parser")
            _finish(soup, page, targets)
            texts += _sections(soup, page) if page in order else []  # the solved lessons have the same text again
            path = part / page.target
            files.write(path, str(soup))
            if page.source.endswith(".ipynb"):
                shutil.copyfile(root / page.source, path.with_suffix(".ipynb"))
        data = json.dumps([{"id": i, **text} for i, text in enumerate(texts)], ensure_ascii=False)
        files.write(part / "assets" / "search-data.js", f"window.courseTexts = {data};\n")
        faults, outside = links.check(sorted(part.rglob("*.html")), part)
        lines = [f"{address}\t{', '.join(sorted(where))}\n" for address, where in sorted(outside.items())]
        files.write(part / "external-links.txt", "".join(lines))
    return faults


def _pages(root: Path) -> dict[Page, NotebookNode]:
    """All pages in the order of reading: the front page, the lessons, the other texts; then the solved lessons."""
    lessons, solutions, texts = {}, {}, {}
    for source in assemble.sources([], root):
        names = [store.built(source, solved).relative_to(root).as_posix() for solved in (False, True)]
        targets = [name.removesuffix(".ipynb") + ".html" for name in names]
        for solved, found, more in ((False, lessons, ""), (True, solutions, ", solved")):
            notebook = store.read(source, solved)
            title = _title(notebook.cells[0].source) + more
            found[Page(names[solved], targets[solved], title, targets[not solved])] = notebook
    for name, target in TEXTS.items():
        text = (root / name).read_text(encoding="utf-8")
        texts[Page(name, target, _title(text) if texts else FRONT)] = new_notebook(cells=[new_markdown_cell(text)])
    front = next(iter(texts))
    return {front: texts.pop(front), **lessons, **texts, **solutions}


def _title(markdown: str) -> str:
    return next(line for line in markdown.splitlines() if line.startswith("# ")).removeprefix("# ")


def _relative(target: str, page: Page) -> str:
    return posixpath.relpath(target, posixpath.dirname(page.target) or ".")


def _finish(soup: BeautifulSoup, page: Page, targets: dict[str, str]) -> None:
    """Links between sources become links between pages; wide tables get a box to scroll in; the contents are listed."""
    article, contents, seen = soup.article, soup.new_tag("ul"), Counter()
    for link in article.find_all("a", href=True):
        parts = urlsplit(link["href"])
        source = posixpath.normpath(posixpath.join(posixpath.dirname(page.source), unquote(parts.path)))
        if parts.path and not parts.scheme and not parts.netloc and source in targets:
            link["href"] = _relative(targets[source], page) + (f"#{parts.fragment}" if parts.fragment else "")
    for table in article.find_all("table"):
        table.wrap(soup.new_tag("div", attrs={"class": "wide"}))
    for heading in article.find_all(re.compile("^h[1-6]$")):
        heading["id"] = anchor = links.slug(_heading(heading), seen)
        for link in heading.find_all("a", class_="anchor-link"):
            link["href"], link["aria-label"] = f"#{anchor}", "Link to this section"
        if heading.name in ("h2", "h3"):
            item = soup.new_tag("li", attrs={"class": f"level{heading.name[1]}"})
            item.append(soup.new_tag("a", href=f"#{anchor}", string=_heading(heading)))
            contents.append(item)
    here = soup.find("nav", class_="here")
    here.details.append(contents)
    if not contents.find():
        here.decompose()


def _heading(tag: Tag) -> str:
    return "".join(string for string in tag.strings if not string.find_parent(class_="anchor-link"))


def _sections(soup: BeautifulSoup, page: Page) -> list[dict[str, str]]:
    """The text of a page for the search, in pieces that begin at headings; of figures, the alternative texts."""
    pieces = [(page.title, page.target, [])]
    for node in soup.article.descendants:
        if isinstance(node, Tag) and node.name in ("h1", "h2", "h3"):
            heading = page.title if node.name == "h1" else _heading(node)
            pieces.append((heading, f"{page.target}#{node['id']}", []))
        elif isinstance(node, Tag) and node.name == "img":
            pieces[-1][2].append(node.get("alt", ""))
        elif type(node) is NavigableString and not node.find_parent(["h1", "h2", "h3"]):
            pieces[-1][2].append(node)
    found = []
    for heading, url, strings in pieces:
        text = re.sub(r"\$\$.*?\$\$", "", " ".join(strings), flags=re.DOTALL)
        if text := re.sub(r" (?=[,.;:?!)])", "", " ".join(text.replace("$", "").split())):
            found.append({"page": page.title, "heading": heading, "url": url, "text": text})
    return found


def _colours_of_code() -> str:
    light, dark = (HtmlFormatter(style=name).get_style_defs(".highlight") for name in ("default", "github-dark"))
    dark = [line for line in dark.splitlines() if ".highlight" in line]
    switched = "\n".join(f':root[data-theme="dark"] {line}' for line in dark)
    preferred = "\n".join(f':root:not([data-theme="light"]) {line}' for line in dark)
    return f"\n{light}\n{switched}\n@media (prefers-color-scheme: dark) {{\n{preferred}\n}}\n{PAPER}\n"


def main(argv: list[str], root: Path = REPOSITORY) -> int:
    """The command `site`; returns the exit status, 1 when a link leads nowhere."""
    out = root / "build" / "site"

    def act(sources: list[Path], _) -> int:
        faults = build_site(out, root)
        warn_if_stale(sources)
        print(f"Open {out / 'index.html'} in a browser. Links that lead out of the site: {out / 'external-links.txt'}")
        return report(faults)

    return command("site", argv, act, root, {}, also=npm.AssetsMissing, named=False)

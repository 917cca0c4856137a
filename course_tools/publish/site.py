"""`make site`: the whole course as a folder of web pages, to be read from a disk or put on any web server.

nbconvert draws each page with the small template in web/site. Site generators (MkDocs, Jupyter Book, MyST) would do as much,
but add dozens of packages to the lock of every student, and read Markdown or notebooks by rules other than JupyterLab's;
nbconvert is there already, and shows what students see.
"""

import argparse
import json
import os
import posixpath
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, NavigableString, Tag
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook
from pygments.formatters import HtmlFormatter
from tqdm import tqdm

from course_tools.lessons import assemble, store
from course_tools.lessons.commands import guarded, report, warn_if_stale
from course_tools.publish import npm
from course_utils.paths import REPOSITORY

TEXTS = {"README.md": "index.html", "RESULTS.md": "results.html"}
MORE_TEXTS = {
    "data/README.md": "data.html",
    "TEACHING.md": "teaching.html",
    "HUBS.md": "hubs.html",
    "CONTRIBUTING.md": "contributing.html",
}
LICENCES = {"LICENSE": "LICENSE.txt", "LICENSE-TEXT": "LICENSE-TEXT.txt"}
LIBRARIES = {**npm.MATHJAX, "minisearch/dist/umd/index.js": "minisearch.js"}
LIBRARIES["minisearch/LICENSE.txt"] = "minisearch-LICENSE.txt"
OWN = ("site/site.css", "site/page.js", "site/search.js", "math.js")
FRONT = "Start: the course and its lessons"


@dataclass
class Page:
    """One page: made from `source`, a path in the repository, to `target`, a path in the site."""

    source: str
    target: str
    notebook: NotebookNode
    title: str
    downloads: list[dict] = field(default_factory=list)  # links at its top: {"title", "href", "file"}


def build_site(out: Path, progress: Callable[[str], None] = lambda title: None, root: Path = REPOSITORY) -> list[str]:
    """Write the site of the course in `root` to the folder `out`, in place of what was there.

    Returns what is wrong with its links, a line each.

    Raises assemble.SourceError for a notebook that cannot be read, and npm.AssetsMissing when npm's libraries are not
    to be had. `progress(title)` is called after every page.
    """
    part = out.with_name(f".{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    npm.copy(LIBRARIES, part / "assets", out.parent)
    for name in OWN:
        shutil.copyfile(npm.WEB / name, part / "assets" / Path(name).name)
    with (part / "assets" / "site.css").open("a", encoding="utf-8") as style:
        style.write(_colours_of_code())
    for name, target in LICENCES.items():
        shutil.copyfile(root / name, part / target)

    pages = _pages(root)
    order = [page for page in pages if "/solutions/" not in page.target]
    targets = {page.source: page.target for page in pages} | LICENCES
    targets["notebooks/solutions"] = next((page.target for page in pages if page not in order), "index.html")
    exporter = HTMLExporter(template_name="site", extra_template_basedirs=[str(npm.WEB)])
    texts = []
    for page in pages:
        html, _ = exporter.from_notebook_node(page.notebook, {"course": _surroundings(page, order)})
        soup = BeautifulSoup(html, "html.parser")
        _finish(soup, page, targets)
        texts += _sections(soup, page) if page in order else []  # the solved lessons have the same text again
        path = part / page.target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(soup), encoding="utf-8", newline="\n")
        if page.source.endswith(".ipynb"):
            shutil.copyfile(root / page.source, path.with_suffix(".ipynb"))
        progress(page.title)
    data = json.dumps([{"id": i, **text} for i, text in enumerate(texts)], ensure_ascii=False)
    (part / "assets" / "search-data.js").write_text(f"window.courseTexts = {data};\n", encoding="utf-8", newline="\n")

    faults, external = check_links(part)
    lines = [f"{address}\t{', '.join(sorted(where))}" for address, where in sorted(external.items())]
    (part / "external-links.txt").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    shutil.rmtree(out, ignore_errors=True)
    os.replace(part, out)
    return faults


def check_links(site: Path) -> tuple[list[str], dict[str, set[str]]]:
    """What is wrong with the links of all pages of the folder `site`, a line each, and the links that lead out of it.

    Wrong is: a link, picture, script or style that is not in the folder or has no such anchor; a picture, script or style
    from the network; an id that stands twice in a page.
    """
    pages = {path: BeautifulSoup(path.read_bytes(), "html.parser") for path in sorted(site.rglob("*.html"))}
    ids = {path: Counter(tag["id"] for tag in soup.find_all(id=True)) for path, soup in pages.items()}
    faults, external = [], {}
    for path, soup in pages.items():
        name = path.relative_to(site).as_posix()
        faults += [f"{name}: the id {id!r} stands {count} times" for id, count in ids[path].items() if count > 1]
        for tag in soup.find_all(["a", "link", "script", "img", "iframe", "source"]):
            address = tag.get("href") or tag.get("src") or ""
            parts = urlsplit(address)
            if parts.scheme == "data" or not address:
                continue
            if parts.scheme or parts.netloc:
                if tag.name == "a":
                    external.setdefault(address, set()).add(name)
                else:
                    faults.append(f"{name}: <{tag.name}> comes from the network: {address}")
                continue
            to = Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
            if not to.is_file() or site not in to.parents:
                faults.append(f"{name}: nothing is at {address}")
            elif parts.fragment and unquote(parts.fragment) not in ids.get(to, ()):
                faults.append(f"{name}: no such anchor: {address}")
    return faults, external


def _pages(root: Path) -> list[Page]:
    """All pages in the order of reading: the front page, the lessons, the other texts; then the solved lessons."""
    lessons, solutions = [], []
    for source in assemble.sources([], root):
        for solved, found in ((False, lessons), (True, solutions)):
            notebook = store.read(source, solved)
            name = store.built(source, solved).relative_to(root).as_posix()
            title = _title(notebook.cells[0].source) + (", solved" if solved else "")
            found.append(Page(name, name.removesuffix(".ipynb") + ".html", notebook, title))
    for lesson, solution in zip(lessons, solutions, strict=True):
        for page, other, title in ((lesson, solution, "The same lesson, solved"), (solution, lesson, "The lesson")):
            file = Path(page.target).with_suffix(".ipynb").name
            page.downloads += [
                {"title": "Download the notebook", "href": file, "file": True},
                {"title": title, "href": _relative(other.target, page)},
            ]
    front, *after = [_text(root, *names) for names in TEXTS.items()]
    front.title = FRONT
    return [front, *lessons, *after, *(_text(root, *names) for names in MORE_TEXTS.items()), *solutions]


def _text(root: Path, source: str, target: str) -> Page:
    text = (root / source).read_text(encoding="utf-8")
    return Page(source, target, new_notebook(cells=[new_markdown_cell(text)]), _title(text))


def _title(markdown: str) -> str:
    return next(line for line in markdown.splitlines() if line.startswith("# ")).removeprefix("# ")


def _relative(target: str, page: Page) -> str:
    return posixpath.relpath(target, posixpath.dirname(page.target) or ".")


def _surroundings(page: Page, order: list[Page]) -> dict:
    """What the template puts around the text of a page."""
    links = [{"title": p.title, "href": _relative(p.target, page), "current": p is page} for p in order]
    here = next((i for i, p in enumerate(order) if p is page), None)
    return {
        "title": page.title,
        "root": "../" * page.target.count("/"),
        "pages": links,
        "downloads": page.downloads,
        "previous": links[here - 1] if here else None,
        "next": links[here + 1] if here is not None and here + 1 < len(links) else None,
    }


def _finish(soup: BeautifulSoup, page: Page, targets: dict[str, str]) -> None:
    """Links between sources become links between pages; wide tables get a box to scroll in; the contents are listed."""
    article, contents = soup.article, soup.new_tag("ul")
    for link in article.find_all("a", href=True):
        parts = urlsplit(link["href"])
        source = posixpath.normpath(posixpath.join(posixpath.dirname(page.source), unquote(parts.path)))
        if parts.path and not parts.scheme and not parts.netloc and source in targets:
            anchor = f"#{parts.fragment}" if parts.fragment else ""
            link["href"] = _relative(targets[source], page) + anchor
    for table in article.find_all("table"):
        table.wrap(soup.new_tag("div", attrs={"class": "wide"}))
    seen = Counter()
    for heading in article.find_all(re.compile("^h[1-6]$")):
        heading["id"] = anchor = _anchor(_heading(heading), seen)
        for link in heading.find_all("a", class_="anchor-link"):
            link["href"], link["aria-label"] = f"#{anchor}", "Link to this section"
    for heading in article.find_all(["h2", "h3"]):
        item = soup.new_tag("li", attrs={"class": f"level{heading.name[1]}"})
        item.append(soup.new_tag("a", href=f"#{heading['id']}", string=_heading(heading)))
        contents.append(item)
    here = soup.find("nav", class_="here")
    here.details.append(contents)
    if not contents.find():
        here.decompose()


def _anchor(heading: str, seen: Counter) -> str:
    """As GitHub makes it, so that links between the texts hold there and here."""
    anchor = re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
    seen[anchor] += 1
    return anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor] - 1}"


def _heading(tag: Tag) -> str:
    return "".join(string for string in tag.strings if not string.find_parent(class_="anchor-link"))


def _sections(soup: BeautifulSoup, page: Page) -> list[dict[str, str]]:
    """The text of a page for the search, in pieces that begin at headings; of figures, the alternative texts."""
    pieces = [(page.title, page.target, [])]
    in_headings = {id(string) for tag in soup.article.find_all(["h1", "h2", "h3"]) for string in tag.strings}
    for node in soup.article.descendants:
        if isinstance(node, Tag) and node.name in ("h1", "h2", "h3"):
            heading = page.title if node.name == "h1" else _heading(node)
            pieces.append((heading, f"{page.target}#{node['id']}", []))
        elif isinstance(node, Tag) and node.name == "img":
            pieces[-1][2].append(node.get("alt", ""))
        elif type(node) is NavigableString and id(node) not in in_headings:
            pieces[-1][2].append(node)
    texts = [re.sub(r"\$\$.*?\$\$", "", " ".join(strings), flags=re.DOTALL) for _, _, strings in pieces]
    texts = [re.sub(r" (?=[,.;:?!)])", "", " ".join(text.replace("$", "").split())) for text in texts]
    return [
        {"page": page.title, "heading": heading, "url": url, "text": text}
        for (heading, url, _), text in zip(pieces, texts, strict=True)
        if text
    ]


def _colours_of_code() -> str:
    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = [
        line
        for line in HtmlFormatter(style="github-dark").get_style_defs(".highlight").splitlines()
        if ".highlight" in line
    ]
    switched = "\n".join(f':root[data-theme="dark"] {line}' for line in dark)
    preferred = "\n".join(f':root:not([data-theme="light"]) {line}' for line in dark)
    paper = ".highlight { background: var(--shade) !important; }"
    return f"\n{light}\n{switched}\n@media (prefers-color-scheme: dark) {{\n{preferred}\n}}\n{paper}\n"


def make_site(root: Path) -> int:
    """Write the web pages of the course to build/site. 1 when a link leads nowhere."""
    out = root / "build" / "site"
    try:
        with tqdm(desc="pages", unit="page") as bar:
            faults = build_site(out, lambda title: bar.update(), root)
    except npm.AssetsMissing as error:
        print(error, file=sys.stderr)
        return 2
    warn_if_stale(assemble.sources([], root))
    print(f"Open {out / 'index.html'} in a browser. Links that lead out of the site: {out / 'external-links.txt'}")
    return report(faults)


def main(argv: list[str], root: Path = REPOSITORY) -> int:
    """The command `site`; returns the exit status."""
    what = "Write the whole course as web pages, to build/site."
    argparse.ArgumentParser(prog="python -m course_utils site", description=what).parse_args(argv)
    return guarded(make_site, root)

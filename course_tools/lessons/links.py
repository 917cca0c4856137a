"""`python -m course_utils links`: links within the course lead somewhere; those that lead outside are listed, not fetched."""

import argparse
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
from markdown_it import MarkdownIt
from markdown_it.token import Token

from course_utils.paths import REPOSITORY

PAGES = ("*.md", "data/*.md", "notebooks/[0-9]*.ipynb", "notebooks/solutions/[0-9]*.ipynb")
_HTML_LINK = re.compile(r"""\b(?:href|src)\s*=\s*["']([^"']+)["']""")


def pages() -> list[Path]:
    """The pages and built notebooks that readers see."""
    return [path for pattern in PAGES for path in sorted(REPOSITORY.glob(pattern))]


def links(page: Path) -> list[str]:
    """What the links and pictures of a Markdown page, or of a notebook's text, name as their targets.

    Raises ValueError for a notebook that cannot be read.
    """
    found = []
    for token in _tokens(page):
        found += [target for name in ("href", "src") if (target := token.attrs.get(name))]
        if token.type in ("html_block", "html_inline"):
            found += _HTML_LINK.findall(token.content)
    return found


def outside(target: str) -> bool:
    """Whether a link leads out of the course: to the web, to somebody's mail."""
    address = urlsplit(target)
    return bool(address.scheme or address.netloc)


def broken(page: Path, root: Path) -> list[str]:
    """Links of `page` to a file or heading under `root` that is not there: a line each, none when all is well."""
    faults = []
    for target in links(page):
        if outside(target):
            continue
        address = urlsplit(target)
        path = (page.parent / unquote(address.path)).resolve() if address.path else page.resolve()
        if not path.is_relative_to(root.resolve()):
            faults.append(f"{target}: leads out of the repository")
        elif not path.exists():
            faults.append(f"{target}: there is no such file")
        elif address.fragment and unquote(address.fragment) not in anchors(path):
            faults.append(f"{target}: {path.name} has no such heading")
    return [f"{page.relative_to(root).as_posix()}: {fault}" for fault in faults]


def anchors(page: Path) -> set[str]:
    """What a link may name after '#': headings, of a Markdown page as GitHub calls them, of a notebook as JupyterLab does."""
    if page.suffix not in (".md", ".ipynb"):
        return set()
    tokens = list(_tokens(page))
    texts = [
        "".join(part.content for part in after.children if part.type in ("text", "code_inline"))
        for token, after in pairwise(tokens)
        if token.type == "heading_open"
    ]
    if page.suffix == ".ipynb":
        return {text.replace(" ", "-") for text in texts}
    found, seen = set(), {}
    for text in texts:
        name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        seen[name] = seen.get(name, -1) + 1
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
    return found


def _tokens(page: Path) -> Iterator[Token]:
    if page.suffix == ".ipynb":
        cells = nbformat.read(str(page), as_version=4).cells
        texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    else:
        texts = [page.read_text(encoding="utf-8")]
    for text in texts:
        for token in MarkdownIt("commonmark").enable("table").parse(text):
            yield token
            yield from token.children or ()


def main(argv: list[str]) -> int:
    """The command; returns 1 if a link is broken."""
    argparse.ArgumentParser(prog="python -m course_utils links", description=__doc__.partition(": ")[2]).parse_args(
        argv
    )
    read = pages()
    faults = [fault for page in read for fault in broken(page, REPOSITORY)]
    addresses = sorted({target for page in read for target in links(page) if outside(target)})
    print(
        "\n".join([*addresses, *faults, f"pages: {len(read)}, links outside: {len(addresses)}, broken: {len(faults)}"])
    )
    return 1 if faults else 0

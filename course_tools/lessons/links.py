"""`python -m course_utils links`: links within the course lead to a file or heading; those to the web are listed, not fetched.
The same check is for the web pages that `site` and `slides` write."""

import functools
import os
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from course_tools import notebooks
from course_tools.__main__ import parser
from course_utils.paths import REPOSITORY

PAGES = ("*.md", "data/*.md", "notebooks/[0-9]*.ipynb", "notebooks/solutions/[0-9]*.ipynb")


def pages(root: Path = REPOSITORY) -> list[Path]:
    """The pages and built notebooks that readers of the course in `root` see."""
    return [path for pattern in PAGES for path in sorted(root.glob(pattern))]


def check(pages: Iterable[Path], root: Path) -> tuple[list[str], dict[str, set[str]]]:
    """What is wrong with the links of `pages` (.md, .ipynb or .html), one line each; and the addresses outside of `root`,
    each with the names of the pages that link to it. Wrong is a link, picture, script or style that is not under `root` or
    has no such heading; in a web page also one of the last three from the network, and an id that occurs twice. Raises
    ValueError for a notebook that cannot be read."""
    faults, outside, content = [], {}, functools.cache(_content)
    for page in pages:
        soup, anchors = content(page)
        name, is_web = page.relative_to(root).as_posix(), page.suffix == ".html"
        if is_web:
            faults += [f"{name}: the id {anchor!r} occurs {n} times" for anchor, n in anchors.items() if n > 1]
        for tag in soup.find_all(["a", "link", "script", "img", "iframe", "source"]):
            address = tag.get("href") or tag.get("src") or ""
            parts = urlsplit(address)
            if parts.scheme == "data" or not address:
                continue
            if parts.scheme or parts.netloc:
                if is_web and tag.name != "a":
                    faults.append(f"{name}: <{tag.name}> loads {address} from the network; pages must work without it")
                else:
                    outside.setdefault(address, set()).add(name)
                continue
            to = Path(os.path.normpath(page.parent / unquote(parts.path))) if parts.path else page
            if not (to.is_file() or (to.is_dir() and not is_web)) or root not in to.parents:
                faults.append(f"{name}: the link {address} leads to no file of the course")
            elif parts.fragment and unquote(parts.fragment) not in content(to)[1]:
                faults.append(f"{name}: the link {address} leads to a heading that does not exist")
    return faults, outside


def slug(heading: str, seen: Counter) -> str:
    """The anchor that GitHub gives a heading; `seen` counts those of the same page."""
    anchor = re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
    seen[anchor] += 1
    return anchor if seen[anchor] == 1 else f"{anchor}-{seen[anchor] - 1}"


def _content(path: Path) -> tuple[BeautifulSoup, Counter]:
    """A page, or the text of a notebook, as HTML, and what a link may name after '#': of a Markdown page as on GitHub, of a
    notebook as in JupyterLab. Both are empty for a file of another kind."""
    if path.suffix == ".html":
        soup = BeautifulSoup(path.read_bytes(), "html.parser")
        return soup, Counter(tag["id"] for tag in soup.find_all(id=True))
    texts = [path.read_text(encoding="utf-8")] if path.suffix == ".md" else []
    if path.suffix == ".ipynb":
        texts = [cell["source"] for cell in notebooks.read(path)["cells"] if cell["cell_type"] == "markdown"]
    render = MarkdownIt("commonmark").enable("table").render
    soup, seen = BeautifulSoup("\n".join(map(render, texts)), "html.parser"), Counter()
    headings = [tag.get_text() for tag in soup.find_all(re.compile("^h[1-6]$"))]
    return soup, Counter(text.replace(" ", "-") if path.suffix == ".ipynb" else slug(text, seen) for text in headings)


def main(argv: list[str], root: Path = REPOSITORY) -> int:
    """The command; returns 1 if a link is broken."""
    parser("links").parse_args(argv)
    read = pages(root)
    faults, outside = check(read, root)
    print(*sorted(outside), *faults, sep="\n")
    print(f"pages: {len(read)}, links outside: {len(outside)}, broken: {len(faults)}")
    return 1 if faults else 0

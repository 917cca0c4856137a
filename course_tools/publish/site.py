"""`make site`: the whole course as web pages, from a folder or any web server, by Sphinx and myst-nb (web/site/conf.py)."""

import argparse
from pathlib import Path

from sphinx.cmd.build import build_main

from course_tools.lessons import assemble, store
from course_tools.lessons.commands import command, warn_if_stale
from course_tools.publish import npm
from course_utils import files
from course_utils.paths import REPOSITORY


def build_site(out: Path, root: Path = REPOSITORY) -> int:
    """Write the site of the course in `root` to the folder `out`, in place of what was there. Prints what is wrong, such as
    links that lead nowhere; then returns 1. Raises Problem for an unreadable notebook, and without npm."""
    for source in assemble.sources([], root):
        for solved in (False, True):
            store.read(source, solved)  # says better than Sphinx which notebook is damaged
    with files.atomic(out) as part:
        npm.copy(npm.MATHJAX, {}, part / "_static", out.parent)
        options = ["-nWEqj", "auto", "-c", f"{npm.WEB}/site", "-d", f"{out.parent}/doctrees"]
        status = build_main([*options, str(root), str(part)])
        files.write(part / "index.html", (part / "README.html").read_bytes())
    return status


@command("site", {}, named=False)
def main(sources: list[Path], given: argparse.Namespace) -> int:
    """Write the site to build/site; 1 when a link leads nowhere."""
    out = given.root / "build" / "site"
    status = build_site(out, given.root)
    warn_if_stale(sources)
    print(f"Open {out / 'index.html'} in a browser.")
    return status

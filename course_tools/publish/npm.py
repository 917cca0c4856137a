"""The browser libraries that pages and slides are shown with: from npm, in the exact versions of web/package-lock.json. npm
checks each package against its hash in that file. MathJax is version 3 because its one file draws equations without fonts,
workers or further files, which a browser may refuse to load from a folder."""

import shutil
import subprocess
from pathlib import Path

from course_tools import Problem
from course_utils import files

WEB = Path(__file__).with_name("web")
MATHJAX = {"mathjax/es5/tex-svg.js": "mathjax.js", "mathjax/LICENSE": "mathjax-LICENSE.txt"}
LISTS = ("package.json", "package-lock.json")
MARK = "complete.json"  # a copy of the lock in node_modules, written last: an interrupted installation has none
COMMAND = "ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1".split()
NO_NPM = """npm was not found. It installs the libraries that pages and slides are shown with. It comes with Node.js
(Debian, Ubuntu: apt install npm; macOS: brew install node; Windows: winget install OpenJS.NodeJS)."""
FAILED = """npm could not install the libraries that pages and slides are shown with. It said:
{said}
Check the network and the disk, and try again. Without a network, copy the folder
{folder}
from a computer where the command has succeeded."""


def copy(libraries: dict[str, str], own: dict[str, str], out: Path, build: Path) -> None:
    """Write to `out` the `libraries`, {path in node_modules: name}, and our `own` files, {path in web: text to add at its
    end}. Libraries that are not in `build`/npm yet are installed there. Raises Problem without npm, or when it fails."""
    modules, lock = build / "npm" / "node_modules", (WEB / "package-lock.json").read_bytes()
    if not ((modules / MARK).is_file() and (modules / MARK).read_bytes() == lock):
        _install(modules.parent)
        (modules / MARK).write_bytes(lock)
    out.mkdir(parents=True, exist_ok=True)
    for path, name in libraries.items():
        shutil.copyfile(modules / path, out / name)
    for path, more in own.items():
        files.write(out / Path(path).name, (WEB / path).read_text(encoding="utf-8") + more)


def _install(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in LISTS:
        shutil.copyfile(WEB / name, folder / name)
    if not (npm := shutil.which("npm")):  # with its path, as on Windows it is npm.cmd
        raise Problem(NO_NPM)
    done = subprocess.run([npm, *COMMAND], cwd=folder, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise Problem(FAILED.format(said=(done.stderr or done.stdout).strip(), folder=folder))

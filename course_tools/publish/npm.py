"""What pages and slides are shown with: browser libraries from npm, in the exact versions of web/package-lock.json.

npm checks each package against the hash that stands there. MathJax is version 3 because its one file draws equations without
fonts, workers or further files, which a browser may refuse to load from a folder.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

WEB = Path(__file__).with_name("web")
MATHJAX = {"mathjax/es5/tex-svg.js": "mathjax.js", "mathjax/LICENSE": "mathjax-LICENSE.txt"}
LISTS = ("package.json", "package-lock.json")
MARK = "complete.json"  # a copy of the lock in node_modules, written last: what was interrupted has none
OPTIONS = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]


class AssetsMissing(RuntimeError):
    """The browser libraries could not be had. The message says why, and what to do."""


def copy(files: Mapping[str, str], out: Path, build: Path) -> None:
    """Copy `files`, {path in node_modules: name in `out`}; npm gets them into `build`/npm if they are not there yet.

    Raises AssetsMissing when npm is not installed, or cannot download.
    """
    modules = _install(build / "npm")
    out.mkdir(parents=True, exist_ok=True)
    for path, name in files.items():
        shutil.copyfile(modules / path, out / name)


def _install(folder: Path) -> Path:
    modules, lock = folder / "node_modules", (WEB / "package-lock.json").read_bytes()
    mark = modules / MARK
    if mark.is_file() and mark.read_bytes() == lock:
        return modules
    npm = shutil.which("npm")  # with its path, as on Windows it is npm.cmd
    if npm is None:
        raise AssetsMissing(
            "npm was not found. It gets the libraries that pages and slides are shown with. Install Node.js, which brings it\n"
            "(Debian, Ubuntu: apt install npm; macOS: brew install node; Windows: winget install OpenJS.NodeJS),\n"
            "and give the same command again."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in LISTS:
        shutil.copyfile(WEB / name, folder / name)
    done = subprocess.run([npm, "ci", *OPTIONS], cwd=folder, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        said = "\n".join(f"    {line}" for line in (done.stderr or done.stdout).strip().splitlines()[:6])
        raise AssetsMissing(
            f"npm could not get the libraries that pages and slides are shown with. It said:\n{said}\n"
            f"Is there a network, and a free disk? Then give the same command again. Without a network, copy the folder\n"
            f"{folder}\nfrom a computer where the command has succeeded."
        )
    mark.write_bytes(lock)
    return modules

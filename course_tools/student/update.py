"""`python -m course_utils update`: fetches new and corrected lessons, and keeps all work. Needs git and the standard library.

As with nbgitpuller (nbgitpuller.readthedocs.io), your changes are committed first, and files that you deleted come back. But
notebooks are merged by cells, as a merge by lines can leave an old output below new code. What cannot be merged stays as it
is, and the new file is written beside it. Files are written whole, and the branch moves last: after an interruption at any
point, the same command continues.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from course_utils import files
from course_utils.paths import REPOSITORY

IDENTITY = ("-c", "user.name=course update", "-c", "user.email=update@localhost")  # a user may have configured none
NEEDED = (
    "Needed: git, and a clone of the course. Copy the notebooks that you worked in to its notebooks/, with other names."
)
NEXT = "Updated. Reload open notebooks (File → Reload Notebook from Disk) before you work on. To open the lessons:  make lab"


def git(folder: Path, *arguments: str, given: str = "", check: bool = True, text: bool = True) -> str | bytes:
    """The output of a git command that reads `given`. If it fails, and is to `check`, raises RuntimeError with git's reason."""
    command, variables = ["git", "-C", str(folder), *IDENTITY, *arguments], os.environ | {"LC_ALL": "C"}
    done = subprocess.run(command, input=os.fsencode(given), capture_output=True, env=variables)
    if check and done.returncode:
        raise RuntimeError(os.fsdecode(done.stderr).strip() or f"git {arguments[0]} ended with {done.returncode}")
    return os.fsdecode(done.stdout).strip("\n") if text else done.stdout


def fetch(root: Path) -> tuple[Path, str, str]:
    """Top folder of the clone with the course in `root`, the last commit of the course that it has, and the newest one."""
    try:
        git(root, "ls-files", "--error-unmatch", ".")
    except (RuntimeError, OSError) as error:
        raise RuntimeError(f"{error}\n{NEEDED}") from error
    top, status = Path(git(root, "rev-parse", "--show-toplevel")), git(root, "status", "--long", "-uno")
    if re.search("^(You are (currently|in the mid)|You have unmerged|All conflicts fixed)", status, re.MULTILINE):
        raise RuntimeError("A merge or rebase is in progress: git status says how to finish or undo it.")
    full_name = partial(git, top, "rev-parse", "--quiet", "--verify", "--symbolic-full-name", check=False)
    here = full_name("@{upstream}") or full_name("refs/remotes/origin/HEAD")
    if not here.startswith("refs/remotes/"):
        raise RuntimeError("This clone does not know where the course is. Tell it:  git branch -u REMOTE/BRANCH")
    remote, branch = here.split("/", 3)[2:]
    print(f"Fetching {remote}/{branch}", flush=True)
    git(top, "fetch", "--quiet", remote, f"+refs/heads/{branch}:{here}")
    # When the course's history was written anew, only the reflog knows what the clone was made from: --fork-point reads it.
    common = partial(git, top, "merge-base", here, "HEAD", check=False)
    if base := common("--fork-point") or common():
        return top, base, git(top, "rev-parse", here)
    raise RuntimeError(f"This clone and {remote}/{branch} have no history in common.\n{NEEDED}")


def merge(*sides: bytes) -> bytes | None:
    """The first notebook with the cells that changed from the second to the third; None for a conflict or a damaged one."""
    with suppress(RuntimeError, ValueError, KeyError, TypeError, AttributeError), TemporaryDirectory() as folder:
        notebooks, tables = [json.loads(side) for side in sides], ({}, {}, {})
        for name, notebook, cells in zip("abc", notebooks, tables, strict=True):
            for cell in notebook["cells"]:
                key = json.dumps([cell["cell_type"], "".join(cell["source"])])
                while key in cells:  # the same cell once more
                    key += " "
                cells[key] = cell
            # An empty line follows each cell, as git takes changes of neighbouring lines for a conflict.
            Path(folder, name).write_bytes("".join(f"{key}\n\n" for key in cells).encode())
        yours, old, new = tables
        ran = {key for key in yours if yours[key].get("outputs") != old.get(key, {}).get("outputs")}
        keys = filter(None, git(Path(folder), "merge-file", "-p", "-q", "a", "b", "c").splitlines())
        # A cell that the student ran keeps its outputs.
        merged = [yours[key] if key in ran or key not in new else new[key] for key in keys]
        whole = notebooks[2] | {"cells": merged, "metadata": notebooks[0]["metadata"] | notebooks[2]["metadata"]}
        if len({cell["id"] for cell in merged}) == len(merged):
            return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode()
    return None


def update(root: Path) -> list[str]:
    """Bring the clone in `root` up to date; returns what was done. Raises RuntimeError, and OSError if it cannot write."""
    top, base, newest = fetch(root)
    read = partial(git, top, "cat-file", "blob", text=False)

    def tree(commit: str) -> dict[str, str]:
        lines = git(top, "ls-tree", "-r", "-z", "--full-tree", commit).split("\0")[:-1]
        return {path: entry.split()[2] for entry, path in (line.split("\t", 1) for line in lines)}

    def on_disk() -> dict[str, str]:
        paths = [path for path in sorted(old | new) if (top / path).is_file()]
        hashes = git(top, "hash-object", "-w", "--stdin-paths", given="\n".join(paths)).split()
        return dict(zip(paths, hashes, strict=True))

    def save(paths: dict, message: str, *parents: str) -> None:
        """Move the branch to a commit with `paths` as they are now: to the last parent if that has all of it."""
        git(top, "update-index", "--add", "--remove", "--replace", "--stdin", given="\n".join(paths))
        made, content = parents[-1], git(top, "write-tree")
        if parents[0] not in (base, made) or content != git(top, "rev-parse", f"{made}^{{tree}}"):
            made = git(top, "commit-tree", content, "-m", message, *(f"-p{parent}" for parent in parents))
        git(top, "update-ref", "-m", message, "HEAD", made)

    old, new = tree(base), tree(newest)
    mine, contents, said = on_disk(), {}, {}
    if newest == base and new.keys() <= mine.keys():
        return ["Already up to date."]
    save(mine, "My work before an update", git(top, "rev-parse", "HEAD"))
    for path in sorted(old | new):
        yours, was, now = (versions.get(path) for versions in (mine, old, new))
        if yours == now or (yours and was == now):
            continue
        if yours in (None, was):
            said[path], contents[path] = "new" if not yours else "corrected" if now else "removed", now and read(now)
        elif was and now and path.endswith(".ipynb") and (merged := merge(read(yours), read(was), read(now))):
            said[path], contents[path] = "corrected, with your changes", merged
        elif now:
            beside = git(top, "log", "-1", "--format= (new %cs %h)", newest).join(os.path.splitext(path))
            said[path] = f"yours stays as it is; the new version is {beside}"
            contents |= {} if (top / beside).exists() else {beside: read(now)}
    if on_disk() != mine:
        raise RuntimeError("A file was saved during the update. Run the same command again.")
    for path, content in contents.items():
        act = Path.unlink if content is None else partial(files.write, content=content)
        mode = (top / path).stat().st_mode if path in mine else None
        act(top / path)
        if mode and content is not None:
            (top / path).chmod(mode)
    if newest != base:
        save(old | new, "Update of the course", git(top, "rev-parse", "HEAD"), newest)
    return [*(f"{path}: {what}" for path, what in said.items() if "your" in what or path.endswith(".ipynb")), NEXT]


def main(argv: list[str], root: Path = REPOSITORY) -> int:
    """Fetch new and corrected lessons with git. All your work stays."""
    argparse.ArgumentParser("python -m course_utils update", description=main.__doc__).parse_args(argv)
    try:
        print(*update(root), sep="\n")
    except (RuntimeError, OSError) as error:
        print(f"Not updated: {error}", file=sys.stderr)
        return 1
    return 0

"""`python -m course_utils update`: fetches new and corrected lessons, and keeps all work. Needs git and the standard library.

The rules are nbgitpuller's (nbgitpuller.readthedocs.io, "Automatic Merging Behavior"): your changes are committed first, files
that you deleted come back, and both sides' changes are merged. But notebooks are merged by cells: by lines, 18 of 134 past
corrections of this course left an old output below new code. A file that cannot be merged stays as it is, under its name, and
the new one is written beside it: links still lead to your work, and `progress` and `grade`, which go by content, find either.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

from course_utils import files
from course_utils.paths import REPOSITORY

IDENTITY = ("-c", "user.name=course update", "-c", "user.email=update@localhost")  # a user may have configured none
LESSON = re.compile(r"(.*/)?notebooks/[^/]+\.ipynb")
COPY = """If the course was downloaded and not cloned, download the new version into another folder, and copy the notebooks
that you worked in to its folder notebooks/, under other names."""
NEXT = """\nReload notebooks that are open in JupyterLab (File → Reload Notebook from Disk) before you work on.
To get the new version of a file that stays yours, rename or delete it, and update again. To open the lessons:  make lab"""
LOCKS = "Packages changed, too: make lab, or  python -m course_utils setup,  brings the environment up to date."


class Refused(Exception):
    """Why the course was not updated, and what to do."""


def git(folder: Path, *arguments: str, given: bytes = b"", accept: tuple[int, ...] = (0,)) -> bytes:
    """The output of a git command. Raises Refused, with git's reason, for an exit status that is not one to `accept`."""
    command, variables = ["git", "-C", str(folder), *arguments], os.environ | {"LC_ALL": "C"}
    done = subprocess.run(command, input=given, capture_output=True, env=variables)
    if done.returncode not in accept:
        said = os.fsdecode(done.stderr).strip().splitlines() or [f"git {arguments[0]} ended with {done.returncode}"]
        raise Refused(next((line for line in said if re.match("fatal|error", line)), said[-1]))
    return done.stdout


def ask(*arguments, accept: tuple[int, ...] = (0, 1), **options) -> str:
    """The same as text; none for "no", status 1."""
    return os.fsdecode(git(*arguments, accept=accept, **options)).strip("\n")


def fetch(root: Path) -> tuple[Path, str, str]:
    """Top folder of the clone that has the course in `root`, the course's newest commit, and the last one that the clone has.

    Raises Refused if there is no clone that can be updated.
    """
    if shutil.which("git") is None:
        raise Refused("There is no git. Install it (your system's packages or git-scm.com have it), and try again.")
    try:
        git(root, "ls-files", "--error-unmatch", ".")
    except Refused as error:
        raise Refused(f"{error}\n{COPY}") from error
    top, status = Path(ask(root, "rev-parse", "--show-toplevel")), ask(root, "status", "--long", "-uno")
    if re.search("^(You are (currently|in the mid)|You have unmerged|All conflicts fixed)", status, re.MULTILINE):
        raise Refused("A merge or rebase is in progress: git status says how to finish or undo it. Then update again.")
    head, remotes = ask(top, "symbolic-ref", "-q", "--short", "HEAD"), ask(top, "remote").split()
    tracked, ref = (ask(top, "config", f"branch.{head}.{key}") for key in ("remote", "merge"))
    remote = next((name for name in ("upstream", tracked, "origin", *remotes) if name in remotes), None)
    if remote is None:
        raise Refused("This clone does not know where the course is. Tell it:  git remote add origin ADDRESS")
    print("Fetching from", re.sub("//[^/@]*@", "//", ask(top, "remote", "get-url", remote)), flush=True)  # no password
    if remote != tracked:
        ref = re.search(r"ref: (\S+)|$", ask(top, "ls-remote", "--symref", remote, "HEAD"))[1] or "refs/heads/main"
    here = f"refs/remotes/{remote}/{ref.removeprefix('refs/heads/')}"
    git(top, "fetch", "--quiet", remote, f"+{ref}:{here}")
    # When the course's history was written anew, only the reflog knows what the clone was made from: --fork-point reads it.
    base = ask(top, "merge-base", "--fork-point", here, "HEAD") or ask(top, "merge-base", here, "HEAD")
    if not base:
        raise Refused(f"This clone and {remote} have no history in common.\n{COPY}")
    return top, ask(top, "rev-parse", here), base


def tree(top: Path, commit: str) -> dict[str, str]:
    """The files of a commit: of each path its mode, type and hash."""
    lines = ask(top, "ls-tree", "-r", "-z", "--full-tree", commit).split("\0")[:-1]
    return {path: entry for entry, _, path in (line.partition("\t") for line in lines)}


def merge(*sides: bytes) -> bytes | None:
    """The first text with what changed from the second to the third; None if both changed the same lines."""
    with tempfile.TemporaryDirectory() as folder:
        for name, side in zip("abc", sides, strict=True):
            Path(folder, name).write_bytes(side)
        try:
            return git(Path(folder), "merge-file", "-p", "-q", "a", "b", "c")
        except Refused:
            return None


def merge_notebooks(*sides: bytes) -> bytes | None:
    """The same with cells for lines; None for a damaged notebook, too. Below cells that you ran, outputs are yours."""
    try:
        notebooks, tables = [json.loads(side) for side in sides], ({}, {}, {})
        for notebook, cells in zip(notebooks, tables, strict=True):
            for cell in notebook["cells"]:
                key = json.dumps([cell["cell_type"], "".join(cell["source"])])
                while key in cells:  # the same cell once more
                    key += " "
                cells[key] = cell
        # An empty line after each cell, as git takes changes of neighbouring lines for a conflict.
        text = merge(*("".join(f"{key}\n\n" for key in cells).encode() for cells in tables)) or b""
        yours, old, new = tables
        merged = []
        for key in filter(None, text.decode().split("\n")):
            ran = key in yours and yours[key].get("outputs") != old.get(key, {}).get("outputs")
            merged.append(yours[key] if ran or key not in new else new[key])
        lesson = {name: value for name, value in notebooks[2]["metadata"].items() if name in ("course", "otter")}
        whole = notebooks[2] | {"cells": merged, "metadata": notebooks[0]["metadata"] | lesson}
        sound = len({cell["id"] for cell in merged}) == len(merged) > 0
        return (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode() if sound else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def update(root: Path) -> list[str]:
    """Bring the clone in `root` up to date; returns what was done. Raises Refused, and OSError if a file cannot be written.

    Files are written whole, and the branch moves last: after an interruption at any point, the same command continues.
    """
    top, newest, base = fetch(root)
    head, old, new = ask(top, "rev-parse", "HEAD"), tree(top, base), tree(top, newest)
    deleted, modified = (ask(top, "ls-files", kind, "-z").split("\0")[:-1] for kind in ("--deleted", "--modified"))
    if newest == base and not new.keys() & deleted:
        return ["Already up to date."]

    def read(entry: str | None) -> bytes:
        return git(top, "cat-file", "blob", entry.split()[2]) if entry else b""

    def commit(paths: list[str], message: str, *parents: str) -> str:
        """Move the branch to a commit with `paths` as they are now: to the last parent if that has all of it."""
        given = "".join(f"{path}\0" for path in paths).encode(errors="surrogateescape")
        git(top, "update-index", "--add", "--remove", "--replace", "-z", "--stdin", given=given)
        made, content = parents[-1], ask(top, "write-tree")
        if parents[0] not in (base, made) or content != ask(top, "rev-parse", f"{made}^{{tree}}"):
            made = ask(top, *IDENTITY, "commit-tree", content, "-m", message, *(f"-p{parent}" for parent in parents))
        git(top, "update-ref", "-m", message, "HEAD", made)
        return made

    changed = [path for path in sorted(old | new) if old.get(path) != new.get(path)]
    kept = {*modified, *(new.keys() - old.keys())}  # the latter are in the way, if they are there
    before = commit(sorted(path for path in kept if (top / path).is_file()), "My work before an update", head)
    mine, contents, said = tree(top, before), {}, {}
    for path in sorted({*changed, *(new.keys() & deleted)}):
        yours, was, now = None if path in deleted else mine.get(path), old.get(path), new.get(path)
        if yours in (None, was, now):
            kind = "removed: no longer in the course" if not now else "new" if not was else "restored"
            said[path] = "corrected" if was and yours and now else kind
            contents |= {} if yours == now else {path: read(now) if now else None}
        elif not now:
            said[path] = "no longer in the course; yours stays"
        elif content := (merge_notebooks if path.endswith(".ipynb") else merge)(read(yours), read(was), read(now)):
            said[path], contents[path] = "corrected, with your changes", content
        else:
            (start, suffix), day = os.path.splitext(path), time.strftime("%Y-%m-%d")
            names = (f"{start} (new {day}{f' {n}' if n else ''}){suffix}" for n in count())
            place = next(name for name in names if not (top / name).exists() or (top / name).read_bytes() == read(now))
            said[path], contents[place] = f"yours stays as it is; the new version is {place}", read(now)
    if saved := {*ask(top, "diff", "--name-only", "-z").split("\0")[:-1]} - {*deleted}:
        raise Refused(f"{', '.join(sorted(saved))} changed meanwhile. Run the same command again.")
    for path, content in sorted(contents.items(), key=lambda item: item[1] is not None):  # a folder may follow a file
        if content is None:
            (top / path).unlink(missing_ok=True)
        else:
            files.write(top / path, content)
            if new.get(path, "").startswith("100755"):
                (top / path).chmod(0o755)
    if newest != base:
        commit(changed, "Update of the course", before, newest)
    shown = [f"{path}: {what}" for path, what in said.items() if "your" in what or LESSON.fullmatch(path)]
    shown += [f"other files of the course: {len(said) - len(shown)}"] if len(said) > len(shown) else []
    shown += [f"Your files from before the update are in git:  git show {before[:10]}:PATH"] if before != head else []
    return [*shown, NEXT, *([LOCKS] if any(path.endswith(".lock") for path in changed) else [])]


def main(argv: list[str], root: Path = REPOSITORY) -> int:
    """The command; returns 1 when the course could not be updated."""
    description = "Fetch new and corrected lessons with git. All your work stays."
    argparse.ArgumentParser("python -m course_utils update", description=description).parse_args(argv)
    try:
        print(*update(root), sep="\n")
    except (Refused, OSError) as error:
        lock = " If no other program uses git here, remove this file." if "lock'" in str(error) else ""
        print(f"Not updated: {error}{lock}", file=sys.stderr)
        return 1
    return 0

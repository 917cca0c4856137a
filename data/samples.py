"""Writing a sample: its files with their sha256 beside them, and its numbers into README.md. The scripts here share it."""

import bz2
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path


def write(folder: Path, script: str, files: Mapping[str, Sequence[str]], numbers: str) -> None:
    """Write `files`, {name: lines}, compressed into `folder`, and `numbers` between the marks of `script` in README.md there.

    Raises ValueError if the README lacks the marks; then nothing is written.
    """
    path = folder / "README.md"
    marks = marks_of(script)
    before, start, rest = path.read_text(encoding="utf-8").partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not end:
        raise ValueError(f"{path} lacks the marks {marks[0]} and {marks[1]}, between which the numbers go")
    for name, lines in files.items():
        # bz2 and not gzip: every build of it writes the same bytes
        content = bz2.compress("".join(line + "\n" for line in lines).encode("utf-8"))
        _write(folder / name, content)
        _write(folder / f"{name}.sha256", f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode("ascii"))
    _write(path, f"{before}{start}\n{numbers}\n{end}{after}".encode())


def marks_of(script: str) -> tuple[str, str]:
    """The comments in README.md between which the numbers of `script` stand."""
    return f"<!-- made by {script}: start -->", f"<!-- made by {script}: end -->"


def _write(path: Path, content: bytes) -> None:
    """Write a file in one step: it is the old one or the new one, never half of it."""
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    os.replace(new, path)

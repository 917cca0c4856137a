"""Write a sample: its files, a file with the sha256 of each, and its numbers into README.md. Shared by the scripts here."""

import bz2
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from course_utils import files


def write(folder: Path, script: str, contents: Mapping[str, Sequence[str]], numbers: str) -> None:
    """Write `contents`, {name: lines}, compressed, and `numbers` between the marks of `script` in README.md, into `folder`.

    Raises ValueError if README.md does not have the marks; then nothing is written.
    """
    path = folder / "README.md"
    marks = marks_of(script)
    before, start, rest = path.read_text(encoding="utf-8").partition(marks[0])
    _, end, after = rest.partition(marks[1])
    if not end:
        raise ValueError(f"{path} must have the lines {marks[0]} and {marks[1]}; the numbers are written between them")
    for name, lines in contents.items():
        # bz2 and not gzip: every build of it writes the same bytes
        content = bz2.compress("".join(line + "\n" for line in lines).encode("utf-8"))
        files.write(folder / name, content)
        files.write(folder / f"{name}.sha256", f"{hashlib.sha256(content).hexdigest()}  {name}\n")
    files.write(path, f"{before}{start}\n{numbers}\n{end}{after}")


def marks_of(script: str) -> tuple[str, str]:
    """The comments in README.md between which the numbers of `script` are."""
    return f"<!-- made by {script}: start -->", f"<!-- made by {script}: end -->"

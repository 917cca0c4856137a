"""One running text for a language model: the embedded sample, the course's own prose, or Tiny Shakespeare.

Tiny Shakespeare: 40,000 lines of Shakespeare's plays, in the public domain, put together by A. Karpathy for char-rnn
("The Unreasonable Effectiveness of Recurrent Neural Networks", 2015). The sample: `data/README.md`.
"""

import bz2
from dataclasses import dataclass
from pathlib import Path

from course_utils import paths

DATASET = "tiny_shakespeare"
COMMAND = f"make data DATASETS={DATASET}"
REAL = Path("tiny_shakespeare/input.txt")
SIZE = 1_115_394  # bytes, and characters, for all are ASCII

SAMPLE = "texts.txt.bz2"
SCRIPT = "data/make_texts.py"


@dataclass(frozen=True, eq=False)
class Text:
    """A text in three parts, which follow each other as written: the last tenth is the test, the twentieth before it is to
    choose with, the rest to learn from. `source` is "sample" or "real"."""

    source: str
    train: str
    validation: str
    test: str


def load() -> Text:
    """The text, from disk only: Tiny Shakespeare if it is under COURSE_DATA_DIR, else the sample. Prints one line about it.

    Raises paths.DataNotReady if COURSE_DATA=real and it is not there, and ValueError for a damaged file.
    """
    if paths.choose(DATASET, is_ready) == "sample":
        content = paths.verified(paths.SAMPLES / SAMPLE, SCRIPT).read_bytes()
        return _parts("sample", bz2.decompress(content).decode("utf-8"), "embedded sample", f" (real one: {COMMAND})")
    path = paths.data_dir() / REAL
    try:
        text = path.read_bytes().decode("ascii")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is damaged ({error}). Remove the file and get it again with: {COMMAND}") from None
    return _parts("real", text, "real, Tiny Shakespeare")


def is_ready(folder: Path) -> bool:
    """Whether Tiny Shakespeare lies whole under `folder`. Looks at name and size only."""
    path = Path(folder) / REAL
    return path.is_file() and path.stat().st_size == SIZE


def _parts(source: str, text: str, name: str, hint: str = "") -> Text:
    first, second = len(text) * 17 // 20, len(text) * 18 // 20
    parts = text[:first], text[first:second], text[second:]
    sizes = "{:,} train, {:,} validation, {:,} test".format(*map(len, parts))
    print(f"Text: {name} – {len(text):,} characters: {sizes}; {len(set(text))} different ones{hint}")
    return Text(source, *parts)

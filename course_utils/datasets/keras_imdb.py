"""The word index of `keras.datasets.imdb`: which number stands for which word of its reviews.

Keras's file of reviews, imdb.npz, is not read here: its arrays are pickles, and whoever unpickles a file runs what it says.
"""

import json
from pathlib import Path

from course_utils import paths

DATASET = "keras_imdb"
WORD_INDEX = Path("keras") / "imdb_word_index.json"  # under COURSE_DATA_DIR
SIZE = 1_641_221  # bytes


def load_word_index() -> dict[str, int] | None:
    """The rank, 1 … 88,584, of each word by its frequency; None where real data is not wanted or not there.

    Prints one line about it. Raises paths.DataNotReady if COURSE_DATA=real and it is missing, and ValueError if the file is
    damaged.
    """
    if paths.choose(DATASET, is_ready) == "sample":
        print(f"Word index of keras.datasets.imdb: not here; get it with: make data DATASETS={DATASET}")
        return None
    path = paths.data_dir() / WORD_INDEX
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
        whole = sorted(index.values()) == list(range(1, len(index) + 1))
    except (ValueError, AttributeError, TypeError):
        whole = False
    if not whole:
        raise ValueError(
            f"{path} does not number words from 1. Remove it and get it with: make data DATASETS={DATASET}"
        )
    print(f"Word index of keras.datasets.imdb: {len(index):,} words")
    return index


def is_ready(folder: Path) -> bool:
    """Whether the word index lies whole under `folder`. Looks at its name and size only."""
    path = Path(folder) / WORD_INDEX
    return path.is_file() and path.stat().st_size == SIZE

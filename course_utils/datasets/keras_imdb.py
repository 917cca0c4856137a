"""The word index of `keras.datasets.imdb`: which number means which word of its reviews.

Keras's file of reviews, imdb.npz, is not read here: its arrays are pickles, and unpickling a file runs the code in it.
"""

import json

from course_utils.datasets import announce, damaged, real_files


def load_word_index() -> dict[str, int] | None:
    """The rank, 1 … 88,584, of each word by its frequency; None without real data."""
    files = real_files("keras_imdb")
    if not files:
        return announce("Word index of keras.datasets.imdb", "none", "keras_imdb", "it has no sample")
    try:
        index = json.loads(files[0].read_text(encoding="utf-8"))
        if sorted(index.values()) != list(range(1, len(index) + 1)):
            raise ValueError
    except (ValueError, AttributeError, TypeError):
        raise damaged(f"{files[0]} does not give the words the numbers 1, 2, 3, …", "keras_imdb") from None
    return announce("Word index of keras.datasets.imdb", "real", "keras_imdb", f"{len(index):,} words", index)

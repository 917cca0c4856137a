"""What people say about pairs of words: WordSim-353, SimLex-999, and the analogies of word2vec.

WordSim-353: L. Finkelstein et al., "Placing Search in Context: The Concept Revisited", ACM TOIS 20(1), 2002; 0 to 10 for how
related two words are. SimLex-999: F. Hill, R. Reichart, A. Korhonen, "SimLex-999: Evaluating Semantic Models with (Genuine)
Similarity Estimation", Computational Linguistics 41(4), 2015; 0 to 10 for how similar they are. Analogies: T. Mikolov et al.,
"Efficient Estimation of Word Representations in Vector Space", 2013.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils import paths

DATASET = "word_similarity"
RATED = {"WordSim-353": "EN-WS-353-ALL.txt", "SimLex-999": "EN-SIMLEX-999.txt"}
ANALOGIES = "questions-words.txt"
SIZES = {"EN-WS-353-ALL.txt": 7_405, "EN-SIMLEX-999.txt": 18_024, ANALOGIES: 603_955}  # bytes


@dataclass(frozen=True, eq=False)
class Rated:
    """Pairs of words, in small letters, and what people gave them on average: `ratings` (pairs,), 0 to 10."""

    pairs: list[tuple[str, str]]
    ratings: np.ndarray


@dataclass(frozen=True, eq=False)
class Similarity:
    """`rated` by name; `analogies` by section: lists of (a, b, c, d), a is to b as c is to d, in small letters."""

    rated: dict[str, Rated]
    analogies: dict[str, list[tuple[str, str, str, str]]]


def load() -> Similarity | None:
    """All three from COURSE_DATA_DIR; None where real data is not wanted or not there. Prints one line about it.

    Raises paths.DataNotReady if COURSE_DATA=real and they are missing, and ValueError if a file is damaged.
    """
    if paths.choose(DATASET, is_ready) == "sample":
        print(f"Word pairs rated by people: none without real data; get them with: make data DATASETS={DATASET}")
        return None
    folder = paths.data_dir() / DATASET
    found = Similarity({name: _rated(folder / file) for name, file in RATED.items()}, _analogies(folder / ANALOGIES))
    counts = [f"{name} – {len(rated.pairs)} pairs" for name, rated in found.rated.items()]
    print(f"Word pairs rated by people: {', '.join(counts)}; {sum(map(len, found.analogies.values())):,} analogies")
    return found


def is_ready(folder: Path) -> bool:
    """Whether the three files lie whole under `folder`. Looks at names and sizes only."""
    paths = {Path(folder) / DATASET / name: size for name, size in SIZES.items()}
    return all(path.is_file() and path.stat().st_size == size for path, size in paths.items())


def _rows(path: Path, fields: int, separator: str | None) -> list[list[str]]:
    rows = [line.lower().split(separator) for line in path.read_text(encoding="utf-8").splitlines()]
    for number, row in enumerate(rows, start=1):
        if len(row) != fields and row[:1] != [":"]:
            raise ValueError(f"{path}, line {number}, does not have {fields} fields. Remove the file and get it again.")
    return rows


def _rated(path: Path) -> Rated:
    rows = _rows(path, 3, "\t")
    return Rated([(a, b) for a, b, _ in rows], np.array([float(rating) for _, _, rating in rows]))


def _analogies(path: Path) -> dict[str, list[tuple[str, str, str, str]]]:
    sections = {}
    for row in _rows(path, 4, None):
        if row[0] == ":":  # ": family" begins a section
            section = sections[row[1]] = []
        else:
            section.append(tuple(row))
    return sections

"""Pairs of words rated by people: WordSim-353, SimLex-999, and the analogies of word2vec.

WordSim-353: L. Finkelstein et al., "Placing Search in Context: The Concept Revisited", ACM TOIS 20(1), 2002; 0 to 10 for how
related two words are. SimLex-999: F. Hill, R. Reichart, A. Korhonen, "SimLex-999: Evaluating Semantic Models with (Genuine)
Similarity Estimation", Computational Linguistics 41(4), 2015; how similar they are. Analogies: T. Mikolov et al., 2013.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils.datasets import announce, damaged, lines, real_files


@dataclass(frozen=True, eq=False)
class Rated:
    """Pairs of words, in lower case, and their mean ratings by people: `ratings` (pairs,), 0 to 10."""

    pairs: list[tuple[str, str]]
    ratings: np.ndarray


@dataclass(frozen=True, eq=False)
class Similarity:
    """`rated` by name; `analogies` by section: lists of (a, b, c, d), a is to b as c is to d, in lower case."""

    rated: dict[str, Rated]
    analogies: dict[str, list[tuple[str, str, str, str]]]


def load() -> Similarity | None:
    """All three; None without real data."""
    files = real_files("word_similarity")
    if not files:
        return announce("Word pairs rated by people", "none", "word_similarity", "they have no sample")
    wordsim, simlex, analogies = files
    rated = {"WordSim-353": read_rated(wordsim), "SimLex-999": read_rated(simlex)}
    found = Similarity(rated, read_analogies(analogies))
    counts = ", ".join(f"{name}: {len(each.pairs)} pairs" for name, each in rated.items())
    counts += f", {sum(map(len, found.analogies.values())):,} analogies"
    return announce("Word pairs rated by people", "real", "word_similarity", counts, found)


def read_rated(path: Path) -> Rated:
    """From lines of two words and a rating."""
    rows = list(_rows(path, 3))
    return Rated([(a, b) for a, b, _ in rows], np.array([float(rating) for _, _, rating in rows]))


def read_analogies(path: Path) -> dict[str, list[tuple[str, str, str, str]]]:
    """From lines of four words; a line like ": family" begins a section."""
    sections = {}
    for row in _rows(path, 4):
        if row[0] == ":":
            section = sections[row[1]] = []
        else:
            section.append(tuple(row))
    return sections


def _rows(path: Path, fields: int) -> Iterator[list[str]]:
    for place, line in lines(path, "word_similarity"):
        row = line.lower().split()
        if len(row) != fields and row[:1] != [":"]:
            raise damaged(f"{place} has {len(row)} fields instead of {fields}", "word_similarity")
        yield row

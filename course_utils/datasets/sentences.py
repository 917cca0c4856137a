"""Sentences with named entities, in IOB2: the embedded sample, or WNUT17.

WNUT17: L. Derczynski, E. Nichols, M. van Erp, N. Limsopatham, "Results of the WNUT2017 Shared Task on Novel and Emerging
Entity Recognition", Workshop on Noisy User-generated Text, 2017; github.com/leondz/emerging_entities_17, CC BY 4.0.
"""

from dataclasses import dataclass
from pathlib import Path

from course_utils.datasets import Splits, Table, announce, damaged, lines, real_files, rows, sample

TYPES = ("person", "location", "corporation", "group", "product", "creative-work")  # of WNUT17
TAGS = {"O", *(f"{prefix}-{type_}" for type_ in TYPES for prefix in "BI")}


@dataclass(frozen=True, eq=False)
class Split(Table):
    """n sentences, in a fixed order.

    words: for each sentence its tokens, as they were written; punctuation marks are tokens.
    tags: for each sentence as many tags, in IOB2: "O", or "B-" (an entity's first token) or "I-" (each further one) and a type.
    kinds: for each sentence the kind of context of each of its entities, in order, "a" to "d"; None for WNUT17.
    """

    words: list[list[str]]
    tags: list[list[str]]
    kinds: list[list[str]] | None = None


def load() -> Splits:
    """WNUT17 or the sample."""
    files = real_files("wnut17")
    return _announced(Splits("real", *map(read, files))) if files else load_sample()


def load_sample() -> Splits:
    """The embedded sample."""
    splits = {name: Split([], [], []) for name in ("train", "validation", "test")}
    for _, (name, words, tags, kinds) in rows(sample("sentences.tsv.bz2"), tabs=True):
        splits[name].words.append(words.split(" "))
        splits[name].tags.append(tags.split(" "))
        splits[name].kinds.append([] if kinds == "-" else kinds.split(" "))
    return _announced(Splits("sample", **splits))


def read(path: Path) -> Split:
    """The sentences of a file of WNUT17: each line is a token, a tab and its tag; an empty line ends a sentence.

    Empty lines may contain tabs and spaces, be repeated, and be missing at the end. Tokens are not changed. Raises ValueError
    for a line that is not of this format, an I- that continues no entity of its type, and a file without a sentence.
    """
    split, previous = Split([], []), ""  # previous tag, "" at the beginning of a sentence
    for place, line in lines(path, "wnut17"):
        fields = [field.strip(" ") for field in line.strip(" \t\r\n").split("\t")]
        if fields == [""]:
            previous = ""
            continue
        if len(fields) != 2 or fields[1] not in TAGS:
            raise damaged(f"{place} is not a token, a tab and a tag of WNUT17: {line[:80]!r}", "wnut17")
        word, tag = fields
        if tag[0] == "I" and previous[1:] != tag[1:]:
            raise damaged(f"{place} has the tag {tag}, and no entity of this type continues here", "wnut17")
        for column, value in ((split.words, word), (split.tags, tag)):
            if not previous:
                column.append([])
            column[-1].append(value)
        previous = tag
    if not split:
        raise damaged(f"{path} has no sentence", "wnut17")
    return split


def _announced(found: Splits) -> Splits:
    types = [tag[2:] for split in found for tags in split.tags for tag in tags if tag[0] == "B"]
    counts = f"{found.sizes}; {len(types):,} entities of {len(set(types))} types"
    return announce("Sentences", found.source, "wnut17", counts, found)

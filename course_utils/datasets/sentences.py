"""Sentences with named entities, in IOB2: the embedded sample, or WNUT17.

WNUT17: L. Derczynski, E. Nichols, M. van Erp, N. Limsopatham, "Results of the WNUT2017 Shared Task on Novel and Emerging
Entity Recognition", Workshop on Noisy User-generated Text, 2017; github.com/leondz/emerging_entities_17, CC BY 4.0. The
sample and what is planted in it: `data/README.md`.
"""

import bz2
from dataclasses import dataclass
from pathlib import Path

from course_utils import paths

DATASET = "wnut17"
COMMAND = f"make data DATASETS={DATASET}"
FILES = {"train": "wnut17train.conll", "validation": "emerging.dev.conll", "test": "emerging.test.annotated"}
SIZES = {"wnut17train.conll": 493_781, "emerging.dev.conll": 114_749, "emerging.test.annotated": 192_425}  # bytes
TYPES = ("person", "location", "corporation", "group", "product", "creative-work")  # of WNUT17
TAGS = {"O", *(f"{prefix}-{type_}" for type_ in TYPES for prefix in "BI")}

SAMPLE = "sentences.tsv.bz2"
SCRIPT = "data/make_sentences.py"


@dataclass(frozen=True, eq=False)
class Split:
    """n sentences, in a fixed order; `len(split)` is n.

    words: for each sentence its tokens, as they were written; punctuation signs are tokens.
    tags: for each sentence as many tags, in IOB2: "O", or "B-" (an entity's first token) or "I-" (each further one) and a type.
    kinds: for each sentence the kind of context of each of its entities, in order, "a" to "d"; None for WNUT17.
    """

    words: list[list[str]]
    tags: list[list[str]]
    kinds: list[list[str]] | None = None

    def __len__(self) -> int:
        return len(self.words)


@dataclass(frozen=True, eq=False)
class Sentences:
    """`source` is "sample" or "real"."""

    source: str
    train: Split
    validation: Split
    test: Split


def load() -> Sentences:
    """The sentences, from disk only: WNUT17 if it is under COURSE_DATA_DIR, else the sample. Prints one line about them.

    Raises paths.DataNotReady if COURSE_DATA=real and WNUT17 is not there, and ValueError, with the number of the line, if a
    file is damaged.
    """
    if paths.choose(DATASET, is_ready) == "sample":
        return load_sample(f" (real ones: {COMMAND})")
    folder = paths.data_dir() / DATASET
    return _print(Sentences("real", *(read(folder / name) for name in FILES.values())), "real, WNUT17")


def load_sample(hint: str = "") -> Sentences:
    """The embedded sample, wherever real data may lie: for what only its planted structure can show. Prints one line."""
    content = paths.verified(paths.SAMPLES / SAMPLE, SCRIPT).read_bytes()
    _, *lines = bz2.decompress(content).decode("utf-8").splitlines()  # columns: split, tokens, tags, kinds
    splits = {name: Split([], [], []) for name in FILES}
    for line in lines:
        name, words, tags, kinds = line.split("\t")
        splits[name].words.append(words.split(" "))
        splits[name].tags.append(tags.split(" "))
        splits[name].kinds.append([] if kinds == "-" else kinds.split(" "))
    return _print(Sentences("sample", **splits), "embedded sample", hint)


def is_ready(folder: Path) -> bool:
    """Whether the three files of WNUT17 lie whole under `folder`. Looks at names and sizes only."""
    paths = {Path(folder) / DATASET / name: size for name, size in SIZES.items()}
    return all(path.is_file() and path.stat().st_size == size for path, size in paths.items())


def read(path: Path) -> Split:
    """The sentences of a file of WNUT17: a line has a token, a tab and its tag; between sentences is an empty line.

    What separates sentences may have tabs and spaces in it (two in three of the training file have a tab), come several
    times, and be missing at the end. Tokens are left as they are, with quotation marks and characters that have no width.

    Raises ValueError, with the number of the line, for one that is not UTF-8, has no token or no tag, a tag that is not one
    of TAGS, or an I- that continues no entity of its type; and for a file without a sentence.
    """
    split, previous = Split([], []), ""  # previous tag, "" at the beginning of a sentence
    with open(path, "rb") as lines:  # only b"\n" ends a line here: tokens may have what else Python takes for line ends
        for number, line in enumerate(lines, start=1):
            try:
                fields = [field.strip(" ") for field in line.decode("utf-8").strip(" \t\r\n").split("\t")]
            except UnicodeDecodeError as error:
                raise _damaged(path, number, f"is not text in UTF-8 ({error})") from None
            if fields == [""]:
                previous = ""
                continue
            if len(fields) != 2:
                raise _damaged(path, number, f"is not a token, a tab and a tag: {line[:80]!r}")
            word, tag = fields
            if tag not in TAGS:
                raise _damaged(path, number, f"has the tag {tag!r}, which is none of WNUT17's")
            if tag[0] == "I" and previous[1:] != tag[1:]:
                raise _damaged(path, number, f"has the tag {tag}, and no entity of this type goes on here")
            if not previous:
                split.words.append([])
                split.tags.append([])
            split.words[-1].append(word)
            split.tags[-1].append(tag)
            previous = tag
    if not split:
        raise ValueError(f"{path} has no sentence. Remove the file and get it again with: {COMMAND}")
    return split


def _damaged(path: Path, number: int, fault: str) -> ValueError:
    return ValueError(f"{path}, line {number} {fault}. Remove the file and get it again with: {COMMAND}")


def _print(sentences: Sentences, name: str, hint: str = "") -> Sentences:
    splits = (sentences.train, sentences.validation, sentences.test)
    begun = [tag[2:] for split in splits for tags in split.tags for tag in tags if tag[0] == "B"]
    print(
        f"Sentences: {name} – {len(splits[0]):,} train, {len(splits[1]):,} validation, {len(splits[2]):,} test; "
        f"{len(begun):,} entities of {len(set(begun))} types{hint}"
    )
    return sentences

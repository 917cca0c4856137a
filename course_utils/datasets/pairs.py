"""English–French sentence pairs: the embedded sample, Tatoeba's or Multi30k's; and Tatoeba's English–Mandarin ones.

Tatoeba: sentences of tatoeba.org with their translations, CC BY 2.0 FR, as selected by manythings.org/anki. Multi30k: captions
of pictures; D. Elliott and others, "Multi30K: Multilingual English-German Image Descriptions", 2016, and later in French.
"""

import functools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils import paths
from course_utils.datasets import DATASETS, Splits, Table, announce, damaged, lines, real_files, rows, sample
from course_utils.text import tokenize

LONGEST = 8  # English tokens of the pairs that are taken from Tatoeba
LANGUAGES = ("english", "french")
HELD_OUT = {"validation": 1_000, "test": 2_000}  # different English sentences of Tatoeba


@dataclass(frozen=True, eq=False)
class Split(Table):
    """n sentences with a translation, in a fixed order. A sentence is a list of tokens.

    english: the sentences. In the training set of real data a sentence is repeated once for each of its translations.
    french: a translation of each.
    references: for each sentence all its translations in the split, the one in `french` first.
    """

    english: list[list[str]]
    french: list[list[str]]
    references: list[list[list[str]]]


@dataclass(frozen=True, eq=False)
class Pairs(Splits):
    """The splits; `long` has longer sentences than any in `train`, and is None for real data."""

    long: Split | None = None


def load(name: str = "tatoeba", longest: int = LONGEST) -> Pairs:
    """Tatoeba's pairs of at most `longest` English tokens, or those of "multi30k", of any length, or the sample."""
    files = real_files(name, *["fra.txt"] * (name == "tatoeba"))
    if name == "tatoeba" or not files:
        return _real("french", *files, longest) if files else load_sample(name)
    pairs = Pairs("real", *read_multi30k(files))
    return announce("Sentence pairs", "real", name, f"{pairs.sizes} (English–French)", pairs)


def load_sample(name: str = "tatoeba") -> Pairs:
    """The embedded sample; `name` is the real dataset that the printed line names."""
    splits = {split: [] for split in ("train", "validation", "test", "long")}
    for _, (split, english, french) in rows(sample("pairs.tsv.bz2"), tabs=True):
        splits[split].append((english.split(" "), [french.split(" ")]))
    pairs = Pairs("sample", *map(_split, splits.values()))
    return announce("Sentence pairs", "sample", name, f"{pairs.sizes}, {len(pairs.long):,} long", pairs)


def load_mandarin() -> Pairs:
    """Tatoeba's English–Mandarin pairs, as `load` gives French ones: `french` has Mandarin, a token per character. Raises
    paths.DataNotReady without them, and if COURSE_DATA=sample, as there is no sample."""
    files = real_files("tatoeba", "cmn.txt")
    if not files:
        command = DATASETS["tatoeba"].command
        raise paths.DataNotReady(f"No Mandarin pairs. Run:  {command}  or set COURSE_DATA_DIR, and unset COURSE_DATA.")
    return _real("mandarin", *files)


@functools.cache
def load_lemmas() -> dict[str, str]:
    """The lemma of each French form of the sample. Forms that differ only in gender, number, person or before a vowel have
    the same one: le, la, l' and les, or voit and voient; but vu and vue have another, vu."""
    return dict(row for _, row in rows(sample("pairs_lemmas.tsv.bz2"), tabs=True))


def fault(said: Sequence[str], right: Sequence[str], lemmas: Mapping[str, str] | None = None) -> str | None:
    """What is wrong with the translation `said` of a sentence of the sample; None if it is `right`.

    "agreement": the right words in the right order, one in a wrong form (gender, number, person, before a vowel); "order": the
    right words in another order, in any form; "words": one is missing, wrong or too many. Tokens without a lemma are their own.
    """
    if list(said) == list(right):
        return None
    lemmas = load_lemmas() if lemmas is None else lemmas
    said, right = ([lemmas.get(token, token) for token in tokens] for tokens in (said, right))
    if said == right:
        return "agreement"
    return "order" if sorted(said) == sorted(right) else "words"


def read(path: Path) -> list[tuple[str, str]]:
    """The pairs in a file of manythings.org: each line is English, a tab and the translation; more columns are left out. Raises
    ValueError for a line that has no tab, or nothing on one side, and for a file without a line."""
    found = []
    for place, line in lines(path, "tatoeba"):
        fields = line.rstrip("\r\n").split("\t")
        if fields == [""]:
            continue  # a file may end with an empty line
        if len(fields) < 2 or not fields[0].strip() or not fields[1].strip():
            raise damaged(f"{place} must have a sentence, a tab and its translation: {line[:80]!r}", "tatoeba")
        found.append((fields[0], fields[1]))
    if not found:
        raise damaged(f"{path} has no sentence pairs", "tatoeba")
    return found


def read_multi30k(files: Sequence[Path]) -> list[Split]:
    """Training, validation and test set of Multi30k, each from an English and a French file, a sentence in each line. Pairs of
    the first with a sentence of the others are left out. Raises ValueError for two files with different numbers of lines."""
    splits, known = [], set()  # known: the sentences of the test and the validation set
    for english, french in zip(files[-2::-2], files[::-2], strict=True):  # the test set first
        texts = [[text for _, text in lines(path, "multi30k")] for path in (english, french)]
        if len(texts[0]) != len(texts[1]):
            raise damaged(f"{english} and {french.name} have different numbers of lines", "multi30k")
        tokens = [[tuple(tokenize(t, language=a)) for t in side] for side, a in zip(texts, LANGUAGES, strict=True)]
        pairs = [pair for pair in zip(*tokens, strict=True) if not known & {*pair}]
        splits.insert(0, _split([(english, [list(french)]) for english, french in pairs]))
        known.update(sentence for pair in pairs for sentence in pair)
    return splits


def split_pairs(
    pairs: Sequence[tuple[Sequence[str], Sequence[str]]], seed: int = 0, held_out: Mapping[str, int] = HELD_OUT
) -> tuple[Split, Split, Split]:
    """Training, validation and test set of the pairs; no sentence of either language is in two of them.

    All sentences that are connected by translations stay together, as one has several. Validation and test set have as many
    different English sentences as `held_out` says, each once.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    numbers = {}  # of the sentences of both languages
    ends = [[numbers.setdefault((side, tuple(pair[side])), len(numbers)) for side in (0, 1)] for pair in pairs]
    ends = np.array(ends).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends)), tuple(ends.T)), shape=(len(numbers), len(numbers)))
    groups = {}  # for each group its English sentences with their translations
    for group, (english, translation) in zip(connected_components(graph)[1][ends[:, 0]], pairs, strict=True):
        groups.setdefault(group, {}).setdefault(tuple(english), []).append(list(translation))

    rng = random.Random(seed)
    shuffled = list(groups.values())
    rng.shuffle(shuffled)
    splits = {"train": [], **{name: [] for name in held_out}}
    for translations in shuffled:
        fitting = (name for name, size in held_out.items() if len(splits[name]) + len(translations) <= size)
        splits[next(fitting, "train")] += translations.items()
    each = [(english, known, i) for english, known in splits["train"] for i in range(len(known))]
    splits["train"] = [(english, [known[i], *known[:i], *known[i + 1 :]]) for english, known, i in each]
    rng.shuffle(splits["train"])
    return tuple(map(_split, splits.values()))


def _split(rows: Sequence[tuple[Sequence[str], list[list[str]]]]) -> Split:
    """From English sentences with their translations."""
    return Split([list(english) for english, _ in rows], [known[0] for _, known in rows], [known for _, known in rows])


def _real(language: str, path: Path, longest: int = LONGEST) -> Pairs:
    pairs = ((tuple(tokenize(a, language="english")), tuple(tokenize(b, language=language))) for a, b in read(path))
    taken = dict.fromkeys(pair for pair in pairs if all(pair) and len(pair[0]) <= longest)  # each once
    pairs = Pairs("real", *split_pairs(list(taken)))
    kind = f"English–{language.title()}, at most {longest} English tokens"
    return announce("Sentence pairs", "real", "tatoeba", f"{pairs.sizes} ({kind})", pairs)

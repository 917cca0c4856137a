"""Sentences with entities, in IOB2: the embedded sample, or one of three real datasets (`NAMES`).

SNIPS: A. Coucke and others, "Snips Voice Platform", 2018; github.com/sonos/nlu-benchmark, CC0. BC5CDR: J. Li and others,
"BioCreative V CDR task corpus", Database, 2016; as in G. Crichton and others, BMC Bioinformatics 18, 2017, CC BY 4.0. WNUT17:
L. Derczynski and others, "Results of the WNUT2017 Shared Task on Novel and Emerging Entity Recognition", 2017; CC BY 4.0.
"""

import json
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from course_utils.datasets import Splits, Table, announce, damaged, lines, real_files, rows, sample

NAMES = ("snips", "bc5cdr", "wnut17")
_TAG = re.compile(r"O|[BI]-\S+")
_TOKEN = re.compile(r"\w+(?:[-'&]\w+)*|[^\w\s]")


@dataclass(frozen=True, eq=False)
class Split(Table):
    """n sentences, in a fixed order.

    words: for each sentence its tokens, as they were written; punctuation marks are tokens.
    tags: for each sentence as many tags, in IOB2: "O", or "B-" (an entity's first token) or "I-" (each further one) and a type.
    kinds: for each sentence of the sample the kind of context of each of its entities, in order, "a" to "d".
    """

    words: list[list[str]] = field(default_factory=list)
    tags: list[list[str]] = field(default_factory=list)
    kinds: list[list[str]] | None = None

    def add(self, words: list[str], tags: list[str]) -> None:
        self.words.append(words)
        self.tags.append(tags)


def load(name: str = "wnut17") -> Splits:
    """The real dataset `name`, one of NAMES, or the sample."""
    files = real_files(name)
    found = read_snips(files) if name == "snips" else map(read, files)
    return _announced(Splits("real", *found), name) if files else load_sample(name)


def load_sample(name: str = "wnut17") -> Splits:
    """The embedded sample; `name` is the real dataset that the printed line names."""
    splits = {split: Split(kinds=[]) for split in ("train", "validation", "test")}
    for _, (split, words, tags, kinds) in rows(sample("sentences.tsv.bz2"), tabs=True):
        splits[split].add(words.split(" "), tags.split(" "))
        splits[split].kinds.append([] if kinds == "-" else kinds.split(" "))
    return _announced(Splits("sample", **splits), name)


def read(path: Path) -> Split:
    """The sentences of a file in which each line is a token, a tab and its tag; an empty line ends a sentence.

    Empty lines may contain tabs and spaces, be repeated, and be missing at the end. Tokens are not changed. Raises ValueError
    for a line that is not of this format, an I- that continues no entity of its type, and a file without a sentence.
    """
    split, tags, dataset = Split(), [], path.parent.name
    for place, line in lines(path, dataset):
        fields = [field.strip(" ") for field in line.strip(" \t\r\n").split("\t")]
        if fields == [""]:
            tags = []
            continue
        if len(fields) != 2 or not _TAG.fullmatch(fields[1]):
            raise damaged(f"{place} is not a token, a tab and an IOB2 tag: {line[:80]!r}", dataset)
        if fields[1][0] == "I" and (not tags or tags[-1][1:] != fields[1][1:]):
            raise damaged(f"{place} has the tag {fields[1]}, and no entity of this type continues here", dataset)
        if not tags:
            split.add([], tags)
        split.words[-1].append(fields[0])
        tags.append(fields[1])
    if not split:
        raise damaged(f"{path} has no sentence", dataset)
    return split


def read_snips(paths: list[Path]) -> list[Split]:
    """Training, validation and test split of the utterances in SNIPS's files. Raises ValueError for a damaged file.

    The files validate_* are the test split, as usual. Of the others, a twentieth, chosen by a hash, is the validation split.
    Of them, those that are repeated, in whatever case, or are in the test split, are left out.
    """
    train, validation, test, known = Split(), Split(), Split(), set()
    for path in sorted(paths, key=lambda path: path.name.startswith("train")):  # the test split first
        try:  # the name of one playlist has a character that is not UTF-8
            (utterances,) = json.loads(path.read_bytes().decode("utf-8", "ignore")).values()
            tagged = [_tagged([(piece["text"], piece.get("entity")) for piece in one["data"]]) for one in utterances]
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise damaged(f"{path} is not a file of SNIPS ({error!r})", "snips") from None
        for words, tags in tagged:
            key = " ".join(words).lower()
            if path.name.startswith("validate"):
                test.add(words, tags)
            elif key not in known:
                (train if zlib.crc32(key.encode()) % 20 else validation).add(words, tags)
            known.add(key)
    return [train, validation, test]


def _tagged(pieces: list[tuple[str, str | None]]) -> tuple[list[str], list[str]]:
    """Tokens and tags of an utterance, given as pieces of text and their slots. A token has the slot of its first character."""
    owners = [i for i, (text, _) in enumerate(pieces) for _ in text]
    tokens = list(_TOKEN.finditer("".join(text for text, _ in pieces)))
    of = [owners[token.start()] for token in tokens]
    slots = [(pieces[now][1], "I" if now == before else "B") for before, now in zip([None, *of], of, strict=False)]
    return [token.group() for token in tokens], [f"{prefix}-{slot}" if slot else "O" for slot, prefix in slots]


def _announced(found: Splits, name: str) -> Splits:
    types = [tag[2:] for split in found for tags in split.tags for tag in tags if tag[0] == "B"]
    counts = f"{found.sizes}; {len(types):,} entities of {len(set(types))} types"
    return announce("Sentences", found.source, name, counts, found)

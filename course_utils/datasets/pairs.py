"""English–French sentence pairs: the embedded sample, or Tatoeba's; and Tatoeba's English–Mandarin ones.

Tatoeba: sentences of tatoeba.org with their translations, CC BY 2.0 FR, as selected by manythings.org/anki. The sample and
what is planted in it: `data/README.md`.
"""

import bz2
import functools
import random
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_utils import paths

DATASET = "tatoeba"
COMMAND = f"make data DATASETS={DATASET}"
FILES = {"fra.txt": 100_000, "cmn.txt": 20_000}  # pairs that a whole file has at least; it grows from year to year

SAMPLE = "pairs.tsv.bz2"
LEMMAS = "pairs_lemmas.tsv.bz2"
SCRIPT = "data/make_pairs.py"  # writes both

# Of Tatoeba: which pairs are taken, and how they are split.
LONGEST = 8  # English tokens
HELD_OUT = {"validation": 1_000, "test": 2_000}  # different English sentences
SEED = 0

# What a token is, in small letters. An elided word keeps its apostrophe, and the next begins behind it: l' arbre, jusqu' à.
TOKENS = {
    "english": re.compile(r"\d+(?:[.,:]\d+)+|\w+(?:['-]\w+)*|[^\w\s]"),
    "french": re.compile(r"\d+(?:[.,:]\d+)+|aujourd'hui|quelqu'une?\b|\w+(?:-\w+)*'?|[^\w\s]"),
    "mandarin": re.compile(r"[a-z0-9]+|\S"),  # a character each, but Latin words and numbers whole
}
# Other apostrophes become the common one; soft hyphens, marks of direction and other signs without width go.
PLAIN = str.maketrans("’‘ʼ", "'''", "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")


@dataclass(frozen=True, eq=False)
class Split:
    """n sentences with a translation, in a fixed order; `len(split)` is n. A sentence is a list of tokens.

    english: the sentences. In the training split of real data one comes once for each of its translations.
    french: a translation of each.
    references: of each all translations that the split has, the one in `french` first.
    """

    english: list[list[str]]
    french: list[list[str]]
    references: list[list[list[str]]]

    def __len__(self) -> int:
        return len(self.english)


@dataclass(frozen=True, eq=False)
class Pairs:
    """`source` is "sample" or "real". `long` has longer sentences than any in `train`; None for real data."""

    source: str
    train: Split
    validation: Split
    test: Split
    long: Split | None = None


def load() -> Pairs:
    """The pairs, from disk only: Tatoeba's of at most LONGEST English tokens if they are under COURSE_DATA_DIR, else the
    sample. Prints one line about them.

    Raises paths.DataNotReady if COURSE_DATA=real and Tatoeba's are not there, and ValueError, with the number of the line, if
    the file is damaged.
    """
    if paths.choose(DATASET, lambda folder: is_ready(folder, ["fra.txt"])) == "sample":
        return load_sample(f" (real ones: {COMMAND})")
    return _real("french", "fra.txt")


def load_sample(hint: str = "") -> Pairs:
    """The embedded sample, wherever real data may lie: for what only its planted structure can show. Prints one line."""
    splits = {name: Split([], [], []) for name in ("train", "validation", "test", "long")}
    for name, *sides in _rows(SAMPLE):
        english, french = (side.split(" ") for side in sides)
        splits[name].english.append(english)
        splits[name].french.append(french)
        splits[name].references.append([french])
    return _print(Pairs("sample", **splits), "embedded sample", hint)


def load_mandarin() -> Pairs:
    """Tatoeba's English–Mandarin pairs, as `load` gives French ones: what is called `french` has Mandarin, a character each.

    Prints one line. Raises paths.DataNotReady if they are not under COURSE_DATA_DIR or COURSE_DATA=sample, since there is no
    sample of them, and ValueError, with the number of the line, if the file is damaged.
    """
    if paths.choose(DATASET, lambda folder: is_ready(folder, ["cmn.txt"])) == "sample":
        raise paths.DataNotReady(
            f"There is no embedded sample of English–Mandarin pairs. Get real ones with:  {COMMAND}  or point "
            f"COURSE_DATA_DIR ({paths.data_dir()}) at a folder that has them; COURSE_DATA must not be sample."
        )
    return _real("mandarin", "cmn.txt")


def load_lemmas() -> dict[str, str]:
    """For each French form of the sample its lemma. Forms that differ only in gender, number, person or before a vowel have
    the same one: le, la, l' and les, or voit and voient; but vu and vue have another, vu."""
    return dict(_rows(LEMMAS))


def fault(said: Sequence[str], right: Sequence[str], lemmas: Mapping[str, str] | None = None) -> str | None:
    """What is wrong with the translation `said` of a sentence of the sample; None if it is `right`.

    "agreement": the right words in the right order, and a form of one is wrong (gender, number, person, or before a vowel);
    "order": the right words in another order, whatever their forms; "words": one is missing, wrong or too much. `lemmas`: the
    lemma of each form, by default `load_lemmas()`, read once; a token that it lacks is a word of its own.
    """
    if list(said) == list(right):
        return None
    lemmas = _known_lemmas() if lemmas is None else lemmas
    said, right = ([lemmas.get(token, token) for token in tokens] for tokens in (said, right))
    if said == right:
        return "agreement"
    return "order" if sorted(said) == sorted(right) else "words"


_known_lemmas = functools.cache(load_lemmas)


def tokenize(text: str, language: str = "english") -> list[str]:
    """The tokens of a text in "english", "french" or "mandarin", in small letters; signs are tokens. Unicode is composed
    (NFC), spaces of every width only separate, and what has no width is left out."""
    return TOKENS[language].findall(unicodedata.normalize("NFC", text).translate(PLAIN).lower())


def is_ready(folder: Path, names: Iterable[str] = FILES) -> bool:
    """Whether Tatoeba's files lie under `folder`, where `make data` puts them after it has read them. Looks at names only."""
    return all((Path(folder) / DATASET / name).is_file() for name in names)


def read(path: Path) -> list[tuple[str, str]]:
    """The pairs in a file of manythings.org: a line has English, a tab and the translation; more columns are left out.

    Raises ValueError, with the number of the line, for one that is not UTF-8, has no tab, or nothing on one side; and for a
    file without a line.
    """
    found = []
    with open(
        path, "rb"
    ) as lines:  # only b"\n" ends a line here: a sentence may have what else Python takes for line ends
        for number, line in enumerate(lines, start=1):
            try:
                fields = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n").split("\t")
            except UnicodeDecodeError as error:
                raise _damaged(path, f", line {number} is not text in UTF-8 ({error})") from None
            if fields == [""]:
                continue  # a file may end with an empty line
            if len(fields) < 2 or not fields[0].strip() or not fields[1].strip():
                raise _damaged(path, f", line {number} is not a sentence, a tab and its translation: {line[:80]!r}")
            found.append((fields[0], fields[1]))
    if not found:
        raise _damaged(path, " has no pairs")
    return found


def split_pairs(pairs: Sequence[tuple[Sequence[str], Sequence[str]]], seed: int = SEED) -> tuple[Split, Split, Split]:
    """Training, validation and test split of the pairs; no sentence of either language is in two of them.

    A sentence has several translations, and is the translation of several others. So what stays together is all that can be
    reached from one sentence by going from side to side. Validation and test have as many different English sentences as
    HELD_OUT says, each once.
    """
    group, first = list(range(len(pairs))), {}

    def root(i: int) -> int:
        while group[i] != i:
            group[i] = i = group[group[i]]
        return i

    for i, sides in enumerate(pairs):
        for side, sentence in enumerate(sides):
            group[root(i)] = root(first.setdefault((side, tuple(sentence)), i))
    groups = {}  # for each group its English sentences with their translations
    for i, (english, translation) in enumerate(pairs):
        groups.setdefault(root(i), {}).setdefault(tuple(english), []).append(list(translation))

    rng = random.Random(seed)
    shuffled = list(groups.values())
    rng.shuffle(shuffled)
    parts = {"train": [], **{name: [] for name in HELD_OUT}}
    for translations in shuffled:
        fitting = (name for name, size in HELD_OUT.items() if len(parts[name]) + len(translations) <= size)
        parts[next(fitting, "train")] += translations.items()
    train = [
        (english, [known[i], *known[:i], *known[i + 1 :]])
        for english, known in parts["train"]
        for i in range(len(known))
    ]
    rng.shuffle(train)
    return tuple(_split(rows) for rows in (train, *(parts[name] for name in HELD_OUT)))


def _split(rows: Iterable[tuple[Sequence[str], list[list[str]]]]) -> Split:
    """From English sentences with their translations."""
    rows = list(rows)
    return Split([list(english) for english, _ in rows], [known[0] for _, known in rows], [known for _, known in rows])


def _real(language: str, name: str) -> Pairs:
    texts = read(paths.data_dir() / DATASET / name)
    pairs = ((tuple(tokenize(english, "english")), tuple(tokenize(other, language))) for english, other in texts)
    taken = dict.fromkeys(pair for pair in pairs if all(pair) and len(pair[0]) <= LONGEST)  # none twice
    source = f"real, Tatoeba English–{language.title()} of at most {LONGEST} English tokens"
    return _print(Pairs("real", *split_pairs(list(taken))), source)


def _rows(name: str) -> list[list[str]]:
    """The fields of each line of a file of the sample, apart from its head."""
    content = paths.verified(paths.SAMPLES / name, SCRIPT).read_bytes()
    return [line.split("\t") for line in bz2.decompress(content).decode("utf-8").splitlines()[1:]]


def _damaged(path: Path, fault: str) -> ValueError:
    return ValueError(f"{path}{fault}. Remove the file and get it again with: {COMMAND}")


def _print(pairs: Pairs, name: str, hint: str = "") -> Pairs:
    sizes = f"{len(pairs.train):,} train, {len(pairs.validation):,} validation, {len(pairs.test):,} test"
    print(f"Sentence pairs: {name} – {sizes}{f', {len(pairs.long):,} long' if pairs.long else ''}{hint}")
    return pairs

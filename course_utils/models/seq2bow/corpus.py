"""Titles and bags of interests as numbers.

Examples are kept as shards of numbers, in memory or in a folder, so that memory does not grow with their number.
"""

import functools
import itertools
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from course_utils.text import Vocabulary, normalize, title_key, tokenize

LENGTH = 12  # words of a title that are read
LONGEST = 200  # characters of a title that are read; a longer word, interest or value is unknown
LARGEST = 500  # interests of a bag that are read
# No name of a tool or technology in O*NET is a sentence by these two numbers. In postings that have commas between skills, what
# has more words is nearly always a sentence, or a part of one.
LONG = 14  # words of an interest; more are a sentence
CLAUSE = 6  # words of an interest in which one ends with a full stop or the like; more are a sentence

# joiners, direction marks and the like
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_SAME = str.maketrans("‘’ʼ“”„‐‑–—", "'''\"\"\"----")  # what is typed in many ways
_STOP = re.compile(r"[.;:!?](\s|$)|[。；！？]")
_PLACEHOLDER = re.compile(
    r"n[./]?a|k\.?a|none|null|nil|nan|no|yes|any|various|divers|diverse|others?|misc|miscellaneous|and more|more|etc"
    r"|tb[acd]|to be (added|advised|announced|confirmed|decided|determined|discussed)|unspecified|unknown|undefined"
    r"|(not|none|non|nicht|no) (applicable|available|disclosed|given|listed|mentioned|provided|required|specified|stated"
    r"|angegeben|especificado|spécifié)|#(name|n/a|ref|value|div/0|null|num)|keine( angaben?)?"
    r"|(please |kindly |pls )?(see|refer|(as )?per|as in|as mentioned in|siehe|voir|ver|véase)\b.*\b(above|attached|below"
    r"|descriptions?|details?|jd|notes?|overview|posting|requirements?|summary|required skills|unten|oben|\w*beschreibung"
    r"|ci-dessous|abajo|descripción)( .*)?"
)


@dataclass(frozen=True)
class Limits:
    """Bounds of what is in memory at a time: examples of a shard, and shards that are mixed with each other.

    words, interests, values: different ones that get a number; later ones are unknown. titles: different ones that are
    remembered. held_out: examples.
    """

    shard: int = 100_000
    mixed: int = 4
    words: int = 1_000_000
    interests: int = 300_000
    values: int = 100_000
    titles: int = 300_000
    held_out: int = 20_000


def title_words(title: str) -> list[str]:
    """The words of a title that the network reads: at most LENGTH, of its first LONGEST characters. Raises TypeError."""
    return tokenize(title[:LONGEST] if isinstance(title, str) else title, any_script=True)[:LENGTH]


def cleaned(interest: str) -> tuple[str, str]:
    """An interest as one name, whatever its case, spaces, quotation marks and punctuation around it: ("first aid", "").

    With the name: what it is instead of an interest, "placeholder" ("see below", "n/a") or "sentence" (see LONG, CLAUSE), or
    "". The name is "" where there is no letter or digit.
    """
    if len(interest) > LONGEST:
        return "", "sentence"
    name = _INVISIBLE.sub("", normalize(interest)).translate(_SAME)
    name = " ".join("".join(c if c.isprintable() else " " for c in name).split())
    name = name.lstrip(" []{}\"'\\*•●▪·-,;:!?").rstrip(" []{}\"'\\•-.,;:!?")
    if name.count("(") != name.count(")"):  # a list in brackets was separated
        name = name.strip("() ")
    if not any(map(str.isalnum, name)):
        return "", ""
    if _PLACEHOLDER.fullmatch(name.strip(" ()")):
        return name, "placeholder"
    words = name.count(" ") + 1
    return name, "sentence" if words > LONG or (words > CLAUSE and _STOP.search(name)) else ""


def plain(interest: str) -> str:
    """The name of an interest, see `cleaned`; "" for what is none."""
    name, instead = cleaned(interest)
    return "" if instead else name


@dataclass(frozen=True, eq=False)
class Shard:
    """n examples as numbers.

    titles: (n, LENGTH) int32, ids of words, 0 after the last.
    interests: (total,) int32, the bags of all examples one after the other; starts: (n + 1,) int64, where each begins.
    extras: (n, number of extra inputs) int32, 0 for an unknown value.
    """

    titles: np.ndarray
    interests: np.ndarray
    starts: np.ndarray
    extras: np.ndarray

    def __len__(self) -> int:
        return len(self.titles)

    def bags(self, rows: np.ndarray) -> np.ndarray:
        """Interests of some examples, padded with −1: (rows, largest bag) int32."""
        sizes = self.starts[rows + 1] - self.starts[rows]
        places = np.arange(sizes.max(initial=0))
        filled = places < sizes[:, None]
        bags = np.full(filled.shape, -1, dtype=np.int32)
        bags[filled] = self.interests[(self.starts[rows][:, None] + places)[filled]]
        return bags

    def only(self, chosen: np.ndarray) -> "Shard":
        """The examples for which `chosen` (n,) is true."""
        sizes = np.diff(self.starts)
        starts = np.concatenate([[0], np.cumsum(sizes[chosen])])
        return Shard(self.titles[chosen], self.interests[np.repeat(chosen, sizes)], starts, self.extras[chosen])


def joined(shards: Sequence[Shard]) -> Shard:
    """Several shards as one."""
    columns = {name: np.concatenate([getattr(shard, name) for shard in shards]) for name in vars(shards[0])}
    sizes = [np.diff(shard.starts) for shard in shards]
    return Shard(**columns | {"starts": np.cumsum(np.concatenate([[0], *sizes]))})


@dataclass(frozen=True)
class Numbering:
    """What the numbers of a shard mean.

    words: of titles. interests: names, the most frequent first. extras: values of each extra input; value i has number i + 1.
    alone: interests that were never beside another one in a bag; they have no number, unless all interests are alone.
    """

    words: Vocabulary
    interests: list[str]
    extras: dict[str, list[str]]
    alone: Sequence[str] = ()

    def encode(
        self,
        titles: Sequence[str],
        bags: Sequence[Iterable[str]] | None = None,
        extras: Mapping[str, Sequence[str]] | None = None,
    ) -> Shard:
        """All of n further examples: a title without a known word becomes zeros, unknown interests are left out.

        Without `bags` all bags are empty, without `extras` all values are unknown. Raises ValueError for an extra input that
        the numbering does not have, and where the numbers of titles, bags and values differ.
        """
        bags, extras = [()] * len(titles) if bags is None else bags, extras or {}
        _check(titles, bags, extras)
        ids = np.zeros((len(titles), LENGTH), dtype=np.int32)
        for row, words in zip(ids, map(title_words, titles), strict=True):
            if any(word in self.words for word in words):
                row[: len(words)] = self.words.encode(words)
        number = {name: i for i, name in enumerate(self.interests)}
        found = [{number[name] for name in map(plain, bag) if name in number} for bag in bags]
        starts = np.cumsum([0, *map(len, found)], dtype=np.int64)
        flat = np.fromiter(itertools.chain.from_iterable(found), dtype=np.int32, count=starts[-1])
        unknown = ", ".join(sorted(set(extras) - set(self.extras)))
        if unknown:
            raise ValueError(f"there is no extra input {unknown}; there are: {', '.join(self.extras) or 'none'}")
        numbers = np.zeros((len(titles), len(self.extras)), dtype=np.int32)
        for column, (name, values) in enumerate(self.extras.items()):
            number = {value: i + 1 for i, value in enumerate(values)}
            for row, value in enumerate(extras.get(name, ())):
                numbers[row, column] = number.get(_value(value), 0)
        return Shard(ids, flat, starts, numbers)


@dataclass
class Corpus:
    """Examples as numbers: `len(corpus)` of them, in `shards`, each a function that gives a Shard.

    counts: (number of interests,) int64, how many bags have each. titles: different titles, each as its words with spaces
    between them, the most frequent first. held_out: examples that are not in the shards, for validation; no title is in both.
    report: numbers of what was read, and of what was left out and why.
    """

    numbering: Numbering
    counts: np.ndarray
    titles: list[str]
    shards: list[Callable[[], Shard]]
    held_out: Shard
    report: dict[str, int]
    limits: Limits

    def __len__(self) -> int:
        return self.report["examples"]

    def mixed(self) -> Iterator[Shard]:
        """All examples, `limits.mixed` shards at a time."""
        for start in range(0, len(self.shards), self.limits.mixed):
            yield joined([load() for load in self.shards[start : start + self.limits.mixed]])


def from_lists(
    titles: Sequence[str],
    bags: Sequence[Iterable[str]],
    extras: Mapping[str, Sequence[str]] | None = None,
    rare: int = 2,
    held_out: float = 0.0,
    limits: Limits = Limits(),
) -> Corpus:
    """A corpus of examples in memory: n titles, n bags, and n values of each extra input.

    Words and interests that occur less than `rare` times become unknown. Left out and counted in `Corpus.report`: placeholders
    and sentences instead of interests; interests that are never beside another one in the bags to train on, as nothing can be
    said about them (unless all are alone); examples whose title has no word, or whose bag has no interest. held_out: this
    fraction of the different titles is for validation; titles are the same if they have the same `text.title_key`, as far as
    their words are known. Raises ValueError when the numbers differ or nothing is left, and TypeError for a bag that is one
    string.
    """
    extras = dict(extras or {})
    _check(titles, bags, extras)
    builder = CorpusBuilder(list(extras), limits=limits)
    for start in range(0, len(titles), limits.shard):
        some = slice(start, start + limits.shard)
        builder.add(titles[some], bags[some], [values[some] for values in extras.values()])
    return builder.corpus(rare, held_out)


def _check(titles: Sequence[str], bags: Sequence[Iterable[str]], extras: Mapping[str, Sequence[str]]) -> None:
    sizes = {"titles": len(titles), "bags": len(bags), **{name: len(values) for name, values in extras.items()}}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"there must be as many of each: {sizes}")
    if any(isinstance(bag, str) for bag in bags):
        raise TypeError("a bag is a list of interests, got one string")


def _value(text: str) -> str:
    return " ".join(str(text).split())


def _named(text: str) -> tuple[str, str]:
    return _value(text), ""


class _Numbers(dict):
    """Numbers 1, 2, … for strings in the order in which they first come; 0 for the empty string and for more than `most`.

    `clean` is called once for each way in which a string is written. It gives a name and, as in `cleaned`, what it is instead.
    others: {what: (its number, −1, −2, …; the first such string)}. A string of more than LONGEST characters has number 0.
    """

    def __init__(self, clean: Callable[[str], tuple[str, str]], most: int):
        super().__init__()
        self.clean, self.most, self.names, self.others = clean, most, {}, {}

    def __missing__(self, raw: str) -> int:
        name, instead = self.clean(raw)
        if instead:
            number = self.others.setdefault(instead, (-1 - len(self.others), raw))[0]
        elif len(raw) > LONGEST:
            return 0
        else:
            number = self.names.get(name, 0)
            if not number and name and len(self.names) < self.most:
                number = self.names[name] = len(self.names) + 1
        if len(self) < 2 * self.most and len(raw) <= LONGEST:
            self[raw] = number
        return number


class _Titles(dict):
    """Places of titles in `rows`, (number of titles, LENGTH) numbers of their words; emptied when there are too many."""

    def __init__(self, limits: Limits):
        super().__init__()
        self.words, self.most = _Numbers(_named, limits.words), limits.titles
        self.total = Counter()  # {words of a title: how often}, of the most frequent ones
        self._empty()

    def _empty(self) -> None:
        self.clear()
        self.names, self.new, self.rows, self.counts = [], [], np.zeros((0, LENGTH), np.int32), np.zeros(0, np.int64)

    def __missing__(self, title: str) -> int:
        words = title_words(title)
        self.new.append([self.words[word] or self.words.most + 1 for word in words] + [0] * (LENGTH - len(words)))
        self.names.append(" ".join(words))
        if len(title) <= LONGEST:
            self[title] = len(self.names) - 1
        return len(self.names) - 1

    def take(self, titles: Sequence[str]) -> np.ndarray:
        """Count some titles, and give the numbers of their words, (n, LENGTH) int32."""
        places = np.fromiter(map(self.__getitem__, titles), dtype=np.int64, count=len(titles))
        self.rows = np.concatenate([self.rows, np.array(self.new, dtype=np.int32).reshape(-1, LENGTH)])
        self.new = []
        taken, counts = self.rows[places], np.bincount(places, minlength=len(self.rows))
        counts[: len(self.counts)] += self.counts
        self.counts = counts
        if len(self.names) > self.most:
            self.most_frequent()
        return taken

    def most_frequent(self) -> list[str]:
        """Different titles, the most frequent first, without the empty one."""
        for name, count in zip(self.names, self.counts.tolist(), strict=True):
            self.total[name] += count
        self._empty()
        del self.total[""]
        self.total = Counter(dict(self.total.most_common(self.most)))
        return list(self.total)


class CorpusBuilder:
    """Turns examples into shards, numbering words and interests as they come; `corpus` renumbers them by frequency.

    folder: where shards are kept; None keeps them in memory. report: see `Corpus`.
    """

    def __init__(self, extras: Sequence[str], folder: Path | None = None, limits: Limits = Limits()):
        self.folder, self.limits, self.shards, self.report = folder, limits, [], Counter()
        self.titles, self.interests = _Titles(limits), _Numbers(cleaned, limits.interests)
        self.extras = {name: _Numbers(_named, limits.values) for name in extras}

    def add(self, titles: Sequence[str], bags: Iterable[Iterable[str]], extras: Sequence[Sequence[str]]) -> None:
        """Keep n examples as one shard; `extras` has n values for each extra input."""
        names, ends = [], [0]
        for bag in bags:  # joined at once: with millions of small lists a fifth of the time is garbage collection
            names.extend(bag)
            ends.append(len(names))
        sizes = np.diff(ends)
        bag = np.repeat(np.arange(len(sizes)), sizes)  # of each interest
        place = np.arange(len(bag)) - np.repeat(ends[:-1], sizes)  # in that bag
        number = np.fromiter(map(self.interests.__getitem__, names), dtype=np.int64, count=len(names))
        for what, (other, example) in self.interests.others.items():
            self.report[f"{what}s instead of interests, such as {_shortened(example)}"] += int((number == other).sum())
        taken = (place < LARGEST) & (number > 0)
        self.report[f"bags cut to {LARGEST:,} interests"] += int((sizes > LARGEST).sum())
        base = self.limits.interests + 1
        both = np.sort(bag[taken] * base + number[taken])
        bag, interests = np.divmod(both[np.diff(both, prepend=-1) > 0], base)  # each interest once in a bag
        sizes = np.bincount(bag, minlength=len(titles))
        numbers = np.zeros((len(titles), len(extras)), dtype=np.int32)
        for column, (known, values) in enumerate(zip(self.extras.values(), extras, strict=True)):
            numbers[:, column] = list(map(known.__getitem__, values))
        starts = np.concatenate([[0], np.cumsum(sizes)])
        shard = Shard(self.titles.take(titles), interests.astype(np.int32), starts, numbers)
        has_words = shard.titles[:, 0] > 0
        self.report["titles without a word"] += int((~has_words).sum())
        self.report["bags without an interest"] += int((has_words & (sizes == 0)).sum())
        self._keep(len(self.shards), shard.only(has_words & (sizes > 0)))

    def _keep(self, place: int, shard: Shard) -> None:
        load = lambda: shard  # noqa: E731
        if self.folder is not None:
            path = self.folder / f"{place}.npz"
            try:
                np.savez(path, **vars(shard))
            except OSError as error:
                raise OSError(f"what was read cannot be kept in {self.folder} ({error}): make room there") from None
            load = functools.partial(_load, path)
        self.shards[place : place + 1] = [load]

    def corpus(self, rare: int, held_out: float) -> Corpus:
        """All examples that were added, numbered by frequency, without what is rare; see `from_lists`."""
        known = [self.titles.words, self.interests, *self.extras.values()]
        for what, numbers in zip(["words", "interests", *self.extras], known, strict=True):
            if len(numbers.names) == numbers.most:
                self.report[f"different values of {what}, and any more are unknown"] = numbers.most
        counts = [np.zeros(len(numbers.names) + 2, np.int64) for numbers in known]  # the last: beyond the limit
        for load in self.shards:
            shard = load()
            columns = [np.minimum(shard.titles, len(counts[0]) - 1), shard.interests, *shard.extras.T]
            for total, ids in zip(counts, columns, strict=True):
                total += np.bincount(ids.ravel(), minlength=len(total))
        least = [rare, rare] + [1] * len(self.extras)
        new, names = zip(*map(_by_frequency, known, counts, least), strict=True)
        numbering = Numbering(Vocabulary(names[0]), names[1], dict(zip(self.extras, names[2:], strict=True)))
        new[0][1:][new[0][1:] == 0] = len(numbering.words) - 1  # rare words share the number of unknown ones
        hashes, in_bags, held, room = _hashes(names[0]), np.zeros(len(names[1]), np.int64), [], self.limits.held_out
        beside = np.zeros(len(in_bags), dtype=bool)  # others, in bags to train on
        for place, load in enumerate(tqdm(self.shards, desc="numbers", unit="shard", disable=len(self.shards) < 20)):
            shard = _renumbered(load(), *new)
            not_empty, apart = np.diff(shard.starts) > 0, _title_hash(shard.titles, hashes) < held_out * 2**32
            taken = not_empty & apart & (np.cumsum(not_empty & apart) <= room)
            room -= int(taken.sum())
            self.report["bags of rare interests only"] += int((~not_empty).sum())
            self.report["examples held out"] += int(taken.sum())
            self.report["more examples of titles held out, left out"] += int((not_empty & apart & ~taken).sum())
            held.append(shard.only(taken))
            shard = shard.only(not_empty & ~apart)
            in_bags += np.bincount(shard.interests, minlength=len(in_bags))
            sizes = np.diff(shard.starts)
            beside[shard.interests[np.repeat(sizes > 1, sizes)]] = True
            self.report["examples"] += len(shard)
            self._keep(place, shard)
        if not self.report["examples"]:
            reasons = ", ".join(f"{count:,} {what}" for what, count in self.report.items() if count)
            raise ValueError(f"there is nothing to learn from: {reasons or 'there are no examples'}")
        numbering = replace(numbering, alone=[names[1][i] for i in np.flatnonzero(~beside)])
        if beside.any() and numbering.alone:
            in_bags, held = in_bags[beside], self._without_alone(np.cumsum(beside) * beside, held)
            numbering = replace(numbering, interests=[names[1][i] for i in np.flatnonzero(beside)])
            what = f"interests never beside another one in a bag, left out, such as {_shortened(numbering.alone[0])}"
            self.report[what] = len(numbering.alone)
        titles = self.titles.most_frequent()
        return Corpus(numbering, in_bags, titles, self.shards, joined(held), dict(self.report), self.limits)

    def _without_alone(self, new: np.ndarray, held: list[Shard]) -> list[Shard]:
        """Give the interests their `new` numbers from 1, 0 for those that are left out with their bags; also in `held`."""

        def kept(shard: Shard, where: str) -> Shard:
            shard = _with_interests(shard, new)
            not_empty = np.diff(shard.starts) > 0
            self.report["bags of an interest that is never beside another one"] += int((~not_empty).sum())
            self.report[where] -= int((~not_empty).sum())
            return shard.only(not_empty)

        for place, load in enumerate(self.shards):
            self._keep(place, kept(load(), "examples"))
        return [kept(shard, "examples held out") for shard in held]


def _by_frequency(known: _Numbers, counts: np.ndarray, least: int) -> tuple[np.ndarray, list[str]]:
    """New numbers (len(counts),), 1 for the most frequent name, 0 for what comes less than `least` times; and the names."""
    order = np.argsort(-counts[1:-1], kind="stable") + 1
    order = order[counts[order] >= least]
    new, names = np.zeros(len(counts), dtype=np.int32), list(known.names)
    new[order] = np.arange(1, len(order) + 1)
    return new, [names[i - 1] for i in order.tolist()]


def _renumbered(shard: Shard, words: np.ndarray, interests: np.ndarray, *values: np.ndarray) -> Shard:
    titles = words[np.minimum(shard.titles, len(words) - 1)]
    extras = [new[column] for new, column in zip(values, shard.extras.T, strict=True)]
    extras = np.stack(extras, axis=1) if extras else shard.extras
    return replace(_with_interests(shard, interests), titles=titles, extras=extras)


def _with_interests(shard: Shard, new: np.ndarray) -> Shard:
    """A shard with `new` numbers of interests, from 1; those that have 0 are left out."""
    flat = new[shard.interests] - 1
    before = np.concatenate([[0], np.cumsum(flat >= 0)])  # of the interests that stay
    return replace(shard, interests=flat[flat >= 0].astype(np.int32), starts=before[shard.starts])


def _shortened(text: str) -> str:
    """For a message: one line, not too long."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _hashes(words: Sequence[str]) -> np.ndarray:
    """A number for each id of a vocabulary, the same for words with the same key; 0 for padding and unknown words."""
    numbers = [sum(zlib.crc32(part.encode()) for part in title_key(word).split()) for word in words]
    return np.array([0, *numbers, 0], dtype=np.uint64)


def _title_hash(titles: np.ndarray, hashes: np.ndarray) -> np.ndarray:
    """32 bits for each title (n, LENGTH): the same for titles whose known words have the same keys, in any order."""
    total = hashes[titles].sum(axis=1) * np.uint64(0xBF58476D1CE4E5B9)  # mixed as by Steele, Lea and Flood (2014)
    return ~((total ^ (total >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)) >> np.uint64(32)


def _load(path: Path) -> Shard:
    with np.load(path) as stored:
        return Shard(**stored)

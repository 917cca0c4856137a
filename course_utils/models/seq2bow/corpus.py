"""Titles and bags of interests as numbers, from lists or from a CSV file of any size.

What is read once is kept as shards of numbers, in memory or in a folder, so that memory does not grow with the file.
"""

import bz2
import codecs
import contextlib
import csv
import functools
import gc
import gzip
import io
import itertools
import os
import pickle
import signal
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from course_utils.text import Vocabulary, normalize, tokenize

LENGTH = 12  # words of a title that are read
SHARD = 100_000  # examples that are read at a time
FEW = 100  # rows of a file that are in memory at a time with all of their fields
MIXED = 4  # shards that are in memory, and mixed, at a time
MOST_WORDS, MOST_INTERESTS, MOST_VALUES = 1_000_000, 300_000, 100_000  # different ones; what comes later is unknown
MOST_TITLES = 300_000  # different ones that are remembered at a time
LARGEST = 500  # interests of a bag that are read
LONGEST = 200  # signs of a title that are read; a longer word, interest or value is unknown
MOST_HELD_OUT = 20_000  # examples
SEEN = 2**23  # rows of a file that are remembered, to find duplicates
LINE = 2**20  # signs of a line that are read at a time
LARGE = 50_000_000  # bytes of a file for which a second process is worth its start
_END = "\0end of file"  # a line after the last one
PLACEHOLDERS = {"see below", "see description", "n/a", "na", "none", "null", "nan", "various", "tbd"}


def title_words(title: str) -> list[str]:
    """The words of a title that the network reads: at most LENGTH, of its first LONGEST characters. Raises TypeError."""
    return tokenize(title[:LONGEST] if isinstance(title, str) else title, any_script=True)[:LENGTH]


def plain(interest: str) -> str:
    """An interest in lower case with single spaces, without the brackets and quotation marks of a list around it.

    The empty string where there is no letter or digit, and for placeholders such as "see below".
    """
    name = "".join(c if c.isprintable() else " " for c in normalize(interest))
    name = " ".join(name.split()).strip(" []{}\"'")
    return "" if name in PLACEHOLDERS or not any(map(str.isalnum, name)) else name


@dataclass(frozen=True, eq=False)
class Shard:
    """n examples as numbers.

    titles: (n, LENGTH) int32, ids of words, 0 after the last.
    interests: (total,) int32, the bags of all examples one after the other; starts: (n + 1,) int64, where each begins.
    extras: (n, number of extra inputs) int32, 0 for a value that is not known.
    """

    titles: np.ndarray
    interests: np.ndarray
    starts: np.ndarray
    extras: np.ndarray

    def __len__(self) -> int:
        return len(self.titles)

    def bags(self, rows: np.ndarray) -> np.ndarray:
        """Interests of some examples, filled up with −1: (rows, largest bag) int32."""
        sizes = self.starts[rows + 1] - self.starts[rows]
        places = np.arange(sizes.max(initial=0))
        filled = places < sizes[:, None]
        bags = np.full(filled.shape, -1, dtype=np.int32)
        bags[filled] = self.interests[(self.starts[rows][:, None] + places)[filled]]
        return bags


def joined(shards: Sequence[Shard]) -> Shard:
    """Several shards as one."""
    before = np.cumsum([0] + [len(shard.interests) for shard in shards])
    starts = [shard.starts[1:] + start for shard, start in zip(shards, before[:-1], strict=True)]
    titles, interests, extras = (
        np.concatenate([getattr(shard, name) for shard in shards]) for name in ("titles", "interests", "extras")
    )
    return Shard(titles, interests, np.concatenate([[0], *starts]), extras)


@dataclass(frozen=True)
class Numbering:
    """What the numbers of a shard stand for.

    words: of titles. interests: names, the most frequent first. extras: values of each extra input; value i has number i + 1.
    """

    words: Vocabulary
    interests: list[str]
    extras: dict[str, list[str]]

    def encode(
        self,
        titles: Sequence[str],
        bags: Sequence[Iterable[str]] | None = None,
        extras: Mapping[str, Sequence[str]] | None = None,
    ) -> Shard:
        """n further examples, all of them: a title without a known word is 0 throughout, and what is not known is left out.

        Bags are empty and extra inputs unknown where they are not given. Raises ValueError for an extra input that is not here,
        and where the numbers differ.
        """
        bags = [()] * len(titles) if bags is None else bags
        _check(titles, bags, extras or {})
        number = {name: i for i, name in enumerate(self.interests)}
        found = [{number[name] for name in map(plain, bag) if name in number} for bag in bags]
        starts = np.cumsum([0, *map(len, found)], dtype=np.int64)
        flat = np.fromiter(itertools.chain.from_iterable(found), dtype=np.int32, count=starts[-1])
        return Shard(self._titles(titles), flat, starts, self._extras(extras or {}, len(titles)))

    def _titles(self, titles: Sequence[str]) -> np.ndarray:
        ids = np.zeros((len(titles), LENGTH), dtype=np.int32)
        for row, title in zip(ids, titles, strict=True):
            words = title_words(title)
            if any(word in self.words for word in words):
                row[: len(words)] = self.words.encode(words)
        return ids

    def _extras(self, extras: Mapping[str, Sequence[str]], n: int) -> np.ndarray:
        strange = set(extras) - set(self.extras)
        if strange:
            there = ", ".join(self.extras) or "none"
            raise ValueError(f"there is no extra input {', '.join(sorted(strange))}; there are: {there}")
        numbers = np.zeros((n, len(self.extras)), dtype=np.int32)
        for column, (name, values) in enumerate(self.extras.items()):
            number = {value: i + 1 for i, value in enumerate(values)}
            for row, value in enumerate(extras.get(name, ())):
                numbers[row, column] = number.get(_value(value), 0)
        return numbers


@dataclass
class Corpus:
    """Examples as numbers: `len(corpus)` of them, in `shards`, each a function that gives a Shard.

    counts: (number of interests,) int64, how many bags have each. titles: different titles, each its words with spaces between,
    the most frequent first. held_out: examples that are not among the shards, for validation; no title is in both.
    report: what was read, and what was left out and why, in numbers.
    """

    numbering: Numbering
    counts: np.ndarray
    titles: list[str]
    shards: list[Callable[[], Shard]]
    held_out: Shard
    report: dict[str, int]

    def __len__(self) -> int:
        return self.report["examples"]

    def mixed(self, rng: np.random.Generator | None = None) -> Iterator[Shard]:
        """All examples, MIXED shards at a time, with `rng` in another order every time."""
        order = np.arange(len(self.shards)) if rng is None else rng.permutation(len(self.shards))
        for start in range(0, len(order), MIXED):
            yield joined([self.shards[i]() for i in order[start : start + MIXED]])


def from_lists(
    titles: Sequence[str],
    bags: Sequence[Iterable[str]],
    extras: Mapping[str, Sequence[str]] | None = None,
    rare: int = 2,
    held_out: float = 0.0,
) -> Corpus:
    """Examples that are in memory: n titles, n bags, and n values of each extra input.

    Words and interests that occur less than `rare` times become unknown. Examples whose title has no word, or whose bag has no
    interest, are left out and counted in `Corpus.report`. held_out: this share of the different titles is kept apart. Raises
    ValueError when the numbers differ or nothing is left, and TypeError for a bag that is one string.
    """
    extras = dict(extras or {})
    _check(titles, bags, extras)
    reader = _Reader(list(extras))
    for start in range(0, len(titles), SHARD):
        some = slice(start, start + SHARD)
        few = [list(bag) for bag in bags[some]]
        names, numbers = [*itertools.chain.from_iterable(few)], [*map(len, few)]
        reader.add(titles[some], names, numbers, [values[some] for values in extras.values()])
    return reader.corpus(rare, held_out)


def _check(titles: Sequence[str], bags: Sequence[Iterable[str]], extras: Mapping[str, Sequence[str]]) -> None:
    sizes = {"titles": len(titles), "bags": len(bags), **{name: len(values) for name, values in extras.items()}}
    if len(set(sizes.values())) != 1:
        raise ValueError(f"there must be as many of each: {sizes}")
    if any(isinstance(bag, str) for bag in bags):
        raise TypeError("a bag is a list of interests, got one string")


def _value(text: str) -> str:
    return " ".join(str(text).split())


class _Numbers(dict):
    """Numbers for strings in the order in which they first come, 1, 2, …; 0 for the empty one and for more than `most`.

    `clean` is asked once for each way in which a string is written. A string of more than LONGEST signs has number 0, too.
    """

    def __init__(self, clean: Callable[[str], str], most: int):
        super().__init__()
        self.clean, self.most, self.names = clean, most, {}

    def __missing__(self, raw: str) -> int:
        if len(raw) > LONGEST:
            return 0
        name = self.clean(raw)
        number = self.names.get(name, 0)
        if not number and name and len(self.names) < self.most:
            number = self.names[name] = len(self.names) + 1
        if len(self) < 2 * self.most:
            self[raw] = number
        return number


class _Titles(dict):
    """Places of titles in `rows`, (number of titles, LENGTH) numbers of their words; forgotten when there are too many."""

    def __init__(self):
        super().__init__()
        self.words = _Numbers(str, MOST_WORDS)
        self.total = Counter()  # {words of a title: how often}, of the most frequent ones
        self._forget()

    def _forget(self) -> None:
        self.clear()
        self.names, self.new, self.rows, self.counts = [], [], np.zeros((0, LENGTH), np.int32), np.zeros(0, np.int64)

    def __missing__(self, title: str) -> int:
        words = title_words(title)
        self.new.append([self.words[word] or MOST_WORDS + 1 for word in words] + [0] * (LENGTH - len(words)))
        self.names.append(" ".join(words))
        if len(title) <= LONGEST:
            self[title] = len(self.names) - 1
        return len(self.names) - 1

    def take(self, titles: Sequence[str]) -> np.ndarray:
        """Numbers of words (n, LENGTH) int32 of some titles, which are counted."""
        places = np.fromiter(map(self.__getitem__, titles), dtype=np.int64, count=len(titles))
        self.rows = np.concatenate([self.rows, np.array(self.new, dtype=np.int32).reshape(-1, LENGTH)])
        self.new = []
        taken, counts = self.rows[places], np.bincount(places, minlength=len(self.rows))
        counts[: len(self.counts)] += self.counts
        self.counts = counts
        if len(self.names) > MOST_TITLES:
            self.most_frequent()
        return taken

    def most_frequent(self) -> list[str]:
        """Different titles, the most frequent first, without the empty one."""
        for name, count in zip(self.names, self.counts.tolist(), strict=True):
            self.total[name] += count
        self._forget()
        del self.total[""]
        self.total = Counter(dict(self.total.most_common(MOST_TITLES)))
        return list(self.total)


class _Reader:
    """Turns rows into shards, with numbers given in the order of appearance; `corpus` puts them in order in the end."""

    def __init__(self, extras: Sequence[str], folder: Path | None = None):
        self.folder, self.kept = folder, []
        self.report = Counter()
        self.titles, self.interests = _Titles(), _Numbers(plain, MOST_INTERESTS)
        self.extras = {name: _Numbers(_value, MOST_VALUES) for name in extras}

    def add(
        self, titles: Sequence[str], names: Sequence[str], sizes: Sequence[int], extras: Sequence[Sequence[str]]
    ) -> None:
        """Keep n examples as one shard; `names` are the interests of all bags in a row, `sizes` (n,) how many each bag has."""
        sizes = np.asarray(sizes, dtype=np.int64)
        of = np.repeat(np.arange(len(titles)), sizes)  # which bag a name is of
        place = np.arange(len(of)) - np.repeat(np.cumsum(sizes) - sizes, sizes)  # in that bag
        number = np.fromiter(map(self.interests.__getitem__, names), dtype=np.int64, count=len(of))
        taken = (place < LARGEST) & (number > 0)
        self.report[f"bags cut to {LARGEST:,} interests"] += int((sizes > LARGEST).sum())
        both = np.sort(of[taken] * (MOST_INTERESTS + 1) + number[taken])
        of, flat = np.divmod(both[np.diff(both, prepend=-1) > 0], MOST_INTERESTS + 1)  # each once in a bag
        sizes = np.bincount(of, minlength=len(titles))
        numbers = np.zeros((len(titles), len(extras)), dtype=np.int32)
        for column, (known, values) in enumerate(zip(self.extras.values(), extras, strict=True)):
            numbers[:, column] = list(map(known.__getitem__, values))
        starts = np.concatenate([[0], np.cumsum(sizes)])
        shard = Shard(self.titles.take(titles), flat.astype(np.int32), starts, numbers)
        worded = shard.titles[:, 0] > 0
        self.report["titles without a word"] += int((~worded).sum())
        self.report["bags without an interest"] += int((worded & (sizes == 0)).sum())
        self._keep(len(self.kept), only(shard, worded & (sizes > 0)))

    def _keep(self, place: int, shard: Shard) -> None:
        load = lambda: shard  # noqa: E731
        if self.folder is not None:
            path = self.folder / f"{place}.npz"
            try:
                np.savez(path, **vars(shard))
            except OSError as error:
                raise OSError(f"what was read cannot be kept in {self.folder} ({error}): make room there") from None
            load = functools.partial(_load, path)
        self.kept[place : place + 1] = [load]

    def corpus(self, rare: int, held_out: float) -> Corpus:
        """All that was added, in numbers by frequency, without what is rare; see `from_lists`."""
        known = [self.titles.words, self.interests, *self.extras.values()]
        for what, numbers in zip(["words", "interests", *self.extras], known, strict=True):
            if len(numbers.names) == numbers.most:
                self.report[f"different values of {what}, and any more are unknown"] = numbers.most
        counts = [
            np.zeros(len(numbers.names) + 2, dtype=np.int64) for numbers in known
        ]  # the last: words beyond MOST_WORDS
        for load in self.kept:
            shard = load()
            columns = [np.minimum(shard.titles, len(counts[0]) - 1), shard.interests, *shard.extras.T]
            for total, ids in zip(counts, columns, strict=True):
                total += np.bincount(ids.ravel(), minlength=len(total))
        least = [rare, rare] + [1] * len(self.extras)
        new, names = zip(*map(_by_frequency, known, counts, least), strict=True)
        numbering = Numbering(Vocabulary(names[0]), names[1], dict(zip(self.extras, names[2:], strict=True)))
        new[0][1:][new[0][1:] == 0] = len(numbering.words) - 1  # rare words share the number of unknown ones
        in_bags, held, room = np.zeros(len(names[1]), dtype=np.int64), [], MOST_HELD_OUT
        for place, load in enumerate(tqdm(self.kept, desc="numbers", unit="shard", disable=len(self.kept) < 20)):
            shard = _renumbered(load(), *new)
            full, apart = np.diff(shard.starts) > 0, _hash(shard.titles) < held_out * 2**32
            taken = full & apart & (np.cumsum(full & apart) <= room)
            room -= int(taken.sum())
            self.report["bags of rare interests only"] += int((~full).sum())
            self.report["examples held out"] += int(taken.sum())
            self.report["more examples of titles held out, left out"] += int((full & apart & ~taken).sum())
            held.append(only(shard, taken))
            shard = only(shard, full & ~apart)
            in_bags += np.bincount(shard.interests, minlength=len(in_bags))
            self.report["examples"] += len(shard)
            self._keep(place, shard)
        if not self.report["examples"]:
            raise ValueError(f"there is nothing to learn from: {described(self.report) or 'there are no examples'}")
        return Corpus(numbering, in_bags, self.titles.most_frequent(), self.kept, joined(held), dict(self.report))


def described(report: Mapping[str, int]) -> str:
    """The numbers of `Corpus.report` that are not 0, in words."""
    return ", ".join(f"{count:,} {what}" for what, count in report.items() if count)


def _by_frequency(known: _Numbers, counts: np.ndarray, least: int) -> tuple[np.ndarray, list[str]]:
    """New numbers (len(counts),), 1 for the most frequent name, 0 for what comes less than `least` times; and the names."""
    order = np.argsort(-counts[1:-1], kind="stable") + 1
    order = order[counts[order] >= least]
    new, names = np.zeros(len(counts), dtype=np.int32), list(known.names)
    new[order] = np.arange(1, len(order) + 1)
    return new, [names[i - 1] for i in order.tolist()]


def _renumbered(shard: Shard, words: np.ndarray, interests: np.ndarray, *values: np.ndarray) -> Shard:
    titles = words[np.minimum(shard.titles, len(words) - 1)]
    flat = interests[shard.interests] - 1
    before = np.concatenate([[0], np.cumsum(flat >= 0)])  # of the ones that stay
    extras = [new[column] for new, column in zip(values, shard.extras.T, strict=True)]
    return Shard(titles, flat[flat >= 0], before[shard.starts], np.stack(extras, axis=1) if extras else shard.extras)


def only(shard: Shard, chosen: np.ndarray) -> Shard:
    """The examples that `chosen` (n,), true or false, marks."""
    sizes = np.diff(shard.starts)
    starts = np.concatenate([[0], np.cumsum(sizes[chosen])])
    return Shard(shard.titles[chosen], shard.interests[np.repeat(chosen, sizes)], starts, shard.extras[chosen])


def _hash(titles: np.ndarray) -> np.ndarray:
    """A number of 32 bits for each title (n, LENGTH): the same for the same words."""
    factors = np.random.default_rng(0).integers(2**63, size=LENGTH, dtype=np.uint64) | np.uint64(1)
    mixed = (titles.astype(np.uint64) * factors).sum(axis=1, dtype=np.uint64)
    return ((mixed ^ (mixed >> np.uint64(31))) * factors[0]) >> np.uint64(32)


def _load(path: Path) -> Shard:
    with np.load(path) as stored:
        return Shard(**stored)


# ------------------------------------------------------------------------------------------------------- from a CSV file


def from_csv(
    path: Path | str,
    title: str,
    interests: str,
    separator: str = "|",
    extras: Sequence[str] = (),
    folder: Path | str | None = None,
    rare: int = 2,
    held_out: float = 0.05,
    encoding: str | None = None,
) -> Corpus:
    """Examples in a CSV file, which may be compressed (.gz, .bz2): columns of titles, of bags and of extra inputs, by name.

    separator: stands between the interests of a bag. folder: where shards are kept, for files of any size; None keeps them in
    memory. held_out: this share of the titles is not learned from but kept in `Corpus.held_out`. rare: as in `from_lists`.
    encoding: by default UTF-8, or UTF-16 where the file says so, and single wrong bytes are read as Windows-1252.

    Fields may be separated by commas, semicolons or tabs. Left out and counted in `Corpus.report`: rows with more or fewer
    fields than the header, lines that a quotation mark swallows which is not closed, rows alike in every field (of files with
    millions of rows not every one is found), titles without a word, bags without an interest. Raises ValueError, naming the
    columns that there are, for a missing column, and for a file that nothing can be learned from; OSError where a file cannot
    be read or written.
    """
    path, columns = Path(path), [title, interests, *extras]
    if len(set(columns)) < len(columns):
        raise ValueError(f"the columns must be different ones, got {', '.join(map(repr, columns))}")
    if not separator:
        raise ValueError("the separator of interests is empty")
    try:
        "".encode(encoding or "UTF-8")
    except LookupError as error:
        raise ValueError(f"{error}; encodings are, for example, utf-8, utf-16 and cp1252") from None
    reader = _Reader(extras, None if folder is None else Path(folder))
    with (
        _not_collecting(),
        tqdm(total=path.stat().st_size, desc=path.name, unit="B", unit_scale=True, delay=0.5) as bar,
    ):
        for position, titles, bags, *values in _read(path, columns, encoding, reader.report):
            bar.update(position - bar.n)
            if len(separator) == 1:  # splitting all bags at once is faster, and the same
                reader.add(
                    titles, separator.join(bags).split(separator), [bag.count(separator) + 1 for bag in bags], values
                )
            else:
                split = [bag.split(separator) for bag in bags]
                reader.add(titles, [*itertools.chain.from_iterable(split)], [*map(len, split)], values)
    try:
        corpus = reader.corpus(rare, held_out)
        if len(corpus.numbering.words.words) == 1:
            raise ValueError(f"there is nothing to learn from: no word is in the titles {rare} times")
        if corpus.counts.sum() == len(corpus) * np.count_nonzero(corpus.counts):
            raise ValueError("there is nothing to learn from: all bags are alike")
    except ValueError as error:
        raise ValueError(f"{path}: {error}; interests were separated at {separator!r}") from None
    return corpus


@contextlib.contextmanager
def _not_collecting() -> Iterator[None]:
    """Rows are millions of small lists and form no cycles; looking for cycles among them takes an eighth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(path: Path, columns: list[str], encoding: str | None, report: Counter) -> Iterator[tuple]:
    """What `_chunks` gives; for a large file from a process of its own, so that two cores read."""
    if not path.is_file() or path.stat().st_size < LARGE:
        yield from _chunks(path, columns, encoding, report)
        return
    command = [sys.executable, "-c", "from course_utils.models.seq2bow.corpus import _send; _send()"]
    where = os.pathsep.join([str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": where}
    )
    try:
        pickle.dump((path, columns, encoding), process.stdin)
        process.stdin.close()
        while isinstance(got := pickle.load(process.stdout), tuple):
            yield got
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):
        raise OSError(f"{path}: the process that reads it was ended, perhaps for want of memory") from None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    if isinstance(got, Exception):
        raise got
    here = dict(report)
    report.clear()
    for counts in (got, here):  # what was found while reading first, as where one process does it all
        report.update(counts)


def _send() -> None:
    """The other end of `_read`: chunks, then the report or what was wrong, to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the other end, which then ends this one
    out, report = sys.stdout.buffer, Counter()
    given = pickle.load(sys.stdin.buffer)
    try:
        with _not_collecting():
            for chunk in _chunks(*given, report):
                pickle.dump(chunk, out, pickle.HIGHEST_PROTOCOL)
        last = report
    except (OSError, ValueError) as error:
        last = error
    pickle.dump(last, out)
    out.flush()


def _chunks(path: Path, columns: list[str], encoding: str | None, report: Counter) -> Iterator[tuple]:
    """Different rows of a table, about SHARD at a time: the place in the file, and a list for each of `columns`.

    Counts in `report`.
    """
    seen = np.zeros(SEEN, dtype=np.int64)

    def different(hashes: np.ndarray) -> np.ndarray:
        first = np.zeros(len(hashes), dtype=bool)
        first[np.unique(hashes, return_index=True)[1]] = True
        first &= seen[hashes % SEEN] != hashes
        seen[hashes % SEEN] = hashes
        report["duplicates"] += int((~first).sum())
        return first

    def windows_1252(error: UnicodeDecodeError) -> tuple[str, int]:
        report[f"bytes that are not {encoding}, read as Windows-1252"] += error.end - error.start
        return error.object[error.start : error.end].decode("cp1252", "replace"), error.end

    codecs.register_error("course_utils.windows_1252", windows_1252)
    opened = {".gz": gzip.open, ".bz2": bz2.open}.get(path.suffix.lower(), io.BufferedReader)
    with open(path, "rb", buffering=0) as raw, opened(raw) as plain_bytes:
        try:
            buffered = io.BufferedReader(plain_bytes)
            marked = buffered.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
            encoding = encoding or ("UTF-16" if marked else "UTF-8")
            text = io.TextIOWrapper(buffered, encoding, "course_utils.windows_1252", newline="")
            table = _rows(text, path, columns, report)
            header = [name.strip() for name in next(table, [])]
            places = _places(path, header, columns)
            ended = False
            while not ended:
                numbers, fields = [], [[] for _ in columns]
                for begin in range(0, SHARD, FEW):
                    most = min(FEW, SHARD - begin)
                    rows = list(itertools.islice(table, most))
                    whole = [row for row in rows if len(row) == len(header)]
                    report["rows"] += len(rows)
                    report["rows with more or fewer fields than the header"] += len(rows) - len(whole)
                    numbers.append(_numbers(whole))
                    for field, place in zip(fields, places, strict=True):
                        field += [row[place] for row in whole]
                    if ended := len(rows) < most:
                        break
                first = different(np.concatenate(numbers))
                if len(first):
                    position = raw.tell() if raw.seekable() else 0  # a pipe has no places
                    yield position, *(list(itertools.compress(field, first)) for field in fields)
        except UnicodeError as error:
            raise ValueError(f"{path} is not text in {encoding}: {error}") from None
        except (EOFError, zlib.error, OSError) as error:  # from damaged .gz and .bz2, too
            raise OSError(f"{path} cannot be read to its end: {error}") from None


def _places(path: Path, header: list[str], columns: list[str]) -> list[int]:
    """Where in a row the fields of `columns` stand."""
    for name in columns:
        if header.count(name) != 1:
            there = "more than one column" if name in header else "no column"
            raise ValueError(f"{path} has {there} {name!r}; it has: {', '.join(map(repr, header))[:500]}")
    return [header.index(name) for name in columns]


def _numbers(rows: list[list[str]]) -> np.ndarray:
    """For each row 64 bits that are the same for rows alike in every field, in every run, and hardly ever for others."""
    contents = [row.encode("utf-8", "surrogatepass") for row in map("\0".join, rows)]
    high, low = (
        np.fromiter(map(checksum, contents), np.int64, len(contents)) for checksum in (zlib.adler32, zlib.crc32)
    )
    return (high << 32) | low


def _rows(text: io.TextIOBase, path: Path, columns: list[str], report: Counter) -> Iterator[list[str]]:
    """Rows of a table, the header first, without blank lines. Counts the lines that are lost to an open quotation mark."""

    def likely(delimiter: str) -> tuple[int, int]:
        names = {name.strip(' "\r\n') for name in first.split(delimiter)}
        return len(names.intersection(columns)), first.count(delimiter)

    first = text.readline(LINE).removeprefix("\ufeff")
    if "\0" in first:
        raise ValueError(f"{path} is not text in {text.encoding}: save the table as CSV, or name its encoding")
    if not first.strip() or len(first) >= LINE:
        raise ValueError(f"{path} does not begin with a line of column names")
    lines = itertools.chain([first], iter(functools.partial(text.readline, LINE), ""), [_END])
    table, lost = csv.reader(lines, delimiter=max(",;\t", key=likely)), None
    ended = False
    while not ended:
        before, unread = table.line_num, 0
        try:
            for row in table:
                if row and _END in row[-1]:
                    unread = table.line_num - before - 1 if row != [_END] else 0  # _END is no line of the file
                    break
                if row:
                    yield row
                before = table.line_num
            ended = True
        except csv.Error:  # a field of more than csv.field_size_limit() signs
            unread = table.line_num - before
        if unread:
            lost = lost or f"lines lost, the first is line {before + 1:,}: an open quotation mark, or a very long field"
            report[lost] += unread

"""Job titles and the interests that go with them: the embedded sample, real postings of data roles, or O*NET.

The real postings were collected by L. Barousse, data_jobs, 2023, huggingface.co/datasets/lukebarousse/data_jobs; Apache-2.0.
O*NET 27.0 Database by the U.S. Department of Labor, Employment and Training Administration, onetcenter.org; CC BY 4.0. The
sample and what is planted in it: `data/README.md`.
"""

import bz2
import csv
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_utils import paths
from course_utils.text import tokenize

DATASET = "postings"
COMMAND = f"make data DATASETS={DATASET}"
REAL = Path(DATASET) / "data_jobs_title_skills.csv"
COLUMNS = ("job_title", "job_title_short", "job_country", "job_posted_date", "skills")

ONET = "onet"
ONET_COMMAND = f"make data DATASETS={ONET}"
OCCUPATIONS = "Occupation Data.txt"
ONET_FILES = {  # and the column of each that is read beside the code
    OCCUPATIONS: "Title",
    "Alternate Titles.txt": "Alternate Title",
    "Sample of Reported Titles.txt": "Reported Job Title",
    "Technology Skills.txt": "Commodity Title",
    "Tools Used.txt": "Commodity Title",
}
CODE = "O*NET-SOC Code"

SAMPLE = "postings.tsv.bz2"
SCRIPT = "data/make_postings.py"
EXTRAS = ("country", "seniority", "company")  # of the sample

PARTS = ("train", "validation", "test")
TENTHS = ("train",) * 8 + ("validation", "test")  # of the real titles, or of O*NET's codes


@dataclass(frozen=True, eq=False)
class Postings:
    """n examples, in a fixed order; `source` is "sample" or "real".

    titles: n strings as they were written, not all different.
    bags: for each title its interests (skills, tools), in small letters, none twice; a bag can be empty.
    occupations: n names. Sample: the occupation; real postings: the short title, one of ten; O*NET: the O*NET-SOC code.
    extras: what else is known, n strings each. Sample: those of EXTRAS; real postings: "country"; O*NET: nothing.
    """

    source: str
    titles: list[str]
    bags: list[list[str]]
    occupations: list[str]
    extras: dict[str, list[str]]

    def __len__(self) -> int:
        return len(self.titles)


@dataclass(frozen=True, eq=False)
class Splits:
    """No title is in two of the parts, not even with other capitals, spaces, digits or punctuation."""

    train: Postings
    validation: Postings
    test: Postings


def load(seed: int = 0) -> Splits:
    """The postings, from disk only: real ones if they are under COURSE_DATA_DIR, else the sample. Prints one line about them.

    `seed` draws which of the real titles, 80, 10 and 10 % of the different ones, are in which part. The sample's splits are
    fixed in its file. Raises paths.DataNotReady if COURSE_DATA=real and the file is not there, and ValueError, with the
    number of the line, if it is damaged.
    """
    if paths.choose(DATASET, is_ready) == "real":
        return _print(read(paths.data_dir() / REAL, seed), "real")
    return load_sample(f" (real ones: {COMMAND})")


def load_onet(seed: int = 0) -> Splits:
    """O*NET's titles if it is under COURSE_DATA_DIR, else the sample, from disk only. Prints one line about them.

    `seed` draws which occupations, 80, 10 and 10 % of those with a bag, are in which part; `read_onet` says what an example
    is. Raises paths.DataNotReady if COURSE_DATA=real and O*NET is not there, and ValueError if a file is damaged.
    """
    if paths.choose(ONET, onet_is_ready) == "real":
        return _print(read_onet(paths.data_dir() / ONET, seed), "O*NET")
    return load_sample(f" (O*NET: {ONET_COMMAND})")


def load_sample(hint: str = "") -> Splits:
    """The embedded sample, wherever real data may lie: for what only its planted structure can show. Prints one line."""
    splits = _empty("sample", EXTRAS)
    path = paths.verified(paths.SAMPLES / SAMPLE, SCRIPT)
    for _, (part, *row) in rows(path, ("split", "title", "skills", "occupation", *EXTRAS), tabs=True):
        _add(getattr(splits, part), *row)
    return _print(splits, "embedded sample", hint)


def is_ready(folder: Path) -> bool:
    """Whether the real postings lie under `folder`, where `make data` puts them only after it has read them."""
    return (Path(folder) / REAL).is_file()


def onet_is_ready(folder: Path) -> bool:
    """Whether the five files of O*NET lie under `folder`, where `make data` puts them together. Looks at names only."""
    return all((Path(folder) / ONET / name).is_file() for name in ONET_FILES)


def read(path: Path, seed: int) -> Splits:
    """The postings in a .csv file that has COLUMNS, split by title: all postings of a title are in the same part.

    Titles are the same here if their words are (`text.tokenize`): "Data Analyst (m/f/d)" and "data analyst, M/F/D". Compared
    letter by letter, the words of a fifth of the postings to test on, or more, would be known. Raises ValueError, with the
    number of the line, for a damaged row.
    """
    found = []
    for number, (title, short, country, _, skills) in rows(path, COLUMNS):
        if not title.strip():
            raise ValueError(f"{path}, line {number}: the posting has no title")
        found.append((title, skills, short, country))
    part_of = _draw((_words(title) for title, *_ in found), seed)
    splits = _empty("real", ("country",))
    for title, *row in found:
        _add(getattr(splits, part_of[_words(title)]), title, *row)
    return splits


def read_onet(folder: Path, seed: int) -> Splits:
    """O*NET's titles of occupations, each with the bag of its occupation: the commodities among its technology and tools.

    Each different title of an occupation (its own, the alternate and the reported ones) is an example. Since they share the
    bag, they stay together: the parts are drawn by the eight-digit code. Occupations without a bag are left out.

    A title such as "professor" stands under many codes. Where they fall into different parts, it is kept in the first of
    train, validation and test only, so that each title of a later part is new: whoever meets it there can have learned
    nothing about it by heart, right or wrong. Within a part it stays under each of its codes.

    Raises ValueError, with file and line, for a damaged row or a code that is not in OCCUPATIONS.
    """
    titles: dict[str, dict[str, str]] = {}
    bags: dict[str, dict[str, None]] = {}
    for name, column in ONET_FILES.items():
        for number, (code, text) in rows(folder / name, (CODE, column), tabs=True):
            if not text.strip():
                raise ValueError(f"{folder / name}, line {number}: there is no {column}")
            if name == OCCUPATIONS:
                titles[code], bags[code] = {}, {}
            if code not in titles:
                raise ValueError(f"{folder / name}, line {number}: {code} is not in {OCCUPATIONS}")
            if column == "Commodity Title":
                bags[code][_plain(text)] = None
            else:
                titles[code].setdefault(_plain(text), text)
    part_of = _draw((code for code, bag in bags.items() if bag), seed)
    splits = _empty("real", ())
    first = {}  # part in which the words of a title may be
    for part in PARTS:
        for code in part_of:
            if part_of[code] == part:
                for title in titles[code].values():
                    if first.setdefault(_words(title), part) == part:
                        _add(getattr(splits, part), title, "|".join(bags[code]), code)
    return splits


def rows(path: Path, columns: Sequence[str], tabs: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Number of the line, and fields of `columns`, of each row of a table: .csv, or with tabs between fields and no quotes.

    It may be compressed (.bz2). Raises ValueError if a column is missing, and, with the number of the line, for a row that has
    more or fewer fields than the header, a broken quotation, or what is not UTF-8.
    """
    dialect = {"delimiter": "\t", "quoting": csv.QUOTE_NONE} if tabs else {}
    with bz2.open(path) if path.suffix == ".bz2" else open(path, "rb") as lines:
        reader = csv.reader((line.decode("utf-8-sig") for line in lines), strict=True, **dialect)
        try:
            header = next(reader, [])
            missing = [column for column in columns if column not in header]
            if missing:
                raise ValueError(f"{path} lacks the columns {', '.join(missing)}; it has: {', '.join(header)[:300]}")
            places = [header.index(column) for column in columns]
            for row in reader:
                if row and len(row) != len(header):
                    raise ValueError(
                        f"{path}, line {reader.line_num}: {len(header)} fields were expected, there are {len(row)}"
                    )
                if row:
                    yield reader.line_num, [row[place] for place in places]
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}, line {reader.line_num + 1} is not text in UTF-8: {error}") from None
        except csv.Error as error:
            raise ValueError(f"{path}, line {reader.line_num} is not a row of a table: {error}") from None


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _words(title: str) -> str:
    return " ".join(tokenize(title))


def _draw(keys: Iterable[str], seed: int) -> dict[str, str]:
    """A part for each different key."""
    different = sorted(set(keys))
    random.Random(seed).shuffle(different)
    return {key: TENTHS[10 * i // len(different)] for i, key in enumerate(different)}


def _empty(source: str, extras: Sequence[str]) -> Splits:
    return Splits(*(Postings(source, [], [], [], {name: [] for name in extras}) for _ in PARTS))


def _add(part: Postings, title: str, skills: str, occupation: str, *extras: str) -> None:
    """Put one example into a part; `skills` have | between them. What comes often is one string for all."""
    part.titles.append(title)
    part.bags.append(list(dict.fromkeys(sys.intern(skill) for skill in map(_plain, skills.split("|")) if skill)))
    part.occupations.append(sys.intern(occupation))
    for column, value in zip(part.extras.values(), extras, strict=True):
        column.append(sys.intern(value))


def _print(splits: Splits, name: str, hint: str = "") -> Splits:
    parts = [getattr(splits, part) for part in PARTS]
    counts = ", ".join(f"{len(part):,} {name}" for name, part in zip(PARTS, parts, strict=True))
    different = len({skill for part in parts for bag in part.bags for skill in bag})
    print(f"Postings: {name} – {counts}, {different:,} interests{hint}")
    return splits

"""Titles and what goes with them: the embedded sample, real postings of data roles, O*NET, or questions with their tags.

The real postings were collected by L. Barousse, data_jobs, 2023, huggingface.co/datasets/lukebarousse/data_jobs; Apache-2.0.
O*NET 27.0 Database by the U.S. Department of Labor, Employment and Training Administration, onetcenter.org; CC BY 4.0.
The questions are from Stack Overflow, CC BY-SA, as collected for a course on NLP at HSE, github.com/hse-aml.
"""

import random
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from course_utils.datasets import Splits, Table, announce, damaged, real_files, rows, sample
from course_utils.text import title_key

COLUMNS = ("job_title", "job_title_short", "job_country", "job_posted_date", "skills")
OCCUPATIONS = "Occupation Data.txt"
ONET_COLUMNS = {  # of each file of O*NET, beside the code
    OCCUPATIONS: "Title",
    "Alternate Titles.txt": "Alternate Title",
    "Sample of Reported Titles.txt": "Reported Job Title",
    "Technology Skills.txt": "Commodity Title",
    "Tools Used.txt": "Commodity Title",
}
TAGS = re.compile(r"\['[^'|]+'(, '[^'|]+')*\]")  # of a question: the text of a Python list
EXTRAS = ("country", "seniority", "company")  # of the sample
SPLITS = ("train", "validation", "test")
TENTHS = ("train",) * 8 + ("validation", "test")  # of the real titles, or of O*NET's codes


@dataclass(frozen=True, eq=False)
class Postings(Table):
    """n examples, in a fixed order.

    titles: n strings as they were written, not all different.
    bags: for each title its interests (skills, tools), in lower case, each once; a bag can be empty.
    occupations: n names. Sample: the occupation; real postings: the short title, one of ten; O*NET: the O*NET-SOC code;
        questions: the first tag.
    extras: what else is known, n strings each. Sample: those of EXTRAS; real postings: "country"; others: nothing.
    """

    titles: list[str]
    bags: list[list[str]]
    occupations: list[str]
    extras: dict[str, list[str]]


def load(seed: int = 0) -> Splits:
    """Real postings or the sample. No title is in two splits, not even in other capitals, spaces, digits or punctuation. `seed`
    chooses which of the real titles, 80, 10 and 10 % of the different ones, are in which split."""
    files = real_files("postings")
    return _announced(read(*files, seed), "postings") if files else load_sample("postings")


def load_onet(seed: int = 0) -> Splits:
    """O*NET's titles or the sample. `seed` chooses which occupations, 80, 10 and 10 %, are in which split: see `read_onet`."""
    files = real_files("onet")
    return _announced(read_onet(files[0].parent, seed), "onet") if files else load_sample("onet")


def load_questions(seed: int = 0) -> Splits:
    """Titles of questions on Stack Overflow with their tags, or the sample. `seed` chooses the splits as in `load`."""
    files = real_files("stackoverflow")
    return _announced(read_questions(*files, seed), "stackoverflow") if files else load_sample("stackoverflow")


def load_sample(dataset: str = "postings") -> Splits:
    """The embedded sample."""
    columns = ("split", "title", "skills", "occupation", *EXTRAS)
    examples = (row for _, row in rows(sample("postings.tsv.bz2"), columns, tabs=True))
    return _announced(_splits("sample", examples, EXTRAS), dataset)


def read(path: Path, seed: int) -> Splits:
    """The postings in a .csv file that has COLUMNS. All postings of a title are in the same split; titles are the same if their
    `text.title_key` is: "Data Analyst (m/f/d)", "data analyst, M/F/D". Raises ValueError for a damaged row."""
    found = []
    for place, (title, short, country, _, skills) in rows(path, COLUMNS):
        if not title.strip():
            raise ValueError(f"{place}: the posting has no title")
        found.append((title, skills, short, country))
    return _by_title(found, seed, ("country",))


def read_questions(path: Path, seed: int) -> Splits:
    """The questions in a .tsv file with the columns title and tags, the text of a Python list; split as by `read`. Raises
    ValueError for a damaged row."""
    found = []
    for place, (title, tags) in rows(path, ("title", "tags"), tabs=True, quotes=True):
        if not title.strip() or not TAGS.fullmatch(tags):
            raise damaged(f"{place}: there must be a title, and a list of tags such as ['php', 'sql']", "stackoverflow")
        names = tags[2:-2].split("', '")
        found.append((title, "|".join(names), names[0]))
    return _by_title(found, seed)


def _by_title(found: list[tuple], seed: int, extras: Sequence[str] = ()) -> Splits:
    """Split examples that begin with their title, so that titles with the same key are together."""
    keys = [title_key(title) for title, *_ in found]
    split_of = _assigned(keys, seed)
    return _splits("real", ((split_of[key], *row) for key, row in zip(keys, found, strict=True)), extras)


def read_onet(folder: Path, seed: int) -> Splits:
    """O*NET's titles of occupations, each with the bag of its occupation: the commodities among its technology and tools.

    Each different title of an occupation (its own, the alternate and the reported ones) is an example. Since they share the
    bag, they stay together: the splits are of eight-digit codes. Occupations without a bag are left out. A title such as
    "professor" has many codes. It is kept only for those in the first of train, validation and test that has it, so that a
    model cannot have memorised anything about a title. Raises ValueError for a damaged row or a code not in OCCUPATIONS.
    """
    titles: dict[str, dict[str, str]] = {}
    bags: dict[str, dict[str, None]] = {}
    for name, column in ONET_COLUMNS.items():
        for place, (code, text) in rows(folder / name, ("O*NET-SOC Code", column), tabs=True):
            if not text.strip():
                raise damaged(f"{place}: the column {column} is empty", "onet")
            if name == OCCUPATIONS:
                titles[code], bags[code] = {}, {}
            if code not in titles:
                raise damaged(f"{place}: {code} is not in {OCCUPATIONS}", "onet")
            if column == "Commodity Title":
                bags[code][_plain(text)] = None
            else:
                titles[code].setdefault(_plain(text), text)
    split_of = _assigned((code for code, bag in bags.items() if bag), seed)
    first, examples = {}, []  # the first split of each title's key
    for code in sorted(split_of, key=lambda code: SPLITS.index(split_of[code])):
        split, skills = split_of[code], "|".join(bags[code])
        kept = (title for title in titles[code].values() if first.setdefault(title_key(title), split) == split)
        examples += ((split, title, skills, code) for title in kept)
    return _splits("real", examples)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _assigned(keys: Iterable[str], seed: int) -> dict[str, str]:
    """A split, chosen at random, for each different key."""
    different = sorted(set(keys))
    random.Random(seed).shuffle(different)
    return {key: TENTHS[10 * i // len(different)] for i, key in enumerate(different)}


def _splits(source: str, examples: Iterable[Sequence[str]], extras: Sequence[str] = ()) -> Splits:
    """From examples: split, title, skills with | between them, occupation, values of `extras`. Equal strings share memory."""
    tables = {name: Postings([], [], [], {extra: [] for extra in extras}) for name in SPLITS}
    for split, title, skills, occupation, *values in examples:
        table = tables[split]
        table.titles.append(title)
        table.bags.append(list(dict.fromkeys(sys.intern(skill) for skill in map(_plain, skills.split("|")) if skill)))
        table.occupations.append(sys.intern(occupation))
        for column, value in zip(table.extras.values(), values, strict=True):
            column.append(sys.intern(value))
    return Splits(source, **tables)


def _announced(found: Splits, dataset: str) -> Splits:
    interests = len({skill for split in found for bag in split.bags for skill in bag})
    return announce("Postings", found.source, dataset, f"{found.sizes}, {interests:,} interests", found)

"""CSV files of many kinds, and all that can be wrong in them, as a corpus."""

import bz2
import csv
import errno
import gzip
import io
import os
import random
import threading
import tracemalloc

import numpy as np
import pytest

from course_tools.ask import postings_table
from course_tools.ask.postings_table import TableLimits, from_csv

JOBS = [
    ("Data Engineer", "Python|SQL", "France"),
    ("Nurse", "care| First  Aid", "Spain"),
    ("Head Nurse, nights", "care|budgets|see below", ""),
    ("C++ developer", 'C++|"quotes"', "France"),
    ("Ingénieur – Élève", "café|c++", "Québec"),
]
CLEAN = [
    ("data engineer", {"python", "sql"}, "France"),
    ("nurse", {"care", "first aid"}, "Spain"),
    ("head nurse nights", {"care", "budgets"}, None),
    ("c++ developer", {"c++", "quotes"}, "France"),
    ("ingénieur élève", {"café", "c++"}, "Québec"),
]
GOOD = [("Nurse", "care|aid"), ("Clerk", "typing|aid")]


def table(rows=JOBS, header=("title", "interests", "country"), **options):
    """A table as text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", **options).writerows([header, *rows])
    return text.getvalue()


def read(place, content, name="jobs.csv", limits=None, **options):
    """The corpus of a file with this content; nothing is rare and nothing is held out unless options say so."""
    (place / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    options = {"rare": 1, "held_out": 0, "limits": TableLimits(**limits or {}), **options}
    return from_csv(place / name, "title", "interests", **options)


def decoded(corpus, *shards):
    """Examples of shards, or of all: title, bag, and the value of each extra input, None for an unknown one."""
    found, numbering = [], corpus.numbering
    for shard in shards or [load() for load in corpus.shards]:
        for title, bag, extras in zip(shard.titles, shard.bags(np.arange(len(shard))), shard.extras, strict=True):
            values = [([None, *known][number]) for number, known in zip(extras, numbering.extras.values(), strict=True)]
            words = " ".join(numbering.words.decode(title[title > 0]))
            found.append((words, {numbering.interests[i] for i in bag[bag >= 0]}, *values))
    return found


def counted(corpus):
    return {what: count for what, count in corpus.report.items() if count}


TEXT = table()
IN_ANOTHER_ORDER = table(
    [(f"a, b; {i}\nc;", b, t, c, "\0", "") for i, (t, b, c) in enumerate(JOBS)],
    ["more, and, more, and, more, and, more", "interests", "title", "country", "two\nlines", ""],
    delimiter=";",
)
SEMICOLONS = table([(*row, i) for i, row in enumerate(JOBS)], ("title", "interests", "country", "a; b; c; d; e; f"))
FILES = {
    "plain": (TEXT, "jobs.csv", {}),
    "all quoted": (table(quoting=csv.QUOTE_ALL), "jobs.csv", {}),
    "semicolons": (table(delimiter=";"), "jobs.csv", {}),
    "tabs": (table(delimiter="\t"), "jobs.tsv", {}),
    "CRLF": (TEXT.replace("\n", "\r\n"), "jobs.csv", {}),
    "CR CRLF": (TEXT.replace("\n", "\r\r\n"), "jobs.csv", {}),
    "CR": (TEXT.replace("\n", "\r"), "jobs.csv", {}),
    "blank lines": (TEXT.replace("\n", "\n\n") + "\n\n", "jobs.csv", {}),
    "no line end at the end": (TEXT.rstrip("\n"), "jobs.csv", {}),
    "a comma at the end of each row": (TEXT.replace("\n", ",\n").replace("country,", "country"), "jobs.csv", {}),
    "commas at the end of each line": (TEXT.replace("\n", ",,\n"), "jobs.csv", {}),
    "commas and spaces at the end": (TEXT.replace("\n", ", ,,\n").replace("country, ,,", "country"), "jobs.csv", {}),
    "no comma at the end of rows": (TEXT.replace("country", "country,,"), "jobs.csv", {}),
    "names of rows, as in R": (TEXT.replace("\n", "\n1,", 5), "jobs.csv", {}),
    "names of rows, commas": (TEXT.replace("\n", ",\n1,", 5).replace("country,", "country"), "jobs.csv", {}),
    "names of rows, as in pandas": ("," + TEXT.replace("\n", "\n1,", 5), "jobs.csv", {}),
    "backslashes before quotes": (TEXT.replace('""', '\\"'), "jobs.csv", {}),
    "one row with backslashes": (TEXT.replace('""', '\\"').replace(",C++", ',""C++""', 1), "jobs.csv", {}),
    "backslashes before separators": (table(quoting=csv.QUOTE_NONE, escapechar="\\"), "jobs.csv", {}),
    "single quotes": (table(quoting=csv.QUOTE_ALL, quotechar="'"), "jobs.csv", {}),
    "single quotes in one row": (TEXT.replace('"Head Nurse, nights"', "'Head Nurse, nights'"), "jobs.csv", {}),
    "spaces before quotes": (TEXT.replace('"Head Nurse', ' "Head Nurse'), "jobs.csv", {}),
    "an open quote": (TEXT.replace("Nurse,care", 'Nurse,"care'), "jobs.csv", {}),
    "text after a quote": (TEXT.replace("Data Engineer,", '"Data" Engineer,'), "jobs.csv", {}),
    "lines between": (table(delimiter="|"), "jobs.csv", {}),
    "byte order mark": (TEXT.encode("utf-8-sig"), "jobs.csv", {}),
    "byte order mark, quotes": (table(quoting=csv.QUOTE_ALL).encode("utf-8-sig"), "jobs.csv", {}),
    "byte order mark, named": (TEXT.encode("utf-8-sig"), "jobs.csv", {"encoding": "utf-8"}),
    "UTF-16": (TEXT.encode("utf-16"), "jobs.csv", {}),
    "UTF-16, big end first": (b"\xfe\xff" + TEXT.encode("utf-16-be"), "jobs.csv", {}),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), "jobs.csv", {}),
    "Windows-1252": (TEXT.encode("cp1252"), "jobs.csv", {"encoding": "cp1252"}),
    "gz": (gzip.compress(TEXT.encode()), "jobs.csv.gz", {}),
    "gz by another name": (gzip.compress(TEXT.encode()), "jobs.csv", {}),
    "gz in the name only": (TEXT, "jobs.csv.gz", {}),
    "UTF-16 in a GZ": (gzip.compress(TEXT.encode("utf-16")), "JOBS.GZ", {}),
    "bz2": (bz2.compress(TEXT.encode()), "jobs.csv.bz2", {}),
    "spaces in the header": (TEXT.replace("title,interests", '" title ", interests '), "jobs.csv", {}),
    "more columns in another order": (IN_ANOTHER_ORDER, "jobs.csv", {}),
    "semicolons in a name": (SEMICOLONS, "jobs.csv", {}),
}


@pytest.mark.parametrize(("content", "name", "options"), FILES.values(), ids=FILES)
def test_the_same_table_in_many_files(tmp_path, content, name, options):
    assert decoded(read(tmp_path, content, name, extras=["country"], **options)) == CLEAN


def test_a_separator_after_an_escaped_quote_in_every_row_is_no_column(tmp_path):
    doubled = table([(f'{title} "top, job"', bag, country) for title, bag, country in JOBS], quoting=csv.QUOTE_ALL)
    assert decoded(read(tmp_path, doubled.replace('""', '\\"'))) == decoded(read(tmp_path, doubled))


@pytest.mark.parametrize("separator", [",", ";", ", ", "\n", "||", "·"])
def test_interests_may_be_separated_by_anything(tmp_path, separator):
    rows = [(title, bag.replace("|", separator), country) for title, bag, country in JOBS]
    corpus = read(tmp_path, table(rows, quoting=csv.QUOTE_ALL), extras=["country"], separator=separator)
    assert decoded(corpus) == CLEAN


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_is_read_too(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(TEXT,))
    writer.start()
    corpus = from_csv(tmp_path / "pipe", "title", "interests", rare=1, held_out=0)
    writer.join()
    assert len(corpus) == len(JOBS)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_folder_and_a_second_process_change_nothing_but_where_the_shards_are(tmp_path, size):
    rows = [(f"{title} {'abcdefg'[i % 7]}", bag, country) for i in range(8) for title, bag, country in JOBS]
    content = table([*rows, ("", "care", "")]).encode() + b"Ragged\nNurse,caf\xe9|aid,Spain\n"
    (tmp_path / "shards").mkdir()
    here, there = (
        read(tmp_path, content, extras=["country"], held_out=0.2, rare=2, folder=folder, limits=limits)
        for folder, limits in ((None, {"shard": size}), (tmp_path / "shards", {"shard": size, "large": 0}))
    )
    assert len(list((tmp_path / "shards").iterdir())) == len(there.shards) == len(here.shards) >= len(rows) / size - 9
    assert decoded(here) == decoded(there) and decoded(here, here.held_out) == decoded(there, there.held_out)
    assert list(here.report.items()) == list(there.report.items()) and here.report["duplicates"] == len(JOBS)
    assert len(here.held_out) > 0 and here.titles == there.titles and here.counts.tolist() == there.counts.tolist()


RAGGED = "rows with more or fewer fields than the header, in line "
PLACEHOLDERS = "placeholders instead of interests, such as "
SENTENCES = "sentences instead of interests, such as "
ODD = [
    ("Boss\nBoss,a,b\n,,,\n", {"rows": 5, RAGGED + "4, 5": 2, "titles without a word": 1}),
    ("Nurse,care|aid\nNurse,care\nNurse,care|aid\n", {"rows": 5, "duplicates": 2, "examples": 3}),
    (",a|b\n!?,a\n ,\n", {"rows": 5, "titles without a word": 3}),
    (
        "Boss,see below\nChef,\nCook,N/A| -|\n",
        {"rows": 5, "bags without an interest": 3, PLACEHOLDERS + "'see below'": 2},
    ),
    ("Bo\0ss,\0\n\0,aid\n", {"rows": 4, "titles without a word": 1, "bags without an interest": 1}),
    (f"Boss,{'aid|' * 600}\n", {"rows": 3, "bags cut to 500 interests": 1, "examples": 3}),
    (f"Boss,{'long ' * 15}\n", {"rows": 3, "bags without an interest": 1, f"{SENTENCES}'{'long ' * 7}long…'": 1}),
    (f"Boss {'long ' * 20_000},aid\n", {"rows": 3, "examples": 3}),
    ("\n\n  \n", {"rows": 3, RAGGED + "6": 1}),
]


@pytest.mark.parametrize(("more", "what"), ODD, ids=lambda value: None if isinstance(value, dict) else repr(value[:12]))
def test_what_is_odd_is_left_out_and_counted(tmp_path, more, what):
    corpus = read(tmp_path, table(GOOD, ("title", "interests")) + more)
    assert counted(corpus) == {"examples": 2, **what}
    assert decoded(corpus)[:2] == [("nurse", {"care", "aid"}), ("clerk", {"typing", "aid"})]


def test_single_bytes_of_windows_1252_are_read_and_counted(tmp_path):
    content = table(GOOD, ("title", "interests")).encode() + "Chefin für Käse ✓,".encode() + b"caf\xe9|\x80 5|\x81|x\n"
    corpus = read(tmp_path, content)
    assert decoded(corpus)[2] == ("chefin für käse", {"café", "€ 5", "x"})
    assert corpus.report["bytes that are not UTF-8, read as Windows-1252"] == 3


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_duplicates_are_alike_in_every_field_and_found_whatever_the_size_of_a_shard(tmp_path, size):
    rows = [(f"Job {i}", f"x|y{i % 5}", 0) for i in range(40)]
    shuffled = random.Random(0).sample(rows * 3 + [("Job 1", "x|y1", 1)], 121)
    corpus = read(tmp_path, table(shuffled, ("title", "interests", "id")), limits={"shard": size})
    assert counted(corpus) == {"rows": 121, "duplicates": 80, "examples": 41}
    assert [title for title, _ in decoded(corpus)] == [title.lower() for title, *_ in dict.fromkeys(shuffled)]


LOST = "lines with an open quotation mark or a very long field, in line "


@pytest.mark.parametrize("n", [20, 12_000])
def test_an_open_quotation_mark_costs_its_line_only(tmp_path, n):
    rows = [f"Nurse {i},care|aid|n{i % 5}\n" for i in range(n)]
    for i in range(2, 18, 2):
        rows[i] = f'"Nurse, {i},care|aid\n'
    corpus = read(tmp_path, "title,interests\n" + "".join(rows))
    assert counted(corpus) == {LOST + "4, 6, 8, 10, 12 …": 8, "rows": n - 8, "examples": n - 8}
    assert decoded(corpus)[-1][0] == f"nurse {n - 1}"


def test_lines_within_a_field_are_no_rows(tmp_path):
    content = table(
        [(f"Nurse {i}\nby night, or\n", f"care|aid{i % 2}", i) for i in range(9)], ("title", "interests", "id")
    )
    corpus = read(tmp_path, content)
    assert counted(corpus) == {"rows": 9, "examples": 9} and decoded(corpus)[0][0] == "nurse 0 by night or"


@pytest.mark.parametrize("quote", ['"', ""])
def test_a_very_long_field_costs_its_row_only(tmp_path, quote):
    long = f"Boss,{quote}{'x' * 200_000}{quote}\n"
    corpus = read(tmp_path, "title,interests\nNurse,care|aid\n" + 3 * long + "Clerk,aid\n")
    assert counted(corpus) == {LOST + "3, 4, 5": 3, "rows": 2, "examples": 2}


def test_every_row_of_a_mess_is_counted_once(tmp_path):
    rng = random.Random(1)
    titles = ["Nurse", "Data Engineer", "C++ developer", "", "!!!", "工程师", "Clerk"]
    bags = ["care|aid", "sql|python", "see below", "", "aid|sql", "once"]
    lines = [f"{rng.choice(titles)} {rng.choice('abcdefgh')},{rng.choice(bags)},{i % 60}\n" for i in range(900)]
    for i in range(0, 900, 50):
        lines[i] = rng.choice(["one field\n", "a,b,c,d\n", ",care,1\n", f"Nurse,rare{i},1\n"])
    content, limits = "title,interests,id\n" + "".join(lines), {"shard": 50, "held_out": 20}
    report = read(tmp_path, content, rare=2, held_out=0.3, limits=limits).report
    assert report.pop("rows") == 900 == sum(count for what, count in report.items() if ", such as " not in what)
    for what in ("duplicates", "bags of rare interests only", "more examples of titles held out, left out"):
        assert report[what] > 0


def test_memory_does_not_grow_with_the_file(tmp_path):
    limits = TableLimits(shard=100, rows=10, remembered=1024, titles=100, words=100, interests=100)
    peaks = []
    for n in (400, 2000):
        path = tmp_path / f"{n}.csv"
        with open(path, "w") as file:
            file.write("title,interests,about\n")
            file.writelines(f"Nurse {i},care|y{i},{'about ' * 1000}\n" for i in range(n))
        (tmp_path / str(n)).mkdir()
        tracemalloc.start()
        corpus = from_csv(path, "title", "interests", folder=tmp_path / str(n), rare=1, limits=limits)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert corpus.report["rows"] == n
    assert peaks[1] < 1.3 * peaks[0]
    assert peaks[1] < 500_000  # a shard has 600,000 characters in a column that is not used


FIRST, NONE = "does not begin with a line of column names", "nothing to learn from: "
WRONG = {
    "empty": ("", {}, FIRST),
    "nothing but a byte order mark": (b"\xef\xbb\xbf", {}, FIRST),
    "an empty gz": (gzip.compress(b""), {"name": "jobs.csv.gz"}, FIRST),
    "a blank line": (" \t \r\n" + TEXT, {}, FIRST),
    "JSON in one line": ('[{"title": "Nurse"}, ' * 1000, {"limits": {"line": 1000}}, FIRST),
    "a header only": ("title,interests\n", {}, NONE + "there are no examples"),
    "no word twice": ("title,interests\nNurse,a|b\nClerk,b|a|c\nBoss,c\n", {"rare": 2}, "no word is in the titles 2"),
    "no bags": ("title,interests\nNurse,see below\nClerk,See Below\n", {}, "2 bags without an interest"),
    "all lost": (
        'title,interests\n"Nurse,x,y,a|b\n"Clerk,x,y,b|c\n',
        {},
        "2 lines with an open quotation mark or a very long field, in line 2, 3",
    ),
    "one interest": ("title,interests\nNurse,a\nClerk,a\n", {}, "all bags are alike; interests were separated at '|'"),
    "another column": ("Title, skills \nNurse,a\n", {}, "has no column 'title'; it has: 'Title', 'skills'$"),
    "many columns": (
        ",".join(f"column {i}" for i in range(5000)),
        {},
        "no column 'title'; it has: 'column 0', 'column",
    ),
    "a column twice": ("title,interests,title\nNurse,a,Boss\n", {}, "more than one column 'title'; it has"),
    "an extra that is the title": (
        TEXT,
        {"extras": ["title"]},
        "must be different ones, got 'title', 'interests', 'ti",
    ),
    "an empty separator": (TEXT, {"separator": ""}, "the separator of interests is empty"),
    "an unknown encoding": (TEXT, {"encoding": "utf-9"}, "unknown encoding: utf-9; encodings are, for example, utf-8"),
    "NUL characters": (
        b"title\0,interests\nNurse,a|b\n",
        {},
        "is not text in UTF-8.*: save the table as CSV, or name its",
    ),
    "the wrong encoding": (TEXT, {"encoding": "utf-16"}, "is not text in utf-16: "),
    "a workbook": (
        b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0" + bytes(range(256)),
        {},
        "is an Excel workbook or an archive, not text: save",
    ),
}


@pytest.mark.parametrize(("content", "options", "message"), WRONG.values(), ids=WRONG)
def test_errors_say_what_is_wrong(tmp_path, content, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        read(tmp_path, content, **options)
    said = str(caught.value)
    assert "\n" not in said and len(said) < 800
    assert str(tmp_path) in said or "must be different" in said or "separator" in said or "encoding" in said


def test_errors_of_the_second_process_arrive(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"jobs\.csv has no column 'title'; it has: 'name'"):
        read(tmp_path, "name\nNurse\n", limits={"large": 0})
    monkeypatch.setattr(postings_table, "_send", print)  # a process that ends without a word
    with pytest.raises(OSError, match=r"jobs\.csv: the process that reads it ended"):
        read(tmp_path, TEXT, limits={"large": 0})


PACKED = {
    "gz": gzip.compress(TEXT.encode() * 99),
    "bz2": bz2.compress(random.Random(0).randbytes(2000) + TEXT.encode()),
}


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("damage", [lambda b: b[:-20], lambda b: b[:15] + b"\xff" * 30])
def test_a_damaged_archive_is_named(tmp_path, kind, damage):
    with pytest.raises(OSError, match=rf"jobs\.csv\.{kind} cannot be read to its end: \w"):
        read(tmp_path, damage(PACKED[kind]), f"jobs.csv.{kind}")


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(*args, **arrays):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match=rf"cannot be kept in .*{tmp_path.name}.*No space left on device.*make room"):
        read(tmp_path, TEXT, folder=tmp_path)

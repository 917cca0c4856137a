"""Titles and bags as numbers: cleaning, counting, and CSV files of every kind of oddness."""

import bz2
import csv
import errno
import gzip
import io
import os
import random
import sys
import threading
import tracemalloc
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.models.seq2bow import corpus as module
from course_utils.models.seq2bow.corpus import (
    LARGEST,
    LENGTH,
    LONGEST,
    Shard,
    from_csv,
    from_lists,
    joined,
    plain,
    title_words,
)

many = settings(max_examples=60, deadline=None)  # a slow computer is no fault
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


def table(rows=JOBS, header=("title", "interests", "country"), **options):
    """A table as text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", **options).writerows([header, *rows])
    return text.getvalue()


def write(folder, content, name="jobs.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(place, content, name="jobs.csv", **options):
    """The corpus of a file with this content; nothing is rare and nothing is held out unless said."""
    return from_csv(write(place, content, name), "title", "interests", **{"rare": 1, "held_out": 0, **options})


def decoded(corpus, *shards):
    """Examples of shards, or of all: title, bag, and the value of the extra input, None for an unknown one."""
    found, numbering = [], corpus.numbering
    for shard in shards or [load() for load in corpus.shards]:
        for title, bag, extras in zip(shard.titles, shard.bags(np.arange(len(shard))), shard.extras, strict=True):
            values = [([None, *all_][number]) for number, all_ in zip(extras, numbering.extras.values(), strict=True)]
            words = " ".join(numbering.words.decode(title[title > 0]))
            found.append((words, {numbering.interests[i] for i in bag[bag >= 0]}, *values))
    return found


def counted(corpus):
    return {what: count for what, count in corpus.report.items() if count}


# ------------------------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize("character", ["a", " ", "+", "é", "中", "'", "\u0301"])
def test_of_a_very_long_title_the_beginning_is_read(character):
    words = title_words("Nurse " + character * 100_000)
    assert words[0] == "nurse" and len(words) <= LENGTH and sum(map(len, words)) <= LONGEST


@pytest.mark.parametrize("title", [None, float("nan"), 7, b"nurse", ["nurse"]])
def test_a_title_that_is_no_string_is_refused(title):
    with pytest.raises(TypeError, match=f"one string, got {type(title).__name__}"):
        title_words(title)


@pytest.mark.parametrize(
    ("interest", "name"),
    [
        (" First \t Aid\n", "first aid"),
        ("C++", "c++"),
        (".NET", ".net"),
        ("c\N{NO-BREAK SPACE}sharp", "c sharp"),
        ("cafe\u0301", "café"),
        ("İngilizce", "ingilizce"),
        ("['Machine Learning'", "machine learning"),
        ('"sql"]', "sql"),
        ("a\0b\x1b[31m", "a b [31m"),
        ("机器学习", "机器学习"),
        ("C (programming)", "c (programming)"),
    ],
)
def test_interests_are_cleaned(interest, name):
    assert plain(interest) == name and plain(name) == name


@pytest.mark.parametrize(
    "interest",
    ["", " ", "See  Below", "N/A", "None", "NULL", "nan", "-", "–", "?", "…", "...", "[]", "['']", "\0", "\ufeff"],
)
def test_what_stands_for_nothing_is_no_interest(interest):
    assert plain(interest) == ""


# ----------------------------------------------------------------------------------------------------------------- shards


def test_bags_of_some_rows_are_filled_up():
    shard = Shard(
        np.ones((3, LENGTH), np.int32),
        np.array([4, 5, 6], np.int32),
        np.array([0, 2, 2, 3]),
        np.zeros((3, 0), np.int32),
    )
    assert shard.bags(np.array([2, 0, 1])).tolist() == [[6, -1], [4, 5], [-1, -1]]
    assert shard.bags(np.array([1])).shape == (1, 0) and shard.bags(np.array([], dtype=int)).shape == (0, 0)
    twice = joined([shard, shard])
    assert len(twice) == 6
    assert twice.bags(np.arange(6)).tolist() == 2 * shard.bags(np.arange(3)).tolist()


# ------------------------------------------------------------------------------------------------------------ from lists

WORDS = st.lists(st.sampled_from(["Nurse", "nurse", "data", "C++", "工", "!", "x"]), max_size=4).map(" ".join)
BAGS = st.lists(st.sampled_from(["sql", " SQL", "care", "n/a", "", "é", "y"]), max_size=4)
EXAMPLES = st.lists(st.tuples(WORDS, BAGS, st.sampled_from(["", "FR", " FR ", "ES"])), min_size=1, max_size=12)


def expected(examples, rare):
    """What should be left of (title, bag, value): the same, done one by one."""
    left = [
        (title_words(title), {plain(name) for name in bag} - {""}, value.strip() or None)
        for title, bag, value in examples
    ]
    left = [example for example in left if example[0] and example[1]]
    words, interests = (Counter(name for example in left for name in example[part]) for part in (0, 1))
    frequent = [
        (
            " ".join(word if words[word] >= rare else "<oov:0>" for word in title),
            {name for name in bag if interests[name] >= rare},
            value,
        )
        for title, bag, value in left
    ]
    return [example for example in frequent if example[1]]


@many
@given(EXAMPLES, st.integers(1, 3), st.integers(1, 5))
def test_numbers_stand_for_what_was_given_whatever_the_size_of_a_shard(examples, rare, size):
    titles, bags, values = map(list, zip(*examples, strict=True))
    whole, module.SHARD = module.SHARD, size
    try:
        if not expected(examples, rare):
            with pytest.raises(ValueError, match="nothing to learn from"):
                from_lists(titles, bags, {"country": values}, rare)
            return
        corpus = from_lists(titles, bags, {"country": values}, rare)
    finally:
        module.SHARD = whole
    found = decoded(corpus)
    assert found == expected(examples, rare)
    assert len(corpus) == len(found) == sum(len(shard) for shard in corpus.mixed())
    counts = Counter(name for _, bag, _ in found for name in bag)
    assert corpus.counts.tolist() == [counts[name] for name in corpus.numbering.interests]
    assert corpus.counts.tolist() == sorted(corpus.counts, reverse=True)
    again = corpus.numbering.encode(titles, bags, {"country": values})
    known = [any(word in corpus.numbering.words for word in title_words(title)) for title in titles]
    assert again.titles.any(axis=1).tolist() == known
    survived = [example for example in decoded(corpus, again) if example[0] and example[1]]
    assert survived == [example for example in found if set(example[0].split()) != {"<oov:0>"}]


def test_the_frequent_have_the_small_numbers():
    corpus = from_lists(["b a", "a", "c a b"], [["y", "x"], ["x"], ["z", "x", "y"]], rare=1)
    assert corpus.numbering.words.words[1:] == ["a", "b", "c"]
    assert corpus.numbering.interests == ["x", "y", "z"]
    assert corpus.counts.tolist() == [3, 2, 1]
    assert corpus.titles == ["b a", "a", "c a b"]


def test_titles_come_by_frequency_and_each_once():
    corpus = from_lists(["b", "A", "a!", "-", "a"], [["x", "y"]] * 5, rare=1)
    assert corpus.titles == ["a", "b"]


def test_without_an_extra_input_there_is_none_and_a_new_value_is_unknown():
    corpus = from_lists(["a", "b"], [["x"], ["x", "y"]], {"country": ["FR", "ES"]}, rare=1)
    encode = corpus.numbering.encode
    assert encode(["a"]).extras.tolist() == encode(["a"], extras={"country": ["DE"]}).extras.tolist() == [[0]]
    assert encode(["a"], extras={"country": [" ES "]}).extras.tolist() == [[2]]
    assert encode(["a"], [["y", "Z", "Y"]]).interests.tolist() == [1]
    assert encode([], []).titles.shape == (0, LENGTH)
    with pytest.raises(ValueError, match="no extra input city; there are: country"):
        encode(["a"], extras={"city": ["Paris"]})


def test_numbers_that_differ_are_refused():
    with pytest.raises(ValueError, match="as many of each.*'titles': 1, 'bags': 2"):
        from_lists(["a"], [["x"], ["y"]])
    corpus = from_lists(["a", "a"], [["x"], ["y"]], {"country": ["FR", "ES"]}, rare=1)
    for bags, extras in (([["x"]], None), ([], None), (None, {"country": ["FR"] * 3}), (None, {"country": []})):
        with pytest.raises(ValueError, match="as many of each"):
            corpus.numbering.encode(["a", "a"], bags, extras)


def test_a_bag_that_is_one_string_is_refused():
    with pytest.raises(TypeError, match="a bag is a list of interests"):
        from_lists(["a", "a"], ["python", "sql"])


def test_bags_may_come_as_generators_and_interests_may_repeat():
    corpus = from_lists(["a", "a"], [(name for name in ("x", "X ", "x")), iter(["y", "x"])], rare=1)
    assert decoded(corpus) == [("a", {"x"}), ("a", {"x", "y"})]


def test_a_bag_of_thousands_is_cut():
    bags = [["x", *map(str, range(5000))], ["x"] * LARGEST, ["x"]]
    corpus = from_lists(["a", "b", "c"], bags, rare=1)
    assert [len(bag) for _, bag in decoded(corpus)] == [LARGEST, 1, 1]
    assert counted(corpus) == {f"bags cut to {LARGEST:,} interests": 1, "examples": 3}


def test_mixing_loses_no_example(monkeypatch):
    monkeypatch.setattr(module, "SHARD", 2)
    monkeypatch.setattr(module, "MIXED", 3)
    titles = [f"job {i}" for i in range(17)]
    corpus = from_lists(titles, [["x", title] for title in titles], rare=1)
    plain_order, mixed = (decoded(corpus, *corpus.mixed(rng)) for rng in (None, np.random.default_rng(0)))
    assert [title for title, _ in plain_order] == titles != [title for title, _ in mixed]
    assert sorted(title for title, _ in mixed) == sorted(titles)
    assert [len(shard) for shard in corpus.mixed()] == [6, 6, 5]


# --------------------------------------------------------------------------------------------------------------- held out


def held_out_example(n=400):
    return [f"{job} {i % 40}" for i in range(n) for job in ("nurse", "clerk")], [
        ["x", f"y{i % 9}"] for i in range(2 * n)
    ]


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_no_title_is_both_learned_from_and_held_out(share, monkeypatch):
    monkeypatch.setattr(module, "SHARD", 100)
    corpus = from_lists(*held_out_example(), held_out=share)
    apart, learned = (
        {title for title, *_ in decoded(corpus, *shards)} for shards in ([corpus.held_out], corpus.mixed())
    )
    assert apart and learned and not apart & learned
    assert len(apart | learned) == 80 == len(corpus.titles)
    assert len(apart) / 80 == pytest.approx(share, abs=0.1)
    assert len(corpus.held_out) == 10 * len(apart) and len(corpus) + len(corpus.held_out) == 800
    assert corpus.counts.sum() == sum(len(shard.interests) for shard in corpus.mixed())


def test_titles_that_differ_only_after_what_is_read_or_in_rare_words_are_one_title():
    long = " ".join("abcdefghijkl")
    titles = [f"{long} {i}" for i in range(50)] + [f"rare{i} nurse" for i in range(50)] + ["clerk"] * 50
    corpus = from_lists(titles, [["x", "y"]] * 150, held_out=0.5)
    apart, learned = (
        {title for title, *_ in decoded(corpus, *shards)} for shards in ([corpus.held_out], corpus.mixed())
    )
    assert len(apart | learned) == 3 and not apart & learned


def test_more_than_enough_is_not_held_out_but_counted(monkeypatch):
    monkeypatch.setattr(module, "MOST_HELD_OUT", 7)
    monkeypatch.setattr(module, "SHARD", 100)
    whole = from_lists(*held_out_example(), held_out=0.3)
    assert len(whole.held_out) == whole.report["examples held out"] == 7
    assert len(whole) + 7 + whole.report["more examples of titles held out, left out"] == 800
    learned = {title for title, *_ in decoded(whole)}
    assert not learned & {title for title, *_ in decoded(whole, whole.held_out)}


# ---------------------------------------------------------------------------------------------------- one table, many files

TEXT = table()


@pytest.mark.parametrize(
    ("content", "name", "options"),
    [
        pytest.param(TEXT, "jobs.csv", {}, id="plain"),
        pytest.param(table(quoting=csv.QUOTE_ALL), "jobs.csv", {}, id="all quoted"),
        pytest.param(table(delimiter=";"), "jobs.csv", {}, id="semicolons"),
        pytest.param(table(delimiter="\t"), "jobs.tsv", {}, id="tabs"),
        pytest.param(TEXT.replace("\n", "\r\n"), "jobs.csv", {}, id="CRLF"),
        pytest.param(TEXT.replace("\n", "\r\r\n"), "jobs.csv", {}, id="CR CRLF"),
        pytest.param(TEXT.replace("\n", "\r"), "jobs.csv", {}, id="CR"),
        pytest.param(TEXT.replace("\n", "\n\n") + "\n\n", "jobs.csv", {}, id="blank lines"),
        pytest.param(TEXT.rstrip("\n"), "jobs.csv", {}, id="no line end at the end"),
        pytest.param(TEXT.encode("utf-8-sig"), "jobs.csv", {}, id="byte order mark"),
        pytest.param(table(quoting=csv.QUOTE_ALL).encode("utf-8-sig"), "jobs.csv", {}, id="byte order mark and quotes"),
        pytest.param(TEXT.encode("utf-8-sig"), "jobs.csv", {"encoding": "utf-8"}, id="byte order mark and a name"),
        pytest.param(TEXT.encode("utf-16"), "jobs.csv", {}, id="UTF-16"),
        pytest.param(b"\xfe\xff" + TEXT.encode("utf-16-be"), "jobs.csv", {}, id="UTF-16, big end first"),
        pytest.param(TEXT.encode("utf-16-le"), "jobs.csv", {"encoding": "utf-16-le"}, id="UTF-16 without a mark"),
        pytest.param(TEXT.encode("cp1252"), "jobs.csv", {"encoding": "cp1252"}, id="Windows-1252"),
        pytest.param(gzip.compress(TEXT.encode()), "jobs.csv.gz", {}, id="gz"),
        pytest.param(gzip.compress(TEXT.encode("utf-16")), "JOBS.GZ", {}, id="UTF-16 in a GZ"),
        pytest.param(bz2.compress(TEXT.encode()), "jobs.csv.bz2", {}, id="bz2"),
        pytest.param(
            TEXT.replace("title,interests", '" title ", interests '), "jobs.csv", {}, id="spaces in the header"
        ),
        pytest.param(
            table(
                [(f"a, b; {i}\nc;", b, t, c, "\0", "") for i, (t, b, c) in enumerate(JOBS)],
                ["more, and, more, and, more, and, more", "interests", "title", "country", "two\nlines", ""],
                delimiter=";",
            ),
            "jobs.csv",
            {},
            id="more columns in another order",
        ),
        pytest.param(
            table([(*row, i) for i, row in enumerate(JOBS)], ("title", "interests", "country", "a; b; c; d; e; f")),
            "jobs.csv",
            {},
            id="semicolons in a name",
        ),
    ],
)
def test_the_same_table_in_many_files(tmp_path, content, name, options):
    assert decoded(read(tmp_path, content, name, extras=["country"], **options)) == CLEAN


@pytest.mark.parametrize("separator", [",", ";", ", ", "\n", "||", "·"])
def test_interests_may_be_separated_by_anything(tmp_path, separator):
    rows = [(title, bag.replace("|", separator), country) for title, bag, country in JOBS]
    corpus = read(tmp_path, table(rows, quoting=csv.QUOTE_ALL), extras=["country"], separator=separator)
    assert decoded(corpus) == CLEAN


def test_lists_as_python_and_json_write_them(tmp_path):
    rows = [("Nurse", "['care', 'first aid']"), ("Clerk", '["typing","care"]'), ("Boss", "[]"), ("Chef", "['']")]
    corpus = read(tmp_path, table(rows, ("title", "interests")), separator=",")
    assert decoded(corpus) == [("nurse", {"care", "first aid"}), ("clerk", {"typing", "care"})]
    assert corpus.report["bags without an interest"] == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_is_read_too(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=write, args=(tmp_path, TEXT, "pipe"))
    writer.start()
    corpus = from_csv(tmp_path / "pipe", "title", "interests", rare=1, held_out=0)
    writer.join()
    assert len(corpus) == len(JOBS)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_folder_changes_nothing_but_where_the_shards_are(tmp_path, monkeypatch, size):
    monkeypatch.setattr(module, "SHARD", size)
    rows = [(f"{title} {i % 7}", bag, country) for i in range(6) for title, bag, country in JOBS]
    (tmp_path / "shards").mkdir()
    here, there = (
        read(tmp_path, table(rows), extras=["country"], held_out=0.2, rare=2, folder=folder)
        for folder in (None, tmp_path / "shards")
    )
    assert len(list((tmp_path / "shards").iterdir())) == len(there.shards) == -(-len(rows) // size)
    assert decoded(here) == decoded(there) and decoded(here, here.held_out) == decoded(there, there.held_out)
    assert len(here.held_out) > 0 and here.report == there.report and here.titles == there.titles
    assert here.counts.tolist() == there.counts.tolist()


# ------------------------------------------------------------------------------------------------------ cleaned and counted

GOOD = [("Nurse", "care|aid"), ("Clerk", "typing|aid")]


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("Boss\nBoss,a,b\n,,,\n", {"rows": 5, "rows with more or fewer fields than the header": 3}),
        ("Nurse,care|aid\nNurse,care\nNurse,care|aid\n", {"rows": 5, "duplicates": 2, "examples": 3}),
        (",a|b\n!?,a\n ,\n", {"rows": 5, "titles without a word": 3}),
        ("Boss,see below\nChef,\nCook,N/A| -|\n", {"rows": 5, "bags without an interest": 3}),
        (
            b"Chef cuisini\xe8re,caf\xe9|\x80|\x81\n",
            {"bytes that are not UTF-8, read as Windows-1252": 4, "rows": 3, "examples": 3},
        ),
        ("Bo\0ss,\0\n\0,aid\n", {"rows": 4, "titles without a word": 1, "bags without an interest": 1}),
        (f"Boss,{'aid|' * 600}\n", {"rows": 3, "bags cut to 500 interests": 1, "examples": 3}),
        (f"Boss,{'long ' * 100}\n", {"rows": 3, "bags without an interest": 1}),
        (f"Boss {'long ' * 20_000},aid\n", {"rows": 3, "examples": 3}),
        ("\n\n  \n", {"rows": 3, "rows with more or fewer fields than the header": 1}),
    ],
    ids=lambda value: None if isinstance(value, dict) else repr(value[:12]),
)
def test_what_is_odd_is_left_out_and_counted(tmp_path, more, what):
    content = table(GOOD, ("title", "interests")).encode() + (more if isinstance(more, bytes) else more.encode())
    corpus = read(tmp_path, content)
    assert counted(corpus) == {"examples": 2, **what}
    assert decoded(corpus)[:2] == [("nurse", {"care", "aid"}), ("clerk", {"typing", "aid"})]


def test_single_bytes_of_windows_are_read_as_they_were_meant(tmp_path):
    corpus = read(
        tmp_path, table(GOOD, ("title", "interests")).encode() + "Chefin für Käse ✓,".encode() + b"caf\xe9|\x80 5|x\n"
    )
    assert decoded(corpus)[2] == ("chefin für käse", {"café", "€ 5", "x"})


def test_rows_are_duplicates_only_when_alike_in_every_field(tmp_path):
    corpus = read(tmp_path, "id,title,interests\n1,Nurse,a|b\n2,Nurse,a|b\n1,Nurse,a\n1,Nurse,a|b\n")
    assert counted(corpus) == {"rows": 4, "duplicates": 1, "examples": 3}


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_duplicates_are_found_whatever_the_size_of_a_shard(tmp_path, monkeypatch, size):
    monkeypatch.setattr(module, "SHARD", size)
    rows = [(f"Job {i}", f"x|y{i % 5}") for i in range(40)]
    shuffled = random.Random(0).sample(rows * 3, 120)
    corpus = read(tmp_path, table(shuffled, ("title", "interests")))
    assert counted(corpus) == {"rows": 120, "duplicates": 80, "examples": 40}
    assert [title for title, _ in decoded(corpus)] == [title.lower() for title, _ in dict.fromkeys(shuffled)]


def test_which_duplicates_are_missed_is_the_same_in_every_run(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SEEN", 64)
    monkeypatch.setattr(module, "SHARD", 10)
    rows = [(f"Job {i}", f"x|y{i % 5}") for i in range(60)]
    assert read(tmp_path, table(rows * 2, ("title", "interests"))).report["duplicates"] == 28


LOST = "lines lost, the first is line {}: an open quotation mark, or a very long field"


def test_a_quotation_mark_left_open_near_the_end_swallows_nothing_unseen(tmp_path):
    rows = [(f"Nurse {i}", "care|aid") for i in range(20)]
    content = table([*GOOD, *rows], ("title", "interests"))
    corpus = read(tmp_path, content.replace("Nurse 5,care", 'Nurse 5,"care'))
    assert counted(corpus) == {LOST.format(9): 15, "rows": 7, "examples": 7}
    assert decoded(corpus)[-1] == ("nurse 4", {"care", "aid"})


def test_after_a_quotation_mark_left_open_reading_goes_on(tmp_path):
    n = 12_000
    rows = [f"Nurse {i},{chr(34) if i == 100 else ''}care|aid|n{i % 5}\n" for i in range(n)]
    corpus = read(tmp_path, "title,interests\n" + "".join(rows))
    lost = corpus.report[LOST.format(102)]
    assert 131_072 / 25 < lost < n - 1000
    assert corpus.report["rows"] + lost == n
    assert decoded(corpus)[-1][0] == f"nurse {n - 1}"


@pytest.mark.parametrize("quote", ['"', ""])
def test_a_very_long_field_costs_its_row_only(tmp_path, quote):
    long = f"Boss,{quote}{'x' * 200_000}{quote}\n"
    corpus = read(tmp_path, "title,interests\nNurse,care|aid\n" + 3 * long + "Clerk,aid\n")
    assert counted(corpus) == {LOST.format(3): 3, "rows": 2, "examples": 2}


def test_quotation_marks_within_a_field_are_signs(tmp_path):
    corpus = read(
        tmp_path, 'title,interests\nCarpenter 5" nails,care|5" nails\n"Say ""hi"" desk",a|b\n"Half" quoted,c\n'
    )
    assert [title for title, _ in decoded(corpus)] == ["carpenter 5 nails", "say hi desk", "half quoted"]
    assert decoded(corpus)[0][1] == {"care", '5" nails'}


def test_every_row_of_a_mess_is_accounted_for(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SHARD", 50)
    monkeypatch.setattr(module, "MOST_HELD_OUT", 20)
    rng = random.Random(1)
    titles = ["Nurse", "Data Engineer", "C++ developer", "", "!!!", "工程师", "Clerk"]
    bags = ["care|aid", "sql|python", "see below", "", "aid|sql", "once"]
    lines = [f"{rng.choice(titles)} {rng.choice('abcdefgh')},{rng.choice(bags)},{i % 60}\n" for i in range(900)]
    for i in range(0, 900, 50):
        lines[i] = rng.choice(["one field\n", "a,b,c,d\n", ",care,1\n", f"Nurse,rare{i},1\n"])
    report = read(tmp_path, "title,interests,id\n" + "".join(lines), rare=2, held_out=0.2).report
    assert report.pop("rows") == 900 == sum(report.values())
    for what in ("duplicates", "bags of rare interests only", "more examples of titles held out, left out"):
        assert report[what] > 0


# ------------------------------------------------------------------------------------------------------------------- limits


def test_words_that_come_too_late_are_unknown_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_WORDS", 3)
    corpus = read(tmp_path, table([("a b", "x|y"), ("c d", "x"), ("d e", "y")], ("title", "interests")))
    assert [title for title, _ in decoded(corpus)] == ["a b", "c <oov:0>", "<oov:0> <oov:0>"]
    assert corpus.report["different values of words, and any more are unknown"] == 3


def test_interests_that_come_too_late_are_unknown_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_INTERESTS", 2)
    corpus = read(tmp_path, table([("a", "x|y"), ("b", "z|X"), ("c", "z")], ("title", "interests")))
    assert decoded(corpus) == [("a", {"x", "y"}), ("b", {"x"})]
    assert corpus.report["different values of interests, and any more are unknown"] == 2
    assert corpus.report["bags without an interest"] == 1


def test_values_that_come_too_late_are_unknown_and_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_VALUES", 1)
    corpus = read(tmp_path, table([("a", "x|y", "FR"), ("b", "x", "ES")]), extras=["country"])
    assert decoded(corpus) == [("a", {"x", "y"}, "FR"), ("b", {"x"}, None)]
    assert corpus.report["different values of country, and any more are unknown"] == 1


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_frequent_titles_are_remembered_when_there_are_too_many(tmp_path, monkeypatch, size):
    monkeypatch.setattr(module, "MOST_TITLES", 4)
    monkeypatch.setattr(module, "SHARD", size)
    rows = [("Nurse", f"x|y{i}") if i % 2 else (f"Job {i}", "x") for i in range(60)]
    corpus = read(tmp_path, table(rows, ("title", "interests")))
    assert corpus.titles[0] == "nurse" and len(corpus.titles) == 4
    assert [title for title, _ in decoded(corpus)] == [title.lower() for title, _ in rows]


@pytest.mark.parametrize("title", ["工" * 100_000, "word " * 20_000, "x" * 100_000, "+" * 99_999 + "a"])
def test_titles_without_end(tmp_path, title):
    corpus = read(
        tmp_path, table([(title, "x|y"), (title, "x"), ("Nurse", "y"), ("Clerk", "x|y")], ("title", "interests"))
    )
    words = title_words(title)
    if words:
        assert (corpus.numbering.encode([title]).titles[0] == next(corpus.mixed()).titles[0]).all()
    assert len(corpus) == (4 if words else 2)
    assert max(map(len, corpus.titles)) <= LONGEST


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    for name, small in {
        "SHARD": 100,
        "FEW": 10,
        "SEEN": 1024,
        "MOST_TITLES": 100,
        "MOST_WORDS": 100,
        "MOST_INTERESTS": 100,
    }.items():
        monkeypatch.setattr(module, name, small)
    peaks = []
    for n in (400, 2000):
        path = tmp_path / f"{n}.csv"
        with open(path, "w") as file:
            file.write("title,interests,about\n")
            file.writelines(f"Nurse {i},care|y{i},{'about ' * 1000}\n" for i in range(n))
        (tmp_path / str(n)).mkdir()
        tracemalloc.start()
        corpus = from_csv(path, "title", "interests", folder=tmp_path / str(n), rare=1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert corpus.report["rows"] == n
    assert peaks[1] < 1.3 * peaks[0]
    assert peaks[1] < 500_000  # a shard has 600,000 signs in a column that nobody asked for


def test_a_line_without_end_is_not_read_to_its_end(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LINE", 1000)
    with pytest.raises(ValueError, match="does not begin with a line of column names"):
        read(tmp_path, '[{"title": "Nurse"}, ' * 1000)
    corpus = read(tmp_path, "title,interests\nNurse,care|aid\nBoss," + "x|" * 2000 + "\nClerk,aid|typing\n")
    assert [title for title, _ in decoded(corpus)][-1] == "clerk" and corpus.report["rows"] > 3


def test_a_large_file_is_read_by_a_process_of_its_own_to_the_same_corpus(tmp_path, monkeypatch):
    rows = [(f"Nurse {i % 70}", f"care|aid {i % 7}", "France") for i in range(300)] + [
        ("", "care", ""),
        ("Boss", "", ""),
    ]
    content = table([*rows, *JOBS]).encode() + b"Ragged\nNurse,caf\xe9|aid,Spain\n"
    alone = read(tmp_path, content, extras=["country"], held_out=0.2)
    monkeypatch.setattr(module, "LARGE", 0)
    apart = read(tmp_path, content, extras=["country"], held_out=0.2)
    assert decoded(apart) == decoded(alone) and decoded(apart, apart.held_out) == decoded(alone, alone.held_out)
    assert list(apart.report.items()) == list(alone.report.items()) and apart.report["duplicates"] > 0
    assert apart.titles == alone.titles and apart.counts.tolist() == alone.counts.tolist()


# ------------------------------------------------------------------------------------------------------------------- errors

WRONG = {
    "empty": ("", {}, "does not begin with a line of column names"),
    "nothing but a byte order mark": (b"\xef\xbb\xbf", {}, "does not begin with a line of column names"),
    "an empty gz": (gzip.compress(b""), {"name": "jobs.csv.gz"}, "does not begin with a line of column names"),
    "a blank line": ("\n" + TEXT, {}, "does not begin with a line of column names"),
    "a blank line of blanks": (" \t \r\n" + TEXT, {}, "does not begin with a line of column names"),
    "a header only": ("title,interests\n", {}, "nothing to learn from: there are no examples"),
    "one row": ("title,interests\nNurse,a|b\n", {"rare": 2}, "1 rows, 1 bags of rare interests only"),
    "all rare": ("title,interests\nNurse,a|b\nNurse,c|d\n", {"rare": 2}, "2 bags of rare interests only"),
    "no word twice": ("title,interests\nNurse,a|b\nClerk,b|a|c\nBoss,c\n", {"rare": 2}, "no word is in the titles 2 times"),
    "no titles": ("title,interests\n,a|b\n ,a\n", {}, "2 rows, 2 titles without a word"),
    "no bags": ("title,interests\nNurse,see below\nClerk,See Below\n", {}, "2 bags without an interest"),
    "all ragged": ("title,interests\nNurse,a,1\nClerk,b,2\n", {}, "2 rows with more or fewer fields than the header"),
    "all lost": ('title,interests\n"Nurse,a|b\nClerk,b|c\n', {}, "2 lines lost, the first is line 2: an open quotation mark"),
    "one interest": ("title,interests\nNurse,a\nClerk,a\n", {}, "all bags are alike; interests were separated at '|'"),
    "always both interests": ("title,interests\nNurse,a|b\nClerk,b|a\n", {}, "all bags are alike"),
    "an open header": ('"title,interests\nNurse,a|b\n', {}, "no column 'title'; it has: "),
    "another column": ("Title, skills \nNurse,a\n", {}, "has no column 'title'; it has: 'Title', 'skills'$"),
    "another delimiter": ("title|interests\nNurse|a\n", {}, r"has no column 'title'; it has: 'title\|interests'$"),
    "no such extra": (TEXT, {"extras": ["city"]}, "no column 'city'; it has: 'title', 'interests', 'country'$"),
    "a column twice": ("title,interests,title\nNurse,a,Boss\n", {}, "more than one column 'title'; it has"),
    "an extra twice": (TEXT, {"extras": ["country", "country"]}, "must be different ones, got .*'country', 'country'"),
    "an extra that is the title": (TEXT, {"extras": ["title"]}, "must be different ones, got 'title', 'interests', 'title'"),
    "an empty separator": (TEXT, {"separator": ""}, "the separator of interests is empty"),
    "an unknown encoding": (TEXT, {"encoding": "utf-9"}, "unknown encoding: utf-9; encodings are, for example, utf-8"),
    "an encoding that is none": (TEXT, {"encoding": "hex"}, "not a text encoding"),
    "UTF-16 without a mark": (TEXT.encode("utf-16-le"), {}, "is not text in UTF-8: save the table as CSV, or name its enc"),
    "the wrong encoding": (TEXT, {"encoding": "utf-16"}, "is not text in utf-16: "),
    "a workbook": (b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0" + bytes(range(256)), {}, "is not text in UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "options", "message"), WRONG.values(), ids=WRONG)
def test_errors_say_what_is_wrong(tmp_path, content, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        read(tmp_path, content, **options)
    said = str(caught.value)
    assert "\n" not in said and len(said) < 800
    assert str(tmp_path) in said or "must be different" in said or "separator" in said or "encoding" in said


def test_errors_of_the_process_that_reads_a_large_file_arrive(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LARGE", 0)
    with pytest.raises(ValueError, match=r"jobs\.csv has no column 'title'; it has: 'name'"):
        read(tmp_path, "name\nNurse\n")
    with pytest.raises(OSError, match=r"jobs\.csv\.gz cannot be read to its end"):
        read(tmp_path, PACKED["gz"][:-20], "jobs.csv.gz")
    environment = os.environ | {"PYTHONPATH": ""}
    dying = [sys.executable, "-c", "import os; os._exit(9)"]  # as one that is killed
    start = module.subprocess.Popen
    monkeypatch.setattr(module.subprocess, "Popen", lambda _, **rest: start(dying, **rest | {"env": environment}))
    with pytest.raises(OSError, match=r"jobs\.csv: the process that reads it was ended"):
        read(tmp_path, TEXT)


def test_of_many_columns_the_first_are_named(tmp_path):
    with pytest.raises(ValueError, match="no column 'title'; it has: 'column 0', 'column 1'") as caught:
        read(tmp_path, ",".join(f"column {i}" for i in range(5000)) + "\n1\n")
    assert len(str(caught.value)) < 700


PACKED = {
    "gz": gzip.compress(TEXT.encode() * 99),
    "bz2": bz2.compress(random.Random(0).randbytes(2000) + TEXT.encode()),
}


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize(
    "damage", [lambda b: b[:-20], lambda b: b[:60], lambda b: b[:15] + b"\xff" * 30, lambda b: TEXT.encode()]
)
def test_a_damaged_archive_is_named(tmp_path, kind, damage):
    with pytest.raises(OSError, match=rf"jobs\.csv\.{kind} cannot be read to its end: \w"):
        read(tmp_path, damage(PACKED[kind]), f"jobs.csv.{kind}")


def test_what_is_no_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        from_csv(tmp_path / "none.csv", "title", "interests")
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        from_csv(tmp_path, "title", "interests")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="needs a file without end")
def test_a_file_without_end_is_no_table():
    with pytest.raises(ValueError, match="not text"):
        from_csv("/dev/zero", "title", "interests")


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(*args, **arrays):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match=rf"cannot be kept in .*{tmp_path.name}.*No space left on device.*make room"):
        read(tmp_path, TEXT, folder=tmp_path)

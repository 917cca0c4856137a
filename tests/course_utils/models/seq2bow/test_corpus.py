"""Titles and bags as numbers: cleaning, counting, limits, and what is held out."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.models.seq2bow import corpus as numbers
from course_utils.models.seq2bow.corpus import LENGTH, Limits, Shard, from_lists, joined, plain, title_words
from course_utils.text import title_key

many = settings(max_examples=60, deadline=None)  # a slow computer is no fault


def decoded(corpus, *shards):
    """Examples of shards, or of all: title, bag, and the value of the extra input, None for an unknown one."""
    found, numbering = [], corpus.numbering
    for shard in shards or [load() for load in corpus.shards]:
        for title, bag, extras in zip(shard.titles, shard.bags(np.arange(len(shard))), shard.extras, strict=True):
            values = [([None, *all_][number]) for number, all_ in zip(extras, numbering.extras.values(), strict=True)]
            words = " ".join(numbering.words.decode(title[title > 0]))
            found.append((words, {numbering.interests[i] for i in bag[bag >= 0]}, *values))
    return found


@pytest.mark.parametrize("character", ["a", " ", "+", "é", "中", "'", "\u0301"])
def test_of_a_very_long_title_the_beginning_is_read(character):
    words = title_words("Nurse " + character * 100_000)
    assert words[0] == "nurse" and len(words) <= LENGTH and sum(map(len, words)) <= numbers.LONGEST


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
        ("Adobe (Photoshop", "adobe (photoshop"),
        ("Illustrator)", "illustrator"),
        (" * Team-work.", "team-work"),
        ("e\N{NON-BREAKING HYPHEN}mail;", "e-mail"),
        ("driver\N{RIGHT SINGLE QUOTATION MARK}s mate", "driver's mate"),
        ("py\N{ZERO WIDTH SPACE}thon\N{RIGHT-TO-LEFT MARK}", "python"),
    ],
)
def test_interests_are_cleaned(interest, name):
    assert plain(interest) == name and plain(name) == name


def test_placeholders_and_punctuation_are_no_interests():
    for interest in "|  |See  Below|N/A|None|NULL|nan|-|–|?|…|...|[]|['']|\0|\ufeff".split("|"):
        assert plain(interest) == "", interest
    others = (
        "(Please see job description)|*see below|Refer to JD|as per detailed job description.|not specified|#NAME?|TBD."
    )
    for interest in others.split("|"):
        assert numbers.cleaned(interest)[1] == "placeholder", interest
    for interest in ("see5", "Jasper", "reporting requirements", "na+ channels", "other languages", "overview of SQL"):
        assert plain(interest), interest


def test_sentences_are_no_interests():
    for interest in ("Must have used SQL. Knows the cloud, too", "very " * 14 + "long", "x" * 201):
        assert numbers.cleaned(interest)[1] == "sentence", interest
    for interest in (
        "Node.js and ASP.NET",
        "Scanning light or spinning disk or laser scanning microscopes",
        "面向对象程序设计",
    ):
        assert plain(interest), interest


@pytest.mark.parametrize("size", [1, 1000])
def test_interests_that_are_never_beside_another_are_left_out_and_counted(size):
    bags = [["sql", "python"], ["travel"], ["python", "once"], ["travel"], ["python", "sql"], ["sql"]]
    corpus = from_lists([f"job {i}" for i in range(6)], bags, limits=Limits(shard=size))
    assert corpus.numbering.interests == ["sql", "python"] and list(corpus.numbering.alone) == ["travel"]
    assert [bag for _, bag in decoded(corpus)] == [{"sql", "python"}, {"python"}, {"sql", "python"}, {"sql"}]
    assert len(corpus) == 4 and corpus.counts.tolist() == [3, 3]
    assert corpus.report["bags of an interest that is never beside another one"] == 2
    assert corpus.report["interests never beside another one in a bag, left out, such as 'travel'"] == 1


def test_bags_of_some_rows_are_padded():
    titles, extras = np.ones((3, LENGTH), np.int32), np.zeros((3, 0), np.int32)
    shard = Shard(titles, np.array([4, 5, 6], np.int32), np.array([0, 2, 2, 3]), extras)
    assert shard.bags(np.array([2, 0, 1])).tolist() == [[6, -1], [4, 5], [-1, -1]]
    assert shard.bags(np.array([1])).shape == (1, 0) and shard.bags(np.array([], dtype=int)).shape == (0, 0)
    twice = joined([shard, shard])
    assert len(twice) == 6
    assert twice.bags(np.arange(6)).tolist() == 2 * shard.bags(np.arange(3)).tolist()


WORDS = st.lists(st.sampled_from(["Nurse", "nurse", "data", "C++", "工", "!", "x"]), max_size=4).map(" ".join)
BAGS = st.lists(st.sampled_from(["sql", " SQL", "care", "n/a", "", "é", "y"]), max_size=4)
EXAMPLES = st.lists(st.tuples(WORDS, BAGS, st.sampled_from(["", "FR", " FR ", "ES"])), min_size=1, max_size=12)


def expected(examples, rare):
    """What should be left of (title, bag, value): the same, done one by one."""
    cleaned = [(title_words(title), {*map(plain, bag)} - {""}, value.strip() or None) for title, bag, value in examples]
    cleaned = [example for example in cleaned if example[0] and example[1]]
    words, interests = (Counter(name for example in cleaned for name in example[part]) for part in (0, 1))
    found = []
    for title, bag, value in cleaned:
        bag = {name for name in bag if interests[name] >= rare}
        if bag:
            found.append((" ".join(word if words[word] >= rare else "<oov:0>" for word in title), bag, value))
    beside = {name for _, bag, _ in found if len(bag) > 1 for name in bag}
    return [example for example in found if example[1] & beside] if beside else found


@many
@given(EXAMPLES, st.integers(1, 3), st.integers(1, 5))
def test_decoded_examples_are_those_given_whatever_the_size_of_a_shard(examples, rare, size):
    titles, bags, values = map(list, zip(*examples, strict=True))
    given = titles, bags, {"country": values}, rare
    if not expected(examples, rare):
        with pytest.raises(ValueError, match="nothing to learn from"):
            from_lists(*given, limits=Limits(shard=size))
        return
    corpus = from_lists(*given, limits=Limits(shard=size))
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


def test_titles_are_sorted_by_frequency_and_different():
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
    bags = [["x", *map(str, range(5000))], ["x"] * numbers.LARGEST, ["x"]]
    corpus = from_lists(["a", "b", "c"], bags, rare=1)
    assert [len(bag) for _, bag in decoded(corpus)] == [numbers.LARGEST, 1, 1]
    assert corpus.report[f"bags cut to {numbers.LARGEST:,} interests"] == 1 and len(corpus) == 3


def test_mixing_loses_no_example():
    titles = [f"job {i}" for i in range(17)]
    corpus = from_lists(titles, [["x", title] for title in titles], rare=1, limits=Limits(shard=2, mixed=3))
    assert [title for title, _ in decoded(corpus, *corpus.mixed())] == titles
    assert [len(shard) for shard in corpus.mixed()] == [6, 6, 5]


def test_what_comes_after_a_limit_is_unknown_and_counted():
    examples = ["a b", "c d", "e"], [["x", "y"], ["z", "X"], ["z"]], {"country": ["FR", "ES", "FR"]}
    corpus = from_lists(*examples, rare=1, limits=Limits(words=3, interests=2, values=1))
    assert decoded(corpus) == [("a b", {"x", "y"}, "FR"), ("c <oov:0>", {"x"}, None)]
    limits = {
        what: corpus.report[f"different values of {what}, and any more are unknown"] for what in ("words", "interests")
    }
    assert limits == {"words": 3, "interests": 2}
    assert corpus.report["different values of country, and any more are unknown"] == 1
    assert corpus.report["bags without an interest"] == 1


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_frequent_titles_are_remembered_when_there_are_too_many(size):
    titles = ["Nurse" if i % 2 else f"Job {i}" for i in range(60)]
    corpus = from_lists(titles, [["x", f"y{i}"] for i in range(60)], rare=1, limits=Limits(shard=size, titles=4))
    assert corpus.titles[0] == "nurse" and len(corpus.titles) == 4
    assert [title for title, _ in decoded(corpus)] == [title.lower() for title in titles]


def examples_to_hold_out(n=400):
    """80 different titles, each ten times."""
    levels = [f"{a}{b}" for a in "vwxyz" for b in "abcdefgh"]
    titles = [f"{job} {levels[i % 40]}" for i in range(n) for job in ("nurse", "clerk")]
    return titles, [["x", f"y{i % 9}"] for i in range(2 * n)]


def titles_of(corpus):
    """Titles that are held out, and titles that are not."""
    return ({title for title, *_ in decoded(corpus, *shards)} for shards in ([corpus.held_out], corpus.mixed()))


@pytest.mark.parametrize("fraction", [0.05, 0.3])
def test_no_title_is_both_trained_on_and_held_out(fraction):
    corpus = from_lists(*examples_to_hold_out(), held_out=fraction, limits=Limits(shard=100))
    apart, trained = titles_of(corpus)
    assert apart and trained and not apart & trained
    assert len(apart | trained) == 80 == len(corpus.titles)
    assert len(apart) / 80 == pytest.approx(fraction, abs=0.1)
    assert len(corpus.held_out) == 10 * len(apart) and len(corpus) + len(corpus.held_out) == 800
    assert corpus.counts.sum() == sum(len(shard.interests) for shard in corpus.mixed())


def test_titles_that_the_network_reads_alike_are_one_title():
    long = " ".join("abcdefghijkl")
    titles = [f"{long} {i}" for i in range(50)] + [f"rare{i} nurse" for i in range(50)] + ["clerk"] * 50
    corpus = from_lists(titles, [["x", "y"]] * 150, held_out=0.5)
    apart, trained = titles_of(corpus)
    assert len(apart | trained) == 3 and not apart & trained


def test_titles_with_the_same_key_are_one_title():
    jobs = ["高级工程师", "مهندس", "ingénieur", "C++ developer", "driver's mate", "strassenbauer", "nurse"]
    ways = ["{}", "{} 2", "{} (3/4)", "{} – 5!"]
    titles = [way.format(job) for job in jobs for way in ways for _ in range(2)]
    for fraction in np.linspace(0.1, 0.8, 8):
        corpus = from_lists(titles, [["x", "y"]] * len(titles), held_out=fraction)
        apart, trained = ({title_key(title) for title in titles} for titles in titles_of(corpus))
        assert len(apart | trained) == len(jobs) and not apart & trained


def test_more_than_the_limit_is_not_held_out_but_counted():
    corpus = from_lists(*examples_to_hold_out(), held_out=0.3, limits=Limits(shard=100, held_out=7))
    assert len(corpus.held_out) == corpus.report["examples held out"] == 7
    assert len(corpus) + 7 + corpus.report["more examples of titles held out, left out"] == 800
    assert not set.intersection(*titles_of(corpus))

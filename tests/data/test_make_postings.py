"""The generator of the embedded postings: what it writes is in data/, and it plants what data/README.md says."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from course_utils.text import tokenize

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def occupations(make):
    return make.read_facts(DATA / make.FACTS)


@pytest.fixture(scope="module")
def postings(make, occupations):
    return make.make_postings(occupations)


def test_the_files_in_data_are_what_the_script_writes(compare):
    assert len(compare()) == 3  # with README.md and the sha256


# --- facts ---


def test_facts_are_complete(make, occupations):
    assert len(occupations) >= 60 and len({occupation.field for occupation in occupations}) >= 14
    names = [occupation.name for occupation in occupations]
    assert len(set(names)) == len(names)
    wanted = {"marketing analyst", "data engineer", "winemaker", "chief executive", "dishwasher", "programmer", "baker"}
    assert wanted | {"surgeon", "acrobat", "telesales"} <= set(names)
    for occupation in occupations:
        skills = occupation.own + occupation.shared
        assert 3 <= len(occupation.forms + occupation.held_out) <= 6 and occupation.name in occupation.forms, occupation
        assert 8 <= len(skills) <= 16 and len(set(skills)) == len(skills), occupation
        assert all(skill == skill.lower().strip() and skill and "|" not in skill for skill in skills), occupation


def test_a_title_is_that_of_one_occupation(make, occupations):
    owners = Counter()
    for occupation in occupations:
        for form in occupation.forms + occupation.held_out:
            words = {word for ladder in make.LADDERS[occupation.ladder] for word in ladder}
            written = {form} | {f"{word} {form}" for word in words} | {f"{form} {word}" for word in words & make.BEHIND}
            owners.update(written)
    assert [title for title, count in owners.items() if count > 1] == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("# data | sql", "line 2: .*companies"),
        ("# data | sql | start-up\nclerk | clerk | plain", "line 3: .*occupation"),
        ("# data | sql | start-up\nclerk | clerk | stairs | typing", "line 3: .*occupation"),
    ],
)
def test_a_line_of_facts_that_cannot_be_read_is_named(make, tmp_path, line, message):
    (tmp_path / "facts.txt").write_text(f"Introduction, not read.\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        make.read_facts(tmp_path / "facts.txt")


# --- what is planted ---


def test_pairs_have_like_words_and_other_skills(make, occupations, postings):
    by_form = {form: occupation for occupation in occupations for form in occupation.forms}
    for number, pair in enumerate(make.PAIRS):
        (_, a), (_, b) = pair
        words = [Counter(f"{word} {form}".split()) for word, form in pair]
        assert (words[0] == words[1]) is (number < 5) and a != b
        assert {w.rstrip("'s") for w in words[0]} & {w.rstrip("'s") for w in words[1]}
        one, other = by_form[a], by_form[b]
        assert one is not other and len(set(one.own) & set(other.own)) <= 2
        for word, form in pair:
            assert sum((p.word, p.form) == (word, form) for p in postings) >= 5
    twins = make.twins(postings)
    assert {p.form for p in twins} == {form for pair in make.PAIRS[:5] for _, form in pair}
    assert {p.split for p in twins} == set(make.SPLITS)


# --- splits ---


def test_the_words_of_new_titles_are_known(postings):
    known = {word for p in postings if p.split == "train" for word in tokenize(p.title)}
    for split in ("validation", "test"):
        words = [word for p in postings if p.split == split for word in tokenize(p.title)]
        assert 0 < sum(word not in known for word in words) / len(words) < 0.02


def test_sizes_and_what_is_only_in_the_test_split(make, occupations, postings):
    sizes = Counter(p.split for p in postings)
    assert sizes["train"] > 5_000 and sizes["validation"] > 700 and sizes["test"] > 1_000
    assert [p.split for p in postings] == [split for split in make.SPLITS for _ in range(sizes[split])]
    held_out = {form for occupation in occupations for form in occupation.held_out}
    assert {p.split for p in postings if p.form in held_out} == {"test"}
    assert {p.form for p in postings} >= held_out and len(held_out) > 50
    bare = {p.form for p in postings if p.split == "train" and not p.word and not p.city}
    assert len({form for occupation in occupations for form in occupation.forms} - bare) < 5


# --- what can be reached ---


def test_recall_is_the_mean_share_of_the_skills(make, postings):
    skills = [("a", "b"), ("a", "b", "c", "d"), ()]
    three = [replace(postings[0], skills=each) for each in skills]
    assert make.recall([("a", "b", "x"), ("x", "a"), ("a",)], three) == (1 + 0.25) / 2
    assert make.popular(three, k=3) == ("a", "b", "c")


def test_who_knows_more_reaches_more(make, postings):
    test = [p for p in postings if p.split == "test"]
    reached = [make.recall([make.popular(postings)] * len(test), test)]
    for known in make.KNOWN:
        guesses = [make.oracle(p, known) for p in test]
        assert {len(guess) for guess in guesses} <= {0, 10}
        reached.append(make.recall(guesses, test))
    assert reached[0] < 0.2 and 0.65 < reached[1] < reached[2] < reached[3] < 0.85


def test_the_oracle_of_the_title_knows_no_more_than_the_title(make, postings):
    title = make.KNOWN[1]
    p = next(p for p in postings if p.country == "France" and p.word in make.LADDERS["plain"][1] and p.city)
    assert {"french", "leadership"} <= set(make.oracle(p, title))
    assert "french" not in make.oracle(replace(p, city=""), title)
    assert "leadership" not in make.oracle(replace(p, word=""), title)
    assert make.oracle(p, title) == make.oracle(replace(p, company="none"), title)
    assert make.oracle(replace(p, form=make.BOILERPLATE[0]), title) == ()

"""The generator of the sentence pairs: it writes the files in data/, with what data/README.md says about them."""

import random
from collections import Counter

import pytest


@pytest.fixture(scope="module")
def pairs(make):
    return make.make_pairs()


@pytest.fixture(scope="module")
def splits(make, pairs):
    return {name: [pair for pair in pairs if pair.split == name] for name in make.SIZES}


def test_the_files_in_data_are_what_the_script_writes(compare, pairs):
    assert len(compare(pairs)) == 5  # with README.md and the sha256


def test_another_seed_writes_other_sentences(make, monkeypatch):
    monkeypatch.setattr(make, "SIZES", {"train": 110, "long": 12})
    one, again, other = (make.make_pairs(seed) for seed in (0, 0, 1))
    assert one == again
    assert not {pair.english for pair in one if pair.split == "long"} & {pair.english for pair in other}


# --- sentences ---


def test_sizes_and_lengths(make, pairs, splits):
    sizes = {"train": 8_000, "validation": 800, "test": 1_000, "long": 300}
    assert {name: len(split) for name, split in splits.items()} == sizes
    assert [pair.split for pair in pairs] == [name for name, size in sizes.items() for _ in range(size)]
    for name, split in splits.items():
        lengths = Counter(len(pair.english) for pair in split)
        assert set(lengths) == set(range(15, 21) if name == "long" else range(4, 15))
        assert max(lengths.values()) - min(lengths.values()) <= 1
        in_order = [len(pair.english) for pair in split]
        assert abs(sum(in_order[: len(split) // 2]) / sum(in_order) - 0.5) < 0.05  # shuffled


def test_no_sentence_comes_twice(pairs):
    assert len({pair.english for pair in pairs}) == len({pair.french for pair in pairs}) == len(pairs)


def test_tokens(pairs):
    for pair in pairs:
        for tokens in (pair.english, pair.french):
            assert tokens[-1] in (".", "?") and not {".", "?"} & set(tokens[:-1])
            for token in tokens:
                assert token in (".", "?", ",") or (token == token.lower() and token.strip("'").replace("'", "")), token
        assert all(token.isalpha() and token.isascii() for token in pair.english[:-1] if token != ",")
        for token in pair.french[:-1]:
            assert token == "," or token in ("aujourd'hui", "est-ce") or token.removesuffix("'").isalpha(), token


def test_an_english_sentence_has_one_translation(make, pairs):
    pen, found, met = make.Pen(random.Random(1)), {pair.english: pair.french for pair in pairs}, 0
    for i in range(6_000):
        pair = make.finished(pen.sentence(4 + i % 3))
        met += pair.english in found
        assert found.setdefault(pair.english, pair.french) == pair.french
    assert met > 500


def test_every_form_is_frequent_enough_to_be_learned(splits):
    for side in ("english", "french"):
        train = Counter(token for pair in splits["train"] for token in getattr(pair, side))
        assert min(train.values()) >= 10
        for name in ("validation", "test", "long"):
            assert {token for pair in splits[name] for token in getattr(pair, side)} <= set(train)
        assert 150 < len(train) < 250


PLANTED = {" not ": 0.1, " it ": 0.1, " in ": 0.05, " that ": 0.05, " because ": 0.05, " yesterday ": 0.02}
PLANTED |= dict.fromkeys([" never ", " who ", " them ", " they "], 0.03)
PLANTED |= {" l' ": 0.05, " j' ": 0.01, " n' ": 0.05, " qu' ": 0.03, " d' ": 0.001}


def test_everything_that_is_planted_is_frequent(splits):
    for split in splits.values():
        text = [f" {' '.join(pair.english)} → {' '.join(pair.french)} " for pair in split]
        for part, share in PLANTED.items():
            assert sum(part in line for line in text) > share * len(text), part
    for name in ("train", "validation", "test"):
        assert 0.12 < sum(pair.english[-1] == "?" for pair in splits[name]) / len(splits[name]) < 0.22


def test_an_and_a(pairs):
    for pair in pairs:
        for one, other in zip(pair.english, pair.english[1:], strict=False):
            if one in ("a", "an"):
                assert (one == "an") == (other[0] in "aeiou"), pair.english


# --- French ---

SOUNDS_LIKE_A_VOWEL = (*"aeiouâéêôœ", "homme", "horloge", "hôtel", "heureu", "hier")


def vowel(word):
    return word.startswith(SOUNDS_LIKE_A_VOWEL)


def test_elision(pairs):
    short = {"le", "la", "je", "ne", "que", "de"}
    for pair in pairs:
        for word, after in zip(pair.french, pair.french[1:], strict=False):
            assert word not in short or not vowel(after), pair.french
            assert not word.endswith("'") or vowel(after) or after == "y", pair.french


def test_people_are_he_or_she(pairs):
    for pair in pairs:
        if {"he", "she"} & set(pair.english):
            assert not {"it", "they", "them"} & set(pair.english)
            assert pair.french.count("elle") == pair.english.count("she")
            assert pair.french.count("il") == pair.english.count("he") + pair.english.count("there")


def test_french_has_other_lengths_than_english(pairs):
    shorter = sum(len(pair.french) < len(pair.english) for pair in pairs)
    longer = sum(len(pair.french) > len(pair.english) for pair in pairs)
    assert min(shorter, longer) > 0.05 * len(pairs)


# --- agreement over several words ---


def test_agreements_are_marked(pairs):
    marked = [(pair.french, *agreement) for pair in pairs for agreement in pair.agreements]
    assert all(noun < form for _, noun, form, _ in marked) and max(form - noun for _, noun, form, _ in marked) > 15
    assert sum(french[form] != masculine for french, _, form, masculine in marked) > 2_000


def test_who_remembers_less_gets_less_right(make, splits):
    for name, split in splits.items():
        shares = [sum(make.remembered(pair, back) for pair in split) / len(split) for back in make.BACK.values()]
        assert shares == sorted(shares) and shares[0] < 0.8 and shares[-1] == 1, name
    pair = make.Pair("", ("x",), ("la", "lampe", "est", "très", "verte"), ((1, 4, "vert"),))
    assert make.remembered(pair, 3) and not make.remembered(pair, 2)
    assert make.remembered(make.Pair("", ("x",), ("la", "lampe", "est", "rouge"), ((1, 3, "rouge"),)), 0)


# --- lemmas ---


def test_lemmas(make, pairs):
    forms = {form for pair in pairs for form in pair.french}
    lemmas = make.lemmas(forms)
    assert set(lemmas) == forms and list(lemmas) == sorted(forms)
    same = (
        "le la l' les, un une des, il elle ils elles, vieux vieil vieille vieilles, vois voit voient, vu vue vus vues, "
    )
    for words in f"{same}cheval chevaux, ai a ont".split(", "):
        assert len({lemmas[word] for word in words.split()}) == 1, words
    assert len({lemmas[word] for word in ("voit", "vu", "est", "était", "a", "le", "il", "un")}) == 8


def test_a_form_of_two_words_is_refused(make, monkeypatch):
    monkeypatch.setattr(make, "FORMS", f"{make.FORMS}|dormir voit")
    with pytest.raises(ValueError, match="voit is a form of dormir and of voir"):
        make.lemmas(["la"])

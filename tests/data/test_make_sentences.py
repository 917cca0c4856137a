"""The generator of the embedded sentences: what it writes is in data/, and it plants what data/README.md says."""

from collections import Counter, defaultdict

import pytest


@pytest.fixture(scope="module")
def sentences(make):
    return make.make_sentences()


@pytest.fixture(scope="module")
def splits(make, sentences):
    return {name: [sentence for sentence in sentences if sentence.split == name] for name in make.SIZES}


def entities(sentences, kind=None):
    """(sentence, entity) of all, or of one kind."""
    return [(s, entity) for s in sentences for entity in s.entities if kind in (None, entity.kind)]


def names(sentences):
    return {sentence.surface(entity) for sentence, entity in entities(sentences)}


def test_the_files_in_data_are_what_the_script_writes(compare, sentences):
    assert len(compare(sentences)) == 3  # with README.md and the sha256


# --- sentences ---


def test_sizes_lengths_and_no_sentence_twice(make, sentences, splits):
    assert {name: len(split) for name, split in splits.items()} == {"train": 3000, "validation": 500, "test": 1000}
    assert [s.split for s in sentences] == [name for name, size in make.SIZES.items() for _ in range(size)]
    assert len({s.tokens for s in sentences}) == len(sentences)
    for s in sentences:
        assert 4 <= len(s.tokens) <= 32 and s.tokens[-1] in (".", "!")
        assert not any(set(token) & set(" \t\n{}^") or not token for token in s.tokens), s.tokens
        assert s.tokens[0][0].isupper()


def test_tags_are_iob2(make, sentences):
    for s in sentences:
        assert len(s.tags) == len(s.tokens)
        ends = 0
        for e in s.entities:
            assert ends <= e.start < e.stop < len(s.tokens)
            assert s.tags[e.start : e.stop] == [f"B-{e.type}"] + [f"I-{e.type}"] * (e.stop - e.start - 1)
            ends = e.stop
        inside = {i for e in s.entities for i in range(e.start, e.stop)}
        assert all((tag != "O") == (i in inside) for i, tag in enumerate(s.tags))


# --- names ---


def test_the_stock_of_names_for_all_types(make, sentences, splits):
    assert len(make.STOCK) == len(set(make.STOCK)) >= 150
    words = set(make.FIRST) | set(make.ROOTS)
    assert len(words) == len(make.FIRST) + len(make.ROOTS) and not words & set(make.STOCK)
    for word in (*make.STOCK, *words):
        assert word.isalpha() and word[0].isupper()
    outside = {t for s in sentences for t, tag in zip(s.tokens, s.tags, strict=True) if tag == "O"}
    assert not outside & (words | set(make.STOCK))
    for split in splits.values():
        stock = [s.surface(e) for s, e in entities(split) if not e.form]
        assert set(stock) <= set(make.STOCK)
        assert 0.55 < len(stock) / len(entities(split)) < 0.65


def test_names_are_new_apart_from_a_fifth(make, splits):
    known = names(splits["train"])
    assert names(splits["validation"]) & names(splits["test"]) <= known
    for name in ("validation", "test"):
        old = [e for s, e in entities(splits[name]) if s.surface(e) in known]
        assert 0.17 < len(old) / len(entities(splits[name])) < 0.23
        assert not any(e.form for e in old)
        assert {e.type for e in old} == set(make.TYPES)


def test_the_words_of_new_names_are_new(make, splits):
    parts = {part for forms in make.FORMS.values() for form in forms for part in form.split()}
    known = {token for s in splits["train"] for token in s.tokens}
    for name in ("validation", "test"):
        for s, e in entities(splits[name]):
            if e.form:
                for token in s.tokens[e.start : e.stop]:
                    of_form = token in parts or token.isdigit() or (len(token) == 2 and token[1] == ".")
                    assert of_form or token not in known, token


def test_all_other_words_are_known(splits):
    known = {token for s in splits["train"] for token, tag in zip(s.tokens, s.tags, strict=True) if tag == "O"}
    for name in ("validation", "test"):
        words = {token for s in splits[name] for token, tag in zip(s.tokens, s.tags, strict=True) if tag == "O"}
        assert words <= known


# --- contexts ---


def test_kind_c_and_d_the_cue_is_far(make, sentences):
    for s, e in entities(sentences, "c"):
        assert e.cue - (e.stop - 1) >= 6, s.tokens
    for s, e in entities(sentences, "d"):
        assert e.start - e.cue >= 4, s.tokens


def beginnings(sentences, kind):
    """For sentences with one entity, of this kind: the text up to the name, and the types it occurs with."""
    found = defaultdict(Counter)
    for s in sentences:
        if len(s.entities) == 1 and s.entities[0].kind == kind:
            found[" ".join(s.tokens[: s.entities[0].start])][s.entities[0].type] += 1
    return found


def test_kind_b_and_c_what_is_before_the_name_fits_all_types(make, sentences):
    for kind, at_least in (("b", 10), ("c", len(make.BEGINNINGS))):
        found = beginnings(sentences, kind)
        assert len(found) >= at_least
        for before, types in found.items():
            n = sum(types.values())
            assert n < 20 or (len(types) == 4 and max(types.values()) < 0.5 * n), (before, types)


# --- what can be reached ---


def test_who_reads_more_knows_more(make, splits):
    test = [entity for _, entity in entities(splits["test"])]
    by = {reader: make.told(test, reader) for reader in make.READERS}
    name, left, three, whole = by.values()
    assert 0.5 < name < three < left < 0.85 and whole == 1
    of_kind = {kind: [entity for entity in test if entity.kind == kind] for kind in make.KINDS}
    left, three = list(make.READERS)[1:3]
    for kind, each in of_kind.items():
        alone = make.told(each, "the name")
        assert make.told(each, left) == (1 if kind in "ad" else alone)
        assert make.told(each, three) > 0.99 if kind in "ab" else make.told(each, three) == alone
    assert max(make.told(of_kind[kind], "the name") for kind in "cd") < 0.5


def test_the_names_of_train_are_looked_up(make):
    tokens = tuple("Bank of Oslo met Oslo .".split())
    known = {("Oslo",): "place", ("Bank", "of", "Oslo"): "organisation"}
    assert make.look_up(tokens, known) == {(0, 3, "organisation"), (4, 5, "place")}
    entity = make.Entity(4, 5, "person", "a", "", 3)
    sentence = make.Sentence("test", tokens, (make.Entity(0, 3, "organisation", "b", "x", 3), entity))
    assert make.gazetteer([sentence]) == {("Oslo",): "person", ("Bank", "of", "Oslo"): "organisation"}
    assert make.looked_up([sentence], known) == (1, 0.5, 0.5)


def test_known_names_are_found_and_mostly_get_the_wrong_type(make, splits):
    found, right, f1 = make.looked_up(splits["test"], make.gazetteer(splits["train"]))
    assert 0.17 < found < 0.23 and right < 0.35 and f1 < 0.12

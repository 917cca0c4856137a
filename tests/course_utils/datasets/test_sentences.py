import json

import pytest

from course_utils.datasets import sentences

TRAIN = "Ada\tB-person\nLee\tI-person\nleft\tO\nOslo\tB-location\n\t\n@you\tO\n"


def check_iob2(split, types):
    for words, tags in zip(split.words, split.tags, strict=True):
        assert len(words) == len(tags) > 0 and all(words)
        for before, tag in zip(["O", *tags], tags, strict=False):
            assert tag == "O" or (tag[:2] in ("B-", "I-") and tag[2:] in types)
            assert tag[0] != "I" or before[1:] == tag[1:]


def test_the_splits_of_the_sample(sample):
    types = ("person", "place", "organisation", "product")
    data = sentences.load()
    assert [len(split) for split in data] == [3_000, 500, 1_000]
    for split in data:
        check_iob2(split, types)
        assert len(split) == len(split.words) == len(split.tags) == len(split.kinds)
        for tags, kinds in zip(split.tags, split.kinds, strict=True):
            assert len(kinds) == sum(tag[0] == "B" for tag in tags)


@pytest.mark.parametrize("name", ["bc5cdr", "wnut17"])
def test_tokens_and_tags_in_lines(stand_in, capsys, name):
    stand_in(name, {"train": TRAIN, "dev": "hi\tO\n\n", "test": "bye\tO\n"})
    data = sentences.load(name)
    assert "2 training, 1 validation, 1 test; 2 entities of 2 types" in capsys.readouterr().out
    assert data.train.words == [["Ada", "Lee", "left", "Oslo"], ["@you"]]
    assert data.train.tags == [["B-person", "I-person", "O", "B-location"], ["O"]]
    assert all(split.kinds is None for split in data)
    assert (data.validation.words, data.test.words, data.test.tags) == ([["hi"]], [["bye"]], [["O"]])


@pytest.mark.parametrize(
    "text",
    [
        "a\tO\nb\tB-group\n\nc\tO\n",
        "a\tO\nb\tB-group\n\nc\tO",
        "\n\t\n \n\na\tO\nb\tB-group\n\t\n\n\t \nc\tO\n\t\n\n",
        "a\tO \nb \tB-group\t\n\nc\tO\n",
        "a\tO\r\nb\tB-group\r\n\r\nc\tO\r\n",
    ],
)
def test_empty_lines_and_trailing_spaces_do_not_matter(write_file, text):
    split = sentences.read(write_file("wnut17/x.conll", text))
    assert (split.words, split.tags) == ([["a", "b"], ["c"]], [["O", "B-group"], ["O"]])


@pytest.mark.parametrize(
    "word", ['"', "'", "\\", "#", "a\u200bb", "a\ufeff", "a\u2028b", "a\x85b", "\N{SLICE OF PIZZA}"]
)
def test_a_token_is_not_changed(write_file, word):
    assert sentences.read(write_file("wnut17/x.conll", f"{word}\tO\nb\tO\n")).words == [[word, "b"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tO\nb\n", r"x.conll, line 2 is not a token, a tab and an IOB2 tag: 'b\\n'"),
        ("a\tO\n\tO\n", r"x.conll, line 2 is not a token"),
        ("a O\n", r"x.conll, line 1 is not a token"),
        ("a\tO\tO\n", r"x.conll, line 1 is not a token"),
        ("a\tO\n\nb\tE-place\n", r"x.conll, line 3 is not a token"),
        ("a\tO\n\nb\tB-\n", r"x.conll, line 3 is not a token"),
        ("a\tI-person\n", r"x.conll, line 1 has the tag I-person"),
        ("a\tB-person\n\nb\tI-person\n", r"x.conll, line 3 has the tag I-person"),
        ("a\tB-person\nb\tO\nb\tI-person\n", r"x.conll, line 3 has the tag I-person"),
        ("a\tB-person\nb\tI-group\n", r"x.conll, line 2 has the tag I-group"),
        ("\n\t\n", r"x.conll has no sentence"),
    ],
)
def test_damage_is_named(write_file, text, message):
    with pytest.raises(ValueError, match=rf"{message}.*make data DATASETS=wnut17"):
        sentences.read(write_file("wnut17/x.conll", text))


def snips(*utterances):
    """A file of SNIPS, of utterances such as [("play ", None), ("Mavro", "track")]."""
    data = [{"data": [{"text": t} | ({"entity": e} if e else {}) for t, e in pieces]} for pieces in utterances]
    return json.dumps({"PlayMusic": data})


PLAY = [("play my ", None), ("Aspro-Mavro", "track"), (" ", None), ("live", "sort"), ("ly.", None)]


def test_the_format_of_snips(stand_in):
    others = [[(f"add tune {i} to ", None), (f"list {i}", "playlist"), ("two", "sort")] for i in range(200)]
    train = (
        snips([("Play MY aspro-mavro lively.", None)], *others, *others).encode().replace(b"tune 7 ", b"tune\xed 7 ")
    )
    stand_in("snips", {"train_PlayMusic_full.json": train, "validate_PlayMusic.json": snips(PLAY, PLAY)})
    data = sentences.load("snips")
    assert data.test.words == [["play", "my", "Aspro-Mavro", "lively", "."]] * 2
    assert data.test.tags[0] == ["O", "O", "B-track", "B-sort", "O"]
    assert len(data.train) + len(data.validation) == 200 and 1 <= len(data.validation) <= 30
    assert {"".join(words) for words in data.train.words}.isdisjoint("".join(words) for words in data.validation.words)
    for split in data:
        check_iob2(split, {"track", "sort", "playlist"})


def test_slots_side_by_side_begin_each(stand_in):
    pieces = [("New York", "city"), ("City", "city"), (" ", "city"), ("now", None)]
    stand_in("snips", {"train_A_full.json": snips([("a", None)]), "validate_A.json": snips(pieces)})
    test = sentences.load("snips").test
    assert (test.words, test.tags) == ([["New", "YorkCity", "now"]], [["B-city", "I-city", "O"]])


@pytest.mark.parametrize(
    "text", ["[]", "{", "{}", '{"A": [{"data": [{}]}]}', '{"A": [1]}', '{"A": 1}', '{"A": [], "B": []}']
)
def test_damage_in_snips_is_named(write_file, text):
    with pytest.raises(ValueError, match=r"train_A_full.json is not a file of SNIPS.*make data DATASETS=snips"):
        sentences.read_snips([write_file("train_A_full.json", text)])


REAL = {  # types, sentences, tokens and entities of the splits
    "snips": (39, [12_924, 643, 700], [121_134, 6_104, 6_770], [33_586, 1_704, 1_792]),
    "bc5cdr": (2, [4_560, 4_581, 4_797], [118_170, 117_453, 124_750], [9_385, 9_593, 9_809]),
    "wnut17": (6, [3_394, 1_009, 1_287], [62_730, 15_733, 23_394], [1_975, 836, 1_079]),
}


@pytest.mark.real
@pytest.mark.parametrize("name", sentences.NAMES)
def test_the_real_sentences(real, name):
    real(name)
    data, (n_types, sizes, tokens, entities) = sentences.load(name), REAL[name]
    types = {tag[2:] for tags in data.train.tags for tag in tags if tag != "O"}
    assert (len(types), [len(split) for split in data]) == (n_types, sizes)
    assert [sum(map(len, split.words)) for split in data] == tokens
    assert [sum(tag[0] == "B" for tags in split.tags for tag in tags) for split in data] == entities
    for split in data:
        check_iob2(split, types)
    test = {" ".join(words).lower() for words in data.test.words}
    assert name != "snips" or test.isdisjoint(" ".join(words).lower() for words in data.train.words)

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


def test_the_format_of_wnut17(stand_in, capsys):
    stand_in("wnut17", {"train": TRAIN, "dev": "hi\tO\n\n", "test": "bye\tO\n"})
    data = sentences.load()
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
    split = sentences.read(write_file("x.conll", text))
    assert (split.words, split.tags) == ([["a", "b"], ["c"]], [["O", "B-group"], ["O"]])


@pytest.mark.parametrize(
    "word", ['"', "'", "\\", "#", "a\u200bb", "a\ufeff", "a\u2028b", "a\x85b", "\N{SLICE OF PIZZA}"]
)
def test_a_token_is_not_changed(write_file, word):
    assert sentences.read(write_file("x.conll", f"{word}\tO\nb\tO\n")).words == [[word, "b"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tO\nb\n", r"x.conll, line 2 is not a token, a tab and a tag of WNUT17: 'b\\n'"),
        ("a\tO\n\tO\n", r"x.conll, line 2 is not a token"),
        ("a O\n", r"x.conll, line 1 is not a token"),
        ("a\tO\tO\n", r"x.conll, line 1 is not a token"),
        ("a\tO\n\nb\tB-place\n", r"x.conll, line 3 is not a token"),
        ("a\tI-person\n", r"x.conll, line 1 has the tag I-person"),
        ("a\tB-person\n\nb\tI-person\n", r"x.conll, line 3 has the tag I-person"),
        ("a\tB-person\nb\tO\nb\tI-person\n", r"x.conll, line 3 has the tag I-person"),
        ("a\tB-person\nb\tI-group\n", r"x.conll, line 2 has the tag I-group"),
        ("\n\t\n", r"x.conll has no sentence"),
    ],
)
def test_damage_is_named(write_file, text, message):
    with pytest.raises(ValueError, match=rf"{message}.*make data DATASETS=wnut17"):
        sentences.read(write_file("x.conll", text))


@pytest.mark.real
def test_the_real_wnut17(real, capsys):
    real("wnut17")
    data = sentences.load()
    assert "3,394 training, 1,009 validation, 1,287 test; 3,890 entities of 6 types" in capsys.readouterr().out
    assert [sum(map(len, split.words)) for split in data] == [62_730, 15_733, 23_394]
    assert [sum(tag[0] == "B" for tags in split.tags for tag in tags) for split in data] == [1_975, 836, 1_079]
    for split in data:
        check_iob2(split, sentences.TYPES)

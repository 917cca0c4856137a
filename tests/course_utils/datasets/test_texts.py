import pytest

from course_utils.datasets import texts


def test_the_splits_of_the_sample(sample):
    text = texts.load()
    whole = "".join(text)
    assert len(whole) > 150_000
    assert len(text.test) == pytest.approx(len(whole) / 10, abs=1)
    assert len(text.validation) == pytest.approx(len(whole) / 20, abs=1)


def test_the_sample_is_lines_of_prose(sample):
    text = texts.load()
    lines = "".join(text).split("\n")
    assert max(map(len, lines)) <= 72
    assert all(line == line.strip() and "  " not in line for line in lines)
    assert not any(mark in text.train for mark in ("$$", "</b", "]("))


def test_the_real_text_has_the_same_splits(stand_in, capsys):
    stand_in("tiny_shakespeare", {"input.txt": "abcdefghi\n" * 4})
    assert list(texts.load()) == [("abcdefghi\n" * 4)[:34], "ef", "ghi\n"]
    assert "40 characters: 34 training, 2 validation, 4 test; 10 different ones\n" in capsys.readouterr().out


@pytest.mark.real
def test_the_real_tiny_shakespeare(real):
    real("tiny_shakespeare")
    text = texts.load()
    assert text.train.startswith("First Citizen:\nBefore we proceed any further, hear me speak.")
    assert len(set("".join(text))) == 65 and len(text.test) == 111_540

"""The loader of the running text: the sample, a stand-in for Tiny Shakespeare, and (marked real) Tiny Shakespeare itself."""

import shutil

import pytest

from course_utils import paths
from course_utils.datasets import texts


@pytest.fixture
def sample(monkeypatch, tmp_path):
    """A copy of the sample's files, which the loader reads. Yields the path of the file."""
    monkeypatch.setenv("COURSE_DATA", "sample")
    for suffix in ("", ".sha256"):
        shutil.copy(paths.SAMPLES / (texts.SAMPLE + suffix), tmp_path)
    monkeypatch.setattr(paths, "SAMPLES", tmp_path)
    return tmp_path / texts.SAMPLE


@pytest.fixture
def real(monkeypatch, tmp_path):
    """Forty characters in the place of Tiny Shakespeare. Yields the path of the file."""
    monkeypatch.setenv("COURSE_DATA", "real")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(texts, "SIZE", 40)
    path = tmp_path / "data" / texts.REAL
    path.parent.mkdir(parents=True)
    path.write_bytes(b"abcdefghi\n" * 4)
    return path


def test_the_sample_says_in_one_line_what_it_is(sample, capsys):
    text = texts.load()
    whole = text.train + text.validation + text.test
    sizes = "{:,} train, {:,} validation, {:,} test".format(*map(len, (text.train, text.validation, text.test)))
    line = f"Text: embedded sample – {len(whole):,} characters: {sizes}; {len(set(whole))} different ones"
    line += " (real one: make data DATASETS=tiny_shakespeare)\n"
    assert capsys.readouterr().out == line
    assert text.source == "sample" and len(whole) > 150_000
    assert len(text.test) == pytest.approx(len(whole) / 10, abs=1)
    assert len(text.validation) == pytest.approx(len(whole) / 20, abs=1)


def test_the_sample_is_lines_of_prose(sample):
    text = texts.load()
    lines = (text.train + text.validation + text.test).split("\n")
    assert max(map(len, lines)) <= 72
    assert all(line == line.strip() and "  " not in line for line in lines)
    assert not any(mark in text.train for mark in ("$$", "</b", "]("))


@pytest.mark.parametrize("damage", [lambda b: b[:-1000], lambda b: b[:1000] + b"?" + b[1001:]])
def test_a_damaged_sample_is_refused(sample, damage):
    sample.write_bytes(damage(sample.read_bytes()))
    with pytest.raises(ValueError, match=r"texts.txt.bz2 is damaged.*python data/make_texts.py"):
        texts.load()


def test_the_real_text_comes_in_the_same_parts(real, capsys):
    text = texts.load()
    assert text.source == "real"
    assert (text.train, text.validation, text.test) == (("abcdefghi\n" * 4)[:34], "ef", "ghi\n")
    said = "Text: real, Tiny Shakespeare – 40 characters: 34 train, 2 validation, 4 test; 10 different ones\n"
    assert capsys.readouterr().out == said


def test_line_ends_and_other_encodings_are_not_taken_silently(real):
    real.write_bytes(real.read_bytes()[:-2] + "é".encode())
    with pytest.raises(ValueError, match=r"input.txt is damaged.*make data DATASETS=tiny_shakespeare"):
        texts.load()


def test_a_torn_file_is_not_ready(real, monkeypatch, capsys):
    real.write_bytes(b"abc")
    with pytest.raises(paths.DataNotReady, match="make data DATASETS=tiny_shakespeare"):
        texts.load()
    monkeypatch.setenv("COURSE_DATA", "auto")
    assert texts.load().source == "sample"


@pytest.mark.real
def test_the_real_tiny_shakespeare(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "real")
    if not texts.is_ready(paths.data_dir()):
        pytest.skip(f"no Tiny Shakespeare under {paths.data_dir()}")
    text = texts.load()
    assert text.train.startswith("First Citizen:\nBefore we proceed any further, hear me speak.")
    assert len(set(text.train + text.validation + text.test)) == 65
    assert len(text.test) == 111_540

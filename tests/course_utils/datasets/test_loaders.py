"""What the loaders share: sample or real data, verified samples, readers of lines and tables."""

import bz2
import functools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils import datasets, paths
from course_utils.datasets import books, pairs, postings, reviews, sentences, similarity, texts, wikispeedia

LOADS = {
    "books": books.load,
    "books_whole": lambda: books.load(whole=True),
    "imdb_reviews": reviews.load,
    "keras_imdb": reviews.load_word_index,
    "multi30k": functools.partial(pairs.load, "multi30k"),
    "onet": postings.load_onet,
    "postings": postings.load,
    "stackoverflow": postings.load_questions,
    "tatoeba": pairs.load,
    "tiny_shakespeare": texts.load,
    "wikispeedia": wikispeedia.load,
    **{name: functools.partial(sentences.load, name) for name in sentences.NAMES},
    "word_similarity": similarity.load,
}
WITHOUT_SAMPLE = {"keras_imdb", "word_similarity"}


@pytest.fixture
def nothing(monkeypatch, tmp_path):
    """No real data, and no wish for it."""
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    return tmp_path


def test_there_is_a_loader_for_each_dataset():
    assert LOADS.keys() == datasets.DATASETS.keys()


@pytest.mark.parametrize("name", LOADS)
def test_without_real_data_one_line_says_what_is_loaded_and_how_to_get_it(nothing, capsys, name):
    found = LOADS[name]()
    assert found is None if name in WITHOUT_SAMPLE else found.source == "sample"
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and ("built-in sample" in line) is (found is not None)
    assert f"make data DATASETS={name})" in line


@pytest.mark.parametrize("name", LOADS)
def test_real_data_that_is_demanded_and_missing_is_an_error_with_the_command(nothing, monkeypatch, name):
    monkeypatch.setenv("COURSE_DATA", "real")
    with pytest.raises(paths.DataNotReady, match=rf"make data DATASETS={name}\s"):
        LOADS[name]()


@pytest.mark.parametrize("name", ["books", "imdb_reviews", "wnut17"])
def test_real_data_that_is_not_whole_is_not_loaded(nothing, monkeypatch, capsys, name):
    path = datasets.DATASETS[name].paths(nothing)[-1]
    path.parent.mkdir(parents=True)
    path.write_bytes(b"cut short")
    assert LOADS[name]().source == "sample"
    line = capsys.readouterr().out
    assert line.count("\n") == 1 and "incomplete" in line and f"make data DATASETS={name}" in line
    monkeypatch.setenv("COURSE_DATA", "real")
    with pytest.raises(paths.DataNotReady, match=f"incomplete.*make data DATASETS={name}"):
        LOADS[name]()


def test_the_mode_decides_where_both_are_there(stand_in, monkeypatch, capsys):
    folder = stand_in("tiny_shakespeare", {"input.txt": "abc"})
    for mode, source in (("real", "real"), ("auto", "real"), ("sample", "sample")):
        monkeypatch.setenv("COURSE_DATA", mode)
        assert texts.load().source == source
    assert "make data" not in capsys.readouterr().out  # it is there
    assert datasets.real_files("tiny_shakespeare") == []
    monkeypatch.setenv("COURSE_DATA", "auto")
    assert datasets.real_files("tiny_shakespeare") == [folder / "input.txt"]


@pytest.mark.parametrize("load", [reviews, sentences, pairs, postings, books])
def test_the_sample_on_demand_where_real_data_is_asked_for(nothing, monkeypatch, load):
    monkeypatch.setenv("COURSE_DATA", "real")
    assert load.load_sample().source == "sample"


def test_samples_load_without_heavy_packages():
    modules = "books, pairs, postings, reviews, sentences, texts, wikispeedia"
    code = f"""
import os, sys
os.environ["COURSE_DATA"] = "sample"
from course_utils.datasets import {modules}
for module in ({modules}):
    module.load()
print(sorted({{"tensorflow", "tensorflow_datasets", "sklearn", "matplotlib", "pandas"}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=paths.REPOSITORY, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


# --- the files of the samples ---


@pytest.mark.parametrize("name", sorted(path.name for path in paths.SAMPLES.glob("*.bz2")))
@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda path, digest: path.write_bytes(path.read_bytes()[:-1000]), ValueError),
        (lambda path, digest: path.write_bytes(path.read_bytes()[:1000] + b"?" + path.read_bytes()[1001:]), ValueError),
        (lambda path, digest: digest.write_text(f"{'0' * 64}  {path.name}\n"), ValueError),
        (lambda path, digest: path.unlink(), FileNotFoundError),
        (lambda path, digest: digest.unlink(), FileNotFoundError),
    ],
)
def test_a_sample_that_is_damaged_or_missing_is_named(tmp_path, name, damage, error):
    files = [Path(shutil.copy(paths.SAMPLES / (name + suffix), tmp_path)) for suffix in ("", ".sha256")]
    assert datasets.sample(name, tmp_path) == files[0]
    damage(*files)
    with pytest.raises(error, match=name):
        datasets.sample(name, tmp_path)


def test_lines_have_places_and_only_line_feeds_end_them(write_file):
    content = "\ufeffone\u2028still one\r\n\ntwo\x85"
    path = write_file("x.txt", content)
    expected = [(f"{path}, line {n}", text) for n, text in [(1, "one\u2028still one\r\n"), (2, "\n"), (3, "two\x85")]]
    assert list(datasets.lines(path)) == expected
    packed = write_file("x.txt.bz2", bz2.compress(content.encode()))
    assert [text for _, text in datasets.lines(packed)] == [text for _, text in expected]


def test_lines_are_read_one_at_a_time(write_file):
    found = datasets.lines(write_file("x.txt", b"one\ncaf\xe9\n"), "wnut17")
    assert next(found)[1] == "one\n"
    with pytest.raises(ValueError, match=r"x.txt, line 2.* UTF-8.*make data DATASETS=wnut17"):
        next(found)


@pytest.mark.parametrize(
    ("content", "tabs", "expected"),
    [
        ('a,b\n1,"2, ""x"""\n\n3,4\n', False, [["1", '2, "x"'], ["3", "4"]]),
        ('a\tb\n1\t"2\n3\t4\n', True, [["1", '"2'], ["3", "4"]]),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", False, [["1", "2"]]),
        ('a,b\n"1\n2",3\n', False, [["1\n2", "3"]]),
    ],
)
def test_rows_of_a_table(write_file, content, tabs, expected):
    path = write_file("x.csv", content)
    assert [row for _, row in datasets.rows(path, tabs=tabs)] == expected
    assert [row for _, row in datasets.rows(path, ["b"], tabs)] == [[row[1]] for row in expected]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n3\n", r"x.csv, line 3 has 1 fields, .* 2"),
        ('a,b\n"1\n2",3\n4\n', r"x.csv, line 4 has 1 fields, .* 2"),
        ('a,b\n"1,2\n', r"x.csv, line 2 "),
        ("a,b\n".encode("utf-16"), r"x.csv, line 1.* UTF-8"),
        ("b,c\n", r"x.csv .* a; .* b, c"),
        ("", r"x.csv .* a;"),
    ],
)
def test_what_is_no_table_is_named(write_file, content, message):
    with pytest.raises(ValueError, match=message):
        list(datasets.rows(write_file("x.csv", content), ["a"]))

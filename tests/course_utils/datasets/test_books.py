"""The loader of the books: the sample, a small stand-in for the real file, and (marked real) the real file."""

import bz2
import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter

import pytest

from course_utils import paths
from course_utils.datasets import books

BOX = {"author": "A. Author", "country": "France", "genre": "Science fiction"}
PAGES = [
    ("Wikipedia:Notes", {}, ["Sea"]),
    (
        "One",
        BOX,
        ["Sea", "sea", "Paperback", "File:One.jpg", "Mars#Moons", "One", ":Category:1900 novels", "fr:Un", "Rare"],
    ),
    ("Two", {"genre": None}, ["sea", "Mars", "Wikipedia:WikiProject Books", "#Plot", "Category:1900  novels"]),
    ("Three", {"genre": "Cookery"}, ["Mars", "Wolf_pack", "Star Wars: A New Hope"]),
    ("Four", {}, ["Nothing else has this"]),
    ("Two", {}, ["sea"]),
    ("Five", {"genre": "novel"}, ["Wolf pack", "star wars: a new hope"]),
]


def write(path, pages=PAGES, fields=([], "2018-01-01T00:00:00Z", 7)):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps([*page, *fields]) + "\n" for page in pages), encoding="utf-8")
    return path


@pytest.fixture
def sample(monkeypatch, tmp_path):
    """A copy of the sample's files, which the loader reads. Yields their folder."""
    monkeypatch.setenv("COURSE_DATA", "sample")
    for name in (books.SAMPLE, books.LISTS):
        for suffix in ("", ".sha256"):
            shutil.copy(paths.SAMPLES / (name + suffix), tmp_path / (name + suffix))
    monkeypatch.setattr(paths, "SAMPLES", tmp_path)
    return tmp_path


@pytest.fixture
def real(monkeypatch, tmp_path):
    """A small file in the place of the real one. Yields the folder of the data."""
    monkeypatch.setenv("COURSE_DATA", "real")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    path = write(tmp_path / books.PART)
    monkeypatch.setattr(books, "PART_SIZE", path.stat().st_size)
    return tmp_path


# --- the sample ---


def test_sample_says_in_one_line_what_it_is(sample, capsys):
    loaded = books.load()
    different = len({link for links in loaded.links for link in links})
    assert loaded.source == "sample"
    assert capsys.readouterr().out == (
        f"Books: embedded sample – {len(loaded)} books, {different} pages linked to, {sum(map(len, loaded.links)):,} links "
        "(real ones: make data DATASETS=books)\n"
    )


def test_sample_books(sample):
    loaded = books.load()
    fields = (loaded.titles, loaded.links, loaded.genres, loaded.shelves, loaded.authors, loaded.countries)
    assert {len(field) for field in fields} == {len(loaded)} and len(loaded) > 500
    assert len(set(loaded.titles)) == len(loaded)
    counts = Counter(link for links in loaded.links for link in links)
    assert min(counts.values()) >= books.AT_LEAST
    assert not books.BINDING & set(counts) and not any("wikiproject" in link for link in counts)
    i = loaded.titles.index("War and Peace")
    assert (loaded.authors[i], loaded.countries[i], loaded.shelves[i]) == ("Leo Tolstoy", "Russia", "historical")
    assert {"leo tolstoy", "russia", "napoleon", "category:works by leo tolstoy"} <= set(loaded.links[i])
    assert set(loaded.shelves) == {*books.SHELVES, "novel"}
    assert min(Counter(loaded.shelves).values()) >= 15


def test_the_sample_on_demand_whatever_is_there(sample, real, monkeypatch, capsys):
    assert books.load_sample().source == "sample"
    assert capsys.readouterr().out.startswith("Books: embedded sample – ")


def test_reading_lists(sample, capsys):
    lists = books.load_reading_lists()
    capsys.readouterr()
    assert len(lists) == 2_000
    assert {title for titles in lists for title in titles} <= set(books.load().titles)


@pytest.mark.parametrize("load, name", [(books.load, books.SAMPLE), (books.load_reading_lists, books.LISTS)])
def test_a_damaged_sample_is_refused(sample, load, name):
    content = bytearray((sample / name).read_bytes())
    content[1000] ^= 1
    (sample / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name} is damaged.*python data/make_books.py"):
        load()


@pytest.mark.parametrize("suffix", ["", ".sha256"])
def test_a_missing_sample_is_named(sample, suffix):
    (sample / (books.SAMPLE + suffix)).unlink()
    with pytest.raises(FileNotFoundError, match=r"books.ndjson.bz2"):
        books.load()


def test_loads_without_tensorflow():
    code = (
        "import sys, os; os.environ['COURSE_DATA'] = 'sample'; from course_utils.datasets import books; books.load(); "
        "print(sorted({'tensorflow', 'sklearn', 'matplotlib', 'pandas', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=paths.REPOSITORY, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


# --- the real file ---


def test_real_books_are_cleaned_and_counted(real, capsys):
    loaded = books.load(at_least=2)
    assert capsys.readouterr().out == "Books: real Wikipedia – 4 books, 5 pages linked to, 11 links\n"
    assert loaded.source == "real"
    assert loaded.titles == ["One", "Two", "Three", "Five"]  # without housekeeping, without the book that has no links
    assert loaded.links[0] == ["sea", "mars", "category:1900 novels"]
    assert loaded.links[1] == ["sea", "mars", "category:1900 novels"]
    assert loaded.links[2] == ["mars", "wolf pack", "star wars: a new hope"]
    assert loaded.links[3] == ["wolf pack", "star wars: a new hope"]
    assert loaded.genres == ["Science fiction", "", "Cookery", "novel"]
    assert loaded.shelves == ["science fiction", "", "", "novel"]
    assert loaded.authors == ["A. Author", "", "", ""] and loaded.countries == ["France", "", "", ""]


def test_a_title_that_comes_again_counts_for_its_links_only(real):
    assert "sea" in {link for links in books.load(at_least=3).links for link in links}  # in One and twice in Two


def test_the_same_page_is_one_string(real):
    one, two, *_ = books.load(at_least=2).links
    assert one[0] is two[0]


def test_auto_takes_real_books_when_they_are_whole(real, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "auto")
    assert books.load(at_least=2).source == "real"
    monkeypatch.setattr(books, "PART_SIZE", 1)
    assert books.load().source == "sample"


def test_real_without_books_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "real")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    with pytest.raises(paths.DataNotReady, match=r"make data DATASETS=books "):
        books.load()
    with pytest.raises(paths.DataNotReady, match=r"make data DATASETS=books_whole "):
        books.load(whole=True)


def test_the_whole_file_on_demand(real):
    write(real / books.WHOLE, [(f"Book {i}", {}, ["sea", f"page {i // 2}"]) for i in range(100)])
    assert len(books.load(at_least=2)) == 4
    loaded = books.load(at_least=2, whole=True)
    assert len(loaded) == 100 and loaded.links[7] == ["sea", "page 3"]


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"[]",
        b'["One", {}, ["sea"]]',
        b'[1, {}, [], [], "", 0]',
        b'["One", [], [], [], "", 0]',
        b'["One", {}, [1], [], "", 0]',
        b'["One", {}, 7, [], "", 0]',
        b'["caf\xe9", {}, [], [], "", 0]',
        b"null",
    ],
)
def test_a_line_that_is_no_article_is_named(tmp_path, line):
    path = write(tmp_path / "books.ndjson", PAGES[:2])
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(ValueError, match=r"books.ndjson, line 3 is not a book article"):
        books.read(path, "real", 1)


def test_the_file_is_read_line_by_line(tmp_path, monkeypatch):
    read = []
    loads = json.loads
    monkeypatch.setattr(books.json, "loads", lambda line: read.append(line) or loads(line))
    found = books.articles(write(tmp_path / "books.ndjson"))
    assert next(found)[0] == "One"
    assert len(read) == 2


def test_compressed_or_not_is_the_same(tmp_path):
    path = write(tmp_path / "books.ndjson")
    (tmp_path / "books.ndjson.bz2").write_bytes(bz2.compress(path.read_bytes()))
    assert list(books.articles(path)) == list(books.articles(tmp_path / "books.ndjson.bz2"))


@pytest.mark.parametrize(
    ("genre", "shelf"),
    [
        ("Fantasy, horror, science fiction", "fantasy"),
        ("Children's fantasy novel", "children's"),
        ("Post-apocalyptic science fiction", "science fiction"),
        ("Alternate history", "science fiction"),
        ("Science fantasy", "fantasy"),
        ("Historical detective", "historical"),
        ("Non-fiction", "non-fiction"),
        ("nonfiction", "non-fiction"),
        ("Novel in verse", "poetry and plays"),
        ("Role-playing game", ""),
        ("Picaresque novel", "novel"),
        ("Display", ""),
        ("", ""),
    ],
)
def test_shelves(genre, shelf):
    assert books.shelf_of(genre) == shelf


@pytest.mark.real
def test_the_real_books(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", "real")
    if not books.is_ready(paths.data_dir()):
        pytest.skip(f"no books under {paths.data_dir()}")
    from course_tools.data import prepare

    path = paths.data_dir() / books.PART
    assert hashlib.sha256(path.read_bytes()).hexdigest() == prepare.BOOKS_PART.sha256
    assert len(path.read_bytes().splitlines()) == 1_413
    loaded = books.load()
    assert capsys.readouterr().out.startswith(
        "Books: real Wikipedia – 1,396 books, 1,150 pages linked to, 10,937 links\n"
    )
    assert sum(shelf != "" for shelf in loaded.shelves) > 900

import json
from collections import Counter

import pytest

from course_utils.datasets import books

BOX = {"author": "A. Author", "country": "France", "genre": "Science fiction"}
LINKS = ["Sea", "sea", "Paperback", "File:One.jpg", "Mars#Moons", "One", ":Category:1900 novels", "fr:Un", "Rare"]
PAGES = [
    ("Wikipedia:Notes", {}, ["Sea"]),
    ("One", BOX, LINKS),
    ("Two", {"genre": None}, ["sea", "Mars", "Wikipedia:WikiProject Books", "#Plot", "Category:1900  novels"]),
    ("Three", {"genre": "Cookery"}, ["Mars", "Wolf_pack", "Star Wars: A New Hope"]),
    ("Four", {}, ["Nothing else has this"]),
    ("Two", {}, ["sea"]),
    ("Five", {"genre": "novel"}, ["Wolf pack", "star wars: a new hope"]),
]


def ndjson(pages=PAGES):
    return "".join(json.dumps([*page, [], "2018-01-01T00:00:00Z", 7]) + "\n" for page in pages)


@pytest.fixture
def some(stand_in):
    """A small file in the place of the real one."""
    stand_in("books", {"p15_books.ndjson": ndjson()})


def test_the_books_of_the_sample(sample):
    loaded = books.load()
    columns = (loaded.titles, loaded.links, loaded.genres, loaded.shelves, loaded.authors, loaded.countries)
    assert {len(column) for column in columns} == {len(loaded)} and len(loaded) > 500
    assert len(set(loaded.titles)) == len(loaded)
    counts = Counter(link for links in loaded.links for link in links)
    assert min(counts.values()) >= books.AT_LEAST
    i = loaded.titles.index("War and Peace")
    assert (loaded.authors[i], loaded.countries[i], loaded.shelves[i]) == ("Leo Tolstoy", "Russia", "historical")
    assert {"leo tolstoy", "russia", "napoleon", "category:works by leo tolstoy"} <= set(loaded.links[i])
    assert set(loaded.shelves) == {*books.SHELVES, "novel"}
    assert min(Counter(loaded.shelves).values()) >= 15


def test_reading_lists_are_of_books_of_the_sample(sample):
    lists = books.load_reading_lists()
    assert len(lists) == 2_000
    assert {title for titles in lists for title in titles} <= set(books.load().titles)


def test_real_books_are_cleaned_and_counted(some, capsys):
    loaded = books.load(at_least=2)
    assert "4 books, 5 pages linked to, 11 links\n" in capsys.readouterr().out
    assert loaded.source == "real"
    assert loaded.titles == ["One", "Two", "Three", "Five"]  # not Wikipedia's own page, nor the book without links
    assert loaded.links[0] == loaded.links[1] == ["sea", "mars", "category:1900 novels"]
    assert loaded.links[2] == ["mars", "wolf pack", "star wars: a new hope"]
    assert loaded.links[3] == ["wolf pack", "star wars: a new hope"]
    assert loaded.genres == ["Science fiction", "", "Cookery", "novel"]
    assert loaded.shelves == ["science fiction", "", "", "novel"]
    assert loaded.authors == ["A. Author", "", "", ""] and loaded.countries == ["France", "", "", ""]
    assert loaded.links[0][0] is loaded.links[1][0]  # a page is one string


def test_a_repeated_title_counts_for_its_links_only(some):
    assert "sea" in {link for links in books.load(at_least=3).links for link in links}  # in One and twice in Two


def test_no_book_at_all(write_file):
    assert len(books.read(write_file("books.ndjson", ""), "real", 1)) == 0


def test_the_whole_file_on_demand(some, stand_in):
    pages = [(f"Book {i}", {}, ["sea", f"page {i // 2}"]) for i in range(100)]
    stand_in("books_whole", {"found_books_filtered.ndjson": ndjson(pages)})
    assert len(books.load(at_least=2)) == 4
    loaded = books.load(at_least=2, whole=True)
    assert len(loaded) == 100 and loaded.links[7] == ["sea", "page 3"]


@pytest.mark.parametrize(
    "fields",
    [
        '["One", {}, ["sea"]]',
        '[1, {}, [], [], "", 0]',
        '["One", [], [], [], "", 0]',
        '["One", {}, [1], [], "", 0]',
        "{",
        "null",
    ],
)
def test_a_line_that_is_no_article_is_named(write_file, fields):
    path = write_file("books.ndjson", f"{ndjson(PAGES[:2])}{fields}\n")
    with pytest.raises(ValueError, match=r"books.ndjson, line 3 is not a book article"):
        books.read(path, "real", 1)


@pytest.mark.parametrize(
    ("genre", "shelf"),
    [
        ("Fantasy, horror, science fiction", "fantasy"),
        ("Children's fantasy novel", "children's"),
        ("Alternate history", "science fiction"),
        ("Science fantasy", "fantasy"),
        ("Historical detective", "historical"),
        ("Non-fiction", "non-fiction"),
        ("Novel in verse", "poetry and plays"),
        ("Role-playing game", ""),
        ("Display", ""),
        ("", ""),
    ],
)
def test_shelves(genre, shelf):
    assert books.shelf_of(genre) == shelf


@pytest.mark.real
def test_the_real_books(real, capsys):
    real("books")
    loaded = books.load()
    assert "1,396 books, 1,150 pages linked to, 10,937 links\n" in capsys.readouterr().out
    assert sum(shelf != "" for shelf in loaded.shelves) > 900

"""The generator of the embedded books: what it writes is in data/, and it plants what data/README.md says."""

from collections import Counter
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def books(make):
    return make.read_facts(DATA / make.FACTS)


@pytest.fixture(scope="module")
def lists(make, books):
    return make.make_lists(books)


def test_the_files_in_data_are_what_the_script_writes(compare):
    assert len(compare()) == 5  # with README.md and the sha256


# --- facts ---


def test_facts_are_complete_and_each_book_is_there_once(make, books):
    assert len(books) > 500 and max(Counter(book.title for book in books).values()) == 1
    for book in books:
        assert book.movements and book.subjects and -1000 < book.year < 2020 and book.year
        assert make.genre_pages(book), book
        everything = book.settings + book.subjects
        assert len(set(everything)) == len(everything) and all(tag == tag.strip() and tag for tag in everything), book
    russian = {book.title for book in books if book.country == "Russia"}
    assert {"War and Peace", "Anna Karenina", "The Brothers Karamazov", "Crime and Punishment", "The Idiot"} <= russian
    assert {"Fathers and Sons", "Dead Souls", "Eugene Onegin", "Doctor Zhivago", "The Master and Margarita"} <= russian


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("# Someone | Nowhere | Modernism", "line 2: .*country"),
        ("# Someone | France", "line 2: .*country"),
        ("# Someone | France | Modernism\nTitle | 1900 | Novel", "line 3: .*four fields"),
    ],
)
def test_a_line_of_facts_that_cannot_be_read_is_named(make, tmp_path, line, message):
    (tmp_path / "facts.txt").write_text(f"Introduction, not read.\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        make.read_facts(tmp_path / "facts.txt")


# --- reading lists ---


def test_lists_have_known_titles_each_once(make, books, lists):
    titles = {book.title for book in books}
    assert len(lists) == make.READERS
    assert {len(each) for each in lists} == set(make.LENGTHS)
    for each in lists:
        assert set(each) <= titles and len(set(each)) == len(each)


def test_readers_have_tastes(make, books, lists):
    """The commonest taste of a list takes much of it, as planted; of a list drawn from all books it takes less."""
    own = {}
    for name, shelf in make.tastes(books).items():
        for book in shelf:
            own.setdefault(book.title, set()).add(name)

    def share(titles):
        return max(Counter(name for title in titles for name in own.get(title, ())).values()) / len(titles)

    def mean_share(lists):
        long = [share(each) for each in lists if len(each) >= 10]
        return sum(long) / len(long)

    every = [title for each in lists for title in each]
    step = 1_237  # takes titles from lists that are far apart
    mixed = [[every[(i * 11 + j) * step % len(every)] for j in range(11)] for i in range(500)]
    assert mean_share(lists) > 0.6 > mean_share(mixed) + 0.15


def test_the_best_known_books_are_read_more(lists):
    counts = sorted(Counter(title for each in lists for title in each).values())
    assert counts[-1] > 3 * counts[len(counts) // 2] > 0

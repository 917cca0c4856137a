"""Books and the pages they link to: the embedded sample, or book articles of Wikipedia.

The Wikipedia articles were collected by W. Koehrsen, "Building a Recommendation System Using Neural Network Embeddings",
2018, github.com/WillKoehrsen/wikipedia-data-science; text under CC BY-SA. In the sample, too, a line is one JSON
array: title, infobox, links, external links, time of the last edit, length.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course_utils.datasets import Table, announce, lines, real_files, sample

SAMPLE = "books.ndjson.bz2"
AT_LEAST = 4  # books that must link to a page; W. Koehrsen's choice
# How a book is bound: among the most frequent links, and they say nothing about the content.
BINDING = {"hardcover", "hardback", "paperback", "softcover", "print", "e-book", "ebook", "audiobook"}
# Links to what is no article: pictures, users, projects, other languages and dictionaries.
NO_ARTICLE = re.compile(r"(wikipedia|file|image|user|user talk|special|template|help|portal|talk|[a-z]{1,4})\s*:.*")

# Shelves, and the words in an infobox's genre that put a book on them: the first one decides.
SHELVES = {
    "science fiction": r"science fiction|sci-fi|dystopia|cyberpunk|space opera|post-apocalyptic|alternat\w+ history",
    "fantasy": r"fantasy|sword and sorcery|fairy tale",
    "horror": r"horror|ghost",
    "crime": r"crime|mystery|detective|thriller|spy|suspense",
    "children's": r"children|picture book|young adult|juvenile",
    "adventure": r"adventure",
    "historical": r"historic|war novel",
    "non-fiction": r"non-?\s?fiction|biograph|autobiograph|memoir|philosophy|history|science(?! fiction| fantasy)|essay|"
    r"reference|travel",
    "poetry and plays": r"poem|poetry|novel in verse|play\b|tragedy|drama",
}
NOVEL = re.compile(r"novel|fiction|short stor|bildungsroman|romance|satire|saga")  # only without a word of SHELVES


@dataclass(frozen=True, eq=False)
class Books(Table):
    """n books; `source` is "sample" or "real".

    titles: n different strings.
    links: for each book the pages it links to, in lower case, each once, in the order of its page.
    genres, authors, countries: from the infobox, "" where it has none.
    shelves: for each book a key of SHELVES, or "novel", or "" if its genre gives neither.
    """

    titles: list[str]
    links: list[list[str]]
    genres: list[str]
    shelves: list[str]
    authors: list[str]
    countries: list[str]
    source: str


def load(at_least: int = AT_LEAST, whole: bool = False) -> Books:
    """Book articles of Wikipedia or the sample.

    A link is kept if it leads to an article or a category, says more than how a book is bound, and is on the pages of at
    least `at_least` books; a book without such links is left out. `whole` asks for all 37,020 real books, not 1,413.
    """
    dataset = "books_whole" if whole else "books"
    files = real_files(dataset)
    return _announced(read(*files, "real", at_least), dataset) if files else load_sample(at_least, dataset)


def load_sample(at_least: int = AT_LEAST, dataset: str = "books") -> Books:
    """The embedded sample. The reading lists are about its books."""
    return _announced(read(sample(SAMPLE), "sample", at_least), dataset)


def _announced(books: Books, dataset: str) -> Books:
    pages = len({link for links in books.links for link in links})
    counts = f"{len(books):,} books, {pages:,} pages linked to, {sum(map(len, books.links)):,} links"
    return announce("Books", books.source, dataset, counts, books)


def load_reading_lists() -> list[list[str]]:
    """What each of 2,000 synthetic readers has read: titles of the sample's books, in no order. There is no real dataset."""
    lists = [line.rstrip("\n").split("\t") for _, line in lines(sample("reading_lists.txt.bz2"))]
    print(f"Reading lists: built-in sample – {len(lists):,} readers, {sum(map(len, lists)):,} books read")
    return lists


def read(path: Path, source: str, at_least: int) -> Books:
    """The books of an .ndjson or .ndjson.bz2 file, with the links of `load`. Of books with the same title the first is kept.
    Raises ValueError, with the number of the line, for one that is not an article in the layout of the module's docstring."""
    counts = Counter(link for _, _, links in articles(path) for link in links)
    frequent = {link: link for link, count in counts.items() if count >= at_least}  # one string for each page
    found = {}
    for title, box, links in articles(path):
        kept = [frequent[link] for link in links if link in frequent]
        if kept and title not in found:
            genre, *others = (" ".join(str(box.get(key) or "").split()) for key in ("genre", "author", "country"))
            found[title] = title, kept, genre, shelf_of(genre), *others
    columns = zip(*found.values(), strict=True) if found else [()] * 6
    return Books(*map(list, columns), source)


def articles(path: Path) -> Iterator[tuple[str, dict, list[str]]]:
    """Title, infobox and cleaned links of each article in the file but those about Wikipedia itself. Raises ValueError."""
    for place, line in lines(path):
        try:
            title, box, links, _, _, _ = json.loads(line)
            if not (isinstance(title, str) and isinstance(box, dict) and all(isinstance(link, str) for link in links)):
                raise ValueError("the first fields must be a title, an infobox and a list of links")
        except (ValueError, TypeError) as error:  # JSONDecodeError is a ValueError
            raise ValueError(f"{place} is not a book article: {error}") from None
        if not title.startswith("Wikipedia:"):
            yield title, box, clean(links, title)


def clean(links: Iterable[str], title: str) -> list[str]:
    """Different pages among `links`, in lower case and without "#section", that may say something about the book `title`."""
    pages = (" ".join(link.lower().partition("#")[0].replace("_", " ").split()).lstrip(": ") for link in links)
    says_nothing = BINDING | {"", title.lower()}
    return [page for page in dict.fromkeys(pages) if page not in says_nothing and not NO_ARTICLE.fullmatch(page)]


def shelf_of(genre: str) -> str:
    """The shelf for a genre as written in an infobox: a key of SHELVES, "novel", or "" if it has no known word.

    >>> shelf_of("Fantasy, horror"), shelf_of("Picaresque novel"), shelf_of("cookbook")
    ('fantasy', 'novel', '')
    """
    genre = genre.lower()
    found = {name: match.start() for name, words in SHELVES.items() if (match := re.search(rf"\b(?:{words})", genre))}
    if found:
        return min(found, key=found.get)
    return "novel" if NOVEL.search(genre) else ""

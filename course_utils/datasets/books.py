"""Books and the pages they link to: the embedded sample, or book articles of Wikipedia.

The Wikipedia articles were collected by W. Koehrsen, "Building a Recommendation System Using Neural Network Embeddings",
2018, github.com/WillKoehrsen/wikipedia-data-science; text under CC BY-SA. The sample: `data/README.md`. Both have one JSON
array a line: title, infobox, links, external links, time of the last edit, length.
"""

import bz2
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from course_utils import paths

DATASET = "books"
COMMAND = f"make data DATASETS={DATASET}"
PART = Path(DATASET) / "p15_books.ndjson"  # 1,413 articles
PART_SIZE = 1_962_641  # bytes
WHOLE = Path(DATASET) / "found_books_filtered.ndjson"  # 37,020 books

SAMPLE = "books.ndjson.bz2"
LISTS = "reading_lists.txt.bz2"
SCRIPT = "data/make_books.py"  # writes both

AT_LEAST = 4  # books that must link to a page; W. Koehrsen's choice
# How a book is bound: among the commonest links of all, and nothing about what is in the book.
BINDING = {"hardcover", "hardback", "paperback", "softcover", "print", "e-book", "ebook", "audiobook"}
# Links that lead out of the encyclopedia's articles: pictures, users, projects, other languages and dictionaries.
NO_ARTICLE = re.compile(r"(wikipedia|file|image|user|user talk|special|template|help|portal|talk|[a-z]{1,4})\s*:.*")

# Shelves, and the words in the genre of an infobox that put a book on them. The word that stands first decides; "novel" only
# where there is no other.
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
NOVEL = re.compile(r"novel|fiction|short stor|bildungsroman|romance|satire|saga")


@dataclass(frozen=True, eq=False)
class Books:
    """n books; `source` is "sample" or "real".

    titles: n different strings.
    links: for each book the pages it links to, in small letters, none twice, in the order of its page.
    genres, authors, countries: from the infobox, "" where it does not say.
    shelves: for each book a key of SHELVES, or "novel", or "" if its genre says neither.
    """

    source: str
    titles: list[str]
    links: list[list[str]]
    genres: list[str]
    shelves: list[str]
    authors: list[str]
    countries: list[str]

    def __len__(self) -> int:
        return len(self.titles)


def load(at_least: int = AT_LEAST, whole: bool = False) -> Books:
    """The books, from disk only: real ones if they are under COURSE_DATA_DIR, else the sample. Prints one line about them.

    Of the links those are kept that lead to an article or a category, say more than how a book is bound, and stand on the
    pages of at least `at_least` of the books; a book that has none of them is left out. `whole` asks for all 37,020 real
    books instead of the 1,413; the file is read line by line, twice, and is never in memory as a whole.

    Raises paths.DataNotReady if COURSE_DATA=real and the file is not there, and ValueError for a damaged line.
    """
    dataset = "books_whole" if whole else DATASET
    source = paths.choose(dataset, whole_is_ready if whole else is_ready)
    if source == "sample":
        return load_sample(at_least)
    books = read(paths.data_dir() / (WHOLE if whole else PART), source, at_least)
    _print(books)
    return books


def load_sample(at_least: int = AT_LEAST) -> Books:
    """The embedded sample, wherever real data may lie: for what goes with the reading lists. Prints one line."""
    books = read(paths.verified(paths.SAMPLES / SAMPLE, SCRIPT), "sample", at_least)
    _print(books)
    return books


def _print(books: Books) -> None:
    different = len({link for links in books.links for link in links})
    name, hint = ("real Wikipedia", "") if books.source == "real" else ("embedded sample", f" (real ones: {COMMAND})")
    pairs = sum(map(len, books.links))
    print(f"Books: {name} – {len(books):,} books, {different:,} pages linked to, {pairs:,} links{hint}")


def load_reading_lists() -> list[list[str]]:
    """What each of 2,000 invented readers has read: titles of the sample's books, in no order. There are no real ones."""
    path = paths.SAMPLES / LISTS
    content = paths.verified(path, SCRIPT).read_bytes()
    lists = [line.split("\t") for line in bz2.decompress(content).decode("utf-8").splitlines()]
    print(f"Reading lists: embedded sample – {len(lists):,} readers, {sum(map(len, lists)):,} books read")
    return lists


def is_ready(folder: Path) -> bool:
    """Whether the 1,413 articles lie under `folder`. Looks at name and size only."""
    path = Path(folder) / PART
    return path.is_file() and path.stat().st_size == PART_SIZE


def whole_is_ready(folder: Path) -> bool:
    """Whether the whole file lies under `folder`, where `make data` puts it only after it was found whole."""
    return (Path(folder) / WHOLE).is_file()


def read(path: Path, source: str, at_least: int) -> Books:
    """The books of an .ndjson or .ndjson.bz2 file, with the links of `load`. A title that comes again is left out.

    Raises ValueError, with the number of the line, for one that is not an article in the layout of the module's docstring.
    """
    counts = Counter(link for _, _, links in articles(path) for link in links)
    often = {link: link for link, count in counts.items() if count >= at_least}  # one string for each page
    books = Books(source, [], [], [], [], [], [])
    seen = set()
    for title, box, links in articles(path):
        kept = [often[link] for link in links if link in often]
        if title in seen or not kept:
            continue
        seen.add(title)
        books.titles.append(title)
        books.links.append(kept)
        genre, author, country = (
            " ".join(str(box.get(field) or "").split()) for field in ("genre", "author", "country")
        )
        books.genres.append(genre)
        books.shelves.append(shelf_of(genre))
        books.authors.append(author)
        books.countries.append(country)
    return books


def articles(path: Path) -> Iterator[tuple[str, dict, list[str]]]:
    """Title, infobox and cleaned links of each book article in the file, one at a time.

    Pages of Wikipedia's own housekeeping, which got into the collection, are left out. Raises ValueError as `read` does.
    """
    opened = bz2.open(path) if path.suffix == ".bz2" else open(path, "rb")
    with io.BufferedReader(opened) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                title, box, links, _, _, _ = json.loads(line)
                if not (
                    isinstance(title, str) and isinstance(box, dict) and all(isinstance(link, str) for link in links)
                ):
                    raise ValueError("its fields are not title, infobox and links")
            except (ValueError, TypeError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
                raise ValueError(f"{path}, line {number} is not a book article: {error}") from None
            if not title.startswith("Wikipedia:"):
                yield title, box, clean(links, title)


def clean(links: Iterable[str], title: str) -> list[str]:
    """Different pages among `links`, in small letters and without "#section", that may say something about the book `title`."""
    found = {}
    for link in links:
        page = " ".join(link.lower().partition("#")[0].replace("_", " ").split()).lstrip(": ")
        if page and page != title.lower() and page not in BINDING and not NO_ARTICLE.fullmatch(page):
            found[page] = None
    return list(found)


def shelf_of(genre: str) -> str:
    """The shelf for a genre as an infobox has it: a key of SHELVES, "novel", or "" if no word in it is known.

    >>> shelf_of("Fantasy, horror"), shelf_of("Picaresque novel"), shelf_of("cookbook")
    ('fantasy', 'novel', '')
    """
    genre = genre.lower()
    found = {name: re.search(rf"\b(?:{words})", genre) for name, words in SHELVES.items()}
    places = {name: match.start() for name, match in found.items() if match}
    if places:
        return min(places, key=places.get)
    return "novel" if NOVEL.search(genre) else ""

"""Write the embedded samples of books, books.ndjson.bz2, and of reading lists, reading_lists.txt.bz2, files with their SHA-256,
and their numbers in README.md.

    python data/make_books.py

The books are real, and the facts about them, from book_facts.txt, are true. The readers are synthetic. The script writes the
same bytes on every machine. README.md describes the files and the structure that is built into them.
"""

import json
import random
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # also when the course is not installed

from data import samples  # noqa: E402

FACTS = "book_facts.txt"
BOOKS = "books.ndjson.bz2"
LISTS = "reading_lists.txt.bz2"
TIMESTAMP = "2026-01-01T00:00:00Z"  # required by the file format; these books have no pages

SEED = 20240301
READERS = 2000
LENGTHS = range(4, 13)  # books on a list; all lengths are equally likely
FROM_MAIN, FROM_SIDE = 0.7, 0.2  # of a list: books of the reader's main and second taste; the rest are random books
SMALLEST_TASTE = 12  # books
OTHER_WORKS = 3  # of the same author, that a page links to

# Words in the genre of a book, and the page that a book of this genre links to.
GENRE_PAGES = {
    "science fiction": "Science fiction",
    "dystopian": "Dystopian fiction",
    "post-apocalyptic": "Post-apocalyptic fiction",
    "fantasy": "Fantasy",
    "fairy tales": "Fairy tale",
    "magic real": "Magic realism",
    "horror": "Horror fiction",
    "gothic": "Gothic fiction",
    "crime": "Crime fiction",
    "detective": "Detective fiction",
    "mystery": "Mystery fiction",
    "spy": "Spy fiction",
    "thriller": "Thriller (genre)",
    "children's": "Children's literature",
    "adventure": "Adventure fiction",
    "historical": "Historical fiction",
    "war novel": "War novel",
    "romance": "Romance novel",
    "family saga": "Family saga",
    "bildungsroman": "Bildungsroman",
    "epistolary": "Epistolary novel",
    "picaresque": "Picaresque novel",
    "satir": "Satire",
    "philosophical": "Philosophical fiction",
    "political": "Political fiction",
    "psychological": "Psychological fiction",
    "social novel": "Social novel",
    "realist novel": "Literary realism",
    "modernist": "Modernism",
    "manners": "Novel of manners",
    "short stor": "Short story",
    "stories": "Short story",
    "novella": "Novella",
    "play": "Play (theatre)",
    "tragedy": "Tragedy",
    "tragic": "Tragedy",
    "comedy": "Comedy",
    "comic": "Comedy",
    "epic": "Epic poetry",
    "poetry": "Poetry",
    "verse": "Poetry",
    "non-fiction": "Non-fiction",
    "philosophy": "Philosophy",
    "science, ": "Popular science",
    "memoir": "Memoir",
    "autobiography": "Autobiography",
    "history": "History",
    "essay": "Essay",
    "economics": "Economics",
    "psychology": "Psychology",
    "politics": "Politics",
    "travel": "Travel literature",
    "novel": "Novel",
}
# The first word found in the genre says what kind of work it is, in the name of its category.
KINDS = {
    "play": "plays",
    "poetry": "poems",
    "verse": "poems",
    "non-fiction": "non-fiction books",
    "stories": "short stories",
    "story": "short stories",
}

# Country: adjective and language.
COUNTRIES = {
    "Argentina": ("Argentine", "Spanish"),
    "Austria": ("Austrian", "German"),
    "Belgium": ("Belgian", "French"),
    "Brazil": ("Brazilian", "Portuguese"),
    "Canada": ("Canadian", "English"),
    "Chile": ("Chilean", "Spanish"),
    "China": ("Chinese", "Chinese"),
    "Colombia": ("Colombian", "Spanish"),
    "Czech Republic": ("Czech", "Czech"),
    "Denmark": ("Danish", "Danish"),
    "Egypt": ("Egyptian", "Arabic"),
    "Finland": ("Finnish", "Finnish"),
    "France": ("French", "French"),
    "Germany": ("German", "German"),
    "Greece": ("Greek", "Greek"),
    "Iceland": ("Icelandic", "Icelandic"),
    "India": ("Indian", "English"),
    "Ireland": ("Irish", "English"),
    "Italy": ("Italian", "Italian"),
    "Japan": ("Japanese", "Japanese"),
    "Mexico": ("Mexican", "Spanish"),
    "Netherlands": ("Dutch", "Dutch"),
    "Nigeria": ("Nigerian", "English"),
    "Norway": ("Norwegian", "Norwegian"),
    "Peru": ("Peruvian", "Spanish"),
    "Poland": ("Polish", "Polish"),
    "Portugal": ("Portuguese", "Portuguese"),
    "Russia": ("Russian", "Russian"),
    "South Africa": ("South African", "English"),
    "Spain": ("Spanish", "Spanish"),
    "Sweden": ("Swedish", "Swedish"),
    "Switzerland": ("Swiss", "German"),
    "Turkey": ("Turkish", "Turkish"),
    "United Kingdom": ("British", "English"),
    "United States": ("American", "English"),
    "Yugoslavia": ("Yugoslav", "Serbo-Croatian"),
}


@dataclass(frozen=True)
class Book:
    """One line of book_facts.txt with what its author's line adds. `subjects` are without the settings."""

    title: str
    author: str
    country: str
    language: str
    year: int
    genre: str
    movements: tuple[str, ...]
    settings: tuple[str, ...]
    subjects: tuple[str, ...]


def read_facts(path: Path) -> list[Book]:
    """The books, in the order of the file. Raises ValueError, with the number of the line, for one that it cannot read."""
    books, author = [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fields = [field.strip() for field in line.removeprefix("#").split(" | ")]
        if line.startswith("# "):
            if len(fields) not in (3, 4) or fields[1] not in COUNTRIES:
                raise ValueError(
                    f"{path.name}, line {number}: an author line needs a country from COUNTRIES and movements: {line}"
                )
            author = fields
        elif author and line:
            if len(fields) != 4:
                raise ValueError(
                    f"{path.name}, line {number}: a book line needs four fields with ' | ' between: {line}"
                )
            title, year, genre, about = fields
            tags = about.split(", ")
            name, country, movements, *language = author
            language = [tag[1:] for tag in tags if tag[0] == "="] or language or [COUNTRIES[country][1]]
            books.append(
                Book(
                    title,
                    name,
                    country,
                    language[0],
                    int(year),
                    genre,
                    tuple(movements.split(", ")),
                    tuple(tag[1:] for tag in tags if tag[0] == "@"),
                    tuple(tag for tag in tags if tag[0] not in "@="),
                )
            )
    return books


def century(year: int) -> str:
    """The century of a year in words: 1869 is in the 19th-century, -429 in the 5th-century BC."""
    number = (abs(year) - 1) // 100 + 1
    ending = {1: "st", 2: "nd", 3: "rd", 21: "st"}.get(number, "th")
    return f"{number}{ending}-century" + (" BC" if year < 0 else "")


def kind(genre: str) -> str:
    """What a book of this genre is, in the plural of category names."""
    return next((name for word, name in KINDS.items() if word in genre.lower()), "novels")


def genre_pages(book: Book) -> list[str]:
    """The pages about the genre of a book; "Novel" only if there is nothing more specific."""
    genre = f"{book.genre.lower()}, "
    pages = list(dict.fromkeys(page for word, page in GENRE_PAGES.items() if word in genre))
    return [page for page in pages if page != "Novel"] or pages


def links(book: Book, books: list[Book]) -> list[str]:
    """The pages that the page of `book` links to, in the order of such a page: infobox, text, categories.

    Some come twice, as on real pages: once from the infobox, once, in lower case where it is a common noun, from the text.
    """
    plural = kind(book.genre)
    pages = genre_pages(book)
    others = [other for other in books if other.author == book.author and other is not book]
    others.sort(key=lambda other: abs(other.year - book.year))
    box = [book.author, book.country, f"{book.language} language", *pages]
    if book.year >= 1930:
        box = ["Wikipedia:WikiProject Books", *box, "Hardcover", "Paperback"]
    text = [book.author, *(page.lower() for page in pages), *book.settings, *book.subjects, *book.movements]
    text += [other.title for other in others[:OTHER_WORKS]]
    people = f"{century(book.year)} {COUNTRIES[book.country][0]} {plural}"
    categories = [
        people,
        f"Works by {book.author}",
        *(f"{plural.capitalize()} set in {place}" for place in book.settings),
    ]
    return [*box, *text, *(f"Category:{category}" for category in categories)]


def page(book: Book, books: list[Book]) -> list:
    """A book as one line of the Wikipedia file: title, infobox, links, external links, time of the last edit, length.

    The last three are empty: there is no page.
    """
    year = str(book.year) if book.year > 0 else f"{-book.year} BC"
    box = {
        "name": re.sub(r" \(.*\)$", "", book.title),
        "author": book.author,
        "country": book.country,
        "language": book.language,
        "genre": book.genre,
        "release_date": year,
    }
    return [book.title, box, links(book, books), [], TIMESTAMP, 0]


def tastes(books: list[Book]) -> dict[str, list[Book]]:
    """The possible tastes of a reader, by name: the books of a country or of a genre, at least SMALLEST_TASTE of them. Readers
    know the first ones best; their order was sampled once."""
    found: dict[str, list[Book]] = {}
    for book in books:
        for name in [*genre_pages(book), book.country]:
            found.setdefault(name, []).append(book)
    return {name: found[name] for name in sorted(found) if len(found[name]) >= SMALLEST_TASTE}


def make_lists(books: list[Book], seed: int = SEED) -> list[list[str]]:
    """The titles that each reader has read, in random order, each once."""
    rng = random.Random(seed)
    shelves = tastes(books)
    for shelf in shelves.values():
        rng.shuffle(shelf)
    names = list(shelves)
    lists = []
    for _ in range(READERS):
        main, side = rng.sample(names, 2)
        chosen: dict[str, None] = {}
        length = rng.choice(LENGTHS)
        while len(chosen) < length:
            shelf = rng.choices(
                [shelves[main], shelves[side], books], [FROM_MAIN, FROM_SIDE, 1 - FROM_MAIN - FROM_SIDE]
            )[0]
            known = [1 / (rank + 5) for rank in range(len(shelf))]
            book = rng.choice(shelf) if shelf is books else rng.choices(shelf, known)[0]
            chosen[book.title] = None
        titles = list(chosen)
        rng.shuffle(titles)
        lists.append(titles)
    return lists


# --- files -----------------------------------------------------------------------------------------------------------------


def numbers(books: list[Book], lists: list[list[str]]) -> str:
    """The numbers for README.md."""
    pages = [{link.lower() for link in links(book, books)} for book in books]
    counts = Counter(link for each in pages for link in each)
    often = {n: [link for link, count in counts.items() if count >= n] for n in (1, 2, 3, 4, 10)}
    read = Counter(title for titles in lists for title in titles)
    rows = [
        ("books", len(books)),
        ("authors", len({book.author for book in books})),
        ("countries", len({book.country for book in books})),
        ("different links, ignoring case", len(counts)),
        *((f"links of at least {n} books", len(often[n])) for n in (2, 3, 4, 10)),
        *((f"(book, link) pairs with these {n}", sum(counts[link] for link in often[n])) for n in (3,)),
        ("links of a book: median", int(median(map(len, pages)))),
        ("reading lists", len(lists)),
        ("tastes", len(tastes(books))),
        ("books on a list: fewest, most", f"{min(map(len, lists))}, {max(map(len, lists))}"),
        ("lists with the best-known book", max(read.values())),
        ("books on no list", len(books) - len(read)),
    ]
    cells = [f"| {name} | {value:,} |" if isinstance(value, int) else f"| {name} | {value} |" for name, value in rows]
    return "\n".join(["|  |  |", "| --- | --- |", *cells])


def write_sample(folder: Path) -> None:
    """Write both files into `folder`, and the numbers into the README.md there, as `samples.write` does."""
    books = read_facts(HERE / FACTS)
    lists = make_lists(books)
    # The layout of the public file: JSON in ASCII, one array a line.
    lines = {BOOKS: [json.dumps(page(book, books)) for book in books], LISTS: ["\t".join(titles) for titles in lists]}
    samples.write(folder, "make_books.py", lines, numbers(books, lists))


if __name__ == "__main__":
    write_sample(HERE)

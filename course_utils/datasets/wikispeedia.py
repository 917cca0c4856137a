"""A graph of articles that link to each other, with the subject of each: Wikispeedia, or a small one of the sample's books.

Wikispeedia is the game of finding one's way from article to article; its graph is that of Wikipedia for Schools, 2007.
R. West, J. Pineau, D. Precup, "Wikispeedia: An Online Game for Inferring Semantic Distances between Concepts", IJCAI 2009;
R. West, J. Leskovec, "Human Wayfinding in Information Networks", WWW 2012; snap.stanford.edu/data/wikispeedia.html.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from course_utils import paths
from course_utils.datasets import books

DATASET = "wikispeedia"
COMMAND = f"make data DATASETS={DATASET}"
FILES = {"articles.tsv": 1, "categories.tsv": 2, "links.tsv": 2}  # columns


@dataclass(frozen=True, eq=False)
class Graph:
    """n articles and m links between them; `source` is "sample" or "real".

    articles: n different titles.
    links: (m, 2) int32, from which article to which, none twice and none to itself.
    subjects: for each article what it is about, "" if unknown. Real: the first part of its first category, like "Science".
        Sample: the country of a book or an author; "" for all other pages.
    """

    source: str
    articles: list[str]
    links: np.ndarray
    subjects: list[str]

    def __len__(self) -> int:
        return len(self.articles)


def load() -> Graph:
    """The graph, from disk only: Wikispeedia if it is under COURSE_DATA_DIR, else the sample. Prints one line about it.

    Raises paths.DataNotReady if COURSE_DATA=real and it is not there, and ValueError if its files are damaged.
    """
    source = paths.choose(DATASET, is_ready)
    graph = read(paths.data_dir() / DATASET) if source == "real" else of_books(paths.SAMPLES / books.SAMPLE)
    name, hint = (
        ("real Wikispeedia", "") if source == "real" else ("embedded sample", f" (real Wikispeedia: {COMMAND})")
    )
    known = len(set(graph.subjects) - {""})
    print(f"Graph: {name} – {len(graph):,} articles, {len(graph.links):,} links, {known} subjects{hint}")
    return graph


def is_ready(folder: Path) -> bool:
    """Whether the three files lie under `folder`, where `make data` puts them together. Looks at names only."""
    return all((Path(folder) / DATASET / name).is_file() for name in FILES)


def read(folder: Path) -> Graph:
    """The graph in articles.tsv, categories.tsv and links.tsv, as SNAP has them.

    Raises ValueError, with file and line, for a row that is not of the format or names an article that is not in the list.
    """
    articles = [unquote(name).replace("_", " ") for _, (name,) in _rows(folder / "articles.tsv")]
    numbers = {article: number for number, article in enumerate(articles)}
    subjects = [""] * len(articles)

    def number(article: str, place: str) -> int:
        try:
            return numbers[unquote(article).replace("_", " ")]
        except KeyError:
            raise ValueError(f"{place}: {article} is not in articles.tsv") from None

    for place, (article, category) in _rows(folder / "categories.tsv"):
        parts = category.split(".")
        if len(parts) < 2 or parts[0] != "subject":
            raise ValueError(f"{place}: {category} is not a category like subject.Science.Physics")
        i = number(article, place)
        subjects[i] = subjects[i] or parts[1].replace("_", " ")
    links = [(number(a, place), number(b, place)) for place, (a, b) in _rows(folder / "links.tsv")]
    return Graph("real", articles, _different(links), subjects)


def of_books(path: Path) -> Graph:
    """The graph of the books in the file of the sample `path`: books, their authors and the pages that two books link to.

    Pages that name a country or a language, and categories, which mostly do, are left out: else the subject of a book, its
    country, would stand beside it. Other pages have no links of their own.
    """
    found = books.read(paths.verified(path, books.SCRIPT), "sample", at_least=2)
    countries = {country.lower() for country in found.countries}
    titles = {title.lower(): title for title in found.titles}
    subjects = dict(zip(found.titles, found.countries, strict=True))
    named = []
    for title, author, country, pages in zip(found.titles, found.authors, found.countries, found.links, strict=True):
        subjects[author] = country
        named += [(title, author), (author, title)]
        for page in pages:
            if page not in countries and page != author.lower() and not page.startswith("category:"):
                if not page.endswith(" language"):
                    named.append((title, titles.get(page, page)))
    articles = list(dict.fromkeys(article for link in named for article in link))
    numbers = {article: number for number, article in enumerate(articles)}
    links = _different([(numbers[a], numbers[b]) for a, b in named])
    return Graph("sample", articles, links, [subjects.get(article, "") for article in articles])


def _different(links: list[tuple[int, int]]) -> np.ndarray:
    """The links as an array, each once and none from an article to itself: (m, 2) int32."""
    pairs = np.unique(np.array(links, dtype=np.int32).reshape(-1, 2), axis=0)
    return pairs[pairs[:, 0] != pairs[:, 1]]


def _rows(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Place, in words, and fields of each row of one of FILES."""
    columns = FILES[path.name]
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8: {error}") from None
    for number, line in enumerate(lines, start=1):
        if line and not line.startswith("#"):
            fields = line.split("\t")
            if len(fields) != columns or not all(fields):
                raise ValueError(
                    f"{path}, line {number}: {columns} names with tabs between them were expected: {line[:80]!r}"
                )
            yield f"{path}, line {number}", fields

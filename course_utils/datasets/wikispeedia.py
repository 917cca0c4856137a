"""A graph of articles that link to each other, with the subject of each: Wikispeedia, or a small one of the sample's books.

Wikispeedia is the graph of Wikipedia for Schools, 2007. R. West, J. Pineau, D. Precup, "Wikispeedia: An Online Game for
Inferring Semantic Distances between Concepts", IJCAI 2009; snap.stanford.edu/data/wikispeedia.html.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np

from course_utils.datasets import Table, announce, books, damaged, lines, real_files, sample


@dataclass(frozen=True, eq=False)
class Graph(Table):
    """n articles and m links between them; `source` is "sample" or "real".

    articles: n different titles.
    links: (m, 2) int32, from which article to which, each once and none to itself.
    subjects: for each article what it is about, "" if unknown. Real: the first part of its first category, like "Science".
        Sample: the country of a book or an author; "" for all other pages.
    """

    articles: list[str]
    links: np.ndarray
    subjects: list[str]
    source: str


def load() -> Graph:
    """Wikispeedia or the sample."""
    files = real_files("wikispeedia")
    graph = read(files[0].parent) if files else of_books(sample(books.SAMPLE))
    counts = f"{len(graph):,} articles, {len(graph.links):,} links, {len(set(graph.subjects) - {''})} subjects"
    return announce("Graph", graph.source, "wikispeedia", counts, graph)


def read(folder: Path) -> Graph:
    """The graph in SNAP's articles.tsv, categories.tsv and links.tsv. Raises ValueError, with the line, for a damaged row."""
    articles = [name for _, (name,) in _rows(folder / "articles.tsv", 1)]
    numbers = {article: number for number, article in enumerate(articles)}
    subjects = [""] * len(articles)

    def number(name: str, place: str) -> int:
        if name not in numbers:
            raise damaged(f"{place}: the article {name!r} is not in articles.tsv", "wikispeedia")
        return numbers[name]

    for place, (article, category) in _rows(folder / "categories.tsv", 2):
        if not category.startswith("subject."):
            raise damaged(f"{place}: {category!r} is not a category such as subject.Science", "wikispeedia")
        i = number(article, place)
        subjects[i] = subjects[i] or category.split(".")[1]
    links = [(number(a, place), number(b, place)) for place, (a, b) in _rows(folder / "links.tsv", 2)]
    return Graph(articles, _different(links), subjects, "real")


def of_books(path: Path) -> Graph:
    """The graph of the books in the sample's file `path`: books, their authors and the pages that two books link to.

    Pages that name a country or a language, and categories, which mostly do, are left out: they would give away the subject of
    a book, its country. Other pages have no links of their own.
    """
    found = books.read(path, "sample", at_least=2)
    countries = {country.lower() for country in found.countries}
    titles = {title.lower(): title for title in found.titles}
    subjects = dict(zip(found.titles, found.countries, strict=True))
    named = []
    for title, author, country, pages in zip(found.titles, found.authors, found.countries, found.links, strict=True):
        subjects[author] = country
        named += [(title, author), (author, title)]
        for page in pages:
            if page not in countries | {author.lower()} and not re.match("category:|.* language$", page):
                named.append((title, titles.get(page, page)))
    articles = list(dict.fromkeys(article for link in named for article in link))
    numbers = {article: number for number, article in enumerate(articles)}
    links = _different([(numbers[a], numbers[b]) for a, b in named])
    return Graph(articles, links, [subjects.get(article, "") for article in articles], "sample")


def _different(links: list[tuple[int, int]]) -> np.ndarray:
    """The links as an array, each once and none from an article to itself: (m, 2) int32."""
    pairs = np.unique(np.array(links, dtype=np.int32).reshape(-1, 2), axis=0)
    return pairs[pairs[:, 0] != pairs[:, 1]]


def _rows(path: Path, columns: int) -> Iterator[tuple[str, list[str]]]:
    """Place and fields, decoded, of each row of a file without header, with comments."""
    for place, line in lines(path, "wikispeedia"):
        line = line.rstrip("\r\n")
        if line and not line.startswith("#"):
            fields = line.split("\t")
            if len(fields) != columns or not all(fields):
                raise damaged(f"{place} must have {columns} names with tabs between them: {line[:80]!r}", "wikispeedia")
            yield place, [unquote(field).replace("_", " ") for field in fields]

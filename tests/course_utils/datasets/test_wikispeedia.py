"""The loader of the link graph: Wikispeedia's format, and the sample, which is made of the books."""

import numpy as np
import pytest

from course_utils import paths
from course_utils.datasets import books, wikispeedia

FILES = {
    "articles.tsv": "# The list of all articles.\n\nA_B\n%C3%85land\nWolf\nAlone\n",
    "categories.tsv": "# two for one\nA_B\tsubject.Science.Physics\nA_B\tsubject.People\nWolf\tsubject.Everyday_life\n",
    "links.tsv": "# from, to\nA_B\t%C3%85land\n%C3%85land\tWolf\nWolf\tWolf\nA_B\tWolf\nA_B\tWolf\n",
}


def write(folder, changes=()):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**FILES, **dict(changes)}.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.fixture
def real(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DATA", "real")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    write(tmp_path / "wikispeedia")
    return tmp_path / "wikispeedia"


def test_the_format_of_snap(real, capsys):
    graph = wikispeedia.load()
    assert graph.source == "real" and graph.articles == ["A B", "Åland", "Wolf", "Alone"]
    assert graph.subjects == ["Science", "", "Everyday life", ""]
    assert graph.links.tolist() == [[0, 1], [0, 2], [1, 2]] and graph.links.dtype == np.int32  # no doubles, no loops
    assert capsys.readouterr().out == "Graph: real Wikispeedia – 4 articles, 3 links, 2 subjects\n"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("links.tsv", "A_B\tWolf\nA_B\tGhost\n", r"links.tsv, line 2: Ghost is not in articles.tsv"),
        ("links.tsv", "A_B\n", r"links.tsv, line 1: 2 names with tabs between them were expected: 'A_B'"),
        ("links.tsv", "A_B\t\n", r"links.tsv, line 1: 2 names"),
        ("categories.tsv", "Ghost\tsubject.Science\n", r"categories.tsv, line 1: Ghost is not in articles.tsv"),
        ("categories.tsv", "Wolf\tScience\n", r"categories.tsv, line 1: Science is not a category"),
        ("articles.tsv", "A\tB\n", r"articles.tsv, line 1: 1 names"),
        ("articles.tsv", b"caf\xe9\n", r"articles.tsv is not text in UTF-8"),
    ],
)
def test_what_is_not_of_the_format_is_named(real, name, content, message):
    write(real, {name: content})
    with pytest.raises(ValueError, match=message):
        wikispeedia.load()


@pytest.mark.parametrize("name", FILES)
def test_without_one_of_the_files_it_is_not_there(real, name, monkeypatch):
    (real / name).unlink()
    with pytest.raises(paths.DataNotReady, match="make data DATASETS=wikispeedia"):
        wikispeedia.load()
    monkeypatch.setenv("COURSE_DATA", "auto")
    assert wikispeedia.load().source == "sample"


def test_no_links_at_all(real):
    write(real, {"links.tsv": "# none\n"})
    assert wikispeedia.load().links.shape == (0, 2)


# --- the sample ---


@pytest.fixture
def sample(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "sample")
    return wikispeedia.load()


def test_sample_is_the_graph_of_the_books(sample):
    assert sample.source == "sample" and len(set(sample.articles)) == len(sample) > 1_000
    assert sample.links.min() == 0 and sample.links.max() < len(sample)
    assert (
        len(np.unique(sample.links, axis=0)) == len(sample.links) and (sample.links[:, 0] != sample.links[:, 1]).all()
    )
    from_where = {sample.articles[a] for a, b in sample.links if sample.articles[b] == "Leo Tolstoy"}
    assert {"War and Peace", "Anna Karenina", "Resurrection"} <= from_where
    pair = [sample.articles.index(name) for name in ("Leo Tolstoy", "War and Peace")]
    assert pair in sample.links.tolist()


def test_sample_knows_the_country_of_books_and_authors_only(sample):
    subjects = dict(zip(sample.articles, sample.subjects, strict=True))
    assert subjects["War and Peace"] == subjects["Leo Tolstoy"] == "Russia"
    assert subjects["moscow"] == subjects["war"] == ""
    known = set(books.load().titles + books.load().authors)
    assert {article for article, subject in subjects.items() if subject} == known


def test_sample_does_not_name_the_country_beside_the_book(sample):
    pages = {article.lower() for article in sample.articles}
    assert not pages & {"russia", "russian language", "france", "united kingdom"}
    assert not any(page.startswith("category:") for page in pages)


@pytest.mark.real
def test_the_real_graph(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "real")
    if not wikispeedia.is_ready(paths.data_dir()):
        pytest.skip(f"no Wikispeedia under {paths.data_dir()}")
    graph = wikispeedia.load()
    assert 4_590 < len(graph) < 4_610 and 119_000 < len(graph.links) < 120_000
    assert len(set(graph.subjects) - {""}) == 15
    assert graph.subjects[graph.articles.index("Zebra")] == "Science"

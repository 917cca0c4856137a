import numpy as np
import pytest

from course_utils.datasets import books, wikispeedia

FILES = {
    "articles.tsv": "# The list of all articles.\n\nA_B\n%C3%85land\nWolf\nAlone\n",
    "categories.tsv": "# two for one\nA_B\tsubject.Science.Physics\nA_B\tsubject.People\nWolf\tsubject.Everyday_life\n",
    "links.tsv": "# from, to\nA_B\t%C3%85land\n%C3%85land\tWolf\nWolf\tWolf\nA_B\tWolf\nA_B\tWolf\n",
}


def test_the_format_of_snap(stand_in, capsys):
    stand_in("wikispeedia", FILES)
    graph = wikispeedia.load()
    assert graph.source == "real" and graph.articles == ["A B", "Åland", "Wolf", "Alone"]
    assert graph.subjects == ["Science", "", "Everyday life", ""]
    assert graph.links.tolist() == [[0, 1], [0, 2], [1, 2]] and graph.links.dtype == np.int32  # no doubles, no loops
    assert "4 articles, 3 links, 2 subjects" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("links.tsv", "A_B\tWolf\nA_B\tGhost\n", r"links.tsv, line 2: .*'Ghost' .*articles.tsv"),
        ("links.tsv", "A_B\n", r"links.tsv, line 1 .* 2 names .*'A_B'"),
        ("links.tsv", "A_B\t\n", r"links.tsv, line 1 .* 2 names"),
        ("categories.tsv", "Ghost\tsubject.Science\n", r"categories.tsv, line 1: .*'Ghost' .*articles.tsv"),
        ("categories.tsv", "Wolf\tScience\n", r"categories.tsv, line 1: 'Science'"),
        ("articles.tsv", "A\tB\n", r"articles.tsv, line 1 .* 1 names"),
    ],
)
def test_damage_is_named(stand_in, name, content, message):
    stand_in("wikispeedia", FILES | {name: content})
    with pytest.raises(ValueError, match=f"{message}.*make data DATASETS=wikispeedia"):
        wikispeedia.load()


def test_no_links_at_all(stand_in):
    stand_in("wikispeedia", FILES | {"links.tsv": "# none\n"})
    assert wikispeedia.load().links.shape == (0, 2)


def test_the_sample_is_the_graph_of_the_books(sample):
    graph = wikispeedia.load()
    assert len(set(graph.articles)) == len(graph) > 1_000
    assert graph.links.min() == 0 and graph.links.max() < len(graph)
    assert len(np.unique(graph.links, axis=0)) == len(graph.links) and (graph.links[:, 0] != graph.links[:, 1]).all()
    from_where = {graph.articles[a] for a, b in graph.links if graph.articles[b] == "Leo Tolstoy"}
    assert {"War and Peace", "Anna Karenina", "Resurrection"} <= from_where
    pair = [graph.articles.index(name) for name in ("Leo Tolstoy", "War and Peace")]
    assert pair in graph.links.tolist()


def test_the_sample_has_the_country_of_books_and_authors_as_subject_and_not_as_article(sample):
    graph = wikispeedia.load()
    subjects = dict(zip(graph.articles, graph.subjects, strict=True))
    assert subjects["War and Peace"] == subjects["Leo Tolstoy"] == "Russia"
    assert subjects["moscow"] == subjects["war"] == ""
    known = set(books.load().titles + books.load().authors)
    assert {article for article, subject in subjects.items() if subject} == known
    pages = {article.lower() for article in graph.articles}
    assert not pages & {"russia", "russian language", "france", "united kingdom"}
    assert not any(page.startswith("category:") for page in pages)


@pytest.mark.real
def test_the_real_graph(real):
    real("wikispeedia")
    graph = wikispeedia.load()
    assert 4_590 < len(graph) < 4_610 and 119_000 < len(graph.links) < 120_000
    assert len(set(graph.subjects) - {""}) == 15
    assert graph.subjects[graph.articles.index("Zebra")] == "Science"

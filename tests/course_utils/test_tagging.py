import pytest
from hypothesis import given
from hypothesis import strategies as some

from course_utils.tagging import Coloured, scores, spans


# What seqeval 1.2.2 gives in its default mode for the same tags
@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ("O O", []),
        ("B-person I-person O", [("person", 0, 2)]),
        ("O B-place", [("place", 1, 2)]),
        ("B-place I-place", [("place", 0, 2)]),
        ("B-place B-place", [("place", 0, 1), ("place", 1, 2)]),
        ("B-place B-person I-person", [("place", 0, 1), ("person", 1, 3)]),
        ("I-place O", [("place", 0, 1)]),
        ("O I-place I-place", [("place", 1, 3)]),
        ("B-person I-place", [("person", 0, 1), ("place", 1, 2)]),
        ("B-person I-place I-person", [("person", 0, 1), ("place", 1, 2), ("person", 2, 3)]),
        ("B-person O I-person", [("person", 0, 1), ("person", 2, 3)]),
        ("B-creative-work I-creative-work", [("creative-work", 0, 2)]),
        ("", []),
    ],
)
def test_spans(tags, found):
    assert spans(tags.split()) == found


@pytest.mark.parametrize("tag", ["", "B", "I-", "X-person", "O-person", "person", 3, ["O"]])
def test_other_tags_are_refused(tag):
    with pytest.raises(ValueError, match="tag 1 is .*IOB2"):
        spans(["O", tag])


@given(some.lists(some.tuples(some.sampled_from(["person", "place"]), some.integers(1, 3), some.integers(0, 2))))
def test_spans_from_tags_of_given_spans(parts):
    found, tags = [], []
    for kind, length, gap in parts:
        tags += ["O"] * gap
        found.append((kind, len(tags), len(tags) + length))
        tags += [f"B-{kind}"] + [f"I-{kind}"] * (length - 1)
    assert spans(tags) == found


def test_scores_count_whole_spans():
    true = [[("a", 0, 2), ("b", 3, 4)], [("a", 0, 1)], []]
    assert scores(true, true) == {"precision": 1, "recall": 1, "F1": 1}
    predicted = [[("a", 0, 1), ("b", 3, 4)], [], [("b", 0, 1)]]  # one end wrong, one right, one missed, one too many
    assert scores(true, predicted) == pytest.approx({"precision": 1 / 3, "recall": 1 / 3, "F1": 1 / 3})
    half = scores(true, [[("a", 0, 2)], [("b", 0, 1)], []])
    assert half == pytest.approx({"precision": 0.5, "recall": 1 / 3, "F1": 0.4})


def test_scores_of_seqevals_published_example():
    true = "O O O B-MISC I-MISC I-MISC O", "B-PER I-PER O"
    # one name too long, one right: 0.50 according to its docstring
    predicted = "O O B-MISC I-MISC I-MISC I-MISC O", "B-PER I-PER O"
    got = scores(*([spans(tags.split()) for tags in sentences] for sentences in (true, predicted)))
    assert got == {"precision": 0.5, "recall": 0.5, "F1": 0.5}


def test_scores_without_spans():
    assert scores([[]], [[]]) == scores([[("a", 0, 1)]], [[]]) == scores([[]], [[("a", 0, 1)]])
    for true, predicted in (([[]], [[], []]), ([["B-a"]], [["B-a"]]), ([("a", 0, 1)], [("a", 0, 1)])):
        with pytest.raises(
            ValueError, match=f"{len(true)} .* {len(predicted)} "
        ):  # also tags, and spans of one sentence
            scores(true, predicted)


def test_coloured_has_a_text_form_and_escapes_html():
    shown = Coloured("<b> Madison Reed sings".split(), [("person", 1, 3)], ["place", "person"])
    assert repr(shown) == "<b> [Madison Reed | person] sings"
    page = shown._repr_html_()
    assert "&lt;b&gt; <mark" in page and "Reed <small><b>person</b></small></mark> sings" in page
    assert Coloured.COLOURS[1] in page

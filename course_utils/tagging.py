"""Spans of words, such as names: read from tags, scored, and shown in colour.

Tags are in IOB2 (Tjong Kim Sang and Veenstra 1999): `B-person` begins a span, `I-person` continues it, `O` is outside.
"""

import html
from collections.abc import Sequence

Span = tuple[str, int, int]  # type, first word, one after the last word


def spans(tags: Sequence[str]) -> list[Span]:
    """Spans of one sentence's tags, in order: ["B-person", "I-person", "O"] -> [("person", 0, 2)].

    An `I-` after `O`, after another type or at the start of the sentence begins a span, as in the CoNLL evaluation. Raises
    ValueError for a tag that is not in IOB2.
    """
    found, begun, kind = [], 0, None
    for t, tag in enumerate([*tags, "O"]):
        prefix, _, of = str(tag).partition("-")
        if prefix not in ("B", "I", "O") or (prefix == "O") == bool(of):
            raise ValueError(f"tag {t} is {tag!r}; the tags of a sentence are strings in IOB2: O, B-type or I-type")
        if kind is not None and (prefix != "I" or of != kind):
            found.append((kind, begun, t))
            kind = None
        if prefix != "O" and kind is None:
            begun, kind = t, of
    return found


def scores(true: Sequence[Sequence[Span]], predicted: Sequence[Sequence[Span]]) -> dict[str, float]:
    """Precision, recall and F1 of the spans `predicted` in n sentences, counted over all sentences together.

    A span is correct only if its type and both of its ends are. Without predictions precision is 0, without true spans
    recall is 0. Raises ValueError when the numbers of sentences differ, or for tags instead of spans.
    """
    if len(true) != len(predicted) or not all(isinstance(span, tuple) for s in (*true, *predicted) for span in s):
        advice = "both must be [spans(tags) for tags in sentences], of the same sentences"
        raise ValueError(f"true has {len(true)} and predicted {len(predicted)} sentences; {advice}")
    correct = sum(len(set(a) & set(b)) for a, b in zip(true, predicted, strict=True))
    in_truth, in_prediction = (sum(len(set(found)) for found in sentences) for sentences in (true, predicted))
    precision, recall = correct / max(in_prediction, 1), correct / max(in_truth, 1)
    return {"precision": precision, "recall": recall, "F1": 2 * correct / max(in_truth + in_prediction, 1)}


class Coloured:
    """A sentence with its spans in colour, each with the name of its type; shows itself in a notebook."""

    COLOURS = ("#9ad0f3", "#f5c26b", "#7fd6bd", "#e6a6c9", "#f0e442", "#c9c9c9")  # Okabe and Ito's, but lighter

    def __init__(self, words: Sequence[str], found: Sequence[Span], kinds: Sequence[str]):
        self.words, self.found, self.kinds = list(words), list(found), list(kinds)

    def __repr__(self) -> str:
        words = list(self.words)
        for kind, begin, end in self.found:
            words[begin] = "[" + words[begin]
            words[end - 1] += f" | {kind}]"
        return " ".join(words)

    def _repr_html_(self) -> str:
        words = [html.escape(word) for word in self.words]
        for kind, begin, end in self.found:
            colour = self.COLOURS[self.kinds.index(kind) % len(self.COLOURS)]
            words[begin] = f'<mark style="background: {colour}; color: black; padding: 2px 4px">{words[begin]}'
            words[end - 1] += f" <small><b>{html.escape(kind)}</b></small></mark>"
        return f'<p style="line-height: 2">{" ".join(words)}</p>'

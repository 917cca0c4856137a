"""Spans of words that name something: read from tags, how well they are found, and text with them in colour.

Tags are in IOB2: `B-person` begins a span, `I-person` goes on with it, `O` is outside of all (Ramshaw and Marcus 1995;
Tjong Kim Sang and Veenstra 1999).
"""

import html
from collections.abc import Sequence

Span = tuple[str, int, int]  # type, first word, one after the last word


def spans(tags: Sequence[str]) -> list[Span]:
    """Spans of one sentence's tags, in order: ["B-person", "I-person", "O"] -> [("person", 0, 2)].

    An `I-` that continues nothing begins a span, as in the CoNLL evaluation: after `O`, at the beginning of the sentence, or
    after another type. Raises ValueError for what is no tag.
    """
    found, begun, kind = [], 0, None
    for t, tag in enumerate([*tags, "O"]):
        prefix, _, of = tag.partition("-")
        if prefix not in ("B", "I", "O") or (prefix == "O") == bool(of):
            raise ValueError(f"{tag!r} is no tag of IOB2; tags are O, B-type and I-type")
        if kind is not None and (prefix != "I" or of != kind):
            found.append((kind, begun, t))
            kind = None
        if prefix != "O" and kind is None:
            begun, kind = t, of
    return found


def scores(true: Sequence[Sequence[Span]], said: Sequence[Sequence[Span]]) -> dict[str, float]:
    """Precision, recall and F1 of the spans that were `said` of n sentences, over all of them together.

    A span is right only if its type and both of its ends are. Where nothing was said, precision is 0, and where there is
    nothing to find, recall is 0. Raises ValueError when the numbers of sentences differ.
    """
    pairs = [(set(a), set(b)) for a, b in zip(true, said, strict=True)]
    right = sum(len(a & b) for a, b in pairs)
    there, given = sum(len(a) for a, _ in pairs), sum(len(b) for _, b in pairs)
    precision, recall = right / max(given, 1), right / max(there, 1)
    return {"precision": precision, "recall": recall, "F1": 2 * right / max(there + given, 1)}


class Coloured:
    """A sentence with its spans in colour, each with the name of its type; shows itself in a notebook."""

    # Okabe and Ito's colours, light enough for black letters
    COLOURS = ("#9ad0f3", "#f5c26b", "#7fd6bd", "#e6a6c9", "#f0e442", "#c9c9c9")

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

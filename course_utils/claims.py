"""Claims: statements of the course that are measured where they are made.

COURSE_CLAIMS says what a missed bound does. With "warn", the default, it is shown and the lesson continues. With "strict", the
default in continuous integration (CI=true), it raises. With "record", `course_tools.lessons.execute` collects all that fail.
"""

import html
import math
import os
from dataclasses import asdict, dataclass

from IPython.display import display

MIME = "application/vnd.course.claim+json"
SEED = int(os.environ.get("COURSE_SEED") or 0)  # of a lesson's random numbers; claims hold for the seeds 0, 1 and 2
LONG = os.environ.get("COURSE_LONG") == "1"  # whether lessons train to the end on real data, or for few epochs
_made: dict[str, "Claim"] = {}


class ClaimFailed(AssertionError):
    """A measured value missed the bound of its claim."""


@dataclass(frozen=True)
class Claim:
    """One measured claim. `relation` is 'at least', 'at most' or 'close to'; `within` is set for the last one only."""

    text: str
    value: float
    relation: str
    bound: float
    within: float | None
    held: bool

    def __str__(self) -> str:
        margin = f" ± {_short(self.within)}" if self.within is not None else ""
        verdict = "✓" if self.held else "✗ does not hold in this run:"
        return f"{verdict} {self.text}: {_short(self.value)} (expected {self.relation} {_short(self.bound)}{margin})"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        colour = "#0072b2" if self.held else "#d55e00"
        shown = f'<div style="border-left: 4px solid {colour}; padding-left: 0.6em">{html.escape(str(self))}</div>'
        record = asdict(self) | {"value": self.value if math.isfinite(self.value) else None}  # JSON has no NaN
        return {"text/plain": str(self), "text/html": shown, MIME: record}


def claim(text, value, *, at_least=None, at_most=None, close_to=None, within=None) -> None:
    """Show `text` with its measured `value` beside the bound, and whether the value keeps it.

    Exactly one of `at_least`, `at_most` and `close_to` is given; `close_to` needs `within`, the largest allowed distance. NaN
    misses every bound. Raises ValueError for a bound that cannot be missed or met (none, several, not finite), TypeError for a
    value that is not one number, and ClaimFailed for a missed bound if claims are strict.
    """
    bounds = {"at least": at_least, "at most": at_most, "close to": close_to}
    given = {relation: _number(bound, f"'{relation}'") for relation, bound in bounds.items() if bound is not None}
    if len(given) != 1:
        raise ValueError(f"claim {text!r}: give exactly one of at_least, at_most, close_to; you gave {len(given)}")
    (relation, bound), value = *given.items(), _number(value, "the value")
    if (relation == "close to") != (within is not None):
        raise ValueError(f"claim {text!r}: give within= together with close_to=, and with no other bound")
    within = None if within is None else _number(within, "within")
    if not math.isfinite(bound) or (within is not None and not 0 < within < math.inf):
        raise ValueError(f"claim {text!r}: the bound must be finite, and within= positive and finite")
    kept = {"at least": value >= bound, "at most": value <= bound, "close to": abs(value - bound) <= (within or 0)}
    made = _made[text] = Claim(text, value, relation, bound, within, kept[relation])
    display(made)
    if not made.held and _strict():
        raise ClaimFailed(str(made))


class Summary(list):
    """A list of claims that shows itself in a notebook."""

    def __repr__(self) -> str:
        return "\n".join(map(str, self))

    def _repr_html_(self) -> str:
        return "<ul>" + "".join(f"<li>{html.escape(str(claim))}</li>" for claim in self) + "</ul>"


def summary() -> Summary:
    """All claims of this notebook so far, in order, each with its last measured value: the end of a lesson."""
    return Summary(_made.values())


def _strict() -> bool:
    wanted = os.environ.get("COURSE_CLAIMS", "").strip().lower()
    if wanted not in {"", "warn", "record", "strict"}:
        raise ValueError(f"The variable COURSE_CLAIMS is {wanted!r}. Set it to warn, record or strict, or unset it.")
    return wanted == "strict" or (not wanted and os.environ.get("CI", "").strip().lower() in {"1", "true", "yes"})


def _number(value, name: str) -> float:
    try:
        return float(value)  # also of NumPy and TensorFlow; an array of several numbers is refused
    except (TypeError, ValueError) as error:
        raise TypeError(f"claim: {name} must be one number, got {value!r}") from error


def _short(number: float) -> str:
    """Four significant digits, thousands separated: 0.9071, 53,893."""
    return f"{number:,.0f}" if float(number).is_integer() and abs(number) < 1e15 else f"{number:.4g}"

"""`python -m course_utils sentiment "…"`: classify reviews with the model that lesson 10 has saved."""

import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from course_tools import __main__ as commands
from course_utils.models import inputs
from course_utils.models.sentiment import SAVED, load, probabilities


def main(argv: list[str] | None = None) -> int:
    """The command `python -m course_utils sentiment`; returns its exit status."""
    more = "Exit status: 0 classified, 1 there is no model, 2 there was no review. Of a long text only its two ends are used."
    parser = commands.parser("sentiment", epilog=more)
    parser.add_argument("reviews", nargs="*", metavar="REVIEW", help="without any, each line of standard input is one")
    parser.add_argument("--model", type=Path, default=SAVED, help="the file of the model (default: that of lesson 10)")
    given = parser.parse_args(argv)
    report = Counter()
    try:
        texts = [inputs.argument(text, report) for text in given.reviews]
        lines = inputs.opened(sys.stdin.buffer, report) if sys.stdin and not texts else ()
        texts += [line.rstrip("\r\n") for line in lines]
        nul = "The reviews contain NUL characters: save them as UTF-8 text, one per line."
        wrong = nul if "\0" in "".join(texts) else ""
    except (UnicodeError, OSError) as error:
        wrong = f"Standard input cannot be read ({error}): save the reviews as UTF-8, one per line."
    if not texts:
        wrong = "There is no review: give one as an argument, or one per line on standard input."
    if wrong:
        print(wrong, file=sys.stderr)
        return 2
    inputs.tell(report)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet():
            answers = probabilities(load(given.model), texts)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    for text, p in zip(texts, answers, strict=True):
        label = "positive" if p > 0.5 else "negative"
        answer = "no answer: it has no word of the vocabulary" if np.isnan(p) else f"{label}  P(positive) = {p:.3f}"
        print(f"{answer}  {text if len(text) <= 60 else text[:57] + '…'!r}")
    return 0


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hide what TensorFlow's libraries write to the error stream when they start, whatever the log level."""
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)

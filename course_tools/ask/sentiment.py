"""`python -m course_utils sentiment "…"`: ask the model that lesson 10 has saved."""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from course_tools.terminal import silent
from course_utils.models.sentiment import SAVED, load, probabilities


def main(argv: list[str] | None = None) -> int:
    """The command `python -m course_utils sentiment`; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils sentiment",
        description="Is a film review praise or blame? Each argument is a review; without any, each line of the input.",
        epilog="Exit status: 0 answered, 1 there is no network to ask, 2 there was no review. Of a long text the beginning "
        "and the end are read, as in the network's training.",
    )
    parser.add_argument("reviews", nargs="*", metavar="REVIEW")
    parser.add_argument("--model", type=Path, default=SAVED, help="the network's file (default: that of lesson 10)")
    given = parser.parse_args(argv)
    texts = given.reviews or [line.rstrip("\r\n") for line in sys.stdin]
    if not texts:
        print("There is no review: give one as an argument, or one a line on standard input.", file=sys.stderr)
        return 2
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with silent():
            answers = probabilities(load(given.model), texts)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    for text, p in zip(texts, answers, strict=True):
        short = text if len(text) <= 60 else text[:57] + "…"
        answer = (
            "no answer: it has no word that the network knows" if np.isnan(p) else f"{_label(p)}  P(praise) = {p:.3f}"
        )
        print(f"{answer}  {short!r}")
    return 0


def _label(p: float) -> str:
    return "praise" if p > 0.5 else "blame "

"""`python -m course_utils seq2bow train FILE …` and `… query KIND TEXT`: Seq2BoW for a table of one's own."""

import argparse
import codecs
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from course_tools.ask.postings_table import from_csv
from course_tools.ask.sentiment import quiet
from course_utils.models import inputs
from course_utils.models.seq2bow.corpus import Shard, title_words
from course_utils.paths import build_dir

SAVED = build_dir() / "seq2bow.npz"
SCORED = 256  # examples whose interests are all scored at a time
KINDS = ("interests-of", "interests-near", "titles-near", "titles-near-interest")  # and, with "_", Seq2BoW's methods


def parser() -> argparse.ArgumentParser:
    status = "Exit status: 0 done, 1 it could not be done, 2 the command was not understood."
    whole = argparse.ArgumentParser("python -m course_utils seq2bow", epilog=status)
    parts = whole.add_subparsers(dest="part", required=True)
    train = parts.add_parser("train", help="train Seq2BoW on a table of titles and interests")
    train.add_argument("file", type=Path, metavar="FILE", help="CSV with a line of names; may end in .gz or .bz2")
    train.add_argument("--title", required=True, metavar="COLUMN", help="column with the titles")
    train.add_argument("--interests", required=True, metavar="COLUMN", help="column with the bags of interests")
    separator = "between the interests of a bag, also as \\t, \\n, \\x1f or \\u00b7 (default: |)"
    train.add_argument("--separator", default="|", type=_separator, help=separator)
    extra = {"action": "append", "default": []}
    train.add_argument("--extra", **extra, metavar="COLUMN", help="a further input, such as a country")
    train.add_argument("--encoding", help="of the file (default: UTF-8, or UTF-16 where the file says so)")
    few, many = _whole(1, 10_000), _whole(1, 10**9)
    train.add_argument("--size", type=few, default=24, help="dimension of the interests' vectors (default: 24)")
    train.add_argument("--units", type=few, default=32, help="units of the LSTM (default: 32)")
    train.add_argument("--epochs", type=many, help="at most (default: by the size of the file)")
    train.add_argument("--seed", type=_whole(0, 10**9), default=0)
    train.add_argument("--model", type=Path, default=SAVED, help=f"where to write (default: build/{SAVED.name})")
    query = parts.add_parser("query", help="query it with a title or an interest")
    query.add_argument("kind", choices=KINDS)
    query.add_argument("texts", nargs="+", metavar="TEXT", help="one or more titles or interests")
    query.add_argument("--extra", **extra, metavar="COLUMN=VALUE", help="with a title: an extra input")
    query.add_argument(
        "--typical", action="store_true", help="interests-of: those typical of the title, not the most probable"
    )
    query.add_argument("--number", type=many, default=10, help="of answers (default: 10)")
    query.add_argument("--model", type=Path, default=SAVED, help=f"what train wrote (default: build/{SAVED.name})")
    return whole


def main(argv: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    given = parser().parse_args(argv)
    try:
        with quiet():
            from course_utils.models.seq2bow import model, training

            workers = training.Workers() if given.part == "train" else None
        return train(given, model, training, workers) if workers else query(given, model)
    except BrokenPipeError:
        raise
    except (OSError, ValueError, MemoryError) as error:
        print(str(error) or "There is too little memory.", file=sys.stderr)
        return 1


def train(given: argparse.Namespace, model, training, workers) -> int:
    """Train on a CSV file; prints what was read, and the quality of the answers for titles that were held out. Of several
    workers each reads the file, and the first one writes the model."""
    if given.model.is_dir():
        raise IsADirectoryError(f"the model cannot be written: {given.model} is a folder")
    if given.model.exists() and given.file.exists() and given.model.samefile(given.file):
        raise ValueError(f"{given.file} would be overwritten: give another --model")
    try:
        given.model.parent.mkdir(parents=True, exist_ok=True)
        own = tempfile.TemporaryDirectory(dir=given.model.parent, prefix=".seq2bow_")
    except OSError as error:
        raise OSError(f"the model cannot be written into {given.model.parent}: {error.strerror}") from None
    with own as folder:
        options = {"separator": given.separator, "extras": given.extra, "encoding": given.encoding}
        corpus = from_csv(given.file, given.title, given.interests, folder=folder, **options)
        for what, count in corpus.report.items():
            if count:
                print(f"{count:>12,} {what}")
        n, held_out = len(corpus), corpus.held_out
        print(f"{len(corpus.numbering.words.words) - 1:>12,} words, {len(corpus.numbering.interests):,} interests")
        if corpus.counts.sum() == n:
            print(f"No bag has two interests. Are they separated by {given.separator!r}? If not, give --separator.")
        vectors = model.interest_vectors(corpus, given.size, seed=given.seed)
        network = model.Seq2BoW(corpus.numbering, vectors, corpus.counts, n, given.units, given.seed)
        epochs = given.epochs or int(np.clip(2_000_000 // n, 1, 20))
        batch = int(np.clip(n / 100, 64, 8192)) // workers.number * workers.number
        state = given.model.with_name(f"{given.model.name}.training")
        try:
            training.fit(network, corpus, epochs, batch, rate=0.01, workers=workers, checkpoint=state)
        except KeyboardInterrupt:
            if state.exists():
                print(f"\nThe same command will resume from {state}", file=sys.stderr)
            raise
    if workers.index > 0:
        return 0
    if len(held_out):
        counts = corpus.counts.astype(float)
        compared = {"Seq2BoW": lambda shard: network.scores(network.vectors_of(shard))}
        compared["the most frequent ones"] = lambda shard: np.broadcast_to(counts, (len(shard), len(counts)))
        for name, scores in compared.items():
            found = ", ".join(f"{what} {value:.3f}" for what, value in _measured(model, scores, held_out).items())
            print(f"{name}, on {len(held_out):,} examples whose titles were held out: {found}")
    network.make_index(corpus.titles)
    network.save(given.model)
    print(f"Written: {given.model}. Query it with: python -m course_utils seq2bow query interests-of TITLE")
    return 0


def query(given: argparse.Namespace, model) -> int:
    """Answer one of the four kinds of queries; prints a table for each text."""
    if not given.model.is_file():
        raise FileNotFoundError(f"There is no {given.model}: make it with python -m course_utils seq2bow train")
    options = {}
    if wrong := [extra for extra in given.extra if "=" not in extra]:
        raise ValueError(f"--extra {wrong[0]} is not of the form COLUMN=VALUE")
    if given.kind in ("interests-of", "titles-near"):
        options["extras"] = dict(extra.split("=", 1) for extra in given.extra)
    elif given.extra:
        raise ValueError(f"--extra goes with a title, not with {given.kind}")
    if given.kind == "interests-of":
        options["typical"] = given.typical
    elif given.typical:
        raise ValueError(f"--typical goes with interests-of, not with {given.kind}")
    network = model.Seq2BoW.load(given.model)
    status, report = 0, Counter()
    for text in (inputs.argument(text, report) for text in given.texts):
        print(f"{given.kind} {text}")
        try:
            words = title_words(text) if given.kind in ("interests-of", "titles-near") else []
            if 0 < len(unknown := [word for word in words if word not in network.numbering.words]) < len(words):
                print(f"  The training set has these words once or never: {', '.join(unknown)}")
            for name, value in getattr(network, given.kind.replace("-", "_"))(text, given.number, **options):
                print(f"  {value:6.3f}  {name}")
        except ValueError as error:
            print(f"  {error}")
            status = 1
    inputs.tell(report)
    return status


def _measured(model, scores: Callable[[Shard], np.ndarray], held_out: Shard, scored: int = SCORED) -> dict[str, float]:
    """Means of `model.measures` over all examples; not more than `scored` at a time have a table of scores."""
    block = np.arange(len(held_out)) // scored
    shards = [held_out.only(block == i) for i in range(block[-1] + 1)]
    found = [model.measures(scores(shard), shard) for shard in shards]
    return {what: np.average([each[what] for each in found], weights=[*map(len, shards)]) for what in found[0]}


def _separator(text: str) -> str:
    """An argparse type: a separator in which escape sequences such as \\t are as typed in a shell."""
    escape = r"\\([abfnrtv\\]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U000[0-9a-fA-F]{5})"
    return re.sub(escape, lambda found: codecs.decode(found[0], "unicode_escape"), text)


def _whole(least: int, most: int) -> Callable[[str], int]:
    """An argparse type: whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least:,} to {most:,}")
        return int(text)

    return read

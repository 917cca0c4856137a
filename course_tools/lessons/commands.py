"""The commands `notebooks`, `run` and `results`: build the lessons, execute them, measure them on real data."""

import argparse
import functools
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from course_tools import Problem
from course_tools.__main__ import parser, positive
from course_tools.lessons import assemble, execute, results_pages, store
from course_utils import files, tables
from course_utils.paths import REPOSITORY

MEMORY = 2e9  # bytes that a lesson may use on its sample, so that a small laptop is enough
LIMIT = {"--limit": {"type": positive, "default": 900, "help": "seconds that a lesson may take (default: 900)"}}


def report(faults: list[str]) -> int:
    """Print what failed; the exit status."""
    sys.stderr.writelines(f"FAILED  {fault}\n" for fault in faults)
    return 1 if faults else 0


def warn_if_stale(sources: list[Path]) -> None:
    """Pages and slides are made from the built notebooks: name those that are older than their sources."""
    if stale := [source.stem for source in sources if store.is_stale(source)]:
        print(f"Older than their sources: {', '.join(stale)}. Build them with:  make notebooks", file=sys.stderr)


def command(name: str, options: dict = LIMIT, named: bool = True) -> Callable:
    """Makes a command of a function, which gets the sources and what argparse made of `options` (with `root`, the course's
    folder) and returns the exit status. With `named`, the user can name lessons. A Problem gives 2 for a name, else 1."""

    def main(act: Callable, argv: list[str], root: Path = REPOSITORY) -> int:
        arguments = parser(name)
        if named:
            arguments.add_argument("lessons", nargs="*", help="numbers or names, such as 01 or 04_simple_rnn (all)")
        for option, more in options.items():
            arguments.add_argument(option, **more)
        given, status = arguments.parse_args(argv, argparse.Namespace(root=root, lessons=[])), 2
        try:
            sources, status = assemble.sources(given.lessons, root), 1
            return act(sources, given)
        except Problem as error:
            print(error, file=sys.stderr)
            return status

    return lambda act: functools.partial(main, act)


@command("notebooks", {**LIMIT, "--force": {"action": "store_true", "help": "also build what has not changed"}})
def notebooks(sources: list[Path], given: argparse.Namespace) -> int:
    """Build what changed, or everything by --force: 0 when all is built, 1 when a notebook could not be executed."""
    stale = [source for source in sources if given.force or store.drift(source)]
    faults, failed = [], 0
    for source in stale:
        lesson, slug = assemble.assemble(source), source.stem
        pairs = [(f"{slug} (student)", lesson.student), (f"{slug} (solved)", lesson.solved)]
        with tempfile.TemporaryDirectory() as folder:
            store.save(lesson.student, Path(folder) / f"{slug}.ipynb")  # the checks find their tests here
            runs = execute.run_all(pairs, Path(folder), given.limit, {"COURSE_DATA": "sample"}, f"building {slug}")
        if found := [fault for run in runs for fault in run.faults]:
            faults, failed = faults + found, failed + 1
            continue
        for run, solved in zip(runs, (False, True), strict=True):
            notebook = store.clean_outputs(run.notebook, blank=not solved)
            notebook.metadata["course"] = {"lesson": slug, "fingerprint": store.fingerprint(source)}
            store.save(notebook, store.built(source, solved))
    print(f"{len(stale) - failed} built, {len(sources) - len(stale)} unchanged, {failed} failed.")
    return report(faults)


def run_lessons(sources: list[Path], limit: float, real: list[str]) -> int:
    """Execute the student notebooks on this `store.real_data()` (empty: the samples); 1 when a lesson failed. Writes notebooks
    and HTML to build/, prints a table, and records which lessons have passed."""
    from nbconvert import HTMLExporter

    pairs = [(source.stem, store.read(source, outputs=False)) for source in sources]
    folder, out = store.built(sources[0]).parent, store.root_of(sources[0]) / "build"
    runs = execute.run_all(pairs, folder, limit, {} if real else {"COURSE_DATA": "sample"}, "running lessons")
    rows = []
    for run in runs:
        if not real and run.memory > MEMORY:
            run.fault = run.fault or f"used {run.memory / 1e9:.1f} GB of memory; {MEMORY / 1e9:g} GB are allowed"
        store.save(run.notebook, out / f"{run.name}.ipynb")
        files.write(out / f"{run.name}.html", HTMLExporter(template_name="lab").from_notebook_node(run.notebook)[0])
        held = f"{sum(claim['held'] for claim in run.claims)} of {len(run.claims)}"
        row = {"lesson": run.name, "seconds": round(run.seconds), "peak memory, MB": run.memory // 10**6}
        rows.append({**row, "claims held": held, "outcome": "failed" if run.faults else "passed"})
    store.remember(zip(sources, runs, strict=True), real)
    print(tables.Table("", rows), f"Executed notebooks and HTML: {out}", sep="\n")
    return report([fault for run in runs for fault in run.faults])


@command("run", {**LIMIT, "--all": {"action": "store_true", "help": "also run what has passed and not changed since"}})
def run(sources: list[Path], given: argparse.Namespace) -> int:
    """Run lessons that have changed since they passed; 1 when one failed."""
    real = store.real_data()
    everything = given.all or given.lessons or os.environ.get("CI") == "true"
    if passed := {} if everything else store.passed(sources, real):
        print(f"Unchanged since they passed: {', '.join(passed)}. To run these too:  make run ARGS=--all")
    sources = [source for source in sources if source.stem not in passed]
    return run_lessons(sources, given.limit, real) if sources else 0


@command("results", {**LIMIT, "--seeds": {"type": positive, "default": 3, "help": "number of seeds (default: 3)"}})
def results(sources: list[Path], given: argparse.Namespace) -> int:
    """Run lessons on real data, write their records, and RESULTS.md from all; 1 when one failed."""
    faults = []
    for source in sources:
        made, found = results_pages.measure(source, range(given.seeds), given.limit)
        faults += found
        if made and not found:
            tables.write_record(made, given.root / "results" / f"{source.stem}.json")
    results_pages.write_pages(given.root)
    return report(faults)

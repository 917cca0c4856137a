"""The commands `notebooks`, `run` and `results`: build the lessons, execute them, measure them on real data."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from course_tools.grading import release
from course_tools.lessons import assemble, execute, results_pages
from course_utils import tables
from course_utils.paths import REPOSITORY


class Progress:
    """One bar for all cells of all notebooks, naming the one that just moved."""

    def __init__(self, cells: int, what: str, file=None):
        self.bar = tqdm(total=cells, desc=what, unit="cell", mininterval=1, file=file)
        self.done: dict[str, int] = {}

    def __call__(self, name: str, done: int, total: int) -> None:
        self.bar.set_postfix_str(name, refresh=False)
        self.bar.update(done - self.done.get(name, 0))
        self.done[name] = done


def build_notebooks(names: list[str], limit: float, force: bool) -> int:
    """Build what changed, or everything by `force`: 0 when all is built, 1 when a notebook could not be run."""
    chosen = assemble.sources(names)
    stale = [source for source in chosen if force or assemble.drift(source)]
    faults, built_now = [], 0
    for source in stale:
        lesson = assemble.assemble(source)
        pairs = [(f"{lesson.slug} (student)", lesson.student), (f"{lesson.slug} (solved)", lesson.solved)]
        with tempfile.TemporaryDirectory() as folder:
            assemble.save(
                lesson.student, Path(folder) / f"{lesson.slug}.ipynb"
            )  # where the checks look for their tests
            progress = Progress(sum(len(notebook.cells) for _, notebook in pairs), f"building {lesson.slug}")
            runs = execute.run_all(pairs, Path(folder), limit, {"COURSE_DATA": "sample"}, progress=progress)
            progress.bar.close()
        faults += [fault for run in runs for fault in run.faults]
        if not any(run.faults for run in runs):
            built_now += 1
            for run, solved in zip(runs, (False, True), strict=True):
                built = assemble.clean_outputs(run.notebook, blank=not solved)
                built.metadata["course"] = {"lesson": lesson.slug, "fingerprint": assemble.fingerprint(source)}
                assemble.save(built, assemble.stored(lesson.slug, solved))
    print(f"{built_now} built, {len(chosen) - len(stale)} unchanged, {len(stale) - built_now} failed.")
    return report(faults)


def run_lessons(names: list[str], limit: float) -> int:
    """Execute the student notebooks; write notebooks and HTML to build/; print the table. 1 when a lesson failed."""
    from nbconvert import HTMLExporter

    out = REPOSITORY / "build"
    pairs = [(s.stem, assemble.read_stored(s.stem)) for s in assemble.sources(names)]
    progress = Progress(sum(len(notebook.cells) for _, notebook in pairs), "running lessons")
    runs = execute.run_all(pairs, assemble.NOTEBOOKS, limit, progress=progress)
    progress.bar.close()
    for run in runs:
        assemble.save(run.notebook, out / f"{run.name}.ipynb")
        page, _ = HTMLExporter(template_name="lab").from_notebook_node(run.notebook)
        (out / f"{run.name}.html").write_text(page, encoding="utf-8")
    release.remember(runs)
    rows = [
        {
            "lesson": run.name,
            "seconds": round(run.seconds),
            "peak memory, MB": run.memory // 10**6,
            "claims held": f"{len(run.claims) - len(run.broken)} of {len(run.claims)}",
            "outcome": "failed" if run.faults else "passed",
        }
        for run in runs
    ]
    print(tables.Table("", rows))
    print(f"Executed notebooks and HTML: {out}")
    return report([fault for run in runs for fault in run.faults])


def record_results(names: list[str], limit: float, seeds: list[int]) -> int:
    """Run lessons on real data for every seed, write their records, and RESULTS.md from all records."""
    faults = []
    for source in assemble.sources(names):
        cells = len(assemble.assemble(source).solved.cells) * len(seeds)
        progress = Progress(cells, f"measuring {source.stem}")
        made, found = results_pages.measure(source, seeds, limit, progress)
        progress.bar.close()
        faults += found
        if made and not found:
            tables.write_record(made, tables.FOLDER / f"{source.stem}.json")
    results_pages.write_pages()
    return report(faults)


def report(faults: list[str]) -> int:
    """Print what failed; the exit status."""
    for fault in faults:
        print(f"FAILED  {fault}", file=sys.stderr)
    return 1 if faults else 0


def warn_if_stale(names: list[str]) -> None:
    """Pages and slides are made from the notebooks as they are: say which are older than their sources."""
    if stale := [source.stem for source in assemble.sources(names) if assemble.is_stale(source)]:
        print(f"Older than their sources: {', '.join(stale)}. Build them with: make notebooks", file=sys.stderr)


def parser(name: str, what: str, limit: bool = True) -> argparse.ArgumentParser:
    """The parser of a command that takes lessons; `limit` also the seconds that each may take."""
    command = argparse.ArgumentParser(prog=f"python -m course_utils {name}", description=what)
    command.add_argument(
        "lessons", nargs="*", help="numbers or names, such as 01 or 01_one_hot_and_bag_of_words; default: all"
    )
    if limit:
        command.add_argument("--limit", type=float, default=900.0, help="seconds that a lesson may take (default: 900)")
    return command


def guarded(command, *arguments) -> int:
    """The exit status of `command(*arguments)`: 2, with a message, for a source that is not right."""
    # keeps the debugger's warning out of the kernels' start
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    try:
        return command(*arguments)
    except assemble.SourceError as error:
        print(error, file=sys.stderr)
        return 2


def notebooks(argv: list[str]) -> int:
    """The command `notebooks`; returns the exit status."""
    command = parser("notebooks", "Build student and solved notebooks from their sources (only what changed).")
    command.add_argument("--force", action="store_true", help="build what did not change, too")
    given = command.parse_args(argv)
    return guarded(build_notebooks, given.lessons, given.limit, given.force)


def run(argv: list[str]) -> int:
    """The command `run`; returns the exit status."""
    given = parser("run", "Execute the student notebooks on whatever data is there.").parse_args(argv)
    return guarded(run_lessons, given.lessons, given.limit)


def results(argv: list[str]) -> int:
    """The command `results`; returns the exit status."""
    command = parser("results", "Measure lessons on real data, and rewrite RESULTS.md.")
    command.add_argument("--seeds", type=int, default=3, help="how many seeds (default: 3)")
    given = command.parse_args(argv)
    return guarded(record_results, given.lessons, given.limit, list(range(given.seeds)))

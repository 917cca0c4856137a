"""`python -m course_utils.authoring COMMAND`: what `make notebooks`, `make run` and so on call."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from course_utils import results
from course_utils.authoring import assets, build, execute, grade, record, release
from course_utils.datasets.where import REPOSITORY


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
    chosen = build.sources(names)
    stale = [source for source in chosen if force or build.drift(source)]
    faults, built_now = [], 0
    for source in stale:
        lesson = build.assemble(source)
        pairs = [(f"{lesson.slug} (student)", lesson.student), (f"{lesson.slug} (solved)", lesson.solved)]
        with tempfile.TemporaryDirectory() as folder:
            build.save(lesson.student, Path(folder) / f"{lesson.slug}.ipynb")  # where the checks look for their tests
            progress = Progress(sum(len(notebook.cells) for _, notebook in pairs), f"building {lesson.slug}")
            runs = execute.run_all(pairs, Path(folder), limit, {"COURSE_DATA": "sample"}, progress=progress)
            progress.bar.close()
        faults += [fault for run in runs for fault in run.faults]
        if not any(run.faults for run in runs):
            built_now += 1
            for run, solved in zip(runs, (False, True), strict=True):
                built = build.clean_outputs(run.notebook, blank=not solved)
                built.metadata["course"] = {"lesson": lesson.slug, "fingerprint": build.fingerprint(source)}
                build.save(built, build.stored(lesson.slug, solved))
    print(f"{built_now} built, {len(chosen) - len(stale)} unchanged, {len(stale) - built_now} failed.")
    return _report(faults)


def run_lessons(names: list[str], limit: float) -> int:
    """Execute the student notebooks; write notebooks and HTML to build/; print the table. 1 when a lesson failed."""
    from nbconvert import HTMLExporter

    out = REPOSITORY / "build"
    pairs = [(s.stem, build.read_stored(s.stem)) for s in build.sources(names)]
    progress = Progress(sum(len(notebook.cells) for _, notebook in pairs), "running lessons")
    runs = execute.run_all(pairs, build.NOTEBOOKS, limit, progress=progress)
    progress.bar.close()
    for run in runs:
        build.save(run.notebook, out / f"{run.name}.ipynb")
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
    print(results.Table("", rows))
    print(f"Executed notebooks and HTML: {out}")
    return _report([fault for run in runs for fault in run.faults])


def make_release(names: list[str], limit: float) -> int:
    """Write build/release; lessons whose time is not known are run first. 1 when one of them failed."""
    chosen = build.sources(names)
    unmeasured = release.unmeasured(chosen)
    if unmeasured:
        print(f"{len(unmeasured)} lessons have changed since they were last run; they are run for the syllabus.")
        if run_lessons(unmeasured, limit):
            return 1
    folder = release.write(chosen)
    print(f"For instructors: {folder}, and the same as {folder.name}.zip")
    return 0


def record_results(names: list[str], limit: float, seeds: list[int]) -> int:
    """Run lessons on real data for every seed, write their records, and RESULTS.md from all records."""
    faults = []
    for source in build.sources(names):
        cells = len(build.assemble(source).solved.cells) * len(seeds)
        progress = Progress(cells, f"measuring {source.stem}")
        made, found = record.measure(source, seeds, limit, progress)
        progress.bar.close()
        faults += found
        if made and not found:
            results.write_record(made, results.FOLDER / f"{source.stem}.json")
    record.write_pages()
    return _report(faults)


def make_site() -> int:
    """Write the web pages of the course to build/site. 1 when a link leads nowhere."""
    from course_utils.authoring import site

    out = REPOSITORY / "build" / "site"
    with tqdm(desc="pages", unit="page") as bar:
        faults = site.build_site(out, lambda title: bar.update())
    _tell_of_stale([])
    print(f"Open {out / 'index.html'} in a browser. Links that lead out of the site: {out / 'external-links.txt'}")
    return _report(faults)


def make_slides(names: list[str]) -> int:
    """Write decks to build/slides, and try every slide in Chromium where there is one. 1 when something does not fit."""
    from course_utils.authoring import site, slides

    out = REPOSITORY / "build" / "slides"
    with tqdm(total=len(build.sources(names)), desc="decks", unit="deck") as bar:
        decks = slides.build_slides(names, out, lambda name: bar.update())
    _tell_of_stale(names)
    faults = [] if names else site.check_links(out)[0]  # decks link to each other, so all must be there
    try:
        with tqdm(total=len(decks), desc="trying every slide", unit="deck") as bar:
            measured = slides.measure(decks, lambda name: bar.update())
    except FileNotFoundError as error:
        print(f"Decks: {out}. Whether every slide fits was not measured: that {error}.")
        return _report(faults)
    print(results.Table("", [{name: value for name, value in row.items() if name != "faults"} for row in measured]))
    print(
        f"Decks: {out}. Columns are the smallest sizes: text and code in pixels of "
        f"{slides.WIDTH} × {slides.HEIGHT}, figures as a share of their own size."
    )
    return _report([*faults, *(fault for row in measured for fault in row["faults"])])


def _tell_of_stale(names: list[str]) -> None:
    """Pages and slides are made from the notebooks as they are: say which are older than their sources."""
    if stale := [source.stem for source in build.sources(names) if build.is_stale(source)]:
        print(f"Older than their sources: {', '.join(stale)}. Build them with: make notebooks", file=sys.stderr)


def _report(faults: list[str]) -> int:
    for fault in faults:
        print(f"FAILED  {fault}", file=sys.stderr)
    return 1 if faults else 0


def main(argv: list[str] | None = None) -> int:
    """The command line: see `python -m course_utils.authoring --help`. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m course_utils.authoring", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in {
        "build": "build student and solved notebooks from their sources (only what changed)",
        "run": "execute the student notebooks on whatever data is there",
        "results": "measure lessons on real data, and rewrite RESULTS.md",
        "release": "write what an instructor needs to build/release",
        "slides": "write a deck of slides a lesson, to build/slides, and try whether every slide fits",
    }.items():
        command = commands.add_parser(name, help=what, description=what)
        command.add_argument(
            "lessons", nargs="*", help="numbers or names, such as 01 or 01_one_hot_and_bag_of_words; default: all"
        )
        if name == "slides":
            continue
        command.add_argument("--limit", type=float, default=900.0, help="seconds that a lesson may take (default: 900)")
    site_of = "write the whole course as web pages, to build/site"
    commands.add_parser("site", help=site_of, description=site_of)
    commands.choices["build"].add_argument("--force", action="store_true", help="build what did not change, too")
    commands.choices["results"].add_argument("--seeds", type=int, default=3, help="how many seeds (default: 3)")
    what = "grade a folder of students' notebooks"
    command = commands.add_parser("grade", help=what, description=what)
    command.add_argument("folder", help="with notebooks, under any names and in any folders below it")
    command.add_argument("--out", help=f"the table of grades (default: {grade.TABLE} in the folder)")
    command.add_argument("--limit", type=float, default=180, help="seconds for one notebook (default: %(default)s)")
    command.add_argument("--memory", type=float, default=3, help="gigabytes for one notebook (default: %(default)s)")
    command.add_argument("--at-once", type=int, help="how many at a time (default: as many as cores and memory allow)")
    command.add_argument("--unsafe", action="store_true", help="grade even where notebooks cannot be shut in")
    given = parser.parse_args(argv)
    os.environ.setdefault(
        "PYDEVD_DISABLE_FILE_VALIDATION", "1"
    )  # keeps the debugger's warning out of the kernels' start
    try:
        if given.command == "build":
            return build_notebooks(given.lessons, given.limit, given.force)
        if given.command == "run":
            return run_lessons(given.lessons, given.limit)
        if given.command == "release":
            return make_release(given.lessons, given.limit)
        if given.command == "grade":
            return grade.main(given.folder, given.out, given.limit, given.memory, given.at_once, given.unsafe)
        if given.command == "slides":
            return make_slides(given.lessons)
        if given.command == "site":
            return make_site()
        return record_results(given.lessons, given.limit, list(range(given.seeds)))
    except (build.SourceError, assets.AssetsMissing) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

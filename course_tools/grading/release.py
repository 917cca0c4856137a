"""`make release`: all that an instructor needs, in one folder and as a zip: notebooks, solutions, autograders, a syllabus."""

import argparse
import itertools
import re
import shutil
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

from tqdm import tqdm

from course_tools import Problem
from course_tools.grading.worker import GradedLesson
from course_tools.lessons import assemble, commands, store
from course_utils import files
from course_utils.paths import REPOSITORY
from course_utils.tables import Table

WEEKS, DAYS = 6, 2
NEEDED = "course_utils/**/*.py course_tools/**/*.py course_utils/drawings/* data/*.bz2 data/*.sha256 results/**/*.json"
READ, EXERCISES = "minutes to read", "minutes for the exercises"
Entry = dict[str, str | float]  # a lesson in the syllabus, by the names of the table's columns


def write(sources: list[Path]) -> Path:
    """Make build/release and build/release.zip, each whole or not at all, from lessons whose times are known: the folder."""
    entries, measured = [], store.passed(sources, [])
    if changed := [source.name for source in sources if source.stem not in measured]:
        raise Problem(f"{changed[0]} has changed since it was run; give the same command again")
    build = store.root_of(sources[0]) / "build"
    with files.atomic(build / "release") as folder:
        for kind in ("students", "solutions", "autograders"):
            (folder / kind).mkdir(parents=True)
        for source in tqdm(sources, desc="releasing", unit="lesson"):
            lesson = GradedLesson.of(assemble.assemble(source))
            shutil.copy(store.built(source), folder / "students")
            shutil.copy(store.built(source, solved=True), folder / "solutions")
            autograder(lesson, folder / "autograders" / f"{source.stem}.zip")
            entries.append(entry(source, lesson, measured[source.stem]))
        machines = sorted({measured[source.stem]["machine"] for source in sources})
        files.write(folder / "SYLLABUS.md", syllabus(entries, machines))
        for name in ("TEACHING.md", "LICENSE", "LICENSE-TEXT"):
            shutil.copy(REPOSITORY / name, folder)
        if (build / "slides").is_dir():
            shutil.copytree(build / "slides", folder / "slides")
        with files.atomic(build / "release.zip") as part:
            Path(shutil.make_archive(str(part), "zip", folder)).rename(part)
    return build / "release"


def autograder(lesson: GradedLesson, path: Path) -> None:
    """Otter's autograder of a lesson, hidden tests too: for Gradescope, and for `otter grade` and `otter run`."""
    from otter.generate import main as otter_generate  # here: importing Otter takes seconds

    with tempfile.TemporaryDirectory() as tests, chdir(REPOSITORY):  # Otter keeps the paths of files below it
        for exercise, text in lesson.tests.items():
            files.write(Path(tests) / f"{exercise}.py", text)
        otter_generate(
            tests_dir=tests,
            output_path=str(path),
            no_config=True,
            requirements="requirements.lock",
            no_environment=True,
            files=sorted(str(file) for kind in NEEDED.split() for file in Path().glob(kind)),
            python_version=f"{sys.version_info.major}.{sys.version_info.minor}",
        )


def entry(source: Path, lesson: GradedLesson, measured: dict) -> Entry:
    """A lesson in the syllabus: minutes as its first cell states them, points, seconds and megabytes as measured."""
    first = store.read(source).cells[0].source
    text = " ".join(first.split())
    return {
        "lesson": re.match(r"# (\d\d) · (.+)", first).expand(r"\1 \2"),
        READ: int(re.search(r"(\d+) minutes to read", text)[1]),
        EXERCISES: int(re.search(r"(\d+) minutes for the exercises", text)[1]),
        "points": f"{sum(lesson.score(exercise, None)[1] for exercise in lesson.tests):g}",
        "seconds to run": round(measured["seconds"]),
        "memory, MB": measured["memory_mb"],
    }


def syllabus(entries: list[Entry], machines: list[str]) -> str:
    """The page: all lessons with their times, and their places in a course of six weeks and in one of two days."""
    weeks, days = places(entries, WEEKS, READ, EXERCISES), places(entries, DAYS, READ)
    rows = [{**entry, "week": week, "day": day} for entry, week, day in zip(entries, weeks, days, strict=True)]
    return f"""# Syllabus

Minutes are those that the lessons state. Seconds and memory are measured, on the embedded sample, with at most two
lessons running at a time: {"; ".join(machines)}.

{Table("", rows).markdown()}

**Weeks**, for a course of six: about the same work in each, the lessons to read, in class or alone, and their exercises.

**Days**, for a course of two: each lesson is shown and explained, and everyone runs its cells, in the minutes that it takes
to read; the exercises are for the evening and afterwards. Breaks are not counted.
"""


def places(entries: list[Entry], parts: int, *columns: str) -> list[str]:
    """In which of at most `parts` parts, with about the same sum of `columns`, each entry is: from "1", and in their order."""
    minutes = [sum(entry[column] for column in columns) for entry in entries]
    ends = itertools.accumulate(minutes)
    found = [int(parts * (end - own / 2) / sum(minutes)) for own, end in zip(minutes, ends, strict=True)]
    used = sorted(set(found))
    return [str(used.index(part) + 1) for part in found]


@commands.command("release")
def main(sources: list[Path], given: argparse.Namespace) -> int:
    """Write build/release; lessons whose time is not known are run first. 1 when one failed. Raises Problem for an old one."""
    if reasons := [reason for source in sources for reason in store.drift(source)]:
        raise Problem(f"{reasons[0]}; build it with: make notebooks")
    passed = store.passed(sources, [])
    if missing := [source for source in sources if source.stem not in passed]:
        print(f"{len(missing)} lessons have changed since they were last run; they are run for the syllabus.")
        if commands.run_lessons(missing, given.limit, []):
            return 1
    folder = write(sources)
    print(f"For instructors: {folder}, and the same as {folder.name}.zip")
    return 0

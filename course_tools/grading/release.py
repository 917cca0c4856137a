"""`make release`: all that an instructor needs, in one folder and as a zip: notebooks, solutions, autograders, a syllabus."""

import itertools
import os
import re
import shutil
import sys
import tempfile
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from course_tools.grading.worker import GradedLesson
from course_tools.lessons import assemble, store
from course_utils.paths import REPOSITORY
from course_utils.tables import Table

BUILD = REPOSITORY / "build"
WEEKS, DAYS = 6, 2
DAY = 7 * 60  # minutes of class in a day, at most
SPARED = ("03", "12", "13", "11")  # lessons that a short course can do without, the first first
# What notebooks read:
PACKAGE = ("course_utils/**/*.py", "course_utils/drawings/*", "data/*.bz2", "data/*.sha256", "results/**/*.json")


@dataclass(frozen=True)
class Entry:
    """A lesson in the syllabus: minutes as its first cell states them, points, seconds and megabytes as measured."""

    slug: str
    title: str
    read: int
    exercises: int
    points: float
    seconds: float
    memory: int

    @property
    def number(self) -> str:
        return self.slug[:2]


def write(sources: list[Path]) -> Path:
    """Make build/release and build/release.zip, whole or not at all; returns the folder.

    Raises assemble.SourceError where a notebook is older than its source, and OSError.
    """
    entries, measured = [], store.passed(sources, [])
    with tempfile.TemporaryDirectory(dir=BUILD, prefix=".release.") as made:
        folder = Path(made)
        for source in tqdm(sources, desc="releasing", unit="lesson"):
            reasons = store.drift(source)
            if reasons:
                raise assemble.SourceError(f"{reasons[0]}; build it with: make notebooks")
            lesson = GradedLesson.of(assemble.assemble(source))
            for kind, solved in (("students", False), ("solutions", True)):
                (folder / kind).mkdir(exist_ok=True)
                shutil.copy(store.built(source, solved), folder / kind)
            (folder / "autograders").mkdir(exist_ok=True)
            autograder(lesson, folder / "autograders" / f"{source.stem}.zip")
            entries.append(_entry(source, lesson, measured[source.stem]))
        machines = sorted({measured[entry.slug]["machine"] for entry in entries})
        (folder / "SYLLABUS.md").write_text(syllabus(entries, machines), encoding="utf-8", newline="\n")
        shutil.copy(REPOSITORY / "TEACHING.md", folder)
        for name in ("LICENSE", "LICENSE-TEXT"):
            shutil.copy(REPOSITORY / name, folder)
        if (BUILD / "slides").is_dir():
            shutil.copytree(BUILD / "slides", folder / "slides")
        folder.chmod(0o755)  # a temporary folder is its owner's only
        packed = shutil.make_archive(str(BUILD / ".release.part"), "zip", folder)
        os.replace(packed, BUILD / "release.zip")
        shutil.rmtree(BUILD / "release", ignore_errors=True)
        shutil.copytree(folder, BUILD / "release")
    return BUILD / "release"


def autograder(lesson: GradedLesson, path: Path) -> None:
    """Otter's autograder of a lesson, hidden tests too: for Gradescope, and for `otter grade` and `otter run`."""
    from otter.generate import main as otter_generate  # here: importing Otter takes seconds

    files = sorted(str(file.relative_to(REPOSITORY)) for kind in PACKAGE for file in REPOSITORY.glob(kind))
    with tempfile.TemporaryDirectory() as tests:
        for exercise, text in lesson.tests.items():
            (Path(tests) / f"{exercise}.py").write_text(text, encoding="utf-8", newline="\n")
        with chdir(REPOSITORY):  # Otter keeps the paths of files below the working directory
            otter_generate(
                tests_dir=tests,
                output_path=str(path.resolve()),
                no_config=True,
                requirements="requirements.lock",
                no_environment=True,
                files=files,
                python_version=f"{sys.version_info.major}.{sys.version_info.minor}",
            )


def syllabus(entries: list[Entry], machines: list[str]) -> str:
    """The page: all lessons with their times, a course of six weeks, a course of two days."""
    lessons = Table(
        "",
        [
            {
                "lesson": f"{entry.number} {entry.title}",
                "minutes to read": entry.read,
                "minutes for the exercises": entry.exercises,
                "points": f"{entry.points:g}",
                "seconds to run": round(entry.seconds),
                "memory, MB": entry.memory,
            }
            for entry in entries
        ],
    )
    weeks = [
        {"week": str(n), "lessons": _titles(part), "read": _sum(part, "read"), "exercises": _sum(part, "exercises")}
        for n, part in enumerate(split(entries, WEEKS, lambda entry: entry.read + entry.exercises), start=1)
    ]
    short, spared = in_days(entries)
    days = [
        {"day": str(n), "lessons": _titles(part), "class": _sum(part, "read"), "at home": _sum(part, "exercises")}
        for n, part in enumerate(short, start=1)
    ]
    left_out = f"\n\nLeft out, for whoever goes on: {_titles(spared)}." if spared else ""
    return f"""# Syllabus

Minutes are those that the lessons state. Seconds and memory are measured, on the embedded sample, with at most two
lessons running at a time: {"; ".join(machines)}.

{lessons.markdown()}

## Six weeks

About the same work each week, in minutes: the lesson to read, in class or alone, and its exercises.

{Table("", weeks).markdown()}

## Two days

Each lesson is shown and talked through, its cells run by everyone, in the minutes that it takes to read; the exercises are for
the evening and afterwards. Breaks are not counted.

{Table("", days).markdown()}{left_out}
"""


def split(entries: list[Entry], parts: int, minutes) -> list[list[Entry]]:
    """Cut `entries`, in their order, into `parts` (or as many as there are), as even as can be: least squares."""
    parts = min(parts, len(entries))
    ways = [
        [entries[a:b] for a, b in itertools.pairwise((0, *cuts, len(entries)))]
        for cuts in itertools.combinations(range(1, len(entries)), parts - 1)
    ]
    return min(ways, key=lambda way: sum(sum(map(minutes, part)) ** 2 for part in way))


def in_days(entries: list[Entry]) -> tuple[list[list[Entry]], list[Entry]]:
    """The lessons of each day of the short course, and those that it leaves out to keep to DAY."""
    kept = list(entries)
    for number in (None, *SPARED):
        kept = [entry for entry in kept if entry.number != number]
        days = split(kept, DAYS, lambda entry: entry.read)
        if max(_sum(day, "read") for day in days) <= DAY:
            break
    return days, [entry for entry in entries if entry not in kept]


def _entry(source: Path, lesson: GradedLesson, measured: dict) -> Entry:
    first = store.read(source).cells[0].source
    title = re.match(r"# \d\d · (.+)", first)[1]
    text = " ".join(first.split())
    minutes = [int(re.search(rf"(\d+) minutes {what}", text)[1]) for what in ("to read", "for the exercises")]
    points = sum(lesson.score(exercise, None)[1] for exercise in lesson.tests)
    return Entry(lesson.slug, title, *minutes, points, measured["seconds"], measured["memory_mb"])


def _titles(part: list[Entry]) -> str:
    return ", ".join(f"{entry.number} {entry.title}" for entry in part)


def _sum(part: list[Entry], what: str) -> int:
    return sum(getattr(entry, what) for entry in part)


def make_release(names: list[str], limit: float) -> int:
    """Write build/release; lessons whose time is not known are run first. 1 when one of them failed."""
    from course_tools.lessons.commands import run_lessons

    chosen = assemble.sources(names, REPOSITORY)
    passed = store.passed(chosen, [])
    missing = [source for source in chosen if source.stem not in passed]
    if missing:
        print(f"{len(missing)} lessons have changed since they were last run; they are run for the syllabus.")
        if run_lessons(missing, limit, []):
            return 1
    folder = write(chosen)
    print(f"For instructors: {folder}, and the same as {folder.name}.zip")
    return 0


def main(argv: list[str]) -> int:
    """The command `release`; returns the exit status."""
    from course_tools.lessons.commands import guarded, parser

    given = parser("release", "Write what an instructor needs to build/release.").parse_args(argv)
    return guarded(make_release, given.lessons, given.limit)

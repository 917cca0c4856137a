"""The record of runs on real data: `results/NN_slug.json` a lesson, and the pages generated from all of them."""

import json
import os
import platform
import re
import tempfile
from importlib.metadata import version
from pathlib import Path

import psutil

from course_tools.lessons import assemble, execute
from course_utils import tables
from course_utils.paths import REPOSITORY

PAGE, README, HUBS, TEACHING = (REPOSITORY / name for name in ("RESULTS.md", "README.md", "HUBS.md", "TEACHING.md"))
_MARKED = re.compile(r"(<!-- (table|benchmark) of (\S+): (.+?) -->\n).*?(<!-- end of table -->)", re.DOTALL)
HEAD = """# Results

Measured on the real datasets by `make results`, which rewrites this page from the files in `results/`. Nothing here is typed.
Values are mean ± standard deviation over the seeds named below each table. Tables about made
sequences stand among them, as the lessons have them; benchmarks come at the end.
"""


def machine() -> str:
    """The machine in words: what a reader needs to compare times, and nothing that names it."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()} on {platform.machine()}, "
        f"Python {platform.python_version()}, TensorFlow {version('tensorflow')}"
    )


def measure(source: Path, seeds: list[int], limit: float, progress) -> tuple[dict | None, list[str]]:
    """Run a lesson's solved notebook on real data, once a seed, long parts too: (record, faults); no record without tables.

    Cells tagged "recorded" are left out: they show the record that is being made.
    """
    lesson = assemble.assemble(source)
    lesson.solved.cells = [cell for cell in lesson.solved.cells if "recorded" not in cell.metadata.get("tags", [])]
    runs, faults = [], []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            assemble.save(lesson.solved, Path(folder) / f"{lesson.slug}.ipynb")
            environment = {"COURSE_DATA": "real", "COURSE_LONG": "1", "COURSE_SEED": str(seed)}
            name = f"{lesson.slug} seed {seed}"
            (run,) = execute.run_all([(name, lesson.solved)], Path(folder), limit, environment, 1, progress)
        faults += run.faults
        claims = [{key: value for key, value in claim.items() if key != "cell"} for claim in run.claims]
        made = {"seed": seed, "seconds": round(run.seconds, 1), "peak_memory_mb": run.memory // 10**6}
        runs.append({**made, "tables": run.tables, "claims": claims})
    if not any(run["tables"] for run in runs):
        return None, faults
    return {"lesson": lesson.slug, "machine": machine(), "runs": runs}, faults


def page() -> str:
    """RESULTS.md as it must read, from the records."""
    parts = [HEAD]
    for path in sorted(tables.FOLDER.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        runs = record["runs"]
        parts.append(f"## {record['lesson']}\n")
        for title in dict.fromkeys(table["title"] for run in runs for table in run["tables"]):
            table = tables.from_record(record, record["lesson"], title)
            parts.append(f"**{table.title}**\n\n{table.markdown()}\n\n{table.note}\n")
        claims = [
            {
                "claim": same[0]["text"],
                "bound": f"{same[0]['relation']} {same[0]['bound']:,.4g}",
                "measured, lowest": f"{min(claim['value'] for claim in same):,.4g}",
                "highest": f"{max(claim['value'] for claim in same):,.4g}",
            }
            for same in zip(*(run["claims"] for run in runs), strict=True)
        ]
        if claims:
            parts.append(f"{tables.Table('Claims', claims).markdown()}\n")
        seconds, memory = max(run["seconds"] for run in runs), max(run["peak_memory_mb"] for run in runs)
        parts.append(f"The whole lesson took at most {seconds:,.0f} s and {memory:,} MB.\n")
    for path in sorted((tables.FOLDER / "benchmarks").glob("*.json")):
        parts.append(f"## Benchmark: {path.stem}\n")
        for found in json.loads(path.read_text(encoding="utf-8"))["tables"]:
            table = tables.benchmark(path.stem, found["title"])
            parts.append(f"**{table.title}**\n\n{table.markdown()}\n\n{table.note}\n")
    return "\n".join(parts)


def filled(path: Path) -> str:
    """The page `path` as it must read: the tables between its marks as the records have them.

    Where a benchmark has not been run, the page says so. Raises KeyError for a lesson's table that is not on record.
    """

    def table(found: re.Match) -> str:
        begin, kind, name, title, end = found.groups()
        try:
            made = (tables.recorded if kind == "table" else tables.benchmark)(name, title)
        except KeyError:
            if kind == "table":
                raise
            return (
                f"{begin}\n*Not measured yet: `python benchmarks/{name}.py` does it, and fills in this table.*\n\n{end}"
            )
        return f"{begin}\n{made.markdown()}\n\n{made.note}\n\n{end}"

    return _MARKED.sub(table, path.read_text(encoding="utf-8"))


def write_pages() -> None:
    """Rewrite the pages that show records."""
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    for path in (README, HUBS, TEACHING):
        path.write_text(filled(path), encoding="utf-8", newline="\n")

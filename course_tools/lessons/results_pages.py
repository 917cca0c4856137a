"""The record of runs on real data, `results/NN_slug.json` for each lesson, and the pages generated from all records."""

import json
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from course_tools.lessons import assemble, execute, store
from course_tools.lessons.execute import machine
from course_utils import files, tables
from course_utils.paths import REPOSITORY

RESULTS, MARKED, FIGURE = "RESULTS.md", ("HUBS.md", "TEACHING.md"), "results/imdb.svg"
_MARKED = re.compile(r"(<!-- benchmark of (\S+): (.+?) -->\n).*?(<!-- end of table -->)", re.DOTALL)
HEAD = """# Results

Measured on the real datasets by `make results`, which generates this page from the files in `results/`. Values are mean ±
standard deviation over the seeds named below each table. Tables about synthetic data are included; benchmarks come last.
"""


def measure(source: Path, seeds: Iterable[int], limit: float) -> tuple[dict | None, list[str]]:
    """Run a lesson's solved notebook on real data, long parts included, once for each seed: (record, faults). There is no
    record without tables. Cells tagged "recorded" are left out: they show the record itself."""
    lesson = assemble.assemble(source)
    lesson.solved.cells = [cell for cell in lesson.solved.cells if "recorded" not in cell.metadata.get("tags", [])]
    runs, faults = [], []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            store.save(lesson.solved, Path(folder) / f"{lesson.slug}.ipynb")
            environment = {"COURSE_DATA": "real", "COURSE_LONG": "1", "COURSE_SEED": str(seed)}
            pairs = [(f"{lesson.slug} seed {seed}", lesson.solved)]
            (run,) = execute.run_all(pairs, Path(folder), limit, environment, title="measuring")
        faults += run.faults
        claims = [{key: value for key, value in claim.items() if key != "cell"} for claim in run.claims]
        made = {"seed": seed, "seconds": round(run.seconds, 1), "peak_memory_mb": run.memory // 10**6}
        runs.append({**made, "tables": run.tables, "claims": claims})
    if not any(run["tables"] for run in runs):
        return None, faults
    return {"lesson": lesson.slug, "machine": machine(), "runs": runs}, faults


def page(root: Path = REPOSITORY) -> str:
    """RESULTS.md, from the records in the course's folder `root`."""
    parts = [HEAD]
    for path in sorted((root / "results").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        lesson, runs = record["lesson"], record["runs"]
        parts.append(f"## {lesson}\n")
        for title in dict.fromkeys(table["title"] for run in runs for table in run["tables"]):
            parts.append(_titled(tables.from_record(record, lesson, title)))
        claims = []
        for same in zip(*(run["claims"] for run in runs), strict=True):
            claim, values = same[0], [claim["value"] for claim in same]
            row = {"claim": claim["text"], "bound": f"{claim['relation']} {claim['bound']:,.4g}"}
            claims.append({**row, "measured, lowest": f"{min(values):,.4g}", "highest": f"{max(values):,.4g}"})
        if claims:
            parts.append(f"{tables.Table('Claims', claims).markdown()}\n")
        seconds, memory = max(run["seconds"] for run in runs), max(run["peak_memory_mb"] for run in runs)
        parts.append(f"The whole lesson took at most {seconds:,.0f} s and {memory:,} MB.\n")
    for path in sorted((root / "results" / "benchmarks").glob("*.json")):
        parts.append(f"## Benchmark: {path.stem}\n")
        for found in json.loads(path.read_text(encoding="utf-8"))["tables"]:
            parts.append(_titled(tables.benchmark(path.stem, found["title"], root / "results")))
    return "\n".join(parts)


def filled(path: Path) -> str:
    """The page `path`, in the course's folder, with the tables between its marks as the benchmarks measured them. Raises
    KeyError for a benchmark that has not been run."""

    def table(found: re.Match) -> str:
        begin, name, title, end = found.groups()
        made = tables.benchmark(name, title, path.parent / "results")
        return f"{begin}\n{made.markdown()}\n\n{made.note}\n\n{end}"

    return _MARKED.sub(table, path.read_text(encoding="utf-8"))


def draw(compared: tables.Table, path: Path) -> None:
    """Write README's figure: the test accuracy of each model as a bar."""
    from matplotlib import rc_context, style
    from matplotlib.figure import Figure

    with style.context("course_utils.figures"), rc_context({"svg.hashsalt": "course"}):
        ax = Figure(figsize=(9, 4.2), layout="constrained").add_subplot()
        names = [f"{row[compared.columns[0]]}  ({row['seconds']} s)" for row in compared.rows]
        ax.bar_label(ax.barh(names, compared.values("test")), fmt="%.3f", padding=4)
        ax.invert_yaxis()
        ax.set(xlim=(0.5, 1), xlabel="test accuracy on IMDB (chance level: 0.5)", ylabel="model (training time)")
        with files.atomic(path) as part:
            ax.figure.savefig(part, format="svg", metadata={"Date": None})


def write_pages(root: Path = REPOSITORY) -> None:
    """Rewrite the pages that show records, and README's figure."""
    files.write(root / RESULTS, page(root))
    for name in MARKED:
        files.write(root / name, filled(root / name))
    if compared := tables.read_record("10_imdb_sentiment", root / "results"):
        draw(tables.from_record(compared, "10_imdb_sentiment", "All models"), root / FIGURE)


def _titled(table: tables.Table) -> str:
    return f"**{table.title}**\n\n{table.markdown()}\n\n{table.note}\n"

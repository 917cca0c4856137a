"""The built notebooks: where they are, whether they still match their sources, which outputs they keep, which have passed."""

import ast
import contextlib
import functools
import hashlib
import json
import os
import re
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_tools import Problem
from course_tools.lessons.assemble import FIRST, assemble
from course_tools.lessons.execute import Execution, machine
from course_tools.notebooks import CHECK, code_cells
from course_utils import files, paths


def root_of(source: Path) -> Path:
    """The course's folder, from the path of a source in it."""
    return source.parents[2]


def built(source: Path, solved: bool = False) -> Path:
    """Where the built student notebook of a source is, or the solved one."""
    return source.parents[1] / ("solutions" if solved else "") / f"{source.stem}.ipynb"


def read(source: Path, solved: bool = False, outputs: bool = True) -> NotebookNode:
    """The built notebook of a source, without its outputs if they are not wanted. Raises Problem if it cannot be read."""
    path = built(source, solved)
    try:
        notebook = nbformat.read(str(path), as_version=4)
    except (OSError, ValueError) as error:
        name = path.relative_to(root_of(source)).as_posix()
        raise Problem(f"{name} cannot be read ({error}). Build it with:  make notebooks") from error
    for cell in notebook.cells:
        if cell.cell_type == "code" and not outputs:
            cell.outputs, cell.execution_count = [], None
    return notebook


def save(notebook: NotebookNode, path: Path) -> None:
    """Write `notebook` to `path`, whole or not at all; equal notebooks give equal bytes."""
    files.write(path, nbformat.writes(notebook) + "\n")


def fingerprint(source: Path) -> str:
    """What a lesson's stored outputs depend on, as a hash: its source, the course_utils modules that it imports (their code,
    not their comments and docstrings), the samples these read, and the records of real runs and benchmarks that it shows."""
    code = code_used(source)
    return _hash(source.read_text(encoding="utf-8"), *code, *map(files.sha256, data_used(source, code)))


def code_used(source: Path) -> list[str]:
    """The code of the course_utils modules that a source's notebooks import, with those that these import."""
    found, queue = {}, [FIRST + source.read_text(encoding="utf-8")]
    for text in queue:
        for package, *parts in _parsed(text)[0]:
            for n in range(1, len(parts) + 1 if package == "course_utils" else 0):
                path = root_of(source).joinpath(package, *parts[:n])
                for module in (path.with_suffix(".py"), path / "__init__.py"):
                    if module.is_file() and module not in found:
                        queue.append(module.read_text(encoding="utf-8"))
                        found[module] = _parsed(queue[-1])[1]
    return [found[module] for module in sorted(found)]


@functools.cache
def _parsed(text: str) -> tuple[list[list[str]], str]:
    """What Python code imports, as the parts of dotted names, and what it does, without comments and docstrings."""
    tree, names = ast.parse(text), []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            names += [(prefix + alias.name).split(".") for alias in node.names]
    return names, str(_plain(tree))


def data_used(source: Path, code: list[str]) -> list[Path]:
    """The samples that the `code_used` by a lesson names, and the records and drawings that it shows."""
    root, text = root_of(source), source.read_text(encoding="utf-8")
    found = [path for path in root.glob("data/*.bz2") if repr(path.name) in "".join(code)]
    found += [*root.glob(f"results/{source.stem}.json"), *root.glob("course_utils/*.mplstyle")]
    shown = [*root.glob("results/benchmarks/*.json"), *root.glob("course_utils/drawings/*.png")]
    found += [path for path in shown if re.search(rf'(benchmark\("|drawing\("|"benchmarks/){path.stem}"', text)]
    return sorted(found)


def is_stale(source: Path) -> bool:
    """Whether source, code or data of a lesson have changed since its notebooks were built; `drift` says more, slowly."""
    both = {read(source, solved).metadata.get("course", {}).get("fingerprint") for solved in (False, True)}
    return both != {fingerprint(source)}


def drift(source: Path) -> list[str]:
    """Why the built notebooks of a source no longer match it: one line a reason, none when they do."""
    lesson, current, reasons = assemble(source), fingerprint(source), []
    for solved, fresh in ((False, lesson.student), (True, lesson.solved)):
        name = built(source, solved).relative_to(root_of(source)).as_posix()
        try:
            notebook = read(source, solved, outputs=False)
        except Problem as error:
            reasons.append(str(error))
            continue
        if notebook.metadata.pop("course", {}).get("fingerprint") != current:
            reasons.append(f"{name}: its source, its code or its data have changed since it was built")
        fresh.metadata.pop("course")
        if (notebook.cells, notebook.metadata) != (fresh.cells, fresh.metadata):
            reasons.append(f"{name}: differs from its source")
    return reasons


def clean_outputs(notebook: NotebookNode, blank: bool) -> NotebookNode:
    """A copy of an executed notebook with the outputs that the repository stores, without what changes from run to run: times,
    warnings and progress bars (stderr). The outputs of the checks of `blank` exercises are left out, too."""
    cleaned, count = deepcopy(notebook), 0
    for cell in cleaned.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        shown, cell.outputs, cell.execution_count = cell.outputs, [], None
        if blank and CHECK.match(cell.source):
            continue
        cell.execution_count = count = count + 1
        for output in (output for output in shown if output.get("name") != "stderr"):
            if "alt" in cell.metadata and "image/png" in output.get("data", {}):
                output.metadata = {"image/png": {"alt": cell.metadata["alt"]}}  # where nbconvert looks for it
            if "execution_count" in output:
                output["execution_count"] = count
            if output.output_type == "stream" and cell.outputs and cell.outputs[-1].output_type == "stream":
                cell.outputs[-1].text += output.text
            else:
                cell.outputs.append(output)
    cleaned.metadata["language_info"] = {"name": "python"}  # what a kernel adds names its exact version
    return cleaned


def real_data() -> list[str]:
    """What a run on real data depends on: COURSE_DATA and the names of the datasets. Empty where lessons use the samples."""
    folder, mode = paths.data_dir(), paths.mode()
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return [] if mode == "sample" or not (names or mode == "real") else [mode, *names]


def passed(sources: Iterable[Path], real: list[str]) -> dict[str, dict]:
    """Of these lessons, those that have passed as they are now, on this machine and this `real_data` (empty: the samples): by
    name the `seconds` and the `memory_mb` of that run, and the `machine`."""
    found = ((source, _records(source, real)[1].get(source.stem, {})) for source in sources)
    return {source.stem: record for source, record in found if record.get("fingerprint") == _run_hash(source, real)}


def remember(runs: Iterable[tuple[Path, Execution]], real: list[str]) -> None:
    """Record which lessons have passed on this `real_data` (empty: the samples), and their seconds and memory."""
    for source, run in runs:
        path, kept = _records(source, real)
        kept[source.stem] = {}
        if not run.faults:
            measured = {"seconds": round(run.seconds, 1), "memory_mb": run.memory // 10**6, "machine": machine()}
            kept[source.stem] = {"fingerprint": _run_hash(source, real), **measured}
        files.write(path, json.dumps(kept, indent=1))


def _records(source: Path, real: list[str]) -> tuple[Path, dict[str, dict]]:
    """The file with the records of runs, and what is in it."""
    path = root_of(source) / "build" / ("times_real.json" if real else "times.json")
    with contextlib.suppress(OSError, ValueError):
        return path, json.loads(path.read_text(encoding="utf-8"))
    return path, {}


def _run_hash(source: Path, real: list[str]) -> str:
    """What the outcome of a run of the built student notebook depends on."""
    code = code_cells(read(source))
    settings = [os.environ.get(name, "") for name in ("COURSE_SEED", "COURSE_LONG")]
    return _hash(fingerprint(source), machine(), *code, *settings, *real)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _plain(node) -> object:
    """A syntax tree as lists, without docstrings, and without empty fields, in which versions of Python differ."""
    if isinstance(node, list):
        return [_plain(n) for n in node if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
    if isinstance(node, ast.AST):
        fields = ((name, value) for name, value in ast.iter_fields(node) if value not in (None, []))
        return [type(node).__name__, *((name, _plain(value)) for name, value in fields)]
    return node

"""The resources that a JupyterHub needs for one student: memory, processor time, seconds, for each lesson.

    python benchmarks/hub.py            measure all lessons; write the record, HUBS.md and RESULTS.md
    python benchmarks/hub.py 00 04      look at some lessons; nothing is written

Each solved lesson runs on the sample, ROUNDS times, in a kernel of its own and alone. Memory is resident memory of the kernel
and its children: the peak (measured five times a second) and the value after the last cell, each the maximum over the rounds.
Times are medians. Do not run anything else at the same time.
"""

import argparse
import json
import math
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell

from course_tools.lessons import assemble, execute, results_pages, store
from course_utils import tables
from course_utils.paths import REPOSITORY

ROUNDS = 3
LIMIT = 1800  # seconds for one lesson
STUDENTS = (30, 300, 3000)
MINUTES = 10  # within which everybody has run the whole lesson, when all of a class start at the same time
CORES = 2  # what one student may use at a time: the lessons' running times are for two
LESSONS, ONE, CLASS = "Each lesson", "One student", "A class"  # titles of the tables
# The last cell. Children that ended count for their parent, except on Windows.
LOOK = """import json

import psutil

processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
times = [process.cpu_times() for process in processes]
cpu = sum(t.user + t.system + getattr(t, "children_user", 0) + getattr(t, "children_system", 0) for t in times)
print(json.dumps({"memory": sum(process.memory_info().rss for process in processes), "cpu": cpu}))"""


def measure(name: str, notebook: nbformat.NotebookNode, folder: Path) -> dict:
    """Runs a notebook in `folder`: bytes of memory ("peak", "after"), seconds of the processor ("cpu") and the clock ("wall").

    Raises RuntimeError, with what went wrong where, for one that fails.
    """
    notebook = nbformat.from_dict({**notebook, "cells": [*notebook.cells, new_code_cell(LOOK)]})
    (run,) = execute.run_all([(name, notebook)], folder, LIMIT, {"COURSE_DATA": "sample"})
    if run.fault:
        raise RuntimeError(f"{name}, {run.fault}")
    seen = json.loads(run.notebook.cells[-1].outputs[-1].text)
    peak = max(run.memory, seen["memory"])
    return {"peak": peak, "after": seen["memory"], "cpu": seen["cpu"], "wall": run.seconds}


def server_memory() -> int:
    """Bytes that JupyterLab's server takes when it has served its page and a lesson; RuntimeError if it does not start."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    options = {
        "ServerApp.port": address.rpartition(":")[2],
        "ServerApp.root_dir": REPOSITORY / "notebooks",
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            lesson = store.built(assemble.sources()[0]).name
            for path in ("/lab", f"/api/contents/{lesson}", "/api/kernelspecs"):
                _fetch(address + path, server)
            process = psutil.Process(server.pid)
            return sum(each.memory_info().rss for each in [process, *process.children(recursive=True)])
        finally:
            server.terminate()


def _fetch(address: str, server: subprocess.Popen, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                answer.read()
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.3)
    raise RuntimeError(f"JupyterLab's server did not answer at {address}; see why with: {sys.executable} -m jupyterlab")


def over_rounds(rounds: list[dict]) -> dict:
    """One measurement from several of the same lesson: the largest memory, the median time."""
    choose = {"peak": max, "after": max, "cpu": statistics.median, "wall": statistics.median}
    return {what: over(one[what] for one in rounds) for what, over in choose.items()}


def summary_tables(lessons: dict[str, dict], server: int) -> list[dict]:
    """The record's tables, from what each lesson took (as `measure` gives it) and the server's bytes.

    A student is promised memory for the server and one lesson that has been run, and may use as much as one lesson at its peak
    while another is still open. Of all lessons the one that needs most counts.
    """
    each = [
        {
            "lesson": name,
            "peak memory, MB": math.ceil(one["peak"] / 1e6),
            "memory after the run, MB": math.ceil(one["after"] / 1e6),
            "processor seconds": round(one["cpu"], 1),
            "seconds": round(one["wall"], 1),
        }
        for name, one in lessons.items()
    ]
    at_rest, at_peak, cpu = (max(one[what] for one in lessons.values()) for what in ("after", "peak", "cpu"))
    guarantee = _up((server + at_rest) / 1e9, 0.1)
    limit = _up((server + at_rest + at_peak) / 1e9, 0.1)
    share = min(_up(cpu / (MINUTES * 60), 0.01), CORES)
    one = [
        {"setting": "SERVER_MEMORY", "value": f"{math.ceil(server / 1e6)}M"},
        {"setting": "MEMORY_GUARANTEE", "value": f"{guarantee:.1f}G"},
        {"setting": "MEMORY_LIMIT", "value": f"{limit:.1f}G"},
        {"setting": "CPU_GUARANTEE", "value": f"{share:.2f}"},
        {"setting": "CPU_LIMIT", "value": str(CORES)},
    ]
    classes = [
        {
            "students": students,
            "cores": max(CORES, math.ceil(round(students * share, 6))),
            "memory with a kernel each, GB": math.ceil(round(students * guarantee, 6)),
            "memory with all at their limit, GB": math.ceil(round(students * limit, 6)),
        }
        for students in STUDENTS
    ]
    return [{"title": LESSONS, "rows": each}, {"title": ONE, "rows": one}, {"title": CLASS, "rows": classes}]


def _up(value: float, step: float) -> float:
    return round(math.ceil(round(value / step, 6)) * step, 6)


def main(argv: list[str] | None = None, root: Path = REPOSITORY) -> int:
    """Measure, show the tables and, when all lessons were measured, write the record and the pages drawn from it."""
    parser = argparse.ArgumentParser(prog="python benchmarks/hub.py", description=__doc__.partition("\n")[0])
    parser.add_argument("lessons", nargs="*", help="numbers or names, such as 04: look at these only, write nothing")
    names = parser.parse_args(argv).lessons
    measured, rounds = {}, 1 if names else ROUNDS
    for source in assemble.sources(names, root):
        notebook = store.read(source, solved=True)
        found = []
        for n in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                store.save(notebook, Path(folder) / f"{source.stem}.ipynb")  # where the checks look for their tests
                found.append(measure(f"{source.stem}, round {n + 1}", notebook, Path(folder)))
        measured[source.stem] = over_rounds(found)
    made = summary_tables(measured, server_memory())
    for table in made:
        print(tables.table(**table), end="\n\n")
    if names:
        print("Nothing was written, as a record needs all lessons.")
        return 0
    path = root / "results" / "benchmarks" / "hub.json"
    tables.write_record({"benchmark": "hub", "machine": results_pages.machine(), "tables": made}, path)
    results_pages.write_pages(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())

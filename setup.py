"""Adds samples, records and the checks of the lessons to a wheel, where `course_utils.paths` finds them.

A wheel is built from a clone. With configuration alone, setuptools would include the scripts in `data/` as modules.
"""

import json
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithFiles(build_py):
    """build_py that also copies the course's files, of the needed kinds only, into the package being built."""

    def run(self):
        if self.editable_mode:
            return super().run()
        shutil.rmtree(self.build_lib, ignore_errors=True)  # modules of an earlier version
        super().run()
        package = Path(self.build_lib, "course_utils")
        for source, patterns, target in (
            ("data", ("*.bz2", "*.sha256"), "samples"),
            ("results", ("*.json", "benchmarks/*.json"), "records"),
        ):
            for path in (path for pattern in patterns for path in (ROOT / source).glob(pattern)):
                copy = package / target / path.relative_to(ROOT / source)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
        (package / "lessons").mkdir()
        for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"):
            metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
            kept = {"cells": [], "metadata": {name: metadata[name] for name in ("course", "otter")}}
            (package / "lessons" / path.name).write_text(json.dumps(kept), encoding="utf-8")


setup(cmdclass={"build_py": BuildWithFiles})

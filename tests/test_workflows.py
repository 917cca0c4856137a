"""The workflows of the public CI: they are well formed, run targets of the Makefile, and cover all that the course supports."""

import re
import shutil
import subprocess

import pytest
import yaml

from course_tools.__main__ import PYTHONS
from course_utils.paths import REPOSITORY

FOLDER = REPOSITORY / ".github" / "workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))}


def test_the_tests_run_on_every_system_and_every_python():
    matrix = WORKFLOWS["tests"]["jobs"]["test"]["strategy"]["matrix"]
    (_, oldest), (_, newest) = PYTHONS
    assert {system.partition("-")[0] for system in matrix["system"]} == {"ubuntu", "macos", "windows"}
    assert matrix["python"] == [f"3.{minor}" for minor in range(oldest, newest + 1)]
    assert set(matrix) == {"system", "python"}, "nothing is left out or added"


def test_every_target_that_a_workflow_runs_is_in_the_makefile():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    jobs = [job for workflow in WORKFLOWS.values() for job in workflow["jobs"].values()]
    scripts = [step.get("run", "") for job in jobs for step in job.get("steps", [])]
    named = {target for script in scripts for target in re.findall(r"^make ([a-z-]+)", script, re.MULTILINE)}
    assert {"lint", "test", "run", "test-wheel", "test-browser", "data"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed")
def test_actionlint_finds_nothing():
    files = [str(path) for path in sorted(FOLDER.glob("*.yml"))]
    done = subprocess.run(["actionlint", *files], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

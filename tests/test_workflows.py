"""The workflows of the public CI: they run what the Makefile has, on all that the course supports, with few rights."""

import os
import re
import shutil
import subprocess

import pytest
import yaml

from course_tools.__main__ import PYTHONS
from course_tools.student.environment import REPOSITORY

FOLDER = REPOSITORY / ".github" / "workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yml"))}
ACTIONS = r"actions/(checkout|setup-python|upload-artifact|cache)@v\d+"
JOBS = {
    f"{workflow}, {name}": (WORKFLOWS[workflow], job)
    for workflow in WORKFLOWS
    for name, job in WORKFLOWS[workflow]["jobs"].items()
}
STEPS = {f"{name}, step {n}": step for name, (_, job) in JOBS.items() for n, step in enumerate(job.get("steps", []), 1)}
each_job = pytest.mark.parametrize(("workflow", "job"), JOBS.values(), ids=JOBS)
each_step = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)


def triggers(name: str) -> dict:
    return WORKFLOWS[name][True]  # YAML 1.1 reads the key "on" as true


def targets() -> set[str]:
    return set(
        re.search(r"^\.PHONY: (.*)$", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[1].split()
    )


@each_step
def test_a_step_runs_a_target_of_the_makefile_or_a_strict_script_or_a_known_action(step):
    assert ("run" in step) != ("uses" in step)
    if "uses" in step:
        assert re.fullmatch(ACTIONS, step["uses"])
        return
    lines = step["run"].strip().splitlines()
    if len(lines) > 1:
        assert lines[0] == "set -euo pipefail"
    else:
        assert lines[0].startswith("make ")
    assert set(re.findall(r"\bmake ([a-z-]+)", step["run"])) <= targets()
    assert "${{" not in step["run"], "what comes from outside reaches a script by its environment only"


@each_job
def test_a_job_ends_by_itself_and_may_only_read_the_code(workflow, job):
    assert workflow["permissions"] == {"contents": "read"}
    assert job.get("permissions", {}) in ({}, {"issues": "write"})
    if "uses" in job:
        assert (REPOSITORY / job["uses"]).is_file() and "permissions" not in job
    else:
        assert 0 < job["timeout-minutes"] <= 120


@each_job
def test_make_takes_the_python_that_was_asked_for(workflow, job):
    used = [step.get("uses", "") for step in job.get("steps", [])]
    if any(step.get("run", "").startswith("make") for step in job.get("steps", [])):
        assert any(action.startswith("actions/setup-python@") for action in used)
        assert workflow["env"]["PYTHON"] == "python"


def test_the_tests_run_on_every_system_and_every_python():
    job = WORKFLOWS["tests"]["jobs"]["test"]
    matrix = job["strategy"]["matrix"]
    assert {system.split("-")[0] for system in matrix["system"]} == {"ubuntu", "macos", "windows"}
    (_, oldest), (_, newest) = PYTHONS
    assert matrix["python"] == [f"3.{minor}" for minor in range(oldest, newest + 1)]
    assert set(matrix) == {"system", "python"}, "nothing is left out, nothing is added"
    assert job["runs-on"] == "${{ matrix.system }}"
    assert job["steps"][1]["with"]["python-version"] == "${{ matrix.python }}"
    assert WORKFLOWS["tests"]["defaults"]["run"]["shell"] == "bash"  # PowerShell would not know the scripts
    assert "make test" in [step.get("run") for step in job["steps"]]


def test_locked_versions_for_every_change_and_the_newest_every_week():
    assert {"pull_request", "push"} <= triggers("ci").keys() and "schedule" in triggers("weekly")
    called = {
        name: [job["with"]["versions"] for job in WORKFLOWS[name]["jobs"].values() if "uses" in job]
        for name in WORKFLOWS
    }
    assert called == {"ci": ["locked"], "tests": [], "weekly": ["newest"]}
    assert "workflow_call" in triggers("tests")
    run = {step["run"] for step in STEPS.values() if "run" in step}
    assert {"make lint", "make run", "make test", "make test-browser"} <= run


def test_grading_is_tested_where_notebooks_can_be_shut_in():
    """Ubuntu has bubblewrap as a package only, and by default lets no user make the namespaces that it needs."""
    steps = WORKFLOWS["tests"]["jobs"]["test"]["steps"]
    (step,) = [step for step in steps if "bubblewrap" in step.get("run", "")]
    assert step["if"] == "runner.os == 'Linux'" and "apparmor_restrict_unprivileged_userns=0" in step["run"]
    assert steps.index(step) < [step.get("run") for step in steps].index("make test")


@pytest.mark.skipif(os.name == "nt", reason="a script for bash")
@pytest.mark.parametrize(("issue", "expected"), [("", "issue create --title"), ("7", "issue comment 7 --body")])
def test_what_broke_opens_one_issue(tmp_path, issue, expected):
    report = WORKFLOWS["weekly"]["jobs"]["report"]
    assert report["if"] == "failure()" and report["permissions"] == {"issues": "write"}
    (step,) = report["steps"]
    tool = tmp_path / "gh"
    tool.write_text(f'#!/bin/sh\ncase "$2" in list) printf "%s" "{issue}";; *) echo "$@";; esac\n')
    tool.chmod(0o755)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "TITLE": "It broke", "RUN": "the address"}
    assert environment.keys() - {"PATH"} <= step["env"].keys()
    done = subprocess.run(["bash", "-e"], input=step["run"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(expected) and "the address" in done.stdout
    assert done.stdout.count("issue ") == 1
    tool.write_text("#!/bin/sh\nexit 4\n")
    assert (
        subprocess.run(["bash", "-e"], input=step["run"], env=environment, capture_output=True, text=True).returncode
        != 0
    )


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="actionlint is not installed")
def test_actionlint_finds_nothing():
    files = [str(path) for path in sorted(FOLDER.glob("*.yml"))]
    done = subprocess.run(["actionlint", *files], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

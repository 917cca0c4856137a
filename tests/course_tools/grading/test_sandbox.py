import os
import sys
import time
from contextlib import suppress

import psutil
import pytest

from course_tools.grading import sandbox

JOB = {
    "lesson": "77_made",
    "original": [],
    "tests": {"it": "@test_case()\ndef test_it(answer):\n    assert answer == 1\n"},
}


def run(*cells, **limits):
    return sandbox.run({**JOB, "cells": list(cells)}, sandbox.Limits(**limits), inside=False)


def test_what_a_job_reports_comes_back():
    outcome = run("answer = 1", "raise ValueError('not needed')")
    assert {"exercise": "it", "cases": [[]]} in outcome.lines and outcome.lines[-1] == {"done": True}
    assert (outcome.stopped, outcome.status, outcome.said) == ("", 0, "")


def test_magics_do_what_they_do_in_jupyter():
    outcome = run("%matplotlib inline\n!echo said\none = 1", "%%time\nanswer = one\nexit()")
    assert {"exercise": "it", "cases": [[]]} in outcome.lines and {"errors": {}} in outcome.lines


def test_lines_without_the_secret_number_count_for_nothing():
    text = '{"nonce": "right", "a": 1}\n{"nonce": "wrong", "b": 1}\n{"c": 1}\n[]\n' + "[" * 100_000 + '\n{"nonce": "ri'
    assert sandbox._lines(text, "right") == [{"a": 1}]


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_stopped_job_leaves_nothing_behind(tmp_path):
    pid = str(tmp_path / "pid")
    child = f"child = os.fork()\nif child == 0: time.sleep(3600)\nopen({pid!r}, 'w').write(str(child))"
    outcome = run(f"answer = None\nimport os, time\n{child}\nkept = b'x' * 10**9\ntime.sleep(3600)", memory=3 * 10**8)
    assert "MemoryError" in str(outcome.lines)
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int((tmp_path / "pid").read_text())).wait(10)


def test_a_cancelled_job_ends_at_once():
    begun = time.monotonic()
    job = {**JOB, "cells": ["import time\nanswer = time.sleep(3600)"]}
    outcome = sandbox.run(job, sandbox.Limits(), inside=False, cancelled=lambda: time.monotonic() - begun > 1)
    assert outcome.stopped == "cancelled" and time.monotonic() - begun < 30


def test_a_sandbox_with_holes_is_found_out(sandboxed, monkeypatch):
    whole = sandbox._bwrap

    def leaky(as_root):
        command = [part for part in whole(as_root) if part != "--unshare-pid"]
        return [command[0], "--dir", "/var", "--bind", "/var/tmp", "/var/tmp", *command[1:]]

    monkeypatch.setattr(sandbox, "_bwrap", leaky)
    found = sandbox.problem(sandbox.Limits())
    assert "it does not hold" in found
    assert "files can be written in /var/tmp" in found and "processes of the machine can be seen" in found
    assert not [name for name in os.listdir("/var/tmp") if name.startswith(".probe")]


@pytest.mark.skipif(sys.platform != "linux", reason="there is a sandbox on Linux only")
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Creating new namespace failed: Operation not permitted", "seccomp=unconfined"),
        ("setting up uid map: Permission denied", "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
        ("Unknown option --size", "too old"),
    ],
)
def test_a_bwrap_that_does_not_work_is_told_with_what_to_do(tmp_path, monkeypatch, said, told):
    (tmp_path / "bwrap").write_text(f'#!/bin/sh\necho "bwrap: {said}" >&2\nexit 1\n')
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    switch = tmp_path / sandbox.APPARMOR.name
    switch.write_text("1\n")
    monkeypatch.setattr(sandbox, "APPARMOR", switch)
    assert told in sandbox.problem(sandbox.Limits())


def test_elsewhere_it_is_told_that_there_is_none(monkeypatch):
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    assert "Grade in a Linux container" in sandbox.problem(sandbox.Limits())
    monkeypatch.setattr(sandbox.sys, "platform", "linux")
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    assert "apt install bubblewrap" in sandbox.problem(sandbox.Limits())

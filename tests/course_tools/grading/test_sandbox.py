import os
import socket
import sys
import time
from contextlib import suppress

import psutil
import pytest

from course_tools.grading import sandbox

TEST = "@test_case()\ndef test_it(answer):\n    assert answer == 1\n"
JOB = {"lesson": "77_made", "original": [], "tests": {"it": TEST}}


def run(*cells, **limits):
    return sandbox.Sandbox(inside=False).run({**JOB, "cells": list(cells)}, sandbox.Limits(**limits))


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
    outcome = sandbox.Sandbox(inside=False).run(job, sandbox.Limits(), lambda: time.monotonic() - begun > 1)
    assert outcome.stopped == "cancelled" and time.monotonic() - begun < 30


LEAVE = """
import ctypes, os, signal
for folder in ("/tmp", "/dev/shm"): open(folder + "/left", "w").close()
ctypes.CDLL(None).shmget(77, 1000, 0o1666)
if os.fork() == 0:
    os.setsid()
    signal.pause()
for pid in {int(name) for name in os.listdir("/proc") if name.isdigit()} - {os.getpid()}:
    for number in (signal.SIGSTOP, signal.SIGKILL):
        try: os.kill(pid, number)
        except OSError: pass
if os.fork() == 0: os.kill(0, signal.SIGKILL)
answer = 1
"""
LOOK = """
import ctypes, os
found = [os.path.exists(folder + "/left") for folder in ("/tmp", "/dev/shm")] + [ctypes.CDLL(None).shmget(77, 1000, 0) >= 0]
answer = 1 if not any(found) and len([name for name in os.listdir("/proc") if name.isdigit()]) == 2 else found
"""


def test_a_submission_leaves_nothing_to_the_next_one_in_its_place(sandboxed):
    place = sandbox.Sandbox(imports=["import math"])
    lines, processes = [], []
    for cell in ("answer = 1", LEAVE, LOOK, "answer = 1\nwhile True: pass", LOOK):
        outcome = place.run({**JOB, "cells": [cell]}, sandbox.Limits(seconds=4))
        lines.append([line["cases"] for line in outcome.lines if "exercise" in line])
        processes.append(place._process and place._process.pid)
    place.close()
    assert lines[0] == lines[2] == lines[4] == [[[]]]
    assert len(set(processes[:3])) == 1 and processes[3] is None  # the place is new after a submission that was stopped


def test_where_namespaces_cannot_be_nested_each_submission_has_a_new_sandbox(sandboxed, monkeypatch):
    whole = sandbox._bwrap
    right = "--cap-add CAP_SYS_ADMIN "
    monkeypatch.setattr(sandbox, "_bwrap", lambda as_root: " ".join(whole(as_root)).replace(right, "").split())
    place = sandbox.Sandbox()
    leave, look = "open('/tmp/left', 'w').close()\nanswer = 1", "import os\nanswer = 1 - os.path.exists('/tmp/left')"
    for cell in (leave, look):
        assert {"exercise": "it", "cases": [[]]} in place.run({**JOB, "cells": [cell]}, sandbox.Limits()).lines
        assert place._process is None


CHILDREN = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.{0})
for _ in range(20):
    child = os.fork()
    while child == 0:
        if time.process_time() > 0.5: os._exit(0)
    try: os.waitpid(child, 0)
    except ChildProcessError: pass
answer = 1
"""


@pytest.mark.skipif(sys.platform != "linux", reason="forks, and /proc shows what threads do")
@pytest.mark.parametrize(
    "cell", ["import time\nanswer = time.sleep(3600)", CHILDREN.format("SIG_DFL"), CHILDREN.format("SIG_IGN")]
)
def test_computing_and_waiting_are_limited_that_of_ended_processes_too(cell):
    assert "stopped after 2 s" in run(cell, seconds=2).stopped


def test_waiting_for_a_processor_is_free(monkeypatch):
    monkeypatch.setattr(sandbox, "_computes", lambda process: True)  # as on a busy machine
    assert run("import time\ntime.sleep(3)\nanswer = 1", seconds=2.5).stopped == ""


def test_a_sandbox_with_holes_is_found_out(sandboxed, monkeypatch):
    whole = sandbox._bwrap

    def leaky(as_root):
        command = [part for part in whole(as_root) if part != "--unshare-net"]
        return [command[0], "--dir", "/var", "--bind", "/var/tmp", "/var/tmp", *command[1:]]

    monkeypatch.setattr(sandbox, "_bwrap", leaky)
    found = sandbox.problem(sandbox.Limits())
    assert "it does not hold" in found
    assert "files can be written in /var/tmp" in found
    assert ("the network can be reached" in found) == (len(socket.if_nameindex()) > 1)


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

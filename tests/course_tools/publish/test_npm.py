import json
import os
import re

import pytest

from course_tools import Problem
from course_tools.publish import npm

LOCK = json.loads((npm.WEB / "package-lock.json").read_text(encoding="utf-8"))
WANTED = json.loads((npm.WEB / "package.json").read_text(encoding="utf-8"))["dependencies"]
FILES = {"reveal.js/LICENSE": "licence.txt"}
posix = pytest.mark.skipif(os.name == "nt", reason="a script for sh")


def test_every_package_is_locked_in_one_version_with_its_hash_and_no_address():
    packages = {name.removeprefix("node_modules/"): about for name, about in LOCK["packages"].items() if name}
    assert packages.keys() == WANTED.keys()  # none brings further ones
    for name, about in packages.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", WANTED[name]) and about["version"] == WANTED[name]
        assert about["integrity"].startswith("sha512-") and "resolved" not in about
    for name in npm.LISTS:
        assert "://" not in (npm.WEB / name).read_text(encoding="utf-8")


@pytest.fixture
def fake_npm(tmp_path, monkeypatch):
    """Puts a script in the place of npm, and nothing else on the PATH. Its calls are written to tmp_path/calls."""

    def install(script: str) -> None:
        program = tmp_path / "bin" / "npm"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\necho "$*" >> "{tmp_path}/calls"\n{script}\n')
        program.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin")
    return install


def test_without_npm_it_says_what_npm_is_and_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Problem, match=r"npm was not found.*(?s:.)*apt install npm"):
        npm.copy(FILES, {}, tmp_path / "out", tmp_path / "build")


@posix
def test_without_a_network_it_passes_on_what_npm_says_and_names_the_way_out(tmp_path, fake_npm):
    fake_npm("echo 'request to the registry failed: ENOTFOUND' >&2; exit 1")
    with pytest.raises(Problem, match=r"ENOTFOUND(?s:.)*Without a network, copy") as caught:
        npm.copy(FILES, {}, tmp_path / "out", tmp_path / "build")
    assert str(tmp_path / "build" / "npm") in str(caught.value)


@posix
def test_npm_is_asked_once_and_again_only_after_an_interruption_or_a_new_lock(tmp_path, fake_npm):
    fake_npm("rm -rf node_modules; mkdir -p node_modules/reveal.js; echo MIT > node_modules/reveal.js/LICENSE")
    for _ in range(2):
        npm.copy(FILES, {}, tmp_path / "out", tmp_path / "build")
    assert (tmp_path / "out" / "licence.txt").read_text() == "MIT\n"
    calls = tmp_path / "calls"
    assert calls.read_text().startswith("ci ") and len(calls.read_text().splitlines()) == 1

    mark = tmp_path / "build" / "npm" / "node_modules" / npm.MARK
    for spoil in (mark.unlink, lambda: mark.write_text("{}")):
        before = len(calls.read_text().splitlines())
        spoil()
        npm.copy(FILES, {}, tmp_path / "out", tmp_path / "build")
        assert len(calls.read_text().splitlines()) == before + 1

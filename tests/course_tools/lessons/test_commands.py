import re

import nbformat
import pytest

from course_tools.lessons import commands, results_pages, store
from course_tools.student import exercise_status


@pytest.fixture(autouse=True)
def on_the_sample(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "sample")
    monkeypatch.delenv("CI", raising=False)


def test_notebooks_are_built_only_where_something_changed_and_with_the_same_bytes(
    source, write, text, tmp_path, capsys
):
    assert commands.notebooks([], tmp_path) == 0
    paths = [store.built(source, solved) for solved in (False, True)]
    for path in paths:
        notebook = nbformat.read(path, as_version=4)
        assert notebook.cells[2].outputs == [{"output_type": "stream", "name": "stdout", "text": "seen\nstill seen\n"}]
    states = [exercise_status.read(path).exercises[0].state for path in paths]
    assert states == [exercise_status.BLANK, exercise_status.PASSED]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    assert commands.notebooks([], tmp_path) == 0
    assert "0 built, 1 unchanged" in capsys.readouterr().out
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    assert commands.notebooks(["--force"], tmp_path) == 0
    assert {path: content for path, (content, _) in before.items()} == {path: path.read_bytes() for path in paths}

    write(text.replace('print("seen")', "raise OSError('no')"))
    assert commands.notebooks([], tmp_path) == 1
    assert "77_made (student), cell 2" in capsys.readouterr().err
    assert {path: content for path, (content, _) in before.items()} == {path: path.read_bytes() for path in paths}


def test_what_cannot_be_built_or_run_is_an_error_in_words(write, text, tmp_path, capsys):
    write(text.replace(' message="is not 6"', ""))
    assert commands.notebooks([], tmp_path) == commands.run([], tmp_path) == 1
    for name, hint in (("55", "77_made"), ("77_mad", "Did you mean 77_made")):
        assert commands.run([name], tmp_path) == 2 and hint in capsys.readouterr().err.splitlines()[-1]
    for option in ("--limit=0", "--limit=-1", "--limit=x"):
        with pytest.raises(SystemExit, match="2"):
            commands.run([option], tmp_path)


def test_a_run_writes_notebook_and_html_and_is_not_repeated_until_something_changes(
    source, tmp_path, capsys, monkeypatch
):
    assert commands.notebooks([], tmp_path) == commands.run([], tmp_path) == 0
    row = re.compile(r"\| 77_made \| \d+ \| \d+ \| (\d of \d) \| (\w+) \|")
    assert row.search(capsys.readouterr().out).groups() == ("0 of 0", "passed")
    assert "seen" in (tmp_path / "build" / "77_made.html").read_text(encoding="utf-8")
    assert commands.run([], tmp_path) == 0
    out = capsys.readouterr().out
    assert "77_made" in out and "--all" in out and not row.search(out)

    path = store.built(source)
    changed = nbformat.read(path, as_version=4)
    changed.cells[2].source = 'from course_utils.claims import claim\nclaim("hot", 1, at_least=2)\nprint("seen")'
    nbformat.write(changed, path)
    assert commands.run([], tmp_path) == 1
    shown = capsys.readouterr()
    assert row.search(shown.out).groups() == ("0 of 1", "failed")
    assert "77_made, cell 2: this claim does not hold: hot" in shown.err


@pytest.mark.parametrize(("arguments", "ci"), [(["--all"], ""), (["77"], ""), ([], "true")])
def test_what_has_passed_is_run_when_it_is_asked_for(source, tmp_path, monkeypatch, arguments, ci):
    ran = []
    monkeypatch.setattr(commands, "run_lessons", lambda sources, *_: ran.extend(sources) or 0)
    monkeypatch.setattr(store, "passed", lambda sources, real: {path.stem: {} for path in sources})
    monkeypatch.setenv("CI", ci)
    assert commands.run(arguments, tmp_path) == 0
    assert ran == [source]


def test_results_are_recorded_for_each_seed_and_the_pages_are_generated(write, text, tmp_path):
    measured = (
        "import os\nfrom course_utils import tables\nfrom course_utils.claims import claim\n"
        "score = 0.5 + int(os.environ['COURSE_SEED']) / 100\nclaim('over half', score, at_least=0.5)\n"
        "tables.table('Scores', [{'model': 'bag', 'accuracy': score}])\n"
    )
    write(re.sub(r"print.*\n", measured, text, count=1))
    for name in results_pages.MARKED:
        (tmp_path / name).write_text("# A page\n")
    assert commands.results(["--seeds", "3"], tmp_path) == 0
    page = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    for line in ("| bag | 0.510 ± 0.010 |", "over seeds 0, 1, 2", "| over half | at least 0.5 | 0.5 | 0.52 |"):
        assert line in page
    assert page == results_pages.page(tmp_path)

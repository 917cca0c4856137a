import re
from pathlib import Path

import nbformat
import pytest

from course_tools import __main__ as command
from course_tools.grading import release
from course_tools.lessons import assemble, commands, execute, results_pages
from course_tools.student import exercise_status
from course_utils import tables

SOURCE = '''# %% [markdown]
# # 77 · Made for a test

# %%
import time
import sys

print("seen"); print("still seen"); print("a warning", file=sys.stderr)

# %% [raw]
# # BEGIN QUESTION
# name: double
# points: 1

# %% [markdown]
# **Exercise.** Double it.

# %% [raw]
# # BEGIN SOLUTION

# %%
def f(x):
    """Twice x."""
    return 2 * x  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="Did you square?"
def f(x):
    return x * x

# %% tags=["wrong"] message="is not 6"
def f(x):
    return x

# %% [raw]
# # BEGIN TESTS

# %%
def test_doubles(f):
    assert f(3) != 9, "Did you square?"
    assert f(3) == 6, f"{f(3)} is not 6"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_hidden(f):
    assert f(5) == 10

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The end.
'''


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A repository with one lesson, in place of the real one."""
    (tmp_path / "notebooks" / "source").mkdir(parents=True)
    monkeypatch.setattr(assemble, "NOTEBOOKS", tmp_path / "notebooks")
    for module in (assemble, commands, results_pages):
        monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    monkeypatch.setattr(release, "BUILD", tmp_path / "build")
    monkeypatch.setattr(results_pages, "PAGE", tmp_path / "RESULTS.md")
    monkeypatch.setattr(results_pages, "README", tmp_path / "README.md")
    for name in ("HUBS", "TEACHING"):
        monkeypatch.setattr(results_pages, name, tmp_path / f"{name}.md")
        getattr(results_pages, name).write_text("# A page\n")
    results_pages.README.write_text(
        "# A course\n\n<!-- table of 77_made: Scores -->\n<!-- end of table -->\n\nThe rest.\n"
    )
    monkeypatch.setattr(tables, "FOLDER", tmp_path / "results")
    write(tmp_path, SOURCE)
    return tmp_path


def write(home, text, name="77_made.py") -> Path:
    path = home / "notebooks" / "source" / name
    path.write_text(text, encoding="utf-8")
    return path


def outputs(path):
    return [cell.get("outputs") for cell in nbformat.read(str(path), as_version=4).cells if cell.cell_type == "code"]


def test_build_makes_blank_and_solved_notebooks_with_outputs_and_checks(home, capsys):
    assert command.main(["notebooks"]) == 0
    student = nbformat.read(str(home / "notebooks" / "77_made.ipynb"), as_version=4)
    solved = nbformat.read(str(home / "notebooks" / "solutions" / "77_made.ipynb"), as_version=4)
    text = {"student": "\n".join(c.source for c in student.cells), "solved": "\n".join(c.source for c in solved.cells)}
    assert "2 * x" not in text["student"] and "return 2 * x" in text["solved"]
    assert "SOLUTION" not in text["solved"] and "Did you square" not in text["student"] + text["solved"]
    for built in (student, solved):
        assert 'grader = Checks("77_made")' in built.cells[1].source
        assert "Did you square?" in built.metadata["otter"]["tests"]["double"]
        assert "test_hidden" not in built.metadata["otter"]["tests"]["double"]
        assert built.cells[2].outputs == [{"output_type": "stream", "name": "stdout", "text": "seen\nstill seen\n"}]
    checks = [next(c for c in built.cells if c.source.startswith("grader.check")) for built in (student, solved)]
    read = [exercise_status.read(assemble.stored("77_made", solved)).exercises for solved in (False, True)]
    assert [exercise.state for (exercise,) in read] == [exercise_status.BLANK, exercise_status.PASSED]
    assert checks[0].outputs == [] and "✓ double" in checks[1].outputs[0].data["text/plain"]


def test_only_what_changed_is_rebuilt_and_bytes_are_stable(home, capsys):
    write(home, SOURCE.replace("77", "78"), "78_more.py")
    assert command.main(["notebooks"]) == 0
    paths = sorted((home / "notebooks").glob("**/*.ipynb"))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    assert len(before) == 4
    assert command.main(["notebooks"]) == 0
    assert "0 built, 2 unchanged" in capsys.readouterr().out
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    assert command.main(["notebooks", "--force"]) == 0
    assert {path: content for path, (content, _) in before.items()} == {path: path.read_bytes() for path in paths}
    write(home, SOURCE.replace("The end.", "The very end."))
    assert command.main(["notebooks"]) == 0
    assert "1 built, 1 unchanged" in capsys.readouterr().out.splitlines()[-1]


def test_drift_is_found_whoever_caused_it(home):
    source = assemble.sources()[0]
    assert "cannot be read" in assemble.drift(source)[0]
    assert command.main(["notebooks"]) == 0
    assert assemble.drift(source) == []
    path = home / "notebooks" / "77_made.ipynb"
    built = path.read_text(encoding="utf-8")
    path.write_text(built.replace("The end.", "The END."), encoding="utf-8")
    assert assemble.drift(source) == ["notebooks/77_made.ipynb: differs from its source"]
    path.write_text(built.replace("is not 6", "isn't 6"), encoding="utf-8")
    assert assemble.drift(source) == ["notebooks/77_made.ipynb: differs from its source"]
    path.write_text(built, encoding="utf-8")
    (home / "results").mkdir()
    (home / "results" / "77_made.json").write_text("{}", encoding="utf-8")
    assert "changed since it was built" in assemble.drift(source)[0]


def test_fingerprint_follows_the_code_used_but_not_its_comments(home):
    source = write(home, "from course_utils import helper\n" + SOURCE)
    module = home / "course_utils" / "helper.py"
    module.parent.mkdir()
    prints = []
    for code in ("x = 1\n", '"""Doc."""\n# why\nx = 1\n', "x = 2\n", "from course_utils import deeper\nx = 2\n"):
        module.write_text(code, encoding="utf-8")
        prints.append(assemble.fingerprint(source))
    assert prints[0] == prints[1] and len(set(prints)) == 3
    (home / "course_utils" / "deeper.py").write_text("y = 1\n", encoding="utf-8")
    assert assemble.fingerprint(source) not in prints


def test_fingerprint_follows_the_benchmarks_that_are_shown(home):
    quoting = write(home, 'results.benchmark("speed", "Times")\n' + SOURCE)
    before = assemble.fingerprint(quoting)
    (home / "results" / "benchmarks").mkdir(parents=True)
    (home / "results" / "benchmarks" / "other.json").write_text("{}", encoding="utf-8")
    assert assemble.fingerprint(quoting) == before
    (home / "results" / "benchmarks" / "speed.json").write_text("{}", encoding="utf-8")
    assert assemble.fingerprint(quoting) != before


def test_trial_finds_every_kind_of_bad_checker(home, tmp_path):
    def faults(text):
        lesson = assemble.assemble(write(home, text))
        assemble.save(lesson.student, tmp_path / "run" / "77_made.ipynb")
        (made,) = execute.run_all([("77_made", assemble.trial(lesson))], tmp_path / "run", 60)
        return made.faults + assemble.trial_faults(made.notebook)

    assert faults(SOURCE) == []
    assert "solution: must pass" in faults(SOURCE.replace("return 2 * x  #", "return 3 * x  #"))[0]
    assert "wrong answer 2: must fail" in faults(SOURCE.replace("    return x\n", "    return x + x\n"))[0]
    assert "wrong answer 1: the message" in faults(SOURCE.replace('message="Did you square?"', 'message="Halved?"'))[0]
    stopped = SOURCE.replace("    return 2 * x  # SOLUTION", "    return 2 * x  # SOLUTION\n\nassert f(3) == 6")
    assert "raised AssertionError" in faults(stopped)[0]
    passing = SOURCE.replace('assert f(3) != 9, "Did you square?"', "return")
    assert "blank: must fail" in faults(passing.replace("def test_doubles(f)", "def test_doubles()"))[0]


def test_source_errors_say_what_is_missing(home, capsys):
    one_wrong = re.sub(r'# %% tags=\["wrong"\] message="is not 6".*?\n\n', "", SOURCE, flags=re.DOTALL)
    write(home, one_wrong)
    assert command.main(["notebooks"]) == 2
    assert "77_made.py: exercise double needs at least two cells tagged 'wrong'" in capsys.readouterr().err
    write(home, SOURCE.replace(' message="is not 6"', ""))
    assert command.main(["notebooks"]) == 2
    assert "needs an exercise around it and a message" in capsys.readouterr().err
    assert command.main(["notebooks", "55"]) == 2
    assert "no lesson '55'; there are 77_made" in capsys.readouterr().err


def test_run_writes_notebook_html_and_table_and_fails_for_a_broken_claim(home, capsys):
    assert command.main(["run"]) == 2
    assert "build it with: make notebooks" in capsys.readouterr().err
    assert command.main(["notebooks"]) == 0
    assert command.main(["run", "77"]) == 0
    assert re.search(r"\| 77_made \| \d+ \| \d+ \| 0 of 0 \| passed \|", capsys.readouterr().out)
    assert "seen" in (home / "build" / "77_made.html").read_text(encoding="utf-8")
    broken = 'from course_utils.claims import claim\nclaim("hot", 1, at_least=2)\nprint("seen")'
    path = home / "notebooks" / "77_made.ipynb"
    changed = nbformat.read(str(path), as_version=4)
    changed.cells[2].source = broken
    nbformat.write(changed, str(path))
    assert command.main(["run"]) == 1
    shown = capsys.readouterr()
    assert "| 0 of 1 | failed |" in shown.out
    assert "FAILED  77_made, cell 2: claim broken: hot: measured 1.0, at least 2.0" in shown.err


def test_failed_build_leaves_the_notebooks_that_were_there(home, capsys):
    assert command.main(["notebooks"]) == 0
    before = (home / "notebooks" / "77_made.ipynb").read_bytes()
    write(home, SOURCE.replace('print("seen")', "raise OSError('no')"))
    assert command.main(["notebooks"]) == 1
    assert "77_made (student), cell 2" in capsys.readouterr().err
    assert (home / "notebooks" / "77_made.ipynb").read_bytes() == before


def test_results_are_recorded_per_seed_and_the_page_is_generated(home, capsys):
    measured = (
        "import os\nfrom course_utils import results\nfrom course_utils.claims import claim\n"
        "score = 0.5 + int(os.environ['COURSE_SEED']) / 100\nclaim('over half', score, at_least=0.5)\n"
        "results.table('Scores', [{'model': 'bag', 'accuracy': score}])\n"
    )
    write(home, SOURCE.replace('print("seen"); print("still seen"); print("a warning", file=sys.stderr)', measured))
    (home / "results").mkdir()
    assert command.main(["results", "--seeds", "3"]) == 0
    page = (home / "RESULTS.md").read_text(encoding="utf-8")
    assert (
        "| bag | 0.510 ± 0.010 |" in page
        and "over seeds 0, 1, 2" in page
        and "| over half | at least 0.5 | 0.5 | 0.52 |" in page
    )
    assert page == results_pages.page()
    readme = results_pages.README.read_text(encoding="utf-8")
    assert "| bag | 0.510 ± 0.010 |" in readme and readme.endswith("<!-- end of table -->\n\nThe rest.\n")
    assert readme == results_pages.filled(results_pages.README)

"""Every lesson, executed on the sample: as students get it, and with every exercise tried blank, right and wrong."""

import inspect
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell

from course_tools.grading import sandbox, submissions
from course_tools.lessons import assemble, execute, lint, store
from course_tools.lessons.commands import Progress
from course_tools.notebooks import CHECK
from course_utils import exercises
from course_utils.paths import REPOSITORY, data_dir

SOURCES = assemble.sources()
LESSONS = [source.stem for source in SOURCES]
LIMIT = 1800  # seconds for one notebook, however slow the machine: what hangs is stopped


def execute_all(pairs, folder: Path, **environment: str) -> dict[str, execute.Execution]:
    with open(os.dup(sys.__stderr__.fileno()), "w") as terminal:  # past pytest's capture: this takes minutes
        progress = Progress(sum(len(notebook.cells) for _, notebook in pairs), "lessons", file=terminal)
        runs = execute.run_all(pairs, folder, LIMIT, environment, progress=progress)
        progress.bar.close()
    return {run.name: run for run in runs}


def wanted(request) -> list[Path]:
    """The sources that the tests which were chosen are about."""
    chosen = [item.callspec.params for item in request.session.items if hasattr(item, "callspec")]
    return [source for source in SOURCES if any(parameters.get("source") == source for parameters in chosen)]


@pytest.fixture(scope="module")
def executed(tmp_path_factory, request) -> dict[str, execute.Execution]:
    """Runs by name: 'NN_slug' of the student notebook, 'NN_slug, trial' of its exercises tried."""
    folder, pairs = tmp_path_factory.mktemp("lessons"), []
    for source in wanted(request):
        lesson = assemble.assemble(source)
        store.save(lesson.student, folder / f"{source.stem}.ipynb")  # where the checks look for their tests
        pairs += [(source.stem, store.read(source, outputs=False)), (f"{source.stem}, trial", assemble.trial(lesson))]
    return execute_all(pairs, folder, COURSE_DATA="sample")


@pytest.fixture(scope="module")
def executed_on_real_data(tmp_path_factory, request) -> dict[str, execute.Execution]:
    """Runs of the student notebooks by name, two at a time: most lessons keep one core busy."""
    if not data_dir().is_dir():
        pytest.skip(f"no real data under {data_dir()}")
    folder, pairs = tmp_path_factory.mktemp("real"), []
    for source in wanted(request):
        store.save(assemble.assemble(source).student, folder / f"{source.stem}.ipynb")
        pairs.append((source.stem, store.read(source, outputs=False)))
    return execute_all(pairs, folder, COURSE_DATA="auto")


every_lesson = pytest.mark.parametrize("source", SOURCES, ids=LESSONS)


@every_lesson
def test_notebooks_match_their_source(source):
    assert store.drift(source) == [], "build them with: make notebooks"


@every_lesson
def test_lesson_keeps_the_contract(source):
    assert lint.faults(source) == []


@every_lesson
def test_unsolved_notebook_runs_and_its_claims_hold(source, executed):
    run = executed[source.stem]
    assert run.faults == []
    assert run.claims, "a lesson measures what it says"


@every_lesson
def test_lesson_fits_a_small_laptop(source, executed):
    assert executed[source.stem].memory < 2e9


@every_lesson
def test_checks_tell_blank_right_and_wrong_answers_apart(source, executed):
    run = executed[f"{source.stem}, trial"]
    assert run.fault is None
    assert assemble.trial_faults(run.notebook) == []


BY_HEART = """
def {name}(*args, answer={name}, known={{}}, **kwargs):
    import traceback

    asked = repr((args, kwargs))
    if not any(frame.f_code.co_name.endswith("_hidden") for frame, _ in traceback.walk_stack(None)):
        known[asked] = answer(*args, **kwargs)
    return known[asked]
"""


def before_checks(notebook, code):
    """A copy of `notebook` with a cell `code(exercise)` before each check; none where that is empty."""
    changed = deepcopy(notebook)
    for i, cell in reversed(list(enumerate(notebook.cells))):
        if (check := CHECK.match(cell.source)) and (added := code(check[1])):
            changed.cells.insert(i, new_code_cell(added))
    return changed


@every_lesson
def test_grading_agrees_with_a_whole_run(source):
    """Of the cells only those are run that the exercises need; the points are those of the trial above all the same.

    No wrong answer gets points. One that knows what the student's test asks, and nothing else, gets half for each function.
    """
    lesson = assemble.assemble(source)
    graded = submissions.Graded.of(lesson)
    functions = {
        exercise: [name for test in hidden for name in inspect.signature(test).parameters]
        for exercise, tests in lesson.tests.items()
        if (hidden := [test for test in exercises.test_functions(tests) if test.__name__.endswith("_hidden")])
    }
    wrong = [
        before_checks(
            lesson.solved,
            lambda exercise, n=n: lesson.wrong_answers[exercise][n % len(lesson.wrong_answers[exercise])].code,
        )
        for n in range(max(map(len, lesson.wrong_answers.values())))
    ]
    learned = before_checks(
        lesson.solved,
        lambda exercise: "\n".join(BY_HEART.format(name=name) for name in functions.get(exercise, [])),
    )
    half = sum(
        graded.score(exercise, [[], ["wrong"]] if exercise in functions else [[]])[0] for exercise in lesson.tests
    )

    def points(notebook) -> str:
        cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        job = {"lesson": lesson.slug, "cells": cells, "original": graded.cells, "tests": graded.tests}
        row = submissions.grade(graded, cells, sandbox.run(job, sandbox.Limits(seconds=LIMIT), inside=False))
        assert row["reason"] == ""
        return "all" if row["points"] == row["of"] else row["points"]

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(points, (lesson.solved, learned, lesson.student, *wrong)))
    assert found == ["all", f"{half:g}", "0", *["0"] * len(wrong)]


@every_lesson
def test_stored_outputs_hold_no_error_and_no_path_of_a_machine(source):
    for solved in (False, True):
        text = store.built(source, solved).read_text(encoding="utf-8")
        assert '"output_type": "error"' not in text
        assert str(Path.home()) not in text and str(REPOSITORY) not in text


@pytest.mark.real
@every_lesson
def test_lesson_runs_on_real_data_and_its_claims_hold(source, executed_on_real_data):
    assert executed_on_real_data[source.stem].faults == []

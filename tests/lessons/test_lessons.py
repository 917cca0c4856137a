"""Every lesson: built from its source, its stored outputs, and its exercises tried blank, right, wrong and memorised.

`make run` executes whole lessons; here, the grader's worker runs the cells that exercises need, unless nothing has changed.
"""

import functools
import inspect
import json
import multiprocessing
import os
import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from course_tools import notebooks
from course_tools.grading import sandbox, slicing, untouched, worker
from course_tools.lessons import assemble, execute, lint, store
from course_tools.notebooks import CHECK, code_cells
from course_utils import exercises, files, tables
from course_utils.paths import data_dir

SOURCES = assemble.sources()
LIMIT = 1800  # seconds for one notebook, however slow the machine: what hangs is stopped
every_lesson = pytest.mark.parametrize("source", SOURCES, ids=[source.stem for source in SOURCES])
assembled = functools.cache(assemble.assemble)
MEMORISED = """
def {0}(*args, answer={0}, known={{}}, **kwargs):
    import traceback
    asked = repr((args, kwargs))
    if not any(frame.f_code.co_name.endswith("_hidden") for frame, _ in traceback.walk_stack(None)):
        known[asked] = answer(*args, **kwargs)
    return known[asked]
"""


@pytest.fixture
def attempt(tmp_path, monkeypatch):
    """Runs a job of the worker, in a copy of a process that has imported Keras: the messages of each exercise's test cases."""
    for name, value in sandbox.environment(str(tmp_path)).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    context = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
    context.set_forkserver_preload(["__main__", worker.__name__, "keras"])

    def run(job):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=worker.grade, args=({**job, "cell": LIMIT}, sender.send), daemon=True)
        process.start()
        sender.close()
        lines = [{}]
        while "errors" not in lines[-1]:
            assert receiver.poll(LIMIT), f"still running after {LIMIT} s"
            lines.append(receiver.recv())  # EOFError: the process has died
        process.join()
        return {line["exercise"]: line["cases"] for line in lines if "exercise" in line}

    return run


def exercise_faults(lesson, attempt):
    """What is wrong with the exercises of a lesson and their checks: one line for each fault.

    The solution passes all tests. Blank and wrong answers fail all of them, and the student's test says why. An answer that
    knows what the student's test asks, and nothing else, fails the hidden test of a function, which counts half.
    """
    graded, faults, memorised = worker.GradedLesson.of(lesson), [], {}
    tests = {exercise: exercises.test_functions(text) for exercise, text in graded.tests.items()}
    for exercise, (*_, last) in tests.items():
        if last.__name__.endswith("_hidden"):
            memorised[exercise] = "".join(map(MEMORISED.format, inspect.signature(last).parameters))

    def before_checks(answers):
        cells = []
        for cell in code_cells(lesson.solved):
            check = CHECK.match(cell)
            cells += [answers.get(check[1], ""), cell] if check else [cell]
        return cells

    def expect(name, cells, said, points):
        """The student's test gives a message that contains `said[exercise]`, or passes; `points` are fractions."""
        found = attempt(graded.job(cells))
        for exercise in tests:
            cases = found.get(exercise, [["not reached"]] * len(tests[exercise]))
            message, wanted = " ".join(cases[0]) if cases[0] else None, said.get(exercise)
            got, possible = graded.score(exercise, cases)
            if (message is None) != (wanted is None) or (wanted or "") not in (message or ""):
                faults.append(f"exercise {exercise}, {name}: the check must say {wanted!r}, but says {message!r}")
            if got != points.get(exercise, 0) * possible:
                faults.append(f"exercise {exercise}, {name}: {got:g} of {possible:g} points: {cases}")

    expect("solution", code_cells(lesson.solved), {}, dict.fromkeys(tests, 1))
    expect("memorised", before_checks(memorised), {}, {exercise: 1 - (exercise in memorised) / 2 for exercise in tests})
    own = "\n".join(cell for cell in graded.cells if CHECK.match(cell) or cell not in code_cells(lesson.solved))
    stubs = re.split(CHECK, own)  # stub, exercise, stub, exercise, …
    named = ["`" if re.search(r"(=|return) \.\.\.", stub) else "" for stub in stubs[::2]]  # in backticks
    expect("blank", graded.cells, dict(zip(stubs[1::2], named, strict=False)), {})
    for n in range(max(map(len, lesson.wrong_answers.values()))):
        wrong = {exercise: answers[n % len(answers)] for exercise, answers in lesson.wrong_answers.items()}
        code, said = ({exercise: getattr(wrong[exercise], what) for exercise in wrong} for what in ("code", "message"))
        expect(f"wrong answer {n + 1}", before_checks(code), said, {})
    return faults


def fingerprint(source):
    """What the verdict on a lesson's exercises depends on: what its outputs depend on, this test, the grader, packages."""
    code = [__file__, *(module.__file__ for module in (assemble, notebooks, sandbox, slicing, untouched, worker))]
    packages = [f"{name} {version(name)}" for name in ("ipython", "keras", "numpy", "otter-grader", "tensorflow")]
    return [store.fingerprint(source), sys.version, *packages, *(files.sha256(Path(path)) for path in code)]


@every_lesson
def test_notebooks_match_their_source(source):
    assert store.drift(source) == [], "build them with: make notebooks"


@every_lesson
def test_lesson_keeps_the_contract(source):
    assert lint.faults(source) == []


@every_lesson
def test_the_seconds_that_a_lesson_states_were_measured(source):
    (stated,) = re.findall(r"all cells run in about\n# (\d+) seconds", source.read_text(encoding="utf-8"))
    rows = tables.benchmark("hub", "Each lesson").rows
    assert 0 <= int(stated) - {row["lesson"]: row["seconds"] for row in rows}[source.stem] < 5


@every_lesson
def test_stored_outputs_hold_no_error_no_path_of_a_machine_and_only_checks_that_passed(source):
    for solved in (False, True):
        text = store.built(source, solved).read_text(encoding="utf-8")
        assert '"output_type": "error"' not in text
        assert str(Path.home()) not in text and str(store.built(source).parent) not in text
    shown = [out for cell in json.loads(text)["cells"] for out in cell.get("outputs", [])]
    outputs = [out.get("data", {}) for out in shown]
    assert all(out["metadata"]["image/png"]["alt"] for out in shown if "image/png" in out.get("data", {}))
    verdicts = [data[exercises.MIME]["passed"] for data in outputs if exercises.MIME in data]
    assert verdicts == [True] * len(assembled(source).tests)


@every_lesson
def test_exercises_give_points_and_messages_to_blank_right_wrong_and_memorised_answers(source, attempt, request):
    key, now = f"exercises/{source.stem}", fingerprint(source)
    if os.environ.get("CI") != "true" and request.config.cache.get(key, None) == now:
        pytest.skip("passed before, and nothing that it depends on has changed")
    assert exercise_faults(assembled(source), attempt) == []
    request.config.cache.set(key, now)


def test_every_kind_of_bad_exercise_is_found(attempt):
    """With the repair of a function in lesson 00, whose other exercises stay as they are."""
    lesson, name = assembled(SOURCES[0]), "mean_length"
    test, answers = lesson.tests[name], lesson.wrong_answers[name]

    def faults(test=test, answers=answers):
        changed = {"tests": {**lesson.tests, name: test}, "wrong_answers": {**lesson.wrong_answers, name: answers}}
        return "\n".join(exercise_faults(lesson._replace(**changed), attempt))

    elsewhere, right = answers[0]._replace(message="elsewhere"), answers[0]._replace(code="pass")
    assert f"{name}, wrong answer 1: the check must say 'elsewhere'" in faults(answers=[elsewhere, *answers[1:]])
    assert f"{name}, wrong answer 2: 1 of 1 points" in faults(answers=[answers[0], right])
    assert f"{name}, solution: 0.5 of 1 points" in faults(test.replace("'e f'], 3)", "'e f'], 4)"))
    assert f"{name}, memorised: 1 of 1 points" in faults(test.replace("wanted in (", "wanted in () and ("))
    found = faults(test.replace("\n    got =", "\n    return\n    got =", 1))
    assert f"{name}, blank: the check must say '', but says None" in found and "blank: 0.5 of 1 points" in found


@pytest.mark.real
def test_lessons_run_on_real_data_and_their_claims_hold(tmp_path):
    """Two at a time, the longest first, with one progress bar: pytest-xdist would leave the longest for the end."""
    if not data_dir().is_dir():
        pytest.skip(f"no real data under {data_dir()}")
    records = {source: tables.read_record(source.stem) for source in SOURCES}  # of lessons with a real dataset
    chosen = sorted(filter(records.get, SOURCES), key=lambda source: -records[source]["runs"][-1]["seconds"])
    for source in chosen:
        store.save(assembled(source).student, tmp_path / f"{source.stem}.ipynb")  # where the checks find their tests
    pairs = [(source.stem, store.read(source, outputs=False)) for source in chosen]
    runs = execute.run_all(pairs, tmp_path, LIMIT, {"COURSE_DATA": "auto"})
    assert [fault for run in runs for fault in run.faults] == []

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_tools import Problem
from course_tools.lessons import assemble, execute, store
from course_utils.paths import REPOSITORY


@pytest.fixture
def built(source):
    """The source of a lesson whose notebooks are built, without having been run."""
    lesson = assemble.assemble(source)
    for solved, notebook in ((False, lesson.student), (True, lesson.solved)):
        notebook.metadata["course"]["fingerprint"] = store.fingerprint(source)
        store.save(notebook, store.built(source, solved))
    return source


def test_drift_is_found_whatever_caused_it(built, tmp_path):
    assert store.drift(built) == [] and not store.is_stale(built)
    path = tmp_path / "notebooks" / "77_made.ipynb"
    original = path.read_text(encoding="utf-8")
    for old, new in (("The end.", "The END."), ("is not 6", "isn't 6")):
        path.write_text(original.replace(old, new), encoding="utf-8")
        assert store.drift(built) == ["notebooks/77_made.ipynb: differs from its source"]
    path.write_text("{torn", encoding="utf-8")
    (fault,) = store.drift(built)
    assert fault.startswith("notebooks/77_made.ipynb cannot be read")
    path.write_text(original, encoding="utf-8")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "77_made.json").write_text("{}", encoding="utf-8")
    assert len(store.drift(built)) == 2 and store.is_stale(built)


def test_a_notebook_that_cannot_be_read_names_the_command(source):
    with pytest.raises(Problem, match=r"notebooks/solutions/77_made\.ipynb .*make notebooks"):
        store.read(source, solved=True)


def test_fingerprint_follows_the_code_that_is_imported_but_not_its_comments(write, text, tmp_path):
    source = write("from course_utils import helper\nimport course_utils.package.part\n" + text)
    package = tmp_path / "course_utils"
    (package / "package").mkdir(parents=True)
    for folder in (package, package / "package"):
        (folder / "__init__.py").write_text("")

    def after(path, code) -> str:
        (package / path).write_text(code, encoding="utf-8")
        return store.fingerprint(source)

    one = after("helper.py", "x = 1\n")
    assert after("helper.py", '"""Doc."""\n# why\nx = 1\n') == one
    different = [
        one,
        after("helper.py", "x = 2\n"),
        after("helper.py", "from course_utils import deeper\nx = 2\n"),
        after("deeper.py", "y = 1\n"),
        after("package/part.py", "z = 1\n"),
        after("package/__init__.py", "w = 1\n"),
        last := after("exercises.py", "checks = 1\n"),  # which the first cell of every notebook imports
    ]
    assert len(set(different)) == len(different)
    assert after("__main__.py", "x = 3\n") == after("other.py", "x = 3\n") == last


def test_fingerprint_follows_the_samples_and_the_records_that_are_used(write, text, tmp_path):
    source = write(
        'from course_utils import reviews\ntables.benchmark("speed", "Times")\nplots.drawing("cell")\n'
        'tables.read_record("benchmarks/curves")\n' + text
    )
    for name, content in {
        "course_utils/reviews.py": 'SAMPLE = "reviews.tsv.bz2"\n',
        "data/reviews.tsv.bz2": "1",
        "data/other.tsv.bz2": "1",
        "results/benchmarks/other.json": "{}",
        "course_utils/drawings/other.png": "1",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    seen = [store.fingerprint(source)]
    (tmp_path / "data/other.tsv.bz2").write_text("2")
    (tmp_path / "results/benchmarks/other.json").write_text("[]")
    assert store.fingerprint(source) == seen[0]
    for name in (
        "data/reviews.tsv.bz2",
        "results/benchmarks/speed.json",
        "results/benchmarks/curves.json",
        "results/77_made.json",
        "course_utils/drawings/cell.png",
    ):
        (tmp_path / name).write_text("2")
        seen.append(store.fingerprint(source))
    assert len(set(seen)) == 6


def test_every_sample_is_in_the_fingerprint_of_a_lesson():
    used = {path for source in assemble.sources() for path in store.data_used(source, store.code_used(source))}
    assert used >= set((REPOSITORY / "data").glob("*.bz2"))


def test_stored_outputs_are_those_that_every_run_gives():
    printed = [new_output("stream", name=name, text=f"{name}\n") for name in ("stdout", "stderr", "stdout")]
    values = [new_output("execute_result", {"text/plain": "1"}, execution_count=7) for _ in "ab"]
    cells = [
        new_code_cell("x", outputs=[*printed, values[0]]),
        new_code_cell('grader.check("x")', outputs=values[1:]),
    ]
    cells[0].metadata["execution"] = {"iopub.execute_input": "now"}
    notebook = new_notebook(cells=[*cells, new_code_cell("y")])
    for blank, counts in ((True, [1, None, 2]), (False, [1, 2, 3])):
        first, check, last = store.clean_outputs(notebook, blank).cells
        assert [cell.execution_count for cell in (first, check, last)] == counts
        assert [output.get("text") for output in first.outputs] == ["stdout\nstdout\n", None]
        assert first.outputs[1].execution_count == 1 and "execution" not in first.metadata
        assert len(check.outputs) == (0 if blank else 1)


def run_of(source, fault=None) -> tuple:
    return source, execute.Execution(source.stem, store.read(source), seconds=3.21, memory=5 * 10**8, fault=fault)


def test_a_lesson_has_passed_until_something_that_it_depends_on_changes(built, tmp_path):
    assert store.passed([built], []) == {}
    store.remember([run_of(built)], [])
    (record,) = store.passed([built], []).values()
    assert record["seconds"] == 3.2 and record["memory_mb"] == 500
    assert store.passed([built], ["auto", "imdb_reviews"]) == {}
    store.remember([run_of(built)], ["auto", "imdb_reviews"])
    assert store.passed([built], ["auto", "imdb_reviews"]) and not store.passed([built], ["auto", "keras"])
    path = store.built(built)
    path.write_text(path.read_text(encoding="utf-8").replace("still seen", "seen no more"), encoding="utf-8")
    assert store.passed([built], []) == {}
    store.remember([run_of(built)], [])
    assert store.passed([built], [])
    store.remember([run_of(built, fault="cell 2: raised")], [])
    assert store.passed([built], []) == {}


@pytest.mark.parametrize(
    ("mode", "names", "expected"),
    [
        ("auto", [], []),
        ("auto", ["imdb_reviews"], ["auto", "imdb_reviews"]),
        ("sample", ["imdb_reviews"], []),
        ("real", [], ["real"]),
    ],
)
def test_real_data_is_what_lessons_would_read(tmp_path, monkeypatch, mode, names, expected):
    for name in names:
        (tmp_path / name).mkdir()
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COURSE_DATA", mode)
    assert store.real_data() == expected


def test_a_stored_picture_has_the_alternative_text_of_its_cell():
    outputs = [new_output("display_data", {"image/png": "aaaa"}), new_output("stream", text="printed")]
    cell = new_code_cell("f()", metadata={"alt": "It rises."}, outputs=outputs)
    picture, printed = store.clean_outputs(new_notebook(cells=[cell]), blank=True).cells[0].outputs
    assert picture.metadata == {"image/png": {"alt": "It rises."}} and "metadata" not in printed

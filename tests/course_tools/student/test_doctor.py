import os
import re
import subprocess
import sys

import pytest
from packaging.requirements import Requirement

from course_tools.student import doctor, environment, lab
from course_tools.student.doctor import NOTE, OK, PROBLEM, Check
from course_utils import paths


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    for name in ("COURSE_DATA", "COURSE_DATA_DIR", "COURSE_VENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)


def levels(checks) -> list[str]:
    return [check.level for check in checks]


def test_the_environment_of_these_tests_is_healthy():
    found = doctor.checks()
    assert PROBLEM not in levels(found), [check for check in found if check.level == PROBLEM]
    whats = [check.what for check in found]
    for what in ("Python", "Environment", "Packages", "TensorFlow", "Memory", "Cores", "Disk", "Data", "Notebooks"):
        assert what in whats
    if doctor.in_course_venv():
        assert [check for check in found if check.what == "Packages"] == [
            Check(OK, "Packages", "all there, in the versions that were tested")
        ]


def test_it_runs_on_a_bare_python_and_says_what_to_do():
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COURSE_"))}
    done = subprocess.run(
        [sys._base_executable, "-S", "-X", "utf8", "-m", "course_utils", "doctor"],  # -S: no installed packages
        cwd=environment.REPOSITORY,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert re.search(r"^problem +Packages: .*\n +→ .*(make lab|course_utils doctor)", done.stdout, re.MULTILINE)


def make_package(folder, name: str, version: str, requires: str = "") -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    requires = f"Requires-Dist: {requires}\n" if requires else ""
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}")


def test_a_version_that_another_package_cannot_use_is_a_clash(tmp_path, monkeypatch):
    make_package(tmp_path, "protobuf", "3.0")
    monkeypatch.syspath_prepend(tmp_path)
    missing, clashes = doctor.unmet(Requirement)
    assert missing == []
    assert any(re.fullmatch(r"protobuf 3\.0, but \S+ needs protobuf.*>=.*", clash) for clash in clashes)
    found = list(doctor.check_packages())
    assert PROBLEM in levels(found) and "protobuf 3.0" in found[0].found and found[0].advice


def test_a_package_of_a_package_is_missed(tmp_path, monkeypatch):
    make_package(tmp_path, "gensim", "4.4.0", "not-to-be-had>=2")
    monkeypatch.syspath_prepend(tmp_path)
    assert doctor.unmet(Requirement)[0] == ["not-to-be-had (needed by gensim)"]


def test_requirements_of_other_platforms_and_of_extras_not_asked_for_are_not_missed(tmp_path, monkeypatch):
    make_package(tmp_path, "gensim", "4.4.0", "not-to-be-had ; extra == 'gpu' or sys_platform == 'nowhere'")
    monkeypatch.syspath_prepend(tmp_path)
    assert doctor.unmet(Requirement) == ([], [])


def test_another_version_than_the_tested_one_is_a_note(tmp_path, monkeypatch):
    make_package(tmp_path, "gensim", "4.99")
    monkeypatch.syspath_prepend(tmp_path)
    found = list(doctor.check_packages())
    assert levels(found) == [NOTE]
    assert "gensim 4.99 (tested: 4." in found[0].found


def test_damaged_files_are_found(monkeypatch):
    monkeypatch.setattr(doctor, "in_course_venv", lambda: True)
    monkeypatch.setattr(environment, "is_complete", lambda _: True)
    monkeypatch.setattr(environment, "torn", lambda site: [site / "tensorflow-2.21.0.dist-info"])
    check = doctor.check_environment()
    assert check.level == PROBLEM
    assert "tensorflow-2.21.0" in check.found and "Delete the folder" in check.advice


def test_a_half_done_set_up_is_found(monkeypatch):
    monkeypatch.setattr(doctor, "in_course_venv", lambda: True)
    monkeypatch.setattr(environment, "is_complete", lambda _: False)
    assert doctor.check_environment().level == PROBLEM


def test_advice_depends_on_whose_environment_it_is(monkeypatch):
    monkeypatch.setattr(doctor, "in_course_venv", lambda: False)
    monkeypatch.setattr(environment, "is_complete", lambda _: False)
    assert "make lab" in doctor.install_advice()
    monkeypatch.setattr(environment, "is_complete", lambda _: True)
    assert str(environment.venv_python(environment.venv_dir())) in doctor.install_advice()
    monkeypatch.setenv("CONDA_PREFIX", sys.prefix)
    assert "conda env update" in doctor.install_advice()
    monkeypatch.setattr(doctor, "in_course_venv", lambda: True)
    assert "Delete the folder" in doctor.install_advice()


@pytest.mark.parametrize(
    ("status", "message", "found"),
    [
        (-4, "", "AVX"),
        (0xC000001D, "", "AVX"),
        (-9, "", "memory runs out"),
        (1, "Traceback\nModuleNotFoundError: No module named 'tensorflow'", "not installed"),
        (1, "ImportError: DLL load failed while importing _pywrap_tensorflow_internal", "Windows misses a library"),
        (1, "Traceback\nImportError: cannot import name 'x'", "does not import: ImportError: cannot import name 'x'"),
        (3, "", "status 3"),
    ],
)
def test_a_failed_import_is_explained(status, message, found):
    said, advice = doctor.explain_import(status, message)
    assert found in said and advice


def test_a_tensorflow_that_breaks_its_process_does_not_break_the_doctor(tmp_path, monkeypatch):
    (tmp_path / "tensorflow.py").write_text("import os; os.abort()")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    check = doctor.check_tensorflow()
    assert check.level == PROBLEM and check.advice


def test_a_tensorflow_that_hangs_is_given_up(tmp_path, monkeypatch):
    (tmp_path / "tensorflow.py").write_text("import time; time.sleep(600)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(doctor, "IMPORT_SECONDS", 1)
    assert doctor.check_tensorflow().found == "not imported within 1 s"


@pytest.mark.parametrize(("limit", "level"), [(1_000_000_000, PROBLEM), (None, OK)])
def test_the_limit_of_a_container_counts(monkeypatch, limit, level):
    import psutil

    class Memory:
        total, available = 16_000_000_000, 9_000_000_000

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    monkeypatch.setattr(doctor, "container_limit", lambda: limit)
    assert doctor.check_memory().level == level


def test_memory_in_use_by_others_is_a_note(monkeypatch):
    import psutil

    class Memory:
        total, available = 8_000_000_000, 500_000_000

    monkeypatch.setattr(psutil, "virtual_memory", Memory)
    monkeypatch.setattr(doctor, "container_limit", lambda: None)
    assert doctor.check_memory().level == NOTE


def test_one_core_is_a_note(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert doctor.check_cores().level == NOTE


def test_a_full_disk_is_a_note(monkeypatch):
    class Usage:
        free = 200_000_000

    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: Usage)
    assert doctor.check_disk().level == NOTE


class Dataset:
    def __init__(self, ready: bool):
        self.is_ready = lambda folder: ready


@pytest.mark.parametrize(
    ("mode", "ready", "there", "level", "found"),
    [
        ("auto", True, True, OK, "the real data"),
        ("auto", False, False, OK, "make data DATASETS=letters"),
        ("auto", False, True, NOTE, "not whole"),
        ("real", True, True, OK, "the real data"),
        ("real", False, False, PROBLEM, "not there"),
        ("sample", True, True, OK, "embedded sample"),
    ],
)
def test_each_dataset_is_named_with_what_lessons_get(tmp_path, monkeypatch, mode, ready, there, level, found):
    monkeypatch.setattr(doctor, "datasets", lambda: {"letters": Dataset(ready)})
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COURSE_DATA", mode)
    if there:
        (tmp_path / "letters").mkdir()
    place, dataset = doctor.check_data()
    assert place.level == OK and str(tmp_path) in place.found and mode in place.found
    assert dataset.what == "letters" and dataset.level == level and found in dataset.found


def test_all_datasets_that_can_be_got_are_asked_about():
    assert "imdb_reviews" in doctor.datasets()


def test_a_data_folder_that_does_not_exist_is_a_note(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "mistyped"))
    assert next(doctor.check_data()).level == NOTE


def test_an_unknown_word_in_course_data_is_a_problem(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "reel")
    (check,) = doctor.check_data()
    assert check.level == PROBLEM and all(mode in check.found for mode in paths.MODES)


def test_lessons_that_cannot_be_saved_are_a_note(monkeypatch):
    monkeypatch.setattr(lab, "writable", lambda _: False)
    assert doctor.check_notebooks().level == NOTE


@pytest.mark.parametrize(("level", "status"), [(OK, 0), (NOTE, 0), (PROBLEM, 1)])
def test_the_exit_status_tells_whether_lessons_can_run(monkeypatch, capsys, level, status):
    monkeypatch.setattr(doctor, "examine", lambda: iter([Check(level, "Thing", "found so", "do this")]))
    assert doctor.main([]) == status
    assert re.search(rf"^{level} +Thing: found so\n +→ do this$", capsys.readouterr().out, re.MULTILINE)

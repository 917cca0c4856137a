import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement

from course_tools import kernels
from course_tools.student import doctor, environment
from course_tools.student.doctor import NOTE, OK, PROBLEM, Check
from course_utils import paths


@pytest.fixture(autouse=True)
def plain(monkeypatch, tmp_path):
    """An empty home, and no variables that a user may have set."""
    for name in (*kernels.IN_HOME, "COURSE_DATA", "COURSE_DATA_DIR", "COURSE_VENV", "CONDA_PREFIX", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    for name in [*os.environ]:
        if name.startswith(("KERAS_", "TF_USE")):
            monkeypatch.delenv(name)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))


def levels(checks) -> list[str]:
    return [check.level for check in checks]


def test_the_environment_of_these_tests_is_healthy():
    found = list(doctor.examine())
    assert PROBLEM not in levels(found), [check for check in found if check.level == PROBLEM]
    whats = {"Python", "Environment", "Packages", "TensorFlow", "Memory", "Cores", "Disk", "Data", "Notebooks"}
    assert whats <= {check.what for check in found}


def test_it_runs_on_a_bare_python_and_says_what_to_do():
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COURSE_"))}
    done = subprocess.run(
        [sys._base_executable, "-S", "-X", "utf8", "-m", "course_utils", "doctor"],  # -S: no installed packages
        cwd=paths.REPOSITORY,
        env=variables,
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


@pytest.mark.parametrize(("version", "level"), [("3.0", PROBLEM), ("4.99", NOTE)])
def test_packages_that_are_too_old_or_not_the_tested_ones_are_found(tmp_path, monkeypatch, version, level):
    make_package(tmp_path, "gensim", version)
    monkeypatch.syspath_prepend(tmp_path)
    check = doctor.check_packages()
    assert check.level == level and "gensim" in check.found and version in check.found and check.advice


def test_packages_that_are_missing_are_found():
    needs = ["no-such-package>=2", "numpy>=1", "other ; sys_platform == 'nowhere'"]
    (missing,) = doctor.unmet(map(Requirement, needs))
    assert missing.startswith("no-such-package>=2")


def test_in_the_courses_environment_packages_must_fit_each_other(tmp_path, monkeypatch):
    make_package(tmp_path, "some-package", "1.0", "no-such-package>=2")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(doctor, "in_course_venv", lambda: True)
    check = doctor.check_packages()
    assert check.level == PROBLEM and "no-such-package" in check.found


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
    monkeypatch.setenv("PYTHONPATH", "/opt/ros")
    assert "PYTHONPATH" in doctor.install_advice() and "Delete" not in doctor.install_advice()


UNFIT = {
    "KERAS_BACKEND": "torch",
    "TF_USE_LEGACY_KERAS": "1",
    "PYTHONPATH": "/opt/ros",
}
FIT = {
    "KERAS_BACKEND": "tensorflow",
    "TF_USE_LEGACY_KERAS": "0",
    "PYTHONPATH": str(paths.REPOSITORY),
}


@pytest.mark.parametrize(
    ("name", "value", "named"), [*((*i, 1) for i in UNFIT.items()), *((*i, 0) for i in FIT.items())]
)
def test_a_variable_that_changes_how_lessons_run_is_named(monkeypatch, name, value, named):
    monkeypatch.setenv(name, value)
    found = list(doctor.check_settings())
    assert levels(found) == [NOTE] * named
    assert all(name in check.what + check.found for check in found)


def test_settings_of_keras_and_a_home_that_cannot_be_written_are_named(monkeypatch, tmp_path):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps({"floatx": "float16"}))
    (check,) = doctor.check_settings()
    assert "keras.json" in check.found and "float16" in check.found
    monkeypatch.setenv("HOME", str(tmp_path / "missing"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "missing"))
    (check,) = doctor.check_settings()
    assert str(tmp_path / "missing") in check.found


@pytest.mark.parametrize(
    ("status", "message", "found"),
    [
        (-4, "", "AVX"),
        (0xC000001D, "", "AVX"),
        (-9, "", "memory is used up"),
        (1, "ImportError: DLL load failed while importing _pywrap_tensorflow_internal", "Windows has no library"),
        (1, "UnimplementedError: DNN library initialization failed", "graphics card"),
        (1, "Traceback\nImportError: cannot import name 'x'", "ImportError: cannot import name 'x'"),
        (3, "", "status 3"),
    ],
)
def test_a_failure_of_tensorflow_is_explained(status, message, found):
    said, advice = doctor.explain_failure(status, message)
    assert found in said and advice


@pytest.mark.parametrize("code", ["import os; os.abort()", "import time; time.sleep(600)"])
def test_a_tensorflow_that_crashes_or_hangs_does_not_stop_the_doctor(tmp_path, monkeypatch, code):
    (tmp_path / "tensorflow.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    check = doctor.check_tensorflow(seconds=3)
    assert check.level == PROBLEM and check.advice


GB = 1_000_000_000


@pytest.mark.parametrize(
    ("free", "limit", "cores", "disk", "expected"),
    [
        (9 * GB, None, 2, 9 * GB, [OK, OK, OK]),
        (9 * GB, GB, 2, 9 * GB, [PROBLEM, OK, OK]),  # in a container
        (GB, None, 2, 9 * GB, [NOTE, OK, OK]),
        (9 * GB, None, 1, GB / 5, [OK, NOTE, NOTE]),
    ],
)
def test_a_machine_that_is_too_small_is_noted(monkeypatch, free, limit, cores, disk, expected):
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=16 * GB, available=free))
    monkeypatch.setattr(doctor, "container_limit", lambda: limit)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=disk))
    assert levels(doctor.check_machine()) == expected


class Dataset:
    def __init__(self, ready: bool):
        self.is_ready = lambda folder: ready
        self.paths = lambda folder: [folder / "letters.txt", folder / "more.txt"]


@pytest.mark.parametrize(
    ("mode", "ready", "there", "level"),
    [
        ("auto", True, True, OK),
        ("auto", False, False, OK),
        ("auto", False, True, NOTE),
        ("real", True, True, OK),
        ("real", False, False, PROBLEM),
        ("sample", False, True, OK),
    ],
)
def test_it_says_which_datasets_are_real_missing_or_incomplete(tmp_path, monkeypatch, mode, ready, there, level):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COURSE_DATA", mode)
    if there:
        (tmp_path / "letters.txt").touch()
    *found, summary = doctor.check_data({"letters": Dataset(ready)})
    assert levels(found) == ([] if level == OK else [level])
    assert all("make data" in check.advice and "letters" in check.advice for check in found)
    assert str(tmp_path) in summary.found and ("letters" in summary.found) is ready


def test_a_wrong_data_folder_and_a_wrong_mode_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "mistyped"))
    assert levels(doctor.check_data({})) == [NOTE, OK]
    monkeypatch.setenv("COURSE_DATA", "reel")
    (check,) = doctor.check_data()
    assert check.level == PROBLEM and all(mode in check.found for mode in ("auto", "sample", "real"))


def test_lessons_that_cannot_be_saved_are_a_note(tmp_path):
    assert [doctor.check_notebooks(folder).level for folder in (tmp_path, tmp_path / "missing")] == [OK, NOTE]


@pytest.mark.parametrize(("level", "status"), [(OK, 0), (NOTE, 0), (PROBLEM, 1)])
def test_the_exit_status_tells_whether_lessons_can_run(monkeypatch, capsys, level, status):
    monkeypatch.setattr(doctor, "examine", lambda: iter([Check(level, "Thing", "found so", "do this")]))
    assert doctor.main([]) == status
    assert re.search(rf"^{level} +Thing: found so\n +→ do this$", capsys.readouterr().out, re.MULTILINE)

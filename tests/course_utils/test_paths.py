import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils import paths


@pytest.mark.parametrize(
    ("variable", "folder", "default"),
    [("COURSE_DATA_DIR", paths.data_dir, "data/downloads"), ("COURSE_BUILD_DIR", paths.build_dir, "build")],
)
def test_a_folder_is_that_of_its_variable(monkeypatch, tmp_path, variable, folder, default):
    monkeypatch.chdir(tmp_path)
    default = paths.REPOSITORY / default
    begins = {"here": paths.REPOSITORY / "here", "~/it": Path.home() / "it", str(tmp_path): tmp_path}
    for given, expected in {"": default, " ": default, **begins}.items():
        monkeypatch.setenv(variable, given)
        assert folder() == expected
    monkeypatch.delenv(variable)
    assert folder() == default


def test_a_clone_has_its_files_beside_the_package():
    assert not paths.INSTALLED and (paths.REPOSITORY / "pyproject.toml").is_file()
    assert (
        list(paths.SAMPLES.glob("*.bz2")) and list(paths.RECORDS.glob("*.json")) and list(paths.LESSONS.glob("*.ipynb"))
    )


def test_an_installed_package_has_its_files_inside_and_writes_to_the_working_directory(tmp_path):
    package, work = tmp_path / "site-packages" / "course_utils", tmp_path / "work"
    (package / "samples").mkdir(parents=True)
    work.mkdir()
    for name in ("__init__.py", "paths.py"):
        (package / name).write_bytes((paths.PACKAGE / name).read_bytes())
    code = """from course_utils import paths as p
print(p.INSTALLED, p.SAMPLES, p.RECORDS, p.LESSONS, p.data_dir(), p.build_dir(), sep="\\n")"""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "COURSE_BUILD_DIR": "mine"}
    environment.pop("COURSE_DATA_DIR", None)
    done = subprocess.run([sys.executable, "-c", code], cwd=work, env=environment, capture_output=True, text=True)
    inside = [str(package / name) for name in ("samples", "records", "lessons")]
    assert done.stdout.splitlines() == ["True", *inside, str(work / "data" / "downloads"), str(work / "mine")], (
        done.stderr
    )

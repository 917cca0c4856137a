"""The course as a wheel: what it holds, what works without a clone, and lone notebooks in fresh environments."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from course_tools import notebooks
from course_utils.exercises import MIME, digest
from course_utils.paths import LESSONS, REPOSITORY

FOLDERS, FILES = (
    ("course_utils", "course_tools", "data", "results", "notebooks"),
    ("pyproject.toml", "setup.py", "README.md", "LICENSE*"),
)
NOT_COPIED = shutil.ignore_patterns("downloads", "__pycache__", ".*", "solutions", "source")
LESSON_NAMES = [path.stem for path in sorted((LESSONS / "source").glob("[0-9]*.py"))]
BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
LOOK_AROUND = """
import json
from course_utils import paths, tables
from course_utils.datasets import sample
from course_utils.exercises import Checks
assert len([sample(path.name) for path in paths.SAMPLES.glob("*.bz2")]) > 5
tables.recorded("10_imdb_sentiment", json.loads((paths.RECORDS / "10_imdb_sentiment.json").read_text("utf-8"))
    ["runs"][0]["tables"][0]["title"])
for path in sorted(paths.LESSONS.glob("*.ipynb")):
    for exercise in json.loads(path.read_text("utf-8"))["metadata"]["otter"]["tests"]:
        print(Checks(path.stem).check(exercise))
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The course's wheel, built from a copy: setuptools writes beside what it builds."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in FOLDERS:
        shutil.copytree(REPOSITORY / name, source / name, ignore=NOT_COPIED)
    for path in (path for name in FILES for path in REPOSITORY.glob(name)):
        shutil.copy(path, source)
    (source / "build" / "lib" / "course_utils").mkdir(parents=True)
    (source / "build" / "lib" / "course_utils" / "gone.py").write_text("an earlier version had it")
    done = subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("*.whl")
    return made


def clean(**more: str) -> dict[str, str]:
    """The environment variables of a student who has no clone."""
    left_out = ("PYTHONPATH", "VIRTUAL_ENV", "JPY_SESSION_NAME")
    kept = {key: value for key, value in os.environ.items() if key not in left_out and not key.startswith("COURSE_")}
    return {**kept, "JUPYTER_PREFER_ENV_PATH": "1", **more}


def run(*command: str | Path, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, encoding="utf-8", **options)


def test_the_wheel_holds_the_packages_and_the_files_that_they_read(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        path.relative_to(REPOSITORY).as_posix()
        for name in FOLDERS[:2]
        for pattern in ("*.py", "*.mplstyle", "drawings/*")
        for path in (REPOSITORY / name).rglob(pattern)
    }
    for folder, source, suffixes in (("samples", "data", (".bz2", ".sha256")), ("records", "results", (".json",))):
        files = (path for path in (REPOSITORY / source).rglob("*") if "downloads" not in path.parts)
        expected |= {
            f"course_utils/{folder}/{path.relative_to(REPOSITORY / source).as_posix()}"
            for path in files
            if path.suffix in suffixes
        }
    assert held == expected | {f"course_utils/lessons/{name}.ipynb" for name in LESSON_NAMES}
    assert wheel.stat().st_size < 3_000_000


def test_what_is_installed_finds_all_its_files_in_an_empty_folder_and_writes_nothing(wheel, tmp_path):
    site, folder = tmp_path / "site", tmp_path / "empty"
    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)  # as installing does
    variables = clean(PYTHONPATH=str(site), PYTHONDONTWRITEBYTECODE="1")
    done = run(sys.executable, "-c", LOOK_AROUND, cwd=folder, env=variables)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 2 * len(LESSON_NAMES) and "is not defined" in done.stdout
    command = (sys.executable, "-m", "course_utils")
    status = run(*command, "progress", cwd=folder, env=variables)
    assert [line.split()[0] for line in status.stdout.splitlines()] == [*LESSON_NAMES, "together"], status.stderr
    for_authors = run(*command, "notebooks", cwd=folder, env=variables)
    assert for_authors.returncode == 2 and "clone" in for_authors.stderr
    assert not list(folder.iterdir())
    with zipfile.ZipFile(wheel) as archive:
        assert {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()} == {
            *archive.namelist()
        }


@pytest.fixture(scope="session", params=["2.19", "2.21"])
def python(request, wheel, tmp_path_factory):
    """The Python of a fresh environment with the wheel and one version of TensorFlow."""
    folder, uv = tmp_path_factory.mktemp(f"tensorflow-{request.param}") / "venv", shutil.which("uv")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    made = run(*([uv, "venv", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]), folder)
    assert made.returncode == 0, made.stderr
    install = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
    done = run(*install, wheel, f"tensorflow=={request.param}.*", env=clean())
    assert done.returncode == 0, done.stderr
    yield python
    shutil.rmtree(folder)  # gigabytes


@pytest.mark.wheel
def test_the_doctor_finds_no_problem(python, tmp_path):
    done = run(python, "-m", "course_utils", "doctor", cwd=tmp_path, env=clean())
    assert done.returncode == 0, done.stdout


@pytest.mark.wheel
@pytest.mark.parametrize("lesson", LESSON_NAMES)
def test_a_lone_notebook_runs_to_its_end_with_its_checks(python, tmp_path, lesson):
    path = Path(shutil.copy(LESSONS / f"{lesson}.ipynb", tmp_path))
    where = run(python, "-c", "import course_utils; print(*course_utils.__path__)", cwd=tmp_path, env=clean())
    site = Path(where.stdout.strip()).parent
    before = {path for path in site.rglob("*") if "__pycache__" not in path.parts}
    command = (python, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace", path)
    done = run(*command, cwd=tmp_path, env=clean(COURSE_DATA="sample"))
    assert done.returncode == 0, done.stderr[-5000:]
    notebook = json.loads(path.read_text(encoding="utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    verdicts = [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]
    tests = notebooks.read(path)["metadata"]["otter"]["tests"]
    assert {said["exercise"]: said["tests"] for said in verdicts} == {
        name: digest("tests", tests[name]) for name in tests
    }
    assert {path for path in site.rglob("*") if "__pycache__" not in path.parts} - before == set()
    assert {path.name for path in tmp_path.iterdir()} <= {path.name, "build"}

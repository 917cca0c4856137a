"""The house: two packages and what each may import, one list of dependencies, one range of Pythons, no dead commands."""

import ast
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from course_tools import __main__ as commands
from course_tools.student import environment
from course_utils.paths import REPOSITORY

PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
PAGES = ("README.md", "GUIDE.md", "CONTRIBUTING.md", "TEACHING.md", "HUBS.md")
BEFORE_A_SET_UP = ("doctor", "environment", "exercise_status", "lab", "update")
PYTHONS = ("3.11", "3.12", "3.13")
OS_OF = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}
MARKERS = PYPROJECT["tool"]["uv"]["required-environments"]
TARGETS = [(python, *re.findall(r"== '(\w+)'", marker)) for python in PYTHONS for marker in MARKERS]

needs_make = pytest.mark.skipif(
    os.name == "nt" or shutil.which("make") is None, reason="needs make, and the shell that comes with it"
)
bash = pytest.mark.skipif(os.name == "nt", reason="scripts for bash")


def python_lines(folder: str) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (REPOSITORY / folder).rglob("*.py"))


def test_the_packages_are_small():
    assert python_lines("course_utils") <= 4_400
    assert python_lines("course_utils") - python_lines("course_utils/models") <= 3_000
    assert python_lines("course_tools") <= 4_200
    assert python_lines("tests") <= 11_000


def code_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> list[str]:
    return [node.name for node in code_of(path).body if isinstance(node, ast.FunctionDef)]


def test_what_lessons_import_and_lessons_have_no_commands_and_import_none():
    for path in [*REPOSITORY.glob("course_utils/**/*.py"), *REPOSITORY.glob("notebooks/source/*.py")]:
        nodes = list(ast.walk(code_of(path)))
        imported = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        imported += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
        assert [name for name in imported if name.startswith("course_tools")] == [], path
        assert "main" not in functions(path), path
        assert path.name == "__main__.py" or "__main__" not in path.read_text(encoding="utf-8"), path


def test_every_command_is_a_function_of_course_tools():
    for where, _ in commands.COMMANDS.values():
        module, function = where.split(":")
        assert function in functions(REPOSITORY / "course_tools" / f"{module.replace('.', '/')}.py")


def pins(group: str, python: str, platform: str, machine: str) -> dict[str, Requirement]:
    """The lines of a lock that hold on a computer."""
    names = ("os_name", "platform_system", "sys_platform", "platform_machine", "python_version", "python_full_version")
    values = default_environment() | dict(
        zip(names, (*OS_OF[platform], platform, machine, python, f"{python}.9"), strict=True)
    )
    found = {}
    for requirement in map(Requirement, environment.lock_lines(group)):
        if requirement.marker is None or requirement.marker.evaluate(values):
            name = canonicalize_name(requirement.name)
            other = found.setdefault(name, requirement)
            assert other.specifier == requirement.specifier, f"two versions of {name} for {python} on {platform}"
    return found


@pytest.mark.parametrize("target", TARGETS, ids="-".join)
def test_the_locks_have_every_dependency_in_a_version_that_is_allowed(target):
    extras = PROJECT["optional-dependencies"]
    of_dev = [text for text in extras["dev"] if text != f"{PROJECT['name']}[grading]"]
    assert len(of_dev) == len(extras["dev"]) - 1, "dev includes grading"
    groups = {"lessons": PROJECT["dependencies"], "grading": extras["grading"], "dev": of_dev}
    for group, texts in groups.items():
        locked = pins(group, *target)
        for wanted in map(Requirement, texts):
            (pin,) = locked[canonicalize_name(wanted.name)].specifier
            assert wanted.specifier.contains(pin.version), f"{wanted} is locked at {pin.version}: run make lock"


def test_students_do_not_install_what_only_instructors_and_authors_need():
    grading, dev = {"otter-grader", "jupytext", "sphinx", "playwright"}, {"pytest", "ruff", "hypothesis"}
    assert (grading | dev).isdisjoint(pins("lessons", *TARGETS[0]))
    assert grading <= pins("grading", *TARGETS[0]).keys() and dev.isdisjoint(pins("grading", *TARGETS[0]))


def test_each_lock_holds_exact_versions_and_the_name_of_the_one_before():
    for name, before in zip(environment.LOCKS, ("", *environment.LOCKS), strict=False):
        lines = (REPOSITORY / name).read_text(encoding="utf-8").splitlines()
        assert not before or lines.pop(0) == f"-r {before}"
        for line in lines:
            assert re.fullmatch(r"[a-z0-9-]+==[0-9][\w.+!]*( ; [^#:/]+)?", line), line


@pytest.mark.parametrize(
    "name", [*environment.LOCKS, "pyproject.toml", "environment.yml", "postBuild", "Makefile", ".ci/run"]
)
def test_no_index_is_named(name):
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host", text)


def test_conda_installs_the_locked_packages_for_lessons_and_grading():
    conda = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))
    python, installer, pip = conda["dependencies"]  # conda brings nothing else, so nothing can drift
    assert (python.split("=")[0], installer) == ("python", "pip") and python.split("=")[1] in PYTHONS
    assert pip == {"pip": [f"-r {environment.LOCKS[1]}", "-e ."]}


def test_all_agree_on_the_pythons():
    allowed = SpecifierSet(PROJECT["requires-python"])
    assert [f"3.{minor}" for minor in range(30) if allowed.contains(f"3.{minor}")] == list(PYTHONS)
    oldest, newest = commands.PYTHONS
    assert [f"3.{minor}" for minor in range(oldest[1], newest[1] + 1)] == list(PYTHONS)
    assert f"(3, {oldest[1]}) <= sys.version_info < (3, {newest[1] + 1})" in MAKEFILE


def test_the_wrong_python_is_told_which_is_right():
    assert [commands.wrong_python(version) for version in ((3, 11, 0), (3, 13, 9))] == [None, None]
    for version in ((2, 7, 18), (3, 10, 13), (3, 14, 0)):
        message = commands.wrong_python(version)
        assert "3.11 to 3.13" in message and ".".join(map(str, version)) in message


@pytest.mark.parametrize("name", ["course_utils/__init__.py", "course_utils/__main__.py", "course_tools/__main__.py"])
def test_old_pythons_can_read_as_much_as_they_need_to_be_told(name):
    source = (REPOSITORY / name).read_bytes()
    tree = ast.parse(source.decode("ascii"), feature_version=(3, 7))  # Python 2 reads ASCII only
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.AnnAssign)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.returns]


@pytest.mark.parametrize("module", ["__main__", *(f"student.{name}" for name in BEFORE_A_SET_UP)])
def test_what_runs_before_a_set_up_imports_the_standard_library_only(module):
    code = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import course_tools.{module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    foreign = {name.partition(".")[0] for name in done.stdout.split()} - sys.stdlib_module_names
    assert foreign <= {"course_utils", "course_tools", "__main__"}


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["set-up"], ["setup", "--fast"], ["doctor", "--fast"], ["run", "--help"]]
)
def test_the_command_line_explains_itself(capsys, arguments):
    status = 0 if "--help" in arguments else 2
    assert commands.main(arguments) == status
    captured = capsys.readouterr()
    assert "usage" in (captured.err if status else captured.out)


def test_names_that_are_nearly_right_are_suggested(capsys):
    assert commands.main(["labb"]) == 2 and "mean lab?" in capsys.readouterr().err
    assert commands.unknown("dataset", "IMDB", ["books", "imdb_reviews", "keras_imdb"]).endswith(
        "imdb_reviews or keras_imdb?"
    )
    assert commands.unknown("lesson", "", ["00_start", "01_bag"]).endswith("00_start, 01_bag")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_a_wrong_setting_and_a_full_disk_are_errors_in_a_line_or_two(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", "reel")
    assert commands.main(["lint"]) == 2 and "COURSE_DATA is 'reel'" in capsys.readouterr().err
    monkeypatch.setenv("COURSE_DATA", "sample")
    monkeypatch.setattr("course_tools.lessons.lint.main", lambda _: open("/dev/full", "w").write("x" * 10**6))
    assert commands.main(["lint"]) == 1 and len(capsys.readouterr().err.splitlines()) == 2


def targets() -> set[str]:
    return set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE).group(1).split())


def test_every_target_is_listed_with_what_it_does():
    assert set(re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, re.MULTILINE)) == targets()


@pytest.mark.parametrize("name", PAGES)
def test_every_target_command_and_path_that_a_page_names_exists(name):
    page = (REPOSITORY / name).read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```.*?```|`[^`]+`", page, re.DOTALL))
    assert set(re.findall(r"\bmake ([a-z-]+)", code)) <= targets()
    assert set(re.findall(r"-m course_utils ([a-z][a-z0-9]*)", code)) <= commands.COMMANDS.keys()
    named = re.findall(r"`((?:data|notebooks|course_utils|course_tools|tests|benchmarks|results)/[^` ]*)`", page)
    assert [path for path in named if not re.search("NN|downloads", path) and not list(REPOSITORY.glob(path))] == []


def make_program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def run_make(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
    """Runs make where `folder` is all there is to find programs in, and no environment is set up."""
    variables = {"PATH": str(folder), "COURSE_VENV": str(folder / "venv"), **variables}
    command = [shutil.which("make"), "SHELL=/bin/sh", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=variables, capture_output=True, text=True)


@needs_make
def test_make_alone_lists_the_commands():
    done = run_make(Path(shutil.which("awk")).parent)
    assert {line.split()[1] for line in done.stdout.splitlines()} == targets()


@needs_make
def test_make_takes_the_first_python_that_works_unless_there_is_an_environment(tmp_path):
    make_program(tmp_path / "python3.12", "exit 127")  # as the shims of pyenv do for versions that are not chosen
    for name in ("python3.13", "python3"):
        make_program(tmp_path / name, f'exec "{sys.executable}" "$@"')
    assert 'python="python3.13"' in run_make(tmp_path, "-n", "setup").stdout
    make_program(tmp_path / "venv" / "bin" / "python", f'exec "{sys.executable}" "$@"')
    assert f'python="{tmp_path}/venv/bin/python"' in run_make(tmp_path, "-n", "setup").stdout
    assert 'python="other"' in run_make(tmp_path, "-n", "setup", "PYTHON=other").stdout


@needs_make
def test_make_without_a_python_says_what_to_do(tmp_path):
    make_program(tmp_path / "python3", "exit 1")
    done = run_make(tmp_path, "lab")
    assert done.returncode != 0
    assert "No Python 3.11, 3.12 or 3.13 was found" in done.stderr and "PYTHON=" in done.stderr


@needs_make
@pytest.mark.parametrize(
    ("arguments", "group", "command"),
    [
        (["lab"], "lessons", "course_utils lab"),
        (["setup", "GROUP=dev"], "dev", "course_utils setup dev"),
        (["test", "ARGS=-x"], "dev", "-x"),
        (["run", "ARGS=04"], "dev", "course_utils run 04"),
        (["data", "DATASETS=wnut17"], "lessons", "course_utils data wnut17"),
        (["data", "FROM=/my usb/a.tar"], "lessons", '--from "/my usb/a.tar"'),
        (["grade", "SUBMISSIONS=/week 1", "ARGS=--limit 3"], "grading", 'course_utils grade "/week 1" --limit 3'),
    ],
)
def test_make_sets_up_what_a_command_needs_and_passes_arguments_on(tmp_path, arguments, group, command):
    lines = run_make(tmp_path, "-n", *arguments, "PYTHON=python3").stdout.splitlines()
    assert [line for line in lines if line.endswith(f"-m course_utils setup {group}")]
    assert lines[-1].strip().endswith(command)


@needs_make
def test_make_expands_the_tilde(tmp_path):
    lines = run_make(tmp_path, "-n", "lab", "PYTHON=python3", HOME="/home/ada", COURSE_VENV="~/v").stdout.splitlines()
    assert lines[-1].startswith('"/home/ada/v/bin/python"')


def run_script(script: Path, folder: Path, fails: str | None) -> tuple[bool, list[str]]:
    """Runs a script with programs that only say how they were called, and of which one fails: success, and what was said."""
    for name in ("make", "python", "jupyter"):
        line = f'echo "{name} $* $COURSE_DATA_DIR" | sed "s/ *$//"; case "$*" in *{fails}*) exit 1;; esac'
        make_program(folder / "bin" / name, line)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(["bash", script], cwd=script.parent, env={"PATH": path}, capture_output=True, text=True)
    return done.returncode == 0, done.stdout.splitlines()


@bash
@pytest.mark.parametrize("fails", [None, "test", "run", "test-real"])
def test_ci_runs_tests_lessons_and_real_data_and_stops_at_a_failure(tmp_path, fails):
    script = tmp_path / "repository" / ".ci" / "run"
    script.parent.mkdir(parents=True)
    shutil.copy(REPOSITORY / ".ci" / "run", script)
    assert run_script(script, tmp_path, "nothing") == (True, ["make test", "make run"])
    (tmp_path / "shared" / "datasets").mkdir(parents=True)
    passed, said = run_script(script, tmp_path, fails)
    everything = ["make test", "make run", f"make test-real {tmp_path / 'shared' / 'datasets'}"]
    assert passed is (fails is None)
    assert said == everything[: len(said)] and (said == everything if passed else fails in said[-1])


@bash
@pytest.mark.parametrize("fails", [None, "labextension", "doctor", "run"])
def test_an_image_in_which_a_lesson_does_not_run_is_not_built(tmp_path, fails):
    assert os.access(REPOSITORY / "postBuild", os.X_OK)
    shutil.copy(REPOSITORY / "postBuild", tmp_path)
    passed, said = run_script(tmp_path / "postBuild", tmp_path, fails)
    assert passed is (fails is None)
    assert said[-1] == "python -m course_utils run 00" if passed else fails in said[-1]


@bash
def test_the_examples_for_hubs_can_be_read():
    page = (REPOSITORY / "HUBS.md").read_text(encoding="utf-8")
    check = functools.partial(subprocess.run, ["bash", "-n"], text=True, check=True)
    read = {"python": ast.parse, "yaml": yaml.safe_load, "json": json.loads, "bash": lambda text: check(input=text)}
    examples = re.findall(r"```(\w+)\n(.*?)```", page, re.DOTALL)
    assert {*read} <= {*dict(examples)}
    assert all(read[language](example) for language, example in examples if language in read)


def test_text_has_the_same_bytes_on_every_system():
    """Git for Windows would change line ends, and with them checksums of samples and fingerprints of lessons."""
    assert "* text=auto eol=lf" in (REPOSITORY / ".gitattributes").read_text(encoding="utf-8").splitlines()


def test_the_licences_are_those_of_the_project():
    assert [(REPOSITORY / name).is_file() for name in PROJECT["license-files"]] == [True, True]

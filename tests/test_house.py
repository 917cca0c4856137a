"""The files around the course agree with each other: one list of dependencies, one range of Pythons, no dead commands."""

import ast
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
from course_tools.grading import sandbox, worker
from course_tools.student import environment
from course_tools.student.environment import REPOSITORY

PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
LOCK = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8").splitlines()
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
PAGES = ("README.md", "CONTRIBUTING.md", "TEACHING.md", "HUBS.md")
README, CONTRIBUTING, TEACHING, HUBS = ((REPOSITORY / name).read_text(encoding="utf-8") for name in PAGES)
PYTHONS = ("3.11", "3.12", "3.13")
OS_OF = {"linux": ("posix", "Linux"), "darwin": ("posix", "Darwin"), "win32": ("nt", "Windows")}
TARGETS = [(python, *platform) for python in PYTHONS for platform in sorted(environment.PLATFORMS)]

needs_make = pytest.mark.skipif(
    os.name == "nt" or shutil.which("make") is None, reason="needs make, and the shell that comes with it"
)


def pins(python: str, platform: str, machine: str) -> dict[str, Requirement]:
    """The lines of the lock that hold on a computer."""
    os_name, system = OS_OF[platform]
    environment = {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.9",
        "implementation_version": f"{python}.9",
        "sys_platform": platform,
        "os_name": os_name,
        "platform_system": system,
        "platform_machine": machine,
    }
    found = {}
    for line in LOCK:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"two versions of {name} for {python} on {platform} {machine}"
            found[name] = requirement
    return found


@pytest.mark.parametrize("target", TARGETS, ids="-".join)
def test_the_lock_has_every_dependency_in_a_version_that_is_allowed(target):
    locked = pins(*target)
    for text in PROJECT["dependencies"]:
        wanted = Requirement(text)
        (pin,) = locked[canonicalize_name(wanted.name)].specifier
        assert wanted.specifier.contains(pin.version), f"{text} is locked at {pin.version}: run make lock"
    assert set(environment.BUILD_TOOLS) <= locked.keys()


def test_the_lock_holds_exact_versions_and_nothing_else():
    for line in LOCK:
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][\w.+!]*( ; [^#:/]+)?", line), line


@pytest.mark.parametrize(
    "name",
    [
        "requirements.lock",
        "pyproject.toml",
        "environment.yml",
        "postBuild",
        "Makefile",
        ".ci/run",
        "course_tools/student/environment.py",
    ],
)
def test_no_index_is_named(name):
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|--trusted-host", text)


def test_conda_installs_the_same_list():
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))
    *plain, pip = environment["dependencies"]
    assert pip == {"pip": ["-r requirements.lock", "-e ."]}
    python, installer = plain  # conda brings nothing else, so nothing can drift
    assert installer == "pip"
    name, _, version = python.partition("=")
    assert name == "python" and version in PYTHONS
    assert f"conda activate {environment['name']}" in README


def test_all_agree_on_the_pythons():
    allowed = SpecifierSet(PROJECT["requires-python"])
    assert [f"3.{minor}" for minor in range(30) if allowed.contains(f"3.{minor}")] == list(PYTHONS)
    oldest, newest = commands.PYTHONS
    assert [f"3.{minor}" for minor in range(oldest[1], newest[1] + 1)] == list(PYTHONS)
    assert f"(3, {oldest[1]}) <= sys.version_info < (3, {newest[1] + 1})" in MAKEFILE


def test_all_agree_on_the_platforms():
    markers = PYPROJECT["tool"]["uv"]["required-environments"]
    named = {tuple(re.findall(r"== '(\w+)'", marker)) for marker in markers}
    assert named == environment.PLATFORMS


@pytest.mark.parametrize(
    ("version", "told"),
    [((2, 7, 18), True), ((3, 10, 13), True), ((3, 11, 0), False), ((3, 13, 9), False), ((3, 14, 0), True)],
)
def test_the_wrong_python_is_told_which_is_right(version, told):
    message = commands.wrong_python(version)
    assert (message is not None) is told
    if told:
        assert "3.11 to 3.13" in message and ".".join(map(str, version)) in message


@pytest.mark.parametrize("name", ["__init__.py", "__main__.py"])
def test_old_pythons_can_read_as_much_as_they_need_to_be_told(name):
    source = (REPOSITORY / "course_utils" / name).read_bytes()
    tree = ast.parse(source.decode("ascii"), feature_version=(3, 7))  # Python 2 reads ASCII only
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.AnnAssign)]
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.returns]


def test_old_pythons_of_this_computer_are_told():
    tried = 0
    for name in ("python2.7", "python3.6", "python3.7", "python3.8", "python3.9", "python3.10", "python3.14"):
        if shutil.which(name) and subprocess.run([name, "-c", ""], capture_output=True).returncode == 0:
            done = subprocess.run([name, "-B", "-m", "course_utils", "setup"], cwd=REPOSITORY, capture_output=True)
            assert done.returncode == 1
            assert b"the course needs Python 3.11 to 3.13" in done.stderr and b"Traceback" not in done.stderr
            tried += 1
    if not tried:
        pytest.skip("no Python that the course does not run on is installed here")


@pytest.mark.parametrize(
    "module",
    [
        "course_utils",
        "course_utils.paths",
        "course_tools.__main__",
        "course_tools.student.environment",
        "course_tools.student.exercise_status",
    ],
)
def test_what_runs_before_a_set_up_imports_the_standard_library_only(module):
    code = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    foreign = {name.partition(".")[0] for name in done.stdout.split()} - sys.stdlib_module_names
    assert foreign == {"course_utils", "__main__"}


def test_importing_the_course_does_not_import_the_frameworks():
    code = "import sys, course_utils, course_tools.student.doctor, course_tools.student.lab; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    heavy = {"tensorflow", "keras", "sklearn", "matplotlib", "pandas", "jupyterlab", "numpy"}
    assert heavy.isdisjoint(name.partition(".")[0] for name in done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "usage"),
        (["--help"], 0, "usage"),
        (["set-up"], 2, "usage"),
        (["setup", "--fast"], 2, "usage"),
        (["doctor", "--fast"], 2, "usage"),
    ],
)
def test_the_command_line_explains_itself(capsys, arguments, status, said):
    assert commands.main(arguments) == status
    captured = capsys.readouterr()
    assert said in (captured.err if status else captured.out)


def targets() -> set[str]:
    return set(re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE).group(1).split())


def test_every_target_is_listed_with_what_it_does():
    assert set(re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, re.MULTILINE)) == targets()


@pytest.mark.parametrize("page", [README, CONTRIBUTING, TEACHING, HUBS], ids=PAGES)
def test_every_target_that_a_page_names_exists(page):
    for target in re.findall(r"\bmake ([a-z-]+)", "\n".join(re.findall(r"```.*?```|`[^`]+`", page, re.DOTALL))):
        assert target in targets(), f"the page names `make {target}`"


@pytest.mark.parametrize("page", [README, CONTRIBUTING], ids=PAGES[:2])
def test_every_command_that_a_page_names_exists(page):
    named = re.findall(r"-m course_utils ([a-z][a-z0-9]*)", page)
    assert named
    assert set(named) <= commands.COMMANDS.keys()


@pytest.mark.parametrize("page", [CONTRIBUTING, TEACHING], ids=PAGES[1:3])
def test_every_path_that_a_page_names_exists(page):
    named = {
        path
        for path in re.findall(r"`((?:data|notebooks|course_utils|tests|benchmarks|results)/[^` ]*)`", page)
        if "NN" not in path
    }
    assert named
    assert [path for path in named if not list(REPOSITORY.glob(path))] == []


def test_teaching_states_the_limits_and_options_that_hold():
    limits = sandbox.Limits()
    stated = " ".join(TEACHING.split())
    for what in (
        f"| processor time in one cell or check | {limits.cell} s |",
        f"| time in all | {limits.seconds} s (",
        f"| {limits.memory // 10**9} GB (",
        f"| processes and threads | {worker.PROCESSES} |",
        f"| {sandbox.SCRATCH // 2**20} MB, {sandbox.FILES:,} files, {worker.FILE // 2**20} MB each |",
    ):
        assert what in stated
    done = subprocess.run(
        [sys.executable, "-m", "course_utils", "grade", "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert f"seconds for one notebook (default: {limits.seconds})" in " ".join(done.stdout.split())
    assert f"gigabytes for one notebook (default: {limits.memory // 10**9})" in " ".join(done.stdout.split())
    options = re.findall(r"(--[a-z][a-z-]*)", TEACHING)
    assert options and all(option in done.stdout for option in options)


@needs_make
def test_make_alone_lists_the_commands():
    # As from a shell: a make that runs these tests would have its own flags in the environment.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    done = subprocess.run(["make"], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=True)
    assert {line.split()[1] for line in done.stdout.splitlines()} == targets()


def run_make(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Runs make where `folder` is all there is to find programs in, and no environment is set up."""
    environment = {"PATH": str(folder), "COURSE_VENV": str(folder / "venv")}
    return subprocess.run(
        [shutil.which("make"), "SHELL=/bin/sh", *arguments],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
    )


def make_program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@needs_make
def test_make_takes_the_first_python_that_works(tmp_path):
    make_program(tmp_path / "python3.12", "exit 127")  # as the shims of pyenv do for versions that are not chosen
    make_program(tmp_path / "python3.13", f'exec "{sys.executable}" "$@"')
    make_program(tmp_path / "python3", f'exec "{sys.executable}" "$@"')
    assert 'python="python3.13"' in run_make(tmp_path, "-n", "setup").stdout


@needs_make
def test_make_keeps_the_python_of_an_environment_that_is_there(tmp_path):
    make_program(tmp_path / "python3.12", f'exec "{sys.executable}" "$@"')
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
def test_the_tests_of_make_leave_out_what_needs_data_or_a_browser(tmp_path):
    done = run_make(tmp_path, "-n", "test", "ARGS=-x", "PYTHON=python3")
    assert (
        done.stdout.splitlines()[-1]
        == f'"{tmp_path}/venv/bin/python" -m pytest -m "not real and not browser and not wheel" -x'
    )


@needs_make
def test_the_folder_to_grade_is_passed_on(tmp_path):
    done = run_make(tmp_path, "-n", "grade", "SUBMISSIONS=/home/me/week 1", "ARGS=--limit 300", "PYTHON=python3")
    expected = f'"{tmp_path}/venv/bin/python" -m course_utils grade "/home/me/week 1" --limit 300'
    assert done.stdout.splitlines()[-1] == expected


@needs_make
@pytest.mark.parametrize("source", ["", "/media/my usb/aclImdb_v1.tar.gz"])
def test_data_is_passed_on(tmp_path, source):
    arguments = ["DATASETS=imdb_reviews", *([f"FROM={source}"] if source else [])]
    line = run_make(tmp_path, "-n", "data", "PYTHON=python3", *arguments).stdout.splitlines()[-1]
    expected = f'"{tmp_path}/venv/bin/python" -m course_utils data imdb_reviews'
    assert line.strip() == (f'{expected} --from "{source}"' if source else expected)


@pytest.mark.skipif(os.name == "nt", reason="a script for bash")
@pytest.mark.parametrize("with_data", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_ci_runs_the_tests_then_the_lessons_then_those_on_real_data(tmp_path, with_data, fails):
    script = tmp_path / "repository" / ".ci" / "run"
    script.parent.mkdir(parents=True)
    shutil.copy(REPOSITORY / ".ci" / "run", script)
    make_program(tmp_path / "bin" / "make", f'echo "make $* $COURSE_DATA_DIR"; exit {int(fails)}')
    if with_data:
        (tmp_path / "shared" / "datasets").mkdir(parents=True)
    done = subprocess.run(
        ["bash", str(script)],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    expected = ["make test "]
    if not fails:
        expected.append("make run ")
    if with_data and not fails:
        expected.append(f"make test-real {tmp_path / 'shared' / 'datasets'}")
    assert done.stdout.splitlines() == expected
    assert (done.returncode != 0) is fails


def hub_settings(language: str) -> str:
    """The one example in `language` that HUBS.md has."""
    (example,) = re.findall(rf"```{language}\n(.*?)```", HUBS, re.DOTALL)
    return example


def test_the_settings_for_hubs_can_be_read_and_say_the_same():
    littlest, kubernetes = ast.parse(hub_settings("python")), yaml.safe_load(hub_settings("yaml"))
    user = kubernetes["singleuser"]
    variables = next(ast.literal_eval(node) for node in ast.walk(littlest) if isinstance(node, ast.Dict))
    assert variables == user["extraEnv"]
    assert all(isinstance(value, str) for value in variables.values())  # Kubernetes takes no other
    course = {name for name in variables if name.startswith("COURSE_")}
    assert course and all(f"| `{name}` |" in README for name in course)
    assert user["extraFiles"]["kernels"]["data"] == json.loads(hub_settings("json"))
    (volume,), (mount,) = user["storage"]["extraVolumes"], user["storage"]["extraVolumeMounts"]
    assert volume["name"] == mount["name"] and volume["persistentVolumeClaim"]["readOnly"] and mount["readOnly"]
    assert mount["mountPath"] == variables["COURSE_DATA_DIR"]
    assert f'c.Spawner.default_url = "{user["defaultUrl"]}"' in hub_settings("python")
    assert (REPOSITORY / "notebooks" / Path(user["defaultUrl"]).name).is_file()


@pytest.mark.skipif(os.name == "nt", reason="scripts for bash")
def test_the_scripts_for_hubs_are_sound():
    scripts = re.findall(r"```bash\n(.*?)```", HUBS, re.DOTALL)
    assert len(scripts) == 2
    for script in [*scripts, (REPOSITORY / "postBuild").read_text(encoding="utf-8")]:
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert "-m pip install -r requirements.lock -e ." in scripts[0]  # as environment.yml does


@pytest.mark.skipif(os.name == "nt", reason="a script for bash")
@pytest.mark.parametrize("fails", [None, "labextension", "doctor", "run"])
def test_an_image_that_could_not_teach_is_not_built(tmp_path, fails):
    for name in ("python", "jupyter"):
        make_program(tmp_path / "bin" / name, f'echo "{name} $*"; case "$*" in *{fails}*) exit 1;; esac')
    shutil.copy(REPOSITORY / "postBuild", tmp_path)
    assert os.access(REPOSITORY / "postBuild", os.X_OK)
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(["./postBuild"], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True)
    assert (done.returncode != 0) is (fails is not None)
    said = done.stdout.splitlines()
    assert fails is None or fails in said[-1], "nothing more is done after what failed"
    for line in said:
        if line.startswith("python -m course_utils "):
            assert line.split()[3] in commands.COMMANDS
    assert fails or "python -m course_utils run 00" in said


def test_text_has_the_same_bytes_on_every_system():
    """Git for Windows would else turn line ends, and every checksum of a sample and fingerprint of a lesson with them."""
    assert "* text=auto eol=lf" in (REPOSITORY / ".gitattributes").read_text(encoding="utf-8").splitlines()


def test_the_licences_are_there():
    assert (REPOSITORY / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")
    text = (REPOSITORY / "LICENSE-TEXT").read_text(encoding="utf-8")
    assert "creativecommons.org/licenses/by/4.0" in text
    assert "Section 8 -- Interpretation." in text
    assert {"LICENSE", "LICENSE-TEXT"} == set(PROJECT["license-files"])

import json
import os
import subprocess
import sys

import pytest

from course_tools import kernels
from course_utils.paths import REPOSITORY


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home folder, and none of the variables that a user may have set."""
    for name in ("PYTHONPATH", "KERAS_BACKEND", "TF_USE_LEGACY_KERAS", "COURSE_BUILD_DIR", *kernels.IN_HOME):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def in_a_kernel(code: str) -> str:
    """What `code` prints in a program that has the variables of a kernel."""
    environment = {**os.environ, **kernels.kernel_environment()}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_users_keras_settings_do_not_reach_a_kernel(home, monkeypatch):
    (home / ".keras").mkdir()
    (home / ".keras" / "keras.json").write_text(json.dumps({"floatx": "float16", "backend": "jax"}))
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    monkeypatch.setenv("COURSE_BUILD_DIR", str(home / "build"))
    assert kernels.changed_keras_settings() == {"floatx": "float16", "backend": "jax"}
    code = (
        "import tensorflow as tf, keras; print(keras.backend.backend(), keras.config.floatx(), tf.keras.__version__[0])"
    )
    assert in_a_kernel(code).split() == ["tensorflow", "float32", "3"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"floatx": "float32"}'])
def test_default_or_unreadable_keras_settings_are_left_as_they_are(home, text):
    (home / ".keras").mkdir()
    (home / ".keras" / "keras.json").write_text(text)
    assert "KERAS_HOME" not in kernels.kernel_environment()


def test_a_kernel_imports_the_clone_that_it_was_started_from(tmp_path, monkeypatch):
    other = tmp_path / "other"
    (other / "course_utils").mkdir(parents=True)
    (other / "course_utils" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(other))
    found = in_a_kernel("import course_utils; print(course_utils.__file__)")
    assert found == str(REPOSITORY / "course_utils" / "__init__.py")
    assert kernels.kernel_environment()["PYTHONPATH"].split(os.pathsep) == [str(REPOSITORY), str(other)]


def test_without_a_home_that_can_be_written_a_temporary_folder_is_used(home, monkeypatch):
    assert set(kernels.IN_HOME).isdisjoint(kernels.kernel_environment())
    monkeypatch.setenv("HOME", str(home / "missing"))
    monkeypatch.setenv("USERPROFILE", str(home / "missing"))
    monkeypatch.setenv("IPYTHONDIR", str(home))  # set by the user, so left as it is
    folder = str(kernels.temporary_folder())
    variables = kernels.kernel_environment()
    assert {name for name, value in variables.items() if value.startswith(folder)} == {*kernels.IN_HOME} - {
        "IPYTHONDIR"
    }


def test_a_dead_kernel_in_the_home_does_not_replace_that_of_the_environment(home, monkeypatch):
    dead = home / "jupyter" / "kernels" / "python3"
    dead.mkdir(parents=True)
    (dead / "kernel.json").write_text(json.dumps({"argv": ["/no/python"], "display_name": "old", "language": "python"}))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(home / "jupyter"))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")  # as it is where the environment belongs to another user
    code = "from jupyter_client.kernelspec import get_kernel_spec; print(get_kernel_spec('python3').resource_dir)"
    assert in_a_kernel(code) != str(dead)


def test_writable_is_found_out_by_writing(tmp_path):
    assert kernels.writable(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not kernels.writable(tmp_path / "missing")

"""The variables with which kernels of the course start, in JupyterLab, in `run` and in the grader. Standard library only."""

import atexit
import contextlib
import functools
import json
import os
import sys
import tempfile
from pathlib import Path

from course_utils import files, paths

KERAS_DEFAULTS = {"floatx": "float32", "backend": "tensorflow", "image_data_format": "channels_last", "epsilon": 1e-7}
IN_HOME = [f"JUPYTER_{what}_DIR" for what in ("RUNTIME", "DATA", "CONFIG")]  # folders that are in the home unless set
IN_HOME += ["IPYTHONDIR", "MPLCONFIGDIR", "NUMBA_CACHE_DIR", "KERAS_HOME"]


def kernel_environment() -> dict[str, str]:
    """Variables for a kernel, or for another program that a command starts; they go on top of those of this process. The
    program imports the clone that the command was started from, whatever is installed. Keras has its default settings.
    Without a home folder that can be written, a temporary one is used."""
    clone = [] if paths.INSTALLED else [str(paths.REPOSITORY)]
    others = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path and path not in clone]
    variables = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),  # for "!"
        "PYTHONPATH": os.pathsep.join(clone + others),
        "JUPYTER_PREFER_ENV_PATH": "1",  # not an old extension or kernel in the user's home
        "KERAS_BACKEND": "tensorflow",
        "TF_USE_LEGACY_KERAS": "0",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # several lessons can share one graphics card
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"),
    }
    if not writable(Path(os.path.expanduser("~"))):  # Path.home() raises an error where there is none
        variables |= {name: str(temporary_folder() / name.lower()) for name in IN_HOME if not os.environ.get(name)}
    elif changed_keras_settings():
        variables["KERAS_HOME"] = str(paths.build_dir() / "keras")
    return variables


def keras_file() -> Path:
    """The file that Keras reads its settings from."""
    return Path(os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")) / "keras.json"


def changed_keras_settings() -> dict:
    """The settings in `keras_file()` that are not Keras's defaults, by name."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        settings = json.loads(keras_file().read_text(encoding="utf-8"))
        return {name: value for name, value in settings.items() if KERAS_DEFAULTS.get(name, value) != value}
    return {}


def writable(folder: Path) -> bool:
    """Whether a file can be made in `folder`. This makes one: permissions alone do not show it (root, network drives)."""
    with contextlib.suppress(OSError), tempfile.TemporaryFile(dir=folder):
        return True
    return False


@functools.cache
def temporary_folder() -> Path:
    """A folder of this process alone, removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="course-"))
    atexit.register(files.remove, folder)
    return folder

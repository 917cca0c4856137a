"""Where the course's files are, and whether a lesson gets the embedded sample or the real dataset.

The package has two homes. In a clone, the samples, records and lessons are in folders beside it. A wheel (`setup.py`) has
copies of them inside the package, and what a lesson saves goes to the working directory: nothing is written beside the package.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def homes(package: Path) -> tuple[bool, Path, Path, Path, Path]:
    """Whether `package` is installed from a wheel, the course's root, and the folders of samples, records and lessons."""
    if (package / "samples").is_dir():  # only setup.py makes this folder
        return True, Path.cwd(), package / "samples", package / "records", package / "lessons"
    root = package.parent
    return False, root, root / "data", root / "results", root / "notebooks"


# The root of an installed package is the directory in which it was imported. Its lessons have no cells, only their checks.
INSTALLED, REPOSITORY, SAMPLES, RECORDS, LESSONS = homes(PACKAGE)
MODES = ("auto", "sample", "real")


class DataNotReady(FileNotFoundError):
    """Real data was asked for (COURSE_DATA=real) and is missing. The message names the command that downloads it."""


def data_dir() -> Path:
    """Folder of the real datasets: COURSE_DATA_DIR, or `data/downloads/` of the course. It need not exist."""
    return _folder("COURSE_DATA_DIR", "data/downloads")


def build_dir() -> Path:
    """Folder for what lessons save, vectors and models: COURSE_BUILD_DIR, or `build/` of the course. It need not exist."""
    return _folder("COURSE_BUILD_DIR", "build")


def _folder(variable: str, default: str) -> Path:
    """A relative path begins at the course's root: `make data` is started there, and lessons in `notebooks`."""
    return REPOSITORY / Path(os.environ.get(variable, "").strip() or default).expanduser()


def mode() -> str:
    """What COURSE_DATA asks for: 'auto' (the default: real data if it is there), 'sample' or 'real'.

    Raises ValueError for any other word.
    """
    asked = os.environ.get("COURSE_DATA", "").strip().lower() or "auto"
    if asked not in MODES:
        raise ValueError(f"COURSE_DATA is {asked!r}; it must be one of {', '.join(MODES)}")
    return asked


def choose(dataset: str, is_ready: Callable[[Path], bool]) -> str:
    """'sample' or 'real' for one dataset: what `mode()` asks for, given whether `is_ready(data_dir())`.

    Raises DataNotReady when real data is demanded but missing.
    """
    asked = mode()
    if asked == "sample":
        return "sample"
    if is_ready(data_dir()):
        return "real"
    if asked == "real":
        command = f"python -m course_utils data {dataset}" if INSTALLED else f"make data DATASETS={dataset}"
        raise DataNotReady(
            f"COURSE_DATA=real, but {dataset} is not in {data_dir()}. Download it with:  {command}  or point "
            "COURSE_DATA_DIR at a folder that has it, or unset COURSE_DATA to use the embedded sample."
        )
    return "sample"


def verified(path: Path, script: str) -> Path:
    """The sample file `path` itself; raises ValueError unless it has the sha256 in the file beside it. `script` writes both."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != Path(f"{path}.sha256").read_text(encoding="ascii").split()[0]:
        raise ValueError(
            f"{path} is damaged: its sha256 is not the one in {path.name}.sha256. "
            + ("Install the course again." if INSTALLED else f"Write both again with: python {script}")
        )
    return path

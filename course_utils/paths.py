"""Where the course's files are, and whether lessons are to use embedded samples or real datasets.

In a clone, samples, records and lessons are in folders beside the package. A wheel (`setup.py`) has copies inside it, and what
a lesson saves goes to the working directory.
"""

import os
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


class DataNotReady(FileNotFoundError):
    """Real data was asked for (COURSE_DATA=real) and is missing. The message names the command that downloads it."""


def data_dir() -> Path:
    """Folder of the real datasets: COURSE_DATA_DIR, or `data/downloads/` of the course. It need not exist."""
    return _folder("COURSE_DATA_DIR", "data/downloads")


def build_dir() -> Path:
    """Folder for what lessons save, such as models: COURSE_BUILD_DIR, or `build/` of the course. It need not exist."""
    return _folder("COURSE_BUILD_DIR", "build")


def _folder(variable: str, default: str) -> Path:
    """A relative path begins at the course's root: `make data` is started there, and lessons in `notebooks`."""
    return REPOSITORY / Path(os.environ.get(variable, "").strip() or default).expanduser()


def mode() -> str:
    """What COURSE_DATA asks for: 'auto' (the default: real data if it is there), 'sample' or 'real'.

    Raises ValueError for any other word.
    """
    asked = os.environ.get("COURSE_DATA", "").strip().lower() or "auto"
    if asked not in ("auto", "sample", "real"):
        raise ValueError(f"The variable COURSE_DATA is {asked!r}. Set it to auto, sample or real, or unset it.")
    return asked

"""Arrays and a few names in one .npz file, written whole or not at all, and read without unpickling anything."""

import contextlib
import json
import os
import zipfile
from pathlib import Path

import numpy as np


def write(path: Path, names: dict, arrays: dict[str, np.ndarray]) -> None:
    """Write `names`, which must be JSON, and arrays. Raises OSError, naming the file; what was there stays then."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "wb") as file:
            np.savez(file, names=np.frombuffer(json.dumps(names).encode("utf-8"), dtype=np.uint8), **arrays)
        os.replace(part, path)
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def read(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """What `write` wrote. Raises FileNotFoundError, and ValueError for a file that `write` did not write."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = dict(stored)
        return json.loads(arrays.pop("names").tobytes().decode("utf-8")), arrays
    except FileNotFoundError:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError, OSError) as error:
        raise ValueError(f"{path} cannot be read ({error})") from error

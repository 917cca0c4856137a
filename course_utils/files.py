"""Files that are written whole or not at all, the lock that two programs share, and arrays in a file without pickles.

The standard library is enough to import it, as it is used before anything is installed.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

LOCK_TAKEN = {errno.EACCES, errno.EAGAIN, errno.EDEADLK, errno.EWOULDBLOCK}


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, for a file or a folder; it is renamed to `path` when the block ends without an error.

    Whatever happens, `path` is the old or the complete new one, and the temporary file is removed. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    try:
        yield part
        if part.is_dir():
            if path.exists():
                path.rename(old)
            try:
                part.rename(path)
            except OSError:
                if old.exists():
                    old.rename(path)
                raise
        else:
            with open(part, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(part, path)
    finally:
        for left in (part, old):
            remove(left)


def write(path: Path, content: str | bytes) -> None:
    """Write text (as UTF-8, its line ends unchanged) or bytes to `path`, whole or not at all. Raises OSError."""
    with atomic(path) as part:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with all that is in it; nothing happens where there is none."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Try to hold the lock file `path` during the block: True if this process holds it, False if another one does.

    The system releases it when its holder ends, even by a crash. Where a network drive has no locks, the block runs without.
    """
    with open(path, "ab") as file:
        yield _lock(file.fileno())


def _lock(file: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in LOCK_TAKEN
    return True


def write_arrays(path: Path, names: dict, arrays: dict) -> None:
    """Write `names`, which must be JSON, and NumPy arrays to one .npz file, whole or not at all. Raises OSError."""
    import numpy as np

    text = np.frombuffer(json.dumps(names).encode("utf-8"), dtype=np.uint8)
    try:
        with atomic(path) as part, open(part, "wb") as file:
            np.savez(file, names=text, **arrays)
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error.strerror or error}") from error


def read_arrays(path: Path) -> tuple[dict, dict]:
    """What `write_arrays` wrote. Raises FileNotFoundError, and ValueError for another or a damaged file."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = dict(stored)
        return json.loads(arrays.pop("names").tobytes().decode("utf-8")), arrays
    except FileNotFoundError:
        raise
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, AttributeError, EOFError, OSError) as error:
        raise ValueError(f"{path} cannot be read ({error}). Delete this file and make it again.") from error

"""Getting files from the network and out of archives: what lies under its final name is whole and verified.

Three tools, which every dataset uses. `download` fetches one file: it resumes after an interruption, gives up on a stalled
connection, tries again with growing pauses, and gives the file its final name only after its SHA-256 (or a check of its
structure) was right. `entries` and `extract` read archives without trusting them. `locked`, `storing` and
`require_space` are for code that builds something out of what was fetched.

The network part is written on `requests`: it verifies TLS certificates with its own bundle (Python on macOS often has
none), honours proxies, and has separate limits for connecting and for silence. Pooch, which is made for verified
downloads, starts again from zero after every interruption.

HTTP semantics (ranges, validators): RFC 9110, sections 8.8, 13.1.5 and 14.
"""

import contextlib
import errno
import gzip
import hashlib
import json
import os
import re
import shutil
import stat
import sys
import tarfile
import time
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO

import requests
import urllib3
from tqdm import tqdm

CHUNK = 1 << 16  # bytes; also the most that a broken connection can lose
MUCH = 1 << 20  # bytes; a connection that brought this much before it broke was worth the try
LONGEST_PAUSE = 30.0  # seconds
TRY_AGAIN = {408, 425, 429, 500, 502, 503, 504}  # HTTP answers that may be different in a moment
DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NOT_WRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS}
LOCK_TAKEN = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES}
# Parts of a path that Windows takes for a drive or a device, or shortens.
UNSTORABLE = re.compile(r".*:.*|.*[ .]|(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# What the standard library is known to raise for damaged archives, by trying many (BadGzipFile is an OSError).
BROKEN_ARCHIVE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    IndexError,
    NotImplementedError,
)


class FetchError(RuntimeError):
    """Something that the user has to know or decide. The message is written for them and needs no traceback."""


class Unreachable(FetchError):
    """The file could not be had from the server: no network, no such file, or a connection that kept breaking."""


class WrongContent(FetchError):
    """What came is not the file that was asked for, or it is damaged."""


class UnsafeArchive(FetchError):
    """An archive holds something that has no place in a dataset: a path outside its folder, a link, a bomb."""


class _Interrupted(Exception):
    """One try at a download failed in a way that another try may mend."""


def megabytes(count: int) -> str:
    """`count` bytes in words, in the decimal unit that file managers and download pages use."""
    return f"{count / 1e6:,.1f} MB"


# ---------------------------------------------------------------------------------------------------------------- storage


@contextlib.contextmanager
def storing(folder: Path, needed: int | None) -> Iterator[None]:
    """Turn a full disk or a read-only folder inside this block into a FetchError that says where and how much.

    `needed` is the number of bytes that the whole block stores in `folder`, None if unknown. Other errors pass.
    """
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL | NOT_WRITABLE:
            raise cannot_store(folder, needed, f"{error.filename or folder}: {error.strerror}") from error
        raise


def require_space(folder: Path, needed: int) -> None:
    """Raise FetchError unless `needed` bytes are free in `folder`, which need not exist yet."""
    if _free(folder) < needed:
        raise cannot_store(folder, needed, "there is not enough room")


def cannot_store(folder: Path, needed: int | None, why: str) -> FetchError:
    """The error to raise when `folder` cannot take the `needed` bytes (None: nobody knows how many)."""
    amount = megabytes(needed) if needed else "An unknown number of bytes"
    return FetchError(
        f"Cannot write ({why}). {amount} must go to {folder}, where {megabytes(_free(folder))} are free. Make room, get "
        f"the right to write there, or choose another folder with COURSE_DATA_DIR; then give the same command again."
    )


def _free(folder: Path) -> int:
    # os.path.exists, because Path.exists raises where it may not look
    existing = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    return shutil.disk_usage(existing).free


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path` for the length of the block, so that two runs do not write the same files.

    The system lets go of the lock when a process dies, so a crash leaves nothing to clean up.

    Raises FetchError at once when another run holds it.
    """
    handle = _lock(path)
    try:
        yield
    finally:
        if os.name == "nt":  # Windows does not remove a file that is open
            handle.close()
        with contextlib.suppress(OSError):
            path.unlink()
        handle.close()


def _lock(path: Path) -> BinaryIO:
    while True:
        handle = open(path, "ab")
        try:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in LOCK_TAKEN:
                handle.close()
                raise FetchError(
                    f"Another run is at work in {path.parent} (it holds {path.name}). Wait until it has finished, then "
                    f"give this command again."
                ) from error
            return handle  # some network drives have no locks at all: go on without one
        # The holder before us removes the file before it lets go. Then we hold a file that no one else will find.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle.fileno()), os.stat(path)):
                return handle
        handle.close()


# --------------------------------------------------------------------------------------------------------------- download


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(
    url: str,
    target: Path,
    *,
    size: int | None = None,
    sha256: str | None = None,
    check: Callable[[Path], None] | None = None,
    connect_timeout: float = 10.0,
    stall_timeout: float = 30.0,
    attempts: int = 5,
    pause: float = 1.0,
) -> Path:
    """Fetch `url` into the file `target` and verify it; an existing `target` that verifies is left alone.

    Until then the bytes lie in `target`.part, and stay there when the download is interrupted by whatever means. The
    next call asks for the missing ones only, unless the server's file may have changed: it is recognised by its ETag or
    Last-Modified date, or, if it has neither, by `sha256` when all is there. In doubt the download starts from zero.

    Args:
        size: number of bytes, where it is known.
        sha256: in hexadecimal, where it is known.
        check: for a file without a known hash; is given the path of the complete file and raises FetchError if that
            is not what was wanted. One of `sha256` and `check` is required.
        connect_timeout: seconds to wait for a connection.
        stall_timeout: seconds of silence after which a connection is given up.
        attempts: tries in a row that bring next to nothing before giving up.
        pause: seconds before the second try; doubled for each further one.

    Raises:
        Unreachable: no network, no such file, or the connection broke `attempts` times. What has arrived is kept.
        WrongContent: the server's file is not the one that was wanted. Nothing of it is kept.
        FetchError: no room, no right to write, or another run is downloading the same file.
    """
    if sha256 is None and check is None:
        raise ValueError("download() needs a sha256 or a check: an unverified file must not get its final name")
    with storing(target.parent, size):
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target.with_name(f"{target.name}.lock")):
            if target.exists():
                if _fault(target, sha256, check) is None:
                    return target
                target.unlink()
            part = _Part(target)
            source = _Source(url, size, sha256 is not None, connect_timeout, stall_timeout)
            with tqdm(total=size, unit="B", unit_scale=True, desc=target.name, disable=None) as bar:
                resumed = _fetch(source, part, bar, attempts, pause)
                fault = _fault(part.path, sha256, check)
                if fault and resumed:
                    part.discard()
                    _say(f"{target.name}: what an earlier try had left does not belong to the rest; starting from zero")
                    _fetch(source, part, bar, attempts, pause)
                    fault = _fault(part.path, sha256, check)
            if fault:
                page = _is_web_page(part.path)
                part.discard()
                raise WrongContent(_refusal(url, fault, page))
            os.replace(part.path, target)
            part.discard()
    return target


@dataclass(frozen=True)
class _Source:
    url: str
    size: int | None
    hashed: bool  # a SHA-256 will tell in the end whether all bytes belong together
    connect_timeout: float
    stall_timeout: float


class _Part:
    """An unfinished download: its bytes, and a note of what the server said about the file that they are from."""

    def __init__(self, target: Path):
        self.path = target.with_name(f"{target.name}.part")
        self.note = target.with_name(f"{target.name}.part.json")

    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def origin(self) -> dict:
        """{"url", "validator", "total"} of the file, the last two None where unknown; empty if there is no note."""
        try:
            origin = json.loads(self.note.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return origin if isinstance(origin, dict) else {}

    def begin(self, origin: dict) -> None:
        """Start from zero. The bytes go before the note changes: never new note, old bytes."""
        self.path.write_bytes(b"")
        fresh = self.note.with_suffix(".tmp")
        fresh.write_text(json.dumps(origin), encoding="utf-8")
        os.replace(fresh, self.note)

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def _fetch(source: _Source, part: _Part, bar: tqdm, attempts: int, pause: float) -> bool:
    """Fill `part`, trying as often as allowed. True if bytes from before the last try are in it."""
    failures = 0
    while True:
        before = part.size()
        try:
            return _transfer(source, part, bar)
        except _Interrupted as error:
            failures = 1 if part.size() - before >= MUCH else failures + 1
            if failures >= attempts:
                kept = f" The {megabytes(part.size())} that arrived are kept; the same command goes on from there."
                raise Unreachable(
                    f"{source.url} could not be fetched, {attempts} tries failed: {error}.{kept if part.size() else ''}"
                ) from error
            wait = min(pause * 2 ** (failures - 1), LONGEST_PAUSE)
            _say(f"{part.path.stem}: {error}; trying again in {wait:.0f} s")
            time.sleep(wait)


def _transfer(source: _Source, part: _Part, bar: tqdm) -> bool:
    """One try at the bytes that `part` still lacks. True if it had some already."""
    origin = part.origin()
    validator = origin.get("validator") if origin.get("url") == source.url else None
    if validator is None and not source.hashed:
        part.discard()  # nothing would tell whether these bytes and the next are from the same file
    total = source.size or (origin.get("total") if validator else None)
    have = part.size()
    if have and have == total:
        return True  # only the verification was missing
    with _ask(source, have, validator) as response:
        have, total = _accept(response, source, part, have, total, validator)
        require_space(part.path.parent, (total or 0) - have)
        bar.total, bar.n = total, have
        bar.refresh()
        received = have
        with open(part.path, "ab") as file:
            for chunk in _body(response, source):
                received += len(chunk)
                if total and received > total:
                    break
                file.write(chunk)
                bar.update(len(chunk))
            file.flush()
            os.fsync(file.fileno())
    if total and received > total:
        part.discard()
        raise WrongContent(_refusal(source.url, f"has more than the {total:,} bytes it should have"))
    if total and received < total:
        raise _Interrupted("the connection broke off")
    return have > 0


def _accept(
    response: requests.Response, source: _Source, part: _Part, have: int, total: int | None, validator: str | None
) -> tuple[int, int | None]:
    """Judge an answer by its head: (byte that its body begins with, bytes of the whole file if known).

    The bytes in `part` are given up only for an answer that can be the wanted file.
    """
    status = response.status_code
    if status in TRY_AGAIN:
        raise _Interrupted(f"the server answered {status} {response.reason}")
    if status == 416 or (have and status == 206 and not _continues(response, have, total, validator)):
        part.discard()
        raise _Interrupted("the file on the server is not the one that an earlier try began with")
    if status not in ((200, 206) if have else (200,)):
        raise Unreachable(f"{source.url} cannot be fetched: the server answered {status} {response.reason}.")
    if "html" in response.headers.get("Content-Type", ""):
        raise WrongContent(_refusal(source.url, "is a web page", page=True))
    if status == 206:
        return have, total
    # 200, the whole file: nothing was there before, or the server ignores ranges, or the file has changed
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else source.size
    if source.size and total != source.size:
        raise WrongContent(_refusal(source.url, f"has {total:,} bytes rather than {source.size:,}"))
    part.begin({"url": source.url, "validator": _validator(response), "total": total})
    return 0, total


def _ask(source: _Source, have: int, validator: str | None) -> requests.Response:
    """Ask for the file from byte `have` on, provided it is still the one that `validator` stands for."""
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if validator:
            headers["If-Range"] = validator
    timeout = (source.connect_timeout, source.stall_timeout)
    try:
        return requests.get(source.url, headers=headers, stream=True, timeout=timeout)
    except (requests.ConnectionError, requests.Timeout) as error:
        raise _Interrupted(_reason(error, source)) from error
    except requests.RequestException as error:  # a malformed address, redirects without end
        raise Unreachable(f"{source.url} cannot be fetched: {error}") from error


def _body(response: requests.Response, source: _Source) -> Iterator[bytes]:
    # Not decoded: some servers label every .gz file with a Content-Encoding, and it is wanted as it is stored.
    try:
        yield from response.raw.stream(CHUNK, decode_content=False)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _Interrupted(_reason(error, source)) from error


def _continues(response: requests.Response, have: int, total: int | None, validator: str | None) -> bool:
    """Does this 206 answer carry on, at byte `have`, the file that `total` and `validator` are known of?"""
    given = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if not given or int(given[1]) != have or given[2] not in ("*", str(total or given[2])):
        return False
    return validator is None or _validator(response) in (None, validator)


def _validator(response: requests.Response) -> str | None:
    """What names this version of the file: its ETag, unless it is weak (then other bytes may share it), or its date."""
    tag = response.headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified")


def _reason(error: Exception, source: _Source) -> str:
    """Why a connection failed, in words for the person who waits for it."""
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {source.connect_timeout:g} s"
    if isinstance(error, (requests.Timeout, urllib3.exceptions.ReadTimeoutError, TimeoutError)):
        return f"nothing arrived for {source.stall_timeout:g} s"
    if isinstance(error, requests.exceptions.SSLError):
        return f"no secure connection (is the clock right? does the network want a log-in first?): {error}"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy does not let it through: {error}"
    cause = error.args[0] if error.args else None
    if isinstance(getattr(cause, "reason", None), urllib3.exceptions.NewConnectionError):
        return "the server cannot be reached (is there a network?)"
    return "the connection broke off"


def _fault(path: Path, sha256: str | None, check: Callable[[Path], None] | None) -> str | None:
    """What is wrong with a complete file, or None."""
    if sha256 is not None and (digest := sha256_of(path)) != sha256.lower():
        return f"has the SHA-256 {digest} rather than {sha256}"
    if check is not None:
        try:
            check(path)
        except FetchError as error:
            return f"fails its check: {error}"
    return None


def _refusal(url: str, fault: str, page: bool = False) -> str:
    hint = (
        " It may be the log-in page of this network: open a page in the browser first, then try again." if page else ""
    )
    return f"What {url} gave is not the file that was wanted: it {fault}.{hint}"


def _is_web_page(path: Path) -> bool:
    with open(path, "rb") as file:
        start = file.read(512).lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _say(text: str) -> None:
    tqdm.write(text, file=sys.stderr)  # leaves a progress bar intact


# --------------------------------------------------------------------------------------------------------------- archives


def entries(archive: Path, limit: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    """The files in a .zip, .tar or .tar.gz, in stored order: relative path with "/", and its bytes in pieces.

    The pieces of one file must be taken before the next is asked for. Nothing is written.

    `limit` is the number of bytes that the archive may unpack to (a .tar counts with its headers).

    Raises:
        UnsafeArchive: a path that is absolute, has "..", or could not be stored on every system; two members of one
            name; a link, device or pipe; an encrypted member; more than `limit` bytes.
        WrongContent: not one of these formats, damaged, cut short, or not readable at all.
    """
    names = _Names(archive)
    with _damage(archive), open(archive, "rb") as file:
        start = file.read(4)
        file.seek(0)
        size = os.fstat(file.fileno()).st_size
        bar = {"total": size, "desc": f"reading {archive.name}", "delay": 1, "leave": False, "disable": None}
        with tqdm.wrapattr(file, "read", **bar) as stream:
            if start == b"PK\x03\x04":
                yield from _zip_entries(stream, names, limit)
            elif start[:2] == b"\x1f\x8b":
                with gzip.open(stream) as unpacked:
                    yield from _tar_entries(unpacked, names, limit)
            else:
                yield from _tar_entries(stream, names, limit)


class _Names:
    """The member names of one archive that have been seen, to refuse those that have no place in a dataset."""

    def __init__(self, archive: Path):
        self.archive = archive
        self.files: set[str] = set()
        self.folders: set[str] = set()

    def refuse(self, name: str, why: str) -> UnsafeArchive:
        return UnsafeArchive(f"{self.archive} is refused: its member {name!r} {why}. Nothing was unpacked.")

    def admit(self, name: str, is_folder: bool) -> str:
        """The name without "." and doubled "/"; raises UnsafeArchive if it has no place here."""
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if name.startswith("/") or "\\" in name or ".." in parts:
            raise self.refuse(name, "would be stored outside of its folder")
        nameless = not parts and not is_folder
        if nameless or not name.isprintable() or any(UNSTORABLE.fullmatch(part) for part in parts):
            raise self.refuse(name, "has a name that not every system can store")
        # Some systems do not tell capital from small letters, or composed from decomposed ones.
        folded = [unicodedata.normalize("NFC", part).casefold() for part in parts]
        parents = set(accumulate(folded if is_folder else folded[:-1], "{}/{}".format))
        if not is_folder:
            path = "/".join(folded)
            if path in self.files or path in self.folders:
                raise self.refuse(name, "is there twice")
            self.files.add(path)
        if not parents.isdisjoint(self.files):
            raise self.refuse(name, "is a folder where there is already a file")
        self.folders |= parents
        return "/".join(parts)


def _tar_entries(stream: BinaryIO, names: _Names, limit: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    with tarfile.open(fileobj=_Bounded(stream, names.archive, limit), mode="r|") as tar:
        for member in tar:
            name = names.admit(member.name, member.isdir())
            if member.isdir():
                continue
            if not member.isreg() or member.issparse():
                raise names.refuse(member.name, "is a link, a device or another special file")
            if member.size > limit:  # tarfile would go to its end in small steps, even when there is none
                raise _too_big(names.archive, limit)
            yield name, _pieces(tar.extractfile(member), names.archive)
        # Reading to the very end verifies the checksum of a .gz. A damaged header also looks like the end to tarfile.
        while rest := tar.fileobj.read(CHUNK):
            if rest.strip(b"\0"):
                raise tarfile.ReadError("there is more after the end of the list of files")


def _zip_entries(stream: BinaryIO, names: _Names, limit: int) -> Iterator[tuple[str, Iterator[bytes]]]:
    with zipfile.ZipFile(stream) as bundle:
        if sum(member.file_size for member in bundle.infolist()) > limit:
            raise _too_big(names.archive, limit)
        for member in bundle.infolist():
            name = names.admit(member.orig_filename, member.is_dir())
            if member.is_dir():
                continue
            if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
                raise names.refuse(name, "is a link, a device or another special file")
            if member.flag_bits & 1:
                raise names.refuse(name, "is encrypted")
            with bundle.open(member) as file:
                yield name, _pieces(file, names.archive)


def _pieces(file: BinaryIO, archive: Path) -> Iterator[bytes]:
    with _damage(archive):
        while piece := file.read(CHUNK):
            yield piece


class _Bounded:
    """A stream that refuses to give more than `limit` bytes, against archives that unpack to absurd sizes."""

    def __init__(self, stream: BinaryIO, archive: Path, limit: int):
        self.stream, self.archive, self.limit, self.given = stream, archive, limit, 0

    def read(self, count: int) -> bytes:
        data = self.stream.read(count)
        self.given += len(data)
        if self.given > self.limit:
            raise _too_big(self.archive, self.limit)
        return data


def _too_big(archive: Path, limit: int) -> UnsafeArchive:
    return UnsafeArchive(
        f"{archive} is refused: it unpacks to more than the {megabytes(limit)} that are expected at most."
    )


@contextlib.contextmanager
def _damage(archive: Path) -> Iterator[None]:
    """Turn what the standard library raises for a broken archive into WrongContent."""
    try:
        yield
    except BROKEN_ARCHIVE as error:
        raise WrongContent(
            f"{archive} cannot be read as a .zip, .tar or .tar.gz: it is damaged, cut short or something else ({error})."
        ) from error

"""Download one file and verify it, or ask whether the file at an address is still the same. pooch gives a file its name only
when it is complete and has the right hash, and tries again after a failure; a torn download starts again. requests, which it
uses, honours proxies and brings its own certificates."""

import os
from pathlib import Path

import pooch
import requests
from tqdm import tqdm

from course_tools import Problem
from course_utils import files
from course_utils.datasets.catalogue import File

HEADERS = {"Accept-Encoding": "identity"}  # the file as it is stored
TIMEOUTS = (10.0, 30.0)  # seconds to wait for a connection, and for the next bytes
LOGIN = "it is a web page, perhaps the login page of this network; log in with a browser, then try again"
HINTS = {  # the first that fits a failed connection
    requests.exceptions.ProxyError: "check the variables http_proxy, https_proxy and all_proxy",
    requests.exceptions.SSLError: "check this computer's clock, and whether the network needs a login in a browser",
    requests.ConnectionError: "the server cannot be reached; check the network connection",
    ValueError: "check the variables COURSE_MIRROR, http_proxy, https_proxy and all_proxy",
    Exception: "try again later",
}


class WrongContent(Problem):
    """A file is not the expected one, or it is damaged."""


def address(file: File) -> str:
    """Where to download the file: its own URL, or the file of that name under the address in COURSE_MIRROR."""
    mirror = os.environ.get("COURSE_MIRROR", "").strip().rstrip("/")
    return f"{mirror}/{file.name}" if mirror else file.url


def download(file: File, folder: Path, *, retries: int = 3, timeouts: tuple[float, float] = TIMEOUTS) -> Path:
    """Download `file` into `folder`, unless a file with its name and hash is there; returns its path. A broken connection,
    silence or a busy server is tried again, `retries` times with pauses of 1, 2, 3 … seconds. Raises WrongContent,
    Problem where the file cannot be downloaded, and OSError where it cannot be written; then no file remains."""
    url = address(file)

    def examine(response: requests.Response, **_) -> None:
        if 400 <= response.status_code < 500 and response.status_code not in (408, 425, 429):  # these may soon be over
            raise Problem(f"{url} cannot be downloaded: {response.status_code} {response.reason}.")
        if response.status_code == 200:
            _compare(response, file, url)
            response.raw.headers.pop("Content-Encoding", None)  # some servers give a .gz file one; it stays compressed

    def transfer(url: str, part: str, _) -> None:
        with tqdm(total=file.size or 1, unit="B", unit_scale=True, desc=file.name, disable=None) as bar:
            options = {"headers": HEADERS, "timeout": timeouts, "hooks": {"response": examine}}
            pooch.HTTPDownloader(bar, chunk_size=1 << 16, **options)(url, part, None)
        with open(part, "rb") as start:
            if start.read(512).lstrip().lower().startswith((b"<!doctype html", b"<html")):
                raise WrongContent(f"{url} is not the expected file: {LOGIN}.")
        if file.sha256 and files.sha256(Path(part)) != file.sha256:
            raise WrongContent(f"{url} is not the expected file: it has another SHA-256.")

    known = {file.name: file.sha256 and f"sha256:{file.sha256}"}
    manager = pooch.create(folder, base_url="", registry=known, urls={file.name: url}, retry_if_failed=retries)
    try:
        return Path(manager.fetch(file.name, downloader=transfer))
    except (requests.RequestException, ValueError) as error:  # ValueError: a proxy that cannot be understood
        raise Problem(f"{url} cannot be downloaded: {_hint(error)}") from error


def check(file: File, *, timeouts: tuple[float, float] = TIMEOUTS) -> int | None:
    """Ask for the header of `file` at its address. Returns its size in bytes, None where the server does not state it.
    Raises WrongContent where it has another size or is a web page, and Problem where there is no answer."""
    url, options = address(file), {"timeout": timeouts, "allow_redirects": True, "stream": True}
    try:
        with requests.Session() as session:
            response = session.head(url, headers=HEADERS, **options)
            if not response.ok:  # some servers do not answer HEAD
                response = session.get(url, headers={**HEADERS, "Range": "bytes=0-0"}, **options)
            response.raise_for_status()
    except (requests.RequestException, ValueError) as error:
        raise Problem(f"{url} cannot be reached: {_hint(error)}") from error
    return _compare(response, file, url)


def _compare(response: requests.Response, file: File, url: str) -> int | None:
    """The size of the whole file, where the header states it. Raises WrongContent if this cannot be the file."""
    if "html" in response.headers.get("Content-Type", ""):
        raise WrongContent(f"{url} is not the expected file: {LOGIN}.")
    stated = response.headers.get("Content-Range") or response.headers.get("Content-Length", "")
    size = int(stated.rpartition("/")[2]) if stated.rpartition("/")[2].isdecimal() else None
    if file.size and size is not None and size != file.size:
        raise WrongContent(f"{url} is not the expected file: it has {size:,} bytes instead of {file.size:,}.")
    return size


def _hint(error: Exception) -> str:
    return next(f"{hint} ({error})" for kind, hint in HINTS.items() if isinstance(error, kind))

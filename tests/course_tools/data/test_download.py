"""Downloading one file from a server that misbehaves, and asking whether it is still the same."""

import gzip
import hashlib
import os
import types

import pytest
from bad_server import NOWHERE, BadServer, Reply

from course_tools import Problem
from course_tools.data.download import WrongContent, check, download
from course_utils.datasets.catalogue import File

BODY = bytes(range(256)) * 1000
PACKED = gzip.compress(BODY)
PAGE = b"<!DOCTYPE html><html><title>Please log in</title></html>"
UNKNOWN = File("http://x.invalid/letters.bin")
KNOWN = File(UNKNOWN.url, len(BODY), hashlib.sha256(BODY).hexdigest())
GZ = File(UNKNOWN.url, len(PACKED), hashlib.sha256(PACKED).hexdigest())


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """The pauses between tries, which the tests do not wait for."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "COURSE_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    seconds = []
    monkeypatch.setattr("pooch.core.time", types.SimpleNamespace(sleep=seconds.append))
    return seconds


@pytest.fixture
def ask(monkeypatch, tmp_path):
    """A function that downloads, or checks, a file from a server with these replies. `ask.requests` has the requests."""

    def run(file, *replies, act=download, **options):
        with BadServer(*replies) as server:
            monkeypatch.setenv("COURSE_MIRROR", server.url)
            run.requests = server.requests
            return download(file, tmp_path, **options).read_bytes() if act is download else check(file)

    return run


@pytest.mark.parametrize(
    ("file", "reply"),
    [
        (KNOWN, Reply(BODY)),
        (UNKNOWN, Reply(BODY)),
        (UNKNOWN, Reply(BODY, length=False)),
        (GZ, Reply(PACKED, encoding="x-gzip")),  # some servers send .gz files so; they stay compressed
    ],
)
def test_a_good_server_is_asked_once(ask, tmp_path, file, reply):
    assert ask(file, reply) == reply.body
    assert ask.requests == ["GET /letters.bin"] and os.listdir(tmp_path) == ["letters.bin"]


def test_without_a_mirror_the_file_comes_from_its_own_address(tmp_path):
    with BadServer(Reply(BODY)) as server:
        assert download(File(f"{server.url}/deep/letters.bin"), tmp_path).read_bytes() == BODY
    assert server.requests == ["GET /deep/letters.bin"]


def test_what_is_there_is_kept_if_it_is_right_and_replaced_if_not(ask, tmp_path):
    (tmp_path / "letters.bin").write_bytes(BODY)
    assert ask(KNOWN, Reply(status=500)) == BODY and ask.requests == []
    (tmp_path / "letters.bin").write_bytes(BODY[:-1])
    assert ask(KNOWN, Reply(BODY)) == BODY and len(ask.requests) == 1


@pytest.mark.parametrize("file", [KNOWN, UNKNOWN])
@pytest.mark.parametrize(
    "broken",
    [
        Reply(BODY, stop_after=100_000),
        Reply(BODY, stop_after=100_000, length=False),
        Reply(PAGE, status=503, content_type="text/html"),
        Reply(status=429),
    ],
)
def test_a_failed_try_is_followed_by_another(ask, tmp_path, pauses, broken, file):
    assert ask(file, broken, broken, Reply(BODY), retries=2) == BODY
    assert len(ask.requests) == 3 and pauses == [1, 2] and os.listdir(tmp_path) == ["letters.bin"]
    (tmp_path / "letters.bin").unlink()
    with pytest.raises(Problem, match="cannot be downloaded"):
        ask(file, broken, retries=2)
    assert len(ask.requests) == 3 and os.listdir(tmp_path) == []


@pytest.mark.parametrize("after", [0, 100_000])
def test_a_silent_server_is_asked_again(ask, tmp_path, after):
    silent = Reply(BODY, stop_after=after, silent=True)
    assert ask(KNOWN, silent, Reply(BODY), timeouts=(10, 0.5)) == BODY
    (tmp_path / "letters.bin").unlink()
    with pytest.raises(Problem, match="timed out"):
        ask(KNOWN, silent, retries=0, timeouts=(10, 0.1))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("file", "reply", "error"),
    [
        (KNOWN, Reply(PAGE, status=404, content_type="text/html"), Problem),
        (UNKNOWN, Reply(status=403), Problem),
        (KNOWN, Reply(BODY[::-1]), WrongContent),
        (KNOWN, Reply(BODY[:-1], length=False), WrongContent),
        (UNKNOWN, Reply(PAGE, content_type="text/html; charset=utf-8"), WrongContent),
        (UNKNOWN, Reply(b"\n " + PAGE), WrongContent),
        (KNOWN, Reply(b"\n " + PAGE, length=False), WrongContent),
    ],
)
def test_a_refusal_or_another_file_is_final_and_leaves_nothing(ask, tmp_path, file, reply, error):
    with pytest.raises(error) as refusal:
        ask(file, reply)
    assert type(refusal.value) is error
    assert ("login page" in str(refusal.value)) == (PAGE in reply.body and reply.status == 200)
    assert len(ask.requests) == 1 and os.listdir(tmp_path) == []


@pytest.mark.parametrize("variable", ["COURSE_MIRROR", "http_proxy"])
@pytest.mark.parametrize("value", [NOWHERE, "nonsense://x", "socks://127.0.0.1:1", "http://[::"])
def test_no_server_a_wrong_mirror_or_a_wrong_proxy(monkeypatch, tmp_path, variable, value):
    monkeypatch.setenv(variable, value)
    for act in (lambda: download(KNOWN, tmp_path, retries=1), lambda: check(KNOWN)):
        with pytest.raises(Problem, match="letters.bin"):
            act()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("file", "replies", "size"),
    [
        (KNOWN, [Reply(BODY)], len(BODY)),
        (KNOWN, [Reply(BODY, length=False)], None),
        (KNOWN, [Reply(PAGE, status=405, content_type="text/html"), Reply(BODY)], len(BODY)),
        (KNOWN, [Reply(BODY + b"more")], WrongContent),
        (KNOWN, [Reply(status=405), Reply(BODY[:-1])], WrongContent),
        (UNKNOWN, [Reply(PAGE, content_type="text/html")], WrongContent),
        (KNOWN, [Reply(status=404)], Problem),
    ],
)
def test_an_address_is_compared_by_its_header(ask, file, replies, size):
    if isinstance(size, type):
        with pytest.raises(size, match="letters.bin"):
            ask(file, *replies, act=check)
    else:
        assert ask(file, *replies, act=check) == size
        assert ask.requests == ["HEAD /letters.bin", "GET /letters.bin"][: len(replies)]

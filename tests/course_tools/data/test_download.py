"""Downloads against a server that misbehaves, and archives that were made to do harm."""

import contextlib
import errno
import gzip
import hashlib
import io
import os
import random
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zipfile
from pathlib import Path

import pytest
from bad_server import BadServer, Reply, closed_port
from hypothesis import given, settings
from hypothesis import strategies as st

from course_tools.data import download as module

BODY = random.Random(0).randbytes(300_000)
OTHER = random.Random(1).randbytes(300_000)  # of the same size: only its bytes differ
WHOLE = Reply(BODY)
CUT = 150_000
TORN = Reply(BODY, stop_after=CUT)
PAGE = Reply(b"<!DOCTYPE html><title>Log in</title>", content_type="text/html; charset=utf-8", ranges=False)
SHA256 = hashlib.sha256(BODY).hexdigest()
IMPATIENT = {"connect_timeout": 5.0, "stall_timeout": 0.3, "attempts": 3, "pause": 0.0}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def target(tmp_path):
    return tmp_path / "data" / "file.bin"


def download(server, target, **options):
    options = {"sha256": SHA256, "size": len(BODY)} | IMPATIENT | options
    return module.download(f"{server.url}/file.bin", target, **options)


def begin(target, reply=TORN, **options):
    """Leave a download torn in the middle; returns how many bytes it has kept."""
    with BadServer(reply) as server, pytest.raises(module.Unreachable):
        download(server, target, attempts=1, **options)
    return part(target).stat().st_size


def resume(server, target, **options):
    """As `download`, for a server whose address is not that of `begin`: the note is made to name it."""
    note = part(target).with_name("file.bin.part.json")
    text = note.read_text()
    address = text.split('"')[3]
    note.write_text(text.replace(address, f"{server.url}/file.bin"))
    return download(server, target, **options)


def part(target):
    return target.with_name("file.bin.part")


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def is_not_empty(path):
    """A check that two halves of different files would pass."""
    if path.stat().st_size == 0:
        raise module.FetchError("it is empty")


def is_body(path):
    if path.read_bytes() != BODY:
        raise module.FetchError("something else")


CHECKED = {"sha256": None, "size": None, "check": is_not_empty}


# --------------------------------------------------------------------------------------------------------------- download


@pytest.mark.parametrize("known", [{}, {"size": None}, CHECKED])
@pytest.mark.parametrize("reply", [WHOLE, Reply(BODY, etag=None), Reply(BODY, chunked=True)])
def test_a_good_server_is_asked_once(target, reply, known):
    with BadServer(reply) as server:
        assert download(server, target, **known) == target
        assert server.asked == [None]
        assert server.requests[0][1]["Accept-Encoding"] == "identity"
    assert target.read_bytes() == BODY
    assert files(target.parent) == ["file.bin"]


def test_what_is_there_and_right_is_not_fetched_again(target):
    with BadServer(WHOLE) as server:
        download(server, target)
        download(server, target)
        assert len(server.asked) == 1


def test_what_is_there_and_wrong_is_replaced(target):
    target.parent.mkdir()
    target.write_bytes(OTHER)
    with BadServer(WHOLE) as server:
        download(server, target)
    assert target.read_bytes() == BODY


def test_something_to_verify_by_is_required(target):
    with pytest.raises(ValueError, match="sha256 or a check"):
        module.download("http://127.0.0.1:1/file.bin", target)


@pytest.mark.parametrize("known", [{}, CHECKED])
@pytest.mark.parametrize("then", ["close", "reset", "stall"])
def test_a_broken_connection_is_taken_up_where_it_broke(target, then, known):
    with BadServer(Reply(BODY, stop_after=CUT, then=then), WHOLE) as server:
        download(server, target, **known)
        first, second = server.asked
    assert target.read_bytes() == BODY
    assert first is None
    asked_from = int((second or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    assert asked_from <= CUT
    if then != "reset":  # a reset throws away what the system had received, but not handed over
        assert asked_from > CUT - module.CHUNK


def test_a_later_run_asks_for_the_missing_bytes_only(target):
    kept = begin(target)
    assert CUT - module.CHUNK < kept <= CUT
    assert part(target).read_bytes() == BODY[:kept]
    with BadServer(WHOLE) as server:
        resume(server, target)
        assert server.asked == [f"bytes={kept}-"]
    assert target.read_bytes() == BODY
    assert files(target.parent) == ["file.bin"]


def test_another_mirror_may_go_on_if_the_hash_is_known(target):
    kept = begin(target)
    with BadServer(Reply(BODY, etag='"other server"')) as server:
        download(server, target)
        assert server.asked == [f"bytes={kept}-"]
    assert target.read_bytes() == BODY


@pytest.mark.parametrize(
    "seen_before, now",
    [
        ({}, {"etag": '"two"'}),  # recognised by If-Range: the server answers with the whole file
        ({}, {"etag": '"two"', "tagged_parts": False}),
        ({}, {"etag": '"two"', "if_range": False}),  # If-Range ignored, but the answer carries the other tag
        ({"etag": None, "modified": "Mon, 01 Jan 2024 00:00:00 GMT"}, {"etag": None, "modified": "Tue, 02 Jan 2024"}),
        ({"etag": 'W/"weak"'}, {"etag": 'W/"weak"'}),  # a weak tag may stay although bytes have changed
        ({"etag": None}, {"etag": None}),  # nothing to recognise a change by
    ],
)
@pytest.mark.parametrize("hashed", [True, False])
def test_two_versions_are_never_glued_together(target, seen_before, now, hashed):
    known = {"sha256": hashlib.sha256(OTHER).hexdigest()} if hashed else CHECKED
    begin(target, Reply(BODY, stop_after=CUT, **seen_before), **known)
    with BadServer(Reply(OTHER, **now)) as server:
        resume(server, target, **known)
        assert server.asked[-1] is None or len(server.asked) == 1
    assert target.read_bytes() == OTHER
    assert files(target.parent) == ["file.bin"]


def test_the_file_may_be_swapped_between_the_tries_of_one_run(target):
    with BadServer(TORN, Reply(OTHER, etag='"two"')) as server:
        download(server, target, **CHECKED)
    assert target.read_bytes() == OTHER


def test_a_part_from_another_place_is_not_glued_on(target):
    begin(target, **CHECKED)
    with BadServer(Reply(BODY, shift=-10)) as server:
        resume(server, target, **CHECKED)
    assert target.read_bytes() == BODY


def test_a_shorter_file_than_what_is_there_starts_again(target):
    begin(target, **CHECKED)
    with BadServer(Reply(BODY[:1000], if_range=False)) as server:  # answers 416
        short = module.sha256_of(_write(target.with_name("short"), BODY[:1000]))
        resume(server, target, size=None, sha256=short)
        assert [asked is None for asked in server.asked] == [False, True]
    assert target.read_bytes() == BODY[:1000]


def test_a_server_that_knows_no_ranges_starts_again(target):
    begin(target)
    with BadServer(Reply(BODY, ranges=False)) as server:
        resume(server, target)
    assert target.read_bytes() == BODY


def test_a_complete_part_is_verified_without_asking(target):
    begin(target)
    part(target).write_bytes(BODY)
    with BadServer(WHOLE) as server:
        resume(server, target)
        assert server.asked == []
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("left", [OTHER[:CUT], OTHER, BODY + b"x"])
def test_a_spoilt_part_is_given_up(target, left):
    begin(target)
    part(target).write_bytes(left)
    with BadServer(WHOLE) as server:
        resume(server, target)
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("note", ["", "[]", "{", '{"url": 3}'])
def test_a_spoilt_note_does_no_harm(target, note):
    begin(target)
    part(target).with_name("file.bin.part.json").write_text(note)
    with BadServer(WHOLE) as server:
        download(server, target)
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("known", [{}, {"size": None}, CHECKED | {"check": is_body}])
def test_wrong_content_is_refused_and_removed(target, known):
    with BadServer(Reply(BODY[:-1] + b"\0")) as server:
        with pytest.raises(module.WrongContent, match="not the file that was wanted"):
            download(server, target, **known)
        assert len(server.asked) == 1
    assert files(target.parent) == []


@pytest.mark.parametrize("chunked", [True, False])
def test_a_file_without_end_is_not_read_to_the_end(target, chunked):
    endless = Reply(BODY * 2, chunked=chunked, stop_after=450_000, then="stall")
    with BadServer(endless) as server, pytest.raises(module.WrongContent, match="300,000"):
        download(server, target)
    assert files(target.parent) == []


def test_an_early_end_that_the_library_does_not_report(target, monkeypatch):
    body = module._body
    first = iter([True])

    def cut(response, source):
        chunks = body(response, source)
        return [next(chunks)] if next(first, False) else chunks

    monkeypatch.setattr(module, "_body", cut)
    with BadServer(WHOLE) as server:
        download(server, target)
        assert server.asked == [None, f"bytes={module.CHUNK}-"]
    assert target.read_bytes() == BODY


def test_another_length_behind_the_same_tag(target):
    begin(target, **CHECKED)
    with BadServer(Reply(OTHER + b"more")) as server:
        resume(server, target, **CHECKED)
    assert target.read_bytes() == OTHER + b"more"


@pytest.mark.parametrize("claimed, error", [(400_000, module.Unreachable), (200_000, module.WrongContent)])
def test_a_wrong_content_length(target, claimed, error):
    with BadServer(Reply(BODY, length=claimed)) as server:
        with pytest.raises(module.WrongContent, match=f"{claimed:,} bytes rather than 300,000"):
            download(server, target)
        with pytest.raises(error):
            download(server, target, size=None)
    assert not target.exists()


def test_a_login_page_is_named_and_costs_no_byte_that_was_right(target):
    kept = begin(target)
    with BadServer(PAGE) as server, pytest.raises(module.WrongContent, match="log-in page"):
        resume(server, target)
    assert part(target).read_bytes() == BODY[:kept]
    assert not target.exists()


def test_a_login_page_in_disguise_is_recognised(target):
    with BadServer(Reply(PAGE.body)) as server, pytest.raises(module.WrongContent, match="log-in page"):
        download(server, target, size=None)
    assert files(target.parent) == []


def test_a_missing_file_is_not_asked_for_twice(target):
    with BadServer(Reply(status=404)) as server:
        with pytest.raises(module.Unreachable, match="404 Not Found"):
            download(server, target)
        assert len(server.asked) == 1
    assert files(target.parent) == []


def test_a_busy_server_is_asked_again(target):
    with BadServer(Reply(status=503), Reply(status=429), WHOLE) as server:
        download(server, target)
    assert target.read_bytes() == BODY


def test_giving_up_says_why_and_what_is_kept(target):
    with BadServer(Reply(BODY, stop_after=CUT, then="stall"), Reply(BODY, stop_after=0, then="stall")) as server:
        with pytest.raises(
            module.Unreachable, match=r"3 tries failed: nothing arrived for 0.3 s. The 0.1 MB .* are kept"
        ):
            download(server, target)
        assert len(server.asked) == 3
    assert not target.exists()


def test_tries_that_bring_much_do_not_count(target, monkeypatch):
    monkeypatch.setattr(module, "MUCH", 50_000)
    with BadServer(Reply(BODY, stop_after=70_000)) as server:
        download(server, target, attempts=2)
        assert len(server.asked) > 2
    assert target.read_bytes() == BODY


def test_pauses_grow(target, monkeypatch):
    pauses = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    with BadServer(Reply(status=503)) as server, pytest.raises(module.Unreachable):
        download(server, target, attempts=8, pause=1.0)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


def test_no_server_at_all(target):
    with closed_port() as url, pytest.raises(module.Unreachable, match="cannot be reached"):
        module.download(f"{url}/file.bin", target, sha256=SHA256, **IMPATIENT)
    assert files(target.parent) == []


def test_a_malformed_address(target):
    with pytest.raises(module.Unreachable, match="cannot be fetched"):
        module.download("nonsense://host/file.bin", target, sha256=SHA256, **IMPATIENT)


def test_a_label_of_compression_does_not_change_the_file(target, monkeypatch):
    """Some servers say Content-Encoding: gzip of every .gz file; the file is wanted as it is."""
    packed = gzip.compress(BODY)
    monkeypatch.setattr("bad_server._Handler.end_headers", _with_encoding)
    with BadServer(Reply(packed)) as server:
        download(server, target, size=len(packed), sha256=hashlib.sha256(packed).hexdigest())
    assert target.read_bytes() == packed


def _with_encoding(handler):
    handler.send_header("Content-Encoding", "gzip")
    super(type(handler), handler).end_headers()


# ------------------------------------------------------------------------------------------- interruptions, disks, rights

CHILD = """
import sys
from pathlib import Path
from course_tools.data import download as module
{before}
try:
    module.download(sys.argv[1], Path(sys.argv[2]), size=300_000, sha256=sys.argv[3], stall_timeout=60)
except module.FetchError as error:
    print(error)
    sys.exit(1)
"""


def child(server, target, before=""):
    code = CHILD.format(before=before)
    command = [sys.executable, "-c", code, f"{server.url}/file.bin", str(target), SHA256]
    return subprocess.Popen(command, cwd=Path(module.__file__).parents[2], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("how", ["kill", "interrupt"])
def test_a_stopped_process_leaves_what_it_had(target, how):
    if how == "interrupt" and os.name == "nt":
        pytest.skip("Windows cannot send Ctrl-C to one process")
    with BadServer(Reply(BODY, stop_after=CUT, then="stall"), WHOLE) as server:
        process = child(server, target)
        while not (part(target).exists() and part(target).stat().st_size >= module.CHUNK):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT) if how == "interrupt" else process.kill()
        process.communicate()
        kept = part(target).stat().st_size
        assert part(target).read_bytes() == BODY[:kept]
        assert not target.exists()
        download(server, target)
        assert server.asked == [None, f"bytes={kept}-"]
    assert target.read_bytes() == BODY


@pytest.mark.skipif(os.name == "nt", reason="limits are POSIX")
def test_a_real_limit_on_what_can_be_written(target):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))"
    with BadServer(WHOLE) as server:
        process = child(server, target, before=limit)
        message, _ = process.communicate()
        assert process.returncode == 1
        assert "0.3 MB must go to" in message and str(target.parent) in message
        assert part(target).read_bytes() == BODY[:200_000]
        download(server, target)
        assert server.asked == [None, "bytes=200000-"]
    assert target.read_bytes() == BODY


class FullDisk(io.FileIO):
    """A file on a disk with room for a hundred thousand bytes more, which then fails as the given error number says."""

    number = errno.ENOSPC

    def write(self, data):
        if self.tell() + len(data) > 100_000:
            raise OSError(self.number, os.strerror(self.number))
        return super().write(data)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk(target, monkeypatch, number):
    monkeypatch.setattr(FullDisk, "number", number)
    monkeypatch.setattr(module, "open", lambda path, mode: FullDisk(path, mode.replace("b", "")), raising=False)
    with BadServer(WHOLE) as server, pytest.raises(module.FetchError) as caught:
        download(server, target)
    assert os.strerror(number) in str(caught.value)
    assert "0.3 MB must go to" in str(caught.value) and str(target.parent) in str(caught.value)
    kept = part(target).read_bytes()
    assert kept and BODY.startswith(kept)
    monkeypatch.undo()
    with BadServer(WHOLE) as server:
        resume(server, target)
        assert server.asked == [f"bytes={len(kept)}-"]


def test_too_little_room_is_seen_before_the_first_byte(target, monkeypatch):
    monkeypatch.setattr(module, "_free", lambda folder: 299_999)
    with BadServer(WHOLE) as server, pytest.raises(module.FetchError, match="0.3 MB must go to .*0.3 MB are free"):
        download(server, target)
    assert part(target).read_bytes() == b""
    assert not target.exists()


@contextlib.contextmanager
def folder_without_rights():
    """A real folder that this process may not write into; as root by being somebody else for a while."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o555)
        try:
            if os.geteuid() == 0:
                os.seteuid(65534)
            yield Path(name)
        finally:
            if os.getuid() == 0:
                os.seteuid(0)
            os.chmod(name, 0o755)


@pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX")
@pytest.mark.parametrize("inside", ["file.bin", "new/file.bin"])
def test_a_read_only_folder(inside):
    with folder_without_rights() as folder, BadServer(WHOLE) as server:
        with pytest.raises(module.FetchError, match=r"Cannot write .*denied.* 0.3 MB must go to .*COURSE_DATA_DIR"):
            download(server, folder / inside)
        assert server.asked == []


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_read_only_disk(target, monkeypatch, number):
    def refuse(path, mode):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(module, "open", refuse, raising=False)
    with BadServer(WHOLE) as server, pytest.raises(module.FetchError) as caught:
        download(server, target)
    assert os.strerror(number) in str(caught.value)
    assert str(target.parent) in str(caught.value)


def test_other_errors_pass():
    with pytest.raises(IsADirectoryError), module.storing(Path(), 1):
        raise IsADirectoryError(errno.EISDIR, "is a folder")


# ------------------------------------------------------------------------------------------------------------------ locks


def test_two_downloads_of_one_file_do_not_mix(target):
    with BadServer(Reply(BODY, stop_after=CUT, then="stall"), WHOLE) as server:
        first = threading.Thread(target=download, args=(server, target), kwargs={"stall_timeout": 2.0})
        first.start()
        while not part(target).exists():
            time.sleep(0.01)
        with pytest.raises(module.FetchError, match="Another run is at work"):
            download(server, target)
        first.join()
        assert len(server.asked) == 2  # both by the first
    assert target.read_bytes() == BODY
    assert files(target.parent) == ["file.bin"]


def test_a_lock_is_held_by_one_at_a_time(tmp_path):
    inside, most, turns = 0, 0, 0

    def work():
        nonlocal inside, most, turns
        for _ in range(300):
            with contextlib.suppress(module.FetchError), module.locked(tmp_path / "lock"):
                inside += 1
                most = max(most, inside)
                turns += 1
                time.sleep(0)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert turns > 0
    assert files(tmp_path) == []


def test_a_lock_left_by_a_dead_process_is_free(tmp_path):
    (tmp_path / "lock").touch()
    with module.locked(tmp_path / "lock"):
        pass


# --------------------------------------------------------------------------------------------------------------- archives

LIMIT = 1_000_000
CONTENT = {"a.txt": b"first", "folder/b.txt": b"second" * 1000, "folder/empty.txt": b""}


def _write(path, data):
    path.write_bytes(data)
    return path


def tar_bytes(members, mode="w:gz", **options):
    """A tar from (name, bytes) pairs and ready-made TarInfo objects."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, **options) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def special(name, kind, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


def zip_bytes(members, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as bundle:
        for name, data in members:
            bundle.writestr(name, data)
    return buffer.getvalue()


def zip_link(name, to):
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info, to


GOOD = {
    "tar.gz": tar_bytes(CONTENT.items()),
    "tar": tar_bytes(CONTENT.items(), "w"),
    "old tar": tar_bytes(CONTENT.items(), "w", format=tarfile.USTAR_FORMAT),
    "tar with folders": tar_bytes(
        [special("./", tarfile.DIRTYPE), special("./folder/", tarfile.DIRTYPE)]
        + [(f"./{name}", data) for name, data in CONTENT.items()]
    ),
    "zip": zip_bytes(CONTENT.items()),
    "stored zip": zip_bytes([("folder/", b""), *CONTENT.items()], zipfile.ZIP_STORED),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_archive_is_unpacked(tmp_path, kind):
    archive = _write(tmp_path / "archive", GOOD[kind])
    assert unpacked(archive) == CONTENT
    assert files(tmp_path) == ["archive"]


def unpacked(archive):
    return {name: b"".join(pieces) for name, pieces in module.entries(archive, LIMIT)}


def test_files_of_an_archive_may_be_passed_over(tmp_path):
    archive = _write(tmp_path / "archive", GOOD["tar.gz"])
    assert [name for name, _ in module.entries(archive, LIMIT)] == list(CONTENT)


OUTSIDE = ["../out.txt", "folder/../../out.txt", "folder/..", "/out.txt", "//out.txt", "..\\out.txt", "C:\\out.txt"]
UNSTORABLE = ["C:out.txt", "file.txt:stream", "NUL", "folder/aux.txt", "trailing.", "trailing /file.txt", "new\nline"]


@pytest.mark.parametrize("make", [tar_bytes, zip_bytes])
def test_a_name_that_leads_astray_is_refused(tmp_path, make):
    for name in OUTSIDE:
        assert_refused(tmp_path, make([("good.txt", b"good"), (name, b"bad")]), "outside of its folder")


@pytest.mark.parametrize("make", [tar_bytes, zip_bytes])
def test_a_name_that_not_every_system_can_store_is_refused(tmp_path, make):
    for name in UNSTORABLE:
        assert_refused(tmp_path, make([("good.txt", b"good"), (name, b"bad")]), "not every system")


@pytest.mark.parametrize(
    "members",
    [
        [("a/b.txt", b"1"), ("a/b.txt", b"2")],
        [("a/b.txt", b"1"), ("./a//b.txt", b"2")],
        [("a/B.txt", b"1"), ("A/b.txt", b"2")],
        [("\u00e9.txt", b"1"), ("e\u0301.txt", b"2")],
        [("a", b"1"), ("a/b.txt", b"2")],
        [("a/b.txt", b"1"), ("a", b"2")],
    ],
)
@pytest.mark.parametrize("make", [tar_bytes, zip_bytes])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path, make, members):
    assert_refused(tmp_path, make(members))


@pytest.mark.parametrize(
    "data",
    [
        tar_bytes([special("link", tarfile.SYMTYPE, "/etc/passwd")]),
        tar_bytes([special("link", tarfile.SYMTYPE, ".."), ("link/outside.txt", b"bad")]),
        tar_bytes([special("link", tarfile.LNKTYPE, "../outside.txt")]),
        tar_bytes([special("device", tarfile.CHRTYPE)]),
        tar_bytes([special("disk", tarfile.BLKTYPE)]),
        tar_bytes([special("pipe", tarfile.FIFOTYPE)]),
        tar_bytes([special("unheard of", b"Z")]),
        zip_bytes([zip_link("link", "/etc/passwd")]),
    ],
)
def test_links_and_devices_are_refused(tmp_path, data):
    assert_refused(tmp_path, data)


def test_an_encrypted_member_is_refused(tmp_path):
    data = bytearray(zip_bytes([("secret.txt", b"data")]))
    data[6] |= 1  # the flags in the member's own header,
    data[data.index(b"PK\x01\x02") + 8] |= 1  # and in the list at the end
    assert_refused(tmp_path, bytes(data))


def long_name_bomb():
    """A tar whose first header announces a file name of fifty million bytes, all of it zeros."""
    header = special("x", tarfile.GNUTYPE_LONGNAME)
    header.size = 50_000_000
    return gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(50_000_000))


def sparse_bomb():
    """A GNU sparse file: no data, but a size to be filled with zeros. One alone is within the limit, a thousand are not."""
    header = bytearray(special("sparse", tarfile.GNUTYPE_SPARSE).tobuf(tarfile.GNU_FORMAT))
    header[483:495] = tarfile.itn(LIMIT - 1, 12, tarfile.GNU_FORMAT)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    return bytes(header) + bytes(10_240)


def size_bomb():
    """A tar of one file that is said to have 10^15 bytes, of which there are none."""
    header = special("endless", tarfile.REGTYPE)
    header.size = 10**15
    return gzip.compress(header.tobuf(tarfile.GNU_FORMAT))


@pytest.mark.parametrize(
    "data",
    [
        size_bomb(),
        tar_bytes([("zeros", bytes(50_000_000))]),
        tar_bytes([(f"{number}", b"") for number in range(3_000)]),  # many empty files, a header each
        zip_bytes([("zeros", bytes(50_000_000))]),
        zip_bytes([(f"{number}", bytes(600_000)) for number in range(2)]),
        long_name_bomb(),
        sparse_bomb(),
    ],
)
def test_bombs_are_refused(tmp_path, data):
    assert len(data) < LIMIT
    assert_refused(tmp_path, data)


def assert_refused(tmp_path, data, why=""):
    archive = _write(tmp_path / "archive", data)
    with pytest.raises(module.UnsafeArchive, match=f"archive is refused: .*{why}"):
        unpacked(archive)
    assert files(tmp_path) == ["archive"]


def test_a_zip_that_lies_about_a_size_is_damaged(tmp_path):
    data = zip_bytes([("zeros", bytes(100_000))])
    archive = _write(tmp_path / "archive", data.replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert_damaged(archive)


@pytest.mark.parametrize("kind", ["tar.gz", "tar", "zip"])
def test_a_truncated_archive_is_damaged(tmp_path, kind):
    for length in range(0, len(GOOD[kind]) - (10_000 if kind == "tar" else 1), 97):
        assert_damaged(_write(tmp_path / "archive", GOOD[kind][:length]))


def test_a_flipped_bit_in_a_gz_is_noticed(tmp_path):
    for place in range(20, len(GOOD["tar.gz"]), 13):
        data = bytearray(GOOD["tar.gz"])
        data[place] ^= 4
        with contextlib.suppress(module.UnsafeArchive):
            assert_damaged(_write(tmp_path / "archive", bytes(data)))


def test_a_header_that_is_spoilt_does_not_end_the_archive_early(tmp_path):
    data = bytearray(GOOD["tar"])
    data[data.index(b"folder/b.txt")] ^= 1
    assert_damaged(_write(tmp_path / "archive", bytes(data)))


def assert_damaged(archive):
    with pytest.raises(module.WrongContent, match=r"damaged, cut short"):
        unpacked(archive)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["tar", "tar with folders", "zip", "stored zip"]), st.data())
def test_a_spoilt_archive_raises_nothing_unforeseen(kind, data):
    content = bytearray(gzip.decompress(GOOD[kind]) if kind == "tar with folders" else GOOD[kind])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as name, contextlib.suppress(module.FetchError):
        unpacked(_write(Path(name) / "archive", content))


def test_something_else_is_no_archive(tmp_path):
    assert_damaged(_write(tmp_path / "archive", BODY))

"""Preparing datasets from a network, a file or a folder. Small ones take the places of the real ones."""

import dataclasses
import gzip
import hashlib
import io
import shutil
import signal
import subprocess
import sys
import tarfile
import types
import zipfile

import pytest
from bad_server import BadServer, Reply

from course_tools import Problem
from course_tools.data import download, prepare
from course_utils import files, paths
from course_utils.datasets.catalogue import DATASETS


def member(name, content, **more):
    """A member of a .tar, with other properties than its content gives it."""
    info = tarfile.TarInfo(name)
    for key, value in ({"size": len(content)} | more).items():
        setattr(info, key, value)
    return info.tobuf() + content + bytes(-len(content) % 512)


def tar_of(content):
    return b"".join(member(name, data) for name, data in content.items()) + bytes(1024)


def zip_of(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return buffer.getvalue()


WNUT17 = {name: f"{name}\tO\n".encode() for name in DATASETS["wnut17"].contents}
SNIPS = {name: b"{}" for name in DATASETS["snips"].contents}
PLAYS = {"input.txt": b"First Citizen:\n"}
ARTICLES = b'["A", {}, ["x"], [], "", 1]\n["B", {}, [], [], "", 1]\n["Wikipedia:C", {}, [], [], "", 1]\n'
BOOKS = {"found_books_filtered.ndjson": ARTICLES}
GRAPH = {"articles.tsv": b"# list\nA\nB\n", "categories.tsv": b"A\tsubject.Art.X\n", "links.tsv": b"A\tB\n"}
ONET = {
    "Occupation Data.txt": b"O*NET-SOC Code\tTitle\n11\tBaker\n",
    "Alternate Titles.txt": b"O*NET-SOC Code\tAlternate Title\n11\tPastry Chef\n11\tCook\n",
    "Sample of Reported Titles.txt": b"O*NET-SOC Code\tReported Job Title\n11\tHead Baker\n",
    "Technology Skills.txt": b"O*NET-SOC Code\tCommodity Title\n11\tSpreadsheets\n",
    "Tools Used.txt": b"O*NET-SOC Code\tCommodity Title\n11\tOven\n",
}
ROWS = {name: content.count(b"\n") - 1 for name, content in ONET.items()}
PAIRS = {"fra.txt": "Go.\tVa !\tCC\nRun!\tCours\u202f!\tCC\n".encode(), "cmn.txt": "\ufeffHi.\t嗨。\n".encode()}
JOBS = b"""job_title_short,job_title,job_country,job_posted_date,job_skills,x
Data Analyst,"Analyst, Senior",France,2023-06-16 13:44:15,"['sql', 'r']",1
Data Analyst,Analyst,,2023-06-17 13:44:15,,2
Data Engineer, ,Chad,2023-06-18 13:44:15,['sql'],3
"""
POSTINGS = b"""job_title,job_title_short,job_country,job_posted_date,skills
"Analyst, Senior",Data Analyst,France,2023-06-16,sql|r
"""
SMALL = {  # what is downloaded, what is prepared, and how many records the prepared files have
    "wnut17": (WNUT17, WNUT17, {}),
    "snips": ({"nlu-benchmark.zip": zip_of({f"x/{name}": content for name, content in SNIPS.items()})}, SNIPS, {}),
    "tiny_shakespeare": (PLAYS, PLAYS, {}),
    "books_whole": (BOOKS, BOOKS, {"found_books_filtered.ndjson": 2}),
    "wikispeedia": ({"wikispeedia_paths-and-graph.tar.gz": tar_of({f"x/{n}": c for n, c in GRAPH.items()})}, GRAPH, {}),
    "onet": ({"db_27_0_text.zip": zip_of({f"db/{name}": content for name, content in ONET.items()})}, ONET, ROWS),
    "postings": ({"data_jobs.csv": JOBS}, {"data_jobs_title_skills.csv": POSTINGS}, {}),
    "tatoeba": ({f"{n[:3]}-eng.zip": zip_of({n: c}) for n, c in PAIRS.items()}, PAIRS, {"fra.txt": 2, "cmn.txt": 1}),
}


@pytest.fixture(autouse=True)
def data(monkeypatch, tmp_path):
    for name in ("http_proxy", "https_proxy", "all_proxy", "COURSE_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("pooch.core.time", types.SimpleNamespace(sleep=lambda seconds: None))
    return tmp_path / "data"


def small(name, downloads=None):
    """The dataset of this name with the files and records of SMALL, or these files; a hash is known where the real one is."""
    downloads, records = downloads or SMALL[name][0], SMALL[name][2] if name in SMALL else {}
    known = [
        dataclasses.replace(
            file,
            size=len(content),
            sha256=file.sha256 and hashlib.sha256(content).hexdigest(),
            gives=dict.fromkeys(file.gives),
        )
        for file, content in zip(DATASETS[name].files, downloads.values(), strict=True)
    ]
    return dataclasses.replace(DATASETS[name], files=tuple(known), about=(100, 100), records=records)


def write(folder, content):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def stored(data):
    """All files under `data` but locks, by their path."""
    found = [path for path in data.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in found}


def expected(name):
    return {f"{DATASETS[name].folder}/{file}": content for file, content in SMALL[name][1].items()}


@pytest.fixture
def mirror(monkeypatch, data):
    """A function that prepares a small dataset from a server with these replies. `mirror.requests` has the requests."""

    def run(name, *replies):
        with BadServer(*replies) as server:
            monkeypatch.setenv("COURSE_MIRROR", server.url)
            run.requests = server.requests
            prepare.prepare(small(name), data)

    return run


@pytest.mark.parametrize("name", SMALL)
def test_a_dataset_is_downloaded_and_a_wrong_one_is_not_kept(data, mirror, name):
    downloads = SMALL[name][0]
    for wrong in ([b"something else"], map(bytes, map(len, downloads.values()))):
        with pytest.raises(download.WrongContent):
            mirror(name, *map(Reply, wrong))
        assert stored(data) == {}
    mirror(name, *map(Reply, downloads.values()))
    assert stored(data) == expected(name) and small(name).is_ready(data)
    assert mirror.requests == [f"GET /{file}" for file in downloads]


@pytest.mark.parametrize("given", ["downloads", "prepared"])
@pytest.mark.parametrize("form", ["folder", "file"])
@pytest.mark.parametrize("name", SMALL)
def test_a_dataset_comes_from_a_file_or_a_folder(data, tmp_path, name, form, given):
    content = SMALL[name][given == "prepared"]
    source = write(tmp_path / "usb", content)
    prepare.prepare(small(name), data, source if form == "folder" else source / next(iter(content)))
    assert stored(data) == expected(name) and stored(source) == content


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("wnut17", {"emerging.dev.conll": b"another\tO\n"}),
        ("books_whole", {"found_books_filtered.ndjson": ARTICLES.splitlines()[0]}),
        ("wikispeedia", {"links.tsv": b"A\tC\n"}),
        ("wikispeedia", {"links.tsv": b""}),
        ("onet", {"Tools Used.txt": ONET["Tools Used.txt"] + b"11\tBowl\n"}),
        ("onet", {"Tools Used.txt": b"O*NET-SOC Code\tCommodity Title\n12\tOven\n"}),
        ("postings", {"data_jobs.csv": JOBS.replace(b"['sql', 'r']", b"sql, r")}),
        ("postings", {"data_jobs.csv": JOBS[:80] + b"Data Analyst,Analyst,,2023-06-17 13:44:15,,2\n"}),
        ("tatoeba", {"fra.txt": b"Go.\tVa !\n"}),
        ("tatoeba", {"fra.txt": b"47280\tGo.\t1\tVa !\n1277\tRun.\t2\tCours !\n"}),
    ],
)
def test_another_file_is_refused(data, tmp_path, name, changes):
    downloads, prepared, _ = SMALL[name]
    source = write(tmp_path / "usb", (downloads if set(changes) <= set(downloads) else prepared) | changes)
    with pytest.raises(download.WrongContent):
        prepare.prepare(small(name), data, source)
    assert stored(data) == {}


@pytest.mark.parametrize("name", [*SMALL, "imdb_reviews"])
def test_a_source_that_is_not_there(data, tmp_path, name):
    for source in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(Problem, match="Cannot read"):
            prepare.prepare(DATASETS[name], data, source)
    assert stored(data) == {}


def test_what_was_downloaded_before_an_error_is_not_downloaded_again(data, mirror):
    french, mandarin = map(Reply, SMALL["tatoeba"][0].values())
    with pytest.raises(Problem, match="make data DATASETS=tatoeba"):
        mirror("tatoeba", french, Reply(status=404))
    assert set(stored(data)) == {".incoming/tatoeba/fra-eng.zip"}
    mirror("tatoeba", mandarin)
    assert mirror.requests == ["GET /cmn-eng.zip"] and stored(data) == expected("tatoeba")


def test_another_run_and_too_little_room_are_seen_before_the_download(data, mirror, monkeypatch):
    (data / ".incoming").mkdir(parents=True)
    with files.locked(data / ".incoming" / "tiny_shakespeare.lock"):
        with pytest.raises(Problem, match="Another command"):
            mirror("tiny_shakespeare", Reply(PLAYS["input.txt"]))
    assert mirror.requests == []
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: types.SimpleNamespace(free=150))
    with pytest.raises(OSError, match="No space"):
        mirror("tiny_shakespeare", Reply(PLAYS["input.txt"]))
    assert mirror.requests == []


def test_imdb_is_written_by_tensorflow_datasets_and_verified_by_its_sizes(data, tmp_path):
    import tensorflow_datasets as tfds

    kinds = {"train/pos": 7, "train/neg": 4, "train/unsup": 0, "test/pos": 9, "test/neg": 1}
    reviews = {f"aclImdb/{k}/{i}_{n}.txt": f" {k} café {i} ".encode() for i in (0, 1) for k, n in kinds.items()}
    archive = tar_of(reviews | {"aclImdb/README": b"read", "aclImdb/train/urls_pos.txt": b"http"})
    usb = write(tmp_path / "usb", reviews | {"aclImdb_v1.tar.gz": archive})
    dataset = small("imdb_reviews", {"aclImdb_v1.tar.gz": archive})
    sizes = dict.fromkeys(dataset.contents)
    dataset = dataclasses.replace(dataset, files=(dataclasses.replace(dataset.files[0], gives=sizes),))
    prepare.prepare(dataset, data, usb / "aclImdb_v1.tar.gz")
    found = {
        split: [(row["label"], row["text"].decode()) for row in dataset.as_numpy_iterator()]
        for split, dataset in tfds.load("imdb_reviews", data_dir=data, download=False).items()
    }
    both = [(label, f"{{}}/{kind} café {i}") for label, kind in enumerate(["neg", "pos"]) for i in (0, 1)]
    right = {split: [(label, text.format(split)) for label, text in both] for split in ("train", "test")}
    right["unsupervised"] = [(-1, f"train/unsup café {i}") for i in (0, 1)]
    assert {split: sorted(rows) for split, rows in found.items()} == right
    sizes |= {path.name: path.stat().st_size for path in dataset.paths(data) if path.suffix != ".json"}
    prepare.prepare(dataset, tmp_path / "other", usb)
    assert stored(tmp_path / "other") == stored(data)
    (usb / "aclImdb/test/pos/1_9.txt").unlink()
    with pytest.raises(download.WrongContent, match="sizes"):
        prepare.prepare(dataset, tmp_path / "third", usb / "aclImdb")
    assert stored(tmp_path / "third") == {}


def unpacked(folder, archive):
    """What is in the folder after a.txt and b.txt, of at most 100,000 bytes, have been taken out of the archive."""
    write(folder.parent, {"archive.lock": archive})
    prepare.unpack(folder.parent / "archive.lock", ["a.txt", "b.txt"], write(folder, {}), limit=100_000)
    return stored(folder)


GOOD = {"x/a.txt": b"a" * 3000, "../b.txt": b"b", "/tmp/c.txt": b"not wanted"}


@pytest.mark.parametrize("archive", [gzip.compress(tar_of(GOOD)), tar_of(GOOD), zip_of(GOOD)], ids=["gz", "tar", "zip"])
def test_an_archive_gives_what_is_wanted_in_the_folder_or_an_error(tmp_path, archive):
    assert unpacked(tmp_path / "whole", archive) == {"a.txt": GOOD["x/a.txt"], "b.txt": b"b"}
    assert len(stored(tmp_path)) == 2
    for length in range(0, len(archive) * 3 // 5, len(archive) // 50):
        with pytest.raises(ValueError):
            unpacked(tmp_path / "torn", archive[:length])
        assert stored(tmp_path / "torn") == {}


@pytest.mark.parametrize(
    "archive",
    [
        member("a.txt", b"", type=tarfile.SYMTYPE, linkname="/etc/passwd") + tar_of({"b.txt": b"b"}),
        member("a.txt", b"", size=10**9) + tar_of({"b.txt": b"b"}),
        tar_of({"large": bytes(200_000), "a.txt": b"a", "b.txt": b"b"}),
        zip_of({"a.txt": bytes(200_000), "b.txt": b"b"}),
        zip_of({"b.txt": b"b"}),
    ],
)
def test_an_unsafe_archive_is_refused(tmp_path, archive):
    with pytest.raises(ValueError):
        unpacked(tmp_path, archive)
    assert stored(tmp_path) == {}


def test_the_command_prepares_what_is_missing_and_leaves_what_is_ready(data, monkeypatch, capsys):
    for name in ("tiny_shakespeare", "wnut17"):
        monkeypatch.setitem(DATASETS, name, small(name))
    write(data / "wnut17", {"emerging.dev.conll": b"torn"})
    for replies, status in (([Reply(status=404), *map(Reply, WNUT17.values())], 1), ([Reply(PLAYS["input.txt"])], 0)):
        with BadServer(*replies) as server:
            monkeypatch.setenv("COURSE_MIRROR", server.url)
            assert prepare.main(["tiny_shakespeare", "wnut17"]) == status
        assert ("tiny_shakespeare: " in capsys.readouterr().err) == (status == 1)
        assert stored(data) == expected("wnut17") | (expected("tiny_shakespeare") if status == 0 else {})
        assert prepare.main(["tiny_shakespeare", "wnut17", "--list"]) == 0
        assert ("missing" in capsys.readouterr().out) == (status == 1)
    assert prepare.main(["wnut17", "--from", "nowhere"]) == 0
    shutil.rmtree(data)
    data.write_bytes(b"not a folder")
    assert prepare.main(["wnut17", "--from", "nowhere"]) == 1 and "COURSE_DATA_DIR" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["imdb"], ["--from", "x"], ["books", "onet", "--from", "x"], ["--slow"]])
def test_a_command_that_is_not_understood(arguments):
    with pytest.raises(SystemExit) as stop:
        prepare.main(arguments)
    assert stop.value.code == 2


@pytest.mark.parametrize("changed", [0, 1])
def test_check_compares_each_address(monkeypatch, capsys, changed):
    monkeypatch.setitem(DATASETS, "wnut17", small("wnut17"))
    first, *others = WNUT17.values()
    with BadServer(*map(Reply, [first + b"x" * changed, *others])) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        assert prepare.main(["wnut17", "--check"]) == changed
    assert server.requests == [f"HEAD /{name}" for name in WNUT17]
    assert [len(text.splitlines()) for text in capsys.readouterr()] == [3 - changed, changed]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_ctrl_c_leaves_nothing_half_done(data, monkeypatch):
    body = bytes(DATASETS["tiny_shakespeare"].files[0].size)
    with BadServer(Reply(body, stop_after=100_000, silent=True)) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        command = [sys.executable, "-m", "course_tools", "data", "tiny_shakespeare"]
        process = subprocess.Popen(command, cwd=paths.REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert server.asked.wait(60)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130 and stored(data) == {}

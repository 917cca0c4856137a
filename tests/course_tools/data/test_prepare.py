"""`make data` on a made archive in the form of IMDB's, from a local server or the disk, through the same code as the real."""

import functools
import hashlib
import importlib.util
import io
import os
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from bad_server import BadServer, Reply, closed_port

from course_tools.data import download, prepare
from course_utils import paths

COUNTS = {"train/pos": 3, "train/neg": 3, "train/unsup": 5, "test/pos": 2, "test/neg": 2}
STARS = {"pos": 8, "neg": 2, "unsup": 0}
FILES = {
    f"aclImdb/{folder}/{number}_{STARS[Path(folder).name]}.txt": f" Review {number} of {folder}: caf\u00e9<br />.\n".encode()
    for folder, count in COUNTS.items()
    for number in range(count)
}
OTHERS = {
    "aclImdb/README": b"read me",
    "aclImdb/train/labeledBow.feat": b"9 0:1",
    "aclImdb/train/urls_pos.txt": b"http",
}


def archive_of(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


ARCHIVE = archive_of(FILES | OTHERS)
REMOTE = prepare.Remote("http://127.0.0.1:1/tiny.tar.gz", len(ARCHIVE), hashlib.sha256(ARCHIVE).hexdigest())
prepare_tiny = functools.partial(prepare.prepare_imdb, remote=REMOTE, counts=COUNTS)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("COURSE_MIRROR", raising=False)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def archive(tmp_path):
    return write(tmp_path / "tiny.tar.gz", ARCHIVE)


@pytest.fixture
def tiny(monkeypatch):
    """The command line with one dataset, the made archive in place of IMDB's."""
    fields = prepare.DATASETS["imdb_reviews"].__dict__
    is_ready = lambda folder: (folder / prepare.IMDB / "dataset_info.json").exists()  # noqa: E731
    made = prepare.Dataset(**fields | {"is_ready": is_ready, "prepare": prepare_tiny})
    monkeypatch.setattr(prepare, "DATASETS", {"imdb_reviews": made})


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def stored(data):
    """What tensorflow_datasets reads: {split: sorted (label, text)}."""
    import tensorflow_datasets as tfds

    splits = tfds.load("imdb_reviews", data_dir=data, download=False)
    return {
        name: sorted((int(example["label"]), example["text"]) for example in tfds.as_numpy(split))
        for name, split in splits.items()
    }


def expected(files=FILES):
    splits = {"train": [], "test": [], "unsupervised": []}
    for name, text in files.items():
        _, split, kind, _ = name.split("/")
        label = {"pos": 1, "neg": 0, "unsup": -1}[kind]
        splits["unsupervised" if kind == "unsup" else split].append((label, text.strip()))
    return {split: sorted(rows) for split, rows in splits.items()}


def everything(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# ----------------------------------------------------------------------------------------------------------- preparation


def test_the_archive_is_the_one_that_tensorflow_datasets_expects():
    package = Path(importlib.util.find_spec("tensorflow_datasets").origin).parent
    url, size, sha256, name = (package / "datasets" / "imdb_reviews" / "checksums.tsv").read_text().strip().split("\t")
    ours = prepare.IMDB_ARCHIVE
    assert (ours.url.split("://")[1], ours.size, ours.sha256, ours.name) == (
        url.split("://")[1],
        int(size),
        sha256,
        name,
    )


def test_a_download_becomes_what_tensorflow_datasets_loads(data, monkeypatch, capsys):
    with BadServer(Reply(ARCHIVE)) as server:
        monkeypatch.setenv("COURSE_MIRROR", f"{server.url}/mirror/")
        prepare_tiny(data)
        assert [path for path, _ in server.requests] == ["/mirror/tiny.tar.gz"]
    assert stored(data) == expected()
    assert {Path(name).parent.as_posix() for name in everything(data)} == {prepare.IMDB}  # nothing else is left
    assert "Warning" not in capsys.readouterr().err


@pytest.mark.parametrize("form", ["folder", "folder above", "plain tar", "repacked"])
def test_every_source_is_read_alike(archive, tmp_path, capsys, form):
    for name, text in (FILES | OTHERS).items():
        write(tmp_path / "extracted" / name, text)
    with tarfile.open(tmp_path / "plain.tar", "w") as tar:
        tar.add(tmp_path / "extracted" / "aclImdb", "./aclImdb")
    source = {
        "folder": tmp_path / "extracted" / "aclImdb",
        "folder above": tmp_path / "extracted",
        "plain tar": tmp_path / "plain.tar",
        "repacked": write(tmp_path / "tiny2.tar.gz", archive_of(dict(reversed(FILES.items())))),
    }[form]
    original = prepare.read_imdb(archive, REMOTE, COUNTS)
    assert "Warning" not in capsys.readouterr().err
    found = prepare.read_imdb(source, REMOTE, COUNTS)
    assert {split: sorted(rows) for split, rows in found.items()} == {s: sorted(rows) for s, rows in original.items()}
    assert ("is not the original" in capsys.readouterr().err) == (form in ("plain tar", "repacked"))


def test_reviews_are_read_as_tensorflow_datasets_reads_them(archive, tmp_path):
    import tensorflow_datasets as tfds

    builder = prepare._imdb_builder(tmp_path)
    ours = prepare.read_imdb(archive, REMOTE, COUNTS)
    for split, folder, labelled in [("train", "train", True), ("test", "test", True), ("unsupervised", "train", False)]:
        files = tfds.download.DownloadManager(download_dir=tmp_path).iter_archive(archive)
        theirs = builder._generate_examples(files, os.path.join("aclImdb", folder), labeled=labelled)
        label = builder.info.features["label"].encode_example
        assert [(Path(path).as_posix(), label(row["label"]), row["text"]) for path, row in theirs] == ours[split]


def test_an_interrupted_download_is_resumed(data, monkeypatch):
    half = len(ARCHIVE) // 2
    with BadServer(*[Reply(ARCHIVE, stop_after=half)] + 4 * [Reply(status=503)], Reply(ARCHIVE)) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        with pytest.raises(download.FetchError, match="kept"):
            prepare_tiny(data)
        assert everything(data) == [f".incoming/imdb_reviews/tiny.tar.gz.part{end}" for end in ("", ".json")]
        prepare_tiny(data)
        assert server.asked[-1] == f"bytes={half}-"
    assert stored(data) == expected()


def test_without_a_network_the_alternatives_are_named(data, monkeypatch):
    with closed_port() as url:
        monkeypatch.setenv("COURSE_MIRROR", url)
        with pytest.raises(download.FetchError) as caught:
            prepare_tiny(data)
    for words in (
        "cannot be reached",
        "make data DATASETS=imdb_reviews FROM=/path/to/tiny.tar.gz",
        "COURSE_MIRROR",
        "sample",
    ):
        assert words in str(caught.value)
    assert everything(data) == []


def test_a_wrong_download_is_refused(data, monkeypatch):
    with BadServer(Reply(archive_of(OTHERS).ljust(len(ARCHIVE), b"\0"))) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        with pytest.raises(download.FetchError, match=r"SHA-256(.|\n)*FROM="):
            prepare_tiny(data)
    assert everything(data) == []


CHANGES = [
    ({"aclImdb/train/pos/0_8.txt": None}, r"train/pos 2 of 3.*test/neg 2 of 2"),
    ({"aclImdb/test/neg/99_1.txt": b"one more"}, r"test/neg 3 of 2"),
    ({"aclImdb/train/pos/0_8.txt": None, "aclImdb/train/pos/0_2.txt": b"good"}, "2 stars contradict"),
    ({"aclImdb/train/unsup/0_0.txt": None, "aclImdb/train/unsup/0_9.txt": b"good"}, "9 stars contradict"),
    ({"aclImdb/train/pos/0_8.txt": b" \n"}, "empty"),
    ({"aclImdb/train/pos/0_8.txt": b"caf\xe9"}, "UTF-8"),
]


@pytest.mark.parametrize("changes, message", CHANGES)
@pytest.mark.parametrize("form", ["archive", "folder"])
def test_a_source_that_is_not_imdb_is_refused(data, tmp_path, form, changes, message):
    files = {name: text for name, text in (FILES | changes).items() if text is not None}
    source = write(tmp_path / "other.tar.gz", archive_of(files))
    if form == "folder":
        source = tmp_path / "extracted"
        for name, text in files.items():
            write(source / name, text)
    with pytest.raises(download.WrongContent, match=message):
        prepare_tiny(data, source)
    assert not data.exists() or everything(data) == []


@pytest.mark.parametrize(
    "content, error",
    [
        (archive_of(FILES | {"../outside.txt": b"bad"}), download.UnsafeArchive),
        (ARCHIVE[:-20], download.WrongContent),
        (b"no archive", download.WrongContent),
        (archive_of(OTHERS), download.WrongContent),
    ],
)
def test_a_bad_archive_is_refused(data, tmp_path, content, error):
    with pytest.raises(error):
        prepare_tiny(data, write(tmp_path / "bad.tar.gz", content))
    assert everything(tmp_path) == ["bad.tar.gz"]


def test_a_source_that_is_not_there(data, tmp_path):
    with pytest.raises(download.FetchError, match=r"Cannot read .*nowhere.tar.gz: No such file"):
        prepare_tiny(data, tmp_path / "nowhere.tar.gz")
    with pytest.raises(download.WrongContent, match="train/pos 0 of 3"):
        prepare_tiny(data, tmp_path)


def test_what_is_not_whole_is_replaced(data, archive):
    write(data / prepare.IMDB / "half.tfrecord", b"half")
    write(data / ".incoming" / "imdb_reviews" / "build" / "imdb_reviews" / "left over", b"by a killed run")
    prepare_tiny(data, archive)
    assert stored(data) == expected()
    assert not any("half" in name or "left" in name for name in everything(data))


def test_a_stop_after_the_download_does_not_download_again(data, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    with BadServer(Reply(ARCHIVE)) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(prepare, "_verify_imdb", stop)
            prepare_tiny(data)
        assert everything(data) == [".incoming/imdb_reviews/tiny.tar.gz"]
        prepare_tiny(data)
        assert len(server.asked) == 1
    assert stored(data) == expected()


def test_what_does_not_read_back_is_not_put_in_place(data, archive, monkeypatch):
    write_imdb = prepare._write_imdb

    def write_other(reviews, folder):
        write_imdb(reviews | {"test": reviews["test"][:-1]}, folder)

    monkeypatch.setattr(prepare, "_write_imdb", write_other)
    with pytest.raises(download.FetchError, match="test reviews do not read back"):
        prepare_tiny(data, archive)
    assert everything(data) == []


def test_two_runs_do_not_mix(data, archive):
    (data / ".incoming").mkdir(parents=True)
    with download.locked(data / ".incoming" / "imdb_reviews.lock"):
        with pytest.raises(download.FetchError, match="Another run is at work"):
            prepare_tiny(data, archive)


def test_too_little_room_is_seen_before_the_download(data, monkeypatch):
    monkeypatch.setattr(download, "_free", lambda folder: 100_000_000)
    with BadServer(Reply(ARCHIVE)) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        with pytest.raises(download.FetchError, match=r"138.0 MB must go to .*100.0 MB are free"):
            prepare_tiny(data)
        assert server.asked == []
    assert everything(data) == []


@pytest.mark.skipif(os.name == "nt", reason="limits are POSIX")
def test_a_disk_that_fills_up_while_tensorflow_writes(tmp_path):
    import resource

    reviews = {split: [("a", 1, b"x" * 300_000)] for split in ("train", "test", "unsupervised")}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(download.FetchError, match=r"Cannot write \(.*File too large\). 138.0 MB must go to"):
            prepare._write_imdb(reviews, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


# ----------------------------------------------------------------------------------------------------------- command line


def run(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=paths.REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_prepare_by_name_then_again(tiny, data, archive, capsys):
    assert prepare.main(["imdb_reviews", "--from", str(archive)]) == 0
    assert f"imdb_reviews: ready in {data}" in capsys.readouterr().out
    before = (data / prepare.IMDB / "dataset_info.json").stat().st_mtime_ns
    assert prepare.main([]) == 0
    assert capsys.readouterr().out == f"imdb_reviews: already in {data}; nothing to do\n"
    assert (data / prepare.IMDB / "dataset_info.json").stat().st_mtime_ns == before


def test_an_unknown_dataset(capsys):
    assert prepare.main(["imdb_reviews", "imbd"]) == 2
    assert "There is no dataset imbd. Known are: imdb_reviews" in capsys.readouterr().err


@pytest.mark.parametrize("names", [[], ["imdb_reviews", "imdb_reviews"]])
def test_from_goes_with_one_dataset(names, archive, capsys):
    assert prepare.main([*names, "--from", str(archive)]) == 2
    assert "exactly one dataset" in capsys.readouterr().err


def test_an_unknown_option():
    with pytest.raises(SystemExit) as caught:
        prepare.main(["--form", "x"])
    assert caught.value.code == 2


def test_help_names_the_variables(capsys):
    with pytest.raises(SystemExit) as caught:
        prepare.main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert "COURSE_MIRROR" in text and "COURSE_DATA_DIR" in text and "imdb_reviews" in text


def test_list(tiny, data, archive, capsys):
    assert prepare.main(["--list"]) == 0
    assert "imdb_reviews: missing (84.1 MB to download, 138.0 MB prepared)" in capsys.readouterr().out
    prepare_tiny(data, archive)
    prepare.main(["--list"])
    assert "imdb_reviews: ready" in capsys.readouterr().out


def test_one_failure_does_not_keep_the_others(monkeypatch, data, capsys):
    done = []

    def fail(folder, source):
        raise download.FetchError("no luck")

    def dataset(action):
        return prepare.Dataset("", "", 1, 1, lambda folder: False, action)

    actions = {"first": fail, "second": lambda folder, source: done.append(folder)}
    monkeypatch.setattr(prepare, "DATASETS", {name: dataset(action) for name, action in actions.items()})
    assert prepare.main([]) == 1
    assert done == [data]
    assert "first: no luck" in capsys.readouterr().err


def test_a_data_folder_that_is_a_file(tiny, data, archive, capsys):
    data.write_bytes(b"")
    assert prepare.main(["imdb_reviews", "--from", str(archive)]) == 1
    assert str(data) in capsys.readouterr().err


def test_looking_up_what_is_there_does_not_need_tensorflow():
    code = """
import sys
from course_tools.data import prepare
prepare.main(["--list"])
print(sorted({"tensorflow", "tensorflow_datasets"} & set(sys.modules)))
"""
    assert run(code).communicate()[0].endswith("[]\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_is_no_error_and_keeps_what_has_arrived(data, monkeypatch):
    monkeypatch.undo()  # this test does wait
    code = "import sys; from course_utils.datasets import prepare; sys.exit(prepare.main(['imdb_reviews']))"
    size = prepare.IMDB_ARCHIVE.size
    with BadServer(Reply(bytes(500_000), length=size, stop_after=500_000, then="stall")) as server:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        monkeypatch.setenv("COURSE_DATA_DIR", str(data))
        process = run(code)
        part = data / ".incoming" / "imdb_reviews" / "aclImdb_v1.tar.gz.part"
        while not (part.exists() and part.stat().st_size):
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130
    assert "Stopped. Nothing half-done is in place; the same command goes on from here." in errors
    assert "Traceback" not in errors
    assert part.stat().st_size > 0


# ------------------------------------------------------------------------------------------------------- rated word pairs

PAIRS = {"one.txt": b"old\tnew\t1.58\n", "two.txt": b": family\nboy girl king queen\n"}
PAIR_REMOTES = tuple(
    prepare.Remote(f"http://127.0.0.1:1/{name}", len(content), hashlib.sha256(content).hexdigest())
    for name, content in PAIRS.items()
)
prepare_pairs = functools.partial(prepare.prepare_similarity, remotes=PAIR_REMOTES)


def test_word_pairs_are_downloaded_and_verified(data, monkeypatch):
    with BadServer(*map(Reply, PAIRS.values())) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        prepare_pairs(data)
    assert {name: (data / name).read_bytes() for name in everything(data)} == {
        f"word_similarity/{name}": content for name, content in PAIRS.items()
    }


def test_word_pairs_replace_what_is_not_whole(data, tmp_path):
    write(data / "word_similarity" / "left over.txt", b"old")
    for name, content in PAIRS.items():
        write(tmp_path / "pairs" / name, content)
    prepare_pairs(data, tmp_path / "pairs")
    assert everything(data) == [f"word_similarity/{name}" for name in PAIRS]


def test_wrong_word_pairs_are_refused_whichever_way_they_come(data, tmp_path, monkeypatch):
    for name, content in PAIRS.items():
        write(tmp_path / "pairs" / name, content.replace(b"o", b"0"))
    with pytest.raises(download.WrongContent, match=r"one\.txt is not the file"):
        prepare_pairs(data, tmp_path / "pairs")
    with BadServer(Reply(PAIRS["one.txt"].replace(b"o", b"0"))) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        with pytest.raises(download.FetchError, match=r"SHA-256(.|\n)*FROM="):
            prepare_pairs(data)
    with pytest.raises(download.FetchError, match="Cannot read"):
        prepare_pairs(data, tmp_path / "nowhere")
    assert everything(data) == []


def test_without_a_network_the_word_pairs_come_out_of_gensim(data, capsys):
    from course_utils.datasets.similarity import is_ready

    assert prepare.main(["word_similarity"]) == 0
    assert is_ready(data)
    assert len(everything(data)) == 3
    assert prepare.main(["word_similarity"]) == 0
    assert "already" in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------------------------ books

LINES = [
    b'["Wikipedia:Notes", {}, [], [], "", 0]\n',
    b'["One", {}, ["sea"], [], "", 0]\n',
    b'["Two", {}, ["sea"], [], "", 0]\n',
]
BOOKS = b"".join(LINES)
PART = prepare.Remote("http://127.0.0.1:1/p15_books.ndjson", len(BOOKS), hashlib.sha256(BOOKS).hexdigest())
WHOLE_URL = "http://127.0.0.1:1/found_books_filtered.ndjson"
prepare_part = functools.partial(prepare.prepare_books, remote=PART)
prepare_whole = functools.partial(prepare.prepare_books_whole, url=WHOLE_URL, count=2)
BOTH = [(prepare_part, "books/p15_books.ndjson"), (prepare_whole, "books/found_books_filtered.ndjson")]


@pytest.mark.parametrize("prepare_file, place", BOTH)
def test_books_are_downloaded_to_their_place(data, monkeypatch, prepare_file, place):
    with BadServer(Reply(BOOKS)) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        prepare_file(data)
        assert [path for path, _ in server.requests] == [f"/{Path(place).name}"]
    assert everything(data) == [place]
    assert (data / place).read_bytes() == BOOKS


@pytest.mark.parametrize("prepare_file, place", BOTH)
@pytest.mark.parametrize("named", ["file", "folder"])
def test_books_are_copied_from_a_file_or_its_folder(data, tmp_path, prepare_file, place, named):
    source = write(tmp_path / "copy" / Path(place).name, BOOKS)
    prepare_file(data, source if named == "file" else source.parent)
    assert everything(data) == [place]
    assert (data / place).read_bytes() == source.read_bytes() == BOOKS


@pytest.mark.parametrize("prepare_file, place", BOTH)
@pytest.mark.parametrize("content", [b"".join(LINES[:-1]), BOOKS + LINES[1], BOOKS[:-20], b"[]\n", b""])
def test_other_books_are_refused(data, tmp_path, monkeypatch, prepare_file, place, content):
    with pytest.raises(download.WrongContent, match="SHA-256|books rather than 2|is not a book article"):
        prepare_file(data, write(tmp_path / "other.ndjson", content))
    with BadServer(Reply(content)) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        with pytest.raises(download.FetchError, match=rf"(.|\n)*FROM=/path/to/{Path(place).name}"):
            prepare_file(data)
    assert everything(data) == []


@pytest.mark.parametrize("prepare_file, place", BOTH)
def test_books_that_are_not_there(data, tmp_path, prepare_file, place):
    with pytest.raises(download.FetchError, match=r"Cannot read .*nowhere: No such file"):
        prepare_file(data, tmp_path / "nowhere")
    with pytest.raises(download.FetchError, match=rf"Cannot read .*{Path(place).name}: No such file"):
        prepare_file(data, tmp_path)


def test_new_books_do_not_disturb_the_old(data, tmp_path):
    for prepare_file, place in BOTH:
        prepare_file(data, write(tmp_path / Path(place).name, BOOKS))
    assert everything(data) == sorted(place for _, place in BOTH)


def test_prepared_books_are_ready_for_the_loader(data, tmp_path, monkeypatch, capsys):
    from course_utils.datasets import books

    prepare_whole(data, write(tmp_path / "whole.ndjson", BOOKS))
    assert books.whole_is_ready(data) and not books.is_ready(data)
    prepare_part(data, write(tmp_path / "part.ndjson", BOOKS))
    assert not books.is_ready(data)  # by its size it is not the true one
    monkeypatch.setattr(books, "PART_SIZE", len(BOOKS))
    assert prepare.DATASETS["books"].is_ready(data) and prepare.DATASETS["books_whole"].is_ready(data)
    assert books.PART_SIZE != prepare.BOOKS_PART.size


def test_the_loader_knows_the_true_size():
    from course_utils.datasets import books

    assert books.PART_SIZE == prepare.BOOKS_PART.size
    assert books.PART.name == prepare.BOOKS_PART.name and books.WHOLE.name == prepare.BOOKS_WHOLE.rpartition("/")[2]


# ------------------------------------------------------------------------------------------------------------ Wikispeedia

TOP = "wikispeedia_paths-and-graph"
GRAPH = {
    "articles.tsv": b"# all\nA\nB\n",
    "categories.tsv": b"A\tsubject.Science.Physics\n",
    "links.tsv": b"A\tB\n",
}
GRAPH_ARCHIVE = archive_of(
    {f"{TOP}/{name}": text for name, text in GRAPH.items()} | {f"{TOP}/paths_finished.tsv": b"x"}
)
GRAPH_REMOTE = prepare.Remote(
    f"http://127.0.0.1:1/{TOP}.tar.gz", len(GRAPH_ARCHIVE), hashlib.sha256(GRAPH_ARCHIVE).hexdigest()
)
prepare_graph = functools.partial(prepare.prepare_wikispeedia, remote=GRAPH_REMOTE)


def graph_stored(data):
    return {name: (data / name).read_bytes() for name in everything(data)} == {
        f"wikispeedia/{name}": text for name, text in GRAPH.items()
    }


def test_the_graph_is_taken_out_of_the_downloaded_archive(data, monkeypatch):
    with BadServer(Reply(GRAPH_ARCHIVE)) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        prepare_graph(data)
        assert [path for path, _ in server.requests] == [f"/{TOP}.tar.gz"]
    assert graph_stored(data)
    assert prepare.DATASETS["wikispeedia"].is_ready(data)


@pytest.mark.parametrize("form", ["archive", "folder"])
def test_the_graph_replaces_what_is_not_whole(data, tmp_path, form):
    write(data / "wikispeedia" / "articles.tsv", b"half")
    source = write(tmp_path / "graph.tar.gz", GRAPH_ARCHIVE)
    if form == "folder":
        source = tmp_path / "extracted"
        for name, text in GRAPH.items():
            write(source / name, text)
    prepare_graph(data, source)
    assert graph_stored(data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"links.tsv": b"A\tGhost\n"}, "is not the graph of Wikispeedia: .*Ghost is not in articles.tsv"),
        ({"links.tsv": b""}, "there are no links"),
        ({"links.tsv": None}, "links.tsv"),
    ],
)
def test_another_graph_is_refused(data, tmp_path, changes, message):
    files = {f"{TOP}/{name}": text for name, text in (GRAPH | changes).items() if text is not None}
    write(data / "wikispeedia" / "articles.tsv", b"half")
    with pytest.raises(download.WrongContent, match=message):
        prepare_graph(data, write(tmp_path / "graph.tar.gz", archive_of(files)))
    assert everything(data) == ["wikispeedia/articles.tsv"]


def test_a_download_that_is_not_the_archive_is_refused(data, monkeypatch):
    with BadServer(Reply(archive_of(FILES))) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        with pytest.raises(download.FetchError, match=rf"(.|\n)*FROM=/path/to/{TOP}.tar.gz"):
            prepare_graph(data)
    assert everything(data) == []


def test_a_graph_that_is_not_there(data, tmp_path):
    with pytest.raises(download.FetchError, match=r"Cannot read .*nowhere.tar.gz: No such file"):
        prepare_graph(data, tmp_path / "nowhere.tar.gz")
    with pytest.raises(download.FetchError, match=r"Cannot read .*articles.tsv: No such file"):
        prepare_graph(data, tmp_path)


# ------------------------------------------------------------------------------------------------------------------ O*NET

CODES = "O*NET-SOC Code\t"
ONET = {
    "Occupation Data.txt": CODES.encode() + b"Title\r\n11-1011.00\tChiefs\r\n",
    "Alternate Titles.txt": CODES.encode() + b"Alternate Title\n11-1011.00\tCEO\n11-1011.00\tBoss\n",
    "Sample of Reported Titles.txt": CODES.encode() + b"Reported Job Title\n",
    "Technology Skills.txt": CODES.encode() + b"Commodity Title\n11-1011.00\tSpreadsheets\n",
    "Tools Used.txt": CODES.encode() + b"Commodity Title\n11-1011.00\tPens\n",
}
ONET_COUNTS = dict(zip(ONET, (1, 2, 0, 1, 1), strict=True))


def zip_of(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name, data in files.items():
            bundle.writestr(name, data)
    return buffer.getvalue()


def onet_archive(changes=()):
    files = {f"db_27_0_text/{name}": text for name, text in (ONET | dict(changes)).items() if text is not None}
    return zip_of(files | {"db_27_0_text/Abilities.txt": b"x"})


prepare_tiny_onet = functools.partial(prepare.prepare_onet, counts=ONET_COUNTS)


def onet_stored(data):
    return {name: (data / name).read_bytes() for name in everything(data)} == {
        f"onet/{name}": text for name, text in ONET.items()
    }


def test_onet_is_taken_out_of_the_downloaded_archive(data, monkeypatch):
    with BadServer(Reply(onet_archive())) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        prepare_tiny_onet(data)
        assert [path for path, _ in server.requests] == ["/db_27_0_text.zip"]
    assert onet_stored(data)
    assert prepare.DATASETS["onet"].is_ready(data)


@pytest.mark.parametrize("form", ["archive", "folder"])
def test_onet_replaces_what_is_not_whole(data, tmp_path, form):
    write(data / "onet" / "Tools Used.txt", b"half")
    source = write(tmp_path / "onet.zip", onet_archive())
    if form == "folder":
        source = tmp_path / "extracted"
        for name, text in (ONET | {"Abilities.txt": b"x"}).items():
            write(source / name, text)
    prepare_tiny_onet(data, source)
    assert onet_stored(data)


OTHER_ONET = [
    ({"Tools Used.txt": CODES.encode() + b"Commodity Title\n"}, "Tools Used.txt has 0 rows rather than 1"),
    ({"Tools Used.txt": CODES.encode() + b"Commodity Title\n22-0.00\tPens\n"}, "22-0.00 is not in Occupation Data.txt"),
    ({"Tools Used.txt": CODES.encode() + b"Tool\n11-1011.00\tPens\n"}, "lacks the columns Commodity Title"),
    ({"Tools Used.txt": None}, "Tools Used.txt"),
]


@pytest.mark.parametrize(("changes", "message"), OTHER_ONET)
def test_another_onet_is_refused(data, tmp_path, monkeypatch, changes, message):
    write(data / "onet" / "Tools Used.txt", b"half")
    archive = onet_archive(changes)
    with pytest.raises(download.WrongContent, match=f"onet.zip is not O\\*NET 27.0: .*{message}"):
        prepare_tiny_onet(data, write(tmp_path / "onet.zip", archive))
    with BadServer(Reply(archive)) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        with pytest.raises(download.FetchError, match=rf"{message}(.|\n)*FROM=/path/to/db_27_0_text.zip"):
            prepare_tiny_onet(data)
    assert everything(data) == ["onet/Tools Used.txt"]


@pytest.mark.parametrize("content", [zip_of({"../Tools Used.txt": b"x"}), onet_archive()[:-30], b"no archive"])
def test_a_bad_archive_of_onet_is_refused(data, tmp_path, content):
    with pytest.raises((download.UnsafeArchive, download.WrongContent)):
        prepare_tiny_onet(data, write(tmp_path / "bad.zip", content))
    assert everything(tmp_path) == ["bad.zip"]


def test_onet_that_is_not_there(data, tmp_path):
    with pytest.raises(download.FetchError, match=r"Cannot read .*nowhere.zip: No such file"):
        prepare_tiny_onet(data, tmp_path / "nowhere.zip")
    with pytest.raises(download.FetchError, match=r"Cannot read .*Occupation Data.txt: No such file"):
        prepare_tiny_onet(data, tmp_path)


def test_the_loader_and_the_preparation_name_the_same_files():
    from course_utils.datasets import postings

    assert prepare.ONET_ROWS.keys() == postings.ONET_FILES.keys() == ONET.keys()


# --------------------------------------------------------------------------------------------------------------- postings

JOBS = (
    "job_title_short,job_title,job_location,job_posted_date,job_country,job_skills,job_type_skills\n"
    "Data Engineer,\"Engineer, big data\",Lyon,2023-06-16 13:44:15,France,\"['sql', 'c++']\",\"{'programming': ['sql']}\"\n"
    "Data Analyst,No skills,Lyon,2023-06-17 10:00:00,France,,\n"
    "Data Analyst,None,Lyon,2023-06-17 10:00:00,France,None,\n"
    "Data Analyst,,Lyon,2023-06-17 10:00:00,France,['r'],\n"
    "Data Analyst,Café analyst,Lyon,2023-06-18 10:00:00,,['r'],\n"
)
PREPARED = (
    "job_title,job_title_short,job_country,job_posted_date,skills\n"
    '"Engineer, big data",Data Engineer,France,2023-06-16,sql|c++\n'
    "Café analyst,Data Analyst,,2023-06-18,r\n"
)
PLACE = "postings/data_jobs_title_skills.csv"


def test_postings_are_taken_out_of_the_downloaded_table(data, monkeypatch):
    with BadServer(Reply(JOBS.encode())) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        prepare.prepare_postings(data)
        assert [path for path, _ in server.requests] == ["/data_jobs.csv"]
    assert everything(data) == [PLACE]
    assert (data / PLACE).read_bytes() == PREPARED.encode()
    assert prepare.DATASETS["postings"].is_ready(data)


@pytest.mark.parametrize("named", ["file", "folder"])
@pytest.mark.parametrize("name, text", [("data_jobs.csv", JOBS), ("data_jobs_title_skills.csv", PREPARED)])
def test_postings_come_from_either_file_or_its_folder(data, tmp_path, named, name, text):
    source = write(tmp_path / "copy" / name, text.encode())
    prepare.prepare_postings(data, source if named == "file" else source.parent)
    assert everything(data) == [PLACE]
    assert (data / PLACE).read_bytes() == PREPARED.encode()


HEAD = JOBS.splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (JOBS + "a,b,c,d\n", "line 7: 7 fields were expected, there are 4"),
        (HEAD + "S,T,L,D,C,__import__('os').getcwd(),\n", r"line 2: not a list of skills: __import__"),
        (HEAD + "S,T,L,D,C,[1],\n", "line 2: not a list of skills"),
        (HEAD + "S,T,L,D,C,['a|b'],\n", "line 2: not a list of skills"),
        (HEAD + "S,T,L,D,C,['a',\n", "line 2: 7 fields were expected, there are 6|not a list"),
        (HEAD + "S,T,L,D,C," + "[" * 5_000 + ",\n", "line 2: not a list of skills"),
        (HEAD, "has no posting with skills"),
        (HEAD.replace("job_country", "land"), "lacks the columns job_country; it has: job_title_short"),
        ("a,b\n", "lacks the columns"),
        ("", "lacks the columns"),
    ],
)
def test_other_postings_are_refused(data, tmp_path, monkeypatch, text, message):
    with pytest.raises(download.WrongContent, match=message):
        prepare.prepare_postings(data, write(tmp_path / "other.csv", text.encode()))
    with BadServer(Reply(text.encode())) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        with pytest.raises(download.FetchError, match=rf"({message})(.|\n)*FROM=/path/to/data_jobs.csv"):
            prepare.prepare_postings(data)
    assert everything(data) == []


def test_postings_that_are_not_there(data, tmp_path):
    with pytest.raises(download.FetchError, match=r"Cannot read .*nowhere: No such file"):
        prepare.prepare_postings(data, tmp_path / "nowhere")
    with pytest.raises(download.FetchError, match=r"Cannot read .*data_jobs.csv: No such file"):
        prepare.prepare_postings(data, tmp_path)


# ----------------------------------------------------------------------------------------------------------------- WNUT17

TAGGED = {"one.conll": b"Oslo\tB-location\n", "two.conll": b"hello\tO\n", "three.annotated": b"Ada\tB-person\n"}
TAGGED_REMOTES = tuple(
    prepare.Remote(f"http://127.0.0.1:1/{name}", len(content), hashlib.sha256(content).hexdigest())
    for name, content in TAGGED.items()
)
prepare_tagged = functools.partial(prepare.prepare_wnut17, remotes=TAGGED_REMOTES)


def tagged_stored(data):
    return {name: (data / name).read_bytes() for name in everything(data)} == {
        f"wnut17/{name}": content for name, content in TAGGED.items()
    }


def test_tagged_sentences_are_downloaded_and_verified(data, monkeypatch):
    with BadServer(*map(Reply, TAGGED.values())) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        prepare_tagged(data)
        assert [path for path, _ in server.requests] == [f"/{name}" for name in TAGGED]
    assert tagged_stored(data)


@pytest.mark.parametrize("named", ["file", "folder"])
def test_tagged_sentences_replace_what_is_not_whole(data, tmp_path, named):
    write(data / "wnut17" / "one.conll", b"half")
    for name, content in TAGGED.items():
        source = write(tmp_path / "copy" / name, content)
    prepare_tagged(data, source if named == "file" else source.parent)
    assert tagged_stored(data)


def test_other_tagged_sentences_are_refused(data, tmp_path, monkeypatch):
    for name, content in TAGGED.items():
        write(tmp_path / "copy" / name, content.replace(b"Ada", b"Bob"))
    with pytest.raises(download.WrongContent, match=r"three\.annotated is not the file"):
        prepare_tagged(data, tmp_path / "copy")
    with BadServer(Reply(b"Rome\tB-location\n")) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        with pytest.raises(
            download.FetchError, match=r"SHA-256(.|\n)*make data DATASETS=wnut17 FROM=/path/to/one.conll"
        ):
            prepare_tagged(data)
    with pytest.raises(download.FetchError, match=r"Cannot read .*one.conll: No such file"):
        prepare_tagged(data, tmp_path / "nowhere" / "one.conll")
    assert everything(data) == []


def test_the_loader_of_the_sentences_knows_the_files_and_their_sizes():
    from course_utils.datasets import sentences

    assert sentences.SIZES == {remote.name: remote.size for remote in prepare.WNUT17_FILES}
    assert set(sentences.SIZES) == set(sentences.FILES.values())


# ------------------------------------------------------------------------------------------------------- Tiny Shakespeare

PLAY = b"ADA:\nWho's there?\n"
PLAY_REMOTE = prepare.Remote("http://127.0.0.1:1/input.txt", len(PLAY), hashlib.sha256(PLAY).hexdigest())
prepare_play = functools.partial(prepare.prepare_tiny_shakespeare, remote=PLAY_REMOTE)


def test_the_plays_are_downloaded_to_their_place(data, monkeypatch):
    with BadServer(Reply(PLAY)) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        prepare_play(data)
        assert [path for path, _ in server.requests] == ["/input.txt"]
    assert everything(data) == ["tiny_shakespeare/input.txt"]
    assert (data / "tiny_shakespeare" / "input.txt").read_bytes() == PLAY


def test_other_plays_are_refused(data, tmp_path):
    with pytest.raises(download.WrongContent, match="SHA-256"):
        prepare_play(data, write(tmp_path / "input.txt", PLAY.upper()))
    assert everything(data) == []


def test_the_loader_of_the_plays_knows_their_size():
    from course_utils.datasets import texts

    assert texts.SIZE == prepare.TINY_SHAKESPEARE.size


# ---------------------------------------------------------------------------------------------------------------- Tatoeba

TRANSLATED = {"fra.txt": b"Go.\tVa !\nHi.\tSalut !\n", "cmn.txt": "\ufeffHi.\t嗨。\tCC-BY 2.0\n".encode()}
ARCHIVED = {"fra.txt": "fra-eng.zip", "cmn.txt": "cmn-eng.zip"}


@pytest.fixture
def few(monkeypatch):
    """Files are whole with the pairs of TRANSLATED."""
    from course_utils.datasets import pairs

    monkeypatch.setattr(pairs, "FILES", {"fra.txt": 2, "cmn.txt": 1})


def translated_archives(changes=()):
    return {
        ARCHIVED[name]: zip_of({"_about.txt": b"x", name: text}) for name, text in (TRANSLATED | dict(changes)).items()
    }


def translated_stored(data):
    return {name: (data / name).read_bytes() for name in everything(data)} == {
        f"tatoeba/{name}": text for name, text in TRANSLATED.items()
    }


def test_translations_are_taken_out_of_the_downloaded_archives(data, monkeypatch, few):
    with BadServer(*map(Reply, translated_archives().values())) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        prepare.prepare_tatoeba(data)
        assert [path for path, _ in server.requests] == ["/fra-eng.zip", "/cmn-eng.zip"]
    assert translated_stored(data)
    assert prepare.DATASETS["tatoeba"].is_ready(data)


@pytest.mark.parametrize("form", ["archives", "files", "one of each"])
@pytest.mark.parametrize("named", ["file", "folder"])
def test_translations_replace_what_is_not_whole(data, tmp_path, few, form, named):
    write(data / "tatoeba" / "fra.txt", b"half")
    files = {"archives": translated_archives(), "files": TRANSLATED}.get(form) or {
        "fra.txt": TRANSLATED["fra.txt"],
        "cmn-eng.zip": translated_archives()["cmn-eng.zip"],
    }
    for name, content in files.items():
        source = write(tmp_path / "copy" / name, content)
    prepare.prepare_tatoeba(data, source if named == "file" else source.parent)
    assert translated_stored(data)


OTHER_TRANSLATIONS = [
    ({"fra.txt": b"Go.\tVa !\n"}, "fra.txt has 1 pairs, at least 2 were expected"),
    ({"fra.txt": b"Go.\tVa !\nHi.\n"}, "does not have Tatoeba's fra.txt: .*line 2 is not a sentence, a tab"),
    ({"cmn.txt": b"Go.\t\xff\n"}, "does not have Tatoeba's cmn.txt: .*line 1 is not text in UTF-8"),
    ({"cmn.txt": b""}, "does not have Tatoeba's cmn.txt: .*has no pairs"),
]


@pytest.mark.parametrize(("changes", "message"), OTHER_TRANSLATIONS)
def test_other_translations_are_refused(data, tmp_path, monkeypatch, few, changes, message):
    archives = translated_archives(changes)
    for name, content in archives.items():
        source = write(tmp_path / name, content)
    with pytest.raises(download.WrongContent, match=message):
        prepare.prepare_tatoeba(data, source)
    with BadServer(*map(Reply, archives.values())) as server:
        monkeypatch.setenv("COURSE_MIRROR", server.url)
        with pytest.raises(
            download.FetchError, match=rf"{message}(.|\n)*make data DATASETS=tatoeba FROM=/path/to/\w+-eng.zip"
        ):
            prepare.prepare_tatoeba(data)
    assert not (data / "tatoeba").exists()


def test_an_archive_without_the_translations_is_refused(data, tmp_path, few):
    for name in ARCHIVED.values():
        write(tmp_path / name, zip_of({"_about.txt": b"x"}))
    with pytest.raises(download.WrongContent, match="fra-eng.zip does not have Tatoeba's fra.txt: .*No such file"):
        prepare.prepare_tatoeba(data, tmp_path)
    with pytest.raises((download.UnsafeArchive, download.WrongContent)):
        prepare.prepare_tatoeba(data, write(tmp_path / "fra-eng.zip", zip_of({"../fra.txt": TRANSLATED["fra.txt"]})))
    assert everything(tmp_path) == ["cmn-eng.zip", "fra-eng.zip"]


def test_translations_that_are_not_there(data, tmp_path, few):
    write(tmp_path / "copy" / "fra.txt", TRANSLATED["fra.txt"])
    with pytest.raises(download.FetchError, match=r"Cannot read .*cmn-eng.zip: No such file"):
        prepare.prepare_tatoeba(data, tmp_path / "copy")
    with pytest.raises(download.FetchError, match=r"Cannot read .*nowhere.zip: No such file"):
        prepare.prepare_tatoeba(data, tmp_path / "nowhere.zip")
    assert everything(tmp_path) == ["copy/fra.txt"]


def test_the_loader_of_the_pairs_and_the_preparation_name_the_same_files():
    from course_utils.datasets import pairs

    assert prepare.TATOEBA_ARCHIVES.keys() == pairs.FILES.keys() == TRANSLATED.keys()
    assert [remote.name for remote in prepare.TATOEBA_ARCHIVES.values()] == list(ARCHIVED.values())


@pytest.mark.real
@pytest.mark.parametrize("name", ["onet", "postings", "wnut17", "tiny_shakespeare", "tatoeba"])
def test_true_copies_go_round(tmp_path, monkeypatch, name):
    monkeypatch.undo()
    original = paths.data_dir()
    if not prepare.DATASETS[name].is_ready(original):
        pytest.skip(f"no {name} under {original}")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    assert prepare.main([name, "--from", str(original / name)]) == 0
    for path in everything(tmp_path):
        assert (tmp_path / path).read_bytes() == (original / path).read_bytes(), path
    assert prepare.DATASETS[name].is_ready(tmp_path)
    if name == "onet":
        whole = write(
            tmp_path / "onet.zip", zip_of({f"db/{path.name}": path.read_bytes() for path in original.glob("onet/*")})
        )
        prepare.prepare_onet(tmp_path / "again", whole)
        assert prepare.DATASETS[name].is_ready(tmp_path / "again")


# -------------------------------------------------------------------------------------------------------------- real data


@pytest.mark.real
def test_all_of_imdb_goes_round(tmp_path, monkeypatch):
    """The true texts, packed as IMDB packs them (with made-up stars), come out of the preparation as they were."""
    from course_utils.datasets.reviews import is_ready

    monkeypatch.undo()
    original = paths.data_dir()
    if not is_ready(original):
        pytest.skip(f"no IMDB under {original}")
    reviews = stored(original)
    kinds = {1: ("pos", 10), 0: ("neg", 1), -1: ("unsup", 0)}
    with tarfile.open(tmp_path / "acl.tar.gz", "w:gz", compresslevel=1) as tar:
        for split, rows in reviews.items():
            for number, (label, text) in enumerate(rows):
                kind, stars = kinds[label]
                folder = "test" if split == "test" else "train"
                member = tarfile.TarInfo(f"aclImdb/{folder}/{kind}/{number}_{stars}.txt")
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    assert prepare.main(["imdb_reviews", "--from", str(tmp_path / "acl.tar.gz")]) == 0
    assert is_ready(tmp_path / "data")
    assert stored(tmp_path / "data") == reviews

"""The loader of the reviews: the sample, a small stand-in for IMDB on disk, and (marked real) IMDB itself."""

import json
import shutil
import socket
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from course_utils import paths
from course_utils.datasets import reviews
from course_utils.text import tokenize

INFO = {
    "name": "imdb_reviews",
    "configName": "plain_text",
    "version": "1.0.0",
    "fileFormat": "tfrecord",
    "moduleName": "tensorflow_datasets.datasets.imdb_reviews.imdb_reviews_dataset_builder",
    "supervisedKeys": {"tuple": {"items": [{"featureKey": "text"}, {"featureKey": "label"}]}},
}
FEATURES = {
    "pythonClassName": "tensorflow_datasets.core.features.features_dict.FeaturesDict",
    "featuresDict": {
        "features": {
            "label": {
                "pythonClassName": "tensorflow_datasets.core.features.class_label_feature.ClassLabel",
                "classLabel": {"numClasses": "2"},
            },
            "text": {"pythonClassName": "tensorflow_datasets.core.features.text_feature.Text", "text": {}},
        }
    },
}


def write_info(folder, sizes, counts):
    """dataset_info.json and what else tensorflow_datasets wants, for shards of `sizes` bytes in all."""
    splits = [
        {
            "name": name,
            "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
            "numBytes": str(sizes[name] - 16 * counts[name]),
            "shardLengths": [str(counts[name])],
        }
        for name in counts
    ]
    (folder / "dataset_info.json").write_text(json.dumps(INFO | {"splits": splits}))
    (folder / "features.json").write_text(json.dumps(FEATURES))
    (folder / "label.labels.txt").write_text("neg\npos\n")


def shard(name):
    return f"imdb_reviews-{name}.tfrecord-00000-of-00001"


@pytest.fixture
def hollow(tmp_path, monkeypatch):
    """A folder that looks like prepared IMDB to one who reads names and sizes. Yields the folder of its files."""
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("COURSE_DATA", raising=False)
    folder = tmp_path / reviews.PREPARED
    folder.mkdir(parents=True)
    sizes = {name: 16 * count + 100 for name, count in reviews.COUNTS.items()}
    for name, size in sizes.items():
        with open(folder / shard(name), "wb") as file:
            file.truncate(size)
    write_info(folder, sizes, reviews.COUNTS)
    return folder


@pytest.fixture
def small_imdb(tmp_path, monkeypatch):
    """A true, readable dataset in IMDB's layout with 40, 20 and 10 reviews. Yields the folder of its files."""
    tf = pytest.importorskip("tensorflow")
    counts = {"train": 40, "test": 20, "unsupervised": 10}
    monkeypatch.setattr(reviews, "COUNTS", counts)
    monkeypatch.setattr(reviews, "VALIDATION", 8)
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COURSE_DATA", "real")
    folder = tmp_path / reviews.PREPARED
    folder.mkdir(parents=True)
    write_shards(tf, folder, counts, lambda name, i: f"{name} {i}: a café<br /><br />“film”".encode())
    return folder


def write_shards(tf, folder, counts, text):
    for name, count in counts.items():
        with tf.io.TFRecordWriter(str(folder / shard(name))) as writer:
            for i in range(count):
                label = -1 if name == "unsupervised" else i % 2
                feature = {
                    "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
                    "text": tf.train.Feature(bytes_list=tf.train.BytesList(value=[text(name, i)])),
                }
                writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    write_info(folder, {name: (folder / shard(name)).stat().st_size for name in counts}, counts)


@pytest.fixture
def sample(monkeypatch, tmp_path):
    """A copy of the sample's files, which the loader reads. Yields the path of the file."""
    monkeypatch.setenv("COURSE_DATA", "sample")
    for name in (reviews.SAMPLE, f"{reviews.SAMPLE}.sha256"):
        shutil.copy(paths.SAMPLES / name, tmp_path / name)
    monkeypatch.setattr(paths, "SAMPLES", tmp_path)
    return tmp_path / reviews.SAMPLE


# --- the sample ---


def test_sample_says_in_one_line_what_it_is(sample, capsys):
    loaded = reviews.load()
    assert loaded.source == "sample"
    assert capsys.readouterr().out == (
        f"Reviews: embedded sample – {len(loaded.train):,} train, {len(loaded.validation):,} validation, "
        f"{len(loaded.test):,} test, {len(loaded.unlabelled):,} unlabelled (real IMDB: make data DATASETS=imdb_reviews)\n"
    )


def test_sample_splits(sample):
    loaded = reviews.load()
    every = []
    for split in (loaded.train, loaded.validation, loaded.test):
        assert len(split) == len(split.texts) == len(split.labels) == len(split.stars) == len(split.twins)
        assert split.labels.dtype == np.int8 and split.labels.mean() == 0.5
        assert ((split.stars > 3) == split.labels)[split.stars != 3].all()
        assert split.stars.min() == 1 and split.stars.max() == 5
        pairs = Counter(split.twins[split.twins >= 0].tolist())
        assert set(pairs.values()) == {2} and 2 * len(pairs) >= len(split) / 5
        for twin in list(pairs)[:20]:
            one, other = np.flatnonzero(split.twins == twin)
            assert split.labels[one] != split.labels[other]
            assert Counter(tokenize(split.texts[one])) == Counter(tokenize(split.texts[other]))
        every += split.texts
    assert 3_000 <= len(every) <= 5_000
    assert len(loaded.unlabelled) >= 500
    assert len(set(every + loaded.unlabelled)) == len(every) + len(loaded.unlabelled)


def test_sample_does_not_depend_on_the_seed(sample):
    assert reviews.load(seed=0).train.texts == reviews.load(seed=1).train.texts


def flip(path):
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)


def tear(path):
    path.write_bytes(path.read_bytes()[:-1000])


def swap_the_digest(path):
    path.with_name(f"{path.name}.sha256").write_text(f"{'0' * 64}  {path.name}\n")


@pytest.mark.parametrize("damage", [flip, tear, swap_the_digest])
def test_damaged_sample_is_refused(sample, damage):
    damage(sample)
    with pytest.raises(ValueError, match=r"reviews.tsv.bz2 is damaged.*python data/make_reviews.py"):
        reviews.load()


@pytest.mark.parametrize("suffix", ["", ".sha256"])
def test_missing_sample_is_named(sample, suffix):
    sample.with_name(sample.name + suffix).unlink()
    with pytest.raises(FileNotFoundError, match=r"reviews.tsv.bz2"):
        reviews.load()


def test_sample_loads_without_tensorflow():
    code = (
        "import sys, os; os.environ['COURSE_DATA'] = 'sample'; from course_utils.datasets import reviews; reviews.load(); "
        "print(sorted({'tensorflow', 'tensorflow_datasets', 'sklearn', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=paths.REPOSITORY, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


# --- is IMDB there? ---


def test_whole_imdb_is_ready(hollow, tmp_path):
    assert reviews.what_is_wrong(tmp_path) is None
    assert reviews.is_ready(tmp_path)


def test_empty_folder_is_not_ready(tmp_path):
    assert not reviews.is_ready(tmp_path)


def remove(name):
    return lambda folder: (folder / name).unlink()


def cut(name):
    return lambda folder: (folder / name).open("r+b").truncate(1000)


def rewrite(change):
    def damage(folder):
        info = json.loads((folder / "dataset_info.json").read_text())
        (folder / "dataset_info.json").write_text(change(info) or json.dumps(info))

    return damage


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (remove("dataset_info.json"), "dataset_info.json is missing"),
        (remove("features.json"), "features.json is missing"),
        (remove(shard("unsupervised")), f"{shard('unsupervised')} is missing"),
        (cut(shard("test")), "the files of test hold 1,000 bytes instead of 400,100"),
        (rewrite(lambda info: "{"), "dataset_info.json cannot be understood"),
        (rewrite(lambda info: "[]"), "dataset_info.json cannot be understood"),
        (rewrite(lambda info: info["splits"][1].pop("numBytes") and None), "dataset_info.json cannot be understood"),
        (rewrite(lambda info: info["splits"].pop(2) and None), "unsupervised has 0 reviews instead of 50,000"),
        (rewrite(lambda info: info["splits"][0].update(shardLengths=["7"])), "train has 7 reviews instead of 25,000"),
    ],
)
def test_what_is_wrong_is_said(hollow, tmp_path, monkeypatch, capsys, damage, words):
    damage(hollow)
    assert words in reviews.what_is_wrong(tmp_path)
    assert not reviews.is_ready(tmp_path)

    assert reviews.load().source == "sample"  # auto: the sample, but not in silence
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert "real IMDB is there, but not whole" in line and words in line and "make data DATASETS=imdb_reviews" in line

    monkeypatch.setenv("COURSE_DATA", "real")
    with pytest.raises(paths.DataNotReady, match="make data DATASETS=imdb_reviews") as error:
        reviews.load()
    assert words in str(error.value)


def test_real_without_imdb_names_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COURSE_DATA", "real")
    with pytest.raises(paths.DataNotReady, match="make data DATASETS=imdb_reviews") as error:
        reviews.load()
    assert "not whole" not in str(error.value)


@pytest.mark.parametrize("damage", [lambda folder: None, remove("features.json")])
def test_sample_on_demand_whatever_is_there(hollow, monkeypatch, capsys, damage):
    damage(hollow)
    monkeypatch.setenv("COURSE_DATA", "sample")
    assert reviews.load().source == "sample"
    assert capsys.readouterr().out.endswith("(real IMDB: make data DATASETS=imdb_reviews)\n")


# --- IMDB, small ---


def about(film, n):
    """n reviews that name two people of a film."""
    return [f"I saw it, and then {film} and Ivo {film}son came in, take {i}." for i in range(n)]


def test_reviews_with_rare_names_in_common_are_of_one_film():
    texts = about("Quill", 4) + about("Vance", 5) + about("Moss", 3)
    groups = reviews.films(texts)
    assert groups.shape == (12,) and set(groups) == {0, 1, 2}
    for part in (slice(0, 4), slice(4, 9), slice(9, 12)):
        assert len(set(groups[part])) == 1


def test_no_film_has_more_reviews_than_the_largest():
    counts = np.bincount(reviews.films(about("Quill", 50) + about("Vance", 50), largest=30))
    assert counts.max() <= 30 and counts.sum() == 100


@pytest.mark.parametrize("texts", [["no names here"] * 3, ["Only At Beginnings"], ["the film", "With nobody"]])
def test_reviews_without_names_stay_alone(texts):
    assert reviews.films(texts).tolist() == list(range(len(texts)))


def test_no_film_is_on_both_sides(small_imdb):
    data = reviews.load()
    texts = [text for film in ("Quill", "Vance", "Moss", "Teasel", "Rook") for text in about(film, 6)]
    labels = np.tile([0, 1], 15).astype(np.int8)
    data = replace(
        data, train=reviews.Split(texts[::2], labels[::2]), validation=reviews.Split(texts[1::2], labels[1::2])
    )
    seen = set()
    for seed in range(5):
        split = reviews.by_group(data, seed)
        assert sorted(split.train.texts + split.validation.texts) == sorted(texts)
        assert not set(split.train.groups) & set(split.validation.groups)
        assert len(split.validation) == len(split.validation.groups) == len(split.validation.labels) == 12
        for part in (split.train, split.validation):
            assert all(labels[texts.index(text)] == label for text, label in zip(part.texts, part.labels, strict=True))
        assert split.test is data.test
        seen.add(tuple(split.validation.texts))
    assert len(seen) > 1


def test_in_the_sample_twins_belong_together():
    data = reviews.load_sample()
    split = reviews.by_group(data)
    for part, same in ((split.train, data.train), (split.validation, data.validation)):
        assert part.texts == same.texts
        assert np.bincount(part.groups).max() == 2
        pairs = [np.flatnonzero(part.groups == number) for number in range(part.groups.max() + 1)]
        assert all(len(pair) == 1 or len(set(part.twins[pair])) == 1 for pair in pairs)
        assert len(pairs) == len(part) - (part.twins >= 0).sum() // 2


def test_small_imdb(small_imdb, capsys):
    loaded = reviews.load()
    assert capsys.readouterr().out == "Reviews: real IMDB – 32 train, 8 validation, 20 test, 10 unlabelled\n"
    assert loaded.source == "real"
    for split, label_sum in ((loaded.train, 16), (loaded.validation, 4), (loaded.test, 10)):
        assert split.labels.dtype == np.int8 and split.labels.sum() == label_sum == len(split) / 2
        assert split.stars is None and split.twins is None
        for text, label in zip(split.texts, split.labels, strict=True):
            assert int(text.split()[1][:-1]) % 2 == label  # texts and labels stay together
    assert loaded.test.texts[3] == "test 3: a café<br /><br />“film”"
    assert sorted(loaded.train.texts + loaded.validation.texts) == sorted(
        f"train {i}: a café<br /><br />“film”" for i in range(40)
    )
    assert len(loaded.unlabelled) == 10


def test_validation_follows_the_seed_and_is_balanced(small_imdb):
    chosen = [reviews.load(seed).validation for seed in (0, 0, 1, 2, 3)]
    assert chosen[0].texts == chosen[1].texts != chosen[2].texts
    assert [split.labels.tolist().count(1) for split in chosen] == [4] * 5


def test_reads_without_network_and_writes_nothing(small_imdb, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the loader went to the network")

    def state():
        return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in [tmp_path, *tmp_path.rglob("*")]}

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    before = state()
    reviews.load()
    assert state() == before


def test_bytes_that_are_not_utf8_are_named(small_imdb):
    import tensorflow as tf

    write_shards(tf, small_imdb, reviews.COUNTS, lambda name, i: b"caf\xe9" if (name, i) == ("test", 7) else b"fine")
    with pytest.raises(
        ValueError, match=r"review 7 of imdb_reviews, test, is not UTF-8.*make data DATASETS=imdb_reviews"
    ):
        reviews.load()


# --- IMDB ---


@pytest.mark.real
def test_imdb(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", "auto")
    problem = reviews.what_is_wrong(paths.data_dir())
    if problem:
        pytest.skip(f"IMDB is not under {paths.data_dir()}: {problem}")
    loaded = reviews.load()
    line = "Reviews: real IMDB – 20,000 train, 5,000 validation, 25,000 test, 50,000 unlabelled\n"
    assert capsys.readouterr().out == line
    assert loaded.source == "real"
    for split, size in ((loaded.train, 20_000), (loaded.validation, 5_000), (loaded.test, 25_000)):
        assert len(split) == len(split.labels) == size
        assert split.labels.sum() == size / 2
    assert len(loaded.unlabelled) == 50_000
    assert not set(loaded.train.texts[:100]) & set(loaded.validation.texts)
    words = [len(tokenize(text)) for text in loaded.train.texts[:2000]]
    assert 150 < np.median(words) < 200

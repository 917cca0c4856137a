import json
import socket
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from course_utils.datasets import reviews
from course_utils.text import tokenize

INFO = {"name": "imdb_reviews", "configName": "plain_text", "version": "1.0.0", "fileFormat": "tfrecord"}
KINDS = "tensorflow_datasets.core.features"
LABEL = {"pythonClassName": f"{KINDS}.class_label_feature.ClassLabel", "classLabel": {"numClasses": "2"}}
TEXT = {"pythonClassName": f"{KINDS}.text_feature.Text", "text": {}}
FEATURES = {
    "pythonClassName": f"{KINDS}.features_dict.FeaturesDict",
    "featuresDict": {"features": {"label": LABEL, "text": TEXT}},
}


@pytest.fixture
def small_imdb(tmp_path):
    """A folder with a readable dataset in IMDB's layout, of 40, 20 and 10 reviews."""
    pytest.importorskip("tensorflow")
    write_imdb(tmp_path, lambda name, i: f"{name} {i}: a café<br /><br />“film”".encode())
    return tmp_path


def write_imdb(data_dir, text):
    import tensorflow as tf

    folder, splits = data_dir / "imdb_reviews" / "plain_text" / "1.0.0", []
    folder.mkdir(parents=True, exist_ok=True)
    for name, count in {"train": 40, "test": 20, "unsupervised": 10}.items():
        path = folder / f"imdb_reviews-{name}.tfrecord-00000-of-00001"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for i in range(count):
                label = -1 if name == "unsupervised" else i % 2
                feature = {
                    "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
                    "text": tf.train.Feature(bytes_list=tf.train.BytesList(value=[text(name, i)])),
                }
                writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
        size, template = path.stat().st_size - 16 * count, "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
        splits.append({"name": name, "filepathTemplate": template, "numBytes": str(size), "shardLengths": [str(count)]})
    (folder / "dataset_info.json").write_text(json.dumps(INFO | {"splits": splits}))
    (folder / "features.json").write_text(json.dumps(FEATURES))
    (folder / "label.labels.txt").write_text("neg\npos\n")


def test_the_splits_of_the_sample(sample):
    data = reviews.load()
    every = []
    for split in data:
        assert len(split) == len(split.texts) == len(split.labels) == len(split.stars) == len(split.twins)
        assert split.labels.dtype == np.int8 and split.labels.mean() == 0.5
        pairs = Counter(split.twins[split.twins >= 0].tolist())
        assert set(pairs.values()) == {2} and 2 * len(pairs) >= len(split) / 5
        assert all(len(set(split.labels[split.twins == twin])) == 2 for twin in pairs)
        every += split.texts
    assert 3_000 <= len(every) <= 5_000 and len(data.unlabelled) >= 500
    assert len(set(every + data.unlabelled)) == len(every) + len(data.unlabelled)
    assert reviews.load(seed=1).train.texts == data.train.texts


def test_in_the_sample_twins_belong_together():
    data = reviews.load_sample()
    split = reviews.by_group(data)
    for part, same in ((split.train, data.train), (split.validation, data.validation)):
        assert part.texts == same.texts
        assert np.bincount(part.groups).max() == 2
        pairs = [np.flatnonzero(part.groups == number) for number in range(part.groups.max() + 1)]
        assert all(len(pair) == 1 or len(set(part.twins[pair])) == 1 for pair in pairs)
        assert len(pairs) == len(part) - (part.twins >= 0).sum() // 2


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


def test_no_film_is_in_both_training_and_validation_set(sample):
    texts = [text for film in ("Quill", "Vance", "Moss", "Teasel", "Rook") for text in about(film, 6)]
    labels = np.tile([0, 1], 15).astype(np.int8)
    train, validation = (reviews.Split(texts[i::2], labels[i::2]) for i in (0, 1))
    data, seen = replace(reviews.load(), source="real", train=train, validation=validation), set()
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


def test_small_imdb(small_imdb):
    data, again, other = (reviews.read(small_imdb, seed, validation=8) for seed in (0, 0, 1))
    assert data.validation.texts == again.validation.texts != other.validation.texts
    assert data.source == "real" and [len(split) for split in data] == [32, 8, 20] and len(data.unlabelled) == 10
    for split in data:
        assert split.labels.dtype == np.int8 and split.labels.sum() == len(split) / 2
        assert split.stars is None and split.twins is None
        for text, label in zip(split.texts, split.labels, strict=True):
            assert int(text.split()[1][:-1]) % 2 == label  # texts and labels stay together
    assert data.test.texts[3] == "test 3: a café<br /><br />“film”"
    assert sorted(data.train.texts + data.validation.texts) == sorted(
        f"train {i}: a café<br /><br />“film”" for i in range(40)
    )


def test_reading_uses_no_network(small_imdb, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the loader used the network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert reviews.read(small_imdb, 0, validation=8).source == "real"


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("dataset_info.json", lambda path: path.write_text("{")),
        ("dataset_info.json", lambda path: path.unlink()),
        ("*test.tfrecord*", lambda path: path.write_bytes(path.read_bytes()[:-100])),
        ("*0.0", lambda path: write_imdb(path.parents[2], lambda *_: b"caf\xe9")),
    ],
)
def test_damaged_files_give_one_line_with_the_command(small_imdb, name, damage):
    damage(next(small_imdb.rglob(name)))
    with pytest.raises(ValueError, match=r"imdb_reviews cannot be read.*make data DATASETS=imdb_reviews") as error:
        reviews.read(small_imdb, 0)
    assert "\n" not in str(error.value)


@pytest.mark.real
def test_imdb(real):
    real("imdb_reviews")
    data = reviews.load()
    assert [len(split) for split in data] == [20_000, 5_000, 25_000] and len(data.unlabelled) == 50_000
    assert all(split.labels.sum() == len(split.labels) / 2 == len(split) / 2 for split in data)
    assert not set(data.train.texts[:100]) & set(data.validation.texts)
    words = [len(tokenize(text)) for text in data.train.texts[:2000]]
    assert 150 < np.median(words) < 200


# --- the word index of Keras ---

INDEX = {"the": 1, "film": 3, "naïve": 2}


def test_the_word_index_is_loaded(stand_in, capsys):
    stand_in("keras_imdb", {"imdb_word_index.json": json.dumps(INDEX)})
    assert reviews.load_word_index() == INDEX
    assert "3 words" in capsys.readouterr().out


@pytest.mark.parametrize("content", [b'{"the": 1, "a": 3}', b'{"the": 1', b"[]", b'{"the": "1"}', b'"\xff"'])
def test_a_damaged_word_index_is_named(stand_in, content):
    stand_in("keras_imdb", {"imdb_word_index.json": content})
    with pytest.raises(ValueError, match=r"imdb_word_index\.json .*make data"):
        reviews.load_word_index()


@pytest.mark.real
def test_the_real_word_index(real):
    real("keras_imdb")
    index = reviews.load_word_index()
    assert len(index) == 88_584 and index["the"] == 1

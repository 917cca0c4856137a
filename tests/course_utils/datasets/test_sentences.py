"""The loader of the sentences: the sample, small stand-ins for WNUT17's files, and (marked real) WNUT17 itself."""

import shutil
import subprocess
import sys
from collections import Counter

import pytest

from course_utils import paths
from course_utils.datasets import sentences

TRAIN = "Ada\tB-person\nLee\tI-person\nleft\tO\nOslo\tB-location\n\t\n@you\tO\n"
OTHER = "hi\tO\n\n"


@pytest.fixture
def sample(monkeypatch, tmp_path):
    """A copy of the sample's files, which the loader reads. Yields the path of the file."""
    monkeypatch.setenv("COURSE_DATA", "sample")
    for suffix in ("", ".sha256"):
        shutil.copy(paths.SAMPLES / (sentences.SAMPLE + suffix), tmp_path)
    monkeypatch.setattr(paths, "SAMPLES", tmp_path)
    return tmp_path / sentences.SAMPLE


@pytest.fixture
def real(monkeypatch, tmp_path):
    """Small files in the places of the real ones. Yields their folder."""
    monkeypatch.setenv("COURSE_DATA", "real")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    texts = dict(zip(sentences.FILES.values(), (TRAIN, OTHER, OTHER), strict=True))
    monkeypatch.setattr(sentences, "SIZES", {name: len(text) for name, text in texts.items()})
    for name, text in texts.items():
        write(tmp_path / "data" / sentences.DATASET / name, text)
    return tmp_path / "data" / sentences.DATASET


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parts(loaded):
    return {"train": loaded.train, "validation": loaded.validation, "test": loaded.test}


def count_of_entities(split):
    return sum(tag[0] == "B" for tags in split.tags for tag in tags)


def check_iob2(split, types):
    for words, tags in zip(split.words, split.tags, strict=True):
        assert len(words) == len(tags) > 0 and all(words)
        for before, tag in zip(["O", *tags], tags, strict=False):
            assert tag == "O" or (tag[:2] in ("B-", "I-") and tag[2:] in types)
            assert tag[0] != "I" or before[1:] == tag[1:]


# --- the sample ---


def test_sample_says_in_one_line_what_it_is(sample, capsys):
    loaded = sentences.load()
    assert loaded.source == "sample"
    n = sum(map(count_of_entities, parts(loaded).values()))
    line = f"Sentences: embedded sample – 3,000 train, 500 validation, 1,000 test; {n:,} entities of 4 types"
    assert capsys.readouterr().out == f"{line} (real ones: make data DATASETS=wnut17)\n"
    sentences.load_sample()
    assert capsys.readouterr().out == f"{line}\n"


def test_sample_splits(sample):
    types = ("person", "place", "organisation", "product")
    for split in parts(sentences.load()).values():
        check_iob2(split, types)
        assert len(split) == len(split.words) == len(split.tags) == len(split.kinds)
        for tags, kinds in zip(split.tags, split.kinds, strict=True):
            assert len(kinds) == sum(tag[0] == "B" for tag in tags)
        of_type = Counter(tag[2:] for tags in split.tags for tag in tags if tag[0] == "B")
        assert set(of_type) == set(types) and min(of_type.values()) > 0.8 * max(of_type.values())
        assert {kind for kinds in split.kinds for kind in kinds} == set("abcd") and [] in split.kinds


def test_sample_names_of_the_test_split_are_mostly_new(sample):
    def names(split):
        return [
            " ".join(word for word, tag in zip(words, tags, strict=True) if tag != "O")
            for words, tags in zip(split.words, split.tags, strict=True)
            if Counter(tag[0] for tag in tags)["B"] == 1
        ]

    loaded = sentences.load()
    known = set(names(loaded.train))
    test = names(loaded.test)
    assert 0.1 < sum(name in known for name in test) / len(test) < 0.3


def flip(path):
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)


def tear(path):
    path.write_bytes(path.read_bytes()[:-1000])


@pytest.mark.parametrize("damage", [flip, tear])
def test_a_damaged_sample_is_refused(sample, damage):
    damage(sample)
    with pytest.raises(ValueError, match=r"sentences.tsv.bz2 is damaged.*python data/make_sentences.py"):
        sentences.load()


@pytest.mark.parametrize("suffix", ["", ".sha256"])
def test_a_missing_sample_is_named(sample, suffix):
    sample.with_name(sample.name + suffix).unlink()
    with pytest.raises(FileNotFoundError, match=r"sentences.tsv.bz2"):
        sentences.load()


def test_the_sample_on_demand_whatever_is_there(sample, real):
    assert sentences.load_sample().source == "sample"


def test_sample_loads_without_heavy_packages():
    code = (
        "import sys, os; os.environ['COURSE_DATA'] = 'sample'; from course_utils.datasets import sentences; "
        "sentences.load(); print(sorted({'tensorflow', 'sklearn', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=paths.REPOSITORY, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


# --- WNUT17 ---


def test_the_format_of_wnut17(real, capsys):
    loaded = sentences.load()
    assert capsys.readouterr().out == (
        "Sentences: real, WNUT17 – 2 train, 1 validation, 1 test; 2 entities of 2 types\n"
    )
    assert loaded.source == "real"
    assert loaded.train.words == [["Ada", "Lee", "left", "Oslo"], ["@you"]]
    assert loaded.train.tags == [["B-person", "I-person", "O", "B-location"], ["O"]]
    assert all(split.kinds is None for split in parts(loaded).values())
    assert (loaded.test.words, loaded.test.tags) == ([["hi"]], [["O"]])


@pytest.mark.parametrize(
    "text",
    [
        "a\tO\nb\tB-group\n\nc\tO\n",
        "a\tO\nb\tB-group\n\nc\tO",
        "\n\t\n \n\na\tO\nb\tB-group\n\t\n\n\t \nc\tO\n\t\n\n",
        "a\tO \nb \tB-group\t\n\nc\tO\n",
        "a\tO\r\nb\tB-group\r\n\r\nc\tO\r\n",
    ],
)
def test_empty_lines_and_trailing_spaces_do_not_matter(tmp_path, text):
    split = sentences.read(write(tmp_path / "x.conll", text))
    assert (split.words, split.tags) == ([["a", "b"], ["c"]], [["O", "B-group"], ["O"]])


@pytest.mark.parametrize(
    "word", ['"', '..."', "'", "\\", "#", "a\u200bb", "a\ufeff", "a\u2028b", "a\x85b", "\N{SLICE OF PIZZA}"]
)
def test_a_token_is_left_as_it_is(tmp_path, word):
    split = sentences.read(write(tmp_path / "x.conll", f"{word}\tO\nb\tO\n"))
    assert split.words == [[word, "b"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tO\nb\n", r"x.conll, line 2 is not a token, a tab and a tag: b'b\\n'"),
        ("a\tO\nb\t\n", r"x.conll, line 2 is not a token, a tab and a tag"),
        ("a\tO\n\tO\n", r"x.conll, line 2 is not a token, a tab and a tag"),
        ("a O\n", r"x.conll, line 1 is not a token, a tab and a tag"),
        ("a\tO\tO\n", r"x.conll, line 1 is not a token, a tab and a tag"),
        ("a\tO\n\nb\tB-place\n", r"x.conll, line 3 has the tag 'B-place', which is none"),
        ("a\tB\n", r"x.conll, line 1 has the tag 'B', which is none"),
        ("a\tI-person\n", r"x.conll, line 1 has the tag I-person, and no entity of this type goes on"),
        ("a\tB-person\n\nb\tI-person\n", r"x.conll, line 3 has the tag I-person"),
        ("a\tB-person\nb\tO\nb\tI-person\n", r"x.conll, line 3 has the tag I-person"),
        ("a\tB-person\nb\tI-group\n", r"x.conll, line 2 has the tag I-group"),
        (b"a\tO\ncaf\xe9\tO\n", r"x.conll, line 2 is not text in UTF-8"),
        ("a\tO\n".encode("utf-16"), r"x.conll, line 1 is not text in UTF-8"),
        ("", r"x.conll has no sentence"),
        ("\n\t\n", r"x.conll has no sentence"),
    ],
)
def test_what_is_damaged_is_named(tmp_path, text, message):
    with pytest.raises(ValueError, match=rf"{message}.*make data DATASETS=wnut17"):
        sentences.read(write(tmp_path / "x.conll", text))


@pytest.mark.parametrize("name", sentences.SIZES)
@pytest.mark.parametrize("damage", ["missing", "cut short"])
def test_without_a_whole_file_there_is_the_sample_or_advice(real, monkeypatch, capsys, name, damage):
    assert sentences.is_ready(real.parent)
    if damage == "missing":
        (real / name).unlink()
    else:
        (real / name).write_bytes((real / name).read_bytes()[:-1])
    assert not sentences.is_ready(real.parent)
    with pytest.raises(paths.DataNotReady, match="make data DATASETS=wnut17"):
        sentences.load()
    monkeypatch.setenv("COURSE_DATA", "auto")
    assert sentences.load().source == "sample"
    assert "make data DATASETS=wnut17" in capsys.readouterr().out


def test_auto_takes_what_is_there(real, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "auto")
    assert sentences.load().source == "real"
    monkeypatch.setenv("COURSE_DATA", "sample")
    assert sentences.load().source == "sample"


@pytest.mark.real
def test_the_real_wnut17(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", "real")
    if not sentences.is_ready(paths.data_dir()):
        pytest.skip(f"no WNUT17 under {paths.data_dir()}")
    loaded = sentences.load()
    assert "3,394 train, 1,009 validation, 1,287 test; 3,890 entities of 6 types" in capsys.readouterr().out
    assert [sum(map(len, split.words)) for split in parts(loaded).values()] == [62_730, 15_733, 23_394]
    assert [count_of_entities(split) for split in parts(loaded).values()] == [1_975, 836, 1_079]
    for split in parts(loaded).values():
        check_iob2(split, sentences.TYPES)

"""The loader of the sentence pairs: the sample, small stand-ins for Tatoeba's files, and (marked real) Tatoeba's themselves."""

import shutil
import subprocess
import sys

import pytest

from course_utils import paths
from course_utils.datasets import pairs

FRENCH = (
    "Go.\tVa !\n"
    "I'm home.\tJe suis à la maison.\n"
    "I am home.\tJe suis à la maison.\tCC-BY 2.0\n"
    "I am home.\tJe suis chez moi.\n"
    "The tree sleeps.\tL'arbre dort.\n"
    "THE TREE SLEEPS.\tL’arbre dort.\n"
    "One two three four five six seven eight nine ten eleven twelve.\tTrop long.\n"
)
MANDARIN = "\ufeffHi.\t嗨。\tCC-BY 2.0\nTom has 3 cats.\tTom有3只猫。\tCC-BY 2.0\n\n"


@pytest.fixture
def sample(monkeypatch, tmp_path):
    """A copy of the sample's files, which the loader reads. Yields their folder."""
    monkeypatch.setenv("COURSE_DATA", "sample")
    for name in (pairs.SAMPLE, pairs.LEMMAS):
        for suffix in ("", ".sha256"):
            shutil.copy(paths.SAMPLES / (name + suffix), tmp_path)
    monkeypatch.setattr(paths, "SAMPLES", tmp_path)
    return tmp_path


@pytest.fixture
def real(monkeypatch, tmp_path):
    """Small files in the places of the real ones. Yields their folder."""
    monkeypatch.setenv("COURSE_DATA", "real")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(pairs, "HELD_OUT", {"validation": 0, "test": 1})
    folder = tmp_path / "data" / pairs.DATASET
    for name, text in (("fra.txt", FRENCH), ("cmn.txt", MANDARIN)):
        write(folder / name, text)
    return folder


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def parts(loaded):
    return {"train": loaded.train, "validation": loaded.validation, "test": loaded.test}


def check(split):
    """That what stands side by side belongs together."""
    assert len(split) == len(split.english) == len(split.french) == len(split.references)
    known = {}
    for english, french, references in zip(split.english, split.french, split.references, strict=True):
        assert english and french and references[0] == french
        assert len({tuple(reference) for reference in references}) == len(references)
        together = {tuple(reference) for reference in references}
        assert known.setdefault(tuple(english), together) == together


def check_apart(loaded):
    """That no sentence of either language is in two splits."""
    splits = [split for split in (*parts(loaded).values(), loaded.long) if split]
    for side in ("english", "french"):
        sides = [{tuple(sentence) for sentence in getattr(split, side)} for split in splits]
        if side == "french":
            sides = [{tuple(r) for references in split.references for r in references} for split in splits]
        assert sum(map(len, sides)) == len(set.union(*sides))


# --- the sample ---


def test_sample_says_in_one_line_what_it_is(sample, capsys):
    loaded = pairs.load()
    assert loaded.source == "sample"
    line = "Sentence pairs: embedded sample – 8,000 train, 800 validation, 1,000 test, 300 long"
    assert capsys.readouterr().out == f"{line} (real ones: make data DATASETS=tatoeba)\n"
    pairs.load_sample()
    assert capsys.readouterr().out == f"{line}\n"


def test_sample_splits(sample):
    loaded = pairs.load()
    for split in (*parts(loaded).values(), loaded.long):
        check(split)
        assert all(references == [french] for references, french in zip(split.references, split.french, strict=True))
    check_apart(loaded)
    assert max(map(len, loaded.train.english)) < min(map(len, loaded.long.english))


def test_sample_is_in_the_form_that_the_tokenizer_makes(sample):
    test = pairs.load().test
    for language in ("english", "french"):
        for sentence in getattr(test, language):
            assert pairs.tokenize(" ".join(sentence).replace("' ", "'"), language) == sentence


@pytest.mark.parametrize("load", [pairs.load, pairs.load_lemmas])
def test_a_damaged_sample_is_refused(sample, load):
    name = pairs.SAMPLE if load is pairs.load else pairs.LEMMAS
    content = bytearray((sample / name).read_bytes())
    content[1000] ^= 1
    (sample / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name} is damaged.*python data/make_pairs.py"):
        load()


@pytest.mark.parametrize("suffix", ["", ".sha256"])
def test_a_missing_sample_is_named(sample, suffix):
    (sample / f"{pairs.SAMPLE}{suffix}").unlink()
    with pytest.raises(FileNotFoundError, match=r"pairs.tsv.bz2"):
        pairs.load()


def test_the_sample_on_demand_whatever_is_there(sample, real):
    assert pairs.load_sample().source == "sample"


def test_sample_loads_without_heavy_packages():
    code = (
        "import sys, os; os.environ['COURSE_DATA'] = 'sample'; from course_utils.datasets import pairs; "
        "pairs.load(); print(sorted({'tensorflow', 'sklearn', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=paths.REPOSITORY, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


# --- what is wrong with a translation ---

RIGHT = "la lampe que mon frère a achetée hier est verte ."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (RIGHT, None),
        ("la lampe que mon frère a achetée hier est vert .", "agreement"),
        ("la lampe que mon frère a acheté hier est verts .", "agreement"),
        ("le lampe que mon frère a achetée hier est verte .", "agreement"),
        ("les lampes que mes frères ont achetées hier sont vertes .", "agreement"),
        ("la lampe hier que mon frère a achetée est verte .", "order"),
        ("le lampe hier que mon frère a acheté est vert .", "order"),
        ("la lampe que mon frère a achetée est verte .", "words"),
        ("la lampe que mon frère a achetée hier est verte verte .", "words"),
        ("la table que mon frère a achetée hier est verte .", "words"),
        ("la lampe que mon frère achète hier est verte .", "words"),
        ("la lampe que mon frère a achetée hier était verte .", "words"),
        ("la lampe que mon frère a <unk> hier est verte .", "words"),
        ("", "words"),
    ],
)
def test_a_fault_has_a_name(said, expected):
    assert pairs.fault(said.split(), RIGHT.split()) == expected
    assert pairs.fault(tuple(said.split()), RIGHT.split(), pairs.load_lemmas()) == expected


def test_lemmas_that_are_given_are_used():
    assert pairs.fault(["a"], ["b"], {"a": "x", "b": "x"}) == "agreement"
    assert pairs.fault(["a"], ["b"], {}) == "words"


@pytest.mark.parametrize(
    ("said", "right"), [("le arbre", "l' arbre"), ("ma assiette", "mon assiette"), ("de oies", "d' oies")]
)
def test_a_form_before_a_vowel_is_an_agreement(said, right):
    assert pairs.fault(said.split(), right.split()) == "agreement"


def test_all_forms_of_the_sample_have_a_lemma(sample):
    loaded, lemmas = pairs.load(), pairs.load_lemmas()
    for split in (*parts(loaded).values(), loaded.long):
        assert {token for sentence in split.french for token in sentence} <= set(lemmas)


# --- tokens ---


@pytest.mark.parametrize(
    ("language", "text", "tokens"),
    [
        ("english", "I don't know Tom's name!", "i don't know tom's name !"),
        ("english", 'He said, "It\u2019s 8:30."', 'he said , " it\'s 8:30 . "'),
        ("english", "A 13-year-old paid $1,000.50?", "a 13-year-old paid $ 1,000.50 ?"),
        ("french", "L'arbre n\u2019est-ce qu'il a\u00a0?", "l' arbre n' est-ce qu' il a ?"),
        ("french", "Aujourd'hui, quelqu'un a vu\u202f: «\u2009J'ai, jusqu'à 5,5 !\u00a0»", None),
        ("french", "A-t-elle mangé l'œuf\u202f?", "a-t-elle mangé l' œuf ?"),
        ("french", "E\u0301te\u0301", "été"),
        ("french", "c'est\u200b bon", "c' est bon"),
        ("mandarin", "Tom有20只猫。", "tom 有 20 只 猫 。"),
        ("mandarin", "我 们\u3000好！", "我 们 好 ！"),
        ("english", " \u00a0 ", ""),
    ],
)
def test_tokens(language, text, tokens):
    expected = "aujourd'hui , quelqu'un a vu : « j' ai , jusqu' à 5,5 ! »" if tokens is None else tokens
    assert pairs.tokenize(text, language) == expected.split()
    if language == "english":
        assert pairs.tokenize(text) == expected.split()


# --- Tatoeba ---


def test_the_format_of_tatoeba(real, capsys):
    loaded = pairs.load()
    assert capsys.readouterr().out == (
        "Sentence pairs: real, Tatoeba English–French of at most 8 English tokens – 4 train, 0 validation, 1 test\n"
    )
    assert loaded.source == "real" and loaded.long is None
    found = {}
    for split in parts(loaded).values():
        check(split)
        for english, references in zip(split.english, split.references, strict=True):
            found[" ".join(english)] = {" ".join(reference) for reference in references}
    assert found == {
        "go .": {"va !"},
        "i'm home .": {"je suis à la maison ."},
        "i am home .": {"je suis à la maison .", "je suis chez moi ."},
        "the tree sleeps .": {"l' arbre dort ."},
    }
    check_apart(loaded)


def test_mandarin_in_characters(real, capsys):
    loaded = pairs.load_mandarin()
    assert "real, Tatoeba English–Mandarin of at most 8 English tokens – 1 train, 0" in capsys.readouterr().out
    found = {
        " ".join(e): f for split in parts(loaded).values() for e, f in zip(split.english, split.french, strict=True)
    }
    assert found == {"hi .": ["嗨", "。"], "tom has 3 cats .": ["tom", "有", "3", "只", "猫", "。"]}


@pytest.mark.parametrize("mode", ["auto", "sample", "real"])
def test_without_mandarin_there_is_advice(real, monkeypatch, mode):
    if mode != "sample":
        (real / "cmn.txt").unlink()
    monkeypatch.setenv("COURSE_DATA", mode)
    with pytest.raises(paths.DataNotReady, match=r"make data DATASETS=tatoeba.*COURSE_DATA_DIR"):
        pairs.load_mandarin()


def test_without_french_there_is_the_sample_or_advice(real, monkeypatch, capsys):
    assert pairs.is_ready(real.parent)
    (real / "fra.txt").unlink()
    assert not pairs.is_ready(real.parent) and pairs.is_ready(real.parent, ["cmn.txt"])
    with pytest.raises(paths.DataNotReady, match="make data DATASETS=tatoeba"):
        pairs.load()
    monkeypatch.setenv("COURSE_DATA", "auto")
    assert pairs.load().source == "sample"
    assert "make data DATASETS=tatoeba" in capsys.readouterr().out


def test_auto_takes_what_is_there(real, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "auto")
    (real / "cmn.txt").unlink()  # French alone will do
    assert pairs.load().source == "real"
    monkeypatch.setenv("COURSE_DATA", "sample")
    assert pairs.load().source == "sample"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Go.\tVa !\nRun.\n", r"x.txt, line 2 is not a sentence, a tab and its translation: b'Run.\\n'"),
        ("Go.\tVa !\nRun.\t\n", r"x.txt, line 2 is not a sentence, a tab"),
        ("Go.\tVa !\nRun.\t \tCC-BY\n", r"x.txt, line 2 is not a sentence, a tab"),
        ("\tVa !\n", r"x.txt, line 1 is not a sentence, a tab"),
        ("Go. Va !\n", r"x.txt, line 1 is not a sentence, a tab"),
        ("Go.\tVa !\n\n \nRun.\tCours !\n", r"x.txt, line 3 is not a sentence, a tab"),
        (b"Go.\tVa !\nRun.\tCours \xe9\n", r"x.txt, line 2 is not text in UTF-8"),
        ("Go.\tVa !\n".encode("utf-16"), r"x.txt, line 1 is not text in UTF-8"),
        ("<html>", r"x.txt, line 1 is not a sentence"),
        ("", r"x.txt has no pairs"),
        ("\n", r"x.txt has no pairs"),
    ],
)
def test_what_is_damaged_is_named(tmp_path, text, message):
    with pytest.raises(ValueError, match=rf"{message}.*make data DATASETS=tatoeba"):
        pairs.read(write(tmp_path / "x.txt", text))


@pytest.mark.parametrize(
    "text",
    ["Go.\tVa !\nRun.\tCours !\n", "\ufeffGo.\tVa !\r\nRun.\tCours !\r\n", "Go.\tVa !\tCC\tBY\nRun.\tCours !\n\n"],
)
def test_line_ends_marks_and_columns_do_not_matter(tmp_path, text):
    assert pairs.read(write(tmp_path / "x.txt", text)) == [("Go.", "Va !"), ("Run.", "Cours !")]


# --- splitting ---


def test_what_hangs_together_stays_together(monkeypatch):
    monkeypatch.setattr(pairs, "HELD_OUT", {"validation": 3, "test": 5})
    chain = [
        ((f"e{i // 2}",), (f"f{(i + 1) // 2}",)) for i in range(20)
    ]  # e0 f0, e0 f1, e1 f1, e1 f2 …: ten English ones
    others = [((f"a{i}",), (f"b{i}", "x")) for i in range(30)]
    for seed in range(20):
        train, validation, test = splits = pairs.split_pairs(others[:15] + chain + others[15:], seed)
        assert [len(split) for split in splits] == [42, 3, 5]
        assert sum(english[0].startswith("e") for english in train.english) == 20  # ten are too many for the others
        check_apart(pairs.Pairs("real", train, validation, test))
        for split in splits:
            check(split)


def test_held_out_sentences_come_once_with_all_their_translations(monkeypatch):
    monkeypatch.setattr(pairs, "HELD_OUT", {"validation": 0, "test": 2})
    train, _, test = pairs.split_pairs([(("a",), ("x",)), (("b",), ("x",)), (("a",), ("y", "y")), (("a",), ("z",))])
    assert len(train) == 0
    assert sorted(zip(test.english, test.references, strict=True)) == [
        (["a"], [["x"], ["y", "y"], ["z"]]),
        (["b"], [["x"]]),
    ]
    assert sorted(test.french) == [["x"], ["x"]]


def test_in_training_each_translation_has_a_line(monkeypatch):
    monkeypatch.setattr(pairs, "HELD_OUT", {"validation": 0, "test": 0})
    train, _, _ = pairs.split_pairs([(("a",), ("x",)), (("a",), ("y",)), (("b",), ("z",))])
    lines = sorted(zip(train.english, train.french, train.references, strict=True))
    assert lines == [
        (["a"], ["x"], [["x"], ["y"]]),
        (["a"], ["y"], [["y"], ["x"]]),
        (["b"], ["z"], [["z"]]),
    ]


def test_a_seed_decides(monkeypatch):
    monkeypatch.setattr(pairs, "HELD_OUT", {"validation": 5, "test": 5})
    rows = [((f"a{i}",), (f"b{i}",)) for i in range(50)]
    one, same, other = (pairs.split_pairs(rows, seed) for seed in (0, 0, 1))
    assert [split.english for split in one] == [split.english for split in same]
    assert one[2].english != other[2].english


@pytest.mark.real
def test_the_real_tatoeba(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_DATA", "real")
    if not pairs.is_ready(paths.data_dir()):
        pytest.skip(f"no Tatoeba under {paths.data_dir()}")
    of_2019 = (paths.data_dir() / pairs.DATASET / "fra.txt").stat().st_size == 11_669_748  # both files grow
    for load, at_least, size in ((pairs.load, 100_000, 121_859), (pairs.load_mandarin, 15_000, 19_776)):
        loaded = load()
        assert "1,000 validation, 2,000 test" in capsys.readouterr().out
        assert len(loaded.train) == size if of_2019 else len(loaded.train) > at_least
        check_apart(loaded)
        for split in parts(loaded).values():
            check(split)
            assert max(map(len, split.english)) <= pairs.LONGEST
        for split in (loaded.validation, loaded.test):
            assert len({tuple(english) for english in split.english}) == len(split)

import gzip

import pytest

from course_utils import paths
from course_utils.datasets import pairs
from course_utils.text import tokenize

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
def tatoeba(stand_in):
    """Small files in the place of the real ones: too few for a training set. Gives their folder."""
    return stand_in("tatoeba", {"fra.txt": FRENCH, "cmn.txt": MANDARIN})


def check(split):
    """That each sentence has its translation among all that it has in the split, each once."""
    assert len(split) == len(split.english) == len(split.french) == len(split.references)
    known = {}
    for english, french, references in zip(split.english, split.french, split.references, strict=True):
        assert english and french and references[0] == french
        assert len({tuple(reference) for reference in references}) == len(references)
        together = {tuple(reference) for reference in references}
        assert known.setdefault(tuple(english), together) == together


def check_apart(data):
    """That no sentence of either language is in two splits."""
    splits = [split for split in (*data, data.long) if split]
    english = [{tuple(sentence) for sentence in split.english} for split in splits]
    french = [{tuple(r) for references in split.references for r in references} for split in splits]
    for side in (english, french):
        assert sum(map(len, side)) == len(set.union(*side))


def test_the_splits_of_the_sample(sample):
    data = pairs.load()
    assert [len(split) for split in (*data, data.long)] == [8_000, 800, 1_000, 300]
    for split in (*data, data.long):
        check(split)
        assert all(references == [french] for references, french in zip(split.references, split.french, strict=True))
    check_apart(data)
    assert max(map(len, data.train.english)) < min(map(len, data.long.english))


def test_the_sample_has_the_form_that_the_tokenizer_gives(sample):
    test = pairs.load().test
    for language in ("english", "french"):
        for sentence in getattr(test, language):
            assert tokenize(" ".join(sentence).replace("' ", "'"), language=language) == sentence


# --- what is wrong with a translation ---

RIGHT = "la lampe que mon frère a achetée hier est verte ."


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (RIGHT, None),
        ("la lampe que mon frère a achetée hier est vert .", "agreement"),
        ("le lampe que mon frère a achetée hier est verte .", "agreement"),
        ("les lampes que mes frères ont achetées hier sont vertes .", "agreement"),
        ("la lampe hier que mon frère a achetée est verte .", "order"),
        ("la lampe que mon frère a achetée est verte .", "words"),
        ("la lampe que mon frère a achetée hier est verte verte .", "words"),
        ("la lampe que mon frère achète hier est verte .", "words"),
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


def test_a_form_before_a_vowel_is_an_agreement():
    for said, right in (("le arbre", "l' arbre"), ("ma assiette", "mon assiette"), ("de oies", "d' oies")):
        assert pairs.fault(said.split(), right.split()) == "agreement"


def test_the_format_of_tatoeba(tatoeba, capsys):
    data = pairs.load()
    assert "0 training, 4 validation, 0 test (English–French, at most 8 English tokens)" in capsys.readouterr().out
    assert data.source == "real" and data.long is None
    found = {}
    for split in data:
        check(split)
        for english, references in zip(split.english, split.references, strict=True):
            found[" ".join(english)] = {" ".join(reference) for reference in references}
    assert found == {
        "go .": {"va !"},
        "i'm home .": {"je suis à la maison ."},
        "i am home .": {"je suis à la maison .", "je suis chez moi ."},
        "the tree sleeps .": {"l' arbre dort ."},
    }
    check_apart(data)


def test_mandarin_in_characters(tatoeba, capsys):
    data = pairs.load_mandarin()
    assert "0 training, 2 validation, 0 test (English–Mandarin" in capsys.readouterr().out
    found = {" ".join(e): f for split in data for e, f in zip(split.english, split.french, strict=True)}
    assert found == {"hi .": ["嗨", "。"], "tom has 3 cats .": ["tom", "有", "3", "只", "猫", "。"]}


CAPTIONS = {
    "train.en": "A dog runs.\nA cat sleeps.\nA red bird.\n",
    "train.fr": "Un chien court.\nUn chat dort.\nUn oiseau rouge.\n",
    "val.en": "A cat sleeps.\n",
    "val.fr": "Le chat dort.\n",
    "test_2016_flickr.en": "Birds.\n",
    "test_2016_flickr.fr": "Un oiseau rouge.\n",
}


def test_multi30k_without_what_is_also_in_validation_and_test(stand_in, capsys):
    folder = stand_in("multi30k", {f"{name}.gz": gzip.compress(text.encode()) for name, text in CAPTIONS.items()})
    data = pairs.load("multi30k")
    assert "1 training, 1 validation, 1 test" in capsys.readouterr().out and data.source == "real"
    assert rows(data.train) == [(["a", "dog", "runs", "."], "un chien court .".split(), ["un chien court .".split()])]
    assert data.validation.english == [["a", "cat", "sleeps", "."]] and data.test.references[0][0][1] == "oiseau"
    (folder / "val.fr.gz").write_bytes(gzip.compress(b"Un.\nDeux.\n"))
    with pytest.raises(ValueError, match=r"val.en.gz and val.fr.gz have different .*make data DATASETS=multi30k"):
        pairs.load("multi30k")


@pytest.mark.parametrize("mode", ["auto", "sample", "real"])
def test_without_mandarin_there_is_advice(tatoeba, monkeypatch, mode):
    if mode != "sample":
        (tatoeba / "cmn.txt").unlink()
    monkeypatch.setenv("COURSE_DATA", mode)
    with pytest.raises(paths.DataNotReady, match=r"make data DATASETS=tatoeba.*COURSE_DATA_DIR"):
        pairs.load_mandarin()
    assert pairs.load().source == ("sample" if mode == "sample" else "real")  # French alone is enough


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Go.\tVa !\nRun.\n", r"x.txt, line 2 .* a tab .*: 'Run.\\n'"),
        ("Go.\tVa !\nRun.\t \tCC-BY\n", r"x.txt, line 2 .* a tab "),
        ("\tVa !\n", r"x.txt, line 1 .* a tab "),
        ("Go.\tVa !\n\n \nRun.\tCours !\n", r"x.txt, line 3 .* a tab "),
        ("<html>", r"x.txt, line 1 "),
        ("", r"x.txt "),
    ],
)
def test_damage_is_named(write_file, text, message):
    with pytest.raises(ValueError, match=rf"{message}.*make data DATASETS=tatoeba"):
        pairs.read(write_file("x.txt", text))


@pytest.mark.parametrize(
    "text",
    ["Go.\tVa !\nRun.\tCours !\n", "\ufeffGo.\tVa !\r\nRun.\tCours !\r\n", "Go.\tVa !\tCC\tBY\nRun.\tCours !\n\n"],
)
def test_line_ends_marks_and_columns_do_not_matter(write_file, text):
    assert pairs.read(write_file("x.txt", text)) == [("Go.", "Va !"), ("Run.", "Cours !")]


def test_sentences_that_are_connected_by_translations_stay_together():
    # e0 f0, e0 f1, e1 f1, e1 f2 …: ten English sentences
    chain = [((f"e{i // 2}",), (f"f{(i + 1) // 2}",)) for i in range(20)]
    others = [((f"a{i}",), (f"b{i}", "x")) for i in range(30)]
    for seed in range(20):
        splits = pairs.split_pairs(others[:15] + chain + others[15:], seed, {"validation": 3, "test": 5})
        assert [len(split) for split in splits] == [42, 3, 5]
        assert sum(english[0].startswith("e") for english in splits[0].english) == 20  # ten do not fit elsewhere
        check_apart(pairs.Pairs("real", *splits))
        for split in splits:
            check(split)


def rows(split):
    return sorted(zip(split.english, split.french, split.references, strict=True))


def test_held_out_sentences_come_once_with_all_their_translations():
    some = [(("a",), ("x",)), (("b",), ("x",)), (("a",), ("y", "y")), (("a",), ("z",))]
    train, _, test = pairs.split_pairs(some, held_out={"validation": 0, "test": 2})
    assert len(train) == 0
    assert rows(test) == [(["a"], ["x"], [["x"], ["y", "y"], ["z"]]), (["b"], ["x"], [["x"]])]


def test_in_the_training_set_each_translation_has_a_row():
    some = [(("a",), ("x",)), (("a",), ("y",)), (("b",), ("z",))]
    train, _, _ = pairs.split_pairs(some, held_out={"validation": 0, "test": 0})
    assert rows(train) == [(["a"], ["x"], [["x"], ["y"]]), (["a"], ["y"], [["y"], ["x"]]), (["b"], ["z"], [["z"]])]


def test_a_seed_decides():
    some = [((f"a{i}",), (f"b{i}",)) for i in range(50)]
    one, same, other = (pairs.split_pairs(some, seed, {"validation": 5, "test": 5}) for seed in (0, 0, 1))
    assert [split.english for split in one] == [split.english for split in same]
    assert one[2].english != other[2].english


@pytest.mark.real
def test_the_real_tatoeba(real):
    french, _ = real("tatoeba")
    of_2019 = french.stat().st_size == 11_669_748  # both files grow
    for load, at_least, size in ((pairs.load, 100_000, 121_859), (pairs.load_mandarin, 15_000, 19_776)):
        data = load()
        assert len(data.train) == size if of_2019 else len(data.train) > at_least
        assert [len(split) for split in (data.validation, data.test)] == [1_000, 2_000]
        check_apart(data)
        for split in data:
            check(split)
            assert max(map(len, split.english)) <= pairs.LONGEST
            assert split is data.train or len({tuple(english) for english in split.english}) == len(split)

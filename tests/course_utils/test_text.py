import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.text import PAD, Vocabulary, bag_of_words, one_hot, pad, title_key, tokenize


@pytest.mark.parametrize(
    ("raw", "tokens"),
    [
        ("The cat sat on the mat", ["the", "cat", "sat", "on", "the", "mat"]),
        ("It wasn't bad.<br /><br />It was BAD!!! (2/10)", ["it", "wasn't", "bad", "it", "was", "bad"]),
        ("one<br>two<br/>three", ["one", "two", "three"]),
        ("It wasn’t", ["it", "wasn't"]),
        ("naïve 日本 🙂", ["na", "ve"]),
        ("", []),
        ("  1234 …", []),
    ],
)
def test_tokenize(raw, tokens):
    assert tokenize(raw) == tokens


def test_tokenize_keeps_capitals_when_asked():
    assert tokenize("This MOVIE", lower=False) == ["This", "MOVIE"]


@pytest.mark.parametrize("wrong", [None, 3, ["a list"], b"bytes"])
def test_tokenize_refuses_what_is_not_one_string(wrong):
    for options in ({}, {"punctuation": True}, {"any_script": True}, {"language": "french"}):
        with pytest.raises(TypeError, match="one string"):
            tokenize(wrong, **options)


@given(st.text())
def test_tokens_are_letters_and_apostrophes_and_stay_as_they_are(raw):
    tokens = tokenize(raw)
    assert all(token and set(token) <= set("abcdefghijklmnopqrstuvwxyz'") for token in tokens)
    assert tokenize(" ".join(tokens)) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("10/10!", "10 / 10 !"),
        ('Well... "ART"?', 'well . . . " art " ?'),
        ("don’t<br /><br />blink<BR>", "don't blink"),
        ("caf\u00e9 \N{THUMBS UP SIGN}", "caf \N{THUMBS UP SIGN}"),
        ("", ""),
    ],
)
def test_numbers_and_punctuation_as_tokens(text, tokens):
    assert tokenize(text, punctuation=True) == tokens.split()


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
def test_tokens_of_a_language(language, text, tokens):
    expected = "aujourd'hui , quelqu'un a vu : « j' ai , jusqu' à 5,5 ! »" if tokens is None else tokens
    assert tokenize(text, language=language) == expected.split()


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Senior  Data-Engineer (m/f/d)", ["senior", "data", "engineer", "m", "f", "d"]),
        ("C++ developer, C#/F#", ["c++", "developer", "c#", "f#"]),
        ("C++11 Java+Python Google+ #1", ["c++", "11", "java", "python", "google+", "1"]),
        (".NET_Core", ["net", "core"]),
        ("Driver’s mate d'hôtel", ["driver", "s", "mate", "d", "hôtel"]),
        ("Ingénieur", ["ingénieur"]),
        ("Inge\u0301nieur ＣＡＤ", ["ingénieur", "cad"]),
        ("高级 Java 工程师", ["高", "级", "java", "工", "程", "师"]),
        ("データ・エンジニア", ["デ", "ー", "タ", "エ", "ン", "ジ", "ニ", "ア"]),
        ("데이터 엔지니어", ["데이터", "엔지니어"]),
        ("सॉफ्टवेयर इंजीनियर", ["सॉफ्टवेयर", "इंजीनियर"]),
        ("ผู้จัดการ", ["ผู้จัดการ"]),
        ("مُدير النظام", ["مُدير", "النظام"]),
        ("İNSAN Kaynakları", ["insan", "kaynakları"]),
        ("\0ab\0c\ud800", ["ab", "c"]),
        ("…–!? \N{THUMBS UP SIGN} __", []),
        ("", []),
    ],
)
def test_words_in_any_script(title, words):
    assert tokenize(title, any_script=True) == words


@given(st.text(st.characters(max_codepoint=127)))
def test_the_key_of_an_english_title_is_its_words(title):
    assert title_key(title) == " ".join(tokenize(title))


@given(st.text())
def test_a_title_with_a_letter_has_a_key_which_is_its_own_key(title):
    key = title_key(title)
    assert key or not any(map(str.isalpha, title))
    assert title_key(key) == key


@pytest.mark.parametrize(
    "same",
    [
        ("Data Analyst (m/f/d)", "data analyst, M/F/D 2"),
        ("Ingénieur", "INGE\u0301NIEUR 3"),
        ("高级工程师", "高级工程师 (2024)"),
        ("مُدير النظام", "مُدير  النظام!"),
        ("İNSAN", "insan"),
        ("Straßenbauer", "STRASSENBAUER"),
        ("Driver’s mate", "driver's Mate"),
    ],
)
def test_titles_that_are_the_same(same):
    assert len({title_key(title) for title in same}) == 1


def test_titles_that_differ():
    titles = "Ingénieur,Ingenieur,高级工程师,初级工程师,مدير,مدرس,sales assistant,assistant sales".split(",")
    assert len({title_key(title) for title in titles}) == len(titles)
    assert title_key("123 – !") == title_key("") == ""


def test_vocabulary_numbers_by_frequency_with_padding_first():
    vocabulary = Vocabulary.from_documents([["b", "a", "b"], ["c", "a", "b"]], size=2)
    assert vocabulary.words == [PAD, "b", "a"]
    assert len(vocabulary) == 4
    assert vocabulary.encode(["a", "b", "c"]).tolist() == [2, 1, 3]
    assert vocabulary.decode([2, 1, 3]) == ["a", "b", "<oov:0>"]
    assert "a" in vocabulary and "c" not in vocabulary


def test_unknown_words_fall_into_the_same_bucket_on_every_machine():
    vocabulary = Vocabulary(["known"], oov_buckets=1000)
    ids = vocabulary.encode(["faaaaaantastic", "known", "faaaaaantastic", "\ud800"])
    assert ids[0] == ids[2] == 2 + zlib.crc32(b"faaaaaantastic") % 1000
    assert all(2 <= i < 1002 for i in ids[[0, 3]])


def test_vocabulary_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match="more than once.*'a'"):
        Vocabulary(["a", "b", "a"])
    with pytest.raises(ValueError, match="oov_buckets is 0"):
        Vocabulary(["a"], oov_buckets=0)
    with pytest.raises(TypeError, match="tokenize it first"):
        Vocabulary(["a"]).encode("a b")
    with pytest.raises(IndexError, match=r"id 3 is outside of the vocabulary's 0 … 2"):
        Vocabulary(["a"]).decode([3])
    assert Vocabulary(["a"]).encode([]).shape == (0,)


def test_one_hot_rows_have_a_single_one():
    assert one_hot([2, 0, 2], 3).tolist() == [[0, 0, 1], [1, 0, 0], [0, 0, 1]]
    assert one_hot([], 3).shape == (0, 3)
    with pytest.raises(IndexError, match="0 … 3 do not fit vectors of size 3"):
        one_hot([0, 3], 3)


@given(st.lists(st.lists(st.sampled_from("abcdefg"), max_size=12), max_size=8))
def test_a_bag_is_the_sum_of_one_hot_vectors(documents):
    vocabulary = Vocabulary(["a", "b", "c", "d"], oov_buckets=2)
    bags = bag_of_words(documents, vocabulary)
    assert bags.shape == (len(documents), len(vocabulary)) and bags.dtype == np.float32
    assert bags.indices.dtype == bags.indptr.dtype == np.int32
    for bag, document in zip(bags.toarray(), documents, strict=True):
        assert (bag == one_hot(vocabulary.encode(document), len(vocabulary)).sum(axis=0)).all()


@pytest.mark.parametrize(
    ("side", "length", "rows"),
    [
        ("right", None, [[5, 6, 7], [8, 0, 0], [0, 0, 0]]),
        ("left", None, [[5, 6, 7], [0, 0, 8], [0, 0, 0]]),
        ("right", 2, [[5, 6], [8, 0], [0, 0]]),
        ("left", 2, [[5, 6], [0, 8], [0, 0]]),
        ("left", 4, [[0, 5, 6, 7], [0, 0, 0, 8], [0, 0, 0, 0]]),
    ],
)
def test_pad_fills_up_on_one_side_and_keeps_the_beginning(side, length, rows):
    padded = pad([[5, 6, 7], [8], []], length, side)
    assert padded.tolist() == rows and padded.dtype == np.int32


def test_pad_of_nothing_and_on_no_side():
    assert pad([]).shape == (0, 0) and pad([[], []]).shape == (2, 0)
    with pytest.raises(ValueError, match="'middle'"):
        pad([[1]], side="middle")


@given(st.lists(st.lists(st.integers(1, 9), max_size=6), max_size=6), st.sampled_from(["left", "right"]))
def test_what_is_padded_is_found_again(sequences, side):
    padded = pad(sequences, side=side)
    assert [row[row > 0].tolist() for row in padded] == sequences
    words, padding = (slice(0, 1), -1) if side == "right" else (slice(-1, None), 0)
    for row, ids in zip(padded, sequences, strict=True):
        assert not ids or row[words] == ids[words]  # the words are at their end of the row …
        assert len(ids) == len(row) or row[padding] == 0  # … and padding at the other

"""The generator of the embedded reviews: what it writes is in data/, and it plants what data/README.md says."""

import re
import statistics
from collections import Counter, defaultdict

import pytest

from course_utils.text import tokenize

SPLITS = ("train", "validation", "test", "unlabelled")


@pytest.fixture(scope="module")
def reviews(make):
    return make.make_reviews()


@pytest.fixture(scope="module")
def twins(reviews):
    pairs = defaultdict(list)
    for review in reviews:
        if review.twin >= 0:
            pairs[review.twin].append(review)
    return list(pairs.values())


def test_the_files_in_data_are_what_the_script_writes(compare, reviews):
    assert len(compare(reviews)) == 3  # with README.md and the sha256


# --- labels, stars, noise ---


def test_splits_are_balanced_and_labels_go_with_the_stars(make, reviews):
    for split, size in make.SIZES.items():
        mine = [review for review in reviews if review.split == split]
        assert len(mine) == size
        assert sum(review.label for review in mine) == size / 2
        assert {review.stars for review in mine} == {1, 2, 3, 4, 5}
    for review in reviews:
        assert review.label == (review.meant if review.stars == 3 else review.stars > 3)


def test_noise_is_as_much_as_said_and_not_in_twins(make, reviews):
    for split in SPLITS:
        singles = [review for review in reviews if review.split == split and review.twin < 0]
        for side in (1, 0):
            wrong = [review for review in singles if review.meant == side and review.label != side]
            assert len(wrong) == round(make.NOISE_SHARE * len(singles) / 2) > 0
    assert all(review.label == review.meant for review in reviews if review.twin >= 0)


# --- twins ---


def test_twins_have_the_same_words_opposite_labels_and_one_split(make, reviews, twins):
    tokens = re.compile(r"(?u)\b\w\w+\b")  # scikit-learn's words
    for pair in twins:
        one, other = pair
        assert one.split == other.split and {one.label, other.label} == {0, 1}
        assert tokenize(one.text) != tokenize(other.text)
        for words in (tokenize, lambda text: tokens.findall(text.lower()), lambda text: re.findall("<.*?>", text)):
            assert Counter(words(one.text)) == Counter(words(other.text)), (one.text, other.text)
    for split in SPLITS:
        mine = [review for review in reviews if review.split == split]
        assert sum(review.twin >= 0 for review in mine) / len(mine) >= 0.2


# --- readers ---


def review(make, text, label, split="test", twin=-1):
    return make.Review(split, text, label, 5 if label else 1, twin)


def test_bag_ceiling_is_the_majority_among_equal_bags(make):
    texts = [("Good, not bad.", 1), ("Bad, not good!", 0), ("not bad: GOOD", 1), ("good good not bad", 0)]
    assert make.bag_ceiling([review(make, *each) for each in texts]) == [2 / 3, 2 / 3, 2 / 3, 1]


def test_no_bag_of_words_separates_twins(make, reviews):
    for split in SPLITS:
        mine = [r for r in reviews if r.split == split and r.twin >= 0]
        assert set(make.bag_ceiling(mine)) == {0.5}


def test_simple_readers(make):
    train = [review(make, "good good bad", 0, "train")]
    texts = [("good good bad", 0), ("good, dull, good", 1), ("good", 1), ("bad", 1), ("good, bad", 1), ("A train.", 0)]
    asked = [review(make, *each) for each in texts]
    # two for and one against: as in training; else the greater number; else undecided
    assert make.counting_reader(train, asked) == [1, 0, 1, 0, 0.5, 0.5]
    assert make.last_word_reader(asked) == [1, 1, 1, 0, 0, 0.5]


def test_the_perfect_reader_fails_on_noise_alone(make, reviews):
    wrong = [review for review, right in zip(reviews, make.perfect_reader(reviews), strict=True) if not right]
    assert wrong == [review for review in reviews if review.label != review.meant]


def test_order_matters_more_than_words_and_more_than_the_last_word(make, reviews):
    """What the lessons on recurrent networks need: simple readers stay well behind one who reads."""
    train, test = ([r for r in reviews if r.split == split] for split in ("train", "test"))
    perfect = statistics.mean(make.perfect_reader(test))
    assert statistics.mean(make.counting_reader(train, test)) < perfect - 0.15
    assert statistics.mean(make.last_word_reader(test)) < perfect - 0.15
    singles = [r for r in test if r.twin < 0]
    assert statistics.mean(make.counting_reader(train, singles)) > 0.8  # yet words alone tell much


# --- language ---


def test_every_review_is_written_out(reviews):
    for review in reviews:
        assert not re.search(r"[{}\t\r\n]|  |(?<!\.)\.\.(?!\.)|\bNone\b", review.text), review.text
        assert not re.search(r"\b[Aa] [aeiouAEIOU]\w|\b[Aa]n [^aeiouAEIOUé\W]", review.text), review.text
        assert review.text == review.text.strip() and tokenize(review.text)


def test_no_review_occurs_twice(reviews):
    assert max(Counter(tuple(tokenize(review.text)) for review in reviews).values()) == 1


def test_lengths_and_words_spread(reviews):
    for split in ("train", "test"):
        mine = [review.text for review in reviews if review.split == split]
        lengths = sorted(len(tokenize(text)) for text in mine)
        assert lengths[0] <= 5 and 50 <= statistics.median(lengths) <= 100 and 400 <= lengths[-1] <= 550
        assert statistics.mean(lengths) > 1.3 * statistics.median(lengths)  # a long tail
        assert 0.2 < sum("<br /><br />" in text for text in mine) / len(mine) < 0.8
    words = Counter(word for review in reviews for word in tokenize(review.text))
    assert len(words) > 3000
    assert sum(n == 1 for n in words.values()) > len(words) / 8
    known, asked = ({w for r in reviews if r.split == s for w in tokenize(r.text)} for s in ("train", "test"))
    assert len(asked - known) > 50  # words out of the vocabulary

from collections import Counter

import numpy as np
import pytest

from course_utils import synthetic


def test_recall_has_the_answer_at_the_first_step_only():
    x, y = synthetic.recall(2000, lag=7, symbols=4, distractors=3, seed=1)
    assert x.shape == (2000, 8, 7) and x.dtype == np.float32
    assert (x.sum(axis=2) == 1).all()
    assert (x[:, 0].argmax(axis=1) == y).all()
    assert x[:, 1:, :4].sum() == 0
    assert set(y) == {0, 1, 2, 3}
    later = np.array([x[y == symbol, 1:].mean(axis=(0, 1)) for symbol in range(4)])
    assert np.ptp(later, axis=0).max() < 0.05  # the distractors have the same distribution for every answer


def test_adding_sums_one_number_of_each_half():
    x, y = synthetic.adding(5000, length=11, seed=1)
    assert x.shape == (5000, 11, 2) and y.shape == (5000,)
    assert (x[:, :5, 1].sum(axis=1) == 1).all() and (x[:, 5:, 1].sum(axis=1) == 1).all()
    assert np.allclose((x[:, :, 0] * x[:, :, 1]).sum(axis=1), y, atol=1e-6)
    assert np.mean((y - 1) ** 2) == pytest.approx(1 / 6, rel=0.05)


def test_although_has_pairs_that_differ_only_in_order():
    sentences, labels = synthetic.although(400, seed=1)
    for i in range(0, 400, 2):
        assert Counter(sentences[i].split()) == Counter(sentences[i + 1].split())
        assert labels[i] + labels[i + 1] == 1
    last_is_positive = np.array([s.split()[-1] in synthetic.POSITIVE for s in sentences])
    assert 0.4 < np.mean(last_is_positive == labels) < 0.6
    begins = np.array([s.startswith("although") for s in sentences])
    assert np.array_equal(labels, np.where(begins, last_is_positive, ~last_is_positive))


@pytest.mark.parametrize("make", [lambda s: synthetic.recall(9, 5, seed=s), lambda s: synthetic.adding(9, 5, seed=s)])
def test_same_seed_same_data(make):
    assert np.array_equal(make(3)[0], make(3)[0]) and not np.array_equal(make(3)[0], make(4)[0])


def test_sizes_without_a_task_are_refused():
    with pytest.raises(ValueError, match="lag is 0"):
        synthetic.recall(10, lag=0)
    with pytest.raises(ValueError, match="length is 1"):
        synthetic.adding(10, length=1)
    with pytest.raises(ValueError, match="n is 0"):
        synthetic.adding(0, length=4)
    with pytest.raises(ValueError, match="n is 3.*even"):
        synthetic.although(3)

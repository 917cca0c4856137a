"""Synthetic sequence tasks with known answers, the same for all lessons on recurrent layers."""

import numpy as np

from course_utils.arguments import at_least

ASPECTS = "plot cast story music acting dialogue ending camera pace humour".split()
POSITIVE = "brilliant superb charming moving witty clever lovely gripping".split()
NEGATIVE = "dull dreadful clumsy boring silly tired ugly lifeless".split()


def recall(n: int, lag: int, symbols: int = 4, distractors: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Recall the first symbol after `lag` distractors: x (n, lag + 1, symbols + distractors), y (n,) in 0 … symbols − 1.

    Step 0 is the one-hot vector of the symbol to remember, each later step that of a random distractor. A model that forgets
    the first step is at chance level, 1 / symbols. After Hochreiter & Schmidhuber (1997), section 5.
    """
    at_least(1, n=n, lag=lag, symbols=symbols, distractors=distractors)
    rng = np.random.default_rng(seed)
    y = rng.integers(symbols, size=n)
    ids = np.concatenate([y[:, None], symbols + rng.integers(distractors, size=(n, lag))], axis=1)  # (n, lag + 1)
    return np.eye(symbols + distractors, dtype=np.float32)[ids], y.astype(np.int32)


def adding(n: int, length: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Add the two marked numbers: x (n, length, 2), y (n,) float32.

    x[:, :, 0] are uniform numbers in [0, 1); x[:, :, 1] is one at two steps, one in each half, else zero; y is their sum. The
    constant answer 1 has a mean squared error of 1/6. After Hochreiter & Schmidhuber (1997), section 5.4.
    """
    at_least(1, n=n)
    at_least(2, length=length)
    rng, rows = np.random.default_rng(seed), np.arange(n)
    x = np.zeros((n, length, 2), dtype=np.float32)
    x[:, :, 0] = rng.random((n, length))
    first, second = rng.integers(length // 2, size=n), rng.integers(length // 2, length, size=n)
    x[rows, first, 1] = x[rows, second, 1] = 1
    return x, x[rows, first, 0] + x[rows, second, 0]


def although(n: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """`n` sentences (an even number), with a positive and a negative clause, and labels (n,): 1 if the main one is positive.

    They are in pairs: the same words in another order, with opposite labels. The position of *although* tells which clause is
    the main clause, so neither a bag of words nor the last adjective alone determines the label.
    """
    if n < 2 or n % 2:
        raise ValueError(f"n is {n}; it must be an even number, at least 2, as the sentences are in pairs")
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n // 2):
        one, other = rng.choice(ASPECTS, size=2, replace=False)
        good, bad = f"the {one} was {rng.choice(POSITIVE)}", f"the {other} was {rng.choice(NEGATIVE)}"
        if rng.random() < 0.5:  # the main clause comes last
            pair = [(f"although {bad} {good}", 1), (f"although {good} {bad}", 0)]
        else:
            pair = [(f"{good} although {bad}", 1), (f"{bad} although {good}", 0)]
        found += [pair[i] for i in rng.permutation(2)]
    return [sentence for sentence, _ in found], np.array([label for _, label in found], dtype=np.int32)

"""Made sequence tasks whose answer is known, shared by the lessons on recurrent layers so that all meet the same problem."""

import numpy as np

ASPECTS = "plot cast story music acting dialogue ending camera pace humour".split()
PRAISE = "brilliant superb charming moving witty clever lovely gripping".split()
BLAME = "dull dreadful clumsy boring silly tired ugly lifeless".split()


def recall(n: int, lag: int, symbols: int = 4, distractors: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Recall the first symbol after `lag` distractors: x (n, lag + 1, symbols + distractors), y (n,) in 0 … symbols − 1.

    Step 0 is the one-hot vector of the symbol to keep; each later step is that of a random distractor, which says nothing about
    it. Whoever forgets the first step can only guess: accuracy 1 / symbols. After Hochreiter & Schmidhuber (1997), section 5.
    """
    _positive(n=n, lag=lag, symbols=symbols, distractors=distractors)
    rng = np.random.default_rng(seed)
    y = rng.integers(symbols, size=n)
    ids = np.concatenate([y[:, None], symbols + rng.integers(distractors, size=(n, lag))], axis=1)  # (n, lag + 1)
    return np.eye(symbols + distractors, dtype=np.float32)[ids], y.astype(np.int32)


def adding(n: int, length: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Add the two marked numbers: x (n, length, 2), y (n,) float32.

    x[:, :, 0] are uniform numbers in [0, 1); x[:, :, 1] is one at two steps, one in each half of the sequence, and zero
    elsewhere; y is the sum of the numbers there. Always answering 1 has a mean squared error of 1/6. After Hochreiter &
    Schmidhuber (1997), section 5.4.
    """
    _positive(n=n, length=length // 2)
    rng = np.random.default_rng(seed)
    x = np.zeros((n, length, 2), dtype=np.float32)
    x[:, :, 0] = rng.random((n, length))
    rows = np.arange(n)
    marked = [rng.integers(length // 2, size=n), rng.integers(length // 2, length, size=n)]
    for steps in marked:
        x[rows, steps, 1] = 1
    return x, (x[rows, marked[0], 0] + x[rows, marked[1], 0]).astype(np.float32)


def although(n: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """`n` sentences (an even number) of praise and blame, and labels (n,): 1 where the praise is what counts.

    They come in twins, next to each other: the same words, another order, the other label. What counts is the main clause, and
    where *although* stands says which that is, so neither a bag of words nor the last adjective alone tells the label.
    """
    _positive(n=n // 2)
    if n % 2:
        raise ValueError(f"n is {n}; sentences come in twins, so it must be even")
    rng = np.random.default_rng(seed)
    sentences, labels = [], []
    for _ in range(n // 2):
        one, other = rng.choice(ASPECTS, size=2, replace=False)
        good, bad = f"the {one} was {rng.choice(PRAISE)}", f"the {other} was {rng.choice(BLAME)}"
        if rng.random() < 0.5:  # the main clause comes last
            twins = [(f"although {bad} {good}", 1), (f"although {good} {bad}", 0)]
        else:
            twins = [(f"{good} although {bad}", 1), (f"{bad} although {good}", 0)]
        for i in rng.permutation(2):
            sentences.append(twins[i][0])
            labels.append(twins[i][1])
    return sentences, np.array(labels, dtype=np.int32)


def _positive(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"{name} is {size}; it must be at least 1")

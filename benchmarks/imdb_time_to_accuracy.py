"""Seconds of training to 87 % test accuracy on IMDB: published networks, and one with naive Bayes features.

    python benchmarks/imdb_time_to_accuracy.py

Every network trains on all 25,000 training reviews, tokenized beforehand by the same function. Its clock runs during training,
graph building and, for the network with naive Bayes features, counting of the n-grams. The clock stops during evaluation on
5,000 test reviews, after every 100 batches of 32 reviews, or as many reviews in larger batches. If their accuracy reaches
87 %, all 25,000 are classified, and their accuracy decides. Training of a published network stops when it has taken longer than
20 minutes or than the fastest published network that reached 87 %, or when its accuracy has not improved for an epoch.
The network with naive Bayes features is trained before, between and after the others, with three seeds. Writes
results/benchmarks/imdb_time_to_accuracy.json. Needs the real reviews; up to an hour on two cores.

    --on validation   evaluates on 5,000 training reviews that are held out, not on the test reviews, and writes nothing
"""

import argparse
import os
import statistics
import sys
from time import perf_counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers
from tqdm import tqdm

from course_tools.lessons.results_pages import machine
from course_utils import tables
from course_utils.datasets import reviews
from course_utils.models import sentiment
from course_utils.text import Vocabulary, tokenize
from course_utils.training import Batches

MARK, EVERY, EPOCHS, LIMIT, CUT = 0.87, 3_200, 10, 1_200, (50, 100)
EVIDENCE = "bidirectional LSTM(16) with evidence"


class Clock(keras.callbacks.Callback):
    """Stops a `fit` at the mark; `course` has the pairs (seconds of training, accuracy)."""

    def __init__(self, judges, batch: int, patience: int, limit: float, begun: float):
        super().__init__()
        self.judges, self.every, self.patience, self.limit = judges, EVERY // batch, patience, limit
        self.begun, self.steps, self.course = begun, 0, []

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps % self.every:
            return
        seconds = perf_counter() - self.begun
        some, whole = self.judges
        accuracy = some(self.model)
        if accuracy >= MARK:
            accuracy = min(accuracy, whole(self.model))
        self.course.append((round(seconds, 2), round(float(accuracy), 4)))
        accuracies = [accuracy for _, accuracy in self.course]
        stuck = len(accuracies) - 1 - int(np.argmax(accuracies)) >= self.patience
        self.model.stop_training = accuracies[-1] >= MARK or stuck or seconds > self.limit
        self.begun = perf_counter() - seconds  # judging does not count


class Reviews:
    """The reviews to learn from and the reviews to judge, always in this order.

    words: the words of each review. cased: those of its first 300 characters, capitals kept. y: its labels.
    """

    def __init__(self, on: str):
        data = reviews.load(seed=0)
        if data.source == "sample":
            sys.exit("This benchmark needs the real reviews. Download them with:  make data DATASETS=imdb_reviews")
        validation, train = data.validation, data.train
        if on == "test":
            texts, labels = [*train.texts, *validation.texts], np.concatenate([train.labels, validation.labels])
        else:
            texts, labels = train.texts, train.labels
        judged = data.test if on == "test" else validation
        self.cased = [[tokenize(text[:300], lower=False) for text in part] for part in (texts, judged.texts)]
        self.words = [[tokenize(text) for text in tqdm(part, desc="words")] for part in (texts, judged.texts)]
        self.y = labels, judged.labels


def network(n_ids: int, *between, mask: bool = False) -> keras.Model:
    """Ids to P(positive): an embedding of 128 numbers, the layers `between`, a logistic unit."""
    ids = keras.Input((None,), dtype="int32", name="ids")
    x = layers.Embedding(n_ids, 128, mask_zero=mask)(ids)
    for layer in between:
        x = layer(x)
    return keras.Model({"ids": ids}, layers.Dense(1, activation="sigmoid")(x))


def last(words, size: int, length: int) -> tuple[int, list]:
    """Number of ids, and arrays (n, length) of the last ids of each review."""
    vocabulary = Vocabulary.from_documents(words[0], size)
    return len(vocabulary), [
        keras.utils.pad_sequences([vocabulary.encode(review) for review in part], length) for part in words
    ]


def keras_lstm(given: Reviews):
    """Keras's example imdb_lstm: 20,000 words, the last 80, LSTM with dropout and recurrent dropout 0.2, Adam."""
    n, x = last(given.words, 20_000, 80)
    return network(n, layers.LSTM(64, dropout=0.2, recurrent_dropout=0.2)), x, "adam"


def keras_bidirectional(given: Reviews):
    """Keras's example bidirectional_lstm_imdb: 20,000 words, the last 200, two bidirectional LSTM(64), Adam."""
    n, x = last(given.words, 20_000, 200)
    first = layers.Bidirectional(layers.LSTM(64, return_sequences=True))
    return network(n, first, layers.Bidirectional(layers.LSTM(64))), x, "adam"


def two_gru(given: Reviews):
    """Géron (2019), chapter 16: 300 characters, 10,000 words and 1,000 buckets, masked, two GRU(128), Adam."""
    vocabulary = Vocabulary.from_documents(given.cased[0], 10_000, 1_000)
    x = [[vocabulary.encode(review or ["?"]) for review in part] for part in given.cased]
    return (
        network(len(vocabulary), layers.GRU(128, return_sequences=True), layers.GRU(128), mask=True),
        x,
        "adam",
    )


def masked_gru(given: Reviews):
    """Géron (2022), chapter 16: 1,000 words, whole reviews padded to the longest of a batch, masked GRU(128), Nadam."""
    vocabulary = Vocabulary.from_documents(given.words[0], 1_000)
    x = [[vocabulary.encode(review or ["?"]) for review in part] for part in given.words]
    return network(len(vocabulary), layers.GRU(128), mask=True), x, "nadam"


PUBLISHED = {
    "2 × bidirectional LSTM(64), 200 words (Keras)": keras_bidirectional,
    "LSTM(64), 80 words (Keras)": keras_lstm,
    "2 × GRU(128), 300 characters (Géron 2019)": two_gru,
    "masked GRU(128), 1,000 words (Géron 2022)": masked_gru,
}


class Padded(keras.utils.PyDataset):
    """Batches of 32 in a random order, each padded to its longest, as tf.data's padded_batch makes them."""

    def __init__(self, x, y, size: int = 32):
        super().__init__()
        self.x, self.y, self.size, self.rng = x, y, size, np.random.default_rng(0)
        self.on_epoch_end()

    def __len__(self):
        return len(self.x) // self.size

    def __getitem__(self, i):
        chosen = self.order[i * self.size : (i + 1) * self.size]
        return {"ids": keras.utils.pad_sequences([self.x[k] for k in chosen], padding="post")}, self.y[chosen]

    def on_epoch_end(self):
        self.order = self.rng.permutation(len(self.x))


def judges(inputs: dict, y: np.ndarray, step: int) -> list:
    """Two functions that give a model's accuracy: on every fifth of the reviews, and on all."""

    def judge(every: int):
        batches = Batches({name: arrays[::every] for name, arrays in inputs.items()}, size=250, step=step)
        return lambda model: ((model.predict(batches, verbose=0)[:, 0] > 0.5) == y[::every][batches.order]).mean()

    return [judge(5), judge(1)]


def run_published(set_up, given: Reviews, limit: float) -> dict:
    """Train one published set-up with batches of 32 until the mark, or until it is given up."""
    keras.utils.set_random_seed(0)
    model, x, optimizer = set_up(given)
    train = Padded(x[0], given.y[0])
    model.compile(optimizer, "binary_crossentropy")
    # A network without a mask must be judged on rows as long as those it learns from: 40 divides their lengths, 80 and 200.
    judged = judges({"ids": x[1]}, given.y[1], step=40)
    clock = Clock(judged, 32, -(-len(given.y[0]) // EVERY), limit, perf_counter())
    model.fit(train, epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[clock])
    return {"course": clock.course, "parameters": model.count_params()}


def run_with_ratios(given: Reviews, seed: int) -> dict:
    """The same for a small bidirectional LSTM that is told what naive Bayes knows (lesson 10)."""
    keras.utils.set_random_seed(seed)
    vocabulary = Vocabulary.from_documents(given.words[0], 20_000)
    ids = [[vocabulary.encode(review or ["?"]) for review in part] for part in given.words]
    y, batch = given.y[0], 64
    begun = perf_counter()
    ngrams = sentiment.NGrams.from_documents(ids[0], len(vocabulary))
    encoded = [ngrams.encode(review) for review in ids[0]]
    X = ngrams.bag(encoded)
    p, q = (np.asarray(X[y == label].sum(axis=0)).ravel() for label in (1, 0))  # (1 + n-grams,)
    # by the review's own label, whose own count is left out: (1 + n-grams,) each
    without_own = [np.log((p + 1) / np.maximum(q, 1)), np.log(np.maximum(p, 1) / (q + 1))]
    ratios = [without_own[label][sentiment.shorten(review, CUT)] for review, label in zip(encoded, y, strict=True)]
    short = [[sentiment.shorten(review, CUT) for review in part] for part in ids]
    train = Batches({"ids": short[0], "ratios": ratios}, y, batch, seed, step=150)
    seconds = perf_counter() - begun
    table = np.log((p + 1) / (q + 1))  # there are as many reviews of either label
    fresh = [table[sentiment.shorten(ngrams.encode(review), CUT)] for review in ids[1]]
    judged = judges({"ids": short[1], "ratios": fresh}, given.y[1], step=150)
    begun = perf_counter() - seconds  # what is made for judging does not count
    words, told = keras.Input((None,), dtype="int32", name="ids"), keras.Input((None, 3), name="ratios")
    x = layers.Concatenate()([layers.Embedding(len(vocabulary), 16)(words), told])  # (batch, time, 19)
    mask = keras.ops.not_equal(words, 0)
    h = layers.Bidirectional(layers.LSTM(16, return_sequences=True))(x, mask=mask)
    largest = keras.ops.max(h - 2 * (1 - keras.ops.cast(mask, "float32")[:, :, None]), axis=1)
    pooled = layers.Concatenate()([largest, layers.GlobalAveragePooling1D()(h, mask=mask)])
    model = keras.Model({"ids": words, "ratios": told}, layers.Dense(1, activation="sigmoid")(pooled))
    model.compile(keras.optimizers.Adam(5e-3), "binary_crossentropy", jit_compile=True)
    clock = Clock(judged, batch, 20, float("inf"), begun)
    model.fit(train, epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[clock])
    return {"course": clock.course, "parameters": model.count_params(), "seed": seed}


def summary_tables(runs: dict[str, list[dict]]) -> list[dict]:
    """What RESULTS.md shows of the runs; shares of the fastest published set-up only where one has reached the mark."""
    reached = {
        name: [run["course"][-1][0] for run in some if run["course"][-1][1] >= MARK] for name, some in runs.items()
    }
    fastest = min((min(seconds) for name, seconds in reached.items() if name != EVIDENCE and seconds), default=None)
    rows = []
    for name, some in runs.items():
        seconds = statistics.median(reached[name]) if reached[name] else None
        rows.append(
            {
                "set-up": name,
                "parameters": some[0]["parameters"],
                "highest test accuracy seen": f"{max(accuracy for run in some for _, accuracy in run['course']):.4f}",
                "seconds trained": round(statistics.median(run["course"][-1][0] for run in some), 1),
                f"reached {MARK}": "yes" if len(reached[name]) == len(some) else "no",
            }
        )
        if fastest:
            rows[-1]["of the fastest published"] = round(seconds / fastest, 3) if seconds else "—"
    return [{"title": f"Seconds of training until a test accuracy of {MARK} on IMDB", "rows": rows}]


def main() -> None:
    """Train one network after the other, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--on", choices=("test", "validation"), default="test", help="reviews to evaluate on (%(default)s)"
    )
    parser.add_argument(
        "--only", choices=("evidence", "published"), help="train only these networks, and write nothing"
    )
    given = parser.parse_args()
    data = Reviews(given.on)
    runs = {EVIDENCE: [], **{name: [] for name in PUBLISHED}}
    limit = LIMIT

    def with_ratios(seed):
        if given.only != "published":
            runs[EVIDENCE].append(run_with_ratios(data, seed))
            print(EVIDENCE, runs[EVIDENCE][-1]["course"], flush=True)

    with_ratios(0)
    for i, (name, set_up) in enumerate(PUBLISHED.items()):
        if given.only != "evidence":
            runs[name].append(run_published(set_up, data, limit))
            seconds, accuracy = runs[name][-1]["course"][-1]
            limit = min(limit, seconds) if accuracy >= MARK else limit
            print(name, runs[name][-1]["course"], flush=True)
        if i in (1, 3):
            with_ratios((i + 1) // 2)
    if given.on == "test" and not given.only:
        record = {
            "benchmark": "imdb_time_to_accuracy",
            "machine": machine(),
            "runs": runs,
            "tables": summary_tables(runs),
        }
        tables.write_record(record, tables.RECORDS / "benchmarks" / "imdb_time_to_accuracy.json")
        print(tables.table(**record["tables"][0]))


if __name__ == "__main__":
    main()

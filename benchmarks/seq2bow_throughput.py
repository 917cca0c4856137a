"""How many descriptions per second Seq2BoW trains on, compared with plain Keras and the arithmetic limit of the machine.

    python benchmarks/seq2bow_throughput.py [--rows 10000000]

First, it makes 10,000,000 descriptions from job postings (real ones if prepared, else the sample), with one word changed
in every tenth title: a file of about a gigabyte in a temporary folder, not timed. Then it measures, each in its own process:
everything from that file to a trained network; training alone, by several methods, on some of the descriptions; and how fast
the machine multiplies matrices. Writes results/benchmarks/seq2bow_throughput.json. About ten minutes on two cores.
"""

import argparse
import contextlib
import csv
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
from itertools import islice
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil
from neighbours import peak_memory  # the benchmark beside this one
from tqdm import tqdm

from course_tools.ask.postings_table import from_csv
from course_tools.lessons.results_pages import machine
from course_utils import tables
from course_utils.datasets import postings
from course_utils.models.seq2bow.corpus import LENGTH, from_lists

ROWS, SOME, FEW = 10_000_000, 1_000_000, 200_000  # descriptions: in the file, for the course's way, for Keras's
SIZE, UNITS, BATCH, SMALL, NEGATIVES, INDEX = 24, 32, 16_384, 256, 5, 1_000_000


def descriptions(seed: int = 0):
    """Endless rows (number, title, bag)."""
    train, rng = postings.load().train, random.Random(seed)
    words = [word for title in train.titles for word in title.split()]
    known = [(title, "|".join(bag)) for title, bag in zip(train.titles, train.bags, strict=True) if bag]
    number = 0
    while True:
        number += 1
        title, bag = rng.choice(known)
        if rng.random() < 0.1:
            parts = title.split()
            parts[rng.randrange(len(parts))] = rng.choice(words)
            title = " ".join(parts)
        yield number, title, bag


def write(path: Path, rows: int) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("number", "title", "interests"))
        table.writerows(islice(tqdm(descriptions(), total=rows, desc="descriptions"), rows))


def watched():
    """A function that gives the most memory, in bytes, that this process and its children have held together since now."""
    peak, ended = [0], threading.Event()

    def watch():
        me = psutil.Process()
        while not ended.wait(0.2):
            with contextlib.suppress(psutil.Error):  # a child that has just ended
                peak[0] = max(peak[0], sum(one.memory_info().rss for one in [me, *me.children(recursive=True)]))

    threading.Thread(target=watch, daemon=True).start()
    return lambda: ended.set() or peak[0]


def end_to_end(path: Path) -> dict:
    """From the file to a network that has learned from every row once."""
    from course_utils.models.seq2bow import model, training

    memory, begun, stages = watched(), perf_counter(), {}

    def stage(name):
        stages[f"seconds, {name}"] = round(perf_counter() - begun - sum(stages.values()), 1)

    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        corpus = from_csv(path, "title", "interests", folder=folder, held_out=0.002)
        stage("reading")
        vectors = model.interest_vectors(corpus, SIZE)
        stage("vectors of interests")
        network = model.Seq2BoW(corpus.numbering, vectors, corpus.counts, len(corpus), UNITS)
        training.fit(network, corpus, epochs=1, batch=BATCH, negatives=NEGATIVES, rate=0.01, word_dropout=0.0)
        stage("training")
    found = model.measures(network.scores(network.vectors_of(corpus.held_out)), corpus.held_out)
    total = round(sum(stages.values()), 1)
    return {
        "descriptions": corpus.report["rows"],
        "learned from": len(corpus),
        **stages,
        "seconds, all": total,
        "descriptions a second, training": round(len(corpus) / stages["seconds, training"]),
        "descriptions a second, all": round(len(corpus) / total),
        "peak memory, MB": memory() // 10**6,
        "recall@10 on other titles": round(found["recall@10"], 4),
    }


def some(path: Path, different: bool = False, most: int = SOME):
    """A corpus of the first descriptions; `different`: without those whose title was there before."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = islice(csv.reader(file), 1, most + 1)
        titles, bags = zip(*((title, bag.split("|")) for _, title, bag in rows), strict=True)
    if different:
        first = list(dict(zip(titles, range(len(titles)), strict=True)).values())
        titles, bags = [titles[i] for i in first], [bags[i] for i in first]
    return from_lists(titles, bags, held_out=0.05)


def course(path: Path, different: bool = False, batch: int = BATCH, workers=None) -> dict:
    """`seq2bow.training.fit`: titles as a tree, one softmax. Of three epochs, what two more take than the first."""
    from course_utils.models.seq2bow import model, training

    corpus = some(path, different, SOME * 5 if different else SOME)
    vectors = model.interest_vectors(corpus, SIZE, bags=20_000)
    options = dict(batch=batch, negatives=NEGATIVES, rate=0.01, word_dropout=0.0, patience=9, workers=workers)
    seconds, found = [], []
    for epochs in (1, 3):
        network = model.Seq2BoW(corpus.numbering, vectors, corpus.counts, len(corpus), UNITS)
        begun = perf_counter()
        training.fit(network, corpus, epochs=epochs, **options)
        seconds.append(perf_counter() - begun)
        found.append(model.measures(network.scores(network.vectors_of(corpus.held_out)), corpus.held_out))
    return {
        "descriptions a second": 2 * len(corpus) / (seconds[1] - seconds[0]),
        "recall@10": found[0]["recall@10"],
    }


def worker(path: Path) -> dict:
    """As `course`, as one of the workers that TF_CONFIG names."""
    from course_utils.models.seq2bow import training

    return course(path, workers=training.Workers())


def two_workers(path: Path) -> dict:
    """Two processes on this machine, each with half of every batch."""
    sockets = [socket.create_server(("localhost", 0)) for _ in range(2)]
    addresses = [f"localhost:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    command = [sys.executable, __file__, "--way", "worker", "--file", path]
    running = []
    for i in range(2):
        place = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": i}}
        environment = os.environ | {"TF_CONFIG": json.dumps(place)}
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment))
    printed = [one.communicate()[0] for one in running]
    if any(one.returncode for one in running):
        raise RuntimeError("A worker failed; its error is shown above.")
    return json.loads(printed[0].splitlines()[-1])


def plain_keras(path: Path, pointwise: bool = False, batch: int = 4096) -> dict:
    """Keras's layers, titles padded to LENGTH; pointwise: each positive and each negative is an example of its own."""
    import keras

    from course_utils.embeddings import NegativeSampler
    from course_utils.models.seq2bow import model

    corpus = some(path, most=FEW)
    shard = next(corpus.mixed())
    rows = np.arange(len(shard))
    bags = shard.bags(rows)
    negatives = NegativeSampler(corpus.counts, rng=np.random.default_rng(0)).sample_without(bags, NEGATIVES)
    candidates, titles = np.concatenate([bags[:, :1], negatives], axis=1), shard.titles
    y = np.zeros(len(rows), dtype=np.float32)
    if pointwise:
        titles, y = np.repeat(titles, 1 + NEGATIVES, axis=0), np.tile([1.0] + [0.0] * NEGATIVES, len(rows))
        candidates = candidates.reshape(-1, 1)
    ids, k = keras.Input((LENGTH,), dtype="int32"), keras.Input((candidates.shape[1],), dtype="int32")
    h = keras.layers.LSTM(UNITS)(keras.layers.Embedding(len(corpus.numbering.words), UNITS, mask_zero=True)(ids))
    v = keras.layers.Dense(SIZE, use_bias=False)(h)
    fixed = model.interest_vectors(corpus, SIZE, bags=20_000).matrix
    e = keras.layers.Embedding(len(fixed), SIZE, weights=[fixed], trainable=False)(k)
    network = keras.Model([ids, k], keras.ops.einsum("nd,nkd->nk", v, e))
    losses = keras.losses
    loss = losses.BinaryCrossentropy if pointwise else losses.SparseCategoricalCrossentropy
    network.compile(keras.optimizers.Adam(0.01), loss(from_logits=True))
    few = 20 * batch
    network.fit([titles[:few], candidates[:few]], y[:few], batch_size=batch, verbose=0)  # to warm up
    begun = perf_counter()
    network.fit([titles, candidates], y, batch_size=batch, verbose=0)
    return {"descriptions a second": len(rows) / (perf_counter() - begun)}


def index(path: Path) -> dict:
    """An index of INDEX titles made of known words, and how long a query of either kind takes."""
    from course_utils.models.seq2bow import model

    corpus, rng = some(path, most=FEW), np.random.default_rng(0)
    network = model.Seq2BoW(
        corpus.numbering, model.interest_vectors(corpus, SIZE, bags=20_000), corpus.counts, len(corpus)
    )
    words = rng.choice(corpus.numbering.words.words[1:], (INDEX * 6 // 5, 4))
    begun = perf_counter()
    network.make_index(map(" ".join, words), most=INDEX)
    made, seconds = perf_counter() - begun, {}
    for name, ask, texts in (
        ("titles near a title", network.titles_near, corpus.titles[:21]),
        ("titles near an interest", network.titles_near_interest, corpus.numbering.interests[:21]),
    ):
        took = []
        for text in texts:
            begun = perf_counter()
            ask(text)
            took.append(perf_counter() - begun)
        seconds[f"seconds, {name}, median"] = round(statistics.median(took[1:]), 4)
    return {
        "titles": len(network.index),
        "seconds to make": round(made, 1),
        **seconds,
        "peak memory, MB": peak_memory() // 10**6,
    }


def arithmetic(path: Path) -> dict:
    """Multiplications of matrices as in a step of the LSTM, and how many descriptions a second they would be at most."""
    import tensorflow as tf

    x, W = tf.random.normal((BATCH, 2 * UNITS)), tf.random.normal((2 * UNITS, 4 * UNITS))
    multiply = tf.function(lambda: tf.matmul(x, W))
    multiply()
    begun, n = perf_counter(), 500
    for _ in range(n):
        multiply()
    operations = 2 * BATCH * 2 * UNITS * 4 * UNITS * n / (perf_counter() - begun)
    shard = next(some(path, most=FEW).mixed())
    words = (shard.titles > 0).sum() / len(shard)
    each = 3 * words * 2 * 2 * UNITS * 4 * UNITS  # forwards, and twice as much backwards
    return {"descriptions a second": operations / each}


WAYS = {
    "end to end": end_to_end,
    "index": index,
    "Seq2BoW": course,
    "Seq2BoW, no title twice": lambda path: course(path, different=True),
    f"Seq2BoW, batches of {SMALL}": lambda path: course(path, batch=SMALL),
    "Seq2BoW, two workers": two_workers,
    "plain Keras": plain_keras,
    "plain Keras, pointwise": lambda path: plain_keras(path, pointwise=True),
    "limit: the LSTM's products alone, word by word": arithmetic,
}


def main() -> None:
    """Make the file, run each method in a new process, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=ROWS, help="number of descriptions (%(default)s)")
    parser.add_argument("--way", choices=[*WAYS, "worker"], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps((WAYS | {"worker": worker})[given.way](given.file)))
        return
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "descriptions.csv"
        write(path, given.rows)
        for way in WAYS:
            command = [sys.executable, __file__, "--way", way, "--file", path]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            found[way] = json.loads(done.stdout.splitlines()[-1])
            print(way, found[way], flush=True)
    whole, titles = found.pop("end to end"), found.pop("index")
    limit = found[list(WAYS)[-1]]["descriptions a second"]
    rows = [
        {
            "way": way,
            "descriptions a second": round(row["descriptions a second"]),
            "of the limit": round(row["descriptions a second"] / limit, 2),
            "recall@10 on other titles": round(row["recall@10"], 4) if "recall@10" in row else "—",
        }
        for way, row in found.items()
    ]
    record = {
        "benchmark": "seq2bow_throughput",
        "machine": machine(),
        "tables": [
            {"title": f"Seq2BoW from a file of {given.rows:,} descriptions, end to end", "rows": [whole]},
            {"title": "Training alone", "rows": rows},
            {"title": "An index of titles", "rows": [titles]},
        ],
    }
    if given.rows == ROWS:
        tables.write_record(record, tables.RECORDS / "benchmarks" / "seq2bow_throughput.json")


if __name__ == "__main__":
    main()

"""Training of Seq2BoW, by one process or by several workers, with checkpoints from which it goes on as if nothing had been.

Workers find each other by TF_CONFIG, as everywhere in TensorFlow, and add up their slopes with TensorFlow's collective
operations. Keras's own `fit` cannot do that: Keras 3 does not run under MultiWorkerMirroredStrategy.
"""

import itertools
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from course_utils import files
from course_utils.embeddings import NegativeSampler
from course_utils.models.seq2bow.corpus import MIXED, Corpus, Shard, joined, only
from course_utils.models.seq2bow.model import BLOCK, Seq2BoW, Trie

CHECKPOINTS = 20  # in a training


class Workers:
    """This process among all that train together. Make it before anything else is computed.

    index: 0 for the first, which writes the files; number: how many there are, 1 without TF_CONFIG.
    Raises ValueError for a TF_CONFIG that names no workers.
    """

    def __init__(self):
        self.index, self.number, self.strategy = 0, 1, None
        config = os.environ.get("TF_CONFIG")
        if config:
            try:
                config = json.loads(config)
                self.number, self.index = len(config["cluster"]["worker"]), int(config["task"]["index"])
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"TF_CONFIG is not as TensorFlow has it ({error!r})") from None
        if self.number > 1:
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy()

    def total(self, function):
        """A function that gives the sums over all workers of the arrays that `function` gives."""
        if self.strategy is None:
            return function

        def summed(*inputs):
            def here(*inputs):
                return tf.distribute.get_replica_context().all_reduce("SUM", function(*inputs))

            return self.strategy.run(here, inputs)

        return summed


class Stream:
    """Endless examples of one worker: its share of the shards, pass after pass, each time in another order.

    What comes depends on the seed, the worker's number and the step only, so that it can begin at any step.
    """

    def __init__(self, model: Seq2BoW, corpus: Corpus, index: int, of: int, size: int, negatives: int, forget: float):
        self.shards = corpus.shards[index::of]
        self.model, self.size, self.negatives, self.forget = model, size, negatives, forget
        self.seed = [model.seed, index]
        self.sampler = NegativeSampler(model.counts)
        if not self.shards:
            raise ValueError(f"there are {len(corpus.shards)} shards for {of} workers: with so few examples use fewer")

    def rows(self) -> Iterator[tuple[Shard, np.ndarray]]:
        """`size` rows of a shard at a time; what is left of one is joined to the next."""
        left = []
        for number in itertools.count():
            rng = np.random.default_rng([*self.seed, 0, number])
            places = rng.permutation(len(self.shards))
            for start in range(0, len(places), MIXED):
                shard = joined([*left, *(self.shards[place]() for place in places[start : start + MIXED])])
                bag = np.diff(shard.starts)
                order = rng.permutation(np.flatnonzero((bag > 0) & (bag < np.count_nonzero(self.model.counts))))
                whole = len(order) - len(order) % self.size
                for first in range(0, whole, self.size):
                    yield shard, order[first : first + self.size]
                if not len(order):
                    raise ValueError("there are shards in which every bag has every interest: mix the examples")
                rest = np.zeros(len(shard), dtype=bool)
                rest[order[whole:]] = True
                left = [only(shard, rest)]

    def draws(self, step: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """From a step on: titles (size, LENGTH), extra inputs, and a positive with its negatives (size, 1 + k)."""
        for shard, rows in itertools.islice(self.rows(), step, None):
            yield self.drawn(shard, rows, np.random.default_rng([*self.seed, 1, step]))
            step += 1

    def drawn(
        self, shard: Shard, rows: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        bags, self.sampler.rng = shard.bags(rows), rng
        place = (rng.random(len(rows)) * (bags >= 0).sum(axis=1)).astype(np.int64)
        positives = bags[np.arange(len(rows)), place][:, None]
        candidates = np.concatenate([positives, self.sampler.sample_without(bags, self.negatives)], axis=1)
        titles, extras = shard.titles[rows], shard.extras[rows]
        if self.forget:
            unknown = np.int32(len(self.model.numbering.words) - 1)
            titles = np.where((titles > 0) & (rng.random(titles.shape) < self.forget), unknown, titles)
            extras = np.where(rng.random(extras.shape) < self.forget, np.int32(0), extras)
        return titles, extras, candidates


def fit(
    model: Seq2BoW,
    corpus: Corpus,
    epochs: int = 5,
    batch: int = 256,
    negatives: int = 20,
    rate: float = 0.005,
    loss: str = "softmax",
    patience: int = 2,
    forget: float = 0.1,
    workers: Workers | None = None,
    streams: int | None = None,
    checkpoint: Path | None = None,
) -> list[dict[str, float]]:
    """Let `model` learn from all shards, about `epochs` times; gives the mean losses of every epoch, "loss" and "validation".

    Each time an example gives one interest of its bag, drawn anew, and `negatives` others that are not in the bag, drawn by
    their counts to the power 0.75. loss: "softmax", one of cross-entropy over the positive and its negatives, or "pairwise", as
    in word2vec, a logistic one for each of them, where a score of 0 stands for the odds of guessing, 1 to `negatives`.
    forget: how often a word or an extra input is taken for unknown, so that no answer hangs on one of them. rate: the largest
    learning rate; it rises, then falls along a half cosine.

    Ends when the loss on `corpus.held_out` was not lowest for `patience` epochs, and goes back to the best weights.

    workers: each takes batch / (number of workers) examples of its own share of the shards in every step. streams: their number
    for one process that shall learn as so many would, to the same weights. checkpoint: a file for the state, written now and
    then; if it is there and of the same training, training goes on from it; it is removed in the end.

    Raises ValueError where every bag has every interest, and where batch or shards cannot be divided; ConnectionError when a
    worker is lost.
    """
    workers = workers or Workers()
    streams = streams or workers.number
    most = np.count_nonzero(corpus.counts)
    if corpus.counts.sum() == len(corpus) * most:
        raise ValueError("there is nothing to learn: every bag has every interest, so there are no negatives")
    if batch % streams or (workers.number > 1 and streams != workers.number):
        raise ValueError(
            f"batches of {batch} examples cannot be divided among {streams} streams of {workers.number} workers"
        )
    of_batch = batch // streams
    steps = max(1, round(len(corpus) / batch))  # of an epoch
    warm = max(1, epochs * steps // 20)
    falling = max(1, epochs * steps - warm)
    schedule = keras.optimizers.schedules.CosineDecay(rate / 10, falling, 0.01, warmup_target=rate, warmup_steps=warm)
    optimizer = keras.optimizers.Adam(schedule)
    learn, measure = _functions(model, optimizer, loss, batch, workers)
    settings = [
        len(corpus),
        int(corpus.counts.sum()),
        epochs,
        batch,
        negatives,
        rate,
        loss,
        patience,
        forget,
        streams,
        model.seed,
        [weight.shape.as_list() for weight in model.weights.values()],
        zlib.crc32(model.interests.matrix.tobytes()),  # other data have other vectors
    ]
    state = _State(model, optimizer, checkpoint, settings, workers.index == 0)
    mine = [Stream(model, corpus, i, streams, of_batch, negatives, forget) for i in range(streams)]
    if workers.number > 1:
        mine = [mine[workers.index]]
    judged = _judged(mine[0], corpus.held_out)
    inputs = _ahead(map(_batch, zip(*(stream.draws(state.step) for stream in mine), strict=True)))
    try:
        with tqdm(
            total=epochs * steps * batch, initial=state.step * batch, unit="example", unit_scale=True, mininterval=0.5
        ) as bar:
            while state.step < epochs * steps and not state.ended(patience):
                state.add(learn(*next(inputs)))
                bar.update(batch)
                if state.step % steps == 0:
                    state.end_epoch([(float(measure(*some)), len(some[-1])) for some in judged])
                    bar.set_postfix({name: round(value, 3) for name, value in state.history[-1].items()})
                if state.step % max(1, epochs * steps // CHECKPOINTS) == 0:
                    state.write()
    except (
        tf.errors.UnavailableError,
        tf.errors.InternalError,
        tf.errors.AbortedError,
        tf.errors.DeadlineExceededError,
    ) as error:
        if workers.number == 1:
            raise
        where = f" they go on from {checkpoint}" if checkpoint else " they begin anew"
        raise ConnectionError(
            f"a worker was lost at step {state.step}: start all of them again,{where} ({error.message[:200]})"
        ) from None
    finally:
        inputs.close()
    state.finish()
    return state.history


class _State:
    """Where a training is: its step, the losses of the running epoch, what was measured, and the best weights so far."""

    def __init__(self, model: Seq2BoW, optimizer, path: Path | None, settings: list, writes: bool):
        self.model, self.optimizer, self.path, self.settings, self.writes = model, optimizer, path, settings, writes
        self.step, self.losses, self.history = 0, [], []
        self.best, self.best_weights = (np.inf, 0), model.state()
        if path is not None and path.exists():
            try:
                names, arrays = files.read_arrays(path)
            except ValueError as error:
                raise ValueError(f"{error}; remove it to begin anew") from None
            if names["settings"] == settings:
                self._go_on(names, arrays)

    def _variables(self) -> list:
        return [*self.model.weights.values(), *self.optimizer.variables]

    def _go_on(self, names: dict, arrays: dict[str, np.ndarray]) -> None:
        for i, variable in enumerate(self._variables()):
            variable.assign(arrays[f"variable {i}"])
        self.step, self.losses, self.history, self.best = (
            names[name] for name in ("step", "losses", "history", "best")
        )
        self.best_weights = [arrays[f"best {i}"] for i in range(len(self.best_weights))]
        print(f"Going on after step {self.step:,}, from {self.path}")

    def write(self) -> None:
        if self.path is None or not self.writes:
            return
        arrays = {f"variable {i}": np.asarray(variable) for i, variable in enumerate(self._variables())}
        arrays |= {f"best {i}": weight for i, weight in enumerate(self.best_weights)}
        names = {"settings": self.settings, "step": self.step, "history": self.history, "best": self.best}
        files.write_arrays(self.path, {**names, "losses": [float(L) for L in self.losses]}, arrays)

    def add(self, L) -> None:
        """A step was taken, with the loss L."""
        self.losses.append(L)
        self.step += 1

    def end_epoch(self, judged: Sequence[tuple[float, int]]) -> None:
        """`judged`: losses on the held-out part, and of how many examples each is the mean."""
        self.history.append({"epoch": len(self.history) + 1, "loss": float(np.mean([float(L) for L in self.losses]))})
        self.losses = []
        if judged:
            losses, sizes = zip(*judged, strict=True)
            now = float(np.average(losses, weights=sizes))
            self.history[-1]["validation"] = now
            if now < self.best[0]:
                self.best, self.best_weights = (now, len(self.history)), self.model.state()

    def ended(self, patience: int) -> bool:
        return bool(self.best[1]) and len(self.history) - self.best[1] >= patience

    def finish(self) -> None:
        if self.best[1]:
            self.model.restore(self.best_weights)
        if self.path is not None and self.writes:
            self.path.unlink(missing_ok=True)


def _functions(model: Seq2BoW, optimizer, loss: str, batch: int, workers: Workers):
    """One function that learns from what `_batch` gives, one that does not; both give the mean loss of all workers."""
    variables, vectors = list(model.weights.values()), tf.constant(model.interests.matrix)
    optimizer.build(variables)
    signature = [*model.signature, tf.TensorSpec((None, None), tf.int32)]

    def each(*inputs):
        e = tf.gather(vectors, inputs[-1])  # (examples, 1 + k, d)
        s = tf.einsum("nd,nkd->nk", model.read(*inputs[:-1]), e)  # (examples, 1 + k)
        if loss == "pairwise":  # unlike a softmax it needs a level, and with a mean of zero the vectors can give none
            s -= tf.math.log(tf.cast(tf.shape(s)[1] - 1, tf.float32))
            return tf.nn.softplus(-s[:, 0]) + tf.reduce_sum(tf.nn.softplus(s[:, 1:]), axis=1)
        return tf.reduce_logsumexp(s, axis=1) - s[:, 0]

    def slopes(*inputs):
        with tf.GradientTape() as tape:
            L = tf.reduce_sum(each(*inputs)) / batch
        return [L, *map(tf.convert_to_tensor, tape.gradient(L, variables))]  # sums of the slopes of equal words

    total = workers.total(slopes)

    @tf.function(input_signature=signature)
    def learn(*inputs):
        L, *found = total(*inputs)
        optimizer.apply(found, variables)
        return L

    @tf.function(input_signature=signature)
    def measure(*inputs):
        return tf.reduce_mean(each(*inputs))

    return learn, measure


def _batch(drawn: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> tuple:
    """What streams have drawn as the arrays that the functions take: those of a Trie, extra inputs, candidates."""
    titles, extras, candidates = map(np.concatenate, zip(*drawn, strict=True))
    return *Trie(titles).inputs(), extras, candidates


def _judged(stream: Stream, held_out: Shard) -> list[tuple]:
    """The held-out part as batches, always the same ones, with nothing forgotten."""
    forget, stream.forget = stream.forget, 0.0
    bag = np.diff(held_out.starts)
    rows = np.flatnonzero((bag > 0) & (bag < np.count_nonzero(stream.model.counts)))
    rng = np.random.default_rng(stream.model.seed)
    found = [_batch([stream.drawn(held_out, rows[i : i + BLOCK], rng)]) for i in range(0, len(rows), BLOCK)]
    stream.forget = forget
    return found


def _ahead(batches: Iterator, n: int = 4) -> Iterator:
    """The same, made in a thread, `n` of them before they are asked for: NumPy prepares while TensorFlow computes."""
    with ThreadPoolExecutor(1) as thread:
        waiting = [thread.submit(next, batches) for _ in range(n)]
        while True:
            waiting.append(thread.submit(next, batches))
            yield waiting.pop(0).result()

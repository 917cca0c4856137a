"""Training of Seq2BoW by one process or by several workers, with checkpoints.

A stopped training resumes from its last checkpoint to exactly the weights of one that was not stopped: millions of descriptions
take long, and a shared machine may stop it at any time. Workers are named by TF_CONFIG, and sum their gradients by all-reduce,
because Keras 3's own `fit` does not run under MultiWorkerMirroredStrategy.
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
from course_utils.models.seq2bow.corpus import Corpus, Shard, joined
from course_utils.models.seq2bow.model import BLOCK, Seq2BoW, Trie

CHECKPOINTS = 20  # in a training
LOST = (tf.errors.UnavailableError, tf.errors.InternalError, tf.errors.AbortedError, tf.errors.DeadlineExceededError)


class Workers:
    """This process among all that train together, from TF_CONFIG. Make it before anything else is computed.

    index: 0 for the chief, or else the first worker, which writes the files. number: how many there are. Raises ValueError for
    a TF_CONFIG of which this process is neither chief nor worker.
    """

    def __init__(self):
        self.index, self.number, self.strategy = 0, 1, None
        try:
            config = json.loads(os.environ.get("TF_CONFIG") or "{}")
            if config:
                cluster, task = config["cluster"], config["task"]
                first = {"chief": 0, "worker": len(cluster.get("chief", ()))}  # the chief comes before the workers
                self.index = first[task["type"]] + int(task["index"])
                self.number = first["worker"] + len(cluster.get("worker", ()))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            needed = '{"cluster": {"worker": [addresses]}, "task": {"type": "worker", "index": 0}}'
            raise ValueError(f"TF_CONFIG must be like {needed}, or with a chief ({error!r})") from None
        if self.number > 1:
            self.strategy = tf.distribute.MultiWorkerMirroredStrategy()

    def total(self, function):
        """A function that gives the sums over all workers of the arrays that `function` gives."""
        if self.strategy is None:
            return function

        def summed(*inputs):
            return tf.distribute.get_replica_context().all_reduce("SUM", function(*inputs))

        return lambda *inputs: self.strategy.run(summed, inputs)


class Stream:
    """Endless samples for one worker: of its part of the shards, epoch after epoch, each time in another order.

    They depend on the seed, the worker's index and the step only, so a stream can start at any step.
    """

    def __init__(self, model, corpus: Corpus, index: int, of: int, size: int, negatives: int, word_dropout: float):
        self.shards, self.mixed = corpus.shards[index::of], corpus.limits.mixed
        self.model, self.size, self.negatives, self.word_dropout = model, size, negatives, word_dropout
        self.seed, self.sampler = [model.seed, index], NegativeSampler(model.counts)
        if not self.shards:
            raise ValueError(f"there are {len(corpus.shards)} shards for {of} workers: with so few examples use fewer")

    def rows(self) -> Iterator[tuple[Shard, np.ndarray]]:
        """`size` rows of a shard at a time; the rest of each shard is joined to the next."""
        left = []
        for epoch in itertools.count():
            rng = np.random.default_rng([*self.seed, 0, epoch])
            places = rng.permutation(len(self.shards))
            for start in range(0, len(places), self.mixed):
                shard = joined([*left, *(self.shards[place]() for place in places[start : start + self.mixed])])
                order = rng.permutation(_with_negatives(shard, self.model))
                complete = len(order) - len(order) % self.size
                for first in range(0, complete, self.size):
                    yield shard, order[first : first + self.size]
                if not len(order):
                    raise ValueError("there are shards in which every bag has every interest: mix the examples")
                rest = np.zeros(len(shard), dtype=bool)
                rest[order[complete:]] = True
                left = [shard.only(rest)]

    def samples(self, step: int) -> Iterator[tuple]:
        """What `sample` gives for each step, from `step` on."""
        for shard, rows in itertools.islice(self.rows(), step, None):
            yield self.sample(shard, rows, np.random.default_rng([*self.seed, 1, step]), self.word_dropout)
            step += 1

    def sample(self, shard: Shard, rows: np.ndarray, rng: np.random.Generator, word_dropout: float = 0.0) -> tuple:
        """Titles (rows, LENGTH), extra inputs, and a positive of each bag with its negatives (rows, 1 + k)."""
        bags, self.sampler.rng = shard.bags(rows), rng
        place = (rng.random(len(rows)) * (bags >= 0).sum(axis=1)).astype(np.int64)
        positives = bags[np.arange(len(rows)), place][:, None]
        candidates = np.concatenate([positives, self.sampler.sample_without(bags, self.negatives)], axis=1)
        titles, extras = shard.titles[rows], shard.extras[rows]
        if word_dropout:
            unknown = np.int32(len(self.model.numbering.words) - 1)
            titles = np.where((titles > 0) & (rng.random(titles.shape) < word_dropout), unknown, titles)
            extras = np.where(rng.random(extras.shape) < word_dropout, np.int32(0), extras)
        return titles, extras, candidates


def _with_negatives(shard: Shard, model: Seq2BoW) -> np.ndarray:
    """The rows whose bags have some but not all interests."""
    sizes = np.diff(shard.starts)
    return np.flatnonzero((sizes > 0) & (sizes < np.count_nonzero(model.counts)))


def fit(
    model: Seq2BoW,
    corpus: Corpus,
    epochs: int = 5,
    batch: int = 256,
    negatives: int = 20,
    rate: float = 0.005,
    patience: int = 2,
    word_dropout: float = 0.1,
    workers: Workers | None = None,
    streams: int | None = None,
    checkpoint: Path | None = None,
) -> list[dict[str, float]]:
    """Train `model` on all shards for about `epochs` epochs; gives the mean losses of each, "loss" and "validation".

    In each epoch one interest of every bag is sampled as the positive, and `negatives` that are not in the bag in proportion
    to count^0.75. The loss is the cross-entropy of one softmax over the positive and its negatives. word_dropout: how often a
    word or an extra input is made unknown, so that no answer depends on one of them alone. rate: the largest learning rate,
    after a linear warm-up and before a cosine decay.

    Stops early when the loss on `corpus.held_out` has not improved for `patience` epochs, and restores the best weights.

    workers: each takes batch / (number of workers) examples of its own part of the shards in every step. streams: with one
    process, the number of workers whose training it repeats, to the same weights. checkpoint: a file for the state; if it
    belongs to the same training, training resumes from it; it is removed in the end.

    Raises ValueError where every bag has every interest, and where batch or shards cannot be divided; ConnectionError when a
    worker is lost.
    """
    workers = workers or Workers()
    streams = streams or workers.number
    if corpus.counts.sum() == len(corpus) * np.count_nonzero(corpus.counts):
        raise ValueError("there is nothing to learn: every bag has every interest, so there are no negatives")
    if batch % streams or (workers.number > 1 and streams != workers.number):
        raise ValueError(
            f"{batch} examples of a batch cannot be divided among {streams} streams, {workers.number} workers"
        )
    steps = max(1, round(len(corpus) / batch))  # of an epoch
    warm = max(1, epochs * steps // 20)
    decay = max(1, epochs * steps - warm)
    schedule = keras.optimizers.schedules.CosineDecay(rate / 10, decay, 0.01, warmup_target=rate, warmup_steps=warm)
    optimizer = keras.optimizers.Adam(schedule)
    learn, measure = _functions(model, optimizer, batch, workers)
    settings = [epochs, batch, negatives, rate, patience, word_dropout, streams, model.seed]
    settings += [len(corpus), int(corpus.counts.sum()), [weight.shape.as_list() for weight in model.weights.values()]]
    settings.append(zlib.crc32(model.interests.matrix.tobytes()))  # other data have other vectors
    state = _State(model, optimizer, checkpoint, settings, workers.index == 0)
    mine = [workers.index] if workers.number > 1 else range(streams)
    mine = [Stream(model, corpus, i, streams, batch // streams, negatives, word_dropout) for i in mine]
    validation = _validation(mine[0], corpus.held_out)
    inputs = _prefetched(map(_batch, zip(*(stream.samples(state.step) for stream in mine), strict=True)))
    total = epochs * steps
    try:
        with tqdm(total=total * batch, initial=state.step * batch, unit="example", unit_scale=True) as bar:
            while state.step < total and not state.stopped_improving(patience):
                state.add(learn(*next(inputs)))
                bar.update(batch)
                if state.step % steps == 0:
                    state.end_epoch([(float(measure(*some)), len(some[-1])) for some in validation])
                    bar.set_postfix({name: round(value, 3) for name, value in state.history[-1].items()})
                if state.step % max(1, total // CHECKPOINTS) == 0:
                    state.write()
    except LOST as error:
        if workers.number == 1:
            raise
        then = f" they resume from {checkpoint}" if checkpoint else " they begin again"
        lost = f"a worker was lost at step {state.step}: start all of them again,{then} ({error.message[:200]})"
        raise ConnectionError(lost) from None
    finally:
        inputs.close()
    state.finish()
    return state.history


class _State:
    """The state of a training: its step, the losses of the current epoch, the history, and the best weights so far."""

    def __init__(self, model: Seq2BoW, optimizer, path: Path | None, settings: list, writes: bool):
        self.model, self.optimizer, self.path, self.settings = model, optimizer, path, settings
        self.writes, self.step, self.losses, self.history = writes and path is not None, 0, [], []
        self.best, self.best_weights = (np.inf, 0), model.state()
        if path is not None and path.exists():
            try:
                names, arrays = files.read_arrays(path)
            except ValueError as error:
                raise ValueError(f"{error}; remove it to begin again") from None
            if names["settings"] == settings:
                self._resume(names, arrays)

    def _variables(self) -> list:
        return [*self.model.weights.values(), *self.optimizer.variables]

    def _resume(self, names: dict, arrays: dict[str, np.ndarray]) -> None:
        for i, variable in enumerate(self._variables()):
            variable.assign(arrays[f"variable {i}"])
        self.step, self.losses, self.history, self.best = map(names.get, ("step", "losses", "history", "best"))
        self.best_weights = [arrays[f"best {i}"] for i in range(len(self.best_weights))]
        print(f"Resuming after step {self.step:,}, from {self.path}")

    def write(self) -> None:
        if self.writes:
            arrays = {f"variable {i}": np.asarray(variable) for i, variable in enumerate(self._variables())}
            arrays |= {f"best {i}": weight for i, weight in enumerate(self.best_weights)}
            names = {"settings": self.settings, "step": self.step, "history": self.history, "best": self.best}
            files.write_arrays(self.path, {**names, "losses": [float(L) for L in self.losses]}, arrays)

    def add(self, L) -> None:
        """Count a training step with the loss L."""
        self.losses.append(L)
        self.step += 1

    def end_epoch(self, validation: Sequence[tuple[float, int]]) -> None:
        """`validation`: mean losses of the batches of the validation set, and their sizes."""
        self.history.append({"epoch": len(self.history) + 1, "loss": float(np.mean([float(L) for L in self.losses]))})
        self.losses = []
        if validation:
            losses, sizes = zip(*validation, strict=True)
            now = float(np.average(losses, weights=sizes))
            self.history[-1]["validation"] = now
            if now < self.best[0]:
                self.best, self.best_weights = (now, len(self.history)), self.model.state()

    def stopped_improving(self, patience: int) -> bool:
        return bool(self.best[1]) and len(self.history) - self.best[1] >= patience

    def finish(self) -> None:
        if self.best[1]:
            self.model.restore(self.best_weights)
        if self.writes:
            self.path.unlink(missing_ok=True)


def _functions(model: Seq2BoW, optimizer, batch: int, workers: Workers):
    """A training step and its loss without training, functions of what `_batch` gives; both give means over all workers."""
    variables, vectors = list(model.weights.values()), tf.constant(model.interests.matrix)
    optimizer.build(variables)
    signature = [*model.signature, tf.TensorSpec((None, None), tf.int32)]

    def losses(*inputs):
        e = tf.gather(vectors, inputs[-1])  # (examples, 1 + k, d)
        s = tf.einsum("nd,nkd->nk", model.encode(*inputs[:-1]), e)  # (examples, 1 + k)
        return tf.reduce_logsumexp(s, axis=1) - s[:, 0]

    def gradients(*inputs):
        with tf.GradientTape() as tape:
            L = tf.reduce_sum(losses(*inputs)) / batch
        return [
            L,
            *map(tf.convert_to_tensor, tape.gradient(L, variables)),
        ]  # dense: sums of the gradients of equal words

    total = workers.total(gradients)

    @tf.function(input_signature=signature)
    def learn(*inputs):
        L, *found = total(*inputs)
        optimizer.apply(found, variables)
        return L

    @tf.function(input_signature=signature)
    def measure(*inputs):
        return tf.reduce_mean(losses(*inputs))

    return learn, measure


def _batch(samples: Sequence[tuple]) -> tuple:
    """Samples of several streams as the arrays that the functions take: those of a Trie, extra inputs, candidates."""
    titles, extras, candidates = map(np.concatenate, zip(*samples, strict=True))
    return *Trie(titles).inputs(), extras, candidates


def _validation(stream: Stream, held_out: Shard) -> list[tuple]:
    """The validation set as batches, the same in each epoch, without word dropout."""
    rows, rng = _with_negatives(held_out, stream.model), np.random.default_rng(stream.model.seed)
    starts = range(0, len(rows), BLOCK)
    return [_batch([stream.sample(held_out, rows[start : start + BLOCK], rng)]) for start in starts]


def _prefetched(batches: Iterator, n: int = 4) -> Iterator:
    """The same, prepared by a thread, `n` of them in advance: NumPy works while TensorFlow computes."""
    with ThreadPoolExecutor(1) as thread:
        waiting = [thread.submit(next, batches) for _ in range(n)]
        while True:
            waiting.append(thread.submit(next, batches))
            yield waiting.pop(0).result()

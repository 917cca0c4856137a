"""Training of Seq2BoW: its gradients against Keras, what is sampled, resuming, several workers."""

import itertools
import json
import os
import socket
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from course_utils.models.seq2bow import training
from course_utils.models.seq2bow.corpus import Limits, from_lists
from course_utils.models.seq2bow.model import Seq2BoW, interest_vectors
from course_utils.models.seq2bow.training import Stream, Workers, fit


def same(a, b, atol=1e-6):
    return all(np.allclose(x, y, atol=atol) for x, y in zip(a.state(), b.state(), strict=True))


@pytest.fixture
def in_shards(planted):
    """The planted data in seven shards."""
    return from_lists(*planted, held_out=0.1, limits=Limits(shard=100, mixed=2))


def test_a_step_follows_the_gradient_that_keras_finds(network, corpus, vectors, words_of, in_keras):
    model = network(seed=1)
    *trie, extras, candidates = training._batch([next(Stream(model, corpus, 0, 1, 50, 4, 0.0).samples(0))])
    before = {name: weight.numpy() for name, weight in model.weights.items()}
    ids, encoder = words_of(*trie), in_keras(model)
    with tf.GradientTape() as tape:
        s = tf.einsum("nd,nkd->nk", encoder(ids), tf.gather(tf.constant(vectors.matrix), candidates))
        L = tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(np.zeros(len(ids), int), s)) / len(ids)
    gradients = tape.gradient(L, encoder.trainable_variables)
    learn, measure = training._functions(model, keras.optimizers.SGD(1.0), 50, Workers())
    assert float(measure(*trie, extras, candidates)) == pytest.approx(float(L), rel=1e-5)
    assert float(learn(*trie, extras, candidates)) == pytest.approx(float(L), rel=1e-5)
    for name, gradient in zip(("x", "W_x", "W_h", "b", "W_o"), gradients, strict=True):
        assert np.allclose(before[name] - model.weights[name].numpy(), tf.convert_to_tensor(gradient), atol=1e-6), name


def test_the_positive_is_of_the_bag_and_no_negative_is(network, corpus):
    stream, shard = Stream(network(), corpus, 0, 1, 64, 6, 0.0), next(corpus.mixed())
    bags = {}
    for title, bag in zip(shard.titles, shard.bags(np.arange(len(shard))), strict=True):
        bags.setdefault(tuple(title), []).append(set(bag[bag >= 0]))
    for titles, _, candidates in itertools.islice(stream.samples(0), 20):
        for title, (positive, *negatives) in zip(titles, candidates, strict=True):
            assert any(positive in bag and not bag & set(negatives) for bag in bags[tuple(title)])


def test_every_example_comes_once_in_an_epoch(network, in_shards):
    samples = itertools.islice(Stream(network(), in_shards, 0, 1, 1, 2, 0.0).samples(0), len(in_shards))
    titles = np.concatenate([titles for titles, *_ in samples])
    shards = np.concatenate([load().titles for load in in_shards.shards])
    assert sorted(map(tuple, titles)) == sorted(map(tuple, shards))
    assert not np.array_equal(titles, shards)


@pytest.mark.parametrize("size", [7, 64, 1000])
def test_what_comes_at_a_step_does_not_depend_on_where_one_begins(network, in_shards, size):
    stream = Stream(network(), in_shards, 1, 2, size, 3, 0.2)
    whole = list(itertools.islice(stream.samples(0), 12))
    later = list(itertools.islice(stream.samples(9), 3))
    for a, b in zip(whole[9:], later, strict=True):
        assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
    assert all(len(titles) == size for titles, *_ in whole)
    assert not np.array_equal(whole[0][2], whole[1][2])


def test_word_dropout_makes_words_and_extra_inputs_unknown_as_often_as_asked(network, corpus):
    unknown = len(corpus.numbering.words) - 1
    for fraction in (0.0, 0.3, 1.0):
        titles, extras, _ = next(Stream(network(), corpus, 0, 1, 500, 2, fraction).samples(0))
        assert (titles[titles > 0] == unknown).mean() == pytest.approx(fraction, abs=0.06)
        assert (extras == 0).mean() == pytest.approx(fraction, abs=0.07)


def test_a_bag_of_everything_has_no_negatives_and_is_passed_over(network):
    corpus = from_lists(["data engineer", "nurse"] * 20, [["python", "sql"], ["sql"]] * 20)
    stream = Stream(network(corpus, interest_vectors(corpus, 4)), corpus, 0, 1, 7, 2, 0.0)
    python = corpus.numbering.interests.index("python")
    for _, _, candidates in itertools.islice(stream.samples(0), 10):
        assert (candidates[:, 0] != python).all() and (candidates[:, 1:] == python).all()


def test_the_same_seed_gives_the_same_weights(network, corpus):
    first, second, other = (network(seed=seed) for seed in (5, 5, 6))
    for model in (first, second, other):
        fit(model, corpus, epochs=1, batch=100)
    assert same(first, second) and not same(first, other, atol=1e-3)


def test_training_ends_early_and_goes_back_to_the_best_weights(network, corpus, monkeypatch):
    seen, losses, functions = [], iter([3.0, 1.0, 2.0, 2.0, 0.0]), training._functions
    model = network()

    def measured(*given):
        def measure(*inputs):
            seen.append(model.state())
            return next(losses)

        return functions(*given)[0], measure

    monkeypatch.setattr(training, "_functions", measured)
    history = fit(model, corpus, epochs=9, patience=2)
    assert [row["validation"] for row in history] == [3, 1, 2, 2]
    assert all(np.array_equal(a, b) for a, b in zip(model.state(), seen[1], strict=True))


def test_without_a_held_out_part_it_trains_to_the_end(network):
    corpus = from_lists(["data engineer", "nurse"] * 20, [["python", "sql"], ["hygiene", "care"]] * 20)
    history = fit(network(corpus, interest_vectors(corpus, 4)), corpus, epochs=4)
    assert [sorted(row) for row in history] == [["epoch", "loss"]] * 4


def test_where_every_bag_has_every_interest_there_is_nothing_to_learn(network):
    corpus = from_lists(["data engineer", "nurse"], [["python", "sql"]] * 2, rare=1)
    with pytest.raises(ValueError, match="every bag has every interest"):
        fit(network(corpus, interest_vectors(corpus, 4)), corpus)


class Stopped(Exception):
    pass


def stop_at(monkeypatch, step):
    """Let a training end as if it had been killed, after that step."""
    add = training._State.add

    def count(self, L):
        add(self, L)
        if self.step == step:
            raise Stopped

    monkeypatch.setattr(training._State, "add", count)


def test_a_stopped_training_resumes_to_the_same_weights(network, in_shards, tmp_path, monkeypatch, capsys):
    options = dict(epochs=3, batch=60, checkpoint=tmp_path / "state")  # 9 or 10 steps in an epoch
    whole = network(in_shards)
    history = fit(whole, in_shards, **options)
    for step in (3, 17):
        with monkeypatch.context() as patch, pytest.raises(Stopped):
            stop_at(patch, step)
            fit(network(in_shards), in_shards, **options)
        assert (tmp_path / "state").exists()
        again = network(in_shards, seed=0)
        assert fit(again, in_shards, **options) == history
        assert "Resuming after step" in capsys.readouterr().out
        assert same(whole, again, atol=0) and not (tmp_path / "state").exists()


def test_the_state_of_another_training_is_ignored(network, in_shards, tmp_path, monkeypatch, capsys):
    options = dict(epochs=3, batch=60, checkpoint=tmp_path / "state")
    with monkeypatch.context() as patch, pytest.raises(Stopped):
        stop_at(patch, 5)
        fit(network(in_shards), in_shards, **options)
    for units, other in ((8, {"epochs": 3}), (32, {"epochs": 1})):
        stopped = (tmp_path / "state").read_bytes()
        fit(network(in_shards, units=units), in_shards, **{**options, **other})
        (tmp_path / "state").write_bytes(stopped)
    assert "Resuming" not in capsys.readouterr().out


def test_a_damaged_state_is_named(network, corpus, tmp_path):
    (tmp_path / "state").write_bytes(b"PK torn")
    with pytest.raises(ValueError, match="state cannot be read .*remove it to begin again"):
        fit(network(), corpus, checkpoint=tmp_path / "state")


WORKER = """
    import os, signal, sys
    import numpy as np
    from pathlib import Path
    from course_utils.models.seq2bow import training
    from course_utils.models.seq2bow.corpus import Limits, from_lists
    from course_utils.models.seq2bow.model import Seq2BoW, interest_vectors
    folder, ends_at = Path(sys.argv[1]), int(sys.argv[2])
    workers = training.Workers()
    stored = np.load(folder / "planted.npz")
    bags = [bag.split("|") for bag in stored["bags"]]
    corpus = from_lists(stored["titles"].tolist(), bags, held_out=0.1, limits=Limits(shard=100, mixed=2))
    model = Seq2BoW(corpus.numbering, interest_vectors(corpus, 12), corpus.counts, len(corpus), units=8)
    add = training._State.add
    def count(self, L):
        add(self, L)
        if self.step == ends_at:
            os._exit(9)
    training._State.add = count
    try:
        training.fit(model, corpus, epochs=3, batch=60, workers=workers, checkpoint=folder / "state")
    except ConnectionError as error:
        print(error)
        sys.exit(3)
    np.savez(folder / f"weights{workers.index}.npz", *model.state())
"""


def start(folder, ends_at=(0, 0), first="worker"):
    """Two workers on this machine, of which some end by force at a step; their exit statuses and what they printed.

    first: the role of the first, "worker" or "chief".
    """
    with socket.socket() as one, socket.socket() as two:
        one.bind(("localhost", 0)), two.bind(("localhost", 0))
        addresses = [f"localhost:{port.getsockname()[1]}" for port in (one, two)]
    cluster = {"worker": addresses} if first == "worker" else {"chief": addresses[:1], "worker": addresses[1:]}
    tasks = [(role, i) for role, these in cluster.items() for i in range(len(these))]
    running = []
    for (role, index), step in zip(tasks, ends_at, strict=True):
        config = json.dumps({"cluster": cluster, "task": {"type": role, "index": index}})
        command = [sys.executable, "-c", textwrap.dedent(WORKER), str(folder), str(step)]
        environment = {**os.environ, "TF_CONFIG": config, "CUDA_VISIBLE_DEVICES": "-1"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        running.append(subprocess.Popen(command, env=environment, **pipes))
    try:
        said = [process.communicate(timeout=300) for process in running]
    finally:
        for process in running:
            process.kill()
    return [process.returncode for process in running], said


def test_two_workers_come_to_the_weights_of_one_process_even_if_one_is_lost(planted, tmp_path):
    np.savez(tmp_path / "planted.npz", titles=planted[0], bags=["|".join(bag) for bag in planted[1]])
    corpus = from_lists(*planted[:2], held_out=0.1, limits=Limits(shard=100, mixed=2))
    alone = Seq2BoW(corpus.numbering, interest_vectors(corpus, 12), corpus.counts, len(corpus), units=8)
    fit(alone, corpus, epochs=3, batch=60, streams=2)

    statuses, said = start(tmp_path, ends_at=(0, 8))
    assert statuses == [3, 9], said[0][1][-2000:]
    assert "a worker was lost at step" in said[0][0] and f"they resume from {tmp_path / 'state'}" in said[0][0]
    statuses, said = start(tmp_path, first="chief")
    assert statuses == [0, 0], said[0][1][-2000:]
    assert all("Resuming after step" in printed for printed, _ in said)
    assert not (tmp_path / "state").exists()
    for index in (0, 1):
        with np.load(tmp_path / f"weights{index}.npz") as stored:
            assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(stored.values(), alone.state(), strict=True))


TWO = '{"cluster": {"worker": ["a:1", "b:2"]}'


@pytest.mark.parametrize("config", ["workers", TWO + "}", "[1]", TWO + ', "task": {"type": "evaluator", "index": 0}}'])
def test_a_tf_config_of_another_form_gets_the_right_one(monkeypatch, config):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(ValueError, match="TF_CONFIG must be like"):
        Workers()


@pytest.mark.parametrize("role", ["worker", "chief", None])
def test_one_worker_of_one_is_one_process(monkeypatch, role):
    config = {"cluster": {role: ["localhost:1"]}, "task": {"type": role, "index": 0}} if role else {}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    workers = Workers()
    assert (workers.index, workers.number, workers.strategy) == (0, 1, None)


def test_what_cannot_be_divided_is_pointed_out(network, corpus):
    with pytest.raises(ValueError, match="25 examples of a batch cannot be divided among 2 streams"):
        fit(network(), corpus, batch=25, streams=2)
    with pytest.raises(ValueError, match="there are 1 shards for 2 workers"):
        fit(network(), corpus, batch=24, streams=2)

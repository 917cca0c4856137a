import subprocess
import sys

import keras
import numpy as np
import pytest

from course_utils import files
from course_utils.training import Batches, ProgressBar, Resume


def test_bar_counts_every_batch_and_shows_the_metrics(capsys):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    model.fit(np.ones((8, 1)), np.ones((8, 1)), batch_size=2, epochs=3, verbose=0, callbacks=[ProgressBar()])
    shown = capsys.readouterr()
    assert "12/12" in shown.err and "epoch=3" in shown.err and "loss=" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize("bar", [False, True])
def test_with_the_bar_a_training_step_is_traced_once(bar):
    traced, losses = [], []

    class Network(keras.Sequential):
        def train_step(self, data):
            traced.append(data)
            return super().train_step(data)

    for callbacks in ([], [ProgressBar()] if bar else []):
        keras.utils.set_random_seed(0)
        model = Network([keras.Input((1,)), keras.layers.Dense(3), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        traced.clear()
        fitted = model.fit(np.ones((8, 1)), np.ones((8, 1)), batch_size=2, epochs=3, verbose=0, callbacks=callbacks)
        losses.append(fitted.history["loss"])
    assert len(traced) == (1 if bar else 2)  # if 2 becomes 1, Keras creates the variables first, and the bar need not
    assert losses[0] == losses[1]


def test_training_that_fails_is_not_hidden_by_the_bar():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(ValueError, match="shape"):
        model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0, callbacks=[ProgressBar()])


def lengths_of(batches):
    return [batches[i][0]["ids"].shape for i in range(len(batches))]


def test_batches_hold_every_sequence_once_and_pad_it_on_the_right():
    rng = np.random.default_rng(0)
    ids = [rng.integers(1, 9, n) for n in rng.integers(1, 40, 23)]
    pairs = [np.stack([row, row]).T for row in ids]
    batches = Batches({"ids": ids, "pairs": pairs}, np.arange(23), size=4, step=5)
    seen = []
    for inputs, targets in (batches[i] for i in range(len(batches))):
        assert inputs["ids"].shape[1] % 5 == 0 and inputs["pairs"].shape == (*inputs["ids"].shape, 2)
        for row, pair, k in zip(inputs["ids"], inputs["pairs"], targets, strict=True):
            assert row[: len(ids[k])].tolist() == ids[k].tolist() and not row[len(ids[k]) :].any()
            assert (pair == row[:, None]).all()
            seen.append(k)
    assert sorted(seen) == list(range(23)) and seen == batches.order.tolist()


def test_lengths_in_a_batch_are_similar_and_batches_are_new_in_every_epoch():
    ids = [np.ones(n, int) for n in range(1, 201)]
    batches = Batches({"ids": ids}, np.arange(200), size=10, seed=3, step=1)
    waste = 1 - sum(map(len, ids)) / sum(rows * longest for rows, longest in lengths_of(batches))
    assert waste < 0.15
    first = batches.order.tolist()
    batches.on_epoch_end()
    assert batches.order.tolist() != first and sorted(batches.order) == list(range(200))
    assert Batches({"ids": ids}, np.arange(200), size=10, seed=3).order.tolist() == first


def test_the_longest_batch_comes_first_and_the_shortest_second():
    ids = [np.ones(n, int) for n in range(1, 101)]
    for seed in (None, 0, 1):
        lengths = [longest for _, longest in lengths_of(Batches({"ids": ids}, size=10, seed=seed, step=1))]
        assert lengths[0] == max(lengths) and lengths[1] == min(lengths)


@pytest.mark.parametrize("count", [1, 2])
def test_a_single_batch_or_two(count):
    batches = Batches({"ids": [np.ones(3, int)] * count}, size=1)
    assert len(batches) == count and sorted(batches.order) == list(range(count))


def test_targets_that_are_sequences_have_their_own_lengths():
    english = [np.full(n, n) for n in (2, 5, 3)]
    french = [np.full(n + 1, n) for n in (4, 1, 2)]
    batches = Batches({"english": english, "french": french}, [array + 10 for array in french], size=2, step=3)
    seen = []
    for i in range(len(batches)):
        inputs, targets = batches[i]
        assert inputs["french"].shape == targets.shape and targets.shape[1] % 3 == 0
        assert np.array_equal(targets == -1, inputs["french"] == 0)
        seen += zip(inputs["english"].max(axis=1), targets.max(axis=1), strict=True)
    assert sorted(seen) == [(2, 14), (3, 12), (5, 11)]


def test_different_numbers_of_sequences_and_empty_ones_are_refused():
    with pytest.raises(ValueError, match="'ids': 1, 'targets': 2"):
        Batches({"ids": [np.ones(3)]}, np.zeros(2))
    with pytest.raises(ValueError, match="sequence 1 is empty"):
        Batches({"ids": [np.ones(3), np.ones(0)]})
    with pytest.raises(ValueError, match="at least one"):
        Batches({"ids": []})
    with pytest.raises(TypeError, match="dict of lists"):
        Batches([[1, 2], [3]], np.zeros(2))


TRAINING = """
import os, sys
import keras
import numpy as np
import pytest
from course_utils.training import Batches, Resume

class Dies(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if self.at == (self.model.epochs_done, batch):
            os._exit(9)  # as kill -9 would: nothing is cleaned up
    def on_epoch_end(self, epoch, logs=None):
        self.model.epochs_done = epoch + 1

folder, out, at = sys.argv[1], sys.argv[2], eval(sys.argv[3])
keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
ids = [rng.integers(1, 9, n) for n in rng.integers(2, 12, 64)]
model = keras.Sequential([keras.Input((None,), dtype="int32"), keras.layers.Embedding(9, 4, mask_zero=True),
                          keras.layers.GlobalAveragePooling1D(), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.9)
model.compile(keras.optimizers.Adam(schedule, use_ema=True), "mse")
batches = Batches({"ids": ids}, rng.normal(size=64), size=8, seed=0, step=4)
model.epochs_done, dies = 0, Dies()
dies.at = at
class First(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        print("epoch", epoch, flush=True)
        self.model.epochs_done = epoch
one_input = Batches.__getitem__
Batches.__getitem__ = lambda self, i: (one_input(self, i)[0]["ids"], one_input(self, i)[1])
resume = Resume(folder, batches)
model.fit(batches, epochs=4, shuffle=False, initial_epoch=resume.epoch, verbose=0, callbacks=[First(), resume, dies])
np.savez(out, *model.get_weights())
"""


def train(tmp_path, name, at):
    command = [sys.executable, "-c", TRAINING, str(tmp_path / f"{name} state"), str(tmp_path / f"{name}.npz"), str(at)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_a_killed_training_resumes_and_ends_with_the_same_weights(tmp_path):
    whole = train(tmp_path, "whole", None)
    assert whole.returncode == 0, whole.stderr
    assert train(tmp_path, "killed", (2, 3)).returncode == 9
    again = train(tmp_path, "killed", None)
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines()[0].startswith("Resuming after epoch 2") and "epoch 1" not in again.stdout
    assert [path.name for path in tmp_path.iterdir() if "npz" not in path.name] == []
    with np.load(tmp_path / "whole.npz") as a, np.load(tmp_path / "killed.npz") as b:
        assert all(np.array_equal(a[name], b[name]) for name in a.files)


@pytest.mark.parametrize("content", [b"", b"not a state", b"PK\x03\x04 torn"])
def test_a_damaged_state_is_refused(tmp_path, content):
    (tmp_path / "state").write_bytes(content)
    with pytest.raises(ValueError, match="state cannot be read"):
        Resume(tmp_path / "state", Batches({"ids": [np.ones(2, int)]}, np.ones(1)))


def test_the_state_of_another_model_is_refused(tmp_path):
    files.write_arrays(tmp_path / "state.npz", {"epoch": 1}, {"variable 0": np.ones(3)})
    batches = Batches({"ids": [np.ones(2, int)] * 4}, np.ones(4))
    resume = Resume(tmp_path / "state.npz", batches)
    ids = keras.Input((None,), name="ids")
    model = keras.Model({"ids": ids}, keras.ops.mean(ids, axis=1, keepdims=True))
    model.compile(loss="mse")
    with pytest.raises(ValueError, match="another model"):
        model.fit(batches, initial_epoch=resume.epoch, epochs=2, verbose=0, callbacks=[resume])
    assert (tmp_path / "state.npz").exists()

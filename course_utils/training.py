"""What surrounds a `fit` and is not the lesson's subject."""

import os
import zipfile
from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm


class ProgressBar(keras.callbacks.Callback):
    """A progress bar over all batches of a `fit`, with the last epoch's measures beside it.

    For `fit(…, verbose=0, callbacks=[ProgressBar()])`. It is written to the error stream, so that a notebook's stored
    outputs stay the same from run to run.

    Besides, it makes the optimizer's variables before the first step. Keras would make them within it, and TensorFlow traces
    a step that made variables a second time, which takes a second for an LSTM. (With `metrics` given by name, Keras makes
    theirs within the step, too, and nothing is gained.) What is learned stays the same.
    """

    def on_train_begin(self, logs=None):
        if not self.model.optimizer.built:
            self.model.optimizer.build(self.model.trainable_variables)
        batches = self.params["epochs"] * (self.params["steps"] or 0)
        self.bar = tqdm(total=batches or None, unit="batch", mininterval=0.5)

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        self.bar.set_postfix({name: f"{value:.3f}" for name, value in (logs or {}).items()}, epoch=epoch + 1)

    def on_train_end(self, logs=None):
        self.bar.close()


class Batches(keras.utils.PyDataset):
    """Batches of sequences of about the same length, each padded on the right to its longest, for `fit` and `predict`.

    inputs: {name of an input: list of n arrays (time, …)}, padded with 0. The first input decides which sequences are of
    about the same length; another may have other lengths, as a translation has.
    targets: (n, …), or a list of n arrays (time,), padded with −1, which a loss with `ignore_class=-1` leaves out; None for
    `predict`.
    size: sequences in a batch.
    seed: makes order and company new in every epoch; None, as `predict` needs it, gives the same batches always.
    step: lengths are rounded up to a multiple of it, so that there are few different shapes (XLA compiles each of them).

    Give `fit` shuffle=False, or Keras shuffles the batches once more, from a state of its own.

    `order` has the places of the sequences in the order in which they come. The batches of an epoch depend on `seed` and on
    the number of the epoch only; a `fit` that is resumed sets `epoch`.

    Raises ValueError when the numbers of sequences differ, or a sequence is empty.
    """

    def __init__(self, inputs: dict, targets=None, size: int = 128, seed: int | None = None, step: int = 50):
        super().__init__()
        counts = {name: len(arrays) for name, arrays in inputs.items()}
        if targets is not None:
            counts["targets"] = len(targets)
        if len(set(counts.values())) != 1:
            raise ValueError(f"there must be as many of each: {counts}")
        self.inputs, self.targets, self.size, self.seed, self.step = inputs, targets, size, seed, step
        self.lengths = np.array([len(array) for array in next(iter(inputs.values()))])
        if not self.lengths.all():
            raise ValueError(
                f"sequence {int(np.argmin(self.lengths))} is empty; give it a token that stands for nothing"
            )
        self.epoch = 0
        self._plan()

    def _plan(self) -> None:
        about = self.lengths
        if self.seed is not None:
            rng = np.random.default_rng([self.seed, self.epoch])
            about = self.lengths * rng.uniform(0.9, 1.1, len(self.lengths))
        batches = np.split(np.argsort(about, kind="stable"), range(self.size, len(about), self.size))
        if self.seed is not None:
            batches = [batches[i] for i in rng.permutation(len(batches))]
        # The longest first and the shortest second: Keras looks at the first few to see that lengths differ.
        for i, extreme in enumerate((max, min)):
            lengths = [self.lengths[chosen].max() for chosen in batches]
            batches.insert(min(i, len(batches) - 1), batches.pop(lengths.index(extreme(lengths))))
        self._batches = batches
        self.order = np.concatenate(batches)

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, i: int):
        chosen = self._batches[i]
        inputs = {name: self._padded(arrays, chosen, 0) for name, arrays in self.inputs.items()}
        if self.targets is None:
            return (inputs,)
        one_each = isinstance(self.targets, np.ndarray)
        return inputs, self.targets[chosen] if one_each else self._padded(self.targets, chosen, -1)

    def _padded(self, arrays: list, chosen: np.ndarray, filling: int) -> np.ndarray:
        arrays = [np.asarray(arrays[k]) for k in chosen]
        longest = -(-max(map(len, arrays)) // self.step) * self.step
        padded = np.full((len(arrays), longest, *arrays[0].shape[1:]), filling, arrays[0].dtype)
        for row, array in zip(padded, arrays, strict=True):
            row[: len(array)] = array
        return padded

    def on_epoch_end(self) -> None:
        if self.seed is not None:
            self.epoch += 1
            self._plan()


class Resume(keras.callbacks.Callback):
    """After every epoch write the state of a `fit` to the file `path`, so that an interrupted training can go on.

    For `fit(batches, shuffle=False, initial_epoch=resume.epoch, callbacks=[resume], …)`. If the file is there, training goes
    on after the epochs that it counts, and ends with the very weights that it would have had without the interruption:
    weights, their averages, the optimizer's memory and the state of dropout's random numbers are stored, and the order of
    `batches` depends on the number of the epoch. A training that ends by itself removes the file.

    Raises ValueError for a file that cannot be read, or is of another network or optimizer.
    """

    def __init__(self, path, batches: Batches):
        super().__init__()
        self.path, self.epoch, self._stored = Path(path), 0, None
        if self.path.exists():
            try:
                with np.load(self.path, allow_pickle=False) as stored:
                    self.epoch = int(stored["epoch"])
                    self._stored = [stored[f"variable {i}"] for i in range(len(stored.files) - 1)]
            except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
                raise ValueError(
                    f"{self.path} is no state of a training that can be read ({error}); remove it"
                ) from None
            batches.epoch = self.epoch
            batches._plan()

    def _variables(self) -> list:
        self.model.optimizer.build(self.model.trainable_variables)
        return [*self.model.variables, *self.model.optimizer.variables]

    def on_train_begin(self, logs=None):
        if self._stored is None:
            return
        variables = self._variables()
        if [v.shape for v in variables] != [a.shape for a in self._stored]:
            raise ValueError(f"{self.path} is the state of another network or optimizer; remove it to begin anew")
        for variable, stored in zip(variables, self._stored, strict=True):
            variable.assign(stored)
        print(f"Going on after epoch {self.epoch}, from {self.path}")

    def on_epoch_end(self, epoch, logs=None):
        state = {f"variable {i}": v.numpy() for i, v in enumerate(self._variables())}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f".{self.path.name}.part")
        with open(part, "wb") as file:
            np.savez(file, epoch=epoch + 1, **state)
        os.replace(part, self.path)  # the old state or the new one, never half of it

    def on_train_end(self, logs=None):
        self.path.unlink(missing_ok=True)

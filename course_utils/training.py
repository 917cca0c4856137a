"""Around a `fit`: a progress bar, batches of sequences of similar lengths, and resuming after an interruption."""

from pathlib import Path

import keras
import numpy as np
from tqdm import tqdm

from course_utils import files


class ProgressBar(keras.callbacks.Callback):
    """A progress bar over all batches, with the metrics of the last epoch: `fit(…, verbose=0, callbacks=[ProgressBar()])`.

    It is written to stderr, so that a notebook's stored outputs do not change from run to run. It also creates the optimizer's
    variables before the first training step: TensorFlow traces a step that creates variables twice, a second for an LSTM.
    """

    def on_train_begin(self, logs=None):
        self.model.optimizer.build(self.model.trainable_variables)  # nothing happens if it is built already
        steps = self.params["epochs"] * (self.params["steps"] or 0)
        self.bar = tqdm(total=steps or None, unit="batch", mininterval=0.5)

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update()

    def on_epoch_end(self, epoch, logs=None):
        self.bar.set_postfix({name: f"{value:.3f}" for name, value in (logs or {}).items()}, epoch=epoch + 1)

    def on_train_end(self, logs=None):
        self.bar.close()


class Batches(keras.utils.PyDataset):
    """Batches of sequences of similar lengths, each padded on the right to its longest, for `fit` and `predict`.

    inputs: {name of an input: list of n arrays (time, …)}, padded with 0. The lengths of the first input decide which
    sequences are in a batch; another may have other lengths, as a translation has.
    targets: (n, …), or a list of n arrays (time,), padded with −1 for a loss with `ignore_class=-1`; None for `predict`.
    size: sequences in a batch.
    seed: gives every epoch new batches in a new order; None, as `predict` needs it, gives the same batches always.
    step: lengths are rounded up to a multiple of it, so that there are few different shapes (XLA compiles each of them).

    `order` has the indices of the sequences in the order of the batches. Batches depend only on `seed` and on the number of
    the epoch: give `fit` shuffle=False, or Keras shuffles them again, with its own random state. Raises ValueError when the
    numbers of sequences differ, or a sequence is empty, TypeError when the inputs are not a dict.
    """

    def __init__(self, inputs: dict, targets=None, size: int = 128, seed: int | None = None, step: int = 50):
        super().__init__()
        if not isinstance(inputs, dict):
            raise TypeError('inputs must be a dict of lists of sequences, such as {"ids": [[5, 2], [7, 1, 3]]}')
        counts = {name: len(arrays) for name, arrays in (inputs | {"targets": targets}).items() if arrays is not None}
        if len({*counts.values()}) != 1 or 0 in counts.values():
            raise ValueError(f"inputs and targets need the same number of sequences, at least one; they have {counts}")
        self.inputs, self.targets, self.size, self.seed, self.step = inputs, targets, size, seed, step
        self.lengths = np.array([len(array) for array in next(iter(inputs.values()))])
        if not self.lengths.all():
            raise ValueError(f"sequence {int(np.argmin(self.lengths))} is empty; give it at least one id")
        self.plan(0)

    def plan(self, epoch: int) -> None:
        """Choose the batches of an epoch."""
        self.epoch, about = epoch, self.lengths
        if self.seed is not None:
            rng = np.random.default_rng([self.seed, self.epoch])
            about = self.lengths * rng.uniform(0.9, 1.1, len(self.lengths))
        batches = np.split(np.argsort(about, kind="stable"), range(self.size, len(about), self.size))
        if self.seed is not None:
            batches = [batches[i] for i in rng.permutation(len(batches))]
        # The longest first and the shortest second: from the first few, Keras infers that lengths differ.
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
        whole = isinstance(self.targets, np.ndarray)
        return inputs, self.targets[chosen] if whole else self._padded(self.targets, chosen, -1)

    def _padded(self, arrays: list, chosen: np.ndarray, filling: int) -> np.ndarray:
        arrays = [np.asarray(arrays[k]) for k in chosen]
        longest = -(-max(map(len, arrays)) // self.step) * self.step
        return keras.utils.pad_sequences(arrays, longest, arrays[0].dtype, padding="post", value=filling)

    def on_epoch_end(self) -> None:
        self.plan(self.epoch + 1)


class Resume(keras.callbacks.Callback):
    """After every epoch save the state of a `fit` to the file `path`, so that an interrupted training can be resumed.

    For `fit(batches, shuffle=False, initial_epoch=resume.epoch, callbacks=[resume], …)`. If the file exists, training resumes
    after its epochs and ends with exactly the weights of an uninterrupted training: weights, the states of the optimizer and
    of dropout's random numbers are saved, and `batches` depend on the epoch. A training that is complete removes the file.
    Raises ValueError for a file that cannot be read, or that is from another model or optimizer.
    """

    def __init__(self, path, batches: Batches):
        super().__init__()
        self.path, self.epoch, self._stored = Path(path), 0, None
        if self.path.exists():
            names, arrays = files.read_arrays(self.path)
            self.epoch, self._stored = names.get("epoch", 0), list(arrays.values())
            batches.plan(self.epoch)

    def _variables(self) -> list:
        self.model.optimizer.build(self.model.trainable_variables)
        return [*self.model.variables, *self.model.optimizer.variables]

    def on_train_begin(self, logs=None):
        if self._stored is None:
            return
        variables = self._variables()
        if [v.shape for v in variables] != [a.shape for a in self._stored]:
            raise ValueError(f"{self.path} is of another model or optimizer. Delete it to start from the beginning.")
        for variable, stored in zip(variables, self._stored, strict=True):
            variable.assign(stored)
        print(f"Resuming after epoch {self.epoch}, from {self.path}")

    def on_epoch_end(self, epoch, logs=None):
        state = {f"variable {i}": v.numpy() for i, v in enumerate(self._variables())}
        files.write_arrays(self.path, {"epoch": epoch + 1}, state)

    def on_train_end(self, logs=None):
        self.path.unlink(missing_ok=True)

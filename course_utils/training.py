"""What surrounds a `fit` and is not the lesson's subject."""

import keras
import numpy as np
from tqdm import tqdm


class ProgressBar(keras.callbacks.Callback):
    """A progress bar over all batches of a `fit`, with the last epoch's measures beside it.

    For `fit(…, verbose=0, callbacks=[ProgressBar()])`. It is written to the error stream, so that a notebook's stored
    outputs stay the same from run to run.
    """

    def on_train_begin(self, logs=None):
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

    inputs: {name of an input: list of n arrays (time, …)}; for one sequence all arrays have the same time. Padding is 0.
    targets: (n, …), or None for `predict`.
    size: sequences in a batch.
    seed: makes order and company new in every epoch; None, as `predict` needs it, gives the same batches always.
    step: lengths are rounded up to a multiple of it, so that there are few different shapes (XLA compiles each of them).

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
        longest = -(-self.lengths[chosen].max() // self.step) * self.step
        padded = {}
        for name, arrays in self.inputs.items():
            first = np.asarray(arrays[chosen[0]])
            padded[name] = np.zeros((len(chosen), longest, *first.shape[1:]), first.dtype)
            for row, k in zip(padded[name], chosen, strict=True):
                row[: self.lengths[k]] = arrays[k]
        return (padded,) if self.targets is None else (padded, self.targets[chosen])

    def on_epoch_end(self) -> None:
        if self.seed is not None:
            self.epoch += 1
            self._plan()


class Resume(keras.callbacks.BackupAndRestore):
    """After every epoch write the state of a `fit` to `folder`; a `fit` that finds one there goes on after that epoch.

    Weights, their averages and the optimizer's memory are stored. What Keras does not store, the order of `batches` and the
    random numbers of dropout, is made to depend on the number of the epoch only; so an interrupted training ends where an
    uninterrupted one does. When training ends by itself, the folder is removed.
    """

    def __init__(self, folder, batches: Batches):
        super().__init__(str(folder), double_checkpoint=True)
        self.batches = batches

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.batches.epoch = self.model._initial_epoch or 0
        self.batches._plan()

    def on_epoch_begin(self, epoch, logs=None):
        random = [v for v in self.model.variables if v.path.endswith("seed_generator_state")]
        for i, state in enumerate(random):
            state.assign(np.array([(self.batches.seed or 0) * 1000 + i, epoch], dtype=state.dtype))

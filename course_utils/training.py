"""What surrounds a `fit` and is not the lesson's subject."""

import keras
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

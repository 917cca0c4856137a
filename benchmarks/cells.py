"""Seconds per training step of Keras's recurrent layers on the CPU, and what makes them faster or slower.

    python benchmarks/cells.py

Every network processes batches of sequences of 80 words: Embedding(64), one recurrent layer of 64 units, Dense(1). The networks
take turns in rounds, so that other work of the machine affects all of them equally. A ratio compares two times of the same
round; the median over the rounds is written to results/benchmarks/cells.json. A few minutes on two cores.
"""

import os
import statistics
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from tqdm import tqdm

from course_tools.lessons.results_pages import machine
from course_utils import tables

TIME, UNITS, WORDS, BATCH, STEPS, ROUNDS = 80, 64, 1000, 32, 10, 9
LAYERS = {"SimpleRNN": keras.layers.SimpleRNN, "LSTM": keras.layers.LSTM, "GRU": keras.layers.GRU}
SETTINGS = {  # name: (arguments of the layer, mask, XLA, batch)
    "plain": ({}, False, False, BATCH),
    "mask": ({}, True, False, BATCH),
    "XLA": ({}, False, True, BATCH),
    "mask, XLA": ({}, True, True, BATCH),
    "unrolled": ({"unroll": True}, False, False, BATCH),
    "unrolled, XLA": ({"unroll": True}, False, True, BATCH),
    "dropout": ({"dropout": 0.2}, False, False, BATCH),
    "recurrent dropout": ({"recurrent_dropout": 0.2}, False, False, BATCH),
    "recurrent dropout, XLA": ({"recurrent_dropout": 0.2}, False, True, BATCH),
}
BATCHES = (8, 32, 128, 512)
SETTINGS |= {f"batch {batch}": ({}, False, False, batch) for batch in BATCHES if batch != BATCH}


class Contestant:
    """One network with its data: `first` is what its first step took in seconds, the making of its graph included."""

    def __init__(self, layer, arguments: dict, mask: bool, xla: bool, batch: int):
        self.batch = batch
        rng = np.random.default_rng(0)
        self.x = rng.integers(1, WORDS, size=(batch * STEPS, TIME))
        self.x[np.arange(TIME) >= rng.integers(TIME // 4, TIME + 1, size=(len(self.x), 1))] = 0  # padding on the right
        self.y = rng.integers(2, size=len(self.x))
        self.model = keras.Sequential(
            [
                keras.Input((TIME,)),
                keras.layers.Embedding(WORDS, 64, mask_zero=mask),
                layer(UNITS, **arguments),
                keras.layers.Dense(1, activation="sigmoid"),
            ]
        )
        self.model.compile("adam", "binary_crossentropy", jit_compile=xla)
        self.first = self._fit(batch)
        self.times: list[float] = []

    def run(self) -> None:
        """One round: the seconds of one training step, the mean of ten."""
        self.times.append(self._fit(len(self.x)) / STEPS)

    def _fit(self, n: int) -> float:
        begun = time.perf_counter()
        self.model.fit(self.x[:n], self.y[:n], batch_size=self.batch, verbose=0)
        return time.perf_counter() - begun

    def ratio(self, other: "Contestant") -> float:
        """Median over rounds of this one's time over the other's, in the same round, for the same number of sequences."""
        pairs = zip(self.times, other.times, strict=True)
        return round(statistics.median(a / b for a, b in pairs) * other.batch / self.batch, 3)

    def milliseconds(self) -> float:
        return round(1000 * statistics.median(self.times), 1)


def main() -> None:
    """Let all take turns, and write the record."""
    keras.utils.set_random_seed(0)
    contestants = {}
    for name, layer in LAYERS.items():
        for setting in tqdm(SETTINGS, desc=f"compiling {name}"):
            contestants[name, setting] = Contestant(layer, *SETTINGS[setting])
    for _ in tqdm(range(ROUNDS), desc="rounds"):
        for contestant in contestants.values():
            contestant.run()
    plain = {name: contestants[name, "plain"] for name in LAYERS}
    settings = [
        {"setting": setting}
        | {name: contestants[name, setting].ratio(plain[name]) for name in LAYERS}
        | {f"{name}, first step, s": round(contestants[name, setting].first, 1) for name in LAYERS}
        for setting, (*_, batch) in SETTINGS.items()
        if batch == BATCH
    ]
    batches = [
        {"sequences a batch": batch}
        | {
            name: contestants[name, f"batch {batch}" if batch != BATCH else "plain"].ratio(plain[name])
            for name in LAYERS
        }
        for batch in BATCHES
    ]
    layers = [
        {
            "layer": name,
            "milliseconds a step": plain[name].milliseconds(),
            "times SimpleRNN": plain[name].ratio(plain["SimpleRNN"]),
            "times LSTM": plain[name].ratio(plain["LSTM"]),
        }
        for name in LAYERS
    ]
    made = [
        {"title": f"One training step, {BATCH} sequences of {TIME} words, {UNITS} units", "rows": layers},
        {"title": "Time of a training step, as a multiple of the plain layer's", "rows": settings},
        {"title": f"Time per sequence, as a multiple of that at {BATCH} a batch", "rows": batches},
    ]
    tables.write_record(
        {"benchmark": "cells", "machine": machine(), "tables": made}, tables.RECORDS / "benchmarks" / "cells.json"
    )
    for table in made:
        print(tables.table(**table), end="\n\n")


if __name__ == "__main__":
    main()

"""How far back recurrent networks remember: accuracy by lag, for five seeds, as in lesson 06.

    python benchmarks/memory_horizon.py

Every network has 16 units and makes 300 training steps on the same sequences of mixed lags: a symbol `lag` steps before the
end, with distractors before and after it. Writes results/benchmarks/memory_horizon.json. A few minutes on two cores.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from course_tools.lessons.results_pages import machine
from course_utils import cells, synthetic, tables

LAGS = [10, 30, 50, 70, 90, 110]
UNITS, EPOCHS, SEEDS = 16, 10, range(5)
SIMPLE = {"units": UNITS, "recurrent_initializer": "glorot_uniform"}
NETWORKS = {  # name: (layer, clipping norm of the gradient, whether chrono biases are set)
    "SimpleRNN": (lambda: keras.layers.SimpleRNN(**SIMPLE), None, False),
    "SimpleRNN, clipped": (lambda: keras.layers.SimpleRNN(**SIMPLE), 1.0, False),
    "SimpleRNN, clipped, orthogonal": (lambda: keras.layers.SimpleRNN(UNITS), 1.0, False),
    "LSTM, forget bias 1": (lambda: keras.layers.LSTM(UNITS), 1.0, False),
    "LSTM, chrono": (lambda: keras.layers.LSTM(UNITS), 1.0, True),
    "GRU": (lambda: keras.layers.GRU(UNITS), 1.0, False),
}


def sequences(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`n` sequences of each lag, one lag after the other: x (n · lags, time, 8), y (n · lags,)."""
    parts = [synthetic.recall(n, max(LAGS), seed=1000 * seed + lag) for lag in LAGS]
    x = [np.roll(x, max(LAGS) - lag, axis=1) for (x, _), lag in zip(parts, LAGS, strict=True)]
    return np.concatenate(x), np.concatenate([y for _, y in parts])


def chrono(rng: np.random.Generator) -> np.ndarray:
    """Biases of an LSTM in Keras's order of the gates (Tallec & Ollivier 2018): (4 · units,)."""
    b_f = np.log(rng.uniform(2, max(LAGS), UNITS) - 1)
    return np.concatenate([-b_f, b_f, np.zeros(2 * UNITS)])


def accuracy(model, x: np.ndarray, y: np.ndarray) -> list[float]:
    """Share of right answers for each lag."""
    recurrent, dense = model.layers
    W, b = dense.get_weights()
    y_hat = (cells.forward(cells.from_keras(recurrent), x).state[0] @ W + b).argmax(axis=1)
    return (y_hat == y).reshape(len(LAGS), -1).mean(axis=1).round(4).tolist()


def summary_tables(runs: list[dict]) -> list[dict]:
    """What RESULTS.md shows of the runs."""
    rows = []
    for name in NETWORKS:
        means = [float(np.mean(run["accuracy"][name])) for run in runs]
        spread = {"lowest seed": min(means), "highest seed": max(means)}
        rows.append({"network": name, "mean over seeds": float(np.mean(means)), **spread})
    return [{"title": f"Accuracy of recall, mean over lags {LAGS[0]} to {LAGS[-1]}", "rows": rows}]


def main() -> None:
    """Train every network for every seed, and write the record."""
    runs = [{"seed": seed, "accuracy": {}} for seed in SEEDS]
    for name, (new_layer, clip, with_chrono) in NETWORKS.items():
        model = keras.Sequential(
            [keras.Input((max(LAGS) + 1, 8)), new_layer(), keras.layers.Dense(4, activation="softmax")]
        )
        optimizer = keras.optimizers.Adam(0.01, clipnorm=clip)
        model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=True)
        optimizer.build(model.trainable_variables)
        fresh = [variable.numpy() for variable in optimizer.variables]
        for run in runs:
            seed, start = run["seed"], time.process_time()
            keras.utils.set_random_seed(seed)
            model.set_weights(keras.models.clone_model(model).get_weights())
            for variable, value in zip(optimizer.variables, fresh, strict=True):  # the compiled step is used again
                variable.assign(value)
            if with_chrono:
                *kernels, _ = model.layers[0].get_weights()
                model.layers[0].set_weights([*kernels, chrono(np.random.default_rng(seed))])
            model.fit(*sequences(160, seed), batch_size=32, epochs=EPOCHS, verbose=0)
            run["accuracy"][name] = accuracy(model, *sequences(100, 500 + seed))
            print(name, seed, run["accuracy"][name], f"{time.process_time() - start:.1f} CPU seconds", flush=True)
    record = {
        "benchmark": "memory_horizon",
        "machine": machine(),
        "lags": LAGS,
        "runs": runs,
        "tables": summary_tables(runs),
    }
    tables.write_record(record, tables.RECORDS / "benchmarks" / "memory_horizon.json")


if __name__ == "__main__":
    main()

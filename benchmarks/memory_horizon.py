"""Which recurrent networks learn to remember over long lags, and from which training set: five seeds, as in lesson 06.

    python benchmarks/memory_horizon.py

Every network has 16 units and makes 600 training steps, once on sequences of mixed lags (10 to 110) and once on sequences that
all have the lag 110: a symbol `lag` steps before the end, with distractors before and after it. Before training and after every
epoch it measures how much of the gradient of the last state is left 110 steps earlier. Writes
results/benchmarks/memory_horizon.json after every network. About ten minutes on one core.
"""

import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

from course_tools.lessons.results_pages import machine
from course_utils import cells, synthetic, tables

LAGS = [10, 30, 50, 70, 90, 110]
LONGEST = max(LAGS)
UNITS, EPOCHS, SEEDS = 16, 20, range(5)
TRAINING_SETS = {"mixed lags": LAGS, f"lag {LONGEST} only": [LONGEST]}
NETWORKS = {  # name: (layer, initial bias of the gate that keeps the state; None where there is none)
    "SimpleRNN": (keras.layers.SimpleRNN, None),
    "LSTM, forget bias 0": (keras.layers.LSTM, "0"),
    "LSTM, forget bias 1 (Keras)": (keras.layers.LSTM, "1"),
    "LSTM, chrono": (keras.layers.LSTM, "chrono"),
    "GRU, update bias 0 (Keras)": (keras.layers.GRU, "0"),
    "GRU, chrono": (keras.layers.GRU, "chrono"),
}


def sequences(n: int, seed: int, lags: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """`n` sequences, the same number of each lag, one lag after the other: x (n, time, 8), y (n,)."""
    parts = [synthetic.recall(n // len(lags), LONGEST, seed=1000 * seed + lag) for lag in lags]
    x = [np.roll(x, LONGEST - lag, axis=1) for (x, _), lag in zip(parts, lags, strict=True)]
    return np.concatenate(x), np.concatenate([y for _, y in parts])


def set_bias(layer: keras.layers.Layer, bias: str | None, seed: int) -> None:
    """Set the bias of the gate that keeps the state; "chrono": as Tallec & Ollivier (2018), up to the longest lag."""
    if bias is None:
        return
    *kernels, b = layer.get_weights()
    chrono = np.log(np.random.default_rng(seed).uniform(2, LONGEST, UNITS) - 1)
    value = chrono if bias == "chrono" else float(bias)
    if isinstance(layer, keras.layers.LSTM):  # i, f, c, o
        b[:UNITS], b[UNITS : 2 * UNITS] = -chrono if bias == "chrono" else 0, value
    else:  # z, r, h; two rows, of which the first is added to the input's part
        b[0, :UNITS] = value
    layer.set_weights([*kernels, b])


def accuracy(model, x: np.ndarray, y: np.ndarray) -> list[float]:
    """Fraction of correct predictions for each lag."""
    recurrent, dense = model.layers
    W, b = dense.get_weights()
    y_hat = (cells.forward(cells.from_keras(recurrent), x).state[0] @ W + b).argmax(axis=1)
    return (y_hat == y).reshape(len(LAGS), -1).mean(axis=1).round(4).tolist()


def gradient_left(model, x: np.ndarray) -> float:
    """Gradient norm of the sum of the last memory (c_T of an LSTM, else h_T): at the longest lag, divided by lag 0."""
    run = cells.forward(cells.from_keras(model.layers[0]), x)
    zero, one = (np.full((len(x), UNITS), value, np.float32) for value in (0, 1))
    grads = cells.backward(run, None, d_state=(zero, one) if len(run.states) == 2 else (one,))
    norm = np.linalg.norm(grads.states[-1], axis=(0, 2))  # (time,)
    return float(f"{norm[-1 - LONGEST] / norm[-1]:.3g}")


def summary_tables(runs: list[dict]) -> list[dict]:
    """What RESULTS.md shows of the runs."""
    groups = {}
    for run in runs:
        groups.setdefault((run["network"], run["training set"]), []).append(run)
    rows = []
    for (network, training_set), same in groups.items():
        scores = [run["score"] for run in same]
        row = {"network": network, "training set": training_set, "accuracy": float(np.mean(scores))}
        row |= {"lowest seed": min(scores), "highest seed": max(scores)}
        for when, k in (("before training", 0), ("after", -1)):
            left = np.median([run["gradient"][k] for run in same])
            row[f"gradient left at lag {LONGEST}, {when}"] = f"{left:.0e}" if left > 1e-20 else "below 1e-20"
        rows.append(row)
    return [
        {"title": f"Recall: mean accuracy over the lags {LAGS[0]} to {LONGEST}, or at the lag trained on", "rows": rows}
    ]


def train(model, optimizer, fresh: list, bias: str | None, seed: int, lags: list[int]) -> dict:
    """Train `model` from new weights; score, accuracy (lags,), loss (epochs,), gradient (epochs + 1,)."""
    keras.utils.set_random_seed(seed)
    model.set_weights(keras.models.clone_model(model).get_weights())
    for variable, value in zip(optimizer.variables, fresh, strict=True):  # the compiled step is used again
        variable.assign(value)
    set_bias(model.layers[0], bias, seed)
    x_new, y_new = sequences(100 * len(LAGS), 500 + seed, LAGS)
    gradient, loss = [gradient_left(model, x_new[-32:])], []
    x, y = sequences(160 * len(LAGS), seed, lags)
    for _ in range(EPOCHS):
        loss += model.fit(x, y, batch_size=32, epochs=1, verbose=0).history["loss"]
        gradient.append(gradient_left(model, x_new[-32:]))
    by_lag = accuracy(model, x_new, y_new)
    score = float(np.mean([by_lag[LAGS.index(lag)] for lag in lags]))  # over the lags of the training set
    return {"score": score, "accuracy": by_lag, "loss": np.round(loss, 4).tolist(), "gradient": gradient}


def main() -> None:
    """Train every network for every seed, and write the record."""
    runs = []
    for name, (layer, bias) in NETWORKS.items():
        model = keras.Sequential(
            [keras.Input((LONGEST + 1, 8)), layer(UNITS), keras.layers.Dense(4, activation="softmax")]
        )
        optimizer = keras.optimizers.Adam(0.01, clipnorm=1.0)
        model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=True)
        optimizer.build(model.trainable_variables)
        fresh = [variable.numpy() for variable in optimizer.variables]
        for training_set, lags in TRAINING_SETS.items():
            for seed in SEEDS:
                start = time.process_time()
                result = train(model, optimizer, fresh, bias, seed, lags)
                runs.append({"network": name, "training set": training_set, "seed": seed, **result})
                print(name, training_set, seed, result["accuracy"], f"{time.process_time() - start:.1f} s", flush=True)
        record = {"benchmark": "memory_horizon", "machine": machine(), "lags": LAGS}
        record |= {"runs": runs, "tables": summary_tables(runs)}
        tables.write_record(record, tables.RECORDS / "benchmarks" / "memory_horizon.json")


if __name__ == "__main__":
    main()

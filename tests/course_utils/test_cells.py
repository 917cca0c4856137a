"""course_utils.cells against Keras, against finite differences, and against the equations written down a second time."""

import subprocess
import sys
from dataclasses import dataclass
from types import SimpleNamespace

import hypothesis.extra.numpy as hnp
import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import cells
from course_utils.cells import GRU, LSTM, CoupledLSTM, GRUResetBefore, PeepholeLSTM, SimpleRNN

BACKWARD = [SimpleRNN, LSTM, PeepholeLSTM, CoupledLSTM, GRU]
ALL = [*BACKWARD, GRUResetBefore]
KERAS = {
    SimpleRNN: keras.layers.SimpleRNN,
    LSTM: keras.layers.LSTM,
    GRU: keras.layers.GRU,
    GRUResetBefore: lambda units, **options: keras.layers.GRU(units, reset_after=False, **options),
}
GATES = {SimpleRNN: [""], LSTM: list("ifco"), GRU: list("zrh"), GRUResetBefore: list("zrh")}
BIASES = {SimpleRNN: ["b"], LSTM: ["b_"], GRU: ["b_x", "b_h"], GRUResetBefore: ["b_"]}

few = settings(max_examples=12, deadline=None, derandomize=True, database=None)


@dataclass
class Problem:
    """A batch of sequences, and the random numbers for everything else."""

    x: np.ndarray
    mask: np.ndarray | None
    units: int
    rng: np.random.Generator

    def cell(self, cls, dtype=np.float64, features=None):
        """A cell with random parameters, none of them zero."""
        shapes = cls.init(features or self.x.shape[2], self.units, seed=0).parameters()
        return cls(**{name: self.rng.normal(0, 0.7, p.shape).astype(dtype) for name, p in shapes.items()})

    def state(self, cell):
        return tuple(self.rng.normal(0, 0.7, (len(self.x), cell.units)).astype(cell.dtype) for _ in cell.state_names)

    def like(self, array):
        return self.rng.normal(size=array.shape).astype(array.dtype)


@st.composite
def problems(draw):
    batch, time, features, units = (draw(st.integers(1, largest)) for largest in (3, 5, 4, 4))
    mask = draw(st.none() | hnp.arrays(bool, (batch, time)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Problem(rng.normal(size=(batch, time, features)), mask, units, rng)


def close(actual, expected, rtol, atol):
    """Assert that two nests of arrays agree, each number within rtol of itself plus atol of the largest in its array.

    The second is for numbers in which large terms cancel: what float32 rounds off is about 1e-7 of the terms.
    """
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for name in expected:
            close(actual[name], expected[name], rtol, atol)
    elif isinstance(expected, tuple | list):
        for one, other in zip(actual, expected, strict=True):
            close(one, other, rtol, atol)
    else:
        expected = np.asarray(expected)
        assert actual.shape == expected.shape
        np.testing.assert_allclose(actual, expected, rtol=rtol, atol=atol * max(1, np.abs(expected).max(initial=0)))


def keras_arrays(cls, values):
    """[kernel, recurrent_kernel, bias] as Keras lays them out."""
    kernel, recurrent = (np.concatenate([values[w + gate] for gate in GATES[cls]], axis=1) for w in ("W_x", "W_h"))
    bias = np.stack([np.concatenate([values[b + gate] for gate in GATES[cls]]) for b in BIASES[cls]])
    return [kernel, recurrent, bias if cls is GRU else bias[0]]


def keras_layer(cell, **options):
    layer = KERAS[type(cell)](cell.units, return_sequences=True, return_state=True, **options)
    layer.build((None, None, cell.features))
    layer.set_weights(keras_arrays(type(cell), cell.parameters()))
    return layer


def tape_gradients(call, inputs, d_outputs, d_state):
    """What `call()` returns, (outputs, state), and the gradients of Σ d_outputs · outputs + Σ d_state · state."""
    with tf.GradientTape() as tape:
        for variable in tf.nest.flatten(inputs):
            tape.watch(variable)
        outputs, state = call()
        loss = tf.reduce_sum(outputs * d_outputs)
        for s, d in zip(state, d_state, strict=True):
            loss += tf.reduce_sum(s * d)
    grads = tape.gradient(loss, inputs, unconnected_gradients="zero")
    return (outputs.numpy(), [s.numpy() for s in state]), tf.nest.map_structure(lambda g: g.numpy(), grads)


def finite_differences(loss, array, epsilon=1e-5):
    """∂loss()/∂array by central differences, one number at a time."""
    grad = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        old = array[index]
        array[index] = old + epsilon
        above = loss()
        array[index] = old - epsilon
        below = loss()
        array[index] = old
        grad[index] = (above - below) / (2 * epsilon)
    return grad


def loss_of(run, d_outputs, d_state):
    return np.sum(run.outputs * d_outputs) + sum(np.sum(s * d) for s, d in zip(run.state, d_state, strict=True))


@pytest.mark.parametrize("cls", KERAS)
@few
@given(p=problems())
def test_outputs_states_and_gradients_equal_those_of_keras(cls, p):
    cell = p.cell(cls, np.float32)
    state = p.state(cell)
    run = cells.forward(cell, p.x, state, p.mask)
    d_outputs, d_state = p.like(run.outputs), p.state(cell)

    layer = keras_layer(cell)
    x, initial_state = tf.constant(p.x, tf.float32), [tf.constant(s) for s in state]

    def call():
        outputs, *final = layer(x, initial_state=initial_state, mask=p.mask)
        return outputs, final

    weights = [w.value for w in layer.trainable_variables]
    expected, (d_x, d_initial, d_weights) = tape_gradients(call, (x, initial_state, weights), d_outputs, d_state)
    close((run.outputs, run.state), expected, rtol=1e-5, atol=1e-6)
    if cls in BACKWARD:
        grads = cells.backward(run, d_outputs, d_state)
        close(grads.x, d_x, rtol=1e-4, atol=1e-5)
        close(grads.initial_state, d_initial, rtol=1e-4, atol=1e-5)
        close(keras_arrays(cls, grads.parameters), d_weights, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cls", BACKWARD)
@few
@given(p=problems())
def test_gradients_equal_finite_differences(cls, p):
    cell = p.cell(cls)
    state = p.state(cell)
    run = cells.forward(cell, p.x, state, p.mask)
    d_outputs, d_state = p.like(run.outputs), p.state(cell)
    grads = cells.backward(run, d_outputs, d_state)

    def loss():
        return loss_of(cells.forward(cell, p.x, state, p.mask), d_outputs, d_state)

    close(grads.x, finite_differences(loss, p.x), rtol=1e-6, atol=1e-8)
    close(grads.initial_state, [finite_differences(loss, s) for s in state], rtol=1e-6, atol=1e-8)
    expected = {name: finite_differences(loss, value) for name, value in cell.parameters().items()}
    close(grads.parameters, expected, rtol=1e-6, atol=1e-8)


def peephole_equations(w, x_t, h, c):
    """Gers & Schmidhuber 2000, from the paper: the peepholes as diagonal matrices, input and state in one product."""
    xh = tf.concat([x_t, h], axis=1)
    a = {k: xh @ tf.concat([w[f"W_x{k}"], w[f"W_h{k}"]], axis=0) + w[f"b_{k}"] for k in "ifco"}
    write = tf.math.sigmoid(a["i"] + c @ tf.linalg.diag(w["w_ci"]))
    keep = tf.math.sigmoid(a["f"] + c @ tf.linalg.diag(w["w_cf"]))
    new_c = keep * c + write * tf.math.tanh(a["c"])
    show = tf.math.sigmoid(a["o"] + new_c @ tf.linalg.diag(w["w_co"]))
    return show * tf.math.tanh(new_c), new_c


def coupled_equations(w, x_t, h, c):
    """Greff et al. 2017: an input gate that is what the forget gate leaves, input and state in one product."""
    xh = tf.concat([x_t, h], axis=1)
    a = {k: xh @ tf.concat([w[f"W_x{k}"], w[f"W_h{k}"]], axis=0) + w[f"b_{k}"] for k in "fco"}
    write = 1 - tf.math.sigmoid(a["f"])
    new_c = c + write * (tf.math.tanh(a["c"]) - c)
    return tf.math.sigmoid(a["o"]) * tf.math.tanh(new_c), new_c


@pytest.mark.parametrize(("cls", "equations"), [(PeepholeLSTM, peephole_equations), (CoupledLSTM, coupled_equations)])
@few
@given(p=problems())
def test_variants_without_a_keras_layer_equal_automatic_differentiation_of_their_equations(cls, equations, p):
    cell = p.cell(cls)
    state = p.state(cell)
    run = cells.forward(cell, p.x, state, p.mask)
    d_outputs, d_state = p.like(run.outputs), p.state(cell)
    grads = cells.backward(run, d_outputs, d_state)

    w = {name: tf.constant(value) for name, value in cell.parameters().items()}
    x, initial_state = tf.constant(p.x), [tf.constant(s) for s in state]

    def call():
        h, c = initial_state
        output, outputs = tf.zeros_like(h), []
        for t in range(p.x.shape[1]):
            new_h, new_c = equations(w, x[:, t], h, c)
            counts = np.full((len(p.x), 1), True) if p.mask is None else p.mask[:, t, None]
            output = tf.where(counts, new_h, output)
            h, c = tf.where(counts, new_h, h), tf.where(counts, new_c, c)
            outputs.append(output)
        return tf.stack(outputs, axis=1), [h, c]

    expected, (d_x, d_initial, d_w) = tape_gradients(call, (x, initial_state, w), d_outputs, d_state)
    close((run.outputs, run.state), expected, rtol=1e-12, atol=1e-13)
    close(grads.x, d_x, rtol=1e-10, atol=1e-12)
    close(grads.initial_state, d_initial, rtol=1e-10, atol=1e-12)
    close(grads.parameters, d_w, rtol=1e-10, atol=1e-12)


@few
@given(p=problems())
def test_a_peephole_lstm_without_peepholes_is_an_lstm(p):
    lstm = p.cell(LSTM)
    closed = {name: np.zeros(p.units) for name in ("w_ci", "w_cf", "w_co")}
    peephole = PeepholeLSTM(**lstm.parameters(), **closed)
    state = p.state(lstm)
    runs = [cells.forward(cell, p.x, state, p.mask) for cell in (lstm, peephole)]
    close(runs[1].states, runs[0].states, rtol=0, atol=0)


@pytest.mark.parametrize("cls", BACKWARD)
@few
@given(p=problems())
def test_gradients_of_the_states_are_those_of_a_run_started_there(cls, p):
    cell = p.cell(cls)
    run = cells.forward(cell, p.x, p.state(cell))
    d_outputs, d_state = p.like(run.outputs), p.state(cell)
    states = cells.backward(run, d_outputs, d_state).states
    close([s[:, -1] for s in states], [d_state[0] + d_outputs[:, -1], *d_state[1:]], rtol=1e-12, atol=1e-13)
    for t in range(p.x.shape[1] - 1):
        rest = cells.forward(cell, p.x[:, t + 1 :], tuple(s[:, t] for s in run.states))
        later = cells.backward(rest, d_outputs[:, t + 1 :], d_state).initial_state
        close([s[:, t] for s in states], [later[0] + d_outputs[:, t], *later[1:]], rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("cls", ALL)
@few
@given(p=problems())
def test_one_step_is_a_sequence_of_one(cls, p):
    cell = p.cell(cls)
    state = p.state(cell)
    run = cells.forward(cell, p.x[:, :1], state)
    close(cell.step(p.x[:, 0], state)[0], run.state, rtol=0, atol=0)
    close(run.outputs[:, 0], run.state[0], rtol=0, atol=0)


@pytest.mark.parametrize("cls", ALL)
@few
@given(p=problems(), pad=st.integers(1, 3), left=st.booleans())
def test_padding_changes_neither_outputs_nor_gradients(cls, p, pad, left):
    cell = p.cell(cls)
    state = p.state(cell)
    where = (pad, 0) if left else (0, pad)
    x = np.pad(p.x, [(0, 0), where, (0, 0)], constant_values=9.0)
    mask = np.pad(np.ones(p.x.shape[:2], bool), [(0, 0), where])
    lone, padded = cells.forward(cell, p.x, state), cells.forward(cell, x, state, mask)
    close(padded.state, lone.state, rtol=1e-12, atol=1e-13)
    close(padded.outputs[mask], lone.outputs.reshape(-1, cell.units), rtol=1e-12, atol=1e-13)
    if cls in BACKWARD:
        d_state = p.state(cell)
        d_lone, d_padded = cells.backward(lone, None, d_state), cells.backward(padded, None, d_state)
        close(d_padded.parameters, d_lone.parameters, rtol=1e-12, atol=1e-13)
        assert not d_padded.x[~mask].any()


def test_masked_steps_repeat_the_output_and_carry_the_state():
    cell, rng = LSTM.init(3, 2, seed=0), np.random.default_rng(1)
    x, state = rng.normal(size=(1, 4, 3)), (rng.normal(size=(1, 2)), rng.normal(size=(1, 2)))
    mask = np.array([[False, True, False, True]])
    run = cells.forward(cell, x, state, mask)
    assert not run.outputs[0, 0].any()  # no output yet to repeat, although h_0 is not zero
    for k in range(2):
        np.testing.assert_array_equal(run.states[k][:, 0], state[k])
        np.testing.assert_array_equal(run.states[k][:, 2], run.states[k][:, 1])
    np.testing.assert_array_equal(run.outputs[0, 2], run.outputs[0, 1])


def test_trace_returns_the_gates_of_the_equations():
    cell, x = LSTM.init(3, 2, seed=0), np.random.default_rng(1).normal(size=(2, 4, 3))
    run = cells.forward(cell, x)
    h, c = run.states
    h_prev, c_prev = (np.concatenate([np.zeros((2, 1, 2)), s[:, :-1]], axis=1) for s in (h, c))
    gates = {name: run.trace(name) for name in ("i", "f", "c_tilde", "o")}  # each (batch, time, units)
    np.testing.assert_allclose(gates["f"], 1 / (1 + np.exp(-(x @ cell.W_xf + h_prev @ cell.W_hf + cell.b_f))))
    np.testing.assert_allclose(gates["f"] * c_prev + gates["i"] * gates["c_tilde"], c)
    np.testing.assert_allclose(gates["o"] * np.tanh(c), h)


@pytest.mark.parametrize("cls", KERAS)
@few
@given(p=problems())
def test_weights_from_keras_give_the_same_outputs_and_return_unchanged(cls, p):
    layer = KERAS[cls](p.units, return_sequences=True)
    layer.build((None, None, p.x.shape[2]))
    layer.set_weights([p.like(w) for w in layer.get_weights()])
    cell = cells.from_keras(layer)
    assert type(cell) is cls and cell.dtype == np.float32
    x = p.x.astype(np.float32)
    close(cells.forward(cell, x, mask=p.mask).outputs, layer(x, mask=p.mask), rtol=1e-5, atol=1e-6)
    close(keras_arrays(cls, cell.parameters()), layer.get_weights(), rtol=0, atol=0)
    next(iter(cell.parameters().values()))[:] = 0
    assert layer.get_weights()[0].any()  # a copy


@pytest.mark.parametrize("cls", KERAS)
def test_weights_are_the_same_after_keras_and_back(cls):
    cell = cls.init(3, 4, seed=0)
    close(cells.from_keras(keras_layer(cell, dtype="float64")).parameters(), cell.parameters(), rtol=0, atol=0)
    rounded = cells.from_keras(keras_layer(cell))
    assert rounded.dtype == np.float32
    close(rounded.parameters(), cell.parameters(), rtol=1e-6, atol=1e-7)


def test_bidirectional_and_dropout_layers_can_be_copied():
    layer = keras.layers.Bidirectional(keras.layers.LSTM(2, dropout=0.5, recurrent_dropout=0.5))
    layer.build((None, None, 3))
    assert cells.from_keras(layer.backward_layer).units == 2


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (keras.layers.LSTM(2), "has no weights yet"),
        (keras.layers.Dense(2), "Dense"),
        (keras.layers.LSTM(2, activation="relu"), "activation='tanh'"),
        (keras.layers.GRU(2, recurrent_activation="hard_sigmoid"), "recurrent_activation='sigmoid'"),
        (keras.layers.SimpleRNN(2, use_bias=False), "use_bias=True"),
    ],
)
def test_layers_without_an_equal_cell_are_refused(layer, message):
    with pytest.raises(ValueError, match=message):
        cells.from_keras(layer)


def keras_drawn(cls):
    layer = KERAS[cls](30)
    layer.build((None, None, 40))
    return cells.from_keras(layer)


@pytest.mark.parametrize("source", [lambda cls: cls.init(40, 30, seed=0), keras_drawn], ids=["init", "keras"])
@pytest.mark.parametrize("cls", KERAS)
def test_initial_parameters_have_the_distribution_of_keras(cls, source):
    cell = source(cls)
    kernel, recurrent, bias = keras_arrays(cls, cell.parameters())
    limit = np.sqrt(6 / (40 + kernel.shape[1]))
    assert 0.99 * limit < np.abs(kernel).max() <= limit * 1.000001
    np.testing.assert_allclose(kernel.std(), limit / np.sqrt(3), rtol=0.05)  # uniform
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(30), atol=1e-5)
    ones = np.zeros_like(bias)
    if cls is LSTM:
        ones[30:60] = 1  # the forget gate is the second
    np.testing.assert_array_equal(bias, ones)


def test_orthogonal_matrices_have_no_preferred_sign():
    signs = [np.sign(SimpleRNN.init(1, 3, seed=seed).W_h[0, 0]) for seed in range(200)]
    assert abs(np.mean(signs)) < 0.25  # 3.5 standard deviations of a fair coin


@pytest.mark.parametrize("cls", ALL)
def test_init_is_repeatable_and_has_the_wanted_dtype(cls):
    one, same, other = (cls.init(3, 2, seed=s) for s in (0, np.random.default_rng(0), 1))
    close(one.parameters(), same.parameters(), rtol=0, atol=0)
    assert (next(iter(one.parameters().values())) != next(iter(other.parameters().values()))).all()
    assert all(p.dtype == np.float64 for p in one.parameters().values())
    assert all(p.dtype == np.float32 for p in cls.init(3, 2, seed=0, dtype=np.float32).parameters().values())
    for name, value in one.parameters().items():
        if name.startswith(("b", "w_c")):
            np.testing.assert_array_equal(value, 1.0 if name == "b_f" else 0.0)


@pytest.mark.parametrize("cls", ALL)
def test_dtype_follows_the_parameters(cls):
    x = np.random.default_rng(0).integers(-2, 3, size=(2, 4, 3))  # integers are accepted, too
    for dtype in (np.float32, np.float64):
        cell = cls.init(3, 2, seed=0, dtype=dtype)
        run = cells.forward(cell, x, mask=[[True, True, True, False], [False, True, True, True]])
        arrays = [run.outputs, *run.states, *run.state, *(v for step in run.steps for v in vars(step).values())]
        if cls in BACKWARD:
            grads = cells.backward(run, np.ones(run.outputs.shape))
            arrays += [grads.x, *grads.initial_state, *grads.states, *grads.parameters.values()]
        assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_an_empty_batch_is_a_batch():
    cell = LSTM.init(3, 2, seed=0)
    run = cells.forward(cell, np.zeros((0, 4, 3)))
    assert run.outputs.shape == (0, 4, 2)
    assert not any(g.any() for g in cells.backward(run, run.outputs).parameters.values())


CELL = LSTM.init(3, 2, seed=0)
X = np.zeros((5, 4, 3))
H = np.zeros((5, 2))
RUN = cells.forward(CELL, X)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cells.forward(CELL, X[0]), "x has shape (4, 3) but needs (batch, time, features) = (any, any, 3)"),
        (
            lambda: cells.forward(CELL, X[..., :2]),
            "x has shape (5, 4, 2) but needs (batch, time, features) = (any, any",
        ),
        (lambda: cells.forward(CELL, X[:, :0]), "x has shape (5, 0, 3)"),
        (lambda: cells.forward(CELL, X, H), "initial_state must be a tuple (h, c)"),
        (lambda: cells.forward(CELL, X, (H,)), "initial_state must be a tuple (h, c)"),
        (lambda: cells.forward(CELL, [[["the", "cat", "sat"]]]), "x must be an array of numbers"),
        (lambda: cells.forward(CELL, [[[1, 2, 3]], [[1, 2, 3]] * 2]), "different lengths must be padded"),
        (lambda: RUN.trace("z"), "no 'z'; its values are x_t, h_prev"),
        (
            lambda: cells.forward(CELL, X, (H, H[:1])),
            "initial_state c has shape (1, 2) but needs (batch, units) = (5, 2)",
        ),
        (
            lambda: cells.forward(CELL, X, mask=X[:, 1:, 0] > 0),
            "mask has shape (5, 3) but needs (batch, time) = (5, 4)",
        ),
        (lambda: cells.forward(CELL, X, mask=np.ones((5, 4))), "mask has dtype float64; it must be bool"),
        (lambda: CELL.step(X, (H, H)), "x_t has shape (5, 4, 3) but needs (batch, features) = (any, 3)"),
        (lambda: CELL.step(X[:, 0], (H[0], H)), "state h has shape (2,) but needs (batch, units) = (5, 2)"),
        (lambda: cells.backward(RUN, H), "d_outputs has shape (5, 2) but needs (batch, time, units) = (5, 4, 2)"),
        (lambda: cells.backward(RUN, None, (H, X)), "d_state c has shape (5, 4, 3) but needs (batch, units) = (5, 2)"),
        (lambda: LSTM.init(0, 2, seed=0), "features is 0;"),
        (lambda: LSTM.init(3, 2.0, seed=0), "units is 2.0;"),
        (lambda: SimpleRNN(H[0], H, H), "W_x has shape (2,) but needs (features, units) = (any, any)"),
        (lambda: SimpleRNN(H, H, H[0]), "W_h has shape (5, 2) but needs (units, units) = (2, 2)"),
        (lambda: SimpleRNN(H, H[:2], H), "b has shape (5, 2) but needs (units) = (2)"),
        (lambda: SimpleRNN(H, H[:2], H[0].astype(np.float32)), "b has dtype float32"),
        (lambda: SimpleRNN(H.astype(np.int64), H[:2], H[0]), "W_x has dtype int64"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_by_name(call, message):
    with pytest.raises(ValueError) as error:
        call()
    assert message in str(error.value)


@pytest.mark.parametrize(("more", "named"), [([], {}), ([H[0], H], {}), ([], {"b_f": H[0]}), ([H[0]], {"b": H[0]})])
def test_missing_and_other_parameters_are_refused(more, named):
    with pytest.raises(TypeError, match="SimpleRNN needs the parameters W_x, W_h, b"):
        SimpleRNN(H, H[:2], *more, **named)


@pytest.mark.parametrize("cell", [LSTM, keras.layers.LSTM(2), X])
def test_forward_and_backward_say_what_they_take(cell):
    with pytest.raises(TypeError, match="from_keras"):
        cells.forward(cell, X)
    with pytest.raises(TypeError, match="what forward returned"):
        cells.backward(RUN.outputs, None)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_are_refused_in_inputs_and_pass_through_parameters(bad):
    x, h, cell = X.copy(), H.copy(), LSTM.init(3, 2, seed=0)
    x[2, 3, 1] = h[4, 0] = bad
    mask = np.ones((5, 4), bool)
    mask[2, 3] = False
    with pytest.raises(ValueError, match=rf"x contains {bad} at \(2, 3, 1\)"):
        cells.forward(cell, x, mask=mask)
    with pytest.raises(ValueError, match=rf"initial_state c contains {bad} at \(4, 0\)"):
        cells.forward(cell, X, (H, h))
    cell.W_xf[:] = np.nan
    with np.errstate(invalid="ignore"):
        assert np.isnan(cells.forward(cell, X).outputs).all()


def test_sigmoid_neither_warns_nor_loses_digits():
    a = np.array([-1000.0, -50.0, 0.0, 50.0, 1000.0])
    with np.errstate(all="raise", under="ignore"):
        np.testing.assert_allclose(cells.sigmoid(a), [0.0, np.exp(-50.0), 0.5, 1.0, 1.0], rtol=1e-14)
        assert cells.sigmoid(a.astype(np.float32)).dtype == np.float32


def test_parameters_can_be_updated_in_place():
    cell, rng = GRU.init(3, 2, seed=0), np.random.default_rng(0)
    x, target = rng.normal(size=(8, 5, 3)), rng.uniform(-0.5, 0.5, size=(8, 2))
    losses = []
    for _ in range(50):
        run = cells.forward(cell, x)
        losses.append(np.mean((run.state[0] - target) ** 2))
        grads = cells.backward(run, None, (2 * (run.state[0] - target) / target.size,))
        for name, value in cell.parameters().items():
            value -= grads.parameters[name]
    assert losses[-1] < 0.5 * losses[0]


class LeakyUnit(cells.Cell):
    """A cell as a student might write it: h_t = h_{t-1} ⊙ (1 - α) + α ⊙ x_t W_x, with α a vector."""

    parameter_names = ("W_x", "alpha")

    def step(self, x_t, state):
        (h_prev,) = state
        new = x_t @ self.W_x
        return (h_prev * (1 - self.alpha) + self.alpha * new,), SimpleNamespace(x_t=x_t, h_prev=h_prev, new=new)

    def step_backward(self, d_state, s):
        (d_h,) = d_state
        grads = {"W_x": s.x_t.T @ (d_h * self.alpha), "alpha": (d_h * (s.new - s.h_prev)).sum(axis=0)}
        return (d_h * self.alpha) @ self.W_x.T, (d_h * (1 - self.alpha),), grads


@few
@given(p=problems())
def test_a_cell_of_your_own_has_the_gradients_of_finite_differences(p):
    cell = LeakyUnit(p.rng.normal(size=(p.x.shape[2], p.units)), p.rng.uniform(size=p.units))
    run = cells.forward(cell, p.x, mask=p.mask)
    d_outputs, d_state = p.like(run.outputs), p.state(cell)
    grads = cells.backward(run, d_outputs, d_state)

    def loss():
        return loss_of(cells.forward(cell, p.x, mask=p.mask), d_outputs, d_state)

    expected = {name: finite_differences(loss, value) for name, value in cell.parameters().items()}
    close(grads.parameters, expected, rtol=1e-6, atol=1e-8)


def test_a_cell_without_equations_says_what_is_missing():
    class Empty(cells.Cell):
        parameter_names = ("W_x",)

    with pytest.raises(NotImplementedError, match="Empty has no step: write its equations"):
        cells.forward(Empty(np.ones((3, 2))), X)
    for cell in (Empty(np.ones((3, 2))), GRUResetBefore.init(3, 2, seed=0)):
        with pytest.raises(NotImplementedError, match=f"{type(cell).__name__} has no step_backward"):
            cell.step_backward((H,), SimpleNamespace())


def test_importing_the_module_does_not_import_tensorflow():
    code = "import sys, course_utils.cells; print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

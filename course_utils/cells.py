"""Recurrent cells in NumPy that read like their equations: forward, and backward through time by hand.

Notation, the same as in the lessons. Examples are rows, so a product is written x W where column vectors need Wᵀ x:

    x_t  (batch, features)   the input at time t           W_x… (features, units)   input weights
    h_t  (batch, units)      the hidden state, the output  W_h… (units, units)      recurrent weights
    c_t  (batch, units)      the cell state of an LSTM     b…   (units,)            biases
    σ    the sigmoid         ⊙ (in code `*`)               w_c… (units,)            peephole weights

A gate k has its own W_xk, W_hk and b_k. `d_y` is the gradient ∂L/∂y of a scalar loss L and has the shape of y. A cell holds its
parameters and defines `step` and `step_backward` (the chain rule); `forward` and `backward` apply them over time, with masks.

    cell = LSTM.init(features=3, units=4, seed=0)
    run = forward(cell, x, mask=mask)              # run.outputs (batch, time, units), run.state (h_T, c_T)
    grads = backward(run, d_outputs)               # grads.parameters["W_xf"], grads.x, grads.initial_state

A cell's parameters are all float32 or all float64; inputs, states and gradients are cast to that. NaN and infinity are
refused in inputs and initial states, but pass through parameters and gradients, as in Keras: an exploding network.
"""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import ClassVar, Self

import numpy as np

from course_utils.arguments import at_least, check_shape

State = tuple[np.ndarray, ...]  # (h,) or (h, c), each (batch, units)


def sigmoid(a):
    """σ(a) = 1 / (1 + e^-a), elementwise."""
    with np.errstate(over="ignore"):  # for very negative a, e^-a becomes infinite and σ(a) zero, as it should
        return 1 / (1 + np.exp(-a))


class Cell:
    """The base of all cells; each names its parameters and has `step` and `step_backward`.

    The names, a W_x… first and gates in Keras's order, give the shapes: W_x… (features, units), W_h… (units, units), others
    (units,). Parameters are passed by position or by name and are not copied. Raises TypeError for missing or other
    parameters, ValueError for shapes or dtypes that do not fit.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ()
    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def __init__(self, *values, **named):
        given = dict(zip(self.parameter_names, values, strict=False)) | named
        if given.keys() != set(self.parameter_names) or len(values) + len(named) != len(given):
            raise TypeError(f"{type(self).__name__} needs the parameters {', '.join(self.parameter_names)}, each once")
        first = self.parameter_names[0]
        kernel = check_shape(first, given[first], "features units", None, None)
        (self.features, self.units), self.dtype = kernel.shape, kernel.dtype
        for name in self.parameter_names:
            axes = {"W_x": "features units", "W_h": "units units"}.get(name[:3], "units")
            value = check_shape(name, given[name], axes, *(getattr(self, axis) for axis in axes.split()))
            if value.dtype not in (np.float32, np.float64) or value.dtype != self.dtype:
                raise ValueError(f"{name} has dtype {value.dtype}; all parameters must be float32, or all float64")
            setattr(self, name, value)

    def parameters(self) -> dict[str, np.ndarray]:
        """The parameters by name; the arrays themselves, so that they can be updated."""
        return {name: getattr(self, name) for name in self.parameter_names}

    @classmethod
    def names(cls, prefix: str) -> list[str]:
        """The names of the parameters that begin with `prefix`, in Keras's order of the gates."""
        return [name for name in cls.parameter_names if name.startswith(prefix)]

    @classmethod
    def from_blocks(cls, kernel, recurrent_kernel, bias) -> Self:
        """Split Keras's arrays by gate: kernel (features, gates · units), recurrent_kernel (units, gates · units), any bias."""
        units = recurrent_kernel.shape[0]
        parameters = {name: np.zeros(units, kernel.dtype) for name in cls.names("w_c")}
        for prefix, block in {"W_x": kernel, "W_h": recurrent_kernel, "b": np.ravel(bias)}.items():
            for k, name in enumerate(cls.names(prefix)):
                parameters[name] = block[..., k * units : (k + 1) * units].copy()
        return cls(**parameters)

    @classmethod
    def init(cls, features: int, units: int, seed: int | np.random.Generator, dtype=np.float64) -> Self:
        """A cell with random parameters, initialised as in Keras.

        W_x uniform (Glorot & Bengio 2010), W_h orthogonal (Saxe et al. 2014), the forget bias b_f one (Gers et al. 2000), other
        biases and peepholes zero. Like Keras, it samples all gates as one wide matrix, (…, gates · units).
        """
        at_least(1, features=features, units=units)
        rng = np.random.default_rng(seed)
        width = len(cls.names("W_x")) * units
        limit = np.sqrt(6 / (features + width))
        kernel = rng.uniform(-limit, limit, size=(features, width))
        q, r = np.linalg.qr(rng.standard_normal((width, units)))
        recurrent_kernel = (q * np.sign(np.diag(r))).T  # the signs make every orthogonal matrix equally likely
        bias = np.zeros(len(cls.names("b")) * units)
        cell = cls.from_blocks(kernel.astype(dtype), recurrent_kernel.astype(dtype), bias.astype(dtype))
        for name in cls.names("b_f"):
            getattr(cell, name)[:] = 1
        return cell

    def step(self, x_t: np.ndarray, state: State) -> tuple[State, SimpleNamespace]:
        """The equations: from x_t (batch, features) and the state, the next state, of which h_t is the output, and the values
        that `step_backward` needs. States are (batch, units). Raises ValueError for wrong shapes."""
        raise NotImplementedError(f"{type(self).__name__} has no step: write its equations")

    def step_backward(self, d_state: State, s: SimpleNamespace) -> tuple[np.ndarray, State, dict[str, np.ndarray]]:
        """The chain rule: from ∂L/∂ the state after the step, and what `step` stored, to ∂L/∂x_t (batch, features), ∂L/∂ the
        state before the step, and by name this step's ∂L/∂ each parameter."""
        raise NotImplementedError(f"{type(self).__name__} has no step_backward: write the chain rule of its step")

    def check_state(self, name: str, state, batch: int) -> State:
        """Return `state` as a tuple of arrays (batch, units) of the cell's dtype, zeros for None, or raise ValueError."""
        if state is None:
            return tuple(np.zeros((batch, self.units), self.dtype) for _ in self.state_names)
        if not isinstance(state, tuple | list) or len(state) != len(self.state_names):
            needed = str(self.state_names).replace("'", "")  # (h,) or (h, c)
            raise ValueError(f"{name} must be a tuple {needed} of arrays (batch, units), got {type(state).__name__}")
        named = {f"{name} {part}": array for part, array in zip(self.state_names, state, strict=True)}
        shape = ("batch units", batch, self.units)
        return tuple(check_shape(key, array, *shape, dtype=self.dtype) for key, array in named.items())

    def check_step(self, x_t, state) -> tuple[np.ndarray, State]:
        """Return the arguments of `step` as arrays of the cell's dtype, or raise ValueError where they do not fit."""
        x_t = check_shape("x_t", x_t, "batch features", None, self.features, dtype=self.dtype)
        return x_t, self.check_state("state", state, len(x_t))

    def products_backward(self, prefix: str, v: np.ndarray, d_a: dict[str, np.ndarray]):
        """Back through the products a_k = v W_k, from d_a, which maps each gate k to ∂L/∂a_k (batch, units): returns
        ∂L/∂v = Σ_k ∂L/∂a_k W_kᵀ (batch, inputs) and, by name, ∂L/∂W_k = vᵀ ∂L/∂a_k. `prefix` is "W_x" or "W_h"."""
        d_v = sum(d @ getattr(self, prefix + k).T for k, d in d_a.items())
        return d_v, {prefix + k: v.T @ d for k, d in d_a.items()}  # each (inputs, units)

    def gates_backward(self, s: SimpleNamespace, d_a: dict[str, np.ndarray]):
        """Back through a_k = x_t W_xk + h_{t-1} W_hk + b_k of several gates: ∂L/∂x_t, ∂L/∂h_{t-1}, the parameters'."""
        d_x, grads_x = self.products_backward("W_x", s.x_t, d_a)
        d_h_prev, grads_h = self.products_backward("W_h", s.h_prev, d_a)
        return d_x, d_h_prev, grads_x | grads_h | {f"b_{k}": d.sum(axis=0) for k, d in d_a.items()}


class SimpleRNN(Cell):
    """h_t = tanh(x_t W_x + h_{t-1} W_h + b)   (Elman 1990; keras.layers.SimpleRNN)."""

    parameter_names = ("W_x", "W_h", "b")

    def step(self, x_t, state):
        x_t, (h_prev,) = self.check_step(x_t, state)
        h = np.tanh(x_t @ self.W_x + h_prev @ self.W_h + self.b)  # (batch, units)
        return (h,), SimpleNamespace(x_t=x_t, h_prev=h_prev, h=h)

    def step_backward(self, d_state, s):
        (d_h,) = d_state
        d_a = d_h * (1 - s.h**2)  # (batch, units), as tanh' = 1 - tanh²
        grads = {"W_x": s.x_t.T @ d_a, "W_h": s.h_prev.T @ d_a, "b": d_a.sum(axis=0)}
        return d_a @ self.W_x.T, (d_a @ self.W_h.T,), grads


class LSTM(Cell):
    """The LSTM with a forget gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000; keras.layers.LSTM).

    i_t = σ(x_t W_xi + h_{t-1} W_hi + b_i)         input gate
    f_t = σ(x_t W_xf + h_{t-1} W_hf + b_f)         forget gate
    c̃_t = tanh(x_t W_xc + h_{t-1} W_hc + b_c)      candidate
    o_t = σ(x_t W_xo + h_{t-1} W_ho + b_o)         output gate
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t                cell state
    h_t = o_t ⊙ tanh(c_t)                          hidden state
    """

    parameter_names = ("W_xi", "W_xf", "W_xc", "W_xo", "W_hi", "W_hf", "W_hc", "W_ho", "b_i", "b_f", "b_c", "b_o")
    state_names = ("h", "c")

    def step(self, x_t, state):
        x_t, (h_prev, c_prev) = self.check_step(x_t, state)
        i = sigmoid(x_t @ self.W_xi + h_prev @ self.W_hi + self.b_i)  # (batch, units), as all below
        f = sigmoid(x_t @ self.W_xf + h_prev @ self.W_hf + self.b_f)
        c_tilde = np.tanh(x_t @ self.W_xc + h_prev @ self.W_hc + self.b_c)
        o = sigmoid(x_t @ self.W_xo + h_prev @ self.W_ho + self.b_o)
        c = f * c_prev + i * c_tilde
        h = o * np.tanh(c)
        return (h, c), SimpleNamespace(x_t=x_t, h_prev=h_prev, c_prev=c_prev, i=i, f=f, c_tilde=c_tilde, o=o, c=c, h=h)

    def step_backward(self, d_state, s):
        d_h, d_c = d_state
        d_c = d_c + d_h * s.o * (1 - np.tanh(s.c) ** 2)  # (batch, units): c_t acts through c_{t+1} and through h_t
        d_a = {
            "i": d_c * s.c_tilde * s.i * (1 - s.i),  # σ' = σ (1 - σ)
            "f": d_c * s.c_prev * s.f * (1 - s.f),
            "c": d_c * s.i * (1 - s.c_tilde**2),
            "o": d_h * np.tanh(s.c) * s.o * (1 - s.o),
        }
        d_x, d_h_prev, grads = self.gates_backward(s, d_a)
        return d_x, (d_h_prev, d_c * s.f), grads


class PeepholeLSTM(LSTM):
    """The LSTM whose gates also depend on the cell state (Gers & Schmidhuber 2000). Keras has no such layer.

    i_t = σ(x_t W_xi + h_{t-1} W_hi + w_ci ⊙ c_{t-1} + b_i)     input gate: sees c_{t-1}
    f_t = σ(x_t W_xf + h_{t-1} W_hf + w_cf ⊙ c_{t-1} + b_f)     forget gate: sees c_{t-1}
    o_t = σ(x_t W_xo + h_{t-1} W_ho + w_co ⊙ c_t + b_o)         output gate: sees the new c_t
    c̃_t, c_t and h_t as in the LSTM. A unit's gates see that unit's cell only: w_ci, w_cf, w_co are vectors.
    """

    parameter_names = (*LSTM.parameter_names, "w_ci", "w_cf", "w_co")

    def step(self, x_t, state):
        x_t, (h_prev, c_prev) = self.check_step(x_t, state)
        i = sigmoid(x_t @ self.W_xi + h_prev @ self.W_hi + self.w_ci * c_prev + self.b_i)  # (batch, units), as below
        f = sigmoid(x_t @ self.W_xf + h_prev @ self.W_hf + self.w_cf * c_prev + self.b_f)
        c_tilde = np.tanh(x_t @ self.W_xc + h_prev @ self.W_hc + self.b_c)
        c = f * c_prev + i * c_tilde
        o = sigmoid(x_t @ self.W_xo + h_prev @ self.W_ho + self.w_co * c + self.b_o)
        h = o * np.tanh(c)
        return (h, c), SimpleNamespace(x_t=x_t, h_prev=h_prev, c_prev=c_prev, i=i, f=f, c_tilde=c_tilde, o=o, c=c, h=h)

    def step_backward(self, d_state, s):
        d_h, d_c = d_state
        d_a_o = d_h * np.tanh(s.c) * s.o * (1 - s.o)  # (batch, units)
        d_c = d_c + d_h * s.o * (1 - np.tanh(s.c) ** 2) + d_a_o * self.w_co  # c_t acts through o_t as well
        d_a = {
            "i": d_c * s.c_tilde * s.i * (1 - s.i),
            "f": d_c * s.c_prev * s.f * (1 - s.f),
            "c": d_c * s.i * (1 - s.c_tilde**2),
            "o": d_a_o,
        }
        d_x, d_h_prev, grads = self.gates_backward(s, d_a)
        grads["w_ci"] = (d_a["i"] * s.c_prev).sum(axis=0)  # (units,)
        grads["w_cf"] = (d_a["f"] * s.c_prev).sum(axis=0)
        grads["w_co"] = (d_a["o"] * s.c).sum(axis=0)
        d_c_prev = d_c * s.f + d_a["i"] * self.w_ci + d_a["f"] * self.w_cf
        return d_x, (d_h_prev, d_c_prev), grads


class CoupledLSTM(LSTM):
    """The LSTM that writes exactly where it forgets (coupled gates: Greff et al. 2017). Keras has no such layer.

    i_t = 1 - f_t in place of an input gate (Greff et al. keep i_t and write f_t = 1 - i_t, the same cell):
    c_t = f_t ⊙ c_{t-1} + (1 - f_t) ⊙ c̃_t          cell state; f_t, c̃_t, o_t and h_t as in the LSTM
    """

    parameter_names = ("W_xf", "W_xc", "W_xo", "W_hf", "W_hc", "W_ho", "b_f", "b_c", "b_o")

    def step(self, x_t, state):
        x_t, (h_prev, c_prev) = self.check_step(x_t, state)
        f = sigmoid(x_t @ self.W_xf + h_prev @ self.W_hf + self.b_f)  # (batch, units), as all below
        c_tilde = np.tanh(x_t @ self.W_xc + h_prev @ self.W_hc + self.b_c)
        o = sigmoid(x_t @ self.W_xo + h_prev @ self.W_ho + self.b_o)
        c = f * c_prev + (1 - f) * c_tilde
        h = o * np.tanh(c)
        return (h, c), SimpleNamespace(x_t=x_t, h_prev=h_prev, c_prev=c_prev, f=f, c_tilde=c_tilde, o=o, c=c, h=h)

    def step_backward(self, d_state, s):
        d_h, d_c = d_state
        d_c = d_c + d_h * s.o * (1 - np.tanh(s.c) ** 2)  # (batch, units)
        d_a = {
            "f": d_c * (s.c_prev - s.c_tilde) * s.f * (1 - s.f),
            "c": d_c * (1 - s.f) * (1 - s.c_tilde**2),
            "o": d_h * np.tanh(s.c) * s.o * (1 - s.o),
        }
        d_x, d_h_prev, grads = self.gates_backward(s, d_a)
        return d_x, (d_h_prev, d_c * s.f), grads


class GRU(Cell):
    """The GRU that resets after the product, Keras's default (Cho et al. 2014; keras.layers.GRU(reset_after=True)).

    z_t = σ(x_t W_xz + b_xz + h_{t-1} W_hz + b_hz)                  update gate
    r_t = σ(x_t W_xr + b_xr + h_{t-1} W_hr + b_hr)                  reset gate
    h̃_t = tanh(x_t W_xh + b_xh + r_t ⊙ (h_{t-1} W_hh + b_hh))       candidate
    h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h̃_t                           hidden state

    r_t multiplies b_hh but not b_xh; for z and r only the sum of the two biases matters. (As in Cho et al. and Keras, z_t = 1
    keeps the old state; Chung et al. 2014 define z_t the other way round.)
    """

    parameter_names = ("W_xz", "W_xr", "W_xh", "W_hz", "W_hr", "W_hh", "b_xz", "b_xr", "b_xh", "b_hz", "b_hr", "b_hh")

    def step(self, x_t, state):
        x_t, (h_prev,) = self.check_step(x_t, state)
        z = sigmoid(x_t @ self.W_xz + self.b_xz + h_prev @ self.W_hz + self.b_hz)  # (batch, units), as all below
        r = sigmoid(x_t @ self.W_xr + self.b_xr + h_prev @ self.W_hr + self.b_hr)
        recurrent = h_prev @ self.W_hh + self.b_hh
        h_tilde = np.tanh(x_t @ self.W_xh + self.b_xh + r * recurrent)
        h = z * h_prev + (1 - z) * h_tilde
        return (h,), SimpleNamespace(x_t=x_t, h_prev=h_prev, z=z, r=r, recurrent=recurrent, h_tilde=h_tilde, h=h)

    def step_backward(self, d_state, s):
        (d_h,) = d_state
        d_a_h = d_h * (1 - s.z) * (1 - s.h_tilde**2)  # (batch, units)
        d_a_z = d_h * (s.h_prev - s.h_tilde) * s.z * (1 - s.z)
        d_a = {"z": d_a_z, "r": d_a_h * s.recurrent * s.r * (1 - s.r), "h": d_a_h}
        d_recurrent = d_a | {"h": d_a_h * s.r}  # what reaches the candidate's recurrent product has passed r_t
        d_x, grads_x = self.products_backward("W_x", s.x_t, d_a)
        d_h_prev, grads_h = self.products_backward("W_h", s.h_prev, d_recurrent)
        grads_b = {f"b_x{k}": d.sum(axis=0) for k, d in d_a.items()}
        grads_b |= {f"b_h{k}": d.sum(axis=0) for k, d in d_recurrent.items()}
        return d_x, (d_h_prev + d_h * s.z,), grads_x | grads_h | grads_b


class GRUResetBefore(Cell):
    """The GRU that resets before the product (Cho et al. 2014; keras.layers.GRU(reset_after=False)), without backward step.

    z_t = σ(x_t W_xz + h_{t-1} W_hz + b_z)                  update gate
    r_t = σ(x_t W_xr + h_{t-1} W_hr + b_r)                  reset gate
    h̃_t = tanh(x_t W_xh + (r_t ⊙ h_{t-1}) W_hh + b_h)       candidate
    h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h̃_t                   hidden state
    """

    parameter_names = ("W_xz", "W_xr", "W_xh", "W_hz", "W_hr", "W_hh", "b_z", "b_r", "b_h")

    def step(self, x_t, state):
        x_t, (h_prev,) = self.check_step(x_t, state)
        z = sigmoid(x_t @ self.W_xz + h_prev @ self.W_hz + self.b_z)  # (batch, units), as all below
        r = sigmoid(x_t @ self.W_xr + h_prev @ self.W_hr + self.b_r)
        h_tilde = np.tanh(x_t @ self.W_xh + (r * h_prev) @ self.W_hh + self.b_h)
        h = z * h_prev + (1 - z) * h_tilde
        return (h,), SimpleNamespace(x_t=x_t, h_prev=h_prev, z=z, r=r, h_tilde=h_tilde, h=h)


@dataclass(eq=False, repr=False)
class Run:
    """A cell unrolled over a batch of sequences: what `forward` returns and `backward` needs."""

    cell: Cell
    outputs: np.ndarray  # (batch, time, units)
    states: State  # each (batch, time, units): the state after every step, carried over where masked
    steps: list[SimpleNamespace]  # what cell.step stored at each time step
    mask: np.ndarray  # (batch, time) bool

    @property
    def state(self) -> State:
        """The final state: (h_T,) or (h_T, c_T), each (batch, units)."""
        return tuple(s[:, -1] for s in self.states)

    def trace(self, name: str) -> np.ndarray:
        """A value inside the cell, such as the forget gate "f", at every step, masked ones included: (batch, time, units)."""
        if not hasattr(self.steps[0], name):
            raise ValueError(f"the cell has no {name!r}; its values are {', '.join(vars(self.steps[0]))}")
        return np.stack([getattr(step, name) for step in self.steps], axis=1)


@dataclass(eq=False, repr=False)
class Gradients:
    """What `backward` returns: ∂L/∂ every input of `forward`, and ∂L/∂ the state after every step."""

    parameters: dict[str, np.ndarray]  # by name, each of the parameter's shape, summed over time and batch
    x: np.ndarray  # (batch, time, features)
    initial_state: State  # each (batch, units)
    states: State  # each (batch, time, units): how the loss changes with the state after step t


def forward(cell: Cell, x, initial_state=None, mask=None) -> Run:
    """Run a cell over whole sequences.

    x (batch, time, features), at least one time step. initial_state (h_0,) or (h_0, c_0), each (batch, units); zeros if
    None. mask (batch, time) bool, False where a step is padding; None: no padding.

    In a masked step, as in Keras, the state is carried over and the output repeats the one before; before the first step that
    counts it is zero. Raises ValueError for wrong shapes, another mask, NaN or infinity, and TypeError for another cell.
    """
    if not isinstance(cell, Cell):
        raise TypeError(f"forward(cell, x) needs a cell such as LSTM.init(…) or from_keras(layer), got {cell!r:.80}")
    x = check_shape("x", x, "batch time features", None, None, cell.features, dtype=cell.dtype)
    batch, time, _ = x.shape
    if time == 0:
        raise ValueError(f"x has shape {x.shape} (batch, time, features); it needs at least one time step")
    state = cell.check_state("initial_state", initial_state, batch)
    mask = check_shape("mask", np.ones((batch, time), bool) if mask is None else mask, "batch time", batch, time)
    if mask.dtype != bool:
        raise ValueError(f"mask has dtype {mask.dtype}; it must be bool, False at padded steps: mask.astype(bool)")
    for name, array in zip(["x", *(f"initial_state {n}" for n in cell.state_names)], (x, *state), strict=True):
        if not np.isfinite(array).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise ValueError(f"{name} contains {array[place]} at {place}; it must be finite, also at masked steps")

    output = np.zeros((batch, cell.units), cell.dtype)  # (batch, units)
    outputs, states, steps = [], [], []
    for t in range(time):
        counts = mask[:, t, None]  # (batch, 1)
        new_state, step = cell.step(x[:, t], state)
        state = tuple(np.where(counts, new, old) for new, old in zip(new_state, state, strict=True))
        output = np.where(counts, new_state[0], output)
        outputs.append(output)
        states.append(state)
        steps.append(step)
    states = tuple(np.stack(s, axis=1) for s in zip(*states, strict=True))
    return Run(cell, np.stack(outputs, axis=1), states, steps, mask)


def backward(run: Run, d_outputs, d_state=None) -> Gradients:
    """Backpropagation through time (Werbos 1990), from the last step to the first.

    d_outputs is ∂L/∂ run.outputs (batch, time, units), d_state ∂L/∂ run.state, (d_h,) or (d_h, d_c), each (batch, units);
    None where the loss does not use them. Call it before the parameters are updated. Raises ValueError and TypeError.
    """
    if not isinstance(run, Run):
        raise TypeError(f"backward(run, d_outputs) needs what forward returned, got {type(run).__name__}")
    cell, (batch, time, units) = run.cell, run.outputs.shape
    d_outputs = np.zeros(run.outputs.shape) if d_outputs is None else d_outputs
    d_outputs = check_shape("d_outputs", d_outputs, "batch time units", batch, time, units, dtype=cell.dtype)
    d_state = cell.check_state("d_state", d_state, batch)

    parameters = {name: np.zeros_like(value) for name, value in cell.parameters().items()}
    d_output = np.zeros((batch, units), cell.dtype)  # (batch, units), from masked later steps that repeat this output
    d_x, d_states = [], []
    for t in reversed(range(time)):
        counts = run.mask[:, t, None]  # (batch, 1)
        d_output = d_output + d_outputs[:, t]
        d_state = (d_state[0] + np.where(counts, d_output, 0), *d_state[1:])  # the output of a step that counts is h_t
        d_output = np.where(counts, 0, d_output)
        d_states.append(d_state)
        through = tuple(np.where(counts, d, 0) for d in d_state)  # through the step that counts; past the masked one
        d_x_t, d_prev, grads = cell.step_backward(through, run.steps[t])
        d_state = tuple(np.where(counts, prev, d) for prev, d in zip(d_prev, d_state, strict=True))
        d_x.append(d_x_t)
        for name, grad in grads.items():
            parameters[name] += grad  # every step uses the same parameters: their gradient is a sum over time
    d_states = tuple(np.stack(d[::-1], axis=1) for d in zip(*d_states, strict=True))
    return Gradients(parameters, np.stack(d_x[::-1], axis=1), d_state, d_states)


def from_keras(layer) -> Cell:
    """A cell with a copy of the weights of a built keras.layers.SimpleRNN, LSTM or GRU, in the layer's dtype.

    Keras holds the gates side by side: i, f, c, o for LSTM; z, r, h for GRU. `bias` is (gates · units,), but for a GRU with
    reset_after=True (2, gates · units), the b_x and the b_h. Options such as return_sequences and dropout are not copied.
    Raises ValueError if the layer is not built, or its equations are not those of a cell of this module.
    """
    from keras import activations, layers

    cells = {layers.SimpleRNN: SimpleRNN, layers.LSTM: LSTM, layers.GRU: GRU}
    cls = next((cell for kind, cell in cells.items() if isinstance(layer, kind)), None)
    if cls is None:
        raise ValueError(f"from_keras takes one SimpleRNN, LSTM or GRU layer, not a {type(layer).__name__}: {layer!r}")
    gates = getattr(layer, "recurrent_activation", activations.sigmoid)
    if layer.activation is not activations.tanh or gates is not activations.sigmoid or not layer.use_bias:
        raise ValueError(f"{layer.name} must have activation='tanh', recurrent_activation='sigmoid' and use_bias=True")
    if not layer.built:
        raise ValueError(f"{layer.name} has no weights yet; call it on data, or layer.build((None, None, features))")
    cls = GRUResetBefore if cls is GRU and not layer.reset_after else cls
    return cls.from_blocks(*layer.get_weights())

# %% [markdown]
# # 07 · GRU: one state, two gates
#
# The LSTM works, but it is a crowded machine: two states, three gates, four sets of weights. Lesson 06 ended with a variant that saves a
# gate and loses nothing. This lesson goes on where that one stopped: what else can be left out? The answer of Cho and others (2014) is the
# gated recurrent unit, GRU. You build it from the coupled LSTM, prove that Keras computes the same in both of its forms, find out what its
# gates have inherited from the LSTM's, and compare the three networks of this course at equal width and at an equal number of parameters.
#
# **You will be able to**
#
# 1. derive the GRU from the LSTM with coupled gates, and write both its gates as equations and as lines of NumPy;
# 2. say which way round the update gate is in Keras and in the papers, and turn the one into the other;
# 3. explain what `reset_after` changes, why it has two biases, and copy weights in both forms;
# 4. set the update gate's bias for a lag that you know;
# 5. compare recurrent networks fairly: what is held equal, what is measured, and what the differences are worth.
#
# **Before this lesson:** lesson [06](06_lstm.ipynb). **Time:** about 50 minutes to read and try, 30 minutes for the exercises; on two cores all cells run in about
# 40 seconds on the embedded sample (`HUBS.md` names the machine that was measured),
# and in two to three minutes on IMDB.

# %%
import os

import numpy as np

from course_utils import cells, plots, synthetic, tables
from course_utils.cells import sigmoid
from course_utils.claims import claim
from course_utils.datasets import reviews

SEED = int(os.environ.get("COURSE_SEED", 0))
data = reviews.load(SEED)
SIZES = {  # what differs between a quick run and a full one
    "sample": {"reviews": 3000, "words": 30, "epochs": 4, "vocabulary": 2000},
    "real": {"reviews": 8000, "words": 80, "epochs": 3, "vocabulary": 5000},
}[data.source]

# %% [markdown]
# ## 1 · What else can be left out?
#
# The coupled cell writes exactly where it forgets:
#
# $$c_t = f_t \odot c_{t-1} + (1 - f_t) \odot \tilde c_t, \qquad h_t = o_t \odot \tanh(c_t)$$
#
# The weights $f_t$ and $1 - f_t$ add up to one, so $c_t$ is a **weighted mean** of the old memory and the candidate. The LSTM's own belt is a *sum* and
# can climb; a mean cannot leave the range of what it is made of. The memory starts at 0, and candidates come out of a tanh. Let both
# cells, untrained, run over the same random numbers. Their forget gates start almost open, with bias 3.

# %%
x = np.random.default_rng(SEED).normal(size=(32, 200, 8))  # (batch, time, features)
belts = {}
for cls in (cells.LSTM, cells.CoupledLSTM):
    cell = cls.init(features=8, units=16, seed=SEED)
    cell.b_f[:] = 3
    belts[cls.__name__] = cells.forward(cell, x).trace("c")  # (batch, time, units)

# %%
figure, all_axes = plots.figure(1, 2, size=(9.2, 3.0), sharey=True)
for axes, (name, c) in zip(all_axes, belts.items()):
    axes.plot(c[0], color=plots.BLUE, linewidth=0.8)
    axes.axhspan(-1, 1, color=plots.YELLOW, alpha=0.3)
    axes.set(title=f"{name}: $c_t$ of 16 units", xlabel="step $t$")
plots.show(figure,
           alt="""Two panels of the cell state of 16 units over 200 steps; the range from
                -1 to 1 is shaded. The LSTM's lines wander far out of it. The coupled
                cell's stay well within it.""")
claim("the LSTM's cell state leaves the range from −1 to 1 (largest value)",
      abs(belts["LSTM"]).max(), at_least=2)
claim("the coupled cell's never does (largest value)", abs(belts["CoupledLSTM"]).max(),
      at_most=1)

# %% [markdown]
# In the LSTM the tanh on the way out brings a wandering belt back between −1 and 1. In the coupled cell there is nothing to bring back, so **the
# tanh can go**. Greff and others (2017) found the forget gate and this tanh to be the two parts that the LSTM misses most, and gave this very reason why the
# GRU gets along without the second.
#
# That leaves $h_t = o_t \odot c_t$: two states which differ in nothing but the output gate. Suppose it were always open. Then $h_t = c_t$, and we need
# **one state instead of two**. What we lose is the power to keep a thing in mind without showing it. Remember this loss: section 3 gets part of it
# back.

# %% [markdown]
# ## 2 · The update gate
#
# With one state, the coupled cell is down to two lines. The forget gate has a new name, **update gate**, and a new letter, $z$; the candidate
# is $\tilde h_t$, since there is no $c$ any more:
#
# $$z_t = \sigma(x_t W_{xz} + h_{t-1} W_{hz} + b_z), \qquad h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t$$
#
# One number for each unit slides the state between what it was and what it could be. Two sequences, three features and four units are enough to
# build with.

# %%
rng = np.random.default_rng(SEED)
batch, features, units = 2, 3, 4
x_t = rng.normal(size=(batch, features))  # (batch, features)
h_prev = rng.uniform(-1, 1, size=(batch, units))  # (batch, units): h_{t-1}


def new_weights():
    """W_x (features, units), W_h (units, units), b (units,)"""
    return (rng.normal(0, 0.5, (features, units)), rng.normal(0, 0.5, (units, units)),
            rng.normal(0, 0.5, units))


# %%
W_xz, W_hz, b_z = new_weights()
z_t = sigmoid(x_t @ W_xz + h_prev @ W_hz + b_z)  # (batch, units)
z_t.round(2)

# %% [markdown]
# **Which way round?** Here, as in Keras, in PyTorch and in Cho and others (2014), $z = 1$ *keeps* the old state. Chung and others (2014), who made the
# GRU known, write it the other way: $h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t$, so that $z = 1$ *writes*. Both are the same network. As
# $\sigma(-a) = 1 - \sigma(a)$, it is enough to turn the sign of the gate's weights and bias. But a bias that makes the one remember makes the other
# forget: when you read "update gate" in a paper, look for the equation first.

# %%
h_tilde = np.tanh(rng.normal(size=(batch, units)))  # (batch, units): some candidate
z_chung = sigmoid(x_t @ -W_xz + h_prev @ -W_hz - b_z)  # (batch, units)
keras_way = z_t * h_prev + (1 - z_t) * h_tilde
chung_way = (1 - z_chung) * h_prev + z_chung * h_tilde
claim("with the signs turned, both conventions give the same state (largest difference)",
      abs(keras_way - chung_way).max(), at_most=1e-12)

# %% [markdown]
# ## 3 · The reset gate
#
# Where does it hurt that everything is shown? In the candidate. Think of a unit that keeps in mind, until the end of the sentence, that it began with *although*. Its neighbour is about
# the word that is being read now. The neighbour's candidate reads the first unit at every step, whether or not it
# matters. What is missing is a switch on the *reading* side: how much of the past goes into the candidate? That is the **reset gate**.
#
# $$r_t = \sigma(x_t W_{xr} + h_{t-1} W_{hr} + b_r)$$
#
# $$\tilde h_t = \tanh(x_t W_{xh} + (r_t \odot h_{t-1}) W_{hh} + b_h)$$
#
# Where $r = 1$, the candidate is a simple RNN's. Where $r = 0$, the candidate sees the word alone, as if the text began here: a reset. Mind the
# difference to $z$: the reset gate hides the past from the *proposal*; whether the proposal replaces the past is still up to $z$. With $r = 0$ and $z = 1$ nothing is
# lost.

# %%
W_xr, W_hr, b_r = new_weights()
W_xh, W_hh, b_h = new_weights()
r_t = sigmoid(x_t @ W_xr + h_prev @ W_hr + b_r)  # (batch, units)
h_tilde = np.tanh(x_t @ W_xh + (r_t * h_prev) @ W_hh + b_h)  # (batch, units)
h_t = z_t * h_prev + (1 - z_t) * h_tilde  # (batch, units)
h_t.round(2)

# %%
plots.drawing("gru_cell", alt="""
    A GRU cell. Along the top a thick line, the belt, from h at t-1 to h at t. A
    branch of it joins x at t below. The update gate z multiplies the belt; one
    minus z multiplies the candidate, which is then added to the belt. The reset
    gate r multiplies what the candidate reads of h at t-1.""")

# %% [markdown]
# Follow the thick line: it is the conveyor belt of lesson 06, and it is now also what the cell shows, to the gates, to the candidate and to the layer above. In the picture
# the past reaches the candidate through the × beside the reset gate only; the green arrow from below carries $x_t$.
#
# That is the whole cell. One step is four lines:

# %%
def gru_step_before(x_t, h_prev):
    z_t = sigmoid(x_t @ W_xz + h_prev @ W_hz + b_z)  # keep?
    r_t = sigmoid(x_t @ W_xr + h_prev @ W_hr + b_r)  # read the past?
    h_tilde = np.tanh(x_t @ W_xh + (r_t * h_prev) @ W_hh + b_h)  # what to write
    return z_t * h_prev + (1 - z_t) * h_tilde  # all (batch, units)


def read_all(step, x):
    h_t = np.zeros((len(x), units))  # (batch, units)
    for t in range(x.shape[1]):
        h_t = step(x[:, t], h_t)
    return h_t

# %% [markdown]
# ## 4 · Two forms, and Keras has both
#
# These are the equations of the published paper, and `keras.layers.GRU(reset_after=False)` computes them. Keras keeps the weights of the three parts side by side, in the order
# z, r, h. We copy ours in.

# %%
import keras

keras.utils.set_random_seed(SEED)
x = rng.normal(size=(batch, 7, features)).astype("float32")  # (batch, time, features)
kernel = np.concatenate([W_xz, W_xr, W_xh], axis=1)  # (features, 3 · units)
recurrent_kernel = np.concatenate([W_hz, W_hr, W_hh], axis=1)  # (units, 3 · units)
layer = keras.layers.GRU(units, reset_after=False)
layer.build((None, None, features))
layer.set_weights([kernel, recurrent_kernel, np.concatenate([b_z, b_r, b_h])])
claim("reset before the product: NumPy and Keras end in the same state (largest difference)",
      abs(read_all(gru_step_before, x) - layer(x).numpy()).max(), at_most=1e-5)

# %% [markdown]
# But this is not what you get by default. Look again at the candidate: the product $(r_t \odot h_{t-1}) W_{hh}$ cannot begin before $r_t$ is known, which
# itself needs a product with $h_{t-1}$. Two products, one *after* the other, at every step. If the gate acts after the product instead,
#
# $$\tilde h_t = \tanh\left(x_t W_{xh} + b_{xh} + r_t \odot (h_{t-1} W_{hh} + b_{hh})\right)$$
#
# then $h_{t-1} W_{hz}$, $h_{t-1} W_{hr}$ and $h_{t-1} W_{hh}$ are **one** product with one wide matrix. On a graphics card, where a large product costs hardly more
# than a small one, that counts, and NVIDIA's library of such kernels, cuDNN, has the GRU in this form only. Keras took it as its default, `reset_after=True`, so that the
# same weights run on both kinds of machine.

# %%
b_xz, b_xr, b_xh, b_hz, b_hr, b_hh = rng.normal(0, 0.5, (6, units))  # each (units,)


def gru_step_after(x_t, h_prev):
    from_h = h_prev @ recurrent_kernel + np.concatenate([b_hz, b_hr, b_hh])  # one product
    h_z, h_r, h_h = np.split(from_h, 3, axis=1)  # each (batch, units)
    z_t = sigmoid(x_t @ W_xz + b_xz + h_z)
    r_t = sigmoid(x_t @ W_xr + b_xr + h_r)
    h_tilde = np.tanh(x_t @ W_xh + b_xh + r_t * h_h)
    return z_t * h_prev + (1 - z_t) * h_tilde  # all (batch, units)

# %% [markdown]
# The biases are the second surprise. Each part has two of them, and the first letter of the subscript tells them apart: $b_{xz}, b_{xr}, b_{xh}$ are added to what comes from the input, $b_{hz}, b_{hr}, b_{hh}$ to what comes from the state. Keras keeps them as
# the two rows of one array.

# %%
layer = keras.layers.GRU(units)  # reset_after=True
layer.build((None, None, features))
bias = np.stack([np.concatenate([b_xz, b_xr, b_xh]),
                 np.concatenate([b_hz, b_hr, b_hh])])  # (2, 3 · units)
layer.set_weights([kernel, recurrent_kernel, bias])
claim("reset after the product: NumPy and Keras end in the same state (largest difference)",
      abs(read_all(gru_step_after, x) - layer(x).numpy()).max(), at_most=1e-5)

# %% [markdown]
# Why two? For $z$ and $r$ only their sum matters, and one would do. In the candidate they play different parts, because $r_t$ multiplies $b_{hh}$ and
# not $b_{xh}$. We move one half from the first row to the second and look at what changes.

# %%
def last_state(bias):
    layer.set_weights([kernel, recurrent_kernel, bias])
    return layer(x).numpy()  # (batch, units)


shift = np.array([[-0.5], [0.5]])  # from the upper row to the lower
in_gates, in_candidate = bias.copy(), bias.copy()
in_gates[:, : 2 * units] += shift
in_candidate[:, 2 * units :] += shift
claim("a bias moved from b_x to b_h in both gates changes the state by",
      abs(last_state(in_gates) - last_state(bias)).max(), at_most=1e-5)
claim("moved in the candidate, it changes the state by",
      abs(last_state(in_candidate) - last_state(bias)).max(), at_least=0.01)

# %% [markdown]
# Are the two forms the same function, then? Only where the reset gate is open everywhere, or, with $b_{hh} = 0$, where it has the same value in all units of a step. Otherwise
# $(r \odot h) W$, which fades single *inputs* of the product, is not $r \odot (h W)$, which fades single *outputs*. Weights trained in one form compute something else in
# the other. `course_utils.cells` has both, and we compare them with equal weights.

# %%
def both_forms(b_r, seed=SEED):
    """Largest difference of the two forms' states, with equal weights and reset bias b_r."""
    x = np.random.default_rng(seed).normal(size=(32, 50, 8))  # (batch, time, features)
    after = cells.GRU.init(features=8, units=16, seed=seed)
    after.b_xr[:] = b_r
    weights = {k: W for k, W in after.parameters().items() if k.startswith("W")}
    biases = {"b_z": after.b_xz, "b_r": after.b_xr, "b_h": after.b_xh}
    before = cells.GRUResetBefore(**weights, **biases)
    return abs(cells.forward(after, x).outputs - cells.forward(before, x).outputs).max()


claim("with the reset gates open, both forms are the same function (largest difference)",
      both_forms(b_r=40), at_most=1e-9)
claim("with gates around one half, each at its own value, they are not (largest difference)",
      both_forms(b_r=0), at_least=0.03)

# %% [markdown]
# ## 5 · What became of the LSTM's gates
#
# | LSTM | GRU | |
# | --- | --- | --- |
# | forget gate $f_t$ | update gate $z_t$ | how much of the old is kept |
# | input gate $i_t$ | $1 - z_t$ | how much of the new is written |
# | output gate $o_t$ | reset gate $r_t$ | the LSTM hides its memory from everyone, the GRU from its candidate |
# | states $c_t$ and $h_t$ | state $h_t$ | the memory is what is shown |
# | tanh on the way out | none | a weighted mean needs none |
# | four sets of weights | three | |
#
# Is that a figure of speech, or exact? Hold the reset gate open, $r = 1$. Then the GRU should be the coupled LSTM with its output gate held open and its last tanh taken out. We run
# that cell with the GRU's own weights.

# %%
gru = cells.GRU.init(features=8, units=16, seed=SEED)
gru.b_xr[:] = 40  # σ(40) is 1 in 64-bit numbers
x = np.random.default_rng(SEED).normal(size=(32, 200, 8))  # (batch, time, features)
h_gru = cells.forward(gru, x).state[0]  # (batch, units)
c = np.zeros((32, 16))  # (batch, units)
for x_t in x.swapaxes(0, 1):  # the coupled LSTM, o = 1, no tanh: h is c
    f = sigmoid(x_t @ gru.W_xz + c @ gru.W_hz)  # its biases are 0
    c = f * c + (1 - f) * np.tanh(x_t @ gru.W_xh + c @ gru.W_hh)
claim("r = 1: the GRU is the coupled LSTM with o = 1 and no output tanh (largest difference)",
      abs(h_gru - c).max(), at_most=1e-9)

# %% [markdown]
# And if the tanh stays? The gates and the candidate then read $\tanh(c)$, which for small $c$ is almost $c$. Almost:

# %%
coupled = cells.CoupledLSTM.init(features=8, units=16, seed=SEED)
for ours, theirs in {"f": "z", "c": "h"}.items():
    setattr(coupled, f"W_x{ours}", getattr(gru, f"W_x{theirs}"))
    setattr(coupled, f"W_h{ours}", getattr(gru, f"W_h{theirs}"))
coupled.b_f[:], coupled.b_o[:] = 0, 40
claim("with the output tanh kept, the memories differ (largest difference)",
      abs(cells.forward(coupled, x).state[1] - h_gru).max(), at_least=0.005)

# %% [markdown]
# So the table is exact in all rows but one. The reset gate is no part of the LSTM; it takes over where the output gate is missing.

# %% [markdown]
# ## 6 · The gradient along the state
#
# The belt is the state now, and along it
#
# $$\frac{\partial h_t}{\partial h_{t-1}} = z_t \quad\text{(along the belt; there are further ways, through } z_t, r_t \text{ and } \tilde h_t \text{)}$$
#
# What lesson 06 said of the forget gate holds for $z$: before training it stands at about $\sigma(b_z)$. Keras starts the LSTM's forget bias at 1, for good reason, but **the
# GRU's biases all at 0**, and has no switch for it such as the LSTM's `unit_forget_bias`: $z \approx 0.5$, and half of the state is gone at every step. If you know how far back
# the answer may lie, start as in lesson 06, with $b_z = \ln(n - 1)$ and an $n$ for each unit between 2 and the longest lag (*chrono initialisation*, Tallec and Ollivier 2018). One gate is enough: what keeps with $z$ writes with $1 - z$.

# %%
def new_gru(units, bias, seed, longest=100):
    rng = np.random.default_rng(seed)
    cell = cells.GRU.init(features=8, units=units, seed=rng)
    if bias == "chrono":
        cell.b_xz[:] = np.log(rng.uniform(2, longest, units) - 1)
    else:
        cell.b_xz[:] = float(bias)
    return cell


untrained = {"SimpleRNN": cells.SimpleRNN.init(features=8, units=16, seed=SEED)}
untrained |= {f"GRU, {bias}": new_gru(16, bias, SEED) for bias in ("0", "1", "chrono")}

# %% [markdown]
# Again we send the gradient of $\sum h_T$ back through a hundred steps of `synthetic.recall`, before any training: a symbol at the first step, then distractors, and at the end the
# symbol is asked for.

# %%
x, y = synthetic.recall(32, lag=100, seed=SEED)  # (batch, time, features), (batch,)
norms = {}
for name, cell in untrained.items():
    run = cells.forward(cell, x)
    grads = cells.backward(run, None, d_state=(np.ones((32, 16)),))  # dL/dh_T = 1
    norm = np.linalg.norm(grads.states[0], axis=(0, 2))[::-1]  # (time,): by lag
    norms[name] = norm / norm[0]

# %%
figure, axes = plots.figure(size=(6.8, 3.6))
labels = ("SimpleRNN, orthogonal", "GRU, $b_z = 0$ (Keras)", "GRU, $b_z = 1$", "GRU, chrono")
for norm, label, style in zip(norms.values(), labels, (":", "-", "--", "-.")):
    axes.semilogy(norm, style, label=label)
axes.set(title="How much of the gradient is left, before training",
         xlabel="lag: steps back from the end", ylabel="norm, relative to lag 0",
         ylim=(1e-24, 10))
axes.legend(frameon=False, loc="lower left")
plots.show(figure,
           alt="""Norm of the gradient against lag on a logarithmic axis. The GRU with bias 0
                falls fastest by far. With bias 1 it falls less steeply, still no better than
                the simple RNN. With chrono biases it loses little over a hundred steps.""")

# %%
claim("GRU as Keras starts it: gradient left after 50 steps", norms["GRU, 0"][50],
      at_most=1e-6)
claim("the simple RNN keeps more of it, this many times",
      norms["SimpleRNN"][50] / norms["GRU, 0"][50], at_least=1000)
claim("chrono biases: gradient left after 50 steps", norms["GRU, chrono"][50], at_least=0.1)

# %% [markdown]
# A gate alone is no memory. As Keras starts it, the GRU's gradient fades *faster* than the simple RNN's. (Not quite by one half a step: some of it comes by the other ways. The GRU's recurrent matrix starts orthogonal too, but as one wide matrix, so each of its three parts shrinks most vectors.) In the figure to remember of lesson
# 06 it learned long lags from most seeds nevertheless. There, sequences with short lags were mixed in, whose gradient does arrive, and what opens a gate for ten steps may help at thirty. It is
# better not to depend on that. In Keras the bias is set after the layer is built; $z$ comes first:

# %%
layer = keras.layers.GRU(16)
layer.build((None, None, 8))
kernel, recurrent_kernel, bias = layer.get_weights()  # bias: (2, 3 · units)
bias[0, :16] = np.log(np.random.default_rng(SEED).uniform(2, 100, 16) - 1)
layer.set_weights([kernel, recurrent_kernel, bias])

# %% [markdown]
# ## 7 · A fair comparison: what is held equal?
#
# Is the GRU as good as the LSTM, and are both better than a simple RNN? Layers of the same **width**, the same number of units, have different numbers of parameters, so
# *equally large* can mean two things: of equal width, or with an **equal number of parameters**. We run both. Five networks for each task: three of 16 units, then
# a simple RNN and a GRU that are as much wider as it takes to have as many parameters as the LSTM.

# %%
KINDS = {"SimpleRNN": cells.SimpleRNN, "LSTM": cells.LSTM, "GRU": cells.GRU}


def size(kind, features, units):
    """Number of parameters of a recurrent layer."""
    cell = KINDS[kind].init(features, units, seed=0)
    return sum(w.size for w in cell.parameters().values())


# %%
def networks(features):
    """(kind, units): three of 16 units, two with about the LSTM's number of parameters"""
    wanted = size("LSTM", features, 16)
    wider = {kind: min(range(16, 60), key=lambda n: abs(size(kind, features, n) - wanted))
             for kind in ("SimpleRNN", "GRU")}
    return [("SimpleRNN", 16), ("LSTM", 16), ("GRU", 16), *wider.items()]


{f"{kind}, {units} units": size(kind, 8, units) for kind, units in networks(features=8)}

# %% [markdown]
# Three made tasks come first; you know the first and the last from lesson 04:
#
# - **recall**: name the symbol of the first step after twenty distractors;
# - **adding**: of sixteen random numbers two are marked; give their sum. This is about amounts, not about symbols;
# - **although**: praise or blame, for the slow sentences of lesson 04, in which three words stand between the opinion and what follows.
#
# Each function below draws `n` examples and returns `x` and the target: a one-hot row for a class, or the number itself.

# %%
from course_utils.text import Vocabulary, one_hot


def recall(n, seed):
    x, y = synthetic.recall(n, lag=20, seed=seed)
    return x, np.eye(4)[y]  # (n, 21, 8), (n, 4)


def adding(n, seed):
    x, y = synthetic.adding(n, length=16, seed=seed)
    return x, y[:, None]  # (n, 16, 2), (n, 1)


# %%
OPINIONS = synthetic.POSITIVE + synthetic.NEGATIVE


def slow(n, seed):
    """Sentences with 'i must say' after each word of opinion, cut into words; labels (n,)"""
    sentences, y = synthetic.although(n, seed=seed)
    return [" ".join(f"{w} i must say" if w in OPINIONS else w for w in s.split()).split()
            for s in sentences], y


task_words = Vocabulary.from_documents(slow(400, seed=0)[0])


def although(n, seed):
    sentences, y = slow(n, seed)
    ids = np.concatenate([task_words.encode(words) for words in sentences])  # (n · 15,)
    return one_hot(ids, len(task_words)).reshape(n, 15, -1), np.eye(2)[y]  # (n, 15, V), (n, 2)

# %% [markdown]
# For these tiny networks the NumPy cells are quicker than building a Keras graph. The loop is that of lesson 06, section 13, forward, gradient, backward through time, Adam, with the clipping of lesson 05 added.
# One line serves all tasks: for a softmax with cross-entropy, and for a number with half the squared error, the gradient at the output is *prediction minus target*.

# %%
def answer(weights, h):
    """Prediction (batch, outputs) from the last state: a number, or probabilities"""
    a = h @ weights["W_y"] + weights["b_y"]  # (batch, outputs)
    if a.shape[1] == 1:
        return a
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def gradients(cell, weights, x, target):
    run = cells.forward(cell, x)
    h = run.state[0]  # (batch, units)
    d = (answer(weights, h) - target) / len(x)  # (batch, outputs)
    d_state = (d @ weights["W_y"].T, *(0 * c for c in run.state[1:]))
    grads = cells.backward(run, None, d_state=d_state)
    return grads.parameters | {"W_y": h.T @ d, "b_y": d.sum(axis=0)}


# %%
def train(cell, draw, updates, rng, rate=0.02):
    """The weights after training `cell` on fresh batches of 32"""
    outputs = draw(2, seed=0)[1].shape[1]
    W_y = rng.normal(0, 0.3, (cell.units, outputs))  # (units, outputs)
    weights = cell.parameters() | {"W_y": W_y, "b_y": np.zeros(outputs)}
    m, v = ({name: 0 * w for name, w in weights.items()} for _ in range(2))
    for k in range(1, updates + 1):
        x, target = draw(32, seed=int(rng.integers(10**9)))
        for name, g in gradients(cell, weights, x, target).items():
            g = g / max(1, np.linalg.norm(g))  # clipped
            m[name] += 0.1 * (g - m[name])
            v[name] += 0.01 * (g**2 - v[name])
            scale = np.sqrt(v[name] / (1 - 0.99**k)) + 1e-8
            weights[name] -= rate * m[name] / (1 - 0.9**k) / scale
    return weights

# %% [markdown]
# The LSTM's forget gate and the GRU's update gate start with $\ln(n - 1)$, where $n$ is the length of the task; section 6 showed what happens without. An answer to
# *adding* counts as right when it is within 0.1.

# %%
def accuracy(cell, weights, draw):
    x, target = draw(1000, seed=10**9 + SEED)
    y_hat = answer(weights, cells.forward(cell, x).state[0])
    if target.shape[1] == 1:
        return (abs(y_hat - target) < 0.1).mean()
    return (y_hat.argmax(axis=1) == target.argmax(axis=1)).mean()


# %%
import time

from tqdm import tqdm

# %%
def run_task(draw, length, updates):
    """A row of the table for each of the five networks"""
    rows, features = [], draw(2, seed=0)[0].shape[2]
    for kind, units in tqdm(networks(features), desc=draw.__name__):
        rng = np.random.default_rng(SEED)
        cell = KINDS[kind].init(features, units, seed=rng, dtype=np.float32)
        for memory in {"b_f", "b_xz"} & set(cell.parameters()):
            getattr(cell, memory)[:] = np.log(length - 1)
        start = time.process_time()
        weights = train(cell, draw, updates, rng)
        seconds = time.process_time() - start
        rows.append({"task": draw.__name__, "network": kind, "units": units,
                     "parameters": size(kind, features, units),
                     "accuracy": accuracy(cell, weights, draw), "CPU seconds": seconds})
    return rows


# %%
rows = run_task(recall, length=20, updates=130)
rows += run_task(adding, length=16, updates=220)
rows += run_task(although, length=15, updates=120)
found = {(row["task"], row["network"], row["units"] > 16): row["accuracy"] for row in rows}
claim("recall: share of right answers, GRU of 16 units", found["recall", "GRU", False], at_least=0.9)
claim("recall: share of right answers, LSTM of 16 units", found["recall", "LSTM", False], at_least=0.9)
claim("adding: share of right answers, GRU of 16 units", found["adding", "GRU", False], at_least=0.7)
claim("adding: share of right answers, the better simple RNN",
      max(found["adding", "SimpleRNN", wider] for wider in (False, True)), at_most=0.35)

# %% [markdown]
# The table with all of them follows in section 9.

# %% [markdown]
# ## 8 · Reviews
#
# Now language, and Keras. The networks read the last words of a review, through an embedding that is trained with them. `mask_zero=True` tells the recurrent layer to carry its state
# unchanged over the padding (lesson 09 has more on masks).

# %%
from course_utils.text import tokenize
from course_utils.training import ProgressBar

chosen = np.random.default_rng(SEED).permutation(len(data.train))[: SIZES["reviews"]]
train_words = [tokenize(data.train.texts[i])[-SIZES["words"]:] for i in chosen]
train_labels = data.train.labels[chosen]  # (reviews,)
vocabulary = Vocabulary.from_documents(train_words, size=SIZES["vocabulary"])


def ids_of(documents):
    """Ids (documents, words), zeros after the end of short texts"""
    ids = [vocabulary.encode(words) for words in documents]
    return keras.utils.pad_sequences(ids, SIZES["words"], padding="post")


train_ids = ids_of(train_words)  # (reviews, words)
test_ids = ids_of([tokenize(text)[-SIZES["words"]:] for text in data.test.texts])

# %% [markdown]
# All five networks get the same reviews, the same number of updates and the same optimiser. The first epoch also builds the graph, so only the others are timed.

# %%
def new_reader(kind, units):
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([
        keras.Input((SIZES["words"],)),
        keras.layers.Embedding(len(vocabulary), 16, mask_zero=True),  # (batch, time, 16)
        getattr(keras.layers, kind)(units),  # (batch, units)
        keras.layers.Dense(1, activation="sigmoid"),  # (batch, 1)
    ])
    optimizer = keras.optimizers.Adam(0.01, clipnorm=1.0)
    model.compile(optimizer, "binary_crossentropy")
    optimizer.build(model.trainable_variables)  # spares the graph from being made twice
    return model

# %%
def train_reader(kind, units):
    model = new_reader(kind, units)
    fit = {"batch_size": 64, "verbose": 0, "callbacks": [ProgressBar()]}
    model.fit(train_ids, train_labels, epochs=1, **fit)
    start = time.process_time()
    model.fit(train_ids, train_labels, epochs=SIZES["epochs"] - 1, **fit)
    return model, time.process_time() - start

# %%
readers = {}
for kind, units in networks(features=16):
    model, seconds = train_reader(kind, units)
    praise = model(test_ids).numpy()[:, 0]  # (reviews,)
    readers[kind, units > 16] = model
    rows.append({"task": "reviews", "network": kind, "units": units,
                 "parameters": model.layers[1].count_params(),
                 "accuracy": ((praise > 0.5) == data.test.labels).mean(),
                 "CPU seconds": seconds})

# %% [markdown]
# ## 9 · The table
#
# The table is of one seed; section 11 has three. All settings were fixed before and nothing is chosen by these scores, so we may look at the test reviews. *Parameters* counts the recurrent layer alone.
#
# The seconds are those that the processor worked on the training; what other programs did meanwhile does not count. The seconds can be compared within a task only: the made tasks ran in NumPy, the
# reviews in Keras, with other numbers of updates.

# %%
tables.table("SimpleRNN, LSTM and GRU at equal width and at an equal number of parameters", rows)

# %%
figure, axes = plots.figure(size=(9.2, 3.6))
names = ["recall", "adding", "although", "reviews"]
bars = [("SimpleRNN", False), ("SimpleRNN", True), ("LSTM", False), ("GRU", False), ("GRU", True)]
colours = {"SimpleRNN": plots.SKY, "LSTM": plots.ORANGE, "GRU": plots.BLUE}
found = {(row["task"], row["network"], row["units"] > 16): row["accuracy"] for row in rows}
for k, (kind, wider) in enumerate(bars):
    heights = [found[name, kind, wider] for name in names]
    axes.bar(np.arange(4) + 0.17 * (k - 2), heights, width=0.15, color=colours[kind],
             edgecolor="black", linewidth=0.6, hatch="///" if wider else None,
             label=f"{kind}, {'as many parameters as the LSTM' if wider else '16 units'}")
axes.set(ylabel="accuracy", ylim=(0, 1.05), xticks=range(4), xticklabels=names,
         title="What each network learned")
axes.legend(frameon=False, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.12))
plots.show(figure,
           alt="""Groups of five bars of accuracy for the tasks recall, adding, although and
                reviews: two simple RNNs, the LSTM and two GRUs. On adding and on the
                reviews the simple RNNs are far below the others. LSTM and GRU are close to
                each other on the reviews.""")

# %%
gated = min(found["reviews", "LSTM", False], found["reviews", "GRU", False])
simple = max(found["reviews", "SimpleRNN", wider] for wider in (False, True))
claim("reviews: the weaker of LSTM and GRU is ahead of the better simple RNN by",
      gated - simple, at_least=0.04)
claim("reviews: LSTM and GRU, both of 16 units, differ by",
      abs(found["reviews", "LSTM", False] - found["reviews", "GRU", False]), at_most=0.08)

# %% [markdown]
# Read the table by task.
#
# - **recall** and **although** are within reach of all. On lags as short as these a simple RNN with orthogonal weights can do it too. Whoever compares networks on an easy task learns nothing about the
#   networks.
# - **adding** tells them apart. Whoever always answers 1 is within 0.1 in 19 of 100 cases, and a simple RNN, of either width, hardly does better. The GRU of 16 units learns it in the updates it is given, and the LSTM is behind it. The wider GRU stands between them,
#   so part of the difference is not the cell but the start and the step size. Whether more updates would close the gap we did not ask.
# - On the **reviews** both gated networks are well ahead of the simple RNN, and a wider simple RNN does not catch up: it is not the parameters that it lacks. Between LSTM and GRU the difference is far smaller.
#   On the sample the GRU is a little ahead in the run above; on the real reviews (section 11) nothing is left of that.
#
# That agrees with what has been found on larger data. Chung and others (2014) saw both gated units clearly ahead of the simple one and neither of them ahead of the other throughout; Jozefowicz
# and others (2015) compared thousands of variants and saw the GRU ahead on most of their tasks, though not in language modelling, and the gap to the LSTM closed once the forget bias started at 1. There
# is no winner to learn by heart. Try both on a validation split, from several seeds.
#
# ### A quarter fewer parameters: a quarter less time?
#
# At equal width the GRU has three sets of weights for the LSTM's four (a little more than three quarters of the parameters, because of the second bias). A benchmark in which all layers take turns measured this for larger layers
# in Keras (`benchmarks/cells.py`; the numbers come from its record, not from your machine):

# %% tags=["recorded"]
speed = tables.benchmark("cells", "One training step, 32 sequences of 80 words, 64 units")
by_batch = tables.benchmark("cells", "Time per sequence, as a multiple of that at 32 a batch")
claim("on record: a training step of the GRU, in steps of the LSTM",
      speed.values("times LSTM")[2], at_least=0.9)
claim("on record: a GRU step with 512 sequences, in steps with 32",
      16 * by_batch.values("GRU")[-1], at_most=8)
speed

# %% [markdown]
# A quarter fewer parameters, and no time saved: the GRU's step takes at least as long as the LSTM's. (The two columns of ratios compare times of the same round and give the median, so they differ a little from the ratios of the first column.)
#
# In layers this small, a CPU spends most of the time on starting operations, one after the other, step after step: sixteen times as many sequences in a batch take about four times as long. And a GRU step has no fewer operations than an LSTM step.
#
# Fewer parameters mean a smaller file and less to learn from few examples; whether they also mean less time, only a clock can tell.

# %% [markdown]
# ## 10 · Gates over a real sentence
#
# What do two gates do with language? We take the GRU of 16 units from section 8, with its weights in a NumPy cell, and read the two sentences of lesson 06.

# %%
model = readers["GRU", False]
E_words, (W_y, b_y) = model.layers[0].get_weights()[0], model.layers[2].get_weights()
reading_cell = cells.from_keras(model.layers[1])


def read(text):
    """The run of the cell over a text, and the probability of praise (time,) after each word"""
    x = E_words[vocabulary.encode(tokenize(text))][None]  # (1, time, 16)
    run = cells.forward(reading_cell, x)
    return run, sigmoid(run.outputs @ W_y + b_y)[0, :, 0]


TRACES = {"z": ("update gate $z_t$: bright keeps", "cividis", 0),
          "r": ("reset gate $r_t$: bright reads the past", "cividis", 0),
          "h": ("state $h_t$", "PuOr", -1)}

# %%
def draw_gates(texts):
    figure, grid = plots.figure(4, len(texts), size=(9.4, 8.6), sharex="col", sharey="row")
    for column, text in zip(grid.T, texts):
        run, praise = read(text)
        for row, axes, (name, (title, colours, low)) in zip(grid, column, TRACES.items()):
            image = axes.imshow(run.trace(name)[0].T, cmap=colours, vmin=low, vmax=1,
                                aspect="auto")
            axes.set(title=title, ylabel="unit")
            if axes is row[-1]:
                figure.colorbar(image, ax=row)
        column[3].plot(praise, "o-", color=plots.RED)
        column[3].set(title="probability of praise", ylim=(-0.05, 1.05))
        column[3].set_xticks(range(len(praise)), tokenize(text), rotation=70)
    return figure

# %%
pair = ["They promised me a mess. They gave me a classic.",
        "They promised me a classic. They gave me a mess."]
plots.show(draw_gates(pair),
           alt="""Two columns, one for each of two sentences with the same words in another order.
                Grids show the update gate, the reset gate and the state of 16 units at each
                word, and a line the probability of praise after each word.""")

# %% [markdown]
# Compare the two grids of gates with the state below. Where a unit's update gate is bright at a word, its state looks as it did one word before; where it is dark, the state is
# written anew. In the run stored here, *classic* as the fifth word finds most update gates bright, and the answer hardly moves; as the last word it finds many of them dark, and the answer turns round. The same word can do different things: the gates see $h_{t-1}$ too.
#
# Two sentences prove little. Over the test split we measure how far the state moves at a word, $\lVert h_t - h_{t-1} \rVert$, and at which words it moves most.

# %%
ids = test_ids[:1000]  # (reviews, words)
run = cells.forward(reading_cell, E_words[ids], mask=ids > 0)
h = np.concatenate([np.zeros((len(ids), 1, 16)), run.outputs], axis=1)  # h_0 = 0 first
moved = np.linalg.norm(np.diff(h, axis=1), axis=2)  # (reviews, words)
counts = np.bincount(ids[ids > 0], minlength=len(vocabulary))  # (V,)
mean_move = np.bincount(ids.ravel(), moved.ravel(), len(vocabulary)) / np.maximum(counts, 1)
known = np.arange(1, len(vocabulary.words))  # neither padding nor words unknown
frequent = known[counts[known] >= 25]
by_move = frequent[np.argsort(mean_move[frequent])]  # ids, from still to moving

# %%
figure, all_axes = plots.figure(1, 2, size=(9.2, 3.8), sharex=True)
ends = {"where the state moves most": by_move[-14:], "… and least": by_move[:14]}
for axes, (title, ends_ids), colour in zip(all_axes, ends.items(), (plots.BLUE, plots.SKY)):
    axes.barh(vocabulary.decode(ends_ids), mean_move[ends_ids], color=colour)
    axes.set(title=title, xlabel=r"mean of $\|h_t - h_{t-1}\|$")
plots.show(figure,
           alt="""Two bar charts of words by how far the state moves when they are read. In the
                first stand words of opinion, in the second, with much shorter bars, words
                that tell neither praise nor blame.""")

# %% [markdown]
# Nobody told the network which words carry an opinion. It learned to move little at the others. (In the run stored here nearly all of the words on the left are praise; why blame moves the state less, we have not asked.) To put a number to it we need a list of opinion words that does not come
# from the network: the words whose reviews in the *training* split are most often of one label. Beside them stand the commonest words of all.

# %%
n_in, n_praise = (np.zeros(len(vocabulary)) for _ in range(2))
for words, label in zip(train_words, train_labels):
    kinds = np.unique(vocabulary.encode(words))  # each word once a review
    n_in[kinds] += 1
    n_praise[kinds] += label
share = (n_praise + 1) / (n_in + 2)  # (V,): of the reviews with the word, how many praise
enough = known[(n_in[known] >= 30) & (counts[known] > 0)]
opinions = enough[np.argsort(-abs(share[enough] - 0.5))][:40]
commonest = known[:40]


def mean_over(words):
    return np.average(mean_move[words], weights=counts[words])


claim("at words of opinion the state moves farther than at the commonest words, this many times",
      mean_over(opinions) / mean_over(commonest), at_least=1.5)

# %% [markdown]
# The grids show all words at once. To follow a single step through both gates, we take one word apart, the last: what the reset gate lets the candidate read, the candidate, how much the update
# gate keeps, and the state that comes out.

# %%
words = tokenize(pair[0])
run, praise = read(pair[0])
h_all = np.concatenate([np.zeros((1, 16)), run.outputs[0]])  # (time + 1, 16): h_0 first
PARTS = {"r": ("reset $r_t$", plots.PURPLE), "h_tilde": (r"candidate $\tilde h_t$", plots.GREEN),
         "z": ("update $z_t$", plots.BLUE), "h": ("state $h_t$", plots.ORANGE)}

# %%
def show_step(t):
    """What the t-th word does: reset gate, candidate, update gate, new state, unit by unit"""
    figure, (top, *rows) = plots.figure(5, 1, size=(9.4, 7.2), height_ratios=[1.7, 1, 1, 1, 1])
    plots.unrolled(top, words, now=t)
    top.set_title(f"Step {t}, “{words[t - 1]}”: probability of praise {praise[t - 1]:.2f}")
    for axes, (name, (label, colour)) in zip(rows, PARTS.items()):
        axes.bar(range(16), run.trace(name)[0, t - 1], color=colour)
        axes.set(ylabel=label, ylim=(0, 1.05) if name in "rz" else (-1.05, 1.05))
    rows[3].plot(range(16), h_all[t - 1], "_k", markersize=16, label="before: $h_{t-1}$")
    rows[3].legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 0.95))
    rows[3].set_xlabel("unit")
    plots.show(figure, alt=f"""The unrolled network over '{" ".join(words)}' with step {t} marked.
        Below it four rows of bars for the 16 units: reset gate, candidate, update gate, and
        the new state, with a dash where the state was before.""")


show_step(len(words))

# %% [markdown]
# Go down one column. Where the update gate's bar is high, the orange bar ends at the dash: kept. Where it is low, the orange bar follows the green one: written. The reset gate does not show in the
# state directly; it decided what the green bar was made from. In JupyterLab the next cell has a slider for the step; on paper the grids above say the same for all steps.

# %%
plots.interact(show_step, t=(1, len(words)))

# %%
r, z = (run.trace(name)[0] for name in "rz")  # each (time, 16)
mixed = z * h_all[:-1] + (1 - z) * run.trace("h_tilde")[0]  # (time, 16)
claim("kept and written add up to the new state at every step (largest difference)",
      abs(mixed - h_all[1:]).max(), at_most=1e-6)

# %% [markdown]
# ## 11 · The same comparison on IMDB
#
# The table below was not computed on your machine. It comes from the record of runs of this notebook with the real reviews: a part of the training split, longer texts, three seeds. `make data
# DATASETS=imdb_reviews` fetches the data, and this notebook uses them at its next run.

# %% tags=["recorded"]
TITLE = "SimpleRNN, LSTM and GRU at equal width and at an equal number of parameters"
tables.recorded("07_gru", TITLE)

# %% [markdown]
# The made tasks stand in the table again, now with three seeds. On the reviews the picture is the sample's, at another height: both gated networks are ahead of the simple RNN, at
# equal width and at an equal number of parameters, and what lies between LSTM and GRU is about as large as what lies between two seeds.

# %% [markdown]
# ## Exercises

# %% [raw]
# # BEGIN QUESTION
# name: which_way
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** A unit holds $h_{t-1} = 0.8$, its candidate is $\tilde h_t = -0.4$, and the update gate of a formula gives 0.75. What is $h_t$ if the formula is from Keras, and what
# if it is from Chung and others (2014)? Do it in your head and write two numbers.
#
# <details><summary>Hint 1</summary>In Keras the gate's value is the share of the old state.</details>
# <details><summary>Hint 2</summary>The candidate is negative: what is written pulls the state down.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
h_keras = 0.5  # SOLUTION
h_chung = -0.1  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the two conventions are swapped"
h_keras = -0.1
h_chung = 0.5

# %% tags=["wrong"] message="the candidate is negative"
h_keras = 0.7
h_chung = 0.5

# %% tags=["wrong"] message="a weighted mean"
h_keras = 0.2
h_chung = -0.1

# %% [raw]
# # BEGIN TESTS

# %%
def test_which_way(h_keras, h_chung):
    for name, value in {"h_keras": h_keras, "h_chung": h_chung}.items():
        assert isinstance(value, int | float), f"{name} is {value!r}, it must be a number"
    swapped = abs(h_keras + 0.1) < 1e-9 and abs(h_chung - 0.5) < 1e-9
    assert not swapped, "the two conventions are swapped: in Keras 0.75 of the old state is kept"
    assert abs(h_keras - 0.7) > 1e-9, "you gave 0.7 for Keras: the candidate is negative, its share has to be subtracted"
    assert abs(h_keras - 0.2) > 1e-9, "you gave 0.2 for Keras: the state is a weighted mean, so old and new have shares that add up to 1"
    assert abs(h_keras - 0.5) < 1e-9, f"you gave {h_keras} for Keras: take 0.75 of the old state and 0.25 of the candidate"
    assert abs(h_chung + 0.1) < 1e-9, f"you gave {h_chung} for Chung and others: there 0.75 is the share of the candidate"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: gru_parameters
# points: 1

# %% [markdown]
# **Exercise 2.** Write `gru_parameters(features, units, reset_after=True)`: how many numbers does `keras.layers.GRU` learn, in either form? The check compares with
# Keras's own count.
#
# <details><summary>Hint 1</summary>Count one part first: $W_x$, $W_h$ and its biases. How many parts are there?</details>
# <details><summary>Hint 2</summary>The two forms differ in their biases only; see their shapes in section 4.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def gru_parameters(features, units, reset_after=True):
    """Number of weights and biases of a GRU layer."""
    # BEGIN SOLUTION
    biases = 2 if reset_after else 1
    return 3 * (features * units + units * units + biases * units)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="two biases"
def gru_parameters(features, units, reset_after=True):
    return 3 * (features * units + units * units + units)

# %% tags=["wrong"] message="that is the LSTM"
def gru_parameters(features, units, reset_after=True):
    return 4 * (features * units + units * units + units)

# %% tags=["wrong"] message="the candidate has weights too"
def gru_parameters(features, units, reset_after=True):
    return 2 * (features * units + units * units + (2 if reset_after else 1) * units)

# %% tags=["wrong"] message="reset_after=False"
def gru_parameters(features, units, reset_after=True):
    return 3 * (features * units + units * units + 2 * units)

# %% [raw]
# # BEGIN TESTS

# %%
def test_gru_parameters(gru_parameters):
    got = gru_parameters(3, 5)
    assert got is not None, "the function gives None: does it return the number?"
    assert got != 180, "for 3 features and 5 units you gave 180, four parts: that is the LSTM, the GRU has three"
    assert got != 100, "for 3 features and 5 units you gave 100, two parts: the candidate has weights too"
    assert got != 135, "for 3 features and 5 units you gave 135: with reset_after=True each part has two biases"
    import keras

    for reset_after in (True, False):
        layer = keras.layers.GRU(5, reset_after=reset_after)
        layer.build((None, None, 3))
        got = gru_parameters(3, 5, reset_after=reset_after)
        assert got == layer.count_params(), f"for 3 features, 5 units and reset_after={reset_after} you gave {got}, Keras counts {layer.count_params()}"
    assert gru_parameters(128, 64) == 37248, f"for 128 features and 64 units you gave {gru_parameters(128, 64)}, it should be 37248"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_gru_parameters_hidden(gru_parameters):
    for d, u in ((7, 2), (1, 1), (50, 100)):
        assert gru_parameters(d, u) == 3 * (d + u + 2) * u, f"not right for {d} features and {u} units"
        assert gru_parameters(d, u, reset_after=False) == 3 * (d + u + 1) * u, f"not right for {d}, {u} and reset_after=False"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: remember
# points: 1

# %% [markdown]
# **Exercise 3.** Write `remember(bias, n)`. It gets the bias array of a Keras GRU, shape (2, 3 · units), and returns a *copy* in which, as long as the weights are small, every unit's update gate is
# $1 - 1/n$, a memory of about $n$ steps. The biases of the reset gate and of the candidate stay as they are.
#
# <details><summary>Hint 1</summary>$\sigma(b) = 1 - 1/n$ for $b = \ln(n - 1)$. Keras's order of the parts is z, r, h.</details>
# <details><summary>Hint 2</summary>Both rows of the array act on the update gate. What counts is their sum.</details>
# <details><summary>Hint 3</summary><code>bias.copy()</code>; the number of units is <code>bias.shape[1] // 3</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def remember(bias, n):
    """A copy of a GRU's bias (2, 3 · units), with update gates for a memory of `n` steps."""
    # BEGIN SOLUTION
    units = bias.shape[1] // 3
    bias = bias.copy()
    bias[0, :units] = np.log(n - 1)
    bias[1, :units] = 0
    return bias
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="twice"
def remember(bias, n):
    bias = bias.copy()
    bias[:, : bias.shape[1] // 3] = np.log(n - 1)
    return bias

# %% tags=["wrong"] message="the reset gate"
def remember(bias, n):
    units = bias.shape[1] // 3
    bias = bias.copy()
    bias[0, units : 2 * units] = np.log(n - 1)
    bias[1, units : 2 * units] = 0
    return bias

# %% tags=["wrong"] message="opposite sense"
def remember(bias, n):
    units = bias.shape[1] // 3
    bias = bias.copy()
    bias[0, :units] = -np.log(n - 1)
    bias[1, :units] = 0
    return bias

# %% tags=["wrong"] message="must stay as it was"
def remember(bias, n):
    units = bias.shape[1] // 3
    bias[0, :units] = np.log(n - 1)
    bias[1, :units] = 0
    return bias

# %% [raw]
# # BEGIN TESTS

# %%
def test_remember(remember):
    import numpy as np

    bias = np.arange(24.0).reshape(2, 12) / 10  # 4 units
    before = bias.copy()
    got = remember(bias, 10)
    assert got is not None, "the function gives None: does it return the new array?"
    assert np.array_equal(bias, before), "the array that was given must stay as it was: work on a copy"
    assert np.shape(got) == (2, 12), f"the new array has shape {np.shape(got)}, it must be (2, 12) as before"
    assert np.array_equal(got[:, 8:], before[:, 8:]), "the candidate's biases, the last third, must not change"
    assert np.array_equal(got[:, 4:8], before[:, 4:8]), "the second third belongs to the reset gate and must not change: the order is z, r, h"
    gate = 1 / (1 + np.exp(-got[:, :4].sum(axis=0)))
    assert not np.allclose(gate, 1 / (1 + 81.0**-1)), "the bias acts twice, once from each row: their sum must be ln(n - 1)"
    assert not np.allclose(gate, 0.1), "your update gate is 0.1 for n = 10, the opposite sense: in Keras 1 keeps"
    assert np.allclose(gate, 0.9), f"for n = 10 the update gate is {np.round(gate, 3)}, it should be 0.9: what counts is the sum of the two rows"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_remember_hidden(remember):
    import numpy as np

    for units, n in ((7, 4), (1, 50)):
        bias = np.random.default_rng(n).normal(size=(2, 3 * units))
        given = bias.copy()
        got = remember(given, n)
        assert np.array_equal(given, bias), "the given array was changed"
        assert np.array_equal(got[:, units:], bias[:, units:]), f"other biases than the update gate's were changed, of {units} units"
        assert np.allclose(got[:, :units].sum(axis=0), np.log(n - 1)), f"the update gate, for n = {n} and {units} units"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: reset_before
# points: 2

# %% [markdown]
# **Exercise 4.** Write a step of the published form from Keras's own arrays: `step_before(x_t, h_prev, kernel, recurrent_kernel, bias)` with `kernel` (features, 3 · units), `recurrent_kernel` (units,
# 3 · units) and `bias` (3 · units,), the weights of `keras.layers.GRU(units, reset_after=False)`. It returns $h_t$.
#
# <details><summary>Hint 1</summary><code>np.split(array, 3, axis=1)</code> cuts a wide matrix into its three parts; the order is z, r, h.</details>
# <details><summary>Hint 2</summary>$x_t$ can meet its wide matrix at once. $h_{t-1}$ cannot: the candidate's product has to wait for $r_t$.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def step_before(x_t, h_prev, kernel, recurrent_kernel, bias):
    """h_t (batch, units) of a GRU that resets before the product."""
    # BEGIN SOLUTION
    x_z, x_r, x_h = np.split(x_t @ kernel + bias, 3, axis=1)
    W_hz, W_hr, W_hh = np.split(recurrent_kernel, 3, axis=1)
    z_t = sigmoid(x_z + h_prev @ W_hz)
    r_t = sigmoid(x_r + h_prev @ W_hr)
    h_tilde = np.tanh(x_h + (r_t * h_prev) @ W_hh)
    return z_t * h_prev + (1 - z_t) * h_tilde
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="after the product"
def step_before(x_t, h_prev, kernel, recurrent_kernel, bias):
    x_z, x_r, x_h = np.split(x_t @ kernel + bias, 3, axis=1)
    h_z, h_r, h_h = np.split(h_prev @ recurrent_kernel, 3, axis=1)
    z_t, r_t = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    return z_t * h_prev + (1 - z_t) * np.tanh(x_h + r_t * h_h)

# %% tags=["wrong"] message="the order is z, r, h"
def step_before(x_t, h_prev, kernel, recurrent_kernel, bias):
    x_r, x_z, x_h = np.split(x_t @ kernel + bias, 3, axis=1)
    W_hr, W_hz, W_hh = np.split(recurrent_kernel, 3, axis=1)
    z_t, r_t = sigmoid(x_z + h_prev @ W_hz), sigmoid(x_r + h_prev @ W_hr)
    return z_t * h_prev + (1 - z_t) * np.tanh(x_h + (r_t * h_prev) @ W_hh)

# %% tags=["wrong"] message="1 keeps"
def step_before(x_t, h_prev, kernel, recurrent_kernel, bias):
    x_z, x_r, x_h = np.split(x_t @ kernel + bias, 3, axis=1)
    W_hz, W_hr, W_hh = np.split(recurrent_kernel, 3, axis=1)
    z_t, r_t = sigmoid(x_z + h_prev @ W_hz), sigmoid(x_r + h_prev @ W_hr)
    return (1 - z_t) * h_prev + z_t * np.tanh(x_h + (r_t * h_prev) @ W_hh)

# %% [raw]
# # BEGIN TESTS

# %%
def test_reset_before(step_before):
    import numpy as np

    from course_utils import cells

    rng = np.random.default_rng(2)
    kernel, recurrent_kernel, bias = rng.normal(size=(3, 12)), rng.normal(size=(4, 12)), rng.normal(size=12)
    x_t, h_prev = rng.normal(size=(2, 3)), rng.uniform(-1, 1, size=(2, 4))
    got = step_before(x_t, h_prev, kernel, recurrent_kernel, bias)
    assert got is not None, "the function gives None: does it return h_t?"
    assert np.shape(got) == (2, 4), f"h_t has shape {np.shape(got)}, it must be (batch, units) = (2, 4)"
    cell = cells.GRUResetBefore.from_blocks(kernel, recurrent_kernel, bias)
    (right,), inside = cell.step(x_t, (h_prev,))
    after = cells.GRU.from_blocks(kernel, recurrent_kernel, np.stack([bias, 0 * bias]))
    assert not np.allclose(got, after.step(x_t, (h_prev,))[0][0]), "your gate acts after the product: reset h_prev first, then multiply"
    order = np.r_[4:8, 0:4, 8:12]
    swapped = cells.GRUResetBefore.from_blocks(kernel[:, order], recurrent_kernel[:, order], bias[order])
    assert not np.allclose(got, swapped.step(x_t, (h_prev,))[0][0]), "the gates are mixed up: the order is z, r, h"
    turned = (1 - inside.z) * h_prev + inside.z * inside.h_tilde
    assert not np.allclose(got, turned), "the update gate is the wrong way round: in Keras 1 keeps the old state"
    assert np.allclose(got, right), f"in the first row h_t is {np.round(got[0], 3)}, it should be {np.round(right[0], 3)}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_reset_before_hidden(step_before):
    import numpy as np

    rng = np.random.default_rng(8)
    kernel, recurrent_kernel, bias = rng.normal(size=(2, 15)), rng.normal(size=(5, 15)), rng.normal(size=15)
    x_t, h_prev = rng.normal(size=(3, 2)), rng.normal(size=(3, 5))
    x = x_t @ kernel + bias
    z, r = (1 / (1 + np.exp(-(x[:, part] + h_prev @ recurrent_kernel[:, part]))) for part in (slice(0, 5), slice(5, 10)))
    new = np.tanh(x[:, 10:] + (r * h_prev) @ recurrent_kernel[:, 10:])
    got = step_before(x_t, h_prev, kernel, recurrent_kernel, bias)
    assert np.allclose(got, z * h_prev + (1 - z) * new, atol=1e-6), "not right for three sequences and five units"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: backward
# points: 3

# %% [markdown]
# **Exercise 5, a stretch: the way back.** Given $\partial L/\partial h_t$, what is $\partial L/\partial h_{t-1}$, for the published form of section 3? The old state acts in four ways: along the belt, through the update
# gate, through the candidate, and through the reset gate. Complete `d_h_prev_of(d_h, x_t, h_prev, w)`; `w` is a dictionary of the weights `"W_xz"`, `"W_hz"`, `"b_z"` and likewise for r and h. The check compares with finite
# differences, and tells you which of the four ways is missing.
#
# <details><summary>Hint 1</summary>Begin with the forward lines, to have $z_t$, $r_t$ and $\tilde h_t$. Then go back from the end: $h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t$ contains three things that depend on $h_{t-1}$: $z_t$, $\tilde h_t$, and $h_{t-1}$ itself.</details>
# <details><summary>Hint 2</summary>Call $a_z$, $a_r$, $a_h$ what stands inside of the sigmoids and the tanh. $\partial L/\partial a_h = \partial L/\partial h_t \odot (1 - z_t) \odot (1 - \tilde h_t^2)$ and $\partial L/\partial a_z = \partial L/\partial h_t \odot (h_{t-1} - \tilde h_t) \odot z_t \odot (1 - z_t)$.</details>
# <details><summary>Hint 3</summary>Let $s = r_t \odot h_{t-1}$. From $a_h = \dots + s W_{hh}$ follows $\partial L/\partial s = \partial L/\partial a_h\, W_{hh}^\top$. The product $s$ passes it on to both of its factors.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def d_h_prev_of(d_h, x_t, h_prev, w):
    """dL/dh_prev (batch, units) from d_h = dL/dh_t (batch, units)."""
    # BEGIN SOLUTION
    z_t = sigmoid(x_t @ w["W_xz"] + h_prev @ w["W_hz"] + w["b_z"])
    r_t = sigmoid(x_t @ w["W_xr"] + h_prev @ w["W_hr"] + w["b_r"])
    h_tilde = np.tanh(x_t @ w["W_xh"] + (r_t * h_prev) @ w["W_hh"] + w["b_h"])
    d_a_z = d_h * (h_prev - h_tilde) * z_t * (1 - z_t)
    d_s = (d_h * (1 - z_t) * (1 - h_tilde**2)) @ w["W_hh"].T  # s = r_t * h_prev
    d_a_r = d_s * h_prev * r_t * (1 - r_t)
    return d_h * z_t + d_a_z @ w["W_hz"].T + d_s * r_t + d_a_r @ w["W_hr"].T
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="along the belt only"
def d_h_prev_of(d_h, x_t, h_prev, w):
    return d_h * sigmoid(x_t @ w["W_xz"] + h_prev @ w["W_hz"] + w["b_z"])

# %% tags=["wrong"] message="through the reset gate is missing"
def d_h_prev_of(d_h, x_t, h_prev, w):
    z_t = sigmoid(x_t @ w["W_xz"] + h_prev @ w["W_hz"] + w["b_z"])
    r_t = sigmoid(x_t @ w["W_xr"] + h_prev @ w["W_hr"] + w["b_r"])
    h_tilde = np.tanh(x_t @ w["W_xh"] + (r_t * h_prev) @ w["W_hh"] + w["b_h"])
    d_a_z = d_h * (h_prev - h_tilde) * z_t * (1 - z_t)
    d_s = (d_h * (1 - z_t) * (1 - h_tilde**2)) @ w["W_hh"].T
    return d_h * z_t + d_a_z @ w["W_hz"].T + d_s * r_t

# %% tags=["wrong"] message="through the update gate is missing"
def d_h_prev_of(d_h, x_t, h_prev, w):
    z_t = sigmoid(x_t @ w["W_xz"] + h_prev @ w["W_hz"] + w["b_z"])
    r_t = sigmoid(x_t @ w["W_xr"] + h_prev @ w["W_hr"] + w["b_r"])
    h_tilde = np.tanh(x_t @ w["W_xh"] + (r_t * h_prev) @ w["W_hh"] + w["b_h"])
    d_s = (d_h * (1 - z_t) * (1 - h_tilde**2)) @ w["W_hh"].T
    d_a_r = d_s * h_prev * r_t * (1 - r_t)
    return d_h * z_t + d_s * r_t + d_a_r @ w["W_hr"].T

# %% tags=["wrong"] message="every matrix is transposed"
def d_h_prev_of(d_h, x_t, h_prev, w):
    z_t = sigmoid(x_t @ w["W_xz"] + h_prev @ w["W_hz"] + w["b_z"])
    r_t = sigmoid(x_t @ w["W_xr"] + h_prev @ w["W_hr"] + w["b_r"])
    h_tilde = np.tanh(x_t @ w["W_xh"] + (r_t * h_prev) @ w["W_hh"] + w["b_h"])
    d_a_z = d_h * (h_prev - h_tilde) * z_t * (1 - z_t)
    d_s = (d_h * (1 - z_t) * (1 - h_tilde**2)) @ w["W_hh"]
    d_a_r = d_s * h_prev * r_t * (1 - r_t)
    return d_h * z_t + d_a_z @ w["W_hz"] + d_s * r_t + d_a_r @ w["W_hr"]

# %% tags=["wrong"] message="as if nothing were reset"
def d_h_prev_of(d_h, x_t, h_prev, w):
    z_t = sigmoid(x_t @ w["W_xz"] + h_prev @ w["W_hz"] + w["b_z"])
    r_t = sigmoid(x_t @ w["W_xr"] + h_prev @ w["W_hr"] + w["b_r"])
    h_tilde = np.tanh(x_t @ w["W_xh"] + (r_t * h_prev) @ w["W_hh"] + w["b_h"])
    d_a_z = d_h * (h_prev - h_tilde) * z_t * (1 - z_t)
    d_s = (d_h * (1 - z_t) * (1 - h_tilde**2)) @ w["W_hh"].T
    d_a_r = d_s * h_prev * r_t * (1 - r_t)
    return d_h * z_t + d_a_z @ w["W_hz"].T + d_s + d_a_r @ w["W_hr"].T

# %% [raw]
# # BEGIN TESTS

# %%
def test_backward(d_h_prev_of):
    import numpy as np

    from course_utils import cells

    cell = cells.GRUResetBefore.init(features=3, units=4, seed=3)
    w = cell.parameters()
    rng = np.random.default_rng(3)
    for value in w.values():
        value += rng.normal(0, 0.5, value.shape)
    x_t, h_prev, d_h = rng.normal(size=(2, 3)), rng.uniform(-1, 1, (2, 4)), rng.normal(size=(2, 4))
    got = d_h_prev_of(d_h.copy(), x_t, h_prev, w)
    assert got is not None, "the function gives None: does it return the gradient?"
    assert np.shape(got) == (2, 4), f"the gradient has shape {np.shape(got)}, it must be that of h_prev, (2, 4)"
    slope = np.zeros_like(h_prev)
    for place in np.ndindex(h_prev.shape):
        step = np.zeros_like(h_prev)
        step[place] = 1e-6
        up, down = (cell.step(x_t, (h_prev + sign * step,))[0][0] for sign in (1, -1))
        slope[place] = (d_h * (up - down)).sum() / 2e-6
    s = cell.step(x_t, (h_prev,))[1]
    d_s = (d_h * (1 - s.z) * (1 - s.h_tilde**2)) @ w["W_hh"].T
    ways = {
        "through the update gate": (d_h * (h_prev - s.h_tilde) * s.z * (1 - s.z)) @ w["W_hz"].T,
        "through the reset gate": (d_s * h_prev * s.r * (1 - s.r)) @ w["W_hr"].T,
        "through the candidate": d_s * s.r,
        "along the belt": d_h * s.z,
    }
    assert not np.allclose(got, ways["along the belt"], atol=1e-6), "this is the gradient along the belt only: the old state acts in three more ways"
    for way, part in ways.items():
        assert not np.allclose(got, slope - part, atol=1e-6), f"the gradient {way} is missing"
    d_a_z = d_h * (h_prev - s.h_tilde) * s.z * (1 - s.z)
    flat = (d_h * (1 - s.z) * (1 - s.h_tilde**2)) @ w["W_hh"]
    forwards = d_h * s.z + d_a_z @ w["W_hz"] + flat * s.r + (flat * h_prev * s.r * (1 - s.r)) @ w["W_hr"]
    assert not np.allclose(got, forwards, atol=1e-6), "your products go forwards: on the way back every matrix is transposed, as in lesson 05"
    whole = slope - ways["through the candidate"] + d_s
    assert not np.allclose(got, whole, atol=1e-6), "through the candidate you pass the gradient on as if nothing were reset: s is r times h_prev"
    assert np.allclose(got, slope, atol=1e-6), f"in the first row the gradient is {np.round(got[0], 4)}, finite differences give {np.round(slope[0], 4)}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_backward_hidden(d_h_prev_of):
    import numpy as np

    rng = np.random.default_rng(8)
    shapes = {"W_x": (2, 5), "W_h": (5, 5), "b_": (5,)}
    w = {name + gate: rng.normal(size=shape) for name, shape in shapes.items() for gate in "zrh"}
    x_t, h_prev, d_h = (rng.normal(size=(3, n)) for n in (2, 5, 5))

    def loss(h_prev):
        z, r = (1 / (1 + np.exp(-(x_t @ w["W_x" + g] + h_prev @ w["W_h" + g] + w["b_" + g]))) for g in "zr")
        new = np.tanh(x_t @ w["W_xh"] + (r * h_prev) @ w["W_hh"] + w["b_h"])
        return (d_h * (z * h_prev + (1 - z) * new)).sum()

    nudges = 1e-6 * np.eye(15).reshape(15, 3, 5)
    slope = np.reshape([(loss(h_prev + nudge) - loss(h_prev - nudge)) / 2e-6 for nudge in nudges], (3, 5))
    assert np.allclose(d_h_prev_of(d_h.copy(), x_t, h_prev, w), slope, atol=1e-5), "not right for three sequences and five units"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Taking an update gate from a paper without its equation.** In some 1 keeps, in others 1 writes, and a bias with the wrong sign makes a memory of hardly a step.
# - **Loading weights of one form into the other.** The kernels have the same shapes, the biases do not; who reshapes them by hand gets a network that runs and answers something else.
# - **Unpacking three things from `return_state=True`.** An LSTM gives the output, $h_T$ and $c_T$; a GRU has one state and gives the output and $h_T$.
# - **Mistaking the reset gate for a way to forget.** It resets what the candidate reads. The state itself is kept or replaced by $z$ alone.
# - **Leaving the biases at 0 when the lags are long.** Keras does so. Set $b_z$.
# - **Comparing networks by one run, or at equal width only.** Hold fixed what you mean to hold fixed, and take several seeds; a difference that changes its sign with the seed is none.
# - **Counting parameters and speaking of speed.** Measure the time where it will be spent.
#
# ## References
#
# - K. Cho, B. van Merriënboer, Ç. Gülçehre, D. Bahdanau, F. Bougares, H. Schwenk, Y. Bengio (2014). Learning phrase representations using RNN encoder–decoder for
#   statistical machine translation. *EMNLP*. The GRU.
# - J. Chung, Ç. Gülçehre, K. Cho, Y. Bengio (2014). Empirical evaluation of gated recurrent neural networks on sequence modeling. *arXiv:1412.3555*.
# - R. Jozefowicz, W. Zaremba, I. Sutskever (2015). An empirical exploration of recurrent network architectures. *ICML*.
# - K. Greff, R. K. Srivastava, J. Koutník, B. R. Steunebrink, J. Schmidhuber (2017). LSTM: a search space odyssey. *IEEE Transactions on
#   Neural Networks and Learning Systems* 28(10).
# - C. Tallec, Y. Ollivier (2018). Can recurrent neural networks warp time? *ICLR*. The chrono initialisation.

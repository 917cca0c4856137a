# %% [markdown]
# # 05 · Training recurrent networks
#
# At the end of lesson 04 a simple recurrent network learned to remember a symbol over twenty steps, and failed over a hundred, although weights that
# remember exist. So the trouble is in the training. This lesson takes training apart: you will write its gradient by hand, backwards through
# time, check it against TensorFlow's, and then look at what happens to a gradient on its way through a hundred steps. It may die out, it may blow up, and
# one inequality says when it must die out, and when it may blow up. Two remedies follow, clipping and orthogonal weights, and a measurement of what they leave open.
#
# **You will be able to**
#
# 1. derive backpropagation through time with the chain rule, and write it in a few lines of NumPy;
# 2. explain why the gradient of a shared weight is a sum over time, and check a gradient by finite differences;
# 3. bound how a gradient shrinks or grows with the lag, and measure it;
# 4. recognise an exploding gradient in a training curve, and clip it;
# 5. say what orthogonal initial weights help, and how far a simple recurrent network learns to remember.
#
# **Before this lesson:** [lesson 04](04_simple_rnn.ipynb); derivatives and the chain rule. **Time:** about 60 minutes to read and try,
# 40 minutes for the exercises; on two cores all cells run in about
# 20 seconds (`HUBS.md` names the machine that was measured).

# %% [markdown]
# ## Settings

# %%
import os

import keras
import numpy as np
import tensorflow as tf

from course_utils import cells, plots, synthetic
from course_utils.claims import claim

SEED = int(os.environ.get("COURSE_SEED", 0))
keras.utils.set_random_seed(SEED)
rng = np.random.default_rng(SEED)

# %% [markdown]
# ## 1 · The chain rule, one step
#
# The network of lesson 04 computes, for $t = 1, \dots, T$,
#
# $$a_t = x_t W_x + h_{t-1} W_h + b, \qquad h_t = \tanh(a_t),$$
#
# and somewhere at the end a loss $L$, one number. Training needs $\partial L/\partial W_x$, $\partial L/\partial W_h$ and $\partial L/\partial b$: how the loss changes when a weight is nudged.
#
# Take one step by itself, and suppose that somebody tells us $\partial L/\partial h_t$, how the loss changes with the state that comes out. In code we call it `d_h`; every `d_…` is the
# gradient of the loss with respect to the thing it is named after, and has the shape of that thing. Backwards through the two equations:
#
# - through tanh, whose derivative is $1 - \tanh^2$: $\quad \partial L/\partial a_t = \partial L/\partial h_t \odot (1 - h_t^2)$;
# - through the product with $W_h$, to the old state: $\quad \partial L/\partial h_{t-1} = \partial L/\partial a_t\, W_h^\top$;
# - to the weights: $\quad \partial L/\partial W_h = h_{t-1}^\top\, \partial L/\partial a_t$, $\quad \partial L/\partial W_x = x_t^\top\, \partial L/\partial a_t$, and $\partial L/\partial b$ is $\partial L/\partial a_t$ summed over the batch.
#
# Where do the transposes come from? Written out for one sequence, $a_{t,j} = \sum_i h_{t-1,i} W_{h,ij} + \dots$, so $\partial a_{t,j}/\partial h_{t-1,i} = W_{h,ij}$. Unit $i$ of the old state acts on all units $j$, and collects
# $\sum_j \partial L/\partial a_{t,j}\, W_{h,ij}$ from them: a product with $W_h^\top$. In the same way $\partial a_{t,j}/\partial W_{h,ij} = h_{t-1,i}$, so this weight's gradient is $h_{t-1,i}\, \partial L/\partial a_{t,j}$, summed over the batch: a
# product with $h_{t-1}^\top$.

# %%
def step_back(d_h, x_t, h_prev, h_t, W_x, W_h):
    """Gradients of one step, from d_h (batch, units): of the old state, and of W_x, W_h and b."""
    d_a = d_h * (1 - h_t**2)  # (batch, units)
    d_h_prev = d_a @ W_h.T  # (batch, units)
    d_W_x = x_t.T @ d_a  # (features, units)
    d_W_h = h_prev.T @ d_a  # (units, units)
    return d_h_prev, d_W_x, d_W_h, d_a.sum(axis=0)


# %% [markdown]
# ## 2 · All steps: backpropagation through time
#
# Who tells us $\partial L/\partial h_t$? The step after it: what `step_back` returns for the old state is what the step before needs. So one starts at the last state, where the
# loss is, and walks back. This is **backpropagation through time** (Werbos 1990): the ordinary chain rule, on the unrolled network.
#
# One thing is special. All steps share their weights, so a nudge of $W_h$ acts at *every* step, and by the chain rule its effects add up:
#
# $$\frac{\partial L}{\partial W_h} = \sum_{t=1}^{T} h_{t-1}^\top\, \frac{\partial L}{\partial a_t}$$

# %%
def forward(x, W_x, W_h, b):
    """States (time + 1, batch, units) of a simple recurrent network; the first is h_0 = 0."""
    h = [np.zeros((len(x), len(b)))]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_x + h[-1] @ W_h + b))
    return np.stack(h)


def backward(d_h, x, h, W_x, W_h):
    """From d_h = ∂L/∂h_T: gradients of W_x, W_h and b; ∂L/∂h_t at all steps, the last first."""
    totals, d_states = [0, 0, 0], [d_h]
    for t in reversed(range(x.shape[1])):
        d_h, *shares = step_back(d_h, x[:, t], h[t], h[t + 1], W_x, W_h)
        totals = [total + share for total, share in zip(totals, shares)]
        d_states.append(d_h)
    return totals, d_states


# %% [markdown]
# The walk back needs all the states of the way there, so memory grows with the length of the sequence. On very long texts one often stops the walk after $k$ steps and carries only the state on, not the gradient: **truncated**
# backpropagation through time (Williams and Peng 1990). It is cheaper, and nothing from further back than $k$ steps reaches the weights.

# %% [markdown]
# ## 3 · By hand = by TensorFlow
#
# TensorFlow's `GradientTape` records what is computed and applies the chain rule by itself. Both should agree on a small example, with half the squared
# length of the last state as the loss: $L = \tfrac12 \lVert h_T \rVert^2$, so $\partial L/\partial h_T = h_T$.

# %%
batch, time, features, units = 4, 12, 3, 8
x = rng.normal(size=(batch, time, features))
layer = keras.layers.SimpleRNN(units)
layer.build((None, None, features))
W_x, W_h, b = (w.astype(float) for w in layer.get_weights())
h = forward(x, W_x, W_h, b)
by_hand, d_states = backward(h[-1], x, h, W_x, W_h)

# %%
with tf.GradientTape() as tape:
    h_T = layer(x.astype("float32"))  # (batch, units)
    loss = 0.5 * tf.reduce_sum(h_T**2)
by_tape = [g.numpy() for g in tape.gradient(loss, layer.trainable_variables)]
for name, ours, theirs in zip(("W_x", "W_h", "b"), by_hand, by_tape):
    claim(f"gradient of {name}, by hand and by GradientTape: largest difference, relative",
          np.abs(ours - theirs).max() / np.abs(theirs).max(), at_most=1e-4)

# %% [markdown]
# What is left is the rounding of 32-bit numbers. `course_utils.cells` holds the same backward pass for all cells of the course, with checks of the shapes.

# %%
run = cells.forward(cells.SimpleRNN(W_x, W_h, b), x)
from_cells = cells.backward(run, None, d_state=run.state).parameters  # the loss sees h_T only
claim("course_utils.cells gives the same gradient of W_h: largest difference",
      np.abs(from_cells["W_h"] - by_hand[1]).max(), at_most=1e-9)

# %% [markdown]
# And a check that needs no calculus at all: nudge one weight by a little, up and down, and see how the loss changes. These **finite differences** are too slow to train with, two forward passes for every single weight, and
# the best way to find a mistake in a gradient.

# %%
def loss_at(W_h):
    return 0.5 * np.sum(forward(x, W_x, W_h, b)[-1] ** 2)


nudge = np.zeros_like(W_h)
nudge[2, 5] = 1e-5
slope = (loss_at(W_h + nudge) - loss_at(W_h - nudge)) / 2e-5
claim("one entry of the gradient of W_h, by hand and by finite differences: difference",
      abs(slope - by_hand[1][2, 5]), at_most=1e-6)

# %% [markdown]
# ## 4 · The sum over time, term by term
#
# The gradient of $W_h$ is a sum with one term a step. How much does each step contribute? We draw the size of the terms: the root of the sum of the squared entries, which is what we call the norm of a gradient.

# %%
terms = [h[t].T @ (d_states[time - 1 - t] * (1 - h[t + 1] ** 2)) for t in range(time)]
claim("the terms of all steps add up to the gradient of W_h: largest difference",
      np.abs(sum(terms) - by_hand[1]).max(), at_most=1e-9)
sizes = [np.linalg.norm(term) for term in terms]
claim("the last three steps contribute more than the first three, this many times",
      sum(sizes[-3:]) / sum(sizes[:3]), at_least=2)

# %%
figure, axes = plots.figure(size=(6.8, 3.0))
axes.bar(range(1, time + 1), sizes)
axes.set(title="What each step contributes to the gradient of $W_h$", xlabel="step",
         ylabel="norm of its term", xticks=range(1, time + 1))
plots.show(figure, alt="""Bars of the norm of each step's term of the gradient, for twelve
    steps. The terms of the last steps are largest, those of the first steps are small; the very
    first is zero.""")

# %% [markdown]
# The loss stands at the last step, and the last steps get most of the blame. The first term is zero because $h_0 = 0$. If what matters happened at step 2, the network would
# hardly hear of it. How fast does the gradient fade?

# %% [markdown]
# ## 5 · A bound: $\eta^{\,t-k}$
#
# From step $t$ back to step $k$ the gradient is multiplied, once a step, by the same kind of matrix:
#
# $$\frac{\partial h_i}{\partial h_{i-1}} = \operatorname{diag}(1 - h_i^2)\, W_h^\top, \qquad
# \frac{\partial L}{\partial h_k} = \frac{\partial L}{\partial h_t}\; \frac{\partial h_t}{\partial h_{t-1}}\;
# \frac{\partial h_{t-1}}{\partial h_{t-2}} \cdots \frac{\partial h_{k+1}}{\partial h_k}$$
#
# Such a matrix of all partial derivatives is called a **Jacobian**; row $j$, column $k$ holds the derivative of unit $j$ of $h_i$ by unit $k$ of $h_{i-1}$, and a gradient, a row, is multiplied from the left. How much longer can a Jacobian make a vector? Its **norm** is the answer: the largest factor
# by which it stretches any vector, which is its largest singular value. (For every matrix there are perpendicular directions that it turns into perpendicular ones, each stretched by a factor of its own: these factors are its *singular values*. So the norm of a matrix is not the root of its squared entries.) The norm of a product is at most the product of the norms, and no entry of the
# diagonal matrix is above $\gamma = 1$, the steepest slope of tanh. So
#
# $$\left\lVert \prod_{i=k+1}^{t} \frac{\partial h_i}{\partial h_{i-1}} \right\rVert \le \eta^{\,t-k}, \qquad \eta = \gamma\, \lVert W_h \rVert$$
#
# (Pascanu, Mikolov, Bengio 2013; Bengio, Simard, Frasconi 1994). If $\eta < 1$ the gradient **vanishes**: it dies out at least as fast as a geometric
# sequence, whatever the inputs. If $\eta > 1$ the bound allows it to **explode**, and promises nothing. We measure both, with
# $W_h = \eta\, Q$, where $Q$ is **orthogonal**: a matrix that turns vectors and leaves their lengths alone, so its norm is 1.

# %%
def orthogonal(units, rng):
    """A random orthogonal matrix (units, units)."""
    q, r = np.linalg.qr(rng.normal(size=(units, units)))
    return q * np.sign(np.diag(r))  # the signs make all orthogonal matrices equally likely


def jacobians(h, W_h):
    """∂h_T/∂h_{T-lag} (units, units) for lag 0 … T, from one sequence's h (T + 1, 1, units)."""
    J = [np.eye(len(W_h))]
    for h_t in h[:0:-1]:  # h_T, …, h_1
        J.append((J[-1] * (1 - h_t**2)) @ W_h.T)  # times diag(1 − h_t²) W_hᵀ
    return J


# %% [markdown]
# Twice the same weights: once with inputs so small that the states stay near 0, where tanh is steepest, and once with inputs of size 1.

# %%
LAGS = np.arange(61)
Q, W_x, b = orthogonal(32, rng), rng.normal(size=(4, 32)), np.zeros(32)
x = rng.normal(size=(1, 60, 4))  # (1, time, features)
measured = {}
for size in (0.01, 1.0):
    for eta in (0.8, 1.0, 1.1):
        J = jacobians(forward(size * x, W_x, eta * Q, b), eta * Q)
        measured[size, eta] = np.array([np.linalg.norm(j, 2) for j in J])

# %%
figure, panels = plots.figure(1, 2, size=(9.4, 3.8), sharey=True)
for axes, size in zip(panels, (0.01, 1.0)):
    for eta in (1.1, 1.0, 0.8):
        (line,) = axes.semilogy(LAGS, measured[size, eta], label=rf"$\eta$ = {eta}")
        axes.semilogy(LAGS, eta**LAGS, ":", color=line.get_color())
    axes.set(title=f"inputs of size {size:g}", xlabel="lag: steps back in time")
panels[0].set(ylabel="norm of the product (logarithmic)", ylim=(1e-18, 1e4))
panels[1].legend(frameon=False, loc="lower left")
plots.show(figure, alt="""Two panels: the norm of the product of Jacobians against lag, on a
    logarithmic axis, for eta 1.1, 1 and 0.8, each with its bound as a dotted line. With tiny
    inputs one curve grows below its bound, one stays level, one falls along its bound. With
    inputs of size 1 all three fall, far below their bounds.""")

# %%
ratios = [(norms / eta**LAGS)[1:] for (_, eta), norms in measured.items()]  # from lag 1 on
claim("no measured norm is above its bound: largest ratio", np.max(ratios), at_most=1 + 1e-9)
claim("tiny inputs, eta = 0.8: share of the bound that is reached after 60 steps",
      measured[0.01, 0.8][-1] / 0.8**60, at_least=0.8)
claim("tiny inputs, eta = 1.1: growth over 60 steps", measured[0.01, 1.1][-1], at_least=5)
claim("inputs of size 1, eta = 1.1: left after 60 steps", measured[1.0, 1.1][-1], at_most=1e-4)

# %% [markdown]
# On the left the bound is nearly tight for $\eta = 0.8$ and 1: as long as the slopes of tanh are near 1, what happens in a step is what $\eta$ says. With $\eta = 1.1$ the
# states themselves grow on the way, so the slopes at the last steps are lower; further back the curve rises as the bound does.
#
# On the right the bound says little. Inputs of size 1 drive the units towards −1 and 1, where tanh is flat; they **saturate**. Each step multiplies by
# slopes well below $\gamma$, and the gradient vanishes even with $\eta = 1.1$.
#
# So read the bound one way only. *Below 1* it is a promise: the gradient vanishes, for every input. *Above 1* it is a permission: the gradient may explode, may
# vanish, may do one after the other, depending on where the states are. To keep a gradient alive, $\eta \ge 1$ is needed; it does not suffice.

# %% [markdown]
# ## 6 · Explosion is a cliff
#
# What does an exploding gradient do to training? Take the smallest network there is: one unit, no input, $W_h = 1.5$, thirty steps, and only $b$ to be learned. Its last state should be 0.8,
# so the loss is $\tfrac12 (h_T - 0.8)^2$. If $b$ is a little above zero, every step pushes the state further up; if it is a little below, further down. We compute loss and gradient for
# many values of $b$, with the two functions from above.

# %%
def loss_and_slope(b, T=30):
    """Loss and dL/db of one unit without input that should end at 0.8."""
    x, W_x, W_h = np.zeros((1, T, 1)), np.zeros((1, 1)), np.array([[1.5]])
    h = forward(x, W_x, W_h, np.array([b]))  # (time + 1, 1, 1)
    (_, _, d_b), _ = backward(h[-1] - 0.8, x, h, W_x, W_h)
    return 0.5 * (h[-1, 0, 0] - 0.8) ** 2, d_b[0]


biases = np.linspace(-0.05, 0.05, 401)
losses, slopes = np.array([loss_and_slope(bias) for bias in biases]).T

# %%
figure, panels = plots.figure(1, 2, size=(9.4, 3.2))
panels[0].plot(biases, losses)
panels[0].set(title="The loss has a cliff", xlabel="bias $b$", ylabel="loss")
panels[1].semilogy(biases, np.abs(slopes), color=plots.ORANGE)
panels[1].set(title="and on it the gradient explodes", xlabel="bias $b$",
              ylabel="size of the gradient (logarithmic)")
plots.show(figure, alt="""Left, the loss against the bias: a plateau above one for negative
    biases, a vertical drop at zero, a plateau near zero for positive ones. Right, the size of
    the gradient on a logarithmic axis: around one or less on both sides, and a spike
    of many powers of ten at zero.""")
claim("the largest gradient on the cliff", np.abs(slopes).max(), at_least=1e5)
claim("the gradient at both ends of the figure, the larger one",
      np.abs(slopes[[0, -1]]).max(), at_most=1)

# %% [markdown]
# On the cliff a step against the gradient goes the right way, downhill. The gradient's *size* is useless: it describes a slope that has ended long before the edge
# of the figure. Gradient descent takes it at its word:

# %%
bias, rate = -1e-5, 0.1
_, slope = loss_and_slope(bias)
thrown = bias - rate * slope
clipped = bias - rate * slope * min(1, 1 / abs(slope))
for name, place in {"start": bias, "one step": thrown, "one clipped step": clipped}.items():
    loss, slope = loss_and_slope(place)
    print(f"{name:17} b = {place:9.5f}   loss {loss:.4f}   gradient {slope:.3g}")

# %%
claim("one step from the cliff moves b by", abs(thrown - bias), at_least=100)
claim("where it lands the gradient is gone: size", abs(loss_and_slope(thrown)[1]), at_most=1e-9)
claim("loss after one clipped step", loss_and_slope(clipped)[0], at_most=0.01)

# %% [markdown]
# One step moves the bias by hundreds. The direction was right, so the loss is lower there than at the start. But that far out the unit is saturated at every step, its gradient is
# zero to the last digit, and no further step leads anywhere: what exploded in one update vanishes in all that follow. The clipped step ends nearer to the goal, and has a gradient
# to go on with.
#
# So keep the direction, and limit the length:
#
# $$g \leftarrow g \cdot \min\left(1, \frac{c}{\lVert g \rVert}\right), \qquad \lVert g \rVert = \sqrt{\sum_{j} g_j^2},$$
#
# where the sum runs over the entries of the gradients of *all* weights together, and $c$ is the largest length that we allow. This is **gradient clipping** (Pascanu, Mikolov, Bengio
# 2013). A gradient shorter than $c$ is not touched.

# %% [markdown]
# ## 7 · Clipping, seen in a training curve
#
# Now a network of 16 units, and the task that ended lesson 04: recall the first symbol after 20 distractors. The training loop is our own. First the loss, a softmax
# on top of the last state, and the gradients of all four weight arrays. One line is new: the cross-entropy $-\ln p_y$ of a softmax $p_k = e^{a_k} / \sum_j e^{a_j}$ is $\ln \sum_j e^{a_j} - a_y$, so its slope in $a_k$ is $p_k$, less 1 for the right
# answer: *prediction minus target*.

# %%
def gradients(weights, x, y):
    """Mean cross-entropy of the answers, and its gradients of W_x, W_h, b and W_y."""
    W_x, W_h, b, W_y = weights
    h = forward(x, W_x, W_h, b)
    p = np.exp(h[-1] @ W_y)
    p /= p.sum(axis=1, keepdims=True)  # (batch, symbols): softmax
    d = (p - np.eye(4)[y]) / len(y)  # (batch, symbols): through softmax and cross-entropy
    shares, _ = backward(d @ W_y.T, x, h, W_x, W_h)
    return -np.log(p[range(len(y)), y]).mean(), [*shares, h[-1].T @ d]

# %% [markdown]
# Then plain gradient descent, 200 updates, each with 32 new sequences. `largest` is the $c$ of the formula; infinity means: no clipping.

# %%
def norm(grads):
    return np.sqrt(sum(np.sum(g**2) for g in grads))


def train(weights, lag, rng, rate=0.3, largest=np.inf, updates=200):
    """The trained weights, and loss and gradient norm (before clipping) of every update."""
    history = []
    for _ in range(updates):
        x, y = synthetic.recall(32, lag, seed=int(rng.integers(10**9)))
        loss, grads = gradients(weights, x, y)
        history.append((loss, norm(grads)))
        factor = rate * min(1, largest / norm(grads))
        weights = [w - factor * g for w, g in zip(weights, grads)]
    return weights, np.array(history)

# %%
def test(weights, lag):
    """Accuracy on new sequences, and the share of saturated states, above 0.99 in size."""
    W_x, W_h, b, W_y = weights
    x, y = synthetic.recall(400, lag, seed=10**6)
    h = forward(x, W_x, W_h, b)
    return np.mean((h[-1] @ W_y).argmax(axis=1) == y), np.mean(np.abs(h) > 0.99)

# %% [markdown]
# The other weights begin as Keras would begin them: $W_x$ and the output weights $W_y$ uniform within $\pm\sqrt{6/(\text{rows} + \text{columns})}$ (Glorot and Bengio 2010), $b$ at zero.
# The recurrent weights are $1.5\,Q$, so $\eta = 1.5$. We train from five starts, each in three ways.

# %%
def glorot(rows, columns, rng):
    limit = np.sqrt(6 / (rows + columns))
    return rng.uniform(-limit, limit, size=(rows, columns))


def start(W_h, rng):
    units = len(W_h)
    return [glorot(8, units, rng), W_h, np.zeros(units), glorot(units, 4, rng)]

# %%
STARTS = 5
ways = {"as it comes": {}, "clipped at 1": {"largest": 1.0},
        "a sixth of the rate": {"rate": 0.05}}
curves, reached, saturated = {}, {}, {}
for name, options in ways.items():
    for s in range(STARTS):
        rng = np.random.default_rng([SEED, s])  # the same five starts each time
        weights = start(1.5 * orthogonal(16, rng), rng)
        weights, curves[name, s] = train(weights, 20, rng, **options)
        reached[name, s], saturated[name, s] = test(weights, 20)

# %%
figure, panels = plots.figure(1, 2, size=(9.6, 3.6))
for name in ("as it comes", "clipped at 1"):
    loss, length = curves[name, 0].T
    panels[0].plot(loss, label=name, linewidth=1.2)
    panels[1].semilogy(length, label=name, linewidth=1.2)
panels[0].axhline(np.log(4), color="black", linewidth=0.8, linestyle=":")
panels[0].set(title="Loss (dotted: guessing)", xlabel="update", ylim=(0, None))
panels[1].axhline(1, color="black", linewidth=0.8, linestyle=":")
panels[1].set(title="Norm of the gradient (dotted: where it is clipped)", xlabel="update")
panels[1].legend(frameon=False, loc="lower left")
plots.show(figure, alt="""Loss and norm of the gradient over two hundred updates, from one start.
    Without clipping the loss jumps up and stays around that of guessing; the norm has a peak
    above ten. With clipping the norm is as large in the beginning, the loss falls to zero,
    and the norm falls with it.""")

# %%
from course_utils.tables import table

rows = []
for name in ways:
    found = np.array([reached[name, s] for s in range(STARTS)])
    rows.append({"training": name, "starts that learned": int((found > 0.9).sum()),
                 "mean accuracy": found.mean(),
                 "saturated states": np.mean([saturated[name, s] for s in range(STARTS)])})
trained = table(f"Recall over 20 steps, {STARTS} starts", rows)
trained

# %%
plain, clipped, slow = trained.values("mean accuracy")
claim("as it comes: mean accuracy", plain, at_most=0.7)
claim("clipped: mean accuracy", clipped, at_least=0.75)
claim("without clipping, a sixth of the rate: mean accuracy", slow, at_least=0.7)
share = trained.values("saturated states")
claim("as it comes, more states end up saturated than with clipping, this many times",
      share[0] / share[1], at_least=1.5)

# %% [markdown]
# Without clipping the loss is thrown about, and comes to rest near guessing. The last column tells where the throws have led: into saturation, as in section 6, where little gradient gets through to the
# recurrent weights. (The norm in the figure need not fall to zero for that: it contains the gradient of $W_y$, which stands on top of the last state and has no tanh to pass.) With clipping the norm is as large in the beginning. Clipping does not remove the cliffs; it makes them harmless.
#
# The third row is there to be fair. With a sixth of the learning rate, training without clipping does about as well on this task: small enough steps survive cliffs of this
# height. But then *all* steps are small, also the many that are no danger, and the next network or a longer lag may have higher cliffs. Clipping lets the learning rate be chosen for the
# ordinary steps. How is $c$ chosen? Watch the norm for a while, and take a value around the ordinary ones.

# %% [markdown]
# ### Clipping in Keras
#
# Every Keras optimizer can clip, and has two arguments with similar names. (A third, `clipvalue`, cuts every entry by itself, which turns the gradient.) We give it two gradients, with norms 5 and 12 (13 together), a learning rate of 1, and see
# how far each weight moves.

# %%
grads = [np.array([3.0, 4.0]), np.array([0.0, 12.0])]
moved = {}
for name in ("clipnorm", "global_clipnorm"):
    weights = [keras.Variable(np.zeros(2)) for _ in grads]
    optimizer = keras.optimizers.SGD(learning_rate=1.0, **{name: 1.0})
    optimizer.apply([tf.constant(g, "float32") for g in grads], weights)
    moved[name] = [0 - w.numpy() for w in weights]
    both = norm(moved[name])
    print(f"{name:16}", *(m.round(3) for m in moved[name]), f" norm of both: {both:.3f}")

# %%
claim("clipnorm=1: the shorter of the two gradients has length", norm(moved["clipnorm"][:1]),
      close_to=1, within=1e-5)
claim("global_clipnorm=1: both gradients together have length", norm(moved["global_clipnorm"]),
      close_to=1, within=1e-5)
claim("global_clipnorm agrees with our formula: largest difference",
      max(np.abs(m - g / 13).max() for m, g in zip(moved["global_clipnorm"], grads)),
      at_most=1e-6)

# %% [markdown]
# `global_clipnorm` is the formula above: one factor for all weights, so the direction of the step stays. `clipnorm` clips the gradient of *each variable* by itself: both
# gradients come out with length 1, though one was more than twice as long as the other. The step points elsewhere. Both prevent the throw. In `model.compile` it reads
# `optimizer=keras.optimizers.Adam(0.01, global_clipnorm=1.0)`.

# %% [markdown]
# ## 8 · Where to start: orthogonal weights
#
# Clipping shortens gradients that are too long. Against vanishing, a factor is no help: the whole gradient is not small, only the share of the far steps in it is, and no factor for
# the whole brings that share back. So the weights must *start* where gradients survive. We compare four ways to draw $W_h$, before any training, on the sequences of the task:
#
# - **small**: normal with standard deviation 0.05, which Keras has as `"random_normal"`;
# - **Glorot**: uniform, as for $W_x$;
# - **orthogonal**: $Q$ (Saxe, McClelland, Ganguli 2014), which is what `keras.layers.SimpleRNN` does;
# - **orthogonal, gain 1.5**: $1.5\,Q$, as in the last section.

# %%
layer = keras.layers.SimpleRNN(16)
layer.build((None, None, 8))
W_h = layer.get_weights()[1]  # (units, units)
claim("Keras starts a SimpleRNN with orthogonal recurrent weights: largest difference of "
      "W_h W_hᵀ from the identity", np.abs(W_h @ W_h.T - np.eye(16)).max(), at_most=1e-5)

# %% [markdown]
# The backward pass that we coded gives the gradient at every step, `d_states`. We take its norm by lag. Beside it we look at the product of twenty Jacobians: not only at its largest
# singular value, which is the norm, but at all sixteen. They say how much of a gradient is left in each of sixteen directions.

# %%
draws = {
    "small": lambda rng: rng.normal(0, 0.05, size=(16, 16)),
    "Glorot": lambda rng: glorot(16, 16, rng),
    "orthogonal": lambda rng: orthogonal(16, rng),
    "orthogonal, gain 1.5": lambda rng: 1.5 * orthogonal(16, rng),
}


def look(weights, x, y):
    """Norm of the gradient by lag, and the singular values of ∂h_T/∂h_{T-20} of one sequence."""
    W_x, W_h, b, W_y = weights
    h = forward(x, W_x, W_h, b)
    d = 0.25 - np.eye(4)[y]  # (batch, symbols): of an undecided softmax
    _, d_states = backward(d @ W_y.T, x, h, W_x, W_h)
    by_lag = np.linalg.norm(d_states, axis=(1, 2))
    return by_lag / by_lag[0], np.linalg.svd(jacobians(h[:, :1], W_h)[20], compute_uv=False)

# %%
x, y = synthetic.recall(32, lag=60, seed=SEED)
fading, directions = {}, {}
for name, draw in draws.items():
    looks = [look(start(draw(rng), rng), x, y)
             for rng in (np.random.default_rng([SEED, s]) for s in range(STARTS))]
    by_lag, values = zip(*looks)  # STARTS times (lags,), and (units,)
    fading[name] = np.exp(np.mean(np.log(by_lag), axis=0))  # geometric means over the starts
    directions[name] = np.exp(np.mean(np.log(values), axis=0))

# %%
figure, panels = plots.figure(1, 2, size=(9.6, 3.8))
for (name, by_lag), style in zip(fading.items(), (":", "--", "-", "-.")):
    panels[0].semilogy(by_lag, style, label=name)
    panels[1].semilogy(range(1, 17), directions[name], style, marker="o", markersize=4)
panels[0].set(title="How much of the gradient is left", xlabel="lag: steps back in time",
              ylabel="norm, relative to lag 0", ylim=(1e-10, 100))
panels[1].set(title="and in how many directions, at lag 20", xlabel="direction, largest first",
              ylabel="singular value", ylim=(1e-10, 100))
panels[0].legend(frameon=False, fontsize=9)
plots.show(figure, alt="""Left, the norm of the gradient against lag for four ways to draw the
    recurrent weights. Small weights fall off the picture within fifteen steps; Glorot and
    orthogonal weights fall together along one slope; orthogonal weights with gain 1.5 stay
    above one. Right, the sixteen singular values at lag 20: those of orthogonal weights fall
    slowly, those of Glorot weights over many powers of ten; with gain 1.5 they begin highest
    and fall steeply at the end.""")

# %%
claim("small weights: gradient left at lag 20", fading["small"][20], at_most=1e-9)
ratio = fading["Glorot"][20] / fading["orthogonal"][20]
claim("Glorot and orthogonal leave about the same at lag 20: powers of ten between them",
      abs(np.log10(ratio)), at_most=1)
claim("gain 1.5: gradient left at lag 20", fading["orthogonal, gain 1.5"][20], at_least=0.3)
claim("and yet the norm of Glorot's W_h, where orthogonal weights have 1, is on average",
      np.mean([np.linalg.norm(draws["Glorot"](np.random.default_rng([SEED, s])), 2)
               for s in range(STARTS)]), at_least=1.3)
middle = {name: np.median(values) for name, values in directions.items()}
claim("in the median direction orthogonal weights leave more than Glorot's, this many times",
      middle["orthogonal"] / middle["Glorot"], at_least=10)
claim("directions (of 16) in which gain 1.5 leaves more than gain 1",
      np.sum(directions["orthogonal, gain 1.5"] > directions["orthogonal"]), at_least=5)

# %% [markdown]
# The left picture holds a surprise. Small weights lose everything, as their $\eta$ foretells. But Glorot and orthogonal weights lose about the same! The norm of Glorot's $W_h$ is
# *above* 1: in some directions it stretches, in others it shrinks, and what is left of a gradient turns into the stretched ones.
#
# The right picture shows the difference. After twenty steps, Glorot's weights have kept a few directions, and squeezed the others to nothing: whatever the loss has to say about the past must be
# said along those few, and to tell four symbols apart a network needs several. Orthogonal weights treat all directions alike. What they lose, they lose to the slopes of tanh, and that is about the same for
# most directions.
#
# A gain of 1.5 makes up for those slopes: the gradient no longer fades. It does not do so in all directions: in about half of them it leaves more than gain 1, in the others less, because larger states lie where tanh is flat.
# The figure is about gradients *before* training. Whether it says anything about learning has to be tried.

# %% [markdown]
# ## 9 · How far a simple recurrent network remembers
#
# Now we train all but the small ones, with clipping, for several lags, from five starts each: a new network each time, and 200 updates, as before.

# %%
HORIZON = (10, 20, 30, 40)
remembered = {}
for name in ("Glorot", "orthogonal", "orthogonal, gain 1.5"):
    remembered[name] = np.zeros((STARTS, len(HORIZON)))
    for s, j in np.ndindex(STARTS, len(HORIZON)):
        rng = np.random.default_rng([SEED, s])
        weights = start(draws[name](rng), rng)
        weights, _ = train(weights, HORIZON[j], rng, largest=1.0)
        remembered[name][s, j], _ = test(weights, HORIZON[j])

# %%
figure, panels = plots.figure(1, 3, size=(9.6, 3.4), sharey=True)
for axes, (name, found) in zip(panels, remembered.items()):
    axes.plot(HORIZON, found.T, ".-", color=plots.SKY, linewidth=1)
    axes.plot(HORIZON, found.mean(axis=0), "o-", color=plots.BLUE, linewidth=2.5)
    axes.axhline(0.25, color="black", linewidth=0.8, linestyle=":")
    axes.set(title=name, xlabel="lag", ylim=(0, 1.05))
panels[0].set_ylabel("accuracy; dotted: guessing")
plots.show(figure, alt="""Accuracy of recall against lag for Glorot, orthogonal, and orthogonal
    weights with gain 1.5; thin lines are five starts, thick lines their mean. All recall over
    10 steps. At 20, most of Glorot's starts have fallen apart and the orthogonal ones hold;
    at 40 nearly all of both are near guessing, and with gain 1.5 some starts are still far above.""")

# %%
mean = {name: dict(zip(HORIZON, found.mean(axis=0))) for name, found in remembered.items()}
claim("lag 10: lowest mean accuracy of the three", min(m[10] for m in mean.values()),
      at_least=0.8)
claim("lag 20: lead of orthogonal over Glorot weights, mean accuracy",
      mean["orthogonal"][20] - mean["Glorot"][20], at_least=0.05)
claim("lag 40, Glorot and orthogonal: the higher mean accuracy",
      max(mean["Glorot"][40], mean["orthogonal"][40]), at_most=0.6)
beyond = {name: np.mean([m[lag] for lag in HORIZON[1:]]) for name, m in mean.items()}
claim("lags 20 to 40: lead of gain 1.5 over orthogonal weights, mean accuracy",
      beyond["orthogonal, gain 1.5"] - beyond["orthogonal"], at_least=0.03)

# %% [markdown]
# Thin lines are single starts; look at them before the mean. Over ten steps nearly every network learns. At twenty, Glorot's weights need luck, and orthogonal
# weights hardly any. At forty, with this many updates, nearly all starts of both guess; with a gain of 1.5, under which the gradient arrives
# at its full size, some starts still learn. Where a thin line
# goes up again, or below guessing (such a network tells symbols apart and calls them by wrong names), you see how much is luck. More updates or other settings move the edge. What
# does not move is the kind of failure: a network that does not learn stays near guessing, and its loss says nothing about why.
#
# All the remedies here act on the product of Jacobians from outside: clipping when it is too large, initial weights so that it is about right at the beginning.
# Once training changes $W_h$, nothing holds it there. And how large the gain should be depends on the inputs: it has to make up for slopes that they decide.
# [Lesson 06](06_lstm.ipynb) changes the equation instead, such that the factor from one step to the next can be near 1 by construction, and the network
# itself learns when it should be.

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: most_left
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `most_left(W_h, lag)`: the largest factor by which a tanh network with these recurrent weights can have multiplied a gradient `lag` steps
# back, according to the bound of section 5.
#
# <details><summary>Hint 1</summary>The steepest slope of tanh is 1, so η is the norm of W_h: its largest singular value.</details>
# <details><summary>Hint 2</summary><code>np.linalg.norm(W_h, 2)</code> gives it. Without the 2 it computes something else.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def most_left(W_h, lag):
    """Upper bound of the norm of the product of `lag` Jacobians."""
    return np.linalg.norm(W_h, 2) ** lag  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="largest eigenvalue"
def most_left(W_h, lag):
    return np.abs(np.linalg.eigvals(W_h)).max() ** lag

# %% tags=["wrong"] message="Frobenius"
def most_left(W_h, lag):
    return np.linalg.norm(W_h) ** lag

# %% tags=["wrong"] message="every step"
def most_left(W_h, lag):
    return np.linalg.norm(W_h, 2) * lag

# %% [raw]
# # BEGIN TESTS

# %%
def test_most_left(most_left):
    import numpy as np

    W_h = np.array([[0.5, 2.0], [0.0, 0.5]])
    eta = np.linalg.svd(W_h, compute_uv=False)[0]
    got = most_left(W_h, 3)
    assert got is not None, "the function gives None: does it return the number?"
    assert abs(got - 0.125) > 1e-9, "you took the largest eigenvalue, 0.5 here; but this matrix stretches some vectors to more than twice their length in one step. Take the largest singular value"
    assert abs(got - np.sqrt((W_h**2).sum()) ** 3) > 1e-9, "you took the root of the sum of all squares, the Frobenius norm; np.linalg.norm needs a second argument, 2, for the largest singular value"
    assert abs(got - 3 * eta) > 1e-9, "you multiplied the norm by the lag; the gradient is multiplied by a Jacobian at every step, so the norm is taken to a power"
    assert abs(got - eta**3) < 1e-5, f"for lag 3 you gave {got:.4f}; the largest singular value is {eta:.4f}, and its third power {eta**3:.4f}"
    assert abs(most_left(W_h, 0) - 1) < 1e-9, f"at lag 0 nothing has happened to the gradient yet, all of it is left: 1; you gave {most_left(W_h, 0)}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_most_left_hidden(most_left):
    import numpy as np

    rng = np.random.default_rng(7)
    for units, lag in ((4, 1), (3, 7), (6, 2)):
        W_h = rng.normal(0, 0.5, size=(units, units))
        wanted = np.linalg.svd(W_h, compute_uv=False).max() ** lag
        assert np.isclose(most_left(W_h, lag), wanted), f"not right for {units} units and lag {lag}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: clip_each
# points: 1

# %% [markdown]
# **Exercise 2.** In section 7 we clipped all gradients by one factor. Write `clip_each(grads, largest)`, which does what Keras calls `clipnorm`: each array of the list
# `grads` is limited to the norm `largest` by itself. It returns a new list; arrays that are short enough stay as they are.
#
# <details><summary>Hint 1</summary>The norm of one array, whatever its shape, is the root of the sum of its squares.</details>
# <details><summary>Hint 2</summary>A gradient may be all zeros. Dividing <code>largest</code> by <code>max(norm, largest)</code> gives the factor without dividing by zero.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def clip_each(grads, largest):
    """The arrays of `grads`, each scaled down to norm `largest` if it is longer."""
    # BEGIN SOLUTION
    return [g * (largest / max(np.sqrt(np.sum(g**2)), largest)) for g in grads]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one factor for all"
def clip_each(grads, largest):
    factor = min(1, largest / np.sqrt(sum(np.sum(g**2) for g in grads)))
    return [g * factor for g in grads]

# %% tags=["wrong"] message="short enough"
def clip_each(grads, largest):
    return [g * largest / np.sqrt(np.sum(g**2)) for g in grads]

# %% tags=["wrong"] message="entry by entry"
def clip_each(grads, largest):
    return [np.clip(g, -largest, largest) for g in grads]

# %% tags=["wrong"] message="all zeros"
def clip_each(grads, largest):
    norms = [np.sqrt(np.sum(g**2)) for g in grads]
    with np.errstate(all="ignore"):
        return [g * largest / n if not n <= largest or n == 0 else g for g, n in zip(grads, norms)]

# %% [raw]
# # BEGIN TESTS

# %%
def test_clip_each(clip_each):
    import numpy as np

    grads = [np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([0.3, 0.4]), np.array([0.0, -12.0])]
    got = clip_each(grads, 1.0)
    assert got is not None, "the function gives None: does it return the list?"
    assert len(got) == 3, f"for three gradients there are three in the answer; you gave {len(got)}"
    assert np.array_equal(grads[0], [[3, 4], [0, 0]]), "the arrays that were given must stay as they were: make new ones, do not change them in place"
    first, second, third = (np.asarray(g) for g in got)
    assert first.shape == (2, 2), f"a gradient keeps its shape; the first went in as (2, 2) and came out as {first.shape}"
    assert not np.allclose(first, grads[0] / np.sqrt(169.25)), "you took one factor for all, which is global_clipnorm; here each array has its own"
    assert not np.allclose(first, [[1, 1], [0, 0]]), "you clipped entry by entry, which turns the gradient; scale the whole array by one factor"
    assert np.allclose(second, [0.3, 0.4]), f"a gradient of norm 0.5 is short enough and stays as it is; yours became {second}"
    assert np.allclose(first, [[0.6, 0.8], [0, 0]]) and np.allclose(third, [0, -1]), f"gradients of norm 5 and 12 must come out with norm 1, in the same direction; yours are {first.tolist()} and {third.tolist()}"
    with np.errstate(all="ignore"):
        zero = np.asarray(clip_each([np.zeros(3)], 1.0)[0])
    assert np.array_equal(zero, np.zeros(3)), f"a gradient that is all zeros must stay so; yours became {zero}: was something divided by zero?"
    assert np.allclose(clip_each([np.array([0.0, 12.0])], 2.0)[0], [0, 2]), "it works for a largest norm of 1, but not of 2"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_clip_each_hidden(clip_each):
    import numpy as np

    rng = np.random.default_rng(7)
    grads = [size * rng.normal(size=shape) for size, shape in ((9, (2, 3)), (0.1, 4), (0, 2), (2, (3, 3, 2)))]
    for largest in (0.5, 3.0, 100.0):
        with np.errstate(all="ignore"):
            got = clip_each([g.copy() for g in grads], largest)
        norms = [np.sqrt((g**2).sum()) for g in grads]
        wanted = [g if norm <= largest else g * (largest / norm) for g, norm in zip(grads, norms)]
        assert len(got) == 4 and all(map(np.allclose, got, wanted)), f"not right for four gradients and {largest}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: repaired
# points: 1

# %% [markdown]
# **Exercise 3: find the mistake.** The function below was written in a hurry. It runs without an error. Compared with finite differences, its gradients of the weights are right for sequences of one
# step, but from two steps on those of $W_x$ and $b$ are wrong. Repair it; one line is to blame.
#
# <details><summary>Hint 1</summary>For one step all is well. So what is wrong is used only when there is a step before.</details>
# <details><summary>Hint 2</summary>Take 2 units with W_h = [[0, 1], [0, 0]]: unit 1 passes its state to unit 2. In which direction must the blame go back? Which does the code take?</details>
# <details><summary>Hint 3</summary>A product with a square matrix has the right shape either way round. Compare with section 1.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def repaired(d_h, x_t, h_prev, h_t, W_x, W_h):
    """Gradients of one step: of the old state, and of W_x, W_h and b."""
    # BEGIN SOLUTION NO PROMPT
    d_a = d_h * (1 - h_t**2)  # (batch, units)
    d_h_prev = d_a @ W_h.T  # (batch, units)
    return d_h_prev, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)
    # END SOLUTION
    """ # BEGIN PROMPT
    d_a = d_h * (1 - h_t**2)  # (batch, units)
    d_h_prev = d_a @ W_h  # (batch, units)
    return d_h_prev, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)
    """ # END PROMPT

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the way the state came"
def repaired(d_h, x_t, h_prev, h_t, W_x, W_h):
    d_a = d_h * (1 - h_t**2)
    return d_a @ W_h, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)

# %% tags=["wrong"] message="the new state"
def repaired(d_h, x_t, h_prev, h_t, W_x, W_h):
    d_a = d_h * (1 - h_prev**2)
    return d_a @ W_h.T, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)

# %% tags=["wrong"] message="gradient of W_h"
def repaired(d_h, x_t, h_prev, h_t, W_x, W_h):
    d_a = d_h * (1 - h_t**2)
    return d_a @ W_h.T, x_t.T @ d_a, d_a.T @ h_prev, d_a.sum(axis=0)

# %% tags=["wrong"] message="gradient of b"
def repaired(d_h, x_t, h_prev, h_t, W_x, W_h):
    d_a = d_h * (1 - h_t**2)
    return d_a @ W_h.T, x_t.T @ d_a, h_prev.T @ d_a, d_a.mean(axis=0)

# %% [raw]
# # BEGIN TESTS

# %%
def test_repaired(repaired):
    import numpy as np

    rng = np.random.default_rng(3)
    x_t, h_prev, d_h = rng.normal(size=(2, 3)), rng.uniform(-1, 1, size=(2, 4)), rng.normal(size=(2, 4))
    W_x, W_h, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=4)

    def slope_of(array):
        slope = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            old, losses = array[place], []
            for value in (old + 1e-6, old - 1e-6):
                array[place] = value
                losses.append(np.sum(d_h * np.tanh(x_t @ W_x + h_prev @ W_h + b)))
            array[place] = old
            slope[place] = (losses[0] - losses[1]) / 2e-6
        return slope

    h_t = np.tanh(x_t @ W_x + h_prev @ W_h + b)
    got = repaired(d_h.copy(), x_t, h_prev, h_t, W_x, W_h)
    assert got is not None and len(got) == 4, "the function must return four arrays: of the old state, W_x, W_h and b"
    d_h_prev, d_W_x, d_W_h, d_b = got
    backwards = np.allclose(d_h_prev, (d_h * (1 - h_t**2)) @ W_h)
    assert not backwards, "the blame goes on through W_h the way the state came, and not back; forwards it is h_prev @ W_h, so backwards it is …"
    assert np.allclose(d_W_x, slope_of(W_x), atol=1e-6), "the gradient of W_x was right for one step and is wrong now: tanh' = 1 − tanh² is taken of the new state, h_t"
    assert np.shape(d_b) == (4,), f"the gradient of b has the shape of b, (4,); yours has {np.shape(d_b)}"
    assert np.allclose(d_b, slope_of(b), atol=1e-6), "the gradient of b was right for one step and is wrong now: it is a sum over the batch"
    assert np.allclose(d_W_h, slope_of(W_h), atol=1e-6), "the gradient of W_h is wrong now; that line was right"
    assert np.allclose(d_h_prev, slope_of(h_prev), atol=1e-6), "the gradient of the old state differs from finite differences"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_repaired_hidden(repaired):
    import numpy as np

    rng = np.random.default_rng(8)
    x_t, h_prev, d_h = (rng.normal(size=(3, n)) for n in (2, 5, 5))
    W_x, W_h = rng.normal(size=(2, 5)), rng.normal(size=(5, 5))
    h_t = np.tanh(x_t @ W_x + h_prev @ W_h)
    d_a = d_h * (1 - h_t**2)
    wanted = np.einsum("bj,ij->bi", d_a, W_h), np.einsum("bf,bj->fj", x_t, d_a), np.einsum("bi,bj->ij", h_prev, d_a), d_a.sum(axis=0)
    got = repaired(d_h.copy(), x_t, h_prev, h_t, W_x, W_h)
    for name, a, b in zip(("h_prev", "W_x", "W_h", "b"), got, wanted):
        assert np.shape(a) == b.shape and np.allclose(a, b, atol=1e-5), f"the gradient of {name}, for three sequences"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: backward_everywhere
# points: 2

# %% [markdown]
# **Exercise 4: a loss at every step.** In lesson 11 a network will give an answer after *every* word, and the loss is a sum over all steps. Then each state acts in two ways: on its own
# answer, and on the states after it. Write `backward_everywhere(d_outputs, x, h, W_x, W_h)`, where `d_outputs` (time, batch, units) holds the gradient that each state
# $h_1, \dots, h_T$ gets from its own answer. `x` and `h` are as in `backward`. Return the three gradients `[d_W_x, d_W_h, d_b]`. You may use `step_back`.
#
# <details><summary>Hint 1</summary>Start with a gradient of zero, and walk back as <code>backward</code> does.</details>
# <details><summary>Hint 2</summary>Before step t goes back, two things arrive at its state: what came from the step after it, and its own <code>d_outputs[t]</code>. Add them. (Counted from 0, <code>d_outputs[t]</code> belongs to <code>h[t + 1]</code>, since <code>h[0]</code> is the empty start.)</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def backward_everywhere(d_outputs, x, h, W_x, W_h):
    """Gradients [d_W_x, d_W_h, d_b] of a loss that depends on the states of all steps."""
    # BEGIN SOLUTION
    totals, d_h = [0, 0, 0], 0
    for t in reversed(range(x.shape[1])):
        d_h, *shares = step_back(d_h + d_outputs[t], x[:, t], h[t], h[t + 1], W_x, W_h)
        totals = [total + share for total, share in zip(totals, shares)]
    return totals
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="only the last answer"
def backward_everywhere(d_outputs, x, h, W_x, W_h):
    totals, d_h = [0, 0, 0], d_outputs[-1]
    for t in reversed(range(x.shape[1])):
        d_h, *shares = step_back(d_h, x[:, t], h[t], h[t + 1], W_x, W_h)
        totals = [total + share for total, share in zip(totals, shares)]
    return totals

# %% tags=["wrong"] message="through the later states"
def backward_everywhere(d_outputs, x, h, W_x, W_h):
    totals = [0, 0, 0]
    for t in reversed(range(x.shape[1])):
        _, *shares = step_back(d_outputs[t], x[:, t], h[t], h[t + 1], W_x, W_h)
        totals = [total + share for total, share in zip(totals, shares)]
    return totals

# %% tags=["wrong"] message="one step too early"
def backward_everywhere(d_outputs, x, h, W_x, W_h):
    totals, d_h = [0, 0, 0], d_outputs[-1]
    for t in reversed(range(x.shape[1])):
        d_h, *shares = step_back(d_h + d_outputs[t], x[:, t], h[t], h[t + 1], W_x, W_h)
        totals = [total + share for total, share in zip(totals, shares)]
    return totals

# %% [raw]
# # BEGIN TESTS

# %%
def test_backward_everywhere(backward_everywhere):
    import numpy as np

    rng = np.random.default_rng(5)
    x, d_outputs = rng.normal(size=(2, 4, 3)), rng.normal(size=(4, 2, 5))
    W_x, W_h, b = rng.normal(size=(3, 5)), rng.normal(size=(5, 5)), rng.normal(size=5)

    def states():
        h = [np.zeros((2, 5))]
        for t in range(4):
            h.append(np.tanh(x[:, t] @ W_x + h[-1] @ W_h + b))
        return np.stack(h)

    def slopes(weight):
        slope = {name: np.zeros(weight.shape) for name in ("all", "last")}
        for place in np.ndindex(weight.shape):
            old, losses = weight[place], []
            for value in (old + 1e-6, old - 1e-6):
                weight[place] = value
                by_step = (d_outputs * states()[1:]).sum(axis=(1, 2))
                losses.append((by_step.sum(), by_step[-1]))
            weight[place] = old
            slope["all"][place], slope["last"][place] = (np.array(losses[0]) - losses[1]) / 2e-6
        return slope

    h = states()
    got = backward_everywhere(d_outputs.copy(), x, h, W_x, W_h)
    assert got is not None and len(got) == 3, "the function must return three gradients: of W_x, W_h and b"
    right = {name: slopes(w) for name, w in {"W_x": W_x, "W_h": W_h, "b": b}.items()}
    assert not np.allclose(got[2], right["b"]["last"], atol=1e-6), "your gradient is that of only the last answer: the d_outputs of the other steps never come in"
    alone = (d_outputs * (1 - h[1:] ** 2)).sum(axis=(0, 1))
    assert not np.allclose(got[2], alone, atol=1e-6), "each state's own answer is in, but a state also acts through the later states: carry d_h on to the step before"
    twice = right["b"]["all"] + right["b"]["last"]
    assert not np.allclose(got[2], twice, atol=1e-6), "the last answer counts twice in your gradient: d_outputs[-1] comes in once before the loop, one step too early, and once in it"
    for (name, slope), g in zip(right.items(), got):
        assert np.shape(g) == slope["all"].shape, f"the gradient of {name} has the shape of {name}, {slope['all'].shape}; yours has {np.shape(g)}"
        assert np.allclose(g, slope["all"], atol=1e-6), f"the gradient of {name} differs from finite differences: add d_outputs[t] to what comes from the step after, before step t goes back"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_backward_everywhere_hidden(backward_everywhere):
    import numpy as np

    rng = np.random.default_rng(8)
    x, d_outputs = rng.normal(size=(3, 6, 2)), rng.normal(size=(6, 3, 4))
    W_x, W_h, h = rng.normal(size=(2, 4)), rng.normal(size=(4, 4)), [np.zeros((3, 4))]
    for t in range(6):
        h.append(np.tanh(x[:, t] @ W_x + h[-1] @ W_h))
    d_h, wanted = np.zeros((3, 4)), [np.zeros_like(W_x), np.zeros_like(W_h), np.zeros(4)]
    for t in range(5, -1, -1):
        d_a = (d_h + d_outputs[t]) * (1 - h[t + 1] ** 2)
        shares = x[:, t].T @ d_a, h[t].T @ d_a, d_a.sum(axis=0)
        d_h, wanted = d_a @ W_h.T, [total + share for total, share in zip(wanted, shares)]
    got = backward_everywhere(d_outputs.copy(), x, np.stack(h), W_x, W_h)
    for name, a, b in zip(("W_x", "W_h", "b"), got, wanted):
        assert np.shape(a) == b.shape and np.allclose(a, b, atol=1e-5), f"the gradient of {name}, for six steps"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: own_cell
# points: 3

# %% [markdown]
# **Exercise 5, a stretch: a cell of your own, with its gradient.** Let every unit hear only itself: instead of a matrix $W_h$ there is a vector $u$ (units,), one recurrent weight a unit (Li and others 2018).
#
# $$h_t = \tanh(x_t W_x + u \odot h_{t-1} + b)$$
#
# Write `own_step(x_t, h_prev, W_x, u, b)`, which returns $h_t$, and `own_step_back(d_h, x_t, h_prev, h_t, W_x, u)`, which returns `d_h_prev` (batch, units), `d_W_x` (features, units), `d_u` (units,)
# and `d_b` (units,). The check compares with finite differences. (And to think about: what is $\eta$ of this cell, and how would you hold it near 1 throughout training?)
#
# <details><summary>Hint 1</summary>The first line of <code>step_back</code> stays as it is.</details>
# <details><summary>Hint 2</summary>Unit j of the old state acts on unit j of the new one only, with the factor u[j]. No transpose, no matrix product.</details>
# <details><summary>Hint 3</summary>All sequences of the batch share u, so d_u is a sum over the batch, as d_b is.</details>
# <details><summary>About η</summary>The Jacobian is diagonal, diag(1 − h²) diag(u), so η is the largest absolute entry of u. It can be held by limiting the entries of u after each update.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def own_step(x_t, h_prev, W_x, u, b):
    """h_t (batch, units)"""
    return np.tanh(x_t @ W_x + u * h_prev + b)  # SOLUTION


def own_step_back(d_h, x_t, h_prev, h_t, W_x, u):
    """d_h_prev (batch, units), d_W_x (features, units), d_u (units,), d_b (units,)"""
    # BEGIN SOLUTION
    d_a = d_h * (1 - h_t**2)
    return d_a * u, x_t.T @ d_a, (h_prev * d_a).sum(axis=0), d_a.sum(axis=0)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="share u"
def own_step(x_t, h_prev, W_x, u, b):
    return np.tanh(x_t @ W_x + u * h_prev + b)


def own_step_back(d_h, x_t, h_prev, h_t, W_x, u):
    d_a = d_h * (1 - h_t**2)
    return d_a * u, x_t.T @ d_a, h_prev * d_a, d_a.sum(axis=0)

# %% tags=["wrong"] message="the factor u"
def own_step(x_t, h_prev, W_x, u, b):
    return np.tanh(x_t @ W_x + u * h_prev + b)


def own_step_back(d_h, x_t, h_prev, h_t, W_x, u):
    d_a = d_h * (1 - h_t**2)
    return d_a, x_t.T @ d_a, (h_prev * d_a).sum(axis=0), d_a.sum(axis=0)

# %% tags=["wrong"] message="the old state, not the new"
def own_step(x_t, h_prev, W_x, u, b):
    return np.tanh(x_t @ W_x + u * h_prev + b)


def own_step_back(d_h, x_t, h_prev, h_t, W_x, u):
    d_a = d_h * (1 - h_t**2)
    return d_a * u, x_t.T @ d_a, (h_t * d_a).sum(axis=0), d_a.sum(axis=0)

# %% tags=["wrong"] message="through tanh"
def own_step(x_t, h_prev, W_x, u, b):
    return np.tanh(x_t @ W_x + u * h_prev + b)


def own_step_back(d_h, x_t, h_prev, h_t, W_x, u):
    return d_h * u, x_t.T @ d_h, (h_prev * d_h).sum(axis=0), d_h.sum(axis=0)

# %% [raw]
# # BEGIN TESTS

# %%
def test_own_cell(own_step, own_step_back):
    import numpy as np

    rng = np.random.default_rng(7)
    x_t, h_prev, d_h = rng.normal(size=(2, 3)), rng.uniform(-1, 1, size=(2, 4)), rng.normal(size=(2, 4))
    W_x, u, b = rng.normal(size=(3, 4)), rng.normal(size=4), rng.normal(size=4)
    h_t = own_step(x_t, h_prev, W_x, u, b)
    assert h_t is not None, "own_step gives None: does it return h_t?"
    wanted = np.tanh(x_t @ W_x + u * h_prev + b)
    assert np.shape(h_t) == (2, 4), f"own_step must give a state (batch, units) = (2, 4); yours has shape {np.shape(h_t)}"
    assert np.allclose(h_t, wanted), f"own_step does not follow the equation: the first row is {np.round(h_t[0], 3)}, it should be {np.round(wanted[0], 3)}"

    def slope_of(array):
        slope = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            old, losses = array[place], []
            for value in (old + 1e-6, old - 1e-6):
                array[place] = value
                losses.append(np.sum(d_h * np.tanh(x_t @ W_x + u * h_prev + b)))
            array[place] = old
            slope[place] = (losses[0] - losses[1]) / 2e-6
        return slope

    got = own_step_back(d_h.copy(), x_t, h_prev, wanted, W_x, u)
    assert got is not None and len(got) == 4, "own_step_back must return four arrays: of the old state, W_x, u and b"
    d_h_prev, d_W_x, d_u, d_b = (np.asarray(g) for g in got)
    assert d_b.shape == (4,), f"d_b must have the shape of b, (4,); yours has {d_b.shape}"
    assert np.allclose(d_b, slope_of(b), atol=1e-6), "the gradient of b differs from finite differences: the way back goes through tanh first, then it is a sum over the batch"
    assert np.allclose(d_W_x, slope_of(W_x), atol=1e-6), "the gradient of W_x differs from finite differences: it is x_tᵀ times the gradient of what stands inside of tanh"
    assert not np.allclose(d_h_prev, d_h * (1 - wanted**2)), "the gradient of the old state lacks the factor u, with which it came in"
    assert d_h_prev.shape == (2, 4), f"the gradient of the old state has the shape of the state, (2, 4); yours has {d_h_prev.shape}"
    assert np.allclose(d_h_prev, slope_of(h_prev), atol=1e-6), "the gradient of the old state differs from finite differences: unit j comes from unit j only"
    assert d_u.shape == (4,), f"d_u must have the shape of u, (4,); yours has {d_u.shape}. All sequences of the batch share u: sum over them"
    assert not np.allclose(d_u, (wanted * d_h * (1 - wanted**2)).sum(axis=0)), "in d_u: u is multiplied by the old state, not the new"
    assert np.allclose(d_u, slope_of(u), atol=1e-6), "the gradient of u differs from finite differences"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_own_cell_hidden(own_step, own_step_back):
    import numpy as np

    rng = np.random.default_rng(8)
    x_t, h_prev, d_h = (rng.normal(size=(3, n)) for n in (2, 5, 5))
    W_x, u, b = rng.normal(size=(2, 5)), rng.normal(size=5), rng.normal(size=5)
    h_t = np.tanh(x_t @ W_x + u * h_prev + b)
    assert np.allclose(own_step(x_t, h_prev, W_x, u, b), h_t), "own_step, for three sequences"
    d_a = d_h * (1 - h_t**2)
    wanted = d_a * u, x_t.T @ d_a, (h_prev * d_a).sum(axis=0), d_a.sum(axis=0)
    for name, a, b in zip(("h_prev", "W_x", "u", "b"), own_step_back(d_h.copy(), x_t, h_prev, h_t, W_x, u), wanted):
        assert np.shape(a) == b.shape and np.allclose(a, b, atol=1e-5), f"the gradient of {name}, for three sequences"

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
# - **Forgetting that the weights are shared.** The gradient of $W_h$ is a sum over all steps; taking only the last step's share runs, trains a little, and is wrong.
# - **A missing transpose.** $W_h$ is square, so no shape gives the mistake away. Compare with finite differences whenever you write a gradient by hand.
# - **Reading $\eta > 1$ as "explodes".** It only may. Whether it does depends on the states.
# - **Expecting clipping to help against vanishing.** It shortens; it never lengthens.
# - **Mixing up `clipnorm` and `global_clipnorm`.** The first clips each variable by itself, the second all of them by one factor.
# - **Judging by one start.** Near the edge of what a network can learn, luck decides; train several.
#
# ## References
#
# - P. J. Werbos (1990). Backpropagation through time: what it does and how to do it. *Proceedings of the IEEE* 78(10).
# - Y. Bengio, P. Simard, P. Frasconi (1994). Learning long-term dependencies with gradient descent is difficult. *IEEE Transactions on Neural Networks* 5(2).
# - R. Pascanu, T. Mikolov, Y. Bengio (2013). On the difficulty of training recurrent neural networks. *ICML*. The bound, and clipping.
# - R. J. Williams, J. Peng (1990). An efficient gradient-based algorithm for on-line training of recurrent network trajectories. *Neural Computation* 2(4). Truncated backpropagation.
# - A. M. Saxe, J. L. McClelland, S. Ganguli (2014). Exact solutions to the nonlinear dynamics of learning in deep linear neural networks. *ICLR*. Orthogonal initial weights.
# - X. Glorot, Y. Bengio (2010). Understanding the difficulty of training deep feedforward neural networks. *AISTATS*.
# - Q. V. Le, N. Jaitly, G. E. Hinton (2015). A simple way to initialize recurrent networks of rectified linear units. *arXiv:1504.00941*. Another start: the identity matrix.
# - S. Li, W. Li, C. Cook, C. Zhu, Y. Gao (2018). Independently recurrent neural network (IndRNN): building a longer and deeper RNN. *CVPR*. The cell of exercise 5.

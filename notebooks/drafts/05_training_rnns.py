# %% [markdown]
# # 05 · Training recurrent networks
#
# At the end of lesson 04 a simple recurrent network learned to remember a symbol over a few steps, and failed over a hundred, although weights that
# remember exist. So the trouble is in the training. This lesson takes training apart: you will write its gradient by hand, backwards through
# time, check it against TensorFlow's, and then look at what happens to a gradient on its way through a hundred steps. It either dies out or blows up, and
# one inequality says when. Two remedies follow, clipping and orthogonal weights, and a measurement of what they leave open.
#
# **You will be able to**
#
# 1. derive backpropagation through time with the chain rule, and write it in a few lines of NumPy;
# 2. explain why the gradient of a shared weight is a sum over time, and check a gradient by finite differences;
# 3. bound how a gradient shrinks or grows with the lag, and measure it;
# 4. recognise an exploding gradient in a training curve, and clip it;
# 5. say what orthogonal initial weights help, and how far a simple recurrent network learns to remember.
#
# **Before this lesson:** [lesson 04](04_simple_rnn.ipynb); derivatives and the chain rule. **Time:** about 50 minutes to read and try,
# 30 minutes for the exercises; on two cores all cells together run in about half a minute.

# %% [markdown]
# ## Settings

# %%
import os

import keras
import numpy as np
import tensorflow as tf

from course_utils import cells, plots, tasks
from course_utils.claims import claim
from course_utils.training import ProgressBar

SEED = int(os.environ.get("COURSE_SEED", 0))
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
    """States (time + 1, batch, units) of a simple recurrent network, h_0 = 0 the first of them."""
    h = [np.zeros((len(x), len(b)))]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_x + h[-1] @ W_h + b))
    return np.stack(h)


def backward(d_h, x, h, W_x, W_h):
    """From d_h = ∂L/∂h_T: gradients of W_x, W_h and b, and ∂L/∂h_t at all steps, the last first."""
    totals, d_states = [0, 0, 0], [d_h]
    for t in reversed(range(x.shape[1])):
        d_h, *shares = step_back(d_h, x[:, t], h[t], h[t + 1], W_x, W_h)
        totals = [total + share for total, share in zip(totals, shares)]
        d_states.append(d_h)
    return totals, d_states


# %% [markdown]
# ## 3 · By hand = by TensorFlow
#
# TensorFlow's `GradientTape` records what is computed and applies the chain rule by itself. Both should agree on a small example, with the squared
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
# And a check that needs no calculus at all: nudge one weight by a little, up and down, and see how the loss changes. These **finite differences** are too slow to train with, and
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
# The gradient of $W_h$ is a sum with one term a step. How much does each step contribute? We draw the size of the terms.

# %%
terms = [h[t].T @ (d_states[time - 1 - t] * (1 - h[t + 1] ** 2)) for t in range(time)]
claim("the terms of all steps add up to the gradient of W_h: largest difference",
      np.abs(sum(terms) - by_hand[1]).max(), at_most=1e-9)
figure, axes = plots.figure(size=(6.8, 3.0))
axes.bar(range(1, time + 1), [np.linalg.norm(term) for term in terms])
axes.set(title="What each step contributes to the gradient of $W_h$", xlabel="step",
         ylabel="norm of its term", xticks=range(1, time + 1))
plots.show(figure, alt="""Bars of the norm of each step's term of the gradient, for twelve steps. The terms
    of the last steps are largest, those of the first steps are small; the very first is zero.""")

# %% [markdown]
# The loss stands at the last step, and the last steps get most of the blame. The first term is zero because $h_0 = 0$. If what matters happened at step 2, the network would
# hardly hear of it. How fast does the gradient fade?

# %% [markdown]
# ## 5 · A bound: $\eta^{\,t-k}$
#
# From step $t$ back to step $k$ the gradient is multiplied, once a step, by the same kind of matrix:
#
# $$\frac{\partial h_i}{\partial h_{i-1}} = \operatorname{diag}(1 - h_i^2)\, W_h^\top, \qquad
# \frac{\partial L}{\partial h_k} = \frac{\partial L}{\partial h_t} \prod_{i=t}^{k+1} \frac{\partial h_i}{\partial h_{i-1}}$$
#
# The norm of a product is at most the product of the norms. The largest singular value of $W_h$ is $\lVert W_h \rVert$, and no entry of the diagonal matrix is above $\gamma = 1$, the steepest slope of tanh. So
#
# $$\left\lVert \prod_{i=k+1}^{t} \frac{\partial h_i}{\partial h_{i-1}} \right\rVert \le \eta^{\,t-k}, \qquad \eta = \gamma\, \lVert W_h \rVert$$
#
# (Pascanu, Mikolov, Bengio 2013; Bengio, Simard, Frasconi 1994). If $\eta < 1$ the gradient **vanishes**: it dies out at least as fast as a geometric series, whatever the inputs. If $\eta > 1$ the bound allows
# it to **explode**, and promises nothing. We measure both, with $W_h = \eta\, Q$ for an orthogonal $Q$, which leaves the length of every vector alone.

# %%
def orthogonal(units, rng):
    """A random orthogonal matrix (units, units): it turns vectors and keeps their lengths."""
    q, r = np.linalg.qr(rng.normal(size=(units, units)))
    return q * np.sign(np.diag(r))


def norms_by_lag(W_h, size, lags=60, units=32):
    """Largest factor by which ∂L/∂h_T can have changed `lag` steps earlier, for lag 0 … lags."""
    x = size * rng.normal(size=(1, lags, 4))
    W_x, b = rng.normal(size=(4, units)), np.zeros(units)
    h = forward(x, W_x, W_h, b)
    J, norms = np.eye(units), [1.0]  # (units, units): the product of the factors so far
    for t in range(lags, 0, -1):
        J = (J * (1 - h[t] ** 2)) @ W_h.T
        norms.append(np.linalg.norm(J, 2))
    return np.array(norms)


# %%
Q = orthogonal(32, rng)
etas = (0.8, 0.95, 1.0, 1.1)
measured = {eta: norms_by_lag(eta * Q, size=0.01) for eta in etas}
figure, axes = plots.figure(size=(7.2, 3.8))
for eta, norms in measured.items():
    (line,) = axes.semilogy(norms, label=rf"$\eta$ = {eta}")
    axes.semilogy(eta ** np.arange(61), ":", color=line.get_color())
axes.set(title="How much of a gradient is left, and the bound (dotted)",
         xlabel="lag: steps back in time", ylabel="norm (logarithmic)")
axes.legend(frameon=False)
plots.show(figure, alt="""Norm of the product of Jacobians against lag on a logarithmic axis for four
    values of eta, with dotted bounds. Below one the norm falls along a straight line; at one it stays
    near one; above one it grows. No curve is above its bound.""")
worst = max((norms / eta ** np.arange(61)).max() for eta, norms in measured.items())
claim("no measured norm is above its bound: largest ratio", worst, at_most=1 + 1e-9)
claim("eta = 0.8: what is left after 60 steps", measured[0.8][-1], at_most=2e-6)
claim("eta = 1.1 and small states: growth over 60 steps", measured[1.1][-1], at_least=10)

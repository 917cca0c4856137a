# %% [markdown]
# # 05 · Training recurrent networks
#
# A simple recurrent network can remember its first input for a long time, if its weights are right. Training often fails to find such weights. This lesson
# shows why. You write the gradient of a recurrent network in NumPy, and measure what happens to it on
# the way back through many time steps: it can become so small that nothing is learned, or so large that one update destroys the network. The lesson
# ends with two remedies, and a list of what to do when the loss is NaN.
#
# **You will be able to**
#
# 1. derive backpropagation through time with the chain rule, and write it in a few lines of NumPy;
# 2. explain why the gradient of a shared weight is a sum over time, and check a gradient by finite differences;
# 3. say when a gradient must vanish and when it may explode, and measure how much of it is left after many steps;
# 4. recognise an exploding gradient, clip it in Keras, and find the reason when the loss is NaN;
# 5. explain what orthogonal initial weights improve, and what they do not.
#
# **Before this lesson:** [lesson 04](04_simple_rnn.ipynb); derivatives and the chain rule. **Time:** about 60 minutes to read and try,
# 50 minutes for the exercises; on two cores all cells run in about
# 30 seconds (`HUBS.md` names the machine that was measured).

# %% [markdown]
# ## Settings

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from course_utils import plots, synthetic
from course_utils.claims import SEED, claim

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)
rng = np.random.default_rng(SEED)

# %% [markdown]
# ## 1 · One time step, backwards
#
# The network of lesson 04 computes, for $t = 1, \dots, T$,
#
# $$a_t = x_t W_x + h_{t-1} W_h + b, \qquad h_t = \tanh(a_t).$$
#
# After the last time step comes a loss $L$, which is one number. To train the network, we need its gradients $\partial L/\partial W_x$, $\partial L/\partial W_h$ and $\partial L/\partial b$: how does
# the loss change when a weight changes a little?
#
# We begin with a single time step, and assume that $\partial L/\partial h_t$ is known. In code it is `d_h`. Every `d_…` is the gradient of the loss with respect to the variable
# in its name, and has the shape of that variable. The chain rule gives, from the output of the step to its inputs:
#
# 1. **tanh**, whose derivative is $1 - \tanh^2$: $\quad \partial L/\partial a_t = \partial L/\partial h_t \odot (1 - h_t^2)$
# 2. **previous hidden state**: $\quad \partial L/\partial h_{t-1} = \partial L/\partial a_t\, W_h^\top$
# 3. **weights**: $\quad \partial L/\partial W_x = x_t^\top\, \partial L/\partial a_t$, $\quad \partial L/\partial W_h = h_{t-1}^\top\, \partial L/\partial a_t$, and $\partial L/\partial b$ is $\partial L/\partial a_t$ summed over the batch.
#
# Why is $W_h$ transposed? Write the equation for one unit: $a_{t,j} = \sum_i h_{t-1,i} W_{h,ij} + \dots$ Unit $i$ of the previous hidden state acts on every unit $j$, with weight $W_{h,ij}$. So its
# gradient is a sum over all $j$: $\sum_j \partial L/\partial a_{t,j}\, W_{h,ij}$. This is a product with $W_h^\top$.

# %%
def step_backward(d_h, x_t, h_prev, h_t, W_x, W_h):
    """Gradients of h_prev, W_x, W_h and b, from d_h (batch, units)."""
    d_a = d_h * (1 - h_t**2)  # (batch, units)
    d_h_prev = d_a @ W_h.T  # (batch, units)
    d_W_x = x_t.T @ d_a  # (features, units)
    d_W_h = h_prev.T @ d_a  # (units, units)
    d_b = d_a.sum(axis=0)  # (units,)
    return d_h_prev, d_W_x, d_W_h, d_b


# %% [markdown]
# ## 2 · All time steps: backpropagation through time
#
# Where does $\partial L/\partial h_t$ come from? From the next time step: its `d_h_prev`. So we begin at the last hidden state, where the loss is, and apply `step_backward` to one
# time step after the other, from $T$ down to 1. This is [**backpropagation through time**](../GLOSSARY.md#backpropagation-through-time) (BPTT; Werbos 1990). It is the ordinary chain rule, applied to the unrolled network.

# %% alt="The unrolled network over four words. Black arrows lead from h_0 to h_1 and on to h_4, and to the loss L. Red arrows above lead back from L to h_4, from h_4 to h_3, and on to h_0." jupyter={"source_hidden": true}
# Draw the forward pass in black and the backward pass in red.
fig, ax = plt.subplots(figsize=(8, 3.2))
plots.unrolled(ax, ["the", "film", "was", "dull"], now=4)
ax.text(7.5, 1.2, "$L$", ha="center", va="center", fontsize=13)
ax.annotate("", (7.35, 1.2), (6.4, 1.2), arrowprops={"arrowstyle": "-|>"})
for t in range(5, 0, -1):
    curve = {"arrowstyle": "-|>", "color": "C5", "linewidth": 1.8,
             "connectionstyle": "arc3,rad=0.35"}
    ax.annotate("", (1.5 * t - 1.4, 1.55), (1.5 * t - 0.1, 1.55),
                arrowprops=curve)
    ax.text(1.5 * t - 0.75, 1.98, rf"$\partial L/\partial h_{{{t - 1}}}$",
            color="C5", ha="center")
ax.set(xlim=(-0.6, 7.8), ylim=(-0.8, 2.3))
plt.show()

# %% [markdown]
# All time steps use the same weights. A change of $W_h$ therefore acts at *every* time step, and its effects add up. So the gradient is a sum over time:
#
# $$\frac{\partial L}{\partial W_h} = \sum_{t=1}^{T} h_{t-1}^\top\, \frac{\partial L}{\partial a_t}$$
#
# The forward pass stores all hidden states, because the backward pass needs them. The memory that training needs grows with the length of the sequence.

# %%
def forward(x, W_x, W_h, b):
    """Hidden states h (time + 1, batch, units); h[0] is zero."""
    h = [np.zeros((len(x), len(b)))]
    for t in range(x.shape[1]):
        h.append(np.tanh(x[:, t] @ W_x + h[-1] @ W_h + b))
    return np.stack(h)


# %%
def backward(d_h, x, h, W_x, W_h):
    """From d_h = ∂L/∂h_T: the gradients [d_W_x, d_W_h, d_b], and
    d_states (time + 1, batch, units), where d_states[t] is ∂L/∂h_t."""
    total = [0, 0, 0]
    d_states = np.zeros_like(h)
    d_states[-1] = d_h
    for t in range(x.shape[1], 0, -1):  # x[:, t - 1] is x_t
        d_states[t - 1], *terms = step_backward(
            d_states[t], x[:, t - 1], h[t - 1], h[t], W_x, W_h)
        total = [old + term for old, term in zip(total, terms)]
    return total, d_states


# %% [markdown]
# ## 3 · Check the gradient
#
# TensorFlow's `GradientTape` records a computation and applies the chain rule to it. We compare it with our gradient on a small example. As the loss we take $L = \tfrac12 \sum h_T^2$, because its gradient is
# simple: $\partial L/\partial h_T = h_T$.

# %%
x = rng.normal(size=(4, 12, 3))  # (batch, time, features)
layer = keras.layers.SimpleRNN(8)
layer.build((None, None, 3))
W_x, W_h, b = (w.astype(float) for w in layer.get_weights())
h = forward(x, W_x, W_h, b)  # (13, 4, 8)
by_hand, d_states = backward(h[-1], x, h, W_x, W_h)

with tf.GradientTape() as tape:
    h_T = layer(x.astype("float32"))  # (batch, units)
    loss = 0.5 * tf.reduce_sum(h_T**2)
by_tape = tape.gradient(loss, layer.trainable_variables)
difference = [np.abs(ours - theirs).max() / np.abs(ours).max()
              for ours, theirs in zip(by_hand, by_tape)]
claim("gradients by hand and by GradientTape: largest relative difference",
      max(difference), at_most=1e-4)

# %% [markdown]
# What remains is the rounding error of 32-bit numbers.
#
# A second check needs no calculus. Make one weight a little larger, and then a little smaller, and see how much the loss changes. This is called **finite differences**. It needs two
# forward passes for each weight, so it is too slow for training. But it is the best way to find a mistake in a gradient.

# %%
def loss_at(W_h):
    return 0.5 * np.sum(forward(x, W_x, W_h, b)[-1] ** 2)


small = np.zeros_like(W_h)
small[2, 5] = 1e-5  # change one entry only
estimate = (loss_at(W_h + small) - loss_at(W_h - small)) / 2e-5
claim("one entry of d_W_h, by hand and by finite differences: difference",
      abs(estimate - by_hand[1][2, 5]), at_most=1e-6)

# %% [markdown]
# Two directions give a better estimate than one. A step much larger than 0.00001 makes the estimate worse, and a much smaller one suffers from rounding.

# %% [markdown] claim="one entry of d_W_h, by hand and by finite differences: difference"
# **Quick question.** You forget to transpose $W_h$ in `step_backward`. How do you notice?
#
# <details><summary>A. NumPy reports shapes that do not fit</summary>No. <code>W_h</code> is square, so the product has the right shape either way.</details>
# <details><summary>B. The network does not train at all</summary>No. The part of the gradient from the last time step is still right, so the loss often falls.</details>
# <details><summary>C. The gradient differs from finite differences</summary>Right. With the correct code the difference was tiny; with the mistake it is not.</details>

# %% [markdown]
# ## 4 · How much each time step contributes
#
# The gradient of $W_h$ is a sum with one term for each time step. How large is each term? We measure the size of an array by its **Frobenius norm**: the square root of the sum of its squared entries. This is what
# `np.linalg.norm` computes by default, and what the *norm of a gradient* means in this lesson.

# %%
d_a = d_states[1:] * (1 - h[1:] ** 2)  # (time, batch, units)
terms = [h[t].T @ d_a[t] for t in range(12)]  # each (units, units)
norms = [np.linalg.norm(term) for term in terms]
claim("sum of the terms and gradient of W_h: largest difference",
      np.abs(sum(terms) - by_hand[1]).max(), at_most=1e-9)
claim("norms of the last three terms, divided by those of the first three",
      sum(norms[-3:]) / sum(norms[:3]), at_least=2)

# %% alt="Bars of the norm of the term of each of twelve time steps. The bars of the last time steps are the highest, those of the first ones are low, and the very first is zero." jupyter={"source_hidden": true}
# Draw the norm of each term.
fig, ax = plt.subplots(figsize=(7, 3))
ax.bar(range(1, 13), norms)
ax.set(title="The last time steps contribute most to the gradient of $W_h$",
       xlabel="time step", ylabel="norm of its term", xticks=range(1, 13))
plt.show()

# %% [markdown]
# The loss is at the last time step, and the last time steps contribute most. (The first term is zero because $h_0 = 0$.) If the important word was the second one, it has little influence on the gradient. How fast does this influence
# decrease?

# %% [markdown]
# ## 5 · How much a matrix can stretch a vector
#
# At each step back, the gradient is multiplied by matrices. A matrix $M$ stretches some vectors and shrinks others. Take all vectors of length 1; in two dimensions they form a circle. Multiplied by $M$, they form an ellipse.
# Half the length of each of its axes is a [**singular value**](../GLOSSARY.md#singular-value) of $M$. The largest singular value is the largest factor by which $M$ can stretch a vector. It is called the **spectral norm**, written $\lVert M \rVert_2$. The figure shows $M = \begin{pmatrix} 1.2 & 0.9 \\ -0.2 & 0.5 \end{pmatrix}$ and its two singular values.

# %% alt="A circle of radius one, and the ellipse that the matrix M makes of it. Two arrows from the centre mark the half axes of the ellipse; the longer one is the spectral norm." jupyter={"source_hidden": true}
# Draw the unit circle and its image under M, with both singular values.
M = np.array([[1.2, 0.9], [-0.2, 0.5]])
_, values, directions = np.linalg.svd(M)
circle = np.stack([np.cos(np.linspace(0, 2 * np.pi, 200)),
                   np.sin(np.linspace(0, 2 * np.pi, 200))], axis=1)  # (200, 2)
fig, ax = plt.subplots(figsize=(5.4, 3.2))
ax.plot(*circle.T, "--", label="vectors of length 1")
ax.plot(*(circle @ M).T, label="the same, times $M$")
for axis, value in zip(directions * values[:, None], values):
    ax.annotate("", axis, (0, 0), arrowprops={"arrowstyle": "-|>"})
    ax.text(*(1.2 * axis), f"{value:.2f}", ha="center", va="center")
ax.set(aspect="equal", xlim=(-1.8, 4.4), ylim=(-1.5, 1.5))
ax.legend(loc="center right")
plt.show()

# %% [markdown]
# The two norms have different values and different uses. The Frobenius norm measures how large an array is. The spectral norm measures how much a matrix can stretch. In NumPy it is `np.linalg.norm(M, 2)`.
#
# A matrix whose singular values are all 1 is **orthogonal**. It rotates or mirrors vectors, and changes no length. Then $Q Q^\top$ is the identity matrix.

# %% [markdown]
# ## 6 · Vanishing and exploding gradients
#
# The matrix of all partial derivatives of $h_t$ with respect to $h_{t-1}$ is called a [**Jacobian**](../GLOSSARY.md#jacobian). From section 1, for one sequence:
#
# $$\frac{\partial h_t}{\partial h_{t-1}} = \operatorname{diag}(1 - h_t^2)\, W_h^\top$$
#
# The gradient is a row vector. To get from time step $t$ back to an earlier one, $k$, we multiply it by one Jacobian per step:
#
# $$\frac{\partial L}{\partial h_k} = \frac{\partial L}{\partial h_t}\; \frac{\partial h_t}{\partial h_{t-1}}\; \frac{\partial h_{t-1}}{\partial h_{t-2}} \cdots \frac{\partial h_{k+1}}{\partial h_k}$$
#
# How much can this product stretch? The derivative of tanh, $1 - h_t^2$, is at most 1. So one Jacobian stretches by $\lVert W_h \rVert_2$ at most. We call this number $\eta$. There are $t - k$ factors, so
#
# $$\left\lVert \frac{\partial h_t}{\partial h_k} \right\rVert_2 \le \eta^{\,t-k}, \qquad \eta = \lVert W_h \rVert_2$$
#
# (Bengio, Simard, Frasconi 1994; Pascanu, Mikolov, Bengio 2013). The distance $t - k$ is the *lag*. If $\eta < 1$, the bound goes to zero: the gradient from far away is lost, the
# [**vanishing gradient**](../GLOSSARY.md#vanishing-gradient). If $\eta > 1$, the bound grows, and the product may grow with it, the [**exploding gradient**](../GLOSSARY.md#exploding-gradient).
#
# We measure the product with $W_h = \eta\, Q$, where $Q$ is a random orthogonal matrix.

# %%
def orthogonal(units, rng):
    """A random orthogonal matrix (units, units)."""
    Q, R = np.linalg.qr(rng.normal(size=(units, units)))
    return Q * np.sign(np.diag(R))  # all orthogonal matrices equally likely


def jacobian_products(h, W_h):
    """∂h_T/∂h_{T-lag} for lag 0, 1, …, T, from h (T + 1, 1, units)."""
    products = [np.eye(len(W_h))]
    for h_t in h[:0:-1]:  # h_T, …, h_1
        jacobian = (1 - h_t.T**2) * W_h.T  # diag(1 − h_t²) W_hᵀ
        products.append(products[-1] @ jacobian)
    return products


# %% [markdown]
# We use the same weights twice: once with inputs so small that the hidden states stay near 0, and once with inputs of ordinary size.
#
# **What do you expect?** With $\eta = 1.1$ and 60 steps, the bound is about 300. Will the gradient explode in both cases?
#
# <details><summary>Answer</summary>Only with tiny inputs. With ordinary inputs it vanishes. The bound says what is possible, not what happens.</details>

# %%
Q, W_x60 = orthogonal(32, rng), rng.normal(size=(4, 32))
x60 = rng.normal(size=(1, 60, 4))  # (1, time, features)
measured = {}
for size in (0.01, 1.0):
    for eta in (0.8, 1.0, 1.1):
        h60 = forward(size * x60, W_x60, eta * Q, np.zeros(32))
        products = jacobian_products(h60, eta * Q)
        measured[size, eta] = np.array([np.linalg.norm(p, 2) for p in products])
claim("tiny inputs, eta 1.1: norm after 60 steps", measured[0.01, 1.1][-1],
      at_least=5)
claim("inputs of size 1, eta 1.1: norm after 60 steps", measured[1.0, 1.1][-1],
      at_most=1e-4)

# %% alt="Two panels: the norm of the product of Jacobians against the lag, on a logarithmic axis, for eta 1.1, 1 and 0.8, each with its bound as a dotted line. With tiny inputs one curve grows below its bound, one stays level, one falls along its bound. With inputs of size 1 all three fall, far below their bounds." jupyter={"source_hidden": true}
# Draw the norm of the product by lag, with its bound.
lags = np.arange(61)
fig, axes = plt.subplots(1, 2, figsize=(9.4, 3.8), sharey=True)
for ax, size in zip(axes, (0.01, 1.0)):
    for eta, colour in ((1.1, "C0"), (1.0, "C1"), (0.8, "C2")):
        ax.semilogy(lags, measured[size, eta], colour, label=rf"$\eta$ = {eta}")
        ax.semilogy(lags, eta**lags, ":", color=colour)
    ax.set(title=f"inputs of size {size:g}", xlabel="lag")
axes[0].plot([], [], "k:", label=r"bound $\eta^{lag}$")
axes[0].set(ylabel="spectral norm of the product", ylim=(1e-18, 1e4))
axes[0].legend(loc="lower left")
plt.show()
ratios = [norms[1:] / eta ** lags[1:] for (_, eta), norms in measured.items()]
claim("norm of a product divided by its bound: largest", np.max(ratios),
      at_most=1 + 1e-9)

# %% [markdown]
# On the left, the derivatives of tanh are close to 1, and the measured norm follows the bound. (With $\eta = 1.1$ the hidden states grow with time. At the last time steps they are large, so the curve begins flat.)
#
# On the right, the inputs push the hidden states towards −1 and 1, where tanh is flat. We say that the units **saturate**. Each step then multiplies by derivatives far below 1, and the gradient vanishes even with $\eta = 1.1$.
#
# So read the bound in one direction only. If $\eta < 1$, the gradient *must* vanish, for every input. If $\eta > 1$, it *may* explode, and it may also vanish. To keep it alive, $\eta \ge 1$ is necessary, but not sufficient.
#
# Does the *whole* gradient vanish, then? No. It is the sum of section 4, and the terms of the last time steps remain. The network still learns, but only from what is near the end.

# %% [markdown] claim="inputs of size 1, eta 1.1: norm after 60 steps"
# **Quick question.** You know that $\lVert W_h \rVert_2 = 1.1$. What do you know about the gradient 60 steps back?
#
# <details><summary>A. It is 1.1<sup>60</sup> times as large</summary>No. That is an upper bound. The derivative of tanh makes the real factor smaller.</details>
# <details><summary>B. It may be larger or smaller than at the end</summary>Right. With inputs of size 1 it was smaller by many powers of ten; with tiny inputs it was larger.</details>
# <details><summary>C. It cannot vanish, because 1.1 is above 1</summary>No. In the right panel it does. Only η below 1 gives certainty.</details>

# %% [markdown]
# ## 7 · What an explosion does to training
#
# Take the smallest possible network: one unit, no input, $W_h = 1.5$, thirty steps. Only the bias $b$ is learned. Its last hidden state should be 0.9, so the loss is $\tfrac12 (h_T - 0.9)^2$. If $b$ is a little
# above zero, each step pushes the hidden state further up. If $b$ is a little below zero, each step pushes it further down.

# %%
def loss_and_gradient(bias, T=30):
    """Loss and dL/db of one unit without input that should end at 0.9."""
    no_input = np.zeros((1, T, 1))
    W_x, W_h = np.zeros((1, 1)), np.full((1, 1), 1.5)
    h = forward(no_input, W_x, W_h, np.array([bias]))  # (T + 1, 1, 1)
    (_, _, d_b), _ = backward(h[-1] - 0.9, no_input, h, W_x, W_h)
    return 0.5 * (h[-1, 0, 0] - 0.9) ** 2, d_b[0]


def descend(bias, limit, steps=200, rate=0.1):
    """The biases that gradient descent visits; |gradient| is limited."""
    visited = [bias]
    for _ in range(steps):
        _, g = loss_and_gradient(visited[-1])
        visited.append(visited[-1] - rate * np.clip(g, -limit, limit))
    return visited


# %% [markdown]
# We start gradient descent at $b = -0.00001$, just left of zero, with a learning rate of 0.1.
#
# **What do you expect?** The loss has to fall when $b$ grows. Where is $b$ after one step: near 0.1, near 1, or near 500?
#
# <details><summary>Answer</summary>Near 500. The direction is right, but the gradient is in the thousands.</details>

# %%
unlimited = descend(-1e-5, limit=np.inf)
limited = descend(-1e-5, limit=1.0)
for name, visited in (("no limit", unlimited), ("limit 1", limited)):
    for step in (0, 1, 200):
        loss, g = loss_and_gradient(visited[step])
        print(f"{name:8}  step {step:3}  b = {visited[step]:9.5f}"
              f"  loss {loss:.6f}  gradient {g:.2g}")
claim("no limit: b after one step", unlimited[1], at_least=100)
claim("no limit: size of the gradient after one step",
      abs(loss_and_gradient(unlimited[1])[1]), at_most=1e-9)
claim("limit 1: loss after 200 steps", loss_and_gradient(limited[-1])[0],
      at_most=1e-5)

# %% alt="Left, the loss against the bias: about 1.6 for negative biases, a vertical drop at zero, almost zero for positive ones. Orange points show the limited steps: one at the drop, all others on the low side, at 0.1 and above. Right, the size of the gradient within 0.00002 of zero, on a logarithmic axis: a peak of more than 100,000 at zero that falls steeply to both sides." jupyter={"source_hidden": true}
# Draw the loss with the limited steps, and the gradient near zero.
fig, axes = plt.subplots(1, 2, figsize=(9.4, 3.2))
wide, near = np.linspace(-0.05, 0.15, 401), np.linspace(-2e-5, 2e-5, 401)
axes[0].plot(wide, [loss_and_gradient(b)[0] for b in wide])
axes[0].plot(limited, [loss_and_gradient(b)[0] for b in limited], "o-",
             markersize=4, linewidth=0.8, label="200 steps, limit 1")
axes[0].set(title="The loss has a cliff", xlabel="bias $b$", ylabel="loss",
            xticks=[-0.05, 0, 0.05, 0.1, 0.15])
axes[0].legend()
axes[1].semilogy(1e6 * near, [abs(loss_and_gradient(b)[1]) for b in near], "C5")
axes[1].set(title="The gradient on the cliff", xlabel="bias $b$, in millionths",
            ylabel="size of the gradient")
plt.show()

# %% [markdown]
# The loss falls over a narrow *cliff*, where the gradient is huge. Its direction is right, but only for a tiny distance. Without a limit, one step moves $b$ by hundreds. There the unit is
# saturated at every time step and the gradient is exactly zero, so all further steps change nothing. With a limit, $b$ lands just behind the cliff, and descends to the minimum.
#
# So we keep the direction of the gradient and limit its size:
#
# $$g \leftarrow g \cdot \min\left(1, \frac{c}{\lVert g \rVert}\right), \qquad \lVert g \rVert = \sqrt{\textstyle\sum_{j} g_j^2}$$
#
# The sum is over the entries of the gradients of *all* weights together. This is [**gradient clipping**](../GLOSSARY.md#gradient-clipping) (Pascanu, Mikolov, Bengio 2013). A gradient with a norm below $c$ does not change.

# %% [markdown]
# ## 8 · Clipping in a real training
#
# Now a network with 16 units, and a task that needs memory: read one of four symbols, then 20 distractors, and name the symbol. We train with our own gradients. On top of the last hidden state is a softmax over the four symbols,
# $p = \text{softmax}(h_T W_y)$, and the loss is the cross-entropy $-\ln p_y$ of the right symbol $y$. Its gradient with respect to the logits $h_T W_y$ is simple: $p$, minus 1 for the right symbol.

# %%
def gradients(weights, x, y):
    """Mean cross-entropy, and its gradients of W_x, W_h, b and W_y."""
    W_x, W_h, b, W_y = weights
    h = forward(x, W_x, W_h, b)
    p = np.exp(h[-1] @ W_y)  # softmax: (batch, symbols)
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[range(len(y)), y]).mean()
    d_logits = (p - np.eye(4)[y]) / len(y)  # eye(4)[y]: one-hot vectors
    total, _ = backward(d_logits @ W_y.T, x, h, W_x, W_h)
    return loss, [*total, h[-1].T @ d_logits]


# %% [markdown]
# Then gradient descent with new sequences in every update. `limit` is the $c$ of the formula; infinity means no clipping.

# %%
def norm_of_all(grads):
    return np.sqrt(sum(np.sum(g**2) for g in grads))


def train(weights, lag, rng, rate=0.3, limit=np.inf, updates=400):
    """The trained weights, and (loss, gradient norm) of every update."""
    history = []
    for _ in range(updates):
        x, y = synthetic.recall(32, lag, seed=rng.integers(10**9))
        loss, grads = gradients(weights, x, y)
        norm = norm_of_all(grads)  # before clipping
        history.append((loss, norm))
        factor = rate * min(1, limit / norm)
        weights = [w - factor * g for w, g in zip(weights, grads)]
    return weights, np.array(history)


# %% [markdown]
# We begin with $W_h = 1.5\, Q$, so $\eta = 1.5$. The other weights are uniform random numbers in the range that Keras uses (Glorot and Bengio 2010). One network can be lucky, so we train six with
# different random seeds. To be fair, we also try a smaller learning rate without clipping.

# %%
def glorot(rows, columns, rng):
    limit = np.sqrt(6 / (rows + columns))
    return rng.uniform(-limit, limit, size=(rows, columns))


def initial_weights(W_h, rng):
    n = len(W_h)
    return [glorot(8, n, rng), W_h, np.zeros(n), glorot(n, 4, rng)]


def accuracy(weights, lag):
    x, y = synthetic.recall(400, lag, seed=10**6)  # new sequences
    h = forward(x, *weights[:3])
    return np.mean((h[-1] @ weights[3]).argmax(axis=1) == y)


# %%
def six_runs(matrix, lag, **options):
    """Histories (6, updates, 2) and accuracies (6,) of six networks."""
    histories, reached = [], []
    for number in range(6):
        rng = np.random.default_rng([SEED, number])
        weights = initial_weights(matrix(rng), rng)
        weights, history = train(weights, lag, rng, **options)
        histories.append(history)
        reached.append(accuracy(weights, lag))
    return np.array(histories), np.array(reached)


# %%
def gain_15(rng):
    return 1.5 * orthogonal(16, rng)


plain_runs, plain = six_runs(gain_15, lag=20)
clipped_runs, clipped = six_runs(gain_15, lag=20, limit=1.0)
slow_runs, slow = six_runs(gain_15, lag=20, rate=0.05)
claim("no clipping: mean accuracy", plain.mean(), at_most=0.7)
claim("clipped at 1: mean accuracy", clipped.mean(), at_least=0.8)
claim("no clipping, smaller rate: mean accuracy", slow.mean(), at_least=0.7)

# %% alt="Left, the loss of six networks without clipping: most stay near the loss at chance level, with jumps. Middle, the six with clipping: the loss falls to zero in most of them. Right, the norm of the gradient of one network of each kind, on a logarithmic axis: both have peaks far above one in the beginning." jupyter={"source_hidden": true}
# Draw the losses, and the gradient norm of one network of each kind.
fig, axes = plt.subplots(1, 3, figsize=(9.8, 3.4))
smooth = np.ones(10) / 10  # mean over ten updates
for ax, runs, name, colour in ((axes[0], plain_runs, "no clipping", "C1"),
                               (axes[1], clipped_runs, "clipped at 1", "C0")):
    for run in runs:
        ax.plot(np.convolve(run[:, 0], smooth, "valid"), colour, linewidth=0.9)
    ax.axhline(np.log(4), color="black", linewidth=0.8, linestyle=":")
    ax.set(title=f"Loss, {name}", xlabel="update", ylim=(0, 2.5))
    axes[2].semilogy(runs[0, :, 1], colour, label=name, linewidth=0.9)
axes[1].text(395, 1.45, "chance level", ha="right")
axes[2].axhline(1, color="black", linewidth=0.8, linestyle=":")
axes[2].set(title="Gradient norm of one network", xlabel="update")
axes[2].legend()
plt.show()

# %% [markdown]
# Without clipping, the loss jumps, and most curves stay flat near chance level. With clipping, the gradient norm has peaks too, but the steps are limited, and most networks learn the
# task. This is how you recognise an exploding gradient: *the gradient norm has a peak far above its usual values, and at the next update the loss is higher*. Clipping does not remove the cliffs. It makes them harmless.
#
# A smaller learning rate works about as well here. But then *all* steps are small, and the next task may have higher cliffs. With clipping, you choose the learning rate for the ordinary updates. Choose $c$ a little above the norms
# of ordinary updates: print them for a while.
#
# Every Keras optimizer can clip: `keras.optimizers.Adam(0.01, global_clipnorm=1.0)` uses our formula, with one factor for all weights. The argument `clipnorm` has a similar name, but clips the gradient of *each variable* separately, which changes the
# direction of the step. ("Going further" shows both.)

# %% [markdown] claim="clipped at 1: mean accuracy"
# **Quick question.** The two kinds of training differ in one point only. Which one?
#
# <details><summary>A. Clipped updates point in another direction</summary>No. All gradients are multiplied by one factor, which keeps the direction.</details>
# <details><summary>B. Clipped updates are never larger than the learning rate times <i>c</i></summary>Right. This alone changed the mean accuracy from near chance level to the value above.</details>
# <details><summary>C. Clipping also makes vanishing gradients larger</summary>No. The factor is at most 1. And one factor for all terms of the sum cannot help those from far away.</details>

# %% [markdown]
# ## 9 · Orthogonal initialisation
#
# Against vanishing gradients, the weights have to *start* where gradients survive. `keras.layers.SimpleRNN` starts $W_h$ as a random orthogonal matrix, called [**orthogonal initialisation**](../GLOSSARY.md#orthogonal-initialisation) (Saxe, McClelland,
# Ganguli 2014). We compare four choices, before any training: small random numbers; Glorot's range, as for $W_x$; an orthogonal matrix; and an orthogonal matrix multiplied by a *gain* of 1.5.
#
# For each one, we compute the product of 20 Jacobians on a sequence of the task, and all its 16 singular values: how much of a gradient is left in each of 16 directions.
#
# **What do you expect?** The spectral norm of Glorot's matrix is about 1.5, that of an orthogonal matrix is 1. Which one keeps more of the gradient?
#
# <details><summary>Answer</summary>In the largest direction both keep about the same. In most other directions the orthogonal matrix keeps much more.</details>

# %%
matrices = {
    "small": lambda rng: rng.normal(scale=0.05, size=(16, 16)),
    "Glorot": lambda rng: glorot(16, 16, rng),
    "orthogonal": lambda rng: orthogonal(16, rng),
    "orthogonal, gain 1.5": gain_15,
}
sequence, _ = synthetic.recall(1, lag=40, seed=SEED)  # (1, 41, 8)
left = {name: [] for name in matrices}  # singular values, six seeds
for name, matrix in matrices.items():
    for number in range(6):
        rng_9 = np.random.default_rng([SEED, number])
        W_x9, W_h9, b_9, _ = initial_weights(matrix(rng_9), rng_9)
        h_9 = forward(sequence, W_x9, W_h9, b_9)
        product = jacobian_products(h_9, W_h9)[20]
        left[name].append(np.linalg.svd(product, compute_uv=False))
    left[name] = np.median(left[name], axis=0)  # (16,): median of the seeds

# %% alt="The sixteen singular values of the product of twenty Jacobians, largest first, on a logarithmic axis. Those of small weights are below the picture. Glorot and orthogonal begin together; Glorot falls over many powers of ten, orthogonal falls slowly. With gain 1.5 the first is above one, and the last ones fall below those of orthogonal." jupyter={"source_hidden": true}
# Draw the singular values of the four products.
fig, ax = plt.subplots(figsize=(7, 3.6))
for (name, values), style in zip(left.items(), ("^:", "s--", "o-", "D-.")):
    ax.semilogy(range(1, 17), values, style, label=name, markersize=4)
ax.set(title="How much of a gradient is left after 20 steps",
       xlabel="direction, largest first", ylabel="singular value",
       ylim=(1e-15, 100))
ax.legend(loc="lower left", ncols=2)
plt.show()
claim("small weights: largest singular value", left["small"][0], at_most=1e-9)
half = {name: values[7] for name, values in left.items()}
claim("eighth singular value, orthogonal divided by Glorot",
      half["orthogonal"] / half["Glorot"], at_least=10)
claim("largest singular value, gain 1.5", left["orthogonal, gain 1.5"][0],
      at_least=0.5)

# %% [markdown]
# Small weights lose everything, as $\eta$ predicts. Glorot's matrix stretches a few directions and shrinks the others; after 20 steps only a few directions still carry a gradient. With the orthogonal matrix, only the derivatives of tanh make the gradient smaller, and most directions
# keep more. A gain of 1.5 compensates for these derivatives, but not in all directions.
#
# Does this help training? We train with Glorot and with orthogonal weights, clipped as before.

# %%
_, with_glorot = six_runs(matrices["Glorot"], lag=20, limit=1.0)
_, with_orthogonal = six_runs(matrices["orthogonal"], lag=20, limit=1.0)
print("Glorot     ", with_glorot.round(2))
print("orthogonal ", with_orthogonal.round(2))
claim("orthogonal weights, lag 20: mean accuracy", with_orthogonal.mean(),
      at_least=0.75)
claim("lead of orthogonal over Glorot, mean accuracy",
      with_orthogonal.mean() - with_glorot.mean(), at_least=0.02)

# %% [markdown]
# With orthogonal weights more networks learn, but single networks can still fail, and at longer lags most do (see "Going further"). A possible reason for the difference: to separate four symbols, a network needs a gradient in several directions.
#
# Both remedies act from outside. Clipping limits the gradient, and the initial weights set the Jacobians at the beginning, but training changes $W_h$ afterwards. [Lesson 06](06_lstm.ipynb) changes the equation of the cell instead.

# %% [markdown]
# ## 10 · My loss is NaN
#
# NaN means *not a number*: the result of 0/0 or ∞ − ∞. One NaN in the weights makes every later output NaN. Here is a network that explodes at once: ReLU instead of tanh, so nothing limits the hidden state, and a target that is the sum of 20 inputs.

# %%
x_sum = np.random.default_rng(SEED).random((1000, 20, 1))
y_sum = x_sum.sum(axis=1)  # (1000, 1)
rnn = keras.layers.SimpleRNN(16, activation="relu",
                             recurrent_initializer="identity")
broken = keras.Sequential([keras.Input((None, 1)), rnn, keras.layers.Dense(1)])
broken.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")
with tf.GradientTape() as tape:
    loss = broken.compute_loss(x_sum, y_sum, broken(x_sum))
grads = tape.gradient(loss, broken.trainable_variables)
print("gradient norm:", tf.linalg.global_norm(grads).numpy())
losses = broken.fit(x_sum, y_sum, epochs=3, verbose=0).history["loss"]
print("loss by epoch:", losses)
claim("epochs (of 3) with a loss below a million",
      np.sum(np.array(losses) < 1e6), at_most=1)  # NaN < 1e6 is False

# %% [markdown]
# The gradient norm alone gives the warning. When your own loss is NaN, check in this order:
#
# 1. **Is it NaN in the first batch?** Then look at the data: `np.isfinite(x).all()`, and the same for `y`. Scale inputs and targets to about −3 to 3. Are all labels valid class numbers?
# 2. **Does the loss fit the output?** `from_logits=True` needs outputs without sigmoid or softmax. In a loss of your own, look for log(0), a division by zero (a mean over nothing), and a square root at zero, whose derivative is infinite.
# 3. **Is it NaN only after some updates?** Then it is probably an explosion. Print loss and gradient norm of every update, as above. `keras.callbacks.TerminateOnNaN()` stops the training.
# 4. **Explosion:** clip with `global_clipnorm=1.0`. If that is not enough, divide the learning rate by ten, and use tanh instead of ReLU.
# 5. **float16:** numbers above 65,504 become infinite. Use `mixed_float16` only with the loss scaling that Keras adds in `compile`, or use float32.
#
# Clipping has to be there *before* the explosion: if the gradient is already infinite or NaN, the clipped one is NaN. And build the model again, or load a checkpoint: NaN weights do not recover.

# %% [markdown] claim="epochs (of 3) with a loss below a million"
# **Quick question.** The first epochs were fine, then the loss became NaN. The data has no NaN. What do you do first?
#
# <details><summary>A. Train on with a smaller learning rate</summary>No. The weights are NaN now, and every step keeps them so. Build the model again first.</details>
# <details><summary>B. Build the model again, print the gradient norm, and clip</summary>Right. NaN after some updates points to an explosion, as in the network above.</details>
# <details><summary>C. Replace NaN by zero in the loss</summary>No. That hides the message. The weights are still NaN.</details>

# %% [markdown]
# ## Exercises
#
# Replace each `...` by your answer, run the cell, then run the check below it. You can run a check as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: most_left
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `most_left(W_h, lag)`: the bound of section 6, that is, the largest factor by which a tanh network with the recurrent weights `W_h` can have multiplied a gradient
# `lag` steps back.
#
# <details><summary>Hint 1</summary>The bound is η to the power of the lag, and η is the spectral norm of W_h.</details>
# <details><summary>Hint 2</summary><code>np.linalg.norm(W_h, 2)</code> is the spectral norm. Without the 2 it is the Frobenius norm.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def most_left(W_h, lag):
    """Upper bound of the spectral norm of a product of `lag` Jacobians."""
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

# %% tags=["wrong"] message="norm of the power"
def most_left(W_h, lag):  # right for a symmetric or an orthogonal matrix
    return np.linalg.norm(np.linalg.matrix_power(W_h, lag), 2)

# %% [raw]
# # BEGIN TESTS

# %%
def test_most_left(most_left):
    import numpy as np

    W_h = np.array([[0.5, 2.0], [0.0, 0.8]])
    eta = np.linalg.svd(W_h, compute_uv=False)[0]
    got = most_left(W_h.copy(), 3)
    assert got is not None, "the function gives None: does it return the number?"
    assert np.size(got) == 1, f"the bound is one number; you gave an array of shape {np.shape(got)}"
    got = float(np.asarray(got).item())
    assert abs(got - 0.512) > 1e-5, "you took the largest eigenvalue, 0.8 here; but this matrix stretches some vectors to more than twice their length in one step. Take the largest singular value"
    assert abs(got - np.sqrt((W_h**2).sum()) ** 3) > 1e-4, "you took the Frobenius norm, the square root of the sum of all squares; np.linalg.norm needs a second argument, 2, for the largest singular value"
    assert abs(got - 3 * eta) > 1e-4, "you multiplied the norm by the lag; the gradient is multiplied by a Jacobian at every step, so the norm is taken to a power"
    assert abs(got - np.linalg.norm(np.linalg.matrix_power(W_h, 3), 2)) > 1e-4, "you took the norm of the power of W_h; the bound is the power of the norm. Between two W_h there is always a diagonal matrix"
    assert abs(got - eta**3) < 1e-4, f"for lag 3 you gave {got:.4f}; the largest singular value is {eta:.4f}, and its third power {eta**3:.4f}"
    assert abs(np.asarray(most_left(W_h.copy(), 0)).item() - 1) < 1e-5, "at lag 0 nothing has happened to the gradient yet, so the bound is 1"

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
        assert np.isclose(np.ravel(most_left(W_h.copy(), lag))[0], wanted, rtol=1e-4), f"not right for {units} units and lag {lag}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: clip_each
# points: 1

# %% [markdown]
# **Exercise 2.** In section 8 one factor clips all gradients. Write `clip_each(grads, largest)`, which does what Keras calls `clipnorm`: each array of the list `grads` is limited to the Frobenius norm `largest` separately.
# It returns a new list, and does not change the arrays that it was given. Arrays with a smaller norm stay as they are.
#
# <details><summary>Hint 1</summary>The Frobenius norm of an array of any shape is <code>np.sqrt(np.sum(g**2))</code>.</details>
# <details><summary>Hint 2</summary>A gradient may be zero everywhere. The factor <code>largest / max(norm, largest)</code> never divides by zero.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def clip_each(grads, largest):
    """The arrays of `grads`, each scaled down to norm `largest` if needed."""
    # BEGIN SOLUTION
    return [g * (largest / max(np.sqrt(np.sum(g**2)), largest)) for g in grads]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one factor for all"
def clip_each(grads, largest):
    factor = min(1, largest / np.sqrt(sum(np.sum(g**2) for g in grads)))
    return [g * factor for g in grads]

# %% tags=["wrong"] message="is below the limit"
def clip_each(grads, largest):
    return [g * largest / np.sqrt(np.sum(g**2)) for g in grads]

# %% tags=["wrong"] message="entry by entry"
def clip_each(grads, largest):
    return [np.clip(g, -largest, largest) for g in grads]

# %% tags=["wrong"] message="zero everywhere"
def clip_each(grads, largest):
    norms = [np.sqrt(np.sum(g**2)) for g in grads]
    with np.errstate(all="ignore"):
        return [g * largest / n if not n <= largest or n == 0 else g for g, n in zip(grads, norms)]

# %% tags=["wrong"] message="spectral norm"
def clip_each(grads, largest):  # right for vectors and for matrices of rank 1
    return [g * (largest / max(np.linalg.norm(g, 2), largest)) for g in grads]

# %% tags=["wrong"] message="row by row"
def clip_each(grads, largest):
    return [g * (largest / np.maximum(np.linalg.norm(g, axis=-1, keepdims=True), largest)) for g in grads]

# %% tags=["wrong"] message="do not change them in place"
def clip_each(grads, largest):
    for g in grads:
        g *= largest / max(np.sqrt(np.sum(g**2)), largest)
    return grads

# %% [raw]
# # BEGIN TESTS

# %%
def test_clip_each(clip_each):
    import numpy as np

    grads = [np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([0.3, 0.4]), np.array([0.0, -12.0])]
    got = clip_each(grads, 1.0)
    assert got is not None, "the function gives None: does it return the list?"
    assert len(got) == 3, f"for three gradients there are three in the answer; you gave {len(got)}"
    assert np.array_equal(grads[0], [[3, 0], [0, 4]]) and np.array_equal(grads[2], [0, -12]), "the arrays that were given must stay as they were: make new ones, do not change them in place"
    first, second, third = (np.asarray(g) for g in got)
    assert first.shape == (2, 2), f"a gradient keeps its shape; the first went in as (2, 2) and came out as {first.shape}"
    assert not np.allclose(first, grads[0] / np.sqrt(169.25), atol=1e-5), "you took one factor for all, which is global_clipnorm; here each array has its own"
    assert not np.allclose(first, grads[0] / 4, atol=1e-5), "you divided the matrix by 4, its spectral norm; the norm of a gradient is the Frobenius norm, 5 here"
    if np.allclose(first, np.eye(2), atol=1e-5):
        by_entry = np.allclose(clip_each([np.array([3.0, 4.0])], 1.0)[0], 1, atol=1e-5)
        assert not by_entry, "you clipped entry by entry, which changes the direction; scale the whole array by one factor"
        raise AssertionError("you clipped row by row; the whole array has one norm, and one factor")
    assert np.allclose(second, [0.3, 0.4], atol=1e-5), f"a gradient of norm 0.5 is below the limit and stays as it is; yours became {second}"
    assert np.allclose(first, [[0.6, 0], [0, 0.8]], atol=1e-5) and np.allclose(third, [0, -1], atol=1e-5), f"gradients of norm 5 and 12 must come out with norm 1, in the same direction; yours are {first.tolist()} and {third.tolist()}"
    with np.errstate(all="ignore"):
        zero = np.asarray(clip_each([np.zeros(3)], 1.0)[0])
    assert np.array_equal(zero, np.zeros(3)), f"a gradient that is zero everywhere must stay so; yours became {zero}: was something divided by zero?"
    assert np.allclose(clip_each([np.array([0.0, 12.0])], 2.0)[0], [0, 2], atol=1e-5), "it works for a largest norm of 1, but not of 2"

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
            given = [g.copy() for g in grads]
            got = clip_each(given, largest)
        norms = [np.sqrt((g**2).sum()) for g in grads]
        wanted = [g if norm <= largest else g * (largest / norm) for g, norm in zip(grads, norms)]
        assert len(got) == 4 and all(np.allclose(a, b, atol=1e-5) for a, b in zip(got, wanted)), f"not right for four gradients and {largest}"
        assert all(map(np.array_equal, given, grads)), "clip_each changes the arrays that it was given"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: repaired
# points: 1

# %% [markdown]
# **Exercise 3: find the mistake.** The leaky cell of lesson 04 keeps a part of its previous hidden state:
#
# $$n_t = \tanh(x_t W_x + h_{t-1} W_h + b), \qquad h_t = (1 - a)\, h_{t-1} + a\, n_t$$
#
# The function below is its `step_backward`; `n_t` is the tanh of the equation. It runs without an error. Compared with finite differences, all gradients are right for sequences of one time step. From two time steps on they are
# wrong. One line is incomplete. Repair it.
#
# <details><summary>Hint 1</summary>For one time step all is well. So the mistake is in the gradient that is used only when there is an earlier step.</details>
# <details><summary>Hint 2</summary>How many arrows lead from the previous hidden state to the new one? Each needs an arrow back.</details>
# <details><summary>Hint 3</summary>The second arrow does not go through tanh and not through W_h. It multiplies by 1 − a.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def repaired(d_h, x_t, h_prev, n_t, W_x, W_h, a):
    """Gradients of h_prev, W_x, W_h and b for one step of a leaky cell."""
    # BEGIN SOLUTION NO PROMPT
    d_a = a * d_h * (1 - n_t**2)  # (batch, units)
    d_h_prev = d_a @ W_h.T + (1 - a) * d_h  # (batch, units)
    return d_h_prev, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)
    # END SOLUTION
    """ # BEGIN PROMPT
    d_a = a * d_h * (1 - n_t**2)  # (batch, units)
    d_h_prev = d_a @ W_h.T  # (batch, units)
    return d_h_prev, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)
    """ # END PROMPT

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="a second way"
def repaired(d_h, x_t, h_prev, n_t, W_x, W_h, a):
    d_a = a * d_h * (1 - n_t**2)
    return d_a @ W_h.T, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)

# %% tags=["wrong"] message="the factor 1 − a"
def repaired(d_h, x_t, h_prev, n_t, W_x, W_h, a):
    d_a = a * d_h * (1 - n_t**2)
    return d_a @ W_h.T + d_h, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)

# %% tags=["wrong"] message="1 − a, not a"
def repaired(d_h, x_t, h_prev, n_t, W_x, W_h, a):  # right for a = 0.5
    d_a = a * d_h * (1 - n_t**2)
    return d_a @ W_h.T + a * d_h, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)

# %% tags=["wrong"] message="W_h.T"
def repaired(d_h, x_t, h_prev, n_t, W_x, W_h, a):
    d_a = a * d_h * (1 - n_t**2)
    return d_a @ W_h + (1 - a) * d_h, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)

# %% tags=["wrong"] message="does not go through tanh"
def repaired(d_h, x_t, h_prev, n_t, W_x, W_h, a):
    d_a = a * d_h * (1 - n_t**2)
    return d_a @ W_h.T + (1 - a) * d_a, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)

# %% tags=["wrong"] message="gradient of b"
def repaired(d_h, x_t, h_prev, n_t, W_x, W_h, a):
    d_a = a * d_h * (1 - n_t**2)
    return d_a @ W_h.T + (1 - a) * d_h, x_t.T @ d_a, h_prev.T @ d_a, d_a.mean(axis=0)

# %% [raw]
# # BEGIN TESTS

# %%
def test_repaired(repaired):
    import numpy as np

    rng, a = np.random.default_rng(3), 0.3
    x_t, h_prev, d_h = rng.normal(size=(2, 3)), rng.uniform(-1, 1, size=(2, 4)), rng.normal(size=(2, 4))
    W_x, W_h, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=4)

    def step():
        return np.tanh(x_t @ W_x + h_prev @ W_h + b)

    def numeric(array):
        found = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            old, losses = array[place], []
            for value in (old + 1e-6, old - 1e-6):
                array[place] = value
                losses.append(np.sum(d_h * ((1 - a) * h_prev + a * step())))
            array[place] = old
            found[place] = (losses[0] - losses[1]) / 2e-6
        return found

    n_t = step()
    got = repaired(d_h.copy(), x_t.copy(), h_prev.copy(), n_t.copy(), W_x, W_h, a)
    assert got is not None and len(got) == 4, "the function must return four arrays: of the previous hidden state, W_x, W_h and b"
    d_h_prev, d_W_x, d_W_h, d_b = (np.asarray(g) for g in got)
    d_a = a * d_h * (1 - n_t**2)
    assert d_h_prev.shape == (2, 4), f"the gradient of the previous hidden state must have its shape, (2, 4); yours has {d_h_prev.shape}"
    through = d_h_prev - d_a @ W_h.T  # what is added to the way through tanh
    assert not np.allclose(through, 0, atol=1e-5), "there is a second way from the previous hidden state to the new one, which does not go through tanh: (1 − a) h_prev. Its gradient is missing"
    assert not np.allclose(through, d_h, atol=1e-5), "the second way is there, but without the factor 1 − a"
    assert not np.allclose(through, a * d_h, atol=1e-5), "the second way has the factor 1 − a, not a"
    assert not np.allclose(through, (1 - a) * d_a, atol=1e-5), "the second way does not go through tanh: take d_h, not d_a"
    assert not np.allclose(d_h_prev, d_a @ W_h + (1 - a) * d_h, atol=1e-5), "the way through tanh was right: backwards it is a product with W_h.T"
    assert np.allclose(d_h_prev, numeric(h_prev), atol=1e-5), "the gradient of the previous hidden state differs from finite differences: it is a sum of two parts"
    assert d_b.shape == (4,) and np.allclose(d_b, numeric(b), atol=1e-5), "the gradient of b was right and is wrong now: it is a sum over the batch"
    assert np.allclose(d_W_x, numeric(W_x), atol=1e-5), "the gradient of W_x was right and is wrong now"
    assert np.allclose(d_W_h, numeric(W_h), atol=1e-5), "the gradient of W_h was right and is wrong now"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_repaired_hidden(repaired):
    import numpy as np

    rng = np.random.default_rng(8)
    x_t, h_prev, d_h = (rng.normal(size=(3, n)) for n in (2, 5, 5))
    W_x, W_h = rng.normal(size=(2, 5)), rng.normal(size=(5, 5))
    n_t = np.tanh(x_t @ W_x + h_prev @ W_h)
    for a in (0.1, 0.8):
        d_a = a * d_h * (1 - n_t**2)
        wanted = np.einsum("bj,ij->bi", d_a, W_h) + (1 - a) * d_h, x_t.T @ d_a, h_prev.T @ d_a, d_a.sum(axis=0)
        got = repaired(d_h.copy(), x_t, h_prev, n_t, W_x, W_h, a)
        for name, one, other in zip(("h_prev", "W_x", "W_h", "b"), got, wanted):
            assert np.shape(one) == other.shape and np.allclose(one, other, atol=1e-5), f"the gradient of {name}, for a = {a}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: backward_everywhere
# points: 2

# %% [markdown]
# **Exercise 4: a loss at every time step.** In lesson 11 a network gives an answer after *every* word, and the loss is a sum over all time steps. Then each hidden state acts on the loss in two ways: through its own answer, and through the next hidden state.
# Write `backward_everywhere(d_outputs, x, h, W_x, W_h)`. The array `d_outputs` (time, batch, units) has the gradient that each of $h_1, \dots, h_T$ gets from its own answer; `x` and `h` are as in `backward`. Return the
# three gradients `[d_W_x, d_W_h, d_b]`. You may use `step_backward`.
#
# <details><summary>Hint 1</summary>Start with a gradient of zero, and loop from the last time step to the first, as <code>backward</code> does.</details>
# <details><summary>Hint 2</summary>Before you call <code>step_backward</code> for time step t, add two gradients: what came from time step t + 1, and the state's own. The own gradient of h_t is <code>d_outputs[t - 1]</code>, because indices begin at 0.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def backward_everywhere(d_outputs, x, h, W_x, W_h):
    """Gradients [d_W_x, d_W_h, d_b] of a loss at all time steps."""
    # BEGIN SOLUTION
    total, d_h = [0, 0, 0], 0
    for t in range(x.shape[1], 0, -1):
        d_h, *terms = step_backward(d_h + d_outputs[t - 1], x[:, t - 1],
                                    h[t - 1], h[t], W_x, W_h)
        total = [old + term for old, term in zip(total, terms)]
    return total
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="only the last answer"
def backward_everywhere(d_outputs, x, h, W_x, W_h):
    return backward(d_outputs[-1], x, h, W_x, W_h)[0]

# %% tags=["wrong"] message="through the later states"
def backward_everywhere(d_outputs, x, h, W_x, W_h):
    total = [0, 0, 0]
    for t in range(x.shape[1], 0, -1):
        _, *terms = step_backward(d_outputs[t - 1], x[:, t - 1], h[t - 1], h[t], W_x, W_h)
        total = [old + term for old, term in zip(total, terms)]
    return total

# %% tags=["wrong"] message="counts twice"
def backward_everywhere(d_outputs, x, h, W_x, W_h):
    total, d_h = [0, 0, 0], d_outputs[-1]
    for t in range(x.shape[1], 0, -1):
        d_h, *terms = step_backward(d_h + d_outputs[t - 1], x[:, t - 1], h[t - 1], h[t], W_x, W_h)
        total = [old + term for old, term in zip(total, terms)]
    return total

# %% tags=["wrong"] message="all answers at the last time step"
def backward_everywhere(d_outputs, x, h, W_x, W_h):
    return backward(d_outputs.sum(axis=0), x, h, W_x, W_h)[0]

# %% tags=["wrong"] message="changes d_outputs"
def backward_everywhere(d_outputs, x, h, W_x, W_h):
    total = [0, 0, 0]
    for t in range(x.shape[1], 0, -1):
        d_h, *terms = step_backward(d_outputs[t - 1], x[:, t - 1], h[t - 1], h[t], W_x, W_h)
        if t > 1:
            d_outputs[t - 2] += d_h
        total = [old + term for old, term in zip(total, terms)]
    return total

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

    def numeric(weight, used):
        found = np.zeros(weight.shape)
        for place in np.ndindex(weight.shape):
            old, losses = weight[place], []
            for value in (old + 1e-6, old - 1e-6):
                weight[place] = value
                losses.append(np.sum(used(states()[1:])))
            weight[place] = old
            found[place] = (losses[0] - losses[1]) / 2e-6
        return found

    h, given = states(), d_outputs.copy()
    got = backward_everywhere(given, x.copy(), h.copy(), W_x, W_h)
    assert np.array_equal(given, d_outputs), "the function changes d_outputs, which the caller may still need: keep the sum in a variable of its own"
    assert got is not None and len(got) == 3, "the function must return three gradients: of W_x, W_h and b"
    last = numeric(b, lambda h: d_outputs[-1] * h[-1])
    right = {name: numeric(w, lambda h: d_outputs * h) for name, w in {"W_x": W_x, "W_h": W_h, "b": b}.items()}
    assert not np.allclose(got[2], last, atol=1e-5), "your gradient is that of only the last answer: the d_outputs of the other time steps are never used"
    assert not np.allclose(got[2], numeric(b, lambda h: d_outputs.sum(axis=0) * h[-1]), atol=1e-5), "you have put all answers at the last time step: add d_outputs[t - 1] when the loop reaches time step t"
    alone = (d_outputs * (1 - h[1:] ** 2)).sum(axis=(0, 1))
    assert not np.allclose(got[2], alone, atol=1e-5), "each state's own answer is in, but a state also acts through the later states: carry d_h on to the time step before"
    assert not np.allclose(got[2], right["b"] + last, atol=1e-5), "the last answer counts twice in your gradient: d_outputs[-1] comes in once before the loop and once in it"
    for (name, wanted), g in zip(right.items(), got):
        assert np.shape(g) == wanted.shape, f"the gradient of {name} has the shape of {name}, {wanted.shape}; yours has {np.shape(g)}"
        assert np.allclose(g, wanted, atol=1e-5), f"the gradient of {name} differs from finite differences: add d_outputs[t - 1] to what comes from time step t + 1, before step_backward for time step t"

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
        terms = x[:, t].T @ d_a, h[t].T @ d_a, d_a.sum(axis=0)
        d_h, wanted = d_a @ W_h.T, [old + term for old, term in zip(wanted, terms)]
    given = d_outputs.copy()
    got = backward_everywhere(given, x, np.stack(h), W_x, W_h)
    assert np.array_equal(given, d_outputs), "backward_everywhere changes d_outputs"
    for name, a, b in zip(("W_x", "W_h", "b"), got, wanted):
        assert np.shape(a) == b.shape and np.allclose(a, b, atol=1e-5), f"the gradient of {name}, for six time steps"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: adds_numbers
# points: 2

# %% [markdown]
# **Exercise 5: repair a training.** The network of section 10 should add 20 numbers between 0 and 1, and its loss is NaN. Build it again as `sum_model`, with ReLU and the initialisation of section 10, and train it with *gradient clipping*, so that on new sequences the mean squared error is at most 1.2. (A model
# that always answers 10 has an error of about 1.7.) Make the training data as in section 10, with the names `x_own` and `y_own`.
#
# <details><summary>Hint 1</summary>Give the optimizer <code>global_clipnorm=1.0</code>. Build the model again: the weights of <code>broken</code> are NaN.</details>
# <details><summary>Hint 2</summary><code>keras.optimizers.SGD(0.01, global_clipnorm=1.0)</code>, without momentum, and 8 epochs are enough.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
# BEGIN SOLUTION NO PROMPT
keras.utils.set_random_seed(SEED)
x_own = np.random.default_rng(SEED).random((1000, 20, 1))
y_own = x_own.sum(axis=1)
sum_model = keras.Sequential([
    keras.Input((None, 1)),
    keras.layers.SimpleRNN(16, activation="relu",
                           recurrent_initializer="identity"),
    keras.layers.Dense(1),
])
sum_model.compile(keras.optimizers.SGD(0.01, global_clipnorm=1.0), "mse")
sum_model.fit(x_own, y_own, epochs=8, verbose=0)
# END SOLUTION
""" # BEGIN PROMPT
x_own = ...
y_own = ...
sum_model = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="NaN"
sum_model = keras.Sequential([
    keras.Input((None, 1)),
    keras.layers.SimpleRNN(16, activation="relu", recurrent_initializer="identity"),
    keras.layers.Dense(1)])
sum_model.compile(keras.optimizers.SGD(0.01, momentum=0.9), "mse")
x = np.random.default_rng(1).random((1000, 20, 1))
sum_model.fit(x, x.sum(axis=1), epochs=2, verbose=0)

# %% tags=["wrong"] message="does not clip"
sum_model = keras.Sequential([
    keras.Input((None, 1)),
    keras.layers.SimpleRNN(16, activation="relu", recurrent_initializer="identity"),
    keras.layers.Dense(1)])
sum_model.compile(keras.optimizers.Adam(0.003), "mse")
x = np.random.default_rng(1).random((1000, 20, 1))
sum_model.fit(x, x.sum(axis=1), epochs=2, verbose=0)

# %% tags=["wrong"] message="was it trained"
sum_model = keras.Sequential([
    keras.Input((None, 1)),
    keras.layers.SimpleRNN(16, activation="relu", recurrent_initializer="identity"),
    keras.layers.Dense(1, kernel_initializer="zeros")])
sum_model.compile(keras.optimizers.SGD(0.01, global_clipnorm=1.0), "mse")

# %% tags=["wrong"] message="always gives about the same answer"
sum_model = keras.Sequential([
    keras.Input((None, 1)), keras.layers.SimpleRNN(16, activation="relu"),
    keras.layers.Dense(1, kernel_initializer="zeros",
                       bias_initializer=keras.initializers.Constant(10))])
sum_model.compile(keras.optimizers.SGD(0.0, global_clipnorm=1.0), "mse")

# %% tags=["wrong"] message="no SimpleRNN"
sum_model = keras.Sequential([
    keras.Input((None, 1)), keras.layers.GlobalAveragePooling1D(),
    keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(20))])
sum_model.compile(keras.optimizers.SGD(0.01, global_clipnorm=1.0), "mse")

# %% [raw]
# # BEGIN TESTS

# %%
def test_adds_numbers(sum_model):
    import numpy as np

    assert hasattr(sum_model, "predict"), "sum_model must be a Keras model, such as keras.Sequential([…])"
    names = [type(layer).__name__ for layer in sum_model.layers]
    assert "SimpleRNN" in names, f"there is no SimpleRNN layer in the model, only {', '.join(names)}"
    assert getattr(sum_model, "optimizer", None) is not None, "the model has no optimizer: compile it and train it"
    x = np.random.default_rng(99).random((500, 20, 1))
    answers = np.ravel(np.asarray(sum_model(x)))
    assert answers.size == 500, f"for 500 sequences there must be 500 answers, one for each; you gave {answers.size}"
    assert np.isfinite(answers).all() and np.abs(answers).max() < 1e6, "the answers are NaN or very large: the training has exploded. Does the optimizer clip?"
    optimizer = sum_model.optimizer
    clips = any(getattr(optimizer, name, None) for name in ("clipnorm", "global_clipnorm", "clipvalue"))
    assert clips, "the training has worked, but its optimizer does not clip: give it global_clipnorm"
    error = np.mean((answers - x.sum(axis=(1, 2))) ** 2)
    assert error < 10, f"the mean squared error is {error:.1f}: was it trained?"
    assert error <= 1.2 or answers.std() > 0.3, f"the model always gives about the same answer, {answers.mean():.1f}: it has not learned to add"
    assert error <= 1.2, f"the mean squared error on new sequences is {error:.2f}; it must be 1.2 or less: try plain SGD without momentum, or more epochs"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: own_cell
# points: 3

# %% [markdown]
# **Exercise 6, a stretch: a cell of your own, with its gradient.** In this cell each unit has a connection to itself only. Instead of a matrix $W_h$ there is a vector $u$ (units,), with one recurrent weight per unit (Li et al. 2018).
#
# $$h_t = \tanh(x_t W_x + u \odot h_{t-1} + b)$$
#
# Write `own_step(x_t, h_prev, W_x, u, b)`, which returns $h_t$, and `own_step_back(d_h, x_t, h_prev, h_t, W_x, u)`, which returns `d_h_prev` (batch, units), `d_W_x` (features, units), `d_u` (units,)
# and `d_b` (units,), in this order. The check compares them with finite differences. (A question to think about: what is $\eta$ of this cell, and how could you keep it near 1 during training?)
#
# <details><summary>Hint 1</summary>The first line of <code>step_backward</code> stays as it is.</details>
# <details><summary>Hint 2</summary>Unit j of the previous hidden state acts on unit j of the new one only, with the factor u[j]. There is no matrix product, so there is no transpose.</details>
# <details><summary>Hint 3</summary>All sequences of the batch share u, so d_u is a sum over the batch, as d_b is.</details>
# <details><summary>About η</summary>The Jacobian is diagonal, diag(1 − h²) diag(u), so η is the largest absolute entry of u. You can keep it near 1 by limiting the entries of u after each update.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def own_step(x_t, h_prev, W_x, u, b):
    """h_t (batch, units)"""
    return np.tanh(x_t @ W_x + u * h_prev + b)  # SOLUTION


def own_step_back(d_h, x_t, h_prev, h_t, W_x, u):
    """Gradients d_h_prev, d_W_x, d_u and d_b, each with its own shape."""
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

# %% tags=["wrong"] message="in the order"
def own_step(x_t, h_prev, W_x, u, b):
    return np.tanh(x_t @ W_x + u * h_prev + b)


def own_step_back(d_h, x_t, h_prev, h_t, W_x, u):
    d_a = d_h * (1 - h_t**2)
    return d_a * u, x_t.T @ d_a, d_a.sum(axis=0), (h_prev * d_a).sum(axis=0)

# %% tags=["wrong"] message="as many sequences as units"
def own_step(x_t, h_prev, W_x, u, b):
    return np.tanh(x_t @ W_x + u * h_prev + b)


def own_step_back(d_h, x_t, h_prev, h_t, W_x, u):
    d_a = d_h * (1 - h_t**2)
    return d_a * u, x_t.T @ d_a, (h_prev * d_a).mean(axis=0) * len(u), d_a.sum(axis=0)

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
    assert np.allclose(h_t, wanted, atol=1e-5), f"own_step does not follow the equation: the first row is {np.round(h_t[0], 3)}, it should be {np.round(wanted[0], 3)}"

    def numeric(array):
        found = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            old, losses = array[place], []
            for value in (old + 1e-6, old - 1e-6):
                array[place] = value
                losses.append(np.sum(d_h * np.tanh(x_t @ W_x + u * h_prev + b)))
            array[place] = old
            found[place] = (losses[0] - losses[1]) / 2e-6
        return found

    got = own_step_back(d_h.copy(), x_t, h_prev, wanted, W_x, u)
    assert got is not None and len(got) == 4, "own_step_back must return four arrays: of the previous hidden state, W_x, u and b"
    d_h_prev, d_W_x, d_u, d_b = (np.asarray(g) for g in got)
    right = numeric(u), numeric(b)
    swapped = d_u.shape == d_b.shape == (4,) and np.allclose(d_u, right[1], atol=1e-5) and np.allclose(d_b, right[0], atol=1e-5)
    assert not swapped, "d_u and d_b are right, but not in the order that the exercise gives: first d_u, then d_b"
    assert d_b.shape == (4,), f"d_b must have the shape of b, (4,); yours has {d_b.shape}"
    assert np.allclose(d_b, numeric(b), atol=1e-5), "the gradient of b differs from finite differences: the backward pass goes through tanh first, then it is a sum over the batch"
    assert np.allclose(d_W_x, numeric(W_x), atol=1e-5), "the gradient of W_x differs from finite differences: it is x_tᵀ times the gradient of what is inside of tanh"
    assert not np.allclose(d_h_prev, d_h * (1 - wanted**2)), "the gradient of the previous hidden state lacks the factor u, with which it came in"
    assert d_h_prev.shape == (2, 4), f"the gradient of the previous hidden state has the shape of the state, (2, 4); yours has {d_h_prev.shape}"
    assert np.allclose(d_h_prev, numeric(h_prev), atol=1e-5), "the gradient of the previous hidden state differs from finite differences: unit j comes from unit j only"
    assert d_u.shape == (4,), f"d_u must have the shape of u, (4,); yours has {d_u.shape}. All sequences of the batch share u: sum over them"
    assert not np.allclose(d_u, 2 * right[0], atol=1e-5), "your d_u is right only for as many sequences as units: sum over the batch, do not divide"
    assert not np.allclose(d_u, (wanted * d_h * (1 - wanted**2)).sum(axis=0)), "in d_u: u is multiplied by the old state, not the new"
    assert np.allclose(d_u, numeric(u), atol=1e-5), "the gradient of u differs from finite differences"

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
    assert np.allclose(own_step(x_t, h_prev, W_x, u, b), h_t, atol=1e-5), "own_step, for three sequences"
    d_a = d_h * (1 - h_t**2)
    wanted = d_a * u, x_t.T @ d_a, (h_prev * d_a).sum(axis=0), d_a.sum(axis=0)
    for name, a, b in zip(("h_prev", "W_x", "u", "b"), own_step_back(d_h.copy(), x_t, h_prev, h_t, W_x, u), wanted):
        assert np.shape(a) == b.shape and np.allclose(a, b, atol=1e-5), f"the gradient of {name}, for three sequences"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Going further
#
# You can skip this part. No later lesson needs it.
#
# ### `clipnorm` and `global_clipnorm`
#
# Here are two gradients with norms 5 and 12, together 13, and a learning rate of 1.

# %%
two = [np.array([3.0, 4.0]), np.array([0.0, 12.0])]
for name in ("clipnorm", "global_clipnorm"):
    variables = [keras.Variable(np.zeros(2)) for _ in two]
    optimizer = keras.optimizers.SGD(learning_rate=1.0, **{name: 1.0})
    optimizer.apply([tf.constant(g, "float32") for g in two], variables)
    steps = [-v.numpy() for v in variables]  # the clipped gradients
    print(f"{name:16}", *(step.round(3) for step in steps))
    wanted = {"clipnorm": 2**0.5, "global_clipnorm": 1}[name]
    claim(f"{name}=1: norm of both steps together", norm_of_all(steps),
          close_to=wanted, within=1e-5)

# %% [markdown]
# With `global_clipnorm` one factor multiplies both, so the direction does not change. With `clipnorm` both come out with norm 1, although one was more than twice as large as the other. (A third argument, `clipvalue`, limits every single entry.)
#
# ### Do peaks of the gradient norm make the loss jump?
#
# Section 8 says so. We take the eight highest norms of each network, and compare the loss of the next update with the ten updates before.

# %%
def rise_after_peaks(runs):
    """Loss after the 8 largest norms, minus the mean of the 10 before."""
    rises = []
    for loss, norm in runs.transpose(0, 2, 1):
        peaks = np.argsort(-norm[10:-1])[:8] + 10
        rises += [loss[k + 1] - loss[k - 10:k].mean() for k in peaks]
    return np.mean(rises)


claim("no clipping: rise of the loss after a peak of the gradient norm",
      rise_after_peaks(plain_runs), at_least=0.05)
claim("clipped at 1: rise of the loss after a peak of the gradient norm",
      rise_after_peaks(clipped_runs), at_most=0)

# %% [markdown]
# Without clipping, the loss is higher after a peak. With clipping it is lower: training continues.
#
# ### How far does a simple recurrent network remember?
#
# We repeat the training of section 9 with a lag of 40. Each point in the figure is one network, trained for 400 updates. Points of different lags are different networks.

# %%
kinds = ("Glorot", "orthogonal", "orthogonal, gain 1.5")
lag_20 = dict(zip(kinds, (with_glorot, with_orthogonal, clipped)))
lag_40 = {name: six_runs(matrices[name], 40, limit=1.0)[1] for name in kinds}
claim("lag 40, Glorot and orthogonal: the higher mean accuracy",
      max(lag_40["Glorot"].mean(), lag_40["orthogonal"].mean()), at_most=0.6)
claim("lag 40: lead of gain 1.5 over orthogonal, mean accuracy",
      lag_40["orthogonal, gain 1.5"].mean() - lag_40["orthogonal"].mean(),
      at_least=0.05)

# %% alt="Points of accuracy for lags of 20 and 40 in three panels: Glorot, orthogonal, and orthogonal with gain 1.5. At lag 20 most points are at one. At 40 most points of the first two panels are near chance level; in the third panel several are higher." jupyter={"source_hidden": true}
# Draw the accuracy of every network.
fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.2), sharey=True)
for ax, name in zip(axes, kinds):
    for place, found in enumerate((lag_20[name], lag_40[name])):
        ax.plot(place + np.linspace(-0.2, 0.2, 6), found, "o")
        ax.plot([place - 0.3, place + 0.3], [found.mean()] * 2, "C5")
    ax.axhline(0.25, color="black", linewidth=0.8, linestyle=":")
    ax.set(title=name, xlabel="lag", ylim=(0, 1.05))
    ax.set_xticks([0, 1], [20, 40])
axes[0].set_ylabel("accuracy (red: mean)")
axes[0].text(-0.3, 0.17, "chance level")
plt.show()

# %% [markdown]
# From network to network the accuracy differs a lot, so look at all points. At lag 40, nearly all networks with Glorot or orthogonal weights stay near chance level in 400 updates. With a gain of 1.5, under which more of the gradient arrives, some of them learn. We chose this gain for the inputs of this task: it has to
# compensate for the derivatives of tanh, and these depend on the inputs. More updates might move the limits.
#
# ### Watch the gradient norm in Keras
#
# `fit` does not show the gradient. This callback computes its norm on a fixed batch, every ten updates.

# %%
class GradientNorm(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.norms = []

    def on_train_batch_end(self, batch, logs=None):
        if batch % 10 == 0:
            with tf.GradientTape() as tape:
                loss = self.model.compute_loss(
                    x_sum[:32], y_sum[:32], self.model(x_sum[:32]))
            grads = tape.gradient(loss, self.model.trainable_variables)
            self.norms.append(float(tf.linalg.global_norm(grads)))


# %%
watched = keras.Sequential([
    keras.Input((None, 1)), keras.layers.SimpleRNN(16), keras.layers.Dense(1)])
watched.compile(keras.optimizers.Adam(0.01, global_clipnorm=1.0), "mse")
watch = GradientNorm()
watched.fit(x_sum, y_sum, epochs=3, verbose=0, callbacks=[watch])
print(np.round(watch.norms, 1))
claim("all gradient norms of the tanh network: largest", max(watch.norms),
      at_most=600)

# %% [markdown]
# ### Truncated backpropagation through time
#
# A book is too long for one backward pass. **Truncated** BPTT (Williams and Peng 1990) stops the backward pass after $k$ time steps. The hidden state still carries information forward from earlier time steps; only the gradient does not go back
# there. So what happened more than $k$ time steps ago can be *used*, but the weights get no gradient for storing it. On the example of section 3:

# %%
def truncated(d_h, x, h, W_x, W_h, k):
    """Gradients from the last k time steps only."""
    start = x.shape[1] - k
    return backward(d_h, x[:, start:], h[start:], W_x, W_h)[0]


relative = []
for k in (1, 2, 4, 8, 12):
    short = truncated(h[-1], x, h, W_x, W_h, k)
    relative.append(np.linalg.norm(short[1] - by_hand[1])
                    / np.linalg.norm(by_hand[1]))
    print(f"k = {k:2}: relative error of d_W_h {relative[-1]:.4f}")
claim("relative error with k = 8", relative[3], at_most=0.2)
claim("relative error with k = 12, all time steps", relative[4], at_most=1e-9)

# %% [markdown]
# With half of the time steps the error is small, because the terms from far away are small. It is small for the same reason for which the network does not learn from them. Lesson 12 trains a language model in this way.
#
# ### Why not ReLU?
#
# The derivative of ReLU is 1 for a positive unit and 0 for a negative one. It does not saturate. Le et al. (2015) start $W_h$ as the identity matrix: then a positive unit keeps its value, and the Jacobian is 1. But nothing limits the hidden state. With $W_h = 1.1$ times the identity, the bound is reached:

# %%
h_relu = np.ones((1, 32))  # positive units, no input
for gain in (1.0, 1.1):
    state, product = h_relu, np.eye(32)
    for _ in range(60):
        state = np.maximum(0, state @ (gain * np.eye(32)))
        product = (state > 0).T * (gain * np.eye(32)) @ product
    print(f"gain {gain}: Jacobian {np.linalg.norm(product, 2):.1f}")
claim("ReLU, gain 1.1: norm after 60 steps, as a fraction of the bound",
      np.linalg.norm(product, 2) / 1.1**60, close_to=1, within=1e-6)

# %% [markdown]
# So ReLU removes one reason for vanishing, and makes explosions worse; section 10 showed one. A unit that is negative for all inputs has derivative 0 and never changes again.
#
# ### Adam and clipping
#
# Adam divides each gradient by its usual size, so a huge gradient cannot cause a huge step. (For this reason the learning rates of lesson 04, which uses Adam, and of this lesson cannot be compared.) Does Adam need clipping, then? We give it a gradient of 1, two hundred times, with one value of 1,000 in the middle.

# %%
def adam_steps(limit):
    """Size of 200 steps of Adam; the gradient of update 100 is 1,000."""
    variable = keras.Variable(np.zeros(1))
    adam = keras.optimizers.Adam(0.01, global_clipnorm=limit)
    places = [0.0]
    for update in range(200):
        g = 1000.0 if update == 100 else 1.0
        adam.apply([tf.constant([g])], [variable])
        places.append(float(variable.numpy()[0]))
    return np.abs(np.diff(places))


# %%
unclipped_steps, clipped_steps = adam_steps(None), adam_steps(1.0)
claim("Adam: largest step", unclipped_steps.max(), at_most=0.011)
claim("Adam, 90 updates after the peak: step, as a fraction of before",
      unclipped_steps[190] / unclipped_steps[99], at_most=0.1)
claim("the same with clipping", clipped_steps[190] / clipped_steps[99],
      close_to=1, within=0.01)

# %% [markdown]
# The peak causes no large step. But Adam remembers its size for hundreds of updates, and divides by it: all later steps are small, and training almost stops. Clipping prevents this, so it is useful with Adam, too.
#
# ### The same in course_utils
#
# `course_utils.cells` has this backward pass for all cells of the course, with checks of the shapes.

# %%
from course_utils import cells

run = cells.forward(cells.SimpleRNN(W_x, W_h, b), x)
same = cells.backward(run, None, d_state=run.state).parameters["W_h"]
claim("course_utils.cells gives the same d_W_h: largest difference",
      np.abs(same - by_hand[1]).max(), at_most=1e-9)

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Forgetting that the weights are shared.** The gradient of $W_h$ is a sum over all time steps. With the last term only, the code runs and the network learns a little.
# - **A missing transpose.** $W_h$ is square, so no error appears. Compare every gradient that you write by hand with finite differences.
# - **Reading $\eta > 1$ as "it explodes".** It only may. That depends on the hidden states.
# - **Thinking that the whole gradient vanishes.** The terms of the last time steps remain. What vanishes is the part from far away.
# - **Expecting clipping to help against vanishing gradients.** It makes large gradients smaller, and never a small one larger.
# - **Confusing the two norms.** `np.linalg.norm(M)` is the Frobenius norm; `np.linalg.norm(M, 2)` of a matrix is the spectral norm.
# - **Confusing `clipnorm` and `global_clipnorm`.** The first clips each variable separately, the second all of them by one factor.
# - **Judging an idea by one network.** Train several with different random seeds.
#
# ## References
#
# - P. J. Werbos (1990). Backpropagation through time: what it does and how to do it. *Proceedings of the IEEE* 78(10).
# - Y. Bengio, P. Simard, P. Frasconi (1994). Learning long-term dependencies with gradient descent is difficult. *IEEE Transactions on Neural Networks* 5(2).
# - R. Pascanu, T. Mikolov, Y. Bengio (2013). On the difficulty of training recurrent neural networks. *ICML*. The bound, and clipping.
# - R. J. Williams, J. Peng (1990). An efficient gradient-based algorithm for on-line training of recurrent network trajectories. *Neural Computation* 2(4). Truncated backpropagation.
# - A. M. Saxe, J. L. McClelland, S. Ganguli (2014). Exact solutions to the nonlinear dynamics of learning in deep linear neural networks. *ICLR*. Orthogonal initial weights.
# - X. Glorot, Y. Bengio (2010). Understanding the difficulty of training deep feedforward neural networks. *AISTATS*.
# - Q. V. Le, N. Jaitly, G. E. Hinton (2015). A simple way to initialize recurrent networks of rectified linear units. *arXiv:1504.00941*. ReLU and the identity matrix.
# - S. Li, W. Li, C. Cook, C. Zhu, Y. Gao (2018). Independently recurrent neural network (IndRNN): building a longer and deeper RNN. *CVPR*. The cell of exercise 6.

# %% [markdown]
# # 06 · LSTM: a memory with gates
#
# A simple recurrent network replaces its whole hidden state at every step. Lesson 05 showed the cost: the network forgets what it read early, and the gradient that could teach
# it to remember vanishes. The long short-term memory (LSTM) has a second state. A step does not replace this state, but *edits* it: the step removes a part, adds a part,
# and leaves the rest as it was. The name says what this gives: a short-term memory, the state, that lasts for a long time. You build the LSTM equation by equation, show that Keras computes
# the same, train it to remember over more than a hundred steps, find out when this works and when it does not, and watch its gates while it reads a sentence.
#
# **You will be able to**
#
# 1. derive the LSTM from $h_t = h_{t-1} + g(\dots)$, and write each gate as an equation and as a line of NumPy;
# 2. say what the cell state, the hidden state and each gate do, and read them in a figure;
# 3. explain how the forget bias and the training data decide whether an LSTM learns a long lag, and set the bias for a lag that you know;
# 4. say what goes wrong when its activations are replaced, and what peepholes and coupled gates change.
#
# **Before this lesson:** lessons [04](04_simple_rnn.ipynb) and [05](05_training_rnns.ipynb). **Time:** about 60 minutes to read and try,
# 30 minutes for the exercises; on two cores all cells run in about
# 35 seconds on the built-in sample (`HUBS.md` names the machine that was measured),
# and in about two minutes on IMDB.

# %% [markdown]
# ## Settings

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

from course_utils import cells, plots, synthetic, tables
from course_utils.claims import SEED, claim

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)

# %% [markdown]
# ## 1 · Replace the state, or add to it
#
# Take a recurrent network with one unit and no input: $h_t = \tanh(w\,h_{t-1})$. We start it twice, at 0.8 and at 0.3. Fifty steps later, can we still see from the state
# which start it was? For comparison, take a state that is never replaced, only added to: $h_t = h_{t-1} + g$, where $g$ is the change that the step makes. Here there is nothing to change: $g = 0$.

# %%
updates = {"replaced, $w = 0.9$": lambda h: np.tanh(0.9 * h),
           "replaced, $w = 1.5$": lambda h: np.tanh(1.5 * h),
           "added to, $g = 0$": lambda h: h + 0}
paths = {}
for name, update in updates.items():
    path = [np.array([0.8, 0.3])]  # two starts: (2,)
    for _ in range(50):
        path.append(update(path[-1]))
    paths[name] = np.array(path)  # (51, 2)
gap = [abs(path[-1, 0] - path[-1, 1]) for path in paths.values()]
claim("replaced 50 times, the two starts differ by at most", max(gap[:2]),
      at_most=0.01)
claim("added to 50 times, they differ by", gap[2], close_to=0.5, within=1e-9)

# %% alt="Three panels of the state over fifty steps, from the starts 0.8 and 0.3. Replaced with w = 0.9, both fall to zero. With w = 1.5 both go to the same value near 0.86. Added to, both stay where they began." jupyter={"source_hidden": true}
# Draw the three states over fifty steps.
fig, axes = plt.subplots(1, 3, figsize=(9.2, 2.6), sharey=True)
for ax, (name, path) in zip(axes, paths.items()):
    ax.plot(path[:, 0], label="start 0.8")
    ax.plot(path[:, 1], "--", label="start 0.3")
    ax.set(title=name, xlabel="step $t$", ylim=(-0.05, 1))
axes[0].set_ylabel("$h_t$")
axes[0].legend(loc="upper right")
plt.show()

# %% [markdown]
# With the small weight, both states fade. With the large one, both go to the same value. Only the sum keeps the difference. It also keeps the gradient: from
# $h_t = h_{t-1} + g(x_t, h_{t-1})$ follows
#
# $$\frac{\partial h_t}{\partial h_{t-1}} = 1 + \frac{\partial g}{\partial h_{t-1}}.$$
#
# The gradient of lesson 05 is a product with one such factor per step. Near 1, the factors keep it alive for longer. So the memory should be a sum.
#
# But a sum alone is a bad memory, because nothing is ever removed. In the next cell each step adds a random number. After 400 steps the first number is still in the sum, but can we see it there?

# %%
rng = np.random.default_rng(SEED)
changes = rng.normal(size=(500, 400))  # (sequences, time): what each step adds
sums = changes.cumsum(axis=1)  # (sequences, time)
first_and_sum = np.corrcoef(changes[:, 0], sums[:, -1])[0, 1]
claim("correlation of the first number with the sum of 400",
      abs(first_and_sum), at_most=0.25)

# %% [markdown]
# Hardly: the correlation is near zero. A good memory must be able to refuse an input, and to delete what it no longer needs. So it needs switches, and the
# network must be able to learn when to use them.

# %% [markdown]
# ## 2 · A gate is a switch that can be learned
#
# A switch is a factor: 1 lets a number pass, 0 stops it. To be learned by gradient descent, the factor must be a smooth function. To fit the situation, it must depend on the input $x_t$ and on
# the previous hidden state $h_{t-1}$. The sigmoid $\sigma(a) = 1/(1+e^{-a})$ does this. $\sigma(-5)$ is about 0.01, an almost closed switch; $\sigma(0)$ is one half, and $\sigma(5)$ about 0.99, almost open.
#
# A [**gate**](../GLOSSARY.md#gate) is a layer of such switches, one for each unit:
#
# $$\text{gate}_t = \sigma(x_t W_x + h_{t-1} W_h + b)$$
#
# The LSTM has three gates. They have the same equation, and each has parameters of its own.

# %% [markdown]
# ## 3 · The cell state and the forget gate
#
# The LSTM passes two vectors from step to step. The [**cell state**](../GLOSSARY.md#cell-state) $c_t$ is the memory, the sum of section 1. The **hidden state** $h_t$ is the output of the cell,
# as in a simple RNN. Both have one number for each unit. The first gate, the **forget gate**, can delete a part of the memory:
#
# $$f_t = \sigma(x_t W_{xf} + h_{t-1} W_{hf} + b_f)$$
#
# It multiplies the old cell state: $f_t \odot c_{t-1}$, where $\odot$ multiplies two vectors number by number. The name is misleading: $f_t$ is the fraction that is *kept*.
#
# To try it, we need a batch of inputs and states: two sequences, three features, four units. All parameters are random.

# %%
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


batch, features, units = 2, 3, 4
x_t = rng.normal(size=(batch, features))  # (batch, features)
h_prev = rng.normal(size=(batch, units))  # h_{t-1}: (batch, units)
c_prev = rng.normal(size=(batch, units))  # c_{t-1}: (batch, units)


def new_parameters():
    """W_x (features, units), W_h (units, units), b (units,)."""
    shapes = (features, units), (units, units), (units,)
    return [rng.normal(0, 0.5, shape) for shape in shapes]


W_xf, W_hf, b_f = new_parameters()
f_t = sigmoid(x_t @ W_xf + h_prev @ W_hf + b_f)  # (batch, units)
print(f_t.round(2))

# %% alt="The LSTM cell. Along the top a thick line leads from the cell state at t-1 to the cell state at t. From below, the forget gate, computed from h at t-1 and x at t, reaches a multiplication sign on that line. The other parts are still grey." jupyter={"source_hidden": true}
# Show the cell state and the forget gate.
plots.drawing("lstm_forget_gate")

# %% [markdown]
# In the drawing, a box is computed with parameters of its own, and a circle combines two vectors number by number. Both $h_{t-1}$ and $x_t$ enter every box at the bottom. The cell state is the thick line at the top:
# nothing but circles is on it.
#
# Every unit has its own switch: one can keep the subject of a sentence for a long time, while another one forgets at every comma.

# %% [markdown]
# ## 4 · The candidate and the input gate
#
# Now the step adds something to the memory. Two questions are answered separately. *What* could be added is the **candidate**. You know its equation: it is the whole simple RNN.
#
# $$\tilde c_t = \tanh(x_t W_{xc} + h_{t-1} W_{hc} + b_c)$$
#
# The tanh lets it be positive or negative, so a step can raise a unit's value or lower it. *How much* of it is added is decided by the **input gate**:
#
# $$i_t = \sigma(x_t W_{xi} + h_{t-1} W_{hi} + b_i)$$
#
# The new cell state is what is kept plus what is added:
#
# $$c_t = f_t \odot c_{t-1} + i_t \odot \tilde c_t$$

# %%
W_xi, W_hi, b_i = new_parameters()
W_xc, W_hc, b_c = new_parameters()
i_t = sigmoid(x_t @ W_xi + h_prev @ W_hi + b_i)  # (batch, units)
c_tilde = np.tanh(x_t @ W_xc + h_prev @ W_hc + b_c)  # (batch, units)
c_t = f_t * c_prev + i_t * c_tilde  # (batch, units)
print(c_t.round(2))

# %% alt="The same cell with two more parts in colour. The input gate and the candidate are multiplied, and their product is added to the cell state, after the forget gate." jupyter={"source_hidden": true}
# Show what is added to the cell state.
plots.drawing("lstm_cell_state")

# %% [markdown]
# This equation is the centre of the LSTM. With $f_t = 1$ it is the sum of section 1: $c_t = c_{t-1} + g$ with $g = i_t \odot \tilde c_t$. With
# $f_t = 1$ and $i_t = 0$, the memory passes through the step without any change. With $f_t = 0$ and $i_t = 1$, it is replaced. The gates choose between these cases for each unit and each step.

# %% [markdown]
# ## 5 · The output gate
#
# The cell need not show its whole memory at every step. The **output gate** decides how much of it becomes the hidden state. The hidden state is what the next layer sees, and what the gates of the next step see.
#
# $$o_t = \sigma(x_t W_{xo} + h_{t-1} W_{ho} + b_o), \qquad h_t = o_t \odot \tanh(c_t)$$
#
# The cell state is a sum and can grow beyond 1. The tanh brings the output back to between −1 and 1.

# %% alt="The whole cell. Forget gate, input gate and candidate act on the cell state. After them, a branch of the cell state goes through tanh, is multiplied by the output gate, and leaves the cell as the hidden state at t." jupyter={"source_hidden": true}
# Show the whole LSTM cell.
plots.drawing("lstm_cell")

# %% [markdown]
# This is the whole LSTM. One step is six lines. A sequence is a loop, which starts with $h_0 = c_0 = 0$.

# %%
W_xo, W_ho, b_o = new_parameters()


def lstm_step(x_t, h_prev, c_prev):
    """h_t and c_t, each (batch, units)."""
    i_t = sigmoid(x_t @ W_xi + h_prev @ W_hi + b_i)  # how much to add
    f_t = sigmoid(x_t @ W_xf + h_prev @ W_hf + b_f)  # how much to keep
    c_tilde = np.tanh(x_t @ W_xc + h_prev @ W_hc + b_c)  # what to add
    o_t = sigmoid(x_t @ W_xo + h_prev @ W_ho + b_o)  # how much to show
    c_t = f_t * c_prev + i_t * c_tilde
    return o_t * np.tanh(c_t), c_t


x_7 = rng.normal(size=(batch, 7, features)).astype("float32")  # 7 steps
h_7 = c_7 = np.zeros((batch, units))
for t in range(7):
    h_7, c_7 = lstm_step(x_7[:, t], h_7, c_7)

# %% [markdown] claim="added to 50 times, they differ by"
# **Quick question.** Which gates make one unit of the LSTM behave like the right panel of section 1, where the state is kept and nothing is added?
#
# <details><summary>A. <b>f = 1, i = 0</b></summary>Right. The new cell state is 1 · c + 0 · candidate: it stays as it was, and so does the difference of the two starts.</details>
# <details><summary>B. <b>f = 0, i = 1</b></summary>No. This replaces the cell state by the candidate, as a simple RNN does.</details>
# <details><summary>C. <b>f = 0, i = 0</b></summary>No. Nothing is added, but nothing is kept either: the unit forgets.</details>
# <details><summary>D. <b>o = 0</b></summary>No. The output gate only decides what is shown. It does not change the cell state of this step.</details>

# %% [markdown]
# ## 6 · NumPy = Keras
#
# `keras.layers.LSTM` stores the parameters of the four parts side by side in one wide matrix, in the order i, f, c, o. (PyTorch's `nn.LSTM` has the same order and calls the candidate g; it has two biases, which are added.) We copy our parameters into a Keras layer
# and compare. With `return_state=True` the layer returns three arrays: its output, which is $h_T$ again, then $h_T$, then $c_T$.

# %%
layer = keras.layers.LSTM(units, return_state=True)
layer.build((None, None, features))
kernel = np.concatenate([W_xi, W_xf, W_xc, W_xo], axis=1)  # (3, 4 · units)
recurrent_kernel = np.concatenate([W_hi, W_hf, W_hc, W_ho], axis=1)
bias = np.concatenate([b_i, b_f, b_c, b_o])  # (4 · units,)
layer.set_weights([kernel, recurrent_kernel, bias])
_, h_keras, c_keras = layer(x_7)
claim("NumPy and keras.layers.LSTM: largest difference of h and c",
      max(np.abs(h_7 - h_keras).max(), np.abs(c_7 - c_keras).max()),
      at_most=1e-5)

# %% [markdown]
# The rest is rounding in 32 bits. `course_utils.cells.LSTM` has the same equations, and `cells.backward` their gradient. We use them from now on to look inside.

# %% [markdown]
# ## 7 · The gradient and the forget bias
#
# How does $c_t$ depend on $c_{t-1}$? Along the thick line of the drawing there is only one factor:
#
# $$\frac{\partial c_t}{\partial c_{t-1}} = f_t \quad\text{(along the cell state; other paths lead through } h_{t-1} \text{ and the gates)}$$
#
# There is no weight matrix and no derivative of tanh. Where the forget gate is open, the gradient passes without a change. But is the gate open? Before training, with small weights, $f_t$ is about $\sigma(b_f)$. With
# $b_f = 0$ this is one half. If half is lost at each step, almost nothing is left after fifty, and the gradient has vanished.
#
# So the [**forget bias**](../GLOSSARY.md#forget-bias) $b_f$ should start above 0 (Gers and others 2000). Keras starts with $b_f = 1$, so $f_t$ is about $\sigma(1) = 0.73$. If you know how far back the network has to look, you can do better.
# A unit with $f = 1 - 1/n$ remembers for about $n$ steps: after $n$ steps, about 37 % of its value is left. And $\sigma(b) = 1 - 1/n$ for $b = \ln(n-1)$. **Chrono initialisation** (Tallec and Ollivier 2018) chooses a random $n$ for each unit, between 2 and the longest lag.
# Then some units forget quickly and others slowly. It also sets $b_i = -b_f$, so the slow units add only a little at each step.

# %%
def first_biases(start, longest=110, units=16):
    """b_i and b_f (units,): start is "0", "1" or "chrono"."""
    if start != "chrono":
        return np.zeros(units), np.full(units, float(start))
    n = np.random.default_rng(SEED).uniform(2, longest, units)
    return -np.log(n - 1), np.log(n - 1)


def new_lstm(start):
    """An untrained LSTM with 8 features and 16 units."""
    cell = cells.LSTM.init(features=8, units=16, seed=SEED)
    cell.b_i[:], cell.b_f[:] = first_biases(start)
    return cell

# %% [markdown]
# The task is `synthetic.recall` of lesson 05. The first step shows one of four symbols, 110 steps with random distractors follow, and then the network has to predict which symbol it was. Before any training, we send the gradient of $\sum c_T$ back through all steps and
# look at its norm. We do the same with a simple RNN, with $\sum h_T$.
#
# **What do you expect?** Which gradient is smaller after fifty steps: that of the LSTM with $b_f = 0$, or that of the simple RNN?
#
# <details><summary>Answer</summary>That of the LSTM, by far. The simple RNN starts with orthogonal weights (lesson 05), and about half of the LSTM's gradient is lost at every step. The gates alone do not help.</details>

# %%
x_new, y_new = synthetic.recall(600, lag=110, seed=500 + SEED)  # new data


def gradient_left(cell):
    """Norm of the gradient (time,), by lag, divided by that at lag 0."""
    run = cells.forward(cell, x_new[:32])
    d_last = [np.zeros((32, 16)) for _ in run.state]  # of h_T, or of h_T, c_T
    d_last[-1][:] = 1  # the sum of all numbers of the memory
    grads = cells.backward(run, None, d_state=d_last)
    norm = np.linalg.norm(grads.states[-1], axis=(0, 2))[::-1]
    return norm / norm[0]


left = {start: gradient_left(new_lstm(start)) for start in ("0", "1", "chrono")}
left["RNN"] = gradient_left(cells.SimpleRNN.init(8, 16, seed=SEED))
claim("b_f = 0: gradient left after 50 steps", left["0"][50], at_most=1e-6)
claim("chrono: gradient left after 110 steps", left["chrono"][110],
      at_least=0.03)

# %% alt="Norm of the gradient against lag on a logarithmic axis. The LSTM with forget bias 0 falls fastest, the simple RNN and the LSTM with forget bias 1 fall less steeply. With chrono initialisation the line stays within a factor of ten of one over 110 steps." jupyter={"source_hidden": true}
# Draw what is left of the gradient, and measure it.
fig, ax = plt.subplots(figsize=(7.2, 3.4))
factor = {start: (norm[100] / norm[50]) ** 0.02 for start, norm in left.items()}
names = {"chrono": "LSTM, chrono", "1": "LSTM, $b_f = 1$ (Keras)",
         "RNN": "simple RNN", "0": "LSTM, $b_f = 0$"}
for (start, name), style in zip(names.items(), ("-.", "--", ":", "-")):
    ax.semilogy(left[start], style, label=f"{name}: {factor[start]:.2f}")
ax.set(title="What is left of the gradient, before training", xlabel="lag",
       ylabel="norm, relative to lag 0", ylim=(1e-24, 10))
ax.legend(title="kept per step, lags 50 to 100")
plt.show()
claim("simple RNN: gradient left after 50 steps, as a multiple of that",
      left["RNN"][50] / left["0"][50], at_least=100)
claim("b_f = 0: kept per step", factor["0"], at_least=0.53)

# %% [markdown]
# A straight line on a logarithmic axis is an exponential decay: the same fraction is kept at each step. The legend gives it. For $b_f = 0$ and 1 it is more than $\sigma(0) = 0.50$ and $\sigma(1) = 0.73$, because a part of the gradient takes the other paths, through $h_{t-1}$ and the gates. But the order is as predicted.
# All these LSTMs are the same cell. They differ only in their first biases.

# %% [markdown] claim="b_f = 0: gradient left after 50 steps"
# **Quick question.** An LSTM starts with $b_f = 0$ and small weights. About what fraction of the gradient is left after ten steps, along the cell state alone?
#
# <details><summary>A. All of it, because the cell state is a sum</summary>No. It is a sum only where the forget gate is 1. Here the gate is about one half.</details>
# <details><summary>B. 0.5</summary>No. One half is what is left after a single step.</details>
# <details><summary>C. 0.001</summary>Right. One half, ten times: 0.5<sup>10</sup> is about 0.001. After fifty steps almost nothing is left, as measured above.</details>

# %% [markdown]
# ## 8 · Memory past a hundred steps
#
# Now we train. In all 960 training sequences, the symbol is 110 steps before the end. We compare Keras's forget bias of 1 with chrono initialisation. Everything else is the same. (`clipnorm` is the clipping of lesson 05. `jit_compile=True` makes the training faster, see "Going further".)

# %%
x_far, y_far = synthetic.recall(960, lag=110, seed=SEED)  # (960, 111, 8)


def train_lstm(start):
    """A trained model, and its accuracy on new sequences by epoch."""
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([keras.Input((111, 8)), keras.layers.LSTM(16),
                              keras.layers.Dense(4, activation="softmax")])
    b_i, b_f = first_biases(start)
    bias = np.concatenate([b_i, b_f, np.zeros(2 * 16)])  # i, f, c, o
    model.layers[0].cell.bias.assign(bias)
    model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0), jit_compile=True,
                  loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    fitted = model.fit(x_far, y_far, batch_size=32, epochs=12, verbose=0,
                       validation_data=(x_new, y_new))
    return model, fitted.history["val_accuracy"]

# %% [markdown]
# **What do you expect?** What accuracy do the two networks reach? Look at the gradients of section 7 first.
#
# <details><summary>Answer</summary>With chrono initialisation, about 1. With forget bias 1, about 1/4, the chance level for four symbols: hardly any gradient reaches the step with the symbol.</details>

# %%
lstm, with_chrono = train_lstm("chrono")
_, with_bias_1 = train_lstm("1")
claim("chrono: accuracy after 110 steps", with_chrono[-1], at_least=0.9)
claim("forget bias 1: accuracy after 110 steps", with_bias_1[-1], at_most=0.4)

# %% alt="Accuracy on new sequences by epoch. With chrono initialisation it rises from one quarter to one within a few epochs and stays there. With forget bias 1 it stays at one quarter, the chance level." jupyter={"source_hidden": true}
# Draw the accuracy by epoch.
fig, ax = plt.subplots(figsize=(6.4, 3))
ax.plot(range(1, 13), with_chrono, "o-", label="chrono")
ax.plot(range(1, 13), with_bias_1, "s--", label="forget bias 1 (Keras)")
ax.axhline(0.25, color="black", linewidth=0.8, linestyle=":")
ax.set(title="Recall after 110 steps (dotted: chance level)", xlabel="epoch",
       ylabel="accuracy on new sequences", ylim=(0, 1.05))
ax.legend(loc="center right")
plt.show()

# %% [markdown]
# Both curves are flat at the end. With other first biases, the same layer carries a symbol over 110 distractors, for all seeds that we tried. With forget bias 1 the gradient has vanished: nothing tells the network that the first step matters.

# %% [markdown]
# ## 9 · If the gradient has vanished before training, is long memory impossible?
#
# Does it follow that a network can learn a lag only if its gradient reaches that far *before training*? We trained several networks on two training sets, with five seeds each. In the first set, as in section 8, all symbols are
# 110 steps before the end. In the second, the lags are mixed: 10, 30, 50, 70, 90 and 110 steps, in equal parts.
#
# One kind of them is the GRU of lesson 07. A GRU has one gate that keeps its state, and in Keras its bias starts at 0. The figures show saved results; `python benchmarks/memory_horizon.py` computes them again in about ten minutes.

# %% alt="Accuracy of several networks, one point for each of five seeds. Trained on the lag 110 only, networks with chrono initialisation reach one, and all others stay near one quarter, the chance level. Trained on mixed lags, most points of all networks move to the right: chrono at one, the GRU at one for most seeds, the others between one quarter and one." jupyter={"source_hidden": true}
# Draw the saved accuracies of all networks, training sets and seeds.
runs = tables.read_record("benchmarks/memory_horizon")["runs"]
fig, axes = plt.subplots(1, 2, figsize=(9.4, 3.2), sharey=True, sharex=True)
scores = {}
for run in runs:
    key = run["network"], run["training set"]
    scores.setdefault(key, []).append(run["score"])
    ax = axes[0 if "only" in key[1] else 1]
    ax.plot(run["score"], key[0], "C0o", alpha=0.6)
for ax, title in zip(axes, ("the lag 110 only", "mixed lags")):
    ax.axvline(0.25, color="black", linewidth=0.8, linestyle=":")
    ax.set(title=f"Trained on {title}", xlabel="accuracy", xlim=(0, 1.05))
axes[0].invert_yaxis()
plt.show()
claim("saved results: GRU with bias 0, lag 110 only, best seed",
      max(scores["GRU, update bias 0 (Keras)", "lag 110 only"]), at_most=0.4)

# %% [markdown]
# **Lag 110 only** (accuracy at lag 110). Where the gradient reached the symbol before training, the network learns it: with chrono initialisation, from every seed. The others stay at the chance level. (The simple RNN is above it for one seed. The symbol is its very first input, when the hidden state is still zero.)
#
# **Mixed lags** (mean accuracy over the lags). Now the same networks learn long lags, too, at least for a part of the symbols: a network that distinguishes two groups of symbols, but not all four, has an accuracy of one half. Some trainings were not finished after these 600 training steps, so do not use the figure
# to rank the networks. What matters is the difference between the two panels. It is largest for the GRU with bias 0, which has hardly any gradient at lag 110 before training.
#
# Why do short lags help?

# %% alt="What is left of the gradient at lag 110, by epoch, for the GRU with bias 0 and the LSTM with forget bias 1, five seeds each, on a logarithmic axis. Trained on mixed lags, most lines rise within a few epochs to about one tenth. Trained on the lag 110 only, they stay far lower for longer." jupyter={"source_hidden": true}
# Draw what is left of the gradient at lag 110 after every epoch.
fig, axes = plt.subplots(1, 2, figsize=(9.4, 3.2), sharey=True)
networks = ["GRU, update bias 0 (Keras)", "LSTM, forget bias 1 (Keras)"]
for run in [run for run in runs if run["network"] in networks]:
    left_110 = np.maximum(run["gradient"], 1e-24)  # not 0
    axes[networks.index(run["network"])].semilogy(
        left_110, "C0-" if "mixed" in run["training set"] else "C1--",
        label=None if run["seed"] else run["training set"])
for ax, title in zip(axes, networks):
    ax.set(title=title, xlabel="epoch", xticks=range(0, 21, 5))
axes[0].set_ylabel("gradient left at lag 110")
axes[1].legend(loc="lower right")
plt.show()
claim("saved results: GRU with bias 0, mixed lags, median seed",
      np.median(scores[networks[0], "mixed lags"]), at_least=0.9)

# %% [markdown]
# On mixed lags, the gradient at lag 110 rises by many orders of magnitude within five epochs, and the accuracy follows. The first training steps learn from the lag 10, where some gradient arrives. They open the gate of some units while distractors are read (lesson 07 measures it). A gate that stays open at every distractor stays open for 10 steps and for 110 alike,
# so the long lags come with the short ones. On the lag 110 only, the gradient rises much later and less. By then the training loss falls only because the network memorises the training sequences; the accuracy on new ones stays at the chance level.
#
# So three things decide together how far back a network learns to look. The gates make a long memory possible. The first biases decide whether the gradient reaches far before training. The training data decide whether training can open the gates. If you know that the answer is far back and have no easier examples, set the biases. If you do not know it,
# mixed lengths help.
#
# One question remains open: we do not know why many LSTMs stay at one half on the mixed lags. Their gradient at lag 110 is large by then, so it is not the vanishing gradient.

# %% [markdown] claim="saved results: GRU with bias 0, lag 110 only, best seed"
# **Quick question.** The GRU with bias 0 learned the mixed lags. With the lag 110 only, it did not learn at all. Why?
#
# <details><summary>A. The second training set is smaller</summary>No. Both have 960 sequences of 111 steps.</details>
# <details><summary>B. No short lags open its gate</summary>Right. At first, hardly any gradient reaches the symbol. In the mixed set, short lags open the gate, and then the gradient reaches far.</details>
# <details><summary>C. A GRU cannot remember for 110 steps</summary>No. With mixed lags it does.</details>

# %% [markdown]
# ## 10 · Gates over a sentence
#
# What do the gates do when an LSTM reads language? We train one on film reviews: is a review positive or negative? The network sees the last 30 words of each review. Shorter reviews are filled with zeros at the end;
# `mask_zero=True` tells the LSTM to skip them (lesson 09 explains this).

# %%
from course_utils.datasets import reviews
from course_utils.text import Vocabulary, tokenize

data = reviews.load(SEED)
vocabulary = Vocabulary.from_documents(map(tokenize, data.train.texts), 2000)


def ids_of(texts):
    """Word ids (texts, 30) of the last 30 words, zeros after short texts."""
    rows = [vocabulary.encode(tokenize(text)) for text in texts]
    return keras.utils.pad_sequences(rows, 30, padding="post")

# %%
def train_classifier(recurrent, epochs=4 if data.source == "sample" else 2):
    """A trained model with the layer `recurrent`."""
    keras.utils.set_random_seed(SEED)
    embedding = keras.layers.Embedding(len(vocabulary), 16, mask_zero=True)
    model = keras.Sequential([keras.Input((30,)), embedding, recurrent(16),
                              keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0),
                  loss="binary_crossentropy", metrics=["accuracy"])
    fitted = model.fit(
        ids_of(data.train.texts), data.train.labels, batch_size=64,
        epochs=epochs, verbose=0, validation_data=(
            ids_of(data.validation.texts), data.validation.labels))
    print("validation accuracy:", np.round(fitted.history["val_accuracy"], 3))
    return model

# %% [markdown]
# To see memory at work, we read two sentences that differ only in the order of two words, with the same ending, *we saw it last Saturday*. From the ending alone, the answer would be the same for both.
#
# A NumPy cell with the same parameters shows all gates. The `Dense` layer gives P(positive) after every word, as if the review ended there.

# %%
classifier = train_classifier(keras.layers.LSTM)
embedding, recurrent, dense = classifier.layers
pair = [f"They promised me a {one}. They gave me a {other}. "
        "We saw it last Saturday."
        for one, other in (("mess", "classic"), ("classic", "mess"))]
pair_ids = np.array([vocabulary.encode(tokenize(text)) for text in pair])
reading = cells.forward(cells.from_keras(recurrent),
                        embedding(pair_ids).numpy())  # (2, 15, 16)
p = dense(reading.outputs).numpy()[:, :, 0]  # (2, 15): P(positive)
print(p[:, -6:].round(2))
f, i, o = (reading.trace(gate) for gate in "fio")  # each (2, 15, 16)
claim("P(positive) after the same last five words: first minus second sentence",
      p[0, -1] - p[1, -1], at_least=0.3 if data.source == "sample" else 0)
claim("largest difference of a forget gate at the last word",
      np.abs(f[0, -1] - f[1, -1]).max(), at_least=0.05)

# %% alt="Two columns, one for each of two sentences with the same words in another order and the same ending. Three heat maps show the forget, input and output gates of 16 units at each word, from dark for 0 to bright for 1. Below, P(positive) after each word goes up and down until the tenth word. At the last five words it stays high for the first sentence and low for the second." jupyter={"source_hidden": true}
# Draw the gates of both sentences, and P(positive) after each word.
fig, axes = plt.subplots(4, 2, figsize=(9.4, 8.6), sharex="col", sharey="row")
rows = {"forget gate $f_t$": f, "input gate $i_t$": i, "output gate $o_t$": o}
for ax, (title, gate), one in [(axes[row, k], item, k) for k in (0, 1)
                               for row, item in enumerate(rows.items())]:
    image = ax.imshow(gate[one].T, vmin=0, vmax=1, aspect="auto",
                      extent=(-0.5, 14.5, 16.5, 0.5))
    ax.set(title=title, ylabel="unit")
for ax, one, text in zip(axes[3], p, pair):
    ax.plot(one, "o-", color="C5")
    ax.set(title="P(positive) after each word", ylim=(-0.05, 1.05))
    ax.set_xticks(range(15), tokenize(text), rotation=70)
fig.colorbar(image, ax=axes[:3], label="0 closed … 1 open")
plt.show()

# %% [markdown]
# Read a heat map from left to right. A row is one unit. Where its forget gate is bright, the unit keeps its value; where it is dark, it forgets.
# In the run that is stored here, many forget gates close at *classic*, and the input gates are open: these units delete what they had and take up the new word. During the last five words, which are the same, the two curves below stay apart. The answer was decided earlier, and the cell state carried it to the end.
#
# The gates at these words are not the same in the two sentences, because a gate also sees $h_{t-1}$. So the effect of a word depends on what came before it.
#
# Do not tell stories about single units: with another seed, other units do the work. Measure what the model does, as in "Going further".

# %% [markdown] claim="largest difference of a forget gate at the last word"
# **Quick question.** *Saturday* is the last word of both sentences. Why are the gates at this word not the same?
#
# <details><summary>A. Each sentence has gates with other parameters</summary>No. All steps and all sentences use the same parameters.</details>
# <details><summary>B. A gate is computed from the word and from the hidden state before it</summary>Right. The word is the same, the hidden states are not, because they contain what was read before.</details>
# <details><summary>C. The gates are random</summary>No. Random numbers are used only before training. With the same input, the network always computes the same.</details>

# %% [markdown]
# ## 11 · Why you should not replace its activations
#
# `keras.layers.LSTM` has the arguments `activation` (tanh) and `recurrent_activation` (sigmoid, for the gates). Some programs set them to `relu`. But in the LSTM, each function has a purpose.
# We let untrained LSTMs read random sequences, each with one function replaced, and look at the cell state.

# %%
def relu(a):
    return np.maximum(a, 0)


def cell_states(x, gate, squash):
    """Cell states and input gates, each (time, batch, units)."""
    w, cs, inputs = new_lstm("1"), [], []
    h = c = np.zeros((len(x), 16))
    for x_t in x.swapaxes(0, 1):  # (batch, features)
        i = gate(x_t @ w.W_xi + h @ w.W_hi + w.b_i)
        f = gate(x_t @ w.W_xf + h @ w.W_hf + w.b_f)
        o = gate(x_t @ w.W_xo + h @ w.W_ho + w.b_o)
        c = f * c + i * squash(x_t @ w.W_xc + h @ w.W_hc + w.b_c)
        h = o * squash(c)
        cs.append(c)
        inputs.append(i)
    return np.array(cs), np.array(inputs)

# %%
noise = np.random.default_rng(SEED).normal(size=(32, 100, 8))
choices = {"sigmoid and tanh": (sigmoid, np.tanh),
           "gates relu": (relu, np.tanh), "gates tanh": (np.tanh, np.tanh),
           "candidate and output relu": (sigmoid, relu)}
rows = []
for name, (gate, squash) in choices.items():
    c, i = cell_states(noise, gate, squash)
    rows.append({"activations": name, "largest cell state": np.abs(c).max(),
                 "negative cell states": (c < 0).mean(),
                 "negative gates": (i < 0).mean()})
claim("relu as gate: largest cell state", rows[1]["largest cell state"],
      at_least=50)
tables.table("Other activations, untrained, 100 steps", rows)

# %% [markdown]
# - **A gate must be between 0 and 1.** A relu gate can be 2. Then the cell state is doubled at each step, and it explodes.
# - **A gate must not be negative.** A tanh gate at −1 does not forget; it keeps the value with the opposite sign. And with small weights, a tanh gate is about 0: add nothing, show nothing.
# - **The candidate needs negative values.** With relu, a unit can be raised but never lowered; it can only forget. And nothing bounds the output.
#
# There is a practical reason, too: cuDNN, NVIDIA's fast implementation for GPUs, has the LSTM with tanh and sigmoid only. With other functions Keras uses a much slower loop.

# %% [markdown]
# ## 12 · Peepholes and coupled gates
#
# The gates see $h_{t-1} = o_{t-1} \odot \tanh(c_{t-1})$. If the output gate was closed, they see nothing of the memory that they control. A [**peephole**](../GLOSSARY.md#peephole) (Gers and Schmidhuber 2000) lets each gate see the cell state of its own unit,
# with one weight per unit:
#
# $$f_t = \sigma(x_t W_{xf} + h_{t-1} W_{hf} + w_{cf} \odot c_{t-1} + b_f), \qquad i_t = \sigma(x_t W_{xi} + h_{t-1} W_{hi} + w_{ci} \odot c_{t-1} + b_i)$$
#
# The output gate does the same with the new cell state, $w_{co} \odot c_t$. A second variant saves a gate. To store something new usually means to forget something old. So let one gate decide both, with **coupled gates**:
#
# $$c_t = f_t \odot c_{t-1} + (1 - f_t) \odot \tilde c_t$$
#
# Keras has neither; `course_utils.cells` has both. In the next cell, $h_{t-1}$ is zero, as after a closed output gate, and there are two different cell states.

# %%
size, x_1, h_0 = {}, np.ones((1, 8)), np.zeros((1, 16))
for kind in (cells.LSTM, cells.PeepholeLSTM, cells.CoupledLSTM):
    cell = kind.init(features=8, units=16, seed=SEED)
    size[kind] = sum(w.size for w in cell.parameters().values())
    if kind is cells.PeepholeLSTM:
        cell.w_cf[:] = 1  # peepholes start at 0
    f = [cell.step(x_1, (h_0, c))[1].f for c in (h_0 - 2, h_0 + 2)]
    print(f"{kind.__name__:12}", size[kind], "parameters, the forget gate",
          f"depends on the cell state: {np.any(f[0] != f[1])}")
claim("parameters of the coupled LSTM, as a fraction of the LSTM's",
      size[cells.CoupledLSTM] / size[cells.LSTM], close_to=0.75, within=1e-9)

# %% [markdown]
# The LSTM has four parts with parameters of their own: three gates and the candidate. The coupled cell has three, so it saves a quarter. Greff and others (2017) compared such variants in thousands of experiments on three real tasks. No variant was clearly better than the LSTM as Keras has it, and
# coupling the gates saved parameters without a clear loss. The GRU of the next lesson builds on this idea.

# %% [markdown] claim="parameters of the coupled LSTM, as a fraction of the LSTM's"
# **Quick question.** What does a coupled unit do when $f_t = 1$?
#
# <details><summary>A. It keeps its value and adds the candidate</summary>No. That is possible in the LSTM, where the input gate is independent of the forget gate.</details>
# <details><summary>B. It keeps its value and adds nothing</summary>Right. What is added is multiplied by 1 − f = 0. One gate decides both; this is where the saved quarter of the parameters comes from.</details>
# <details><summary>C. It is replaced by the candidate</summary>No. That is f = 0.</details>

# %% [markdown]
# ## Exercises
#
# Replace each `...` by your answer, run the cell, then run the check below it. You can run a check as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: one_unit
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** A unit has $c_{t-1} = 2$. Its gates are $f_t = 0.75$, $i_t = 0.5$ and $o_t = 0.4$, and its candidate is $\tilde c_t = -0.5$. What are
# $c_t$ and $h_t$? Write two numbers, or compute them here. Three digits are enough.
#
# <details><summary>Hint 1</summary>Keep 0.75 of the old cell state, and add half of the candidate. The candidate is negative.</details>
# <details><summary>Hint 2</summary><code>np.tanh</code> computes tanh. The output gate multiplies tanh of the <i>new</i> cell state.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
new_c = 0.75 * 2 + 0.5 * -0.5  # SOLUTION
new_h = 0.4 * np.tanh(new_c)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the candidate is negative"
new_c = 0.75 * 2 + 0.5 * 0.5
new_h = 0.4 * np.tanh(new_c)

# %% tags=["wrong"] message="f is the fraction that is kept"
new_c = (1 - 0.75) * 2 + 0.5 * -0.5
new_h = 0.4 * np.tanh(new_c)

# %% tags=["wrong"] message="each in the place of the other"
new_c = 0.5 * 2 + 0.75 * -0.5
new_h = 0.4 * np.tanh(new_c)

# %% tags=["wrong"] message="keep f times the old"
new_c = (2 - 0.5) / 2
new_h = 0.4 * np.tanh(new_c)

# %% tags=["wrong"] message="only half of the candidate"
new_c = 0.75 * 2 - 0.5
new_h = 0.4 * np.tanh(new_c)

# %% tags=["wrong"] message="the tanh is missing"
new_c = 1.25
new_h = 0.5

# %% tags=["wrong"] message="of the new cell state"
new_c = 1.25
new_h = 0.4 * np.tanh(2)

# %% [raw]
# # BEGIN TESTS

# %%
def test_one_unit(new_c, new_h):
    import numpy as np

    assert np.size(new_c) == 1 and np.size(new_h) == 1, "new_c and new_h are one number each"
    c, h = (float(np.ravel(value)[0]) for value in (new_c, new_h))
    near = lambda value, other: abs(value - other) < 0.004  # three digits are enough
    assert not near(c, 1.75), "you gave c = 1.75: the candidate is negative, so it lowers the cell state"
    assert not near(c, 0.25), "you gave c = 0.25: f is the fraction that is kept, not the one that is forgotten"
    assert not near(c, 0.625), "you gave c = 0.625: the gates f and i are each in the place of the other"
    assert not near(c, 1.0), "you gave c = 1: the input gate lets only half of the candidate through"
    assert near(c, 1.25), f"you gave c = {c:.4g}: keep f times the old cell state, then add i times the candidate"
    assert not near(h, 0.5), "you gave h = 0.5: the tanh is missing"
    assert not near(h, 0.4 * np.tanh(2)), "you gave h = 0.386: the output gate multiplies tanh of the new cell state, not of the old one"
    assert near(h, 0.4 * np.tanh(1.25)), f"you gave h = {h:.4g}: the hidden state is o times tanh of the new cell state"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: lstm_parameters
# points: 1

# %% [markdown]
# **Exercise 2.** Write `lstm_parameters(features, units)`: how many parameters does `keras.layers.LSTM(units)` have, if its input has that many
# features? The check compares with Keras's own count.
#
# <details><summary>Hint 1</summary>Count one gate first: W_x, W_h and b. Their shapes are in section 3.</details>
# <details><summary>Hint 2</summary>There are three gates, and the candidate.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def lstm_parameters(features, units):
    """Number of parameters of an LSTM layer."""
    return 4 * (features * units + units * units + units)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the candidate has parameters too"
def lstm_parameters(features, units):
    return 3 * (features * units + units * units + units)

# %% tags=["wrong"] message="biases are missing"
def lstm_parameters(features, units):
    return 4 * (features * units + units * units)

# %% tags=["wrong"] message="to the next is missing"
def lstm_parameters(features, units):
    return 4 * (features * units + units)

# %% tags=["wrong"] message="as many features as units"
def lstm_parameters(features, units):
    return 4 * (2 * units * units + units)

# %% [raw]
# # BEGIN TESTS

# %%
def test_lstm_parameters(lstm_parameters):
    got = lstm_parameters(3, 5)
    assert got != 135, "for 3 features and 5 units you gave 135, which is three parts: the candidate has parameters too"
    assert got != 160, "for 3 features and 5 units you gave 160: the biases are missing"
    assert got != 80, "for 3 features and 5 units you gave 80: W_h from one hidden state to the next is missing"
    assert got != 220, "for 3 features and 5 units you gave 220: right only where there are as many features as units"
    assert got != 200, "for 3 features and 5 units you gave 200: that is PyTorch's LSTM, Keras has one bias for each part"
    import keras

    layer = keras.layers.LSTM(5)
    layer.build((None, None, 3))
    assert got == layer.count_params(), f"for 3 features and 5 units you gave {got}, Keras counts {layer.count_params()}"
    assert lstm_parameters(128, 64) == 49408, f"for 128 features and 64 units you gave {lstm_parameters(128, 64)}, it should be 49408"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_lstm_parameters_hidden(lstm_parameters):
    for d, u in ((7, 2), (1, 1), (50, 100)):
        assert lstm_parameters(d, u) == 4 * (d + u + 1) * u, f"not right for {d} features and {u} units"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: forget_bias_for
# points: 1

# %% [markdown]
# **Exercise 3.** You want an untrained unit that still has half of its value after $n$ steps. Its weights are small, so its forget gate is
# $\sigma(b_f)$ at every step. Write `forget_bias_for(n)`, which returns $b_f$. For `n = 1` it is 0.
#
# <details><summary>Hint 1</summary>After n steps, the fraction that is left is f, multiplied by itself n times. For which f is that one half?</details>
# <details><summary>Hint 2</summary>The sigmoid of b is f for b = ln(f / (1 − f)).</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def forget_bias_for(n):
    """Forget bias with which half of the value is left after n steps."""
    # BEGIN SOLUTION
    f = 0.5 ** (1 / n)
    return np.log(f / (1 - f))
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="is the gate, not its bias"
def forget_bias_for(n):
    return 0.5 ** (1 / n)

# %% tags=["wrong"] message="remembers for about n steps"
def forget_bias_for(n):
    return np.log(n - 1)

# %% tags=["wrong"] message="upside down"
def forget_bias_for(n):
    f = 0.5 ** (1 / n)
    return np.log((1 - f) / f)

# %% tags=["wrong"] message="is left after 10 steps"
def forget_bias_for(n):
    return np.log(n)

# %% [raw]
# # BEGIN TESTS

# %%
def test_forget_bias_for(forget_bias_for):
    import numpy as np

    got = float(np.ravel(forget_bias_for(10))[0])
    f = 0.5**0.1
    assert abs(got - f) > 1e-5, f"you gave {got:.3f} for n = 10: that is the gate, not its bias; undo the sigmoid"
    assert abs(got - np.log(9)) > 1e-5, "ln(n - 1) is for a unit that remembers for about n steps; a little more than a third is left then, and here it must be half"
    assert got > 0, f"you gave {got:.3f} for n = 10, which forgets more than half in each step: is the fraction upside down?"
    left = (1 / (1 + np.exp(-got))) ** 10
    assert abs(left - 0.5) < 1e-4, f"with your bias {got:.3f}, {left:.3f} is left after 10 steps, it should be 0.5"
    one = float(np.ravel(forget_bias_for(1))[0])
    assert abs(one) < 1e-5, f"for n = 1 you gave {one}, it should be 0"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_forget_bias_for_hidden(forget_bias_for):
    import numpy as np

    for n in (2, 5, 100):
        left = (1 / (1 + np.exp(-float(np.ravel(forget_bias_for(n))[0])))) ** n
        assert abs(left - 0.5) < 1e-4, f"for n = {n} there is {left:.3f} left"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: minimal_cell
# points: 3

# %% [markdown]
# **Exercise 4, a stretch: a cell of your own, with its gradient.** How little is enough? Take a cell with one gate, one state, and a candidate
# that sees only the input:
#
# $$f_t = \sigma(x_t W_{xf} + h_{t-1} W_{hf} + b_f), \quad \tilde h_t = \tanh(x_t W_{xc} + b_c), \quad h_t = f_t \odot h_{t-1} + (1 - f_t) \odot \tilde h_t$$
#
# Complete two functions. `one_step` returns $h_t$ and, in a tuple, what the gradient needs. `one_step_backward` gets $\partial L/\partial h_t$ and that tuple, and
# returns $\partial L/\partial h_{t-1}$ and $\partial L/\partial W_{hf}$. `w` is a dictionary with the parameters `"W_xf"`, `"W_hf"`, `"b_f"`, `"W_xc"` and `"b_c"`.
#
# <details><summary>Hint 1</summary>Let a be the input of the sigmoid. Its derivative is f (1 − f), so dL/da = dL/dh_t · (h_prev − candidate) · f · (1 − f), number by number.</details>
# <details><summary>Hint 2</summary>h_prev acts in two ways: directly, with the factor f, and through the gate, with W_hf. The two gradients are added.</details>
# <details><summary>Hint 3</summary>For a = h W + …, dL/dW is h.T @ dL/da, and dL/dh is dL/da @ W.T.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def one_step(x_t, h_prev, w):
    """h_t (batch, units), and (f_t, candidate), each (batch, units)."""
    # BEGIN SOLUTION
    f_t = sigmoid(x_t @ w["W_xf"] + h_prev @ w["W_hf"] + w["b_f"])
    h_tilde = np.tanh(x_t @ w["W_xc"] + w["b_c"])
    return f_t * h_prev + (1 - f_t) * h_tilde, (f_t, h_tilde)
    # END SOLUTION


def one_step_backward(d_h, h_prev, stored, w):
    """dL/dh_prev (batch, units) and dL/dW_hf (units, units)."""
    # BEGIN SOLUTION
    f_t, h_tilde = stored
    d_a = d_h * (h_prev - h_tilde) * f_t * (1 - f_t)
    return d_h * f_t + d_a @ w["W_hf"].T, h_prev.T @ d_a
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="through the gate"
def one_step(x_t, h_prev, w):
    f_t = sigmoid(x_t @ w["W_xf"] + h_prev @ w["W_hf"] + w["b_f"])
    h_tilde = np.tanh(x_t @ w["W_xc"] + w["b_c"])
    return f_t * h_prev + (1 - f_t) * h_tilde, (f_t, h_tilde)


def one_step_backward(d_h, h_prev, stored, w):
    f_t, h_tilde = stored
    d_a = d_h * (h_prev - h_tilde) * f_t * (1 - f_t)
    return d_h * f_t, h_prev.T @ d_a

# %% tags=["wrong"] message="f = 1 must keep"
def one_step(x_t, h_prev, w):
    f_t = sigmoid(x_t @ w["W_xf"] + h_prev @ w["W_hf"] + w["b_f"])
    h_tilde = np.tanh(x_t @ w["W_xc"] + w["b_c"])
    return (1 - f_t) * h_prev + f_t * h_tilde, (f_t, h_tilde)


def one_step_backward(d_h, h_prev, stored, w):
    f_t, h_tilde = stored
    d_a = d_h * (h_tilde - h_prev) * f_t * (1 - f_t)
    return d_h * (1 - f_t) + d_a @ w["W_hf"].T, h_prev.T @ d_a

# %% tags=["wrong"] message="f is in the equation twice"
def one_step(x_t, h_prev, w):
    f_t = sigmoid(x_t @ w["W_xf"] + h_prev @ w["W_hf"] + w["b_f"])
    h_tilde = np.tanh(x_t @ w["W_xc"] + w["b_c"])
    return f_t * h_prev + (1 - f_t) * h_tilde, (f_t, h_tilde)


def one_step_backward(d_h, h_prev, stored, w):
    f_t = stored[0]
    d_a = d_h * h_prev * f_t * (1 - f_t)
    return d_h * f_t + d_a @ w["W_hf"].T, h_prev.T @ d_a

# %% tags=["wrong"] message="transposed"
def one_step(x_t, h_prev, w):
    f_t = sigmoid(x_t @ w["W_xf"] + h_prev @ w["W_hf"] + w["b_f"])
    h_tilde = np.tanh(x_t @ w["W_xc"] + w["b_c"])
    return f_t * h_prev + (1 - f_t) * h_tilde, (f_t, h_tilde)


def one_step_backward(d_h, h_prev, stored, w):
    f_t, h_tilde = stored
    d_a = d_h * (h_prev - h_tilde) * f_t * (1 - f_t)
    return d_h * f_t + d_a @ w["W_hf"], h_prev.T @ d_a

# %% tags=["wrong"] message="a tuple of two"
def one_step(x_t, h_prev, w):
    f_t = sigmoid(x_t @ w["W_xf"] + h_prev @ w["W_hf"] + w["b_f"])
    return f_t * h_prev + (1 - f_t) * np.tanh(x_t @ w["W_xc"] + w["b_c"])


def one_step_backward(d_h, h_prev, stored, w):
    return d_h * stored, h_prev.T @ d_h

# %% [raw]
# # BEGIN TESTS

# %%
def test_minimal_cell(one_step, one_step_backward):
    import numpy as np

    rng = np.random.default_rng(1)
    shapes = {"W_xf": (3, 4), "W_hf": (4, 4), "b_f": (4,), "W_xc": (3, 4), "b_c": (4,)}
    w = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    x_t, h_prev, d_h = rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    step = one_step(x_t.copy(), h_prev.copy(), {name: value.copy() for name, value in w.items()})
    assert isinstance(step, tuple | list) and len(step) == 2, "one_step must return a tuple of two: h_t, and the values that the gradient needs"
    h, stored = step
    f = 1 / (1 + np.exp(-(x_t @ w["W_xf"] + h_prev @ w["W_hf"] + w["b_f"])))
    new = np.tanh(x_t @ w["W_xc"] + w["b_c"])
    assert np.shape(h) == (2, 4), f"h_t must have the shape (batch, units) = (2, 4), yours has {np.shape(h)}"
    assert not np.allclose(h, (1 - f) * h_prev + f * new, atol=1e-4), "h_t: f and 1 − f are exchanged; f = 1 must keep the old state"
    assert np.allclose(h, f * h_prev + (1 - f) * new, atol=1e-4), f"h_t is {np.round(h[0], 3)} in the first row, it should be {np.round((f * h_prev + (1 - f) * new)[0], 3)}"
    back = one_step_backward(d_h.copy(), h_prev.copy(), stored, {name: value.copy() for name, value in w.items()})
    assert isinstance(back, tuple | list) and len(back) == 2, "one_step_backward must return two gradients: dL/dh_prev and dL/dW_hf"
    d_h_prev, d_W_hf = back
    d_a, half = d_h * (h_prev - new) * f * (1 - f), d_h * h_prev * f * (1 - f)
    assert np.shape(d_h_prev) == (2, 4) and np.shape(d_W_hf) == (4, 4), f"the gradients must have the shapes (2, 4) and (4, 4), yours have {np.shape(d_h_prev)} and {np.shape(d_W_hf)}"
    assert not np.allclose(d_h_prev, d_h * f, atol=1e-4), "dL/dh_prev: this is the direct part only; h_prev also acts through the gate"
    assert not np.allclose(d_h_prev, d_h * f + d_a @ w["W_hf"], atol=1e-4), "dL/dh_prev: going back through a product, the matrix is transposed"
    assert not np.allclose(d_h_prev, d_h * f + half @ w["W_hf"].T, atol=1e-4), "dL/dh_prev: f is in the equation twice, once with h_prev and once, with a minus, with the candidate"
    assert np.allclose(d_h_prev, d_h * f + d_a @ w["W_hf"].T, atol=1e-4), "dL/dh_prev is not right: add the direct part and the part through the gate"
    assert not np.allclose(d_W_hf, h_prev.T @ half, atol=1e-4), "dL/dW_hf: f is in the equation twice, once with h_prev and once, with a minus, with the candidate"
    assert not np.allclose(d_W_hf, (h_prev.T @ d_a).T, atol=1e-4), "dL/dW_hf is transposed: its rows belong to h_prev"
    assert np.allclose(d_W_hf, h_prev.T @ d_a, atol=1e-4), "dL/dW_hf is not right: it is h_prev.T @ dL/da"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_minimal_cell_hidden(one_step, one_step_backward):
    import numpy as np

    rng = np.random.default_rng(8)
    shapes = {"W_xf": (2, 5), "W_hf": (5, 5), "b_f": (5,), "W_xc": (2, 5), "b_c": (5,)}
    w = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    x_t, h_prev, d_h = (rng.normal(size=(3, n)) for n in (2, 5, 5))
    f = 1 / (1 + np.exp(-(x_t @ w["W_xf"] + h_prev @ w["W_hf"] + w["b_f"])))
    new = np.tanh(x_t @ w["W_xc"] + w["b_c"])
    h_t, stored = one_step(x_t.copy(), h_prev.copy(), w)
    assert np.allclose(h_t, f * h_prev + (1 - f) * new, atol=1e-4), "h_t, for three sequences"
    d_a = d_h * (h_prev - new) * f * (1 - f)
    d_h_prev, d_W_hf = one_step_backward(d_h.copy(), h_prev.copy(), stored, w)
    assert np.allclose(d_h_prev, d_h * f + d_a @ w["W_hf"].T, atol=1e-4), "the gradient of h_prev, for three sequences"
    assert np.allclose(d_W_hf, h_prev.T @ d_a, atol=1e-4), "the gradient of W_hf, for three sequences"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Going further
#
# You can skip this part. No later lesson needs it.
#
# ### How fast is a training step?
#
# With `jit_compile=True`, TensorFlow's compiler XLA merges the many small operations of a step. `unroll=True` builds the loop over the steps into the graph, one copy per step. `python benchmarks/cells.py` measured what this and other choices do on two cores:

# %% tags=["recorded"]
tables.benchmark(
    "cells", "Time of a training step, as a multiple of the plain layer's")

# %% [markdown]
# In the first three columns, below 1 is faster than the plain layer. The last three are the time of the *first* step, in which the graph is built and compiled. XLA saves time if you train for more than one or two hundred steps. Unrolling a gated layer saves time only
# after about a thousand, and less than XLA. Both together compile for very long and make the LSTM slower than it was. A mask costs little.
#
# ### The cell state is the memory
#
# Where does the LSTM of section 8 keep the symbol? We let it read new sequences and look at its cell state. Of the 16 units, the figure shows the one whose last values differ most between the symbols, compared with how much they differ for one symbol.

# %%
inside = cells.forward(cells.from_keras(lstm.layers[0]), x_new)
c_new = inside.trace("c")  # (600, 111, 16)
means = np.stack([c_new[y_new == symbol].mean(axis=0) for symbol in range(4)])
within = (c_new - means[y_new])[:, -1].std(axis=0)  # (16,)
unit = (means[:, -1].std(axis=0) / within).argmax()

# %% alt="tanh of the cell state of one unit over 110 steps, eight sequences for each of the four symbols. The lines of one symbol stay close together. Some symbols are clearly apart from the others, some may lie on the same line." jupyter={"source_hidden": true}
# Draw what one unit remembers.
fig, ax = plt.subplots(figsize=(7.2, 3.2))
for symbol, style in zip(range(4), ("-", "--", "-.", ":")):
    lines = np.tanh(c_new[y_new == symbol][:8, :, unit]).T  # (time, 8)
    ax.plot(lines, style, color=f"C{symbol}", linewidth=1)
    ax.plot([], [], style, color=f"C{symbol}", label=f"symbol {symbol}")
ax.set(title="One unit while distractors pass", xlabel="step $t$",
       ylabel=r"$\tanh(c_t)$")
ax.legend(ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.2))
plt.show()

# %% [markdown]
# The lines of one symbol stay together, whatever distractors are read. One unit need not separate all four symbols; together, the units do. To measure this, we take the mean cell state of each symbol at each step from one half of the sequences. Then we give each sequence of the other
# half the symbol whose mean is nearest.

# %%
means = np.stack([c_new[:300][y_new[:300] == s].mean(axis=0)
                  for s in range(4)])  # (4, time, units)
distance = np.linalg.norm(c_new[300:, None] - means, axis=-1)  # (300, 4, time)
right = (distance.argmin(axis=1) == y_new[300:, None]).mean(axis=0)  # (time,)
claim("lowest accuracy, over all steps, of the nearest mean cell state",
      right.min(), at_least=0.9)
claim("mean forget gate of the trained LSTM", inside.trace("f").mean(),
      at_least=0.8)

# %% [markdown]
# ### What each word does to the cell state
#
# The heat maps of section 10 show all words at once. This figure shows one step: what is kept of the cell state, $f_t \odot c_{t-1}$, what is added, $i_t \odot \tilde c_t$, and their sum. In JupyterLab you can choose the word.

# %% alt="Three rows of bars for the sixteen units at the word 'classic': what is kept of the cell state, what is added, and their sum, the new cell state. At many units the added part is larger than the kept part." jupyter={"source_hidden": true}
# Draw what one word of the first sentence changes in the cell state.
c_read = np.concatenate([np.zeros((1, 16)), reading.trace("c")[0]])  # c_0 first
kept = reading.trace("f")[0] * c_read[:-1]  # (15, 16)
bars = {"kept": kept, "added": c_read[1:] - kept, "new $c_t$": c_read[1:]}


def show_word(t):
    _, axes = plt.subplots(3, 1, figsize=(9, 4.6), sharex=True, sharey=True)
    for k, (ax, (name, values)) in enumerate(zip(axes, bars.items())):
        ax.bar(range(1, 17), values[t - 1], color=f"C{k}")
        ax.set(ylabel=name, xticks=range(1, 17))
    axes[0].set_title(f"Word {t}, “{tokenize(pair[0])[t - 1]}”")
    axes[2].set_xlabel("unit")
    plt.show()


show_word(10)
plots.interact(show_word, t=(1, 15))

# %% [markdown]
# In each column, the first bar and the second add up to the third. A small *kept* bar can have two reasons: the forget gate was nearly closed, or there was little to keep.
#
# ### How good is it on reviews?
#
# We train a simple RNN with the same number of units in the same way. Both have Keras's first weights. The test set is opened here for the first time, and nothing was chosen with it. The validation accuracy of the LSTM still rises after these few epochs, so more training would help it.

# %%
simple = train_classifier(keras.layers.SimpleRNN)
test_ids = ids_of(data.test.texts)
scores = []
for name, model in {"SimpleRNN": simple, "LSTM": classifier}.items():
    scores.append({
        "network": name, "parameters": model.layers[1].count_params(),
        "test accuracy": model.evaluate(test_ids, data.test.labels,
                                        verbose=0)[1]})
on_reviews = tables.table("Reviews by their last 30 words, 16 units", scores)
claim("test accuracy of the LSTM on the reviews",
      scores[1]["test accuracy"], at_least=0.7)
on_reviews

# %% [markdown]
# The same on IMDB, from saved results:

# %% tags=["recorded"]
tables.recorded("06_lstm", "Reviews by their last 30 words, 16 units")

# %% [markdown]
# On IMDB the LSTM is ahead. Both are behind the bag of words of lesson 01, which sees the whole review and not only thirty words of it. Lesson
# 10 lets recurrent networks read more, and shows what that needs.
#
# The sample has minimal pairs: two reviews with the same words in another order and opposite labels. A bag of words is right for one half of them.

# %%
if data.source == "sample":
    in_pairs = data.test.twins >= 0  # (reviews,)
    p_test = classifier.predict(test_ids, verbose=0)[:, 0]
    correct = (p_test > 0.5) == data.test.labels
    claim("accuracy of the LSTM on minimal pairs", correct[in_pairs].mean(),
          at_least=0.65)

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Reading the forget gate the wrong way round.** It is 1 where the unit *keeps* its value.
# - **Taking $h$ for the memory.** `return_state=True` returns the output, which is $h_T$ again, then $h_T$, then $c_T$. In the wrong order they raise no error.
# - **Confusing `return_state` with `return_sequences`.** The first returns the states after the last step, the second the hidden states of all steps. Neither returns all cell states.
# - **Confusing units with steps.** `LSTM(16)` reads sequences of any length. 16 is how many numbers $h$ and $c$ have.
# - **Confusing cell, unit and layer.** The *cell* is the computation of one step. A *unit* is one number of its states. The *layer* applies the cell to all steps.
# - **Saying that an LSTM has no vanishing gradient.** It vanishes where the forget gates are half closed (section 7). It can also explode, so use `clipnorm`.
# - **Blaming the architecture for what the first biases did.** If an LSTM does not learn long lags, look at its forget bias, and at the lags in your training set.
# - **Expecting memory across batches.** Keras starts each sequence with $h_0 = c_0 = 0$, unless the layer is stateful (lesson 04).
# - **`activation="relu"` in an LSTM**, because it works elsewhere. See section 11.
#
# ## References
#
# - S. Hochreiter, J. Schmidhuber (1997). Long short-term memory. *Neural Computation* 9(8).
# - F. A. Gers, J. Schmidhuber, F. Cummins (2000). Learning to forget: continual prediction with LSTM. *Neural Computation* 12(10).
# - F. A. Gers, J. Schmidhuber (2000). Recurrent nets that time and count. *IJCNN*. The peepholes.
# - K. Greff, R. K. Srivastava, J. Koutník, B. R. Steunebrink, J. Schmidhuber (2017). LSTM: a search space odyssey. *IEEE Transactions on
#   Neural Networks and Learning Systems* 28(10).
# - C. Tallec, Y. Ollivier (2018). Can recurrent neural networks warp time? *ICLR*. The chrono initialisation.

# %% [markdown]
# # 07 · GRU: one state, two gates
#
# The LSTM works, but it has many parts: two states, three gates, four sets of parameters. Lesson 06 ended with a variant that saves one gate. This lesson asks what else can be left out. The answer of Cho and others (2014) is the
# gated recurrent unit (GRU). You derive it from the coupled LSTM, show that Keras computes the same in both of its forms, find out how its gate learns to remember although its first gradient vanishes, and compare
# the three recurrent networks of this course.
#
# **You will be able to**
#
# 1. derive the GRU from the LSTM with coupled gates, and write both gates as equations and as lines of NumPy;
# 2. say which value of the update gate keeps the state, in Keras and in papers, and change one form into the other;
# 3. explain what `reset_after` changes and why it has two biases, and copy the parameters in both forms;
# 4. set the update gate's bias for a lag that you know, and say what happens without;
# 5. compare recurrent networks fairly: what is the same for all, what is measured, and what a difference is worth.
#
# **Before this lesson:** lesson [06](06_lstm.ipynb). **Time:** about 60 minutes to read and try, 30 minutes for the exercises; on two cores all cells run in about
# 60 seconds on the built-in sample (`HUBS.md` names the machine that was measured),
# and in two to three minutes on IMDB.

# %% [markdown]
# ## Settings

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

from course_utils import cells, plots, synthetic, tables
from course_utils.cells import sigmoid
from course_utils.claims import SEED, claim

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)
rng = np.random.default_rng(SEED)

# %% [markdown]
# ## 1 · What can be left out?
#
# The coupled LSTM of lesson 06 adds exactly where it forgets:
#
# $$c_t = f_t \odot c_{t-1} + (1 - f_t) \odot \tilde c_t, \qquad h_t = o_t \odot \tanh(c_t)$$
#
# The factors $f_t$ and $1 - f_t$ add up to one. So $c_t$ is an **interpolation** of the old cell state and the candidate (a *convex combination*): it lies between them. The cell state of the LSTM is a sum, and it can grow beyond every bound. Now take the coupled LSTM: it starts at 0, and all candidates come out of a tanh.
#
# **What do you expect?** We let both cells, untrained, read 200 random inputs, with a forget bias of 3. How large do their cell states become?
#
# <details><summary>Answer</summary>That of the LSTM goes far beyond 1. That of the coupled LSTM never leaves the range from −1 to 1, because it always lies between two numbers of this range.</details>

# %%
noise = rng.normal(size=(32, 200, 8))  # (batch, time, features)
traces = {}
for kind in (cells.LSTM, cells.CoupledLSTM):
    cell = kind.init(features=8, units=16, seed=SEED)
    cell.b_f[:] = 3
    traces[kind.__name__] = cells.forward(cell, noise).trace("c")
claim("largest cell state of the LSTM", np.abs(traces["LSTM"]).max(),
      at_least=2)
claim("largest cell state of the coupled LSTM",
      np.abs(traces["CoupledLSTM"]).max(), at_most=1)

# %% alt="Two panels of the cell states of 16 units over 200 steps. The range from -1 to 1 is shaded. The lines of the LSTM leave it by far. Those of the coupled LSTM stay well within it." jupyter={"source_hidden": true}
# Draw the cell states of one sequence.
fig, axes = plt.subplots(1, 2, figsize=(9.2, 2.8), sharey=True)
for ax, (name, c) in zip(axes, traces.items()):
    ax.plot(c[0], color="C0", linewidth=0.8)
    ax.axhspan(-1, 1, color="C1", alpha=0.2, label="−1 to 1")
    ax.set(title=f"{name}: 16 units", xlabel="step $t$", ylabel="$c_t$")
axes[1].legend(loc="upper right")
plt.show()

# %% [markdown]
# The LSTM needs the tanh in $h_t$ to bring its output back to between −1 and 1. The coupled LSTM does not, so **the tanh can go**.
#
# What is left is $h_t = o_t \odot c_t$: two states that differ only in the output gate. Suppose this gate is always open. Then $h_t = c_t$, and **one state is enough**. But something is lost: the cell can no longer remember a value without showing it. Section 3 gets a part of this back.

# %% [markdown]
# ## 2 · The update gate
#
# With one state, two lines of the coupled LSTM are left. The forget gate gets a new name, **update gate**, and a new letter, $z$. The candidate is called $\tilde h_t$, since there is no $c$ any more:
#
# $$z_t = \sigma(x_t W_{xz} + h_{t-1} W_{hz} + b_z), \qquad h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t$$
#
# To try it, take two sequences, three features and four units.

# %%
batch, features, units = 2, 3, 4
x_t = rng.normal(size=(batch, features))  # (batch, features)
h_prev = rng.uniform(-1, 1, size=(batch, units))  # h_{t-1}: (batch, units)


def new_parameters():
    """W_x (features, units), W_h (units, units), b (units,)."""
    shapes = (features, units), (units, units), (units,)
    return [rng.normal(0, 0.5, shape) for shape in shapes]


W_xz, W_hz, b_z = new_parameters()
z_t = sigmoid(x_t @ W_xz + h_prev @ W_hz + b_z)  # (batch, units)
print(z_t.round(2))

# %% [markdown]
# **Does 1 keep or write?** Here, as in Keras, in PyTorch and in Cho and others (2014), $z = 1$ *keeps* the old state. Chung and others (2014), whose paper popularized the GRU, write $h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t$, so there $z = 1$ *writes* the candidate. It is the same network: as
# $\sigma(-a) = 1 - \sigma(a)$, you only have to flip the sign of the gate's weights and bias. But a bias that makes one form remember makes the other forget. When you read "update gate" in a paper, look at the equation first.

# %%
some_candidate = np.tanh(rng.normal(size=(batch, units)))  # (batch, units)
z_chung = sigmoid(x_t @ -W_xz + h_prev @ -W_hz - b_z)  # opposite sign
h_keras = z_t * h_prev + (1 - z_t) * some_candidate
h_chung = (1 - z_chung) * h_prev + z_chung * some_candidate
claim("opposite sign: largest difference of the two forms",
      np.abs(h_keras - h_chung).max(), at_most=1e-12)

# %% [markdown]
# ## 3 · The reset gate
#
# Where does it hurt that everything is shown? In the candidate. Take a unit that remembers, until the end of the sentence, that it began with *although*. A second unit describes the current word. Its candidate reads the first unit at every step,
# whether this matters for the current word or not. What is missing is a switch on the *reading* side: how much of the old state enters the candidate? This is the **reset gate**.
#
# $$r_t = \sigma(x_t W_{xr} + h_{t-1} W_{hr} + b_r), \qquad \tilde h_t = \tanh(x_t W_{xh} + (r_t \odot h_{t-1}) W_{hh} + b_h)$$
#
# Three situations show what the two gates can do.
#
# | gates | what the unit does |
# | --- | --- |
# | $z = 0$, $r = 1$ | it is replaced, and the candidate reads the old state: a simple RNN |
# | $z = 0$, $r = 0$ | it is replaced, and the candidate sees the current word only, as if the text began here |
# | $z = 1$, any $r$ | it keeps its value; the current word is skipped |
#
# So the reset gate does not delete anything. It hides the old state from the candidate. Whether the candidate replaces the old state is decided by $z$ alone.

# %% alt="A GRU cell. The state h runs along the top as a thick line, from h at t-1 to h at t. A branch of it goes down and reaches the update gate and the reset gate. The input x enters on a line of its own and reaches both gates and the candidate. The branch of h is multiplied by the reset gate, then by the matrix W_hh, and only then enters the tanh of the candidate. The update gate z multiplies the thick line; one minus z multiplies the candidate, which is added to the thick line." jupyter={"source_hidden": true}
# Show the GRU cell.
plots.drawing("gru_cell")

# %% [markdown]
# The thick line is the memory, as in lesson 06, and now it is also the output. Follow the two inputs. $h_{t-1}$ (black) and $x_t$ (brown) both reach the two gates. In the candidate they are treated differently: $x_t$ enters directly, $h_{t-1}$ only through the × of the reset gate.
#
# This is the whole GRU. One step is four lines.

# %%
W_xr, W_hr, b_r = new_parameters()
W_xh, W_hh, b_h = new_parameters()


def gru_step_before(x_t, h_prev):
    """h_t (batch, units); the reset gate acts before the product."""
    z_t = sigmoid(x_t @ W_xz + h_prev @ W_hz + b_z)  # how much to keep
    r_t = sigmoid(x_t @ W_xr + h_prev @ W_hr + b_r)  # how much to read
    h_tilde = np.tanh(x_t @ W_xh + (r_t * h_prev) @ W_hh + b_h)
    return z_t * h_prev + (1 - z_t) * h_tilde


def last_state(step, x):
    """h_T (batch, units) for x (batch, time, features)."""
    h_t = np.zeros((len(x), units))  # h_0
    for t in range(x.shape[1]):
        h_t = step(x[:, t], h_t)
    return h_t

# %% [markdown] claim="largest cell state of the coupled LSTM"
# **Quick question.** A GRU starts with $h_0 = 0$. Can one of its units ever reach the value 2?
#
# <details><summary>A. Yes, if it adds something positive at many steps</summary>No. A GRU does not add. It interpolates between the old value and the candidate.</details>
# <details><summary>B. No, it stays between −1 and 1</summary>Right. The candidate comes out of a tanh, and the new state lies between the old one and the candidate, as you measured for the coupled LSTM.</details>
# <details><summary>C. Yes, if the update gate is larger than 1</summary>No. A gate comes out of a sigmoid, so it is never larger than 1.</details>

# %% [markdown]
# ## 4 · Two forms, and Keras has both
#
# The equations above are those of the published paper (version 3 on arXiv). `keras.layers.GRU(reset_after=False)` computes them. Keras stores the parameters of the three parts side by side, in the order z, r, h. We copy ours.

# %%
x_7 = rng.normal(size=(batch, 7, features)).astype("float32")  # 7 steps
kernel = np.concatenate([W_xz, W_xr, W_xh], axis=1)  # (3, 3 · units)
recurrent_kernel = np.concatenate([W_hz, W_hr, W_hh], axis=1)
before = keras.layers.GRU(units, reset_after=False)
before.build((None, None, features))
before.set_weights([kernel, recurrent_kernel,
                    np.concatenate([b_z, b_r, b_h])])
claim("reset before the product: largest difference of NumPy and Keras",
      np.abs(last_state(gru_step_before, x_7) - before(x_7).numpy()).max(),
      at_most=1e-5)

# %% [markdown]
# This is not Keras's default. The product $(r_t \odot h_{t-1}) W_{hh}$ cannot begin before $r_t$ is known, and $r_t$ itself needs a product with $h_{t-1}$. So two products must be computed one *after* the other, at every step. The second form, that of the paper's first version on arXiv, lets the gate act after the product:
#
# $$\tilde h_t = \tanh\left(x_t W_{xh} + b_{xh} + r_t \odot (h_{t-1} W_{hh} + b_{hh})\right)$$

# %% alt="The GRU cell with reset_after=True. It is the same drawing as before, but the branch of h is first multiplied by W_hh, and the reset gate multiplies the result, which then enters the tanh." jupyter={"source_hidden": true}
# Show the GRU cell of Keras's default, reset_after=True.
plots.drawing("gru_cell_reset_after")

# %% [markdown]
# Now $h_{t-1} W_{hz}$, $h_{t-1} W_{hr}$ and $h_{t-1} W_{hh}$ are *one* product with one wide matrix. This is faster on a GPU. NVIDIA's library cuDNN computes only this form, and Keras made it the default, `reset_after=True`. (Keras uses cuDNN on a GPU if the layer has its default activations, no recurrent dropout and `unroll=False`, and if padding, if there is any, is on the right.)
#
# Each part has two biases now: $b_{xz}, b_{xr}, b_{xh}$ are added to the products with $x_t$, and $b_{hz}, b_{hr}, b_{hh}$ to the products with $h_{t-1}$. Keras stores them as the two rows of one array.
#
# (PyTorch's `nn.GRU` also resets after the product and has two biases. It stores the parts in the order r, z, n, where n is the candidate, and it reads (time, batch, features) unless you set `batch_first=True`.)

# %%
bias = rng.normal(0, 0.5, (2, 3 * units))
(b_xz, b_xr, b_xh), (b_hz, b_hr, b_hh) = bias.reshape(2, 3, units)


def gru_step_after(x_t, h_prev):
    """h_t (batch, units); the reset gate acts after the product."""
    from_h = h_prev @ recurrent_kernel + bias[1]  # one product
    h_z, h_r, h_h = np.split(from_h, 3, axis=1)  # each (batch, units)
    z_t = sigmoid(x_t @ W_xz + b_xz + h_z)
    r_t = sigmoid(x_t @ W_xr + b_xr + h_r)
    h_tilde = np.tanh(x_t @ W_xh + b_xh + r_t * h_h)
    return z_t * h_prev + (1 - z_t) * h_tilde

# %%
after = keras.layers.GRU(units)  # reset_after=True
after.build((None, None, features))
after.set_weights([kernel, recurrent_kernel, bias])
claim("reset after the product: largest difference of NumPy and Keras",
      np.abs(last_state(gru_step_after, x_7) - after(x_7).numpy()).max(),
      at_most=1e-5)

# %% [markdown]
# The two forms are different functions: $(r \odot h) W$ scales the *inputs* of the product, $r \odot (h W)$ its *outputs*. Parameters that were trained in one form give other results in the other ("Going further" measures it).
#
# ## 5 · What became of the LSTM's gates
#
# | LSTM | GRU | |
# | --- | --- | --- |
# | forget gate $f_t$ | update gate $z_t$ | how much of the old state is kept |
# | input gate $i_t$ | $1 - z_t$ | how much of the candidate is written |
# | output gate $o_t$ | reset gate $r_t$ | the LSTM hides its memory from everything that reads $h$, the GRU from its candidate only |
# | states $c_t$ and $h_t$ | state $h_t$ | a GRU has no cell state: the memory is what is shown |
# | tanh of the output | none | an interpolation does not need it |
# | four sets of parameters | three | |
#
# Is the GRU really the coupled LSTM without these parts, or is this only an analogy? If the reset gate is open ($r = 1$), the output gate too ($o = 1$), and the last tanh is removed, the two have the same equations, line by line. With the last tanh, or with a reset gate that is not open, they differ.

# %% [markdown]
# ## 6 · How a GRU learns to remember although its first gradient vanishes
#
# The memory is the state now, and along the thick line of the drawing there is one factor per step:
#
# $$\frac{\partial h_t}{\partial h_{t-1}} = z_t \quad\text{(along the thick line; other paths lead through } z_t, r_t \text{ and } \tilde h_t \text{)}$$
#
# What lesson 06 said about the forget gate holds for $z$: before training, it is about $\sigma(b_z)$. Keras starts the LSTM's forget bias at 1, but **all biases of the GRU at 0**. So $z$ is about 0.5, and about half of the state is lost at every step. If you know how far back the network must look, use
# chrono initialisation (lesson 06) for $b_z$. In Keras you set the bias after `build`; $z$ is the first third.
#
# The task is again `synthetic.recall`: a symbol at the first step, then 110 distractors, then the question which symbol it was.

# %%
x_new, y_new = synthetic.recall(600, lag=110, seed=500 + SEED)  # new data


def look_inside(layer):
    """Gradient left at lag 110, and what the best unit's gate alone keeps."""
    run = cells.forward(cells.from_keras(layer), x_new[:32])
    grads = cells.backward(run, None, d_state=(np.ones((32, 16)),))
    norm = np.linalg.norm(grads.states[0], axis=(0, 2))  # (time,)
    z = run.trace("z")[:, 1:].astype("float64")  # (32, 110, 16)
    kept = z.prod(axis=1).mean(axis=0)  # (16,), mean over the sequences
    return norm[0] / norm[-1], kept.max()

# %%
as_keras, chrono = keras.layers.GRU(16), keras.layers.GRU(16)
as_keras.build((None, None, 8))
chrono.build((None, None, 8))
*kernels, first_bias = chrono.get_weights()  # the bias: (2, 3 · units)
first_bias[0, :16] = np.log(rng.uniform(2, 110, size=16) - 1)
chrono.set_weights([*kernels, first_bias])
claim("GRU as Keras starts it: gradient left at lag 110",
      look_inside(as_keras)[0], at_most=1e-12)
claim("chrono: gradient left at lag 110", look_inside(chrono)[0],
      at_least=0.03)

# %% [markdown]
# So a gate alone is not enough. As Keras starts it, the GRU's gradient has vanished long before lag 110. Still, in the experiment of lesson 06 it learned long lags from most seeds, if shorter lags were in the training set, too. We repeat this and watch the gate. The first training set has the lag 110 only. In the second, the same 960 sequences
# have the symbol at the lags 10, 30, 50, 70, 90 and 110. After every epoch we measure two things: what is left of the gradient at lag 110, and what the update gate alone keeps of a unit's value over the 110 distractors, the product of its 110 values.

# %%
def train_gru(x):
    """What look_inside gives (epochs + 1, 2), and accuracies at lag 110."""
    keras.utils.set_random_seed(SEED)
    layer = keras.layers.GRU(16)
    model = keras.Sequential([keras.Input((111, 8)), layer,
                              keras.layers.Dense(4, activation="softmax")])
    model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0), jit_compile=True,
                  loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    inside, accuracies = [look_inside(layer)], []
    for _ in range(12):
        model.fit(x, y_far, batch_size=32, epochs=1, verbose=0)
        inside.append(look_inside(layer))
        accuracies.append(model.evaluate(x_new, y_new, verbose=0)[1])
    return np.array(inside), accuracies

# %% [markdown]
# **What do you expect?** Which value must a gate have at the distractors, so that one tenth is left after 110 of them?
#
# <details><summary>Answer</summary>About 0.98. With 0.9, only 0.9<sup>110</sup> is left, about 0.00001. With 0.5, as before training, hardly anything.</details>

# %%
x_far, y_far = synthetic.recall(960, lag=110, seed=SEED)  # (960, 111, 8)
lags = np.tile([10, 30, 50, 70, 90, 110], 160)  # (960,)
x_mixed = np.array([np.roll(one, 110 - lag, axis=0)  # the symbol moves
                    for one, lag in zip(x_far, lags)])
far, far_accuracy = train_gru(x_far)
mixed, mixed_accuracy = train_gru(x_mixed)
claim("mixed lags: accuracy at lag 110", mixed_accuracy[-1], at_least=0.6)
claim("lag 110 only: accuracy at lag 110", far_accuracy[-1], at_most=0.4)
claim("mixed lags: kept by the best unit's gate", mixed[-1, 1], at_least=0.02)

# %% alt="Three panels by epoch, for a GRU trained on mixed lags and one trained on the lag 110 only. With mixed lags, what the best unit's gate keeps and the gradient left at lag 110 rise together, from below 1e-18 to about one tenth or more within a few epochs. Then the accuracy at lag 110 rises from one quarter to near one. With the lag 110 only, gate and gradient rise later and less, and the accuracy stays at one quarter." jupyter={"source_hidden": true}
# Draw gate, gradient and accuracy by epoch, for both training sets.
fig, axes = plt.subplots(1, 3, figsize=(9.8, 3))
for inside, accuracies, style, name in (
        (mixed, mixed_accuracy, "C0o-", "mixed lags"),
        (far, far_accuracy, "C1s--", "lag 110 only")):
    for ax, what in zip(axes, (inside[:, 1], inside[:, 0])):
        ax.semilogy(np.maximum(what, 1e-30), style, markersize=4, label=name)
    axes[2].plot(range(1, 13), accuracies, style, markersize=4)
for ax, title in zip(axes, ("kept by the best unit's gate",
                            "gradient left at lag 110", "accuracy at lag 110")):
    ax.set(title=title, xlabel="epoch", xticks=range(0, 13, 3))
axes[2].set_ylim(0, 1.05)
axes[0].legend()
plt.show()

# %% [markdown]
# The order of events is the explanation. At the lag 10, some gradient arrives, even at the start, and it opens the update gate of a unit at the distractors. For the gate, a distractor at step 5 is like one at step 100. So a gate that learned to stay open for 10 steps also stays open for 110. In the left and the middle panel you see that
# the gradient at lag 110 rises together with what the gate keeps. Then the long lags teach the network as well, and the accuracy follows. Without the short lags, gate and gradient rise later and less, and the accuracy stays at the chance level in this time.
#
# It is better not to depend on that. If all lags are long, set $b_z$. Exercise 3 does it.

# %% [markdown] claim="lag 110 only: accuracy at lag 110"
# **Quick question.** You have only long sequences, and the answer is always at their beginning. Your Keras GRU stays at the chance level. What do you try first?
#
# <details><summary>A. A larger value for b<sub>z</sub>, by chrono initialisation</summary>Right. Then the gradient reaches the beginning before training, as measured above.</details>
# <details><summary>B. A negative value for b<sub>z</sub></summary>No. In Keras, 1 keeps. A negative bias makes the state fade even faster.</details>
# <details><summary>C. A larger b<sub>r</sub></summary>No. The reset gate decides what the candidate reads. It does not keep the state.</details>

# %% [markdown]
# ## 7 · A fair comparison
#
# Is the GRU as good as the LSTM, and are both better than a simple RNN? With the same number of units, the three have different numbers of parameters. So section 8 adds a wide simple RNN, with about as many parameters as the LSTM. Here we add a GRU whose reset gate is held open: with $b_r = 40$ the gate is 1, and its gradient is 0. If a task needs the reset gate, this GRU must be worse.
#
# The first task is `adding`: of sixteen random numbers, two are marked, and the network has to predict their sum. The same for all: the data, the number of training steps, the optimizer and its learning rate. The gates that keep the state start at $1 - 1/16$. *Not* the same: how well this one learning rate fits each network. We did not tune it.

# %%
RNN, LSTM = keras.layers.SimpleRNN, keras.layers.LSTM
GRU = keras.layers.GRU
NETWORKS = {"SimpleRNN": (RNN, 16), "SimpleRNN, wide": (RNN, 38),
            "LSTM": (LSTM, 16), "GRU": (GRU, 16), "GRU, r = 1": (GRU, 16)}


def set_biases(layer, name, n):
    """Start the gate that keeps the state, if there is one, at 1 − 1/n."""
    *kernels, bias = layer.get_weights()
    if "LSTM" in name:
        bias[16:32] = np.log(n - 1)  # i, f, c, o
    if "GRU" in name:
        bias[0, :16] = np.log(n - 1)  # z, r, h
    if "r = 1" in name:
        bias[0, 16:32] = 40
    layer.set_weights([*kernels, bias])

# %%
x_sums, y_sums = synthetic.adding(4000, length=16, seed=SEED)
x_held, y_held = synthetic.adding(1000, length=16, seed=1000 + SEED)
curves, error, size = {}, {}, {}
for name in ("SimpleRNN", "LSTM", "GRU", "GRU, r = 1"):
    kind, n_units = NETWORKS[name]
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([keras.Input((16, 2)), kind(n_units),
                              keras.layers.Dense(1)])
    set_biases(model.layers[0], name, n=16)
    model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0), loss="mse",
                  jit_compile=True)
    fitted = model.fit(x_sums, y_sums, batch_size=32, epochs=8, verbose=0)
    curves[name] = fitted.history["loss"]
    error[name] = np.mean((model(x_held).numpy()[:, 0] - y_held) ** 2)
    size[name] = model.layers[0].count_params()

# %% alt="Training loss by epoch, on a logarithmic axis, for four networks on the adding task. The loss of the simple RNN falls slowly from the error of the constant answer 1 and is still falling at the end. Those of the LSTM, the GRU and the GRU with an open reset gate fall much faster and lower." jupyter={"source_hidden": true}
# Draw the training loss by epoch.
fig, ax = plt.subplots(figsize=(7.2, 3.2))
for (name, curve), style in zip(curves.items(),
                                ("o-", "^--", "v-.", "d:")):
    ax.semilogy(range(1, 9), curve, style, markersize=4, label=name)
ax.axhline(1 / 6, color="black", linewidth=0.8, linestyle=":")
ax.set(title="Adding (dotted: always answer 1)", xlabel="epoch",
       ylabel="training loss")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %%
claim("adding: error of the GRU", error["GRU"], at_most=0.02)
claim("adding: error of the LSTM", error["LSTM"], at_most=0.05)
claim("adding: error of the simple RNN, as a multiple of the GRU's",
      error["SimpleRNN"] / error["GRU"], at_least=2)
claim("adding: error of the GRU with an open reset gate", error["GRU, r = 1"],
      at_most=0.02)
tables.table("Adding two of 16 numbers", [
    {"network": name, "parameters": size[name], "mean squared error": value}
    for name, value in error.items()])

# %% [markdown]
# A constant prediction of 1 has an error of 1/6. The LSTM and the GRU learn the task quickly. The simple RNN learns it, too, but more slowly: its loss is still falling after eight epochs. So this figure does not show what the simple RNN *can* learn; it shows what it learns in the same number of training steps.
#
# The GRU with an open reset gate learns the task as well. On this task, the reset gate is not needed. That does not show that it never is: it shows that you have to measure it for your task. (Greff and others 2017 ask such questions for the LSTM. The forget gate, and the tanh of the output, were the two parts whose removal hurt most.)

# %% [markdown]
# ## 8 · Reviews
#
# The second task is real language. The networks read the last words of a review, through an embedding that is trained with them, and predict whether it is positive. `mask_zero=True` tells the recurrent layer to skip the zeros with which short reviews are filled (lesson 09).

# %%
from course_utils.datasets import reviews
from course_utils.text import Vocabulary, tokenize

data = reviews.load(SEED)
real = data.source == "real"
length, epochs, most = (80, 3, 8000) if real else (30, 4, 3000)
chosen = np.random.default_rng(SEED).permutation(len(data.train))[:most]
texts = [tokenize(data.train.texts[i])[-length:] for i in chosen]
vocabulary = Vocabulary.from_documents(texts, 5000 if real else 2000)


def ids_of(texts):
    """Word ids (texts, length), zeros after short texts."""
    rows = [vocabulary.encode(words[-length:]) for words in texts]
    return keras.utils.pad_sequences(rows, length, padding="post")

# %%
def train_classifier(name):
    """A trained model with the layer `name`, and its test accuracy."""
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([
        keras.Input((length,)),
        keras.layers.Embedding(len(vocabulary), 16, mask_zero=True),
        NETWORKS[name][0](NETWORKS[name][1]),  # Keras's first weights
        keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0),
                  loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(ids_of(texts), data.train.labels[chosen], batch_size=64,
              epochs=epochs, verbose=0)
    test_ids = ids_of(map(tokenize, data.test.texts))
    return model, model.evaluate(test_ids, data.test.labels, verbose=0)[1]

# %%
classifiers, scores = {}, {}
for name in ("SimpleRNN", "SimpleRNN, wide", "LSTM", "GRU"):
    classifiers[name], scores[name] = train_classifier(name)
claim("reviews: the worse of LSTM and GRU, minus the better simple RNN",
      min(scores["LSTM"], scores["GRU"])
      - max(scores["SimpleRNN"], scores["SimpleRNN, wide"]), at_least=0.04)
tables.table("Reviews by their last words", [
    {"network": name, "units": NETWORKS[name][1],
     "parameters": classifiers[name].layers[1].count_params(),
     "test accuracy": accuracy} for name, accuracy in scores.items()])

# %% [markdown]
# All hyperparameters were fixed before, and nothing is chosen by these numbers, so we may look at the test set. The table has one seed. One seed is not enough to compare the LSTM with the GRU, so here are three seeds on IMDB, from saved results:

# %% tags=["recorded"]
tables.recorded("07_gru", "Reviews by their last words")

# %% [markdown]
# On IMDB, both gated networks are ahead of both simple RNNs, and the wide one does not catch up. Between the LSTM and the GRU, the difference is about as large as the difference between two seeds. That agrees with larger studies. Chung and others (2014) found both clearly better than the simple RNN, and neither of the two always better than the other. Jozefowicz
# and others (2015) compared thousands of variants: the GRU was better on most of their tasks, though not in language modelling, and the LSTM came close to it when its forget bias started at 1. There is no winner to learn by heart. Try both on a validation set, with several seeds.

# %% [markdown]
# ## 9 · A quarter fewer parameters: is it a quarter faster?
#
# With the same number of units, a GRU has three sets of parameters where the LSTM has four. `python benchmarks/cells.py` measured the time of a training step in Keras on a CPU, for layers with 64 units that take turns:

# %% tags=["recorded"]
speed = tables.benchmark(
    "cells", "One training step, 32 sequences of 80 words, 64 units")
claim("saved results: a training step of the GRU, in steps of the LSTM",
      speed.values("times LSTM")[2], at_least=0.9)
speed

# %% [markdown]
# On this CPU, in Keras, the GRU is not faster. In layers this small, most of the time is spent on starting the operations, one after the other, at every time step, and a GRU step has no fewer operations than an LSTM step. With other layer sizes, or with a GPU, the answer can be another one. Fewer parameters mean a smaller file. If time matters to you, measure it.

# %% [markdown] claim="saved results: a training step of the GRU, in steps of the LSTM"
# **Quick question.** A colleague writes: "The GRU has a quarter fewer parameters, so our training will take a quarter less time." What do you answer?
#
# <details><summary>A. Right, time is proportional to the number of parameters</summary>No. In the measurement above, the GRU has fewer parameters and takes at least about as long.</details>
# <details><summary>B. Measure it: time also depends on the number of operations and on the machine</summary>Right. In small layers, the time to start each operation counts most.</details>
# <details><summary>C. No, a GRU is always slower</summary>No. One benchmark on one machine cannot show that. For other sizes and machines the answer can differ.</details>

# %% [markdown]
# ## Exercises
#
# Replace each `...` by your answer, run the cell, then run the check below it. You can run a check as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: which_way
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** A unit holds $h_{t-1} = 0.8$, its candidate is $\tilde h_t = -0.4$, and the update gate of a formula gives 0.75. What is $h_t$ if the formula is from Keras, and what
# if it is from Chung and others (2014)? Write two numbers.
#
# <details><summary>Hint 1</summary>In Keras the gate is the fraction of the old state that is kept.</details>
# <details><summary>Hint 2</summary>The candidate is negative, so it lowers the state.</details>

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

# %% tags=["wrong"] message="an interpolation"
h_keras = 0.2
h_chung = -0.1

# %% tags=["wrong"] message="of the candidate"
h_keras = 0.5
h_chung = -0.5

# %% [raw]
# # BEGIN TESTS

# %%
def test_which_way(h_keras, h_chung):
    import numpy as np

    for name, value in {"h_keras": h_keras, "h_chung": h_chung}.items():
        assert np.size(value) == 1 and not isinstance(value, str), f"{name} is {value!r}, it must be one number"
    keras_h, chung_h = (float(np.ravel(value)[0]) for value in (h_keras, h_chung))
    near = lambda value, other: abs(value - other) < 1e-4
    assert not (near(keras_h, -0.1) and near(chung_h, 0.5)), "the two conventions are swapped: in Keras, 0.75 of the old state is kept"
    assert not near(keras_h, 0.7), "you gave 0.7 for Keras: the candidate is negative, so its part is subtracted"
    assert not near(keras_h, 0.2), "you gave 0.2 for Keras: the state is an interpolation, so 0.75 of the old and 0.25 of the candidate are added"
    assert near(keras_h, 0.5), f"you gave {keras_h:.4g} for Keras: take 0.75 of the old state and 0.25 of the candidate"
    assert near(chung_h, -0.1), f"you gave {chung_h:.4g} for Chung and others: there you take 0.75 of the candidate and 0.25 of the old state"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: gru_parameters
# points: 1

# %% [markdown]
# **Exercise 2.** Write `gru_parameters(features, units, reset_after=True)`: how many parameters does `keras.layers.GRU` have, in either form? The check compares with
# Keras's own count.
#
# <details><summary>Hint 1</summary>Count one part first: W_x, W_h and its biases. How many parts are there?</details>
# <details><summary>Hint 2</summary>The two forms differ in their biases only. Their shapes are in section 4.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def gru_parameters(features, units, reset_after=True):
    """Number of parameters of a GRU layer."""
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

# %% tags=["wrong"] message="the candidate has parameters too"
def gru_parameters(features, units, reset_after=True):
    return 2 * (features * units + units * units + (2 if reset_after else 1) * units)

# %% tags=["wrong"] message="reset_after=False"
def gru_parameters(features, units, reset_after=True):
    return 3 * (features * units + units * units + 2 * units)

# %% tags=["wrong"] message="as many features as units"
def gru_parameters(features, units, reset_after=True):
    return 3 * (2 * units * units + (2 if reset_after else 1) * units)

# %% [raw]
# # BEGIN TESTS

# %%
def test_gru_parameters(gru_parameters):
    got = gru_parameters(4, 5)
    assert got != 200, "for 4 features and 5 units you gave 200, four parts: that is the LSTM, the GRU has three"
    assert got != 110, "for 4 features and 5 units you gave 110, two parts: the candidate has parameters too"
    assert got != 150, "for 4 features and 5 units you gave 150: with reset_after=True each part has two biases"
    assert got != 180, "for 4 features and 5 units you gave 180: right only where there are as many features as units"
    import keras

    for reset_after in (True, False):
        layer = keras.layers.GRU(5, reset_after=reset_after)
        layer.build((None, None, 4))
        got = gru_parameters(4, 5, reset_after=reset_after)
        assert got == layer.count_params(), f"for 4 features, 5 units and reset_after={reset_after} you gave {got}, Keras counts {layer.count_params()}"
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
# **Exercise 3.** Write `remember(bias, n)`. It gets the bias array of a Keras GRU, shape (2, 3 · units), and returns a *copy* with other biases of the update gate: as long as the weights are small, every unit's update gate must be
# $1 - 1/n$, so that it remembers for about $n$ steps. The biases of the reset gate and of the candidate do not change.
#
# <details><summary>Hint 1</summary>The sigmoid of ln(n − 1) is 1 − 1/n. Keras's order of the parts is z, r, h.</details>
# <details><summary>Hint 2</summary>Both rows of the array act on the update gate. What counts is their sum.</details>
# <details><summary>Hint 3</summary><code>bias.copy()</code>; the number of units is <code>bias.shape[1] // 3</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def remember(bias, n):
    """A copy of the bias (2, 3 · units) with update gates of 1 − 1/n."""
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

# %% tags=["wrong"] message="for n = 5"
def remember(bias, n):
    units = bias.shape[1] // 3
    bias = bias.copy()
    bias[0, :units] = np.log(9)
    bias[1, :units] = 0
    return bias

# %% [raw]
# # BEGIN TESTS

# %%
def test_remember(remember):
    import numpy as np

    bias = np.arange(24.0).reshape(2, 12) / 10  # 4 units
    before = bias.copy()
    for n in (10, 5):
        got = remember(bias, n)
        assert np.array_equal(bias, before), "the array that was given must stay as it was: work on a copy"
        assert np.shape(got) == (2, 12), f"the new array has shape {np.shape(got)}, it must be (2, 12) as before"
        got = np.asarray(got, float)
        assert np.allclose(got[:, 8:], before[:, 8:], atol=1e-5), "the candidate's biases, the last third, must not change"
        assert np.allclose(got[:, 4:8], before[:, 4:8], atol=1e-5), "the second third belongs to the reset gate and must not change: the order is z, r, h"
        gate = 1 / (1 + np.exp(-got[:, :4].sum(axis=0)))
        assert not np.allclose(gate, 1 / (1 + (n - 1.0) ** -2), atol=1e-4), "the bias acts twice, once from each row: their sum must be ln(n − 1)"
        assert not np.allclose(gate, 1 / n, atol=1e-4), f"your update gate is 1/{n} for n = {n}, the opposite sense: in Keras 1 keeps"
        assert np.allclose(gate, 1 - 1 / n, atol=1e-4), f"for n = {n} the update gate is {np.round(gate, 3)}, it should be {1 - 1 / n}: the sum of the two rows counts"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_remember_hidden(remember):
    import numpy as np

    for units, n in ((7, 4), (1, 50)):
        bias = np.random.default_rng(n).normal(size=(2, 3 * units))
        given = bias.copy()
        got = np.asarray(remember(given, n), float)
        assert np.array_equal(given, bias), "the given array was changed"
        assert np.allclose(got[:, units:], bias[:, units:], atol=1e-5), f"other biases than the update gate's were changed, of {units} units"
        assert np.allclose(got[:, :units].sum(axis=0), np.log(n - 1), atol=1e-4), f"the update gate, for n = {n} and {units} units"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: reset_before
# points: 2

# %% [markdown]
# **Exercise 4.** Write a step of the form `reset_after=False` from Keras's own arrays: `step_before(x_t, h_prev, kernel, recurrent_kernel, bias)` with `kernel` (features, 3 · units), `recurrent_kernel` (units,
# 3 · units) and `bias` (3 · units,), as `get_weights()` of `keras.layers.GRU(units, reset_after=False)` returns them. It returns $h_t$.
#
# <details><summary>Hint 1</summary><code>np.split(array, 3, axis=1)</code> cuts a wide matrix into its three parts; the order is z, r, h.</details>
# <details><summary>Hint 2</summary>x_t can be multiplied by its wide matrix at once. h_prev cannot: the candidate's product needs r_t first.</details>

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

# %% tags=["wrong"] message="it should be"
def step_before(x_t, h_prev, kernel, recurrent_kernel, bias):
    x_z, x_r, x_h = np.split(x_t @ kernel + bias, 3, axis=1)
    W_hz, W_hr, W_hh = np.split(recurrent_kernel, 3, axis=1)
    z_t, r_t = sigmoid(x_z + h_prev @ W_hz), sigmoid(x_r + h_prev @ W_hr)
    return z_t * h_prev + (1 - z_t) * np.tanh(r_t * x_h + h_prev @ W_hh)

# %% [raw]
# # BEGIN TESTS

# %%
def test_reset_before(step_before):
    import numpy as np

    from course_utils import cells

    rng = np.random.default_rng(2)
    kernel, recurrent_kernel, bias = rng.normal(size=(3, 12)), rng.normal(size=(4, 12)), rng.normal(size=12)
    x_t, h_prev = rng.normal(size=(2, 3)), rng.uniform(-1, 1, size=(2, 4))
    got = step_before(x_t.copy(), h_prev.copy(), kernel, recurrent_kernel, bias)
    assert np.shape(got) == (2, 4), f"h_t has shape {np.shape(got)}, it must be (batch, units) = (2, 4)"
    cell = cells.GRUResetBefore.from_blocks(kernel, recurrent_kernel, bias)
    (right,), inside = cell.step(x_t, (h_prev,))
    after = cells.GRU.from_blocks(kernel, recurrent_kernel, np.stack([bias, 0 * bias]))
    assert not np.allclose(got, after.step(x_t, (h_prev,))[0][0], atol=1e-5), "your gate acts after the product: reset h_prev first, then multiply"
    order = np.r_[4:8, 0:4, 8:12]
    swapped = cells.GRUResetBefore.from_blocks(kernel[:, order], recurrent_kernel[:, order], bias[order])
    assert not np.allclose(got, swapped.step(x_t, (h_prev,))[0][0], atol=1e-5), "the gates are mixed up: the order is z, r, h"
    turned = (1 - inside.z) * h_prev + inside.z * inside.h_tilde
    assert not np.allclose(got, turned, atol=1e-5), "z and 1 − z are exchanged: in Keras 1 keeps the old state"
    assert np.allclose(got, right, atol=1e-5), f"in the first row h_t is {np.round(got[0], 3)}, it should be {np.round(right[0], 3)}"

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
# **Exercise 5, a stretch: the backward pass.** Given $\partial L/\partial h_t$, what is $\partial L/\partial h_{t-1}$, for the form of section 3? The old state acts in four ways: directly, through the update
# gate, through the candidate, and through the reset gate. Complete `d_h_prev_of(d_h, x_t, h_prev, w)`; `w` is a dictionary of the weights `"W_xz"`, `"W_hz"`, `"b_z"` and the same for r and h. The check tells you which of the four ways is missing.
#
# <details><summary>Hint 1</summary>Begin with the forward lines, to have $z_t$, $r_t$ and $\tilde h_t$. Then go back from the end: $h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t$ contains three things that depend on $h_{t-1}$: $z_t$, $\tilde h_t$, and $h_{t-1}$ itself.</details>
# <details><summary>Hint 2</summary>Call $a_z$, $a_r$, $a_h$ the inputs of the sigmoids and the tanh. $\partial L/\partial a_h = \partial L/\partial h_t \odot (1 - z_t) \odot (1 - \tilde h_t^2)$ and $\partial L/\partial a_z = \partial L/\partial h_t \odot (h_{t-1} - \tilde h_t) \odot z_t \odot (1 - z_t)$.</details>
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

# %% tags=["wrong"] message="directly only"
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

# %% tags=["wrong"] message="derivative of the sigmoid"
def d_h_prev_of(d_h, x_t, h_prev, w):
    z_t = sigmoid(x_t @ w["W_xz"] + h_prev @ w["W_hz"] + w["b_z"])
    r_t = sigmoid(x_t @ w["W_xr"] + h_prev @ w["W_hr"] + w["b_r"])
    h_tilde = np.tanh(x_t @ w["W_xh"] + (r_t * h_prev) @ w["W_hh"] + w["b_h"])
    d_a_z = d_h * (h_prev - h_tilde)
    d_s = (d_h * (1 - z_t) * (1 - h_tilde**2)) @ w["W_hh"].T
    d_a_r = d_s * h_prev * r_t * (1 - r_t)
    return d_h * z_t + d_a_z @ w["W_hz"].T + d_s * r_t + d_a_r @ w["W_hr"].T

# %% tags=["wrong"] message="b_h"
def d_h_prev_of(d_h, x_t, h_prev, w):
    z_t = sigmoid(x_t @ w["W_xz"] + h_prev @ w["W_hz"] + w["b_z"])
    r_t = sigmoid(x_t @ w["W_xr"] + h_prev @ w["W_hr"] + w["b_r"])
    h_tilde = np.tanh(x_t @ w["W_xh"] + (r_t * h_prev) @ w["W_hh"])
    d_a_z = d_h * (h_prev - h_tilde) * z_t * (1 - z_t)
    d_s = (d_h * (1 - z_t) * (1 - h_tilde**2)) @ w["W_hh"].T
    d_a_r = d_s * h_prev * r_t * (1 - r_t)
    return d_h * z_t + d_a_z @ w["W_hz"].T + d_s * r_t + d_a_r @ w["W_hr"].T

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
    got = d_h_prev_of(d_h.copy(), x_t.copy(), h_prev.copy(), {name: value.copy() for name, value in w.items()})
    assert np.shape(got) == (2, 4), f"the gradient has shape {np.shape(got)}, it must be that of h_prev, (2, 4)"
    s = cell.step(x_t, (h_prev,))[1]

    def parts(h_tilde, d_z, W):
        d_s = (d_h * (1 - s.z) * (1 - h_tilde**2)) @ W("W_hh")
        return {
            "through the update gate": (d_h * (h_prev - h_tilde) * d_z) @ W("W_hz"),
            "through the reset gate": (d_s * h_prev * s.r * (1 - s.r)) @ W("W_hr"),
            "through the candidate": d_s * s.r,
            "that is direct": d_h * s.z,
        }, d_s

    back, derivative = lambda name: w[name].T, s.z * (1 - s.z)
    ways, d_s = parts(s.h_tilde, derivative, back)
    right = sum(ways.values())
    same = lambda other: np.allclose(got, other, atol=1e-4)
    assert not same(ways["that is direct"]), "this is the gradient that flows directly only: the old state acts in three more ways"
    for way, part in ways.items():
        assert not same(right - part), f"the gradient {way} is missing"
    assert not same(sum(parts(s.h_tilde, derivative, lambda name: w[name])[0].values())), "your products use the matrices as in the forward pass: in the backward pass every matrix is transposed, as in lesson 05"
    assert not same(right - ways["through the candidate"] + d_s), "through the candidate you pass the gradient on as if nothing were reset: s is r times h_prev"
    assert not same(sum(parts(s.h_tilde, 1, back)[0].values())), "the derivative of the sigmoid of the update gate, z (1 − z), is missing"
    bare = np.tanh(x_t @ w["W_xh"] + (s.r * h_prev) @ w["W_hh"])
    assert not same(sum(parts(bare, derivative, back)[0].values())), "your candidate has no bias b_h"
    assert same(right), f"in the first row the gradient is {np.round(got[0], 4)}, it should be {np.round(right[0], 4)}"

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
    numeric = np.reshape([(loss(h_prev + nudge) - loss(h_prev - nudge)) / 2e-6 for nudge in nudges], (3, 5))
    assert np.allclose(d_h_prev_of(d_h.copy(), x_t, h_prev, w), numeric, atol=1e-4), "not right for three sequences and five units"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Going further
#
# You can skip this part. No later lesson needs it.
#
# ### Why two biases?
#
# For $z$ and $r$ only the sum of the two biases matters. In the candidate they have different effects, because $r_t$ multiplies $b_{hh}$ but not $b_{xh}$. We subtract 0.5 from the first row and add 0.5 to the second, first in the gates, then in the candidate.

# %%
def with_bias(new_bias):
    """h_T (batch, units) of the layer with another bias."""
    after.set_weights([kernel, recurrent_kernel, new_bias])
    return after(x_7).numpy()


shift = np.array([[-0.5], [0.5]])
in_gates, in_candidate = bias.copy(), bias.copy()
in_gates[:, :2 * units] += shift
in_candidate[:, 2 * units:] += shift
claim("bias moved in both gates: largest change of the state",
      np.abs(with_bias(in_gates) - with_bias(bias)).max(), at_most=1e-5)
claim("bias moved in the candidate: largest change of the state",
      np.abs(with_bias(in_candidate) - with_bias(bias)).max(), at_least=0.01)

# %% [markdown]
# ### Parameters of one form in the other
#
# We take the same parameters in both forms, with no biases except $b_r$. With open reset gates both forms are the same function. With gates near one half they are not.

# %%
def difference_of_forms(b_r):
    """Largest difference of the hidden states (32, 50, 16) of both forms."""
    x = np.random.default_rng(SEED).normal(size=(32, 50, 8))
    one = cells.GRU.init(features=8, units=16, seed=SEED)
    one.b_xr[:] = b_r
    weights = {name: value for name, value in one.parameters().items()
               if name.startswith("W")}
    other = cells.GRUResetBefore(**weights, b_z=one.b_xz, b_r=one.b_xr,
                                 b_h=one.b_xh)
    return np.abs(cells.forward(one, x).outputs
                  - cells.forward(other, x).outputs).max()


claim("open reset gates: largest difference of the two forms",
      difference_of_forms(b_r=40), at_most=1e-9)
claim("reset gates near one half: largest difference of the two forms",
      difference_of_forms(b_r=0), at_least=0.03)

# %% [markdown]
# ### Gates over a sentence
#
# What do the two gates do with language? We read the two sentences of lesson 06 with the GRU of section 8.

# %%
embedding, recurrent, dense = classifiers["GRU"].layers
pair = [f"They promised me a {one}. They gave me a {other}. "
        "We saw it last Saturday."
        for one, other in (("mess", "classic"), ("classic", "mess"))]
pair_ids = np.array([vocabulary.encode(tokenize(text)) for text in pair])
reading = cells.forward(cells.from_keras(recurrent),
                        embedding(pair_ids).numpy())  # (2, 15, 16)
p = dense(reading.outputs).numpy()[:, :, 0]  # (2, 15): P(positive)
print("P(positive) after the last six words:")
print(p[:, -6:].round(2))

# %% alt="Two columns, one for each of two sentences with the same words in another order and the same ending. Heat maps show the update gate, the reset gate and the state of 16 units at each word, and a curve below shows P(positive) after each word. Where the update gate is bright, the state keeps its colour." jupyter={"source_hidden": true}
# Draw gates, state, and P(positive) after each word.
fig, axes = plt.subplots(4, 2, figsize=(9.4, 8.6), sharex="col", sharey="row")
rows = {"z": "update gate $z_t$: bright keeps", "h": "state $h_t$",
        "r": "reset gate $r_t$: bright reads the old state"}
for ax, name, k in [(axes["zrh".index(name), k], name, k)
                    for name in rows for k in (0, 1)]:
    image = ax.imshow(reading.trace(name)[k].T, aspect="auto",
                      cmap="PuOr" if name == "h" else "cividis",
                      vmin=-1 if name == "h" else 0, vmax=1,
                      extent=(-0.5, 14.5, 16.5, 0.5))
    ax.set(title=rows[name], ylabel="unit")
for ax, one, text in zip(axes[3], p, pair):
    ax.plot(one, "o-", color="C5")
    ax.set(title="P(positive)", ylim=(-0.05, 1.05))
    ax.set_xticks(range(15), tokenize(text), rotation=70)
plt.show()

# %% [markdown]
# Compare the update gate with the state below it. Where a unit's update gate is bright, its state keeps the colour of the word before. Where it is dark, the state changes to that of the candidate. During the last five words, which are the same in both sentences, the two answers stay apart in the run that is stored here.
#
# The next figure shows one step. In JupyterLab you can choose the word.

# %% alt="Four rows of bars for the sixteen units at the word 'classic': the reset gate, the candidate, the update gate, and the new state, with a black mark where the state was before." jupyter={"source_hidden": true}
# Draw what one word of the first sentence does.
h_read = np.concatenate([np.zeros((1, 16)), reading.outputs[0]])  # h_0 first
parts = {"r": "reset $r_t$", "h_tilde": r"candidate $\tilde h_t$",
         "z": "update $z_t$", "h": "state $h_t$"}


def show_word(t):
    _, axes = plt.subplots(4, 1, figsize=(9, 5.6), sharex=True)
    for k, (ax, (name, label)) in enumerate(zip(axes, parts.items())):
        ax.bar(range(1, 17), reading.trace(name)[0, t - 1], color=f"C{k}")
        ax.set(ylabel=label, ylim=(0 if name in "rz" else -1.05, 1.05))
    axes[3].plot(range(1, 17), h_read[t - 1], "_k", markersize=14)
    axes[0].set_title(f"Word {t}, “{tokenize(pair[0])[t - 1]}”")
    plt.show()


show_word(10)
plots.interact(show_word, t=(1, 15))

# %% [markdown]
# Where the bar of the update gate is high, the state ends near the black mark, its old value. Where it is low, the state follows the candidate. The reset gate does not act on the state directly: it was used to compute the candidate.

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Taking an update gate from a paper without its equation.** In some papers 1 keeps, in others 1 writes. A bias with the wrong sign makes a unit that forgets almost at once.
# - **Loading parameters of one form into the other.** The kernels have the same shapes, the biases do not. If you reshape them by hand, the network runs and answers something else.
# - **Looking for a cell state.** A GRU has one state. With `return_state=True` it returns the output and $h_T$; an LSTM returns the output, $h_T$ and $c_T$.
# - **Taking the reset gate for a way to forget.** It decides what the candidate reads. The state is kept or replaced by $z$ alone.
# - **Leaving the biases at 0 when all lags are long.** Keras does so. Set $b_z$.
# - **Comparing networks by one seed, or with the same number of units only.** Decide what you keep the same. A difference whose sign changes with the seed is no difference.
# - **Counting parameters and concluding about time.** Measure the time on the machine that you will use.
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

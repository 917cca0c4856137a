# %% [markdown]
# # 06 · LSTM: a memory with gates
#
# A simple recurrent network rewrites its whole state at every step, and lesson 05 measured the price: what was read early fades, and so
# does the gradient that should teach the network to keep it. The long short-term memory, LSTM, adds a second state that is not
# rewritten but *edited*: something is taken away, something is added, the rest passes unchanged. Three gates, each learned, decide what.
# In this lesson you build the cell equation by equation, prove that Keras computes the same, look at its gates while it reads, and train
# it to remember over more than a hundred steps.
#
# **You will be able to**
#
# 1. derive the LSTM from $h_t = h_{t-1} + g(\dots)$, and write each of its gates as an equation and as a line of NumPy;
# 2. say what the cell state, the hidden state and each gate are for, and read them in a picture;
# 3. explain why the forget bias decides how long an untrained LSTM remembers, and set it for a lag that you know;
# 4. say what goes wrong when its activations are swapped, and what peepholes and coupled gates change;
# 5. compare recurrent networks by how far back they remember.
#
# **Before this lesson:** lessons [04](04_simple_rnn.ipynb) and [05](05_training_rnns.ipynb). **Time:** about 60 minutes to read and try,
# 30 minutes for the exercises; on two cores all cells run in about
# 30 seconds on the embedded sample (`HUBS.md` names the machine that was measured),
# and in about two minutes on IMDB.

# %%
import os

import numpy as np

from course_utils import cells, plots, synthetic, tables
from course_utils.claims import claim
from course_utils.tables import table

SEED = int(os.environ.get("COURSE_SEED", 0))

# %% [markdown]
# ## 1 · Rewriting and adding
#
# Take the smallest recurrent network there is: one unit, no input, $h_t = \tanh(w\,h_{t-1})$. We start it twice, at 0.8 and at 0.3, and
# ask whether one can still tell, fifty steps later, where it began. Beside it stands a state that is never rewritten, only added to:
# $h_t = h_{t-1} + g$, where $g$ is what the step wants to change; here nothing, $g = 0$.

# %%
steps = {
    "rewritten, $w = 0.9$": lambda h: np.tanh(0.9 * h),
    "rewritten, $w = 1.5$": lambda h: np.tanh(1.5 * h),
    "added to, $g = 0$": lambda h: h + 0,
}
paths = {}
for name, step in steps.items():
    h = [np.array([0.8, 0.3])]  # two starts, (2,)
    for _ in range(50):
        h.append(step(h[-1]))
    paths[name] = np.array(h)  # (steps + 1, 2)

# %%
figure, all_axes = plots.figure(1, 3, size=(9.2, 2.8), sharey=True)
for axes, (name, path) in zip(all_axes, paths.items()):
    axes.plot(path[:, 0], label="start 0.8")
    axes.plot(path[:, 1], "--", label="start 0.3")
    axes.set(title=name, xlabel="step $t$", ylim=(-0.05, 1))
all_axes[0].set_ylabel("$h_t$")
all_axes[2].legend(loc="center right", frameon=False)
plots.show(figure,
           alt="""Three panels of the state over fifty steps, from the starts 0.8 and 0.3.
                Rewritten with w = 0.9 both fall to zero; with w = 1.5 both run to the same
                value; added to, both stay where they began.""")

# %%
gap = {name: abs(path[-1, 0] - path[-1, 1]) for name, path in paths.items()}
claim("rewritten 50 times, the two starts can no longer be told apart",
      max(gap["rewritten, $w = 0.9$"], gap["rewritten, $w = 1.5$"]), at_most=0.01)
claim("added to 50 times, they are as far apart as they were", gap["added to, $g = 0$"],
      close_to=0.5, within=1e-9)

# %% [markdown]
# A small weight lets everything fade; a large one drives every start to the same place. Adding keeps the difference, and it keeps the
# gradient too: from $h_t = h_{t-1} + g(x_t, h_{t-1})$ follows
#
# $$\frac{\partial h_t}{\partial h_{t-1}} = 1 + \frac{\partial g}{\partial h_{t-1}},$$
#
# and a product of numbers near 1 neither vanishes nor explodes as quickly as a product of arbitrary ones. So the memory should be a
# sum. But a sum alone is a bad memory, too: whatever comes along is added, nothing is ever removed.

# %%
rng = np.random.default_rng(SEED)
g = rng.normal(size=(500, 400))  # (sequences, time): a random change at every step
h = g.cumsum(axis=1)  # (sequences, time)
first_seen = np.corrcoef(g[:, 0], h[:, -1])[0, 1]
claim("after 400 additions hardly anything of the first can be read off the sum (correlation)",
      abs(first_seen), at_most=0.25)

# %% [markdown]
# The first entry is still in the sum, buried under hundreds of others. A good memory must be able to say *not this one*. It needs
# switches that the network itself can work.

# %% [markdown]
# ## 2 · A gate is a switch that can be learned
#
# A switch is a factor: times 1 lets a number pass, times 0 stops it. So that gradient descent can set it, the factor must be
# smooth, and so that it fits the occasion, it must depend on what is read now, $x_t$, and on what was there before, $h_{t-1}$. The
# sigmoid $\sigma(a) = 1/(1+e^{-a})$ does that: whatever goes in, a number between 0 and 1 comes out.

# %%
def sigmoid(a):
    return 1 / (1 + np.exp(-a))


sigmoid(np.array([-5, -1, 0, 1, 5])).round(2)

# %% [markdown]
# At −5 the gate is shut, at 5 open, at 0 half open. A **gate** is a layer of such switches, one for each unit:
#
# $$\text{gate}_t = \sigma(x_t W_x + h_{t-1} W_h + b).$$
#
# The LSTM has three gates, which differ only in their weights. We need some numbers to build with: two sequences at once, three
# features, four units, and a function that draws the weights of one gate.

# %%
batch, features, units = 2, 3, 4
x_t = rng.normal(size=(batch, features))  # (batch, features)
h_prev = rng.normal(size=(batch, units))  # (batch, units): h_{t-1}
c_prev = rng.normal(size=(batch, units))  # (batch, units): c_{t-1}


def new_weights():
    """W_x (features, units), W_h (units, units), b (units,)"""
    return (rng.normal(0, 0.5, (features, units)), rng.normal(0, 0.5, (units, units)),
            rng.normal(0, 0.5, units))

# %% [markdown]
# ## 3 · The conveyor belt, and the gate that forgets
#
# The LSTM has two states. The **cell state** $c_t$ is the memory, the sum of section 1. Think of it as a conveyor belt that runs
# through all steps: what lies on it travels along by itself. The **hidden state** $h_t$ is what the cell says to the outside, as in a
# simple RNN. The first gate can take things off the belt. The **forget gate**
#
# $$f_t = \sigma(x_t W_{xf} + h_{t-1} W_{hf} + b_f)$$
#
# multiplies the old cell state: $f_t \odot c_{t-1}$. Its name is unlucky, for it says how much is *kept*: 1 keeps, 0 forgets.

# %%
W_xf, W_hf, b_f = new_weights()
f_t = sigmoid(x_t @ W_xf + h_prev @ W_hf + b_f)  # (batch, units)
kept = f_t * c_prev  # (batch, units)
f_t.round(2)

# %%
plots.drawing("lstm_forget_gate", alt="""
    The cell: along the top a thick line, the belt, from c at t-1 to c at t.
    From below, the forget gate, computed from h at t-1 and x at t, reaches a
    multiplication sign on the belt. The other parts are still grey.""")

# %% [markdown]
# Every unit of every sequence has a switch of its own: four numbers in each row. One unit may keep the subject of a sentence for long,
# while its neighbour forgets at every comma.

# %% [markdown]
# ## 4 · What to write, and whether
#
# Now something is put onto the belt. Two questions are answered separately. *What* would be written is the **candidate**, and you know its
# equation: it is the whole simple RNN.
#
# $$\tilde c_t = \tanh(x_t W_{xc} + h_{t-1} W_{hc} + b_c)$$
#
# The tanh gives it a sign, so that a step can raise a memory or lower it. *Whether* it is written is up to the **input gate**:
#
# $$i_t = \sigma(x_t W_{xi} + h_{t-1} W_{hi} + b_i)$$
#
# What is kept and what is written add up to the new cell state:
#
# $$c_t = f_t \odot c_{t-1} + i_t \odot \tilde c_t$$

# %%
W_xi, W_hi, b_i = new_weights()
W_xc, W_hc, b_c = new_weights()
i_t = sigmoid(x_t @ W_xi + h_prev @ W_hi + b_i)  # (batch, units)
c_tilde = np.tanh(x_t @ W_xc + h_prev @ W_hc + b_c)  # (batch, units)
c_t = f_t * c_prev + i_t * c_tilde  # (batch, units)
c_t.round(2)

# %%
plots.drawing("lstm_cell_state", alt="""
    The same cell with two more parts in colour: the input gate and the
    candidate are multiplied, and their product is added to the belt after the
    forget gate.""")

# %% [markdown]
# The line for $c_t$ is the heart of the LSTM. With $f_t = 1$ it is the sum of section 1, $c_t = c_{t-1} + g$, with $g = i_t \odot \tilde c_t$; with
# $f_t = 1$ and $i_t = 0$ the memory passes through the step untouched; with $f_t = 0$ and $i_t = 1$ it is replaced. The gates
# choose between these for each unit and each step.

# %% [markdown]
# ## 5 · What to show
#
# A memory need not be spoken aloud all the time. The **output gate** decides what of it becomes the hidden state, which the next step's
# gates and the layer above can see:
#
# $$o_t = \sigma(x_t W_{xo} + h_{t-1} W_{ho} + b_o), \qquad h_t = o_t \odot \tanh(c_t)$$
#
# The belt is a sum and can grow beyond 1; the tanh brings what is shown back between −1 and 1.

# %%
W_xo, W_ho, b_o = new_weights()
o_t = sigmoid(x_t @ W_xo + h_prev @ W_ho + b_o)  # (batch, units)
h_t = o_t * np.tanh(c_t)  # (batch, units)
h_t.round(2)

# %%
plots.drawing("lstm_cell", alt="""
    The whole cell: forget gate, input gate and candidate act on the belt; after
    them a branch of the belt goes through tanh, is multiplied by the output
    gate, and leaves the cell as h at t.""")

# %% [markdown]
# That is all. Put together, one step is six lines, and a sequence is a loop:

# %%
def lstm_step(x_t, h_prev, c_prev):
    i_t = sigmoid(x_t @ W_xi + h_prev @ W_hi + b_i)  # write?
    f_t = sigmoid(x_t @ W_xf + h_prev @ W_hf + b_f)  # keep?
    c_tilde = np.tanh(x_t @ W_xc + h_prev @ W_hc + b_c)  # write what?
    o_t = sigmoid(x_t @ W_xo + h_prev @ W_ho + b_o)  # show?
    c_t = f_t * c_prev + i_t * c_tilde  # all (batch, units)
    return o_t * np.tanh(c_t), c_t


T = 7
x = rng.normal(size=(batch, T, features)).astype("float32")  # (batch, time, features)
h_t = c_t = np.zeros((batch, units))
for t in range(T):
    h_t, c_t = lstm_step(x[:, t], h_t, c_t)

# %% [markdown]
# ## 6 · Keras computes the same
#
# `keras.layers.LSTM` keeps the weights of the four parts side by side in one wide matrix, in the order i, f, c, o. We copy ours in and
# compare.

# %%
import keras

keras.utils.set_random_seed(SEED)
layer = keras.layers.LSTM(units, return_state=True)
layer.build((None, None, features))
kernel = np.concatenate([W_xi, W_xf, W_xc, W_xo], axis=1)  # (features, 4 · units)
recurrent_kernel = np.concatenate([W_hi, W_hf, W_hc, W_ho], axis=1)  # (units, 4 · units)
layer.set_weights([kernel, recurrent_kernel, np.concatenate([b_i, b_f, b_c, b_o])])
_, h_keras, c_keras = layer(x)  # the output, which is h_T again, and the two states
difference = max(abs(h_t - h_keras.numpy()).max(), abs(c_t - c_keras.numpy()).max())
claim("six lines of NumPy and keras.layers.LSTM end in the same states (largest difference)",
      difference, at_most=1e-5)

# %% [markdown]
# What is left is the rounding of 32-bit numbers. `course_utils.cells.LSTM` holds the same equations together with their gradient by
# hand, checked against automatic differentiation. From here on we use it wherever we want to look inside.

# %% [markdown]
# ## 7 · The gradient on the belt, and the forget bias
#
# How does $c_t$ depend on $c_{t-1}$? Along the belt there is only one factor:
#
# $$\frac{\partial c_t}{\partial c_{t-1}} = f_t \quad\text{(along the belt; there are further ways, through } h_{t-1} \text{ and the gates)}$$
#
# No weight matrix, no tanh′: where the forget gate is open, the gradient passes unchanged. But who opens it? Before training, with small
# weights, $f_t \approx \sigma(b_f)$. With $b_f = 0$ that is one half, and after fifty steps $0.5^{50}$: an untrained LSTM forgets faster
# than the simple RNN! It cannot learn to keep what its gradient cannot see.
#
# The remedy is to start with a positive bias. Gers and others (2000) proposed it, Keras starts with $b_f = 1$, that is
# $\sigma(1) \approx 0.73$. Still, $0.73^{50}$ is small. If you know how far back the answer may lie, you can do better: a unit that keeps
# with $f = 1 - 1/n$ remembers about $n$ steps, and $\sigma(b) = 1 - 1/n$ for $b = \ln(n-1)$. Tallec and Ollivier (2018) draw
# an $n$ for each unit between 2 and the longest lag, so that some units are quick and some slow, and set $b_i = -b_f$, so that
# slow units also write with care. They call it *chrono initialisation*.

# %%
def chrono(units, longest, rng):
    """Biases b_i, b_f (units,) for memories of 2 … `longest` steps."""
    b_f = np.log(rng.uniform(2, longest, units) - 1)
    return -b_f, b_f


def new_lstm(units, bias, seed, longest=100):
    rng = np.random.default_rng(seed)
    cell = cells.LSTM.init(features=8, units=units, seed=rng)
    cell.b_f[:] = 0 if bias == "0" else 1
    if bias == "chrono":
        cell.b_i[:], cell.b_f[:] = chrono(units, longest, rng)
    return cell

# %% [markdown]
# The task is `synthetic.recall` of lesson 05: the first of many steps shows one of four symbols, all others show distractors, and at the end
# the symbol is asked for. We send the gradient of $\sum c_T$ back through a hundred steps, before any training, and look at its norm.

# %%
x, y = synthetic.recall(32, lag=100, seed=SEED)  # (batch, time, features), (batch,)
norms = {}
for bias in ("0", "1", "chrono"):
    run = cells.forward(new_lstm(16, bias, SEED), x)
    ones = np.ones((len(x), 16))
    grads = cells.backward(run, None, d_state=(0 * ones, ones))  # dL/dh_T = 0, dL/dc_T = 1
    norm = np.linalg.norm(grads.states[1], axis=(0, 2))[::-1]  # (time,): by lag
    norms[bias] = norm / norm[0]

# %%
figure, axes = plots.figure(size=(6.6, 3.4))
labels = {"0": "$b_f = 0$", "1": "$b_f = 1$ (Keras)", "chrono": "chrono"}
for (bias, norm), style in zip(norms.items(), ("-", "--", "-.")):
    axes.semilogy(norm, style, label=labels[bias])
axes.set(title="How much of the gradient is left, before training",
         xlabel="lag: steps back from the end", ylabel="norm, relative to lag 0",
         ylim=(1e-24, 10))
axes.legend(frameon=False, loc="lower left")
plots.show(figure,
           alt="""Norm of the gradient against lag on a logarithmic axis. With forget bias 0
                it falls along a steep line, with bias 1 along a less steep one; with chrono
                biases it stays within a factor of a few of one over a hundred steps.""")

# %%
claim("forget bias 0: gradient left after 50 steps", norms["0"][50], at_most=1e-6)
claim("forget bias 1 leaves more of it, this many times",
      norms["1"][50] / norms["0"][50], at_least=1000)
claim("chrono biases: gradient left after 100 steps", norms["chrono"][100], at_least=0.05)

# %% [markdown]
# A straight line on a logarithmic axis is a power: the same share is lost at every step, about as much as $\sigma(b_f)$ foretells. All three are the same cell. How far an LSTM can learn to look
# back is decided by its initial biases as much as by its gates.

# %% [markdown]
# ## 8 · Memory past a hundred steps
#
# Now we train. A symbol stands 10, 30, … or 110 steps before the end, with distractors before and after it; the network must name it at the
# end. All lags are mixed, in sequences of equal length, so that one network shows how its accuracy depends on the lag.

# %%
LAGS = [10, 30, 50, 70, 90, 110]
LONGEST = max(LAGS)


def sequences(n, seed):
    """n sequences a lag: x (n · lags, LONGEST + 1, 8), y (n · lags,)"""
    parts = [synthetic.recall(n, LONGEST, seed=1000 * seed + lag) for lag in LAGS]
    x = [np.roll(x, LONGEST - lag, axis=1) for (x, _), lag in zip(parts, LAGS)]
    return np.concatenate(x), np.concatenate([y for _, y in parts])

# %% [markdown]
# Two networks of 16 units, the same 300 updates for both: the simple RNN, and the LSTM with chrono biases. (Keras keeps the four biases
# in one vector, in the order i, f, c, o.)

# %%
from course_utils.training import ProgressBar


def train(layer):
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([keras.Input((LONGEST + 1, 8)), layer,
                              keras.layers.Dense(4, activation="softmax")])
    if isinstance(layer, keras.layers.LSTM):
        b_i, b_f = chrono(layer.units, LONGEST, np.random.default_rng(SEED))
        layer.cell.bias.assign(np.concatenate([b_i, b_f, 0 * b_i, 0 * b_i]))
    optimizer = keras.optimizers.Adam(0.01, clipnorm=1.0)
    model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=True)
    model.fit(*sequences(160, SEED), batch_size=32, epochs=10, verbose=0,
              callbacks=[ProgressBar()])
    return model

# %%
simple = train(keras.layers.SimpleRNN(16, recurrent_initializer="glorot_uniform"))
lstm = train(keras.layers.LSTM(16))

# %% [markdown]
# Two words about speed, because from here on you will train networks like these on your own machine. `jit_compile=True` has XLA, TensorFlow's
# compiler, merge the many small operations of a step. `python benchmarks/cells.py` measures what that and other settings do on two
# cores, side by side in one run:

# %% tags=["recorded"]
tables.benchmark("cells", "Time of a training step, as a multiple of the plain layer's")

# %% [markdown]
# The first three columns are times of a step; below 1 is faster than the plain layer. The last three are what the *first* step costs, because then the graph
# is built and compiled. So XLA pays when you train for more than one or two hundred steps. Unrolling a gated layer pays only after about a thousand, and gains less than XLA; both together
# take very long to compile, and make the LSTM slower than it was. A mask costs little.

# %% [markdown]
# The accuracy by lag, on new sequences. We let the NumPy cell do it, with the trained weights: the same numbers, and no graph to build.

# %%
def accuracy_by_lag(model):
    recurrent, dense = model.layers
    W, b = dense.get_weights()  # (units, 4), (4,)
    x, y = sequences(100, 500 + SEED)
    run = cells.forward(cells.from_keras(recurrent), x)
    y_hat = (run.state[0] @ W + b).argmax(axis=1)
    return (y_hat == y).reshape(len(LAGS), -1).mean(axis=1)  # (lags,)


remembered = {"SimpleRNN": accuracy_by_lag(simple), "LSTM": accuracy_by_lag(lstm)}
for name, accuracy in remembered.items():
    print(f"{name:10}", accuracy)
claim("the LSTM recalls a symbol after 110 steps", remembered["LSTM"][-1], at_least=0.9)
claim("and after each of the other lags", remembered["LSTM"].min(), at_least=0.9)
claim("the simple RNN, trained alike, is nowhere ahead (its largest lead at any lag)",
      (remembered["SimpleRNN"] - remembered["LSTM"]).max(), at_most=0.05)

# %% [markdown]
# Guessing is right in one case of four. The LSTM carries one of four symbols past more than a hundred
# distractors, whatever the seed. With the simple RNN it is a matter of luck: set `SEED` in the settings to other numbers and run again. From most
# starts it guesses at most lags, but when this lesson was made, one start of five found weights that recall them all. Nothing in its equation
# forbids remembering; training finds the way there only from a lucky start.

# %% [markdown]
# ## 9 · The figure to remember
#
# One run of two networks proves little, so here are six networks, each trained from five seeds, with the same data and the same number of
# updates. It takes some minutes, which is why it is drawn from a record; `python benchmarks/memory_horizon.py` makes it again.

# %%
record = tables.read_record("benchmarks/memory_horizon")
lags, runs = record["lags"], record["runs"]
horizon = {name: np.array([run["accuracy"][name] for run in runs])  # (seeds, lags)
           for name in runs[0]["accuracy"]}

# %%
figure, all_axes = plots.figure(2, 3, size=(9.2, 4.8), sharex=True, sharey=True)
for axes, (name, accuracy) in zip(all_axes.flat, horizon.items()):
    axes.plot(lags, accuracy.T, color=plots.SKY, linewidth=1)
    axes.plot(lags, accuracy.mean(axis=0), "o-", color=plots.BLUE, linewidth=2.5)
    axes.axhline(0.25, color="black", linewidth=0.8, linestyle=":")
    axes.set_title(name, fontsize=10.5)
all_axes[0, 0].set_ylim(0, 1.05)
figure.supxlabel("lag: steps between the symbol and the question")
figure.supylabel("accuracy; dotted: guessing")
plots.show(figure,
           alt="""Six panels of accuracy against lag from 10 to 110, five thin lines for the
                seeds and a thick one for their mean. The plain and the clipped simple RNN
                stay near one quarter, guessing; the orthogonal one leaves it for one seed;
                the LSTM with forget bias 1 lies between; the LSTM with chrono biases is at
                one throughout, and so is the GRU for all seeds but one.""")

# %% [markdown]
# Thin lines are single seeds. Go through the panels one by one.
#
# - The **simple RNN** guesses, whatever the lag: from none of these five starts did it learn even the short ones. **Clipping** keeps
#   its training from jumping, and luck is still needed, as section 8 showed.
# - **Orthogonal** recurrent weights are a start from which the gradient survives in most directions. For a lucky seed that is enough.
# - The **LSTM with forget bias 1** has the belt, but its gates stand such that the belt is emptied within some ten steps. Some seeds find
#   the way out in the time they are given, others not.
# - The **LSTM with chrono biases** is the same layer with other initial values, and recalls every symbol at every lag from every seed.
# - The **GRU**, the next lesson's subject, has a belt as well and only two gates.
#
# The lesson is not that one name wins. It is that a network learns to remember over $n$ steps when its gradient reaches over $n$ steps from
# the start; gates make this possible, initial values make it so. The figure holds for this task and this number of updates; what
# more of them would do, it does not say.

# %%
claim("on record: the LSTM with chrono biases, lowest accuracy of any seed and lag",
      horizon["LSTM, chrono"].min(), at_least=0.95)
claim("on record: the clipped simple RNN, mean over seeds and lags",
      horizon["SimpleRNN, clipped"].mean(), at_most=0.5)
claim("on record: forget bias 1 instead of chrono, mean over seeds and lags",
      horizon["LSTM, forget bias 1"].mean(), at_most=0.85)

# %% [markdown]
# ## 10 · The cell state is the memory
#
# Where does the trained LSTM keep the symbol? We let it read sequences that begin with the symbol, and look at its cell state at every
# step. Of the 16 units we draw the one whose final values differ most between symbols, compared with how they differ within one.

# %%
x, y = synthetic.recall(200, LONGEST, seed=10_000 + SEED)
run = cells.forward(cells.from_keras(lstm.layers[0]), x)
c = run.trace("c")  # (sequences, time, units)
means = np.stack([c[y == symbol].mean(axis=0) for symbol in range(4)])  # (4, time, units)
spread = means[:, -1].std(axis=0) / (c - means[y])[:, -1].std(axis=0)  # (units,)
unit = spread.argmax()

# %%
figure, axes = plots.figure(size=(7.2, 3.4))
colours = [plots.BLUE, plots.ORANGE, plots.GREEN, plots.PURPLE]
for symbol, colour, style in zip(range(4), colours, ("-", "--", "-.", ":")):
    for n, path in enumerate(c[y == symbol][:8, :, unit]):
        axes.plot(path, style, color=colour, linewidth=1,
                  label=f"symbol {symbol}" if n == 0 else None)
axes.set(title="One unit's cell state while distractors pass", xlabel="step $t$",
         ylabel="$c_t$")
axes.legend(frameon=False, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.2))
plots.show(figure,
           alt="""Cell state of one unit over 110 steps, eight sequences for each of the four
                symbols. The lines of a symbol run together; those of different symbols
                drift apart, some of them climbing far beyond one.""")

# %% [markdown]
# The lines of one symbol stay together, whatever distractors pass, and apart from those of another symbol. They need not stay level: where
# the forget gate is open and a little is written at each step, the sum climbs like a counter, far beyond 1. That is the belt of
# section 1 at work, and the tanh at the output keeps it from shouting. No single unit has to tell all four symbols apart; together they do. To measure it, take the mean cell state of each symbol from one half of the sequences, and give each sequence of the other
# half, at every step, the symbol whose mean is nearest.

# %%
half = len(x) // 2
means = np.stack([c[:half][y[:half] == symbol].mean(axis=0) for symbol in range(4)])
distance = np.linalg.norm(c[half:, None] - means, axis=-1)  # (sequences, 4, time)
right = (distance.argmin(axis=1) == y[half:, None]).mean(axis=0)  # (time,)
claim("at every single step the symbol can be read off the cell state (lowest accuracy)",
      right.min(), at_least=0.9)
claim("the forget gates of the trained LSTM, on average", run.trace("f").mean(), at_least=0.8)

# %% [markdown]
# ## 11 · Gates over a real sentence
#
# On made sequences we know what should be kept. What do the gates do with language? We train an LSTM on film reviews, their last 30 tokens, to
# tell praise from blame.

# %%
from course_utils.datasets import reviews
from course_utils.text import Vocabulary, tokenize

data = reviews.load(SEED)
vocabulary = Vocabulary.from_documents(map(tokenize, data.train.texts), size=2000)


def ids_of(texts):
    """Ids (texts, 30), zeros after the end of short texts"""
    rows = [vocabulary.encode(tokenize(text)) for text in texts]
    return keras.utils.pad_sequences(rows, 30, padding="post")

# %%
def train_reader(layer, epochs=4 if data.source == "sample" else 2):
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([
        keras.Input((30,)),
        keras.layers.Embedding(len(vocabulary), 16, mask_zero=True),  # (batch, time, 16)
        layer,  # (batch, 16)
        keras.layers.Dense(1, activation="sigmoid"),  # (batch, 1)
    ])
    optimizer = keras.optimizers.Adam(0.01, clipnorm=1.0)
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    model.fit(train_ids, data.train.labels, batch_size=64, epochs=epochs, verbose=0,
              callbacks=[ProgressBar()])
    return model

# %%
train_ids = ids_of(data.train.texts)  # (reviews, 30)
reader = train_reader(keras.layers.LSTM(16))
E_words, dense = reader.layers[0].get_weights()[0], reader.layers[2].get_weights()
reading_cell = cells.from_keras(reader.layers[1])

# %% [markdown]
# With the weights in a NumPy cell, everything inside can be seen. The probability of praise is defined after every word, not only after the
# last: it is what the model would answer if the review ended there.

# %%
def read(text):
    x = E_words[[vocabulary.encode(tokenize(text))]]  # (1, time, 16)
    run = cells.forward(reading_cell, x)
    W, b = dense
    return run, sigmoid(run.outputs @ W + b)[0, :, 0]  # (time,): probability of praise


GATES = {"f": "forget gate $f_t$", "i": "input gate $i_t$", "o": "output gate $o_t$"}

# %%
def draw(texts):
    figure, grid = plots.figure(4, len(texts), size=(9.4, 8.6), sharex="col", sharey="row")
    for column, text in zip(grid.T, texts):
        run, praise = read(text)
        for axes, (name, title) in zip(column, GATES.items()):
            image = axes.imshow(run.trace(name)[0].T, vmin=0, vmax=1, aspect="auto")
            axes.set(title=title, ylabel="unit")
        column[3].plot(praise, "o-", color=plots.RED)
        column[3].set(title="probability of praise", ylim=(-0.05, 1.05))
        column[3].set_xticks(range(len(praise)), tokenize(text), rotation=70)
    figure.colorbar(image, ax=grid[:3], label="0 shut … 1 open")
    return figure

# %%
pair = ["They promised me a mess. They gave me a classic.",
        "They promised me a classic. They gave me a mess."]
plots.show(draw(pair),
           alt="""Two columns, one for each of two sentences with the same words in another
                order. Three grids show the forget, input and output gates of 16 units at
                each word, from dark for shut to bright for open. Below, the probability of
                praise after each word moves most at mess and at classic.""")

# %% [markdown]
# Read the columns. Units differ: some forget gates stay bright throughout, these units keep; others go dark at certain words, these clear
# their memory. The same word finds the gates in different positions in the two sentences, because the gates see $h_{t-1}$
# too: what *mess* does depends on what came before it. A bag of words cannot tell these two sentences apart.
#
# The grids show all words at once. To follow a single step, take one word: here the last, *classic*, which turns the answer round. For each
# unit, the step multiplies what is on the belt, $c_{t-1}$, by the forget gate and adds what is written, $i_t \odot \tilde c_t$.

# %%
words = tokenize(pair[0])
run, praise = read(pair[0])
c_all = np.concatenate([np.zeros((1, 16)), run.trace("c")[0]])  # (time + 1, 16): c_0 = 0 first
kept = run.trace("f")[0] * c_all[:-1]  # (time, 16)
parts = {"kept": kept, "written": c_all[1:] - kept, "new: $c_t$": c_all[1:]}

# %%
def show_step(t):
    """What the t-th word does to the belt: kept + written = new, for each unit."""
    figure, (top, *rows) = plots.figure(4, 1, size=(9.4, 6.4), height_ratios=[1.5, 1, 1, 1])
    plots.unrolled(top, words, now=t)
    top.set_title(f"Step {t}, “{words[t - 1]}”: probability of praise {praise[t - 1]:.2f}")
    limit = 1.1 * abs(c_all).max()
    for axes, name, colour in zip(rows, parts, (plots.BLUE, plots.ORANGE, plots.GREEN)):
        axes.bar(range(1, 17), parts[name][t - 1], color=colour)
        axes.set(ylabel=name, ylim=(-limit, limit), xticks=range(1, 17))
    rows[-1].set_xlabel("unit")
    plots.show(figure, alt=f"""The unrolled network over '{" ".join(words)}' with step {t}
        marked, and three rows of bars for the 16 units: what is kept of the cell state,
        what is written, and their sum, the new cell state.""")


show_step(10)

# %% [markdown]
# Blue plus orange is green, unit by unit. Where blue is short, the forget gate has cleared the belt; where orange is long, the new word has taken its place. In JupyterLab the next cell has a slider for the step: move it through the sentence and watch where orange
# overrules blue. On paper the grids above say the same in colours.

# %%
plots.interact(show_step, t=(1, len(words)))

# %% [markdown]
# Be careful with stories about single units, though. Nobody told unit 7 what to mean, and another seed distributes the work otherwise. What
# can be measured is what the model does. First, how often is it right about reviews that it has not seen, next to a simple RNN of the same width, trained alike?

# %%
simple_reader = train_reader(keras.layers.SimpleRNN(16))
test_ids = ids_of(data.test.texts)
scores = []
for name, model in {"SimpleRNN": simple_reader, "LSTM": reader}.items():
    accuracy = model.evaluate(test_ids, data.test.labels, verbose=0)[1]
    scores.append({"network": name, "parameters": model.layers[1].count_params(),
                   "test accuracy": accuracy})
readers = table("Reviews by their last 30 tokens, 16 units", scores)
readers

# %%
claim("test accuracy of the LSTM on the reviews", scores[1]["test accuracy"], at_least=0.7)

# %% [markdown]
# On IMDB, the same two networks and the same thirty tokens, over three seeds of which this is the record:

# %% tags=["recorded"]
tables.recorded("06_lstm", "Reviews by their last 30 tokens, 16 units")

# %% [markdown]
# The LSTM is ahead, and both are behind the bag of words of lesson 01, which may look at the whole review and not at thirty tokens of it. Lesson
# 10 lets recurrent networks read on, and shows what that takes.

# %% [markdown]
# Second, on all pairs of reviews with the same words and opposite labels: is it better than a coin? Only the sample has such twins, so we ask there.

# %%
if data.source == "sample":
    in_twins = data.test.twins >= 0  # (reviews,)
    praise_test = reader.predict(test_ids, verbose=0)[:, 0]  # (reviews,)
    right = (praise_test > 0.5) == data.test.labels
    claim("the LSTM tells reviews with the same words apart (accuracy on twins)",
          right[in_twins].mean(), at_least=0.7)

# %% [markdown]
# ## 12 · Why its activations cannot be swapped at will
#
# `keras.layers.LSTM` has the arguments `activation` and `recurrent_activation`, and many a program sets them to `relu`, because that works
# in other networks. In the LSTM each function has a job. We run untrained cells over random sequences, once as they are and then with one
# function swapped, and look at the cell state.

# %%
def relu(a):
    return np.maximum(a, 0)


def run_with(cell, x, gate, squash):
    """Cell states (batch, time, units), and the share of negative gate values"""
    h = c = np.zeros((len(x), cell.units))
    states, negative = [], []
    for x_t in x.swapaxes(0, 1):  # (batch, features)
        a = {k: x_t @ getattr(cell, f"W_x{k}") + h @ getattr(cell, f"W_h{k}")
             + getattr(cell, f"b_{k}") for k in "ifco"}  # each (batch, units)
        c = gate(a["f"]) * c + gate(a["i"]) * squash(a["c"])
        h = gate(a["o"]) * squash(c)
        states.append(c)
        negative.append((gate(a["i"]) < 0).mean())
    return np.stack(states, axis=1), np.mean(negative)

# %%
swaps = {"as it is": (sigmoid, np.tanh), "gates relu": (relu, np.tanh),
         "gates tanh": (np.tanh, np.tanh), "candidate and output relu": (sigmoid, relu)}
x = np.random.default_rng(SEED).normal(size=(32, 100, 8))  # (batch, time, features)
swapped = {name: run_with(new_lstm(16, "1", SEED), x, *pair) for name, pair in swaps.items()}
table("Swapped activations, untrained, 100 steps", [
    {"activations": name, "largest cell state": abs(c).max(),
     "share of cell states below 0": (c < 0).mean(),
     "share of gate values below 0": negative}
    for name, (c, negative) in swapped.items()])

# %%
claim("as it is, the cell state stays moderate (largest value)",
      abs(swapped["as it is"][0]).max(), at_most=3)
claim("with relu as gate it explodes (largest value)",
      abs(swapped["gates relu"][0]).max(), at_least=50)
claim("with tanh as gate, gates turn signs round (share of values below 0)",
      swapped["gates tanh"][1], at_least=0.3)
claim("with relu as candidate the memory never goes below 0 (share that does)",
      (swapped["candidate and output relu"][0] < 0).mean(), at_most=0)

# %% [markdown]
# - **A gate must lie between 0 and 1.** A relu gate can be 2: what is on the belt is then doubled at every step, and the state explodes,
#   whatever the learning rate.
# - **A gate must not be negative.** A tanh gate at −1 does not forget, it keeps the opposite. And its neutral place, for small weights, is 0:
#   write nothing, show nothing.
# - **The candidate needs both signs.** With relu, memories can be raised but never lowered; the only way down is to forget. And nothing
#   bounds what is shown, which is what the gates of the next step read.
#
# There is a practical reason as well: the fast kernels for graphics cards exist only for tanh and sigmoid, so that a swapped
# layer is not only worse but many times slower there.

# %% [markdown]
# ## 13 · Variants: peepholes and coupled gates
#
# The gates look at $h_{t-1}$, which is what the output gate let through. If it is shut, they cannot see the memory that they control.
# **Peephole connections** (Gers and Schmidhuber 2000) let each gate see its own unit's cell:
#
# $$f_t = \sigma(x_t W_{xf} + h_{t-1} W_{hf} + w_{cf} \odot c_{t-1} + b_f), \qquad i_t \text{ likewise}, \qquad o_t \text{ with } w_{co} \odot c_t$$
#
# A second variant saves a gate. To write something new usually means to forget something old, so **couple** the two:
#
# $$c_t = f_t \odot c_{t-1} + (1 - f_t) \odot \tilde c_t$$
#
# Neither is in Keras; both are in `course_utils.cells`. Here is the one line in which the coupled cell differs:

# %%
import inspect

for cls in (cells.LSTM, cells.CoupledLSTM):
    (line,) = [line for line in inspect.getsource(cls.step).splitlines() if " c = " in line]
    print(f"{cls.__name__:12}", line.strip())

# %% [markdown]
# To train cells that Keras does not know we write the loop ourselves: forward, the gradient of the cross-entropy, backward through time,
# and Adam's update (Kingma and Ba 2015). Every line has been derived in lesson 05.

# %%
def gradients(cell, W_y, x, y):
    run = cells.forward(cell, x)
    h, c = run.state  # (batch, units)
    p = np.exp(h @ W_y)
    p /= p.sum(axis=1, keepdims=True)  # (batch, 4): softmax
    d = (p - np.eye(4)[y]) / len(y)  # (batch, 4): gradient of the mean cross-entropy
    grads = cells.backward(run, None, d_state=(d @ W_y.T, 0 * c))
    return grads.parameters | {"W_y": h.T @ d}


def accuracy_of(cell, W_y, x, y):
    return ((cells.forward(cell, x).state[0] @ W_y).argmax(axis=1) == y).mean()

# %%
def train_by_hand(cell, lag, rng, updates=200, rate=0.03):
    W_y = rng.normal(0, 0.3, (cell.units, 4))  # (units, 4)
    weights = cell.parameters() | {"W_y": W_y}
    m = {name: 0 * w for name, w in weights.items()}
    v = {name: 0 * w for name, w in weights.items()}
    for k in range(1, updates + 1):
        x, y = synthetic.recall(32, lag, seed=int(rng.integers(10**9)))
        for name, g in gradients(cell, W_y, x, y).items():
            m[name] += 0.1 * (g - m[name])
            v[name] += 0.01 * (g**2 - v[name])
            size = np.sqrt(v[name] / (1 - 0.99**k)) + 1e-8
            weights[name] -= rate * m[name] / (1 - 0.9**k) / size
    return accuracy_of(cell, W_y, *synthetic.recall(500, lag, seed=10**6))

# %%
rows = []
for cls in (cells.LSTM, cells.PeepholeLSTM, cells.CoupledLSTM):
    rng = np.random.default_rng(SEED)
    cell = cls.init(features=8, units=10, seed=rng)
    cell.b_f[:] = 3  # a memory of about 20 steps
    parameters = sum(w.size for w in cell.parameters().values())
    rows.append({"cell": cls.__name__, "parameters": parameters,
                 "accuracy": train_by_hand(cell, 20, rng)})
variants = table("Variants on recall over 20 steps", rows)
variants

# %%
claim("all three learn the task (lowest accuracy)", min(variants.values("accuracy")),
      at_least=0.9)
claim("the coupled cell needs this share of the LSTM's parameters",
      rows[2]["parameters"] / rows[0]["parameters"], close_to=0.75, within=1e-9)

# %% [markdown]
# Three gates' worth of weights do the work of four here. Greff and others (2017) compared such variants on real tasks, in thousands of
# runs, and found none that is clearly better than the LSTM as Keras has it; coupling saved parameters without losing accuracy. The GRU of the
# next lesson takes that idea further.

# %% [markdown]
# ## Exercises

# %% [raw]
# # BEGIN QUESTION
# name: one_unit
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** A unit holds $c_{t-1} = 2$. Its gates are $f_t = 0.5$, $i_t = 0.5$, $o_t = 0$, and its candidate is $\tilde c_t = -1$. What are
# $c_t$ and $h_t$? Do it in your head and write two numbers.
#
# <details><summary>Hint 1</summary>Half of the memory is kept; half of the candidate is added, and the candidate is negative.</details>
# <details><summary>Hint 2</summary>An output gate of 0 shows nothing, whatever is in the memory.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
new_c = 0.5  # SOLUTION
new_h = 0  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the candidate has a sign"
new_c = 1.5
new_h = 0

# %% tags=["wrong"] message="the output gate is shut"
new_c = 0.5
new_h = 0.5

# %% tags=["wrong"] message="only half of the candidate"
new_c = 0
new_h = 0

# %% [raw]
# # BEGIN TESTS

# %%
def test_one_unit(new_c, new_h):
    assert new_c != 1.5, "you gave c = 1.5: the candidate has a sign, here it lowers the memory"
    assert new_c != 0, "you gave c = 0: the input gate lets only half of the candidate through"
    assert abs(new_c - 0.5) < 1e-9, f"you gave c = {new_c}: keep f times the old c, then add i times the candidate"
    assert abs(new_h) < 1e-9, f"you gave h = {new_h}: the output gate is shut, nothing is shown"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: lstm_parameters
# points: 1

# %% [markdown]
# **Exercise 2.** Write `lstm_parameters(features, units)`: how many numbers does `keras.layers.LSTM(units)` learn on an input with that many
# features? The check compares with Keras's own count.
#
# <details><summary>Hint 1</summary>Count one gate first: $W_x$, $W_h$ and $b$; their shapes stand in section 2.</details>
# <details><summary>Hint 2</summary>There are three gates, and the candidate.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def lstm_parameters(features, units):
    """Number of weights and biases of an LSTM layer."""
    return 4 * (features * units + units * units + units)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the candidate has weights too"
def lstm_parameters(features, units):
    return 3 * (features * units + units * units + units)

# %% tags=["wrong"] message="biases are missing"
def lstm_parameters(features, units):
    return 4 * (features * units + units * units)

# %% tags=["wrong"] message="recurrent weights"
def lstm_parameters(features, units):
    return 4 * (features * units + units)

# %% [raw]
# # BEGIN TESTS

# %%
def test_lstm_parameters(lstm_parameters):
    got = lstm_parameters(3, 5)
    assert got is not None, "the function gives None: does it return the number?"
    assert got != 135, "for 3 features and 5 units you gave 135, which is three parts: the candidate has weights too"
    assert got != 160, "for 3 features and 5 units you gave 160: the biases are missing"
    assert got != 80, "for 3 features and 5 units you gave 80: the recurrent weights from state to state are missing"
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
# **Exercise 3.** You want an untrained unit that still holds half of its memory after $n$ steps. Its weights are small, so its forget gate is
# $\sigma(b_f)$ at every step. Write `forget_bias_for(n)`, which gives $b_f$. For `n = 1` that is 0.
#
# <details><summary>Hint 1</summary>After $n$ steps $f^n$ is left. For which $f$ is that one half?</details>
# <details><summary>Hint 2</summary>$\sigma(b) = f$ is solved by $b = \ln\frac{f}{1-f}$.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def forget_bias_for(n):
    """Forget bias with which half of the memory is left after `n` steps."""
    # BEGIN SOLUTION
    f = 0.5 ** (1 / n)
    return np.log(f / (1 - f))
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="is the gate, not its bias"
def forget_bias_for(n):
    return 0.5 ** (1 / n)

# %% tags=["wrong"] message="a memory of about n steps"
def forget_bias_for(n):
    return np.log(n - 1)

# %% tags=["wrong"] message="upside down"
def forget_bias_for(n):
    f = 0.5 ** (1 / n)
    return np.log((1 - f) / f)

# %% [raw]
# # BEGIN TESTS

# %%
def test_forget_bias_for(forget_bias_for):
    import numpy as np

    got = forget_bias_for(10)
    assert got is not None, "the function gives None: does it return the bias?"
    f = 0.5**0.1
    assert abs(got - f) > 1e-6, f"you gave {got:.3f} for n = 10: that is the gate, not its bias; undo the sigmoid"
    assert abs(got - np.log(9)) > 1e-6, "ln(n - 1) is the rule of section 7 for a memory of about n steps, of which a little more than a third is left then; here it is half"
    assert got > 0, f"you gave {got:.3f} for n = 10, which forgets more than half in each step: is the fraction upside down?"
    left = (1 / (1 + np.exp(-got))) ** 10
    assert abs(left - 0.5) < 1e-6, f"with your bias {got:.3f}, {left:.3f} is left after 10 steps, it should be 0.5"
    assert abs(forget_bias_for(1)) < 1e-9, f"for n = 1 you gave {forget_bias_for(1)}, it should be 0"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_forget_bias_for_hidden(forget_bias_for):
    import numpy as np

    for n in (2, 5, 100):
        left = (1 / (1 + np.exp(-float(forget_bias_for(n))))) ** n
        assert abs(left - 0.5) < 1e-5, f"for n = {n} there is {left:.3f} left"

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
# Complete `one_step`, which returns $h_t$ and the values that the gradient needs, and `one_step_backward`, which takes $\partial L/\partial h_t$ and
# returns $\partial L/\partial h_{t-1}$ and $\partial L/\partial W_{hf}$. `w` is a dictionary with the weights `"W_xf"`, `"W_hf"`, `"b_f"`, `"W_xc"`, `"b_c"`. The check
# compares your gradient with finite differences.
#
# <details><summary>Hint 1</summary>Call $a$ what stands inside of the sigmoid. As $\sigma' = \sigma(1-\sigma)$:
# $\partial L/\partial a = \partial L/\partial h_t \odot (h_{t-1} - \tilde h_t) \odot f_t \odot (1 - f_t)$.</details>
# <details><summary>Hint 2</summary>$h_{t-1}$ acts in two ways: along the belt, with the factor $f_t$, and through the gate, with $W_{hf}^\top$. Their gradients add up.</details>
# <details><summary>Hint 3</summary>For $a = h W + \dots$, $\partial L/\partial W = h^\top\, \partial L/\partial a$ and $\partial L/\partial h = \partial L/\partial a\; W^\top$.</details>

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
    """dL/dh_prev (batch, units) and dL/dW_hf (units, units), from d_h = dL/dh_t."""
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

# %% tags=["wrong"] message="the wrong way round"
def one_step(x_t, h_prev, w):
    f_t = sigmoid(x_t @ w["W_xf"] + h_prev @ w["W_hf"] + w["b_f"])
    h_tilde = np.tanh(x_t @ w["W_xc"] + w["b_c"])
    return (1 - f_t) * h_prev + f_t * h_tilde, (f_t, h_tilde)


def one_step_backward(d_h, h_prev, stored, w):
    f_t, h_tilde = stored
    d_a = d_h * (h_tilde - h_prev) * f_t * (1 - f_t)
    return d_h * (1 - f_t) + d_a @ w["W_hf"].T, h_prev.T @ d_a

# %% tags=["wrong"] message="dL/dW_hf"
def one_step(x_t, h_prev, w):
    f_t = sigmoid(x_t @ w["W_xf"] + h_prev @ w["W_hf"] + w["b_f"])
    h_tilde = np.tanh(x_t @ w["W_xc"] + w["b_c"])
    return f_t * h_prev + (1 - f_t) * h_tilde, (f_t, h_tilde)


def one_step_backward(d_h, h_prev, stored, w):
    f_t, h_tilde = stored
    d_a = d_h * h_prev * f_t * (1 - f_t)
    d_a_right = d_h * (h_prev - h_tilde) * f_t * (1 - f_t)
    return d_h * f_t + d_a_right @ w["W_hf"].T, h_prev.T @ d_a

# %% [raw]
# # BEGIN TESTS

# %%
def test_minimal_cell(one_step, one_step_backward):
    import numpy as np

    rng = np.random.default_rng(1)
    shapes = {"W_xf": (3, 4), "W_hf": (4, 4), "b_f": (4,), "W_xc": (3, 4), "b_c": (4,)}
    w = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    x_t, h_prev, d_h = rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    step = one_step(x_t, h_prev, w)
    assert step is not None, "one_step gives None: does it return h_t and what it stored?"
    h, stored = step
    f = 1 / (1 + np.exp(-(x_t @ w["W_xf"] + h_prev @ w["W_hf"] + w["b_f"])))
    new = np.tanh(x_t @ w["W_xc"] + w["b_c"])
    swapped = np.allclose(h, (1 - f) * h_prev + f * new)
    assert not swapped, "h_t: the gate is the wrong way round; f = 1 must keep the old state"
    assert np.allclose(h, f * h_prev + (1 - f) * new), f"h_t is {np.round(h[0], 3)} in the first row, it should be {np.round((f * h_prev + (1 - f) * new)[0], 3)}"

    def numeric(array):
        slope = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            old = array[place]
            losses = []
            for value in (old + 1e-6, old - 1e-6):
                array[place] = value
                losses.append((d_h * one_step(x_t, h_prev, w)[0]).sum())
            array[place] = old
            slope[place] = (losses[0] - losses[1]) / 2e-6
        return slope

    back = one_step_backward(d_h.copy(), h_prev, stored, w)
    assert back is not None, "one_step_backward gives None: does it return two gradients?"
    d_h_prev, d_W_hf = back
    belt_only = np.allclose(d_h_prev, d_h * f)
    assert not belt_only, "dL/dh_prev is the belt's part only: h_prev also acts through the gate"
    assert np.allclose(d_h_prev, numeric(h_prev), atol=1e-6), "dL/dh_prev differs from finite differences: two ways, along the belt and through the gate"
    assert np.allclose(d_W_hf, numeric(w["W_hf"]), atol=1e-6), "dL/dW_hf differs from finite differences: f stands twice in h_t, once with h_prev and once, negative, with the candidate"

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
    h_t, stored = one_step(x_t, h_prev, w)
    assert np.allclose(h_t, f * h_prev + (1 - f) * new), "h_t, for three sequences"
    d_a = d_h * (h_prev - new) * f * (1 - f)
    d_h_prev, d_W_hf = one_step_backward(d_h.copy(), h_prev, stored, w)
    assert np.allclose(d_h_prev, d_h * f + d_a @ w["W_hf"].T, atol=1e-6), "the gradient of h_prev, for three sequences"
    assert np.allclose(d_W_hf, h_prev.T @ d_a, atol=1e-6), "the gradient of W_hf, for three sequences"

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
# - **Reading the forget gate the wrong way round.** It is 1 where the cell *keeps*.
# - **Taking $h$ for the memory.** `return_state=True` gives three things: the output, which is $h_T$ once more, then $h_T$, then $c_T$. Passing
#   them to the next layer in another order raises no error; it is only wrong.
# - **`activation="relu"` in an LSTM**, because it works elsewhere. Section 12.
# - **Blaming the architecture for what the initial values did.** If an LSTM does not learn long lags, look at its forget bias first.
# - **Telling stories about units.** One unit of one run proves nothing; measure what the model does, over several seeds.
#
# ## References
#
# - S. Hochreiter, J. Schmidhuber (1997). Long short-term memory. *Neural Computation* 9(8).
# - F. A. Gers, J. Schmidhuber, F. Cummins (2000). Learning to forget: continual prediction with LSTM. *Neural Computation* 12(10).
# - F. A. Gers, J. Schmidhuber (2000). Recurrent nets that time and count. *IJCNN*. The peepholes.
# - K. Greff, R. K. Srivastava, J. Koutník, B. R. Steunebrink, J. Schmidhuber (2017). LSTM: a search space odyssey. *IEEE Transactions on
#   Neural Networks and Learning Systems* 28(10).
# - D. P. Kingma, J. Ba (2015). Adam: a method for stochastic optimization. *ICLR*.
# - C. Tallec, Y. Ollivier (2018). Can recurrent neural networks warp time? *ICLR*. The chrono initialisation.

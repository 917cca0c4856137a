# %% [markdown]
# # 08 · Deep and bidirectional networks
#
# So far, a network had one recurrent layer that reads from left to right. This lesson combines such layers in two ways. You can stack them, so that each
# layer reads the states of the layer below. And you can put two layers side by side, where the second one reads from right to left. Both take
# one line in Keras, and both have traps: a missing time axis, states in the wrong order, and a network that looks into the future and is useless
# in practice. You also learn where dropout belongs in a recurrent network, and how to decide whether any of this helped.
#
# **You will be able to**
#
# 1. stack recurrent layers in NumPy and in Keras, and say which of them need `return_sequences=True`;
# 2. build a bidirectional layer from two ordinary ones, and explain its outputs at each step and at the end;
# 3. recognise tasks that need the future, and tasks that must not use it;
# 4. place dropout in a recurrent network, and explain why one mask is used for all time steps;
# 5. decide from several seeds whether depth, a second direction or dropout helped.
#
# **Before this lesson:** lessons [04](04_simple_rnn.ipynb), [06](06_lstm.ipynb) and [07](07_gru.ipynb). **Time:** about 60 minutes to read and
# try, 45 minutes for the exercises; on two cores all cells run in about
# 80 seconds on the built-in sample (`HUBS.md` names the machine that was measured),
# and in about two minutes on IMDB.

# %% [markdown]
# ## Settings

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

from course_utils import cells, plots, tables
from course_utils.claims import SEED, claim

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)
rng = np.random.default_rng(SEED)

# %% [markdown]
# ## 1 · Stacked layers
#
# A recurrent layer turns a sequence of inputs into a sequence of hidden states. A hidden state is a vector, like an input. So a second recurrent layer can read the states of the first.
# This is a **deep** or **stacked** recurrent network. We number the layers from below, $l = 1, 2, \dots$, and write the number in brackets, because it is not an exponent:
#
# $$h^{(l)}_t = f^{(l)}\big(h^{(l-1)}_t,\; h^{(l)}_{t-1}\big), \qquad h^{(0)}_t = x_t$$
#
# Each layer has its own function $f^{(l)}$ with its own parameters, and its own hidden state.

# %% alt="Two recurrent layers unrolled over the five words 'the film was not dull'. Each state of layer 1 has an arrow to the right, to its next state, and an arrow up, to the state of layer 2 at the same step. Only the last state of layer 2 leads to the answer." jupyter={"source_hidden": true}
# Show two stacked layers, unrolled.
plots.drawing("stacked_layers")

# %% [markdown]
# Two arrows leave each state of layer 1: one to the next time step, and one to the next layer. The second arrow is where the usual mistake happens.
#
# **What do you expect?** By default, a layer of Keras returns only its last hidden state. What happens if another recurrent layer comes after it?
#
# <details><summary>Answer</summary>Keras raises an error. The second layer needs a sequence, and gets one vector per example.</details>

# %%
features, units, steps = 3, 4, 5
try:
    keras.Sequential([keras.Input((steps, features)),
                      keras.layers.GRU(units, name="lower"),
                      keras.layers.GRU(units, name="upper")])
except ValueError as error:
    message = str(error)
print(message)
claim("the error message says that an axis is missing (1 means yes)",
      "expected ndim=3" in message, at_least=1)

# %% [markdown]
# Read the message from its end. The layer `upper` got the shape (batch, units), which has two axes: *ndim=2*. A recurrent layer needs three: (batch, time, features).
# The time axis was lost in `lower`. With `return_sequences=True`, `lower` returns all its states. For the top layer, the task decides:
#
# - **many-to-one**: one answer for the whole sequence, such as a sentiment. The top layer returns its last state.
# - **many-to-many**: one answer at every time step, such as a label for every word. The top layer returns all states.
#
# In NumPy, a stack needs one more line in the loop: at each time step the upper cell reads the new state of the lower one. The cells of
# `course_utils` get the parameters of the Keras layers. Their `step` returns the new state as a tuple, because the state of an LSTM has two parts.

# %%
deep = keras.Sequential([
    keras.Input((None, features)),
    keras.layers.GRU(units, return_sequences=True),  # (batch, time, units)
    keras.layers.GRU(units),  # (batch, units)
])
x = rng.normal(size=(2, steps, features))  # (batch, time, features)
lower, upper = (cells.from_keras(layer) for layer in deep.layers)
state_1 = state_2 = (np.zeros((2, units)),)  # h⁽¹⁾ and h⁽²⁾: (batch, units)
for t in range(steps):
    state_1, _ = lower.step(x[:, t], state_1)
    state_2, _ = upper.step(state_1[0], state_2)
claim("stacked cells in NumPy and in Keras: largest difference",
      np.abs(state_2[0] - deep(x)).max(), at_most=1e-5)

# %% [markdown]
# Keras uses another order: the lower layer reads the *whole* sequence first, then the upper layer reads all its states. The result is the same, because no arrow leads down: the lower layer never
# depends on the upper one.
#
# **How many layers?** A second layer with the same number of units roughly doubles the parameters and the time. In return, several nonlinear functions lie between a word and the answer at the same
# time step. In practice, two layers are common. Deeper stacks need much data, and residual connections, which add the input of a layer to its output. For a small network on little data, nobody can predict whether
# a second layer helps. You have to measure it, as in section 7.

# %% [markdown] claim="stacked cells in NumPy and in Keras: largest difference"
# **Quick question.** You stack three recurrent layers and want one label for every word. Which of them need `return_sequences=True`?
#
# <details><summary>A. Only the lowest one</summary>No. The third layer reads the states of the second one, so the second one must return all of them, too.</details>
# <details><summary>B. The two lower ones</summary>No. This is right for one answer per sequence. For a label at every word, the top layer must return all states, too.</details>
# <details><summary>C. All three</summary>Right. Each layer reads a sequence, and the output must be a sequence as well.</details>

# %% [markdown]
# ## 2 · A task that needs the future
#
# Is a *crane* a bird or a machine? Often only the words after it tell you: *the crane … slept*, *the crane … rusted*. We generate synthetic sentences of this form. At the noun, the label is 1 for an animal and 2 for a thing. At all other words it is 0.
# The three words between the noun and the verb contain no information about the label.

# %%
NOUNS = "crane seal bat mouse".split()  # each can be an animal or a thing
VERBS = ["slept ate woke yawned".split(),  # of animals
         "cracked rusted broke snapped".split()]  # of things
OTHERS = "there then once today again outside quietly still".split()
WORDS = ["the"] + NOUNS + VERBS[0] + VERBS[1] + OTHERS


def sentences(n, seed):
    """Word ids and labels, both (n, 6)."""
    rng = np.random.default_rng(seed)
    sense = rng.integers(2, size=n)  # 0: animal, 1: thing
    words = [["the", rng.choice(NOUNS), *rng.choice(OTHERS, 3),
              rng.choice(VERBS[k])] for k in sense]
    ids = np.array([[WORDS.index(w) for w in each] for each in words])
    labels = np.zeros_like(ids)
    labels[:, 1] = 1 + sense
    return ids, labels

# %%
ids, labels = sentences(1000, SEED)
ids_test, labels_test = sentences(2000, 1000 + SEED)
for word, label in zip(ids_test[0], labels_test[0]):
    print(WORDS[word] + ["", " (animal)", " (thing)"][label], end=" ")
bound = 0.5 + 4 * np.sqrt(0.25 / len(ids_test))
print(f"\nbound for a network that reads forwards: {bound:.3f}")

# %% [markdown]
# How good can a network be that reads from left to right? When it reads the noun, it has no information about the sense. Whatever it predicts there, it is right with probability 0.5. A test with $n$ nouns does not give exactly 0.5, but the mean of
# $n$ random results, with a standard error of about $\sqrt{0.25 / n}$. The bound that was printed is four standard errors above 0.5. Luck alone exceeds it about once in 30,000 experiments.

# %% [markdown]
# ## 3 · Bidirectional layers
#
# The solution is simple (Schuster and Paliwal 1997). Use *two* recurrent layers. The first reads the sequence from the first word to the last, the second from the last word to the first. At each time step, concatenate
# the two states. Such a layer is called [**bidirectional**](../GLOSSARY.md#bidirectional):
#
# $$\overrightarrow{h}_t = \overrightarrow{f}(x_t, \overrightarrow{h}_{t-1}), \qquad \overleftarrow{h}_t = \overleftarrow{f}(x_t, \overleftarrow{h}_{t+1}), \qquad h_t = [\overrightarrow{h}_t, \overleftarrow{h}_t]$$
#
# The forward half of $h_t$ depends on all words up to $t$, the backward half on all words from $t$ to the end.

# %% alt="Four words. Above each, a state of a forward layer, with arrows from left to right, and a state of a backward layer, with arrows from right to left. No arrow joins the two layers. At the top of each step the two states are side by side in one box." jupyter={"source_hidden": true}
# Show the two layers of a bidirectional layer.
plots.drawing("bidirectional_layer")

# %% [markdown]
# No arrow leads from one layer to the other. They have their own parameters, and their states are only concatenated. Keras calls this `Bidirectional`, a wrapper around a layer. `Bidirectional(GRU(16))` has 16 units in each direction, and therefore 32 outputs.
#
# To show that this is all, we call its two layers ourselves. The forward layer is an ordinary GRU. The backward layer is an ordinary GRU that reads the reversed sequence, `x[:, ::-1]`; in Keras this is the argument `go_backwards=True`.
#
# **What do you expect?** Can you concatenate the outputs of the two layers as they are?
#
# <details><summary>Answer</summary>No. The first output of the backward layer belongs to the last word. Its outputs must be reversed, so that both halves of h_t belong to the same word.</details>

# %%
GRU, Bidirectional = keras.layers.GRU, keras.layers.Bidirectional
both = Bidirectional(GRU(units, return_sequences=True))
h_both = both(x).numpy()  # (batch, time, 2 · units)
h_forward = both.forward_layer(x).numpy()  # (batch, time, units)
h_backward = both.backward_layer(x).numpy()  # the last word comes first
wrong = np.concatenate([h_forward, h_backward], axis=-1)
right = np.concatenate([h_forward, h_backward[:, ::-1]], axis=-1)
claim("two layers, second output reversed, and Bidirectional: difference",
      np.abs(right - h_both).max(), at_most=1e-5)
claim("outputs not reversed: difference", np.abs(wrong - h_both).max(),
      at_least=0.05)

# %% [markdown]
# The mistake raises no error, because the shapes are right. `Bidirectional` reverses the outputs for you; with `go_backwards=True` of an ordinary layer you have to do it yourself.
#
# ### The last output
#
# A classifier needs one vector for the whole sequence. For the forward half this is the state at the last time step. But the backward half has read only one word there. *It* has read the whole sequence at the first time step. With `return_sequences=False`, Keras takes each half where it ends. The cell also tests what happens to the last output if all words except the last one change.

# %%
summary_layer = Bidirectional(GRU(units))
summary_layer.build((None, None, features))
summary_layer.set_weights(both.get_weights())
ends = np.concatenate([h_both[:, -1, :units], h_both[:, 0, units:]], axis=-1)
claim("Keras joins the last forward and the first backward state: difference",
      np.abs(summary_layer(x) - ends).max(), at_most=1e-5)
changed = x.copy()
changed[:, :-1] = rng.normal(size=changed[:, :-1].shape)
difference = np.abs(both(changed) - h_both)[:, -1]  # at the last time step
claim("last output, forward half: it depends on the other words",
      difference[:, :units].max(), at_least=0.05)
claim("last output, backward half: it does not",
      difference[:, units:].max(), at_most=1e-6)

# %% [markdown]
# So `outputs[:, -1]` of a bidirectional layer is not a summary: half of it has read only one word. Again, there is no error.

# %% [markdown] claim="last output, backward half: it does not"
# **Quick question.** `Bidirectional(LSTM(64, return_sequences=True))` reads 20 words. Which output contains the backward layer's summary of all 20 words?
#
# <details><summary>A. The last one, like in the forward layer</summary>No. There the backward layer has read only the last word, as measured above.</details>
# <details><summary>B. The first one</summary>Right. The backward layer ends at the first word.</details>
# <details><summary>C. None, because the directions are mixed</summary>No. The two halves are only concatenated: numbers 1 to 64 are forward, 65 to 128 are backward.</details>

# %% [markdown]
# ## 4 · The future, measured
#
# We train three networks on the sentences of section 2: one forward layer with 16 units, two forward layers, and a bidirectional layer with 16 units in each direction. They are created by functions, so that each is created after its seed is set.

# %%
SimpleRNN = keras.layers.SimpleRNN


def train(make_layers, x, y, n_words, n_classes):
    """A trained network with one prediction per time step."""
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([
        keras.Input((None,)), keras.layers.Embedding(n_words, 8),
        *make_layers(), keras.layers.Dense(n_classes, activation="softmax")])
    model.compile(  # ignore_class: no loss where the label is −1
        keras.optimizers.Adam(0.01), jit_compile=False,  # small: compiling
        loss=keras.losses.SparseCategoricalCrossentropy(ignore_class=-1))
    history = model.fit(x, y, batch_size=25, epochs=8, verbose=0)
    model.losses_by_epoch = history.history["loss"]
    return model

# %%
architectures = {
    "forward": lambda: [SimpleRNN(16, return_sequences=True)],
    "two forward layers": lambda: [SimpleRNN(16, return_sequences=True),
                                   SimpleRNN(16, return_sequences=True)],
    "bidirectional": lambda: [
        Bidirectional(SimpleRNN(16, return_sequences=True))],
}
taggers = {name: train(make, ids, labels, len(WORDS), 3)
           for name, make in architectures.items()}

# %%
correct = {name: model(ids_test).numpy().argmax(axis=-1) == labels_test
           for name, model in taggers.items()}  # (sentences, time)
nouns = {name: each[:, 1].mean() for name, each in correct.items()}
others = {name: np.delete(each, 1, axis=1).mean()
          for name, each in correct.items()}
for name in ("forward", "two forward layers"):
    claim(f"{name}: accuracy at the nouns minus the bound",
          nouns[name] - bound, at_most=0)
claim("bidirectional: accuracy at the nouns", nouns["bidirectional"],
      at_least=0.9)

# %% alt="Left, the training loss of three networks by epoch: all three curves are flat at the end, that of the bidirectional network near zero, those of the two forward networks well above it. Right, bars of accuracy: at words other than nouns all three networks are at one; at the nouns the two forward networks are near one half, and the bidirectional network near one." jupyter={"source_hidden": true}
# Draw the learning curves, and the accuracy at nouns and other words.
fig, (left, ax) = plt.subplots(1, 2, figsize=(9.6, 3.4))
for (name, model), style in zip(taggers.items(), ("o-", "^--", "s-")):
    left.plot(range(1, 9), model.losses_by_epoch, style, label=name)
left.set(xlabel="epoch", ylabel="training loss", title="Learning curves")
left.legend()
ax.bar(np.arange(3) - 0.2, nouns.values(), 0.38, label="at the nouns")
ax.bar(np.arange(3) + 0.2, others.values(), 0.38, label="at other words")
plots.label_bars(ax, "{:.2f}")
ax.axhline(bound, color="black", linestyle=":", label="bound, forward")
ax.set(title="Accuracy on the test set", ylim=(0, 1.6), yticks=[0, 0.5, 1])
ax.set_xticks(range(3), ["forward", "two forward", "bidirectional"])
ax.legend(ncols=2, loc="upper left")
plt.show()

# %% [markdown]
# The learning curves are flat, so more training would not help the forward networks. They learned which words are nouns. At a noun they cannot know the sense: whatever they predict is right half of the time. A second layer does not change that, because
# the network lacks information, not computing power.
#
# The same can be seen without statistics, on two sentences that differ only in their last word.

# %% alt="The probability of 'thing' at each word of two sentences that differ only in the verb at the end. The forward network gives the same values for both sentences up to the verb. At the noun, the bidirectional network gives a value near 0 for one sentence and near 1 for the other." jupyter={"source_hidden": true}
# Draw P(thing) at each word of two sentences.
pair = ["the crane outside still then " + verb for verb in ("slept", "rusted")]
pair_ids = np.array([[WORDS.index(w) for w in s.split()] for s in pair])
fig, axes = plt.subplots(1, 2, figsize=(9.6, 3.2), sharey=True)
for ax, name in zip(axes, ("forward", "bidirectional")):
    p_thing = taggers[name](pair_ids).numpy()[:, :, 2]  # (2, time)
    ax.plot(p_thing[0], "o-", label="the crane … slept")
    ax.plot(p_thing[1], "s--", label="the crane … rusted")
    ax.set_xticks(range(6), [*pair[0].split()[:5], "slept/rusted"])
    ax.set(title=name, ylabel="P(thing)", ylim=(-0.05, 1.05))
    claim(f"{name}: difference of P(thing) at 'crane'", np.ptp(p_thing[:, 1]),
          **({"at_most": 1e-6} if name == "forward" else {"at_least": 0.5}))
axes[0].legend()
plt.show()

# %% [markdown]
# ## 5 · When the future must not be used
#
# A bidirectional network needs the whole sequence before it can give its first output. For a finished article or review, that is no problem. But a keyboard that suggests the next word, live subtitles, or a forecast of tomorrow's demand
# need an answer *before* the future is known. A model that uses only the past and the present is called **causal**.
#
# Nothing prevents you from training a bidirectional network for such a task. We do it, to see what happens. The task is to predict the next of five symbols. With probability 0.8, a symbol is the one *two* steps before it plus one (after the last symbol comes the first). Otherwise it is one of the
# four others. Without seeing the future, no model can be better than 0.8.

# %%
K, RULE, LENGTH = 5, 0.8, 12


def symbols(n, seed):
    """x and the next symbols y, both (n, LENGTH); −1: no prediction."""
    rng = np.random.default_rng(seed)
    x = rng.integers(K, size=(n, LENGTH))
    for t in range(2, LENGTH):
        other = rng.integers(1, K, size=n)  # anything but the rule
        follows = np.where(rng.random(n) < RULE, 0, other)
        x[:, t] = (x[:, t - 2] + 1 + follows) % K
    y = np.full_like(x, -1)  # the last symbol has no next one
    y[:, 1:-1] = x[:, 2:]  # and the first has none two steps before it
    return x, y

# %% [markdown]
# We train a forward and a bidirectional network as in section 4. First we test as usual, on new sequences (**validation**). Then we test as in practice (**live**): the network gets only the symbols up to time step $t$, and its prediction at $t$ is compared with the symbol that came next.
#
# **What do you expect?** How accurate is the bidirectional network in the two tests?
#
# <details><summary>Answer</summary>In validation it is perfect: its backward layer has already read the next symbol. Live, it is worse than the forward network.</details>

# %%
def by_step(predicted):
    """Accuracy (time,) at the time steps that have an answer."""
    return (predicted == y_new)[:, 1:-1].mean(axis=0)


x_train, y_train = symbols(500, SEED)
x_new, y_new = symbols(400, 1000 + SEED)
validation, live = {}, {}
for name in ("forward", "bidirectional"):
    model = train(architectures[name], x_train, y_train, K, K)
    validation[name] = by_step(model(x_new).numpy().argmax(axis=-1))
    answers = [model(x_new[:, :t + 1]).numpy()[:, -1].argmax(axis=-1)
               for t in range(LENGTH)]  # the future is cut off
    live[name] = by_step(np.stack(answers, axis=1))

# %%
claim("bidirectional, validation: accuracy",
      validation["bidirectional"].mean(), at_least=0.98)
claim("bidirectional: validation minus live",
      (validation["bidirectional"] - live["bidirectional"]).mean(),
      at_least=0.25)
claim("forward, live: accuracy", live["forward"].mean(), at_least=0.72)
claim("live: forward minus bidirectional",
      (live["forward"] - live["bidirectional"]).mean(), at_least=0.05)
claim("forward: largest difference of validation and live",
      np.abs(live["forward"] - validation["forward"]).max(), at_most=1e-9)

# %% alt="Accuracy of predicting the next symbol by time step. In validation the bidirectional network is at one, above a dotted line at 0.8, the best that is possible without the future. Live it is far below the line. The forward network is near the line in both tests; its two curves are the same." jupyter={"source_hidden": true}
# Draw the accuracy of both networks in both tests.
fig, ax = plt.subplots(figsize=(7.4, 3.6))
for name, marker, colour in (("forward", "o", "C0"),
                             ("bidirectional", "s", "C1")):
    ax.plot(range(2, LENGTH), validation[name], "--", marker=marker,
            color=colour, label=f"{name}, validation")
    ax.plot(range(2, LENGTH), live[name], "-", marker=marker, color=colour,
            label=f"{name}, live")
ax.axhline(RULE, color="black", linestyle=":",
           label="best possible without the future")
ax.set(xlabel="time step t", ylabel="accuracy", ylim=(0, 1.08),
       title="Perfect in validation, worse than the forward network live")
ax.legend(ncols=2, loc="lower right")
plt.show()

# %% [markdown]
# In validation, the backward layer has read the symbol that the network should predict. This is **data leakage**, also called look-ahead bias: the input contains the answer. A validation set does not protect you, because it leaks in the same way.
# Live, the backward layer has read one symbol, and the forward layer had little reason to learn the rule while the answer was in the input. The result is better than chance (0.2), and clearly worse than that of the forward network.
#
# Leakage shows in two ways: a result that is better than possible, if the limit is known; and a live test that differs from validation. The second test is always possible: **cut off the input at the present, and compare.**
#
# What counts is the moment of the answer, not the direction: a network may read the words *so far* in both directions, but it must read all of them again after each new word.

# %% [markdown] claim="bidirectional: validation minus live"
# **Quick question.** A bidirectional network predicts tomorrow's temperature from a year of measurements, at every day of the year. Validation: nearly perfect. What is the most likely reason?
#
# <details><summary>A. Weather is easy to predict</summary>No. Then a forward network would be nearly perfect, too.</details>
# <details><summary>B. The network overfits</summary>No. An overfitted network is good on the training set and bad in validation.</details>
# <details><summary>C. The backward layer has read tomorrow's temperature</summary>Right. That is data leakage, as in the experiment above. Live, there is no such input.</details>

# %% [markdown]
# ## 6 · Dropout, and where it does harm
#
# [**Dropout**](../GLOSSARY.md#dropout) (Srivastava et al. 2014) is a regularisation method: during training, each number of a layer's output is set to 0 with probability $p$. The others are multiplied by $1/(1-p)$, so that the mean stays
# the same. (This form is called *inverted dropout*.) The random vector of factors is the dropout **mask**. It has nothing to do with the padding mask of lesson 07. Each example of each batch gets a new one. The network cannot rely on any single unit, and overfits less. In `predict` and `evaluate`, dropout does nothing; `fit` switches it on by calling the model with `training=True`.
#
# A recurrent network has two kinds of connections: from layer to layer (**non-recurrent**), and from time step to time step (**recurrent**). On a non-recurrent connection, a number passes one mask per layer. On a recurrent connection, it would pass one mask *at every time step*. What does this do to the memory? Take the latch of
# lesson 04: a unit with $h_t = \tanh(3 h_{t-1})$, which keeps a positive state for ever. We simulate 2,000 such units with a mask $m_t$ on the recurrent connection:
#
# $$h_t = \tanh\big(3\, (m_t \odot h_{t-1})\big)$$
#
# **What do you expect?** With $p = 0.2$ and a new mask at each step, what fraction of the units still remembers after 10 steps?
#
# <details><summary>Answer</summary>A unit must survive ten masks: 0.8 to the power of 10, about a tenth. With the same mask at all steps it is 0.8.</details>

# %%
p, n_steps, n_units = 0.2, 40, 2000


def new_mask():
    """(n_units,): 0 with probability p, else 1 / (1 − p)."""
    return (rng.random(n_units) >= p) / (1 - p)


def remembering(masks):
    """Fraction of units that remember, after each time step: (time,)"""
    h, fractions = np.ones(n_units), []
    for m_t in masks:
        h = np.tanh(3 * m_t * h)  # (n_units,)
        fractions.append((h > 0.5).mean())
    return np.array(fractions)


new_masks = remembering([new_mask() for _ in range(n_steps)])
same_mask = remembering([new_mask()] * n_steps)
claim("new masks: fraction of units that remember after 10 steps",
      new_masks[9], close_to=(1 - p) ** 10, within=0.03)

# %% alt="The fraction of units that still remember, by time step. With the same mask at all steps it stays at about 0.8. With a new mask at each step it falls to zero, along the curve of 1 minus p to the power of t." jupyter={"source_hidden": true}
# Draw the fraction of units that remember.
fig, ax = plt.subplots(figsize=(6.8, 3.2))
t = np.arange(1, n_steps + 1)
ax.plot(t, same_mask, "s-", markersize=4, label="the same mask at all steps")
ax.plot(t, new_masks, "o-", markersize=4, label="a new mask at each step")
ax.plot(t, (1 - p) ** t, ":", color="black", label="$(1 - p)^t$")
ax.set(xlabel="time step t", ylabel="fraction of units", ylim=(0, 1.05),
       title="Units that still remember")
ax.legend()
plt.show()
claim("the same mask: fraction of units that remember after 40 steps",
      same_mask[-1], close_to=1 - p, within=0.04)

# %% [markdown]
# With a new mask at each step, every memory is erased sooner or later, because $(1-p)^t$ goes to 0 even for small $p$. With one mask for all time steps, the memory is lost in the units that this mask sets to 0, and safe in all others. This leads to two rules:
#
# - Zaremba et al. (2014): use dropout on the **non-recurrent connections only**. In Keras: a `Dropout` layer before or after a recurrent layer, or its argument `dropout`.
# - Gal and Ghahramani (2016): on the recurrent connections, use **one mask for all time steps**. They call it *variational dropout*, because they derive it from an approximation of Bayesian inference. In Keras: the argument `recurrent_dropout`.
#
# Start with dropout between the layers. `recurrent_dropout` makes training slower ("Going further" has the measurement).

# %% [markdown]
# ## 7 · What helps on reviews?
#
# Now we compare four networks on film reviews: one layer of 24 units, two layers of 16, a bidirectional layer with 16 in each direction, and two layers with dropout. They have about the same number of parameters without the embedding. Each reads the last 40 words of a review.
#
# Short texts are padded with zeros at the end. For the backward layer, such a text *begins* with zeros. With `mask_zero=True` both directions skip them (lesson 07).

# %%
from course_utils.datasets import reviews
from course_utils.text import Vocabulary, tokenize

data = reviews.load(seed=SEED)
n_train, rate = (3000, 0.01) if data.source == "sample" else (8000, 0.003)
last = [[tokenize(text)[-40:] for text in split.texts]
        for split in (data.train, data.validation, data.test)]
last[0] = last[0][:n_train]
vocabulary = Vocabulary.from_documents(last[0], size=2000)
X_train, X_validation, X_test = (
    keras.utils.pad_sequences([vocabulary.encode(words) for words in part],
                              40, padding="post") for part in last)
Y_train, Y_validation, Y_test = (
    data.train.labels[:n_train], data.validation.labels, data.test.labels)

# %%
Dropout = keras.layers.Dropout
networks = {
    "one layer": lambda: [GRU(24)],
    "two layers": lambda: [GRU(16, return_sequences=True), GRU(16)],
    "bidirectional": lambda: [Bidirectional(GRU(16))],
    "two layers, dropout": lambda: [
        Dropout(0.3), GRU(16, return_sequences=True),
        Dropout(0.3), GRU(16), Dropout(0.3)]}


def classifier(layers):
    return keras.Sequential([
        keras.Input((None,)),
        keras.layers.Embedding(len(vocabulary), 16, mask_zero=True),
        *layers, keras.layers.Dense(1, activation="sigmoid")])

# %% [markdown]
# Each network is trained until its validation loss has not improved for three epochs. Then it gets back the parameters of the epoch with the lowest validation loss. The test set is used once, at the end.

# %%
from time import perf_counter

from course_utils.training import ProgressBar


def fit(model):
    """Losses by epoch, and the seconds of training."""
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0),
                  "binary_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    start = perf_counter()
    fitted = model.fit(
        X_train, Y_train, batch_size=64, epochs=12, verbose=0,
        validation_data=(X_validation, Y_validation),
        callbacks=[stop, ProgressBar()])
    return fitted.history, perf_counter() - start

# %%
rows, curves = [], {}
for name, layers in networks.items():
    keras.utils.set_random_seed(SEED)
    model = classifier(layers())
    curves[name], seconds = fit(model)
    n = model.count_params() - model.layers[0].count_params()
    scores = [model.evaluate(X, Y, verbose=0)[1] for X, Y in
              ((X_validation, Y_validation), (X_test, Y_test))]
    rows.append({"network": name, "parameters without embedding": n,
                 "seconds": seconds, "validation": scores[0],
                 "test": scores[1]})
compared = tables.table("Deep, bidirectional and dropout", rows)
compared

# %% alt="Four panels, one for each network, with the training and the validation loss by epoch. The training loss falls from epoch to epoch. The validation loss falls at first, reaches its lowest value, and then does not get lower any more." jupyter={"source_hidden": true}
# Draw the learning curves of the four networks.
fig, axes = plt.subplots(1, 4, figsize=(10, 3), sharey=True)
for ax, (name, history) in zip(axes, curves.items()):
    epochs = range(1, len(history["loss"]) + 1)
    ax.plot(epochs, history["loss"], "o-", markersize=3, label="training")
    ax.plot(epochs, history["val_loss"], "s--", markersize=3,
            label="validation")
    ax.set(xlabel="epoch", xticks=epochs[::2])
    ax.set_title(name, fontsize=10)
axes[0].set_ylabel("loss")
axes[0].legend()
plt.show()

# %%
error = np.sqrt(0.25 / len(Y_test))
print(f"one standard error of a test accuracy: at most {error:.3f}")
claim("lowest test accuracy of the four networks",
      min(compared.values("test")), at_least=0.65)
claim("validation loss minus training loss in the last epoch, mean",
      np.mean([h["val_loss"][-1] - h["loss"][-1] for h in curves.values()]),
      at_least=0.02)

# %% [markdown]
# Read the learning curves first: a comparison makes sense only if every network has stopped improving. The training loss continues to fall after the validation loss has reached its minimum: the networks overfit, and early stopping returns to the best epoch.
#
# Then read the column *test*. Which network is the best? Two kinds of chance make this difficult. The test set is a sample of reviews; the standard error that was printed says how much that matters. And another seed gives other initial parameters, and therefore other networks. Run the lesson with another seed (`COURSE_SEED=1`), and the order changes. One run cannot
# name a winner.
#
# ### Three seeds on IMDB
#
# The next table comes from the record: this notebook on IMDB, with 8,000 training reviews, once for each of three seeds. (The seed also chooses the training and validation reviews.)

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the record of three seeds.
record = "08_deep_and_bidirectional"
imdb = tables.recorded(record, "Deep, bidirectional and dropout")
imdb

# %% tags=["recorded"] alt="For each of three networks, the difference of its test accuracy from that of one layer: a circle for each of three seeds, and a line for the mean. A dotted line marks zero." jupyter={"source_hidden": true}
# Draw the differences from one layer for each seed, and their means.
runs = tables.read_record(record)["runs"]
by_seed = np.array([[row["test"] for row in run["tables"][0]["rows"]]
                    for run in runs])  # (seeds, networks)
difference = by_seed[:, 1:] - by_seed[:, :1]  # same seed
fig, ax = plt.subplots(figsize=(6.8, 3.2))
for k, values in enumerate(difference.T):
    ax.plot(values, [k] * len(values), "o", color="C0")
    ax.plot([values.mean()] * 2, [k - 0.25, k + 0.25], color="C1")
ax.axvline(0, color="black", linestyle=":")
ax.set_yticks(range(3), [row["network"] for row in imdb.rows[1:]])
ax.invert_yaxis()
ax.set(xlabel="test accuracy minus that of one layer, same seed",
       title="IMDB: three seeds (circles) and their mean (line)")
plt.show()

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the mean and the standard deviation of these differences.
always = (difference > 0).all(axis=0) | (difference < 0).all(axis=0)
print("mean of the differences:", difference.mean(axis=0).round(3))
print("their standard deviation:", difference.std(axis=0, ddof=1).round(3))
claim("networks that are better, or worse, than one layer with every seed",
      always.sum(), at_most=0)

# %% [markdown]
# Each circle compares two networks with the same seed, so both saw the same reviews. For all three networks, the difference is positive with one seed and negative with another, and the mean is smaller than the standard deviation. So neither a second layer, nor a second direction, nor dropout is shown to help here. They do cost time.
#
# This result is about 8,000 reviews cut to 40 words. It is not a law. In section 4, a second direction made the difference between chance level and a perfect result, because the answer was in the future. An architecture helps when it gives the network something that it lacks. [Lesson 10](10_imdb_sentiment.ipynb)
# asks again with all training reviews.

# %% [markdown] claim="networks that are better, or worse, than one layer with every seed"
# **Quick question.** In a paper, network A has a test accuracy of 0.761 and network B of 0.752, each trained once on the same data. Is A better?
#
# <details><summary>A. Yes, 0.761 is larger</summary>No. With another seed the order may change, as it did for each pair of networks above.</details>
# <details><summary>B. Nobody knows: you need more seeds</summary>Right. Train both with the same seeds, and look at the differences.</details>
# <details><summary>C. No, the difference is too small to matter</summary>No. Whether it is more than chance is a question of its standard deviation, and whether it matters depends on the use.</details>

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: all_states
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `all_states(n_layers, answer)`: a list with the value of `return_sequences` for each of `n_layers` stacked recurrent layers, the lowest layer first. `answer` is `"sequence"` for one
# answer per sequence, and `"step"` for one answer at every time step.
#
# <details><summary>Hint 1</summary>Which layer reads the output of a layer that is not the top one? What does it need?</details>
# <details><summary>Hint 2</summary><code>[True] * 3</code> is a list of three values. Only the last one depends on <code>answer</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def all_states(n_layers, answer):
    """Values of return_sequences for each layer, the lowest first."""
    return [True] * (n_layers - 1) + [answer == "step"]  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one vector per sequence"
def all_states(n_layers, answer):
    return [True] * n_layers

# %% tags=["wrong"] message="has no sequence to read"
def all_states(n_layers, answer):
    return [answer == "step"] * n_layers

# %% tags=["wrong"] message="an answer at every time step"
def all_states(n_layers, answer):
    return [True] * (n_layers - 1) + [False]

# %% tags=["wrong"] message="for 3 layers"
def all_states(n_layers, answer):
    return [True, answer == "step"] if n_layers > 1 else [answer == "step"]

# %% [raw]
# # BEGIN TESTS

# %%
def test_all_states(all_states):
    got = all_states(3, "sequence")
    assert got is not None, "the function gives None: does it return the list?"
    assert len(got) == 3, f"for 3 layers the list needs three values, you gave {got!r}"
    got = [bool(value) for value in got]
    assert got[0] and got[1], f"for 3 layers and one answer per sequence you gave {got}: if a lower layer has False, the layer above it has no sequence to read"
    assert not got[2], f"for 3 layers and one answer per sequence you gave {got}: the top layer must return one vector per sequence"
    got = [bool(value) for value in all_states(2, "step")]
    assert got == [True, True], f"for 2 layers and an answer at every time step you gave {got}: the top layer must return all its states, too"
    got = [bool(value) for value in all_states(1, "sequence")]
    assert got == [False], f"a single layer with one answer per sequence needs [False], you gave {got}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_all_states_hidden(all_states):
    for n in (1, 2, 5):
        for answer in ("sequence", "step"):
            wanted = [True] * (n - 1) + [answer == "step"]
            assert [bool(value) for value in all_states(n, answer)] == wanted, f"not right for {n} layers and {answer!r}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: deep_rnn
# points: 2

# %% [markdown]
# **Exercise 2.** Write `deep_rnn(x, layers)` for stacked simple recurrent networks. `x` is an array (batch, time, features). `layers` is a list of tuples `(W_x, W_h, b)`, the lowest layer first; layers can have different numbers of units. Return all hidden states
# of the *top* layer, (batch, time, units). All initial states are 0. The equation of one layer is $h_t = \tanh(x_t W_x + h_{t-1} W_h + b)$.
#
# <details><summary>Hint 1</summary>The hidden states of a layer, (batch, time, units), are the input of the next layer.</details>
# <details><summary>Hint 2</summary>An outer loop over the layers, and an inner loop over the time steps: <code>for W_x, W_h, b in layers:</code></details>
# <details><summary>Hint 3</summary><code>np.stack(states, axis=1)</code> turns a list of arrays (batch, units) into (batch, time, units).</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def deep_rnn(x, layers):
    """All hidden states (batch, time, units) of the top layer."""
    # BEGIN SOLUTION
    for W_x, W_h, b in layers:
        h_t, states = np.zeros((len(x), len(W_h))), []
        for t in range(x.shape[1]):
            h_t = np.tanh(x[:, t] @ W_x + h_t @ W_h + b)
            states.append(h_t)
        x = np.stack(states, axis=1)  # the input of the next layer
    return x
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="only the last time step"
def deep_rnn(x, layers):
    for W_x, W_h, b in layers:
        h_t, states = np.zeros((len(x), len(W_h))), []
        for t in range(x.shape[1]):
            h_t = np.tanh(x[:, t] @ W_x + h_t @ W_h + b)
            states.append(h_t)
        x = np.stack(states, axis=1)
    return x[:, -1]

# %% tags=["wrong"] message="of the lowest layer"
def deep_rnn(x, layers):
    W_x, W_h, b = layers[0]
    h_t, states = np.zeros((len(x), len(W_h))), []
    for t in range(x.shape[1]):
        h_t = np.tanh(x[:, t] @ W_x + h_t @ W_h + b)
        states.append(h_t)
    return np.stack(states, axis=1)

# %% tags=["wrong"] message="begins with the state of the layer below"
def deep_rnn(x, layers):
    h_t = np.zeros((len(x), len(layers[0][1])))
    for W_x, W_h, b in layers:
        h_t, states = h_t[:, :len(W_h)], []
        h_t = np.pad(h_t, ((0, 0), (0, len(W_h) - h_t.shape[1])))
        for t in range(x.shape[1]):
            h_t = np.tanh(x[:, t] @ W_x + h_t @ W_h + b)
            states.append(h_t)
        x = np.stack(states, axis=1)
    return x

# %% tags=["wrong"] message="b is added"
def deep_rnn(x, layers):
    for W_x, W_h, _ in layers:
        h_t, states = np.zeros((len(x), len(W_h))), []
        for t in range(x.shape[1]):
            h_t = np.tanh(x[:, t] @ W_x + h_t @ W_h)
            states.append(h_t)
        x = np.stack(states, axis=1)
    return x

# %% [raw]
# # BEGIN TESTS

# %%
def test_deep_rnn(deep_rnn):
    import numpy as np

    rng = np.random.default_rng(3)
    x = rng.normal(size=(2, 4, 3))
    sizes = ((3, 2), (2, 5), (5, 4))
    layers = [(rng.normal(size=(d, u)), rng.normal(size=(u, u)), rng.normal(size=u)) for d, u in sizes]

    def states(x, layers, bias=1):
        for W_x, W_h, b in layers:
            h, x = [np.zeros((len(x), len(W_h)))], x
            for t in range(x.shape[1]):
                h.append(np.tanh(x[:, t] @ W_x + h[-1] @ W_h + bias * b))
            x = np.stack(h[1:], axis=1)
        return x

    got = deep_rnn(x.copy(), layers)
    assert got is not None, "the function gives None: does it return the states?"
    got = np.asarray(got)
    assert got.shape != (2, 4), "this is only the last time step of the top layer; return all of them, (batch, time, units)"
    assert got.shape != (2, 4, 2), "these are the states of the lowest layer; return those of the top layer"
    assert got.shape == (2, 4, 4), f"for x (2, 4, 3) and a top layer of 4 units the shape must be (2, 4, 4); yours is {got.shape}"
    assert not np.allclose(got, states(x, layers, bias=0)), "check that b is added in every layer"
    one = np.asarray(deep_rnn(x.copy(), layers[:1]))
    assert np.allclose(one, states(x, layers[:1]), atol=1e-5), "with a single layer the states do not follow the equation"
    assert np.allclose(got, states(x, layers), atol=1e-5), "with one layer it is right, with three it is not: perhaps a layer begins with the state of the layer below instead of zeros, or reads x instead of the states below it"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_deep_rnn_hidden(deep_rnn):
    import numpy as np

    rng = np.random.default_rng(9)
    for sizes in (((2, 3), (3, 3)), ((1, 4),), ((4, 2), (2, 2), (2, 3), (3, 1))):
        x = rng.normal(size=(3, 5, sizes[0][0]))
        layers = [(rng.normal(size=(d, u)), rng.normal(size=(u, u)), rng.normal(size=u)) for d, u in sizes]
        wanted = x
        for W_x, W_h, b in layers:
            h, made = np.zeros((3, len(W_h))), []
            for t in range(5):
                h = np.tanh(wanted[:, t] @ W_x + h @ W_h + b)
                made.append(h)
            wanted = np.stack(made, axis=1)
        got = np.asarray(deep_rnn(x.copy(), layers))
        assert got.shape == wanted.shape and np.allclose(got, wanted, atol=1e-5), f"not right for layers of the sizes {sizes}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: both_ways
# points: 2

# %% [markdown]
# **Exercise 3.** Write `both_ways(x, forward, backward)`. `x` is an array (batch, time, features). `forward` and `backward` are functions: each one takes such an array, reads it from its first to its last time step, and returns
# all states (batch, time, units). Return the output of a bidirectional layer with `return_sequences=True`, (batch, time, 2 · units), where `backward` is used for the backward half.
#
# <details><summary>Hint 1</summary><code>x[:, ::-1]</code> reverses the time axis; <code>x[::-1]</code> would reverse the batch.</details>
# <details><summary>Hint 2</summary>Reverse the time axis twice: the input of <code>backward</code>, and its output.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def both_ways(x, forward, backward):
    """Outputs (batch, time, 2 · units) of a bidirectional layer."""
    # BEGIN SOLUTION
    h_back = backward(x[:, ::-1])[:, ::-1]  # (batch, time, units)
    return np.concatenate([forward(x), h_back], axis=-1)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="belong to other time steps"
def both_ways(x, forward, backward):
    return np.concatenate([forward(x), backward(x[:, ::-1])], axis=-1)

# %% tags=["wrong"] message="has read the past"
def both_ways(x, forward, backward):
    return np.concatenate([forward(x), backward(x)], axis=-1)

# %% tags=["wrong"] message="reversed the batch"
def both_ways(x, forward, backward):
    return np.concatenate([forward(x), backward(x[:, ::-1])[::-1]], axis=-1)

# %% tags=["wrong"] message="shape"
def both_ways(x, forward, backward):
    return np.concatenate([forward(x), backward(x[:, ::-1])[:, ::-1]], axis=1)

# %% tags=["wrong"] message="uses `forward`"
def both_ways(x, forward, backward):
    h_back = forward(x[:, ::-1])[:, ::-1]
    return np.concatenate([forward(x), h_back], axis=-1)

# %% [raw]
# # BEGIN TESTS

# %%
def test_both_ways(both_ways):
    import numpy as np

    def forward(x):
        return np.cumsum(x, axis=1)  # a state that sums up the inputs so far: features = units

    def backward(x):
        return 10 * np.cumsum(x, axis=1)

    x = np.arange(1.0, 13.0).reshape(2, 3, 2) ** 2
    got = both_ways(x.copy(), forward, backward)
    assert got is not None, "the function gives None: does it return the outputs?"
    got = np.asarray(got)
    assert got.shape == (2, 3, 4), f"for x (2, 3, 2) and 2 units in each direction the shape must be (2, 3, 4); yours is {got.shape}"
    assert np.allclose(got[..., :2], forward(x), atol=1e-5), "the first half must be the states of forward(x)"
    back = got[..., 2:]
    assert not np.allclose(back, forward(x[:, ::-1])[:, ::-1]), "the second half uses `forward`, too; it must use `backward`"
    assert not np.allclose(back, backward(x[:, ::-1])), "the states of the second half belong to other time steps: the state of the last word comes first"
    assert not np.allclose(back, backward(x)), "the second half has read the past, like the first: reverse the input of `backward`"
    assert not np.allclose(back, backward(x[:, ::-1])[::-1]), "you reversed the batch of the output; reverse its second axis, the time"
    assert np.allclose(back, backward(x[:, ::-1])[:, ::-1], atol=1e-5), "at each time step, the second half must be the state that has read from the end back to this step"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_both_ways_hidden(both_ways):
    import numpy as np

    rng = np.random.default_rng(7)
    x, A, B = rng.normal(size=(4, 6, 2)), rng.normal(size=(2, 3)), rng.normal(size=(2, 3))

    def running(x):
        return np.cumsum(x, axis=1) * np.arange(1, x.shape[1] + 1)[:, None]

    got = np.asarray(both_ways(x.copy(), lambda x: running(x @ A), lambda x: running(x @ B)))
    wanted = np.concatenate([running(x @ A), running((x @ B)[:, ::-1])[:, ::-1]], axis=-1)
    assert got.shape == wanted.shape and np.allclose(got, wanted, atol=1e-5), "not right for four sequences of six steps, with three units"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: may_look_ahead
# points: 1

# %% [markdown]
# **Exercise 4.** In which of these tasks may a layer be bidirectional over the *whole* sequence, because all of it is known when each answer is needed? Write `True` or `False` for each.
#
# - `names`: mark the names of persons in a published article
# - `keyboard`: after each word that a person types, suggest the next one
# - `stars`: predict the stars of a review from its whole text
# - `subtitles`: show what a speaker says, word by word, during the talk
# - `gap`: fill in a word that cannot be read in the middle of an old letter
# - `power`: on each evening of a year, predict the use of electricity on the next day; the sequence is the whole year
#
# <details><summary>Hint 1</summary>When is the answer needed? What is known at that moment?</details>
# <details><summary>Hint 2</summary>Reading backwards is not wrong in itself: a finished review can be read in both directions.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
may_look_ahead = {
    # BEGIN SOLUTION
    "names": True,
    "keyboard": False,
    "stars": True,
    "subtitles": False,
    "gap": True,
    "power": False,
    # END SOLUTION
}

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="words after the gap"
may_look_ahead = dict(names=True, keyboard=False, stars=True, subtitles=False, gap=False, power=False)

# %% tags=["wrong"] message="not been said yet"
may_look_ahead = dict(names=True, keyboard=False, stars=True, subtitles=True, gap=True, power=False)

# %% tags=["wrong"] message="the whole text is known"
may_look_ahead = dict(names=True, keyboard=False, stars=False, subtitles=False, gap=True, power=False)

# %% [raw]
# # BEGIN TESTS

# %%
def test_may_look_ahead(may_look_ahead):
    reasons = {
        "names": (True, "the article is finished when its names are marked"),
        "keyboard": (False, "the next word has not been typed yet"),
        "stars": (True, "the whole text is known when the stars are predicted"),
        "subtitles": (False, "the words that would help have not been said yet when the subtitle is shown"),
        "gap": (True, "the words after the gap are known, and help"),
        "power": (False, "on that evening the next day has not been measured; a backward layer would have read it"),
    }
    missing = [task for task in reasons if task not in may_look_ahead]
    assert not missing, f"no answer yet for: {', '.join(missing)}"
    for task, (allowed, reason) in reasons.items():
        assert may_look_ahead[task] in (True, False), f"{task}: write True or False, not {may_look_ahead[task]!r}"
        assert may_look_ahead[task] == allowed, f"{task}: think again, {reason}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: paired_difference
# points: 1

# %% [markdown]
# **Exercise 5.** Two networks were trained with the same seeds. `a[k]` and `b[k]` are their test accuracies with seed `k`. Write `paired_difference(a, b)`: the mean of the differences $a_k - b_k$, and their standard deviation over the seeds, as a tuple of two numbers. Use the
# sample standard deviation, which divides by $n - 1$ (`ddof=1` in NumPy).
#
# <details><summary>Hint 1</summary>First compute the difference for each seed: <code>np.asarray(a) - np.asarray(b)</code>.</details>
# <details><summary>Hint 2</summary>The standard deviation of the differences is not the difference of the standard deviations.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def paired_difference(a, b):
    """Mean and standard deviation of a − b over the seeds."""
    # BEGIN SOLUTION
    differences = np.asarray(a) - np.asarray(b)
    return differences.mean(), differences.std(ddof=1)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="divide by n − 1"
def paired_difference(a, b):
    differences = np.asarray(a) - np.asarray(b)
    return differences.mean(), differences.std()

# %% tags=["wrong"] message="of the differences"
def paired_difference(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return a.mean() - b.mean(), abs(a.std(ddof=1) - b.std(ddof=1))

# %% tags=["wrong"] message="not paired"
def paired_difference(a, b):
    a, b = np.asarray(a), np.asarray(b)
    return a.mean() - b.mean(), np.sqrt(a.var(ddof=1) + b.var(ddof=1))

# %% tags=["wrong"] message="a minus b"
def paired_difference(a, b):
    differences = np.asarray(b) - np.asarray(a)
    return differences.mean(), differences.std(ddof=1)

# %% [raw]
# # BEGIN TESTS

# %%
def test_paired_difference(paired_difference):
    import numpy as np

    a, b = [0.71, 0.74, 0.69, 0.78], [0.70, 0.71, 0.685, 0.75]
    got = paired_difference(list(a), list(b))
    assert got is not None, "the function gives None: does it return two numbers?"
    assert np.size(got) == 2, f"the answer is a tuple of two numbers, you gave {got!r}"
    mean, deviation = (float(np.ravel(value)[0]) for value in got)
    d = np.subtract(a, b)
    assert not np.isclose(mean, -d.mean()), "the mean has the wrong sign: compute a minus b"
    assert np.isclose(mean, d.mean(), atol=1e-5), f"the mean difference of these scores is {d.mean():.5f}, got {mean:.5f}"
    assert not np.isclose(deviation, d.std(), atol=1e-6), "for the sample standard deviation, divide by n − 1: ddof=1"
    apart = np.sqrt(np.var(a, ddof=1) + np.var(b, ddof=1))
    assert not np.isclose(deviation, apart, atol=1e-6), "this formula is for networks that are not paired: here, both were trained with the same seeds"
    assert np.isclose(deviation, d.std(ddof=1), atol=1e-5), f"take the standard deviation of the differences: {d.std(ddof=1):.5f}, got {deviation:.5f}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_paired_difference_hidden(paired_difference):
    import numpy as np

    rng = np.random.default_rng(2)
    for n in (2, 3, 7):
        a, b = rng.random(n), rng.random(n)
        mean, deviation = paired_difference(a.copy(), b.copy())
        assert np.isclose(mean, (a - b).mean(), atol=1e-5), f"the mean, for {n} seeds"
        assert np.isclose(deviation, (a - b).std(ddof=1), atol=1e-5), f"the standard deviation, for {n} seeds"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: variational
# points: 3

# %% [markdown]
# **Exercise 6, a challenge: recurrent dropout and its gradient.** Write three functions for a simple recurrent network with one mask $m$ for all time steps,
#
# $$h_t = \tanh\big(x_t W_x + (m \odot h_{t-1}) W_h + b\big).$$
#
# `sample_mask(rng, batch, units, p)` returns $m$ (batch, units), which is 0 with probability `p` and $1/(1-p)$ otherwise, sampled with `rng`. `states(x, m, W_x, W_h, b)` returns all hidden states (batch, time, units), beginning with $h_0 = 0$. `step_back(d_h, h_t, m, W_h)` returns $\partial L/\partial h_{t-1}$ (batch,
# units) for one time step, where `d_h` is $\partial L/\partial h_t$.
#
# <details><summary>Hint 1</summary><code>rng.random((batch, units)) >= p</code> is True with probability 1 − p.</details>
# <details><summary>Hint 2</summary>The mask is an argument of <code>states</code>: nothing is sampled in its loop.</details>
# <details><summary>Hint 3</summary>Backwards through tanh: multiply by 1 − h_t². Backwards through the matrix product: multiply by W_h.T. And backwards through the product with m?</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def sample_mask(rng, batch, units, p):
    """One mask (batch, units) for all time steps."""
    return (rng.random((batch, units)) >= p) / (1 - p)  # SOLUTION


def states(x, m, W_x, W_h, b):
    """All hidden states (batch, time, units) with the recurrent mask m."""
    # BEGIN SOLUTION
    h_t, found = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h_t = np.tanh(x[:, t] @ W_x + (m * h_t) @ W_h + b)
        found.append(h_t)
    return np.stack(found, axis=1)
    # END SOLUTION


def step_back(d_h, h_t, m, W_h):
    """∂L/∂h_{t-1} (batch, units) from d_h, ∂L/∂h_t (batch, units)."""
    return ((d_h * (1 - h_t**2)) @ W_h.T) * m  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="divide by 1 − p"
def sample_mask(rng, batch, units, p):
    return (rng.random((batch, units)) >= p).astype(float)


def states(x, m, W_x, W_h, b):
    h_t, found = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h_t = np.tanh(x[:, t] @ W_x + (m * h_t) @ W_h + b)
        found.append(h_t)
    return np.stack(found, axis=1)


def step_back(d_h, h_t, m, W_h):
    return ((d_h * (1 - h_t**2)) @ W_h.T) * m

# %% tags=["wrong"] message="the output of a step is masked"
def sample_mask(rng, batch, units, p):
    return (rng.random((batch, units)) >= p) / (1 - p)


def states(x, m, W_x, W_h, b):
    h_t, found = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h_t = m * np.tanh(x[:, t] @ W_x + h_t @ W_h + b)
        found.append(h_t)
    return np.stack(found, axis=1)


def step_back(d_h, h_t, m, W_h):
    return ((d_h * (1 - h_t**2)) @ W_h.T) * m

# %% tags=["wrong"] message="has no gradient"
def sample_mask(rng, batch, units, p):
    return (rng.random((batch, units)) >= p) / (1 - p)


def states(x, m, W_x, W_h, b):
    h_t, found = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h_t = np.tanh(x[:, t] @ W_x + (m * h_t) @ W_h + b)
        found.append(h_t)
    return np.stack(found, axis=1)


def step_back(d_h, h_t, m, W_h):
    return (d_h * (1 - h_t**2)) @ W_h.T

# %% tags=["wrong"] message="the same mask"
def sample_mask(rng, batch, units, p):
    return np.repeat((rng.random((1, units)) >= p) / (1 - p), batch, axis=0)


def states(x, m, W_x, W_h, b):
    h_t, found = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h_t = np.tanh(x[:, t] @ W_x + (m * h_t) @ W_h + b)
        found.append(h_t)
    return np.stack(found, axis=1)


def step_back(d_h, h_t, m, W_h):
    return ((d_h * (1 - h_t**2)) @ W_h.T) * m

# %% tags=["wrong"] message="does not use rng"
def sample_mask(rng, batch, units, p):
    return (np.random.default_rng(0).random((batch, units)) >= p) / (1 - p)


def states(x, m, W_x, W_h, b):
    h_t, found = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h_t = np.tanh(x[:, t] @ W_x + (m * h_t) @ W_h + b)
        found.append(h_t)
    return np.stack(found, axis=1)


def step_back(d_h, h_t, m, W_h):
    return ((d_h * (1 - h_t**2)) @ W_h.T) * m

# %% tags=["wrong"] message="the same number of zeros"
def sample_mask(rng, batch, units, p):
    m = np.full((batch, units), 1 / (1 - p))
    for row in m:
        row[rng.permutation(units)[:round(p * units)]] = 0
    return m


def states(x, m, W_x, W_h, b):
    h_t, found = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h_t = np.tanh(x[:, t] @ W_x + (m * h_t) @ W_h + b)
        found.append(h_t)
    return np.stack(found, axis=1)


def step_back(d_h, h_t, m, W_h):
    return ((d_h * (1 - h_t**2)) @ W_h.T) * m

# %% [raw]
# # BEGIN TESTS

# %%
def test_variational(sample_mask, states, step_back):
    import numpy as np

    rng = np.random.default_rng(5)
    m = sample_mask(rng, 200, 100, 0.25)
    assert m is not None, "sample_mask gives None: does it return the mask?"
    m = np.asarray(m)
    assert m.shape == (200, 100), f"sample_mask must give (batch, units) = (200, 100); yours has shape {m.shape}"
    assert not (m == m[0]).all(), "all sequences of the batch have the same mask: each sequence needs its own"
    assert (np.asarray(sample_mask(rng, 200, 100, 0.25)) != m).any(), "two calls give the same mask: sample_mask does not use rng"
    zeros = (m == 0).mean()
    assert abs(zeros - 0.25) < 0.03, f"with p = 0.25 about a quarter of the mask must be 0; in yours it is {zeros:.2f}"
    assert np.ptp((m == 0).sum(axis=1)) > 0, "every row has exactly the same number of zeros: each number must be 0 with probability p, independently"
    assert abs(m.mean() - 1) < 0.03, f"the mean of the mask must be 1, so that nothing changes on average; yours is {m.mean():.2f}: divide by 1 − p"
    x, d_h = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 4))
    W_x, W_h, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=4)
    m = np.array([[0, 2, 2, 0], [2, 2, 0, 0.0]])

    def step(x_t, h_prev):
        return np.tanh(x_t @ W_x + (m * h_prev) @ W_h + b)

    h = [np.zeros((2, 4))]
    for t in range(5):
        h.append(step(x[:, t], h[-1]))
    got = np.asarray(states(x.copy(), m.copy(), W_x, W_h, b))
    assert got.shape == (2, 5, 4), f"states must give (batch, time, units) = (2, 5, 4); yours has shape {got.shape}"
    assert not np.allclose(got[:, 0], m * h[1]), "in states, the output of a step is masked; the mask belongs to the previous state, before the product with W_h"
    assert np.allclose(got, np.stack(h[1:], axis=1), atol=1e-5), "states does not follow the equation: the previous state times m, with the same m at every step"
    back = np.asarray(step_back(d_h.copy(), h[3].copy(), m.copy(), W_h))
    assert back.shape == (2, 4), f"step_back must give (batch, units) = (2, 4); yours has shape {back.shape}"
    assert np.allclose(back[m == 0], 0), "a number that the mask sets to 0 has no gradient: multiply by m on the way back, too"
    gradient = np.zeros((2, 4))  # by central differences of the loss sum(d_h * h_t)
    for place in np.ndindex(2, 4):
        small = np.zeros((2, 4))
        small[place] = 1e-6
        up, down = (np.sum(d_h * step(x[:, 2], h[2] + sign * small)) for sign in (1, -1))
        gradient[place] = (up - down) / 2e-6
    transposed = ((d_h * (1 - h[3] ** 2)) @ W_h) * m
    assert not np.allclose(back, transposed, atol=1e-5), "backwards through the product with W_h you need its transpose, W_h.T"
    assert np.allclose(back, gradient, atol=1e-5), f"step_back differs from the numerical gradient by up to {np.abs(back - gradient).max():.3g}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_variational_hidden(sample_mask, states, step_back):
    import numpy as np

    rng = np.random.default_rng(8)
    for p in (0.6, 0.0):
        m = np.asarray(sample_mask(rng, 300, 50, p))
        assert np.all((m == 0) | np.isclose(m, 1 / (1 - p))), f"a mask contains only 0 and 1 / (1 − p), for p = {p}"
        assert m.shape == (300, 50) and abs((m == 0).mean() - p) < 0.03, f"the fraction of zeros, for p = {p}"
        alike = p > 0 and (len(np.unique(m, axis=0)) < 300 or len(np.unique(m, axis=1)[0]) < 50)
        assert not alike, "some sequences, or units, are always dropped together"
        assert p == 0 or np.ptp((m == 0).sum(axis=1)) > 0, "every row has the same number of zeros"
        assert p == 0 or (np.asarray(sample_mask(rng, 300, 50, p)) != m).any(), "a second mask is the same as the first"
    x, d_h, m = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 5)), 2.0 * (rng.random((3, 5)) < 0.5)
    W_x, W_h, b, h, found = rng.normal(size=(2, 5)), rng.normal(size=(5, 5)), rng.normal(size=5), np.zeros((3, 5)), []
    for t in range(4):
        h = np.tanh(x[:, t] @ W_x + (m * h) @ W_h + b)
        found.append(h)
    got = np.asarray(states(x.copy(), m.copy(), W_x, W_h, b))
    assert got.shape == (3, 4, 5) and np.allclose(got, np.stack(found, axis=1), atol=1e-5), "states, for three sequences"
    back = np.asarray(step_back(d_h.copy(), h.copy(), m.copy(), W_h))
    assert np.allclose(back, m * ((d_h * (1 - h**2)) @ W_h.T), atol=1e-5), "step_back, for three sequences"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Going further
#
# You can skip this part. No later lesson needs it.
#
# ### Which masks does Keras use?
#
# Keras has a layer `Dropout`, and two arguments of recurrent layers, `dropout` and `recurrent_dropout`. Which of them uses a new mask at every time step? For the layer `Dropout`, we feed it with ones: then its output is the mask. Each row below is one sequence, each column a time step.

# %%
ones = np.ones((4, 6, 1), "float32")  # (batch, time, features)
each_step = Dropout(0.5)(ones, training=True).numpy()[:, :, 0]
all_steps = Dropout(0.5, noise_shape=(None, 1, None))(ones, training=True)
print("Dropout(0.5)", each_step, sep="\n")
print("with noise_shape=(None, 1, None)", all_steps.numpy()[:, :, 0], sep="\n")
claim("noise_shape: largest change of the mask from step to step",
      np.abs(np.diff(all_steps[:, :, 0], axis=1)).max(), at_most=0)

# %% [markdown]
# `Dropout` uses a new mask at each time step. Between two layers that is allowed, because it is a non-recurrent connection. With `noise_shape=(None, 1, None)`, or with the layer `SpatialDropout1D`, it uses one mask for all steps.
#
# For the recurrent mask, take a layer of one unit without tanh, with $h_t = m_t h_{t-1}$ and $h_0 = 1$. With one mask for all steps, a sequence has either zeros only, or the powers of $1/(1-p) = 2$.

# %%
layer = SimpleRNN(1, activation="linear", return_sequences=True,
                  recurrent_dropout=0.5)
layer.build((None, None, 1))
layer.set_weights([np.zeros((1, 1)), np.ones((1, 1)), np.zeros(1)])
h = layer(np.zeros((200, 6, 1)), initial_state=np.ones((200, 1)),
          training=True).numpy()[:, :, 0]
print(h[:6])
claim("sequences of powers of two, among those that are not zero at once",
      np.mean(h[h[:, 0] > 0] == 2.0 ** np.arange(1, 7)), at_least=1)

# %% [markdown]
# So `recurrent_dropout` uses one mask per sequence for all time steps, as Gal and Ghahramani propose. The argument `dropout`, for the inputs, does the same.
#
# An LSTM uses $h_{t-1}$ four times, in three gates and in the candidate. Keras samples four masks, one for each. They apply to $h_{t-1}$ only where it enters the gates and the candidate. The cell state $c_t$ has no mask, so the memory is safe. In a GRU it is the same, with three masks.
#
# ### What recurrent dropout costs
#
# With four masks, the four products $h_{t-1} W_h$ have four different inputs, and can no longer be computed as one product. The next table comes from the record of `benchmarks/cells.py`.

# %% tags=["recorded"]
speed = tables.benchmark(
    "cells", "Time of a training step, as a multiple of the plain layer's")
names = ("plain", "dropout", "recurrent dropout", "recurrent dropout, XLA")
times = {row["setting"]: row for row in speed.rows}
print(f"{'':24}{'SimpleRNN':>10}{'LSTM':>8}{'GRU':>8}")
for name in names:
    row = times[name]
    print(f"{name:24}{row['SimpleRNN']:10.2f}{row['LSTM']:8.2f}"
          f"{row['GRU']:8.2f}")
print(speed.note)
claim("LSTM: a training step with recurrent dropout / a plain one",
      times["recurrent dropout"]["LSTM"], at_least=1.2)

# %% [markdown]
# `dropout` costs little. `recurrent_dropout` makes the training step of an LSTM or a GRU clearly slower. The simple RNN, which has only one product, stays about the same. XLA, the compiler behind `jit_compile=True`, makes up for it, although it would also make the plain layer faster. On a GPU, which we have not measured, the fast
# implementation of LSTM and GRU does not support recurrent dropout, and Keras uses a slower one without a warning.
#
# ### Other ways to join the directions
#
# `Bidirectional` concatenates the two halves. It can also add, average or multiply them (`merge_mode`, by default `"concat"`). Stacked bidirectional layers are common: both directions of the upper layer read the whole vector $h_t$ with 2 · units numbers.

# %%
stacked = keras.Sequential([
    keras.Input((None, features)),
    Bidirectional(GRU(units, return_sequences=True)),
    Bidirectional(GRU(units, return_sequences=True), merge_mode="sum")])
print("output", stacked(x).shape)
claim("sum of two directions: number of outputs", stacked(x).shape[-1],
      close_to=units, within=0.5)

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Forgetting `return_sequences=True`** below another recurrent layer. The error says *expected ndim=3*: the time axis is missing.
# - **Using `outputs[:, -1]` of a bidirectional layer as a summary.** Its backward half has read one word there. Use `return_sequences=False`.
# - **Not reversing the backward states again**, if you build the layer yourself or use `go_backwards=True`. There is no error.
# - **A bidirectional layer where the answer is needed before the sequence ends.** Validation looks perfect. Cut off the input at the present, and compare.
# - **A new dropout mask at every time step on a recurrent connection.** If you write your own cell, sample the mask before the loop.
# - **Creating layers before the seed is set.** Their initial weights then depend on what was created before. Create them in a function, after the seed.
# - **Naming a winner after one run.** Train with several seeds, and look at the differences seed by seed.
# - **Stopping at a plateau.** A flat validation loss at chance level does not mean that the network has learned all it can. Look at the learning curve before you compare.
#
# ## References
#
# - M. Schuster, K. K. Paliwal (1997). Bidirectional recurrent neural networks. *IEEE Transactions on Signal Processing* 45(11).
# - A. Graves, J. Schmidhuber (2005). Framewise phoneme classification with bidirectional LSTM and other neural network architectures. *Neural Networks* 18(5–6).
# - M. Hermans, B. Schrauwen (2013). Training and analysing deep recurrent neural networks. *NIPS*.
# - N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov (2014). Dropout: a simple way to prevent neural networks from overfitting. *Journal of
#   Machine Learning Research* 15.
# - W. Zaremba, I. Sutskever, O. Vinyals (2014). Recurrent neural network regularization. arXiv:1409.2329.
# - Y. Gal, Z. Ghahramani (2016). A theoretically grounded application of dropout in recurrent neural networks. *NIPS*.

# %% [markdown]
# # 08 · Deep and bidirectional networks
#
# So far a network was one recurrent layer that reads from left to right. This lesson arranges such layers in two ways: on top of each other, and
# side by side, one of them reading from right to left. Both are easy to write and easy to get wrong. A layer that hands on too little
# cannot be built upon; a layer that reads backwards gives its states in the wrong order; and a network that has
# seen the future predicts it with ease, but only where nobody needs the prediction. Then you meet dropout, which has to be placed with care where a
# state is carried from step to step, and look at the masks that Keras draws.
#
# **You will be able to**
#
# 1. stack recurrent layers, in NumPy and in Keras, and say which of them need `return_sequences=True`;
# 2. build a bidirectional layer out of two plain ones, and say what its outputs are at each step and at the end;
# 3. recognise a task that needs the future, and one that must not use it;
# 4. place dropout in a recurrent network, and tell a mask drawn at every step from a mask kept for all of them;
# 5. judge by measurement whether depth, a second direction or dropout has helped.
#
# **Before this lesson:** lessons [04](04_simple_rnn.ipynb), [06](06_lstm.ipynb) and [07](07_gru.ipynb). **Time:** about 50 minutes to read and
# try, 30 minutes for the exercises; on two cores all cells run in about
# 40 seconds on the embedded sample (`HUBS.md` names the machine that was measured),
# and in about a minute on IMDB.

# %% [markdown]
# ## Settings and data
#
# `N_TRAIN` and `N_TEST` say how many reviews section 9 uses: few on purpose, for one of its questions is what dropout does for a small training set.

# %%
import os

import keras
import numpy as np

from course_utils import cells, plots, tables
from course_utils.claims import claim
from course_utils.datasets import reviews
from course_utils.training import ProgressBar

SEED = int(os.environ.get("COURSE_SEED", 0))
keras.utils.set_random_seed(SEED)
data = reviews.load(seed=SEED)
N_TRAIN, N_TEST = {"sample": (600, 1000), "real": (4000, 5000)}[data.source]
rng = np.random.default_rng(SEED)

# %% [markdown]
# ## 1 · Layers on top of each other
#
# A recurrent layer turns a sequence of inputs into a sequence of states. States are vectors, one for each step, so they can be the inputs of
# another recurrent layer. That is a **deep**, or **stacked**, recurrent network. We number the layers from below, $l = 1, 2, \dots$, and write the number
# in brackets, so that nobody takes it for a power:
#
# $$h^{(l)}_t = f^{(l)}\big(h^{(l-1)}_t,\; h^{(l)}_{t-1}\big), \qquad h^{(0)}_t = x_t$$
#
# Each layer has its own cell $f^{(l)}$ with its own weights, and its own state. What the first layer reads are words; what the second reads at the
# same step is what the first has made of all words so far.

# %%
plots.drawing("stacked_layers", alt="""
    Two recurrent layers unrolled over the five words 'the film was not dull'.
    Each state of layer 1 has an arrow to the right, to its next state, and an
    arrow up, to the state of layer 2 at the same step. Only the last state of
    layer 2 leads to the answer.""")

# %% [markdown]
# Two arrows leave each state of layer 1: one to the right, to the next step, and one up, to the next layer. The arrows up are where the usual mistake
# happens. By default a layer of Keras hands on its last state only, and then there is no sequence left for the layer above.

# %%
units, features, steps = 4, 3, 5
try:
    keras.Sequential([keras.Input((steps, features)), keras.layers.GRU(units, name="lower"),
                      keras.layers.GRU(units, name="upper")])
except ValueError as error:
    message = str(error)
print(message)

# %% [markdown]
# Read the message from its end. What reached `upper` has the shape (batch, units), two axes: *ndim=2*. A recurrent layer wants three, (batch, time,
# features). The time axis was lost in `lower`. With `return_sequences=True` it hands on all its states. The top layer may do as the task
# wants: all states for an answer at every step, the last one for one answer about the whole sequence.

# %%
claim("Keras complains that the time axis is missing (1: yes)", "expected ndim=3" in message,
      at_least=1)
deep = keras.Sequential([
    keras.Input((None, features)),
    keras.layers.GRU(units, return_sequences=True),  # (batch, time, units)
    keras.layers.GRU(units),  # (batch, units)
])

# %% [markdown]
# In NumPy a stack is two lines in the loop. At each step the lower cell reads the input, and then the upper one reads the lower one's new state.
# We copy the weights from Keras into the cells of `course_utils`. Their `step` takes a state and gives the next one, and what happened inside, which we do not need here. A state is a tuple, because an LSTM's has two parts; a GRU's has one.

# %%
x = rng.normal(size=(2, steps, features)).astype("float32")  # (batch, time, features)
lower, upper = (cells.from_keras(layer) for layer in deep.layers)
state_1 = state_2 = (np.zeros((2, units)),)  # h⁽¹⁾ and h⁽²⁾, each (batch, units)
for t in range(steps):
    state_1, _ = lower.step(x[:, t], state_1)
    state_2, _ = upper.step(state_1[0], state_2)
claim("two lines of NumPy and two layers of Keras end in the same state: largest difference",
      np.abs(state_2[0] - deep(x)).max(), at_most=1e-5)

# %% [markdown]
# Keras goes about it in another order: it runs the lower layer over the *whole* sequence first, then the upper layer over all of its states.
# The order makes no difference, because no arrow leads down: what the lower layer does never depends on the upper one.

# %%
run_1 = cells.forward(lower, x)
run_2 = cells.forward(upper, run_1.outputs)
print("states of layer 1", run_1.outputs.shape, " of layer 2", run_2.outputs.shape)
claim("layer after layer gives the same last state as Keras: largest difference",
      np.abs(run_2.outputs[:, -1] - deep(x)).max(), at_most=1e-5)

# %% [markdown]
# ### What depth costs, and what it might buy
#
# The features of the second layer are the units of the first. A GRU has three sets of $W_x$, $W_h$ and biases, for two gates and the candidate, and a second layer of the same width has as many again; going from one layer to two
# about doubles the weights and the time. Is the same number of weights better spent on *one wider* layer? A recurrent network is already deep along time: the
# first word has passed through as many cells as there are words. What a stack adds is depth *within* a step: several nonlinear functions between a word and the answer
# to it. A stack may also divide the work. Hermans and Schrauwen (2013) trained stacks on the characters of Wikipedia, and found that the upper layers hold on to what they have read for longer than the lower
# ones. Large stacks on much data gain from it; for a small network on little data nothing of the kind is certain. Section 9 measures it, at nearly the same number of weights.

# %% [markdown]
# ## 2 · A task that needs the future
#
# Is a *crane* a bird or a machine? Is a *seal* an animal, or a lump of wax? Often the words before do not tell, and those after do: *the crane … slept*, *the crane …
# rusted*. We make sentences of two such clauses. At each noun the network has to say which of the two it is, an animal (1) or a thing (2); at all other words the answer is 0.
# Between the noun and its verb stand words that mean nothing for the question.

# %%
NOUNS = "crane seal bat mouse".split()  # each an animal, and each a thing
VERBS = ["slept ate woke yawned".split(), "cracked rusted broke snapped".split()]
BETWEEN = "there then once today again outside quietly still".split()
WORDS = NOUNS + VERBS[0] + VERBS[1] + BETWEEN + ["the"]


def clause(sense, gap, rng):
    noun, verb = rng.choice(NOUNS), rng.choice(VERBS[sense])
    return ["the", noun, *rng.choice(BETWEEN, gap), verb], [0, 1 + sense, *[0] * gap, 0]

# %%
def sentences(n, seed):
    """Word ids and labels, both (n, 11): two clauses, each with a sense of its own."""
    rng = np.random.default_rng(seed)
    ids, labels = [], []
    for _ in range(n):
        gap = rng.integers(1, 5)
        parts = [clause(rng.integers(2), g, rng) for g in (gap, 5 - gap)]
        ids.append([WORDS.index(word) for words, _ in parts for word in words])
        labels.append([label for _, answers in parts for label in answers])
    return np.array(ids), np.array(labels)

# %%
ids, labels = sentences(500, SEED)
ids_test, labels_test = sentences(1000, 1000 + SEED)
at_noun = labels_test > 0  # (sentences, time)
for word, label in zip(ids_test[0], labels_test[0]):
    print(f"{WORDS[word]}{['', ' (animal)', ' (thing)'][label]}", end=" ")

# %% [markdown]
# For a network that reads from left to right we can say, before training anything, how well it can do at the nouns. The sense of each was decided by the toss of a coin that left
# no trace before the verb. Whatever the network computes from the words up to the noun, and however deep it is, it is right half of the time on average, if it names a sense at all, and never when it answers 0. On a test with $n$ nouns, chance alone moves
# that by about $\sqrt{0.5 \cdot 0.5 / n}$, one standard error; four of them are a bound that luck passes once in thirty thousand times.

# %%
n_nouns = at_noun.sum()
bound = 0.5 + 4 * np.sqrt(0.25 / n_nouns)
print(f"{n_nouns} nouns: a forward network stays below {bound:.3f}, up to rare luck")

# %% [markdown]
# ## 3 · Two layers, one of them reading backwards
#
# The remedy is as plain as can be (Schuster and Paliwal 1997). Take *two* recurrent layers. One reads the sequence from its first step to its last, the other from its last step to its first. At each step
# put their two states side by side:
#
# $$\overrightarrow{h}_t = \overrightarrow{f}(x_t, \overrightarrow{h}_{t-1}), \qquad \overleftarrow{h}_t = \overleftarrow{f}(x_t, \overleftarrow{h}_{t+1}), \qquad h_t = [\overrightarrow{h}_t, \overleftarrow{h}_t]$$
#
# The left half of $h_t$ knows all words up to $t$, the right half all words from $t$ on.

# %%
plots.drawing("bidirectional_layer", alt="""
    Four words. Above each, a state of a forward layer, with arrows from left to
    right, and a state of a backward layer, with arrows from right to left. No
    arrow joins the two layers. At the top of each step the two states stand
    side by side in one box.""")

# %% [markdown]
# No arrow leads from one layer to the other. They have weights of their own and meet only in the box at the top. In Keras this is `Bidirectional`, a wrapper around a layer. To show that nothing
# else is in it, we rebuild it from two plain layers, with its weights copied into them.

# %%
GRU, Bidirectional = keras.layers.GRU, keras.layers.Bidirectional
both = Bidirectional(GRU(units, return_sequences=True))
both.build((None, None, features))

# %%
ahead, back = GRU(units, return_sequences=True), GRU(units, return_sequences=True)
for plain, half in ((ahead, both.forward_layer), (back, both.backward_layer)):
    plain.build((None, None, features))
    plain.set_weights(half.get_weights())
h_both = both(x).numpy()  # (batch, time, 2 · units)
h_ahead = ahead(x).numpy()  # (batch, time, units)
h_back = back(x[:, ::-1]).numpy()  # (batch, time, units), the last word first

# %% [markdown]
# `x[:, ::-1]` turns the time axis round: the backward layer is a plain layer that is given the sequence in reverse. And here is the trap. Its first output belongs to the *last* word, its last output to the *first*
# word. Put beside the forward states as they are, they belong to other words. They have to be turned round once more.

# %%
trap = np.concatenate([h_ahead, h_back], axis=-1)  # steps do not match
mended = np.concatenate([h_ahead, h_back[:, ::-1]], axis=-1)  # (batch, time, 2 · units)
claim("turned round again, two plain layers equal Bidirectional: largest difference",
      np.abs(mended - h_both).max(), at_most=1e-5)
claim("not turned round, they do not: largest difference", np.abs(trap - h_both).max(),
      at_least=0.05)

# %% [markdown]
# The trap raises no error: the shapes are right, and a network trained on it still learns, from pairs of states that do not belong together. `Bidirectional` turns the outputs for you. With
# `go_backwards=True` of a plain layer you have to do it by hand.

# %% [markdown]
# ### What is the last output?
#
# To classify a whole sequence, one vector is needed. For the forward half that is its state at the last step. But the backward half at the last step has read one word only, the last. *Its* summary of the whole
# sequence is where it ends, at the first step. With `return_sequences=False`, Keras takes each half where that half ends.

# %%
summary_layer = Bidirectional(GRU(units))
summary_layer.build((None, None, features))
summary_layer.set_weights(both.get_weights())
whole = np.concatenate([h_both[:, -1, :units], h_both[:, 0, units:]], axis=-1)
claim("without return_sequences: forward half of the last step, backward half of the first",
      np.abs(summary_layer(x) - whole).max(), at_most=1e-5)

# %%
other = x.copy()
other[:, :-1] = rng.normal(size=other[:, :-1].shape)  # all words but the last are other ones
moved = np.abs(both(other).numpy() - h_both)[:, -1]  # (batch, 2 · units): at the last step
claim("at the last step the forward half has noticed the other words",
      moved[:, :units].max(), at_least=0.05)
claim("the backward half has not: it has read the last word only", moved[:, units:].max(),
      at_most=1e-6)

# %% [markdown]
# So `outputs[:, -1]` of a bidirectional layer is half a summary, and again no error tells you.
#
# Bidirectional layers can be stacked like any others. Both directions of the upper layer then read the whole vector $h_t$, 2 · units numbers at each step. Instead of putting the halves side by side, Keras can
# also add, average or multiply them: that is the argument `merge_mode`, by default `"concat"`.

# %% [markdown]
# ## 4 · The future, measured
#
# Back to the cranes. Three networks, the same data and the same number of updates: one forward layer of 16 units, two forward layers of 16 each, and a bidirectional layer with 16 units in each direction.

# %%
SimpleRNN = keras.layers.SimpleRNN


def train(layers, x, y, n_words, n_classes):
    """A network with an answer at every step; the label −1 means that none is asked for."""
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([keras.Input((None,)), keras.layers.Embedding(n_words, 8), *layers,
                              keras.layers.Dense(n_classes, activation="softmax")])
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)
    model.compile(keras.optimizers.Adam(0.01), loss, jit_compile=False)
    model.fit(x, y, batch_size=25, epochs=8, verbose=0, callbacks=[ProgressBar()])
    return model

# %%
arrangements = {
    "forward": [SimpleRNN(16, return_sequences=True)],
    "two forward layers": [SimpleRNN(16, return_sequences=True) for _ in range(2)],
    "bidirectional": [Bidirectional(SimpleRNN(16, return_sequences=True))],
}
taggers = {name: train(layers, ids, labels, len(WORDS), 3)
           for name, layers in arrangements.items()}

# %%
right = {}  # at nouns and elsewhere
for name, model in taggers.items():
    correct = model(ids_test).numpy().argmax(axis=-1) == labels_test  # (sentences, time)
    right[name] = correct[at_noun].mean(), correct[~at_noun].mean()

# %%
figure, axes = plots.figure(size=(7.4, 3.2))
for offset, k, name in ((-0.2, 0, "at the nouns"), (0.2, 1, "at the other words")):
    axes.bar(np.arange(3) + offset, [pair[k] for pair in right.values()], 0.38, label=name)
plots.label_bars(axes)
for text in axes.texts:
    text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})
axes.axhline(bound, color="black", linewidth=0.8, linestyle=":")
axes.set(title="Bird or machine? Only those who read on can know", ylabel="accuracy", ylim=(0, 1.3),
         xticks=range(3), yticks=[0, 0.5, 1])
axes.set_xticklabels(right)
axes.legend(frameon=False, ncols=2, loc="upper left")
plots.show(figure, alt="""Bars of accuracy of three networks. At words other than nouns all are
    at one. At the nouns the forward network and the two forward layers are near one half,
    below a dotted line; the bidirectional network is near one.""")

# %%
claim("four standard errors above a coin is the bound for forward networks: forward minus it",
      right["forward"][0] - bound, at_most=0)
claim("two forward layers minus the same bound", right["two forward layers"][0] - bound,
      at_most=0)
claim("accuracy of the bidirectional network at the nouns", right["bidirectional"][0],
      at_least=0.9)

# %% [markdown]
# The forward networks learned what there was to learn: which words are nouns. At the nouns they toss coins, and depth does not help, for what is missing is not computing but knowing. Whatever depth is good for, it is not good for this.
#
# The point can be made without any statistics. Here are two sentences that begin alike.

# %%
pair = ["the crane outside still slept the bat then today again rusted".split(),
        "the crane outside still rusted the bat then today again slept".split()]
pair_ids = np.array([[WORDS.index(word) for word in words] for words in pair])
figure, all_axes = plots.figure(1, 2, size=(9.6, 3.2), sharey=True)
for axes, name in zip(all_axes, ("forward", "bidirectional")):
    p = taggers[name](pair_ids).numpy()  # (2, time, 3)
    for k, (style, verb) in enumerate((("o-", "slept"), ("s--", "rusted"))):
        axes.plot(p[k, :, 2], style, label=f"the crane … {verb}")
    axes.set(title=name, xticks=range(11), ylim=(-0.05, 1.05))
    axes.set_xticklabels([a if a == b else f"{a}/{b}" for a, b in zip(*pair)], rotation=50,
                         ha="right")
all_axes[0].set_ylabel("P(thing)")
all_axes[0].legend(frameon=False)
plots.show(figure, alt="""Probability of 'thing' at each word of two sentences that differ in
    their verbs. The forward network gives the same curve for both up to the first verb, about
    one half at crane. The bidirectional network says animal at the one crane and thing at the
    other, and the reverse at the two bats.""")

# %%
gap = {name: np.abs(np.diff(model(pair_ids)[:, 1, 2])).max() for name, model in taggers.items()}
claim("at 'crane' the forward network says the same in both sentences: difference",
      gap["forward"], at_most=1e-6)
claim("the bidirectional network tells them apart: difference", gap["bidirectional"],
      at_least=0.5)

# %% [markdown]
# ## 5 · When the future may not be used
#
# A bidirectional network needs the whole sequence before it gives its first output. A finished article, a recorded sentence, a review: all is there. But a keyboard that suggests the next word, subtitles while somebody speaks, tomorrow's demand:
# there the future is not there *when the answer is needed*. Nothing stops you from training a bidirectional network for it all the same. We do, to see what it looks like.
#
# The task is to predict the next symbol of five. Each symbol is the one *two* steps before it, plus one (after the last comes the first again), in eight cases of ten, and one of the other four otherwise. So the best
# that anyone can do without seeing the future is 0.8, from the second step on.

# %%
K, RULE, LENGTH = 5, 0.8, 12


def symbols(n, seed):
    """x (n, LENGTH), and y (n, LENGTH): the next symbol; −1 where none is asked for."""
    rng = np.random.default_rng(seed)
    x = rng.integers(K, size=(n, LENGTH))
    for t in range(2, LENGTH):
        other = rng.integers(1, K, size=n)  # anything but the rule
        x[:, t] = (x[:, t - 2] + 1 + np.where(rng.random(n) < RULE, 0, other)) % K
    y = np.full_like(x, -1)
    y[:, 1:-1] = x[:, 2:]  # none for the first step, and the last has no next one
    return x, y

# %%
x_symbols, y_symbols = symbols(500, SEED)
x_new, y_new = symbols(400, 1000 + SEED)
predictors = {
    "forward": train([SimpleRNN(8, return_sequences=True)], x_symbols, y_symbols, K, K),
    "bidirectional": train([Bidirectional(SimpleRNN(8, return_sequences=True))],
                           x_symbols, y_symbols, K, K),
}

# %% [markdown]
# First the check that everybody makes: whole sequences that were not in the training set. Then the check that counts: **live**. The network gets the symbols up to step $t$, as they would have come in by then, and its answer at step $t$ is
# compared with what came next.

# %%
def by_step(predicted):
    """Accuracy (time,) at the steps that have an answer; `predicted` is (n, LENGTH)."""
    return (predicted == y_new)[:, 1:-1].mean(axis=0)


accuracy = {}
for name, model in predictors.items():
    accuracy[name, "validation"] = by_step(model(x_new).numpy().argmax(axis=-1))
    live = [model(x_new[:, : t + 1]).numpy()[:, -1].argmax(axis=-1) for t in range(LENGTH)]
    accuracy[name, "live"] = by_step(np.stack(live, axis=1))

# %%
figure, axes = plots.figure(size=(7.4, 3.4))
styles = {"forward": ("o", plots.BLUE), "bidirectional": ("s", plots.ORANGE)}
for (name, how), values in accuracy.items():
    marker, colour = styles[name]
    axes.plot(range(2, LENGTH), values, "-" if how == "live" else "--", marker=marker,
              color=colour, label=f"{name}, {how}")
axes.axhline(RULE, color="black", linewidth=0.8, linestyle=":")
axes.annotate("the best that is possible", (2, RULE), (1.9, RULE + 0.02))
axes.set(title="Too good in validation, and lost when run live", xlabel="step $t$",
         ylabel="accuracy", ylim=(0, 1.08))
axes.legend(frameon=False, ncols=2, loc="lower right")
plots.show(figure, alt="""Accuracy of predicting the next symbol against the step. In validation
    the bidirectional network is at one, above a dotted line at 0.8 that marks the best
    possible. Run live it is far below. The forward network is near the dotted line in both,
    its two curves one on top of the other.""")

# %%
mean = {key: values.mean() for key, values in accuracy.items()}
claim("bidirectional, in validation: better than the best that is possible",
      mean["bidirectional", "validation"], at_least=0.98)
claim("bidirectional: what is lost from validation to live",
      mean["bidirectional", "validation"] - mean["bidirectional", "live"], at_least=0.25)
claim("forward, live", mean["forward", "live"], at_least=0.72)
claim("live, the forward network is ahead of the bidirectional one by",
      mean["forward", "live"] - mean["bidirectional", "live"], at_least=0.05)
claim("forward: difference between validation and live",
      np.abs(accuracy["forward", "live"] - accuracy["forward", "validation"]).max(),
      at_most=1e-9)

# %% [markdown]
# In validation the backward half has read the next symbol already; predicting it means handing it on. This is called a **leak**. A validation split does not guard against it, because it leaks in the same way. Live, the
# backward half has read one symbol and has nothing to hand on, and the forward half had little reason to learn the rule while the answer lay open beside it. What is left is better than
# guessing, which has one in five, and clearly worse than the plain forward network, which is near the best possible.
#
# Two signs give a leak away. A result above what is possible, if that is known; and a live test that differs from validation. The second can always be made: **cut the input where the present is, and compare.** For the forward network both
# curves are the same, for it never looked ahead.
#
# What counts is the moment of the answer, not the direction of reading. The words typed so far lie on the table, and a network that was trained on such
# beginnings may read them in both directions. But then it has to read all of them again for each new word, where a forward network goes on from its last state.

# %% [markdown]
# ## 6 · Dropout, and where it does harm
#
# **Dropout** (Srivastava and others 2014) multiplies the values on their way between two layers by a **mask**: a random vector that is 0 with probability $p$ and $1/(1-p)$ otherwise. A value is dropped or made larger, such that its mean stays
# the same. The mask is drawn anew for each example of each batch, in training only. Since no unit can rely on any other being there, the network has to spread what it knows, and clings less to its training examples.
#
# In a recurrent network there are two ways to go from a state: up, to the next layer, and to the right, to the next step. Up, a value passes a mask once per layer. To the right, it would pass one *at every step*. We look at what that
# does to a memory. Take the **latch** of lesson 04: one unit with $h_t = \tanh(3 h_{t-1})$, which holds on to a positive state for ever. Two thousand such units, in which each state goes through a mask on its way:
#
# $$h_t = \tanh\big(3\, (m_t \odot h_{t-1})\big)$$

# %%
p, T, n_units = 0.2, 40, 2000


def new_mask():
    """(n_units,): 0 with probability p, else 1 / (1 - p)"""
    return (rng.random(n_units) >= p) / (1 - p)


# %%
def alive(masks):
    """Share of units that still hold their state, after each step: (T,)"""
    h, shares = np.ones(n_units), []
    for m_t in masks:
        h = np.tanh(3 * m_t * h)  # (n_units,)
        shares.append((h > 0.5).mean())
    return np.array(shares)

# %%
fresh = alive([new_mask() for _ in range(T)])  # another mask at each step
kept = alive([new_mask()] * T)  # one mask, kept for all steps
memory, paths = np.ones(n_units), [np.ones(n_units)]  # without tanh: h_t = m_t h_{t-1}
for _ in range(10):
    memory = new_mask() * memory
    paths.append(memory)

# %%
figure, (left, right_axes) = plots.figure(1, 2, size=(9.6, 3.2))
t = np.arange(1, T + 1)
left.plot(t, kept, "s-", markersize=3, label="one mask for all steps")
left.plot(t, fresh, "o-", markersize=3, label="a new mask at every step")
left.plot(t, (1 - p) ** t, ":", color="black", label="$(1 - p)^t$")
left.set(title="Latches that still remember", xlabel="step $t$", ylabel="share of units",
         ylim=(0, 1.05))
left.legend(frameon=False)
right_axes.plot(np.array(paths)[:, :40], color=plots.SKY, linewidth=1)
right_axes.plot(np.mean(paths, axis=1), "o-", color=plots.BLUE)
right_axes.set(title="A memory without tanh: 40 units, and the mean", xlabel="step $t$",
               ylabel="$h_t$")
plots.show(figure, alt="""Left: share of latches that still hold their state against the step.
    With one mask for all steps it stays at about 0.8; with a new mask at each step it falls to
    zero along the curve of (1 - p) to the power t. Right: without tanh, most units fall to
    zero one after the other while the others grow without end; their mean stays near one.""")

# %%
claim("new masks: share of latches left after 10 steps, beside 0.8 to the power 10", fresh[9],
      close_to=(1 - p) ** 10, within=0.03)
claim("new masks: share left after 40 steps", fresh[-1], at_most=0.01)
claim("one mask: share left after 40 steps", kept[-1], close_to=1 - p, within=0.04)
claim("without tanh: standard deviation of what should be 1, after 10 steps", memory.std(),
      at_least=2)

# %% [markdown]
# With a new mask at every step, a memory has to survive every one of the draws, and $(1-p)^t$ falls fast, however small $p$ is. A memory that is not held by a tanh turns to noise: the mean over all units is still right, as it should be with dropout, but there is no unit in which it stands. With *one* mask,
# drawn once for a sequence and kept for all its steps, the memory is lost in the units that the mask shuts, and safe in the others, for as long as you like. (The tanh has a share in that: without it, each step would multiply the units that are let through by $1/(1-p)$ once more.)
#
# So there are two good rules, and they do not exclude each other. Zaremba and others (2014): **drop on the way up only**, never on the way from step to step. Gal and Ghahramani (2016): **you may drop on the way from step to step, with one mask for all steps.** They call it
# variational dropout, and derive it from an approximation of Bayesian inference.

# %% [markdown]
# ## 7 · Look at the masks that Keras draws
#
# Keras offers three things: a layer `Dropout`, and the arguments `dropout` and `recurrent_dropout` of each recurrent layer. Which of them draws a new mask at each step? Their names do not tell, but a picture does. `Dropout` we can feed with ones, and its
# output *is* the mask. For the other two we take a simple RNN of one unit, without tanh, and set its weights by hand, $h_t = x_t m^{x}_t + w_h\, m^{h}_t h_{t-1}$, so that the masks can be read off its states: with $w_h = 0$ and inputs of one, the state *is* $m^x_t$; with $w_h = 1$ and no mask on the input, $h_t = 1 + m^h_t h_{t-1}$, so $m^h_t = (h_t - 1) / h_{t-1}$.

# %%
def one_unit(w_h, **dropout):
    layer = SimpleRNN(1, activation="linear", return_sequences=True, **dropout)
    layer.build((None, None, 1))
    layer.set_weights([np.ones((1, 1)), np.full((1, 1), w_h), np.zeros(1)])
    return layer


# %%
ones = np.ones((12, 13, 1), "float32")  # (batch, time, features)
h = one_unit(1, recurrent_dropout=0.5)(ones, training=True).numpy()  # h_t = 1 + m h_{t-1}
Dropout = keras.layers.Dropout
masks = {
    "Dropout(0.5)\n": Dropout(0.5)(ones, training=True).numpy(),
    "Dropout, noise_shape\n(None, 1, None)":
        Dropout(0.5, noise_shape=(None, 1, None))(ones, training=True).numpy(),
    "SimpleRNN,\ndropout=0.5": one_unit(0, dropout=0.5)(ones, training=True).numpy(),
    "SimpleRNN,\nrecurrent_dropout=0.5": (h[:, 1:] - 1) / h[:, :-1],
}  # (batch, time, 1); that of the recurrent mask begins at the second step

# %%
figure, all_axes = plots.figure(1, 4, size=(9.8, 3.0), sharey=True)
for axes, (name, mask) in zip(all_axes, masks.items()):
    axes.imshow(mask[:, -12:, 0], cmap="Blues", vmin=-0.4, vmax=2.6)
    axes.set_title(name, fontsize=9.5)
    axes.set(xlabel="step", xticks=[], yticks=[])
all_axes[0].set_ylabel("sequence of the batch")
plots.show(figure, alt="""Four grids of masks, a row for each of twelve sequences, a column for
    each of twelve steps; dark is kept, pale is dropped. The layer Dropout gives a random pattern of
    squares. Dropout with a noise shape, and both arguments of the recurrent layer, give whole
    rows of one shade: the same mask at all steps, another for each sequence.""")

# %%
changes = {name: (mask[:, 1:] != mask[:, :-1]).mean() for name, mask in masks.items()}
plain, shaped, of_inputs, of_states = changes.values()
claim("Dropout: share of neighbouring steps with different masks", plain, close_to=0.5,
      within=0.2)
claim("with noise_shape, dropout= and recurrent_dropout=: share of them",
      max(shaped, of_inputs, of_states), at_most=0)

# %% [markdown]
# Squares in the first picture, stripes in the others. `Dropout` between two recurrent layers draws a new mask for each step. That is allowed, for it is on the way up. With `noise_shape=(None, 1, None)` it draws one for all steps, and
# `SpatialDropout1D` is the short name for it. The arguments `dropout`, for what comes from below, and `recurrent_dropout`, for what comes from the step before, both keep one mask for all steps, as Gal and Ghahramani want it. Each sequence has its own, and the next batch has new ones.

# %% [markdown]
# ### And in an LSTM?
#
# An LSTM uses $h_{t-1}$ four times, in three gates and in the candidate. Is it the same mask each time? `get_recurrent_dropout_mask` is the method by which the cell draws them. It is not in the manual, so it may change, but it lets us look. The cell keeps what it has drawn until the layer's next
# call is over, so the call below uses the very masks that we hold in our hands.

# %%
layer = keras.layers.LSTM(units, recurrent_dropout=0.5)
layer.build((None, None, features))
drawn = layer.cell.get_recurrent_dropout_mask(np.zeros((2, units), "float32"))
m = dict(zip("ifco", (mask.numpy() for mask in drawn)))  # four masks, each (batch, units)
for gate, mask in m.items():
    print(gate, *mask)
h_keras = layer(x, training=True).numpy()  # (batch, units)

# %% [markdown]
# Four masks, one for each part of the cell. With them, the six lines of lesson 06 compute what Keras does in training:

# %%
cell, sigmoid = cells.from_keras(layer), cells.sigmoid
h = c = np.zeros((2, units))
for x_t in x.swapaxes(0, 1):  # (batch, features)
    i = sigmoid(x_t @ cell.W_xi + (m["i"] * h) @ cell.W_hi + cell.b_i)
    f = sigmoid(x_t @ cell.W_xf + (m["f"] * h) @ cell.W_hf + cell.b_f)
    c_tilde = np.tanh(x_t @ cell.W_xc + (m["c"] * h) @ cell.W_hc + cell.b_c)
    o = sigmoid(x_t @ cell.W_xo + (m["o"] * h) @ cell.W_ho + cell.b_o)
    c = f * c + i * c_tilde  # all (batch, units); the cell state has no mask
    h = o * np.tanh(c)
claim("an LSTM with our four masks equals Keras's recurrent_dropout: largest difference",
      np.abs(h - h_keras).max(), at_most=1e-5)

# %%
alone = keras.layers.LSTM(units, dropout=0.5)
alone.build((None, None, features))
shared = alone.cell.get_dropout_mask(x[:, 0])
claim("recurrent_dropout draws this many masks for an LSTM", len(drawn), close_to=4, within=0.5)
claim("dropout alone draws one for all four parts: axes of what it gives", len(shared.shape),
      close_to=2, within=0.5)

# %% [markdown]
# Look at where the masks stand. They act on $h_{t-1}$ as it goes into the gates and the candidate. The cell state $c_t$ has none: the conveyor belt is left in peace, and with it the memory. In a GRU it is the same: three masks, and none on the part of the old state that the update gate keeps.
# (Gal and Ghahramani describe both kinds, the same mask for all gates and one for each. `dropout` draws one for all four parts as long as there is no `recurrent_dropout`; together with it, four.)

# %% [markdown]
# ## 8 · What recurrent dropout costs
#
# Four masks mean that the four products $h_{t-1} W_h$ have four different left sides, so they can no longer be done as one wide product. The table is from the record of `benchmarks/cells.py`, which lets many layers take turns on one machine.

# %% tags=["recorded"]
speed = tables.benchmark("cells", "Time of a training step, as a multiple of the plain layer's")
names = ("plain", "dropout", "recurrent dropout", "recurrent dropout, XLA")
rows = {row["setting"]: row for row in speed.rows if row["setting"] in names}
print(f"{'':24}{'SimpleRNN':>10}{'LSTM':>8}{'GRU':>8}")
for name in names:
    values = [rows[name][kind] for kind in ("SimpleRNN", "LSTM", "GRU")]
    print(f"{name:24}{values[0]:10.2f}{values[1]:8.2f}{values[2]:8.2f}")
print(speed.note)
claim("on record: a training step of an LSTM with recurrent dropout, in plain ones",
      rows["recurrent dropout"]["LSTM"], at_least=1.2)

# %% [markdown]
# `dropout` costs little. `recurrent_dropout` makes the step of an LSTM or a GRU clearly slower, and leaves the simple RNN, which has only one product, nearly as it was. XLA, the compiler that `jit_compile=True` turns on, wins the time back, though the plain layer
# would gain from it too. On a graphics card, which we have not measured, the price is higher as a rule: the fast kernels for LSTM and GRU know no recurrent dropout, and Keras falls back to a loop over the steps without a word.

# %% [markdown]
# ## 9 · And on reviews?
#
# Which of these helps on real sentences? We train on few reviews, their last 30 words, and compare networks with nearly the same number of weights: one layer of 24 units, two of 16, a bidirectional one of 16 in each direction, and the two layers with dropout. All settings were fixed before; nothing is chosen by these scores,
# so we may look at the test reviews.
#
# Short texts are filled up with zeros at the end. Read backwards, such a text *begins* with zeros. `mask_zero=True` makes both directions pass over them, as in lesson 07; without it the backward half would start from
# a state made of padding.

# %%
from course_utils.text import Vocabulary, tokenize

WORDS_READ = 30


def some(split, n):
    """The last words of n reviews drawn by chance, and their labels (n,)."""
    chosen = np.random.default_rng(SEED).permutation(len(split))[:n]
    return [tokenize(split.texts[i])[-WORDS_READ:] for i in chosen], split.labels[chosen]


train_words, y_train = some(data.train, N_TRAIN)
test_words, y_test = some(data.test, N_TEST)
vocabulary = Vocabulary.from_documents(train_words, size=1000)
X_train, X_test = (
    keras.utils.pad_sequences([vocabulary.encode(words) for words in part], WORDS_READ,
                              padding="post") for part in (train_words, test_words)
)  # (reviews, WORDS_READ), zeros after the end of short texts

# %%
from time import perf_counter

networks = {
    "one layer": lambda: [GRU(24)],
    "two layers": lambda: [GRU(16, return_sequences=True), GRU(16)],
    "bidirectional": lambda: [Bidirectional(GRU(16))],
    "two layers, dropout": lambda: [Dropout(0.3), GRU(16, return_sequences=True),
                                    Dropout(0.3), GRU(16), Dropout(0.3)],
}


def classifier(layers):
    return keras.Sequential([
        keras.Input((WORDS_READ,)),
        keras.layers.Embedding(len(vocabulary), 16, mask_zero=True),  # (batch, time, 16)
        *layers,
        keras.layers.Dense(1, activation="sigmoid"),  # (batch, 1)
    ])

# %%
rows = []
for name, layers in networks.items():
    keras.utils.set_random_seed(SEED)
    model = classifier(layers())
    model.compile(keras.optimizers.Adam(0.005, clipnorm=1.0), "binary_crossentropy")
    begun = perf_counter()
    model.fit(X_train, y_train, batch_size=64, epochs=6, verbose=0, callbacks=[ProgressBar()])
    seconds = perf_counter() - begun
    scores = [((model(X).numpy()[:, 0] > 0.5) == y).mean()
              for X, y in ((X_train, y_train), (X_test, y_test))]
    recurrent = model.count_params() - model.layers[0].count_params()
    rows.append({"network": name, "parameters without embedding": recurrent,
                 "seconds": seconds, "training": scores[0], "test": scores[1]})
ladder = tables.table("Deep, bidirectional and dropout, on few reviews", rows)
ladder

# %%
error = np.sqrt(0.25 / N_TEST)
print(f"standard error of a test score: at most {error:.3f}")
tested, trained = ladder.values("test"), ladder.values("training")
claim("lowest test accuracy of the four", min(tested), at_least=0.55)
claim("best minus worst of the four, in the test", max(tested) - min(tested), at_most=0.1)
claim("the network without dropout that knows its training reviews best is ahead of the test by",
      max(trained[:3]) - tested[int(np.argmax(trained[:3]))], at_least=0.1)

# %% [markdown]
# First the two columns of scores. Without dropout the networks know their training reviews very well, and fall far behind that on reviews they have not seen: they have learned these reviews more than the language of reviews. Dropout is meant to narrow that gap.
# Here it narrows it a little, if at all, and the test scores of all four lie within a tenth.
#
# Then the rows. The seconds include building the graph, which for so few steps is most of the work; those on IMDB below say more. Compare the differences with the standard error before you name a winner: a second layer or a second direction costs time, and on this many reviews neither brings a gain that stands out from the noise. With another seed the four change places; set `SEED` to 1 or 2 in the
# settings and run again. The made task of section 4 shows the other side: where the answer lies in the future, the second direction is all that counts. An arrangement of layers helps when it brings the network something that it lacks. What these four lack is examples.

# %% [markdown]
# ### On IMDB
#
# The next table was not computed on your machine: it is the record of three runs of this notebook with the real reviews, 4,000 for training and 5,000 for the test.

# %% tags=["recorded"]
imdb = tables.recorded("08_deep_and_bidirectional",
                        "Deep, bidirectional and dropout, on few reviews")
imdb

# %% tags=["recorded"]
figure, axes = plots.figure(size=(6.8, 3.2))
places = np.arange(len(imdb.rows))
for offset, column in ((-0.2, "training"), (0.2, "test")):
    axes.barh(places + offset, imdb.values(column), 0.38, label=column)
plots.label_bars(axes)
axes.set(title="IMDB: known reviews and new ones", xlabel="accuracy", xlim=(0, 1.35),
         xticks=[0, 0.5, 1])
axes.set_yticks(places, [row["network"] for row in imdb.rows])
axes.invert_yaxis()
axes.legend(frameon=False, loc="center right")
plots.show(figure, alt="""Horizontal bars of accuracy of the four networks on IMDB, from the record.
    In training all are near 0.9, the bidirectional one highest; in the test all are near 0.7,
    the bidirectional one lowest.""")

# %% [markdown]
# All four know their training reviews far better than the test reviews, here too. With each of the three seeds dropout comes out first and the second direction last, the
# one that fits its training reviews best. But the steps are small. Between one layer, the cheapest of the four, and two there is no difference that the deviations over seeds would
# not cover, and dropout is ahead of the same two layers by less than that. Only the second direction stands apart, and on the wrong side. Lesson 10 asks again, with all of the training reviews.

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: hand_on
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `hand_on(n_layers, answer)`: the values of `return_sequences` of a stack of `n_layers` recurrent layers, the lowest first, as a list. `answer` is `"sequence"` when one
# answer is wanted for the whole sequence, and `"step"` when one is wanted at every step.
#
# <details><summary>Hint 1</summary>Who reads the output of a layer that is not the top one? What does it need?</details>
# <details><summary>Hint 2</summary><code>[True] * 3</code> is a list of three. Only the last entry depends on <code>answer</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def hand_on(n_layers, answer):
    """Values of return_sequences for each layer of a stack, the lowest first."""
    return [True] * (n_layers - 1) + [answer == "step"]  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one vector for the whole sequence"
def hand_on(n_layers, answer):
    return [True] * n_layers

# %% tags=["wrong"] message="the layer above it has no sequence to read"
def hand_on(n_layers, answer):
    return [answer == "step"] * n_layers

# %% tags=["wrong"] message="an answer at every step"
def hand_on(n_layers, answer):
    return [True] * (n_layers - 1) + [False]

# %% [raw]
# # BEGIN TESTS

# %%
def test_hand_on(hand_on):
    got = hand_on(3, "sequence")
    assert isinstance(got, list) and len(got) == 3, f"for three layers the answer is a list of three values, you gave {got!r}"
    assert got[0] and got[1], f"for three layers and one answer you gave {got}: where a lower layer has False, the layer above it has no sequence to read"
    assert not got[2], f"for three layers and one answer you gave {got}: the top layer should give one vector for the whole sequence"
    got = hand_on(2, "step")
    assert got == [True, True], f"for two layers and an answer at every step you gave {got}: the top layer has to give all its states too"
    assert hand_on(1, "sequence") == [False], f"a single layer with one answer needs [False], you gave {hand_on(1, 'sequence')}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_hand_on_hidden(hand_on):
    for n in (1, 2, 5):
        for answer in ("sequence", "step"):
            wanted = [True] * (n - 1) + [answer == "step"]
            assert list(hand_on(n, answer)) == wanted, f"not right for {n} layers and {answer!r}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: n_weights
# points: 1

# %% [markdown]
# **Exercise 2.** Two bidirectional layers stand on top of each other, both made of simple RNNs with `units` units in each direction. Write `n_weights(features, units)`: how many weights they have together, biases included. A simple RNN on $F$
# features has $F \cdot \text{units} + \text{units}^2 + \text{units}$ of them (lesson 04). The check asks Keras.
#
# <details><summary>Hint 1</summary>A bidirectional layer has two sets of weights, of the same shapes.</details>
# <details><summary>Hint 2</summary>How long are the vectors that the lower bidirectional layer hands on? That is the number of features of the upper one.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def n_weights(features, units):
    """Weights of two stacked bidirectional layers of simple RNNs."""
    # BEGIN SOLUTION
    lower = 2 * (features * units + units**2 + units)
    upper = 2 * (2 * units * units + units**2 + units)
    return lower + upper
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="twice as long"
def n_weights(features, units):
    return 2 * (features * units + units**2 + units) + 2 * (units * units + units**2 + units)

# %% tags=["wrong"] message="one direction only"
def n_weights(features, units):
    return (features * units + units**2 + units) + (2 * units * units + units**2 + units)

# %% tags=["wrong"] message="both layers read the input"
def n_weights(features, units):
    return 4 * (features * units + units**2 + units)

# %% [raw]
# # BEGIN TESTS

# %%
def test_n_weights(n_weights):
    import keras

    f, n = 3, 5
    got = n_weights(f, n)
    assert got is not None, "the function gives None: does it return the number?"
    assert got != 200, "with 3 features and 5 units you gave 200: what the upper layer reads is twice as long as one state"
    assert got != 125, "with 3 features and 5 units you gave 125, which counts one direction only"
    assert got != 180, "with 3 features and 5 units you gave 180, as if both layers read the input; the upper one reads the lower one's states"
    layers = [keras.layers.Bidirectional(keras.layers.SimpleRNN(n, return_sequences=True)) for _ in range(2)]
    counted = keras.Sequential([keras.Input((None, f)), *layers]).count_params()
    assert got == counted, f"with {f} features and {n} units you gave {got}, Keras counts {counted}"
    assert n_weights(100, 10) == 2 * 1110 + 2 * 310, "it fits 3 features and 5 units, but not 100 and 10"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_n_weights_hidden(n_weights):
    for d, u in ((7, 2), (1, 1), (50, 20)):
        assert n_weights(d, u) == 2 * (d + u + 1) * u + 2 * (3 * u + 1) * u, f"not right for {d} features and {u} units"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: both_ways
# points: 2

# %% [markdown]
# **Exercise 3.** Write `both_ways(x, read, read_back)`. `x` is an array (batch, time, features). `read` and `read_back` are functions: each takes such an array, reads it from its first step to its last, and gives
# all states (batch, time, units). The result is what a bidirectional layer with `return_sequences=True` gives, (batch, time, 2 · units), with `read_back` as its backward half.
#
# <details><summary>Hint 1</summary><code>x[:, ::-1]</code> turns the time axis round; <code>x[::-1]</code> would turn the batch round.</details>
# <details><summary>Hint 2</summary>The time axis has to be turned round twice: on the way in and on the way out.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def both_ways(x, read, read_back):
    """Outputs (batch, time, 2 · units) of a bidirectional layer."""
    # BEGIN SOLUTION
    h_back = read_back(x[:, ::-1])[:, ::-1]  # (batch, time, units), the first word first
    return np.concatenate([read(x), h_back], axis=-1)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="belong to other steps"
def both_ways(x, read, read_back):
    return np.concatenate([read(x), read_back(x[:, ::-1])], axis=-1)

# %% tags=["wrong"] message="has read the past"
def both_ways(x, read, read_back):
    return np.concatenate([read(x), read_back(x)], axis=-1)

# %% tags=["wrong"] message="turned the batch round"
def both_ways(x, read, read_back):
    return np.concatenate([read(x), read_back(x[:, ::-1])[::-1]], axis=-1)

# %% tags=["wrong"] message="shape"
def both_ways(x, read, read_back):
    return np.concatenate([read(x), read_back(x[:, ::-1])[:, ::-1]], axis=1)

# %% [raw]
# # BEGIN TESTS

# %%
def test_both_ways(both_ways):
    import numpy as np

    def read(x):
        return np.cumsum(x, axis=1)  # a state that adds up what it has read: features = units

    def read_back(x):
        return 10 * np.cumsum(x, axis=1)

    x = np.arange(1.0, 13.0).reshape(2, 3, 2) ** 2
    got = np.asarray(both_ways(x, read, read_back))
    assert got.shape == (2, 3, 4), f"for x (2, 3, 2) and 2 units in each direction the shape must be (2, 3, 4); yours is {got.shape}: the states of a step stand side by side"
    assert np.allclose(got[..., :2], read(x)), "the first half must be the states of read(x)"
    back = got[..., 2:]
    assert not np.allclose(back, read_back(x[:, ::-1])), "the second half has the states in the order in which they were made, the last word first: they belong to other steps"
    assert not np.allclose(back, read_back(x)), "the second half has read the past, like the first: the sequence must be turned round on the way in"
    assert not np.allclose(back, read_back(x[:, ::-1])[::-1]), "on the way out you turned the batch round, not the time: the time is the second axis"
    assert np.allclose(back, read_back(x[:, ::-1])[:, ::-1]), "at each step the second half must be the state that has read from the end back to that step"

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

    got = np.asarray(both_ways(x, lambda x: running(x @ A), lambda x: running(x @ B)))
    wanted = np.concatenate([running(x @ A), running((x @ B)[:, ::-1])[:, ::-1]], axis=-1)
    assert got.shape == wanted.shape and np.allclose(got, wanted), "not right for four sequences of six steps, with three units"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: may_look_ahead
# points: 1

# %% [markdown]
# **Exercise 4.** In which of these tasks may a layer be bidirectional over the *whole* sequence, because all of it is there when each answer is needed? Write `True` or `False` for each.
#
# - `names`: mark the names of persons in an article that has been published
# - `keyboard`: after each word that somebody types, suggest the next one
# - `stars`: predict the stars of a review from its whole text
# - `subtitles`: write what a speaker says at once, word by word, while the talk goes on
# - `gap`: fill in an illegible word in the middle of an old letter
# - `power`: on each evening of a year, predict the next day's use of electricity
#
# <details><summary>Hint 1</summary>Ask when the answer is needed. What lies on the table at that moment?</details>
# <details><summary>Hint 2</summary>Reading backwards is no crime in itself: a review that is finished can be read in either direction.</details>

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

# %% tags=["wrong"] message="not spoken yet"
may_look_ahead = dict(names=True, keyboard=False, stars=True, subtitles=True, gap=True, power=False)

# %% tags=["wrong"] message="the whole text is there"
may_look_ahead = dict(names=True, keyboard=False, stars=False, subtitles=False, gap=True, power=False)

# %% [raw]
# # BEGIN TESTS

# %%
def test_may_look_ahead(may_look_ahead):
    reasons = {
        "names": (True, "the article is finished when its names are marked"),
        "keyboard": (False, "the next word has not been typed yet"),
        "stars": (True, "the whole text is there when the stars are predicted"),
        "subtitles": (False, "the words that would help are not spoken yet when the subtitle is due"),
        "gap": (True, "the words after the gap can be read, and help"),
        "power": (False, "on that evening the next day has not been measured; a backward layer would hand it on"),
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
# name: variational
# points: 3

# %% [markdown]
# **Exercise 5, a stretch: recurrent dropout of your own, with its gradient.** Write three functions for a simple RNN with one mask for all steps,
#
# $$h_t = \tanh\big(x_t W_x + (m \odot h_{t-1}) W_h + b\big).$$
#
# `draw_mask(rng, batch, units, p)` draws $m$ (batch, units): 0 with probability `p`, else $1/(1-p)$. `read(x, m, W_x, W_h, b)` gives all states (batch, time, units), from $h_0 = 0$ on. `step_back(d_h, h_t, m, W_h)` gives $\partial L/\partial h_{t-1}$ (batch,
# units) from `d_h`, $\partial L/\partial h_t$, for one step.
#
# <details><summary>Hint 1</summary><code>rng.random((batch, units)) >= p</code> is True with probability 1 − p.</details>
# <details><summary>Hint 2</summary>The mask is an argument of <code>read</code>, so nothing has to be drawn in its loop.</details>
# <details><summary>Hint 3</summary>Backwards through tanh: times 1 − h_t². Backwards through the product: times W_h.T. And backwards through a product with m?</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def draw_mask(rng, batch, units, p):
    """One mask (batch, units) for all steps."""
    return (rng.random((batch, units)) >= p) / (1 - p)  # SOLUTION


def read(x, m, W_x, W_h, b):
    """All states (batch, time, units) of a simple RNN with the recurrent mask m."""
    # BEGIN SOLUTION
    h, states = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x + (m * h) @ W_h + b)
        states.append(h)
    return np.stack(states, axis=1)
    # END SOLUTION


def step_back(d_h, h_t, m, W_h):
    """∂L/∂h_{t-1} (batch, units) from d_h, ∂L/∂h_t (batch, units)."""
    return ((d_h * (1 - h_t**2)) @ W_h.T) * m  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the mean"
def draw_mask(rng, batch, units, p):
    return (rng.random((batch, units)) >= p).astype(float)


def read(x, m, W_x, W_h, b):
    h, states = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x + (m * h) @ W_h + b)
        states.append(h)
    return np.stack(states, axis=1)


def step_back(d_h, h_t, m, W_h):
    return ((d_h * (1 - h_t**2)) @ W_h.T) * m

# %% tags=["wrong"] message="the output of a step is masked"
def draw_mask(rng, batch, units, p):
    return (rng.random((batch, units)) >= p) / (1 - p)


def read(x, m, W_x, W_h, b):
    h, states = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h = m * np.tanh(x[:, t] @ W_x + h @ W_h + b)
        states.append(h)
    return np.stack(states, axis=1)


def step_back(d_h, h_t, m, W_h):
    return ((d_h * (1 - h_t**2)) @ W_h.T) * m

# %% tags=["wrong"] message="dropped on the way forward"
def draw_mask(rng, batch, units, p):
    return (rng.random((batch, units)) >= p) / (1 - p)


def read(x, m, W_x, W_h, b):
    h, states = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x + (m * h) @ W_h + b)
        states.append(h)
    return np.stack(states, axis=1)


def step_back(d_h, h_t, m, W_h):
    return (d_h * (1 - h_t**2)) @ W_h.T

# %% tags=["wrong"] message="one mask a sequence"
def draw_mask(rng, batch, units, p):
    return np.repeat((rng.random((1, units)) >= p) / (1 - p), batch, axis=0)


def read(x, m, W_x, W_h, b):
    h, states = np.zeros(m.shape), []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ W_x + (m * h) @ W_h + b)
        states.append(h)
    return np.stack(states, axis=1)


def step_back(d_h, h_t, m, W_h):
    return ((d_h * (1 - h_t**2)) @ W_h.T) * m

# %% [raw]
# # BEGIN TESTS

# %%
def test_variational(draw_mask, read, step_back):
    import numpy as np

    rng = np.random.default_rng(5)
    m = np.asarray(draw_mask(rng, 200, 100, 0.25))
    assert np.shape(m) == (200, 100), f"draw_mask must give (batch, units) = (200, 100); yours has shape {np.shape(m)}"
    assert not (m == m[0]).all(), "all sequences of the batch have the same mask: it is one mask a sequence, the same at all steps"
    zeros = (m == 0).mean()
    assert abs(zeros - 0.25) < 0.03, f"with p = 0.25 about a quarter of the mask must be 0; in yours it is {zeros:.2f}"
    assert abs(m.mean() - 1) < 0.03, f"the mean of the mask must be 1, so that nothing changes on average; yours is {m.mean():.2f}: divide by 1 − p"
    x, d_h = rng.normal(size=(2, 5, 3)), rng.normal(size=(2, 4))
    W_x, W_h, b = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=4)
    m = np.array([[0, 2, 2, 0], [2, 2, 0, 0.0]])

    def step(x_t, h_prev):
        return np.tanh(x_t @ W_x + (m * h_prev) @ W_h + b)

    states = [np.zeros((2, 4))]
    for t in range(5):
        states.append(step(x[:, t], states[-1]))
    got = np.asarray(read(x, m, W_x, W_h, b))
    assert got.shape == (2, 5, 4), f"read must give (batch, time, units) = (2, 5, 4); yours has shape {got.shape}"
    assert not np.allclose(got[:, 0], m * states[1]), "in read the output of a step is masked; the mask is for the old state, on its way into the product with W_h"
    assert np.allclose(got, np.stack(states[1:], axis=1)), "read does not follow the equation: the old state times m, at every step the same m"
    back = np.asarray(step_back(d_h.copy(), states[3], m, W_h))
    assert np.shape(back) == (2, 4), f"step_back must give (batch, units) = (2, 4); yours has shape {np.shape(back)}"
    assert np.allclose(back[m == 0], 0), "what was dropped on the way forward cannot have a gradient: multiply by m on the way back, too"
    slope = np.zeros((2, 4))  # by central differences of the loss sum(d_h * h_t)
    for place in np.ndindex(2, 4):
        nudge = np.zeros((2, 4))
        nudge[place] = 1e-6
        up, down = (np.sum(d_h * step(x[:, 2], states[2] + sign * nudge)) for sign in (1, -1))
        slope[place] = (up - down) / 2e-6
    assert np.allclose(back, slope, atol=1e-6), f"nudging each number of h_prev changes the loss by other amounts: at most {np.abs(back - slope).max():.3g} apart"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_variational_hidden(draw_mask, read, step_back):
    import numpy as np

    rng = np.random.default_rng(8)
    for p in (0.6, 0.0):
        m = np.asarray(draw_mask(rng, 300, 50, p))
        assert np.all((m == 0) | np.isclose(m, 1 / (1 - p))), f"a mask holds 0 and 1 / (1 − p) only, for p = {p}"
        assert m.shape == (300, 50) and abs((m == 0).mean() - p) < 0.03, f"the share of zeros, for p = {p}"
        alike = p > 0 and (len(np.unique(m, axis=0)) < 300 or len(np.unique(m, axis=1)[0]) < 50)
        assert not alike, "sequences, or units, that are always dropped together"
        assert p == 0 or (draw_mask(rng, 300, 50, p) != m).any(), "a second mask is the same as the first"
    x, d_h, m = rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 5)), 2.0 * (rng.random((3, 5)) < 0.5)
    W_x, W_h, b, h, states = rng.normal(size=(2, 5)), rng.normal(size=(5, 5)), rng.normal(size=5), np.zeros((3, 5)), []
    for t in range(4):
        h = np.tanh(x[:, t] @ W_x + (m * h) @ W_h + b)
        states.append(h)
    got = np.asarray(read(x, m, W_x, W_h, b))
    assert got.shape == (3, 4, 5) and np.allclose(got, np.stack(states, axis=1)), "read, for three sequences"
    assert np.allclose(step_back(d_h.copy(), h, m, W_h), m * ((d_h * (1 - h**2)) @ W_h.T)), "step_back, for three sequences"

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
# - **Forgetting `return_sequences=True` below another recurrent layer.** The error says *expected ndim=3*: the time axis is gone.
# - **Taking `outputs[:, -1]` of a bidirectional layer for its summary.** Its backward half has read one word there. Use `return_sequences=False`.
# - **Not turning the backward states round again** when you build the pair yourself, or use `go_backwards=True`. No error tells you.
# - **A bidirectional layer where the answer is due before the sequence is over.** Validation will look splendid. Cut the input where the present is, and compare.
# - **A new mask at every step on the way from step to step.** If you write a cell of your own, draw the mask before the loop.
# - **`recurrent_dropout` out of habit.** It slows an LSTM down. Try dropout between the layers first.
# - **Naming a winner by one run.** Compare the difference with the standard error, and with what another seed does.
#
# ## References
#
# - M. Schuster, K. K. Paliwal (1997). Bidirectional recurrent neural networks. *IEEE Transactions on Signal Processing* 45(11).
# - A. Graves, J. Schmidhuber (2005). Framewise phoneme classification with bidirectional LSTM and other neural network architectures. *Neural Networks* 18(5–6).
#   With another remedy: a forward network that answers some steps late.
# - M. Hermans, B. Schrauwen (2013). Training and analysing deep recurrent neural networks. *NIPS*.
# - N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov (2014). Dropout: a simple way to prevent neural networks from overfitting. *Journal of
#   Machine Learning Research* 15.
# - W. Zaremba, I. Sutskever, O. Vinyals (2014). Recurrent neural network regularization. arXiv:1409.2329.
# - Y. Gal, Z. Ghahramani (2016). A theoretically grounded application of dropout in recurrent neural networks. *NIPS*.
# - S. Semeniuta, A. Severyn, E. Barth (2016). Recurrent dropout without memory loss. *COLING*. Masks on the candidate only, so that even new ones at each step
#   leave the memory alone.

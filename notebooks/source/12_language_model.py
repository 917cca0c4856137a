# %% [markdown]
# # 12 · Language models: what comes next?
#
# *The cat sat on the m* … you know how it goes on. Nobody told you; you have read so much that some continuations are likely and others are not. A **language model** puts a number on that: for every character, the probability that it comes next. It needs no labels, for the text itself says what came next. And a model that knows what may come next can write.
#
# **You will be able to**
#
# 1. say what a text costs a model, in bits for each character and as perplexity, and compare models by it;
# 2. build n-gram models that fall back on shorter histories, and know how far counting goes;
# 3. train an LSTM on one long text, with targets shifted by one and a state that is carried on;
# 4. write text step by step, with temperature and top-k, and check whether it was learned or copied;
# 5. look for single cells whose meaning you can name, and tell a find from an accident.
#
# **Before this lesson:** lessons [01](01_one_hot_and_bag_of_words.ipynb), [05](05_training_rnns.ipynb) and [06](06_lstm.ipynb). **Time:** about 50 minutes to read and try, 35 minutes for the exercises; on two cores all cells run in about
# 45 seconds on the embedded sample (`HUBS.md` names the machine that was measured),
# and in about eight minutes on the plays.

# %% [markdown]
# ## Settings and data
#
# The sample is this course: what the lessons 00 to 10 say between their code. The real text is 40,000 lines of Shakespeare. Both come in three parts that follow each other: to learn from, to choose with, and to test on.

# %%
import os
from collections import Counter
from time import perf_counter

import keras
import matplotlib.pyplot as plt
import numpy as np

from course_utils import cells, plots, tables
from course_utils.claims import claim
from course_utils.datasets import texts
from course_utils.text import Vocabulary
from course_utils.training import ProgressBar

# %%
SEED = int(os.environ.get("COURSE_SEED", 0))
text = texts.load()
SIZES = {
    "sample": dict(units=128, d=32, rows=32, time=32, epochs=8, rate=1e-2, dropout=0.1),
    "real": dict(units=384, d=64, rows=32, time=64, epochs=5, rate=4e-3, dropout=0.1),
}[text.source]
rng = np.random.default_rng(SEED)
print(text.train[:200])

# %% [markdown]
# Characters that occur fewer than ten times in the training part share one id, that of unknown characters; so every id but that of padding has been seen in training, and a character that nobody has seen is no catastrophe.

# %%
counts = Counter(text.train)
vocabulary = Vocabulary(sorted(c for c, n in counts.items() if n >= 10))
V = len(vocabulary)  # with padding, which does not occur here, and the unknown character
ids = {name: vocabulary.encode(list(getattr(text, name))) for name in ("train", "validation", "test")}
print(f"{V} ids; of {len(counts)} characters {len(counts) - V + 2} are rare and share one of them")

# %% [markdown]
# ## 1 · What a text costs
#
# Let a model guess a text from left to right. Before each character $x_t$ it gives every character a probability, and then it sees which one came. If it had given that one the probability $p$, this costs it $\log_2 \frac 1 p$ **bits**: nothing if it was sure and right, one bit if it thought of a coin toss, a lot if it held the character for impossible.
# The average over the text is its **cross-entropy** in bits for each character,
#
# $$H = \frac 1 T \sum_{t=1}^{T} \log_2 \frac{1}{P(x_t \mid x_1 \dots x_{t-1})}.$$
#
# Two other scales say the same. With the natural logarithm the unit is the **nat**, and that is the loss that Keras shows; one nat is $1 / \ln 2 \approx 1.44$ bits. And $2^H$ is the **perplexity**: the model is as undecided as if it had to choose between that many characters, all equally likely. The probability of the whole text is the product of all its $P(x_t \mid \dots)$, so the model with the fewest bits is the one to which the text is most probable.

# %%
def bits(p):
    """Mean cost in bits of characters that had the probabilities p"""
    return -np.log2(p).mean()


share = np.bincount(ids["train"], minlength=V) / len(ids["train"])
validation = ids["validation"]
for name, p in {"every id equally likely": np.full(len(validation), 1 / V),
                "as often as in training": share[validation]}.items():
    print(f"{name}: {bits(p):.2f} bits, perplexity {2 ** bits(p):.1f}")

# %% [markdown]
# To know how frequent each character is already saves more than a bit. Now for what comes before it.
#
# ## 2 · Counting: n-grams
#
# After *th* mostly comes *e*. An **n-gram model** counts it: of all places in the training text where the last $n - 1$ characters were the same as now, in which share did $x$ follow? With long histories that gets exact, and empty: ever more of what a new text says has never been seen, and a share of nothing is nothing. So long histories lean on shorter ones. In the way of Witten and Bell (1991), a history $h$ that was seen $N$ times, with $F$ different characters after it, gives
#
# $$P_n(x \mid h) = \frac{c(h x) + F \cdot P_{n-1}(x \mid h')}{N + F},$$
#
# where $c(hx)$ counts how often $x$ followed and $h'$ is $h$ without its first character. A history that was never seen leaves the answer to the shorter one. The more different things have followed a history, the more the model expects something new and asks the shorter one. Below $n = 1$ every id has the same probability.
#
# One table for each length of history, from 0 to 5, is enough for the models of the orders 1 to 6, as each leans on the shorter ones. A table is a dictionary of dictionaries: history, what followed it, how often.

# %%
class Counts:
    """What followed each history of at most `longest` ids, and how often: n-grams up to longest + 1"""

    def __init__(self, longest, V=V):
        self.V, self.tables = V, [{} for _ in range(longest + 1)]  # by length of the history

    def look(self, history):
        """For each length of the history, the shortest first: what followed it, {id: count}"""
        return [table.get(history[max(len(history) - k, 0):], {}) for k, table in enumerate(self.tables)]

    def add(self, history, x):
        for k, table in enumerate(self.tables):
            followers = table.setdefault(history[max(len(history) - k, 0):], {})
            followers[x] = followers.get(x, 0) + 1

# %% [markdown]
# `read_by_counts` goes through a text from left to right. With `learn=True` each character is counted, *after* it got its probability; that is training. With `learn=False` the counts stay as they are.

# %%
def read_by_counts(counts, ids, learn):
    """P(x_t | n − 1 ids before it) for n = 1 … longest + 1, Witten–Bell: (T, longest + 1)"""
    ids, most = tuple(ids.tolist()), len(counts.tables)
    P = np.empty((len(ids), most))
    for t, x in enumerate(ids):
        p, history = 1 / counts.V, ids[max(t - most + 1, 0):t]
        for k, followers in enumerate(counts.look(history)):
            if followers:
                N, F = sum(followers.values()), len(followers)
                p = (followers.get(x, 0) + F * p) / (N + F)
            P[t, k] = p
        if learn:
            counts.add(history, x)
    return P

# %%
ORDERS = range(1, 7)
counted_once = Counts(max(ORDERS) - 1)
read_by_counts(counted_once, ids["train"], learn=True)
P = {name: read_by_counts(counted_once, part, learn=False)[1:] for name, part in ids.items()}  # (T − 1, 6)
cost = {name: [bits(p) for p in P[name].T] for name in ("train", "validation")}
best_n = 1 + int(np.argmin(cost["validation"]))
print(f"best on the validation part: n = {best_n}, {min(cost['validation']):.3f} bits")

# %%
figure, axes = plots.figure(size=(7.4, 3.4))
for (name, values), style in zip(cost.items(), ("o-", "s--")):
    axes.plot(ORDERS, values, style)
    axes.annotate(f" {name}", (6, values[-1]), va="center")
axes.set(title="What a character costs an n-gram model", xlabel="n: the model sees n − 1 characters",
         ylabel="bits", xlim=(0.8, 7.2), xticks=ORDERS)
plots.show(figure, alt=f"""Two curves over n from 1 to 6. Both begin between four and five bits. The cost of
    training characters goes on falling to the end; that of validation characters falls ever
    more slowly, has its lowest point at n = {best_n}, and rises again.""")

# %% [markdown]
# Every further character of history helps less than the one before, and the last one does harm. There the two curves part. On its own text the model goes on gaining, for there a history of five characters often has one continuation, and the model knows which. How often does a new text say something that it has not seen?

# %%
seen_runs = {text.train[i:i + 6] for i in range(len(text.train) - 5)}
claim("share of the validation part's runs of six characters that training does not have",
      np.mean([text.validation[i:i + 6] not in seen_runs for i in range(len(text.validation) - 5)]),
      at_least=0.15)

# %% [markdown]
# For these the longest history is of no use. If it is new, the model has to guess with a shorter one; if it is known, but not with this continuation, the model pays for having been sure of another. What looks like knowledge on the training part is partly a good memory of it.
#
# ## 3 · A network that carries a state
#
# An n-gram model forgets everything that is further back than $n - 1$ characters, and what it has counted after one history tells it nothing about another one that is much alike: each has its own row in the table. A recurrent network has neither limit built in. At each step it reads one character, updates its state, and gives scores for the next: **inputs are the text without its last character, targets the text without its first**, shifted by one.

# %%
for x, y in zip(text.train[:8], text.train[1:9]):
    print(f"reads {x!r}, is to say {y!r}")

# %% [markdown]
# The text is one sequence of more than a hundred thousand steps, too long to go back through at once. So it is cut: into `rows` streams that are read side by side, and each stream into windows of `time` steps. Window after window the network goes on with the state it had, but gradients only go back to the beginning of the window (truncated backpropagation through time, lesson 05). In Keras a layer with `stateful=True` does that: row $b$ of a batch goes on where row $b$ of the batch before has stopped.

# %%
def streams(ids, rows, time):
    """Inputs and targets, (windows · rows, time): row b of a batch goes on where it stopped before"""
    windows = (len(ids) - 1) // (rows * time)

    def cut(part):
        part = part[:rows * windows * time].reshape(rows, windows, time)
        return part.swapaxes(0, 1).reshape(windows * rows, time)
    return cut(ids[:-1]), cut(ids[1:])


x, y = streams(np.arange(13), rows=2, time=3)
print(x, y, sep="\n\n")

# %% [markdown]
# Read it by pairs of rows: the first batch has the steps 0, 1, 2 of the one stream and 6, 7, 8 of the other; the second goes on with 3, 4, 5 and 9, 10, 11.

# %%
layers = keras.layers


def language_model(rows=None, units=SIZES["units"]):
    """Ids (rows, time) to scores (rows, time, V); with `rows` it carries its state from call to call"""
    return keras.Sequential([
        keras.Input(batch_shape=(rows, None), dtype="int32"),
        layers.Embedding(V, SIZES["d"]),  # (rows, time, d)
        layers.LSTM(units, return_sequences=True, stateful=rows is not None),  # (rows, time, units)
        layers.Dropout(SIZES["dropout"]),
        layers.Dense(V)])


class Forget(keras.callbacks.Callback):
    """A new reading of the text begins without memory of the last one."""

    def on_epoch_begin(self, epoch, logs=None):
        self.model.layers[1].reset_state()

# %% [markdown]
# On the CPU on which this was written XLA makes this training, with its stateful layer, several times slower, so `jit_compile=False`; lesson 06 measured a gain, for other shapes. So measure. The learning rate falls along a half cosine to 0, and gradients longer than 1 are clipped, each weight matrix's for itself (lesson 05).

# %%
keras.utils.set_random_seed(SEED)
x, y = streams(ids["train"], SIZES["rows"], SIZES["time"])
updates = SIZES["epochs"] * len(x) // SIZES["rows"]
model = language_model(SIZES["rows"])
model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(SIZES["rate"], updates),
                                    clipnorm=1.0),
              keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
begun = perf_counter()
model.fit(x, y, batch_size=SIZES["rows"], epochs=SIZES["epochs"], shuffle=False, verbose=0,
          callbacks=[ProgressBar(), Forget()])
tables.table("The training", [{"network": "LSTM", "parameters": model.count_params(), "updates": updates,
                                "seconds": perf_counter() - begun}])

# %% [markdown]
# The loss that Keras keeps is not shown, for it was measured with dropout and on characters just learned from. To judge the network we let a copy without a state of its own read the validation part from its first character to its last, as one sequence.

# %%
reader = language_model()
reader.set_weights(model.get_weights())


def p_next(model, ids):
    """P(x_t | all before it) for t ≥ 1: (T − 1,)"""
    s = model.predict(ids[None, :-1], verbose=0)[0].astype("float64")  # (T − 1, V)
    s -= s.max(axis=1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return np.exp(log_p[np.arange(len(s)), ids[1:]])


lstm = {name: p_next(reader, ids[name]) for name in ("validation", "test")}
print(f"LSTM on the validation part: {bits(lstm['validation']):.3f} bits, "
      f"{bits(lstm['validation']) * np.log(2):.3f} nats")

# %% [markdown]
# Compare that with the validation part's lowest point in section 2. On the sample the network does not win: it has to learn from 160,000 characters what letters are, and words, and sentences, a little at a time, where a count is exact after the first time. On the plays, with six times as much text and a network three times as wide, it does win, by a lot; section 9 has the numbers.

# %%
ahead = cost["validation"][best_n - 1] - bits(lstm["validation"])
if text.source == "real":
    claim("bits that a character of the validation part costs the LSTM less than the best n-gram model", ahead,
          at_least=0.15)
else:
    claim("bits that a character of the validation part costs the LSTM less than the best n-gram model", ahead,
          close_to=-0.1, within=0.09)

# %% [markdown]
# ## 4 · The test
#
# All choices are made; now the test part. The last row is a third model: its probabilities are the mean of those of the other two.

# %%
p_test = {f"n-gram, n = {n}": P["test"][:, n - 1] for n in ORDERS} | {"LSTM": lstm["test"]}
p_test["mean of LSTM and best n-gram"] = (lstm["test"] + P["test"][:, best_n - 1]) / 2


def table_of_costs(title, p_of):
    return tables.table(title, [
        {"model": name, "bits": bits(p), "nats": bits(p) * np.log(2), "perplexity": 2 ** bits(p)}
        for name, p in p_of.items()])


table_of_costs("What a character of the test part costs", p_test)

# %%
claim("bits that the mean saves over the better one of the two",
      min(bits(lstm["test"]), bits(P["test"][:, best_n - 1])) - bits(p_test["mean of LSTM and best n-gram"]),
      at_least={"sample": 0.05, "real": 0.01}[text.source])

# %% [markdown]
# Compare the two best single models first. On the sample they are about level; on the validation part the table was a little ahead. A difference that small, with one seed, is no verdict. On the plays there is one (section 9).
#
# The mean beats both, though nothing was learned for it. The two err at different places. If one of them gives the right character a high probability and the other a tiny one, the mean has half of the high one, and that costs one bit more. The tiny one would have cost many.
#
# ### Where the bits go
#
# An average hides where it comes from. Take each word of the test part letter by letter: what does its first letter cost, what the second?

# %%
def place_in_word(text):
    """For each character: 1 for a word's first letter, 2 for its second, …; 0 if it is no letter"""
    places = [0]
    for c in text:
        places.append(places[-1] + 1 if c.isalpha() else 0)
    return np.array(places[1:])

# %%
place = place_in_word(text.test)[1:]  # of the characters that were judged
shown = {name: [-np.log2(p_test[name][place == k]).mean() for k in range(1, 10)]
         for name in (f"n-gram, n = {best_n}", "LSTM")}
figure, axes = plots.figure(size=(7.4, 3.2))
for (name, values), style in zip(shown.items(), ("s--", "o-")):
    axes.plot(range(1, 10), values, style, label=name)
axes.set(title="Cost of a letter by its place in the word, test part", xlabel="letter of the word",
         ylabel="bits", xticks=range(1, 10))
axes.legend(frameon=False)
plots.show(figure, alt={
    "sample": """Two curves of bits over the place of a letter in its word. Both are by far highest at
        the first letter and lower at all others.""",
    "real": """Two curves of bits over the place of a letter in its word. Both fall after the first
        letter, climb again from about the sixth on, and are as high at the ninth as at the first."""}[text.source])

# %%
by_place = {name: np.array(values) for name, values in shown.items()}
claim("what a word's first letter costs the LSTM, for each bit that its fifth costs",
      by_place["LSTM"][0] / by_place["LSTM"][4], at_least={"sample": 1.8, "real": 1.5}[text.source])
less = by_place[f"n-gram, n = {best_n}"] - by_place["LSTM"]  # bits that a letter costs the LSTM less
claim("bits that a first letter costs the LSTM less than the n-gram model", less[0], at_least=0.1)
if text.source == "sample":
    claim("bits that the fifth to ninth letters cost the LSTM less", less[4:].mean(), at_most=-0.2)

# %% [markdown]
# The first letter is an expensive one. It decides which word comes, and that needs sense; the letters after it only spell it. Much of a low mean cost is good spelling, and says little about whether a model knows what to talk about. (Only words of at least $k$ letters have a $k$-th one, so the points of a curve belong to different words. In the plays the long ones are often names in capitals that training has never seen, and the curves climb again.)
#
# And here is what the two know. At a first letter the n-gram model is worse: its history is the end of the word before, and which word may come next depends on more than that. The network has read the whole sentence. Later in the word it is, on the sample, the other way round: the table knows all runs of a few letters by heart, and the network has not seen enough of them to spell the long words. So there each has something that the other lacks, and the mean of both is better than either.
#
# ### Reading on
#
# A test part has words that the training part does not have, and then has them again and again: here the terms of lesson 10, in a play the names of those who speak. A reader who met such a word once expects it. Our models do not, as they stopped learning when the test began. They need not: it is no cheating to learn from a character *after* having said how probable it is. Nothing else was done in training.
#
# The n-gram model just goes on counting. The validation part has done its work, so it is counted, too; a part of the gain comes from there, as no other model here has learned from it.

# %%
learner = Counts(best_n - 1)
for name in ("train", "validation"):
    read_by_counts(learner, ids[name], learn=True)
reading_on = read_by_counts(learner, ids["test"], learn=True)[1:, -1]
p_on = {"best n-gram, counts of training only": P["test"][:, best_n - 1],
        "best n-gram that goes on counting": reading_on,
        "LSTM": lstm["test"],
        "mean of LSTM and n-gram that goes on": (lstm["test"] + reading_on) / 2}
table_of_costs("What a character of the test part costs those who read on", p_on)

# %%
claim("bits that going on to count saves the n-gram model",
      bits(P["test"][:, best_n - 1]) - bits(reading_on), at_least=0.1)
if text.source == "real":
    claim("nats for each character of the test part, mean of LSTM and n-gram that goes on",
          bits(p_on["mean of LSTM and n-gram that goes on"]) * np.log(2), at_most=1.55)

# %% [markdown]
# To go on counting makes of the table a better model than the network is that stopped learning. Each new word is expensive once and then cheap. A network can read on as well: an update of its weights after every window (Krause and others 2018); a table needs no learning rate for that, and remembers after one time.
#
# ## 5 · One step at a time
#
# What the network does can be watched. Here is a line or so of the test part. Under each character stand the five that the network held for likeliest *before* it saw it, the likeliest on top. Where one of them came true, it has a frame.

# %%
AT, WIDTH = text.test.index("\n\n", 2_000) + 2, 46  # from the beginning of a paragraph
s = reader.predict(ids["test"][None, :AT + WIDTH - 1], verbose=0)[0, AT - 1:]  # (WIDTH, V)
p = np.exp(s - s.max(axis=1, keepdims=True))
p /= p.sum(axis=1, keepdims=True)
likeliest = np.argsort(-p, axis=1)[:, :5]  # (WIDTH, 5)


def visible(c):
    return {" ": "␣", "\n": "↵"}.get(c, c)

# %%
figure, axes = plots.figure(size=(10.4, 2.3))
axes.imshow(np.take_along_axis(p, likeliest, axis=1).T, aspect="auto", cmap="Blues", vmin=0, vmax=1)
for t, came in enumerate(text.test[AT:AT + WIDTH]):
    for k, c in enumerate(vocabulary.decode(likeliest[t])):
        axes.text(t, k, visible(c), ha="center", va="center", family="monospace", fontsize=9,
                  color="white" if p[t, likeliest[t, k]] > 0.5 else "black")
        if c == came:
            axes.add_patch(plt.Rectangle((t - 0.46, k - 0.46), 0.92, 0.92, fill=False, color=plots.RED))
axes.set(yticks=range(5), xticks=range(WIDTH), ylabel="likeliest")
axes.set_yticklabels(range(1, 6))
axes.xaxis.tick_top()
axes.set_xticklabels(map(visible, text.test[AT:AT + WIDTH]), family="monospace")
plots.show(figure, alt="""A grid of letters. Each column belongs to a character of the test part,
    which stands above it; its five rows are the characters that the network held for likeliest
    before, darker where it was surer. Many frames are in the top row, where words go on; the
    first letters of words are often framed further down, or not at all.""")

# %% [markdown]
# Go through it from left to right. Where a word begins, the column is pale: many characters are possible, and what came is often not among the five. In a word that the network knows, one square gets dark after a few letters, and from there on the frame mostly stays in the top row; where it drops once more, a shorter word might have ended. It is the curve of section 4, one character at a time.
#
# To write, the model must do one step, and then another whose input is what it has just written.
#
# The cell of lesson 06 with the trained weights does a step in plain NumPy. `step` takes one id and the state, and gives the scores of what comes next and the new state.

# %%
cell = cells.from_keras(reader.layers[1])
E, (W_s, b_s) = reader.layers[0].get_weights()[0], reader.layers[3].get_weights()  # (V, d); (units, V)
START = tuple(np.zeros((1, cell.units), "float32") for _ in "hc")


def step(i, state):
    """Scores (V,) of what comes after id i, and the new state (h_t, c_t)"""
    state, _ = cell.step(E[[i]], state)
    return state[0][0] @ W_s + b_s, state


s, state = [], START
for i in ids["test"][:300]:
    s_t, state = step(i, state)
    s.append(s_t)
whole = reader.predict(ids["test"][None, :300], verbose=0)[0]  # (300, V)
claim("largest difference between scores step by step and in one pass", abs(np.array(s) - whole).max(),
      at_most=1e-3)

# %% [markdown]
# The state is all that step 301 needs to know about the 300 before it. That is why writing the thousandth character takes no longer than writing the first.
#
# ## 6 · Writing
#
# Draw a character from the probabilities, read it, draw the next. The probabilities may be changed on the way. With a **temperature** $\tau$ the scores are divided by it before the softmax,
#
# $$p = \operatorname{softmax}(s / \tau):$$
#
# below 1 the likely gets likelier, towards 0 only the likeliest is left, and above 1 all become more alike. **Top-k** keeps the $k$ likeliest and draws among them (Fan, Lewis and Dauphin 2018).

# %%
def probabilities(s, temperature=1.0, k=None):
    """softmax(s / temperature) over the k largest scores: (V,)"""
    s = s.astype("float64") / temperature
    if k is not None:
        s = np.where(s >= np.sort(s)[-k], s, -np.inf)
    p = np.exp(s - s.max())
    return p / p.sum()

# %%
def read(beginning, state=START):
    """Scores after reading a text, and the state; an empty text reads as a line end"""
    for i in vocabulary.encode(list(beginning or "\n")):
        s, state = step(i, state)
    return s, state


def write(beginning, length, temperature=1.0, k=None, rng=rng):
    s, state = read(beginning)
    written = []
    for _ in range(length):
        s[[0, V - 1]] = -np.inf  # neither padding nor the unknown character
        written.append(rng.choice(V, p=probabilities(s, temperature, k)))
        s, state = step(written[-1], state)
    return "".join(vocabulary.decode(written))

# %%
BEGINNING = {"sample": "The network ", "real": "MENENIUS:\nThe "}[text.source]
s, _ = read(BEGINNING)
top = np.argsort(-s)[:10]
figure, axes = plots.figure(1, 3, size=(9.4, 2.8), sharey=True)
for ax, temperature in zip(axes, (0.5, 1.0, 2.0)):
    ax.bar(range(10), probabilities(s, temperature)[top])
    ax.set(title=f"τ = {temperature}", xticks=range(10))
    ax.set_xticklabels([repr(c)[1:-1].replace(" ", "␣") for c in vocabulary.decode(top)])
axes[0].set_ylabel("probability")
figure.supxlabel(f"what may come after {BEGINNING!r}")
plots.show(figure, alt="""Three bar charts of the probabilities of the same ten characters, for the
    temperatures 0.5, 1 and 2. At 0.5 the first bars stand out most; at 2 the bars are much more
    alike. The order of the bars is the same in all three.""")

# %% [markdown]
# The order of the characters is the same at every temperature; what changes is how far the first bars stand out. At 0.5 a choice that was open at 1 is nearly made, at 2 characters have a chance that make no word at all.

# %%
for temperature, k in ((0.3, None), (1.0, None), (1.0, 5), (1.7, None)):
    print(f"--- temperature {temperature}{f', the {k} likeliest' if k else ''}")
    print(BEGINNING + write(BEGINNING, 250, temperature, k, np.random.default_rng(SEED)), end="\n\n")

# %% [markdown]
# At 0.3 the text is made of frequent words and soon says the same again. At 1 it has the variety of the text that it learned from, and more slips. With the five likeliest only, a slip can still be drawn, but none of the wildest. At 1.7 words fall apart: each character has a small chance of being a wrong one, and after a wrong one the network is where it has never been in training.
#
# For comparison, what an n-gram model with a history of a single character writes, and the best one:

# %%
def write_by_counts(n, length, rng):
    written = tuple(vocabulary.encode(list(BEGINNING)).tolist())
    for _ in range(length):
        p = np.full(V, 1 / V)
        for followers in counted_once.look(written[-5:])[:n]:
            if followers:
                c = np.zeros(V)
                c[list(followers)] = list(followers.values())
                p = (c + len(followers) * p) / (c.sum() + len(followers))
        p[[0, V - 1]] = 0  # neither padding nor the unknown character
        written += (int(rng.choice(V, p=p / p.sum())),)
    return "".join(vocabulary.decode(written))

# %%
for n in (2, best_n):
    print(f"--- n = {n}\n{write_by_counts(n, 200, np.random.default_rng(SEED))}\n")

# %% [markdown]
# A history of a few characters is enough for words, and for things that look like words. What it does not give is a sentence. Read a line of the network's next to it, and say where each of them loses the thread.
#
# ### Learned, or copied?
#
# A text that reads well may have been copied from the training part. So we count: of all runs of 20 characters that the model wrote, which share stands in the training text, letter for letter? And is what it writes made of words at all, and of how many different ones? The beginning of the test part shows what is normal for a new text.

# %%
known_words = set(text.train.split())
known_runs = {text.train[i:i + 20] for i in range(len(text.train) - 19)}


def examined(written):
    words = written.split()
    return {"known words": np.mean([word in known_words for word in words]),
            "copied runs of 20": np.mean([written[i:i + 20] in known_runs for i in range(len(written) - 19)]),
            "different words": len(set(words)) / len(words)}


TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.5)
looks = {t: examined(write(BEGINNING, 1500, t, rng=np.random.default_rng(SEED))) for t in TEMPERATURES}
looks["test part"] = examined(text.test[:1500])
tables.table("1,500 characters written at each temperature", [
    {"temperature": str(t), **values} for t, values in looks.items()])

# %%
figure, axes = plots.figure(size=(7.6, 3.6))
for key, style, colour in (("known words", "o-", plots.BLUE), ("different words", "s--", plots.ORANGE),
                           ("copied runs of 20", "^:", plots.BLACK)):
    values = [looks[t][key] for t in TEMPERATURES]
    axes.plot(TEMPERATURES, values, style, color=colour)
    axes.plot(1.75, looks["test part"][key], style[0], color=colour)
    axes.annotate(f"  {key}", (1.75, looks["test part"][key]), color=colour, va="center")
axes.set(title="1,500 characters written at each temperature, and the test part", xlabel="temperature",
         ylabel="share", xlim=(0.1, 2.5), xticks=[*TEMPERATURES, 1.75])
axes.set_xticklabels([*TEMPERATURES, "test\npart"])
plots.show(figure, alt="""Three curves over the temperature, with the test part at the right. The share
    of known words is highest at the lowest temperatures and falls well below that of the test part
    at 1.5; the share of different words rises; that of copied runs stays near 0.""")

# %%
claim("share of known words, at temperature 0.4 minus at 1.5",
      looks[0.4]["known words"] - looks[1.5]["known words"], at_least=0.2)
near = min(TEMPERATURES, key=lambda t: abs(looks[t]["different words"] - looks["test part"]["different words"]))
if text.source == "sample":
    claim(f"share of known words, test part minus text as varied as it (temperature {near})",
          looks["test part"]["known words"] - looks[near]["known words"], at_least=0.03)
claim("largest share of copied runs of 20 characters", max(looks[t]["copied runs of 20"] for t in TEMPERATURES),
      at_most=0.1)

# %% [markdown]
# A temperature is a choice between two faults. A low one gives words that exist, but few different ones; a high one gives variety, and words that nobody knows. On the sample, the new text of the test part has many known words *and* many different ones, and no temperature has both: where the model's text is as varied, fewer of its words are known. That is the gap between this model and a writer, and no dial closes it.
#
# Copied it has hardly anything. It has read the text only a few times, and with dropout. That need not be so: a larger network, trained for longer, does copy, so the count belongs to every such model.
#
# ## 7 · What do single cells know?
#
# The state has a hundred numbers and more. Does one of them mean something? Karpathy, Johnson and Fei-Fei (2015) found cells that count the characters of a line, and cells that are on within quotation marks. Here, too, it would pay to know how far the line has come, for no line of the sample has more than 72 characters; and a `` ` `` that was opened has to be closed. (In the plays, what corresponds to it is the name of the speaker: it stands between an empty line and a colon.)
#
# We let the network read, keep $c_t$ at every step, and compare each unit with three things that we can count ourselves.

# %%
OPEN, CLOSE, INSIDE = {"sample": ("`", "`", "between ` and `"),
                       "real": ("\n\n", ":", "in a speaker's name")}[text.source]


def counted(text):
    """What may be worth knowing after each character: name to (T,)"""
    line, inside, known = 0, False, {"place in the line": [], "in a word": [], INSIDE: []}
    for t, c in enumerate(text):
        line = 0 if c == "\n" else line + 1
        inside = not text.startswith(CLOSE, t) if inside else text.startswith(OPEN, t + 1 - len(OPEN))
        for name, value in zip(known, (line, c.isalpha(), inside)):
            known[name].append(value)
    return {name: np.array(values, float) for name, values in known.items()}


def correlations(c, values):
    """Correlation of each unit (T, units) with values (T,): (units,)"""
    c, v = c - c.mean(axis=0), values - values.mean()
    return (c * v[:, None]).sum(axis=0) / np.sqrt((c ** 2).sum(axis=0) * (v ** 2).sum() + 1e-9)

# %% [markdown]
# With so many units, the best of them fits something or other by accident. Two precautions: the unit is chosen on one part of the text, and judged on another; and beside the trained network stands one that has learned nothing, with as many units.

# %%
def cell_states(model, ids):
    """c_t after each character: (T, units)"""
    E = model.layers[0].get_weights()[0]
    return cells.forward(cells.from_keras(model.layers[1]), E[ids][None]).trace("c")[0]

# %%
T = 4_000
parts = {"choosing": (text.train[-T:], ids["train"][-T:]), "judging": (text.test[:T], ids["test"][:T])}
rows, chosen = [], {}
for name, model_ in {"trained": reader, "not trained": language_model()}.items():
    c = {part: cell_states(model_, part_ids) for part, (_, part_ids) in parts.items()}
    for what in counted(parts["choosing"][0]):
        values = {part: counted(part_text)[what] for part, (part_text, _) in parts.items()}
        unit = int(np.argmax(abs(correlations(c["choosing"], values["choosing"]))))
        r = correlations(c["judging"], values["judging"])[unit]
        rows.append({"network": name, "compared with": what, "correlation": abs(r)})
        chosen[name, what] = unit, r
print({what: unit for (name, what), (unit, _) in chosen.items() if name == "trained"})
tables.table("The unit that fits best, judged on new text", rows)

# %%
found = {(row["network"], row["compared with"]): row["correlation"] for row in rows}
more = {what: found["trained", what] - found["not trained", what] for what in counted("")}
if text.source == "sample":
    claim(f"{INSIDE}: correlation of the best trained unit minus that of the best untrained one", more[INSIDE],
          at_least=0.05)
    claim("place in the line: the same difference", more["place in the line"], at_most=0.1)
else:
    claim("place in the line: correlation of the best trained unit minus that of the best untrained one",
          more["place in the line"], at_least=0.1)

# %% [markdown]
# Read each row of the trained network beside the same row of the untrained one. *In a word* looks like a find, and is none yet: any unit that answers to letters otherwise than to spaces goes along with it, and random weights have such units, too. *Place in the line*: on the sample the trained network has no unit for it that would hold on new text. It is a pity, as a line counter would be a fine story, but in this prose there is none. (In the plays there is; see section 9.) What has to be closed is different. There the trained network has a unit that fits better than the best of the untrained one.
#
# Here is that unit at work. It reads some lines of the test part; the colour is $c_t$ after the letter, turned round if the unit goes down where it should go up.

# %%
unit, r = chosen["trained", INSIDE]
begin = text.test.rindex("\n", 0, text.test.index(OPEN, 17_750)) + 1
lines = text.test[begin:begin + 420].split("\n")[:-1]  # the last one may be cut
c = cell_states(reader, ids["test"][:begin + 420])[begin:, unit] * np.sign(r)
grid, t = np.full((len(lines), max(map(len, lines)) + 1), np.nan), 0
for k, line in enumerate(lines):
    grid[k, :len(line) + 1] = c[t:t + len(line) + 1]  # with the line end
    t += len(line) + 1

# %%
figure, axes = plots.figure(size=(10.4, 0.3 * len(lines) + 0.9))
image = axes.imshow(grid, aspect="auto")
for k, line in enumerate(lines):
    for column, sign in enumerate(line + "↵"):
        axes.text(column, k, sign, ha="center", va="center", fontsize=8, family="monospace",
                  color="white" if grid[k, column] < 0.7 * np.nanmin(grid) + 0.3 * np.nanmax(grid) else "black")
axes.set(title=f"Unit {unit}, chosen because it goes with: {INSIDE}", xticks=[], yticks=[])
axes.spines[:].set_visible(False)
figure.colorbar(image, label="$c_t$, or $-c_t$")
plots.show(figure, alt="""Lines of the test part one below the other, letter by letter, each letter on a
    colour that shows the state of one unit after it. The colour is mostly different where the unit
    is to be on, and not only there.""")

# %% [markdown]
# On the sample the unit goes one way where code begins and the other way in plain prose, and it does not only listen to the sign: it stays on over several words, until the code ends. And look at the formulas between two dollar signs, if it is to be seen for your seed: a unit chosen for one thing may do another as well. Nobody asked it to keep to what we count.
#
# ### Is it used?
#
# That a unit goes along with something does not mean that the network makes use of it; others may know the same. So we take the unit's memory away: after every step, when $h_t$ has been computed, its $c_t$ is set to its mean, and the next step finds nothing else there. What does it cost now to say that the signs close, and what all the other characters? To compare, the same is done to nine other units. Ten copies of the network read side by side, each without one unit.

# %%
def costs_without(ids, off, means):
    """Bits for each character after the first, (T − 1, copies); copy k has c_t of unit off[k] held at its mean"""
    copies, cost = np.arange(len(off)), []
    state = tuple(np.zeros((len(off), cell.units), "float32") for _ in "hc")
    for i, following in zip(ids, ids[1:]):
        (h, c), _ = cell.step(np.repeat(E[[i]], len(off), axis=0), state)
        s = h @ W_s + b_s  # (copies, V)
        cost.append(np.log2(np.exp(s - s[:, [following]]).sum(axis=1)))
        c[copies, off] = means[off]
        state = h, c
    return np.array(cost)

# %%
T = 10_000
inside = counted(text.test[:T])[INSIDE]
closes = inside[:-1] > inside[1:]  # (T − 1,): the character that ends it
others = np.random.default_rng(SEED).choice(np.delete(np.arange(cell.units), unit), 9, replace=False)
means = cell_states(reader, ids["test"][:T]).mean(axis=0)
print(f"{closes.sum()} closing signs among {T:,} characters")
rise = costs_without(ids["test"][:T], np.array([unit, *others]), means) + np.log2(lstm["test"][:T - 1, None])
at_close, elsewhere = rise[closes].mean(axis=0), rise[~closes].mean(axis=0)  # (10,)
tables.table("What characters cost more when one unit has no memory, bits", [
    {"unit": "the one that fits best", "the closing one": at_close[0], "all others": elsewhere[0]},
    {"unit": "nine others, mean", "the closing one": at_close[1:].mean(), "all others": elsewhere[1:].mean()},
    {"unit": "nine others, most", "the closing one": at_close[1:].max(), "all others": elsewhere[1:].max()}])

# %%
if text.source == "sample":
    claim("bits that the closing sign costs more without the unit, minus the most for nine others",
          at_close[0] - at_close[1:].max(), at_least=0.5)

# %% [markdown]
# On the sample the answer is clear. Without this one number the network forgets that something is open: the sign that closes becomes much more expensive, and everything else hardly. Without one of the nine others next to nothing happens. The correlation alone would have left us in doubt; taking it away did not. (Measured is this network on this text, in which few signs close: a large effect can be believed, a small one could not. With other random numbers it is another unit, and some networks share the work among several.)
#
# ## 8 · Your own beginning
#
# Give it a beginning. Characters that it does not know count as the unknown one; an empty beginning as a line end.

# %%
for beginning in ("A vector is ", "", "Ω 你好 ", "x" * 500):
    print(f"{beginning[:20]!r}: {write(beginning, 60, 0.5, rng=np.random.default_rng(SEED))!r}")

# %% [markdown]
# It writes on from anything, in the manner of the text that it has read, whatever the beginning was about.
#
# ## 9 · On Tiny Shakespeare
#
# The same notebook reads 40,000 lines of Shakespeare's plays, put together by A. Karpathy, if they are there (`make data DATASETS=tiny_shakespeare`). The network is wider then, as `SIZES` says. What follows was measured by runs of this notebook on them.

# %% tags=["recorded"]
tables.recorded("12_language_model", "The training")

# %% tags=["recorded"]
plays = tables.recorded("12_language_model", "What a character of the test part costs")
plays

# %% tags=["recorded"]
on = tables.recorded("12_language_model", "What a character of the test part costs those who read on")
on

# %% tags=["recorded"]
nats = {row["model"]: value for table in (plays, on) for row, value in zip(table.rows, table.values("nats"))}
figure, axes = plots.figure(size=(7.4, 3.6))
axes.plot(ORDERS, [nats[f"n-gram, n = {n}"] for n in ORDERS], "s--", color=plots.BLUE)
axes.annotate("n-grams, counts of training only ", (2.2, nats["n-gram, n = 2"]), color=plots.BLUE)
for name, colour, side in (("LSTM", plots.ORANGE, "bottom"), ("best n-gram that goes on counting", plots.GREEN, "bottom"),
                           ("mean of LSTM and n-gram that goes on", plots.BLACK, "top")):
    axes.axhline(nats[name], color=colour)
    axes.annotate(name, (0.9, nats[name]), va=side, color=colour)
axes.set(title="What a character of the plays costs, test part, mean over the seeds", ylabel="nats",
         xlabel="n of the n-gram models", xlim=(0.8, 6.2), xticks=ORDERS, ylim=(1.2, None))
plots.show(figure, alt="""Nats a character over n, on the plays: the dashed curve of the n-gram models falls
    and flattens. Three level lines lie below it: the LSTM, the n-gram model that goes on counting,
    and lowest the mean of these two.""")

# %% tags=["recorded"]
claim("on the plays, mean over seeds: nats for each character, LSTM minus best n-gram of training only",
      nats["LSTM"] - nats["best n-gram, counts of training only"], at_most=-0.2)
claim("on the plays, mean over seeds: nats for each character, n-gram that goes on minus LSTM",
      nats["best n-gram that goes on counting"] - nats["LSTM"], at_most=-0.02)
claim("on the plays, mean over seeds: nats for each character, mean of LSTM and n-gram that goes on",
      nats["mean of LSTM and n-gram that goes on"], at_most=1.5)

# %% [markdown]
# With the text of the plays the network is far ahead of every table that stopped counting. And the table that did not stop is ahead of the network. What the last tenth of the plays has that the rest has not are above all the names of new speakers, in capital letters, before each of their lines. The network, which never saw them, spells them out anew each time; the table has them after the first. (Some it has from the validation part, which it has counted and the network has not learned from.)
#
# The mean of the two is better than either again. Compare it with what you read about models of Shakespeare: mind which part was the test, what the model may learn from while it reads, and the unit.
#
# The other tables of this lesson, on the plays:

# %% tags=["recorded"]
tables.recorded("12_language_model", "1,500 characters written at each temperature")

# %% tags=["recorded"]
fits = tables.recorded("12_language_model", "The unit that fits best, judged on new text")
fits

# %% tags=["recorded"]
without = tables.recorded("12_language_model", "What characters cost more when one unit has no memory, bits")
without

# %% tags=["recorded"]
r = {(row["network"], row["compared with"]): value for row, value in zip(fits.rows, fits.values("correlation"))}
for what in ("place in the line", "in a speaker's name"):
    claim(f"on the plays, mean over seeds: {what}, correlation of the trained unit minus the untrained one",
          r["trained", what] - r["not trained", what], at_least=0.15)
claim("on the plays, mean over seeds: bits that the closing colon costs more without the unit that fits best",
      without.values("the closing one")[0], at_most=0.1)

# %% [markdown]
# Three things are otherwise than on the sample. A temperature near 0.8 reaches the test part in known and in different words, partly because that part has names that training lacks; read what was written, and you see that two numbers are no writer. There *is* a unit that goes along with the place in the line, much better than the best of an untrained network: verse has lines of similar length, and something depends on where one ends. And another goes along with the speaker's name, from the empty line to the colon; but take its memory away, and the colon costs next to nothing more. The unit knows, and the network does not need it to, for others know the same. Without the last table we would have told a fine story about it.

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: other_scales
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Keras says that the loss of a language model is `nats`. Write `other_scales(nats)`: the same in bits for each character, and as perplexity.
#
# <details><summary>Hint 1</summary>One nat is 1 / ln 2 bits.</details>
# <details><summary>Hint 2</summary>The perplexity is $2^{\text{bits}}$, and that is $e^{\text{nats}}$.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def other_scales(nats):
    """(bits, perplexity)"""
    return nats / np.log(2), np.exp(nats)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="multiplied"
def other_scales(nats):
    return nats * np.log(2), np.exp(nats)

# %% tags=["wrong"] message="2 to the power of the nats"
def other_scales(nats):
    return nats / np.log(2), 2 ** nats

# %% [raw]
# # BEGIN TESTS

# %%
def test_other_scales(other_scales):
    import numpy as np

    got = other_scales(np.log(8))
    assert got is not None, "the function gives None: does it return both numbers?"
    assert np.shape(got) == (2,), f"two numbers are asked for, bits and perplexity; yours have the shape {np.shape(got)}"
    bits, perplexity = got
    assert not np.isclose(bits, 3 * np.log(2) ** 2), "you multiplied by ln 2; a nat is more than a bit, so there must be more bits than nats"
    assert np.isclose(bits, 3), f"a loss of ln 8 nats is a choice among 8, 3 bits; you have {bits:.3f}"
    assert not np.isclose(perplexity, 2 ** np.log(8)), "2 to the power of the nats is no perplexity: take 2 to the power of the bits"
    assert np.isclose(perplexity, 8), f"a loss of ln 8 nats is a choice among 8; your perplexity is {perplexity:.3f}"
    assert np.allclose(other_scales(0.0), (0, 1)), "one who is always sure and right pays 0 bits and has the perplexity 1"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_other_scales_hidden(other_scales):
    import numpy as np

    for nats in (0.3, 1.55, 4.0):
        assert np.allclose(other_scales(nats), (nats / np.log(2), np.exp(nats))), f"not right for {nats} nats"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: nucleus
# points: 2

# %% [markdown]
# **Exercise 2.** Top-k keeps five characters where one is certain, and five where fifty are possible. **Nucleus sampling** (Holtzman and others 2020) keeps as many as are needed: the likeliest characters, one after the other, until their probabilities add up to at least `mass`. Write `nucleus(p, mass)`: from probabilities `(V,)` the new ones, 0 for what is left out, and the sum 1.
#
# <details><summary>Hint 1</summary><code>order = np.argsort(-p)</code> puts the likeliest first; <code>np.cumsum(p[order])</code> adds them up.</details>
# <details><summary>Hint 2</summary>A character is kept if those <em>before</em> it have not reached <code>mass</code> yet.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def nucleus(p, mass):
    """Probabilities (V,) of the likeliest characters that have at least `mass` together"""
    # BEGIN SOLUTION
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]  # what is likelier, together
    kept = np.zeros_like(p)
    kept[order[before < mass]] = p[order[before < mass]]
    return kept / kept.sum()
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the one that reaches the mass"
def nucleus(p, mass):
    order = np.argsort(-p)
    kept = np.zeros_like(p)
    inside = order[np.cumsum(p[order]) < mass]
    kept[inside] = p[inside]
    return kept / max(kept.sum(), 1e-9)

# %% tags=["wrong"] message="add up to 1"
def nucleus(p, mass):
    order = np.argsort(-p)
    kept = np.zeros_like(p)
    inside = order[np.cumsum(p[order]) - p[order] < mass]
    kept[inside] = p[inside]
    return kept

# %% tags=["wrong"] message="least likely"
def nucleus(p, mass):
    order = np.argsort(p)
    kept = np.zeros_like(p)
    inside = order[np.cumsum(p[order]) - p[order] < mass]
    kept[inside] = p[inside]
    return kept / kept.sum()

# %% [raw]
# # BEGIN TESTS

# %%
def test_nucleus(nucleus):
    import numpy as np

    p = np.array([0.125, 0.5, 0.0625, 0.25, 0.0625])
    got = nucleus(p.copy(), 0.7)
    assert got is not None, "the function gives None: does it return the probabilities?"
    assert np.shape(got) == (5,), f"there are as many probabilities as before; yours have the shape {np.shape(got)}"
    assert not np.allclose(got, p), "nothing was left out: does your order begin with the least likely?"
    assert got[1] > 0, "the likeliest character must be kept"
    assert not np.isclose(got[3], 0), "0.5 alone has not reached 0.7, so the next one is needed: keep also the one that reaches the mass"
    assert np.isclose(np.sum(got), 1), f"the new probabilities must add up to 1, yours add up to {np.sum(got):.3f}"
    assert np.allclose(got, [0, 2 / 3, 0, 1 / 3, 0]), f"for {p} and 0.7 two characters stay, with 2/3 and 1/3; got {np.round(got, 3)}"
    assert np.allclose(nucleus(p.copy(), 0.1), [0, 1, 0, 0, 0]), "with a mass of 0.1 the likeliest one stays alone"
    assert np.allclose(nucleus(p.copy(), 0.5), [0, 1, 0, 0, 0]), "the likeliest has reached 0.5 alone: no other is needed"
    assert np.allclose(nucleus(p.copy(), 1.0), p), "with a mass of 1 nothing changes"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_nucleus_hidden(nucleus):
    import numpy as np

    p = np.random.default_rng(7).dirichlet(np.ones(30))
    for mass in (0.05, 0.35, 0.9):
        wanted, total = np.zeros(30), 0.0
        for i in sorted(range(30), key=lambda i: -p[i]):
            if total < mass:
                wanted[i], total = p[i], total + p[i]
        assert np.allclose(nucleus(p.copy(), mass), wanted / total), f"not right for 30 characters and {mass}"

# %% [raw]
# # END TESTS

# %%
# When the check passes, draw from it: what does it change, compared with top-k?
# s, state = read(BEGINNING)
# print({c: round(v, 3) for c, v in zip(vocabulary.words, nucleus(probabilities(s), 0.9)) if v})

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: word_bits
# points: 2

# %% [markdown]
# **Exercise 3: a model of words.** A language model may as well guess whole words. To compare it with one of characters, the cost must be told in the same unit, and a word that the model does not know must not be had for free: it must still be spelt. (Its length we give away, and whether a space or a line end follows.) Write `word_bits(p, words, known, per_letter)`, the cost in bits for each **character**: `p`, `(n,)`, is the probability that the model gave each of the `n` words (for an unknown word, that of *unknown*); `words` are the words; `known`, `(n,)`, says which the
# model knows; an unknown word costs `per_letter` bits more for each of its letters. Behind each word stands one more character, a space or a line end.
#
# <details><summary>Hint 1</summary>The costs of all words together, divided by all characters together.</details>
# <details><summary>Hint 2</summary>The characters are <code>sum(len(word) + 1 for word in words)</code>; the letters to be spelt are those of the unknown words, without the space.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def word_bits(p, words, known, per_letter):
    """Bits for each character, of a model of words"""
    # BEGIN SOLUTION
    letters = np.array([len(word) for word in words])
    total = -np.log2(p).sum() + per_letter * letters[~np.asarray(known)].sum()
    return total / (letters + 1).sum()
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="for each word"
def word_bits(p, words, known, per_letter):
    letters = np.array([len(word) for word in words])
    return (-np.log2(p).sum() + per_letter * letters[~np.asarray(known)].sum()) / len(words)

# %% tags=["wrong"] message="spelt"
def word_bits(p, words, known, per_letter):
    return -np.log2(p).sum() / sum(len(word) + 1 for word in words)

# %% tags=["wrong"] message="behind each word"
def word_bits(p, words, known, per_letter):
    letters = np.array([len(word) for word in words])
    return (-np.log2(p).sum() + per_letter * letters[~np.asarray(known)].sum()) / letters.sum()

# %% [raw]
# # BEGIN TESTS

# %%
def test_word_bits(word_bits):
    import numpy as np

    p, words, known = np.array([0.5, 0.25, 0.125]), ["the", "gru", "forgets"], np.array([True, False, True])
    got = word_bits(p, words, known, 4.0)
    assert got is not None, "the function gives None: does it return the cost?"
    assert np.ndim(got) == 0, f"one number is asked for; yours has the shape {np.shape(got)}"
    assert not np.isclose(got, 18 / 3), "this is the cost for each word; asked for is that for each character"
    assert not np.isclose(got, 6 / 16), "the unknown word has not been spelt: each of its letters costs per_letter bits"
    assert not np.isclose(got, 18 / 13), "the spaces are missing: one more character stands behind each word"
    assert np.isclose(got, 18 / 16), f"6 bits for the words and 12 for spelling, over 16 characters, are {18 / 16}; got {got:.4f}"
    assert np.isclose(word_bits(p, words, np.array([True] * 3), 4.0), 6 / 16), "where all words are known, none is spelt"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_word_bits_hidden(word_bits):
    import numpy as np

    p, words = np.array([0.5, 0.125, 0.25, 1 / 16]), ["o", "embedding", "is", "sigmoids"]
    known = np.array([True, False, True, False])
    assert np.isclose(word_bits(p, words, known, 3.0), (10 + 3 * 17) / 24), "not right for four words, two of them unknown"
    assert np.isclose(word_bits(p[:1], words[1:2], known[1:2], 5.0), (1 + 5 * 9) / 10), "not right for one unknown word"

# %% [raw]
# # END TESTS

# %%
# When the check passes: pairs of words against the models of characters. Who wins, and what does the spelling cost?
# train_words, test_words = text.train.split(), text.test.split()
# often = [word for word, n in Counter(train_words).items() if n > 1]
# word_vocabulary = Vocabulary(often)
# pairs = Counts(1, len(word_vocabulary))
# read_by_counts(pairs, word_vocabulary.encode(train_words), learn=True)
# p = read_by_counts(pairs, word_vocabulary.encode(test_words), learn=False)[1:, 1]
# known = np.array([word in word_vocabulary for word in test_words[1:]])
# print(word_bits(p, test_words[1:], known, per_letter=bits(share[ids["test"]])), known.mean())

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: best_mixture
# points: 3

# %% [markdown]
# **Exercise 4, a stretch: how much of each?** The mean of the two models cost less than either of them here. Half and half need not be best. Find the share $\lambda$ for which $\lambda p_a + (1 - \lambda) p_b$ costs least on a text. Write `best_mixture(p_a, p_b)`: begin with $\lambda = 0.5$ and replace it, a hundred times, by the mean over the text of
#
# $$\frac{\lambda\, p_a}{\lambda\, p_a + (1 - \lambda)\, p_b},$$
#
# the probability that a character came from the first model. (This is expectation–maximisation, Dempster, Laird and Rubin 1977; each round makes the cost smaller or leaves it.) Which part of the text should it be chosen on?
#
# <details><summary>Hint 1</summary>A loop of a hundred rounds, with one line in it.</details>
# <details><summary>Hint 2</summary><code>np.mean(share * p_a / (share * p_a + (1 - share) * p_b))</code></details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def best_mixture(p_a, p_b):
    """The share of the first model, between 0 and 1"""
    # BEGIN SOLUTION
    share = 0.5
    for _ in range(100):
        share = np.mean(share * p_a / (share * p_a + (1 - share) * p_b))
    return share
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one round"
def best_mixture(p_a, p_b):
    return np.mean(p_a / (p_a + p_b))

# %% tags=["wrong"] message="the other model"
def best_mixture(p_a, p_b):
    share = 0.5
    for _ in range(100):
        share = np.mean(share * p_a / (share * p_a + (1 - share) * p_b))
    return 1 - share

# %% tags=["wrong"] message="more probable"
def best_mixture(p_a, p_b):
    return np.mean(p_a > p_b)

# %% [raw]
# # BEGIN TESTS

# %%
def test_best_mixture(best_mixture):
    import numpy as np

    rng = np.random.default_rng(0)
    p_a, p_b = np.exp(-rng.exponential(1.5, 500)), np.exp(-rng.exponential(2.5, 500))
    shares = np.linspace(0.001, 0.999, 999)
    best = shares[np.argmin([-np.log2(x * p_a + (1 - x) * p_b).mean() for x in shares])]
    got = best_mixture(p_a, p_b)
    assert got is not None, "the function gives None: does it return the share?"
    assert np.ndim(got) == 0, f"one number is asked for; yours has the shape {np.shape(got)}"
    assert not np.isclose(got, np.mean(p_a / (p_a + p_b))), "this is the result of one round: go on from it, a hundred times"
    assert not np.isclose(got, np.mean(p_a > p_b)), "you counted where the first model is more probable; by how much it is counts, too"
    assert not np.isclose(got, 1 - best, atol=0.005), "this is the share of the other model"
    assert np.isclose(got, best, atol=0.005), f"trying all shares finds {best:.3f}, you have {got:.3f}"
    assert best_mixture(np.full(9, 0.5), np.full(9, 0.1)) > 0.99, "where the first model is always better, its share goes to 1"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_best_mixture_hidden(best_mixture):
    import numpy as np

    rng = np.random.default_rng(7)
    p_a, p_b = np.exp(-rng.exponential(2.0, 800)), np.exp(-rng.exponential(1.4, 800))
    shares = np.linspace(0.001, 0.999, 999)
    for first, second in ((p_a, p_b), (p_b, p_a), (p_a, p_a * np.exp(rng.normal(-0.2, 0.8, 800)))):  # the last in no few rounds
        best = shares[np.argmax([np.log(x * first + (1 - x) * second).mean() for x in shares])]
        assert abs(best_mixture(first, second) - best) < 0.006, f"not right where the best share is {best:.3f}"

# %% [raw]
# # END TESTS

# %%
# When the check passes: choose on the validation part, judge on the test part.
# p_a, p_b = lstm["validation"], P["validation"][:, best_n - 1]
# share_a = best_mixture(p_a, p_b)
# mixed = share_a * lstm["test"] + (1 - share_a) * p_test[f"n-gram, n = {best_n}"]
# print(f"{share_a:.2f} of the LSTM: {bits(mixed):.3f} bits")

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
# - **Comparing models by different units.** Nats and bits, characters and words, with or without spelling: a cost means nothing without its unit.
# - **Testing on a part that is mixed with the training part.** Drawn line by line, neighbours of every test line would have been seen in training. A text is split in blocks.
# - **Losing the state between windows, or keeping it between texts.** Both run without an error.
# - **Targets that are not shifted.** A model that is to say what it has just read reaches a loss near 0 in no time.
# - **Judging a language model by one text that it wrote.** Temperature makes a poor model look sober and a good one look mad; and a text may be copied.
#
# ## References
#
# - C. E. Shannon (1951). Prediction and entropy of printed English. *Bell System Technical Journal* 30(1), 50–64. People guess the next letter; the cost of a text in bits.
# - I. H. Witten, T. C. Bell (1991). The zero-frequency problem: estimating the probabilities of novel events in adaptive text compression. *IEEE Transactions on Information Theory* 37(4), 1085–1094.
# - T. Mikolov and others (2010). Recurrent neural network based language model. *Interspeech*.
# - A. Graves (2013). Generating sequences with recurrent neural networks. *arXiv:1308.0850*. Characters in, characters out.
# - A. Karpathy, J. Johnson, L. Fei-Fei (2015). Visualizing and understanding recurrent networks. *arXiv:1506.02078*. Cells that count a line's length or know about quotes.
# - B. Krause, E. Kahembwe, I. Murray, S. Renals (2018). Dynamic evaluation of neural sequence models. *ICML*. A network that goes on learning while it reads.
# - A. Fan, M. Lewis, Y. Dauphin (2018). Hierarchical neural story generation. *ACL*. Top-k sampling.
# - A. Holtzman and others (2020). The curious case of neural text degeneration. *ICLR*. Nucleus sampling.
# - A. P. Dempster, N. M. Laird, D. B. Rubin (1977). Maximum likelihood from incomplete data via the EM algorithm. *Journal of the Royal Statistical Society B* 39(1), 1–38.

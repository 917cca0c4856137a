# %% [markdown]
# # 12 · Language models
#
# *The cat sat on the …* You know how this continues, because you have read a lot. A language model learns the same from text: for
# every possible next character (or word), it gives the probability that it comes next. It needs no labels, because the text itself contains the right answers. A model that
# predicts the next character can also write: sample a character, append it, and predict again.
#
# **You will be able to**
#
# 1. measure a language model by its cross-entropy, in bits or nats per character, and by its perplexity;
# 2. build an n-gram model, and explain why it needs smoothing;
# 3. train an LSTM on one long text, with targets shifted by one and a state that is carried from window to window;
# 4. generate text character by character, with temperature and top-k sampling;
# 5. compare language models fairly, and check whether a model has learned or copied.
#
# **Before this lesson:** lessons [01](01_one_hot_and_bag_of_words.ipynb), [04](04_simple_rnn.ipynb), [05](05_training_rnns.ipynb) and
# [06](06_lstm.ipynb). **Time:** about 60 minutes to read and try, 40 minutes for the exercises; on two cores all cells run in about
# 85 seconds on the built-in sample (`HUBS.md` names the machine that was measured),
# and in about ten minutes on Shakespeare's plays.

# %% [markdown]
# ## Settings and data
#
# The embedded sample is this course: the text of lessons 00 to 10, without the code. The real dataset is Tiny Shakespeare, 40,000 lines of Shakespeare's plays. Each text is
# split into three blocks: the last tenth is the test set, the twentieth before it is the validation set, and everything before is the training set.

# %%
from collections import Counter
from time import perf_counter

import keras
import matplotlib.pyplot as plt
import numpy as np

from course_utils import cells, plots, tables
from course_utils.claims import LONG, SEED, claim
from course_utils.datasets import texts
from course_utils.text import Vocabulary
from course_utils.training import ProgressBar

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)

# %%
text = texts.load()
REAL = text.source == "real"
TRAINED = LONG or not REAL  # else one epoch only: no conclusions
if REAL:
    UNITS, DIM, ROWS, TIME, RATE = 384, 64, 32, 64, 4e-3
    EPOCHS, DROPOUT = 5 if LONG else 1, 0.1
else:
    UNITS, DIM, ROWS, TIME, RATE = 128, 32, 32, 32, 1e-2
    EPOCHS, DROPOUT = 20, 0.2
print(text.train[:200])

# %% [markdown]
# A model that reads characters has a small vocabulary. Characters that occur fewer than ten times in the training set share one id, the last one. Id 0 is
# reserved for padding, which we do not need here.

# %%
counts = Counter(text.train)
vocabulary = Vocabulary(sorted(c for c, n in counts.items() if n >= 10))
V = len(vocabulary)
PADDING, UNKNOWN = 0, V - 1
ids = {name: vocabulary.encode(list(getattr(text, name)))
       for name in ("train", "validation", "test")}
print(f"{V} ids; {len(counts) - V + 2} rare characters share the id {UNKNOWN}")

# %% [markdown]
# ## 1 · How good is a prediction?
#
# A [**language model**](../GLOSSARY.md#language-model) reads a text from left to right. Before each character $x_t$, it gives every possible character a probability. Then it sees $x_t$. If it gave $x_t$ the
# probability $p$, we charge it $\log_2 \frac 1 p$ **bits**: 0 bits for $p = 1$, 1 bit for $p = \frac 1 2$, 10 bits for $p = \frac{1}{1024}$, and infinitely many for $p = 0$.
# The mean over the text is the model's cross-entropy (lesson 01) in [**bits per character**](../GLOSSARY.md#bits-per-character), often written BPC:
#
# $$H = \frac 1 T \sum_{t=1}^{T} \log_2 \frac{1}{P(x_t \mid x_1 \dots x_{t-1})}$$
#
# Two other scales express the same quantity:
#
# - With the natural logarithm instead of $\log_2$, the unit is the **nat**. This is the loss that Keras shows. One nat is $1 / \ln 2 \approx 1.44$ bits.
# - $2^H$ is the [**perplexity**](../GLOSSARY.md#perplexity). A perplexity of 8 means that the prediction is as hard as a choice between 8 equally likely characters.
#
# The probability of the whole text is the product of all these probabilities (the chain rule). So the model with the fewest bits is the model that gives the text the highest probability.
#
# We start with two baselines. The first gives every id the same probability. The second uses how often each id occurs in the training set.

# %%
def bits(p):
    """Bits per character, for the probabilities p of what really came."""
    return -np.log2(p).mean()


frequency = np.bincount(ids["train"], minlength=V) / len(ids["train"])
validation = ids["validation"]
baselines = {"all ids equally likely": np.full(len(validation), 1 / V),
             "frequency in the training set": frequency[validation]}
for name, p in baselines.items():
    print(f"{name}: {bits(p):.2f} bits, perplexity {2 ** bits(p):.1f}")

# %% [markdown]
# Knowing how frequent each character is already saves more than one bit. Now we use the characters before it.
#
# ## 2 · Counting: n-gram models
#
# After *th* the next character is often *e*. An **n-gram model** counts this. The last $n - 1$ characters are the **context** $h$. The model looks up every place in the
# training set where $h$ occurred, and counts which characters followed.
#
# Suppose the context *th* occurred 10 times, followed by *e* 8 times, by *a* once and by *i* once. The simplest estimate divides the counts by 10: it gives *e* the probability 0.8, and *o* the
# probability 0. If the new text then contains *tho*, the model pays infinitely many bits. And if the context itself never occurred, there is nothing to divide. Both happen
# more often the longer the context is.
#
# The remedy is [**smoothing**](../GLOSSARY.md#smoothing): mix the estimate with that of a shorter context. Witten and Bell (1991) use
#
# $$P_n(x \mid h) = \frac{c(hx) + F \cdot P_{n-1}(x \mid h')}{N + F}$$
#
# Here $c(hx)$ is how often $x$ followed the context $h$, $N$ is how often $h$ occurred, $F$ is how many *different* characters followed it, and $h'$ is $h$ without its first
# character. In the example, $N = 10$ and $F = 3$. If the shorter context *h* gives *o* the probability 0.1, then the smoothed probability of *o* after *th* is
# $(0 + 3 \cdot 0.1) / (10 + 3) \approx 0.02$. The more different characters have followed a context, the more likely is yet another one, so the more weight goes to the
# shorter context. For $n = 1$, the context is empty, and the shorter estimate is $1 / V$ for every id.
#
# One table for each length of the context is enough for the models of all orders $n$. A table is a dictionary of dictionaries: context → next id → count.

# %%
class Counts:
    """How often each id followed each context, for n = 1 … longest."""

    def __init__(self, longest, V=V):
        self.V = V
        self.tables = [{} for _ in range(longest)]  # for contexts of n − 1 ids

    def contexts(self, ids, t):
        """The contexts of position t that exist, the shortest first."""
        return [ids[t - k:t] for k in range(min(len(self.tables), t + 1))]

    def add(self, ids, t):
        for table, context in zip(self.tables, self.contexts(ids, t)):
            followers = table.setdefault(context, {})
            followers[ids[t]] = followers.get(ids[t], 0) + 1

# %% [markdown]
# The next function reads a text from left to right. At each position it computes the probabilities of all orders, from $n = 1$ upwards. With `learn=True` it
# then adds the character to the counts. That is the training. With `learn=False` the counts do not change.

# %%
def ngram_probabilities(counts, ids, learn):
    """P(x_t | the n − 1 ids before it), for all n: (T, longest)."""
    ids = tuple(ids.tolist())
    P = np.empty((len(ids), len(counts.tables)))
    for t, x in enumerate(ids):
        p = 1 / counts.V
        for n, context in enumerate(counts.contexts(ids, t)):
            followers = counts.tables[n].get(context)
            if followers:
                N, F = sum(followers.values()), len(followers)
                p = (followers.get(x, 0) + F * p) / (N + F)
            P[t, n:] = p
        if learn:
            counts.add(ids, t)
    return P

# %% [markdown]
# **What do you expect?** Training set and validation set: does a longer context always help?
#
# <details><summary>Answer</summary>On the training set yes. On new text it helps at first. Then most long contexts are new, or they occurred so rarely that their counts say little.</details>

# %%
ORDERS = range(1, 7)
counted = Counts(max(ORDERS))
ngram_probabilities(counted, ids["train"], learn=True)
P = {name: ngram_probabilities(counted, part, learn=False)[1:]
     for name, part in ids.items()}  # (T − 1, 6): the LSTM skips the first, too
ngram_bits = {name: [bits(p) for p in P[name].T]
              for name in ("train", "validation")}
best_n = 1 + int(np.argmin(ngram_bits["validation"]))
print(f"best n on the validation set: {best_n}, "
      f"{min(ngram_bits['validation']):.3f} bits per character")

# %% alt="Two curves over n from 1 to 6. Both begin between four and five bits per character. On the training set the curve falls to the end. On the validation set it falls ever more slowly, and it does not fall at the last step." jupyter={"source_hidden": true}
# Draw the bits per character of the n-gram models.
fig, ax = plt.subplots(figsize=(7, 3.4))
ax.plot(ORDERS, ngram_bits["train"], "o-", label="training set")
ax.plot(ORDERS, ngram_bits["validation"], "s--", label="validation set")
ax.set(title="A longer context helps on new text only up to a point",
       xlabel="n: the model sees n − 1 characters", ylabel="bits per character",
       xticks=ORDERS)
ax.legend()
plt.show()

# %% [markdown]
# Each further character of context helps less than the one before. At the end the two curves move apart: the model overfits. On the text that it has counted, a context of
# five characters often has only one continuation, and the model knows it. How often does new text contain something that was never counted?

# %%
seen = {text.train[i:i + 6] for i in range(len(text.train) - 5)}
new = [text.validation[i:i + 6] not in seen
       for i in range(len(text.validation) - 5)]
claim("fraction of the validation set's 6-grams that are not in training",
      np.mean(new), at_least=0.15)

# %% [markdown] claim="fraction of the validation set's 6-grams that are not in training"
# **Quick question.** Why can the model with $n = 6$ be worse on new text than a model with a shorter context?
#
# <details><summary>A. It ignores the shorter contexts</summary>No. Smoothing mixes all orders. But the longest context gets weight as soon as it has been seen once.</details>
# <details><summary>B. Many 6-grams of the new text were never counted; the counts of a rare context are unreliable</summary>Right. The fraction was measured above. A context that was seen once predicts one
# character strongly, and often another one comes.</details>
# <details><summary>C. A longer context contains less information</summary>No. It contains more. What is missing is enough text to estimate so many probabilities.</details>

# %% [markdown]
# ## 3 · An LSTM that carries its state
#
# An n-gram model sees only the last $n - 1$ characters. And what it has counted for one context does not help with a similar context: *the film* and *this film* have separate
# rows in the table. A recurrent network has neither limit. At each time step it reads one character, updates its state, and computes a logit for each possible next character.
# **The inputs are the text without its last character; the targets are the text without its first character.** So the target of each time step is the input of the next one.
#
# The text is one sequence of more than 100,000 time steps. We cannot backpropagate through all of it. So we cut it, in two directions:
#
# - The text is cut into `ROWS` **streams** of the same length, which are read side by side. They are the rows of the batch.
# - Each stream is cut into **windows** of `TIME` time steps. One batch holds one window of every stream.
#
# After each batch, the network keeps its state, so the next window begins where the last one ended. Gradients go back only to the beginning of the window. This is truncated
# backpropagation through time (lesson 05). A stateful layer (lesson 04) does exactly this: row $i$ of a batch continues row $i$ of the batch before.

# %%
def streams(ids, rows=ROWS, time=TIME):
    """Inputs and targets (windows · rows, time), in the order of reading."""
    windows = (len(ids) - 1) // (rows * time)

    def cut(part):
        part = part[:rows * windows * time].reshape(rows, windows, time)
        return part.swapaxes(0, 1).reshape(windows * rows, time)
    return cut(ids[:-1]), cut(ids[1:])


x, y = streams(np.arange(13), rows=2, time=3)
print("inputs", x.tolist(), "targets", y.tolist(), sep="\n")

# %% alt="A text of twenty-four characters in two rows, the two streams. Each row is cut into three windows of four characters. The columns of windows are labelled batch 1, batch 2 and batch 3, and an arrow carries the state from each window to the next one in the same row." jupyter={"source_hidden": true}
# Draw two streams, three windows each.
fig, ax = plt.subplots(figsize=(8, 2.4))
for k, c in enumerate("To read, carry the state"):
    row, column = divmod(k, 12)
    x_left, y_middle = column + column // 4, -row
    ax.text(x_left, y_middle, c.replace(" ", "␣"), ha="center", va="center",
            bbox={"facecolor": f"C{column // 4}", "alpha": 0.3, "pad": 8})
    if column in (3, 7):
        ax.annotate("", (x_left + 1.6, y_middle), (x_left + 0.4, y_middle),
                    arrowprops={"arrowstyle": "->"})
for k in range(3):
    ax.text(5 * k + 1.5, 0.7, f"batch {k + 1}", ha="center")
ax.set(xlim=(-0.6, 13.6), ylim=(-1.6, 1))
ax.axis("off")
plt.show()

# %% [markdown]
# The picture shows two streams with three windows each. The arrows carry the state. In the printed toy example, the first batch has the inputs 0, 1, 2 and 6, 7, 8; the second batch continues with 3, 4, 5 and 9, 10, 11.
#
# The model has an `Embedding`, an LSTM, dropout, and a `Dense` layer that computes the logits. With `rows` it is stateful and has a fixed batch size; without `rows`, every call starts with zeros.

# %%
layers = keras.layers


def language_model(rows=None, dropout=DROPOUT):
    """Ids (rows, time) to logits (rows, time, V); stateful if rows is given."""
    return keras.Sequential([
        keras.Input(batch_shape=(rows, None), dtype="int32"),
        layers.Embedding(V, DIM),  # (rows, time, DIM)
        layers.LSTM(UNITS, return_sequences=True,
                    stateful=rows is not None),  # (rows, time, UNITS)
        layers.Dropout(dropout),
        layers.Dense(V),  # (rows, time, V): logits
    ])

# %%
class ResetState(keras.callbacks.Callback):
    """Start each pass over a text with a state of zeros."""

    def on_epoch_begin(self, epoch, logs=None):
        for layer in self.model.layers:
            if isinstance(layer, layers.LSTM):
                layer.reset_state()

    def on_test_begin(self, logs=None):
        self.on_epoch_begin(0)


x, y = streams(ids["train"])
training_steps = EPOCHS * len(x) // ROWS

# %% [markdown]
# Before each epoch, and before the validation, the state is set back to zero. Three more choices: `shuffle=False` keeps the windows in order; lesson 04 shows what goes wrong otherwise. The learning rate falls to 0 along half a cosine, so that the
# last epochs make small steps. Gradients longer than 1 are clipped (lesson 05). `jit_compile=False` switches XLA off, because it made
# this training several times slower on our CPU.

# %%
begun = perf_counter()
model = language_model(ROWS)
model.compile(
    keras.optimizers.Adam(clipnorm=1.0, learning_rate=keras.optimizers.schedules
                          .CosineDecay(RATE, training_steps)),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    jit_compile=False)
history = model.fit(
    x, y, batch_size=ROWS, epochs=EPOCHS, shuffle=False, verbose=0,
    validation_data=streams(ids["validation"]), validation_batch_size=ROWS,
    callbacks=[ProgressBar(), ResetState()]).history
tables.table("The training", [{
    "network": "LSTM", "parameters": model.count_params(),
    "training steps": training_steps, "seconds": perf_counter() - begun}])

# %% alt="Training and validation loss in nats per character, by epoch. Both fall quickly in the first epochs. The validation loss is flat at the end." jupyter={"source_hidden": true}
# Draw the learning curves.
fig, ax = plt.subplots(figsize=(7, 3.2))
epochs = range(1, EPOCHS + 1)
ax.plot(epochs, history["loss"], "o-", label="training set, with dropout")
ax.plot(epochs, history["val_loss"], "s--", label="validation set")
ax.set(title="The LSTM: learning curves", xlabel="epoch",
       ylabel="loss in nats per character")
ax.legend()
plt.show()
if not REAL:
    claim("validation loss: improvement over the last five epochs, in nats",
          history["val_loss"][-6] - history["val_loss"][-1],
          close_to=0, within=0.03)
tables.table("Learning curves, nats per character", [
    {"epoch": str(e + 1), "training set, with dropout": history["loss"][e],
     "validation set": history["val_loss"][e]} for e in range(0, EPOCHS)])

# %% [markdown]
# On the sample, the validation curve is flat at the end, so more epochs of this kind would change little. After five epochs, this LSTM would have lost to the best n-gram model. So never compare a network whose curve is still
# falling: you would take a training that was too short for a weakness of the architecture.
#
# The validation loss in the table is slightly too high, because each of the `ROWS` streams starts with a state of zeros. For the exact value, we need the probability of every character, with the state carried from the first
# character to the last. A second model with the same weights reads the whole text as one sequence. It is not stateful, so each call starts with zeros.

# %%
reader = language_model()
reader.set_weights(model.get_weights())


def lstm_probabilities(ids):
    """P(x_t | all characters before it) for t ≥ 1: (T − 1,)."""
    logits = reader.predict(ids[None, :-1], verbose=0)[0].astype("float64")
    logits -= logits.max(axis=1, keepdims=True)  # (T − 1, V)
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    return p[np.arange(len(p)), ids[1:]]


# %%
p_lstm = {name: lstm_probabilities(ids[name])
          for name in ("validation", "test")}
difference = bits(p_lstm["validation"]) - min(ngram_bits["validation"])
print(f"LSTM on the validation set: {bits(p_lstm['validation']):.3f} bits")
if TRAINED:
    claim("validation set: bits per character, LSTM minus best n-gram",
          difference, at_most=-0.2 if REAL else -0.03)
if not REAL:
    claim("bits of the LSTM after five epochs, minus best n-gram model",
          history["val_loss"][4] / np.log(2) - min(ngram_bits["validation"]),
          at_least=0.08)

# %% [markdown]
# ## 4 · The test set
#
# All choices are made, so we open the test set. A third model is added: for each character, the mean of the probabilities of the LSTM and of the best n-gram model. This is called
# interpolation, or an ensemble.
#
# **What do you expect?** The mean of a good and a slightly worse model: is it between the two, or better than both?
#
# <details><summary>Answer</summary>Better than both. The two models are wrong at different places. If one gives the right character a high probability and the other almost none, the mean has half of the high one. That costs
# one bit more than the better model. Almost none would have cost many bits.</details>

# %%
p_test = {f"n-gram, n = {n}": P["test"][:, n - 1] for n in ORDERS}
p_test["LSTM"] = p_lstm["test"]
p_best = p_test[f"n-gram, n = {best_n}"]
p_test["mean of LSTM and best n-gram"] = (p_lstm["test"] + p_best) / 2
claim("test set: bits per character that the mean saves, against the LSTM",
      bits(p_lstm["test"]) - bits(p_test["mean of LSTM and best n-gram"]),
      at_least=0.01)
tables.table("Test set: the cost of a character", [
    {"model": name, "bits": bits(p), "nats": bits(p) * np.log(2),
     "perplexity": 2 ** bits(p)} for name, p in p_test.items()])

# %% [markdown]
# On the sample, the LSTM is better than every n-gram model, on the test set as on the validation set. The mean of both is clearly better still, although nothing was trained for it. The sample is a small text; section 7 shows the same comparison on a larger one.

# %% [markdown] claim="test set: bits per character that the mean saves, against the LSTM"
# **Quick question.** Model A gives the right character the probability $\frac 1 2$ at one place and $\frac{1}{32}$ at the next. For model B it is the other way round. How many bits per character do A, B and their mean need at these two places?
#
# <details><summary>A. A and B need 3, the mean needs about 1.9</summary>Right. A and B pay 1 and 5 bits. The mean has the probability 17/64 at both places and pays 1.9 bits at each. The claim above measured the same effect on the test set.</details>
# <details><summary>B. All three need 3</summary>No. The mean is taken of the probabilities, not of the bits. The mean of 1/2 and 1/32 is 17/64.</details>
# <details><summary>C. A and B need 3, the mean needs 6</summary>No. A mean of two probabilities is never smaller than the smaller one, and at least half of the larger one.</details>

# %% [markdown]
# ## 5 · Generating text
#
# To generate text, we repeat two steps: sample the next character from the model's probabilities, and feed it back as the next input. The state is carried from step to step, so each step costs the same, whether
# it is the tenth character or the ten-thousandth.
#
# The probabilities may be changed before sampling. With a [**temperature**](../GLOSSARY.md#temperature) $\tau$, the logits $z$ are divided by it:
#
# $$p = \operatorname{softmax}(z / \tau)$$
#
# With $\tau < 1$ likely characters become even more likely; near 0 only the most likely one is left. With $\tau > 1$ the probabilities become more equal. **Top-k sampling** keeps only the
# $k$ most likely characters (Fan, Lewis and Dauphin 2018).

# %%
def probabilities(logits, temperature=1.0, k=None):
    """softmax(logits / temperature) over the k largest logits: (V,)."""
    z = logits.astype("float64") / temperature
    z[[PADDING, UNKNOWN]] = -np.inf  # never generate these two
    if k is not None:
        z[z < np.sort(z)[-k]] = -np.inf
    p = np.exp(z - z.max())
    return p / p.sum()

# %% [markdown]
# For generation, the stateful model reads one character per call. Each row of its batch writes its own text, so several temperatures can be used side by side.

# %%
def generate(start, length, temperatures, k=None, seed=SEED):
    """One text per temperature, as a continuation of the text `start`."""
    rng = np.random.default_rng(seed)
    writer = language_model(rows=len(temperatures))
    writer.set_weights(model.get_weights())
    read = np.tile(vocabulary.encode(list(start)), (len(temperatures), 1))
    written = []
    for _ in range(length):
        logits = writer.predict_on_batch(read)[:, -1]  # (rows, V)
        read = np.array([[rng.choice(V, p=probabilities(z, temperature, k))]
                         for z, temperature in zip(logits, temperatures)])
        written.append(read[:, 0])
    return ["".join(vocabulary.decode(row)) for row in np.transpose(written)]

# %% [markdown]
# Does reading step by step give the same logits as reading the whole text at once? It must, if the state is really carried.

# %%
stepper = language_model(rows=1)
stepper.set_weights(model.get_weights())
some = ids["test"][None, :200]  # (1, 200)
by_step = [stepper.predict_on_batch(some[:, t:t + 1])[0, 0] for t in range(200)]
at_once = reader.predict(some, verbose=0)[0]  # (200, V)
claim("largest difference of the logits, step by step and at once",
      np.abs(np.array(by_step) - at_once).max(), at_most=1e-3)
START = "MENENIUS:\nThe " if REAL else "The network "
next_logits = reader.predict(vocabulary.encode(list(START))[None],
                             verbose=0)[0, -1]  # (V,)

# %% alt="Three bar charts with the probabilities of the same ten characters, for temperatures 0.5, 1 and 2. At 0.5 the first bar is far higher than the others. At 2 the bars have more similar heights. The order of the bars is the same in all three." jupyter={"source_hidden": true}
# Draw the probabilities of the next character at three temperatures.
top = np.argsort(-next_logits)[:10]
names = [repr(c)[1:-1].replace(" ", "␣") for c in vocabulary.decode(top)]
fig, axes = plt.subplots(1, 3, figsize=(9.4, 2.8), sharey=True)
for ax, temperature in zip(axes, (0.5, 1.0, 2.0)):
    ax.bar(range(10), probabilities(next_logits, temperature)[top])
    ax.set(title=f"temperature {temperature}")
    ax.set_xticks(range(10), names)
axes[0].set_ylabel("probability")
fig.supxlabel(f"next character after {START!r}")
plt.show()

# %% [markdown]
# The order of the characters never changes. What changes is how far the first ones are ahead.
#
# **What do you expect?** What is wrong with a text written at temperature 0.3? And at 1.7?
#
# <details><summary>Answer</summary>At 0.3 the words are correct, but the text repeats itself. At 1.7 many words do not exist. Read the samples below with this in mind.</details>

# %%
CHOICES = (0.3, 1.0, 1.7)
for temperature, written in zip(CHOICES, generate(START, 250, CHOICES)):
    print(f"--- temperature {temperature}\n{START}{written}\n")
print(f"--- temperature 1, top-5\n{START}{generate(START, 250, [1.0], k=5)[0]}")

# %% [markdown]
# At 0.3 the text consists of frequent words and repeats itself. At 1 it is as varied as the training text, with more mistakes. Top-5 sampling avoids the most unlikely characters. At 1.7 words fall apart.
# A mistake also changes the state: after a word that does not exist, the network is in a state that it never met in training, where it read only correct text. This problem is called exposure bias; lesson 13 returns to it.
#
# ## 6 · Learned or copied?
#
# A generated text can look good because it is copied. So we measure three numbers: the fraction of its words that occur in the training set, the fraction of its 20-grams of characters that occur there,
# and how varied it is: the number of different words, divided by the number of all words. The beginning of the test set shows which values are normal for new text by a human author.

# %%
known_words = set(text.train.split())
known_20 = {text.train[i:i + 20] for i in range(len(text.train) - 19)}


def examine(written):
    words = written.split()
    copied = [written[i:i + 20] in known_20
              for i in range(len(written) - 19)]
    return {"known words": np.mean([word in known_words for word in words]),
            "copied 20-grams": np.mean(copied),
            "different words": len(set(words)) / len(words)}


TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.5)
found = {str(temperature): examine(written) for temperature, written
         in zip(TEMPERATURES, generate(START, 1500, TEMPERATURES))}
found["test set"] = examine(text.test[:1500])
tables.table("1,500 generated characters per temperature", [
    {"temperature": name, **values} for name, values in found.items()])

# %% alt="Three curves over the temperature, and separate points for the test set at the right. The fraction of known words falls as the temperature rises, and the fraction of different words rises. The fraction of copied 20-grams stays near zero." jupyter={"source_hidden": true}
# Draw what was measured at each temperature, and on the test set.
fig, ax = plt.subplots(figsize=(7.6, 3.6))
for name, style in zip(found["test set"], ("o-C0", "^:C1", "s--C2")):
    curve = [found[str(t)][name] for t in TEMPERATURES]
    ax.plot(TEMPERATURES, curve, style, label=name)
    ax.plot(1.75, found["test set"][name], style[0] + style[-2:])
ax.set(title="Generated text, and the test set", ylim=(-0.05, 1.3),
       xlabel="temperature", ylabel="fraction")
ax.set_xticks([*TEMPERATURES, 1.75], [*TEMPERATURES, "test set"])
ax.legend(ncols=3, loc="upper center")
plt.show()
claim("known words: temperature 0.4 minus temperature 1.5",
      found["0.4"]["known words"] - found["1.5"]["known words"], at_least=0.2)
claim("largest fraction of copied 20-grams",
      max(found[str(t)]["copied 20-grams"] for t in TEMPERATURES), at_most=0.1)

# %% [markdown] claim="known words: temperature 0.4 minus temperature 1.5"
# **Quick question.** Your generated text repeats the same correct words again and again. What do you change?
#
# <details><summary>A. A higher temperature</summary>Right. The text gets more varied. You pay with words that do not exist, as the figure shows.</details>
# <details><summary>B. A lower temperature</summary>No. A low temperature makes likely characters even more likely, so the text repeats itself more.</details>
# <details><summary>C. A smaller k in top-k sampling</summary>No. A smaller k leaves fewer characters to choose from.</details>

# %% [markdown]
# A low temperature gives correct words and little variety; a high temperature gives variety and misspelt words. Compare the rows of temperature 1.0 and of the test set: they are similarly varied, but the human text has more known words. On the sample, no temperature gives both. Almost nothing was copied here. A larger network that is trained longer on the same text can copy whole sentences, so check it.
#
# ## 7 · On Tiny Shakespeare
#
# The same notebook also runs on the real data (`make data DATASETS=tiny_shakespeare`). There the LSTM is larger, as the settings say. The figure and the table come from the record of such runs, with three seeds.

# %% alt="Bars of nats per character on the test set of Tiny Shakespeare, for the n-gram models with n from 1 to 6, the LSTM, and the mean of LSTM and best n-gram model. The n-gram models become better up to n = 5. The LSTM needs far less than all of them, and the mean needs slightly less than the LSTM." jupyter={"source_hidden": true} tags=["recorded"]
# Draw the recorded nats per character of all models.
LESSON = "12_language_model"
plays = tables.recorded(LESSON, "Test set: the cost of a character")
nats = dict(zip([row["model"] for row in plays.rows], plays.values("nats")))
fig, ax = plt.subplots(figsize=(7.6, 3.8))
ax.barh(list(nats), list(nats.values()), color=["C0"] * 6 + ["C1", "C2"])
plots.label_bars(ax)
ax.invert_yaxis()
ax.set(title="Test set of Tiny Shakespeare, mean over the seeds",
       xlabel="nats per character", xlim=(0, 4))
plt.show()
claim("on the plays: nats per character, LSTM minus best n-gram model",
      nats["LSTM"] - min(list(nats.values())[:6]), at_most=-0.2)
claim("on the plays: nats that the mean saves, against the LSTM",
      nats["LSTM"] - nats["mean of LSTM and best n-gram"], at_least=0.01)
plays

# %% [markdown]
# On the plays, the LSTM is far ahead of every n-gram model. It was trained for five epochs only, to stay within ten minutes, so it has not learned everything that it could. For this comparison that does not matter: more
# training can only increase its lead. But do not use this number to compare the LSTM with other networks. Feng and others (2024) report 1.548 nats for a minGRU and 1.547 for a Transformer on this text, both after longer training.
#
# When you compare a result with published ones, check five things: the unit (nats or bits; per character or per word), which part of the text is the test set, how long each model was trained, what was used to choose the model (Feng and others chose the best
# training step on the part that they report, which makes a result look a little better), and whether the model may learn from the test set while it reads.

# %% [markdown]
# ## Exercises
#
# Replace each `...` by your answer, run the cell, then run the check below it. You can run a check as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: other_scales
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Keras reports the loss of a language model in nats per character. Write `other_scales(nats)`: it returns two numbers, the bits per character and the perplexity.
#
# <details><summary>Hint 1</summary>One nat is 1 / ln 2 bits. NumPy's <code>np.log</code> is ln.</details>
# <details><summary>Hint 2</summary>The perplexity is 2 to the power of the bits, which is e to the power of the nats.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def other_scales(nats):
    """Bits per character, and perplexity."""
    return nats / np.log(2), np.exp(nats)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="multiplied"
def other_scales(nats):
    return nats * np.log(2), np.exp(nats)

# %% tags=["wrong"] message="2 to the power of the nats"
def other_scales(nats):
    return nats / np.log(2), 2 ** nats

# %% tags=["wrong"] message="rounded"
def other_scales(nats):
    return nats * 1.44, np.exp(nats)

# %% tags=["wrong"] message="in this order"
def other_scales(nats):
    return np.exp(nats), nats / np.log(2)

# %% [raw]
# # BEGIN TESTS

# %%
def test_other_scales(other_scales):
    import numpy as np

    got = other_scales(np.log(8))
    assert got is not None, "the function gives None: does it return both numbers?"
    assert np.size(got) == 2, f"two numbers are asked for, bits and perplexity; you gave {np.size(got)}"
    bits, perplexity = np.ravel(got).astype(float)
    assert not np.allclose([bits, perplexity], [8, 3], atol=1e-4), "bits first, then the perplexity, in this order"
    assert not np.isclose(bits, 3 * np.log(2) ** 2), "you multiplied by ln 2; a nat is more than a bit, so there must be more bits than nats"
    assert not 1e-4 < abs(bits - 3) < 0.02, f"almost: {bits:.4f} instead of 3. 1.44 is rounded; divide by np.log(2)"
    assert np.isclose(bits, 3, atol=1e-5), f"a loss of ln 8 nats is as hard as a choice between 8, so 3 bits; you have {bits:.3f}"
    assert not np.isclose(perplexity, 2 ** np.log(8), atol=1e-3), "you computed 2 to the power of the nats; the perplexity is 2 to the power of the bits"
    assert np.isclose(perplexity, 8, atol=1e-4), f"a loss of ln 8 nats is as hard as a choice between 8; your perplexity is {perplexity:.3f}"
    assert np.allclose(np.ravel(other_scales(0.0)), (0, 1)), "a loss of 0 is 0 bits and the perplexity 1"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_other_scales_hidden(other_scales):
    import numpy as np

    for nats in (0.3, 1.55, 4.0):
        assert np.allclose(np.ravel(other_scales(nats)), (nats / np.log(2), np.exp(nats)), rtol=1e-4), f"not right for {nats} nats"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: nucleus
# points: 2

# %% [markdown]
# **Exercise 2.** Top-5 sampling keeps five characters even where only one makes sense, and only five where fifty are possible. **Nucleus sampling**, also called top-p sampling (Holtzman and others 2020), keeps as many as are needed. It goes through the characters from the most likely to the least likely, and stops as soon as the probabilities of the characters kept add up to `mass` or more.
# Write `nucleus(p, mass)`: it gets the probabilities `p`, an array (V,), and returns a new array (V,). The characters that are left out get 0, and the others are divided by their sum. Do not change `p`. Where several characters are equally likely, it does not matter which of them are kept, but keep no more than needed.
#
# <details><summary>Hint 1</summary><code>np.argsort(-p)</code> gives the positions, the most likely first. <code>np.cumsum(p[order])</code> adds the probabilities up.</details>
# <details><summary>Hint 2</summary>A character is kept if the sum of those <em>before</em> it is still below <code>mass</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def nucleus(p, mass):
    """Probabilities (V,) of the most likely characters only."""
    # BEGIN SOLUTION
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]  # sum of the more likely ones
    keep = order[before < mass]
    kept = np.zeros_like(p)
    kept[keep] = p[keep]
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

# %% tags=["wrong"] message="equally likely"
def nucleus(p, mass):
    order = np.argsort(-p)
    last = p[order][np.searchsorted(np.cumsum(p[order]), mass - 1e-9)]
    kept = np.where(p >= last, p, 0)
    return kept / kept.sum()

# %% tags=["wrong"] message="changes p"
def nucleus(p, mass):
    order = np.argsort(-p)
    before = np.cumsum(p[order]) - p[order]
    p[order[before >= mass]] = 0
    p /= p.sum()
    return p

# %% tags=["wrong"] message="so the next character is needed"
def nucleus(p, mass):
    kept = np.where(p >= 1 - mass, p, 0)
    kept[np.argmax(p)] = p.max()
    return kept / kept.sum()

# %% [raw]
# # BEGIN TESTS

# %%
def test_nucleus(nucleus):
    import numpy as np

    p = np.array([0.125, 0.5, 0.0625, 0.25, 0.0625])
    given = p.copy()
    got = nucleus(given, 0.7)
    assert np.array_equal(given, p), "nucleus changes p, which the caller may still need: make a new array"
    assert got is not None, "the function gives None: does it return the probabilities?"
    assert np.shape(got) == (5,), f"there are as many probabilities as before; yours have the shape {np.shape(got)}"
    got = np.asarray(got, float)
    assert not np.allclose(got, p), "nothing was left out: does your order begin with the least likely?"
    assert got[1] > 0, "the most likely character must be kept"
    assert not np.isclose(got[3], 0), "0.5 alone is smaller than 0.7, so the next character is needed: keep also the one that reaches the mass"
    assert np.isclose(got.sum(), 1, atol=1e-5), f"the new probabilities must add up to 1, yours add up to {got.sum():.3f}"
    assert np.allclose(got, [0, 2 / 3, 0, 1 / 3, 0], atol=1e-5), f"for {p} and 0.7 two characters remain, with 2/3 and 1/3; got {np.round(got, 3)}"
    assert np.allclose(nucleus(p.copy(), 0.1), [0, 1, 0, 0, 0], atol=1e-5), "with a mass of 0.1 only the most likely character remains"
    assert np.allclose(nucleus(p.copy(), 0.5), [0, 1, 0, 0, 0], atol=1e-5), "0.5 alone has reached the mass of 0.5: no other character is needed"
    assert np.allclose(nucleus(p.copy(), 1.0), p, atol=1e-5), "with a mass of 1 nothing changes"
    assert np.count_nonzero(nucleus(p.copy(), 0.8)) == 3, "0.5 and 0.25 together are smaller than the mass 0.8: a third character is needed"
    equal = np.asarray(nucleus(np.full(4, 0.25), 0.5), float)
    assert np.allclose(np.sort(equal), [0, 0, 0.5, 0.5], atol=1e-5), f"of four equally likely characters, two reach the mass 0.5; got {np.round(equal, 3)}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_nucleus_hidden(nucleus):
    import numpy as np

    p = np.random.default_rng(7).dirichlet(np.ones(30))
    for mass in (0.05, 0.35, 0.9):
        wanted, total, given = np.zeros(30), 0.0, p.copy()
        for i in sorted(range(30), key=lambda i: -p[i]):
            if total < mass:
                wanted[i], total = p[i], total + p[i]
        assert np.allclose(nucleus(given, mass), wanted / total, atol=1e-5), f"not right for 30 characters and {mass}"
        assert np.array_equal(given, p), "nucleus changes p"
    assert np.count_nonzero(nucleus(np.full(8, 0.125), 0.25)) == 2, "it keeps more of the equally likely characters than needed"

# %% [raw]
# # END TESTS

# %%
# When the check passes: how many characters does it keep after START?
# p = nucleus(probabilities(next_logits), 0.9)
# print({c: round(v, 3) for c, v in zip(vocabulary.words, p) if v})

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: word_bits
# points: 2

# %% [markdown]
# **Exercise 3: a model of words.** A language model can also predict whole words. To compare it with a model of characters, we need its cost in bits per *character*, and it must pay for everything that the other model pays for. Its total cost has three parts:
#
# 1. each word costs $\log_2 \frac 1 p$ bits, where `p` is the probability that the model gave it (for an unknown word: the probability of *unknown*);
# 2. each unknown word must also be spelt: `per_letter` bits for each of its letters;
# 3. after each word is one more character, a space or a newline: `per_gap` bits each.
#
# Write `word_bits(p, words, known, per_letter, per_gap)`: the total cost, divided by the total number of characters, spaces and newlines included. `p` is an array (n,), `words` a list of n words, and `known` an array (n,) of `True` and `False`.
#
# <details><summary>Hint 1</summary>Add up the bits of all words first, then divide once.</details>
# <details><summary>Hint 2</summary>There are <code>sum(len(word) + 1 for word in words)</code> characters. Only the letters of unknown words are spelt.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def word_bits(p, words, known, per_letter, per_gap):
    """Bits per character of a model of words."""
    # BEGIN SOLUTION
    total = per_gap * len(words)
    for p_word, word, is_known in zip(p, words, known):
        total += -np.log2(p_word)
        if not is_known:
            total += per_letter * len(word)
    return total / sum(len(word) + 1 for word in words)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="per word"
def word_bits(p, words, known, per_letter, per_gap):
    letters = np.array([len(word) for word in words])
    spelt = letters[~np.asarray(known)].sum()
    return (-np.log2(p).sum() + per_letter * spelt + per_gap * len(words)) / len(words)

# %% tags=["wrong"] message="not spelt"
def word_bits(p, words, known, per_letter, per_gap):
    return (-np.log2(p).sum() + per_gap * len(words)) / sum(len(word) + 1 for word in words)

# %% tags=["wrong"] message="space or newline after each word is not counted"
def word_bits(p, words, known, per_letter, per_gap):
    letters = np.array([len(word) for word in words])
    spelt = letters[~np.asarray(known)].sum()
    return (-np.log2(p).sum() + per_letter * spelt + per_gap * len(words)) / letters.sum()

# %% tags=["wrong"] message="per_gap"
def word_bits(p, words, known, per_letter, per_gap):
    letters = np.array([len(word) for word in words])
    return (-np.log2(p).sum() + per_letter * letters[~np.asarray(known)].sum()) / (letters + 1).sum()

# %% tags=["wrong"] message="log2"
def word_bits(p, words, known, per_letter, per_gap):
    letters = np.array([len(word) for word in words])
    spelt = letters[~np.asarray(known)].sum()
    return (-np.log(p).sum() + per_letter * spelt + per_gap * len(words)) / (letters + 1).sum()

# %% tags=["wrong"] message="mean of the words' values"
def word_bits(p, words, known, per_letter, per_gap):
    letters = np.array([len(word) for word in words])
    cost = -np.log2(p) + per_letter * letters * ~np.asarray(known) + per_gap
    return (cost / (letters + 1)).mean()

# %% tags=["wrong"] message="its letters only"
def word_bits(p, words, known, per_letter, per_gap):
    letters = np.array([len(word) for word in words])
    spelt = (letters + 1)[~np.asarray(known)].sum()
    return (-np.log2(p).sum() + per_letter * spelt + per_gap * len(words)) / (letters + 1).sum()

# %% [raw]
# # BEGIN TESTS

# %%
def test_word_bits(word_bits):
    import numpy as np

    p, words, known = np.array([0.5, 0.25, 0.0625]), ["the", "gru", "forgets"], np.array([True, False, True])
    got = word_bits(p.copy(), list(words), known.copy(), 4.0, 0.5)
    assert got is not None, "the function gives None: does it return the cost?"
    assert np.size(got) == 1, f"one number is asked for; yours has the shape {np.shape(got)}"
    got = float(np.ravel(got)[0])

    def near(value):
        return abs(got - value) < 1e-4

    assert not near(20.5 / 3), "this is the cost per word; asked for is the cost per character"
    assert not near(8.5 / 16), "the unknown word is not spelt: each of its letters costs per_letter bits"
    assert not near(20.5 / 13), "the space or newline after each word is not counted among the characters"
    assert not near(19 / 16), "the spaces and newlines are free here: each costs per_gap bits"
    assert not near((7 * np.log(2) + 13.5) / 16), "these are nats: use np.log2 for the words"
    assert not near((1.5 / 4 + 14.5 / 4 + 4.5 / 8) / 3), "this is the mean of the words' values; add up all bits first, then divide by all characters"
    assert not near(24.5 / 16), "an unknown word is spelt with its letters only; the space after it costs per_gap"
    assert near(20.5 / 16), f"7 bits for the words, 12 for spelling and 1.5 for the gaps, over 16 characters, are {20.5 / 16:.4f}; got {got:.4f}"
    assert np.isclose(word_bits(p.copy(), list(words), np.array([True] * 3), 4.0, 0.5), 8.5 / 16, atol=1e-5), "where all words are known, none is spelt"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_word_bits_hidden(word_bits):
    import numpy as np

    p, words = np.array([0.5, 0.125, 0.25, 1 / 16]), ["o", "embedding", "is", "sigmoids"]
    known = np.array([True, False, True, False])
    assert np.isclose(word_bits(p, words, known, 3.0, 0.25), (10 + 3 * 17 + 1) / 24, atol=1e-5), "not right for four words, two of them unknown"
    assert np.isclose(word_bits(p[1:2], words[1:2], known[1:2], 5.0, 2.0), (3 + 5 * 9 + 2) / 10, atol=1e-5), "not right for one unknown word"

# %% [raw]
# # END TESTS

# %%
# When the check passes: bigrams of words against the models of characters.
# train_words, test_words = text.train.split(), text.test.split()
# often = [word for word, n in Counter(train_words).items() if n > 1]
# words = Vocabulary(often)
# bigrams = Counts(2, len(words))
# ngram_probabilities(bigrams, words.encode(train_words), learn=True)
# p = ngram_probabilities(bigrams, words.encode(test_words), learn=False)[:, 1]
# known = np.array([word in words for word in test_words])
# newlines, spaces = text.train.count("\n"), text.train.count(" ")
# newline = newlines / (newlines + spaces)
# per_gap = -newline * np.log2(newline) - (1 - newline) * np.log2(1 - newline)
# per_letter = bits(frequency[ids["test"]])
# print(word_bits(p, test_words, known, per_letter, per_gap), known.mean())

# %% [markdown]
# Set `per_gap = 0` and run it again: the model of words now seems better than it is, because the models of characters have to predict every newline. Even with `per_gap` it has two small advantages: the length of an unknown word is free, and so are blank lines.

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: best_mixture
# points: 3

# %% [markdown]
# **Exercise 4, a stretch: the best weights.** In section 4 both models had the weight one half. Which weight $\lambda$ gives the lowest cost for $\lambda p_a + (1 - \lambda) p_b$? Write `best_mixture(p_a, p_b)`, where `p_a` and `p_b` are the probabilities that two models gave to the same characters of a text, arrays (T,). Start with $\lambda = 0.5$, and replace it a hundred times by the mean over the text of
#
# $$\frac{\lambda\, p_a}{\lambda\, p_a + (1 - \lambda)\, p_b}$$
#
# This is the probability that a character came from the first model. The method is expectation–maximisation (Dempster, Laird and Rubin 1977); no step makes the cost larger. Which of the three sets should you choose $\lambda$ on?
#
# <details><summary>Hint 1</summary>You need a loop of a hundred rounds, with one line in it.</details>
# <details><summary>Hint 2</summary><code>np.mean(w * p_a / (w * p_a + (1 - w) * p_b))</code></details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def best_mixture(p_a, p_b):
    """The weight of the first model, between 0 and 1."""
    # BEGIN SOLUTION
    weight = 0.5
    for _ in range(100):
        mixed = weight * p_a + (1 - weight) * p_b
        weight = np.mean(weight * p_a / mixed)
    return weight
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one round"
def best_mixture(p_a, p_b):
    return np.mean(p_a / (p_a + p_b))

# %% tags=["wrong"] message="the other model"
def best_mixture(p_a, p_b):
    weight = 0.5
    for _ in range(100):
        weight = np.mean(weight * p_a / (weight * p_a + (1 - weight) * p_b))
    return 1 - weight

# %% tags=["wrong"] message="more likely"
def best_mixture(p_a, p_b):
    return np.mean(p_a > p_b)

# %% tags=["wrong"] message="are there a hundred rounds"
def best_mixture(p_a, p_b):
    weight = 0.5
    for _ in range(10):
        weight = np.mean(weight * p_a / (weight * p_a + (1 - weight) * p_b))
    return weight

# %% tags=["wrong"] message="divides the means"
def best_mixture(p_a, p_b):
    weight = 0.5
    for _ in range(100):
        weight = np.mean(weight * p_a) / np.mean(weight * p_a + (1 - weight) * p_b)
    return weight

# %% tags=["wrong"] message="always better"
def best_mixture(p_a, p_b):
    weight = 0.5
    for _ in range(100):
        weight = np.mean(weight * p_a / (weight * p_a + (1 - weight) * p_b))
    return min(weight, 0.9)

# %% [raw]
# # BEGIN TESTS

# %%
def test_best_mixture(best_mixture):
    import numpy as np

    rng = np.random.default_rng(0)
    p_a, p_b = np.exp(-rng.exponential(1.5, 500)), np.exp(-rng.exponential(2.5, 500))
    weights = np.linspace(0.001, 0.999, 999)
    best = weights[np.argmin([-np.log2(w * p_a + (1 - w) * p_b).mean() for w in weights])]
    got, wrong = best_mixture(p_a.copy(), p_b.copy()), 0.5
    assert got is not None, "the function gives None: does it return the weight?"
    assert np.size(got) == 1, f"one number is asked for; yours has the shape {np.shape(got)}"
    got = float(np.ravel(got)[0])
    for _ in range(100):
        wrong = np.mean(wrong * p_a) / np.mean(wrong * p_a + (1 - wrong) * p_b)
    assert not np.isclose(got, np.mean(p_a / (p_a + p_b))), "this is the result of one round: repeat it a hundred times"
    assert not np.isclose(got, np.mean(p_a > p_b)), "you counted where the first model is more likely to be right; how much more also matters"
    assert not np.isclose(got, 1 - best, atol=0.005), "this is the weight of the other model"
    assert not np.isclose(got, wrong), "your code divides the means; take the mean of the fractions"
    assert np.isclose(got, best, atol=0.005), f"trying all weights finds {best:.3f}, you have {got:.3f}"
    p_c = p_a * np.exp(rng.normal(-0.2, 0.8, 500))  # needs many rounds
    best = weights[np.argmin([-np.log2(w * p_a + (1 - w) * p_c).mean() for w in weights])]
    got = float(np.ravel(best_mixture(p_a.copy(), p_c.copy()))[0])
    assert np.isclose(got, best, atol=0.006), f"for two similar models the best weight is {best:.3f}, you have {got:.3f}: are there a hundred rounds?"
    certain = best_mixture(np.full(9, 0.5), np.full(9, 0.1))
    assert np.ravel(certain)[0] > 0.99, "where the first model is always better, its weight approaches 1"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_best_mixture_hidden(best_mixture):
    import numpy as np

    rng = np.random.default_rng(7)
    p_a, p_b = np.exp(-rng.exponential(2.0, 800)), np.exp(-rng.exponential(1.4, 800))
    weights = np.linspace(0.001, 0.999, 999)
    for first, second in ((p_a, p_b), (p_b, p_a), (p_a, p_a * np.exp(rng.normal(-0.2, 0.8, 800)))):  # the last needs many rounds
        best = weights[np.argmax([np.log(w * first + (1 - w) * second).mean() for w in weights])]
        got = np.ravel(best_mixture(first.copy(), second.copy()))[0]
        assert abs(got - best) < 0.006, f"not right where the best weight is {best:.3f}"
    assert np.ravel(best_mixture(np.full(9, 0.5), np.full(9, 0.1)))[0] > 0.99, "not right where the first model is always better"

# %% [raw]
# # END TESTS

# %%
# When the check passes: choose on the validation set, measure on the test set.
# w = best_mixture(p_lstm["validation"], P["validation"][:, best_n - 1])
# print(f"weight of the LSTM {w:.2f}:",
#       f"{bits(w * p_lstm['test'] + (1 - w) * p_best):.3f} bits")

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Going further
#
# You can skip this part. No later lesson needs it.
#
# ### Where the bits go
#
# A mean hides where the cost comes from. Here each letter of the test set belongs to a group: first letter of a word, second letter, and so on.

# %%
def position_in_word(text):
    """1 for the first letter of a word, 2 for the second, …; 0: no letter."""
    positions = [0]
    for c in text:
        positions.append(positions[-1] + 1 if c.isalpha() else 0)
    return np.array(positions[1:])


position = position_in_word(text.test)[1:]  # of the characters with a cost
by_position = {name: [bits(p[position == k]) for k in range(1, 10)]
               for name, p in ((f"n-gram, n = {best_n}", p_best),
                               ("LSTM", p_lstm["test"]))}

# %% alt="Two curves of bits per character over the position of a letter in its word, one for the n-gram model and one for the LSTM. Both are highest at the first letter." jupyter={"source_hidden": true}
# Draw the cost of a letter by its position in the word.
fig, ax = plt.subplots(figsize=(7, 3.2))
for (name, values), style in zip(by_position.items(), ("s--", "o-")):
    ax.plot(range(1, 10), values, style, label=name)
ax.set(title="Test set: the cost of a letter by its position in the word",
       xlabel="position in the word", ylabel="bits per character",
       xticks=range(1, 10))
ax.legend()
plt.show()
first = by_position["LSTM"][0]
if TRAINED:
    claim("LSTM: cost of a first letter divided by that of a fifth letter",
          first / by_position["LSTM"][4], at_least=1.5)
    claim("first letters: bits that the LSTM saves against the n-gram model",
          by_position[f"n-gram, n = {best_n}"][0] - first, at_least=0.1)

# %% [markdown]
# The first letter is expensive: it decides which word comes, and that depends on the meaning of the sentence. The later letters only spell the word. So a low mean is mostly good spelling. At the first letter the LSTM has its advantage, because the $n - 1$
# characters that the n-gram model sees are only the end of the word before. (Only words with at least $k$ letters have a $k$-th letter, so the points of a curve belong to different words.)
#
# ### Models that keep learning while they read
#
# New words come again: the terms of lesson 10 in our sample, the names of new characters in a play. A model may learn them *while it reads the test set*, as long as it predicts each character before it learns from it. This is called
# [**dynamic evaluation**](../GLOSSARY.md#dynamic-evaluation), and both kinds of model can do it:
#
# - The n-gram model continues to count.
# - The LSTM takes a training step after each window (Krause and others 2018).
#
# For a fair comparison, both are trained on the training set only, and both learn from nothing but the test set while they read it. For the LSTM, Keras needs nothing new. One epoch of `fit`, in the order of the text, computes the loss of each
# window *before* the training step on it, and returns the mean of these losses. Without dropout, that is the result. The learning rate of this second phase is chosen on the validation set.

# %%
def nats_while_learning(part, rate):
    """Mean loss of an LSTM that takes a training step after each window."""
    x, y = streams(part, rows=1)
    online = language_model(rows=1, dropout=0)
    online.set_weights(model.get_weights())
    online.compile(
        keras.optimizers.Adam(rate, clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False)
    return online.fit(x, y, batch_size=1, shuffle=False, verbose=0,
                      callbacks=[ResetState()]).history["loss"][0]

# %%
some_validation = ids["validation"][:10_000]
RATES = (1e-4, 3e-4, 1e-3)
tried = {rate: nats_while_learning(some_validation, rate) for rate in RATES}
best_rate = min(tried, key=tried.get)
print({rate: round(loss, 3) for rate, loss in tried.items()})

# %%
from copy import deepcopy

part = ids["test"] if TRAINED else ids["test"][:20_000]
p_counting = ngram_probabilities(deepcopy(counted), part, learn=True)
p_counting = p_counting[1:, best_n - 1]
p_fixed = p_lstm["test"][:len(p_counting)]
online = {"n-gram": bits(p_best[:len(p_counting)]) * np.log(2),
          "n-gram that counts": bits(p_counting) * np.log(2),
          "LSTM": bits(p_fixed) * np.log(2),
          "LSTM that learns": nats_while_learning(part, best_rate),
          "mean of LSTM and n-gram that counts":
              bits((p_fixed + p_counting) / 2) * np.log(2)}
tables.table("Test set: models that keep learning while they read", [
    {"model": name, "nats": nats_of, "bits": nats_of / np.log(2)}
    for name, nats_of in online.items()])

# %%
saved = {name: online[name] - online[f"{name} that {does}"]
         for name, does in (("n-gram", "counts"), ("LSTM", "learns"))}
claim("nats per character that counting in the test set saves",
      saved["n-gram"], at_least=0.05)
claim("nats per character that learning in the test set saves the LSTM",
      saved["LSTM"], at_least=0.01)
if TRAINED:
    claim("difference of the two savings, n-gram minus LSTM",
          saved["n-gram"] - saved["LSTM"], at_least=0.03)
    *single, mean_of_two = online.values()
    claim("nats: mean of LSTM and n-gram that counts, minus the next best",
          mean_of_two - min(single), at_most=-0.03)

# %% [markdown]
# Both models save something, and the n-gram model saves more. On the sample, this makes up for most of the distance between the two, or all of it. One occurrence is enough for it: a new word is expensive once and cheap afterwards. A training step with a small learning rate changes the LSTM only a little. A larger rate
# would change more, but also destroy more of what the network knows; the validation set has decided. The best model of all is again a mean: the LSTM, which knows the language, and the n-gram model that counts, which knows what was said on the last pages.
#
# ### What the network expects
#
# The next picture shows a line of the test set. Below each character are the five characters that the network found most likely *before* it read this character. If one of them was right, it has a frame.

# %%
AT, WIDTH = text.test.index("\n\n", 2_000) + 2, 46  # from a new paragraph
logits = reader.predict(ids["test"][None, :AT + WIDTH - 1], verbose=0)[0]
p_shown = np.array([probabilities(z) for z in logits[AT - 1:]])  # (WIDTH, V)
likely = np.argsort(-p_shown, axis=1)[:, :5]  # (WIDTH, 5)


def visible(characters):
    """Characters with a sign for the space and one for the newline."""
    return [{" ": "␣", "\n": "↵"}.get(c, c) for c in characters]


line = visible(text.test[AT:AT + WIDTH])

# %% alt="A grid of characters. Each column belongs to one character of the test set, which is written above it. Its five rows are the characters that the network found most likely, darker where the probability is higher. Inside words many frames are in the top row; at the first letters of words the columns are pale and the frames are lower or missing." jupyter={"source_hidden": true}
# Draw the five most likely characters at each position.
fig, ax = plt.subplots(figsize=(10.4, 2.4))
image = ax.imshow(np.take_along_axis(p_shown, likely, axis=1).T, cmap="Blues",
                  aspect="auto", vmin=0, vmax=1)
for t, came in enumerate(line):
    for k, c in enumerate(visible(vocabulary.decode(likely[t]))):
        dark = p_shown[t, likely[t, k]] > 0.5
        frame = {"fill": False, "edgecolor": "C3"} if c == came else None
        ax.text(t, k, c, ha="center", va="center", fontsize=9, bbox=frame,
                color="white" if dark else "black")
ax.set_ylabel("rank")
ax.set_yticks(range(5), range(1, 6))
ax.xaxis.tick_top()
ax.set_xticks(range(WIDTH), line)
fig.colorbar(image, label="probability", pad=0.01)
plt.show()

# %% [markdown]
# Where a word begins, the column is pale: many characters are possible. After a few letters of a familiar word, one square becomes dark, and the frame stays in the top row until the word ends.
#
# ### What do single units represent?
#
# Karpathy, Johnson and Fei-Fei (2015) found units of an LSTM that count the position in the line, and units that are active inside quotation marks. We look for such units in our network. In the sample, a `` ` `` that was opened must be closed; in the plays, a speaker's name begins after an empty line and ends with a colon.
#
# We compare the cell state $c_t$ of each unit with three properties of the text that we can compute. With more than a hundred units, the best one fits anything a little, by chance. Two precautions help: the unit is chosen on one text and tested on another, and a network with random weights is tested in the same way.

# %%
import re

INSIDE = "inside a speaker's name" if REAL else "between two `"
PATTERN = r"(?<=\n)\n[^:\n]+:" if REAL else r"`[^`\n]+`"


def properties(text):
    """Three properties after each character: {name: (T,)}."""
    position, inside = [0], np.zeros(len(text))
    for c in text:
        position.append(0 if c == "\n" else position[-1] + 1)
    for found in re.finditer(PATTERN, text):
        inside[found.start():found.end() - 1] = 1  # until it is closed
    return {"position in the line": np.array(position[1:]),
            "in a word": np.array([float(c.isalpha()) for c in text]),
            INSIDE: inside}

# %%
def cell_states(model, ids):
    """c_t after each character: (T, units)."""
    embedded = model.layers[0].get_weights()[0][ids]  # (T, DIM)
    lstm = next(layer for layer in model.layers
                if isinstance(layer, layers.LSTM))
    return cells.forward(cells.from_keras(lstm), embedded[None]).trace("c")[0]


def correlations(c, values):
    """Correlation of each unit's c (T, units) with values (T,): (units,)."""
    c, v = c - c.mean(axis=0), values - values.mean()
    return v @ c / np.sqrt((c ** 2).sum(axis=0) * (v @ v) + 1e-9)

# %%
choosing, testing = text.train[-4_000:], text.test[:4_000]
rows, chosen = [], {}
for network, candidate in {"trained": reader,
                           "random weights": language_model()}.items():
    c_choosing = cell_states(candidate, ids["train"][-4_000:])
    c_testing = cell_states(candidate, ids["test"][:4_000])
    for name, values in properties(choosing).items():
        unit = int(np.argmax(np.abs(correlations(c_choosing, values))))
        r = correlations(c_testing, properties(testing)[name])[unit]
        chosen[network, name] = unit, r
        rows.append({"network": network, "property": name,
                     "correlation": abs(r)})
tables.table("The unit that fits best, on new text", rows)

# %% [markdown]
# Compare each value with that of random weights. *In a word* is no discovery: random weights also have units that react to letters. For the characters between two `` ` ``, the trained network has a unit that fits better than every unit with random weights.
#
# But correlation does not show that the network *uses* the unit. So we remove it (an **ablation**): after each step, its cell state is replaced by its mean. How much more does the character that closes cost? The same is done with nine other units, one at a time.

# %%
(lstm_layer,) = [x for x in reader.layers if isinstance(x, layers.LSTM)]
cell = cells.from_keras(lstm_layer)
E = reader.layers[0].get_weights()[0]  # (V, DIM)
W_y, b_y = reader.layers[-1].get_weights()  # (UNITS, V), (V,)


def bits_without(ids, units, means):
    """Bits of each next character (T − 1, k); copy k has no units[k]."""
    copies, cost = np.arange(len(units)), []
    state = tuple(np.zeros((len(units), UNITS), "float32") for _ in "hc")
    for i, following in zip(ids, ids[1:]):
        (h, c), _ = cell.step(np.repeat(E[[i]], len(units), axis=0), state)
        z = h @ W_y + b_y  # (copies, V)
        cost.append(np.log2(np.exp(z - z[:, [following]]).sum(axis=1)))
        c[copies, units] = means[units]
        state = h, c
    return np.array(cost)

# %%
T, (unit, _) = 10_000, chosen["trained", INSIDE]
inside = properties(text.test[:T])[INSIDE]
closes = inside[:-1] > inside[1:]  # (T − 1,): the character that closes
others = np.random.default_rng(SEED).choice(
    np.delete(np.arange(UNITS), unit), 9, replace=False)
means = cell_states(reader, ids["test"][:T]).mean(axis=0)
removed = bits_without(ids["test"][:T], np.array([unit, *others]), means)
kept = -np.log2(p_lstm["test"][:T - 1, None])  # (T − 1, 1): nothing removed
extra = removed - kept  # (T − 1, 10)
print(f"{closes.sum()} closing characters among {T:,}")

# %%
at_close, elsewhere = extra[closes].mean(axis=0), extra[~closes].mean(axis=0)
names = ("the unit that fits best", "nine other units, mean",
         "nine other units, most")
tables.table("Extra bits when one unit is removed", [
    {"removed": name, "closing character": close, "all others": other}
    for name, close, other in zip(
        names, (at_close[0], at_close[1:].mean(), at_close[1:].max()),
        (elsewhere[0], elsewhere[1:].mean(), elsewhere[1:].max()))])

# %%
if not REAL:
    claim("extra bits at the closing `: best unit removed minus any of nine",
          at_close[0] - at_close[1:].max(), at_least=0.5)

# %% [markdown]
# On the sample the answer is clear. Without this one unit, the network forgets that a `` ` `` was opened: the closing one becomes much more expensive, and all other characters hardly. Removing one of the nine other units changes almost nothing.
# (The text has few closing characters, so only a large effect can be trusted. With another seed it is another unit, and some networks distribute the information over several units.)
#
# ### Your own text
#
# Start with any text. Unknown characters count as the one unknown character; an empty start does not work, so use at least a newline.

# %%
for start in ("A vector is ", "\n", "Ω 你好 "):
    print(repr(start), "→", repr(generate(start, 60, [0.5])[0]))

# %% [markdown]
# It continues any text in the style of the training set, whatever the start was about.
#
# ### More of the record
#
# The other tables of this lesson, on Tiny Shakespeare:

# %% tags=["recorded"]
tables.recorded(LESSON, "The training")

# %% tags=["recorded"]
tables.recorded(LESSON, "1,500 generated characters per temperature")

# %% tags=["recorded"]
units = tables.recorded(LESSON, "The unit that fits best, on new text")
units

# %% tags=["recorded"]
ablation = tables.recorded(LESSON, "Extra bits when one unit is removed")
ablation

# %% tags=["recorded"]
r = dict(zip([(row["network"], row["property"]) for row in units.rows],
             units.values("correlation")))
for name in ("position in the line", "inside a speaker's name"):
    claim(f"on the plays: {name}, correlation, trained minus random weights",
          r["trained", name] - r["random weights", name], at_least=0.15)
claim("on the plays: extra bits of the closing colon without the unit",
      ablation.values("closing character")[0], at_most=0.1)

# %% [markdown]
# Two things differ from the sample. On the plays, one unit follows the position in the line, much better than any unit with random weights: the lines of verse have similar lengths. And another unit follows the speaker's name, from the empty line to the colon. But when it is removed, the colon costs
# almost nothing more, so other units contain the same information. Without the ablation, we would have reported a unit that the network does not need.

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Comparing numbers with different units.** Nats or bits, per character or per word, with or without the spelling of unknown words: a cost without its unit means nothing. For the same reason, perplexities of models with different vocabularies cannot be compared.
# - **A random split.** If single lines are put into the test set at random, their neighbours are in the training set. Split a text into blocks.
# - **Resetting the state between windows, shuffling the windows, or keeping the state between texts.** All three run without an error. A stateful layer needs `shuffle=False`.
# - **`stateful` and "has a state".** Every recurrent layer has a state. A stateful one keeps it from one call to the next.
# - **Targets that are not shifted.** If the model has to predict the character that it has just read, its loss is near 0 after a few training steps.
# - **No smoothing.** One character with the probability 0 makes the cross-entropy infinite.
# - **Judging a model by one generated text.** The text depends on the temperature and on chance, and it may be copied. A lower loss does not guarantee a better text either.
#
# ## References
#
# - C. E. Shannon (1951). Prediction and entropy of printed English. *Bell System Technical Journal* 30(1), 50–64.
# - I. H. Witten, T. C. Bell (1991). The zero-frequency problem: estimating the probabilities of novel events in adaptive text compression. *IEEE Transactions on Information Theory* 37(4), 1085–1094.
# - T. Mikolov and others (2010). Recurrent neural network based language model. *Interspeech*.
# - A. Graves (2013). Generating sequences with recurrent neural networks. *arXiv:1308.0850*.
# - A. Karpathy, J. Johnson, L. Fei-Fei (2015). Visualizing and understanding recurrent networks. *arXiv:1506.02078*.
# - B. Krause, E. Kahembwe, I. Murray, S. Renals (2018). Dynamic evaluation of neural sequence models. *ICML*.
# - L. Feng and others (2024). Were RNNs all we needed? *arXiv:2410.01201*. The minGRU, and its results on Tiny Shakespeare.
# - A. Fan, M. Lewis, Y. Dauphin (2018). Hierarchical neural story generation. *ACL*. Top-k sampling.
# - A. Holtzman and others (2020). The curious case of neural text degeneration. *ICLR*. Nucleus sampling.
# - A. P. Dempster, N. M. Laird, D. B. Rubin (1977). Maximum likelihood from incomplete data via the EM algorithm. *Journal of the Royal Statistical Society B* 39(1), 1–38.

# %% [markdown]
# # 04 · The simple recurrent network
#
# A bag of words forgets the order of the words, and so does a mean of word vectors. This lesson builds the first model of the course
# that reads: it takes one word at a time and carries along what it has read so far as a vector, its **state**. One short equation is all
# there is to it. You will write it in NumPy, run it in Keras, show that the two are equal, look into the state while a sentence goes by,
# and measure what order is worth. At the end you will see the first sign of its weakness, which the next lessons are about.
#
# **You will be able to**
#
# 1. write the recurrent cell as an equation and as a few lines of NumPy, with the shape of every array;
# 2. unroll it over a sentence, and say what is shared between the steps;
# 3. use `keras.layers.SimpleRNN`, with and without `return_sequences`, and show that it computes your equation;
# 4. classify sequences of any length from the last state, and tell when that beats every bag of words;
# 5. measure how far back such a network remembers.
#
# **Before this lesson:** [lesson 01](01_one_hot_and_bag_of_words.ipynb) and [lesson 02](02_word_embeddings.ipynb). **Time:** about 45
# minutes to read and try, 30 minutes for the exercises; on two cores all cells run in about
# 25 seconds (`HUBS.md` names the machine that was measured).

# %% [markdown]
# ## Settings

# %%
import os

import keras
import numpy as np

from course_utils import cells, plots, synthetic
from course_utils.claims import claim
from course_utils.text import Vocabulary, bag_of_words
from course_utils.training import ProgressBar

SEED = int(os.environ.get("COURSE_SEED", 0))
keras.utils.set_random_seed(SEED)

# %% [markdown]
# ## 1 · Why order
#
# In lesson 01 we met twins: two reviews with the same words and opposite opinions. Here are more of them, from a small made task. Each
# sentence has a word of praise and a word of blame. What counts is the main clause, and *although* tells which one that is not.

# %%
train, y_train = synthetic.although(1600, seed=SEED)
test, y_test = synthetic.although(400, seed=1000 + SEED)
for sentence, label in list(zip(test, y_test))[:4]:
    print("praise:" if label else "blame: ", sentence)

# %% [markdown]
# You had to read to the end, and to keep in mind where *although* stood. Now the bag of words, with the logistic regression of lesson 01.

# %%
from sklearn.linear_model import LogisticRegression

words = [sentence.split() for sentence in train]
vocabulary = Vocabulary.from_documents(words)
X_train = bag_of_words(words, vocabulary)  # (sentences, V)
X_test = bag_of_words([sentence.split() for sentence in test], vocabulary)
bag_accuracy = LogisticRegression(solver="liblinear").fit(X_train, y_train).score(X_test, y_test)
claim("accuracy of the bag of words on sentences that come in twins", bag_accuracy,
      close_to=0.5, within=1e-9)

# %% [markdown]
# Exactly one half, whatever the seed. Two twins have the same bag, so the model gives both the same answer, and one of the two answers is
# wrong. More data or a larger model would not help: what tells the twins apart is no longer in the input.

# %% [markdown]
# ## 2 · Read one word at a time, and carry a state
#
# How do *you* tell the twins apart? You read one word after the other, and each word changes what you have in mind. Let $h_{t-1}$ be a vector
# that holds what is in mind after $t-1$ words, and $x_t$ the vector of the next word. Some function takes both and gives the new state:
#
# $$h_t = f(x_t, h_{t-1})$$
#
# The smallest function worth trying: a linear map of each, added up, and squeezed into $(-1, 1)$ so that the state cannot grow without end.
# That is the **simple recurrent network** (Elman 1990):
#
# $$h_t = \tanh(x_t W_x + h_{t-1} W_h + b), \qquad h_0 = 0$$
#
# Vectors are rows, as in all our code. Books that write vectors as columns have $\tanh(W_x^\top x_t + W_h^\top h_{t-1} + b)$: the same numbers.
#
# | array | shape | what it does |
# | --- | --- | --- |
# | $x_t$ | (batch, features) | the input at step $t$ |
# | $h_t$ | (batch, units) | the state after step $t$ |
# | $W_x$ | (features, units) | how the input enters the state |
# | $W_h$ | (units, units) | how the old state enters the new one |
# | $b$ | (units,) | the bias |
#
# There is one $W_x$, one $W_h$ and one $b$ for *all* steps. That is what makes the network **recurrent**: the same function is applied again
# and again along time. A **recursive** network also applies one function again and again, but up a tree, for instance the tree of
# phrases of a sentence, and needs someone to give it the tree. A recurrent network is the special case where the tree is a chain.

# %%
plots.drawing("recurrent_and_recursive", alt="""
    Left, a recurrent network: a chain of states h1 to h4, each made from the
    state before it and one of the words 'the plot was dull'. Right, a recursive
    network: a tree that first joins 'the' with 'plot' and 'was' with 'dull',
    then joins the two phrases.""")

# %% [markdown]
# ## 3 · The cell in NumPy
#
# The equation is one line of code.

# %%
def step(x_t, h_prev, W_x, W_h, b):
    """One step of a simple recurrent network: h_t (batch, units)."""
    return np.tanh(x_t @ W_x + h_prev @ W_h + b)


# %% [markdown]
# A layer is a loop over the steps. It starts with an empty mind, $h_0 = 0$, and keeps every state on the way.

# %%
def simple_rnn(x, W_x, W_h, b):
    """All states (batch, time, units) of a network that reads x (batch, time, features)."""
    batch, time, _ = x.shape
    h_t = np.zeros((batch, len(W_h)))  # (batch, units): h_0
    states = []
    for t in range(time):
        h_t = step(x[:, t], h_t, W_x, W_h, b)
        states.append(h_t)
    return np.stack(states, axis=1)


# %% [markdown]
# We try it on a pair of twins, with three random numbers for each word and five units. Nothing has been trained yet.

# %%
rng = np.random.default_rng(SEED)
features, units = 3, 5
E = rng.normal(size=(len(vocabulary), features))  # a vector for each word, one a row
W_x = rng.normal(size=(features, units))
W_h = rng.normal(size=(units, units)) / np.sqrt(units)
b = np.zeros(units)

# %%
start = next(i for i in range(0, 400, 2) if test[i].startswith("although"))
twins = [sentence.split() for sentence in test[start : start + 2]]
x = E[np.stack([vocabulary.encode(twin) for twin in twins])]  # (2, time, features)
h = simple_rnn(x, W_x, W_h, b)  # (2, time, units)
print("x", x.shape, " h", h.shape)
print("sums of the word vectors:", x.sum(axis=1).round(3), sep="\n")
print("last states:", h[:, -1].round(3), sep="\n")

# %% [markdown]
# The two sums are equal: a bag, or a mean, sees one and the same sentence. The two last states differ, although the weights are random. Order is
# not something that the network has to learn to see; it has to learn what to make of it.

# %%
claim("the sums of the twins' word vectors are equal: largest difference",
      np.abs(x[0].sum(axis=0) - x[1].sum(axis=0)).max(), at_most=1e-9)
claim("the last states of the twins differ, even with random weights: distance",
      np.linalg.norm(h[0, -1] - h[1, -1]), at_least=0.05)

# %% [markdown]
# ### The same with one matrix
#
# Many books, and many programs, write the two products as one. Put $x_t$ and $h_{t-1}$ side by side and the two matrices on top of each other:
#
# $$h_t = \tanh\left([x_t, h_{t-1}] \begin{bmatrix} W_x \\ W_h \end{bmatrix} + b\right)$$
#
# Each entry of a product of matrices is a sum over the row on the left. A longer row is the same sum, cut in two.

# %%
W = np.concatenate([W_x, W_h], axis=0)  # (features + units, units)
h_prev, x_t = h[:, 3], x[:, 4]  # in the middle of the sentences
joined = np.concatenate([x_t, h_prev], axis=1)  # (batch, features + units)
claim("one concatenated matrix gives the same state as two: largest difference",
      np.abs(np.tanh(joined @ W + b) - step(x_t, h_prev, W_x, W_h, b)).max(), at_most=1e-9)

# %% [markdown]
# ## 4 · Unrolling
#
# Drawn as it is written, the network is a loop: the state goes back into the cell that made it. Drawn along time, the loop becomes a chain with one
# copy of the cell for each word. This is called **unrolling**.

# %%
plots.drawing("folded_and_unrolled", alt="""
    Left, a cell h_t with the input x_t below it and an arrow W_h from the cell
    back to itself. Right, the same cell unrolled over the five words 'the film
    was not dull': h_0 leads to h_1, h_1 to h_2 and so on through W_h, and each
    word enters from below through W_x.""")

# %% [markdown]
# Two things can be read off the chain. All arrows of a kind have the same weights, so a longer sentence makes the chain longer and not the model
# larger. And what the first word has to say to the last state must pass through every $W_h$ between them. Keep the second in mind.
#
# Here is the chain at work: the states of our untrained network while it reads the twins, one column a word.

# %%
def show_states(axes, states, words, title):
    """States (time, units) as a heat map on `axes`: a row a unit, a column a word."""
    picture = axes.imshow(states.T, cmap="PuOr", vmin=-1, vmax=1, aspect="auto")
    axes.set(title=title, ylabel="unit", yticks=[], xticks=range(len(words)))
    axes.set_xticklabels(words, rotation=35, ha="right")
    return picture


figure, axes = plots.figure(1, 2, size=(9.6, 3.0))
for i in range(2):
    picture = show_states(axes[i], h[i], twins[i], ("one twin", "the other")[i] + ", untrained")
figure.colorbar(picture, ax=axes, label="state")
plots.show(figure, alt="""Two heat maps of the five units' states by word, one for each twin.
    The columns of the first two words are the same in both; from the third word on
    they differ.""")

# %% [markdown]
# The columns are alike as long as the words are. From the first word that differs the states go different ways, and they do not meet
# again where the words do: `was` leaves another state each time. What has been read lives on in the state.

# %% [markdown]
# ## 5 · NumPy = Keras
#
# `keras.layers.SimpleRNN` has the same three arrays, in the same order: `kernel` is $W_x$, `recurrent_kernel` is $W_h$, `bias` is $b$. We build a
# layer, copy its weights, and let both read the twins.

# %%
layer = keras.layers.SimpleRNN(units, return_sequences=True)
layer.build((None, None, features))  # batch and time are free
W_x, W_h, b = layer.get_weights()
print({"W_x": W_x.shape, "W_h": W_h.shape, "b": b.shape})
h_keras = layer(x.astype("float32")).numpy()  # (batch, time, units)
claim("our loop and keras.layers.SimpleRNN give the same states: largest difference",
      np.abs(simple_rnn(x, W_x, W_h, b) - h_keras).max(), at_most=1e-5)

# %% [markdown]
# `course_utils.cells` holds the same cell with checks of the shapes, for all lessons to come. `from_keras` copies the weights of a layer, `forward` is the
# loop. Its step is our line:

# %%
import inspect

print(inspect.getsource(cells.SimpleRNN.step))
run = cells.forward(cells.from_keras(layer), x)
claim("course_utils.cells gives the same states as Keras: largest difference",
      np.abs(run.outputs - h_keras).max(), at_most=1e-5)

# %% [markdown]
# ### `return_sequences`
#
# By default the layer gives only its last state, one vector a sequence. That is enough to classify the sequence. With `return_sequences=True` it gives
# all of them, one vector a step: what a second recurrent layer on top needs (lesson 08), or a label for every word (lesson 11).

# %%
last = keras.layers.SimpleRNN(units)
last.build((None, None, features))
last.set_weights(layer.get_weights())
h_last = last(x.astype("float32")).numpy()
print("return_sequences=True ", h_keras.shape, "\nreturn_sequences=False", h_last.shape)
claim("without return_sequences the output is the last of the states: largest difference",
      np.abs(h_last - h_keras[:, -1]).max(), at_most=1e-6)

# %% [markdown]
# ## 6 · Classify from the last state
#
# The last state has seen the whole sentence, so a logistic regression on top of it can give the answer:
# $\hat y = \sigma(h_T w + b_y)$, a `Dense` layer with one unit. Below the recurrent layer stands an embedding
# (lesson 02), which gives each word its vector. All three are trained together.


# %%
def ids_of(sentences):
    """Ids (sentences, time) of sentences that all have the same number of words."""
    return np.stack([vocabulary.encode(sentence.split()) for sentence in sentences])


def build(V, units=16):
    """A model from word ids (batch, time) to the probability of praise (batch, 1)."""
    return keras.Sequential([
        keras.Input((None,)),  # any number of words
        keras.layers.Embedding(V, 16, name="embedding"),  # (batch, time, 16)
        keras.layers.SimpleRNN(units, name="rnn"),  # (batch, units): the last state
        keras.layers.Dense(1, activation="sigmoid", name="answer"),  # (batch, 1)
    ])


# %%
model = build(len(vocabulary))
model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.005),
              metrics=["accuracy"], jit_compile=False)
model.fit(ids_of(train), y_train, batch_size=32, epochs=5, verbose=0, callbacks=[ProgressBar()])
rnn_accuracy = model.evaluate(ids_of(test), y_test, verbose=0)[1]
claim("accuracy of the simple recurrent network on the same twins", rnn_accuracy, at_least=0.95)

# %% [markdown]
# The same sentences, the same number of examples, and a network of about a thousand weights, half of them the word vectors, gets what no bag can.
# The recurrent layer itself has $W_x$, $W_h$ and $b$, and nothing that depends on the length of the sentence.

# %%
n = 16
counted = model.get_layer("rnn").count_params()
print(f"16 features, {n} units: {16 * n} in W_x + {n * n} in W_h + {n} in b = {counted}")
claim("weights of the layer: units times (features + units + 1)", counted,
      close_to=n * (16 + n + 1), within=0.5)

# %% [markdown]
# ## 7 · The state, step by step
#
# What does the trained network carry from word to word? We take its weights, run our own loop, and keep all states. Then we ask the last layer, after
# *every* word, what it would answer if the sentence ended there.

# %%
W_x, W_h, b = model.get_layer("rnn").get_weights()
w, b_y = model.get_layer("answer").get_weights()  # (units, 1), (1,)
E = model.get_layer("embedding").get_weights()[0]  # (V, 16)


def read(words):
    """States (time, units) and probabilities of praise (time,) of the trained model."""
    h = simple_rnn(E[vocabulary.encode(words)][None], W_x, W_h, b)[0]
    return h, cells.sigmoid(h @ w + b_y)[:, 0]


by_hand = [read(twin)[1][-1] for twin in twins]
claim("our loop with the trained weights answers as the model does: largest difference",
      np.abs(by_hand - model.predict(ids_of(test[start : start + 2]), verbose=0)[:, 0]).max(),
      at_most=1e-4)

# %%
figure, axes = plots.figure(2, 2, size=(9.6, 5.0), height_ratios=[1.6, 1], sharex="col")
for i, twin in enumerate(twins):
    h, p = read(twin)
    order = np.argsort(w[:, 0])  # bottom: positive units speak for praise
    label = "praise" if y_test[start + i] else "blame"
    picture = show_states(axes[0, i], h[:, order], twin, f"trained; the answer is {label}")
    axes[1, i].plot(p, "o-")
    axes[1, i].axhline(0.5, color="black", linewidth=0.8, linestyle=":")
    axes[1, i].set(ylim=(-0.05, 1.05), ylabel="P(praise)", xticks=range(len(twin)))
    axes[1, i].set_xticklabels(twin, rotation=35, ha="right")
figure.colorbar(picture, ax=axes[0], label="state")
plots.show(figure, alt="""Two heat maps of the sixteen units' states by word, one for each twin,
    and below each the probability of praise after each word. The columns are the same for the
    first two words; in the last, most units have opposite colours. The probability starts near
    one half, swings up and down, and ends near one for praise and near zero for blame.""")

# %%
p_praise, p_blame = sorted((read(twin)[1][-1] for twin in twins), reverse=True)
claim("after the last word the probabilities of praise of the two twins are apart by",
      p_praise - p_blame, at_least=0.8)

# %% [markdown]
# Read the curves from left to right. In the beginning the twins are the same sentence and the answer is a shrug. Then it swings from one side to the other, and only
# at the last word does it stand where it should. The swings are no mistake: training asked for an answer after the ninth word and nowhere else, so what the last layer
# would say before that was nobody's business. What matters is in the columns: by the end the twins, whose words are the same, have left states in which most units stand on opposite sides.
#
# No unit has a name. *There was an although* is spread over many of them, and each takes part in many things.

# %%
def show_step(t):
    """The unrolled network after t words of the first twin, and the state that it carries on."""
    h, p = read(twins[0])
    figure, (top, bottom) = plots.figure(2, 1, size=(9.6, 4.2), height_ratios=[1.3, 1])
    plots.unrolled(top, twins[0], now=t)
    top.set_title(f"After {t} words: P(praise) = {p[t - 1]:.2f}")
    bottom.bar(range(1, n + 1), h[t - 1], color=plots.BLUE)
    bottom.axhline(0, color="black", linewidth=0.8)
    bottom.set(ylim=(-1.05, 1.05), xlabel="unit", title=f"The state $h_{t}$, all that goes on")
    plots.show(figure, alt=f"""The unrolled network over the sentence '{' '.join(twins[0])}'.
        Step {t}, the word '{twins[0][t - 1]}', is marked, later steps are grey. Below, bars
        of the state's units.""")


show_step(5)

# %% [markdown]
# In JupyterLab the next cell has a slider: move it, and watch what each word does to the state. On paper the figure above and the heat maps say the same.

# %%
if os.environ.get("JPY_SESSION_NAME"):  # set where somebody has the notebook open
    from ipywidgets import IntSlider, interact

    interact(show_step, t=IntSlider(value=1, min=1, max=len(twins[0])))
else:
    print("Open this notebook in JupyterLab to step through the network with a slider.")

# %% [markdown]
# ## 8 · Any length, the same weights
#
# The loop stops when the words do. So the same model reads three words, or sixty, without any change. (Sequences *in one batch* must be of equal length, because
# a batch is one block of numbers. How to pad short ones without harm is a matter of lesson 09.)

# %%
lengths = (3, 9, 60)
for length in lengths:
    ids = np.resize(ids_of(test[:1])[0], (1, length))  # cut, or repeated from the start
    p = model.predict(ids, verbose=0)
    print(f"{length:>2} words: {ids.shape} -> {p.shape}, {model.count_params()} weights")

# %% [markdown]
# That it *can* read sixty words does not mean that it understands them: it was trained on nine. Where a network has never been, nothing is promised.

# %% [markdown]
# ## 9 · But pairs of words see order too
#
# An honest comparison has to ask the strongest bag. In lesson 01, pairs of neighbouring words brought a little order back. Here they bring back everything
# that is needed: *dull the* or *superb although* gives the sentence away, because the word that tells stands right beside the opinion.
# So let the critics talk: three words between the opinion and what follows.

# %%
def drawl(sentence):
    """The sentence with 'i must say' after each word of opinion."""
    opinions = synthetic.POSITIVE + synthetic.NEGATIVE
    return " ".join(f"{w} i must say" if w in opinions else w for w in sentence.split())


slow_train, slow_test = list(map(drawl, train)), list(map(drawl, test))
print(slow_test[start])

# %%
from sklearn.feature_extraction.text import CountVectorizer

accuracy = {}
for kind, (texts, held_out) in {"plain": (train, test), "slow": (slow_train, slow_test)}.items():
    for reach, name in ((1, "words"), (2, "words and pairs"), (3, "up to triples")):
        grams = CountVectorizer(ngram_range=(1, reach)).fit(texts)
        bag = LogisticRegression(C=10, solver="liblinear").fit(grams.transform(texts), y_train)
        accuracy[kind, name] = bag.score(grams.transform(held_out), y_test)

# %% [markdown]
# The recurrent network is trained anew, by the same lines, on the slow sentences.

# %%
vocabulary = Vocabulary.from_documents(sentence.split() for sentence in slow_train)
slow_model = build(len(vocabulary))
slow_model.compile(loss="binary_crossentropy", optimizer=keras.optimizers.Adam(0.005),
                   metrics=["accuracy"], jit_compile=False)
slow_model.fit(ids_of(slow_train), y_train, batch_size=32, epochs=5, verbose=0,
               callbacks=[ProgressBar()])
accuracy["plain", "simple RNN"] = rnn_accuracy
accuracy["slow", "simple RNN"] = slow_model.evaluate(ids_of(slow_test), y_test, verbose=0)[1]

# %%
figure, axes = plots.figure(size=(8.2, 3.4))
labels = {"plain": "neighbouring words tell", "slow": "three words in between"}
for offset, kind in ((-0.2, "plain"), (0.2, "slow")):
    heights = [value for (task, name), value in accuracy.items() if task == kind]
    axes.bar(np.arange(4) + offset, heights, width=0.38, label=labels[kind])
plots.label_bars(axes)
axes.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
axes.set(title="Pairs see the next word; the state reaches over the gap", ylabel="accuracy",
         ylim=(0, 1.3), yticks=[0, 0.5, 1], xticks=range(4))
axes.set_xticklabels(["bag of words", "… and pairs", "… and triples", "simple RNN"])
axes.legend(frameon=False, ncols=2, loc="upper left")
plots.show(figure, alt="""Bars of accuracy for four models on two tasks. Where neighbouring
    words tell the answer, pairs and triples of words are as good as the recurrent network.
    With three words in between, all bags are near one half and the recurrent network stays
    near one.""")

# %%
claim("pairs of words tell the plain twins apart", accuracy["plain", "words and pairs"],
      at_least=0.95)
claim("with three words in between, even triples are no better than a coin",
      accuracy["slow", "up to triples"], at_most=0.6)
claim("with three words in between, the recurrent network still tells them apart",
      accuracy["slow", "simple RNN"], at_least=0.95)

# %% [markdown]
# A bag of $n$-grams has a fixed reach, and each word further multiplies the number of its columns. The recurrent network has no built-in reach: its state
# carries *although* over as many words as stand between, and has the same number of weights whatever the distance.

# %% [markdown]
# ## 10 · And on reviews?
#
# Made sentences are clean. The reviews of the sample are less so: slips of the fingers, sentences about something else, and many ways to turn an opinion. We train
# on the last thirty words of every training review, and test on the reviews that have a twin and at most thirty words. Shorter texts get zeros *before* their
# first word, so that the last state is still the state after the last word; `clipnorm` belongs to lesson 05.

# %%
from course_utils.datasets import reviews
from course_utils.text import tokenize

LENGTH = 30
sample = reviews.load_sample()
short = [tokenize(text)[-LENGTH:] for text in sample.train.texts]
vocabulary = Vocabulary.from_documents(short, size=1000)


def padded(documents):
    """Ids (documents, LENGTH), with zeros before the beginning of short texts."""
    return keras.utils.pad_sequences(list(map(vocabulary.encode, documents)), LENGTH)


# %%
tokens = [tokenize(text) for text in sample.test.texts]
chosen = [i for i in np.flatnonzero(sample.test.twins >= 0) if len(tokens[i]) <= LENGTH]
chosen.sort(key=lambda i: (sample.test.twins[i], sample.test.labels[i]))  # blame, then praise
pairs = [tokens[i] for i in chosen]
print(f"{len(pairs) // 2} pairs of twins, the first:")
print("blame: ", " ".join(pairs[0]), "\npraise:", " ".join(pairs[1]))

# %%
keras.utils.set_random_seed(SEED)
review_model = build(len(vocabulary), units=32)
review_model.compile(loss="binary_crossentropy", metrics=["accuracy"], jit_compile=False,
                     optimizer=keras.optimizers.Adam(0.004, clipnorm=1.0))
review_model.fit(padded(short), sample.train.labels, batch_size=64, epochs=4, verbose=0,
                 callbacks=[ProgressBar()])
p = review_model.predict(padded(pairs), verbose=0)[:, 0].reshape(-1, 2)  # (pairs, 2)

# %% [markdown]
# A bag has to give both twins of a pair the same score. So we ask each model the question that a bag can only guess: *which of the two is the praise?* A tie counts as half.

# %%
bag = LogisticRegression(C=0.1, solver="liblinear")
bag.fit(bag_of_words(short, vocabulary), sample.train.labels)
scores = bag.decision_function(bag_of_words(pairs, vocabulary)).reshape(-1, 2)
found = {name: np.mean((s[:, 1] > s[:, 0]) + 0.5 * (s[:, 1] == s[:, 0]))
         for name, s in {"bag of words": scores, "simple RNN": p}.items()}
claim("share of pairs of twins in which the bag finds the praise", found["bag of words"],
      close_to=0.5, within=1e-9)
claim("share of pairs of twins in which the simple RNN finds the praise", found["simple RNN"],
      at_least=0.55)

# %% [markdown]
# More than a coin, and far from all: three thousand reviews are few to learn the many ways of turning an opinion from, most of these reviews can be
# told by their words alone, and a review may bring a sentence about parades between the opinion and the end. What a bag cannot do *at all*, this network does *a little*.
# It may even be a trick: whoever always believes the *last* word of opinion gets about three in four of the sample's twins right (`data/README.md`), and a state that has
# half forgotten the beginning leans to the end.
# How much of the rest is the fault of the data, and how much of the cell, is a question for lessons 06 and 07.


# %% [markdown]
# ## 11 · A first look at how far it remembers
#
# No built-in reach: is there really no limit? The cleanest way to ask is a task where only the first step matters. In `synthetic.recall` a sequence begins with one of
# four symbols; then comes a number of distractors, the **lag**, that say nothing; then the network is asked for the symbol. Who has forgotten it can only
# guess, and is right one time in four.

# %%
x, y = synthetic.recall(3, lag=5, seed=SEED)  # (3, 6, 8), (3,)
print("first sequence, ids of its one-hot vectors:", x[0].argmax(axis=-1), "answer:", y[0])

# %% [markdown]
# We train one small network for each lag, with the same data, time and settings, and test it on new sequences.

# %%
lags = (2, 20, 100)
remembered = []
for lag in lags:
    x, y = synthetic.recall(600, lag, seed=SEED)
    keras.utils.set_random_seed(SEED)
    recaller = keras.Sequential([keras.Input((None, 8)), keras.layers.SimpleRNN(16),
                                 keras.layers.Dense(4, activation="softmax")])
    recaller.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"],
                     optimizer=keras.optimizers.Adam(0.01), jit_compile=False)
    recaller.fit(x, y, batch_size=50, epochs=10, verbose=0, callbacks=[ProgressBar()])
    x, y = synthetic.recall(500, lag, seed=1000 + SEED)
    remembered.append(recaller.evaluate(x, y, verbose=0)[1])

# %%
figure, axes = plots.figure(size=(6.4, 3.2))
axes.plot(lags, remembered, "o-")
axes.axhline(0.25, color="black", linewidth=0.8, linestyle=":")
axes.annotate("guessing", (lags[0], 0.26), va="bottom")
axes.set(title="How far back a simple RNN has learned to remember", ylabel="accuracy",
         xlabel="lag: steps between the symbol and the question", ylim=(0, 1.08))
plots.show(figure, alt="""Accuracy of recalling the first symbol against the lag. It is near
    one for a lag of two and falls to about one quarter, which is guessing, at a lag of
    a hundred.""")
claim("recall over 2 steps", remembered[0], at_least=0.9)
claim("recall over 20 steps", remembered[1], at_least=0.8)
claim("recall over 100 steps, where guessing has 0.25", remembered[-1], at_most=0.6)

# %% [markdown]
# Over twenty steps the memory is perfect; over a hundred it is gone. Nothing in the equation forbids remembering: it is easy to write down weights that
# do, and in exercise 4 you will. But *training* did not find them. Why not, and how to see it coming, is
# [lesson 05](05_training_rnns.ipynb). A cell that was built to remember is [lesson 06](06_lstm.ipynb).

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: n_weights
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `n_weights(features, units)`: how many weights a `SimpleRNN` layer has, biases included.
#
# <details><summary>Hint 1</summary>Write down the shapes of W_x, W_h and b. The table is in section 2.</details>
# <details><summary>Hint 2</summary>The number of steps plays no part: all of them use the same weights.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def n_weights(features, units):
    """Number of weights of a simple recurrent layer."""
    return features * units + units * units + units  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the bias"
def n_weights(features, units):
    return features * units + units * units

# %% tags=["wrong"] message="from state to state"
def n_weights(features, units):
    return features * units + units

# %% tags=["wrong"] message="one b, not two"
def n_weights(features, units):
    return units * (features + units + 2)

# %% [raw]
# # BEGIN TESTS

# %%
def test_n_weights(n_weights):
    got = n_weights(3, 5)
    assert got != 40, "with 3 features and 5 units you gave 40: W_x and W_h are there, the bias is missing"
    assert got != 20, "with 3 features and 5 units you gave 20: the weights W_h from state to state are missing"
    assert got != 50, "with 3 features and 5 units you gave 50: there is one b, not two, for input and state together"
    assert got == 45, f"with 3 features and 5 units there are 15 in W_x, 25 in W_h and 5 in b; you gave {got}"
    assert n_weights(1, 1) == 3 and n_weights(100, 10) == 1110, "it fits 3 features and 5 units, but not 100 and 10"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_n_weights_hidden(n_weights):
    for d, u in ((7, 2), (2, 7), (31, 64)):
        assert n_weights(d, u) == (d + u + 1) * u, f"not right for {d} features and {u} units"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: one_unit
# points: 1

# %% [markdown]
# **Exercise 2.** A network with one feature and one unit has three numbers for weights. Write `one_unit(xs, w_x, w_h, b)`: it reads the numbers `xs`, a list of any
# length, and returns the list of its states $h_1, \dots, h_T$, as plain numbers. Use a loop, not the functions of the lesson.
#
# <details><summary>Hint 1</summary>Begin with <code>h = 0.0</code>. That is h_0, and it is not among the states asked for.</details>
# <details><summary>Hint 2</summary>In each turn of the loop, the new h is made of the next x and of the old h.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def one_unit(xs, w_x, w_h, b):
    """States h_1 … h_T of a network with one feature and one unit."""
    # BEGIN SOLUTION
    h, states = 0.0, []
    for x in xs:
        h = np.tanh(x * w_x + h * w_h + b)
        states.append(h)
    return states
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one state a step"
def one_unit(xs, w_x, w_h, b):
    h = 0.0
    for x in xs:
        h = np.tanh(x * w_x + h * w_h + b)
    return [h]

# %% tags=["wrong"] message="the old state plays no part"
def one_unit(xs, w_x, w_h, b):
    return [np.tanh(x * w_x + b) for x in xs]

# %% tags=["wrong"] message="squeezed"
def one_unit(xs, w_x, w_h, b):
    h, states = 0.0, []
    for x in xs:
        h = x * w_x + h * w_h + b
        states.append(h)
    return states

# %% tags=["wrong"] message="h_0 is not"
def one_unit(xs, w_x, w_h, b):
    states = [0.0]
    for x in xs:
        states.append(np.tanh(x * w_x + states[-1] * w_h + b))
    return states

# %% [raw]
# # BEGIN TESTS

# %%
def test_one_unit(one_unit):
    from math import tanh

    got = [float(h) for h in one_unit([1.0, 0.0], 0.5, 2.0, 0.1)]
    assert len(got) != 3, "for two inputs you gave three states: h_0 is not one of those asked for"
    assert len(got) == 2, f"for two inputs there are two states, one state a step; you gave {len(got)}"
    assert abs(got[0] - 0.6) > 1e-9, "the first state is 0.6, the sum itself: it must be squeezed by tanh"
    assert abs(got[0] - tanh(0.6)) < 1e-6, f"the first state is tanh(1 · 0.5 + 0 · 2 + 0.1) = {tanh(0.6):.4f}; you gave {got[0]:.4f}"
    assert abs(got[1] - tanh(0.1)) > 1e-6, "the second state is tanh(0.1): the old state plays no part in it"
    assert abs(got[1] - tanh(2 * tanh(0.6) + 0.1)) < 1e-6, f"the second state is tanh(0 · 0.5 + h_1 · 2 + 0.1) = {tanh(2 * tanh(0.6) + 0.1):.4f}; you gave {got[1]:.4f}"
    assert len(one_unit([0.0] * 40, 0.5, 2.0, 0.1)) == 40, "it must read lists of any length"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_one_unit_hidden(one_unit):
    from math import tanh

    h, wanted, xs = 0.0, [], [0.3, -1.2, 0.8, 0.0, 2.0]
    for x in xs:
        h = tanh(x * -0.7 + h * 1.3 - 0.2)
        wanted.append(h)
    got = [float(h) for h in one_unit(xs, -0.7, 1.3, -0.2)]
    assert len(got) == 5 and max(abs(a - b) for a, b in zip(got, wanted)) < 1e-6, "not right for five inputs"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: final_states
# points: 1

# %% [markdown]
# **Exercise 3.** To put sequences of different lengths into one batch, short ones are filled up with zeros at the end. The layer reads the zeros too, so its last
# state is not the state after the last *word*. Write `final_states(h, lengths)`: from all states `h` (batch, time, units) and the true `lengths` (batch,), pick for each
# sequence its state after its last true step, together (batch, units).
#
# <details><summary>Hint 1</summary>After 3 steps the state is <code>h[i, 2]</code>.</details>
# <details><summary>Hint 2</summary>A comprehension over the batch and <code>np.stack</code> do it, or an index with two arrays: <code>h[rows, columns]</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def final_states(h, lengths):
    """States (batch, units) after each sequence's own last step."""
    # BEGIN SOLUTION
    return h[np.arange(len(h)), np.asarray(lengths) - 1]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="has read the zeros"
def final_states(h, lengths):
    return h[:, -1]

# %% tags=["wrong"] message="IndexError"
def final_states(h, lengths):
    return np.stack([h[i, length] for i, length in enumerate(lengths)])

# %% tags=["wrong"] message="shape"
def final_states(h, lengths):
    return h[:, np.asarray(lengths) - 1]

# %% [raw]
# # BEGIN TESTS

# %%
def test_final_states(final_states):
    import numpy as np

    h = np.arange(24.0).reshape(2, 4, 3)
    got = np.asarray(final_states(h.copy(), np.array([2, 4])))
    assert got.shape == (2, 3), f"for 2 sequences and 3 units the shape must be (2, 3); yours is {got.shape}"
    assert not np.array_equal(got[0], h[0, 3]), "the state of the first sequence, which has 2 true steps, has read the zeros after them"
    assert not np.array_equal(got[0], h[0, 2]), "the state after 2 steps is h[i, 1]: places start at 0"
    assert np.array_equal(got, np.stack([h[0, 1], h[1, 3]])), "the states are not those after 2 and after 4 steps"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_final_states_hidden(final_states):
    import numpy as np

    rng = np.random.default_rng(7)
    h, lengths = rng.normal(size=(5, 6, 2)), np.array([1, 6, 3, 5, 2])
    wanted = np.stack([h[i, n - 1] for i, n in enumerate(lengths)])
    assert np.allclose(final_states(h.copy(), lengths), wanted), "not right for five sequences"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: latch
# points: 2

# %% [markdown]
# **Exercise 4.** No training this time: choose the weights yourself. A network with one feature and one unit reads zeros and ones. Find `w_x`, `w_h` and the bias `b_1` so that
# after any number of steps, up to 200, its state is above 0.5 if there has been a one anywhere, and below 0.5 if not. Such a memory is called a **latch**.
#
# <details><summary>Hint 1</summary>Without a one, the state has to stay where it began, at 0. What must the bias be?</details>
# <details><summary>Hint 2</summary>Once the state is near 1, it must keep itself there with input 0: h = tanh(w_h · h). Plot tanh(w_h · h) against h for w_h = 0.5, 1 and 2. Where does it meet h?</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
w_x = 3.0  # SOLUTION
w_h = 3.0  # SOLUTION
b_1 = 0.0  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="forgets"
w_x, w_h, b_1 = 3.0, 1.0, 0.0

# %% tags=["wrong"] message="without a one"
w_x, w_h, b_1 = 3.0, 3.0, 0.5

# %% tags=["wrong"] message="a second one"
w_x, w_h, b_1 = 3.0, -3.0, 0.0

# %% [raw]
# # BEGIN TESTS

# %%
def test_latch(w_x, w_h, b_1):
    from math import tanh

    def last(xs):
        h = 0.0
        for x in xs:
            h = tanh(x * w_x + h * w_h + b_1)
        return h

    assert last([0] * 200) < 0.5, f"without a one the state after 200 steps is {last([0] * 200):.3f}; it must stay below 0.5"
    assert last([1]) > 0.5, f"right after a one the state is {last([1]):.3f}; it must be above 0.5"
    assert last([1, 1]) > 0.5, f"after a second one the state is {last([1, 1]):.3f}; it must stay above 0.5"
    assert last([1] + [0] * 199) > 0.5, f"199 steps after the one the state is {last([1] + [0] * 199):.3f}: the cell forgets. What does tanh(w_h · h) do to h?"
    assert last([0] * 50 + [1] + [0] * 50 + [1, 0, 1]) > 0.5, "it must work for ones anywhere"
    assert last([0] * 199 + [1]) > 0.5, f"a one at step 200 leaves a state of {last([0] * 199 + [1]):.3f}: without a one the state has moved away from 0"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: leaky_cell
# points: 2

# %% [markdown]
# **Exercise 5, a stretch: a cell of your own, and its gradient.** Not every state has to be made anew at every step. A *leaky* cell keeps a part of the old one (Jaeger et al. 2007):
#
# $$h_t = (1 - a)\, h_{t-1} + a \tanh(x_t W_x + h_{t-1} W_h + b), \qquad 0 < a \le 1$$
#
# Write `leaky_step(x_t, h_prev, W_x, W_h, b, a)`, which returns $h_t$ (batch, units), and `leaky_back(d_h, x_t, h_prev, W_x, W_h, b, a)`: from the gradient `d_h`, $\partial L/\partial h_t$ (batch,
# units), of a loss $L$, the gradient $\partial L/\partial h_{t-1}$, of the same shape. The old state acts in two ways, so its gradient is a sum of two terms.
#
# <details><summary>Hint 1</summary>The first way is easy: through the factor (1 − a).</details>
# <details><summary>Hint 2</summary>The second goes through tanh, whose derivative is 1 − tanh², and through the product with W_h. Backwards through <code>h @ W_h</code> is <code>d @ W_h.T</code>.</details>
# <details><summary>Hint 3</summary>With k = tanh(…): <code>d_k = a * d_h</code>, then <code>d_sum = d_k * (1 - k**2)</code>, then the product.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def leaky_step(x_t, h_prev, W_x, W_h, b, a):
    """State h_t (batch, units) of a leaky cell."""
    # BEGIN SOLUTION
    return (1 - a) * h_prev + a * np.tanh(x_t @ W_x + h_prev @ W_h + b)
    # END SOLUTION


def leaky_back(d_h, x_t, h_prev, W_x, W_h, b, a):
    """∂L/∂h_{t-1} (batch, units) from d_h, ∂L/∂h_t (batch, units)."""
    # BEGIN SOLUTION
    k = np.tanh(x_t @ W_x + h_prev @ W_h + b)  # (batch, units)
    return (1 - a) * d_h + (a * d_h * (1 - k**2)) @ W_h.T
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="of the old state is kept"
def leaky_step(x_t, h_prev, W_x, W_h, b, a):
    return np.tanh(x_t @ W_x + h_prev @ W_h + b)


def leaky_back(d_h, x_t, h_prev, W_x, W_h, b, a):
    k = np.tanh(x_t @ W_x + h_prev @ W_h + b)
    return (d_h * (1 - k**2)) @ W_h.T

# %% tags=["wrong"] message="first way"
def leaky_step(x_t, h_prev, W_x, W_h, b, a):
    return (1 - a) * h_prev + a * np.tanh(x_t @ W_x + h_prev @ W_h + b)


def leaky_back(d_h, x_t, h_prev, W_x, W_h, b, a):
    k = np.tanh(x_t @ W_x + h_prev @ W_h + b)
    return (a * d_h * (1 - k**2)) @ W_h.T

# %% tags=["wrong"] message="transposed"
def leaky_step(x_t, h_prev, W_x, W_h, b, a):
    return (1 - a) * h_prev + a * np.tanh(x_t @ W_x + h_prev @ W_h + b)


def leaky_back(d_h, x_t, h_prev, W_x, W_h, b, a):
    k = np.tanh(x_t @ W_x + h_prev @ W_h + b)
    return (1 - a) * d_h + (a * d_h * (1 - k**2)) @ W_h

# %% [raw]
# # BEGIN TESTS

# %%
def test_leaky_cell(leaky_step, leaky_back):
    import numpy as np

    rng = np.random.default_rng(4)
    x_t, h_prev, d_h = rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    W_x, W_h, b, a = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=4), 0.3
    k = np.tanh(x_t @ W_x + h_prev @ W_h + b)
    h_t = leaky_step(x_t, h_prev.copy(), W_x, W_h, b, a)
    assert np.shape(h_t) == (2, 4), f"leaky_step must give a state (batch, units) = (2, 4); yours has shape {np.shape(h_t)}"
    assert not np.allclose(h_t, k), "leaky_step gives the state of a simple cell: a part, 1 − a, of the old state is kept"
    assert not np.allclose(h_t, a * h_prev + (1 - a) * k), "in leaky_step a and 1 − a have changed places"
    assert np.allclose(h_t, (1 - a) * h_prev + a * k), "leaky_step does not follow the equation"
    got = leaky_back(d_h.copy(), x_t, h_prev.copy(), W_x, W_h, b, a)
    assert np.shape(got) == (2, 4), f"leaky_back must give an array (batch, units) = (2, 4); yours has shape {np.shape(got)}"
    through = (a * d_h * (1 - k**2)) @ W_h.T
    assert not np.allclose(got, through), "in leaky_back the first way is missing, that through the factor 1 − a"
    assert not np.allclose(got, (1 - a) * d_h + (a * d_h * (1 - k**2)) @ W_h), "on the way back W_h must be transposed"
    slope = np.zeros((2, 4))  # by central differences of the loss sum(d_h * h_t)
    for place in np.ndindex(2, 4):
        nudge = np.zeros((2, 4))
        nudge[place] = 1e-6
        up, down = ((1 - a) * h + a * np.tanh(x_t @ W_x + h @ W_h + b) for h in (h_prev + nudge, h_prev - nudge))
        slope[place] = np.sum(d_h * (up - down)) / 2e-6
    assert np.allclose(got, slope, atol=1e-6), f"nudging each number of h_prev changes the loss by other amounts: at most {np.abs(got - slope).max():.3g} apart"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_leaky_cell_hidden(leaky_step, leaky_back):
    import numpy as np

    rng = np.random.default_rng(8)
    x_t, h_prev, d_h = (rng.normal(size=(3, n)) for n in (2, 5, 5))
    W_x, W_h, b = rng.normal(size=(2, 5)), rng.normal(size=(5, 5)), rng.normal(size=5)
    for a in (0.1, 0.8):
        k = np.tanh(x_t @ W_x + h_prev @ W_h + b)
        back = (1 - a) * d_h + (a * d_h * (1 - k**2)) @ W_h.T
        h_t, d_h_prev = leaky_step(x_t, h_prev.copy(), W_x, W_h, b, a), leaky_back(d_h.copy(), x_t, h_prev.copy(), W_x, W_h, b, a)
        assert np.allclose(h_t, (1 - a) * h_prev + a * k, atol=1e-6), f"leaky_step, a = {a}"
        assert np.allclose(d_h_prev, back, atol=1e-6), f"leaky_back, a = {a}"

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
# - **Time and batch in the wrong order.** Keras reads (batch, time, features). A sequence given as (time, batch, features) may run without an error, and then the network reads across the batch.
# - **A lone sequence without its batch axis.** One sentence is a batch of one: `x[None]`, shape (1, time, features).
# - **Forgetting `return_sequences=True`** where the next layer is recurrent. The error says *expected ndim=3*: the time axis is gone.
# - **Taking padding for words.** Zeros at the end of a short sequence change its last state, as in exercise 3. Lesson 09 has the cure, masks.
# - **Saying that the network "knows" a rule** because it is right on the test sentences. It was tested on sentences of the kind it was trained on.
#
# ## References
#
# - J. L. Elman (1990). Finding structure in time. *Cognitive Science* 14(2).
# - S. Hochreiter, J. Schmidhuber (1997). Long short-term memory. *Neural Computation* 9(8). The recall task is after its section 5.
# - H. Jaeger, M. Lukoševičius, D. Popovici, U. Siewert (2007). Optimization and applications of echo state networks with leaky-integrator neurons. *Neural Networks* 20(3).
# - R. Socher, A. Perelygin, J. Wu, J. Chuang, C. D. Manning, A. Y. Ng, C. Potts (2013). Recursive deep models for semantic compositionality over a sentiment
#   treebank. *EMNLP*. Networks along trees.
# - P. J. Werbos (1990). Backpropagation through time: what it does and how to do it. *Proceedings of the IEEE* 78(10).

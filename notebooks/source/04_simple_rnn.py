# %% [markdown]
# # 04 · The simple recurrent network
#
# A bag of words forgets the order of the words, and so does the mean of word vectors. This lesson builds the first model of the course that
# reads a text in order. It takes one word at a time, and keeps a vector that summarises what it has read so far. One short equation is the whole
# model. You write it in NumPy, run it in Keras, show that both give the same numbers, and look at the vector while a sentence is read. The same
# model also predicts the next value of a time series. At the end, you break a network on purpose, with a mistake that is easy to make.
#
# **You will be able to**
#
# 1. write the recurrent cell as an equation and in NumPy, with the shape of every array;
# 2. name the three axes of the input, and say why `units` is not the length of the sequence;
# 3. use `keras.layers.SimpleRNN` on words and on numbers, with and without `return_sequences`;
# 4. classify sequences of any length from the last state, and explain what padding does to it;
# 5. use a stateful layer, and explain why shuffled batches break it.
#
# **Before this lesson:** [lesson 01](01_one_hot_and_bag_of_words.ipynb) and [lesson 02](02_word_embeddings.ipynb). **Time:** about 60
# minutes to read and try, 45 minutes for the exercises; on two cores all cells run in about
# 25 seconds (`HUBS.md` names the machine that was measured).

# %% [markdown]
# ## Settings

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

from course_utils import plots, synthetic
from course_utils.claims import SEED, claim

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)

# %% [markdown]
# ## 1 · Why order matters
#
# Which of these two sentences recommends the film?
#
# > although the plot was dull the cast was witty
#
# > the plot was dull although the cast was witty
#
# The first one does. Both sentences have the same words, and in both *witty* comes last. Only *although* has moved: it marks the clause that counts
# less. Lesson 01 called two such texts a minimal pair.
#
# The next cell makes 2,000 synthetic sentences of this kind. Each has a positive and a negative clause. The label says whether the clause
# without *although*, the main clause, is positive (1) or negative (0). We remove from the training set all sentences of the test set, and our two examples.

# %%
pair = ["although the plot was dull the cast was witty",
        "the plot was dull although the cast was witty"]
sentences, labels = synthetic.although(1600, seed=SEED)
test, y_test = synthetic.although(400, seed=1000 + SEED)
new = np.array([s not in test + pair for s in sentences])
train, y_train = np.array(sentences)[new], labels[new]
print(len(train), "training sentences,", len(test), "test sentences:")
for sentence, label in zip(test[:4], y_test):
    print(label, sentence)

# %% [markdown]
# The test sentences come in minimal pairs. We begin with the bag of words and the logistic regression of lesson 01.
#
# **What do you expect?** What accuracy does the bag of words reach on the test set?
#
# <details><summary>Answer</summary>Exactly one half. The two sentences of a pair have the same bag, so the model gives both the same label.
# For one of the two, this label is wrong.</details>

# %%
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

counts = CountVectorizer().fit(train)
bag = LogisticRegression().fit(counts.transform(train), y_train)
claim("accuracy of a bag of words on minimal pairs",
      bag.score(counts.transform(test), y_test),
      close_to=0.5, within=1e-9)

# %% [markdown] claim="accuracy of a bag of words on minimal pairs"
# **Quick question.** You train the same bag of words on ten times as many sentences. What is its accuracy on minimal pairs?
#
# <details><summary>A. It rises, perhaps to 0.7</summary>No. More data helps a model only if its input contains the answer. The order is not in a bag.</details>
# <details><summary>B. It stays at 0.5</summary>Right. Whatever the model learns, it must give both sentences of a pair the same label.</details>
# <details><summary>C. It falls below 0.5</summary>No. In each pair exactly one label is right, so it cannot fall either.</details>

# %% [markdown]
# ## 2 · The recurrent cell
#
# You read one word after the other, and each word changes what you know about the sentence. A [**recurrent network**](../GLOSSARY.md#recurrent-network)
# works in the same way. The position in the sequence is called the [**time step**](../GLOSSARY.md#time-step) $t$; in a sentence it is the number of
# the word. After $t$ words, a vector $h_t$ summarises what the network has read, the [**hidden state**](../GLOSSARY.md#hidden-state). At each time step, a function $f$
# computes it from the vector of the word, $x_t$, and from the previous hidden state:
#
# $$h_t = f(x_t, h_{t-1})$$
#
# The **simple recurrent network** (Elman 1990; also called *vanilla RNN*) has the simplest $f$ that works well. It multiplies each of the two vectors by a matrix
# and adds the results and a bias. Then it applies tanh, which keeps every number between −1 and 1:
#
# $$h_t = \tanh(x_t W_x + h_{t-1} W_h + b), \qquad h_0 = 0$$
#
# | array | shape | meaning |
# | --- | --- | --- |
# | $x_t$ | (batch, features) | the input at time step $t$ |
# | $h_t$ | (batch, units) | the hidden state after time step $t$ |
# | $W_x$ | (features, units) | weights from the input to the hidden state |
# | $W_h$ | (units, units) | weights from the previous hidden state to the next |
# | $b$ | (units,) | the bias |
#
# How many numbers $h_t$ has is the [**hidden size**](../GLOSSARY.md#hidden-size); Keras calls it `units`. The parameters $W_x$, $W_h$ and $b$ are the same at all
# time steps. As in all our code, vectors are rows. A book that writes vectors as columns has $\tanh(W_x^\top x_t + W_h^\top h_{t-1} + b)$, which gives the same numbers.
#
# In code, the equation is one line.

# %%
def step(x_t, h_prev, W_x, W_h, b):
    """One time step of a simple recurrent network: h_t (batch, units)."""
    return np.tanh(x_t @ W_x + h_prev @ W_h + b)

# %% [markdown]
# A layer is a loop over the time steps. It begins with $h_0 = 0$ and stores every hidden state.

# %%
def simple_rnn(x, W_x, W_h, b):
    """All hidden states (batch, time, units) for x (batch, time, features)."""
    h_t = np.zeros((len(x), len(W_h)))  # (batch, units): h_0
    states = []
    for t in range(x.shape[1]):
        h_t = step(x[:, t], h_t, W_x, W_h, b)
        states.append(h_t)
    return np.stack(states, axis=1)

# %% [markdown]
# The smallest network has one feature and one unit. Here it reads a one, and then three zeros.

# %%
one_zeros = np.array([[[1.0], [0.0], [0.0], [0.0]]])  # (1, 4, 1)
echo = simple_rnn(one_zeros, W_x=np.array([[1.0]]), W_h=np.array([[0.7]]), b=0)
print(echo[0, :, 0].round(3))
claim("hidden state three steps after the one", echo[0, 3, 0], at_least=0.1)

# %% [markdown]
# At time steps 2 to 4 the input is zero, but the hidden state is not. It still shows that there was a one, a little less at each step. This is the
# memory that a bag of words does not have.

# %% [markdown]
# ## 3 · The three axes of the input
#
# The input of a recurrent layer always has three axes, in this order: **(batch, time, features)**. For sentences these are the number of sentences, the number
# of words, and the size of a word vector. We take our two sentences, random word vectors with 3 features, and a layer with 5 units that was not trained.

# %%
from course_utils.text import Vocabulary

vocabulary = Vocabulary.from_documents(s.split() for s in train)


def ids_of(sentences, vocabulary=vocabulary):
    """Word ids (batch, time) of sentences that have the same length."""
    return np.array([vocabulary.encode(s.split()) for s in sentences])


# %%
rng = np.random.default_rng(SEED)
vectors = rng.normal(size=(len(vocabulary), 3))  # one row for each word
x = vectors[ids_of(pair)].astype("float32")  # (2, 9, 3)
layer = keras.layers.SimpleRNN(5, return_sequences=True)
layer.build(x.shape)
W_x, W_h, b = layer.get_weights()  # random: nothing has been trained
h = simple_rnn(x, W_x, W_h, b)  # (2, 9, 5)
print("x", x.shape, " W_x", W_x.shape, " W_h", W_h.shape, " h", h.shape)
claim("number of hidden states for a sentence of nine words", h.shape[1],
      close_to=9, within=0.5)

# %% alt="Two heat maps above each other for the sentence 'although the plot was dull the cast was witty', with one column for each of its nine words. The upper one, the input x, has three rows, the features. The lower one, the hidden states h, has five rows, the units." jupyter={"source_hidden": true}
# Draw the input and the hidden states of the first sentence.
fig, axes = plt.subplots(2, 1, figsize=(8, 4), height_ratios=[3, 5],
                         sharex=True)
for ax, values, name in ((axes[0], x[0], "features"), (axes[1], h[0], "units")):
    image = ax.imshow(values.T, cmap="PuOr", vmin=-1, vmax=1, aspect="auto")
    ax.set(ylabel=name, yticks=range(values.shape[1]))
    ax.set_yticklabels(range(1, values.shape[1] + 1))
axes[0].set_title("Input x: 9 time steps, 3 features")
axes[1].set_title("Hidden states h: 9 time steps, 5 units")
axes[1].set_xticks(range(9), pair[0].split())
fig.colorbar(image, ax=axes, label="value")
plt.show()

# %% [markdown]
# Both heat maps have nine columns, one for each word: the layer computes one hidden state per time step. The number of rows changes from features to units.
# So `units` has nothing to do with the length of the sequence. It says how much the network can store at each time step, and you choose it.

# %% [markdown] claim="number of hidden states for a sentence of nine words"
# **Quick question.** A layer with 64 units reads sentences of 9 words. How many hidden states does it compute for each sentence?
#
# <details><summary>A. 64</summary>No. 64 is the hidden size: each hidden state has 64 numbers.</details>
# <details><summary>B. 9</summary>Right. One for each word, as measured above with 5 units. Another number of units would not change it.</details>
# <details><summary>C. 1</summary>No. Keras gives you only the last one by default (section 5), but the layer computes one at every time step.</details>

# %% [markdown]
# ## 4 · Unrolling
#
# Drawn as in the equation, the network is a loop: the hidden state goes back into the cell that computed it. Drawn along time, the loop becomes a chain with one
# copy of the cell for each time step. This is called [**unrolling**](../GLOSSARY.md#unrolling).

# %% alt="Left, a cell h_t with the input x_t below it and an arrow W_h from the cell back to itself. Right, the same cell unrolled over the five words 'the film was not dull': h_0 leads to h_1, h_1 to h_2 and so on through W_h, and each word enters from below through W_x." jupyter={"source_hidden": true}
# Show the network as a loop and as a chain.
plots.drawing("folded_and_unrolled")

# %% [markdown]
# The chain shows two things. All its cells have the same parameters, so a longer sentence makes the chain longer but not the model larger. And information from the first
# word reaches the last hidden state only through every cell between them. At each of them it can get lost.
#
# How much gets lost? Our two sentences differ in the order of their first five words, and both end with *the cast was witty*.
#
# **What do you expect?** Are the hidden states of the two sentences the same after the last four words?
#
# <details><summary>Answer</summary>No, but they come closer. From there on the network reads the same words in both, and each step replaces a part of the old hidden state.</details>

# %%
distance = np.linalg.norm(h[0] - h[1], axis=-1)  # (time,)
print("distance of the two hidden states after each word:")
print(distance.round(3))
claim("distance after the last word, without training", distance[-1],
      at_least=0.005)
claim("distance after the last word, as a fraction of the largest",
      distance[-1] / distance.max(), at_most=0.7)

# %% [markdown]
# While the words differ, the hidden states are far apart. Over the last four words, which are the same, the distance shrinks, but not to zero. So some information about the
# order of the first words is still there. A bag of words has none. But without training the hidden state depends mostly on the latest words. What to keep is something
# that the network has to learn. We measure this distance again in section 7, after training.

# %% [markdown]
# ## 5 · NumPy = Keras
#
# `keras.layers.SimpleRNN` has three arrays of parameters: `kernel` is $W_x$, `recurrent_kernel` is $W_h$, and `bias` is $b$. Our loop already used the
# parameters of `layer`. So the layer itself must give the same hidden states.
#
# By default, a layer returns only the last hidden state, one vector per sequence. This is what a classifier needs. With `return_sequences=True`, as in `layer`, it returns all of them, one vector
# per time step. You need them for a second recurrent layer on top (lesson 08), or to predict a label for every word (lesson 11).

# %%
h_keras = layer(x).numpy()  # return_sequences=True: (2, 9, 5)
last = keras.layers.SimpleRNN(5)  # return_sequences=False
last.build(x.shape)
last.set_weights(layer.get_weights())
h_last = last(x).numpy()  # (2, 5)
print("return_sequences=True ", h_keras.shape)
print("return_sequences=False", h_last.shape)
claim("NumPy and Keras: largest difference of the hidden states",
      np.abs(h - h_keras).max(), at_most=1e-5)
claim("the default output is the last hidden state: largest difference",
      np.abs(h_last - h_keras[:, -1]).max(), at_most=1e-6)

# %% [markdown]
# Some books write a second equation for the output, $y_t = h_t W_y + b_y$. In Keras that is a `Dense` layer on top: the output of `SimpleRNN` *is* its hidden state. In PyTorch,
# `nn.RNN` reads (time, batch, features) unless you write `batch_first=True`, and it has two biases, which are simply added.

# %% [markdown] claim="the default output is the last hidden state: largest difference"
# **Quick question.** A batch has 32 sentences of 9 words, with 16 features per word. What shape does `SimpleRNN(64)` return?
#
# <details><summary>A. (32, 64)</summary>Right. One vector per sentence, the last hidden state, with 64 units.</details>
# <details><summary>B. (32, 9, 64)</summary>No. That is the shape with <code>return_sequences=True</code>.</details>
# <details><summary>C. (32, 9, 16)</summary>No. That is the shape of the input. The last axis changes from features to units.</details>
# <details><summary>D. (64,)</summary>No. Every sentence of the batch has its own hidden state.</details>

# %% [markdown]
# ## 6 · Classify from the last hidden state
#
# The last hidden state is computed from all words of the sentence. So a logistic regression on it can classify the sentence. If $T$ is the last time step, $\hat y = \sigma(h_T w + b_y)$:
# a `Dense` layer with one unit. Below the recurrent layer is an `Embedding` layer (lesson 02), which gives each word its vector. All three are trained together.

# %%
model = keras.Sequential([
    keras.Input((None,)),  # word ids: (batch, time), any number of time steps
    keras.layers.Embedding(len(vocabulary), 16),  # (batch, time, 16)
    keras.layers.SimpleRNN(16),  # (batch, 16): the last hidden state
    keras.layers.Dense(1, activation="sigmoid"),  # (batch, 1): P(positive)
])
n = model.layers[1].count_params()
print(f"recurrent layer: 16 · 16 in W_x + 16 · 16 in W_h + 16 in b = {n}")
claim("parameters of a layer with 16 features and 16 units", n,
      close_to=16 * (16 + 16 + 1), within=0.5)

# %% [markdown]
# This number does not depend on the length of the sentence.

# %%
model.compile(loss="binary_crossentropy", metrics=["accuracy"],
              optimizer=keras.optimizers.Adam(0.005))
history = model.fit(ids_of(train), y_train, epochs=6, verbose=0,
                    validation_split=0.1).history
rnn_accuracy = model.evaluate(ids_of(test), y_test, verbose=0)[1]
claim("accuracy of the simple recurrent network on the same minimal pairs",
      rnn_accuracy, at_least=0.95)

# %% alt="Training and validation loss by epoch. The training loss is about 0.2 in the first epoch; from the second epoch on, both are almost zero." jupyter={"source_hidden": true}
# Draw the learning curves.
fig, ax = plt.subplots(figsize=(6.4, 3))
ax.plot(range(1, 7), history["loss"], "o-", label="training set")
ax.plot(range(1, 7), history["val_loss"], "s--", label="validation set")
ax.set(xlabel="epoch", ylabel="loss",
       title="After two epochs there is little left to learn")
ax.legend()
plt.show()

# %% [markdown]
# The network classifies the test sentences correctly, where every bag of words is at chance level. The learning curves are flat at the end: more training would not change the result.

# %% [markdown]
# ## 7 · The hidden state, step by step
#
# What does the trained network keep from word to word? We run our own loop with its parameters, so we get all hidden states. Then we apply the `Dense` layer after
# *every* word, as if the sentence ended there.

# %%
embedding, rnn, dense = model.layers
embedded = embedding(ids_of(pair)).numpy()  # (2, 9, 16)
states = simple_rnn(embedded, *rnn.get_weights())  # (2, 9, 16)
p = dense(states).numpy()[:, :, 0]  # (2, 9): P(positive) after each word
print(p.round(2))
claim("P(positive) of the first sentence minus that of the second",
      p[0, -1] - p[1, -1], at_least=0.8)
claim("fraction of units that change their sign at the last word",
      np.mean(states[0, -1] * states[0, -2] < 0), at_least=0.5)

# %% alt="For each of the two sentences, a heat map of the sixteen units by word, and below it P(positive) after each word. At the first words the values are small and the probability is near one half. Towards the end most units are near plus or minus one and change their sign from word to word, and the probability jumps between zero and one. It ends at one for the first sentence and at zero for the second." jupyter={"source_hidden": true}
# Draw the hidden states of both sentences, and P(positive) after each word.
order = np.argsort(dense.get_weights()[0][:, 0])  # positive weights last
fig, axes = plt.subplots(2, 2, figsize=(9.6, 5), height_ratios=[1.6, 1],
                         sharex="col")
for i, sentence in enumerate(pair):
    image = axes[0, i].imshow(states[i][:, order].T, aspect="auto",
                              cmap="PuOr", vmin=-1, vmax=1)
    axes[0, i].set(title=["positive", "negative"][i], ylabel="unit")
    axes[0, i].set_yticks(range(0, 16, 3), order[::3] + 1)
    axes[1, i].plot(p[i], "o-")
    axes[1, i].axhline(0.5, color="black", linewidth=0.8, linestyle=":")
    axes[1, i].set(ylim=(-0.05, 1.05), ylabel="P(positive)")
    axes[1, i].set_xticks(range(9), sentence.split(), rotation=35, ha="right")
fig.colorbar(image, ax=axes[0], label="hidden state")
plt.show()

# %% [markdown]
# Each row of a heat map is a unit. The rows are sorted by the unit's weight in the `Dense` layer, from negative at the top to positive at the bottom. After the last word, the two sentences have opposite colours.
#
# The curves are a surprise: at the last words P(positive) jumps between 0 and 1, and one word before the end it is on the wrong side for both sentences. The heat maps show why: most units
# change their sign at each of the last steps. All training sentences have nine words, and training asked for an answer after the ninth word only. A hidden state that changes its sign at every step is then as good as one that
# does not. The network has learned what we asked for, and nothing else.

# %% alt="Distance of the hidden states of the two sentences after each word. Without training it goes up and down, and falls over the last four words. With training it is near zero for the first three words and then rises at every word." jupyter={"source_hidden": true}
# Draw the distance of the two hidden states, without and with training.
trained = np.linalg.norm(states[0] - states[1], axis=-1)  # (time,)
fig, ax = plt.subplots(figsize=(7, 3.2))
ax.plot(distance / np.sqrt(5), "s--", label="without training")
ax.plot(trained / np.sqrt(16), "o-", label="with training")
ax.set(title="Training keeps the two sentences apart",
       ylabel="distance / √units")
words = zip(pair[0].split(), pair[1].split())
ax.set_xticks(range(9), [f"{one}\n{other}" for one, other in words])
ax.legend()
plt.show()
claim("distance after the last word, with training", trained[-1], at_least=4)

# %% [markdown]
# This is the distance of section 4 again, divided by the square root of the hidden size to make 5 and 16 units comparable. Without training, it shrinks over the words *the cast was witty*, with which both sentences end.
# With training it grows at each of them: the network carries the place of *although* to the end. No single unit does this; the difference is spread over most of them.

# %% [markdown]
# ## 8 · Sequences of any length
#
# The number of parameters does not depend on the length, so the same model reads 3 words, or 60. That it *can* read them does not mean that its answer is right: it was trained on nine. And all sequences *of one batch*
# must have the same length. The usual way is to fill short sequences with zeros, which is called padding.
#
# **What do you expect?** The model classifies our first sentence as positive. Does one zero after it change the answer? And five zeros before it?
#
# <details><summary>Answer</summary>Both can. For this layer a zero is a word like any other: id 0 has a vector in the <code>Embedding</code> layer, and each zero is one more time step.</details>

# %%
ids = ids_of(pair[:1])  # (1, 9)
for before, after in ((0, 0), (5, 0), (0, 1)):
    padded = np.pad(ids, [(0, 0), (before, after)])
    answer = model.predict(padded, verbose=0)[0, 0]
    print(f"{before} zeros before, {after} after: P(positive) = {answer:.3f}")
claim("P(positive) of the positive sentence with one zero at the end", answer,
      at_most=0.5)

# %% [markdown]
# One zero at the end turns the answer into its opposite: it is a tenth time step, and we saw what this network does at each time step. Zeros before the sentence are read as well, so the hidden state
# before the first word is no longer $h_0 = 0$. Here this matters less, but it can matter. Lesson 09 shows the remedy, a mask, which tells the layer which time steps to skip.
# Without a mask, train the network with the same padding that you use later.

# %% [markdown] claim="P(positive) of the positive sentence with one zero at the end"
# **Quick question.** Why did a zero at the end change the answer?
#
# <details><summary>A. Ten words are too many for the model</summary>No. The layer can read any length. It was not trained on ten words, and that is another matter.</details>
# <details><summary>B. The layer computes one more hidden state, and that is the last one now</summary>Right. The <code>Dense</code> layer gets the hidden state after the zero, not the one after the last word.</details>
# <details><summary>C. The zero multiplies the hidden state by 0</summary>No. The zero is a word id. It is replaced by a vector, and the cell is applied as always.</details>

# %% [markdown]
# ## 9 · A time series
#
# Nothing in the cell is about words. In a time series, each time step is a measurement. Here is a synthetic one, the sum of two waves and some noise. The task is to predict the next value from the 20 values before it.
#
# The layer again needs (batch, time, features). Each *window* of 20 values is one example of the batch, with 20 time steps and one feature.

# %%
t = np.arange(1200)
waves = np.sin(2 * np.pi * t / 20) + 0.5 * np.sin(2 * np.pi * t / 7)
series = waves + rng.normal(scale=0.1, size=1200)  # (1200,)
windows = np.lib.stride_tricks.sliding_window_view(series, 21)  # (1180, 21)
first_20, next_one = windows[:, :20, None], windows[:, 20]
x_early, y_early = first_20[:800], next_one[:800]  # (800, 20, 1), (800,)
x_later, y_later = first_20[820:], next_one[820:]  # (360, 20, 1), (360,)
print(x_early.shape, y_early.shape, x_later.shape, y_later.shape)

# %% [markdown]
# The later windows are the test set; 20 windows between the two sets are left out, so that they have no value in common. A random split would put almost the same windows into both sets. The model is the one of section 6, without an `Embedding`, because the inputs are numbers already, and with a `Dense`
# layer without sigmoid, because the output may be any number.

# %%
forecaster = keras.Sequential([
    keras.Input((None, 1)),  # (batch, time, features)
    keras.layers.SimpleRNN(16),  # (batch, 16)
    keras.layers.Dense(1),  # (batch, 1): the next value
])
forecaster.compile(loss="mse", optimizer=keras.optimizers.Adam(0.01))
forecaster.fit(x_early, y_early, epochs=20, verbose=0)
predicted = forecaster.predict(x_later, verbose=0)[:, 0]
claim("mean squared error of the recurrent network",
      np.mean((predicted - y_later) ** 2), at_most=0.04)
claim("mean squared error of repeating the last value",
      np.mean((x_later[:, -1, 0] - y_later) ** 2), at_least=0.1)

# %% alt="The last hundred values of the time series, a sum of two waves, and the network's prediction of each value from the twenty before it. The two lines are nearly the same." jupyter={"source_hidden": true}
# Draw the end of the series and the predictions.
fig, ax = plt.subplots(figsize=(8, 3))
ax.plot(t[-100:], series[-100:], "o", markersize=3, label="measured")
ax.plot(t[-100:], predicted[-100:], label="predicted one step ahead")
ax.set(xlabel="time step", ylabel="value", title="One feature, many time steps")
ax.legend(ncols=2, loc="upper right")
ax.set_ylim(-2, 2.6)
plt.show()

# %% [markdown]
# The error is far below that of the simplest baseline, which repeats the last value. The noise alone has a variance of 0.01, and no model can predict it. (A linear
# model is a stronger baseline; it is under "Going further".)

# %% [markdown]
# ## 10 · Stateful layers, and how shuffling breaks them
#
# Keras starts every sequence of every batch with $h_0 = 0$. So nothing is carried from one batch to the next. But some sequences are too long for one batch, or have no end: a sensor, a book, the clicks of a user.
# They are cut into pieces. A [**stateful layer**](../GLOSSARY.md#stateful-layer) starts a batch with the last hidden states of the previous batch: row $i$ continues where row $i$ of the previous batch ended.
#
# We need a task in which the pieces depend on each other. A stream has 50 values. The first is −1 or 1, and the others are small noise. At every time step, the network has to say whether the first value was 1.

# %%
def make_streams(n=100, length=50):
    """Streams (n, length, 1), and for each step: was the first value 1?"""
    first = rng.choice([-1, 1], size=n)
    x = rng.normal(scale=0.1, size=(n, length, 1))
    x[:, 0, 0] = first
    y = np.repeat(first == 1, length).reshape(n, length, 1)
    return x, y.astype("float32")


streams, is_one = make_streams()
x_pieces = np.concatenate(np.split(streams, 5, axis=1))  # (500, 10, 1)
y_pieces = np.concatenate(np.split(is_one, 5, axis=1))  # (500, 10, 1)
print(streams.shape, "->", x_pieces.shape)

# %% [markdown]
# The 100 streams are cut into five pieces of ten time steps. Rows 0 to 99 of `x_pieces` are the first pieces of all streams, rows 100 to 199 the second pieces, and so on. With batches of 100 rows, row $i$ of each batch belongs to stream $i$.
#
# A stateful layer needs a fixed batch size. And its state must be set back to zero when the streams begin again: here, before each epoch.

# %%
class ResetState(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.model.layers[0].reset_state()  # h = 0


def train_stateful(shuffle):
    """Accuracy on the training set, one number per epoch."""
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([
        keras.Input(batch_shape=(100, None, 1)),
        keras.layers.SimpleRNN(8, return_sequences=True, stateful=True),
        keras.layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(loss="binary_crossentropy", metrics=["accuracy"],
                  optimizer=keras.optimizers.Adam(0.02))
    fitted = model.fit(x_pieces, y_pieces, batch_size=100, epochs=40,
                       shuffle=shuffle, callbacks=[ResetState()], verbose=0)
    return fitted.history["accuracy"]

# %% [markdown]
# `fit` shuffles the rows before every epoch, unless you write `shuffle=False`.
#
# **What do you expect?** What accuracy does the stateful network reach with `shuffle=False`? And with `shuffle=True`?
#
# <details><summary>Answer</summary>In order it can reach 1. Shuffled, a row continues a hidden state of another stream. Only the first piece of a stream, one in five, shows the first value; for the others the network can only
# be right half of the time. That makes (1 + 4 · 0.5) / 5 = 0.6.</details>

# %%
in_order = train_stateful(shuffle=False)
shuffled = train_stateful(shuffle=True)
claim("accuracy of the stateful network, pieces in order", in_order[-1],
      at_least=0.95)
claim("accuracy of the stateful network, pieces shuffled", shuffled[-1],
      at_most=0.75)

# %% alt="Training accuracy by epoch. With the pieces in order it reaches one within about ten epochs and stays there. With shuffled pieces it stays near 0.6." jupyter={"source_hidden": true}
# Draw both learning curves.
fig, ax = plt.subplots(figsize=(6.4, 3))
ax.plot(range(1, 41), in_order, label="pieces in order")
ax.plot(range(1, 41), shuffled, "--", label="pieces shuffled")
ax.axhline(0.6, color="black", linewidth=0.8, linestyle=":")
ax.set(xlabel="epoch", ylabel="accuracy", ylim=(0.4, 1.05),
       title="A stateful layer needs the pieces in order")
ax.legend()
plt.show()

# %% [markdown]
# The network and the data are the same; only the order of the rows differs. There is no error message. If a stateful network learns less than you hope, check three things first: `shuffle=False`, row $i$ continues row $i$, and the state
# is reset where a stream begins. Most tasks do not need a stateful layer. If your sequences fit into a batch, leave `stateful=False`, and shuffle.

# %% [markdown] claim="accuracy of the stateful network, pieces shuffled"
# **Quick question.** A colleague trains the stateful network with `shuffle=True` for ten times as many epochs. What accuracy on the training set do you expect?
#
# <details><summary>A. About 1, it only needs more time</summary>No. The first value is in one piece of five. For the others, the hidden state comes from another stream.</details>
# <details><summary>B. About 0.6</summary>Right. The curve is flat: what is missing is information, not training.</details>
# <details><summary>C. About 0.5</summary>No. In the first piece of each stream the network sees the first value itself.</details>

# %% [markdown]
# ## Exercises
#
# Replace each `...` by your answer, run the cell, then run the check below it. You can run a check as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: n_parameters
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `n_parameters(features, units)`: how many parameters a `SimpleRNN` layer has, biases included.
#
# <details><summary>Hint 1</summary>Write down the shapes of W_x, W_h and b. The table is in section 2.</details>
# <details><summary>Hint 2</summary>The number of time steps does not matter: all of them use the same parameters.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def n_parameters(features, units):
    """Number of parameters of a simple recurrent layer."""
    return features * units + units * units + units  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the bias"
def n_parameters(features, units):
    return features * units + units * units

# %% tags=["wrong"] message="to the next is missing"
def n_parameters(features, units):
    return features * units + units

# %% tags=["wrong"] message="one bias, not two"
def n_parameters(features, units):
    return units * (features + units + 2)

# %% tags=["wrong"] message="as many features as units"
def n_parameters(features, units):
    return 2 * units * units + units

# %% [raw]
# # BEGIN TESTS

# %%
def test_n_parameters(n_parameters):
    got = n_parameters(3, 5)
    assert got != 40, "with 3 features and 5 units you gave 40: W_x and W_h are there, the bias is missing"
    assert got != 20, "with 3 features and 5 units you gave 20: W_h from one hidden state to the next is missing"
    assert got != 50, "with 3 features and 5 units you gave 50: Keras has one bias, not two"
    assert got != 55, "with 3 features and 5 units you gave 55: right only where there are as many features as units"
    assert got == 45, f"with 3 features and 5 units there are 15 in W_x, 25 in W_h and 5 in b; you gave {got}"
    assert n_parameters(1, 1) == 3 and n_parameters(100, 10) == 1110, "right for 3 features and 5 units, but not for 100 and 10"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_n_parameters_hidden(n_parameters):
    for d, u in ((7, 2), (2, 7), (31, 64)):
        assert n_parameters(d, u) == (d + u + 1) * u, f"not right for {d} features and {u} units"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: one_unit
# points: 1

# %% [markdown]
# **Exercise 2.** A network with one feature and one unit has one number for each of its parameters. Write `one_unit(xs, w_x, w_h, b)`: it reads the list of numbers `xs`, of any length, and returns the list of
# its hidden states $h_1, \dots, h_T$. Use a loop, not the functions of the lesson.
#
# <details><summary>Hint 1</summary>Begin with <code>h = 0.0</code>. That is h_0, and it does not belong to the result.</details>
# <details><summary>Hint 2</summary>In each turn of the loop, compute the new h from the next x and from the old h, and append it to a list.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def one_unit(xs, w_x, w_h, b):
    """Hidden states h_1 … h_T of a network with one feature and one unit."""
    # BEGIN SOLUTION
    h, states = 0.0, []
    for x in xs:
        h = np.tanh(x * w_x + h * w_h + b)
        states.append(h)
    return states
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one hidden state per input"
def one_unit(xs, w_x, w_h, b):
    h = 0.0
    for x in xs:
        h = np.tanh(x * w_x + h * w_h + b)
    return h

# %% tags=["wrong"] message="does not depend on the previous hidden state"
def one_unit(xs, w_x, w_h, b):
    return [np.tanh(x * w_x + b) for x in xs]

# %% tags=["wrong"] message="tanh is missing"
def one_unit(xs, w_x, w_h, b):
    h, states = 0.0, []
    for x in xs:
        h = x * w_x + h * w_h + b
        states.append(h)
    return states

# %% tags=["wrong"] message="h_0 does not belong"
def one_unit(xs, w_x, w_h, b):
    states = [0.0]
    for x in xs:
        states.append(np.tanh(x * w_x + states[-1] * w_h + b))
    return states

# %% tags=["wrong"] message="previous input"
def one_unit(xs, w_x, w_h, b):
    states, previous = [], 0.0
    for x in xs:
        states.append(np.tanh(x * w_x + previous * w_h + b))
        previous = x
    return states

# %% [raw]
# # BEGIN TESTS

# %%
def test_one_unit(one_unit):
    from math import tanh

    import numpy as np

    got = np.ravel(one_unit([1.0, 0.0], 0.5, 2.0, 0.1)).astype(float)
    assert len(got) != 3, "for two inputs you gave three numbers: h_0 does not belong to the result"
    assert len(got) == 2, f"for two inputs there are two hidden states, one hidden state per input; you gave {len(got)}"
    assert abs(got[0] - 0.6) > 1e-6, "the first hidden state is 0.6, the sum itself: tanh is missing"
    assert abs(got[0] - tanh(0.6)) < 1e-5, f"the first hidden state is tanh(1 · 0.5 + 0 · 2 + 0.1) = {tanh(0.6):.4f}; you gave {got[0]:.4f}"
    assert abs(got[1] - tanh(0.1)) > 1e-5, "the second hidden state is tanh(0.1): it does not depend on the previous hidden state"
    assert abs(got[1] - tanh(2.1)) > 1e-5, "the second hidden state is tanh(1 · 2 + 0.1): w_h is multiplied by the previous input, not by the previous hidden state"
    assert abs(got[1] - tanh(2 * tanh(0.6) + 0.1)) < 1e-5, f"the second hidden state is tanh(0 · 0.5 + h_1 · 2 + 0.1) = {tanh(2 * tanh(0.6) + 0.1):.4f}; you gave {got[1]:.4f}"
    for n in (1, 40):
        assert np.size(one_unit([0.0] * n, 0.5, 2.0, 0.1)) == n, f"it does not give {n} hidden states for {n} inputs"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_one_unit_hidden(one_unit):
    from math import tanh

    import numpy as np

    h, wanted, xs = 0.0, [], [0.3, -1.2, 0.8, 0.0, 2.0]
    for x in xs:
        h = tanh(x * -0.7 + h * 1.3 - 0.2)
        wanted.append(h)
    got = np.ravel(one_unit(xs, -0.7, 1.3, -0.2))
    assert got.size == 5 and np.allclose(got, wanted, atol=1e-5), "not right for five inputs"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: final_states
# points: 1

# %% [markdown]
# **Exercise 3.** A batch of sequences of different lengths was padded with zeros at the end. The layer reads the zeros too, so its last hidden state is not the one after the last *word*. Write `final_states(h, lengths)`:
# from all hidden states `h` (batch, time, units) and the true `lengths` (batch,), take for each sequence the hidden state after its last word. The result has shape (batch, units).
#
# <details><summary>Hint 1</summary>The hidden state of sequence i after 3 words is <code>h[i, 2]</code>.</details>
# <details><summary>Hint 2</summary>Use a list comprehension over the batch and <code>np.stack</code>, or an index with two arrays: <code>h[rows, columns]</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def final_states(h, lengths):
    """Hidden states (batch, units) after the last word of each sequence."""
    # BEGIN SOLUTION
    return h[np.arange(len(h)), np.asarray(lengths) - 1]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="after the zeros"
def final_states(h, lengths):
    return h[:, -1]

# %% tags=["wrong"] message="IndexError"
def final_states(h, lengths):
    return np.stack([h[i, length] for i, length in enumerate(lengths)])

# %% tags=["wrong"] message="shape"
def final_states(h, lengths):
    return h[:, np.asarray(lengths) - 1]

# %% tags=["wrong"] message="shape"
def final_states(h, lengths):
    return np.stack([h[0, lengths[0] - 1], h[1, lengths[1] - 1]])

# %% tags=["wrong"] message="but not for two sequences"
def final_states(h, lengths):
    return h[np.arange(len(h)), np.array([2, 4, 1])[:len(h)] - 1]

# %% tags=["wrong"] message="length of the first sequence"
def final_states(h, lengths):
    return h[:, lengths[0] - 1]

# %% [raw]
# # BEGIN TESTS

# %%
def test_final_states(final_states):
    import numpy as np

    h = np.arange(36.0).reshape(3, 4, 3)
    got = np.asarray(final_states(h.copy(), np.array([2, 4, 1])))
    assert got.shape == (3, 3), f"for 3 sequences and 3 units the shape must be (3, 3); yours is {got.shape}"
    assert not np.allclose(got[0], h[0, 3]), "the first sequence has 2 words; you gave its hidden state after the zeros"
    assert not np.allclose(got[0], h[0, 2]), "the hidden state after 2 words is h[i, 1]: indices begin at 0"
    assert not np.allclose(got, h[:, 1]), "you used the length of the first sequence for all of them"
    assert np.allclose(got, np.stack([h[0, 1], h[1, 3], h[2, 0]])), "the hidden states are not those after 2, 4 and 1 words"
    got = np.asarray(final_states(h[:2].copy(), np.array([3, 1])))
    assert got.shape == (2, 3) and np.allclose(got, np.stack([h[0, 2], h[1, 0]])), "right for lengths 2, 4, 1, but not for two sequences with lengths 3 and 1"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_final_states_hidden(final_states):
    import numpy as np

    rng = np.random.default_rng(7)
    for lengths in ([1, 6, 3, 5, 2, 3], [4], [6, 6]):
        h = rng.normal(size=(len(lengths), 6, 2))
        wanted = np.stack([h[i, n - 1] for i, n in enumerate(lengths)])
        got = np.asarray(final_states(h.copy(), np.array(lengths)))
        assert got.shape == wanted.shape and np.allclose(got, wanted, atol=1e-5), f"not right for lengths {lengths}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: latch
# points: 2

# %% [markdown]
# **Exercise 4.** No training this time: choose the parameters yourself. A network with one feature and one unit reads zeros and ones. Find numbers `w_x`, `w_h` and a bias `b_1` with which, after any number of steps up to 200, the hidden state
# is above 0.5 if there was a one anywhere, and below 0.5 if there was none. Such a memory is called a *latch*.
#
# <details><summary>Hint 1</summary>Without a one, the hidden state has to stay at 0, where it begins. What must the bias be?</details>
# <details><summary>Hint 2</summary>When the hidden state is near 1, it must stay there with input 0: h = tanh(w_h · h). Plot tanh(w_h · h) against h for w_h = 0.5, 1 and 2. Where is it equal to h?</details>

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

# %% tags=["wrong"] message="one number each"
w_x, w_h, b_1 = [3.0, 3.0], 3.0, 0.0

# %% tags=["wrong"] message="forgets"
w_x, w_h, b_1 = 3.0, 1.05, 0.0

# %% tags=["wrong"] message="without a one"
w_x, w_h, b_1 = 3.0, 3.0, 1e-9

# %% [raw]
# # BEGIN TESTS

# %%
def test_latch(w_x, w_h, b_1):
    from math import tanh

    import numpy as np

    assert all(np.size(value) == 1 for value in (w_x, w_h, b_1)), "w_x, w_h and b_1 must be one number each"
    w_x, w_h, b_1 = (float(np.asarray(value).item()) for value in (w_x, w_h, b_1))

    def last(xs):
        h = 0.0
        for x in xs:
            h = tanh(x * w_x + h * w_h + b_1)
        return h

    assert last([0] * 200) < 0.5, f"without a one the hidden state after 200 steps is {last([0] * 200):.3f}; it must stay below 0.5"
    assert last([1]) > 0.5, f"right after a one the hidden state is {last([1]):.3f}; it must be above 0.5"
    assert last([1, 1]) > 0.5, f"after a second one the hidden state is {last([1, 1]):.3f}; it must stay above 0.5"
    assert last([1] + [0] * 199) > 0.5, f"199 steps after the one the hidden state is {last([1] + [0] * 199):.3f}: the cell forgets. What does tanh(w_h · h) do to h?"
    assert last([0] * 50 + [1] + [0] * 50 + [1, 0, 1]) > 0.5, "it must work for ones anywhere"
    assert last([0] * 199 + [1]) > 0.5, f"after 199 zeros and a one the hidden state is {last([0] * 199 + [1]):.3f}: without a one it has moved away from 0"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: ends_higher
# points: 2

# %% [markdown]
# **Exercise 5: your own network.** Does a sequence end higher than it began? Make 1,000 random sequences `x_own` of 10 numbers, with shape (batch, time, features), and labels `y_own`: 1 if the last number is larger than the first, else 0. Build and train `own_model`, with a
# `SimpleRNN` layer, so that it says for new sequences of the same kind whether they end higher, with an accuracy of at least 0.85. It must accept sequences of any length.
#
# <details><summary>Hint 1</summary><code>x_own = rng.normal(size=(1000, 10, 1))</code>. The first numbers are <code>x_own[:, 0, 0]</code>, the last ones <code>x_own[:, -1, 0]</code>.</details>
# <details><summary>Hint 2</summary>Take the model of section 9, with <code>Dense(1, activation="sigmoid")</code>, and compile it with the loss of section 6.</details>
# <details><summary>Hint 3</summary>With <code>Adam(0.02)</code>, a batch size of 64 and 10 epochs, 16 units are enough.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
# BEGIN SOLUTION NO PROMPT
x_own = np.random.default_rng(SEED).normal(size=(1000, 10, 1))
y_own = x_own[:, -1, 0] > x_own[:, 0, 0]
own_model = keras.Sequential([
    keras.Input((None, 1)),
    keras.layers.SimpleRNN(16),
    keras.layers.Dense(1, activation="sigmoid"),
])
own_model.compile(loss="binary_crossentropy",
                  optimizer=keras.optimizers.Adam(0.02))
own_model.fit(x_own, y_own, batch_size=64, epochs=10, verbose=0)
# END SOLUTION
""" # BEGIN PROMPT
x_own = ...
y_own = ...
own_model = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="was it trained"
own_model = keras.Sequential([
    keras.Input((None, 1)), keras.layers.SimpleRNN(16),
    keras.layers.Dense(1, activation="sigmoid")])

# %% tags=["wrong"] message="one answer per time step"
own_model = keras.Sequential([
    keras.Input((None, 1)), keras.layers.SimpleRNN(16, return_sequences=True),
    keras.layers.Dense(1, activation="sigmoid")])

# %% tags=["wrong"] message="any length"
own_model = keras.Sequential([
    keras.Input((10, 1)), keras.layers.SimpleRNN(16, return_sequences=True),
    keras.layers.Flatten(), keras.layers.Dense(1, activation="sigmoid")])

# %% tags=["wrong"] message="no SimpleRNN"
own_model = keras.Sequential([
    keras.Input((None, 1)), keras.layers.GlobalAveragePooling1D(),
    keras.layers.Dense(1, activation="sigmoid")])

# %% tags=["wrong"] message="larger than zero"
x = np.random.default_rng(1).normal(size=(1000, 10, 1))
own_model = keras.Sequential([
    keras.Input((None, 1)), keras.layers.SimpleRNN(16),
    keras.layers.Dense(1, activation="sigmoid")])
own_model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
own_model.fit(x, x[:, -1, 0] > 0, batch_size=64, epochs=5, verbose=0)

# %% [raw]
# # BEGIN TESTS

# %%
def test_ends_higher(own_model):
    import numpy as np

    assert hasattr(own_model, "predict"), "own_model must be a Keras model, such as keras.Sequential([…])"
    names = [type(layer).__name__ for layer in own_model.layers]
    assert "SimpleRNN" in names, f"there is no SimpleRNN layer in the model, only {', '.join(names)}"
    x = np.random.default_rng(99).normal(size=(1000, 10, 1))
    try:
        own_model(x[:2, :7])
    except Exception as error:
        raise AssertionError(f"the model must read any length, but not 7 steps: {type(error).__name__}. Is its input keras.Input((None, 1))?") from None
    p = np.asarray(own_model(x))
    assert p.shape != (1000, 10, 1), "the model gives one answer per time step; only the last hidden state is needed"
    assert p.shape == (1000, 1), f"for 1000 sequences the output must have shape (1000, 1); yours has {p.shape}"
    says_higher, higher, above = p[:, 0] > 0.5, x[:, -1, 0] > x[:, 0, 0], x[:, -1, 0] > 0
    accuracy = np.mean(says_higher == higher)
    assert accuracy >= 0.85 or np.mean(says_higher == above) < 0.9, f"the accuracy is {accuracy:.2f}: the model says whether the last number is larger than zero, and does not look at the first one"
    assert accuracy >= 0.65, f"the accuracy is {accuracy:.2f}: was it trained, with the label 1 where the last number is larger?"
    assert accuracy >= 0.85, f"the accuracy is {accuracy:.2f}; it must be 0.85 or more: train longer, or with a larger learning rate"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: leaky_cell
# points: 2

# %% [markdown]
# **Exercise 6, a stretch: a cell of your own.** A *leaky* cell does not replace the whole hidden state at each step. It keeps a part of the old one (Jaeger et al. 2007):
#
# $$h_t = (1 - a)\, h_{t-1} + a \tanh(x_t W_x + h_{t-1} W_h + b), \qquad 0 < a \le 1$$
#
# Write `leaky_step(x_t, h_prev, W_x, W_h, b, a)`, which returns $h_t$ (batch, units). It must not change `h_prev` itself: a loop may have stored it.
#
# <details><summary>Hint 1</summary>The second part is <code>a</code> times what <code>step</code> of section 2 returns.</details>
# <details><summary>Hint 2</summary><code>h_prev *= 1 - a</code> changes the caller's array. <code>(1 - a) * h_prev</code> makes a new one.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def leaky_step(x_t, h_prev, W_x, W_h, b, a):
    """Hidden state h_t (batch, units) of a leaky cell."""
    # BEGIN SOLUTION
    new = np.tanh(x_t @ W_x + h_prev @ W_h + b)  # (batch, units)
    return (1 - a) * h_prev + a * new
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="of the old hidden state is kept"
def leaky_step(x_t, h_prev, W_x, W_h, b, a):
    return np.tanh(x_t @ W_x + h_prev @ W_h + b)

# %% tags=["wrong"] message="in the wrong place"
def leaky_step(x_t, h_prev, W_x, W_h, b, a):
    return a * h_prev + (1 - a) * np.tanh(x_t @ W_x + h_prev @ W_h + b)

# %% tags=["wrong"] message="must be outside of tanh"
def leaky_step(x_t, h_prev, W_x, W_h, b, a):
    return (1 - a) * h_prev + np.tanh(a * (x_t @ W_x + h_prev @ W_h + b))

# %% tags=["wrong"] message="changes h_prev"
def leaky_step(x_t, h_prev, W_x, W_h, b, a):
    new = np.tanh(x_t @ W_x + h_prev @ W_h + b)
    h_prev *= 1 - a
    h_prev += a * new
    return h_prev

# %% [raw]
# # BEGIN TESTS

# %%
def test_leaky_cell(leaky_step):
    import numpy as np

    rng = np.random.default_rng(4)
    x_t, h_prev = rng.normal(size=(2, 3)), rng.normal(size=(2, 4))
    W_x, W_h, b, a = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), rng.normal(size=4), 0.3
    total = x_t @ W_x + h_prev @ W_h + b
    given = h_prev.copy()
    h_t = leaky_step(x_t.copy(), given, W_x, W_h, b, a)
    assert np.array_equal(given, h_prev), "leaky_step changes h_prev, which the caller may still need: compute a new array"
    assert np.shape(h_t) == (2, 4), f"h_t must have the shape (batch, units) = (2, 4); yours has {np.shape(h_t)}"
    assert not np.allclose(h_t, np.tanh(total)), "this is the simple cell: a part, 1 − a, of the old hidden state is kept"
    assert not np.allclose(h_t, a * h_prev + (1 - a) * np.tanh(total)), "a and 1 − a are each in the wrong place"
    assert not np.allclose(h_t, (1 - a) * h_prev + np.tanh(a * total)), "the factor a must be outside of tanh"
    assert np.allclose(h_t, (1 - a) * h_prev + a * np.tanh(total), atol=1e-5), "leaky_step does not follow the equation"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_leaky_cell_hidden(leaky_step):
    import numpy as np

    rng = np.random.default_rng(8)
    x_t, h_prev = rng.normal(size=(3, 2)), rng.normal(size=(3, 5))
    W_x, W_h, b = rng.normal(size=(2, 5)), rng.normal(size=(5, 5)), rng.normal(size=5)
    for a in (0.1, 0.8, 1.0):
        wanted, given = (1 - a) * h_prev + a * np.tanh(x_t @ W_x + h_prev @ W_h + b), h_prev.copy()
        assert np.allclose(leaky_step(x_t, given, W_x, W_h, b, a), wanted, atol=1e-5), f"not right for a = {a}"
        assert np.array_equal(given, h_prev), "leaky_step changes h_prev"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Going further
#
# You can skip this part. No later lesson needs it.
#
# ### n-grams see order too
#
# In lesson 01, bigrams brought back a little of the order. Are they enough here? An honest comparison includes them. In a second version of the task, four more words follow each adjective.

# %%
def add_gap(sentence):
    """The sentence with 'it seems to me' after each adjective."""
    adjectives = synthetic.POSITIVE + synthetic.NEGATIVE
    return " ".join(word + " it seems to me" if word in adjectives else word
                    for word in sentence.split())


gap_train, gap_test = list(map(add_gap, train)), list(map(add_gap, test))
print(gap_test[0])

# %%
def ngram_accuracy(n, train, test):
    """Accuracy of a logistic regression on counts of 1- to n-grams."""
    counts = CountVectorizer(ngram_range=(1, n)).fit(train)
    model = LogisticRegression(C=10).fit(counts.transform(train), y_train)
    return model.score(counts.transform(test), y_test)


plain = [ngram_accuracy(n, train, test) for n in (1, 2, 3)] + [rnn_accuracy]
gap = [ngram_accuracy(n, gap_train, gap_test) for n in (1, 2, 3)]

# %% [markdown]
# The recurrent network is trained from scratch on the sentences with a gap, with the same hyperparameters.

# %%
gap_words = Vocabulary.from_documents(s.split() for s in gap_train)
x_gap, x_gap_test = ids_of(gap_train, gap_words), ids_of(gap_test, gap_words)
gap_model = keras.Sequential([
    keras.Input((None,)), keras.layers.Embedding(len(gap_words), 16),
    keras.layers.SimpleRNN(16), keras.layers.Dense(1, activation="sigmoid")])
gap_model.compile(loss="binary_crossentropy", metrics=["accuracy"],
                  optimizer=keras.optimizers.Adam(0.005))
gap_model.fit(x_gap, y_train, epochs=6, verbose=0)
gap.append(gap_model.evaluate(x_gap_test, y_test, verbose=0)[1])
claim("bigrams: accuracy on the plain sentences", plain[1], at_least=0.95)
claim("trigrams: accuracy with a gap", gap[2], at_most=0.6)
claim("recurrent network: accuracy with a gap", gap[3], at_least=0.95)

# %% alt="Bars of accuracy of four models on two tasks. On the plain sentences bigrams, trigrams and the recurrent network are near one. With a gap of four words all bags of n-grams are near one half, and the recurrent network stays near one." jupyter={"source_hidden": true}
# Draw the accuracies of the four models on both tasks.
fig, ax = plt.subplots(figsize=(8, 3.4))
ax.bar(np.arange(4) - 0.2, plain, width=0.38, label="plain")
ax.bar(np.arange(4) + 0.2, gap, width=0.38, label="with a gap")
plots.label_bars(ax)
ax.set_xticks(range(4), ["words", "+ bigrams", "+ trigrams", "simple RNN"])
ax.set(ylabel="accuracy", ylim=(0, 1.3), yticks=[0, 0.5, 1],
       title="n-grams see a few neighbouring words; the hidden state sees more")
ax.legend(ncols=2, loc="upper left")
plt.show()

# %% [markdown]
# Without the gap, bigrams such as *dull the* are all that is needed. With it, even trigrams are at chance level. A bag of n-grams has a fixed context of $n$ words, and each additional word multiplies the number of its columns. The recurrent network has no fixed
# context, and the same number of parameters for any distance. How far it really remembers is a question for [lesson 05](05_training_rnns.ipynb).
#
# ### A linear model is a strong baseline for a time series
#
# Section 9 compared the network with the last value only. A linear regression on the same 20 values comes close to the variance of the noise, 0.01, below which no model can be: a sum of two waves is an easy case for it.

# %%
from sklearn.linear_model import LinearRegression

linear = LinearRegression().fit(x_early[:, :, 0], y_early)
claim("mean squared error of a linear regression on the same windows",
      np.mean((linear.predict(x_later[:, :, 0]) - y_later) ** 2),
      at_most=0.02)

# %% [markdown]
# So fit a linear model first. A recurrent network is worth the effort when the relation is not linear, or when sequences have different lengths.
#
# ### Real reviews are harder
#
# The test reviews of the sample have minimal pairs, too. We train on the last 30 words of each review, padded before the beginning, in training and test alike. Then we ask each model: which of the two reviews is the positive one? As a third
# model, take a simple rule: the last opinion word decides.

# %%
from course_utils.datasets import reviews
from course_utils.text import bag_of_words, tokenize

sample = reviews.load_sample()
documents = [tokenize(text)[-30:] for text in sample.train.texts]
review_words = Vocabulary.from_documents(documents, size=1000)


def padded(documents):
    """Word ids (documents, 30), with zeros before the first word."""
    return keras.utils.pad_sequences(
        [review_words.encode(words) for words in documents], 30)


# %%
tokens = [tokenize(text) for text in sample.test.texts]
numbers = sample.test.twins  # of the pair that a review belongs to, or -1
chosen = [i for i in np.flatnonzero(numbers >= 0) if len(tokens[i]) <= 30]
chosen.sort(key=lambda i: (numbers[i], sample.test.labels[i]))
pairs = [tokens[i] for i in chosen]  # negative, positive, negative, …
print(len(pairs) // 2, "pairs, the first:")
print("negative:", " ".join(pairs[0]), "\npositive:", " ".join(pairs[1]))

# %%
review_model = keras.Sequential([
    keras.Input((None,)), keras.layers.Embedding(len(review_words), 16),
    keras.layers.SimpleRNN(32), keras.layers.Dense(1, activation="sigmoid")])
review_model.compile(
    loss="binary_crossentropy", metrics=["accuracy"],
    optimizer=keras.optimizers.Adam(0.004, clipnorm=1.0))
held_out = [tokenize(text)[-30:] for text in sample.validation.texts]
fitted = review_model.fit(
    padded(documents), sample.train.labels, batch_size=64, epochs=8, verbose=0,
    validation_data=(padded(held_out), sample.validation.labels))
print("validation accuracy:", np.round(fitted.history["val_accuracy"], 2))

# %% [markdown]
# The validation accuracy is flat after three or four epochs. (`clipnorm` limits the gradient; lesson 05 explains it.)
#
# Now each model gives every review a score: the bag its logit, the network its probability, and the rule the weight of the last opinion word. As opinion words we take the 100 words with the largest weights in the bag.

# %%
review_bag = LogisticRegression(C=0.1, max_iter=1000)
review_bag.fit(bag_of_words(documents, review_words), sample.train.labels)
weights = review_bag.coef_[0]
strong = set(np.argsort(-np.abs(weights))[:100])


def last_opinion(words):
    """Weight of the last strong word of a review; 0 if there is none."""
    found = [i for i in review_words.encode(words) if i in strong]
    return weights[found[-1]] if found else 0.0


def pairs_right(scores):
    """Fraction of pairs whose positive review has the higher score."""
    negative, positive = np.reshape(scores, (-1, 2)).T
    return np.mean(positive > negative) + 0.5 * np.mean(positive == negative)


# %%
counted = bag_of_words(pairs, review_words)
bag_right = pairs_right(review_bag.decision_function(counted))
rule_right = pairs_right([last_opinion(words) for words in pairs])
rnn_right = pairs_right(review_model.predict(padded(pairs), verbose=0))
claim("pairs of reviews, bag of words", bag_right, close_to=0.5, within=1e-9)
print(f"pairs of reviews, the last opinion word: {rule_right:.3f}")
claim("pairs of reviews, simple recurrent network", rnn_right, at_least=0.56)

# %% [markdown]
# Ties count as half. The network beats the bag, which cannot see order at all. But it is still wrong for many pairs, and its fraction of right pairs changes from seed to seed, so this one run does not show that it is better than the simple rule. Three thousand reviews are few, and there are many ways to say the opposite.
# Lessons 06, 07 and 10 return to this question.
#
# ### The same with one matrix
#
# Many books write the two products as one. Put $x_t$ and $h_{t-1}$ next to each other, and the two matrices on top of each other:
#
# $$h_t = \tanh\left([x_t, h_{t-1}] \begin{bmatrix} W_x \\ W_h \end{bmatrix} + b\right)$$
#
# Each number of a matrix product is a sum over a row. A longer row gives the same sum, in two parts.

# %%
W = np.concatenate([W_x, W_h], axis=0)  # (features + units, units)
x_t, h_prev = vectors[:2], rng.normal(size=(2, 5))  # (2, 3), (2, 5)
joined = np.concatenate([x_t, h_prev], axis=1)  # (2, features + units)
difference = np.tanh(joined @ W + b) - step(x_t, h_prev, W_x, W_h, b)
claim("one matrix instead of two: largest difference",
      np.abs(difference).max(), at_most=1e-6)

# %% [markdown]
# `course_utils.cells` has this cell, and those of later lessons, with checks of the shapes: `cells.from_keras(layer)` copies the parameters of a layer, and `cells.forward` is our loop.
#
# ### Watch the network read
#
# In JupyterLab the next cell has a slider: it shows the unrolled network and its hidden state after each word of the first sentence.

# %% alt="The unrolled network over the nine words of the first sentence, with the step of the fifth word marked and later steps grey, and below it bars of the sixteen numbers of the hidden state." jupyter={"source_hidden": true}
# Draw the unrolled network after t words, and its hidden state.
def show_step(t):
    _, (top, bottom) = plt.subplots(2, 1, figsize=(9.6, 4.2))
    plots.unrolled(top, pair[0].split(), now=t)
    bottom.bar(range(1, 17), states[0, t - 1])
    bottom.axhline(0, color="black", linewidth=0.8)
    bottom.set(ylim=(-1.05, 1.05), xlabel="unit", title=f"hidden state $h_{t}$")
    plt.show()


show_step(5)
plots.interact(show_step, t=(1, 9))

# %% [markdown]
# ### Recursive networks
#
# A *recurrent* network applies one function again and again along time. A *recursive* network (Socher et al. 2013) applies one function again and again up a tree, for instance the tree of the phrases of a sentence. It needs someone to provide the tree.
# A recurrent network is the special case in which the tree is a chain.

# %% alt="Left, a recurrent network: a chain of states h1 to h4, each made from the state before it and one of the words 'the plot was dull'. Right, a recursive network: a tree that first joins 'the' with 'plot' and 'was' with 'dull', then joins the two phrases." jupyter={"source_hidden": true}
# Show a chain and a tree.
plots.drawing("recurrent_and_recursive")

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Taking `units` for the length.** `SimpleRNN(64)` reads sequences of any length. 64 is how many numbers its hidden state has.
# - **Time and batch in the wrong order.** Keras reads (batch, time, features). An array (time, batch, features) gives no error, and the network reads across the batch.
# - **One sequence without a batch axis.** It is a batch of one: `x[None]`, with shape (1, time, features). A series of numbers needs a feature axis as well: `x[..., None]`.
# - **Forgetting `return_sequences=True`** below another recurrent layer. The error says *expected ndim=3*: the time axis is missing.
# - **Padding without a mask.** The layer reads zeros like words, before and after the text.
# - **Shuffling with a stateful layer.** No error message, only a network that learns little.
# - **Saying that the network "knows" a rule** because it is right on the test set. It was tested on sentences of the kind that it was trained on, of the same length.
#
# ## References
#
# - J. L. Elman (1990). Finding structure in time. *Cognitive Science* 14(2).
# - H. Jaeger, M. Lukoševičius, D. Popovici, U. Siewert (2007). Optimization and applications of echo state networks with leaky-integrator neurons. *Neural Networks* 20(3).
# - R. Socher, A. Perelygin, J. Wu, J. Chuang, C. D. Manning, A. Y. Ng, C. Potts (2013). Recursive deep models for semantic compositionality over a sentiment
#   treebank. *EMNLP*.

# %% [markdown]
# # 09 · From raw text to batches
#
# A network computes with arrays of numbers, but reviews are files of text. Between the two is a **pipeline**: it cuts the texts, cleans them, splits them into words, replaces words by
# ids, and puts texts of different lengths into one array. Each step is simple. But a mistake in one of them gives no error message, only a model that is worse than it could be.
#
# In this lesson you build the pipeline step by step with `tf.data`, and try each step on a few short texts. Then you look at a common mistake: the network reads the zeros
# that fill up short texts. You learn to find this mistake and to fix it. At the end you train a network with the pipeline.
#
# **You will be able to**
#
# 1. write a `tf.data` pipeline from raw text to batches of ids, with its steps in the right order;
# 2. make a vocabulary with ids for unknown words, and decode the ids of `keras.datasets.imdb`;
# 3. test that a batch of texts gives the same predictions as the single texts, and find the layer that breaks this;
# 4. measure which fraction of a batch is wasted, and reduce it with batches of similar lengths.
#
# **Before this lesson:** lessons [01](01_one_hot_and_bag_of_words.ipynb) (tokens, vocabulary), [04](04_simple_rnn.ipynb) and
# [07](07_gru.ipynb) (recurrent layers). **Time:** about 60 minutes to read and try, 45 minutes for the exercises; on two cores all cells run in about
# 50 seconds on the built-in sample (`HUBS.md` names the machine that was measured),
# and in a few minutes on IMDB.

# %% [markdown]
# ## Settings and data

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from course_utils import plots, tables
from course_utils.claims import SEED, claim
from course_utils.datasets import reviews

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)
data = reviews.load(seed=SEED)
BYTES, BATCH = 300, 32  # bytes of a review that are read; reviews in a batch
WORDS = 2_000 if data.source == "sample" else 10_000  # ids for words
BUCKETS = 1_000  # ids for all other words

# %% [markdown]
# ## 1 · Cut, clean, split
#
# We write one function for each step, and try it on three short texts.
#
# TensorFlow stores a string as bytes, and prints it with a `b` in front. In **UTF-8**, the usual encoding, an English letter, a digit or a punctuation character is one byte. All other characters are two to four
# bytes. So for English, "the first 300 bytes" is almost the same as "the first 300 characters".

# %%
toy = ["It wasn't bad.<br /><br />It was BAD!!! (2/10)",
       "This movie was faaaaaantastic", "A naïve film"]


def cut(text, n):
    """The first n bytes of a text."""
    return tf.strings.substr(text, 0, n)


print(cut(toy, 18).numpy())
print(cut("A naïve film", 5).numpy())

# %% [markdown]
# **Cut.** The beginning of a review often says enough, and a short text is read faster. But look at the results. In the first text, a tag was cut in half. In the last line, the letter ï was cut in half: it is two bytes long,
# and `\xc3` is the first of them. Neither gives an error message. Both are rare, so we accept them here.
#
# **Clean.** Tags for line breaks become a space, and so does every character that is not a letter from a to z or an apostrophe. We keep upper and lower case: *bad* and *BAD* are two different words. Lower case for
# all would make the vocabulary smaller, but *BAD* may well mean something else than *bad*.
#
# **Split.** The text is split at the spaces.

# %%
def clean(text):
    """The text with letters, apostrophes and spaces only."""
    text = tf.strings.regex_replace(text, r"<br\s*/?>", " ")
    return tf.strings.regex_replace(text, "[^a-zA-Z']", " ")


for text in toy:
    print(tf.strings.split(clean(cut(text, 18))).numpy())

# %% [markdown]
# Here you see what the half tag does: `br` is now a word. And *naïve* has become *na* and *ve*. For English this is a small loss; for French you need another pattern.
#
# Now all training reviews. A `tf.data.Dataset` is a sequence of elements that are computed one after the other when they are needed. Here an element is a review and its label. `map` applies a function to
# every element.

# %%
def to_words(text, label):
    """A review and its label -> its words (time,), and the label."""
    return tf.strings.split(clean(cut(text, BYTES))), label


raw = tf.data.Dataset.from_tensor_slices((data.train.texts, data.train.labels))
in_words = raw.map(to_words)
for words, label in in_words.take(3):
    print(label.numpy(), words.shape, words[:6].numpy())

# %% [markdown]
# ## 2 · A vocabulary, with buckets for all other words
#
# We count the words of the training reviews. The most frequent ones get an id of their own. Id 0 is reserved: it is not a word, but fills up short texts (section 3).
#
# What about all other words, the *out-of-vocabulary words* of lesson 01? With one id for all of them, the model cannot distinguish them at all. Here they share 1,000 ids, the **OOV buckets**. A word's bucket is computed from its letters by a *hash function*, so it is the same on every computer.
# `StaticVocabularyTable` does both.

# %%
from collections import Counter

counts = Counter()
for words, _ in in_words:
    counts.update(words.numpy().tolist())
frequent = [word for word, count in counts.most_common(WORDS - 1)]
vocabulary = [b"<pad>", *frequent]  # id 0, then the words
table = tf.lookup.StaticVocabularyTable(
    tf.lookup.KeyValueTensorInitializer(vocabulary, np.arange(WORDS)),
    num_oov_buckets=BUCKETS)
for text in toy:
    print(table.lookup(tf.strings.split(clean(text))).numpy())

# %% [markdown]
# The ids from `WORDS` on are OOV buckets. So an `Embedding` layer for these ids needs `WORDS + BUCKETS` rows. How many words are in the buckets?

# %%
others = [word for word in counts if word not in set(vocabulary)]
buckets = table.lookup(tf.constant(others)).numpy() - WORDS  # (words,)
per_bucket = np.bincount(buckets, minlength=BUCKETS)
n = len(others)
same_bucket = np.sum(per_bucket * (per_bucket - 1)) / (n * (n - 1))
rare = sum(counts[word] for word in others) / counts.total()
print(f"{n:,} other words; they are {100 * rare:.1f} % of all tokens")
print(f"words per bucket: {n / BUCKETS:.1f}")
claim("probability that two other words share a bucket", same_bucket,
      at_most=0.0015)

# %% [markdown]
# Two words share a bucket about once in a thousand cases. So the model can distinguish most of the other words. But it learns one vector for each bucket, from all words in it. Their words are rare and have little in common, so do not expect
# that a bucket learns much. Today's usual answer to unknown words is another one: subword tokens, which can spell every word (lesson 02).
#
# The vocabulary was made from the training set, and it does not change any more. Validation and test reviews use the same table.

# %% [markdown] claim="probability that two other words share a bucket"
# **Quick question.** Somebody uses one OOV bucket instead of 1,000. What changes?
#
# <details><summary>A. All unknown words look the same to the model</summary>Right. With 1,000 buckets, two unknown words have the same id about once in a thousand cases, as measured above.</details>
# <details><summary>B. Unknown words are left out</summary>No. They keep their place in the text, with the id of the bucket.</details>
# <details><summary>C. Nothing, because unknown words are rare</summary>No. Each of them is rare, but together they are a part of the text that is worth measuring.</details>

# %% [markdown]
# ## 3 · Padding: one array from texts of different lengths
#
# A batch is an array, so all its rows have the same length. Short texts are filled up with a special id, 0. This is called [**padding**](../GLOSSARY.md#padding). `padded_batch` takes 32 reviews and
# pads them to the longest of them.

# %%
def to_ids(text, label):
    """A review and its label -> its ids (time,), and the label."""
    words, label = to_words(text, label)
    return table.lookup(words), label


for ids, labels in raw.map(to_ids).padded_batch(BATCH).take(3):
    print(ids.shape, labels.shape)

# %% alt="Grid of 32 rows, one for each review of a batch. Each row begins with coloured cells, its words, some of them out-of-vocabulary words in another colour, and ends with grey cells, the padding. Rows differ in how much of them is grey." jupyter={"source_hidden": true}
# Draw a batch: words, out-of-vocabulary words and padding.
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

kind = np.select([ids == 0, ids >= WORDS], [0, 2], 1)  # (batch, time)
colours = ["#e4e4e4", "C0", "C1"]
fig, ax = plt.subplots(figsize=(8.6, 4.2))
ax.pcolormesh(kind[::-1], cmap=ListedColormap(colours), vmin=0, vmax=2,
              edgecolors="white", linewidth=0.3)
ax.set(title="A batch of 32 reviews", xlabel="position", ylabel="review",
       yticks=[])
ax.legend([Patch(color=c) for c in colours],
          ["padding", "word of the vocabulary", "out-of-vocabulary word"],
          ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.14))
plt.show()

# %% [markdown]
# Every batch is as wide as its longest review. If the number of reviews cannot be divided by 32, the last batch is smaller; `drop_remainder=True` would leave it out.
#
# Draw this picture for your own data. It shows at once if the padding is on the wrong side, or if most words are out-of-vocabulary words.

# %% [markdown]
# ## 4 · The ids of `keras.datasets.imdb`
#
# Many examples on the web use `keras.datasets.imdb`. It contains lists of ids and no texts. Its ids have other meanings than ours: 0 is padding, 1 is the start of a review, 2 is an out-of-vocabulary word, and 3 is not used. A word has its rank plus 3,
# and the rank is in a separate file, the *word index*. The most frequent word has rank 1, so its id is 4.
#
# **What do you expect?** What happens if you forget to add 3?
#
# <details><summary>Answer</summary>No error. Every id gives a word, but the wrong one.</details>

# %%
index = reviews.load_word_index()  # {word: rank}; None on the sample
review = [1, 14, 22, 16, 43, 530, 973, 1622, 1385, 65]
if index is None:  # then we make an index of our own
    index = {word.decode(): i for i, word in enumerate(frequent, start=1)}
    text = ["I", "loved", "this", "film", "and", "hated", "the", "other"]
    review = [1] + [index[word] + 3 for word in text]
wrong = {rank: word for word, rank in index.items()}
right = {rank + 3: word for word, rank in index.items()}
print("without the offset:", " ".join(wrong[i] for i in review[1:]))
print("with the offset:   ", " ".join(right[i] for i in review[1:]))
claim("words that differ without the offset",
      sum(wrong[i] != right[i] for i in review[1:]), at_least=len(review) - 1)

# %% [markdown]
# A model that is trained on such ids does not notice: ids are only names. It goes wrong when you encode your own text for this model. So, if you get ids from somewhere, decode a few of them and read the result.
#
# ## 5 · Padding on the left or on the right
#
# Two functions pad a list of lists. They do not agree about the side.

# %%
from course_utils.text import pad

rows = [[5, 6, 7], [8, 9], [4]]
print("Keras:\n", keras.utils.pad_sequences(rows))
print("course_utils and tf.data:\n", pad(rows))
print("Keras, with at most 2:", keras.utils.pad_sequences([[1, 2, 3]], 2))

# %% [markdown]
# `keras.utils.pad_sequences` pads on the left. Of a text that is too long it keeps the *end*. `padded_batch` of `tf.data` pads on the right. Does it matter?
#
# A recurrent layer reads the padding like words: each zero is one more time step, and changes the hidden state (lesson 04). We take a GRU that is not trained, and a sentence of eight words. $h$ is the last hidden state of the sentence, and $h'$ that of the padded sentence. We measure the
# distance $\lVert h' - h \rVert / \lVert h \rVert$.
#
# **What do you expect?** Which side changes the last hidden state more?
#
# <details><summary>Answer</summary>The right side. There the padding is the last that the layer reads. On the left, the eight words come after the padding, and most of its effect is lost.</details>

# %%
wide = keras.initializers.RandomNormal(stddev=1.0)
vectors = keras.layers.Embedding(50, 16, embeddings_initializer=wide)
gru = keras.layers.GRU(16)
sentence = [12, 7, 31, 4, 25, 9, 18, 40]
h = gru(vectors(np.array([sentence])))  # (1, units)


def moved(n, side, mask=False):
    """Relative distance of the last hidden state after n zeros are added."""
    ids = pad([sentence], 8 + n, side)  # (1, 8 + n)
    h_padded = gru(vectors(ids), mask=tf.constant(ids != 0) if mask else None)
    return float(tf.norm(h_padded - h) / tf.norm(h))


claim("32 zeros on the right: relative distance", moved(32, "right"),
      at_least=0.5)
claim("32 zeros on the left: as a fraction of that",
      moved(32, "left") / moved(32, "right"), at_most=0.3)

# %% alt="Relative distance of the last hidden state against the number of padded time steps. With padding on the right it is large from the start, with padding on the left it is much smaller, and with a mask it is zero on both sides." jupyter={"source_hidden": true}
# Draw the distance for both sides, without and with a mask (section 6).
zeros = [0, 1, 2, 4, 8, 16, 32]
fig, ax = plt.subplots(figsize=(6.8, 3.4))
ax.plot(zeros, [moved(n, "right") for n in zeros], "o-", label="right")
ax.plot(zeros, [moved(n, "left") for n in zeros], "s-", label="left")
masked = [max(moved(n, "left", True), moved(n, "right", True)) for n in zeros]
ax.plot(zeros, masked, "k--", label="either side, with a mask")
ax.set(title="How padding changes the last hidden state",
       xlabel="zeros added to a sentence of eight words",
       ylabel="relative distance")
ax.legend(title="padding on the")
plt.show()
claim("with a mask: largest relative distance", max(masked), at_most=1e-6)

# %% [markdown]
# This is why many old examples pad on the left. The dashed line shows something better.
#
# ## 6 · The mask
#
# A mask says which time steps are words (`True`) and which are padding (`False`). Using a mask is called [**masking**](../GLOSSARY.md#masking). Where the mask is `False`, a recurrent layer keeps its previous hidden state. With $m_t$ equal to 1 or 0, and
# $\tilde h_t$ for what the cell computes:
#
# $$h_t = m_t\,\tilde h_t + (1 - m_t)\,h_{t-1}$$
#
# `Embedding(…, mask_zero=True)` computes the mask `ids != 0` and attaches it to its output. The next layer finds it there. This is why id 0 must be reserved for padding: a word with id 0 would never be read. The vector of id 0 exists, but it
# is never used, so it is not trained.
#
# What happens without a mask? Here is an easy task. A sentence has two to eight words, and its last word, *good* or *bad*, is the label. All sentences are padded on the right to 40 time steps.

# %%
rng = np.random.default_rng(SEED)
y = rng.integers(2, size=600)  # (sentences,): 1 for good, 0 for bad
sentences = [[*rng.integers(3, 20, size=rng.integers(1, 8)), 1 + label]
             for label in y]  # 1 is bad, 2 is good, 3 … 19 are other words


def train_reader(mask_zero, start):
    keras.utils.set_random_seed(10 * SEED + start)
    model = keras.Sequential([
        keras.layers.Embedding(20, 8, mask_zero=mask_zero),
        keras.layers.SimpleRNN(16),
        keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy",
                  jit_compile=False)
    model.fit(pad(sentences[:400], 40), y[:400], batch_size=50, epochs=16,
              verbose=0)
    return model

# %% [markdown]
# We train one network with a mask, and three without, which begin with different random parameters. Then we test them on new sentences, padded to 40 time steps and to other lengths.

# %%
readers = {"with a mask": train_reader(True, 0)}
for start in range(3):
    readers[f"without, start {start + 1}"] = train_reader(False, start)
lengths = [8, 12, 16, 20, 30, 36, 38, 40, 42, 44, 50, 60, 80]
accuracy = {}
for name, model in readers.items():
    p = [model(pad(sentences[400:], n)).numpy()[:, 0] for n in lengths]
    accuracy[name] = [np.mean((p_n > 0.5) == y[400:]) for p_n in p]
claim("with a mask: lowest accuracy at any length",
      min(accuracy["with a mask"]), at_least=0.97)
others_40 = [a for name in list(readers)[1:]
             for n, a in zip(lengths, accuracy[name]) if n != 40]
claim("without a mask: mean accuracy at other lengths than in training",
      np.mean(others_40), at_most=0.7)

# %% alt="Accuracy on new sentences against the length that they are padded to. With a mask it is one everywhere. Without a mask, the networks are at best good at 40 steps, the length of the training, and far lower at other lengths, sometimes below one half." jupyter={"source_hidden": true}
# Draw the accuracy against the length after padding.
fig, ax = plt.subplots(figsize=(7.4, 3.6))
for (name, values), style in zip(accuracy.items(), ("ko-", "s:", "^:", "v:")):
    ax.plot(lengths, values, style, label=name, markersize=4)
ax.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
ax.axvline(40, color="grey", linewidth=0.8)
ax.text(41, 0.02, "length in training")
ax.set(title="The same sentences, padded to another length", ylim=(0, 1.35),
       xlabel="time steps after padding", ylabel="accuracy",
       yticks=[0, 0.5, 1])
ax.legend(ncols=2, loc="upper left")
plt.show()

# %% [markdown]
# Without a mask, the network must carry the label through more than thirty steps of padding, which is hard (lesson 05). Depending on the start, it learns this or not. A network that learned it is right after *40 steps*, and unreliable at other lengths. An accuracy below one half (the dotted line) is not a
# mistake in the figure: after another number of steps the answer can be the opposite, as in lesson 04.
#
# What makes this dangerous: training and validation set are padded in the same way, so the validation accuracy looks fine. Then a user enters one short text, without padding, and gets a wrong answer. A test of a few lines finds this mistake. It belongs in every project with padded texts:
# **a padded batch gives the same predictions as the single texts**.

# %%
def gap(model, n=20):
    """Largest difference of predictions, padded and alone, of n sentences."""
    new = sentences[400:400 + n]
    batch = model(pad(new, 40)).numpy()  # (n, 1)
    alone = [model(np.array([s])).numpy()[0] for s in new]
    return np.abs(batch - alone).max()


gaps = [gap(model) for model in readers.values()]
claim("with a mask: largest difference, padded and alone", gaps[0],
      at_most=1e-5)
claim("without a mask: largest difference, padded and alone",
      max(gaps[1:]), at_least=0.2)

# %% [markdown] claim="without a mask: largest difference, padded and alone"
# **Quick question.** A network without a mask has a validation accuracy of 1. Can you deploy it?
#
# <details><summary>A. Yes, the validation set has new sentences</summary>No. They are new, but padded to the same length as in training. A user's text may not be.</details>
# <details><summary>B. Only if every text is padded as in training, or after you add a mask and train again</summary>Right. The answer of this network depends on the number of zeros, as the test above shows.</details>
# <details><summary>C. No, it overfits</summary>No. It is right on new sentences. It depends on the padding, which is another problem.</details>

# %% [markdown]
# On which side, then? With a mask, both sides give the same result. But pad on the right: on a GPU, Keras uses NVIDIA's fast cuDNN code for LSTM and GRU only if the padding is on the right.
#
# ## 7 · Which layers pass the mask on?
#
# The mask goes from layer to layer, attached to the output, as long as every layer passes it on. Which layers do? We give a padded batch with its mask to each of them. If the output is still a sequence, a GRU reads it. Then we compare the padded row with the sentence alone.

# %%
from keras import layers

keras.utils.set_random_seed(SEED)
embedding = layers.Embedding(50, 8, mask_zero=True, embeddings_initializer=wide)
reader = layers.GRU(8)
candidates = {
    "Dense": layers.Dense(8), "Dropout": layers.Dropout(0.2),
    "LayerNormalization": layers.LayerNormalization(),
    "Activation": layers.Activation("tanh"),
    "GRU, return_sequences": layers.GRU(8, return_sequences=True),
    "GRU, last hidden state": layers.GRU(8),
    "GlobalAveragePooling1D": layers.GlobalAveragePooling1D(),
    "Conv1D": layers.Conv1D(8, 3, padding="same"),
    "GlobalMaxPooling1D": layers.GlobalMaxPooling1D(),
    "Lambda": layers.Lambda(lambda x: 2 * x),
    "keras.ops.tanh": keras.ops.tanh, "2 * x": lambda x: 2 * x}

# %%
import warnings


def examine(name, layer):
    x = embedding(pad([[3, 5, 9, 2, 6, 8], [7, 4, 11]]))  # (2, 6, 8)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        padded, alone = layer(x), layer(embedding(np.array([[7, 4, 11]])))
    passed = getattr(padded, "_keras_mask", None) is not None
    warned = any("mask" in str(w.message) for w in caught)
    if len(padded.shape) == 3:  # still a sequence
        padded, alone = reader(padded), reader(alone)  # (batch, units)
    return {"layer": name, "passes the mask on": "yes" if passed else "no",
            "warns": "yes" if warned else "no",
            "largest difference": float(np.abs(padded[1] - alone[0]).max())}


layers_and_mask = [examine(*item) for item in candidates.items()]
tables.table("Layers and the mask", layers_and_mask)

# %%
differences = [row["largest difference"] for row in layers_and_mask]
claim("first seven layers: largest difference, padded and alone",
      max(differences[:7]), at_most=1e-5)
claim("last five: smallest difference", min(differences[7:]), at_least=0.05)

# %% [markdown]
# There are three kinds.
#
# - **Pass the mask on:** layers that treat each time step alone, and recurrent layers that return sequences.
# - **Use it and end the sequence:** a GRU that returns its last hidden state, and `GlobalAveragePooling1D`. Nothing is left to pass on, and this is right.
# - **Lose it:** the last five. `Conv1D`, `GlobalMaxPooling1D` and `Lambda` at least print a warning. A function of `keras.ops`, or plain arithmetic such as `2 * x`, loses the mask *without a warning*, and the GRU after it reads the padding.
#
# What can you do? Use a layer that passes the mask on: `layers.Activation("tanh")` instead of `keras.ops.tanh`. In a layer of your own, set `self.supports_masking = True` if it treats each time step alone. Or give the mask to the next layer yourself:
# `reader(x, mask=ids != 0)`. Exercise 6 is about this. (For inputs that are numbers instead of ids, `layers.Masking` makes a mask.)
#
# ## 8 · Batches of similar lengths
#
# A mask makes padding harmless, but the layer still computes all time steps. How much of this work is wasted? We take whole reviews now, without the cut, and compare three ways to make batches: pad all reviews to the same length; pad each batch to its longest review; or put reviews of
# similar lengths into the same batch, which is called [**bucketing**](../GLOSSARY.md#bucketing). Do not confuse these *length buckets* with the OOV buckets of section 2.
#
# `bucket_by_sequence_length` of `tf.data` collects reviews in buckets, and makes a batch as soon as a bucket has 32.

# %%
def whole(text, label):
    return table.lookup(tf.strings.split(clean(text))), label  # (time,)


singles = raw.take(4000).map(whole).cache()
longest = max(len(ids) for ids, label in singles)
EDGES = [25, 50, 75, 100, 150, 200, 300, 400, 600]  # of the length buckets


def in_batches(singles):
    return {
        "one length for all": singles.padded_batch(
            BATCH, padded_shapes=([longest], [])),
        "each batch to its longest": singles.padded_batch(BATCH),
        "length buckets": singles.bucket_by_sequence_length(
            lambda ids, label: tf.size(ids), EDGES,
            [BATCH] * (len(EDGES) + 1))}


batches = in_batches(singles)

# %%
shapes, words_in, wasted = {}, {}, {}
for name, dataset in batches.items():
    both = [(ids.shape, int(np.sum(ids != 0))) for ids, label in dataset]
    shapes[name] = np.array([shape for shape, n in both])  # (batches, 2)
    words_in[name] = np.array([n for shape, n in both])  # (batches,)
    wasted[name] = 1 - words_in[name].sum() / shapes[name].prod(axis=1).sum()
claim("fraction of padding, one length for all", wasted["one length for all"],
      at_least=0.7)
claim("fraction of padding in length buckets, divided by the second way's",
      wasted["length buckets"] / wasted["each batch to its longest"],
      at_most=0.5)
tables.table("Fraction of padding in batches of whole reviews",
             [{"batches": name, "padding": f} for name, f in wasted.items()])

# %% alt="Three panels of about fifty batches each, drawn as bars as high as the batch is long, the words in one colour and the padding in another. With one length for all, and with each batch padded to its longest, most is padding. With length buckets the padding is a thin layer." jupyter={"source_hidden": true}
# Draw how much of each batch is words and how much is padding.
fig, axes = plt.subplots(1, 3, figsize=(9.4, 3.2), sharey=True)
for ax, name in zip(axes, batches):
    some = np.linspace(0, len(words_in[name]) - 1, 50).astype(int)
    size, steps = shapes[name][some].T
    if name == "length buckets":
        some, size, steps = (v[np.argsort(steps)] for v in (some, size, steps))
    mean = words_in[name][some] / size
    ax.bar(range(50), mean, width=1, label="words")
    ax.bar(range(50), steps - mean, width=1, bottom=mean, label="padding")
    ax.set(title=f"{name}:\n{100 * wasted[name]:.0f} % padding", xticks=[],
           xlabel="50 batches")
axes[0].set_ylabel("time steps")
axes[2].legend(loc="upper left")
plt.show()

# %% [markdown]
# One long review makes its whole batch long. In length buckets, long reviews are together, and most of the padding disappears. The right panel shows the batches from short to long; in training they come in random order. You can also use larger batches for short texts, as there is memory left.
#
# Why not simply sort all reviews by length? Then the batches would be the same in every epoch. With length buckets, reviews that are shuffled first come together in new ways each time. Still, all texts of a batch have similar lengths. If the length is related to the label, compare with random batches.

# %% [markdown] claim="fraction of padding in length buckets, divided by the second way's"
# **Quick question.** Length buckets or a mask: which of them makes the predictions right?
#
# <details><summary>A. Length buckets, because there is little padding left</summary>No. A little padding is still there, and without a mask the network reads it.</details>
# <details><summary>B. The mask. Length buckets only save time</summary>Right. The buckets reduce the number of time steps to compute. The mask makes sure that the padded ones do not count.</details>
# <details><summary>C. You need only one of them</summary>No. They solve different problems: right predictions, and less work.</details>

# %% [markdown]
# ## 9 · Cache, shuffle, batch, prefetch: the order matters
#
# Three more steps complete the pipeline. `cache()` stores all elements during the first epoch, so that they need not be computed again. `shuffle(n)` keeps a buffer of $n$ elements and returns a random one of them. `prefetch` prepares the next batch while the model computes.
#
# **What do you expect?** What is wrong with `shuffle(100).cache()`?
#
# <details><summary>Answer</summary>The cache stores the shuffled order of the first epoch, and all later epochs have the same order.</details>

# %%
hundred = tf.data.Dataset.range(100)


def same_order(dataset):
    """Fraction of positions with the same element in two epochs."""
    first, second = list(dataset), list(dataset)
    return np.mean([int(a) == int(b) for a, b in zip(first, second)])


print("shuffle(3) of 0, 1, 2, …:", [int(i) for i in hundred.shuffle(3).take(9)])
claim("shuffled, then cached: same order in two epochs",
      same_order(hundred.shuffle(100).cache()), at_least=1)
claim("cached, then shuffled: same order in two epochs",
      same_order(hundred.cache().shuffle(100)), at_most=0.1)

# %% [markdown]
# The first line shows another mistake, a buffer that is too small. With a buffer of 3, the elements move by a few positions only. If a file has all positive reviews first, the batches stay positive for a long time. Take a buffer as large as the data, if it fits into memory.
#
# So the order is: first what is the same in every epoch (cut, clean, split, ids), then `cache`, then what should be new in every epoch (`shuffle`, then `padded_batch`), and `prefetch` last. This is the whole pipeline, for you to copy.

# %%
def pipeline(split, training):  # -> ids (batch, time), labels (batch,)
    dataset = tf.data.Dataset.from_tensor_slices((split.texts, split.labels))
    dataset = dataset.map(to_ids, num_parallel_calls=tf.data.AUTOTUNE).cache()
    if training:
        dataset = dataset.shuffle(len(split), seed=SEED)
    return dataset.padded_batch(BATCH).prefetch(tf.data.AUTOTUNE)


model = keras.Sequential([
    layers.Embedding(WORDS + BUCKETS, 32, mask_zero=True),
    layers.GRU(32), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"],
              jit_compile=False)
fitted = model.fit(pipeline(data.train, True), epochs=5, shuffle=False,
                   verbose=0, validation_data=pipeline(data.validation, False))
print("validation accuracy:", np.round(fitted.history["val_accuracy"], 2))

# %% [markdown]
# `fit` takes such a dataset in place of `x` and `y`. It cannot shuffle it itself, so we say `shuffle=False`. With `jit_compile=False` TensorFlow does not compile the model again for every width of a batch, which would take a long time. The accuracy is low: five epochs are not a complete training, and the network reads the beginning of each review only. Lesson 10 trains and compares networks.
#
# **Why `tf.data`, and not plain Python?** For texts that fit into memory, plain Python and NumPy are often good enough, as in lesson 00. `tf.data` has three advantages: `map` can use all cores; the next batch is prepared while the model computes; and the texts can be read from files piece by piece, so they may be larger than the memory.

# %% [markdown] claim="shuffled, then cached: same order in two epochs"
# **Quick question.** You want to leave out some random words of each text, other words in every epoch. Where does this step belong?
#
# <details><summary>A. Before <code>cache</code>, with the other changes of the text</summary>No. The cache stores the result of the first epoch, so all epochs would leave out the same words. It is the same mistake as <code>shuffle</code> before <code>cache</code>.</details>
# <details><summary>B. After <code>cache</code></summary>Right. All that is random belongs after the cache.</details>
# <details><summary>C. It does not matter</summary>No. As measured above, a cache repeats what it has stored, random or not.</details>

# %% [markdown]
# ## 10 · The same lesson on all of IMDB
#
# These tables and the figure are the record of this notebook's runs on the real IMDB reviews, with three seeds. First the padding of section 8.

# %% tags=["recorded"] alt="Horizontal bars of the fraction of padding on IMDB, from the record: most with one length for all, less when each batch is padded to its longest review, far less with length buckets." jupyter={"source_hidden": true}
# Draw the recorded fractions of padding.
imdb = tables.recorded("09_text_pipeline",
                       "Fraction of padding in batches of whole reviews")
fig, ax = plt.subplots(figsize=(6.6, 2.4))
ax.barh([row["batches"] for row in imdb.rows], imdb.values("padding"))
plots.label_bars(ax)
ax.set(title="Padding in batches of whole IMDB reviews",
       xlabel="fraction of padding", xlim=(0, 1.1))
ax.invert_yaxis()
plt.show()

# %% [markdown]
# Does less padding mean less time? A GRU read 512 whole reviews in each of the three ways. Time is measured in seconds of the processor.

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the recorded times of a GRU.
tables.recorded("09_text_pipeline", "A GRU reads 512 whole reviews")

# %% [markdown]
# And how fast is the pipeline itself? How these speeds are measured is under "Going further".

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the recorded speeds of several ways to encode texts.
tables.recorded("09_text_pipeline", "Reviews per CPU second")

# %% [markdown]
# To encode one review after the other is the slowest way, because TensorFlow needs some time for each call of `map`, however short the text is. The functions of section 1 work on a whole batch of texts as well, and this is several times as fast. From the second epoch on it does not matter: the cache is the fastest of all.
# `CountVectorizer` is plain Python, and it is as fast as TensorFlow here.

# %% [markdown]
# ## Exercises
#
# Replace each `...` by your answer, run the cell, then run the check below it. You can run a check as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: words_of
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `words_of(text, n)` in plain Python, for a string. Take the first `n` characters. *Then* replace the three tags for line breaks
# (`<br>`, `<br/>`, `<br />`) by spaces, then all characters except the letters a–z and A–Z and the apostrophe, then split at spaces. Upper and lower case stay. Return a list.
#
# <details><summary>Hint 1</summary><code>text[:n]</code> cuts a string; <code>re.sub(pattern, " ", text)</code> replaces what matches a pattern.</details>
# <details><summary>Hint 2</summary>Replace the tags before the other characters: once <code>&lt;</code> and <code>&gt;</code> are gone, a tag looks like a word.</details>
# <details><summary>Hint 3</summary>The pattern <code>[A-z]</code> also contains the characters between Z and a, such as the underscore. Write <code>[a-zA-Z]</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
import re


def words_of(text, n):
    """Words of the first `n` characters of `text`."""
    # BEGIN SOLUTION
    text = re.sub(r"<br\s*/?>", " ", text[:n])
    return re.sub("[^a-zA-Z']", " ", text).split()
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="cut first"
def words_of(text, n):
    text = re.sub(r"<br\s*/?>", " ", text)
    return re.sub("[^a-zA-Z']", " ", text)[:n].split()

# %% tags=["wrong"] message="before the other characters"
def words_of(text, n):
    text = re.sub("[^a-zA-Z']", " ", text[:n])
    return re.sub(r"<br\s*/?>", " ", text).split()

# %% tags=["wrong"] message="upper case"
def words_of(text, n):
    text = re.sub(r"<br\s*/?>", " ", text[:n].lower())
    return re.sub("[^a-z']", " ", text).split()

# %% tags=["wrong"] message="apostrophe"
def words_of(text, n):
    text = re.sub(r"<br\s*/?>", " ", text[:n])
    return re.sub("[^a-zA-Z]", " ", text).split()

# %% tags=["wrong"] message="from a to z only"
def words_of(text, n):
    text = re.sub(r"<br\s*/?>", " ", text[:n])
    return "".join(c if c.isalpha() or c == "'" else " " for c in text).split()

# %% tags=["wrong"] message="three ways to write"
def words_of(text, n):
    return re.sub("[^a-zA-Z']", " ", text[:n].replace("<br />", " ")).split()

# %% tags=["wrong"] message="tags for line breaks only"
def words_of(text, n):
    return re.sub("[^a-zA-Z']", " ", re.sub("<[^>]*>", " ", text[:n])).split()

# %% tags=["wrong"] message="half a tag"
def words_of(text, n):
    words = re.sub("[^a-zA-Z']", " ", text[:n]).split()
    return [word for word in words if word != "br"]

# %% tags=["wrong"] message="underscore"
def words_of(text, n):
    return re.sub("[^A-z']", " ", re.sub(r"<br\s*/?>", " ", text[:n])).split()

# %% tags=["wrong"] message="characters, not bytes"
def words_of(text, n):
    text = text.encode()[:n].decode(errors="ignore")
    return re.sub("[^a-zA-Z']", " ", re.sub(r"<br\s*/?>", " ", text)).split()

# %% tags=["wrong"] message="by a space"
def words_of(text, n):
    return re.sub("[^a-zA-Z']", " ", re.sub(r"<br\s*/?>", "", text[:n])).split()

# %% [raw]
# # BEGIN TESTS

# %%
def test_words_of(words_of):
    def of(text, n=100):
        got = words_of(text, n)
        assert not isinstance(got, str), f"the result must be a list of words, you returned the string {got!r}"
        return [str(word) for word in got]

    got = of("Good.<br />Not BAD!")
    assert "br" not in got, f"'Good.<br />Not BAD!' gave {got}: 'br' is a tag; replace the tags before the other characters"
    assert got != ["good", "not", "bad"], "the words must keep upper case as it is"
    assert got == ["Good", "Not", "BAD"], f"'Good.<br />Not BAD!' must give the list ['Good', 'Not', 'BAD']; you returned {got}"
    got = of("wasn't")
    assert got == ["wasn't"], f"an apostrophe belongs to the word: wasn't must stay whole, you returned {got}"
    got = of("one<br />two")
    assert got == ["one", "two"], f"'one<br />two' gave {got}: replace a tag by a space"
    got = of("a<br>b<br/>c<br />d")
    assert got == ["a", "b", "c", "d"], f"'a<br>b<br/>c<br />d' gave {got}: there are three ways to write this tag"
    got = of("one<br />two three", 12)
    assert got == ["one", "two"], f"the first 12 characters of 'one<br />two three' are 'one<br />two', you returned {got}: cut first, then clean"
    got = of("a café")
    assert got == ["a", "caf"], f"'a café' gave {got}: keep letters from a to z only, and é is not one of them"
    got = of("<i>fine</i>")
    assert got == ["i", "fine", "i"], f"'<i>fine</i>' gave {got}: replace the tags for line breaks only; of other tags the letters stay"
    got = of("Fine.<br />Good", 8)
    assert got == ["Fine", "br"], f"'Fine.<br />Good' cut to 8 characters gave {got}: half a tag is not a tag, so 'br' stays"
    got = of("so_so [ok]")
    assert got == ["so", "so", "ok"], f"'so_so [ok]' gave {got}: an underscore or a bracket is not a letter"
    got = of("éa bc", 4)
    assert got == ["a", "b"], f"the first 4 characters of 'éa bc' are 'éa b', you returned {got}: count characters, not bytes"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_words_of_hidden(words_of):
    got = words_of("It's<br>a 2nd-rate<br/>café br_b, dogs'<br /><br />REALLY...", 100)
    assert list(got) == ["It's", "a", "nd", "rate", "caf", "br", "b", "dogs'", "REALLY"], "not right for tags of three kinds"
    assert list(words_of("Fine.<br /><br />I liked it", 20)) == ["Fine", "I", "l"], "not right where the text is cut"
    assert list(words_of("Fine.<br />Good", 8)) == ["Fine", "br"], "not right where a tag is cut: half a tag is none"
    assert list(words_of("", 10)) == [], "not right for an empty text"
    assert list(words_of("ïï ab cd", 6)) == ["ab"], "not right for letters of two bytes"
    assert list(words_of("<b>ümlaut</b>^x", 20)) == ["b", "mlaut", "b", "x"], "not right for other tags and letters"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: decode_ids
# points: 1

# %% [markdown]
# **Exercise 2.** Write `decode_ids(ids, index)` for ids of `keras.datasets.imdb` (section 4). It returns one string, the words with one space between them. `index` is
# the word index, a dictionary {word: rank} in any order; do not change it. Leave out padding (0) and start (1). An out-of-vocabulary word (2) becomes `<oov>`.
#
# <details><summary>Hint 1</summary>First make a dictionary from ids to words: <code>{rank + 3: word …}</code>.</details>
# <details><summary>Hint 2</summary>Then add the entry for 2, and skip 0 and 1 when you go through the ids. <code>" ".join(words)</code> puts spaces between words.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def decode_ids(ids, index):
    """Text of the `ids` of keras.datasets.imdb."""
    # BEGIN SOLUTION
    words = {rank + 3: word for word, rank in index.items()} | {2: "<oov>"}
    return " ".join(words[i] for i in ids if i > 1)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="offset of 3"
def decode_ids(ids, index):
    words = {rank: word for word, rank in index.items()} | {2: "<oov>"}
    return " ".join(words.get(i, "?") for i in ids if i > 1)

# %% tags=["wrong"] message="left out"
def decode_ids(ids, index):
    words = {rank + 3: word for word, rank in index.items()} | {0: "<pad>", 1: "<sos>", 2: "<oov>"}
    return " ".join(words[i] for i in ids)

# %% tags=["wrong"] message="unknown word"
def decode_ids(ids, index):
    words = {rank + 3: word for word, rank in index.items()}
    return " ".join(words[i] for i in ids if i > 3)

# %% tags=["wrong"] message="offset of 3"
def decode_ids(ids, index):
    words = {rank: word for word, rank in index.items()}
    return " ".join("<oov>" if i == 2 else words[i] for i in ids if i > 1)

# %% tags=["wrong"] message="in any order"
def decode_ids(ids, index):
    words = ["", "", "<oov>", "", *index]
    return " ".join(words[i] for i in ids if i > 1)

# %% tags=["wrong"] message="changes the index"
def decode_ids(ids, index):
    index["<oov>"] = -1
    words = {rank + 3: word for word, rank in index.items()}
    return " ".join(words[i] for i in ids if i > 1)

# %% tags=["wrong"] message="ends with a space"
def decode_ids(ids, index):
    words = {rank + 3: word for word, rank in index.items()} | {2: "<oov>"}
    return "".join(words[i] + " " for i in ids if i > 1)

# %% [raw]
# # BEGIN TESTS

# %%
def test_decode_ids(decode_ids):
    index = {"was": 3, "the": 1, "film": 2, "not": 6, "good": 4, "bad": 5}

    def of(ids):
        given = dict(index)
        try:
            got = decode_ids(ids, given)
        except KeyError as error:
            raise AssertionError(f"for {ids} your code looks for the id {error} and does not find it: mind the offset of 3") from None
        assert given == index, "decode_ids changes the index of its caller: make a new dictionary"
        assert isinstance(got, str), f"the result must be one string, you returned {got!r}"
        assert got == got.strip(), f"the result begins or ends with a space: {got!r}"
        return got

    got = of([4, 5, 6, 9, 7])
    assert got != "was the film bad not", "the index can be in any order: the rank of a word is its value, not its position"
    assert got == "the film was not good", f"4 5 6 9 7 mean 'the film was not good', you returned {got!r}: mind the offset of 3"
    got = of([1, 4, 5, 0, 0])
    assert got == "the film", f"1 4 5 0 0 must give 'the film': start and padding are left out; you returned {got!r}"
    got = of([1, 4, 2])
    assert got == "the <oov>", f"1 4 2 must give 'the <oov>': 2 is an unknown word; you returned {got!r}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_decode_ids_hidden(decode_ids):
    index = {"it": 2, "is": 1, "so": 3, "odd": 5, "here": 4, "now": 6}
    for ids, wanted in (([1, 5, 2, 4, 2, 8, 0, 0], "it <oov> is <oov> odd"), ([9, 6], "now so"),
                        ([0, 0, 1, 6, 6, 2, 2, 5], "so so <oov> <oov> it"), ([0, 0], "")):
        given = dict(index)
        assert decode_ids(ids, given) == wanted, f"not right for {ids}"
        assert given == index, "decode_ids changes the index"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: padding_fraction
# points: 1

# %% [markdown]
# **Exercise 3.** Write `padding_fraction(lengths, size)`. Reviews of these lengths are put into batches of `size`, in the given order. The last batch can be
# smaller. Each batch is padded to its own longest review. Which fraction of all entries of the batches is padding?
#
# <details><summary>Hint 1</summary>A batch has as many entries as reviews times the length of its longest review.</details>
# <details><summary>Hint 2</summary>First add up the entries and the words of all batches. Then divide, once.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def padding_fraction(lengths, size):
    """Fraction of padding if batches of `size` are padded to their longest."""
    # BEGIN SOLUTION
    batches = [lengths[i : i + size] for i in range(0, len(lengths), size)]
    return 1 - sum(lengths) / sum(len(b) * max(b) for b in batches)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="own longest"
def padding_fraction(lengths, size):
    return 1 - sum(lengths) / (len(lengths) * max(lengths))

# %% tags=["wrong"] message="the last batch"
def padding_fraction(lengths, size):
    batches = [lengths[i : i + size] for i in range(0, len(lengths), size)]
    return 1 - sum(lengths) / sum(size * max(b) for b in batches)

# %% tags=["wrong"] message="divide once"
def padding_fraction(lengths, size):
    batches = [lengths[i : i + size] for i in range(0, len(lengths), size)]
    return sum(1 - sum(b) / (len(b) * max(b)) for b in batches) / len(batches)

# %% tags=["wrong"] message="in the given order"
def padding_fraction(lengths, size):
    lengths = sorted(lengths)
    batches = [lengths[i : i + size] for i in range(0, len(lengths), size)]
    return 1 - sum(lengths) / sum(len(b) * max(b) for b in batches)

# %% tags=["wrong"] message="leaves out the last"
def padding_fraction(lengths, size):
    whole = len(lengths) // size * size
    batches = [lengths[i : i + size] for i in range(0, whole, size)]
    return 1 - sum(lengths[:whole]) / sum(size * max(b) for b in batches)

# %% tags=["wrong"] message="fraction of words"
def padding_fraction(lengths, size):
    batches = [lengths[i : i + size] for i in range(0, len(lengths), size)]
    return sum(lengths) / sum(len(b) * max(b) for b in batches)

# %% [raw]
# # BEGIN TESTS

# %%
def test_padding_fraction(padding_fraction):
    got = padding_fraction([10, 2, 10, 4, 7], 2)  # 47 entries, 33 words
    assert abs(got - 33 / 47) > 1e-5, "33 / 47 is the fraction of words; the fraction of padding is the rest"
    assert abs(got - 17 / 50) > 1e-5, "you pad all reviews to the longest of all; each batch has its own longest"
    assert abs(got - (0.4 + 0.3 + 0) / 3) > 1e-5, "a mean of the batches' fractions counts a short batch as much as a long one: add up first, divide once"
    assert abs(got - 5 / 38) > 1e-5, "you sort the lengths; the batches are made in the given order"
    assert abs(got - 14 / 40) > 1e-5, "this leaves out the last, smaller batch"
    assert abs(got - 21 / 54) > 1e-5, "the last batch has one review only, so it has 7 entries, not 14"
    assert abs(got - 14 / 47) < 1e-5, f"lengths 10, 2, 10, 4, 7 in twos have 20 + 20 + 7 entries, 14 of them padding: {14 / 47:.4f}, you returned {got:.4f}"
    got = padding_fraction([4, 4, 4], 2)
    assert abs(got) < 1e-5, f"lengths 4, 4, 4 in twos need no padding, you returned {got:.4f}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_padding_fraction_hidden(padding_fraction):
    for size, entries in ((2, 33), (1, 25), (3, 41), (10, 45)):
        assert abs(padding_fraction([3, 9, 5, 7, 1], size) - (1 - 25 / entries)) < 1e-5, f"not right for five lengths in batches of {size}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: masked_mean
# points: 1

# %% [markdown]
# **Exercise 4.** Write `masked_mean(x, mask)` in NumPy: for each sequence, the mean over the time steps where `mask` is `True`. `x` is (batch, time, features), `mask` is (batch,
# time), and the padding can be on either side. For a sequence without any word, the result must be zeros (Keras's layer gives NaN). Do not change `x`.
#
# <details><summary>Hint 1</summary><code>mask[:, :, None]</code> has the shape (batch, time, 1), so you can multiply <code>x</code> by it.</details>
# <details><summary>Hint 2</summary>Divide by the number of words of each sequence, but never by less than one: <code>np.maximum</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def masked_mean(x, mask):
    """Mean (batch, features) over the words; zeros where there are none."""
    # BEGIN SOLUTION
    m = mask[:, :, None]  # (batch, time, 1)
    return (x * m).sum(axis=1) / np.maximum(m.sum(axis=1), 1)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="divide by all time steps"
def masked_mean(x, mask):
    return (x * mask[:, :, None]).mean(axis=1)

# %% tags=["wrong"] message="without any word"
def masked_mean(x, mask):
    m = mask[:, :, None]
    with np.errstate(invalid="ignore"):
        return (x * m).sum(axis=1) / m.sum(axis=1)

# %% tags=["wrong"] message="one vector for each sequence"
def masked_mean(x, mask):
    return x[mask].mean(axis=0)

# %% tags=["wrong"] message="words of the whole batch"
def masked_mean(x, mask):
    return (x * mask[:, :, None]).sum(axis=1) / mask.sum()

# %% tags=["wrong"] message="padding can be on the left"
def masked_mean(x, mask):
    lengths = mask.sum(axis=1)
    return np.stack([x[i, :n].mean(axis=0) if n else np.zeros(x.shape[2]) for i, n in enumerate(lengths)])

# %% tags=["wrong"] message="changes x"
def masked_mean(x, mask):
    x *= mask[:, :, None]
    return x.sum(axis=1) / np.maximum(mask.sum(axis=1), 1)[:, None]

# %% [raw]
# # BEGIN TESTS

# %%
def test_masked_mean(masked_mean):
    import numpy as np

    x = np.array([[[1.0, 2], [3, 6], [50, 50], [40, 40]], [[7, 7], [8, 8], [9, 9], [9, 7]], [[70, 70], [60, 60], [50, 50], [5, 1]]])
    mask = np.array([[True, True, False, False], [False, False, False, False], [False, False, False, True]])
    given = x.copy()
    got = np.asarray(masked_mean(given, mask.copy()))
    assert np.array_equal(given, x), "masked_mean changes x, which its caller may still need: make a new array"
    assert got.shape == (3, 2), f"the result has shape {got.shape}; it must be (3, 2): one vector for each sequence"
    assert not np.allclose(got[0], [1, 2]), "you divide by all time steps; divide by the number of words of each sequence"
    assert not np.allclose(got[0], [4 / 3, 8 / 3]), "you divide by the number of words of the whole batch; divide by that of each sequence"
    assert np.allclose(got[0], [2, 4]), f"the mean of (1, 2) and (3, 6) is (2, 4), you returned {got[0]}"
    assert np.allclose(got[1], 0), f"for a sequence without any word the result must be zeros, you returned {got[1]}"
    assert not np.allclose(got[2], [70, 70]), "the third sequence has its only word at the end: padding can be on the left"
    assert np.allclose(got[2], [5, 1]), f"the third sequence has one word, (5, 1); you returned {got[2]}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_masked_mean_hidden(masked_mean):
    import numpy as np

    rng = np.random.default_rng(7)
    x, mask = rng.normal(size=(4, 6, 3)), rng.random((4, 6)) < 0.5
    mask[0], mask[1], mask[2, 0], x[0, 2:4] = True, False, False, 0.0
    wanted = [x[i, mask[i]].mean(axis=0) if mask[i].any() else np.zeros(3) for i in range(4)]
    given = x.copy()
    with np.errstate(all="ignore"):
        got = np.asarray(masked_mean(given, mask.copy()))
    assert got.shape == (4, 3) and np.allclose(got, wanted, atol=1e-5), "not right for four sequences of six steps"
    assert np.array_equal(given, x), "masked_mean changes x"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: make_batches
# points: 2

# %% [markdown]
# **Exercise 5: your own pipeline.** The elements of `dataset` are (text, label). `encode` is a function like `to_ids`. Write `make_batches(dataset, encode, size)`. It returns a `tf.data.Dataset` of padded batches for training:
#
# - each text is encoded once, in the first epoch, and not again;
# - every epoch has the elements in a new order, and puts other texts together in a batch;
# - every batch has `size` texts, only the last one may be smaller.
#
# You need `map`, `cache`, `shuffle` and `padded_batch`. `len(dataset)` is the number of elements.
#
# <details><summary>Hint 1</summary>First what is the same in every epoch, then <code>cache()</code>, then what should be new.</details>
# <details><summary>Hint 2</summary>If you shuffle after you make the batches, the same texts stay together.</details>
# <details><summary>Hint 3</summary>The buffer of <code>shuffle</code> must be as large as the dataset.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def make_batches(dataset, encode, size):
    """Padded batches, encoded once, in a new order in every epoch."""
    # BEGIN SOLUTION
    encoded = dataset.map(encode).cache()
    return encoded.shuffle(len(dataset)).padded_batch(size).prefetch(1)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="encoded again in the second epoch"
def make_batches(dataset, encode, size):
    return dataset.map(encode).shuffle(len(dataset)).padded_batch(size)

# %% tags=["wrong"] message="encoded again in the second epoch"
def make_batches(dataset, encode, size):
    return dataset.cache().shuffle(len(dataset)).map(encode).padded_batch(size)

# %% tags=["wrong"] message="the same order in both epochs"
def make_batches(dataset, encode, size):
    return dataset.map(encode).shuffle(len(dataset)).cache().padded_batch(size)

# %% tags=["wrong"] message="stay together"
def make_batches(dataset, encode, size):
    return dataset.map(encode).padded_batch(size).cache().shuffle(len(dataset))

# %% tags=["wrong"] message="the buffer"
def make_batches(dataset, encode, size):
    return dataset.map(encode).cache().shuffle(size).padded_batch(size)

# %% tags=["wrong"] message="11 batches"
def make_batches(dataset, encode, size):
    encoded = dataset.map(encode).cache().shuffle(len(dataset))
    return encoded.padded_batch(size, drop_remainder=True)

# %% tags=["wrong"] message="padded_batch"
def make_batches(dataset, encode, size):
    return dataset.map(encode).cache().shuffle(len(dataset)).batch(size)

# %% [raw]
# # BEGIN TESTS

# %%
def test_make_batches(make_batches):
    import numpy as np
    import tensorflow as tf

    encoded = []

    def lengthen(number):
        encoded.append(int(number))
        return np.full(1 + number % 5, number + 1)

    def encode(text, label):
        ids = tf.numpy_function(lengthen, [tf.strings.to_number(text, tf.int64)], tf.int64)
        return tf.ensure_shape(ids, [None]), label

    dataset = tf.data.Dataset.from_tensor_slices(([str(i) for i in range(42)], np.arange(42)))
    batches = make_batches(dataset, encode, 4)
    assert isinstance(batches, tf.data.Dataset), f"the result must be a tf.data.Dataset, you returned {type(batches).__name__}"
    try:
        epochs = [[(ids.numpy(), labels.numpy()) for ids, labels in batches] for _ in range(3)]
    except tf.errors.InvalidArgumentError:
        raise AssertionError("texts of different lengths cannot be put into one array: use padded_batch") from None
    sizes = [len(labels) for _, labels in epochs[0]]
    assert sorted(sizes) == [2] + [4] * 10, f"42 texts in fours are 11 batches, the last with 2 texts; your batches have {sizes}"
    assert all(ids.shape == (len(labels), 1 + max(labels % 5)) for ids, labels in epochs[0]), "each batch must be padded to its longest text"
    orders = [np.concatenate([labels for _, labels in epoch]) for epoch in epochs]
    assert all(sorted(order) == list(range(42)) for order in orders), "every text must occur once in every epoch"
    assert len(encoded) <= 42, f"42 texts were encoded {len(encoded)} times in three epochs: they are encoded again in the second epoch"
    assert not np.array_equal(orders[0], np.arange(42)), "the texts are in the order of the dataset: they are not shuffled"
    assert not np.array_equal(orders[0], orders[1]), "the texts are in the same order in both epochs"
    together = [{frozenset(labels.tolist()) for _, labels in epoch} for epoch in epochs]
    assert together[0] != together[1], "the batches change places, but the same texts stay together: shuffle before you make the batches"
    assert max(order[:4].max() for order in orders) > 14, "the first batches of three epochs have texts from the beginning only: the buffer of shuffle is too small"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_make_batches_hidden(make_batches):
    import numpy as np
    import tensorflow as tf

    calls = []

    def encode(text, label):
        count = tf.numpy_function(lambda n: calls.append(1) or n, [tf.strings.length(text)], tf.int32)
        return tf.ones(tf.ensure_shape(count, []), tf.int64), label

    dataset = tf.data.Dataset.from_tensor_slices((["a" * (1 + i % 7) for i in range(25)], np.arange(25)))
    batches = make_batches(dataset, encode, 3)
    epochs = [[(ids.shape[1], tuple(labels.numpy())) for ids, labels in batches] for _ in range(4)]
    assert len(calls) == 25, "each text must be encoded once"
    assert all(width == 1 + max(i % 7 for i in labels) for epoch in epochs for width, labels in epoch), "each batch is padded to its longest text"
    assert all(sorted(i for _, labels in epoch for i in labels) == list(range(25)) for epoch in epochs), "every text must occur once"
    assert len({frozenset(map(frozenset, (labels for _, labels in epoch))) for epoch in epochs}) == 4, "other texts must be together in each epoch"
    assert max(i for epoch in epochs for i in epoch[0][1]) > 9, "the buffer of shuffle is too small"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: scaled_model
# points: 2

# %% [markdown]
# **Exercise 6, a challenge: find the lost mask.** This function builds a model that multiplies the vectors of the words by `factor`, before a GRU reads them. Its predictions depend on the padding. Repair it. The vectors must still be multiplied by `factor`, and
# the layers `Embedding`, `GRU` and `Dense` must stay.
#
# <details><summary>Hint 1</summary>Which line is like one of the last two lines of the table in section 7?</details>
# <details><summary>Hint 2</summary>A layer can be called with a mask: <code>layer(x, mask=…)</code>. Here the mask is <code>keras.ops.not_equal(ids, 0)</code>, or the result of <code>compute_mask(ids)</code> of the <code>Embedding</code> layer.</details>
# <details><summary>Hint 3</summary>Or use a layer that multiplies and passes the mask on: <code>layers.Rescaling(factor)</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def scaled_model(factor):
    """A classifier of ids (batch, time) that scales its vectors."""
    ids = keras.Input((None,), dtype="int32")
    # BEGIN SOLUTION NO PROMPT
    x = layers.Embedding(50, 8, mask_zero=True)(ids)
    x = layers.GRU(8)(factor * x, mask=keras.ops.not_equal(ids, 0))
    # END SOLUTION
    """ # BEGIN PROMPT
    x = layers.Embedding(50, 8, mask_zero=True)(ids)
    x = layers.GRU(8)(factor * x)
    """ # END PROMPT
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(x))

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="depends on the padding"
def scaled_model(factor):
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(50, 8, mask_zero=True)(ids)
    x = layers.GRU(8)(factor * x)
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(x))

# %% tags=["wrong"] message="multiplied by the factor"
def scaled_model(factor):
    ids = keras.Input((None,), dtype="int32")
    x = layers.GRU(8)(layers.Embedding(50, 8, mask_zero=True)(ids))
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(x))

# %% tags=["wrong"] message="depends on the padding"
def scaled_model(factor):
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(50, 8, mask_zero=True)(ids)
    x = layers.GRU(8)(layers.Masking()(factor * x))
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(x))

# %% tags=["wrong"] message="must stay"
def scaled_model(factor):
    ids = keras.Input((None,), dtype="int32")
    x = layers.Embedding(50, 8, mask_zero=True)(ids)
    x = layers.GlobalAveragePooling1D()(layers.Rescaling(factor)(x))
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(x))

# %% tags=["wrong"] message="multiplied by the factor"
def scaled_model(factor):
    ids = keras.Input((None,), dtype="int32")
    x = layers.GRU(8)(layers.Embedding(50, 8, mask_zero=True)(ids))
    return keras.Model(ids, layers.Dense(1, activation="sigmoid")(factor * x))

# %% [raw]
# # BEGIN TESTS

# %%
def test_scaled_model(scaled_model):
    import keras
    import numpy as np

    model = scaled_model(3.0)
    assert isinstance(model, keras.Model), f"scaled_model must return a Keras model, not {type(model).__name__}"
    parts = {type(layer).__name__: layer for layer in model.layers}
    missing = [name for name in ("Embedding", "GRU", "Dense") if name not in parts]
    assert not missing, f"the layers Embedding, GRU and Dense must stay; there is no {', '.join(missing)}"
    ids = np.array([[7, 4, 11, 9]])
    wanted = parts["Dense"](parts["GRU"](3.0 * parts["Embedding"](ids))).numpy()
    got = model(ids).numpy()
    assert got.shape == (1, 1) and np.allclose(got, wanted, atol=1e-5), "for a sentence without padding the prediction is not that of vectors multiplied by the factor, a GRU and a Dense layer"
    right, left = model(np.array([[7, 4, 11, 9, 0, 0]])).numpy(), model(np.array([[0, 0, 7, 4, 11, 9]])).numpy()
    assert np.allclose(right, got, atol=1e-5), f"the prediction depends on the padding: {got.item():.4f} alone, {right.item():.4f} with two zeros after it"
    assert np.allclose(left, got, atol=1e-5), f"the prediction depends on the padding: {got.item():.4f} alone, {left.item():.4f} with two zeros before it"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_scaled_model_hidden(scaled_model):
    import keras
    import numpy as np

    keras.utils.set_random_seed(5)
    model = scaled_model(-2.0)
    parts = {type(layer).__name__: layer for layer in model.layers}
    batch = model(np.array([[3, 5, 9, 2], [8, 1, 0, 0], [0, 0, 0, 6]])).numpy()
    for row, ids in zip(batch, ([3, 5, 9, 2], [8, 1], [6])):
        wanted = parts["Dense"](parts["GRU"](-2.0 * parts["Embedding"](np.array([ids])))).numpy()
        assert np.allclose(row, wanted[0], atol=1e-5), f"not right for the sentence {ids} in a padded batch"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Going further
#
# You can skip this part. No later lesson needs it.
#
# ### Check the pipeline: count in a second way
#
# Does the pipeline do what we think? A strong test counts the tokens a second time, in another way: in plain Python. Errors that are in both ways are unlikely.
#
# For IMDB there are even published counts, by Géron (2019, chapter 16), who uses the same steps. They are of all 25,000 training reviews, in the order of their file, because the number of `<pad>` tokens depends on which reviews are in the same batch. So we read the file here with `tfds`
# (TensorFlow Datasets). On the sample, we count the sample's reviews.

# %%
from course_utils import paths

everything = raw
if data.source == "real":
    import tensorflow_datasets as tfds

    everything = tfds.load(
        "imdb_reviews/plain_text:1.0.0", split="train", as_supervised=True,
        data_dir=str(paths.data_dir()), download=False, shuffle_files=False)
padded = everything.map(to_words).padded_batch(
    BATCH, padding_values=(b"<pad>", None))
counted = Counter()
for words, _ in padded:
    counted.update(words.numpy().ravel().tolist())

# %%
import re

by_hand = Counter()
for text, _ in everything:
    text = re.sub(rb"<br\s*/?>", b" ", text.numpy()[:BYTES])
    by_hand.update(re.sub(rb"[^a-zA-Z']", b" ", text).split())
padding_token = counted.pop(b"<pad>")
different = (counted - by_hand) + (by_hand - counted)
claim("tokens that the two ways count differently", different.total(),
      at_most=0 if data.source == "sample" else 10)

# %%
halves = [word for word in counted if re.search(rb"[^a-zA-Z']", word)]
tables.table("Tokens of the training reviews", [
    {"token": "<pad>", "count": padding_token},
    {"token": "different tokens, with <pad>", "count": len(counted) + 1},
    {"token": "the", "count": counted[b"the"]},
    {"token": "a", "count": counted[b"a"]},
    {"token": "br, from tags cut in half", "count": counted[b"br"]},
    {"token": "words with half a letter", "count": len(halves)}])

# %%
claim("OOV bucket of faaaaaantastic, on every computer",
      table.lookup(tf.constant("faaaaaantastic")).numpy() - WORDS,
      close_to=53, within=0.5)
if data.source == "real":
    published = {b"the": 61_137, b"a": 38_564}
    for word, n in published.items():
        claim(f"IMDB: {word.decode()}", counted[word], close_to=n, within=0.5)
    claim("IMDB: <pad>", padding_token, close_to=214_309, within=0.5)
    claim("IMDB: different tokens", len(counted) + 1, close_to=53_893,
          within=0.5)

# %% [markdown]
# The record of IMDB:

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the recorded counts.
tables.recorded("09_text_pipeline", "Tokens of the training reviews")

# %% [markdown]
# On IMDB, the first counts are the published ones, to the last digit. The last two lines are the two accidents of section 1. A byte that is not valid UTF-8, such as half a letter, does not match `[^a-zA-Z']` in TensorFlow's regular expressions, so it stays in the word.
# To clean first and to cut afterwards would avoid half tags; `substr(…, unit="UTF8_CHAR")` would avoid half letters.
#
# ### Strange texts
#
# Users enter empty texts. A text without letters becomes a row that is all padding, so its mask has no `True` at all. What do layers make of it?

# %%
strange = ["", "10/10 !!!", "xqzt vvwq", "A fine film"]
ids_strange = table.lookup(tf.strings.split(clean(strange))).to_tensor()
print(ids_strange.numpy())
words_32 = layers.Embedding(WORDS + BUCKETS, 32, mask_zero=True)
state = layers.GRU(8)(words_32(ids_strange)).numpy()  # (4, 8)
mean = layers.GlobalAveragePooling1D()(words_32(ids_strange)).numpy()
claim("GRU after a text without words: largest number of its state",
      np.abs(state[:2]).max(), at_most=0)
claim("mean over a text without words: fraction of NaN",
      np.isnan(mean[:2]).mean(), at_least=1)

# %% [markdown]
# The GRU keeps $h_0 = 0$, so the prediction is that of its `Dense` layer for zeros. It says nothing about the text, but it is a number. The mean divides 0 by 0, which is NaN. One such text in a training batch makes the loss NaN, and then all weights. Exercise 4 solves this. Another way works everywhere: replace an empty text by a
# special word such as `<empty>`, before it is encoded.
#
# A file can also have another encoding than UTF-8. The next cell has *un café noir* in Latin-1, where é is a single byte.

# %%
latin = b"un caf\xe9 noir"
print("cleaned:  ", tf.strings.split(clean(latin)).numpy())
try:
    tf.strings.unicode_transcode(latin, "UTF-8", "UTF-8", errors="strict")
except tf.errors.InvalidArgumentError:
    print("errors='strict': this text is not valid UTF-8")
converted = tf.strings.unicode_transcode(latin, "ISO-8859-1", "UTF-8")
print("converted:", converted.numpy().decode())

# %% [markdown]
# The pipeline itself does not complain. If texts come from outside, put `unicode_transcode` with `errors="strict"` first; if you know the encoding, convert.
#
# ### How fast is the pipeline?
#
# We measure seconds of the processor, because other programs change the time on the clock. Each number is the median of three measurements.

# %%
import time


def cpu_seconds(work):
    """Seconds of the processor for work(), median of three."""
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))

# %% [markdown]
# Keras has a layer for the whole of sections 1 and 2, `TextVectorization`. `adapt` makes its vocabulary. Its id 1 is `[UNK]`, for all out-of-vocabulary words. Such a layer can be saved inside a model, so the vocabulary is deployed together with the model. (Then `standardize` must be a
# function registered with `keras.saving.register_keras_serializable`, not a `lambda`.) `CountVectorizer` of scikit-learn counts in plain Python.

# %%
from sklearn.feature_extraction.text import CountVectorizer

some = data.train.texts[:5000]
in_tf = tf.data.Dataset.from_tensor_slices((some, np.zeros(len(some), int)))
vectorization = layers.TextVectorization(
    max_tokens=WORDS, standardize=lambda text: clean(cut(text, BYTES)),
    split="whitespace")
vectorization.adapt(tf.constant(some))
print(vectorization.get_vocabulary()[:5])
counter = CountVectorizer(
    preprocessor=lambda text: text[:BYTES].replace("<br />", " "),
    token_pattern="[a-zA-Z']+")
in_cache = in_tf.map(to_ids).cache()
list(in_cache)  # the first epoch fills the cache

# %%
def batch_to_ids(texts, label):
    """The functions of section 1 on a whole batch of texts."""
    return table.lookup(tf.strings.split(clean(cut(texts, BYTES)))), label


ways = {
    "tf.data, one review per call of map": in_tf.map(to_ids),
    "tf.data, one batch per call of map": in_tf.batch(BATCH).map(batch_to_ids),
    "tf.data, from the cache": in_cache.padded_batch(BATCH),
    "TextVectorization": in_tf.batch(BATCH).map(
        lambda texts, label: vectorization(texts))}
seconds = {name: cpu_seconds(lambda way=way: list(way))
           for name, way in ways.items()}
seconds["CountVectorizer"] = cpu_seconds(lambda: counter.fit_transform(some))

# %%
claim("speed of one batch per call, divided by one review per call",
      seconds["tf.data, one review per call of map"]
      / seconds["tf.data, one batch per call of map"], at_least=1.5)
tables.table("Reviews per CPU second", [
    {"way": name, "reviews": len(some) / t} for name, t in seconds.items()])

# %% [markdown]
# The next cell measures how long a GRU needs for 512 whole reviews in each of the three ways of section 8. `@tf.function` turns `read` into a TensorFlow graph, as `fit` does with a model; the signature says that batches of all shapes may come.

# %%
gru_model = keras.Sequential([words_32, layers.GRU(16)])
ids_of_any_shape = tf.TensorSpec((None, None), tf.int64)


@tf.function(input_signature=[ids_of_any_shape])
def read(ids):
    return gru_model(ids)


read(tf.zeros((2, 3), tf.int64))  # the first call builds the graph
measured = []
for name, dataset in in_batches(singles.take(512)).items():
    part = [ids for ids, label in dataset]
    measured.append({
        "batches": name, "time steps": sum(int(tf.size(ids)) for ids in part),
        "CPU seconds": cpu_seconds(
            lambda part=part: [read(ids) for ids in part])})
tables.table("A GRU reads 512 whole reviews", measured)

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Trusting a pipeline because it runs.** Decode a few ids and read them, draw a batch, count in a second way.
# - **Leaving out the mask.** The validation set does not show it, because it is padded like the training set. Compare padded and single texts.
# - **Losing the mask between two layers** by a function of `keras.ops` or plain arithmetic. There is no warning.
# - **Using id 0 for a word** together with `mask_zero=True`: this word is never read.
# - **Mixing the sides:** `pad_sequences` pads on the left, and keeps the end of a long text. `tf.data` pads on the right.
# - **`shuffle` before `cache`,** or with a buffer that is much smaller than the data.
# - **Leaving out unknown words.** Then *not … good* can become *good*, and the text gets shorter. An id of its own keeps their place.
# - **Mixing up the names for unknown words.** `[UNK]` (`TextVectorization`), `<oov>` and OOV buckets are all ids for words that are not in the vocabulary; there is one of the first two, and as many buckets as you like.
#
# ## References
#
# - A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng, C. Potts (2011). Learning word vectors for sentiment analysis. *ACL*. The IMDB reviews.
# - A. Géron (2019). *Hands-On Machine Learning with Scikit-Learn, Keras, and TensorFlow*, 2nd edition. O'Reilly, chapter 16. The steps of sections 1 to 3; their counts are in the notebook, github.com/ageron/handson-ml2.
# - D. G. Murray, J. Šimša, A. Klimovic, I. Indyk (2021). tf.data: a machine learning data processing framework. *PVLDB* 14(12).
# - K. Weinberger, A. Dasgupta, J. Langford, A. Smola, J. Attenberg (2009). Feature hashing for large scale multitask learning. *ICML*.
# - G. Appleyard, T. Kočiský, P. Blunsom (2016). Optimizing performance of recurrent neural networks on GPUs. *arXiv:1604.01946*. What cuDNN does.

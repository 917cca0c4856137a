# %% [markdown]
# # 09 · From raw text to batches
#
# Between a file of reviews and the first matrix product of a network stands a **pipeline**: it reads, cuts, cleans, splits, numbers,
# pads and groups. Nothing in it is deep, and much of what goes wrong with text models goes wrong here, without an error message. In
# this lesson you build the pipeline piece by piece with `tf.data`, try each piece on a toy, reproduce counts that were published for
# IMDB to the last digit, and then break it on purpose: half a tag, half a letter, padding on the wrong side, a lost mask.
#
# **You will be able to**
#
# 1. write a `tf.data` pipeline from raw text to padded batches of ids, and say what each step does to the shapes;
# 2. build a vocabulary with buckets for unknown words, and decode the ids of `keras.datasets.imdb`;
# 3. prove that a padded batch gives the same answers as the lone sentence, and find the layer that loses the mask when it doesn't;
# 4. measure how much of a batch is padding, and cut that down with length buckets;
# 5. say what becomes of empty text, of unknown words and of the wrong encoding.
#
# **Before this lesson:** lessons [01](01_one_hot_and_bag_of_words.ipynb) (tokens, vocabulary), [04](04_simple_rnn.ipynb) and
# [07](07_gru.ipynb) (recurrent layers). **Time:** about 60 minutes to read and try, 30 minutes for the exercises; on two cores all cells run in about
# 30 seconds on the embedded sample (`HUBS.md` names the machine that was measured),
# and in about 40 seconds on IMDB.

# %% [markdown]
# ## Settings and data
#
# The pipeline begins with raw text, so we take the training reviews as they lie in their file, in its order. A
# `tf.data.Dataset` is a sequence of elements that are made one after the other, when somebody asks for them; here an element is a
# review and its label. `tfds`, TensorFlow Datasets, reads the real file; on the sample, `from_tensor_slices` makes such a dataset out of
# a list.

# %%
import os

import keras
import numpy as np
import tensorflow as tf

from course_utils import plots, tables
from course_utils.claims import claim
from course_utils import paths
from course_utils.datasets import reviews

SEED = int(os.environ.get("COURSE_SEED", 0))
data = reviews.load(seed=SEED)
REAL = data.source == "real"
CUT, BATCH = 300, 32  # characters of a review; reviews in a batch
WORDS, BUCKETS = (10_000 if REAL else 2_000), 1_000  # ids for words, and for unknown words

# %%
if REAL:
    import tensorflow_datasets as tfds

    raw = tfds.load("imdb_reviews/plain_text:1.0.0", split="train", as_supervised=True,
                    data_dir=str(paths.data_dir()), download=False, shuffle_files=False)
else:
    raw = tf.data.Dataset.from_tensor_slices((data.train.texts, data.train.labels))
raw.element_spec

# %% [markdown]
# The specification says: two scalars, shape `()`, a string and a whole number. TensorFlow's strings are rows of bytes, not of letters.
# That will matter soon.

# %% [markdown]
# ## 1 · Cut, clean, split, one function at a time
#
# Each function gets a toy to play with: three texts, small enough to check by eye.

# %%
toy = tf.data.Dataset.from_tensor_slices([
    "It wasn't bad.<br /><br />It was BAD!!! (2/10)",
    "This movie was faaaaaantastic",
    "A naïve film"])
for text in toy:
    print(text.numpy())

# %% [markdown]
# The `b` in front says *bytes*. The letter `ï` takes two of them, because text is stored in **UTF-8**, where the letters of English, digits and punctuation take one byte and
# all other characters two to four.
#
# **Cut.** Long reviews cost time, and a beginning often tells enough. `tf.strings.substr` takes a piece. `map` applies a function to
# every element.

# %%
def cut(text, n):
    return tf.strings.substr(text, 0, n)  # the first n bytes


for text in toy.map(lambda text: cut(text, 18)):
    print(text.numpy())
print(cut("A naïve film", 5).numpy())

# %% [markdown]
# Two accidents happened. The tag of the first text was cut in half, and at five bytes the last text ends with half a letter. We
# leave them in for now, because the published counts have them too, and will see how much they matter.
#
# **Clean.** Line-break tags become a space, then everything that is neither a letter from a to z nor an apostrophe. Upper and
# lower case stay as they are.

# %%
def clean(text):
    text = tf.strings.regex_replace(text, r"<br\s*/?>", " ")
    return tf.strings.regex_replace(text, "[^a-zA-Z']", " ")


for text in toy.map(lambda text: clean(cut(text, 18))):
    print(text.numpy())

# %% [markdown]
# There is the price of the first accident: half a tag is no tag, so its `br` now passes for a word. And a letter with an accent is none from a to z, so *naïve* falls into *na* and *ve*. For English reviews that is bearable; for French ones the pattern would be wrong.
#
# **Split.** A list of texts becomes a list of lists of words, and these have different lengths. TensorFlow calls that a **ragged
# tensor**; its shape has a `None` where the length varies. To make a rectangle of it, the short rows are filled up with a special word,
# `<pad>`: that is **padding**.

# %%
tokens = tf.strings.split(clean(cut(list(toy), CUT)))  # (3, None) ragged
print(tokens.shape, tokens.row_lengths().numpy())
tokens.to_tensor(default_value="<pad>")

# %% [markdown]
# All three functions work on a whole batch of texts at once. So we group first, with `batch`, and map a batch at a time;
# section 10 measures what that saves.

# %%
def to_words(texts, labels):
    tokens = tf.strings.split(clean(cut(texts, CUT)))  # (batch, None)
    return tokens.to_tensor(default_value="<pad>"), labels  # (batch, longest)


word_batches = raw.batch(BATCH).map(to_words)
for words, labels in word_batches.take(3):
    print(words.shape, labels.shape)

# %% [markdown]
# Every batch is as wide as its longest review, no wider.

# %% [markdown]
# ## 2 · Count, and compare with what was published
#
# Now the words are counted over all batches, `<pad>` among them.

# %%
from collections import Counter

counts = Counter()
for words, _ in word_batches:
    counts.update(words.numpy().ravel().tolist())
print(f"{len(counts):,} distinct tokens")
counts.most_common(4)

# %% [markdown]
# How do we know that this is right? Count a second time, in another way: plain Python, one review at a time, and the padding by
# arithmetic. If the two ways agree on every word, an error would have to be in both. One thing needs care: a string of Python has no place for half a letter. With `surrogateescape`, `decode` puts a stand-in, a code between `\udc80` and `\udcff`, for each such byte, and `encode` turns it back.

# %%
import re


def plain(text, n=CUT):
    """Words of a review, given as bytes. Broken UTF-8 is kept as it is, as TensorFlow keeps it."""
    text = text[:n].decode("utf-8", "surrogateescape")
    text = re.sub(r"[^a-zA-Z'\udc80-\udcff]", " ", re.sub(r"<br\s*/?>", " ", text))
    return [word.encode("utf-8", "surrogateescape") for word in text.split()]


# %%
texts = [text for batch, labels in raw.batch(1000) for text in batch.numpy().tolist()]
by_hand = [plain(text) for text in texts]
recount = Counter(word for review in by_hand for word in review)
lengths = np.array([len(review) for review in by_hand])  # (reviews,)
batches = [lengths[i : i + BATCH] for i in range(0, len(lengths), BATCH)]
recount[b"<pad>"] = sum(len(b) * b.max() - b.sum() for b in batches)
claim("tokens that are counted differently by tf.data and by plain Python",
      sum((counts - recount).values()) + sum((recount - counts).values()), at_most=0)

# %% [markdown]
# On real IMDB there is a third witness. These counts have been published for the same steps (Géron 2019, in the notebook of chapter 16), and must come out to the digit. That of `<pad>` also needs the same order of reviews, for it depends on who shares a batch. A single wrong character in a regular expression would move them.

# %%
if REAL:
    claim("IMDB: distinct tokens, <pad> among them", len(counts), close_to=53_893, within=0.5)
    claim("IMDB: <pad>", counts[b"<pad>"], close_to=214_309, within=0.5)
    claim("IMDB: the", counts[b"the"], close_to=61_137, within=0.5)
    claim("IMDB: a", counts[b"a"], close_to=38_564, within=0.5)
halves = [text for text in texts if re.search(rb"<(b|br|br /?)?$", text[:CUT])]
broken = [word for word in counts if not re.fullmatch(rb"[a-zA-Z']+|<pad>", word)]
rows = [("distinct tokens", len(counts)), ("<pad>", counts[b"<pad>"]), ("the", counts[b"the"]),
        ("a", counts[b"a"]), ("reviews that end in half a tag", len(halves)),
        ("br, as a word", counts[b"br"]), ("words with half a letter", len(broken))]
tables.table("Tokens of the training reviews", [{"what": w, "count": n} for w, n in rows])

# %% [markdown]
# The last three lines are the accidents of section 1. Cutting first leaves some reviews with half a tag, and its letters end up in the
# vocabulary; on real IMDB, two of the published tokens contain half a letter. Cleaning first and cutting then would avoid the
# tags, at the price of cleaning text that nobody reads; cutting by letters rather than bytes, `substr(…, unit="UTF8_CHAR")`, would
# avoid the half letters. It is a small loss here. The point is that the pipeline never complained.

# %%
full = np.array([len(plain(text, None)) for text in texts])  # (reviews,): without the cut
figure, both = plots.figure(1, 2, size=(9.2, 3.2))
titles = (f"cut to {CUT} characters", "whole reviews")
for axes, n, title in zip(both, (lengths, full), titles):
    share = np.linspace(0, 100, len(n))
    axes.fill_between(share, np.sort(n), color=plots.BLUE, label="words")
    axes.fill_between(share, np.sort(n), n.max(), color=plots.ORANGE, alpha=0.4, label="padding")
    axes.set(title=title, xlabel="reviews, the shortest first, %", ylim=(0, None), xlim=(0, 100))
both[0].set_ylabel("length in words")
both[1].legend(loc="center left", frameon=False)
plots.show(figure,
           alt="""Two panels of review lengths, sorted from short to long. Below the curve the
                words, above it, up to the longest review, what padding to one length would
                add. With the cut many reviews come close to the longest, and words fill most of the
                area; whole reviews are mostly short, and most of the area is padding.""")

# %% [markdown]
# The figure shows what one common length would cost. With the cut, words fill most of the rectangle. Whole reviews have a long tail, and if all
# were padded to the length of the longest, the network would mostly read padding. Section 8 comes back to this.

# %% [markdown]
# ## 3 · Ids, and buckets for the unknown
#
# The most common tokens get a number, `<pad>` first, so that its id is 0. What the others get is up to a
# `StaticVocabularyTable`: it looks a word up in the list, and sends every other word to one of 1,000 **buckets**, numbers after those
# of the list. Which bucket is decided by a **hash**, a number that is computed from the letters: the same on every machine, and without any
# order to it.

# %%
assert counts.most_common(1)[0][0] == b"<pad>"
vocabulary = [word for word, n in counts.most_common(WORDS)]
entries = tf.lookup.KeyValueTensorInitializer(vocabulary, np.arange(WORDS, dtype=np.int64))
table = tf.lookup.StaticVocabularyTable(entries, num_oov_buckets=BUCKETS)
sentence = tf.strings.split("This movie was faaaaaantastic")
ids = table.lookup(sentence).numpy()
ids

# %%
known = [vocabulary.index(word) for word in (b"This", b"movie", b"was")]
claim("known words get their place in the list (largest difference)",
      abs(ids[:3] - known).max(), at_most=0)
claim("the bucket of faaaaaantastic, on every machine", ids[3] - WORDS, close_to=53, within=0.5)
if REAL:
    for word, i, published in zip(sentence.numpy(), ids, (22, 12, 11, 10_053)):
        claim(f"IMDB: the id of {word.decode()}", i, close_to=published, within=0.5)

# %% [markdown]
# Why buckets? With only one, all unknown words would look the same. With a thousand, two given words share one only once in a thousand times, so that a model can
# tell most pairs of rare words apart. But there are more unknown words than buckets, so each bucket is a small crowd. How many words are unknown here, and how crowded are the
# buckets?

# %%
rest = list(set(counts) - set(vocabulary))
buckets = table.lookup(tf.constant(rest)).numpy() - WORDS  # (unknown words,)
crowd = np.bincount(buckets, minlength=BUCKETS)  # (buckets,): how many share it
share = sum(counts[word] for word in rest) / (counts.total() - counts[b"<pad>"])
print(f"{len(rest):,} words outside of the list make up {100 * share:.1f} % of the running text")
print(f"words in a bucket: {crowd.mean():.1f} on average, {crowd.max()} at most")
print(f"with one bucket: all {len(rest):,} in the same")

# %% [markdown]
# Words outside of the list are many and each of them is rare. What a bucket learns is what its few words have in common, which is little; on all of IMDB some forty words share each. The pipeline is now complete: texts go in, ids come out.
#
# The list was made from the training reviews, and stays as it is: validation and test reviews go through the same table, and their new words into the buckets. The ids run from 0 to `WORDS + BUCKETS - 1`, so an
# embedding for them needs `WORDS + BUCKETS` rows.

# %%
def to_ids(texts, labels):
    tokens = tf.strings.split(clean(cut(texts, CUT)))  # (batch, None) strings
    return table.lookup(tokens).to_tensor(), labels  # (batch, longest) ids, padded with 0


id_batches = raw.batch(BATCH).map(to_ids)
first_ids, first_labels = next(iter(id_batches))
print(first_ids.shape, first_ids.dtype.name)

# %%
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

kind = np.select([first_ids == 0, first_ids >= WORDS], [0, 2], 1)  # (batch, longest)
names, shades = ("padding", "known word", "unknown word"), ("#e4e4e4", plots.BLUE, plots.ORANGE)
figure, axes = plots.figure(size=(8.6, 4.2))
axes.pcolormesh(kind[::-1], cmap=ListedColormap(shades), vmin=0, vmax=2, edgecolors="white",
                linewidth=0.3)
axes.set(title="A batch: 32 reviews, padded on the right to the longest",
         xlabel="position in the review", ylabel="review", yticks=[])
axes.legend([Patch(color=shade) for shade in shades], names, frameon=False, ncols=3,
            loc="upper center", bbox_to_anchor=(0.5, -0.14))
plots.show(figure,
           alt="""Grid of 32 rows, one a review. Each row begins with coloured cells, its
                words, a few of them unknown words in another colour, and ends with grey
                cells, the padding. Rows differ in how much of them is grey.""")

# %% [markdown]
# ## 4 · Other people's ids: `keras.datasets.imdb`
#
# Many examples on the web begin with `keras.datasets.imdb.load_data()`, which gives lists of ids and no text. What do they say? Their
# convention differs from ours: 0 is padding, 1 marks the **start** of a review, 2 stands for all unknown words, 3 is never used, and a word's id is its
# rank in a **word index** plus 3. The index is a file of its own, and it doesn't know about the offset.
#
# Keras's reviews themselves come as an array of Python lists, stored as a *pickle*. Reading a pickle runs whatever its author put
# into it, so this course opens none that it hasn't written. The first ten ids of the first review are enough for us; on the sample we
# make an index of our own in the same convention, and ids by it.

# %%
index = reviews.load_word_index()  # {word: rank from 1}, or None
review = [1, 14, 22, 16, 43, 530, 973, 1622, 1385, 65]
expected = "<sos> this film was just brilliant casting location scenery story"
if index is None:
    lower = Counter(word.decode().lower() for review in by_hand for word in review)
    index = {word: rank for rank, (word, n) in enumerate(lower.most_common(), start=1)}
    text = "the film was brilliant and the cast superb"
    review = [1] + [index[word] + 3 for word in text.split()]
    expected = f"<sos> {text}"
review

# %%
wrong = {rank: word for word, rank in index.items()}
right = {rank + 3: word for word, rank in index.items()} | {0: "<pad>", 1: "<sos>", 2: "<oov>"}
print("without the offset:", " ".join(wrong[i] for i in review))
print("with the offset:   ", " ".join(right.get(i, "?") for i in review))
claim("words of the first review that are decoded otherwise than expected",
      sum(right[i] != word for i, word in zip(review, expected.split(), strict=True)), at_most=0)

# %% [markdown]
# Without the offset every id still gives a word, so nothing fails, and the text is nonsense. A model that was trained on shifted ids learns as
# well as before, because ids are only names; the damage comes on the day when your own text is encoded for it. Whenever ids come from
# elsewhere, decode a few of them and read.

# %% [markdown]
# ## 5 · Padding: which side, and what the last state sees
#
# Numbers in rows of different lengths are no matrix, so rows are filled up. By hand that is a matrix of zeros into which each row is
# written, at its beginning or at its end.

# %%
rows = [[5, 6, 7], [8, 9], [4]]
padded = {side: np.zeros((len(rows), 3), dtype=int) for side in ("right", "left")}
for i, row in enumerate(rows):
    padded["right"][i, : len(row)] = row
    padded["left"][i, 3 - len(row) :] = row
padded

# %%
from course_utils.text import pad

by_keras = keras.utils.pad_sequences(rows)  # (3, 3)
print("Keras pads on the", "left" if (by_keras == padded["left"]).all() else "right")
print("and of a longer row it keeps", keras.utils.pad_sequences([[1, 2, 3, 4]], maxlen=2)[0])
difference = max(abs(pad(rows, side=side) - padded[side]).max() for side in padded)
claim("course_utils.text.pad gives the matrices made by hand (largest difference)", difference,
      at_most=0)

# %% [markdown]
# Unless told otherwise, `keras.utils.pad_sequences` pads on the left, and of a longer review it keeps the *end*. `to_tensor` and
# `padded_batch` of `tf.data` pad on the right. Does the side matter? For a recurrent layer it does. It reads on through the padding, step by step, and a
# padded step changes the state like any other. We take an untrained GRU and one sentence, and ask how far its last state moves when padding is
# added.

# %%
keras.utils.set_random_seed(SEED)
wide = keras.initializers.RandomNormal(stddev=1.0)
vectors = keras.layers.Embedding(50, 16, embeddings_initializer=wide)
gru = keras.layers.GRU(16)
sentence = np.array([[12, 7, 31, 4, 25, 9, 18, 40]])  # (1, time): eight words
alone = gru(vectors(sentence))  # (1, units)
paddings = [0, 1, 2, 4, 8, 16, 32]

# %%
def moved(side, masked):
    path = []
    for n in paddings:
        row = pad([sentence[0]], 8 + n, side)  # (1, 8 + n)
        mask = tf.constant(row != 0) if masked else None
        path.append(float(tf.norm(gru(vectors(row), mask=mask) - alone)))
    return np.array(path) / float(tf.norm(alone))


moves = {(side, masked): moved(side, masked)
         for side in ("right", "left") for masked in (False, True)}

# %%
figure, axes = plots.figure(size=(6.8, 3.4))
styles = {("right", False): (plots.RED, "o-", "right"),
          ("left", False): (plots.BLUE, "s-", "left"),
          ("right", True): (plots.BLACK, "--", "either side, with a mask")}
for key, (colour, style, name) in styles.items():
    axes.plot(paddings, moves[key], style, color=colour, label=name)
axes.set(title="How far padding moves the last state",
         xlabel="padded steps around a sentence of eight words",
         ylabel="distance ÷ length\nof the lone state")
axes.legend(title="padding on the", frameon=False)
plots.show(figure,
           alt="""Distance of the last state from that of the lone sentence against the number of
                padded steps. With padding on the right it is large from the start, with
                padding on the left it is much smaller, with a mask it is zero.""")

# %%
claim("32 steps of padding on the right move the last state by at least half its length",
      moves["right", False][-1], at_least=0.5)
claim("on the left they move it less: share of what they move it on the right",
      moves["left", False][-1] / moves["right", False][-1], at_most=0.3)
claim("with a mask they do not move it, on whichever side",
      max(moves["right", True].max(), moves["left", True].max()), at_most=1e-6)

# %% [markdown]
# On the right, the padding is the last thing that the layer reads, and the state ends up where the padding drives it. On the left, the words come last,
# and eight words wash out most of what the padding had written into the state. That is why so many old examples pad on the left. The third curve
# makes the question go away, and is the subject of the next section.
#
# It leaves one reason to choose: on a GPU, Keras hands LSTM and GRU to NVIDIA's cuDNN library, which knows sequences by their lengths and
# so wants all padding on the right, and no row of padding only. By Keras's source, `fit` and `predict` stop there with an error if the mask is another one (this course has not tried it). Pad on the right, with a mask.

# %% [markdown]
# ## 6 · The mask
#
# A **mask** says which steps are real: `True` for a word, `False` for padding. At a step that is not real, a recurrent layer keeps the
# old state. With $m_t \in \{0, 1\}$ and the state $\tilde h_t$ that the cell would have written:
#
# $$h_t = m_t\,\tilde h_t + (1 - m_t)\,h_{t-1}$$
#
# `Embedding(…, mask_zero=True)` computes the mask, `ids != 0`, and fastens it to its output, where the next layer finds it. This is
# why id 0 must be padding and nothing else.

# %%
embedding = keras.layers.Embedding(50, 8, mask_zero=True)
embedded = embedding(pad([[12, 7, 31], [4]]))  # (2, 3, 8)
print(embedding.compute_mask(pad([[12, 7, 31], [4]])).numpy())
print("fastened to the output:", getattr(embedded, "_keras_mask", None) is not None)

# %% [markdown]
# What does it cost to leave it out? We let two small networks learn an easy task, with and without a mask. Sentences have two to eight
# words, drawn at random, and the last word, *good* or *bad*, is the label. All are padded on the right to 40 steps.

# %%
rng = np.random.default_rng(SEED)
y = rng.integers(2, size=600)  # (sentences,)
sentences = [[*rng.integers(3, 20, size=rng.integers(1, 8)), 1 + label] for label in y]
x = pad(sentences, 40)  # (sentences, 40); 1 is bad, 2 is good, 3 … 19 are other words


def trained(mask_zero):
    keras.utils.set_random_seed(SEED)
    model = keras.Sequential([keras.layers.Embedding(20, 8, mask_zero=mask_zero),
                              keras.layers.SimpleRNN(16),
                              keras.layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", jit_compile=False)
    model.fit(x[:400], y[:400], batch_size=50, epochs=8, verbose=0)
    return model


# %%
models = {"with a mask": trained(True), "without a mask": trained(False)}
widths = [8, 12, 20, 40, 80]
accuracy = {name: [np.mean((model(pad(sentences[400:], n)).numpy()[:, 0] > 0.5) == y[400:])
                   for n in widths] for name, model in models.items()}

# %%
figure, axes = plots.figure(size=(6.8, 3.2))
for (name, scores), style in zip(accuracy.items(), ("o-", "s--")):
    axes.plot(widths, scores, style, label=name)
axes.axvline(40, color="black", linewidth=0.8, linestyle=":")
axes.text(41, 0.3, "padded as\nin training", va="bottom")
axes.set(title="The same sentences, padded to another length", ylim=(0.25, 1.05),
         xlabel="steps after padding on the right", ylabel="accuracy")
axes.legend(frameon=False, loc="lower right")
plots.show(figure,
           alt="""Accuracy on unseen sentences against the length they are padded to. With a
                mask it is one for every length. Without a mask it is high at 40 steps, the
                length of the training, and falls for shorter or longer padding.""")

# %% [markdown]
# Without a mask the network has to carry the last word through all the padding, over more than thirty steps, which lesson 05 found hard. From many starts it never learns that. In the run stored here it did, but it learned to answer *after just that much
# padding*: when the width changes, so do its answers. That is the treacherous thing about a missing mask: training and validation, padded
# alike, look fine, and the first lone sentence of a user gets nonsense.

# %%
def gap(model, width=40, n=20):
    """Largest difference between the prediction of a lone sentence and in a padded batch."""
    batch = model(pad(sentences[400 : 400 + n], width)).numpy()  # (n, 1)
    lone = [model(np.array([s])).numpy()[0] for s in sentences[400 : 400 + n]]
    return abs(batch - lone).max()


claim("with a mask, a lone sentence and its row in a padded batch are predicted alike",
      gap(models["with a mask"]), at_most=1e-6)
claim("without one, the largest difference between the two predictions",
      gap(models["without a mask"]), at_least=0.2)
claim("accuracy with a mask, at every width", min(accuracy["with a mask"]), at_least=0.97)
others = [a for n, a in zip(widths, accuracy["without a mask"]) if n != 40]
claim("mean accuracy without a mask, at widths that it was not trained with", np.mean(others),
      at_most=0.75)

# %% [markdown]
# The first of these claims is a test that belongs in every project with padded text: *a padded batch gives the same answers as the lone
# sentence*. It takes three lines, and it finds whatever part of a model looks at padding.

# %% [markdown]
# ## 7 · What carries the mask, and what loses it
#
# The mask travels from layer to layer, fastened to the output, for as long as each layer passes it on. Which layers do? We ask them. Each
# is given a padded batch with its mask. We look whether the output still has one, whether Keras warned, and whether padding shows in the
# end: the output goes into a GRU if it is still a sequence, and the padded row is compared with the lone sentence.

# %%
from keras import layers

batch_ids = pad([[3, 5, 9, 2, 6, 8], [7, 4, 11]])  # (2, 6): the second row is padded
candidates = {
    "Dense": layers.Dense(8), "Dropout": layers.Dropout(0.2),
    "LayerNormalization": layers.LayerNormalization(),
    "GRU, return_sequences": layers.GRU(8, return_sequences=True),
    "Bidirectional, return_sequences": layers.Bidirectional(layers.GRU(4, return_sequences=True)),
    "GRU, the last state": layers.GRU(8), "Conv1D": layers.Conv1D(8, 3, padding="same"),
    "GlobalAveragePooling1D": layers.GlobalAveragePooling1D(),
    "GlobalMaxPooling1D": layers.GlobalMaxPooling1D(),
    "Lambda": layers.Lambda(lambda v: 2 * v), "keras.ops.tanh(x)": keras.ops.tanh,
    "2 * x": lambda v: 2 * v}

# %%
import warnings


def examine(name, layer):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        output, alone = layer(embedding(batch_ids)), layer(embedding(batch_ids[1:, :3]))
        kept = getattr(output, "_keras_mask", None) is not None
        if len(output.shape) == 3:
            output, alone = reader(output), reader(alone)  # (batch, units)
    return {"layer": name, "passes the mask on": "yes" if kept else "no",
            "warns": "yes" if any("mask" in str(w.message) for w in caught) else "no",
            "padding moves the result by": float(abs(output[1] - alone[0]).numpy().max())}

# %%
keras.utils.set_random_seed(SEED)
embedding = layers.Embedding(50, 8, mask_zero=True, embeddings_initializer=wide)
reader = layers.GRU(8)
found = tables.table("Layers and the mask", [examine(*pair) for pair in candidates.items()])
found

# %%
shift = dict(zip(candidates, found.values("padding moves the result by")))
safe = [*list(candidates)[:6], "GlobalAveragePooling1D"]
lost = [name for name in candidates if name not in safe]
claim("layers that use the mask or pass it on: padding moves the result by at most",
      max(shift[name] for name in safe), at_most=1e-6)
claim("the other five: it moves the result by at least", min(shift[name] for name in lost),
      at_least=0.05)

# %% [markdown]
# There are three kinds. Layers that treat every step by itself, and recurrent layers that return sequences, **pass the mask on**. Layers that
# end the sequence, such as a GRU's last state or `GlobalAveragePooling1D`, **use it up**; nothing is left to pass on, and that is right. The
# other five **lose it**. `Conv1D`, `GlobalMaxPooling1D` and `Lambda` at least warn. The last two lines of the table are the dangerous ones: a function
# of `keras.ops` or plain arithmetic between two layers drops the mask *without a word*, and the GRU behind it reads the padding.
#
# `Flatten` loses it as well, and its width depends on the padding, so a padded row does not even have the lone sentence's shape. For inputs that are
# numbers rather than ids there is `layers.Masking`, which masks the steps in which all features are zero.
#
# The remedy is to carry the mask by hand where the chain breaks: keep it, and give it to the next layer that needs it.

# %%
def repaired(ids):
    mask = embedding.compute_mask(ids)  # (batch, time)
    h = keras.ops.tanh(embedding(ids))  # (batch, time, 8): its mask is lost here
    return reader(h, mask=mask).numpy()


def max_over_words(ids):
    mask = embedding.compute_mask(ids)[:, :, None]  # (batch, time, 1)
    return keras.ops.max(keras.ops.where(mask, embedding(ids), -np.inf), axis=1).numpy()


rescued = max(abs(f(batch_ids)[1] - f(batch_ids[1:, :3])[0]).max()
              for f in (repaired, max_over_words))
claim("with the mask carried by hand, padding moves neither result", rescued, at_most=1e-6)

# %% [markdown]
# `max_over_words` is what `GlobalMaxPooling1D` should have done: padded steps are set to minus infinity, so that none of them can be the
# largest. [Lesson 10](10_imdb_sentiment.ipynb) needs it.

# %% [markdown]
# ## 8 · Length buckets
#
# A mask makes padding harmless, not free: the layer still computes every step. How much of the work is for nothing? The **waste** is the
# share of padding among all places of the batches. We take whole reviews now, without the cut, and batch them in four ways: padded to
# one length for all; each batch to its own longest; sorted by length; and grouped into **length buckets**, where a batch is drawn from
# reviews of about the same length.

# %%
n = full[:6000]  # (reviews,): lengths in words


def in_batches(lengths):
    return [lengths[i : i + BATCH] for i in range(0, len(lengths), BATCH)]


edges = np.unique(np.quantile(n, np.linspace(0, 1, 11)[1:-1]).astype(int))  # ten equal parts
bucket = np.digitize(n, edges)  # (reviews,): edges[bucket - 1] <= length < edges[bucket]
grouped = [b for k in range(len(edges) + 1) for b in in_batches(n[bucket == k])]
print("edges of the buckets:", edges)

# %%
def waste(batches, width=None):
    places = sum(len(b) * (width or b.max()) for b in batches)
    return 1 - sum(b.sum() for b in batches) / places


wasted = {"one length for all": waste(in_batches(n), n.max()),
          "each batch to its longest": waste(in_batches(n)),
          "length buckets": waste(grouped), "sorted by length": waste(in_batches(np.sort(n)))}
tables.table("Share of padding in batches of whole reviews",
              [{"batches": name, "waste": share} for name, share in wasted.items()])

# %%
figure, panels = plots.figure(1, 3, size=(9.4, 3.0), sharey=True)
shown = {"one length for all": (in_batches(n), n.max()),
         "each batch to its longest": (in_batches(n), None), "length buckets": (grouped, None)}
for axes, (name, (batches, width)) in zip(panels, shown.items()):
    batches = batches[:: len(batches) // 60]  # at least 60 of them, evenly spread
    words = np.array([b.mean() for b in batches])  # height of the words in a block
    height = np.array([width or b.max() for b in batches])
    axes.bar(range(len(batches)), words, width=1, color=plots.BLUE, label="words")
    axes.bar(range(len(batches)), height - words, width=1, bottom=words,
             color=plots.ORANGE, alpha=0.5, label="padding")
    axes.set(title=f"{name}: {100 * wasted[name]:.0f} %", xlabel="batch", xticks=[])
panels[0].set_ylabel("steps")
panels[2].legend(frameon=False, loc="upper left")
plots.show(figure,
           alt="""Three panels of sixty to a hundred batches each, drawn as blocks as high as the batch
                is long, the words in one colour and the padding in another. With one length
                most is padding, with batches padded to their longest still
                most; with length buckets the padding is a thin layer, but for the longest
                reviews.""")

# %%
claim("waste with one length for all", wasted["one length for all"], at_least=0.7)
claim("waste in length buckets, as a share of the waste in batches as they come",
      wasted["length buckets"] / wasted["each batch to its longest"], at_most=0.5)

# %% [markdown]
# One long review makes its whole batch long. In buckets the long ones are among themselves. Sorting wastes least of all, but then every
# epoch sees the same batches, and each holds reviews of one length; if length says something about the label, a batch is a biased sample.
# Buckets leave some chance in, and `tf.data` has them: `bucket_by_sequence_length` fills a bucket as reviews come along, and lets a
# batch go whenever one is full.

# %%
def whole(text, label):
    return table.lookup(tf.strings.split(clean(text))), label  # (time,): one review


singles = raw.map(whole).take(512).cache()
longest = max(len(ids) for ids, label in singles)
lanes = {
    "one length for all": singles.padded_batch(BATCH, padded_shapes=([longest], [])),
    "each batch to its longest": singles.padded_batch(BATCH),
    "length buckets": singles.bucket_by_sequence_length(
        lambda ids, label: tf.shape(ids)[0], edges.tolist(), [BATCH] * (len(edges) + 1))}
print([ids.shape.as_list() for ids, label in lanes["length buckets"].take(4)])

# %% [markdown]
# Is less padding less work? A GRU reads 512 whole reviews in each of the three ways. We count the steps that it takes, padding included, and
# measure seconds of the processor rather than of the clock, which other programs would disturb. `@tf.function` turns `read` into a TensorFlow graph, as `fit` does with a model; the signature says that batches of any size and width may come, so that one graph does for all.

# %%
import time

reader = keras.Sequential([layers.Embedding(WORDS + BUCKETS, 16, mask_zero=True), layers.GRU(16)])


@tf.function(input_signature=[tf.TensorSpec((None, None), tf.int64)])
def read(ids):
    return reader(ids)


def cpu_seconds(work, *inputs):
    start = time.process_time()
    work(*inputs)
    return time.process_time() - start


def read_all(batches):
    for ids, _ in batches:
        read(ids)

# %%
read(tf.zeros((2, 3), tf.int64))  # the first call builds the graph
spent = {name: cpu_seconds(read_all, batches) for name, batches in lanes.items()}
steps = {name: sum(int(tf.size(ids)) for ids, label in batches)
         for name, batches in lanes.items()}

# %%
claim("one length for all takes this many times the steps of length buckets",
      steps["one length for all"] / steps["length buckets"], at_least=2.5)
tables.table("A GRU reads 512 whole reviews", [
    {"batches": name, "steps": steps[name], "CPU seconds": seconds}
    for name, seconds in spent.items()])

# %% [markdown]
# The steps are what the padding costs. How far the seconds follow them depends on the machine; section 12 has them for IMDB. The model, the
# reviews and the answers are the same; only the order of the reviews differs.

# %% [markdown]
# ## 9 · Shuffle, cache, prefetch: the order matters
#
# Three more steps finish a training pipeline. `shuffle(b)` keeps a buffer of `b` elements and draws from it; `cache()` remembers what came by in the
# first epoch; `prefetch` prepares the next batch while the model is busy with this one. Toys first.

# %%
tf.random.set_seed(SEED)
numbers = tf.data.Dataset.range(12)
print("buffer 3: ", [int(i) for i in numbers.shuffle(3, seed=SEED)])
print("buffer 12:", [int(i) for i in numbers.shuffle(12, seed=SEED)])

# %% [markdown]
# With a buffer of three the first number can only be 0, 1 or 2: the list is stirred a little, not shuffled. If a file has all positive reviews
# first, a small buffer gives batches of positive reviews. The buffer must be as large as the data, or the file in a random order.

# %%
hundred = tf.data.Dataset.range(100)
shuffled_first = hundred.shuffle(100, seed=SEED).cache()
cached_first = hundred.cache().shuffle(100, seed=SEED)


def same_order_twice(dataset):
    first, second = ([int(i) for i in dataset] for epoch in range(2))
    return np.mean(np.array(first) == np.array(second))


claim("shuffled, then cached: share of places that are the same in the second epoch",
      same_order_twice(shuffled_first), at_least=1)
claim("cached, then shuffled: share that is the same by chance", same_order_twice(cached_first),
      at_most=0.1)

# %% [markdown]
# A cache behind the shuffling freezes the order of the first epoch for good. So: first whatever is the same in every epoch (read, clean, number),
# then `cache`, then what is to be new each time (`shuffle`, `batch`), and `prefetch` last. To see what that one does, let a source keep
# a list of what it has made, and look at each step of a model, here a nap, how far the source is ahead. TensorFlow adds a `prefetch` of
# its own to a pipeline that ends without one, so for the comparison that has to be switched off.

# %%
made = []


def source():
    for i in range(10):
        made.append(i)
        yield i


def ahead(dataset):
    """How many elements, at most, are ready before the model asks for them."""
    made.clear()
    lead = []
    for used, _ in enumerate(dataset, start=1):
        time.sleep(0.03)  # the step of a model
        lead.append(len(made) - used)
    return max(lead)


# %%
options = tf.data.Options()
options.experimental_optimization.inject_prefetch = False
plain_source = tf.data.Dataset.from_generator(
    source, output_signature=tf.TensorSpec((), tf.int32)).with_options(options)
claim("without prefetch: elements made before they are asked for", ahead(plain_source), at_most=0)
claim("with prefetch(2): the most elements made in advance", ahead(plain_source.prefetch(2)),
      at_least=1)

# %% [markdown]
# Without it the two take turns: the source rests while the model works, and the model waits while the source makes the next element. With it, the
# next elements are ready when the model asks, and an epoch takes as long as the slower of the two instead of the sum. All together, as a function that
# later lessons can copy. It takes one liberty: it batches first, because mapping batches is faster (section 10), and shuffles whole batches. So the same 32
# reviews stay together in every epoch. That is harmless where the file is in random order, as here; where it is sorted, shuffle single reviews before `batch`.

# %%
def pipeline(raw, shuffle):
    ids = raw.batch(BATCH).map(to_ids, num_parallel_calls=tf.data.AUTOTUNE).cache()
    if shuffle:  # whole batches change places; cheap, and often enough
        ids = ids.shuffle(len(raw) // BATCH + 1, seed=SEED)
    return ids.prefetch(tf.data.AUTOTUNE)


for ids, labels in pipeline(raw, shuffle=True).take(2):
    print(ids.shape, labels.shape)

# %% [markdown]
# ## 10 · How fast is it?
#
# Four ways from the same raw texts to numbers: our pipeline with a batch to a `map`; the same with one review at a time; Keras's
# `TextVectorization` layer, given our cleaning and our vocabulary; and scikit-learn's `CountVectorizer`, in plain Python, which counts
# words and forgets their order. A fifth line of the table is the first way once more, in its second epoch, from the cache. Comparing speeds makes sense only if the work is the same, so that comes first. `TextVectorization` keeps 0 for padding and 1, `[UNK]`, for all unknown words, so a known word has our number plus one.

# %%
from sklearn.feature_extraction.text import CountVectorizer

known = vocabulary[1:]  # without <pad>
layer = layers.TextVectorization(standardize=lambda t: clean(cut(t, CUT)), split="whitespace",
                                 vocabulary=[word.decode("utf-8", "replace") for word in known])
counter = CountVectorizer(analyzer=lambda text: plain(text.encode()), vocabulary=known)

# %%
ours = id_batches.take(20).map(lambda ids, labels: ids)
theirs = raw.batch(BATCH).take(20).map(lambda texts, labels: layer(texts))
differ = n_known = 0
for a, b in zip(ours, theirs):
    in_list = (a > 0) & (a < WORDS)  # (batch, longest)
    differ += int(np.sum(a.numpy()[in_list] + 1 != b.numpy()[in_list]))
    n_known += int(np.sum(in_list))
claim("known words whose number in TextVectorization is not ours plus one", differ,
      at_most=0)
claim("known words in these reviews that CountVectorizer counts in addition, or misses",
      abs(counter.transform(texts[: 20 * BATCH]).sum() - n_known), at_most=0)

# %%
m = min(len(texts), 5000)
some = tf.data.Dataset.from_tensor_slices((texts[:m], np.zeros(m, int)))
one_by_one = some.map(lambda t, y: (table.lookup(tf.strings.split(clean(cut(t, CUT)))), y))
keras_way = some.batch(BATCH).map(lambda t, y: layer(t))
ready = some.batch(BATCH).map(to_ids).cache()
ways = {
    "tf.data, a batch to a map": some.batch(BATCH).map(to_ids),
    "tf.data, one review to a map": one_by_one.padded_batch(BATCH),
    "TextVectorization": keras_way, "tf.data, second epoch from cache": ready}
list(ready)  # the first epoch fills the cache
seconds = {name: cpu_seconds(list, way) for name, way in ways.items()}
seconds["CountVectorizer"] = cpu_seconds(counter.transform, texts[:m])
tables.table("Reviews a CPU second", [{"way": name, "reviews": round(m / t)}
                                       for name, t in seconds.items()])

# %% [markdown]
# These are the seconds of one run on your machine; section 12 compares the ways by recorded runs. The Keras layer is built from the same operations
# as ours; its advantage is that it can be saved inside the model, if `standardize` is a function registered with
# `keras.saving.register_keras_serializable` and not a lambda as here.

# %% [markdown]
# ## 11 · Odd texts
#
# Users send empty boxes, other alphabets and files in the wrong encoding. What becomes of them?

# %%
odd = ["", "10/10 !!!", "xqzt vvwq", "A fine film"]
odd_ids, _ = to_ids(tf.constant(odd), 0)
print(odd_ids.numpy())

# %% [markdown]
# Two texts without a single letter give rows of padding only: their mask has no `True` at all. Words outside of the list go to their
# buckets and are otherwise treated like any others; on the sample, whose list is short, even *fine* is one of them. What do layers make of a row without words?

# %%
state = reader(odd_ids).numpy()  # (4, 16): the GRU of section 8, with mask
average = keras.Sequential([layers.Embedding(WORDS + BUCKETS, 16, mask_zero=True),
                            layers.GlobalAveragePooling1D()])
mean = average(odd_ids).numpy()  # (4, 16)
claim("a GRU's state after a row without words (largest entry)", abs(state[:2]).max(), at_most=0)
claim("GlobalAveragePooling1D of a row without words: share of NaN", np.isnan(mean[:2]).mean(),
      at_least=1)

# %% [markdown]
# The GRU keeps its first state, zero, and answers with whatever its output layer says to zeros: a guess without evidence, but a number. The masked
# average divides by the number of words, zero by zero, and gives **NaN**, "not a number". One such row in a training batch turns the loss into NaN, and with
# the next step the weights. Exercise 4 mends that. It can be worse: if *all* texts of a batch are empty, the batch has no steps.

# %%
nothing, _ = to_ids(tf.constant([""]), 0)
print("shape of a batch of one empty text:", nothing.shape)
try:
    reader(nothing)
except tf.errors.InvalidArgumentError as error:
    print("GRU:", type(error).__name__)
one_step = tf.pad(nothing, [[0, 0], [0, 1]])  # one column of padding more: (1, 1)
print("with a column of padding:", reader(one_step).numpy().shape)

# %% [markdown]
# One more column of padding, which the mask hides anyway, is enough on a CPU. On a GPU a row of padding only is refused (section 5). What works everywhere
# is to give an empty text one word that stands for nothing, say `<empty>`: it falls into a bucket, like any word that nobody has seen.
#
# Last, the wrong encoding. This is
# *un café noir*, written in Latin-1, where é is a single byte, and read as if it were UTF-8.

# %%
latin = b"un caf\xe9 noir"
print("cleaned:  ", tf.strings.split(clean(latin)).numpy())
try:
    tf.strings.unicode_transcode(latin, "UTF-8", "UTF-8", errors="strict")
except tf.errors.InvalidArgumentError:
    print("strict:    refused")
mended = tf.strings.unicode_transcode(latin, "ISO-8859-1", "UTF-8")
print("converted:", mended.numpy().decode())

# %% [markdown]
# TensorFlow's regular expressions let a byte that is not UTF-8 pass: it matches no letter and no non-letter. So the half letters of section 2
# survived, and a file in the wrong encoding would slip through, with a vocabulary full of words that exist nowhere else. `unicode_transcode` with
# `errors="strict"` stops such a text. Put it first where data comes from outside; and if you know the encoding, convert.

# %% [markdown]
# ## 12 · The same lesson on all of IMDB
#
# These tables come from the record of runs of this notebook on the 25,000 real training reviews. The counts do not depend on the
# seed; the first four are those that were published.

# %% tags=["recorded"]
tables.recorded("09_text_pipeline", "Tokens of the training reviews")

# %% tags=["recorded"]
imdb = tables.recorded("09_text_pipeline", "Share of padding in batches of whole reviews")
figure, axes = plots.figure(size=(6.6, 2.6))
axes.barh([row["batches"] for row in imdb.rows], imdb.values("waste"), color=plots.ORANGE)
plots.label_bars(axes)
axes.set(title="Padding in batches of whole IMDB reviews", xlabel="share of padding",
         xlim=(0, 1.1))
axes.invert_yaxis()
plots.show(figure,
           alt="""Horizontal bars of the share of padding on IMDB, from the record: most with one
                length for all, less when each batch is padded to its longest, far less in
                buckets, least when sorted.""")

# %% tags=["recorded"]
tables.recorded("09_text_pipeline", "A GRU reads 512 whole reviews")

# %% tags=["recorded"]
speed = tables.recorded("09_text_pipeline", "Reviews a CPU second")
batches, reviews, _, cached, _ = speed.values("reviews")
claim("on record: reviews a CPU second, a batch to a map against one review to a map",
      batches / reviews, at_least=2)
claim("on record: reviews a CPU second, second epoch from cache against the first",
      cached / batches, at_least=4)
speed

# %% [markdown]
# Real reviews have a longer tail than the sample's: with one length for all, most of a batch is padding. Buckets leave a small part of what batches as they come would waste. With fewer steps
# the GRU also needs fewer CPU seconds. Mapping batches is several times as fast as mapping reviews, and the cache is far faster than both.

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: words_of
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `words_of(text, n)` in plain Python, for a string: cut to `n` characters, *then* turn line-break tags
# (`<br>`, `<br/>`, `<br />`) into spaces, then everything but letters a–z, A–Z and apostrophes, then split. Upper and lower case stay. Give a list.
#
# <details><summary>Hint 1</summary>A string is cut with <code>text[:n]</code>; a pattern is replaced with <code>re.sub(pattern, " ", text)</code>.</details>
# <details><summary>Hint 2</summary>Take the tags out before the punctuation: once <code>&lt;</code> and <code>&gt;</code> are gone, nobody can tell a tag from a word.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
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

# %% tags=["wrong"] message="tags before the punctuation"
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

# %% [raw]
# # BEGIN TESTS

# %%
def test_words_of(words_of):
    got = words_of("Good.<br />Not BAD!", 100)
    assert "br" not in got, f"'Good.<br />Not BAD!' gave {got}: 'br' is a tag; take out the tags before the punctuation"
    assert got != ["good", "not", "bad"], "the words must keep upper case as it is"
    assert got == ["Good", "Not", "BAD"], f"'Good.<br />Not BAD!' must give Good, Not, BAD; you gave {got}"
    got = words_of("wasn't", 100)
    assert got == ["wasn't"], f"an apostrophe belongs to the word: wasn't must stay whole, you gave {got}"
    got = words_of("one<br />two three", 12)
    assert got == ["one", "two"], f"the first 12 characters of 'one<br />two three' are 'one<br />two', you gave {got}: cut first, then clean"

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

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: decode_ids
# points: 1

# %% [markdown]
# **Exercise 2.** Write `decode_ids(ids, index)` for ids in Keras's convention: a string of words with a space between. `index` is
# the word index, `{word: rank}`. Padding (0) and start (1) are left out, unknown words (2) become `<oov>`.
#
# <details><summary>Hint 1</summary>Turn the index round first: <code>{rank + 3: word …}</code>.</details>
# <details><summary>Hint 2</summary>Then add 2 to the dictionary, and skip 0 and 1 while you go through the ids.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def decode_ids(ids, index):
    """Text of Keras's `ids`."""
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

# %% [raw]
# # BEGIN TESTS

# %%
def test_decode_ids(decode_ids):
    index = {"the": 1, "film": 2, "was": 3, "good": 4, "bad": 5, "not": 6}
    got = decode_ids([4, 5, 6, 9, 7], index)
    assert isinstance(got, str), f"the result must be one string, you gave {got!r}"
    assert got == "the film was not good", f"4 5 6 9 7 say 'the film was not good', you gave {got!r}: mind the offset of 3"
    got = decode_ids([1, 4, 5, 0, 0], index)
    assert got == "the film", f"1 4 5 0 0 must give 'the film': start and padding are left out; you gave {got!r}"
    got = decode_ids([1, 4, 2], index)
    assert got == "the <oov>", f"1 4 2 must give 'the <oov>': 2 is an unknown word; you gave {got!r}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_decode_ids_hidden(decode_ids):
    index = {"it": 2, "is": 1, "so": 3, "odd": 5, "here": 4, "now": 6}
    assert decode_ids([1, 5, 2, 4, 2, 8, 0, 0], index) == "it <oov> is <oov> odd", "not right for eight ids"
    assert decode_ids([9, 6], index) == "now so", "not right for ids without start and padding"
    assert decode_ids([0, 0, 1, 6, 6, 2, 2, 5], index) == "so so <oov> <oov> it", "not right where padding comes first"
    assert decode_ids([0, 0], index) == "", "not right where all is padding"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: padding_share
# points: 1

# %% [markdown]
# **Exercise 3.** Write `padding_share(lengths, size)`: reviews of these lengths are put into batches of `size`, in order, the last one perhaps
# smaller, and each batch is padded to its own longest. What share of all places is padding?
#
# <details><summary>Hint 1</summary>The places of a batch: how many reviews it has, times its longest.</details>
# <details><summary>Hint 2</summary>Add up places and words over all batches first; divide once, at the end.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def padding_share(lengths, size):
    """Share of padding if batches of `size` reviews are padded to their longest."""
    # BEGIN SOLUTION
    batches = [lengths[i : i + size] for i in range(0, len(lengths), size)]
    return 1 - sum(lengths) / sum(len(b) * max(b) for b in batches)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="own longest"
def padding_share(lengths, size):
    return 1 - sum(lengths) / (len(lengths) * max(lengths))

# %% tags=["wrong"] message="last batch"
def padding_share(lengths, size):
    batches = [lengths[i : i + size] for i in range(0, len(lengths), size)]
    return 1 - sum(lengths) / sum(size * max(b) for b in batches)

# %% tags=["wrong"] message="divide once"
def padding_share(lengths, size):
    batches = [lengths[i : i + size] for i in range(0, len(lengths), size)]
    return sum(1 - sum(b) / (len(b) * max(b)) for b in batches) / len(batches)

# %% [raw]
# # BEGIN TESTS

# %%
def test_padding_share(padding_share):
    got = padding_share([2, 4, 10, 10], 2)
    assert abs(got - 0.35) > 1e-6, "you pad all reviews to the longest of all; each batch has its own longest"
    assert abs(got - 1 / 8) > 1e-6, "a mean of the batches' shares gives a short batch as much weight as a long one: add up first, divide once"
    assert abs(got - 2 / 28) < 1e-6, f"lengths 2, 4, 10, 10 in twos have 28 places, 2 of them padding: {2 / 28:.4f}, you gave {got:.4f}"
    got = padding_share([4, 4, 4], 2)
    assert abs(got) < 1e-6, f"lengths 4, 4, 4 in twos need no padding, you gave {got:.4f}: the last batch has one review only"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_padding_share_hidden(padding_share):
    for size, places in ((2, 33), (1, 25), (3, 41), (10, 45)):
        assert abs(padding_share([3, 9, 5, 7, 1], size) - (1 - 25 / places)) < 1e-9, f"not right for five lengths in batches of {size}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: masked_mean
# points: 1

# %% [markdown]
# **Exercise 4.** Write `masked_mean(x, mask)` in NumPy: the mean over the real steps of each sequence. `x` is (batch, time, features), `mask` (batch,
# time). A sequence without a real step must give zeros, where Keras's layer gives NaN.
#
# <details><summary>Hint 1</summary><code>mask[:, :, None]</code> has shape (batch, time, 1) and can be multiplied with <code>x</code>.</details>
# <details><summary>Hint 2</summary>Divide by the number of real steps of each sequence, but never by less than one: <code>np.maximum</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def masked_mean(x, mask):
    """Mean over the steps where `mask` is True: (batch, features); zeros where there are none."""
    # BEGIN SOLUTION
    m = mask[:, :, None].astype(x.dtype)  # (batch, time, 1)
    return (x * m).sum(axis=1) / np.maximum(m.sum(axis=1), 1)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="padding counts"
def masked_mean(x, mask):
    return (x * mask[:, :, None]).mean(axis=1)

# %% tags=["wrong"] message="without a real step"
def masked_mean(x, mask):
    m = mask[:, :, None].astype(x.dtype)
    with np.errstate(invalid="ignore"):
        return (x * m).sum(axis=1) / m.sum(axis=1)

# %% tags=["wrong"] message="one vector a sequence"
def masked_mean(x, mask):
    return x[mask].mean(axis=0)

# %% [raw]
# # BEGIN TESTS

# %%
def test_masked_mean(masked_mean):
    import numpy as np

    x = np.array([[[1.0, 2.0], [3.0, 6.0], [50.0, 50.0]], [[7.0, 7.0], [8.0, 8.0], [9.0, 9.0]]])
    mask = np.array([[True, True, False], [False, False, False]])
    got = np.asarray(masked_mean(x, mask))
    assert got.shape == (2, 2), f"the result has shape {got.shape}; it must be (2, 2): one vector a sequence"
    assert not np.allclose(got[0], [4 / 3, 8 / 3]), "you divide by all steps, so padding counts; divide by the real ones of each sequence"
    assert np.allclose(got[0], [2, 4]), f"the mean of (1, 2) and (3, 6) is (2, 4), you gave {got[0]}"
    assert np.allclose(got[1], 0), f"a sequence without a real step must give zeros, you gave {got[1]}"

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
    with np.errstate(all="ignore"):
        got = np.asarray(masked_mean(x, mask))
    assert got.shape == (4, 3) and np.allclose(got, wanted), "not right for four sequences of six steps"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: masked_step
# points: 2

# %% [markdown]
# **Exercise 5, a stretch.** A recurrent step with a mask, and its gradient. Write `masked_step(x_t, h_prev, m_t, W_x, W_h)`, which gives $h_t$: where $m_t$ is 1 it is
# $\tilde h_t = \tanh(x_t W_x + h_{t-1} W_h)$, a cell without bias; where $m_t$ is 0 it is $h_{t-1}$. Then write `step_gradient(dh, x_t, h_prev, m_t, W_x, W_h)`: from
# `dh`, $\partial L/\partial h_t$ (batch, units), it gives $\partial L/\partial h_{t-1}$. The mask `m_t` is (batch, 1); $\tanh' = 1 - \tanh^2$.
#
# <details><summary>Hint 1</summary>There are two ways from $h_{t-1}$ to $h_t$: through the cell where the mask is 1, and straight across where it is 0. Gradients of the two ways are added.</details>
# <details><summary>Hint 2</summary>Through the cell: <code>(m_t * dh * (1 - h_new**2)) @ W_h.T</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def masked_step(x_t, h_prev, m_t, W_x, W_h):
    """h_t (batch, units): written where m_t (batch, 1) is 1, kept where it is 0."""
    # BEGIN SOLUTION
    h_new = np.tanh(x_t @ W_x + h_prev @ W_h)  # (batch, units)
    return m_t * h_new + (1 - m_t) * h_prev
    # END SOLUTION


def step_gradient(dh, x_t, h_prev, m_t, W_x, W_h):
    """Gradient for h_{t-1} (batch, units) from dh, that for h_t."""
    # BEGIN SOLUTION
    h_new = np.tanh(x_t @ W_x + h_prev @ W_h)
    return (m_t * dh * (1 - h_new**2)) @ W_h.T + (1 - m_t) * dh
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the old state"
def masked_step(x_t, h_prev, m_t, W_x, W_h):
    return m_t * np.tanh(x_t @ W_x + h_prev @ W_h)


def step_gradient(dh, x_t, h_prev, m_t, W_x, W_h):
    h_new = np.tanh(x_t @ W_x + h_prev @ W_h)
    return (m_t * dh * (1 - h_new**2)) @ W_h.T

# %% tags=["wrong"] message="straight across"
def masked_step(x_t, h_prev, m_t, W_x, W_h):
    return np.where(m_t, np.tanh(x_t @ W_x + h_prev @ W_h), h_prev)


def step_gradient(dh, x_t, h_prev, m_t, W_x, W_h):
    h_new = np.tanh(x_t @ W_x + h_prev @ W_h)
    return (m_t * dh * (1 - h_new**2)) @ W_h.T

# %% tags=["wrong"] message="transposed"
def masked_step(x_t, h_prev, m_t, W_x, W_h):
    return np.where(m_t, np.tanh(x_t @ W_x + h_prev @ W_h), h_prev)


def step_gradient(dh, x_t, h_prev, m_t, W_x, W_h):
    h_new = np.tanh(x_t @ W_x + h_prev @ W_h)
    return (m_t * dh * (1 - h_new**2)) @ W_h + (1 - m_t) * dh

# %% [raw]
# # BEGIN TESTS

# %%
def test_masked_step(masked_step, step_gradient):
    import numpy as np

    rng = np.random.default_rng(0)
    x_t, h_prev, dh = rng.normal(size=(2, 3)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    W_x, W_h, m_t = rng.normal(size=(3, 4)), rng.normal(size=(4, 4)), np.array([[1.0], [0.0]])
    h = masked_step(x_t, h_prev, m_t, W_x, W_h)
    assert np.allclose(h[0], np.tanh(x_t @ W_x + h_prev @ W_h)[0]), "where the mask is 1, the state must be tanh(x_t W_x + h_prev W_h)"
    assert np.allclose(h[1], h_prev[1]), f"where the mask is 0, the old state must stay; you gave {h[1].round(2)} instead of {h_prev[1].round(2)}"
    numeric, eps = np.zeros_like(h_prev), 1e-6
    for place in np.ndindex(*h_prev.shape):
        up, down = h_prev.copy(), h_prev.copy()
        up[place] += eps
        down[place] -= eps
        change = masked_step(x_t, up, m_t, W_x, W_h) - masked_step(x_t, down, m_t, W_x, W_h)
        numeric[place] = (change * dh).sum() / (2 * eps)
    got = step_gradient(dh, x_t, h_prev, m_t, W_x, W_h)
    assert np.allclose(got[1], numeric[1], atol=1e-5), "where the mask is 0, the gradient goes straight across: it is dh itself; yours is not"
    assert np.allclose(got[0], numeric[0], atol=1e-5), "where the mask is 1, yours differs from the measured gradient: is W_h transposed on the way back, and tanh' there?"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_masked_step_hidden(masked_step, step_gradient):
    import numpy as np

    rng = np.random.default_rng(8)
    x_t, h_prev, dh = (rng.normal(size=(4, n)) for n in (2, 5, 5))
    W_x, W_h, m_t = rng.normal(size=(2, 5)), rng.normal(size=(5, 5)), np.array([[0.0], [1.0], [1.0], [0.0]])
    h_new = np.tanh(x_t @ W_x + h_prev @ W_h)
    h_t, back = np.where(m_t == 1, h_new, h_prev), np.where(m_t == 1, (dh * (1 - h_new**2)) @ W_h.T, dh)
    assert np.allclose(masked_step(x_t, h_prev, m_t, W_x, W_h), h_t), "masked_step, for four sequences"
    assert np.allclose(step_gradient(dh, x_t, h_prev, m_t, W_x, W_h), back), "step_gradient, for four sequences"

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
# - **Trusting a pipeline because it runs.** Count in a second way, decode a few ids and read them, look at a batch as a picture.
# - **Leaving out the mask.** Validation, padded like training, does not show it. Compare a lone sentence with its row in a padded batch.
# - **Losing the mask between two layers,** by an operation of `keras.ops` or plain arithmetic, without a warning. Carry it by hand.
# - **Using id 0 for a word** together with `mask_zero=True`: that word is never read.
# - **Mixing sides:** `pad_sequences` pads and cuts on the left, `tf.data` pads on the right.
# - **Shuffling before `cache`,** or with a buffer that is small beside the data.
#
# ## References
#
# - A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng, C. Potts (2011). Learning word vectors for sentiment analysis. *ACL*. The IMDB reviews.
# - A. Géron (2019). *Hands-On Machine Learning with Scikit-Learn, Keras, and TensorFlow*, 2nd edition. O'Reilly, chapter 16. The steps of sections 1 to 3; their counts are in the notebook, github.com/ageron/handson-ml2.
# - D. G. Murray, J. Šimša, A. Klimovic, I. Indyk (2021). tf.data: a machine learning data processing framework. *PVLDB* 14(12).
# - K. Weinberger, A. Dasgupta, J. Langford, A. Smola, J. Attenberg (2009). Feature hashing for large scale multitask learning. *ICML*.
# - G. Appleyard, T. Kočiský, P. Blunsom (2016). Optimizing performance of recurrent neural networks on GPUs. *arXiv:1604.01946*. What cuDNN does.

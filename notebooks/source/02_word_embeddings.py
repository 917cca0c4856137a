# %% [markdown]
# # 02 · Word embeddings
#
# In lesson 01 every word was a long vector of zeros with a single 1, and *brilliant* was as far from *excellent* as from *horse*. Here every word
# gets a short vector of real numbers, its embedding, which is learned from labels or from plain text. Words that are used in similar contexts then get similar
# vectors. You build the best-known method, word2vec, and test what such vectors know and what they do not know.
#
# **You will be able to**
#
# 1. show that an embedding layer is a one-hot vector times a matrix, computed by a lookup;
# 2. learn word vectors from labels, and classify a review by the mean of its word vectors;
# 3. build skip-gram with negative sampling in Keras, explain its two vectors per word, and train it with gensim;
# 4. load pretrained vectors into an `Embedding` layer, and explain how fastText and doc2vec extend word2vec;
# 5. test word vectors by their neighbours, by analogies and by the ratings of people, and name their limits.
#
# **Before this lesson:** [lesson 01](01_one_hot_and_bag_of_words.ipynb). **Time:** about 60 minutes to read and try, 40 minutes for the
# exercises; on two cores all cells run in about
# 50 seconds on the built-in sample (`HUBS.md` names the machine that was measured),
# and in about eight minutes on all of IMDB.

# %% [markdown]
# ## Settings and data

# %%
from collections import Counter
from itertools import combinations, permutations

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from course_utils import plots, tables
from course_utils.claims import SEED, claim
from course_utils.datasets import reviews
from course_utils.embeddings import Vectors, cosine
from course_utils.text import Vocabulary, bag_of_words, pad, tokenize

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)
rng = np.random.default_rng(SEED)

# %%
data = reviews.load(seed=SEED)
real = data.source == "real"  # all of IMDB, or the sample
train = [tokenize(text) for text in data.train.texts]
validation = [tokenize(text) for text in data.validation.texts]
test = [tokenize(text) for text in data.test.texts]
corpus = train + validation + [tokenize(text) for text in data.unlabelled]
y_train, y_validation, y_test = (
    split.labels for split in (data.train, data.validation, data.test))
print(f"{sum(map(len, corpus)):,} words of text outside the test set")

# %% [markdown]
# Where a number differs between IMDB and the sample, the code says `if real`.

# %% [markdown]
# ## 1 · An embedding is a lookup
#
# Each of the $V$ words of the vocabulary gets a row of $d$ numbers, its [**embedding**](../GLOSSARY.md#embedding) or word vector. All rows together are the embedding matrix $E$. A
# one-hot vector $x$ times this matrix is
#
# $$xE=\sum_{j=1}^{V}x_jE_j=E_i\quad\text{if the 1 is at position }i.$$
#
# The sum multiplies every row by zero, except for row $i$. So there is no need to multiply: we can read row $i$ from the matrix. This is an **embedding lookup**.

# %% alt="The one-hot vector of the word dull, with a 1 at position 4, times an embedding matrix with one row for each of six words. The row of dull is marked, and it is also the result." jupyter={"source_hidden": true}
# Show a one-hot vector times the embedding matrix.
plots.drawing("lookup")

# %% [markdown]
# For one word, the product needs $V \cdot d$ multiplications, nearly all of them by zero. The lookup only copies $d$ numbers.
#
# In Keras, an `Embedding` layer does the lookup: its input are ids, its output are rows of $E$. The matrix is a parameter, so training changes it. We compare the three ways, and count the rows that get a gradient.

# %%
V, d = 10_000, 64
E = rng.normal(size=(V, d)).astype("float32")  # (V, d)
ids = rng.integers(0, V, size=256)  # (256,): ids of 256 words
one_hot = np.zeros((256, V), dtype="float32")
one_hot[np.arange(256), ids] = 1  # (256, V)
layer = keras.layers.Embedding(V, d, weights=[E])
with tf.GradientTape() as tape:
    looked_up = layer(ids)  # (256, d)
    loss = tf.reduce_sum(looked_up ** 2)  # any function of the rows
gradient = tf.convert_to_tensor(tape.gradient(loss, layer.embeddings))
largest = np.abs([one_hot @ E - E[ids], looked_up - E[ids]]).max()
claim("product, lookup and Keras: largest difference", largest, at_most=1e-6)
claim("rows of E that have a gradient",
      np.sum(np.abs(gradient).sum(axis=1) > 0), at_most=256)

# %% [markdown]
# Only rows of words in the batch have a gradient that is not zero, so a step of plain gradient descent changes no others. (Adam, which we use below, also moves rows that had a
# gradient a few steps before.)

# %% [markdown] claim="rows of E that have a gradient"
# **Quick question.** A batch contains 256 words. The vocabulary has 10,000. How many rows of $E$ does one step of plain gradient descent change?
#
# <details><summary>A. All 10,000</summary>No. For a word that is not in the batch, the gradient is zero.</details>
# <details><summary>B. At most 256</summary>Right. One row for each different word of the batch. There are fewer when a word occurs twice.</details>
# <details><summary>C. None: the lookup has no parameters</summary>No. The rows are the parameters of the layer, and the loss depends on them.</details>

# %% [markdown]
# ## 2 · Cosine similarity
#
# Which words are near each other? We compare the directions of their vectors, not the lengths. The [**cosine similarity**](../GLOSSARY.md#cosine-similarity) of
# two vectors is the cosine of the angle between them:
#
# $$\cos(a,b)=\frac{a\cdot b}{\lVert a\rVert\,\lVert b\rVert}$$
#
# It is 1 for the same direction, 0 for a right angle, and −1 for opposite directions.
#
# **What do you expect?** The rows of $E$ are random vectors with 64 numbers. What is a typical cosine of two of them?
#
# <details><summary>Answer</summary>About 0. With many dimensions, two random directions are almost always nearly at a right angle.</details>

# %%
a, b = E[0], E[1]  # (d,), (d,)
by_hand = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
with_others = cosine(E[0], E[1:])  # (V - 1,): the same, for many rows
print(f"words 0 and 1: {by_hand:.3f} = {with_others[0]:.3f}")
print("word 0 and the others, standard deviation:", with_others.std().round(3))
claim("largest cosine of a random word vector and 9,999 others",
      with_others.max(), at_most=0.7)

# %% [markdown]
# Before training, all words are about equally far apart, as with one-hot vectors. Training has to change this.

# %% [markdown]
# ## 3 · Word vectors from labels
#
# A review has $T$ words with the ids $x_1, \dots, x_T$. The simplest vector for the whole review is the **mean** of its word vectors. A logistic
# regression (lesson 01) classifies it:
#
# $$\bar e=\frac{1}{T}\sum_{t=1}^{T}E_{x_t},\qquad s=\bar e\cdot w+b,\qquad p=\sigma(s).$$
#
# $E$, $w$ and $b$ are learned together, by gradient descent on the cross-entropy. Each training step uses a few reviews, a [**mini-batch**](../GLOSSARY.md#mini-batch); one pass over all reviews is an
# [**epoch**](../GLOSSARY.md#epoch). Reviews have different lengths. `pad` cuts long ones and fills short ones with id 0; `mask_zero=True` makes the mean skip these zeros.

# %%
vocabulary = Vocabulary.from_documents(train, size=10_000 if real else 5_000)


def ids_of(documents, length=256):
    """Word ids (documents, length), cut or padded with 0."""
    return pad([vocabulary.encode(words) for words in documents], length)


def mean_model(embedding):
    """Classify the mean of the word vectors of `embedding`."""
    model = keras.Sequential([
        keras.Input((None,), dtype="int32"),  # (batch, time)
        embedding,  # (batch, time, d)
        keras.layers.GlobalAveragePooling1D(),  # (batch, d)
        keras.layers.Dense(1, activation="sigmoid"),  # (batch, 1)
    ])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy",
                  metrics=["accuracy"])
    return model

# %% [markdown]
# The mean does not depend on the order of the words. So we also test the model on the minimal pairs of lesson 01: two reviews with the same words and opposite labels.
#
# **What do you expect?** What is its accuracy on the minimal pairs?
#
# <details><summary>Answer</summary>One half. Both reviews of a pair have the same mean, so they get the same answer, and one of the two is wrong.</details>

# %%
X_train, X_validation = ids_of(train), ids_of(validation)
from_labels = keras.layers.Embedding(len(vocabulary), 16, mask_zero=True)
labels_model = mean_model(from_labels)
untrained = from_labels.get_weights()[0]  # (V, 16): before training
history = labels_model.fit(
    X_train, y_train, validation_data=(X_validation, y_validation),
    batch_size=64, epochs=3 if real else 8, verbose=0).history
print("validation accuracy by epoch:", np.round(history["val_accuracy"], 3))
sample = reviews.load_sample().test
paired = np.flatnonzero(sample.twins >= 0)  # reviews of minimal pairs
X_paired = ids_of([tokenize(sample.texts[i]) for i in paired], 1024)
p_paired = labels_model.predict(X_paired, verbose=0)[:, 0]
claim("accuracy of the mean vector on minimal pairs",
      np.mean((p_paired > 0.5) == sample.labels[paired]),
      close_to=0.5, within=1e-9)

# %% [markdown]
# The last epochs change the validation accuracy little. On the minimal pairs the accuracy is one half, as for every bag of words. Recurrent networks (lesson 04) will read the words in order.
#
# What has happened to the word vectors? We look at 32 adjectives: 16 positive and 16 negative ones, half of them mild and half of them strong.

# %%
ADJECTIVES = {
    "mild positive": """good enjoyable entertaining engaging charming clever
        likeable solid""",
    "strong positive": """brilliant excellent superb wonderful great
        outstanding magnificent terrific""",
    "mild negative": """bad weak boring predictable forgettable bland
        mediocre tedious""",
    "strong negative": """dull dreadful awful terrible horrible atrocious
        appalling abysmal"""}
n_words = len(vocabulary.words)  # row 0 is padding, the last row OOV
before, after = (Vectors(vocabulary.words[1:], matrix[1:n_words])
                 for matrix in (untrained, from_labels.get_weights()[0]))
for second in ("excellent", "dull"):
    print(f"cosine of brilliant and {second}: before "
          f"{before.cosine('brilliant', second):+.2f}, after "
          f"{after.cosine('brilliant', second):+.2f}")

# %% alt="Dot plot of 32 adjectives along the direction of the weights w, in four rows. All positive adjectives are to the right of zero, all negative ones to the left. Mild and strong adjectives are mixed." jupyter={"source_hidden": true}
# Draw the adjectives along w.
w = labels_model.layers[-1].get_weights()[0][:, 0]  # (16,)
fig, ax = plt.subplots(figsize=(7.4, 3.2))
for row, (kind, line) in enumerate(ADJECTIVES.items()):
    along = [after.vector(x) @ w / np.linalg.norm(w) for x in line.split()]
    style = ("o", "C0") if "positive" in kind else ("s", "C5")
    ax.plot(along, [row] * 8, style[0], color=style[1])
ax.axvline(0, color="black", linewidth=0.8)
ax.set(title="Labels teach one direction", ylim=(3.5, -0.5),
       xlabel="position along w: negative ← 0 → positive")
ax.set_yticks(range(4), ADJECTIVES)
plt.show()
all_adjectives = " ".join(ADJECTIVES.values()).split()
claim("mean absolute cosine of the adjectives and w", np.mean(np.abs(
    [cosine(after.vector(word), w) for word in all_adjectives])), at_least=0.8)

# %% [markdown]
# The words *brilliant* and *excellent* helped to predict the same label, so both were moved in the same direction. In fact there is only one direction. For a
# review with label $y$ that contains word $i$ $n_i$ times, the chain rule gives
#
# $$\frac{\partial L}{\partial E_i}=\frac{\partial L}{\partial s}\,\frac{\partial s}{\partial\bar e}\,\frac{\partial\bar e}{\partial E_i}=(p-y)\;w\;\frac{n_i}{T},$$
#
# always a multiple of $w$. So the direction of a vector says whether a word is positive or negative, its **polarity**, and nothing else: not even that *brilliant* is stronger than *good*.

# %% [markdown]
# ## 4 · Skip-gram: word vectors from text
#
# Can text alone teach what words mean? The **distributional hypothesis** (Harris 1954; Firth 1957) says yes: words that occur in similar contexts have
# similar meanings. *word2vec* (Mikolov et al. 2013) turns it into a task without labels. In its first form, [**skip-gram**](../GLOSSARY.md#skip-gram), the model sees a word, the **centre**, and predicts the words around it, its **contexts**. We need the task only to get the vectors.
#
# With a **window** of 2, the contexts are the two words to the left and the two to the right.

# %%
def skip_gram_pairs(tokens, window):
    """All pairs (centre, context) of a list of words, or of word ids."""
    pairs = []
    for t, centre in enumerate(tokens):
        left = tokens[max(0, t - window):t]
        right = tokens[t + 1:t + 1 + window]
        pairs += [(centre, context) for context in left + right]
    return pairs


sentence = "i expected a dull film and it was brilliant".split()
print(skip_gram_pairs(sentence, window=2)[9:13])

# %% [markdown]
# Skip-gram gives every word two vectors: $v_c$ for the word as a centre, and $u_o$ for the word as a context. The dot product $u_o \cdot v_c$ is a score: how well do $o$ and $c$ go together?

# %% alt="Above, the sentence 'i expected a dull film and it was brilliant' with the centre dull and its contexts expected, a, film and and. Below, two tables with one row per word. Arrows lead from the row of dull in table v to the rows of the four contexts in table u: raise u times v. A dashed arrow leads to the row of hen, a random word: lower u times v." jupyter={"source_hidden": true}
# Show a centre, its contexts, and the two tables of skip-gram.
plots.drawing("skip_gram")

# %% [markdown]
# The scores become probabilities through the [**softmax**](../GLOSSARY.md#softmax), the exponential of each score divided by the sum of all exponentials:
#
# $$P(o\mid c)=\frac{\exp(u_o\cdot v_c)}{\sum_{j=1}^{V}\exp(u_j\cdot v_c)}$$
#
# But its sum has $V$ terms, for every single pair. This is too slow.

# %% [markdown]
# ## 5 · Negative sampling
#
# [**Negative sampling**](../GLOSSARY.md#negative-sampling) replaces the question *which of all words is the context?* by yes–no questions: *is this pair from the text, or is it random?* Each true pair $(c, o)$ comes with $K$ random
# words $r_1, \dots, r_K$, the negatives, and the loss is the cross-entropy of $1 + K$ answers:
#
# $$L=-\ln\sigma(u_o\cdot v_c)-\sum_{k=1}^{K}\ln\sigma(-u_{r_k}\cdot v_c)$$
#
# The first term pulls $v_c$ towards the vector of its context. The others push it away from those of random words. Two words with similar contexts are pulled in the same direction.
#
# The paper has two more ideas. The negatives are sampled in proportion to the count of a word to the power ¾, which is between the frequency in the text (power 1) and the same
# probability for all words (power 0). And because very frequent words like *the* teach little, each occurrence of a word with frequency $f$ is kept only with probability $\min(1,\sqrt{10^{-3}/f})$. This is called
# **subsampling**.

# %%
some = corpus[:2000]  # reviews
count_of = Counter(word for review in some for word in review)
words = [word for word, n in count_of.most_common() if n >= 5]
id_of = {word: i for i, word in enumerate(words)}
counts = np.array([count_of[word] for word in words])  # (words,)
negative_p = counts ** 0.75 / np.sum(counts ** 0.75)  # (words,)
keep_p = np.minimum(1, np.sqrt(1e-3 / (counts / counts.sum())))  # (words,)
for i in (id_of["the"], id_of["film"], id_of["abysmal"]):
    numbers = counts[i] / counts.sum(), negative_p[i], keep_p[i]
    print(words[i], np.round(numbers, 5))
pairs = []
for review in some:
    known = [id_of[word] for word in review if word in id_of]
    kept = [i for i in known if rng.random() < keep_p[i]]
    pairs += skip_gram_pairs(kept, window=2)

# %% [markdown]
# The numbers are the frequency of a word, its probability as a negative, and the probability that it is kept. A frequent word is a negative less often than it occurs, a rare word more often.

# %% [markdown]
# The model has two embedding layers and a dot product. It gets a centre and $1 + K$ candidates, the true context first. Its output is a score for each candidate before the sigmoid, a [**logit**](../GLOSSARY.md#logit);
# `from_logits=True` tells the loss to apply the sigmoid itself. (Keras takes the mean of the $1 + K$ terms of $L$, not the sum. This only scales the gradient.)

# %%
K = 5
centre = keras.Input((), dtype="int32")  # (batch,)
candidates = keras.Input((1 + K,), dtype="int32")  # (batch, 1 + K)
v_layer = keras.layers.Embedding(len(words), d)
u_layer = keras.layers.Embedding(len(words), d,
                                 embeddings_initializer="zeros")
logits = keras.layers.Dot(axes=(2, 1))(  # (batch, 1 + K)
    [u_layer(candidates), v_layer(centre)])
skip_gram = keras.Model([centre, candidates], logits)
skip_gram.compile(keras.optimizers.Adam(0.01),
                  keras.losses.BinaryCrossentropy(from_logits=True))

# %%
centres, contexts = np.array(pairs, dtype="int32").T  # (pairs,), (pairs,)
is_true = np.zeros((len(centres), 1 + K), dtype="float32")
is_true[:, 0] = 1  # the true context is the first candidate
for epoch in range(4):
    negatives = rng.choice(len(words), size=(len(centres), K), p=negative_p)
    shown = np.column_stack([contexts, negatives])  # (pairs, 1 + K)
    fitted = skip_gram.fit([centres, shown], is_true, batch_size=4096,
                           verbose=0)
    print(f"epoch {epoch + 1}: loss {fitted.history['loss'][0]:.4f}")

# %% [markdown]
# Each epoch samples new negatives. By accident, a negative can be the true context. This is rare.

# %% [markdown]
# ## 6 · Two vectors per word: which one to keep?
#
# After training, every word has two vectors. Why not one? *brilliant* and *excellent* appear in the same contexts, so their vectors become similar. With a single table, the score $v_a \cdot v_b$ of two similar vectors would be high. The model
# would have to predict that *brilliant* and *excellent* appear next to each other, and in the text they rarely do. With two tables, the vectors $v$ can be similar while the score $u_a \cdot v_b$ is low.
#
# **What do you expect?** Take the vector $v$ of *brilliant*. Which words are nearest to it in table $v$, and which in table $u$?
#
# <details><summary>Answer</summary>Table $v$ contains words as centres. Near are words with the same contexts, which could replace <i>brilliant</i>. Table $u$ contains words as contexts. Near are words that appear next to <i>brilliant</i>.</details>

# %%
v, u = v_layer.get_weights()[0], u_layer.get_weights()[0]  # (words, d) each
by_skip_gram, as_contexts = Vectors(words, v), Vectors(words, u)
brilliant = by_skip_gram.vector("brilliant")
for name, table in (("v", by_skip_gram), ("u", as_contexts)):
    near = [word for word, _ in table.neighbours(brilliant, 8)]
    print(f"nearest to v of brilliant in table {name}:", ", ".join(near))
adjectives = [id_of[word] for line in ADJECTIVES.values()
              for word in line.split() if word in id_of]
one, other = np.array(list(combinations(adjectives, 2))).T  # (pairs,) each
claim("mean cosine of two adjectives in table v",
      cosine(v[one], v[other]).mean(), at_least=0.2)
claim("fraction of pairs of adjectives with a negative score",
      np.mean(np.sum(u[one] * v[other], axis=1) < 0),
      at_least=0.75 if real else 0.9)

# %% [markdown]
# The lists answer different questions. Usually we ask the first one, *which words are used alike?*, and keep table $v$. Others keep $u + v$, for example
# **GloVe** (Pennington et al. 2014), which learns from a table of how often words occur together. The scores have a meaning, too: the best possible $u_o \cdot v_c$ is $\mathrm{PMI}(c, o) - \ln K$ (Levy & Goldberg 2014a). The **pointwise mutual
# information** PMI is the logarithm of how many times more often a pair occurs than by chance.

# %% [markdown] claim="fraction of pairs of adjectives with a negative score"
# **Quick question.** In table $v$, *brilliant* and *excellent* have a high cosine. What does skip-gram predict for this pair?
#
# <details><summary>A. They often appear next to each other</summary>No. The prediction is the score $u \cdot v$, with one vector from each table. It is negative for most pairs of adjectives.</details>
# <details><summary>B. They have similar contexts, but rarely appear next to each other</summary>Right. A high cosine in table $v$ means similar contexts; a negative score means that they are rarely neighbours.</details>
# <details><summary>C. They mean the same</summary>No. The model has read no meanings, only contexts. Section 11 shows how much this matters.</details>

# %% [markdown]
# ## 7 · CBOW, and gensim
#
# The second form of word2vec is [**CBOW**](../GLOSSARY.md#cbow), the continuous bag of words. It reverses the question: the mean of the context vectors predicts the centre. If $C$ is the list of the words in the window and $c$ is the centre, the loss is
#
# $$\bar v=\frac{1}{|C|}\sum_{o\in C}v_o,\qquad L=-\ln\sigma(u_c\cdot\bar v)-\sum_{k=1}^{K}\ln\sigma(-u_{r_k}\cdot\bar v).$$
#
# "Going further" builds CBOW in Keras.
#
# *gensim* is a library for word vectors. It minimises the same losses in compiled code, fast enough for the whole corpus. `sg=1` means skip-gram and `sg=0` CBOW, `negative` is $K$, `alpha` is the learning rate, and `sample`
# sets the subsampling. With one thread (`workers=1`), a run can be repeated exactly.

# %%
from gensim.models import Word2Vec

word2vec = Word2Vec(
    corpus, sg=1, vector_size=d, window=5 if real else 2, negative=K,
    sample=1e-4 if real else 1e-3, min_count=5, alpha=0.05,
    epochs=1 if real else 5, seed=SEED, workers=2 if real else 1)
learned = Vectors(word2vec.wv.index_to_key, word2vec.wv.vectors)
near = [word for word, _ in learned.neighbours("brilliant", 8)]
print("nearest to brilliant:", ", ".join(near))

# %% [markdown]
# gensim differs from our code in details: for each centre it samples a window size between 1 and `window`, so near words count more; it uses gradient descent with a falling learning rate; and it keeps a word with probability $(\sqrt{f/s} + 1) \cdot s/f$, where $s$ is
# `sample`, the formula of the original program and not of the paper. "Going further" measures how far both agree.
#
# Which $d$ and which window should you choose? 50 to 300 dimensions are usual. A small window makes words near that can replace each other, a large one words of the same topic (Levy & Goldberg 2014b).

# %% [markdown]
# ## 8 · Pretrained vectors, and vectors for whole reviews
#
# Vectors that were learned before, on other text or another task, are called [**pretrained**](../GLOSSARY.md#pretrained). To use them in a network, copy them into the matrix of an `Embedding` layer. With `trainable=False` they stay as they are, and only the layers above
# learn. With `trainable=True` they are trained further, which is called [**fine-tuning**](../GLOSSARY.md#fine-tuning). We put our word2vec vectors into the model of section 3.

# %%
pretrained = np.zeros((len(vocabulary), d), dtype="float32")
for i, word in enumerate(vocabulary.words):
    if word in learned:  # padding and other words keep zeros
        pretrained[i] = learned.vector(word)
models = {}
for trainable, name in ((False, "frozen"), (True, "fine-tuned")):
    models[name] = mean_model(keras.layers.Embedding(
        len(vocabulary), d, mask_zero=True, trainable=trainable,
        weights=[pretrained]))
    history = models[name].fit(
        X_train, y_train, validation_data=(X_validation, y_validation),
        batch_size=64, epochs=4, verbose=0).history
    print(name, np.round(history["val_accuracy"], 3))

# %% [markdown]
# A review can also have a vector of its own. **doc2vec** (Le & Mikolov 2014) adds one vector for each document. With `dm=0` it works like skip-gram: the vector of the document is the centre, and all its words are the contexts. doc2vec has to read all reviews, also the test reviews, but no labels.

# %%
from gensim.models.doc2vec import Doc2Vec, TaggedDocument
from sklearn.linear_model import LogisticRegression

documents = [TaggedDocument(review[:256], [i])
             for i, review in enumerate(train + validation + test)]
doc2vec = Doc2Vec(documents, dm=0, vector_size=d, negative=K, min_count=5,
                  alpha=0.05, epochs=3 if real else 6, seed=SEED,
                  workers=2 if real else 1)
D = np.split(doc2vec.dv.vectors,  # (reviews, d) for each of the three sets
             [len(train), len(train) + len(validation)])

# %% [markdown]
# On doc2vec and on means of word2vec vectors, we train a logistic regression. Then we open the test set, and compare all of them with the bag of words of lesson 01.
#
# **What do you expect?** Which is best: the bag, the mean of vectors from labels, the mean of word2vec vectors, or doc2vec?
#
# <details><summary>Answer</summary>The bag, though not by much.</details>

# %% jupyter={"source_hidden": true}
# Show logistic regressions on bags, means of word2vec vectors, and doc2vec.
def mean_of(review):
    known = [learned.vector(w) for w in review[:256] if w in learned]
    return np.mean(known, axis=0) if known else np.zeros(d)


sets = ((train, y_train), (validation, y_validation), (test, y_test))
features = {
    "bag of words": [bag_of_words([review[:256] for review in each],
                                  vocabulary) for each, _ in sets],
    "mean of word2vec, logistic regression":
        [np.array([mean_of(r) for r in each]) for each, _ in sets],
    "doc2vec, logistic regression": D}
accuracy = {}
for name, X in features.items():
    C = 0.1 if name == "bag of words" else 10  # chosen on the validation set
    on_features = LogisticRegression(C=C, max_iter=2000).fit(X[0], y_train)
    accuracy[name] = [on_features.score(X[i], sets[i][1]) for i in (1, 2)]

# %% jupyter={"source_hidden": true}
# Show the accuracy of all vectors of reviews.
for name, model in (("mean of vectors from labels", labels_model),
                    ("mean of word2vec, frozen", models["frozen"]),
                    ("mean of word2vec, fine-tuned", models["fine-tuned"])):
    accuracy[name] = [model.evaluate(ids_of(each), y, verbose=0)[1]
                      for each, y in sets[1:]]
claim("test accuracy of the mean of vectors from labels",
      accuracy["mean of vectors from labels"][1],
      at_least=0.82 if real else 0.66)
if not real:
    claim("on the sample, test accuracy of frozen word2vec vectors",
          accuracy["mean of word2vec, frozen"][1], at_most=0.58)
tables.table("Accuracy of vectors of whole reviews", [
    {"vector of a review": name, "validation": one, "test": two}
    for name, (one, two) in accuracy.items()])

# %% [markdown]
# On the sample, means of word2vec vectors are near chance level. Section 11 shows the reason, which is how the sample was made. doc2vec is better, but below vectors from labels. This is the record of IMDB:

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the record of runs on IMDB.
tables.recorded("02_word_embeddings", "Accuracy of vectors of whole reviews")

# %% [markdown]
# On IMDB, the word2vec vectors were learned without a single label, and still their mean comes close to that of vectors from labels. doc2vec is a little below both. But none of them is clearly better than the bag of words (on IMDB: that of lesson 01, which reads whole reviews). The reason: the score is $\bar e\cdot w+b$, so each word adds one number, $E_{x_t}\cdot w/T$. A
# logistic regression on the bag learns this number directly.
#
# Why embeddings, then? With few labels, vectors from unlabelled text are better than the bag ("Going further"). And a network that reads words in order needs a short vector for each word as its input: most models of later lessons begin with an `Embedding` layer.

# %% [markdown]
# ## 9 · fastText: words have parts
#
# Somebody writes that a film was *faaaaaantastic*. word2vec has no vector for this word, because it is not in the vocabulary. **fastText** (Bojanowski et al. 2017) also learns vectors for parts of words, for all character n-grams of 3 to 6
# characters. Such a part is called a [**subword**](../GLOSSARY.md#subword). The characters `<` and `>` mark where a word begins and ends: *dull* has `<du`, `dul`, `ull`, `ll>`, `<dul` and so on. A word is the sum of its own vector and those of its subwords (gensim takes their mean).
# An unknown word has subwords, too, so it gets a vector.
#
# To keep the memory fixed, a hash function assigns each subword one of 100,000 rows. Subwords with the same row share a vector.

# %%
from gensim.models import FastText

fasttext = FastText(
    corpus[:6000], sg=1, vector_size=d, window=2, negative=K, min_count=5,
    alpha=0.05, epochs=3, min_n=3, max_n=6, bucket=100_000,
    seed=SEED, workers=2 if real else 1)
by_subwords = Vectors(fasttext.wv.index_to_key, fasttext.wv.vectors)
found = []
for word in " ".join(ADJECTIVES.values()).split():
    longer = word[:2] + 4 * word[2] + word[3:]  # briiiilliant
    near = by_subwords.neighbours(fasttext.wv[longer], 3)
    found.append(word in dict(near))
print(longer, "is near", ", ".join(word for word, _ in near))
claim("fraction of lengthened adjectives with the right word among the "
      "three nearest", np.mean(found), at_least=0.4)

# %% [markdown]
# Most are recognised. But subwords know letters, not meaning.

# %% [markdown]
# ## 10 · Analogies
#
# word2vec became famous with analogies: *man* is to *woman* as *king* is to … ? The word nearest to $v_\text{woman} - v_\text{man} + v_\text{king}$ was *queen* (Mikolov et al. 2013c). All vectors are scaled to length 1 first, and the three given words are not
# allowed as answers. We test the past tense of verbs, nine regular ones (*love, loved*) and nine irregular ones (*see, saw*).
#
# **What do you expect?** Which is better at regular verbs, word2vec or fastText? And at irregular verbs?
#
# <details><summary>Answer</summary>fastText at regular verbs, because it knows their ending. At irregular verbs this does not help.</details>

# %%
REGULAR = """love loved, enjoy enjoyed, adore adored, like liked, admire
    admired, hate hated, dislike disliked, loathe loathed, detest detested"""
IRREGULAR = """see saw, go went, know knew, think thought, take took,
    make made, give gave, find found, lose lost"""


def fraction_right(vectors, verbs):
    pairs = [pair.split() for pair in verbs.split(",")]
    known = [pair for pair in pairs if all(w in vectors for w in pair)]
    return np.mean([vectors.analogy(*p, q[0], k=1)[0][0] == q[1]
                    for p, q in permutations(known, 2)])


right = {name: [fraction_right(vectors, verbs)
                for verbs in (REGULAR, IRREGULAR)] for name, vectors
         in (("word2vec", learned), ("fastText", by_subwords))}
gain = np.subtract(right["fastText"], right["word2vec"])
claim("gain of fastText over word2vec, regular verbs", gain[0], at_least=0.2)
claim("gain of fastText over word2vec, irregular verbs", gain[1], at_most=0.1)

# %% jupyter={"source_hidden": true}
# Show the fractions as a table.
tables.table("Analogies of verbs, fraction right", [
    {"vectors": name, "regular": one, "irregular": two}
    for name, (one, two) in right.items()])

# %% [markdown]
# For regular verbs, fastText is far better. For irregular verbs it has no advantage: on the sample neither solves any, on IMDB both solve some, and word2vec is not worse. So the advantage comes from the spelling: *loved* and *hated* share the subword `ed>`, *saw* and *went* do not.
#
# Read analogies with care: if the three given words were allowed as answers, one of them would usually win ("Going further").

# %% [markdown] claim="gain of fastText over word2vec, irregular verbs"
# **Quick question.** fastText solves *love – loved, enjoy – enjoyed* far more often than word2vec, but not *see – saw, go – went*. What does it know?
#
# <details><summary>A. The past tense</summary>No. The past tense of irregular verbs is past tense, too.</details>
# <details><summary>B. That words with the same ending are similar</summary>Right. The ending <code>ed&gt;</code> is a subword, and all regular past tenses share it.</details>
# <details><summary>C. Nothing: the difference is chance</summary>No. The difference for regular verbs is large, as measured above.</details>

# %% [markdown]
# ## 11 · Opposites are neighbours
#
# *An absolutely brilliant film*, *an absolutely dreadful film*: opposites have the same contexts. For each of our 32 adjectives, we look for the five nearest among the other 31. How many have the same polarity (positive or negative), and how many the same
# intensity (mild or strong)? By chance it would be 15 of 31.
#
# **What do you expect?** Which of the two do vectors from labels know, and which do vectors from text know?
#
# <details><summary>Answer</summary>Vectors from labels know the polarity and not the intensity. For vectors from text on the sample, it is the other way round.</details>

# %%
kind_of = {word: kind.split() for kind, line in ADJECTIVES.items()
           for word in line.split()}  # such as ["mild", "positive"]


def same_kind(vectors):
    """Fractions of the five nearest: same intensity, same polarity."""
    known = [word for word in kind_of if word in vectors]
    among = Vectors(known, [vectors.vector(word) for word in known])
    pairs = [(kind_of[word], kind_of[other]) for word in known
             for other, _ in among.neighbours(word, 5)]
    return np.mean(np.array(pairs)[:, 0] == np.array(pairs)[:, 1], axis=0)


measured = {"from labels": same_kind(after),
            "our skip-gram": same_kind(by_skip_gram),
            "gensim's skip-gram": same_kind(learned)}
tables.table("Of the five nearest adjectives, the fraction with the same …", [
    {"vectors": name, "polarity": polarity, "intensity": intensity}
    for name, (intensity, polarity) in measured.items()])

# %% alt="Bars for three kinds of vectors. From labels, nearly all neighbours have the same polarity, and about half the same intensity. From text it is the other way round on the sample. A dotted line marks chance level, about one half." jupyter={"source_hidden": true}
# Draw both fractions for each kind of vectors.
fig, ax = plt.subplots(figsize=(7.2, 3.2))
for shift, column, label in ((-0.2, 1, "polarity"), (0.2, 0, "intensity")):
    heights = [fractions[column] for fractions in measured.values()]
    ax.bar(np.arange(3) + shift, heights, width=0.38, label=f"same {label}")
plots.label_bars(ax, "{:.2f}")
ax.axhline(15 / 31, color="black", linewidth=0.8, linestyle=":")
ax.set(title="The five nearest adjectives", ylabel="fraction", ylim=(0, 1.3))
ax.set_xticks(range(3), measured)
ax.legend(ncols=2, loc="upper right")
plt.show()
claim("vectors from labels: fraction with the same polarity",
      measured["from labels"][1], at_least=0.85 if real else 0.9)
if not real:
    claim("word2vec on the sample: fraction with the same polarity",
          measured["gensim's skip-gram"][1], at_most=0.62)

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the record of runs on IMDB.
tables.recorded("02_word_embeddings",
                "Of the five nearest adjectives, the fraction with the same …")

# %% [markdown]
# The sample is an extreme case: its sentences put any strong adjective after *absolutely*, and any mild one after *rather*, positive or negative. So word2vec learns the intensity and not the polarity, and the mean of its vectors says nothing about the label (section 8).
# In real reviews, people who like a film use several positive words together. So on IMDB, gensim's vectors are as good at the polarity as vectors from labels, and far better at the intensity. (For this record, word2vec also read the texts of the test reviews, without labels.)
#
# But most opposites are near each other, on real text as well:

# %% alt="Three rows of dots on an axis of cosines: synonyms, opposites, and random pairs of common words. Most opposites have cosines as high as those of synonyms, to the right of nearly all random pairs." jupyter={"source_hidden": true}
# Draw the cosines of synonyms, opposites and random pairs.
pairs_of = {name: [p.split() for p in text.split(",")] for name, text in (
    ("synonyms", """good decent, brilliant excellent, loved enjoyed,
        hated disliked, dull dreadful, film movie"""),
    ("opposites", """good bad, loved hated, love hate, enjoyed disliked,
        best worst, first last, better worse, early late, happy sad"""))}
pairs_of["random pairs"] = rng.choice(learned.words[:1000], (100, 2)).tolist()
fig, ax = plt.subplots(figsize=(7, 2.4))
mean_cosine, known_words = {}, set(learned.words)
for row, (name, pairs_shown) in enumerate(pairs_of.items()):
    values = [learned.cosine(*p) for p in pairs_shown if set(p) <= known_words]
    mean_cosine[name] = np.mean(values)
    ax.plot(values, np.full(len(values), row), "o", alpha=0.4)
ax.set(xlabel="cosine", ylim=(2.5, -0.5), title="word2vec: opposites are near")
ax.set_yticks(range(3), pairs_of)
plt.show()
claim("mean cosine of opposites minus that of random pairs",
      mean_cosine["opposites"] - mean_cosine["random pairs"], at_least=0.1)

# %% [markdown]
# So a high cosine means that two words are **related**: they occur in the same contexts. It does not mean that they are **similar**, that one can replace the other. People see this difference. For WordSim-353 (Finkelstein et al. 2002), they rated how related two
# words are; for SimLex-999 (Hill et al. 2015), how similar they are, so *coffee – cup* and *hot – cold* get a low rating. Do cosines put the pairs in the same order? **Spearman's rank correlation** is 1 for the same order and 0 for unrelated orders. This is the record of IMDB; the sample does not have these words.

# %% alt="Two horizontal bars of rank correlation on IMDB, from the record. With ratings of relatedness (WordSim-353) it is higher than with ratings of similarity (SimLex-999)." tags=["recorded"] jupyter={"source_hidden": true}
# Draw the rank correlation of cosines and ratings, from the record.
rated = tables.recorded("02_word_embeddings", "Rank correlation with ratings")
fig, ax = plt.subplots(figsize=(6.4, 2.2))
names = [row["ratings"] for row in rated.rows]
ax.barh(names, rated.values("rank correlation"), color=["C0", "C1"])
plots.label_bars(ax)
ax.set(title="Cosines agree with people in part", xlim=(0, 1),
       xlabel="rank correlation")
ax.invert_yaxis()
plt.show()

# %% [markdown]
# Both correlations are moderate, and that with relatedness is higher. This fits, but it is no proof: the two collections have different words and raters.

# %% [markdown] claim="mean cosine of opposites minus that of random pairs"
# **Quick question.** A shop uses word vectors from reviews to find products "similar to *cheap*". What can go wrong?
#
# <details><summary>A. Nothing. A high cosine means the same meaning</summary>No. It means similar contexts.</details>
# <details><summary>B. <i>expensive</i> may be among the nearest words</summary>Right. Opposites have the same contexts, so they are much nearer than random pairs.</details>
# <details><summary>C. The nearest words are random</summary>No. They are related words. The problem is that some of them are opposites.</details>

# %% [markdown]
# ## 12 · One vector for all senses
#
# A *saw* is a tool, and *I saw it* is not about tools. The vocabulary has one entry for both, so there is one vector. What does it mean? We make a **pseudoword** whose senses we know (Gale et al. 1992): in every second review, we write both *money* and *music* as `money/music`.

# %%
both = {"money": "money/music", "music": "money/music"}
mixed = [[both.get(word, word) if i % 2 else word for word in review]
         for i, review in enumerate(corpus[:6000])]
mixed_model = Word2Vec(mixed, sg=0, vector_size=32, window=2, negative=K,
                       min_count=5, alpha=0.05, epochs=5, seed=SEED,
                       workers=2 if real else 1)
senses = Vectors(mixed_model.wv.index_to_key, mixed_model.wv.vectors)
to_money = senses.cosine("money/music", "money")
to_music = senses.cosine("money/music", "music")
between = senses.cosine("money", "music")
print(f"money/music and money {to_money:.2f}, money/music and music "
      f"{to_music:.2f}, money and music {between:.2f}")
claim("the pseudoword is nearer to both senses than they are to each other, "
      "by", min(to_money, to_music) - between, at_least=0.2)

# %% [markdown]
# The vector is a compromise, near both senses. Which sense is meant depends on the other words of the sentence, and a table with one row per word cannot know them. **Contextual embeddings** can: they are computed by a network that reads the
# whole sentence, recurrent as in ELMo (Peters et al. 2018) or with attention as in BERT (Devlin et al. 2019). The networks from lesson 04 on are a first step.

# %% [markdown]
# ## Exercises
#
# Replace each `...` by your answer, run the cell, then run the check below it. You can run a check as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: cosine_of
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `cosine_of(a, b)`: the cosine of the angle between two vectors, each of shape `(d,)`. A vector of zeros
# has no direction: return 0 if all numbers of `a` or all numbers of `b` are 0.
#
# <details><summary>Hint 1</summary><code>a @ b</code> is the dot product of two vectors.</details>
# <details><summary>Hint 2</summary>The length of a vector is <code>np.sqrt(a @ a)</code>. Divide the dot product by both lengths.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def cosine_of(a, b):
    """Cosine of the angle between a and b, 0 if one of them is all zeros."""
    # BEGIN SOLUTION
    lengths = np.sqrt(a @ a) * np.sqrt(b @ b)
    return a @ b / lengths if lengths > 0 else 0.0
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="depends on the lengths"
def cosine_of(a, b):
    return a @ b

# %% tags=["wrong"] message="square root"
def cosine_of(a, b):
    return a @ b / ((a @ a) * (b @ b))

# %% tags=["wrong"] message="of zeros"
def cosine_of(a, b):
    return a @ b / (np.sqrt(a @ a) * np.sqrt(b @ b))

# %% tags=["wrong"] message="opposite"
def cosine_of(a, b):
    lengths = np.sqrt(a @ a) * np.sqrt(b @ b)
    return abs(a @ b) / lengths if lengths > 0 else 0.0

# %% tags=["wrong"] message="only one of its numbers"
def cosine_of(a, b):
    if not a.all() or not b.all():
        return 0.0
    return a @ b / (np.sqrt(a @ a) * np.sqrt(b @ b))

# %% tags=["wrong"] message="their sum is 0"
def cosine_of(a, b):
    if np.sum(a) == 0 or np.sum(b) == 0:
        return 0.0
    return a @ b / (np.sqrt(a @ a) * np.sqrt(b @ b))

# %% tags=["wrong"] message="the same length"
def cosine_of(a, b):
    return a @ b / (a @ a) if (a @ a) > 0 and (b @ b) > 0 else 0.0

# %% [raw]
# # BEGIN TESTS

# %%
def test_cosine_of(cosine_of):
    import numpy as np

    a, b = np.array([3.0, 4.0]), np.array([4.0, 3.0])
    got = cosine_of(a.copy(), b.copy())
    assert abs(got - 24) > 1e-5, "for (3, 4) and (4, 3) you gave 24, the dot product: it depends on the lengths, and the cosine must not"
    assert abs(got - 24 / 625) > 1e-5, "for (3, 4) and (4, 3) you gave 0.0384: the length of a vector is the square root of its dot product with itself"
    assert abs(got - 24 / 25) < 1e-5, f"for (3, 4) and (4, 3) the cosine is 24 / 25 = 0.96, you gave {got:.4f}"
    got = cosine_of(a.copy(), -2 * a)
    assert abs(got - 1) > 1e-5, "for opposite directions you gave 1, the cosine is -1"
    assert abs(got + 1) < 1e-5, f"for (3, 4) and (-6, -8) the cosine is -1, you gave {got:.4f}: does it assume that both vectors have the same length?"
    got = cosine_of(np.array([0.0, 2.0]), np.array([1.0, 1.0]))
    assert abs(got - 0.5**0.5) < 1e-5, f"for (0, 2) and (1, 1) the cosine is 0.7071, you gave {got:.4f}: a vector is all zeros only if every number is 0, not if only one of its numbers is"
    got = cosine_of(np.array([1.0, -1.0]), np.array([2.0, 0.0]))
    assert abs(got - 0.5**0.5) < 1e-5, f"for (1, -1) and (2, 0) the cosine is 0.7071, you gave {got:.4f}: a vector is not all zeros because their sum is 0"
    with np.errstate(all="ignore"):
        nothing = [cosine_of(a.copy(), np.zeros(2)), cosine_of(np.zeros(2), a.copy())]
    assert nothing == [0, 0], f"for a vector of zeros return 0; you gave {nothing}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_cosine_of_hidden(cosine_of):
    import numpy as np

    rng = np.random.default_rng(7)
    vectors = [(rng.normal(size=d), 3 * rng.normal(size=d)) for d in (1, 3, 50)]
    for a, b in [*vectors, (np.array([1.0, -1.0, 0.0]), np.array([0.0, 2.0, -2.0]))]:
        wanted = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        assert abs(cosine_of(a, b) - wanted) < 1e-5 and abs(cosine_of(-a, b) + wanted) < 1e-5, f"not right for {a} and {b}"
    with np.errstate(all="ignore"):
        assert cosine_of(np.zeros(3), np.ones(3)) == 0, "not right if the first vector is all zeros"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: subwords_of
# points: 1

# %% [markdown]
# **Exercise 2.** Write `subwords_of(word, shortest, longest)`: the list of all subwords of a word, as in fastText. Put `<` before the word and `>`
# after it, then list every character n-gram of `shortest` to `longest` characters: short ones first, each length from left to right. A subword that occurs twice is listed twice. For example, `subwords_of("bad", 3, 4)`
# is `["<ba", "bad", "ad>", "<bad", "bad>"]`.
#
# <details><summary>Hint 1</summary><code>marked[i:i + n]</code> is the n-gram of n characters that begins at position i.</details>
# <details><summary>Hint 2</summary>A string of length m has m − n + 1 n-grams of n characters.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def subwords_of(word, shortest, longest):
    """Character n-grams of <word>, of `shortest` to `longest` characters."""
    # BEGIN SOLUTION
    marked = f"<{word}>"
    return [marked[i:i + n] for n in range(shortest, longest + 1)
            for i in range(len(marked) - n + 1)]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="no subword has < or >"
def subwords_of(word, shortest, longest):
    return [word[i : i + n] for n in range(shortest, longest + 1) for i in range(len(word) - n + 1)]

# %% tags=["wrong"] message="longest length"
def subwords_of(word, shortest, longest):
    marked = f"<{word}>"
    return [marked[i : i + n] for n in range(shortest, longest) for i in range(len(marked) - n + 1)]

# %% tags=["wrong"] message="shorter than"
def subwords_of(word, shortest, longest):
    marked = f"<{word}>"
    return [marked[i : i + n] for n in range(shortest, longest + 1) for i in range(len(marked))]

# %% tags=["wrong"] message="listed twice"
def subwords_of(word, shortest, longest):
    marked = f"<{word}>"
    found = [marked[i : i + n] for n in range(shortest, longest + 1) for i in range(len(marked) - n + 1)]
    return list(dict.fromkeys(found))

# %% tags=["wrong"] message="shortest and the longest"
def subwords_of(word, shortest, longest):
    marked = f"<{word}>"
    return [marked[i : i + n] for n in (shortest, longest) for i in range(len(marked) - n + 1)]

# %% [raw]
# # BEGIN TESTS

# %%
def test_subwords_of(subwords_of):
    got = list(subwords_of("bad", 3, 4))
    assert any("<" in part for part in got), f"for bad, 3, 4 you gave {got}: no subword has < or >, which mark where a word begins and ends"
    assert "<bad" in got, f"for bad, 3, 4 you gave {got}: n-grams of 4 characters are missing: the longest length belongs to the list"
    short = [part for part in got if len(part) < 3]
    assert not short, f"for bad, 3, 4 you gave {short}, shorter than 3: an n-gram must not go beyond the end of the word"
    assert got == ["<ba", "bad", "ad>", "<bad", "bad>"], f"for bad, 3, 4 you gave {got}"
    got = list(subwords_of("ok", 1, 3))
    assert got == ["<", "o", "k", ">", "<o", "ok", "k>", "<ok", "ok>"], f"for ok, 1, 3 you gave {got}: all lengths are needed, not only the shortest and the longest"
    got = list(subwords_of("aaaa", 2, 2))
    assert got == ["<a", "aa", "aa", "aa", "a>"], f"for aaaa, 2, 2 you gave {got}: a subword that occurs twice is listed twice"
    assert list(subwords_of("a", 4, 6)) == [], "<a> has three characters, so it has no subword of four"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_subwords_of_hidden(subwords_of):
    for word, shortest, longest in (("embedding", 2, 5), ("of", 3, 6), ("banana", 2, 3)):
        marked = f"<{word}>"
        wanted = [marked[i : i + n] for n in range(shortest, longest + 1) for i in range(len(marked) - n + 1)]
        assert list(subwords_of(word, shortest, longest)) == wanted, f"not right for {word}, {shortest}, {longest}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: negative_probabilities
# points: 1

# %% [markdown]
# **Exercise 3.** Write `negative_probabilities(counts, power)`: the probability of each word to be sampled as a negative. It is proportional to $\text{count}^\text{power}$, and the
# probabilities add up to 1. A word that never occurs must have probability 0, for every power from 0 to 1.
#
# <details><summary>Hint 1</summary>Compute the power first, then divide by the sum.</details>
# <details><summary>Hint 2</summary>In NumPy, 0 ** 0 is 1. <code>np.where(counts > 0, …, 0)</code> replaces it by 0.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def negative_probabilities(counts, power):
    """Probability of each word (words,), from its count (words,)."""
    # BEGIN SOLUTION
    weights = np.where(counts > 0, counts**power, 0)
    return weights / weights.sum()
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="add up to"
def negative_probabilities(counts, power):
    return (counts / counts.sum()) ** power

# %% tags=["wrong"] message="as in the text"
def negative_probabilities(counts, power):
    return counts / counts.sum()

# %% tags=["wrong"] message="never occurs"
def negative_probabilities(counts, power):
    return counts**power / (counts**power).sum()

# %% tags=["wrong"] message="power 0.5"
def negative_probabilities(counts, power):
    weights = np.where(counts > 0, counts**0.75, 0) if power else np.where(counts > 0, 1, 0)
    return weights / weights.sum()

# %% tags=["wrong"] message="never occurs"
def negative_probabilities(counts, power):
    weights = (counts + 1e-3) ** power
    return weights / weights.sum()

# %% [raw]
# # BEGIN TESTS

# %%
def test_negative_probabilities(negative_probabilities):
    import numpy as np

    counts = np.array([16.0, 1.0, 0.0, 1.0])
    got = np.ravel(negative_probabilities(counts.copy(), 0.75)).astype(float)
    assert got.size == 4, f"for 4 counts you gave {got.size} numbers"
    assert abs(got.sum() - 1) < 1e-5, f"the probabilities add up to {got.sum():.3f}, not to 1: divide by the sum after the power, not before"
    assert abs(got[0] - 16 / 18) > 1e-5, "for counts 16, 1, 0, 1 you gave the frequencies as in the text: where is the power?"
    assert got[2] == 0, f"a word that never occurs has the probability {got[2]:.6f}; it must be 0"
    assert np.allclose(got, [0.8, 0.1, 0, 0.1], atol=1e-5), f"for counts 16, 1, 0, 1 and the power 0.75 the probabilities are 0.8, 0.1, 0, 0.1; you gave {got.round(6)}"
    got = np.ravel(negative_probabilities(counts.copy(), 0.5)).astype(float)
    assert np.allclose(got, [4 / 6, 1 / 6, 0, 1 / 6], atol=1e-5), f"right for the power 0.75, but for the power 0.5 the probabilities are 0.6667, 0.1667, 0, 0.1667; you gave {got.round(6)}"
    flat = np.ravel(negative_probabilities(counts.copy(), 0)).astype(float)
    assert flat[2] == 0, f"with the power 0 a word that never occurs has the probability {flat[2]:.3f}; it must be 0"
    assert np.allclose(flat, [1 / 3, 1 / 3, 0, 1 / 3], atol=1e-5), f"with the power 0 all words that occur have the same probability; you gave {flat.round(6)}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_negative_probabilities_hidden(negative_probabilities):
    import numpy as np

    counts = np.array([9.0, 0.0, 4.0, 100.0, 1.0])
    for power, weights in ((0.5, [3, 0, 2, 10, 1]), (1, [9, 0, 4, 100, 1]), (0, [1, 0, 1, 1, 1])):
        wanted = np.array(weights) / sum(weights)
        assert np.allclose(negative_probabilities(counts.copy(), power), wanted, atol=1e-5), f"not right for the power {power}"
    whole = negative_probabilities(np.array([16, 2, 0, 2]), 0.75)
    assert np.allclose(whole, np.array([8, 2**0.75, 0, 2**0.75]) / (8 + 2 * 2**0.75), atol=1e-5), "not right for whole numbers"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: frozen_embedding
# points: 1

# %% [markdown]
# **Exercise 4.** Write `frozen_embedding(words, vector_of)`: a Keras `Embedding` layer with pretrained vectors that are not trained. `words` is the list of words of a vocabulary; word $i$ has id $i$, and word 0 is the padding. `vector_of` is a
# dictionary from words to vectors `(d,)`. Row $i$ of the layer must be the vector of word $i$, and zeros if the dictionary does not have this word.
#
# <details><summary>Hint 1</summary>Begin with a matrix of zeros, of shape (number of words, d). All vectors of the dictionary have the same d.</details>
# <details><summary>Hint 2</summary>Call <code>layer.build()</code> before <code>layer.set_weights([matrix])</code>, and do not forget <code>trainable=False</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def frozen_embedding(words, vector_of):
    """An Embedding layer with the pretrained vectors of `words`, frozen."""
    # BEGIN SOLUTION
    d = len(next(iter(vector_of.values())))
    matrix = np.zeros((len(words), d))
    for i, word in enumerate(words):
        if word in vector_of:
            matrix[i] = vector_of[word]
    layer = keras.layers.Embedding(len(words), d, trainable=False)
    layer.build()
    layer.set_weights([matrix])
    return layer
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="trainable=False"
def frozen_embedding(words, vector_of):
    d = len(next(iter(vector_of.values())))
    matrix = np.array([vector_of.get(word, np.zeros(d)) for word in words])
    layer = keras.layers.Embedding(len(words), d)
    layer.build()
    layer.set_weights([matrix])
    return layer

# %% tags=["wrong"] message="order of the dictionary"
def frozen_embedding(words, vector_of):
    d = len(next(iter(vector_of.values())))
    matrix = np.zeros((len(words), d))
    matrix[1:1 + len(vector_of)] = list(vector_of.values())
    layer = keras.layers.Embedding(len(words), d, trainable=False)
    layer.build()
    layer.set_weights([matrix])
    return layer

# %% tags=["wrong"] message="not in the dictionary"
def frozen_embedding(words, vector_of):
    d = len(next(iter(vector_of.values())))
    layer = keras.layers.Embedding(len(words), d, trainable=False)
    layer.build()
    matrix = layer.get_weights()[0]
    for i, word in enumerate(words):
        if word in vector_of:
            matrix[i] = vector_of[word]
    layer.set_weights([matrix])
    return layer

# %% tags=["wrong"] message="one row too far"
def frozen_embedding(words, vector_of):
    d = len(next(iter(vector_of.values())))
    matrix = np.zeros((len(words) + 1, d))
    for i, word in enumerate(words, start=1):
        matrix[i] = vector_of.get(word, np.zeros(d))
    layer = keras.layers.Embedding(len(words) + 1, d, trainable=False)
    layer.build()
    layer.set_weights([matrix])
    return layer

# %% [raw]
# # BEGIN TESTS

# %%
def test_frozen_embedding(frozen_embedding):
    import keras
    import numpy as np

    vector_of = {"dull": np.array([1.0, 2.0, 3.0]), "hen": np.array([4.0, 5.0, 6.0]), "film": np.array([7.0, 8.0, 9.5])}
    layer = frozen_embedding(["<pad>", "film", "unseen", "dull"], dict(vector_of))
    assert isinstance(layer, keras.layers.Layer), "return the layer itself"
    rows = np.asarray(layer(np.array([[1, 3, 2, 0]])))[0]
    assert rows.shape == (4, 3), f"for four ids and vectors of three numbers the result has the shape {rows.shape}, not (4, 3)"
    assert not layer.trainable, "the vectors would be trained: trainable=False is missing"
    assert not np.allclose(rows[0], vector_of["dull"], atol=1e-5), "the rows are in the order of the dictionary; they must be in the order of words"
    assert not (np.allclose(rows[0], 0) and np.allclose(rows[2], vector_of["film"], atol=1e-5)), "all vectors are one row too far: padding is word 0 of the list"
    assert np.allclose(rows[0], vector_of["film"], atol=1e-5) and np.allclose(rows[1], vector_of["dull"], atol=1e-5), f"ids 1 and 3 must give the vectors of film and dull; you gave {rows[:2].round(2)}"
    assert np.allclose(rows[2:], 0, atol=1e-7), f"ids 2 and 0 are words that are not in the dictionary, so their rows must be zeros; you gave {rows[2:].round(4)}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_frozen_embedding_hidden(frozen_embedding):
    import numpy as np

    rng = np.random.default_rng(7)
    vector_of = {f"w{i}": rng.normal(size=5).astype("float32") for i in range(9)}
    words = ["<pad>", *(f"w{i}" for i in rng.permutation(12))]
    layer = frozen_embedding(words, dict(vector_of))
    wanted = [vector_of.get(word, np.zeros(5)) for word in words]
    assert np.allclose(np.asarray(layer(np.arange(13))), wanted, atol=1e-5), "not right for 13 words and 9 vectors"
    assert not layer.trainable, "the layer must not be trainable"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: analogy_of
# points: 1

# %% [markdown]
# **Exercise 5.** Write `analogy_of(a, b, c, words, E)`: *a* is to *b* as *c* is to … ? `words` is a list of words, and row $i$ of `E` is the
# vector of word $i$. Scale all rows to length 1, without changing `E` itself. Return the word whose vector has the
# largest cosine with $v_b - v_a + v_c$, but none of the three given words.
#
# <details><summary>Hint 1</summary><code>E / np.linalg.norm(E, axis=1, keepdims=True)</code> scales all rows.</details>
# <details><summary>Hint 2</summary>Set the scores of the three given words to <code>-np.inf</code>, then take the largest.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def analogy_of(a, b, c, words, E):
    """The word that is to c as b is to a."""
    # BEGIN SOLUTION
    unit_rows = E / np.linalg.norm(E, axis=1, keepdims=True)  # (V, d)
    i, j, k = (words.index(word) for word in (a, b, c))
    scores = unit_rows @ (unit_rows[j] - unit_rows[i] + unit_rows[k])  # (V,)
    scores[[i, j, k]] = -np.inf
    return words[scores.argmax()]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one of the three"
def analogy_of(a, b, c, words, E):
    unit_rows = E / np.linalg.norm(E, axis=1, keepdims=True)
    i, j, k = (words.index(word) for word in (a, b, c))
    return words[(unit_rows @ (unit_rows[j] - unit_rows[i] + unit_rows[k])).argmax()]

# %% tags=["wrong"] message="length"
def analogy_of(a, b, c, words, E):
    i, j, k = (words.index(word) for word in (a, b, c))
    scores = E @ (E[j] - E[i] + E[k])
    scores[[i, j, k]] = -np.inf
    return words[scores.argmax()]

# %% tags=["wrong"] message="minus sign"
def analogy_of(a, b, c, words, E):
    unit_rows = E / np.linalg.norm(E, axis=1, keepdims=True)
    i, j, k = (words.index(word) for word in (a, b, c))
    scores = unit_rows @ (unit_rows[i] - unit_rows[j] + unit_rows[k])
    scores[[i, j, k]] = -np.inf
    return words[scores.argmax()]

# %% tags=["wrong"] message="nearest to king alone"
def analogy_of(a, b, c, words, E):
    unit_rows = E / np.linalg.norm(E, axis=1, keepdims=True)
    i, j, k = (words.index(word) for word in (a, b, c))
    scores = unit_rows @ unit_rows[k]
    scores[[i, j, k]] = -np.inf
    return words[scores.argmax()]

# %% [raw]
# # BEGIN TESTS

# %%
def test_analogy_of(analogy_of):
    import numpy as np

    words = ["man", "woman", "king", "queen", "house", "crowd", "he", "crown"]
    rows = [[1, 0, 1, 0], [0, 1, 1, 0], [1, 0, 3, 0], [0, 1, 3, 0], [0, 0, 0, 1], [1, 9, 9, 9], [3, -1, 2, 0], [1, 0, 3, 0.1]]
    E = np.array(rows, dtype=float)
    before = E.copy()
    got = analogy_of("man", "woman", "king", words, E)
    assert got not in ("man", "woman", "king"), f"for man, woman, king you gave {got}: one of the three is not allowed as an answer"
    assert got != "crowd", "for man, woman, king you gave crowd, whose vector is only long: scale all rows to length 1 first"
    assert got != "he", "for man, woman, king you gave he: which of the three has the minus sign?"
    assert got != "crown", "for man, woman, king you gave crown, which is nearest to king alone: are v_b and v_a in your sum?"
    assert got == "queen", f"for man, woman, king the answer is queen, you gave {got}"
    assert (E == before).all(), "E must not be changed"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_analogy_of_hidden(analogy_of):
    import numpy as np

    rng = np.random.default_rng(7)
    for V, d in [(5, 2), (6, 3), (30, 8)] * 40:
        E, words = rng.normal(size=(V, d)) * rng.uniform(0.2, 5, size=(V, 1)), [f"word{i}" for i in range(V)]
        i, j, k = rng.permutation(V)[:3]
        X = E / np.linalg.norm(E, axis=1)[:, None]
        others = [word for word in range(V) if word not in (i, j, k)]
        best = max(others, key=lambda word: X[word] @ (X[j] - X[i] + X[k]))
        got = analogy_of(words[i], words[j], words[k], list(words), E.copy())
        assert got == words[best], f"not right for {V} words with vectors of {d} numbers"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: loss_and_gradient
# points: 2

# %% [markdown]
# **Exercise 6, a stretch.** Write `loss_and_gradient(v, U)` for one centre of skip-gram with negative sampling. `v` is its vector,
# `(d,)`. The first row of `U`, `(1 + K, d)`, is the vector of the true context, the others are those of the $K$ negatives. Return the loss $L$ of
# section 5, one number, and its gradient with respect to `v`, `(d,)`. The check compares your gradient with what happens to the loss
# when `v` is moved a little.
#
# <details><summary>Hint 1</summary>With $s_k = \sigma(u_k \cdot v)$ the loss is $-\ln s_0 - \sum_{k \ge 1} \ln (1 - s_k)$, because $\sigma(-x) = 1 - \sigma(x)$.</details>
# <details><summary>Hint 2</summary>$\sigma'(x) = \sigma(x)(1 - \sigma(x))$. Compute the derivative of $-\ln\sigma(x)$, and that of $-\ln(1 - \sigma(x))$.</details>
# <details><summary>Hint 3</summary>The derivatives are $\sigma(x) - 1$ and $\sigma(x)$. Here $x = u_k \cdot v$. What is its gradient with respect to $v$? Use the chain rule, and add up all terms.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def loss_and_gradient(v, U):
    """L and dL/dv (d,), for v (d,) and U (1 + K, d), true context first."""
    # BEGIN SOLUTION
    s = 1 / (1 + np.exp(-U @ v))  # (1 + K,)
    y = np.eye(len(U))[0]  # (1 + K,)
    loss = -np.log(s[0]) - np.log(1 - s[1:]).sum()
    return loss, (s - y) @ U
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="all contexts as true"
def loss_and_gradient(v, U):
    s = 1 / (1 + np.exp(-U @ v))
    return -np.log(s).sum(), (s - 1) @ U

# %% tags=["wrong"] message="the other direction"
def loss_and_gradient(v, U):
    s = 1 / (1 + np.exp(-U @ v))
    y = np.eye(len(U))[0]
    return -np.log(s[0]) - np.log(1 - s[1:]).sum(), (y - s) @ U

# %% tags=["wrong"] message="the mean"
def loss_and_gradient(v, U):
    s = 1 / (1 + np.exp(-U @ v))
    y = np.eye(len(U))[0]
    return (-np.log(s[0]) - np.log(1 - s[1:]).sum()) / len(U), (s - y) @ U / len(U)

# %% tags=["wrong"] message="must have the shape of v"
def loss_and_gradient(v, U):
    s = 1 / (1 + np.exp(-U @ v))
    y = np.eye(len(U))[0]
    return -np.log(s[0]) - np.log(1 - s[1:]).sum(), s - y

# %% tags=["wrong"] message="with three negatives"
def loss_and_gradient(v, U):
    s = 1 / (1 + np.exp(-U @ v))
    y = np.eye(len(U))[0]
    return -np.log(s[0]) - np.log(1 - s[1]) - np.log(1 - s[2]), (s - y)[:3] @ U[:3]

# %% [raw]
# # BEGIN TESTS

# %%
def test_loss_and_gradient(loss_and_gradient):
    import numpy as np

    v, U = np.array([0.5, -1.0]), np.array([[1.0, 2.0], [0.0, 1.0], [-1.0, 0.5]])
    factors = np.array([1, -1, -1])
    wanted = np.log(1 + np.exp(-factors * (U @ v))).sum()
    loss, gradient = loss_and_gradient(v.copy(), U.copy())
    loss = float(np.asarray(loss).item())
    assert abs(loss - np.log(1 + np.exp(-(U @ v))).sum()) > 1e-5, "your loss takes all contexts as true; the negatives have a minus inside: -ln sigma(-u.v)"
    assert abs(3 * loss - wanted) > 1e-5, "your loss is the mean of the 1 + K terms; L is their sum"
    assert abs(loss - wanted) < 1e-5, f"the loss here is {wanted:.4f}, yours is {loss:.4f}"
    gradient = np.asarray(gradient)
    assert gradient.shape == (2,), f"the gradient has shape {gradient.shape}; it must have the shape of v, (2,): multiply each row of U by its derivative and add them up"
    step = 1e-6 * np.eye(2)
    up, down = (np.log(1 + np.exp(-factors * ((v + move) @ U.T))).sum(axis=1) for move in (step, -step))
    change = (up - down) / 2e-6
    assert not np.allclose(gradient, -change, atol=1e-5), "your gradient points in the other direction: is it s - y, or y - s?"
    assert np.allclose(gradient, change, atol=1e-5), f"when v is moved a little, the loss changes by {change.round(4)}, your gradient says {gradient.round(4)}"
    U = np.array([[1.0, 2.0], [0.0, 1.0], [-1.0, 0.5], [0.3, 0.2]])
    wanted = np.log(1 + np.exp(-np.array([1, -1, -1, -1]) * (U @ v))).sum()
    loss = float(np.asarray(loss_and_gradient(v.copy(), U.copy())[0]).item())
    assert abs(loss - wanted) < 1e-5, f"right for two negatives; with three negatives the loss is {wanted:.4f}, yours is {loss:.4f}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_loss_and_gradient_hidden(loss_and_gradient):
    import numpy as np

    rng = np.random.default_rng(7)
    for d, n in ((4, 6), (3, 2)):
        v, U = rng.normal(size=d), rng.normal(size=(n, d))
        y = np.eye(n)[0]
        loss, gradient = loss_and_gradient(v.copy(), U.copy())
        assert abs(loss - np.log1p(np.exp((1 - 2 * y) * (U @ v))).sum()) < 1e-5, f"the loss, for {n - 1} negatives"
        assert np.allclose(gradient, (1 / (1 + np.exp(-U @ v)) - y) @ U, atol=1e-5), f"the gradient, for {n - 1} negatives"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Going further
#
# ### CBOW in Keras
#
# CBOW needs for each word all its context words at once, in one row of a table. Where the review begins or ends, the row is filled with 0, so the ids of words begin at 1 here, and `mask_zero=True` leaves the zeros out of the mean.

# %%
def cbow_windows(ids, window):
    """Contexts (words, 2 * window), padded with 0, and centres (words,)."""
    padded = [0] * window + list(ids) + [0] * window
    contexts = [padded[t:t + window] + padded[t + window + 1:
                                              t + 2 * window + 1]
                for t in range(len(ids))]
    return contexts, list(ids)


print(cbow_windows([7, 8, 9], window=2))

# %%
around, middles = [], []
for review in some:
    known = [id_of[word] for word in review if word in id_of]
    kept = [1 + i for i in known if rng.random() < keep_p[i]]
    if len(kept) > 1:  # a word alone has no context
        rows, ids_in_middle = cbow_windows(kept, window=2)
        around += rows
        middles += ids_in_middle
around, middles = np.array(around), np.array(middles)  # (n, 4), (n,)

# %%
context_ids = keras.Input((4,), dtype="int32")  # (batch, 4)
cbow_v = keras.layers.Embedding(1 + len(words), d, mask_zero=True)
cbow_u = keras.layers.Embedding(1 + len(words), d,
                                embeddings_initializer="zeros")
mean_v = keras.layers.GlobalAveragePooling1D()(cbow_v(context_ids))
cbow = keras.Model([context_ids, candidates],
                   keras.layers.Dot(axes=(2, 1))([cbow_u(candidates), mean_v]))
cbow.compile(keras.optimizers.Adam(0.01),
             keras.losses.BinaryCrossentropy(from_logits=True))

# %%
is_middle = np.zeros((len(middles), 1 + K), dtype="float32")
is_middle[:, 0] = 1
for epoch in range(6):
    negatives = 1 + rng.choice(len(words), (len(middles), K), p=negative_p)
    shown = np.column_stack([middles, negatives])  # (n, 1 + K)
    fitted = cbow.fit([around, shown], is_middle, batch_size=4096, verbose=0)
    print(f"epoch {epoch + 1}: loss {fitted.history['loss'][0]:.4f}")
by_cbow = Vectors(words, cbow_v.get_weights()[0][1:])
near = [word for word, _ in by_cbow.neighbours("brilliant", 8)]
print("nearest to brilliant:", ", ".join(near))
claim("CBOW: fraction of nearest adjectives with the same intensity",
      same_kind(by_cbow)[0], at_least=0.4 if real else 0.7)

# %% [markdown]
# CBOW finds neighbours of the same kind as skip-gram. Here too, the vectors that we keep are those of the contexts, the words that the model reads.
#
# ### Did gensim learn the same as our skip-gram?
#
# We cannot compare coordinates, because each training has its own axes. But we can compare cosines. We take all pairs of 200 common words, and ask whether both models put these pairs in the same order. To see what is possible, we compare gensim with a second gensim that has another seed.

# %%
from scipy.stats import spearmanr


def gensim_cosines(seed):
    model = Word2Vec(some, sg=1, vector_size=d, window=2, negative=K,
                     sample=1e-3, min_count=5, alpha=0.05, epochs=5,
                     seed=seed, workers=1)
    return cosine(model.wv[first], model.wv[second])


word_pairs = combinations(words[50:250], 2)  # of 200 common words
first, second = (list(each) for each in zip(*word_pairs))  # (pairs,) each
ours = cosine(v[[id_of[w] for w in first]], v[[id_of[w] for w in second]])
gensim_1, gensim_2 = gensim_cosines(SEED), gensim_cosines(SEED + 1)
claim("rank correlation of the cosines, our skip-gram and gensim's",
      spearmanr(ours, gensim_1).statistic, at_least=0.3)
claim("rank correlation of the cosines, two seeds of gensim",
      spearmanr(gensim_1, gensim_2).statistic, at_least=0.5)

# %% [markdown]
# All three models have read the same 2,000 reviews. Even two models of gensim do not agree completely, because each starts with other random numbers and samples other negatives. Our model agrees with gensim's less than that, but clearly more than by chance: it has learned much the same, not exactly the same.

# %% [markdown]
# ### With few labels
#
# Section 8 used all labels. What if there are only a few? We train logistic regressions on the bags and on the means of word2vec vectors, and measure both on the validation set. Each number is the mean over five random choices of the labelled reviews.
#
# **What do you expect?** Which is better with 100 labels?
#
# <details><summary>Answer</summary>On IMDB, the mean of word2vec vectors, by far: its vectors were learned from more than 70,000 reviews without labels. On the sample the bag is better, because there the word2vec vectors do not know the polarity (section 11).</details>

# %%
def accuracies(few):
    """Of both kinds of features, trained on the reviews `few`."""
    found = []
    for name, C in (("bag of words", 0.1),
                    ("mean of word2vec, logistic regression", 10)):
        X_few, X_new = features[name][0][few], features[name][1]
        fitted_few = LogisticRegression(C=C, max_iter=1000)
        fitted_few.fit(X_few, y_train[few])
        found.append(fitted_few.score(X_new, y_validation))
    return found

# %%
few_rows = []
for n in (100, 300, 1000, 3000):
    pair = np.mean([accuracies(rng.permutation(len(train))[:n])
                    for _ in range(5)], axis=0)
    few_rows.append({"labelled reviews": f"{n:,}", "bag of words": pair[0],
                     "mean of word2vec": pair[1]})
if real:
    claim("100 labels: gain of the mean of word2vec over the bag of words",
          few_rows[0]["mean of word2vec"] - few_rows[0]["bag of words"],
          at_least=0.05)
else:
    claim("100 labels, on the sample: gain of the mean of word2vec",
          few_rows[0]["mean of word2vec"] - few_rows[0]["bag of words"],
          at_most=0.05)
tables.table("Accuracy with few labels", few_rows)

# %% [markdown]
# ### The ratings of people
#
# The next cells need the real data: `make data DATASETS="imdb_reviews word_similarity"` downloads it. Section 11 showed the record as a figure.

# %%
from course_utils.datasets import similarity

people = similarity.load()  # None without the real data

# %%
rating_rows = []
for name, rated in (people.rated.items() if people else ()):
    known = [i for i, pair in enumerate(rated.pairs)
             if all(word in learned for word in pair)]
    cosines = [learned.cosine(*rated.pairs[i]) for i in known]
    rho = spearmanr(cosines, rated.ratings[known]).statistic
    rating_rows.append({"ratings": name, "pairs": len(rated.pairs),
                        "pairs with known words": len(known),
                        "rank correlation": rho})
if people:
    claim("rank correlation on related pairs minus that on similar pairs",
          rating_rows[0]["rank correlation"]
          - rating_rows[1]["rank correlation"], at_least=0.05)
    display(tables.table("Rank correlation with ratings", rating_rows))

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the record of runs on IMDB.
tables.recorded("02_word_embeddings", "Rank correlation with ratings")

# %% [markdown]
# ### The analogies of the original paper
#
# Mikolov et al. (2013a) published questions of many kinds. We take the first 500 of four kinds for which our vectors have all words. The last column says how often the nearest word is one of the three given words, if these are allowed.

# %%
def analogies(vectors, questions):
    """Fraction right, and fraction with a given word as the nearest."""
    right, given = [], []
    for a, b, c, answer in questions:
        unit = [vectors.vector(w) / np.linalg.norm(vectors.vector(w))
                for w in (a, b, c)]
        target = unit[1] - unit[0] + unit[2]
        right.append(vectors.analogy(a, b, c, k=1)[0][0] == answer)
        given.append(vectors.neighbours(target, 1)[0][0] in (a, b, c))
    return np.mean(right), np.mean(given)


verbs = [pair.split() for pair in REGULAR.split(",")]
verbs = [pair for pair in verbs if all(w in learned for w in pair)]
claim("regular verbs: fraction where the nearest word is a given one",
      analogies(learned, [(*p, *q) for p, q in permutations(verbs, 2)])[1],
      at_least=0.5)

# %%
KINDS = {"family": "king – queen", "gram3-comparative": "good – better",
         "gram7-past-tense": "dance – danced", "gram8-plural": "bird – birds"}
analogy_rows = []
for kind, example in (KINDS.items() if people else ()):
    questions = [q for q in people.analogies[kind]
                 if all(word in learned for word in q)][:500]
    fraction, given = analogies(learned, questions)
    analogy_rows.append({"analogies": f"{kind} ({example})",
                         "questions": len(questions), "right": fraction,
                         "a given word is nearest": given})
if people:
    display(tables.table("word2vec on the original analogies", analogy_rows))

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the record of runs on IMDB.
tables.recorded("02_word_embeddings", "word2vec on the original analogies")

# %% [markdown]
# Family relations and comparatives are the best, and for most questions a given word would be nearest. The vectors of the original paper were trained on billions of words of news. Film reviews are small compared with that.

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Taking "near" for "means the same".** Word vectors from text say *used in similar contexts*. That is true of *good* and *bad*.
# - **Comparing coordinates of two models.** Each training has its own axes. Compare cosines, or neighbours.
# - **Comparing vectors of different tables.** A cosine between table $v$ and table $u$ says which words appear next to each other, not which are used alike.
# - **Forgetting `trainable=False`.** Then training moves the vectors of the words that it meets, and they no longer fit the others.
# - **Padding that counts.** Without `mask_zero=True`, the zeros are part of the mean, and short reviews look alike because they are short.
# - **Words without a vector.** Decide what to do with them: leave them out, use one shared vector, or use subwords.
# - **Expecting the same numbers from two runs with several threads.** gensim is repeatable with `workers=1` only. (`infer_vector`, with which doc2vec computes the vector of a new document, also needs the environment variable `PYTHONHASHSEED`.)
#
# ## References
#
# - Z. S. Harris (1954). Distributional structure. *Word* 10(2–3).
# - J. R. Firth (1957). A synopsis of linguistic theory 1930–1955. *Studies in Linguistic Analysis*. Blackwell.
# - W. A. Gale, K. W. Church, D. Yarowsky (1992). Work on statistical methods for word sense disambiguation. *AAAI Fall Symposium*. Pseudowords.
# - L. Finkelstein, E. Gabrilovich, Y. Matias, E. Rivlin, Z. Solan, G. Wolfman, E. Ruppin (2002). Placing search in context: the concept revisited. *ACM Transactions on Information Systems* 20(1).
# - T. Mikolov, K. Chen, G. Corrado, J. Dean (2013a). Efficient estimation of word representations in vector space. *arXiv 1301.3781*. Skip-gram, CBOW, the analogies.
# - T. Mikolov, I. Sutskever, K. Chen, G. Corrado, J. Dean (2013b). Distributed representations of words and phrases and their compositionality. *NIPS*. Negative sampling, subsampling, the power ¾.
# - T. Mikolov, W. Yih, G. Zweig (2013c). Linguistic regularities in continuous space word representations. *NAACL-HLT*.
# - Q. Le, T. Mikolov (2014). Distributed representations of sentences and documents. *ICML*.
# - O. Levy, Y. Goldberg (2014a). Neural word embedding as implicit matrix factorization. *NIPS*.
# - O. Levy, Y. Goldberg (2014b). Dependency-based word embeddings. *ACL*. What small and large windows learn.
# - O. Levy, Y. Goldberg (2014c). Linguistic regularities in sparse and explicit word representations. *CoNLL*.
# - J. Pennington, R. Socher, C. D. Manning (2014). GloVe: global vectors for word representation. *EMNLP*.
# - F. Hill, R. Reichart, A. Korhonen (2015). SimLex-999: evaluating semantic models with (genuine) similarity estimation. *Computational Linguistics* 41(4).
# - T. Linzen (2016). Issues in evaluating semantic spaces using word analogies. *RepEval workshop*.
# - P. Bojanowski, E. Grave, A. Joulin, T. Mikolov (2017). Enriching word vectors with subword information. *TACL* 5.
# - A. Joulin, E. Grave, P. Bojanowski, T. Mikolov (2017). Bag of tricks for efficient text classification. *EACL*. The mean of section 3, with vectors for bigrams, too.
# - M. E. Peters, M. Neumann, M. Iyyer, M. Gardner, C. Clark, K. Lee, L. Zettlemoyer (2018). Deep contextualized word representations. *NAACL-HLT*. ELMo.
# - J. Devlin, M.-W. Chang, K. Lee, K. Toutanova (2019). BERT: pre-training of deep bidirectional transformers for language understanding. *NAACL-HLT*.

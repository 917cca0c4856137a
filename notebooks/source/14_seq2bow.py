# %% [markdown]
# # 14 · Seq2BoW: from job titles to interests
#
# Someone is a *senior data engineer*. What does this person know and use? The title is a short sequence of words. The answer is a bag: Python,
# SQL, pipelines, in no order. This lesson builds a network that reads the title and ranks all possible interests: **Seq2BoW**, sequence to bag of
# words (Fung 2017). It uses an LSTM, embeddings that were learned without labels, and negative sampling. It puts
# titles and interests into one vector space. Then four questions have an answer: which interests are near an interest, which
# interests go with a title, which titles are near a title, and which titles go with an interest.
#
# **You will be able to**
#
# 1. measure a ranking of hundreds of interests against a bag, with recall@k and nDCG@k;
# 2. train an encoder of titles with a softmax over all interests, and compare it with a regression that needs no training loop;
# 3. put titles and interests into one vector space, and measure what its dimension and its training cost or bring;
# 4. replace the full softmax by a sampled one, say why, and correct the scores for the sampling;
# 5. ask a space of titles and interests for neighbours, and measure how good they are.
#
# **Before this lesson:** lessons [02](02_word_embeddings.ipynb), [03](03_entity_embeddings.ipynb) and [06](06_lstm.ipynb). **Time:** about 60
# minutes to read and try, 40 minutes for the exercises; on two cores all cells run in about
# 230 seconds on the built-in sample (`HUBS.md` names the machine that was measured),
# and in about ten minutes on the real data.

# %% [markdown]
# ## Settings

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from scipy.sparse import csr_matrix

from course_utils import embeddings, plots, tables
from course_utils.claims import SEED, claim
from course_utils.datasets import postings
from course_utils.models.seq2bow.corpus import LENGTH, from_lists, title_words
from course_utils.models.seq2bow.model import interest_vectors, measures

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)
tf.get_logger().setLevel("ERROR")  # no warnings about many small networks
layers = keras.layers

# %% [markdown]
# ## 1 · Titles and bags
#
# A job posting has a title, as somebody typed it, and a bag of interests. (In our data these are the skills that the posting asks for. The original work
# predicted interests of people; we keep its word.)

# %%
data = postings.load(seed=SEED)
sample = data.source == "sample"
rng = np.random.default_rng(SEED)
for i in rng.choice(len(data.train), 4, replace=False):
    print(f"{data.train.titles[i]!r}: {', '.join(data.train.bags[i][:6])}")

# %% [markdown]
# The built-in sample is synthetic: a script invented its postings from facts about 108 occupations (`data/README.md`). Section 10 describes the real data.
#
# Postings repeat titles. So the three sets are split by title: no title is in two of them, not even in another spelling, such as upper case
# or other punctuation. A model that memorises the training titles gains nothing on the test set.
#
# As always, words and interests become ids. `from_lists` builds both vocabularies from the training set; it leaves out what occurs only once. A title has up to
# `LENGTH` words, and is padded with zeros. An interest can be in a bag or not, so a bag is a row with one column for each interest, and a 1 for each of
# its members. To predict such a row is called [**multi-label classification**](../GLOSSARY.md#multi-label-classification): each label is right or wrong for itself, and several can be right.

# %%
def prepare(data):
    """The corpus of the training set, and the ids of all three sets."""
    corpus = from_lists(data.train.titles, data.train.bags)
    sets = {"train": next(corpus.mixed())}
    for name in ("validation", "test"):
        part = getattr(data, name)
        sets[name] = corpus.numbering.encode(part.titles, part.bags)
    return corpus, sets


def multi_hot(lists, n):
    """One row per list of ids, 1 in the columns of its ids: (rows, n)."""
    table = np.zeros((len(lists), n), dtype=bool)
    for row, ids in zip(table, lists):
        row[ids[ids >= 0]] = True  # -1 is padding
    return table

# %%
def bags_of(shard, corpus):
    """The bags of a set: (rows, interests)."""
    return multi_hot(shard.bags(np.arange(len(shard))), len(corpus.counts))


corpus, sets = prepare(data)
numbering, K = corpus.numbering, len(corpus.counts)  # K interests
held_out = sets["validation"]
bags = bags_of(held_out, corpus)  # (titles, K)
print(f"{len(corpus):,} postings, {len(numbering.words)} words, K = {K}")
print("most frequent interests:", ", ".join(numbering.interests[:4]))
print("a title:", sets["train"].titles[0])
print("its bag has", bags_of(sets["train"], corpus)[0].sum(), "interests")

# %% [markdown]
# ## 2 · How good is a ranking?
#
# A model gives each interest a score, and the highest scores come first. Two measures compare this ranking with the bag of the posting (lesson 03 has them for books):
#
# - **recall@10**: the fraction of the bag that is among the first ten.
# - [**nDCG**](../GLOSSARY.md#ndcg)@10 (Järvelin and Kekäläinen 2002): an interest of the bag at rank $r$ adds $1 / \log_2(r + 1)$. The sum is divided by the largest sum that is possible,
#   that of a ranking which begins with the whole bag. So a hit at the top counts more than one at rank 10.
#
# On the sample, the best possible model would have a recall@10 of 0.73 on the test set, not 1 (`data/README.md`): many bags have more than ten interests, and part
# of what a posting asks for is chance.
#
# The simplest model gives every title the same ranking, the most frequent interests first. We call it **popularity**.

# %%
def recall_at(k, scores, bags):
    """The mean fraction of a bag that is among the k highest scores."""
    found = []
    for row, bag in zip(scores, bags):
        if bag.any():
            best = np.argsort(-row, kind="stable")[:k]
            found.append(bag[best].sum() / bag.sum())
    return np.mean(found)


popular = np.tile(corpus.counts / len(corpus), (len(bags), 1))  # (titles, K)
print(f"recall@10 of popularity: {recall_at(10, popular, bags):.4f}")
print("both measures, from the package:", measures(popular, held_out))
twenty = np.arange(30)[None] < 20  # a bag with the first 20 of 30 interests
claim("highest possible recall@10 for a bag of 20 interests",
      recall_at(10, twenty * 1.0, twenty), close_to=0.5, within=1e-6)

# %% [markdown]
# The function of the package gives the same recall.

# %% [markdown] claim="highest possible recall@10 for a bag of 20 interests"
# **Quick question.** A posting asks for 20 interests. What is the highest recall@10 that a ranking can have for it?
#
# <details><summary>A. 1</summary>No. Among the first ten there is room for ten of its twenty interests only.</details>
# <details><summary>B. 0.5</summary>Right. Ten of twenty, as measured above. The nDCG@10 of this ranking is 1, because it is divided by the best possible sum.</details>
# <details><summary>C. 2</summary>No. A fraction of the bag cannot be larger than 1.</details>

# %% [markdown]
# ## 3 · Baselines without a network
#
# **The nearest title.** Search the training titles for those that are most similar to the new one, and add up their bags. Similar means: the
# number of words that two titles have in common, divided by the number of words that at least one of them has. This is their [**Jaccard similarity**](../GLOSSARY.md#jaccard-similarity).

# %%
def words_of(shard, corpus):
    """1 for each word of a title: (titles, words), sparse."""
    table = multi_hot(shard.titles, len(corpus.numbering.words))
    table[:, 0] = False  # the padding is not a word
    return csr_matrix(table, dtype="float32")


def nearest_title(corpus, sets, name):
    """Scores (titles, K): the bags of the most similar titles, added."""
    known, answers = words_of(sets["train"], corpus), []
    bags, size = bags_of(sets["train"], corpus), known.sum(axis=1).A1
    for title in words_of(sets[name], corpus).toarray():
        common = known @ title  # (training titles,)
        jaccard = common / (size + title.sum() - common)
        answers.append(bags[jaccard >= jaccard.max() - 1e-6].sum(axis=0))
    return np.array(answers) + corpus.counts / len(corpus)  # (titles, K)

# %% [markdown]
# The last line adds popularity, which decides between interests that are equally frequent in the bags found.
#
# **A regression.** A linear model has a weight for each pair of a word and an interest, and predicts the row of the bag from the row of the words. With a penalty $\lambda$ on the squares of the weights
# it is called [**ridge regression**](../GLOSSARY.md#ridge-regression). Its best weights have a formula, $W = (X^\top X + \lambda I)^{-1} X^\top Y$, so there is no training loop. We choose
# $\lambda$ on the validation set, as we choose everything before section 7.

# %%
def ridge(corpus, sets, penalties=(1, 10, 100)):
    """Weights (words, K), with the penalty that validates best."""
    X, Y = words_of(sets["train"], corpus), bags_of(sets["train"], corpus)
    V, found = words_of(sets["validation"], corpus), {}
    for penalty in penalties:
        A = (X.T @ X).toarray() + penalty * np.eye(X.shape[1], dtype="f4")
        W = np.linalg.solve(A, X.T @ Y)
        found[measures(V @ W, sets["validation"])["recall@10"]] = W
    return found[max(found)]


scores = {"popularity": popular,
          "nearest title": nearest_title(corpus, sets, "validation"),
          "regression": words_of(held_out, corpus) @ ridge(corpus, sets)}
for model, s in scores.items():
    print(f"{model}: {measures(s, held_out)}")

# %% [markdown]
# The regression is a strong baseline. Most of what a title says is said by single words, *surgeon*, *baker*, and the regression has weights for each of them. But it knows nothing about the order
# of the words, and it has no notion of similar titles or similar interests.
#
# ## 4 · An LSTM and a softmax over all interests
#
# Now the network. The words of a title go through an `Embedding` and an LSTM. Its last hidden state $h_T$ is the summary of the title. A `Dense` layer turns it
# into one score for each of the $K$ interests. This is a classifier as in lesson 10, with $K$ classes.
#
# But a posting has several right classes. We ask the softmax for the same probability on each member of the bag and 0 elsewhere. With the scores $s$ and the bag $B$, the loss is the cross-entropy
#
# $$L = -\frac{1}{|B|} \sum_{k \in B} \ln \frac{e^{s_k}}{\sum_{j=1}^{K} e^{s_j}}$$

# %%
def title_encoder(words, units=64, recurrent=True):
    """Titles (batch, time) to their summary h (batch, units)."""
    ids = keras.Input((LENGTH,), dtype="int32")
    x = layers.Embedding(words, units, mask_zero=True)(ids)
    x = layers.Dropout(0.3)(x)  # (batch, time, units)
    read = layers.LSTM(units) if recurrent else layers.GlobalAveragePooling1D()
    return keras.Model(ids, layers.Dropout(0.3)(read(x)))


def softmax_loss(bags, scores):
    """Cross-entropy of a softmax over all interests: (batch,)."""
    bags = keras.ops.cast(bags, "float32")
    sizes = keras.ops.sum(bags, axis=1, keepdims=True)
    target = bags / keras.ops.maximum(sizes, 1)  # adds up to 1
    return keras.losses.categorical_crossentropy(target, scores, True)

# %% [markdown]
# `recurrent=False` gives the encoder of lesson 02, the mean of the word vectors, for comparison. The dropout is there because the network overfits without it.
#
# The learning rate falls along a half cosine to almost zero. The biases of the last layer start as the logits of the interests' frequencies. So the network begins with the ranking of popularity and learns
# how a title differs from it.

# %%
def adam(steps):
    rate = keras.optimizers.schedules.CosineDecay(0.02, steps, alpha=0.02)
    return keras.optimizers.Adam(rate, clipnorm=1.0)


def fit(model, corpus, sets, epochs, loss=softmax_loss):
    """Train a network whose last layer has a score for each interest."""
    train, val = sets["train"], sets["validation"]
    p = np.clip(corpus.counts / len(corpus), 1e-4, 0.99)
    model.layers[-1].bias.assign(np.log(p / (1 - p)))  # logits
    model.compile(adam(epochs * -(-len(train) // 256)), loss)
    held_out = val.titles, bags_of(val, corpus)
    return model.fit(train.titles, bags_of(train, corpus), epochs=epochs,
                     batch_size=256, validation_data=held_out, verbose=0)


def scores_of(model, shard):
    return model.predict(shard.titles, batch_size=1024, verbose=0)

# %%
def train_classifier(corpus, sets, epochs, recurrent=True):
    """A trained network without a space, and its learning curves."""
    keras.utils.set_random_seed(SEED)
    words, K = len(corpus.numbering.words), len(corpus.counts)
    model = keras.Sequential([title_encoder(words, recurrent=recurrent),
                              layers.Dense(K)])
    return model, fit(model, corpus, sets, epochs).history


EPOCHS = 10 if sample else 5  # the real data are larger
lstm, history = train_classifier(corpus, sets, EPOCHS)
scores["LSTM"] = scores_of(lstm, held_out)
print("LSTM:", measures(scores["LSTM"], held_out))
claim("recall@10 of the LSTM minus that of the nearest title",
      recall_at(10, scores["LSTM"], bags)
      - recall_at(10, scores["nearest title"], bags), at_least=0.02)

# %% alt="Training and validation loss by epoch, in two lines that fall steeply in the first epochs and are flat at the end. They end close to each other." jupyter={"source_hidden": true}
# Draw the learning curves.
fig, ax = plt.subplots(figsize=(6.4, 3))
ax.plot(range(1, EPOCHS + 1), history["loss"], "o-", label="training set")
ax.plot(range(1, EPOCHS + 1), history["val_loss"], "s--",
        label="validation set")
ax.axhline(np.log(K), color="black", linewidth=0.8, linestyle=":")
ax.text(EPOCHS, np.log(K) - 0.05, "chance level: ln K", ha="right", va="top")
ax.set(xlabel="epoch", ylabel="cross-entropy",
       title="One softmax over all interests")
ax.legend(loc="center right")
plt.show()

# %% [markdown]
# Both curves are flat at the end: more epochs would not help. The network is far above the nearest title, and on the sample it is below the regression.
#
# This model ranks interests, but it cannot say which titles or interests are similar.

# %% [markdown] claim="recall@10 of the LSTM minus that of the nearest title"
# **Quick question.** Titles of the validation set never occur in the training set. Why does the LSTM rank their interests so much better than the nearest training title does?
#
# <details><summary>A. It has memorised more titles</summary>No. The nearest title is looked up in all training titles. Nobody can memorise more than that.</details>
# <details><summary>B. It has learned what single words contribute, and combines them in new titles</summary>Right. A new title is mostly a new combination of known words. The nearest title has the bags of one combination only.</details>
# <details><summary>C. It has seen the bags of the validation set</summary>No. They are used to compute the validation loss, but no weight is changed by it.</details>

# %% [markdown]
# ## 5 · One space for titles and interests
#
# We want a vector $v$ for each title and a vector $e_k$ for each interest, both with $D$ dimensions, so that their product is the score:
#
# $$v = h_T W_o, \qquad s_k = v \cdot e_k + b_k$$
#
# $W_o$ has no bias and no activation, because the vectors of interests point in all directions and have all lengths. A network with one encoder for each of two kinds of things, which meet in a product only, is called a
# [**two-tower model**](../GLOSSARY.md#two-tower-model). Here one tower is the LSTM, and the other is a table with one row per interest.
#
# In Keras this is one more `Dense` layer with $D$ units between the LSTM and the scores. The weights of the last layer, $(D, K)$, are the vectors $e_k$ as columns. $D$ is usually smaller than the number of units: a *bottleneck*.
#
# ### Where do the vectors of interests come from?
#
# Either they are trained together with the LSTM, from random numbers. Or they are pretrained. Word2vec (lesson 02) gives similar vectors to words that occur in the same sentences. A bag can take the place of the sentence, as the
# reading lists did in lesson 03. A bag has no order, so the window is the whole bag. `interest_vectors` does this. It also subtracts the mean of all vectors, which is the same for all interests and says nothing about any of them (Mu and Viswanath 2018).

# %%
word2vec = interest_vectors(corpus, 48, seed=SEED)  # vectors (K, 48)
for name in ("sql", "surgery", "customer service"):
    if name in word2vec:
        near = word2vec.neighbours(name, 5)
        print(f"{name}: {', '.join(other for other, _ in near)}")

# %% [markdown]
# This is the first of the four questions, **interests near an interest**, and no title was needed for it. *SQL* and *surgery* have neighbours of their own trade. *Customer service* is one of the most frequent interests of the sample. Many different jobs ask for it, so its
# neighbours come from many trades.
#
# The pretrained vectors can stay as they are while the LSTM is trained (*frozen*), or they can be trained further (*fine-tuned*). So there are three ways to train the space.

# %%
def train_space(corpus, sets, D, epochs, units=64, way="fine-tuned"):
    """Train titles (batch, time) to scores (batch, K), through v."""
    keras.utils.set_random_seed(SEED)
    interests = layers.Dense(len(corpus.counts))
    model = keras.Sequential([
        title_encoder(len(corpus.numbering.words), units),
        layers.Dense(D, use_bias=False),  # v (batch, D)
        interests])  # s = v · e + b
    if way != "random":
        E = interest_vectors(corpus, D, seed=SEED).matrix  # (K, D)
        interests.kernel.assign(E.T)
        interests.kernel.trainable = way == "fine-tuned"
    fit(model, corpus, sets, epochs)
    return model

# %% [markdown]
# **What do you expect?** Which costs more recall: a space with few dimensions, or vectors of interests that stay frozen?
#
# <details><summary>Answer</summary>Neither costs much here. Guesses about this are often wrong, so both are varied below, and nothing else.</details>

# %%
WAYS, study = ("random", "fine-tuned", "frozen"), {}
DIMENSIONS = (24, 96) if sample else (24, 48, 96, 192)
for D in DIMENSIONS:
    for way in WAYS:
        model = train_space(corpus, sets, D, EPOCHS, way=way)
        study[D, way] = measures(scores_of(model, held_out), held_out)
recalls = [row["recall@10"] for row in study.values()]
claim("recall@10: LSTM without a space, minus the worst of the spaces",
      recall_at(10, scores["LSTM"], bags) - min(recalls), at_most=0.04)
tables.table("Recall@10 on the validation set, by dimension", [
    {"dimension": str(D),
     **{way: study[D, way]["recall@10"] for way in WAYS}}
    for D in DIMENSIONS])

# %% [markdown]
# All these networks are close to each other, and close to the LSTM without a space. So neither the dimension nor the frozen vectors limit this network much, from 24 dimensions up. (One seed is not enough to order values that are this close.) We can choose the space for what it offers. We keep the vectors of word2vec
# frozen, with 48 dimensions: they are trained in seconds, whatever the network is, and the neighbours of an interest do not change with it.

# %% [markdown]
# ## 6 · Many interests: the sampled softmax
#
# The softmax computes a score of every interest, for every title of every batch. With hundreds of interests this costs little. But a job portal has
# hundreds of thousands of skills, and a shop has millions of articles. How does the time of one batch grow with $K$? We measure the products and the softmax alone, with random vectors.

# %%
from time import perf_counter

seconds, some_titles = {}, tf.random.normal((256, 48))  # vectors v
for n in (1_000, 10_000, 100_000):
    many = tf.random.normal((48, n))  # vectors of n interests
    softmax = tf.function(
        lambda e: tf.reduce_logsumexp(some_titles @ e, axis=1))
    softmax(many)  # the first call is slower
    start = perf_counter()
    for _ in range(3):
        softmax(many)
    seconds[n] = (perf_counter() - start) / 3
    print(f"K = {n:,}: {1000 * seconds[n]:.1f} ms for a batch of 256 titles")
claim("time of a softmax over 100,000 interests, divided by that over 1,000",
      seconds[100_000] / seconds[1_000], at_least=10)

# %% [markdown]
# The time grows with $K$, and the memory does, too. Negative sampling (lesson 02) avoids this. For each title we sample one interest of its bag, the *positive*, and 20 interests that are not
# in the bag, the *negatives*. An interest $j$ that is in $n_j$ bags is sampled in proportion to $n_j^{0.75}$. The softmax runs over these 21 *candidates* only, and must find the positive:
#
# $$L = -\ln \frac{e^{s_+}}{e^{s_+} + \sum_{j=1}^{20} e^{s_j}}$$
#
# This is a [**sampled softmax**](../GLOSSARY.md#sampled-softmax); the same loss is called InfoNCE elsewhere. In every epoch each posting samples again, so over time each interest of its bag has been the positive.
# The number of interests no longer matters, and each title is encoded once for all its candidates. (Large systems often take the positives of the other titles in the batch as negatives: *in-batch negatives*.)

# %%
def candidates_of(shard, sampler, rng):
    """A positive and 20 negatives for each title: (titles, 21)."""
    bags = shard.bags(np.arange(len(shard)))  # padded with -1
    positive = [[rng.choice(bag[bag >= 0])] for bag in bags]
    return np.hstack([positive, sampler.sample_without(bags, 20)])


sampler = embeddings.NegativeSampler(corpus.counts, rng=rng)
first = sets["train"].only(np.arange(len(sets["train"])) < 1)
for name, k in (("title", first.titles[0]),
                ("bag", first.bags(np.array([0]))[0]),
                ("candidates", candidates_of(first, sampler, rng)[0])):
    print(f"{name}: {k}")

# %% [markdown]
# The first candidate is in the bag; the others are not. The network gets the titles and their candidates. It looks up the vectors of the candidates in an `Embedding` of the word2vec vectors, and multiplies them by the vector of the title. The vectors stay frozen. The targets are zeros, because candidate 0 is the positive. We sample new candidates before each epoch.

# %%
def two_towers(corpus, D, steps):
    """A network (titles, candidates -> softmax), and both towers."""
    keras.utils.set_random_seed(SEED)
    encoder = keras.Sequential([title_encoder(len(corpus.numbering.words)),
                                layers.Dense(D, use_bias=False)])
    E = interest_vectors(corpus, D, seed=SEED).matrix  # (K, D)
    table = layers.Embedding(*E.shape, weights=[E], trainable=False)
    titles, candidates = (keras.Input((n,), dtype="int32")
                          for n in (LENGTH, 21))
    s = layers.Dot(axes=(2, 1))([table(candidates), encoder(titles)])
    model = keras.Model([titles, candidates], layers.Softmax()(s))
    model.compile(adam(steps), "sparse_categorical_crossentropy")
    return model, encoder, table

# %% [markdown]
# ### Correct the scores for the sampling
#
# What has this loss learned? Let $\pi_k$ be the probability that a posting with this title has interest $k$ in its bag. Suppose, to keep it simple, that all bags have the same size and that interests are independent of each other once the title is
# known. Then $k$ is the positive in proportion to $\pi_k$. It is a negative in proportion to $(1 - \pi_k)\, n_k^{0.75}$, because it is sampled only where it is not in the bag. A softmax among candidates learns the logarithm of the ratio of the two, up to a constant that is the same for all
# interests of a title:
#
# $$s_k \approx \ln \frac{\pi_k}{(1 - \pi_k)\, n_k^{0.75}} + \text{const} = \operatorname{logit} \pi_k - 0.75 \ln n_k + \text{const}$$
#
# So $s_k$ does not say how *likely* an interest is. It says how much more often it goes with this title than with titles in general: how *typical* it is. To rank by what is likely, add the second term again:
# rank by $s_k + 0.75 \ln n_k$. This is the *sampling-bias correction*.
#
# **What do you expect?** Where does the correction change the ranking more: where a few interests are in most bags, or where all are about equally frequent?
#
# <details><summary>Answer</summary>Where a few interests are in most bags. If all counts are equal, the correction adds the same number to all scores and changes nothing.</details>

# %%
def train_sampled(corpus, sets, epochs, D=48):
    # Gives the encoder of titles, and the vectors of interests (K, D).
    train, rng = sets["train"], np.random.default_rng(SEED)
    sampler = embeddings.NegativeSampler(corpus.counts, rng=rng)
    steps = epochs * -(-len(train) // 256)
    model, encoder, table = two_towers(corpus, D, steps)
    for _ in range(epochs):
        inputs = [train.titles, candidates_of(train, sampler, rng)]
        model.fit(inputs, np.zeros(len(train)), batch_size=256, verbose=0)
    return encoder, table.get_weights()[0]


tower, E = train_sampled(corpus, sets, 2 * EPOCHS)
typical = scores_of(tower, held_out) @ E.T  # (titles, K)
likely = typical + 0.75 * np.log(corpus.counts)
tables.table("Sampled softmax, validation set, ranked in two ways", [
    {"rank by": name, **measures(s, held_out)}
    for name, s in (("s", typical), ("s + 0.75 ln n", likely))])

# %% [markdown] claim="time of a softmax over 100,000 interests, divided by that over 1,000"
# **Quick question.** A portal has 100,000 skills. Why is a sampled softmax so much cheaper there?
#
# <details><summary>A. It leaves out the skills that are rare</summary>No. Every skill can be a positive or a negative. Frequent ones are only sampled more often.</details>
# <details><summary>B. Its loss looks at 21 candidates per title, whatever K is</summary>Right. The time of the full softmax grows with K, as measured above. That of the sampled one does not.</details>
# <details><summary>C. It needs fewer titles</summary>No. In one epoch it reads each title once, as before. It even learns from one interest per title only, so it needs more epochs.</details>

# %% [markdown]
# ## 7 · The test set, opened once
#
# All choices are made: the penalty of the regression, the number of epochs, 48 dimensions, frozen vectors. Now each model ranks the interests of the test titles. `compare` trains all of them on the training set of any dataset, because section 10 uses it again.

# %%
def compare(corpus, sets, epochs):
    """Scores on the test set by model, and the two towers of Seq2BoW."""
    test = sets["test"]
    found = {"popularity": np.tile(corpus.counts * 1.0, (len(test), 1)),
             "nearest title": nearest_title(corpus, sets, "test"),
             "regression": words_of(test, corpus) @ ridge(corpus, sets)}
    for name, recurrent in ("mean of word vectors", False), ("LSTM", True):
        model, _ = train_classifier(corpus, sets, epochs, recurrent)
        found[name] = np.nan_to_num(scores_of(model, test))
    space = train_space(corpus, sets, 48, epochs, way="frozen")
    found["Seq2BoW, full softmax"] = scores_of(space, test)
    encoder, e = train_sampled(corpus, sets, 2 * epochs)
    found["Seq2BoW, sampled softmax"] = (
        scores_of(encoder, test) @ e.T + 0.75 * np.log(corpus.counts))
    return found, encoder, e

# %%
test_scores, encoder, e = compare(corpus, sets, EPOCHS)
on_test = {name: measures(s, sets["test"]) for name, s in test_scores.items()}
tables.table("Interests of titles never seen", [
    {"model": name, **row} for name, row in on_test.items()])

# %% [markdown]
# (A title without a known word has no mean; `nan_to_num` gives it zeros.)

# %% alt="Horizontal bars of recall at ten on the test set, one for each of seven models. Popularity is far below all others. The nearest title and the mean of word vectors are in the middle. The regression has the longest bar, and the three networks with an LSTM are close to it." jupyter={"source_hidden": true}
# Draw recall@10 on the test set; networks in another colour.
r10 = {name: row["recall@10"] for name, row in on_test.items()}
colours = ["C1"] * 3 + ["C0"] * 4
fig, ax = plt.subplots(figsize=(7.6, 3.4))
ax.barh(list(r10), list(r10.values()), color=colours)
plots.label_bars(ax)
ax.set(xlabel="recall@10", xlim=(0, 0.85),
       title="Networks (blue) and models without training (orange)")
ax.invert_yaxis()
plt.show()
if sample:
    claim("recall@10 of the LSTM minus that of the mean of word vectors",
          r10["LSTM"] - r10["mean of word vectors"], at_least=0.05)
    claim("recall@10 of the regression minus that of the LSTM",
          r10["regression"] - r10["LSTM"], at_most=0.05)

# %% [markdown]
# The regression is a little better than the LSTM on the sample, and both are far above the nearest title. The two spaces lose one or two hundredths against the LSTM without a space, and the sampled softmax loses a little against the full one. What do we get for this? Neighbours, and a training time that does not grow with the number of interests. The mean of the word vectors is far behind the LSTM, although both
# have the same embedding and the same training. Both read the same words, so the difference is what the LSTM makes of them.

# %% [markdown]
# ## 8 · When the order of the words matters
#
# *Assistant sales director* and *sales director assistant* have the same words, but are two jobs: one manages sales, the other organises a director's day. The sample has five such pairs of jobs, planted on purpose. We look at the test titles that contain the words of one of them.

# %%
SAME_WORDS = [set(title.split()) for title in (
    "assistant sales director", "assistant marketing manager",
    "assistant restaurant manager", "sales software engineer",
    "security data engineer")]
order_matters = np.array([any(pair <= set(title_words(title))
                              for pair in SAME_WORDS)
                          for title in data.test.titles])
by_order = {}
if sample:
    chosen = sets["test"].only(order_matters)
    by_order = {name: measures(s[order_matters], chosen)["recall@10"]
                for name, s in test_scores.items()}
    print(order_matters.sum(), "test titles")
    claim("where order matters: recall@10 of the LSTM minus the regression",
          by_order["LSTM"] - by_order["regression"], at_least=0.15)

# %% alt="Horizontal bars of recall at ten on the test titles whose words, in another order, are another job. The models with an LSTM are far ahead of the regression, of the mean of word vectors and of the nearest title." jupyter={"source_hidden": true}
# Draw recall@10 on these titles.
if by_order:
    fig, ax = plt.subplots(figsize=(7.6, 3.4))
    ax.barh(list(by_order), list(by_order.values()), color=colours)
    plots.label_bars(ax)
    ax.set(xlabel="recall@10", xlim=(0, 0.85),
           title="Titles whose words, in another order, are another job")
    ax.invert_yaxis()
    plt.show()

# %% [markdown]
# For the regression, the mean of word vectors and the nearest title, both titles of such a pair are the same input. They can only answer with a mixture of the two jobs. The LSTM reads the words in order, so it can tell which of the two it has read. These titles are a small part of the test set. So they change little in the table of section 7.

# %% [markdown] claim="where order matters: recall@10 of the LSTM minus the regression"
# **Quick question.** Two titles have the same words in another order, and their jobs have no interest in common. What can a regression on the bag of words do?
#
# <details><summary>A. Rank the interests of both jobs right, with enough data</summary>No. Both titles are the same row of words, so both get the same ranking, whatever the weights are.</details>
# <details><summary>B. Give both the same ranking, a mixture of the two jobs</summary>Right. That is why it loses to the LSTM on these titles, as measured above.</details>
# <details><summary>C. Ignore words that occur in both titles</summary>No. All words occur in both. If it ignored them, only popularity would be left.</details>

# %% [markdown]
# ## 9 · Ask the space
#
# Seq2BoW has one vector for each title and one for each interest, in one space. So cosine similarity answers all four questions. *Interests near an interest* was in section 5, with the vectors of word2vec. *Interests of a title* is the ranking of all sections. For the other two, we compute the vectors of all different training titles once and keep them as an index.

# %%
ids = numbering.encode(corpus.titles)  # different training titles
known = ids.titles.any(axis=1)  # those with a known word
names = [name for name, has_word in zip(corpus.titles, known) if has_word]
index = embeddings.Vectors(names, scores_of(encoder, ids.only(known)))
interests = embeddings.Vectors(numbering.interests, e)
for title in ("data engineer", "surgeon", "business analyst", "baker"):
    if title in index:
        near = index.neighbours(title, 5)
        print(f"titles near {title}: {', '.join(name for name, _ in near)}")
for interest in ("python", "suturing", "tableau"):
    if interest in interests:
        near = index.neighbours(interests.vector(interest), 5)
        print(f"titles near the interest {interest}:",
              ", ".join(title for title, _ in near))

# %% [markdown]
# The neighbours are the same job with typos, in other cities and at other levels, and related jobs. Nobody labelled them: training showed titles only together with interests. `Vectors.neighbours` compares directions, the cosine. The score of section 5 is a product, in which a long vector counts more. Use the product to rank interests, and the cosine to compare titles.

# %% [markdown]
# ## 10 · Real data
#
# The same functions run on three real datasets, if you have them (`make data`):
#
# - **Postings**: 29,485 postings of data roles (L. Barousse 2023). All ask for similar tools, so popularity is a strong baseline.
# - **O\*NET**: the occupational database of the United States. Each of its occupations has dozens of titles, and one bag, the technology and tools that it uses, with about forty members. All titles of an occupation share their bag. So the split is *by occupation*: otherwise each
#   test title would have siblings with the same bag in the training set.
# - **Stack Overflow**: 30,000 titles of questions and their tags, such as *c#* or *java*. Nearly all titles are different, they are longer than job titles, and have only one to five tags each.
#
# With the postings, the whole lesson runs on them instead of the sample. "Going further" has the code for the other two. `make results ARGS=14` measures all three, with three seeds.

# %% [markdown]
# ## Exercises
#
# Replace each `...` by your answer, run the cell, then run the check below it. You can run a check as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: ndcg
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `ndcg(k, ranking, bag)`: nDCG@k for one title. `ranking` is a list of interests, best first, `bag` a set of interests with at least one member. An interest of the bag at rank $r = 1, 2, \dots, k$ adds $1 / \log_2(r + 1)$. The sum is divided by the largest sum that a ranking can have, that of a ranking which begins with the whole bag.
#
# <details><summary>Hint 1</summary>Ranks begin with 1: <code>enumerate(ranking[:k], start=1)</code>.</details>
# <details><summary>Hint 2</summary>The best ranking has members of the bag at the ranks 1 … <code>min(k, len(bag))</code>. A bag can be smaller or larger than k.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def ndcg(k, ranking, bag):
    """Normalised discounted cumulative gain of the first k."""
    # BEGIN SOLUTION
    gain = sum(1 / np.log2(r + 1)
               for r, interest in enumerate(ranking[:k], start=1)
               if interest in bag)
    best = min(k, len(bag))
    return gain / sum(1 / np.log2(r + 1) for r in range(1, best + 1))
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="begin with 1"
def ndcg(k, ranking, bag):
    gain = sum(1 / np.log2(r + 2) for r, interest in enumerate(ranking[:k], start=1) if interest in bag)
    return gain / sum(1 / np.log2(r + 2) for r in range(1, min(k, len(bag)) + 1))

# %% tags=["wrong"] message="not divided"
def ndcg(k, ranking, bag):
    return sum(1 / np.log2(r + 1) for r, interest in enumerate(ranking[:k], start=1) if interest in bag)

# %% tags=["wrong"] message="only the first k"
def ndcg(k, ranking, bag):
    gain = sum(1 / np.log2(r + 1) for r, interest in enumerate(ranking, start=1) if interest in bag)
    return gain / sum(1 / np.log2(r + 1) for r in range(1, min(k, len(bag)) + 1))

# %% tags=["wrong"] message="more members than k"
def ndcg(k, ranking, bag):
    gain = sum(1 / np.log2(r + 1) for r, interest in enumerate(ranking[:k], start=1) if interest in bag)
    return gain / sum(1 / np.log2(r + 1) for r in range(1, len(bag) + 1))

# %% tags=["wrong"] message="fewer members than k"
def ndcg(k, ranking, bag):
    gain = sum(1 / np.log2(r + 1) for r, interest in enumerate(ranking[:k], start=1) if interest in bag)
    return gain / sum(1 / np.log2(r + 1) for r in range(1, k + 1))

# %% tags=["wrong"] message="right by accident"
def ndcg(k, ranking, bag):
    hits = [interest in bag for interest in ranking[:k]]
    gain = sum(hit / np.log2(r + 1) for r, hit in enumerate(hits, start=1))
    return gain / sum(1 / np.log2(r + 1) for r in range(1, max(sum(hits), min(k, len(bag), 3)) + 1))

# %% [raw]
# # BEGIN TESTS

# %%
def test_ndcg(ndcg):
    import numpy as np

    got = ndcg(3, ["sql", "tact", "python"], {"sql", "python", "rust"})
    assert got is not None, "the function gives None: does it return the value?"
    whole = 1 + 1 / np.log2(3) + 1 / 2
    assert not np.isclose(got, 1.5), "the sum of the gains is right, but it is not divided by the best that is possible"
    assert not np.isclose(got, (1 / np.log2(3) + 1 / np.log2(5)) / (1 / np.log2(3) + 1 / 2 + 1 / np.log2(5))), "ranks begin with 1: a hit at the very top counts 1 / log2(2) = 1"
    assert np.isclose(got, 1.5 / whole), f"hits at ranks 1 and 3 of a bag of three give {1.5 / whole:.4f}, got {got:.4f}"
    assert np.isclose(ndcg(1, ["tact", "sql"], {"sql"}), 0), "with k = 1 a hit at rank 2 counts nothing: only the first k of the ranking are looked at"
    assert np.isclose(ndcg(2, ["sql", "rust", "tact"], {"sql", "rust", "python"}), 1), "two hits of two are the best there is for k = 2: where a bag has more members than k, the best ranking has k hits"
    assert np.isclose(ndcg(10, ["sql"], {"sql"}), 1), "the ranking begins with the whole bag, so the value is 1: where a bag has fewer members than k, the best ranking has only that many hits"
    five = {"a", "b", "c", "d", "e"}
    assert np.isclose(ndcg(5, ["a", "x", "y", "z", "w"], five), 1 / sum(1 / np.log2(r + 1) for r in range(1, 6))), "right by accident for small bags: with one hit at rank 1 and a bag of five, the best possible sum has five terms"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_ndcg_hidden(ndcg):
    import numpy as np

    ranking, bag = list("abcdefgh"), {"b", "c", "f", "z"}
    for k, hits, possible in ((1, (), 1), (2, (2,), 2), (5, (2, 3), 4), (8, (2, 3, 6), 4)):
        wanted = sum(1 / np.log2(r + 1) for r in hits) / sum(1 / np.log2(r + 1) for r in range(1, possible + 1))
        assert np.isclose(ndcg(k, ranking, bag), wanted), f"not right for k = {k} and four interests"
    assert np.isclose(ndcg(3, ["b", "c", "a"], {"b", "c"}), 1), "not right where the ranking begins with the whole bag"
    assert np.isclose(ndcg(5, ["b"], {"b", "c"}), 1 / (1 + 1 / np.log2(3))), "not right for a ranking of one"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: most_likely
# points: 1

# %% [markdown]
# **Exercise 2.** Suppose that the negatives were sampled in proportion to $n_j^a$, with any $a$ and not just 0.75. Write `most_likely(s, counts, a)`: the ids of all interests, the most likely first, from the scores `s` `(K,)` of one title and the counts `(K,)`. With `a = 0` each interest was sampled equally often.
#
# <details><summary>Hint 1</summary>In section 6 the score is logit π minus 0.75 ln n. What is it with $n^a$?</details>
# <details><summary>Hint 2</summary><code>np.argsort(-x)</code> gives the ids of the largest values first.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def most_likely(s, counts, a):
    """Ids of the interests (K,), the most likely first."""
    return np.argsort(-(s + a * np.log(counts)))  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="most typical"
def most_likely(s, counts, a):
    return np.argsort(-s)

# %% tags=["wrong"] message="0.75 is fixed"
def most_likely(s, counts, a):
    return np.argsort(-(s + 0.75 * np.log(counts)))

# %% tags=["wrong"] message="least likely first"
def most_likely(s, counts, a):
    return np.argsort(s + a * np.log(counts))

# %% tags=["wrong"] message="frequent ones must rise"
def most_likely(s, counts, a):
    return np.argsort(-(s - a * np.log(counts)))

# %% tags=["wrong"] message="the logarithm of the count itself"
def most_likely(s, counts, a):
    return np.argsort(-(np.asarray(s) + a * np.log1p(counts)))

# %% [raw]
# # BEGIN TESTS

# %%
def test_most_likely(most_likely):
    import numpy as np

    counts = np.array([1000, 10, 100, 2])
    pi = np.array([0.3, 0.2, 0.6, 0.01])
    logit = np.log(pi / (1 - pi))
    wanted = [2, 0, 1, 3]
    for a in (1.0, 0.75, 0.5, 0.0):
        s = logit - a * np.log(counts) + 2.5
        got = most_likely(s.copy(), counts.copy(), a)
        assert got is not None, "the function gives None: does it return the ranking?"
        got = np.asarray(got).tolist()
        assert sorted(got) == [0, 1, 2, 3], f"the answer has the ids of all four interests, each once; got {got}"
        assert got != wanted[::-1], "that is the right order, but least likely first"
        if a == 1.0:
            assert got != np.argsort(-s).tolist(), "this ranks by what is most typical: the scores are not corrected for the sampling"
            assert got != np.argsort(-(s - np.log(counts))).tolist(), "frequent ones must rise by the correction; in your ranking they fall"
        assert got == wanted, f"with a = {a} the ranking should be {wanted}, got {got}; is it that 0.75 is fixed in your function?"
    close = most_likely(np.array([0.0, 0.5]), np.array([2, 1]), 1)
    assert np.asarray(close).tolist() == [0, 1], "not right for the counts 2 and 1: use the logarithm of the count itself, not of the count plus 1"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_most_likely_hidden(most_likely):
    import numpy as np

    rng = np.random.default_rng(7)
    s, counts = rng.normal(size=9), rng.integers(1, 500, size=9)
    for a in (1.2, 0.3, 0.0):
        wanted = sorted(range(9), key=lambda k: -(s[k] + a * np.log(counts[k])))
        assert np.asarray(most_likely(s.copy(), counts.copy(), a)).tolist() == wanted, f"not right for nine interests and a = {a}"
    assert np.asarray(most_likely(np.array([0, 0.5]), np.array([2, 1]), 1)).tolist() == [0, 1], "not right for small counts"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: states
# points: 2

# %% [markdown]
# **Exercise 3.** *Senior data engineer* and *senior data analyst* begin with the same two words, so an LSTM has the same hidden states after them. A program that encodes millions of titles computes equal beginnings only once. Write `states(titles)`: how many hidden states it has to compute for a list of titles, each a list of words. The four titles *senior data engineer*, *senior data analyst*, *senior manager*, *data engineer* have ten words, but need seven hidden states.
#
# <details><summary>Hint 1</summary>Each hidden state belongs to a beginning: <code>title[:1]</code>, <code>title[:2]</code>, … How many different ones are there?</details>
# <details><summary>Hint 2</summary>Lists cannot be members of a set, tuples can.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def states(titles):
    """The number of different beginnings."""
    # BEGIN SOLUTION
    return len({tuple(title[: t + 1])
                for title in titles for t in range(len(title))})
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="different words"
def states(titles):
    return len({word for title in titles for word in title})

# %% tags=["wrong"] message="same place"
def states(titles):
    return len({(t, word) for title in titles for t, word in enumerate(title)})

# %% tags=["wrong"] message="every word"
def states(titles):
    return sum(len(title) for title in titles)

# %% tags=["wrong"] message="without a space"
def states(titles):
    return len({"".join(title[: t + 1]) for title in titles for t in range(len(title))})

# %% [raw]
# # BEGIN TESTS

# %%
def test_states(states):
    four = [title.split() for title in ("senior data engineer", "senior data analyst", "senior manager", "data engineer")]
    got = states(four)
    assert got is not None, "the function gives None: does it return the number?"
    assert got != 10, "that counts every word; equal beginnings are computed once"
    assert got != 5, "that counts the different words; but the state after data depends on what came before"
    assert got == 7, f"the four titles of the exercise need 7 states, got {got}"
    assert states([["a", "b", "c"], ["x", "b", "c"]]) == 6, "words in the same place have different states after different beginnings: here are 6"
    assert states([["ab", "c"], ["a", "bc"]]) == 4, "the beginnings ab, ab c, a, a bc are four; did you join words without a space between them?"
    assert states([["a"], ["a"], []]) == 1, "the same title twice needs its states once, and an empty title none"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_states_hidden(states):
    titles = [list(title) for title in ("ab", "ac", "b", "abd", "bab", "bb", "ab")]
    assert states(titles) == 8, "not right for seven titles"
    assert states([["data"] * 4, ["data"] * 2]) == 4, "not right where one word comes again and again"
    assert states([["ab", "c"], ["a", "bc"]]) == 4, "not right for other words with the same letters"
    assert states([]) == 0, "not right without titles"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: probabilities
# points: 2

# %% [markdown]
# **Exercise 4.** The corrected scores $s_k + 0.75 \ln n_k$ are log-odds (logits) up to one constant per title. We can find the constant: the probabilities $\sigma(\text{score}_k + c)$ of all interests should add up to the mean size of a bag. Write `probabilities(scores, size)`: these probabilities, `(K,)`, for `scores` `(K,)` and a size between 0 and $K$. The sum must be right to three digits.
#
# <details><summary>Hint 1</summary>The sum grows with $c$. So halve an interval: if the sum at its middle is too small, continue with the upper half, otherwise with the lower half.</details>
# <details><summary>Hint 2</summary>Begin with the interval from <code>-scores.max() - 50</code> to <code>-scores.min() + 50</code>; 60 steps are enough.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def probabilities(scores, size):
    """Probabilities (K,) that add up to size."""
    # BEGIN SOLUTION
    low, high = -scores.max() - 50, -scores.min() + 50
    for _ in range(60):
        c = (low + high) / 2
        if (1 / (1 + np.exp(-(scores + c)))).sum() < size:
            low = c
        else:
            high = c
    return 1 / (1 + np.exp(-(scores + c)))
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="divided"
def probabilities(scores, size):
    p = 1 / (1 + np.exp(-scores))
    return size * p / p.sum()

# %% tags=["wrong"] message="add up to"
def probabilities(scores, size):
    return 1 / (1 + np.exp(-scores))

# %% tags=["wrong"] message="softmax"
def probabilities(scores, size):
    p = np.exp(scores - scores.max())
    return size * p / p.sum()

# %% tags=["wrong"] message="every level of the scores"
def probabilities(scores, size):
    low, high = -10.0, 10.0
    for _ in range(20):
        c = (low + high) / 2
        low, high = (c, high) if (1 / (1 + np.exp(-(np.asarray(scores) + c)))).sum() < size else (low, c)
    return 1 / (1 + np.exp(-(np.asarray(scores) + c)))

# %% [raw]
# # BEGIN TESTS

# %%
def test_probabilities(probabilities):
    import numpy as np

    scores = np.array([2.0, 1.0, 0.0, -1.0, -4.0, 3.0])
    got = probabilities(scores.copy(), 2.5)
    assert got is not None, "the function gives None: does it return the probabilities?"
    got = np.asarray(got)
    assert got.shape == scores.shape, f"six scores have six probabilities, yours have the shape {got.shape}"
    p = 1 / (1 + np.exp(-scores))
    soft = np.exp(scores) / np.exp(scores).sum()
    assert not np.allclose(got, 2.5 * soft, atol=1e-3), "a softmax lets interests compete; each one has a probability of its own"
    assert not np.allclose(got, 2.5 * p / p.sum(), atol=1e-3), "you divided the probabilities until the sum was right; then the odds are no longer those of the scores, and one may even come out above 1"
    assert abs(got.sum() - 2.5) < 1e-3, f"they must add up to 2.5, yours give {got.sum():.3f}"
    logit = np.log(got / (1 - got))
    assert np.allclose(logit - scores, logit[0] - scores[0], atol=1e-3), "log-odds and scores must differ by the same constant everywhere"
    for level, size in ((7, 4.0), (25, 1.0), (-25, 5.0)):
        assert abs(np.sum(probabilities(scores + level, size)) - size) < 1e-3, f"not right for every level of the scores: with {level:+} added to all of them and the size {size}, the sum is wrong"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_probabilities_hidden(probabilities):
    import numpy as np

    scores = np.random.default_rng(7).normal(-2, 2, size=12)
    for level, size in ((0, 0.5), (30, 3.0), (-30, 9.5)):
        got = np.asarray(probabilities(scores + level, size))
        moved = np.log(got / (1 - got)) - scores
        assert abs(got.sum() - size) < 1e-3, f"the sum, for twelve scores and the size {size}"
        assert np.allclose(moved, moved[0], atol=1e-3), f"the constant, for twelve scores and the size {size}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: gradient
# points: 3

# %% [markdown]
# **Exercise 5, a stretch: where the softmax moves a title.** Write `gradient(v, e)`: the gradient $\partial L / \partial v$ `(D,)` of section 6's loss for one title with the vector `v` `(D,)` and the vectors `e` `(1 + k, D)` of its candidates, the positive first. Scores may be in the thousands. The check compares with finite differences. When you have the formula, read it: which vector does a training step move the title towards, and which away from?
#
# <details><summary>Hint 1</summary>$L = -s_0 + \ln \sum_j e^{s_j}$, and $s_j = v \cdot e_j$, so $\partial s_j / \partial v = e_j$.</details>
# <details><summary>Hint 2</summary>The derivative of $\ln \sum_j e^{s_j}$ with respect to $s_j$ is the softmax $p_j$.</details>
# <details><summary>Hint 3</summary>Large scores overflow in <code>np.exp</code>; subtract the largest score from all of them first. This does not change the softmax.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def gradient(v, e):
    """dL/dv (D,)."""
    # BEGIN SOLUTION
    s = e @ v  # (1 + k,)
    p = np.exp(s - s.max())
    return (p / p.sum()) @ e - e[0]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="sign"
def gradient(v, e):
    s = e @ v
    p = np.exp(s - s.max())
    return e[0] - (p / p.sum()) @ e

# %% tags=["wrong"] message="among the candidates"
def gradient(v, e):
    s = e[1:] @ v
    p = np.exp(s - s.max())
    return (p / p.sum()) @ e[1:] - e[0]

# %% tags=["wrong"] message="overflow"
def gradient(v, e):
    with np.errstate(all="ignore"):
        p = np.exp(e @ v)
        return (p / p.sum()) @ e - e[0]

# %% tags=["wrong"] message="do not clip"
def gradient(v, e):
    p = np.exp(np.clip(e @ v, -500, 500))
    return (p / p.sum()) @ e - e[0]

# %% [raw]
# # BEGIN TESTS

# %%
def test_gradient(gradient):
    import numpy as np

    rng = np.random.default_rng(0)
    v, e = rng.normal(size=5), rng.normal(size=(4, 5))
    got = gradient(v.copy(), e.copy())
    assert got is not None, "the function gives None: does it return the gradient?"
    assert np.shape(got) == (5,), f"the gradient has the shape of v, (5,); yours is {np.shape(got)}"
    loss = lambda v: np.log(np.exp(e @ v).sum()) - e[0] @ v
    found = np.array([(loss(v + d) - loss(v - d)) / 2e-6 for d in 1e-6 * np.eye(5)])
    assert not np.allclose(got, -found, atol=1e-6), "all is right but the sign: that is the direction in which the loss falls"
    p = np.exp(e[1:] @ v)
    assert not np.allclose(got, p / p.sum() @ e[1:] - e[0], atol=1e-6), "the positive is among the candidates of the softmax, too"
    assert np.allclose(got, found, atol=1e-6), f"finite differences give {found.round(3)}, got {np.round(got, 3)}"
    large = gradient(400 * v, 4 * e)
    assert np.isfinite(large).all(), "large scores overflow: subtract the largest before np.exp"
    certain = gradient(np.array([1000.0]), np.array([[2.0], [1.0]]))
    assert np.allclose(certain, 0, atol=1e-6), "with the scores 2000 and 1000 the positive is certain, and the gradient is 0: do not clip scores, subtract the largest"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_gradient_hidden(gradient):
    import numpy as np

    rng = np.random.default_rng(8)
    for size in (1, 2000):
        v, e = size * rng.normal(size=3), rng.normal(size=(7, 3))
        p = np.exp(e @ v - (e @ v).max())
        assert np.allclose(gradient(v.copy(), e.copy()), p / p.sum() @ e - e[0]), f"not right for seven candidates, scores up to {abs(e @ v).max():.0f}"
    assert np.allclose(gradient(np.array([1000.0]), np.array([[-0.9], [-1.9]])), 0), "not right for scores that are all far below 0"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Going further
#
# ### More units
#
# Section 5 varied the dimension, with 64 units in the LSTM. Here are other numbers of units, with 96 dimensions.

# %%
by_units = []
for units in (32, 64, 96):
    model = train_space(corpus, sets, 96, EPOCHS, units)
    by_units.append({"units": str(units),
                     **measures(scores_of(model, held_out), held_out)})
tables.table("96 dimensions, fine-tuned, by units of the LSTM", by_units)

# %% [markdown]
# ### How good are the nearest titles?
#
# Are these only a few good examples? For each test title we search the nearest *other* test title, and check whether both have the same occupation. No model was trained on occupations. The baselines are vectors of counts, TF-IDF (lesson 01): of words, and of character n-grams, which two spellings of a word have in common.

# %%
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

TFIDF = {"TF-IDF of words": {"analyzer": title_words},
         "TF-IDF of n-grams": {"analyzer": "char_wb", "ngram_range": (3, 5)}}


def near_titles(data, sets, encoder):
    # How often has the nearest other test title the same occupation?
    rows = {"Seq2BoW": scores_of(encoder, sets["test"])}
    jobs, found = np.array(data.test.occupations), {}
    for name, options in TFIDF.items():
        counts = TfidfVectorizer(**options).fit(data.train.titles)
        rows[name] = counts.transform(data.test.titles)
    for name, vectors in rows.items():
        similarity = cosine_similarity(vectors)  # (titles, titles)
        np.fill_diagonal(similarity, -1)  # not the title itself
        found[name] = np.mean(jobs[similarity.argmax(axis=1)] == jobs)
    return found

# %%
if sample:
    print(near_titles(data, sets, encoder))

# %% [markdown]
# The fractions are high for all three, because the sample has 108 occupations only, and all of them occur in the training set. With O\*NET, the code of section 10 below asks the same for occupations that no model has seen.
#
# A map shows both vocabularies at once. It has the shortest title of every fourth occupation, and the nearest interest of each title. t-SNE (lesson 03) places the vectors; a line joins each title to its interest.

# %%
jobs = dict(zip(data.train.titles, data.train.occupations))
short = {jobs[title]: " ".join(title_words(title))
         for title in sorted(jobs, key=len, reverse=True)}  # last: shortest
chosen_titles = sorted({n for n in short.values() if n in index})
chosen_titles = chosen_titles[:: 4 if sample else 1]
nearest = [interests.neighbours(index.vector(n), 1)[0][0]
           for n in chosen_titles]

# %% alt="A map of words made by t-SNE. About twenty-five job titles in blue, each joined by a short line to its nearest interest in dark red. Most pairs lie close together, and titles of related jobs lie near each other." jupyter={"source_hidden": true}
# Draw titles and their nearest interests on one map.
both = [index.vector(n) for n in chosen_titles]
both += [interests.vector(n) for n in nearest]
xy = embeddings.map_2d(np.stack(both), "tsne", seed=SEED, perplexity=8)
fig, ax = plt.subplots(figsize=(9.6, 8))
ax.plot(*xy.reshape(2, -1, 2).transpose(2, 0, 1), color="0.7")
for i, name in enumerate(chosen_titles + nearest):
    color, va = [("C0", "bottom"), ("C5", "top")][i >= len(nearest)]
    ax.text(*xy[i], name, color=color, ha="center", va=va)
ax.set(title="Titles (blue) and their nearest interests (red)",
       xticks=[], yticks=[])
plt.show()

# %% [markdown]
# Titles of one trade lie near each other, and near the interests that are particular to it. As on every t-SNE map, distances between far groups mean nothing.

# %% [markdown]
# ### The code of section 10
#
# With the real data, this cell trains and tests all models on the other two datasets, and shows the tables that section 10 describes. On the sample it does nothing.

# %%
def on_real_data(load, title):
    """Compare all models on a real dataset: a table, and `near_titles`."""
    real = load(seed=SEED)
    corpus, sets = prepare(real)
    found, encoder, _ = compare(corpus, sets, EPOCHS)
    rows = [{"model": model, **measures(s, sets["test"]),
             **measures(s, sets["test"], k=50)} for model, s in found.items()]
    display(tables.table(title, rows))
    return near_titles(real, sets, encoder)


if not sample:
    on_real_data(postings.load_questions, "Stack Overflow, test set")
    found = on_real_data(postings.load_onet, "O*NET, test set")
    display(tables.table("Nearest other title of the same occupation, O*NET",
            [{"vectors": name, "fraction": x} for name, x in found.items()]))

# %% [markdown]
# ### Pointwise, pairwise, listwise
#
# The softmax looks at all scores of a title together: it is a *listwise* loss. A [**pointwise loss**](../GLOSSARY.md#pointwise-loss) takes each interest by itself: is it in the bag, yes or no? It is the logistic loss of lesson 01, $K$ times. (A *pairwise* loss, such as BPR (Rendle and others 2009), asks whether an interest of the bag has a higher score than one that is not in the bag.) The network of
# section 4 with the pointwise loss, and nothing else changed:

# %%
def pointwise_loss(bags, scores):
    """The binary logistic losses of all interests, added up: (batch,)."""
    bags = keras.ops.cast(bags, "float32")
    losses = keras.ops.softplus(scores) - bags * scores
    return keras.ops.sum(losses, axis=1)


keras.utils.set_random_seed(SEED)
pointwise = keras.Sequential([title_encoder(len(numbering.words)),
                              layers.Dense(K)])
fit(pointwise, corpus, sets, EPOCHS, pointwise_loss)
tables.table("Two losses, validation set", [
    {"loss": "softmax", **measures(scores["LSTM"], held_out)},
    {"loss": "pointwise", **measures(scores_of(pointwise, held_out),
                                     held_out)}])

# %% [markdown]
# Both rank about equally well, and the pointwise scores are logits: a sigmoid turns them into probabilities. Its bias matters more. Most interests are not in a bag, so most scores must be far below 0. A network that cannot shift all its scores, such as $v \cdot e_k$ without $b_k$ where the
# vectors have a mean of zero, cannot express that, and then this loss fails. The softmax does not care: it looks at differences of scores only.
#
# ### More inputs than the title
#
# A posting also has a country, and in the sample a seniority and a kind of company. Each value can get a vector of its own in the space, which is added to that of the title: $v = h_T W_o + c_{\text{country}} + \dots$ In training, words and values are randomly masked, that is, replaced by *unknown*. So the network can also answer without them.
# `course_utils.models.seq2bow` has this network, with the sampled softmax of section 6. The values of the extra inputs are members of the bags when word2vec learns the vectors of interests. Without that, *German*, which goes with all kinds of jobs, would have no direction of its own, and no country could point to it.

# %%
from course_utils.models.seq2bow.model import Seq2BoW
from course_utils.models.seq2bow.training import fit as train_package

with_extras = from_lists(data.train.titles, data.train.bags,
                         data.train.extras, held_out=0.05)
package = Seq2BoW(with_extras.numbering,
                  interest_vectors(with_extras, seed=SEED),
                  with_extras.counts, len(with_extras), seed=SEED)
train_package(package, with_extras, epochs=12, batch=256, rate=0.03)

# %%
names, asked = list(data.test.extras), []
for inputs in ([], *([name] for name in names), names):
    some = {name: data.test.extras[name] for name in inputs}
    shard = package.numbering.encode(data.test.titles, data.test.bags, some)
    s = package.scores(np.nan_to_num(package.vectors_of(shard)))
    asked.append({"inputs": " + ".join(["title", *inputs]),
                  **measures(s, shard)})
if sample:
    claim("recall@10 with all extra inputs minus that with the title alone",
          asked[-1]["recall@10"] - asked[0]["recall@10"], at_least=0.005)
tables.table("The same network with more inputs, test set", asked)

# %% [markdown]
# On the sample, all inputs together are better than the title alone. The rows with one input show that seniority and company help, and that the country alone does not. Its vector is the same for every title. So it raises whatever lies in its direction, also the language of a neighbouring country, and for all jobs alike.
#
# ### Equal beginnings
#
# A padded batch computes twelve steps for each title, most of them for padding. And it reads *senior data* again for each title that begins so. The package puts the titles of a batch into a prefix tree (a *trie*): each node is a beginning, and its hidden state is computed once, from that of its parent. Is it the same network? We give the package the weights of the encoder of section 7, and compare the vectors of all test titles.

# %%
from course_utils.models.seq2bow.model import Trie

same = Seq2BoW(numbering, interests, corpus.counts, len(corpus), units=64)
for name, value in zip(("x", "W_x", "W_h", "b", "W_o"),
                       encoder.get_weights()):
    same.weights[name].assign(value)
known = sets["test"].titles.any(axis=1)
gap = same.vectors_of(sets["test"]) - scores_of(encoder, sets["test"])
claim("largest difference between the prefix tree and Keras's LSTM",
      abs(gap[known]).max(), at_most=1e-4)
tree, titles = Trie(sets["train"].titles), sets["train"].titles
print(f"{titles.size:,} steps with padding, {(titles > 0).sum():,} words,",
      f"{len(tree.words):,} nodes")

# %% [markdown]
# They agree up to rounding. The next table comes from `benchmarks/seq2bow_throughput.py`. It trains on made-up postings in several ways on the same machine. The last row is the limit of the machine: the matrix products of an LSTM that reads word by word, without anything else.

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the recorded times of training.
tables.benchmark("seq2bow_throughput", "Training alone")

# %% [markdown]
# *Plain Keras* is a network like that of section 6 with `fit`. Large batches are many times faster than small ones. Where titles repeat, the tree skips much of the work; where no title comes twice, it has less to share. The recall is that of held-out titles among the made-up postings, after one epoch, so it cannot be compared with the tables above.
#
# ### A table of your own
#
# Any table with a column of titles and a column of bags will do: film titles and keywords, or dishes and ingredients. These two commands train the package's network on it, and ask it:
#
# ```console
# python -m course_utils seq2bow train jobs.csv --title "Job title" --interests Skills --separator "|" --extra Country
# python -m course_utils seq2bow query interests-of "Senior data engineer" --extra Country=France
# ```
#
# The other queries are `interests-near`, `titles-near` and `titles-near-interest`, the four questions of this lesson. Each prints a list of names with their cosines or probabilities.

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **The same bag in the training set and in the test set.** All titles of an O\*NET occupation share their bag. Split by occupation.
# - **Titles that differ in spelling only, in two sets.** *Data Analyst* and *data analyst (m/f/d)* are the same title. Split by a key that ignores such differences.
# - **An untuned baseline.** The penalty of a ridge regression changes its result as much as many a network does. Choose it on the validation set, too.
# - **Scores of a sampled softmax taken for probabilities.** They say what is typical. Correct them for the sampling.
# - **Dot product and cosine mixed up.** The network was trained with the dot product; rank interests with it. The cosine compares directions.
# - **A conclusion about the architecture from one dimension and one hidden size.** Vary both before you say what limits a network.
#
# ## References
#
# - S. Fung (2017). Going deeper with recurrent networks: sequence to bag of words model. *KDnuggets*, August 2017. The idea of this lesson.
# - T. Mikolov, I. Sutskever, K. Chen, G. Corrado, J. Dean (2013). Distributed representations of words and phrases and their compositionality. *NeurIPS*. Word2vec and negative sampling.
# - M. Gutmann, A. Hyvärinen (2010). Noise-contrastive estimation. *AISTATS*. What a loss with sampled negatives learns.
# - X. Yi and others (2019). Sampling-bias-corrected neural modeling for large corpus item recommendations. *RecSys*. Two towers, in-batch negatives and their correction.
# - S. Rendle, C. Freudenthaler, Z. Gantner, L. Schmidt-Thieme (2009). BPR: Bayesian personalized ranking from implicit feedback. *UAI*.
# - K. Järvelin, J. Kekäläinen (2002). Cumulated gain-based evaluation of IR techniques. *ACM TOIS* 20(4). nDCG.
# - J. Mu, P. Viswanath (2018). All-but-the-top: simple and effective postprocessing for word representations. *ICLR*.
# - National Center for O\*NET Development. *O\*NET 27.0 Database*. CC BY 4.0.
# - L. Barousse (2023). *data_jobs*. Apache-2.0. The real postings.
# - Stack Exchange. Titles and tags of questions on Stack Overflow. CC BY-SA.

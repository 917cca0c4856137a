# %% [markdown]
# # 14 · Seq2BoW: from job titles to interests
#
# Somebody is a *senior data engineer*. What does such a person know, use and care about? A job title is a short sequence of words; what goes with it is a bag: Python, SQL, pipelines, in no order. This lesson builds the network that leads from the one to the other, **Seq2BoW**, sequence to bag of words (Fung 2017). It puts together
# nearly all of the course: vectors that were learned without labels, an LSTM that reads, negative samples, and a space in which titles and interests lie side by side, so that four questions have an answer: which interests are near an interest, which go with a title, which titles are near a title, and which titles go with an interest.
#
# **You will be able to**
#
# 1. measure a ranking of hundreds of interests against a bag, with recall@k and nDCG@k;
# 2. learn vectors of interests from bags, and teach a network to place titles among them;
# 3. derive what a loss over one positive and its sampled negatives learns, and undo the sampling;
# 4. say where a network that reads word by word beats simpler answers, and where it loses to them;
# 5. train such a network on a table of your own and ask it, with two commands.
#
# **Before this lesson:** lessons [02](02_word_embeddings.ipynb), [03](03_entity_embeddings.ipynb) and [06](06_lstm.ipynb). **Time:** about 50 minutes to read and try, 40 minutes for the exercises; on two cores all cells run in about
# 60 seconds on the embedded sample (`HUBS.md` names the machine that was measured),
# and in three to four minutes on the real postings and O*NET, if nothing else runs.

# %% [markdown]
# ## Settings and data

# %%
import os

import keras
import numpy as np
import scipy.sparse as sp
import tensorflow as tf

from course_utils import embeddings, plots, tables
from course_utils.claims import claim
from course_utils.datasets import postings
from course_utils.models.seq2bow.corpus import LENGTH, from_lists, title_words
from course_utils.models.seq2bow.model import Seq2BoW, Trie, interest_vectors, measures
from course_utils.models.seq2bow.training import fit as train_seq2bow
from course_utils.training import ProgressBar

tf.get_logger().setLevel("ERROR")  # else TensorFlow complains of as many graphs as models

# %%
SEED = int(os.environ.get("COURSE_SEED", 0))
data = postings.load(seed=SEED)
sample = data.source == "sample"
rng = np.random.default_rng(SEED)
for i in rng.choice(len(data.train), 4, replace=False):
    print(f"{data.train.titles[i]!r}: {', '.join(data.train.bags[i])}")

# %% [markdown]
# Each posting has a title as somebody typed it, and a bag of interests. (In the real data these are skills; in the original work they were interests of people, whence the name.) No title stands in two of the three parts, not even written differently: whoever has learned the training titles by heart knows nothing about the test titles.
#
# `from_lists` cuts titles into words, and gives words and interests numbers, the most frequent first. What occurs once only is left out.

# %%
def prepare(data):
    """The training part's corpus, and the three parts as numbers."""
    corpus = from_lists(data.train.titles, data.train.bags)
    parts = {"train": next(corpus.mixed())}
    for name in ("validation", "test"):
        part = getattr(data, name)
        parts[name] = corpus.numbering.encode(part.titles, part.bags)
    return corpus, parts


corpus, parts = prepare(data)
numbering = corpus.numbering
K, n = len(numbering.interests), corpus.counts  # interests; (K,): bags that have each
print(f"{len(corpus):,} postings, {len(numbering.words):,} words, {K} interests")
print("most frequent:", ", ".join(numbering.interests[:6]))

# %% [markdown]
# ## 1 · How good is a ranking?
#
# An answer to a title is a score for each interest; the highest come first. Two measures compare such a ranking with the bag of the posting:
#
# - **recall@10**: which share of the bag is among the ten best?
# - **nDCG@10**: normalised discounted cumulative gain (Järvelin and Kekäläinen 2002). A hit at rank $r$ counts $1 / \log_2(r + 1)$, and the sum is divided by the largest that is possible. So it matters where the hits stand.
#
# A recall of 1 is out of reach here: bags have more than ten interests at times, and what a posting asks for is partly chance. On the sample, one who knew all that a title says would get 0.73 (`data/README.md`).

# %%
def recall_at(k, scores, bags):
    """Mean share of the bags (n lists of numbers) that is among the k best of scores (n, K)."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]  # (n, k)
    return np.mean([len(set(bag) & set(top)) / len(bag) for bag, top in zip(bags, best)])


shard = parts["validation"]
bags = [bag[bag >= 0].tolist() for bag in shard.bags(np.arange(len(shard)))]
full = [i for i, bag in enumerate(bags) if bag]
popular = np.tile(n.astype(float), (len(shard), 1))  # the same for every title
print(f"by hand {recall_at(10, popular[full], [bags[i] for i in full]):.4f}, package:",
      measures(popular, shard))

# %% [markdown]
# By hand and from the package it is the same number. The ten most frequent interests, whatever the title, are the first row of our ladder: **popularity**. Every answer from here on is a function of a corpus, its parts, and the name of the part that is asked about, so that we can use it again on other data.
#
# ## 2 · Simple answers
#
# A bag of numbers is a sparse row with a 1 for each of its interests (lesson 01), and so is the bag of a title's words.

# %%
def words_of(shard, corpus):
    """One row a title, 1 where it has a word: (n, words), sparse."""
    row, place = shard.titles.nonzero()
    X = sp.csr_matrix((np.ones(len(row)), (row, shard.titles[row, place])),
                      (len(shard), len(corpus.numbering.words)))
    X.data[:] = 1  # even for a word that stands in a title twice
    return X


def bags_of(shard, corpus):
    """One row a bag, 1 where it has an interest: (n, K), sparse."""
    ones = np.ones(len(shard.interests))
    return sp.csr_matrix((ones, shard.interests, shard.starts), (len(shard), len(corpus.counts)))

# %% [markdown]
# **The nearest title.** Of all training titles, take those that share the largest part of their words with the one that is asked for (words in common, divided by all words of the two), and add up their bags. Where bags say nothing, popularity does.

# %%
def popularity(corpus, parts, name):
    return np.tile(corpus.counts / len(corpus), (len(parts[name]), 1))  # (n, K)


def nearest_title(corpus, parts, name):
    X, T = words_of(parts[name], corpus), words_of(parts["train"], corpus)
    common = (X @ T.T).tocoo()  # (n, training titles)
    a, b = X.sum(1).A1[common.row], T.sum(1).A1[common.col]
    overlap = sp.csr_matrix((common.data / (a + b - common.data), (common.row, common.col)), common.shape)
    best = np.repeat(overlap.max(axis=1).toarray()[:, 0], np.diff(overlap.indptr))
    overlap.data = (overlap.data > best - 1e-9).astype(float)
    added = overlap @ bags_of(parts["train"], corpus)  # (n, K)
    return added.toarray() + 1e-3 * popularity(corpus, parts, name)

# %% [markdown]
# **A regression** from the bag of a title's words to the bag of interests: a matrix $W$ with one weight for each pair of a word and an interest, and a penalty on large weights (ridge regression). It has a solution in closed form, $W = (X^\top X + I)^{-1} X^\top Y$. It cannot know in which order the words stand.

# %%
def regression(corpus, parts, name):
    X, Y = words_of(parts["train"], corpus), bags_of(parts["train"], corpus)
    W = np.linalg.solve((X.T @ X).toarray() + np.eye(X.shape[1]), (X.T @ Y).toarray())  # (words, K)
    return words_of(parts[name], corpus) @ W


answers = {"popularity": popularity, "nearest title": nearest_title,
           "regression on the bag of words": regression}
scores = {model: answer(corpus, parts, "validation") for model, answer in answers.items()}
for model, s in scores.items():
    print(f"{model}: {measures(s, parts['validation'])}")

# %% [markdown]
# The regression is strong. Most of what a title says stands in single words, *surgeon*, *baker*, and it has a weight for each. What it lacks is a common space: it cannot say which interests or titles are near each other, and two words that mean the same have nothing in common for it.
#
# ## 3 · Interests as vectors
#
# Interests that occur in the same bags belong together. That is what word2vec looks for (lesson 02), with a bag for a sentence, as with the reading lists of lesson 03. A bag has no order, so the window is the whole bag, and the order is drawn anew.

# %%
from gensim.models import Word2Vec

D = 24


def interest_space(bags, corpus):
    """Vectors of the interests: (K, D)."""
    different = dict.fromkeys(tuple(bag) for bag in bags if len(bag) > 1)
    together = [list(rng.permutation(bag)) for bag in different]
    word2vec = Word2Vec(together, vector_size=D, window=max(map(len, together)), seed=SEED,
                        shrink_windows=False, sg=1, sample=0, epochs=40, min_count=1, workers=1)
    E = np.stack([word2vec.wv[name] if name in word2vec.wv else np.zeros(D)
                  for name in corpus.numbering.interests])
    E -= E.mean(axis=0)
    return E * 3 / np.linalg.norm(E, axis=1).mean()

# %% [markdown]
# All vectors of word2vec have a part in common, which says nothing; it is taken out (Mu and Viswanath 2018). Then all are multiplied by one number, so that the products below can be large enough.

# %%
E = interest_space(data.train.bags, corpus)
interests = embeddings.Vectors(numbering.interests, E)
for name in ("sql", "surgery", "customer service"):
    if name in interests:
        print(f"{name}: {', '.join(other for other, _ in interests.neighbours(name, 5))}")

# %% [markdown]
# That is the first of the four questions: **interests near an interest**. What is asked for in the same postings lies close together; of what is rare, such as *customer service* in the sample, word2vec knows little. From here on these vectors stay as they are. They span the space in which titles will find their place.
#
# ## 4 · A title, read word by word
#
# The words of a title go through an embedding of their own and an LSTM; its last state, $h_T$, through a linear layer without bias or activation into the space of the interests:
#
# $$v = W_o^\top h_T, \qquad \text{score of interest } k: \quad s_k = v \cdot e_k$$
#
# where $e_k$ is the vector of interest $k$. No activation, for the interests' vectors lie in all directions and have all lengths.

# %%
layers = keras.layers


def title_reader(words, units=32):
    ids = keras.Input((LENGTH,), dtype="int32", name="titles")  # (batch, time)
    x = layers.Embedding(words, units, mask_zero=True)(ids)
    h = layers.LSTM(units)(x)  # (batch, units)
    return keras.Model(ids, layers.Dense(D, use_bias=False)(h))  # (batch, D)


def with_candidates(reader, E):
    """Titles and candidates (batch, 1 + k) to the candidates' scores (batch, 1 + k)."""
    ids, candidates = reader.input, keras.Input((None,), dtype="int32", name="candidates")
    e = layers.Embedding(*E.shape, weights=[E], trainable=False)(candidates)  # (batch, 1 + k, d)
    s = keras.ops.einsum("nd,nkd->nk", reader(ids), e)
    return keras.Model({"titles": ids, "candidates": candidates}, s)

# %% [markdown]
# ## 5 · One softmax over a positive and its negatives
#
# What shall it learn? A softmax over all interests would have to compare each title with hundreds of interests, or with hundreds of thousands. Instead, of each bag one interest is drawn, the **positive**, and beside it $k$ others that are not in the bag, the **negatives**, in proportion to $n_j^{0.75}$ as in lesson 02. Of these $1 + k$
# **candidates**, one softmax shall find the positive:
#
# $$L = -\ln \frac{e^{s_+}}{e^{s_+} + \sum_{j=1}^{k} e^{s_j}}$$
#
# In every epoch each posting draws anew, so with time all of its bag is seen. And the title is read once for all its candidates.

# %%
def draw(shard, rows, sampler, k):
    """Candidates (rows, 1 + k) of some titles; the positive is candidate 0."""
    bags = shard.bags(rows)  # (rows, largest bag), −1 after the end
    drawn = (rng.random(len(rows)) * (bags >= 0).sum(axis=1)).astype(int)
    positive = bags[np.arange(len(rows)), drawn][:, None]  # (rows, 1)
    return np.hstack([positive, sampler.sample_without(bags, k)])

# %%
class Draws(keras.utils.PyDataset):
    """Batches of titles with candidates, in another order in each epoch."""

    def __init__(self, shard, counts, size=256, k=20):
        super().__init__()
        self.shard, self.size, self.k = shard, size, k
        self.sampler = embeddings.NegativeSampler(counts, rng=rng)
        self.order = rng.permutation(np.flatnonzero((np.diff(shard.starts) > 0) & (shard.titles[:, 0] > 0)))

    def on_epoch_end(self):
        rng.shuffle(self.order)

    def __len__(self):
        return len(self.order) // self.size

    def __getitem__(self, i):
        rows = self.order[i * self.size : (i + 1) * self.size]
        candidates = draw(self.shard, rows, self.sampler, self.k)
        return {"titles": self.shard.titles[rows], "candidates": candidates}, np.zeros(len(rows))

# %% [markdown]
# The learning rate begins high and falls along a half cosine to nearly nothing, so that the last epochs settle what the first ones found (lesson 10 shows such a schedule, too).

# %%
EPOCHS = 10


def fit(reader, E, corpus, parts, loss=None):
    network = with_candidates(reader, E)
    draws, judged = Draws(parts["train"], corpus.counts), Draws(parts["validation"], corpus.counts)
    rate = keras.optimizers.schedules.CosineDecay(0.03, EPOCHS * len(draws), alpha=0.02)
    network.compile(keras.optimizers.Adam(rate, clipnorm=1.0),
                    loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return network.fit(draws, validation_data=judged, epochs=EPOCHS, shuffle=False, verbose=0,
                       callbacks=[ProgressBar()]).history

# %%
keras.utils.set_random_seed(SEED)
reader = title_reader(len(numbering.words))
history = fit(reader, E, corpus, parts)

# %%
figure, axes = plots.figure(size=(6.4, 3.2))
for name, key, style in (("training", "loss", "o-"), ("validation", "val_loss", "s--")):
    axes.plot(range(1, EPOCHS + 1), history[key], style, label=name)
axes.axhline(np.log(21), color="black", linewidth=0.8, linestyle=":")
axes.annotate("guessing: ln 21", (EPOCHS, np.log(21)), xytext=(0, -14), textcoords="offset points",
              ha="right")
axes.set(title="Finding the positive among 20 negatives", xlabel="epoch", ylabel="cross-entropy")
axes.legend(frameon=False)
plots.show(figure, alt="""Learning curves. Both losses begin below the dotted line of guessing, the logarithm
    of 21, fall fast in the first epochs and then slowly; the validation loss stays above the
    training loss.""")

# %% [markdown]
# One who guesses has a loss of $\ln 21$, for there are 21 candidates. The network is far below that after one epoch. On titles that it has never seen it does a little worse than on those it learns from, to the end.
#
# ### What has it learned, exactly?
#
# Say that a title has interest $k$ in its bag with probability $\pi_k$. Then $k$ comes up as a positive in proportion to $\pi_k$, and as a negative in proportion to $(1 - \pi_k)\, n_k^{0.75}$, for it is drawn only where it is not in the bag. A softmax among candidates learns, up to a constant for each title, the logarithm of the ratio of the two:
#
# $$s_k \approx \ln \frac{\pi_k}{(1 - \pi_k)\, n_k^{0.75}} + \text{const} = \operatorname{logit} \pi_k - 0.75 \ln n_k + \text{const}$$
#
# So the score does not say how *likely* an interest is. It says how much more it goes with this title than its frequency would make one expect. To rank by what is likely, the drawing has to be undone: rank by $s_k + 0.75 \ln n_k$. Both are useful. The first names what is **typical** of a title, the second what is **likely**.

# %%
def vectors(reader, titles):
    """Vectors (n, D) of titles that are numbers already; zeros without a known word, whose mean is 0 / 0."""
    return np.nan_to_num(reader.predict(titles, batch_size=1024, verbose=0))


def likely(reader, E, corpus, shard):
    return vectors(reader, shard.titles) @ E.T + 0.75 * np.log(corpus.counts)  # (n, K)


held_out = parts["validation"]
rankings = {"typical": vectors(reader, held_out.titles) @ E.T, "likely": likely(reader, E, corpus, held_out)}
tables.table("Validation titles, ranked in two ways", [
    {"ranking": name, **measures(scores, held_out)} for name, scores in rankings.items()])

# %% [markdown]
# On the sample both rankings score about the same. Where few interests stand in most bags, they do not: section 12 has both for real postings.
#
# ### Must it be one softmax?
#
# Word2vec itself has another loss: each pair of a title and an interest is an example of its own, *does it belong together, yes or no?*, with a logistic loss for each, $\ln(1 + e^{-s_+}) + \sum_j \ln(1 + e^{s_j})$. Let us change the loss, and nothing else.

# %%
def pairwise(_, s):
    softplus = keras.ops.softplus  # ln(1 + e^s)
    return keras.ops.mean(softplus(-s[:, 0]) + keras.ops.sum(softplus(s[:, 1:]), axis=1))


keras.utils.set_random_seed(SEED)
by_pairs = title_reader(len(numbering.words))
fit(by_pairs, E, corpus, parts, pairwise)
print("pairwise:", measures(likely(by_pairs, E, corpus, held_out), held_out))

# %% [markdown]
# It has learned next to nothing. Look for the reason before you blame the loss. A softmax only looks at differences between scores: add 5 to all of them, and nothing changes. The logistic loss judges each score by itself, and since nearly all interests do not belong to a title, nearly all scores must be **below 0**. But the interests' vectors
# have a mean of zero, so the scores of any title have, too: they cannot all be low. The space lacks a level.
#
# It is easily given one. Before anything is known, one candidate in 21 is the positive: the odds are 1 to 20. So let a score of 0 mean that, and take $\ln 20$ away from all scores in the loss.

# %%
def with_level(_, s):
    k = keras.ops.shape(s)[1] - 1  # negatives
    return pairwise(_, s - keras.ops.log(keras.ops.cast(k, "float32")))


keras.utils.set_random_seed(SEED)
by_levels = title_reader(len(numbering.words))
fit(by_levels, E, corpus, parts, with_level)
print("pairwise, with a level:", measures(likely(by_levels, E, corpus, held_out), held_out))

# %% [markdown]
# With that one number the logistic loss is back, and on the sample it even passes the softmax. A likely reason: it learns from 21 decisions a title, where the softmax learns from one. What speaks for the softmax is that it needs no level. The failure was not one of the loss but of what the network could express.
#
# And what does reading *in order* bring? The same again with the mean of the words' vectors in place of the LSTM, and one softmax.

# %%
def mean_reader(words, units=32):
    ids = keras.Input((LENGTH,), dtype="int32", name="titles")
    x = layers.Embedding(words, units, mask_zero=True)(ids)
    return keras.Model(ids, layers.Dense(D, use_bias=False)(layers.GlobalAveragePooling1D()(x)))


keras.utils.set_random_seed(SEED)
by_mean = mean_reader(len(numbering.words))
fit(by_mean, E, corpus, parts)
print("mean of word vectors:", measures(likely(by_mean, E, corpus, held_out), held_out))

# %% [markdown]
# ## 6 · The test part, opened once

# %%
scores = {model: answer(corpus, parts, "test") for model, answer in answers.items()}
for model, network in (("mean of word vectors", by_mean), ("Seq2BoW, pairwise", by_pairs),
                       ("Seq2BoW, pairwise with a level", by_levels), ("Seq2BoW", reader)):
    scores[model] = likely(network, E, corpus, parts["test"])
found = {model: measures(s, parts["test"]) for model, s in scores.items()}
tables.table("Interests of titles never seen", [{"model": m, **row} for m, row in found.items()])

# %%
recall = {model: row["recall@10"] for model, row in found.items()}
figure, axes = plots.figure(size=(7.6, 3.0))
axes.barh(list(recall), list(recall.values()),
          color=[plots.BLUE if "Seq2BoW" in model else plots.ORANGE for model in recall])
plots.label_bars(axes)
axes.set(title="Seq2BoW (blue) and other answers (orange)", xlabel="recall@10", xlim=(0, 1))
axes.invert_yaxis()
plots.show(figure, alt="""Horizontal bars of recall at ten for titles that were never seen. Popularity is far behind; the regression on the bag of words
    is best or among the best; Seq2BoW and the mean of word vectors lie between it and the nearest title.""")

# %% [markdown]
# Three things stand in this table. Reading titles beats looking up the nearest one by far: the words of a new title are known even where their combination is not. The LSTM beats the mean of its words. And **the plain regression beats them all**.

# %%
if sample:
    gap = lambda a, b: recall[a] - recall[b]
    claim("recall@10 of Seq2BoW minus that of the nearest title", gap("Seq2BoW", "nearest title"),
          at_least=0.08)
    claim("recall@10 of Seq2BoW minus that of the mean of word vectors",
          gap("Seq2BoW", "mean of word vectors"), at_least=0.02)
    claim("recall@10 of the regression minus that of Seq2BoW",
          gap("regression on the bag of words", "Seq2BoW"), at_least=0.02)
    claim("pairwise loss: what a level brings to recall@10",
          gap("Seq2BoW, pairwise with a level", "Seq2BoW, pairwise"), at_least=0.25)

# %% [markdown]
# ### Why does it lose?
#
# The regression has a weight of its own for each pair of a word and an interest. Seq2BoW must say everything with the 24 numbers of $v$, in a space that was fixed before it saw a title. Let us force the regression through the same space: its scores are projected onto what can be written as $v \cdot e_k$, with the best $v$ that there is.

# %%
Q = np.linalg.qr(E)[0]  # (K, D), columns at right angles that span all v · e
forced = measures(scores["regression on the bag of words"] @ Q @ Q.T, parts["test"])["recall@10"]
if sample:
    print(f"regression, forced through the space: {forced:.3f}; Seq2BoW {recall['Seq2BoW']:.3f}")
    claim("what the regression loses in recall@10 when it must go through the 24 numbers",
          recall["regression on the bag of words"] - forced, at_least=0.035)
    claim("recall@10 of Seq2BoW minus that of the regression, forced through the same space",
          recall["Seq2BoW"] - forced, at_least=-0.01)

# %% [markdown]
# On the sample that costs the regression all that it was ahead. So it is the narrow space that costs, not the reading. The space is a choice: it is narrow so that *similar* things must share it, and that is what the rest of this lesson lives on. A regression has no neighbours to offer.

# %% [markdown]
# ## 7 · Where order counts
#
# *Assistant sales director* and *sales director assistant* have the same words; the one directs, the other writes the director's letters. The sample has five such pairs. Here are the test titles that contain the words of one of them, and the interests that two networks name for one pair.

# %%
PAIRS = ("assistant sales director", "assistant marketing manager", "assistant restaurant manager",
         "sales software engineer", "security data engineer")


def ask(network, title):
    """The five likeliest interests."""
    v = vectors(network, numbering.encode([title]).titles)  # (1, D)
    return [numbering.interests[i] for i in np.argsort(-(v @ E.T + 0.75 * np.log(n))[0])[:5]]


for title in ("assistant sales director", "sales director assistant", "sales assistant") if sample else ():
    print(f"{title}: {', '.join(ask(reader, title))}")
    print(f"{'':{len(title)}}  mean: {', '.join(ask(by_mean, title))}")

# %%
def measured_on(rows, scores):
    shard = numbering.encode([data.test.titles[i] for i in rows], [data.test.bags[i] for i in rows])
    return measures(scores[rows], shard)["recall@10"]


twins = [i for i, title in enumerate(data.test.titles)
         if any(set(pair.split()) <= set(title_words(title)) for pair in PAIRS)]
if sample:
    rows = [{"model": model, "recall@10": measured_on(twins, s)} for model, s in scores.items()]
    print(f"{len(twins)} test titles")
tables.table("Titles whose words, in another order, are another job", rows) if sample else None

# %% [markdown]
# For a bag of words, and for a mean of vectors, both titles of a pair are one and the same; all that these models can do is to answer with a mixture of two jobs. The nearest title fares worst: two titles with the very same words are its best match, and half of the time they are the wrong job. The LSTM answers these titles as well as any others.

# %%
if sample:
    on_twins = {row["model"]: row["recall@10"] for row in rows}
    claim("titles whose order counts: recall@10 of Seq2BoW minus that of the regression",
          on_twins["Seq2BoW"] - on_twins["regression on the bag of words"], at_least=0.15)

# %% [markdown]
# ## 8 · Four questions, one space
#
# **Interests near an interest** (section 3) and **interests of a title** are answered. Titles have vectors in the same space. So the vectors of all training titles, kept as an index, answer the other two: **titles near a title**, and **titles near an interest**.

# %%
ids = numbering.encode(corpus.titles).titles  # of different training titles, the most frequent first
worded = ids.any(axis=1)  # those with a word that is known
names = [name for name, known in zip(corpus.titles, worded) if known]
index = embeddings.Vectors(names, vectors(reader, ids[worded]))
three = ("winemaker", "surgeon") if sample else ("business analyst", "machine learning engineer")
for title in ("data engineer", *three):
    v = vectors(reader, numbering.encode([title]).titles)[0]
    near = [name for name, _ in index.neighbours(v, 6) if name != title][:5]
    print(f"titles near {title}: {', '.join(near)}")

# %%
for interest in ("python", "suturing", "wine tasting", "tableau"):
    if interest in interests:
        near = [name for name, _ in index.neighbours(interests.vector(interest), 5)]
        print(f"titles near the interest {interest}: {', '.join(near)}")

# %% [markdown]
# Titles find other ways of writing the same job, with slips of the fingers and in other cities, and jobs next to it. None of that was told: the network only ever saw titles beside interests.
#
# Is that more than a few good examples? For each test title, ask for the nearest training title, and look at whether both are of the same occupation (on the sample) or the same kind of job (real postings). The occupations were never shown to the network.

# %%
read = [" ".join(title_words(title)) for title in data.train.titles]  # as the index has them
occupation = dict(zip(read, data.train.occupations))
v = vectors(reader, parts["test"].titles)
known = np.flatnonzero(parts["test"].titles.any(axis=1))  # with a word that is known
same = [occupation[index.neighbours(v[i], 1)[0][0]] == data.test.occupations[i] for i in known]
print(f"of {len(known):,} test titles, {np.mean(same):.3f} are nearest to one of the same occupation")
if sample:
    claim("test titles whose nearest training title is of the same occupation", np.mean(same), at_least=0.9)

# %% [markdown]
# ## 9 · One map for both
#
# One space, so one map can show both vocabularies. What counts is the direction, so t-SNE looks at cosines (lesson 03; what may be read off such a map, and what may not, stands there, too). The map has the shortest title of each of 40 occupations, of those titles that were typed more than twice and stand for no other occupation; and of each the interest that is nearest to it.

# %%
from collections import Counter

stands = Counter(zip(data.train.occupations, read))  # how often each title stands for each occupation
jobs = Counter(name for _, name in stands)  # how many occupations each title stands for
short = {}  # {occupation: its shortest title}
for job, name in sorted(stands, key=lambda pair: len(pair[1])):
    if jobs[name] == 1 and stands[job, name] > 2 and name in index:
        short.setdefault(job, name)
chosen = list(short.values())[:40]
title_vectors = np.stack([index.vector(name) for name in chosen])  # (40, D)
nearest = list(dict.fromkeys(interests.neighbours(v, 1)[0][0] for v in title_vectors))
both = np.concatenate([title_vectors, [interests.vector(name) for name in nearest]])
place = embeddings.map_2d(both, "tsne", seed=SEED, perplexity=10)  # (titles and interests, 2)

# %%
figure, axes = plots.figure(size=(9.6, 8))
for i, (name, (x, y)) in enumerate(zip(chosen + nearest, place)):
    title = i < len(chosen)
    axes.annotate(name, (x, y), ha="center", va="bottom" if title else "top", fontsize=7,
                  color=plots.BLUE if title else plots.ORANGE, weight="bold" if title else "normal")
low, high = place.min(axis=0), place.max(axis=0)  # a text has no place that Matplotlib looks at
axes.set(title="Titles (blue, bold) and interests (orange) in one space", xticks=[], yticks=[],
         xlim=(low[0] - 1, high[0] + 1), ylim=(low[1] - 1, high[1] + 1))
plots.show(figure, alt="""Map of words. Beside most titles in blue stands an interest in orange that goes with it; jobs of one
    trade stand near each other; a few general interests stand together, apart from the titles.""")

# %% [markdown]
# Most titles have an interest of their own beside them, and trades form neighbourhoods. What is asked for in many trades lies apart from all of them. Distances between neighbourhoods mean nothing on such a map.

# %% [markdown]
# ## 10 · What else is known
#
# A posting has more than a title: a country, in the sample also the seniority and the kind of company. Each value gets a vector of its own in the space of interests, and is added to that of the title:
#
# $$v = W_o^\top h_T + c_{\text{country}} + \dots$$
#
# In training each is now and then taken for unknown, and then adds nothing. So the network answers with it and without it. `course_utils.models.seq2bow` has this network; you have met all its parts. One thing is new there: when word2vec learns the interests' vectors, the country counts as a member of the bag. *German* goes with every kind of job, so among interests
# alone its vector lies in the middle of all, and no country could point to it.

# %%
def seq2bow(data, extras=None):
    """The package's network, trained on the training part of `data`."""
    corpus = from_lists(data.train.titles, data.train.bags, extras, held_out=0.05)
    model = Seq2BoW(corpus.numbering, interest_vectors(corpus, seed=SEED), corpus.counts, len(corpus),
                    seed=SEED)
    train_seq2bow(model, corpus, epochs=12, batch=256, rate=0.03)
    return model


def measured_with(model, data, extras=None):
    shard = model.numbering.encode(data.test.titles, data.test.bags, extras)
    return measures(model.scores(np.nan_to_num(model.vectors_of(shard))), shard)


with_extras = seq2bow(data, data.train.extras)
told = {"title alone": measured_with(with_extras, data),
        "title and the rest": measured_with(with_extras, data, data.test.extras)}
tables.table("The same network, told more", [{"asked with": m, **row} for m, row in told.items()])

# %%
def shares_of(title, extras=None):
    """{interest: share of such bags that should have it}"""
    return dict(with_extras.interests_of(title, len(with_extras.interests), extras))


title = "accountant" if sample else "data analyst"
before = shares_of(title)
for country in ("Germany", "France", "Brazil"):
    after = shares_of(title, {"country": country})
    gained = sorted(after, key=lambda k: before[k] - after[k])[:3]
    print(f"{title}, {country}:",
          ", ".join(f"{k} {before[k]:.2f} → {after[k]:.2f}" for k in gained))

# %% [markdown]
# Told the country, the network raises what is asked for there: its language, its laws, the programs that are used there. It has added the same vector to that of every title. On the sample seniority and company help, too. (Which country a posting is from, its title tells only where it names a city.)

# %%
if sample:
    claim("recall@10, told country, seniority and company, minus that for the title alone",
          told["title and the rest"]["recall@10"] - told["title alone"]["recall@10"], at_least=0.01)

# %% [markdown]
# ## 11 · Ten million postings
#
# The network of section 4 reads twelve steps for each title, most of them padding, and it reads *senior data* again for each title that begins so. The package puts the titles of a batch into a **tree** (a trie): each node is a beginning, and its state is computed once, from the state of its parent.

# %%
few = ["senior data engineer", "senior data analyst", "senior manager", "data engineer"]
tree = Trie(numbering.encode(few).titles)
print(f"{sum(len(title.split()) for title in few)} words, {len(tree.words)} nodes; in each level:",
      tree.sizes[:3].tolist())

# %%
level = np.repeat(np.arange(LENGTH), tree.sizes)  # of each node
first = np.cumsum(tree.sizes) - tree.sizes  # node of each level
parent = np.where(level > 0, first[level - 1] + tree.parents, -1)  # of each node, −1 at the root
height = np.zeros(len(level))
for node in reversed(range(len(level))):  # a parent stands in the middle of its children
    children = np.flatnonzero(parent == node)
    height[node] = height[children].mean() if len(children) else -np.flatnonzero(tree.last == node)[0]
figure, axes = plots.figure(size=(7.2, 2.6))
for node, word in enumerate(tree.words):
    axes.annotate(numbering.words.words[word], (level[node], height[node]), ha="center", va="center")
    if parent[node] >= 0:
        axes.plot([level[node] - 0.75, level[node] - 0.25], height[[parent[node], node]], color="black", lw=0.8)
axes.set(title="Four titles, ten words, seven states", xlim=(-0.5, 2.5), ylim=(-3.5, 0.5), xticks=[0, 1, 2],
         xticklabels=["first word", "second", "third"], yticks=[])
plots.show(figure, alt="""A tree from left to right. Senior branches into data and manager, data branches into engineer and analyst;
    below, by itself, stands data with engineer.""")

# %% [markdown]
# Is it the same network? Take the weights of the Keras network of section 4, put them into the package's, and ask both for the vectors of all test titles.

# %%
same = Seq2BoW(numbering, interests, n, len(corpus))
weights = dict(zip(("x", "W_x", "W_h", "b", "W_o"), reader.get_weights()))
for name, value in weights.items():
    same.weights[name].assign(value)
known = parts["test"].titles.any(axis=1)
difference = abs(same.vectors_of(parts["test"]) - vectors(reader, parts["test"].titles))[known].max()
claim("largest difference between the tree's vectors and those of Keras's LSTM", difference, at_most=1e-4)

# %%
all_titles = Trie(parts["train"].titles)
words = (parts["train"].titles > 0).sum()
print(f"all training titles: {LENGTH * len(corpus):,} steps with padding, {words:,} words,",
      f"{len(all_titles.words):,} nodes")

# %% [markdown]
# They agree to the last digits. Of the steps that a padded batch takes, most are padding, and of the words that remain, most belong to a beginning that another title has, too. What is left is a tenth of the work or so. The shapes differ from batch to batch, which costs TensorFlow nothing here: the computation of a level is the same whatever its size.
#
# How far does that carry? The benchmark `benchmarks/seq2bow_throughput.py` invents postings from the real ones, and trains on them in several ways, all on the same machine in one run. The last row is the limit of the machine: the matrix products of an LSTM that reads word by word, without anything else.

# %% tags=["recorded"]
tables.benchmark("seq2bow_throughput", "Training alone")

# %% [markdown]
# *Plain Keras* is the network of section 4 with `fit`; *pairwise* is the same with each positive and each negative as an example of its own, so that a title is read six times for five negatives. The tree reaches a third of that limit or more, though it does everything else besides: it leaves out most of the words. Where no title comes twice, it has less to share. Small batches are many times slower and no better in recall:
# the large ones lose nothing. Two workers on one machine share its two cores; they are meant for two machines. They arrive at the weights of one process that takes the same batches (a test of the package checks that).
#
# And the whole way, from a file of a gigabyte to a trained network, in memory that does not grow with the file:

# %% tags=["recorded"]
tables.benchmark("seq2bow_throughput", "Seq2BoW from a file of 10,000,000 descriptions, end to end")

# %% [markdown]
# About half of the time goes into reading and cutting text, though two processes share that work: one takes the rows apart, the other numbers words and interests.
#
# ## 12 · Real postings, and O*NET
#
# The same lesson on 29,485 real postings of data roles (L. Barousse, 2023), once for each of three seeds; a seed draws which titles are for testing, too.

# %% tags=["recorded"]
tables.recorded("14_seq2bow", "Interests of titles never seen")

# %% [markdown]
# Here popularity alone is strong: all postings are for data roles, and the few interests that most of them share make up much of every bag. The regression is best here, too, though Seq2BoW is close behind it, and a little ahead of the mean of word vectors. The distances between the last three are about as large as the spread over the seeds.

# %% tags=["recorded"]
tables.recorded("14_seq2bow", "Validation titles, ranked in two ways")

# %% [markdown]
# And here the drawing must be undone: what is typical of a title is not what it asks for, for frequency is most of the answer.

# %% tags=["recorded"]
tables.recorded("14_seq2bow", "The same network, told more")

# %% [markdown]
# The country alone, all that is known here beside the title, changes little: data roles ask for the same tools everywhere.
#
# ### O*NET
#
# O*NET is the occupational database of the United States: a thousand occupations, each with dozens of titles under which it goes, and with the technology and the tools that it uses. All titles of an occupation share one bag. So the split is by occupation: if it were by title, each test title would have siblings with the very same bag in training, and looking those up would win.
# Bags are large: some forty interests on average, of which ten answers can hit at most ten. So recall is measured among the 50 best, too.

# %%
def climb(data):
    """All answers of this lesson on other data: measures in the test, by model."""
    corpus, parts = prepare(data)
    E, words = interest_space(data.train.bags, corpus), len(corpus.numbering.words)
    scores = {model: answer(corpus, parts, "test") for model, answer in answers.items()}
    for model, network in (("mean of word vectors", mean_reader(words)), ("Seq2BoW", title_reader(words))):
        fit(network, E, corpus, parts)
        scores[model] = likely(network, E, corpus, parts["test"])
    deep = {model: measures(s, parts["test"], k=50)["recall@50"] for model, s in scores.items()}
    return [{"model": model, **measures(s, parts["test"]), "recall@50": deep[model]}
            for model, s in scores.items()]


onet = None if sample else postings.load_onet(seed=SEED)
found = climb(onet) if onet and onet.source == "real" else None
tables.table("Interests of occupations never seen, O*NET", found) if found else None

# %% tags=["recorded"]
found = tables.recorded("14_seq2bow", "Interests of occupations never seen, O*NET")
deep = dict(zip([row["model"] for row in found.rows], found.values("recall@50")))  # means over seeds
claim("O*NET, recall@50: Seq2BoW minus popularity", deep["Seq2BoW"] - deep["popularity"], at_least=0.03)
claim("O*NET, recall@50: Seq2BoW minus the regression",
      deep["Seq2BoW"] - deep["regression on the bag of words"], at_least=0.01)
found

# %% [markdown]
# Two measures, two opposite orders. Among the first ten nobody beats **popularity**: nearly every occupation works with the same few office programs, and whoever names these first, whatever the title, has nearly filled the list. (nDCG@10 says how nearly.) The networks, which rank by what they read in the title, do worst there.
#
# Among the first fifty it is the other way round. What is particular to an occupation begins where the office programs end, and there reading pays: both networks are ahead of everything else, Seq2BoW the most. The regression, which won on the sample and on the postings, falls behind the networks here. On the sample the occupations of the test titles have been met in training, under other titles; here none of them has. A likely reason, which this table does not prove: a weight for each pair of a word and an interest knows nothing about a pair that it has not met, while in a narrow space what is alike must lie together, so that something can be said about an occupation by way of its neighbours.
#
# So ask, before you choose a measure, how many answers will be looked at. Had we measured the first ten only, we would have thrown the better reader away.
#
# ## 13 · A table of your own
#
# Any table with a column of titles and a column of interests will do; in the repository's folder:
#
# ```console
# python -m course_utils seq2bow train jobs.csv --title "Job title" --interests Skills --separator "|" --extra Country
# python -m course_utils seq2bow query interests-of "Senior data engineer" --extra Country=France
# ```
#
# The other three questions are `interests-near`, `titles-near` and `titles-near-interest`. Nothing says that it must be jobs: titles of films and their keywords, names of dishes and their ingredients.

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: ndcg
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `ndcg(k, ranking, bag)`: nDCG@k for one title. `ranking` is a list of interests, best first, `bag` a set of interests with at least one member. A hit at rank $r = 1, 2, \dots, k$ counts $1 / \log_2(r + 1)$; the sum is divided by what a ranking would get that begins with the whole bag.
#
# <details><summary>Hint 1</summary>Ranks begin with 1: <code>enumerate(ranking[:k], start=1)</code>.</details>
# <details><summary>Hint 2</summary>The best ranking has hits at the ranks 1 … <code>min(k, len(bag))</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def ndcg(k, ranking, bag):
    """Normalised discounted cumulative gain of the first k."""
    # BEGIN SOLUTION
    gain = sum(1 / np.log2(r + 1) for r, interest in enumerate(ranking[:k], start=1) if interest in bag)
    return gain / sum(1 / np.log2(r + 1) for r in range(1, min(k, len(bag)) + 1))
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
# name: undo
# points: 1

# %% [markdown]
# **Exercise 2.** Suppose that negatives had been drawn in proportion to $n_j$ to the power $a$, with any $a$ and not just 0.75. Write `likeliest(s, counts, a)`: the numbers of all interests, likeliest first, from the scores `s` `(K,)` of one title and the counts `(K,)`. With `a = 0` each interest was drawn equally often.
#
# <details><summary>Hint 1</summary>In section 5 the score was logit π minus 0.75 ln n. What is it with $n^a$?</details>
# <details><summary>Hint 2</summary><code>np.argsort(-x)</code> gives the places of the largest values first.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def likeliest(s, counts, a):
    """Numbers of the interests (K,), likeliest first."""
    return np.argsort(-(s + a * np.log(counts)))  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="most typical"
def likeliest(s, counts, a):
    return np.argsort(-s)

# %% tags=["wrong"] message="0.75 is fixed"
def likeliest(s, counts, a):
    return np.argsort(-(s + 0.75 * np.log(counts)))

# %% tags=["wrong"] message="least likely first"
def likeliest(s, counts, a):
    return np.argsort(s + a * np.log(counts))

# %% tags=["wrong"] message="frequent ones must rise"
def likeliest(s, counts, a):
    return np.argsort(-(s - a * np.log(counts)))

# %% [raw]
# # BEGIN TESTS

# %%
def test_undo(likeliest):
    import numpy as np

    counts = np.array([1000, 10, 100, 2])
    pi = np.array([0.3, 0.2, 0.6, 0.01])
    logit = np.log(pi / (1 - pi))
    wanted = [2, 0, 1, 3]
    for a in (1.0, 0.75, 0.5, 0.0):
        s = logit - a * np.log(counts) + 2.5
        got = likeliest(s.copy(), counts.copy(), a)
        assert got is not None, "the function gives None: does it return the ranking?"
        got = np.asarray(got).tolist()
        assert sorted(got) == [0, 1, 2, 3], f"the numbers of all four interests are asked for, each once; got {got}"
        assert got != wanted[::-1], "that is the right order, but least likely first"
        if a == 1.0:
            assert got != np.argsort(-s).tolist(), "this ranks by what is most typical: the drawing is not undone"
            assert got != np.argsort(-(s - np.log(counts))).tolist(), "frequent ones must rise when the drawing is undone; in your ranking they fall"
        assert got == wanted, f"with a = {a} the ranking should be {wanted}, got {got}; is it that 0.75 is fixed in your function?"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_undo_hidden(likeliest):
    import numpy as np

    rng = np.random.default_rng(7)
    s, counts = rng.normal(size=9), rng.integers(1, 500, size=9)
    for a in (1.2, 0.3, 0.0):
        wanted = sorted(range(9), key=lambda k: -(s[k] + a * np.log(counts[k])))
        assert np.asarray(likeliest(s.copy(), counts.copy(), a)).tolist() == wanted, f"not right for nine interests and a = {a}"
    assert np.asarray(likeliest(np.array([0, 0.5]), np.array([2, 1]), 1)).tolist() == [0, 1], "not right for small counts"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: tree
# points: 2

# %% [markdown]
# **Exercise 3.** Write `states(titles)`: how many states an LSTM has to compute for a list of titles, each a list of words, when equal beginnings are computed once. Section 11's four titles need seven.
#
# <details><summary>Hint 1</summary>Each state belongs to a beginning: <code>title[:1]</code>, <code>title[:2]</code>, … How many different ones are there?</details>
# <details><summary>Hint 2</summary>Lists cannot be members of a set, tuples can.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def states(titles):
    """The number of different beginnings."""
    return len({tuple(title[: t + 1]) for title in titles for t in range(len(title))})  # SOLUTION

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

# %% [raw]
# # BEGIN TESTS

# %%
def test_states(states):
    four = [title.split() for title in ("senior data engineer", "senior data analyst", "senior manager", "data engineer")]
    got = states(four)
    assert got is not None, "the function gives None: does it return the number?"
    assert got != 10, "that counts every word; equal beginnings are computed once"
    assert got != 5, "that counts the different words; but the state after data depends on what came before"
    assert got == 7, f"the four titles of section 11 need 7 states, got {got}"
    assert states([["a", "b", "c"], ["x", "b", "c"]]) == 6, "words in the same place have different states after different beginnings: here are 6"
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
# name: share
# points: 2

# %% [markdown]
# **Exercise 4.** The scores $s_k + 0.75 \ln n_k$ are log-odds up to one constant for each title. The package turns them into shares that mean something: it looks for the constant $c$ with which the probabilities $\sigma(\text{score}_k + c)$ add up to the mean size of a bag. Write `shares(scores, size)`: those probabilities, `(K,)`, for `scores` `(K,)` and a size between 0 and $K$.
#
# <details><summary>Hint 1</summary>The sum grows with $c$. So halve an interval: if the sum at its middle is too small, go on with the upper half, else with the lower one.</details>
# <details><summary>Hint 2</summary>Begin with the interval from <code>-scores.max() - 50</code> to <code>-scores.min() + 50</code>; 60 steps are plenty.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def shares(scores, size):
    """Probabilities (K,) that add up to size."""
    # BEGIN SOLUTION
    low, high = -scores.max() - 50, -scores.min() + 50
    for _ in range(60):
        c = (low + high) / 2
        low, high = (c, high) if (1 / (1 + np.exp(-(scores + c)))).sum() < size else (low, c)
    return 1 / (1 + np.exp(-(scores + c)))
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="divided"
def shares(scores, size):
    p = 1 / (1 + np.exp(-scores))
    return size * p / p.sum()

# %% tags=["wrong"] message="add up to"
def shares(scores, size):
    return 1 / (1 + np.exp(-scores))

# %% tags=["wrong"] message="softmax"
def shares(scores, size):
    p = np.exp(scores - scores.max())
    return size * p / p.sum()

# %% [raw]
# # BEGIN TESTS

# %%
def test_shares(shares):
    import numpy as np

    scores = np.array([2.0, 1.0, 0.0, -1.0, -4.0, 3.0])
    got = shares(scores.copy(), 2.5)
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
    assert abs(np.sum(shares(scores + 7, 4.0)) - 4) < 1e-3, "it is right for one size and level of the scores, but not for another"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_shares_hidden(shares):
    import numpy as np

    scores = np.random.default_rng(7).normal(-2, 2, size=12)
    for level, size in ((0, 0.5), (30, 3.0), (-30, 9.5)):
        got = np.asarray(shares(scores + level, size))
        moved = np.log(got / (1 - got)) - scores
        assert abs(got.sum() - size) < 1e-3, f"the sum, for twelve scores and the size {size}"
        assert np.allclose(moved, moved[0], atol=1e-3), f"the constant, for twelve scores and the size {size}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: slope
# points: 3

# %% [markdown]
# **Exercise 5, a stretch: where the softmax pulls.** Write `slope(v, e)`: $\partial L / \partial v$ `(d,)` of section 5's loss for one title with vector `v` `(d,)` and its candidates' vectors `e` `(1 + k, d)`, the positive first. Scores may be in the thousands. The check compares with finite differences. Read the formula when you have it: towards what does a step against the slope move the title, and away from what?
#
# <details><summary>Hint 1</summary>$L = -s_0 + \ln \sum_j e^{s_j}$, and $s_j = v \cdot e_j$, so $\partial s_j / \partial v = e_j$.</details>
# <details><summary>Hint 2</summary>The derivative of $\ln \sum_j e^{s_j}$ by $s_j$ is the softmax $p_j$.</details>
# <details><summary>Hint 3</summary>Large scores overflow in <code>np.exp</code>; take the largest away from all of them first, which changes no softmax.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def slope(v, e):
    """dL/dv (d,)."""
    # BEGIN SOLUTION
    s = e @ v  # (1 + k,)
    p = np.exp(s - s.max())
    return (p / p.sum()) @ e - e[0]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="sign"
def slope(v, e):
    s = e @ v
    p = np.exp(s - s.max())
    return e[0] - (p / p.sum()) @ e

# %% tags=["wrong"] message="among the candidates"
def slope(v, e):
    s = e[1:] @ v
    p = np.exp(s - s.max())
    return (p / p.sum()) @ e[1:] - e[0]

# %% tags=["wrong"] message="overflow"
def slope(v, e):
    with np.errstate(all="ignore"):
        p = np.exp(e @ v)
        return (p / p.sum()) @ e - e[0]

# %% [raw]
# # BEGIN TESTS

# %%
def test_slope(slope):
    import numpy as np

    rng = np.random.default_rng(0)
    v, e = rng.normal(size=5), rng.normal(size=(4, 5))
    got = slope(v.copy(), e.copy())
    assert got is not None, "the function gives None: does it return the slope?"
    assert np.shape(got) == (5,), f"the slope has the shape of v, (5,); yours is {np.shape(got)}"
    loss = lambda v: np.log(np.exp(e @ v).sum()) - e[0] @ v
    found = np.array([(loss(v + d) - loss(v - d)) / 2e-6 for d in 1e-6 * np.eye(5)])
    assert not np.allclose(got, -found, atol=1e-6), "all is right but the sign: that is the direction in which the loss falls"
    p = np.exp(e[1:] @ v)
    assert not np.allclose(got, p / p.sum() @ e[1:] - e[0], atol=1e-6), "the positive is among the candidates of the softmax, too"
    assert np.allclose(got, found, atol=1e-6), f"finite differences give {found.round(3)}, got {np.round(got, 3)}"
    large = slope(400 * v, 4 * e)
    assert np.isfinite(large).all(), "large scores overflow: take the largest away before np.exp"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_slope_hidden(slope):
    import numpy as np

    rng = np.random.default_rng(8)
    for size in (1, 2000):
        v, e = size * rng.normal(size=3), rng.normal(size=(7, 3))
        p = np.exp(e @ v - (e @ v).max())
        assert np.allclose(slope(v.copy(), e.copy()), p / p.sum() @ e - e[0]), f"not right for seven candidates, scores up to {abs(e @ v).max():.0f}"
    assert np.allclose(slope(np.array([1000.0]), np.array([[-0.9], [-1.9]])), 0), "not right for scores that are all far below 0"

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
# - **The same bag in training and in test.** Titles of one occupation share it in O*NET; split by occupation.
# - **Testing on titles that were learned by heart.** Written differently, with a city or in capitals, a title is still the same.
# - **Taking scores for probabilities.** With sampled negatives they say what is typical; undo the drawing.
# - **A logistic loss without a level.** Before you call a loss bad, look at whether the network can express the answer.
# - **Leaving out the simple regression.** It is quickly made, and it may win.
# - **Believing a map.** Two dimensions cannot show 24; ask for neighbours.
#
# ## References
#
# - S. Fung (2017). Going deeper with recurrent networks: sequence to bag of words model. *KDnuggets*, August 2017. The idea of this lesson.
# - T. Mikolov, I. Sutskever, K. Chen, G. Corrado, J. Dean (2013). Distributed representations of words and phrases and their compositionality. *NeurIPS*. Word2vec and its negative samples.
# - M. Gutmann, A. Hyvärinen (2010). Noise-contrastive estimation. *AISTATS*. What drawn negatives do to a logistic loss.
# - K. Järvelin, J. Kekäläinen (2002). Cumulated gain-based evaluation of IR techniques. *ACM TOIS* 20(4). nDCG.
# - J. Mu, P. Viswanath (2018). All-but-the-top: simple and effective postprocessing for word representations. *ICLR*.
# - National Center for O*NET Development. *O*NET 27.0 Database*. CC BY 4.0.
# - L. Barousse (2023). *data_jobs*. Apache-2.0. The real postings.

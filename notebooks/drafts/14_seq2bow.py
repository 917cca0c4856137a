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
# 3. derive what a softmax over one positive and its sampled negatives learns, and undo the sampling;
# 4. say where a network that reads word by word beats simpler answers, and where it does not;
# 5. train such a network on a table of your own and ask it, with two commands.
#
# **Before this lesson:** lessons [02](02_word_embeddings.ipynb), [03](03_entity_embeddings.ipynb) and [06](06_lstm.ipynb). **Time:** about 50 minutes to read and try, 40 minutes for the exercises.

# %% [markdown]
# ## Settings and data

# %%
import os

import keras
import numpy as np

from course_utils import embeddings, plots, results
from course_utils.datasets import postings
from course_utils.seq2bow.corpus import LENGTH, from_lists
from course_utils.seq2bow.model import measures
from course_utils.training import ProgressBar

# %%
SEED = int(os.environ.get("COURSE_SEED", 0))
data = postings.load(seed=SEED)
rng = np.random.default_rng(SEED)
for i in rng.choice(len(data.train), 4, replace=False):
    print(f"{data.train.titles[i]!r}: {', '.join(data.train.bags[i])}")

# %% [markdown]
# Each posting has a title as somebody typed it, and a bag of interests. (In the real data these are skills; in the original work they were interests of people, whence the name.) No title stands in two of the three parts, not even written differently: whoever has learned the training titles by heart knows nothing about the test titles.
#
# `from_lists` cuts titles into words, and gives words and interests numbers, the most frequent first. What occurs once only is left out.

# %%
corpus = from_lists(data.train.titles, data.train.bags)
numbering = corpus.numbering
parts = {"train": next(corpus.mixed())}
parts |= {name: numbering.encode(part.titles, part.bags)
          for name, part in (("validation", data.validation), ("test", data.test))}
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
# The first row of our ladder is known, **popularity**: the ten most frequent interests, whatever the title.
#
# ## 2 · Simple answers
#
# Two answers without a network. **The nearest title**: of all training titles, take those that share the largest part of their words with the one that is asked for (words in common, divided by all words of the two), and add up their bags.

# %%
def words_of(shard):
    """One row a title, 1 where it has a word: (n, words)."""
    X = np.zeros((len(shard), len(numbering.words)), dtype="float32")
    np.put_along_axis(X, shard.titles, 1, axis=1)
    return X[:, 1:]  # without the number of padding


X = {name: words_of(shard) for name, shard in parts.items()}
Y = np.zeros((len(parts["train"]), K), dtype="float32")  # (n, K), 1 where a bag has an interest
rows = np.repeat(np.arange(len(Y)), np.diff(parts["train"].starts))
Y[rows, parts["train"].interests] = 1


def nearest_title(name):
    common = X[name] @ X["train"].T  # (n, training titles)
    overlap = common / np.maximum(X[name].sum(1)[:, None] + X["train"].sum(1) - common, 1)
    nearest = np.isclose(overlap, overlap.max(axis=1, keepdims=True))
    return nearest @ Y + 1e-3 * n / n.max()  # where bags say nothing, popularity does

# %% [markdown]
# **A regression** from the bag of a title's words to the bag of interests: one weight for each pair of a word and an interest, with a penalty on large weights (ridge regression). It cannot know in which order the words stand.

# %%
from sklearn.linear_model import Ridge

regression = Ridge(alpha=1.0).fit(X["train"], Y)
answers = {  # scores (n, K) for the titles of a part
    "popularity": lambda name: np.tile(n.astype(float), (len(parts[name]), 1)),
    "nearest title": nearest_title,
    "regression on the bag of words": lambda name: regression.predict(X[name]),
}
for model, answer in answers.items():
    print(f"{model}: {measures(answer('validation'), parts['validation'])}")

# %% [markdown]
# The regression is strong. Most of what a title says stands in single words, *surgeon*, *baker*, and it has a weight for each. What it lacks is a common space: it cannot say which interests or titles are near each other, and two words that mean the same have nothing in common for it.
#
# ## 3 · Interests as vectors
#
# Interests that occur in the same bags belong together. That is what word2vec looks for (lesson 02), with a bag for a sentence, as with the reading lists of lesson 03. A bag has no order, so the window is the whole bag, and the order is drawn anew.

# %%
from gensim.models import Word2Vec

D = 24
together = [list(rng.permutation(bag)) for bag in data.train.bags if len(bag) > 1]
word2vec = Word2Vec(together, vector_size=D, window=max(map(len, together)), seed=SEED,
                    shrink_windows=False, sg=1, epochs=40, min_count=2, workers=1)
E = np.stack([word2vec.wv[name] if name in word2vec.wv else np.zeros(D)
              for name in numbering.interests])  # (K, D)
E -= E.mean(axis=0)
E *= 3 / np.linalg.norm(E, axis=1).mean()
interests = embeddings.Vectors(numbering.interests, E)

# %% [markdown]
# All vectors of word2vec have a part in common, which says nothing; it is taken out (Mu and Viswanath 2018). Then all are multiplied by one number, so that the products below can be large enough.

# %%
for name in ("sql", "surgery", "customer service"):
    if name in interests:
        print(f"{name}: {', '.join(other for other, _ in interests.neighbours(name, 5))}")

# %% [markdown]
# That is the first of the four questions: **interests near an interest**. From here on these vectors stay as they are. They span the space in which titles will find their place.
#
# ## 4 · A title, read word by word
#
# The words of a title go through an embedding of their own and an LSTM; its last state, $h$, through a linear layer without bias or activation into the space of the interests:
#
# $$v = W_o^\top h_T, \qquad \text{score of interest } k: \quad s_k = v \cdot e_k$$
#
# where $e_k$ is the vector of interest $k$. No activation, for the interests' vectors lie in all directions and have all lengths.

# %%
layers = keras.layers


def title_reader(units=32):
    ids = keras.Input((LENGTH,), dtype="int32", name="titles")  # (batch, time)
    x = layers.Embedding(len(numbering.words), units, mask_zero=True)(ids)
    h = layers.LSTM(units)(x)  # (batch, units)
    return keras.Model(ids, layers.Dense(D, use_bias=False)(h))  # (batch, D)


def with_candidates(reader):
    """Titles and candidates (batch, 1 + k) to the candidates' scores (batch, 1 + k)."""
    ids, candidates = reader.input, keras.Input((None,), dtype="int32", name="candidates")
    e = layers.Embedding(K, D, weights=[E], trainable=False)(candidates)  # (batch, 1 + k, D)
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
# In every epoch each posting draws anew, so with time all of its bag is seen.

# %%
class Draws(keras.utils.PyDataset):
    """Batches of titles with a positive and k negatives each; the positive is candidate 0."""

    def __init__(self, name, size=128, k=20):
        super().__init__()
        self.shard, self.size, self.k = parts[name], size, k
        self.full = np.flatnonzero((np.diff(self.shard.starts) > 0) & (self.shard.titles[:, 0] > 0))
        self.sampler = embeddings.NegativeSampler(n, rng=rng)
        self.on_epoch_end()

    def on_epoch_end(self):
        self.order = rng.permutation(self.full)

    def __len__(self):
        return len(self.order) // self.size

    def __getitem__(self, i):
        rows = self.order[i * self.size : (i + 1) * self.size]
        bags = self.shard.bags(rows)  # (size, largest bag), −1 after the end
        drawn = (rng.random(len(rows)) * (bags >= 0).sum(axis=1)).astype(int)
        positive = bags[np.arange(len(rows)), drawn][:, None]  # (size, 1)
        candidates = np.hstack([positive, self.sampler.draw_without(bags, self.k)])
        return {"titles": self.shard.titles[rows], "candidates": candidates}, np.zeros(len(rows))

# %%
def fit(reader, loss=None, epochs=30):
    network = with_candidates(reader)
    network.compile(keras.optimizers.Adam(0.01, clipnorm=1.0),
                    loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    stop = keras.callbacks.EarlyStopping(patience=4, restore_best_weights=True)
    return network.fit(Draws("train"), validation_data=Draws("validation"), epochs=epochs,
                       shuffle=False, verbose=0, callbacks=[ProgressBar(), stop]).history


keras.utils.set_random_seed(SEED)
reader = title_reader()
history = fit(reader)

# %%
figure, axes = plots.figure(size=(6.4, 3.2))
for name, key, style in (("training", "loss", "o-"), ("validation", "val_loss", "s--")):
    axes.plot(range(1, len(history[key]) + 1), history[key], style, label=name)
axes.axhline(np.log(21), color="black", linewidth=0.8, linestyle=":")
axes.annotate("guessing: ln 21", (1, np.log(21)), xytext=(0, -14), textcoords="offset points")
axes.set(title="Finding the positive among 20 negatives", xlabel="epoch", ylabel="cross-entropy")
axes.legend(frameon=False)
plots.show(figure, alt="""Learning curves. Both losses begin below the dotted line of guessing, the logarithm
    of 21, fall fast in the first epochs and then slowly; the validation loss stays above the
    training loss.""")

# %% [markdown]
# ### What has it learned, exactly?
#
# Say that a title has interest $k$ in its bag with probability $\pi_k$. Then $k$ comes up as a positive in proportion to $\pi_k$, and as a negative in proportion to $(1 - \pi_k)\, n_k^{0.75}$, for it is drawn only where it is not in the bag. A softmax among candidates learns, up to a constant for each title, the logarithm of the ratio of the two:
#
# $$s_k \approx \ln \frac{\pi_k}{(1 - \pi_k)\, n_k^{0.75}} + \text{const} = \operatorname{logit} \pi_k - 0.75 \ln n_k + \text{const}$$
#
# So the score does not say how *likely* an interest is. It says how much more it goes with this title than its frequency would make one expect. To rank by what is likely, the drawing has to be undone: rank by $s_k + 0.75 \ln n_k$. Both are useful. The first names what is **typical** of a title, the second what is **likely**.

# %%
def likely(reader):
    return lambda name: reader.predict(parts[name].titles, 500, verbose=0) @ E.T + 0.75 * np.log(n)


answers["Seq2BoW"] = likely(reader)
typical = reader.predict(parts["validation"].titles, 500, verbose=0) @ E.T
print("typical:", measures(typical, parts["validation"]))
print("likely: ", measures(answers["Seq2BoW"]("validation"), parts["validation"]))

# %% [markdown]
# ### Why one softmax?
#
# Word2vec itself has another loss: each pair of a title and an interest is an example of its own, *does it belong together, yes or no?*, with a logistic loss, $\ln(1 + e^{-s_+}) + \sum_j \ln(1 + e^{s_j})$. Let us compare, with everything else the same.

# %%
def pairwise(_, s):
    return keras.ops.mean(keras.ops.softplus(-s[:, 0]) + keras.ops.sum(keras.ops.softplus(s[:, 1:]), axis=1))


keras.utils.set_random_seed(SEED)
by_pairs = title_reader()
fit(by_pairs, pairwise)
answers["Seq2BoW, pairwise loss"] = likely(by_pairs)

# %% [markdown]
# And what does reading *in order* bring? The same again with the mean of the words' vectors in place of the LSTM.

# %%
def mean_reader(units=32):
    ids = keras.Input((LENGTH,), dtype="int32", name="titles")
    x = layers.Embedding(len(numbering.words), units, mask_zero=True)(ids)
    return keras.Model(ids, layers.Dense(D, use_bias=False)(layers.GlobalAveragePooling1D()(x)))


keras.utils.set_random_seed(SEED)
by_mean = mean_reader()
fit(by_mean)
answers["mean of word vectors"] = likely(by_mean)

# %% [markdown]
# ## 6 · The test part, opened once

# %%
found = {model: measures(answer("test"), parts["test"]) for model, answer in answers.items()}
results.table("Interests of titles never seen", [
    {"model": model, **row} for model, row in found.items()])

# %%
figure, axes = plots.figure(size=(7.6, 3.0))
recall = {model: row["recall@10"] for model, row in found.items()}
axes.barh(list(recall), list(recall.values()),
          color=[plots.BLUE if "Seq2BoW" in model else plots.ORANGE for model in recall])
plots.label_bars(axes)
axes.set(title="Seq2BoW (blue) and other answers (orange)", xlabel="recall@10", xlim=(0, 1))
axes.invert_yaxis()
plots.show(figure, alt="""Horizontal bars of recall at ten for titles that were never seen. Popularity is far behind; the regression on the bag of words
    is best or among the best; Seq2BoW and the mean of word vectors lie between it and the nearest title.""")

# %% [markdown]
# PROSE: who wins, by how much, why; what Seq2BoW has beyond the ranking (the common space).
#
# ## 7 · Where order counts
#
# *Sales assistant* and *assistant sales director* share their words but not their work. In the sample some pairs of titles are made of the very same words.

# %%
orders = [("sales assistant", "assistant sales director")]
space = {"LSTM": reader, "mean of word vectors": by_mean}


def ask(reader, title):
    """The five likeliest interests."""
    v = reader.predict(numbering.encode([title]).titles, verbose=0)  # (1, D)
    scores = (v @ E.T + 0.75 * np.log(n))[0]
    return [numbering.interests[i] for i in np.argsort(-scores)[:5]]


for pair in orders:
    for title in pair:
        print(f"{title}: {', '.join(ask(reader, title))}")

# %% [markdown]
# ## 8 · Four questions, one space
#
# Interests near an interest (section 3) and interests of a title are answered. Titles have vectors in the same space. So the vectors of all training titles, kept as an index, answer the other two: **titles near a title**, and **titles near an interest**.

# %%
names = corpus.titles  # different titles of the training part, the most frequent first
title_vectors = reader.predict(numbering.encode(names).titles, 500, verbose=0)
index = embeddings.Vectors(names, title_vectors)
for title in ("data engineer", "winemaker", "surgeon"):
    v = reader.predict(numbering.encode([title]).titles, verbose=0)[0]
    near = [name for name, _ in index.neighbours(v, 6) if name != title][:5]
    print(f"titles near {title}: {', '.join(near)}")

# %%
for interest in ("python", "suturing", "wine tasting"):
    if interest in interests:
        near = [name for name, _ in index.neighbours(interests.vector(interest), 5)]
        print(f"titles near the interest {interest}: {', '.join(near)}")

# %% [markdown]
# ## 9 · One map for both
#
# Titles and interests have vectors in one space, so one map can show both. What counts is the direction, so t-SNE looks at cosines (lesson 03; what may be read off such a map, and what may not, stands there, too).

# %%
few = 60
both = np.concatenate([index.matrix[:few], interests.matrix[:few]])  # (2 few, D)
place = embeddings.map_2d(both, "tsne", seed=SEED, perplexity=10)  # (2 few, 2)
figure, axes = plots.figure(size=(9.6, 8))
for name, (x, y), title in zip(names[:few] + numbering.interests[:few], place, [True] * few + [False] * few):
    axes.annotate(name, (x, y), ha="center", fontsize=7, color=plots.BLUE if title else plots.ORANGE,
                  weight="bold" if title else "normal")
axes.set(title="Titles (blue, bold) and interests (orange) in one space", xticks=[], yticks=[],
         xlim=(place[:, 0].min(), place[:, 0].max()), ylim=(place[:, 1].min(), place[:, 1].max()))
plots.show(figure, alt="""Map of words. Titles of one trade stand together, and the interests that go with
    it stand around them.""")

# %% [markdown]
# ## 10 · What else is known
#
# A posting has more than a title: a country, a company, in the sample the seniority. Each value gets a vector of its own in the space of interests, and is added to that of the title:
#
# $$v = W_o^\top h_T + c_{\text{country}} + \dots$$
#
# PROSE, code with the package, claim that it changes the answer (german in Germany).
#
# ## 11 · Ten million postings
#
# The network of section 4 reads twelve steps for each title, most of them padding, and reads *senior data* again for each title that begins with it. `course_utils.seq2bow` puts the titles of a batch into a **tree**: each node is a beginning, and its state is computed once, from the state of its parent.

# %%
from course_utils.seq2bow.model import Trie

some = ["senior data engineer", "senior data analyst", "senior nurse", "data engineer"]
tree = Trie(numbering.encode(some).titles)
print(f"{sum(len(title.split()) for title in some)} words, {len(tree.words)} nodes;",
      "in each level:", tree.sizes[:3].tolist())

# %% [markdown]
# PROSE: figure of the tree; equality with the Keras network by copied weights; nodes a title in a batch; table of the benchmark.
#
# ## 12 · Real postings, and O*NET
#
# ## Exercises

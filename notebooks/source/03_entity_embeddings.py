# %% [markdown]
# # 03 · Everything can be embedded
#
# Word vectors are learned from words that occur together. The same idea works for other things: a book and the pages that it links to, products in the
# same basket, articles that link to each other. Vectors of such things are called **entity embeddings**. You build a book recommender from two
# embeddings and a dot product, and compare it with simple baselines. Then you draw maps of its vectors, and see what such a map does *not* show.
#
# **You will be able to**
#
# 1. make positive and negative pairs from data, and train a recommender on them in Keras;
# 2. measure it on held-out pairs, against popularity and against counting;
# 3. use learned vectors as input to another model, and learn the embedding of a category together with a label;
# 4. draw maps with t-SNE and UMAP, open the Embedding Projector, and name three things that a map does not show;
# 5. learn vectors from baskets (item2vec) and from a network (DeepWalk).
#
# **Before this lesson:** [lesson 02](02_word_embeddings.ipynb). **Time:** about 60 minutes to read and try, 40 minutes for the exercises; on two cores all cells run in about
# 65 seconds on the built-in sample (`HUBS.md` names the machine that was measured),
# and in about a minute on the real data.

# %% [markdown]
# ## Settings and data
#
# The sample has well-known books and, for each, the pages that its article in an encyclopedia would link to: author,
# country, places, subjects. The real data are book articles of Wikipedia.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from threadpoolctl import threadpool_limits

from course_utils import embeddings, plots, tables
from course_utils.claims import SEED, claim
from course_utils.datasets import books

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)
threadpool_limits(1)  # on small arrays, threads would wait for each other
data = books.load()
real = data.source == "real"

# %% [markdown]
# ## 1 · Books and their links
#
# Each book has a title and a list of links. The loader has removed links that only say how a book is bound, such as `Hardcover`, links to pictures, and
# pages with fewer than four books. Books and links get ids, as words did. The data become a list of **pairs** (book, link). We hold out one tenth of the pairs; the table `known` marks the others, the training pairs.

# %%
example = "Tarzan the Terrible" if real else "War and Peace"
row = data.titles.index(example)
print(example, "by", data.authors[row], "→", ", ".join(data.links[row][:8]))
links = sorted({link for own in data.links for link in own})
link_id = {link: j for j, link in enumerate(links)}
pairs = np.array([(i, link_id[link]) for i, own in enumerate(data.links)
                  for link in own])  # (pairs, 2)
n_books, n_links = len(data), len(links)
popularity = np.bincount(pairs[:, 1], minlength=n_links)  # books per link
rng = np.random.default_rng(SEED)
held_out, train = np.split(rng.permutation(pairs), [len(pairs) // 10])
known = np.zeros((n_books, n_links), dtype=bool)  # is the pair in train?
known[train[:, 0], train[:, 1]] = True
print(f"{n_books:,} books, {n_links:,} links, {len(pairs):,} pairs")

# %% alt="Curve of the number of books that link to a page by the rank of the page, both axes logarithmic. It falls steadily: a few pages are linked from very many books, most from a few." jupyter={"source_hidden": true}
# Draw how many books have each link.
order = np.argsort(-popularity, kind="stable")
fig, ax = plt.subplots(figsize=(7, 3.2))
ax.plot(np.arange(1, n_links + 1), popularity[order])
for place in (0, 1, 3, 9, 30, 120):
    ax.annotate(links[order[place]], (place + 1, popularity[order[place]]),
                xytext=(6, 3), textcoords="offset points", fontsize=9)
ax.set(xscale="log", yscale="log", title="A few links are in very many books",
       xlabel="rank of the link, the most common first",
       ylabel="books with the link")
plt.show()

# %% [markdown]
# This looks like word frequencies in text: a few links are everywhere, most are rare.

# %% [markdown]
# ## 2 · Positive and negative pairs
#
# To learn vectors, we need a task that requires good ones (Koehrsen 2018): *given a book and a link, does the book have the link?* The answer itself is not important;
# the vectors are. To answer, the network has to give similar vectors to books with similar links.
#
# A network that sees only true pairs learns to say yes to everything. It also needs **negative pairs**. As in lesson 02, we sample them: the book of a positive pair, and a random link. Such a
# link can be one that the book has. Then the pair is a **false negative**: the network would see the same pair with both labels. So we check, and sample again while the pair is known (*rejection sampling*).
#
# The generator below makes batches of `size` positive pairs, each followed by two negative ones. Two options are for section 5: the probabilities `p` of the links, and whether to check.

# %%
def batches(size=512, seed=SEED, p=None, check=True):
    """Batches {"book": …, "link": …}, y with 2 negatives per positive."""
    rng = np.random.default_rng(seed)
    while True:
        positive = train[rng.integers(len(train), size=size)]  # (size, 2)
        book = np.repeat(positive[:, 0], 3)  # (3 * size,)
        link = rng.choice(n_links, 3 * size, p=p)
        while check and known[book, link].any():
            false = known[book, link]
            link[false] = rng.choice(n_links, false.sum(), p=p)
        link[::3] = positive[:, 1]
        yield {"book": book, "link": link}, np.tile([1.0, 0.0, 0.0], size)


x, y = next(batches(size=20_000))
claim("false negatives among 40,000 negative pairs, with the check",
      known[x["book"], x["link"]][y == 0].sum(), at_most=0)

# %% [markdown]
# One kind of false negative remains: the *held-out* pairs. The generator cannot know them. "Negative" always means "not known to be positive".

# %% [markdown] claim="false negatives among 40,000 negative pairs, with the check"
# **Quick question.** What is a false negative here?
#
# <details><summary>A. A pair that the model gets wrong</summary>No. It is about the label in the training data, before there is a model.</details>
# <details><summary>B. A true pair that is used as a negative one</summary>Right. The check removes those that are in the training set, as measured above. It cannot know the held-out pairs.</details>
# <details><summary>C. A link that no book has</summary>No. Each link is in several books.</details>

# %% [markdown]
# ## 3 · Two embeddings and a dot product
#
# Book $i$ gets a vector $u_i$, and link $j$ a vector $v_j$, with 50 numbers each. Their **normalised dot product** is the cosine of lesson 02. A sigmoid makes it a probability:
#
# $$\cos_{ij} = \frac{u_i \cdot v_j}{\lVert u_i \rVert\, \lVert v_j \rVert}, \qquad p_{ij} = \sigma(w \cos_{ij} + b)$$
#
# The scale $w$ and the bias $b$ are easy to forget. A cosine is between −1 and 1, and its sigmoid between 0.27 and 0.73. Without a scale, even perfect vectors could not give a probability near 1. In Keras, $w$ and $b$ are a
# `Dense` layer with one unit. We start $w$ at 1: with a random negative start, a pair would get more probable the *smaller* its cosine is.
#
# This model has a name in the field: **matrix factorization** for *implicit feedback* (we know what a book has, but not what it should not have). The vectors are also called *latent factors*.

# %%
def recommender(d=50):
    book = keras.Input((), dtype="int32", name="book")  # (batch,)
    link = keras.Input((), dtype="int32", name="link")  # (batch,)
    u = layers.Embedding(n_books, d, name="books")(book)  # (batch, d)
    v = layers.Embedding(n_links, d, name="links")(link)  # (batch, d)
    cosine = layers.Dot(axes=1, normalize=True)([u, v])  # (batch, 1)
    p = layers.Dense(1, activation="sigmoid", kernel_initializer="ones",
                     name="scale")(cosine)
    return keras.Model({"book": book, "link": link}, p)


# %% [markdown]
# The generator never ends, so `steps_per_epoch` says how many batches make an epoch. For a validation loss, we use the held-out pairs, with two negative pairs for each.

# %%
def train_recommender(validation=None, **options):
    keras.utils.set_random_seed(SEED)
    model = recommender()
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy")
    history = model.fit(batches(**options), epochs=40, verbose=0,
                        steps_per_epoch=len(train) // 512 + 1, shuffle=False,
                        validation_data=validation).history
    return model, history


valid = np.repeat(held_out, 3, axis=0)  # (3 * held, 2)
other = np.arange(len(valid)) % 3 > 0
valid[other, 1] = np.random.default_rng(SEED).choice(n_links, other.sum())
model, history = train_recommender(
    validation=({"book": valid[:, 0], "link": valid[:, 1]}, 1.0 - other))

# %% alt="Training and validation cross-entropy by epoch. The training loss keeps falling slowly. The validation loss is higher, and nearly flat over the last ten epochs." jupyter={"source_hidden": true}
# Draw both learning curves, and the loss of a constant answer.
fig, ax = plt.subplots(figsize=(6.8, 3.2))
ax.plot(range(1, 41), history["loss"], label="training")
ax.plot(range(1, 41), history["val_loss"], "--", label="validation")
constant = -np.log(1 / 3) / 3 - 2 / 3 * np.log(2 / 3)
ax.axhline(constant, color="black", linewidth=0.8, linestyle=":")
ax.text(40, constant + 0.01, "always 1/3", ha="right")
ax.set(title="Learning curves of the recommender", xlabel="epoch",
       ylabel="cross-entropy", ylim=(0, None))
ax.legend()
plt.show()
claim("training loss after the last epoch, divided by that of always 1/3",
      history["loss"][-1] / constant, at_most=0.6)
w = model.get_layer("scale").get_weights()[0].item()
claim("scale w after training", w, at_least=3)

# %% [markdown]
# The dotted line is the loss of a model that always answers 1/3, the fraction of positive pairs. The validation loss is nearly flat at the end, so more epochs would not help. The scale has grown.

# %% [markdown]
# ## 4 · Recall on held-out pairs
#
# For each held-out pair, the model ranks all links that its book is not known to have. [**Recall@k**](../GLOSSARY.md#recallk) is the fraction of held-out pairs whose link is among the first $k$. This task is called *link prediction*.
#
# We need baselines. Two of them learn no vectors:
#
# - **Popularity** gives every book the same ranking: the most common links first.
# - **Co-occurrence** counts. Two links are similar if they are in the same books (the cosine of their columns of zeros and ones). A link gets a high score if it is similar to the links that the book has. This is *item-based collaborative filtering* (Sarwar et al. 2001).
#
# **What do you expect?** Which of the three finds most of the held-out links?
#
# <details><summary>Answer</summary>Co-occurrence or the embeddings, with a small difference. Popularity is far behind.</details>

# %%
U, V = (model.get_layer(name).get_weights()[0] for name in ("books", "links"))
U, V = (E / np.linalg.norm(E, axis=1, keepdims=True) for E in (U, V))
M = known.astype("float32")  # (books, links)
columns = M / np.sqrt(np.maximum(M.sum(axis=0), 1))  # each of length 1
tested = held_out[:2000]


def ranks(scores_of):
    """Rank of each tested link: 1 + the number of better ones."""
    found = []
    for i, j in tested:
        scores = np.where(known[i], -np.inf, scores_of(i))  # (links,)
        found.append(1 + np.sum(scores > scores[j]))
    return np.array(found)


# %%
rank = {"popularity": ranks(lambda i: M.sum(axis=0)),
        "co-occurrence": ranks(lambda i: (columns @ M[i]) @ columns),
        "embeddings": ranks(lambda i: V @ U[i])}
recall = {name: np.mean(r <= 10) for name, r in rank.items()}
claim("recall@10 of the embeddings", recall["embeddings"], at_least=0.4)
claim("recall@10 of the embeddings, divided by that of popularity",
      recall["embeddings"] / recall["popularity"], at_least=3 if real else 2)
claim("recall@10 of co-occurrence minus that of the embeddings",
      recall["co-occurrence"] - recall["embeddings"], close_to=0.05, within=0.1)
tables.table("Held-out links found",
             [{"recommender": name, "recall@10": recall[name],
               "median rank": float(np.median(r))} for name, r in rank.items()])

# %% alt="Recall at k for k from 1 to 50. A random ranking is lowest, popularity is clearly above it; embeddings and co-occurrence are far above both and close to each other." jupyter={"source_hidden": true}
# Draw recall@k for k from 1 to 50.
k = np.arange(1, 51)
fig, ax = plt.subplots(figsize=(7, 3.2))
for (name, r), style in zip(rank.items(), ("-.", "--", "-")):
    ax.plot(k, [np.mean(r <= n) for n in k], style, label=name)
ax.plot(k, k / (n_links - M.sum(axis=1).mean()), "k:", label="random")
ax.set(title="Held-out links among the first k", xlabel="k",
       ylabel="recall@k", ylim=(0, 1))
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %% [markdown]
# The embeddings find several times as many held-out links as popularity. But simple counting does about as well. So why learn vectors? Because
# they are small and of fixed length, they compare books with books, they can be the input of another model, and one can draw them.

# %% [markdown] claim="recall@10 of co-occurrence minus that of the embeddings"
# **Quick question.** Somebody reports a recommender with a recall@10 of 0.5. Is that good?
#
# <details><summary>A. Yes, it finds half of the items</summary>No, not for sure. On other data, popularity alone may reach 0.5.</details>
# <details><summary>B. No, 0.5 is chance level</summary>No. A random ranking of thousands of links has a recall@10 near 0.</details>
# <details><summary>C. That depends on what simple baselines reach</summary>Right. Here counting reached about as much as the embeddings.</details>

# %% [markdown]
# ## 5 · How to sample negatives
#
# Which links does the generator sample: all links equally often (*uniform*), or popular links more often, as in word2vec? And does it check for false negatives? We train all four combinations, and look at recall@10 and at
# the probability of the true pairs of the most common link.
#
# **What do you expect?** Which choice matters more for recall?
#
# <details><summary>Answer</summary>How negatives are sampled. The check hardly changes recall. It changes the probabilities.</details>

# %%
most_common = train[train[:, 1] == popularity.argmax()].T  # (2, pairs)
popular = popularity / popularity.sum()  # (links,)
choices = {"uniform, checked": {}, "uniform, not checked": {"check": False},
           "popular, checked": {"p": popular},
           "popular, not checked": {"p": popular, "check": False}}
recall_of, p_of = {}, {}
for name, options in choices.items():
    net = train_recommender(**options)[0] if options else model
    u, v = (net.get_layer(part).get_weights()[0] for part in ("books", "links"))
    u, v = (e / np.linalg.norm(e, axis=1, keepdims=True) for e in (u, v))
    recall_of[name] = np.mean(ranks(lambda i: v @ u[i]) <= 10)
    p_of[name] = net.predict(dict(zip(("book", "link"), most_common)),
                             verbose=0).mean()

# %% alt="Bars for the four combinations. Recall at 10 is higher for both uniform ones than for both popular ones, and the check hardly changes it. The probability of the true pairs of the most common link is lowest for popular negatives without the check." jupyter={"source_hidden": true}
# Draw recall and probability of the four combinations.
fig, ax = plt.subplots(figsize=(8.4, 3.2))
for shift, values in ((-0.2, recall_of), (0.2, p_of)):
    ax.bar(np.arange(4) + shift, values.values(), width=0.38)
plots.label_bars(ax, "{:.2f}")
ax.set_xticks(range(4), choices)
ax.legend(["recall@10", "probability of true pairs, most common link"])
ax.set(ylim=(0, 1.1), title="Uniform or popular, checked or not")
plt.show()
r = list(recall_of.values())
claim("recall@10 lost by popular instead of uniform, both checked",
      r[0] - r[2], at_least=0.05)
claim("recall@10, uniform: difference by the check", abs(r[0] - r[1]),
      at_most=0.05)
claim("probability lost by not checking, popular",
      p_of["popular, checked"] - p_of["popular, not checked"], at_least=0.05)

# %% [markdown]
# Popular negatives lower the recall clearly, with and without the check. With them, every link is positive in one of three pairs, whether it is common or rare. So the model cannot learn that a common link is
# more likely. To rank links, one has to add the logarithm of the popularity to the logit. "Going further" does this, and the recall is back.
#
# The check changes the *probabilities*. Suppose that a true pair is used once as a positive and $r$ times as a negative. Its cross-entropy $-\ln p - r \ln(1 - p)$ is smallest at $p = 1/(1 + r)$, which is below 1. Even with the check, $p$ is not 1:
# the same link is a true negative of other, similar books, and their vectors are similar.

# %% [markdown] claim="recall@10 lost by popular instead of uniform, both checked"
# **Quick question.** A colleague changes the sampling of negatives *and* adds the check, and the recall rises. What do you conclude?
#
# <details><summary>A. The check was the reason</summary>No. Two things were changed. In our table, the sampling made the difference.</details>
# <details><summary>B. Nothing about either change alone</summary>Right. One has to train all four combinations, as above.</details>
# <details><summary>C. More negatives would help even more</summary>No. The number of negatives was not changed, so the result says nothing about it.</details>

# %% [markdown]
# ## 6 · The nearest books
#
# Training compared books with links only. But books are now comparable with each other, too: `embeddings.Vectors` finds the nearest ones by cosine, as in lesson 02. To see more than one example, we count how often a neighbour is on the same **shelf**, one of nine groups of genres.

# %%
vectors = embeddings.Vectors(data.titles, U)
for title, cosine in vectors.neighbours(example, 5):
    n = data.titles.index(title)
    print(f"{cosine:.2f} {title}, by {data.authors[n]} ({data.genres[n]})")

names = sorted(books.SHELVES)  # science fiction, crime, …
shelf = np.array([names.index(s) if s in names else -1 for s in data.shelves])
on_shelf = np.flatnonzero(shelf >= 0)  # a plain novel has no shelf
nearest, _ = embeddings.nearest(U, U[on_shelf], 6)  # the first is itself
same = np.mean(shelf[nearest[:, 1:]] == shelf[on_shelf][:, None])
at_random = np.mean([np.mean(shelf == s) for s in shelf[on_shelf]])
print(f"same shelf: {same:.2f} of the five nearest, {at_random:.2f} at random")
claim("fraction of the five nearest books that are on the same shelf", same,
      at_least=0.3 if real else 0.45)

# %% [markdown]
# The model has never seen the shelves. (Some links name a genre. The next section removes them.)

# %% [markdown]
# ## 7 · Vectors as input to another model
#
# Which shelf is a book on? We compare three inputs of a logistic regression: a one-hot vector of the book, the **bag** of its links (lesson 01), and its learned vector. A link such as *science fiction* contains the answer, so we remove all links with a word for a genre, and
# compute vectors from the rest. Here a truncated SVD of the pairs gives the vectors, with one line of code and without labels; it is another matrix factorization.

# %%
import re

from sklearn.decomposition import TruncatedSVD

GENRE = re.compile(
    "fiction|novel|liter|stor|fantas|horror|goth|ghost|crim|myster|murder|spy|"
    "spie|espion|detect|thrill|child|juvenile|young|pict|advent|poe|play|theat|"
    "drama|traged|comed|scien|philos|memoir|biogr|essay|magic|fairy|dystop|"
    "book")
silent = [j for j, link in enumerate(links) if not GENRE.search(link)]
bag = np.zeros((n_books, n_links), dtype="float32")
bag[pairs[:, 0], pairs[:, 1]] = 1
bag = bag[:, silent]  # (books, links that do not name a genre)
reduced = TruncatedSVD(50, random_state=SEED).fit_transform(bag)  # (books, 50)
reduced /= np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-9)
print(f"{len(silent)} of {n_links} links do not name a genre")

# %% [markdown]
# Each input needs its own regularisation: the entries of the vectors are small, so they need a larger `C`. We try three values for each input, and keep the one with the best accuracy on 50 validation books.

# %%
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

inputs = {"one-hot": np.eye(n_books), "bag of links": bag, "vectors": reduced}
accuracy = {name: np.zeros((3, 2)) for name in inputs}  # (splits, sizes)
for n in range(3):  # three random splits
    mixed = np.random.default_rng([SEED, n]).permutation(on_shelf)
    test, valid, rest = mixed[:100], mixed[100:150], mixed[150:]
    for name, X in inputs.items():
        for s, size in enumerate((40, len(rest))):
            fitted = [LogisticRegression(C=C, max_iter=200).fit(
                X[rest[:size]], shelf[rest[:size]]) for C in (1, 10, 100)]
            best = max(fitted, key=lambda f: f.score(X[valid], shelf[valid]))
            accuracy[name][n, s] = best.score(X[test], shelf[test])

# %% alt="Bars of accuracy for one-hot, bag of links and vectors, with 40 labelled books and with all. One-hot is low in both cases. The bag and the vectors are far higher, and close to each other." jupyter={"source_hidden": true}
# Draw the mean accuracy of the three inputs.
fig, ax = plt.subplots(figsize=(7, 3.2))
for s, name in enumerate(("40 labelled books", "all others")):
    ax.bar(np.arange(3) + 0.4 * s - 0.2, width=0.38, label=name,
           height=[a[:, s].mean() for a in accuracy.values()])
plots.label_bars(ax, "{:.2f}")
ax.set_xticks(range(3), accuracy)
ax.set(title="Which shelf is a book on?", ylabel="accuracy", ylim=(0, 1))
ax.legend(loc="upper left")
plt.show()
gain = accuracy["vectors"] - accuracy["one-hot"]
claim("accuracy that vectors gain over one-hot, 40 labels", gain[:, 0].mean(),
      at_least=0.08)
difference = accuracy["vectors"].mean() - accuracy["bag of links"].mean()
claim("accuracy of the vectors minus that of the bag", difference,
      close_to=0, within=0.1)

# %% [markdown]
# One-hot vectors say nothing about a book without a label: all books are equally far from each other. The vectors, with 50 numbers, do about as well as the bag with hundreds of columns. When both are tuned, neither is clearly better.
#
# ## 8 · An embedding trained with its label
#
# The best-known entity embedding is simpler. A table has a column with categories: shop, postcode, product. An `Embedding` layer gives each category a vector, and the whole network is trained on the label (Guo and Berkhahn 2016).
#
# Here are synthetic sales of 60 shops of three kinds, which the network does not know. Shops near offices sell more from Monday to Friday, shops near parks at weekends, and shops in stations every day the same.

# %%
week = np.array([[3, 3, 3, 3, 3, 1, 1],   # near offices
                 [1, 1, 1, 1, 2, 4, 4],   # near parks
                 [2, 2, 2, 2, 2, 2, 2]])  # in stations
made = np.random.default_rng(SEED)
kind = made.integers(3, size=60)  # hidden: (shops,)
shop, day = made.integers(60, size=2000), made.integers(7, size=2000)
sales = week[kind[shop], day] + made.normal(scale=0.5, size=2000)
past = {"shop": shop[:1000], "day": day[:1000]}
later = {"shop": shop[1000:], "day": day[1000:]}

# %%
shop_in = keras.Input((), dtype="int32", name="shop")
day_in = keras.Input((), dtype="int32", name="day")
both = layers.Concatenate()([layers.Embedding(60, 2, name="shops")(shop_in),
                             layers.Embedding(7, 2)(day_in)])  # (batch, 4)
output = layers.Dense(1)(layers.Dense(32, activation="relu")(both))
forecast = keras.Model({"shop": shop_in, "day": day_in}, output)
forecast.compile(keras.optimizers.Adam(0.02), "mse")
curve = forecast.fit(past, sales[:1000], epochs=40, batch_size=64, verbose=0,
                     validation_data=(later, sales[1000:])).history

# %% [markdown]
# The baselines are linear regressions on one-hot vectors: one for the shop and one for the day, or one for each *pair* of shop and day.
#
# **What do you expect?** Which baseline is better, and why is the embedding better than both?
#
# <details><summary>Answer</summary>With shop and day apart, every shop has the same weekly pattern. With pairs, each of the 420 pairs must be learned from two or three sales. The embedding lets shops of the same kind share what they have learned.</details>

# %%
from sklearn.linear_model import Ridge

separate = np.concatenate([np.eye(60)[shop], np.eye(7)[day]], axis=1)
pair = np.eye(420)[7 * shop + day]  # one column for each (shop, day)
error = {"embeddings": forecast.predict(later, verbose=0)[:, 0]}
for name, X in (("shop, day", separate), ("shop × day", pair)):
    linear = Ridge(1).fit(X[:1000], sales[:1000])
    error[name] = linear.predict(X[1000:])
error = {name: np.mean((p - sales[1000:]) ** 2) for name, p in error.items()}
print({name: round(float(e), 2) for name, e in error.items()}, "noise: 0.25")
claim("squared error of the pairs minus that of the embeddings",
      error["shop × day"] - error["embeddings"], at_least=0.05)
claim("squared error of shop and day apart minus that of the pairs",
      error["shop, day"] - error["shop × day"], at_least=0.2)

# %% alt="Left, training and validation error by epoch: both fall and become flat. Right, the sixty shops by the two numbers of their embedding, with one marker for each kind. Shops of the same kind are close together." jupyter={"source_hidden": true}
# Draw the learning curves and the embedding of the shops.
E = forecast.get_layer("shops").get_weights()[0]  # (60, 2)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.3))
axes[0].plot(range(1, 41), curve["loss"], label="training")
axes[0].plot(range(1, 41), curve["val_loss"], "--", label="validation")
axes[0].set(title="Squared error", xlabel="epoch", ylim=(0, 2))
axes[0].legend()
for n, (name, mark) in enumerate(zip(("offices", "parks", "stations"), "osD")):
    axes[1].plot(*E[kind == n].T, mark, label=name)
axes[1].set(title="The two numbers of each shop")
axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()
distance = np.linalg.norm(E[:, None] - E[None], axis=2) + 99 * np.eye(60)
claim("shops whose nearest shop is of the same kind, fraction",
      np.mean(kind[distance.argmin(axis=1)] == kind), at_least=0.85)

# %% [markdown]
# The network has found the three kinds, although it saw shop numbers and sales only.

# %% [markdown] claim="squared error of the pairs minus that of the embeddings"
# **Quick question.** A new shop opens, number 61. What does the network predict for it?
#
# <details><summary>A. The mean of all shops</summary>No. There is no vector for it. <code>Embedding(60, 2)</code> has exactly 60 rows.</details>
# <details><summary>B. Nothing sensible, until there are sales to train its vector</summary>Right. This is the <b>cold start</b> problem. Shops with data have a small error, as measured; a shop without data has no vector.</details>
# <details><summary>C. The same as shop 60</summary>No. Neighbouring numbers mean nothing: each id has a row of its own.</details>

# %% [markdown]
# ## 9 · Maps: t-SNE
#
# Nobody can look at 50 numbers. [**t-SNE**](../GLOSSARY.md#t-sne) (van der Maaten and Hinton 2008) places points on a plane so that near neighbours stay near. Its main hyperparameter, the *perplexity*, is roughly the number of neighbours that each point considers.
# How far apart two distant groups are hardly matters to it.

# %% alt="Map of the books by t-SNE: points with one colour and marker for each of the seven largest shelves, others grey. Points of the same shelf form groups, with single points elsewhere and grey points between." jupyter={"source_hidden": true}
# Draw a map of at most 1,000 books; colours for the seven largest shelves.
mapped = np.random.default_rng(SEED).permutation(n_books)[:1000]
def draw_map(ax, place, which, size=16):
    ax.scatter(*place.T, s=size / 2, color="0.85")
    largest = np.argsort(-np.bincount(shelf[on_shelf]))[:7]
    for n, (s, mark) in enumerate(zip(largest, "osD^vPX")):
        ax.scatter(*place[shelf[which] == s].T, s=size, color=f"C{n}",
                   marker=mark, label=names[s])
    ax.axis("off")


fig, ax = plt.subplots(figsize=(7.6, 5))
draw_map(ax, embeddings.map_2d(U[mapped], "tsne", seed=SEED), mapped)
ax.set_title("Books, placed by t-SNE; grey: other shelves")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5), title="shelf")
plt.show()

# %% [markdown]
# t-SNE was not given the colours, so the groups are in the vectors. But people read more from such maps: this group is *far* from that one, this one is *larger*. Wattenberg, Viégas and Johnson (2016) showed that this can be wrong. We test it with three groups of points in 50 dimensions. The third gap is ten times
# as wide as the first, and the third group is five times as wide as the others.

# %%
from sklearn.manifold import TSNE

clouds = np.random.default_rng(SEED).normal(size=(3, 60, 50))
clouds[2] *= 5  # the third group is five times as wide
clouds[:, :, 0] += np.array([[0], [40], [440]])  # gaps of 40 and 400
flat = TSNE(perplexity=30, init="pca", random_state=SEED).fit_transform(
    clouds.reshape(180, 50)).reshape(3, 60, 2)
gaps = np.linalg.norm(np.diff(flat.mean(axis=1), axis=0), axis=1)
widths = flat.std(axis=1).mean(axis=1)  # (3,)
claim("second gap divided by the first, on the map (true: 10)",
      gaps[1] / gaps[0], at_most=4)
claim("width of the third group divided by the first, on the map (true: 5)",
      widths[2] / widths[0], at_most=2.5)

# %% alt="Left, the three groups by their first two true coordinates: two small groups close together, and a wide one ten times as far away. Right, the map by t-SNE: three groups of similar width with similar gaps." jupyter={"source_hidden": true}
# Draw the true positions and the map.
fig, axes = plt.subplots(1, 2, figsize=(9, 3))
for n, mark in enumerate("osD"):
    axes[0].plot(*clouds[n, :, :2].T, mark, markersize=4)
    axes[1].plot(*flat[n].T, mark, markersize=4)
axes[0].set(title="First two of 50 true coordinates")
axes[1].set(title="Map by t-SNE")
plt.show()

# %% [markdown]
# On the map, gaps and widths are about the same. So do not read these from a map: the **distance** between groups, the **size** of a group, and the **direction** (left, right, up, down). The number of groups depends on the perplexity ("Going further" shows it). Read only which points are neighbours, and check it with the full vectors.
#
# ## 10 · UMAP and the Embedding Projector
#
# t-SNE in scikit-learn has no rule for a new point; a new book needs a new map. [**UMAP**](../GLOSSARY.md#umap) (McInnes, Healy and Melville 2018) builds a graph of neighbours, and can add new points with `transform`. Its first call takes some seconds, because it compiles itself.

# %%
import umap

first, added = mapped[50:], mapped[:50]
reducer = umap.UMAP(metric="cosine", random_state=SEED, n_jobs=1)
first_place = reducer.fit_transform(U[first])  # (n, 2)
added_place = reducer.transform(U[added])  # (50, 2)
gap = np.linalg.norm(added_place[:, None] - first_place[None], axis=2)
around = shelf[first][np.argsort(gap, axis=1)[:, :5]]  # (50, 5)
has_shelf = shelf[added] >= 0
landed = np.mean((around == shelf[added][:, None])[has_shelf])
claim("five nearest on the map on the same shelf, divided by chance level",
      landed / at_random, at_least=2)

# %% [markdown]
# New books are near books of their shelf much more often than at random. (They are new to the map only. The recommender was trained with them.) The warnings above hold for UMAP as well.
#
# The **Embedding Projector** of TensorBoard shows vectors as a cloud that you can turn, colour and search. It runs on your machine and sends nothing. It needs the vectors, their names, and columns to colour by. In JupyterLab the next cells write them and open it; choose *Color by: shelf* and click on a title.

# %% jupyter={"source_hidden": true}
# Show the files that embeddings.export_projector writes.
import os
import tempfile

folder = tempfile.mkdtemp(prefix="projector_")
columns = {"shelf": data.shelves, "author": data.authors}
embeddings.export_projector(folder, vectors, columns, name="books")
print(*sorted(os.listdir(folder)))

# %% jupyter={"source_hidden": true}
# Show the Embedding Projector, if the notebook is open in JupyterLab.
if os.environ.get("JPY_SESSION_NAME"):
    from IPython.display import IFrame, display
    from tensorboard import program

    board = program.TensorBoard()
    board.configure(argv=[None, "--logdir", folder])
    display(IFrame(board.launch() + "#projector", width="100%", height=700))
else:
    print("Open this notebook in JupyterLab to see the projector here.")

# %% [markdown]
# ## 11 · item2vec: baskets
#
# Barkan and Koenigstein (2016) read a basket as a sentence, and its items as the words, and gave it to word2vec. One thing is different: the items have no order. So **the window must be the whole basket**. `shrink_windows=False` stops gensim from using a random smaller window.
#
# The baskets here are the reading lists of 2,000 synthetic readers. We gave each reader a favourite country or genre, a second one, and some random books. So the test is whether word2vec *recovers* what we planted.

# %%
from gensim.models import Word2Vec

lists, sample = books.load_reading_lists(), books.load_sample()
columns_2 = zip(sample.titles, sample.shelves, sample.countries)
taste = {title: {s, c} - {"novel", ""} for title, s, c in columns_2}
fractions = {}
for window in (1, max(map(len, lists))):
    item2vec = Word2Vec(lists, vector_size=50, window=window, min_count=5,
                        sg=1, negative=5, sample=0, epochs=20, workers=1,
                        shrink_windows=False, seed=SEED).wv
    fractions[window] = np.mean([
        bool(taste[a] & taste[b]) for a in item2vec.index_to_key
        for b, _ in item2vec.most_similar(a, topn=5)])
small, whole = fractions.values()
claim("neighbours that share a taste, whole basket", whole, at_least=0.7)
claim("lost by a window of one", whole - small, at_least=0.1)

# %% [markdown]
# The vectors recover the tastes from the baskets alone. A window of one uses only items that happen to be next to each other, and knows less.
#
# ## 12 · DeepWalk: a network read as text
#
# Perozzi, Al-Rfou and Skiena (2014) turned a network of articles into text: start at an article, follow a random link, and so on. Articles on the same **random walks** get similar vectors.
#
# The sample's network has our books, their authors and their links. As the label of an article we use its *subject*: in the sample, the country of the book or author; in the real network, Wikispeedia, the category of the article.

# %%
from course_utils.datasets import wikispeedia

graph = wikispeedia.load()
both_ways = np.concatenate([graph.links, graph.links[:, ::-1]])
adjacency = np.zeros((len(graph), len(graph)), "float32")
adjacency[tuple(both_ways.T)] = 1  # (articles, articles)
neighbours = [np.flatnonzero(line) for line in adjacency]
walks, walk_rng = [], np.random.default_rng(SEED)
for start in np.repeat(np.flatnonzero([len(n) > 0 for n in neighbours]), 10):
    walk = [start]
    while len(walk) < (40 if real else 20):
        near = neighbours[walk[-1]]
        walk.append(near[walk_rng.integers(len(near))])
    walks.append([str(article) for article in walk])
deepwalk = Word2Vec(walks, vector_size=64, window=5, min_count=1, sg=1,
                    sample=0, epochs=2, seed=SEED, workers=1).wv

# %%
often = [a for a, s in enumerate(graph.subjects)
         if s and graph.subjects.count(s) >= 12 and len(neighbours[a])]
labelled = np.random.default_rng(SEED).permutation(often)
subject = np.array([graph.subjects[a] for a in labelled])
walked = deepwalk[[str(a) for a in labelled]]  # (labelled, 64)
tenth = len(labelled) // 10  # training set; all others are the test set
found = {}
for name, X, linear in (
        ("most common subject", walked, DummyClassifier()),
        ("adjacency rows", adjacency[labelled],
         LogisticRegression(max_iter=500)),
        ("DeepWalk vectors", walked, LogisticRegression(max_iter=500))):
    linear.fit(X[:tenth], subject[:tenth])
    found[name] = linear.score(X[tenth:], subject[tenth:])

# %% jupyter={"source_hidden": true}
# Show the three accuracies.
claim("accuracy of the subject, DeepWalk vectors", found["DeepWalk vectors"],
      at_least=0.35 if real else 0.45)
claim("gain of DeepWalk vectors over the most common subject",
      found["DeepWalk vectors"] - found["most common subject"], at_least=0.1)
claim("gain of DeepWalk vectors over adjacency rows",
      found["DeepWalk vectors"] - found["adjacency rows"], at_least=0.005)
tables.table("Subject of an article from a tenth of the labels",
             [{"input": name, "accuracy": a} for name, a in found.items()])

# %% [markdown]
# The baseline gets the row of the article in the *adjacency matrix*: a one for each neighbour. With few labels the vectors are a little better. (Both have the same regularisation, so this may be a part of the reason.)

# %% [markdown] claim="lost by a window of one"
# **Quick question.** You use word2vec on baskets of 20 products with `window=5`. What is wrong?
#
# <details><summary>A. Nothing, 5 is the usual window</summary>No. It is usual for sentences, where near words belong together. A basket has no order.</details>
# <details><summary>B. Most pairs of the same basket are never used</summary>Right. A small window uses only items that happen to be listed near each other. A window of one lost a part of the result above.</details>
# <details><summary>C. The window must be 1</summary>No. That was the worse of the two windows above.</details>

# %% [markdown]
# ## 13 · The real data
#
# This notebook was also run on book articles of Wikipedia and on Wikispeedia, with three seeds. This is the result.

# %% tags=["recorded"] alt="Horizontal bars of recall at 10 on Wikipedia's books, from the record: popularity is far behind; co-occurrence and embeddings are both several times better." jupyter={"source_hidden": true}
# Draw the recorded recall@10.
record = tables.recorded("03_entity_embeddings", "Held-out links found")
fig, ax = plt.subplots(figsize=(6.4, 2.4))
values = [float(str(v).split()[0]) for v in record.values("recall@10")]
ax.barh([r["recommender"] for r in record.rows], values)
ax.bar_label(ax.containers[0], fmt="{:.3f}", padding=3)
ax.set(title="Held-out links of Wikipedia's books among the first ten",
       xlabel="recall@10", xlim=(0, 1))
ax.invert_yaxis()
plt.show()

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the recorded accuracy of the subject of an article.
tables.recorded("03_entity_embeddings",
                "Subject of an article from a tenth of the labels")

# %% [markdown]
# The order is the same as on the sample. With more pages to choose from, popularity finds less.

# %% [markdown]
# ## Exercises
#
# Replace each `...` by your answer, run the cell, then run the check below it. You can run a check as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: recall_at
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `recall_at(ranks, k)`: `ranks` has the rank of each held-out link, 1 for the best. Return the fraction of them that are among the first `k`. Several links can have the same rank.
#
# <details><summary>Hint</summary>Comparing an array with a number gives a Boolean array; its mean is a fraction.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def recall_at(ranks, k):
    """Fraction of `ranks` (pairs,) that are among the first k."""
    return np.mean(np.asarray(ranks) <= k)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="ranks start at 1"
def recall_at(ranks, k):
    return np.mean(np.asarray(ranks) < k)

# %% tags=["wrong"] message="a fraction, not a number of links"
def recall_at(ranks, k):
    return np.sum(np.asarray(ranks) <= k)

# %% tags=["wrong"] message="same rank"
def recall_at(ranks, k):  # right while all ranks are different
    different = np.unique(ranks)
    return np.mean(different <= k)

# %% tags=["wrong"] message="all ranks"
def recall_at(ranks, k):
    return np.mean(np.asarray(ranks)[:10 * k] <= k)

# %% tags=["wrong"] message="divided by k"
def recall_at(ranks, k):
    return np.sum(np.asarray(ranks) <= k) / k

# %% [raw]
# # BEGIN TESTS

# %%
def test_recall_at(recall_at):
    import numpy as np

    r = np.array([1, 3, 4, 20, 2])
    given = recall_at(r, 3)
    assert given is not None, "recall_at gives None: does it return the fraction?"
    assert given != 0.4, "with ranks 1, 3, 4, 20, 2 and k = 3 three links are found, not two: ranks start at 1, so rank 3 is among the first 3"
    assert given != 3, "recall_at must give a fraction, not a number of links: of 5 links 3 are found"
    assert abs(recall_at(r, 4) - 1) > 1e-5, "divided by k: that is the fraction of what was shown; recall is the fraction of what should be found"
    assert abs(given - 0.6) < 1e-5, f"with ranks 1, 3, 4, 20, 2 and k = 3 the recall is 0.6, not {given}"
    assert abs(recall_at(np.array([5, 6]), 4)) < 1e-5 and abs(recall_at(np.array([5, 6]), 6) - 1) < 1e-5, "nothing found is 0, everything found is 1"
    assert abs(recall_at(np.array([2, 2, 2, 9]), 3) - 0.75) < 1e-5, "of the ranks 2, 2, 2 and 9, three of four are among the first 3: several links can have the same rank"
    assert abs(recall_at(np.array([1] * 10 + [9] * 10), 1) - 0.5) < 1e-5, "use all ranks, not only the first ones"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_recall_at_hidden(recall_at):
    import numpy as np

    r = np.array([2, 9, 5, 5, 1, 30, 11, 5])
    for k, found in ((1, 1), (5, 5), (10, 6), (100, 8)):
        assert abs(recall_at(r, k) - found / 8) < 1e-5, f"not right for k = {k} and the ranks {r}"
    assert abs(recall_at(np.array([1] * 15 + [9] * 25), 1) - 0.375) < 1e-5, "not right for forty ranks"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: knows_nothing
# points: 1

# %% [markdown]
# **Exercise 2. How many negatives?** The lesson uses two negatives for each positive. Somebody trains once with one and once with ten, and finds a much lower loss with ten. Is that model better? Write
# `knows_nothing(negatives)`: the mean cross-entropy of a model that gives the same answer to every pair, the fraction of positives. Compare 1, 2 and 10.
#
# <details><summary>Hint 1</summary>With $K$ negatives for each positive the fraction of positives is $p = 1/(1+K)$.</details>
# <details><summary>Hint 2</summary>A positive costs $-\ln p$, a negative $-\ln(1-p)$. The cross-entropy is the mean over all pairs.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def knows_nothing(negatives):
    """Mean cross-entropy of always answering with the fraction of positives."""
    # BEGIN SOLUTION
    p = 1 / (1 + negatives)
    return -p * np.log(p) - (1 - p) * np.log(1 - p)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="only the positives"
def knows_nothing(negatives):
    p = 1 / (1 + negatives)
    return -np.log(p)

# %% tags=["wrong"] message="as many of both"
def knows_nothing(negatives):
    p = 1 / (1 + negatives)
    return -0.5 * np.log(p) - 0.5 * np.log(1 - p)

# %% tags=["wrong"] message="fraction of positives is 1/(1+K)"
def knows_nothing(negatives):
    p = 1 / negatives if negatives > 1 else 0.5
    return -p * np.log(p) - (1 - p) * np.log(1 - p)

# %% tags=["wrong"] message="summed"
def knows_nothing(negatives):
    p = 1 / (1 + negatives)
    return -np.log(p) - negatives * np.log(1 - p)

# %% tags=["wrong"] message="always one half"
def knows_nothing(negatives):  # right for one negative
    return np.log(2)

# %% [raw]
# # BEGIN TESTS

# %%
def test_knows_nothing(knows_nothing):
    import numpy as np

    given = knows_nothing(2)
    assert given is not None, "knows_nothing gives None: does it return the loss?"
    assert abs(given - np.log(3)) > 1e-6, "that is the cost of a positive: only the positives were counted, but two of three pairs are negative"
    both = -0.5 * np.log(1 / 3) - 0.5 * np.log(2 / 3)
    assert abs(given - both) > 1e-6, "the mean is not over as many of both: with K = 2 one pair in three is positive"
    total = np.log(3) + 2 * np.log(1.5)
    assert abs(given - total) > 1e-5, f"you gave {given:.3f}, the losses of one positive and two negatives summed: take their mean, over three pairs"
    assert abs(given - np.log(2)) > 1e-5, "you gave ln 2, the loss of always one half; the fraction of positives is 1/(1+K), so with K = 2 it is 1/3"
    assert abs(knows_nothing(1) - np.log(2)) < 1e-5, "with K = 1 the answer is always one half, and costs ln 2"
    assert abs(given - 0.636514) < 1e-5, f"with K = 2 the loss is 0.637, not {given:.3f}: the fraction of positives is 1/(1+K)"
    assert abs(knows_nothing(10) - 0.304636) < 1e-5, f"with K = 10 the loss is 0.305, not {knows_nothing(10):.3f}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_knows_nothing_hidden(knows_nothing):
    import numpy as np

    for K in (3, 7, 25):
        wanted = (np.log(1 + K) + K * np.log((1 + K) / K)) / (1 + K)
        assert abs(knows_nothing(K) - wanted) < 1e-5, f"not right for {K} negatives"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# With ten negatives, even a model that knows nothing has a much lower loss than with one. Losses with different numbers of negatives cannot be compared. Recall can.

# %% [raw]
# # BEGIN QUESTION
# name: loss_derivatives
# points: 2

# %% [markdown]
# **Exercise 3. Squared error or cross-entropy?** The recommender can also be trained with the squared error $(p-y)^2$. What would change? Let $p = \sigma(z)$. Write `loss_derivatives(z, y)` for two numbers `z` and `y`. It returns two numbers: the derivatives with respect to
# $z$ of the cross-entropy and of the squared error. Then look at a pair that the model gets badly wrong, $z = -6$ and $y = 1$: which loss changes it?
#
# <details><summary>Hint 1</summary>$\sigma'(z) = p(1-p)$. With the chain rule, in the cross-entropy almost everything cancels.</details>
# <details><summary>Hint 2</summary>$\partial/\partial p\,(p-y)^2 = 2(p-y)$, and then on to $z$.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def loss_derivatives(z, y):
    """Derivatives in z of cross-entropy and squared error, p = sigmoid(z)."""
    # BEGIN SOLUTION
    p = 1 / (1 + np.exp(-z))
    return p - y, 2 * (p - y) * p * (1 - p)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="continue to z"
def loss_derivatives(z, y):
    p = 1 / (1 + np.exp(-z))
    return p - y, 2 * (p - y)

# %% tags=["wrong"] message="the sign"
def loss_derivatives(z, y):
    p = 1 / (1 + np.exp(-z))
    return y - p, 2 * (y - p) * p * (1 - p)

# %% tags=["wrong"] message="in p, not in z"
def loss_derivatives(z, y):
    p = 1 / (1 + np.exp(-z))
    return (p - y) / (p * (1 - p)), 2 * (p - y) * p * (1 - p)

# %% tags=["wrong"] message="squared error"
def loss_derivatives(z, y):  # the second is right for y = 1 only
    p = 1 / (1 + np.exp(-z))
    return p - y, -2 * (1 - p) * p * (1 - p)

# %% [raw]
# # BEGIN TESTS

# %%
def test_loss_derivatives(loss_derivatives):
    import numpy as np

    def s(z):
        return 1 / (1 + np.exp(-z))

    for z, y in ((0.3, 1.0), (-2.0, 1.0), (1.5, 0.0)):
        given = loss_derivatives(z, y)
        assert given is not None, "loss_derivatives gives None: does it return both derivatives?"
        entropy, squared = given
        p, h = s(z), 1e-6
        high, low = (-(y * np.log(q) + (1 - y) * np.log(1 - q)) for q in (s(z + h), s(z - h)))
        true_e = (high - low) / (2 * h)
        true_s = ((s(z + h) - y) ** 2 - (s(z - h) - y) ** 2) / (2 * h)
        assert entropy * true_e > 0, f"at z = {z}, y = {y} the derivative of the cross-entropy has the sign of {true_e:.3f}, yours is {entropy:.3f}: look at the sign"
        assert abs(squared - 2 * (p - y)) > 1e-6, "the squared error's derivative is the one in p: continue to z, with p(1-p)"
        assert abs(entropy * p * (1 - p) - true_e) > 1e-6, "the cross-entropy's derivative is the one in p, not in z: multiply by p(1-p), and see what cancels"
        assert abs(entropy - true_e) < 1e-5, f"at z = {z}, y = {y} the derivative of the cross-entropy is {true_e:.4f}, yours is {entropy:.4f}"
        assert abs(squared - true_s) < 1e-5, f"at z = {z}, y = {y} the derivative of the squared error is {true_s:.4f}, yours is {squared:.4f}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_loss_derivatives_hidden(loss_derivatives):
    import numpy as np

    for z, y in ((-6.0, 1.0), (0.8, 0.0), (2.5, 1.0), (-1.0, 0.0)):
        p = 1 / (1 + np.exp(-z))
        assert np.allclose(loss_derivatives(z, y), (p - y, 2 * (p - y) * p * (1 - p)), atol=1e-5), f"not right for z = {z}, y = {y}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The more wrong the model is, the larger is the derivative of the cross-entropy, up to 1. The derivative of the squared error is near zero where the sigmoid is flat: it *saturates*. At the beginning of our training the scale is 1, so $z$ is between −1 and 1 and the sigmoid is not flat there.

# %% [raw]
# # BEGIN QUESTION
# name: walk_with_return
# points: 2

# %% [markdown]
# **Exercise 4. A random walk with restart.** Write `walk_with_return(start, length, alpha, reached_from, rng)`: a list of `length` articles that begins with `start`. Each next article, also the second one, is `start` itself with probability `alpha`, and otherwise a neighbour of the last article, all neighbours with equal probability.
# `reached_from` is a dictionary: from an article to the list of its neighbours. Such a walk stays near its start. The articles that it visits most often can be recommended there (*personalised PageRank*).
#
# <details><summary>Hint 1</summary><code>rng.random() < alpha</code> is true with probability alpha.</details>
# <details><summary>Hint 2</summary><code>rng.integers(n)</code> samples one of the indices 0 to n − 1.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def walk_with_return(start, length, alpha, reached_from, rng):
    """List of `length` articles, the first is `start`."""
    # BEGIN SOLUTION
    walk = [start]
    while len(walk) < length:
        near = reached_from[walk[-1]]
        at_random = near[rng.integers(len(near))]
        walk.append(start if rng.random() < alpha else at_random)
    return walk
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one article too many"
def walk_with_return(start, length, alpha, reached_from, rng):
    walk = [start]
    for _ in range(length):
        near = reached_from[walk[-1]]
        walk.append(start if rng.random() < alpha else near[rng.integers(len(near))])
    return walk

# %% tags=["wrong"] message="continues from the start"
def walk_with_return(start, length, alpha, reached_from, rng):
    near = reached_from[start]
    steps = [near[rng.integers(len(near))] for _ in range(length - 1)]
    return [start] + [start if rng.random() < alpha else step for step in steps]

# %% tags=["wrong"] message="at once steps on"
def walk_with_return(start, length, alpha, reached_from, rng):
    walk = [start]
    while len(walk) < length:
        near = reached_from[start if rng.random() < alpha else walk[-1]]
        walk.append(near[rng.integers(len(near))])
    return walk

# %% tags=["wrong"] message="interchanged"
def walk_with_return(start, length, alpha, reached_from, rng):
    walk = [start]
    while len(walk) < length:
        near = reached_from[walk[-1]]
        walk.append(start if rng.random() > alpha else near[rng.integers(len(near))])
    return walk

# %% tags=["wrong"] message="one article more"
def walk_with_return(start, length, alpha, reached_from, rng):
    walk = [start]
    while len(walk) < length:
        if rng.random() < alpha:
            walk.append(start)
        near = reached_from[walk[-1]]
        walk.append(near[rng.integers(len(near))])
    return walk

# %% tags=["wrong"] message="also for the second article"
def walk_with_return(start, length, alpha, reached_from, rng):
    walk = [start]
    while len(walk) < length:
        near = reached_from[walk[-1]]
        jump = len(walk) > 1 and rng.random() < alpha
        walk.append(start if jump else near[rng.integers(len(near))])
    return walk

# %% tags=["wrong"] message="equal probability"
def walk_with_return(start, length, alpha, reached_from, rng):
    walk = [start]
    while len(walk) < length:
        near = reached_from[walk[-1]]
        walk.append(start if rng.random() < alpha else near[int(len(near) * rng.random() ** 2)])
    return walk

# %% [raw]
# # BEGIN TESTS

# %%
def test_walk_with_return(walk_with_return):
    import numpy as np

    ring = {i: [(i - 1) % 50, (i + 1) % 50] for i in range(50)}
    rng = np.random.default_rng(0)
    walk = walk_with_return(7, 20, 0.0, ring, rng)
    assert walk is not None, "walk_with_return gives None: does it return the walk?"
    assert len(walk) != 21, "the walk has one article too many: the start counts"
    assert len(walk) == 20 and walk[0] == 7, f"a walk of 20 articles from 7 was asked for, got {len(walk)} that begin with {walk[0]}"
    steps = [(b - a) % 50 for a, b in zip(walk, walk[1:])]
    assert set(steps) != {0}, "with alpha = 0 the walk never leaves its start: alpha and 1 − alpha are interchanged"
    assert set(steps) <= {1, 49}, "each step must lead from the last article to one of its neighbours; this one continues from the start"
    walks = [walk_with_return(7, 200, 0.8, ring, rng) for _ in range(200)]
    assert {len(walk) for walk in walks} == {200}, "a restart must not give one article more: with alpha = 0.8 the walk has not the length that was asked for"
    far = [b for walk in walks for a, b in zip(walk, walk[1:]) if (a - 7) % 50 not in (1, 49, 0)]
    assert far, "with alpha = 0.8 the walk never gets two steps away from its start"
    back, beside = np.mean([b == 7 for b in far]), np.mean([b in (6, 8) for b in far])
    assert beside < 0.5, "the walk jumps and at once steps on: a jump takes a place in the walk, so `start` itself must appear there"
    assert abs(back - 0.2) > 0.1, "alpha and 1 − alpha are interchanged: with alpha = 0.8 the walk returns in only one of five steps"
    assert 0.7 < back < 0.9, f"with alpha = 0.8 the walk must return in 0.8 of the steps; yours returns in {back:.2f}"
    second = np.mean([walk[1] == 7 for walk in walks])
    assert second > 0.6, f"the restart is possible also for the second article; in yours it is the start in {second:.2f} of the walks"
    right = [b == (a + 1) % 50 for walk in walks for a, b in zip(walk, walk[1:]) if b != 7 and a not in (6, 8)]
    assert 0.4 < np.mean(right) < 0.6, f"all neighbours must have equal probability; of two neighbours yours takes the second in {np.mean(right):.2f} of the steps"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_walk_with_return_hidden(walk_with_return):
    import numpy as np

    circle = {i: [(i + 2) % 31, (i - 3) % 31, (i + 7) % 31] for i in range(31)}
    for seed, alpha in enumerate((0.0, 0.3, 1.0)):
        rng = np.random.default_rng(seed)
        walks = [walk_with_return(4, 200, alpha, circle, rng) for _ in range(100)]
        assert all(len(walk) == 200 and walk[0] == 4 for walk in walks), f"length or start, for alpha = {alpha}"
        steps = [step for walk in walks for step in zip(walk, walk[1:])]
        assert all(b == 4 or b in circle[a] for a, b in steps), f"a step to what is no neighbour, for alpha = {alpha}"
        seen = [(b == 4, *(b == near for near in circle[a])) for a, b in steps if 4 not in circle[a]]
        wanted = [alpha, *[(1 - alpha) / 3] * 3]
        assert np.allclose(np.mean(seen, axis=0), wanted, atol=0.03), f"the fraction of restarts and of each neighbour, for alpha = {alpha}"
        assert alpha == 1 or walks[0] != walks[1], "two walks with one generator are the same"
    jumps = [walk_with_return(4, 2, 0.9, circle, rng)[1] == 4 for _ in range(300)]
    assert 0.8 < np.mean(jumps) < 0.97, "the second article, for alpha = 0.9"
    assert list(walk_with_return(4, 1, 0.3, circle, rng)) == [4], "not right for a length of 1"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: cosine_gradient
# points: 3

# %% [markdown]
# **Exercise 5, a stretch: the gradient of the recommender.** Keras computed it for you. For one pair with label $y$ let $c = \cos(u, v)$, $p = \sigma(w c + b)$, and $L$ the cross-entropy. Write
# `cosine_gradient(u, v, w, b, y)`: $\partial L/\partial u$, as an array like $u$. The check compares it with finite differences. When it passes, compute its dot product with `u`. What does the result mean for the length of $u$?
#
# <details><summary>Hint 1</summary>From exercise 3, $\partial L/\partial z = p - y$ with $z = wc + b$. So only $\partial c/\partial u$ is missing.</details>
# <details><summary>Hint 2</summary>Let $\hat u = u/\lVert u\rVert$ and $\hat v$ likewise. $c = \hat u\cdot\hat v$, and $\partial c/\partial u = (\hat v - c\,\hat u)/\lVert u\rVert$: of $\hat v$, the part that is
# orthogonal to $u$.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def cosine_gradient(u, v, w, b, y):
    """dL/du, the shape of u."""
    # BEGIN SOLUTION
    u_hat, v_hat = u / np.linalg.norm(u), v / np.linalg.norm(v)
    c = u_hat @ v_hat
    p = 1 / (1 + np.exp(-(w * c + b)))
    return (p - y) * w * (v_hat - c * u_hat) / np.linalg.norm(u)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="along u"
def cosine_gradient(u, v, w, b, y):
    c = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
    p = 1 / (1 + np.exp(-(w * c + b)))
    return (p - y) * w * v / np.linalg.norm(v) / np.linalg.norm(u)

# %% tags=["wrong"] message="factor w"
def cosine_gradient(u, v, w, b, y):
    u_hat, v_hat = u / np.linalg.norm(u), v / np.linalg.norm(v)
    c = u_hat @ v_hat
    p = 1 / (1 + np.exp(-(w * c + b)))
    return (p - y) * (v_hat - c * u_hat) / np.linalg.norm(u)

# %% tags=["wrong"] message="for y = 0"
def cosine_gradient(u, v, w, b, y):  # right for y = 1
    u_hat, v_hat = u / np.linalg.norm(u), v / np.linalg.norm(v)
    c = u_hat @ v_hat
    p = 1 / (1 + np.exp(-(w * c + b)))
    return (p - 1) * w * (v_hat - c * u_hat) / np.linalg.norm(u)

# %% tags=["wrong"] message="length of u"
def cosine_gradient(u, v, w, b, y):
    u_hat, v_hat = u / np.linalg.norm(u), v / np.linalg.norm(v)
    c = u_hat @ v_hat
    p = 1 / (1 + np.exp(-(w * c + b)))
    return (p - y) * w * (v_hat - c * u_hat)

# %% [raw]
# # BEGIN TESTS

# %%
def test_cosine_gradient(cosine_gradient):
    import numpy as np

    rng = np.random.default_rng(3)
    u, v, w, b = 2 * rng.normal(size=5), rng.normal(size=5), 3.0, -1.0

    def loss(u, y):
        c = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
        p = 1 / (1 + np.exp(-(w * c + b)))
        return -(y * np.log(p) + (1 - y) * np.log(1 - p))

    for y in (1.0, 0.0):
        given = cosine_gradient(u.copy(), v.copy(), w, b, y)
        assert given is not None, "cosine_gradient gives None: does it return dL/du?"
        assert np.shape(given) == (5,), f"dL/du has shape {np.shape(given)}, but u has (5,)"
        true = np.array([(loss(u + h, y) - loss(u - h, y)) / 2e-6 for h in 1e-6 * np.eye(5)])
        size = np.linalg.norm(given) / np.linalg.norm(true)
        straight = np.allclose(given, size * true, atol=1e-5)
        assert straight or abs(given @ u) < 1e-5, "the gradient has a part along u: making u longer does not change a cosine, so subtract that part"
        assert not (straight and abs(size * w - 1) < 1e-3), "the direction is right, but the factor w is missing: z = w c + b"
        assert not (straight and abs(size - np.linalg.norm(u)) < 1e-3), "the direction is right, but the length of u is missing: a longer vector needs a larger step to turn by the same angle"
        assert np.allclose(given, true, atol=1e-5), f"for y = {y:.0f} dL/du is {np.round(true, 3)}, yours is {np.round(given, 3)}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_cosine_gradient_hidden(cosine_gradient):
    import numpy as np

    rng = np.random.default_rng(7)
    for d, w, b, y in ((3, -2.0, 0.5, 1.0), (8, 6.0, -3.0, 0.0)):
        u, v = rng.normal(size=d), 5 * rng.normal(size=d)
        u_hat, v_hat = u / np.linalg.norm(u), v / np.linalg.norm(v)
        c = u_hat @ v_hat
        wanted = (1 / (1 + np.exp(-(w * c + b))) - y) * w * (v_hat - c * u_hat) / np.linalg.norm(u)
        assert np.allclose(cosine_gradient(u.copy(), v.copy(), w, b, y), wanted, atol=1e-5), f"not right for {d} numbers and w = {w}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The dot product with `u` is zero: the gradient is at a right angle to $u$. A step of plain gradient descent turns $u$ and makes it a little longer, never shorter. (Adam, which we used, scales each coordinate separately, so its steps are not exactly at a right angle.)

# %% [markdown]
# ## Going further
#
# You can skip this part. No later lesson needs it.
#
# ### By hand = in Keras
#
# The formula of section 3, with the weights of the trained model:

# %%
scale, bias = (np.squeeze(a) for a in model.get_layer("scale").get_weights())
i, j = train[:10].T
by_hand = 1 / (1 + np.exp(-(scale * (U[i] * V[j]).sum(axis=1) + bias)))
in_keras = model.predict({"book": i, "link": j}, verbose=0)[:, 0]
claim("probabilities by hand and in Keras: largest difference",
      np.abs(by_hand - in_keras).max(), at_most=1e-5)

# %% [markdown]
# ### Add the popularity again
#
# Section 5 says what popular negatives teach: a probability *relative* to the popularity. If that is right, adding the logarithm of the popularity to the logit must bring the recall back. The variables of the last of the four models are still there.

# %%
w_last, b_last = (np.squeeze(a) for a in net.get_layer("scale").get_weights())
log_popular = np.log(np.maximum(M.sum(axis=0), 0.5) / len(train))
corrected = np.mean(ranks(
    lambda i: w_last * (v @ u[i]) + b_last + log_popular) <= 10)
print(f"popular, not checked: {recall_of['popular, not checked']:.3f}, "
      f"with log popularity {corrected:.3f}")
claim("recall@10 gained by adding the log popularity",
      corrected - recall_of["popular, not checked"], at_least=0.05)

# %% [markdown]
# ### The perplexity changes the number of groups, and noise has groups
#
# Here are maps of 250 books with two perplexities and two seeds, and a map of points that are pure noise.

# %%
some = mapped[:250]
noise = np.random.default_rng(SEED).normal(size=(200, 50))
maps = {
    "seed 0": embeddings.map_2d(U[some], seed=SEED),
    "another seed": embeddings.map_2d(U[some], seed=SEED + 1, init="random"),
    "perplexity 2": embeddings.map_2d(U[some], seed=SEED, perplexity=2),
    "noise, perplexity 2": embeddings.map_2d(noise, seed=SEED, perplexity=2),
}

# %% alt="Four maps. With another seed, the groups of the first map are in other places. With perplexity 2, the books split into many small clusters. Noise with perplexity 2 also has many small clusters." jupyter={"source_hidden": true}
# Draw the four maps, two in each row.
fig, axes = plt.subplots(2, 2, figsize=(9.6, 7.6))
for ax, (name, points) in zip(axes.flat, maps.items()):
    if "noise" in name:
        ax.scatter(*points.T, s=8, color="black")
        ax.axis("off")
    else:
        draw_map(ax, points, some, size=12)
    ax.set_title(name)
axes[0, 1].legend(loc="center left", bbox_to_anchor=(1, 0.5), title="shelf")
plt.show()

# %%
def ten_nearest(points):
    gaps = ((points[:, None] - points[None]) ** 2).sum(axis=2)  # (n, n)
    return np.argsort(gaps, axis=1)[:, 1:11]  # (n, 10), without itself


true = ten_nearest(U[some])
kept = {name: np.mean([len(set(a) & set(b)) / 10
                       for a, b in zip(true, ten_nearest(points))])
        for name, points in maps.items() if "noise" not in name}
print({name: round(float(value), 2) for name, value in kept.items()})
claim("of the ten nearest books, fraction among the ten nearest on the map",
      kept["seed 0"], close_to=0.5, within=0.3)

# %% [markdown]
# A part of the neighbourhoods is kept, not all. Look at several perplexities and seeds before you believe a map.
#
# ### Choices that we did not vary
#
# - **Number of dimensions.** We used 50 and did not try others. It is a hyperparameter: choose it on a validation set.
# - **Dot product or cosine.** Without normalisation, the length of a link's vector can learn its popularity. With a cosine it cannot.
# - **Ranking loss.** *Bayesian personalised ranking* (Rendle et al. 2009) compares a true link of a book with a negative one: the true link should get the higher score.
# - **Collaborative or content-based.** Our recommender uses only who has which link (collaborative). A content-based one describes each item by itself, for example with the words of its page. It can describe new items, so it has no cold start.
# - **All 37,020 books.** `books.load(whole=True)` loads them after `make data DATASETS=books_whole`. The table `known` is then too large for memory; use a set of pairs or a sparse matrix.
#
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **No check for false negatives.** The loss gives no warning, and the probabilities of true pairs are too low.
# - **Popular negatives without a correction.** The model then ranks common links too low.
# - **A cosine directly in a sigmoid.** Without a scale, no probability can come near 0 or 1.
# - **No baselines.** Hold out pairs, rank everything, and compare with popularity *and* with counting.
# - **The answer among the inputs.** If a link names the genre, the vectors "know" the genre.
# - **Different tuning for the methods of a comparison.** Choose the regularisation of each one on the same validation set.
# - **Comparing losses with different numbers of negatives.** See exercise 2.
# - **Reading distances, sizes or the number of clusters from a map**, or showing only the seed that looks best.
# - **A small window for baskets.** A basket has no order.
#
# ## References
#
# - W. Koehrsen (2018). Building a recommendation system using neural network embeddings. *Towards Data Science*; github.com/WillKoehrsen/wikipedia-data-science. The recommender and its data.
# - C. Guo, F. Berkhahn (2016). Entity embeddings of categorical variables. *arXiv:1604.06737*.
# - O. Barkan, N. Koenigstein (2016). Item2vec: neural item embedding for collaborative filtering. *MLSP*.
# - B. Perozzi, R. Al-Rfou, S. Skiena (2014). DeepWalk: online learning of social representations. *KDD*.
# - S. Rendle, C. Freudenthaler, Z. Gantner, L. Schmidt-Thieme (2009). BPR: Bayesian personalized ranking from implicit feedback. *UAI*.
# - B. Sarwar, G. Karypis, J. Konstan, J. Riedl (2001). Item-based collaborative filtering recommendation algorithms. *WWW*. The baseline that counts.
# - L. van der Maaten, G. Hinton (2008). Visualizing data using t-SNE. *Journal of Machine Learning Research* 9.
# - L. McInnes, J. Healy, J. Melville (2018). UMAP: uniform manifold approximation and projection for dimension reduction. *arXiv:1802.03426*.
# - M. Wattenberg, F. Viégas, I. Johnson (2016). How to use t-SNE effectively. *Distill*.
# - R. West, J. Pineau, D. Precup (2009). Wikispeedia: an online game for inferring semantic distances between concepts. *IJCAI*.

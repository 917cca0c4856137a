# %% [markdown]
# # 03 · Everything can be embedded
#
# Word vectors came from text. But nothing in the method asks for words: it asks for things that occur together. A book and the pages it links to, a
# basket and what lies in it, an article and the articles one click away: each of these is enough to learn a vector for every thing. Such vectors
# are called **entity embeddings**. In this lesson you will build a book recommender out of two embeddings and a dot product, find out honestly
# what it is worth, and learn to look at maps of vectors without believing too much of what they show.
#
# **You will be able to**
#
# 1. turn "what occurs with what" into positive and negative pairs, build and train a recommender on them in Keras, and say what goes
#    wrong when negatives are drawn carelessly;
# 2. measure a recommender on held-out pairs, against popularity and against plain counting;
# 3. use the vectors as input to another model, and say when that pays;
# 4. draw maps with t-SNE and UMAP, open the Embedding Projector, and name three things that such a map does not mean;
# 5. learn vectors from baskets (item2vec) and from a network (DeepWalk) with the word2vec you know.
#
# **Before this lesson:** [lesson 02](02_word_embeddings.ipynb). **Time:** about 60 minutes to read and try, 40 minutes for the exercises; on two cores all cells run in about
# 45 seconds on the embedded sample (`HUBS.md` names the machine that was measured),
# and in about a minute on the real data.

# %% [markdown]
# ## Settings and data
#
# The sample that comes with the course has well-known books and, for each, the pages of an encyclopedia that its article would link to: author,
# country, genre, places, subjects, other works. They are facts; nothing is invented. The real data are book articles of Wikipedia with all their links.
# `WHOLE = True` asks for all 37,020 of those articles instead of 1,413, for which you need patience and `make data DATASETS=books_whole`.

# %%
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # on arrays this small, threads wait for each other

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

from course_utils import embeddings, plots, tables
from course_utils.claims import claim
from course_utils.datasets import books
from course_utils.training import ProgressBar

plt.style.use("course_utils.figures")

# %%
SEED = int(os.environ.get("COURSE_SEED", 0))
WHOLE = False
data = books.load(whole=WHOLE)
BATCH, NEGATIVES, EPOCHS = 512, 2, 5 if WHOLE else 40  # of the recommender
STEPS, ROUNDS = {"sample": (20, 2), "real": (40, 2)}[data.source]  # of the walks in section 13
BOUND = {"sample": {"ceiling": 0.7, "recall": 0.4, "times": 2, "shelf": 0.45, "walk": 0.45},
         "real": {"ceiling": 0.9, "recall": 0.4, "times": 3, "shelf": 0.3, "walk": 0.35}}[data.source]

# %% [markdown]
# ## 1 · Books and what they link to
#
# A row of the data is a title and a list of links. The loader has dropped links that say how a book is bound (`Hardcover` and `Paperback` are
# among the commonest links of all), links to pictures and users, and pages that fewer than four books link to, because nothing could be learned about them.

# %%
example = {"sample": "War and Peace", "real": "Tarzan the Terrible"}[data.source]
row = data.titles.index(example)
print(f"{data.titles[row]}, by {data.authors[row]}; {data.genres[row]}")
print(", ".join(data.links[row]))

# %% [markdown]
# Books and links both become numbers, as words did, and the data become a list of **pairs** (book, link).

# %%
links = sorted({link for own in data.links for link in own})
link_ids = {link: j for j, link in enumerate(links)}
pairs = np.array([(i, link_ids[link]) for i, own in enumerate(data.links) for link in own])
n_books, n_links = len(data), len(links)
print(f"{n_books:,} books, {n_links:,} links, {len(pairs):,} pairs")  # pairs: (pairs, 2)
print(f"of all possible pairs {len(pairs) / (n_books * n_links):.1%} are there")

# %% alt="Curve of the number of books that link to a page over the page's rank, both axes logarithmic. It falls steadily: a few pages are linked from very many books, most from a handful."
popularity = np.bincount(pairs[:, 1], minlength=n_links)  # (links,): books that have it
order = np.argsort(-popularity, kind="stable")
figure, axes = plt.subplots(figsize=(7, 3.2))
axes.plot(np.arange(1, n_links + 1), popularity[order])
for place in (0, 1, 3, 9, 30, 120):
    axes.annotate(links[order[place]], (place + 1, popularity[order[place]]),
                  xytext=(6, 3), textcoords="offset points", fontsize=9)
axes.set(xscale="log", yscale="log", title="A few links are on very many pages",
         xlabel="rank of the link, the commonest first", ylabel="books that link to it")
plt.show()

# %% [markdown]
# The picture is that of words in text: a few links are everywhere and say little, many are rare and say much. Keep the commonest ones in mind. They
# will be the strongest competitor of our recommender, and the first victims of a mistake.

# %% [markdown]
# ## 2 · A task that nobody needs, and vectors that everybody wants
#
# To get vectors we need a task that cannot be solved without good ones. The known recipe (Koehrsen 2018): *given a book and a link, does the book have
# the link?* We do not care for the answer. We care for what the network must know to give it: books with similar links will need similar vectors.
#
# First we put a tenth of the pairs away. The network never sees them, and at the end they tell us whether it has learned more than the list of pairs.

# %%
rng = np.random.default_rng(SEED)
shuffled = rng.permutation(pairs)
held_out, train = np.split(shuffled, [len(pairs) // 10])  # (held, 2), (train, 2)
print(f"{len(train):,} pairs to learn from, {len(held_out):,} held out")

# %% [markdown]
# A network that sees only true pairs learns to say yes. It needs **negative pairs** as well, and as in lesson 02 they are drawn: take the
# book of a positive pair, and a link at random. We draw `NEGATIVES` of them for each positive, and anew each time, so that no list of
# negatives has to be stored.
#
# A link drawn at random can be one that the book has. Then we would tell the network, of the same pair, once yes and once no. So the generator
# asks, for each negative, whether the pair is known, and draws again if it is. For a quick answer all known pairs are kept as one sorted list of numbers.

# %%
def numbered(pairs, n_links):
    return np.sort(pairs[:, 0] * n_links + pairs[:, 1])  # each pair as one number: (pairs,)


def is_known(book, link, known, n_links):
    number = book * n_links + link
    place = np.minimum(np.searchsorted(known, number), len(known) - 1)
    return known[place] == number


known = numbered(train, n_links)

# %%
def draw_negatives(book, known, n_links, rng):
    link = rng.integers(n_links, size=len(book))
    while (wrong := is_known(book, link, known, n_links)).any():
        link[wrong] = rng.integers(n_links, size=wrong.sum())
    return link


def batches(train, n_links, size, negatives, rng):
    known = numbered(train, n_links)
    while True:
        positive = train[rng.integers(len(train), size=size)]  # (size, 2)
        book = np.repeat(positive[:, 0], 1 + negatives)  # (size * (1 + negatives),)
        link = draw_negatives(book, known, n_links, rng)
        link[:: 1 + negatives] = positive[:, 1]  # the first of each group is the true one
        y = np.tile([1.0] + negatives * [0.0], size)  # (size * (1 + negatives),)
        yield {"book": book, "link": link}, y

# %% [markdown]
# A toy run, as after every step of a pipeline: two positives with two negatives each.

# %%
x, y = next(batches(train, n_links, 2, NEGATIVES, np.random.default_rng(SEED)))
for i, j, label in zip(x["book"], x["link"], y):
    print(int(label), "·", data.titles[i], "·", links[j])

drawn, wrong = batches(train, n_links, 64, NEGATIVES, rng), 0
for _ in range(200):
    x, y = next(drawn)
    wrong += is_known(x["book"], x["link"], known, n_links)[y == 0].sum()
claim("negatives in 200 batches that are known pairs", wrong, at_most=0)

# %% [markdown]
# ## 3 · The mistake: negatives that are positives
#
# What would it cost to leave the question out? With links drawn evenly not much: few of all possible pairs are true, so few negatives are wrong. But it is
# common, and was done in word2vec, to draw popular things more often, since a negative that is easy to tell teaches little. Count both.

# %%
book = np.repeat(train[:, 0], NEGATIVES)
weights = {"all links alike": np.ones(n_links), "links as often as they occur": popularity}
draws = {name: w / w.sum() for name, w in weights.items()}  # (links,), probabilities
wrong = {name: is_known(book, rng.choice(n_links, len(book), p=q), known, n_links).mean()
         for name, q in draws.items()}
print({name: f"{share:.1%} of the negatives are known pairs" for name, share in wrong.items()})

# %% [markdown]
# An average hides who pays. Take one true pair. In one round through the data it is shown once as a positive, and, if nobody checks, some $r$ times
# as a negative: each of the book's $n$ pairs brings $K$ negatives, and each is this link with its probability $q$, so $r = n K q$. The network sees one yes
# and $r$ times no. Its cross-entropy is $-\ln p - r \ln(1 - p)$, with the derivative $-1/p + r/(1 - p)$, which is zero at
#
# $$p^\star = \frac{1}{1 + r}.$$
#
# That is a ceiling: the more faithfully the network learns, the closer it comes to $p^\star$ instead of 1.

# %% alt="Points for the thirty commonest links. With even draws the highest probability of a true pair stays near one. With draws by popularity it falls the further the commoner the link is."
n_own = np.bincount(train[:, 0], minlength=n_books)  # (books,)
figure, axes = plt.subplots(figsize=(7, 3.2))
ceiling = {}
for name, q in draws.items():
    p_star = 1 / (1 + n_own[train[:, 0]] * NEGATIVES * q[train[:, 1]])  # (train,)
    ceiling[name] = np.array([p_star[train[:, 1] == j].mean() for j in order[:30]])
    axes.plot(popularity[order[:30]], ceiling[name], "o", label=f"drawn: {name}")
axes.set(title="How sure the network may become of a true pair, if nobody checks", ylim=(0, 1.03),
         xlabel="books that have the link (thirty commonest links)",
         ylabel="highest probability")
axes.legend(frameon=False, loc="lower left")
plt.show()

# %%
claim("ceiling for the commonest link, links drawn alike",
      ceiling["all links alike"][0], at_least=0.85)
claim("ceiling for the commonest link, links drawn as often as they occur",
      ceiling["links as often as they occur"][0], at_most=BOUND["ceiling"])

# %% [markdown]
# With even draws the harm is small. With draws by popularity the network is taught to doubt the commonest true pairs. At the end of section 5 we train one that way. The check is two lines; keep it.
#
# One kind of wrong negative remains, and must: the *held-out* pairs. They are true, but the generator cannot know that without
# peeking, and neither could it know of a link that nobody has added to Wikipedia yet. "Negative" always means "not known to be positive".

# %% [markdown]
# ## 4 · Two embeddings and a dot product
#
# Book $i$ gets a vector $u_i$, link $j$ a vector $v_j$, fifty numbers each. Their **normalised dot product** is the cosine of lesson 02, and a sigmoid
# makes a probability of it:
#
# $$\cos_{ij} = \frac{u_i \cdot v_j}{\lVert u_i \rVert\, \lVert v_j \rVert}, \qquad p_{ij} = \sigma(w \cos_{ij} + b).$$
#
# The two numbers $w$ and $b$ are easy to forget. A cosine lies between −1 and 1, and $\sigma$ of it between 0.27 and 0.73: without a scale even a perfect
# set of vectors could not be sure of anything. The best cross-entropy it could reach is $-\ln\sigma(1)$.

# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


without_scale = -np.log(sigmoid(1.0))
print(f"sigmoid of -1 and 1: {sigmoid(-1.0):.3f}, {sigmoid(1.0):.3f}; "
      f"best cross-entropy without a scale: {without_scale:.3f}")

# %% [markdown]
# In Keras, the scale and the shift are a `Dense` layer with one unit. Its weight starts at one. Keras would draw it at random, and below zero a pair becomes more probable the *smaller* its cosine is: books would be taught to flee from their links.

# %%
def recommender(n_books, n_links, d=50):
    book = keras.Input((), dtype="int32", name="book")  # (batch,)
    link = keras.Input((), dtype="int32", name="link")  # (batch,)
    u = layers.Embedding(n_books, d, name="books")(book)  # (batch, d)
    v = layers.Embedding(n_links, d, name="links")(link)  # (batch, d)
    cosine = layers.Dot(axes=1, normalize=True)([u, v])  # (batch, 1)
    p = layers.Dense(1, activation="sigmoid", kernel_initializer="ones", name="scale")(cosine)
    return keras.Model({"book": book, "link": link}, p)


keras.utils.set_random_seed(SEED)
model = recommender(n_books, n_links)
print({layer.name: layer.count_params() for layer in model.layers if layer.count_params()})

# %% [markdown]
# All but two of its weights are the vectors. That the model does what the formula says is worth three lines: take the weights out and compute the
# probability of ten pairs by hand.

# %%
def by_hand(model, i, j):
    u, v = (model.get_layer(name).get_weights()[0] for name in ("books", "links"))
    w, b = model.get_layer("scale").get_weights()
    dot = (u[i] * v[j]).sum(axis=1)
    cosine = dot / np.linalg.norm(u[i], axis=1) / np.linalg.norm(v[j], axis=1)
    return sigmoid(w[0, 0] * cosine + b[0])


i, j = train[:10].T
in_keras = model.predict({"book": i, "link": j}, verbose=0)[:, 0]
claim("largest difference between Keras and the formula",
      abs(in_keras - by_hand(model, i, j)).max(),
      at_most=1e-6)

# %% [markdown]
# ## 5 · Training
#
# `fit` reads its batches from the generator. The generator never ends, so `steps_per_epoch` says how many batches make an epoch: as many as hold about as many positives as there are pairs.

# %%
def train_recommender(train, n_books, n_links, seed, make=batches):
    keras.utils.set_random_seed(seed)
    model = recommender(n_books, n_links)
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", jit_compile=False)
    generator = make(train, n_links, BATCH, NEGATIVES, np.random.default_rng(seed))
    history = model.fit(generator, steps_per_epoch=len(train) // BATCH + 1, epochs=EPOCHS,
                        shuffle=False, verbose=0, callbacks=[ProgressBar()])
    return model, history.history["loss"]


model, losses = train_recommender(train, n_books, n_links, SEED)
w, b = model.get_layer("scale").get_weights()
print(f"scale w = {w[0, 0]:.2f}, shift b = {b[0]:.2f}")

# %% alt="Falling curve of the cross-entropy. It starts at the line of a model that knows only the share of positives, and ends well below the line that cosines without a scale could reach."
share = 1 / (1 + NEGATIVES)
know_nothing = -share * np.log(share) - (1 - share) * np.log(1 - share)
figure, axes = plt.subplots(figsize=(6.4, 3))
axes.plot(np.arange(1, EPOCHS + 1), losses)
for height, text in ((know_nothing, "knows nothing but the share of positives"),
                     (without_scale, "best that cosines without a scale could reach")):
    axes.axhline(height, color="black", linestyle=":", linewidth=0.9)
    axes.text(EPOCHS, height + 0.01, text, ha="right", fontsize=9)
axes.set(title="The loss while the recommender learns", xlabel="epoch", ylabel="cross-entropy",
         ylim=(0, 0.75))
plt.show()
claim("cross-entropy after training, against the best without a scale",
      losses[-1] / without_scale, at_most=0.9)

# %% [markdown]
# The loss starts about where a model is that knows nothing but the share of positives, and crosses the line below which cosines without a scale can never come: the
# scale has grown to several times its first value.
#
# And the mistake of section 3, made in earnest: the same training with negatives drawn as often as links occur, and nobody checking them. We ask both networks for the probability of the true pairs of the
# commonest link.

# %%
def careless_batches(train, n_links, size, negatives, rng):
    q = draws["links as often as they occur"]
    for x, y in batches(train, n_links, size, negatives, rng):
        x["link"] = np.where(y == 1, x["link"], rng.choice(n_links, len(y), p=q))
        yield x, y


careless, its_losses = train_recommender(train, n_books, n_links, SEED, careless_batches)

# %%
common = train[train[:, 1] == order[0]].T  # (2, pairs)
checked_p, careless_p = (by_hand(m, *common).mean() for m in (model, careless))
print(f"true pairs of {links[order[0]]!r}: {checked_p:.2f} and, careless, {careless_p:.2f}")
print(f"loss of the careless network: {its_losses[0]:.2f} at first, {its_losses[-1]:.2f} at last")
claim("probability of the commonest link's true pairs, lost by careless negatives",
      checked_p - careless_p, at_least=0.1)

# %% [markdown]
# Nothing gave a warning: the loss went down in both cases. But the careless network doubts what it should be surest of.

# %% [markdown]
# ## 6 · Is it any good? Recall on held-out pairs
#
# A falling loss shows that the network fits the pairs it was shown. The held-out pairs ask more. For each of them we let the model rank *all* links that the
# book is not known to have, and look where the true one came: its **rank**, 1 being the best. **Recall@10** is the share of held-out pairs whose rank is at
# most 10. A recommender that shows ten links would have shown the right one that often.
#
# A score means nothing without rivals. We take two, and neither has learned anything:
#
# - **popularity** recommends to every book the commonest links that it lacks;
# - **co-occurrence** counts. Each link is described by the set of books that have it; two links are similar as far as their sets overlap (the cosine of
#   their columns of zeros and ones); a link is recommended if it is similar to those that the book already has.

# %%
from scipy import sparse

M = sparse.csr_array((np.ones(len(train)), train.T), shape=(n_books, n_links))  # (books, links)
counts = np.asarray(M.sum(axis=0)).ravel()  # (links,)
M_unit = sparse.csr_array(M / np.sqrt(np.maximum(counts, 1)))  # every column of length one
U, V = (model.get_layer(name).get_weights()[0] for name in ("books", "links"))
U, V = (E / np.linalg.norm(E, axis=1, keepdims=True) for E in (U, V))  # (books, d), (links, d)
scores = {
    "popularity": lambda i: np.tile(counts, (len(i), 1)),
    "co-occurrence": lambda i: (M[i] @ M_unit.T @ M_unit).toarray(),
    "embeddings": lambda i: U[i] @ V.T,
}  # each: books (n,) -> scores of all links (n, links)

# %%
def ranks(score, pairs, block=500):
    found = []
    for start in range(0, len(pairs), block):  # in blocks, to need no table of all scores
        i, j = pairs[start:start + block].T
        s = score(i)  # (block, links)
        s[M[i].toarray() > 0] = -np.inf  # links that the book is known to have
        true = s[np.arange(len(i)), j][:, None]
        found.append(1 + (s > true).sum(axis=1))  # equal scores count for the recommender
    return np.concatenate(found)  # (pairs,)


tested = held_out[:2_000]
rank = {name: ranks(score, tested) for name, score in scores.items()}
recall = {name: (r <= 10).mean() for name, r in rank.items()}
rows = [{"recommender": name, "recall@10": recall[name], "median rank": float(np.median(r))}
        for name, r in rank.items()]
tables.table("Held-out links found", rows)

# %% alt="Recall at k for k from 1 to 50. Guessing is lowest, popularity clearly above it; embeddings and co-occurrence are far above both and close to each other."
k = np.arange(1, 51)
figure, axes = plt.subplots(figsize=(6.6, 3.2))
for (name, r), style in zip(rank.items(), ("-.", "--", "-")):
    axes.plot(k, [(r <= n).mean() for n in k], style, label=name)
axes.plot(k, k / (n_links - M.sum() / n_books), color="black", linestyle=":", label="guessing")
axes.set(title="Held-out links among the first k", xlabel="k", ylabel="recall@k", ylim=(0, 1))
axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %%
claim("recall@10 of the embeddings", recall["embeddings"], at_least=BOUND["recall"])
claim("recall@10 of the embeddings, as a multiple of popularity's",
      recall["embeddings"] / recall["popularity"], at_least=BOUND["times"])
claim("recall@10 of co-occurrence minus that of the embeddings",
      recall["co-occurrence"] - recall["embeddings"], close_to=0.05, within=0.1)

# %% [markdown]
# The embeddings find more than twice as many of the hidden links as popularity does. And plain counting does as well or better. That is no accident of this
# data. For the question *which link fits a book*, counting uses every number there is, while fifty numbers a book are a summary. So why learn vectors? Because
# of what a summary is good for: the vectors are small and of fixed size, they compare books with books and links with links, they go into any other model, and
# one can look at them. The next sections are about that. But remember the order of this table when somebody shows you a recommender without its rivals.

# %% [markdown]
# ## 7 · The nearest books
#
# The task only ever compared books with links. Yet books are now comparable with each other: two books that had to be near the same links had to come near
# each other. `embeddings.Vectors` holds names and vectors, and finds the nearest by cosine, as in lesson 02.

# %%
vectors = embeddings.Vectors(data.titles, U)


def show_nearest(title, k=5, exclude=()):
    for found, cosine in vectors.neighbours(title, k, exclude):
        i = data.titles.index(found)
        about = f"{data.countries[i]}; {data.genres[i]}"
        print(f"{cosine:.2f}  {found}, by {data.authors[i]} ({about})")


show_nearest(example)

# %%
kin = {"sample": data.countries, "real": data.authors}[data.source]
same = [kin[data.titles.index(title)] == kin[row] for title, _ in vectors.neighbours(example, 5)]
of_kind = {"sample": "country", "real": "author"}[data.source]
claim(f"of the five books nearest to {example}, this many are of the same {of_kind}",
      sum(same), at_least=3)

# %% [markdown]
# Nobody told the model which books are alike. It was told that this one links to Napoleon and that one to Siberia. Other works of the same author come first: they share links to the author, and often to
# each other. Without them, the neighbours are more of a discovery.

# %%
own = [title for title, author in zip(data.titles, data.authors) if author == data.authors[row]]
show_nearest(example, exclude=own)

# %% [markdown]
# One example can be chosen to please, so we ask all books on a **shelf**, one of nine groups of genres from science fiction to poetry and plays (a plain novel stands on none): how often is a neighbour from the same shelf, and how often would chance have it so?

# %%
shelves = sorted(books.SHELVES)  # science fiction, crime, … (plain novels have no shelf here)
shelf = np.array([shelves.index(s) if s in shelves else -1 for s in data.shelves])  # (books,)
on_shelf = np.flatnonzero(shelf >= 0)
nearest, _ = embeddings.nearest(U, U[on_shelf], 6)  # (asked, 6): itself first
near_shelf = (shelf[nearest[:, 1:]] == shelf[on_shelf][:, None]).mean()
by_chance = np.mean([(shelf == s).mean() for s in shelf[on_shelf]])
print(f"same shelf: {near_shelf:.2f} of the five nearest, {by_chance:.2f} by chance")
claim("share of the five nearest books that are from the same shelf", near_shelf,
      at_least=BOUND["shelf"])

# %% [markdown]
# Not all of this was found out by the model: some links name a genre, `science fiction` for one, and so tell the shelf. Section 8 takes such links away.
#
# Links have vectors too, and live in the same space. What is near a link is what occurs in the same kind of book.

# %%
link_vectors = embeddings.Vectors(links, V)
for asked in {"sample": ("detective", "spacecraft", "saint petersburg"),
              "real": ("science fiction", "h. p. lovecraft", "caldecott medal")}[data.source]:
    print(f"{asked}:", ", ".join(name for name, _ in link_vectors.neighbours(asked, 5)))

# %% [markdown]
# ## 8 · Vectors as input to another model
#
# A model that should use "which book" as an input needs numbers for it. The oldest way is one-hot: one place for every book. Guo and Berkhahn (2016) put
# entity embeddings in its place, and did well with them in a forecasting contest. Let us see when that pays, on a question with a known answer: *which shelf
# is a book from?*
#
# Caution first. The links of a book name its genre: `science fiction` is among them. A classifier that may see them has been told the answer. We remove all
# links with a word for a genre in it, and learn new vectors from the rest.

# %%
import re

words = """fiction novel literature story stories fantasy horror gothic ghost crime mystery murder
    detective thriller spy espionage child juvenile young picture adventure histor poem poet play
    theatre drama traged comed scien philosoph memoir biograph essay magic fairy dystopia books"""
GENRE = re.compile("|".join(words.split()))
silent = [j for j, link in enumerate(links) if not GENRE.search(link)]
print(f"{len(silent)} of {len(links)} links do not name a genre")

# %%
new_id = np.full(n_links, -1)
new_id[silent] = np.arange(len(silent))
quiet = np.stack([pairs[:, 0], new_id[pairs[:, 1]]], axis=1)  # (pairs, 2)
quiet = quiet[quiet[:, 1] >= 0]
quiet_model, _ = train_recommender(quiet, n_books, len(silent), SEED)

# %% [markdown]
# Now three descriptions of a book go into the same logistic regression: the one-hot vector of the book, the **bag** of its links (a one for each link that it has),
# and its fifty numbers. We vary how many books have a label, and test on books without one. The penalty on weights is weaker for the vectors (`C=10`), whose entries are small, so that they need larger weights for the same answer.

# %%
from sklearn.linear_model import LogisticRegression

E = quiet_model.get_layer("books").get_weights()[0]
E = E / np.linalg.norm(E, axis=1, keepdims=True)  # (books, 50)
bag = sparse.csr_array((np.ones(len(quiet)), quiet.T), shape=(n_books, len(silent)))
inputs = {"one-hot": sparse.eye_array(n_books).tocsr(), "bag of links": bag, "vectors": E}
strength = {"one-hot": 1, "bag of links": 1, "vectors": 10}  # C: unit vectors have small entries
asked = np.flatnonzero((shelf >= 0) & (np.bincount(quiet[:, 0], minlength=n_books) > 0))
sizes = [20, 40, 80, 160, len(asked) - 100]
print(f"{len(asked)} books, {len(shelves)} shelves")

# %%
accuracy = {name: np.zeros((len(sizes), 5)) for name in inputs}  # (sizes, repetitions)
for n in range(5):
    mixed = np.random.default_rng([SEED, n]).permutation(asked)
    test, rest = mixed[:100], mixed[100:]
    for s, size in enumerate(sizes):
        for name, X in inputs.items():
            regression = LogisticRegression(C=strength[name], max_iter=200)
            regression.fit(X[rest[:size]], shelf[rest[:size]])
            accuracy[name][s, n] = regression.score(X[test], shelf[test])
tables.table("Accuracy of the shelf, by labelled books",
              [{"labelled books": size, **{name: a[s].mean() for name, a in accuracy.items()}}
               for s, size in enumerate(sizes)])

# %% alt="Accuracy over the number of labelled books. One-hot stays at guessing. Vectors lead while labels are few; the bag of links rises faster and passes them when labels are many."
figure, axes = plt.subplots(figsize=(6.6, 3.2))
for (name, a), mark in zip(accuracy.items(), "os^"):
    axes.errorbar(sizes, a.mean(axis=1), yerr=a.std(axis=1), marker=mark, capsize=3, label=name)
axes.set(xscale="log", xticks=sizes, xticklabels=sizes, ylim=(0, 1),
         xlabel="books with a label", ylabel="accuracy on 100 others",
         title="Which shelf is a book from?")
axes.minorticks_off()
axes.legend(frameon=False, loc="upper left")
plt.show()
few = (accuracy["vectors"] - accuracy["bag of links"])[:3].mean()
claim("accuracy that vectors gain over the bag with at most 80 labels", few, at_least=0.01)
claim("accuracy of one-hot, with most labels", accuracy["one-hot"][-1].mean(), at_most=0.35)

# %% [markdown]
# Three lessons in one picture.
#
# - **One-hot learns nothing about a book without a label**, as every book is equally far from every other. It can only name the shelf that is commonest among the labelled books.
# - **Vectors win while labels are few.** They were learned without any label, from all books, and links that occur in the same books have vectors near each other. So a
#   label for one book says something about books with other, related links. In a bag, a link that no labelled book has says nothing.
# - **The bag overtakes them when labels are many.** It holds everything that the vectors were made from, and a summary has lost some of it. Vectors are a head start, and no more.

# %% [markdown]
# ## 9 · A map of all books
#
# Fifty numbers cannot be looked at. **t-SNE** (van der Maaten and Hinton 2008) lays points out in the plane so that near neighbours stay near. It turns distances
# into the probabilities with which points would choose each other as neighbours, once in fifty dimensions, $p_{ij}$, and once in two, $q_{ij}$, and moves the points until $\sum_{i \ne j} p_{ij} \ln (p_{ij} / q_{ij})$ is as small as it finds it. A pair that is far apart has a $p_{ij}$ near zero and
# hardly counts.
# Its one important setting, the **perplexity**, is about the number of neighbours that each point looks at.

# %%
mapped = np.random.default_rng(SEED).permutation(n_books)[:1_000]  # enough for a map
colours = ["C0", "C1", "C2", "C5", "C4", "C3", "black"]
shown = np.argsort(-np.bincount(shelf[on_shelf]))[:7]  # the largest shelves


def draw_map(axes, place, which, size=14):
    axes.scatter(*place[~np.isin(shelf[which], shown)].T, s=size / 2, color="0.85")
    for s, colour, mark in zip(shown, colours, "osD^vPX"):
        axes.scatter(*place[shelf[which] == s].T, s=size, color=colour, marker=mark,
                     label=shelves[s])
    axes.set(xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set_visible(False)

# %% alt="Map of the books as coloured points, one colour and sign for each of the seven largest shelves. Points of the same shelf lie in patches, with stragglers and with grey points of other books between."
place = embeddings.map_2d(U[mapped], "tsne", seed=SEED, perplexity=30)  # (books, 2)
figure, axes = plt.subplots(figsize=(7.6, 5.4))
draw_map(axes, place, mapped, size=18)
axes.set_title("Books, laid out by t-SNE")
axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5),
            title="shelf (others grey)")
plt.show()

# %% [markdown]
# The colours were not given to t-SNE, so the patches are in the vectors, helped by the links that name a genre. So far the map is honest. But people read more out of such pictures than neighbours: that this
# group is *far* from that one, that one is *tight*, that there are *five clusters*. Wattenberg, Viégas and Johnson (2016) showed how each of these can be wrong. Here
# are their experiments in small.
#
# ### Distances between clusters mean little
#
# Three clouds of points in fifty dimensions, on one line. The gap between the second and the third is ten times the gap between the first two.

# %%
from sklearn.manifold import TSNE

clouds = np.random.default_rng(SEED)
centres = [0, 20, 220]
X = np.concatenate([clouds.normal(size=(60, 50)) for _ in centres])  # (180, 50)
X[:, 0] += np.repeat(centres, 60)
cloud = np.repeat([0, 1, 2], 60)
flat = TSNE(perplexity=30, init="pca", random_state=SEED).fit_transform(X)  # (180, 2)
middle = np.array([flat[cloud == c].mean(axis=0) for c in range(3)])
gaps = np.linalg.norm(np.diff(middle, axis=0), axis=1)
print(f"true gaps 20 and 200; on the map {gaps[0]:.0f} and {gaps[1]:.0f}")
claim("second gap as a multiple of the first, on the map (true: 10)", gaps[1] / gaps[0],
      at_most=4)

# %% [markdown]
# ### The seed and the perplexity change the picture, and noise has clusters
#
# Half of these books, drawn by chance: with the first seed, with another seed and random start, with a very small and with a large perplexity. Last, points without any structure at all.

# %%
noise = np.random.default_rng(SEED).normal(size=(200, 50))
some = mapped[:250]
maps = {
    "first seed": embeddings.map_2d(U[some], seed=SEED),
    "another seed": embeddings.map_2d(U[some], seed=SEED + 1, init="random"),
    "perplexity 2": embeddings.map_2d(U[some], seed=SEED, perplexity=2),
    "perplexity 100": embeddings.map_2d(U[some], seed=SEED, perplexity=100),
    "pure noise, perplexity 2": embeddings.map_2d(noise, seed=SEED, perplexity=2),
}  # each (points, 2)

# %% alt="Five maps. With another seed the same patches as with the first lie elsewhere; with perplexity 2 the books fall into crumbs; with perplexity 100 they form one cloud; pure noise with perplexity 2 looks full of little clusters."
figure, axes = plt.subplots(1, 5, figsize=(12, 2.9))
for ax, (name, points) in zip(axes, maps.items()):
    if "noise" in name:
        ax.scatter(*points.T, s=8, color="black")
        ax.set(xticks=[], yticks=[])
    else:
        draw_map(ax, points, some, size=8)
    ax.set_title(name, fontsize=10)
plt.show()

# %%
def ten_nearest(points):
    d = ((points[:, None] - points[None]) ** 2).sum(axis=2)  # (n, n)
    return np.argsort(d, axis=1)[:, 1:11]  # (n, 10), without the point itself


def shared(a, b):
    return np.mean([len(set(i) & set(j)) / len(i) for i, j in zip(a, b)])

# %%
true = ten_nearest(U[some])  # rows of length one: the nearest have the largest cosines
near = {name: ten_nearest(points) for name, points in maps.items() if "noise" not in name}
print("of the ten nearest in fifty dimensions, on the map:")
print("  " + ", ".join(f"{name} {shared(true, n):.2f}" for name, n in near.items()))
print(f"of those of the first seed, with another: "
      f"{shared(near['first seed'], near['another seed']):.2f}")

# %% [markdown]
# The first line says how much of the true neighbourhoods each map keeps, the second how much two maps agree with each other. Neighbourhoods survive in part, and nothing else does. So, for a map of this kind:
#
# | do not read | because |
# | --- | --- |
# | the distance between groups | only near neighbours count in what t-SNE minimises |
# | the size of a group | dense regions are spread, thin ones drawn together |
# | the number of groups, from one map | small perplexities crumble everything, noise included |
# | left, right, top, bottom | the map can be turned and mirrored at will |
#
# Look at several perplexities and seeds, and check what you believe to have seen in the fifty dimensions themselves, with numbers, as in section 7.

# %% [markdown]
# ## 10 · UMAP, and a place for a new book
#
# t-SNE finds places for the points that it was given, and knows nothing else: there is no rule to place another point. A new book means a new map, on which everything may lie
# elsewhere. **UMAP** (McInnes, Healy and Melville 2018) builds a graph of neighbours and lays that out; and a new point can be placed among its neighbours without moving the others.
# In scikit-learn's words, UMAP has a `transform`. (Its first call takes some seconds, because it compiles itself.)

# %%
import umap

some, new = mapped[50:], mapped[:50]
reducer = umap.UMAP(metric="cosine", n_neighbors=15, random_state=SEED, n_jobs=1)
old_place = reducer.fit_transform(U[some])  # (some, 2)
new_place = reducer.transform(U[new])  # (new, 2)
claim("t-SNE in scikit-learn can place new points (1: yes, 0: no)",
      int(hasattr(TSNE, "transform")), at_most=0)

# %% alt="Map by UMAP with small coloured points in patches by shelf. Fifty books that were added later are large points with a black edge; most lie among small points of their own colour."
figure, axes = plt.subplots(figsize=(7.6, 4.8))
draw_map(axes, old_place, some, size=12)
for s, colour, mark in zip(shown, colours, "osD^vPX"):
    axes.scatter(*new_place[shelf[new] == s].T, s=90, color=colour, marker=mark,
                 edgecolor="black")
axes.set_title("UMAP: small points made the map, large ones were added later")
axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5),
            title="shelf (others grey)")
plt.show()

# %%
d = ((new_place[:, None] - old_place[None]) ** 2).sum(axis=2)  # (new, some)
around = shelf[some][np.argsort(d, axis=1)[:, :5]]  # (new, 5)
with_shelf = shelf[new] >= 0
landed = (around == shelf[new][:, None])[with_shelf].mean()
claim("new books' five nearest on the map are from their shelf, as a multiple of chance",
      landed / by_chance, at_least=2)

# %% [markdown]
# About half of the neighbours of a new book are from its shelf, several times as many as by chance. These books were new to the map only: the recommender had learned their vectors with all the others. A book
# that is new to the recommender has no vector; until it is trained again, the mean of the vectors of its links can stand in. What the table above says of t-SNE holds for UMAP as well: its groups are often set apart more neatly, which makes the picture more convincing,
# not more true.

# %% [markdown]
# ## 11 · The Embedding Projector
#
# A picture on paper cannot be asked. TensorBoard has a tool for that, the **Embedding Projector**: one turns the cloud of points, colours it by shelf, searches for a title, and has its nearest
# neighbours marked. It runs on your machine and sends nothing anywhere. It needs three files: the vectors, their names, and a note that says which is which.

# %%
import tempfile

folder = tempfile.mkdtemp(prefix="projector_")
columns = {"shelf": data.shelves, "author": data.authors, "country": data.countries}
embeddings.export_projector(folder, vectors, columns, name="books")
for name in sorted(os.listdir(folder)):
    print(name)

# %% [markdown]
# In JupyterLab the next cell opens it, below itself. Give it half a minute, then try *Color by: shelf*, search for a title on the right and click on it, and
# switch from PCA to UMAP at the lower left. It stops together with this notebook's kernel.

# %%
if os.environ.get("JPY_SESSION_NAME"):  # set where somebody has the notebook open
    from IPython.display import IFrame, display
    from tensorboard import program

    board = program.TensorBoard()
    board.configure(argv=[None, "--logdir", folder])
    display(IFrame(board.launch() + "#projector", width="100%", height=700))
else:
    print("Open this notebook in JupyterLab to see the projector here.")

# %% [markdown]
# ## 12 · item2vec: baskets
#
# A shop knows what lies in a basket together, a library what one reader has borrowed. Barkan and Koenigstein (2016) noticed that a basket can be read as a sentence whose words are the things
# in it, and gave it to word2vec. One thing is different: the things in a basket have no order, so everything in it is near everything else. **The window must be the whole basket**, and `shrink_windows=False` keeps gensim from drawing a smaller one for each thing.
#
# There are no real baskets of these books, so the course has invented readers: each has a main taste (a country or a genre), a second one, and some books by chance.

# %%
lists = books.load_reading_lists()
print(" · ".join(lists[0]))

# %%
from gensim.models import Word2Vec

read = books.load_sample()  # the books that the readers have read
kind = {title: {s, c} - {"novel", ""}
        for title, s, c in zip(read.titles, read.shelves, read.countries)}

# %%
longest, same_kind = max(map(len, lists)), {}
for window in (1, longest):
    item2vec = Word2Vec(lists, vector_size=50, window=window, min_count=5, sg=1, negative=5,
                        sample=0, epochs=20, shrink_windows=False, seed=SEED, workers=1)
    hits = [bool(kind[a] & kind[b])
            for a in item2vec.wv.index_to_key for b, _ in item2vec.wv.most_similar(a, topn=5)]
    same_kind[f"window {window}"] = np.mean(hits)
dice = np.random.default_rng(SEED).choice(item2vec.wv.index_to_key, (5_000, 2))
same_kind["any two books"] = np.mean([bool(kind[a] & kind[b]) for a, b in dice])
for name, share in same_kind.items():
    print(f"{name}: {share:.2f} share shelf or country")

# %%
near = item2vec.wv.most_similar("War and Peace", topn=5)
print("War and Peace:", " · ".join(title for title, _ in near))
whole_basket = same_kind[f"window {longest}"]
claim("neighbours that share shelf or country, window of the whole basket", whole_basket,
      at_least=0.7)
claim("what a window of one costs", whole_basket - same_kind["window 1"], at_least=0.1)

# %% [markdown]
# These vectors have never seen a link, a genre or an author. They know who was read with whom, and that is enough. With a window of one the model believes in an order that is not there, throws
# most of the pairs away, and knows less.

# %% [markdown]
# ## 13 · DeepWalk: a network read as text
#
# One more kind of data: a network, such as articles that link to articles. Perozzi, Al-Rfou and Skiena (2014) made sentences of it by **walking at random**: start anywhere, follow a link
# drawn at random, and again. Articles that are met on the same walks get similar vectors.
#
# The real network is Wikispeedia, the articles of a Wikipedia for schools with the subject of each. The sample's is made of our books, their authors and what they link to; its subject is
# the country of a book or author, and pages that name a country or a language, and all categories, were left out of the network, for they would give the answer away.

# %%
from course_utils.datasets import wikispeedia

graph = wikispeedia.load()
both = np.concatenate([graph.links, graph.links[:, ::-1]])  # a link is walked both ways
both = np.unique(both, axis=0)  # sorted by the first: (links, 2)
degree = np.bincount(both[:, 0], minlength=len(graph))  # (articles,)
first = np.searchsorted(both[:, 0], np.arange(len(graph)))  # where an article's neighbours begin
reached = both[:, 1]

# %%
def random_walks(starts, length, rng):
    """From every start at once: (starts, length)."""
    walk = [starts]
    for _ in range(length - 1):
        at = walk[-1]
        walk.append(reached[first[at] + (rng.random(len(at)) * degree[at]).astype(int)])
    return np.stack(walk, axis=1)


starts = np.repeat(np.flatnonzero(degree), 10)  # ten walks from every article
walks = random_walks(starts, STEPS, np.random.default_rng(SEED))  # (walks, STEPS)
print(" → ".join(graph.articles[i] for i in walks[0][:7]))

# %%
deepwalk = Word2Vec(walks.astype(str).tolist(), vector_size=64, window=5, min_count=1, sg=1,
                    negative=5, sample=0, epochs=ROUNDS, seed=SEED, workers=1)
subjects = sorted({s for s in graph.subjects if s and graph.subjects.count(s) >= 12})
subject = np.array([subjects.index(s) if s in subjects else -1 for s in graph.subjects])
labelled = np.random.default_rng(SEED).permutation(np.flatnonzero((subject >= 0) & (degree > 0)))
tenth = len(labelled) // 10
learn, test = labelled[:tenth], labelled[tenth:]
W = np.stack([deepwalk.wv[str(i)] for i in labelled])  # (labelled, 64)

# %% [markdown]
# The subject was not used in learning, so it can test what was learned. A tenth of the articles get their label, and a logistic regression names the rest. Its rival sees the raw network: for each article a
# row with a one for each neighbour.

# %%
neighbours = sparse.csr_array((np.ones(len(both)), both.T), shape=(len(graph), len(graph)))
by_vectors = LogisticRegression(max_iter=500).fit(W[:tenth], subject[learn])
by_rows = LogisticRegression(max_iter=500).fit(neighbours[learn], subject[learn])
named = {"the largest subject": (subject[test] == np.bincount(subject[learn]).argmax()).mean(),
         "rows of the network": by_rows.score(neighbours[test], subject[test]),
         "DeepWalk vectors": by_vectors.score(W[tenth:], subject[test])}
tables.table("Subject of an article from a tenth of the labels",
              [{"input": name, "accuracy": value} for name, value in named.items()])

# %%
claim("accuracy of the subject from DeepWalk vectors", named["DeepWalk vectors"],
      at_least=BOUND["walk"])
claim("what DeepWalk vectors add to naming the largest subject",
      named["DeepWalk vectors"] - named["the largest subject"], at_least=0.1)
claim("accuracy that DeepWalk vectors gain over rows of the network",
      named["DeepWalk vectors"] - named["rows of the network"], at_least=0.005)

# %% [markdown]
# The vectors know what an article is about, though all they were given is who stands next to whom. And with few labels they serve better than the same network as rows of zeros and ones: a head start, as in
# section 8.

# %% [markdown]
# ## 14 · The same lesson on the real data
#
# These tables come from the record of runs of this notebook on book articles of Wikipedia and on Wikispeedia, over three seeds. `make data DATASETS="books wikispeedia"` fetches the data, and this
# notebook uses them at its next run.

# %% tags=["recorded"]
found = tables.recorded("03_entity_embeddings", "Held-out links found")
found

# %% tags=["recorded"] alt="Horizontal bars of recall at 10 on Wikipedia's books, from the record: popularity is far behind; co-occurrence and embeddings are both several times better."
figure, axes = plt.subplots(figsize=(6.4, 2.4))
axes.barh([row["recommender"] for row in found.rows], found.values("recall@10"), color="C0")
plots.label_bars(axes)
axes.set(title="Held-out links of Wikipedia's books among the first ten", xlabel="recall@10",
         xlim=(0, 1))
axes.invert_yaxis()
plt.show()

# %% tags=["recorded"]
tables.recorded("03_entity_embeddings", "Accuracy of the shelf, by labelled books")

# %% tags=["recorded"]
tables.recorded("03_entity_embeddings", "Subject of an article from a tenth of the labels")

# %% [markdown]
# The rivals stand in the same order as on the sample. Real links are noisier than facts from a list, so books are harder to tell apart, and popularity, with more pages to choose from, finds
# less: the embeddings find more than three times as much.

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: recall_at
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `recall_at(ranks, k)`: `ranks` holds the rank of each held-out link, 1 for the best. The answer is the share of them that stand among the first `k`.
#
# <details><summary>Hint</summary>Comparing an array with a number gives an array of truths; the mean of truths is a share.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def recall_at(ranks, k):
    """Share of `ranks` (pairs,) that are among the first k."""
    return np.mean(np.asarray(ranks) <= k)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="ranks start at 1"
def recall_at(ranks, k):
    return np.mean(np.asarray(ranks) < k)

# %% tags=["wrong"] message="a share, not a number of links"
def recall_at(ranks, k):
    return np.sum(np.asarray(ranks) <= k)

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
    assert given is not None, "recall_at gives None: does it return the share?"
    assert given != 0.4, "with ranks 1, 3, 4, 20, 2 and k = 3 three links are found, not two: ranks start at 1, so rank 3 is among the first 3"
    assert given != 3, "recall_at must give a share, not a number of links: of 5 links 3 are found"
    assert abs(recall_at(r, 4) - 1) > 1e-9, "divided by k: that is precision, the share of what was shown; recall is the share of what was to be found"
    assert abs(given - 0.6) < 1e-9, f"with ranks 1, 3, 4, 20, 2 and k = 3 the recall is 0.6, not {given}"
    assert abs(recall_at(np.array([5, 6]), 4)) < 1e-9 and abs(recall_at(np.array([5, 6]), 6) - 1) < 1e-9, "nothing found is 0, everything found is 1"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_recall_at_hidden(recall_at):
    import numpy as np

    r = np.array([2, 9, 5, 5, 1, 30, 11, 5])
    for k, found in ((1, 1), (5, 5), (10, 6), (100, 8)):
        assert abs(recall_at(r, k) - found / 8) < 1e-9, f"not right for k = {k} and the ranks {r}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: knows_nothing
# points: 1

# %% [markdown]
# **Exercise 2. How many negatives?** `NEGATIVES` is a choice. Somebody trains once with one negative for each positive and once with ten, finds a much lower loss with ten, and is glad. Write
# `knows_nothing(negatives)`: the cross-entropy of a model that cannot tell any pair from another, and answers each with the share of positives. Compare 1, 2 and 10. Then change `NEGATIVES` in the
# settings to 5, run the notebook again, and look at recall instead of loss.
#
# <details><summary>Hint 1</summary>With $K$ negatives for each positive the share of positives is $p = 1/(1+K)$.</details>
# <details><summary>Hint 2</summary>A positive costs $-\ln p$, a negative $-\ln(1-p)$. The cross-entropy is the mean over all pairs.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def knows_nothing(negatives):
    """Mean cross-entropy of always answering with the share of positives."""
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

# %% tags=["wrong"] message="share of positives is 1/(1+K)"
def knows_nothing(negatives):
    p = 1 / negatives if negatives > 1 else 0.5
    return -p * np.log(p) - (1 - p) * np.log(1 - p)

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
    assert abs(knows_nothing(1) - np.log(2)) < 1e-6, "with K = 1 the answer is always one half, and costs ln 2"
    assert abs(given - 0.636514) < 1e-5, f"with K = 2 the loss is 0.637, not {given:.3f}: the share of positives is 1/(1+K)"
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
# With ten negatives, a model that knows nothing at all has less than half the loss that it has with one. Losses with different ratios cannot be compared; recall can.

# %% [raw]
# # BEGIN QUESTION
# name: loss_slopes
# points: 2

# %% [markdown]
# **Exercise 3. Squared error or cross-entropy?** The recommender could as well be trained with the squared error $(p-y)^2$, and often is. What would change? Let $z$ be what stands inside of the
# sigmoid, $p = \sigma(z)$. Write `loss_slopes(z, y)`: the slopes of both losses, $\partial/\partial z$ of the cross-entropy and of the squared error. Then look at a pair that the model gets
# badly wrong, $z = -6$ and $y = 1$: which loss does something about it?
#
# <details><summary>Hint 1</summary>$\sigma'(z) = p(1-p)$. With the chain rule, in the cross-entropy almost everything cancels.</details>
# <details><summary>Hint 2</summary>$\partial/\partial p\,(p-y)^2 = 2(p-y)$, and then on to $z$.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def loss_slopes(z, y):
    """Slopes in z of cross-entropy and of squared error, for p = sigmoid(z)."""
    # BEGIN SOLUTION
    p = sigmoid(z)
    return p - y, 2 * (p - y) * p * (1 - p)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="on to z"
def loss_slopes(z, y):
    p = sigmoid(z)
    return p - y, 2 * (p - y)

# %% tags=["wrong"] message="the sign"
def loss_slopes(z, y):
    p = sigmoid(z)
    return y - p, 2 * (y - p) * p * (1 - p)

# %% tags=["wrong"] message="in p, not in z"
def loss_slopes(z, y):
    p = sigmoid(z)
    return (p - y) / (p * (1 - p)), 2 * (p - y) * p * (1 - p)

# %% [raw]
# # BEGIN TESTS

# %%
def test_loss_slopes(loss_slopes):
    import numpy as np

    def s(z):
        return 1 / (1 + np.exp(-z))

    for z, y in ((0.3, 1.0), (-2.0, 1.0), (1.5, 0.0)):
        given = loss_slopes(z, y)
        assert given is not None, "loss_slopes gives None: does it return both slopes?"
        entropy, squared = given
        p, h = s(z), 1e-6
        high, low = (-(y * np.log(q) + (1 - y) * np.log(1 - q)) for q in (s(z + h), s(z - h)))
        true_e = (high - low) / (2 * h)
        true_s = ((s(z + h) - y) ** 2 - (s(z - h) - y) ** 2) / (2 * h)
        assert entropy * true_e > 0, f"at z = {z}, y = {y} the slope of the cross-entropy has the sign of {true_e:.3f}, yours is {entropy:.3f}: look at the sign"
        assert abs(squared - 2 * (p - y)) > 1e-6, "the squared error's slope is the one in p: go on to z, with p(1-p)"
        assert abs(entropy * p * (1 - p) - true_e) > 1e-6, "the cross-entropy's slope is the one in p, not in z: multiply by p(1-p), and see what cancels"
        assert abs(entropy - true_e) < 1e-6, f"at z = {z}, y = {y} the slope of the cross-entropy is {true_e:.4f}, yours is {entropy:.4f}"
        assert abs(squared - true_s) < 1e-6, f"at z = {z}, y = {y} the slope of the squared error is {true_s:.4f}, yours is {squared:.4f}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_loss_slopes_hidden(loss_slopes):
    import numpy as np

    for z, y in ((-6.0, 1.0), (0.8, 0.0), (2.5, 1.0), (-1.0, 0.0)):
        p = 1 / (1 + np.exp(-z))
        assert np.allclose(loss_slopes(z, y), (p - y, 2 * (p - y) * p * (1 - p)), atol=1e-6), f"not right for z = {z}, y = {y}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The more wrong the model is, the harder cross-entropy pulls, up to a slope of one; squared error gives up where the sigmoid is flat. With a cosine inside and a small scale at the start the sigmoid is
# steep there, so both work here. Where scores can run away, only one does.

# %% [raw]
# # BEGIN QUESTION
# name: walk_with_return
# points: 2

# %% [markdown]
# **Exercise 4. A walk that returns.** Write `walk_with_return(start, length, alpha, reached_from, rng)`: a list of `length` articles that begins with `start`. Each next article is `start` itself with probability `alpha`, and otherwise a random neighbour of the last one; a jump takes a place in the list
# like any other step. `reached_from` is a dictionary: article to list of neighbours. Such a walk stays around its start, and the articles that it meets most often can be recommended there (*personalised PageRank*).
#
# <details><summary>Hint 1</summary><code>rng.random() < alpha</code> is true with probability alpha.</details>
# <details><summary>Hint 2</summary><code>rng.integers(n)</code> draws one of n places.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def walk_with_return(start, length, alpha, reached_from, rng):
    """List of `length` articles, the first is `start`."""
    # BEGIN SOLUTION
    walk = [start]
    while len(walk) < length:
        near = reached_from[walk[-1]]
        walk.append(start if rng.random() < alpha else near[rng.integers(len(near))])
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

# %% tags=["wrong"] message="goes on from the start"
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

# %% tags=["wrong"] message="too rarely"
def walk_with_return(start, length, alpha, reached_from, rng):
    walk = [start]
    while len(walk) < length:
        near = reached_from[walk[-1]]
        back = rng.random() > alpha and alpha > 0.5
        walk.append(start if back else near[rng.integers(len(near))])
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
    assert set(steps) <= {1, 49}, "each step must go on from where the walk is, to a neighbour; this one goes on from the start"
    walks = [walk_with_return(7, 200, 0.8, ring, rng) for _ in range(200)]
    far = [b for walk in walks for a, b in zip(walk, walk[1:]) if (a - 7) % 50 not in (1, 49, 0)]
    assert far, "with alpha = 0.8 the walk never gets two steps away from its start"
    back, beside = np.mean([b == 7 for b in far]), np.mean([b in (6, 8) for b in far])
    assert beside < 0.5, "the walk jumps and at once steps on: a jump takes a place in the walk, so `start` itself must appear there"
    assert back > 0.7, f"with alpha = 0.8 the walk jumps back from afar in {back:.2f} of the cases: too rarely"
    assert 0.7 < back < 0.9, f"with alpha = 0.8 the walk jumps back in {back:.2f} of the cases"

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
        assert np.allclose(np.mean(seen, axis=0), wanted, atol=0.03), f"the share of jumps and of each neighbour, for alpha = {alpha}"
        assert alpha == 1 or walks[0] != walks[1], "two walks with one generator are the same"
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
# **Exercise 5, a stretch: the gradient of the recommender.** Keras has trained $u_i$ without showing you how. For one pair with label $y$ let $c = \cos(u, v)$, $p = \sigma(w c + b)$, and $L$ the cross-entropy. Write
# `cosine_gradient(u, v, w, b, y)`: $\partial L/\partial u$, as an array like $u$. The check compares it with finite differences. When it passes, take its dot product with `u`: what does the answer mean for the length of $u$?
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
    p = sigmoid(w * c + b)
    return (p - y) * w * (v_hat - c * u_hat) / np.linalg.norm(u)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="along u"
def cosine_gradient(u, v, w, b, y):
    c = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
    p = sigmoid(w * c + b)
    return (p - y) * w * v / np.linalg.norm(v) / np.linalg.norm(u)

# %% tags=["wrong"] message="factor w"
def cosine_gradient(u, v, w, b, y):
    u_hat, v_hat = u / np.linalg.norm(u), v / np.linalg.norm(v)
    c = u_hat @ v_hat
    p = sigmoid(w * c + b)
    return (p - y) * (v_hat - c * u_hat) / np.linalg.norm(u)

# %% tags=["wrong"] message="length of u"
def cosine_gradient(u, v, w, b, y):
    u_hat, v_hat = u / np.linalg.norm(u), v / np.linalg.norm(v)
    c = u_hat @ v_hat
    p = sigmoid(w * c + b)
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
        straight = np.allclose(given, size * true, atol=1e-6)
        assert straight or abs(given @ u) < 1e-6, "the gradient has a part along u: making u longer does not change a cosine, so that part must be taken off"
        assert not (straight and abs(size * w - 1) < 1e-3), "the direction is right, but the factor w is missing: z = w c + b"
        assert not (straight and abs(size - np.linalg.norm(u)) < 1e-3), "the direction is right, but the length of u is missing: turning a long vector takes a longer step"
        assert np.allclose(given, true, atol=1e-6), f"for y = {y:.0f} dL/du is {np.round(true, 3)}, yours is {np.round(given, 3)}"

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
        assert np.allclose(cosine_gradient(u.copy(), v.copy(), w, b, y), wanted, atol=1e-6), f"not right for {d} numbers and w = {w}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# The dot product with `u` is zero: a step along the gradient turns $u$ and never shortens it. Plain gradient descent on a normalised dot product can only make vectors longer, and longer vectors turn more slowly: the learning rate
# falls by itself. (Adam, which trained ours, scales each coordinate on its own, so its steps are not exactly at a right angle to $u$.)

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Negatives that are positives**, most of all when popular things are drawn more often. The loss does not complain.
# - **A cosine straight into a sigmoid.** Without a scale it cannot be sure of anything.
# - **Believing a falling loss.** Put pairs away, rank everything, and compare with popularity *and* with counting.
# - **Letting the answer in.** If the label is among the links, of course the vectors "know" it.
# - **Comparing losses with different numbers of negatives.** Exercise 2.
# - **Reading distances, sizes or numbers of clusters off a t-SNE or UMAP map**, or showing the one seed that looked best.
# - **A small window for baskets.** There is no order in a basket.
#
# ## References
#
# - W. Koehrsen (2018). Building a recommendation system using neural network embeddings. *Towards Data Science*; github.com/WillKoehrsen/wikipedia-data-science. The recommender and its data.
# - C. Guo, F. Berkhahn (2016). Entity embeddings of categorical variables. *arXiv:1604.06737*.
# - O. Barkan, N. Koenigstein (2016). Item2vec: neural item embedding for collaborative filtering. *MLSP*.
# - B. Perozzi, R. Al-Rfou, S. Skiena (2014). DeepWalk: online learning of social representations. *KDD*.
# - B. Sarwar, G. Karypis, J. Konstan, J. Riedl (2001). Item-based collaborative filtering recommendation algorithms. *WWW*. The rival that counts.
# - L. van der Maaten, G. Hinton (2008). Visualizing data using t-SNE. *Journal of Machine Learning Research* 9.
# - L. McInnes, J. Healy, J. Melville (2018). UMAP: uniform manifold approximation and projection for dimension reduction. *arXiv:1802.03426*.
# - M. Wattenberg, F. Viégas, I. Johnson (2016). How to use t-SNE effectively. *Distill*.
# - R. West, J. Pineau, D. Precup (2009). Wikispeedia: an online game for inferring semantic distances between concepts. *IJCAI*.

# %% [markdown]
# # 10 · Sentiment: an honest ladder
#
# Is a review praise or blame? You have met a dozen ways to find out, each in a lesson of its own, on data of its own, with settings of its own. So nobody can say yet which is best, and how much the last
# point of accuracy costs. This lesson puts them on one ladder: one split of the reviews, choices made on a validation part, the test part opened once, and beside each accuracy the parameters and the seconds it took.
#
# There is a surprise on the way. A linear model that counts runs of words beats every recurrent network that is trained in the usual way. At the end a network is built that knows what the counts know, and reads.
#
# **You will be able to**
#
# 1. compare models so that the comparison means something: one split, one opening of the test part, several seeds, the cost beside the score;
# 2. read learning curves, see overfitting in them, and stop in time;
# 3. build a strong baseline of naive Bayes ratios and logistic regression, and hand its knowledge to a recurrent network without fooling yourself;
# 4. train a network that can be interrupted and goes on where it stopped, save it, load it, and ask it about your own text;
# 5. look at errors by kind, and find the words that moved an answer.
#
# **Before this lesson:** lessons [01](01_one_hot_and_bag_of_words.ipynb), [02](02_word_embeddings.ipynb), [08](08_deep_and_bidirectional.ipynb) and [09](09_text_pipeline.ipynb). **Time:** about 60 minutes to read and
# try, 40 minutes for the exercises; on two cores all cells together run in about a minute on the embedded sample, and in some ten minutes on IMDB.

# %% [markdown]
# ## Settings and data
#
# `LONG` decides whether the slow rungs of the ladder are climbed, too: the networks as they were published, and what each part of the best one adds. On the sample that takes seconds, on IMDB about half an hour more.

# %%
import os
from sys import intern
from time import perf_counter

import keras
import numpy as np
import tensorflow as tf

from course_utils import plots, results, sentiment
from course_utils.claims import claim
from course_utils.datasets import reviews
from course_utils.text import Vocabulary, tokenize
from course_utils.training import Batches, ProgressBar, Resume

tf.get_logger().setLevel("ERROR")  # else TensorFlow complains of as many graphs as models

# %%
SEED = int(os.environ.get("COURSE_SEED", 0))
data = reviews.load(seed=SEED)
LONG = data.source == "sample" or os.environ.get("COURSE_LONG") == "1"
SIZES = {
        "sample": dict(words=2_000, buckets=200, trees=200, units=16, gru=32, d=32, epochs=2,
                   batch=100, reader_epochs=5, epsilon=0.5, table=2**20, published=100,
                   cut=(10, 50), rate=2e-2, step=20, scale=0.1),
        "real": dict(words=20_000, buckets=1_000, trees=1_000, units=64, gru=128, d=128, epochs=6,
                 batch=128, reader_epochs=5, epsilon=2.0, table=2**25, published=32,
                 cut=(100, 300), rate=2e-3, step=50, scale=0.5),
}[data.source]

# %%
splits = {"train": data.train, "validation": data.validation, "test": data.test}
# intern: one string for a word, however often it stands in the reviews; saves a gigabyte on IMDB
words = {name: [list(map(intern, tokenize(text))) for text in split.texts]
         for name, split in splits.items()}
y = {name: split.labels for name, split in splits.items()}
n_test = len(y["test"])
error = np.sqrt(0.25 / n_test)  # standard error of a test accuracy, at most
print(f"{len(y['train']):,} reviews to train on, {len(y['validation']):,} to choose with, "
      f"{n_test:,} for the test: accuracy to ± {error:.4f}")

# %% [markdown]
# ## 1 · The rules
#
# 1. **One split.** Every model learns from the same training reviews.
# 2. **Choices on the validation part.** When to stop, which size, which of two models: the validation reviews say.
# 3. **The test part is opened once,** in section 8, for all models together. A score that has been looked at while choosing is no longer a test.
# 4. **The cost stands beside the score:** parameters, and seconds of training on this machine, with all that was learned or counted before. Only cutting texts into words is free, for all need it.
# 5. **A difference is a difference when it is larger than chance.** With $n$ test reviews, an accuracy is uncertain by at most about $\sqrt{0.25 / n}$, one standard error, and another seed gives another network. So on IMDB everything is run three times.
#
# Every rung keeps a function that judges reviews; nothing but the validation accuracy is looked at until section 8.

# %%
rungs, judges = [], {}


def rung(name, judge, parameters, seconds):
    """Keep a model: `judge` takes the name of a split and gives P(praise) for its reviews."""
    validation = ((judge("validation") > 0.5) == y["validation"]).mean()
    rungs[:] = [row for row in rungs if row["model"] != name]  # a cell may be run again
    rungs.append({"model": name, "parameters": parameters, "seconds": seconds,
                  "validation": validation})
    judges[name] = judge
    print(f"{name}: validation accuracy {validation:.3f}, {seconds:.1f} s")

# %% [markdown]
# ## 2 · The ground floor
#
# Whoever always gives the same answer is right in half of the cases. Any model must be better than that.

# %%
share = y["train"].mean()  # of praise
rung("always the same", lambda split: np.full(len(y[split]), share), 0, 0.0)

# %% [markdown]
# The first idea of many beginners: a text is a row of ids, and a random forest takes rows of numbers. We cut or pad each review to its last 80 ids and grow many trees. As the parameters of the forest we count the nodes of all trees.

# %%
from sklearn.ensemble import RandomForestClassifier

vocabulary = Vocabulary.from_documents(words["train"], size=SIZES["words"])
ids = {name: [vocabulary.encode(review) for review in part] for name, part in words.items()}
ids_80 = {name: keras.utils.pad_sequences(part, 80) for name, part in ids.items()}  # (n, 80)
begun = perf_counter()
forest = RandomForestClassifier(SIZES["trees"], n_jobs=2, random_state=SEED)
forest.fit(ids_80["train"], y["train"])
rung("random forest on ids", lambda split: forest.predict_proba(ids_80[split])[:, 1],
     sum(tree.tree_.node_count for tree in forest.estimators_), perf_counter() - begun)

# %% [markdown]
# Hundreds of trees, and hardly better than a coin. A tree asks *is the id at place 17 larger than 412?* But ids are names, numbered by how common they are; that one is larger than another says nothing about
# opinion, and which word stands at place 17 is chance. The input was wrong, not the forest.
#
# ## 3 · Counting
#
# The bag of words of lesson 01, with a logistic regression on top. `binary=True` asks whether a word is there, not how often; the `analyzer` hands over our tokens as they are.

# %%
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

begun = perf_counter()
counter = CountVectorizer(analyzer=lambda review: review, binary=True, min_df=2)
bags = {"train": counter.fit_transform(words["train"])}  # sparse (n, V)
bags |= {name: counter.transform(words[name]) for name in ("validation", "test")}
bag_model = LogisticRegression(C=0.03, solver="liblinear").fit(bags["train"], y["train"])
rung("bag of words", lambda split: bag_model.predict_proba(bags[split])[:, 1],
     bag_model.coef_.size + 1, perf_counter() - begun)

# %% [markdown]
# ### Naive Bayes, and a regression that knows it
#
# *not*, *good* and *not good* say different things, so runs of two and three words should be counted, too. On IMDB that makes more than a million features for 20,000 reviews, most of them seen a few times.
# A regression that starts from nothing has to find a weight for each. **NB-SVM** (Wang and Manning 2012) tells it beforehand which runs matter. For a run $g$ let $p_g$ be the number of reviews with praise that have it, $q_g$ the number of reviews with blame that have it,
# and take the **log-count ratio**
#
# $$r_g = \ln \frac{(p_g + 1) \,/\, \sum_j (p_j + 1)}{(q_g + 1) \,/\, \sum_j (q_j + 1)}$$
#
# It is positive for runs that come with praise, and near zero for *the*. Adding up the ratios of a review's runs is **naive Bayes** (where praise and blame are equally frequent). In NB-SVM every feature is multiplied by its ratio before the regression sees it: a
# run that tells much is a large feature, and large features need only small weights, which a penalty on weights leaves alone.

# %%
begun = perf_counter()
runs_counter = CountVectorizer(analyzer="word", tokenizer=lambda review: review, binary=True,
                               preprocessor=lambda review: review, token_pattern=None,
                               ngram_range=(1, 3), min_df=2, dtype=np.float32)
runs = {"train": runs_counter.fit_transform(words["train"])}  # sparse (n, runs)
runs |= {name: runs_counter.transform(words[name]) for name in ("validation", "test")}
p, q = (runs["train"][y["train"] == label].sum(axis=0) + 1 for label in (1, 0))
r = np.asarray(np.log((p / p.sum()) / (q / q.sum()))).ravel()  # (runs,)
weighted = {name: part.multiply(r).tocsr() for name, part in runs.items()}
nb_model = LogisticRegression(C=1.0, solver="liblinear", dual=True, max_iter=200)
nb_model.fit(weighted["train"], y["train"])
rung("NB-SVM, runs of 1 to 3", lambda split: nb_model.predict_proba(weighted[split])[:, 1],
     nb_model.coef_.size + 1, perf_counter() - begun)

# %%
names = runs_counter.get_feature_names_out()
by_ratio = np.argsort(r)
print("praise:", ", ".join(names[by_ratio[:-9:-1]]))
print("blame: ", ", ".join(names[by_ratio[:8]]))

# %% [markdown]
# These runs stand almost only in reviews of one side. Their ratios are the largest, whether they are opinions or not; the weights sort that out.
#
# (We call it NB-SVM as the paper does, though on top there is a logistic regression and no support vector machine; the difference between the two is small.)
#
# ## 4 · Networks, as one finds them
#
# All networks are trained by the same function: stop when the validation loss has risen, or at the latest after `epochs` epochs, and go back to the weights of the best epoch. It keeps the losses for the learning curves.

# %%
curves = {}


def train(name, model, inputs, batch_size, epochs=SIZES["epochs"], optimizer="adam"):
    model.compile(optimizer, "binary_crossentropy", jit_compile=data.source == "real")
    stop = keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True)
    begun = perf_counter()
    history = model.fit(inputs["train"], y["train"], batch_size=batch_size, epochs=epochs,
                        validation_data=(inputs["validation"], y["validation"]), verbose=0,
                        validation_batch_size=500, callbacks=[ProgressBar(), stop])
    seconds = perf_counter() - begun
    curves[name] = history.history["loss"], history.history["val_loss"]
    rung(name, lambda split: model.predict(inputs[split], 500, verbose=0)[:, 0],
         model.count_params(), seconds)

# %% [markdown]
# The mean embedding of lesson 02 first, then a simple RNN, both on the last 80 words.

# %%
layers = keras.layers


def network(*between, n_ids=None):
    """Ids (batch, time) to P(praise) (batch, 1), with the layers `between` in the middle"""
    return keras.Sequential([keras.Input((None,), dtype="int32"),
                             layers.Embedding(n_ids or len(vocabulary), SIZES["d"],
                                              mask_zero=True),  # (batch, time, d)
                             *between,
                             layers.Dense(1, activation="sigmoid")])


keras.utils.set_random_seed(SEED)
train("mean embedding", network(layers.GlobalAveragePooling1D()), ids_80, SIZES["batch"],
      epochs=30, optimizer=keras.optimizers.Adam(0.01))
train("SimpleRNN", network(layers.SimpleRNN(SIZES["units"])), ids_80, SIZES["batch"],
      optimizer=keras.optimizers.Adam(clipnorm=1.0))

# %% [markdown]
# Then two networks as they have been published, in books and examples that many people start from. The first is Keras's own example of an LSTM: the 20,000 commonest words, the last 80 of a review, an embedding of 128 numbers, 64 units (the Python version has 128),
# dropout and recurrent dropout of 0.2. The second reads the first 300 characters of a review, with the pipeline of lesson 09, through two layers of GRU (Géron 2019). Two things are ours: padding is masked, and training stops early. On the sample both networks are smaller and stop after two epochs, before they have learned what an LSTM can learn there (lesson 06); their turn comes on IMDB.

# %%
if LONG:
    keras.utils.set_random_seed(SEED)
    dropout = dict(dropout=0.2, recurrent_dropout=0.2)
    train("LSTM, 80 words (published)", network(layers.LSTM(SIZES["units"], **dropout)),
          ids_80, SIZES["published"])

# %%
if LONG:
    begins = {name: [tokenize(text[:300], lower=False) for text in split.texts]
              for name, split in splits.items()}
    cased = Vocabulary.from_documents(begins["train"], SIZES["words"] // 2, SIZES["buckets"])
    ids_300 = {name: keras.utils.pad_sequences([cased.encode(review) for review in part],
                                               padding="post")
               for name, part in begins.items()}  # (n, longest)
    two = layers.GRU(SIZES["gru"], return_sequences=True), layers.GRU(SIZES["gru"])
    train("2 × GRU, 300 characters (published)", network(*two, n_ids=len(cased)), ids_300,
          SIZES["published"])

# %%
names = list(curves)
figure, axes = plots.figure(1, len(names), size=(2.6 * len(names), 2.9), sharey=True)
for ax, name in zip(axes, names):
    for losses, label, style in zip(curves[name], ("training", "validation"), ("o-", "s--")):
        ax.plot(range(1, len(losses) + 1), losses, style, label=label)
    ax.set(title=name.replace(", ", "\n"), xlabel="epoch", xticks=range(1, len(losses) + 1))
axes[0].set_ylabel("cross-entropy")
axes[0].legend(frameon=False)
plots.show(figure, alt="""Learning curves of the networks: training loss falls in each of them from
    epoch to epoch. The validation loss falls less, and where it rises again training has been
    stopped.""")

# %% [markdown]
# The training loss is the mean over an epoch in which the network was still learning, so at first the dashed line may lie below. Later the distance between the two lines is what a network knows about its training reviews and cannot use on others. Where the dashed line turns up while the other goes on falling, the network **overfits**: it learns these reviews by heart. `EarlyStopping`
# ends the training there, and gives back the weights of the best epoch. 
#
# ## 5 · What is missing?
#
# Compare what the counting models get and what the networks get. A network has to learn from the labels what *every* word means, and sees only a part of each review. Three remedies, each for one of the defects:
#
# - **whole reviews**, in length buckets, so that it costs little (lesson 09);
# - **all states, not the last**: the maximum and the mean of a bidirectional layer's states over time. An opinion in the middle of a long review need not be carried to its end;
# - **vectors that are already known**: word2vec, trained on the texts of all reviews, labelled or not (lesson 02).

# %%
def max_and_mean(h, mask):
    """Maximum and mean over the words only: (batch, time, units), (batch, time) -> (batch, 2 units)"""
    is_word = keras.ops.cast(mask, "float32")[:, :, None]  # (batch, time, 1)
    largest = keras.ops.max(h - 2 * (1 - is_word), axis=1)  # states lie between −1 and 1
    mean = keras.ops.sum(h * is_word, axis=1) / keras.ops.sum(is_word, axis=1)
    return layers.Concatenate()([largest, mean])


head, tail = SIZES["cut"]
unknown = np.array([len(vocabulary) - 1])  # stands for an empty review
whole = {name: [sentiment.shorten(review, (head, tail)) if len(review) else unknown
                for review in part] for name, part in ids.items()}  # n arrays (time,)
cut = np.mean([len(review) > head + tail for review in ids["train"]])
print(f"{cut:.1%} of the reviews are longer than {head + tail} words; "
      f"of those the first {head} and the last {tail} are read")

# %% [markdown]
# The test texts are not used for the vectors, though no label would be needed. At the end all vectors are multiplied by one number, so that the spread of their entries is `SIZES["scale"]`; words without a vector stay at 0.

# %%
from gensim.models import Word2Vec

begun = perf_counter()
texts = words["train"] + words["validation"] + [list(map(intern, tokenize(text)))
                                                for text in data.unlabelled]
word2vec = Word2Vec(texts, vector_size=SIZES["d"], window=5, negative=5, sample=1e-4,
                    min_count=2, epochs=3, seed=SEED, workers=1 if data.source == "sample" else 2)
vectors = np.zeros((len(vocabulary), SIZES["d"]), dtype="float32")
known = [(i, word) for word, i in vocabulary.ids.items() if word in word2vec.wv]
for i, word in known:
    vectors[i] = word2vec.wv[word]
vectors *= SIZES["scale"] / vectors[1:].std()
word2vec_seconds = perf_counter() - begun
print(f"{len(known):,} of {len(vocabulary):,} words have a vector; {word2vec_seconds:.0f} s")

# %% [markdown]
# ## 6 · Evidence, and how not to fool oneself with it
#
# What do the counting models know that the networks do not? They know of a million runs of words how often each came with praise. A network could be told! Beside the vector of the word at step $t$ it gets three numbers: the log-count ratios of the runs
# of one, two and three words that end at step $t$. (Here the counts are divided by the numbers of reviews, $r_g = \ln\frac{p_g + 1}{q_g + 1} - \ln\frac{n_1 + 1}{n_0 + 1}$ with $n_1$ reviews of praise and $n_0$ of blame, and a run that nobody has counted gets 0.) It no longer has to learn that *waste of time* is blame; it can learn what to make of it, after *not a*, or in the middle of a story that is being retold.

# %% [markdown]
# There are too many runs for a list. As with the pieces of words in lesson 02, a hash of a run's ids gives it a row in a table of fixed size, and a few runs share a row. They must be few: where most rows are in use, a run that nobody has counted meets the counts of another one. So the table has many more rows than there are runs. `sentiment.places` gives the three rows at each step; row 0 is for runs that would begin before the text.
# `evidence.add` counts each row once for each review.

# %%
begun = perf_counter()
evidence = sentiment.Evidence(SIZES["table"])
places = {name: [sentiment.places(review, SIZES["table"]) for review in part]
          for name, part in whole.items()}  # n arrays (time, 3): rows of the table of counts
for review, label in zip(places["train"], y["train"]):
    evidence.add(review, label)
table = evidence.table()  # (rows,): a log-count ratio each
used = evidence.counts.any(axis=0).mean()
print(f"{used:.0%} of {len(table):,} rows are in use")

# %% [markdown]
# But there is a trap. The ratios were counted on the training reviews. A run that occurs in one review only, and there are very many, gets its ratio from that review's own label. On the training reviews the ratios *are* the labels; a network would
# learn to believe them blindly, and be lost on a review whose runs it has not counted. So for each training review its own counts are taken out first: its evidence is what all the *other* reviews say about it. For validation and test
# reviews there is nothing to take out. (NB-SVM multiplied by ratios with own counts in. It suffers less: its ratio is one constant for each run in all reviews, and the regression still gives each run a weight of its own.)

# %%
others = [evidence.of_others(review, label) for review, label in zip(places["train"], y["train"])]
evidence_seconds = perf_counter() - begun
own = [table[review] for review in places["train"]]
fresh = [table[review] for review in places["validation"]]


def naive_bayes(ratios, split):
    """Accuracy of adding up the evidence, on reviews without a twin"""
    twins = splits[split].twins
    single = np.ones(len(ratios), bool) if twins is None else twins < 0
    right = np.array([review.sum() > 0 for review in ratios]) == y[split]
    return right[single].mean()


accuracy = {"own counts in": naive_bayes(own, "train"),
            "own counts out": naive_bayes(others, "train"),
            "new reviews": naive_bayes(fresh, "validation")}
print({name: f"{value:.3f}" for name, value in accuracy.items()})

# %%
claim("own counts in: naive Bayes on its training reviews", accuracy["own counts in"],
      at_least=0.95)
claim("own counts out: training minus validation accuracy of naive Bayes",
      accuracy["own counts out"] - accuracy["new reviews"], close_to=0, within=0.05)

# %% [markdown]
# With its own counts in, adding up the ratios is right about nearly every training review, and that means nothing. With them out, it is about as good as on new reviews. Evidence that was made from labels must pass this test: it must look the same where the network learns and where it is used. (The accuracies leave out the twins of lesson 01. In training, a twin's evidence comes from a review with the same words and the other label; that does not happen with new reviews, and taking out one's own counts does not mend it.)

# %%
shown = "it was not a bad film but the end was dull".split()
row = sentiment.places(vocabulary.encode(shown), SIZES["table"])
figure, axes = plots.figure(size=(8.6, 3.0))
for n, colour in zip(range(3), (plots.SKY, plots.BLUE, plots.BLACK)):
    axes.bar(np.arange(len(shown)) + 0.27 * (n - 1), table[row[:, n]], 0.25, color=colour,
             label=f"run of {n + 1}")
axes.set(title="Evidence at each word, from the runs that end there", ylabel="log-count ratio",
         xticks=range(len(shown)))
axes.set_xticklabels(shown)
axes.axhline(0, color="black", linewidth=0.8)
axes.legend(frameon=False, ncols=3)
plots.show(figure, alt="""Three bars at each word of a sentence: the log-count ratios of the run of
    one, two and three words that ends there. Most are near zero; words and runs of opinion
    have long bars, upwards for praise and downwards for blame.""")

# %% [markdown]
# The bar of *bad* points down. The longer runs that end there need not: *a bad* and *not a bad* are counted for themselves. What *but* does to all that came before it no run of three words can say; that is left to the network.

# %% [markdown]
# ## 7 · A network that knows the counts, and reads
#
# Everything together: vectors that are known, evidence, whole reviews, a bidirectional LSTM, the maximum and the mean over time. With `COURSE_LONG=1` on IMDB it is also trained without evidence, and without evidence and known vectors, to see what each adds.
#
# Its last layer also sees the sum of each kind of ratio. A plain sum grows with the review's length; divided by the root of the number of words it stays of one size. So naive Bayes is handed over as three numbers, and the network can begin where it ends.

# %%
def after_the_vectors(with_evidence):
    """From word vectors to P(praise)"""
    x = keras.Input((None, SIZES["d"]), name="x")  # (batch, time, d)
    ratios = keras.Input((None, 3), name="ratios")  # (batch, time, 3), 0 at padding
    mask = keras.Input((None,), dtype="bool", name="mask")  # (batch, time)
    read = layers.SpatialDropout1D(0.4)(x)
    read = layers.Concatenate()([read, ratios]) if with_evidence else read
    h = layers.Bidirectional(layers.LSTM(SIZES["units"], return_sequences=True))(read, mask=mask)
    pooled = max_and_mean(h, mask)  # (batch, 4 units)
    if with_evidence:
        n_words = keras.ops.sum(keras.ops.cast(mask, "float32"), axis=1, keepdims=True)
        summed = keras.ops.sum(ratios, axis=1) / keras.ops.sqrt(n_words)  # (batch, 3)
        pooled = layers.Concatenate()([pooled, summed])
    p = layers.Dense(1, activation="sigmoid")(layers.Dropout(0.4)(pooled))
    return keras.Model([x, ratios, mask], p, name="after_the_vectors")

# %%
def reader(known_vectors=True, with_evidence=True):
    ids = keras.Input((None,), dtype="int32", name="ids")  # (batch, time)
    ratios = keras.Input((None, 3), name="ratios")
    x = layers.Embedding(len(vocabulary), SIZES["d"], name="vectors",
                         weights=[vectors] if known_vectors else None)(ids)
    p = after_the_vectors(with_evidence)([x, ratios, keras.ops.not_equal(ids, 0)])
    return keras.Model({"ids": ids, "ratios": ratios}, p)

# %% [markdown]
# ### Practice against the worst small change
#
# The network has more than twenty weights for each training review of the sample, more than a hundred for each of IMDB, and soon knows the reviews by heart. Dropout makes that harder by changing the input at random. **Adversarial training** (Goodfellow and others 2015; for texts Miyato and others 2017) changes it on purpose. Let $X$ be
# the word vectors of a review and $L(X)$ the loss. The gradient $G = \partial L / \partial X$ points to where the loss grows fastest, so among all changes of length $\varepsilon$ the worst is about
#
# $$R = \varepsilon \, \frac{G}{\lVert G \rVert}, \qquad \text{and the network learns from} \qquad \tfrac12 \bigl( L(X) + L(X + R) \bigr).$$
#
# $R$ is taken as a constant: the network learns to be right at $X + R$, not to make $R$ itself small. One number $\varepsilon$ serves a whole review, so a single word moves only a little. The price: two passes forwards and three backwards, one for $G$ and one for each loss, so more than twice the time.

# %% [markdown]
# Keras calls `train_step` for each batch. `tf.gradients` gives slopes inside a graph, as `GradientTape` does outside; each loss depends only on its own review, so the slopes of all losses together are one $G$ for each. `stop_gradient` makes $G$, and so $R$, a constant. The ratios
# are not moved, and each of the two passes draws its own dropout.

# %%
class Adversarial(keras.Model):
    def train_step(self, batch):
        inputs, y_true = batch
        rest, bce = self.get_layer("after_the_vectors"), keras.losses.binary_crossentropy
        unmoved = inputs["ratios"], inputs["ids"] != 0
        with tf.GradientTape() as tape:
            X = self.get_layer("vectors")(inputs["ids"])  # (batch, time, d)
            L = bce(y_true[:, None], rest([X, *unmoved], training=True))  # (batch,)
            G = tf.stop_gradient(tf.gradients(L, X)[0])  # (batch, time, d)
            R = SIZES["epsilon"] * G / (tf.norm(G, axis=(1, 2), keepdims=True) + 1e-12)
            L_moved = bce(y_true[:, None], rest([X + R, *unmoved], training=True))
            loss = tf.reduce_mean(L + L_moved) / 2
        slopes = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(slopes, self.trainable_variables)
        return {"loss": loss}

# %% [markdown]
# Three more things about the training. The learning rate rises during the first tenth of the updates, and then falls along a half cosine to nearly nothing. The optimiser keeps a running average of the weights, which is less noisy than the weights
# themselves, and is what remains at the end (`use_ema`). And `Resume` writes the whole state to disk after every epoch: stop it, run the cell again, and the network that was interrupted goes on after its last finished epoch. If the kernel dies, run all cells. (The seconds of a training that was interrupted count only from there on.)

# %% [markdown]
# `Batches` puts reviews of about the same length into a batch, as the length buckets of lesson 09 do. So they come in another order, which `order` keeps; `judge` puts the answers back in their places. In `train_reader`, `learner` makes a second model of the same layers: training it trains `model`.

# %%
evidence_of = {"train": others, "validation": fresh,
               "test": [table[review] for review in places["test"]]}


def batches(split, size=250, **options):
    inputs = {"ids": whole[split], "ratios": evidence_of[split]}
    return Batches(inputs, size=size, step=SIZES["step"], **options)


def judge_with(model):
    def judge(split):
        to_judge = batches(split)
        p = np.zeros(len(y[split]))
        p[to_judge.order] = model.predict(to_judge, verbose=0)[:, 0]
        return p
    return judge

# %%
def train_reader(name, model, before, told=0, learner=keras.Model):
    train_batches = batches("train", SIZES["batch"], targets=y["train"], seed=SEED)
    updates = SIZES["reader_epochs"] * len(train_batches)
    rate = keras.optimizers.schedules.CosineDecay(
        SIZES["rate"] / 10, updates - updates // 10, alpha=0.01,
        warmup_target=SIZES["rate"], warmup_steps=updates // 10)
    optimizer = keras.optimizers.Adam(rate, clipnorm=1.0, use_ema=True)
    learning = learner(model.input, model.output)  # the same layers
    learning.compile(optimizer, "binary_crossentropy", jit_compile=data.source == "real")
    resume = Resume(STATES / f"{len(readers)}.npz", train_batches)
    begun = perf_counter()
    learning.fit(train_batches, epochs=SIZES["reader_epochs"], initial_epoch=resume.epoch,
                 shuffle=False, verbose=0, callbacks=[ProgressBar(), resume])
    rung(name, judge_with(model), model.count_params() + told, before + perf_counter() - begun)
    return model

# %%
keras.utils.set_random_seed(SEED)
STATES = sentiment.SAVED.parent / f"training_{data.source}_{SEED}"
READER, VECTORS = "reader (bidirectional LSTM)", "reader with known vectors"
TOLD, HARDENED = "reader with vectors, evidence", "reader, all and adversarial"
counted = word2vec_seconds + evidence_seconds, np.count_nonzero(table)  # before, told
readers = {}
if LONG and data.source == "real":
    readers[READER] = train_reader(READER, reader(False, False), 0.0)
    readers[VECTORS] = train_reader(VECTORS, reader(True, False), word2vec_seconds)
if data.source == "real":
    readers[TOLD] = train_reader(TOLD, reader(), *counted)
if LONG:
    readers[HARDENED] = train_reader(HARDENED, reader(), *counted, Adversarial)

# %%
on_validation = {row["model"]: row["validation"] for row in rungs}
BEST, COUNTS = max(readers, key=on_validation.get), "NB-SVM, runs of 1 to 3"
best = readers[BEST]
print("kept:", BEST)

# %% [markdown]
# Which of them is kept, the validation reviews decide. On the sample there is only one: all its parts, to be quick, in one training. What each part adds is measured on IMDB. Now the ladder is complete, and nothing is
# left to choose.
#
# ## 8 · The test part, opened once

# %%
p_test = {}  # P(praise) of the test reviews, (n,) for each model
for row in rungs:
    p_test[row["model"]] = judges[row["model"]]("test")
    row["test"] = ((p_test[row["model"]] > 0.5) == y["test"]).mean()
ladder = results.table("The ladder", rungs)
ladder

# %%
test = {row["model"]: row["test"] for row in rungs}
figure, axes = plots.figure(size=(8.4, 0.36 * len(rungs) + 1))
axes.barh(list(test), list(test.values()), color=[plots.BLUE if name in curves or name in readers else plots.ORANGE
                                               for name in test])
plots.label_bars(axes)
axes.set(title="Test accuracy: networks (blue) and the others (orange)", xlabel="accuracy",
         xlim=(0, 1.12))
axes.invert_yaxis()
plots.show(figure, alt="""Horizontal bars of the test accuracy of all models. NB-SVM stands above the bag of words and above the networks that start from nothing; those that are given known vectors and evidence are among the best.""")

# %%
claim("random forest on ids: test accuracy", test["random forest on ids"],
      at_most={"sample": 0.62, "real": 0.75}[data.source])
claim("NB-SVM minus bag of words, in the test", test[COUNTS] - test["bag of words"],
      at_least={"sample": 0.04, "real": 0.01}[data.source])
claim("NB-SVM minus the best network of section 4, in the test",
      test[COUNTS] - max(test[name] for name in curves),
      at_least={"sample": 0.03, "real": 0.01}[data.source])
claim("test accuracy of the network that was kept, minus that of NB-SVM",
      test[BEST] - test[COUNTS], at_least={"sample": 0.02, "real": -0.01}[data.source])
if LONG and data.source == "real":
    claim("what evidence brings to the network, in the test",
          test[TOLD] - test[VECTORS], at_least=0.01)
    claim("what adversarial training brings to it, in the test",
          test[HARDENED] - test[TOLD], at_least=0.0)

# %% [markdown]
# Read the table from the top. Runs of words bring more than any network of section 4, in a few seconds. The network that was kept is told what the runs know; what it has over NB-SVM is what reading adds. On the sample, where turns of opinion were planted, that is much. On IMDB, where reviews are long and say
# the same thing many times, it is little.
#
# Is that advantage larger than chance? Two models judge the same reviews, so only those count about which one is right and the other wrong. If that is a share $d$ of the $n$ reviews, the standard error of the difference is at most $\sqrt{d / n}$. On the sample, with 1,000 test reviews,
# a difference of a hundredth says nothing. That is why the same lesson runs on IMDB's 25,000 test reviews, too.

# %% [markdown]
# ## 9 · Save it, load it, ask it
#
# To judge a new text the network needs more than its weights: the words and their ids, and the table of ratios. `sentiment.with_ratios` puts them into a layer before the reader, so that all of it is one file, in Keras's own format. Our file holds numbers, words and a description of the layers, and no code. A stranger's file may hold some; Keras refuses it by default, but load only files whose origin you know.

# %%
complete = sentiment.with_ratios(best, vocabulary, evidence, SIZES["cut"])
sentiment.SAVED.parent.mkdir(exist_ok=True)
complete.save(sentiment.SAVED)
again = sentiment.load(sentiment.SAVED)
print(f"{sentiment.SAVED.stat().st_size / 1e6:.0f} MB")
some = data.test.texts[:200]
claim("largest difference between the answers after saving and loading",
      abs(sentiment.probabilities(again, some) - p_test[BEST][:200]).max(), at_most=1e-4)

# %% [markdown]
# In a terminal the same file answers `python -m course_utils sentiment "…"`, with texts as arguments or one a line on standard input. Texts that are no reviews must get an answer, too, or a clear refusal: the empty text, words that nobody knows, a
# hundred thousand words, signs and tags.

# %%
odd = {"empty": "", "unknown words only": "xyzzy plugh", "emoji and tags": "<br /><br /> 👍 🎬",
       "100,000 words": "a dull film " * 33_334, "one word": "brilliant",
       "shouting": "I LOVED IT!!!", "negated": "It was not bad, not bad at all."}
for name, p in zip(odd, sentiment.probabilities(again, list(odd.values()))):
    print(f"{name:20} {'no answer' if np.isnan(p) else f'P(praise) = {p:.2f}'}")

# %% [markdown]
# No known word, no answer: 0.5 would look like a judgement. Of the 100,000 words only the first and the last are read, as in training. Shouting changes nothing, for the words are put in lower case. The negated text is the hard one. In JupyterLab the next cell has a box for a review of your own.

# %%
def judge_box(review="The plot is dull and yet I loved every minute of it."):
    p = sentiment.probabilities(again, [review])[0]
    print("no word that I know" if np.isnan(p) else f"P(praise) = {p:.2f}")


if os.environ.get("JPY_SESSION_NAME"):  # set where somebody has the notebook open
    from ipywidgets import Textarea, interact_manual

    interact_manual(judge_box, review=Textarea("A film about a cellar. I stayed.", rows=3))
else:
    judge_box()
    print("Open this notebook in JupyterLab to write a review of your own.")

# %% [markdown]
# ## 10 · Which words moved the answer?
#
# Take one word out, ask again, and see how far the answer moves: this is called **occlusion**. It needs nothing but the judge itself, so it works for every model on the ladder.

# %%
def moved_by(text):
    """Words of `text`, and by how much P(praise) is higher with each than without"""
    shown = tokenize(text)
    without = [" ".join(shown[:i] + shown[i + 1:]) for i in range(len(shown))]
    p, *rest = sentiment.probabilities(again, [" ".join(shown), *without])
    return shown, p - np.array(rest)

# %%
shown, effect = moved_by("It was not dull. I expected a waste of time and left with a smile.")
figure, axes = plots.figure(size=(8.6, 2.8))
axes.bar(range(len(shown)), effect, color=np.where(effect > 0, plots.BLUE, plots.RED))
axes.set(title="How much each word moves P(praise)", ylabel="with minus without",
         xticks=range(len(shown)))
axes.set_xticklabels(shown, rotation=60)
axes.axhline(0, color="black", linewidth=0.8)
plots.show(figure, alt="""A bar for each word of two sentences: how much higher the probability of
    praise is with the word than without it. A few words have long bars, upwards or downwards;
    most have next to none.""")

# %% [markdown]
# Compare *not* with *dull*: without *not* the first sentence says the opposite, so the bar of *not* should point up. See whether this network noticed.
#
# An occlusion says what moves *this judge*, not what moved the writer. And it takes words out one by one: where two words say the same, taking out one of them may change little, and both look unimportant.
#
# ## 11 · Errors by kind
#
# One number hides where a model fails. We sort the test reviews by what is in them: their length, a negation, praise and blame in one review (**mixed**), signs of **irony**, and on the sample the twins of lesson 01, which are made of the same words. Irony has
# no word of its own. One trace that helps to find it is a word in quotation marks, a *"comedy"* (Carvalho and others 2009, on readers' comments in a newspaper). We look for single words in quotes, for (!) and for "yeah, right". So that kind holds ironic reviews among many that are not.

# %%
import re

GOOD = set("great excellent wonderful best perfect brilliant superb".split())
BAD = set("bad worst boring awful dull poor terrible".split())
bags_of_test = [set(review) for review in words["test"]]
lengths = np.array([len(review) for review in words["test"]])


def having(*groups):
    """Which test reviews have a word of each of the groups: (n,)"""
    return np.array([all(group & bag for group in groups) for bag in bags_of_test])


kinds = {"all": lengths >= 0, "shortest third": lengths <= np.quantile(lengths, 1 / 3),
         "longest third": lengths > np.quantile(lengths, 2 / 3),
         "not, never or no": having({"not", "never", "no"}), "mixed": having(GOOD, BAD)}

# %%
sign = re.compile(r"""(?<![\w"])"\w+"(?![\w"])|\(!\)|yeah,? right""", re.IGNORECASE)
kinds["signs of irony"] = np.array([bool(sign.search(text)) for text in data.test.texts])
if data.test.twins is not None:
    kinds["twins"] = data.test.twins >= 0
right = {name: (p_test[name] > 0.5) == y["test"] for name in (COUNTS, BEST)}
results.table("Test accuracy by kind of review", [
    {"kind": name, "share of the test": which.mean(),
     **{model: right[model][which].mean() for model in right}}
    for name, which in kinds.items() if which.any()])

# %% [markdown]
# (On the sample no review has a sign of irony, so that row is missing.) A kind with few reviews has a large standard error: for some 330 twins it is about 0.02. Compare the columns: where reading in order helps, the network should gain most. Numbers by kind say where to look. Then one has to read. Here are the two reviews about which the network was most sure and most wrong:

# %%
p = p_test[BEST]
for i in np.argsort(-abs(p - y["test"]))[:2]:
    print(f"P(praise) = {p[i]:.2f}, but it is {'praise' if y['test'][i] else 'blame'}:")
    print(" ".join(words["test"][i][:90]), end="\n\n")

# %% [markdown]
# Was the network wrong? In a few of the sample's reviews the label was turned round on purpose (`data/README.md`), as happens when a writer takes the wrong end of a scale. A good judge is surest, and "wrong", just there.

# %% [markdown]
# ## 12 · Stars
#
# The sample's reviews come with one to five stars. With a **softmax** over five classes a network gives a probability to each. We take a small one: word vectors through a tanh, which keeps them between −1 and 1 as `max_and_mean` wants it, their maximum and mean, and the softmax. Right or wrong is too hard a measure here: to say four instead of five is a small error, one instead of five a large
# one. So beside the accuracy we measure the mean distance in stars.

# %%
starred = reviews.load_sample()
star_words = {"train": starred.train.texts, "test": starred.test.texts}
star_vocabulary = Vocabulary.from_documents(map(tokenize, star_words["train"]), size=2_000)
star_ids = {name: [sentiment.shorten(star_vocabulary.encode(tokenize(text)), (20, 60))
                   for text in texts] for name, texts in star_words.items()}
stars = {"train": starred.train.stars - 1, "test": starred.test.stars - 1}  # 0 … 4

# %%
keras.utils.set_random_seed(SEED)
star_input = keras.Input((None,), dtype="int32", name="ids")
mask = keras.ops.not_equal(star_input, 0)
x = layers.Embedding(len(star_vocabulary), 32)(star_input)  # (batch, time, 32)
five = layers.Dense(5, activation="softmax")(max_and_mean(keras.ops.tanh(x), mask))  # (batch, 5)
star_model = keras.Model({"ids": star_input}, five)
star_model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy")
star_batches = Batches({"ids": star_ids["train"]}, stars["train"], 50, SEED, step=80)
_ = star_model.fit(star_batches, epochs=6, shuffle=False, verbose=0, callbacks=[ProgressBar()])

# %%
star_test = Batches({"ids": star_ids["test"]}, size=250, step=80)
p = np.zeros((len(stars["test"]), 5))
p[star_test.order] = star_model.predict(star_test, verbose=0)  # (n, 5)
said, truth = p.argmax(axis=1), stars["test"]
confusion = np.array([[np.mean(said[truth == i] == j) for j in range(5)] for i in range(5)])
distance = abs(said - truth).mean()
middle = int(np.median(stars["train"]))  # the best constant answer for this measure
print(f"right {np.mean(said == truth):.2f}, off by {distance:.2f} stars on average; "
      f"always {middle + 1} stars: off by {abs(middle - truth).mean():.2f}")
claim("mean distance in stars, as a share of that of always the median",
      distance / abs(middle - truth).mean(), at_most=0.8)

# %%
figure, axes = plots.figure(size=(4.6, 3.8))
axes.imshow(confusion, vmin=0, vmax=1)
for (i, j), value in np.ndenumerate(confusion):
    axes.text(j, i, f"{value:.2f}", ha="center", va="center",
              color="white" if value < 0.6 else "black")
axes.set(title="Stars: what was said of each", xlabel="stars said", ylabel="true stars",
         xticks=range(5), yticks=range(5))
axes.set_xticklabels(range(1, 6)), axes.set_yticklabels(range(1, 6))
plots.show(figure, alt="""A five-by-five grid: for each true number of stars the shares of what the
    network said. The largest shares lie on the diagonal, but for three stars, which are taken
    for two or four.""")

# %% [markdown]
# Each row of the grid adds up to 1. Two kinds of errors stand out. Three stars are hardly ever said: such reviews have praise and blame, and go to two or to four. And some reviews of one star are taken for five, or five for one: a maximum and a mean of word vectors do not see the order of words, so
# this network cannot tell twins apart.

# %% [markdown]
# ## 13 · Accuracy against seconds
#
# The last picture of the ladder. What does a point of accuracy cost? Each model is a dot: to the right the seconds that its training took on this machine, on a scale where each step is ten times the one before, and upwards its test accuracy.

# %%
def draw_costs(models, seconds, test):
    figure, axes = plots.figure(size=(8.6, 4.4))
    for i, (model, x, height) in enumerate(zip(models, seconds, test)):
        counts = model in ("random forest on ids", "bag of words", COUNTS)
        axes.scatter(x, height, color=plots.ORANGE if counts else plots.BLUE)
        axes.annotate(model, (x, height), xytext=(5, 3 if i // 2 % 2 else -11),  # above, below
                      textcoords="offset points", fontsize=9)
    axes.set(title="What accuracy costs: networks (blue) and the others (orange)", xscale="log",
             xlabel="seconds of training", ylabel="test accuracy")
    axes.margins(x=0.35, y=0.12)
    return figure

# %%
learned = rungs[1:]  # without "always the same", which learns nothing
figure = draw_costs(*([row[key] for row in learned] for key in ("model", "seconds", "test")))
plots.show(figure, alt="""Dots for all models: test accuracy against seconds of training. The counting
    models stand at the left, the cheapest of them high; the networks at the right, of which only
    those with evidence and known vectors come near to the counting ones or pass them.""")

# %% [markdown]
# To the right each step costs ten times as much. What lies to the right of another dot and not above it costs more and brings nothing.

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: surely_better
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `surely_better(a, b, n)`: `True` if accuracy `a` is above accuracy `b` by more than two standard errors of their difference, both measured on `n` reviews. The standard error of an accuracy $a$ is $\sqrt{a (1 - a) / n}$, and
# that of a difference is the root of the sum of both squares. (Two models on the *same* reviews make many of the same mistakes, so this is a careful answer.)
#
# <details><summary>Hint 1</summary>The squares of the two standard errors are <code>a * (1 - a) / n</code> and <code>b * (1 - b) / n</code>.</details>
# <details><summary>Hint 2</summary>Compare <code>a - b</code> with twice the root of their sum.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def surely_better(a, b, n):
    """Is accuracy `a` surely above `b`, both on `n` reviews?"""
    # BEGIN SOLUTION
    return bool(a - b > 2 * np.sqrt(a * (1 - a) / n + b * (1 - b) / n))
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="only one of the two"
def surely_better(a, b, n):
    return bool(a - b > 2 * np.sqrt(a * (1 - a) / n))

# %% tags=["wrong"] message="the worse one"
def surely_better(a, b, n):
    return bool(abs(a - b) > 2 * np.sqrt(a * (1 - a) / n + b * (1 - b) / n))

# %% tags=["wrong"] message="add the squares"
def surely_better(a, b, n):
    return bool(a - b > 2 * (np.sqrt(a * (1 - a) / n) + np.sqrt(b * (1 - b) / n)))

# %% tags=["wrong"] message="two standard errors"
def surely_better(a, b, n):
    return bool(a - b > np.sqrt(a * (1 - a) / n + b * (1 - b) / n))

# %% [raw]
# # BEGIN TESTS

# %%
def test_surely_better(surely_better):
    got = surely_better(0.92, 0.90, 25_000)
    assert got is not None, "the function gives None: does it return its answer?"
    assert got, "0.92 against 0.90 on 25,000 reviews is a difference of nearly eight standard errors"
    assert not surely_better(0.80, 0.90, 25_000), "0.80 is not better than 0.90: the worse one is never surely better, so keep the sign of the difference"
    assert not surely_better(0.82, 0.80, 1_000), "0.82 against 0.80 on 1,000 reviews is a little more than one standard error of the difference; two standard errors are asked for"
    assert not surely_better(0.83, 0.80, 1_000), "0.83 against 0.80 on 1,000 reviews is not enough: you counted the error of only one of the two"
    assert surely_better(0.84, 0.80, 1_000), "0.84 against 0.80 on 1,000 reviews is more than two standard errors: add the squares of both errors and take the root, not the errors themselves"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: expected_stars
# points: 1

# %% [markdown]
# **Exercise 2.** In section 12 the answer was the most probable number of stars. Where the network is torn between two and five stars, something in between may be the safer answer. Write `expected_stars(p)`: for probabilities `(n, 5)` of one to five stars, the expected number of stars, `(n,)`.
#
# <details><summary>Hint 1</summary>Five stars count five: the numbers of stars are 1 … 5, not 0 … 4.</details>
# <details><summary>Hint 2</summary><code>p @ stars</code> adds up probability times stars in each row.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def expected_stars(p):
    """Expected stars (n,) of probabilities (n, 5)."""
    return p @ np.arange(1, 6)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="from 1 to 5"
def expected_stars(p):
    return p @ np.arange(5)

# %% tags=["wrong"] message="the most probable"
def expected_stars(p):
    return p.argmax(axis=1) + 1

# %% tags=["wrong"] message="shape"
def expected_stars(p):
    return (p * np.arange(1, 6)).sum()

# %% [raw]
# # BEGIN TESTS

# %%
def test_expected_stars(expected_stars):
    import numpy as np

    p = np.array([[0, 0, 0, 0, 1.0], [0.5, 0, 0, 0, 0.5], [0.1, 0.2, 0.4, 0.2, 0.1], [0.6, 0.4, 0, 0, 0]])
    got = expected_stars(p)
    assert got is not None, "the function gives None: does it return the stars?"
    assert np.shape(got) == (4,), f"for 4 reviews there are 4 numbers; yours has the shape {np.shape(got)}"
    assert not np.isclose(got[0], 4), "five stars for sure came out as 4: the stars go from 1 to 5"
    assert np.isclose(got[0], 5), f"five stars for sure came out as {got[0]}"
    assert not np.allclose(got, p.argmax(axis=1) + 1), "this is the most probable number of stars, not the expected one"
    assert np.allclose(got, [5, 3, 3, 1.4]), f"expected were 5, 3, 3 and 1.4 stars, got {np.round(got, 3)}"

# %% [raw]
# # END TESTS

# %%
# When the check passes: is the mean distance in stars smaller than with the most probable one?
# print(abs(expected_stars(p) - (truth + 1)).mean(), distance)
# (For the distance the median would be best; the mean is best for its square.)

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: others_ratio
# points: 2

# %% [markdown]
# **Exercise 3.** Write `others_ratio(p, q, label)`: the log-count ratios $\ln \frac{p_g + 1}{q_g + 1}$ of the runs of one training review (with as many reviews of praise as of blame the rest of the formula is 0), after that review's own count has been taken out. `p` and `q`, both `(runs,)`, say how many reviews with and
# without praise have each run, this one among them; `label` is its own, 1 for praise. A run that no other review has says nothing: its ratio must come out as 0.
#
# <details><summary>Hint 1</summary>A review with praise has been counted in <code>p</code>, one without in <code>q</code>.</details>
# <details><summary>Hint 2</summary><code>p - label</code> takes one out if the label is 1. What takes one out of <code>q</code> if it is 0?</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def others_ratio(p, q, label):
    """What the other reviews say: (runs,)."""
    return np.log((p - label + 1) / (q - (1 - label) + 1))  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="its own count is still in"
def others_ratio(p, q, label):
    return np.log((p + 1) / (q + 1))

# %% tags=["wrong"] message="out of both"
def others_ratio(p, q, label):
    return np.log(p / q)

# %% tags=["wrong"] message="out of the wrong one"
def others_ratio(p, q, label):
    return np.log((p - (1 - label) + 1) / (q - label + 1))

# %% [raw]
# # BEGIN TESTS

# %%
def test_others_ratio(others_ratio):
    import numpy as np

    p, q = np.array([1.0, 8.0, 3.0]), np.array([1.0, 2.0, 12.0])
    got = others_ratio(p, q, 1)
    assert got is not None, "the function gives None: does it return the ratios?"
    assert np.shape(got) == (3,), f"three runs have three ratios; yours have the shape {np.shape(got)}"
    assert not np.allclose(got, np.log((p + 1) / (q + 1))), "its own count is still in: the review is asked about itself"
    assert not np.allclose(got, np.log(p / q)), "you took one out of both counts; the review was counted in only one"
    assert not np.allclose(got, np.log((p + 1) / q)), "you took the count out of the wrong one: with label 1 the review was counted in p"
    assert np.allclose(got, np.log(p / (q + 1))), f"with label 1 the ratios are {np.round(np.log(p / (q + 1)), 3)}, got {np.round(got, 3)}"
    assert np.allclose(others_ratio(p, q, 0), np.log((p + 1) / q)), "with label 1 it is right, with label 0 it is not"
    assert np.allclose(others_ratio(np.array([1.0]), np.array([0.0]), 1), 0), "a run that no other review has must have the ratio 0"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: occlude
# points: 2

# %% [markdown]
# **Exercise 4.** In section 10 both of two words that say the same look unimportant. Write `occlude_pairs(judge, words)`: an array `(n, n)` whose entry at row $i$, column $j$ says how much P(praise) is higher with the words $i$ and $j$ than without both of them; on the diagonal, without
# the one word. `judge` takes a list of texts, each a list of words, and gives an array with a probability for each.
#
# <details><summary>Hint 1</summary>A text without the places i and j: <code>[word for k, word in enumerate(words) if k not in (i, j)]</code>. Not by comparing words, for a word may stand in the text twice.</details>
# <details><summary>Hint 2</summary>Make the list of all n · n texts, ask the judge once, and give the answers the shape <code>(n, n)</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def occlude_pairs(judge, words):
    """What each pair of places brings: (n, n)."""
    # BEGIN SOLUTION
    n = len(words)
    texts = [[word for k, word in enumerate(words) if k not in (i, j)]
             for i in range(n) for j in range(n)]
    return judge([words])[0] - judge(texts).reshape(n, n)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the other way round"
def occlude_pairs(judge, words):
    n = len(words)
    texts = [[word for k, word in enumerate(words) if k not in (i, j)] for i in range(n) for j in range(n)]
    return judge(texts).reshape(n, n) - judge([words])[0]

# %% tags=["wrong"] message="every place where the word stands"
def occlude_pairs(judge, words):
    n = len(words)
    texts = [[word for word in words if word not in (words[i], words[j])] for i in range(n) for j in range(n)]
    return judge([words])[0] - judge(texts).reshape(n, n)

# %% tags=["wrong"] message="on the diagonal"
def occlude_pairs(judge, words):
    n = len(words)
    texts = [[word for k, word in enumerate(words) if k not in (i, j)] for i in range(n) for j in range(n)]
    effect = judge([words])[0] - judge(texts).reshape(n, n)
    return effect - np.diag(np.diag(effect))

# %% [raw]
# # BEGIN TESTS

# %%
def test_occlude(occlude_pairs):
    import numpy as np

    def judge(texts):
        return np.array([0.5 + 0.4 * ("superb" in text or "lovely" in text) - 0.1 * text.count("dull") for text in texts])

    words = "dull superb lovely dull film".split()
    got = occlude_pairs(judge, words)
    assert got is not None, "the function gives None: does it return the array?"
    assert np.shape(got) == (5, 5), f"five words make an array (5, 5), yours is {np.shape(got)}"
    assert not np.isclose(got[1, 2], -0.4), "without superb and lovely P(praise) falls, so their entry must be above 0: you have it the other way round"
    assert np.isclose(got[1, 2], 0.4), f"superb and lovely together bring 0.4, you have {got[1, 2]:.2f}"
    assert not np.isclose(got[0, 0], -0.2), "you took out every place where the word stands; only the places i and j are meant"
    assert np.isclose(got[0, 0], -0.1), f"on the diagonal stands what one word brings: −0.1 for the first, you have {got[0, 0]:.2f}"
    wanted = [[judge([words])[0] - judge([[w for k, w in enumerate(words) if k not in (i, j)]])[0] for j in range(5)] for i in range(5)]
    assert np.allclose(got, wanted), "single entries are right, others are not: check that each pair leaves out its own two places"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: max_pool_back
# points: 3

# %% [markdown]
# **Exercise 5, a stretch: backwards through the maximum.** The reader takes the maximum of its states over time. Write `max_pool_back(h, mask, d_pooled)`: from `d_pooled` $= \partial L / \partial m$, `(batch, units)`, where $m$ is the maximum over the steps that `mask`, `(batch, time)`, marks
# with `True`, the gradient $\partial L / \partial h$, `(batch, time, units)`. Which steps does it reach? The check compares with finite differences.
#
# <details><summary>Hint 1</summary>Only the step that holds the maximum matters: nudge another one a little, and the maximum stays. Each unit has a step of its own.</details>
# <details><summary>Hint 2</summary>Set the states of padding to −∞ with <code>np.where(mask[:, :, None], h, -np.inf)</code>; <code>argmax</code> over time then gives the steps.</details>
# <details><summary>Hint 3</summary><code>np.put_along_axis(d_h, winner[:, None, :], d_pooled[:, None, :], axis=1)</code> writes a value to one step of each unit.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def max_pool_back(h, mask, d_pooled):
    """dL/dh (batch, time, units)."""
    # BEGIN SOLUTION
    winner = np.where(mask[:, :, None], h, -np.inf).argmax(axis=1)  # (batch, units)
    d_h = np.zeros_like(h)
    np.put_along_axis(d_h, winner[:, None, :], d_pooled[:, None, :], axis=1)
    return d_h
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="padding gets"
def max_pool_back(h, mask, d_pooled):
    winner = h.argmax(axis=1)
    d_h = np.zeros_like(h)
    np.put_along_axis(d_h, winner[:, None, :], d_pooled[:, None, :], axis=1)
    return d_h

# %% tags=["wrong"] message="as a mean would"
def max_pool_back(h, mask, d_pooled):
    return mask[:, :, None] * d_pooled[:, None, :] / mask.sum(axis=1)[:, None, None]

# %% tags=["wrong"] message="every step"
def max_pool_back(h, mask, d_pooled):
    return mask[:, :, None] * np.repeat(d_pooled[:, None, :], h.shape[1], axis=1)

# %% [raw]
# # BEGIN TESTS

# %%
def test_max_pool_back(max_pool_back):
    import numpy as np

    rng = np.random.default_rng(0)
    h, d_pooled = rng.normal(size=(3, 5, 4)), rng.normal(size=(3, 4))
    mask = np.arange(5) < np.array([5, 3, 1])[:, None]
    h[1, 4] = 9  # padding that is larger than every state
    got = max_pool_back(h.copy(), mask, d_pooled)
    assert got is not None, "the function gives None: does it return the gradient?"
    assert np.shape(got) == h.shape, f"the gradient has the shape of h, {h.shape}; yours is {np.shape(got)}"
    assert not np.any(got[~mask]), "padding gets a gradient, though it never counts for the maximum"
    mean = mask[:, :, None] * d_pooled[:, None, :] / mask.sum(axis=1)[:, None, None]
    assert not np.allclose(got, mean), "you share the gradient out among all steps, as a mean would"
    assert np.count_nonzero(got[0]) <= 4, "every step gets the gradient; only the one with the maximum, one for each unit, may have it"
    slope, tiny = np.zeros_like(h), 1e-6
    for place in np.ndindex(h.shape):
        up, down = h.copy(), h.copy()
        up[place] += tiny
        down[place] -= tiny
        p_up, p_down = (np.where(mask[:, :, None], v, -np.inf).max(axis=1) for v in (up, down))
        slope[place] = (d_pooled * (p_up - p_down)).sum() / (2 * tiny)
    assert np.allclose(got, slope, atol=1e-6), "finite differences find another gradient: does each unit of each sequence have its own step?"

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
# - **Looking at the test part while choosing.** Every look makes the last score a little too good, and nobody can say by how much.
# - **Comparing with a weak baseline.** A network that beats a bag of words may still lose to counts of runs.
# - **Naming a winner by a difference smaller than chance.** Compute the standard error first, and run another seed.
# - **Evidence from the labels, used on the reviews that it was made from.** It must look the same where a model learns and where it is used.
# - **Training on to the lowest training loss.** The best epoch is where the validation loss is lowest; often it is the second.
# - **Reporting accuracy without cost.** A point of accuracy for a hundred times the time is a choice, and readers must be able to make it.
#
# ## References
#
# - A. L. Maas and others (2011). Learning word vectors for sentiment analysis. *ACL*. The IMDB reviews.
# - S. Wang, C. D. Manning (2012). Baselines and bigrams: simple, good sentiment and topic classification. *ACL*. NB-SVM.
# - A. Géron (2019). *Hands-On Machine Learning with Scikit-Learn, Keras, and TensorFlow*, 2nd edition. O'Reilly, chapter 16. The two layers of GRU.
# - The LSTM on 80 words is Keras's example `imdb_lstm`, in Python and in R.
# - I. J. Goodfellow, J. Shlens, C. Szegedy (2015). Explaining and harnessing adversarial examples. *ICLR*.
# - T. Miyato, A. M. Dai, I. Goodfellow (2017). Adversarial training methods for semi-supervised text classification. *ICLR*. Adversarial training on word vectors.
# - A. M. Dai, Q. V. Le (2015). Semi-supervised sequence learning. *NeurIPS*. What a recurrent network can reach on IMDB when it has read the reviews without labels first.
# - P. Carvalho, L. Sarmento, M. J. Silva, E. de Oliveira (2009). Clues for detecting irony in user-generated contents: oh...!! it's "so easy" ;-). *TSA workshop*. Quotation marks as a sign of irony.
# - B. T. Polyak, A. B. Juditsky (1992). Acceleration of stochastic approximation by averaging. *SIAM Journal on Control and Optimization* 30(4). Averaging weights.

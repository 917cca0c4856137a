# %% [markdown]
# # 01 · One-hot vectors and bags of words
#
# A review is a string; a model multiplies numbers. This lesson builds the oldest bridge between the two: number the words,
# count them, and let a linear model weigh the counts. It is simple, fast, and surprisingly hard to beat. By the end you will
# have measured how far it goes on film reviews, and you will have seen the one thing that it can never do, whatever the data.
#
# **You will be able to**
#
# 1. turn raw text into tokens, a vocabulary and ids, and say what is lost at each step;
# 2. write one-hot vectors by hand, and name their two limits: their size, and that all pairs of words are equally far apart;
# 3. store counts sparsely, and weigh them by TF-IDF, from the formula and with scikit-learn, with equal results;
# 4. train and compare bag-of-words classifiers on a validation split, and open the test split once;
# 5. show what no bag of words can see.
#
# **Before this lesson:** Python and NumPy; [lesson 00](00_start_here.ipynb). **Time:** about 45 minutes to read and try,
# 20 minutes for the exercises; on two cores all cells run in about
# 10 seconds on the embedded sample (`HUBS.md` names the machine that was measured),
# and in about two minutes on all of IMDB.

# %% [markdown]
# ## Settings and data
#
# One cell holds all that differs between a quick run and a full one: the seed, the data, and the bounds that the claims below
# must keep on them. `reviews.load()` reads the real IMDB reviews if they have been prepared on this machine, else the
# sample that comes with the course, and says which.
#
# The reviews come in three parts, called **splits**. A model learns from the *training* split. The *validation* split is for choices between
# models. The *test* split says, once and at the end, how well the chosen model does on reviews that played no part in making it. A **model** here
# is a formula with numbers in it, its **weights**; *training* or *fitting* it means to find the weights with which it answers best. One that answers
# with a class, such as praise or blame, is a **classifier**. A **seed** fixes what is drawn by chance, so that a run can be repeated.

# %%
import os

import numpy as np

from course_utils import plots, tables
from course_utils.claims import claim
from course_utils.datasets import reviews

SEED = int(os.environ.get("COURSE_SEED", 0))
data = reviews.load(seed=SEED)
BOUNDS = {"sample": {"bag": 0.70, "pairs": 0.76}, "real": {"bag": 0.88, "pairs": 0.90}}
BOUND = BOUNDS[data.source]

# %% [markdown]
# ## 1 · From a string to tokens
#
# A machine sees a string as a row of characters. The units that carry meaning are larger, so the first step cuts the string
# into **tokens**. For this sentence, small letters and a cut at every space are enough.

# %%
sentence = "The cat sat on the mat"
tokens = sentence.lower().split()
tokens

# %% [markdown]
# `The` and `the` became one token, which is what we want here, and `US` and `us` would become one too, which may not be.
# Every step of preparing text throws something away; the art is to know what.
#
# Reviews are less tidy. They were written for web pages, with tags for line breaks and with punctuation that sticks to words.

# %%
raw = "It wasn't bad.<br /><br />It was BAD!!! (2/10)"
raw.lower().split()

# %% [markdown]
# `bad.` and `bad!!!` would be two words, and one of them carries the tag. A regular expression mends that: line-break tags,
# and everything but letters and apostrophes, become spaces.

# %%
import re


def tokenize(text):
    text = re.sub(r"<br\s*/?>|[^a-zA-Z']", " ", text)
    return text.lower().split()


tokenize(raw)

# %% [markdown]
# Now both are `bad`. The price: the shouting, the exclamation marks and the rating `2/10` are gone, and a reader of this list
# could no longer say how the review ends. `course_utils.text.tokenize` is this function, hardened for odd input; all lessons use
# it. We cut all reviews once.

# %%
from course_utils.text import tokenize

train, validation, test = (
    [tokenize(t) for t in split.texts] for split in (data.train, data.validation, data.test)
)
print(f"{len(train):,} training reviews; the first begins:", train[0][:8])

# %% [markdown]
# ## 2 · A vocabulary numbers the words
#
# A **vocabulary** is a list of words in which each has a number, its **id**. We number the words of the sentence as they appear.

# %%
ids = {}
for token in tokens:
    ids.setdefault(token, len(ids))
print(ids)
print([ids[token] for token in tokens])

# %% [markdown]
# Six tokens, five words: `the` stands twice and has the same id both times. The ids are names, not quantities. That `mat` has 4
# and `cat` has 1 does not make a mat four cats, and a model that multiplied ids by weights would believe just that. The next
# section removes this mistake.

# %% [markdown]
# ## 3 · One-hot: every word gets a direction of its own
#
# A **one-hot vector** of a word has as many places as the vocabulary has words, a one at the word's id, and zeros elsewhere.
# With $V$ words, the word with id $i$ becomes $x \in \{0,1\}^V$, $x_j = 1$ if $j = i$ and $0$ otherwise.

# %%
V = len(ids)
X = np.zeros((len(tokens), V), dtype=int)  # (tokens, V)
for position, token in enumerate(tokens):
    X[position, ids[token]] = 1
X

# %%
figure, axes = plots.figure(size=(4.6, 3.6))
axes.imshow(X, cmap="Blues", vmax=1.6)
axes.set_xticks(range(V), ids)
axes.set_yticks(range(len(tokens)), tokens)
axes.set(title="A one-hot vector for every token",
         xlabel="place in the vector: one for each word", ylabel="token, in order")
for position, token in enumerate(tokens):
    axes.text(ids[token], position, "1", ha="center", va="center")
plots.show(figure, alt="""Grid of six rows, the tokens of 'the cat sat on the mat', and five columns, the words.
    Each row has a single one; both rows of 'the' have it in the same column.""")

# %% [markdown]
# Read the figure by rows: each token has exactly one place that is on. Read it by columns: the column of `the` is on twice.
# Nothing in these vectors says that four is more than one, so the mistake of the ids is gone. Two new troubles come with it.

# %% [markdown]
# ## 4 · First limit: size
#
# Real text has many words. We count those of the training reviews and sort them by how often they occur.

# %%
from collections import Counter

counts = Counter(token for review in train for token in review)
n_tokens, n_words = counts.total(), len(counts)
print(f"{n_tokens:,} tokens, {n_words:,} different words; the most common:")
counts.most_common(5)

# %% [markdown]
# Stored as a table of one-hot vectors, every token would cost as many numbers as there are words. As a list of ids it costs one.

# %%
dense_bytes = n_tokens * n_words * 4  # float32
ids_bytes = n_tokens * 4  # int32
print(f"one-hot: {dense_bytes / 1e9:,.1f} GB   ids: {ids_bytes / 1e6:,.1f} MB")
claim("one-hot vectors of the training reviews need at least 1,000 times the memory of ids",
      dense_bytes / ids_bytes, at_least=1000)

# %% [markdown]
# The table would be almost nothing but zeros. Do we need all these words? The next figure asks how much of the running text the
# most common ones cover.

# %%
frequencies = np.array(sorted(counts.values(), reverse=True))
coverage = frequencies.cumsum() / n_tokens
half = int(np.searchsorted(coverage, 0.5)) + 1  # words that cover half of the text
once = int((frequencies == 1).sum())
print(f"{half} words cover half of the text; {once:,} words occur only once")

# %%
figure, axes = plots.figure()
axes.semilogx(np.arange(1, n_words + 1), 100 * coverage)
axes.plot(half, 50, "o", color=plots.RED)
axes.annotate(f"{half} words: half of the text", (half, 50), (half * 1.6, 42), color=plots.RED)
axes.set(title="A few words make up most of the text",
         xlabel="vocabulary: the most common words (logarithmic)",
         ylabel="share of all tokens, %")
plots.show(figure,
           alt=f"""Rising curve of the share of text covered against vocabulary size on a logarithmic axis.
    {half} words cover half of the text; the last thousands of words add a few per cent.""")
claim("at most 200 words make up half of the text", half, at_most=200)

# %% [markdown]
# Words are distributed very unevenly: less than a hundred make up half of everything that is written, and a long tail occurs once or
# twice (Zipf 1949). A vocabulary that keeps the most common words and sends all others to one shared place for **out-of-vocabulary**
# words (OOV) loses little text. `course_utils.text.Vocabulary` does that, and keeps id 0 for padding, which later lessons need.

# %%
from course_utils.text import Vocabulary

small = Vocabulary.from_documents(train, size=1000)
example = tokenize("The cat sat on the quasiperiodic mat")
print(small.encode(example))
print(small.decode(small.encode(example)))

# %% [markdown]
# ## 5 · Second limit: every pair is equally far apart
#
# Take three books as the whole vocabulary. Two are Russian novels of the nineteenth century; the third is about the end of the
# Earth and a towel. We would like the first two to be near each other. How far apart are their one-hot vectors?

# %%
books = ["War and Peace", "Anna Karenina", "The Hitchhiker's Guide"]
B = np.eye(3)  # (books, V): one-hot vectors, one a row
differences = B[:, None, :] - B[None, :, :]  # (books, books, V)
distances = np.linalg.norm(differences, axis=-1)  # (books, books)
distances.round(3)

# %%
# By hand: is it Russian, of the 19th century, long, comic?
traits = np.array([[1, 1, 0.95, 0], [1, 1, 0.9, 0], [0, 0, 0.1, 1]])  # (books, traits)
wanted = np.linalg.norm(traits[:, None, :] - traits[None, :, :], axis=-1)
short = ["War", "Anna", "Guide"]
figure, both = plots.figure(1, 2, size=(8.2, 3.4), sharey=True)
titles = ("one-hot: all the same", "four traits by hand")
for axes, matrix, title in zip(both, (distances, wanted), titles):
    axes.imshow(matrix, vmin=0, vmax=2.4, cmap="cividis")
    axes.set(title=f"Distance, {title}", xticks=range(3), yticks=range(3))
    axes.set_xticklabels(short), axes.set_yticklabels(short)
    for (row, column), value in np.ndenumerate(matrix):
        colour = "white" if value < 1.4 else "black"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour)
plots.show(figure, alt="""Two three-by-three grids of distances between three books. With one-hot vectors all
    distances between different books are 1.41. With four traits given by hand the two
    Russian novels are 0.05 apart and the comic one is more than 1.9 from both.""")
claim("the distance of one-hot vectors is the square root of two: largest deviation",
      abs(distances[~np.eye(3, dtype=bool)] - 2**0.5).max(), at_most=1e-9)

# %% [markdown]
# On the left no pair is special. Two different one-hot vectors differ in exactly two places, by one each, so their distance is
# $\sqrt{1^2 + 1^2}$ whatever the words mean, and their dot product is always 0. A model that has learned something about *brilliant*
# has learned nothing about *excellent*.
#
# On the right, four numbers that we made up by hand put the Russian novels side by side. Nobody wants to make up such numbers for
# 10,000 words. Letting a model learn them is the idea of **embeddings**, and the matter of [lesson 02](02_word_embeddings.ipynb).
# First we see how far one can go without.

# %% [markdown]
# ## 6 · A bag of words: add the one-hot vectors up
#
# A review is a list of one-hot vectors of any length, but a linear model wants one vector of fixed size. Adding the
# vectors gives it: place $j$ of the sum says how often word $j$ occurs. The order of the words is gone, as if they had been
# shaken in a bag; hence the name.

# %%
bag = X.sum(axis=0)  # (tokens, V) -> (V,)
dict(zip(ids, bag.tolist(), strict=True))

# %% [markdown]
# A bag has as many places as the vocabulary, nearly all of them zero, so only the others are stored. A **sparse matrix** in
# compressed rows (CSR) keeps three lists: the values, the column of each, and where each row begins.

# %%
from course_utils.text import bag_of_words

two = [tokens, ["the", "cat"]]
cats = Vocabulary(list(ids))
rows = bag_of_words(two, cats)  # (documents, len(cats)): first padding, last unknown words
print("values ", rows.data, "\ncolumns", rows.indices, "\nrows begin at", rows.indptr)
rows.toarray()

# %% [markdown]
# The first row has five values, the second two: row 0 is values 0 to 4, row 1 values 5 to 6, and
# the last number of `indptr` says where the last row ends. Now all
# reviews, with every word of the training split. The validation and test reviews are counted with the *same* vocabulary: a word
# that only they have falls into the place for unknown words.

# %%
vocabulary = Vocabulary.from_documents(train)
X_train = bag_of_words(train, vocabulary)  # (reviews, V + 2)
X_validation = bag_of_words(validation, vocabulary)
stored = X_train.data.nbytes + X_train.indices.nbytes + X_train.indptr.nbytes
dense = X_train.shape[0] * X_train.shape[1] * 4
print(f"{X_train.shape}, {X_train.nnz:,} values stored")
print(f"{stored / 1e6:.1f} MB instead of {dense / 1e6:,.0f} MB")
claim("sparse storage takes at most a tenth of the dense table's memory", stored / dense,
      at_most=0.1)

# %% [markdown]
# ## 7 · A linear classifier on the bags
#
# Logistic regression gives every word a weight, adds up these weights, each times the count of its word, and squashes the sum into a
# probability that the review is positive:
#
# $$p = \sigma(x \cdot w + b), \qquad \sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# with $x$ the bag $(V,)$, $w$ the weights $(V,)$ and $b$ one number. A baseline comes first: always answer with the more common class.

# %%
y_train, y_validation, y_test = data.train.labels, data.validation.labels, data.test.labels
majority = max(y_validation.mean(), 1 - y_validation.mean())
print(f"always the same answer: {majority:.3f} of the validation reviews right")

# %% [markdown]
# Training punishes large weights, so that the model does not cling to words that it saw by chance; the larger `C`, the weaker the
# punishment. Which one is best is not for the test split to
# decide; the validation split is there for choices. But its scores are noisy: of $n$ answers with a share $a$ right, that share is
# known to about $\sqrt{a(1-a)/n}$, one **standard error**. So we take the smallest `C` whose score is within one standard error of
# the best: a difference smaller than the noise is no reason for larger weights (Breiman et al. 1984).

# %%
from sklearn.linear_model import LogisticRegression


def best_model(X_train, X_validation, choices):
    models = [LogisticRegression(C=C, solver="liblinear", random_state=SEED) for C in choices]
    scores = [model.fit(X_train, y_train).score(X_validation, y_validation) for model in models]
    print("  ".join(f"C={C}: {score:.3f}" for C, score in zip(choices, scores)))
    error = np.sqrt(max(scores) * (1 - max(scores)) / len(y_validation))
    chosen = int(np.argmax(np.array(scores) >= max(scores) - error))  # the first that is good enough
    return models[chosen], scores[chosen]


bag_model, bag_score = best_model(X_train, X_validation, [0.003, 0.01, 0.03])

# %% [markdown]
# The choices end at a small `C` for a reason that the score cannot show. On IMDB, reviews of one film can be in both the training and the
# validation split, while the films of the test split are others (Maas et al. 2011). A model with large weights that remembers names of
# films and actors looks good in validation and gains nothing in the test. When this lesson was made, `C = 0.1` did just
# that: better in validation, worse in the test, on IMDB. Ask of every validation split whether it is as strange to the model as the test will be.

# %% [markdown]
# What did it learn? The weights can be read: each belongs to one word.

# %%
weights = bag_model.coef_[0][: len(vocabulary.words)]  # (V,), without the unknown words' place
order = weights.argsort()
chosen = [*order[:10], *order[-10:]]
figure, axes = plots.figure(size=(6.5, 4.6))
axes.barh(range(20), weights[chosen], color=[plots.RED] * 10 + [plots.BLUE] * 10)
axes.set_yticks(range(20), vocabulary.decode(chosen))
axes.set(title="The words that weigh most",
         xlabel="weight: negative review ← 0 → positive review")
axes.axvline(0, color="black", linewidth=0.8)
plots.show(figure, alt="""Horizontal bars of the ten most negative and ten most positive word weights. Words of
    blame have negative weights, words of praise positive ones.""")

# %% [markdown]
# Nobody told the model which words praise and which blame; the labels of whole reviews were enough. A weight is no dictionary, though: a plain
# word can get one because it keeps company with praise or blame, as *at* does in *not at all*. Note also what is missing:
# each word has one weight, whatever stands beside it. `boring` pushes down in *boring* and in *never boring* alike.

# %% [markdown]
# ## 8 · TF-IDF: words that are everywhere say little
#
# In a bag, `the` has the largest count of all and says nothing about the opinion. **TF-IDF** multiplies each count by how rare
# the word is over the documents:
#
# $$\text{tfidf}_{d,j} = \text{tf}_{d,j} \cdot \text{idf}_j, \qquad \text{idf}_j = \ln\frac{1 + n}{1 + \text{df}_j} + 1$$
#
# with $\text{tf}_{d,j}$ the count of word $j$ in document $d$, $\text{df}_j$ the number of documents that have it, and $n$ the number of
# documents. The ones smooth away a division by zero (Spärck Jones 1972, in scikit-learn's smoothed form). At the end each row is
# divided by its length, so that long reviews do not shout.

# %%
df = (X_train > 0).sum(axis=0)  # (V,): documents that have the word
idf = np.log((1 + len(train)) / (1 + df)) + 1  # (V,)
weighed = X_train.multiply(idf[None, :]).tocsr()  # (reviews, V)
length = np.sqrt(weighed.multiply(weighed).sum(axis=1))  # (reviews,)
by_hand = weighed.multiply(1 / np.maximum(length, 1e-12)[:, None]).tocsr()

# %% [markdown]
# scikit-learn's `TfidfTransformer` must give the same numbers. We look at the largest difference anywhere.

# %%
from sklearn.feature_extraction.text import TfidfTransformer

tfidf = TfidfTransformer().fit(X_train)
gap = abs(tfidf.transform(X_train) - by_hand).max()
claim("TF-IDF by hand equals scikit-learn's: largest difference", gap, at_most=1e-5)
for word in ("the", "film", "brilliant"):
    print(f"{word:>10}: idf {idf[vocabulary.encode([word])[0]]:.2f}")

# %%
tfidf_model, tfidf_score = best_model(tfidf.transform(X_train), tfidf.transform(X_validation),
                                      [1, 3])

# %% [markdown]
# ## 9 · Pairs of words: a little order comes back
#
# If `never boring` were one entry of the vocabulary, it could have a weight of its own. A run of $n$ tokens is an **n-gram**; pairs are
# bigrams. scikit-learn's `TfidfVectorizer` cuts, numbers, counts and weighs in one go. We give it our tokens, let it add pairs, drop what
# stands in one review only (`min_df=2`), and replace the count by $1 + \ln \text{tf}$, because the tenth `great` of a review says less than the first.

# %%
from sklearn.feature_extraction.text import TfidfVectorizer

as_it_is = dict(tokenizer=list, preprocessor=list, token_pattern=None)  # our tokens, untouched
pairs = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, **as_it_is)
P_train = pairs.fit_transform(train)  # (reviews, words and pairs)
P_validation = pairs.transform(validation)
print(f"{P_train.shape[1]:,} words and pairs")
pairs_model, pairs_score = best_model(P_train, P_validation, [10, 30])

# %% [markdown]
# Which pairs begin with a negation, and weigh most? Beside each stands the weight of its second word alone.

# %%
weight = dict(zip(pairs.get_feature_names_out(), pairs_model.coef_[0]))
NEGATIONS = {"not", "no", "never", "nothing", "isn't", "wasn't", "don't"}
negated = [pair.split() for pair in weight if pair.split()[0] in NEGATIONS and " " in pair]
negated.sort(key=lambda pair: -abs(weight[" ".join(pair)]))
for first, second in negated[:8]:
    pair = f"{first} {second}"
    print(f"{pair:>18} {weight[pair]:+6.2f}    {second} {weight[second]:+6.2f}")

# %% [markdown]
# The weights of a pair and of its two words are added up. A pair that does not weigh what its second word says is order at work, as far as order
# reaches one word. A negation that stands farther from its word is still out of reach.

# %% [markdown]
# ## 10 · The test split, opened once
#
# All choices were made on the validation split. Now the three models are trained once more, each with the `C` that it was found to
# like, on training and validation reviews together; the words and their rarity stay those of the training split. Then the test split is
# opened, for the first and last time.

# %%
from scipy.sparse import vstack

y_both = np.concatenate([y_train, y_validation])


def refit(model, X_train, X_validation):
    again = LogisticRegression(C=model.C, solver="liblinear", random_state=SEED)
    return again.fit(vstack([X_train, X_validation]).tocsr(), y_both)


# %%
X_test, P_test = bag_of_words(test, vocabulary), pairs.transform(test)
bag_refit = refit(bag_model, X_train, X_validation)
tfidf_refit = refit(tfidf_model, tfidf.transform(X_train), tfidf.transform(X_validation))
pairs_refit = refit(pairs_model, P_train, P_validation)

# %%
bag_test, pairs_test = bag_refit.score(X_test, y_test), pairs_refit.score(P_test, y_test)
tfidf_test = tfidf_refit.score(tfidf.transform(X_test), y_test)
names = ["always the same answer", "bag of words", "TF-IDF of words", "TF-IDF of words and pairs"]
sizes = [1, len(vocabulary), len(vocabulary), len(pairs.vocabulary_)]
chosen_by = [majority, bag_score, tfidf_score, pairs_score]
guessing = max(y_test.mean(), 1 - y_test.mean())
opened = [guessing, bag_test, tfidf_test, pairs_test]
columns = ("model", "numbers a review", "validation", "test")
ladder = [dict(zip(columns, row)) for row in zip(names, sizes, chosen_by, opened)]
tables.table("Accuracy of linear models on bags", ladder)

# %%
claim("test accuracy of bag of words and logistic regression", bag_test, at_least=BOUND["bag"])
claim("test accuracy of TF-IDF of words and pairs", pairs_test, at_least=BOUND["pairs"])
claim("pairs of words add to the accuracy of single ones", pairs_test - bag_test, at_least=0.01)

# %% [markdown]
# All are far above guessing. The pairs clearly help; what TF-IDF adds to single words is no more than the noise. The two columns are not quite of
# the same models: validation scores are of models trained on the training split, test scores of models trained on both.

# %% [markdown]
# ## 11 · What no bag can see
#
# Here are two opinions. One is praise, the other is not.

# %%
praise = "I expected a dull film, but it was brilliant"
blame = "I expected a brilliant film, but it was dull"
bags = bag_of_words([tokenize(praise), tokenize(blame)], vocabulary)
difference = abs(bags[[0]] - bags[[1]]).sum()
print("all differences between the two bags, added up:", difference)
claim("two opposite opinions have the same bag", difference, at_most=0)

# %% [markdown]
# The same words, the same counts, the same bag. Whatever a model does with a bag, it does the same to both, so it must be wrong
# about one of them. No more data, no better weights and no deeper network on top would change that. It holds for every text: shuffle
# the words of each test review and ask the model again.

# %%
rng = np.random.default_rng(SEED)
shuffled = bag_of_words([rng.permutation(review).tolist() for review in test], vocabulary)
changed = (bag_refit.predict(shuffled) != bag_refit.predict(X_test)).sum()
claim("shuffling the words of every test review changes no answer of the bag", changed, at_most=0)

# %% [markdown]
# A person who reads a shuffled review loses the thread; the bag does not notice, because it never had one. How much that costs
# depends on the text. The embedded sample is made to show it: a part of its reviews come as **twins**, two reviews with the same
# words in another order and with opposite labels. We measure the bag of words and the pairs on the twins and on the other
# reviews of the sample.

# %%
twins = reviews.load_sample().test
in_twins = twins.twins >= 0
twin_tokens = [tokenize(t) for t in twins.texts]
short = min(np.flatnonzero(in_twins), key=lambda i: abs(len(twin_tokens[i]) - 12))
for i in np.flatnonzero(twins.twins == twins.twins[short]):
    print("positive:" if twins.labels[i] else "negative:", twins.texts[i])

# %%
scored = {
    "bag of words": bag_refit.predict(bag_of_words(twin_tokens, vocabulary)) == twins.labels,
    "TF-IDF of words and pairs": pairs_refit.predict(pairs.transform(twin_tokens)) == twins.labels,
}  # (reviews,): was the answer right?
print({name: f"{right[in_twins].mean():.3f} on the twins" for name, right in scored.items()})

# %%
figure, axes = plots.figure(size=(6.4, 3.4))
for offset, (name, right) in zip((-0.2, 0.2), scored.items()):
    heights = [right[in_twins].mean(), right[~in_twins].mean()]
    axes.bar(np.arange(2) + offset, heights, width=0.38, label=name)
plots.label_bars(axes)
axes.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
axes.set(title="What order is worth", ylabel="accuracy", ylim=(0, 1.15), xticks=[0, 1])
axes.set_xticklabels(["twins: same words,\nopposite labels", "the other reviews\nof the sample"])
axes.legend(frameon=False, loc="upper left")
plots.show(figure, alt="""Bars of accuracy. On the twins the bag of words has exactly one half, a coin's toss;
    pairs of words do somewhat better. On the other reviews both are far above.""")
claim("accuracy of the bag of words on the twins", scored["bag of words"][in_twins].mean(),
      close_to=0.5, within=1e-9)

# %% [markdown]
# On the twins the bag has one half, to the last digit: one right answer in each pair. Pairs of words reach one word far and mend
# some of it; a turn such as *expected … but it was …* reaches further. What can read the words in order, one after the other, and
# remember? That is the question of [lesson 04](04_simple_rnn.ipynb).

# %% [markdown]
# ## 12 · The same lesson on all of IMDB
#
# The tables below were not computed on your machine. They come from the record of runs of this notebook on the 50,000 real
# reviews, over three seeds of the validation split. `make data DATASETS=imdb_reviews` fetches the data, and this notebook uses them at
# its next run.

# %% tags=["recorded"]
imdb = tables.recorded("01_one_hot_and_bag_of_words", "Accuracy of linear models on bags")
imdb

# %% tags=["recorded"]
figure, axes = plots.figure(size=(6.6, 2.8))
axes.barh([row["model"] for row in imdb.rows], imdb.values("test"), color=plots.BLUE)
plots.label_bars(axes)
axes.set(title="Test accuracy on the 25,000 IMDB test reviews", xlabel="accuracy", xlim=(0, 1.05))
axes.invert_yaxis()
plots.show(figure, alt="""Horizontal bars of test accuracy on IMDB, from the record: guessing has one half, the
    bag of words and TF-IDF follow, TF-IDF of words and pairs is best.""")

# %% [markdown]
# Pairs of words help, and cost many more numbers a review; TF-IDF of single words adds next to nothing. Remember the best of these scores when a recurrent network enters:
# it has to beat this, not the coin.

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: one_hot_of
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `one_hot_of(word, ids)`: the one-hot vector of `word`, as an array of zeros and a single one, with
# as many places as `ids` has words.
#
# <details><summary>Hint 1</summary><code>np.zeros(n, dtype=int)</code> makes a vector of n zeros.</details>
# <details><summary>Hint 2</summary>The id says where the one stands. It is not the value that stands there.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def one_hot_of(word, ids):
    """One-hot vector (len(ids),) of a word of the vocabulary `ids`."""
    # BEGIN SOLUTION
    x = np.zeros(len(ids), dtype=int)
    x[ids[word]] = 1
    return x
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="a one, not the id"
def one_hot_of(word, ids):
    x = np.zeros(len(ids), dtype=int)
    x[ids[word]] = ids[word]
    return x

# %% tags=["wrong"] message="one place for every word"
def one_hot_of(word, ids):
    x = np.zeros(ids[word] + 1, dtype=int)
    x[ids[word]] = 1
    return x

# %% tags=["wrong"] message="has no shape"
def one_hot_of(word, ids):
    return ids[word]

# %% [raw]
# # BEGIN TESTS

# %%
def test_one_hot_of(one_hot_of):
    words = {"the": 0, "cat": 1, "sat": 2, "mat": 3}
    x = one_hot_of("sat", words)
    assert hasattr(x, "shape"), f"one_hot_of gave {x!r}, which has no shape: it must be a NumPy array, the whole vector"
    assert x.shape == (4,), f"the vector has shape {x.shape}; with 4 words it must be (4,): one place for every word"
    assert x[2] == 1, f"the place of 'sat', whose id is 2, holds {x[2]}: it must hold a one, not the id or anything else"
    assert sum(x) == 1, f"the vector is {x}: all other places must be zero"
    assert one_hot_of("the", words)[0] == 1, "the word with id 0 has its one in place 0"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_one_hot_of_hidden(one_hot_of):
    import numpy as np

    ids = {"dull": 3, "film": 0, "a": 1, "not": 4, "good": 2}
    for word, i in ids.items():
        assert np.array_equal(np.asarray(one_hot_of(word, ids)), np.eye(5)[i]), f"not right for id {i} of five words"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: words_for
# points: 1

# %% [markdown]
# **Exercise 2.** Write `words_for(counts, share)`: how many of the most common words are needed to cover at least `share` of the
# text? `counts` is an array with how often each word occurs, in any order. Half of the text, `share=0.5`, was section 4.
#
# <details><summary>Hint 1</summary>Sort from large to small, then add up from the front: <code>cumsum</code>.</details>
# <details><summary>Hint 2</summary><code>np.argmax(condition)</code> is the first place where a condition holds. Places start at 0, numbers of words at 1.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def words_for(counts, share):
    """Smallest number of most common words that cover at least `share` of all tokens."""
    # BEGIN SOLUTION
    covered = np.sort(counts)[::-1].cumsum()
    return int(np.argmax(covered >= share * np.sum(counts))) + 1
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one too few"
def words_for(counts, share):
    covered = np.sort(counts)[::-1].cumsum()
    return int(np.argmax(covered >= share * np.sum(counts)))

# %% tags=["wrong"] message="any order"
def words_for(counts, share):
    return int(np.argmax(np.cumsum(counts) >= share * np.sum(counts))) + 1

# %% tags=["wrong"] message="share of the tokens, not of the words"
def words_for(counts, share):
    return int(np.ceil(share * len(counts)))

# %% [raw]
# # BEGIN TESTS

# %%
def test_words_for(words_for):
    import numpy as np

    got = words_for(np.array([50, 30, 15, 5]), 0.75)
    assert got != 1, "for counts 50, 30, 15, 5 the first word covers 0.50 and the first two 0.80: 0.75 needs 2 words, you have one too few"
    assert got != 3, "for counts 50, 30, 15, 5 two words cover 0.75 of the text, you gave 3: it is a share of the tokens, not of the words"
    assert got == 2, f"for counts 50, 30, 15, 5 and share 0.75 you gave {got}; two words, with 80 of 100 tokens, are enough"
    unsorted = words_for(np.array([5, 15, 30, 50]), 0.5)
    exact = words_for(np.array([50, 30, 15, 5]), 0.5)
    assert exact == 1, f"for counts 50, 30, 15, 5 one word covers exactly 0.5, which is enough (>=); you gave {exact}"
    assert unsorted == 1, f"the counts can come in any order: for 5, 15, 30, 50 the word with 50 alone covers half, you gave {unsorted}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_words_for_hidden(words_for):
    import numpy as np

    counts = np.array([7, 1, 40, 3, 21, 28, 7])
    for share, wanted in ((0.3, 1), (0.6, 2), (0.8, 3), (0.85, 4), (0.93, 5), (0.97, 6), (0.999, 7)):
        assert words_for(counts.copy(), share) == wanted, f"not right for the share {share} of {counts}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: idf_of
# points: 1

# %% [markdown]
# **Exercise 3.** Write `idf_of(df, n)` from the formula of section 8, for one word that stands in `df` of `n` documents. What is
# it for a word that stands in all of them? The check asks that first.
#
# <details><summary>Hint 1</summary><code>np.log</code> is the natural logarithm, ln.</details>
# <details><summary>Hint 2</summary>There are three ones in the formula. The last stands outside of the logarithm.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def idf_of(df, n):
    """Smoothed inverse document frequency of a word that stands in `df` of `n` documents."""
    return np.log((1 + n) / (1 + df)) + 1  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="outside of the logarithm"
def idf_of(df, n):
    return np.log((1 + n) / (1 + df))

# %% tags=["wrong"] message="upside down"
def idf_of(df, n):
    return np.log((1 + df) / (1 + n)) + 1

# %% tags=["wrong"] message="natural logarithm"
def idf_of(df, n):
    return np.log10((1 + n) / (1 + df)) + 1

# %% tags=["wrong"] message="smoothing"
def idf_of(df, n):
    return np.log(n / df) + 1

# %% [raw]
# # BEGIN TESTS

# %%
def test_idf_of(idf_of):
    from math import log

    everywhere = idf_of(99, 99)
    assert everywhere != 0, "a word that is everywhere has idf 1, you gave 0: the last 1 stands outside of the logarithm"
    assert abs(everywhere - 1) < 1e-9, f"a word that stands in all documents has idf 1, you gave {everywhere}"
    rare = idf_of(9, 99)
    assert rare > 1, f"a rare word must weigh more than one that is everywhere, you gave {rare:.3f}: is the fraction upside down?"
    assert abs(rare - 2) > 1e-9, "for df=9, n=99 you gave 2.000, which is the logarithm to base 10: np.log is the natural logarithm"
    assert abs(rare - (log(11) + 1)) > 1e-9, "for df=9, n=99 you divide 99 by 9: the smoothing adds 1 to both"
    assert abs(rare - (log(10) + 1)) < 1e-9, f"for df=9, n=99 the formula gives {log(10) + 1:.4f}, you gave {rare:.4f}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_idf_of_hidden(idf_of):
    from math import log

    for df, n in ((1, 10), (7, 300), (300, 300), (0, 5)):
        assert abs(idf_of(df, n) - (log((1 + n) / (1 + df)) + 1)) < 1e-5, f"not right for df = {df}, n = {n}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: bigrams
# points: 1

# %% [markdown]
# **Exercise 4.** Write `bigrams(tokens)`: the list of all pairs of neighbouring tokens, each as one string with a space between, in order.
# `["not", "a", "film"]` gives `["not a", "a film"]`. Lists with fewer than two tokens have no pairs.
#
# <details><summary>Hint 1</summary>How many pairs does a list of 3 have? Of n?</details>
# <details><summary>Hint 2</summary><code>zip(tokens, tokens[1:])</code> walks through a list and the same list begun one later.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def bigrams(tokens):
    """Pairs of neighbours in `tokens`, joined by a space."""
    # BEGIN SOLUTION
    return [f"{first} {second}" for first, second in zip(tokens, tokens[1:])]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one string with a space between"
def bigrams(tokens):
    return list(zip(tokens, tokens[1:]))

# %% tags=["wrong"] message="a pair is missing"
def bigrams(tokens):
    return [f"{tokens[i]} {tokens[i + 1]}" for i in range(len(tokens) - 2)]

# %% tags=["wrong"] message="IndexError"
def bigrams(tokens):
    return [f"{tokens[i]} {tokens[i + 1]}" for i in range(len(tokens))]

# %% tags=["wrong"] message="neighbours only"
def bigrams(tokens):
    return [f"{a} {b}" for i, a in enumerate(tokens) for b in tokens[i + 1 :]]

# %% [raw]
# # BEGIN TESTS

# %%
def test_bigrams(bigrams):
    got = list(bigrams(["not", "a", "good", "film"]))
    assert all(isinstance(pair, str) for pair in got), f"you gave {got[:1]}…: each pair must be one string with a space between, like 'not a'"
    assert len(got) >= 3, f"four tokens have three pairs, you gave {got}: a pair is missing"
    assert len(got) <= 3, f"four tokens have three pairs of neighbours, you gave {len(got)}: neighbours only"
    assert got == ["not a", "a good", "good film"], f"you gave {got}"
    assert list(bigrams(["film"])) == [] and list(bigrams([])) == [], "one token, or none, has no pair"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_bigrams_hidden(bigrams):
    wanted = ["the film", "film wasn't", "wasn't the", "the film", "film i", "i know"]
    assert list(bigrams("the film wasn't the film i know".split())) == wanted, "not right for seven tokens"
    assert list(bigrams(["so", "so"])) == ["so so"], "not right for the same token twice"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: my_twins
# points: 2

# %% [markdown]
# **Exercise 5, a stretch.** Write twins of your own: `mine` and `yours`, two sentences of at least six words with the same bag and opposite
# opinions. The check can compare the bags; whether the opinions are opposite only a reader of the order can tell, so ask a friend.
#
# <details><summary>Hint 1</summary>A turn helps: <i>I thought …, but …</i>, <i>not …, … at all</i>, <i>first …, then …</i>.</details>
# <details><summary>Hint 2</summary>Take one word of praise and one of blame, and let them change places.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
mine = "the book was boring and the film was not boring at all"  # SOLUTION
yours = "the book was not boring at all and the film was boring"  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="in the same order"
mine = "not a dull film but a brilliant one"
yours = "Not a dull film, but a brilliant one!"

# %% tags=["wrong"] message="not the same bag"
mine = "i expected a dull film but it was brilliant"
yours = "i expected a brilliant film but it was awful"

# %% tags=["wrong"] message="at least six words"
mine = "good, not bad"
yours = "bad, not good"

# %% [raw]
# # BEGIN TESTS

# %%
def test_my_twins(mine, yours):
    from collections import Counter

    from course_utils.text import tokenize

    one, other = tokenize(mine), tokenize(yours)
    extra = (Counter(one) - Counter(other)) + (Counter(other) - Counter(one))
    assert not extra, f"not the same bag: one of the two has more of {', '.join(extra)}"
    assert one != other, "the words stand in the same order: the two sentences say the same"
    assert len(one) >= 6, f"each sentence needs at least six words, yours have {len(one)}"

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
# - **Counting the vocabulary on all data.** Words of the test reviews then get places of their own, and the test is no longer
#   unseen. The vocabulary comes from the training split.
# - **Choosing `C` by the test score.** With enough tries one of them looks good by luck. Choose on the validation split.
# - **Calling `toarray()` on a sparse matrix** of real data. The dense table of section 6 grows with reviews times words; for all of IMDB it needs gigabytes.
# - **Feeding ids to a linear model** as if they were amounts. Ids are names.
# - **Reading a large weight as a cause.** A weight says which words go with which labels in these reviews, no more.
#
# ## References
#
# - K. Spärck Jones (1972). A statistical interpretation of term specificity and its application in retrieval. *Journal of Documentation* 28(1).
# - L. Breiman, J. Friedman, R. Olshen, C. Stone (1984). *Classification and Regression Trees*. Wadsworth. The one-standard-error rule.
# - A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng, C. Potts (2011). Learning word vectors for sentiment analysis. *ACL*. The IMDB reviews.
# - S. Wang, C. D. Manning (2012). Baselines and bigrams: simple, good sentiment and topic classification. *ACL*.
# - G. K. Zipf (1949). *Human Behavior and the Principle of Least Effort*. Addison-Wesley.

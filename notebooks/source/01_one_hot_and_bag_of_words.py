# %% [markdown]
# # 01 · One-hot vectors and bags of words
#
# A review is a string, but a model computes with numbers. How do we turn the one into the other? This lesson shows the oldest answer: give every word
# a number, count the words of a text, and let a linear model weight the counts. The method is simple and fast, and it is a strong baseline. You measure how
# well it classifies film reviews. You also see what it can never do, however much data you have.
#
# **You will be able to**
#
# 1. turn raw text into tokens, a vocabulary and ids, and say what is lost at each step;
# 2. write one-hot vectors in NumPy, and name their two limits: their size, and that all words are equally far apart;
# 3. store counts as a sparse matrix, and compute TF-IDF from its formula and with scikit-learn, with equal results;
# 4. train bag-of-words classifiers, choose a hyperparameter on the validation set, and use the test set once;
# 5. show what no bag of words can see.
#
# **Before this lesson:** Python and NumPy; [lesson 00](00_start_here.ipynb). **Time:** about 60 minutes to read and try,
# 30 minutes for the exercises; on two cores all cells run in about
# 10 seconds on the built-in sample (`HUBS.md` names the machine that was measured),
# and in about five minutes on all of IMDB.

# %% [markdown]
# ## Settings and data
#
# A **model** is a formula with parameters; here the parameters are called **weights**. To *train* or *fit* it means to find weights with which its predictions are good. A model that
# predicts one of several classes, such as *positive* or *negative*, is a **classifier**.
#
# The reviews come in three sets. The model learns from the **training set**. With the **validation set** we make choices, for instance between two models. The **test set** is used
# once, at the end: it shows how good the chosen model is on reviews that had no influence on it.
#
# `reviews.load` reads the real IMDB reviews if you have downloaded them, else the built-in sample. The last line matters for IMDB only. There, the films of the test set
# are not those of the training set. `by_group` does the same with the validation set: all reviews of a film are in the same set. So the validation set is as different from the training set as
# the test set will be, and remembering names of actors does not help.

# %%
import matplotlib.pyplot as plt
import numpy as np

from course_utils import plots, tables
from course_utils.claims import SEED, claim
from course_utils.datasets import reviews

plt.style.use("course_utils.figures")
data = reviews.by_group(reviews.load(seed=SEED), seed=SEED)

# %% [markdown]
# ## 1 · From a string to tokens
#
# For a computer, a text is a sequence of characters. The first step divides it into larger units, usually words; one such unit is a [**token**](../GLOSSARY.md#token).
# In a simple sentence, we change all letters to lower case and split at the spaces.

# %%
sentence = "The cat sat on the mat"
tokens = sentence.lower().split()
print(tokens)
raw = "It wasn't bad.<br /><br />It was BAD!!! (2/10)"
print(raw.lower().split())

# %% [markdown]
# *The* and *the* became the same token, which is what we want here. But *US* and *us* would become the same token, too. Every step of text preparation loses something. You have to decide what.
#
# The second text is more difficult. It was written for a web page, with tags for line breaks, and punctuation is attached to the words. So *bad.* and *bad!!!* are different tokens, and one of them
# still contains a tag. A regular expression fixes this: it replaces tags, and all characters except letters and apostrophes, by spaces.

# %%
import re


def simple_tokenize(text):
    """Words of a text in lower case."""
    text = re.sub(r"<br\s*/?>|[^a-zA-Z']", " ", text)
    return text.lower().split()


print(simple_tokenize(raw))

# %% [markdown]
# Now both are *bad*. We have lost the upper case, the exclamation marks and the rating 2/10. `course_utils.text.tokenize` does the same and is robust to unusual input; all lessons use it.

# %% [markdown]
# ## 2 · A vocabulary gives every word an id
#
# A [**vocabulary**](../GLOSSARY.md#vocabulary) is a list of all words that a model knows. Each word has a number, its **id**. We number the words of our sentence in the order of their first occurrence.

# %%
ids = {}
for token in tokens:
    if token not in ids:
        ids[token] = len(ids)
print(ids)
print([ids[token] for token in tokens])

# %% [markdown]
# Six tokens, but five words: *the* occurs twice and has the same id both times.
#
# An id is a name and not a quantity. *mat* has id 4 and *cat* has id 1, but a mat is not four cats. A model that multiplies ids by weights would treat them as quantities. The next section avoids this.

# %% [markdown]
# ## 3 · One-hot vectors
#
# A [**one-hot vector**](../GLOSSARY.md#one-hot-vector) of a word has as many entries as the vocabulary has words. The entry at the word's id is 1, and all others are 0.
# With $V$ words, the word with id $i$ becomes the vector $x$ with $V$ entries, $x_i = 1$ and $x_j = 0$ for all $j \ne i$.

# %%
V = len(ids)
X = np.zeros((len(tokens), V), dtype=int)  # (tokens, V)
for t, token in enumerate(tokens):
    X[t, ids[token]] = 1
print(X)

# %% alt="Grid of six rows, the tokens of 'the cat sat on the mat', and five columns, the words. Each row has a single 1; both rows of 'the' have it in the same column." jupyter={"source_hidden": true}
# Draw the one-hot vectors of the sentence.
fig, ax = plt.subplots(figsize=(4.6, 3.6))
ax.imshow(X, cmap="Blues", vmax=1.6)
ax.set_xticks(range(V), ids)
ax.set_yticks(range(len(tokens)), tokens)
ax.set(title="A one-hot vector for every token",
       xlabel="entry: one for each word", ylabel="token, in order")
for t, token in enumerate(tokens):
    ax.text(ids[token], t, "1", ha="center", va="center")
plt.show()

# %% [markdown]
# Each row has exactly one 1. The column of *the* has two, because the word occurs twice. In these vectors no word is larger than another, so the problem of the ids is solved. But one-hot vectors have two limits.

# %% [markdown]
# ## 4 · First limit: the size
#
# Real texts have many different words. How many are in the training reviews, and how much memory do their one-hot vectors need? First we tokenize all reviews.
#
# **What do you expect?** How many of the most frequent words make up half of all tokens?
#
# <details><summary>Answer</summary>Fewer than a hundred. The figure below shows it.</details>

# %%
from collections import Counter

from course_utils.text import tokenize

train, validation, test = [[tokenize(text) for text in split.texts]
                           for split in data]
counts = Counter(token for review in train for token in review)
n_tokens, n_words = counts.total(), len(counts)
print(f"{n_tokens:,} tokens, {n_words:,} different words")
print("the most frequent:", counts.most_common(4))
gigabytes = n_tokens * n_words * 4 / 1e9  # float32: 4 bytes per entry
print(f"as ids: {n_tokens * 4 / 1e9:.4f} GB")
claim("memory of the reviews as one-hot vectors, in GB", gigabytes, at_least=2)

# %% alt="Rising curve of the percentage of tokens covered, against the size of the vocabulary on a logarithmic axis. Fewer than a hundred words cover half of the tokens; the last thousands of words add a few per cent." jupyter={"source_hidden": true}
# Draw which percentage of all tokens the most frequent words cover.
frequencies = np.array(sorted(counts.values(), reverse=True))
coverage = 100 * frequencies.cumsum() / n_tokens
half = int(np.argmax(coverage >= 50)) + 1  # words that cover one half
fig, ax = plt.subplots(figsize=(6.8, 3.4))
ax.semilogx(np.arange(1, n_words + 1), coverage)
ax.plot(half, 50, "o", color="C1")
ax.annotate(f"{half} words", (half, 50), (half * 1.6, 42))
ax.set(title="A few words make up most of the text",
       xlabel="size of the vocabulary (logarithmic)",
       ylabel="covered tokens, %")
plt.show()
claim("words that make up half of all tokens", half, at_most=100)

# %% [markdown]
# Word frequencies are very unequal: a few words are very frequent, and thousands occur once or twice (Zipf 1949). So we lose little text if the vocabulary keeps the most frequent words only. A word that is not
# in the vocabulary is an [**out-of-vocabulary word**](../GLOSSARY.md#out-of-vocabulary-word) (OOV). All such words get the same id.
#
# `course_utils.text.Vocabulary` does this. Id 0 is reserved for padding, which later lessons need. The words have ids from 1, and the last id is for OOV words. The vocabulary always comes
# from the training set: words that occur in the test set only are OOV words.

# %%
from course_utils.text import Vocabulary

small = Vocabulary.from_documents(train, size=1000)
example = tokenize("The cat sat on the quasiperiodic mat")
print(small.encode(example))
print(small.decode(small.encode(example)))

# %% [markdown]
# Id 1001 is the one for OOV words. It is written `<oov:0>`, because lesson 09 uses several such ids, with numbers from 0.

# %% [markdown]
# ## 5 · Second limit: all words are equally far apart
#
# Take three books as the whole vocabulary. Two are long Russian novels of the nineteenth century, and the third is a comic novel about the end of the Earth. We would like the first two to be close
# to each other. How far apart are their one-hot vectors?

# %%
books = ["War and Peace", "Anna Karenina", "The Hitchhiker's Guide"]
one_hot = np.eye(3)  # (books, V)
difference = one_hot[:, None, :] - one_hot[None, :, :]  # (books, books, V)
distances = np.linalg.norm(difference, axis=-1)  # (books, books)
print(distances.round(3))
claim("distance of two one-hot vectors: largest deviation from √2",
      np.abs(distances[~np.eye(3, dtype=bool)] - 2**0.5).max(), at_most=1e-9)

# %% alt="Two three-by-three grids of distances between three books. With one-hot vectors all distances between different books are 1.41. With four features chosen by hand the two Russian novels are 0.05 apart, and the comic one is about 1.9 from both." jupyter={"source_hidden": true}
# Draw these distances, and those of four features that we chose by hand.
# Is it Russian, of the 19th century, long, comic?
chosen = np.array([[1, 1, 0.95, 0], [1, 1, 0.9, 0], [0, 0, 0.1, 1]])
by_hand = np.linalg.norm(chosen[:, None] - chosen[None, :], axis=-1)
fig, axes = plt.subplots(1, 2, figsize=(8.2, 3.4), sharey=True)
for ax, matrix, title in ((axes[0], distances, "one-hot vectors"),
                          (axes[1], by_hand, "four features chosen by hand")):
    ax.imshow(matrix, vmin=0, vmax=2.4, cmap="cividis")
    ax.set_title(title)
    ax.set_xticks(range(3), ["War", "Anna", "Guide"])
    ax.set_yticks(range(3), books)
    for (row, column), value in np.ndenumerate(matrix):
        ax.text(column, row, f"{value:.2f}", ha="center", va="center",
                color="white" if value < 1.4 else "black")
plt.show()

# %% [markdown]
# On the left, all different books have the same distance. Two one-hot vectors differ in exactly two entries, by 1 each, so their distance is $\sqrt{1^2 + 1^2}$, whatever the words mean. Their dot product is always 0.
# So a model that has learned something about *brilliant* has learned nothing about *excellent*.
#
# On the right, each book has four features that we chose by hand: is it Russian, of the nineteenth century, long, comic? Now the two Russian novels are close together. Nobody wants to choose such features for 10,000 words by hand. A model can learn them: these are the
# embeddings of [lesson 02](02_word_embeddings.ipynb). First we see what is possible without them.

# %% [markdown] claim="distance of two one-hot vectors: largest deviation from √2"
# **Quick question.** A vocabulary has 10,000 words, among them *good*, *great* and *table*. Which two one-hot vectors are closest to each other?
#
# <details><summary>A. <i>good</i> and <i>great</i></summary>No. Their meanings are similar, but a one-hot vector contains only the id of the word, and nothing about its meaning.</details>
# <details><summary>B. Those whose ids are closest</summary>No. The vectors differ in two entries, and it does not matter whether these are next to each other.</details>
# <details><summary>C. None: all different words have the same distance</summary>Right. It is √2, as measured above for three books. The number of words does not change it.</details>

# %% [markdown]
# ## 6 · A bag of words: the sum of the one-hot vectors
#
# A review is a sequence of one-hot vectors, as long as the review. But a linear model needs one vector of fixed size. So we add the one-hot vectors. Entry $j$ of the sum says how often word $j$
# occurs. The order of the words is lost, as if you had put them into a bag and shaken it. Such a vector is called a [**bag of words**](../GLOSSARY.md#bag-of-words).
#
# Most entries of a bag are 0, because a review contains few of the words that exist. A [**sparse matrix**](../GLOSSARY.md#sparse-matrix) stores only the other entries, each with its row and column.

# %%
from scipy import sparse

bag = X.sum(axis=0)  # (tokens, V) -> (V,)
print(dict(zip(ids, bag.tolist())))
the_cat = X[:2].sum(axis=0)  # (V,): the bag of "the cat"
print(sparse.csr_array([bag, the_cat]))

# %% [markdown]
# Each line shows the position (row, column) of an entry and its value. The first row has five words, the second two.
#
# The function `bag_of_words` of the course counts all reviews. Its matrix has a column for each id of the vocabulary, and so one for padding, which stays empty, and one for OOV words.

# %%
from course_utils.text import bag_of_words

vocabulary = Vocabulary.from_documents(train)
X_train = bag_of_words(train, vocabulary)  # (reviews, V), sparse
X_validation = bag_of_words(validation, vocabulary)
dense = X_train.shape[0] * X_train.shape[1] * 4  # bytes of a dense matrix
stored = X_train.data.nbytes + X_train.indices.nbytes + X_train.indptr.nbytes
print(f"{X_train.shape}, {X_train.nnz:,} entries stored")
print(f"{stored / 1e6:.1f} MB instead of {dense / 1e6:,.0f} MB")
claim("memory of the sparse matrix, as a fraction of the dense one",
      stored / dense, at_most=0.1)

# %% [markdown]
# ## 7 · A linear classifier on the bags
#
# **Logistic regression** multiplies each count by the weight of its word, and adds the products and a bias. The sigmoid function turns the sum into a
# probability that the review is positive:
#
# $$p = \sigma(x \cdot w + b), \qquad \sigma(z) = \frac{1}{1 + e^{-z}}$$
#
# Here $x$ is the bag $(V,)$, $w$ are the weights $(V,)$, and $b$ is a scalar. Training searches for weights that make this loss small:
#
# $$L = -\sum_i \bigl[\, y_i \ln p_i + (1 - y_i) \ln(1 - p_i) \,\bigr] + \frac{1}{2C} \sum_j w_j^2$$
#
# The first sum runs over the training reviews, and $y_i$ is the label, 1 or 0. It is called [**cross-entropy**](../GLOSSARY.md#cross-entropy). It is small if the model gives a high probability to the right label. The second sum is a penalty on large
# weights, L2 [**regularisation**](../GLOSSARY.md#regularisation): a weight may become large only if it makes the first sum clearly smaller. The larger $C$ is, the weaker is the penalty.
#
# $C$ is not learned. We choose it before training, so it is a [**hyperparameter**](../GLOSSARY.md#hyperparameter). To choose well, we try several values, and take the one with the best
# accuracy on the validation set. We try the same values for all models of this lesson.

# %%
from sklearn.linear_model import LogisticRegression

y_train, y_validation = data.train.labels, data.validation.labels
CS = [0.001, 0.01, 0.1, 1, 10, 100]


def best_of(X_train, X_validation):
    """The model with the best C, and all (training, validation) accuracies."""
    models = [LogisticRegression(C=C, solver="liblinear") for C in CS]
    accuracy = [(model.fit(X_train, y_train).score(X_train, y_train),
                 model.score(X_validation, y_validation)) for model in models]
    return models[np.argmax([a[1] for a in accuracy])], np.array(accuracy)


bag_model, bag_accuracy = best_of(X_train, X_validation)
print("best C:", bag_model.C)

# %% [markdown]
# (`liblinear` is an algorithm that is fast for sparse data.)
#
# **What do you expect?** With a weaker penalty the model can fit the training set better. Does the validation accuracy rise, too?
#
# <details><summary>Answer</summary>Only at first. Then it falls, although the training accuracy still rises.</details>

# %% alt="Training and validation accuracy of the bag of words against C, on a logarithmic axis. The training accuracy rises with C. The validation accuracy is highest at a small C and then falls." jupyter={"source_hidden": true}
# Draw the accuracy on both sets for each C.
fig, ax = plt.subplots(figsize=(6.4, 3.2))
ax.semilogx(CS, bag_accuracy[:, 0], "o-", label="training set")
ax.semilogx(CS, bag_accuracy[:, 1], "s--", label="validation set")
ax.set(xlabel="C: weaker penalty →", ylabel="accuracy",
       title="A weaker penalty fits the training set better, and only that")
ax.legend()
plt.show()
claim("bag of words: training minus validation accuracy at C = 100",
      bag_accuracy[-1, 0] - bag_accuracy[-1, 1], at_least=0.08)
claim("bag of words: best validation accuracy minus that at C = 100",
      bag_accuracy[:, 1].max() - bag_accuracy[-1, 1], at_least=0.015)

# %% [markdown]
# This is [**overfitting**](../GLOSSARY.md#overfitting): the model learns details of the training reviews that do not help with other reviews, for instance a weight for a word that occurs in two of them, by chance both positive.
#
# What has the best model learned? Each weight belongs to one word, so we can read them.

# %% alt="Horizontal bars of the ten most negative and the ten most positive weights. The words with negative weights are mostly negative opinions, those with positive weights positive ones." jupyter={"source_hidden": true}
# Draw the largest weights of the bag of words.
weights = bag_model.coef_[0][:len(vocabulary.words)]  # without the OOV column
order = np.argsort(weights)
shown = [*order[:10], *order[-10:]]
fig, ax = plt.subplots(figsize=(6.5, 4.6))
ax.barh(range(20), weights[shown], color=["C1"] * 10 + ["C0"] * 10)
ax.set_yticks(range(20), vocabulary.decode(shown))
ax.axvline(0, color="black", linewidth=0.8)
ax.set(title="The words with the largest weights",
       xlabel="weight: negative review ← 0 → positive review")
plt.show()

# %% [markdown]
# Nobody told the model which words are positive or negative: it had the labels of whole reviews only. A weight is not a dictionary entry, though. A neutral word can get a large
# weight because it often occurs in positive or in negative reviews, such as *at* in *not at all*. And each word has one weight, whatever the words next to it are: *boring* counts as negative in *never boring*, too.

# %% [markdown] claim="bag of words: training minus validation accuracy at C = 100"
# **Quick question.** With $C = 100$ the training accuracy is highest. Should we take this model?
#
# <details><summary>A. Yes, it makes the fewest mistakes</summary>No. It makes the fewest mistakes on reviews that it has seen in training. On others it makes more than the models with a smaller C.</details>
# <details><summary>B. No, the validation accuracy decides</summary>Right. The distance between the two curves shows that this model overfits.</details>
# <details><summary>C. Compare the test accuracies of all models first</summary>No. If the test set is used to choose, it no longer shows how good the chosen model is on new reviews.</details>

# %% [markdown]
# ## 8 · TF-IDF: frequent words say little
#
# In a bag, *the* has one of the largest counts, and it says nothing about the opinion. [**TF-IDF**](../GLOSSARY.md#tf-idf) multiplies each count by a factor that is small for words that occur in many documents (a document is a text, here a review):
#
# $$\text{tfidf}_{d,j} = \text{tf}_{d,j} \cdot \text{idf}_j, \qquad \text{idf}_j = \ln\frac{1 + n}{1 + \text{df}_j} + 1$$
#
# $\text{tf}_{d,j}$, the *term frequency*, is the count of word $j$ in document $d$. $\text{df}_j$ is the number of documents that contain the word, and $n$ the number of all
# documents; $\text{idf}_j$ is the *inverse document frequency* (Spärck Jones 1972). Inside the logarithm, the ones avoid a division by zero. The last 1 has another purpose: for a word that occurs in every document the logarithm is 0, and the + 1 keeps
# its weight above zero.
#
# In the end, each row is divided by its Euclidean (L2) norm, the square root of the sum of its squares. Otherwise long reviews would have larger numbers than short ones. We compute it for three tiny documents, and compare with scikit-learn.

# %%
from sklearn.feature_extraction.text import TfidfTransformer

#               a  dull witty film
tf = np.array([[1, 1, 0, 1],   # a dull film
               [1, 2, 0, 0],   # a dull dull
               [1, 0, 1, 1]])  # a witty film
df = (tf > 0).sum(axis=0)  # (V,): documents that contain the word
idf = np.log((1 + len(tf)) / (1 + df)) + 1  # (V,)
tfidf = tf * idf  # (documents, V)
tfidf = tfidf / np.linalg.norm(tfidf, axis=1, keepdims=True)
print("idf", idf.round(2))
by_sklearn = TfidfTransformer().fit_transform(tf).toarray()
claim("TF-IDF: largest difference between NumPy and scikit-learn",
      np.abs(tfidf - by_sklearn).max(), at_most=1e-9)
claim("idf of a word that occurs in every document", idf[0],
      close_to=1, within=1e-9)

# %% [markdown] claim="idf of a word that occurs in every document"
# **Quick question.** The word *a* occurs in all three documents. What is its TF-IDF, before the rows are divided by their norms?
#
# <details><summary>A. 0, because it is in every document</summary>No. The logarithm is 0, but the + 1 after it is not part of the logarithm.</details>
# <details><summary>B. Its count</summary>Right. Its idf is 1, the smallest one that is possible here.</details>
# <details><summary>C. 3, because it is in three documents</summary>No. More documents make the idf smaller, not larger.</details>

# %% [markdown]
# Now all reviews. `fit` computes the idf from the training set. `transform` applies it, also to the validation set: the idf is a part of the model, so it must not see other reviews.

# %%
to_tfidf = TfidfTransformer().fit(X_train)
tfidf_model, tfidf_accuracy = best_of(to_tfidf.transform(X_train),
                                      to_tfidf.transform(X_validation))
print("best C:", tfidf_model.C)
for word in ("the", "film", "brilliant"):
    print(f"idf of {word}: {to_tfidf.idf_[vocabulary.ids[word]]:.2f}")

# %% [markdown]
# ## 9 · n-grams: a little order comes back
#
# If *never boring* were an entry of the vocabulary, it could have its own weight. A sequence of $n$ neighbouring tokens is called an [**n-gram**](../GLOSSARY.md#n-gram), and for $n = 2$ a **bigram**. scikit-learn's `TfidfVectorizer` makes the
# vocabulary, counts and weights in one step. We tell it what a token is, ask for single words and bigrams, and leave out what occurs in one review only (`min_df=2`).
# `sublinear_tf=True` replaces the count by $1 + \ln \text{tf}$, because the tenth *great* in a review says less than the first.

# %%
from sklearn.feature_extraction.text import TfidfVectorizer

to_bigrams = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True,
                             token_pattern=r"[a-z']+")
B_train = to_bigrams.fit_transform([" ".join(words) for words in train])
B_validation = to_bigrams.transform([" ".join(words) for words in validation])
print(f"{B_train.shape[1]:,} words and bigrams")
bigram_model, bigram_accuracy = best_of(B_train, B_validation)
print("best C:", bigram_model.C)

# %% [markdown]
# Which bigrams that begin with a negation have the largest weights? Next to each we print the weight of its second word alone.

# %%
weight = dict(zip(to_bigrams.get_feature_names_out(), bigram_model.coef_[0]))
negations = ("not ", "no ", "never ", "nothing ", "isn't ", "wasn't ", "don't ")
negated = [bigram for bigram in weight if bigram.startswith(negations)]
negated.sort(key=lambda bigram: -abs(weight[bigram]))
for bigram in negated[:8]:
    second = bigram.split()[1]
    print(f"{bigram:>16} {weight[bigram]:+6.2f}",
          f"   {second} {weight[second]:+6.2f}")

# %% [markdown]
# The model adds the weights of a bigram and of its two words. Where the weight of a bigram has the opposite sign of its second word's weight, as in *don't skip*, the model uses the order of words. But it sees neighbours only.
# A negation that is three words away from its adjective is out of reach.

# %% [markdown]
# ## 10 · The test set, used once
#
# All choices are made, on the validation set. Now we open the test set. As a baseline, the table has a model that always predicts the class that is more frequent in the training set, the **majority baseline**.

# %%
y_test = data.test.labels
X_test = bag_of_words(test, vocabulary)
B_test = to_bigrams.transform([" ".join(words) for words in test])
bag_test = bag_model.score(X_test, y_test)
tfidf_test = tfidf_model.score(to_tfidf.transform(X_test), y_test)
bigram_test = bigram_model.score(B_test, y_test)
error = np.sqrt(bag_test * (1 - bag_test) / len(y_test))
print(f"standard error of a test accuracy: {error:.4f}")
claim("test accuracy of the bag of words", bag_test,
      at_least=0.70 if data.source == "sample" else 0.86)
claim("test accuracy: bigrams minus bag of words, in standard errors",
      (bigram_test - bag_test) / error, at_least=2)

# %% jupyter={"source_hidden": true}
# Show the accuracies as a table.
frequent = int(y_train.mean() > 0.5)
scores = [("majority baseline", 0, np.mean(y_validation == frequent),
           np.mean(y_test == frequent)),
          ("bag of words", X_train.shape[1], bag_accuracy[:, 1].max(),
           bag_test),
          ("TF-IDF of words", X_train.shape[1], tfidf_accuracy[:, 1].max(),
           tfidf_test),
          ("TF-IDF of words and bigrams", B_train.shape[1],
           bigram_accuracy[:, 1].max(), bigram_test)]
columns = ("model", "features per review", "validation", "test")
tables.table("Accuracy of linear models on bags",
             [dict(zip(columns, row)) for row in scores])

# %% [markdown]
# How exact is a test accuracy? It is measured on $n$ reviews, and other reviews would give a slightly different one. The **standard error** says by how much: for an accuracy $a$ it is about $\sqrt{a(1-a)/n}$. A difference that is not larger than
# the standard error can be chance.
#
# All three models are far better than the baseline. Bigrams help: their advantage is several standard errors. On the sample, TF-IDF of single words is not better than their counts.
#
# ## 11 · What no bag can see
#
# Here are two opinions. One is positive, the other negative.
#
# **What do you expect?** What does the model predict for them? And what happens to its predictions if we shuffle the words of every test review?
#
# <details><summary>Answer</summary>Both opinions have the same bag, so they get the same prediction. Shuffling does not change a bag, so it does not change a single prediction.</details>

# %%
opinions = ["I expected a dull film, but it was brilliant",
            "I expected a brilliant film, but it was dull"]
two_bags = bag_of_words([tokenize(text) for text in opinions], vocabulary)
claim("difference between the bags of two opposite opinions",
      np.abs(two_bags.toarray()[0] - two_bags.toarray()[1]).sum(), at_most=0)

rng = np.random.default_rng(SEED)
shuffled = [rng.permutation(words).tolist() for words in test]
X_shuffled = bag_of_words(shuffled, vocabulary)
changed = bag_model.predict(X_shuffled) != bag_model.predict(X_test)
claim("predictions that change when the words are shuffled", changed.sum(),
      at_most=0)

# %% [markdown]
# A model that gives both opinions the same prediction is wrong for one of them. More data, better weights or a deep network on top of the bag would not change this.
#
# How much does it cost? That depends on the texts. One third of the sample was written to show it: it consists of pairs of reviews with the same words in another order and with opposite labels. Two texts that differ
# in one respect only, here the order, are a [**minimal pair**](../GLOSSARY.md#minimal-pair). We measure the accuracy on these pairs and on the other test reviews of the sample.

# %%
sample_test = reviews.load_sample().test
pair_number = sample_test.twins  # (reviews,): equal for a pair, else -1
paired = pair_number >= 0
for i in np.flatnonzero(pair_number == 603):
    print(f"[{sample_test.labels[i]}] {sample_test.texts[i]}")
documents = [tokenize(text) for text in sample_test.texts]
by_bag = bag_model.predict(bag_of_words(documents, vocabulary))
by_bigrams = bigram_model.predict(
    to_bigrams.transform([" ".join(words) for words in documents]))
best_possible = 0.5 * paired.mean() + 1 * (~paired).mean()
print(f"best that any model of a bag can reach here: {best_possible:.3f}")
claim("bag of words: accuracy on the minimal pairs",
      np.mean(by_bag[paired] == sample_test.labels[paired]),
      close_to=0.5, within=1e-9)

# %% alt="Bars of accuracy of the bag of words and of the bigrams on the test reviews of the sample. On the minimal pairs the bag of words is at exactly one half and the bigrams are slightly above. On the other reviews both are far above one half." jupyter={"source_hidden": true}
# Draw the accuracy on the minimal pairs and on the other reviews.
fig, ax = plt.subplots(figsize=(6.8, 3.2))
for shift, predicted, name in ((-0.2, by_bag, "bag of words"),
                               (0.2, by_bigrams, "words and bigrams")):
    right = predicted == sample_test.labels
    heights = [right[paired].mean(), right[~paired].mean()]
    ax.bar(np.arange(2) + shift, heights, width=0.38, label=name)
plots.label_bars(ax)
ax.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
ax.set_xticks(range(2), [f"minimal pairs\n(n = {paired.sum()})",
                         f"other reviews\n(n = {(~paired).sum()})"])
ax.set(title="What the order of words is worth", ylabel="accuracy",
       ylim=(0, 1.35), yticks=[0, 0.5, 1])
ax.legend(ncols=2, loc="upper left")
plt.show()

# %% [markdown]
# On the minimal pairs the bag of words is right for exactly one half: one review of each pair. So on the whole test set of the sample, no model of a bag can be better than the number printed above. This explains why our accuracies on the sample are so low.
#
# Bigrams see neighbouring words and fix a small part of it. A contrast such as *expected … but it was …* is longer. We need a model that reads all words in order and remembers what it has read. That is the subject of
# [lesson 04](04_simple_rnn.ipynb).

# %% [markdown] claim="predictions that change when the words are shuffled"
# **Quick question.** You shuffle the words of every *training* review, and train the bag of words again. What happens to its test accuracy?
#
# <details><summary>A. It stays the same</summary>Right. A bag does not change when the words are shuffled, so the model is trained on the same numbers as before.</details>
# <details><summary>B. It falls a little, because the texts make no sense now</summary>No. They make no sense to us. The model has never seen more than the counts.</details>
# <details><summary>C. It falls to 0.5</summary>No. The counts still contain what the model needs to classify most reviews.</details>

# %% [markdown]
# ## 12 · The same lesson on all of IMDB
#
# The table and the figure were not computed on your computer. They are the record of this notebook's runs on the 50,000 real IMDB reviews, with a different validation set for each seed.
# `make data DATASETS=imdb_reviews` downloads these reviews, and then this notebook uses them.

# %% tags=["recorded"] jupyter={"source_hidden": true}
# Show the recorded accuracies as a table.
imdb = tables.recorded("01_one_hot_and_bag_of_words",
                       "Accuracy of linear models on bags")
imdb

# %% tags=["recorded"] alt="Horizontal bars of test accuracy on IMDB, from the record. The baseline has one half, the bag of words and TF-IDF of words are far better, and TF-IDF of words and bigrams is best." jupyter={"source_hidden": true}
# Draw the recorded test accuracies.
fig, ax = plt.subplots(figsize=(6.8, 2.6))
ax.barh([row["model"] for row in imdb.rows], imdb.values("test"))
plots.label_bars(ax)
ax.set(title="Test accuracy on the 25,000 IMDB test reviews",
       xlabel="accuracy", xlim=(0, 1.1))
ax.invert_yaxis()
plt.show()

# %% [markdown]
# The accuracies are higher than on the sample, which was written with many minimal pairs. Bigrams help here, too. The validation accuracies are close to the test accuracies, so the validation set with other films did not mislead us. Remember the best of these accuracies when the recurrent networks come: they have to be compared with this baseline, and not with chance level.

# %% [markdown]
# ## Exercises
#
# Replace each `...` by your answer, run the cell, then run the check below it. You can run a check as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: one_hot_of
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `one_hot_of(word, ids)`. It returns the one-hot vector of `word`, an array with one entry for each word of `ids`. `ids` is a dictionary {word: id}, and its words can be in any order.
#
# <details><summary>Hint 1</summary><code>np.zeros(n, dtype=int)</code> makes a vector of n zeros.</details>
# <details><summary>Hint 2</summary>The id is the position of the 1. It is not the value at this position.</details>

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

# %% tags=["wrong"] message="a 1, not the id"
def one_hot_of(word, ids):
    x = np.zeros(len(ids), dtype=int)
    x[ids[word]] = ids[word]
    return x

# %% tags=["wrong"] message="one entry for every word"
def one_hot_of(word, ids):
    x = np.zeros(ids[word] + 1, dtype=int)
    x[ids[word]] = 1
    return x

# %% tags=["wrong"] message="one number"
def one_hot_of(word, ids):
    return ids[word]

# %% tags=["wrong"] message="order of the dictionary"
def one_hot_of(word, ids):
    return np.array([int(other == word) for other in ids])

# %% [raw]
# # BEGIN TESTS

# %%
def test_one_hot_of(one_hot_of):
    import numpy as np

    words = {"the": 0, "sat": 2, "mat": 3, "cat": 1}
    x = np.asarray(one_hot_of("sat", words))
    assert x.ndim > 0, f"one_hot_of returned one number, {x}: it must be the whole vector"
    assert x.shape == (4,), f"the vector has shape {x.shape}; with 4 words it must be (4,): one entry for every word"
    assert x[1] != 1, "the 1 is at position 1, where 'sat' is in the order of the dictionary; its id is 2"
    assert x[2] == 1, f"the entry at position 2, the id of 'sat', is {x[2]}: it must be a 1, not the id or anything else"
    assert sum(x) == 1, f"the vector is {x}: all other entries must be zero"
    assert np.asarray(one_hot_of("the", words))[0] == 1, "the word with id 0 has its 1 at position 0"

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
# **Exercise 2.** Write `words_for(counts, fraction)`: how many of the most frequent words are needed to cover at least `fraction` of all tokens?
# `counts` is an array that says how often each word occurs, in any order. Do not change it. The figure of section 4 shows the answer for `fraction=0.5`.
#
# <details><summary>Hint 1</summary>Sort from large to small, then add up from the front: <code>cumsum</code>.</details>
# <details><summary>Hint 2</summary><code>np.argmax(condition)</code> is the first position where a condition is true. Positions start at 0, numbers of words at 1.</details>
# <details><summary>Hint 3</summary><code>counts.sort()</code> changes the array of the caller; <code>np.sort(counts)</code> makes a new one.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def words_for(counts, fraction):
    """Number of most frequent words that cover `fraction` of all tokens."""
    # BEGIN SOLUTION
    covered = np.sort(counts)[::-1].cumsum()
    return int(np.argmax(covered >= fraction * np.sum(counts))) + 1
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one too few"
def words_for(counts, fraction):
    covered = np.sort(counts)[::-1].cumsum()
    return int(np.argmax(covered >= fraction * np.sum(counts)))

# %% tags=["wrong"] message="any order"
def words_for(counts, fraction):
    return int(np.argmax(np.cumsum(counts) >= fraction * np.sum(counts))) + 1

# %% tags=["wrong"] message="of the tokens, not of the words"
def words_for(counts, fraction):
    return int(np.ceil(fraction * len(counts)))

# %% tags=["wrong"] message="changes the array"
def words_for(counts, fraction):
    counts.sort()
    return int(np.argmax(counts[::-1].cumsum() >= fraction * counts.sum())) + 1

# %% tags=["wrong"] message="exactly"
def words_for(counts, fraction):
    covered = np.sort(counts)[::-1].cumsum()
    return int(np.argmax(covered > fraction * np.sum(counts))) + 1

# %% [raw]
# # BEGIN TESTS

# %%
def test_words_for(words_for):
    import numpy as np

    got = words_for(np.array([50, 30, 15, 5]), 0.75)
    assert got != 1, "for counts 50, 30, 15, 5 the first word covers 0.50 and the first two 0.80: 0.75 needs 2 words, you have one too few"
    assert got != 3, "for counts 50, 30, 15, 5 two words cover 0.75 of the text, you returned 3: it is a fraction of the tokens, not of the words"
    assert got == 2, f"for counts 50, 30, 15, 5 and fraction 0.75 you returned {got}; two words, with 80 of 100 tokens, are enough"
    exact = words_for(np.array([50, 30, 15, 5]), 0.5)
    assert exact == 1, f"for counts 50, 30, 15, 5 one word covers exactly 0.5, which is enough (>=); you returned {exact}"
    counts = np.array([5, 15, 50, 30])
    mixed = words_for(counts, 0.5)
    assert np.array_equal(counts, [5, 15, 50, 30]), f"words_for changes the array of its caller to {counts}: sort a copy"
    assert mixed == 1, f"the counts can be in any order: for 5, 15, 50, 30 the word with 50 alone covers one half, you returned {mixed}"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_words_for_hidden(words_for):
    import numpy as np

    counts = np.array([7, 1, 40, 3, 21, 28, 7])
    for fraction, wanted in ((0.3, 1), (0.6, 2), (0.8, 3), (0.85, 4), (0.93, 5), (0.97, 6), (0.999, 7)):
        given = counts.copy()
        assert words_for(given, fraction) == wanted, f"not right for the fraction {fraction} of {counts}"
        assert np.array_equal(given, counts), "words_for changes its argument"
    assert words_for(np.array([1, 2, 1]), 0.5) == 1, "not right where one word covers exactly one half"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: idf_of
# points: 1

# %% [markdown]
# **Exercise 3.** Write `idf_of(df, n)` from the formula of section 8, for one word that occurs in `df` of `n` documents.
#
# <details><summary>Hint 1</summary><code>np.log</code> is the natural logarithm, ln.</details>
# <details><summary>Hint 2</summary>There are three ones in the formula. The last one is outside of the logarithm.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def idf_of(df, n):
    """Inverse document frequency of a word in `df` of `n` documents."""
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

# %% tags=["wrong"] message="adds 1 to both"
def idf_of(df, n):
    return np.log(n / df) + 1

# %% tags=["wrong"] message="whole number"
def idf_of(df, n):
    return np.log((1 + n) // (1 + df)) + 1

# %% [raw]
# # BEGIN TESTS

# %%
def test_idf_of(idf_of):
    from math import log

    everywhere = idf_of(99, 99)
    assert abs(everywhere) > 1e-6, "a word that is in all documents has idf 1, you returned 0: the last 1 is outside of the logarithm"
    assert abs(everywhere - 1) < 1e-5, f"a word that is in all documents has idf 1, you returned {everywhere}"
    rare = idf_of(9, 99)
    assert rare > 1, f"a rare word must have a larger idf than one that is in all documents, you returned {rare:.3f}: is the fraction upside down?"
    assert abs(rare - 2) > 1e-5, "for df=9, n=99 you returned 2.000, which is the logarithm to base 10: np.log is the natural logarithm"
    assert abs(rare - (log(11) + 1)) > 1e-5, "for df=9, n=99 you divide 99 by 9: the formula adds 1 to both"
    assert abs(rare - (log(10) + 1)) < 1e-5, f"for df=9, n=99 the formula gives {log(10) + 1:.4f}, you returned {rare:.4f}"
    other = idf_of(6, 99)
    assert abs(other - (log(14) + 1)) > 1e-5, "for df=6, n=99 you round 100 / 7 down to a whole number: use / and not //"
    assert abs(other - (log(100 / 7) + 1)) < 1e-5, f"for df=6, n=99 the formula gives {log(100 / 7) + 1:.4f}, you returned {other:.4f}"

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
# **Exercise 4.** Write `bigrams(tokens)`: the list of all bigrams, each as one string with a space between the two tokens, in order.
# `["not", "a", "film"]` gives `["not a", "a film"]`. For fewer than two tokens, the result is an empty list.
#
# <details><summary>Hint 1</summary>How many bigrams does a list of 3 tokens have? And one of n tokens?</details>
# <details><summary>Hint 2</summary><code>zip(tokens, tokens[1:])</code> gives each token together with the next one.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def bigrams(tokens):
    """Neighbouring tokens, joined by a space."""
    # BEGIN SOLUTION
    return [f"{first} {second}" for first, second in zip(tokens, tokens[1:])]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one string with a space between"
def bigrams(tokens):
    return list(zip(tokens, tokens[1:]))

# %% tags=["wrong"] message="one is missing"
def bigrams(tokens):
    return [f"{tokens[i]} {tokens[i + 1]}" for i in range(len(tokens) - 2)]

# %% tags=["wrong"] message="the last token has no token after it"
def bigrams(tokens):
    return [f"{tokens[i]} {tokens[i + 1]}" for i in range(len(tokens))]

# %% tags=["wrong"] message="neighbours only"
def bigrams(tokens):
    return [f"{a} {b}" for i, a in enumerate(tokens) for b in tokens[i + 1 :]]

# %% tags=["wrong"] message="occurs twice"
def bigrams(tokens):
    return list(dict.fromkeys(f"{a} {b}" for a, b in zip(tokens, tokens[1:])))

# %% tags=["wrong"] message="same token twice"
def bigrams(tokens):
    return [f"{a} {b}" for a, b in zip(tokens, tokens[1:]) if a != b]

# %% tags=["wrong"] message="an empty list"
def bigrams(tokens):
    if len(tokens) > 1:
        return [f"{a} {b}" for a, b in zip(tokens, tokens[1:])]

# %% [raw]
# # BEGIN TESTS

# %%
def test_bigrams(bigrams):
    def of(text):
        tokens = text.split()
        try:
            return list(bigrams(tokens))
        except IndexError:
            raise AssertionError(f"for {tokens} your code stops with an IndexError: the last token has no token after it") from None
        except Exception as error:
            assert "returns None" not in str(error) or len(tokens) > 1, f"for {tokens} the result must be an empty list; you return None"
            raise

    got = of("not a good film")
    assert all(isinstance(bigram, str) for bigram in got), f"you returned {got[:1]}…: each bigram must be one string with a space between, like 'not a'"
    assert len(got) >= 3, f"four tokens have three bigrams, you returned {got}: one is missing"
    assert len(got) <= 3, f"four tokens have three bigrams, you returned {len(got)}: neighbours only"
    assert got == ["not a", "a good", "good film"], f"you returned {got}"
    got = of("a film and a film")
    assert got == ["a film", "film and", "and a", "a film"], f"'a film and a film' gave {got}: 'a film' occurs twice, and both count"
    got = of("very very good")
    assert got == ["very very", "very good"], f"'very very good' gave {got}: the same token twice is a bigram, too"
    assert of("film") == [] and of("") == [], "for one token, or none, the result must be an empty list"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_bigrams_hidden(bigrams):
    wanted = ["the film", "film wasn't", "wasn't the", "the film", "film i", "i know"]
    assert list(bigrams("the film wasn't the film i know".split())) == wanted, "not right for seven tokens"
    assert list(bigrams(["so", "so"])) == ["so so"], "not right for the same token twice"
    assert list(bigrams(["one"])) == [], "not right for one token"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: minimal_pair
# points: 2

# %% [markdown]
# **Exercise 5, a challenge.** Write a minimal pair of your own: two sentences of at least six words, `positive` and `negative`, with the same bag of words and opposite
# opinions. The check compares the bags. Whether the opinions are opposite it cannot know, because it would have to understand the order. Ask a friend.
#
# <details><summary>Hint 1</summary>A contrast helps: <i>I thought …, but …</i>, <i>not …, … at all</i>, <i>first …, then …</i>.</details>
# <details><summary>Hint 2</summary>Take one positive and one negative word, and exchange them.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
positive = "the book was boring and the film was not boring at all"  # SOLUTION
negative = "the book was not boring at all and the film was boring"  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="in the same order"
positive = "not a dull film but a brilliant one"
negative = "Not a dull film, but a brilliant one!"

# %% tags=["wrong"] message="not the same bag"
positive = "i expected a dull film but it was brilliant"
negative = "i expected a brilliant film but it was awful"

# %% tags=["wrong"] message="at least six words"
positive = "good, not bad"
negative = "bad, not good"

# %% tags=["wrong"] message="must be a string"
positive = "the book was boring and the film was not boring".split()
negative = "the book was not boring and the film was boring".split()

# %% tags=["wrong"] message="not the same bag"
positive = "the film is good and not at all bad"
negative = "the film is bad and not at all good good"

# %% [raw]
# # BEGIN TESTS

# %%
def test_minimal_pair(positive, negative):
    from collections import Counter

    from course_utils.text import tokenize

    for sentence in (positive, negative):
        assert isinstance(sentence, str), f"each sentence must be a string, in quotation marks; you gave {sentence!r}"
    one, other = tokenize(positive), tokenize(negative)
    extra = (Counter(one) - Counter(other)) + (Counter(other) - Counter(one))
    assert not extra, f"not the same bag: one of the two has more of {', '.join(extra)}"
    assert one != other, "the words are in the same order, so both sentences say the same"
    assert len(one) >= 6, f"each sentence needs at least six words, yours have {len(one)}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Going further
#
# You can skip this part. No later lesson needs it.
#
# ### Other ways to count
#
# scikit-learn's `CountVectorizer` makes the vocabulary and counts in one step. Two of its options are often recommended. `binary=True` only notes whether a word occurs, not how often. `stop_words="english"` leaves out frequent words that are supposed to
# say nothing, the **stop words**. We compare them with the counts, with the same $C$ on the validation set.

# %%
from sklearn.feature_extraction.text import CountVectorizer

tried = {}
for name, options in (("all counts", {}), ("binary", {"binary": True}),
                      ("without stop words", {"stop_words": "english"})):
    vectorizer = CountVectorizer(token_pattern=r"[a-z']+", **options)
    counted = vectorizer.fit_transform([" ".join(words) for words in train])
    model = LogisticRegression(C=bag_model.C, solver="liblinear")
    model.fit(counted, y_train)
    counted = vectorizer.transform([" ".join(words) for words in validation])
    tried[name] = model.score(counted, y_validation)
    print(f"{tried[name]:.3f} {name}, {len(vectorizer.vocabulary_):,} words")
print([w for w in ("not", "no", "never") if w in vectorizer.get_stop_words()])
claim("validation accuracy, all counts and our own bag: difference",
      abs(tried["all counts"] - bag_accuracy[:, 1].max()), at_most=0.01)

# %% [markdown]
# The last line shows words that are on the list of stop words. Would you leave them out of a film review? Look at such a list before you use it, and let the validation set decide.
#
# Other options reduce the vocabulary. **Stemming** removes endings, so that *watch*, *watched* and *watching* become one token. A [subword](../GLOSSARY.md#subword) tokenizer splits rare words into frequent parts, for example *unwatchable* into
# *un*, *watch* and *able*. Then there are no OOV words at all. Today's large language models read subwords; lesson 02 uses them, too.

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Making the vocabulary from all data.** Then words that occur in the test set only have their own columns, and the test set is no longer new. The vocabulary comes from the training set.
# - **Calling `fit_transform` on the validation or test set.** It makes a new vocabulary, and the columns no longer mean the same words. Call `fit` once, on the training set, and then `transform`.
# - **Choosing `C` by the test accuracy.** If you try many values, one of them looks good by chance. Choose on the validation set.
# - **Calling `toarray()` on a sparse matrix** of real data. The dense matrix of section 6 grows with reviews times words. For all of IMDB it needs gigabytes.
# - **Using ids as numbers in a linear model.** Ids are names.
# - **Taking a large weight for a cause.** A weight says which words occur with which labels in these reviews, no more.
#
# ## References
#
# - K. Spärck Jones (1972). A statistical interpretation of term specificity and its application in retrieval. *Journal of Documentation* 28(1).
# - A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng, C. Potts (2011). Learning word vectors for sentiment analysis. *ACL*. The IMDB reviews.
# - S. Wang, C. D. Manning (2012). Baselines and bigrams: simple, good sentiment and topic classification. *ACL*.
# - G. K. Zipf (1949). *Human Behavior and the Principle of Least Effort*. Addison-Wesley.

# %% [markdown]
# # 00 · Start here
#
# This course is about two ideas that let computers work with words. The first idea: represent each word by a list of numbers, a vector,
# so that words with similar meanings have similar vectors. Such a vector is called an **embedding**. The second idea: read a text one word
# after the other, and store what was important so far. A model that does this is a **recurrent neural network**.
#
# In fifteen lessons you build both from their equations, and compare them with simpler methods. At the end you have models
# of your own: one classifies film reviews as positive or negative, another predicts the skills that go with a job title.
#
# This first lesson checks your computer. It shows how the lessons, the data, the claims and the exercises work, and explains the notation.
# You also see a first recurrent network, and why the order of words matters.
#
# **You will be able to**
#
# 1. check that your computer is ready, and know what to do if it is not;
# 2. say which data a lesson uses, and how to get the real data;
# 3. read a claim, and solve and check an exercise;
# 4. read the notation of the course: names, shapes, equations.
#
# **Before this lesson:** Python and NumPy. **Time:** about 40 minutes to read and try, 10 minutes for the exercises; on two cores all cells run in about
# 20 seconds (`HUBS.md` names the machine that was measured).

# %% [markdown]
# ## 1 · How to run a notebook
#
# Do you read this page on the web? Then install the course first, if you want to run it. Copy its repository to your computer and type `make lab` in its folder: the command
# installs everything and opens JupyterLab. The file `README.md` says how it works on Windows and with conda.
#
# A notebook consists of cells with text and cells with code. Click on a code cell and press **Shift + Enter**: the cell runs, its output appears
# below it, and the next cell is selected. Run the cells in order, from the top; *Run → Run All Cells* runs all of them. If an output looks wrong, use *Kernel →
# Restart Kernel and Run All Cells*.
#
# The first cell makes the checks of the exercises ready. The second imports what the lesson needs. Every lesson begins in this way.

# %%
import keras
import matplotlib.pyplot as plt
import numpy as np

from course_utils import plots
from course_utils.claims import SEED, claim

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)

# %% [markdown]
# The last two lines choose how figures look, and fix the **seed** of the random numbers. With the same seed, the same computer computes the same numbers again.
# Another computer may round a little differently, so its results can differ a little, even with the same seed.

# %% [markdown]
# ## 2 · Is this computer ready?
#
# The course needs a laptop with two cores; it needs no GPU, and no network after the installation. The command
# `python -m course_utils doctor` checks your computer. The next cell runs it from the notebook. *ok* and *note* are fine, and a *problem* says what to do about it.
# Of what is fine we print the first word only; for details, run the command in a terminal.

# %%
import subprocess
import sys

doctor = subprocess.run([sys.executable, "-m", "course_utils", "doctor"],
                        capture_output=True, text=True)
for line in doctor.stdout.splitlines():
    print(line.split(":")[0] if line.startswith("ok") else line)

# %% [markdown]
# If you did not start JupyterLab with `make lab`, TensorFlow prints red lines about *cuda* and *oneDNN* when a lesson first uses it. They are not errors:
# TensorFlow reports that it found no GPU, and how it computes without one.

# %% [markdown]
# ## 3 · Data: a built-in sample, or real data
#
# Every lesson that needs data has a small sample. It comes with the course, and a program of the course wrote it, so you can start at once. For most samples there is a real dataset of the same
# kind. When it is on your computer, the lessons use it instead of the sample. A notebook never downloads anything: you download the data with the command `make data`, if you want it.
#
# The next cell asks for one of the real datasets, 100,000 film reviews, which lesson 01 describes. It prints whether you have them, and the command that downloads them. The command takes a few minutes.

# %%
from course_utils import paths
from course_utils.datasets.catalogue import DATASETS

imdb = DATASETS["imdb_reviews"]
to_download, on_disk = imdb.sizes  # bytes
print("Is it on this computer?", imdb.is_ready(paths.data_dir()))
print(f"{imdb.command}   # downloads {to_download / 1e6:.0f} MB,",
      f"needs {on_disk / 1e6:.0f} MB of disk")

# %% [markdown]
# This first lesson uses the sample in any case, because its text was written for the sample. Each loader prints one line that says what you got.

# %%
from course_utils.datasets import reviews

data = reviews.load_sample()
for i in (63, 92, 139, 178):
    print(f"[{data.train.labels[i]}] {data.train.texts[i]}")

# %% [markdown]
# These are film reviews. The number in front is the **label**: 1 for a positive review, 0 for a negative one. We chose four short ones. How long are the reviews of the sample?

# %% alt="Histogram of the number of words in a review: most reviews are short, and a long tail reaches several hundred words." jupyter={"source_hidden": true}
# Draw how many reviews have how many words.
lengths = [len(text.split()) for text in data.train.texts]
fig, ax = plt.subplots(figsize=(6.8, 3))
ax.hist(lengths, bins=40)
ax.set(title="Review lengths vary widely", xlabel="words in a review",
       ylabel="number of reviews")
plt.show()

# %% [markdown]
# Most models that you know take a fixed number of inputs, say 100 numbers. How can a model read texts of any length? The recurrent networks of lesson 04 give an answer.

# %% [markdown]
# ## 4 · Claims: the text says it, the next cell measures it
#
# Textbooks make statements such as *most reviews are short*. In this course, the next cell measures them. The function `claim` shows the measured value next to
# the bound that it must satisfy.

# %%
short = np.mean(np.array(lengths) < 150)
claim("fraction of reviews with fewer than 150 words", short, at_least=0.6)

# %% [markdown]
# When something in the course changes, all notebooks are run again, and a claim that is no longer true stops the change. If a claim fails on your computer, the notebook continues.
# You have found something that is worth a closer look. A failed claim looks like this:

# %%
from course_utils.claims import Claim

failed = Claim("two plus two", 2 + 2, "at least", bound=5, within=None,
               held=False)
print(failed)

# %% [markdown] claim="fraction of reviews with fewer than 150 words"
# **Quick question.** The measured fraction is clearly larger than its bound of 0.6. Why is the bound not the measured value itself?
#
# <details><summary>A. Because nobody measured it exactly</summary>No. It was measured exactly, in the cell above.</details>
# <details><summary>B. Because a bound leaves room for small differences between computers, seeds and versions</summary>Right. The statement is <i>most reviews are short</i>. It stays true if the value changes a little.</details>
# <details><summary>C. Because a claim must never fail</summary>No. A claim that cannot fail says nothing. This one fails if most reviews become long.</details>

# %% [markdown]
# ## 5 · A first example: order matters
#
# Here are two reviews of the sample. They have the same words.

# %%
train, test = data.train, data.test
pair_number = test.twins  # (reviews,): equal for the two of a pair, else -1
for i in np.flatnonzero(pair_number == 603):
    print(f"[{test.labels[i]}] {test.texts[i]}")

# %% [markdown]
# Two texts that differ in one respect only are called a [**minimal pair**](../GLOSSARY.md#minimal-pair). Here the words are the same, only their order differs, and the labels are opposite.
# One third of the sample consists of such pairs.
#
# You know which of the two reviews is positive, because you read the words in order. A model that only counts words has no chance: both reviews give the same counts. We train
# two models on the training reviews, one that counts words and one that reads them in order. Then both classify the test reviews, which were in neither training.
#
# First the model that counts. Do not try to understand every line: it is the subject of [lesson 01](01_one_hot_and_bag_of_words.ipynb).

# %%
from sklearn.linear_model import LogisticRegression

from course_utils.text import Vocabulary, bag_of_words, tokenize

words = [tokenize(text) for text in train.texts]  # a list for each review
words_test = [tokenize(text) for text in test.texts]
vocabulary = Vocabulary.from_documents(words, size=3000)
counting = LogisticRegression(max_iter=1000)
counting.fit(bag_of_words(words, vocabulary), train.labels)
counts_test = bag_of_words(words_test, vocabulary)
counting_right = counting.predict(counts_test) == test.labels  # (reviews,)

# %% [markdown]
# Now a small recurrent network, in a few lines of Keras; after lesson 07 you will understand all of them. It gets a review as a list of numbers, one for each word.
#
# The network could read reviews of any length. But many reviews are computed together, as one array, and all rows of an array have the same length. So we take the last 50 words of each
# review, and fill shorter reviews with zeros at the end. The option `mask_zero=True` tells the network to ignore these zeros.

# %%
from course_utils.text import pad

LENGTH = 50


def ids_of(documents):
    """Numbers of the last LENGTH words of each document, then zeros."""
    return pad([vocabulary.encode(w[-LENGTH:]) for w in documents], LENGTH)


# %%
model = keras.Sequential([
    keras.Input((LENGTH,)),
    keras.layers.Embedding(len(vocabulary), 32, mask_zero=True),
    keras.layers.GRU(32),  # a recurrent layer
    keras.layers.Dense(1, activation="sigmoid"),  # probability of "positive"
])
model.compile(loss="binary_crossentropy", metrics=["accuracy"],
              optimizer=keras.optimizers.Adam(0.01))
model.fit(ids_of(words), train.labels, batch_size=64, epochs=4, verbose=0)
p = model.predict(ids_of(words_test), verbose=0)[:, 0]  # (reviews,)
reading_right = (p > 0.5) == test.labels
print(f"The network has {model.count_params():,} parameters.")

# %% [markdown]
# **What do you expect?** What fraction of the reviews in minimal pairs does the counting model classify correctly? And of the other reviews?
#
# <details><summary>Answer</summary>Exactly one half of the reviews in minimal pairs. Both reviews of a pair have the same counts, so they get the same prediction, and for one of the two it is wrong. On the other reviews it is much better.</details>

# %% alt="Bars of accuracy of two models on the test reviews. On the minimal pairs the counting model is at exactly one half and the recurrent network far above. On the other reviews both are far above one half." jupyter={"source_hidden": true}
# Draw the accuracy of both models on the minimal pairs and on the others.
paired = pair_number >= 0
groups = {f"minimal pairs\n(n = {paired.sum()})": paired,
          f"other reviews\n(n = {(~paired).sum()})": ~paired}
fig, ax = plt.subplots(figsize=(6.8, 3.2))
for shift, right, name in ((-0.2, counting_right, "counts words"),
                           (0.2, reading_right, "reads in order")):
    heights = [right[group].mean() for group in groups.values()]
    ax.bar(np.arange(2) + shift, heights, width=0.38, label=name)
plots.label_bars(ax)
ax.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
ax.set_xticks(range(2), groups)
ax.set(title="Same words, opposite labels", ylabel="accuracy", ylim=(0, 1.35),
       yticks=[0, 0.5, 1])
ax.legend(ncols=2, loc="upper left")
plt.show()

# %%
claim("counting model: accuracy on the minimal pairs",
      counting_right[paired].mean(), close_to=0.5, within=1e-9)
claim("counting model: accuracy on the other reviews",
      counting_right[~paired].mean(), at_least=0.75)
claim("recurrent network: accuracy on the minimal pairs",
      reading_right[paired].mean(), at_least=0.85)

# %% [markdown]
# On the minimal pairs the counting model is right for exactly one half of the reviews, whatever it has learned. The recurrent network is right for most of them. The difference is the order of the words, which
# only the network gets to see. (These reviews are simple: they were written by a program. Real reviews are harder, as lesson 10 shows.)

# %% [markdown] claim="counting model: accuracy on the other reviews"
# **Quick question.** The counting model has an accuracy of 0.5 on the minimal pairs. Has it learned nothing?
#
# <details><summary>A. Yes, 0.5 means that it predicts at random</summary>No. Look at the other reviews: a model that predicts at random would be right for one half of them, too.</details>
# <details><summary>B. No. It has learned which words are positive and which negative, but on minimal pairs this cannot help</summary>Right. On the other reviews it is far better than one half. An accuracy alone does not say what a model has learned; look at the data as well.</details>
# <details><summary>C. It needs more training</summary>No. Whatever its parameters are, it gives both reviews of a pair the same prediction.</details>

# %% [markdown]
# ## 6 · Notation and shapes
#
# All lessons use the same notation, and the code uses the same names. You need only a few symbols for the beginning; each lesson explains its own when it needs them.
#
# Vectors are rows, as in the code. Many sequences are computed at once, as a **batch**. So the input of a recurrent layer is an array with three axes, and their order is
# always the same: **(batch, time, features)**. The features of a word are the numbers of its vector.

# %% alt="A block of boxes in three layers, one for each review of a batch. Each layer has four columns, one for each word of 'the film was fun', and each column has two boxes, the features of that word. Below the columns are the time steps 1 to 4." jupyter={"source_hidden": true}
# Show an input with three axes.
plots.drawing("batch_block")

# %% [markdown]
# The last column of the table shows the shapes for this picture: 3 reviews of 4 words, with 2 features per word. A recurrent layer reads them, and stores 5 numbers per review; we say that it has
# 5 **units**.
#
# | symbol | in code | meaning | shape | here |
# | --- | --- | --- | --- | --- |
# | $T$ | `T` | number of time steps, here words | a scalar | 4 |
# | $t$ | `t` | a time step, $1 \le t \le T$ | a scalar | 1, 2, 3 or 4 |
# | $x_t$ | `x_t` | the input at time step $t$ | (batch, features) | (3, 2) |
# | $h_t$ | `h_t` | the hidden state: what the layer has stored after time step $t$ | (batch, units) | (3, 5) |
# | $W_x$ | `W_x` | weights from the input to the hidden state | (features, units) | (2, 5) |
# | $W_h$ | `W_h` | weights from one hidden state to the next | (units, units) | (5, 5) |
# | $b$ | `b` | bias | (units,) | (5,) |
# | $y$ | `y` | the label | (batch,) | (3,) |
# | $\hat y$ | `y_hat` | the prediction of a model | (batch,) | (3,) |
# | $\sigma(z)$ | `sigmoid` | $1 / (1 + e^{-z})$, between 0 and 1 | as $z$ | |
# | $a \odot b$ | `a * b` | element-wise product | as $a$ and $b$ | |
#
# Note the difference between $x_t$ and the whole input: the whole input has a time axis, $x_t$ is one time step of it and has none.
#
# Does a real layer have these shapes? We ask one. (`SimpleRNN` is the subject of lesson 04.)

# %%
x = np.ones((3, 4, 2))  # (batch, time, features)
layer = keras.layers.SimpleRNN(5)
h_T = layer(x)  # (batch, units): the last hidden state
W_x, W_h, b = layer.get_weights()
print("x", x.shape, " x_t", x[:, 0].shape, " h_T", h_T.shape)
print("W_x", W_x.shape, " W_h", W_h.shape, " b", b.shape)
h_long = layer(np.ones((3, 200, 2)))  # reviews of 200 words
claim("numbers in the hidden state after 200 words", h_long.shape[1],
      close_to=5, within=0.5)

# %% [markdown] claim="numbers in the hidden state after 200 words"
# **Quick question.** The same layer reads reviews of 200 words instead of 4. Which shape changes?
#
# <details><summary>A. Only that of the whole input: (3, 200, 2)</summary>Right. The time axis gets longer. The hidden state still has 5 numbers for each review, as measured above, and the weights are the same at all time steps.</details>
# <details><summary>B. That of the hidden state: (3, 200)</summary>No. The number of units does not depend on the length of the review.</details>
# <details><summary>C. That of the weights <code>W_x</code>: (200, 5)</summary>No. <code>W_x</code> has one row for each feature of a word, and a word still has 2 features.</details>

# %% [markdown]
# ## 7 · The lessons
#
# An arrow leads from each lesson to those that build on it. The main path is the course. A branch can be taken at any time after the lessons that its arrows start from.

# %% alt="Map of the fifteen lessons as boxes. The main path goes from 00 over 01, 02, 04, 05, 06, 07, 08 and 09 to 10. Lesson 03 branches off from 02, lesson 12 from 07 and 13 from 12, lesson 11 from 08, and lesson 14 needs 03 and 06." jupyter={"source_hidden": true}
# Show which lesson builds on which.
plots.drawing("course_map")

# %% [markdown]
# Click on a lesson to open it:
#
# - [01 one-hot vectors and bags of words](01_one_hot_and_bag_of_words.ipynb) · [02 word embeddings](02_word_embeddings.ipynb) · [03 entity embeddings](03_entity_embeddings.ipynb)
# - [04 the simple recurrent network](04_simple_rnn.ipynb) · [05 training recurrent networks](05_training_rnns.ipynb) · [06 LSTM](06_lstm.ipynb) · [07 GRU](07_gru.ipynb)
# - [08 deep and bidirectional networks](08_deep_and_bidirectional.ipynb) · [09 the text pipeline](09_text_pipeline.ipynb) · [10 IMDB sentiment](10_imdb_sentiment.ipynb)
# - [11 sequence labelling](11_sequence_labelling.ipynb) · [12 language models](12_language_model.ipynb) · [13 sequence to sequence](13_sequence_to_sequence.ipynb) · [14 Seq2BoW](14_seq2bow.ipynb)
#
# All terms of the course, with a definition of one line, are in the [glossary](../GLOSSARY.md).

# %% [markdown]
# ## Exercises
#
# Each lesson has exercises. Replace each `...` by your answer, run the cell, then run the check below it, as often as you like. If your answer is wrong, the check tells you why; it never stops the
# notebook. Try a wrong answer first, to see what happens.

# %% [raw]
# # BEGIN QUESTION
# name: first_answer
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** How many different words does *the cat sat on the mat* have? Count them, and set `answer` to this number.
#
# <details><summary>Hint</summary>One word appears twice. Count it once.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
answer = 5  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="counts all words"
answer = 6

# %% tags=["wrong"] message="without quotation marks"
answer = "5"

# %% tags=["wrong"] message="counts the letters"
answer = len(set("the cat sat on the mat"))

# %% tags=["wrong"] message="leaves 'the' out"
answer = 4

# %% tags=["wrong"] message="a number"
answer = ["the", "cat", "sat", "on", "mat"]

# %% [raw]
# # BEGIN TESTS

# %%
def test_first_answer(answer):
    import numpy as np

    assert not isinstance(answer, str), f"the answer must be a number; write it without quotation marks, not as {answer!r}"
    assert np.size(answer) == 1, f"the answer must be a number, such as 3; you gave {answer!r}"
    answer = np.asarray(answer).item()
    assert answer != 6, "6 counts all words; 'the' is one word that appears twice"
    assert answer != 4, "4 leaves 'the' out; a word that appears twice is still one word"
    assert answer not in (9, 10), f"{answer} counts the letters; the question is about words"
    assert answer == 5, f"{answer} is not the number of different words: write down each of them once, and count"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: shape_of
# points: 1

# %% [markdown]
# **Exercise 2.** A batch has 32 reviews of 60 words, and each word is a vector of 16 numbers. A recurrent layer with 8 units reads them and returns the last hidden state only.
# What are the shapes of its input `x` and of its output `h`, as tuples?
#
# <details><summary>Hint 1</summary>The order of the axes is (batch, time, features).</details>
# <details><summary>Hint 2</summary>The last hidden state has no time axis. Its shape is in the table of section 6.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
shape_of_x = (32, 60, 16)  # SOLUTION
shape_of_h = (32, 8)  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="batch first, then time"
shape_of_x = (60, 32, 16)

# %% tags=["wrong"] message="no time axis"
shape_of_x = (32, 60, 16)
shape_of_h = (32, 60, 8)

# %% tags=["wrong"] message="units, not features"
shape_of_x = (32, 60, 16)
shape_of_h = (32, 16)

# %% tags=["wrong"] message="the batch axis comes first"
shape_of_x = [32, 60, 16]
shape_of_h = (8, 32)

# %% tags=["wrong"] message="is not the length"
shape_of_x = (32, 60, 16)
shape_of_h = (32, 60)

# %% tags=["wrong"] message="a shape is a tuple"
shape_of_x = 32 * 60 * 16
shape_of_h = 32 * 8

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(shape_of_x, shape_of_h):
    import numpy as np

    assert np.ndim(shape_of_x) == 1 and np.ndim(shape_of_h) == 1, "a shape is a tuple, such as (2, 3)"
    shape_of_x, shape_of_h = tuple(shape_of_x), tuple(shape_of_h)
    assert sorted(shape_of_x) == [16, 32, 60], f"x has three axes, with 32 reviews, 60 words and 16 features; you gave {shape_of_x}"
    assert shape_of_x == (32, 60, 16), f"you gave {shape_of_x} for x: batch first, then time, then features"
    assert len(shape_of_h) != 1, "h has one row for each review: the batch axis is missing"
    assert len(shape_of_h) == 2, f"you gave {shape_of_h} for h: only the last hidden state is returned, so it has no time axis"
    assert shape_of_h != (8, 32), "the batch axis comes first, in h as well"
    assert shape_of_h != (32, 16), "the hidden state has as many numbers as the layer has units, not features"
    assert shape_of_h != (32, 60), "the size of the hidden state is the number of units; it is not the length of the reviews"
    assert shape_of_h == (32, 8), f"you gave {shape_of_h} for h; the table says (batch, units)"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: mean_length
# points: 1

# %% [markdown]
# **Exercise 3.** This function should return the mean number of words of a list of texts. It has a bug: for `["one two", "three"]` it
# returns 6. Find the bug and fix it. For an empty list, the function should return 0.
#
# <details><summary>Hint 1</summary>What does <code>len</code> of a string count?</details>
# <details><summary>Hint 2</summary>Section 3 counts words with <code>text.split()</code>, which also works if there are two spaces between words. For an empty list, return 0 before you divide.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def mean_length(texts):
    """Mean number of words of `texts`; 0 for an empty list."""
    # BEGIN SOLUTION NO PROMPT
    if len(texts) == 0:
        return 0
    return sum(len(text.split()) for text in texts) / len(texts)
    # END SOLUTION
    """ # BEGIN PROMPT
    return sum(len(text) for text in texts) / len(texts)
    """ # END PROMPT

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="counts characters"
def mean_length(texts):
    return sum(len(text) for text in texts) / max(len(texts), 1)

# %% tags=["wrong"] message="divides by zero"
def mean_length(texts):
    return sum(len(text.split()) for text in texts) / len(texts)

# %% tags=["wrong"] message="the sum, not the mean"
def mean_length(texts):
    return sum(len(text.split()) for text in texts)

# %% tags=["wrong"] message="between the shortest and the longest"
def mean_length(texts):
    numbers = [len(text.split()) for text in texts]
    return (min(numbers) + max(numbers)) / 2 if numbers else 0

# %% tags=["wrong"] message="two spaces in a row"
def mean_length(texts):
    return sum(text.count(" ") + 1 for text in texts) / max(len(texts), 1)

# %% tags=["wrong"] message="two spaces in a row"
def mean_length(texts):
    return sum(len(text.split(" ")) for text in texts) / max(len(texts), 1)

# %% tags=["wrong"] message="without words"
def mean_length(texts):
    numbers = [len(text.split()) for text in texts if text]
    return sum(numbers) / max(len(numbers), 1)

# %% [raw]
# # BEGIN TESTS

# %%
def test_mean_length(mean_length):
    got = mean_length(["one two", "three"])
    assert got != 6, "len of a string counts characters: the bug is still there"
    assert got != 3, "for two texts with 2 words and 1 word you returned 3: that is the sum, not the mean"
    assert got == 1.5, f"for two texts with 2 words and 1 word the mean is 1.5, you returned {got}"
    got = mean_length(["a", "b c", "d e f g h i"])
    assert got != 3.5, "for texts with 1, 2 and 6 words you returned 3.5, the middle between the shortest and the longest; the mean is 3"
    assert got == 3, f"for texts with 1, 2 and 6 words the mean is 3, you returned {got}"
    got = mean_length(["one  two"])
    assert got == 2, f"'one  two' has 2 words, you returned {got}: there can be two spaces in a row"
    got = mean_length(["", "one two"])
    assert got == 1, f"for a text without words and one with 2 words the mean is 1, you returned {got}"
    try:
        got = mean_length([])
    except ZeroDivisionError:
        raise AssertionError("for an empty list your code divides by zero; it should return 0") from None
    assert got == 0, f"for an empty list you returned {got}, it should be 0"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_mean_length_hidden(mean_length):
    for texts, wanted in ((["a b c d", "e f"], 3), (["one"], 1), (["a b", "c", "d e d d", "h"], 2), (["", " a  b c\n"], 1.5), ([], 0)):
        assert abs(mean_length(texts) - wanted) < 1e-5, f"not right for {texts}"

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
# - **Running cells out of order.** The kernel remembers which cells were run, and in which order; it does not know what the page shows. If in doubt: *Kernel → Restart Kernel and Run
#   All Cells*.
# - **Editing a lesson and losing the changes in an update.** Work in a copy: *File → Duplicate*. The checks still work in the copy.
# - **Taking a claim for a law.** It says what was measured, on these data, with this margin.
# - **Taking one half for "learned nothing".** What an accuracy means depends on the data that it was measured on.
# - **Confusing (batch, features) with (batch, time, features).** The whole input of a recurrent layer has three axes; one time step of it has two.
#
# ## References
#
# - K. Cho, B. van Merriënboer, C. Gulcehre, D. Bahdanau, F. Bougares, H. Schwenk, Y. Bengio (2014). Learning phrase representations using RNN
#   encoder-decoder for statistical machine translation. *EMNLP*. The recurrent layer of section 5.
# - M. Okabe, K. Ito (2008). *Color Universal Design*. The colours of all figures.
#
# Next: [lesson 01, one-hot vectors and bags of words](01_one_hot_and_bag_of_words.ipynb).

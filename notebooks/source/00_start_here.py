# %% [markdown]
# # 00 · Start here
#
# This course is about two ideas that let machines work with words. The first: give every word a place in space, so that words
# of like meaning are near each other. That is an **embedding**. The second: read a text one word at a time and carry along what
# matters. That is a **recurrent neural network**. In fifteen lessons you build both from their equations, compare them honestly with
# simpler methods, and end with models of your own: one that judges a film review, one that knows which skills go with a job title.
#
# This first lesson checks your computer, shows how lessons, data, claims and exercises work, sets the notation, and gives a first
# taste of why order matters.
#
# **You will be able to**
#
# 1. check that your computer is ready, and know what to do if not;
# 2. run a lesson, on the sample data or on real data;
# 3. read a claim, and solve and check an exercise;
# 4. read the notation of the course: names, shapes, equations.
#
# **Before this lesson:** Python and NumPy. **Time:** about 20 minutes to read and try, 10 minutes for the exercises; on two cores all cells run in about
# 20 seconds (`HUBS.md` names the machine that was measured).

# %% [markdown]
# ## 1 · How to run a notebook
#
# A notebook is made of cells, some of text, some of code. Click on a code cell and press **Shift + Enter**: it runs, its output appears
# below it, and the next cell is chosen. Run the cells in order, from the top. *Run → Run All Cells* does it in one go, and *Kernel →
# Restart Kernel and Run All Cells* is what to do when something looks odd.

# %% [markdown]
# ## 2 · Is this computer ready?
#
# The course runs on a laptop with two cores, without a graphics card and without a network. The next cell runs the command
# `python -m course_utils doctor`, which checks what the course needs. *ok* and *note* are fine; a *problem* says what to do about it. In a
# terminal, the command also shows the details of what is fine.

# %%
import subprocess
import sys

doctor = subprocess.run([sys.executable, "-m", "course_utils", "doctor"],
                        capture_output=True, text=True)
for line in doctor.stdout.splitlines():
    print(line.partition(":")[0] if line.startswith("ok") else line)

# %% [markdown]
# ## 3 · Data: a sample for all, the real thing for those who want it
#
# Every lesson comes with a small sample that the course has made itself, so that you can start at once. Where there is a real dataset
# of the same kind, the same notebook uses it as soon as it is there. No notebook ever downloads anything: that is left to one
# command, `make data`, which you run when you like. Each loader prints one line that says what you got.

# %%
from course_utils.datasets import reviews

data = reviews.load_sample()

# %% [markdown]
# These are film reviews, each with a label: 1 if its writer liked the film, 0 if not. Here are the beginnings of three, and the lengths of all.

# %%
for text, label in list(zip(data.train.texts, data.train.labels, strict=True))[:3]:
    print(f"[{label}] {text[:90]} …")

# %%
from course_utils import plots

lengths = [len(text.split()) for text in data.train.texts]
figure, axes = plots.figure(size=(6.8, 3.0))
axes.hist(lengths, bins=40)
axes.set(title="Reviews are of very different lengths", xlabel="words in a review",
         ylabel="reviews")
plots.show(figure,
           alt="""Histogram of the number of words in a review: most are short, and a long tail reaches
    several hundred words.""")

# %% [markdown]
# A network that takes 100 numbers cannot take 7 or 300. How to read a text of any length is one of the questions that recurrent networks
# answer, from lesson 04 on.

# %% [markdown]
# ## 4 · Claims: what is said here is measured here
#
# Textbooks say things like *most reviews are short*. In this course the next cell measures it. `claim` shows the measured value beside the
# bound that it has to keep.

# %%
import numpy as np

from course_utils.claims import claim

short = np.mean(np.array(lengths) < 150)
claim("most reviews of the sample have fewer than 150 words", short, at_least=0.5)

# %% [markdown]
# Whenever something in the course changes, every notebook is executed again, and a claim that no longer holds stops the change. If one fails on your machine, the notebook goes on, and you have found something worth a closer look. It would look like this:

# %%
from course_utils.claims import Claim

broken = Claim("two and two is five", 2 + 2, "at least", bound=5, within=None, held=False)
print(broken)

# %% [markdown]
# ## 5 · A taste of what is to come
#
# Read these two reviews of the sample. They have the same words.

# %%
train, test = data.train, data.test
in_twins = test.twins >= 0  # (reviews,)
shortest = min(np.flatnonzero(in_twins), key=lambda i: len(test.texts[i]))
for i in np.flatnonzero(test.twins == test.twins[shortest]):
    print(f"[{test.labels[i]}] {test.texts[i]}")

# %% [markdown]
# You can tell which one is praise, because you read the words in order. A model that only counts words cannot: both have the same counts.
# In [lesson 01](01_one_hot_and_bag_of_words.ipynb) you will build such a model. Here, without explanation yet, is one that reads: a small recurrent
# network, in a few lines of Keras. Do not try to understand every line; after lesson 07 you will.
#
# (In a JupyterLab that `make lab` has not started, lines about *cuda* and *oneDNN* appear in red below the next cell, and in each lesson. They
# are no errors: TensorFlow tells which graphics card it has not found, and how it computes instead.)

# %%
import keras

from course_utils.text import Vocabulary, tokenize
from course_utils.training import ProgressBar

LENGTH = 50  # how many tokens of each review are read: its last ones
vocabulary = Vocabulary.from_documents(map(tokenize, train.texts), size=3000)


def ids_of(texts):
    """Ids (texts, LENGTH), with zeros after the end of short texts."""
    rows = [vocabulary.encode(tokenize(text)) for text in texts]
    return keras.utils.pad_sequences(rows, LENGTH, padding="post")


# %%
keras.utils.set_random_seed(0)
model = keras.Sequential(
    [
        keras.Input((LENGTH,)),
        keras.layers.Embedding(len(vocabulary), 32, mask_zero=True),  # (batch, time, 32)
        keras.layers.GRU(32),  # (batch, 32): what is left after the last word
        keras.layers.Dense(1, activation="sigmoid"),  # (batch, 1): probability of praise
    ]
)
optimizer = keras.optimizers.Adam(0.01)
model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
model.fit(ids_of(train.texts), train.labels, batch_size=64, epochs=4, verbose=0,
          callbacks=[ProgressBar()])
model.count_params()

# %% [markdown]
# Beside it, for comparison, the model that counts words; it is the subject of lesson 01. Both learn from the training reviews, and
# both are asked about twins that neither has seen, those of the test reviews.

# %%
from sklearn.linear_model import LogisticRegression

from course_utils.text import bag_of_words

bags = [bag_of_words(map(tokenize, part.texts), vocabulary) for part in (train, test)]
counts = LogisticRegression(C=0.1, solver="liblinear").fit(bags[0], train.labels)
counting = counts.predict(bags[1])
reading = model.predict(ids_of(test.texts), verbose=0)[:, 0] > 0.5
answers = {"counts words": counting, "reads in order": reading}
accuracy = {name: np.mean((y_hat == test.labels)[in_twins]) for name, y_hat in answers.items()}

# %%
figure, axes = plots.figure(size=(5.6, 3.0))
axes.bar(accuracy.keys(), accuracy.values(), color=[plots.ORANGE, plots.BLUE])
plots.label_bars(axes)
axes.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
axes.set(title="Reviews with the same words and opposite labels", ylabel="accuracy",
         ylim=(0, 1.1))
plots.show(figure,
           alt="""Two bars of accuracy on the twins of the test split: the model that counts words has one
    half, a coin's toss; the one that reads in order is far above.""")
claim("the model that counts words tosses a coin on the twins", accuracy["counts words"],
      close_to=0.5, within=1e-9)
claim("the model that reads in order tells twins apart", accuracy["reads in order"],
      at_least=0.75)

# %% [markdown]
# One half for counting is no accident: twins have the same counts, so they get the same answer, and one of the two answers is wrong. Reading in order is what this course is about.

# %% [markdown]
# ## 6 · Exercises and their checks
#
# Each lesson ends with exercises. A cell has `...` where your answer goes; the cell below it checks the answer, as often as you like. A wrong
# answer is told what is wrong with it, and never stops the notebook. Try a wrong one first, to see.

# %% [raw]
# # BEGIN QUESTION
# name: first_answer
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** `answer` should be the number of different words in *the cat sat on the mat*. Count by eye.
#
# <details><summary>Hint</summary>One of the six words stands twice.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
answer = 5  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="counts all words"
answer = 6

# %% tags=["wrong"] message="a number"
answer = "five"

# %% [raw]
# # BEGIN TESTS

# %%
def test_first_answer(answer):
    assert isinstance(answer, int), f"the answer must be a number, not {answer!r}"
    assert answer != 6, "6 counts all words; 'the' is one word that stands twice"
    assert answer == 5, f"{answer} is not the number of different words: write them down, each once"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## 7 · Notation
#
# One notation runs through all lessons; come back here when a letter is unclear. Code uses the same names: `W_x`, `h_t`.
#
# | symbol | in code | what it is | shape |
# | --- | --- | --- | --- |
# | $V$ | `V` | number of words in the vocabulary | one number |
# | $T$ | `T` | number of steps (words) in a sequence | one number |
# | $t$ | `t` | a step, $1 \le t \le T$ | one number |
# | $x_t$ | `x_t` | input at step $t$ | (batch, features) |
# | $h_t$ | `h_t` | hidden state after step $t$; $h_0$ is where one begins | (batch, units) |
# | $c_t$ | `c_t` | cell state of an LSTM | (batch, units) |
# | $W_x$ | `W_x` | weights from input to state | (features, units) |
# | $W_h$ | `W_h` | weights from the previous state to the state | (units, units) |
# | $b$ | `b` | bias | (units,) |
# | $E$ | `E` | embedding matrix, one row a word | ($V$, dimensions) |
# | $\hat y$, $y$ | `y_hat`, `y` | what a model says, and what is true | (batch, …) |
# | $L$ | `L` | loss: how wrong the model is; smaller is better | one number |
# | $\sigma(z)$ | `sigmoid` | $1 / (1 + e^{-z})$, between 0 and 1 | as $z$ |
# | $\odot$ | `*` | product place by place | as its factors |
#
# Vectors are rows, as they are in code, and many sequences are computed at once, as a **batch**. A recurrent layer's input is a block of
# numbers with three axes, and the order of the axes never changes: (batch, time, features).

# %%
plots.drawing("batch_block", alt="""
    A block of boxes in three layers, one for each review of a batch; in each
    layer four columns, one for each word, of two boxes, the features of that
    word.""")

# %% [raw]
# # BEGIN QUESTION
# name: shape_of
# points: 1

# %% [markdown]
# **Exercise 2.** A batch of 32 reviews, each 60 words long, each word a vector of 16 numbers, goes through a recurrent layer of 8 units that
# keeps only the last state. What are the shapes of its input `x` and of its output `h`, as tuples?
#
# <details><summary>Hint 1</summary>The order of the axes is (batch, time, features).</details>
# <details><summary>Hint 2</summary>The last state $h_T$ has no time axis any more. Its shape stands in the table above.</details>

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

# %% [raw]
# # BEGIN TESTS

# %%
def test_shapes(shape_of_x, shape_of_h):
    assert isinstance(shape_of_x, tuple) and isinstance(shape_of_h, tuple), "a shape is a tuple, such as (2, 3)"
    assert sorted(shape_of_x) == [16, 32, 60], f"x has three axes, of 32 reviews, 60 words and 16 numbers; you gave {shape_of_x}"
    assert shape_of_x == (32, 60, 16), f"you gave {shape_of_x} for x: batch first, then time, then features"
    assert len(shape_of_h) != 1, "h has one row for each review: the batch axis is missing"
    assert len(shape_of_h) == 2, f"you gave {shape_of_h} for h: only the last state is kept, so it has no time axis"
    assert shape_of_h != (32, 16), "the state has as many numbers as the layer has units, not features"
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
# **Exercise 3.** This function should give the mean number of words of a list of texts. It has a mistake: for `["one two", "three"]` it
# says 6. Find it and mend it. An empty list should give 0.
#
# <details><summary>Hint 1</summary>What does <code>len</code> of a string count?</details>
# <details><summary>Hint 2</summary>Section 3 counts words with <code>text.split()</code>. Dividing by zero is an error; a condition helps.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def mean_length(texts):
    """Mean number of words of `texts`; 0 for an empty list."""
    # BEGIN SOLUTION NO PROMPT
    if not texts:
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

# %% [raw]
# # BEGIN TESTS

# %%
def test_mean_length(mean_length):
    got = mean_length(["one two", "three"])
    assert got != 6, "len of a string counts characters: that is still the mistake"
    assert got != 3, "for two texts with 2 words and 1 word you gave 3: that is the sum, not the mean"
    assert got == 1.5, f"for two texts with 2 words and 1 word the mean is 1.5, you gave {got}"
    try:
        mean_length([])
    except ZeroDivisionError:
        raise AssertionError("for an empty list your code divides by zero; it should give 0") from None
    assert mean_length([]) == 0, f"for an empty list you gave {mean_length([])}, it should be 0"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_mean_length_hidden(mean_length):
    for texts, wanted in ((["a b c d", "e f"], 3), (["one"], 1), (["a b", "c", "d e d d", "h"], 2), ([], 0)):
        assert abs(mean_length(texts) - wanted) < 1e-9, f"not right for {texts}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## 8 · The map
#
# Lessons build on each other along these lines. The straight way through the middle is the course; the branches can be taken in any order once
# the lessons that they start from are done.

# %%
plots.drawing("course_map", alt="""
    Map of the fifteen lessons as boxes. The straight way goes from 00 over 01,
    02, 04, 05, 06, 07, 08 and 09 to 10. Lesson 03 branches off from 02, 12 and
    then 13 from 07, 11 from 08, and 14 needs 03 and 06.""")

# %% [markdown]
# Each is a click away:
#
# - [01 one-hot vectors and bags of words](01_one_hot_and_bag_of_words.ipynb) · [02 word embeddings](02_word_embeddings.ipynb) · [03 entity embeddings](03_entity_embeddings.ipynb)
# - [04 the simple recurrent network](04_simple_rnn.ipynb) · [05 training recurrent networks](05_training_rnns.ipynb) · [06 LSTM](06_lstm.ipynb) · [07 GRU](07_gru.ipynb)
# - [08 deep and bidirectional networks](08_deep_and_bidirectional.ipynb) · [09 the text pipeline](09_text_pipeline.ipynb) · [10 IMDB sentiment](10_imdb_sentiment.ipynb)
# - [11 sequence labelling](11_sequence_labelling.ipynb) · [12 language models](12_language_model.ipynb) · [13 sequence to sequence](13_sequence_to_sequence.ipynb) · [14 Seq2BoW](14_seq2bow.ipynb)
#
# Next: [lesson 01, one-hot vectors and bags of words](01_one_hot_and_bag_of_words.ipynb).

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Running cells out of order.** A notebook remembers what was run, not what is written. When in doubt: *Kernel → Restart Kernel and Run
#   All Cells*.
# - **Editing a lesson and losing it at an update.** Work in a copy: *File → Duplicate*. The checks travel along.
# - **Reading a claim as a law.** It says what was measured, on these data, with this margin.
#
# ## References
#
# - K. Cho, B. van Merriënboer, C. Gulcehre, D. Bahdanau, F. Bougares, H. Schwenk, Y. Bengio (2014). Learning phrase representations using RNN
#   encoder-decoder for statistical machine translation. *EMNLP*. The recurrent layer of section 5.
# - S. Hochreiter, J. Schmidhuber (1997). Long short-term memory. *Neural Computation* 9(8).
# - M. Okabe, K. Ito (2008). *Color Universal Design*. The colours of all figures.

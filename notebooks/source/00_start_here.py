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
# **Before this lesson:** Python and NumPy. **Time:** about 20 minutes to read and try, 10 minutes for the exercises; on two cores all
# cells together run in about half a minute.

# %% [markdown]
# ## 1 · How to run a notebook
#
# A notebook is made of cells, some of text, some of code. Click on a code cell and press **Shift + Enter**: it runs, its output appears
# below it, and the next cell is chosen. Run the cells in order, from the top. *Run → Run All Cells* does it in one go, and *Kernel →
# Restart Kernel and Run All Cells* is what to do when something looks odd.

# %% [markdown]
# ## 2 · Is this computer ready?
#
# The course runs on a laptop with two cores, without a graphics card and without a network. The next cell looks at what it needs. *ok* and
# *note* are fine; a *problem* says what to do about it. `python -m course_utils doctor` tells more, in a terminal.

# %%
from course_utils import doctor

for check in doctor.checks():
    print(f"{check.level:>8}   {check.what}", f"→ {check.advice}" if check.level == doctor.PROBLEM else "")

# %% [markdown]
# ## 3 · Data: a sample for all, the real thing for those who want it
#
# Every lesson comes with a small sample that the course has made itself, so that you can start at once. Where there is a real dataset
# of the same kind, the same notebook uses it as soon as it is there. No notebook ever downloads anything: that is left to one
# command, `make data`, which you run when you like. Each loader prints one line that says what you got.

# %%
from course_utils.datasets import reviews

data = reviews.load_sample(seed=0)

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
axes.set(title="Reviews are of very different lengths", xlabel="words in a review", ylabel="reviews")
plots.show(figure, alt="Histogram of the number of words in a review: most are short, and a long tail reaches several hundred words.")

# %% [markdown]
# A network that takes 100 numbers cannot take 7 or 300. How to read a text of any length is one of the questions that recurrent networks
# answer, from lesson 04 on.

# %% [markdown]
# ## 4 · Claims: what is said here is measured here
#
# Textbooks say things like *longer reviews are rarer*. In this course the next cell measures it. `claim` shows the measured value beside the
# bound that it has to keep.

# %%
import numpy as np

from course_utils.claims import claim

short = np.mean(np.array(lengths) < 150)
claim("most reviews of the sample have fewer than 150 words", short, at_least=0.5)

# %% [markdown]
# The authors of the course run every notebook, on several computers, whenever something changes, and a claim that no longer holds stops
# them. If one fails on your machine, the notebook goes on, and you have found something worth a closer look. It would look like this:

# %%
from course_utils.claims import Claim

print(Claim("two and two is five", value=2 + 2, relation="at least", bound=5, within=None, held=False))

# %% [markdown]
# ## 5 · A taste of what is to come
#
# Read these two reviews of the sample. They have the same words.

# %%
train, test = data.train, data.test
first = int(np.flatnonzero(test.twins >= 0)[0])
pair = np.flatnonzero(test.twins == test.twins[first])
for i in pair:
    print(f"[{test.labels[i]}] {test.texts[i]}\n")

# %% [markdown]
# You can tell which one is praise, because you read the words in order. A model that only counts words cannot: both have the same counts.
# In [lesson 01](01_one_hot_and_bag_of_words.ipynb) you will build such a model. Here, without explanation yet, is one that reads: a small recurrent
# network, in a few lines of Keras. Do not try to understand every line; after lesson 07 you will.

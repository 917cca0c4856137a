# %% [markdown]
# # 11 · Sequence labelling: a label for every word
#
# *Madison moved to Austin.* Who moved, and where to? You know that Madison is a person here and Austin is a place. But there is also a city
# called Madison, and many people are called Austin. The other words told you. Until now, our networks read a whole sequence and gave one
# answer. In this lesson, they give an answer **at every time step**: is this word part of the name of a person, a place, a product?
#
# **You will be able to**
#
# 1. write entities as tags, one for each word, and read entities from tags;
# 2. explain why token accuracy misleads, and compute precision, recall and F1 of whole entities;
# 3. compute a loss over all time steps without the padding, by hand and in Keras;
# 4. build and train a tagger from features of words and a bidirectional LSTM, and show which part finds what;
# 5. explain why the same network is good on one dataset and poor on another.
#
# **Before this lesson:** lessons [02](02_word_embeddings.ipynb), [06](06_lstm.ipynb), [08](08_deep_and_bidirectional.ipynb) and
# [09](09_text_pipeline.ipynb). **Time:** about 60 minutes to read and try, 50 minutes for the exercises; on two cores all cells run in about
# 85 seconds on the built-in sample (`HUBS.md` names the machine that was measured),
# and in about 25 minutes on real sentences.

# %% [markdown]
# ## Settings and data

# %%
import re
from collections import Counter, defaultdict

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import Bidirectional, Concatenate, Dense, Dropout, Embedding
from keras.optimizers import Adam

from course_utils import plots, tables
from course_utils.claims import LONG, SEED, claim
from course_utils.datasets import sentences
from course_utils.tagging import Coloured, scores, spans
from course_utils.text import Vocabulary
from course_utils.training import Batches, ProgressBar

plt.style.use("course_utils.figures")
keras.utils.set_random_seed(SEED)

# %% [markdown]
# ## 1 · Entities as tags
#
# A model that predicts one label for each token of a sequence does [**sequence labelling**](../GLOSSARY.md#sequence-labelling). Here the
# tokens are words and punctuation. We use it to find entities. An **entity** is one word or several neighbouring words that name something,
# and its **type** says what: a person, a place. This task is called [**named entity recognition**](../GLOSSARY.md#named-entity-recognition) (NER). A voice assistant that has to find
# the artist and the playlist in your sentence does the same; there the task is called **slot filling**.
#
# The label *person* for each word of a name is not enough. In *Ivo Quill Madison Reed left*, four neighbouring words are labelled *person*,
# and nobody can say where the first person ends. The notation [**IOB2**](../GLOSSARY.md#iob2) has two labels, called **tags**, for each
# type: **B-person** at the **b**eginning of an entity and **I-person** **i**nside it, at all its other words. Words **o**utside all
# entities have the tag **O** (Ramshaw and Marcus 1995; Tjong Kim Sang and Veenstra 1999).

# %%
def types_of(split):
    """The types of all entities, sorted"""
    return sorted({type_ for tags in split.tags for type_, _, _ in spans(tags)})


data = sentences.load("bc5cdr")
TYPES = types_of(data.train)
first = next(i for i, tags in enumerate(data.train.tags)
             if len(spans(tags)) == 2 and any(tag[0] == "I" for tag in tags))
words_of_first, tags_of_first = data.train.words[first], data.train.tags[first]
for word, its_tag in zip(words_of_first, tags_of_first):
    print(f"{its_tag:16} {word}")
print(spans(tags_of_first))
Coloured(words_of_first, spans(tags_of_first), TYPES)

# %% [markdown]
# There is one tag for each word, and the tags alone say where each entity begins, where it ends, and which type it has. The function `spans` reads
# the entities from the tags. It returns each entity as its type, the position of its first word, and the position *after* its last
# word. `Coloured` shows the same in colour.
#
# ## 2 · How good is a tagger?
#
# The obvious measure is **token accuracy**, the fraction of tags that are right. We try it on a tagger that has learned nothing: it always
# predicts O.
#
# **What do you expect?** What token accuracy does this tagger reach on the validation set?
#
# <details><summary>Answer</summary>More than 0.8. Most words belong to no entity, so O is right for most words.</details>

# %%
def token_accuracy(gold, predicted):
    """Fraction of right tags; both arguments: tags (time,) per sentence"""
    return np.mean(np.concatenate(gold) == np.concatenate(predicted))


def entities(tagged):
    """The entities of each sentence, from the tags of each sentence"""
    return [spans(tags) for tags in tagged]


gold = data.validation.tags
always_O = [["O"] * len(tags) for tags in gold]
claim("token accuracy of a tagger that finds no entity",
      token_accuracy(gold, always_O), at_least=0.8)
scores(entities(gold), entities(always_O))

# %% [markdown]
# The tagger found no entity at all, and its token accuracy is high. The reason is **class imbalance**: one class, O, is much more frequent
# than all others. So we do not count tags but whole entities. The true entities are called the **gold** entities. A predicted entity is right
# only if its type and both its ends are those of a gold entity (exact match). Then
#
# - [**precision**](../GLOSSARY.md#precision) $P$ is the fraction of the predicted entities that are right;
# - [**recall**](../GLOSSARY.md#recall) $R$ is the fraction of the gold entities that were predicted;
# - the [**span F1**](../GLOSSARY.md#span-f1) is the harmonic mean of both. In this lesson we simply call it F1.
#
# $$F_1 = \frac{2 P R}{P + R} = \frac{2 \cdot \text{right}}{\text{predicted} + \text{gold}}$$
#
# An example: a sentence has two gold entities, and a tagger predicts three entities, of which one is right. Then $P = 1/3$, $R = 1/2$ and
# $F_1 = 2 \cdot 1 / (3 + 2) = 0.4$. `scores` counts the entities of all sentences and types together (micro-averaged), as is usual
# (Tjong Kim Sang and De Meulder 2003).

# %% [markdown] claim="token accuracy of a tagger that finds no entity"
# **Quick question.** A new tagger has a token accuracy of 0.85, a little more than the tagger that always predicts O. What do you know about its F1?
#
# <details><summary>A. It is about 0.85</summary>No. Both numbers are between 0 and 1, but they count different things. Always O has an F1 of 0.</details>
# <details><summary>B. It is larger than that of the tagger that always predicts O, so the new tagger is useful</summary>No. An F1 of 0.01 is larger than 0, too.</details>
# <details><summary>C. Very little: most of these tags are O, and they are right without any entity being found</summary>Right. As measured above, even a tagger that finds nothing has a high token accuracy.</details>

# %% [markdown]
# ## 3 · The baseline: a list of entities
#
# A list of entities with their types is called a [**gazetteer**](../GLOSSARY.md#gazetteer). Ours has the entities of the training set, each with its most frequent
# type. The baseline looks for the entities of this list in the sentence.

# %%
def gazetteer_of(split):
    """The most frequent type of each entity; an entity is a tuple of words"""
    counts = defaultdict(Counter)
    for words, found in zip(split.words, entities(split.tags)):
        for type_, begin, end in found:
            counts[tuple(words[begin:end])][type_] += 1
    return {entity: types.most_common(1)[0][0]
            for entity, types in counts.items()}


gazetteer = gazetteer_of(data.train)
print(f"{len(gazetteer):,} different entities in {len(data.train):,} sentences")

# %%
def look_up(words, gazetteer):
    """Tags (time,): the longest listed entity that begins at each word"""
    tags, longest = [], max(map(len, gazetteer))
    while len(tags) < len(words):
        t = len(tags)
        ends = [end for end in range(t + 1, min(t + longest, len(words)) + 1)
                if tuple(words[t:end]) in gazetteer]
        if ends:
            type_ = gazetteer[tuple(words[t:ends[-1]])]
            tags += [f"B-{type_}"] + [f"I-{type_}"] * (ends[-1] - t - 1)
        else:
            tags.append("O")
    return tags


looked_up = [look_up(words, gazetteer) for words in data.validation.words]
scores(entities(gold), entities(looked_up))

# %% [markdown]
# In the sample, the F1 is very low, for two reasons. Most entities of the validation set are not in the list: people invent new names every day. And
# an entity of the list has only one type there, whatever the sentence says. In the sample both are frequent. A better tagger must look at the words around an entity, and at the
# form of its words.
#
# ## 4 · Features of words
#
# As always, a word becomes an id. All out-of-vocabulary (OOV) words share one id, and most entities of the validation set contain such words. So each word also
# gets ids for its **prefixes** and **suffixes** of two to four characters, and for its **shape**. *Alderbury* ends like a place, *X-300* looks like
# a product, and a word with an upper-case letter in the middle of a sentence is probably a name. Each feature has its own vocabulary and its own
# embedding. The vector of a word is all these embeddings side by side.

# %%
def shape(word):
    """Alderbury -> Aa, X-300 -> A-0: the kinds of characters, in order"""
    for pattern, kind in ("[A-Z]+", "A"), ("[a-z]+", "a"), ("[0-9]+", "0"):
        word = re.sub(pattern, kind, word)
    return word


FEATURES = {"word": lambda word: word,
            "prefix3": lambda word: word[:3].lower(),
            "prefix4": lambda word: word[:4].lower(),
            "suffix2": lambda word: word[-2:].lower(),
            "suffix3": lambda word: word[-3:].lower(),
            "suffix4": lambda word: word[-4:].lower(),
            "shape": shape}
D = {"word": 64, "vector": 64}  # dimensions of embeddings; 16 of the others
for word in "Alderbury", "X-300", "moved":
    print(*(feature(word) for feature in FEATURES.values()))

# %% [markdown]
# Rare words are left out of the vocabulary, although they are in the training set. There are two reasons. If every word of the training set had its own id, the id of OOV words would never
# occur in training, and its vector would stay random. And the tagger could learn the names of the training set by heart. A
# word without an id forces it to use the other features and the neighbouring words, and this is what it has to do with new sentences.
#
# A *task* in our code is a dataset with the vocabularies of its features and the list of its tags.

# %%
from types import SimpleNamespace


def task_of(data, rare):
    """A task; values that occur at most `rare` times are left out"""
    vocabularies = {}
    for name, feature in FEATURES.items():
        counts = Counter(feature(word)
                         for words in data.train.words for word in words)
        vocabularies[name] = Vocabulary(
            [value for value, n in counts.most_common() if n > rare])
    tags = ["O"] + [prefix + type_ for type_ in types_of(data.train)
                    for prefix in ("B-", "I-")]
    return SimpleNamespace(data=data, vocabularies=vocabularies, tags=tags)


task = task_of(data, rare=10 if data.source == "sample" else 1)
print({name: len(ids) for name, ids in task.vocabularies.items()})
print(task.tags)

# %%
def unknown(split, vocabulary, in_entities):
    """Fraction of OOV words, among the words in entities or the others"""
    return np.mean([word not in vocabulary
                    for words, tags in zip(split.words, split.tags)
                    for word, tag in zip(words, tags)
                    if (tag != "O") == in_entities])


oov = {place: unknown(data.validation, task.vocabularies["word"], inside)
       for place, inside in (("in entities", True), ("elsewhere", False))}
if data.source == "sample":
    claim("OOV words in entities, fraction", oov["in entities"], at_least=0.5)
    claim("OOV words elsewhere, fraction", oov["elsewhere"], at_most=0.1)
tables.table("OOV words of the validation set",
             [{"words": k, "fraction OOV": v} for k, v in oov.items()])

# %% [markdown]
# In the sample, most words in entities are OOV, and few of the others are. So the words around an unknown name are mostly known, and they can tell the
# tagger its type.
#
# As in lesson 09, a batch has sentences of similar lengths, padded on the right. `Batches`, of the course's package, makes them. Here the targets are padded, too: each word has
# the number of its tag, and each step of padding has −1.

# %%
def encode(words, task):
    """For each feature, the ids (time,) of each sentence"""
    return {name: [ids.encode(list(map(FEATURES[name], row))) for row in words]
            for name, ids in task.vocabularies.items()}


def targets(tags, task):
    """The number of each tag, an array (time,) for each sentence"""
    return [np.array([task.tags.index(tag) for tag in row]) for row in tags]


two = encode(data.train.words[:2], task), targets(data.train.tags[:2], task)
y = Batches(*two, size=2, step=1)[0][1]  # (batch, time)
print(y)

# %% [markdown]
# ## 5 · A loss over all time steps
#
# The network computes a logit for each tag at each time step: an array (batch, time, tags). Let $s_{i,t}$ be the logits of sentence
# $i$ at time step $t$, and $y_{i,t}$ the number of the right tag. The cross-entropy of each step is summed over all words and divided by the
# number of words:
#
# $$L = \frac{\sum_{i,t} m_{i,t} \bigl( - \ln \operatorname{softmax}(s_{i,t})_{y_{i,t}} \bigr)}{\sum_{i,t} m_{i,t}}, \qquad m_{i,t} = 1 \text{ for a word, } 0 \text{ for padding.}$$
#
# We compute it in NumPy, on random logits. In Keras, `ignore_class=-1` does the same.

# %%
def loss_by_hand(y, s):
    """Mean cross-entropy of words: targets y, logits s (batch, time, tags)"""
    m = y >= 0  # (batch, time): False at padding
    log_p = s - np.log(np.exp(s).sum(axis=-1, keepdims=True))
    right = np.maximum(y, 0)[:, :, None]  # (batch, time, 1)
    losses = -np.take_along_axis(log_p, right, axis=-1)[:, :, 0]
    return (losses * m).sum() / m.sum()


random_s = np.random.default_rng(SEED).normal(size=(*y.shape, len(task.tags)))
loss_of_words = keras.losses.SparseCategoricalCrossentropy(
    from_logits=True, ignore_class=-1)
claim("loss by hand and in Keras: difference",
      abs(loss_by_hand(y, random_s) - float(loss_of_words(y, random_s))),
      at_most=1e-5)

# %% [markdown]
# What if padding were counted, with the target O? The next cell takes logits that are right about the padding and random at the words. A network
# learns this quickly, because padding is always O.

# %%
s_pad = np.where((y < 0)[:, :, None], 10.0 * np.eye(len(task.tags))[0],
                 random_s)  # sure that padding is O
as_O = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
print("words only     ", loss_by_hand(y, s_pad))
print("padding as O   ", float(as_O(np.maximum(y, 0), s_pad)))
claim("the loss with padding counted, as a fraction of that of the words",
      float(as_O(np.maximum(y, 0), s_pad)) / loss_by_hand(y, s_pad),
      at_most=0.98)

# %% [markdown] claim="the loss with padding counted, as a fraction of that of the words"
# **Quick question.** Two networks predict the same tags for the same words. One loss counts padding as O, the other ignores it. Which loss is smaller?
#
# <details><summary>A. The loss that counts padding: many easy steps make the mean smaller</summary>Right. It also depends on how long the longest sentence of the batch is. Token accuracy with padding has the same fault.</details>
# <details><summary>B. Both are the same, because the words are tagged in the same way</summary>No. The mean is over other steps. The measurement above shows the difference.</details>
# <details><summary>C. The loss that ignores padding, because it sums fewer terms</summary>No. The sum has fewer terms, but it is divided by fewer steps, too.</details>

# %% [markdown]
# ## 6 · Three taggers
#
# All our taggers begin with the embeddings of the features, and end with a `Dense` layer that computes the logits. They differ in what is between:
#
# 1. **nothing**: the tag of a word depends on this word only;
# 2. **an LSTM** that reads from left to right: a tag also depends on all words before;
# 3. **a bidirectional LSTM**: a tag depends on all words of the sentence (Huang, Xu and Yu 2015).
#
# The whole sentence is there before we need the tags, so the third tagger may read it from both sides (lesson 08). It also has twice as many units; section 7 shows that this is not the reason for its result.

# %% alt="The bidirectional tagger over the four words 'Madison moved to Austin'. From each word, an arrow leads up to its features. From there, arrows lead to one cell of the forward LSTM and one cell of the backward LSTM, which are chained from left to right and from right to left. Both lead to a Dense layer, which gives the tag: B-person, O, O, B-place." jupyter={"source_hidden": true}
# Draw the bidirectional tagger over four words.
fig, ax = plt.subplots(figsize=(8.4, 4))
box, arrow = {"boxstyle": "round", "fc": "white"}, {"arrowstyle": "->"}
boxes = (0, 1, "features"), (-0.2, 2, "LSTM →"), (0.2, 2.8, "LSTM ←")
lines = [(0, 0.2, 0, 0.8), (0, 1.2, -0.2, 1.8), (0, 1.2, 0.2, 2.6),
         (-0.2, 2.2, 0, 3.6), (0.2, 3, 0, 3.6),
         (0, 2, 0.6, 2), (1, 2.8, 0.4, 2.8)]  # the last two: to a neighbour
columns = zip("Madison moved to Austin".split(), "B-person O O B-place".split())
for t, (below, above) in enumerate(columns):
    for x, y_, text in (0, 0, below), *boxes, (0, 3.8, f"Dense: {above}"):
        ax.text(t + x, y_, text, ha="center", va="center", bbox=box)
    for x, low, to_x, high in lines[:7 if t < 3 else 5]:
        ax.annotate("", (t + to_x, high), (t + x, low), arrowprops=arrow)
ax.set(xlim=(-0.6, 3.6), ylim=(-0.3, 4.1))
ax.axis("off")
plt.show()

# %% [markdown]
# Padding is ignored in two places. The loss ignores it, as above. And the LSTM gets a `mask` (lesson 09): at padding, its state does not change, so the
# backward LSTM begins with zeros at the last word.
#
# The first `Dropout` makes one random decision for each word, not for each number of its embedding: the last axis of its `noise_shape` is 1. If a word is chosen, its whole
# embedding is set to zero. This is called **word dropout**. The network then has to use the other features of the word and its neighbours, as it will have to with OOV words.

# %%
def tagger(task, between=None, dropout=0.2, word_dropout=0.1):
    """Ids (batch, time) of each feature to logits (batch, time, tags)"""
    ids, x = {}, {}
    for name, known in task.vocabularies.items():
        ids[name] = keras.Input((None,), dtype="int32", name=name)
        embedding = Embedding(len(known), D.get(name, 16), name=f"of_{name}")
        x[name] = embedding(ids[name])  # (batch, time, D)
    whole = Dropout(word_dropout, noise_shape=(None, None, 1))
    x["word"] = whole(x["word"])
    h = Concatenate()(list(x.values()))  # (batch, time, sum of all D)
    if between is not None:
        h = Dropout(dropout)(h)
        h = between(h, mask=keras.ops.not_equal(ids["word"], 0))
    h = Dropout(dropout)(h)  # (batch, time, units)
    return keras.Model(ids, Dense(len(task.tags))(h))

# %% [markdown]
# Why is one `Dense` layer enough for all time steps? It multiplies the *last* axis by its matrix, whatever axes come before: (batch, time, units) becomes (batch,
# time, tags), with the same weights at each step. Some layers need another shape, for example a `Conv2D` that should see each frame of a film. The wrapper
# **`TimeDistributed`** applies such a layer to each time step. Many programs write `TimeDistributed(Dense(…))`.
#
# **What do you expect?** Does `TimeDistributed` change the result of `Dense`?
#
# <details><summary>Answer</summary>No. <code>Dense</code> does already at each time step what the wrapper would make it do.</details>

# %%
dense = Dense(3)
states = np.ones((2, 5, 4)) * np.arange(5)[:, None]  # (batch, time, units)
wrapped = keras.layers.TimeDistributed(dense)(states)  # the same weights
print(wrapped.shape)
claim("Dense and TimeDistributed(Dense): largest difference",
      float(np.abs(dense(states) - wrapped).max()), at_most=1e-5)

# %% [markdown] claim="Dense and TimeDistributed(Dense): largest difference"
# **Quick question.** A `Dense(9)` layer gets the states (32, 20, 128) of a bidirectional LSTM. How many parameters does it have?
#
# <details><summary>A. 128 · 9 + 9</summary>Right. One matrix and one bias are used at all 20 time steps and in all 32 sentences.</details>
# <details><summary>B. 20 · (128 · 9 + 9)</summary>No. The weights are the same at each time step. This is also why a sentence may have any length.</details>
# <details><summary>C. It needs <code>TimeDistributed</code>, because it cannot read three axes</summary>No. It uses the last axis and keeps the others; the wrapper gives the same result.</details>

# %% [markdown]
# Now we train. The learning rate falls from `rate` to zero along half a cosine wave, so that the last steps are small. Gradients are clipped (lesson 05). After each
# epoch, we measure the F1 on the validation set. All hyperparameters were chosen there.

# %%
def train(task, model, epochs, rate, size=32):
    """Train the model; returns the validation F1 after each epoch"""
    train, validation, curve = task.data.train, task.data.validation, []
    batches = Batches(encode(train.words, task), targets(train.tags, task),
                      size, SEED, step=1)
    measure = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: curve.append(
            F1_of(tag(model, task, validation.words), validation.tags)))
    falling = keras.optimizers.schedules.CosineDecay(
        rate, epochs * len(batches))
    model.compile(Adam(falling, clipnorm=1.0), loss_of_words, jit_compile=False)
    model.fit(batches, epochs=epochs, shuffle=False, verbose=0,
              callbacks=[ProgressBar(), measure])
    return curve

# %%
def logits(model, task, words):
    """Logits (time, tags) of each sentence"""
    batches, s = Batches(encode(words, task), size=250, step=1), {}
    for i in range(len(batches)):
        rows = model.predict_on_batch(batches[i][0])  # (batch, time, tags)
        for k, row in zip(batches.order[len(s):], rows):
            s[k] = row[:len(words[k])]  # without padding
    return [s[k] for k in range(len(words))]  # in the order of `words`


def tag(model, task, words):
    """The tag with the largest logit, for each word of each sentence"""
    return [[task.tags[k] for k in s.argmax(axis=-1)]
            for s in logits(model, task, words)]

# %%
def F1_of(tagged, gold):
    return scores(entities(gold), entities(tagged))["F1"]


def lstm():
    return keras.layers.LSTM(64, return_sequences=True)


TRAINING, DROPOUT = dict(epochs=9, rate=7e-3), dict(dropout=0.2)
if data.source == "real":
    TRAINING = dict(epochs=5 if LONG else 1, rate=5e-3)
    DROPOUT = dict(dropout=0.5)
BETWEEN = {"no neighbours": lambda: None, "LSTM": lstm,
           "bidirectional LSTM": lambda: Bidirectional(lstm())}
taggers, curves = {}, {}
for name, between in BETWEEN.items():
    taggers[name] = tagger(task, between(), **DROPOUT)
    curves[name] = train(task, taggers[name], **TRAINING)

# %% alt="Three learning curves, the F1 on the validation set after each epoch. All three are flat at the end. The bidirectional LSTM is highest, the LSTM is in the middle, and the tagger without neighbours is lowest." jupyter={"source_hidden": true}
# Draw the validation F1 after each epoch.
STYLE = {"no neighbours": "C1^:", "LSTM": "C4s--", "bidirectional LSTM": "C0o-"}
fig, ax = plt.subplots()
for name, curve in curves.items():
    ax.plot(range(1, len(curve) + 1), curve, STYLE[name], label=name)
ax.set(title="All three taggers have learned what they can",
       xlabel="epoch", ylabel="F1, validation set", ylim=(0, 1))
ax.legend()
plt.show()
if data.source == "sample":
    claim("validation F1: what the last two epochs add, at most",
          max(curve[-1] - curve[-3] for curve in curves.values()), at_most=0.04)

# %% [markdown]
# All three curves are flat at the end, so we compare networks that were fully trained.
#
# ## 7 · The test set: who finds what
#
# All choices are made; now we open the test set, once. We call an entity of the test set **seen** if the same words are an entity of the training set, and
# **unseen** otherwise.
#
# **What do you expect?** Are unseen entities harder for the bidirectional LSTM in the sample? And for the gazetteer?
#
# <details><summary>Answer</summary>For the gazetteer they are impossible: it finds only what is in the list. For the bidirectional LSTM they are not
# harder here. Most names of the training set were OOV words for it, too, so it has learned to do without them.</details>

# %%
def only_unseen(found, split):
    """The entities that are not in the gazetteer"""
    return [[(type_, a, b) for type_, a, b in row
             if tuple(words[a:b]) not in gazetteer]
            for words, row in zip(split.words, found)]


test = data.test
gold_test = entities(test.tags)
predicted = {"gazetteer": [look_up(words, gazetteer) for words in test.words]}
for name, model in taggers.items():
    predicted[name] = tag(model, task, test.words)
found = {name: entities(tagged) for name, tagged in predicted.items()}
unseen_test = only_unseen(gold_test, test)

# %%
rows = []
for name in found:
    unseen = scores(unseen_test, only_unseen(found[name], test))
    rows.append({"tagger": name,
                 "token accuracy": token_accuracy(test.tags, predicted[name]),
                 **scores(gold_test, found[name]), "F1, unseen": unseen["F1"]})
F1 = {row["tagger"]: row["F1"] for row in rows}
if data.source == "sample":
    claim("test F1: the LSTM minus no neighbours",
          F1["LSTM"] - F1["no neighbours"], at_least=0.1)
    claim("test F1: the bidirectional LSTM minus the LSTM",
          F1["bidirectional LSTM"] - F1["LSTM"], at_least=0.15)
    claim("F1 of the bidirectional LSTM: all entities minus unseen ones",
          rows[-1]["F1"] - rows[-1]["F1, unseen"], at_most=0.04)
tables.table("Entities found in the test set", rows)

# %% alt="Two horizontal bars for each of the four taggers: the F1 of all entities and of the unseen ones. For the gazetteer, the first is low and the second is 0. No neighbours, LSTM and bidirectional LSTM follow, each with longer bars than the one before." jupyter={"source_hidden": true}
# Draw the F1 of all entities and of the unseen ones.
fig, ax = plt.subplots()
for shift, column in (-0.2, "F1"), (0.2, "F1, unseen"):
    ax.barh(np.arange(len(rows)) + shift, [row[column] for row in rows], 0.38,
            label={"F1": "all entities"}.get(column, "unseen entities"))
plots.label_bars(ax, "{:.2f}")
ax.set_yticks(range(len(rows)), [row["tagger"] for row in rows])
ax.invert_yaxis()
ax.set(xlim=(0, 1.15), xlabel="F1 on the test set")
ax.legend()
plt.show()

# %% [markdown]
# Look at the column *token accuracy* first: it is high for all four. The F1 shows how different they are. In the sample, the tagger without neighbours knows the form of
# names, *Port* … or … *Ltd*, and nothing else. The LSTM also knows the words before, and the bidirectional LSTM the words on both sides.
#
# **Where is the clue?** In the sample we know which word gives the type of an entity away, because the sentences were written in this way. It is right **before**
# the entity, right **after** it, **far before** it or **far after** it. The next figure shows the recall for each of the four cases. (Real sentences have no such notes.)
#
# **What do you expect?** For which of the four can the LSTM that reads from left to right not use the clue?
#
# <details><summary>Answer</summary>For the two <i>after</i> the entity. When it predicts the tags of the entity, it has not read the clue yet.</details>

# %%
WHERE = {"a": "right before", "b": "right after",
         "d": "far before", "c": "far after"}


def recall_by_place(found, split):
    """Fraction of the gold entities found, by the place of the clue"""
    hits = {place: [] for place in WHERE}
    for row, places, tags in zip(found, split.kinds, split.tags):
        for entity, place in zip(spans(tags), places):
            hits[place].append(entity in row)
    return np.array([np.mean(hits[place]) for place in WHERE])

# %% alt="Grouped bars of the recall of four taggers for four places of the clue. Right before the entity, both LSTMs find most entities. Right after and far after it, the bidirectional LSTM finds far more than the LSTM. Far before it, both LSTMs find about the same." jupyter={"source_hidden": true}
# Draw the recall by the place of the clue, and check what the text says.
if data.source == "sample":
    recalls = {name: recall_by_place(found[name], test) for name in found}
    fig, ax = plt.subplots(figsize=(8.6, 3.4))
    for k, (name, values) in enumerate(recalls.items()):
        ax.bar(np.arange(4) + 0.2 * k - 0.3, values, 0.19, label=name,
               color=STYLE.get(name, "C6")[:2])
    ax.set_xticks(range(4), [f"{place} the entity" for place in WHERE.values()])
    ax.set(ylabel="recall, test set", ylim=(0, 1.2))
    ax.legend(ncols=4)
    plt.show()
    none, one, both = list(recalls.values())[1:]
    claim("clue after the entity: recall, bidirectional LSTM minus LSTM",
          (both - one)[[1, 3]].min(), at_least=0.2)
    claim("clue before the entity: recall, LSTM minus no neighbours",
          (one - none)[[0, 2]].min(), at_least=0.1)

# %% [markdown]
# If the clue comes before the entity, both LSTMs use it, and better when it is near. If it comes after the entity, only the bidirectional LSTM finds most
# entities. Its larger number of units is not the reason: a network that has not read the clue cannot use it, however large it is. *Going further* shows
# how the prediction for a word changes while the sentence is read, and what prefixes, suffixes and shapes add.

# %% [markdown] claim="clue after the entity: recall, bidirectional LSTM minus LSTM"
# **Quick question.** You give the LSTM from left to right ten times as many units. Which entities does it still miss?
#
# <details><summary>A. Those with a clue far before them</summary>No. The LSTM has read these words. More units may even help to remember them.</details>
# <details><summary>B. Those with a clue after them</summary>Right. The tag is computed before the clue is read. The measurement shows how many the backward LSTM adds.</details>
# <details><summary>C. All unseen entities</summary>No. A clue before the entity gives the type away even if the name is new.</details>

# %% [markdown]
# ## 8 · One network, three datasets
#
# How good is the bidirectional tagger on real sentences? That depends on the sentences. We take three datasets:
#
# - **SNIPS** (Coucke and others 2018): sentences said to a voice assistant, with 39 types: an artist, a playlist, a city, a date;
# - **BC5CDR** (Li and others 2016): sentences of medical articles, with chemicals and diseases;
# - **WNUT 2017** (Derczynski and others 2017): posts from social networks, with six types. The test set was chosen so that none of
#   its entities occurs in the training set.
#
# Three numbers, computed *before* training, say how hard each dataset is: how many entities of the test set are in the gazetteer, how many of
# their words never occur in the training set, and the F1 of the gazetteer.
#
# Three improvements are shown as well, one after the other. *Going further* has their code:
#
# - **valid tags**: an I-tag may only continue an entity of its type. Instead of the best tag for each word, take the best sequence of tags that keeps this rule;
# - **pretrained vectors**: each word also gets the vector that word2vec (lesson 02) learned from 100,000 film reviews, without any labels. A word that
#   is not in the training set then has a useful vector, too;
# - **a constant**: a number is subtracted from the logit of O, so that more entities are predicted. The number is chosen on the validation set.
#
# **What do you expect?** Where do the pretrained vectors help most?
#
# <details><summary>Answer</summary>On WNUT 2017: two of three words in its entities never occur in the training set.</details>
#
# The table and the figure come from the course's record of three runs with different seeds. The sample's minute is too short for real data.

# %% tags=["recorded"]
RECORD = "11_sequence_labelling"
recorded = tables.recorded(RECORD, "One network, three datasets")
plain, helped, final = (np.array(recorded.values(f"F1, {column}")) for column
                         in ("valid tags", "with vectors", "with constant"))
claim("recorded mean F1 on SNIPS", final[0], at_least=0.92)
claim("recorded mean F1 on BC5CDR", final[1], at_least=0.78)
claim("recorded mean F1 on WNUT 2017", final[2], at_least=0.25)
gain = helped - plain
claim("F1 from vectors: WNUT 2017 minus the better of the others",
      gain[2] - max(gain[:2]), at_least=0.03)
claim("F1 from the constant on WNUT 2017", (final - helped)[2], at_least=0.005)
recorded

# %% tags=["recorded"] alt="Six learning curves from the record: the F1 on the validation set by epoch for three datasets, without and with pretrained vectors. All six are flat at the end. SNIPS is highest, BC5CDR below it, and WNUT 2017 far below. On WNUT 2017 the curve with vectors is far above the one without." jupyter={"source_hidden": true}
# Draw the learning curves of the three datasets, from the record.
learning = tables.recorded(RECORD, "Validation F1 by epoch")
fig, ax = plt.subplots(figsize=(7.6, 3.6))
F1_mean = learning.values("F1")
for colour, name in zip(("C0", "C2", "C5"), sentences.NAMES):
    for network, style in ("F1", "^:"), ("F1, vectors", "o-"):
        values = [F1_n for F1_n, row in zip(F1_mean, learning.rows)
                  if (row["dataset"], row["network"]) == (name, network)]
        ax.plot(range(1, len(values) + 1), values, style, color=colour,
                label=name if network == "F1" else f"{name}, with vectors")
ax.set(xlabel="epoch", ylabel="F1, validation set, mean", ylim=(0, 1))
ax.legend(fontsize=8.5, bbox_to_anchor=(1, 1))
plt.show()

# %% [markdown]
# On **SNIPS**, most entities of the test set are seen, and few of their words are unknown. The gazetteer alone has a fair F1. The network adds what a list cannot
# know: where a slot ends, and which of its types a seen entity has here. On **BC5CDR**, the gazetteer is about as good, but four of ten entities are new, and the
# network adds less. On **WNUT 2017**, the gazetteer finds nothing, and two of three words in entities are unknown. Only their form and their neighbours are left.
#
# The network has the same layers and the same sizes everywhere; only the batch size and the number of epochs differ. So the network is not the reason for the
# difference. The training sets tell very different amounts about the test sets. Before you replace a network, look at these three numbers.
#
# The improvements help in different places. Valid tags help most on SNIPS, where slots have many words and there are 39 types: one wrong I-tag breaks a slot. Pretrained
# vectors help most where words are unknown, on WNUT 2017, and not on SNIPS. (On BC5CDR, the network with vectors was also trained longer, so its gain has two causes.) The constant helps only there, too: on the other two, the best constant on the validation set is 0. The best
# system of the shared task on WNUT 2017 had an F1 of 0.42, with vectors from tweets and lists of names (Derczynski and others 2017). On news, a similar network reached
# 0.91 (Ma and Hovy 2016).

# %% [markdown] claim="recorded mean F1 on WNUT 2017"
# **Quick question.** A tagger has an F1 of 0.95 on one dataset, and a tagger with another architecture 0.40 on another dataset. Which architecture is better?
#
# <details><summary>A. The first, by far</summary>No. The same network has very different results on SNIPS and on WNUT 2017, as recorded above.</details>
# <details><summary>B. The second, because its dataset must be harder</summary>No. The dataset may be harder, but that does not tell how good another network would be on it.</details>
# <details><summary>C. One cannot say: compare them on the same dataset</summary>Right. The dataset can make a larger difference than the network.</details>

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, and then run the check below each. You can run a check as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: to_iob2
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** `spans` reads tags; now the other way. Write `to_iob2(entities, length)`: the list of IOB2 tags of a sentence of `length` words, in which `entities` are tuples `(type, begin, end)`; `end` is the position after the last word of the entity. Entities do not overlap, and may come in any order.
#
# <details><summary>Hint 1</summary>Begin with <code>["O"] * length</code>.</details>
# <details><summary>Hint 2</summary>The word at <code>begin</code> gets <code>B-</code>, those from <code>begin + 1</code> to <code>end - 1</code> get <code>I-</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def to_iob2(entities, length):
    """Tags of `length` words."""
    # BEGIN SOLUTION
    tags = ["O"] * length
    for type_, begin, end in entities:
        tags[begin:end] = [f"B-{type_}"] + [f"I-{type_}"] * (end - begin - 1)
    return tags
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one too many"
def to_iob2(entities, length):
    tags = ["O"] * length
    for type_, begin, end in entities:
        tags[begin:end] = [f"B-{type_}"] + [f"I-{type_}"] * (end - begin)
    return tags

# %% tags=["wrong"] message="begins with B-"
def to_iob2(entities, length):
    tags = ["O"] * length
    for type_, begin, end in entities:
        tags[begin:end] = [f"I-{type_}"] * (end - begin)
    return tags

# %% tags=["wrong"] message="side by side"
def to_iob2(entities, length):
    tags = ["O"] * length
    for type_, begin, end in entities:
        for t in range(begin, end):
            same = t > 0 and tags[t - 1][2:] == type_
            tags[t] = ("I-" if same else "B-") + type_
    return tags

# %% tags=["wrong"] message="the word after the entity"
def to_iob2(entities, length):
    tags = ["O"] * length
    for type_, begin, end in entities:
        for t in range(begin, min(end + 1, length)):
            tags[t] = f"{'B' if t == begin else 'I'}-{type_}"
    return tags

# %% [raw]
# # BEGIN TESTS

# %%
def test_to_iob2(to_iob2):
    got = to_iob2([("person", 1, 3)], 5)
    assert got is not None, "the function gives None: does it return the tags?"
    assert len(got) == 5, f"a sentence of 5 words has 5 tags, yours has {len(got)}: is there one too many inside the entity?"
    assert got[1] != "I-person", "the first word of an entity begins with B-, yours has I-person"
    assert got[3] != "I-person", "the word after the entity got a tag of the entity: `end` does not belong to it"
    assert list(got) == ["O", "B-person", "I-person", "O", "O"], f"expected O B-person I-person O O, got {' '.join(got)}"
    assert list(to_iob2([("a", 0, 1), ("b", 1, 2)], 2)) == ["B-a", "B-b"], "two entities of one word each, side by side, are B-a B-b"
    assert list(to_iob2([("a", 0, 1), ("a", 1, 3)], 3)) == ["B-a", "B-a", "I-a"], "two entities of the same type side by side: each of them begins with B-"
    assert list(to_iob2([("b", 2, 4), ("a", 0, 1)], 4)) == ["B-a", "O", "B-b", "I-b"], "the entities may come in any order: not right for one that comes second and is first in the sentence"
    assert list(to_iob2([], 2)) == ["O", "O"], "without entities all tags are O"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_to_iob2_hidden(to_iob2):
    got = list(to_iob2([("x", 6, 8), ("y", 0, 2), ("y", 2, 3), ("x", 3, 4)], 8))
    assert got == "B-y I-y B-y B-x O O B-x I-x".split(), "not right for four entities in eight words"
    assert list(to_iob2([("person", 0, 1)], 1)) == ["B-person"], "not right for one word that is an entity"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: loss_by_sentence
# points: 1

# %% [markdown]
# **Exercise 2.** The loss of section 5 is a mean over all words of the batch, so a long sentence counts more than a short one. Write
# `loss_by_sentence(losses, m)`, in which each *sentence* counts the same: first the mean of the losses of each sentence over its words, then the mean of these means.
# `losses` are the losses (batch, time), and `m` (batch, time) is the mask: `True` for a word and `False` for padding, which may be on either side.
#
# <details><summary>Hint 1</summary><code>losses * m</code> sets padding to 0; <code>.sum(axis=1)</code> then gives the sum of each sentence.</details>
# <details><summary>Hint 2</summary>Divide each sentence's sum by its own number of words, <code>m.sum(axis=1)</code>, and only then take the mean.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def loss_by_sentence(losses, m):
    """Mean over sentences of the mean loss of their words."""
    return ((losses * m).sum(axis=1) / m.sum(axis=1)).mean()  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="by word"
def loss_by_sentence(losses, m):
    return (losses * m).sum() / m.sum()

# %% tags=["wrong"] message="padding"
def loss_by_sentence(losses, m):
    return losses.mean(axis=1).mean()

# %% tags=["wrong"] message="use m itself"
def loss_by_sentence(losses, m):
    return np.mean([row[:n].mean() for row, n in zip(losses, m.sum(axis=1))])

# %% tags=["wrong"] message="by the padded length"
def loss_by_sentence(losses, m):
    return (losses * m).mean(axis=1).mean()

# %% [raw]
# # BEGIN TESTS

# %%
def test_loss_by_sentence(loss_by_sentence):
    import numpy as np

    losses, m = np.array([[1.0, 1.0, 1.0, 1.0], [5.0, 9.0, 9.0, 9.0]]), np.array([[True] * 4, [True] + [False] * 3])
    got = loss_by_sentence(losses, m)
    assert got is not None, "the function gives None: does it return the loss?"
    assert np.ndim(got) == 0, f"the loss of a batch is one number, yours has the shape {np.shape(got)}"
    assert not np.isclose(got, 9 / 5), "this is the mean by word: the long sentence counts four times as much as the short one"
    assert not np.isclose(got, 4.5), "padding is counted as if it were words: use m"
    assert not np.isclose(got, 9 / 8), "the sums are divided by the padded length, not by each sentence's number of words"
    assert np.isclose(got, 3), f"sentences of mean loss 1 and 5 have the mean 3, yours is {got}"
    losses, m = np.array([[1.0, 2, 3, 6], [9, 1, 99, 99]]), np.array([[True] * 4, [True, True, False, False]])
    assert np.isclose(loss_by_sentence(losses, m), 4), "sentences with the losses 1, 2, 3, 6 and 9, 1 have the means 3 and 5: take the mean over all words of each"
    left = np.array([[False, False, True, True], [True, True, True, True]])
    assert np.isclose(loss_by_sentence(np.array([[9.0, 9, 1, 3], [4, 4, 4, 4]]), left), 3), "not right for padding on the left: use m itself, not only how many words there are"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_loss_by_sentence_hidden(loss_by_sentence):
    import numpy as np

    rng = np.random.default_rng(7)
    losses, lengths = rng.exponential(size=(4, 6)), np.array([6, 1, 3, 2])
    wanted = np.mean([row[:n].mean() for row, n in zip(losses, lengths)])
    assert np.isclose(loss_by_sentence(losses, np.arange(6) < lengths[:, None]), wanted), "not right for four sentences"
    m = np.arange(6) >= 6 - lengths[:, None]
    wanted = np.mean([row[-n:].mean() for row, n in zip(losses, lengths)])
    assert np.isclose(loss_by_sentence(losses, m), wanted), "not right for four sentences padded on the left"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: overlap_scores
# points: 2

# %% [markdown]
# **Exercise 3.** Exact match is strict. If a tagger predicts *Port* instead of *Port Elling*, it makes two mistakes: it misses an entity, and it predicts one that does not exist. Write
# `overlap_scores(gold, predicted)` for one sentence. It returns the tuple (precision, recall), with a weaker rule: a predicted entity counts as right if it has at least one word in common with a gold entity of
# the same type, and a gold entity counts as found if it has at least one word in common with a predicted entity of the same type. Both arguments are lists of `(type, begin, end)`. For an empty list, its fraction is 0.
#
# <details><summary>Hint 1</summary>Two spans overlap when each begins before the other ends.</details>
# <details><summary>Hint 2</summary><code>sum(any(same(a, b) for b in gold) for a in predicted) / len(predicted)</code>, for a function <code>same</code> of your own.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def overlap_scores(gold, predicted):
    """Precision and recall, where an overlap is enough."""
    # BEGIN SOLUTION
    def same(a, b):
        return a[0] == b[0] and a[1] < b[2] and b[1] < a[2]

    right = sum(any(same(a, b) for b in gold) for a in predicted)
    found = sum(any(same(a, b) for a in predicted) for b in gold)
    return right / max(len(predicted), 1), found / max(len(gold), 1)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="exact match"
def overlap_scores(gold, predicted):
    right = len(set(gold) & set(predicted))
    return right / max(len(predicted), 1), right / max(len(gold), 1)

# %% tags=["wrong"] message="type"
def overlap_scores(gold, predicted):
    def same(a, b):
        return a[1] < b[2] and b[1] < a[2]

    return (sum(any(same(a, b) for b in gold) for a in predicted) / max(len(predicted), 1),
            sum(any(same(a, b) for a in predicted) for b in gold) / max(len(gold), 1))

# %% tags=["wrong"] message="recall counts gold entities"
def overlap_scores(gold, predicted):
    def same(a, b):
        return a[0] == b[0] and a[1] < b[2] and b[1] < a[2]

    right = sum(any(same(a, b) for b in gold) for a in predicted)
    return right / max(len(predicted), 1), min(1, right / max(len(gold), 1))

# %% tags=["wrong"] message="only touch"
def overlap_scores(gold, predicted):
    def same(a, b):
        return a[0] == b[0] and a[1] <= b[2] and b[1] <= a[2]

    return (sum(any(same(a, b) for b in gold) for a in predicted) / max(len(predicted), 1),
            sum(any(same(a, b) for a in predicted) for b in gold) / max(len(gold), 1))

# %% [raw]
# # BEGIN TESTS

# %%
def test_overlap_scores(overlap_scores):
    import numpy as np

    got = overlap_scores([("place", 2, 4)], [("place", 2, 3)])
    assert got is not None, "the function gives None: does it return the two fractions?"
    assert len(got) == 2, f"two numbers are asked for, precision and recall; you have {len(got)}"
    assert not np.allclose(got, (0, 0)), "Port instead of Port Elling overlaps in one word: an exact match is not needed here"
    assert np.allclose(got, (1, 1)), f"one entity, overlapped by one of its type: precision and recall are 1, you have {got}"
    assert np.allclose(overlap_scores([("place", 0, 2)], [("person", 0, 2)]), (0, 0)), "a person is no place: the type must be the same"
    assert np.allclose(overlap_scores([("place", 0, 2)], [("place", 2, 3)]), (0, 0)), "entities that only touch share no word: `end` is the place after the last word"
    assert np.allclose(overlap_scores([("a", 2, 6)], [("a", 1, 3)]), (1, 1)), "an entity that begins before the gold one and ends within it overlaps it, too"
    assert np.allclose(overlap_scores([("a", 0, 1), ("a", 3, 4)], [("a", 0, 2)]), (1, 0.5)), "one of two entities found: precision 1, recall 0.5"
    assert np.allclose(overlap_scores([("a", 0, 3)], [("a", 0, 1), ("a", 2, 3), ("b", 4, 5)]), (2 / 3, 1)), "two parts of one entity and a wrong one: precision 2/3, recall 1"
    assert np.allclose(overlap_scores([("a", 0, 2), ("a", 5, 6)], [("a", 0, 1), ("a", 1, 2)]), (1, 0.5)), "two predictions that overlap the same gold entity find one entity, not two: recall counts gold entities"
    assert np.allclose(overlap_scores([], [("a", 0, 1)]), (0, 0)) and np.allclose(overlap_scores([], []), (0, 0)), "an empty list gives 0"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_overlap_scores_hidden(overlap_scores):
    import numpy as np

    gold = [("a", 0, 2), ("b", 3, 6), ("a", 7, 8), ("a", 9, 10), ("b", 20, 21)]
    predicted = [("a", 1, 4), ("b", 5, 9), ("c", 0, 1), ("a", 10, 11)]
    assert np.allclose(overlap_scores(gold, predicted), (2 / 4, 2 / 5)), "not right for five gold entities and four that were predicted"
    assert np.allclose(overlap_scores(predicted, gold), (2 / 5, 2 / 4)), "not right for four gold entities and five that were predicted"
    assert np.allclose(overlap_scores([("a", 1, 2)], [("a", 0, 9), ("a", 0, 1)]), (1 / 2, 1)), "not right for an entity within another"
    assert np.allclose(overlap_scores([("a", 0, 1), ("a", 2, 3)], [("a", 0, 3), ("a", 8, 9)]), (1 / 2, 1)), "not right for two entities within one"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: own_tagger
# points: 2

# %% [markdown]
# **Exercise 4: train your own tagger.** A sequence has 12 numbers. A number is a *peak* if it is larger than the number before it and larger than the number after it. The first and
# the last number are never peaks. Make 1,000 random sequences `x_own` (batch, time, 1) and their labels `y_own` (batch, time, 1): 1 for a peak, else 0. Build and train `own_tagger`. It must predict the probability of a
# peak at each time step, with the shape (batch, time, 1), for sequences of any length, and classify at least 93 % of the numbers of new sequences of 12 numbers correctly.
#
# <details><summary>Hint 1</summary><code>x_own = rng.normal(size=(1000, 12, 1))</code>. For all numbers but the first and the last, compare <code>x_own[:, 1:-1]</code> with <code>x_own[:, :-2]</code> and with <code>x_own[:, 2:]</code>.</details>
# <details><summary>Hint 2</summary>Which of the three taggers of section 6 can know the number before <i>and</i> the number after? Each time step needs an output of its own: <code>return_sequences=True</code>.</details>
# <details><summary>Hint 3</summary>End with <code>Dense(1, activation="sigmoid")</code>, compile with <code>Adam(0.02)</code> and the loss <code>"binary_crossentropy"</code>, and train for 20 epochs with a batch size of 64. 16 units are enough.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
# BEGIN SOLUTION NO PROMPT
x_own = np.random.default_rng(SEED).normal(size=(1000, 12, 1))
middle = x_own[:, 1:-1]
y_own = np.zeros((1000, 12, 1))
y_own[:, 1:-1] = (middle > x_own[:, :-2]) & (middle > x_own[:, 2:])
own_tagger = keras.Sequential([
    keras.Input((None, 1)),
    keras.layers.Bidirectional(keras.layers.LSTM(16, return_sequences=True)),
    keras.layers.Dense(1, activation="sigmoid"),
])
own_tagger.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
own_tagger.fit(x_own, y_own, batch_size=64, epochs=20, verbose=0)
# END SOLUTION
""" # BEGIN PROMPT
x_own = ...
y_own = ...
own_tagger = ...
""" # END PROMPT

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="was it trained"
own_tagger = keras.Sequential([
    keras.Input((None, 1)),
    keras.layers.Bidirectional(keras.layers.LSTM(16, return_sequences=True)),
    keras.layers.Dense(1, activation="sigmoid")])

# %% tags=["wrong"] message="one answer for the whole sequence"
own_tagger = keras.Sequential([
    keras.Input((None, 1)), keras.layers.Bidirectional(keras.layers.LSTM(16)),
    keras.layers.Dense(1, activation="sigmoid")])

# %% tags=["wrong"] message="any length"
own_tagger = keras.Sequential([
    keras.Input((12, 1)), keras.layers.Flatten(), keras.layers.Dense(12, activation="sigmoid"),
    keras.layers.Reshape((12, 1))])

# %% tags=["wrong"] message="the number after"
x = np.random.default_rng(1).normal(size=(1000, 12, 1))
y = np.zeros((1000, 12, 1))
y[:, 1:-1] = (x[:, 1:-1] > x[:, :-2]) & (x[:, 1:-1] > x[:, 2:])
own_tagger = keras.Sequential([
    keras.Input((None, 1)), keras.layers.SimpleRNN(16, return_sequences=True),
    keras.layers.Dense(1, activation="sigmoid")])
own_tagger.compile(keras.optimizers.Adam(0.02), "binary_crossentropy")
own_tagger.fit(x, y, batch_size=64, epochs=8, verbose=0)

# %% tags=["wrong"] message="always says no peak"
own_tagger = keras.Sequential([
    keras.Input((None, 1)), keras.layers.LSTM(4, return_sequences=True),
    keras.layers.Dense(1, activation="sigmoid", kernel_initializer="zeros",
                       bias_initializer=keras.initializers.Constant(-3))])

# %% [raw]
# # BEGIN TESTS

# %%
def test_own_tagger(own_tagger):
    import numpy as np

    assert callable(own_tagger) and hasattr(own_tagger, "layers"), "own_tagger must be a Keras model, such as keras.Sequential([…])"
    x = np.random.default_rng(99).normal(size=(1000, 12, 1))
    try:
        shape = tuple(own_tagger(x[:2, :7]).shape)
    except Exception as error:
        raise AssertionError(f"the tagger must read any length, but not 7 steps: {type(error).__name__}. Is its input keras.Input((None, 1))?") from None
    assert shape != (2, 1), "the tagger gives one answer for the whole sequence; it must give one for each time step: return_sequences=True"
    assert shape == (2, 7, 1), f"for 2 sequences of 7 numbers the output must have the shape (2, 7, 1); yours has {shape}"
    peak = np.zeros((1000, 12), bool)
    peak[:, 1:-1] = (x[:, 1:-1, 0] > x[:, :-2, 0]) & (x[:, 1:-1, 0] > x[:, 2:, 0])
    p = np.asarray(own_tagger(x))[:, :, 0]
    assert (p > 0.5).any(), "your tagger always says no peak, which is right for 72 % of the numbers: was it trained with the label 1 at peaks?"
    accuracy = np.mean((p > 0.5) == peak)
    other = x.copy()
    other[:, 6:] += 2
    sees_later = np.abs(np.asarray(own_tagger(other))[:, 5, 0] - p[:, 5]).max() > 1e-4
    assert accuracy >= 0.93 or sees_later, f"the accuracy is {accuracy:.2f}: a tag of yours depends on the numbers before it only, but a peak is also larger than the number after it"
    assert accuracy >= 0.78, f"the accuracy is {accuracy:.2f}, and a tagger that never says peak has 0.72: was it trained, with the label 1 at peaks?"
    assert accuracy >= 0.93, f"the accuracy is {accuracy:.2f}; it must be 0.93 or more: train longer, or with a larger learning rate"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: log_Z
# points: 3

# %% [markdown]
# **Exercise 5, a stretch: what the loss of a CRF needs.** A conditional random field (CRF, see *Going further*) gives a whole sequence of tags a score: the sum of the logits `s` of its tags, and of the scores `A` of
# its transitions. The probability of the sequence is $e^{\text{score}} / Z$, where $Z$ is the sum of $e^{\text{score}}$ over *all* sequences of tags. Write `log_Z(s, A)`, the logarithm of $Z$, for `s` (time, K) and `A` (K, K). `A[j, k]` is the score
# of tag `k` after tag `j`; the first tag has no transition. Logits may be near 1000, where $e^{1000}$ is infinite.
#
# <details><summary>Hint 1</summary>Go through the words. For each tag, keep the logarithm of the sum over all sequences that end with this tag. The algorithm of Viterbi in <i>Going further</i> does the same with a maximum instead of the sum.</details>
# <details><summary>Hint 2</summary><code>np.logaddexp(a, b)</code> is the logarithm of e<sup>a</sup> + e<sup>b</sup>, and is never infinite for finite a and b; <code>np.logaddexp.reduce(x, axis=0)</code> does it along an axis.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def log_Z(s, A):
    """The logarithm of the sum of e^score over all sequences of tags."""
    # BEGIN SOLUTION
    sums = s[0]
    for row in s[1:]:
        sums = np.logaddexp.reduce(sums[:, None] + A, axis=0) + row
    return np.logaddexp.reduce(sums)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="largest score"
def log_Z(s, A):
    sums = s[0]
    for row in s[1:]:
        sums = (sums[:, None] + A).max(axis=0) + row
    return sums.max()

# %% tags=["wrong"] message="infinite"
def log_Z(s, A):
    sums = np.exp(s[0])
    for row in s[1:]:
        sums = sums @ np.exp(A) * np.exp(row)
    return np.log(sums.sum())

# %% tags=["wrong"] message="tag before"
def log_Z(s, A):
    sums = s[0]
    for row in s[1:]:
        sums = np.logaddexp.reduce(sums[:, None] + A.T, axis=0) + row
    return np.logaddexp.reduce(sums)

# %% tags=["wrong"] message="without the transitions"
def log_Z(s, A):
    return np.logaddexp.reduce(s, axis=1).sum()

# %% [raw]
# # BEGIN TESTS

# %%
def test_log_Z(log_Z):
    import itertools

    import numpy as np

    none = np.zeros((2, 2))
    got = log_Z(none.copy(), none)
    assert got is not None, "the function gives None: does it return the number?"
    assert np.ndim(got) == 0, f"one number is asked for, yours has the shape {np.shape(got)}"
    assert not np.isclose(got, 0), "two words, two tags, all scores 0: this is the largest score, not the logarithm of the sum over all sequences"
    assert np.isclose(got, np.log(4)), f"two words, two tags, all scores 0: there are four sequences with e^0 = 1 each, so log 4 = 1.386; yours is {got}"
    s, A = np.array([[np.log(3), 0], [0, 0]]), np.array([[0, np.log(2)], [0, 0]])
    got = log_Z(s.copy(), A)
    assert not np.isclose(got, np.log(8)), "this is the sum without the transitions: each sequence also has the scores A of its transitions"
    assert not np.isclose(got, np.log(9)), "A[j, k] belongs to the tag before, j, and the tag now, k: yours has them the other way round"
    assert np.isclose(got, np.log(11)), f"3·1 + 3·2 + 1·1 + 1·1 = 11, so log 11 = {np.log(11):.3f}; yours is {got}"
    with np.errstate(all="ignore"):
        large = log_Z(s + 1000, A)
    assert np.isfinite(large), "logits near 1000 give a result that is infinite or NaN: add logarithms with np.logaddexp, and never take exp of a large number"
    assert np.isclose(large, np.log(11) + 2000), "1000 more at each of two words must give 2000 more"
    rng = np.random.default_rng(0)
    for time in (1, 2, 3, 4):
        s, A = rng.normal(size=(time, 3)), rng.normal(size=(3, 3))
        total = [sum(s[t, k] for t, k in enumerate(p)) + sum(A[j, k] for j, k in zip(p, p[1:])) for p in itertools.product(range(3), repeat=time)]
        assert np.isclose(log_Z(s.copy(), A), np.log(np.exp(total).sum())), f"for {time} words, the sum over all sequences is another"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_log_Z_hidden(log_Z):
    import itertools

    import numpy as np

    rng = np.random.default_rng(8)
    for time in (1, 3, 5):
        s, A = rng.normal(0, 3, size=(time, 4)), rng.normal(0, 2, size=(4, 4))
        total = [sum(s[t, k] for t, k in enumerate(p)) + sum(A[j, k] for j, k in zip(p, p[1:])) for p in itertools.product(range(4), repeat=time)]
        assert np.isclose(log_Z(s.copy(), A), np.log(np.exp(total).sum())), f"not the sum over all sequences of {time} words"
    assert np.isclose(log_Z(np.full((400, 3), -900.0), np.zeros((3, 3))), 400 * (np.log(3) - 900)), "not right for 400 words with logits of -900"

# %% [raw]
# # END TESTS

# %%
# When the check passes: without scores of transitions, minus the logarithm of
# P(gold tags) is the sum of the cross-entropies of section 5.
# s_1 = logits(taggers["LSTM"], task, test.words[:1])[0]  # (time, tags)
# y_1 = targets(test.tags[:1], task)[0]  # (time,)
# no_scores = np.zeros((len(task.tags), len(task.tags)))
# print(log_Z(s_1, no_scores) - s_1[np.arange(len(y_1)), y_1].sum())
# print(loss_by_hand(y_1[None], s_1[None]) * len(y_1))

# %% [raw]
# # END QUESTION

# %% [markdown]
# ## Going further
#
# ### Valid tags: the algorithm of Viterbi
#
# Each tag is chosen for itself. So `I-place` may follow `O` or `B-person`, although an I-tag may only continue an entity of its type. Such a pair of tags is an **invalid
# transition**. `spans` reads such a tag as the beginning of an entity, as the evaluation of CoNLL does.

# %%
def invalid(tags):
    """Positions of the I-tags that do not continue an entity"""
    return [t for t, (before, now) in enumerate(zip(["O", *tags], tags))
            if now[0] == "I" and before[2:] != now[2:]]


best, best_tags = taggers["bidirectional LSTM"], predicted["bidirectional LSTM"]
n_invalid = sum(len(invalid(tags)) for tags in best_tags)
print(f"{n_invalid} of {sum(map(len, best_tags)):,} tags")

# %% [markdown]
# With few types and many sentences they are rare. With 39 types there are more, and each of them breaks an entity. So we look for the **valid** sequence with the largest sum of logits. There are $K^T$ sequences
# of $T$ words and $K$ tags, too many to try. But the best sequence that ends with a certain tag at step $t$ begins with the best sequence that ends with one of
# the tags at step $t - 1$. So for each tag, it is enough to keep the sum of the best sequence that ends with it, and which tag was before. This is the
# algorithm of **Viterbi** (1967).
#
# The figure shows it for two words and the tags `O`, `B-a` and `I-a`. The logits are 1.0, 0.9 and 0 at the first word, and 0, 0 and 5 at the second. The first word
# cannot be `I-a`, and `I-a` cannot follow `O`.

# %% alt="A grid of the tags O, B-a and I-a at two words, each with its logit and the best sum. At the first word the sums are 1.0, 0.9 and 'not valid'. Arrows show the valid transitions to the second word, where the sums are 1.0, 1.0 and 5.9. The arrow from B-a to I-a, the best sequence, is thick." jupyter={"source_hidden": true}
# Draw the sums of two words and three tags.
fig, ax = plt.subplots(figsize=(7, 3.2))
sums_shown = {(0, 2): "O: 1.0\nsum 1.0", (0, 1): "B-a: 0.9\nsum 0.9",
              (0, 0): "I-a: 0\nnot valid", (1, 2): "O: 0\nsum 1.0 + 0 = 1.0",
              (1, 1): "B-a: 0\nsum 1.0 + 0 = 1.0",
              (1, 0): "I-a: 5\nsum 0.9 + 5 = 5.9"}
for (x, y_), text in sums_shown.items():
    ax.text(x, y_, text, ha="center", va="center",
            bbox=dict(boxstyle="round", fc="white"))
for low, high in (2, 2), (2, 1), (1, 0), (1, 1), (1, 2):
    width = 3 if (low, high) == (1, 0) else 1
    ax.annotate("", (0.74, high), (0.13, low),
                arrowprops={"arrowstyle": "->", "linewidth": width})
ax.set(xlim=(-0.4, 1.5), ylim=(-0.5, 2.5))
ax.axis("off")
plt.show()

# %%
def best_path(s, tags):
    """The valid tags with the largest sum of the logits s (time, tags)"""
    valid = [[now[0] != "I" or before[2:] == now[2:] for now in tags]
             for before in tags]
    A = np.where(valid, 0.0, -np.inf)  # (tag before, tag now)
    sums, back = s[0] + A[tags.index("O")], []
    for row in s[1:]:
        to_each = sums[:, None] + A  # (tag before, tag now)
        back.append(to_each.argmax(axis=0))
        sums = to_each.max(axis=0) + row
    path = [int(sums.argmax())]
    for before in reversed(back):
        path.append(int(before[path[-1]]))
    return [tags[k] for k in reversed(path)]


print(best_path(np.array([[1.0, 0.9, 0], [0, 0, 5]]), ["O", "B-a", "I-a"]))

# %%
valid_tags = [best_path(s, task.tags) for s in logits(best, task, test.words)]
print("each tag for itself: F1", F1["bidirectional LSTM"])
print("valid sequences:     F1", F1_of(valid_tags, test.tags))
claim("invalid transitions in the best valid sequences",
      sum(len(invalid(tags)) for tags in valid_tags), at_most=0)

# %% [markdown]
# A **conditional random field (CRF)** goes one step further. It also *learns* a score for each pair of neighbouring tags, the matrix `A`, and its loss is that of
# the whole sequence (Huang, Xu and Yu 2015; Ma and Hovy 2016). It helps where a tag depends on the tag before, and it costs time in training. Exercise 5 computes what its loss needs.
#
# ### The three datasets: the code of section 8
#
# These cells train only if you have the real data. First, the three numbers that say how hard a dataset is.

# %%
def hardness(task):
    """What the training set tells about the entities of the test set"""
    split, gold = task.data.test, entities(task.data.test.tags)
    listed = gazetteer_of(task.data.train)
    trained = {word for words in task.data.train.words for word in words}
    names = [tuple(words[a:b]) for words, row in zip(split.words, gold)
             for _, a, b in row]
    looked_up = [look_up(words, listed) for words in split.words]
    return {"types": len(task.tags) // 2,
            "entities seen": np.mean([name in listed for name in names]),
            "words unknown": np.mean([word not in trained
                                      for name in names for word in name]),
            "gazetteer, F1": F1_of(looked_up, split.tags)}

# %% [markdown]
# Then word2vec (lesson 02) on all film reviews. Its vectors are scaled and are not trained further: a word that the training set does not have
# keeps its vector, near those of similar words.

# %%
from gensim.models import Word2Vec
from IPython.display import display

from course_utils.datasets import reviews
from course_utils.text import tokenize


def vectors_of_reviews():
    """Word vectors, trained on all film reviews of IMDB"""
    imdb = reviews.load()
    texts = [*imdb.train.texts, *imdb.test.texts, *imdb.unlabelled]
    corpus = [tokenize(text, punctuation=True)
              for text in texts[::1 if LONG else 20]]
    return Word2Vec(corpus, vector_size=64, window=3, epochs=3,
                    seed=SEED, workers=2).wv

# %%
FEATURES["vector"] = str.lower


def with_vectors(task, vectors):
    """The task with one more feature, and a network with these vectors"""
    known = task.vocabularies | {"vector": Vocabulary(vectors.index_to_key)}
    more = SimpleNamespace(data=task.data, vocabularies=known, tags=task.tags)
    model = tagger(more, Bidirectional(lstm()), **DROPOUT)
    layer = model.get_layer("of_vector")
    scaled = 0.3 * vectors.vectors / vectors.vectors.std()
    layer.set_weights([np.pad(scaled, [(1, 1), (0, 0)])])  # padding, OOV: 0
    layer.trainable = False
    return more, model

# %% [markdown]
# One more idea for the F1. On WNUT 2017, the taggers have a much higher precision than recall: they predict O too readily. The loss does not know about
# F1; it counts words, and most of them are O. So we subtract a constant from the logit of O before the best valid sequence is computed. The constant
# is chosen on the validation set: a larger one gives a higher recall and a lower precision.

# %%
def valid_F1(s, tags, split, minus=0.0):
    """F1 of the best valid sequences, with `minus` less at the logits of O"""
    less = minus * (np.array(tags) == "O")  # (tags,)
    return F1_of([best_path(row - less, tags) for row in s], split.tags)


def best_constant(s, tags, split):
    """The constant with the largest F1; s: logits of the split's sentences"""
    return max((0, 0.5, 1, 1.5, 2, 2.5, 3),
               key=lambda minus: valid_F1(s, tags, split, minus))

# %%
def F1_plain(model, task):
    test = task.data.test
    s = logits(model, task, test.words)
    return {"F1, tag by tag": F1_of(tag(model, task, test.words), test.tags),
            "F1, valid tags": valid_F1(s, task.tags, test)}


def F1_vectors(model, task):
    validation, test = task.data.validation, task.data.test
    s = logits(model, task, validation.words)
    minus = best_constant(s, task.tags, validation)
    s = logits(model, task, test.words)
    return {"F1, with vectors": valid_F1(s, task.tags, test),
            "constant": minus,
            "F1, with constant": valid_F1(s, task.tags, test, minus)}

# %% [markdown]
# The hyperparameters were chosen on the validation sets. WNUT 2017 has the fewest sentences, so it gets smaller batches, and with them more training steps per epoch. BC5CDR
# gets more epochs for the network with vectors, because its validation F1 still rose after five. (We made this choice when the test F1 after five epochs was already known, so this test set had been used before. The F1 in the record may therefore be slightly too high.) Its tagger without vectors is the one of section 6.

# %%
SETTINGS = {"snips": dict(epochs=5 if LONG else 1, rate=5e-3),
            "bc5cdr": dict(epochs=8 if LONG else 1, rate=5e-3),
            "wnut17": dict(epochs=6 if LONG else 1, rate=5e-3, size=16)}
tasks = {"bc5cdr": task}
models = {"bc5cdr": best}
curves_plain = {"bc5cdr": curves["bidirectional LSTM"]}
names = sentences.NAMES if data.source == "real" else ()
for name in names:
    if name not in tasks:
        tasks[name] = task_of(sentences.load(name), rare=1)
        models[name] = tagger(tasks[name], Bidirectional(lstm()),
                              **DROPOUT)
        curves_plain[name] = train(tasks[name], models[name], **SETTINGS[name])

# %%
compared, learned = [], []
vectors = vectors_of_reviews() if names else None
for name in names:
    row = hardness(tasks[name]) | F1_plain(models[name], tasks[name])
    more, model = with_vectors(tasks[name], vectors)
    curve = train(more, model, **SETTINGS[name])
    compared.append({"dataset": name, **row, **F1_vectors(model, more)})
    for network, values in ("F1", curves_plain[name]), ("F1, vectors", curve):
        learned += [{"dataset": name, "network": network, "epoch": n, "F1": F}
                    for n, F in enumerate(values, start=1)]
    if LONG:
        claim(f"validation F1 on {name}: what the last epoch adds",
              curve[-1] - curve[-2], at_most=0.02)

# %%
if names:
    display(tables.table("One network, three datasets", compared))
    display(tables.table("Validation F1 by epoch", learned))
if names and LONG:
    for row, bound in zip(compared, (0.92, 0.77, 0.23)):  # of a single run
        claim(f"test F1 on {row['dataset']}", row["F1, with constant"],
              at_least=bound)

# %% [markdown]
# ### What prefixes, suffixes and shapes add
#
# To see what a part of a network is good for, train the network without it (an **ablation**). Here is the tagger without neighbours with one feature only, the word.
#
# **What do you expect?** Which entities does it still find?
#
# <details><summary>Answer</summary>Only those whose words are in the vocabulary. All OOV words have the same id, so it must give all of them the same tag.</details>

# %%
if data.source == "sample":
    only_words = SimpleNamespace(
        data=data, tags=task.tags,
        vocabularies={"word": task.vocabularies["word"]})
    ablated = tagger(only_words, **DROPOUT)
    train(only_words, ablated, **TRAINING)
    F1_ablated = F1_of(tag(ablated, only_words, test.words), test.tags)
    print("word only:   ", F1_ablated)
    print("all features:", F1["no neighbours"])
    claim("test F1 without neighbours: all features minus the word only",
          F1["no neighbours"] - F1_ablated, at_least=0.1)

# %% [markdown]
# Without neighbours, the form of a word is all there is. For the bidirectional LSTM the neighbours tell so much that, on this sample, the difference depends on the seed: it may even be better with the
# word only. Try it, and try more than one seed before you draw a conclusion.
#
# ### While the sentence is read
#
# How does the answer of the bidirectional LSTM change while it reads? We give it the beginning of a sentence, one word more each time, and look at the probabilities of the types at
# *Florence*. This name is not in the training set. The beginning fits all types; only the end decides.

# %%
def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def p_types(model, words, t):
    """P(B-type) at word t after t + 1, t + 2, … words: (steps, types)"""
    beginnings = [words[:end] for end in range(t + 1, len(words) + 1)]
    s = np.array([s[t] for s in logits(model, task, beginnings)])
    return softmax(s)[:, [task.tags.index(f"B-{type_}") for type_ in TYPES]]


BEGIN = "We talked about Florence for the whole evening :"
ENDS = ("it moved its headquarters to a farm .",
        "its lighthouse has been painted green .")

# %% alt="Two panels with the probability of each type at the entity, after each further word of a sentence. Both panels are the same up to the colon. What comes after it moves the curves of the two panels in different ways." jupyter={"source_hidden": true}
# Draw the probabilities of the types at Florence, for two ends.
fig, axes = plt.subplots(1, 2, figsize=(10.4, 3.8), sharey=True)
for ax, end in zip(axes, ENDS):
    sentence = f"{BEGIN} {end}".split()
    for p, type_, style in zip(p_types(best, sentence, 3).T, TYPES,
                               ("o--", "s-", "^:", "v-.")):
        ax.plot(range(3, len(sentence)), p, style, ms=4, label=type_)
    ax.set(ylim=(-0.03, 1.03), xlabel="words read, up to this one")
    ax.set_xticks(range(3, len(sentence)), sentence[3:], rotation=60,
                  ha="right")
axes[0].set(ylabel="P(B-type) at Florence")
axes[1].legend()
plt.show()

# %% [markdown]
# Up to the colon, both panels are the same, because the same words were read. The curves need not add up to 1: the rest is the probability of `O` and of the
# I-tags. After the colon they differ. None of these words is next to the entity; if they move its curves, the backward LSTM has carried them there.
# *Headquarters* is a clue to an organisation, a *lighthouse* to a place. How much of this the network has learned differs from sentence to sentence, and from run to
# run. It has also never read a sentence that is cut off: every training sentence ends with a full stop or an exclamation mark.
#
# One sentence proves little. So take the test sentences whose only entity has its clue far after it, and compute the mean probability of the right type
# at the entity, with 0 to 15 words after it. (A sentence that has ended keeps its last value.)

# %%
far = [(words, *spans(tags)) for words, tags, places
       in zip(test.words, test.tags, test.kinds or ()) if places == ["c"]][:100]


def p_right(model, n):
    """Mean probability of the right type, n words after the entity"""
    s = logits(model, task, [words[:end + n] for words, (_, _, end) in far])
    p = [softmax(row[t])[task.tags.index(f"B-{type_}")]
         for row, (_, (type_, t, _)) in zip(s, far)]
    return np.mean(p)

# %% alt="The mean probability of the right type by the number of words read after the entity. Without neighbours and for the LSTM it is flat and low. For the bidirectional LSTM it rises, above all from about the fifth word on, far above the others." jupyter={"source_hidden": true}
# Draw the mean probability of the right type, on the sample.
if data.source == "sample":
    by_words = {name: [p_right(model, n) for n in range(16)]
                for name, model in taggers.items()}
    fig, ax = plt.subplots()
    for name, p in by_words.items():
        ax.plot(p, STYLE[name], ms=4, label=name)
    ax.set(title=f"{len(far)} entities whose clue comes far after them",
           xlabel="words read after the entity", ylim=(0, 1),
           ylabel="P(right type), mean")
    ax.legend()
    plt.show()

# %%
if data.source == "sample":
    claim("P(right type), LSTM: how far later words move it",
          np.ptp(by_words["LSTM"]), at_most=1e-4)
    both = by_words["bidirectional LSTM"]
    claim("P(right type), bidirectional LSTM: its rise after the fifth word",
          both[-1] - both[5], at_least=0.2)

# %% [markdown]
# The two flat lines are no failure of training. The LSTM from left to right computes its answer when it reads the entity, and no later word can change it. The
# bidirectional LSTM changes its answer when the clue comes.
#
# ### What it confuses
#
# Which types does the best tagger confuse? We count the entities whose two ends were found.

# %%
confusion = np.zeros((len(TYPES), len(TYPES)))
for row, other in zip(gold_test, found["bidirectional LSTM"]):
    type_at = {(begin, end): type_ for type_, begin, end in other}
    for type_, begin, end in row:
        if (begin, end) in type_at:
            confusion[TYPES.index(type_), TYPES.index(type_at[begin, end])] += 1
confusion /= np.maximum(confusion.sum(axis=1, keepdims=True), 1)
if data.source == "sample":
    claim("fraction of right types where both ends were found, worst type",
          confusion.diagonal().min(), at_least=0.5)

# %% alt="A table of gold types by predicted types, with the fraction in each cell. The diagonal has most of each row." jupyter={"source_hidden": true}
# Draw the confusion matrix.
fig, ax = plt.subplots(figsize=(5.6, 4.4))
ax.imshow(confusion, vmin=0, vmax=1)
for (i, j), value in np.ndenumerate(confusion):
    ax.text(j, i, f"{value:.2f}", ha="center", va="center",
            color="white" if value < 0.6 else "black")
ax.set(title="Types of entities whose ends were found",
       xlabel="predicted type", ylabel="gold type")
ax.set_xticks(range(len(TYPES)), TYPES, rotation=30)
ax.set_yticks(range(len(TYPES)), TYPES)
plt.show()

# %% [markdown]
# Each row is a gold type, and the diagonal is what was right. Read the columns, too: a column that is lighter than the others outside the diagonal is the type that
# this tagger predicts when the sentence leaves the type open.
#
# To know what went wrong, read some mistakes. Here are test sentences with the predicted entities in colour, and the gold entities below.

# %%
of_best = found["bidirectional LSTM"]
wrong = [i for i, (a, b) in enumerate(zip(gold_test, of_best)) if a != b]
for i in wrong[:3]:
    display(Coloured(test.words[i], of_best[i], TYPES))
    for type_, begin, end in gold_test[i]:
        print("gold:", type_, "|", *test.words[i][begin:end])
    for place in (test.kinds or {i: []})[i]:
        print("clue:", WHERE[place], "the entity")

# %% [markdown]
# ### Your own sentence
#
# Punctuation must be tokens of its own, as in the training set; a regular expression does it. What if there is no word at all, or only unknown words and
# characters?

# %%
def tagged_text(text, model=best):
    """A sentence of your own, with its entities in colour"""
    words = re.findall(r"\w+(?:[-'&]\w+)*|[^\w\s]", text)
    if not words:
        return "there is no word in it"
    return Coloured(words, spans(tag(model, task, [words])[0]), TYPES)


print(tagged_text(""))
print(repr(tagged_text("数 ξ 👍")))
tagged_text("Last week Amberly and her friend Jonas Tarn took the Corvo 500 "
            "to Port Elling.")

# %% [markdown]
# An empty sentence gets a clear answer, and unknown words have the id of OOV words. The last sentence shows what to expect outside the patterns that the tagger has learned. No training sentence has the words *Last*
# and *Amberly*, and both begin with an upper-case letter. Did the tagger take the right one for a name? Expect such mistakes in your own sentences.

# %% [markdown]
# ## What you measured

# %%
from course_utils.claims import summary

summary()

# %% [markdown]
# ## Common mistakes
#
# - **Token accuracy as the result.** Most words belong to no entity, so it is high for a tagger that finds nothing. Report the F1 of whole entities.
# - **Padding in the loss.** The loss looks small and depends on the length of the longest sentence. Use `ignore_class`, or the `sample_weight` 0 for padding. The `mask` of a layer protects its
#   states; whether it reaches the loss depends on the layers in between.
# - **`TimeDistributed` around `Dense`.** It changes nothing. But a recurrent layer without `return_sequences=True` gives one answer per sentence, and then nothing can help.
# - **The same entities in training and test set.** Then a good F1 may come from memory. Measure unseen entities separately.
# - **An untrained vector for OOV words.** If no word of the training set is OOV, this vector stays random. Leave rare words out of the vocabulary, or use word dropout.
# - **A tagger that reads from left to right only,** although the whole sentence is there. The clue may come later.
# - **An architecture chosen by one dataset.** Look first at what the training set tells about the test set.
# - **Micro or macro average.** Micro counts all entities together, so frequent types count more; macro is the mean of the F1 of the types. Say which one you report.
# - **Mixed notations.** In IOB1, an entity begins with `B-` only directly after another one of its type. BIOES has two more prefixes, for the last word and for entities of one word. A tagger trained on one and scored with another looks bad.
# - **Labels of subwords.** If a word is split into subwords, only one of them, usually the first, should have the label of the word; the others are ignored in the loss.
# - **A CRF for everything.** It helps when the tag before matters, as with slots of many words. With a bidirectional LSTM and few types it adds little, and Viterbi alone already removes invalid transitions.
#
# ## References
#
# - L. A. Ramshaw, M. P. Marcus (1995). Text chunking using transformation-based learning. *Workshop on Very Large Corpora*. Tags for spans.
# - E. F. Tjong Kim Sang, J. Veenstra (1999). Representing text chunks. *EACL*. IOB1, IOB2 and their relatives.
# - E. F. Tjong Kim Sang, F. De Meulder (2003). Introduction to the CoNLL-2003 shared task: language-independent named entity recognition. *CoNLL*. F1 of whole entities.
# - Z. Huang, W. Xu, K. Yu (2015). Bidirectional LSTM-CRF models for sequence tagging. arXiv:1508.01991.
# - X. Ma, E. Hovy (2016). End-to-end sequence labeling via bi-directional LSTM-CNNs-CRF. *ACL*. Features from characters, and a CRF.
# - J. Li and others (2016). BioCreative V CDR task corpus: a resource for chemical disease relation extraction. *Database*.
# - L. Derczynski, E. Nichols, M. van Erp, N. Limsopatham (2017). Results of the WNUT2017 shared task on novel and emerging entity recognition. *W-NUT*.
# - A. Coucke and others (2018). Snips Voice Platform: an embedded spoken language understanding system for private-by-design voice interfaces. arXiv:1805.10190.
# - A. J. Viterbi (1967). Error bounds for convolutional codes and an asymptotically optimum decoding algorithm. *IEEE Transactions on Information Theory* 13(2). The best path.

# %% [markdown]
# # 11 · Sequence labelling: a name for every word
#
# *Madison moved to Austin.* Who moved, and where to? You know that Madison is a person here and Austin a place, though there is a city called Madison, and many a man called Austin. The words around them told you. So far our networks read a whole sequence and gave one answer. Now there is an answer to give **at every step**: is this word part of a name,
# and of what? That is sequence labelling. The same network finds the parts of speech of words, the genes in a text, or the notes in a recording.
#
# **You will be able to**
#
# 1. write names down as tags, one for each word, and read them back;
# 2. say why the share of right tags misleads, and measure whole names with precision, recall and F1;
# 3. sum a loss over the steps of a sequence, without the padding, by hand and in Keras;
# 4. build a tagger from word and letter features and a bidirectional LSTM, and show which part of it finds what;
# 5. look at what a tagger believes, word by word, and at what it confuses.
#
# **Before this lesson:** lessons [02](02_word_embeddings.ipynb), [06](06_lstm.ipynb), [08](08_deep_and_bidirectional.ipynb) and [09](09_text_pipeline.ipynb). **Time:** about 45 minutes to read and try, 35 minutes for the exercises; on two cores all cells run in about
# 50 seconds on the embedded sample (`HUBS.md` names the machine that was measured),
# and in about two minutes on real sentences.

# %% [markdown]
# ## Settings and data
#
# `SIZES` holds what differs between the embedded sentences and real ones: sizes of vectors and layers, how rare a word must be to be left out of the vocabulary (section 4), and how long is trained.

# %%
import os
from functools import cache

import keras
import numpy as np

from course_utils import plots, tables
from course_utils.claims import claim
from course_utils.datasets import sentences
from course_utils.tagging import Coloured, scores, spans
from course_utils.text import Vocabulary
from course_utils.training import Batches, ProgressBar

# %%
SEED = int(os.environ.get("COURSE_SEED", 0))
data = sentences.load()
SIZES = {
    "sample": dict(d=64, letters=16, units=64, dropout=0.2, rare=10, epochs=6, rate=7e-3),
    "real": dict(d=64, letters=32, units=64, dropout=0.5, rare=1, epochs=12, rate=5e-3),
}[data.source]
rng = np.random.default_rng(SEED)

# %% [markdown]
# ## 1 · Names as tags
#
# A name can have several words, so *person* as a tag for each of them is not enough: in *Ivo Quill Madison Reed left* nobody could tell one person from two. The scheme **IOB2** has two tags for each type: **B-person** at the **b**eginning of a name, **I-person** **i**nside of it, at its other words, and **O** **o**utside of all names
# (Ramshaw and Marcus 1995; Tjong Kim Sang and Veenstra 1999).

# %%
KINDS = sorted({tag[2:] for tags in data.train.tags for tag in tags} - {""})
with_two = [i for i, tags in enumerate(data.train.tags) if " ".join(tags).count("B-") == 2 and "I-" in " ".join(tags)]
i = int(rng.choice(with_two))
for word, tag in zip(data.train.words[i], data.train.tags[i]):
    print(f"{tag:16} {word}")

# %% [markdown]
# A sentence of ten words has ten tags, and nothing else is needed: from the tags alone one can read where each name begins, where it ends, and what it is. `spans` does so. It gives each name as its type, the place of its first word, and the place *after* its last word, counted from 0; `Coloured` shows the same in colour.

# %%
print(spans(data.train.tags[i]))
Coloured(data.train.words[i], spans(data.train.tags[i]), KINDS)

# %% [markdown]
# ## 2 · How good is a tagger?
#
# The obvious measure is the share of tags that are right. Let us ask it about a tagger that has learned nothing and says `O` to every word.

# %%
def right_tags(true, said):
    """Share of words with the right tag; both arguments: tags (time,) of each sentence"""
    return np.mean([a == b for row, other in zip(true, said) for a, b in zip(row, other)])


def names(tagged):
    """The names of each sentence, a list of spans"""
    return [spans(tags) for tags in tagged]


true = data.validation.tags
nothing = [["O"] * len(tags) for tags in true]
print(f"says O to everything: {right_tags(true, nothing):.1%} of the tags are right")
scores(names(true), names(nothing))

# %%
claim("share of right tags for one who finds no name at all",
      right_tags(true, nothing), at_least=0.85)

# %% [markdown]
# Most words belong to no name, so most tags are right, and not one name was found. What we want to know is how many **names** are found. A name counts as found only if its type and both of its ends are right (exact match). Of all names that the tagger gives, **precision** is the share that is right; of all names that are there, **recall** is the share that it found;
# and **F1** is their harmonic mean,
#
# $$F_1 = \frac{2 P R}{P + R} = \frac{2 \cdot \text{right}}{\text{given} + \text{there}}$$
#
# All names of all sentences are counted together, as in the evaluation of CoNLL 2003 (Tjong Kim Sang and De Meulder 2003).
#
# ## 3 · Looking names up
#
# A list of names with their types is called a **gazetteer**. Ours holds the names of the training sentences, each with the type that it had most often. To tag a sentence, take at each word the longest name of the list that begins there.

# %%
from collections import Counter, defaultdict


def forms(split):
    """Each name as a tuple of words, and its type, as often as it occurs"""
    return [(tuple(words[begin:end]), kind) for words, row in zip(split.words, names(split.tags))
            for kind, begin, end in row]


counts = defaultdict(Counter)
for form, kind in forms(data.train):
    counts[form][kind] += 1
listed = {form: kinds.most_common(1)[0][0] for form, kinds in counts.items()}
longest = max(map(len, listed))
ambiguous = sum(len(kinds) > 1 for kinds in counts.values())
print(f"{len(listed):,} names, {ambiguous:,} of them with more than one type in training")

# %%
def look_up(words):
    """Tags (time,): the longest listed name that begins at a word, from left to right"""
    tags = []
    while (t := len(tags)) < len(words):
        ends = [end for end in range(t + 1, t + 1 + longest) if tuple(words[t:end]) in listed]
        if ends:
            kind = listed[tuple(words[t:ends[-1]])]
            tags += [f"B-{kind}"] + [f"I-{kind}"] * (ends[-1] - t - 1)
        else:
            tags.append("O")
    return tags


scores(names(true), names(map(look_up, data.validation.words)))

# %%
shown = "Yesterday Madison met the people of Madison .".split()
Coloured(shown, spans(look_up(shown)), KINDS)

# %% [markdown]
# It fails in two ways. Names that are not on the list are not found, and people invent new ones every day. And a name that is on the list has one type there, whatever the sentence says. In the sample both happen often: training and validation have different names, and those that they do share are just the ones that may be of any type. To do better a tagger must look at what stands around a name, and at what the name itself looks like.
#
# ## 4 · Words and letters as numbers
#
# A word becomes an id, as always. The validation and test sentences have names that the vocabulary does not know, and all of them get the same id, that of unknown words. So each word also brings its **letters**: *Alderbury* looks like a place, *X-300* like a product, and a capital within a sentence is a hint by itself (Ma and Hovy 2016).
#
# Rare words are left out of the vocabulary, also where they stand in the training sentences. Otherwise the id of unknown words would never occur in training, and its vector would stay as it was drawn. And a tagger that knows every name of the training sentences by an id of its own could learn them by heart; a name that it does not know sends it to the letters and to the neighbours, and that is what it will have to do in the test.

# %%
LETTERS = 12  # of a longer word the first six and the last six
often = Counter(word for words in data.train.words for word in words)
vocabulary = Vocabulary([word for word, n in often.most_common() if n > SIZES["rare"]])
alphabet = Vocabulary(sorted({letter for word in often for letter in word}))
TAGS = ["O"] + [f"{prefix}-{kind}" for kind in KINDS for prefix in "BI"]


@cache
def letters_of(word):
    """Ids (LETTERS,) of a word's letters, 0 after the last"""
    word = word if len(word) <= LETTERS else word[:LETTERS // 2] + word[-(LETTERS // 2):]
    return np.pad(alphabet.encode(list(word)), (0, LETTERS - len(word)))


print(f"{len(vocabulary):,} words, {len(alphabet)} letters and signs, {len(TAGS)} tags")
print(letters_of("Alderbury"))

# %%
def unknown(split, named):
    """Share of words that are not in the vocabulary, of those in names or of the others"""
    return np.mean([word not in vocabulary for words, tags in zip(split.words, split.tags)
                    for word, tag in zip(words, tags) if (tag != "O") == named])


share = {"in names": unknown(data.validation, True), "in no name": unknown(data.validation, False)}
tables.table("Unknown words of the validation sentences",
              [{"words": name, "share unknown": value} for name, value in share.items()])

# %% [markdown]
# Most words in names are unknown; of the other words few are. So around an unknown name there are mostly words that training has seen, and from them its type can be learned.

# %%
if data.source == "sample":
    claim("share of unknown words, in names", share["in names"], at_least=0.5)
    claim("share of unknown words, in no name", share["in no name"], at_most=0.1)

# %% [markdown]
# A batch of sentences is padded on the right, like every batch since lesson 09. New is that the targets are padded, too: a tag for each step, and `-1` where there is no word.

# %%
def encode(sentences_, tags=None):
    """Inputs of each sentence, words (time,) and letters (time, LETTERS), and targets (time,)"""
    ids = {"words": [vocabulary.encode(words) for words in sentences_],
           "letters": [np.array([letters_of(word) for word in words]) for words in sentences_]}
    return ids, None if tags is None else [np.array([TAGS.index(tag) for tag in row]) for row in tags]


_, y = Batches(*encode(data.train.words[:2], data.train.tags[:2]), size=2, step=1)[0]
print(y)

# %% [markdown]
# ## 5 · A loss for every step
#
# The network gives scores for all tags at every step: `(batch, time, tags)`. Let $s_{i,t}$ be the scores at step $t$ of sentence $i$, and $y_{i,t}$ the right tag. The cross-entropy is computed at every step, summed over the steps that are words, and divided by their number:
#
# $$L = \frac{\sum_{i,t} m_{i,t} \bigl( - \ln \operatorname{softmax}(s_{i,t})_{y_{i,t}} \bigr)}{\sum_{i,t} m_{i,t}}, \qquad m_{i,t} = 1 \text{ for a word, } 0 \text{ for padding.}$$
#
# By hand, on scores drawn at random:

# %%
def loss_by_hand(y, s):
    """Mean cross-entropy over words: y (batch, time), −1 at padding; s (batch, time, tags)"""
    m = y >= 0  # (batch, time)
    log_p = s - np.log(np.exp(s).sum(axis=-1, keepdims=True))
    losses = -np.take_along_axis(log_p, np.maximum(y, 0)[:, :, None], axis=-1)[:, :, 0]
    return (losses * m).sum() / m.sum()


s = rng.normal(size=(*y.shape, len(TAGS)))
over_words = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
everywhere = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
print(f"by hand {loss_by_hand(y, s):.6f}, in Keras {float(over_words(y, s)):.6f}")
print(f"padding counted as O: {float(everywhere(np.maximum(y, 0), s)):.6f}")
claim("difference between the loss by hand and in Keras",
      abs(loss_by_hand(y, s) - float(over_words(y, s))), at_most=1e-5)

# %% [markdown]
# In Keras, `ignore_class=-1` does it. Without it, padding would count as words. With scores drawn at random these cost what others do; a network soon learns that they are `O`, and the loss looks the smaller the more padding there is. It would depend on how long the longest sentence of a batch is.
#
# Seen from the weights, this is one sum over all words of all sentences. The same layers are used at every step, so their gradient is the sum of the gradients of all steps, as in lesson 05; but now each step also has a loss of its own, and does not have to wait for the end of the sentence to be told what was wrong.
#
# ## 6 · Three taggers
#
# All three have the same beginning and the same end. The beginning: the vector of the word; and beside it a **convolution over its letters**, 32 patterns of three letters each, of which the strongest match in the word counts (in Keras a `Conv2D` whose patterns are 1 word high and 3 letters wide, so that none reaches into the next word). The end: a linear layer that gives a score for each tag. They differ in what lies between:
#
# 1. **nothing**: each word is tagged for itself, without its neighbours;
# 2. an **LSTM** from left to right: a tag may depend on all that came before;
# 3. a **bidirectional LSTM**, two of the same size: on all that comes after, too (Huang, Xu and Yu 2015). A tagger may see the whole sentence before it answers (lesson 08). It has twice the units, too; section 7 will show that it is the words after a name that make the difference.
#
# Padding is kept out in two places. The loss leaves it out, as above. And the LSTM gets a `mask`, so that its state passes the padding unchanged; the backward half begins there.

# %%
layers = keras.layers


def tagger(between=None):
    """Ids of words (batch, time) and letters (batch, time, LETTERS) to scores (batch, time, tags)"""
    words = keras.Input((None,), dtype="int32", name="words")
    letters = keras.Input((None, LETTERS), dtype="int32", name="letters")
    mask = keras.ops.not_equal(words, 0)
    x = layers.Embedding(len(vocabulary), SIZES["d"])(words)  # (batch, time, d)
    c = layers.Embedding(len(alphabet), SIZES["letters"])(letters)  # (batch, time, LETTERS, …)
    c = layers.Conv2D(32, (1, 3), padding="same", activation="relu")(c)
    x = layers.Concatenate()([x, keras.ops.max(c, axis=2)])  # (batch, time, d + 32)
    h = layers.Dropout(SIZES["dropout"])(x)
    if between is not None:
        h = between(h, mask=mask)  # (batch, time, units), or twice the units
    return keras.Model({"words": words, "letters": letters}, layers.Dense(len(TAGS))(h))

# %%
def train(model):
    batches = Batches(*encode(data.train.words, data.train.tags), 32, SEED, step=1)
    rate = keras.optimizers.schedules.CosineDecay(SIZES["rate"], SIZES["epochs"] * len(batches))
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0),
                  keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1),
                  jit_compile=False)
    model.fit(batches, epochs=SIZES["epochs"], shuffle=False, verbose=0, callbacks=[ProgressBar()])
    return model

# %%
def tag_scores(model, sentences_):
    """Scores (time, tags) of each sentence"""
    batches, s = Batches(encode(sentences_)[0], size=250, step=40), {}
    for i in range(len(batches)):
        rows = model.predict_on_batch(batches[i][0])  # (batch, time, tags)
        for k, row in zip(batches.order[len(s):], rows):  # the batches have their own order
            s[k] = row[:len(sentences_[k])]
    return [s[k] for k in range(len(sentences_))]


def tag(model, sentences_):
    """The best tag for each word of each sentence"""
    return [[TAGS[k] for k in s.argmax(axis=-1)] for s in tag_scores(model, sentences_)]

# %%
units = SIZES["units"]
betweens = {"each word for itself": lambda: None,
            "LSTM, left to right": lambda: layers.LSTM(units, return_sequences=True),
            "bidirectional LSTM": lambda: layers.Bidirectional(
                layers.LSTM(units, return_sequences=True))}
taggers = {}
for name, between in betweens.items():
    keras.utils.set_random_seed(SEED)
    taggers[name] = train(tagger(between()))

# %%
def tagged_by_all(split):
    """Tags of all sentences, by each of the taggers"""
    tagged = {"O everywhere": [["O"] * len(words) for words in split.words],
              "gazetteer": [look_up(words) for words in split.words]}
    return tagged | {name: tag(model, split.words) for name, model in taggers.items()}


for name, tags in tagged_by_all(data.validation).items():
    values = {"right tags": right_tags(true, tags), **scores(names(true), names(tags))}
    print(f"{name:21}", "  ".join(f"{key} {value:.3f}" for key, value in values.items()))

# %% [markdown]
# Compare the first column with the last. From the one that finds nothing to the best, the share of right tags has only the last tenth to go, and the gazetteer, which finds next to nothing, gets more than nine tags in ten right. F1 begins at 0 and tells them apart.
#
# F1 goes up with each tagger. One that looks at a single word knows the forms, *Port* …, … *Ltd*, and has to guess the rest. One that has read what comes before does better, and one that has read both sides does best.
#
# ## 7 · The test, and who finds what
#
# The choices are made; the test sentences are opened. A name in the test is **seen** if the training sentences have the very same words as a name, and **new** otherwise. A shared task on new names, WNUT 2017 (Derczynski and others 2017), had the same question.

# %%
def only_new(found, split):
    """Of the spans of each sentence those whose words are no name of the training sentences"""
    return [[span for span in row if tuple(words[span[1]:span[2]]) not in listed]
            for words, row in zip(split.words, found)]


said, there = tagged_by_all(data.test), names(data.test.tags)
rows = []
for name, tags in said.items():
    of_new = scores(only_new(there, data.test), only_new(names(tags), data.test))
    rows.append({"tagger": name, "right tags": right_tags(data.test.tags, tags),
                 **scores(there, names(tags)), "F1, new names": of_new["F1"]})
table = tables.table("Names found in the test", rows)
table

# %%
def draw(table):
    """F1 of all names and of the new ones, by tagger"""
    figure, axes = plots.figure(size=(6.8, 3.2))
    names_ = [row["tagger"] for row in table.rows][1:]
    for shift, column, colour in (-0.2, "F1", plots.BLUE), (0.2, "F1, new names", plots.ORANGE):
        axes.barh(np.arange(len(names_)) + shift, table.values(column)[1:], 0.38, color=colour, label=column)
    plots.label_bars(axes, "{:.2f}")
    axes.set(yticks=range(len(names_)), xlim=(0, 1.15), xlabel="F1 of whole names, test")
    axes.set_yticklabels(names_), axes.invert_yaxis()
    axes.legend(frameon=False)
    return figure


plots.show(draw(table), alt="""Two horizontal bars for each of four taggers: F1 of all names and
    of the new ones. The gazetteer is near 0, and at 0 for new names. Each word for itself, the
    LSTM and the bidirectional LSTM follow, each clearly above the one before.""")

# %% [markdown]
# The order is the same as on the validation sentences. The gazetteer finds the few names of the test that it has seen, gives most of them the wrong type, and of the new ones it finds none, by definition. For the networks the new names are no harder than all of them: they had to do without knowing many of the names already in training, and to look at letters and neighbours. (In the sample they may even be easier. The names that the test shares with training are of the sort that may be of any type, and of these the form tells nothing.)

# %%
F1 = {row["tagger"]: row["F1"] for row in rows}
if data.source == "sample":
    claim("F1 in the test: the LSTM from left to right minus each word for itself",
          F1["LSTM, left to right"] - F1["each word for itself"], at_least=0.1)
    claim("F1 in the test: the bidirectional LSTM minus the one from left to right",
          F1["bidirectional LSTM"] - F1["LSTM, left to right"], at_least=0.1)
    claim("F1 of the bidirectional LSTM: all names minus new names",
          rows[-1]["F1"] - rows[-1]["F1, new names"], at_most=0.04)
else:
    claim("F1 in the test: the bidirectional LSTM minus each word for itself",
          F1["bidirectional LSTM"] - F1["each word for itself"], at_least=0.04)
    claim("share of right tags in the test: the best minus the worst",
          np.ptp(table.values("right tags")), at_most=0.01)
    claim("F1 in the test: the gazetteer", F1["gazetteer"], at_most=0.01)

# %% [markdown]
# ### Where does the hint stand?
#
# The sample's sentences were made so that one knows where the word stands that gives the type away: right **before** the name, right **after** it, **far before** it, or **far after** it. Which tagger finds which? (Real sentences do not come with such notes, so the cells of this section run on the sample only.)

# %%
WHERE = {"a": "right before", "b": "right after", "d": "far before", "c": "far after"}


def recall_by_place(found, split):
    """Share of the names found, by where their hint stands"""
    hits = {place: [] for place in WHERE}
    for true, row, kinds in zip(names(split.tags), found, split.kinds):
        for name, kind in zip(true, kinds):
            hits[kind].append(name in row)
    return [np.mean(hits[place]) for place in WHERE]


# %%
if data.source == "sample":
    recalls = {name: recall_by_place(names(tags), data.test) for name, tags in said.items()}
    del recalls["O everywhere"]
    figure, axes = plots.figure(size=(8.6, 3.4))
    colours = (plots.BLACK, plots.ORANGE, plots.SKY, plots.BLUE)
    for i, ((name, values), colour) in enumerate(zip(recalls.items(), colours)):
        axes.bar(np.arange(4) + 0.2 * (i - 1.5), values, 0.19, color=colour, label=name)
    axes.set(title="Names found, by where the hint to their type stands", ylabel="recall",
             xticks=range(4), yticks=np.arange(6) / 5, ylim=(0, 1.2))
    axes.set_xticklabels([f"{where} the name" for where in WHERE.values()])
    axes.legend(frameon=False, ncols=4, fontsize=8.5)
    plots.show(figure, alt="""Grouped bars of recall for four taggers and four places of the
        hint. Right before the name both LSTMs find most names; right after it, the
        bidirectional one does, and the other far fewer. Far before the name both LSTMs find
        fewer than right before it. Far after the name only the bidirectional LSTM is well above
        a tagger without neighbours.""")

# %% [markdown]
# Here is what each network can see. A hint right before the name: both LSTMs use it. Right after the name: when the tag is due, a tagger that goes from left to right has not read it yet. It is left with the form of the name and with whatever else the sentence has told, while the bidirectional one finds most of these names. The hint far after the name has to be carried over six words and more, by the backward half; the LSTM from left to right gets little from there.
#
# A hint far before the name is within reach of both LSTMs, and neither has learned to carry it: they find little more there than a tagger without neighbours, though far *after* the name the bidirectional one does well in the same training. One likely reason is in the sentences. What comes far after a name is a whole clause about it, word after word; what comes far before it is often a single noun.

# %%
if data.source == "sample":
    # right before, right after, far before, far after
    both, forward = recalls["bidirectional LSTM"], recalls["LSTM, left to right"]
    claim("hints after the name: recall of both directions minus one, the smaller gain",
          min(both[1] - forward[1], both[3] - forward[3]), at_least=0.15)
    claim("hints right before the name: recall of the LSTM from left to right", forward[0], at_least=0.6)
    claim("both LSTMs: recall with the hint right before minus far before, the smaller loss",
          min(both[0] - both[2], forward[0] - forward[2]), at_least=0.1)

# %% [markdown]
# ## 8 · What it believes, word by word
#
# Give the bidirectional tagger the beginning of a sentence, one word more each time, and ask for the probabilities of the types at the name. *Florence* may be anything, and is no word of the training sentences. The beginning fits all types; only the end decides.

# %%
def softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def beliefs(model, words, t):
    """P(B-kind) at word t, when t + 1, t + 2, … words are read: (steps, kinds)"""
    prefixes = [words[:end] for end in range(t + 1, len(words) + 1)]
    p = softmax(np.array([s[t] for s in tag_scores(model, prefixes)]))  # (steps, tags)
    return p[:, [TAGS.index(f"B-{kind}") for kind in KINDS]]

# %%
BEGIN, ENDS = "We talked about Florence for the whole evening :", (
    "it moved its headquarters to a farm .", "its lighthouse has been painted green .")
COLOURS = (plots.BLUE, plots.ORANGE, plots.GREEN, plots.BLACK, plots.SKY, plots.RED)
best = taggers["bidirectional LSTM"]
figure, axes = plots.figure(1, 2, size=(10.4, 3.8), sharey=True)
for ax, end in zip(axes, ENDS):
    words = f"{BEGIN} {end}".split()
    for p, kind, colour in zip(beliefs(best, words, 3).T, KINDS, COLOURS):
        ax.plot(range(3, len(words)), p, "o-", markersize=3, color=colour, label=kind)
    ax.set(xticks=range(3, len(words)), ylim=(-0.03, 1.03), xlabel="words read, up to this one")
    ax.set_xticklabels(words[3:], rotation=60, ha="right", rotation_mode="anchor")
axes[0].set(ylabel="P(B-type) at Florence", title="What the tagger believes of Florence")
axes[1].legend(frameon=False)
plots.show(figure, alt="""Two panels with the probability of each type at the name, after each
    further word of a sentence. Both begin alike, up to the colon. What comes after it moves the
    curves of the two panels in different ways.""")

# %% [markdown]
# Up to the colon both panels are the same, as they must be: the same words were read. What is seen there is a guess, made without a hint. Then they part. None of the words that now come is next to the name; if they move its curves, the backward LSTM has carried them there. *Headquarters* speak for an organisation, a *lighthouse* for a place, and it is the last points that should say so. The way there is not smooth: curves may jump at a harmless *it* and cross more than once. Every training sentence ends with a full stop or an exclamation mark, and a sentence that is cut off in the middle is something that the backward LSTM has never read. How far the endings are understood differs from run to run, and from ending to ending: try *the plug does not fit any socket* or *she was born on a ship* in the cell above.
#
# So one sentence proves little. Take the test sentences whose only name has its hint far after it, let each tagger read one word more at a time, and draw the mean probability of the right type at the name. (A sentence that is over keeps its last value.)

# %%
J = 16
far = [(words, spans(tags)[0]) for words, tags, kinds in
       zip(data.test.words, data.test.tags, data.test.kinds or ()) if kinds == ["c"]][:100]


def chances(model):
    """P(right type) at the name, mean over `far`, after 0 … J − 1 words behind it (or all that there are)"""
    s = tag_scores(model, [words[:end + j] for words, (_, _, end) in far for j in range(J)])
    p = [softmax(s[J * i + j][t])[TAGS.index(f"B-{kind}")]
         for i, (_, (kind, t, _)) in enumerate(far) for j in range(J)]
    return np.reshape(p, (-1, J)).mean(axis=0)

# %%
if data.source == "sample":
    course = {name: chances(model) for name, model in taggers.items()}
    figure, axes = plots.figure(size=(6.8, 3.4))
    for (name, p), colour, style, order in zip(course.items(), colours[1:], ("s:", "o-", "o-"), (3, 2, 2)):
        axes.plot(p, style, markersize=4, color=colour, label=name, zorder=order)
    axes.set(title=f"{len(far)} names whose hint comes far after them", xlabel="words read after the name",
             ylabel="P(right type), mean", ylim=(0, 1))
    axes.legend(frameon=False)
    plots.show(figure, alt="""The mean probability of the right type against the number of words
        read after the name. For each word for itself and for the LSTM from left to right it is
        flat and low. For the bidirectional LSTM it stays low for some six words after the name,
        and then climbs clearly above the others.""")

# %%
if data.source == "sample":
    claim("P(right type) at the name: how far reading on moves the LSTM from left to right",
          np.ptp(course["LSTM, left to right"]), at_most=1e-4)
    claim("P(right type), bidirectional LSTM: its rise from the fifth word after the name on",
          course["bidirectional LSTM"][-1] - course["bidirectional LSTM"][5], at_least=0.1)

# %% [markdown]
# The two flat lines are no failure of training. What the LSTM from left to right says at the name was said when the name was read, and no later word can change it. The bidirectional one revises its answer: little for the first words after the name, which fit all types, and then, when the hints begin to come, with every word.
#
# ## 9 · What it confuses
#
# Of the names whose ends were found, how many got which type?

# %%
confusion = np.zeros((len(KINDS), len(KINDS)))
found = names(said["bidirectional LSTM"])
for truth, row in zip(there, found):
    type_of = {(begin, end): kind for kind, begin, end in row}
    for kind, begin, end in truth:
        if (begin, end) in type_of:
            confusion[KINDS.index(kind), KINDS.index(type_of[begin, end])] += 1
confusion /= np.maximum(confusion.sum(axis=1, keepdims=True), 1)

# %%
figure, axes = plots.figure(size=(5.6, 4.4))
axes.imshow(confusion, vmin=0, vmax=1)
for (i, j), value in np.ndenumerate(confusion):
    axes.text(j, i, f"{value:.2f}", ha="center", va="center",
              color="white" if value < 0.6 else "black")
axes.set(title="Types of names whose ends were found", xlabel="type said", ylabel="true type",
         xticks=range(len(KINDS)), yticks=range(len(KINDS)))
axes.set_xticklabels(KINDS, rotation=30), axes.set_yticklabels(KINDS)
plots.show(figure, alt="""A table of true types by types said, with the share in each cell. The
    diagonal has most of each row.""")

# %% [markdown]
# Each row is a true type; the diagonal is what was right. Read the columns, too: one that is lighter than the others outside of the diagonal is the type that this tagger falls back on when the sentence leaves it in doubt.

# %%
if data.source == "sample":
    claim("share of the right type among names whose ends were found, the worst type",
          confusion.diagonal().min(), at_least=0.5)

# %% [markdown]
# Numbers say how many; to know what went wrong one has to read. Here are test sentences that the tagger got wrong, as it tagged them:

# %%
from IPython.display import display

wrong = [i for i, (a, b) in enumerate(zip(there, found)) if a != b]
for i in wrong[:3]:
    display(Coloured(data.test.words[i], found[i], KINDS))
    print("there:", [(kind, " ".join(data.test.words[i][begin:end])) for kind, begin, end in there[i]])
    if data.source == "sample":
        print("the hint stands", ", ".join(f"{WHERE[place]} the name" for place in data.test.kinds[i]))

# %% [markdown]
# Look where the hints of these names stand, and compare with the figure of section 7.
#
# ## 10 · Tags that cannot be
#
# Each tag is chosen for itself. So it may happen that `I-place` follows `O`, or `B-person`, though an `I-` tag can only go on with a name of its own type. `spans` takes such a tag for a beginning, as the evaluation of CoNLL does.

# %%
def broken(tags):
    """Places where an I- tag goes on with nothing"""
    return [t for t, (before, now) in enumerate(zip(["O", *tags], tags))
            if now[0] == "I" and before[2:] != now[2:]]


tagged = said["bidirectional LSTM"]
n_broken = sum(len(broken(tags)) for tags in tagged)
print(f"{n_broken} of {sum(map(len, tagged)):,} tags go on with nothing")

# %% [markdown]
# Few of them, for the network has seen no such sequence in training. But nothing forbids them. Exercise 4 finds the best sequence of tags among those that can be.
#
# ## 11 · Your own sentence
#
# Signs must stand apart from words, as in the training sentences; a regular expression sees to that. What if there is no word at all, or only words and signs that nobody has seen, or five hundred words?

# %%
import re


def tagged_text(text, model=best):
    """A sentence of your own, in colour"""
    words = re.findall(r"\w+(?:[-'&]\w+)*|[^\w\s]", text)
    if not words:
        return "there is no word in it"
    return Coloured(words, spans(tag(model, [words])[0]), KINDS)


print(tagged_text(""))
print(repr(tagged_text("数 ξ 👍")))
print(repr(tagged_text("so " * 500))[:20], "…")
tagged_text("Last week Amberly and her friend Jonas Tarn took the Corvo 500 to Port Elling.")

# %% [markdown]
# An empty sentence gets a clear answer. Unknown words and signs have the id for unknown ones and get the tags that follow from it, for what these are worth; and length is no obstacle to a recurrent network. The last sentence shows what to expect of the tagger outside of the patterns that it has learned. *Last* and *Amberly* are words that no training sentence has, each with a capital; did it take the right one for a name? In your own sentences expect such mistakes.
#
# ## 12 · Real sentences
#
# WNUT 2017 has posts and comments from Twitter, Reddit, YouTube and Stack Exchange, with six types of names, chosen so that hardly any name of the test stands in the training sentences (Derczynski and others 2017). The same notebook, run on them with three seeds, had this table:

# %% tags=["recorded"]
wnut = tables.recorded("11_sequence_labelling", "Names found in the test")
wnut

# %% tags=["recorded"]
figure = draw(wnut)
figure.axes[0].set(title="WNUT 2017")
F1 = dict(zip([row["tagger"] for row in wnut.rows], wnut.values("F1")))
claim("on WNUT 2017, mean over seeds: F1 of the bidirectional LSTM minus each word for itself",
      F1["bidirectional LSTM"] - F1["each word for itself"], at_least=0.04)
plots.show(figure, alt="""Two horizontal bars for each of four taggers on WNUT 2017, from the
    record: F1 of all names and of the new ones. The gazetteer and each word for itself are next
    to 0; the LSTM is above them, the bidirectional LSTM highest, and all are far below the bars
    of the sample.""")

# %% [markdown]
# The first column is the same to within a hundredth from top to bottom. By the share of right tags, a network that was trained on thousands of sentences is worth as much as one that answers `O` to everything. The column of F1 knows better.
#
# The gazetteer finds nothing at all: the test was chosen so that no list of known names helps, and so the last two columns agree. Each word for itself is hardly better. The form of a name told something in the embedded sentences, where *Ltd* and *Port* came again and again; in posts capitals come and go, and a name looks like anything. What is found is found by reading the neighbours, and the bidirectional LSTM finds most.
#
# But *most* is little, and this is the more important result. More than nine in ten of the names are missed, and of the names that are given most are wrong. One reason is in this table of the same runs:

# %% tags=["recorded"]
tables.recorded("11_sequence_labelling", "Unknown words of the validation sentences")

# %% [markdown]
# In the embedded sentences nearly all words around a name were known. Here about one in six is new as well, and a neighbour that nobody knows gives no hint. Some three thousand sentences are too few to learn the words of a language from. The taggers of the shared task brought more along: vectors of words learned from far more text, lists of names from elsewhere, features made by hand (Derczynski and others 2017). Lesson 02 has shown where such vectors come from.
#
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: to_iob2
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** `spans` reads tags; now the other way. Write `to_iob2(names, length)`: the list of IOB2 tags of a sentence of `length` words, in which `names` are triples `(kind, begin, end)`; `end` is the place after the last word of the name. Names do not overlap.
#
# <details><summary>Hint 1</summary>Begin with <code>["O"] * length</code>.</details>
# <details><summary>Hint 2</summary>The word at <code>begin</code> gets <code>B-</code>, those from <code>begin + 1</code> to <code>end - 1</code> get <code>I-</code>.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def to_iob2(names, length):
    """Tags of `length` words."""
    # BEGIN SOLUTION
    tags = ["O"] * length
    for kind, begin, end in names:
        tags[begin:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - begin - 1)
    return tags
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="one too many"
def to_iob2(names, length):
    tags = ["O"] * length
    for kind, begin, end in names:
        tags[begin:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - begin)
    return tags

# %% tags=["wrong"] message="begins with B-"
def to_iob2(names, length):
    tags = ["O"] * length
    for kind, begin, end in names:
        tags[begin:end] = [f"I-{kind}"] * (end - begin)
    return tags

# %% tags=["wrong"] message="the word after the name"
def to_iob2(names, length):
    tags = ["O"] * length
    for kind, begin, end in names:
        for t in range(begin, min(end + 1, length)):
            tags[t] = f"{'B' if t == begin else 'I'}-{kind}"
    return tags

# %% [raw]
# # BEGIN TESTS

# %%
def test_to_iob2(to_iob2):
    got = to_iob2([("person", 1, 3)], 5)
    assert got is not None, "the function gives None: does it return the tags?"
    assert len(got) == 5, f"a sentence of 5 words has 5 tags, yours has {len(got)}: is there one too many within the name?"
    assert got[1] != "I-person", "the first word of a name begins with B-, yours has I-person"
    assert got[3] != "I-person", "the word after the name got a tag of the name: `end` does not belong to it"
    assert list(got) == ["O", "B-person", "I-person", "O", "O"], f"expected O B-person I-person O O, got {' '.join(got)}"
    assert list(to_iob2([("a", 0, 1), ("b", 1, 2)], 2)) == ["B-a", "B-b"], "two names of one word each, side by side, are B-a B-b"
    assert list(to_iob2([("a", 0, 1), ("a", 1, 3)], 3)) == ["B-a", "B-a", "I-a"], "two names of the same type side by side: each of them begins with B-"
    assert list(to_iob2([], 2)) == ["O", "O"], "without names all tags are O"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_to_iob2_hidden(to_iob2):
    got = list(to_iob2([("y", 0, 3), ("x", 3, 4), ("x", 6, 8)], 8))
    assert got == "B-y I-y I-y B-x O O B-x I-x".split(), "not right for three names in eight words"
    assert list(to_iob2([("person", 0, 1)], 1)) == ["B-person"], "not right for one word that is a name"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: loss_of_lengths
# points: 1

# %% [markdown]
# **Exercise 2.** The loss of section 5 divides by the number of words in the batch, so a word counts the same in a long and in a short sentence. Write `loss_by_sentence(losses, m)`, in which every *sentence* counts the same: from losses `(batch, time)` and the mask `m` `(batch, time)`, `True` for words, the mean of the sentences' own means over their words.
#
# <details><summary>Hint 1</summary><code>losses * m</code> sets padding to 0; sums along <code>axis=1</code> are those of single sentences.</details>
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

# %% tags=["wrong"] message="by the padded length"
def loss_by_sentence(losses, m):
    return (losses * m).mean(axis=1).mean()

# %% [raw]
# # BEGIN TESTS

# %%
def test_loss_of_lengths(loss_by_sentence):
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

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_loss_of_lengths_hidden(loss_by_sentence):
    import numpy as np

    rng = np.random.default_rng(7)
    losses, lengths = rng.exponential(size=(4, 6)), np.array([6, 1, 3, 2])
    wanted = np.mean([row[:n].mean() for row, n in zip(losses, lengths)])
    assert np.isclose(loss_by_sentence(losses, np.arange(6) < lengths[:, None]), wanted), "not right for four sentences"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: partial_f1
# points: 2

# %% [markdown]
# **Exercise 3.** Exact match is strict: *Port* instead of *Port Elling* is wrong twice, a name missed and a name too many. Write `overlap_scores(true, said)` for one sentence, a pair (precision, recall): a name that was said counts as right if it overlaps a true name of the same type in at least one word, and a true name counts as found if a name that was said overlaps it and has its type. Both arguments are lists of `(kind, begin, end)`;
# an empty list gives 0 for its share.
#
# <details><summary>Hint 1</summary>Two spans overlap when each begins before the other ends.</details>
# <details><summary>Hint 2</summary><code>sum(any(same(a, b) for b in true) for a in said) / len(said)</code>, for a function <code>same</code> of your own.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def overlap_scores(true, said):
    """Precision and recall, where an overlap is enough."""
    # BEGIN SOLUTION
    def same(a, b):
        return a[0] == b[0] and a[1] < b[2] and b[1] < a[2]

    right = sum(any(same(a, b) for b in true) for a in said)
    found = sum(any(same(a, b) for a in said) for b in true)
    return right / max(len(said), 1), found / max(len(true), 1)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="exact match"
def overlap_scores(true, said):
    right = len(set(true) & set(said))
    return right / max(len(said), 1), right / max(len(true), 1)

# %% tags=["wrong"] message="type"
def overlap_scores(true, said):
    def same(a, b):
        return a[1] < b[2] and b[1] < a[2]

    return (sum(any(same(a, b) for b in true) for a in said) / max(len(said), 1),
            sum(any(same(a, b) for a in said) for b in true) / max(len(true), 1))

# %% tags=["wrong"] message="only touch"
def overlap_scores(true, said):
    def same(a, b):
        return a[0] == b[0] and a[1] <= b[2] and b[1] <= a[2]

    return (sum(any(same(a, b) for b in true) for a in said) / max(len(said), 1),
            sum(any(same(a, b) for a in said) for b in true) / max(len(true), 1))

# %% [raw]
# # BEGIN TESTS

# %%
def test_partial_f1(overlap_scores):
    import numpy as np

    got = overlap_scores([("place", 2, 4)], [("place", 2, 3)])
    assert got is not None, "the function gives None: does it return the two shares?"
    assert len(got) == 2, f"two numbers are asked for, precision and recall; you have {len(got)}"
    assert not np.allclose(got, (0, 0)), "Port instead of Port Elling overlaps in one word: an exact match is not needed here"
    assert np.allclose(got, (1, 1)), f"one name, overlapped by one of its type: precision and recall are 1, you have {got}"
    assert np.allclose(overlap_scores([("place", 0, 2)], [("person", 0, 2)]), (0, 0)), "a person is no place: the type must be the same"
    assert np.allclose(overlap_scores([("place", 0, 2)], [("place", 2, 3)]), (0, 0)), "names that only touch share no word: `end` is the place after the last word"
    assert np.allclose(overlap_scores([("a", 2, 6)], [("a", 1, 3)]), (1, 1)), "a name that begins before the true one and ends within it overlaps it, too"
    assert np.allclose(overlap_scores([("a", 0, 1), ("a", 3, 4)], [("a", 0, 2)]), (1, 0.5)), "one of two names found: precision 1, recall 0.5"
    assert np.allclose(overlap_scores([("a", 0, 3)], [("a", 0, 1), ("a", 2, 3), ("b", 4, 5)]), (2 / 3, 1)), "two parts of one name and a wrong one: precision 2/3, recall 1"
    assert np.allclose(overlap_scores([], [("a", 0, 1)]), (0, 0)) and np.allclose(overlap_scores([], []), (0, 0)), "an empty list gives 0"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_partial_f1_hidden(overlap_scores):
    import numpy as np

    true = [("a", 0, 2), ("b", 3, 6), ("a", 7, 8), ("a", 9, 10), ("b", 20, 21)]
    said = [("a", 1, 4), ("b", 5, 9), ("c", 0, 1), ("a", 10, 11)]
    assert np.allclose(overlap_scores(true, said), (2 / 4, 2 / 5)), "not right for five true names and four that were said"
    assert np.allclose(overlap_scores(said, true), (2 / 5, 2 / 4)), "not right for four true names and five that were said"
    assert np.allclose(overlap_scores([("a", 1, 2)], [("a", 0, 9), ("a", 0, 1)]), (1 / 2, 1)), "not right for a name within another"
    assert np.allclose(overlap_scores([("a", 0, 1), ("a", 2, 3)], [("a", 0, 3), ("a", 8, 9)]), (1 / 2, 1)), "not right for two names within one"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: viterbi
# points: 3

# %% [markdown]
# **Exercise 4, a stretch: the best sequence that can be.** Write `best_legal(s, tags)`: for scores `s` `(time, K)` of the `K` tags in the list `tags`, the list of tags with the largest sum of scores among all sequences in which every `I-` tag follows a `B-` or `I-` tag of its own type. This is the algorithm of **Viterbi** (1967): go from left to right and remember, for each tag, the best sum of a sequence that ends with it,
# and which tag came before; at the end go back from the best one.
#
# <details><summary>Hint 1</summary><code>allowed(before, now)</code> is <code>now[0] != "I" or before[2:] == now[2:]</code>; at the beginning no <code>I-</code> tag is allowed.</details>
# <details><summary>Hint 2</summary>With a matrix <code>A</code> of 0 where a step is allowed and −∞ elsewhere: <code>sums[:, None] + A</code>, rows the tag before, columns the tag now. Its maximum over the rows is the best way to each tag.</details>
# <details><summary>Hint 3</summary>Keep the <code>argmax</code> over the rows of every step; walk back through them from the last tag.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def best_legal(s, tags):
    """The legal sequence of tags with the largest sum of scores."""
    # BEGIN SOLUTION
    A = np.array([[0 if now[0] != "I" or before[2:] == now[2:] else -np.inf
                   for now in tags] for before in tags])
    sums, back = s[0] + np.array([-np.inf if tag[0] == "I" else 0 for tag in tags]), []
    for row in s[1:]:
        ways = sums[:, None] + A  # (tag before, tag now)
        back.append(ways.argmax(axis=0))
        sums = ways.max(axis=0) + row
    path = [int(sums.argmax())]
    for step in reversed(back):
        path.append(int(step[path[-1]]))
    return [tags[k] for k in reversed(path)]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="each for itself"
def best_legal(s, tags):
    return [tags[k] for k in s.argmax(axis=1)]

# %% tags=["wrong"] message="greedy"
def best_legal(s, tags):
    path = []
    for row in s:
        before = path[-1] if path else "O"
        legal = [row[k] if tags[k][0] != "I" or before[2:] == tags[k][2:] else -np.inf for k in range(len(tags))]
        path.append(tags[int(np.argmax(legal))])
    return path

# %% tags=["wrong"] message="at the beginning"
def best_legal(s, tags):
    A = np.array([[0 if now[0] != "I" or before[2:] == now[2:] else -np.inf for now in tags] for before in tags])
    sums, back = s[0], []
    for row in s[1:]:
        ways = sums[:, None] + A
        back.append(ways.argmax(axis=0))
        sums = ways.max(axis=0) + row
    path = [int(sums.argmax())]
    for step in reversed(back):
        path.append(int(step[path[-1]]))
    return [tags[k] for k in reversed(path)]

# %% [raw]
# # BEGIN TESTS

# %%
def test_viterbi(best_legal):
    import itertools

    import numpy as np

    tags = ["O", "B-a", "I-a", "B-b", "I-b"]
    s = np.array([[0.0, 1, 0, 0, 0], [0, 0, 0, 0, 2.0], [1.0, 0, 0, 0, 0]])
    got = best_legal(s, tags)
    assert got is not None, "the function gives None: does it return the tags?"
    assert len(got) == 3, f"three steps have three tags; you have {len(got)}"
    assert all(tag in tags for tag in got), f"tags are asked for, as {tags[1]!r}, not their places; you have {got}"
    assert list(got) != ["B-a", "I-b", "O"], "this is the best tag at each step, each for itself; I-b cannot follow B-a"
    first = np.array([[0.0, 0, 3, 0, 0], [0, 0, 3.0, 0, 0]])
    assert best_legal(first, tags)[0] != "I-a", "at the beginning of a sentence there is nothing that an I- tag could go on with"
    assert best_legal(100 * first, tags)[0] != "I-a", "what is forbidden stays so, however high its score: a penalty must be infinite"
    late = np.array([[1.0, 0.9, 0, 0, 0], [0, 0, 5.0, 0, 0]])
    assert list(best_legal(late, tags)) == ["B-a", "I-a"], "O is a little better at the first step, but then I-a is lost: a greedy choice at each step is not enough"

    long = np.array([[0, 1.0, 0, 0, 0], [0, 0, 1.0, 0, 0], [0, 0, 1.0, 0, 0]])
    assert list(best_legal(long, tags)) == ["B-a", "I-a", "I-a"], "a name may have three words: an I- tag may follow an I- tag of its own type"

    def legal(path):
        return all(now[0] != "I" or before[2:] == now[2:] for before, now in zip(["O", *path], path))

    rng = np.random.default_rng(0)
    for time in (1, 2, 3, 4, 5):
        s = rng.normal(size=(time, 5))
        path = list(best_legal(s.copy(), tags))
        assert legal(path), f"{path} is not legal"
        best = max((p for p in itertools.product(range(5), repeat=time) if legal([tags[k] for k in p])), key=lambda p: sum(s[t, k] for t, k in enumerate(p)))
        assert path == [tags[k] for k in best], f"for {time} steps, trying all sequences finds a better one than yours"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_viterbi_hidden(best_legal):
    import itertools

    import numpy as np

    tags = ["B-x", "I-x", "O", "I-y", "B-y"]
    rng = np.random.default_rng(8)
    for time in (1, 2, 3, *[4] * 20):
        s, best, most = rng.normal(0, 3, size=(time, 5)), None, -np.inf
        for path in itertools.product(range(5), repeat=time):
            total, names = sum(s[t, k] for t, k in enumerate(path)), ["O", *(tags[k] for k in path)]
            if total > most and all(now[0] != "I" or before[2:] == now[2:] for before, now in zip(names, names[1:])):
                best, most = names[1:], total
        assert list(best_legal(s.copy(), tags)) == best, f"not the best of all legal sequences, for {time} steps"
    s = np.array([[0.5, 0, 1, 0, 0.9], [-9, 0, 1, 0, 0.8], [0, 9, 0, 0, 0]])
    assert list(best_legal(s, tags)) == ["B-x", "I-x", "I-x"], "a beginning that looks bad, and is best in the end"

# %% [raw]
# # END TESTS

# %%
# When the check passes: what does it do for the tagger of this lesson?
# legal = [spans(best_legal(s, TAGS)) for s in tag_scores(best, data.test.words)]
# print(scores(there, found), scores(there, legal))

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
# - **Reporting the share of right tags.** Most words belong to no name, so it is high for a tagger that finds nothing. Count whole names.
# - **Padding in the loss.** It makes the loss look small, and the network learns to tag what is not there.
# - **The same names in training and test.** Then a list of names looks like understanding. Measure new names separately.
# - **A vector for unknown words that training never saw.** Leave rare words out of the vocabulary.
# - **A tagger that reads from left to right only,** where the whole sentence is there: the hint may come later.
#
# ## References
#
# - L. A. Ramshaw, M. P. Marcus (1995). Text chunking using transformation-based learning. *Workshop on Very Large Corpora*. Tags for spans.
# - E. F. Tjong Kim Sang, J. Veenstra (1999). Representing text chunks. *EACL*. IOB1, IOB2 and their relatives.
# - E. F. Tjong Kim Sang, F. De Meulder (2003). Introduction to the CoNLL-2003 shared task: language-independent named entity recognition. *CoNLL*. F1 of whole names.
# - Z. Huang, W. Xu, K. Yu (2015). Bidirectional LSTM-CRF models for sequence tagging. arXiv:1508.01991.
# - X. Ma, E. Hovy (2016). End-to-end sequence labeling via bi-directional LSTM-CNNs-CRF. *ACL*. Convolutions over letters.
# - L. Derczynski, E. Nichols, M. van Erp, N. Limsopatham (2017). Results of the WNUT2017 shared task on novel and emerging entity recognition. *W-NUT*. New names in noisy text.
# - A. J. Viterbi (1967). Error bounds for convolutional codes and an asymptotically optimum decoding algorithm. *IEEE Transactions on Information Theory* 13(2). The best path.

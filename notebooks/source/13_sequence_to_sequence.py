# %% [markdown]
# # 13 · Sequence to sequence: translation
#
# *The black cat sees the table* becomes *le chat noir voit la table*. The words change places, their number changes, and *black* becomes *noir* or *noire* according to a word that may stand far away. So far each of our networks gave one answer, or one answer for each word it read. Now a whole new sequence is wanted, as long as it needs to be. Two recurrent networks do it together: one reads, the other writes.
#
# **You will be able to**
#
# 1. build an encoder and a decoder, and train them with teacher forcing;
# 2. translate step by step, greedily and with a beam, and measure the result by exact match and by BLEU;
# 3. measure by length how far a single vector gets, and give two possible reasons;
# 4. derive attention, code it, draw it, and say what it changed and what it did not;
# 5. check a translation by rule: words, order, agreement.
#
# **Before this lesson:** lessons [06](06_lstm.ipynb), [09](09_text_pipeline.ipynb) and [12](12_language_model.ipynb). **Time:** about 60 minutes to read and try, 40 minutes for the exercises; on two cores all cells run in about
# 50 seconds on the embedded sample (`HUBS.md` names the machine that was measured),
# and in ten to fifteen minutes on Tatoeba.

# %% [markdown]
# ## Settings and data
#
# The sample's sentences are made by a small grammar of English and French, so each has exactly one right translation, and one can look at a wrong one and say what is wrong with it. The real ones are from Tatoeba, written by people, and often have several.

# %%
import os
from collections import Counter

import keras
import matplotlib.pyplot as plt
import numpy as np
from sacrebleu.metrics import BLEU

from course_utils import cells, plots, tables
from course_utils.claims import claim
from course_utils.datasets import pairs
from course_utils.text import Vocabulary, tokenize
from course_utils.training import Batches, ProgressBar

plt.style.use("course_utils.figures")

# %%
SEED = int(os.environ.get("COURSE_SEED", 0))
data = pairs.load()
SIZES = {
    "sample": dict(units=96, d=32, batch=128, epochs=8, rate=1.5e-2, least=2),
    "real": dict(units=128, d=64, batch=64, epochs=3, rate=3e-3, least=20),
}[data.source]  # least: how often a word must come to get an id
layers = keras.layers
rng = np.random.default_rng(SEED)
for i in rng.choice(len(data.train), 5, replace=False):
    print(" ".join(data.train.english[i]), "→", " ".join(data.train.french[i]))

# %% [markdown]
# Look at the places of the adjectives, at the forms of the articles, at the number of words. To translate word by word will not do. Here is how far it gets: for each English word, the French word that most often stands at the same place.

# %%
aligned = Counter()  # which French word stands at the same place as which English one, how often
for english, french in zip(data.train.english, data.train.french):
    aligned.update(zip(english, french))
best_at_place = {}
for (e, f), _ in aligned.most_common():
    best_at_place.setdefault(e, f)


def word_by_word(english):
    return [best_at_place.get(word, "?") for word in english]


def exact(said, split):
    """Share of the sentences that are translated exactly as in the data"""
    return np.mean([a in references for a, references in zip(said, split.references)])

# %%
said = [word_by_word(english) for english in data.validation.english]
print(" ".join(data.validation.english[0]), "→", " ".join(said[0]))
print(f"exactly right: {exact(said, data.validation):.1%}")
if data.source == "sample":
    claim("exactly right, word by word", exact(said, data.validation), at_most=0.1)

# %% [markdown]
# Nearly nothing is right. Sometimes only a form is wrong, sometimes the order; and from the first place where one language has a word more, all later words stand beside the wrong partner.

# %% [markdown]
# ## 1 · Two vocabularies, a start and an end
#
# Each language has its ids. The French side has two more "words": `<start>`, which the decoder reads first, and `<end>`, which it writes when it has finished. Without `<end>` it could not say how long a translation is.

# %%
START, END = "<start>", "<end>"


def words_of(sentences, *marks):
    counts = Counter(word for sentence in sentences for word in sentence)
    return Vocabulary([*marks, *(word for word, n in counts.most_common() if n >= SIZES["least"])])


english_words = words_of(data.train.english)
french_words = words_of(data.train.french, START, END)
UNKNOWN = len(french_words) - 1
print(f"{len(english_words):,} English and {len(french_words):,} French ids")

# %% [markdown]
# Id 0 is padding, as in lesson 09, and words that came too seldom share an id for what is unknown. As a *target* the unknown word gets −1, and the loss leaves it out: that somebody said something rare is nothing the decoder should learn to say. (In the sample no word is so rare; there the unknown word's vector stays as it was drawn.)

# %% [markdown]
# ## 2 · Reading and writing
#
# The **encoder** reads the sentence $x_1 \dots x_S$. What it knows at the end is the translation's beginning: its last state becomes the first state of the **decoder**. The decoder is a language model of French (lesson 12), only that it does not start from nothing: it gives the probability of the next word after those that have been written, *of this sentence's translation*,
#
# $$P(y_t \mid y_1 \dots y_{t-1}, x_1 \dots x_S) = \operatorname{softmax}(W_s^\top h_t + b_s), \qquad h_t, c_t = \operatorname{LSTM}(y_{t-1}; h_{t-1}, c_{t-1}), \qquad h_0, c_0 = \text{what the encoder knows}$$
#
# (Sutskever, Vinyals and Le 2014); $y_0$ is `<start>`. In training the decoder reads the *right* words $y_{t-1}$, whatever it would have written itself. This is called **teacher forcing**; all steps can then be trained at once. Its inputs are `<start>` and the sentence, its targets the sentence and `<end>`: shifted by one, as in lesson 12.

# %%
def encode(split):
    """Inputs of encoder and decoder, and targets: lists of n arrays (time,)"""
    french = [french_words.encode([START, *sentence, END]) for sentence in split.french]
    return {"english": [english_words.encode(sentence) for sentence in split.english],
            "french": [ids[:-1] for ids in french]}, [np.where(ids == UNKNOWN, -1, ids)[1:] for ids in french]


inputs, targets = encode(data.train)
i = next(i for i, ids in enumerate(targets) if (ids >= 0).all())  # without an unknown word
print(french_words.decode(inputs["french"][i]), french_words.decode(targets[i]), sep="\n")

# %% [markdown]
# The second line is the first, moved by one place: at each place the decoder has read everything up to here, and is to say what comes next.
#
# The encoder is an LSTM, too. Its state after the last word is what it knows; the states after each word, `h_s`, are returned as well, for later. (A bidirectional encoder, lesson 08, is usual and better. It costs a third pass over the words, and here two translators are to be trained within a minute.)

# %%
def translator(attention):
    """Ids of English (batch, S) and French (batch, T) to scores (batch, T, words)"""
    english = keras.Input((None,), dtype="int32", name="english")
    french = keras.Input((None,), dtype="int32", name="french")
    mask = keras.ops.not_equal(english, 0)  # (batch, S)
    reader = layers.LSTM(SIZES["units"], return_sequences=True, return_state=True, name="encoder")
    x = layers.Embedding(len(english_words), SIZES["d"])(english)
    h_s, h_0, c_0 = reader(x, mask=mask)  # (batch, S, units), (batch, units), (batch, units)
    y = layers.Embedding(len(french_words), SIZES["d"], name="words")(french)
    h = layers.LSTM(SIZES["units"], return_sequences=True, name="decoder")(
        y, initial_state=[h_0, c_0])  # (batch, T, units)
    h = attend(h, h_s, mask) if attention else h
    scores = layers.Dense(len(french_words), name="scores")(h)
    return keras.Model({"english": english, "french": french}, scores), keras.Model(english, [h_s, h_0, c_0])

# %%
def train(attention):
    keras.utils.set_random_seed(SEED)
    model, encoder = translator(attention)
    batches = Batches(*encode(data.train), SIZES["batch"], SEED, step=1)
    rate = keras.optimizers.schedules.CosineDecay(SIZES["rate"], SIZES["epochs"] * len(batches))
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0),
                  keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1),
                  jit_compile=False)
    model.fit(batches, epochs=SIZES["epochs"], shuffle=False, verbose=0, callbacks=[ProgressBar()])
    return model, encoder


fixed, fixed_encoder = train(attention=False)

# %% [markdown]
# `Batches` puts sentences of about the same length together (lesson 09) and pads the targets with −1, which the loss leaves out.
#
# ## 3 · Step by step
#
# To translate, there is no right word to read: the decoder reads what it has just written. We take the weights and do a step in NumPy, for a whole batch of sentences at once. (The lines on `attention` belong to section 6; this model has none.)

# %%
class Decoder:
    """The weights of a trained model's decoder"""

    def __init__(self, model):
        weights = {layer.name: layer.get_weights() for layer in model.layers}
        self.cell, self.E = cells.from_keras(model.get_layer("decoder")), weights["words"][0]
        self.W_s, self.b_s = weights["scores"]
        self.attention = weights.get("query", []) + weights.get("mixed", [])  # W_a, W_c, b_c


def softmax(s):
    p = np.exp(s - s.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True)

# %%
def step(decoder, ids, state, h_s, mask):
    """Log-probabilities (n, words) after reading ids (n,), the new state, and the attention (n, S)"""
    state, _ = decoder.cell.step(decoder.E[ids], state)
    h, weights = state[0], None  # (n, units)
    if decoder.attention:
        W_a, W_c, b_c = decoder.attention
        a = np.einsum("nu,nsu->ns", h @ W_a, h_s) / np.sqrt(h.shape[1])  # a product for each word s
        weights = softmax(np.where(mask, a, -np.inf))  # (n, S)
        context = np.einsum("ns,nsu->nu", weights, h_s)  # (n, units), sum over s
        h = np.tanh(np.concatenate([context, h], axis=1) @ W_c + b_c)
    return np.log(softmax(h @ decoder.W_s + decoder.b_s) + 1e-12), state, weights

# %%
def encoded(encoder, sentences):
    """h_s (n, S, units), mask (n, S) and state (h_0, c_0) of tokenized English sentences"""
    if not all(sentences):
        raise ValueError("an empty sentence has no translation; take it out, or give it a full stop")
    ids = [english_words.encode(sentence) for sentence in sentences]
    ids = keras.utils.pad_sequences(ids, padding="post")  # (n, S)
    h_s, h_0, c_0 = (np.asarray(part) for part in encoder(ids))
    return h_s, ids != 0, (h_0, c_0)


def until_end(ids):
    words = french_words.decode(ids)
    return words[:words.index(END)] if END in words else words

# %%
def greedy(decoder, encoder, sentences, looks=None):
    """Always the likeliest next word: n lists of words. `looks`, a list, gets the attention of each step"""
    h_s, mask, state = encoded(encoder, sentences)
    written = [np.full(len(sentences), french_words.ids[START])]
    for _ in range(2 * h_s.shape[1] + 10):  # longer than any translation should be
        log_p, state, weights = step(decoder, written[-1], state, h_s, mask)
        written.append(log_p.argmax(axis=1))
        if looks is not None:
            looks.append(weights)
        if all((row == french_words.ids[END]).any() for row in np.array(written).T):
            break
    return [until_end(row) for row in np.array(written[1:]).T]

# %% [markdown]
# First a check, on one sentence, that this decoder is the trained one: with the right words as inputs it gives what Keras gives.

# %%
def largest_difference(model, encoder):
    ids = french_words.encode([START, *data.validation.french[0]])
    s = np.asarray(model({"english": english_words.encode(data.validation.english[0])[None],
                          "french": ids[None]}))[0]  # (T, words)
    h_s, mask, state = encoded(encoder, data.validation.english[:1])
    decoder, steps = Decoder(model), []
    for i in ids:
        log_p, state, _ = step(decoder, np.array([i]), state, h_s, mask)
        steps.append(log_p[0])
    return abs(np.exp(steps) - softmax(s)).max()


claim("largest difference of a probability between NumPy, step by step, and Keras",
      largest_difference(fixed, fixed_encoder), at_most=1e-4)

# %%
said = greedy(Decoder(fixed), fixed_encoder, data.validation.english)
for i in range(4):
    print(" ".join(data.validation.english[i]), "→", " ".join(said[i]))
print(f"exactly right: {exact(said, data.validation):.1%}")

# %% [markdown]
# Read a few. What comes out is French, or nearly; whether it says what the English sentence says is another matter. Let us watch the decoder while it writes. At each step it gives every word a probability, the likeliest is written, and read at the next step:

# %%
def candidates(decoder, encoder, sentence, k=4):
    """At each step the k likeliest words, likeliest first, as a list of (word, probability)"""
    h_s, mask, state = encoded(encoder, [sentence])
    word, steps = START, []
    while word != END and len(steps) < 2 * len(sentence) + 10:
        log_p, state, _ = step(decoder, french_words.encode([word]), state, h_s, mask)
        best = log_p[0].argsort()[::-1][:k]
        steps.append([(w, np.exp(log_p[0, i])) for w, i in zip(french_words.decode(best), best)])
        word = steps[-1][0][0]
    return steps


steps = candidates(Decoder(fixed), fixed_encoder, "the old cat sees a black dog .".split())

# %% alt="A column for each step of the decoder, in it the four most probable words with their probabilities, the most probable on top in the darkest cell. Read from left to right, the top row is the translation that was written, up to the end mark."
figure, axes = plt.subplots(figsize=(0.95 * len(steps) + 1.0, 2.5))
P = np.array([[p for _, p in column] for column in steps]).T  # (k, T)
axes.imshow(P, cmap="Blues", vmin=0, vmax=1, aspect="auto")
for t, column in enumerate(steps):
    for k, (word, p) in enumerate(column):
        axes.text(t, k, f"{word}\n{p:.2f}", ha="center", va="center", fontsize=9,
                  color="white" if p > 0.5 else "black")
axes.set(title="“the old cat sees a black dog .”: the likeliest words at each step",
         xlabel="step", xticks=range(len(steps)), xticklabels=range(1, len(steps) + 1),
         yticks=range(4), yticklabels=["written", "2nd", "3rd", "4th"])
axes.grid(False)
plt.show()

# %% [markdown]
# The top row is the translation. (Right would be *le vieux chat voit un chien noir .*) Look where the probability is spread: there the decoder hesitates, between words of one kind, between forms of one word, or between ways to go on. And look at what it proposes second: mostly something that could stand at this place in a French sentence. So much it has as a language model; what it can get wrong is *which* noun, and *which* verb, for that it must know from the state with which it began.
#
# ## 4 · How good is a translation?
#
# Exact match is strict: one word wrong, and nothing counts; and with several right translations it may punish a right one. The usual measure is **BLEU** (Papineni and others 2002). Of all runs of $n$ words in the translations, count the share $p_n$ that stand in a reference too (a run that comes twice must stand there twice), for $n = 1 \dots 4$; take the geometric mean; and multiply by a brevity penalty, for one who writes only the words that are sure:
#
# $$\text{BLEU} = \min\bigl(1, e^{1 - r / c}\bigr) \cdot \exp \Bigl( \tfrac 1 4 \sum_{n=1}^4 \ln p_n \Bigr),$$
#
# with $c$ and $r$ the number of words in the translations and in the references (of several references, in the one whose length is nearest). It is a measure of a whole set of sentences, given in per cent, and comparable only where texts are cut into words in the same way (Post 2018). Our tokens go in as they are.

# %%
def bleu(said, split):
    """BLEU in per cent, of all sentences together"""
    most = max(map(len, split.references))
    references = [[" ".join(some[k]) if k < len(some) else None for some in split.references]
                  for k in range(most)]
    return BLEU(tokenize="none", force=True).corpus_score(  # force: yes, it is tokenized
        [" ".join(words) for words in said], references).score


by_word = bleu([word_by_word(english) for english in data.validation.english], data.validation)
print(f"word by word: {by_word:.1f}")
print(f"encoder and decoder: {bleu(said, data.validation):.1f}")
if data.source == "sample":
    claim("BLEU, encoder and decoder minus word by word", bleu(said, data.validation) - by_word,
          at_most=2)

# %% [markdown]
# What is right in part counts in part, so BLEU is milder than exact match. On the sample both measures say the same: this network, which writes such good French, is not clearly better than the translation word by word. That one has many of the right words, in wrong places and forms; the network has the forms and the places, and often other words. A fluent translation is not yet a faithful one.

# %% [markdown]
# ## 5 · One vector for everything
#
# Whatever the encoder has read, what it hands over is $h_0$ and $c_0$: as many numbers for three words as for thirteen. Is the network equally good at short and at long sentences?
#
# A long sentence has more places for a fault, and would be wrong more often even if every word were equally safe. If each of $n$ words went right with the same probability $p$, a share of $p^n$ of the sentences would be right. So the second column gives $p = \text{share}^{1/n}$.

# %%
BINS = {"sample": [4, 6, 8, 10, 12, 15], "real": [2, 4, 5, 6, 7, 8, 9]}[data.source]
LENGTHS = [f"{low}–{high - 1}" if high - low > 1 else str(low) for low, high in zip(BINS, BINS[1:])]


def by_length(said, split):
    """Share of exact matches among sentences of BINS[k] to BINS[k + 1] − 1 English words"""
    lengths = np.array([len(sentence) for sentence in split.english])
    right = np.array([a in references for a, references in zip(said, split.references)])
    return [right[(lengths >= low) & (lengths < high)].mean() for low, high in zip(BINS, BINS[1:])]


shares = {"one fixed vector": by_length(said, data.validation)}
for low, high, words, value in zip(BINS, BINS[1:], LENGTHS, shares["one fixed vector"]):
    print(f"{words:>5} words: {value:.2f} right, {value ** (2 / (low + high - 1)):.3f} for each word")
if data.source == "sample":
    claim("one fixed vector: right among the shortest minus among the longest",
          shares["one fixed vector"][0] - shares["one fixed vector"][-1], at_least=0.1)

# %% [markdown]
# Even of the shortest sentences only a part is right, and of the longest none or nearly none. The second column falls, too, so it is not only that there are more places for a fault: each word of a longer sentence is less safe. (Where nothing is right, that column says 0, which is all it can say.)
#
# Two reasons are likely, and this experiment cannot tell them apart. Everything must pass through one vector of fixed size, and to pack a sentence into it and unpack it again is the harder the more there is. And learning this is slow. When the last French word is wrong, the gradient has to find its way back through all steps of the decoder, through the vector, and through the steps of the encoder, to the word which should have been translated. With more units and far more training a fixed vector gets much further: Sutskever and others had 1,000 units in each of four layers, and 12 million sentences.
#
# ## 6 · Attention: look back
#
# A human translator does not learn the sentence by heart. While writing each word she looks at the part of the sentence that it comes from. So let the decoder look, at every step, at all states of the encoder, not only at the last. To tell them from the decoder's states $h_t$ they are written $\bar h_1 \dots \bar h_S$ (in the code `h_s`).
#
# Where to look? Suppose the decoder's state $h_t$ were a question, and each state of the encoder a possible answer. A product says how well they fit: $a_{t,s} = h_t^\top W_a\, \bar h_s / \sqrt{u}$, a number for each word $s$ of the sentence, with $u$ units and a matrix $W_a$ $(u, u)$ to be learned (Luong, Pham and Manning 2015; the idea is Bahdanau's, Cho's and Bengio's, 2015; the division by $\sqrt u$ came later, with Vaswani and others 2017: a sum of $u$ products grows with $u$, and large scores make the softmax too sure of itself). To look at exactly one word would be a decision without a gradient. So we look at all of them, at each with a weight; the weights come out of a softmax and add up to one:
#
# $$\alpha_{t,s} = \frac{e^{a_{t,s}}}{\sum_{s'} e^{a_{t,s'}}}, \qquad \text{context}_t = \sum_s \alpha_{t,s}\, \bar h_s, \qquad \tilde h_t = \tanh\bigl(W_c^\top [\text{context}_t; h_t] + b_c\bigr).$$
#
# $[\,;\,]$ joins two vectors, and $W_c$ $(2u, u)$ is learned, too. The scores of the next word are then computed from $\tilde h_t$ instead of $h_t$. Padding gets the score $-\infty$, so that its weight is 0.

# %%
def attend(h, h_s, mask):
    """Decoder states (batch, T, units) that have looked at encoder states (batch, S, units)"""
    units = SIZES["units"]
    query = layers.Dense(units, use_bias=False, name="query")(h)  # (batch, T, units)
    a = keras.ops.matmul(query, keras.ops.transpose(h_s, (0, 2, 1))) / units ** 0.5
    a = keras.ops.where(mask[:, None, :], a, -1e9)  # (batch, T, S)
    context = keras.ops.matmul(keras.ops.softmax(a), h_s)  # (batch, T, units)
    return layers.Dense(units, activation="tanh", name="mixed")(
        layers.Concatenate()([context, h]))


attentive, attentive_encoder = train(attention=True)
claim("the same difference with attention", largest_difference(attentive, attentive_encoder),
      at_most=1e-4)

# %% alt="Two lines of the share of exact translations over the length of the English sentence. With one fixed vector the line starts lower and falls; with attention it lies above that everywhere, and falls, too."
said_by = {"one fixed vector": said,
           "attention": greedy(Decoder(attentive), attentive_encoder, data.validation.english)}
shares["attention"] = by_length(said_by["attention"], data.validation)
figure, axes = plt.subplots(figsize=(7.4, 3.4))
for (name, values), style, colour in zip(shares.items(), ("s--", "o-"), ("C1", "C0")):
    axes.plot(range(len(values)), values, style, color=colour)
    axes.annotate(f" {name}", (len(values) - 1, values[-1]), va="center")
axes.set(title="Exactly right, by length of the sentence (validation)", xlabel="English words",
         ylabel="share", ylim=(-0.05, 1.05), xlim=(-0.2, len(BINS) - 0.6), xticks=range(len(BINS) - 1))
axes.set_xticklabels(LENGTHS)
plt.show()

# %%
tables.table("Exactly right by length of the sentence, validation",
              [{"English words": words, **{name: v[k] for name, v in shares.items()}}
               for k, words in enumerate(LENGTHS)])

# %%
if data.source == "sample":
    claim("validation: exactly right with attention minus with one fixed vector",
          exact(said_by["attention"], data.validation) - exact(said, data.validation), at_least=0.5)
    claim("attention: right among the longest sentences", shares["attention"][-1], at_least=0.4)
    claim("attention: right among the shortest minus among the longest",
          shares["attention"][0] - shares["attention"][-1], at_least=0.15)
else:
    claim("validation: BLEU with attention minus with one fixed vector",
          bleu(said_by["attention"], data.validation) - bleu(said, data.validation), at_least=10)

# %% [markdown]
# Both networks had the same sentences, the same number of epochs and the same seed; what is new is two matrices and a bias. In the sample, attention gets most sentences right, and of the longest about half or more, where the fixed vector got next to none. It has not made length harmless: a long sentence has more places for a fault, and in the longest ones each word is a little less safe, too.
#
# Attention answers both reasons of section 5. Nothing has to be packed into one vector, for all states of the encoder are still there. And from each French word a short way leads back to the English word that it comes from, so the network learns faster. This training was too short for the fixed vector, and long enough for attention; how much of the difference a longer one would make up, we have not measured.
#
# ### Where it looks
#
# The weights $\alpha_{t,s}$ can be drawn: a row for each word that was written, a column for each that was read.

# %%
def looked(sentences):
    """What the attentive model writes, n lists of words, and where it looks, (n, T, S)"""
    looks = []
    said = greedy(Decoder(attentive), attentive_encoder, sentences, looks)
    return said, np.stack(looks, axis=1)

# %% alt="A grid with a row for each French word that was written and a column for each English word that was read; the darker a cell, the more weight. The dark cells run roughly along the diagonal, from the upper left to the lower right, and leave it where the languages differ."
shown = {"sample": "the green lamp that my brother bought yesterday is small .".split(),
         "real": "she wears a big red hat today .".split()}[data.source]
(words,), (weights,) = looked([shown])
words = [*words, END][:len(weights)]
figure, axes = plt.subplots(figsize=(0.55 * len(shown) + 1.6, 0.3 * len(words) + 1.2))
axes.imshow(weights, cmap="Blues", vmin=0, vmax=1, aspect="auto")
axes.set(title="Where the decoder looks while it writes each word", xticks=range(len(shown)),
         yticks=range(len(words)))
axes.set_xticklabels(shown, rotation=60), axes.set_yticklabels(words)
axes.grid(False)
plt.show()

# %% [markdown]
# Nobody has told the network which word belongs to which; it has only seen whole sentences. And yet, read row by row, the weight mostly lies at or near the word that is being translated: an **alignment**, which came as a by-product. Where French has another order or another number of words, the dark cells leave the diagonal: look for the adjective behind its noun, and for the two words that are written for *bought*. (If the second of them is *acheté*, its last letter is missing: a lamp is *achetée*. Section 8 returns to such faults.) It is not a dictionary, though. A state $\bar h_s$ has read all that came before the word, too, so that a later place can serve as well as the word itself.
#
# How often is it so? In the sample each noun has one translation only, and is easily found on both sides. Take ten of them, wherever the translation has them:

# %%
NOUNS = {"lamp": "lampe", "key": "clé", "apple": "pomme", "cat": "chat", "dog": "chien",
         "cow": "vache", "queen": "reine", "hat": "chapeau", "car": "voiture", "chair": "chaise"}
if data.source == "sample":
    said_by["attention"], alpha = looked(data.validation.english)
    away = [abs(alpha[i, words.index(NOUNS[e])].argmax() - s)  # from the noun to where it looks most
            for i, (english, words) in enumerate(zip(data.validation.english, said_by["attention"]))
            for s, e in enumerate(english) if NOUNS.get(e) in words]
    print({int(k): away.count(k) for k in sorted(set(away))})
    claim("nouns written while the decoder looks most at the very English noun",
          np.mean(np.array(away) == 0), at_least=0.9)

# %% [markdown]
# Before each colon the distance in words, after it how many nouns. While it writes one of these nouns, the decoder looks at the very noun that it translates, hardly ever elsewhere.
#
# ## 7 · A beam
#
# Greedy search takes the likeliest word at each step and never regrets it. The likeliest *sentence* may begin with a word that was only second. **Beam search** keeps the $k$ most probable beginnings; at each step it extends each of them by every word, and of all these again keeps the $k$ most probable. A beginning that ends with `<end>` is put aside; when there are $k$ of these, the search is over. Long sentences have more factors below 1, so finished ones are compared by their mean log-probability for each word.

# %%
def continued(decoder, beams, total, state, h_s, mask, k):
    """The k best continuations: which beginning, which word, log-probability; and the states after all beginnings"""
    n = len(beams)
    log_p, state, _ = step(decoder, np.array([words[-1] for words in beams]), state,
                           np.repeat(h_s, n, axis=0), np.repeat(mask, n, axis=0))
    sums = total[:, None] + log_p  # (n, words)
    rows, words = np.unravel_index(np.argsort(-sums, axis=None)[:k], sums.shape)
    return rows, words, sums[rows, words], state

# %%
def beam(decoder, h_s, mask, state, k):  # of one sentence: the best finished translation, its log-probability
    beams, total, finished = [[french_words.ids[START]]], np.zeros(1), []
    for _ in range(2 * mask.sum() + 10):
        rows, words, total, state = continued(decoder, beams, total, state, h_s, mask, k)
        end = words == french_words.ids[END]
        finished += [(value, beams[row][1:]) for row, value in zip(rows[end], total[end])]
        rows, words, total = rows[~end], words[~end], total[~end]
        if not len(rows) or len(finished) >= k:
            break
        beams = [beams[row] + [int(word)] for row, word in zip(rows, words)]
        state = tuple(part[rows] for part in state)
    finished = finished or list(zip(total, (words[1:] for words in beams)))
    best, ids = max(finished, key=lambda pair: pair[0] / (len(pair[1]) + 1))
    return french_words.decode(ids), best

# %%
h_s, mask, (h_0, c_0) = encoded(fixed_encoder, data.validation.english[:200])
decoder = Decoder(fixed)
found = {k: [beam(decoder, h_s[[i]], mask[[i]], (h_0[[i]], c_0[[i]]), k) for i in range(200)]
         for k in (1, 4)}
for k, best in found.items():
    right = np.mean([words in known for (words, _), known in zip(best, data.validation.references)])
    print(f"k = {k}: mean log-probability {np.mean([total for _, total in best]):.3f}, "
          f"exactly right {right:.3f}")
gain = np.mean([b - a for (_, a), (_, b) in zip(found[1], found[4])])
if data.source == "sample":
    claim("mean log-probability of a sentence, a beam of 4 minus greedy", gain, at_least=0.1)

# %% [markdown]
# With $k = 1$ this is greedy search. With four beginnings the first number, the mean of the sentences' *total* log-probability, rises: the beam finds sentences that the model holds for more probable. (The last choice goes by the mean for each word, so for a single sentence the total may even fall.) Whether they are better *translations* is another question, which the right-hand numbers answer, for these 200 sentences: hardly any more are right. We took the weaker model, where a search has most to find. Where the likeliest sentence is wrong, no search helps; the fault is the model's. A beam costs $k$ times as much.
#
# ## 8 · The test
#
# The choices are made; now the test sentences.

# %%
rows = []
for name, (model, encoder) in {"one fixed vector": (fixed, fixed_encoder),
                               "attention": (attentive, attentive_encoder)}.items():
    said_by[name] = greedy(Decoder(model), encoder, data.test.english)
    rows.append({"model": name, "parameters": model.count_params(),
                 "exactly right": exact(said_by[name], data.test), "BLEU": bleu(said_by[name], data.test)})
said_by["word by word"] = [word_by_word(english) for english in data.test.english]
rows.insert(0, {"model": "word by word", "parameters": len(best_at_place),
                "exactly right": exact(said_by["word by word"], data.test),
                "BLEU": bleu(said_by["word by word"], data.test)})
tables.table("Translations of the test sentences", rows)

# %% [markdown]
# On sentences that played no part in any choice attention leads as before, and by both measures. BLEU is higher throughout, as it counts what is right in part. (For word by word, *parameters* are the entries of its table.)
#
# ### What is wrong with the wrong ones?
#
# In the sample a wrong translation can be judged by rule. It has the right words in the right order, but a form that does not agree (*une petit table*): **agreement**. It has the right words in another order: **order**. Or a word is missing, wrong or too much: **words**. A sentence counts once, under the gravest fault that it has; one with a wrong word may have wrong forms as well.

# %% alt="Three pairs of horizontal bars, faults of words, order and agreement, for one fixed vector and for attention. Wrong words are by far the longest bar of the fixed vector; attention's bar there is much shorter, and its longest one is agreement."
if data.source == "sample":
    faults = {name: Counter(filter(None, map(pairs.fault, said_by[name], data.test.french)))
              for name in ("one fixed vector", "attention")}
    figure, axes = plt.subplots(figsize=(7.0, 2.8))
    for k, (name, colour) in enumerate(zip(faults, ("C1", "C0"))):
        axes.barh(np.arange(3) + 0.38 * (k - 0.5), [faults[name][f] for f in ("words", "order", "agreement")],
                  0.36, color=colour, label=name)
    plots.label_bars(axes, "{:.0f}")
    axes.set(title=f"What is wrong, of {len(data.test):,} test sentences", xlabel="sentences",
             yticks=range(3))
    axes.set_yticklabels(["words", "order", "agreement"])
    axes.invert_yaxis()
    axes.legend(frameon=False)
    plt.show()

# %%
if data.source == "sample":
    claim("one fixed vector: of its wrong translations, those with a wrong word",
          faults["one fixed vector"]["words"] / faults["one fixed vector"].total(), at_least=0.9)
    claim("sentences with a wrong word, attention as a share of one fixed vector's",
          faults["attention"]["words"] / faults["one fixed vector"]["words"], at_most=0.25)
    claim("attention: of its wrong translations, those that only lack agreement",
          faults["attention"]["agreement"] / faults["attention"].total(), at_least=0.4)

# %% [markdown]
# With one fixed vector, nearly all wrong translations have a wrong *word*. The decoder has learned French sentences; what the vector has lost, or never held, is what this sentence was about. Attention mends just this: when a noun is due, the decoder looks at it. What remains is to a large part agreement: the right words, and one in a wrong form, as *acheté* where *achetée* is due. That what was bought is feminine has to be carried over several words, from *lamp* on the one side or from *lampe* on the other.
#
# ### Longer than anything it has seen
#
# All training sentences of the sample have at most 14 words. What happens with 15 to 20?

# %%
if data.source == "sample":
    for name, (model, encoder) in {"one fixed vector": (fixed, fixed_encoder),
                                   "attention": (attentive, attentive_encoder)}.items():
        longer = greedy(Decoder(model), encoder, data.long.english)
        print(f"{name}: {exact(longer, data.long):.1%} exactly right, BLEU {bleu(longer, data.long):.1f}")
        said_by[f"{name}, longer"] = longer
    claim("longer sentences: BLEU with attention minus with one fixed vector",
          bleu(said_by["attention, longer"], data.long)
          - bleu(said_by["one fixed vector, longer"], data.long), at_least=40)
    claim("attention: exactly right, usual lengths minus longer",
          exact(said_by["attention"], data.test) - exact(said_by["attention, longer"], data.long), at_least=0.4)

# %% [markdown]
# The fixed vector gets none of them, or hardly any. Attention suffers, too: a much smaller share is right than at the usual lengths, though by BLEU most of what it writes is still as it should be. Whoever knows the grammar knows it for every length; the network has learned where to look, and what to remember, from short sentences.
#
# ## 9 · Your own sentence
#
# The sample's networks know some 160 words. One that they do not know is read as the unknown word, and something will be written for it; an empty sentence is refused.

# %%
def translate(sentence):
    words = tokenize(sentence, language="english")
    return " ".join(greedy(Decoder(attentive), attentive_encoder, [words])[0])


for sentence in ("The green table is small.", "My sister sees the black dog.", "Xyzzy!", "the " * 60):
    french = translate(sentence)
    print(f"{sentence[:40]!r} → {french[:60]!r}, {len(french.split())} words")
try:
    translate("   ")
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# An unknown word gets some translation, and nothing warns you; a sentence far longer than any seen gets words that lead nowhere, up to the limit we have set. The network always has an answer. We print no probability beside it, and even that would be no reliable warning.
#
# ## 10 · On Tatoeba
#
# The same lesson on sentences from Tatoeba with at most eight English words and signs, once for each of the seeds named below the table. Validation and test share no sentence with training, on neither side: all that is connected by translations stays together.

# %% tags=["recorded"]
made = tables.recorded("13_sequence_to_sequence", "Translations of the test sentences")
made

# %% tags=["recorded"]
tatoeba = tables.recorded("13_sequence_to_sequence",
                           "Exactly right by length of the sentence, validation")
tatoeba

# %% tags=["recorded"] alt="Two lines over the length of the sentence, from the record: that of the fixed vector stays near 0 at all lengths; that of attention lies above it, highest at four words, and falls from there."
figure, axes = plt.subplots(figsize=(7.0, 3.2))
lengths = [row["English words"] for row in tatoeba.rows]
for name, style, colour in zip(tatoeba.columns[1:], ("s--", "o-"), ("C1", "C0")):
    axes.plot(lengths, tatoeba.values(name), style, color=colour, label=name)
axes.set(title="Tatoeba: exactly one of the known translations, by length",
         xlabel="English words", ylabel="share", ylim=(0, None))
axes.legend(frameon=False)
plt.show()

# %% [markdown]
# *Exactly right* means here: one of the translations that Tatoeba has of this sentence. Many a right one is not among them, so look at BLEU as well.
#
# In the same number of updates the network with one fixed vector has learned hardly more than the translation word by word, and attention has more than doubled its BLEU. The figure adds something. With one fixed vector nearly no sentence is right, *not even those of four words*, which surely fit into the vector. So here it is the second reason of section 5 that counts: what has to pass through the vector is learned slowly, and attention learns sooner.
#
# And attention? Its share falls from four words on, as on the sample, but from a much lower point. (The shortest sentences are few, and many of them are sayings, so they are not the easiest.) The sample's French had some two hundred forms, and one right answer; here there are thousands of words, many of them seen a few dozen times, those that are rarer have no id and cannot be written at all, and people say the same thing in many ways. A training of some ten minutes is a beginning.

# %% tags=["recorded"]
BLEU_OF = dict(zip([row["model"] for row in made.rows], made.values("BLEU")))
claim("on Tatoeba, mean over seeds: BLEU with attention minus with one fixed vector",
      BLEU_OF["attention"] - BLEU_OF["one fixed vector"], at_least=10)
claim("on Tatoeba, mean over seeds: BLEU with one fixed vector minus word by word",
      BLEU_OF["one fixed vector"] - BLEU_OF["word by word"], at_most=5)
claim("on Tatoeba, mean over seeds: exactly right with one fixed vector, the best length",
      max(tatoeba.values("one fixed vector")), at_most=0.05)

# %% [markdown]
# ## Exercises
#
# Fill in the cells with `...`, run them, then run the check below. A check can be run as often as you like.

# %% [raw]
# # BEGIN QUESTION
# name: forced
# points: 1

# %% [markdown]
# **Exercise 1, warm-up.** Write `forced(ids, start, end)`: from the ids of a sentence, an array `(T,)`, what the decoder reads and what it is to say, two arrays `(T + 1,)`.
#
# <details><summary>Hint 1</summary>It reads the start mark first, and never the end mark.</details>
# <details><summary>Hint 2</summary><code>np.concatenate([[start], ids])</code></details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def forced(ids, start, end):
    """(inputs, targets) of teacher forcing"""
    return np.concatenate([[start], ids]), np.concatenate([ids, [end]])  # SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="the end mark"
def forced(ids, start, end):
    return np.concatenate([[start], ids, [end]]), np.concatenate([ids, [end]])

# %% tags=["wrong"] message="not shifted"
def forced(ids, start, end):
    return np.concatenate([[start], ids]), np.concatenate([[start], ids])

# %% [raw]
# # BEGIN TESTS

# %%
def test_forced(forced):
    import numpy as np

    got = forced(np.array([7, 8, 9]), 1, 2)
    assert got is not None and len(got) == 2, "two arrays are asked for: what the decoder reads, and what it is to say"
    reads, says = map(np.asarray, got)
    assert 2 not in reads, "the decoder never reads the end mark: when it has said it, it has finished"
    assert not np.array_equal(reads, says), "inputs and targets are the same: the targets are not shifted"
    assert np.array_equal(reads, [1, 7, 8, 9]), f"of 7, 8, 9 the decoder reads 1, 7, 8, 9; you have {reads}"
    assert np.array_equal(says, [7, 8, 9, 2]), f"of 7, 8, 9 the decoder is to say 7, 8, 9, 2; you have {says}"
    reads, says = forced(np.array([], int), 1, 2)
    assert list(reads) == [1] and list(says) == [2], "an empty sentence: it reads the start mark and says the end mark"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_forced_hidden(forced):
    import numpy as np

    for ids in ([5, 3, 3, 9, 4], [6]):
        reads, says = forced(np.array(ids), 10, 11)
        assert list(reads) == [10, *ids] and list(says) == [*ids, 11], f"not right for {len(ids)} words"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: precision
# points: 2

# %% [markdown]
# **Exercise 2: the heart of BLEU.** Write `precision(said, reference, n)`: of all runs of `n` words in the translation `said`, the share that stands in `reference`; a run that comes twice in `said` counts twice only if it comes twice in `reference`. Both are lists of words. If `said` has no run of `n` words, the share is 0.
#
# <details><summary>Hint 1</summary>Runs of n words: <code>zip(*(words[i:] for i in range(n)))</code>.</details>
# <details><summary>Hint 2</summary>For two <code>Counter</code>s, <code>a & b</code> keeps the smaller count of each.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def precision(said, reference, n):
    """Share of the runs of n words that the reference has, too"""
    # BEGIN SOLUTION
    a, b = (Counter(zip(*(words[i:] for i in range(n)))) for words in (said, reference))
    return (a & b).total() / max(a.total(), 1)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="comes twice"
def precision(said, reference, n):
    a, b = ([tuple(words[i:i + n]) for i in range(len(words) - n + 1)] for words in (said, reference))
    return np.mean([run in b for run in a]) if a else 0.0

# %% tags=["wrong"] message="of the runs in the reference"
def precision(said, reference, n):
    a, b = (Counter(zip(*(words[i:] for i in range(n)))) for words in (said, reference))
    return (a & b).total() / max(b.total(), 1)

# %% tags=["wrong"] message="different runs"
def precision(said, reference, n):
    a, b = (set(zip(*(words[i:] for i in range(n)))) for words in (said, reference))
    return len(a & b) / max(len(a), 1)

# %% [raw]
# # BEGIN TESTS

# %%
def test_precision(precision):
    reference = "le chat noir voit le petit chat".split()
    got = precision("le chat voit le chat le chat dort".split(), reference, 1)
    assert got is not None, "the function gives None: does it return the share?"
    assert abs(got - 7 / 8) > 1e-9, "a run that comes twice in the reference counts at most twice; le and chat come three times in the translation"
    assert abs(got - 3 / 4) > 1e-9, "count all runs, not only different runs"
    assert abs(got - 5 / 7) > 1e-9, "that is the share of the runs in the reference (recall); asked for is the share of the runs in the translation"
    assert abs(got - 5 / 8) < 1e-9, f"of 8 words 5 count, le twice, chat twice, voit once; got {got:.3f}"
    short = precision("le chat".split(), reference, 1)
    assert abs(short - 2 / 7) > 1e-9, "that is the share of the runs in the reference (recall); asked for is the share of the runs in the translation"
    assert short == 1, f"both words of 'le chat' stand in the reference: 1, got {short:.3f}"
    assert abs(precision("le chat voit".split(), reference, 2) - 1 / 2) < 1e-9, "of the pairs 'le chat' and 'chat voit' one stands in the reference"
    assert precision(["le", "chat"], ["les", "chats"], 1) == 0, "compare words, not pieces of strings: le does not stand in les"
    assert precision(["le"], reference, 2) == 0, "a translation of one word has no pairs: 0"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_precision_hidden(precision):
    said, reference = "a b a b a c b".split(), "a b a c a b d".split()
    for n, wanted in ((1, 6 / 7), (2, 4 / 6), (3, 2 / 5), (4, 1 / 4), (7, 0), (8, 0)):
        assert abs(precision(said, reference, n) - wanted) < 1e-9, f"not right for runs of {n} words"
    assert abs(precision("b b b b".split(), ["a", "b"], 1) - 1 / 4) < 1e-9, "not right for a word said four times"
    assert abs(precision(["a", "b"], said, 2) - 1) < 1e-9, "not right for a short translation"
    assert precision(["ab", "c"], ["a", "bc"], 2) == 0, "not right for other words with the same letters"
    assert abs(precision(["ha", "ha", "ha"], ["ha", "ha"], 1) - 2 / 3) < 1e-9, "not right for a word that comes again at once"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: attention_weights
# points: 2

# %% [markdown]
# **Exercise 3.** Write `attention_weights(h, h_s, mask)` for one step of the decoder, without a matrix in between: scores $a_s = h^\top \bar h_s$, weights by a softmax over the words that `mask` marks with `True`. `h` is `(units,)`, `h_s` `(S, units)`, `mask` `(S,)`; the result is `(S,)`, with 0 at padding. Scores may be in the thousands.
#
# <details><summary>Hint 1</summary><code>h_s @ h</code> gives all scores at once.</details>
# <details><summary>Hint 2</summary>Set the scores of padding to −∞ before the softmax, not its weights to 0 after it.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def attention_weights(h, h_s, mask):
    """Weights (S,), which add up to 1"""
    # BEGIN SOLUTION
    a = np.where(mask, h_s @ h, -np.inf)  # (S,)
    p = np.exp(a - a.max())
    return p / p.sum()
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="add up to 1"
def attention_weights(h, h_s, mask):
    a = h_s @ h
    p = np.exp(a - a.max())
    return p / p.sum() * mask

# %% tags=["wrong"] message="padding"
def attention_weights(h, h_s, mask):
    a = h_s @ h
    p = np.exp(a - a.max())
    return p / p.sum()

# %% tags=["wrong"] message="score of 0"
def attention_weights(h, h_s, mask):
    a = np.where(mask, h_s @ h, 0)
    p = np.exp(a - a.max()) * mask
    return p / p.sum() + 1e-3 * mask

# %% [raw]
# # BEGIN TESTS

# %%
def test_attention_weights(attention_weights):
    import numpy as np

    h, h_s = np.array([1.0, 2.0]), np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [5.0, 5.0]])
    mask = np.array([True, True, True, False])
    got = attention_weights(h, h_s, mask)
    assert got is not None, "the function gives None: does it return the weights?"
    assert np.shape(got) == (4,), f"there is a weight for each of the 4 words; yours have the shape {np.shape(got)}"
    assert got[3] == 0, "the last word is padding; its weight must be 0"
    assert not 0.5 > np.sum(got), f"the weights of the words must add up to 1; yours add up to {np.sum(got):.3f}"
    e = np.exp([1.0, 2.0, -1.0])
    assert np.allclose(got[:3], e / e.sum()), f"the scores are 1, 2 and −1, so the weights are {np.round(e / e.sum(), 3)}; got {np.round(got, 3)}. Padding needs the score −∞, and not a score of 0; and here nothing is divided by a root"
    huge = attention_weights(1000 * h, h_s, mask)
    assert np.allclose(huge, [0, 1, 0, 0]), "with scores in the thousands e^a overflows: subtract the largest score first, that of the words, not of padding"
    first = attention_weights(h, h_s[::-1], mask[::-1])
    assert np.allclose(first, got[::-1]), "padding need not stand at the end: use mask, not only the number of words"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_attention_weights_hidden(attention_weights):
    import numpy as np

    rng = np.random.default_rng(7)
    h, h_s, mask = rng.normal(size=4), rng.normal(size=(6, 4)), np.array([True, False, True, True, False, True])
    e = np.exp(h_s @ h) * mask
    assert np.allclose(attention_weights(h, h_s, mask), e / e.sum()), "not right for six words, two of them padding"
    assert np.allclose(attention_weights(h, h_s, np.eye(6)[1] == 1), np.eye(6)[1]), "not right where one word is left"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: beam_step
# points: 3

# %% [markdown]
# **Exercise 4, a stretch: one step of a beam.** `total`, `(n,)`, has the log-probabilities of $n$ beginnings; `log_p`, `(n, words)`, those of each word after each beginning. Write `beam_step(total, log_p, k)`: the `k` best continuations, the best first, as three arrays `(k,)`: which beginning is continued, by which word, and the log-probability of the new beginning. If there are fewer than `k`, all of them.
#
# <details><summary>Hint 1</summary><code>total[:, None] + log_p</code> has the log-probabilities of all continuations.</details>
# <details><summary>Hint 2</summary><code>np.argsort(-sums, axis=None)[:k]</code> gives places in the flattened array; <code>np.unravel_index</code> makes rows and columns of them.</details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def beam_step(total, log_p, k):
    """(beginning, word, log-probability) of the k best continuations"""
    # BEGIN SOLUTION
    sums = total[:, None] + log_p  # (n, words)
    best = np.argsort(-sums, axis=None)[:k]
    rows, words = np.unravel_index(best, sums.shape)
    return rows, words, sums[rows, words]
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="each beginning"
def beam_step(total, log_p, k):
    words = log_p.argmax(axis=1)
    sums = total + log_p.max(axis=1)
    rows = np.argsort(-sums)[:k]
    return rows, words[rows], sums[rows]

# %% tags=["wrong"] message="what the beginnings have cost"
def beam_step(total, log_p, k):
    best = np.argsort(-log_p, axis=None)[:k]
    rows, words = np.unravel_index(best, log_p.shape)
    return rows, words, total[rows] + log_p[rows, words]

# %% tags=["wrong"] message="best first"
def beam_step(total, log_p, k):
    sums = total[:, None] + log_p
    rows, words = np.unravel_index(np.argsort(sums, axis=None)[-k:], sums.shape)
    return rows, words, sums[rows, words]

# %% [raw]
# # BEGIN TESTS

# %%
def test_beam_step(beam_step):
    import numpy as np

    total, log_p = np.log([0.2, 0.8]), np.log([[0.60, 0.30, 0.10], [0.25, 0.40, 0.35]])
    got = beam_step(total, log_p, 4)
    assert got is not None and len(got) == 3, "three arrays are asked for: beginnings, words, log-probabilities"
    rows, words, sums = map(np.asarray, got)
    assert len(rows) == 4, f"4 continuations are asked for, you have {len(rows)}: one beginning may go on in several ways, so do not take one word for each beginning"
    assert set(zip(rows.tolist(), words.tolist())) == {(1, 1), (1, 2), (1, 0), (0, 0)}, "the four best have the probabilities 0.32, 0.28, 0.20 and 0.12; count in what the beginnings have cost before"
    assert np.isclose(sums[0], np.log(0.32)), "the best first"
    assert np.allclose(sums, np.log([0.32, 0.28, 0.20, 0.12])), f"their log-probabilities are {np.round(np.log([0.32, 0.28, 0.20, 0.12]), 3)}, got {np.round(sums, 3)}"
    assert list(zip(rows.tolist(), words.tolist())) == [(1, 1), (1, 2), (1, 0), (0, 0)], "the best first, in all three arrays"
    assert len(beam_step(total, log_p, 10)[0]) == 6, "of two beginnings and three words there are six continuations; for k = 10 return all six"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_beam_step_hidden(beam_step):
    import numpy as np

    rng = np.random.default_rng(7)
    log_p = np.log(rng.dirichlet(np.ones(7), size=3))
    for total in (rng.normal(-5, 1, size=3), np.array([-70.0, -2.0, -70.0])):
        ways = sorted(((total[i] + log_p[i, j], i, j) for i in range(3) for j in range(7)), reverse=True)
        for k in (1, 6, 50):
            rows, words, sums = map(np.asarray, beam_step(total.copy(), log_p.copy(), k))
            assert list(zip(rows.tolist(), words.tolist())) == [(i, j) for _, i, j in ways[:k]], f"which, for k = {k}"
            assert np.allclose(sums, [way[0] for way in ways[:k]]), f"log-probabilities, for k = {k}"

# %% [raw]
# # END TESTS

# %% [raw]
# # END QUESTION

# %% [raw]
# # BEGIN QUESTION
# name: characters
# points: 2

# %% [markdown]
# **Exercise 5: Chinese, character by character.** Chinese is written without spaces, and a character is a good token. Numbers and words in Latin letters should stay whole. Write `characters(sentence)`: a list of tokens, each a run of Latin letters and digits (`a` to `z`, `A` to `Z`, `0` to `9`), or any other single character that is no space.
#
# <details><summary>Hint 1</summary>A regular expression with two alternatives does it: a run of these letters and digits, or one character that is no space.</details>
# <details><summary>Hint 2</summary><code>re.findall(r"[A-Za-z0-9]+|\S", sentence)</code></details>

# %% [raw]
# # BEGIN SOLUTION

# %%
def characters(sentence):
    """Tokens of a Chinese sentence"""
    # BEGIN SOLUTION
    import re

    return re.findall(r"[A-Za-z0-9]+|\S", sentence)
    # END SOLUTION

# %% [raw]
# # END SOLUTION

# %% tags=["wrong"] message="Tom"
def characters(sentence):
    return [c for c in sentence if not c.isspace()]

# %% tags=["wrong"] message="space"
def characters(sentence):
    import re

    return re.findall(r"[A-Za-z0-9]+|.", sentence)

# %% tags=["wrong"] message="runs of Chinese"
def characters(sentence):
    import re

    return re.findall(r"\w+|[^\w\s]", sentence)

# %% [raw]
# # BEGIN TESTS

# %%
def test_characters(characters):
    got = characters("我有 2 只猫，Tom有10只。")
    assert got is not None, "the function gives None: does it return the tokens?"
    got = list(got)
    assert " " not in got, "a space is no token"
    assert "我有" not in got and "只猫" not in got, "runs of Chinese characters are to be taken apart, character by character"
    assert "Tom" in got and "10" in got, "'Tom' and '10' are to stay whole"
    assert got == ["我", "有", "2", "只", "猫", "，", "Tom", "有", "10", "只", "。"], f"got {got}"
    mixed = list(characters("买A4纸,付10.5元\u3000给Tom"))
    assert mixed == ["买", "A4", "纸", ",", "付", "10", ".", "5", "元", "给", "Tom"], f"runs of Latin letters and digits together, signs each for itself, and the last run too; got {mixed}"
    assert list(characters("")) == [], "an empty sentence has no tokens"

# %%
""" # BEGIN TEST CONFIG
hidden: true
""" # END TEST CONFIG
def test_characters_hidden(characters):
    wanted = ["他", "2024", "年", "买", "了", "iPhone15", "，", "花", "9999", "元", "！"]
    assert list(characters("他2024年 买了iPhone15，花9999元！")) == wanted, "not right for a sentence with words and numbers"
    assert list(characters(" 《New York》 don't a_b-4 é１0")) == [*"《", "New", "York", *"》", "don", *"'ta_b-4é１0"], "not right for signs and other letters"

# %% [raw]
# # END TESTS

# %%
# When the check passes, and Tatoeba is there (make data DATASETS=tatoeba): train a translator into Chinese.
# In a copy of this notebook, write data = pairs.load_mandarin() for data = pairs.load(), and run all cells.

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
# - **Inputs and targets of the decoder not shifted.** Then it learns to repeat the word it has just read.
# - **Feeding the right words while measuring.** What the decoder writes with teacher forcing is not what it writes alone.
# - **No `<end>`, or one that is not learned.** The decoder goes on for ever; always set a limit.
# - **Attention over padding.** It runs, and short sentences in a batch with long ones come out worse than alone.
# - **BLEU with another tokenizer.** Scores are comparable only where texts are cut in the same way.
# - **The same sentence in training and test.** Sentences of a phrase book come many times, with other translations; split by sentence, not by pair.
#
# ## References
#
# - I. Sutskever, O. Vinyals, Q. V. Le (2014). Sequence to sequence learning with neural networks. *NeurIPS*.
# - K. Cho and others (2014). Learning phrase representations using RNN encoder–decoder for statistical machine translation. *EMNLP*. The GRU, and a fixed vector.
# - D. Bahdanau, K. Cho, Y. Bengio (2015). Neural machine translation by jointly learning to align and translate. *ICLR*. Attention; accuracy by length.
# - M.-T. Luong, H. Pham, C. D. Manning (2015). Effective approaches to attention-based neural machine translation. *EMNLP*. The form of attention used here.
# - A. Vaswani and others (2017). Attention is all you need. *NeurIPS*. Attention without recurrence; the square root.
# - K. Papineni, S. Roukos, T. Ward, W.-J. Zhu (2002). BLEU: a method for automatic evaluation of machine translation. *ACL*.
# - M. Post (2018). A call for clarity in reporting BLEU scores. *WMT*. sacreBLEU.
# - R. J. Williams, D. Zipser (1989). A learning algorithm for continually running fully recurrent neural networks. *Neural Computation* 1(2), 270–280. Teacher forcing.

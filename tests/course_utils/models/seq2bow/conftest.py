"""Small planted data: six jobs, what goes with them, and a country that decides on a language."""

import keras
import numpy as np
import pytest

from course_utils.models.seq2bow.corpus import from_lists
from course_utils.models.seq2bow.model import Seq2BoW, interest_vectors

SKILLS = {
    "surgeon": ["anatomy", "suturing", "first aid"],
    "nurse": ["first aid", "patient care", "hygiene"],
    "baker": ["kneading", "hygiene", "ovens"],
    "sales assistant": ["tills", "customers", "shelves"],
    "assistant sales director": ["budgets", "strategy", "customers"],
    "data engineer": ["python", "sql", "pipelines"],
}


@pytest.fixture(scope="session")
def skills():
    return SKILLS


@pytest.fixture(scope="session")
def planted():
    """Titles, bags and extra inputs of 600 examples."""
    rng, n = np.random.default_rng(0), 600
    jobs, countries = rng.choice(list(SKILLS), n), rng.choice(["France", "Japan"], n)
    languages = {"France": "french", "Japan": "japanese"}
    bags = [[*SKILLS[job], languages[country]] for job, country in zip(jobs, countries, strict=True)]
    levels = rng.choice(["senior", "junior", ""], n)
    return [f"{level} {job}".strip() for level, job in zip(levels, jobs, strict=True)], bags, {"country": countries}


@pytest.fixture(scope="session")
def corpus(planted):
    return from_lists(*planted, held_out=0.1)


@pytest.fixture(scope="session")
def vectors(corpus):
    return interest_vectors(corpus, 12)


@pytest.fixture(scope="session")
def network(corpus, vectors):
    """Makes a network that has learned nothing yet."""

    def make(corpus=corpus, vectors=vectors, **options):
        return Seq2BoW(corpus.numbering, vectors, corpus.counts, len(corpus), **options)

    return make


@pytest.fixture(scope="session")
def words_of():
    """The titles (n, length) that a Trie was made of."""

    def read(words, parents, sizes, last):
        begins, level = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)
        titles = np.zeros((len(last), len(sizes)), dtype=np.int32)
        for title, node in zip(titles, last, strict=True):
            while node >= 0:
                title[level[node]] = words[node]
                node = begins[level[node] - 1] + parents[node] if level[node] else -1
        return titles

    return read


@pytest.fixture(scope="session")
def in_keras():
    """Makes the same network of Keras's layers, with the weights of a Seq2BoW: ids (n, time) to vectors (n, d)."""

    def make(model):
        x, W_x, W_h, b, W_o = (model.weights[name].numpy() for name in ("x", "W_x", "W_h", "b", "W_o"))
        embedding, linear = (
            keras.layers.Embedding(*x.shape, mask_zero=True),
            keras.layers.Dense(len(W_o.T), use_bias=False),
        )
        same = keras.Sequential([keras.Input((None,), dtype="int32"), embedding, keras.layers.LSTM(len(W_h)), linear])
        same.set_weights([x, W_x, W_h, b, W_o])
        return same

    return make

"""The network of Seq2BoW against Keras, its training on small planted data, its answers and its file."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.metrics import ndcg_score

from course_utils.embeddings import Vectors
from course_utils.seq2bow import model as module
from course_utils.seq2bow.corpus import LENGTH, from_lists
from course_utils.seq2bow.model import Seq2BoW, Trie, interest_vectors, measures

SKILLS = {
    "surgeon": ["anatomy", "suturing", "first aid"],
    "nurse": ["first aid", "patient care", "hygiene"],
    "baker": ["kneading", "hygiene", "ovens"],
    "sales assistant": ["tills", "customers", "shelves"],
    "assistant sales director": ["budgets", "strategy", "customers"],
    "data engineer": ["python", "sql", "pipelines"],
}


def planted(n=600, seed=0):
    rng = np.random.default_rng(seed)
    jobs = rng.choice(list(SKILLS), n)
    countries = rng.choice(["France", "Japan"], n)
    bags = [
        [*SKILLS[job], "french" if country == "France" else "japanese"]
        for job, country in zip(jobs, countries, strict=True)
    ]
    titles = [
        f"{level} {job}".strip() for level, job in zip(rng.choice(["senior", "junior", ""], n), jobs, strict=True)
    ]
    return from_lists(titles, bags, {"country": countries}, held_out=0.1)


@pytest.fixture(scope="module")
def corpus():
    return planted()


@pytest.fixture(scope="module")
def vectors(corpus):
    return interest_vectors(corpus, 12)


def network(corpus, vectors, **options):
    return Seq2BoW(corpus.numbering, vectors, corpus.counts, len(corpus), **options)


@pytest.fixture(scope="module")
def trained(corpus, vectors):
    model = network(corpus, vectors, units=16)
    model.history = model.fit(corpus, epochs=25, batch=32, rate=0.02, patience=25)
    model.make_index(corpus.titles)
    return model


# --- titles as a tree ---


def some_titles(n=200, words=5, seed=0):
    rng = np.random.default_rng(seed)
    titles = np.zeros((n, LENGTH), dtype=np.int32)
    for row, length in zip(titles, rng.integers(0, LENGTH + 1, n), strict=True):
        row[:length] = rng.integers(1, words + 1, length)
    return titles


def test_from_the_last_node_upwards_stand_the_words_of_a_title():
    titles = some_titles()
    trie = Trie(titles)
    level = np.repeat(np.arange(LENGTH), trie.sizes)
    begins = np.cumsum(trie.sizes) - trie.sizes
    for title, node in zip(titles, trie.last, strict=True):
        words = []
        while node >= 0:
            words.append(trie.words[node])
            node = begins[level[node] - 1] + trie.parents[node] if level[node] else -1
        assert words[::-1] == title[title > 0].tolist()


def test_there_is_one_node_for_each_different_beginning():
    titles = some_titles()
    beginnings = {tuple(title[:t]) for title in titles for t in range(1, np.count_nonzero(title) + 1)}
    assert len(Trie(titles).words) == len(beginnings) < np.count_nonzero(titles)


# --- the same numbers as Keras ---


def in_keras(model):
    """The same network of Keras's layers, with the same weights."""
    w = {name: weight.numpy() for name, weight in model.weights.items()}
    ids = keras.Input((None,), dtype="int32")
    embedding = keras.layers.Embedding(*w["x"].shape, mask_zero=True)
    lstm, linear = keras.layers.LSTM(model.units), keras.layers.Dense(w["W_o"].shape[1], use_bias=False)
    same = keras.Model(ids, linear(lstm(embedding(ids))))
    embedding.set_weights([w["x"]])
    lstm.set_weights([w["W_x"], w["W_h"], w["b"]])
    linear.set_weights([w["W_o"]])
    return same


def test_vectors_are_those_of_kerass_lstm_and_a_linear_layer(corpus, vectors):
    model = network(corpus, vectors, seed=3)
    shard = next(corpus.mixed())
    no_extras = replace(shard, extras=np.zeros_like(shard.extras))
    assert np.allclose(model.vectors_of(no_extras), in_keras(model).predict(shard.titles, verbose=0), atol=1e-6)


@pytest.mark.parametrize("loss", ["softmax", "pairwise"])
def test_a_step_goes_down_the_gradient_that_keras_finds(loss):
    corpus = from_lists([*SKILLS] * 20, [*SKILLS.values()] * 20)
    vectors = interest_vectors(corpus, 8)
    model = network(corpus, vectors, seed=1)
    same, before = in_keras(model), {name: weight.numpy() for name, weight in model.weights.items()}
    *trie, extras, candidates = next(model._batches(corpus.mixed(), 50, 4, 0.0, np.random.default_rng(0)))
    rows = _titles_of(*trie)
    with tf.GradientTape() as tape:
        s = tf.einsum("nd,nkd->nk", same(rows), tf.gather(tf.constant(vectors.matrix), candidates))
        each = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
        truth = np.zeros(s.shape, "float32")
        truth[:, 0] = 1
        bits = tf.nn.sigmoid_cross_entropy_with_logits(truth, s)
        L = tf.reduce_mean(each(np.zeros(len(rows)), s) if loss == "softmax" else tf.reduce_sum(bits, axis=1))
    slopes = tape.gradient(L, same.trainable_variables)
    learn, measure = model._functions(keras.optimizers.SGD(1.0), loss)
    assert float(measure(*trie, extras, candidates)) == pytest.approx(float(L), rel=1e-5)
    assert float(learn(*trie, extras, candidates)) == pytest.approx(float(L), rel=1e-5)
    for name, slope in zip(("x", "W_x", "W_h", "b", "W_o"), slopes, strict=True):
        assert np.allclose(before[name] - model.weights[name].numpy(), tf.convert_to_tensor(slope), atol=1e-6), name


def _titles_of(words, parents, sizes, last):
    begins, level = np.cumsum(sizes) - sizes, np.repeat(np.arange(LENGTH), sizes)
    titles = np.zeros((len(last), LENGTH), dtype=np.int32)
    for title, node in zip(titles, last, strict=True):
        while node >= 0:
            title[level[node]] = words[node]
            node = begins[level[node] - 1] + parents[node] if level[node] else -1
    return titles


# --- training ---


def test_the_positive_is_of_the_bag_and_no_negative_is(corpus, vectors):
    model, shard = network(corpus, vectors), next(corpus.mixed())
    bags = {}
    for title, bag in zip(shard.titles, shard.bags(np.arange(len(shard))), strict=True):
        bags.setdefault(tuple(title), []).append(set(bag[bag >= 0]))
    drawn = list(model._batches([shard], 64, 6, 0.0, np.random.default_rng(0)))
    assert sum(len(batch[-1]) for batch in drawn) == len(shard)
    for *trie, _, candidates in drawn:
        for title, (positive, *negatives) in zip(_titles_of(*trie), candidates, strict=True):
            assert any(positive in bag and not bag & set(negatives) for bag in bags[tuple(title)])


def test_words_and_extra_inputs_are_forgotten_as_often_as_asked(corpus, vectors):
    unknown = len(corpus.numbering.words) - 1
    for forget in (0.0, 0.3, 1.0):
        words, values = [], []
        for *trie, extras, _ in network(corpus, vectors)._batches(
            corpus.mixed(), 64, 2, forget, np.random.default_rng(0)
        ):
            titles = _titles_of(*trie)
            words.append(titles[titles > 0] == unknown)
            values.append(extras.ravel() == 0)
        assert np.concatenate(words).mean() == pytest.approx(forget, abs=0.05)
        assert np.concatenate(values).mean() == pytest.approx(forget, abs=0.06)


def test_it_learns_what_is_planted(trained):
    for job, skills in SKILLS.items():
        assert {name for name, _ in trained.interests_of(job.title(), 3)} <= {*skills, "french", "japanese"}, job
        assert len({name for name, _ in trained.interests_of(f"Senior {job}", 5)} & set(skills)) == 3, job
    assert trained.history[0]["loss"] > 2 * trained.history[-1]["loss"]
    assert set(trained.history[0]) == {"epoch", "loss", "validation"}


def test_the_order_of_words_matters(trained):
    assert dict(trained.interests_of("assistant sales director"))["strategy"] > 0.8
    assert dict(trained.interests_of("sales assistant", 20))["strategy"] < 0.2


def test_shares_add_up_to_the_mean_size_of_a_bag(trained, corpus):
    answer = trained.interests_of("nurse", 100)
    shares = [share for _, share in answer]
    assert len(answer) == len(trained.interests) and shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(corpus.counts.sum() / len(corpus), abs=1e-3) == pytest.approx(4, abs=1e-3)
    assert 0 <= min(shares) and max(shares) <= 1


def test_shares_are_those_of_the_bags(trained):
    shares = dict(trained.interests_of("data engineer", 20))
    assert shares["python"] > 0.9 and 0.2 < shares["french"] < 0.8 and shares["ovens"] < 0.1


def test_an_extra_input_changes_the_answer(trained):
    plain, in_france, in_japan = (
        dict(trained.interests_of("baker", 20, extra)) for extra in (None, {"country": "France"}, {"country": "Japan"})
    )
    assert in_france["french"] > plain["french"] + 0.2 > in_japan["french"] + 0.4
    assert dict(trained.interests_of("baker", 20, {"country": "Atlantis"})) == plain


def test_the_same_seed_gives_the_same_weights(corpus, vectors):
    first, second, other = (network(corpus, vectors, seed=seed) for seed in (5, 5, 6))
    for model in (first, second, other):
        model.fit(corpus, epochs=1, batch=100)
    assert all(np.allclose(a, b, atol=1e-6) for a, b in zip(first._state(), second._state(), strict=True))
    assert not np.allclose(first.weights["W_h"], other.weights["W_h"], atol=1e-3)


def test_training_ends_early_and_goes_back_to_the_best_weights(corpus, vectors, monkeypatch):
    seen, losses = [], iter([3.0, 1.0, 2.0, 2.0, 0.0])
    model = network(corpus, vectors)

    def functions(optimizer, loss):
        learn, _ = Seq2BoW._functions(model, optimizer, loss)

        def measure(*inputs):
            seen.append(model._state())
            return next(losses)

        return learn, measure

    monkeypatch.setattr(model, "_functions", functions)
    history = model.fit(corpus, epochs=9, patience=2)
    assert [row["validation"] for row in history] == [3, 1, 2, 2]
    assert all(np.array_equal(a, b) for a, b in zip(model._state(), seen[1], strict=True))


def test_without_a_held_out_part_it_trains_to_the_end(vectors):
    corpus = from_lists(["data engineer", "nurse"] * 20, [["python", "sql"], ["hygiene"]] * 20)
    history = Seq2BoW(corpus.numbering, interest_vectors(corpus, 4), corpus.counts, len(corpus)).fit(corpus, epochs=4)
    assert [sorted(row) for row in history] == [["epoch", "loss"]] * 4


def test_a_bag_of_everything_has_no_negatives_and_is_passed_over():
    corpus = from_lists(["data engineer", "nurse"] * 20, [["python", "sql"], ["sql"]] * 20)
    model = Seq2BoW(corpus.numbering, interest_vectors(corpus, 4), corpus.counts, len(corpus))
    assert sum(len(batch[-1]) for batch in model._batches(corpus.mixed(), 7, 2, 0.0, np.random.default_rng(0))) == 20


def test_where_every_bag_has_every_interest_there_is_nothing_to_learn():
    corpus = from_lists(["data engineer", "nurse"], [["python", "sql"]] * 2, rare=1)
    with pytest.raises(ValueError, match="every bag has every interest"):
        Seq2BoW(corpus.numbering, interest_vectors(corpus, 4), corpus.counts, len(corpus)).fit(corpus)


@pytest.mark.parametrize("bags", [[["sql"]] * 2, [["sql"], ["python"]]])
def test_interests_that_never_share_a_bag_have_vectors_all_the_same(bags):
    corpus = from_lists(["data engineer", "nurse"], bags, rare=1)
    assert np.isfinite(interest_vectors(corpus, 4).matrix).all()


def test_interests_that_share_bags_have_vectors_near_each_other(corpus, vectors):
    assert vectors.cosine("anatomy", "suturing") > vectors.cosine("anatomy", "kneading") + 0.3
    again = interest_vectors(corpus, 12)
    assert again.words == corpus.numbering.interests and np.array_equal(again.matrix, vectors.matrix)
    assert np.linalg.norm(vectors.matrix, axis=1).mean() == pytest.approx(3, abs=1e-5)


def test_vectors_of_other_interests_are_refused(corpus, vectors):
    with pytest.raises(ValueError, match="in the same order"):
        Seq2BoW(corpus.numbering, Vectors(vectors.words[::-1], vectors.matrix[::-1]), corpus.counts, len(corpus))


# --- answers ---


def test_titles_never_seen_whole_are_answered_by_their_words(trained):
    assert "senior sales surgeon" not in trained.index
    assert trained.interests_of("Senior sales surgeon!", 1)


@pytest.mark.parametrize("title", ["", "  ", "Xyzzy plugh", "\N{THUMBS UP SIGN}", "\ud800"])
def test_of_a_title_without_a_known_word_it_says_so(trained, title):
    for question in (trained.interests_of, trained.titles_near):
        with pytest.raises(ValueError, match="no word of the title .* is known"):
            question(title)
    assert np.isnan(trained.vectors([title, "nurse"])[0]).all()
    assert np.isfinite(trained.vectors([title, "nurse"])[1]).all()


def test_a_title_has_the_same_vector_whatever_is_asked_with_it(trained):
    titles = ["nurse", "senior nurse", "data engineer", "assistant nurse director"]
    assert np.allclose(
        trained.vectors(titles), np.concatenate([trained.vectors([title]) for title in titles]), atol=1e-6
    )


def test_titles_near_a_title_and_near_an_interest(trained):
    names = [name for name, _ in trained.titles_near("Nurse", 2)]
    assert "nurse" not in names and all("nurse" in name for name in names)
    assert all("baker" in name for name, _ in trained.titles_near_interest("Ovens", 2))
    assert trained.interests_near("  SQL ", 1)[0][0] in {"python", "pipelines"}


@pytest.mark.parametrize("question", ["interests_near", "titles_near_interest"])
def test_an_unknown_interest_is_named_with_what_may_be_meant(trained, question):
    with pytest.raises(ValueError, match="'pythn' is not known; did you mean 'python'"):
        getattr(trained, question)("pythn")
    with pytest.raises(ValueError, match=r"'\?\?\?' is not known$"):
        getattr(trained, question)("???")


def test_an_unknown_extra_input_is_named(trained):
    with pytest.raises(ValueError, match="no extra input planet; there are: country"):
        trained.interests_of("nurse", extras={"planet": "Mars"})


def test_without_an_index_no_titles_are_found(corpus, vectors):
    with pytest.raises(ValueError, match="call make_index"):
        network(corpus, vectors).titles_near("nurse")


# --- on disk ---


def test_answers_are_the_same_after_loading(trained, tmp_path):
    trained.save(tmp_path / "folder" / "model.npz")
    loaded = Seq2BoW.load(tmp_path / "folder" / "model.npz")
    for title in ("nurse", "senior data engineer"):
        assert loaded.interests_of(title, extras={"country": "Japan"}) == trained.interests_of(
            title, extras={"country": "Japan"}
        )
        assert loaded.titles_near(title) == trained.titles_near(title)
    assert loaded.interests_near("sql") == trained.interests_near("sql")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["model.npz"]


def test_what_was_there_stays_when_writing_fails(trained, tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    trained.save(path)
    before = path.read_bytes()

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.np, "savez", full)
    with pytest.raises(OSError, match="cannot be written to .*model.npz: No space"):
        trained.save(path)
    assert path.read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ["model.npz"]


def changed(stored, **what):
    names = {**json.loads(stored["names"].tobytes()), **what}
    return {**stored, "names": np.frombuffer(json.dumps(names).encode(), dtype=np.uint8)}


@pytest.mark.parametrize(
    "damage",
    [
        lambda path, stored: path.write_bytes(b"PK not a zip"),
        lambda path, stored: path.write_bytes(path.read_bytes()[:-500]),
        lambda path, stored: np.savez(path, names=np.array(["an object"], dtype=object)),
        lambda path, stored: np.savez(path, counts=stored["counts"]),
        lambda path, stored: np.savez(path, **changed(stored, format=99)),
        lambda path, stored: np.savez(path, **changed(stored, units=7)),
        lambda path, stored: np.savez(path, **changed(stored, interests=["one"])),
        lambda path, stored: np.savez(path, **changed(stored, words=["twice", "twice"])),
        lambda path, stored: np.savez(path, **{**stored, "weight x": np.full_like(stored["weight x"], np.nan)}),
    ],
    ids=[
        "no zip",
        "torn",
        "pickle",
        "lacks names",
        "later format",
        "other units",
        "other interests",
        "word twice",
        "NaN",
    ],
)
def test_a_file_that_is_none_is_refused(trained, tmp_path, damage):
    path = tmp_path / "model.npz"
    trained.save(path)
    with np.load(path) as file:
        stored = dict(file)
    damage(path, stored)
    with pytest.raises(ValueError, match="holds no Seq2BoW that can be read"):
        Seq2BoW.load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        Seq2BoW.load(tmp_path / "none.npz")


# --- how good a ranking is ---


def test_recall_and_ndcg_of_a_hand_made_ranking():
    corpus = from_lists(["a", "b"] * 2, [["x", "y", "z"], ["z"]] * 2)
    x, y, z = (corpus.numbering.interests.index(name) for name in "xyz")
    shard = corpus.numbering.encode(["a", "b", "b"], [["x", "y"], ["z"], []])
    scores = np.zeros((3, 3))
    scores[0, [x, z, y]] = 3, 2, 1  # the first finds x, then z
    scores[1, [x, z, y]] = 3, 2, 1
    found = measures(scores, shard, 2)
    assert found["recall@2"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["nDCG@2"] == pytest.approx((1 / (1 + 1 / np.log2(3)) + 1 / np.log2(3)) / 2)


def test_ndcg_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    names = [f"i{i}" for i in range(30)]
    bags = [rng.choice(names, rng.integers(1, 20), replace=False) for _ in range(40)]
    corpus = from_lists(["word"] * 41, [*bags, names], rare=1)
    shard, scores = corpus.numbering.encode(["word"] * 40, bags), rng.normal(size=(40, 30))
    truth = np.zeros((40, 30))
    for row, bag in zip(truth, shard.bags(np.arange(40)), strict=True):
        row[bag[bag >= 0]] = 1
    assert measures(scores, shard, 10)["nDCG@10"] == pytest.approx(ndcg_score(truth, scores, k=10))

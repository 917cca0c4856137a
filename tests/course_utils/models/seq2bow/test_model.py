"""The network of Seq2BoW against Keras, its training on small planted data, its answers and its file."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from course_utils.embeddings import Vectors
from course_utils.models.seq2bow.corpus import LENGTH, from_lists
from course_utils.models.seq2bow.model import Seq2BoW, Trie, interest_vectors, measures
from course_utils.models.seq2bow.training import fit


@pytest.fixture(scope="module")
def trained(corpus, network):
    model = network(units=16)
    model.history = fit(model, corpus, epochs=25, batch=32, rate=0.02, patience=25)
    model.make_index(corpus.titles)
    return model


def some_titles(n=200, words=5, seed=0):
    rng = np.random.default_rng(seed)
    titles = np.zeros((n, LENGTH), dtype=np.int32)
    for row, length in zip(titles, rng.integers(0, LENGTH + 1, n), strict=True):
        row[:length] = rng.integers(1, words + 1, length)
    return titles


def test_from_the_last_node_upwards_are_the_words_of_a_title(words_of):
    titles = some_titles()
    assert np.array_equal(words_of(*Trie(titles).inputs()), titles)


def test_there_is_one_node_for_each_different_beginning():
    titles = some_titles()
    beginnings = {tuple(title[:t]) for title in titles for t in range(1, np.count_nonzero(title) + 1)}
    assert len(Trie(titles).words) == len(beginnings) < np.count_nonzero(titles)


def test_vectors_are_those_of_kerass_lstm_and_a_linear_layer(corpus, network, in_keras):
    model = network(seed=3)
    shard = next(corpus.mixed())
    no_extras = replace(shard, extras=np.zeros_like(shard.extras))
    assert np.allclose(model.vectors_of(no_extras), in_keras(model).predict(shard.titles, verbose=0), atol=1e-6)


def test_it_learns_what_is_planted(trained, skills):
    for job, known in skills.items():
        assert {name for name, _ in trained.interests_of(job.title(), 3)} <= {*known, "french", "japanese"}, job
        assert len({name for name, _ in trained.interests_of(f"Senior {job}", 5)} & set(known)) == 3, job
    assert trained.history[0]["loss"] > 2 * trained.history[-1]["loss"]
    assert set(trained.history[0]) == {"epoch", "loss", "validation"}


def test_the_order_of_words_matters(trained):
    assert dict(trained.interests_of("assistant sales director"))["strategy"] > 0.8
    assert dict(trained.interests_of("sales assistant", 20))["strategy"] < 0.2


def test_probabilities_add_up_to_the_mean_size_of_a_bag(trained, corpus):
    answer = trained.interests_of("nurse", 100)
    p = [value for _, value in answer]
    assert len(answer) == len(trained.interests) and p == sorted(p, reverse=True)
    assert sum(p) == pytest.approx(corpus.counts.sum() / len(corpus), abs=1e-3) == pytest.approx(4, abs=1e-3)
    assert 0 <= min(p) and max(p) <= 1


def test_probabilities_are_those_of_the_bags(trained):
    p = dict(trained.interests_of("data engineer", 20))
    assert p["python"] > 0.9 and 0.2 < p["french"] < 0.8 and p["ovens"] < 0.1


def test_an_extra_input_changes_the_answer(trained):
    plain, in_france, in_japan = (
        dict(trained.interests_of("baker", 20, extra)) for extra in (None, {"country": "France"}, {"country": "Japan"})
    )
    assert in_france["french"] > plain["french"] + 0.2 > in_japan["french"] + 0.4
    assert dict(trained.interests_of("baker", 20, {"country": "Atlantis"})) == plain


@pytest.mark.parametrize("bags", [[["sql"]] * 2, [["sql"], ["python"]]])
def test_interests_that_never_share_a_bag_have_finite_vectors(bags):
    corpus = from_lists(["data engineer", "nurse"], bags, rare=1)
    assert np.isfinite(interest_vectors(corpus, 4).matrix).all()


def test_interests_that_share_bags_have_vectors_near_each_other(corpus, vectors, skills):
    cosines = {True: [], False: []}  # by whether a job has both
    for pair in itertools.combinations({name for bag in skills.values() for name in bag}, 2):
        cosines[any(set(pair) <= set(bag) for bag in skills.values())].append(vectors.cosine(*pair))
    assert np.mean(cosines[True]) > np.mean(cosines[False]) + 0.3
    again = interest_vectors(corpus, 12)
    assert again.words == corpus.numbering.interests and np.array_equal(again.matrix, vectors.matrix)
    assert np.linalg.norm(vectors.matrix, axis=1).mean() == pytest.approx(3, abs=1e-5)


def test_rare_interests_are_near_what_is_beside_them_and_not_near_each_other():
    jobs = [[f"{job}{i}" for i in range(6)] for job in "abcdefgh"]
    bags = [job[:4] if i % 2 else job[2:] for job in jobs for i in range(60)]
    bags += [[*job[:3], f"rare {job[0]}"] for job in jobs for _ in range(2)]
    corpus = from_lists(["job"] * len(bags), bags)
    for most in (30_000, 100):  # in the second case few bags are sampled
        vectors = interest_vectors(corpus, 12, bags=most)
        rare = [f"rare {job[0]}" for job in jobs]
        assert max(vectors.cosine(*pair) for pair in itertools.combinations(rare, 2)) < 0.9
        assert np.mean([vectors.cosine(name, job[0]) for name, job in zip(rare, jobs, strict=True)]) > 0.5


def test_a_model_without_the_list_of_lonely_interests_is_loaded(trained, tmp_path):
    trained.save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz") as file:
        stored = dict(file)
    old = {name: value for name, value in json.loads(stored["names"].tobytes()).items() if name != "alone"}
    np.savez(tmp_path / "old.npz", **{**stored, "names": np.frombuffer(json.dumps(old).encode(), dtype=np.uint8)})
    assert Seq2BoW.load(tmp_path / "old.npz").interests_near("sql") == trained.interests_near("sql")


def test_vectors_of_other_interests_are_refused(corpus, vectors):
    with pytest.raises(ValueError, match="in the same order"):
        Seq2BoW(corpus.numbering, Vectors(vectors.words[::-1], vectors.matrix[::-1]), corpus.counts, len(corpus))


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
    alone = np.concatenate([trained.vectors([title]) for title in titles])
    assert np.allclose(trained.vectors(titles), alone, atol=1e-6)


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


def test_without_an_index_no_titles_are_found(network):
    with pytest.raises(ValueError, match="call make_index"):
        network().titles_near("nurse")


def test_answers_are_the_same_after_loading(trained, tmp_path):
    trained.save(tmp_path / "folder" / "model.npz")
    loaded, extras = Seq2BoW.load(tmp_path / "folder" / "model.npz"), {"country": "Japan"}
    for title in ("nurse", "senior data engineer"):
        assert loaded.interests_of(title, extras=extras) == trained.interests_of(title, extras=extras)
        assert loaded.titles_near(title) == trained.titles_near(title)
    assert loaded.interests_near("sql") == trained.interests_near("sql")
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["model.npz"]


def test_an_old_file_stays_when_writing_fails(trained, tmp_path, monkeypatch):
    path = tmp_path / "model.npz"
    trained.save(path)
    before = path.read_bytes()

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="model.npz cannot be written: No space"):
        trained.save(path)
    assert path.read_bytes() == before and [path.name for path in tmp_path.iterdir()] == ["model.npz"]


def changed(stored, **what):
    names = {**json.loads(stored["names"].tobytes()), **what}
    return {**stored, "names": np.frombuffer(json.dumps(names).encode(), dtype=np.uint8)}


DAMAGES = {
    "no zip": lambda path, stored: path.write_bytes(b"PK not a zip"),
    "torn": lambda path, stored: path.write_bytes(path.read_bytes()[:-500]),
    "pickle": lambda path, stored: np.savez(path, names=np.array(["an object"], dtype=object)),
    "lacks names": lambda path, stored: np.savez(path, counts=stored["counts"]),
    "later format": lambda path, stored: np.savez(path, **changed(stored, format=99)),
    "other units": lambda path, stored: np.savez(path, **changed(stored, units=7)),
    "other interests": lambda path, stored: np.savez(path, **changed(stored, interests=["one"])),
    "word twice": lambda path, stored: np.savez(path, **changed(stored, words=["twice", "twice"])),
    "NaN": lambda path, stored: np.savez(path, **{**stored, "weight x": np.full_like(stored["weight x"], np.nan)}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
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

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_utils import embeddings
from course_utils.embeddings import NegativeSampler, Vectors, cosine, nearest, top_k

many = settings(max_examples=60, deadline=None)  # a slow computer must not fail a test
NUMBERS = st.floats(-100, 100, width=32).map(lambda x: round(x, 3))
WHOLE = st.integers(-3, 3)  # many equal cosines
COMPASS = Vectors(["east", "north", "northeast", "west"], [[2, 0], [0, 1], [3, 3], [-1, 0]])


def matrices(n, d):
    return arrays(np.float32, st.tuples(n, d), elements=NUMBERS | WHOLE.map(float))


def test_cosine_of_known_angles():
    assert cosine([1, 0], [0, 5]) == 0
    assert cosine([1, 1], [3, 3]) == pytest.approx(1)
    assert cosine([1, 2], [-2, -4]) == pytest.approx(-1)
    assert cosine([1, 0], [1, 1]) == pytest.approx(0.5**0.5)
    assert cosine(np.eye(3)[:, None], np.eye(3)[None]).tolist() == np.eye(3).tolist()  # (3, 1, 3), (1, 3, 3) -> (3, 3)


def test_a_zero_vector_has_cosine_zero():
    assert cosine([0, 0], [1, 2]) == cosine([0, 0], [0, 0]) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_cosine_refuses_nan_and_infinity(bad):
    with pytest.raises(ValueError, match="NaN or infinity"):
        cosine([1, bad], [1, 2])


@many
@given(arrays(np.float64, (2, 4), elements=NUMBERS), st.floats(0.001, 1000))
def test_cosine_does_not_depend_on_length(pair, factor):
    a, b = pair
    assume(np.linalg.norm(a) > 0.01 and np.linalg.norm(b) > 0.01)
    assert -1 <= cosine(a, b) <= 1
    assert cosine(a, b) == cosine(b, a)
    assert cosine(factor * a, b) == pytest.approx(float(cosine(a, b)), abs=1e-9)
    assert cosine(-a, b) == pytest.approx(-float(cosine(a, b)), abs=1e-9)


@many
@given(arrays(np.float32, st.integers(0, 30), elements=WHOLE.map(float)), st.integers(1, 40))
def test_top_k_is_the_head_of_a_stable_sort(scores, k):
    expected = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[:k]
    assert top_k(scores, k).tolist() == expected


def test_top_k_refuses_nan_and_k_below_one():
    with pytest.raises(ValueError, match="at least 1"):
        top_k(np.ones(3), 0)
    with pytest.raises(ValueError, match="NaN"):
        top_k(np.array([1, np.nan]), 1)


@pytest.mark.parametrize("block", [1, 3, 1000])
@many
@given(
    matrix=matrices(st.integers(1, 12), st.just(3)),
    queries=matrices(st.integers(1, 4), st.just(3)),
    k=st.integers(1, 15),
)
def test_nearest_equals_a_full_table_for_every_block_size(block, matrix, queries, k):
    assume((np.abs(queries).max(axis=1) > 0.01).all())
    table = cosine(queries[:, None], matrix[None])  # (q, n)
    rows, cosines = nearest(matrix, queries, k, block=block)
    assert rows.shape == cosines.shape == (len(queries), min(k, len(matrix)))
    for query in range(len(queries)):
        assert len(set(rows[query])) == rows.shape[1]
        assert cosines[query] == pytest.approx(np.sort(table[query])[::-1][:k], abs=1e-5)
        assert cosines[query] == pytest.approx(table[query, rows[query]], abs=1e-5)


def test_equal_vectors_come_in_the_order_of_their_rows():
    rows, cosines = nearest(np.array([[1, 0], [0, 1], [2, 0], [0, 0], [4, 0]]), np.array([[8, 0]]), 5, block=2)
    assert rows.tolist() == [[0, 2, 4, 1, 3]]
    assert cosines.tolist() == [[1, 1, 1, 0, 0]]


def test_no_table_of_all_cosines_is_made(monkeypatch):
    largest = []
    divide = np.divide
    monkeypatch.setattr(np, "divide", lambda a, *rest, **kw: largest.append(a.size) or divide(a, *rest, **kw))
    rng = np.random.default_rng(0)
    nearest(rng.normal(size=(1000, 4)), rng.normal(size=(3, 4)), 5, block=100)
    assert largest == [300] * 10


@pytest.mark.parametrize(
    ("matrix", "queries", "message"),
    [
        (np.ones((3, 2)), np.ones((1, 3)), r"queries .*\(1, 3\)"),
        (np.ones((3, 2)), np.ones(2), r"queries .*\(2,\)"),
        (np.ones((3, 2)), np.zeros((1, 2)), "no direction"),
        (np.ones((3, 2)), np.array([[1, np.nan]]), "NaN"),
        (np.array([[1, 1], [np.inf, 0], [np.nan, 1]]), np.ones((1, 2)), "2 vectors.*NaN.*row 1"),
    ],
)
def test_nearest_refuses_what_does_not_fit(matrix, queries, message):
    with pytest.raises(ValueError, match=message):
        nearest(matrix, queries, 1)


def test_neighbours_of_a_word_and_of_a_vector():
    assert [word for word, _ in COMPASS.neighbours("east")] == ["northeast", "north", "west"]
    assert COMPASS.neighbours("east", 1) == [("northeast", pytest.approx(0.5**0.5))]
    assert COMPASS.neighbours(np.array([0, 9]), 2) == [("north", 1), ("northeast", pytest.approx(0.5**0.5))]
    assert [word for word, _ in COMPASS.neighbours("east", exclude=["northeast", "east"])] == ["north", "west"]
    assert all(type(value) is float for _, value in COMPASS.neighbours("east"))


def test_unknown_words_and_extreme_numbers_of_neighbours():
    for ask in (COMPASS.vector, COMPASS.neighbours, lambda word: COMPASS.neighbours("east", exclude=[word])):
        with pytest.raises(KeyError, match="no vector for 'south'"):
            ask("south")
    with pytest.raises(KeyError, match="no vector for 'south'"):
        COMPASS.analogy("east", "north", "south")
    for word, hint in (("East", "try 'east'"), (["east"], "word in vectors")):
        with pytest.raises(KeyError, match=hint):
            COMPASS.vector(word)
    assert COMPASS.neighbours("east", exclude="west") == COMPASS.neighbours("east", exclude=["west"])
    with pytest.raises(ValueError, match="at least 1"):
        COMPASS.neighbours("east", 0)
    for query in (["east", "west"], 0, np.ones(5), np.ones((1, 2))):
        with pytest.raises(ValueError, match="query"):
            COMPASS.neighbours(query)
    assert len(COMPASS.neighbours("east", 99)) == 3
    assert "south" not in COMPASS and "east" in COMPASS and len(COMPASS) == 4
    assert COMPASS.cosine("east", "west") == -1


def test_a_word_with_a_zero_vector_has_cosine_zero_and_no_neighbours():
    vectors = Vectors(["something", "nothing", "opposite"], [[1, 1], [0, 0], [-1, -1]])
    assert vectors.neighbours("something") == [("nothing", 0), ("opposite", pytest.approx(-1))]
    with pytest.raises(ValueError, match="no direction"):
        vectors.neighbours("nothing")


def test_analogy():
    words = ["man", "woman", "king", "queen", "apple"]
    vectors = Vectors(words, [[1, 0, 0], [0, 1, 0], [1, 0, 5], [0, 1, 5], [1, 1, -1]])
    assert vectors.analogy("man", "woman", "king", 1)[0][0] == "queen"
    assert {word for word, _ in vectors.analogy("man", "woman", "king")} == {"queen", "apple"}


@pytest.mark.parametrize(
    ("words", "matrix", "message"),
    [
        (["a"], np.ones((2, 3)), r"\(2, 3\).*\(1, any\)"),
        (["a"], np.ones(1), r"\(1,\).*\(1, any\)"),
        (["a", "b", "a"], np.ones((3, 2)), "'a' more than once"),
        (["a", 3], np.ones((2, 2)), "strings"),
        (["a", "b"], [[1, 2], [3, np.nan]], "row 1"),
        (["a", "b"], [[3e38, 3e38], [1, 2]], "row 0"),
    ],
)
def test_vectors_refuse_what_does_not_fit(words, matrix, message):
    with pytest.raises(ValueError, match=message):
        Vectors(words, matrix)


@pytest.mark.parametrize("power", [0, 0.75, 1])
def test_negatives_follow_the_smoothed_counts(power):
    counts = np.array([100, 0, 10, 1])
    sampler = NegativeSampler(counts, power, np.random.default_rng(0))
    weights = np.where(counts > 0, counts.astype(float) ** power, 0)
    assert sampler.probabilities == pytest.approx(weights / weights.sum())
    ids = sampler.sample((400, 500))
    assert ids.shape == (400, 500) and ids.dtype == np.int32
    assert np.bincount(ids.ravel(), minlength=4) / ids.size == pytest.approx(sampler.probabilities, abs=0.005)
    assert not (ids == 1).any()  # a count of zero


@many
@given(st.lists(st.integers(0, 5), min_size=2, max_size=6), st.integers(0, 1000))
def test_negatives_are_never_positives(counts, seed):
    rng = np.random.default_rng(seed)
    positives = rng.integers(-1, len(counts), (5, 3))  # −1: no more positives
    possible = [{i for i, n in enumerate(counts) if n} - set(row) for row in positives.tolist()]
    assume(any(counts) and all(possible))
    ids = NegativeSampler(counts, rng=rng).sample_without(positives, 4)
    assert ids.shape == (5, 4)
    assert all(set(row) <= allowed for row, allowed in zip(ids.tolist(), possible, strict=True))


def test_negatives_where_one_positive_has_almost_all_counts():
    sampler = NegativeSampler([10**9, 1, 3], power=1, rng=np.random.default_rng(0))
    ids = sampler.sample_without(np.zeros((300, 1), dtype=int), 10)
    assert np.bincount(ids.ravel()) / ids.size == pytest.approx([0, 0.25, 0.75], abs=0.03)
    ids = sampler.sample_without(np.array([[0, -1]] * 300), 10)  # −1 is no id: the last one can be sampled
    assert np.bincount(ids.ravel()) / ids.size == pytest.approx([0, 0.25, 0.75], abs=0.03)
    with pytest.raises(ValueError, match="row 1 "):
        sampler.sample_without(np.array([[0, -1, -1], [0, 1, 2]]), 1)


@pytest.mark.parametrize("counts", [[], [0, 0], [1, -1], [1, np.nan], [[1, 2]]])
def test_counts_that_cannot_be_sampled_from(counts):
    with pytest.raises(ValueError, match="counts "):
        NegativeSampler(counts)


def two_groups(n=40, d=8):
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(2, d))
    return centres[np.arange(n) % 2] + 0.2 * rng.normal(size=(n, d))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_map_keeps_groups_together_and_is_the_same_again(method):
    vectors = two_groups()
    places = embeddings.map_2d(vectors, method, seed=1)
    assert places.shape == (40, 2) and places.dtype == np.float32
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    assert np.all(distances.argmin(axis=1) % 2 == np.arange(40) % 2)
    assert places.tolist() == embeddings.map_2d(vectors, method, seed=1).tolist()


def test_options_reach_the_method():
    vectors = two_groups()
    assert not np.allclose(embeddings.map_2d(vectors, perplexity=2), embeddings.map_2d(vectors, perplexity=12))
    assert embeddings.map_2d(vectors, "pca", n_components=2).shape == (40, 2)


def test_the_length_of_vectors_does_not_move_them_on_the_map():
    vectors = two_groups()
    scaled = vectors * np.linspace(0.5, 20, len(vectors))[:, None]
    assert embeddings.map_2d(scaled, "pca") == pytest.approx(embeddings.map_2d(vectors, "pca"), abs=1e-5)


def test_maps_refuse_what_does_not_fit():
    wrong = {
        "'t-SNE'.*'tsne'": (np.ones((9, 2)), "t-SNE"),
        "three": (np.ones((2, 2)), "pca"),
        "NaN": ([[1, np.nan]] * 3, "pca"),
    }
    for message, arguments in wrong.items():
        with pytest.raises(ValueError, match=message):
            embeddings.map_2d(*arguments)


def ask_projector(folder, path):
    """What TensorBoard's projector plugin answers to its own page, without a browser."""
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.projector import projector_plugin
    from werkzeug import test, wrappers

    provider = data_provider.MultiplexerDataProvider(plugin_event_multiplexer.EventMultiplexer(), str(folder))
    plugin = projector_plugin.ProjectorPlugin(base_plugin.TBContext(logdir=str(folder), data_provider=provider))
    route, _, query = path.partition("?")
    client = test.Client(plugin.get_plugin_apps()[route], wrappers.Response)
    return client.get(f"{route}?{query}")


def test_tensorboard_reads_the_export(tmp_path):
    titles = ["War and\tPeace", "Ulysses\nagain", "", "naïve “日本”"]
    vectors = Vectors(titles, np.arange(12).reshape(4, 3) / 7)
    metadata = {"genre": ["novel", "novel", " ", "other"]}
    folder = embeddings.export_projector(tmp_path / "logs", vectors, metadata, "books")
    (config,) = json.loads(ask_projector(folder, "/info?run=.").data)["embeddings"]
    assert (config["tensorName"], config["tensorShape"]) == ("books", [4, 3])
    tensor = np.frombuffer(ask_projector(folder, "/tensor?run=.&name=books&num_rows=10").data, np.float32)
    assert tensor.reshape(4, 3) == pytest.approx(vectors.matrix, rel=1e-5)
    lines = ask_projector(folder, "/metadata?run=.&name=books&num_rows=10").data.decode().split("\n")
    assert lines[:3] == ["word\tgenre", "War and Peace\tnovel", "Ulysses again\tnovel"]
    assert lines[3:] == ["(empty)\t(empty)", "naïve “日本”\tother", ""]


def test_one_column_has_no_header(tmp_path):
    embeddings.export_projector(tmp_path, COMPASS)
    assert (tmp_path / "metadata.tsv").read_text(encoding="utf-8").splitlines() == COMPASS.words
    assert sorted(path.name for path in tmp_path.iterdir()) == ["metadata.tsv", "projector_config.pbtxt", "tensors.tsv"]


def test_metadata_must_be_as_long_as_the_vectors(tmp_path):
    with pytest.raises(ValueError, match="'genre' has 1 values for 4 vectors"):
        embeddings.export_projector(tmp_path / "logs", COMPASS, {"genre": ["novel"]})
    assert not (tmp_path / "logs").exists()


def test_importing_the_module_is_light():
    code = "import sys, course_utils.embeddings; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"tensorflow", "keras", "sklearn", "umap", "matplotlib"}.isdisjoint(done.stdout.split())

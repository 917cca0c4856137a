"""Time and memory to find the ten nearest of 1,000,000 vectors of 50 dimensions, compared with two common methods.

    python benchmarks/neighbours.py

Each method runs in its own process, which makes the same vectors, answers one query to warm up and then QUERIES more, one at a
time. All three are exact; the script checks that they find the same neighbours. Writes results/benchmarks/neighbours.json. Less
than a minute on two cores.
"""

import json
import statistics
import subprocess
import sys
import time

import numpy as np
import psutil

from course_tools.lessons.results_pages import machine
from course_utils import tables
from course_utils.embeddings import Vectors

ROWS, DIMENSIONS, K, QUERIES = 1_000_000, 50, 10, 20


def in_blocks(matrix: np.ndarray):
    """The course's way: norms once, one block of cosines at a time. With a million words and their dictionary."""
    vectors = Vectors(map(str, range(len(matrix))), matrix)
    return lambda query: [int(word) for word, _ in vectors.neighbours(query, K)]


def whole_matrix(matrix: np.ndarray):
    """scikit-learn's cosine_similarity, then a full sort."""
    from sklearn.metrics.pairwise import cosine_similarity

    return lambda query: np.argsort(-cosine_similarity(query[None], matrix)[0], kind="stable")[:K].tolist()


def brute_force(matrix: np.ndarray):
    """scikit-learn's NearestNeighbors, the exact way."""
    from sklearn.neighbors import NearestNeighbors

    index = NearestNeighbors(n_neighbors=K, metric="cosine", algorithm="brute").fit(matrix)
    return lambda query: index.kneighbors(query[None], return_distance=False)[0].tolist()


WAYS = {
    "course_utils.embeddings": in_blocks,
    "scikit-learn, cosine_similarity": whole_matrix,
    "scikit-learn, NearestNeighbors": brute_force,
}


def peak_memory() -> int:
    """The most memory, in bytes, that this process has held."""
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def measure(name: str) -> dict:
    """Answers, seconds and memory of one way, in this process."""
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((ROWS, DIMENSIONS), dtype=np.float32)
    queries = rng.standard_normal((QUERIES + 1, DIMENSIONS), dtype=np.float32)
    start = time.perf_counter()
    answer = WAYS[name](matrix)
    prepared = time.perf_counter() - start
    answers, seconds = [], []
    for query in queries:
        start = time.perf_counter()
        answers.append(answer(query))
        seconds.append(time.perf_counter() - start)
    return {
        "way": name,
        "seconds to prepare": round(prepared, 3),
        "seconds a query, median": round(statistics.median(seconds[1:]), 4),
        "slowest": round(max(seconds[1:]), 4),
        "peak memory, MB": peak_memory() // 10**6,
        "answers": answers,
    }


def main() -> None:
    """Measure every way in a fresh process, compare the answers, and write the record."""
    runs = []
    for name in WAYS:
        done = subprocess.run([sys.executable, __file__, name], stdout=subprocess.PIPE, text=True, check=True)
        runs.append(json.loads(done.stdout))
    answers = [run.pop("answers") for run in runs]
    if not all(other == answers[0] for other in answers):
        raise SystemExit("The methods do not find the same neighbours, so nothing was written.")
    for run in runs:
        run["times as long"] = round(run["seconds a query, median"] / runs[0]["seconds a query, median"], 2)
        print(run)
    whole = f"a table of all cosines would need {4 * ROWS**2 / 1e12:.0f} TB"
    title = f"The {K} nearest of {ROWS:,} vectors of {DIMENSIONS} numbers; {whole}"
    record = {"benchmark": "neighbours", "machine": machine(), "tables": [{"title": title, "rows": runs}]}
    tables.write_record(record, tables.RECORDS / "benchmarks" / "neighbours.json")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(measure(sys.argv[1])))
    else:
        main()

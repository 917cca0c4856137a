"""The catalogue of real datasets: what each record must have, and when a dataset is ready."""

import re
import subprocess
import sys

import pytest

from course_utils import files, paths
from course_utils.datasets.catalogue import DATASETS, Dataset, File

TINY = Dataset(
    "tiny", "a/b", "", "", (File("http://x.example/one.txt", 3), File("http://x.example/z", gives={"two.txt": None}))
)


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_a_record_says_all_that_its_readers_need(dataset):
    assert DATASETS[dataset.name] is dataset
    assert dataset.summary and dataset.terms and dataset.folder and dataset.files
    assert all(size > 0 for size in dataset.sizes)
    assert set(dataset.records) <= set(dataset.contents)
    for file in dataset.files:
        assert re.fullmatch(r"https://[\w.-]+/\S*[^/\s]", file.url)
        assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert (file.size is None) == (file.sha256 is None)


def test_no_two_files_share_a_name_on_a_mirror_or_a_place():
    downloads = [file.name for dataset in DATASETS.values() for file in dataset.files]
    places = [path for dataset in DATASETS.values() for path in dataset.paths("data")]
    assert len(set(downloads)) == len(downloads) and len(set(places)) == len(places)


def test_a_dataset_is_ready_when_each_file_is_there_with_its_size(tmp_path):
    one, two = TINY.paths(tmp_path)
    assert TINY.contents == {"one.txt": 3, "two.txt": None} and not TINY.is_ready(tmp_path)
    one.parent.mkdir(parents=True)
    one.write_bytes(b"abc")
    assert not TINY.is_ready(tmp_path)
    assert TINY.is_ready(tmp_path, "one.txt") and not TINY.is_ready(tmp_path, "two.txt")
    two.write_bytes(b"of any size")
    assert TINY.is_ready(tmp_path)
    one.write_bytes(b"ab")
    assert not TINY.is_ready(tmp_path) and TINY.is_ready(tmp_path, "two.txt")


def test_a_folder_in_the_place_of_a_file_is_not_ready(tmp_path):
    for path in TINY.paths(tmp_path):
        path.mkdir(parents=True)
    assert not TINY.is_ready(tmp_path)


def test_the_catalogue_needs_only_the_standard_library():
    code = f"import sys; sys.path.insert(0, {str(paths.REPOSITORY)!r})\n"
    code += "import course_utils.datasets.catalogue; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    foreign = {name.partition(".")[0] for name in done.stdout.split()} - sys.stdlib_module_names
    assert foreign == {"course_utils", "__main__"}, done.stderr


@pytest.mark.real
@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_the_hashes_are_those_of_the_true_files(dataset):
    if not dataset.is_ready(paths.data_dir()):
        pytest.skip(f"no {dataset.name} under {paths.data_dir()}")
    found = {files.sha256(path) for path in dataset.paths(paths.data_dir())}
    assert {file.sha256 for file in dataset.files if file.sha256 and not file.gives} <= found

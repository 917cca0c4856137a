import dataclasses

import pytest

from course_utils import paths
from course_utils.datasets.catalogue import DATASETS, File


@pytest.fixture
def stand_in(monkeypatch, tmp_path):
    """A function that puts small files in the place of a real dataset's, and asks for real data. It returns their folder."""

    def put(name, files):
        monkeypatch.setenv("COURSE_DATA", "real")
        monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
        small = dataclasses.replace(DATASETS[name], files=(File("http://x.example/x", gives=dict.fromkeys(files)),))
        monkeypatch.setitem(DATASETS, name, small)
        for path, content in zip(small.paths(tmp_path), files.values(), strict=True):
            write(path, content)
        return tmp_path / small.folder

    return put


@pytest.fixture
def write_file(tmp_path):
    """A function that writes text or bytes to a file of this name. It returns the path."""
    return lambda name, content: write(tmp_path / name, content)


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def real(monkeypatch):
    """A function that asks for a real dataset of this name, and skips the test where it is not there."""

    def ask(name):
        monkeypatch.setenv("COURSE_DATA", "real")
        if not DATASETS[name].is_ready(paths.data_dir()):
            pytest.skip(f"no {name} under {paths.data_dir()}")
        return DATASETS[name].paths(paths.data_dir())

    return ask


@pytest.fixture
def sample(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "sample")

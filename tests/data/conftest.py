import importlib.util
import sys
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture(scope="module")
def make(request):
    """The script that a test module is about: data/make_books.py for test_make_books.py."""
    name = request.path.stem.removeprefix("test_")
    spec = importlib.util.spec_from_file_location(name, DATA / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path])  # the script adds to it
        patch.setitem(sys.modules, name, module)  # where its dataclasses look for their module
        spec.loader.exec_module(module)
        yield module


@pytest.fixture
def compare(make, tmp_path):
    """A function that calls the script's `write_sample` and compares each file with that in data/."""

    def write(*made):
        readme = (DATA / "README.md").read_text(encoding="utf-8")
        start, end = make.samples.marks_of(f"{make.__name__}.py")
        before, after = readme.split(start)[0], readme.split(end)[1]
        (tmp_path / "README.md").write_text(f"{before}{start}\nwrong\n{end}{after}", encoding="utf-8", newline="\n")
        make.write_sample(*made, tmp_path)
        written = sorted(path.name for path in tmp_path.iterdir())
        for name in written:
            assert (tmp_path / name).read_bytes() == (DATA / name).read_bytes(), name
        return written

    return write

from pathlib import Path

import pytest

from course_utils.datasets import where


@pytest.mark.parametrize(
    ("variable", "folder", "usual"),
    [
        ("COURSE_DATA_DIR", where.data_dir, where.REPOSITORY / "data" / "downloads"),
        ("COURSE_BUILD_DIR", where.build_dir, where.REPOSITORY / "build"),
    ],
)
def test_a_folder_is_that_of_its_variable(monkeypatch, tmp_path, variable, folder, usual):
    monkeypatch.chdir(tmp_path)
    begins = {"here": where.REPOSITORY / "here", "~/it": Path.home() / "it", str(tmp_path): tmp_path}
    for given, expected in {"": usual, " ": usual, **begins}.items():
        monkeypatch.setenv(variable, given)
        assert folder() == expected
    monkeypatch.delenv(variable)
    assert folder() == usual

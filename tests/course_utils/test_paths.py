from pathlib import Path

import pytest

from course_utils import paths


@pytest.mark.parametrize(
    ("variable", "folder", "usual"),
    [
        ("COURSE_DATA_DIR", paths.data_dir, paths.REPOSITORY / "data" / "downloads"),
        ("COURSE_BUILD_DIR", paths.build_dir, paths.REPOSITORY / "build"),
    ],
)
def test_a_folder_is_that_of_its_variable(monkeypatch, tmp_path, variable, folder, usual):
    monkeypatch.chdir(tmp_path)
    begins = {"here": paths.REPOSITORY / "here", "~/it": Path.home() / "it", str(tmp_path): tmp_path}
    for given, expected in {"": usual, " ": usual, **begins}.items():
        monkeypatch.setenv(variable, given)
        assert folder() == expected
    monkeypatch.delenv(variable)
    assert folder() == usual

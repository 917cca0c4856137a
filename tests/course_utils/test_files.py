import numpy as np
import pytest

from course_utils import files


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "new" / "some.npz"
    files.write_arrays(
        path, {"words": ["één", "two"], "n": 3}, {"a": np.arange(6).reshape(2, 3), "b": np.zeros((0, 2))}
    )
    names, arrays = files.read_arrays(path)
    assert names == {"words": ["één", "two"], "n": 3}
    assert (
        sorted(arrays) == ["a", "b"] and arrays["a"].tolist() == [[0, 1, 2], [3, 4, 5]] and arrays["b"].shape == (0, 2)
    )
    assert [file.name for file in path.parent.iterdir()] == ["some.npz"]


def test_a_failed_write_names_the_file_and_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "some.npz"
    files.write_arrays(path, {"n": 1}, {})

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="some.npz cannot be written: No space left on device"):
        files.write_arrays(path, {"n": 2}, {})
    assert files.read_arrays(path)[0] == {"n": 1} and [file.name for file in tmp_path.iterdir()] == ["some.npz"]


def test_where_no_folder_can_be_made(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OSError, match="some.npz cannot be written"):
        files.write_arrays(tmp_path / "file" / "some.npz", {}, {})


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-40]),
        lambda path: path.write_bytes(path.read_bytes().replace(b'{"n"', b'{"n:')),
        lambda path: np.savez(path, a=np.zeros(3)),
        lambda path: np.savez(path, names=np.array([{"n": 1}], dtype=object)),
        lambda path: np.save(path.open("wb"), np.zeros(3)),
    ],
    ids=["empty", "torn", "changed", "no names", "pickle", "one array"],
)
def test_a_file_that_is_none_is_named(tmp_path, damage):
    path = tmp_path / "some.npz"
    files.write_arrays(path, {"n": 1}, {"a": np.zeros(100)})
    damage(path)
    with pytest.raises(ValueError, match="some.npz cannot be read"):
        files.read_arrays(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        files.read_arrays(tmp_path / "none.npz")


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "page.txt"
    files.write(path, "één\r\n")
    assert path.read_bytes() == "één\r\n".encode()
    with pytest.raises(KeyError), files.atomic(path) as part:
        part.write_text("half")
        raise KeyError
    assert path.read_bytes() == "één\r\n".encode() and [file.name for file in path.parent.iterdir()] == ["page.txt"]


def test_a_folder_replaces_the_old_one_whole(tmp_path):
    path = tmp_path / "pages"
    for name in ("one", "two"):
        with files.atomic(path) as part:
            part.mkdir()
            (part / name).touch()
    with pytest.raises(KeyError), files.atomic(path) as part:
        part.mkdir()
        raise KeyError
    assert [file.name for file in tmp_path.rglob("*")] == ["pages", "two"]


def test_a_lock_has_one_holder(tmp_path):
    with files.locked(tmp_path / "lock") as first, files.locked(tmp_path / "lock") as second:
        assert first and not second
    with files.locked(tmp_path / "lock") as again:
        assert again

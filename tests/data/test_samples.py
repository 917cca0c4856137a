"""Writing the embedded samples."""

import bz2
import hashlib

import pytest

from data import samples

START, END = samples.marks_of("make_rhymes.py")


def test_files_are_compressed_and_the_numbers_go_between_the_marks(tmp_path):
    (tmp_path / "README.md").write_text(f"before\n{START}\nold\n{END}\nafter\n", encoding="utf-8", newline="\n")
    samples.write(tmp_path, "make_rhymes.py", {"a.bz2": ["één", "twee"], "b.bz2": []}, "| 2 |")
    content = (tmp_path / "a.bz2").read_bytes()
    assert bz2.decompress(content).decode("utf-8") == "één\ntwee\n"
    assert (tmp_path / "a.bz2.sha256").read_text() == f"{hashlib.sha256(content).hexdigest()}  a.bz2\n"
    assert bz2.decompress((tmp_path / "b.bz2").read_bytes()) == b""
    assert (tmp_path / "README.md").read_bytes() == f"before\n{START}\n| 2 |\n{END}\nafter\n".encode()
    assert len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize(
    "readme", ["", f"{START}\n", f"{END}\n{START}\n", f"{START}\n{samples.marks_of('other.py')[1]}\n"]
)
def test_without_both_marks_nothing_is_written(tmp_path, readme):
    (tmp_path / "README.md").write_text(readme, encoding="utf-8", newline="\n")
    with pytest.raises(ValueError, match=r"README.md .*make_rhymes.py: start"):
        samples.write(tmp_path, "make_rhymes.py", {"a.bz2": ["x"]}, "1")
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_bytes() == readme.encode()

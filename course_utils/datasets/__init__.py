"""Loaders of the course's datasets, one module per dataset. None of them uses the network: only `make data` does.

Every `load` reads the real dataset if it is under COURSE_DATA_DIR, else the built-in sample, and prints which. It raises
paths.DataNotReady if COURSE_DATA=real and real data is missing, and ValueError, with file and line, if a file is damaged.
`load_sample` always gives the sample. `data/README.md` describes the samples.
"""

import bz2
import csv
import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from course_utils import files, paths
from course_utils.datasets.catalogue import DATASETS


@dataclass(frozen=True, eq=False)
class Splits:
    """A dataset in three splits; `source` is "sample" or "real"."""

    source: str
    train: object
    validation: object
    test: object

    def __iter__(self):
        return iter((self.train, self.validation, self.test))

    @property
    def sizes(self) -> str:
        """The sizes of the splits, in words."""
        names = ("training", "validation", "test")
        return ", ".join(f"{len(split):,} {name}" for split, name in zip(self, names, strict=True))


class Table:
    """Base of dataclasses whose fields are columns, lists or arrays: `len(table)` is the length of the first."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))


def real_files(name: str, *names: str) -> list[Path]:
    """The files of a real dataset, all or only those of `names`; an empty list where the sample is to be used. Raises
    paths.DataNotReady if COURSE_DATA=real and they are missing."""
    dataset, folder, mode = DATASETS[name], paths.data_dir(), paths.mode()
    if mode == "sample" or (mode == "auto" and not dataset.is_ready(folder, *names)):
        return []
    if not dataset.is_ready(folder, *names):
        raise paths.DataNotReady(
            f"COURSE_DATA is real, but {name} is missing or incomplete in {folder}. Download it with:  {dataset.command}  "
            f"or set COURSE_DATA_DIR to a folder that has it, or unset COURSE_DATA to use the built-in sample."
        )
    return dataset.paths(folder, *names)


def sample(name: str, folder: Path | None = None) -> Path:
    """The file `name` of the built-in samples, verified by the sha256 in the file beside it. Raises ValueError if it is
    damaged, and FileNotFoundError if one of the two files is missing."""
    path = (folder or paths.SAMPLES) / name
    expected = path.with_name(f"{name}.sha256").read_text(encoding="ascii").split()[0]
    if files.sha256(path) != expected:
        advice = "Install the course again." if paths.INSTALLED else f"Restore both with: git checkout data/{name}*"
        raise ValueError(f"{path} is damaged: its SHA-256 is not the one in {name}.sha256. {advice}")
    return path


def announce(what: str, source: str, dataset: str, counts: str, data=None):
    """Print the line that says what was loaded; without real data also the command that gets it. Returns `data`."""
    names, real, hint = {"sample": "built-in sample", "real": f"real data, {dataset}"}, DATASETS[dataset], ""
    if source != "real" and not real.is_ready(paths.data_dir()):
        there = any(path.exists() for path in real.paths(paths.data_dir()))
        hint = f" (real data{', which is incomplete here' if there else ''}: {real.command})"
    print(f"{what}: {names.get(source, source)} – {counts}{hint}")
    return data


def damaged(fault: str, dataset: str = "") -> ValueError:
    """The error for a damaged file, with the advice to download the dataset again."""
    advice = f". Delete the file and download it again with:  {DATASETS[dataset].command}" if dataset else ""
    return ValueError(f"{fault}{advice}")


def lines(path: Path, dataset: str = "") -> Iterator[tuple[str, str]]:
    r"""Place ("FILE, line N") and text of each line of a file in UTF-8, which may be compressed (.bz2, .gz).

    Only "\n" ends a line, and stays in the text: tokens may have other line ends. Raises ValueError for what is not UTF-8.
    """
    with {".bz2": bz2.open, ".gz": gzip.open}.get(path.suffix, open)(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            place = f"{path}, line {number}"
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise damaged(f"{place}: the text is not in UTF-8 ({error})", dataset) from None
            yield place, text


def rows(
    path: Path, columns: Sequence[str] = (), tabs: bool = False, quotes: bool = False
) -> Iterator[tuple[str, list[str]]]:
    """Place, and fields of `columns` (all by default), of each row of a table with a header: .csv, or with tabs, and then
    without quotation marks unless `quotes`.

    Raises ValueError for a missing column, a row with more or fewer fields than the header, an open quotation, or not in UTF-8.
    """
    dialect = {"delimiter": "\t", "quoting": csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE} if tabs else {}
    reader = csv.reader((text for _, text in lines(path)), strict=True, **dialect)
    try:
        header = next(reader, [])
        if missing := [column for column in columns if column not in header]:
            raise ValueError(f"{path} has no column {', '.join(missing)}; its columns are {', '.join(header)[:300]}")
        numbers = [header.index(column) for column in columns or header]
        for row in filter(None, reader):
            place = f"{path}, line {reader.line_num}"
            if len(row) != len(header):
                raise ValueError(f"{place} has {len(row)} fields, but the header has {len(header)}")
            yield place, [row[number] for number in numbers]
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num} cannot be read as CSV: {error}") from None

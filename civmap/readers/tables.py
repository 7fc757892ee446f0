"""What an opened file is before any meaning is given to it: a header, and records of text with their numbers."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from civmap.errors import ReadError

GEOMETRY = "geometry"  # name under which rows set aside show a geometry that is no point


MAX_ROWS = 10_000_000  # a file can be small and hold a thousand million of them


@dataclass(frozen=True)
class Records:
    """Columns of text with their record numbers, and the records that are broken as a whole.

    `not_points` says for each whole record of a geographic file what its geometry is where that is no point, else
    null.
    """

    columns: pa.Table
    source_row: np.ndarray
    broken: pd.DataFrame  # source_row, value, expected
    not_points: pa.Array | None = None


@dataclass(frozen=True)
class TextTable:
    """A file's header and content before any meaning is given to it.

    `buffer` holds UTF-8 text for delimited files, whose records begin at `body_at`; `records` holds what a
    spreadsheet or a geographic file contained; both are None for Parquet. `loose_quotes` says that a quotation mark
    stands elsewhere than at the edge of a field, `doubtful` that characters were replaced because they could not be
    decoded. `mapped` is the file in memory where `buffer` is a view of it. `notes` say what was decided on opening,
    such as which sheet was read; `sheets` are the sheets of a workbook or layers of a GeoPackage, the one read first.
    """

    path: Path
    sha256: str
    size_bytes: int
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    buffer: pa.Buffer | None
    loose_quotes: bool = False
    doubtful: bool = False
    mapped: mmap.mmap | None = None
    body_at: int = 0
    records: Records | None = None
    notes: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()


def too_many(path: Path, rows: int) -> ReadError:
    """Make the error of a file with more records than there is memory for."""
    return ReadError(
        f"{path.name}: {rows:,} records.",
        expected=f"at most {MAX_ROWS:,} in one file",
        next_step="Check where the file comes from; split it if it is genuine.",
    )


def broken_frame(rows: Sequence[tuple[int, str, str]] = ()) -> pd.DataFrame:
    """Make the frame of broken records from number, text and what was expected."""
    frame = pd.DataFrame(list(rows), columns=["source_row", "value", "expected"])
    return frame.astype({"source_row": "int64", "value": "str", "expected": "str"})


def whole_records(
    columns: pa.Table, broken: Sequence[tuple[int, str, str]] = (), *, not_points: pa.Array | None = None
) -> Records:
    """Give whole records the numbers that the broken ones leave free; the first below the header is 1."""
    frame = broken_frame(broken)
    numbers = np.arange(1, columns.num_rows + len(frame) + 1)
    rows = np.setdiff1d(numbers, frame["source_row"].to_numpy(dtype="int64"), assume_unique=True)
    return Records(columns, rows, frame, not_points)

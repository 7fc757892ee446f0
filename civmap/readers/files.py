"""Files into text tables: what the file is, its hash, its header, and every record, whole or broken.

A record is counted once, whether it can be read or not; record 1 is the first below the header.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import mmap
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from civmap.errors import ReadError

MAX_BYTES = 2_000_000_000  # unpacked; a whole UCDP file is 261 MB, so more than this is a mistake or a bomb
_CHUNK = 1 << 24
_DELIMITERS = ",;\t|"
_NOT_TABLES = {
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"SQLite format 3": "a database or GeoPackage",
}


@dataclass(frozen=True)
class TextTable:
    """A file's header and content before any meaning is given to it.

    `buffer` holds UTF-8 text for delimited files and is None for Parquet; `loose_quotes` says that a quotation mark
    stands elsewhere than at the edge of a field, `doubtful` that characters were replaced because they could not be
    decoded. `mapped` is the file in memory where `buffer` is a view of it.
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


@dataclass(frozen=True)
class Records:
    """Columns of text with their record numbers, and the records that are broken as a whole."""

    columns: pa.Table
    source_row: np.ndarray
    broken: pd.DataFrame  # source_row, value, expected


def open_table(path: str | Path) -> TextTable:
    """Open a delimited text file (also gzipped) or a Parquet file and read its header.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    TextTable
        Header and undecoded content with the file's SHA-256.

    Raises
    ------
    ReadError
        When the file is absent, empty, or no table at all.
    """
    path = Path(path)
    if not path.is_file():
        raise ReadError(f"{path.name}: there is no such file.", next_step="Check the path.")
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else None
    except OSError as error:
        raise ReadError(
            f"{path.name}: the file cannot be opened.", found=str(error), next_step="Check who may read it."
        ) from error
    raw = pa.py_buffer(b"" if mapped is None else mapped)
    sha256 = _sha256(raw)
    head = raw.slice(0, min(raw.size, 4096)).to_pybytes()
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise ReadError(f"{path.name}: the file is empty.", next_step="Export it again from its source.")
    if head.startswith(b"PAR1"):
        try:
            header = tuple(pq.read_schema(path).names)
        except (pa.ArrowException, OSError) as error:
            raise _bad_parquet(path, error) from error
        return TextTable(path, sha256, raw.size, "parquet", "", header, None)
    if head.startswith(b"\x1f\x8b"):
        raw = _unpack(path)
        head = raw.slice(0, min(raw.size, 4096)).to_pybytes()
    for magic, what in _NOT_TABLES.items():
        if head.startswith(magic):
            raise ReadError(
                f"{path.name}: this is {what}, not a table of records.",
                expected="a CSV file (also gzipped) or Parquet",
                next_step="Unpack or export it as CSV and load that file.",
            )
    buffer, encoding, doubtful = _as_utf8(raw, head, path)
    delimiter, header = _header(buffer)
    loose = _loose_quotes(buffer, delimiter)
    return TextTable(path, sha256, raw.size, encoding, delimiter, header, buffer, loose, doubtful, mapped)


def read_records(table: TextTable, columns: Iterable[str]) -> Records:
    """Read the named columns of a delimited file as text, with every record accounted for.

    Parameters
    ----------
    table
        An opened file.
    columns
        Names to read; those that the file lacks are left out.

    Returns
    -------
    Records
        Whole records as text (an empty field is null) and broken ones apart.
    """
    wanted = [name for name in dict.fromkeys(columns) if name in table.header]
    twice = [name for name in wanted if f"{name}__2" in table.header]
    if twice:
        raise ReadError(
            f"{table.path.name}: the column '{twice[0]}' appears more than once.",
            expected="each column once",
            next_step="Remove or rename the one that does not count.",
        )
    if table.buffer is None:
        try:
            whole = pq.read_table(table.path, columns=wanted)
            text = pa.table({name: _to_text(whole[name]) for name in wanted})
        except (pa.ArrowException, OSError) as error:
            raise _bad_parquet(table.path, error) from error
        return Records(text, np.arange(1, whole.num_rows + 1), _broken([]))
    body = table.buffer.slice(_header_bytes(table.buffer))
    lost: list[tuple[int, str, str]] = []
    if table.loose_quotes:
        body, lost = _drop_unclosed(body, table.delimiter)
    read = _parse(body, table, wanted, threads=True)
    if read is None:
        read = _parse(body, table, wanted, threads=False)
        assert read is not None
    if table.mapped is not None and hasattr(table.mapped, "madvise"):
        table.mapped.madvise(mmap.MADV_DONTNEED)  # the text has been read; its memory is free for what follows
    columns_read, invalid = read
    broken = _merge(lost, invalid)
    count = columns_read.num_rows + len(broken)
    rows = np.setdiff1d(np.arange(1, count + 1), broken["source_row"].to_numpy(dtype="int64"), assume_unique=True)
    return Records(columns_read, rows, broken)


def _sha256(buffer: pa.Buffer) -> str:
    digest, view = hashlib.sha256(), memoryview(buffer)
    for start in range(0, len(view), _CHUNK):
        digest.update(view[start : start + _CHUNK])
    return digest.hexdigest()


def _loose_quotes(buffer: pa.Buffer, delimiter: str) -> bool:
    """Say whether any quotation mark opens or closes elsewhere than at the edge of a field, or is never closed."""
    text = np.frombuffer(buffer, dtype="uint8")
    edge = np.zeros(256, dtype=bool)
    edge[list(b'"\r\n' + delimiter.encode())] = True
    seen = 0
    for start in range(0, len(text), _CHUNK):
        at = np.flatnonzero(text[start : start + _CHUNK] == ord('"')) + start
        opening, closing = at[seen % 2 :: 2], at[1 - seen % 2 :: 2]
        seen += len(at)
        opening, closing = opening[opening > 0], closing[closing < len(text) - 1]
        if not (edge[text[opening - 1]].all() and edge[text[closing + 1]].all()):
            return True
    return seen % 2 == 1


def _bad_parquet(path: Path, error: Exception) -> ReadError:
    return ReadError(
        f"{path.name}: the Parquet file is damaged or holds a column that is no text, number or date.",
        found=str(error)[:200],
        next_step="Write it again, or export it as CSV.",
    )


def _unpack(path: Path) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    size = 0
    try:
        with gzip.open(path) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > MAX_BYTES:
                    raise ReadError(
                        f"{path.name}: unpacks to more than {MAX_BYTES / 1e9:.0f} GB.",
                        next_step="Check where the file comes from; split it if it is genuine.",
                    )
                sink.write(chunk)
    except (EOFError, OSError, zlib.error) as error:
        raise ReadError(
            f"{path.name}: the gzip archive is damaged or cut short.", found=str(error), next_step="Fetch it again."
        ) from error
    return sink.getvalue()


def _as_utf8(raw: pa.Buffer, head: bytes, path: Path) -> tuple[pa.Buffer, str, bool]:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = bytes(memoryview(raw)).decode("utf-16", errors="replace")
        return pa.py_buffer(text.encode()), "utf-16", "\ufffd" in text
    if b"\x00" in head:
        raise ReadError(
            f"{path.name}: this is a binary file, not a table of records.",
            expected="a CSV file (also gzipped) or Parquet",
            next_step="Export it as CSV (UTF-8).",
        )
    if head.startswith(b"\xef\xbb\xbf"):
        raw = raw.slice(3)
    try:
        offsets = pa.py_buffer(np.array([0, raw.size], dtype="int64"))
        pa.Array.from_buffers(pa.large_string(), 1, [None, offsets, raw]).validate(full=True)  # checks UTF-8, no copy
        return raw, "utf-8", False
    except pa.ArrowInvalid:
        content = bytes(memoryview(raw))
    text = content.decode("utf-8", errors="replace")
    beyond_ascii = sum(1 for character in text if character > "\x7f")
    if text.count("\ufffd") < beyond_ascii / 2:  # mostly UTF-8: a few damaged bytes
        return pa.py_buffer(text.encode()), "utf-8", True
    return pa.py_buffer(content.decode("cp1252", errors="replace").encode()), "windows-1252", True


def _header_bytes(buffer: pa.Buffer) -> int:
    """Length of the first record, which may hold quoted line breaks."""
    head = buffer.slice(0, min(buffer.size, 1 << 22)).to_pybytes()
    position, quotes = 0, 0
    while (end := head.find(b"\n", position)) >= 0:
        quotes += head.count(b'"', position, end)
        if quotes % 2 == 0:
            return end + 1
        position = end + 1
    old_mac = head.find(b"\r")
    return old_mac + 1 if old_mac >= 0 else len(head)


def _header(buffer: pa.Buffer) -> tuple[str, tuple[str, ...]]:
    line = buffer.slice(0, _header_bytes(buffer)).to_pybytes().decode(errors="replace").rstrip("\r\n")
    split = {mark: _split(line, mark) for mark in _DELIMITERS}
    delimiter = max(split, key=lambda mark: len(split[mark]))
    seen: dict[str, int] = {}
    unique = []
    for name in (name.strip() for name in split[delimiter]):
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}__{seen[name]}")
    return delimiter, tuple(unique)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error:  # a single field of more than 128 kB is no name of a column
        return []


def _parse(
    body: pa.Buffer, table: TextTable, wanted: Sequence[str], *, threads: bool
) -> tuple[pa.Table, list[tuple[int, str, str]]] | None:
    """Parse the body; with threads, give up (None) at the first broken record, since its number is then unknown."""
    invalid: list[tuple[int, str, str]] = []

    def on_invalid(row: pa_csv.InvalidRow) -> str:
        if threads:
            return "error"
        invalid.append((row.number, row.text or "", f"{row.expected_columns} fields, found {row.actual_columns}"))
        return "skip"

    if not bytes(memoryview(body.slice(0, min(body.size, 4096)))).strip() and not bytes(memoryview(body)).strip():
        return pa.table({name: pa.array([], pa.string()) for name in wanted}), []
    try:
        columns = pa_csv.read_csv(
            pa.BufferReader(body),
            read_options=pa_csv.ReadOptions(use_threads=threads, column_names=table.header, block_size=1 << 22),
            parse_options=pa_csv.ParseOptions(
                delimiter=table.delimiter, newlines_in_values=True, invalid_row_handler=on_invalid
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in wanted},
                include_columns=list(wanted),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:
        if threads:
            return None
        raise ReadError(
            f"{table.path.name}: the table cannot be parsed.",
            found=str(error)[:200],
            next_step="Export it again as CSV.",
        ) from error
    return columns, invalid


def _drop_unclosed(body: pa.Buffer, delimiter: str) -> tuple[pa.Buffer, list[tuple[int, str, str]]]:
    """Take out lines whose quote is not closed in place, so that they do not swallow the records below them."""
    stream = io.TextIOWrapper(io.BytesIO(memoryview(body)), encoding="utf-8", errors="replace", newline="")
    lost: list[tuple[int, str, str]] = []
    kept = pa.BufferOutputStream()
    again: deque[str] = deque()  # lines to read once more because the line above them was taken out
    pending: list[str] = []  # lines of the record being read

    def lines() -> Iterator[str]:
        while line := again.popleft() if again else stream.readline():
            pending.append(line)
            yield line

    record, finished = 0, False
    while not finished:
        try:
            for fields in csv.reader(lines(), delimiter=delimiter, strict=True):
                record += bool(fields)
                kept.write("".join(pending).encode())
                pending.clear()
            finished = True
        except csv.Error:
            record += 1
            lost.append((record, pending[0].rstrip("\r\n"), "every quotation mark closed"))
            again.extendleft(reversed(pending[1:]))
            pending.clear()
    return kept.getvalue(), lost


def _merge(lost: list[tuple[int, str, str]], invalid: list[tuple[int, str, str]]) -> pd.DataFrame:
    """Give the broken records their numbers of both kinds, in the file's own order."""
    # an invalid record was numbered without the lost ones: shift it past those that came before
    gaps = np.array([number for number, _, _ in lost], dtype="int64") - np.arange(len(lost))
    shifts = np.searchsorted(gaps, [number for number, _, _ in invalid], side="right")
    moved = zip(invalid, shifts, strict=True)
    shifted = [(number + int(shift), text, expected) for (number, text, expected), shift in moved]
    return _broken(sorted([*lost, *shifted]))


def _broken(rows: list[tuple[int, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["source_row", "value", "expected"])
    return frame.astype({"source_row": "int64", "value": "str", "expected": "str"})


def _to_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        joined = [None if item is None else "; ".join(map(str, item)) for item in column.to_pylist()]
        return pa.chunked_array([pa.array(joined, pa.string())])
    return column.cast(pa.string())

"""Files into text tables: what the file is, its hash, its header, and every record, whole or broken.

A record is counted once, whether it can be read or not; record 1 is the first below the header.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Iterable, Sequence
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

    `buffer` holds UTF-8 text for delimited files and is None for Parquet; `doubtful` says that characters were
    replaced because they could not be decoded.
    """

    path: Path
    sha256: str
    size_bytes: int
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    buffer: pa.Buffer | None
    odd_quotes: bool = False
    doubtful: bool = False


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
    raw = pa.memory_map(str(path)).read_buffer() if path.stat().st_size else pa.py_buffer(b"")
    sha256, _ = _hash_and_quotes(raw)
    head = raw.slice(0, min(raw.size, 4096)).to_pybytes()
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise ReadError(f"{path.name}: the file is empty.", next_step="Export it again from its source.")
    if head.startswith(b"PAR1"):
        header = tuple(pq.read_schema(path).names)
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
    _, quotes = _hash_and_quotes(buffer)
    delimiter, header = _header(buffer)
    return TextTable(path, sha256, raw.size, encoding, delimiter, header, buffer, quotes % 2 == 1, doubtful)


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
    if table.buffer is None:
        whole = pq.read_table(table.path, columns=wanted)
        text = pa.table({name: _to_text(whole[name]) for name in wanted})
        return Records(text, np.arange(1, whole.num_rows + 1), _broken([]))
    body = table.buffer.slice(_header_bytes(table.buffer))
    lost: list[tuple[int, str, str]] = []
    if table.odd_quotes:
        body, lost = _drop_unclosed(body, table.delimiter)
    read = _parse(body, table, wanted, threads=True)
    if read is None:
        read = _parse(body, table, wanted, threads=False)
        assert read is not None
    columns_read, invalid = read
    broken = _merge(lost, invalid)
    count = columns_read.num_rows + len(broken)
    rows = np.setdiff1d(np.arange(1, count + 1), broken["source_row"].to_numpy(dtype="int64"), assume_unique=True)
    return Records(columns_read, rows, broken)


def _hash_and_quotes(buffer: pa.Buffer) -> tuple[str, int]:
    digest, quotes, view = hashlib.sha256(), 0, memoryview(buffer)
    for start in range(0, len(view), _CHUNK):
        chunk = bytes(view[start : start + _CHUNK])
        digest.update(chunk)
        quotes += chunk.count(b'"')
    return digest.hexdigest(), quotes


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
    except (EOFError, OSError) as error:
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
    position, end = 0, -1
    while (end := head.find(b"\n", position)) >= 0:
        if head[: end + 1].count(b'"') % 2 == 0:
            return end + 1
        position = end + 1
    old_mac = head.find(b"\r")
    return old_mac + 1 if old_mac >= 0 else len(head)


def _header(buffer: pa.Buffer) -> tuple[str, tuple[str, ...]]:
    line = buffer.slice(0, _header_bytes(buffer)).to_pybytes().decode(errors="replace").rstrip("\r\n")
    counted = {mark: len(next(csv.reader([line], delimiter=mark), [])) for mark in _DELIMITERS}
    delimiter = max(counted, key=lambda mark: counted[mark])
    names = next(csv.reader(io.StringIO(line), delimiter=delimiter), [])
    seen: dict[str, int] = {}
    unique = []
    for name in (name.strip() for name in names):
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}__{seen[name]}")
    return delimiter, tuple(unique)


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

    if not bytes(memoryview(body.slice(0, min(body.size, 4096)))).strip():
        return pa.table({name: pa.array([], pa.string()) for name in wanted}), []
    try:
        columns = pa_csv.read_csv(
            pa.BufferReader(body),
            read_options=pa_csv.ReadOptions(use_threads=threads, column_names=table.header, block_size=1 << 23),
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
    """Take out lines whose quote is never closed, so that they do not swallow the records below them."""
    lines = bytes(memoryview(body)).decode(errors="replace").splitlines(keepends=True)
    lost: list[tuple[int, str, str]] = []
    kept: list[str] = []
    start, record = 0, 0
    while start < len(lines):
        reader = csv.reader(iter(lines[start:]), delimiter=delimiter, strict=True)
        begin = 0
        try:
            for fields in reader:
                record += bool(fields)
                begin = reader.line_num
        except csv.Error:
            record += 1
            kept.extend(lines[start : start + begin])
            lost.append((record, lines[start + begin].rstrip("\r\n"), "every quotation mark closed"))
            start += begin + 1
            continue
        kept.extend(lines[start:])
        break
    return pa.py_buffer("".join(kept).encode()), lost


def _merge(lost: list[tuple[int, str, str]], invalid: list[tuple[int, str, str]]) -> pd.DataFrame:
    """Give the broken records their numbers of both kinds, in the file's own order."""
    if not lost:
        return _broken(invalid)
    taken = np.array([number for number, _, _ in lost])
    # an invalid record was numbered without the lost ones: shift it past those that came before
    shifted = []
    for number, text, expected in invalid:
        position = number
        for lost_number in taken:
            position += lost_number <= position
        shifted.append((position, text, expected))
    return _broken(sorted([*lost, *shifted]))


def _broken(rows: list[tuple[int, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["source_row", "value", "expected"])
    return frame.astype({"source_row": "int64", "value": "str", "expected": "str"})


def _to_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_list(column.type):
        return pa.chunked_array(
            [pa.array([None if item is None else "; ".join(item) for item in column.to_pylist()], pa.string())]
        )
    if pa.types.is_binary(column.type):
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    return column.cast(pa.string())

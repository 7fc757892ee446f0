"""Delimited text: encoding, delimiter and header, and every record, whole or broken.

A record is counted once, whether it can be read or not; record 1 is the first below the header.
"""

from __future__ import annotations

import csv
import io
import mmap
import statistics
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from civmap.errors import ReadError
from civmap.readers.header import SAMPLE, find_header, is_title, left_out, unique_names
from civmap.readers.tables import MAX_ROWS, Records, TextTable, broken_frame, too_many

_CHUNK = 1 << 20  # bytes looked through at once; they stay in the processor's own memory
_HEAD = 1 << 22  # bytes in which the header is looked for
_DELIMITERS = ",;\t|"


def open_delimited(path: Path, raw: pa.Buffer, *, sha256: str, mapped: mmap.mmap | None = None) -> TextTable:
    """Find encoding, delimiter and header of delimited text.

    Parameters
    ----------
    path
        The file, for its name.
    raw
        Its unpacked content.
    sha256
        Hash of the file as it is on disk.
    mapped
        The file in memory where `raw` is a view of it.

    Returns
    -------
    TextTable
        Header and undecoded content.

    Raises
    ------
    ReadError
        When the content is binary.
    """
    size = raw.size
    buffer, encoding, doubtful = _as_utf8(raw, path)
    delimiter, header, body_at, notes = _header(buffer)
    loose, lines = _scan(buffer.slice(body_at), delimiter)
    if lines > MAX_ROWS:
        raise too_many(path, lines)
    return TextTable(
        path, sha256, size, encoding, delimiter, header, buffer, loose, doubtful, mapped, body_at, notes=tuple(notes)
    )


def read_delimited(table: TextTable, wanted: Sequence[str]) -> Records:
    """Read the named columns as text, with every record accounted for; an empty field is null."""
    assert table.buffer is not None
    body = table.buffer.slice(table.body_at)
    lost: list[tuple[int, str, str]] = []
    if table.loose_quotes:
        body, lost = _drop_unclosed(body, table.delimiter)
    read = _parse(body, table, wanted, threads=True)
    if read is None:
        read = _parse(body, table, wanted, threads=False)
        assert read is not None
    if table.mapped is not None and hasattr(table.mapped, "madvise"):
        table.mapped.madvise(mmap.MADV_DONTNEED)  # the text has been read; its memory is free for what follows
    columns, invalid = read
    broken = broken_frame(_merge(lost, invalid))
    count = columns.num_rows + len(broken)
    rows = np.setdiff1d(np.arange(1, count + 1), broken["source_row"].to_numpy(dtype="int64"), assume_unique=True)
    return Records(columns, rows, broken)


def _scan(buffer: pa.Buffer, delimiter: str) -> tuple[bool, int]:
    """Say whether a quotation mark opens or closes elsewhere than at the edge of a field or not at all; count lines."""
    text = np.frombuffer(buffer, dtype="uint8")
    edge = np.zeros(256, dtype=bool)
    edge[list(b'"\r\n' + delimiter.encode())] = True
    seen, loose, lines, old_lines = 0, False, 0, 0
    for start in range(0, len(text), _CHUNK):
        chunk = text[start : start + _CHUNK]
        lines += int(np.count_nonzero(chunk == ord("\n")))
        old_lines += int(np.count_nonzero(chunk == ord("\r"))) if not lines else 0
        at = np.flatnonzero(chunk == ord('"')) + start
        opening, closing = at[seen % 2 :: 2], at[1 - seen % 2 :: 2]
        seen += len(at)
        opening, closing = opening[opening > 0], closing[closing < len(text) - 1]
        loose = loose or not (edge[text[opening - 1]].all() and edge[text[closing + 1]].all())
    return loose or seen % 2 == 1, max(lines, old_lines)


def _as_utf8(raw: pa.Buffer, path: Path) -> tuple[pa.Buffer, str, bool]:
    head = raw.slice(0, min(raw.size, 4096)).to_pybytes()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = bytes(memoryview(raw)).decode("utf-16", errors="replace")
        return pa.py_buffer(text.encode()), "utf-16", "\ufffd" in text
    if b"\x00" in head:
        raise ReadError(
            f"{path.name}: this is a binary file, not a table of records.",
            expected="CSV, XLSX, GeoJSON, GeoPackage, a zipped Shapefile, or Parquet",
            next_step="Export it as one of these.",
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


def _header(buffer: pa.Buffer) -> tuple[str, tuple[str, ...], int, list[str]]:
    """Give delimiter, names, where the first record begins, and what was left out above."""
    head = buffer.slice(0, min(buffer.size, _HEAD)).to_pybytes()
    ends = list(_ends(head, 6))
    fields = {mark: _split(head[: ends[0]], mark) for mark in _DELIMITERS}
    delimiter = max(fields, key=lambda mark: len(fields[mark]))
    below = _split(head[ends[0] : ends[-1]].lstrip(b"\r\n"), delimiter)
    if not is_title(fields[delimiter]) and len(below) in (0, len(fields[delimiter])):
        return delimiter, unique_names(fields[delimiter]), ends[0], []
    ends = list(_ends(head, SAMPLE))
    lines = [head[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    rows = {mark: [_split(line, mark) for line in lines] for mark in _DELIMITERS}
    # most records of a table have the same number of fields; a title above it need not
    typical = {mark: statistics.median([len(row) for row in found if any(row)] or [0]) for mark, found in rows.items()}
    delimiter = max(typical, key=lambda mark: typical[mark])
    found = find_header(rows[delimiter])
    return delimiter, found.names, ends[found.end - 1], left_out(rows[delimiter][: found.first])


def _ends(head: bytes, records: int) -> Iterator[int]:
    """Yield where each of the first records ends; they may hold quoted line breaks."""
    line_end = b"\n" if b"\n" in head else b"\r"
    position, quotes, seen = 0, 0, 0
    while seen < records and (end := head.find(line_end, position)) >= 0:
        quotes += head.count(b'"', position, end)
        position = end + 1
        if quotes % 2 == 0:
            seen += 1
            yield position
    if seen < records and (position < len(head) or not seen):
        yield len(head)


def _split(line: bytes, delimiter: str) -> list[str]:
    text = line.decode(errors="replace").rstrip("\r\n")
    try:
        return [field.strip() for field in next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])]
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
    stream = io.TextIOWrapper(pa.BufferReader(body), encoding="utf-8", errors="replace", newline="")
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


def _merge(lost: list[tuple[int, str, str]], invalid: list[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """Give the broken records their numbers of both kinds, in the file's own order."""
    # an invalid record was numbered without the lost ones: shift it past those that came before
    gaps = np.array([number for number, _, _ in lost], dtype="int64") - np.arange(len(lost))
    shifts = np.searchsorted(gaps, [number for number, _, _ in invalid], side="right")
    moved = zip(invalid, shifts, strict=True)
    shifted = [(number + int(shift), text, expected) for (number, text, expected), shift in moved]
    return sorted([*lost, *shifted])

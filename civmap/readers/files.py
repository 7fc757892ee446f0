"""Files into text tables: what the file is, its hash, its header, and every record, whole or broken.

A record is counted once, whether it can be read or not; record 1 is the first below the header. Delimited text and
Parquet are read column by column when asked; spreadsheets and geographic files are read whole on opening.
"""

from __future__ import annotations

import gzip
import hashlib
import mmap
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from civmap.errors import ReadError
from civmap.readers import archives, geographic, geojson, spreadsheets
from civmap.readers.delimited import open_delimited, read_delimited
from civmap.readers.tables import MAX_ROWS, Records, TextTable, broken_frame, too_many

__all__ = ["MAX_BYTES", "Records", "TextTable", "open_table", "read_records"]

MAX_BYTES = 2_000_000_000  # unpacked; a whole UCDP file is 261 MB, so more than this is a mistake or a bomb
_CHUNK = 1 << 24
_SHAPEFILE = b"\x00\x00\x27\x0a"
_FORMATS = "CSV, XLSX, GeoJSON (these also gzipped), GeoPackage, a zipped Shapefile, or Parquet"
_NOT_TABLES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"%PDF": "a PDF document",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls) or one locked with a password",
    b"{\\rtf": "a text document (RTF)",
}


def open_table(path: str | Path, *, sheet: str = "") -> TextTable:
    """Open a file of records and read its header.

    Parameters
    ----------
    path
        Delimited text, XLSX or GeoJSON (these also gzipped), GeoPackage, Shapefile, Parquet or GeoParquet, or a zip
        archive that holds one of them.
    sheet
        Which sheet of a workbook or layer of a GeoPackage; the one with most records if not given.

    Returns
    -------
    TextTable
        Header and content as text with the file's SHA-256. Points of geographic files become the columns
        ``longitude`` and ``latitude`` in EPSG:4326.

    Raises
    ------
    ReadError
        When the file is absent, empty, damaged, or no table at all.
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
    raw = on_disk = pa.py_buffer(b"" if mapped is None else mapped)
    head = _start(raw)
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise ReadError(f"{path.name}: the file is empty.", next_step="Export it again from its source.")
    if head.startswith(b"\x1f\x8b"):
        raw, mapped = _unpack(path)
        head = _start(raw)
    for magic, what in _NOT_TABLES.items():
        if head.startswith(magic):
            raise ReadError(
                f"{path.name}: this is {what}, not a table of records.",
                expected=_FORMATS,
                next_step="Save or export it as one of these and load that file.",
            )
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):  # the second is an empty archive
        return _open_zip(path, raw, _sha256(on_disk), sheet)
    if geojson.is_json(head):
        return geojson.open_geojson(path, raw, sha256=_sha256(on_disk))
    if head.startswith(b"PAR1"):
        return _open_parquet(path, raw, _sha256(on_disk))
    if head.startswith(b"SQLite format 3\x00"):
        return geographic.open_layers(path, sha256=_sha256(on_disk), layer=sheet)
    if head.startswith(_SHAPEFILE):
        return geographic.open_layers(path, sha256=_sha256(on_disk))
    with ThreadPoolExecutor(1) as beside:  # either goes through the whole file, and neither holds the other up
        hashed = beside.submit(_sha256, on_disk)
        table = open_delimited(path, raw, sha256="", mapped=mapped)
    return replace(table, sha256=hashed.result())


def read_records(table: TextTable, columns: Iterable[str]) -> Records:
    """Read the named columns of a table as text, with every record accounted for.

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
    there = set(table.header)
    wanted = [name for name in dict.fromkeys(columns) if name in there]
    twice = [name for name in wanted if f"{name}__2" in there]
    if twice:
        raise ReadError(
            f"{table.path.name}: the column '{twice[0]}' appears more than once.",
            expected="each column once",
            next_step="Remove or rename the one that does not count.",
        )
    if table.records is not None:
        return replace(table.records, columns=table.records.columns.select(wanted))
    if table.buffer is None:
        try:
            whole = pq.read_table(table.path, columns=wanted)
            text = pa.table({name: _to_text(whole[name]) for name in wanted})
        except (pa.ArrowException, OSError) as error:
            raise _bad_parquet(table.path, error) from error
        return Records(text, np.arange(1, whole.num_rows + 1), broken_frame())
    return read_delimited(table, wanted)


def _start(raw: pa.Buffer) -> bytes:
    return raw.slice(0, min(raw.size, 4096)).to_pybytes()


def _sha256(buffer: pa.Buffer) -> str:
    digest, view = hashlib.sha256(), memoryview(buffer)
    for start in range(0, len(view), _CHUNK):
        digest.update(view[start : start + _CHUNK])
    return digest.hexdigest()


def _open_parquet(path: Path, raw: pa.Buffer, sha256: str) -> TextTable:
    try:
        described, rows = pq.read_schema(path), pq.read_metadata(path).num_rows
    except (pa.ArrowException, OSError) as error:
        raise _bad_parquet(path, error) from error
    if rows > MAX_ROWS:
        raise too_many(path, rows)
    if b"geo" in (described.metadata or {}):
        return geographic.open_geoparquet(path, sha256=sha256)
    return TextTable(path, sha256, raw.size, "parquet", "", tuple(described.names), None)


def _open_zip(path: Path, raw: pa.Buffer, sha256: str, sheet: str) -> TextTable:
    """Open a workbook, or the one table that an archive holds; it is unpacked to a folder that is then removed."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:  # Windows keeps what is still open
        try:
            with zipfile.ZipFile(pa.BufferReader(raw)) as archive:
                if spreadsheets.is_workbook(archive):
                    return spreadsheets.open_workbook(path, raw, archive, sha256=sha256, sheet=sheet)
                inner = archives.unpacked(archive, Path(folder), name=path.name, most_bytes=MAX_BYTES)
        except archives.DAMAGED as error:
            raise ReadError(
                f"{path.name}: the zip archive or workbook is damaged, cut short or locked.",
                found=str(error)[:200],
                next_step="Fetch or save it again, without a password.",
            ) from error
        try:
            table = open_table(inner, sheet=sheet)
        except ReadError as error:
            raise ReadError(
                f"{path.name}: {error.message}", found=error.found, expected=error.expected, next_step=error.next_step
            ) from error
        if table.records is None and table.buffer is None:  # Parquet is read piece by piece, and its folder goes away
            table = replace(table, records=read_records(table, table.header))
    return replace(
        table, path=path, sha256=sha256, size_bytes=raw.size, notes=(f"read from {inner.name}", *table.notes)
    )


def _unpack(path: Path) -> tuple[pa.Buffer, mmap.mmap | None]:
    """Unpack to a file without a name, so that it takes no memory that others need."""
    size = 0
    try:
        with tempfile.TemporaryFile() as out, gzip.open(path) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                if size > MAX_BYTES:
                    raise archives.too_large(path.name, MAX_BYTES)
                out.write(chunk)
            out.flush()
            mapped = mmap.mmap(out.fileno(), 0, access=mmap.ACCESS_READ) if size else None
    except (EOFError, OSError, zlib.error) as error:
        raise ReadError(
            f"{path.name}: the gzip archive is damaged or cut short.", found=str(error), next_step="Fetch it again."
        ) from error
    return pa.py_buffer(b"" if mapped is None else mapped), mapped


def _bad_parquet(path: Path, error: Exception) -> ReadError:
    return ReadError(
        f"{path.name}: the Parquet file is damaged or holds a column that is no text, number or date.",
        found=str(error)[:200],
        next_step="Write it again, or export it as CSV.",
    )


def _to_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        joined = [None if item is None else "; ".join(map(str, item)) for item in column.to_pylist()]
        return pa.chunked_array([pa.array(joined, pa.string())])
    return column.cast(pa.string())

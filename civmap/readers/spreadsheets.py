"""Excel workbooks (XLSX) as text tables: the sheet with most records, its header found, dates written out.

A workbook is checked before it is parsed: a small file can unpack to many gigabytes, or name a single cell so far out
that the parser would make room for a thousand million empty ones.
"""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from civmap.errors import ReadError
from civmap.readers.header import SAMPLE, Header, find_header, left_out
from civmap.readers.tables import TextTable, whole_records

MAX_BYTES = 500_000_000  # unpacked
MAX_CELLS = 20_000_000  # rows times columns of one sheet, empty ones included; 32 bytes each while it is parsed
MAX_STRINGS = 10_000_000
_ROWS = 1_048_576
_BLOCK_CELLS = 10_000  # turned into columns of text at a time; a cell may hold 32 kB
_CHUNK = 1 << 22
_WORKBOOK = "xl/workbook.xml"
_SHARED = "sharedStrings"
# Where a row or cell says that it stands, and how many of something a part says it holds.
_PLACE = re.compile(rb"""(?<![\w:])r\s*=\s*["']\s*([A-Za-z]*)(\d*)""")
_COUNT = re.compile(rb"""ount\s*=\s*["']\s*(\d+)""")


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Say whether a zip archive is an Excel workbook."""
    return _WORKBOOK in archive.namelist()


def open_workbook(path: Path, raw: pa.Buffer, archive: zipfile.ZipFile, *, sha256: str, sheet: str = "") -> TextTable:
    """Read one sheet of a workbook as text.

    Dates are written YYYY-MM-DD, with a time behind where there is one; numbers as they stand, formulas as the value
    last calculated. A text or date in cells merged downwards counts for each of their rows, a number only for the
    first, so that nobody is counted twice.

    Parameters
    ----------
    path
        The file, for its name.
    raw, archive
        Its content, as bytes and as the zip archive that it is.
    sha256
        Hash of the file.
    sheet
        Name of the sheet; the one with most rows if empty.

    Returns
    -------
    TextTable
        Rows without any value are no records and have no number.

    Raises
    ------
    ReadError
        When it is damaged, too large, or has no such sheet.
    """
    _check(path, archive)
    try:
        workbook = CalamineWorkbook.from_filelike(pa.BufferReader(raw))
        sheets = {one.name: workbook.get_sheet_by_name(one.name) for one in workbook.sheets_metadata if _of_cells(one)}
        hidden = {one.name for one in workbook.sheets_metadata if one.visible != SheetVisibleEnum.Visible}
        chosen = _chosen(path, sheets, sheet, hidden)
        names, columns, notes = _content(path, sheets[chosen])
    except CalamineError as error:
        raise ReadError(
            f"{path.name}: the workbook is damaged or locked with a password.",
            found=str(error)[:200],
            next_step="Open it, save it again as XLSX without a password, and load that file.",
        ) from error
    others = [f"'{name}' ({found.height:,} rows)" for name, found in sheets.items() if name != chosen and found.height]
    if others:
        notes.insert(0, f"sheet '{chosen}' was read, not {', '.join(others)}")
    records = whole_records(pa.table(columns, names=list(names)))
    return TextTable(
        path,
        sha256,
        raw.size,
        "xlsx",
        "",
        names,
        None,
        records=records,
        notes=tuple(notes),
        sheets=tuple(dict.fromkeys([chosen, *sheets])),
    )


def _check(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse what would fill the memory: too much text, a cell too far out, a list said to be too long."""
    left, cells = MAX_BYTES, 0
    for member in archive.infolist():
        rows, columns, kept = 0, {b""}, b""
        with archive.open(member) as part:
            while chunk := part.read(_CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise _too_large(path, f"more than {MAX_BYTES / 1e6:.0f} MB once unpacked")
                text = kept + chunk
                if max((int(count[:12]) for count in _COUNT.findall(text)), default=0) > MAX_STRINGS:
                    raise _too_large(path, f"a list of more than {MAX_STRINGS:,} entries")
                if _SHARED not in member.filename:  # free text could look like a place
                    places = _PLACE.findall(text)
                    columns |= {letters for letters, _ in places}
                    rows = max(rows, max((int(row[:9] or 0) for _, row in places), default=0))
                kept = text[-200:]
        width = max(_column_number(letters) for letters in columns)
        cells += rows * width
        if rows > _ROWS or cells > MAX_CELLS:
            raise _too_large(path, f"cells as far out as row {rows:,}, column {width:,}")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters[:5].upper():
        number = number * 26 + letter - 64
    return number


def _too_large(path: Path, found: str) -> ReadError:
    return ReadError(
        f"{path.name}: the workbook is too large.",
        found=found,
        expected=f"at most {MAX_CELLS:,} cells, rows times columns",
        next_step="Delete empty rows and columns beyond the table and save it again, or export the sheet as CSV.",
    )


def _of_cells(sheet: SheetMetadata) -> bool:
    return bool(sheet.typ == SheetTypeEnum.WorkSheet)


def _chosen(path: Path, sheets: dict[str, CalamineSheet], asked: str, hidden: set[str]) -> str:
    """Give the sheet asked for, else the largest table; a hidden one only if all are."""
    if asked and asked not in sheets:
        raise ReadError(
            f"{path.name}: no sheet '{asked}'.", found=", ".join(sheets), next_step="Name one of these sheets."
        )
    filled = [name for name, found in sheets.items() if found.height]
    if not filled:
        raise ReadError(f"{path.name}: the workbook is empty.", next_step="Export it again from its source.")
    shown = [name for name in filled if name not in hidden] or filled
    return asked or max(shown, key=lambda name: sheets[name].height * len(_header(sheets[name])[0].names))


def _header(sheet: CalamineSheet) -> tuple[Header, list[int], list[list[str]]]:
    """Give the header, the numbers of the first rows that are not empty, and these rows."""
    rows = [[_said(cell).strip() for cell in row] for row in islice(sheet.iter_rows(), SAMPLE)]
    numbers = [number for number, row in enumerate(rows) if any(row)]
    filled = [rows[number] for number in numbers]
    return find_header(filled), numbers, filled


def _content(path: Path, sheet: CalamineSheet) -> tuple[tuple[str, ...], list[pa.ChunkedArray], list[str]]:
    """Give names and columns of a sheet, and what was left out."""
    header, numbers, head = _header(sheet)
    if not numbers:
        return (), [], []
    begin = numbers[header.end - 1] + 1
    merged = _merged_down(sheet)
    rows = _repeated(islice(sheet.iter_rows(), begin, None), begin, merged)
    records = (row for row in rows if any(cell != "" for cell in row))
    width = len(header.names)
    blocks: list[list[pa.Array]] = []
    size = 0
    while block := list(islice(records, max(1, _BLOCK_CELLS // width))):
        blocks.append(
            [pa.array([_said(cell) or None for cell in cells], pa.string()) for cells in zip(*block, strict=True)]
        )
        size += sum(array.nbytes for array in blocks[-1])
        if size > MAX_BYTES:
            raise _too_large(path, f"more than {MAX_BYTES / 1e6:.0f} MB of text")
    columns = [pa.chunked_array([block[number] for block in blocks], pa.string()) for number in range(width)]
    unnamed = {f"column {number}" for number in range(1, width + 1)}
    kept = [
        number for number, name in enumerate(header.names)
        if name not in unnamed or columns[number].null_count < len(columns[number])
    ]  # fmt: skip
    notes = left_out(head[: header.first])
    if merged:
        notes.append("a text or date in cells merged downwards counts for each of their rows")
    return tuple(header.names[number] for number in kept), [columns[number] for number in kept], notes


def _merged_down(sheet: CalamineSheet) -> dict[int, list[tuple[int, int]]]:
    """Give column and last row of cells merged downwards, by their first row."""
    found: dict[int, list[tuple[int, int]]] = {}
    first_column = (sheet.start or (0, 0))[1]  # `iter_rows` leaves empty columns on the left out, not rows above
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        if bottom > top:
            found.setdefault(top, []).append((left - first_column, bottom))
    return found


def _repeated(rows: Iterable[list[Any]], begin: int, merged: dict[int, list[tuple[int, int]]]) -> Iterator[list[Any]]:
    """Repeat texts and dates in the cells merged with theirs."""
    held: dict[int, tuple[int, Any]] = {}
    for number, row in enumerate(rows, start=begin):
        for column, (last, value) in held.items():
            if number <= last:
                row[column] = value
        for column, last in merged.get(number, ()):
            if 0 <= column < len(row) and isinstance(row[column], str | dt.date):
                held[column] = (last, row[column])
        yield row


def _said(cell: Any) -> str:
    """Write a cell as it would be typed: whole numbers without a point, dates as YYYY-MM-DD."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == dt.time() else cell.isoformat(sep=" ", timespec="seconds")
    return str(cell).lower() if isinstance(cell, bool) else str(cell)

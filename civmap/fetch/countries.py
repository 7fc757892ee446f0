"""What of a published table is kept: the rows of some countries, without the row of tags that exchanges add.

The readers' own opening and parsing is used, so delimiters, encodings and broken rows mean the same here as there.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from civmap.errors import FetchError
from civmap.readers import ucdp_ged
from civmap.readers.columns import known_names
from civmap.readers.files import Records, TextTable, open_table, read_records
from civmap.readers.result import without_tags


def _named(table: TextTable) -> dict[str, str]:
    """Give the reader's name of each column and the file's: letter case and names of older releases do not count."""
    return known_names(table.header, ucdp_ged.SPELLINGS)


def checked(path: Path, countries: Sequence[str] = ()) -> TextTable:
    """Open a table and check that it has the columns of UCDP GED.

    Assumes nothing of their order; a column too many does no harm.

    Parameters
    ----------
    path
        The table as published.
    countries
        Where given, the column ``country`` is needed too.

    Returns
    -------
    TextTable
        The opened table.

    Raises
    ------
    FetchError
        When it is a web page, or columns are missing: all of them are named.
    """
    table = open_table(path)
    head = b"" if table.buffer is None else table.buffer.slice(0, min(table.buffer.size, 200)).to_pybytes()
    if head.lstrip().startswith(b"<"):
        raise FetchError(
            f"{path.name}: the address gave a web page, not a data file.",
            next_step="Check the address in a browser: a login or a notice may stand before the file.",
        )
    needed = (*ucdp_ged.NEEDED, "country") if countries else ucdp_ged.NEEDED
    missing = [name for name in needed if name not in _named(table)]
    if missing:
        raise FetchError(
            f"{path.name} is no UCDP GED table: without the column {', '.join(missing)}.",
            found=", ".join(name[:60] for name in table.header[:30]) or "no header",
            expected=", ".join(needed),
            next_step="Check the version and the address.",
        )
    return table


def select(table: TextTable, target: Path, countries: Sequence[str] = ()) -> tuple[Path, list[str]]:
    """Keep the rows of some countries, without a row of tags below the header.

    Assumes that the column ``country`` holds UCDP's own names. Rows whose country cannot be read, because the row is
    broken, are kept for the reader to set aside; rows of other countries are counted in a note.

    Parameters
    ----------
    table
        A table that `checked` has opened.
    target
        Where to write what is kept (CSV, UTF-8), if that is not the whole file.
    countries
        Names as UCDP spells them, in any case; none means all.

    Returns
    -------
    Path, list of str
        The file to read, the published one when all of it is kept, and a note for each thing left out.

    Raises
    ------
    FetchError
        When a country does not occur; the nearest names are given.
    """
    if not countries and not _may_have_tags(table):
        return table.path, []
    named = _named(table)
    wanted = [named[name] for name in ucdp_ged.COLUMNS if name in named]
    records, notes = without_tags(read_records(table, wanted))
    kept = np.ones(records.columns.num_rows, bool)
    if countries:
        column = pc.utf8_trim_whitespace(records.columns[named["country"]])
        chosen = _chosen(table, column, countries)
        of_chosen = pc.fill_null(pc.is_in(column, value_set=pa.array(chosen)), False).to_numpy().astype(bool)
        nameless = pc.fill_null(pc.equal(column, ""), True).to_numpy().astype(bool)
        others = int((kept & ~of_chosen & ~nameless).sum())
        kept &= of_chosen | nameless
        notes.append(f"only {' and '.join(chosen)}: {_rows(others, 'of other countries', 'left out')}")
        unknown = int((kept & nameless).sum()) + len(records.broken)
        if unknown:
            notes.append(_rows(unknown, "without a readable country", "kept"))
    if not notes:
        return table.path, []
    if table.doubtful:
        notes.append(f"some letters of the published file ({table.encoding}) could not be told for certain")
    notes.append("row numbers are those of the rows kept")
    _write(table, records, kept, target)
    return target, notes


def _rows(number: int, which: str, done: str) -> str:
    return f"{number:,} {'row' if number == 1 else 'rows'} {which} {'was' if number == 1 else 'were'} {done}"


def _may_have_tags(table: TextTable) -> bool:
    """Look at the first lines only; a table of the whole world is not parsed twice for nothing."""
    if table.buffer is None:
        return False
    lines = table.buffer.slice(0, min(table.buffer.size, 1 << 16)).to_pybytes().splitlines()
    return len(lines) > 1 and b"#" in lines[1]


def _chosen(table: TextTable, column: pa.ChunkedArray, countries: Sequence[str]) -> list[str]:
    """Give the countries as the file spells them, or say which it has."""
    there = {str(name).casefold(): str(name) for name in pc.unique(column).to_pylist() if name}
    chosen = []
    for asked in countries:
        name = there.get(asked.strip().casefold())
        if name is None:
            raise FetchError(
                f"{table.path.name} has no country '{asked}'.",
                expected=_nearest(asked.strip().casefold(), there) or "a name as UCDP spells it",
                next_step="Give the name as UCDP spells it.",
            )
        chosen.append(name)
    return list(dict.fromkeys(chosen))


def _nearest(asked: str, there: dict[str, str]) -> str:
    within = [name for key, name in there.items() if asked and asked in key]
    close = [there[key] for key in difflib.get_close_matches(asked, there, n=3, cutoff=0.6)]
    return " or ".join(f"'{name}'" for name in dict.fromkeys([*within, *close][:3]))


def _write(table: TextTable, records: Records, kept: np.ndarray, target: Path) -> None:
    """Write the rows kept, then the broken rows as they stand: the reader shall meet them.

    Every column stays, so that a broken row is still one; those that no reader reads, such as headlines, stay empty.
    """
    rows = records.columns.filter(pa.array(kept))
    unread = pa.nulls(rows.num_rows, pa.string())
    whole = {name: rows[name] if name in rows.column_names else unread for name in table.header}
    draft = target.with_name(f".{target.name}.tmp")
    with draft.open("wb") as out:
        pa_csv.write_csv(pa.table(whole), out)
        for line in records.broken["value"]:
            out.write(f"{line}\n".encode())
    draft.replace(target)

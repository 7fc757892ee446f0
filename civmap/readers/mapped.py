"""A person's own table read through a mapping: turned into CivMap's columns, then read as those are.

Rows set aside are shown as they stand in the file: its column, its value, its row.
"""

from __future__ import annotations

import difflib
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

from civmap import schema
from civmap.errors import ReadError
from civmap.language import mark
from civmap.readers import civmap_table
from civmap.readers.columns import text
from civmap.readers.files import TextTable, read_records
from civmap.readers.mapping import COORDINATES, MEASURES, RECORD_NUMBER, Field, Mapping, conflicts, kind, missing
from civmap.readers.result import ReadResult, without_tags
from civmap.readers.tables import Records
from civmap.readers.written import by_distinct, cleaned, key, read_counts, read_times
from civmap.readers.written_dates import DAY_FIRST, MONTH_FIRST, read_dates
from civmap.readers.written_places import LAT_LONG, LONG_LAT, MGRS, read_degrees, read_mgrs, read_pairs

READER = "mapping"
NUMBER = "(record number)"  # in rows set aside, so that they keep their ids when they are mended and read again
_UNREADABLE = "?"  # stands for what could not be read, so that the rules of our own columns set the row aside
_EXPECTED = {
    "measure": mark("a number of people such as 4, 4-7, 3+ or up to 5; a spreadsheet may have turned 4-7 into a date"),
    "count": mark("a number of people such as 4"),
    "degrees": mark("degrees such as 34.5 or 34°30'N"),
    "date": mark(
        "a date such as 31 May 2010, 2010-05-31 or 31/05/2010; say in the mapping whether day or month stands first; "
        "from the year 1900 on"
    ),
}
_EXPECTED_AS_WRITTEN = {
    DAY_FIRST: mark("a date such as 31 May 2010, 2010-05-31 or 31/05/2010, day first; from the year 1900 on"),
    MONTH_FIRST: mark("a date such as 31 May 2010, 2010-05-31 or 31/05/2010, month first; from the year 1900 on"),
    LAT_LONG: mark("lat, long, such as 34.5, 69.2"),
    LONG_LAT: mark("long, lat, such as 34.5, 69.2"),
    MGRS: mark("a grid reference such as 42SWD1836017615"),
}


def read_mapped(table: TextTable, mapping: Mapping, *, source: str | None = None) -> ReadResult:
    """Read a table through a mapping.

    Parameters
    ----------
    table
        The opened file.
    mapping
        Which of its columns is which of ours; columns that it does not name are not read.
    source
        Id under which the records are kept; otherwise the mapping's, otherwise the file's name.

    Returns
    -------
    ReadResult
        Records, and the rows set aside with the file's own columns and values.

    Raises
    ------
    ReadError
        When the mapping has open questions, or names columns that the file lacks.
    """
    _check(table, mapping)
    used = list(dict.fromkeys(field.column for field in mapping.fields if field.column))
    original, notes = without_tags(read_records(table, [*used, NUMBER]))
    if any(field.written == RECORD_NUMBER for field in mapping.fields) and NUMBER not in original.columns.column_names:
        numbers = pa.chunked_array([pa.array(original.source_row).cast(pa.string())])
        original = replace(original, columns=original.columns.append_column(NUMBER, numbers))
    ours = pa.table({name: pa.array(values, pa.string()) for name, values in _columns(original, mapping).items()})
    made = replace(
        table, header=tuple(ours.column_names), buffer=None, records=replace(original, columns=ours), notes=()
    )
    result = civmap_table.read_civmap(made, source=source or mapping.source or None)
    unread = [name for name in table.header if name not in used]
    if unread:
        notes.append(
            "columns not read: " + ", ".join(unread[:20]) + (f" and {len(unread) - 20} more" if unread[20:] else "")
        )
    provenance = replace(
        result.provenance,
        reader=f"{READER} {mapping.fingerprint}",
        mapping=mapping.to_toml(),
        notes=(*table.notes, *notes, *result.provenance.notes),
    )
    return ReadResult(result.records, _as_in_file(result.rejected, original, mapping), provenance)


def _check(table: TextTable, mapping: Mapping) -> None:
    if mapping.questions:
        raise ReadError(
            f"{table.path.name}: the mapping has {len(mapping.questions)} open question(s). "
            + " ".join(mapping.questions),
            next_step='Put the answer in the place of "?".',
        )
    given = {field.to for field in mapping.fields}
    if faults := conflicts(given) + [f"{what} is missing" for what in missing(given)]:
        raise ReadError(
            f"{table.path.name}: the mapping is not complete: {'; '.join(faults)}.",
            next_step="Add or mend these lines.",
        )
    absent = [field.column for field in mapping.fields if field.column and field.column not in table.header]
    if absent:
        near = {name: difflib.get_close_matches(name, table.header, n=1, cutoff=0.7) for name in dict.fromkeys(absent)}
        said = [f"'{name}'" + (f" (is it '{like[0]}'?)" if like else "") for name, like in near.items()]
        raise ReadError(
            f"{table.path.name}: the mapping names columns that the file lacks: {', '.join(said)}.",
            found=", ".join(name[:60] for name in table.header[:30]),
            next_step="Mend the mapping, or make a new one with: python -m civmap suggest-mapping FILE",
        )


# ---- into our columns -----------------------------------------------------------------------------------------------


def _columns(original: Records, mapping: Mapping) -> dict[str, pd.Series]:
    """Make our columns, in text as `civmap_table` reads it."""
    length = original.columns.num_rows
    made: dict[str, pd.Series] = {}
    for field in mapping.fields:
        if field.constant:
            made[field.to] = pd.Series([field.constant] * length, dtype="str")
        elif field.written == RECORD_NUMBER:
            made[field.to] = text(original.columns, NUMBER)
        else:
            entries = (
                cleaned(text(original.columns, field.column)) if field.to != "source_id" else _ids(original, field)
            )
            made |= _read(field, _in_our_words(entries, field))
    # what a date or a grid reference says of its own exactness counts where no column says otherwise
    for name in ("event_date_end", "date_precision", "location_precision"):
        if (said := made.pop(f"read {name}", None)) is not None:
            made[name] = made[name].fillna(said) if name in made else said
    return made


def _ids(original: Records, field: Field) -> pd.Series:
    return text(original.columns, field.column).str.replace(r"\s+", " ", regex=True)


def _in_our_words(entries: pd.Series, field: Field) -> pd.Series:
    """Put our words in the place of the file's, in any letter case; an empty word of ours stands for unknown."""
    if not field.words:
        return entries
    table = {key(theirs): ours or None for theirs, ours in field.words}
    return by_distinct(
        entries, lambda words: words.map(lambda word: table.get(key(word), word), na_action="ignore").astype("str")
    )


def _read(field: Field, entries: pd.Series) -> dict[str, pd.Series]:
    """Read a column as it is written, into one or several of ours."""
    what = kind(field.to)
    if what == "date":
        return _dates(field, entries)
    if what == COORDINATES:
        return _coordinates(field, entries)
    if what == "degrees":
        return {field.to: _marked(by_distinct(entries, lambda some: read_degrees(some, axis=field.to)), entries)}
    if what == "measure":
        counts = by_distinct(entries, read_counts)
        ends = [end for end in ("min", "best", "max") if f"{field.to}_{end}" in schema.COLUMN]
        if "best" not in ends:
            counts = counts.assign(min=counts["min"].fillna(counts["best"]), max=counts["max"].fillna(counts["best"]))
        unread = counts.isna().all(axis=1) & entries.notna()
        counts[ends[-2]] = counts[ends[-2]].mask(unread, _UNREADABLE)
        return {f"{field.to}_{end}": counts[end] for end in ends}
    if what == "count":
        counts = by_distinct(entries, read_counts)
        end = field.to.rsplit("_", 1)[1]
        value = counts["best"].fillna(counts[end]) if end in ("min", "max") else counts["best"]
        # "at least 3" says nothing of a maximum, and is no fault
        open_end = counts.notna().any(axis=1) if end in ("min", "max") else value.notna()
        return {field.to: value.mask(~open_end & entries.notna(), _UNREADABLE)}
    if field.to == "event_time_local":
        return {field.to: by_distinct(entries, read_times)}
    return {field.to: entries.str.replace(",", ";") if what == "list" else entries}


def _marked(values: pd.Series, entries: pd.Series) -> pd.Series:
    return values.mask(values.isna() & entries.notna(), _UNREADABLE)


def _dates(field: Field, entries: pd.Series) -> dict[str, pd.Series]:
    read = by_distinct(entries, lambda some: read_dates(some, order=field.written))
    if field.to == "event_date_end":
        return {field.to: _marked(read["last"], entries)}
    first = {field.to: _marked(read["first"], entries)}
    longer = read["precision"].isin(["month", "year"])
    if field.to != "event_date" or not longer.any():
        return first
    return first | {f"read {name}": read[own].where(longer)
                    for name, own in (("event_date_end", "last"), ("date_precision", "precision"))}  # fmt: skip


def _coordinates(field: Field, entries: pd.Series) -> dict[str, pd.Series]:
    if field.written == MGRS:
        read = by_distinct(entries, read_mgrs)
        precise = {"read location_precision": read["precision"]}
    else:
        read = by_distinct(entries, lambda some: read_pairs(some, order=field.written))
        precise = {}
    return {"latitude": _marked(read["latitude"], entries), "longitude": read["longitude"], **precise}


# ---- rows set aside, as in the file ---------------------------------------------------------------------------------


def _as_in_file(rejected: pd.DataFrame, original: Records, mapping: Mapping) -> pd.DataFrame:
    """Show rows set aside with the file's own columns and values instead of ours."""
    whole = rejected["rule"] != "broken_row"
    if not whole.any():
        return rejected
    fields = _fields_by_column(mapping)
    theirs = {ours: field.column for ours, field in fields.items() if field.column}
    positions = np.searchsorted(original.source_row, rejected.loc[whole, "source_row"].to_numpy(dtype="int64"))
    shown = original.columns
    if original.not_points is not None:
        shown = shown.append_column("geometry", pa.chunked_array([original.not_points]))
    rows = shown.take(pa.array(positions)).to_pandas()
    named = rejected.loc[whole, "column"]
    columns = named.map(theirs).fillna(named)
    values = pd.Series([None] * len(rows), dtype="str")
    for name in set(columns) & set(rows.columns):
        values = values.mask((columns == name).to_numpy(), rows[name])
    said = [_expected(fields.get(name), rule) for name, rule in zip(named, rejected.loc[whole, "rule"], strict=True)]
    mended = rejected.copy()
    mended.loc[whole, "column"] = columns
    mended.loc[whole, "value"] = values.to_numpy()
    mended.loc[whole, "expected"] = pd.Series(said, index=named.index).fillna(rejected.loc[whole, "expected"])
    others = rejected.loc[whole, "other_faults"]
    mended.loc[whole, "other_faults"] = others.map({one: _renamed(one, theirs) for one in others.dropna().unique()})
    as_json = rows.to_json(orient="records", lines=True, force_ascii=False)
    mended.loc[whole, "row"] = as_json.split("\n")[: len(rows)]
    return mended.astype(rejected.dtypes.to_dict())


def _fields_by_column(mapping: Mapping) -> dict[str, Field]:
    """Give for each of our columns the field that fills it."""
    found = {field.to: field for field in mapping.fields}
    for field in mapping.fields:
        made = [f"{field.to}_{end}" for end in ("min", "best", "max")] if field.to in MEASURES else []
        made += ["latitude", "longitude"] if field.to == COORDINATES else []
        found |= {name: field for name in made if name not in found}
    if "event_date" in found:
        found.setdefault("event_date_end", found["event_date"])
    return found


def _expected(field: Field | None, rule: str) -> str | None:
    """Say what is expected of a value as this mapping has it, where our own columns would expect something else."""
    if field is None or not rule.endswith("_unreadable"):
        return None
    return _EXPECTED_AS_WRITTEN.get(field.written) or _EXPECTED.get(kind(field.to))


def _renamed(faults: str, theirs: dict[str, str]) -> str:
    """Put the file's column names into a list of faults; one that two of ours share is said once."""
    parts = [part.rsplit(": ", 1) for part in faults.split("; ") if part]
    return "; ".join(dict.fromkeys(f"{theirs.get(name, name)}: {rule}" for name, rule in parts))

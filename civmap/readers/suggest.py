"""Propose a mapping for a person's own table, from the names of its columns and from what stands in them.

A proposal is to be looked through: what was assumed is noted, and what nothing decides is left open as a question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import pandas as pd

from civmap import schema
from civmap.errors import TheatreError
from civmap.readers import column_names as names
from civmap.readers.columns import header_key, text
from civmap.readers.files import TextTable, open_table, read_records
from civmap.readers.mapping import (
    COORDINATES,
    MAX_COLUMNS,
    MEASURES,
    OPEN,
    RECORD_NUMBER,
    Field,
    Mapping,
    kind,
    missing,
)
from civmap.readers.result import without_tags
from civmap.readers.written import cleaned, read_counts, read_times
from civmap.readers.written_dates import DAY_FIRST, MONTH_FIRST, has_two_orders, order_of, read_dates
from civmap.readers.written_places import LAT_LONG, LONG_LAT, MGRS, read_degrees, read_mgrs, read_pairs
from civmap.theatre import load_theatre, normalise_name, theatre_names

_ENOUGH = 0.5  # of a column's distinct entries must be readable as what its name says
_CLEARLY = 0.9  # where the name says nothing
_MOST_DISTINCT = 5_000  # entries looked at for all but the order of day and month


@dataclass(frozen=True)
class Look:
    """What stands in a column: its distinct entries, cleaned, and whether (nearly) each record has its own."""

    entries: pd.Series
    unique: bool

    @cached_property
    def coordinates(self) -> tuple[str, float]:
        """How two coordinates stand in one text, and the share of entries that can be read so."""
        entries = self.entries.head(_MOST_DISTINCT)
        shares = {MGRS: self.share(read_mgrs(entries)["latitude"])}
        for order in (LAT_LONG, LONG_LAT):
            pairs = read_pairs(entries, order=order).apply(pd.to_numeric)
            possible = (pairs["latitude"].abs() <= 90) & (pairs["longitude"].abs() <= 180)
            shares[order] = float(possible.mean()) if len(possible) else 0.0
        best = max(shares, key=lambda order: shares[order])  # of two equal the first: latitude first is usual
        return best, shares[best]

    def share(self, read: pd.Series) -> float:
        """Give the share of the entries that could be read; 0 where there is none."""
        return float(read.notna().mean()) if len(read) else 0.0


def suggest(path: str | Path, *, sheet: str = "", provinces: Iterable[str] | None = None) -> Mapping:
    r"""Propose which column of a table is which of ours, and how each is written.

    Whether the day or the month stands first is decided from all entries of a column; where none decides, the mapping
    holds an open question. Names of people, remarks and other free text are never proposed.

    Parameters
    ----------
    path
        Any file that `civmap.readers.read` opens.
    sheet
        Sheet of a workbook or layer of a GeoPackage; the largest if empty.
    provinces
        Names of provinces by whose occurrence a column is known; those of all theatres if not given.

    Returns
    -------
    Mapping
        With `notes` on what was assumed and `questions` that must be answered.

    Raises
    ------
    ReadError
        When the file cannot be opened.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "log.csv"
    >>> _ = file.write_text("No,Date,Grid,Civilians killed\n7,25/06/2010,42S WD 18360 17615,4-7\n")
    >>> [(field.to, field.column, field.written) for field in suggest(file).fields]
    [('source_id', 'No', ''), ('event_date', 'Date', 'day first'), ('coordinates', 'Grid', 'mgrs'),
     ('civilians_killed', 'Civilians killed', '')]
    """
    return suggest_for(open_table(path, sheet=sheet), sheet=sheet, provinces=provinces)


def suggest_for(table: TextTable, *, sheet: str = "", provinces: Iterable[str] | None = None) -> Mapping:
    """Propose a mapping for a table that is already open; see `suggest`."""
    header = table.header[:MAX_COLUMNS]
    twice = {name.removesuffix("__2") for name in header if name.endswith("__2")}
    records, _ = without_tags(read_records(table, [name for name in header if name not in twice]))
    known = _known_provinces() if provinces is None else frozenset(map(normalise_name, provinces))
    looks = {name: _look(text(records.columns, name)) for name in records.columns.column_names}
    chosen = _by_name(looks)
    chosen |= {to: name for to, name in _by_value(looks, chosen, known).items() if to not in chosen}
    chosen |= _counts(looks, set(chosen.values()))
    notes = list(table.notes)
    fields = [_field(to, name, looks[name], notes) for to, name in chosen.items()]
    if "source_id" not in chosen:
        fields.append(Field("source_id", written=RECORD_NUMBER))
        notes.append("No column names each record: its number stands for it, so a later file must keep the order.")
    if "event_time_local" not in chosen and "event_date" in chosen:
        times = read_times(looks[chosen["event_date"]].entries).dropna()
        if times.nunique() > 1:
            fields.append(Field("event_time_local", chosen["event_date"]))
    order = {to: number for number, to in enumerate(_ORDER)}
    fields.sort(key=lambda field: order[field.to])
    notes += [f"Missing: {what}. Add it below." for what in missing({field.to for field in fields})]
    source = header_key(table.path.name.split(".")[0])
    return Mapping(tuple(fields), header, source, sheet, tuple(notes))


def how_written(table: TextTable, to: str, column: str) -> str:
    """Say how a column is written if it is one of ours: the order of day and month, or the kind of coordinates."""
    values = text(read_records(table, [column]).columns, column)
    return _field(to, column, _look(values), []).written


_ORDER = tuple(
    dict.fromkeys(
        ["source_id", "event_date", "event_date_end", "event_time_local", "date_precision", COORDINATES, "latitude",
         "longitude", "location_precision", "admin1_as_reported", "admin1", "admin2", "place", "party_as_reported",
         "cause_as_reported", "cause", *(name for measure in MEASURES for name in
                                         (measure, f"{measure}_min", f"{measure}_best", f"{measure}_max")),
         *schema.COLUMN]
    )
)  # fmt: skip


def _look(values: pd.Series) -> Look:
    plain = cleaned(values)
    filled = int(values.notna().sum())
    distinct = pd.Series(plain.dropna().unique(), dtype="str")
    return Look(distinct, unique=filled > 0 and filled >= 0.95 * len(values) and values.nunique() >= 0.98 * filled)


def _by_name(looks: dict[str, Look]) -> dict[str, str]:
    """Pair our columns with the file's: the best name first, each column once, and only where its entries fit."""
    scored = []
    for name in looks:
        words = names.tokens(name)
        for to in dict.fromkeys([*names.PHRASES, *(to for to in _ORDER if to in schema.COLUMN)]):
            scored.append((names.score(words, to), to, name))
    found: dict[str, str] = {}
    for score, to, name in sorted(scored, key=lambda one: -one[0]):
        if score > 0 and to not in found and name not in found.values() and _fits(looks[name], to):
            found[to] = name
    # one half of a point, or a point in two ways, is none
    if ("latitude" in found) != ("longitude" in found):
        found = {to: name for to, name in found.items() if to not in ("latitude", "longitude")}
    if {"latitude", COORDINATES} <= found.keys():
        del found[COORDINATES]
    return found


def _fits(look: Look, to: str) -> bool:
    """Say whether a column's entries can be what its name says; an empty column can be anything but needed."""
    entries, what = look.entries.head(_MOST_DISTINCT), kind(to)
    if to == "source_id":
        return look.unique
    if not len(entries):
        return False
    if what == "date":
        return look.share(_dates(entries)) >= _ENOUGH
    if what == "degrees":
        return look.share(read_degrees(entries, axis=to)) >= _ENOUGH
    if what == COORDINATES:
        return look.coordinates[1] >= _ENOUGH
    if what == "count":
        return look.share(_people(entries)) >= _ENOUGH
    if to == "event_time_local":
        return look.share(read_times(entries)) >= _ENOUGH
    allowed = schema.COLUMN[to].allowed
    if allowed and what == "text":
        return bool(entries.isin(allowed).all())
    return (
        to in names.PHRASES
        and look.share(pd.to_numeric(entries, errors="coerce")) < _ENOUGH
        and (look.coordinates[1] < _ENOUGH)
    )


def _by_value(looks: dict[str, Look], chosen: dict[str, str], provinces: frozenset[str]) -> dict[str, str]:
    """Find what is needed and not yet found by what stands in the columns that are left."""
    left = {
        name: look for name, look in looks.items()
        if name not in chosen.values() and len(look.entries) and not names.about_people(names.tokens(name))
    }  # fmt: skip
    found: dict[str, str] = {}
    dates = [name for name, look in left.items() if _date_like(look)]
    if "event_date" not in chosen and dates:
        found["event_date"] = dates[0]
    if COORDINATES not in chosen and "latitude" not in chosen:
        points = [name for name, look in left.items() if look.coordinates[1] >= _CLEARLY]
        found |= {COORDINATES: points[0]} if points else {}
    if "admin1_as_reported" not in chosen:
        shares = {name: look.entries.map(normalise_name).isin(provinces).mean() for name, look in left.items()
                  if name not in found.values() and len(look.entries) <= _MOST_DISTINCT}  # fmt: skip
        best = max(shares, key=lambda name: shares[name], default="")
        found |= {"admin1_as_reported": best} if best and shares[best] >= _ENOUGH else {}
    return found


def _date_like(look: Look) -> bool:
    entries = look.entries.head(_MOST_DISTINCT)
    figures = look.share(pd.to_numeric(entries, errors="coerce"))  # a year or a serial number may be anything
    return figures < _ENOUGH and look.share(_dates(entries)) >= _CLEARLY


def _counts(looks: dict[str, Look], taken: set[str]) -> dict[str, str]:
    """Find columns of counts of people by the words of their names."""
    found: dict[str, str] = {}
    # a name that says whose deaths they are goes before one that does not
    for name in sorted(looks, key=lambda name: not names.says_civilians(names.tokens(name))):
        look, to = looks[name], names.people_of(names.tokens(name)) if name not in taken else None
        if to and to not in found and look.share(_people(look.entries.head(_MOST_DISTINCT))) >= _ENOUGH:
            found[to] = name
    for measure in MEASURES:  # beside a minimum or maximum, a bare count is the best estimate
        ends = [end for end in ("min", "max", "best") if f"{measure}_{end}" in found]
        if ends and measure in found:
            name = found.pop(measure)
            if "best" not in ends and f"{measure}_best" in schema.COLUMN:
                found[f"{measure}_best"] = name
    return found


def _field(to: str, name: str, look: Look, notes: list[str]) -> Field:
    """Say how a column is written, and note what was assumed."""
    field = Field(to, name)
    what = kind(to)
    if what == "date":
        return replace(field, written=_order(name, look, notes))
    if what == COORDINATES:
        written, share = look.coordinates
        if written != MGRS and not _says_order(names.tokens(name)):
            notes.append(f"'{name}' is taken as {written}; write the other order if the points lie elsewhere.")
        return replace(field, written=written)
    if to in MEASURES or what == "count":
        if to.startswith("civilians") and not names.says_civilians(names.tokens(name)):
            other = "it belongs to everyone killed (all_killed)" if "killed" in to else "leave it out"
            notes.append(f"'{name}' is taken as civilians; if fighters are counted too, {other}.")
        if to.startswith("all_"):
            notes.append(f"'{name}' is taken as everyone, fighters included; if it counts civilians alone, it belongs "
                         "to civilians killed (civilians_killed).")  # fmt: skip
    return field


def _order(name: str, look: Look, notes: list[str]) -> str:
    written, day_first, month_first = order_of(look.entries)
    if has_two_orders(look.entries):
        notes.append(f"'{name}': the spreadsheet seems to have turned some dates around (all real dates have a day up "
                     "to 12, all written ones above). Check a few against the original.")  # fmt: skip
    if written == OPEN and day_first:
        notes.append(f"'{name}': {day_first} entries can only have the day first, {month_first} only the month.")
    if written in (DAY_FIRST, MONTH_FIRST):
        number = day_first or month_first
        notes.append(f"'{name}': {written}, as {number} different entr{'y allows' if number == 1 else 'ies allow'}"
                     " nothing else.")  # fmt: skip
    return written


def _says_order(words: tuple[str, ...]) -> bool:
    said = "".join(words)
    return "lat" in said and "lon" in said


def _dates(entries: pd.Series) -> pd.Series:
    first = read_dates(entries, order=DAY_FIRST)["first"]
    return first.fillna(read_dates(entries, order=MONTH_FIRST)["first"])


def _people(entries: pd.Series) -> pd.Series:
    counts = read_counts(entries)
    return counts["best"].fillna(counts["min"]).fillna(counts["max"])


@lru_cache(maxsize=1)
def _known_provinces() -> frozenset[str]:
    """Give the names of provinces of all theatres, as they are compared."""
    known: set[str] = set()
    for name in theatre_names():
        try:
            known |= load_theatre(name).aliases["admin1"].keys()
        except TheatreError:
            continue  # it says so where it is used
    return frozenset(known)

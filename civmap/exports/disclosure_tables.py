"""Tables as they may leave: without names and notes, with small counts of people withheld."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from civmap.exports import counts
from civmap.exports.disclosure_text import PEOPLE, nearless
from civmap.exports.withhold import linked, withhold
from civmap.language import mark, say

if TYPE_CHECKING:
    from civmap.exports.disclosure import Care

# Written by people, or exact places: may name somebody.
_WRITTEN = ("By", "Why", "Near", "place", "near", "Notes", "Note", "Place named most", "Latitude", "Longitude")
_SECRET = ("By", "Why", "Near", "place", "near", "Place named most")  # may stand in a sentence as well
# In a list of rows or of changes: values as they came.
_AS_IT_CAME = {"Rule": ("Value", "Expected", "Other faults"), "Field": ("Before", "After")}
_FINE = ("Id", "Record", "Group", "District", "H3 cell", "cell")  # a table with one of these is finer than a province
_ESTIMATE = re.compile(r"%|percent|ratio|expected|per 100|difference|draws", re.I)
_CROSSED = re.compile(r"\b(women|men|children|girls|boys)\b", re.I)
_RECORDED = re.compile(r", (min|best|max)$")
_SPAN = re.compile(r"^(?:([A-Z][a-z]{2})(?: (\d{4}))? to )?([A-Z][a-z]{2}) (\d{4})\b")
_TOTALS = (mark("all"), mark("total"), mark("whole period"), mark("sum"))


def safe_table(table: pd.DataFrame, care: Care) -> pd.DataFrame:
    """Give a table as it may leave."""
    gone = [*_WRITTEN, *(name for key, names in _AS_IT_CAME.items() if key in table for name in names)]
    for name in (name for name in table if name in _SECRET):
        care.secrets.update(text for text in table[name].dropna().astype("object") if isinstance(text, str))
    table = table.drop(columns=[name for name in table if name in gone])
    fine = any(name in table for name in _FINE)
    if "Place" in table:
        table = table.drop(columns="Place") if fine or "Province" in table else table.assign(
            Place=[nearless(str(one)) for one in table["Place"]]
        )  # fmt: skip
    for cell in ("H3 cell", "cell"):
        if cell in table:
            coarse = counts.coarsened(table[cell].astype("str"), counts.finest_resolution(care.store))
            table = table.assign(**{cell: coarse})
    people = [str(name) for name in table if PEOPLE.search(str(name)) and not _ESTIMATE.search(str(name))]
    recorded = [str(name) for name in table if _RECORDED.search(str(name)) and str(name) not in people]
    if fine:
        care.hidden.append(int(table[people].notna().to_numpy().sum()))
        care.finer.update(people)
        return table.drop(columns=[*people, *(_changes(table) if people else [])])
    crossed = [name for name in people if _CROSSED.search(name) and pd.api.types.is_numeric_dtype(table[name])]
    if crossed:
        table = _crossings(table, crossed, care)
    people = [name for name in people if name not in crossed]
    if "Area" in table:
        return _elsewhere(table, [*people, *recorded], care)
    if not people + recorded or (care.filters.measure == "incidents" and not people):
        return table
    code = next((name for name in ("ISO 3166-2", "admin1") if name in table), None)
    if code or "Province" in table:
        return _by_province(table, people, code, care)
    if not care.areas:
        return table  # of the whole theatre
    if {"From", "To"} <= set(table):
        return _windows(table, people, care)
    return table.drop(columns=people + recorded)


def _write(table: pd.DataFrame, column: str, mask: np.ndarray, said: list[str]) -> pd.DataFrame:
    """Put what is stated into the withheld cells of a column, and whole numbers as they are into the others."""
    if not mask.any():
        return table
    cells: list[Any] = [
        text if hidden else None if pd.isna(one) else one
        for one, hidden, text in zip(table[column], mask, said, strict=True)
    ]
    return table.assign(**{column: pd.Series(cells, index=table.index, dtype="object")})


def _numbers(values: pd.Series) -> np.ndarray:
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)


def _elsewhere(table: pd.DataFrame, columns: list[str], care: Care) -> pd.DataFrame:
    """Withhold what records hold beside a published total of less than the whole theatre."""
    part = (table["Area"] != care.store.theatre.title).to_numpy()
    hidden = np.zeros(len(table), dtype=bool)
    for column in columns:
        numbers = _numbers(table[column])
        mask = care.masked(numbers, part & ~np.isnan(numbers))
        hidden |= mask
        table = _write(table, column, mask, [say("withheld")] * len(table))
    return _unchanged(table, hidden)


def _by_province(table: pd.DataFrame, columns: list[str], code: str | None, care: Care) -> pd.DataFrame:
    """Withhold in a table of provinces what is withheld of the days that a header, or else the filters, name."""
    areas = table[code].astype("str") if code else table["Province"].astype("str").map(care.codes)
    provinces, hidden = areas.notna().to_numpy(), np.zeros(len(table), dtype=bool)
    own = [str(area) for area in areas[provinces]]
    table = table.drop(columns=[name for name in columns if _written_out(table[name])])
    for column in (name for name in columns if name in table):
        of, end = care.of(column), re.search(r"\b(min|best|max)\b", column)
        found = of.added(end.group(1) if end else of.bound, own, *_span(column))
        mask = np.zeros(len(table), dtype=bool)
        mask[provinces] = of.hide(table[column][provinces], found)
        if care.areas:  # a row of all is then about these provinces alone
            mask |= of.masked(_numbers(table[column]), ~provinces & table[column].notna().to_numpy())
        hidden |= mask
        table = _write(table, column, mask, [say("withheld")] * len(table))
    return _unchanged(table, hidden)


def _changes(table: pd.DataFrame) -> list[str]:
    """List the columns that tell a change of what is counted."""
    return [str(name) for name in table if str(name).startswith("Change")]


def _unchanged(table: pd.DataFrame, hidden: np.ndarray) -> pd.DataFrame:
    """Withhold the change of a withheld count: it tells one of two counts from the other."""
    if not hidden.any():
        return table
    withheld = {name: table[name].astype("object").mask(hidden, say("withheld")) for name in _changes(table)}
    return table.assign(**withheld)


def _written_out(column: pd.Series) -> bool:
    """Say whether a column writes its counts as text, such as a range: nothing then decides about them."""
    return bool((np.isnan(_numbers(column)) & column.notna().to_numpy()).any())


def _span(header: str) -> tuple[pd.Timestamp, ...]:
    """Read the months with which a header begins, such as ``Jan to Dec 2014``; empty where it names none."""
    found = _SPAN.match(header)
    if not found:
        return ()
    month, year, last_month, last_year = found.groups()
    first = pd.to_datetime(f"1 {month or last_month} {year or last_year}", format="%d %b %Y")
    return first, pd.to_datetime(f"1 {last_month} {last_year}", format="%d %b %Y") + pd.offsets.MonthEnd(0)


def _windows(table: pd.DataFrame, columns: list[str], care: Care) -> pd.DataFrame:
    """Withhold what spans of days tell of some provinces."""
    begin, end = care.window
    spans = [
        (max(first, begin), min(last, end)) for first, last in
        zip(pd.to_datetime(table["From"]), pd.to_datetime(table["To"]), strict=True)
    ]  # fmt: skip
    # the days loaded begin and end within a month that is loaded as a whole
    loaded = pd.Timestamp(min(table["From"])), pd.Timestamp(max(table["To"]))
    spans = [(begin if first == loaded[0] else first, end if last == loaded[1] else last) for first, last in spans]
    for column in columns:
        of, bound = care.of(column), _RECORDED.search(column)
        added = [of.added(bound.group(1) if bound else of.bound, care.areas, *span) for span in spans]
        found = pd.DataFrame({
            "value": [one["value"].sum() for one in added],
            "withheld": [bool(one["withheld"].fillna(False).any()) for one in added],
        })  # fmt: skip
        numbers = _numbers(table[column])
        strange = ~np.isnan(numbers) & (numbers != 0) & (numbers != found["value"].to_numpy(dtype="float64"))
        mask = care.masked(numbers, (found["withheld"].to_numpy() | strange) & ~np.isnan(numbers))
        table = _write(table, column, mask, [say("withheld")] * len(table))
    return table


def _crossings(table: pd.DataFrame, columns: list[str], care: Care) -> pd.DataFrame:
    """Withhold in crossings of sex and age; the sums of rows and of columns are taken to be known.

    A row named as a total is held to the rule by itself and not counted twice.
    """
    total = table.iloc[:, 0].astype("str").str.casefold().isin([say(one) for one in _TOTALS]).to_numpy()
    body = table.loc[~total, columns].astype("Float64").fillna(0).to_numpy(dtype="int64")
    rows, across = body.shape
    size = rows * across
    at = np.arange(size).reshape(rows, across)
    number = np.concatenate([np.repeat(np.arange(rows), across), rows + np.tile(np.arange(across), rows)])
    row = np.concatenate([number, np.arange(rows + across)])
    column = np.concatenate([at.ravel(), at.ravel(), size + np.arange(rows + across)])
    sign = np.repeat([1.0, -1.0], [2 * size, rows + across])
    values = np.concatenate([body.ravel(), body.sum(1), body.sum(0)])
    cells = np.arange(len(values)) < size
    sums = csr_array((sign, (row, column)), shape=(rows + across, len(values)))
    found = withhold(linked(values, sums, small=cells, known=~cells), smallest=care.smallest)
    for k, name in enumerate(columns):
        told = _numbers(table[name])
        mask = total & (told > 0) & (told < care.smallest)
        low, high = np.where(mask, 1, 0), np.where(mask, care.smallest - 1, 0)
        mask[~total], low[~total], high[~total] = (one[at[:, k]] for one in (found.mask, found.low, found.high))
        mask = care.masked(told, mask)
        stated = [
            counts.interval(*ends, care.smallest) if ends[0] < ends[1] else say("withheld")
            for ends in zip(low, high, strict=True)
        ]
        table = _write(table, name, mask, stated)
    return table

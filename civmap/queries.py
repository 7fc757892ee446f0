"""The questions asked of the store, each one parameterised SQL, each with the filters and "as known on".

People are counted as sums of min, best and max; a null count adds nothing and is counted apart. Where a source gives
no best estimate the best is null, never made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from civmap import schema
from civmap.errors import RecipeError
from civmap.filters import BOUNDS, Filters, conditions, known_on
from civmap.store import Store

FREQUENCIES = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
LATE_DAYS = 3  # a last period whose final days have no record yet is still taken as complete


@dataclass(frozen=True)
class Extent:
    """What a source has loaded: number of records and the first and last local day."""

    source: str
    records: int
    date_min: date
    date_max: date
    has_best: bool


def sources(store: Store, *, as_known_on: date | None = None) -> list[Extent]:
    """List the sources with records in the theatre, most incidents with civilian harm first."""
    terms, values = known_on(as_known_on)
    frame = store.query(
        "SELECT source, count(*) AS records, min(event_date) AS date_min, max(event_date) AS date_max, "
        "count(civilians_killed_best) > 0 AS has_best FROM incidents "
        f"WHERE {' AND '.join(terms)} AND in_theatre GROUP BY source "
        "ORDER BY count(*) FILTER (WHERE civilian_harm) DESC, source",
        values,
    )
    return [_extent(row) for row in frame.itertuples()]


def _extent(row: Any) -> Extent:
    return Extent(row.source, int(row.records), row.date_min.date(), row.date_max.date(), bool(row.has_best))


def extent(store: Store, filters: Filters, *, as_known_on: date | None = None) -> Extent:
    """Give the extent of the filters' source, or of the first one where none is named.

    Raises
    ------
    RecipeError
        When nothing is loaded, or the source has no records.
    """
    found = sources(store, as_known_on=as_known_on)
    if not found:
        known = f"Nothing was known on {as_known_on}." if as_known_on else "Nothing has been loaded yet."
        raise RecipeError(known, next_step="Load a file on the Data Quality page or with `python -m civmap ingest`.")
    if filters.source is None:
        return found[0]
    for one in found:
        if one.source == filters.source:
            return one
    raise RecipeError(
        f"There are no records of the source '{filters.source}' in this theatre.",
        expected=", ".join(one.source for one in found),
        next_step="Choose another source.",
    )


def measured(measure: str, bound: str) -> str:
    """Give the SQL expression that counts a measure over a group of records; null where no record has a figure."""
    people = {"killed": ["killed"], "injured": ["injured"], "casualties": ["killed", "injured"]}.get(measure)
    if people is None:
        return "count(*)"
    sums = [f"sum({_known(one, bound)})" for one in people]
    if len(sums) == 1:
        return f"{sums[0]}::BIGINT"
    return f"(CASE WHEN {sums[0]} IS NULL AND {sums[1]} IS NULL THEN NULL ELSE coalesce({sums[0]}, 0) + coalesce({sums[1]}, 0) END)::BIGINT"  # noqa: E501


def _known(people: str, bound: str) -> str:
    """Take a bound where it is given; where one end is missing the other stands in, so that min <= max in a sum."""
    low, best, high = (f"civilians_{people}_{end}" for end in BOUNDS)
    order = {"min": (low, best, high), "best": (best,), "max": (high, best, low)}[bound]
    return f"coalesce({', '.join(order)})" if len(order) > 1 else order[0]


def _values(measure: str) -> str:
    return ", ".join(f"{measured(measure, bound)} AS value_{bound}" for bound in BOUNDS)


def totals(store: Store, filters: Filters, *, as_known_on: date | None = None) -> dict[str, Any]:
    """Count incidents and people in total: min, best and max, and records without a figure.

    Returns
    -------
    dict
        ``incidents``, ``killed_min`` ... ``injured_max``, ``women_killed_max``, ``children_killed_max``,
        ``without_killed``, ``without_injured`` (records that give no figure).
    """
    where, values = conditions(filters, as_known_on=as_known_on)
    people = [f"{measured(one, bound)} AS {one}_{bound}" for one in ("killed", "injured") for bound in BOUNDS]
    frame = store.query(
        f"""SELECT count(*) AS incidents, {", ".join(people)},
            sum(women_killed_max)::BIGINT AS women_killed_max, sum(children_killed_max)::BIGINT AS children_killed_max,
            count(*) FILTER (WHERE {_known("killed", "max")} IS NULL) AS without_killed,
            count(*) FILTER (WHERE {_known("injured", "max")} IS NULL) AS without_injured
        FROM incidents WHERE {where}""",
        values,
    )
    return {str(name): None if pd.isna(value) else int(value) for name, value in frame.iloc[0].items()}


def held_back(store: Store, filters: Filters, *, as_known_on: date | None = None) -> dict[str, int]:
    """Count what the totals leave out, under the filters' source: rows set aside, outside, excluded, without harm."""
    terms, values = known_on(as_known_on)
    terms.append("source = ?")
    frame = store.query(
        f"""SELECT count(*) FILTER (WHERE NOT in_theatre) AS outside,
            count(*) FILTER (WHERE in_theatre AND excluded AND civilian_harm) AS excluded,
            count(*) FILTER (WHERE in_theatre AND NOT civilian_harm) AS without_harm
        FROM incidents WHERE {" AND ".join(terms)}""",
        [*values, filters.source],
    )
    rejected = store.rejected()
    aside = int((rejected["source"].isin([filters.source])).sum())
    return {"set_aside": aside, **{str(name): int(value) for name, value in frame.iloc[0].items()}}


def _parent(resolution: int) -> str:
    """Give the H3 parent of ``cell`` by integer arithmetic: set the resolution, fill the finer digits with ones."""
    keep = ~(15 << 52) & (2**64 - 1)
    fill = (resolution << 52) | ((1 << 3 * (15 - resolution)) - 1)
    return f"((cell & {keep}::UBIGINT) | {fill}::UBIGINT)"


def cells(store: Store, filters: Filters, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Count by H3 cell at the grain of each record's precision.

    Exact places and settlements are counted in cells of the theatre's map resolution, records known to the district
    in cells one step coarser; records known only to the province are in `provinces`, never here.

    Returns
    -------
    DataFrame
        ``cell`` (H3 text), ``resolution``, ``admin1`` and ``place`` (the most frequent), ``incidents``, ``value_min``,
        ``value_best``, ``value_max``; coarse cells first.
    """
    fine = store.theatre.map_cell_resolution
    where, values = conditions(filters, as_known_on=as_known_on)
    return store.query(
        f"""SELECT lower(to_hex(cell_at)) AS cell, resolution, mode(admin1) AS admin1, mode(place) AS place,
            count(*) AS incidents,
            {_values(filters.measure)}
        FROM (SELECT *, location_precision = 'district' AS coarse,
                CASE WHEN coarse THEN {fine - 1} ELSE {fine} END AS resolution,
                CASE WHEN coarse THEN {_parent(fine - 1)} ELSE {_parent(fine)} END AS cell_at
            FROM incidents WHERE {where} AND location_precision IN ('exact', 'settlement', 'district')
                AND cell IS NOT NULL)
        GROUP BY cell_at, resolution ORDER BY resolution, incidents DESC, cell""",
        values,
    )


def provinces(
    store: Store, filters: Filters, *, as_known_on: date | None = None, only_province: bool = False
) -> pd.DataFrame:
    """Count by province; `only_province` counts just the records whose place is known no better.

    Returns
    -------
    DataFrame
        One row for each province of the theatre: ``admin1``, ``name``, ``incidents``, ``value_min``, ``value_best``,
        ``value_max``; 0 where the filters leave none.
    """
    where, values = conditions(filters, as_known_on=as_known_on)
    vague = " AND (location_precision = 'province' OR cell IS NULL)" if only_province else ""
    counted = store.query(
        f"""SELECT admin1, count(*) AS incidents, {_values(filters.measure)}
        FROM incidents WHERE {where} AND admin1 IS NOT NULL{vague} GROUP BY admin1""",
        values,
    ).set_index("admin1")
    values_of = [f"value_{bound}" for bound in BOUNDS]
    counted[values_of] = counted[values_of].astype("Int64")
    frame = counted.reindex(store.theatre.boundaries.index)
    frame["incidents"] = frame["incidents"].fillna(0).astype("int64")
    has_best = filters.measure == "incidents" or extent(store, filters, as_known_on=as_known_on).has_best
    for bound in BOUNDS if has_best else ("min", "max"):
        frame[f"value_{bound}"] = frame[f"value_{bound}"].mask(frame["incidents"] == 0, 0).astype("Int64")
    frame.insert(0, "name", store.theatre.boundaries["name"])
    return frame.rename_axis("admin1").reset_index()


def panel(
    store: Store,
    filters: Filters,
    *,
    by: str | None = "admin1",
    frequency: str = "month",
    as_known_on: date | None = None,
) -> pd.DataFrame:
    """Count by province and period, completely: a zero inside the source's scope, null outside.

    A record counts in the period of its first day. A period is in scope where the theatre says that the source covers
    the province then, and where the source has any record in that country; counts outside that are kept as found.

    Parameters
    ----------
    by
        ``admin1``, or None for the whole theatre (area ``all``).
    frequency
        week, month, quarter or year.

    Returns
    -------
    DataFrame
        ``area``, ``period`` (first day), ``incidents``, ``value_min``, ``value_best``, ``value_max`` (null outside
        scope), ``complete`` (false where the data or the filters cover only a part of the period); sorted.
    """
    loaded = extent(store, filters, as_known_on=as_known_on)
    filters = filters.with_(source=loaded.source)
    where, values = conditions(filters, as_known_on=as_known_on)
    area = "admin1" if by else "'all'"
    known = "AND admin1 IS NOT NULL" if by else ""
    counted = store.query(
        f"""SELECT {area} AS area, date_trunc('{frequency}', event_date) AS period, count(*) AS incidents,
            {_values(filters.measure)}
        FROM incidents WHERE {where} {known} GROUP BY ALL""",
        values,
    )
    counted["period"] = counted["period"].astype("datetime64[us]")
    first = max(loaded.date_min, filters.date_from or loaded.date_min)
    last = min(loaded.date_max, filters.date_to or loaded.date_max)
    spans = pd.period_range(first, last, freq=FREQUENCIES[frequency]) if first <= last else pd.PeriodIndex([], freq="M")
    areas = list(filters.admin1 or store.theatre.boundaries.index) if by else ["all"]
    starts = spans.to_timestamp(how="start").astype("datetime64[us]")
    grid = pd.MultiIndex.from_product([areas, starts], names=["area", "period"])
    frame = counted.set_index(["area", "period"]).reindex(grid).reset_index()
    scope = _scope(store, filters, loaded, as_known_on=as_known_on)
    covered = scope.covers(frame["area"], frame["period"]) | frame["incidents"].notna()
    zero = covered & frame["incidents"].isna()
    for column in ("incidents", "value_min", "value_best", "value_max"):
        empty = 0 if column != "value_best" or loaded.has_best or filters.measure == "incidents" else pd.NA
        frame[column] = frame[column].astype("Int64").mask(zero, empty)
    ends = spans.to_timestamp(how="end").normalize()
    begin, end = pd.Timestamp(filters.date_from or scope.first), pd.Timestamp(filters.date_to or loaded.date_max)
    slack = pd.Timedelta(days=0 if filters.date_to and filters.date_to < loaded.date_max else LATE_DAYS)
    complete = (starts >= begin.to_period(FREQUENCIES[frequency]).start_time) & (ends <= end + slack)
    complete &= (starts >= begin) | (begin <= pd.Timestamp(scope.first))
    return frame.assign(complete=frame["period"].map(dict(zip(starts, complete, strict=True))).astype(bool))


@dataclass(frozen=True)
class _Scope:
    """Where and from when to when a source covers: provinces of the countries it has records in."""

    areas: frozenset[str]
    first: date
    windows: tuple[tuple[frozenset[str], pd.Timestamp, pd.Timestamp], ...]

    def covers(self, area: pd.Series, period: pd.Series) -> pd.Series:
        if not self.windows:
            return area.isin(self.areas) | (area == "all")
        inside = pd.Series(False, index=area.index)
        for areas, start, end in self.windows:
            inside |= (area.isin(areas & self.areas) | (area == "all")) & (period >= start) & (period <= end)
        return inside


def _scope(store: Store, filters: Filters, loaded: Extent, *, as_known_on: date | None) -> _Scope:
    theatre = store.theatre
    terms, values = known_on(as_known_on)
    found = store.query(
        f"SELECT admin1, count(*) AS n FROM incidents WHERE {' AND '.join(terms)} AND source = ? "
        "AND admin1 IS NOT NULL GROUP BY admin1",
        [*values, loaded.source],
    )
    country = theatre.boundaries["country"]
    # a handful of records just across a border does not make a file cover that country
    by_country = found.set_index("admin1")["n"].groupby(country).sum()
    covered = set(by_country.index[by_country >= 0.01 * by_country.sum()])
    areas = frozenset(country.index[country.isin(covered)])
    scopes = theatre.source_scopes[theatre.source_scopes["source"] == loaded.source]
    for column, asked in (("parties", filters.parties), ("causes", filters.causes)):
        meets = [not asked or not named or bool(set(named) & set(asked)) for named in scopes[column]]
        scopes = scopes[np.array(meets, dtype=bool)]
    windows = tuple(_window(scope, areas) for scope in scopes.itertuples())
    starts = [scope.date() for scope in scopes["valid_from"].dropna()]
    return _Scope(areas, max([loaded.date_min.replace(day=1), *starts[:1]]), windows)


def _window(scope: Any, areas: frozenset[str]) -> tuple[frozenset[str], pd.Timestamp, pd.Timestamp]:
    """Give the areas and days of one scope, from the first day of its first month on."""
    start = pd.Timestamp.min if pd.isna(scope.valid_from) else scope.valid_from.to_period("M").start_time
    end = pd.Timestamp.max if pd.isna(scope.valid_to) else scope.valid_to
    return frozenset(scope.area) or areas, start, end


def records(
    store: Store,
    filters: Filters,
    *,
    as_known_on: date | None = None,
    cell: str | None = None,
    admin1: str | None = None,
    limit: int = 500,
) -> pd.DataFrame:
    """List the incidents behind a cell or a province, newest first, without text that could identify people."""
    where, values = conditions(filters, as_known_on=as_known_on)
    if cell:
        number = int(cell, 16)
        where += f" AND {_parent((number >> 52) & 15)} = ?::UBIGINT"
        where += " AND location_precision " + (
            "= 'district'" if (number >> 52 & 15) < store.theatre.map_cell_resolution else "IN ('exact', 'settlement')"
        )  # noqa: E501
        values.append(number)
    if admin1:
        where += " AND admin1 = ?"
        values.append(admin1)
    return store.query(
        f"""SELECT source_id, event_date, location_precision, admin1, place, parties, cause, civilians_killed_min,
            civilians_killed_best, civilians_killed_max, civilians_injured_min, civilians_injured_best,
            civilians_injured_max, grade, caveats
        FROM incidents WHERE {where} ORDER BY event_date DESC, source_id LIMIT {int(limit)}""",
        values,
    )


def precision(store: Store, filters: Filters, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Count incidents by place and date precision under the filters."""
    where, values = conditions(filters, as_known_on=as_known_on)
    return store.query(
        f"""SELECT location_precision, date_precision, count(*) AS incidents FROM incidents WHERE {where}
        GROUP BY ALL ORDER BY ALL""",
        values,
    )


def missing(store: Store, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Give for each source and column the share of records that have no value."""
    terms, values = known_on(as_known_on)
    asked = [
        column.name for column in schema.INCIDENT if not column.required and column.name not in ("load_id", "cell")
    ]
    shares = ", ".join(f"1 - count({name}) / count(*) AS {name}" for name in asked)
    wide = store.query(
        f"SELECT source, count(*) AS records, {shares} FROM incidents WHERE {' AND '.join(terms)} GROUP BY source",
        values,
    )
    return wide.melt(["source", "records"], var_name="column", value_name="share_missing")


def caveat_counts(store: Store, filters: Filters, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Count the caveats on the records of the filters' source, wherever they lie."""
    terms, values = known_on(as_known_on)
    return store.query(
        f"""SELECT caveat, count(*) AS records FROM (
            SELECT unnest(caveats) AS caveat FROM incidents WHERE {" AND ".join(terms)} AND source = ?)
        GROUP BY caveat ORDER BY records DESC, caveat""",
        [*values, filters.source],
    )

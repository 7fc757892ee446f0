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
EDGE_DAYS = 7  # a first or last period that lacks records for at most so many days at the edge is taken as complete


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
        "SELECT source::VARCHAR AS source, count(*) AS records, min(event_date) AS date_min, "
        "max(event_date) AS date_max, "
        f"count(civilians_killed_best) > 0 AND count(civilians_killed_best) = count({_known('killed')}) AS has_best "
        "FROM facts "
        f"WHERE {' AND '.join(terms)} AND in_theatre GROUP BY ALL "
        "ORDER BY count(*) FILTER (WHERE civilian_harm) DESC, source",
        values,
        keep=True,
    )
    return [_extent(row) for row in frame.itertuples()]


def _extent(row: Any) -> Extent:
    return Extent(row.source, int(row.records), row.date_min, row.date_max, bool(row.has_best))


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
    if as_known_on and any(one.source == filters.source for one in sources(store)):
        raise RecipeError(
            f"Nothing was known from {store.theatre.source_label(filters.source)} on {as_known_on}.",
            next_step="Choose a later day or another source.",
        )
    raise RecipeError(
        f"There are no records of the source '{filters.source}' in this theatre.",
        expected=", ".join(one.source for one in found),
        next_step="Choose another source.",
    )


def measured(measure: str, bound: str) -> str:
    """Give the SQL expression that sums a measure over a group of records.

    A minimum that is not given adds nothing (never a silent minimum), a maximum that is not given is at least the
    best or the minimum. The best is null unless every record with a figure gives one: a sum over some of them would
    look like a best estimate of all.
    """
    people = {"killed": ["killed"], "injured": ["injured"], "casualties": ["killed", "injured"]}.get(measure)
    if people is None:
        return "count(*)"
    sums = [_sum(one, bound) for one in people]
    if len(sums) == 1:
        return f"{sums[0]}::BIGINT"
    known = " AND ".join(f"{one} IS NULL" for one in sums)
    return f"(CASE WHEN {known} THEN NULL ELSE {' + '.join(f'coalesce({one}, 0)' for one in sums)} END)::BIGINT"


def _sum(people: str, bound: str) -> str:
    low, best, high = (f"civilians_{people}_{end}" for end in BOUNDS)
    known = _known(people)
    if bound == "best":
        return f"(CASE WHEN count({best}) = count({known}) THEN sum({best}) END)"
    if bound == "max":
        return f"sum({known})"
    return f"(CASE WHEN count({known}) > 0 THEN coalesce(sum(coalesce({low}, {best})), 0) END)"


def _known(people: str) -> str:
    """Give the highest figure of a record; null where it gives none."""
    low, best, high = (f"civilians_{people}_{end}" for end in BOUNDS)
    return f"coalesce({high}, {best}, {low})"


def _values(measure: str) -> str:
    return ", ".join(f"{measured(measure, bound)} AS value_{bound}" for bound in BOUNDS)


def _asked(store: Store, filters: Filters, as_known_on: date | None) -> tuple[str, list[Any]]:
    """Turn filters into a condition on one source: sources are never added together."""
    if filters.source is None:
        found = sources(store, as_known_on=as_known_on)
        filters = filters.with_(source=found[0].source if found else "")
    return conditions(filters, as_known_on=as_known_on)


def totals(store: Store, filters: Filters, *, as_known_on: date | None = None) -> dict[str, Any]:
    """Count incidents and people in total: min, best and max, and records without a figure.

    Returns
    -------
    dict
        ``incidents``, ``killed_min`` ... ``injured_max``, ``without_killed``, ``without_injured`` (records that give
        no figure), ``only_max_killed``, ``only_max_injured`` (records that give a maximum and nothing else).
    """
    where, values = _asked(store, filters, as_known_on)
    people = [f"{measured(one, bound)} AS {one}_{bound}" for one in ("killed", "injured") for bound in BOUNDS]
    frame = store.query(
        f"""SELECT count(*) AS incidents, {", ".join(people)},
            count(*) FILTER (WHERE {_known("killed")} IS NULL) AS without_killed,
            count(*) FILTER (WHERE {_known("injured")} IS NULL) AS without_injured,
            {_only_max("killed")} AS only_max_killed, {_only_max("injured")} AS only_max_injured
        FROM facts WHERE {where}""",
        values,
    )
    return {str(name): None if pd.isna(value) else int(value) for name, value in frame.iloc[0].items()}


def _only_max(people: str) -> str:
    low, best, high = (f"civilians_{people}_{end}" for end in BOUNDS)
    return f"count(*) FILTER (WHERE {high} > 0 AND {low} IS NULL AND {best} IS NULL)"


def held_back(store: Store, filters: Filters, *, as_known_on: date | None = None) -> dict[str, int]:
    """Count what the totals leave out, under the filters' source: rows set aside, outside, excluded, without harm."""
    terms, values = known_on(as_known_on)
    terms.append("source = ?")
    named = set(filters.grades) & set(schema.EXCLUDED_GRADES)
    excluded = "set_apart" if named else "set_apart OR discounted"
    harm = "civilian_harm" if filters.harm_only else "true"
    frame = store.query(
        f"""SELECT count(*) FILTER (WHERE NOT in_theatre) AS outside,
            count(*) FILTER (WHERE in_theatre AND ({excluded}) AND ({harm})) AS excluded,
            count(*) FILTER (WHERE in_theatre AND NOT civilian_harm) AS without_harm
        FROM facts WHERE {" AND ".join(terms)}""",
        [*values, filters.source],
    )
    aside = int((store.rejected(as_known_on)["source"] == filters.source).sum())
    return {"set_aside": aside, **{str(name): int(value) for name, value in frame.iloc[0].items()}}


def cells(store: Store, filters: Filters, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Count by H3 cell at the grain of each record's precision.

    Exact places and settlements are counted in cells of the theatre's map resolution, records known to the district
    in cells one step coarser; records known only to the province are in `provinces`, never here.

    Returns
    -------
    DataFrame
        ``cell`` (H3 text), ``resolution``, ``admin1`` and ``place`` (the most frequent among all records of the source
        in that cell), ``incidents``, ``value_min``, ``value_best``, ``value_max``; coarse cells first.
    """
    where, values = _asked(store, filters, as_known_on)
    counted = store.query(
        f"""SELECT lower(to_hex(map_cell)) AS cell, (map_cell >> 52 & 15)::INTEGER AS resolution, count(*) AS incidents,
            {_values(filters.measure)}
        FROM facts WHERE {where} AND map_cell IS NOT NULL GROUP BY map_cell
        ORDER BY resolution, incidents DESC, cell""",
        values,
    )
    named = counted.merge(_cell_names(store, filters, as_known_on), on="cell", how="left")
    return named[["cell", "resolution", "admin1", "place", *counted.columns[2:]]]


def _cell_names(store: Store, filters: Filters, as_known_on: date | None) -> pd.DataFrame:
    """Name each cell once for all filters; a place named by only a few records could be somebody's home."""
    hidden = int(store.theatre.disclosure["smallest_count"])
    terms, values = known_on(as_known_on)
    source = extent(store, filters, as_known_on=as_known_on).source
    return store.query(
        f"""SELECT lower(to_hex(map_cell)) AS cell, mode(admin1) AS admin1,
            CASE WHEN count(*) >= {hidden} THEN mode(place) END AS place
        FROM incidents WHERE {" AND ".join(terms)} AND in_theatre AND source = ? AND map_cell IS NOT NULL
        GROUP BY map_cell""",
        [*values, source],
        keep=True,
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
    where, values = _asked(store, filters, as_known_on)
    vague = " AND map_cell IS NULL" if only_province else ""
    counted = store.query(
        f"""SELECT admin1::VARCHAR AS admin1, count(*) AS incidents, {_values(filters.measure)}
        FROM facts WHERE {where} AND admin1 IS NOT NULL{vague} GROUP BY ALL""",
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
    if frequency not in FREQUENCIES:
        raise RecipeError(f"There is no period '{frequency}'.", expected=", ".join(FREQUENCIES))
    loaded = extent(store, filters, as_known_on=as_known_on)
    filters = filters.with_(source=loaded.source)
    where, values = conditions(filters, as_known_on=as_known_on)
    area = "admin1" if by else "'all'"
    known = "AND admin1 IS NOT NULL" if by else ""
    truncated = {"month": "month", "week": "date_trunc('week', event_date)"}
    period = truncated.get(frequency, f"date_trunc('{frequency}', month)")
    # grouped by codes, and only then written as words
    counted = store.query(
        f"""SELECT area::VARCHAR AS area, * EXCLUDE (area) FROM (
            SELECT {area} AS area, {period} AS period, count(*) AS incidents, {_values(filters.measure)}
            FROM facts WHERE {where} {known} GROUP BY 1, 2)""",
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
    scope = scope_of(store, filters, as_known_on=as_known_on)
    covered = scope.covers(frame["area"], frame["period"]) | frame["incidents"].notna()
    zero = covered & frame["incidents"].isna()
    for column in ("incidents", "value_min", "value_best", "value_max"):
        empty = 0 if column != "value_best" or loaded.has_best or filters.measure == "incidents" else pd.NA
        frame[column] = frame[column].astype("Int64").mask(zero, empty)
    slack = pd.Timedelta(days=EDGE_DAYS)
    ends = spans.to_timestamp(how="end").normalize()
    # the data's own edges have some slack, since a quiet day there is no gap; what filters or scope cut off has none
    cut_from = [pd.Timestamp(day) for day in (filters.date_from, scope.first) if day]
    cut_to = [pd.Timestamp(day) for day in (filters.date_to,) if day]
    begins = max([pd.Timestamp(loaded.date_min) - slack, *cut_from])
    stops = min([pd.Timestamp(loaded.date_max) + slack, *cut_to])
    complete = dict(zip(starts, (starts >= begins) & (ends <= stops), strict=True))
    return frame.assign(complete=frame["period"].map(complete).astype(bool))


@dataclass(frozen=True)
class Scope:
    """Where and from when to when a source covers what the filters ask for.

    `windows` is None where the theatre states no scope for the source, and empty where the scope it states holds
    nothing of what is asked: then nothing is covered.
    """

    areas: frozenset[str]
    asked: frozenset[str]
    windows: tuple[tuple[frozenset[str], pd.Timestamp, pd.Timestamp], ...] | None

    @property
    def first(self) -> date | None:
        """The first day of the stated scope."""
        starts = [start for _, start, _ in self.windows or () if start > pd.Timestamp.min]
        return min(starts).date() if starts else None

    def covers(self, area: pd.Series, period: pd.Series) -> pd.Series:
        """Say for each area (``all`` is all that is asked for) and first day of a period whether it is covered."""
        windows = [(self.areas, pd.Timestamp.min, pd.Timestamp.max)] if self.windows is None else self.windows
        inside = pd.Series(False, index=area.index)
        for areas, start, end in windows:
            within = areas & self.areas
            here = area.isin(within) | ((area == "all") & bool(within & self.asked))
            inside |= here & (period >= start.to_period("M").start_time) & (period <= end)
        return inside

    def covers_days(self, first: pd.Timestamp, last: pd.Timestamp, *, area: str = "all") -> bool:
        """Say whether a span of days is covered from its first to its last."""
        days = pd.Series([first, last])
        return bool(self.covers(pd.Series([area, area]), days).all())


def scope_of(store: Store, filters: Filters, *, as_known_on: date | None = None) -> Scope:
    """Give the scope of the filters' source for the parties, causes and provinces asked for."""
    theatre = store.theatre
    loaded = extent(store, filters, as_known_on=as_known_on)
    terms, values = known_on(as_known_on)
    found = store.query(
        f"SELECT admin1::VARCHAR AS admin1, count(*) AS n FROM facts WHERE {' AND '.join(terms)} AND source = ? "
        "AND admin1 IS NOT NULL GROUP BY ALL",
        [*values, loaded.source],
        keep=True,
    )
    country = theatre.boundaries["country"]
    # a handful of records just across a border does not make a file cover that country
    by_country = found.set_index("admin1")["n"].groupby(country).sum()
    covered = set(by_country.index[by_country >= 0.01 * by_country.sum()])
    areas = frozenset(country.index[country.isin(covered)])
    asked = frozenset(filters.admin1 or theatre.boundaries.index)
    scopes = theatre.source_scopes[theatre.source_scopes["source"] == loaded.source]
    if scopes.empty:
        return Scope(areas, asked, None)
    for column, wanted in (("parties", filters.parties), ("causes", filters.causes)):
        meets = [not wanted or not named or bool(set(named) & set(wanted)) for named in scopes[column]]
        scopes = scopes[np.array(meets, dtype=bool)]
    return Scope(areas, asked, tuple(_window(scope, areas) for scope in scopes.itertuples()))


def _window(scope: Any, areas: frozenset[str]) -> tuple[frozenset[str], pd.Timestamp, pd.Timestamp]:
    start = pd.Timestamp.min if pd.isna(scope.valid_from) else scope.valid_from
    end = pd.Timestamp.max if pd.isna(scope.valid_to) else scope.valid_to
    return frozenset(scope.area) or areas, start, end


def records(
    store: Store,
    filters: Filters,
    *,
    as_known_on: date | None = None,
    cell: str | None = None,
    admin1: str | None = None,
    only_province: bool = False,
    limit: int = 500,
) -> tuple[pd.DataFrame, int]:
    """List the incidents behind a cell or a province, newest first, and say how many there are.

    `only_province` lists just those whose place is known no better than the province, as `provinces` counts them.
    """
    where, values = _asked(store, filters, as_known_on)
    if cell:
        number = int(cell, 16)
        where += " AND map_cell = ?::UBIGINT"
        values.append(number)
    if admin1:
        where += " AND admin1 = ?" + (" AND map_cell IS NULL" if only_province else "")
        values.append(admin1)
    found = store.query(
        f"""SELECT source_id, event_date, location_precision, admin1, place, parties, cause, civilians_killed_min,
            civilians_killed_best, civilians_killed_max, civilians_injured_min, civilians_injured_best,
            civilians_injured_max, grade, caveats, count(*) OVER () AS in_all
        FROM incidents WHERE {where} ORDER BY event_date DESC, source_id LIMIT {int(limit)}""",
        values,
    )
    return found.drop(columns="in_all"), int(found["in_all"].iloc[0]) if len(found) else 0


def precision(store: Store, filters: Filters, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Count incidents by place and date precision under the filters."""
    where, values = _asked(store, filters, as_known_on)
    return store.query(
        f"""SELECT location_precision::VARCHAR AS location_precision, date_precision::VARCHAR AS date_precision,
            count(*) AS incidents
        FROM facts WHERE {where} GROUP BY ALL ORDER BY ALL""",
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

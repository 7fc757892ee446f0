"""The complete panel of areas and periods that trends and before/after comparisons rest on."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from civmap.errors import RecipeError
from civmap.filters import Filters, conditions
from civmap.language import say
from civmap.queries.areas import MONTHS, by_group, districts
from civmap.queries.exposure import with_rates
from civmap.queries.measures import values
from civmap.queries.scope import ALL, EDGE_DAYS, Scope, scope_of
from civmap.queries.sources import Extent, extent
from civmap.store import Store

AREAS = ("admin1", "admin2", "group", None)
FREQUENCIES = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
_MONDAY = date(1969, 12, 29)
_WEEK = f"datediff('day', DATE '{_MONDAY}', event_date) // 7"  # a whole number that grows by one, as months do
_AREA = {"admin1": "admin1::VARCHAR", "admin2": "admin1::VARCHAR || '/' || admin2::VARCHAR", None: f"'{ALL}'"}


def panel(
    store: Store,
    filters: Filters,
    *,
    by: str | None = "admin1",
    frequency: str = "month",
    per: str | None = None,
    as_known_on: date | None = None,
) -> pd.DataFrame:
    """Count by area and period, completely: a zero inside the source's scope, null outside.

    A record counts in the period of its first day. A period is in scope where the theatre says that the source covers
    the province then, and where the source has any record in that country; counts outside that are kept as found.

    Parameters
    ----------
    by
        ``admin1``; ``admin2``, the districts that the source names, ``AF-KAN/Zhari``, in its own spelling, so that one
        without any record is missing; ``group``, the theatre's groups of provinces as they were in each period, known
        where all of their provinces are; None for the whole theatre (area ``all``).
    frequency
        week, month, quarter or year.
    per
        ``people``, or a measure of activity (``sorties``, ``weapons_released``, ``strikes`` ...): adds what counts are
        divided by and the rates, see `civmap.queries.exposure.with_rates`.

    Returns
    -------
    DataFrame
        ``area``, ``period`` (first day), ``incidents``, ``value_min``, ``value_best``, ``value_max`` (null outside
        scope), ``complete`` (false where the data or the filters cover only a part of the period); with ``per`` also
        ``exposure``, ``rate``, ``rate_min``, ``rate_best``, ``rate_max``; sorted.
    """
    faults = [say("There is no period '{name}'.", name=frequency)] * (frequency not in FREQUENCIES)
    faults += [say("There is no area '{name}'.", name=by)] * (by not in AREAS)
    if faults:
        raise RecipeError(" ".join(faults), expected=f"{', '.join(FREQUENCIES)}; {', '.join(map(str, AREAS))}")
    loaded = extent(store, filters, as_known_on=as_known_on)
    filters = filters.with_(source=loaded.source)
    if by == "group":
        provinces = _counted(store, filters, "admin1", frequency, loaded, as_known_on)
        frame = by_group(provinces, store.theatre.area_groups, frequency=frequency)
    else:
        frame = _counted(store, filters, by, frequency, loaded, as_known_on)
    return frame if per is None else with_rates(store, filters, frame, per, frequency, as_known_on=as_known_on)


def _counted(
    store: Store, filters: Filters, by: str | None, frequency: str, loaded: Extent, as_known_on: date | None
) -> pd.DataFrame:
    """Count once for all exhibits of a page."""
    key = ("panel", filters, by, frequency, as_known_on)
    return store.remember(key, lambda: _count(store, filters, by, frequency, loaded, as_known_on)).copy(deep=False)


def _count(
    store: Store, filters: Filters, by: str | None, frequency: str, loaded: Extent, as_known_on: date | None
) -> pd.DataFrame:
    counted = _groups(store, filters, by, frequency, as_known_on)
    spans = _periods(loaded, filters, FREQUENCIES[frequency])
    starts = pd.DatetimeIndex(spans.to_timestamp(how="start").astype("datetime64[us]"))
    within = [ALL]
    if by == "admin1":
        within = list(filters.admin1 or store.theatre.boundaries.index)
    areas = within
    if by == "admin2":
        areas, within = districts(store, filters, as_known_on=as_known_on)
    scope = scope_of(store, filters, as_known_on=as_known_on)
    row = np.zeros(len(counted), dtype=int) if by is None else pd.Index(areas).get_indexer(pd.Index(counted["area"]))
    counted, row = counted[row >= 0], row[row >= 0]
    at = row * len(starts) + (counted["period"].to_numpy() - _number(starts, frequency))
    covered = scope.covers(within, starts).ravel()
    frame = pd.DataFrame({"area": np.repeat(areas, len(starts)), "period": np.tile(starts, len(areas))})
    found = np.zeros(len(frame), dtype=bool)
    found[at] = True
    best = loaded.has_best or filters.measure == "incidents"
    for column in ("incidents", "value_min", "value_best", "value_max"):
        given = counted[column].astype("Int64")
        amounts, known = np.zeros(len(frame), dtype="int64"), np.zeros(len(frame), dtype=bool)
        np.add.at(amounts, at, given.fillna(0).to_numpy())
        known[at[given.notna().to_numpy()]] = True
        if column == "value_best":  # as in `measured`: null unless all with a figure give one
            known[at[(given.isna() & counted["value_max"].notna()).to_numpy()]] = False
        unknown = np.where(found, ~known, ~(covered & (best or column != "value_best")))
        frame[column] = pd.arrays.IntegerArray(amounts, unknown)
    complete = _complete(spans, loaded, filters, scope)
    return frame.assign(area=frame["area"].astype("str"), complete=np.tile(complete, len(areas)))


def _groups(store: Store, filters: Filters, by: str | None, frequency: str, as_known_on: date | None) -> pd.DataFrame:
    """Count by area and number of the period; those of one area and period may stand in several rows."""
    if frequency == "week":
        return _asked(store, filters, by, _WEEK, as_known_on)
    if by == "admin2":
        counted = _asked(store, filters, by, "month", as_known_on)
    else:
        counted = _months(store, filters, as_known_on)
    return counted.assign(period=counted["period"] // MONTHS[frequency])


def _months(store: Store, filters: Filters, as_known_on: date | None) -> pd.DataFrame:
    """Count by province and month, once for the theatre and its provinces, all days and those from a month's first."""
    begins = filters.date_from
    reach = filters.with_(date_from=None) if begins is not None and begins.day == 1 else filters
    counted = store.remember(
        ("months", reach, as_known_on), lambda: _asked(store, reach, "admin1", "month", as_known_on)
    )
    return counted if begins is None else counted[counted["period"] >= 12 * begins.year + begins.month - 1]


def _asked(store: Store, filters: Filters, by: str | None, number: str, as_known_on: date | None) -> pd.DataFrame:
    where, parameters = conditions(filters, as_known_on=as_known_on)
    return store.query(
        f"""SELECT {_AREA[by]} AS area, {number} AS period, count(*) AS incidents, {values(filters.measure)}
        FROM facts WHERE {where} GROUP BY {by or "1"}{", admin1" if by == "admin2" else ""}, 2""",
        parameters,
    )


def _periods(loaded: Extent, filters: Filters, code: str) -> pd.PeriodIndex:
    first = max(loaded.date_min, filters.date_from or loaded.date_min)
    last = min(loaded.date_max, filters.date_to or loaded.date_max)
    return pd.period_range(first, last, freq=code) if first <= last else pd.PeriodIndex([], freq=code)


def _number(starts: pd.DatetimeIndex, frequency: str) -> int:
    """Give the number of the first period as SQL counts it."""
    if starts.empty:
        return 0
    months = 12 * starts[0].year + starts[0].month - 1
    weeks = (starts[0].date() - _MONDAY).days // 7
    return int({"week": weeks, "month": months, "quarter": months // 3, "year": months // 12}[frequency])


def _complete(spans: pd.PeriodIndex, loaded: Extent, filters: Filters, scope: Scope) -> np.ndarray:
    """Say which periods data, filters and scope cover from their first day to their last."""
    slack = pd.Timedelta(days=EDGE_DAYS)
    # the data's own edges have some slack, since a quiet day there is no gap; what filters or scope cut off has none
    cut_from = [pd.Timestamp(day) for day in (filters.date_from, scope.first) if day]
    cut_to = [pd.Timestamp(day) for day in (filters.date_to,) if day]
    begins = max([pd.Timestamp(loaded.date_min) - slack, *cut_from])
    stops = min([pd.Timestamp(loaded.date_max) + slack, *cut_to])
    starts, ends = spans.to_timestamp(how="start"), spans.to_timestamp(how="end").normalize()
    return np.asarray((starts >= begins) & (ends <= stops))

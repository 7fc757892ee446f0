"""Every count of people that exports tell, and which of them are withheld: decided once for all exports.

Over time it is decided for all provinces and all loaded days of a source together, whatever days and provinces an
export asks for: what it asks for is told where it adds up from counts that are told. Two exports of the same records
(same source, parties, causes, grades, precisions and day of knowledge) can therefore not be set against each other.
People are told freely for the whole theatre, and for a province in a calendar year; a month or quarter of a province,
and a cell, are held to the rule. Within a province, cells are decided for the days that a map shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from civmap import queries
from civmap.exports import counts_links as links
from civmap.exports.counts_links import ALL, ELSEWHERE, LEVELS
from civmap.exports.withhold import linked, withhold
from civmap.filters import BOUNDS, Filters
from civmap.language import say, speaking
from civmap.queries.measures import values as value_columns
from civmap.queries.sources import asked
from civmap.store import Store
from civmap.store.tables import parent_cell

KEY = ["bound", "level", "area", "at"]
_VALUES = [f"value_{bound}" for bound in BOUNDS]
_HARMS = ("killed", "injured")
_FOUND = ["value", "withheld", "low", "high"]


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts of people by bound, level, area and time or cell: ``value``, ``withheld``, ``low`` and ``high``.

    Levels of time are month, quarter and year, those of place are cell (its part in a province) and vague (known only
    to the province). A withheld count lies from ``low`` to ``high``; both are null where no interval is stated.
    """

    frame: pd.DataFrame

    def look_up(self, bound: str, level: str, areas: Any, at: Any) -> pd.DataFrame:
        """Give the rows for areas and times; null where there is no such count."""
        index = pd.MultiIndex.from_arrays(
            [[bound] * len(areas), [level] * len(areas), list(areas), list(at)], names=KEY
        )
        return self.frame.reindex(index).reset_index(drop=True)

    def added(self, bound: str, areas: tuple[str, ...], first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
        """Add up each of some areas over a span of days, by year, quarter and month, whichever is told.

        Returns
        -------
        DataFrame
            A row for each area: ``value`` of the months that lie in the span, and ``withheld``, true where a count that
            is needed is not told or the span cuts a month.
        """
        own = self.frame.reset_index()
        own = own[own["area"].isin(areas) & own["bound"].eq(bound)]
        months = own[own["level"] == "month"].set_index(["area", "at"])[["value", "withheld"]]
        at = pd.DatetimeIndex(months.index.get_level_values("at"))
        if len(at) and first <= at.min() and last >= at.max() + pd.offsets.MonthEnd(0):
            whole = own[own["level"] == "period"].set_index("area")
            return whole[["value", "withheld"]].reindex(list(areas))
        months = months[(at >= first) & (at + pd.offsets.MonthEnd(0) <= last)]
        for level in ("quarter", "year"):  # a month within a told year need not be told itself
            begun = links.starts(months.index.get_level_values("at").to_series(), level)
            whole = own[own["level"].eq(level) & ~own["withheld"].astype(bool) & own["at"].ge(first)]
            whole = whole[whole["at"] + pd.DateOffset(months=links.MONTHS[level]) <= last + pd.Timedelta(days=1)]
            inside = pd.MultiIndex.from_arrays([months.index.get_level_values("area"), begun])
            months["withheld"] &= ~inside.isin(pd.MultiIndex.from_frame(whole[["area", "at"]]))
        found = months.groupby(level="area").agg({"value": "sum", "withheld": "any"}).reindex(list(areas))
        cut = not (first.is_month_start and last.is_month_end)
        return found.assign(withheld=True) if cut else found


def counts(store: Store, filters: Filters, *, as_known_on: date | None = None) -> Counts:
    """Count people by province and month, quarter and year over all loaded days, and decide what is withheld.

    Parameters
    ----------
    filters
        Their days, provinces and bound do not matter.
    """
    base = _base(store, filters, as_known_on)
    key = ("counts that leave", store.fingerprint, base, as_known_on)
    with speaking("en"):  # numbers, decided once for all languages
        return store.remember(key, lambda: _over_time(store, base, as_known_on))


def in_cells(store: Store, filters: Filters, *, as_known_on: date | None = None) -> Counts:
    """Count people by cell and province on the filters' days, and decide what is withheld of them.

    What a province holds on these days is taken to be known to whoever looks, though it may not be told.
    """
    base = _base(store, filters, as_known_on).with_(date_from=filters.date_from, date_to=filters.date_to)
    key = ("cells that leave", store.fingerprint, base, as_known_on)
    with speaking("en"):
        return store.remember(key, lambda: _in_cells(store, base, as_known_on))


def finest_resolution(store: Store) -> int:
    """Give the H3 resolution of the finest cells that may leave: one step coarser than the map's for a district."""
    finest = str(store.theatre.disclosure["finest_place"])
    return store.theatre.map_cell_resolution - (0 if finest in ("exact", "settlement") else 1)


def interval(low: Any, high: Any, smallest: int) -> str:
    """Write a stated interval.

    Examples
    --------
    >>> interval(1, 4, 5), interval(7, 12, 5), interval(None, None, 5)
    ('<5', '7 to 12', 'withheld')
    """
    if pd.isna(low) or pd.isna(high):
        return say("withheld")
    if (low, high) == (1, smallest - 1):
        return f"<{smallest}"
    return say("{low} to {high}", low=int(low), high=int(high))


def coarsened(cells: pd.Series, resolution: int) -> pd.Series:
    """Give the H3 parents of cells that are finer than a resolution, by integer arithmetic; coarser ones as they are.

    Examples
    --------
    >>> coarsened(pd.Series(["8542c63bfffffff", "8442c63ffffffff"]), 4).tolist()
    ['8442c63ffffffff', '8442c63ffffffff']
    """
    number = np.array([int(cell, 16) for cell in cells], dtype="uint64")
    fine = (number >> np.uint64(52) & np.uint64(15)) > resolution
    keep = np.uint64(~(15 << 52) & (2**64 - 1))
    fill = np.uint64((resolution << 52) | ((1 << 3 * (15 - resolution)) - 1))
    coarse = np.where(fine, number & keep | fill, number)
    return pd.Series([f"{one:x}" for one in coarse], index=cells.index, dtype="str")


def protected(store: Store, measure: str) -> bool:
    """Say whether the rule protects a measure: people, and incidents where the theatre does not exempt them."""
    return measure != "incidents" or not store.theatre.disclosure["province_month_counts_exempt"]


def _base(store: Store, filters: Filters, known_on: date | None) -> Filters:
    source = queries.extent(store, filters, as_known_on=known_on).source
    return filters.with_(source=source, bound="best", admin1=(), date_from=None, date_to=None)


def _over_time(store: Store, filters: Filters, known_on: date | None) -> Counts:
    frame = _by_time(store, filters, known_on)
    if filters.measure == "casualties":
        return _sum_of(frame, [counts(store, filters.with_(measure=one), as_known_on=known_on) for one in _HARMS])
    casualties = frame.head(0)
    if filters.measure != "incidents":
        casualties = _by_time(store, filters.with_(measure="casualties"), known_on)
    frame = _without_twins(frame)
    free = frame["area"].eq(ALL) | frame["whole"]
    known, still, published = _fixed(frame, links.published(store, filters, frame, casualties))
    if not protected(store, "incidents"):  # whoever sees that nothing happened knows that nobody was harmed
        known |= frame["none"].to_numpy()
    sums = links.matrix(links.over_time(frame), len(frame))
    exact = (sums @ frame["value"].to_numpy()) == 0  # an estimate that some records lack does not add up
    return _decided(
        store, frame, vstack([sums[np.flatnonzero(exact)], published]).tocsr(), known=free | known, still=still,
        small=~free & frame["area"].ne(ELSEWHERE), hidden=frame["area"].eq(ELSEWHERE) & frame["value"].gt(0),
    )  # fmt: skip


def _in_cells(store: Store, filters: Filters, known_on: date | None) -> Counts:
    frame = _by_place(store, filters, known_on)
    if filters.measure == "casualties":
        parts = [in_cells(store, filters.with_(measure=one), as_known_on=known_on) for one in _HARMS]
        return _sum_of(frame, parts)
    frame = _without_twins(frame)
    whole = frame.groupby(["bound", "area"], as_index=False)["value"].sum().assign(level="province", at="", twins="")
    every = pd.concat([frame, whole], ignore_index=True)
    sums = links.matrix(links.in_provinces(every), len(every))
    total = every["level"] == "province"
    return _decided(store, every, sums, known=total, small=~total)


def _sum_of(frame: pd.DataFrame, parts: list[Counts]) -> Counts:
    """Withhold a sum of killed and injured where either is: it then tells nothing that they do not tell themselves."""
    whole = frame.set_index(KEY)[["value"]].sort_index()
    own = [part.frame.reindex(whole.index) for part in parts]
    mask = np.logical_or.reduce([one["withheld"].fillna(False).to_numpy(dtype=bool) for one in own])
    ends = {
        end: np.sum([one[end].where(one["value"].notna(), 0).to_numpy(dtype="float64") for one in own], axis=0)
        for end in ("low", "high")
    }
    return Counts(whole.assign(withheld=mask, **ends))


def _fixed(frame: pd.DataFrame, said: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, csr_array]:
    """Say which counts are published, which cannot move because a total holds them, and what other totals hold."""
    for_twin = {
        twin: bound for bound, twins in zip(frame["bound"], frame["twins"], strict=True) for twin in twins.split()
    }
    said = said.assign(bound=said["bound"].replace(for_twin))
    months = frame.assign(row=np.arange(len(frame)))[frame["level"] == "month"]
    said = said.merge(months[["bound", "area", "at", "row"]], on=["bound", "area", "at"])
    alone, own = said["alone"].astype(bool), said["own"].astype(bool)
    known, still = np.zeros((2, len(frame)), dtype=bool)
    known[said.loc[alone & own, "row"]] = True
    still[said.loc[alone, "row"]] = True
    several = said[~alone]
    total, distinct = pd.factorize(several["total"])
    shape = (len(distinct), len(frame))
    return known, still, csr_array((np.ones(len(several)), (total, several["row"].to_numpy(dtype=int))), shape=shape)


def _decided(store: Store, frame: pd.DataFrame, sums: csr_array, **which: Any) -> Counts:
    """Decide what is withheld; a bound that agrees with another one throughout goes with it."""
    which = {name: np.asarray(mask, dtype=bool) for name, mask in which.items()}
    system = linked(frame["value"].to_numpy(), sums, order=links.ordered(frame), **which)
    found = withhold(system, smallest=int(store.theatre.disclosure["smallest_count"]))
    stated = found.mask & (found.low < found.high)  # what could be worked out anyway gets no interval
    ends = {"low": found.low, "high": found.high}
    frame = frame.assign(
        withheld=found.mask,
        **{
            name: pd.Series(end, index=frame.index).where(~found.mask | stated).astype("Int64")
            for name, end in ends.items()
        },
    )
    twins = [frame[frame["twins"].str.contains(name)].assign(bound=name) for name in BOUNDS]
    return Counts(pd.concat([frame, *twins]).set_index(KEY)[_FOUND].sort_index())


def _by_time(store: Store, filters: Filters, known_on: date | None) -> pd.DataFrame:
    """Count by province, in all and known only to the country, for months, quarters, years and all of them.

    ``whole`` marks a year, and the whole period, of which at least twelve months are loaded; ``none`` where no incident
    is counted.
    """
    parts = [queries.panel(store, filters, by=by, as_known_on=known_on) for by in ("admin1", None)]
    summed = ["incidents", *_VALUES]
    months = pd.concat(parts, ignore_index=True)[["area", "period", *summed]]
    provinces = months[months["area"] != ALL].groupby("period")[summed].sum()
    rest = months[months["area"] == ALL].set_index("period")[summed] - provinces
    months = pd.concat([months, rest.clip(lower=0).reset_index().assign(area=ELSEWHERE)], ignore_index=True)
    found = []
    for level in LEVELS:
        begun = links.starts(months["period"], level) if level != "period" else months["period"].min()
        by = months.assign(at=begun, months=1).groupby(["area", "at"])
        counted = by[summed].sum(min_count=1).join(by["months"].sum()).reset_index()
        found.append(counted.assign(level=level))
    frame = pd.concat(found, ignore_index=True)
    frame["whole"] = frame["level"].isin(("year", "period")) & (frame["months"] >= 12)
    frame["none"] = frame["incidents"].eq(0).fillna(False).astype(bool)
    return _long(frame, filters, ["level", "area", "at", "whole", "none"])


def _by_place(store: Store, filters: Filters, known_on: date | None) -> pd.DataFrame:
    """Count by province and cell, and what is known only to the province."""
    where, parameters = asked(store, filters, known_on)
    cell = f"CASE WHEN map_cell IS NULL THEN '' ELSE lower(to_hex({parent_cell(finest_resolution(store))})) END"
    frame = store.query(
        f"""SELECT {cell} AS at, admin1::VARCHAR AS area, {value_columns(filters.measure)}
        FROM (SELECT *, map_cell AS cell FROM facts) WHERE {where} AND admin1 IS NOT NULL GROUP BY ALL ORDER BY ALL""",
        parameters,
    )
    frame[_VALUES] = frame[_VALUES].astype("Int64")
    return _long(frame.assign(level=np.where(frame["at"] == "", "vague", "cell")), filters, ["level", "area", "at"])


def _long(frame: pd.DataFrame, filters: Filters, key: list[str]) -> pd.DataFrame:
    """Give one row for each bound that has a figure."""
    bounds = ("min",) if filters.measure == "incidents" else BOUNDS
    parts = [frame[key].assign(bound=bound, value=frame[f"value_{bound}"]) for bound in bounds]
    found = pd.concat(parts, ignore_index=True)
    return found[found["value"].notna()].astype({"value": "int64"}).reset_index(drop=True)


def _without_twins(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep one of two bounds that agree throughout, and name in ``twins`` those that it stands for as well."""
    wide = frame.pivot(index=["level", "area", "at"], columns="bound", values="value")
    twins: dict[str, list[str]] = {}
    for bound in (one for one in BOUNDS if one in wide):
        first = next((one for one in twins if wide[one].equals(wide[bound])), bound)
        twins.setdefault(first, []).append(bound)
    kept = frame[frame["bound"].isin(list(twins))]
    others = kept["bound"].map({first: " ".join(named[1:]) for first, named in twins.items()})
    return kept.assign(twins=others).reset_index(drop=True)

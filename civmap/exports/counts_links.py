"""How counts of people add up: sums over time, over the theatre and in published totals; and which bound is larger."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from civmap import queries
from civmap.filters import BOUNDS, Filters
from civmap.store import Store

ALL = "all"  # the whole theatre
ELSEWHERE = "elsewhere"  # known only to the country
CODES = {"month": "M", "quarter": "Q", "year": "Y"}
MONTHS = {"month": 1, "quarter": 3, "year": 12}
LEVELS = (*CODES, "period")  # the last: all that is loaded
Sums = list[tuple[pd.Series, pd.Series]]  # the rows of the totals, and of what is added, pairwise


def starts(days: pd.Series, level: str) -> pd.Series:
    """Give the first day of the month, quarter or year in which days lie."""
    return days.dt.to_period(CODES[level]).dt.start_time.astype("datetime64[us]")


def over_time(frame: pd.DataFrame) -> Sums:
    """Join months to quarters, quarters to years, and provinces to the theatre.

    Parameters
    ----------
    frame
        ``bound, level, area, at`` (first day), one row each.
    """
    of = frame.assign(row=np.arange(len(frame)))
    sums = []
    for fine, coarse in (("month", "quarter"), ("quarter", "year"), ("year", "period")):
        parts = of[of["level"] == fine]
        begun = starts(parts["at"], coarse) if coarse != "period" else frame["at"].min()
        parts = parts.assign(at=begun)
        sums.append(_joined(parts, of[of["level"] == coarse], ["bound", "area", "at"]))
    whole = of["area"] == ALL
    sums.append(_joined(of[~whole], of[whole], ["bound", "level", "at"]))
    return sums


def in_provinces(frame: pd.DataFrame) -> Sums:
    """Join what lies in cells of a province, and what is known only to it, to the province."""
    of = frame.assign(row=np.arange(len(frame)))
    whole = of["level"] == "province"
    return [_joined(of[~whole], of[whole], ["bound", "area"])]


def matrix(sums: Sums, size: int) -> csr_array:
    """Write every sum as a row: 1 for what is added, -1 for the total."""
    rows, columns, signs, begun = [], [], [], 0
    for totals, parts in sums:
        number, distinct = pd.factorize(totals)
        rows += [number + begun, np.arange(len(distinct)) + begun]
        columns += [parts.to_numpy(), np.asarray(distinct)]
        signs += [np.ones(len(parts)), -np.ones(len(distinct))]
        begun += len(distinct)
    if not begun:
        return csr_array((0, size))
    where = (np.concatenate(rows).astype(int), np.concatenate(columns).astype(int))
    return csr_array((np.concatenate(signs), where), shape=(begun, size))


def ordered(frame: pd.DataFrame) -> csr_array:
    """Write down that a minimum is no more than a best estimate, and that no more than a maximum."""
    of = frame.assign(row=np.arange(len(frame)), at=frame["at"].astype("str"))
    rows = of.pivot(index=["level", "area", "at"], columns="bound", values="row")
    present = [bound for bound in BOUNDS if bound in rows]
    pairs = [(low, high) for at, low in enumerate(present) for high in present[at + 1 :]]
    both = [rows[[low, high]].dropna().to_numpy(dtype=int) for low, high in pairs]
    low, high = np.concatenate([*both, np.empty((0, 2), dtype=int)]).T
    value = frame["value"].to_numpy()
    holds = value[low] <= value[high]
    low, high = low[holds], high[holds]
    number = np.tile(np.arange(len(low)), 2)
    signs = np.repeat([1.0, -1.0], len(low))
    return csr_array((signs, (number, np.concatenate([low, high]))), shape=(len(low), len(frame)))


def published(store: Store, filters: Filters, frame: pd.DataFrame, casualties: pd.DataFrame) -> pd.DataFrame:
    """List what published totals tell of the counts: a row for each month and province in a total that equals ours.

    Parameters
    ----------
    frame
        As for `over_time`, with ``value``; people of one measure.
    casualties
        The same of people killed or injured; a total of them fixes what either can be.

    Returns
    -------
    DataFrame
        ``total`` (a number), ``bound, area, at``, ``alone`` (the only member of its total) and ``own``: the total is
        of this measure. Totals of spans that are no whole months tell nothing of ours.
    """
    said = queries.tallies(store)
    fits = [
        set(party) == set(filters.parties) and set(cause) == set(filters.causes)
        for party, cause in zip(said["party"], said["cause"], strict=True)
    ]
    said = said[np.array(fits, dtype=bool) & said["value"].notna() & said["start"].notna() & said["end"].notna()]
    said = said[said["start"].dt.is_month_start & said["end"].dt.is_month_end]
    found = [
        _members(store, said[said["measure"] == measure], of).assign(own=of is frame)
        for measure, of in ((filters.measure, frame), ("casualties", casualties))
        if len(of) and (of is frame or filters.measure != "casualties")
    ]
    columns = ["total", "bound", "area", "at", "alone", "own"]
    rows = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
    return rows.assign(total=rows.groupby(["own", "total", "bound"], sort=False).ngroup())[columns]


def _members(store: Store, said: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Take totals apart into months and provinces, as a group held them then; keep those whose sum is the total."""
    said = said.assign(total=np.arange(len(said)), group=said["area"].replace("", ALL))
    groups = store.theatre.area_groups[["group", "admin1", "valid_from", "valid_to"]]
    rows = said[["total", "group", "start", "end", "value"]].merge(groups, on="group", how="left")
    rows["area"] = rows["admin1"].fillna(rows["group"])
    rows["at"] = [
        list(pd.date_range(max(start, begun), min(end, over), freq="MS"))
        for start, end, begun, over in zip(
            rows["start"], rows["end"], rows["valid_from"].fillna(rows["start"]), rows["valid_to"].fillna(rows["end"]),
            strict=True,
        )
    ]  # fmt: skip
    rows = rows.explode("at").dropna(subset=["at"]).astype({"at": "datetime64[us]"})
    rows["members"] = rows.groupby("total")["at"].transform("size")
    months = frame.loc[frame["level"] == "month", ["bound", "area", "at", "value"]]
    rows = rows.merge(months, on=["area", "at"], suffixes=("_said", ""))
    by = rows.groupby(["total", "bound"])
    same = (by["value"].transform("sum") == rows["value_said"]) & (by["value"].transform("size") == rows["members"])
    return rows[same].assign(alone=rows.loc[same, "members"] == 1)


def _joined(parts: pd.DataFrame, totals: pd.DataFrame, key: list[str]) -> tuple[pd.Series, pd.Series]:
    joined = parts[[*key, "row"]].merge(totals[[*key, "row"]], on=key, suffixes=("", "_total"))
    return joined["row_total"], joined["row"]

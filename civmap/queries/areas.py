"""Areas smaller and larger than a province: districts as a source names them, and the theatre's groups."""

from __future__ import annotations

from datetime import date

import pandas as pd

from civmap.filters import Filters, known_on
from civmap.queries.sources import source_of
from civmap.store import Store

MONTHS = {"month": 1, "quarter": 3, "year": 12}
COUNTS = ("incidents", "value_min", "value_best", "value_max")


def districts(store: Store, filters: Filters, *, as_known_on: date | None = None) -> tuple[list[str], list[str]]:
    """List the districts that a source names anywhere in the provinces of the filters, and the province of each.

    Returns
    -------
    tuple of list of str
        ``AF-KAN/Zhari`` and ``AF-KAN``, as many of each, sorted. The theatre has no list of districts, so one that the
        source never names is in neither.
    """
    source = source_of(store, filters, as_known_on)
    terms, values = known_on(as_known_on)
    found = store.remember(
        ("districts", source, as_known_on),
        lambda: store.query(
            f"""SELECT DISTINCT admin1::VARCHAR AS admin1, admin2::VARCHAR AS admin2 FROM facts
            WHERE {" AND ".join(terms)} AND source = ? AND in_theatre AND admin1 IS NOT NULL AND admin2 IS NOT NULL
            ORDER BY 1, 2""",
            [*values, source],
        ),
    )
    if filters.admin1:
        found = found[found["admin1"].isin(filters.admin1)]
    return (found["admin1"] + "/" + found["admin2"]).tolist(), found["admin1"].tolist()


def by_group(panel: pd.DataFrame, groups: pd.DataFrame, *, frequency: str) -> pd.DataFrame:
    """Sum a panel of provinces by the theatre's groups as they were in each period.

    A sum is known where every province of the group is, and null in a period in which provinces joined or left.

    Parameters
    ----------
    panel
        ``area`` (province), ``period``, the counts and ``complete``.
    groups
        ``group``, ``admin1``, ``valid_from``, ``valid_to``.
    frequency
        week, month, quarter or year.
    """
    joined = panel.merge(groups[["group", "admin1", "valid_from", "valid_to"]], left_on="area", right_on="admin1")
    last = last_days(joined["period"], frequency)
    begins, ends = joined["valid_from"], joined["valid_to"]
    no_begin, no_end = begins.isna(), ends.isna()
    joined["throughout"] = (no_begin | (begins <= joined["period"])) & (no_end | (ends >= last))
    joined = joined[(no_begin | (begins <= last)) & (no_end | (ends >= joined["period"]))]
    counts = list(COUNTS)
    grouped = joined.groupby(["group", "period"], sort=False)
    known = grouped[counts].count().eq(grouped.size(), axis="index").mul(grouped["throughout"].all(), axis="index")
    frame = grouped[counts].sum().where(known).astype("Int64").assign(complete=grouped["complete"].all()).reset_index()
    every = pd.MultiIndex.from_product([frame["group"].unique(), panel["period"].unique()], names=["group", "period"])
    frame = frame.set_index(["group", "period"]).reindex(every).reset_index().rename(columns={"group": "area"})
    return frame.assign(
        area=frame["area"].astype("str"), complete=frame["complete"].astype("boolean").fillna(False).astype(bool)
    )


def last_days(starts: pd.Series, frequency: str) -> pd.Series:
    """Give the last day of the period that begins on each day.

    Examples
    --------
    >>> last_days(pd.Series([pd.Timestamp("2008-01-01")]), "quarter")[0]
    Timestamp('2008-03-31 00:00:00')
    """
    return starts + (pd.Timedelta(days=6) if frequency == "week" else pd.offsets.MonthEnd(MONTHS[frequency]))

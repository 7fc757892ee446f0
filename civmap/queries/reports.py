"""Behind a count: how many people each incident harmed, and how late each was reported."""

from __future__ import annotations

from datetime import date

import pandas as pd

from civmap.filters import Filters
from civmap.queries.areas import last_days
from civmap.queries.sources import asked
from civmap.store import Store


def sizes(
    store: Store, filters: Filters, *, bound: str, by: str = "admin1", as_known_on: date | None = None
) -> pd.DataFrame:
    """Count incidents by area, month and number of people harmed, for a bootstrap over incidents.

    Parameters
    ----------
    bound
        min, best or max.
    by
        ``admin1``, ``admin2`` or ``group``, named as `civmap.queries.panel.panel` does.

    Returns
    -------
    DataFrame
        ``area`` (null where not known so closely), ``period`` (first day of the month), ``size`` (people at the
        bound, null where no figure is given), ``incidents``. An incident stands once in each group that it lies in,
        and once without an area.
    """
    where, parameters = asked(store, filters, as_known_on)
    area = "admin1::VARCHAR || '/' || admin2::VARCHAR" if by == "admin2" else "admin1::VARCHAR"
    found = store.query(
        f"""SELECT {area} AS area, date_trunc('month', event_date) AS period,
            {filters.measure}_{bound} AS size, count(*) AS incidents
        FROM facts WHERE {where} GROUP BY ALL ORDER BY ALL""",
        parameters,
    )
    found["period"] = pd.to_datetime(found["period"])
    if by == "group":
        return pd.concat([found.assign(area=None), _in_groups(found, store.theatre.area_groups)], ignore_index=True)
    return found


def _in_groups(found: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    """Name the groups that each province was in throughout the month."""
    joined = found.merge(groups[["group", "admin1", "valid_from", "valid_to"]], left_on="area", right_on="admin1")
    begins, ends = joined["valid_from"], joined["valid_to"]
    within = begins.isna() | (begins <= joined["period"])
    within &= ends.isna() | (ends >= last_days(joined["period"], "month"))
    return joined.loc[within, ["group", "period", "size", "incidents"]].rename(columns={"group": "area"})


def reporting_months(store: Store, filters: Filters, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Count the incidents under the filters by month, month of the report, and release that first held them.

    Returns
    -------
    DataFrame
        ``event`` and ``reported`` (first days of months; null where the source does not say), ``first_known`` (day of
        that release), ``incidents``.
    """
    where, parameters = asked(store, filters, as_known_on)
    return store.query(
        f"""SELECT date_trunc('month', event_date) AS event, date_trunc('month', reported_at) AS reported,
            least(known_from, before)::DATE AS first_known, count(*) AS incidents
        FROM (SELECT source, source_id, known_from, event_date, reported_at FROM incidents WHERE {where})
        LEFT JOIN (SELECT source, source_id, min(known_from) AS before FROM incidents WHERE known_to IS NOT NULL
            GROUP BY ALL) USING (source, source_id)  -- what came before has ended
        GROUP BY ALL ORDER BY ALL""",
        parameters,
    )

"""Behind a count: how many people each incident harmed, and how late each was reported."""

from __future__ import annotations

from datetime import date

import pandas as pd

from civmap.filters import Filters
from civmap.queries.sources import asked
from civmap.store import Store


def sizes(store: Store, filters: Filters, *, bound: str, as_known_on: date | None = None) -> pd.DataFrame:
    """Count incidents by province, month and number of people harmed, for a bootstrap over incidents.

    Returns
    -------
    DataFrame
        ``area`` (null where known only to the country), ``period`` (first day of the month), ``size`` (people at the
        bound, null where no figure is given), ``incidents``.
    """
    where, parameters = asked(store, filters, as_known_on)
    return store.query(
        f"""SELECT admin1::VARCHAR AS area, date_trunc('month', event_date) AS period,
            {filters.measure}_{bound} AS size, count(*) AS incidents
        FROM facts WHERE {where} GROUP BY ALL ORDER BY ALL""",
        parameters,
    )


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
            first_known, count(*) AS incidents
        FROM (SELECT source, source_id, event_date, reported_at FROM incidents WHERE {where})
        JOIN (SELECT source, source_id, min(known_from)::DATE AS first_known FROM incidents GROUP BY ALL)
            USING (source, source_id)
        GROUP BY ALL ORDER BY ALL""",
        parameters,
    )

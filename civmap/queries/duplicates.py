"""Likely duplicates within one source: the same day, the same place, the same figures."""

from __future__ import annotations

from datetime import date

import pandas as pd

from civmap.filters import Filters
from civmap.queries.sources import asked
from civmap.store import Store

_FIGURES = (
    "civilians_killed_min", "civilians_killed_best", "civilians_killed_max", "civilians_injured_min",
    "civilians_injured_best", "civilians_injured_max", "all_killed_min", "all_killed_best", "all_killed_max",
)  # fmt: skip
_POINT_DECIMALS = 4  # about ten metres


def likely_duplicates(store: Store, filters: Filters, *, as_known_on: date | None = None) -> pd.DataFrame:
    """List records of one source that agree in day, point and every figure, and name at least one person harmed.

    Only records dated to the day and placed at a settlement or better are compared: a province capital that stands in
    for the province would make strangers agree. Likeness is no proof; a person decides.

    Returns
    -------
    DataFrame
        ``group`` (a number from 1), ``source``, ``source_id``, ``event_date``, ``admin1``, ``place``, ``parties``,
        ``killed_max`` and ``injured_max`` (civilians), ``all_killed_max``, ``first`` (true for the one that stays when
        the others are set apart: the earliest known, then by id); sorted by group.
    """
    where, parameters = asked(store, filters, as_known_on)
    same = ", ".join(
        ["event_date", *(f"round({axis}, {_POINT_DECIMALS})" for axis in ("longitude", "latitude")), *_FIGURES]
    )
    harmed = " + ".join(f"coalesce({name}, 0)" for name in _FIGURES)
    return store.query(
        f"""SELECT dense_rank() OVER (ORDER BY event_date, likeness) AS "group", source, source_id, event_date, admin1,
            place, parties, civilians_killed_max AS killed_max, civilians_injured_max AS injured_max, all_killed_max,
            turn = 1 AS first
        FROM (
            SELECT *, hash({same}) AS likeness, count(*) OVER same AS alike,
                row_number() OVER (same ORDER BY known_from, source_id) AS turn
            FROM incidents
            WHERE {where} AND date_precision = 'day' AND location_precision IN ('exact', 'settlement')
                AND longitude IS NOT NULL AND {harmed} > 0
            WINDOW same AS (PARTITION BY {same}))
        WHERE alike > 1 ORDER BY "group", turn""",
        parameters,
    )

"""Counts by place for tests: every place of one kind and one size, and the records behind them."""

from __future__ import annotations

from datetime import date

import pandas as pd

from civmap.filters import Filters, known_on
from civmap.queries.measures import measured
from civmap.queries.sources import asked, extent
from civmap.store import Store
from civmap.store.tables import parent_cell

PEOPLE = tuple(f"{harm}_{bound}" for harm in ("killed", "injured") for bound in ("min", "max"))


def place_counts(
    store: Store,
    filters: Filters,
    *,
    resolution: int | None = None,
    by_month: bool = False,
    as_known_on: date | None = None,
) -> pd.DataFrame:
    """Count incidents and people by H3 cell of one resolution, or by province.

    Parameters
    ----------
    resolution
        Of the cells: records known less precisely than the theatre draws at that size are left out. None counts by
        province.
    by_month
        One row for each place and month.

    Returns
    -------
    DataFrame
        ``place`` (H3 text or admin1), ``month`` (months since year 0, if asked for), ``incidents``, ``killed_min``,
        ``killed_max``, ``injured_min``, ``injured_max``; only places with a record.
    """
    where, parameters = asked(store, filters, as_known_on)
    people = [f"{measured(*name.split('_'))} AS {name}" for name in PEOPLE]
    month = ", month" if by_month else ""
    return store.query(
        f"""SELECT {_place(resolution)} AS place{month}, count(*) AS incidents, {", ".join(people)}
        FROM (SELECT *, map_cell AS cell FROM facts) WHERE {where} AND {_placed(resolution)}
        GROUP BY ALL ORDER BY ALL""",
        parameters,
    )


def place_names(store: Store, filters: Filters, *, resolution: int, as_known_on: date | None = None) -> pd.Series:
    """Name each cell after the place that most records of the source in it name.

    A cell with fewer records than the theatre discloses has no name: it could be somebody's home.
    """
    source = extent(store, filters, as_known_on=as_known_on).source
    terms, parameters = known_on(as_known_on)
    sql = f"""SELECT {_place(resolution)} AS name_of, mode(place ORDER BY place) AS place
        FROM incidents WHERE {" AND ".join(terms)} AND in_theatre AND source = ? AND {_placed(resolution)}
        GROUP BY ALL HAVING count(*) >= {int(store.theatre.disclosure["smallest_count"])}"""
    named: pd.Series = store.remember(
        ("place names", source, resolution, as_known_on),
        lambda: store.query(sql, [*parameters, source]).set_index("name_of")["place"],
    )
    return named


def place_records(store: Store, filters: Filters, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Give for each incident what is known of its place and date, and how well.

    Returns
    -------
    DataFrame
        ``cell`` (H3 text of resolution 9), ``longitude``, ``latitude``, ``location_precision``,
        ``admin1``, ``event_date``, ``date_precision``, ``grade``, and people; in the order of date and id.
    """
    where, parameters = asked(store, filters, as_known_on)
    people = ", ".join(f"civilians_{name} AS {name}" for name in PEOPLE)
    return store.query(
        f"""SELECT lower(to_hex(cell)) AS cell, longitude, latitude, location_precision::VARCHAR AS location_precision,
            admin1::VARCHAR AS admin1, event_date, date_precision::VARCHAR AS date_precision, grade::VARCHAR AS grade,
            {people}
        FROM incidents WHERE {where} ORDER BY event_date, source_id""",
        parameters,
    )


def _place(resolution: int | None) -> str:
    return "admin1::VARCHAR" if resolution is None else f"lower(to_hex({parent_cell(resolution)}))"


def _placed(resolution: int | None) -> str:
    return "admin1 IS NOT NULL" if resolution is None else f"(map_cell >> 52 & 15) >= {int(resolution)}"

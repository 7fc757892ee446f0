"""Questions about records themselves: the list behind a number, their gaps and caveats."""

from __future__ import annotations

from datetime import date

import pandas as pd

from civmap import schema
from civmap.filters import Filters, known_on
from civmap.queries.sources import asked, source_of
from civmap.store import Store
from civmap.store.tables import parent_cell


def records(
    store: Store,
    filters: Filters,
    *,
    as_known_on: date | None = None,
    cell: str | None = None,
    admin1: str | None = None,
    only_province: bool = False,
    within: bool = False,
    limit: int = 500,
) -> tuple[pd.DataFrame, int]:
    """List the incidents behind a cell or a province, newest first, and say how many there are.

    `only_province` lists just those whose place is known no better than the province, as `provinces` counts them;
    `within` lists also those that are drawn in a finer cell within the one given, as `place_counts` counts them.
    """
    where, values = asked(store, filters, as_known_on)
    if cell:
        number = int(cell, 16)
        size = number >> 52 & 15
        drawn = parent_cell(size) if within else "map_cell"
        where += f" AND (map_cell >> 52 & 15) >= {size} AND {drawn} = ?::UBIGINT"
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


def missing(store: Store, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Give for each source and column the share of records that have no value."""
    terms, values = known_on(as_known_on)
    columns = [
        column.name for column in schema.INCIDENT if not column.required and column.name not in ("load_id", "cell")
    ]
    shares = ", ".join(f"1 - count({name}) / count(*) AS {name}" for name in columns)
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
        [*values, source_of(store, filters, as_known_on)],
    )

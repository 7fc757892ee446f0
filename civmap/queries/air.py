"""What may be asked of air surveillance, and what may not: nothing younger than the theatre's delay, nothing finer.

The page must not show where watchers are blind today. Both limits are kept here, behind every page, table and export:
samples younger than the delay are never handed out, and coverage finer than resolution 6 is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from civmap import air_schema
from civmap.errors import RecipeError
from civmap.filters import Filters
from civmap.language import say
from civmap.queries.sources import asked
from civmap.store import Store
from civmap.store import air as kept

Sum = Callable[[Path], pa.Table]  # a file of telemetry into sums: the questions know no analysis


def delay_days(store: Store) -> int:
    """Give the days for which coverage is held back: the theatre's, and never fewer than none."""
    return max(int(store.theatre.surveillance_delay_days), 0)


def last_day(store: Store, *, today: date | None = None) -> date:
    """Give the last local day of which coverage is shown.

    Parameters
    ----------
    today
        For tests; the present day if not given.
    """
    return _today(today) - timedelta(days=delay_days(store) + 1)


def check_resolution(resolution: int) -> None:
    """Refuse cells that are finer than may be shown.

    Raises
    ------
    RecipeError
        When they are.
    """
    finest = air_schema.FINEST_SHOWN_RESOLUTION
    if resolution > finest:
        raise RecipeError(
            say("Coverage is not shown this fine."), found=say("resolution {resolution}", resolution=resolution),
            expected=say("an H3 resolution of {finest} or coarser (cells of 36 square kilometres or more)",
                         finest=finest),
        )  # fmt: skip


def within_limits(table: pd.DataFrame, *, resolution: int, last: date) -> tuple[pd.DataFrame, int]:
    """Leave out the days after the last that may be shown; says how many rows that are.

    Parameters
    ----------
    table
        Coverage with ``day``.
    resolution
        Of its cells: refused if it is too fine.
    last
        The last day that is shown.
    """
    check_resolution(resolution)
    old = table["day"] <= pd.Timestamp(last)
    return table[old].reset_index(drop=True), int((~old).sum())


def coverage_sums(
    store: Store, make: Sum, *, resolution: int, assumed: bool = False, date_from: date | None = None,
    date_to: date | None = None, today: date | None = None,
) -> pa.Table:  # fmt: skip
    """Give the sums of all telemetry by cell, day and pass, of days that may be shown.

    Parameters
    ----------
    make
        `civmap.analysis.coverage.partials` of one file, at this resolution, in the theatre's time zone.
    resolution
        6 or coarser.
    assumed
        Whether `make` counts assumed footprints; they are kept apart.
    date_from, date_to
        First and last local day.
    today
        For tests; the present day if not given.
    """
    check_resolution(resolution)
    table = kept.summed(store, f"coverage-{resolution}-{assumed}-{store.theatre.time_zone}", make)
    if table is None:
        return None
    last = min(filter(None, (date_to, last_day(store, today=today))))
    shown = pc.less_equal(table["day"], pa.scalar(last, pa.date32()))
    if date_from is not None:
        shown = pc.and_(shown, pc.greater_equal(table["day"], pa.scalar(date_from, pa.date32())))
    return table.filter(shown)


def telemetry(store: Store, *, today: date | None = None) -> pd.DataFrame:
    """Give the samples of days that may be shown, for matching; where a sensor was is never shown itself.

    What goes on beyond the last of these days ends with it.
    """
    day = pd.Timestamp(last_day(store, today=today)) + pd.Timedelta(days=1)
    end = day.tz_localize(store.theatre.time_zone, nonexistent="shift_forward", ambiguous=True).tz_convert("UTC")
    found = kept.samples(store, before=end)
    return found.assign(seconds=np.minimum(found["seconds"], (end - found["time"]).dt.total_seconds()))


def has_telemetry(store: Store) -> bool:
    """Whether any telemetry is at hand, shown or not."""
    return bool(kept.files(store))


def incidents(store: Store, filters: Filters, *, as_known_on: date | None = None) -> pd.DataFrame:
    """List incidents as matching needs them, with how each was reported and checked."""
    where, values = asked(store, filters, as_known_on)
    return store.query(
        f"""SELECT source_id, event_date, event_date_end, event_time_local, date_precision::VARCHAR AS date_precision,
            location_precision::VARCHAR AS location_precision, admin1::VARCHAR AS admin1, admin2, longitude, latitude,
            cell, reported_via, checked_via
        FROM incidents WHERE {where} ORDER BY event_date, source_id""",
        values,
    )


def _today(today: date | None) -> date:
    return today or datetime.now(UTC).date()

"""Small stores for tests: a handful of incidents in Afghanistan, written as a file and loaded as a user would."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from civmap import air_schema
from civmap.readers import read
from civmap.store import Load, Store

KABUL, KANDAHAR = (34.53, 69.17), (31.61, 65.71)


def incident(number: int, day: str, place: tuple[float, float] | None = KABUL, **values: Any) -> dict[str, Any]:
    """One incident in CivMap's own columns, with two killed (1 to 3) unless said otherwise."""
    latitude, longitude = place or (None, None)
    default = {
        "source_id": f"T{number}", "event_date": day, "latitude": latitude, "longitude": longitude,
        "location_precision": "settlement", "party_as_reported": "ISAF", "cause": "aerial",
        "civilians_killed_min": 1, "civilians_killed_best": 2, "civilians_killed_max": 3,
    }  # fmt: skip
    return default | values


def add(
    store: Store, folder: Path, rows: list[dict[str, Any]], *, source: str = "log", known_at: date | None = None
) -> Load:
    """Write the rows as CSV and load them."""
    file = folder / f"{source}-{len(rows)}-{known_at}.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    return store.add(read(file, source=source), known_at=known_at)


def monthly(counts: list[int], *, start: str = "2008-01-01", **values: Any) -> list[dict[str, Any]]:
    """As many incidents in each month as the list says, spread over its first four weeks."""
    months = pd.date_range(start, periods=len(counts), freq="MS")
    days = [
        month + pd.Timedelta(days=27 * (n + 1) // count)
        for month, count in zip(months, counts, strict=True)
        for n in range(count)
    ]
    return [incident(number, f"{day:%Y-%m-%d}", **values) for number, day in enumerate(days)]


def telemetry(folder: Path, *days: date, lon: float = 69.17, lat: float = 34.53) -> Path:
    """Write a minute over Kabul at noon UTC of each day, in our own columns."""
    half = 0.05
    corners = [lon - half, lat - half, lon + half, lat - half, lon + half, lat + half, lon - half, lat + half]
    rows = [
        {"pass_id": f"P{number}", "time": pd.Timestamp(day, tz="UTC") + pd.Timedelta(hours=8), "seconds": 60.0}
        | dict(zip(air_schema.CORNERS, corners, strict=True))
        for number, day in enumerate(days)
    ]
    file = folder / f"own-{len(days)}-{days[0]}.parquet"
    pd.DataFrame(rows).to_parquet(file)
    return file

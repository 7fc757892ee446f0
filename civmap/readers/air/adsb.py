"""ADS-B tracks: OpenSky state vectors, readsb traces, and JSON lists of positions.

They say where an aircraft was, not what it looked at: no footprint. Heights are metres in OpenSky's files and feet in
the others, as their documentation says; where the figures contradict that, it is asked.

Sources: OpenSky Network REST API, state vectors (metres, seconds); readsb README-json.md, trace files (feet, seconds).
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from civmap import air_schema
from civmap.errors import ReadError
from civmap.readers.air import result as parts
from civmap.readers.air.result import AirResult
from civmap.readers.files import TextTable, read_records

# column of ours: theirs, in the order of preference
OPENSKY = {
    "time": ("time",), "platform": ("icao24",), "call_sign": ("callsign",), "latitude": ("lat",),
    "longitude": ("lon",), "altitude": ("geoaltitude", "baroaltitude"),
}  # fmt: skip
POSITIONS = {
    "time": ("timestamp",), "platform": ("icao24",), "call_sign": ("callsign",), "latitude": ("latitude",),
    "longitude": ("longitude",), "altitude": ("geoaltitude", "altitude"),
}  # fmt: skip
LARGEST_UNPACKED = 200_000_000  # bytes; Python's objects take about ten times as much
_HIGHEST_M = 20_000.0  # airliners and surveillance aircraft stay below; hardly anything above sends ADS-B


def is_positions(header: Iterable[str]) -> bool:
    """Whether a table's columns are those of state vectors or of a list of positions."""
    return bool(_kind(set(header)))


def _kind(header: set[str]) -> str:
    if {"time", "icao24", "lat", "lon"} <= header:
        return "opensky"
    return "adsb_json" if {"timestamp", "icao24", "latitude", "longitude"} <= header else ""


def read_positions(table: TextTable, *, altitude_unit: str | None = None) -> AirResult:
    """Read state vectors of OpenSky or a table of positions from CSV or Parquet."""
    kind = _kind(set(table.header))
    names = OPENSKY if kind == "opensky" else POSITIONS
    wanted = [theirs for several in names.values() for theirs in several]
    records = read_records(table, wanted)
    raw = records.columns.to_pandas()
    broken = [
        {"source_row": row, "rule": "row_broken", "column": "row"} for row in records.broken["source_row"].tolist()
    ]
    read = pd.DataFrame({"source_row": records.source_row})
    for ours, several in names.items():
        given = [raw[name] for name in several if name in raw]
        filled = given[0] if given else pd.Series([None] * len(raw), dtype="str")
        for other in given[1:]:
            filled = filled.fillna(other)
        read[ours] = filled
    return _result(read, table.path, table.sha256, kind, unit="m" if kind == "opensky" else "ft",
                   altitude_unit=altitude_unit, broken=broken)  # fmt: skip


def read_json(path: Path, *, sha256: str, altitude_unit: str | None = None) -> AirResult:
    """Read a readsb trace, or a JSON list of positions with timestamp, icao24, latitude and longitude; also gzipped."""
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else path.open("rb") as file:
            raw = file.read(LARGEST_UNPACKED + 1)  # a file can be small and hold a thousand times its size
        if len(raw) > LARGEST_UNPACKED:
            raise parts.too_large(path, LARGEST_UNPACKED)
        loaded = json.loads(raw)
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as error:
        raise ReadError(f"{path.name} cannot be read as JSON.", found=str(error)[:200]) from error
    options: dict[str, Any] = {"unit": "ft", "altitude_unit": altitude_unit}
    if isinstance(loaded, dict) and isinstance(loaded.get("trace"), list):
        read, broken = _trace(loaded)
        return _result(read, path, sha256, "readsb", broken=broken, **options)
    if isinstance(loaded, list) and loaded and any(isinstance(one, dict) and "icao24" in one for one in loaded):
        rows = [one if isinstance(one, dict) else {} for one in loaded]
        whole = pd.DataFrame(rows)
        read = pd.DataFrame({"source_row": np.arange(1, len(rows) + 1)})
        for ours, several in POSITIONS.items():
            given = [whole[name] for name in several if name in whole]
            read[ours] = given[0] if given else None
        no_dict = np.array([not isinstance(one, dict) for one in loaded])
        broken = [{"source_row": row, "rule": "row_broken", "column": "row"} for row in read.loc[no_dict, "source_row"]]
        return _result(read[~no_dict], path, sha256, "adsb_json", broken=broken, **options)
    raise ReadError(
        f"{path.name}: this JSON holds no tracks.",
        found=", ".join(list(loaded)[:10]) if isinstance(loaded, dict) else type(loaded).__name__,
        expected="a readsb trace, or a list of positions with timestamp, icao24, latitude, longitude",
    )


def _trace(loaded: dict[str, Any]) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Take a readsb trace apart: seconds after the file's time stamp, latitude, longitude, height, ..."""
    points = loaded["trace"]
    whole = np.array([isinstance(point, list) and len(point) >= 4 for point in points], dtype=bool)
    rows = np.arange(1, len(points) + 1)
    good = [point for point in points if isinstance(point, list) and len(point) >= 4]
    begin = loaded.get("timestamp")
    if not isinstance(begin, int | float):
        raise ReadError("The trace has no time stamp.", expected="'timestamp': seconds since 1970")
    geometric = [point[10] if len(point) > 10 else None for point in good]
    read = pd.DataFrame(
        {
            "source_row": rows[whole],
            "time": [point[0] + begin if isinstance(point[0], int | float) else None for point in good],
            "platform": str(loaded.get("icao") or ""),
            "call_sign": str(loaded.get("r") or "") or None,
            "latitude": [point[1] for point in good],
            "longitude": [point[2] for point in good],
            "altitude": [
                one if isinstance(one, int | float) else point[3] for one, point in zip(geometric, good, strict=True)
            ],
        }
    )
    return read, [{"source_row": int(row), "rule": "row_broken", "column": "row"} for row in rows[~whole]]


def _result(
    read: pd.DataFrame, path: Path, sha256: str, reader: str, *, unit: str, altitude_unit: str | None,
    broken: list[dict[str, Any]],
) -> AirResult:  # fmt: skip
    """Put positions into the columns of telemetry; samples are sorted by platform and time."""
    read = read.reset_index(drop=True)
    count = len(read) + len(broken)
    for name in ("latitude", "longitude"):
        read[f"{name}_sent"] = read[name].astype("str")
        read[name] = _numbers(read[name])
    height = _numbers(read["altitude"])  # "ground" in a trace is no height
    sent = read["time"]
    read["time"] = _times(sent)
    unreadable = sent.notna() & read["time"].isna()
    read["platform"] = read["platform"].astype("str").where(read["platform"].notna())
    repeated = read.duplicated(["platform", "time", "latitude", "longitude"]) & read["latitude"].notna()
    backwards = parts.backwards(read["time"], read["platform"].fillna(""))
    read["sent"] = sent.astype("str")
    kept, rows = parts.faults_of(
        [
            ("time_unreadable", "sent", unreadable.to_numpy()),
            *parts.time_faults(read["time"]),
            *parts.place_faults(read["latitude"], read["longitude"], needed=True),
            ("row_repeated", "time", repeated.to_numpy()),
            ("clock_backwards", "time", backwards),
        ],
        read,
    )
    read["altitude"] = height
    good = read[kept].sort_values(["platform", "time", "source_row"], kind="stable", ignore_index=True)
    ids, seconds = parts.split_passes(good["platform"], good["time"], prefix=f"ADSB-{sha256[:8]}")
    questions = () if altitude_unit else _doubtful(good["altitude"], unit)
    factor = np.nan if questions else parts.METRES[altitude_unit or unit]
    columns = {
        "pass_id": ids, "source_row": good["source_row"], "platform": good["platform"], "time": good["time"],
        "seconds": seconds, "sensor_longitude": good["longitude"], "sensor_latitude": good["latitude"],
        "sensor_altitude_m": good["altitude"] * factor,
    }  # fmt: skip
    telemetry = air_schema.frame(columns, length=len(good))
    rejected = parts.rejected_frame([*broken, *parts.listed(rows)], file=path.name)
    notes = ("Positions only: they say where an aircraft was, not what a sensor covered.",)
    passes = air_schema.passes_of(telemetry, file=path.name, reader=reader)
    return AirResult(passes, telemetry, rejected, count, reader, path.name, sha256, notes, questions)


def _numbers(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values, errors="coerce").astype("float64")


def _times(values: pd.Series) -> pd.Series:
    """Read seconds or milliseconds since 1970, or text in UTC."""
    numbers = pd.to_numeric(values, errors="coerce").astype("float64")
    millis = numbers.where(numbers.abs() > 1e11, numbers * 1000)  # 1e11 seconds is the year 5138
    micros = (millis.where(millis.between(0, 4.1e12)) * 1000).round().astype("Int64")
    read = pd.to_datetime(micros, unit="us", utc=True).astype("datetime64[us, UTC]")
    text = numbers.isna() & values.notna()
    if text.any():
        written = pd.to_datetime(values[text].astype("str"), format="ISO8601", errors="coerce", utc=True)
        read = read.where(~text, written.astype("datetime64[us, UTC]").reindex(read.index))
    return read


def _doubtful(height: pd.Series, unit: str) -> tuple[str, ...]:
    """Ask about heights that no aircraft of the kind reaches, or that all look a third of what they should."""
    highest = float(height.quantile(0.999)) if height.notna().any() else 0.0
    metres = highest * parts.METRES[unit]
    if metres <= _HIGHEST_M:
        return ()
    return (
        f"Heights: up to {highest:,.0f} {unit} ({metres:,.0f} m), which such aircraft do not reach. Are they in "
        f"{'feet' if unit == 'm' else 'another unit'}? They are left out until you say so: altitude_unit='ft' or 'm'.",
    )

"""The function that every engine of coverage runs: one batch of telemetry into sums by cell, local day and pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from civmap import air_schema
from civmap.analysis import footprints
from civmap.analysis.coverage_tables import PARTIAL
from civmap.errors import AnalysisError
from civmap.language import say

_NUMBERS = (
    *air_schema.CORNERS, "centre_longitude", "centre_latitude", "target_width_m", "sensor_longitude", "sensor_latitude",
    "sensor_altitude_m",
)  # fmt: skip
NEEDED = ("pass_id", "time", "seconds")
READ = (*NEEDED, *_NUMBERS, "area")
_DAY = 86_400_000_000  # microseconds


def partial_coverage(
    batch: pa.RecordBatch | pa.Table,
    *,
    resolution: int = 6,
    time_zone: str = "UTC",
    assumed_view_degrees: float | None = None,
) -> pa.Table:
    """Sum one batch of telemetry by cell, day and pass: microseconds, and a mask of the points that were covered.

    The function that every engine runs; it knows nothing but its batch.
    """
    from civmap.analysis import coverage_sums, overlaps  # the compiler is slow to import, and most pages need none

    table = pa.table(batch) if isinstance(batch, pa.RecordBatch) else batch
    if not table.num_rows:
        return PARTIAL.empty_table()
    lacking = [name for name in NEEDED if table[name].null_count]
    if lacking:
        raise AnalysisError(
            say("Some samples have no {columns}.", columns=", ".join(lacking)),
            next_step=say("Read the file with ingest-air: what is faulty is set aside, and the rest counts."),
        )
    seconds = table["seconds"].cast(pa.float64()).to_numpy()
    if not ((seconds >= 0) & (seconds <= air_schema.LONGEST_SPAN_DAYS * 86_400)).all():
        raise AnalysisError(
            say("Some samples stand for less than no time, or for too long."),
            expected=say("seconds from 0 to {days} days", days=air_schema.LONGEST_SPAN_DAYS),
            next_step=say("Read the file with ingest-air: what is faulty is set aside, and the rest counts."),
        )
    columns = {
        name: table[name].cast(pa.float64()).to_numpy(zero_copy_only=False)
        for name in _NUMBERS
        if name in table.column_names
    }
    corners, how = footprints.corners_of(
        columns, length=table.num_rows, assumed_view_degrees=assumed_view_degrees, checked=False
    )
    area = table["area"].is_valid().to_numpy() if "area" in table.column_names else np.zeros(table.num_rows, bool)
    micros = np.rint(seconds * 1e6).astype("int64")
    begin = table["time"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    row, day, micros = by_day(begin, micros, time_zone)
    ids = pc.dictionary_encode(table["pass_id"]).combine_chunks()
    ids = ids.chunk(0) if isinstance(ids, pa.ChunkedArray) else ids
    passes = ids.indices.to_numpy(zero_copy_only=False).astype("int64")
    first = int(day.min())
    if len(row) > len(passes):  # what goes on over midnight stands twice or more
        passes, how, corners, area = passes[row], how[row], corners[row], area[row]
    # one whole number for day, pass and whether the footprint is assumed
    group = ((day - first) * len(ids.dictionary) + passes) * 2 + ((how == footprints.ASSUMED) & ~area)
    kind, bounds = overlaps.prepare(corners, air_schema.POLAR_LATITUDE, air_schema.WIDEST_DEGREES)
    kind[area] = overlaps.NONE
    plain, polar = (kind == one for one in (overlaps.PLAIN, overlaps.POLAR))
    every = slice(None) if plain.all() else plain
    sums = [coverage_sums.frame_sums(corners[every], bounds[every], group[every], micros[every], resolution)]
    polar[polar] = ~air_schema.impossible(corners[polar])
    if polar.any():
        sums.append(coverage_sums.polar_sums(corners[polar], group[polar], micros[polar], resolution))
    if area.any():
        outlines = table["area"].take(pa.array(row[area])).to_numpy(zero_copy_only=False)
        sums.append(coverage_sums.area_sums(outlines, group[area], micros[area], resolution))
    cells, groups, times, masks = coverage_sums.joined(sums)
    rest, is_assumed = np.divmod(groups, 2)
    days, number = np.divmod(rest, max(len(ids.dictionary), 1))
    return pa.table(
        {
            "cell": cells, "day": pa.array((days + first).astype("int32")).cast(pa.date32()),
            "pass_id": ids.dictionary.cast(pa.string()).take(pa.array(number)), "assumed": is_assumed.astype(bool),
            "microseconds": times, "mask": masks,
        },
        schema=PARTIAL,
    )  # fmt: skip


def by_day(begin: np.ndarray, micros: np.ndarray, time_zone: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split spans at the midnights of a time zone.

    Parameters
    ----------
    begin, micros
        Begin (microseconds of UTC since 1970) and length.
    time_zone
        Whose days; one on which clocks change has 23 or 25 hours.

    Returns
    -------
    tuple
        Of each piece the number of its span, its local day (days since 1970) and its microseconds. A span without
        length is one piece. Where no span reaches over midnight, the pieces are the spans in their order.

    Examples
    --------
    >>> at = pd.Timestamp("2010-09-01T19:29", tz="UTC").value // 1000  # a minute before midnight in Kabul
    >>> [part.tolist() for part in by_day(np.array([at]), np.array([90_000_000]), "Asia/Kabul")]
    [[0, 0], [14853, 14854], [60000000, 30000000]]
    """
    first = _local(begin, time_zone) // _DAY
    last = _local(begin + np.maximum(micros - 1, 0), time_zone) // _DAY
    over = np.flatnonzero(last > first)
    if not len(over):
        return np.arange(len(begin)), first, micros
    count = np.ones(len(begin), "int64")
    count[over] += last[over] - first[over]
    row = np.repeat(np.arange(len(begin)), count)
    day = first[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    length = micros[row].copy()
    split = count[row] > 1
    opens, closes = (_midnight(day[split] + more, time_zone) for more in (0, 1))
    from_, until = np.maximum(begin[row[split]], opens), np.minimum((begin + micros)[row[split]], closes)
    length[split] = np.maximum(until - from_, 0)
    return row, day, length


def _local(micros: np.ndarray, time_zone: str) -> np.ndarray:
    """Give the reading of the local clock, as microseconds since 1970."""
    local = pa.array(micros).cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us", time_zone))
    return np.asarray(pc.local_timestamp(local).cast(pa.int64()).to_numpy())


def _midnight(day: np.ndarray, time_zone: str) -> np.ndarray:
    """Give the moment at which a local day begins; where clocks skip midnight, the moment they skip to."""
    local = pd.DatetimeIndex(day.astype("datetime64[D]").astype("datetime64[us]"))
    utc = local.tz_localize(time_zone, ambiguous=np.ones(len(local), bool), nonexistent="shift_forward").tz_convert(
        "UTC"
    )
    return utc.tz_localize(None).to_numpy().astype("datetime64[us]").astype("int64")

"""Coverage: for how long, and how often, each H3 cell lay in a footprint on each day.

*Covered by a sensor*, not seen: whether anybody looked, through cloud or foliage, is not known. A cell that is not in
the table was not covered by what was read; that is no zero of anything else.

One function, `partial_coverage`, turns a batch of telemetry into sums by cell, day and pass; `coverage` runs it in
threads over the row groups of Parquet files, `civmap.analysis.coverage_spark` on a cluster. Sums are whole microseconds
and bit masks, so both give the same table to the last digit, whatever the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from os import cpu_count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from civmap import air_schema
from civmap.analysis import footprints
from civmap.analysis.coverage_tables import PARTIAL, combine, merged
from civmap.errors import AnalysisError

__all__ = ["PARTIAL", "combine", "coverage", "partial_coverage", "partials"]
BATCH_ROWS = 1 << 18
RESOLUTIONS = range(3, 10)
_NUMBERS = (
    *air_schema.CORNERS, "centre_longitude", "centre_latitude", "target_width_m", "sensor_longitude", "sensor_latitude",
    "sensor_altitude_m",
)  # fmt: skip
NEEDED = ("pass_id", "time", "seconds")
READ = (*NEEDED, *_NUMBERS, "area")


def coverage(
    files: Sequence[str | Path],
    *,
    resolution: int = 6,
    time_zone: str = "UTC",
    assumed_view_degrees: float | None = None,
    threads: int | None = None,
) -> pd.DataFrame:
    """Give seconds, looks and the share covered for each cell and day.

    Parameters
    ----------
    files
        Parquet files of telemetry (`civmap.air_schema.TELEMETRY`; of the columns beside pass, time and seconds those
        that are missing count as unknown). They are read batch by batch: the size of a file does not matter.
    resolution
        H3 resolution of the cells, 3 to 9.
    time_zone
        Whose days; a sample belongs to the day on which it begins, an area to each day that it touches.
    assumed_view_degrees
        Count assumed footprints too, see `civmap.analysis.footprints`; none leaves them out.
    threads
        How many; the number of processors if not given.

    Returns
    -------
    DataFrame
        As `combine` gives it.

    Raises
    ------
    AnalysisError
        When a file is no telemetry, is damaged, or the resolution is out of range.
    """
    return combine(partials(files, resolution=resolution, time_zone=time_zone, threads=threads,
                            assumed_view_degrees=assumed_view_degrees))  # fmt: skip


def partials(
    files: Sequence[str | Path], *, resolution: int = 6, time_zone: str = "UTC",
    assumed_view_degrees: float | None = None, threads: int | None = None,
) -> pa.Table:  # fmt: skip
    """Sum the telemetry of Parquet files by cell, day and pass, in threads, in bounded memory."""
    check(resolution)
    options = {"resolution": resolution, "time_zone": time_zone, "assumed_view_degrees": assumed_view_degrees}
    count = threads or cpu_count() or 1
    made: pa.Table = PARTIAL.empty_table()
    running: set[Future[pa.Table]] = set()
    with ThreadPoolExecutor(count) as pool:
        for file, group in _row_groups(files):
            running.add(pool.submit(_group_sums, file, group, options))
            if len(running) > count:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                made = merged([made, *(one.result() for one in done)])
        return merged([made, *(one.result() for one in running)])


def _row_groups(files: Sequence[str | Path]) -> Iterator[tuple[Path, int]]:
    for name in files:
        file = Path(name)
        try:
            described = pq.read_metadata(file)
        except (pa.ArrowException, OSError) as error:
            raise AnalysisError(f"{file.name} cannot be read as Parquet.", found=str(error)[:200]) from error
        lacking = [one for one in NEEDED if one not in described.schema.to_arrow_schema().names]
        if lacking:
            raise AnalysisError(
                f"{file.name} is no telemetry: without {', '.join(lacking)}.", expected=", ".join(NEEDED)
            )
        yield from ((file, group) for group in range(described.num_row_groups))


def _group_sums(file: Path, group: int, options: dict[str, Any]) -> pa.Table:
    try:
        opened = pq.ParquetFile(file)
        columns = [name for name in READ if name in opened.schema_arrow.names]
        batches = opened.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False)
        return merged([partial_coverage(batch, **options) for batch in batches])
    except (pa.ArrowException, OSError) as error:
        raise AnalysisError(f"{file.name} is damaged.", found=str(error)[:200]) from error


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
            f"Some samples have no {', '.join(lacking)}.",
            next_step="Read the file with ingest-air: what is faulty is set aside, and the rest counts.",
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
    micros = np.nan_to_num(np.rint(table["seconds"].cast(pa.float64()).to_numpy() * 1e6)).astype("int64")
    days = _days(table["time"], time_zone)
    ids = pc.dictionary_encode(table["pass_id"]).combine_chunks()
    ids = ids.chunk(0) if isinstance(ids, pa.ChunkedArray) else ids
    passes = ids.indices.to_numpy(zero_copy_only=False).astype("int64")
    # one whole number for day, pass and whether the footprint is assumed
    first = int(days.min())
    group = ((days - first) * len(ids.dictionary) + passes) * 2 + (how == footprints.ASSUMED)
    kind, bounds = overlaps.prepare(corners, air_schema.POLAR_LATITUDE, air_schema.WIDEST_DEGREES)
    kind[area] = overlaps.NONE
    plain, polar = (kind == one for one in (overlaps.PLAIN, overlaps.POLAR))
    every = slice(None) if plain.all() else plain
    sums = [coverage_sums.frame_sums(corners[every], bounds[every], group[every], micros[every], resolution)]
    polar[polar] = ~air_schema.impossible(corners[polar])
    if polar.any():
        sums.append(coverage_sums.polar_sums(corners[polar], group[polar], micros[polar], resolution))
    if area.any():
        outlined, named = table.filter(pa.array(area)), len(ids.dictionary)
        sums.append(coverage_sums.area_sums(outlined, passes[area], named, first, resolution, time_zone))
    cells, groups, times, masks = coverage_sums.joined(sums)
    rest, is_assumed = np.divmod(groups, 2)
    day, number = np.divmod(rest, max(len(ids.dictionary), 1))
    return pa.table(
        {
            "cell": cells, "day": pa.array((day + first).astype("int32")).cast(pa.date32()),
            "pass_id": ids.dictionary.cast(pa.string()).take(pa.array(number)), "assumed": is_assumed.astype(bool),
            "microseconds": times, "mask": masks,
        },
        schema=PARTIAL,
    )  # fmt: skip


def check(resolution: int) -> None:
    """Raise where a resolution cannot be measured."""
    if resolution not in RESOLUTIONS:
        raise AnalysisError("Coverage is not measured at this resolution.", found=str(resolution),
                            expected=f"an H3 resolution from {RESOLUTIONS[0]} to {RESOLUTIONS[-1]}")  # fmt: skip


def _days(time: pa.ChunkedArray, time_zone: str) -> np.ndarray:
    """Give the local day of each time, as days since 1970."""
    utc = time.cast(pa.timestamp("us", "UTC"))
    local = utc.cast(pa.timestamp("us", time_zone))
    return np.asarray(
        pc.local_timestamp(local).cast(pa.date32(), safe=False).cast(pa.int32()).to_numpy().astype("int64")
    )

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

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from civmap.analysis.coverage_batch import NEEDED, READ, partial_coverage
from civmap.analysis.coverage_tables import PARTIAL, combine, merged
from civmap.errors import AnalysisError
from civmap.language import say

__all__ = ["PARTIAL", "READ", "combine", "coverage", "partial_coverage", "partials"]
BATCH_ROWS = 1 << 18
RESOLUTIONS = range(3, 10)


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
        Whose days; what goes on over midnight is split there.
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
            raise AnalysisError(
                say("{file} cannot be read as Parquet.", file=file.name), found=str(error)[:200]
            ) from error
        lacking = [one for one in NEEDED if one not in described.schema.to_arrow_schema().names]
        if lacking:
            raise AnalysisError(
                say("{file} is no telemetry: without {columns}.", file=file.name, columns=", ".join(lacking)),
                expected=", ".join(NEEDED),
            )
        yield from ((file, group) for group in range(described.num_row_groups))


def _group_sums(file: Path, group: int, options: dict[str, Any]) -> pa.Table:
    try:
        opened = pq.ParquetFile(file)
        columns = [name for name in READ if name in opened.schema_arrow.names]
        batches = opened.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False)
        return merged([partial_coverage(batch, **options) for batch in batches])
    except (pa.ArrowException, OSError) as error:
        raise AnalysisError(say("{file} is damaged.", file=file.name), found=str(error)[:200]) from error


def check(resolution: int) -> None:
    """Raise where a resolution cannot be measured."""
    if resolution not in RESOLUTIONS:
        raise AnalysisError(say("Coverage is not measured at this resolution."), found=str(resolution),
                            expected=say("an H3 resolution from {coarsest} to {finest}", coarsest=RESOLUTIONS[0],
                                         finest=RESOLUTIONS[-1]))  # fmt: skip

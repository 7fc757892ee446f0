"""The same coverage on Spark, where one machine is outgrown: `partial_coverage` as ``mapInArrow``, then summed.

Needs `requirements-spark.txt`, Java, and this package on every worker. Nothing here is imported unless asked for.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from civmap.analysis import coverage
from civmap.errors import AnalysisError

ANSWER_SECONDS = 10.0  # nobody listens there by then
START_SECONDS = 90.0  # Spark itself asks a silent master three times, 20 seconds each
WORKERS_SECONDS = 60.0  # the master has no worker for us by then
_SCHEMA = "cell decimal(20,0), day date, pass_id string, assumed boolean, microseconds long, mask decimal(20,0)"
_INSTALL = (
    "Install it: pip install -r requirements-spark.txt; it needs Java 17 or newer (JAVA_HOME, or java on the path)."
)


def coverage_on_spark(
    files: Sequence[str | Path],
    *,
    master: str,
    resolution: int = 6,
    time_zone: str = "UTC",
    assumed_view_degrees: float | None = None,
) -> pd.DataFrame:
    """Give the same table as `civmap.analysis.coverage.coverage`, computed on a Spark cluster.

    Parameters
    ----------
    files
        Parquet files of telemetry that every worker can read under these names.
    master
        Such as ``local-cluster[2,1,1024]`` or ``spark://host:7077``.
    resolution, time_zone, assumed_view_degrees
        As for `coverage`.

    Raises
    ------
    AnalysisError
        When pyspark or Java is missing, the master does not answer, or the job fails.
    """
    coverage.check(resolution)
    for name in files:
        if not Path(name).exists():
            raise AnalysisError(f"{name}: there is no such file.")
    _answers(master)
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise AnalysisError("Spark is not installed.", next_step=_INSTALL) from error
    options: dict[str, Any] = {
        "resolution": resolution,
        "time_zone": time_zone,
        "assumed_view_degrees": assumed_view_degrees,
    }
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    here = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    builder = (
        SparkSession.builder.master(master).appName("civmap coverage")
        .config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.bindAddress", "127.0.0.1" if master.startswith("local") else "0.0.0.0")
        .config("spark.driver.host", "127.0.0.1" if master.startswith("local") else socket.gethostname())
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", str(coverage.BATCH_ROWS))
        .config("spark.executorEnv.PYTHONPATH", os.pathsep.join(here))
        .config("spark.log.level", "ERROR")
    )  # fmt: skip
    session = _started(builder, master)
    try:
        read = session.read.parquet(*[str(Path(name).resolve()) for name in files])
        wanted = read.select(*[name for name in coverage.READ if name in read.columns])

        def sums(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                yield from _signed(coverage.partial_coverage(batch, **options)).to_batches()

        collected = wanted.mapInArrow(sums, _SCHEMA).toArrow()
    except Exception as error:
        raise AnalysisError("The Spark job failed.", found=str(error).split("\n")[0][:300]) from error
    finally:
        session.stop()
    return coverage.combine(_unsigned(collected))


def _signed(table: pa.Table) -> pa.Table:
    """Write whole numbers without a sign, which Spark has not, as decimals."""
    for name in ("cell", "mask"):
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast(pa.decimal128(20, 0)))
    return table


def _unsigned(table: pa.Table) -> pa.Table:
    return table.select(coverage.PARTIAL.names).cast(coverage.PARTIAL)


def _answers(master: str) -> None:
    """Raise at once where nobody listens at a master's addresses, instead of letting Spark try again and again."""
    addresses = re.findall(r"([\w.-]+):(\d+)", master.partition("://")[2])
    refused = []
    for host, port in addresses:  # of several masters one leads, the others stand by
        try:
            socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
            return
        except OSError as error:
            refused.append(f"{host}:{port}: {error}")
    if refused:
        raise _silent(master, "; ".join(refused))


def _started(builder: Any, master: str) -> Any:
    """Start a session, and wait until a worker has come; neither is waited for without end."""
    outcome: list[Any] = []

    def start() -> None:
        try:
            outcome.append(builder.getOrCreate())
        except Exception as error:  # pyspark wraps whatever Java says
            outcome.append(error)

    beside = threading.Thread(target=start, daemon=True)
    beside.start()
    beside.join(START_SECONDS)
    if not outcome:
        raise _silent(master, f"no answer in {START_SECONDS:g} seconds")
    session = outcome[0]
    if isinstance(session, Exception):
        said = str(session).split("\n")[0][:200]
        if "masters are unresponsive" in str(session):
            raise _silent(master, said) from session
        raise AnalysisError("Spark did not start.", found=said, next_step=_INSTALL) from session
    if master.startswith("local["):
        return session
    until = time.monotonic() + WORKERS_SECONDS
    while time.monotonic() < until:
        try:
            if session.sparkContext._jsc.sc().getExecutorMemoryStatus().size() > 1:  # the first is this process
                return session
        except Exception as error:  # the session was stopped, since the master never answered
            raise _silent(master, str(error).split("\n")[0][:200]) from error
        time.sleep(0.2)
    session.stop()
    raise _silent(master, f"no worker in {WORKERS_SECONDS:g} seconds")


def _silent(master: str, found: str) -> AnalysisError:
    return AnalysisError(
        f"The Spark master {master} does not answer.", found=found,
        next_step="Start it and its workers, mend the address, or leave --engine spark out: threads give the same "
        "table.",
    )  # fmt: skip

"""Telemetry in CivMap's own columns as Parquet, as the simulator and other programs write it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from civmap import air_schema
from civmap.errors import ReadError
from civmap.readers.air import result as parts
from civmap.readers.air.result import AirResult

NEEDED = ("pass_id", "time")
MOST_ROWS = 5_000_000  # kept and matched at once; coverage alone reads files of any size, piece by piece


def is_own(header: Iterable[str]) -> bool:
    """Whether a Parquet file's columns are ours."""
    names = set(header)
    return set(NEEDED) <= names and bool(names & {"corner_1_longitude", "sensor_longitude", "area"})


def is_own_file(path: Path) -> bool:
    """Whether a file is telemetry in our columns, without reading its rows."""
    with path.open("rb") as file:
        if file.read(4) != b"PAR1":
            return False
    try:
        return is_own(pq.read_schema(path).names)
    except (pa.ArrowException, OSError, ValueError) as error:  # the last of text that is no UTF-8
        raise ReadError(f"{path.name}: the Parquet file is damaged.", found=str(error)[:200]) from error


def rows_of(path: Path) -> int:
    """Give the number of rows that a Parquet file says it has."""
    return int(pq.read_metadata(path).num_rows)


def too_many(path: Path) -> ReadError:
    """Make the error of a Parquet file with more rows than are loaded at once."""
    return ReadError(
        f"{path.name}: {rows_of(path):,} rows, which is more than is loaded at once.",
        expected=f"at most {MOST_ROWS:,}",
        next_step="Split it by day or week. For coverage alone any size will do: python -m civmap coverage.",
    )


def read_own(path: Path, *, sha256: str) -> AirResult:
    """Read a whole file; `civmap.analysis.coverage` reads large ones piece by piece instead."""
    known = [column.name for column in air_schema.TELEMETRY]
    try:
        if rows_of(path) > MOST_ROWS:
            raise too_many(path)
        sent = pq.read_schema(path).names
        table = pq.read_table(path, columns=[name for name in known if name in sent])
        read = table.replace_schema_metadata(None).to_pandas()  # what pandas wrote beside the columns is not needed
    except (pa.ArrowException, OSError, ValueError) as error:  # the last of text that is no UTF-8
        raise ReadError(f"{path.name}: the Parquet file is damaged.", found=str(error)[:200]) from error
    length = len(read)
    for name in ("pass_id", "platform", "sensor"):
        if name in read:
            read[name] = read[name].astype("object")
    if "source_row" not in read:
        read["source_row"] = np.arange(1, length + 1)
    try:
        telemetry = air_schema.frame({name: read[name] for name in read}, length=length)
    except (ValueError, TypeError, OverflowError) as error:
        raise ReadError(
            f"{path.name}: a column holds another kind of value.", found=str(error)[:200],
            expected=", ".join(f"{one.name} ({one.kind})" for one in air_schema.TELEMETRY if one.name in read),
        ) from error  # fmt: skip
    numbers = [column.name for column in air_schema.TELEMETRY if column.kind == "number"]
    telemetry[numbers] = telemetry[numbers].where(np.isfinite(telemetry[numbers]))
    odd = ~telemetry["seconds"].between(0, air_schema.LONGEST_SPAN_DAYS * 86_400) & ("seconds" in read)
    corners = telemetry[[*air_schema.CORNERS]]
    whole = corners.notna().all(axis=1)
    with_width = telemetry[["centre_latitude", "centre_longitude", "target_width_m"]].notna().all(axis=1)
    kind = pd.Series([None] * length, dtype="object").mask(with_width, "width").mask(whole, "corners")
    telemetry["footprint"] = kind.mask(telemetry["area"].notna(), "area").astype("str")
    kept, rows = parts.faults_of(
        [
            *parts.time_faults(telemetry["time"]),
            *parts.place_faults(telemetry["sensor_latitude"], telemetry["sensor_longitude"], needed=False),
            *parts.place_faults(telemetry["centre_latitude"], telemetry["centre_longitude"], needed=False),
            ("seconds_implausible", "seconds", odd.to_numpy()),
            ("footprint_impossible", "corner_1_latitude",
             air_schema.impossible(corners.to_numpy("float64").reshape(-1, 4, 2))),
            ("row_repeated", "time",
             (telemetry.drop(columns=["area", "source_row"]).duplicated() & telemetry["area"].isna()).to_numpy()),
        ],
        telemetry,
    )  # fmt: skip
    good = telemetry[kept].reset_index(drop=True)
    if "seconds" not in read:
        good = good.sort_values(["pass_id", "time"], kind="stable", ignore_index=True)
        _, good["seconds"] = parts.split_passes(good["pass_id"], good["time"], prefix="P")
    rejected = parts.rejected_frame(parts.listed(rows), file=path.name)
    passes = air_schema.passes_of(good, file=path.name, reader="telemetry")
    return AirResult(passes, good, rejected, length, "telemetry", path.name, sha256)

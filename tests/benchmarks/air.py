"""Speed of air surveillance: KLV against the bare library loop, coverage of many rows, and Spark beside threads.

`python -m tests.benchmarks.air --rows 50000000 --spark` prints the table; `air_lines` gives a small part of it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from civmap.air_schema import CORNERS
from civmap.readers.air import read_air
from tests.benchmarks.lines import Line, table

FLIGHT = "surveillance/klv_Cheyenne.bin"
TARGET_ROWS_PER_SECOND = 3_000_000
ROW_GROUP = 1_000_000
ROUNDS = 5

_COVER = """
import json, resource, sys, time
from civmap.analysis.coverage import coverage
coverage([sys.argv[2]])  # compiles, and reads what will be read
cpu, begin = time.process_time(), time.perf_counter()
found = coverage([sys.argv[1]], time_zone="Asia/Kabul")
print(time.perf_counter() - begin, time.process_time() - cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
"""
_SPARK = """
import sys, time
from civmap.analysis.coverage_spark import coverage_on_spark
begin = time.perf_counter()
coverage_on_spark([sys.argv[1]], master="local-cluster[2,1,1024]", time_zone="Asia/Kabul")
print(time.perf_counter() - begin)
"""


def main() -> None:
    """Measure at the sizes asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000, 50_000_000])
    parser.add_argument("--spark", action="store_true", help="measure Spark at the same sizes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="civmap-bench-air-") as folder:
        print(table(air_lines(Path(folder), rows=options.rows, spark=options.spark)))


def air_lines(folder: Path, *, rows: list[int], spark: bool = False) -> list[Line]:
    """Measure KLV reading, and coverage at these numbers of rows."""
    small = folder / "small.parquet"
    write_telemetry(small, 10_000)
    lines = klv()
    for number in rows:
        file = folder / f"rows-{number}.parquet"
        write_telemetry(file, number)
        wall, cpu, peak = (float(one) for one in _run(_COVER, file, small))
        speed = number / wall
        found = f"{speed / 1e6:.1f} M rows/s ({wall:.1f} s, {cpu:.1f} s of processor), {peak:,.0f} MB"
        # what is done once, such as laying out the globe, weighs on less
        large = number >= 50_000_000
        holds = speed >= TARGET_ROWS_PER_SECOND and peak < 2000 if large else None
        lines.append(Line(f"coverage of {number:,} rows", found, "3 M rows/s, 2 GB" if large else "-", holds))
        if spark:
            seconds = float(_run(_SPARK, file)[0])
            found = f"{number / seconds / 1e6:.2f} M rows/s ({seconds:.0f} s, {seconds / wall:.1f} times the threads')"
            lines.append(Line(f"the same on Spark, two workers, {number:,} rows", found, "-", None))
        file.unlink()
    return lines


def klv() -> list[Line]:
    """Read the real flight, and decode it with the library alone."""
    from stanag4609 import FieldDecodingMode, decode_uas_local_set, iter_klv

    reference = Path(os.environ.get("CIVMAP_REFERENCE_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    file = reference / FLIGHT
    if not file.is_file():
        return [Line("KLV read against the bare library loop", "no reference data", "at most 1.2", None)]
    with tempfile.TemporaryDirectory() as folder:
        long = Path(folder) / "long.klv"
        long.write_bytes(file.read_bytes() * 10)  # the repeats are set aside, after decoding
        ours, theirs = [], []
        for _ in range(ROUNDS):
            begin = time.process_time()
            result = read_air(long)
            ours.append(time.process_time() - begin)
            assert result.read == 4070
            begin = time.process_time()
            with long.open("rb") as stream:
                sets = [
                    decode_uas_local_set(one, field_decoding=FieldDecodingMode.PRESERVE) for one in iter_klv(stream)
                ]
            theirs.append(time.process_time() - begin)
            assert len(sets) == 4070
    ratio = min(ours) / min(theirs)
    found = f"{ratio:.2f} times ({4070 / min(ours):,.0f} packets/s)"
    return [Line("KLV read against the bare library loop", found, "at most 1.2", ratio <= 1.2)]


def write_telemetry(file: Path, rows: int) -> None:
    """Write frames of 2 by 1.4 km that sweep about targets all over Afghanistan, a second apart, an hour to a run."""
    rng = np.random.default_rng(0)
    writer = None
    for first in range(0, rows, ROW_GROUP):
        size = min(ROW_GROUP, rows - first)
        runs = max(size // 3600, 1)
        length = size // runs + 1
        run = np.repeat(np.arange(runs), length)[:size]
        step = np.arange(size) - run * length
        phase = rng.uniform(0, 2 * np.pi, (runs, 3))[run]
        x = rng.uniform(61, 70, runs)[run] + 0.08 * np.sin(2 * np.pi * 5 * step / length + phase[:, 0])
        y = rng.uniform(30, 36, runs)[run] + 0.07 * np.sin(2 * np.pi * 7 * step / length + phase[:, 1])
        cos, sin = np.cos(2 * np.pi * step / 600 + phase[:, 2]), np.sin(2 * np.pi * step / 600 + phase[:, 2])
        corners = [
            at for u, v in ((1, 0.7), (-1, 0.7), (-1, -0.7), (1, -0.7))
            for at in (x + (u * cos - v * sin) / 95, y + (u * sin + v * cos) / 111)
        ]  # fmt: skip
        start = 1_280_000_000 + rng.integers(0, 365 * 86400, runs)
        names = pa.array([f"P{first}-{number}" for number in range(runs)])
        columns = {
            "pass_id": pa.DictionaryArray.from_arrays(pa.array(run.astype("int32")), names),
            "time": pa.array((start[run] + step) * 1_000_000).cast(pa.timestamp("us", "UTC")),
            "seconds": pa.array(np.where(step == length - 1, 0.0, 1.0)),
        }
        columns |= {name: pa.array(values.astype("float32")) for name, values in zip(CORNERS, corners, strict=True)}
        made = pa.table(columns)
        writer = writer or pq.ParquetWriter(file, made.schema, use_dictionary=["pass_id"], compression="zstd")
        writer.write_table(made, row_group_size=ROW_GROUP)
    if writer is not None:
        writer.close()


def _run(script: str, *arguments: Path) -> list[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.split()[-3:]


if __name__ == "__main__":
    main()

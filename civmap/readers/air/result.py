"""What reading a file of air surveillance gives: passes, telemetry, what was set aside, and questions left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from civmap import air_schema
from civmap.errors import ReadError
from civmap.language import mark

REJECTED_COLUMNS = ("file", "source_row", "offset", "rule", "column", "value", "expected")

METRES = {"m": 1.0, "ft": 0.3048}  # a metre and a foot in metres

RULES = {
    "packet_cut_short": mark("as many bytes as the packet's length says"),
    "packet_broken": mark("a packet that ST 0601 can be read from"),
    "checksum_wrong": mark("the checksum that the packet itself carries"),
    "bytes_between_packets": mark("the next packet right behind the one before"),
    "other_set": mark("the UAS local set of ST 0601"),
    "packet_repeated": mark("each packet once"),
    "row_repeated": mark("each sample once"),
    "row_broken": mark("a record of the format"),
    "time_missing": mark("a time of the sample"),
    "time_unreadable": mark("a time in UTC, or seconds since 1970"),
    "time_implausible": mark("a time after 1990 and not in the future"),
    "clock_backwards": mark("a time not before that of the sample before"),
    "position_missing": mark("a latitude and a longitude"),
    "position_out_of_range": mark("latitude -90 to 90, longitude -180 to 180"),
    "null_island": mark("a place; latitude 0, longitude 0 stands for none"),
    "footprint_impossible": mark("four corners in order round the frame, at most 300 km from its middle"),
    "area_missing": mark("a polygon"),
    "area_impossible": mark("a valid polygon within -180 to 180, not wider than 180 degrees"),
    "end_before_start": mark("an end after the start"),
    "span_too_long": mark("an observation of at most 31 days"),
    "seconds_implausible": mark("0 seconds to 31 days"),
}


@dataclass(frozen=True)
class AirResult:
    """Everything that a file holds: read = accepted + rejected.

    Parameters
    ----------
    passes, telemetry
        Tables of `civmap.air_schema`.
    rejected
        file, source_row (number of the packet or record), offset (byte in the file or its KLV stream; null in tables),
        rule, column, value, expected.
    read
        Packets or records found, whole or not.
    reader, file, sha256
        Kind of file, its name and hash.
    notes
        What is worth knowing.
    questions
        What cannot be guessed, such as the unit of heights; until it is answered the values are null.
    """

    passes: pd.DataFrame
    telemetry: pd.DataFrame
    rejected: pd.DataFrame
    read: int
    reader: str
    file: str
    sha256: str
    notes: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    @property
    def accepted(self) -> int:
        """Samples accepted."""
        return len(self.telemetry)

    def summary(self) -> dict[str, Any]:
        """Say in figures what was read."""
        counted = self.rejected["rule"].value_counts().sort_index()
        times = self.telemetry["time"]
        kinds = self.telemetry["footprint"].fillna("none").value_counts()
        return {
            "file": self.file, "reader": self.reader, "read": self.read, "accepted": self.accepted,
            "rejected": len(self.rejected), "rules": {str(rule): int(n) for rule, n in counted.items()},
            "passes": len(self.passes), "footprints": {str(kind): int(n) for kind, n in kinds.items()},
            "first": None if times.empty else times.min().isoformat(),
            "last": None if times.empty else times.max().isoformat(),
            "seconds": float(self.telemetry["seconds"].sum()), "notes": list(self.notes),
            "questions": list(self.questions),
        }  # fmt: skip


def too_large(path: Path, most: int) -> ReadError:
    """Make the error of a file that would have to be held in memory and is too large for that."""
    return ReadError(
        f"{path.name}: the file is too large to be read at once.", expected=f"at most {most / 1e6:,.0f} MB, unpacked",
        next_step="Split it by day or week. For coverage alone, Parquet in CivMap's columns may have any size.",
    )  # fmt: skip


def rejected_frame(rows: Sequence[dict[str, Any]], *, file: str) -> pd.DataFrame:
    """Make the table of what was set aside; each row names its rule, and what was expected follows from it."""
    made = pd.DataFrame(list(rows), columns=[*REJECTED_COLUMNS])
    made["file"] = file
    made["expected"] = made["rule"].map(RULES)
    types = dict.fromkeys(REJECTED_COLUMNS, "str") | {"source_row": "Int64", "offset": "Int64"}
    return made.astype(types).sort_values(["source_row", "offset"], ignore_index=True)


def faults_of(faults: Sequence[tuple[str, str, np.ndarray]], table: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    """Split rows into kept and set aside, each with the first rule it breaks.

    Parameters
    ----------
    faults
        (rule, column, which rows break it), the weightiest first.
    table
        Columns as read, with ``source_row`` and, where there is one, ``offset``.

    Returns
    -------
    tuple
        Mask of the kept rows, and a frame of source_row, offset, rule, column, value.
    """
    bad = np.column_stack([mask for _, _, mask in faults])
    faulty = bad.any(axis=1)
    first = bad[faulty].argmax(axis=1)
    rows = table[faulty]
    columns = np.array([column for _, column, _ in faults], dtype=object)[first]
    values = pd.Series([None] * len(rows), index=rows.index, dtype="object")
    for name in set(columns) & set(table.columns):
        here = columns == name
        values[here] = rows.loc[here, name].astype("str")
    said = {
        "source_row": rows["source_row"],
        "offset": rows.get("offset"),
        "rule": np.array([rule for rule, _, _ in faults], dtype=object)[first],
        "column": columns,
        "value": values,
    }
    return np.asarray(~faulty), pd.DataFrame(said, index=rows.index)


def listed(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Give rows as mappings, as `rejected_frame` takes them."""
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def time_faults(time: pd.Series) -> list[tuple[str, str, np.ndarray]]:
    """Find times that are missing or that no flight of ours can have."""
    early, late = pd.Timestamp("1990-01-01", tz="UTC"), pd.Timestamp.now("UTC") + pd.Timedelta(days=1)
    return [
        ("time_missing", "time", time.isna().to_numpy()),
        ("time_implausible", "time", ((time < early) | (time > late)).to_numpy()),
    ]


def backwards(time: pd.Series, key: pd.Series) -> np.ndarray:
    """Find samples whose clock went back behind that of one before, and single ones whose clock leapt ahead.

    A single leap is that sample's fault: taken for true, it would put all behind it in the wrong. Times that are none
    or no flight's are no measure for others.

    Parameters
    ----------
    time
        UTC, in the order sent.
    key
        Whose clock it is; those of different keys are not compared.
    """
    implausible = np.logical_or.reduce([mask for _, _, mask in time_faults(time)])
    sent = (time - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    clock, whose = sent[~implausible], key[~implausible]
    by = clock.groupby(whose)
    before, one, two = by.shift(1), by.shift(-1), by.shift(-2)
    leapt = (clock > one) & (clock > two) & ~(before > one) & ~(one > two)
    steady = clock.where(~leapt)
    behind = steady < steady.groupby(whose).cummax().groupby(whose).shift().groupby(whose).ffill()
    return np.asarray((leapt | behind).reindex(time.index, fill_value=False))


def place_faults(latitude: pd.Series, longitude: pd.Series, *, needed: bool) -> list[tuple[str, str, np.ndarray]]:
    """Find positions that are impossible, or missing where they are needed."""
    y, x = latitude.to_numpy("float64"), longitude.to_numpy("float64")
    missing = np.isnan(y) | np.isnan(x)
    with np.errstate(invalid="ignore"):
        outside, zero = (np.abs(y) > 90) | (np.abs(x) > 180), (y == 0) & (x == 0)
    return [
        *([("position_missing", "latitude", missing)] if needed else []),
        ("position_out_of_range", "latitude", outside),
        ("null_island", "latitude", zero),
    ]


def split_passes(
    key: pd.Series, time: pd.Series, *, prefix: str, longest_gap_seconds: float = air_schema.LONGEST_GAP_SECONDS
) -> tuple[pd.Series, pd.Series]:
    """Cut each platform's samples into passes and say for how long each sample stands.

    Parameters
    ----------
    key
        Platform of each sample, in the order of key and time.
    time
        UTC, ascending within a key.
    prefix
        Begins each pass' id.
    longest_gap_seconds
        A sample stands for the time to the next, and for no more than this: a gap is not watching.

    Returns
    -------
    tuple
        Pass ids and seconds; the last sample of a pass stands for none.
    """
    step = time.diff().dt.total_seconds()
    begins = (key.fillna("") != key.fillna("").shift()) | (step > air_schema.PASS_GAP_SECONDS)
    number = begins.cumsum()
    to_next = step.shift(-1).where(~begins.shift(-1, fill_value=True), 0.0)
    ids = prefix + "-" + number.astype("str").str.zfill(4)
    return ids, to_next.clip(upper=longest_gap_seconds).fillna(0.0)

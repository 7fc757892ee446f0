"""What a reader returns: the accepted records, the rows set aside, and where they come from."""

from __future__ import annotations

import gc
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from civmap import schema
from civmap.readers import faults as rules
from civmap.readers.columns import always, known_names
from civmap.readers.files import Records, TextTable, read_records

_TAG = r"^\s*#[A-Za-z]\w*(\s*\+\s*\w+)*\s*$"


@dataclass(frozen=True)
class Provenance:
    """Where records come from: file, hash, reader, and how many rows were read."""

    file: str
    sha256: str
    size_bytes: int
    encoding: str
    reader: str
    source: str
    read: int
    read_at: datetime
    notes: tuple[str, ...] = ()
    mapping: str = ""  # the mapping that it was read through, as TOML


@dataclass(frozen=True)
class ReadResult:
    """Records of one file in CivMap's columns; every row is in `records` or in `rejected`."""

    records: gpd.GeoDataFrame
    rejected: pd.DataFrame
    provenance: Provenance

    @property
    def rule_counts(self) -> dict[str, int]:
        """Number of rows set aside by rule."""
        counted = self.rejected["rule"].value_counts()
        return {str(rule): int(number) for rule, number in counted.sort_index().items()}

    def summary(self) -> dict[str, Any]:
        """Say in figures what was read, for the command line and the page."""
        records = self.records
        dates = records["event_date"]
        return {
            "file": self.provenance.file,
            "source": self.provenance.source,
            "reader": self.provenance.reader,
            "read": self.provenance.read,
            "accepted": len(records),
            "rejected": len(self.rejected),
            "rules": self.rule_counts,
            "date_min": None if records.empty else f"{dates.min():%Y-%m-%d}",
            "date_max": None if records.empty else f"{dates.max():%Y-%m-%d}",
            "civilians_killed_min": _total(records["civilians_killed_min"]),
            "civilians_killed_best": _total(records["civilians_killed_best"]),
            "civilians_killed_max": _total(records["civilians_killed_max"]),
            "all_killed_best": _total(records["all_killed_best"]),
            "notes": list(self.provenance.notes),
        }


@dataclass
class Draft:
    """What a reader makes of a table before faulty rows are set aside."""

    columns: dict[str, Any]
    longitude: np.ndarray
    latitude: np.ndarray
    faults: list[rules.Fault]
    notes: list[str] = field(default_factory=list)


def begin(
    table: TextTable, columns: Sequence[str], *, spellings: Mapping[str, str] | None = None
) -> tuple[Records, list[str]]:
    """Read a source's columns as text, without the row of tags that data exchanges put below the header.

    Parameters
    ----------
    table
        An opened file.
    columns
        The reader's names of the columns; those that the file lacks are left out.
    spellings
        Old names of columns and the reader's, as `civmap.readers.columns.known_names` takes them.

    Returns
    -------
    tuple
        The records under the reader's names, numbered without the tags, and a note on each thing that was left out.
    """
    found = {ours: theirs for ours, theirs in known_names(table.header, spellings or {}).items() if ours in columns}
    read = read_records(table, found.values())
    return without_tags(replace(read, columns=read.columns.rename_columns(list(found))))


def without_tags(read: Records) -> tuple[Records, list[str]]:
    """Leave out a first record of nothing but tags, and number the others without it."""
    if not _is_tags(read):
        return read, []
    broken = read.broken.assign(source_row=read.broken["source_row"] - 1)
    not_points = None if read.not_points is None else read.not_points.slice(1)
    records = Records(read.columns.slice(1), read.source_row[1:] - 1, broken, not_points)
    return records, ["1 row of HXL tags below the header is no record"]


def _is_tags(records: Records) -> bool:
    """Say whether the first record holds nothing but tags such as ``#date+start``."""
    first = [column[0].as_py() for column in records.columns.slice(0, 1).columns if len(column)]
    given = [value for value in first if value is not None and value.strip()]
    is_first = bool(len(records.source_row)) and records.source_row[0] == 1
    return is_first and bool(given) and all(re.match(_TAG, value) for value in given)


def finish(draft: Draft, records: Records, table: TextTable, *, reader: str, source: str) -> ReadResult:
    """Set faulty rows aside and assemble the incident frame of the others."""
    ids = draft.columns["source_id"]
    # a source column in the file itself names the tally row by row
    named = draft.columns.pop("source", None)
    faults = [*draft.faults, rules.repeated_ids(ids, named, draft.faults)]
    kept, rejected = rules.set_aside(records, faults, file=table.path.name, source=source, ids=ids, sources=named)
    length = int(kept.sum())
    columns = {name: pd.Series(values)[kept] for name, values in draft.columns.items()}
    columns["source"] = named[kept].fillna(source) if named is not None else always(source, length)
    columns["source_row"] = pd.Series(records.source_row[kept])
    frame = schema.incident_frame(columns, _points(draft.longitude[kept], draft.latitude[kept]), length=length)
    provenance = Provenance(
        file=table.path.name,
        sha256=table.sha256,
        size_bytes=table.size_bytes,
        encoding=table.encoding,
        reader=reader,
        source="; ".join(sorted({*frame["source"].unique(), *rejected["source"].dropna().unique()})) or source,
        read=len(kept) + len(records.broken),
        read_at=datetime.now(UTC),
        notes=(*table.notes, *draft.notes),
    )
    return ReadResult(frame, rejected, provenance)


def _points(longitude: np.ndarray, latitude: np.ndarray) -> Any:
    """Make points, null where there are no coordinates."""
    collecting = gc.isenabled()
    gc.disable()  # a million new points would set it off over and over, which takes as long as making them
    try:
        points = gpd.points_from_xy(longitude, latitude)
    finally:
        if collecting:
            gc.enable()
    points[np.isnan(longitude)] = None
    return points


def _total(column: pd.Series) -> int | None:
    return int(column.sum()) if column.notna().any() else None

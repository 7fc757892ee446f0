"""What a reader returns: the accepted records, the rows set aside, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from civmap import schema
from civmap.readers import faults as rules
from civmap.readers.columns import always
from civmap.readers.files import Records, TextTable


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


def finish(draft: Draft, records: Records, table: TextTable, *, reader: str, source: str) -> ReadResult:
    """Set faulty rows aside and assemble the incident frame of the others."""
    ids = draft.columns["source_id"]
    # a source column in the file itself names the tally row by row
    named = draft.columns.pop("source", None)
    kept, rejected = rules.set_aside(records, draft.faults, file=table.path.name, source=source, ids=ids, sources=named)
    length = int(kept.sum())
    columns = {name: pd.Series(values)[kept] for name, values in draft.columns.items()}
    columns["source"] = named[kept].fillna(source) if named is not None else always(source, length)
    columns["source_row"] = pd.Series(records.source_row[kept])
    points = gpd.points_from_xy(draft.longitude[kept], draft.latitude[kept])
    points[np.isnan(draft.longitude[kept])] = None
    frame = schema.incident_frame(columns, points, length=length)
    provenance = Provenance(
        file=table.path.name,
        sha256=table.sha256,
        size_bytes=table.size_bytes,
        encoding=table.encoding,
        reader=reader,
        source="; ".join(sorted({*frame["source"], *rejected["source"].dropna()})) or source,
        read=len(kept) + len(records.broken),
        read_at=datetime.now(UTC),
        notes=tuple(draft.notes),
    )
    return ReadResult(frame, rejected, provenance)


def _total(column: pd.Series) -> int | None:
    return int(column.sum()) if column.notna().any() else None

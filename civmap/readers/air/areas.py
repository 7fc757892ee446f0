"""Areas that a source says were observed, and sorties over them: an outline with a start and an end.

The whole area counts for the whole time, on the source's word: it is not known where in it a sensor looked.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from civmap import air_schema, schema
from civmap.errors import ReadError
from civmap.readers.air import result as parts
from civmap.readers.air.result import AirResult
from civmap.readers.files import TextTable, read_records

# column of ours: names in the order of preference
NAMES = {
    "start": ("start", "start_time", "start_utc", "begin", "from"),
    "end": ("end", "end_time", "end_utc", "to"),
    "sensor": ("sensor", "sensor_type"),
    "platform": ("platform", "aircraft", "tail"),
    "pass_id": ("pass_id", "sortie", "mission", "id"),
}
OUTLINE = ("area", "wkt", "geometry", "geom", "outline")


def is_areas(header: Iterable[str]) -> bool:
    """Whether a table has an outline in WKT, a start and an end."""
    names = {name.casefold() for name in header}
    return bool(names & set(OUTLINE)) and all(names & set(NAMES[one]) for one in ("start", "end"))


def read_table(table: TextTable) -> AirResult:
    """Read sorties or observed areas from a table whose outline is text in WKT (EPSG:4326)."""
    header = {name.casefold(): name for name in table.header}
    outline = next(header[name] for name in OUTLINE if name in header)
    named = _named(header)
    records = read_records(table, [outline, *named.values()])
    raw = records.columns.to_pandas()
    read = pd.DataFrame({ours: raw[theirs] for ours, theirs in named.items()})
    read["outline"] = raw[outline]
    written = raw[outline].astype("object").where(raw[outline].notna(), None)
    shapes = shapely.from_wkt(written.to_numpy(), on_invalid="ignore")
    broken = [{"source_row": row, "rule": "row_broken", "column": "row"} for row in records.broken["source_row"]]
    read.insert(0, "source_row", records.source_row)
    return _result(read, shapes, table.path, table.sha256, "areas", broken)


def read_layers(path: Path, *, sha256: str) -> AirResult:
    """Read observed areas from GeoJSON or GeoPackage; other coordinates are transformed."""
    try:
        layer = gpd.read_file(path)
    except Exception as error:  # pyogrio has many kinds of error
        raise ReadError(f"{path.name} cannot be read.", found=str(error)[:200]) from error
    header = {str(name).casefold(): str(name) for name in layer.columns}
    named = _named(header)
    lacking = [one for one in ("start", "end") if one not in named]
    if not isinstance(layer, gpd.GeoDataFrame) or lacking:
        raise ReadError(
            f"{path.name}: observed areas need a start and an end.", found=", ".join(header),
            expected="polygons with the columns start and end (UTC), and if known sensor, platform",
        )  # fmt: skip
    layer = layer if layer.crs is None else layer.to_crs(schema.CRS)
    read = pd.DataFrame(
        {ours: layer[theirs].astype("str").where(layer[theirs].notna()) for ours, theirs in named.items()}
    )
    shapes = layer.geometry.to_numpy()
    read["outline"] = layer.geom_type.to_numpy()
    read.insert(0, "source_row", np.arange(1, len(read) + 1))
    return _result(read, shapes, path, sha256, "areas", [])


def _named(header: dict[str, str]) -> dict[str, str]:
    found = {ours: next((header[name] for name in names if name in header), None) for ours, names in NAMES.items()}
    return {ours: theirs for ours, theirs in found.items() if theirs is not None}


def _result(
    read: pd.DataFrame, shapes: np.ndarray, path: Path, sha256: str, reader: str, broken: list[dict[str, object]]
) -> AirResult:
    """Put areas into the columns of telemetry, one row for each."""
    count = len(read) + len(broken)
    shapes = np.asarray(shapes, dtype=object)
    begun, ended = (_utc(read[name]) for name in ("start", "end"))
    is_area = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    bounds = shapely.bounds(shapes)
    with np.errstate(invalid="ignore"):
        wide = (bounds[:, 2] - bounds[:, 0] > 180) & (shapely.get_type_id(shapes) == 3)
        outside = (np.abs(bounds[:, [0, 2]]) > 180).any(axis=1) | (np.abs(bounds[:, [1, 3]]) > 90).any(axis=1)
    seconds = (ended - begun).dt.total_seconds()
    kept, rows = parts.faults_of(
        [
            ("area_missing", "outline", ~is_area),
            ("area_impossible", "outline", wide | outside | (is_area & ~shapely.is_valid(shapes))),
            ("time_unreadable", "start", (read["start"].notna() & begun.isna()).to_numpy()),
            ("time_unreadable", "end", (read["end"].notna() & ended.isna()).to_numpy()),
            *[(rule, "start", mask) for rule, _, mask in parts.time_faults(begun)],
            *[(rule, "end", mask) for rule, _, mask in parts.time_faults(ended)],
            ("end_before_start", "end", (seconds <= 0).to_numpy()),
            ("span_too_long", "end", (seconds > air_schema.LONGEST_SPAN_DAYS * 86400).to_numpy()),
            ("row_repeated", "start", _repeated(read, shapes)),
        ],
        read,
    )
    good, shapes = read[kept].reset_index(drop=True), shapes[kept]
    middles = shapely.centroid(shapes)
    numbers = good["source_row"].astype("str").str.zfill(6)
    columns = {
        "pass_id": f"AREA-{sha256[:8]}-" + numbers, "source_row": good["source_row"], "time": begun[kept],
        "seconds": seconds[kept], "centre_longitude": shapely.get_x(middles), "centre_latitude": shapely.get_y(middles),
        "footprint": ["area"] * len(good), "area": list(shapely.to_wkb(shapes)),
    }  # fmt: skip
    columns |= {name: good[name] for name in ("platform", "sensor") if name in good}
    telemetry = air_schema.frame(columns, length=len(good))
    rejected = parts.rejected_frame([*broken, *parts.listed(rows)], file=path.name)
    passes = air_schema.passes_of(telemetry, file=path.name, reader=reader)
    notes = ("The whole area counts for the whole time, on the source's word.",)
    return AirResult(passes, telemetry, rejected, count, reader, path.name, sha256, notes)


def _repeated(read: pd.DataFrame, shapes: np.ndarray) -> np.ndarray:
    text = read.drop(columns="source_row").assign(outline=pd.Series(shapely.to_wkt(shapes), index=read.index))
    return np.asarray(text.duplicated() & text["outline"].notna())


def _utc(values: pd.Series) -> pd.Series:
    """Read times; those without an offset are UTC, as sensor times are here."""
    read = pd.to_datetime(values.astype("str").where(values.notna()), format="ISO8601", errors="coerce", utc=True)
    return read.astype("datetime64[us, UTC]")

"""Geographic files as text tables: GeoPackage, Shapefile and GeoParquet, and what GeoJSON shares with them.

Attributes become columns of text, points the columns ``longitude`` and ``latitude`` in EPSG:4326; a file's own columns
of these names win where both are filled. An area or a line is never turned into a point: such a record is set aside.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
import shapely
from pyproj import CRS, Transformer

from civmap.errors import ReadError
from civmap.readers.header import unique_names
from civmap.readers.tables import TextTable, whole_records

MAX_BYTES = 500_000_000
DEGREES = CRS("EPSG:4326")
_DRIVERS = ("GPKG", "ESRI Shapefile")  # GDAL would also try a broken database as a text file
_POINT = ("longitude", "latitude")
_DECIMALS = 7  # of degrees, about a centimetre, for points that come from other coordinates
_NEAR = 0.01  # degrees; two coordinates of one record that differ by more are not one place
_METRE = 1.0  # in the file's own unit; a point that does not come back to itself lies outside its coordinate system


def open_layers(path: Path, *, sha256: str, layer: str = "") -> TextTable:
    """Read a GeoPackage or a Shapefile.

    Parameters
    ----------
    path
        The file; a Shapefile needs its .shx and .dbf beside it.
    sha256
        Its hash.
    layer
        Which layer; the one with most records if not given.

    Returns
    -------
    TextTable
        Attributes as text, with longitude and latitude.

    Raises
    ------
    ReadError
        When it is damaged, incomplete or no GeoPackage, or has no such layer.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ReadError(
            f"{path.name}: more than {MAX_BYTES / 1e6:.0f} MB.",
            next_step="Convert it to GeoParquet or CSV, or split it.",
        )
    with _readable(path):
        layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        if layer and layer not in layers:
            raise ReadError(
                f"{path.name}: no layer '{layer}'.", found=", ".join(layers), next_step="Name one of these layers."
            )
        infos = {one: pyogrio.read_info(path, layer=one, force_feature_count=True) for one in layers}
        if not infos or any(info["driver"] not in _DRIVERS for info in infos.values()):
            raise ReadError(
                f"{path.name}: the geographic file is damaged or of another kind and holds no layer.",
                expected=" or ".join(_DRIVERS),
                next_step="Export it again from its source.",
            )
        sizes = {name: int(info["features"]) for name, info in infos.items()}
        chosen = layer or max(sizes, key=lambda name: sizes[name])
        described, table = pyogrio.read_arrow(path, layer=chosen)
        crs = CRS(described["crs"]) if described["crs"] else None
    shapefile = path.suffix.lower() == ".shp"
    if shapefile and not len(described["fields"]):
        raise ReadError(
            f"{path.name}: the Shapefile has no table beside it.",
            expected="the .shp, .shx, .dbf and .prj together",
            next_step="Zip these files into one archive and load that.",
        )
    geometry = described["geometry_name"] or "wkb_geometry"
    columns = {name: _text(table[name]) for name in table.column_names if name != geometry}
    coded = table[geometry].to_numpy() if geometry in table.column_names else np.full(table.num_rows, None)
    others = [f"'{name}' ({size:,} records)" for name, size in sizes.items() if name != chosen]
    made = _from_shapes(
        path, "shapefile" if shapefile else "geopackage", sha256, columns, coded, crs,
        notes=[f"layer '{chosen}' was read, not {', '.join(others)}"] if others else [],
    )  # fmt: skip
    return replace(made, sheets=tuple(dict.fromkeys([chosen, *sizes])))


def open_geoparquet(path: Path, *, sha256: str) -> TextTable:
    """Read GeoParquet: all columns as text, with longitude and latitude."""
    with _readable(path):
        frame = gpd.read_parquet(path)
        rest = pa.Table.from_pandas(pd.DataFrame(frame.drop(columns=frame.geometry.name)), preserve_index=False)
        columns = {str(name): _text(rest[name]) for name in rest.column_names}
    return _from_shapes(path, "geoparquet", sha256, columns, shapely.to_wkb(frame.geometry.to_numpy()), frame.crs)


def table_of_points(
    path: Path, kind: str, *, sha256: str, size: int, columns: Mapping[str, pa.ChunkedArray],
    point: tuple[pa.Array, pa.Array], strange: pa.Array,
    broken: Sequence[tuple[int, str, str]] = (), notes: Sequence[str] = (),
) -> TextTable:  # fmt: skip
    """Put the table of a geographic file together.

    Parameters
    ----------
    path, kind, sha256, size
        The file, how it is coded, its hash and its size in bytes.
    columns
        Attributes as text.
    point
        Longitude and latitude in EPSG:4326 as text, null where there is none.
    strange
        What the geometry is where it is no point, else null.
    broken, notes
        Records that are none, and what was decided on opening.
    """
    content = dict(zip(unique_names(list(columns)), columns.values(), strict=True))
    notes = list(notes)
    own = [content.pop(name, None) for name in _POINT]
    if own[0] is not None and own[1] is not None:
        given = pc.and_(pc.is_valid(own[0]), pc.is_valid(own[1]))
        apart = [np.abs(_numbers(mine) - _numbers(theirs)) > _NEAR for mine, theirs in zip(own, point, strict=True)]
        if number := int(((apart[0] | apart[1]) & given.to_numpy(zero_copy_only=False)).sum()):
            notes.append(f"own longitude and latitude of {number:,} records lie elsewhere than their point, and count")
        point = pc.if_else(given, own[0], point[0]), pc.if_else(given, own[1], point[1])
    content |= dict(zip(_POINT, point, strict=True))
    records = whole_records(
        pa.table(content), broken, not_points=None if strange.null_count == len(strange) else strange
    )
    return TextTable(path, sha256, size, kind, "", tuple(content), None, records=records, notes=tuple(notes))


def in_degrees(longitude: pa.Array, latitude: pa.Array, crs: CRS | None) -> tuple[pa.Array, pa.Array]:
    """Turn coordinates written as text into degrees as text; those outside their system stay as they are, with it."""
    if crs is None or crs.equals(DEGREES, ignore_axis_order=True):
        return longitude, latitude
    x, y = _numbers(longitude), _numbers(latitude)
    there = Transformer.from_crs(crs, DEGREES, always_xy=True)
    east, north = there.transform(x, y)
    back_x, back_y = there.transform(east, north, direction="INVERSE")
    with np.errstate(invalid="ignore"):
        true = (np.abs(back_x - x) < _METRE) & (np.abs(back_y - y) < _METRE)
    kept = pa.array(true)
    marked = pa.scalar(f" ({crs.to_string()[:40]})")
    joined = [pc.binary_join_element_wise(column, marked, "") for column in (longitude, latitude)]
    degrees = [pa.array(np.round(values, _DECIMALS)).cast(pa.string()) for values in (east, north)]
    return pc.if_else(kept, degrees[0], joined[0]), pc.if_else(kept, degrees[1], joined[1])


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say in words that a library cannot read a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what GDAL doubts in single records, their own rules say
            yield
    except ReadError:
        raise
    except Exception as error:  # these libraries have many kinds of error, also plain ones for damaged bytes
        raise ReadError(
            f"{path.name}: the geographic file is damaged, incomplete or of another kind.",
            found=str(error).replace(f"{path.parent}/", "")[:200],
            expected="GeoPackage, GeoParquet, or a Shapefile with its .shx, .dbf and .prj",
            next_step="Export it again; zip a Shapefile with the files beside it.",
        ) from error


def _from_shapes(
    path: Path, kind: str, sha256: str, columns: Mapping[str, pa.ChunkedArray], coded: np.ndarray, crs: CRS | None,
    *, notes: Sequence[str] = (),
) -> TextTable:  # fmt: skip
    shapes = shapely.from_wkb(coded, on_invalid="ignore")
    alone = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT) & (shapely.get_num_geometries(shapes) == 1)
    shapes = np.where(alone, shapely.get_geometry(shapes, 0), shapes)
    damaged = shapely.is_missing(shapes) & pd.notna(coded)
    shapes = np.where(shapely.is_empty(shapes), None, shapes)  # an empty point says no more than none
    kinds = gpd.GeoSeries(shapes).geom_type
    strange = kinds.mask(kinds == "Point").mask(damaged, "damaged geometry")
    longitude, latitude = shapely.get_x(shapes), shapely.get_y(shapes)  # NaN where it is no point
    far = (np.abs(longitude) > 180) | (np.abs(latitude) > 90)
    if crs is None and far.sum() > np.isfinite(longitude).sum() / 2:
        raise ReadError(
            f"{path.name}: does not say in which coordinate system it is, and its numbers are no degrees.",
            found=f"coordinates such as {np.nanmedian(longitude):.0f}, {np.nanmedian(latitude):.0f}",
            expected="a coordinate system (for a Shapefile the .prj file), or degrees",
            next_step="Export it again in EPSG:4326.",
        )
    if crs is None:
        notes = [*notes, "no coordinate system is given; the coordinates were taken as degrees (EPSG:4326)"]
    elif not crs.equals(DEGREES, ignore_axis_order=True):
        notes = [*notes, f"coordinates were turned from {crs.to_string()[:60]} into degrees (EPSG:4326)"]
    return table_of_points(
        path, kind, sha256=sha256, size=path.stat().st_size, columns=columns,
        point=in_degrees(_decimals(longitude), _decimals(latitude), crs),
        strange=pa.array(strange.astype("str"), pa.string()), notes=notes,
    )  # fmt: skip


def _decimals(values: np.ndarray) -> pa.Array:
    """Write numbers; NaN is what shapely gives where there is no point, and becomes null."""
    return pa.array(values, mask=np.isnan(values)).cast(pa.string())


def _numbers(column: pa.Array) -> np.ndarray:
    return pd.to_numeric(column.to_pandas(), errors="coerce").to_numpy(dtype="float64")


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write a column as text, an empty one as null; what has no text of its own is written by Python."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.cast(column.type.storage_type)
    try:
        written = column.cast(pa.string())
        written.validate(full=True)
    except (pa.ArrowException, ValueError):
        bare = column.cast(pa.binary()) if pa.types.is_string(column.type) else column  # bytes that are no text
        written = pa.chunked_array([pa.array([_said(value) for value in bare.to_pylist()], pa.string())])
    return pc.if_else(pc.equal(written, ""), None, written)


def _said(value: Any) -> str | None:
    if isinstance(value, list):
        return "; ".join(_said(one) or "" for one in value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return None if value is None else str(value)

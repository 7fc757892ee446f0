"""GeoJSON as a text table: every feature accounted for, numbers as they are written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyproj import CRS
from pyproj.exceptions import CRSError

from civmap.errors import ReadError
from civmap.readers.geographic import in_degrees, table_of_points
from civmap.readers.tables import TextTable

MAX_BYTES = 200_000_000  # unpacked; read as a whole it takes seven times as much memory
MAX_CELLS = 30_000_000  # features times different properties


def is_json(head: bytes) -> bool:
    """Say whether a file begins like GeoJSON, in one object or one to each line."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\x1e \t\r\n")
    return start.startswith((b"{", b"["))


def open_geojson(path: Path, raw: pa.Buffer, *, sha256: str) -> TextTable:
    """Read GeoJSON, a collection or one feature to a line.

    What stands among the features without being one is a broken record. Coordinates are degrees, unless the file
    names another system, as was usual before 2016.

    Parameters
    ----------
    path
        The file, for its name.
    raw
        Its unpacked content.
    sha256
        Hash of the file as it is on disk.

    Returns
    -------
    TextTable
        Properties as text, with longitude and latitude.

    Raises
    ------
    ReadError
        When it is no JSON, no GeoJSON, or too large.

    References
    ----------
    RFC 7946, and RFC 8142 for one feature to a line.
    """
    if raw.size > MAX_BYTES:
        raise ReadError(
            f"{path.name}: more than {MAX_BYTES / 1e6:.0f} MB of GeoJSON.",
            next_step="Convert it to GeoPackage, GeoParquet or CSV.",
        )
    found, crs = _features(path, raw)
    broken = [(number, "", "a GeoJSON Feature") for number, one in enumerate(found, start=1) if not _is_feature(one)]
    features = [one for one in found if _is_feature(one)]
    if not found:
        raise ReadError(f"{path.name}: the GeoJSON holds no feature.", next_step="Export it again from its source.")
    properties = [_object(one.get("properties")) for one in features]
    names = list(dict.fromkeys(name for one in properties for name in one))
    if len(names) * len(features) > MAX_CELLS:
        raise ReadError(
            f"{path.name}: {len(features):,} features with {len(names):,} different properties.",
            expected="the same properties in each feature",
            next_step="Export it again as a table.",
        )
    columns = {_text(name) or "": _texts(one.get(name) for one in properties) for name in names}
    if "id" not in columns and any("id" in one for one in features):
        columns = {"id": _texts(one.get("id") for one in features), **columns}
    geometries = [_single(_object(one.get("geometry"))) for one in features]
    points = [_point(one) for one in geometries]
    return table_of_points(
        path, "geojson", sha256=sha256, size=raw.size, columns=columns,
        point=in_degrees(_texts(at[0] for at in points), _texts(at[1] for at in points), crs),
        strange=_texts(None if one.get("type") == "Point" else one.get("type") for one in geometries),
        broken=broken, notes=[f"coordinates were turned from {crs.to_string()[:60]} into degrees"] if crs else [],
    )  # fmt: skip


def _features(path: Path, raw: pa.Buffer) -> tuple[list[Any], CRS | None]:
    text = bytes(memoryview(raw)).decode("utf-8-sig", errors="replace").lstrip("\x1e")
    try:
        whole = _loads(text)
    except (ValueError, RecursionError) as error:
        lines = [line for line in (line.strip("\x1e \t\r") for line in text.split("\n")) if line]
        if len(lines) > 1 and any(_is_feature(_loads_or_none(line)) for line in lines[:2]):  # a feature to each line
            return [_loads_or_none(line) for line in lines], None
        raise ReadError(
            f"{path.name}: the GeoJSON is damaged or cut short.", found=str(error)[:200], next_step="Fetch it again."
        ) from error
    if _is_feature(whole):
        return [whole], None
    if not isinstance(whole, dict) or not isinstance(whole.get("features"), list):
        raise ReadError(
            f"{path.name}: this is JSON, but not GeoJSON.",
            found=", ".join(str(name)[:60] for name in list(whole)[:10]) if isinstance(whole, dict) else "a list",
            expected="a FeatureCollection",
            next_step="Export it as GeoJSON or CSV.",
        )
    return whole["features"], _crs(path, _object(_object(whole.get("crs")).get("properties")).get("name"))


def _crs(path: Path, name: Any) -> CRS | None:
    if name is None or str(name).endswith(("CRS84", "4326")):
        return None
    try:
        return CRS.from_user_input(str(name))
    except CRSError as error:
        raise ReadError(
            f"{path.name}: names a coordinate system that is not known.",
            found=str(name)[:100],
            expected="a name such as urn:ogc:def:crs:EPSG::32642",
            next_step="Export it again in EPSG:4326.",
        ) from error


def _loads(text: str) -> Any:
    return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)


def _loads_or_none(text: str) -> Any:
    try:
        return _loads(text)
    except (ValueError, RecursionError):
        return None


def _is_feature(one: Any) -> bool:
    return isinstance(one, dict) and one.get("type") == "Feature"


def _object(one: Any) -> dict[str, Any]:
    return one if isinstance(one, dict) else {}


def _single(geometry: dict[str, Any]) -> dict[str, Any]:
    """Give the point where there is but one of several."""
    at = geometry.get("coordinates")
    alone = geometry.get("type") == "MultiPoint" and isinstance(at, list) and len(at) == 1
    return {"type": "Point", "coordinates": at[0]} if alone and isinstance(at, list) else geometry


def _point(geometry: dict[str, Any]) -> tuple[Any, Any]:
    """Give longitude and latitude of a point; what stands there in the place of numbers is shown as it is."""
    at = geometry.get("coordinates")
    if geometry.get("type") != "Point" or not at:
        return None, None
    return (at[0], at[1]) if isinstance(at, list) and len(at) > 1 else (at, None)


def _texts(values: Iterable[Any]) -> pa.Array:
    return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    if isinstance(value, list) and not any(isinstance(one, list | dict) for one in value):
        value = "; ".join(_text(one) or "" for one in value)
    elif isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, str) and not value.isascii():  # half a surrogate pair is JSON, but no text
        value = value.encode(errors="replace").decode()
    return value or None

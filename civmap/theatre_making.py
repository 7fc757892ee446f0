"""A new theatre's folder from any vector file of provinces: codes, names, a coverage without gaps, empty tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from civmap import schema
from civmap.errors import TheatreError
from civmap.theatre_files import FALLBACK_PARTIES, LIST_MARKS, TABLES, as_coverage, separates
from civmap.theatre_settings import DEFAULTS

_CODE_COLUMNS = ("admin1", "iso_3166_2", "shapeiso", "iso_code", "adm1_pcode", "admin1_pcode", "pcode", "adm1_code")
_NAME_COLUMNS = ("name", "shapename", "adm1_en", "adm1_name", "admin1name_en", "name_1", "name_en", "province")
_MAP_PIXELS = (900, 560)  # about the size in which a page shows the map; H3 and web maps have tiles of 512


def provinces(name: str, file: Path, *, code_column: str | None, name_column: str | None) -> gpd.GeoDataFrame:
    """Read the provinces of a new theatre as ``admin1``, ``name``, ``country`` and a coverage in EPSG:4326.

    Parameters
    ----------
    name
        Name of the theatre, for the codes where the file has none: ``NAME-01``, ``NAME-02``.
    file
        A file of polygons that geopandas can read, in any CRS.
    code_column, name_column
        Columns with codes and names; guessed if not given.

    Raises
    ------
    TheatreError
        If the file cannot be read, has no CRS or no polygons, a column is missing or not unique, or a code holds a
        comma or semicolon.
    """
    raw = _polygons(file)
    code_column = code_column or _guess_column(raw, _CODE_COLUMNS)
    name_column = name_column or _guess_column(raw, _NAME_COLUMNS) or code_column
    for column in filter(None, (code_column, name_column)):
        if column not in raw or raw[column].isna().any() or (column == code_column and raw[column].duplicated().any()):
            raise TheatreError(
                f"Column '{column}' is missing, has gaps or is not unique.", found=", ".join(raw.columns),
                next_step="Name another with code_column or name_column.",
            )  # fmt: skip
    if code_column and (separating := separates(raw[code_column].astype("str"))).any():
        raise TheatreError(
            f"Column '{code_column}' of {Path(file).name} cannot give the codes of provinces.",
            found=", ".join(f"'{code}'" for code in raw[code_column][separating].head(5)),
            expected=f"codes without {LIST_MARKS}",
            next_step="Name another column with code_column, or mend the file.",
        )
    numbered = pd.Series([f"{name.upper()}-{number:02d}" for number in range(1, len(raw) + 1)])
    codes = raw[code_column].astype("str") if code_column else numbered
    names = raw[name_column].astype("str") if name_column else codes
    country = codes.str.extract(r"^([A-Z]{2})(?:-|\d)", expand=False).fillna("")
    coverage = as_coverage(raw.to_crs(schema.CRS).geometry.to_numpy())
    return gpd.GeoDataFrame({"admin1": codes, "name": names, "country": country}, geometry=coverage, crs=schema.CRS)


def settings(name: str, frame: gpd.GeoDataFrame) -> dict[str, Any]:
    """Give the first settings of a theatre: an equal-area CRS about its middle, and a view that holds all of it."""
    west, south, east, north = frame.total_bounds
    lon, lat = round((west + east) / 2, 2), round((south + north) / 2, 2)
    wide, high = _MAP_PIXELS
    spans = max((east - west) / 360 * 512 / wide, (north - south) / 360 / np.cos(np.radians(lat)) * 512 / high)
    return {
        "id": name, "title": name.replace("_", " ").replace("-", " ").title(),
        "countries": sorted(set(frame["country"]) - {""}),
        "measuring_crs": f"+proj=laea +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m +no_defs", "time_zone": "UTC",
        **{key: DEFAULTS[key] for key in ("map_cell_resolution", "surveillance_delay_days", "marking")},
        "view": {"lon": lon, "lat": lat, "zoom": round(float(np.clip(np.log2(0.9 / spans), 1, 12)), 1)},
    }  # fmt: skip


def write(folder: Path, frame: gpd.GeoDataFrame, toml: dict[str, Any]) -> None:
    """Write settings, boundaries and tables that are empty but for the two parties every theatre has."""
    plain = {key: value for key, value in toml.items() if key != "view"}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items()]
    lines += ["", "[view]", *(f"{key} = {value}" for key, value in toml["view"].items()), ""]
    (folder / "theatre.toml").write_text("\n".join(lines), encoding="utf-8")
    frame.to_file(folder / "boundaries.geojson", driver="GeoJSON", COORDINATE_PRECISION=5)
    for table, columns in TABLES.items():
        rows = [(party, party.title(), "none", "") for party in FALLBACK_PARTIES] if table == "parties" else []
        pd.DataFrame(rows, columns=list(columns)).to_csv(folder / f"{table}.csv", index=False, lineterminator="\n")


def _polygons(file: Path) -> gpd.GeoDataFrame:
    try:
        raw = gpd.read_file(file)
    except Exception as error:  # pyogrio has many kinds of error
        raise TheatreError(f"{Path(file).name} cannot be read.", found=str(error)) from error
    if not isinstance(raw, gpd.GeoDataFrame):  # a table without any geometry
        raise TheatreError(f"{Path(file).name} holds no polygons with a CRS.", found=f"columns {list(raw)}")
    raw = raw[raw.geom_type.isin(["Polygon", "MultiPolygon"])].reset_index(drop=True)
    if raw.crs is None or raw.empty:
        raise TheatreError(f"{Path(file).name} holds no polygons with a CRS.", found=f"columns {list(raw)}")
    return raw


def _guess_column(frame: pd.DataFrame, candidates: tuple[str, ...]) -> str | None:
    by_name = {str(column).lower(): column for column in frame.columns if column != frame.geometry.name}
    usable = [by_name[name] for name in candidates if name in by_name]
    return next((column for column in usable if frame[column].notna().all() and frame[column].is_unique), None)

"""A theatre: the folder that holds a war's provinces, names, parties, directives and recording rules.

Only ``theatre.toml`` and ``boundaries.geojson`` are required; a missing table is an empty one. Cells that hold a list
separate it by ``;`` and load as tuples; an empty list means "all". Dates are days, local to the theatre.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from civmap import schema, theatre_files
from civmap.errors import TheatreError
from civmap.theatre_files import FALLBACK_PARTIES, TABLES, normalise_name

__all__ = ["Theatre", "load_theatre", "new_theatre", "normalise_name", "theatre_names"]

SHIPPED = Path(__file__).resolve().parents[1] / "data"


# "Military Forces of Syria (2000-2024) Air Force": one name, its years, and perhaps a branch
_GOVERNMENT = re.compile(r"\s*(?P<with_years>(?P<name>[^,;]*?)\(\d{4}-\d{0,4}\))[^,;]*")


@dataclass(frozen=True, eq=False)
class Theatre:
    """One loaded theatre; its frames are shared and read-only.

    Parameters
    ----------
    boundaries
        Provinces in EPSG:4326, indexed by ``admin1`` with ``name``, ``country`` and ``geometry``.
    aliases
        For each kind (admin1, group, party, side, cause) the normalised name and what it stands for.
    parties, population, area_groups, source_scopes, directives, recording_changes, context, tallies, activity
        Tables with the columns of `TABLES`. A tally's revision is a row of its own; totals of different `definition`
        are not to be joined by a line.
    measuring_crs
        Equal-area CRS, in metres, in which distances and areas are measured.
    disclosure, view
        Rules for small counts on exports; ``lon``, ``lat`` and ``zoom`` at which the map opens.
    demonstration
        Folder of synthetic data, if the theatre has one.
    fingerprint
        A short hash of the folder's files.
    notes
        What a person should know about the folder and that is no fault.
    """

    id: str
    title: str
    countries: tuple[str, ...]
    folder: Path
    boundaries: gpd.GeoDataFrame
    aliases: dict[str, dict[str, str]]
    parties: pd.DataFrame
    population: pd.DataFrame
    area_groups: pd.DataFrame
    source_scopes: pd.DataFrame
    directives: pd.DataFrame
    recording_changes: pd.DataFrame
    context: pd.DataFrame
    tallies: pd.DataFrame
    activity: pd.DataFrame
    measuring_crs: str
    time_zone: str
    map_cell_resolution: int
    surveillance_delay_days: int
    disclosure: dict[str, Any]
    marking: str
    view: dict[str, float]
    demonstration: Path | None
    fingerprint: str
    notes: tuple[str, ...] = ()

    def admin1_of(self, names: pd.Series) -> pd.Series:
        """Look up province codes by name or code; null where the theatre knows no such name."""
        codes = {name: self.aliases["admin1"].get(normalise_name(name)) for name in names.dropna().unique()}
        return names.map(codes).astype("str")

    def party_of(self, name: str | None) -> str:
        """Look up one party: ``undetermined`` where none is named, ``other`` where the name is not listed."""
        if not isinstance(name, str) or not name.strip():
            return "undetermined"
        known = self.aliases["party"]
        party = known.get(normalise_name(name))
        if party is None and (government := _GOVERNMENT.fullmatch(name)):
            with_years, without = government["with_years"], government["name"]
            party = known.get(normalise_name(with_years)) or known.get(normalise_name(without))
        return party or "other"

    def parties_of(self, names: str | None) -> tuple[str, ...]:
        """Look up parties named in one cell, separated by commas or semicolons, each once, in their order."""
        whole = self.party_of(names)
        if whole != "other" or not isinstance(names, str):
            return (whole,)
        return tuple(dict.fromkeys(self.party_of(name) for name in re.split(r"[,;]", names) if name.strip()))

    def source_label(self, source: str) -> str:
        """Say a source's name as its scope gives it, else its id."""
        labels = self.source_scopes.loc[self.source_scopes["source"] == source, "label"]
        return labels.iloc[0] if len(labels) else source


def theatre_names() -> list[str]:
    """List the theatres found under ``$CIVMAP_THEATRES`` and those shipped, by folder name."""
    return sorted({toml.parent.name for root in _roots() for toml in root.glob("[!.]*/theatre.toml")})


def _roots() -> list[Path]:
    own = os.environ.get("CIVMAP_THEATRES")
    return [Path(own), SHIPPED] if own else [SHIPPED]


def load_theatre(path_or_name: str | Path) -> Theatre:
    """Load a theatre from its folder, or by name from ``$CIVMAP_THEATRES`` or the shipped ones.

    Raises
    ------
    TheatreError
        Names every fault of the folder at once.
    """
    named = [root / path_or_name for root in _roots() if (root / path_or_name / "theatre.toml").is_file()]
    folder = named[0] if named and str(path_or_name) == Path(path_or_name).name else Path(path_or_name)
    if not folder.is_dir():
        raise TheatreError(
            f"There is no theatre '{path_or_name}'.", expected=", ".join(theatre_names()) + ", or the path of a folder"
        )
    faults: list[str] = []
    settings = theatre_files.read_settings(folder / "theatre.toml", faults)
    boundaries = theatre_files.read_boundaries(folder / "boundaries.geojson", faults)
    tables = {
        name: theatre_files.read_table(folder / f"{name}.csv", columns, faults) for name, columns in TABLES.items()
    }
    aliases = theatre_files.check_references(tables, boundaries, faults)
    if faults:
        raise TheatreError(
            f"The theatre folder {folder.name} has {len(faults)} fault(s):\n- " + "\n- ".join(faults) + "\n",
            next_step="Mend these and load it again; data/README.md describes the files.",
        )
    west, south, east, north = boundaries.total_bounds
    view = {"lon": (west + east) / 2, "lat": (south + north) / 2, "zoom": 5.0} | settings.get("view", {})
    demonstration = folder / "demonstration"
    del tables["aliases"]
    return Theatre(
        id=settings["id"], title=settings["title"], countries=tuple(settings["countries"]), folder=folder,
        boundaries=boundaries, aliases=aliases, **tables,
        measuring_crs=settings["measuring_crs"], time_zone=settings["time_zone"],
        map_cell_resolution=settings.get("map_cell_resolution", 5),
        surveillance_delay_days=settings.get("surveillance_delay_days", 90),
        disclosure={"smallest_count": 5, "finest_place": "district", "province_month_counts_exempt": True}
        | settings.get("disclosure", {}),
        marking=settings.get("marking", ""), view=view, demonstration=demonstration if demonstration.is_dir() else None,
        fingerprint=hashlib.sha256(b"".join(file.read_bytes() for file in sorted(folder.glob("*.*")))).hexdigest()[:16],
        notes=_notes(settings["id"], folder.resolve().name),
    )  # fmt: skip


def _notes(theatre: str, folder: str) -> tuple[str, ...]:
    if theatre == folder:
        return ()
    return (
        f"The folder is named '{folder}' and its theatre.toml says id '{theatre}'. Loads, links and recipes go by the"
        f" id, and open the theatre whose folder is named '{theatre}'. Give the two one name.",
    )


_CODE_COLUMNS = ("admin1", "iso_3166_2", "shapeiso", "iso_code", "adm1_pcode", "admin1_pcode", "pcode", "adm1_code")
_NAME_COLUMNS = ("name", "shapename", "adm1_en", "adm1_name", "admin1name_en", "name_1", "name_en", "province")


def new_theatre(
    name: str,
    boundaries: Path,
    *,
    folder: Path | None = None,
    code_column: str | None = None,
    name_column: str | None = None,
) -> Path:
    """Make a theatre's folder from any vector file of provinces, whole or not at all.

    Parameters
    ----------
    name
        Name of the new folder: small letters, digits, ``-`` and ``_``.
    boundaries
        A file of provinces that geopandas can read, in any CRS.
    folder
        Where to make it; by default ``$CIVMAP_THEATRES``, else beside the shipped theatres.
    code_column, name_column
        Columns with codes and names; guessed if not given. Without codes, provinces become ``NAME-01``, ``NAME-02``.

    Raises
    ------
    TheatreError
        If the folder exists, the file has no CRS or no polygons, a column is missing or not unique, or a code holds a
        comma or semicolon.
    """
    target = (folder or _roots()[0]) / name
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name):
        raise TheatreError(f"'{name}' cannot name a theatre.", expected="small letters, digits, '-' and '_'")
    if target.exists():
        raise TheatreError(f"{target} exists already.", next_step="Choose another name, or move the folder away.")
    try:
        raw = gpd.read_file(boundaries)
    except Exception as error:  # pyogrio has many kinds of error
        raise TheatreError(f"{Path(boundaries).name} cannot be read.", found=str(error)) from error
    raw = raw[raw.geom_type.isin(["Polygon", "MultiPolygon"])].reset_index(drop=True)
    if raw.crs is None or raw.empty:
        raise TheatreError(f"{Path(boundaries).name} holds no polygons with a CRS.", found=f"columns {list(raw)}")
    code_column = code_column or _guess_column(raw, _CODE_COLUMNS)
    name_column = name_column or _guess_column(raw, _NAME_COLUMNS) or code_column
    for column in filter(None, (code_column, name_column)):
        if column not in raw or raw[column].isna().any() or (column == code_column and raw[column].duplicated().any()):
            raise TheatreError(
                f"Column '{column}' is missing, has gaps or is not unique.", found=", ".join(raw.columns),
                next_step="Name another with code_column or name_column.",
            )  # fmt: skip
    if code_column and (separating := theatre_files.separates(raw[code_column].astype("str"))).any():
        raise TheatreError(
            f"Column '{code_column}' of {Path(boundaries).name} cannot give the codes of provinces.",
            found=", ".join(f"'{code}'" for code in raw[code_column][separating].head(5)),
            expected=f"codes without {theatre_files.LIST_MARKS}",
            next_step="Name another column with code_column, or mend the file.",
        )
    numbered = pd.Series([f"{name.upper()}-{number:02d}" for number in range(1, len(raw) + 1)])
    codes = raw[code_column].astype("str") if code_column else numbered
    frame = gpd.GeoDataFrame(
        {"admin1": codes, "name": raw[name_column].astype("str") if name_column else codes,
         "country": codes.str.extract(r"^([A-Z]{2})(?:-|\d)", expand=False).fillna("")},
        geometry=theatre_files.as_coverage(raw.to_crs(schema.CRS).geometry.to_numpy()), crs=schema.CRS,
    )  # fmt: skip
    west, south, east, north = frame.total_bounds
    lon, lat = round((west + east) / 2, 2), round((south + north) / 2, 2)
    spans = max((east - west) / 360 * 512 / 900, (north - south) / 360 / np.cos(np.radians(lat)) * 512 / 560)
    toml = {
        "id": name, "title": name.replace("_", " ").replace("-", " ").title(),
        "countries": sorted(set(frame["country"]) - {""}),
        "measuring_crs": f"+proj=laea +lat_0={lat} +lon_0={lon} +datum=WGS84 +units=m +no_defs", "time_zone": "UTC",
        "map_cell_resolution": 5, "surveillance_delay_days": 90, "marking": "",
    }  # fmt: skip
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=target.parent))
    try:
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in toml.items()]
        zoom = round(float(np.clip(np.log2(0.9 / spans), 1, 12)), 1)
        lines += ["", "[view]", f"lon = {lon}", f"lat = {lat}", f"zoom = {zoom}", ""]
        (draft / "theatre.toml").write_text("\n".join(lines), encoding="utf-8")
        frame.to_file(draft / "boundaries.geojson", driver="GeoJSON", COORDINATE_PRECISION=5)
        for table, columns in TABLES.items():
            rows = [(party, party.title(), "none", "") for party in FALLBACK_PARTIES] if table == "parties" else []
            pd.DataFrame(rows, columns=list(columns)).to_csv(draft / f"{table}.csv", index=False, lineterminator="\n")
        load_theatre(draft)
        draft.chmod(0o755)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target


def _guess_column(frame: pd.DataFrame, candidates: tuple[str, ...]) -> str | None:
    by_name = {str(column).lower(): column for column in frame.columns if column != frame.geometry.name}
    usable = [by_name[name] for name in candidates if name in by_name]
    return next((column for column in usable if frame[column].notna().all() and frame[column].is_unique), None)

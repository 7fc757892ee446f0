"""The files of a theatre's folder: which columns they hold, how they are read, and what may be wrong with them.

The reading functions add what they find wrong to one list of faults, so that a person sees them all at once.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from civmap import schema
from civmap.errors import TheatreError
from civmap.schema import ACTIVITY_MEASURES, CERTAINTIES, PUBLISHED_PRECISIONS, TALLY_MEASURES

DIRECTIONS = ("tightens", "widens", "organisational")
CONTEXT_KINDS = ("campaign", "surge", "ceasefire", "election", "intervention")
FALLBACK_PARTIES = ("other", "undetermined")  # named but not in the list; not named

# What tallies and activity say alike; area is a province, a group, or empty for the whole theatre.
_TOTAL: dict[str, Any] = {
    "value": "number", "definition": "text", "publication": "text", "published_at": "date",
    "published_precision": PUBLISHED_PRECISIONS, "certainty": CERTAINTIES, "source": "text", "note": "text",
}  # fmt: skip
# Columns of each table with their kind; a tuple is the list of words allowed.
TABLES: dict[str, dict[str, Any]] = {
    "aliases": {"kind": ("admin1", "group", "party", "side", "cause"), "alias": "text", "value": "text"},
    "parties": {"party": "text", "label": "text", "side": "text", "note": "text"},
    "population": {"admin1": "area", "population": "number", "year": "number", "source": "text",
                   "certainty": CERTAINTIES},
    "area_groups": {"group": "text", "label": "text", "admin1": "area", "valid_from": "date", "valid_to": "date",
                    "certainty": CERTAINTIES, "source": "text"},
    "source_scopes": {"source": "text", "label": "text", "area": "areas", "valid_from": "date", "valid_to": "date",
                      "parties": "parties", "causes": "causes", "inclusion_rule": "text", "evidence_standard": "text",
                      "civilian_definition": "text", "citation": "text", "licence": "text"},
    "directives": {"id": "text", "authority": "text", "title": "text", "issued_at": "date",
                   "issued_precision": ("day", "month", "year"), "published_at": "date",
                   "date_certainty": CERTAINTIES, "direction": DIRECTIONS, "scope_parties": "parties",
                   "scope_causes": "causes", "scope_areas": "areas", "text": "text", "source": "text"},
    "recording_changes": {"id": "text", "sources": "sources", "parties": "parties", "start": "date", "end": "date",
                          "label": "text", "what": "text",
                          "certainty": CERTAINTIES, "source": "text"},
    "context": {"id": "text", "start": "date", "end": "date", "area": "areas", "kind": CONTEXT_KINDS, "what": "text",
                "certainty": CERTAINTIES, "source": "text"},
    "tallies": {"tally": "text", "area": "area_or_group", "start": "day", "end": "day", "party": "parties",
                "cause": "causes", "measure": TALLY_MEASURES, **_TOTAL},
    "activity": {"area": "area_or_group", "start": "day", "end": "day", "party": "parties",
                 "measure": ACTIVITY_MEASURES, **_TOTAL},
}  # fmt: skip

# Columns that are sentences or names to be read: the catalogue translates those of the shipped theatres.
TEXTS: dict[str, tuple[str, ...]] = {
    "parties": ("label",), "area_groups": ("label",), "recording_changes": ("label", "what"), "context": ("what",),
    "source_scopes": ("label", "inclusion_rule", "evidence_standard", "civilian_definition", "citation"),
    "directives": ("title", "text"), "tallies": ("definition",), "activity": ("definition",),
}  # fmt: skip

ADMIN_WORDS = {
    "of", "province", "governorate", "district", "velayat", "wilayat", "wilayah", "welayat", "vilayat", "muhafazat",
    "muhafazah", "muhafaza", "mohafazat", "محافظه", "ولایت", "استان",
}  # fmt: skip
# Arabic, Persian and Pashto write the same letter in several ways; the form that most of our names use stands for all.
_ARABIC = str.maketrans(
    {"ي": "ی", "ى": "ی", "ې": "ی", "ۍ": "ی", "ك": "ک", "ګ": "گ", "ړ": "ر", "ډ": "د", "ټ": "ت", "ڼ": "ن", "ة": "ه",
     "ـ": "", "\u200c": " "}
)  # fmt: skip


@lru_cache(maxsize=100_000)  # a file names the same few thousand over and over
def normalise_name(name: str) -> str:
    """Reduce a name to the form in which names are compared.

    Case, diacritics, apostrophes, hyphens, variants of Arabic letters and words such as "province" do not count.

    Examples
    --------
    >>> normalise_name("Şalāḩ ad-Dīn province"), normalise_name("Dar`a Governorate")
    ('salah ad din', 'dara')
    """
    plain = name.casefold()
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", plain)
        plain = "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_ARABIC)
    plain = re.sub(r"['`´‘’“”\"ʻʼʽʾʿ]", "", plain)
    words = re.sub(r"[\W_]+", " ", plain).split()
    return " ".join([word for word in words if word not in ADMIN_WORDS] or words)


def read_boundaries(path: Path, faults: list[str]) -> gpd.GeoDataFrame:
    """Read ``boundaries.geojson``; where it is faulty, what could be read or an empty frame."""
    empty = gpd.GeoDataFrame({"name": [], "country": []}, geometry=[], crs=schema.CRS).rename_axis("admin1")
    if not path.is_file():
        faults.append(f"{path.name}: missing")
        return empty
    try:
        frame = gpd.read_file(path)
    except Exception as error:  # pyogrio has many kinds of error
        faults.append(f"{path.name}: cannot be read as GeoJSON ({error})")
        return empty
    missing = [column for column in ("admin1", "name", "country") if column not in frame]
    if missing:
        faults.append(f"{path.name}: no property {', '.join(missing)}")
        return empty
    if frame.crs != schema.CRS or not (np.abs(frame.total_bounds) <= [180, 90, 180, 90]).all():
        faults.append(f"{path.name}: coordinates are not EPSG:4326 (found {frame.crs and frame.crs.to_string()})")
    elif not shapely.coverage_is_valid(frame.geometry):
        faults.append(f"{path.name}: provinces overlap or do not share the vertices of their borders")
    codes = frame["admin1"].astype("str")
    faults += [f"{path.name}: admin1 '{code}' appears more than once" for code in codes[codes.duplicated()]]
    faults += [f"{path.name}: admin1 '{code}' holds {LIST_MARKS}" for code in codes[separates(codes)]]
    return frame.set_index("admin1")[["name", "country", "geometry"]]


LIST_MARKS = "',' or ';', which separate codes in lists and links"


def separates(codes: pd.Series) -> pd.Series:
    """Say which codes hold a mark that separates codes elsewhere."""
    return codes.str.contains("[,;]", na=False).astype("bool")


def read_table(path: Path, columns: dict[str, Any], faults: list[str]) -> pd.DataFrame:
    """Read one table with typed columns; a file that is missing or lacks a column gives an empty one."""
    frame = pd.DataFrame({column: pd.Series(dtype="str") for column in columns})
    if path.is_file():
        try:
            found = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            faults.append(f"{path.name}: {error}")
            found = frame
        missing = [column for column in columns if column not in found]
        if not isinstance(found.index, pd.RangeIndex):
            faults.append(f"{path.name}: its rows hold more cells than its header; quote cells that hold a comma")
        elif missing:
            faults.append(f"{path.name}: no column {', '.join(missing)}; found: {', '.join(map(str, found))}")
        else:
            frame = found[list(columns)].apply(lambda text: text.str.strip())
    for column, kind in columns.items():
        text, bad = frame[column], pd.Series(False, index=frame.index)
        if kind in ("date", "day"):
            frame[column] = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
            bad = frame[column].isna() & ((text != "") | (kind == "day"))
        elif kind == "number":
            number = pd.to_numeric(text, errors="coerce").astype("float64")
            frame[column] = number.where(number % 1 == 0).astype("Int64")
            bad = frame[column].isna()
        elif kind in ("areas", "parties", "causes", "sources"):
            frame[column] = [tuple(part.strip() for part in cell.split(";") if part.strip()) for cell in text]
            frame[column] = frame[column].astype("object")
        elif isinstance(kind, tuple):
            bad = ~text.isin(kind)
        expected = {"date": " (YYYY-MM-DD)", "day": " (YYYY-MM-DD)"}.get(str(kind), "")
        expected = f" ({', '.join(kind)})" if isinstance(kind, tuple) else expected
        faults += [
            f"{path.name} record {row + 1}: {column} '{text[row]}' not understood{expected}" for row in bad[bad].index
        ]
    return frame


def check_references(
    tables: dict[str, pd.DataFrame], boundaries: gpd.GeoDataFrame, faults: list[str]
) -> dict[str, dict[str, str]]:
    """Check what the tables say about each other; return the aliases, with codes, names and labels among them."""
    parties = tables["parties"]
    known = {
        "area": set(boundaries.index), "parties": set(parties["party"]) | set(FALLBACK_PARTIES),
        "causes": set(schema.CAUSES), "sources": set(tables["source_scopes"]["source"]),
    }  # fmt: skip
    known["areas"] = known["area"]
    groups, sides = set(tables["area_groups"]["group"]), set(parties["side"]) - {"", "none"}
    known["area_or_group"] = known["area"] | groups | {""}
    for table, columns in TABLES.items():
        frame = tables[table]
        for column, kind in columns.items():
            for row, cell in enumerate(frame[column] if isinstance(kind, str) and kind in known else [], start=1):
                unknown = [value for value in ((cell,) if isinstance(cell, str) else cell) if value not in known[kind]]
                faults += [f"{table}.csv record {row}: {column} '{value}' is not known" for value in unknown]
        for first, last in (("start", "end"), ("valid_from", "valid_to")):
            if first in columns:
                late = frame.index[frame[first] > frame[last]]
                faults += [f"{table}.csv record {row + 1}: {first} is after {last}" for row in late]
        key = {"parties": "party", "directives": "id", "recording_changes": "id", "context": "id"}.get(table)
        if key:
            faults += [f"{table}.csv: {key} '{value}' appears twice" for value in frame[key][frame[key].duplicated()]]
    codes = boundaries.index.to_series()
    names = boundaries["name"].mask(boundaries["name"].duplicated(keep=False))  # a shared name says nothing
    built_in = {
        "admin1": [*zip(names, codes, strict=True), *zip(codes, codes, strict=True)],
        "group": [(group, group) for group in sorted(groups)]
        + list(zip(tables["area_groups"]["label"], tables["area_groups"]["group"], strict=True)),
        "side": [(side, side) for side in sorted(sides)],
        "party": [(party, party) for party in sorted(known["parties"])]
        + list(zip(parties["label"], parties["party"], strict=True)),
        "cause": [(cause, cause) for cause in schema.CAUSES],
    }
    aliases = {
        kind: {normalise_name(name): value for name, value in pairs if isinstance(name, str)}
        for kind, pairs in built_in.items()
    }
    allowed = {
        "admin1": known["area"], "group": groups, "party": known["parties"], "side": sides, "cause": known["causes"],
    }  # fmt: skip
    for row, (kind, alias, value) in enumerate(tables["aliases"].itertuples(index=False, name=None), start=1):
        if kind not in aliases:
            continue  # already a fault
        if value not in allowed[kind]:
            faults.append(f"aliases.csv record {row}: '{alias}' stands for unknown {kind} '{value}'")
        elif aliases[kind].setdefault(normalise_name(alias), value) != value:
            other = aliases[kind][normalise_name(alias)]
            faults.append(f"aliases.csv record {row}: '{alias}' stands for '{value}' here and for '{other}' elsewhere")
    return aliases


def as_coverage(polygons: np.ndarray) -> np.ndarray:
    """Repair polygons that do not share their borders, then simplify and round them to 5 decimals (1 m).

    Raises TheatreError where that leaves overlaps.
    """
    polygons = shapely.make_valid(shapely.force_2d(polygons))
    if not shapely.coverage_is_valid(polygons):
        lines = shapely.union_all(shapely.boundary(polygons), grid_size=1e-5)
        faces = shapely.get_parts(shapely.polygonize([lines]))
        face, owner = shapely.STRtree(polygons).query(shapely.point_on_surface(faces), predicate="within")
        first = pd.Series(owner).groupby(face).min()  # where polygons overlap, the earlier one keeps the ground
        polygons = np.array([shapely.union_all(faces[first.index[first == each]]) for each in range(len(polygons))])
    west, south, east, north = shapely.total_bounds(polygons)
    simple = shapely.coverage_simplify(polygons, max(east - west, north - south) / 2000)
    for candidate in (simple, polygons):
        rounded = shapely.transform(candidate, lambda points: np.round(points, 5))
        if shapely.coverage_is_valid(rounded) and shapely.is_valid(rounded).all():
            return rounded
    raise TheatreError("The polygons overlap or cross in a way that could not be repaired.")

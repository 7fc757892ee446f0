"""Incidents: every record gets its province, cell and parties from the theatre, and a caveat where that was doubtful.

A point decides before a name. A point just outside the drawn border belongs to the nearest province; a record known
only to the country gets none; what lies elsewhere is kept, marked ``outside``, and not counted. A name that is not
listed places a record by likeness only where there is no point at all.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from h3ronpy.vector import coordinates_to_cells

from civmap import schema
from civmap.errors import CivMapError
from civmap.placing.names import MOST, match_provinces
from civmap.placing.stand_ins import stand_ins
from civmap.readers.columns import caveat_lists, coded
from civmap.readers.result import ReadResult
from civmap.theatre import Theatre, normalise_name

NEEDED = {"location_precision", "admin1_as_reported", "party_as_reported", "cause", "cause_as_reported", "caveats"}
_FILLED_LATER = ("load_id", "admin1", "placed_by", "cell", "parties", "caveats")
BORDER_TOLERANCE_KM = 5.0  # boundaries are simplified by about 1 km; border towns lie on either side of the line


def place(records: gpd.GeoDataFrame, theatre: Theatre) -> gpd.GeoDataFrame:
    """Place incident records in a theatre.

    Parameters
    ----------
    records
        Records as readers return them, EPSG:4326; rows without a point are placed by ``admin1_as_reported``.
    theatre
        Boundaries, aliases and parties.

    Returns
    -------
    GeoDataFrame
        A copy with ``admin1``, ``placed_by``, ``cell`` (H3, resolution 9), ``parties`` and further ``caveats``.
        ``placed_by`` is point, nearest, name, country (in the theatre, province unknown) or outside. A record whose
        point only stands for its province (`civmap.placing.stand_ins`) keeps the point and is known to the province.

    Examples
    --------
    >>> from civmap.theatre import load_theatre
    >>> kabul = gpd.points_from_xy([69.2], [34.5])
    >>> records = schema.incident_frame({"location_precision": ["exact"]}, kabul, length=1)
    >>> place(records, load_theatre("afghanistan"))["admin1"].item()
    'AF-KAB'
    """
    lacking = sorted(NEEDED - set(records.columns))
    if lacking:
        raise CivMapError(
            f"These records have no column {', '.join(lacking)}.", next_step="Read them with civmap.readers."
        )
    if records.crs is not None and records.crs != schema.CRS:
        records = records.to_crs(schema.CRS)
    points = records.geometry.to_numpy()
    longitude, latitude = shapely.get_x(points), shapely.get_y(points)
    has_point = ~np.isnan(longitude)
    provinces = theatre.boundaries.index
    by_point = _province_of(longitude, latitude, theatre)
    by_nearest = _nearest_province(longitude, latitude, has_point & (by_point < 0), theatre)
    by_name, by_likeness = _named_province(records["admin1_as_reported"], theatre)
    country_only = (records["location_precision"] == "country").to_numpy()

    in_theatre = (by_point >= 0) | (by_nearest >= 0)
    by_name[by_likeness & has_point & ~in_theatre] = -1  # a name abroad may well be like one of ours
    use_name = ~in_theatre & (by_name >= 0) & ~country_only
    # neither point nor known province: in the theatre if most of the file's other records are
    nowhere = ~has_point & (by_name < 0)
    belongs = bool((in_theatre | use_name & ~has_point)[~nowhere].mean() >= 0.5) if (~nowhere).any() else None
    unnamed = nowhere & records["admin1_as_reported"].isna().to_numpy()
    country = (
        country_only & (in_theatre | ~has_point & (by_name >= 0))
        | nowhere & (belongs is True)
        | unnamed & (belongs is None)
    )
    ways = [by_point >= 0, by_nearest >= 0, use_name, country, np.ones(len(records), bool)]
    ways[:3] = [way & ~country_only for way in ways[:3]]
    by_way = np.argmax(ways, axis=0)  # the first that holds
    point, nearest, _, _, outside = (by_way == way for way in range(len(schema.PLACED_BY)))
    province = np.select([point, nearest, use_name], [by_point, by_nearest, by_name], -1)
    disagrees = (point | nearest) & (by_name >= 0) & (by_name != province)
    stand_in = stand_ins(records, np.where(point | nearest, province, -1), theatre)

    parties, unknown_party = _parties(records["party_as_reported"], theatre)
    swapped = np.zeros(len(records), bool)
    elsewhere = has_point & ~in_theatre
    swapped[elsewhere] = _province_of(latitude[elsewhere], longitude[elsewhere], theatre) >= 0
    flags = {
        "nearest_province": nearest,
        "named_province_only": use_name & has_point,
        "province_by_likeness": by_likeness & (use_name | disagrees),
        "province_disagrees": disagrees,
        "stand_in_point": stand_in,
        "place_not_recognised": nowhere & ~unnamed,
        "outside_theatre": outside & has_point,
        "coordinates_swapped": swapped,
        "party_not_recognised": unknown_party,
    }
    placed = records.copy()
    placed["admin1"] = coded([*provinces, None], province).set_axis(records.index)
    placed["placed_by"] = coded(schema.PLACED_BY, by_way).set_axis(records.index)
    precision = records["location_precision"].mask(use_name | stand_in, "province")
    placed["location_precision"] = precision.mask(country, "country")
    placed["cause"] = _causes(records, theatre)
    placed["cell"] = _cells(longitude, latitude, has_point, index=records.index)
    placed["parties"] = parties
    placed["caveats"] = _joined(records["caveats"], caveat_lists(len(records), flags))
    return placed


def set_aside_ambiguous(result: ReadResult, theatre: Theatre) -> ReadResult:
    r"""Set aside the records that have no point and a province name that may stand for several provinces.

    Parameters
    ----------
    result
        What a reader returned.
    theatre
        The names it lists.

    Returns
    -------
    ReadResult
        The same rows: those records are now in `rejected`, with the rule ``province_ambiguous``, the name as value, the
        candidates under ``expected``, and the record in CivMap's own columns under ``row``, as the reader ``civmap``
        takes it back.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from civmap.readers import read
    >>> from civmap.theatre import load_theatre
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "log.csv"
    >>> _ = file.write_text("source_id,event_date,admin1\n1,2010-05-01,Paktyka\n2,2010-05-02,Kandahr\n")
    >>> result = set_aside_ambiguous(read(file), load_theatre("afghanistan"))
    >>> len(result.records), result.rejected["expected"].item()
    (1, 'one province: Paktia (86) or Paktika (86)?')
    """
    records = result.records
    names = records["admin1_as_reported"].where(records.geometry.isna() & (records["location_precision"] != "country"))
    if names.nunique() > MOST:
        return result  # no likeness is looked for, so nothing is ambiguous
    candidates = match_provinces(names, theatre)["candidates"].dropna()
    doubtful = names.isin(candidates.index)
    if not doubtful.any():
        return result
    aside = records[doubtful]
    own = aside.drop(columns=["geometry", "source_row", *_FILLED_LATER])
    for name in own:
        kind = schema.COLUMN[name].kind
        if kind == "list":
            own[name] = pc.binary_join(own[name].array.__arrow_array__(), ";").to_pylist()
        elif kind == "date":
            own[name] = own[name].dt.strftime("%Y-%m-%d")
    rows = pd.DataFrame(
        {
            "file": result.provenance.file,
            "source": aside["source"],
            "source_row": aside["source_row"],
            "source_id": aside["source_id"],
            "rule": "province_ambiguous",
            "column": "admin1_as_reported",
            "value": names[doubtful],
            "expected": "one province: " + names[doubtful].map(candidates).astype("str") + "?",
            "row": own.to_json(orient="records", lines=True, force_ascii=False).split("\n")[: len(own)],
        }
    ).reindex(columns=list(schema.REJECTED_COLUMNS))
    rejected = pd.concat([result.rejected, rows.astype(schema.empty_rejected().dtypes.to_dict())], ignore_index=True)
    return replace(
        result,
        records=records[~doubtful].reset_index(drop=True),
        rejected=rejected.sort_values("source_row", ignore_index=True),
    )


def _province_of(longitude: np.ndarray, latitude: np.ndarray, theatre: Theatre) -> np.ndarray:
    """Find the position of the province that holds each point, -1 where none does."""
    found = np.full(len(longitude), -1, dtype="int64")
    polygons = theatre.boundaries.geometry.to_numpy()
    shapely.prepare(polygons)
    for position, polygon in enumerate(polygons):  # a loop over provinces, not over rows
        west, south, east, north = polygon.bounds
        near = (longitude >= west) & (longitude <= east) & (latitude >= south) & (latitude <= north) & (found < 0)
        where = np.flatnonzero(near)
        found[where[shapely.intersects_xy(polygon, longitude[where], latitude[where])]] = position
    return found


def _named_province(names: pd.Series, theatre: Theatre) -> tuple[np.ndarray, np.ndarray]:
    """Find the position of the province that each name stands for, -1 without one; and which are alike, not listed."""
    codes, distinct = pd.factorize(names)  # null is -1, the last of the positions
    matched = match_provinces(pd.Series(distinct, dtype="str"), theatre)
    positions = theatre.boundaries.index.get_indexer(matched["admin1"])
    return np.append(positions, -1)[codes], np.append(matched["by_likeness"].to_numpy(), False)[codes]


def _nearest_province(longitude: np.ndarray, latitude: np.ndarray, which: np.ndarray, theatre: Theatre) -> np.ndarray:
    """Find the nearest province within `BORDER_TOLERANCE_KM` for the points that lie in none."""
    found = np.full(len(longitude), -1, dtype="int64")
    where = np.flatnonzero(which)
    west, south, east, north = theatre.boundaries.total_bounds
    margin = 0.2  # degrees; more than the tolerance at any latitude of a theatre
    close = (longitude[where] > west - margin) & (longitude[where] < east + margin)
    close &= (latitude[where] > south - margin) & (latitude[where] < north + margin)
    where = where[close]
    if not len(where):
        return found
    provinces = theatre.boundaries.to_crs(theatre.measuring_crs)
    points = gpd.GeoSeries(gpd.points_from_xy(longitude[where], latitude[where]), crs=schema.CRS)
    asked, nearest = provinces.sindex.nearest(
        points.to_crs(theatre.measuring_crs).to_numpy(), return_all=False, max_distance=BORDER_TOLERANCE_KM * 1000
    )
    found[where[asked]] = nearest
    return found


def _parties(named: pd.Series, theatre: Theatre) -> tuple[pd.Series, np.ndarray]:
    """Translate each distinct name once; wordings, which join names by a semicolon, are far more."""
    codes, wordings = pd.factorize(named.fillna(""))
    known = cache(theatre.parties_of)
    names = ([name for name in map(str.strip, wording.split(";")) if name] or [""] for wording in wordings)
    lists: dict[frozenset[str], int] = {}  # different names are often the same parties
    which = np.array([lists.setdefault(frozenset().union(*map(known, each)), len(lists)) for each in names], "int64")
    array = pa.array([sorted(one) for one in lists], pa.list_(pa.string())).take(pa.array(which[codes]))
    unknown = np.array(["other" in one for one in lists], dtype=bool)
    series = pd.Series(pd.array(array, dtype=pd.ArrowDtype(pa.list_(pa.string()))), index=named.index)
    return series, unknown[which[codes]]


def _causes(records: gpd.GeoDataFrame, theatre: Theatre) -> pd.Series:
    """Translate the source's word by the theatre's aliases where the reader knew no cause."""
    named = records["cause_as_reported"].where(records["cause"] == "unknown")
    known = {word: theatre.aliases["cause"].get(normalise_name(word)) for word in named.dropna().unique()}
    translated = named.map(known).astype("str")
    return records["cause"].mask(translated.notna(), translated)


def _cells(longitude: np.ndarray, latitude: np.ndarray, has_point: np.ndarray, *, index: pd.Index) -> pd.Series:
    cells = np.zeros(len(longitude), dtype="uint64")
    cells[has_point] = pa.array(
        coordinates_to_cells(latitude[has_point], longitude[has_point], schema.FINEST_CELL_RESOLUTION)
    ).to_numpy()
    return pd.Series(pd.arrays.IntegerArray(cells, ~has_point), index=index)


def _joined(first: pd.Series, second: pd.Series) -> pd.Series:
    """Append lists row by row, without a loop: both are flattened and merged by row number."""
    parts = []
    for series in (first, second):
        array = pa.chunked_array(series.array.__arrow_array__()).combine_chunks()
        row = np.repeat(np.arange(len(array)), np.diff(array.offsets.to_numpy()) if len(array) else [])
        parts.append(pd.DataFrame({"row": row, "code": array.flatten().to_pandas()}))
    merged = pd.concat(parts).sort_values("row", kind="stable")
    counts = np.bincount(merged["row"].to_numpy(dtype="int64"), minlength=len(first))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype("int32")
    lists = pa.ListArray.from_arrays(pa.array(offsets), pa.array(merged["code"].to_numpy(dtype="object"), pa.string()))
    return pd.Series(pd.array(lists, dtype=pd.ArrowDtype(pa.list_(pa.string()))), index=first.index)

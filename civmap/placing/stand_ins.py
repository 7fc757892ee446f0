"""Stand-ins: points that are given to whatever is known to the province only, such as its capital or its middle.

A map of such points shows capitals, not harm. That many records share a point is no sign by itself: a besieged city
has hundreds, each truly there. What gives a stand-in away is what its records say of the place, see `stand_ins`.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from rapidfuzz import process
from rapidfuzz.distance import OSA
from scipy.sparse.csgraph import connected_components

from civmap.theatre import Theatre
from civmap.theatre_files import ADMIN_WORDS, normalise_name

FEWEST = 10  # records on one point
SHARE = 0.1  # of the source's records in the province
AHEAD = 3  # times as many as any other point of the province without a name
FEWEST_POINTS = 20  # of the source in the theatre: among few points none stands out
DISTRICTS = 3  # named at one point; a place lies in one, on a border in two
_SAME_DISTRICT = 0.6  # likeness from which two spellings are taken for one district
_DECIMALS = 5  # of a degree, about a metre


def stand_ins(records: gpd.GeoDataFrame, province: np.ndarray, theatre: Theatre) -> np.ndarray:
    """Find records that claim to be more exact than the province, and whose point only stands for it.

    Two signs count, on a point of at least `FEWEST` records of one source, which has `FEWEST_POINTS` points or more:

    - **Nothing nearer is named.** The record names neither place nor district (or only the province: "Helmand
      province"), such records hold a share of at least `SHARE` of the source's records of the province and are
      `AHEAD` times as many as on any other point of it.
    - **Many districts are named.** A point lies in one district. Where `DISTRICTS` or more are named at it, spellings
      alike taken together, only the one that has at least half of these records is believed.

    A record whose place is named is otherwise believed: 841 UCDP events on the one point of "Aleppo town" stay there.

    Parameters
    ----------
    records
        Incident records in EPSG:4326 with ``source``, ``place``, ``admin2`` and ``location_precision``.
    province
        For each record the position of the province that holds its point, -1 without one.
    theatre
        Its listed names of provinces.

    Returns
    -------
    ndarray
        One truth value for each record.
    """
    found = np.zeros(len(records), bool)
    if not {"source", "place", "admin2"} <= set(records.columns):
        return found  # nothing to judge by
    rows = np.flatnonzero(province >= 0)
    points = _points(records, rows).assign(province=province[rows])
    size = np.bincount(points["point"])
    source_of = points["source"].to_numpy()[~points["point"].duplicated()]  # points are numbered as they come
    crowded = (size >= FEWEST) & (np.bincount(source_of)[source_of] >= FEWEST_POINTS)
    if not crowded.any():
        return found
    points["crowded"] = crowded[points["point"]]
    finer = ~records["location_precision"].isin(["province", "country"]).to_numpy()[rows]
    found[rows] = finer & (_nothing_named(records, points, theatre) | _many_districts(records, points))
    return found


def shared_points(records: gpd.GeoDataFrame) -> pd.DataFrame:
    """List points that many placed records of a source share, with their share of the source.

    Counted are records with a point in the theatre; a point counts to five decimals of a degree, about a metre.

    Parameters
    ----------
    records
        Placed records in EPSG:4326, see `civmap.placing.place`.

    Returns
    -------
    DataFrame
        One row for each point of at least `FEWEST` records, the largest share first: source, admin1, place (the name
        most records give it; null if none), longitude, latitude, records, share (of the source's records with a
        point), named (records that name a place), province_only (records known to the province or country only) and
        stand_in (that is so for more than half of them).

    Examples
    --------
    >>> from civmap import schema
    >>> kabul = gpd.points_from_xy([69.2] * 12, [34.5] * 12)
    >>> columns = {"source": ["log"] * 12, "placed_by": ["point"] * 12, "location_precision": ["province"] * 12}
    >>> shared_points(schema.incident_frame(columns, kabul, length=12))[["records", "share", "stand_in"]]
       records  share  stand_in
    0       12    1.0      True
    """
    placed = records[records.geometry.notna() & (records["placed_by"] != "outside")]
    point = _points(placed, np.arange(len(placed)))["point"].to_numpy()
    many = np.bincount(point)[point] >= FEWEST
    here = placed[many]
    said = pd.DataFrame(
        {
            "point": point[many],
            "province_only": here["location_precision"].isin(["province", "country"]).to_numpy(),
            "longitude": here.geometry.x.to_numpy(),
            "latitude": here.geometry.y.to_numpy(),
            **{name: here[name].array for name in ("source", "admin1", "place")},
        }
    )
    listed = said.groupby("point").agg(
        source=("source", "first"), admin1=("admin1", "first"), longitude=("longitude", "first"),
        latitude=("latitude", "first"), records=("source", "size"), named=("place", "count"),
        province_only=("province_only", "sum"),
    )  # fmt: skip
    names = said.groupby(["point", "place"]).size().rename("n").reset_index()
    names = names.sort_values(["n", "place"], ascending=[False, True]).drop_duplicates("point").set_index("point")
    listed.insert(2, "place", names["place"].reindex(listed.index))
    of_source = listed["source"].map(placed["source"].value_counts()).astype("float64")
    listed.insert(6, "share", listed["records"] / of_source)
    listed["stand_in"] = listed["province_only"] > listed["records"] / 2
    return listed.sort_values(["share", "source", "longitude"], ascending=[False, True, True], ignore_index=True)


def _points(records: gpd.GeoDataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Give numbers to the sources, and to the points of each by rounded coordinates, in the order of the rows."""
    shapes = records.geometry.to_numpy()[rows]
    degrees = np.array([shapely.get_x(shapes), shapely.get_y(shapes)]) + 180
    east, north = np.round(degrees * 10**_DECIMALS).astype("int64")
    source, names = pd.factorize(records["source"], use_na_sentinel=False)
    place, _ = pd.factorize((east << 26) + north)  # either is below 2 to the power of 26
    point, _ = pd.factorize(place * (len(names) + 1) + source[rows])
    return pd.DataFrame({"source": source[rows], "point": point}, index=rows)


def _nothing_named(records: gpd.GeoDataFrame, points: pd.DataFrame, theatre: Theatre) -> np.ndarray:
    """Find records that name no place or district, on a point that stands out by their number."""
    unnamed = records["admin2"].isna().to_numpy()[points.index]
    place = records["place"].iloc[points.index[unnamed]]
    provincial = [name for name in place.dropna().unique() if _is_province(name, theatre)]
    unnamed[unnamed] = (place.isna() | place.isin(provincial)).to_numpy()
    if not (unnamed & points["crowded"].to_numpy()).any():
        return np.zeros(len(points), bool)
    total = points.groupby(["source", "province"]).size().rename("total")
    counted = points[unnamed].groupby(["source", "province", "point"]).agg(
        records=("point", "size"), crowded=("crowded", "first")
    )  # fmt: skip
    counted = counted.reset_index("point").sort_values("records", ascending=False, kind="stable").join(total)
    rank = counted.groupby(level=["source", "province"]).cumcount()
    second = counted["records"][rank == 1].reindex(counted.index, fill_value=0)
    stands_out = counted["crowded"] & (counted["records"] >= np.maximum(FEWEST, SHARE * counted["total"]))
    stands_out &= (rank == 0) & (counted["records"] >= AHEAD * second)
    return unnamed & points["point"].isin(counted["point"][stands_out]).to_numpy()


def _is_province(name: str, theatre: Theatre) -> bool:
    says_so = not ADMIN_WORDS.isdisjoint(name.casefold().split())  # the quicker of the two, so first
    return says_so and normalise_name(name) in theatre.aliases["admin1"]


def _many_districts(records: gpd.GeoDataFrame, points: pd.DataFrame) -> np.ndarray:
    """Find records on a point at which several districts are named, save those of the one that holds half of them."""
    doubted = np.zeros(len(points), bool)
    which = np.flatnonzero(points["crowded"].to_numpy() & records["admin2"].notna().to_numpy()[points.index])
    spelling, spellings = pd.factorize(records["admin2"].iloc[points.index[which]])
    of_spelling, districts = pd.factorize(pd.Series([normalise_name(name) for name in spellings], dtype="str"))
    named = pd.DataFrame({"point": points["point"].to_numpy()[which], "district": of_spelling[spelling]})
    counted = named.value_counts(sort=False).rename("records").reset_index()
    several = counted[counted.groupby("point")["district"].transform("size") >= DISTRICTS]
    if several.empty:
        return doubted
    several = several.assign(name=districts[several["district"]])
    judged = pd.concat([_judged(each) for _, each in several.groupby("point")])  # such points are few
    wrong = pd.MultiIndex.from_frame(judged.loc[judged["doubted"], ["point", "district"]])
    doubted[which] = pd.MultiIndex.from_frame(named).isin(wrong)
    return doubted


def _judged(counted: pd.DataFrame) -> pd.DataFrame:
    """Say of the districts named at one point which are doubted."""
    alike = process.cdist(counted["name"], counted["name"], scorer=OSA.normalized_similarity)
    kinds, kind = connected_components(alike >= _SAME_DISTRICT, directed=False)
    records = np.bincount(kind, weights=counted["records"])
    main = records.argmax() if records.max() >= records.sum() / 2 else -1
    return counted.assign(doubted=(kinds >= DISTRICTS) & (kind != main))

"""Cases that belong together: incidents near each other in space and in time.

A grouping for reading, no test: any dense stretch of incidents makes groups. Incidents whose place or date is known
only vaguely belong to no group, or they would be near each other by the stand-in point alone: leave them out or give
them a null.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from civmap.errors import AnalysisError
from civmap.language import count, say

__all__ = ["describe_groups", "group_incidents"]

MOST_PAIRS = 50_000_000  # 400 MB


def group_incidents(
    incidents: pd.DataFrame, *, radius_km: float, days: float, min_incidents: int = 2, date: str = "event_date"
) -> pd.Series:
    """Group incidents that lie within so many km and days of each other, directly or by way of others.

    DBSCAN with a cylinder as neighbourhood: near means at most ``radius_km`` away *and* at most ``days`` apart. An
    incident with at least ``min_incidents`` near it (itself among them) holds a group together; others join at its
    edge. One at the edge of two groups goes to the one met first.

    Parameters
    ----------
    incidents
        Columns ``x``, ``y`` in metres of an equal-area CRS, or points in such a CRS; and a local date. A null in
        either leaves the incident without a group.
    radius_km, days
        Largest distance and largest difference of dates.
    min_incidents
        Smallest neighbourhood that makes a group; with 2 a group is whatever chains together.
    date
        Column of the date.

    Returns
    -------
    Series
        ``group``, indexed as ``incidents``: 1 is the largest, ties by earliest date; null without a group.

    Raises
    ------
    AnalysisError
        When a column is missing, the CRS is geographic, a distance is impossible, or so many incidents share a place
        and a time that the groups could not be told apart anyway.

    References
    ----------
    Ester M, Kriegel HP, Sander J, Xu X (1996). A density-based algorithm for discovering clusters in large spatial
    databases with noise. KDD-96, 226-231; Birant D, Kut A (2007). ST-DBSCAN. Data & Knowledge Engineering 60, 208-221.

    Examples
    --------
    >>> incidents = pd.DataFrame({
    ...     "x": [0, 3_000, 0, 90_000], "y": 0, "event_date": pd.to_datetime(["2010-01-01", "2010-01-02", "2010-06-01",
    ...     "2010-01-02"])})
    >>> group_incidents(incidents, radius_km=5, days=3).tolist()
    [1, 1, <NA>, <NA>]
    """
    if not radius_km > 0 or not days >= 0 or min_incidents < 2:
        raise AnalysisError(
            say("Groups need a radius above 0 km, 0 days or more, and at least 2 incidents."),
            found=f"radius_km {radius_km}, days {days}, min_incidents {min_incidents}",
        )
    if date not in incidents:
        raise AnalysisError(
            say("The incidents have no column {name}.", name=date), found=", ".join(map(str, incidents.columns))
        )
    xy = _positions(incidents)
    day = pd.to_datetime(incidents[date]).to_numpy(dtype="datetime64[D]")
    usable = np.isfinite(xy).all(axis=1) & ~np.isnat(day)
    groups = pd.Series(pd.NA, index=incidents.index, dtype="Int64", name="group")
    if usable.sum() < min_incidents:
        return groups
    place, when = xy[usable] / (radius_km * 1000), day[usable].astype("int64").astype(float)
    near = _near(place, when, days)
    from sklearn.cluster import DBSCAN  # 1 s, and only needed here

    found = DBSCAN(eps=0.5, min_samples=min_incidents, metric="precomputed").fit(near).labels_
    groups.iloc[np.flatnonzero(usable)] = _largest_first(found, when)
    return groups


def describe_groups(incidents: pd.DataFrame, groups: pd.Series, *, date: str = "event_date") -> pd.DataFrame:
    """List the groups: incidents, first and last day, and how far apart the outermost lie.

    Parameters
    ----------
    incidents, groups
        What went into `group_incidents`, and what came out.
    date
        Column of the date.

    Returns
    -------
    DataFrame
        One row per group: ``incidents``, ``start``, ``end``, ``x`` and ``y`` (mean, metres), ``width_km`` (diagonal of
        the box around it).
    """
    xy = _positions(incidents)
    table = pd.DataFrame(
        {"group": groups.array, "x": xy[:, 0], "y": xy[:, 1], "day": pd.to_datetime(incidents[date]).array}
    ).dropna(subset=["group"])
    found = table.groupby("group").agg(
        incidents=("day", "size"), start=("day", "min"), end=("day", "max"), x=("x", "mean"), y=("y", "mean")
    )
    outline = table.groupby("group")[["x", "y"]]
    box = outline.max() - outline.min()
    return found.assign(width_km=np.hypot(box["x"], box["y"]) / 1000)


def _positions(incidents: pd.DataFrame) -> np.ndarray:
    if isinstance(incidents, gpd.GeoDataFrame):
        if incidents.crs is None or incidents.crs.is_geographic:
            raise AnalysisError(
                say("Distances need an equal-area CRS in metres."),
                next_step=say("Use {function}() with the theatre's measuring CRS.", function="to_crs"),
            )
        return np.column_stack([incidents.geometry.x, incidents.geometry.y])
    if not {"x", "y"} <= set(incidents.columns):
        raise AnalysisError(say("Incidents need x and y in metres, or points."), found=", ".join(map(str, incidents)))
    return incidents[["x", "y"]].to_numpy(dtype=float, na_value=np.nan)


def _near(place: np.ndarray, when: np.ndarray, days: float) -> csr_array:
    """Link incidents within one radius and so many days: 0 apart for DBSCAN, all others far."""
    time = when / max(days, 0.5)
    tree = cKDTree(np.column_stack([place, time]))
    pairs = int(tree.count_neighbors(tree, 1.0, p=np.inf))
    if pairs > MOST_PAIRS:
        raise AnalysisError(
            say("Too many incidents are near each other to be told apart."),
            found=count(pairs, "pair", "pairs"),
            next_step=say("Take fewer km or days, or leave out records whose place is known only to the province."),
        )
    first, second = tree.query_pairs(1.0, p=np.inf, output_type="ndarray").T
    close = ((place[first] - place[second]) ** 2).sum(axis=1) <= 1 + 1e-12
    first, second = first[close], second[close]
    itself = np.arange(len(place))
    rows, columns = np.concatenate([first, second, itself]), np.concatenate([second, first, itself])
    linked = csr_array((np.full(len(rows), 0.25), (rows, columns)), shape=(len(place), len(place)))
    linked.sort_indices()
    return linked


def _largest_first(found: np.ndarray, when: np.ndarray) -> pd.api.extensions.ExtensionArray:
    table = pd.DataFrame({"label": found, "when": when})[found >= 0]
    sizes = table.groupby("label")["when"].agg(["size", "min"]).sort_values(["size", "min"], ascending=[False, True])
    number = pd.Series(np.arange(1, len(sizes) + 1), index=sizes.index, dtype="Int64")
    return pd.Series(found).map(number).astype("Int64").array

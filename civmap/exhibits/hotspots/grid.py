"""The places of a theatre that can be tested: all H3 cells of one size that touch it, with area and province.

All of them, not only those with a record: which cells are looked at must not depend on what was found in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from h3ronpy.vector import ContainmentMode, cells_to_coordinates, cells_to_wkb_polygons, wkb_to_cells

from civmap import queries
from civmap.analysis.neighbours import cell_neighbours
from civmap.filters import Filters
from civmap.schema import CRS
from civmap.store import Store
from civmap.theatre import Theatre

if TYPE_CHECKING:
    from libpysal.graph import Graph

VAGUE = 0.05  # share of records that may be known less precisely than the cells; above it the cells are coarser


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of one resolution.

    Parameters
    ----------
    cells
        Indexed by H3 text: ``admin1`` (of the largest part), ``area_km2`` inside the theatre, ``x``, ``y`` (centre in
        metres of the measuring CRS).
    pieces
        ``place``, ``admin1``, ``area_km2``: each cell cut along the provinces' borders.
    neighbours
        Each cell with those around it.
    """

    resolution: int
    cells: pd.DataFrame
    pieces: pd.DataFrame
    neighbours: Graph


@lru_cache(maxsize=12)
def grid(theatre: Theatre, resolution: int) -> Grid:
    """Lay the cells of a theatre out; kept for the life of the program."""
    land = shapely.to_wkb(np.array([shapely.make_valid(theatre.boundaries.union_all())]))
    found = wkb_to_cells(land, resolution, containment_mode=ContainmentMode.Covers, flatten=True)
    numbers = pa.array(np.unique(pa.array(found).to_numpy()))
    outlines = shapely.from_wkb(pa.array(cells_to_wkb_polygons(numbers)).to_numpy(zero_copy_only=False))
    cells = gpd.GeoSeries(outlines, crs=CRS).to_crs(theatre.measuring_crs).to_numpy()
    provinces = theatre.boundaries.to_crs(theatre.measuring_crs).geometry.to_numpy()
    shapely.prepare(provinces)
    province, cell = shapely.STRtree(cells).query(provinces, predicate="intersects")
    area = shapely.area(cells[cell])
    cut = ~shapely.contains_properly(provinces[province], cells[cell])
    area[cut] = shapely.area(shapely.intersection(provinces[province[cut]], cells[cell[cut]]))
    text = pd.Index([f"{number:x}" for number in numbers.to_pylist()], name="place")
    pieces = pd.DataFrame(
        {"place": text[cell], "admin1": theatre.boundaries.index[province], "area_km2": area / 1e6}
    ).query("area_km2 > 0")  # fmt: skip
    largest = pieces.sort_values("area_km2").groupby("place")["admin1"].last()
    table = pd.DataFrame({"admin1": largest, "area_km2": pieces.groupby("place")["area_km2"].sum()})
    table = table.reindex(text[text.isin(table.index)])
    centres = pa.table(cells_to_coordinates(pa.array([int(one, 16) for one in table.index], pa.uint64()))).to_pandas()
    points = gpd.GeoSeries.from_xy(centres["lng"], centres["lat"], crs=CRS).to_crs(theatre.measuring_crs)
    table["x"], table["y"] = points.x.to_numpy(), points.y.to_numpy()
    return Grid(resolution, table, pieces, cell_neighbours(table.index))


def alone(index: pd.Index) -> Graph:
    """Give a graph in which each place is its own window."""
    from libpysal.graph import Graph  # 1.5 s, and only needed when a map is made

    return Graph.from_arrays(index, index, np.zeros(len(index)))


def resolution_of(store: Store, filters: Filters, *, as_known_on: date | None = None) -> tuple[int, float]:
    """Choose the cell size that the precision of the records bears, and give the share known only to the district.

    The theatre's map cells hold settlements; where more than one in twenty records with a point is known only to the
    district, cells are one size coarser, and hold those too.
    """
    counted = (
        queries.precision(store, filters, as_known_on=as_known_on).groupby("location_precision")["incidents"].sum()
    )
    pointed = counted.reindex(["exact", "settlement", "district"], fill_value=0)
    district = float(pointed["district"] / max(pointed.sum(), 1))
    return store.theatre.map_cell_resolution - (district > VAGUE), district

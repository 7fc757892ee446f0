"""Where people live and where incidents cluster: towns, a smooth uneven background, hot cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from h3ronpy.vector import cells_to_wkb_polygons, coordinates_to_cells

from civmap.simulate.plan import Plan
from civmap.theatre import Theatre

TOWNS = 6  # in each province; the first stands for its capital
_POOL = 2000  # points in each province that stand for the smooth background
_BACKGROUND = 0.05  # of a town's density, everywhere in the province


@dataclass(frozen=True)
class Terrain:
    """Points by province, in the order of the theatre's boundaries.

    Parameters
    ----------
    towns, pool
        Longitude and latitude by province and point; the pool is drawn from the smooth background.
    pool_town
        The town nearest to each point of the pool.
    hot
        cell, admin1, province, longitude, latitude, radius (degrees of latitude), town: one row for each hot cell.
    middle
        Longitude and latitude of the country's middle.
    """

    towns: np.ndarray
    pool: np.ndarray
    pool_town: np.ndarray
    hot: pd.DataFrame
    middle: np.ndarray


def make_terrain(theatre: Theatre, plan: Plan, weights: np.ndarray, rng: np.random.Generator) -> Terrain:
    """Draw towns and a pool of points in each province, and choose the hot cells; provinces count by `weights`."""
    towns, pools, nearest = [], [], []
    polygons = theatre.boundaries.geometry.to_numpy()
    shapely.prepare(polygons)
    for polygon in polygons:  # a loop over provinces, not over incidents
        west, south, east, north = polygon.bounds
        tries = int(2 * _POOL * (east - west) * (north - south) / polygon.area) + 1000
        spots = rng.uniform((west, south), (east, north), (tries, 2))
        spots = spots[shapely.contains_xy(polygon, spots)]
        town = np.vstack([shapely.get_coordinates(polygon.representative_point()), spots[: TOWNS - 1]])
        squeeze = np.array([np.cos(np.radians(town[0, 1])), 1.0])
        apart = np.square((spots[:, None] - town) * squeeze).sum(axis=2)
        variance = polygon.area * squeeze[0] / 40  # of a town's Gaussian, square degrees of latitude
        density = (np.exp(-apart / 2 / variance) * rng.uniform(0.3, 1.0, TOWNS)).sum(axis=1) + _BACKGROUND
        picked = rng.choice(len(spots), _POOL, p=density / density.sum())
        towns.append(town)
        pools.append(spots[picked])
        nearest.append(apart[picked].argmin(axis=1))
    hot = []
    number = min(plan.hot_cells, len(polygons))
    for province in rng.choice(len(polygons), number, replace=False, p=weights / weights.sum()):
        where = pools[province]
        cells = pa.array(coordinates_to_cells(where[:, 1], where[:, 0], theatre.map_cell_resolution))
        shapes = shapely.from_wkb(pa.array(cells_to_wkb_polygons(cells)).to_numpy(zero_copy_only=False))
        first = int(shapely.contains_properly(polygons[province], shapes).argmax())  # the first where none fits
        centre = shapely.centroid(shapes[first])
        squeeze = np.array([np.cos(np.radians(centre.y)), 1.0])
        corners = (shapely.get_coordinates(shapes[first])[:-1] - (centre.x, centre.y)) * squeeze
        radius = np.hypot(*((corners + np.roll(corners, 1, axis=0)) / 2).T).min() * 0.9  # within the hexagon
        code = theatre.boundaries.index[province]
        hot.append((cells[first].as_py(), code, province, centre.x, centre.y, radius, nearest[province][first]))
    columns = ["cell", "admin1", "province", "longitude", "latitude", "radius", "town"]
    middle = shapely.get_coordinates(theatre.boundaries.union_all().representative_point())[0]
    frame = pd.DataFrame(hot, columns=columns).astype({"cell": "uint64"})
    return Terrain(np.stack(towns), np.stack(pools), np.stack(nearest), frame, middle)

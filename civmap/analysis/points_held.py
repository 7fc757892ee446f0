"""Which points lie in which footprints, anywhere on the globe: over the antimeridian and around the poles too."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from civmap import air_schema

_NEAR_POLE = air_schema.POLAR_LATITUDE - 2 * air_schema.WIDEST_DEGREES  # no frame near a pole reaches further away


def held(frames: pd.DataFrame, longitude: np.ndarray, latitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the pairs of a footprint and a point in it.

    Parameters
    ----------
    frames
        The corners of `civmap.air_schema.CORNERS`, and ``area`` (WKB, or null), of samples that have a footprint.
    longitude, latitude
        Of the points (degrees).

    Returns
    -------
    tuple
        Number of the frame and of the point, of each pair; a point on an edge lies in the footprint.

    Examples
    --------
    >>> corners = [179.0, 0.0, -179.0, 0.0, -179.0, 1.0, 179.0, 1.0]  # over the antimeridian
    >>> columns = dict(zip(air_schema.CORNERS, ([at] for at in corners), strict=True))
    >>> one = air_schema.frame(columns | {"source_row": [1]}, length=1)
    >>> held(one, np.array([179.5, -179.5, 0.0]), np.array([0.5, 0.5, 0.5]))[1].tolist()
    [0, 1]
    """
    corners = frames[[*air_schema.CORNERS]].to_numpy("float64").reshape(-1, 4, 2)
    area = frames["area"].notna().to_numpy()
    polar = ~area & (air_schema.highest_latitude(corners) > air_schema.POLAR_LATITUDE)
    plain = ~area & ~polar
    outlines = shapely.from_wkb(frames["area"].to_numpy()[area])
    near = np.abs(latitude) > _NEAR_POLE
    found = [
        _query(outlines, np.flatnonzero(area), longitude, latitude),
        *_around(corners[plain], np.flatnonzero(plain), longitude, latitude),
    ]
    for sign in (1.0, -1.0) if polar.any() and near.any() else ():
        which = np.flatnonzero(polar & (sign * corners[:, 0, 1] > 0))
        points = np.flatnonzero(near & (sign * latitude > 0))
        flat = air_schema.polar_plane(longitude[points], latitude[points])
        shapes = shapely.polygons(air_schema.polar_plane(corners[which, :, 0], corners[which, :, 1]))
        frame, point = _query(shapes, which, flat[:, 0], flat[:, 1])
        found.append((frame, points[point]))
    frame, point = (np.concatenate(each) for each in zip(*found, strict=True))
    return frame, point


def _around(
    corners: np.ndarray, which: np.ndarray, longitude: np.ndarray, latitude: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Ask on both sides of the antimeridian, where a frame reaches over it."""
    whole = air_schema.beside(corners)
    found = [_query(shapely.polygons(whole), which, longitude, latitude)]
    east, west = whole[..., 0].max(axis=1, initial=-180) > 180, whole[..., 0].min(axis=1, initial=180) < -180
    for over, turn in ((east, -360), (west, 360)):
        if over.any():
            found.append(_query(shapely.polygons(whole[over] + [turn, 0]), which[over], longitude, latitude))
    return found


def _query(shapes: np.ndarray, which: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not len(which) or not len(x):
        return np.zeros(0, "int64"), np.zeros(0, "int64")
    frame, point = shapely.STRtree(shapely.points(x, y)).query(shapes, predicate="intersects")
    return which[frame], point

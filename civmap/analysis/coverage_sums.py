"""Sums of one batch: frames in a compiled loop, frames near a pole in a plane, areas by their outline.

Each gives cell, group (a whole number for day, pass and kind), microseconds, and a mask of the points covered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import shapely
from h3ronpy import grid_disk
from h3ronpy.vector import ContainmentMode, coordinates_to_cells, wkb_to_cells

from civmap import air_schema
from civmap.analysis import overlaps
from civmap.analysis.coverage_tables import changes
from civmap.analysis.measuring_points import FINER, MeasuringPoints, bits, parents, points_of
from civmap.errors import AnalysisError
from civmap.language import say
from civmap.schema import FINEST_CELL_RESOLUTION

Sums = tuple[np.ndarray, ...]


def joined(sums: Sequence[Sums]) -> Sums:
    """Put sums behind one another."""
    return tuple(np.concatenate(each) for each in zip(*sums, strict=True))


@lru_cache(maxsize=16)
def _measuring(resolution: int) -> MeasuringPoints:
    return MeasuringPoints(resolution)


def frame_sums(corners: np.ndarray, bounds: np.ndarray, group: np.ndarray, micros: np.ndarray, resolution: int) -> Sums:
    """Sum frames in the compiled loop; corners and bounds as `civmap.analysis.overlaps.prepare` left them."""
    found = [tuple(part[:0] for part in overlaps.new_table(1))]
    measuring = _measuring(resolution)
    _check_size(corners, bounds, measuring.spacing_degrees)
    globe = measuring.tiles
    tiles = measuring.with_tiles(overlaps.tiles_near(bounds, globe.tile_degrees, *globe.slot.shape))
    alone = np.zeros(len(corners), bool)
    first = 0
    while first < len(corners):
        table = overlaps.new_table()
        first = overlaps.add_frames(
            first, corners, bounds, group, micros, tiles.tile_degrees, tiles.slot, tiles.start, tiles.longitude,
            tiles.latitude, tiles.cell, tiles.bit, alone, *table,
        )  # fmt: skip
        if first < 0:
            raise _too_many_cells()
        filled = table[0] != 0
        found.append(tuple(part[filled] for part in table))
    if alone.any():
        middle = corners[alone].mean(axis=1)
        found.append(_small_sums(middle[:, 0], middle[:, 1], group[alone], micros[alone], resolution))
    return joined(found)


def _check_size(corners: np.ndarray, bounds: np.ndarray, spacing_degrees: float) -> None:
    """Raise where a frame is too large for its cells, before their measuring points are made."""
    cells = overlaps.MOST_CELLS * spacing_degrees**2 * np.sqrt(3) / 2
    widest, highest = (np.ptp(bounds[:, pair], axis=1).max(initial=0) for pair in ((0, 1), (2, 3)))
    if widest * highest > cells:
        x, y = corners[..., 0] * np.cos(np.radians(corners[..., 1].mean(axis=1)))[:, None], corners[..., 1]
        area = np.abs((x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(axis=1)) / 2
        if (area > 1.5 * cells).any():  # cells differ in size; nearer to the limit they are counted
            raise _too_many_cells()


def _too_many_cells() -> AnalysisError:
    return AnalysisError(
        say("A footprint touches more than {cells:,} cells.", cells=overlaps.MOST_CELLS),
        next_step=say("Ask for a coarser resolution."),
    )


def _small_sums(
    longitude: np.ndarray, latitude: np.ndarray, group: np.ndarray, micros: np.ndarray, resolution: int
) -> Sums:
    """Sum frames too small to hold a measuring point: they count for the cell in which an incident there would lie."""
    fine = _point_at(latitude, longitude, resolution)
    return _pair_sums(np.arange(len(group)), parents(fine, resolution), bits(fine, resolution), group, micros)


def _point_at(latitude: np.ndarray, longitude: np.ndarray, resolution: int) -> np.ndarray:
    """Give the measuring points, as cells, that lie where an incident's finest cell would be."""
    finest = max(FINEST_CELL_RESOLUTION, resolution + FINER)
    cells = coordinates_to_cells(latitude, (longitude + 180) % 360 - 180, finest)
    return parents(pa.array(cells).to_numpy(), resolution + FINER)


def polar_sums(corners: np.ndarray, group: np.ndarray, micros: np.ndarray, resolution: int) -> Sums:
    """Sum frames near a pole, in a plane around it; few and slow."""
    north = corners[:, 0, 1] > 0
    found = []
    for up, sign in ((north, 1.0), (~north, -1.0)):
        if not up.any():
            continue
        frames = shapely.polygons(air_schema.polar_plane(corners[up][..., 0], corners[up][..., 1]))
        # every cell as far from the pole as the furthest corner
        rings = (
            int(np.ceil((90 - np.abs(corners[up][..., 1]).min()) / _measuring(resolution).spacing_degrees * 1.5)) + 2
        )
        pole = coordinates_to_cells([sign * 90.0], [0.0], resolution)
        cells = np.unique(pa.array(grid_disk(pa.array(pole), rings, flatten=True)).to_numpy())
        lon, lat, cell, bit = points_of(cells, resolution)
        points = air_schema.polar_plane(lon, lat)
        tree = shapely.STRtree(shapely.points(points))
        frame, point = tree.query(frames, predicate="contains")
        alone = np.setdiff1d(np.arange(len(frames)), frame)
        if len(alone):
            frame = np.concatenate([frame, alone])
            point = np.concatenate([point, tree.nearest(shapely.centroid(frames[alone]))])
        found.append(_pair_sums(frame, cell[point], bit[point], group[up], micros[up]))
    return joined(found)


def area_sums(outlines: np.ndarray, group: np.ndarray, micros: np.ndarray, resolution: int) -> Sums:
    """Sum observed areas, given as WKB: each covers its points for its whole time."""
    found = []
    for wkb, of, time in zip(outlines, group, micros, strict=True):  # one by one: a region tool, not a sample
        fine = _points_of_area(wkb, resolution)
        one = np.zeros(len(fine), "int64")
        found.append(
            _pair_sums(one, parents(fine, resolution), bits(fine, resolution), np.array([of]), np.array([time]))
        )
    return joined(found)


@lru_cache(maxsize=64)  # an area of several days comes once for each
def _points_of_area(wkb: bytes, resolution: int) -> np.ndarray:
    """Give the measuring points in an outline, as cells; at least one."""
    inside = wkb_to_cells([wkb], resolution + FINER, ContainmentMode.ContainsCentroid, flatten=True)
    fine = np.unique(pa.array(inside).to_numpy())
    if len(fine):
        return fine
    middle = shapely.point_on_surface(shapely.from_wkb(wkb))
    return _point_at(np.array([middle.y]), np.array([middle.x]), resolution)


def _pair_sums(
    frame: np.ndarray, cell: np.ndarray, bit: np.ndarray, group: np.ndarray, micros: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give each frame's time once to each of its cells, with the mask of the points that it covers."""
    order = np.lexsort((cell, frame))
    frame, cell, mask = frame[order], cell[order], np.uint64(1) << bit[order].astype("uint64")
    begins = np.flatnonzero(changes(frame, cell))
    if not len(begins):
        return cell, group[:0], micros[:0], mask
    return cell[begins], group[frame[begins]], micros[frame[begins]], np.bitwise_or.reduceat(mask, begins)

"""Sums of one batch: frames in a compiled loop, frames near a pole in a plane, areas by their outline.

Each gives cell, group (a whole number for day, pass and kind), microseconds, and a mask of the points covered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from h3ronpy import grid_disk
from h3ronpy.vector import ContainmentMode, coordinates_to_cells, wkb_to_cells

from civmap import air_schema
from civmap.analysis import overlaps
from civmap.analysis.coverage_tables import changes
from civmap.analysis.measuring_points import FINER, MeasuringPoints, bits, parents, points_of
from civmap.errors import AnalysisError

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
    globe = measuring.tiles
    tiles = measuring.with_tiles(overlaps.tiles_near(bounds, globe.tile_degrees, *globe.slot.shape))
    first = 0
    while first < len(corners):
        table = overlaps.new_table()
        first = overlaps.add_frames(
            first, corners, bounds, group, micros, tiles.tile_degrees, tiles.slot, tiles.start, tiles.longitude,
            tiles.latitude, tiles.cell, tiles.bit, *table,
        )  # fmt: skip
        if first < 0:
            raise AnalysisError(
                f"A footprint touches more than {overlaps.MOST_CELLS:,} cells.",
                next_step="Ask for a coarser resolution.",
            )
        filled = table[0] != 0
        found.append(tuple(part[filled] for part in table))
    return joined(found)


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


def area_sums(table: pa.Table, passes: np.ndarray, named: int, first: int, resolution: int, time_zone: str) -> Sums:
    """Sum observed areas: each covers its points for its whole time, split at the midnights of the time zone."""
    begin = pd.Series(table["time"].to_numpy()).dt.tz_localize("UTC").dt.tz_convert(time_zone)
    end = begin + pd.to_timedelta(table["seconds"].to_numpy(), unit="s")
    first_day, last_day = (when.dt.tz_localize(None).dt.normalize() for when in (begin, end))
    repeat = ((last_day - first_day).dt.days + 1).to_numpy()
    row = np.repeat(np.arange(len(begin)), repeat)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    day = first_day.iloc[row].reset_index(drop=True) + pd.to_timedelta(nth, unit="D")
    opens, closes = (_midnight(day + pd.Timedelta(days=more), time_zone) for more in (0, 1))
    from_ = np.maximum(begin.iloc[row].dt.tz_convert("UTC").to_numpy(), opens.to_numpy())
    until = np.minimum(end.iloc[row].dt.tz_convert("UTC").to_numpy(), closes.to_numpy())
    micros = ((until - from_) / np.timedelta64(1, "us")).astype("int64")
    number = (day.to_numpy().astype("datetime64[D]").astype("int64") - first) * named + passes[row]

    outlines = table["area"].to_numpy()
    found = []
    for piece, wkb in enumerate(outlines):  # one by one: a region tool, not a sample
        inside = wkb_to_cells([wkb], resolution + FINER, ContainmentMode.ContainsCentroid, flatten=True)
        fine = np.unique(pa.array(inside).to_numpy())
        if not len(fine):
            middle = shapely.point_on_surface(shapely.from_wkb(wkb))
            fine = pa.array(coordinates_to_cells([middle.y], [middle.x], resolution + FINER)).to_numpy()
        at = np.flatnonzero((row == piece) & (micros > 0))
        frame = np.repeat(np.arange(len(at)), len(fine))
        cell, bit = np.tile(parents(fine, resolution), len(at)), np.tile(bits(fine, resolution), len(at))
        found.append(_pair_sums(frame, cell, bit, number[at] * 2, micros[at]))
    return joined(found)


def _midnight(day: pd.Series, time_zone: str) -> pd.Series:
    return day.dt.tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward").dt.tz_convert("UTC")


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

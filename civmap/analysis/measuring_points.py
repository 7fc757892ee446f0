"""Measuring points: where it is asked whether the ground lay in a footprint.

A cell of resolution r is measured at the centres of its 49 descendants of resolution r + 2 (41 of a pentagon). The
share of a cell that was covered is the share of these points, so it comes in steps of 2 %.

The points lie in tiles of about eight cells, each cut into buckets that hold a point or two, so that those near a
footprint are found without looking at the others. Tiles are made when a footprint first touches them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import h3ronpy
import numpy as np
import pyarrow as pa
from h3ronpy.vector import cells_to_coordinates, coordinates_to_cells

FINER = 2  # steps of resolution between a cell and its measuring points
POINTS = 7**FINER
SIDE = 56  # buckets along a tile: 8 cells, and 7 points to a cell along each side
_KM_PER_DEGREE = 111.195


@dataclass(frozen=True)
class Tiles:
    """Measuring points of some tiles, sorted by bucket; arrays that the kernel reads.

    Parameters
    ----------
    resolution, tile_degrees
        Of the cells; side of a tile.
    slot
        Number of each tile of the globe among those made, or -1.
    start
        First point of each bucket of each tile made, and one past the last.
    longitude, latitude, cell, bit
        Of each point: where it is, the cell that it measures, and its place in that cell's mask.
    """

    resolution: int
    tile_degrees: float
    slot: np.ndarray
    start: np.ndarray
    longitude: np.ndarray
    latitude: np.ndarray
    cell: np.ndarray
    bit: np.ndarray


class MeasuringPoints:
    """The measuring points of a resolution; threads may share one."""

    def __init__(self, resolution: int) -> None:
        area = 510_065_622.0 / (2 + 120 * 7**resolution)  # km2, of the mean cell on the whole globe
        self.spacing_degrees = float(np.sqrt(area * 2 / np.sqrt(3)) / _KM_PER_DEGREE)  # of latitude, between cells
        rows = max(int(180 / (8 * self.spacing_degrees)), 1)
        none = np.array([])
        self.tiles = Tiles(
            resolution, 180 / rows, np.full((rows, 2 * rows), -1, np.int32), np.zeros((0, SIDE**2 + 1), np.int64),
            none, none, none.astype("uint64"), none.astype("uint8"),
        )  # fmt: skip
        self._lock = threading.Lock()

    def with_tiles(self, wanted: np.ndarray) -> Tiles:
        """Give tiles that hold at least those wanted, a mask over the globe's rows and columns of tiles."""
        if (wanted & (self.tiles.slot < 0)).any():
            with self._lock:
                new = np.argwhere(wanted & (self.tiles.slot < 0))
                if len(new):
                    self.tiles = _with_tiles(self.tiles, new)
        return self.tiles


def _with_tiles(tiles: Tiles, new: np.ndarray) -> Tiles:
    """Add tiles; the arrays of others who read the old ones are not touched."""
    slot, side = tiles.slot.copy(), tiles.tile_degrees
    starts, points = [tiles.start], [(tiles.longitude, tiles.latitude, tiles.cell, tiles.bit)]
    total = len(tiles.longitude)
    for row, column in new.tolist():
        slot[row, column] = len(tiles.start) + len(starts) - 1
        west, south = column * side - 180, row * side - 90
        lon, lat, cell, bit = _points_in(west, south, side, tiles.resolution)
        at = np.floor((lat - south) / side * SIDE).clip(0, SIDE - 1).astype("int64") * SIDE
        at += np.floor((lon - west) / side * SIDE).clip(0, SIDE - 1).astype("int64")
        order = np.argsort(at, kind="stable")
        starts.append(total + np.searchsorted(at[order], np.arange(SIDE**2 + 1))[None])
        points.append((lon[order], lat[order], cell[order], bit[order]))
        total += len(lon)
    arrays = [np.concatenate(each) for each in zip(*points, strict=True)]
    return Tiles(tiles.resolution, side, slot, np.concatenate(starts), *arrays)


def _points_in(
    west: float, south: float, side: float, resolution: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give the measuring points in a tile, with the cells that they measure and their places in the cells' masks."""
    # cells lie in the tile or near it: asked for at a net of points half a cell apart, and their neighbours added
    across, up = np.meshgrid(np.linspace(west, west + side, 18), np.linspace(south, south + side, 18))
    net = coordinates_to_cells(up.ravel().clip(-90, 90), (across.ravel() + 180) % 360 - 180, resolution)
    near = h3ronpy.grid_disk(pa.array(np.unique(pa.array(net).to_numpy())), 1, flatten=True)
    cells = np.unique(pa.array(near).to_numpy())
    return points_of(cells, resolution, within=(west, south, side))


def points_of(
    cells: np.ndarray, resolution: int, *, within: tuple[float, float, float] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give the measuring points of cells: longitude, latitude, cell, place in its mask; or of them those in a tile."""
    fine = pa.array(h3ronpy.change_resolution(pa.array(cells), resolution + FINER)).to_numpy()
    where = pa.table(cells_to_coordinates(pa.array(fine)))
    lon, lat = where["lng"].to_numpy(), where["lat"].to_numpy()
    if within is not None:
        west, south, side = within
        inside = ((lon - west) % 360 < side) & (lat >= south) & (lat < south + side)
        lon, lat, fine = west + (lon[inside] - west) % 360, lat[inside], fine[inside]
    return lon, lat, parents(fine, resolution), bits(fine, resolution)


def parents(cells: np.ndarray, resolution: int) -> np.ndarray:
    """Give the cells of a coarser resolution around cells, by integer arithmetic: all finer digits become 7."""
    filled = np.uint64((1 << 3 * (15 - resolution)) - 1)
    without = cells & ~np.uint64(15 << 52)
    return np.asarray(without | np.uint64(resolution << 52) | filled)


def bits(fine: np.ndarray, resolution: int) -> np.ndarray:
    """Give a descendant's place among those of its cell, 0 to 48, from its last two digits."""
    one, two = ((fine >> np.uint64(3 * (15 - level))) & np.uint64(7) for level in (resolution + 1, resolution + 2))
    return np.asarray(one * np.uint64(7) + two).astype("uint8")


def points_in_cell(cells: np.ndarray) -> np.ndarray:
    """Give the number of measuring points of each cell: 49, and 41 of the twelve pentagons of a resolution."""
    number = (cells >> np.uint64(45)) & np.uint64(127)  # the base cell; a pentagon has nothing but zeros behind it
    resolution = (cells >> np.uint64(52)) & np.uint64(15)
    shift = np.uint64(3) * (np.uint64(15) - resolution)
    digits = (cells & np.uint64((1 << 45) - 1)) >> shift
    pentagon = np.isin(number, _PENTAGONS) & (digits == 0)
    return np.where(pentagon, POINTS - 8, POINTS)


_PENTAGONS = np.array([4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117], dtype="uint64")  # base cells, H3's own table

"""Which measuring points lie in which footprint, summed by cell and group as it goes: compiled, without Python's lock.

A footprint covers the measuring points inside it; one that holds none is told apart, and its cell found otherwise. Each
cell gets the footprint's time once, however many of its points are covered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit as _njit
from numpy.typing import NDArray

from civmap.air_schema import FURTHEST_LONGITUDE
from civmap.analysis.measuring_points import SIDE

TABLE_SIZE = 1 << 17  # cells and groups summed at once; a full table is emptied and begun again
MOST_CELLS = 1 << 13  # that one footprint may touch
PLAIN, POLAR, NONE = 0, 1, 2  # kinds of frames

Sums = tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function; what is compiled is kept on disk, where there is a place to write, for the next start."""
    try:
        return _njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither beside the module nor in the user's own cache
        return _njit(nogil=True)(function)


def new_table(size: int = TABLE_SIZE) -> Sums:
    """Make an empty table: cell (0 where empty), group, microseconds, mask of covered points."""
    return (
        np.zeros(size, np.uint64),
        np.zeros(size, np.int64),
        np.zeros(size, np.int64),
        np.zeros(size, np.uint64),
    )


@compiled
def add(cells, groups, times, masks, cell, group, micros, mask):  # type: ignore[no-untyped-def]
    """Add to the sum of one cell and group; says whether it is new there."""
    size = len(cells)
    at = (cell * np.uint64(0x9E3779B97F4A7C15) + np.uint64(group) * np.uint64(0xC2B2AE3D27D4EB4F)) >> np.uint64(40)
    at = at & np.uint64(size - 1)
    while cells[at] != 0 and not (cells[at] == cell and groups[at] == group):
        at = (at + np.uint64(1)) & np.uint64(size - 1)
    new = cells[at] == 0
    cells[at], groups[at] = cell, group
    times[at] += micros
    masks[at] |= mask
    return new


@compiled
def set_sides(sides, corners, row):  # type: ignore[no-untyped-def]
    """Note of each side of a frame where it begins, the parallel on which it ends, and its slope."""
    for k in range(4):
        x1, y1 = corners[row, k, 0], corners[row, k, 1]
        x2, y2 = corners[row, (k + 1) & 3, 0], corners[row, (k + 1) & 3, 1]
        sides[k, 0], sides[k, 1], sides[k, 2] = x1, y1, y2
        sides[k, 3] = (x2 - x1) / (y2 - y1) if y2 != y1 else 0.0


@compiled
def inside(x, y, sides):  # type: ignore[no-untyped-def]
    """Say whether a point lies in a frame: a ray to the east crosses its sides an odd number of times."""
    odd = False
    for k in range(4):  # without a branch: which way a point falls cannot be guessed
        y1 = sides[k, 1]
        odd ^= ((y1 > y) != (sides[k, 2] > y)) & (x < sides[k, 3] * (y - y1) + sides[k, 0])
    return odd


@compiled
def prepare(corners, polar_latitude, widest):  # type: ignore[no-untyped-def]
    """Sort frames and bound them: `PLAIN`, `POLAR`, or `NONE` where a corner is missing or the frame cannot be.

    Longitudes are brought, in place, within 180 degrees of the first corner's. What cannot be is what
    `civmap.air_schema.impossible` says; near a pole it is not judged here.

    Parameters
    ----------
    corners
        Longitude and latitude, shape (frames, 4, 2).
    polar_latitude, widest
        Degrees: where a pole begins to be near, and how far a corner may lie from the middle.

    Returns
    -------
    tuple
        Kind of each frame, and its west, east, south and north.
    """
    kind = np.full(len(corners), PLAIN, np.int8)
    bounds = np.zeros((len(corners), 4))
    x, y = np.empty(4), np.empty(4)
    for row in range(len(corners)):
        highest, middle, missing = 0.0, 0.0, False
        for k in range(4):
            missing |= not (abs(corners[row, k, 0]) <= FURTHEST_LONGITUDE and np.isfinite(corners[row, k, 1]))
            highest, middle = max(highest, abs(corners[row, k, 1])), middle + corners[row, k, 1] / 4
        if missing:
            kind[row] = NONE
            continue
        if highest > polar_latitude:
            kind[row] = POLAR
            continue
        start, narrow = corners[row, 0, 0], np.cos(np.radians(middle))
        west, east, south, north = start, start, corners[row, 0, 1], corners[row, 0, 1]
        for k in range(4):
            lon, lat = corners[row, k, 0], corners[row, k, 1]
            if abs(lon - start) > 180.0:
                lon = start + (lon - start + 180.0) % 360.0 - 180.0
                corners[row, k, 0] = lon
            west, east, south, north = min(west, lon), max(east, lon), min(south, lat), max(north, lat)
            x[k], y[k] = (lon - start) * narrow, lat - middle
        bounds[row, 0], bounds[row, 1], bounds[row, 2], bounds[row, 3] = west, east, south, north
        turned, x0, y0 = 0.0, x.mean(), y.mean()
        for k in range(4):
            one, two = (k + 1) % 4, (k + 2) % 4
            turned += np.sign((x[one] - x[k]) * (y[two] - y[one]) - (y[one] - y[k]) * (x[two] - x[one]))
            if (x[k] - x0) ** 2 + (y[k] - y0) ** 2 > widest**2:
                kind[row] = NONE
        if abs(turned) < 2:
            kind[row] = NONE
    return kind, bounds


@compiled
def tiles_near(bounds, side, rows, columns):  # type: ignore[no-untyped-def]
    """Say which tiles of the globe lie within two buckets of a frame."""
    wanted = np.zeros((rows, columns), np.bool_)
    margin = 2 * side / SIDE
    for row in range(len(bounds)):
        west, east, south, north = bounds[row, 0], bounds[row, 1], bounds[row, 2], bounds[row, 3]
        wide = margin / max(np.cos(np.radians(max(abs(south), abs(north)))), 0.05)
        first, last = int(np.floor((west - wide + 180) / side)), int(np.floor((east + wide + 180) / side))
        low, high = int(np.floor((south - margin + 90) / side)), int(np.floor((north + margin + 90) / side))
        for y in range(max(low, 0), min(high, rows - 1) + 1):
            for x in range(first, last + 1):
                wanted[y, x % columns] = True
    return wanted


@compiled
def add_frames(  # type: ignore[no-untyped-def]
    first, corners, bounds, group, micros, side, slot, start, lon, lat, point_cell, bit, alone,
    cells, groups, times, masks,
):  # fmt: skip
    """Add frames from `first` on to the table until it is half full; returns the first frame that was not added.

    Corners and bounds are degrees as `prepare` leaves them; longitudes may run over 180. A frame without a measuring
    point inside is marked in `alone`, and not added. One that touches more than `MOST_CELLS` cells is not added either:
    -1 less its number is returned.
    """
    bucket = side / SIDE
    tile_columns = slot.shape[1]
    rows = slot.shape[0] * SIDE
    own_cell = np.zeros(MOST_CELLS, np.uint64)
    own_mask = np.zeros(MOST_CELLS, np.uint64)
    sides = np.empty((4, 4))
    used = 0
    for row in range(first, len(corners)):
        west, east, south, north = bounds[row, 0], bounds[row, 1], bounds[row, 2], bounds[row, 3]
        y0, y1 = int(np.floor((south + 90) / bucket)), int(np.floor((north + 90) / bucket))
        x0, x1 = int(np.floor((west + 180) / bucket)), int(np.floor((east + 180) / bucket))
        touched = 0
        set_sides(sides, corners, row)
        t0, t1 = x0 // SIDE, x1 // SIDE  # tiles from west to east; within one the points of a row lie side by side
        for by in range(max(y0, 0), min(y1, rows - 1) + 1):
            tile_row, line = by // SIDE, (by % SIDE) * SIDE
            for t in range(t0, t1 + 1):
                around = t // tile_columns
                tile = slot[tile_row, t - around * tile_columns]
                begin = start[tile, line + (x0 - t0 * SIDE if t == t0 else 0)]
                end = start[tile, line + (x1 - t1 * SIDE + 1 if t == t1 else SIDE)]
                for point in range(begin, end):
                    if inside(lon[point] + around * 360.0, lat[point], sides):
                        touched = _note(own_cell, own_mask, touched, point_cell[point], bit[point])
                        if touched > MOST_CELLS:
                            return -1 - row
        alone[row] = touched == 0
        if used + touched > len(cells) // 2:
            return row
        for k in range(touched):
            used += add(cells, groups, times, masks, own_cell[k], group[row], micros[row], own_mask[k])
    return len(corners)


@compiled
def _note(own_cell, own_mask, touched, cell, bit):  # type: ignore[no-untyped-def]
    """Note a covered point among the cells of one frame; neighbours come together, so the last is tried first."""
    mask = np.uint64(1) << np.uint64(bit)
    for k in range(min(touched, len(own_cell)) - 1, -1, -1):
        if own_cell[k] == cell:
            own_mask[k] |= mask
            return touched
    if touched >= len(own_cell):
        return len(own_cell) + 1  # too many: the caller says so
    own_cell[touched], own_mask[touched] = cell, mask
    return touched + 1

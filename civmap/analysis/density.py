"""Incidents per square kilometre as a smooth surface, for looking at; no test of anything.

An isotropic Gaussian kernel in equal-area coordinates. What the kernel would spread across the theatre's border is
given back inside it, so that a place near the border does not look calmer only because nothing is recorded beyond.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.fft import irfft2, next_fast_len, rfft2
from shapely.geometry.base import BaseGeometry

from civmap.errors import AnalysisError
from civmap.language import count, say, say_n

__all__ = ["Density", "density"]

Array = NDArray[np.float64]

MIN_CELLS = 2  # cells per bandwidth; finer kernels are not drawn to a thousandth
REACH = 6.0  # bandwidths; what lies further away adds less than 1e-8 of the peak
TILES = 16  # the border is cut into so many by so many pieces before cells are cut out of it


@dataclass(frozen=True)
class Density:
    """A surface on a square grid.

    Parameters
    ----------
    per_km2
        Incidents per square kilometre at the cell centres; rows from south to north, columns from west to east. NaN
        outside the border.
    x_m, y_m
        Cell centres in metres of the points' CRS.
    bandwidth_km
        Standard deviation of the kernel.
    counted, outside
        Points that were spread, and points outside the border that were left out.
    """

    per_km2: Array
    x_m: Array
    y_m: Array
    bandwidth_km: float
    counted: int
    outside: int


@dataclass(frozen=True)
class _Grid:
    west: float
    south: float
    step: float
    columns: int
    rows: int


def density(
    points: gpd.GeoSeries, border: gpd.GeoSeries | BaseGeometry, *, bandwidth_km: float, cells: int = 512
) -> Density:
    """Spread each incident over its surroundings and add them up.

    At a place x the surface is the sum over incidents of the Gaussian kernel at their distance, divided by the part of
    the kernel around x that lies inside the border. The grid is filled by cubic B-splines whose smoothing is undone
    on the way through the Fourier transform, so that the result is the sum over the exact points, not over cell
    centres.

    Parameters
    ----------
    points
        Where incidents were, in an equal-area CRS in metres. Only points known better than the bandwidth belong here.
    border
        Outline of the theatre in the same CRS: a polygon or several.
    bandwidth_km
        Standard deviation of the kernel, in km; at least two cells of the grid.
    cells
        Cells along the longer side.

    Returns
    -------
    Density
        Its integral over the theatre comes close to the number of points counted; the two differ a little because
        the correction belongs to the place looked at, not to the incident.

    Raises
    ------
    AnalysisError
        When the CRS is geographic, missing or another than the border's, no point lies inside, or the bandwidth is
        smaller than a cell.

    References
    ----------
    Diggle PJ (1985). A kernel method for smoothing point process data. Applied Statistics 34, 138-147 (the edge
    correction, there equation 2.1); Silverman BW (1982). Algorithm AS 176: kernel density estimation using the fast
    Fourier transform. Applied Statistics 31, 93-99.

    Examples
    --------
    >>> from shapely.geometry import box
    >>> points = gpd.GeoSeries.from_xy([20_000, 21_000, 80_000], [20_000, 22_000, 70_000], crs="EPSG:6933")
    >>> surface = density(points, box(0, 0, 100_000, 100_000), bandwidth_km=10, cells=50)
    >>> surface.counted, float(np.nanmax(surface.per_km2).round(4))
    (3, 0.0033)
    """
    area = _checked(points, border)
    grid = _grid(area, cells)
    bandwidth_m = bandwidth_km * 1000
    if not bandwidth_m >= MIN_CELLS * grid.step:
        raise AnalysisError(
            say("The bandwidth is finer than the grid."),
            found=say("{km:g} km", km=bandwidth_km),
            expected=say(
                "at least {km:.3g} km with {cells}", km=MIN_CELLS * grid.step / 1000,
                cells=count(cells, "cell", "cells"),
            ),
            next_step=say("Take a larger bandwidth or more cells."),
        )  # fmt: skip
    shapely.prepare(area)
    x, y = points.x.to_numpy(), points.y.to_numpy()
    inside = shapely.contains_xy(area, x, y)
    if not inside.any():
        raise AnalysisError(
            say("No incident lies inside the border."),
            found=say_n(len(points), "{n} point, all outside", "{n} points, all outside"),
        )
    spread = _smooth(grid, x[inside], y[inside], np.ones(int(inside.sum())), bandwidth_m)
    held = _smooth(grid, *_pieces(grid, area), bandwidth_m, squares=True)
    x_m = grid.west + grid.step * (np.arange(grid.columns, dtype=np.float64) + 0.5)
    y_m = grid.south + grid.step * (np.arange(grid.rows, dtype=np.float64) + 0.5)
    within = shapely.contains_xy(area, *np.meshgrid(x_m, y_m))
    surface = np.where(within, np.maximum(spread, 0) / np.where(within, held, 1.0) * 1e6, np.nan)
    return Density(surface, x_m, y_m, float(bandwidth_km), int(inside.sum()), int((~inside).sum()))


def _checked(points: gpd.GeoSeries, border: gpd.GeoSeries | BaseGeometry) -> BaseGeometry:
    if points.crs is None or points.crs.is_geographic:
        raise AnalysisError(
            say("A density needs points in an equal-area CRS in metres."),
            found=say("no CRS") if points.crs is None else points.crs.name,
            next_step=say("Use {function}() with the theatre's measuring CRS.", function="points.to_crs"),
        )
    if (points.isna() | points.is_empty).any():
        lacking = int((points.isna() | points.is_empty).sum())
        raise AnalysisError(say("Some incidents have no point."), found=f"{lacking}")
    if isinstance(border, gpd.GeoSeries):
        if border.crs != points.crs:
            raise AnalysisError(say("Points and border are in different CRS."), next_step=say("Bring both into one."))
        border = border.union_all()
    if border.is_empty or not border.area > 0:
        raise AnalysisError(say("The border encloses no area."))
    return border


def _grid(area: BaseGeometry, cells: int) -> _Grid:
    if cells < 2:
        raise AnalysisError(say("The grid needs at least 2 cells."), found=f"{cells}")
    west, south, east, north = area.bounds
    step = max(east - west, north - south) / cells
    columns, rows = (max(1, int(np.ceil(length / step - 1e-9))) for length in (east - west, north - south))
    return _Grid(west, south, step, columns, rows)


def _smooth(grid: _Grid, x: Array, y: Array, mass: Array, bandwidth_m: float, *, squares: bool = False) -> Array:
    """Sum mass times the Gaussian density, per square metre, at the cell centres; squares of a cell each, or points."""
    margin = int(np.ceil(REACH * bandwidth_m / grid.step)) + 2
    rows, columns = (next_fast_len(length + 2 * margin, real=True) for length in (grid.rows, grid.columns))
    across, weight_x = _cubic((x - grid.west) / grid.step - 0.5)
    along, weight_y = _cubic((y - grid.south) / grid.step - 0.5)
    along, weight_y = along % rows * columns, weight_y * mass
    across %= columns
    filled = np.zeros(rows * columns)
    for row, height in zip(along, weight_y, strict=True):
        for column, width in zip(across, weight_x, strict=True):
            filled += np.bincount(row + column, height * width, rows * columns)
    fy, fx = np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(columns)[None, :]
    waves = 2 * (np.pi * bandwidth_m / grid.step) ** 2 * (fx**2 + fy**2)
    transfer = np.exp(-waves) / (np.sinc(fx) * np.sinc(fy)) ** (3 if squares else 4)
    smooth: Array = irfft2(rfft2(filled.reshape(rows, columns)) * transfer, (rows, columns))
    return smooth[: grid.rows, : grid.columns] / grid.step**2


def _cubic(position: Array) -> tuple[NDArray[np.int64], Array]:
    """Give the four grid points around each position and the cubic B-spline's weights there."""
    base = np.floor(position)
    t = position - base
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
    return base.astype(np.int64) + np.arange(-1, 3)[:, None], weights


def _pieces(grid: _Grid, area: BaseGeometry) -> tuple[Array, Array, Array]:
    """Cut the area into the grid's cells: centre of gravity (x, y) and square metres of each piece."""
    size = -(-max(grid.columns, grid.rows) // TILES)  # first into tiles, since most lie wholly inside or outside
    tile_row, tile_column = np.divmod(np.arange(TILES**2), TILES)
    tiles = _squares(grid, tile_column * size, tile_row * size, size)
    parts = shapely.intersection(tiles, area)
    row, column = np.divmod(np.arange(grid.rows * grid.columns), grid.columns)
    tile = row // size * TILES + column // size
    whole = shapely.contains_properly(area, tiles)[tile]
    mixed = np.flatnonzero(~whole & ~shapely.is_empty(parts)[tile])
    squares = _squares(grid, column[mixed], row[mixed], 1)
    shapely.prepare(parts)
    inside = shapely.covers(parts[tile[mixed]], squares)
    whole[mixed[inside]] = True
    cut = shapely.intersection(parts[tile[mixed[~inside]]], squares[~inside])
    cut_area = shapely.area(cut)
    real = cut_area > 0
    centre = shapely.centroid(cut[real])
    x = np.append(grid.west + grid.step * (column[whole] + 0.5), shapely.get_x(centre))
    y = np.append(grid.south + grid.step * (row[whole] + 0.5), shapely.get_y(centre))
    return x, y, np.append(np.full(int(whole.sum()), grid.step**2), cut_area[real])


def _squares(grid: _Grid, column: NDArray[np.int64], row: NDArray[np.int64], size: int) -> NDArray[np.object_]:
    west, south = grid.west + grid.step * column, grid.south + grid.step * row
    squares: NDArray[np.object_] = shapely.box(west, south, west + grid.step * size, south + grid.step * size)
    return squares

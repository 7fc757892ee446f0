from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import gaussian_kde
from shapely.geometry import Point, Polygon, box

from civmap.analysis.density import density
from civmap.errors import AnalysisError

CRS = "EPSG:6933"
SIDE = 1_000_000.0
SQUARE = box(0, 0, SIDE, SIDE)


def points(x, y) -> gpd.GeoSeries:
    return gpd.GeoSeries.from_xy(x, y, crs=CRS)


def direct_sum(x, y, found, rectangle) -> np.ndarray:
    """Add the kernels one by one, and divide by the kernel's mass in the rectangle."""
    sigma = found.bandwidth_km * 1000
    across, along = np.meshgrid(found.x_m, found.y_m)
    total = sum(np.exp(-((across - a) ** 2 + (along - b) ** 2) / (2 * sigma**2)) for a, b in zip(x, y, strict=True))
    west, south, east, north = rectangle
    mass = (ndtr((east - across) / sigma) - ndtr((west - across) / sigma)) * (
        ndtr((north - along) / sigma) - ndtr((south - along) / sigma)
    )
    return total / (2 * np.pi * sigma**2) / mass * 1e6


@pytest.mark.parametrize("bandwidth_km", [32, 60, 200])
@pytest.mark.parametrize("rectangle", [(0, 0, SIDE, SIDE), (3_333.3, 7_777.7, SIDE, 0.6 * SIDE)])
def test_it_equals_the_direct_sum_with_the_exact_share_of_the_kernel(bandwidth_km, rectangle):
    generator = np.random.default_rng(1)
    x, y = generator.uniform(10_000, 0.55 * SIDE, (2, 40))
    x[:3], y[3:6] = 9_000, 9_000  # close to the border, in corners too
    found = density(points(x, y), box(*rectangle), bandwidth_km=bandwidth_km, cells=64)
    inside = np.outer(found.y_m < rectangle[3], found.x_m < rectangle[2])
    expected = direct_sum(x, y, found, rectangle)[inside]
    assert np.abs(found.per_km2[inside] - expected).max() < 1e-3 * expected.max()
    assert np.isnan(found.per_km2[~inside]).all()


@pytest.mark.parametrize("offset", [0.0, 0.13, 0.5, 0.77])
def test_one_point_gives_the_kernel_wherever_it_lies_in_its_cell(offset):
    x = y = np.array([(32 + offset) * SIDE / 64])
    found = density(points(x, y), SQUARE, bandwidth_km=40, cells=64)
    expected = direct_sum(x, y, found, (0, 0, SIDE, SIDE))
    assert np.abs(found.per_km2 - expected).max() < 1e-3 * expected.max()


def test_in_the_open_it_equals_gaussian_kde():
    at = np.random.default_rng(2).normal(size=(2, 300))
    at -= at.mean(axis=1, keepdims=True)
    at = np.linalg.inv(np.linalg.cholesky(np.cov(at))) @ at * 40_000 + SIDE / 2  # the same spread in all directions
    found = density(points(*at), SQUARE, bandwidth_km=20, cells=128)
    kernel = gaussian_kde(at, bw_method=20 / 40)
    expected = kernel(np.vstack([axis.ravel() for axis in np.meshgrid(found.x_m, found.y_m)])) * 300 * 1e6
    assert np.abs(found.per_km2.ravel() - expected).max() < 1e-3 * expected.max()


def test_a_theatre_that_is_evenly_struck_looks_even_up_to_its_border():
    island = Polygon([(0, 0), (SIDE, 0.1 * SIDE), (0.9 * SIDE, SIDE), (0.5 * SIDE, 0.6 * SIDE), (0.1 * SIDE, SIDE)],
                     holes=[[(4e5, 3e5), (6e5, 3e5), (5e5, 4e5)]])  # fmt: skip
    step = SIDE / 800
    x, y = (
        axis.ravel() for axis in np.meshgrid(np.arange(0, SIDE, step) + step / 2, np.arange(0, SIDE, step) + step / 2)
    )
    found = density(points(x, y), island, bandwidth_km=25, cells=128)
    even = 1e6 / step**2
    assert np.nanmax(np.abs(found.per_km2 / even - 1)) < 0.03  # the points are a lattice too
    assert found.counted + found.outside == len(x) and found.outside > 0


def test_without_edge_correction_a_border_place_would_look_half_as_busy():
    x, y = np.array([0.5 * SIDE]), np.array([1_000.0])
    found = density(points(x, y), SQUARE, bandwidth_km=40, cells=64)
    peak = 1e6 / (2 * np.pi * 40_000**2)
    assert np.nanmax(found.per_km2) > 1.5 * peak


def test_outside_the_border_there_is_no_number():
    disc = Point(SIDE / 2, SIDE / 2).buffer(0.4 * SIDE)
    found = density(points([SIDE / 2], [SIDE / 2]), disc, bandwidth_km=50, cells=40)
    across, along = np.meshgrid(found.x_m, found.y_m)
    outside = np.hypot(across - SIDE / 2, along - SIDE / 2) > 0.401 * SIDE
    assert np.isnan(found.per_km2[outside]).all() and (found.per_km2[~np.isnan(found.per_km2)] >= 0).all()


def test_the_whole_adds_up_to_nearly_the_incidents():
    generator = np.random.default_rng(3)
    x, y = generator.uniform(0, SIDE, (2, 5000))
    found = density(points(x, y), SQUARE, bandwidth_km=30, cells=128)
    assert np.nansum(found.per_km2) * (SIDE / 128 / 1000) ** 2 == pytest.approx(5000, rel=0.02)


def test_order_and_place_on_earth_do_not_matter():
    generator = np.random.default_rng(4)
    x, y = generator.uniform(0, SIDE, (2, 200))
    one = density(points(x, y), SQUARE, bandwidth_km=40, cells=64).per_km2
    assert np.allclose(density(points(x[::-1], y[::-1]), SQUARE, bandwidth_km=40, cells=64).per_km2, one)
    moved = density(points(x + 5e5, y - 3e5), box(5e5, -3e5, 15e5, 7e5), bandwidth_km=40, cells=64)
    assert np.allclose(moved.per_km2, one)


def test_border_may_be_a_series_and_must_have_the_same_crs():
    halves = gpd.GeoSeries([box(0, 0, SIDE / 2, SIDE), box(SIDE / 2, 0, SIDE, SIDE)], crs=CRS)
    one = density(points([3e5], [3e5]), halves, bandwidth_km=40, cells=64).per_km2
    assert np.allclose(one, density(points([3e5], [3e5]), SQUARE, bandwidth_km=40, cells=64).per_km2)
    with pytest.raises(AnalysisError, match="different CRS"):
        density(points([3e5], [3e5]), halves.set_crs(4326, allow_override=True), bandwidth_km=40)


@pytest.mark.parametrize(
    ("given", "border", "options", "words"),
    [
        (points([1.0], [1.0]).set_crs(4326, allow_override=True), SQUARE, {}, "equal-area"),
        (gpd.GeoSeries.from_xy([1.0], [1.0]), SQUARE, {}, "no CRS"),
        (points([-5.0], [1.0]), SQUARE, {}, "all outside"),
        (points([5.0], [1.0]), SQUARE, {"bandwidth_km": 1}, "at least 3.91 km"),
        (points([5.0], [1.0]), SQUARE, {"cells": 1}, "at least 2 cells"),
        (points([5.0], [1.0]), Polygon(), {}, "no area"),
        (gpd.GeoSeries([None, Point(1, 1)], crs=CRS), SQUARE, {}, "no point"),
        (points([], []), SQUARE, {}, "No incident"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(given, border, options, words):
    with pytest.raises(AnalysisError, match=words):
        density(given, border, **{"bandwidth_km": 20, **options})

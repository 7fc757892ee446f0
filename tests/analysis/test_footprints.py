"""Footprints: squares as wide as they should be, assumed ones only when asked for, and none where none can be."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from civmap import air_schema
from civmap.analysis.footprints import footprints


def one(**columns: float) -> dict[str, object]:
    table = air_schema.frame({"source_row": [1], **{name: [value] for name, value in columns.items()}}, length=1)
    return dict(footprints(table).iloc[0]) | {"assumed": footprints(table, assumed_view_degrees=60.0).iloc[0]}


@pytest.mark.parametrize("latitude", [0.0, 34.0, -60.0, 80.0])
def test_a_square_is_as_wide_as_the_target(latitude: float) -> None:
    made = one(centre_longitude=65.0, centre_latitude=latitude, target_width_m=2000.0)
    frame = shapely.Polygon(np.array([made[name] for name in air_schema.CORNERS], float).reshape(4, 2))
    crs = f"+proj=laea +lat_0={latitude} +lon_0=65"
    area = gpd.GeoSeries([frame], crs="EPSG:4326").to_crs(crs).area.item()
    assert made["footprint"] == "width" and area == pytest.approx(4e6, rel=0.02)  # sphere against ellipsoid


def test_a_square_over_the_antimeridian_keeps_to_180_degrees() -> None:
    made = one(centre_longitude=179.999, centre_latitude=10.0, target_width_m=2000.0)
    corners = np.array([made[name] for name in air_schema.CORNERS], float).reshape(1, 4, 2)
    assert (np.abs(corners[..., 0]) <= 180).all() and np.ptp(air_schema.beside(corners)[..., 0]) < 0.03


def test_a_position_has_a_footprint_only_when_one_is_assumed() -> None:
    made = one(sensor_longitude=65.0, sensor_latitude=31.0, sensor_altitude_m=6000.0)
    assumed = made["assumed"]
    assert made["footprint"] != made["footprint"] and assumed["footprint"] == "assumed"
    height = (assumed["corner_3_latitude"] - assumed["corner_1_latitude"]) * 111_195
    assert height == pytest.approx(2 * 6000 * np.tan(np.radians(30)), rel=1e-6)


@pytest.mark.parametrize("corners", [
    [65.0, 31.0, 65.1, 31.1, 65.0, 31.1, 65.1, 31.0],  # the sides cross
    [60.0, 31.0, 70.0, 31.0, 70.0, 35.0, 60.0, 35.0],  # too large
    [65.0, 31.0, 65.0, 31.0, 65.0, 31.0, 65.0, 31.0],  # no area
    [65.0, 31.0, 65.1, 31.0, np.nan, 31.1, 65.0, 31.1],  # a corner missing
])  # fmt: skip
def test_what_cannot_be_is_no_footprint(corners: list[float]) -> None:
    made = one(**dict(zip(air_schema.CORNERS, corners, strict=True)))
    assert made["footprint"] != made["footprint"] and np.isnan([made[name] for name in air_schema.CORNERS]).all()

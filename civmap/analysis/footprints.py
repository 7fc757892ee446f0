"""Footprints: the ground that lay in a frame, as four corners in order round it.

Known ones come from the frame's corner points or, where these are missing, from frame centre and target width: a
square whose direction is not known, drawn north-up. Where only the platform's position and height are known, a
footprint can be *assumed* from an angle of view; such footprints are nobody's coverage unless the user asks for them,
and every table and caveat that holds some says so. Terrain and slant are left out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from civmap import air_schema

ASSUMED_VIEW_DEGREES = 60.0  # the whole angle of view that is taken where the user gives none: 1.15 times the height
_METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere of 6,371 km
_AROUND = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
KNOWN, ASSUMED, NONE = 0, 1, 2  # what `corners_of` says of each sample


def footprints(telemetry: pd.DataFrame, *, assumed_view_degrees: float | None = None) -> pd.DataFrame:
    """Give each sample its corners and say how they are known.

    Parameters
    ----------
    telemetry
        Rows of `civmap.air_schema.TELEMETRY`.
    assumed_view_degrees
        Whole angle of view of a camera that looks straight down, for samples of which only position and height are
        known; none leaves them without a footprint. The ground's height is taken as 0, which makes such a footprint too
        large over high ground.

    Returns
    -------
    DataFrame
        The samples with their corners filled and ``footprint`` as in `civmap.air_schema.FOOTPRINTS`; null where there
        is none, or where its geometry is impossible.

    Examples
    --------
    >>> one = {"source_row": [1], "centre_longitude": [65.0], "centre_latitude": [0.0], "target_width_m": [1111.95]}
    >>> made = footprints(air_schema.frame(one, length=1))
    >>> made["footprint"][0], made[["corner_1_longitude", "corner_3_latitude"]].round(4).to_numpy().tolist()
    ('width', [[64.995, 0.005]])
    """
    columns = {name: telemetry[name].to_numpy("float64") for name in _NUMBERS if name in telemetry}
    corners, how = corners_of(columns, length=len(telemetry), assumed_view_degrees=assumed_view_degrees)
    given = telemetry[[*air_schema.CORNERS]].notna().all(axis=1).to_numpy()
    kind = np.where(how == ASSUMED, "assumed", np.where(given, "corners", "width")).astype(object)
    kind[how == NONE] = None
    made = telemetry.copy()
    made[[*air_schema.CORNERS]] = corners.reshape(-1, 8)
    area = telemetry["area"].notna().to_numpy()
    made["footprint"] = pd.Series(np.where(area, "area", kind), index=telemetry.index).astype("str")
    return made


def corners_of(
    columns: Mapping[str, np.ndarray], *, length: int, assumed_view_degrees: float | None = None, checked: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Give the corners of many samples at once.

    Parameters
    ----------
    columns
        Columns of telemetry that are numbers; those that are missing count as unknown.
    length
        Number of samples.
    assumed_view_degrees
        As for `footprints`.
    checked
        Whether impossible frames are left out; the compiled loop of coverage does that itself.

    Returns
    -------
    tuple
        Longitude and latitude of the corners, shape (samples, 4, 2), null where there is no footprint; and `KNOWN`,
        `ASSUMED` or `NONE` for each sample.
    """
    flat = np.full((length, 8), np.nan)
    for place, name in enumerate(air_schema.CORNERS):
        if name in columns:
            flat[:, place] = columns[name]
    corners = flat.reshape(length, 4, 2)
    how = np.full(length, KNOWN, np.int8)
    with np.errstate(over="ignore", invalid="ignore"):
        lacking = np.flatnonzero(np.isnan(flat @ np.ones(8)))  # any of the eight
    if len(lacking):
        corners[lacking] = np.nan
        take = {name: values[lacking] for name, values in columns.items() if name not in air_schema.CORNERS}
        x, y = (take.get(f"centre_{axis}", np.full(len(lacking), np.nan)) for axis in ("longitude", "latitude"))
        width = take.get("target_width_m", np.full(len(lacking), np.nan))
        assumed = np.isnan(x) | np.isnan(y) | ~(width > 0)
        if assumed_view_degrees is not None:
            height = take.get("sensor_altitude_m", np.full(len(lacking), np.nan))
            for own, name in ((x, "sensor_longitude"), (y, "sensor_latitude")):
                own[assumed] = take.get(name, np.full(len(lacking), np.nan))[assumed]
            width = np.where(assumed, 2 * height * np.tan(np.radians(assumed_view_degrees / 2)), width)
            how[lacking[assumed]] = ASSUMED
            assumed = np.isnan(x) | np.isnan(y) | ~(width > 0)
        how[lacking[assumed]] = NONE
        corners[lacking] = _squares(np.where(assumed, np.nan, x), y, width)
    if checked:
        odd = air_schema.impossible(corners)
        corners[odd], how[odd] = np.nan, NONE
    return corners, how


def _squares(x: np.ndarray, y: np.ndarray, width_m: np.ndarray) -> np.ndarray:
    """Draw squares about points; near a pole, where a north-up square has no meaning, none."""
    with np.errstate(invalid="ignore"):
        width = np.where(np.abs(y) < air_schema.POLAR_LATITUDE, width_m, np.nan) / _METRES_PER_DEGREE
    size = np.column_stack([width / np.cos(np.radians(y)), width])
    made = np.column_stack([x, y])[:, None] + _AROUND * size[:, None]
    made[..., 0] = (made[..., 0] + 180) % 360 - 180
    return np.asarray(made)


_NUMBERS = (
    *air_schema.CORNERS, "centre_longitude", "centre_latitude", "target_width_m", "sensor_longitude", "sensor_latitude",
    "sensor_altitude_m",
)  # fmt: skip

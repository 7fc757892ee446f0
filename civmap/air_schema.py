"""Passes and telemetry: what air surveillance looked at, from where, for how long.

A pass is one run of one platform. Its telemetry is a row for each sample: when (UTC), where the sensor was, what lay in
the frame, and for how many seconds the sample stands. Unknown is null, never 0; positions are EPSG:4326.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from civmap.schema import Column

CORNERS = tuple(f"corner_{number}_{axis}" for number in range(1, 5) for axis in ("longitude", "latitude"))

# How a footprint is known. Only the first three are coverage; the last is made where the user asks for it, never kept.
FOOTPRINTS = {
    "corners": "the frame's corner points",
    "width": "a square around the frame centre, as wide as the target width",
    "area": "the area that the source says was observed",
    "assumed": "assumed from position, height and an angle of view",
}

LONGEST_GAP_SECONDS = 60.0  # a sample stands for the time to the next, and for no more than this
LONGEST_SPAN_DAYS = 31  # no sample and no observed area stands for longer
PASS_GAP_SECONDS = 1800.0  # a longer silence of a platform begins another pass
FINEST_SHOWN_RESOLUTION = 6  # H3, about 36 square kilometres: finer coverage is never shown or exported
DELAY_DAYS = 90  # coverage younger than this is never shown or exported; a theatre may ask for more

TELEMETRY: tuple[Column, ...] = (
    Column("pass_id", "text", "the pass", required=True),
    Column("source_row", "int", "number of the packet or record in its file, from 1", required=True),
    Column("platform", "text", "tail number, call sign or address, as sent"),
    Column("sensor", "text", "sensor, as sent"),
    Column("time", "timestamp", "UTC, from the sample itself", required=True),
    Column("seconds", "number", "seconds to the next sample of the pass, capped; of an area its whole time",
           required=True),
    Column("sensor_longitude", "number", "degrees"),
    Column("sensor_latitude", "number", "degrees"),
    Column("sensor_altitude_m", "number", "above the sea or the ellipsoid, as the source means it (metres)"),
    Column("centre_longitude", "number", "frame centre (degrees)"),
    Column("centre_latitude", "number", "frame centre (degrees)"),
    Column("target_width_m", "number", "width of the frame on the ground (metres)"),
    Column("footprint", "text", "how the footprint is known: corners, width or area; null where it is not",
           allowed=("corners", "width", "area")),
    *(Column(name, "number", "corner of the footprint, in order round it (degrees)") for name in CORNERS),
    Column("area", "binary", "outline of an observed area, WKB"),
)  # fmt: skip

PASS: tuple[Column, ...] = (
    Column("pass_id", "text", "the pass", required=True),
    Column("file", "text", "the file it came from", required=True),
    Column("reader", "text", "the kind of file", required=True),
    Column("platform", "text", "tail number, call sign or address, as sent"),
    Column("sensor", "text", "sensor, as sent"),
    Column("start", "timestamp", "first sample (UTC)", required=True),
    Column("end", "timestamp", "end of the last sample (UTC)", required=True),
    Column("samples", "int", "accepted samples", required=True),
    Column("with_footprint", "int", "of them with a footprint that is known", required=True),
    Column("seconds", "number", "time that its samples stand for (seconds)", required=True),
)

_PANDAS: dict[str, Any] = {
    "text": "str", "timestamp": "datetime64[us, UTC]", "number": "float64", "int": "int64", "binary": "object",
}  # fmt: skip

FURTHEST_LONGITUDE = 720.0  # whoever counts on over 180 degrees gets no further than this
WIDEST_KM = 300.0  # no corner of a frame lies further from its middle
WIDEST_DEGREES = WIDEST_KM / 111.195  # of latitude, on a sphere of 6,371 km


def impossible(corners: np.ndarray) -> np.ndarray:
    """Say which frames cannot be: sides that cross, no area, a corner too far from the middle or beyond a pole.

    Parameters
    ----------
    corners
        Longitude and latitude of four corners, shape (frames, 4, 2). Frames with a missing corner are not judged.

    Examples
    --------
    >>> impossible(np.array([[[0, 0], [0, 1], [1, 1], [1, 0]], [[0, 0], [1, 1], [0, 1], [1, 0]]], float)).tolist()
    [False, True]
    """
    highest = highest_latitude(corners)
    nowhere = (highest > 90) | (np.abs(corners[..., 0]) > FURTHEST_LONGITUDE).any(axis=1)
    if nowhere.any():
        corners = np.where(nowhere[:, None, None], np.nan, corners)
    # column by column: numpy is slow at sums over four
    at = beside(corners)
    x, y = ([at[:, k, axis] for k in range(4)] for axis in (0, 1))
    middle = sum(y) / 4
    narrow = np.cos(np.radians(middle))
    x = [(one - x[0]) * narrow for one in x]
    y = [one - middle for one in y]
    near_pole = np.flatnonzero(highest > POLAR_LATITUDE)
    if len(near_pole):
        about = polar_plane(corners[near_pole, :, 0], corners[near_pole, :, 1])
        for k in range(4):
            x[k][near_pole], y[k][near_pole] = about[:, k, 0], about[:, k, 1]
    east, north = sum(x) / 4, sum(y) / 4
    away = [(one - east) ** 2 + (two - north) ** 2 for one, two in zip(x, y, strict=True)]
    along = [(x[(k + 1) % 4] - x[k], y[(k + 1) % 4] - y[k]) for k in range(4)]
    turns = [np.sign(along[k][0] * along[(k + 1) % 4][1] - along[k][1] * along[(k + 1) % 4][0]) for k in range(4)]
    with np.errstate(invalid="ignore"):
        far = np.maximum.reduce(away) > WIDEST_DEGREES**2
        # a simple quadrilateral turns to one side at three corners or more; one whose sides cross, at two and two
        crossed = np.abs(sum(turns)) < 2
    return np.asarray(far | crossed | nowhere)


def highest_latitude(corners: np.ndarray) -> np.ndarray:
    """Give the latitude of each frame's corner that is nearest to a pole, as a distance from the equator."""
    return np.asarray(np.maximum.reduce([np.abs(corners[:, k, 1]) for k in range(4)]))


POLAR_LATITUDE = 85.0  # beyond it degrees of longitude are too short to measure with


def polar_plane(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Project onto the plane that touches the nearer pole, in degrees: distances from it are true."""
    away, turn = 90 - np.abs(latitude), np.radians(longitude)
    return np.stack([away * np.cos(turn), away * np.sin(turn)], axis=-1)


def beside(corners: np.ndarray) -> np.ndarray:
    """Write longitudes within 180 degrees of the first corner's, so that a frame over the antimeridian is whole."""
    at = corners.astype("float64", copy=True)
    first = at[:, :1, 0]
    at[..., 0] = first + (at[..., 0] - first + 180) % 360 - 180
    return at


def frame(columns: dict[str, Any], of: tuple[Column, ...] = TELEMETRY, *, length: int) -> pd.DataFrame:
    """Assemble a table: given columns are cast, the others are null, in the schema's order.

    Examples
    --------
    >>> frame({}, PASS, length=0).columns[:3].tolist()
    ['pass_id', 'file', 'reader']
    """
    made = {}
    for column in of:
        if column.name in columns:
            values = pd.Series(columns[column.name]).reset_index(drop=True)
        elif column.kind == "number":
            values = pd.Series(np.full(length, np.nan))
        else:
            values = pd.Series([None] * length, dtype="object")
        made[column.name] = values.astype(_PANDAS[column.kind])
    return pd.DataFrame(made, index=pd.RangeIndex(length))


def passes_of(telemetry: pd.DataFrame, *, file: str, reader: str) -> pd.DataFrame:
    """Sum telemetry up to one row for each pass, in the order of their first samples.

    Parameters
    ----------
    telemetry
        Rows of `TELEMETRY`.
    file, reader
        Where they come from.
    """
    ends = telemetry["time"] + pd.to_timedelta(telemetry["seconds"], unit="s")
    made = telemetry.assign(end=ends, with_footprint=telemetry["footprint"].notna())
    made = made.groupby("pass_id", sort=False).agg(
        platform=("platform", "first"), sensor=("sensor", "first"), start=("time", "min"), end=("end", "max"),
        samples=("time", "size"), with_footprint=("with_footprint", "sum"), seconds=("seconds", "sum"),
    )  # fmt: skip
    made = made.reset_index().assign(file=file, reader=reader).sort_values(["start", "pass_id"], ignore_index=True)
    return frame({str(name): made[name] for name in made}, PASS, length=len(made))

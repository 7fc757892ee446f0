"""Incidents against coverage: whether a footprint covered the reported place, for how long, and when next.

*Covered by a sensor* is not *seen*. Four answers:

``covered``
    A footprint covered the whole reported place at the reported time (give or take `WITHIN_MINUTES`), or all day.
``part``
    Footprints covered part of the place or part of the day. Most records have no time of day: for them this is the most
    that can be said.
``not_covered``
    Telemetry is at hand for that day, and no footprint of it touched the place.
``cannot_say``
    The place is known no better than the district, the date no better than a week, or no telemetry is at hand for that
    day. Not covered is something else.

A place is asked about at points: an exact one at its own, a settlement at the 49 measuring points of its H3 cell of
resolution 7 (2.4 km across).
"""

from __future__ import annotations

import h3ronpy.vector
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from civmap import air_schema
from civmap.analysis import measuring_points
from civmap.analysis.footprints import footprints

CLASSES = {
    "covered": "a footprint covered the reported place and time",
    "part": "covered part of the area or of the day",
    "not_covered": "not covered",
    "cannot_say": "cannot say",
}
REASONS = {
    "place": "place known too vaguely",
    "date": "date known too vaguely",
    "no_telemetry": "no telemetry at hand for that day",
}
SETTLEMENT_RESOLUTION = 7
WITHIN_MINUTES = 30.0
DAY_SECONDS = 86400.0
_AT_ONCE = 200_000  # samples whose footprints are held at a time
_MICRO = np.timedelta64(1, "us")


def match(
    incidents: pd.DataFrame,
    telemetry: pd.DataFrame,
    *,
    time_zone: str,
    after_hours: float = 72.0,
    within_minutes: float = WITHIN_MINUTES,
    assumed_view_degrees: float | None = None,
) -> pd.DataFrame:
    """Say for each incident how the loaded telemetry covered its place, on its day and after.

    Parameters
    ----------
    incidents
        longitude, latitude (degrees, null where unknown), location_precision, date_precision, event_date and
        event_date_end (local), event_time_local (HH:MM or null).
    telemetry
        Rows of `civmap.air_schema.TELEMETRY`. A day counts as one with telemetry from the first sample's to the
        last's.
    time_zone
        Whose days the incidents are dated in.
    after_hours
        How long after the event coverage counts as *after*; the event ends with its day where its time is unknown.
    within_minutes
        How far the reported time may be off.
    assumed_view_degrees
        Let assumed footprints count, see `civmap.analysis.footprints`.

    Returns
    -------
    DataFrame
        In the incidents' order and index: ``covered`` (a key of `CLASSES`), ``reason`` (of `REASONS`, where it cannot
        be said), ``share`` (of the place, some time of the day), ``minutes`` (of the day), ``at_time`` (null where the
        time is unknown), ``after_minutes`` (within `after_hours`), ``hours_to_next`` (from the event to the next
        coverage of the place; null where there is none, or it cannot be said).
    """
    frames = footprints(telemetry, assumed_view_degrees=assumed_view_degrees)
    reason = _reasons(incidents, telemetry, time_zone)
    asked = incidents[reason.isna()]
    opens = _utc(asked["event_date"], time_zone)
    closes = _utc(asked["event_date_end"].fillna(asked["event_date"]) + pd.Timedelta(days=1), time_zone)
    clock = pd.to_timedelta(asked["event_time_local"].astype("str") + ":00", errors="coerce")
    moment = _utc(asked["event_date"] + clock, time_zone)
    incident, lon, lat, points = _places(asked)
    sums = _Sums(len(asked), len(lon))
    timed = moment.notna().to_numpy()
    event_end = moment.where(moment.notna(), closes).to_numpy().astype("datetime64[us]")
    slack = np.timedelta64(int(within_minutes * 60e6), "us")
    if len(lon):
        tree = shapely.STRtree(shapely.points(lon, lat))
        known = frames[frames["footprint"].notna()]
        for first in range(0, len(known), _AT_ONCE):
            some = known.iloc[first : first + _AT_ONCE]
            sample, point = tree.query(_shapes(some), predicate="intersects")
            begin = some["time"].dt.tz_localize(None).to_numpy().astype("datetime64[us]")[sample]
            end = begin + (some["seconds"].to_numpy()[sample] * 1e6).astype("int64") * _MICRO
            sums.add(sample + first, point, incident[point], begin, end, opens.to_numpy().astype("datetime64[us]"),
                     closes.to_numpy().astype("datetime64[us]"), moment.to_numpy().astype("datetime64[us]"),
                     event_end, slack, np.timedelta64(int(after_hours * 3600e6), "us"))  # fmt: skip
    made = pd.DataFrame(index=asked.index)
    made["share"] = np.bincount(incident, sums.on_day, len(asked)) / points
    made["minutes"] = sums.seconds / 60
    whole_at_time = np.bincount(incident, sums.at_time, len(asked)) == points
    made["at_time"] = pd.Series(whole_at_time, index=asked.index, dtype="boolean").where(timed)
    made["after_minutes"] = sums.after / 60
    made["hours_to_next"] = np.where(np.isfinite(sums.next), sums.next / 3600, np.nan)
    length = ((closes - opens).dt.total_seconds()).to_numpy()
    all_day = (sums.seconds >= length) & (made["share"] == 1)
    made["covered"] = np.select(
        [(timed & whole_at_time) | all_day, sums.seconds > 0], ["covered", "part"], "not_covered"
    )
    touched = (sums.seconds == 0) & (made["share"] > 0)  # by a last sample, which stands for no time
    made.loc[touched.to_numpy(), "covered"] = "part"
    result = made.reindex(incidents.index)
    result["covered"] = result["covered"].fillna("cannot_say").astype("str")
    result.insert(1, "reason", reason)
    return result[["covered", "reason", "share", "minutes", "at_time", "after_minutes", "hours_to_next"]]


class _Sums:
    """What has been found so far, for each incident and each of the points at which it is asked about."""

    def __init__(self, incidents: int, points: int) -> None:
        self.seconds, self.after = np.zeros(incidents), np.zeros(incidents)
        self.next = np.full(incidents, np.inf)
        self.on_day, self.at_time = np.zeros(points, bool), np.zeros(points, bool)

    def add(
        self, sample: np.ndarray, point: np.ndarray, who: np.ndarray, begin: np.ndarray, end: np.ndarray,
        opens: np.ndarray, closes: np.ndarray, moment: np.ndarray, event_end: np.ndarray, slack: np.timedelta64,
        after: np.timedelta64,
    ) -> None:  # fmt: skip
        """Add pairs of a sample and a point that lies in its footprint."""
        opens, closes, moment, event_end = opens[who], closes[who], moment[who], event_end[who]
        self.on_day[point[(begin < closes) & (end >= opens)]] = True
        self.at_time[point[(begin <= moment + slack) & (end >= moment - slack)]] = True
        # time counts once for an incident, however many of its points the footprint covers
        _, once = np.unique(who.astype("int64") * (int(sample.max(initial=0)) + 1) + sample, return_index=True)
        who, begin, end = who[once], begin[once], end[once]
        opens, closes, event_end = opens[once], closes[once], event_end[once]
        np.add.at(self.seconds, who, _overlap(begin, end, opens, closes))
        np.add.at(self.after, who, _overlap(begin, end, event_end, event_end + after))
        later = end >= event_end
        wait = np.maximum((begin - event_end) / np.timedelta64(1, "s"), 0.0)
        np.minimum.at(self.next, who[later], wait[later])


def _overlap(begin: np.ndarray, end: np.ndarray, opens: np.ndarray, closes: np.ndarray) -> np.ndarray:
    seconds = (np.minimum(end, closes) - np.maximum(begin, opens)) / np.timedelta64(1, "s")
    return np.asarray(np.maximum(seconds, 0.0))


def _reasons(incidents: pd.DataFrame, telemetry: pd.DataFrame, time_zone: str) -> pd.Series:
    """Say why nothing can be said of an incident; null where something can."""
    reason = pd.Series([None] * len(incidents), index=incidents.index, dtype="object")
    last = incidents["event_date_end"].fillna(incidents["event_date"])
    if telemetry.empty:
        outside = pd.Series(True, index=incidents.index)
    else:
        local = telemetry["time"].dt.tz_convert(time_zone).dt.tz_localize(None).dt.normalize()
        outside = (last < local.min()) | (incidents["event_date"] > local.max())
    reason[outside] = "no_telemetry"
    reason[incidents["date_precision"].ne("day")] = "date"
    vague = ~incidents["location_precision"].isin(["exact", "settlement"]) | incidents["longitude"].isna()
    reason[vague] = "place"
    return reason.astype("str")


def _places(asked: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Give the points at which incidents are asked about: whose they are, where, and how many each has."""
    lon, lat = asked["longitude"].to_numpy("float64"), asked["latitude"].to_numpy("float64")
    exact = asked["location_precision"].eq("exact").to_numpy()
    own = np.flatnonzero(exact)
    points = np.ones(len(asked), "int64")
    where = np.flatnonzero(~exact)
    if not len(where):
        return own, lon[own], lat[own], points
    finest = h3ronpy.vector.coordinates_to_cells(lat[where], lon[where], 9)
    cells = measuring_points.parents(pa.array(finest).to_numpy(), SETTLEMENT_RESOLUTION)
    distinct, which = np.unique(cells, return_inverse=True)
    x, y, cell, _ = measuring_points.points_of(distinct, SETTLEMENT_RESOLUTION)
    order = np.argsort(cell, kind="stable")
    start = np.searchsorted(cell[order], distinct)
    count = np.searchsorted(cell[order], distinct, side="right") - start
    points[where] = count[which]
    repeat = count[which]
    at = np.repeat(start[which], repeat) + np.arange(repeat.sum()) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    whose = np.concatenate([own, np.repeat(where, repeat)])
    return whose, np.concatenate([lon[own], x[order][at]]), np.concatenate([lat[own], y[order][at]]), points


def _shapes(frames: pd.DataFrame) -> np.ndarray:
    """Draw footprints as polygons; longitudes are near their first corner's."""
    corners = frames[[*air_schema.CORNERS]].to_numpy("float64").reshape(-1, 4, 2)
    area = frames["area"].notna().to_numpy()
    shapes = np.empty(len(frames), dtype=object)
    shapes[area] = shapely.from_wkb(frames.loc[area, "area"].to_numpy())
    shapes[~area] = shapely.polygons(air_schema.beside(corners[~area]))
    return shapes


def _utc(local: pd.Series, time_zone: str) -> pd.Series:
    """Turn local moments into UTC without a zone."""
    return (
        local.dt.tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward")
        .dt.tz_convert("UTC")
        .dt.tz_localize(None)
    )

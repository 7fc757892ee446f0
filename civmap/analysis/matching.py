"""Incidents against coverage: whether a footprint covered the reported place, for how long, and when next.

*Covered by a sensor* is not *seen*. Four answers:

``covered``
    A footprint covered the whole reported place at the reported time (give or take `WITHIN_MINUTES`), or all day.
``part``
    Footprints covered part of the place or part of the day. Most records have no time of day: for them this is the most
    that can be said.
``not_covered``
    Telemetry is at hand for that day, and no footprint of it lay over the place for any time: the last sample of a
    pass stands for none.
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

from civmap.analysis import measuring_points
from civmap.analysis.footprints import footprints
from civmap.analysis.time_covered import TimeCovered, When, micros
from civmap.language import mark

CLASSES = {
    "covered": mark("a footprint covered the reported place and time"),
    "part": mark("covered part of the area or of the day"),
    "not_covered": mark("not covered"),
    "cannot_say": mark("cannot say"),
}
REASONS = {
    "place": mark("place known too vaguely"),
    "date": mark("date known too vaguely"),
    "no_telemetry": mark("no telemetry at hand for that day"),
}
SETTLEMENT_RESOLUTION = 7
WITHIN_MINUTES = 30.0
LONGEST_SILENCE_DAYS = 7  # between two days with footprints; in a longer silence no telemetry is at hand


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
        Rows of `civmap.air_schema.TELEMETRY`. Telemetry is at hand on each day with a footprint, and between two such
        days where they are no more than `LONGEST_SILENCE_DAYS` apart.
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
        be said), ``share`` (of the place, some time of the day), ``minutes`` (of the day; two sensors at once count
        once), ``at_time`` (null where the time is unknown), ``after_minutes`` (within `after_hours`), ``hours_to_next``
        (from the event to the next coverage of the place; null where there is none, or it cannot be said).
    """
    frames = footprints(telemetry, assumed_view_degrees=assumed_view_degrees)
    frames = frames[frames["footprint"].notna()]
    reason = _reasons(incidents, frames, time_zone)
    asked = incidents[reason.isna()]
    opens = _utc(asked["event_date"], time_zone)
    closes = _utc(asked["event_date_end"].fillna(asked["event_date"]) + pd.Timedelta(days=1), time_zone)
    clock = pd.to_timedelta(asked["event_time_local"].astype("str") + ":00", errors="coerce")
    moment = _utc(asked["event_date"] + clock, time_zone)
    when = When(*(micros(each) for each in (opens, closes, moment, moment.where(moment.notna(), closes))))
    whose, lon, lat, points = _places(asked)
    found = TimeCovered(frames[frames["seconds"] > 0], whose, lon, lat, when)
    found.search(slack=_span(within_minutes * 60), after=_span(after_hours * 3600))

    made = pd.DataFrame(index=asked.index)
    made["share"] = np.bincount(whose, found.on_day, len(asked)) / points
    made["minutes"] = found.day_seconds / 60
    timed = moment.notna().to_numpy()
    at_time = np.bincount(whose, found.at_time, len(asked)) == points
    made["at_time"] = pd.Series(at_time, index=asked.index, dtype="boolean").where(timed)
    made["after_minutes"] = found.after_seconds / 60
    made["hours_to_next"] = np.where(np.isfinite(found.next), found.next / 3600, np.nan)
    made["covered"] = np.select(
        [(timed & at_time) | found.all_day(), found.day_seconds > 0], ["covered", "part"], "not_covered"
    )
    result = made.reindex(incidents.index)
    result["covered"] = result["covered"].fillna("cannot_say").astype("str")
    result.insert(1, "reason", reason)
    return result[["covered", "reason", "share", "minutes", "at_time", "after_minutes", "hours_to_next"]]


def _reasons(incidents: pd.DataFrame, frames: pd.DataFrame, time_zone: str) -> pd.Series:
    """Say why nothing can be said of an incident; null where something can."""
    reason = pd.Series([None] * len(incidents), index=incidents.index, dtype="object")
    last = incidents["event_date_end"].fillna(incidents["event_date"])
    reason[~_at_hand(frames, incidents["event_date"], last, time_zone)] = "no_telemetry"
    reason[incidents["date_precision"].ne("day")] = "date"
    vague = ~incidents["location_precision"].isin(["exact", "settlement"]) | incidents["longitude"].isna()
    reason[vague] = "place"
    return reason.astype("str")


def _at_hand(frames: pd.DataFrame, first: pd.Series, last: pd.Series, time_zone: str) -> np.ndarray:
    """Say for which days telemetry is at hand: from a day with a footprint to the next, if that is not far."""
    if frames.empty:
        return np.zeros(len(first), bool)
    frames = frames.sort_values("time")
    begun = frames["time"].dt.tz_convert(time_zone).dt.tz_localize(None)
    lasts = pd.to_timedelta((frames["seconds"] - 1e-6).clip(lower=0), unit="s")  # until midnight is not the next day
    begins, ends = _days(begun), np.maximum.accumulate(_days(begun + lasts))
    gaps = np.flatnonzero(begins[1:] - ends[:-1] > LONGEST_SILENCE_DAYS)
    starts, ends = begins[np.r_[0, gaps + 1]], ends[np.r_[gaps, len(ends) - 1]]
    following = np.searchsorted(ends, _days(first))  # the first stretch that does not end before the incident
    return np.asarray(np.append(starts, np.iinfo("int64").max)[following] <= _days(last))


def _span(seconds: float) -> np.timedelta64:
    return np.timedelta64(int(seconds * 1e6), "us")


def _days(times: pd.Series) -> np.ndarray:
    return times.to_numpy().astype("datetime64[D]").astype("int64")


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


def _utc(local: pd.Series, time_zone: str) -> pd.Series:
    """Turn local moments into UTC without a zone."""
    return (
        local.dt.tz_localize(time_zone, ambiguous=True, nonexistent="shift_forward")
        .dt.tz_convert("UTC")
        .dt.tz_localize(None)
    )

"""Air surveillance: runs over the theatre, their samples, and which cells were watched for how long.

A run flies around its target while the frame sweeps the ground about it. Frames are rectangles in the local plane of
the target; terrain, slant and lens are left out. Aircraft and sensors are made up.
"""

from __future__ import annotations

from dataclasses import dataclass

import h3ronpy
import numpy as np
import pandas as pd
import pyarrow as pa
from h3ronpy.vector import cells_to_coordinates, coordinates_to_cells

from civmap.simulate.plan import Plan, Surveillance
from civmap.simulate.terrain import Terrain
from civmap.theatre import Theatre

CORNERS = tuple(f"corner_{number}_{axis}" for number in range(1, 5) for axis in ("longitude", "latitude"))
_KM_PER_DEGREE = 111.195  # of latitude, on a sphere of 6,371 km
_AIRFRAMES = 4
_STANDOFF_KM, _ALTITUDE_M = 7.0, 4600.0  # of the aircraft from its target and above the sea
_SWEEPS = np.array([5.0, 7.0])  # to and fro along and across, in a run; no common divisor, so the sweep does not close
_SLACK = 1.35  # cells are up to this much closer to each other than their mean size says
_ROUND_S = 600  # for the aircraft to go once round its target
_AT_ONCE = 20_000  # samples whose cells are found together, to bound the memory


@dataclass(frozen=True)
class Flown:
    """Samples as they were sent, and the truth of what was watched.

    Parameters
    ----------
    samples
        One row each, in the order of passes and times: pass_id, platform, sensor, time (UTC), sensor_longitude,
        sensor_latitude, sensor_altitude_m, the four frame corners in order round the frame (null for runs that send
        none), and seconds to the next sample (capped; 0 for the last one of a pass).
    watched
        cell (H3, of the plan's resolution), day (local), seconds: the true time in view, whether or not corners were
        sent. Two aircraft over one cell count both.
    """

    samples: pd.DataFrame
    watched: pd.DataFrame


@dataclass(frozen=True)
class _Paths:
    """Where the frame and the aircraft are at each sample: degrees, headings in radians, kilometres."""

    run: np.ndarray
    seconds: np.ndarray  # since the start of the first day
    stands_for: np.ndarray  # seconds to the next sample
    centre: np.ndarray
    heading: np.ndarray
    sensor: np.ndarray
    half: np.ndarray  # of the frame's width and height, km
    to_degrees: np.ndarray


def fly(
    theatre: Theatre, plan: Plan, days: pd.DatetimeIndex, rates: np.ndarray, terrain: Terrain, rng: np.random.Generator
) -> Flown:
    """Fly the plan's runs; without surveillance in the plan both frames are empty.

    Targets follow where incidents are expected, never the incidents themselves.
    """
    how = plan.surveillance or Surveillance(runs_per_day=0)
    runs = int(rng.poisson(how.runs_per_day * len(days)))
    target = _targets(how, runs, rates.sum(axis=(1, 2)), terrain, rng)
    paths = _paths(how, target, len(days), rng)
    first = days[0].tz_localize(theatre.time_zone, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")
    time = pd.Series(first + pd.to_timedelta(paths.seconds, unit="s")).astype("datetime64[us, UTC]")
    local = time.dt.tz_convert(theatre.time_zone).dt.tz_localize(None).dt.normalize()
    framed = rng.random(runs) >= how.unframed
    return Flown(_samples(paths, time, framed), _watched(paths, local.to_numpy(), how.resolution))


def seconds_watched(incidents: pd.DataFrame, watched: pd.DataFrame, *, resolution: int) -> np.ndarray:
    """Give the seconds for which each incident's cell was watched on its day."""
    if watched.empty or incidents.empty:
        return np.zeros(len(incidents), "int64")
    at = incidents[["latitude", "longitude"]].to_numpy()
    cells = pa.array(coordinates_to_cells(at[:, 0], at[:, 1], resolution)).to_numpy()
    asked = pd.DataFrame({"cell": cells, "day": incidents["event_date"].to_numpy()})
    return asked.merge(watched, on=["cell", "day"], how="left")["seconds"].fillna(0).to_numpy(dtype="int64")


def _targets(
    how: Surveillance, runs: int, weights: np.ndarray, terrain: Terrain, rng: np.random.Generator
) -> np.ndarray:
    """Choose each run's target: a hot cell's middle, or a point of the background of a province by its incidents."""
    province = rng.choice(len(weights), runs, p=weights / weights.sum())
    target = terrain.pool[province, rng.integers(0, terrain.pool.shape[1], runs)]
    hot = rng.random(runs) < (how.at_hot_cells if len(terrain.hot) else 0)
    spots = terrain.hot[["longitude", "latitude"]].to_numpy()
    target[hot] = spots[rng.integers(0, max(len(spots), 1), hot.sum())]
    return target


def _paths(how: Surveillance, target: np.ndarray, days: int, rng: np.random.Generator) -> _Paths:
    """Draw when the runs begin and how long they last, and sweep the ground about each target."""
    runs = len(target)
    start = np.floor(np.sort(rng.random(runs)) * days * 86400).astype("int64")
    samples = how.minutes * 60 / how.interval_seconds
    length = rng.integers(max(int(samples / 2), 2), max(int(samples * 1.5), 2) + 1, runs)
    run = np.repeat(np.arange(runs), length)
    step = np.arange(len(run)) - np.repeat(np.cumsum(length) - length, length)
    sent = rng.random(len(run)) >= how.lost
    run, step = run[sent], step[sent]

    seconds = start[run] + step * how.interval_seconds
    stands_for = np.diff(seconds, append=0).clip(0, how.longest_gap_seconds)
    stands_for[np.diff(run, append=-1) != 0] = 0
    phase = rng.random((runs, 3))[run]
    sweep = np.sin(2 * np.pi * (_SWEEPS * (step / length[run])[:, None] + phase[:, :2]))
    around = 2 * np.pi * (step * how.interval_seconds / _ROUND_S + phase[:, 2])
    to_degrees = 1 / _KM_PER_DEGREE / np.column_stack([np.cos(np.radians(target[run, 1])), np.ones(len(run))])
    sensor = target[run] + _STANDOFF_KM * np.column_stack([np.cos(around), np.sin(around)]) * to_degrees
    centre = target[run] + how.reach_km * sweep * to_degrees
    return _Paths(run, seconds, stands_for, centre, around, sensor, np.array(how.frame_km) / 2, to_degrees)


def _samples(paths: _Paths, time: pd.Series, framed: np.ndarray) -> pd.DataFrame:
    """Write the samples as they are sent, with corners only for the runs that are framed."""
    corners = _frames(paths).reshape(-1, 8).round(5)
    corners[~framed[paths.run]] = np.nan
    names = pd.Series(np.arange(1, len(framed) + 1)).astype("str").str.zfill(6)
    airframe = paths.run % _AIRFRAMES  # in turn
    return pd.DataFrame(
        {
            "pass_id": ("SYN-P" + names).array[paths.run],
            "platform": pd.Categorical.from_codes(airframe, pd.Index([f"SYN-UAS-{n + 1}" for n in range(_AIRFRAMES)])),
            "sensor": pd.Categorical.from_codes(airframe % 2, pd.Index(["SYN-EO", "SYN-IR"])),
            "time": time,
            "sensor_longitude": paths.sensor[:, 0].round(5),
            "sensor_latitude": paths.sensor[:, 1].round(5),
            "sensor_altitude_m": np.full(len(time), _ALTITUDE_M),
            **dict(zip(CORNERS, corners.T, strict=True)),
            "seconds": paths.stands_for,
        }
    )


def _frames(paths: _Paths) -> np.ndarray:
    """Give the four corners of each frame, longitude and latitude, in order round it."""
    along, across = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]).T * paths.half[:, None]
    cos, sin = np.cos(paths.heading)[:, None], np.sin(paths.heading)[:, None]
    offsets = np.stack([along * cos - across * sin, along * sin + across * cos], axis=2)
    return paths.centre[:, None] + offsets * paths.to_degrees[:, None]


def _watched(paths: _Paths, day: np.ndarray, resolution: int) -> pd.DataFrame:
    """Add up the seconds for which each cell's centre lay in a frame, by local day."""
    empty = pd.DataFrame({"cell": np.array([], "uint64"), "day": day[:0], "seconds": np.array([], "int64")})
    hits = [empty]
    size = len(paths.run)
    for part in np.array_split(np.arange(size), size // _AT_ONCE + 1):  # of many samples at a time
        near, points = _cells_about(paths.centre[part], paths.half, resolution)
        away = (points - paths.centre[part, None]) / paths.to_degrees[part, None]
        east, north = np.moveaxis(away, 2, 0)
        cos, sin = np.cos(paths.heading[part])[:, None], np.sin(paths.heading[part])[:, None]
        along, across = east * cos + north * sin, north * cos - east * sin
        sample, place = np.nonzero((np.abs(along) <= paths.half[0]) & (np.abs(across) <= paths.half[1]))
        seconds = paths.stands_for[part][sample]
        hits.append(pd.DataFrame({"cell": near[sample, place], "day": day[part][sample], "seconds": seconds}))
    added = pd.concat(hits, ignore_index=True).groupby(["cell", "day"], as_index=False, sort=True)["seconds"].sum()
    return added[added["seconds"] > 0].reset_index(drop=True)


def _cells_about(centre: np.ndarray, half: np.ndarray, resolution: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the cells that may lie in a frame around each centre, and their own centres."""
    if not len(centre):
        return np.empty((0, 1), "uint64"), np.empty((0, 1, 2))
    own = pa.array(coordinates_to_cells(centre[:, 1], centre[:, 0], resolution)).to_numpy()
    cells, which = np.unique(own, return_inverse=True)
    area = float(np.mean(pa.array(h3ronpy.cells_area_km2(pa.array(cells))).to_numpy()))
    spacing = np.sqrt(area * 2 / np.sqrt(3)) / _SLACK  # between the centres of neighbouring hexagons
    # the first ring left out lies beyond the frame's corner, wherever in its own cell the frame's centre is
    reach = np.hypot(*half) + spacing * _SLACK**2 / np.sqrt(3)
    rings = max(int(np.ceil(reach / (spacing * np.sqrt(3) / 2))) - 1, 1)
    # a disk has fewer cells only around one of the twelve pentagons, all of which lie at sea
    near = pa.array(h3ronpy.grid_disk(pa.array(cells), rings, flatten=True)).to_numpy().reshape(len(cells), -1)
    spots, where = np.unique(near, return_inverse=True)
    points = pa.table(cells_to_coordinates(pa.array(spots)))
    lonlat = np.column_stack([points["lng"].to_numpy(), points["lat"].to_numpy()])
    return near[which], lonlat[where.reshape(near.shape)][which]

"""Made-up incidents whose truth is known, for tests, for teaching, and for the demonstration shown before any load.

Planted, and told in `Truth`: hot cells over a smooth uneven background (population times a level for each province,
Gaussians around towns within), trends, a season, over-dispersion, serial correlation, effects of directives, changes of
recording, and several sources that each see a part of the same incidents and count them differently. Nothing here
describes a real incident: ids start with ``SYN-``, towns and districts are drawn at random.

Assumed: sources find an incident independently of each other once its size, party and province are given; all kinds of
incident share one map, one season and the provinces' trends; nothing is revised after its first report.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from h3ronpy.vector import cells_to_coordinates, cells_to_wkb_polygons, coordinates_to_cells
from scipy.signal import lfilter

from civmap import schema
from civmap.readers import read
from civmap.simulate_plan import Effect, Plan, RecordingChange, Source, afghan_plan, plain_plan
from civmap.store import Store
from civmap.theatre import Theatre, load_theatre

FAULTS = (
    "date_missing", "date_unreadable", "end_before_start", "place_missing", "coordinate_zero", "min_above_max",
    "code_unknown", "id_repeated", "coordinates_swapped",
)  # fmt: skip
_PRECISION_SHARES = (0.20, 0.33, 0.23, 0.21, 0.03)  # in the order of `schema.LOCATION_PRECISIONS`
_DATE_PRECISION_SHARES = (0.955, 0.035, 0.01)  # day, week, month
_TOWNS, _POOL = 6, 2000  # in each province: towns, and points that stand for the smooth background
_MOST_KILLED = 140  # in one incident

DEMONSTRATION = {"start": date(2007, 1, 1), "end": date(2014, 12, 31), "seed": 2009}
DEMONSTRATION_INCIDENTS_PER_MONTH = 105.0  # chosen so that the UN-like deaths are 0.6 of those UNAMA published
DEMONSTRATION_KNOWN_AT = date(2015, 2, 18)


@dataclass(frozen=True)
class Truth:
    """What happened and what was planted.

    Attributes
    ----------
    incidents
        Indexed by incident id: event_date, admin1, party, cause, killed, injured, longitude, latitude, hot.
    matches
        source, source_id, incident: which record stands for which incident; an incident may be in no source.
    rates
        month, party, cause, expected, without_effect: incidents expected in the theatre, with and without effects.
    hot_cells
        cell (H3), admin1, incidents.
    effects, recording_changes
        As in the plan.
    faults
        source, source_id, rule: the rows that `write_files` spoils.
    """

    incidents: pd.DataFrame
    matches: pd.DataFrame
    rates: pd.DataFrame
    hot_cells: pd.DataFrame
    effects: tuple[Effect, ...]
    recording_changes: tuple[RecordingChange, ...]
    faults: pd.DataFrame


@dataclass(frozen=True)
class Simulated:
    """Records of all sources in CivMap's columns, as a reader returns them where nothing is spoilt, and the truth."""

    records: gpd.GeoDataFrame
    truth: Truth


@dataclass(frozen=True)
class _Terrain:
    """Points by province: towns (the first is its centre) and a pool drawn from the smooth background; hot cells."""

    towns: np.ndarray  # province, town, (longitude, latitude)
    pool: np.ndarray
    pool_town: np.ndarray
    hot: pd.DataFrame  # by province position: cell, admin1, longitude, latitude, radius (degrees), town
    middle: np.ndarray


def simulate(
    theatre: Theatre,
    *,
    start: date,
    end: date,
    incidents_per_month: float = 120.0,
    seed: int = 0,
    plan: Plan | None = None,
) -> Simulated:
    """Make incidents in a theatre, and what the sources report of them.

    Parameters
    ----------
    theatre
        Its provinces, population and parties; without population all provinces count alike.
    start, end
        First and last local day.
    incidents_per_month
        Mean number of true incidents a month, before effects, noise and what the sources miss.
    seed
        The same seed gives the same data.
    plan
        What is planted; `afghan_plan` for Afghanistan and `plain_plan` elsewhere if not given.

    Returns
    -------
    Simulated
        `records` of all sources and `truth`.

    Examples
    --------
    >>> made = simulate(load_theatre("afghanistan"), start=date(2010, 1, 1), end=date(2010, 3, 31))
    >>> len(made.truth.hot_cells), sorted(made.records["source"].unique())
    (6, ['isaf_like', 'un_like'])
    """
    plan = plan or (afghan_plan() if theatre.id == "afghanistan" else plain_plan(theatre))
    rng = np.random.default_rng(seed).spawn(3 + len(plan.sources))
    months = pd.date_range(pd.Timestamp(start).replace(day=1), pd.Timestamp(end), freq="MS")
    rates, without = _rates(theatre, plan, months, incidents_per_month, rng[0])
    terrain = _terrain(theatre, plan, rates.sum(axis=(1, 2)), rng[1])
    incidents = _incidents(theatre, plan, months, rates, terrain, rng[2])
    incidents = incidents[incidents["event_date"].between(pd.Timestamp(start), pd.Timestamp(end))]
    numbers = pd.Series(range(1, len(incidents) + 1)).astype("str").str.zfill(7)
    incidents.index = pd.Index("SYN-" + numbers, name="incident")
    reports = [_report(theatre, plan, source, incidents, terrain, rng[3 + n]) for n, source in enumerate(plan.sources)]
    columns = pd.concat(reports, ignore_index=True)
    points = gpd.points_from_xy(columns["longitude"], columns["latitude"])
    points[columns["longitude"].isna().to_numpy()] = None
    faults = columns[["source", "source_id", "rule"]].dropna().reset_index(drop=True)
    names = [(stream.party, stream.cause) for stream in plan.streams]
    expected = pd.DataFrame(
        [(month, *name) for month in months for name in names], columns=["month", "party", "cause"]
    ).assign(expected=rates.sum(axis=0).ravel(), without_effect=without.sum(axis=0).ravel())
    counted = incidents.loc[incidents["hot"], "admin1"].value_counts()
    hot = terrain.hot[["cell", "admin1"]].reset_index(drop=True)
    truth = Truth(
        incidents.drop(columns=["stream", "province", "town"]), columns[["source", "source_id", "incident"]], expected,
        hot.assign(incidents=hot["admin1"].map(counted).fillna(0).astype("int64")), plan.effects,
        plan.recording_changes, faults,
    )  # fmt: skip
    columns = columns.drop(columns=["longitude", "latitude", "rule", "incident"])
    lists = {name: _lists(columns[name]) for name in ("reported_via", "checked_via", "caveats")}
    return Simulated(schema.incident_frame({**columns, **lists}, points, length=len(columns)), truth)


def _rates(
    theatre: Theatre, plan: Plan, months: pd.DatetimeIndex, incidents_per_month: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Expected incidents by province, month and stream, with and without the planted effects."""
    codes = theatre.boundaries.index
    people = theatre.population.sort_values("year").groupby("admin1")["population"].first().reindex(codes)
    people = people.fillna(people.median() if people.notna().any() else 1.0).to_numpy(dtype="float64")
    drawn = np.exp(rng.normal(0, 0.5, len(codes)))
    level = people * [plan.province_levels.get(code, one) for code, one in zip(codes, drawn, strict=True)]
    years = months.year.to_numpy() + (months.month.to_numpy() - 0.5) / 12
    streams = [
        np.interp(years, np.array(list(stream.by_year)) + 0.5, list(stream.by_year.values())) / stream.killed
        for stream in plan.streams
    ]
    base = (level / level.sum())[:, None, None] * np.column_stack(streams)
    base *= incidents_per_month * len(months) / base.sum()
    log_rate = plan.season * np.cos(2 * np.pi * (months.month.to_numpy() - plan.season_peak_month) / 12)
    log_rate = log_rate + rng.normal(0, plan.trend_sd, len(codes))[:, None] * (years - years.mean())
    for rows, spread in zip((1, len(codes)), plan.ar_sd, strict=True):
        noise = rng.normal(0, spread * np.sqrt(1 - plan.ar**2), (rows, len(months)))
        noise[:, 0] /= np.sqrt(1 - plan.ar**2)  # begin in the steady state
        log_rate = log_rate + lfilter([1.0], [1.0, -plan.ar], noise) - spread**2 / 2
    without = base * np.exp(log_rate)[:, :, None]
    factor = np.ones((len(months), len(plan.streams)))
    for effect in plan.effects:
        begins = pd.Timestamp(effect.start) + pd.Timedelta(days=effect.delay_days)
        after = 1 - ((begins - months).days / months.days_in_month).to_numpy().clip(0, 1)
        meant = [stream.party in effect.parties and stream.cause in effect.causes for stream in plan.streams]
        factor[:, meant] *= (1 + (effect.factor - 1) * after)[:, None]
    return without * factor, without


def _terrain(theatre: Theatre, plan: Plan, weights: np.ndarray, rng: np.random.Generator) -> _Terrain:
    """Draw towns and a pool of points in each province, and choose the hot cells."""
    towns, pools, pool_towns = [], [], []
    polygons = theatre.boundaries.geometry.to_numpy()
    shapely.prepare(polygons)
    for polygon in polygons:  # a loop over provinces, not over incidents
        west, south, east, north = polygon.bounds
        tries = int(4 * _POOL * (east - west) * (north - south) / polygon.area) + 100
        spots = rng.uniform((west, south), (east, north), (tries, 2))
        spots = spots[shapely.contains_xy(polygon, spots)]
        town = np.vstack([shapely.get_coordinates(polygon.representative_point()), spots[: _TOWNS - 1]])
        squeeze = np.array([np.cos(np.radians(town[0, 1])), 1.0])
        apart = np.square((spots[:, None] - town) * squeeze).sum(axis=2)
        wide = polygon.area * squeeze[0] / 40  # variance of a town's Gaussian, square degrees
        density = (np.exp(-apart / 2 / wide) * rng.uniform(0.3, 1.0, _TOWNS)).sum(axis=1) + 0.05
        picked = rng.choice(len(spots), _POOL, p=density / density.sum())
        towns.append(town)
        pools.append(spots[picked])
        pool_towns.append(apart[picked].argmin(axis=1))
    pool = np.stack(pools)
    hot = []
    for province in rng.choice(len(polygons), plan.hot_cells, replace=False, p=weights / weights.sum()):
        cells = coordinates_to_cells(pool[province, :, 1], pool[province, :, 0], theatre.map_cell_resolution)
        shapes = shapely.from_wkb(pa.array(cells_to_wkb_polygons(cells)).to_numpy(zero_copy_only=False))
        inside = np.flatnonzero(shapely.contains_properly(polygons[province], shapes))
        first = inside[0] if len(inside) else 0
        centre = shapely.get_coordinates(shapes[first].centroid)[0]
        radius = shapely.distance(shapes[first].centroid, shapely.boundary(shapes[first])) * 0.9
        hot.append(
            (pa.array(cells)[first].as_py(), theatre.boundaries.index[province], *centre, radius,
             pool_towns[province][first])
        )  # fmt: skip
    return _Terrain(np.stack(towns), pool, np.stack(pool_towns), pd.DataFrame(), np.zeros(2))

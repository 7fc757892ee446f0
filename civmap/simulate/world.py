"""What happens in the simulated war: how many incidents, where, when, and whom they harm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from h3ronpy.vector import cells_to_wkb_polygons, coordinates_to_cells
from scipy.signal import lfilter

from civmap.simulate.plan import Plan
from civmap.theatre import Theatre

TOWNS = 6  # in each province; the first stands for its capital
_POOL = 2000  # points in each province that stand for the smooth background
_BACKGROUND = 0.05  # of a town's density, everywhere in the province
_MOST_KILLED = 140  # in one incident


@dataclass(frozen=True)
class Terrain:
    """Points by province, in the order of the theatre's boundaries.

    Parameters
    ----------
    towns, pool
        Longitude and latitude by province and point; the pool is drawn from the smooth background.
    pool_town
        The town nearest to each point of the pool.
    hot
        cell, admin1, province, longitude, latitude, radius (degrees of latitude), town: one row for each hot cell.
    middle
        Longitude and latitude of the country's middle.
    """

    towns: np.ndarray
    pool: np.ndarray
    pool_town: np.ndarray
    hot: pd.DataFrame
    middle: np.ndarray


def monthly_rates(
    theatre: Theatre, plan: Plan, months: pd.DatetimeIndex, incidents_per_month: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Give the expected incidents by province, month and stream, with and without the planted effects."""
    codes = theatre.boundaries.index
    people = theatre.population.sort_values("year").groupby("admin1")["population"].first().reindex(codes)
    people = people.fillna(people.median() if people.notna().any() else 1.0)
    drawn = np.exp(rng.normal(0, 0.5, len(codes)))
    level = people.to_numpy(dtype="float64") * np.array(
        [plan.province_levels.get(code, one) for code, one in zip(codes, drawn, strict=True)]
    )
    years = months.year.to_numpy() + (months.month.to_numpy() - 0.5) / 12
    streams = [
        np.interp(years, np.array(list(stream.by_year)) + 0.5, list(stream.by_year.values())) / stream.killed
        for stream in plan.streams
    ]
    base = (level / level.sum())[:, None, None] * np.column_stack(streams)
    base *= incidents_per_month * len(months) / base.sum()
    log_rate = plan.season * np.cos(2 * np.pi * (months.month.to_numpy() - plan.season_peak_month) / 12)
    trend = rng.normal(0, plan.trend_sd, len(codes))
    trend -= np.average(trend, weights=level)  # the theatre as a whole follows the streams
    log_rate = log_rate + trend[:, None] * (years - years.mean())
    for rows, spread in zip((1, len(codes)), plan.ar_sd, strict=True):
        noise = rng.normal(0, spread * np.sqrt(1 - plan.ar**2), (rows, len(months)))
        noise[:, 0] /= np.sqrt(1 - plan.ar**2)  # begin in the steady state
        log_rate = log_rate + lfilter([1.0], [1.0, -plan.ar], noise) - spread**2 / 2
    without = base * np.exp(log_rate)[:, :, None]
    factor = np.ones((len(months), len(plan.streams)))
    for effect in plan.effects:
        begins = pd.Timestamp(effect.start) + pd.Timedelta(days=effect.delay_days)
        before = (np.asarray((begins - months).days) / months.days_in_month.to_numpy()).clip(0, 1)
        meant = [stream.party in effect.parties and stream.cause in effect.causes for stream in plan.streams]
        factor[:, meant] *= (before + (1 - before) * effect.factor)[:, None]
    return without * factor, without


def make_terrain(theatre: Theatre, plan: Plan, weights: np.ndarray, rng: np.random.Generator) -> Terrain:
    """Draw towns and a pool of points in each province, and choose the hot cells; provinces count by `weights`."""
    towns, pools, nearest = [], [], []
    polygons = theatre.boundaries.geometry.to_numpy()
    shapely.prepare(polygons)
    for polygon in polygons:  # a loop over provinces, not over incidents
        west, south, east, north = polygon.bounds
        tries = int(2 * _POOL * (east - west) * (north - south) / polygon.area) + 1000
        spots = rng.uniform((west, south), (east, north), (tries, 2))
        spots = spots[shapely.contains_xy(polygon, spots)]
        town = np.vstack([shapely.get_coordinates(polygon.representative_point()), spots[: TOWNS - 1]])
        squeeze = np.array([np.cos(np.radians(town[0, 1])), 1.0])
        apart = np.square((spots[:, None] - town) * squeeze).sum(axis=2)
        variance = polygon.area * squeeze[0] / 40  # of a town's Gaussian, square degrees of latitude
        density = (np.exp(-apart / 2 / variance) * rng.uniform(0.3, 1.0, TOWNS)).sum(axis=1) + _BACKGROUND
        picked = rng.choice(len(spots), _POOL, p=density / density.sum())
        towns.append(town)
        pools.append(spots[picked])
        nearest.append(apart[picked].argmin(axis=1))
    hot = []
    number = min(plan.hot_cells, len(polygons))
    for province in rng.choice(len(polygons), number, replace=False, p=weights / weights.sum()):
        where = pools[province]
        cells = pa.array(coordinates_to_cells(where[:, 1], where[:, 0], theatre.map_cell_resolution))
        shapes = shapely.from_wkb(pa.array(cells_to_wkb_polygons(cells)).to_numpy(zero_copy_only=False))
        first = int(shapely.contains_properly(polygons[province], shapes).argmax())  # the first where none fits
        centre = shapely.centroid(shapes[first])
        squeeze = np.array([np.cos(np.radians(centre.y)), 1.0])
        corners = (shapely.get_coordinates(shapes[first])[:-1] - (centre.x, centre.y)) * squeeze
        radius = np.hypot(*((corners + np.roll(corners, 1, axis=0)) / 2).T).min() * 0.9  # within the hexagon
        code = theatre.boundaries.index[province]
        hot.append((cells[first].as_py(), code, province, centre.x, centre.y, radius, nearest[province][first]))
    columns = ["cell", "admin1", "province", "longitude", "latitude", "radius", "town"]
    middle = shapely.get_coordinates(theatre.boundaries.union_all().representative_point())[0]
    frame = pd.DataFrame(hot, columns=columns).astype({"cell": "uint64"})
    return Terrain(np.stack(towns), np.stack(pools), np.stack(nearest), frame, middle)


def draw_incidents(
    theatre: Theatre, plan: Plan, months: pd.DatetimeIndex, rates: np.ndarray, terrain: Terrain,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Draw the true incidents, in the order of their days.

    Those killed are a lognormal rounded up or down at random, so that the mean is kept; the injured are over-dispersed
    around a multiple of those killed and a little more. Each incident harms at least one person.
    """
    wild = rng.gamma(plan.dispersion, 1 / plan.dispersion, (*rates.shape[:2], 1))
    counts = rng.poisson(rates * wild)  # a negative binomial
    province, month, stream = np.unravel_index(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape)
    size = len(province)
    day = np.floor(rng.random(size) * months.days_in_month.to_numpy()[month]).astype("timedelta64[D]")
    killed_mean = np.array([each.killed for each in plan.streams])[stream]
    killed = rng.lognormal(np.log(killed_mean) - plan.tail**2 / 2, plan.tail) + rng.random(size)
    killed = np.minimum(killed, _MOST_KILLED).astype("int64")
    injured_mean = np.array([each.injured for each in plan.streams])[stream] * (0.7 * killed + 0.3 * killed_mean)
    injured = rng.poisson(injured_mean * rng.gamma(1.5, 1 / 1.5, size))
    injured = np.where(killed + injured == 0, 1, injured)

    point = rng.integers(0, terrain.pool.shape[1], size)
    where = terrain.pool[province, point] + rng.normal(0, 0.004, (size, 2))  # about 400 m around the pool's point
    town = terrain.pool_town[province, point]
    hot_of = np.full(len(terrain.pool), -1)
    hot_of[terrain.hot["province"]] = np.arange(len(terrain.hot))
    in_hot = (hot_of[province] >= 0) & (rng.random(size) < plan.hot_share)
    spots = terrain.hot.iloc[hot_of[province[in_hot]]]
    angle, reach = rng.uniform(0, 2 * np.pi, in_hot.sum()), np.sqrt(rng.random(in_hot.sum())) * spots["radius"]
    north = reach * np.sin(angle)
    east = reach * np.cos(angle) / np.cos(np.radians(spots["latitude"]))
    where[in_hot] = np.column_stack([spots["longitude"] + east, spots["latitude"] + north])
    town[in_hot] = spots["town"]
    frame = pd.DataFrame(
        {
            "event_date": (months.to_numpy()[month] + day).astype("datetime64[us]"),
            "admin1": theatre.boundaries.index.to_numpy()[province],
            "party": np.array([each.party for each in plan.streams], dtype="object")[stream],
            "cause": np.array([each.cause for each in plan.streams], dtype="object")[stream],
            "killed": killed,
            "injured": injured,
            "longitude": where[:, 0].round(5),
            "latitude": where[:, 1].round(5),
            "hot": in_hot,
            "stream": stream,
            "province": province,
            "town": town,
        }
    )
    return frame.sort_values("event_date", kind="stable", ignore_index=True)

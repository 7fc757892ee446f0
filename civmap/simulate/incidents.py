"""What happens in the simulated war: incidents with day, place, party, cause, and the people they harm."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.simulate.plan import Plan
from civmap.simulate.rates import month_numbers, wildness
from civmap.simulate.terrain import Terrain
from civmap.theatre import Theatre

MOST_KILLED = 140  # in one incident


def draw_incidents(
    theatre: Theatre, plan: Plan, days: pd.DatetimeIndex, rates: np.ndarray, terrain: Terrain,
    rng: np.random.Generator,
) -> pd.DataFrame:  # fmt: skip
    """Draw the true incidents, in the order of their days.

    Counts of a province and month are negative binomial. Each incident harms at least one person.

    Returns
    -------
    DataFrame
        Indexed by incident id: event_date, admin1, party, cause, killed, injured, longitude, latitude, hot; and for
        the sources stream, province and town, numbers.
    """
    month_of, months = month_numbers(days)
    wild = wildness(theatre, plan, len(months), rng)
    counts = rng.poisson(rates * wild[:, month_of])
    province, day, stream = np.unravel_index(np.repeat(np.arange(counts.size), counts.ravel()), counts.shape)
    order = np.argsort(day, kind="stable")
    province, day, stream = province[order], day[order], stream[order]
    killed, injured = _harm(plan, stream, rng)
    where, town, in_hot = _places(plan, province, terrain, rng)
    words = {
        name: pd.Categorical.from_codes(codes, categories=kinds)
        for name, (codes, kinds) in {
            "admin1": (province, theatre.boundaries.index),
            "party": _kinds(plan, "party", stream),
            "cause": _kinds(plan, "cause", stream),
        }.items()
    }
    numbers = pd.Series(np.arange(1, len(day) + 1)).astype("str").str.zfill(7)
    return pd.DataFrame(
        {
            "event_date": days.to_numpy()[day].astype("datetime64[us]"),
            **words,
            "killed": killed,
            "injured": injured,
            "longitude": where[:, 0].round(5),
            "latitude": where[:, 1].round(5),
            "hot": in_hot,
            "stream": stream,
            "province": province,
            "town": town,
        },
        index=pd.Index("SYN-" + numbers, name="incident"),
    )


def _kinds(plan: Plan, name: str, stream: np.ndarray) -> tuple[np.ndarray, pd.Index]:
    codes, kinds = pd.factorize(pd.Series([getattr(each, name) for each in plan.streams]))
    return codes[stream], pd.Index(kinds)


def _harm(plan: Plan, stream: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw those killed and injured.

    Those killed are a lognormal rounded up or down at random, so that the mean is kept; the injured are over-dispersed
    around a multiple of those killed and a little more.
    """
    size = len(stream)
    killed_mean = np.array([each.killed for each in plan.streams])[stream]
    killed = rng.lognormal(np.log(killed_mean) - plan.tail**2 / 2, plan.tail) + rng.random(size)
    killed = np.minimum(killed, MOST_KILLED).astype("int64")
    injured_mean = np.array([each.injured for each in plan.streams])[stream] * (0.7 * killed + 0.3 * killed_mean)
    injured = rng.poisson(injured_mean * rng.gamma(1.5, 1 / 1.5, size))
    return killed, np.where(killed + injured == 0, 1, injured)


def _places(
    plan: Plan, province: np.ndarray, terrain: Terrain, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw points from the background or the province's hot cell, with the nearest town, and say which are hot."""
    size = len(province)
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
    return where, town, in_hot

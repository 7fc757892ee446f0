"""Clusters in space and time together: the space-time scan statistic.

Cylinders of every size are laid over the map and the calendar, each a circle of places for so many periods on end; the
one whose cases are least like chance is the most likely cluster. Its p comes from repeating the whole search on
simulated cases, and so allows for the many cylinders looked at. Counted are incidents, never people.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Literal

import numpy as np
import pandas as pd

from civmap.analysis.scan_data import ScanData, read_scan
from civmap.analysis.scan_models import score, simulate
from civmap.analysis.scan_windows import Best, Circles, best_per_circle, circles_around, largest_scores
from civmap.errors import AnalysisError
from civmap.language import say

__all__ = ["space_time_scan"]

BLOCK = 4_000_000  # places x periods x simulations worked on at a time by each thread: some 60 MB
COLUMNS = (
    "cluster", "centre", "radius_km", "members", "start", "end", "observed", "expected", "ratio",
    "log_likelihood_ratio", "p",
)  # fmt: skip


def space_time_scan(
    cases: pd.DataFrame,
    places: pd.DataFrame,
    *,
    population: pd.DataFrame | None = None,
    model: Literal["permutation", "poisson", "bernoulli"] = "permutation",
    max_radius_km: float,
    max_periods: int,
    prospective: bool = False,
    simulations: int = 999,
    seed: int = 0,
    progress: Callable[[float], object] | None = None,
) -> pd.DataFrame:
    """Find where and when more incidents lie together than chance explains.

    ``permutation`` needs only cases: places keep their number of cases and periods theirs, and a cluster is a place
    that had more than its part of a period's. A place that is always high is no cluster, nor is a period that is high
    everywhere. ``poisson`` expects cases in proportion to a population (or any exposure), ``bernoulli`` expects the
    same share of cases among all events everywhere; both also find clusters in space alone or time alone. Cylinders
    hold at least two cases. The p of a secondary cluster compares it with the largest of each simulation, and is on
    the careful side.

    Parameters
    ----------
    cases
        Columns ``place``, ``period``, ``count`` (incidents; several rows for the same place and period are added).
        Periods are whole numbers, pandas periods or dates, evenly spaced: those between the first and the last
        that have no row count as zero. Rows with count 0 widen the calendar.
    places
        Columns ``place`` and ``x``, ``y`` in metres of an equal-area CRS, or a ``geometry`` (its centre of gravity)
        with such a CRS; without a CRS metres are assumed. Places without cases belong here too.
    population
        Columns ``place``, ``period``, ``count``. For ``poisson`` the population of every place in every period. For
        ``bernoulli`` the controls: events of the same kind without the property that makes a case; no row is no
        control. None for ``permutation``.
    model
        Which chance the cases are held against.
    max_radius_km
        Largest circle around a place.
    max_periods
        Longest duration in periods.
    prospective
        Only clusters that last to the final period.
    simulations
        Random repetitions; the smallest p is 1 / (simulations + 1).
    seed
        The same seed gives the same p.
    progress
        Called with the share done, 0 to 1.

    Returns
    -------
    DataFrame
        One row per cluster, the most likely first, no two sharing a place: ``cluster`` (1, 2, ...), ``centre``,
        ``radius_km``, ``members`` (places, nearest first), ``start``, ``end`` (first and last period), ``observed``,
        ``expected``, ``ratio``, ``log_likelihood_ratio``, ``p``. Empty where no cylinder holds more than expected.

    Raises
    ------
    AnalysisError
        With too few cases to tell, one period, unknown places, an impossible count, a duration longer than the data,
        no population where one is needed, or cases where there is none.

    References
    ----------
    Kulldorff M (1997). A spatial scan statistic. Communications in Statistics: Theory and Methods 26, 1481-1496
    (Poisson, Bernoulli); Kulldorff M, Heffernan R, Hartman J, Assuncao R, Mostashari F (2005). A space-time
    permutation scan statistic for disease outbreak detection. PLoS Medicine 2, e59; Kulldorff M (2001). Prospective
    time periodic geographical disease surveillance using a scan statistic. J R Stat Soc A 164, 61-72.

    Examples
    --------
    >>> places = pd.DataFrame({"place": list("abcdefghijkl"), "x": [0, 9e3, *range(90_000, 990_000, 90_000)], "y": 0})
    >>> quiet = pd.DataFrame([(p, t, 1) for p in places["place"] for t in range(20)])
    >>> burst = pd.DataFrame({"place": ["a", "b"], "period": [5, 5], "count": [7, 6]})
    >>> cases = pd.concat([quiet.set_axis(burst.columns, axis=1), burst])
    >>> found = space_time_scan(cases, places, max_radius_km=20, max_periods=3)
    >>> found[["members", "start", "end", "observed", "p"]].head(1)
      members  start  end  observed      p
    0  (a, b)      5    5        15  0.004
    """
    whole = simulations == int(simulations) and max_periods == int(max_periods)
    if not whole or simulations < 1 or not max_radius_km >= 0 or max_periods < 1:
        raise AnalysisError(
            say(
                "A scan needs at least one simulation, a radius of 0 km or more and a duration of one period or more; "
                "simulations and periods are whole numbers."
            ),
            found=f"simulations {simulations}, max_radius_km {max_radius_km}, max_periods {max_periods}",
        )
    simulations, max_periods = int(simulations), int(max_periods)
    data = read_scan(cases, places, population, model=model, max_periods=max_periods)
    circles = circles_around(data.xy_m, max_radius_km * 1000)
    statistic = score(data)
    best = best_per_circle(data.counts, data.expected, circles, statistic, max_periods, prospective=prospective)
    found = _clusters(data, circles, best)
    if len(found):
        largest = _simulated(
            data, circles, max_periods, prospective=prospective, simulations=simulations, seed=seed, progress=progress
        )
        exceeded = [(largest >= one * (1 - 1e-9)).sum() for one in found["log_likelihood_ratio"]]
        found["p"] = (1 + np.array(exceeded)) / (simulations + 1)
    kept = found[(found["p"] < 1) | (found.index == 0)] if len(found) else found
    return kept[list(COLUMNS)]


def _clusters(data: ScanData, circles: Circles, best: Best) -> pd.DataFrame:
    """Take the best cylinders one after another, each time leaving out all circles that share a place."""
    rank = np.arange(circles.members.shape[1])
    left = best.score.copy()
    rows: list[tuple] = []
    while (left > 0).any():
        nearly = left.max() * (1 - 1e-9)
        ties = (left > nearly).T
        last, centre = np.unravel_index(np.argmax(ties), ties.shape)  # of equal ones the smallest circle
        members = circles.members[centre, : last + 1]
        start, length = int(best.start[centre, last]), int(best.length[centre, last])
        inside = np.ix_(members, np.arange(start, start + length))
        observed, expected = int(data.counts[inside].sum()), float(data.expected[inside].sum())
        rows.append(
            (len(rows) + 1, data.places[int(centre)], circles.distance_m[centre, last] / 1000,
             tuple(data.places[members]), data.periods[start], data.periods[start + length - 1], observed, expected,
             observed / expected, float(left[centre, last]), np.nan)
        )  # fmt: skip
        taken = np.isin(circles.members, members)  # a circle is out from the first of its places that is taken
        first = np.where(taken.any(axis=1), taken.argmax(axis=1), len(rank))
        left[rank[None, :] >= first[:, None]] = 0
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _simulated(
    data: ScanData,
    circles: Circles,
    max_periods: int,
    *,
    prospective: bool,
    simulations: int,
    seed: int,
    progress: Callable[[float], object] | None,
) -> np.ndarray:
    """Give the largest score of each simulation; the same for any number of threads."""
    block = int(np.clip(BLOCK // data.expected.size, 1, 64))
    sizes = [min(block, simulations - done) for done in range(0, simulations, block)]
    seeds = np.random.SeedSequence(seed).spawn(len(sizes))
    statistic = score(data)

    def one(number: int) -> np.ndarray:
        counts = simulate(data, np.random.default_rng(seeds[number]), sizes[number])
        return largest_scores(counts, data.expected, circles, statistic, max_periods, prospective=prospective)

    done = 0
    with ThreadPoolExecutor(min(os.cpu_count() or 1, len(sizes))) as pool:
        tasks = [pool.submit(one, number) for number in range(len(sizes))]
        try:
            for task in as_completed(tasks):
                done += len(task.result())
                if progress:
                    progress(done / simulations)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return np.concatenate([task.result() for task in tasks])

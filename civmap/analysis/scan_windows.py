"""The cylinders of a scan: circles around each place, and durations.

Circles around a place are nested, and so are durations; cumulative sums give the count of every cylinder by one
subtraction. In the simulations a cylinder is scored only where its count could beat the largest score found so far:
for each count there is a largest expected number that still reaches that score, found once by bisection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from civmap.analysis.cell_windows import Array
from civmap.analysis.scan_models import Score

AT_ONCE = 250_000  # counts compared in one step, which fit a processor's cache
NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True)
class Circles:
    """Nested circles around each place.

    Parameters
    ----------
    members
        Numbers of the places around each place, nearest first; -1 beyond the largest radius. Circle k of a place
        holds the first k + 1.
    distance_m
        Their distances.
    valid
        False where circle k would leave out a place as near as the last one it holds, and beyond the radius.
    """

    members: NDArray[np.int64]
    distance_m: Array
    valid: NDArray[np.bool_]


@dataclass(frozen=True)
class Best:
    """The best duration of each circle: its score (0 where none is more than expected), first period and length."""

    score: Array
    start: NDArray[np.int64]
    length: NDArray[np.int64]


def circles_around(xy_m: Array, radius_m: float) -> Circles:
    """List the circles around each place up to a radius."""
    distance = cdist(xy_m, xy_m)
    distance[np.diag_indices_from(distance)] = -1.0  # itself first, also where two places share a position
    order = np.argsort(distance, axis=1, kind="stable")
    near = np.maximum(np.take_along_axis(distance, order, axis=1), 0.0)
    inside = near <= radius_m
    most = int(inside.sum(axis=1).max())
    further = np.append(near[:, 1:], np.full((len(near), 1), np.inf), axis=1)[:, :most]
    order, near, inside = order[:, :most], near[:, :most], inside[:, :most]
    return Circles(np.where(inside, order, -1), near, inside & (further > near * (1 + 1e-12)))


def best_per_circle(
    counts: NDArray[np.int64],
    expected: Array,
    circles: Circles,
    statistic: Score,
    max_periods: int,
    *,
    prospective: bool,
) -> Best:
    """Score every cylinder and keep the best duration of each circle."""
    shape = circles.members.shape
    best = Best(np.zeros(shape), np.zeros(shape, dtype=np.int64), np.ones(shape, dtype=np.int64))
    inside, means = _running(counts[:, :, None]), _running(expected)
    for rank, centres, seen, mean in _ranks(circles, inside, means):
        for length in range(1, max_periods + 1):
            found = statistic(
                _lasting(seen, length, prospective)[:, :, 0].astype(float), _lasting(mean, length, prospective)
            )
            found[~circles.valid[centres, rank]] = 0.0
            start = found.argmax(axis=1)
            top = found[np.arange(len(centres)), start]
            better = top > best.score[centres, rank]
            rows = centres[better]
            best.score[rows, rank] = top[better]
            best.start[rows, rank] = counts.shape[1] - length if prospective else start[better]
            best.length[rows, rank] = length
    return best


def largest_scores(
    counts: NDArray[np.int32],
    expected: Array,
    circles: Circles,
    statistic: Score,
    max_periods: int,
    *,
    prospective: bool,
) -> Array:
    """Give the largest score over all cylinders, for each simulation (the last axis of the counts)."""
    number = counts.shape[2]
    largest = np.zeros(number)
    inside, means = _running(counts), _running(expected)
    for rank, centres, seen, mean in _ranks(circles, inside, means):
        limit = _largest_expected(statistic, int(seen[:, -1].max()), largest.min())
        for length in range(1, max_periods + 1):
            expect = _lasting(mean, length, prospective)
            enough = np.searchsorted(limit, expect * (1 - 1e-9)).astype(np.int32)  # smallest count that could matter
            enough[~circles.valid[centres, rank]] = NEVER
            step = max(1, AT_ONCE // (expect.shape[1] * number))
            for begin in range(0, len(centres), step):
                part = slice(begin, begin + step)
                cases = _lasting(seen[part], length, prospective)
                hits = np.flatnonzero(cases >= enough[part, :, None])
                if len(hits):
                    window, simulation = np.divmod(hits, number)
                    scores = statistic(cases.ravel()[hits].astype(float), expect[part].ravel()[window])
                    np.maximum.at(largest, simulation, scores)
    return largest


def _ranks(
    circles: Circles, inside: NDArray[np.int32], means: Array
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.int32], Array]]:
    """Grow all circles by one place at a time: rank, centres that reach it, their cumulative cases and means."""
    reach = (circles.members >= 0).sum(axis=1)
    centres = np.argsort(-reach, kind="stable")  # the widest first, so that the rest drops off at the end
    seen = np.zeros((len(centres), *inside.shape[1:]), dtype=inside.dtype)
    mean = np.zeros((len(centres), *means.shape[1:]))
    for rank in range(circles.members.shape[1]):
        centres = centres[: int((reach > rank).sum())]
        added = circles.members[centres, rank]
        seen, mean = seen[: len(centres)], mean[: len(centres)]
        seen += inside[added]
        mean += means[added]
        yield rank, centres, seen, mean


def _running(table: NDArray) -> NDArray:
    """Sum over time from the start, with a zero before it."""
    summed = np.zeros((table.shape[0], table.shape[1] + 1, *table.shape[2:]), dtype=table.dtype)
    np.cumsum(table, axis=1, out=summed[:, 1:])
    return summed


def _lasting(running: NDArray, length: int, prospective: bool) -> NDArray:
    last = running.shape[1] - 1
    if prospective:
        return running[:, last:] - running[:, last - length : last - length + 1]
    return running[:, length:] - running[:, : last + 1 - length]


def _largest_expected(statistic: Score, most: int, threshold: float) -> Array:
    """Give for each count from 0 the largest expected number at which its score still reaches the threshold."""
    observed = np.arange(most + 1, dtype=float)
    low, high = np.zeros(most + 1), observed.copy()
    for _ in range(25):  # the upper end is safe however rough
        middle = (low + high) / 2
        reaches = statistic(observed, middle) >= max(threshold * (1 - 1e-9), 1e-12)
        low, high = np.where(reaches, middle, low), np.where(reaches, high, middle)
    return high

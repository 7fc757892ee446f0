"""For how long footprints held the places of incidents: on their day, at their time, and after.

Places are asked about at points. Time counts once, however many footprints hold a place at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from civmap.analysis.points_held import held

_AT_ONCE = 200_000  # samples whose footprints are held at a time
_MICRO, _SECOND = np.timedelta64(1, "us"), np.timedelta64(1, "s")


@dataclass(frozen=True)
class When:
    """Of each incident, in UTC: its days from and to, its moment (null where unknown), and when *after* begins."""

    opens: np.ndarray
    closes: np.ndarray
    moment: np.ndarray
    over: np.ndarray

    @property
    def seconds(self) -> np.ndarray:
        """Length of the incident's days, which are 23 or 25 hours long where clocks change."""
        return np.asarray((self.closes - self.opens) / _SECOND)


class TimeCovered:
    """What has been found for each incident, and for each of the points at which it is asked about."""

    def __init__(self, frames: pd.DataFrame, whose: np.ndarray, lon: np.ndarray, lat: np.ndarray, when: When) -> None:
        self._frames, self._whose, self._at, self._when = frames, whose, (lon, lat), when
        count = len(when.opens)
        self.next = np.full(count, np.inf)
        self.on_day, self.at_time = np.zeros(len(whose), bool), np.zeros(len(whose), bool)
        self.day_seconds, self.after_seconds = np.zeros(count), np.zeros(count)

    def _pairs(self, points: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
        """Yield the samples whose footprints hold points, many at once: sample, point, begin and end."""
        lon, lat = (each[points] for each in self._at)
        for first in range(0, len(self._frames), _AT_ONCE):
            some = self._frames.iloc[first : first + _AT_ONCE]
            sample, point = held(some, lon, lat)
            begin = micros(some["time"].dt.tz_localize(None))[sample]
            end = begin + (some["seconds"].to_numpy()[sample] * 1e6).astype("int64") * _MICRO
            yield sample, points[point], begin, end

    def search(self, *, slack: np.timedelta64, after: np.timedelta64) -> None:
        """Look at all pairs of a sample and a point in its footprint."""
        day, later = Spans(len(self.next)), Spans(len(self.next))
        for sample, point, begin, end in self._pairs(np.arange(len(self._whose))):
            who = self._whose[point]
            opens, closes, moment, over = (
                each[who] for each in (self._when.opens, self._when.closes, self._when.moment, self._when.over)
            )
            self.on_day[point[(begin < closes) & (end > opens)]] = True
            self.at_time[point[(begin <= moment + slack) & (end >= moment - slack)]] = True
            # time counts once for an incident, however many of its points the footprint covers
            _, once = np.unique(who.astype("int64") * (int(sample.max(initial=0)) + 1) + sample, return_index=True)
            who, begin, end, opens, closes, over = (each[once] for each in (who, begin, end, opens, closes, over))
            day.add(who, np.maximum(begin, opens), np.minimum(end, closes))
            later.add(who, np.maximum(begin, over), np.minimum(end, over + after))
            comes = end > over
            np.minimum.at(self.next, who[comes], np.maximum((begin - over) / _SECOND, 0.0)[comes])
        self.day_seconds, self.after_seconds = day.seconds(), later.seconds()

    def all_day(self) -> np.ndarray:
        """Say whose whole place was covered all day: each of its points, by one sensor after another."""
        may_be = self.day_seconds >= self._when.seconds
        points = np.flatnonzero(may_be[self._whose])
        if not len(points):
            return may_be
        spans = Spans(len(self._whose))
        for _, point, begin, end in self._pairs(points):
            who = self._whose[point]
            spans.add(point, np.maximum(begin, self._when.opens[who]), np.minimum(end, self._when.closes[who]))
        short = spans.seconds()[points] < self._when.seconds[self._whose[points]]
        may_be[self._whose[points[short]]] = False
        return may_be


class Spans:
    """Spans of time of some things, which may overlap: two sensors at once are one time of coverage."""

    def __init__(self, count: int) -> None:
        self._count, self._kept = count, [(np.zeros(0, "int64"), np.zeros(0, "M8[us]"), np.zeros(0, "M8[us]"))]

    def add(self, whose: np.ndarray, begin: np.ndarray, end: np.ndarray) -> None:
        """Add spans; empty ones are nothing."""
        some = end > begin
        self._kept.append((whose[some], begin[some], end[some]))

    def seconds(self) -> np.ndarray:
        """Give the length of each thing's spans together, what overlaps once."""
        whose, begin, end = (np.concatenate(each) for each in zip(*self._kept, strict=True))
        order = np.lexsort((begin, whose))
        whose, begin, end = whose[order], begin[order], end[order]
        latest = pd.Series(end).groupby(whose).cummax().groupby(whose).shift().to_numpy()
        fresh = np.where(np.isnat(latest), begin, np.maximum(begin, latest))
        length = np.maximum((end - fresh) / _SECOND, 0.0)
        return np.bincount(whose, length, self._count)


def micros(times: pd.Series) -> np.ndarray:
    """Give times without a zone in microseconds."""
    return times.to_numpy().astype("datetime64[us]")

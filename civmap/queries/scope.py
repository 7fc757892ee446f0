"""Where and when a source looked: outside of it a missing record is no zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from civmap.filters import Filters, known_on
from civmap.queries.sources import extent
from civmap.store import Store

ALL = "all"  # the area that is all that is asked for
EDGE_DAYS = 7  # a first or last period that lacks records for at most so many days at the edge is taken as complete
_LEAST_SHARE = 0.01  # a handful of records just across a border does not make a file cover that country


@dataclass(frozen=True)
class Scope:
    """Where and from when to when a source covers what the filters ask for.

    `windows` is None where the theatre states no scope for the source, and empty where the scope it states holds
    nothing of what is asked: then nothing is covered.
    """

    areas: frozenset[str]
    asked: frozenset[str]
    windows: tuple[tuple[frozenset[str], pd.Timestamp, pd.Timestamp], ...] | None

    @property
    def first(self) -> date | None:
        """The first day of the stated scope."""
        starts = [start for _, start, _ in self.windows or () if start > pd.Timestamp.min]
        return min(starts).date() if starts else None

    def covers(self, areas: Sequence[str], starts: pd.DatetimeIndex) -> np.ndarray:
        """Say for each area (a row) and first day of a period (a column) whether it is covered."""
        windows = [(self.areas, pd.Timestamp.min, pd.Timestamp.max)] if self.windows is None else self.windows
        covered = np.zeros((len(areas), len(starts)), dtype=bool)
        for named, start, end in windows:
            within = named & self.areas
            here = np.array(
                [bool(within & self.asked) if area == ALL else area in within for area in areas], dtype=bool
            )
            covered |= here[:, None] & ((starts >= start.to_period("M").start_time) & (starts <= end))
        return covered

    def covers_days(self, first: pd.Timestamp, last: pd.Timestamp, *, area: str = ALL) -> bool:
        """Say whether a span of days is covered from its first to its last."""
        return bool(self.covers([area], pd.DatetimeIndex([first, last])).all())


def scope_of(store: Store, filters: Filters, *, as_known_on: date | None = None) -> Scope:
    """Give the scope of the filters' source for the parties, causes and provinces asked for."""
    source = extent(store, filters, as_known_on=as_known_on).source
    key = ("scope", source, filters.admin1, filters.parties, filters.causes, as_known_on)
    return store.remember(key, lambda: _scope(store, filters, source, as_known_on))


def _scope(store: Store, filters: Filters, source: str, as_known_on: date | None) -> Scope:
    theatre = store.theatre
    areas = store.remember(("areas", source, as_known_on), lambda: _areas(store, source, as_known_on))
    asked = frozenset(filters.admin1 or theatre.boundaries.index)
    scopes = theatre.source_scopes[theatre.source_scopes["source"] == source]
    if scopes.empty:
        return Scope(areas, asked, None)
    for column, wanted in (("parties", filters.parties), ("causes", filters.causes)):
        meets = [not wanted or not named or bool(set(named) & set(wanted)) for named in scopes[column]]
        scopes = scopes[np.array(meets, dtype=bool)]
    return Scope(areas, asked, tuple(_window(scope, areas) for scope in scopes.itertuples()))


def _areas(store: Store, source: str, as_known_on: date | None) -> frozenset[str]:
    """Give the provinces of the countries in which the source has any number of records."""
    terms, values = known_on(as_known_on)
    found = store.query(
        f"""SELECT admin1::VARCHAR AS admin1, count(*) AS n FROM facts
        WHERE {" AND ".join(terms)} AND source = ? AND admin1 IS NOT NULL GROUP BY ALL""",
        [*values, source],
    )
    country = store.theatre.boundaries["country"]
    by_country = found.set_index("admin1")["n"].groupby(country).sum()
    covered = set(by_country.index[by_country >= _LEAST_SHARE * by_country.sum()])
    return frozenset(country.index[country.isin(covered)])


def _window(scope: Any, areas: frozenset[str]) -> tuple[frozenset[str], pd.Timestamp, pd.Timestamp]:
    start = pd.Timestamp.min if pd.isna(scope.valid_from) else scope.valid_from
    end = pd.Timestamp.max if pd.isna(scope.valid_to) else scope.valid_to
    return frozenset(scope.area) or areas, start, end

"""What is tested and against what: counts in every place of one kind, and the exposure that explains them by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from civmap import queries
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.hotspots.grid import Grid, alone, grid, resolution_of
from civmap.exhibits.standing import Standing
from civmap.filters import Filters
from civmap.language import say, say_n

if TYPE_CHECKING:
    from libpysal.graph import Graph

SMALLEST_PERIOD = pd.Timedelta(days=28)
DAY = pd.Timedelta(days=1)
Span = tuple[pd.Timestamp, pd.Timestamp]


@dataclass(frozen=True, eq=False)
class Field:
    """Counts in every place of one kind, whether or not anything was recorded there.

    Parameters
    ----------
    places
        Indexed by H3 text or admin1: ``admin1``, ``name`` (in words), ``near`` (a place's name, null where it is not
        to be told), ``area_km2``, ``watched`` (share of the months that the source covers, 0 to 1).
    counts
        Incidents; null where the source does not look.
    people
        ``killed_min`` ... ``injured_max`` beside them, 0 where nothing is recorded.
    outside
        Incidents under the filters that no place holds.
    """

    unit: str
    here: Standing
    places: pd.DataFrame
    counts: pd.Series
    people: pd.DataFrame
    neighbours: Graph
    grid: Grid | None
    vague: float
    outside: int

    @property
    def resolution(self) -> int | None:
        """The cells' H3 resolution."""
        return self.grid.resolution if self.grid else None


def field(here: Standing, unit: str, *, resolution: int | None = None) -> Field:
    """Count the incidents of a standing in every cell or province that its filters ask for."""
    store, filters, known_on = here.store, here.filters, here.recipe.as_known_on
    names = store.theatre.boundaries["name"]
    laid, vague = None, 0.0
    if unit == "cells":
        size, vague = resolution_of(store, filters, as_known_on=known_on)
        laid = grid(store.theatre, size if resolution is None else resolution)
        places = laid.cells[["admin1", "area_km2"]]
        near = queries.place_names(store, filters, resolution=laid.resolution, as_known_on=known_on)
        places = places.assign(near=near.reindex(places.index))
    else:
        pieces = grid(store.theatre, store.theatre.map_cell_resolution).pieces
        area = pieces.groupby("admin1")["area_km2"].sum().reindex(names.index)
        places = pd.DataFrame({"admin1": names.index, "area_km2": area, "near": None}, index=names.index)
    if filters.admin1:
        places = places[places["admin1"].isin(filters.admin1)]
    whole = laid is not None and len(places) == len(laid.cells)
    counted = queries.place_counts(
        store, filters, resolution=laid.resolution if laid else None, as_known_on=known_on
    ).set_index("place")  # fmt: skip
    places = places.assign(name=places["admin1"].map(names), watched=_watched(here, places["admin1"]))
    found = counted.reindex(places.index)
    counts = found["incidents"].fillna(0).where(places["watched"] > 0).rename("incidents")
    graph = _graph(laid, places.index, whole=whole) if laid else alone(places.index)
    return Field(
        unit, here, places, counts, found.drop(columns="incidents").fillna(0).astype("int64"), graph, laid, vague,
        int(here.totals["incidents"] - counts.sum()),
    )  # fmt: skip


def _graph(laid: Grid, index: pd.Index, *, whole: bool) -> Graph:
    from civmap.analysis.neighbours import cell_neighbours

    return laid.neighbours if whole else cell_neighbours(index)


def _watched(here: Standing, admin1: pd.Series) -> pd.Series:
    """Give the share of the period's months in which the source covers each province."""
    months = pd.date_range(here.first.replace(day=1), here.last, freq="MS")
    scope = queries.scope_of(here.store, here.filters, as_known_on=here.recipe.as_known_on)
    areas = list(here.store.theatre.boundaries.index)
    return admin1.map(dict(zip(areas, scope.covers(areas, months).mean(axis=1), strict=True)))


def two_spans(here: Standing) -> tuple[Span, Span]:
    """Give the later and the earlier period that a question compares.

    The chosen days against as many right before them; where nothing is loaded before, the last twelve months against
    the twelve before, or else the later half against the earlier one.

    Raises
    ------
    AnalysisError
        When less than eight weeks are loaded.
    """
    first, last, begun = here.first, here.last, pd.Timestamp(here.loaded.date_min)
    if first - begun >= SMALLEST_PERIOD:
        return (first, last), (max(begun, _before(first, last)), first - DAY)
    year = last + DAY - pd.DateOffset(years=1)
    if year - pd.DateOffset(years=1) >= first - pd.Timedelta(days=queries.EDGE_DAYS):
        return (year, last), (max(first, year - pd.DateOffset(years=1)), year - DAY)
    if last - first < 2 * SMALLEST_PERIOD:
        raise AnalysisError(
            say("There is no earlier period to compare with."),
            found=words.days(first, last),
            expected=say_n(2 * SMALLEST_PERIOD.days, "at least {n} day of records", "at least {n} days of records"),
            next_step=say("Choose later days, another source, or another comparison."),
        )
    middle = (first + (last - first) / 2).normalize()
    return (middle + DAY, last), (first, middle)


def _before(first: pd.Timestamp, last: pd.Timestamp) -> pd.Timestamp:
    """Give the first day of a period of the same length; months stay months."""
    tomorrow = last + DAY
    if first.day == tomorrow.day == 1:
        return first - pd.DateOffset(months=12 * (tomorrow.year - first.year) + tomorrow.month - first.month)
    return first - (tomorrow - first)


def in_span(filters: Filters, span: Span) -> Filters:
    """Narrow filters to the days of a span."""
    return filters.with_(date_from=span[0].date(), date_to=span[1].date())


def in_words(span: Span) -> str:
    """Write a span of days."""
    return words.days(*span)

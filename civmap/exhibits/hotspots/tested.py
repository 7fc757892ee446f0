"""The test of every place: which are hot, how sure, how much, and in how many draws of vague places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from civmap import queries
from civmap.analysis.drawn import Drawn, hot_by_earlier, hot_by_exposure
from civmap.analysis.earlier import estimate_change_scatter, hotter_than_before, scatter_elsewhere
from civmap.analysis.hotspots import estimate_dispersion, hotspots
from civmap.analysis.uncertain import INCLUSION, Areas, draw_counts, precision_areas
from civmap.errors import AnalysisError
from civmap.exhibits.hotspots.exposures import weights
from civmap.exhibits.hotspots.field import Field, Span, field, in_span, two_spans
from civmap.exhibits.hotspots.grid import resolution_of
from civmap.exhibits.hotspots.observed import NEVER, covered_span
from civmap.exhibits.standing import Standing, standing
from civmap.language import mark, say

DRAWS = 100
NOWHERE = {
    "population": mark("There is no place with population to compare with."),
    "all": mark("There is no place with incidents of any kind to compare with."),
    "hours": mark("There is no place with observation hours to compare with."),
    "area": mark("There is no place with area to compare with."),
}
UNKNOWN = {
    "population": mark("the population is not known here"), "all": mark("all incidents are not known here"),
    "hours": NEVER, "area": mark("the area is not known here"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Tested:
    """Every place with its decision.

    Parameters
    ----------
    field, before
        The period tested, and the earlier one where that is the exposure.
    exposure
        Its code.
    found
        The table of `civmap.analysis.hotspots.hotspots`, indexed as the places.
    draws
        In how many of `DRAWS` each place is hot, and has an answer.
    scatter
        What was estimated: dispersion k (infinite: none), or the correlation of `estimate_change_scatter`; null where
        there is too little to estimate it from.
    by_chance
        Which places would be called hot if all places scattered by chance alone.
    unplaced
        Incidents that are in no draw.
    source
        Where the exposure is from, in words.
    """

    field: Field
    before: Field | None
    exposure: str
    found: pd.DataFrame
    draws: Drawn
    scatter: float
    by_chance: pd.Series
    unplaced: int
    source: str


def tested(
    here: Standing, unit: str, exposure: str, *, span: Span | None = None, resolution: int | None = None
) -> Tested:
    """Test every place of a kind against an exposure.

    Parameters
    ----------
    span
        Days to test; by default those of the standing, or their later part where the earlier one is the exposure.
    resolution
        Of the cells; by default what the precision of the records bears.
    """
    if span is not None:
        here = _narrowed(here, span)
    if exposure == "earlier":
        return _against_earlier(here, unit, resolution)
    if exposure == "hours":
        here = _narrowed(here, covered_span(here))
    return _against_weight(field(here, unit, resolution=resolution), exposure)


def _narrowed(here: Standing, span: Span) -> Standing:
    return standing(here.recipe, here.store, filters=in_span(here.filters, span))


def _against_earlier(here: Standing, unit: str, resolution: int | None) -> Tested:
    later, earlier = two_spans(here)
    if unit == "cells" and resolution is None:
        resolution, _ = resolution_of(here.store, here.filters, as_known_on=here.recipe.as_known_on)
    now, before = (field(_narrowed(here, one), unit, resolution=resolution) for one in (later, earlier))
    scatter = estimate_change_scatter(now.counts, before.counts)
    elsewhere = scatter_elsewhere(now.counts, before.counts, now.neighbours)
    found, by_chance = (
        hotter_than_before(now.counts, before.counts, now.neighbours, scatter=one) for one in (elsewhere, 0.0)
    )
    drawn, unplaced = _draw(now, seed=0)
    old, unplaced_before = _draw(before, seed=1)
    seen = now.counts.notna() & before.counts.notna()
    draws = hot_by_earlier(drawn, old, seen, now.neighbours, scatter=elsewhere)
    return Tested(now, before, "earlier", found, draws, scatter, by_chance["hot"], unplaced + unplaced_before, "")


def _against_weight(now: Field, exposure: str) -> Tested:
    weight, source = weights(now, exposure)
    known = weight.notna()
    counts, weight = now.counts.where(known), weight.fillna(0.0)
    scatter = _dispersion(counts, weight)
    k = scatter if np.isfinite(scatter) else None
    if not weight[counts.notna()].any():
        raise AnalysisError(say(NOWHERE[exposure]), next_step=say("Choose another comparison."))
    found, by_chance = (
        hotspots(counts, now.neighbours, exposure=weight, dispersion=one) for one in (k, None)
    )  # fmt: skip
    found["reason"] = found["reason"].mask(~known & now.counts.notna(), say(UNKNOWN[exposure]))
    drawn, unplaced = _draw(now, seed=0)
    draws = hot_by_exposure(drawn, counts.notna(), now.neighbours, exposure=weight, dispersion=k)
    return Tested(now, None, exposure, found, draws, scatter, by_chance["hot"], unplaced, source)


def _dispersion(counts: pd.Series, weight: pd.Series) -> float:
    try:
        return estimate_dispersion(counts, exposure=weight)
    except AnalysisError:
        return float("nan")


def _draw(of: Field, *, seed: int) -> tuple[np.ndarray, int]:
    """Draw counts by place: each record in or out by its grade, and somewhere in the area that its place may mean."""
    records = queries.place_records(of.here.store, of.here.filters, as_known_on=of.here.recipe.as_known_on)
    chance = np.asarray(records["grade"].map(INCLUSION), dtype=np.float64)
    if of.grid is not None:
        cells = pd.DataFrame({"admin1": of.places["admin1"], "weight": of.places["area_km2"]})
        areas = precision_areas(records, cells)
    else:  # a province is all that is asked, and all but the vaguest records say it
        at = of.places.index.get_indexer(pd.Index(records["admin1"]))
        places = np.arange(len(of.places), dtype=np.int64)
        areas = Areas(np.where(records["admin1"].notna(), at, -1), places, np.add(places, 1, dtype=np.float64))
    if not len(records):
        return np.zeros((len(of.places), DRAWS), dtype=np.int64), 0
    return draw_counts(areas, chance, len(of.places), draws=DRAWS, seed=seed), int((areas.of_record < 0).sum())

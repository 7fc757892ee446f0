"""Exhibits: a recipe in, an exhibit out. Pages, exports and the command line all start here."""

from __future__ import annotations

from collections.abc import Callable

from civmap.errors import RecipeError
from civmap.exhibits import (
    air_coverage,
    air_matching,
    air_watching,
    directives,
    hotspots,
    published,
    quality,
    revisions,
    situation,
    trends,
)
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.language import say
from civmap.store import Store

__all__ = ["ANALYSES", "Exhibit", "Recipe", "build"]

ANALYSES: dict[str, Callable[[Recipe, Store], Exhibit]] = {
    "incident_map": situation.incident_map,
    "totals": situation.totals,
    "hotspots": hotspots.hotspots,
    "hotspot_periods": hotspots.hotspot_periods,
    "hotspot_month": hotspots.hotspot_month,
    "density": hotspots.density,
    "emerging": hotspots.emerging,
    "scan": hotspots.scan,
    "groups": hotspots.groups,
    "national_trend": trends.national_trend,
    "trends": trends.trends,
    "trend_table": trends.trend_table,
    "province_trend": trends.province_trend,
    "trend_compare": trends.trend_compare,
    "trend_methods": trends.trend_methods,
    "trend_published": trends.trend_published,
    **directives.ANALYSES,
    "loads": quality.loads,
    "set_aside": quality.set_aside,
    "changes": revisions.changes,
    "duplicates": revisions.duplicates,
    "decisions": revisions.decisions,
    "precision": quality.precision,
    "missing": quality.missing,
    "points": quality.points,
    "tallies": published.tallies,
    "air_coverage": air_coverage.air_coverage,
    "air_incidents": air_matching.air_incidents,
    "air_checked": air_matching.air_checked,
    "air_gap": air_matching.air_gap,
    "air_rates": air_watching.air_rates,
    "air_lists": air_watching.air_lists,
}


def build(recipe: Recipe, store: Store) -> Exhibit:
    """Answer a recipe from a store.

    Parameters
    ----------
    recipe
        The question.
    store
        Loads of the recipe's theatre.

    Returns
    -------
    Exhibit
        Parts to draw, the sentence, caveats, sources and fingerprint; the same for every page, export and link.

    Raises
    ------
    RecipeError
        When the analysis, a parameter or a source does not exist, or nothing is loaded.
    AnalysisError
        When the data cannot carry the analysis; the message says what is missing.
    """
    analysis = ANALYSES.get(recipe.analysis)
    if analysis is None:
        raise RecipeError(say("There is no analysis '{name}'.", name=recipe.analysis), expected=", ".join(ANALYSES))
    if recipe.theatre != store.theatre.id:
        raise RecipeError(
            say(
                "The recipe is about '{asked}', the store about '{held}'.", asked=recipe.theatre, held=store.theatre.id
            ),
            next_step=say("Open the store with the recipe's theatre."),
        )
    return analysis(recipe, store)

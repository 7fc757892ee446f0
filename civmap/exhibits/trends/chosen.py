"""What can be looked at closely or compared, and the question narrowed to one of them."""

from __future__ import annotations

from typing import Any

from civmap import queries, schema
from civmap.errors import AnalysisError, RecipeError
from civmap.exhibits.recipe import Recipe
from civmap.exhibits.standing import Standing, standing
from civmap.exhibits.trends.asked import Asked, ask
from civmap.language import say
from civmap.store import Store


def choices(store: Store, what: str) -> dict[str, str]:
    """Name everything of a kind that can be compared."""
    theatre = store.theatre
    if what == "admin1":
        return {str(code): str(name) for code, name in theatre.boundaries["name"].items()}
    if what == "parties":
        return dict(zip(theatre.parties["party"], theatre.parties["label"], strict=True))
    return {cause: schema.words(cause) for cause in schema.CAUSES}


def most_frequent(here: Standing, what: str) -> list[str]:
    """Find the two most frequent of a kind under the filters."""
    if what == "admin1":
        counted = queries.provinces(here.store, here.filters, as_known_on=here.recipe.as_known_on)
        top = counted[counted["incidents"] > 0].sort_values("incidents", ascending=False)["admin1"]
        return [str(code) for code in top[:2]]
    sums = {
        code: queries.totals(here.store, here.filters.with_(**{what: (code,)}), as_known_on=here.recipe.as_known_on)[
            "incidents"
        ]
        for code in choices(here.store, what)
        if code not in ("unknown", "other", "undetermined")
    }
    return [code for code in sorted(sums, key=lambda one: -sums[one]) if sums[code]][:2]


def narrowed(here: Standing, what: str, code: str) -> Standing:
    """Ask the same of one province, party or cause."""
    recipe = Recipe(here.recipe.theatre, here.recipe.analysis, here.recipe.parameters,
                    here.filters.with_(**{what: (code,)}), here.recipe.as_known_on)  # fmt: skip
    return standing(recipe, here.store)


def one_province(recipe: Recipe, store: Store, chosen: dict[str, Any]) -> tuple[Standing, Asked]:
    """Narrow a question to the chosen province, or to the one with most incidents."""
    here = standing(recipe, store)
    area = chosen["province"] or next(iter([*here.filters.admin1, *most_frequent(here, "admin1")]), "")
    if not area:
        raise AnalysisError(
            say("No province has an incident under these filters."), next_step=say("Take fewer filters.")
        )
    if area not in store.theatre.boundaries.index:
        raise RecipeError(
            say("There is no province '{area}'.", area=area), expected=", ".join(store.theatre.boundaries.index)
        )
    here = narrowed(here, "admin1", area)
    return here, ask(here, span=chosen["span"], years=chosen["years"])

"""What incidents are compared with: people, their own past, all incidents, hours of observation, area."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap import queries
from civmap.errors import AnalysisError, CivMapError
from civmap.exhibits import words
from civmap.exhibits.hotspots import observed
from civmap.exhibits.hotspots.field import Field
from civmap.exhibits.recipe import Recipe
from civmap.exhibits.standing import standing
from civmap.filters import Filters
from civmap.language import mark, say, say_in
from civmap.queries import air as questions
from civmap.store import Store

EXPOSURES = ("population", "earlier", "all", "hours", "area")
COMPARED = {
    "population": mark("compared with population"),
    "earlier": mark("compared with its own earlier period"),
    "all": mark("compared with all incidents"),
    "hours": mark("compared with observation hours"),
    "area": mark("compared with area"),
}


def exposure_word(code: str) -> str:
    """Name an exposure, to choose it.

    Examples
    --------
    >>> exposure_word("earlier")
    'its own earlier period'
    """
    return {
        "population": say_in("exposure", "population"),
        "earlier": say_in("exposure", "its own earlier period"),
        "all": say_in("exposure", "all incidents"),
        "hours": say_in("exposure", "observation hours"),
        "area": say_in("exposure", "area"),
    }[code]


def population(field: Field) -> tuple[pd.Series, str]:
    """Give the people of each place, and where the figures are from; cells share their provinces' by area.

    Raises
    ------
    AnalysisError
        When the theatre has no population.
    """
    theatre = field.here.store.theatre
    table = theatre.population.dropna(subset=["population"])
    if table.empty:
        raise AnalysisError(
            say(
                "The theatre {theatre} has no population figures, so incidents cannot be compared with people.",
                theatre=theatre.title,
            ),
            next_step=say("Choose another comparison, or add population.csv to the theatre's folder."),
        )
    middle = (field.here.first + (field.here.last - field.here.first) / 2).year
    nearest = (table["year"] - middle).abs().groupby(table["admin1"]).idxmin()
    chosen = table.loc[nearest].set_index("admin1")
    years = sorted(chosen["year"].astype(int).unique())
    said = say(
        "Population of {years}: {sources}", years=words.listed([str(year) for year in years]),
        sources=words.clauses(chosen["source"].unique()),
    )  # fmt: skip
    if field.grid is None:
        return chosen["population"].reindex(field.places.index).astype(float), said
    pieces = field.grid.pieces
    share = pieces["area_km2"] / pieces.groupby("admin1")["area_km2"].transform("sum")
    people = (share * pieces["admin1"].map(chosen["population"])).groupby(pieces["place"]).sum(min_count=1)
    return people.reindex(field.places.index), said


def all_incidents(field: Field) -> pd.Series:
    """Count everything the source records in each place, whoever did it and whether or not civilians were harmed.

    Raises
    ------
    AnalysisError
        When the incidents counted are so many of them that no place could hold twice its part.
    """
    here = field.here
    everything = Filters(
        source=here.filters.source, date_from=here.filters.date_from, date_to=here.filters.date_to, harm_only=False
    )
    counted = queries.place_counts(
        here.store, everything, resolution=field.resolution, as_known_on=here.recipe.as_known_on
    ).set_index("place")["incidents"]
    weight = counted.reindex(field.places.index).fillna(0.0).astype(float)
    total, of = field.counts.sum(), weight[field.counts.notna()].sum()
    if total and of < 2 * total:
        raise AnalysisError(
            say(
                "{n} of the {total} incidents that {source} records are counted here, so no place can hold twice its "
                "part of them, and none could be called hot.",
                n=words.number(total), total=words.number(of), source=here.label,
            ),
            next_step=say(
                "Choose another comparison, or count a part of the incidents, such as those of one party."
            ),
        )  # fmt: skip
    return weight


def choices(recipe: Recipe, store: Store) -> list[str]:
    """List the exposures that can be chosen under a recipe's filters; the one taken by itself is left to `default`."""
    offered = {"population": not store.theatre.population.empty, "hours": False}
    if questions.has_telemetry(store):
        try:
            offered["hours"] = observed.covers(standing(recipe, store))
        except CivMapError:  # the same fault is said by the first answer of the page
            offered["hours"] = False
    return [code for code in EXPOSURES if offered.get(code, True)]


def default(unit: str, *, theatre_has_population: bool) -> str:
    """Choose the exposure a page opens with: people where they are known as finely as the places, else the past."""
    return "population" if unit == "provinces" and theatre_has_population else "earlier"


def weights(field: Field, exposure: str) -> tuple[pd.Series, str]:
    """Give what incidents would be in proportion to, null where unknown, and where it is from.

    A place that the source covers for a part of the months counts for that part.
    """
    if exposure == "population":
        weight, said = population(field)
    elif exposure == "all":
        return all_incidents(field), ""
    elif exposure == "hours":
        weight, said = observed.hours(field.here, field.places.index, resolution=field.resolution), ""
    else:
        weight, said = field.places["area_km2"].astype(float), ""
    return weight * np.asarray(field.places["watched"], dtype=float), said

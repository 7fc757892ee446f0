"""What a recipe asks, in a line: codes of analyses, parameters and values are said as they are written, in words."""

from __future__ import annotations

from typing import Any

from civmap import schema
from civmap.exhibits import words
from civmap.exhibits.recipe import Recipe
from civmap.language import mark, say
from civmap.theatre import Theatre

# What the catalogue translates; a code that is not among them, such as a name of one's own, is said as it is.
ANALYSES = (
    mark("air checked"), mark("air coverage"), mark("air gap"), mark("air incidents"), mark("air lists"),
    mark("air rates"), mark("changes"), mark("decisions"), mark("density"), mark("directive"),
    mark("directive checks"), mark("directive detectable"), mark("directive expected"), mark("directive method"),
    mark("directive needed"), mark("directive placebos"), mark("directive specifications"), mark("directive tallies"),
    mark("directive text"), mark("directive timeline"), mark("duplicates"), mark("emerging"), mark("groups"),
    mark("hotspot month"), mark("hotspot periods"), mark("hotspots"), mark("incident map"), mark("loads"),
    mark("missing"), mark("national trend"), mark("points"), mark("precision"), mark("province trend"),
    mark("published totals"), mark("scan"), mark("set aside"), mark("tallies"), mark("totals"), mark("trend compare"),
    mark("trend methods"), mark("trend published"), mark("trend table"), mark("trends"),
)  # fmt: skip
PARAMETERS = (
    mark("after hours"), mark("areas"), mark("at"), mark("bandwidth km"), mark("cause"), mark("directive"),
    mark("exposure"), mark("first"), mark("footprints"), mark("frequency"), mark("last"), mark("load"),
    mark("measure"), mark("method"), mark("month"), mark("nested"), mark("per"), mark("period"), mark("province"),
    mark("radius km"), mark("scope"), mark("second"), mark("seed"), mark("shared"), mark("span"), mark("unit"),
    mark("what"), mark("window"), mark("within"), mark("years"),
)  # fmt: skip
VALUES = (
    mark("1 month"), mark("10 km and 14 days"), mark("12 months"), mark("2 km and 2 days"), mark("25 km and 30 days"),
    mark("3 months"), mark("5 km and 7 days"), mark("admin1"), mark("all"), mark("assumed"), mark("casualties"),
    mark("causes"), mark("cells"), mark("controlled"), mark("default"), mark("districts"), mark("earlier"),
    mark("filters"), mark("hours"), mark("incidents"), mark("injured"), mark("killed"), mark("known"), mark("parties"),
    mark("people"), mark("pooled"), mark("population"), mark("provinces"), mark("quarter"), mark("structural"),
    mark("week"), mark("year"), mark("year to date"),
)  # fmt: skip


def in_words(recipe: Recipe, theatre: Theatre) -> str:
    """Say in one line what a recipe asks.

    Examples
    --------
    >>> from civmap.filters import Filters
    >>> from civmap.theatre import load_theatre
    >>> recipe = Recipe("oir", "trends", {"frequency": "quarter"}, Filters("airwars", measure="killed"))
    >>> in_words(recipe, load_theatre("oir"))
    'Trends (frequency: quarter) · Airwars · civilians killed (best) · all days · as known now'
    """
    filters, known = recipe.filters, recipe.as_known_on
    options = [say("{name}: {value}", name=schema.words(name), value=_option(value))
               for name, value in recipe.parameters]  # fmt: skip
    counted = words.what(filters)
    if filters.measure != "incidents":
        counted = say("{counted} ({bound})", counted=counted, bound=say(words.BOUNDS[filters.bound]))
    said = [
        kind(recipe) + (f" ({', '.join(options)})" if options else ""),
        theatre.source_label(filters.source) if filters.source else say("the first source"),
        counted,
        _days(recipe),
        words.filters_in_words(filters, theatre),
        say("as known on {day}", day=words.day(known)) if known else say("as known now"),
    ]
    return " · ".join(one for one in said if one)


def kind(recipe: Recipe) -> str:
    """Name an exhibit by its analysis, for where its own title is not known yet."""
    return words.capital(schema.words(recipe.analysis))


def _days(recipe: Recipe) -> str:
    first, last = recipe.filters.date_from, recipe.filters.date_to
    if first and last:
        return words.days(first, last)
    if first:
        return say("from {day}", day=words.day(first))
    return say("to {day}", day=words.day(last)) if last else say("all days")


def _option(value: Any) -> str:
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return words.listed([schema.words(str(one)) for one in (value if isinstance(value, tuple) else (value,))])

"""Trends: whether harm rises or falls, province by province; below, the lines, one province, two of them, methods."""

from typing import Any

import streamlit as st

from civmap.exhibits import Recipe, trends
from civmap.ui.frame import page
from civmap.ui.own import choose
from civmap.ui.show import show

LOOK_BACK = {"4": "4 years", "2": "2 years", "8": "8 years", "all": "all chosen days"}
AREAS = {"provinces": "provinces", "groups": "regions", "districts": "districts"}
SCALES = {"shared": "the same for all", "own": "each its own"}
CLOSER = {"none": "not now", "province": "one province", "compare": "two beside each other",
          "published": "beside published totals", "methods": "more methods"}  # fmt: skip
COMPARED = {"admin1": "provinces", "causes": "causes", "parties": "parties"}

look = page("Trends")
left, middle, right = st.columns([5, 5, 4])
span = choose(left.segmented_control, "Latest period", "span", trends.SPANS, required=True)
years = choose(
    middle.segmented_control, "Trend over the last", "years", trends.YEARS, format_func=LOOK_BACK.get, required=True
)
areas = choose(right.segmented_control, "By", "areas", trends.AREAS, format_func=AREAS.get, required=True)


def lines() -> list[Recipe]:
    """Choose how the lines are drawn."""
    first, second = st.columns(2)
    frequency = choose(first.segmented_control, "Lines per", "per", trends.PERIODS, required=True)
    scale = choose(
        second.segmented_control, "Scale of the provinces", "scale", list(SCALES), format_func=SCALES.get, required=True
    )
    per = ""
    if can := trends.offered(look.store, look.filters):
        names = {"": "nothing: as counted", **can}
        per = choose(st.segmented_control, "Count per", "each", list(names), format_func=names.get, required=True)
    return [
        look.recipe("trends", frequency=frequency, shared=scale == "shared", **({"per": per} if per else {})),
        look.recipe("national_trend", frequency=frequency, **({"per": per} if per else {})),
    ]


def closer() -> list[Recipe]:
    """Choose one province, two things to compare, or more methods."""
    kind = choose(st.segmented_control, "A closer look", "closer", list(CLOSER), format_func=CLOSER.get, required=True)
    if kind == "province":
        area = choose(st.selectbox, "Province", "province", **named("admin1", "the one with most incidents"))
        return [look.recipe("province_trend", province=area, span=span, years=years)]
    if kind == "published":
        measure = choose(st.segmented_control, "People", "people", trends.MEASURES, required=True)
        return [look.recipe("trend_published", measure=measure)]
    if kind == "methods":
        area = choose(st.selectbox, "Methods for", "of", **named("admin1", "the whole theatre"))
        return [look.recipe("trend_methods", province=area, years=years)]
    if kind == "compare":
        what, first, second = st.columns(3)
        of = choose(what.segmented_control, "Compare", "what", trends.COMPARED, format_func=COMPARED.get, required=True)
        pair = [
            choose(place.selectbox, label.capitalize(), f"{label}-{of}", **named(of, "chosen by most incidents"))
            for place, label in ((first, "first"), (second, "second"))
        ]
        return [look.recipe("trend_compare", what=of, first=pair[0], second=pair[1], years=years)]
    return []


def named(what: str, first: str) -> dict[str, Any]:
    """List what can be chosen, with an answer for who has not chosen."""
    names = {"": first, **trends.choices(look.store, what)}
    return {"options": list(names), "format_func": lambda code: names.get(code, code)}


show(look.store, look.recipe("trend_table", span=span, years=years, areas=areas), lines, closer)

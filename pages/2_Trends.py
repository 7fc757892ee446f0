"""Trends: whether harm rises or falls, province by province; below, the lines, one province, two of them, methods."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from civmap.exhibits import Recipe, trends
from civmap.language import mark, say, say_in
from civmap.ui.frame import page
from civmap.ui.own import choose
from civmap.ui.show import show

SPANS = {"12 months": mark("12 months"), "year to date": mark("year to date"), "3 months": mark("3 months"),
         "1 month": mark("1 month")}  # fmt: skip
LOOK_BACK = {"4": mark("4 years"), "2": mark("2 years"), "8": mark("8 years"), "all": mark("all chosen days")}
AREAS = {"provinces": mark("provinces"), "groups": mark("regions"), "districts": mark("districts")}
PERIODS = {"month": mark("month"), "quarter": mark("quarter"), "year": mark("year"), "week": mark("week")}
SCALES = {"shared": mark("the same for all"), "own": mark("each its own")}
CLOSER = {"none": mark("not now"), "province": mark("one province"), "compare": mark("two beside each other"),
          "published": mark("beside published totals"), "methods": mark("more methods")}  # fmt: skip
MEASURES = {"killed": mark("killed"), "injured": mark("injured"), "casualties": mark("casualties"),
            "incidents": mark("incidents")}  # fmt: skip
COMPARED = {"admin1": mark("provinces"), "causes": mark("causes"), "parties": mark("parties")}


def said(names: Mapping[str, str]) -> Callable[[str], str]:
    """Say a choice by its code."""
    return lambda code: say(names[code])


look = page("Trends")
left, middle, right = st.columns([5, 5, 4])
span = choose(left.segmented_control, say("Latest period"), "span", trends.SPANS, format_func=said(SPANS),
              required=True)  # fmt: skip
years = choose(middle.segmented_control, say("Trend over the last"), "years", trends.YEARS,
               format_func=said(LOOK_BACK), required=True)  # fmt: skip
areas = choose(right.segmented_control, say_in("areas", "By"), "areas", trends.AREAS, format_func=said(AREAS),
               required=True)  # fmt: skip


def lines() -> list[Recipe]:
    """Choose how the lines are drawn."""
    first, second = st.columns(2)
    frequency = choose(first.segmented_control, say("Lines per"), "per", trends.PERIODS, format_func=said(PERIODS),
                       required=True)  # fmt: skip
    scale = choose(second.segmented_control, say("Scale of the provinces"), "scale", list(SCALES),
                   format_func=said(SCALES), required=True)  # fmt: skip
    per = ""
    if can := trends.offered(look.store, look.filters):
        names = {"": say("nothing: as counted"), **can}
        per = choose(st.segmented_control, say("Count per"), "each", list(names), format_func=names.get, required=True)
    return [
        look.recipe("trends", frequency=frequency, shared=scale == "shared", **({"per": per} if per else {})),
        look.recipe("national_trend", frequency=frequency, **({"per": per} if per else {})),
    ]


def closer() -> list[Recipe]:
    """Choose one province, two things to compare, or more methods."""
    kind = choose(st.segmented_control, say("A closer look"), "closer", list(CLOSER), format_func=said(CLOSER),
                  required=True)  # fmt: skip
    if kind == "province":
        area = choose(st.selectbox, say("Province"), "province", **named("admin1", say("the one with most incidents")))
        return [look.recipe("province_trend", province=area, span=span, years=years)]
    if kind == "published":
        measure = choose(st.segmented_control, say("People"), "people", trends.MEASURES, format_func=said(MEASURES),
                         required=True)  # fmt: skip
        return [look.recipe("trend_published", measure=measure)]
    if kind == "methods":
        area = choose(st.selectbox, say("Methods for"), "of", **named("admin1", say("the whole theatre")))
        return [look.recipe("trend_methods", province=area, years=years)]
    if kind == "compare":
        what, first, second = st.columns(3)
        of = choose(what.segmented_control, say("Compare"), "what", trends.COMPARED, format_func=said(COMPARED),
                    required=True)  # fmt: skip
        pair = [
            choose(place.selectbox, label, f"{name}-{of}", **named(of, say("chosen by most incidents")))
            for place, name, label in ((first, "first", say("First")), (second, "second", say("Second")))
        ]
        return [look.recipe("trend_compare", what=of, first=pair[0], second=pair[1], years=years)]
    return []


def named(what: str, first: str) -> dict[str, Any]:
    """List what can be chosen, with an answer for who has not chosen."""
    names = {"": first, **trends.choices(look.store, what)}
    return {"options": list(names), "format_func": lambda code: names.get(code, code)}


show(look.store, look.recipe("trend_table", span=span, years=years, areas=areas), lines, closer)

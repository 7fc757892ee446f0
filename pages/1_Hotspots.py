"""Hotspots: where incidents concentrate, how sure that is and how much; other methods below."""

from collections.abc import Sequence

import streamlit as st

from civmap.exhibits import Recipe, hotspots
from civmap.language import mark, say, say_in
from civmap.ui.frame import page
from civmap.ui.own import choose
from civmap.ui.show import show

UNITS = {"cells": mark("cells"), "provinces": mark("provinces")}
PERIODS = {"quarter": mark("quarter"), "month": mark("month"), "year": mark("year")}
MORE = {
    "none": "", "hotspot_periods": mark("two periods"), "hotspot_month": mark("month by month"),
    "density": mark("density"), "emerging": mark("how they developed"), "scan": mark("space-time scan"),
    "groups": mark("incidents that belong together"),
}  # fmt: skip

look = page("Hotspots")
peopled = not look.store.theatre.population.empty
left, right = st.columns([1, 2])
unit = choose(
    left.segmented_control, say_in("what is tested", "Test"), "unit", hotspots.UNITS, required=True,
    format_func=lambda unit: say(UNITS[unit]),
)  # fmt: skip
exposure = choose(
    right.segmented_control, say("Compared with"), "exposure", hotspots.choices(look.recipe("hotspots"), look.store),
    required=True, format_func=hotspots.exposure_word,
    first=hotspots.default(unit, theatre_has_population=peopled),
)  # fmt: skip


def named(method: str) -> str:
    """Name a method."""
    return say(MORE[method]) or say_in("method", "none")


def more() -> Sequence[Recipe]:
    """Let one of the other methods be chosen, with its own option; it is worked out only then."""
    method = choose(st.segmented_control, say("More methods"), "more", list(MORE), format_func=named, required=True)
    if method == "hotspot_periods":
        return [look.recipe(method, unit=unit, exposure=exposure)]
    if method == "hotspot_month":
        months = hotspots.months(look.recipe(method), look.store)
        month = choose(st.select_slider, say("Month"), "month", months, first=months[-1])
        return [look.recipe(method, unit=unit, month=month)]
    if method == "density":
        widths = hotspots.BANDWIDTHS_KM
        width = choose(st.segmented_control, say("Spread over (km)"), "bandwidth", widths, required=True)
        return [look.recipe(method, bandwidth_km=width)]
    if method == "emerging":
        period = choose(
            st.segmented_control, say("Per"), "period", list(hotspots.PERIODS), required=True,
            format_func=lambda period: say(PERIODS[period]),
        )  # fmt: skip
        return [look.recipe(method, period=period)]
    if method == "scan":
        radius = choose(st.segmented_control, say("Largest circle (km)"), "radius", hotspots.RADII_KM, required=True)
        return [look.recipe(method, radius_km=radius)]
    if method == "groups":
        within = choose(
            st.segmented_control, say("Near means within"), "within", hotspots.REACHES, required=True,
            format_func=hotspots.reach,
        )  # fmt: skip
        return [look.recipe(method, within=within)]
    return []


show(look.store, look.recipe("hotspots", unit=unit, exposure=exposure), more)

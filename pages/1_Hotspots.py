"""Hotspots: where incidents concentrate, how sure that is and how much; other methods below."""

from collections.abc import Sequence

import streamlit as st

from civmap.exhibits import Recipe, hotspots
from civmap.ui.frame import page
from civmap.ui.own import choose
from civmap.ui.show import show

MORE = {
    "none": "none", "hotspot_periods": "two periods", "hotspot_month": "month by month", "density": "density",
    "emerging": "how they developed", "scan": "space-time scan", "groups": "incidents that belong together",
}  # fmt: skip

look = page("Hotspots")
peopled = not look.store.theatre.population.empty
left, right = st.columns([1, 2])
unit = choose(left.segmented_control, "Test", "unit", hotspots.UNITS, required=True)
exposure = choose(
    right.segmented_control, "Compared with", "exposure", hotspots.choices(look.recipe("hotspots"), look.store),
    required=True,
    format_func=hotspots.EXPOSURES.get, first=hotspots.default(unit, theatre_has_population=peopled),
)  # fmt: skip


def more() -> Sequence[Recipe]:
    """Let one of the other methods be chosen, with its own option; it is worked out only then."""
    method = choose(st.segmented_control, "More methods", "more", list(MORE), format_func=MORE.get, required=True)
    if method == "hotspot_periods":
        return [look.recipe(method, unit=unit, exposure=exposure)]
    if method == "hotspot_month":
        months = hotspots.months(look.recipe(method), look.store)
        return [
            look.recipe(method, unit=unit, month=choose(st.select_slider, "Month", "month", months, first=months[-1]))
        ]
    if method == "density":
        width = choose(st.segmented_control, "Spread over (km)", "bandwidth", hotspots.BANDWIDTHS_KM, required=True)
        return [look.recipe(method, bandwidth_km=width)]
    if method == "emerging":
        period = choose(st.segmented_control, "Per", "period", list(hotspots.PERIODS), required=True)
        return [look.recipe(method, period=period)]
    if method == "scan":
        radius = choose(st.segmented_control, "Largest circle (km)", "radius", hotspots.RADII_KM, required=True)
        return [look.recipe(method, radius_km=radius)]
    if method == "groups":
        within = choose(st.segmented_control, "Near means within", "within", hotspots.REACHES, required=True)
        return [look.recipe(method, within=within)]
    return []


show(look.store, look.recipe("hotspots", unit=unit, exposure=exposure), more)

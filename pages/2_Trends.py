"""Trends: counts per period for the theatre and for each province."""

import streamlit as st

from civmap.exhibits.trends import PERIODS
from civmap.ui.frame import page
from civmap.ui.own import choose
from civmap.ui.show import show

look = page("Trends")
left, right = st.columns(2)
frequency = choose(left.segmented_control, "Per", "per", PERIODS, required=True)
scales = {"shared": "the same for all", "own": "each its own"}
scale = choose(
    right.segmented_control, "Scale of the provinces", "scale", list(scales), format_func=scales.get, required=True
)
show(
    look.store,
    look.recipe("national_trend", frequency=frequency),
    look.recipe("trends", frequency=frequency, shared=scale == "shared"),
)

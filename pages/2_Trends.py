"""Trends: counts per period for the theatre and for each province."""

import streamlit as st

from civmap.exhibits.trends import PERIODS
from civmap.ui.frame import page
from civmap.ui.show import show

look = page("Trends")
left, right = st.columns(2)
frequency = left.segmented_control("Per", PERIODS, default="month", key="per", bind="query-params", required=True)
shared = right.toggle("One scale for all provinces", value=True, key="shared", bind="query-params")
show(look.recipe("national_trend", frequency=frequency), look.store)
show(look.recipe("trends", frequency=frequency, shared=shared), look.store)

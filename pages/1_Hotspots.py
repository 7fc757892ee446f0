"""Hotspots: where most was recorded, by cell or by province."""

import streamlit as st

from civmap.ui.frame import page
from civmap.ui.show import show

look = page("Hotspots")
unit = st.segmented_control(
    "Count by", ["cells", "provinces"], default="cells", key="unit", bind="query-params", required=True
)
show(look.recipe("hotspots", unit=unit), look.store)

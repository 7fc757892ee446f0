"""Hotspots: where most was recorded, by cell or by province."""

import streamlit as st

from civmap.ui.frame import page
from civmap.ui.own import choose
from civmap.ui.show import show

look = page("Hotspots")
unit = choose(st.segmented_control, "Count by", "unit", ["cells", "provinces"], required=True)
show(look.store, look.recipe("hotspots", unit=unit))

"""Air Surveillance: what sensors covered, which incidents, what was checked, and what watching explains."""

import streamlit as st

from civmap.exhibits.air_coverage import ALL_MONTHS, months
from civmap.exhibits.air_shared import AFTER_HOURS, FOOTPRINTS
from civmap.ui.frame import faults, page
from civmap.ui.own import choose
from civmap.ui.show import show

look = page("Air Surveillance")
left, right, third = st.columns(3)
said = {"known": "as recorded", "assumed": "and assumed from height"}
kinds = choose(left.segmented_control, "Footprints", "footprints", FOOTPRINTS, format_func=said.get, required=True)
hours = choose(right.selectbox, "After the event means within", "after", AFTER_HOURS,
               format_func=lambda number: f"{number} hours")  # fmt: skip
month = ALL_MONTHS
with faults():
    there = [ALL_MONTHS, *months(look.store, look.recipe("air_coverage", footprints=kinds))]
    if len(there) > 2:
        month = choose(third.select_slider, "Month", "month", there,
                       format_func=lambda code: "all months" if code == ALL_MONTHS else code)  # fmt: skip
options = {"footprints": kinds, "after_hours": hours}
show(
    look.store,
    look.recipe("air_coverage", footprints=kinds, month=month),
    *(look.recipe(analysis, **options) for analysis in ("air_incidents", "air_gap", "air_rates", "air_lists")),
)

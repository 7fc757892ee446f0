"""Air Surveillance: what sensors covered, which incidents; below, how they were checked, the gap, rates, two lists."""

from collections.abc import Sequence

import streamlit as st

from civmap.exhibits import Recipe
from civmap.exhibits.air_coverage import months
from civmap.exhibits.air_shared import AFTER_HOURS, ALL_MONTHS, FOOTPRINTS
from civmap.language import count, mark, say
from civmap.ui.air import upload_air
from civmap.ui.frame import faults, page
from civmap.ui.own import choose
from civmap.ui.show import show

SAID = {"known": mark("as recorded"), "assumed": mark("and assumed from height")}
MORE = {
    "none": mark("none"), "air_checked": mark("how reported and checked"), "air_gap": mark("what nobody checked"),
    "air_rates": mark("rates under observation"), "air_lists": mark("ground and air lists"),
}  # fmt: skip

look = page("Air Surveillance")
upload_air(look.store)
left, right, third = st.columns([5, 3, 5])
kinds = choose(left.segmented_control, say("Footprints"), "footprints", FOOTPRINTS, required=True,
               format_func=lambda code: say(SAID[code]))  # fmt: skip
hours = choose(right.selectbox, say("After means within"), "after", AFTER_HOURS,
               format_func=lambda number: count(number, "hour", "hours"))  # fmt: skip
month = ALL_MONTHS
with faults():
    there = [ALL_MONTHS, *months(look.store, look.recipe("air_coverage", footprints=kinds))]
    if len(there) > 2:
        month = choose(third.select_slider, say("Month"), "month", there,
                       format_func=lambda code: say("all months") if code == ALL_MONTHS else code)  # fmt: skip
options = {"footprints": kinds, "after_hours": hours}


def more() -> Sequence[Recipe]:
    """Let one closer look be chosen; it is worked out only then."""
    what = choose(st.segmented_control, say("More"), "more", list(MORE), required=True,
                  format_func=lambda code: say(MORE[code]))  # fmt: skip
    return [] if what == "none" else [look.recipe(what, **options)]


show(
    look.store,
    look.recipe("air_coverage", footprints=kinds, month=month),
    look.recipe("air_incidents", **options, month=month),
    more,
)

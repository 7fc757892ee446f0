"""Situation: what is loaded, where incidents are recorded, and how many people that means."""

from civmap.ui.frame import page
from civmap.ui.show import show

look = page("Situation")
show(look.recipe("incident_map"), look.store)
show(look.recipe("totals"), look.store)
show(look.recipe("loads"), look.store)

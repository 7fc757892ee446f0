"""Situation: what is loaded, where incidents are recorded, and how many people that means."""

from civmap.ui.frame import page
from civmap.ui.show import show

look = page("Situation")
show(look.store, look.recipe("incident_map"), look.recipe("totals"), look.recipe("loads"))

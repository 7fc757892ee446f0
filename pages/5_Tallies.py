"""Tallies: totals as they were published, with what a source's records hold beside each."""

from civmap.ui.frame import page
from civmap.ui.show import show

look = page("Tallies")
show(look.store, look.recipe("tallies"))

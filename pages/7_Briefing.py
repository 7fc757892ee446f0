"""Briefing: the exhibits that were added on other pages, in order, as one deck, report or bundle."""

from civmap.ui import briefing
from civmap.ui.frame import page

page("Briefing")
briefing.page()

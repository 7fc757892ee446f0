"""Data quality: load files, see what was set aside and why, and how precise and complete the record is."""

from civmap.ui.frame import page
from civmap.ui.show import show
from civmap.ui.upload import upload

look = page("Data Quality")
upload(look.store)
show(look.store, *(look.recipe(analysis) for analysis in ("loads", "set_aside", "precision", "missing")))

"""Data quality: load files, mend what was set aside, and see how precise, complete and revised the record is."""

from functools import partial

from civmap.ui import desk
from civmap.ui.frame import page
from civmap.ui.show import show
from civmap.ui.upload import upload

look = page("Data Quality")
upload(look.store)
show(
    look.store,
    *(look.recipe(analysis) for analysis in ("loads", "set_aside")),
    partial(desk.mending, look.store),
    *(look.recipe(analysis) for analysis in ("precision", "points", "missing", "changes", "duplicates")),
    partial(desk.duplicates, look.store, look.filters),
    look.recipe("decisions"),
)

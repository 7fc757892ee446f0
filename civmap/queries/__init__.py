"""The questions asked of the store, each one parameterised SQL, each with the filters and "as known on".

People are counted as sums of min, best and max; a null count adds nothing and is counted apart. Where a source gives
no best estimate the best is null, never made up.
"""

from civmap.queries.changes import changes
from civmap.queries.counts import cells, held_back, precision, provinces, totals
from civmap.queries.duplicates import likely_duplicates
from civmap.queries.exposure import denominators
from civmap.queries.panel import FREQUENCIES, panel
from civmap.queries.places import place_counts, place_names, place_records
from civmap.queries.points import points
from civmap.queries.published import activity, recorded_beside, tallies
from civmap.queries.records import caveat_counts, missing, records
from civmap.queries.reports import reporting_months, sizes
from civmap.queries.scope import EDGE_DAYS, Scope, scope_of
from civmap.queries.sources import Extent, extent, sources

__all__ = [
    "EDGE_DAYS", "FREQUENCIES", "Extent", "Scope", "activity", "caveat_counts", "cells", "changes",
    "denominators", "extent",
    "held_back", "likely_duplicates", "missing", "panel", "place_counts", "place_names", "place_records", "points",
    "precision", "provinces", "recorded_beside", "records", "reporting_months", "scope_of", "sizes", "sources",
    "tallies", "totals",
]  # fmt: skip

"""The questions asked of the store, each one parameterised SQL, each with the filters and "as known on".

People are counted as sums of min, best and max; a null count adds nothing and is counted apart. Where a source gives
no best estimate the best is null, never made up.
"""

from civmap.queries.changes import changes
from civmap.queries.counts import cells, held_back, precision, provinces, totals
from civmap.queries.duplicates import likely_duplicates
from civmap.queries.panel import EDGE_DAYS, FREQUENCIES, panel
from civmap.queries.records import caveat_counts, missing, records
from civmap.queries.scope import Scope, scope_of
from civmap.queries.sources import Extent, extent, sources

__all__ = [
    "EDGE_DAYS", "FREQUENCIES", "Extent", "Scope", "caveat_counts", "cells", "changes", "extent", "held_back",
    "likely_duplicates", "missing", "panel", "precision", "provinces", "records", "scope_of", "sources", "totals",
]  # fmt: skip

"""Placing: what readers return gets its provinces, parties and causes from the theatre."""

from civmap.placing.incidents import BORDER_TOLERANCE_KM, place, set_aside_ambiguous
from civmap.placing.names import match_provinces
from civmap.placing.stand_ins import shared_points
from civmap.placing.totals import place_totals, redrawn

__all__ = [
    "BORDER_TOLERANCE_KM", "match_provinces", "place", "place_totals", "redrawn", "set_aside_ambiguous",
    "shared_points",
]  # fmt: skip

"""Hotspots: where incidents concentrate and whether it could be chance, and other ways to look at the same records."""

from __future__ import annotations

from civmap.exhibits.hotspots.answer import hotspots
from civmap.exhibits.hotspots.clusters import RADII_KM, scan
from civmap.exhibits.hotspots.developing import PERIODS, emerging
from civmap.exhibits.hotspots.exposures import EXPOSURES, choices, default, exposure_word
from civmap.exhibits.hotspots.periods import hotspot_month, hotspot_periods, months
from civmap.exhibits.hotspots.smooth import BANDWIDTHS_KM, REACHES, density, groups, reach
from civmap.exhibits.hotspots.units import UNITS

__all__ = [
    "BANDWIDTHS_KM", "EXPOSURES", "PERIODS", "RADII_KM", "REACHES", "UNITS", "choices", "default", "density",
    "emerging", "exposure_word", "groups", "hotspot_month", "hotspot_periods", "hotspots", "months", "reach", "scan",
]  # fmt: skip

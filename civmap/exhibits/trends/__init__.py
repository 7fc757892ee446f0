"""Trends: whether harm rises or falls, area by area, and how sure that is."""

from civmap.exhibits.trends.asked import AREAS, SPANS, YEARS
from civmap.exhibits.trends.lines import PERIODS, national_trend, trends
from civmap.exhibits.trends.province import COMPARED, choices, province_trend, trend_compare, trend_methods
from civmap.exhibits.trends.published import MEASURES, trend_published
from civmap.exhibits.trends.table import trend_table

__all__ = [
    "AREAS", "COMPARED", "MEASURES", "PERIODS", "SPANS", "YEARS", "choices", "national_trend", "province_trend",
    "trend_compare", "trend_methods", "trend_published", "trend_table", "trends",
]  # fmt: skip

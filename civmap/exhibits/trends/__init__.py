"""Trends: whether harm rises or falls, area by area, and how sure that is."""

from civmap.exhibits.trends.asked import AREAS, SPANS, YEARS
from civmap.exhibits.trends.chosen import choices
from civmap.exhibits.trends.compare import COMPARED, trend_compare
from civmap.exhibits.trends.lines import PERIODS, national_trend, trends
from civmap.exhibits.trends.methods import trend_methods
from civmap.exhibits.trends.per import PER, offered
from civmap.exhibits.trends.province import province_trend
from civmap.exhibits.trends.published import MEASURES, trend_published
from civmap.exhibits.trends.table import trend_table

__all__ = [
    "AREAS", "COMPARED", "MEASURES", "PER", "PERIODS", "SPANS", "YEARS", "choices", "national_trend", "offered",
    "province_trend", "trend_compare", "trend_methods", "trend_published", "trend_table", "trends",
]  # fmt: skip

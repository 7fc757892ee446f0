"""Trends by area: rates, words, changes, pooling, season, shifts and late reports.

>>> rate_interval(3, 1.5).rate
2.0
"""

from civmap.analysis.change_points import change_points
from civmap.analysis.delays import arrived_after, now_cast, reporting_triangle
from civmap.analysis.period_change import Clustering, change_limits, clustering, same_period
from civmap.analysis.pooling import pool_changes
from civmap.analysis.rates import RateInterval, bootstrap_sum, rate_interval, rate_limits
from civmap.analysis.season import decompose
from civmap.analysis.trend_tests import TrendResult, mann_kendall
from civmap.analysis.trend_words import fit_trend, trend_words

__all__ = [
    "Clustering", "RateInterval", "TrendResult", "arrived_after", "bootstrap_sum", "change_limits", "change_points",
    "clustering", "decompose", "fit_trend", "mann_kendall", "now_cast", "pool_changes", "rate_interval", "rate_limits",
    "reporting_triangle", "same_period", "trend_words",
]  # fmt: skip

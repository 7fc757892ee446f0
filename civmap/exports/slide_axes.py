"""Axes of native charts: from where to where, in which steps, and how their numbers are written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from civmap.exports.slide_book import EPOCH
from civmap.exports.slide_chart_xml import Axis
from civmap.exports.slide_speech import months_of_language
from civmap.figures.part import Part

WIDEST = 50.0  # times, as on screen
FEW_DOUBLINGS = 8
MANY_YEARS = 6
WHOLE = "#,##0"


def time_axis(days: tuple[float, float], *, most_ticks: int = 9) -> Axis:
    """Name years from January on, or months from the first one on where few years are drawn.

    Office's steps are of equal length: with those of the longest year or month no tick falls into the one before.
    """
    first, years = EPOCH + pd.Timedelta(days=days[0]), (days[1] - days[0]) / 365.25
    last = days[1] + 20
    if years > MANY_YEARS or first.month == 1 and years > 2:
        step = max(1, int(np.ceil(years / most_ticks)))
        return Axis(float((pd.Timestamp(first.year, 1, 1) - EPOCH).days), last, "", "yyyy", 366 * step)
    months = max(1, int(np.ceil(years * 12 / min(most_ticks, 8))))
    step = months if months < 3 else -(-months // 3) * 3 if months <= 6 else -(-months // 12) * 12
    begin = float((first.to_period("M").start_time - EPOCH).days)
    return Axis(begin, last, "", f"{months_of_language()}mmm yyyy", (31 if step < 3 else 30.67) * step)


def number_form(frames: Sequence[pd.DataFrame]) -> str:
    """Write small numbers with their decimals, others whole."""
    values = pd.concat([pd.to_numeric(frame["value"]) for frame in frames if "value" in frame]).dropna()
    return WHOLE if ceiling(frames) > 10 or bool((values % 1 == 0).all()) else "General"


def ratio_span(frame: pd.DataFrame) -> tuple[float, float]:
    """Give the ends of an axis of ratios, alike far from 1 on both sides."""
    ends = pd.concat([pd.to_numeric(frame[name]) for name in ("value", "low", "high")]).astype("float64")
    ends = ends[np.isfinite(ends) & (ends > 0)]
    reach = min(max([2.0, *np.exp(np.abs(np.log(ends)))]) * 1.1, WIDEST)
    base = log_base(reach)
    power = base ** np.ceil(np.log(reach) / np.log(base))
    return float(1 / power), float(power)


def log_base(reach: float) -> int:
    """Choose the base of a logarithmic scale: its powers are named, and more than a few would not fit."""
    return 2 if reach <= FEW_DOUBLINGS else 10


def linear_span(frame: pd.DataFrame, part: Part) -> tuple[float, float]:
    """Give the ends of an axis that holds all intervals and the reference, with a little to spare."""
    ends = pd.concat([pd.to_numeric(frame[name]) for name in ("value", "low", "high")]).astype("float64").to_numpy()
    reference = part.encoding.get("reference")
    known = np.append(ends[np.isfinite(ends)], [] if reference is None else [float(reference)])
    if not len(known):
        return 0.0, 1.0
    pad = 0.05 * float(np.ptp(known)) or max(abs(float(known[0])) * 0.1, 1.0)
    return float(known.min() - pad), float(known.max() + pad)


def ceiling(frames: Sequence[pd.DataFrame]) -> float:
    """Give the highest number drawn; of the projected interval no more than three times the highest line."""
    lines = [pd.to_numeric(frame[name]) for frame in frames for name in ("value", "high", "fitted", "counterfactual")
             if name in frame]  # fmt: skip
    most = float(np.nanmax([0.0, *(float(line.max()) for line in lines if line.notna().any())]))
    bands = [pd.to_numeric(frame["counterfactual_high"]) for frame in frames if "counterfactual_high" in frame]
    upper = max((float(band.max()) for band in bands if band.notna().any()), default=0.0)
    return max(most, min(upper, 3 * most)) or 1.0

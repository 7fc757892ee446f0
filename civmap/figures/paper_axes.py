"""Axes on paper: days that are named with their year, and labels that stay within their panel."""

from __future__ import annotations

from typing import Any

import matplotlib.dates as mdates
import numpy as np


def dates(which: Any, ends: Any) -> None:
    """Name the years along an axis; in less than two of them months, each with its year.

    Parameters
    ----------
    which
        An axis of matplotlib.
    ends
        Its first and last day as matplotlib counts them; None where it finds them itself.
    """
    months = (ends[1] - ends[0]) / 30.4 if ends is not None else np.inf
    if months < 24:
        which.set_major_locator(mdates.MonthLocator(interval=max(int(np.ceil(months / 9)), 1)))
        which.set_major_formatter(mdates.DateFormatter("%b %Y"))
        return
    locator = mdates.AutoDateLocator(minticks=3, maxticks=9)
    which.set_major_locator(locator)
    which.set_major_formatter(mdates.ConciseDateFormatter(locator, show_offset=False))


def keep_inside(which: Any) -> None:
    """Keep the labels at both ends of an axis from reaching into the next panel."""
    first, last = which.get_view_interval()
    for spot, label in zip(which.get_ticklocs(), which.get_ticklabels(), strict=True):
        share = (spot - first) / (last - first)
        label.set_horizontalalignment("left" if share < 0.05 else "right" if share > 0.95 else "center")

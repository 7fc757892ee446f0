"""Axes on paper: days that are named with their year, and labels that stay within their panel."""

from __future__ import annotations

from datetime import date
from typing import Any

import matplotlib.dates as mdates
import numpy as np
from matplotlib.ticker import ScalarFormatter

from civmap.language import write


class Written(ScalarFormatter):
    """Numbers of an axis, decimals after the sign of the language that is spoken when it is made."""

    def __init__(self) -> None:
        super().__init__()
        self.sign = write(0.5, ".1f")[1]

    def __call__(self, value: float, pos: int | None = None) -> str:
        """Write the number at a tick."""
        return super().__call__(value, pos).replace(".", self.sign)


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
        which.set_major_formatter(lambda value, _: write(mdates.num2date(value).date(), "%b %Y"))
        return
    which.set_major_locator(mdates.AutoDateLocator(minticks=3, maxticks=9))
    which.set_major_formatter(lambda value, _: _year_or_month(mdates.num2date(value).date()))


def _year_or_month(when: date) -> str:
    return str(when.year) if when.month == 1 else write(when, "%b")


def keep_inside(which: Any) -> None:
    """Keep the labels at both ends of an axis from reaching into the next panel."""
    first, last = which.get_view_interval()
    for spot, label in zip(which.get_ticklocs(), which.get_ticklabels(), strict=True):
        share = (spot - first) / (last - first)
        label.set_horizontalalignment("left" if share < 0.05 else "right" if share > 0.95 else "center")

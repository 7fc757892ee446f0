"""Columns of a frame as plotly wants them: short dates, plain numbers, bands that leave gaps open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Drawing = tuple[list[dict[str, Any]], dict[str, Any]]  # traces and layout, as plain as plotly takes them


@dataclass(frozen=True)
class Months:
    """A time axis: texts for plotly, its ends, and whether its steps are months."""

    text: list[str]
    first: pd.Timestamp
    last: pd.Timestamp
    monthly: bool

    @property
    def hover(self) -> str:
        """The d3 format of a period."""
        return "%b %Y" if self.monthly else "%d %b %Y"

    @property
    def range(self) -> list[str]:
        """The ends with a little air."""
        air = max((self.last - self.first) * 0.015, pd.Timedelta(days=10))
        return [(self.first - air).strftime("%Y-%m-%d"), (self.last + air).strftime("%Y-%m-%d")]


def months(periods: pd.Series) -> Months:
    """Read periods given as dates, timestamps, text or pandas periods.

    Examples
    --------
    >>> months(pd.Series(["2016-01-01", "2016-02-01"])).text
    ['2016-01', '2016-02']
    """
    stamps = periods.dt.to_timestamp() if isinstance(periods.dtype, pd.PeriodDtype) else pd.to_datetime(periods)
    monthly = bool((stamps.dt.day == 1).all())
    text = stamps.dt.strftime("%Y-%m" if monthly else "%Y-%m-%d").tolist()
    return Months(text, stamps.min(), stamps.max(), monthly)


def numbers(column: pd.Series, *, infinite: bool = False) -> list[Any]:
    """Turn a column into plain numbers, null into None; whole numbers stay whole.

    Examples
    --------
    >>> numbers(pd.Series([3, None, 2.5]))
    [3, None, 2.5]
    """
    values = pd.to_numeric(column).to_numpy(dtype="float64", na_value=np.nan)
    return [
        None if np.isnan(v) or (np.isinf(v) and not infinite) else int(v) if np.isfinite(v) and v.is_integer() else v
        for v in map(float, values)
    ]


def closed_bands(x: list[Any], low: list[Any], high: list[Any]) -> tuple[list[Any], list[Any]]:
    """Outline a band as closed polygons, one for each stretch without gaps, apart by a null.

    Examples
    --------
    >>> closed_bands([1, 2, 3], [0, None, 1], [5, None, 2])
    ([1, 1, None, 3, 3], [0, 5, None, 1, 2])
    """
    xs: list[Any] = []
    ys: list[Any] = []
    known = [a is not None and b is not None for a, b in zip(low, high, strict=True)]
    start = 0
    while start < len(x):
        if not known[start]:
            start += 1
            continue
        end = start
        while end < len(x) and known[end]:
            end += 1
        if xs:
            xs.append(None)
            ys.append(None)
        xs += x[start:end] + x[start:end][::-1]
        ys += low[start:end] + high[start:end][::-1]
        start = end
    return xs, ys

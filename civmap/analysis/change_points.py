"""Months at which the level of a series of counts seems to shift.

A description, not a test: it says where a series is best cut into stretches of one level each, once its season is
taken out and given a price for each cut. That something happened near a cut is shown elsewhere and never assumed.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from civmap.analysis.count_panel import read_series
from civmap.analysis.trend_words import fit_trend
from civmap.errors import AnalysisError
from civmap.language import say

__all__ = ["PENALTY", "best_cuts", "change_points", "seasonal_factors"]

Array = NDArray[np.float64]

PENALTY = 4.0  # times log(number of periods): the price of one cut; with it about 5 % of level series are cut
SHORTEST = 6  # periods of a stretch
USUAL_RHO = 0.3  # correlation of neighbouring months that is allowed for


def change_points(panel: pd.DataFrame, *, outcome: str = "incidents", penalty: float = PENALTY) -> pd.DataFrame:
    """Find the months at which the level of incidents shifts.

    Every way of cutting the series is weighed by its Poisson likelihood, divided by how much more neighbouring months
    differ than chance alone would make them (with a correlation of 0.3 from month to month allowed for); a cut has to
    gain more than its price.

    Parameters
    ----------
    panel
        One row per period with a column ``period``; null where not covered.
    outcome
        Column of incidents.
    penalty
        Price of a cut as a multiple of log(number of periods).

    Returns
    -------
    DataFrame
        One row per stretch: ``start`` and ``end`` (first days of its first and last period), ``level`` (incidents per
        period, season taken out) and ``ratio`` to the stretch before; one row where no cut pays.

    Raises
    ------
    AnalysisError
        As `fit_trend`, which gives the season.

    References
    ----------
    Jackson B et al. (2005). An algorithm for optimal partitioning of data on an interval. IEEE Signal Processing
    Letters 12, 105-108; Zhang NR, Siegmund DO (2007). A modified Bayes information criterion. Biometrics 63, 22-32
    (three
    times log n is the price for a place and a level; more is asked here, see docs/trends.md).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> counts = rng.poisson(np.repeat([8, 20], 24))
    >>> months = pd.date_range("2008-01-01", periods=48, freq="MS")
    >>> found = change_points(pd.DataFrame({"period": months, "incidents": counts}))
    >>> found["start"].dt.strftime("%Y-%m").tolist()
    ['2008-01', '2010-02']
    """
    series = read_series(panel, outcome=outcome, exposure=None)
    factors = seasonal_factors(panel, outcome=outcome)
    cuts = best_cuts(series.counts, factors, penalty=penalty)
    first, last = np.array([0, *cuts]), np.array([*cuts, len(series.counts)])
    level = np.array([series.counts[a:b].sum() / factors[a:b].sum() for a, b in zip(first, last, strict=True)])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.append(np.nan, level[1:] / level[:-1])
    return pd.DataFrame({"start": series.starts[first], "end": series.starts[last - 1], "level": level, "ratio": ratio})


def seasonal_factors(panel: pd.DataFrame, *, outcome: str = "incidents") -> Array:
    """Give for each period with a count how much more its season brings than the mean, from the trend's model.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> panel = pd.DataFrame({"period": months, "incidents": [2, 4, 3] * 12})
    >>> bool(abs(seasonal_factors(panel)[:12].mean() - 1) < 0.01)
    True
    """
    fit = fit_trend(panel, outcome=outcome).fit
    waves = np.exp(fit.design[:, 2:] @ fit.coefficients[2:])
    return np.asarray(waves / waves.mean())


def best_cuts(counts: ArrayLike, exposure: ArrayLike, *, penalty: float = PENALTY) -> list[int]:
    """Find the cheapest cuts of counts with an exposure into stretches of at least six periods and one rate each.

    Returns
    -------
    list of int
        Number of the first period of every stretch but the first.
    """
    y, x = np.asarray(counts, dtype=float), np.asarray(exposure, dtype=float)
    n = len(y)
    if y.shape != x.shape or n < 2 * SHORTEST:
        raise AnalysisError(
            say("There are too few periods to cut."), found=str(n), expected=say("at least {n}", n=2 * SHORTEST)
        )
    price = penalty * np.log(n) * _scatter(y, x)
    events, at_risk = np.append(0, y.cumsum()), np.append(0, x.cumsum())
    best, back = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=int)
    best[0] = -price
    for end in range(SHORTEST, n + 1):
        starts = np.arange(0, end - SHORTEST + 1)
        own, time = events[end] - events[starts], at_risk[end] - at_risk[starts]
        with np.errstate(divide="ignore", invalid="ignore"):
            likelihood = np.where(own > 0, own * np.log(own / time), 0.0)
        cost = best[starts] - 2 * likelihood + price
        back[end] = starts[int(np.argmin(cost))]
        best[end] = cost.min()
    cuts: list[int] = []
    end = n
    while back[end] > 0:
        end = int(back[end])
        cuts.insert(0, end)
    return cuts


def _scatter(y: Array, x: Array) -> float:
    """Estimate how many times more a long stretch varies than a Poisson law, from neighbours' differences alone.

    Differences do not see shifts of the level, and see only 1 - rho of a scatter that neighbours share.
    """
    rate = y / x
    usual = y.sum() / x.sum()
    variance = np.median(np.diff(rate) ** 2 / (1 / x[1:] + 1 / x[:-1])) / 0.4549  # median of chi-squared with 1 df
    clustered = max(float(variance) / usual - 1, 0.0) / (1 - USUAL_RHO)
    return 1 + clustered * (1 + USUAL_RHO) / (1 - USUAL_RHO)

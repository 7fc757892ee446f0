"""Rank tests for a trend that goes one way, with the slope that belongs to them.

They ask little of the data and are widely known, so they stand beside the trend word as a second opinion. The word
itself does not rest on them: on seasonal, serially correlated counts without any trend the Hamed-Rao test finds one in
10 to 18 % of series, and ranks make nothing of how few the counts are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata

from civmap.analysis.mann_kendall import pair_score, score_variance
from civmap.analysis.rank_series import check_season, read_values
from civmap.errors import AnalysisError
from civmap.language import say

__all__ = ["METHODS", "TrendResult", "mann_kendall"]

Array = NDArray[np.float64]

METHODS = ("original", "hamed_rao", "seasonal")
CONFIDENCE = 0.95  # of the slope's interval, and of the correlations that Hamed and Rao keep


@dataclass(frozen=True)
class TrendResult:
    """A rank test for trend.

    Parameters
    ----------
    s, var_s
        Pairs that rise less pairs that fall; its variance without a trend.
    z, p
        S in standard errors, corrected by one for continuity; two-sided p.
    tau
        S over the number of pairs.
    slope, slope_low, slope_high
        Sen's slope, with its 95 % interval: units of the series per step, or per `period` steps with method seasonal.
    """

    s: float
    var_s: float
    z: float
    p: float
    tau: float
    slope: float
    slope_low: float
    slope_high: float


def mann_kendall(series: ArrayLike, *, method: str = "original", period: int = 12) -> TrendResult:
    """Test a series for a monotone trend.

    Values stand at equal steps of time; missing ones (NaN) keep their place, so that lags and slopes stay right.

    Parameters
    ----------
    series
        Values in time order. A pandas series with times as its index goes by these: it is put in order, and a step
        without a row is missing.
    method
        ``original`` assumes that neighbours do not resemble each other. ``hamed_rao`` widens the variance by the
        correlations of the detrended ranks that lie outside their 95 % limits. ``seasonal`` compares each month with
        the same month of other years only.
    period
        Steps in a year, for ``seasonal``.

    Returns
    -------
    TrendResult
        Test and slope.

    Raises
    ------
    AnalysisError
        When the series is too short, nearly all zero, or so correlated that the corrected variance is not above 0.

    References
    ----------
    Mann HB (1945). Econometrica 13, 245-259; Kendall MG (1975). Rank correlation methods, 4th ed.; Hamed KH, Rao AR
    (1998). Journal of Hydrology 204, 182-196; Hirsch RM, Slack JR, Smith RA (1982). Water Resources Research 18,
    107-121; Sen PK (1968). JASA 63, 1379-1389; Gilbert RO (1987). Statistical Methods for Environmental Pollution
    Monitoring, chapters 16-17 (the slope's limits).

    Examples
    --------
    >>> found = mann_kendall([1, 2, 4, 3, 5, 6, 8, 7])
    >>> found.s, round(found.p, 4), round(found.tau, 2), round(found.slope, 2)
    (24.0, 0.0044, 0.86, 1.0)
    """
    if method not in METHODS:
        raise AnalysisError(say("There is no method '{method}'.", method=method), expected=", ".join(METHODS))
    x = read_values(series)
    if method == "seasonal":
        check_season(x, period)
    # for the season one row per month of the year
    rows = np.append(x, np.full(-len(x) % period, np.nan)).reshape(-1, period).T if method == "seasonal" else x[None]
    s, variance = float(pair_score(rows).sum()), float(score_variance(rows).sum())
    if method == "hamed_rao":
        variance *= _stretch(x)
    if not variance > 0:
        raise AnalysisError(
            say("The corrected variance of this series is not above 0, so the test has no answer."),
            next_step=say("Take the method 'original' or 'seasonal', or a longer series."),
        )
    z = (s - np.sign(s)) / np.sqrt(variance)
    known = (~np.isnan(rows)).sum(axis=1)
    slopes = np.sort(np.concatenate([_slopes(row) for row in rows]))
    reach = ndtri((1 + CONFIDENCE) / 2) * np.sqrt(variance)
    low, high = (_at_rank(slopes, (len(slopes) + side * reach) / 2 + (1 if side > 0 else 0)) for side in (-1, 1))
    return TrendResult(
        s=s,
        var_s=variance,
        z=float(z),
        p=float(min(2 * ndtr(-abs(z)), 1.0)),
        tau=s / float((known * (known - 1) / 2).sum()),
        slope=float(np.median(slopes)),
        slope_low=low,
        slope_high=high,
    )


def _stretch(x: Array) -> float:
    """Give the factor by which serial correlation widens the variance of S (Hamed and Rao, equation 6)."""
    n, known = len(x), ~np.isnan(x)
    # in units of the range and from the middle, so that only what rounding parts is rounded together
    x = (x - np.nanmedian(x)) / np.ptp(x[known])
    detrended = x - np.arange(n) * np.median(_slopes(x))
    ranks = np.zeros(n)
    ranks[known] = rankdata(detrended[known].round(11))
    ranks[known] -= ranks[known].mean()
    if not ranks.any():  # a straight line leaves nothing that could be correlated
        return 1.0
    m = int(known.sum())
    correlation = np.correlate(ranks, ranks, "full")[n:] / (ranks @ ranks)  # a missing month adds to no product
    lag = np.arange(1, n)
    kept = (np.abs(correlation) > ndtri((1 + CONFIDENCE) / 2) / np.sqrt(m)) & (lag < m)
    weight = (m - lag) * (m - lag - 1) * (m - lag - 2)
    return float(1 + 2 / (m * (m - 1) * (m - 2)) * (weight * correlation)[kept].sum())


def _slopes(row: Array) -> Array:
    """Give the slope of every pair of known values, per step."""
    place = np.flatnonzero(~np.isnan(row))
    first, second = np.triu_indices(len(place), 1)
    return (row[place[second]] - row[place[first]]) / (place[second] - place[first])


def _at_rank(ordered: Array, rank: float) -> float:
    """Read the value at a rank counted from 1, between two values where the rank is broken; NaN beyond the ends."""
    if not 1 <= rank <= len(ordered):
        return float("nan")
    return float(np.interp(rank, np.arange(1, len(ordered) + 1), ordered))

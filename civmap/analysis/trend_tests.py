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

from civmap.analysis.mann_kendall import MIN_VALUES, pair_score, score_variance
from civmap.errors import AnalysisError

__all__ = ["METHODS", "TrendResult", "mann_kendall"]

Array = NDArray[np.float64]

METHODS = ("original", "hamed_rao", "seasonal")
MIN_SEASONAL_YEARS = 3
MIN_DIFFERENT = 3  # values that are not 0; with fewer the ranks are ties and nothing else
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
        Values in time order.
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
        raise AnalysisError(f"There is no method '{method}'.", expected=", ".join(METHODS))
    x = _read(series, method, period)
    # for the season one row per month of the year
    rows = np.append(x, np.full(-len(x) % period, np.nan)).reshape(-1, period).T if method == "seasonal" else x[None]
    s, variance = float(pair_score(rows).sum()), float(score_variance(rows).sum())
    if method == "hamed_rao":
        variance *= _stretch(x)
    if not variance > 0:
        raise AnalysisError(
            "The corrected variance of this series is not above 0, so the test has no answer.",
            next_step="Take the method 'original' or 'seasonal', or a longer series.",
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


def _read(series: ArrayLike, method: str, period: int) -> Array:
    """Read the values, and say in words what is too little for a test."""
    try:
        x = np.asarray(series, dtype=float)
    except (TypeError, ValueError) as error:
        raise AnalysisError("The series holds something that is no number.", found=str(error)) from error
    if x.ndim != 1:
        raise AnalysisError("A series has one value per step of time.", found=f"{x.ndim} dimensions")
    n, other = int((~np.isnan(x)).sum()), int((np.nan_to_num(x) != 0).sum())
    if np.isinf(x).any():
        raise AnalysisError("The series holds a value without end.", expected="finite numbers, NaN where missing")
    if n < MIN_VALUES:
        raise AnalysisError(
            "The series is too short for a test of trend.",
            found=f"{n} values", expected=f"at least {MIN_VALUES}", next_step="Take a longer period.",
        )  # fmt: skip
    if other < MIN_DIFFERENT:
        raise AnalysisError(
            "The series is nearly all zero, so its ranks are ties and say nothing of a trend.",
            found=f"{other} of {n} values are not 0", expected=f"at least {MIN_DIFFERENT}",
            next_step="Take a wider area, more causes or longer periods.",
        )  # fmt: skip
    if np.ptp(x[~np.isnan(x)]) == 0:
        raise AnalysisError("All values of the series are the same, so there is no trend to test.")
    if method == "seasonal":
        if not (isinstance(period, int | np.integer) and period >= 2):
            raise AnalysisError("A season has a whole number of at least 2 steps.", found=repr(period))
        if n < MIN_SEASONAL_YEARS * period:
            raise AnalysisError(
                "The series is too short for a seasonal test.", found=f"{n} values",
                expected=f"{MIN_SEASONAL_YEARS} seasons of {period} values each", next_step="Take a longer period.",
            )  # fmt: skip
    return x


def _stretch(x: Array) -> float:
    """Give the factor by which serial correlation widens the variance of S (Hamed and Rao, equation 6)."""
    n, known = len(x), ~np.isnan(x)
    detrended = x - np.arange(n) * np.median(_slopes(x))
    ranks = np.zeros(n)
    ranks[known] = rankdata(detrended[known].round(9))
    ranks[known] -= ranks[known].mean()
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

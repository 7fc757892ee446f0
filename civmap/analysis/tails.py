"""Exact tails of a window's count, the intervals that belong to them, and the correction for many windows.

Given the number of incidents in all, the count of a window that holds a share of the exposure is binomial where harm
only follows exposure. Where cells scatter more than that, each count is taken as negative binomial with variance
``mean + mean**2 / dispersion``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import betainc, betaincc, betaincinv, gammaln
from scipy.stats import false_discovery_control

from civmap.analysis.cell_windows import read_counts, read_exposure
from civmap.errors import AnalysisError
from civmap.language import count, say

Array = NDArray[np.float64]

CONFIDENCE = 0.95  # of the interval of a single ratio
DISPERSIONS = (1e-3, 1e4)  # beyond the upper end a negative binomial count cannot be told from a Poisson one


def binomial_upper(observed: Array, total: Array, share: Array) -> Array:
    """Give the chance of at least so many of all incidents in a window with that share of the exposure.

    Examples
    --------
    >>> binomial_upper(np.array([0.0, 3.0]), np.array(10.0), np.array([0.1, 0.1])).round(4).tolist()
    [1.0, 0.0702]
    """
    return np.where(observed > 0, betainc(np.maximum(observed, 1), np.maximum(total - observed, 0) + 1, share), 1.0)


def binomial_lower(observed: Array, total: Array, share: Array) -> Array:
    """Give the chance of at most so many of all incidents in a window with that share of the exposure."""
    all_of_them = observed >= total
    rest = np.where(all_of_them, 1, total - observed)
    return np.where(all_of_them, 1.0, betaincc(observed + 1, rest, share))


def binomial_limits(observed: Array, total: Array, share: Array) -> tuple[Array, Array]:
    """Give the Clopper-Pearson limits of the share that a window truly has, as multiples of the share expected.

    References
    ----------
    Clopper CJ, Pearson ES (1934). The use of confidence or fiducial limits illustrated in the case of the binomial.
    Biometrika 26, 404-413.
    """
    half = (1 - CONFIDENCE) / 2
    low = np.where(observed > 0, betaincinv(np.maximum(observed, 1), total - observed + 1, half), 0.0)
    rest = np.maximum(total - observed, 1)
    high = np.where(observed < total, betaincinv(observed + 1, rest, 1 - half), 1.0)
    return low / share, high / share


def negative_binomial_upper(observed: Array, expected: Array, size: Array) -> Array:
    """Give the chance of at least so many where the mean is known and the variance is mean + mean**2 / size.

    Examples
    --------
    >>> negative_binomial_upper(np.array([0.0, 3.0]), np.array([1.0, 1.0]), np.array([2.0, 2.0])).round(4).tolist()
    [1.0, 0.1111]
    """
    return np.where(observed > 0, betainc(np.maximum(observed, 1), size, expected / (expected + size)), 1.0)


def negative_binomial_limits(observed: Array, expected: Array, size: Array) -> tuple[Array, Array]:
    """Give the ratios to the expected count that the two tails of the negative binomial do not reject."""
    half = (1 - CONFIDENCE) / 2
    low = np.where(observed > 0, betaincinv(np.maximum(observed, 1), size, half), 0.0)
    high = betaincinv(observed + 1, size, 1 - half)
    return size * low / (1 - low) / expected, size * high / (1 - high) / expected


def adjust(p: Array) -> Array:
    """Correct for looking at many windows: the smallest false discovery rate at which each would be named.

    A window without a p (nothing can be expected there) still counts as one that was looked at.

    References
    ----------
    Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate. J R Stat Soc B 57, 289-300.
    """
    known = ~np.isnan(p)
    q: Array = false_discovery_control(np.where(known, p, 1.0), axis=None).reshape(p.shape)
    return np.where(known, q, np.nan)


def estimate_dispersion(counts: pd.Series, *, exposure: pd.Series | None = None) -> float:
    """Estimate how much more the cells scatter than chance alone would make them.

    The k of a negative binomial law with variance ``mean + mean**2 / k`` and means in proportion to the exposure, by
    maximum likelihood. Small k is much scatter. True hot spots look like scatter too: with them on the map k comes
    out too small, and the test that uses it too careful.

    Parameters
    ----------
    counts
        Incidents per cell, null where not observed.
    exposure
        What incidents would be in proportion to; the same everywhere by default.

    Returns
    -------
    float
        Infinite where the counts do not scatter more than chance.

    Raises
    ------
    AnalysisError
        With fewer than ten cells that have a count and an exposure, or without any incident.

    References
    ----------
    Lloyd-Smith JO (2007). Maximum likelihood estimation of the negative binomial dispersion parameter for highly
    overdispersed data. PLoS ONE 2(2), e180.

    Examples
    --------
    >>> counts = pd.Series([0, 0, 9, 1, 0, 3, 0, 14, 2, 0, 5, 1])
    >>> round(estimate_dispersion(counts), 1)
    0.4
    >>> estimate_dispersion(pd.Series([3, 2, 3, 4, 3, 2, 3, 3, 4, 3, 3, 2]))
    inf
    """
    read, weight = read_counts(counts), read_exposure(exposure, counts.index)
    use = ~np.isnan(read) & (weight > 0)
    x, weight = read[use], weight[use]
    if len(x) < 10 or not x.any():
        raise AnalysisError(
            say("Too little to estimate the scatter of the counts."),
            found=say(
                "{incidents} in {cells} observed and exposed", incidents=count(int(x.sum()), "incident", "incidents"),
                cells=count(len(x), "cell", "cells"),
            ),
            expected=say("at least ten such cells and one incident"),
        )  # fmt: skip
    mean = x.sum() * weight / weight.sum()

    def misfit(log_k: float) -> float:
        k = np.exp(log_k)
        fit = gammaln(x + k) - gammaln(k) - k * np.log1p(mean / k) + x * np.log(mean / (k + mean))
        return -float(fit.sum())

    found = minimize_scalar(misfit, bounds=np.log(DISPERSIONS), method="bounded")
    plain = -float((x * np.log(mean) - mean).sum())
    return float(np.exp(found.x)) if found.fun < plain - 1e-6 else float("inf")

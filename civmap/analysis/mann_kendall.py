"""A test for a trend that only goes one way, for thousands of series at once."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from civmap.analysis.cell_windows import Array

MIN_VALUES = 5  # with four, even a series that only rises has a p above 0.05


def mann_kendall(series: Array) -> tuple[Array, Array]:
    """Test each row for a monotone trend, missing values left out.

    Normal approximation with correction for ties and continuity, as in `pymannkendall.original_test`, for thousands of
    series at once.

    Parameters
    ----------
    series
        One row per series, equally spaced in time; NaN where missing.

    Returns
    -------
    tuple of ndarray
        S (pairs that rise less pairs that fall) and the two-sided p, NaN with fewer than five values.

    References
    ----------
    Mann HB (1945). Econometrica 13, 245-259; Kendall MG (1975). Rank correlation methods, 4th ed.

    Examples
    --------
    >>> s, p = mann_kendall(np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]))
    >>> s.tolist(), p.round(4).tolist()
    ([15.0], [0.0085])
    """
    s, variance = pair_score(series), score_variance(series)
    n = (~np.isnan(series)).sum(axis=1)
    z = (s - np.sign(s)) / np.sqrt(np.where(variance > 0, variance, 1))
    return s, np.where(n >= MIN_VALUES, 2 * ndtr(-np.abs(z)), np.nan)


def pair_score(series: Array) -> Array:
    """Count for each row the pairs that rise less the pairs that fall."""
    s = np.zeros(len(series))
    for lag in range(1, series.shape[1]):  # a NaN on either side makes both comparisons false
        later, earlier = series[:, lag:], series[:, :-lag]
        s += (later > earlier).sum(axis=1, dtype=np.int64) - (later < earlier).sum(axis=1, dtype=np.int64)
    return s


def score_variance(series: Array) -> Array:
    """Give the variance of that score for each row without a trend, corrected for ties."""
    n = (~np.isnan(series)).sum(axis=1)
    return np.asarray((n * (n - 1) * (2 * n + 5) - _ties(series)) / 18)


def _ties(series: Array) -> Array:
    """Sum t (t - 1) (2 t + 5) over the groups of t equal values of each row."""
    ordered = np.sort(series, axis=1)  # NaN last, and equal to nothing
    begins = np.ones(ordered.shape, dtype=bool)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.flatnonzero(begins)
    t = np.diff(np.append(first, ordered.size)).astype(float)
    row = first // ordered.shape[1]
    return np.bincount(row, t * (t - 1) * (2 * t + 5), minlength=len(series)).astype(float)

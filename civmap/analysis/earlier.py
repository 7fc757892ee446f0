"""Where it grew: each window's count against the same window in an earlier period.

An earlier period is an exposure that is itself a count, and so itself chance. Taken as if it were known
(``hotspots(now, exposure=before)``) it makes most maps of pure noise hot; here both periods are compared as counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import betainc, betaincinv, betaln

from civmap.analysis import tails
from civmap.analysis.cell_windows import (
    MIN_EXPECTED,
    NOT_OBSERVED,
    Array,
    gi_star,
    read_counts,
    too_few,
    window_matrix,
)
from civmap.analysis.hotspots import check_options, refuse_people
from civmap.errors import AnalysisError
from civmap.language import say, say_n

if TYPE_CHECKING:
    from libpysal.graph import Graph
    from scipy.sparse import csr_array

__all__ = ["estimate_change_scatter", "hotter_than_before", "scatter_elsewhere"]

SIZES = (1e-2, 1e5)  # of the beta law; beyond the upper end it cannot be told from a binomial one


def hotter_than_before(
    now: pd.Series,
    before: pd.Series,
    neighbours: Graph,
    *,
    alpha: float = 0.05,
    min_ratio: float = 2.0,
    scatter: float | pd.Series = 0.0,
) -> pd.DataFrame:
    """Say of each cell whether its window's part of all incidents grew more than chance explains.

    If nothing moved, then of the n incidents that a window holds in both periods together a binomial number falls into
    the later one, with the share that the later period has of all incidents: the exact comparison of two Poisson
    counts, for any levels. A rise that is the same everywhere is no hot spot; it belongs on a trend. Whether a window
    can be answered depends on n, never on how n is divided.

    Rates that come and go make the shares of cells vary more than that. With ``scatter`` above 0 each cell's part is
    beta-binomial, and the tails use the number of incidents of equal information, n over the variance inflation.

    Parameters
    ----------
    now, before
        Incidents per cell in the later and the earlier period: whole numbers; null where nobody watched.
    neighbours
        Graph over the labels of ``now``; weights count as there or not.
    alpha, min_ratio
        As in `civmap.analysis.hotspots.hotspots`.
    scatter
        Correlation, 0 to below 1, of two incidents of a cell in falling into the same period, one for all cells or one
        for each window; see `estimate_change_scatter` and `scatter_elsewhere`.

    Returns
    -------
    DataFrame
        The columns of `civmap.analysis.hotspots.hotspots`, indexed as ``now``. ``expected`` is the window's earlier
        count times later total over earlier total; ``ratio`` is infinite where there was none before.

    Raises
    ------
    AnalysisError
        When people are given instead of incidents, counts are impossible, or the cells are not the same.

    References
    ----------
    Przyborowski J, Wilenski H (1940). Homogeneity of results in testing samples from Poisson series. Biometrika 31,
    313-323; Korn EL, Graubard BI (1998). Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data. Survey Methodology 24, 193-201 (the effective number); Benjamini Y, Hochberg Y
    (1995). J R Stat Soc B 57, 289-300.

    Examples
    --------
    >>> from libpysal.graph import Graph
    >>> names = ["Balkh", "Farah", "Ghor", "Helmand", "Kunar", "Zabul"]
    >>> alone = Graph.from_arrays(names, names, [0] * 6)
    >>> before, now = pd.Series([9, 8, 7, 8, 9, 9], names), pd.Series([8, 9, 7, 31, 8, 9], names)
    >>> hotter_than_before(now, before, alone).loc[["Helmand", "Zabul"], ["observed", "expected", "ratio", "hot"]]
             observed  expected     ratio    hot
    Helmand      31.0     11.52  2.690972   True
    Zabul         9.0     12.96  0.694444  False
    """
    check_options(alpha, min_ratio, None)
    apart = np.broadcast_to(np.asarray(scatter, dtype=float), len(now))
    if not ((apart >= 0) & (apart < 1)).all():
        raise AnalysisError(say("The scatter must lie from 0 to below 1."), found=f"{scatter}")
    refuse_people(now)
    windows = window_matrix(neighbours, now.index)
    x, y = _both(now, before)
    seen = ~np.isnan(x)
    total, earlier = float(np.nansum(x)), float(np.nansum(y))
    both = np.nan_to_num(x + y)
    cells, observed, old = (
        windows @ np.column_stack([seen, np.nan_to_num(x), np.nan_to_num(y)]).astype(float)
    ).T  # fmt: skip
    n, share = observed + old, total / max(total + earlier, 1)
    wide = inflation(windows, both, apart)
    p, low, high = _tail_and_limits(observed / wide, n / wide, share)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = old * total / earlier if earlier else np.full(len(x), np.nan)
        found = pd.DataFrame(
            {"count": x, "cells": cells, "observed": observed, "expected": expected, "ratio": observed / expected,
             "ratio_low": low / (1 - low) * earlier / total, "ratio_high": high / (1 - high) * earlier / total,
             "z": gi_star(windows, x[:, None])[:, 0], "p": p}
        )  # fmt: skip
    found.loc[~seen, found.columns] = np.nan
    found.loc[n == 0, ["ratio", "ratio_low", "ratio_high"]] = np.nan
    found["q"] = np.nan
    found.loc[seen, "q"] = tails.adjust(found.loc[seen, "p"].to_numpy())
    found["reason"] = _reasons(x, y, n, share)
    found["answer"] = found["reason"] == ""
    hot = found["answer"] & (found["count"] > 0) & (found["q"] <= alpha) & (found["ratio"] >= min_ratio)
    found["hot"] = hot.to_numpy(dtype=bool)
    order = ["count", "cells", "observed", "expected", "ratio", "ratio_low", "ratio_high", "z", "p", "q", "hot",
             "answer", "reason"]  # fmt: skip
    return found[order].set_axis(now.index)


def estimate_change_scatter(now: pd.Series, before: pd.Series) -> float:
    """Estimate how much more than chance the cells differ in which of two periods their incidents fall into.

    The correlation of a beta-binomial law by maximum likelihood; 0 where cells differ no more than chance. Cells that
    truly grew raise it too, which makes the test that uses it careful. (By moments, a few large cells would decide, and
    the test would not hold its level on uneven maps.)

    References
    ----------
    Griffiths DA (1973). Maximum likelihood estimation for the beta-binomial distribution and an application to the
    household distribution of the total number of cases of a disease. Biometrics 29, 637-648.

    Examples
    --------
    >>> estimate_change_scatter(pd.Series([5, 4, 6]), pd.Series([5, 6, 4]))
    0.0
    >>> round(estimate_change_scatter(pd.Series([9, 1, 8, 0]), pd.Series([0, 8, 1, 9])), 2)
    0.66
    """
    x, y = _both(now, before)
    x, y = x[~np.isnan(x)], y[~np.isnan(y)]
    total = float(x.sum() + y.sum())
    share = x.sum() / total if total else 0.0
    if not 0 < share < 1:
        return 0.0

    def misfit(log_size: float) -> float:
        a, b = np.exp(log_size) * share, np.exp(log_size) * (1 - share)
        return -float((betaln(x + a, y + b) - betaln(a, b)).sum())

    found = minimize_scalar(misfit, bounds=np.log(SIZES), method="bounded")
    plain = -float(x.sum() * np.log(share) + y.sum() * np.log(1 - share))
    return float(1 / (1 + np.exp(found.x))) if found.fun < plain - 1e-6 else 0.0


def inflation(windows: csr_array, both: Array, scatter: Array) -> Array:
    """Give the factor by which scatter widens the variance of each window's part of its incidents.

    Parameters
    ----------
    windows
        See `civmap.analysis.cell_windows.window_matrix`.
    both
        Incidents of both periods, by cell, or cells by draws.
    scatter
        One for each window.
    """
    apart = scatter if both.ndim == 1 else scatter[:, None]
    factor: Array = 1 + apart * (windows @ (both * (both - 1))) / np.maximum(windows @ both, 1)
    return factor


def scatter_elsewhere(
    now: pd.Series, before: pd.Series, neighbours: Graph, *, alpha: float = 0.05, min_ratio: float = 2.0
) -> pd.Series:
    """Estimate for each window how much the cells outside of it scatter.

    One great change among many cells would otherwise raise the scatter that it is held against, and hide itself. The
    estimate is made anew for the windows that would be hot by chance alone; all others, which no scatter makes hot,
    have the one of all cells.

    Parameters
    ----------
    now, before, neighbours, alpha, min_ratio
        As in `hotter_than_before`.

    Returns
    -------
    Series
        For the ``scatter`` of `hotter_than_before`, indexed as ``now``.
    """
    everywhere = estimate_change_scatter(now, before)
    apart = pd.Series(everywhere, index=now.index)
    if everywhere == 0:
        return apart
    bare = hotter_than_before(now, before, neighbours, alpha=alpha, min_ratio=min_ratio)["hot"].to_numpy()
    windows = window_matrix(neighbours, now.index)
    for one in map(int, np.flatnonzero(bare)):
        outside = np.ones(len(now), dtype=bool)
        outside[windows.indices[windows.indptr[one] : windows.indptr[one + 1]]] = False
        apart.iloc[one] = estimate_change_scatter(now[outside], before[outside])
    return apart


def _both(now: pd.Series, before: pd.Series) -> tuple[Array, Array]:
    """Give both counts as numbers, null in both where either was not observed."""
    if not now.index.equals(before.index):
        raise AnalysisError(say("Both periods need the same cells in the same order."))
    x, y = read_counts(now), read_counts(before)
    unseen = np.isnan(x) | np.isnan(y)
    return np.where(unseen, np.nan, x), np.where(unseen, np.nan, y)


def _tail_and_limits(k: Array, n: Array, share: float) -> tuple[Array, Array, Array]:
    """Give the upper tail and the Clopper-Pearson limits of the share; both arguments need not be whole."""
    half = (1 - tails.CONFIDENCE) / 2
    rest = np.maximum(n - k, 0)
    some, left = k > 0, rest > 0
    p = np.where(some, betainc(np.where(some, k, 1), rest + 1, share), 1.0)
    low = np.where(some, betaincinv(np.where(some, k, 1), rest + 1, half), 0.0)
    high = np.where(left, betaincinv(k + 1, np.where(left, rest, 1), 1 - half), 1.0)
    return p, low, high


def _reasons(x: Array, y: Array, n: Array, share: float) -> pd.Series:
    scarce = too_few(x)
    none_before = say("there is no incident in the earlier period, so nothing to compare with")
    little = {
        one: say_n(one, "too few to tell: {n} incident here in both periods together",
                   "too few to tell: {n} incidents here in both periods together")
        for one in np.unique(n)
    }  # fmt: skip
    words = np.select(
        [
            np.isnan(x),
            np.full(len(x), scarce != ""),
            np.full(len(x), not np.nansum(y)),
            n == np.nansum(x + y),
            n * share < MIN_EXPECTED,
        ],
        [
            say(NOT_OBSERVED),
            scarce,
            none_before,
            say("the window holds every incident, and leaves nothing to compare it with"),
            np.array([little[one] for one in n], dtype=object),
        ],
        default="",
    )
    return pd.Series(words, dtype="str")

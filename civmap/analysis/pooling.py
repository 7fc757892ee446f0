"""Partial pooling: an area with two incidents does not shout.

The change of each area is drawn towards what is usual in all areas, the more the fewer incidents it has. Raw and
pooled changes are both shown: the raw one is what was counted, the pooled one the better guess of what will last.
"""

from functools import cache
from threading import Lock

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import ThreadpoolController

from civmap.analysis.period_change import effective_share
from civmap.analysis.rates import COUNTS, check_confidence, numbers
from civmap.errors import AnalysisError
from civmap.language import mark, say

__all__ = ["SENTENCE", "pool_changes"]

Array = NDArray[np.float64]

SENTENCE = mark(
    "Pooled changes are drawn towards what is usual in all provinces, the more the fewer incidents a province has, so "
    "that two incidents after one do not read as a doubling; raw changes are what was counted."
)

THETA: Array = np.linspace(-5, 5, 401)  # change of one area, log scale: a factor of 150 either way
CENTRES: Array = np.linspace(-1.6, 1.6, 65)  # usual change of all areas: a factor of five either way
SPREADS: Array = np.linspace(0.025, 1.5, 60)  # standard deviation of changes between areas, log scale
NEGLIGIBLE = 1e-9  # weight of a pair of centre and spread, beside that of the best one
_ALONE = Lock()
USUAL_SPREAD = 0.5  # mode of the prior of the spread, which keeps off 0: areas are never taken as all alike


def pool_changes(now: ArrayLike, before: ArrayLike, *, excess: float = 0.0, confidence: float = 0.95) -> pd.DataFrame:
    """Estimate the changes of many areas together.

    Changes of areas are taken as normal around a common one on the log scale; centre and spread are averaged over
    what the counts allow, on a grid, so that the intervals also know that they are not known. Counts are first taken
    for what they are worth, see `effective_share`.

    Parameters
    ----------
    now, before
        Incidents of each area in two periods of equal length; null where a period is not covered.
    excess
        Clustering of the sums, see `Clustering.of_sum`.
    confidence
        Of the intervals.

    Returns
    -------
    DataFrame
        In the order given: ``ratio`` (median), ``low``, ``high``, and ``share``: how much of the answer is the area's
        own, 1 less the variance left over the variance between areas; null where not covered.

    Raises
    ------
    AnalysisError
        On counts below 0 or of unequal number, and a clustering or confidence that cannot be.

    References
    ----------
    Morris CN (1983). Parametric empirical Bayes inference. JASA 78, 47-55; Gelman A (2006). Prior distributions for
    variance parameters in hierarchical models. Bayesian Analysis 1, 515-534.

    Examples
    --------
    >>> found = pool_changes([2, 40, 55, 60, 48], [1, 42, 50, 61, 50])
    >>> bool(found["ratio"][0] < 1.3), bool(found["high"][0] < 3)
    (True, True)
    """
    first, second = numbers(now, COUNTS), numbers(before, COUNTS)
    half = check_confidence(confidence)
    if first.shape != second.shape or first.ndim != 1:
        raise AnalysisError(
            say("Every area needs a count now and a count before."),
            found=say("{first} and {second}", first=first.size, second=second.size),
        )
    if not 0 <= excess < np.inf:
        raise AnalysisError(say("Clustering cannot be below 0 or unknown."), found=f"{excess!r}")
    known = np.isfinite(first) & np.isfinite(second)
    result = pd.DataFrame(np.nan, index=range(len(first)), columns=["ratio", "low", "high", "share"])
    if not known.any():
        return result
    a, b = (part[known, None] for part in effective_share(first, second, excess))
    log_odds = a * THETA - (a + b) * np.logaddexp(0, THETA)
    likelihood = np.exp(log_odds - log_odds.max(axis=1, keepdims=True))
    # for so small a product threads wait longer than they work; one at a time, since the number is the process's
    with _ALONE, _blas().limit(limits=1, user_api="blas"):
        posterior, usual = _posterior(likelihood)
    limits = _quantiles(posterior, [0.5, half, 1 - half])
    shrunk = 1 - _variance(posterior) / _variance(usual[None])
    result.loc[known, ["ratio", "low", "high"]] = np.exp(limits)
    result.loc[known, "share"] = np.clip(shrunk, 0, 1)
    return result


def _posterior(likelihood: Array) -> tuple[Array, Array]:
    """Give how the change of each area is distributed over `THETA`, and that of any area."""
    spread, prior = _priors()
    marginal = np.maximum(likelihood @ prior.T, np.finfo(float).tiny)  # a change far outside a narrow spread
    log_weight = np.log(marginal).sum(axis=0) + np.log(spread) - 0.5 * (spread / USUAL_SPREAD) ** 2
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    kept = weight > NEGLIGIBLE * weight.max()  # most of the grid has no weight at all
    weight, marginal, prior = weight[kept], marginal[:, kept], prior[kept]
    posterior = likelihood * ((weight / marginal) @ prior)
    return posterior / posterior.sum(axis=1, keepdims=True), weight @ prior


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()


@cache
def _priors() -> tuple[Array, Array]:
    """Give the spread of each pair of centre and spread, and how it distributes changes over `THETA`; made once."""
    centre, spread = (part.ravel() for part in np.meshgrid(CENTRES, SPREADS, indexing="ij"))
    prior = np.exp(-0.5 * ((THETA - centre[:, None]) / spread[:, None]) ** 2)
    return spread, prior / prior.sum(axis=1, keepdims=True)


def _quantiles(density: Array, at: list[float]) -> Array:
    """Read quantiles of each row over `THETA`, between grid points."""
    below = np.cumsum(density, axis=1) - density / 2
    return np.array([np.interp(at, row, THETA) for row in below])


def _variance(density: Array) -> Array:
    return np.asarray(density @ THETA**2 - (density @ THETA) ** 2)

"""Regression of counts in time with errors averaged over their serial correlation.

Counts of incidents per month vary more than a Poisson law allows and resemble their neighbours in time. A
model that ignores either claims changes that are not there. Here the mean is log-linear (see `count_fit`) and
the uncertainty is averaged over an AR(1) correlation of 0 to 0.85, each value weighted by its restricted
likelihood, so that a short series does not have to decide how correlated it is. Before/after comparisons and
trends share this one rule.

What it does not do: it assumes that the correlation fades with distance in time, and that variance follows the
family's law.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from statsmodels.stats.sandwich_covariance import S_hac_simple

from civmap.analysis.count_estimates import Estimates, Inference, information, whiten
from civmap.analysis.count_fit import CountFit, NoFiniteFitError, fit_counts, no_scatter
from civmap.errors import AnalysisError
from civmap.language import say

__all__ = [
    "RHO_GRID",
    "AnalysisWarning",
    "CountFit",
    "Estimates",
    "Inference",
    "NoFiniteFitError",
    "ar1_estimates",
    "fit_counts",
    "hac_estimates",
    "model_estimates",
]

Array = NDArray[np.float64]

# correlation of neighbouring periods: 0, 0.05, ... 0.85
RHO_GRID: Array = np.arange(18, dtype=np.float64) * 0.05
ROUNDING = 1e-12  # a residual below this share of the counts is no scatter
FEW_FOR_HAC = 100  # points below which Newey-West errors are too small


class AnalysisWarning(UserWarning):
    """A result that stands, from a method that is known to be too sure of itself here."""


def ar1_estimates(
    fit: CountFit, *, times: ArrayLike | None = None, rho: Sequence[float] | Array = RHO_GRID
) -> Estimates:
    """Estimate the coefficients for each serial correlation and weigh them by how well it describes the series.

    At the converged fit with means mu the working responses are put on a scale of equal variance; generalised
    least squares with correlation ``rho ** |t_i - t_j|`` gives estimate, residual sum and restricted
    likelihood per rho.

    Parameters
    ----------
    fit
        A fitted model.
    times
        Place of each period in time, in periods, increasing; gaps where periods are missing. Without it the
        periods follow each other.
    rho
        Correlations to average over, each at least 0 and below 1.

    Returns
    -------
    Estimates
        With t(n - k) tails.

    References
    ----------
    Zeger SL (1988). A regression model for time series of counts. Biometrika 75,
    621-629 (the working model); Harville DA (1974). Bayesian inference for variance components using only
    error contrasts. Biometrika 61, 383-385
    (the restricted likelihood as weight).

    Examples
    --------
    >>> counts = [8, 12, 9, 14, 11, 7, 10, 13, 9, 11]
    >>> estimates = ar1_estimates(fit_counts(counts, [[1.0]] * 10))
    >>> found = estimates.infer([1.0])
    >>> [round(float(np.exp(part[0])), 1) for part in (found.value, found.low, found.high)]
    [10.3, 7.7, 13.5]
    """
    n, k = fit.design.shape
    place = np.arange(n, dtype=float) if times is None else np.asarray(times, dtype=float)
    grid = np.asarray(rho, dtype=float)
    weights = fit.weights_at(fit.means)
    matrices, columns, log_r = information(fit.design, weights, place, grid)
    whitened = whiten(np.sqrt(weights) * fit.response, place, grid)[0]
    inverse = np.linalg.inv(matrices)
    coefficients = np.einsum("rij,rnj,rn->ri", inverse, columns, whitened)
    residuals = whitened - np.einsum("rnj,rj->rn", columns, coefficients)
    rss = np.einsum("rn,rn->r", residuals, residuals)
    if not (rss > ROUNDING * weights.sum()).all():
        raise no_scatter()
    log_likelihood = -log_r / 2 - np.linalg.slogdet(matrices)[1] / 2 - (n - k) / 2 * np.log(rss)
    likelihood = np.exp(log_likelihood - log_likelihood.max())
    scale = rss / (n - k)
    return Estimates(
        grid,
        likelihood / likelihood.sum(),
        coefficients,
        scale[:, None, None] * inverse,
        scale,
        float(n - k),
        place,
    )


def model_estimates(fit: CountFit, *, dispersed: bool | None = None) -> Estimates:
    """Estimate as textbooks do: independent periods, normal tails.

    Parameters
    ----------
    fit
        A fitted model.
    dispersed
        Whether the variance is the fitted multiple of the family's own, or just that; without it, as the family has
        it (a multiple for quasi-Poisson, quasi-binomial and Gaussian).

    Returns
    -------
    Estimates
        Equal to ``statsmodels`` GLM with ``scale="X2"`` (dispersed) or ``scale=1``.
    """
    scale = fit.scale if dispersed is None else fit.dispersion if dispersed else 1.0
    return _independent(fit, scale * _bread(fit), scale)


def hac_estimates(fit: CountFit, *, lags: int | None = None, times: ArrayLike | None = None) -> Estimates:
    """Estimate with Newey-West standard errors and normal tails.

    On the few dozen months of a directive these errors are far too small: they are here because reviewers ask for
    them, and warn below 100 points. No correction for a small sample is made.

    Parameters
    ----------
    fit
        A fitted model.
    lags
        Periods over which neighbours are taken as correlated; without it, 4 (n / 100)^(2/9).
    times
        Place of each period in time; periods that are missing count as uncorrelated with all others.

    Returns
    -------
    Estimates
        Equal to ``statsmodels`` GLM with ``cov_type="HAC"`` where no period is missing.

    References
    ----------
    Newey WK, West KD (1987). A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent
    covariance matrix. Econometrica 55, 703-708.
    """
    n = len(fit.outcome)
    if n < FEW_FOR_HAC:
        warnings.warn(
            say("Newey-West errors on {n} points are too small; below {few} they claim changes that are not there. "
                "errors='ar1' is meant for short series.", n=n, few=FEW_FOR_HAC),
            AnalysisWarning,
            stacklevel=2,
        )  # fmt: skip
    most = int(4 * (n / 100) ** (2 / 9)) if lags is None else lags
    if most < 0 or most != int(most) or most >= n:
        raise AnalysisError(
            say("The lags of Newey-West errors have to be a whole number of periods."),
            found=str(lags),
            expected=say("0 to {last}", last=n - 1),
        )
    place = np.arange(n) if times is None else np.asarray(times, dtype=int)
    scores = np.zeros((place[-1] - place[0] + 1, fit.design.shape[1]))
    weights = fit.weights_at(fit.means)
    scores[place - place[0]] = (weights * (fit.response - fit.design @ fit.coefficients))[:, None] * fit.design
    bread = _bread(fit)
    return _independent(fit, bread @ S_hac_simple(scores, nlags=int(most)) @ bread, fit.dispersion)


def _bread(fit: CountFit) -> Array:
    weights = fit.weights_at(fit.means)
    return np.asarray(np.linalg.inv(fit.design.T @ (weights[:, None] * fit.design)), dtype=np.float64)


def _independent(fit: CountFit, covariance: Array, scale: float) -> Estimates:
    one, place = np.ones(1), np.arange(len(fit.outcome), dtype=float)
    return Estimates(np.zeros(1), one, fit.coefficients[None], covariance[None], scale * one, np.inf, place)

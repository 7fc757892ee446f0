"""Regression of counts in time with errors averaged over their serial correlation.

Counts of incidents per month vary more than a Poisson law allows and resemble their neighbours in time. A
model that ignores either claims changes that are not there. Here the mean is log-linear (quasi-Poisson) and
the uncertainty is averaged over an AR(1) correlation of 0 to 0.85, each value weighted by its restricted
likelihood, so that a short series does not have to decide how correlated it is. Before/after comparisons and
trends share this one rule.

What it does not do: it assumes that the correlation fades with distance in time, and that variance grows as
the mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, stdtr, stdtrit
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

from civmap.errors import AnalysisError

__all__ = [
    "RHO_GRID",
    "CountFit",
    "Estimates",
    "Inference",
    "NoFiniteFitError",
    "ar1_estimates",
    "fit_counts",
    "model_estimates",
]

Array = NDArray[np.float64]

# correlation of neighbouring periods: 0, 0.05, ... 0.85
RHO_GRID: Array = np.arange(18, dtype=np.float64) * 0.05
ROUNDING = 1e-12  # a residual below this share of the counts is no scatter
NO_EVENTS_MEAN = 1e-6  # a fitted mean below this stands for a term that ran off to minus infinity


class NoFiniteFitError(AnalysisError):
    """A coefficient has no finite value: nothing was counted wherever its term alone applies."""


@dataclass(frozen=True)
class CountFit:
    """A log-linear model of counts, fitted.

    Parameters
    ----------
    outcome, means
        Observed and fitted counts, one per period.
    design
        Columns of the model, periods by coefficients.
    offset
        Logarithm of the exposure, 0 where there is none.
    coefficients
        On the log scale.
    dispersion
        Pearson chi-squared over degrees of freedom: variance over mean; 1 for a Poisson law.
    """

    outcome: Array
    means: Array
    design: Array
    offset: Array
    coefficients: Array
    dispersion: float

    @property
    def df(self) -> int:
        """Periods less coefficients."""
        return self.design.shape[0] - self.design.shape[1]


@dataclass(frozen=True)
class Inference:
    """A value on the log scale with interval and two-sided p against 0, all from one p-value function."""

    value: Array
    low: Array
    high: Array
    p: Array


@dataclass(frozen=True)
class Estimates:
    """Coefficients and covariances, one set per assumed correlation, with the weight of each.

    Parameters
    ----------
    rho, weights
        Assumed correlation of neighbouring periods; how well each describes the series (sums to 1).
    coefficients
        One row per rho, log scale.
    covariances
        One matrix per rho.
    scale
        Residual variance per rho, in units of a Poisson variance.
    df
        Degrees of freedom of the t law; infinite for a normal law.
    times
        Place of each period on a calendar without gaps, in periods.
    """

    rho: Array
    weights: Array
    coefficients: Array
    covariances: Array
    scale: Array
    df: float
    times: Array

    @property
    def mean_rho(self) -> float:
        """Correlation of neighbouring periods, weighted mean."""
        return float(self.weights @ self.rho)

    @property
    def mean_coefficients(self) -> Array:
        """Weighted mean of the coefficients."""
        return self.weights @ self.coefficients

    def infer(self, contrasts: ArrayLike, *, confidence: float = 0.95) -> Inference:
        """Give each linear combination of the coefficients its value, interval and p.

        The p of a value b is the weighted mean of the two-sided t tails of (estimate - b) / standard error;
        the interval holds the values that this p does not reject, so p and interval never contradict each
        other.

        Parameters
        ----------
        contrasts
            One combination, or one per row.
        confidence
            Of the interval, between 0 and 1.

        Returns
        -------
        Inference
            Arrays with one entry per combination.
        """
        rows = np.atleast_2d(np.asarray(contrasts, dtype=float))
        estimates = self.coefficients @ rows.T
        errors = np.sqrt(np.einsum("mi,rij,mj->rm", rows, self.covariances, rows))
        value = self.weights @ estimates
        low, high = (self._limit(estimates, errors, value, side, 1 - confidence) for side in (-1, 1))
        p = self._tail(np.zeros_like(value), estimates, errors)
        return Inference(value=value, low=low, high=high, p=np.minimum(p, 1.0))

    def covariances_at(self, fit: CountFit, means: Array) -> Array:
        """Give the covariances that the same scatter would make around other means than those fitted.

        Parameters
        ----------
        fit
            The fit behind these estimates.
        means
            One per period.
        """
        inverse = np.linalg.inv(_information(fit.design, means, self.times, self.rho)[0])
        return self.scale[:, None, None] * inverse

    def detectable(self, errors: Array, *, power: float = 0.8, confidence: float = 0.95) -> float:
        """Smallest true effect, on the log scale, that would be told from none with the given power.

        Parameters
        ----------
        errors
            Standard error per rho, see `covariances_at`.
        power, confidence
            Probability of finding the effect; confidence of the interval that has to exclude 0.
        """
        column = np.asarray(errors, dtype=float)[:, None]
        centre = np.zeros((len(column), 1))
        threshold = self._limit(centre, column, np.zeros(1), 1, 1 - confidence)
        beyond = self._limit(centre, column, np.zeros(1), 1, 2 * (1 - power))
        return float(threshold[0] + beyond[0])

    def _tail(self, value: Array, estimates: Array, errors: Array) -> Array:
        return 2 * self.weights @ stdtr(self.df, -np.abs(estimates - value) / errors)

    def _limit(self, estimates: Array, errors: Array, value: Array, side: int, alpha: float) -> Array:
        """Find where the p of the mixture falls to alpha, by Newton's steps kept inside a bracket."""
        edge = estimates + side * stdtrit(self.df, 1 - alpha / 2) * errors
        if len(self.rho) == 1:
            return edge[0]
        # at the outermost limit of any component all of them reject, so the mixture does
        inner, outer = value.copy(), edge.max(axis=0) if side > 0 else edge.min(axis=0)
        norm = 2 * np.exp(gammaln((self.df + 1) / 2) - gammaln(self.df / 2)) / np.sqrt(self.df * np.pi)
        x = self.weights @ edge
        for _ in range(100):
            z = (x - estimates) / errors
            excess = 2 * self.weights @ stdtr(self.df, -np.abs(z)) - alpha
            density = norm * (1 + z**2 / self.df) ** (-(self.df + 1) / 2)
            inner, outer = np.where(excess > 0, x, inner), np.where(excess > 0, outer, x)
            slope = -self.weights @ (np.sign(z) * density / errors)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = x - excess / slope
            within = (step >= np.minimum(inner, outer)) & (step <= np.maximum(inner, outer))
            last, x = x, np.where(within, step, (inner + outer) / 2)
            if (np.abs(x - last) < 1e-11 * (1 + np.abs(x))).all():
                break
        return x


def fit_counts(outcome: ArrayLike, design: ArrayLike, *, offset: ArrayLike | None = None) -> CountFit:
    """Fit a log-linear mean to counts by quasi-likelihood.

    Assumes a variance proportional to the mean; the estimates are those of a Poisson regression.

    Parameters
    ----------
    outcome
        Counts, one per period.
    design
        Columns of the model without linear dependence, an intercept among them.
    offset
        Logarithm of the exposure.

    Returns
    -------
    CountFit
        The fitted means, coefficients and dispersion.

    Raises
    ------
    AnalysisError
        With fewer than three periods more than coefficients.
    NoFiniteFitError
        When nothing was counted wherever some term alone applies.

    References
    ----------
    McCullagh P, Nelder JA (1989). Generalized Linear Models, 2nd ed., chapters 6 and 9.

    Examples
    --------
    >>> fit = fit_counts([4, 6, 12, 8, 10], [[1], [1], [1], [1], [1]])
    >>> fit.means.round(1).tolist(), round(fit.dispersion, 2)
    ([8.0, 8.0, 8.0, 8.0, 8.0], 1.25)
    """
    y, columns = np.asarray(outcome, dtype=float), np.asarray(design, dtype=float)
    if np.ptp(y) == 0:
        raise _no_scatter()
    log_exposure = np.zeros(len(y)) if offset is None else np.asarray(offset, dtype=float)
    if len(y) - columns.shape[1] < 3:
        raise AnalysisError(
            "The series is too short for this model.",
            found=f"{len(y)} periods for {columns.shape[1]} coefficients",
            expected=f"at least {columns.shape[1] + 3} periods",
            next_step="Take a longer window, fewer harmonics, or fewer other events.",
        )
    try:
        with np.errstate(all="ignore"):  # a term that runs off to minus infinity is caught by its means below
            result = GLM(y, columns, family=Poisson(), offset=log_exposure).fit(scale="X2", tol=1e-10)
            settled = bool(result.converged)
    except PerfectSeparationWarning as warning:
        raise _no_scatter() from warning
    except (ConvergenceWarning, np.linalg.LinAlgError, ValueError):
        settled = False
    if not settled or not np.isfinite(result.params).all() or result.mu.min() < NO_EVENTS_MEAN:
        raise NoFiniteFitError(
            "The model has no finite answer: in some stretch of the series nothing was counted at all.",
            next_step="Take a wider area or more causes, a longer window, or leave out short events.",
        )
    return CountFit(y, result.mu, columns, log_exposure, result.params, float(result.scale))


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
        A fitted quasi-Poisson model.
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
    root = np.sqrt(fit.means)
    response = root * (np.log(fit.means) - fit.offset + (fit.outcome - fit.means) / fit.means)
    information, columns, log_r = _information(fit.design, fit.means, place, grid)
    whitened = _whiten(response, place, grid)[0]
    inverse = np.linalg.inv(information)
    coefficients = np.einsum("rij,rnj,rn->ri", inverse, columns, whitened)
    residuals = whitened - np.einsum("rnj,rj->rn", columns, coefficients)
    rss = np.einsum("rn,rn->r", residuals, residuals)
    if not (rss > ROUNDING * fit.means.sum()).all():
        raise _no_scatter()
    log_likelihood = -log_r / 2 - np.linalg.slogdet(information)[1] / 2 - (n - k) / 2 * np.log(rss)
    weights = np.exp(log_likelihood - log_likelihood.max())
    scale = rss / (n - k)
    return Estimates(
        grid,
        weights / weights.sum(),
        coefficients,
        scale[:, None, None] * inverse,
        scale,
        float(n - k),
        place,
    )


def model_estimates(fit: CountFit, *, dispersed: bool = True) -> Estimates:
    """Estimate as textbooks do: independent periods, normal tails.

    Parameters
    ----------
    fit
        A fitted model.
    dispersed
        Whether the variance is the fitted multiple of the mean (quasi-Poisson) or the mean itself (Poisson).

    Returns
    -------
    Estimates
        Equal to ``statsmodels`` GLM with ``scale="X2"`` (dispersed) or ``scale=1``.
    """
    place = np.arange(len(fit.outcome), dtype=float)
    inverse = np.linalg.inv(_information(fit.design, fit.means, place, np.zeros(1))[0])
    scale = np.array([fit.dispersion if dispersed else 1.0])
    one = np.ones(1)
    return Estimates(np.zeros(1), one, fit.coefficients[None], scale * inverse, scale, np.inf, place)


def _no_scatter() -> AnalysisError:
    return AnalysisError(
        "The counts follow the model without any scatter, so nothing can be said about chance.",
        next_step="Check that these are counts, and take a longer window.",
    )


def _whiten(values: Array, times: Array, rho: Array) -> tuple[Array, Array]:
    """Remove the AR(1) correlation for each rho; also the log determinant of the correlation matrix."""
    lag = rho[:, None] ** np.diff(times)
    spread = np.sqrt(1 - lag**2)
    extra = (...,) + (None,) * (values.ndim - 1)
    out = np.broadcast_to(values, (len(rho), *values.shape)).copy()
    out[:, 1:] = (values[1:] - lag[extra] * values[:-1]) / spread[extra]
    return out, 2 * np.log(spread).sum(axis=1)


def _information(design: Array, means: Array, times: Array, rho: Array) -> tuple[Array, Array, Array]:
    """Information matrix per rho at the given means, the whitened design, and log determinants of correlation."""
    columns, log_r = _whiten(np.sqrt(means)[:, None] * design, times, rho)
    return np.einsum("rni,rnj->rij", columns, columns), columns, log_r

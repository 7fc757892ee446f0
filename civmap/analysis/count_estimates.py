"""Estimates that are averaged over what is not known: one set of coefficients per assumed serial correlation.

The p of a value is the weighted mean of the tails under each correlation, and the interval holds the values that this
p does not reject, so that p and interval never contradict each other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, stdtr, stdtrit

from civmap.analysis.count_fit import CountFit

__all__ = ["Estimates", "Inference", "information", "whiten"]

Array = NDArray[np.float64]


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
        inverse = np.linalg.inv(information(fit.design, fit.weights_at(means), self.times, self.rho)[0])
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


def whiten(values: Array, times: Array, rho: Array) -> tuple[Array, Array]:
    """Remove the AR(1) correlation for each rho; also the log determinant of the correlation matrix."""
    lag = rho[:, None] ** np.diff(times)
    spread = np.sqrt(1 - lag**2)
    extra = (...,) + (None,) * (values.ndim - 1)
    out = np.broadcast_to(values, (len(rho), *values.shape)).copy()
    out[:, 1:] = (values[1:] - lag[extra] * values[:-1]) / spread[extra]
    return out, 2 * np.log(spread).sum(axis=1)


def information(design: Array, weights: Array, times: Array, rho: Array) -> tuple[Array, Array, Array]:
    """Information matrix per rho at the given weights, the whitened design, and log determinants of correlation."""
    columns, log_r = whiten(np.sqrt(weights)[:, None] * design, times, rho)
    return np.einsum("rni,rnj->rij", columns, columns), columns, log_r

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
        twice, spread, middle = (np.tile(part, 2) for part in (estimates, errors, value))
        side = np.repeat([-1.0, 1.0], len(rows))
        low, high = np.split(self._limit(twice, spread, middle, side, 1 - confidence), 2)
        return Inference(value=value, low=low, high=high, p=self._p(estimates, errors))

    def test(self, contrast: ArrayLike) -> tuple[float, float]:
        """Give the value of one linear combination and its p, as `infer` does, without the work for an interval."""
        row = np.asarray(contrast, dtype=float)
        estimates = (self.coefficients @ row)[:, None]
        errors = np.sqrt(np.einsum("i,rij,j->r", row, self.covariances, row))[:, None]
        return float((self.weights @ estimates)[0]), float(self._p(estimates, errors)[0])

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
        columns = np.tile(np.asarray(errors, dtype=float)[:, None], 2)
        alpha = np.array([1 - confidence, 2 * (1 - power)])  # to find it, and to lie beyond that
        return float(self._limit(np.zeros_like(columns), columns, np.zeros(2), np.ones(2), alpha).sum())

    def _p(self, estimates: Array, errors: Array) -> Array:
        return np.asarray(np.minimum(2 * self.weights @ stdtr(self.df, -np.abs(estimates) / errors), 1.0))

    def _limit(self, estimates: Array, errors: Array, value: Array, side: Array, alpha: Array | float) -> Array:
        """Find for each column where the p of the mixture falls to alpha, by Newton's steps kept inside a bracket."""
        edge = estimates + side * stdtrit(self.df, 1 - alpha / 2) * errors
        if len(self.rho) == 1:
            return edge[0]
        # at the outermost limit of any component all of them reject, so the mixture does
        inner, outer = value.copy(), np.where(side > 0, edge.max(axis=0), edge.min(axis=0))
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

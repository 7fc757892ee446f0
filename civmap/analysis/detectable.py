"""What a design could have seen at all, known before the result is looked at."""

import numpy as np
from numpy.typing import NDArray

from civmap.analysis.count_series import CountFit, Estimates
from civmap.analysis.effects import Detectable

__all__ = ["smallest_detectable"]

Array = NDArray[np.float64]

EFFECTS: Array = np.linspace(0, np.log(1000), 346)  # sizes tried, log scale, in steps of 2 %


def smallest_detectable(
    fit: CountFit, without: Array, estimates: Estimates, column: int, *, power: float = 0.8, confidence: float = 0.95
) -> Detectable:
    """Find the smallest fall and rise of a level that would be told from no change with the given power.

    Judged by the counts expected without the directives, so that the answer does not depend on the effect found. A
    fall leaves fewer incidents to count and is harder to see than a rise of the same ratio: the variance is taken as
    mean plus a multiple of the squared mean, with the multiple that the dispersion of the series implies.

    Parameters
    ----------
    fit, estimates
        Of the same model.
    without
        The design with the directives' columns at 0.
    column
        Number of the level's column, 1 in the periods after the date.
    power, confidence
        Probability of finding the effect; confidence of the interval that has to exclude 1.

    Returns
    -------
    Detectable
        A fall of 0, or a rise of infinity, where not even one to a thousandth or a thousandfold would be seen.
    """
    means = np.exp(fit.offset + without @ fit.coefficients)
    errors = np.sqrt(estimates.covariances_at(fit, means)[:, column, column])
    still = estimates.detectable(errors, power=power, confidence=confidence)
    after = fit.design[:, column]
    fall, rise = (
        _first_seen(still * _growth(fit, means * np.exp(sign * np.outer(EFFECTS, after)), column)) for sign in (-1, 1)
    )
    return Detectable(fall=float(np.exp(-fall)), rise=float(np.exp(rise)), power=power)


def _growth(fit: CountFit, means: Array, column: int) -> Array:
    """Give the standard error at each row of means over that at the first row, for independent periods."""
    clustering = max(fit.dispersion - 1, 0) / fit.means.mean()
    variance = means * (min(fit.dispersion, 1) + clustering * means)
    bread = np.linalg.inv(np.einsum("em,mi,mj->eij", means, fit.design, fit.design))[:, column]
    spread = np.einsum("em,em->e", (bread @ fit.design.T) ** 2, variance)
    return np.sqrt(spread / spread[0])


def _first_seen(needed: Array) -> float:
    """Smallest effect at least as large as what is needed to see it, between the sizes tried."""
    enough = np.flatnonzero(needed <= EFFECTS)
    if not len(enough):
        return float("inf")
    last = enough[0]
    gap = EFFECTS - needed
    return float(EFFECTS[last - 1] + (EFFECTS[last] - EFFECTS[last - 1]) * -gap[last - 1] / (gap[last] - gap[last - 1]))

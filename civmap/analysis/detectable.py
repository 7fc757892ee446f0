"""What a design could have seen at all, known before the result is looked at."""

import numpy as np
from numpy.typing import NDArray

from civmap.analysis.count_fit import CountFit
from civmap.analysis.count_series import Estimates
from civmap.analysis.effects import Detectable

__all__ = ["is_detectable", "smallest_detectable"]

Array = NDArray[np.float64]

EFFECTS: Array = np.linspace(0, np.log(1000), 346)  # sizes tried, log scale, in steps of 2 %


def smallest_detectable(
    fit: CountFit, without: Array, estimates: Estimates, column: int, *, power: float = 0.8, confidence: float = 0.95
) -> Detectable:
    """Find the smallest fall and rise of a level that would be told from no change with the given power.

    Judged by the counts expected without the directives, so that the answer does not depend on the effect found. A
    fall leaves fewer incidents to count and is harder to see than a rise of the same ratio, see `CountFit.scatter_at`.

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
    means = fit.mean_of(without)
    still = _still(fit, means, estimates, column, power, confidence)
    after = fit.design[:, column]
    fall, rise = (
        _first_seen(still * _growth(fit, fit.shifted(means, sign * np.outer(EFFECTS, after)), column))
        for sign in (-1, 1)
    )
    return Detectable(fall=float(np.exp(-fall)), rise=float(np.exp(rise)), power=power)


def is_detectable(
    fit: CountFit, means: Array, estimates: Estimates, column: int, ratio: float, *, power: float, confidence: float
) -> bool:
    """Say whether one given ratio would be told from 1 with the given power, around given means.

    Parameters
    ----------
    fit, estimates, column, power, confidence
        As for `smallest_detectable`.
    means
        Expected counts without the effect.
    ratio
        The true effect.
    """
    effects = np.log(ratio) * np.array([0.0, 1.0])
    growth = _growth(fit, fit.shifted(means, np.outer(effects, fit.design[:, column])), column)[1]
    return bool(_still(fit, means, estimates, column, power, confidence) * growth <= abs(effects[1]))


def _still(fit: CountFit, means: Array, estimates: Estimates, column: int, power: float, confidence: float) -> float:
    """Effect that would be seen if it did not change how many incidents there are to count."""
    own = estimates.covariances[:, column, column] / estimates.covariances_at(fit, fit.means)[:, column, column]
    errors = np.sqrt(own * estimates.covariances_at(fit, means)[:, column, column])
    return estimates.detectable(errors, power=power, confidence=confidence)


def _growth(fit: CountFit, means: Array, column: int) -> Array:
    """Give the standard error at each row of means over that at the first row, for independent periods."""
    with np.errstate(all="ignore"):  # shares that reach 1 carry no information and are never seen
        weights, scatter = fit.weights_at(means), fit.scatter_at(means)
        bread = np.linalg.inv(np.einsum("em,mi,mj->eij", weights, fit.design, fit.design))[:, column]
        spread = np.einsum("em,em->e", (bread @ fit.design.T) ** 2, scatter)
        return np.nan_to_num(np.sqrt(spread / spread[0]), nan=np.inf)


def _first_seen(needed: Array) -> float:
    """Smallest effect at least as large as what is needed to see it, between the sizes tried."""
    enough = np.flatnonzero(needed <= EFFECTS)
    if not len(enough):
        return float("inf")
    last = enough[0]
    gap = EFFECTS - needed
    return float(EFFECTS[last - 1] + (EFFECTS[last] - EFFECTS[last - 1]) * -gap[last - 1] / (gap[last] - gap[last - 1]))

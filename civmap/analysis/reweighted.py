"""Iteratively reweighted least squares: the steps of ``statsmodels`` GLM without what it sets up around them.

A page fits some fifty short series one after another, and there the set-up takes longer than the arithmetic. Start,
steps and end are the same, so that the answers are.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from statsmodels.genmod import families

__all__ = ["Reweighted", "reweighted"]

Array = NDArray[np.float64]

MOST_STEPS = 100
SETTLED = 1e-10  # change of the scaled deviance from one step to the next
SMALLEST = np.finfo(float).eps  # mean that a logarithm is taken of


class Reweighted(NamedTuple):
    """Means, coefficients, Pearson chi-squared over degrees of freedom, and whether the steps came to an end."""

    mu: Array
    params: Array
    scale: float
    converged: bool


def reweighted(
    y: Array, columns: Array, offset: Array, law: Any, *, near: Array | None = None, prior: Array | float = 1.0
) -> Reweighted:
    """Fit a generalised linear model.

    Parameters
    ----------
    y, columns, offset
        Outcome, design, and what is added to the linear predictor.
    law
        A family of ``statsmodels``.
    near
        Coefficients to start from.
    prior
        Weight of each observation.

    Returns
    -------
    Reweighted
        Equal to ``statsmodels`` GLM with ``scale="X2"`` and ``tol=1e-10``.

    Raises
    ------
    ValueError
        When a step has no finite weights.

    Examples
    --------
    >>> found = reweighted(np.array([2.0, 4.0, 6.0]), np.ones((3, 1)), np.zeros(3), families.Poisson())
    >>> found.mu.round(6).tolist(), round(found.scale, 6)
    ([4.0, 4.0, 4.0], 1.0)
    """
    df = len(y) - int(np.linalg.matrix_rank(columns))
    poisson = type(law) is families.Poisson  # spares the checks of its link

    def scatter(mu: Array) -> float:
        return float((prior * (y - mu) ** 2 / law.variance(mu)).sum() / df)

    mu = law.starting_mu(y) if near is None else law.link.inverse(columns @ near + offset)
    line = law.link(mu) if near is None else columns @ near + offset
    scale = scatter(mu)
    deviance = law.deviance(y, mu, prior, scale=scale)
    params, converged = np.zeros(columns.shape[1]), False
    for _ in range(MOST_STEPS):
        rise = 1 / np.maximum(mu, SMALLEST) if poisson else law.link.deriv(mu)
        half = np.sqrt(prior * (1 / (rise**2 * mu) if poisson else law.weights(mu)))
        aim = half * (line + rise * (y - mu) - offset)
        if not np.isfinite(aim).all():
            raise ValueError("The weights of a step are not finite.")
        params = np.linalg.lstsq(half[:, None] * columns, aim, rcond=-1)[0]
        line = columns @ params + offset
        mu = law.link.inverse(line)
        last, deviance = deviance, law.deviance(y, mu, prior, scale=scale)
        scale = scatter(mu)
        converged = bool(abs(last - deviance) <= SETTLED)
        if converged:
            break
    return Reweighted(mu, params, scale, converged)

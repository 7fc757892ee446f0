"""What chance would make of the cases of a scan, and how unlike chance a cylinder is.

Two likelihoods serve three models, since the permutation model takes the Poisson one. Each score depends on observed
and expected cases of the cylinder alone, and falls as more is expected: the search relies on that.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from civmap.analysis.cell_windows import Array
from civmap.analysis.scan_data import ScanData

Score = Callable[[Array, Array], Array]

MIN_CASES = 2  # one case alone is no cluster


def score(data: ScanData) -> Score:
    """Give the log likelihood ratio of a cylinder as a function of observed and expected cases; 0 where not more.

    References
    ----------
    Kulldorff M (1997). Communications in Statistics: Theory and Methods 26, 1481-1496, sections 3.1 and 3.2.
    """
    total = float(data.counts.sum())
    everyone = float(data.at_risk.sum()) if data.at_risk is not None else np.inf

    def poisson(observed: Array, expected: Array) -> Array:
        rest = total - observed
        return xlogy(observed, observed / expected) + xlogy(rest, rest / np.maximum(total - expected, 1e-300))

    def bernoulli(observed: Array, expected: Array) -> Array:
        inside = np.maximum(expected * everyone / total, observed)
        rest, outside = total - observed, np.maximum(everyone - inside, total - observed)
        return (
            xlogy(observed, observed / inside)
            + xlogy(inside - observed, 1 - observed / inside)
            + xlogy(rest, rest / np.maximum(outside, 1))
            + xlogy(outside - rest, 1 - rest / np.maximum(outside, 1))
            - xlogy(total, total / everyone)
            - xlogy(everyone - total, 1 - total / everyone)
        )

    ratio = poisson if data.at_risk is None else bernoulli

    def more(observed: Array, expected: Array) -> Array:
        is_more = (observed > expected * (1 + 1e-9)) & (observed >= MIN_CASES)
        safe = np.where(is_more, expected, 1.0)
        return np.where(is_more, ratio(np.where(is_more, observed, 1.0), np.maximum(safe, 1e-300)), 0.0)

    return more


def simulate(data: ScanData, generator: np.random.Generator, number: int) -> NDArray[np.int32]:
    """Draw cases under the null hypothesis: places by periods by simulations.

    Permutation: the periods of all cases are exchanged among them. Poisson: each case falls anywhere in proportion to
    what is expected. Bernoulli: cases are drawn among all events, cases and controls, without replacement.
    """
    total, shape = int(data.counts.sum()), data.counts.shape
    if data.model == "permutation":
        at, when = (np.repeat(index, data.counts.ravel()) for index in np.divmod(np.arange(data.counts.size), shape[1]))
        cells = at * shape[1] + generator.permuted(np.tile(when, (number, 1)), axis=1)
    elif data.at_risk is None:
        edges = np.cumsum(data.expected.ravel())
        cells = np.searchsorted(edges, generator.random((number, total)) * edges[-1], side="right")
    else:
        drawn = generator.multivariate_hypergeometric(data.at_risk.ravel(), total, size=number, method="marginals")
        return np.moveaxis(drawn.reshape(number, *shape), 0, -1).astype(np.int32)
    flat = np.bincount((cells * number + np.arange(number)[:, None]).ravel(), minlength=data.counts.size * number)
    return flat.reshape(*shape, number).astype(np.int32)

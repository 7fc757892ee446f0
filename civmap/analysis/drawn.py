"""The decisions of `hotspots` and `hotter_than_before` on many draws of the counts at once.

The same rules, without intervals and reasons: 100 draws of a map cost a few of its single answers. The tests hold each
draw against the functions themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import betainc
from scipy.stats import false_discovery_control

from civmap.analysis import tails
from civmap.analysis.cell_windows import MIN_EXPECTED, MIN_INCIDENTS, Array, window_matrix
from civmap.analysis.earlier import inflation

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = ["Drawn", "hot_by_exposure", "hot_by_earlier"]

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """In how many draws each cell is hot and has an answer, indexed as the cells."""

    hot: pd.Series
    answered: pd.Series


def hot_by_exposure(
    drawn: Counts,
    seen: pd.Series,
    neighbours: Graph,
    *,
    exposure: pd.Series,
    alpha: float = 0.05,
    min_ratio: float = 2.0,
    dispersion: float | None = None,
) -> Drawn:
    """Count in how many draws each cell is hot by `civmap.analysis.hotspots.hotspots`.

    Parameters
    ----------
    drawn
        Incidents, cells by draws.
    seen
        Which cells were observed, indexed by the cells; the others count for nothing.
    neighbours, exposure, alpha, min_ratio, dispersion
        As in `hotspots`.

    Examples
    --------
    >>> from libpysal.graph import Graph
    >>> names = list("abcdef")
    >>> drawn = np.array([[31, 9], [5, 9], [4, 9], [6, 9], [5, 9], [3, 9]])
    >>> alone, every = Graph.from_arrays(names, names, [0] * 6), pd.Series(True, index=names)
    >>> hot_by_exposure(drawn, every, alone, exposure=every.astype(float)).hot.tolist()
    [1, 0, 0, 0, 0, 0]
    """
    windows, look = window_matrix(neighbours, seen.index), seen.to_numpy(dtype=bool)
    counts = np.where(look[:, None], drawn, 0).astype(float)
    weight = np.where(look, exposure.reindex(seen.index).to_numpy(dtype=float), 0.0)
    inside, squares = (windows @ np.column_stack([weight, weight**2])).T
    share = np.minimum(inside / max(weight.sum(), np.finfo(float).tiny), 1.0)
    observed, total = windows @ counts, counts.sum(axis=0)
    expected = share[:, None] * total
    some = (look & (share > 0))[:, None] & (total > 0)
    if dispersion is None or np.isinf(dispersion):
        p = tails.binomial_upper(observed, np.broadcast_to(total, observed.shape), share[:, None])
    else:
        size = np.round(dispersion * inside**2 / np.where(squares > 0, squares, 1.0), 9)[:, None]
        p = tails.negative_binomial_upper(observed, np.where(some, expected, 1.0), np.where(size > 0, size, 1.0))
    uneven = np.ptp(counts[look], axis=0) > 0 if look.any() else np.zeros(len(total), dtype=bool)
    answered = (look & (share > 0) & (share < 1 - 1e-12))[:, None] & (expected >= MIN_EXPECTED)
    answered &= (total >= MIN_INCIDENTS) & uneven & (look.sum() > 1)
    high = observed >= min_ratio * expected
    return _counted(np.where(some, p, 1.0), look, answered, high & (counts > 0), alpha, seen.index)


def hot_by_earlier(
    drawn: Counts,
    before: Counts,
    seen: pd.Series,
    neighbours: Graph,
    *,
    alpha: float = 0.05,
    min_ratio: float = 2.0,
    scatter: float | pd.Series = 0.0,
) -> Drawn:
    """Count in how many draws each cell is hot by `civmap.analysis.earlier.hotter_than_before`.

    Parameters
    ----------
    drawn, before
        Incidents of the later and the earlier period, cells by draws.
    seen, neighbours, alpha, min_ratio, scatter
        As in `hot_by_exposure` and `hotter_than_before`.
    """
    windows, look = window_matrix(neighbours, seen.index), seen.to_numpy(dtype=bool)
    x, y = (np.where(look[:, None], one, 0).astype(float) for one in (drawn, before))
    observed, old, total, earlier = windows @ x, windows @ y, x.sum(axis=0), y.sum(axis=0)
    n, share = observed + old, total / np.maximum(total + earlier, 1)
    wide = inflation(windows, x + y, np.broadcast_to(np.asarray(scatter, dtype=float), len(seen)))
    k, rest = observed / wide, np.maximum(old, 0) / wide
    p = np.where(k > 0, betainc(np.where(k > 0, k, 1), rest + 1, share), 1.0)
    answered = (
        look[:, None] & (n * share >= MIN_EXPECTED) & (total >= MIN_INCIDENTS) & (earlier > 0) & (n < total + earlier)
    )
    high = observed * earlier >= min_ratio * old * total
    return _counted(p, look, answered, high & (x > 0), alpha, seen.index)


def _counted(
    p: Array,
    look: NDArray[np.bool_],
    answered: NDArray[np.bool_],
    high: NDArray[np.bool_],
    alpha: float,
    index: pd.Index,
) -> Drawn:
    q = np.ones(p.shape)
    if look.any():
        q[look] = false_discovery_control(np.clip(p[look], 0.0, 1.0), axis=0)
    hot = answered & high & (q <= alpha)
    return Drawn(pd.Series(hot.sum(axis=1), index=index), pd.Series(answered.sum(axis=1), index=index))

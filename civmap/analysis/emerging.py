"""How hot spots come and go: Gi* per period, and the trend of its z.

The definitions are CivMap's own; other programs use the same names for slightly different things. They stand as a
truth table in the docstring of `emerging`, and `patterns` is that table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from civmap.analysis import tails
from civmap.analysis.cell_windows import MIN_EXPECTED, Array, gi_star, listed, read_counts, too_few, window_matrix
from civmap.analysis.mann_kendall import MIN_VALUES, mann_kendall
from civmap.errors import AnalysisError
from civmap.language import mark, say, write

if TYPE_CHECKING:
    from libpysal.graph import Graph
    from scipy.sparse import csr_array

__all__ = ["emerging", "patterns"]

Flags = NDArray[np.bool_]

MOST = 0.9  # share of the observed periods that counts as nearly always
ROWS = ("intensifying", "diminishing", "persistent", "historical", "oscillating", "new", "consecutive", "sporadic")
NOW = (mark("hot"), mark("cold"))
TRENDS = (mark("rising"), mark("falling"))
NEITHER = mark("neither")


def emerging(cube: pd.DataFrame, neighbours: Graph, *, alpha: float = 0.05) -> pd.DataFrame:
    """Say of each cell how its hot or cold spot developed.

    A period is *hot* for a cell when the incidents in its window (the cell with its neighbours) are more than chance:
    the exact binomial tails of the window's share of that period's incidents, two-sided, corrected over all windows
    and periods at a false discovery rate of ``alpha``; *cold* when they are fewer. The exact tails stand in for the
    normal tail of Gi*, which calls too many sparse windows hot. The *trend* is Mann-Kendall's test on the cell's Gi* z,
    two-sided at ``alpha``; it is corrected neither for the number of cells nor for serial correlation, which makes
    slow swings look like trends. A cell that had no incident in any of its hot periods has no hot period.

    ============  ================  ==========================================  =========  =======
    pattern       last period       hot periods                                 cold ever  trend
    ============  ================  ==========================================  =========  =======
    intensifying  hot               at least 90 %                               any        rising
    diminishing   hot               at least 90 %                               any        falling
    persistent    hot               at least 90 %                               any        neither
    historical    not hot nor cold  at least 90 %                               any        any
    oscillating   hot               fewer than 90 %                             yes        any
    new           hot               the last one alone, fewer than 90 %         no         any
    consecutive   hot               one run to the end, fewer than 90 %         no         any
    sporadic      any               any others, fewer than 90 %                 no         any
    ============  ================  ==========================================  =========  =======

    The cold mirror has the same rows with hot and cold exchanged and ``_cold`` after the name (a cold spot that grows
    colder is ``intensifying_cold``: its z falls). What is left is ``no_pattern``: never hot nor cold, or both in turn
    and neither now. Two classes are no answer: ``not_observed`` (null in the last period, or in more than half of all)
    and ``too_few`` (fewer than 1 incident expected in the window per period, too few incidents in all, or nothing to
    compare with).

    Parameters
    ----------
    cube
        Incidents: one row per cell, one column per period of equal length; null where nobody watched. Columns that are
        dates, pandas periods or numbers are put in order of time, others are taken as they stand. A period that is
        null everywhere is left out.
    neighbours
        Graph over the index of ``cube``; weights count as there or not.
    alpha
        Level of both tests, between 0 and 1.

    Returns
    -------
    DataFrame
        Indexed as ``cube``: ``pattern``, ``periods`` (observed), ``hot_periods``, ``cold_periods``, ``last`` (hot,
        cold, neither), ``z_last`` (Gi* in the last period, null where undefined), ``trend`` (rising, falling,
        neither), ``trend_p`` (null with fewer than five z), ``answer``, ``reason``.

    Raises
    ------
    AnalysisError
        With fewer than five periods that anybody watched, impossible counts, or another set of cells in the graph.

    References
    ----------
    Ord JK, Getis A (1995). Geographical Analysis 27, 286-306; Mann HB (1945). Nonparametric tests against trend.
    Econometrica 13, 245-259; Kendall MG (1975). Rank correlation methods, 4th ed.; Benjamini Y, Hochberg Y (1995).
    J R Stat Soc B 57, 289-300.

    Examples
    --------
    >>> from libpysal.graph import Graph
    >>> places = list("abcdefgh")
    >>> alone = Graph.from_arrays(places, places, [0] * 8)
    >>> cube = pd.DataFrame(3, index=places, columns=pd.period_range("2010-01", periods=8, freq="M"))
    >>> cube.loc["b", "2010-08"] = 30
    >>> cube.loc["c"] = 30
    >>> emerging(cube, alone)["pattern"].tolist()[:3]
    ['no_pattern', 'new', 'persistent']
    """
    if not 0 < alpha < 1:
        raise AnalysisError(say("alpha must lie between 0 and 1."), found=write(alpha))
    incidents = read_counts(_in_order(cube))
    incidents = incidents[:, ~np.isnan(incidents).all(axis=0)]
    if incidents.shape[1] < MIN_VALUES:
        raise AnalysisError(
            say("Too few periods to tell how a hot spot developed."),
            found=say("{n} with any data", n=incidents.shape[1]),
            expected=say("at least {n}", n=MIN_VALUES),
            next_step=say("Take shorter periods or a longer time."),
        )
    windows = window_matrix(neighbours, cube.index)
    seen = ~np.isnan(incidents)
    q, observed, expected, share = _periods(windows, incidents, seen)
    hot, cold = (q <= alpha) & (observed > expected), (q <= alpha) & (observed < expected)
    hot &= (np.where(hot, incidents, 0.0).sum(axis=1) > 0)[:, None]
    z = gi_star(windows, incidents)
    statistic, p = mann_kendall(z.round(12))  # so that equal z are ties
    direction = np.where(p <= alpha, np.sign(statistic), 0.0)
    reason = _reasons(incidents, seen, expected, share)
    found = pd.DataFrame(
        {
            "pattern": patterns(hot, cold, direction, seen=seen),
            "periods": seen.sum(axis=1),
            "hot_periods": hot.sum(axis=1),
            "cold_periods": cold.sum(axis=1),
            "last": np.select([hot[:, -1], cold[:, -1]], list(NOW), NEITHER),
            "z_last": z[:, -1],
            "trend": np.select([direction > 0, direction < 0], list(TRENDS), NEITHER),
            "trend_p": p,
            "answer": reason == "",
            "reason": reason,
        },
        index=cube.index,
    )
    watched = ~_unwatched(seen)
    found["pattern"] = found["pattern"].mask(~found["answer"] & watched, "too_few").where(watched, "not_observed")
    return found


def patterns(hot: Flags, cold: Flags, trend: Array, *, seen: Flags | None = None) -> NDArray[np.str_]:
    """Apply the truth table of `emerging` to hot and cold periods.

    Parameters
    ----------
    hot, cold
        One row per cell, one column per period; never both.
    trend
        Above 0 where the z of a cell rises, below where it falls, else 0.
    seen
        Which periods were observed; all by default.

    Examples
    --------
    >>> hot = np.array([[0, 0, 0, 0, 1], [0, 1, 0, 1, 0]], dtype=bool)
    >>> patterns(hot, np.zeros_like(hot), np.zeros(2)).tolist()
    ['new', 'sporadic']
    """
    periods = hot.shape[1] if seen is None else np.maximum(seen.sum(axis=1), 1)
    rows = _one_side(hot, cold, trend, periods), _one_side(cold, hot, -trend, periods)
    names = [*ROWS, *(f"{name}_cold" for name in ROWS)]
    return np.select([*rows[0], *rows[1]], names, "no_pattern")


def _in_order(cube: pd.DataFrame) -> pd.DataFrame:
    """Put the periods in order of time where the columns tell it."""
    if not cube.columns.is_unique:
        twice = cube.columns[cube.columns.duplicated()].unique()
        raise AnalysisError(
            say("Each period must have one column."), found=say("more than one for {names}", names=listed(twice))
        )
    timed = isinstance(cube.columns, pd.PeriodIndex | pd.DatetimeIndex) or cube.columns.dtype.kind in "iuf"
    return cube.sort_index(axis=1) if timed else cube


def _periods(windows: csr_array, incidents: Array, seen: Flags) -> tuple[Array, Array, Array, Array]:
    """Test every window in every period, two-sided; each distinct case once."""
    counts = np.where(seen, incidents, 0.0)
    observed, cells = windows @ counts, windows @ seen.astype(float)
    total, watched = counts.sum(axis=0), seen.sum(axis=0)
    share = cells / watched
    period = np.arange(incidents.shape[1])
    keys = ((period * (watched.max() + 1) + cells) * (total.max() + 1) + observed).astype(np.int64)
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    one = (part.ravel()[first] for part in (observed, np.broadcast_to(total, cells.shape), share))
    case = list(one)
    p = np.minimum(1.0, 2 * np.minimum(tails.binomial_upper(*case), tails.binomial_lower(*case)))
    q = np.ones(cells.shape)
    q[seen] = tails.adjust(p[which].reshape(cells.shape)[seen])
    return q, observed, total * share, share


def _one_side(hot: Flags, cold: Flags, trend: Array, periods: Array | int) -> list[Flags]:
    last, ever_cold, number = hot[:, -1], cold.any(axis=1), hot.sum(axis=1)
    most = number >= MOST * periods
    run = np.where(hot.all(axis=1), hot.shape[1], np.argmin(hot[:, ::-1], axis=1))  # unbroken, to the end
    some = (number > 0) & ~most & ~ever_cold
    return [
        last & most & (trend > 0),
        last & most & (trend < 0),
        last & most & (trend == 0),
        ~last & ~cold[:, -1] & most,
        last & ~most & ever_cold,
        last & some & (number == 1),
        last & some & (number > 1) & (run == number),
        some & ~(last & (run == number)),
    ]


def _unwatched(seen: Flags) -> Flags:
    return np.asarray(~seen[:, -1] | (seen.mean(axis=1) <= 0.5))


def _reasons(incidents: Array, seen: Flags, expected: Array, share: Array) -> NDArray[np.str_]:
    periods = np.maximum(seen.sum(axis=1), 1)
    mean = np.where(seen, expected, 0.0).sum(axis=1) / periods
    whole = (np.where(seen, share, 1.0) >= 1 - 1e-12).all(axis=1)
    few = {one: say("too few to tell: {expected:.2g} incidents expected here per period, fewer than {least:g}",
                    expected=one, least=MIN_EXPECTED) for one in np.unique(mean)}  # fmt: skip
    return np.select(
        [~seen[:, -1], seen.mean(axis=1) <= 0.5, np.full(len(seen), too_few(incidents) != ""), whole,
         mean < MIN_EXPECTED],
        [say("not observed in the last period"), say("not observed in half of the periods or more"),
         too_few(incidents), say("the window holds every cell, and leaves nothing to compare it with"),
         np.array([few[one] for one in mean])],
        default="",
    )  # fmt: skip

"""Where incidents concentrate, and whether it could be chance.

Two things that are easily taken for one. Gi* (`gi_star_z`) is the field's standardised sum of a cell and its
neighbours: good for a picture, but its normal tail calls too many sparse windows hot. The decision (`hotspots`) is an
exact test of the same sum against what the exposure would lead one to expect, corrected for all windows, and asks for
a size as well. Counted are incidents, never people: deaths cluster within incidents.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from civmap.analysis import tails
from civmap.analysis.cell_windows import MIN_EXPECTED, gi_star, read_counts, read_exposure, window_matrix
from civmap.analysis.tails import estimate_dispersion
from civmap.analysis.window_expectation import reasons, window_table
from civmap.errors import AnalysisError
from civmap.language import say, write

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = ["MIN_EXPECTED", "estimate_dispersion", "gi_star_z", "hotspots"]

PEOPLE = re.compile(r"killed|injured|wounded|dead|death|fatalit|casualt|victim|civcas", re.IGNORECASE)
EVENTS = re.compile(r"incident|event|strike|attack", re.IGNORECASE)


def gi_star_z(values: pd.Series, neighbours: Graph) -> pd.Series:
    """Standardise the sum over each cell and its neighbours: Getis and Ord's Gi*.

    Binary weights, the cell itself among its neighbours whether or not the graph says so. The z is a description, not
    the decision: see `hotspots`.

    Parameters
    ----------
    values
        A number per cell; null where not observed, which leaves the cell out of mean, variance and all windows.
    neighbours
        Graph over the labels of ``values``.

    Returns
    -------
    Series
        z, indexed as ``values``. Null where there is none: the cell was not observed, all values are the same, or the
        window holds every cell.

    Raises
    ------
    AnalysisError
        When values and graph are not about the same cells.

    References
    ----------
    Ord JK, Getis A (1995). Local spatial autocorrelation statistics: distributional issues and an application.
    Geographical Analysis 27, 286-306, equation 14 (Gi*).

    Examples
    --------
    >>> from civmap.analysis.neighbours import cell_neighbours
    >>> row = ["85283473fffffff", "85283477fffffff", "85283083fffffff", "8528308bfffffff"]
    >>> counts = pd.Series([9, 4, 0, 1], index=row)
    >>> gi_star_z(counts, cell_neighbours(counts.index)).round(2).tolist()
    [1.48, 1.48, -1.48, -1.48]
    """
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    z = gi_star(window_matrix(neighbours, values.index), numbers[:, None])[:, 0]
    return pd.Series(z, index=values.index, name="z")


def hotspots(
    counts: pd.Series,
    neighbours: Graph,
    *,
    exposure: pd.Series | None = None,
    alpha: float = 0.05,
    min_ratio: float = 2.0,
    dispersion: float | None = None,
) -> pd.DataFrame:
    """Say of each cell whether more incidents lie in and around it than its exposure explains.

    The window of a cell is the cell with its neighbours. If incidents only follow exposure, then of all N incidents
    the window holds a binomial number with the window's share of the exposure; that is the null hypothesis, and its
    exact upper tail is the p. A smooth uneven background that the exposure does not follow is not part of it, and will
    be called hot: the exposure is a choice that belongs on the map.

    With ``dispersion`` k each cell is negative binomial with variance ``mean + mean**2 / k`` instead, and so is the
    window, with the same mean and variance as the sum of its cells (exactly so under equal exposure). The means are
    taken as known. Given the total the law would be beta-binomial, whose variance is smaller by the factor
    (1 - share) A / (A + 1), A being k times the number of cells: the tail used errs on the careful side.

    Whether a window can be answered depends on the expected count and the total, never on its own observed count;
    choosing windows by what was observed in them makes most maps of pure noise hot.

    Parameters
    ----------
    counts
        Incidents per cell: whole numbers; null where nobody watched. A series named after people (killed, injured,
        casualties, ...) is refused.
    neighbours
        Graph over the labels of ``counts``; weights count as there or not.
    exposure
        What incidents would be in proportion to: population, the place's own earlier period, all incidents, hours of
        observation. The same everywhere by default. May be null where the count is.
    alpha
        False discovery rate over all windows, between 0 and 1.
    min_ratio
        Smallest ratio of observed to expected that is worth the word hot.
    dispersion
        The k above, see `estimate_dispersion`; None or infinite for the binomial.

    Returns
    -------
    DataFrame
        Indexed as ``counts``. ``count`` (of the cell), ``cells`` and ``observed`` (of its window), ``expected``,
        ``ratio``, ``ratio_low`` and ``ratio_high`` (95 % interval, each window by itself), ``z`` (Gi*), ``p``, ``q``
        (Benjamini-Hochberg over all windows), ``hot``, ``answer``, ``reason``. Hot means: answered, at least one
        incident in the cell itself, q at most alpha, ratio at least ``min_ratio``. Where ``answer`` is false,
        ``reason`` says why in words and ``hot`` is false; numbers that do not exist there are null.

    Raises
    ------
    AnalysisError
        When people are given instead of incidents, a count or exposure is impossible, the exposure is zero
        everywhere, or counts and graph are not about the same cells.

    References
    ----------
    Ord JK, Getis A (1995). Geographical Analysis 27, 286-306; Benjamini Y, Hochberg Y (1995). J R Stat Soc B 57,
    289-300; Clopper CJ, Pearson ES (1934). Biometrika 26, 404-413.

    Examples
    --------
    >>> from libpysal.graph import Graph
    >>> names = ["Balkh", "Farah", "Ghor", "Helmand", "Kunar", "Zabul"]
    >>> counts = pd.Series([5, 4, 6, 31, 5, 3], index=names)
    >>> alone = Graph.from_arrays(names, names, [0] * 6)
    >>> hotspots(counts, alone).loc[["Helmand", "Zabul"], ["observed", "expected", "ratio", "hot"]]
             observed  expected     ratio    hot
    Helmand      31.0       9.0  3.444444   True
    Zabul         3.0       9.0  0.333333  False
    """
    check_options(alpha, min_ratio, dispersion)
    refuse_people(counts)
    incidents = read_counts(counts)
    weight = read_exposure(exposure, counts.index, watched=~np.isnan(incidents))
    windows = window_matrix(neighbours, counts.index)
    found = window_table(windows, incidents, weight, dispersion=dispersion)
    found["z"] = gi_star(windows, incidents[:, None])[:, 0]
    watched = found["count"].notna()
    found["q"] = np.nan
    found.loc[watched, "q"] = tails.adjust(found.loc[watched, "p"].to_numpy())
    found["reason"] = reasons(found, incidents)
    found["answer"] = found["reason"] == ""
    found["hot"] = (
        found["answer"] & (found["count"] > 0) & (found["q"] <= alpha) & (found["ratio"] >= min_ratio)
    ).to_numpy(dtype=bool)
    order = ["count", "cells", "observed", "expected", "ratio", "ratio_low", "ratio_high", "z", "p", "q", "hot",
             "answer", "reason"]  # fmt: skip
    return found[order].set_axis(counts.index)


def check_options(alpha: float, min_ratio: float, dispersion: float | None) -> None:
    """Refuse options that mean nothing."""
    if not 0 < alpha < 1:
        raise AnalysisError(say("alpha must lie between 0 and 1."), found=write(alpha))
    if not min_ratio >= 1:
        raise AnalysisError(say("The smallest ratio must be 1 or more."), found=write(min_ratio))
    if dispersion is not None and not dispersion > 0:
        raise AnalysisError(
            say("The dispersion must be above 0: the variance of a count is mean + mean**2 / dispersion."),
            found=write(dispersion),
        )


def refuse_people(counts: pd.Series) -> None:
    """Refuse a series that is named after people and not after incidents."""
    name = counts.name if isinstance(counts.name, str) else ""
    if PEOPLE.search(name) and not EVENTS.search(name):
        raise AnalysisError(
            say("'{name}' counts people, and only incidents can be tested.", name=name),
            next_step=say(
                "People harmed in one incident are not independent of each other, so a test on them finds hot spots in "
                "pure chance. Test the number of incidents and show the people beside it."
            ),
        )

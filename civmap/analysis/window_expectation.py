"""Each window's count against what its share of the exposure leads one to expect, and why some cannot be answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from civmap.analysis import tails
from civmap.analysis.cell_windows import MIN_EXPECTED, NOT_OBSERVED, Array, too_few
from civmap.language import say

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def window_table(
    windows: csr_array, incidents: Array, weight: Array, *, dispersion: float | None = None
) -> pd.DataFrame:
    """Hold each window's count against what its share of the exposure leads one to expect.

    Parameters
    ----------
    windows
        See `window_matrix`.
    incidents, weight
        Count (NaN where not observed) and exposure of each cell.
    dispersion
        As in `hotspots`.

    Returns
    -------
    DataFrame
        ``count``, ``cells``, ``observed``, ``expected``, ``share``, ``ratio`` with interval, ``p``; null where the
        cell was not observed, or nothing is exposed in its window.
    """
    seen = ~np.isnan(incidents)
    exposed = np.where(seen, weight, 0.0)
    total = np.nansum(incidents)
    cells, observed, in_window, squares = (
        windows @ np.column_stack([seen, np.where(seen, incidents, 0.0), exposed, exposed**2]).astype(float)
    ).T
    share = np.where(seen & (in_window > 0), in_window / max(exposed.sum(), np.finfo(float).tiny), np.nan)
    share = np.minimum(share, 1.0)
    frame = pd.DataFrame(
        {"count": incidents, "cells": np.where(seen, cells, np.nan), "observed": np.where(seen, observed, np.nan),
         "share": share, "expected": np.where(seen, total * np.nan_to_num(share), np.nan)}
    )  # fmt: skip
    size = np.nan if dispersion is None else dispersion * in_window**2 / np.where(squares > 0, squares, 1.0)
    frame["size"] = np.round(size, 9)
    # few windows differ in all of these, and the inverse of a tail is slow
    which, cases = _distinct(frame[["observed", "share", "size"]])
    tail, limits = _tail_and_limits(cases, total)
    frame["ratio"] = _over(frame["observed"], frame["expected"])
    frame["p"] = np.where(frame["share"].isna(), np.nan, tail[which])
    frame["ratio_low"], frame["ratio_high"] = limits[0][which], limits[1][which]
    return frame.drop(columns="size")


def reasons(found: pd.DataFrame, incidents: Array) -> pd.Series:
    """Say for each window in words why it cannot be answered; empty where it can."""
    seen = ~np.isnan(incidents)
    values = incidents[seen]
    constant = len(values) > 1 and np.ptp(values) == 0
    expected = found["expected"].fillna(0).to_numpy()
    little = {one: say("too few to tell: {expected:.2g} incidents expected here by chance, fewer than {least:g}",
                       expected=one, least=MIN_EXPECTED) for one in np.unique(expected)}  # fmt: skip
    words = np.select(
        [
            ~seen,
            np.full(len(seen), too_few(incidents) != ""),
            np.full(len(seen), len(values) < 2),
            found["share"].isna(),
            found["share"].to_numpy() >= 1 - 1e-12,
            np.full(len(seen), constant),
            expected < MIN_EXPECTED,
        ],
        [
            say(NOT_OBSERVED),
            too_few(incidents),
            say("there is only one cell, and nothing to compare it with"),
            say("nothing is exposed here, so nothing can be expected"),
            say("the window holds all that is exposed, and leaves nothing to compare it with"),
            say("every cell has the same count"),
            np.array([little[one] for one in expected], dtype=object),
        ],
        default="",
    )
    return pd.Series(words, index=found.index, dtype="str")


def _distinct(frame: pd.DataFrame) -> tuple[np.ndarray, pd.DataFrame]:
    groups = frame.groupby(list(frame.columns), dropna=False, sort=False)
    first = ~frame.duplicated()
    return groups.ngroup().to_numpy(), frame[first]


def _tail_and_limits(cases: pd.DataFrame, total: float) -> tuple[Array, tuple[Array, Array]]:
    observed, share, size = (cases[name].to_numpy() for name in ("observed", "share", "size"))
    with np.errstate(divide="ignore", invalid="ignore"):
        if np.isfinite(size).any():
            expected = total * share
            return tails.negative_binomial_upper(observed, expected, size), tails.negative_binomial_limits(
                observed, expected, size
            )
        return tails.binomial_upper(observed, np.asarray(total), share), tails.binomial_limits(
            observed, np.asarray(total), share
        )


def _over(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    return numerator / denominator.where(denominator > 0)

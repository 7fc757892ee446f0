"""Cells and their windows as arrays: what Gi*, the hotspot decision and its relatives share.

A window is a cell with its neighbours, each counted once. Cells whose count is null were not observed: they are no
zero, they belong to no window and to no total.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from civmap.errors import AnalysisError
from civmap.language import count, mark, say

if TYPE_CHECKING:
    from libpysal.graph import Graph

Array = NDArray[np.float64]

MIN_EXPECTED = 1.0  # incidents expected in a window by chance; below it a doubling is not even two incidents
MIN_INCIDENTS = 10  # in all; with fewer no map is a pattern
NAMED = 5  # examples listed in an error
NOT_OBSERVED = mark("not observed")


def window_matrix(neighbours: Graph, index: pd.Index) -> csr_array:
    """Put a neighbour graph into the order of an index, with binary weights and every cell in its own window.

    Parameters
    ----------
    neighbours
        Graph over exactly the labels of the index; its weights count only as there (not 0) or not, and self-weights
        may be there or not.
    index
        Labels of the cells.

    Returns
    -------
    csr_array
        One row per window, one column per cell.

    Raises
    ------
    AnalysisError
        When a label stands twice, or graph and index are not over the same cells.
    """
    if not index.is_unique:
        twice = index[index.duplicated()].unique()
        raise AnalysisError(
            say("Each cell must have one row."), found=say("more than one row for {names}", names=listed(twice)),
            next_step=say("Sum the counts of each cell first."),
        )  # fmt: skip
    adjacency = neighbours.adjacency
    pairs = adjacency.index
    focal, other = (
        index.get_indexer(pairs.levels[level])[pairs.codes[level]] for level in (0, 1)
    )  # codes: each label is looked up once, not once a pair
    known = np.zeros(len(index), dtype=bool)
    known[focal[focal >= 0]] = True
    missing, unknown = index[~known], neighbours.unique_ids.difference(index)
    if len(missing) or len(unknown) or (other < 0).any():
        raise AnalysisError(
            say("The counts and the neighbour graph are not about the same cells."),
            found=say(
                "{n} without a place in the graph ({names}), {others} only in the graph ({other_names})",
                n=len(missing), names=listed(missing), others=len(unknown), other_names=listed(unknown),
            ),
            expected=say("the same labels in both"),
            next_step=say("Build the graph from the index of the counts."),
        )  # fmt: skip
    linked = (adjacency.to_numpy() != 0) & (focal != other)
    itself = np.arange(len(index))
    rows, columns = np.append(focal[linked], itself), np.append(other[linked], itself)
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(index), len(index)))


def gi_star(windows: csr_array, values: Array) -> Array:
    """Standardise the sum of each window, column by column.

    Parameters
    ----------
    windows
        See `window_matrix`.
    values
        One row per cell, one column per map; NaN where not observed.

    Returns
    -------
    ndarray
        Gi* as a z; NaN where a cell was not observed, where all values are the same, and where the window holds every
        observed cell.
    """
    seen = ~np.isnan(values)
    x = np.where(seen, values, 0.0)
    n = seen.sum(axis=0)
    mean = x.sum(axis=0) / np.maximum(n, 1)
    variance = (np.where(seen, x - mean, 0.0) ** 2).sum(axis=0) / np.maximum(n, 1)
    low, high = (part(np.where(seen, values, edge), axis=0) for part, edge in ((np.min, np.inf), (np.max, -np.inf)))
    size = windows @ seen.astype(float)
    spread = variance * size * (n - size) / np.maximum(n - 1, 1)
    defined = seen & (size < n) & (low < high)
    return np.where(defined, windows @ x - mean * size, np.nan) / np.sqrt(np.where(defined, spread, 1.0))


def read_counts(counts: pd.Series | pd.DataFrame) -> Array:
    """Give counts of incidents as numbers, NaN where not observed.

    Raises
    ------
    AnalysisError
        When a value is no whole number of incidents, or there is no cell at all.
    """
    if not len(counts):
        raise AnalysisError(say("There are no cells."), next_step=say("Widen the area or the filters."))
    try:
        values = counts.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise AnalysisError(say("The counts are not numbers."), found=str(counts.dtypes)) from error
    wrong = (values < 0) | np.isinf(values) | (~np.isnan(values) & (values != np.floor(values)))
    if wrong.any():
        rows = counts.index[wrong.any(axis=1) if values.ndim == 2 else wrong]
        raise AnalysisError(
            say("Counts must be whole numbers of incidents, 0 or more, and null where nobody watched."),
            found=say("{values} in {places}", values=listed(np.unique(values[wrong])), places=listed(rows)),
        )
    return values


def read_exposure(
    exposure: pd.Series | None, index: pd.Index, *, watched: NDArray[np.bool_] | None = None
) -> Array:  # fmt: skip
    """Give the exposure of each cell, 1 each where none is given, 0 where it is null and nobody watched.

    Raises
    ------
    AnalysisError
        When an exposure is missing for a cell, negative or not a number, or zero everywhere.
    """
    if exposure is None:
        return np.ones(len(index))
    if not exposure.index.is_unique:
        twice = exposure.index[exposure.index.duplicated()].unique()
        raise AnalysisError(
            say("Each cell must have one exposure."), found=say("more than one for {names}", names=listed(twice))
        )
    values = exposure.reindex(index).to_numpy(dtype=float, na_value=np.nan)
    if watched is not None:
        values = np.where(np.isnan(values) & ~watched, 0.0, values)
    wrong = ~(values >= 0) | np.isinf(values)
    if wrong.any():
        raise AnalysisError(
            say("The exposure must be a number, 0 or more, for every cell."),
            found=say(
                "missing, negative or infinite in {n} of {cells} ({names})", n=int(wrong.sum()),
                cells=count(len(index), "cell", "cells"), names=listed(index[wrong]),
            ),
            next_step=say("Give 0 where nothing was exposed, or leave those cells out of the counts."),
        )  # fmt: skip
    if not values.any():
        raise AnalysisError(say("The exposure is zero everywhere."), next_step=say("Choose another exposure."))
    return values


def too_few(counts: Array) -> str:
    """Say that there are too few incidents in all; empty where there are enough."""
    total, cells = int(np.nansum(counts)), int((counts > 0).sum())
    if total >= MIN_INCIDENTS:
        return ""
    return say(
        "too few to tell: {incidents} in {cells}", incidents=count(total, "incident", "incidents"),
        cells=count(cells, "cell", "cells"),
    )  # fmt: skip


def listed(labels: object) -> str:
    """Name the first few of many."""
    names = [str(one) for one in labels]  # type: ignore[attr-defined]
    first = ", ".join(names[:NAMED])
    if len(names) > NAMED:
        return say("{names} and {n} more", names=first, n=len(names) - NAMED)
    return first or say("none")

"""Who is whose neighbour: H3 cells within so many steps, provinces that touch.

Both give a `libpysal.graph.Graph` with binary weights and without self-weights, over the labels in the order given;
what has no neighbour is an island and stays in the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import h3ronpy
import numpy as np
import pandas as pd
import pyarrow as pa

from civmap.analysis.cell_windows import listed
from civmap.errors import AnalysisError
from civmap.language import count, say

if TYPE_CHECKING:
    from libpysal.graph import Graph


def cell_neighbours(cells: pd.Index | pd.Series, *, k: int = 1) -> Graph:
    """Link each H3 cell to those of the given cells that lie at most k steps away.

    Parameters
    ----------
    cells
        H3 cells of one resolution, as text or as integers, each once.
    k
        Steps on the H3 grid: 1 makes a window of 7 cells, 2 one of 19.

    Returns
    -------
    Graph
        Over the labels as given. Links are made by steps on the grid, not by the fold of distance, and only among
        the cells given: at the edge of the map a window is smaller.

    Raises
    ------
    AnalysisError
        When there is no cell, a cell stands twice or is none, the resolutions differ, or k is below 0.

    Examples
    --------
    >>> graph = cell_neighbours(pd.Index(["85283473fffffff", "85283477fffffff", "85283083fffffff"]))
    >>> list(graph["85283473fffffff"].index), list(graph.isolates)
    (['85283477fffffff'], ['85283083fffffff'])
    """
    labels = pd.Index(cells)
    if k < 0:
        raise AnalysisError(say("The number of steps must be 0 or more."), found=f"{k}")
    numbers = pd.Index(as_h3(labels))
    if not numbers.is_unique:
        twice = listed(labels[numbers.duplicated()])
        raise AnalysisError(say("Each cell may stand once."), found=say("{names} twice", names=twice))
    rings = pa.array(h3ronpy.grid_disk(pa.array(numbers), k))
    focal = np.repeat(np.arange(len(labels)), rings.value_lengths().to_numpy())
    other = numbers.get_indexer(rings.flatten().to_numpy())
    return _graph(labels, focal[other >= 0], other[other >= 0])


def province_neighbours(provinces: gpd.GeoSeries | gpd.GeoDataFrame) -> Graph:
    """Link provinces that share a border or a corner.

    Parameters
    ----------
    provinces
        Areas, indexed by their id; any CRS. Slivers of overlap count as touching.

    Returns
    -------
    Graph
        Over the index.

    Raises
    ------
    AnalysisError
        When there is no province, an id stands twice, or one has no area.

    Examples
    --------
    >>> from shapely.geometry import box
    >>> areas = gpd.GeoSeries([box(0, 0, 1, 1), box(1, 0, 2, 1), box(5, 0, 6, 1)], index=["east", "west", "isle"])
    >>> graph = province_neighbours(areas)
    >>> list(graph["east"].index), list(graph.isolates)
    (['west'], ['isle'])
    """
    areas = provinces.geometry
    if areas.empty or not areas.index.is_unique or (areas.isna() | areas.is_empty).any():
        raise AnalysisError(
            say("Each province needs one id and one area."),
            found=say(
                "{provinces}; twice: {twice}; without area: {without}",
                provinces=count(len(areas), "province", "provinces"),
                twice=listed(areas.index[areas.index.duplicated()]),
                without=listed(areas.index[areas.isna() | areas.is_empty]),
            ),
        )
    focal, other = areas.sindex.query(areas.geometry, predicate="intersects")
    return _graph(areas.index, focal, other)


def as_h3(cells: pd.Index) -> np.ndarray:
    """Give H3 cells as integers, and refuse what is no cell or a mix of resolutions.

    Raises
    ------
    AnalysisError
        When there is no cell, one is none, or the resolutions differ.
    """
    if not len(cells):
        raise AnalysisError(say("There are no cells."), next_step=say("Widen the area or the filters."))
    text = not pd.api.types.is_integer_dtype(cells.dtype)
    given = pa.array(cells.astype("str") if text else cells.to_numpy(dtype="uint64"))
    numbers = pa.array(h3ronpy.cells_parse(given, set_failing_to_invalid=True)).fill_null(0) if text else given
    valid = pa.array(h3ronpy.cells_valid(numbers, booleanarray=True)).to_numpy(zero_copy_only=False).astype(bool)
    if not valid.all():
        raise AnalysisError(say("Not all of these are H3 cells."), found=listed(cells[~valid]))
    found: np.ndarray = numbers.to_numpy()
    resolutions = np.unique(found >> np.uint64(52) & np.uint64(15))
    if len(resolutions) > 1:
        raise AnalysisError(
            say("The cells must be of one H3 resolution."),
            found=say("resolutions {numbers}", numbers=listed(resolutions)),
            next_step=say("Use the parents of the finer ones."),
        )  # fmt: skip
    return found


def _graph(labels: pd.Index, focal: np.ndarray, other: np.ndarray) -> Graph:
    """Make a graph of pairs of positions; islands become self-loops of weight 0, as libpysal wants them."""
    from libpysal.graph import Graph  # 1.5 s, and only needed when a map is made

    linked = focal != other
    focal, other = focal[linked], other[linked]
    islands = np.setdiff1d(np.arange(len(labels)), focal)
    first, second = np.append(focal, islands), np.append(other, islands)
    weights = np.append(np.ones(len(focal), dtype=int), np.zeros(len(islands), dtype=int))
    order = np.lexsort((second, first))
    pairs = pd.MultiIndex(
        levels=[labels, labels],  # type: ignore[list-item]
        codes=[first[order], second[order]],  # type: ignore[list-item]
        names=["focal", "neighbor"],
    )
    return Graph(pd.Series(weights[order], index=pairs, name="weight"), is_sorted=True)

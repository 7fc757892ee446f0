"""Square grids, where each cell has up to eight neighbours, for tests of maps."""

from __future__ import annotations

import numpy as np
import pandas as pd
from libpysal.graph import Graph


def grid_graph(rows: int, columns: int | None = None) -> Graph:
    """Link the cells of a grid, numbered row by row, with the cells around them; 3 x 3 windows with the cell itself."""
    columns = columns or rows
    row, column = np.divmod(np.arange(rows * columns), columns)
    focal, other = [], []
    for down, right in [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]:
        there = (row + down >= 0) & (row + down < rows) & (column + right >= 0) & (column + right < columns)
        focal.append(np.flatnonzero(there))
        other.append((row + down)[there] * columns + (column + right)[there])
    pairs = pd.DataFrame({"focal": np.concatenate(focal), "other": np.concatenate(other)})
    pairs = pairs.sort_values(["focal", "other"])
    return Graph.from_arrays(pairs["focal"].to_numpy(), pairs["other"].to_numpy(), np.ones(len(pairs)))

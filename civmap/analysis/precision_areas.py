"""Where a record may lie: cells and chances for each precision of its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import h3ronpy
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from civmap.analysis.cell_windows import Array, listed
from civmap.analysis.neighbours import as_h3
from civmap.errors import AnalysisError
from civmap.language import mark, say
from civmap.schema import LOCATION_PRECISIONS

# An assumption to be shown beside the result, not a measurement: how far the place may be from the point given.
RADII_KM = {"exact": 0.0, "settlement": 5.0, "district": 25.0}
FINE_RESOLUTION = 7  # H3; the grain at which a circle is laid out
FINE_STEP_KM = 2.44  # mean distance between neighbouring cells there
LACKING = {
    "records": mark("The records lack the columns {columns}."),
    "cells": mark("The cells of the map lack the columns {columns}."),
}


@dataclass(frozen=True)
class Areas:
    """For each record the cells it may lie in.

    Parameters
    ----------
    of_record
        Number of the area of each record, -1 where none of its cells is on the map.
    cell
        Position of the possible cells, area after area.
    edges
        Cumulative chance, plus the number of the area: one search in it draws a cell for every record at once.
    """

    of_record: NDArray[np.int64]
    cell: NDArray[np.int64]
    edges: Array


def precision_areas(records: pd.DataFrame, cells: pd.DataFrame, *, radii_km: Mapping[str, float] = RADII_KM) -> Areas:
    """Give each record the cells that its place may mean.

    Exact places stay in their cell. Settlements and districts may lie anywhere within a radius of their point,
    provinces anywhere in the cells of the province, country anywhere on the map, in proportion to the cells' weight.

    Parameters
    ----------
    records
        ``cell`` (H3 of resolution 9, as in the incident table; null where there is no point), ``location_precision``
        and ``admin1``.
    cells
        The map: index H3 cells of one resolution, columns ``admin1`` and, if wanted, ``weight`` (population; 1 each
        by default).
    radii_km
        For each precision that has a point.

    Raises
    ------
    AnalysisError
        When a column is missing or a precision is unknown.
    """
    need(records, {"cell", "location_precision", "admin1"}, "records")
    need(cells, {"admin1"}, "cells")
    precision = records["location_precision"].astype("str").to_numpy()
    unknown = set(precision) - set(LOCATION_PRECISIONS)
    if unknown:
        raise AnalysisError(say("There are precisions that the schema does not know."), found=listed(sorted(unknown)))
    numbers = pd.Index(as_h3(cells.index))
    weighted = cells["weight"] if "weight" in cells else pd.Series(1.0, index=cells.index)
    weight: Array = np.asarray(weighted, dtype=np.float64)
    has_point = records["cell"].notna().to_numpy()
    of_record = np.full(len(records), -1)
    parts: list[pd.DataFrame] = []
    begin = 0
    for name in LOCATION_PRECISIONS:
        rows = np.flatnonzero((precision == name) & (has_point | (name not in radii_km)))
        if not len(rows):
            continue
        if name in radii_km:
            key, table = _circles(records["cell"].iloc[rows], numbers, radii_km[name])
        else:
            key, table = _provinces(records["admin1"].iloc[rows], cells["admin1"], weight, everywhere=name == "country")
        of_record[rows] = key + begin
        parts.append(table.assign(area=table["area"] + begin))
        begin += int(key.max()) + 1
    table = pd.concat(parts) if parts else pd.DataFrame({"area": [], "cell": [], "weight": []})
    table = table[table["weight"] > 0]
    held, area = np.unique(table["area"].to_numpy(dtype=np.int64), return_inverse=True)
    total = np.bincount(area, table["weight"])
    share = pd.Series(table["weight"].to_numpy() / total[area]).groupby(area).cumsum().to_numpy()
    last = np.append(area[1:] != area[:-1], True) if len(area) else np.zeros(0, dtype=bool)
    number = np.full(begin + 1, -1)  # areas without any cell on the map drop out
    number[held] = np.arange(len(held))
    return Areas(
        np.where(of_record >= 0, number[of_record], -1),
        table["cell"].to_numpy(dtype=np.int64),
        (area + np.where(last, 1.0, share)).astype(float),
    )


def _circles(points: pd.Series, numbers: pd.Index, radius_km: float) -> tuple[NDArray[np.int64], pd.DataFrame]:
    resolution = int(numbers[0]) >> 52 & 15
    fine = max(FINE_RESOLUTION, resolution)
    centres = pa.array(h3ronpy.change_resolution(pa.array(as_h3(pd.Index(points))), fine)).to_numpy()
    distinct, key = np.unique(centres, return_inverse=True)
    steps = round(radius_km / FINE_STEP_KM * np.sqrt(7) ** (fine - FINE_RESOLUTION))
    disks = pa.array(h3ronpy.grid_disk(pa.array(distinct), steps))
    area = np.repeat(np.arange(len(distinct)), disks.value_lengths().to_numpy())
    parents = pa.array(h3ronpy.change_resolution(disks.flatten(), resolution)).to_numpy()
    table = pd.DataFrame({"area": area, "cell": numbers.get_indexer(parents)})
    return key, table[table["cell"] >= 0].groupby(["area", "cell"]).size().reset_index(name="weight")


def _provinces(
    admin1: pd.Series, of_cell: pd.Series, weight: Array, *, everywhere: bool
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    if everywhere:
        cell = np.arange(len(of_cell))
        return np.zeros(len(admin1), dtype=np.int64), pd.DataFrame({"area": 0, "cell": cell, "weight": weight})
    key, names = pd.factorize(admin1.astype("str"), use_na_sentinel=False)
    area = pd.Index(names).get_indexer(of_cell.astype("str"))
    table = pd.DataFrame({"area": area, "cell": np.arange(len(of_cell)), "weight": weight})[area >= 0]
    return key, table.sort_values("area", kind="stable")


def need(frame: pd.DataFrame, columns: set[str], what: str) -> None:
    """Refuse a frame that lacks columns."""
    missing = sorted(columns - set(frame.columns))
    if missing:
        raise AnalysisError(say(LACKING[what], columns=", ".join(missing)), found=listed(frame.columns))

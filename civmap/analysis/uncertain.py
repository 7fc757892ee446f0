"""How sure a hot spot is when places are vague and records doubtful.

Most records do not say exactly where; some may not be true. Drawing each record's place from the area that it could
mean, and each doubtful record in or out, and testing again each time, shows which hot spots stand: "hot in 83 of 100
draws". This is about the records we have; what nobody recorded is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from civmap.analysis.cell_windows import Array, listed
from civmap.analysis.hotspots import hotspots
from civmap.analysis.precision_areas import RADII_KM, Areas, need, precision_areas
from civmap.errors import AnalysisError
from civmap.language import say, write
from civmap.schema import GRADES

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = ["INCLUSION", "RADII_KM", "Areas", "draw_counts", "hot_in_draws", "precision_areas"]

# An assumption to be shown beside the result, not a measurement: the chance that a record belongs in the count.
INCLUSION = {
    "accepted_by_party": 1.0, "corroborated": 1.0, "single_source": 0.8, "ungraded": 0.8, "contested": 0.5,
    "discounted": 0.0,
}  # fmt: skip


def draw_counts(areas: Areas, chance: Array, cells: int, *, draws: int = 100, seed: int = 0) -> NDArray[np.int64]:
    """Draw counts per cell: each record in or out by its chance, and somewhere in its area.

    Parameters
    ----------
    areas
        See `precision_areas`.
    chance
        Of each record to be counted, 0 to 1.
    cells
        Number of cells on the map.
    draws, seed
        How often; the same seed gives the same draws.

    Returns
    -------
    ndarray
        Cells by draws.
    """
    generator = np.random.default_rng(seed)
    order = np.argsort(areas.of_record, kind="stable")  # neighbours in the table of areas are looked up much faster
    order = order[areas.of_record[order] >= 0]
    number, chance = areas.of_record[order], chance[order]
    counts = np.zeros((cells, draws), dtype=np.int64)
    for draw in range(draws):
        kept = number[generator.random(len(number)) < chance]
        drawn = np.searchsorted(areas.edges, kept + generator.random(len(kept)), side="right")
        counts[:, draw] = np.bincount(areas.cell[drawn], minlength=cells)
    return counts


def hot_in_draws(
    records: pd.DataFrame,
    cells: pd.DataFrame,
    neighbours: Graph,
    *,
    draws: int = 100,
    seed: int = 0,
    inclusion: Mapping[str, float] = INCLUSION,
    radii_km: Mapping[str, float] = RADII_KM,
    exposure: pd.Series | None = None,
    alpha: float = 0.05,
    min_ratio: float = 2.0,
    dispersion: float | None = None,
) -> pd.DataFrame:
    """Count in how many draws of places and doubtful records each cell is hot.

    Parameters
    ----------
    records
        As in `precision_areas`, with ``grade``.
    cells, radii_km
        As in `precision_areas`.
    neighbours, exposure, alpha, min_ratio, dispersion
        As in `hotspots`; ``neighbours`` over the index of ``cells``.
    draws, seed
        How often; the same seed gives the same draws.
    inclusion
        For each grade the chance that a record belongs in the count.

    Returns
    -------
    DataFrame
        Indexed as ``cells``: ``hot_draws``, ``answered_draws``, ``draws``, ``count_low`` and ``count_high`` (the
        middle 95 % of the counts drawn), ``words``. Records that no cell on the map can hold are in no draw;
        ``attrs["unplaced"]`` counts them.

    Raises
    ------
    AnalysisError
        When a column is missing, a grade has no chance, or as in `hotspots`.

    Examples
    --------
    >>> from civmap.analysis.neighbours import cell_neighbours
    >>> cells = pd.DataFrame({"admin1": "AF-HEL"}, index=["85283473fffffff", "85283083fffffff", "85283087fffffff"])
    >>> records = pd.DataFrame({"cell": ["89283470803ffff"] * 30 + [None] * 6, "admin1": "AF-HEL",
    ...     "location_precision": ["exact"] * 30 + ["province"] * 6, "grade": "corroborated"})
    >>> hot_in_draws(records, cells, cell_neighbours(cells.index))["words"].tolist()
    ['hot in 100 of 100 draws', 'hot in 0 of 100 draws', 'hot in 0 of 100 draws']
    """
    need(records, {"grade"}, "records")
    if draws < 1:
        raise AnalysisError(say("At least one draw is needed."), found=f"{draws}")
    without = sorted(set(records["grade"].dropna().astype("str")) - set(inclusion))
    if without or records["grade"].isna().any():
        raise AnalysisError(
            say("Some grades have no chance to be counted."),
            found=listed(without or ["null"]),
            expected=", ".join(GRADES),
        )
    if not all(0 <= one <= 1 for one in inclusion.values()):
        raise AnalysisError(say("The chance of a grade must lie between 0 and 1."), found=_chances(inclusion))
    areas = precision_areas(records, cells, radii_km=radii_km)
    chance: Array = np.asarray(records["grade"].astype("str").map(dict(inclusion)), dtype=np.float64)
    counts = draw_counts(areas, chance, len(cells), draws=draws, seed=seed)
    hot, answered = np.zeros(len(cells), dtype=np.int64), np.zeros(len(cells), dtype=np.int64)
    for draw in range(draws):
        drawn = pd.Series(counts[:, draw], index=cells.index)
        found = hotspots(drawn, neighbours, exposure=exposure, alpha=alpha, min_ratio=min_ratio, dispersion=dispersion)
        hot += found["hot"].to_numpy()
        answered += found["answer"].to_numpy()
    low, high = np.quantile(counts, [0.025, 0.975], axis=1, method="inverted_cdf")
    said = [say("hot in {hot} of {draws} draws", hot=one, draws=draws) for one in hot]
    words = np.where(answered > 0, said, say("too few to tell in any draw"))
    result = pd.DataFrame(
        {"hot_draws": hot, "answered_draws": answered, "draws": draws, "count_low": low, "count_high": high,
         "words": words}, index=cells.index,
    )  # fmt: skip
    result.attrs["unplaced"] = int((areas.of_record < 0).sum())
    return result


def _chances(inclusion: Mapping[str, float]) -> str:
    return "; ".join(f"{grade}: {write(chance)}" for grade, chance in inclusion.items())

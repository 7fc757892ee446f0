"""Faults as files of real sources have them: which rows are spoilt, and how."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from civmap.simulate.columns import pick

FAULTS = (
    "date_missing", "date_unreadable", "end_before_start", "place_missing", "coordinate_zero", "min_above_max",
    "code_unknown", "id_repeated", "coordinates_swapped",
)  # fmt: skip


def choose_faults(share: float, *, file: np.ndarray, has_point: np.ndarray, rng: np.random.Generator) -> pd.Series:
    """Choose the rows that are spoilt, and the rule each breaks; null for the others.

    Parameters
    ----------
    share
        Of the rows with a point.
    file
        The number of the file that a row goes to. A row may repeat the id of the one before it in its file, which must
        then be whole.
    """
    spoilt = (rng.random(len(file)) < share) & has_point
    order = np.argsort(file, kind="stable")
    chosen, of = spoilt[order], file[order]
    first = np.diff(of, prepend=of[:1] - 1) != 0
    chosen &= ~first & ~np.roll(chosen, 1)
    spoilt[order] = chosen
    return pick(FAULTS, rng.integers(0, len(FAULTS), len(file)), null=~spoilt)


def spoil(rows: pd.DataFrame, faults: pd.DataFrame) -> pd.DataFrame:
    """Put faults (source_id, rule) into the rows of one file."""
    at = {rule: rows.index[rows["source_id"].isin(ids)] for rule, ids in faults.groupby("rule")["source_id"]}
    spoilt = rows.copy()

    def put(rule: str, **values: Any) -> None:
        for name, value in values.items():
            spoilt.loc[at.get(rule, []), name] = value

    repeated = at.get("id_repeated", rows.index[:0])
    nowhere = at.get("coordinates_swapped", rows.index[:0])
    put("date_missing", event_date=None)
    put("date_unreadable", event_date="31/02/2010")
    put("end_before_start", event_date_end="2001-01-01")
    put("place_missing", latitude=np.nan, longitude=np.nan, admin1_as_reported=None)
    put("coordinate_zero", latitude=0.0, longitude=0.0)
    put("min_above_max", civilians_killed_min=99, civilians_killed_max=9)
    put("code_unknown", cause="unclear")
    put("id_repeated", source_id=rows["source_id"].shift().loc[repeated])
    put("coordinates_swapped", latitude=rows.loc[nowhere, "longitude"], longitude=rows.loc[nowhere, "latitude"],
        admin1_as_reported=None)  # fmt: skip
    return spoilt

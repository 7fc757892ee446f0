"""Set-aside rows that somebody has mended: read again by the same rules, under their own numbers."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from civmap.errors import StoreError
from civmap.readers import READERS, read

KEYS = ("load_id", "source_row")


@dataclass(frozen=True)
class Mended:
    """What came of mended rows: the records now accepted, and the rows that still break a rule."""

    records: gpd.GeoDataFrame
    still_aside: pd.DataFrame


def raw_rows(aside: pd.DataFrame) -> pd.DataFrame:
    """Lay set-aside rows out as they came, one column per column of the file, with ``load_id`` and ``source_row``.

    Rows that could not be split into fields are left out: they can only be mended in the file.

    Parameters
    ----------
    aside
        Rows as `Store.rejected` gives them, of loads with the same columns.

    Returns
    -------
    DataFrame
        ``load_id``, ``source_row``, and the file's columns as text.
    """
    whole = aside[aside["row"].notna()].reset_index(drop=True)
    lines = io.StringIO("\n".join(whole["row"]))
    columns = list(dict.fromkeys(name for row in whole["row"] for name in json.loads(row)))
    raw = pd.read_json(lines, lines=True, dtype=False) if len(whole) else pd.DataFrame()
    text = raw.reindex(columns=columns).astype("str")
    return pd.concat([whole[list(KEYS)], text], axis=1)


def reread(rows: pd.DataFrame, aside: pd.DataFrame, load: Mapping[str, Any], taken: set[str]) -> Mended:
    """Read mended rows of one load again.

    Parameters
    ----------
    rows
        ``source_row`` and those of the file's columns that were mended, as text; null leaves a value as it was, an
        empty text clears it.
    aside
        The rows set aside of that load.
    load
        The load's description.
    taken
        Ids that records of the load have already.

    Returns
    -------
    Mended
        Each row in one of the two.

    Raises
    ------
    StoreError
        When a row is not among those set aside, or a column is none of the file's.
    """
    raw = raw_rows(aside).set_index("source_row").drop(columns="load_id")
    edits = rows.set_index(rows["source_row"].astype("int32")).drop(columns=list(KEYS), errors="ignore").astype("str")
    unknown = sorted(map(int, set(edits.index) - set(raw.index)))
    strange = sorted(map(str, set(edits) - set(raw)))
    if unknown or strange or edits.index.has_duplicates:
        raise StoreError(
            f"These rows of {load['file']} cannot be mended here.",
            found="; ".join(
                [f"row {number} is not set aside, or could not be split into fields" for number in unknown[:10]]
                + [f"column '{name}' is none of the file's" for name in strange[:10]]
                + (["a row is given twice"] if edits.index.has_duplicates else [])
            ),
            next_step="Keep load_id, source_row and the column names as they were; mend broken rows in the file.",
        )
    given = raw.loc[edits.index]
    mended = edits.reindex(columns=given.columns).combine_first(given)[list(given.columns)]
    with tempfile.TemporaryDirectory(prefix="civmap-mending-") as folder:
        file = Path(folder) / "rows.csv"
        mended.replace("", None).to_csv(file, index=False)
        label = load["source"] if load["source"] not in READERS else load["reader"]
        result = read(file, source=label)
    numbers = mended.index.to_numpy()
    records = result.records.assign(source_row=_numbered(result.records, numbers))
    repeated = records["source_id"].isin(taken).to_numpy()
    again = result.rejected.assign(file=load["file"], source_row=_numbered(result.rejected, numbers))
    twice = records.loc[repeated, ["source", "source_row", "source_id"]].assign(
        file=load["file"],
        rule="id_repeated",
        value=records["source_id"],
        expected="an id that no other record of the file has",
    )
    twice = pd.DataFrame(twice).reindex(columns=again.columns).astype(again.dtypes.to_dict())
    still = pd.concat([again, twice], ignore_index=True).sort_values("source_row", ignore_index=True)
    return Mended(records[~repeated].reset_index(drop=True), still)


def _numbered(frame: pd.DataFrame, numbers: np.ndarray) -> pd.Series:
    """Give rows the numbers that they have in the file that they came with."""
    return pd.Series(numbers[frame["source_row"].to_numpy(dtype="int64") - 1], frame.index).astype("Int32")

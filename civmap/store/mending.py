"""Set-aside rows that somebody has mended: read again by the same rules, under their own numbers."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from civmap.errors import StoreError
from civmap.placing import set_aside_ambiguous
from civmap.readers import READERS, ReadResult, read
from civmap.readers.mapping import Mapping as Mapped
from civmap.theatre import Theatre

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


def reread(
    rows: pd.DataFrame, aside: pd.DataFrame, load: Mapping[str, Any], theatre: Theatre, *, taken: set[str]
) -> Mended:
    """Read mended rows of one load again, as the file was read.

    Parameters
    ----------
    rows
        ``source_row`` and those of the file's columns that were mended, as text; null leaves a value as it was, an
        empty text clears it.
    aside
        The rows set aside of that load.
    load
        The load's description.
    theatre
        Whose names of provinces count.
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
    numbers = rows["source_row"].astype("int32")
    whole = aside[aside["row"].notna()]
    unknown = sorted(map(int, set(numbers) - set(whole["source_row"])))
    if unknown or numbers.duplicated().any():
        raise StoreError(
            f"These rows of {load['file']} cannot be mended here.",
            found="; ".join(
                [f"row {number} is not set aside, or could not be split into fields" for number in unknown[:10]]
                + (["a row is given twice"] if numbers.duplicated().any() else [])
            ),
            next_step="Keep load_id and source_row as they were; mend broken rows in the file.",
        )
    # what was set aside at placing stands in CivMap's own columns, what was set aside at reading in the file's
    ours = whole["rule"] == "province_ambiguous"
    found = []
    for part, read_as in ((whole[~ours], load), (whole[ours], {**load, "reader": "civmap", "mapping": ""})):
        chosen = rows[numbers.isin(part["source_row"])]
        if len(chosen):
            found.append(_reread(chosen, part, read_as, theatre, taken))
    records = pd.concat([one.records for one in found], ignore_index=True)
    still = pd.concat([one.still_aside for one in found], ignore_index=True)
    return Mended(gpd.GeoDataFrame(records), still.sort_values("source_row", ignore_index=True))


def _reread(
    rows: pd.DataFrame, aside: pd.DataFrame, load: Mapping[str, Any], theatre: Theatre, taken: set[str]
) -> Mended:
    raw = raw_rows(aside).set_index("source_row").drop(columns="load_id")
    edits = rows.set_index(rows["source_row"].astype("int32")).drop(columns=list(KEYS), errors="ignore").astype("str")
    strange = sorted(name for name in map(str, edits) if name not in raw and edits[name].fillna("").ne("").any())
    if strange:
        raise StoreError(
            f"These columns are none of {load['file']}.",
            found=", ".join(strange[:10]), expected=", ".join(map(str, raw)),
            next_step="Keep the names of the columns as they were.",
        )  # fmt: skip
    given = raw.loc[edits.index]
    mended = edits.reindex(columns=given.columns).combine_first(given)[list(given.columns)]
    with tempfile.TemporaryDirectory(prefix="civmap-mending-") as folder:
        file = Path(folder) / "rows.csv"
        mended.replace("", None).to_csv(file, index=False)
        result = set_aside_ambiguous(_read(file, load), theatre)
    numbers = mended.index.to_numpy()
    records = result.records.assign(source_row=_numbered(result.records, numbers))
    repeated = records["source_id"].isin(taken).to_numpy()
    again = result.rejected.assign(file=load["file"], source_row=_numbered(result.rejected, numbers))
    twice = records.loc[repeated, ["source", "source_row", "source_id"]].assign(
        file=load["file"],
        rule="id_repeated",
        value=lambda frame: frame["source_id"],
        expected="an id that no other record of the file has",
    )
    twice = pd.DataFrame(twice).reindex(columns=again.columns).astype(again.dtypes.to_dict())
    return Mended(records[~repeated].reset_index(drop=True), pd.concat([again, twice], ignore_index=True))


def _read(file: Path, load: Mapping[str, Any]) -> ReadResult:
    if load["mapping"]:
        return read(file, source=load["source"], mapping=replace(Mapped.from_toml(load["mapping"]), sheet=""))
    ours = load["reader"] == "civmap" and load["source"] in READERS  # then each row names its source
    return read(file, source="civmap" if ours else load["source"])


def _numbered(frame: pd.DataFrame, numbers: np.ndarray) -> pd.Series:
    """Give rows the numbers that they have in the file that they came with."""
    return pd.Series(numbers[frame["source_row"].to_numpy(dtype="int64") - 1], frame.index).astype("Int32")

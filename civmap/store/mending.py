"""Set-aside rows that somebody has mended: read again by the same rules, under their own numbers."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from civmap.errors import StoreError
from civmap.language import listed, say
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


def checked(rows: pd.DataFrame, aside: pd.DataFrame) -> pd.DataFrame:
    """Give mended rows with ``source_row`` as a number, if each is among those set aside and can be mended here.

    Raises
    ------
    StoreError
        Names what is wrong with the rows, all of it at once.
    """
    if lacking := [name for name in KEYS if name not in rows]:
        raise StoreError(
            say("These rows do not say which they are."), found=", ".join(map(str, rows)),
            expected=say("the columns {columns}; without {lacking} no row can be told", columns=listed(KEYS),
                         lacking=listed(lacking)),
            next_step=say("Start from the rows as they were downloaded."),
        )  # fmt: skip
    if rows.empty:
        raise StoreError(say("No rows were given."), next_step=say("Leave the rows that you mended in the file."))
    numbers = pd.to_numeric(rows["source_row"], errors="coerce").astype("Float64")
    given = pd.MultiIndex.from_arrays([rows["load_id"].astype("str"), numbers])
    known = aside.loc[aside["row"].notna(), list(KEYS)]
    unknown = ~given.isin(pd.MultiIndex.from_arrays([known["load_id"], known["source_row"].astype("Float64")]))
    faults = [
        say("row {row} of load {load} is not set aside there, or could not be split into fields", row=row, load=load)
        for load, row in rows.loc[unknown, list(KEYS)].head(10).itertuples(index=False)
    ]
    faults += [
        say("row {row:.0f} of load {load} is given twice", row=row, load=load)
        for load, row in given[given.duplicated() & ~unknown][:10]
    ]
    if faults:
        raise StoreError(
            say("These rows cannot be mended here."), found=say("; ").join(faults),
            next_step=say("Keep {columns} as they were; mend rows that could not be split in the file.",
                          columns=listed(KEYS)),
        )  # fmt: skip
    return rows.assign(load_id=rows["load_id"].astype("str"), source_row=numbers.astype("int32"))


def read_again(
    rows: pd.DataFrame, aside: pd.DataFrame, loads: pd.DataFrame, theatre: Theatre, *, taken: pd.DataFrame
) -> list[tuple[dict[str, Any], Mended]]:
    """Read mended rows again, as the file of each was read.

    Parameters
    ----------
    rows
        ``load_id``, ``source_row`` and those of the file's columns that were mended, as text, as `checked` gives them;
        null leaves a value as it was, an empty text clears it.
    aside
        The rows set aside of these loads.
    loads
        The loads' descriptions, as `Store.loads` gives them.
    theatre
        Whose names of provinces count.
    taken
        ``load_id``, ``source`` and ``source_id`` of records that were accepted of these loads, at once or mended.

    Returns
    -------
    list
        For each load its description and what came of its rows, each in one of the two.

    Raises
    ------
    StoreError
        When a column is none of the file's.
    """
    described = loads.set_index("load_id")
    came_with = taken["load_id"].map(described["mends"].fillna(described.index.to_series()))
    done = []
    for load_id, part in rows.groupby("load_id"):
        load = {str(name): value for name, value in described.loc[load_id].items()} | {"load_id": load_id}
        ids = pd.MultiIndex.from_frame(taken.loc[came_with == load_id, ["source", "source_id"]])
        done.append((load, _of_one_load(part, aside[aside["load_id"] == load_id], load, theatre, ids)))
    return done


def together(parts: Sequence[Mended]) -> Mended:
    """Lay what came of the rows of several loads under each other."""
    records = pd.concat([one.records for one in parts], ignore_index=True)
    return Mended(gpd.GeoDataFrame(records), pd.concat([one.still_aside for one in parts], ignore_index=True))


def _of_one_load(
    rows: pd.DataFrame, aside: pd.DataFrame, load: Mapping[str, Any], theatre: Theatre, taken: pd.MultiIndex
) -> Mended:
    whole = aside[aside["row"].notna()]
    # what was set aside at placing stands in CivMap's own columns, what was set aside at reading in the file's
    ours = whole["rule"] == "province_ambiguous"
    found = []
    for part, read_as in ((whole[~ours], load), (whole[ours], {**load, "reader": "civmap", "mapping": ""})):
        chosen = rows[rows["source_row"].isin(part["source_row"])]
        if len(chosen):
            found.append(_reread(chosen, part, read_as, theatre, taken))
    both = together(found)
    still = both.still_aside.sort_values("source_row", ignore_index=True).assign(load_id=load["load_id"])
    return Mended(both.records, still)


def _reread(
    rows: pd.DataFrame, aside: pd.DataFrame, load: Mapping[str, Any], theatre: Theatre, taken: pd.MultiIndex
) -> Mended:
    raw = raw_rows(aside).set_index("source_row").drop(columns="load_id")
    edits = rows.set_index("source_row").drop(columns="load_id").astype("str")
    strange = sorted(name for name in map(str, edits) if name not in raw and edits[name].fillna("").ne("").any())
    if strange:
        raise StoreError(
            say("These columns are none of {file}.", file=load["file"]),
            found=", ".join(strange[:10]), expected=", ".join(map(str, raw)),
            next_step=say("Keep the names of the columns as they were."),
        )  # fmt: skip
    given = raw.loc[edits.index]
    mended = edits.reindex(columns=given.columns).combine_first(given)[list(given.columns)]
    with tempfile.TemporaryDirectory(prefix="civmap-mending-") as folder:
        file = Path(folder) / "rows.csv"
        mended.replace("", None).to_csv(file, index=False)
        result = set_aside_ambiguous(_read(file, load), theatre)
    numbers = mended.index.to_numpy()
    records = result.records.assign(source_row=_numbered(result.records, numbers))
    repeated = pd.MultiIndex.from_frame(records[["source", "source_id"]]).isin(taken)
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

"""Loads: a folder each with records, set-aside rows and a description, written once and never changed.

A load is written under a temporary name and renamed, so a kill at any moment leaves the old state or the new.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from civmap import schema
from civmap.errors import StoreError
from civmap.language import say
from civmap.store import decisions
from civmap.store.decisions import Decision
from civmap.store.folders import not_kept, refused

DECISION = "decision.json"


@dataclass(frozen=True)
class Load:
    """One load: a file that was read, placed and kept.

    `placed` counts the records that lie in the theatre (`without_province` of them are known only to the country),
    `outside` those that do not: placed + outside = accepted. `complete_from` to `complete_to` is the span for which
    the file says that it holds everything its source has. A load of mended rows names the load that they came with
    (`mends`), whose release is `released_at`. `mapping` is the mapping that it was read through.
    """

    load_id: str
    source: str
    file: str
    sha256: str
    reader: str
    encoding: str
    read: int
    accepted: int
    rejected: int
    placed: int
    without_province: int
    outside: int
    known_at: str
    loaded_at: str
    notes: tuple[str, ...] = ()
    complete_from: str | None = None
    complete_to: str | None = None
    mends: str | None = None
    released_at: str | None = None
    erased: int = 0
    mapping: str = ""
    already_loaded: bool = False


_REQUIRED = {field.name for field in fields(Load) if field.default is MISSING}


def load_folders(folder: Path) -> list[Path]:
    """List the folders of finished loads under a theatre's folder; of a load that was rewritten, the last form."""
    found = sorted(path.parent for path in (folder / "loads").glob("[!.]*/load.json"))
    return list({load_id_of(path): path for path in found}.values())


def former_folders(folder: Path) -> list[Path]:
    """List the forms of rewritten loads that a later form has taken the place of."""
    current = set(load_folders(folder))
    return [path.parent for path in (folder / "loads").glob("[!.]*/load.json") if path.parent not in current]


def load_id_of(folder: Path) -> str:
    """Give the id of the load in a folder: ``4f2a`` of ``4f2a`` and of ``4f2a~0001``, its form after an erasure."""
    return folder.name.split("~")[0]


def description(folder: Path) -> dict[str, Any]:
    """Read what a load says of itself.

    Raises
    ------
    StoreError
        When the description is damaged.
    """
    try:
        described = dict(json.loads((folder / "load.json").read_text(encoding="utf-8")))
        if lacking := _REQUIRED - described.keys():
            raise ValueError(f"load.json says nothing of {', '.join(sorted(lacking))}")
        return described
    except (OSError, ValueError, TypeError) as error:
        raise damaged(folder, error) from error


def counted(placed_by: pd.Series) -> dict[str, Any]:
    """Count a load's records by how they got their province, as `Load` names the counts."""
    outside = int((placed_by == "outside").sum())
    return {
        "accepted": len(placed_by),
        "placed": len(placed_by) - outside,
        "without_province": int((placed_by == "country").sum()),
        "outside": outside,
    }


def describe(folders: Sequence[Path]) -> pd.DataFrame:
    """List loads, oldest knowledge first; one row each with the fields of `Load`."""
    columns = [field.name for field in fields(Load) if field.name != "already_loaded"]
    frame = pd.DataFrame([{"erased": 0, "mapping": "", **description(folder)} for folder in folders], columns=columns)
    frame = frame.astype(dict.fromkeys(("complete_from", "complete_to", "mends", "released_at"), "str"))
    frame["released_at"] = frame["released_at"].fillna(frame["known_at"].astype("str"))
    frame = frame.sort_values(["known_at", "load_id"], ignore_index=True)
    return frame.drop(columns="notes").assign(notes=["; ".join(notes) for notes in frame["notes"]])


def set_aside(folders: Sequence[Path]) -> pd.DataFrame:
    """List the rows that were set aside in these loads."""
    frames = []
    for folder in folders:
        try:
            frames.append(pd.read_parquet(folder / "rejected.parquet").assign(load_id=load_id_of(folder)))
        except (OSError, pa.ArrowException) as error:
            raise damaged(folder, error) from error
    return pd.concat(frames, ignore_index=True) if frames else schema.empty_rejected().assign(load_id="")


def mended_rows(folders: Sequence[Path]) -> pd.DataFrame:
    """List the rows that were mended: ``load_id`` of the load that they came with and ``source_row``."""
    frames = []
    for folder in folders:
        if mends := description(folder).get("mends"):
            rows = pq.read_table(folder / "records.parquet", columns=["source_row"])
            frames.append(rows.to_pandas(ignore_metadata=True).assign(load_id=mends))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"source_row": [], "load_id": []})


def still_aside(folders: Sequence[Path]) -> pd.DataFrame:
    """List the rows that were set aside in these loads and that none of them mends."""
    aside, mended = set_aside(folders), mended_rows(folders)
    if mended.empty:
        return aside
    done = pd.MultiIndex.from_frame(mended[["load_id", "source_row"]])
    return aside[~pd.MultiIndex.from_frame(aside[["load_id", "source_row"]]).isin(done)].reset_index(drop=True)


def write(
    root: Path, load: Load, placed: gpd.GeoDataFrame, rejected: pd.DataFrame, *, decision: Decision | None = None
) -> None:
    """Keep a load for good under a theatre's folder, with the decision that made it, or leave everything as it was.

    Raises
    ------
    StoreError
        When the disk refuses.
    """
    draft = root / "loads" / f".draft-{uuid.uuid4().hex}"
    try:
        draft.mkdir(mode=0o700)
        _write_records(placed, draft / "records.parquet")
        rejected.to_parquet(draft / "rejected.parquet", index=False)
        described = {key: value for key, value in asdict(load).items() if key != "already_loaded"}
        (draft / "load.json").write_text(json.dumps(described, indent=1), encoding="utf-8")
        if decision is not None:
            decisions.write(draft, decision, name=DECISION)
        draft.rename(root / "loads" / load.load_id)
    except BaseException as error:
        shutil.rmtree(draft, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        if (root / "loads" / load.load_id).is_dir():
            return  # another process kept the same load in the meantime
        raise refused(not_kept(load.file), root.parent, error) from error


def check_records(folder: Path) -> None:
    """Raise a StoreError that names the load if its records cannot be read."""
    try:
        pq.read_table(folder / "records.parquet")
    except (OSError, pa.ArrowException) as error:
        raise damaged(folder, error) from error


def damaged(folder: Path, error: Exception) -> StoreError:
    """Say that a load is damaged and what to do."""
    return StoreError(
        say("The load {name} is damaged.", name=folder.name),
        found=str(error)[:200],
        next_step=say("Move the folder {folder} away and load the file again.", folder=folder),
    )


def _write_records(placed: gpd.GeoDataFrame, file: Path) -> None:
    """Write points as geoarrow: two columns of numbers, quick to write, which DuckDB reads without an extension."""
    if placed.geometry.notna().any():
        # only words repeat enough for a dictionary, and nobody searches a load: its statistics are not read
        words = [name for name, column in schema.COLUMN.items() if column.kind == "text" and name != "source_id"]
        options = {"use_dictionary": words, "write_statistics": False}
        placed.to_parquet(file, geometry_encoding="geoarrow", index=False, **options)
        return
    # geopandas cannot write a column without any point: the same columns of numbers, all null
    nowhere = pa.nulls(len(placed), pa.struct([("x", pa.float64()), ("y", pa.float64())]))
    table = pa.Table.from_pandas(pd.DataFrame(placed.drop(columns="geometry")), preserve_index=False)
    pq.write_table(table.append_column("geometry", nowhere), file)

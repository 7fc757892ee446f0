"""Simulated records as files: CSV in CivMap's own columns, and the loads of the shipped demonstration."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import shapely

from civmap import schema
from civmap.readers import read
from civmap.simulate.plan import DEMONSTRATION_INCIDENTS_PER_MONTH, DEMONSTRATION_SCALE, afghan_plan
from civmap.simulate.simulated import Simulated, simulate
from civmap.store import Store
from civmap.theatre import load_theatre

_KNOWN_AT = date(2015, 2, 18)  # of the demonstration: a report on its last year would be out
_SEED = 5


def write_files(simulated: Simulated, folder: Path) -> list[Path]:
    """Write one CSV for each source, in CivMap's own columns, with the faults of `Truth.faults` put in.

    The same data give the same bytes. Files are named ``<source>.csv`` and replaced where they exist.

    Returns
    -------
    list of Path
        The files, in the order of the sources.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    records = simulated.records
    table = pd.DataFrame(records.drop(columns=["geometry", "load_id", "source_row", "caveats"]))
    table = table.drop(columns=["admin1", "placed_by", "cell", "parties"]).dropna(axis="columns", how="all")
    points = records.geometry.to_numpy()
    table["latitude"], table["longitude"] = shapely.get_y(points), shapely.get_x(points)
    for name in table.columns.intersection(["reported_via", "checked_via"]):
        table[name] = pc.binary_join(pa.array(table[name].array), ";").to_pandas().array
    for name in table.columns:
        if name in schema.COLUMN and schema.COLUMN[name].kind == "date":
            table[name] = pa.array(table[name].array).cast(pa.date32()).cast(pa.string()).to_pandas().array
    files = []
    for source, rows in table.groupby("source", sort=True):
        faults = simulated.truth.faults
        rows = _spoil(rows.reset_index(drop=True), faults[faults["source"] == source])
        files.append(folder / f"{source}.csv")
        pa_csv.write_csv(pa.Table.from_pandas(rows, preserve_index=False), files[-1])
    return files


def _spoil(rows: pd.DataFrame, faults: pd.DataFrame) -> pd.DataFrame:
    """Put faults into rows, as files of real sources have them."""
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


def write_demonstration(folder: Path) -> list[Path]:
    """Write the Afghan demonstration, 2007 to 2014, as loads of a store: ``folder/loads/<load_id>/``.

    The records go the way of any file: written as CSV, read, placed and kept as known on 18 February 2015; what was
    reported later is left out. Loads that were there are replaced. ``truth.json`` beside them tells what was planted.
    The same code gives the same content.

    Returns
    -------
    list of Path
        The files written.
    """
    folder = Path(folder)
    theatre = load_theatre("afghanistan")
    simulated = simulate(
        theatre, start=date(2007, 1, 1), end=date(2014, 12, 31), seed=_SEED, plan=afghan_plan(),
        incidents_per_month=DEMONSTRATION_INCIDENTS_PER_MONTH,
    )  # fmt: skip
    known = simulated.records["reported_at"] <= pd.Timestamp(_KNOWN_AT)
    simulated = replace(simulated, records=simulated.records[known].reset_index(drop=True))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".draft-") as draft:
        store = Store(Path(draft) / "home", theatre)
        for file in write_files(simulated, Path(draft)):
            store.add(read(file), known_at=_KNOWN_AT)
        loads = store.folder / "loads"
        for load in loads.iterdir():
            described = json.loads((load / "load.json").read_text(encoding="utf-8"))
            described["loaded_at"] = described["known_at"]  # the hour of making it is of no interest
            (load / "load.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
            load.chmod(0o755)
        shutil.rmtree(folder / "loads", ignore_errors=True)
        loads.rename(folder / "loads")
    (folder / "loads").chmod(0o755)
    (folder / "truth.json").write_text(json.dumps(_told(simulated), indent=1, default=str) + "\n", encoding="utf-8")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _told(simulated: Simulated) -> dict[str, Any]:
    truth, records = simulated.truth, simulated.records
    return {
        "note": "Synthetic. No record stands for a real incident.",
        "scale": f"UN-like deaths 2007-2014 are about {DEMONSTRATION_SCALE} of those that UNAMA published.",
        "seed": _SEED,
        "incidents": len(truth.incidents),
        "killed": int(truth.incidents["killed"].sum()),
        "records": {source: len(rows) for source, rows in records.groupby("source")},
        "records_killed": {s: int(n) for s, n in records.groupby("source")["civilians_killed_best"].sum().items()},
        "effects": [asdict(effect) for effect in truth.effects],
        "recording_changes": [asdict(change) for change in truth.recording_changes],
        "hot_cells": [
            {"cell": f"{row.cell:x}", "admin1": row.admin1, "incidents": row.incidents}
            for row in truth.hot_cells.itertuples()
        ],
    }

"""The Afghan demonstration that CivMap shows before anything is loaded: loads of a store, passes, and what was planted.

`docs/demonstration.md` says where each thing planted can be seen.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from civmap.readers import read
from civmap.simulate.files import write_files, write_passes
from civmap.simulate.plan import Plan
from civmap.simulate.plans import DEMONSTRATION_INCIDENTS_PER_MONTH, DEMONSTRATION_SCALE, afghan_plan
from civmap.simulate.simulated import Simulated, simulate
from civmap.store import Store
from civmap.theatre import load_theatre

# Days on which each tally is published; the last is that of a report on its last year.
RELEASES = {
    "isaf_like": (date(2011, 3, 11), date(2015, 2, 18)),
    "un_like": (date(2011, 3, 9), date(2013, 2, 19), date(2015, 2, 18)),
}
REVISED = {"isaf_like": 0.6, "un_like": 0.4}  # share of earlier records that a release looks at again
PASSES_FROM, PASSES_TO = date(2010, 9, 1), date(2010, 12, 31)  # samples are kept for the campaign around Kandahar
_SEED = 2  # of the first eighteen: near the published shape, the south and east hot, the 2009 directive to be seen


def demonstration_plan() -> Plan:
    """Plan the demonstration: `afghan_plan`, published in releases that correct what was published before."""
    plan = afghan_plan()
    sources = [replace(one, releases=RELEASES[one.id], revised=REVISED[one.id]) for one in plan.sources]
    return replace(plan, sources=tuple(sources))


def make_demonstration() -> Simulated:
    """Make the demonstration's incidents, records and passes, 2007 to 2014."""
    return simulate(
        load_theatre("afghanistan"), start=date(2007, 1, 1), end=date(2014, 12, 31), seed=_SEED,
        plan=demonstration_plan(), incidents_per_month=DEMONSTRATION_INCIDENTS_PER_MONTH,
    )  # fmt: skip


def write_demonstration(folder: Path) -> list[Path]:
    """Write the Afghan demonstration, 2007 to 2014, as loads of a store: ``folder/loads/<load_id>/``.

    The records go the way of any file: written as CSV, one for each release, read, placed and kept as known on the day
    of that release; what was reported after the last one is left out. Loads that were there are replaced. Beside them,
    ``passes.parquet`` holds samples of air surveillance of four months and ``truth.json`` tells what was planted. The
    same code gives the same content.

    Returns
    -------
    list of Path
        The files written.
    """
    folder = Path(folder)
    simulated = make_demonstration()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".draft-") as draft:
        store = Store(Path(draft) / "home", load_theatre("afghanistan"))
        for file in write_files(simulated, Path(draft)):
            store.add(read(file), known_at=date.fromisoformat(file.stem[-10:]))
        loads = store.folder / "loads"
        for load in loads.iterdir():
            described = json.loads((load / "load.json").read_text(encoding="utf-8"))
            described["loaded_at"] = described["known_at"]  # the hour of making it is of no interest
            (load / "load.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
            load.chmod(0o755)
        shutil.rmtree(folder / "loads", ignore_errors=True)
        loads.rename(folder / "loads")
    (folder / "loads").chmod(0o755)
    write_passes(shipped_passes(simulated.passes), folder / "passes.parquet")
    (folder / "truth.json").write_text(json.dumps(_told(simulated), indent=1, default=str) + "\n", encoding="utf-8")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def shipped_passes(passes: pd.DataFrame) -> pd.DataFrame:
    """Give the samples of the months that are shipped, by UTC."""
    after = pd.Timestamp(PASSES_TO, tz="UTC") + pd.Timedelta(days=1)
    shipped = passes["time"].ge(pd.Timestamp(PASSES_FROM, tz="UTC")) & passes["time"].lt(after)
    return passes[shipped].reset_index(drop=True)


def _told(simulated: Simulated) -> dict[str, Any]:
    truth, records = simulated.truth, simulated.records
    written = records.loc[truth.matches["released"].notna()]
    matches = truth.matches[truth.matches["released"].notna()]
    watched = truth.incidents["watched_seconds"] > 0
    return {
        "note": "Synthetic. No record stands for a real incident.",
        "scale": f"UN-like deaths 2007-2014 are about {DEMONSTRATION_SCALE} of those that UNAMA published.",
        "seed": _SEED,
        "incidents": len(truth.incidents),
        "killed": int(truth.incidents["killed"].sum()),
        "records": {source: len(rows) for source, rows in written.groupby("source")},
        "records_killed": {s: int(n) for s, n in written.groupby("source")["civilians_killed_best"].sum().items()},
        "in_both": int((matches.groupby("incident").size() == 2).sum()),
        "in_neither": int((~truth.incidents.index.isin(matches["incident"])).sum()),
        "releases": {source: list(days) for source, days in RELEASES.items()},
        "revised": {
            source: {"records": len(rows), "killed": int((rows["killed_after"] - rows["killed_before"]).sum())}
            for source, rows in truth.revisions.groupby("source")
        },
        "surveillance": {
            "runs": int(simulated.passes["pass_id"].nunique()),
            "incidents_watched": int(watched.sum()),
            "incidents_seen": int(truth.incidents["seen_from_air"].sum()),
        },
        "effects": [asdict(effect) for effect in truth.effects],
        "recording_changes": [asdict(change) for change in truth.recording_changes],
        "contexts": [asdict(context) for context in truth.contexts],
        "hot_cells": [
            {"cell": f"{row.cell:x}", "admin1": row.admin1, "incidents": row.incidents}
            for row in truth.hot_cells.itertuples()
        ],
    }

"""Erasure: what must be forgotten is rewritten out of every load; its id, the time and the rule stay."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from civmap import schema
from civmap.errors import StoreError
from civmap.language import say
from civmap.store import decisions, folders, loads
from civmap.store.folders import refused

RULE = "erased"
BY = ("source", "source_id", "load_id", "source_row", "event_date", "admin2", "place")


@dataclass(frozen=True)
class Erased:
    """What was erased, and which state of the store can no longer be rebuilt.

    `records` names them by (source, source_id), `rows` counts set-aside rows that lost their content, `loads` are the
    loads that were rewritten.
    """

    records: tuple[tuple[str, str], ...]
    rows: int
    loads: tuple[str, ...]
    fingerprint_before: str
    fingerprint_after: str


def redact(
    root: Path, where: Mapping[str, str], *, why: str, who: str | None
) -> tuple[list[tuple[str, str]], int, list[str]]:
    """Erase what matches from every load and every derived table under a theatre's folder, and keep the decision.

    Returns
    -------
    tuple
        As `erase_all` gives it.
    """
    check(where)
    records, rows, touched = erase_all(loads.load_folders(root), where, why=why)
    folders.forget((root / "cache").glob("*"))
    if touched:
        about = [*records, *([("rows set aside", str(rows))] if rows else [])]
        made = decisions.decision("erased", about, why=why, who=who, values={"loads": touched})
        decisions.write(root / "decisions", made)
    return records, rows, touched


def check(where: Mapping[str, str]) -> None:
    """Refuse conditions that cannot be asked.

    Raises
    ------
    StoreError
        When nothing is asked, or by a column that erasure does not know.
    """
    strange = sorted(set(where) - set(BY))
    if not where or strange:
        raise StoreError(
            say("Say which records to erase."),
            found=", ".join(strange) or say("no condition"),
            expected=say("one or more of {conditions}", conditions=", ".join(f"{name}=VALUE" for name in BY)),
            next_step=say("Look the records up first; several conditions must all hold."),
        )


def erase_all(
    folders: Sequence[Path], where: Mapping[str, str], *, why: str
) -> tuple[list[tuple[str, str]], int, list[str]]:
    """Rewrite every load that holds what matches.

    Returns
    -------
    tuple
        The erased records as (source, source_id), the number of set-aside rows that lost their content, and the ids of
        the loads that were rewritten.
    """
    records: list[tuple[str, str]] = []
    rows, touched = 0, []
    # a mended row stands as it came among those set aside in the load that it belongs to: it goes there as well
    asked = [(folder, dict(where)) for folder in folders]
    by_id = {loads.load_id_of(folder): folder for folder in folders}
    for folder, one in asked:
        mends = loads.description(_now(folder)).get("mends")
        erased, blanked = erase(_now(folder), one, why=why)
        if len(erased) or blanked:
            touched.append(loads.load_id_of(folder))
        records += erased[["source", "source_id"]].astype("str").itertuples(index=False, name=None)
        rows += blanked
        if mends in by_id:
            asked += [(by_id[mends], {"source_row": str(number)}) for number in erased["source_row"]]
    return records, rows, sorted(set(touched))


def _now(folder: Path) -> Path:
    """Give the folder in which a load lies now: an erasure gives it another name."""
    name = loads.load_id_of(folder)
    return max(path for path in folder.parent.glob(f"{name}*") if loads.load_id_of(path) == name)


def erase(folder: Path, where: Mapping[str, str], *, why: str) -> tuple[pd.DataFrame, int]:
    """Rewrite one load without what matches; the old form is removed once the new one is in place.

    Returns
    -------
    tuple
        The erased records (``source, source_id, source_row``), and how many set-aside rows lost their content.
    """
    described, load_id = loads.description(folder), loads.load_id_of(folder)
    records = pq.read_table(folder / "records.parquet")
    aside = pd.read_parquet(folder / "rejected.parquet")
    asked = records.select([name for name in BY if name in where]).to_pandas(ignore_metadata=True)
    gone = _matches(asked, where)
    blank = _matches(aside.assign(load_id=load_id), where) & (aside["rule"] != RULE).to_numpy()
    erased = (
        records.filter(pa.array(gone)).select(["source", "source_id", "source_row"]).to_pandas(ignore_metadata=True)
    )
    if erased.empty and not blank.any():
        return erased, 0
    stamp = {"rule": RULE, "expected": f"nothing: erased on {datetime.now(UTC):%Y-%m-%d}; {why}"}
    aside.loc[blank, ["column", "value", "other_faults", "row"]] = None
    aside.loc[blank, list(stamp)] = list(stamp.values())
    if not described.get("mends"):  # a mended row has its place among the rows of the load that it came with
        tombs = erased.assign(file=described["file"], **stamp).reindex(columns=list(schema.REJECTED_COLUMNS))
        aside = pd.concat([aside, tombs.astype(schema.empty_rejected().dtypes.to_dict())], ignore_index=True)
    kept = records.filter(pa.array(~gone))
    described |= loads.counted(kept["placed_by"].to_pandas()) | {
        "rejected": len(aside),
        "erased": described.get("erased", 0) + len(erased) + int(blank.sum()),
    }
    if described.get("mends"):
        described["read"] = kept.num_rows
    _replace(folder, kept, aside, described, forget=set(erased["source_row"]))
    return erased, int(blank.sum())


def _replace(
    folder: Path, records: pa.Table, aside: pd.DataFrame, described: dict[str, object], *, forget: set[int]
) -> None:
    draft = folder.parent / f".draft-{uuid.uuid4().hex}"
    name, _, number = folder.name.partition("~")
    try:
        draft.mkdir(mode=0o700)
        pq.write_table(records, draft / "records.parquet")
        aside.to_parquet(draft / "rejected.parquet", index=False)
        (draft / "load.json").write_text(json.dumps(described, indent=1), encoding="utf-8")
        if (folder / loads.DECISION).exists():
            decisions.write(draft, _forgetful(folder / loads.DECISION, forget), name=loads.DECISION)
        draft.rename(folder.with_name(f"{name}~{int(number or 0) + 1:04d}"))
    except BaseException as error:
        shutil.rmtree(draft, ignore_errors=True)
        if isinstance(error, OSError):
            raise refused(say("Nothing was erased from the load {name}.", name=name), folder.parent, error) from error
        raise
    shutil.rmtree(folder)


def _forgetful(file: Path, rows: set[int]) -> decisions.Decision:
    """Give a decision about mended rows without what was written into the erased ones."""
    made = decisions.read([file])[0]
    edits = [edit for edit in made.values.get("rows", []) if int(edit["source_row"]) not in rows]
    return decisions.Decision(**{**made.__dict__, "values": {**made.values, "rows": edits}})


def _matches(frame: pd.DataFrame, where: Mapping[str, str]) -> np.ndarray:
    found = np.ones(len(frame), dtype=bool)
    for name, value in where.items():
        if name not in frame:
            return np.zeros(len(frame), dtype=bool)
        column = frame[name].dt.strftime("%Y-%m-%d") if name == "event_date" else frame[name].astype("str")
        found &= (column == value).to_numpy(dtype=bool, na_value=False)
    return found

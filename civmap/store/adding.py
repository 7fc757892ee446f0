"""What a reader returned, placed and kept as a load; rows that were mended, as a load of their own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from civmap import schema
from civmap.errors import StoreError
from civmap.filters import as_day
from civmap.language import say
from civmap.placing import place, set_aside_ambiguous
from civmap.readers.result import ReadResult
from civmap.store import decisions, loads
from civmap.store.loads import Load
from civmap.theatre import Theatre


def keep(
    root: Path,
    theatre: Theatre,
    result: ReadResult,
    *,
    known_at: date | datetime | str | None = None,
    complete: tuple[date, date] | None = None,
) -> Load:
    """Place and keep what a reader returned under a theatre's folder, as `civmap.store.Store.add` says."""
    moment = as_moment(known_at)
    if complete and complete[0] > complete[1]:
        raise StoreError(
            say("The complete span ends before it begins."),
            found=say("{first} to {last}", first=complete[0], last=complete[1]),
            expected=say("its first day, then its last"),
        )  # fmt: skip
    origin = result.provenance
    described = (origin.sha256, origin.source, origin.reader)
    span = tuple(day.isoformat() for day in complete) if complete else ()
    old = _kept_before(root, described, None if known_at is None else moment, span)
    if old is not None:
        return old
    load_id = hashlib.sha256("|".join((*described, moment.isoformat(), *span)).encode()).hexdigest()[:12]
    result = set_aside_ambiguous(result, theatre)
    placed = _placed(result.records, theatre, load_id)
    load = Load(
        load_id=load_id, source=origin.source, file=origin.file, sha256=origin.sha256, reader=origin.reader,
        encoding=origin.encoding, read=origin.read, rejected=len(result.rejected),
        **loads.counted(placed["placed_by"]),
        known_at=moment.isoformat(), loaded_at=datetime.now(UTC).isoformat(), notes=origin.notes,
        complete_from=span[0] if span else None, complete_to=span[1] if span else None, mapping=origin.mapping,
    )  # fmt: skip
    loads.write(root, load, placed, result.rejected)
    return load


def _kept_before(
    root: Path, described: tuple[str, str, str], known_at: datetime | None, span: tuple[str, ...]
) -> Load | None:
    """Give the load of the same file, if one was kept that says the same of its release and of its completeness."""
    for folder in loads.load_folders(root):
        old = loads.description(folder)
        same_file = (old["sha256"], old["source"], old["reader"]) == described and not old.get("mends")
        same_release = known_at is None or old["known_at"] == known_at.isoformat()
        same_span = not span or (old["complete_from"], old["complete_to"]) == span
        if same_file and same_release and same_span:
            return Load(**{**old, "notes": tuple(old["notes"]), "already_loaded": True})
    return None


def keep_mended(
    root: Path,
    theatre: Theatre,
    records: gpd.GeoDataFrame,
    edits: pd.DataFrame,
    load: Mapping[str, Any],
    *,
    why: str,
    who: str | None,
) -> None:
    """Keep mended rows as a load that belongs to the release they came with, with the decision that made it.

    Parameters
    ----------
    root, theatre
        The theatre and its folder in the store.
    records
        Records that the mended rows gave.
    edits
        The rows as they were mended, as text.
    load
        The description of the load that the rows were set aside from.
    why, who
        The reason, and whose decision it is.
    """
    decision = decisions.decision(
        "mended", records[["source", "source_id"]].to_numpy().tolist(), why=why, who=who,
        values={"load_id": load["load_id"], "rows": edits.astype("str").to_dict(orient="records")},
    )  # fmt: skip
    placed = _placed(records, theatre, decision.decision_id)
    origin = {name: load[name] for name in ("source", "file", "sha256", "reader", "encoding", "mapping", "released_at")}
    mended = Load(
        **origin, load_id=decision.decision_id, read=len(placed), rejected=0, **loads.counted(placed["placed_by"]),
        known_at=decision.decided_at, loaded_at=decision.decided_at, mends=load["load_id"],
    )  # fmt: skip
    loads.write(root, mended, placed, schema.empty_rejected(), decision=decision)


def as_moment(known_at: date | datetime | str | None) -> datetime:
    """Give the moment (UTC) from which a release counts as known: the start of a day; now where none is given.

    Raises
    ------
    StoreError
        When it lies in the future.
    """
    now = datetime.now(UTC)
    if known_at is None or known_at != known_at:  # NaT differs from itself
        return now
    if isinstance(known_at, datetime):
        moment = known_at.astimezone(UTC) if known_at.tzinfo else known_at.replace(tzinfo=UTC)
    else:
        moment = datetime.combine(as_day(known_at) or now.date(), time(), UTC)
    if moment > now:
        raise StoreError(
            say("A release cannot lie in the future."),
            found=f"{moment:%Y-%m-%d}",
            expected=say("a day up to {day}", day=f"{now:%Y-%m-%d}"),
        )
    return moment


def _placed(records: gpd.GeoDataFrame, theatre: Theatre, load_id: str) -> gpd.GeoDataFrame:
    placed = place(records, theatre)
    placed["load_id"] = pd.Series([load_id] * len(placed), index=placed.index, dtype="str")
    return placed

"""Published totals and activity of one's own: kept beside the loads, a folder each, written once and never changed.

A figure is known from the day it was published, else from the day its file counts as known; a figure that a later
file gives again (the same total in the same publication) replaces the earlier one, which stays on disk.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from civmap import schema
from civmap.errors import StoreError
from civmap.filters import as_day
from civmap.language import say
from civmap.readers.tallies import TotalsResult
from civmap.store.folders import not_kept, refused
from civmap.store.loads import damaged

FOLDER = "totals"
KINDS = ("tallies", "activity")
_LISTS = ("party", "cause", "caveats")  # tuples of codes; kept as lists
SAME_TOTAL = ("tally", "area", "start", "end", "party", "cause", "measure", "definition", "publication", "published_at")
COLUMNS = (
    "tally", "area", "start", "end", "party", "cause", "measure", "value", "definition", "publication", "published_at",
    "published_precision", "certainty", "source", "note", "caveats", "area_as_reported", "party_as_reported",
    "cause_as_reported", "file", "totals_id", "known_from",
)  # fmt: skip


@dataclass(frozen=True)
class KeptTotals:
    """One file of totals that was kept: what was read of it (rows of the file) and how many figures that makes."""

    totals_id: str
    kind: str
    file: str
    sha256: str
    read: int
    rejected: int
    figures: int
    known_at: str
    loaded_at: str
    notes: tuple[str, ...] = ()
    already_loaded: bool = False


def keep(folder: Path, result: TotalsResult, *, known_at: date | str | None = None) -> KeptTotals:
    """Keep a file of placed totals for good under a theatre's folder, or leave everything as it was.

    Parameters
    ----------
    folder
        The theatre's folder in the store, `Store.folder`.
    result
        Placed totals, see `civmap.placing.place_totals`.
    known_at
        Day from which the figures without a day of publication count as known; now if not given.

    Returns
    -------
    KeptTotals
        Counts; `already_loaded` when the same file was kept before with the same day, and then nothing has changed.

    Raises
    ------
    StoreError
        When the day lies in the future or the disk refuses.
    """
    moment, now = _moment(known_at), datetime.now(UTC)
    origin = result.provenance
    for one in described(folder):
        if one.sha256 == origin.sha256 and one.kind == origin.reader and (
            known_at is None or one.known_at == moment.isoformat()
        ):  # fmt: skip
            return KeptTotals(**{**asdict(one), "notes": tuple(one.notes), "already_loaded": True})
    hashed = "|".join((origin.sha256, origin.reader, moment.isoformat()))
    made = KeptTotals(
        totals_id=hashlib.sha256(hashed.encode()).hexdigest()[:12], kind=origin.reader, file=origin.file,
        sha256=origin.sha256, read=origin.read, rejected=len(result.rejected), figures=len(result.totals),
        known_at=moment.isoformat(), loaded_at=now.isoformat(), notes=origin.notes,
    )  # fmt: skip
    _write(folder / FOLDER, made, result)
    return made


def described(folder: Path) -> list[KeptTotals]:
    """List the kept files, oldest knowledge first.

    Raises
    ------
    StoreError
        When a description is damaged.
    """
    found = []
    for one in totals_folders(folder):
        try:
            values: dict[str, Any] = json.loads((one / "totals.json").read_text(encoding="utf-8"))
            found.append(KeptTotals(**{**values, "notes": tuple(values["notes"])}))
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise damaged(one, error) from error
    return sorted(found, key=lambda one: (one.known_at, one.loaded_at, one.totals_id))


def totals_folders(folder: Path) -> list[Path]:
    """List the folders of kept files under a theatre's folder."""
    return sorted(path.parent for path in (folder / FOLDER).glob("[!.]*/totals.json"))


def with_totals(folder: Path, fingerprint: str) -> str:
    """Give the fingerprint of a store with its kept totals; without any it is the one given."""
    names = [one.name for one in totals_folders(folder)]
    if not names:
        return fingerprint
    return hashlib.sha256("\n".join([fingerprint, *names]).encode()).hexdigest()[:16]


def kept_totals(folder: Path, kind: str, *, as_known_on: date | None = None) -> pd.DataFrame:
    """Give the figures of all kept files of a kind as known on a day, each total once.

    Parameters
    ----------
    folder
        The theatre's folder in the store.
    kind
        One of `KINDS`.
    as_known_on
        The end of a past day; none means now.

    Returns
    -------
    DataFrame
        `COLUMNS`: those of `civmap.readers.tallies.TOTALS` and the theatre's codes, with ``file``, ``totals_id`` and
        ``known_from`` (a day); party, cause and caveats are tuples.
    """
    frames = [_read(folder / FOLDER / one.totals_id, one) for one in described(folder) if one.kind == kind]
    frames = [frame for frame in frames if len(frame)]
    if not frames:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}).astype(
            {"value": "Int64", **dict.fromkeys(("start", "end", "published_at", "known_from"), "datetime64[us]")}
        )
    frame = pd.concat(frames, ignore_index=True)
    day = as_day(as_known_on)
    if day is not None:
        frame = frame[frame["known_from"] <= pd.Timestamp(day)]
    return frame.drop_duplicates(list(SAME_TOTAL), keep="last").reset_index(drop=True)


def totals_set_aside(folder: Path) -> pd.DataFrame:
    """List the rows that were set aside in all kept files of totals."""
    frames = []
    for one in totals_folders(folder):
        try:
            frames.append(pd.read_parquet(one / "rejected.parquet"))
        except (OSError, pa.ArrowException) as error:
            raise damaged(one, error) from error
    return pd.concat(frames, ignore_index=True) if frames else schema.empty_rejected()


def _write(root: Path, made: KeptTotals, result: TotalsResult) -> None:
    draft = root / f".draft-{uuid.uuid4().hex}"
    described = {key: value for key, value in asdict(made).items() if key != "already_loaded"}
    totals = result.totals.drop(columns=["source_row", *_LISTS])
    try:
        root.mkdir(mode=0o700, exist_ok=True)
        draft.mkdir(mode=0o700)
        table = pa.Table.from_pandas(totals, preserve_index=False)
        for name in _LISTS:
            lists = pa.array([list(codes) for codes in result.totals[name]], pa.list_(pa.string()))
            table = table.append_column(name, lists)
        pq.write_table(table, draft / "totals.parquet")
        result.rejected.to_parquet(draft / "rejected.parquet", index=False)
        (draft / "totals.json").write_text(json.dumps(described, indent=1), encoding="utf-8")
        draft.rename(root / made.totals_id)
    except BaseException as error:
        shutil.rmtree(draft, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        if (root / made.totals_id).is_dir():
            return  # another process kept the same file in the meantime
        raise refused(not_kept(made.file), root.parent, error) from error


def _read(folder: Path, one: KeptTotals) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(folder / "totals.parquet")
    except (OSError, pa.ArrowException) as error:
        raise damaged(folder, error) from error
    for name in _LISTS:
        frame[name] = pd.Series([tuple(codes) for codes in frame[name]], index=frame.index, dtype="object")
    known = pd.Timestamp(datetime.fromisoformat(one.known_at).date())
    days = frame["published_at"].astype("datetime64[us]").fillna(known).astype("datetime64[us]")
    frame = frame.assign(file=one.file, totals_id=one.totals_id, known_from=days)
    return frame.reindex(columns=list(COLUMNS))


def _moment(known_at: date | str | None) -> datetime:
    now = datetime.now(UTC)
    day = as_day(known_at)
    moment = now if day is None else datetime.combine(day, time(), UTC)
    if moment > now:
        raise StoreError(
            say("A release cannot lie in the future."),
            found=f"{moment:%Y-%m-%d}",
            expected=say("a day up to {day}", day=f"{now:%Y-%m-%d}"),
        )
    return moment

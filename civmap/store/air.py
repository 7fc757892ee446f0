"""Air surveillance in the store: telemetry for good, one folder for each file, and what was summed from it.

`air/<load_id>/` under a theatre's folder holds ``telemetry.parquet``, ``passes.parquet``, ``rejected.parquet`` and
``load.json``, written under a temporary name and renamed. Sums by cell and day are kept in ``air_cache/``, which can be
deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from civmap import air_schema
from civmap.errors import StoreError
from civmap.language import say
from civmap.readers.air import AirResult
from civmap.store import folders

if TYPE_CHECKING:
    from civmap.store.store import Store

_FORMAT = 1  # raise when the sums change, so that old caches are made anew


def keep(store: Store, result: AirResult) -> dict[str, Any]:
    """Keep what a reader of air surveillance gave, as one load; the same file again changes nothing.

    Returns
    -------
    dict
        `AirResult.summary` with ``load_id`` and ``already_loaded``.
    """
    answered = str(result.telemetry["sensor_altitude_m"].sum())  # the same file read with the other unit of heights
    load_id = hashlib.sha256(f"{result.sha256}|{result.reader}|{answered}".encode()).hexdigest()[:12]
    target = store.folder / "air" / load_id
    said = {**result.summary(), "load_id": load_id, "already_loaded": target.exists()}
    if target.exists():
        return said
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=target.parent))
    except OSError as error:
        raise folders.refused(say("{file} could not be kept.", file=result.file), store.folder, error) from error
    try:
        result.telemetry.to_parquet(draft / "telemetry.parquet", index=False)
        result.passes.to_parquet(draft / "passes.parquet", index=False)
        result.rejected.to_parquet(draft / "rejected.parquet", index=False)
        described = {**said, "loaded_at": datetime.now(UTC).isoformat(), "sha256": result.sha256}
        (draft / "load.json").write_text(json.dumps(described, indent=1), encoding="utf-8")
        draft.rename(target)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise folders.refused(say("{file} could not be kept.", file=result.file), store.folder, error) from error
    return said


def files(store: Store) -> list[Path]:
    """List the files of telemetry; those of the demonstration where nothing at all has been loaded."""
    own = own_files(store)
    if own or not store.is_demonstration or store.theatre.demonstration is None:
        return own
    shipped = store.theatre.demonstration / "passes.parquet"
    return [shipped] if shipped.is_file() else []


def own_files(store: Store) -> list[Path]:
    """List the files of telemetry that were loaded here."""
    return sorted((store.folder / "air").glob("[!.]*/telemetry.parquet"))


def loads(store: Store) -> pd.DataFrame:
    """List the loads of air surveillance with what each said of itself."""
    found = sorted((store.folder / "air").glob("[!.]*/load.json"))
    names = ("load_id", "file", "reader", "read", "accepted", "rejected", "passes", "first", "last", "loaded_at")
    return pd.DataFrame([_described(file) for file in found], columns=list(names))


def rejected(store: Store) -> pd.DataFrame:
    """List the packets and records that were set aside."""
    tables = [pd.read_parquet(file) for file in sorted((store.folder / "air").glob("[!.]*/rejected.parquet"))]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def fingerprint(folder: Path) -> str:
    """Give a short hash of the loads of air surveillance under a theatre's folder; empty where there are none."""
    names = sorted(path.parent.name for path in (folder / "air").glob("[!.]*/load.json"))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16] if names else ""


def with_air(folder: Path, state: str) -> str:
    """Extend a store's fingerprint by its air surveillance; without any it stays as it is."""
    own = fingerprint(folder)
    return hashlib.sha256(f"{state}|{own}".encode()).hexdigest()[:16] if own else state


def summed(store: Store, name: str, make: Callable[[Path], pa.Table]) -> pa.Table:
    """Give what `make` sums from each file of telemetry, made once for each and kept.

    Parameters
    ----------
    store
        Whose telemetry.
    name
        Tells one kind of sum from another; part of the file's name.
    make
        From a file of telemetry to a small table.
    """
    tables = []
    cache = store.folder / "air_cache"
    for file in files(store):
        own = f"{file.parent.name}|{file.stat().st_size}|{name}|{_FORMAT}"
        kept = cache / f"{hashlib.sha256(own.encode()).hexdigest()[:16]}.parquet"
        if kept.exists():
            try:
                tables.append(pq.read_table(kept))
                continue
            except (pa.ArrowException, OSError):
                kept.unlink(missing_ok=True)
        table = make(file)
        tables.append(table)
        if folders.can_write(cache):
            draft = Path(tempfile.mkstemp(prefix=".draft-", dir=cache)[1])
            pq.write_table(table, draft)
            draft.replace(kept)
    return pa.concat_tables(tables) if tables else None


def samples(store: Store, *, before: pd.Timestamp) -> pd.DataFrame:
    """Give all samples with a footprint or a position that end before a moment, in the columns of telemetry."""
    known = [column.name for column in air_schema.TELEMETRY]
    parts = []
    for file in files(store):
        there = pq.read_schema(file).names
        wanted = [name for name in known if name in there]
        table = pq.read_table(file, columns=wanted, filters=[("time", "<", before.to_pydatetime())])
        read = table.to_pandas()
        read["source_row"] = read.get("source_row", pd.Series(range(1, len(read) + 1)))
        for name in {"pass_id", "platform", "sensor"} & set(read):
            read[name] = read[name].astype("object")
        parts.append(air_schema.frame({name: read[name] for name in read}, length=len(read)))
    return pd.concat(parts, ignore_index=True) if parts else air_schema.frame({}, length=0)


def _described(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise StoreError(
            say("The load of air surveillance {name} is damaged.", name=file.parent.name), found=str(error)[:200],
            next_step=say("Move the folder {folder} away and load the file again.", folder=file.parent),
        ) from error  # fmt: skip

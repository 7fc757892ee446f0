"""The store: what was loaded, whole and for good, and what was known when.

A folder per theatre under the home; each load is a folder of its own (records, set-aside rows, a description), written
under a temporary name and renamed, so a kill at any moment leaves the old state or the new. From the loads one table
is derived and kept in `cache/`: every record with ``known_from`` and ``known_to``; it can be deleted at any time.

This module is the only owner of the DuckDB connection. Every query runs on a cursor of its own, because a connection
shared between threads gives wrong totals.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from civmap import schema
from civmap.errors import StoreError
from civmap.filters import BOUNDS, Filters, as_day, conditions, known_on
from civmap.placing import place
from civmap.readers.result import ReadResult
from civmap.theatre import Theatre, load_theatre

FORMAT = 4  # raise when the derived table changes, so that old caches are made anew
_KEPT_CACHES = 2  # another process may still be reading the one before


@dataclass(frozen=True)
class Load:
    """One load: a file that was read, placed and kept.

    `placed` counts the records that lie in the theatre (`without_province` of them are known only to the country),
    `outside` those that do not: placed + outside = accepted.
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
    already_loaded: bool = False


def default_home() -> Path:
    """Give the folder of all stores: ``$CIVMAP_HOME``, else ``civmap`` in the user's home."""
    return Path(os.environ.get("CIVMAP_HOME") or Path.home() / "civmap")


class Store:
    """Incidents of one theatre, as known now or on any earlier day.

    Parameters
    ----------
    home
        Root folder; made with mode 0700 if absent.
    theatre
        A theatre, or its name or folder.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(tempfile.mkdtemp(), "oir")
    >>> len(store.incidents()), len(store.loads())
    (0, 0)
    """

    def __init__(self, home: str | Path, theatre: Theatre | str | Path) -> None:
        self.theatre = theatre if isinstance(theatre, Theatre) else load_theatre(theatre)
        self.home = Path(home)
        self.folder = self.home / self.theatre.id
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.folder, self.folder / "loads", self.folder / "cache"):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder {self.home} cannot be used.", found=str(error), next_step="Set CIVMAP_HOME to another."
            ) from error
        self._connection = _connect()
        self._opened = ""
        self._kept: dict[tuple[Any, ...], pd.DataFrame] = {}
        self._lock = threading.Lock()

    # ---- what is there -------------------------------------------------------------------------------------------

    @property
    def is_demonstration(self) -> bool:
        """Whether the theatre's synthetic demonstration is shown because nothing has been loaded."""
        return not _load_folders(self.folder) and self.theatre.demonstration is not None

    @property
    def fingerprint(self) -> str:
        """A short hash of everything loaded: the same loads in any order give the same one."""
        return self._fingerprint_of(self._loads())

    def _fingerprint_of(self, folders: Sequence[Path]) -> str:
        names = "\n".join([str(FORMAT), self.theatre.id, *sorted(folder.name for folder in folders)])
        return hashlib.sha256(names.encode()).hexdigest()[:16]

    def loads(self, as_known_on: date | None = None) -> pd.DataFrame:
        """List the loads known on a day, oldest knowledge first; one row each with the fields of `Load`."""
        frame = self._describe(self._loads())
        day = as_day(as_known_on)
        return frame if day is None else frame[frame["known_at"].str[:10] <= day.isoformat()].reset_index(drop=True)

    def _describe(self, folders: Sequence[Path]) -> pd.DataFrame:
        rows = [_description(folder) for folder in folders]
        columns = [name for name in Load.__dataclass_fields__ if name != "already_loaded"]
        frame = pd.DataFrame(rows, columns=columns).sort_values(["known_at", "load_id"], ignore_index=True)
        return frame.drop(columns="notes").assign(notes=["; ".join(notes) for notes in frame["notes"]])

    def rejected(self, as_known_on: date | None = None) -> pd.DataFrame:
        """List the rows set aside, of all loads known on a day."""
        frames = []
        known = set(self.loads(as_known_on)["load_id"])
        for folder in (folder for folder in self._loads() if folder.name in known):
            try:
                frames.append(pd.read_parquet(folder / "rejected.parquet").assign(load_id=folder.name))
            except (OSError, pa.ArrowException) as error:
                raise _damaged(folder, error) from error
        return pd.concat(frames, ignore_index=True) if frames else schema.empty_rejected().assign(load_id="")

    # ---- adding --------------------------------------------------------------------------------------------------

    def add(self, result: ReadResult, *, known_at: date | datetime | str | None = None) -> Load:
        """Place and keep what a reader returned, as one load.

        Parameters
        ----------
        result
            Records, set-aside rows and provenance.
        known_at
            When the source released it; now if not given. Later releases of the same ``source_id`` replace earlier
            ones from then on, and "as known on" an earlier day still shows the earlier. The order of loading does
            not matter; of two releases with one date either may win, but always the same one, so give a correction
            its own date or none.

        Returns
        -------
        Load
            Counts of the load; `already_loaded` when the same file was loaded before with the same release date.
        """
        moment = _as_moment(known_at)
        described = (result.provenance.sha256, result.provenance.source, result.provenance.reader)
        for folder in self._own_loads():
            old = _description(folder)
            same_file = (old["sha256"], old["source"], old["reader"]) == described
            if same_file and (known_at is None or old["known_at"] == moment.isoformat()):
                return Load(**{**old, "notes": tuple(old["notes"]), "already_loaded": True})
        load_id = hashlib.sha256("|".join((*described, moment.isoformat())).encode()).hexdigest()[:12]
        placed = place(result.records, self.theatre)
        placed["load_id"] = pd.Series([load_id] * len(placed), index=placed.index, dtype="str")
        outside = int((placed["placed_by"] == "outside").sum())
        load = Load(
            load_id=load_id,
            source=result.provenance.source,
            file=result.provenance.file,
            sha256=result.provenance.sha256,
            reader=result.provenance.reader,
            encoding=result.provenance.encoding,
            read=result.provenance.read,
            accepted=len(placed),
            rejected=len(result.rejected),
            placed=len(placed) - outside,
            without_province=int((placed["placed_by"] == "country").sum()),
            outside=outside,
            known_at=moment.isoformat(),
            loaded_at=datetime.now(UTC).isoformat(),
            notes=result.provenance.notes,
        )
        self._write(load, placed, result.rejected)
        return load

    def _write(self, load: Load, placed: gpd.GeoDataFrame, rejected: pd.DataFrame) -> None:
        draft = self.folder / "loads" / f".draft-{uuid.uuid4().hex}"
        try:
            draft.mkdir(mode=0o700)
            _write_records(placed, draft / "records.parquet")
            rejected.to_parquet(draft / "rejected.parquet", index=False)
            described = {key: value for key, value in asdict(load).items() if key != "already_loaded"}
            (draft / "load.json").write_text(json.dumps(described, indent=1), encoding="utf-8")
            draft.rename(self.folder / "loads" / load.load_id)
        except BaseException as error:
            shutil.rmtree(draft, ignore_errors=True)
            if not isinstance(error, OSError):
                raise
            if (self.folder / "loads" / load.load_id).is_dir():
                return  # another process kept the same load in the meantime
            raise StoreError(
                f"{load.file} could not be kept; the store is as it was before.",
                found=str(error),
                next_step=f"Check the free space of {self.home}.",
            ) from error

    # ---- asking --------------------------------------------------------------------------------------------------

    def query(self, sql: str, parameters: Sequence[Any] = (), *, keep: bool = False) -> pd.DataFrame:
        """Run one question on a cursor of its own.

        ``incidents`` has all columns and rests on disk; ``facts`` has those that are counted and filtered by, in
        memory, with text as codes: a map or a trend asks it in a few hundredths of a second.

        Parameters
        ----------
        sql
            A SELECT over ``incidents`` (the schema's columns, ``longitude``, ``latitude``, ``map_cell``,
            ``known_from``, ``known_to``, ``civilian_harm``, ``discounted``, ``set_apart`` (not credible or duplicate),
            ``in_theatre``, and ``party_key``: ``;coalition;russia;``).
        parameters
            Values for the question marks.
        keep
            Remember the answer until the loads change; for small answers that every filter needs again.
        """
        if keep:
            key = (self.fingerprint, sql, *parameters)
            kept = self._kept.get(key)
            if kept is None:
                kept = self.query(sql, parameters)
                # a new mapping in one assignment: threads that read the old one are not disturbed
                current = {known: frame for known, frame in self._kept.items() if known[0] == key[0]}
                self._kept = current | {key: kept}
            return kept.copy()
        try:
            self._open()
            return self._ask(sql, parameters)
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException):
            raise
        except duckdb.Error:  # the cache is damaged or was taken away: make it anew, once
            try:
                self._open(anew=True)
                return self._ask(sql, parameters)
            except duckdb.Error as error:
                raise StoreError("The store cannot answer.", found=str(error), next_step="Load it again.") from error

    def _ask(self, sql: str, parameters: Sequence[Any]) -> pd.DataFrame:
        with self._connection.cursor() as cursor:
            return cursor.execute(sql, list(parameters)).to_arrow_table().to_pandas(types_mapper=_list_type)

    def incidents(self, filters: Filters | None = None, as_known_on: date | None = None) -> gpd.GeoDataFrame:
        """Give incident records, one row each, as known on a day.

        Parameters
        ----------
        filters
            Which records; none means every accepted record, also those outside the theatre or without harm.
        as_known_on
            The end of a past day; none means now.

        Returns
        -------
        GeoDataFrame
            The schema's columns with ``known_from`` and ``known_to``, EPSG:4326, in the order of date and id.
        """
        if filters is None:
            terms, values = known_on(as_known_on)
            where = " AND ".join(terms)
        else:
            where, values = conditions(filters, as_known_on=as_known_on)
        ours = "discounted, set_apart, in_theatre, civilian_harm, party_key, map_cell"
        frame = self.query(
            f"SELECT * EXCLUDE ({ours}) FROM incidents WHERE {where} ORDER BY event_date, source, source_id",
            values,
        )
        longitude = frame.pop("longitude").to_numpy(dtype="float64")
        points = gpd.points_from_xy(longitude, frame.pop("latitude").to_numpy(dtype="float64"))
        points[np.isnan(longitude)] = None
        typed = {name: schema.pandas_type(column) for name, column in schema.COLUMN.items() if column.kind != "list"}
        return gpd.GeoDataFrame(frame.astype(typed), geometry=points, crs=schema.CRS)

    def _loads(self) -> list[Path]:
        own = self._own_loads()
        if own or self.theatre.demonstration is None:
            return own
        return _load_folders(self.theatre.demonstration)

    def _own_loads(self) -> list[Path]:
        return _load_folders(self.folder)

    def _open(self, *, anew: bool = False) -> None:
        """Make sure that ``incidents`` shows the loads as they are now."""
        folders = self._loads()
        fingerprint = self._fingerprint_of(folders)
        if fingerprint == self._opened and not anew:
            return
        with self._lock:
            if fingerprint != self._opened or anew:
                file = self.folder / "cache" / f"{fingerprint}.parquet"
                if anew or not file.exists():
                    self._derive(file, folders)
                path = str(file).replace("'", "''")
                # another connection for another state: questions under way finish on the one they began with
                connection = _connect()
                connection.execute(f"CREATE VIEW incidents AS SELECT * FROM read_parquet('{path}')")
                self._remember(connection)
                self._connection, self._opened = connection, fingerprint

    def _remember(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Keep what is counted and filtered by in memory: a tenth of the bytes, and no Parquet to decode."""
        for column in CODED:
            words = f"SELECT DISTINCT {column} FROM incidents WHERE {column} IS NOT NULL ORDER BY 1"
            cursor.execute(f"CREATE TYPE {column}_word AS ENUM ({words})")
        coded = ", ".join(f"{column}::{column}_word AS {column}" for column in CODED)
        people = ", ".join(f"civilians_{one}_{end}" for one in ("killed", "injured") for end in BOUNDS)
        cursor.execute(
            f"""CREATE TABLE facts AS SELECT {coded}, {people}, event_date::DATE AS event_date,
                date_trunc('month', event_date)::DATE AS month, map_cell, known_from, known_to, civilian_harm,
                discounted, set_apart, in_theatre FROM incidents"""
        )
        cursor.execute("CREATE TABLE party_keys AS SELECT DISTINCT party_key FROM facts WHERE party_key IS NOT NULL")

    def _derive(self, file: Path, folders: Sequence[Path]) -> None:
        """Write every record with the time from which and to which it was what the source said."""
        file.parent.mkdir(mode=0o700, exist_ok=True)
        draft = file.with_name(f".{file.name}-{os.getpid()}-{threading.get_ident()}.tmp")
        cursor = self._connection.cursor()
        try:
            if folders:
                cursor.register("load_times", self._describe(folders)[["load_id", "known_at"]])
                records = ", ".join("'" + str(f / "records.parquet").replace("'", "''") + "'" for f in folders)
                source = f"read_parquet([{records}]) JOIN load_times USING (load_id)"
            else:
                nothing = schema.empty_incidents()
                empty = pd.DataFrame(nothing.drop(columns="geometry"))
                never = pd.Series(dtype="str")
                cursor.register("nothing", empty.assign(known_at=never))
                source = "(SELECT *, {'x': 0.0::DOUBLE, 'y': 0.0::DOUBLE} AS geometry FROM nothing)"
            known_to = "NULL::TIMESTAMPTZ AS known_to FROM placed"
            if len(folders) > 1:  # the window over few columns, joined to the many: a tenth of the time
                known_to = "ended.known_to FROM placed JOIN ended USING (load_id, source, source_id)"
            quoted = str(draft).replace("'", "''")
            cursor.execute(
                f"""COPY (
                    WITH placed AS (
                        SELECT * EXCLUDE (geometry, known_at), geometry.x AS longitude, geometry.y AS latitude,
                            known_at::TIMESTAMPTZ AS known_from, {_HARM} AS civilian_harm,
                            list_contains({list(schema.EXCLUDED_GRADES)!r}, grade) AS discounted,
                            list_contains({list(schema.EXCLUDED_ASSESSMENTS)!r}, assessment) AS set_apart,
                            coalesce(placed_by <> 'outside', false) AS in_theatre,
                            ';' || array_to_string(parties, ';') || ';' AS party_key,
                            {_map_cell(self.theatre.map_cell_resolution)} AS map_cell
                        FROM {source}),
                    ended AS (
                        SELECT load_id, source, source_id, lead(known_from) OVER (
                            PARTITION BY source, source_id ORDER BY known_from, load_id) AS known_to
                        FROM placed)
                    SELECT placed.*, {known_to}
                ) TO '{quoted}' (FORMAT parquet, ROW_GROUP_SIZE 100000)"""
            )
            draft.replace(file)
        except (duckdb.Error, OSError) as error:
            for folder in folders:
                _check_records(folder)
            raise StoreError(
                "The table of all loads could not be made.",
                found=str(error),
                next_step=f"Check the free space of {self.home}.",
            ) from error
        finally:
            cursor.close()
            draft.unlink(missing_ok=True)
        old = sorted(file.parent.glob("*.parquet"), key=lambda path: path.stat().st_mtime)[:-_KEPT_CACHES]
        for path in old:
            path.unlink(missing_ok=True)


# A civilian maximum or a count of unknown status above 0; where only a minimum or a best is known, that counts.
_HARM = """(
    coalesce(civilians_killed_max, civilians_killed_best, civilians_killed_min, 0) > 0
    OR coalesce(civilians_injured_max, civilians_injured_best, civilians_injured_min, 0) > 0
    OR coalesce(status_unknown_killed, 0) > 0)"""


# Text that filters ask for, kept as codes.
CODED = ("source", "admin1", "location_precision", "date_precision", "cause", "grade", "party_key")


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection


def parent_cell(resolution: int) -> str:
    """Give the H3 parent of ``cell`` by integer arithmetic: set the resolution, fill the finer digits with ones."""
    keep = ~(15 << 52) & (2**64 - 1)
    fill = (resolution << 52) | ((1 << 3 * (15 - resolution)) - 1)
    return f"((cell & {keep}::UBIGINT) | {fill}::UBIGINT)"


def _map_cell(fine: int) -> str:
    """Give the cell in which a record is drawn: none where the place is known no better than the province."""
    return f"""CASE WHEN location_precision IN ('exact', 'settlement') THEN {parent_cell(fine)}
        WHEN location_precision = 'district' THEN {parent_cell(fine - 1)} END"""


def _list_type(arrow: pa.DataType) -> pd.ArrowDtype | None:
    return schema.pandas_type(schema.COLUMN["parties"]) if pa.types.is_list(arrow) else None


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


def _load_folders(folder: Path) -> list[Path]:
    return sorted(path.parent for path in (folder / "loads").glob("[!.]*/load.json"))


def _description(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / "load.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise _damaged(folder, error) from error


def _check_records(folder: Path) -> None:
    try:
        pq.read_table(folder / "records.parquet")
    except (OSError, pa.ArrowException) as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> StoreError:
    return StoreError(
        f"The load {folder.name} is damaged.",
        found=str(error)[:200],
        next_step=f"Move the folder {folder} away and load the file again.",
    )


def _as_moment(known_at: date | datetime | str | None) -> datetime:
    now = datetime.now(UTC)
    if known_at is None:
        return now
    if isinstance(known_at, datetime):
        moment = known_at.astimezone(UTC) if known_at.tzinfo else known_at.replace(tzinfo=UTC)
    else:
        moment = datetime.combine(as_day(known_at) or now.date(), time(), UTC)
    if moment > now:
        raise StoreError(
            "A release cannot lie in the future.", found=f"{moment:%Y-%m-%d}", expected=f"a day up to {now:%Y-%m-%d}"
        )
    return moment

"""The store: what was loaded, whole and for good, and what was known when.

A folder per theatre under the home: `loads/` (see `civmap.store.loads`) is append-only; from the loads one table is
derived and kept in `cache/` (see `civmap.store.tables`): every record with ``known_from`` and ``known_to``.

This package is the only owner of the DuckDB connection. Every query runs on a cursor of its own, because a connection
shared between threads gives wrong totals.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeVar, cast

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from civmap import schema
from civmap.errors import StoreError
from civmap.filters import Filters, as_day, conditions, known_on
from civmap.placing import place
from civmap.readers.result import ReadResult
from civmap.store import loads as kept_loads
from civmap.store import tables
from civmap.store.loads import Load
from civmap.theatre import Theatre, load_theatre

__all__ = ["Load", "Store", "default_home"]
Answer = TypeVar("Answer")


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
        kept_loads.sweep(self.folder)
        self._connection = tables.open_connection()
        self._opened = ""
        self._kept: tuple[str, dict[Hashable, Any]] = ("", {})
        self._lock = threading.Lock()

    # ---- what is there -------------------------------------------------------------------------------------------

    @property
    def is_demonstration(self) -> bool:
        """Whether the theatre's synthetic demonstration is shown because nothing has been loaded."""
        return not kept_loads.load_folders(self.folder) and self.theatre.demonstration is not None

    @property
    def fingerprint(self) -> str:
        """A short hash of everything loaded: the same loads in any order give the same one."""
        return self._fingerprint_of(self._loads())

    def _fingerprint_of(self, folders: Sequence[Path]) -> str:
        names = "\n".join([str(tables.FORMAT), self.theatre.id, *sorted(folder.name for folder in folders)])
        return hashlib.sha256(names.encode()).hexdigest()[:16]

    def loads(self, as_known_on: date | None = None) -> pd.DataFrame:
        """List the loads known on a day, oldest knowledge first; one row each with the fields of `Load`."""
        frame = kept_loads.describe(self._loads())
        day = as_day(as_known_on)
        return frame if day is None else frame[frame["known_at"].str[:10] <= day.isoformat()].reset_index(drop=True)

    def rejected(self, as_known_on: date | None = None) -> pd.DataFrame:
        """List the rows set aside, of all loads known on a day."""
        known = set(self.loads(as_known_on)["load_id"])
        return kept_loads.set_aside([folder for folder in self._loads() if folder.name in known])

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
            old = kept_loads.description(folder)
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
        kept_loads.write(self.folder, load, placed, result.rejected)
        return load

    # ---- asking --------------------------------------------------------------------------------------------------

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> pd.DataFrame:
        """Run one question on a cursor of its own.

        Parameters
        ----------
        sql
            A SELECT over ``incidents`` or ``facts``. ``incidents`` rests on disk and has the schema's columns with
            ``longitude``, ``latitude``, ``map_cell``, ``known_from``, ``known_to``, ``civilian_harm``,
            ``discounted``, ``set_apart`` (not credible or duplicate) and ``in_theatre``. ``facts`` has those that are
            counted and filtered by, in memory, with text as codes, the figures that are summed (``killed_min``,
            ``casualties_max``, ...) and ``month`` (months since year 0): a map or a trend asks it in a few
            hundredths of a second.
        parameters
            Values for the question marks.
        """
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

    def remember(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """Give the answer kept under a key, or make it and keep it until the loads change.

        For small answers that every change of a filter needs again; they are shared and treated as read-only.
        """
        fingerprint = self.fingerprint
        state, answers = self._kept
        if state != fingerprint:
            answers = {}
        if key not in answers:
            answers = {**answers, key: make()}
            # one assignment: threads that read the old answers are not disturbed
            self._kept = (fingerprint, answers)
        return cast(Answer, answers[key])

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
        ours = ", ".join((*tables.FLAGS, *tables.BIT_COLUMNS, "map_cell"))
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
        return kept_loads.load_folders(self.theatre.demonstration)

    def _own_loads(self) -> list[Path]:
        return kept_loads.load_folders(self.folder)

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
                    tables.derive(file, folders, map_resolution=self.theatre.map_cell_resolution)
                # another connection for another state: questions under way finish on the one they began with
                self._connection, self._opened = tables.connect(file), fingerprint


def _list_type(arrow: pa.DataType) -> pd.ArrowDtype | None:
    return schema.pandas_type(schema.COLUMN["parties"]) if pa.types.is_list(arrow) else None


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

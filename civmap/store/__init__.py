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
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
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
from civmap.placing import place, set_aside_ambiguous
from civmap.readers.result import ReadResult
from civmap.store import decisions, erasure, tables
from civmap.store import loads as kept_loads
from civmap.store.erasure import Erased
from civmap.store.loads import Load
from civmap.store.mending import Mended, reread
from civmap.theatre import Theatre, load_theatre

__all__ = ["Erased", "Load", "Mended", "Store", "default_home"]
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
        """A short hash of all loads and decisions: the same in any order give the same one."""
        return self._fingerprint_of(self._loads(), self._decision_files())

    def _fingerprint_of(self, folders: Sequence[Path], decided: Sequence[Path]) -> str:
        names = sorted(folder.name for folder in folders) + sorted(file.name for file in decided)
        return hashlib.sha256("\n".join([str(tables.FORMAT), self.theatre.id, *names]).encode()).hexdigest()[:16]

    def loads(self, as_known_on: date | None = None) -> pd.DataFrame:
        """List the loads known on a day, oldest knowledge first; one row each with the fields of `Load`."""
        frame = kept_loads.describe(self._loads())
        day = as_day(as_known_on)
        return frame if day is None else frame[frame["known_at"].str[:10] <= day.isoformat()].reset_index(drop=True)

    def rejected(self, as_known_on: date | None = None) -> pd.DataFrame:
        """List the rows set aside, of all loads known on a day."""
        known = set(self.loads(as_known_on)["load_id"])
        folders = [folder for folder in self._loads() if kept_loads.load_id_of(folder) in known]
        aside, mended = kept_loads.set_aside(folders), kept_loads.mended_rows(folders)
        if mended.empty:
            return aside
        done = pd.MultiIndex.from_frame(mended[["load_id", "source_row"]])
        return aside[~pd.MultiIndex.from_frame(aside[["load_id", "source_row"]]).isin(done)].reset_index(drop=True)

    # ---- adding --------------------------------------------------------------------------------------------------

    def add(
        self,
        result: ReadResult,
        *,
        known_at: date | datetime | str | None = None,
        complete: tuple[date, date] | None = None,
    ) -> Load:
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
        complete
            First and last day for which the file says that it holds everything its source has: records of earlier
            releases that it no longer holds count as withdrawn from then on.

        Returns
        -------
        Load
            Counts of the load; `already_loaded` when the same file was loaded before with the same release date.
        """
        moment = _as_moment(known_at)
        described = (result.provenance.sha256, result.provenance.source, result.provenance.reader)
        for folder in self._own_loads():
            old = kept_loads.description(folder)
            if old.get("mends"):
                continue
            same_file = (old["sha256"], old["source"], old["reader"]) == described
            if same_file and (known_at is None or old["known_at"] == moment.isoformat()):
                return Load(**{**old, "notes": tuple(old["notes"]), "already_loaded": True})
        load_id = hashlib.sha256("|".join((*described, moment.isoformat())).encode()).hexdigest()[:12]
        result = set_aside_ambiguous(result, self.theatre)
        placed = self._placed(result.records, load_id)
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
            complete_from=complete[0].isoformat() if complete else None,
            complete_to=complete[1].isoformat() if complete else None,
            mapping=result.provenance.mapping,
        )
        kept_loads.write(self.folder, load, placed, result.rejected)
        return load

    def _placed(self, records: gpd.GeoDataFrame, load_id: str) -> gpd.GeoDataFrame:
        placed = place(records, self.theatre)
        placed["load_id"] = pd.Series([load_id] * len(placed), index=placed.index, dtype="str")
        return placed

    # ---- deciding ------------------------------------------------------------------------------------------------

    def decide(
        self, kind: str, about: Iterable[Sequence[str]], *, why: str, who: str | None = None
    ) -> decisions.Decision:
        """Set records apart as likely duplicates, or count them again, as one decision.

        Parameters
        ----------
        kind
            ``duplicates`` or ``restored``.
        about
            Records as (source, source_id).
        why, who
            The reason, kept with the decision, and whose decision it is; the user of this machine if not given.
        """
        if kind not in decisions.APART:
            raise StoreError(f"There is no decision '{kind}'.", expected=", ".join(decisions.APART))
        if self.is_demonstration:
            raise StoreError(
                "Nothing is decided about the demonstration data.", next_step="Load a file first; then it has gone."
            )
        made = decisions.decision(kind, about, why=why, who=who)
        decisions.write(self.folder / "decisions", made)
        return made

    def mend(self, rows: pd.DataFrame, *, why: str, who: str | None = None) -> Mended:
        """Read set-aside rows again as somebody has mended them, and keep those that now pass, as one decision.

        They belong to the release that they came with, and count as known from this moment.

        Parameters
        ----------
        rows
            ``load_id``, ``source_row`` and the mended columns of the file, as text; null leaves a value as it was.
        why, who
            The reason, kept with the decision, and whose decision it is; the user of this machine if not given.

        Returns
        -------
        Mended
            The records now accepted, and the rows that still break a rule.

        Raises
        ------
        StoreError
            When a row is not among those set aside.
        """
        loads, aside = self.loads().set_index("load_id"), self.rejected()
        unknown = sorted(set(rows["load_id"]) - set(aside["load_id"]))
        if unknown or self.is_demonstration:
            raise StoreError("These rows are not set aside in your own loads.", found=", ".join(unknown))
        done = []
        for load_id, part in rows.groupby("load_id"):
            load = {str(name): value for name, value in loads.loc[load_id].items()} | {"load_id": load_id}
            kept = self.query("SELECT source_id FROM incidents WHERE load_id = ?", [load_id])
            mended = reread(part, aside[aside["load_id"] == load_id], load, self.theatre, taken=set(kept["source_id"]))
            if len(mended.records):
                self._keep_mended(mended.records, part, load, why=why, who=who)
            done.append(Mended(mended.records, mended.still_aside.assign(load_id=load_id)))
        records = pd.concat([one.records for one in done], ignore_index=True)
        return Mended(gpd.GeoDataFrame(records), pd.concat([one.still_aside for one in done], ignore_index=True))

    def _keep_mended(
        self, records: gpd.GeoDataFrame, rows: pd.DataFrame, load: dict[str, Any], *, why: str, who: str | None
    ) -> None:
        now = _as_moment(None)
        edits = rows[rows["source_row"].isin(records["source_row"])].astype("str")
        values = {"load_id": load["load_id"], "rows": edits.to_dict(orient="records")}
        decision = decisions.decision(
            "mended", records[["source", "source_id"]].to_numpy().tolist(), why=why, who=who, values=values
        )
        load_id = decision.decision_id
        placed = self._placed(records, load_id)
        outside = int((placed["placed_by"] == "outside").sum())
        kept_loads.write(
            self.folder,
            Load(
                **{name: load[name] for name in ("source", "file", "sha256", "reader", "encoding", "mapping")},
                load_id=load_id, read=len(placed), accepted=len(placed), rejected=0, placed=len(placed) - outside,
                without_province=int((placed["placed_by"] == "country").sum()), outside=outside,
                known_at=now.isoformat(), loaded_at=now.isoformat(), mends=load["load_id"],
                released_at=load["released_at"],
            ),
            placed, schema.empty_rejected(), decision=decision,
        )  # fmt: skip

    def redact(self, where: Mapping[str, str], *, why: str, who: str | None = None) -> Erased:
        """Erase records from every load, for good; their ids, the time and the rule stay.

        Parameters
        ----------
        where
            Values by column, of `civmap.store.erasure.BY`; all must hold.
        why, who
            The rule that asks for it, and whose decision it is; the user of this machine if not given.

        Returns
        -------
        Erased
            What was erased, and the fingerprints of the store before and after: an export made with the former can no
            longer be rebuilt.
        """
        erasure.check(where)
        if self.is_demonstration:
            raise StoreError("The demonstration data holds nobody's record; there is nothing to erase.")
        before = self.fingerprint
        records, rows, touched = erasure.erase_all(self._own_loads(), where, why=why)
        for file in (self.folder / "cache").glob("*.parquet"):
            file.unlink(missing_ok=True)
        if touched:
            about = [*records, *([("rows set aside", str(rows))] if rows else [])]
            made = decisions.decision("erased", about, why=why, who=who, values={"loads": touched})
            decisions.write(self.folder / "decisions", made)
        return Erased(tuple(records), rows, tuple(touched), before, self.fingerprint)

    def decisions(self) -> list[decisions.Decision]:
        """List what was decided, oldest first."""
        mended = (folder / kept_loads.DECISION for folder in self._own_loads())
        return decisions.read([*self._decision_files(), *(file for file in mended if file.exists())])

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

    def _decision_files(self) -> list[Path]:
        return sorted((self.folder / "decisions").glob("[!.]*.json"))

    def _open(self, *, anew: bool = False) -> None:
        """Make sure that ``incidents`` shows the loads and decisions as they are now."""
        folders, decided = self._loads(), self._decision_files()
        fingerprint = self._fingerprint_of(folders, decided)
        if fingerprint == self._opened and not anew:
            return
        with self._lock:
            if fingerprint != self._opened or anew:
                file = self.folder / "cache" / f"{fingerprint}.parquet"
                if anew or not file.exists():
                    frame = decisions.frame(decisions.read(decided))
                    tables.derive(file, folders, frame, map_resolution=self.theatre.map_cell_resolution)
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

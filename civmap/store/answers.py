"""Questions and their answers: the derived table opened for the loads and decisions of a moment.

This package is the only owner of the DuckDB connection. Every query runs on a cursor of its own, because a connection
shared between threads gives wrong totals.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

import duckdb
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from civmap import schema
from civmap.errors import StoreError
from civmap.language import say, spoken
from civmap.store import decisions, tables
from civmap.store.folders import can_write

Answer = TypeVar("Answer")
KEPT = 64  # answers at most; a page needs a dozen, and one may hold a row for each record


@dataclass(frozen=True)
class State:
    """The loads and the decisions of a moment, as their folders and files."""

    theatre: str
    loads: tuple[Path, ...]
    decided: tuple[Path, ...]

    @cached_property
    def fingerprint(self) -> str:
        """A short hash: the same loads and decisions in any order give the same one."""
        names = sorted(folder.name for folder in self.loads) + sorted(file.name for file in self.decided)
        return hashlib.sha256("\n".join([str(tables.FORMAT), self.theatre, *names]).encode()).hexdigest()[:16]


class Answers:
    """The derived table of a theatre's loads, made and opened anew whenever loads or decisions change.

    Parameters
    ----------
    cache
        Folder in which the table is kept. Where nothing can be written it is made in a temporary folder instead,
        for its user alone, which goes with the store.
    state
        Gives the loads and decisions as they are now.
    map_resolution
        H3 resolution in which exact places are drawn.
    """

    def __init__(self, cache: Path, state: Callable[[], State], *, map_resolution: int) -> None:
        self._cache, self._state, self._map_resolution = cache, state, map_resolution
        self._connection = tables.open_connection()
        self._opened = ""
        self._kept: tuple[str, dict[Hashable, Any]] = ("", {})
        self._lock = threading.Lock()
        self._temporary: Path | None = None

    def ask(self, sql: str, parameters: Sequence[Any]) -> pd.DataFrame:
        """Run one question on a cursor of its own."""
        try:
            self._open()
            return self._run(sql, parameters)
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException):
            raise  # the question is at fault, not the table
        except duckdb.Error:  # the table is damaged or was taken away: make it anew, once
            try:
                self._open(anew=True)
                return self._run(sql, parameters)
            except duckdb.Error as error:
                raise StoreError(
                    say("The store cannot answer."), found=str(error), next_step=say("Load it again.")
                ) from error

    def remember(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """Give the answer kept under a key, or make it; those last asked for are kept.

        They go when loads or decisions change.

        Answers may hold texts, so each language has its own.
        """
        key = (spoken(), key)
        fingerprint = self._state().fingerprint
        state, answers = self._kept
        found = answers[key] if state == fingerprint and key in answers else make()
        state, answers = self._kept  # making one answer may have kept others
        others = [one for one in answers.items() if one[0] != key] if state == fingerprint else []
        # one assignment: threads that read the old answers are not disturbed
        self._kept = (fingerprint, dict([*others[-(KEPT - 1) :], (key, found)]))
        return cast(Answer, found)

    def _run(self, sql: str, parameters: Sequence[Any]) -> pd.DataFrame:
        with self._connection.cursor() as cursor:
            return cursor.execute(sql, list(parameters)).to_arrow_table().to_pandas(types_mapper=_list_type)

    def _open(self, *, anew: bool = False) -> None:
        """Make sure that the table shows the loads and decisions as they are now."""
        state = self._state()
        if state.fingerprint == self._opened and not anew:
            return
        with self._lock:
            if state.fingerprint != self._opened or anew:
                file = self._table(state, anew=anew)
                # another connection for another state: questions under way finish on the one they began with
                self._connection, self._opened = tables.connect(file), state.fingerprint

    def _table(self, state: State, *, anew: bool) -> Path:
        """Give the file of the derived table; it is made if there is none."""
        # a theatre whose maps were given other cells has another table of the same loads
        name = f"{state.fingerprint}-{self._map_resolution}.parquet"
        if not anew and (self._cache / name).exists():
            return self._cache / name
        file = self._folder() / name
        if anew or not file.exists():
            decided = decisions.frame(decisions.read(state.decided))
            tables.derive(file, state.loads, decided, map_resolution=self._map_resolution)
        return file

    def _folder(self) -> Path:
        if can_write(self._cache):
            return self._cache
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="civmap-"))
            weakref.finalize(self, shutil.rmtree, self._temporary, ignore_errors=True)
        return self._temporary


def as_points(frame: pd.DataFrame) -> gpd.GeoDataFrame:
    """Give the answer to a question about ``incidents`` the schema's types and a point from its coordinates."""
    longitude = frame.pop("longitude").to_numpy(dtype="float64")
    points = gpd.points_from_xy(longitude, frame.pop("latitude").to_numpy(dtype="float64"))
    points[np.isnan(longitude)] = None
    typed = {name: schema.pandas_type(column) for name, column in schema.COLUMN.items() if column.kind != "list"}
    return gpd.GeoDataFrame(frame.astype(typed), geometry=points, crs=schema.CRS)


def _list_type(arrow: pa.DataType) -> pd.ArrowDtype | None:
    return schema.pandas_type(schema.COLUMN["parties"]) if pa.types.is_list(arrow) else None

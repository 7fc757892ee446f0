"""`Record`: what is known of a theatre, asked and never changed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from civmap.filters import Filters, as_day, conditions, known_on
from civmap.store import air, decisions, folders, loads, tables, totals
from civmap.store.answers import Answer, Answers, State, as_points
from civmap.store.decisions import Decision
from civmap.theatre import Theatre, load_theatre


class Record:
    """The loads and decisions of one theatre as they lie under a home, to be asked; `civmap.store.Store` adds to them.

    Parameters
    ----------
    home
        Root folder; made with mode 0700 if absent. One that may only be read can be asked.
    theatre
        A theatre, or its name or folder.

    Raises
    ------
    StoreError
        When the home can neither be made nor read.
    TheatreError
        When there is no such theatre, or its folder has faults.
    """

    def __init__(self, home: str | Path, theatre: Theatre | str | Path) -> None:
        self._theatre = theatre if isinstance(theatre, Theatre) else load_theatre(theatre)
        self.home = Path(home)
        self.folder = self.home / self.theatre.id
        folders.prepare(self.home, self.folder)
        folders.sweep(self.folder, loads.former_folders(self.folder))
        self._answers = Answers(self.folder / "cache", self._state, map_resolution=self.theatre.map_cell_resolution)

    @property
    def theatre(self) -> Theatre:
        """The theatre, its texts in the language that is spoken."""
        return self._theatre.spoken

    @property
    def is_demonstration(self) -> bool:
        """Whether the theatre's synthetic demonstration is shown because nothing has been loaded."""
        return not loads.load_folders(self.folder) and self.theatre.demonstration is not None

    @property
    def fingerprint(self) -> str:
        """A short hash of loads, decisions, totals and air surveillance: the same in any order give the same one."""
        return air.with_air(self.folder, totals.with_totals(self.folder, self._state().fingerprint))

    def loads(self, as_known_on: date | None = None) -> pd.DataFrame:
        """List the loads known on a day, oldest knowledge first; one row each with the fields of `Load`."""
        frame = loads.describe(self._state().loads)
        day = as_day(as_known_on)
        return frame if day is None else frame[frame["known_at"].str[:10] <= day.isoformat()].reset_index(drop=True)

    def rejected(self, as_known_on: date | None = None) -> pd.DataFrame:
        """List the rows set aside and not mended by then, of all loads known on a day, with their ``load_id``."""
        known = set(self.loads(as_known_on)["load_id"])
        return loads.still_aside([folder for folder in self._state().loads if loads.load_id_of(folder) in known])

    def decisions(self) -> list[Decision]:
        """List what was decided, oldest first."""
        mended = (folder / loads.DECISION for folder in loads.load_folders(self.folder))
        return decisions.read([*self._state().decided, *(file for file in mended if file.exists())])

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
        return self._answers.ask(sql, parameters)

    def remember(self, key: Hashable, make: Callable[[], Answer]) -> Answer:
        """Give the answer kept under a key, or make it and keep it until the loads change.

        For small answers that every change of a filter needs again; they are shared and treated as read-only.
        """
        return self._answers.remember(key, make)

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
        terms, values = known_on(as_known_on)
        where = " AND ".join(terms)
        if filters is not None:
            where, values = conditions(filters, as_known_on=as_known_on)
        ours = ", ".join((*tables.FLAGS, *tables.BIT_COLUMNS, "map_cell"))
        sql = f"SELECT * EXCLUDE ({ours}) FROM incidents WHERE {where} ORDER BY event_date, source, source_id"
        return as_points(self.query(sql, values))

    def _state(self) -> State:
        own = loads.load_folders(self.folder)
        shown = loads.load_folders(self.theatre.demonstration) if not own and self.theatre.demonstration else own
        return State(self.theatre.id, tuple(shown), tuple(decisions.files(self.folder)))

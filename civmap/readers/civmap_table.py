"""A table in CivMap's own column names: CSV or Parquet, as the simulator and exports write it.

Column names are those of `civmap.schema.INCIDENT`, with ``latitude`` and ``longitude`` for the point. A count given
once (``civilians_killed_best`` alone) is its own minimum and maximum. Lists are separated by ``;``.
"""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd

from civmap import schema
from civmap.errors import ColumnsError
from civmap.readers import columns as cols
from civmap.readers.faults import Fault, range_faults, read_basics
from civmap.readers.files import TextTable, read_records
from civmap.readers.result import Draft, ReadResult, finish

NEEDED = ("source_id", "event_date")
_FILLED_LATER = {"load_id", "source_row", "admin1", "placed_by", "cell", "parties", "caveats"}
_WORDS = {
    "date_precision": None, "location_precision": None, "attribution": None, "cause": "unknown", "grade": "ungraded",
    "assessment": "none",
}  # fmt: skip
_MOST_NOTES = 20
_RANGES = ("civilians_killed", "civilians_injured", "all_killed")
COLUMNS = (
    *(column.name for column in schema.INCIDENT if column.name not in _FILLED_LATER), "latitude", "longitude", "admin1",
    "parties",
)  # fmt: skip


def read_civmap(table: TextTable, *, source: str | None = None) -> ReadResult:
    """Read a table in CivMap's own column names into incident records.

    Parameters
    ----------
    table
        The opened file with at least ``source_id``, ``event_date`` and a place: ``latitude`` and ``longitude``, or a
        province (``admin1`` or ``admin1_as_reported``).
    source
        Id under which records are kept that name no source of their own; the file's name if none is given.

    Returns
    -------
    ReadResult
        Records and the rows set aside.

    Raises
    ------
    ColumnsError
        When a needed column is missing.
    """
    _check_header(table)
    records = read_records(table, COLUMNS)
    raw = records.columns
    length = raw.num_rows
    ids = cols.text(raw, "source_id")
    province = cols.text(raw, "admin1_as_reported").fillna(cols.text(raw, "admin1"))
    basics = read_basics(
        raw, ids=ids, id_column="source_id", dates=("event_date", "event_date_end"),
        counts=[name for name in schema.COUNT_COLUMNS if name in table.header], province=province,
    )  # fmt: skip
    people, no_point = basics.people, basics.no_point
    _single_counts_are_ranges(people)
    measures = [name.removesuffix("_min") for name in people if name.endswith("_min")]
    faults = [*basics.faults, *range_faults(people, measures)]
    parties = cols.text(raw, "party_as_reported").fillna(cols.text(raw, "parties"))
    sources = cols.text(raw, "source").fillna(source or _named_after(table))
    words = {}
    for name, default in _WORDS.items():
        given = cols.text(raw, name)
        allowed = schema.COLUMN[name].allowed
        faults.append(
            Fault(
                "code_unknown", name, (given.notna() & ~given.isin(allowed)).to_numpy(), "one of " + ", ".join(allowed)
            )
        )
        words[name] = given if default is None else given.fillna(default)
    several = parties.fillna("").str.contains(";").to_numpy(dtype=bool)
    words["attribution"] = words["attribution"].fillna(
        pd.Series(np.where(parties.isna(), "undetermined", np.where(several, "several_alleged", "single")))
    )
    words["date_precision"] = words["date_precision"].fillna(cols.precision_of(basics.start, basics.end))
    words["location_precision"] = words["location_precision"].fillna("settlement")
    words["location_precision"] = words["location_precision"].mask(
        no_point & (words["location_precision"] != "country"), "province"
    )
    dates = {}
    for name in ("reported_at", "assessed_at"):
        dates[name], bad = cols.dates(raw, name)
        faults.append(Fault("date_unreadable", name, bad))
    channels = {}
    for name in ("reported_via", "checked_via"):
        given = cols.text(raw, name)
        strange = [word for word in given.dropna().unique() if not _are_channels(word)]
        faults.append(Fault("code_unknown", name, given.isin(strange).to_numpy(), "of " + ", ".join(schema.CHANNELS)))
        channels[name] = cols.lists(given)
    texts = (
        "event_time_local", "admin2", "place", "cause_as_reported", "grade_as_reported", "assessed_by",
    )  # fmt: skip
    return finish(
        Draft(
            {
                "source": sources,
                "source_id": ids,
                "event_date": basics.start,
                "event_date_end": basics.end,
                "admin1_as_reported": province,
                "party_as_reported": parties,
                **words,
                **people,
                **dates,
                **{name: cols.text(raw, name) for name in texts},
                **channels,
                "caveats": cols.caveat_lists(
                    length, {"date_range": (basics.end > basics.start).to_numpy(), "no_coordinates": no_point}
                ),
            },
            basics.longitude,
            basics.latitude,
            faults,
            _notes(table),
        ),
        records,
        table,
        reader="civmap",
        source=source or _named_after(table),
    )


def _named_after(table: TextTable) -> str:
    return cols.header_key(table.path.name.split(".")[0]) or "own_table"


def _check_header(table: TextTable) -> None:
    missing = [name for name in NEEDED if name not in table.header]
    has_place = {"latitude", "longitude"} <= set(table.header) or {"admin1", "admin1_as_reported"} & set(table.header)
    if not has_place:
        missing.append("latitude and longitude, or admin1")
    if missing:
        raise ColumnsError(
            f"{table.path.name}: no column {', '.join(missing)}.",
            found=", ".join(name[:60] for name in table.header[:30]),
            next_step="Rename the columns to CivMap's names (README lists them), or say by a mapping which is which.",
        )


def _are_channels(listed: str) -> bool:
    return {part.strip() for part in listed.split(";")} <= {*schema.CHANNELS, ""}


def _single_counts_are_ranges(people: dict[str, pd.Series]) -> None:
    for measure in _RANGES:
        best = people.get(f"{measure}_best")
        if best is None:
            continue
        for end in ("min", "max"):
            given = people.get(f"{measure}_{end}")
            people[f"{measure}_{end}"] = best if given is None else given.fillna(best)


def _notes(table: TextTable) -> list[str]:
    unread = [name for name in table.header if name not in COLUMNS and name not in _FILLED_LATER]
    notes = []
    if len(unread) > _MOST_NOTES:
        notes.append(f"{len(unread)} columns were not read; the first {_MOST_NOTES} are named here")
    for name in unread[:_MOST_NOTES]:
        near = difflib.get_close_matches(name, COLUMNS, n=1)
        notes.append(f"column '{name}' was not read" + (f"; did you mean '{near[0]}'?" if near else ""))
    return notes

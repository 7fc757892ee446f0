"""Rows that break a rule are set aside with file, record number, column, value and rule; none is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from civmap import schema
from civmap.language import mark, say
from civmap.readers import columns as cols
from civmap.readers.files import Records
from civmap.readers.tables import GEOMETRY

# what each expects; kept in English with the rows that break it, and said where it is shown
RULES: dict[str, str] = {
    "broken_row": mark("as many fields as the header, every quotation mark closed"),
    "id_missing": mark("an id of the record"),
    "id_repeated": mark("each id once in the file"),
    "date_missing": mark("a date"),
    "date_unreadable": mark("a date written YYYY-MM-DD"),
    "date_in_future": mark("a date not later than today"),
    "date_placeholder": mark("the date of the event; 1970-01-01 stands for none"),
    "end_before_start": mark("an end on or after the start"),
    "coordinate_unreadable": mark("degrees as a decimal number"),
    "coordinate_incomplete": mark("latitude and longitude both, or neither"),
    "coordinate_out_of_range": mark("latitude -90 to 90, longitude -180 to 180"),
    "geometry_not_point": mark("a point; an area or a line is not turned into one"),
    "coordinate_zero": mark("a place; latitude 0, longitude 0 stands for none"),
    "place_missing": mark("coordinates or a province"),
    "province_ambiguous": mark("a name that stands for one province"),
    "count_unreadable": mark("a whole number of people, 0 or more"),
    "min_above_max": mark("min <= best <= max"),
    "code_unknown": mark("a code of the source's codebook"),
}

EXCHANGED = mark("latitude -90 to 90; are the two exchanged?")
_WITH_MORE = {  # what follows is not translated: codes, or a reason as it was given
    "one of ": mark("one of {more}"),
    "of ": mark("of {more}"),
    "nothing: erased on ": mark("nothing: erased on {more}"),
}


@dataclass(frozen=True)
class Fault:
    """One rule that some rows break."""

    rule: str
    column: str
    bad: np.ndarray
    expected: str | None = None


@dataclass(frozen=True)
class Basics:
    """What every record of a source has (dates, a point, counts of people) and where these are faulty."""

    start: pd.Series
    end: pd.Series  # the first day where the source gives no last one
    latitude: np.ndarray
    longitude: np.ndarray
    no_point: np.ndarray
    people: dict[str, pd.Series]
    faults: list[Fault]


def expected_in_words(expected: str) -> str:
    """Say what was expected of a value in the language that is spoken.

    Examples
    --------
    >>> expected_in_words("one of day, month"), expected_in_words("a date")
    ('one of day, month', 'a date')
    """
    for begun, text in _WITH_MORE.items():
        if expected.startswith(begun):
            return say(text, more=expected.removeprefix(begun))
    return say(expected)


def read_basics(
    raw: pa.Table,
    *,
    ids: pd.Series,
    id_column: str,
    dates: tuple[str, str],
    counts: Sequence[str],
    date_formats: Sequence[str] = (),
    province: pd.Series | None = None,
) -> Basics:
    """Read dates, ``latitude`` and ``longitude`` and counts of people, and find what is wrong with them and the ids.

    Parameters
    ----------
    raw
        Columns of text; columns that it lacks are null.
    ids, id_column
        The id of each record, and the column to name where one is missing or repeated.
    dates
        Columns of the first and the last day.
    counts
        Columns of counts of people.
    date_formats
        Further ways in which the source writes dates, as `civmap.readers.columns.dates` takes them.
    province
        The province in the source's words: where given, a record with neither point nor province is faulty.

    Returns
    -------
    Basics
        `faults` in the order of their weight: id, dates, place, counts.
    """
    start, bad_start = cols.dates(raw, dates[0], formats=date_formats)
    end, bad_end = cols.dates(raw, dates[1], formats=date_formats)
    latitude, bad_latitude = cols.numbers(raw, "latitude")
    longitude, bad_longitude = cols.numbers(raw, "longitude")
    no_point = np.isnan(latitude) | np.isnan(longitude)
    faults = [
        Fault("id_missing", id_column, ids.isna().to_numpy()),
        *date_faults(start, end, bad_start=bad_start, bad_end=bad_end, names=dates),
        *place_faults(latitude, longitude, bad_latitude | bad_longitude, names=("latitude", "longitude")),
    ]
    people = {}
    for name in counts:
        people[name], bad = cols.counts(raw, name)
        faults.append(Fault("count_unreadable", name, bad))
    if province is not None:
        faults.append(Fault("place_missing", "latitude", no_point & province.isna().to_numpy()))
    return Basics(start, end.fillna(start), latitude, longitude, no_point, people, faults)


def repeated_ids(ids: pd.Series, sources: pd.Series | None, faults: Sequence[Fault]) -> Fault:
    """Find whole rows whose id an earlier whole row of the same source has; a faulty row takes its id from none."""
    faulty = np.logical_or.reduce([fault.bad for fault in faults])
    key = ids if sources is None else sources + "\x1f" + ids
    repeated = np.zeros(len(ids), dtype=bool)
    repeated[~faulty] = (key[~faulty].duplicated() & key[~faulty].notna()).to_numpy()
    return Fault("id_repeated", next(fault.column for fault in faults if fault.rule == "id_missing"), repeated)


def range_faults(columns: Mapping[str, pd.Series], measures: Sequence[str]) -> list[Fault]:
    """Find rows whose min, best and max are not in order, for each measure such as ``civilians_killed``."""
    faults = []
    for measure in measures:
        bounds = [columns[name] for end in ("min", "best", "max") if (name := f"{measure}_{end}") in columns]
        pairs = [(low > high) for position, low in enumerate(bounds) for high in bounds[position + 1 :]]
        bad = [pair.fillna(False).to_numpy(dtype=bool) for pair in pairs]
        if bad:
            faults.append(Fault("min_above_max", f"{measure}_min", np.logical_or.reduce(bad)))
    return faults


def place_faults(
    latitude: np.ndarray, longitude: np.ndarray, unreadable: np.ndarray, *, names: tuple[str, str]
) -> list[Fault]:
    """Find coordinates that are unreadable, half given, impossible, or (0, 0)."""
    no_latitude, no_longitude = np.isnan(latitude), np.isnan(longitude)
    with np.errstate(invalid="ignore"):
        far_north, far_east = np.abs(latitude) > 90, np.abs(longitude) > 180
        zero = (latitude == 0) & (longitude == 0)
    return [
        Fault("coordinate_unreadable", names[0], unreadable),
        Fault("coordinate_incomplete", names[0], (no_latitude != no_longitude) & ~unreadable),
        Fault("coordinate_out_of_range", names[0], far_north, EXCHANGED),
        Fault("coordinate_out_of_range", names[1], far_east, mark("longitude -180 to 180")),
        Fault("coordinate_zero", names[0], zero),
    ]


def date_faults(
    start: pd.Series, end: pd.Series, *, bad_start: np.ndarray, bad_end: np.ndarray, names: tuple[str, str]
) -> list[Fault]:
    """Find dates that are missing, unreadable, in the future, or end before they start."""
    today = pd.Timestamp.now().normalize()
    return [
        Fault("date_unreadable", names[0], bad_start),
        Fault("date_unreadable", names[1], bad_end),
        Fault("date_missing", names[0], start.isna().to_numpy() & ~bad_start),
        Fault("date_in_future", names[0], (start > today).to_numpy()),
        Fault("date_in_future", names[1], (end > today).to_numpy() & ~(start > today).to_numpy()),
        Fault("end_before_start", names[1], (end < start).to_numpy()),
    ]


def set_aside(
    records: Records,
    faults: Sequence[Fault],
    *,
    file: str,
    source: str,
    ids: pd.Series,
    sources: pd.Series | None = None,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Split records into kept and set aside: one line for each record, with its first fault and the others named.

    Returns
    -------
    tuple
        A mask of the records that break no rule, and the frame of those that do, broken records included.
    """
    length = records.columns.num_rows
    shown = records.columns
    if records.not_points is not None:
        faults = [Fault("geometry_not_point", GEOMETRY, records.not_points.is_valid().to_numpy(False)), *faults]
        shown = shown.append_column(GEOMETRY, pa.chunked_array([records.not_points]))
    faulty = np.logical_or.reduce([np.zeros(length, bool), *(fault.bad for fault in faults)])
    where = np.flatnonzero(faulty)
    bad = np.column_stack([fault.bad[where] for fault in faults]) if len(where) else np.zeros((0, len(faults)), bool)
    first = bad.argmax(axis=1) if len(where) else np.zeros(0, int)
    raw = shown.take(pa.array(where)).to_pandas()
    columns = np.array([fault.column for fault in faults], dtype=object)[first]
    as_json = raw.to_json(orient="records", lines=True, force_ascii=False)
    values = pd.Series([None] * len(where), dtype="str")
    for name in set(columns) & set(raw.columns):
        values = values.mask(columns == name, raw[name])
    rows = pd.DataFrame(
        {
            "file": file,
            "source": source if sources is None else sources.fillna(source).to_numpy()[where],
            "source_row": records.source_row[where],
            "source_id": ids.to_numpy()[where],
            "rule": np.array([fault.rule for fault in faults], dtype=object)[first],
            "column": columns,
            "value": values,
            "expected": np.array([fault.expected or RULES[fault.rule] for fault in faults], dtype=object)[first],
            "other_faults": _others(bad, first, faults),
            "row": as_json.split("\n")[: len(where)],
        }
    )
    # a broken row could hold anything in any field, names too: its number is enough to find it in the file
    broken = records.broken.assign(file=file, source=source, rule="broken_row", value=None)
    rejected = pd.concat([rows, broken], ignore_index=True).reindex(columns=list(schema.REJECTED_COLUMNS))
    types = schema.empty_rejected().dtypes.to_dict()
    return np.asarray(~faulty), rejected.astype(types).sort_values("source_row", ignore_index=True)


def _others(bad: np.ndarray, first: np.ndarray, faults: Sequence[Fault]) -> np.ndarray:
    """Name the faults behind the first one, for each distinct combination once."""
    rest = bad.copy()
    rest[np.arange(len(first)), first] = False
    combinations, inverse = np.unique(rest, axis=0, return_inverse=True)
    said = [
        "; ".join(f"{faults[n].column}: {faults[n].rule}" for n in np.flatnonzero(row).tolist()) for row in combinations
    ]
    return np.array(said, dtype=object)[inverse] if len(first) else np.array([], dtype=object)

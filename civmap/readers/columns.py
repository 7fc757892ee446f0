"""Text columns into numbers, dates and words: whole columns at once, and which entries could not be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_ISO_DATE = r"^\d{4}-\d{2}-\d{2}$"
_DATE_AND_TIME = r"^.{10}[T ]\d{1,2}:\d{2}"
_MAX_PEOPLE = 1_000_000  # more than this in one record is a slip of the keyboard


def text(table: pa.Table, name: str) -> pd.Series:
    """Give a column as stripped text; absent columns and empty entries are null."""
    if name not in table.column_names:
        return pd.Series([None] * table.num_rows, dtype="str")
    column = pc.utf8_trim_whitespace(table[name])
    return pc.if_else(pc.equal(column, ""), None, column).to_pandas().astype("str")


def codes(table: pa.Table, name: str) -> pd.Series:
    """Give a column of whole numbers that are names, such as ids and codes, as text; ``3.0`` is ``3``."""
    values = text(table, name)
    whole = values.str.endswith(".0").fillna(False)
    return values.mask(whole, values.str.slice(0, -2)) if whole.any() else values


def numbers(table: pa.Table, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Give a column as floats (NaN where null or unreadable) and a mask of the unreadable entries."""
    length = table.num_rows
    if name not in table.column_names:
        return np.full(length, np.nan), np.zeros(length, bool)
    column = table[name]
    try:
        values = column.cast(pa.float64())
        bad = pa.chunked_array([pa.repeat(False, length)])
    except pa.ArrowInvalid:
        column = pc.utf8_trim_whitespace(column)
        bad = pc.fill_null(pc.invert(pc.match_substring_regex(column, _NUMBER)), False)
        bad = pc.and_(bad, pc.fill_null(pc.not_equal(column, ""), False))
        readable = pc.fill_null(pc.match_substring_regex(column, _NUMBER), False)
        values = pc.if_else(readable, column, None).cast(pa.float64())
    as_floats = values.to_numpy().astype("float64")
    infinite = np.isinf(as_floats) | (np.isnan(as_floats) & ~values.is_null().to_numpy())
    return np.where(infinite, np.nan, as_floats), bad.to_numpy().astype(bool) | infinite


def counts(table: pa.Table, name: str) -> tuple[pd.Series, np.ndarray]:
    """Give a column of counts of people as nullable integers and a mask of what is no count."""
    values, bad = numbers(table, name)
    with np.errstate(invalid="ignore"):
        bad |= (values < 0) | (values != np.floor(values)) & ~np.isnan(values) | (values > _MAX_PEOPLE)
    usable = ~np.isnan(values) & ~bad
    filled = np.where(usable, values, 0).astype("int32")
    return pd.Series(pd.arrays.IntegerArray(filled, ~usable)), bad


def dates(table: pa.Table, name: str, *, formats: Sequence[str] = ()) -> tuple[pd.Series, np.ndarray]:
    """Give a column of dates (a time behind the date is ignored) and a mask of the unreadable entries.

    Parameters
    ----------
    table, name
        Columns of text, and the one to read; without it all dates are null.
    formats
        Further ways to write a date beside YYYY-MM-DD that the source is known for, as `strptime` has them. One with
        the month as a number is trusted only if no entry contradicts it: where day and month could be exchanged in
        some, none is read.

    Returns
    -------
    tuple
        Dates (null where not given or unreadable), and a mask of the unreadable ones.
    """
    length = table.num_rows
    if name not in table.column_names:
        return pd.Series(np.full(length, np.datetime64("NaT", "us"))), np.zeros(length, bool)
    whole = pc.utf8_trim_whitespace(table[name])
    day = pc.utf8_slice_codeunits(whole, 0, 10)
    if (pc.max(pc.utf8_length(whole)).as_py() or 0) > 10:
        longer = pc.greater(pc.utf8_length(whole), 10)
        day = pc.if_else(pc.and_(longer, pc.invert(pc.match_substring_regex(whole, _DATE_AND_TIME))), "?", day)
    try:
        parsed = day.cast(pa.date32())
    except pa.ArrowInvalid:
        iso = pc.if_else(pc.fill_null(pc.match_substring_regex(day, _ISO_DATE), False), day, None)
        # errors="coerce" also refuses 31 February
        parsed = pa.chunked_array([pa.array(pd.to_datetime(iso.to_pandas(), format="%Y-%m-%d", errors="coerce"))])
    values = parsed.cast(pa.timestamp("us")).to_pandas()
    given = pc.fill_null(pc.greater(pc.utf8_length(day), 0), False).to_numpy().astype(bool)
    if formats and (values.isna().to_numpy() & given).any():
        values = values.fillna(_written(whole.to_pandas(), formats))
    return values, values.isna().to_numpy() & given


def _written(entries: pd.Series, formats: Sequence[str]) -> pd.Series:
    """Read dates in other ways of writing; each distinct entry once."""
    positions, distinct = pd.factorize(entries)  # null is -1, the last of the dates
    found = pd.Series(pd.NaT, index=range(len(distinct) + 1), dtype="datetime64[us]")
    for form in formats:
        read = pd.to_datetime(pd.Series(distinct), format=form, errors="coerce")
        if "%d/%m" in form:
            exchanged = pd.to_datetime(pd.Series(distinct), format=form.replace("%d/%m", "%m/%d"), errors="coerce")
            if (read.isna() & exchanged.notna()).any():
                continue
        found = found.fillna(read.reindex(found.index).astype(found.dtype))
    return pd.Series(found.to_numpy()[positions])


def precision_of(start: pd.Series, end: pd.Series) -> pd.Series:
    """Give the date precision of a range of days: a day, up to a week, up to a month, or longer."""
    days = (end - start).dt.days.fillna(0).to_numpy()
    words = np.select([days <= 0, days < 7, days < 31], ["day", "week", "month"], "year")
    return pd.Series(words).astype("str")


def translate(values: pd.Series, table: Mapping[str, str], *, default: str) -> pd.Series:
    """Replace the source's words by ours, in any letter case; unknown and null entries get the default."""
    known = {word.casefold(): ours for word, ours in table.items()}
    positions, found = pd.factorize(values)  # null is -1, the last of the words
    return coded([*(known.get(word.casefold(), default) for word in found), default], positions)


def says(values: pd.Series, pattern: str) -> np.ndarray:
    """Say in which rows a text matches a pattern, in any letter case; each distinct text is looked at once."""
    positions, distinct = pd.factorize(values)  # null is -1, the last of the answers
    answers = pd.Series(distinct, dtype="str").str.contains(pattern, case=False, regex=True)
    return np.append(answers.to_numpy(dtype=bool), False)[positions]


def coded(words: Sequence[str | None], positions: np.ndarray) -> pd.Series:
    """Make a text column from a few words and the position of each row's word among them."""
    given = np.where(positions < 0, len(words) + positions, positions)
    return pd.Series(pd.array(np.array(words, dtype="object"), dtype="str").take(given))


def always(word: str, length: int) -> pd.Series:
    """Make a text column that says the same word in every row."""
    return coded([word], np.zeros(length, dtype="int64"))


def joined(*columns: pd.Series) -> pd.Series:
    """Join text columns row by row with "; "; null adds nothing, and where all are null so is the result."""
    text = pa.large_string()
    # pyarrow loses the rows in which all are null, so each begins with an empty text that is taken off again
    begin = pa.array(np.full(len(columns[0]), ""), text)
    parts = [begin, *(pa.array(column, text) for column in columns)]
    together = pc.binary_join_element_wise(*parts, pa.scalar("; ", text), null_handling="skip")
    together = pc.utf8_slice_codeunits(together, 2)
    return pd.Series(pd.array(pc.if_else(pc.equal(together, ""), None, together), dtype="str"))


def lists(values: pd.Series, *, separator: str = ";") -> pd.Series:
    """Split text into lists, null stays null."""
    positions, distinct = pd.factorize(values)  # null is -1, the last of the lists
    split = [[part.strip() for part in word.split(separator) if part.strip()] for word in distinct]
    array = pa.array([*split, None], pa.list_(pa.string())).take(
        pa.array(np.where(positions < 0, len(split), positions))
    )
    return pd.Series(pd.array(array, dtype=pd.ArrowDtype(pa.list_(pa.string()))))


def caveat_lists(length: int, flags: Mapping[str, np.ndarray]) -> pd.Series:
    """Turn flags per row into a list of caveat codes per row, empty where none applies."""
    codes = np.zeros(length, dtype="int64")
    names = list(flags)
    for bit, name in enumerate(names):
        codes |= np.asarray(flags[name], dtype="int64") << bit
    combinations, inverse = np.unique(codes, return_inverse=True)
    values = [[name for bit, name in enumerate(names) if code >> bit & 1] for code in combinations]
    array = pa.array(values, pa.list_(pa.string())).take(pa.array(inverse))
    return pd.Series(pd.array(array, dtype=pd.ArrowDtype(pa.list_(pa.string()))))


def header_key(name: str) -> str:
    """Reduce a column name to letters and digits, for recognising it in other spellings."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")


def known_names(header: Iterable[str], spellings: Mapping[str, str]) -> dict[str, str]:
    """Find the columns that a reader knows: letter case, blanks and old spellings do not count.

    Parameters
    ----------
    header
        Names of the columns as the file has them.
    spellings
        Old or shortened names, reduced by `header_key`, and what they are called now.

    Returns
    -------
    dict
        The reader's name of each column and the file's; a column that already has the reader's name comes first.

    Examples
    --------
    >>> known_names(["EVENT_DATE", "ALLY_ACTOR_1"], {"ally_actor_1": "assoc_actor_1"})
    {'event_date': 'EVENT_DATE', 'assoc_actor_1': 'ALLY_ACTOR_1'}
    """
    names = list(header)
    found: dict[str, str] = {}
    for name in names:
        key = header_key(name)
        found.setdefault(spellings.get(key, key), name)
    return found | {name: name for name in names if name in found}

"""How people write values in their own tables: unknowns, digits of other scripts, counts, times of day.

Functions take a column of cleaned text and return columns of text as CivMap writes them, null where they cannot read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import TypeVar

import pandas as pd

_Read = TypeVar("_Read", pd.Series, pd.DataFrame)
# Words that stand for nothing known. "None" is one of them: whether it means no people is not for us to say.
UNKNOWN = frozenset(
    {"unknown", "unk", "not known", "not reported", "not available", "not specified", "not applicable", "n/a", "na",
     "n.a.", "nan", "nat", "#n/a", "none", "null", "nil known", "-", "--", "---", "—", ".", "?", "??", "???", "tbd",
     "tbc", "inconnu", "inconnue", "non connu", "غير معروف", "غیر معروف", "مجهول", "نامعلوم", "نا معلوم", "نامشخص",
     "معلوم نیست", "نامعلومه"}
)  # fmt: skip
_PLAIN = str.maketrans(
    {chr(base + digit): str(digit) for base in (0x0660, 0x06F0) for digit in range(10)}  # Arabic-Indic, and Persian
    | {"٫": ".", "٬": "", "،": ",", "؛": ";", "\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2012": "-"}
    | {"\u2013": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "}
    | dict.fromkeys("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff", "")
)

_WHOLE = r"(\d{1,9})(?:\.0+)?"
# What is written, and which ends of the range it gives; the last number says by how much the end lies beyond.
_COUNTS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    (rf"\+?{_WHOLE}", ("best",), 0),
    (rf"{_WHOLE} ?(?:-|to|or|à|a|ou|تا|الی) ?{_WHOLE}", ("min", "max"), 0),
    (rf"(?:between|entre) {_WHOLE} (?:and|et) {_WHOLE}", ("min", "max"), 0),
    (rf"{_WHOLE} ?(?:\+|plus|or more|and more|and above|et plus)", ("min",), 0),
    (rf"(?:at least|minimum|min\.?|no fewer than|not less than|>=|=>|≥|au moins|حداقل) ?{_WHOLE}", ("min",), 0),
    (rf"(?:more than|over|above|>|plus de|بیش از) ?{_WHOLE}", ("min",), 1),
    (rf"(?:up to|at most|maximum|max\.?|no more than|<=|=<|≤|jusqu'à|حداکثر) ?{_WHOLE}", ("max",), 0),
    (rf"(?:fewer than|less than|under|<|moins de) ?{_WHOLE}", ("max",), -1),
    (r"(?:nil|zero|zéro|صفر)", ("zero",), 0),
)  # fmt: skip
_TIME = r"(?:^|.*[t ,])(\d{1,2})[:.h](\d{2})(?:[:.]\d{2}(?:\.\d+)?)? ?(?:([ap])\.?m\.?)?$"
_MILITARY_TIME = r"^(\d{2})(\d{2}) ?(?:h|hrs|hours|l)?\.?$"


def cleaned(values: pd.Series) -> pd.Series:
    """Write text plainly: digits as 0 to 9, one space at a time, no invisible marks; unknown is null.

    Examples
    --------
    >>> cleaned(pd.Series(["٢٠١٠-٠٥-٠١", " Unknown ", "34,5\u00a0N"])).tolist()
    ['2010-05-01', nan, '34,5 N']
    """
    return by_distinct(values, lambda text: text.map(_plain).astype("str"))


def key(text: str) -> str:
    """Reduce a word to the form in which words are compared: no case, no accents, one space at a time."""
    plain = unicodedata.normalize("NFKD", " ".join(text.translate(_PLAIN).split()).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def read_counts(entries: pd.Series) -> pd.DataFrame:
    """Read counts of people: ``4``, ``4-7``, ``3+``, ``at least 3``, ``up to 5``, ``1,200``.

    Parameters
    ----------
    entries
        Cleaned text.

    Returns
    -------
    DataFrame
        ``min``, ``best`` and ``max`` as text. A plain number is the best; a range has none, and neither is made up.

    Examples
    --------
    >>> read_counts(pd.Series(["4", "4-7", "3+", "several"])).to_numpy().tolist()
    [[nan, '4', nan], ['4', nan, '7'], ['3', nan, nan], [nan, nan, nan]]
    """
    text = entries.str.casefold().str.replace(r"^(\d{1,3}(?:,\d{3})+)$", _without_commas, regex=True)
    found = pd.DataFrame({end: pd.Series(pd.NA, index=entries.index, dtype="Int64") for end in ("min", "best", "max")})
    for pattern, ends, beyond in _COUNTS:
        if ends == ("zero",):
            found["best"] = found["best"].mask(text.str.fullmatch(pattern).fillna(False), 0)
            continue
        parts = text.str.extract(f"^{pattern}$")
        for end, part in zip(ends, parts, strict=True):
            found[end] = found[end].fillna(pd.to_numeric(parts[part]).astype("Int64") + beyond)
    return found.astype("str").where(found.notna())


def read_times(entries: pd.Series) -> pd.Series:
    """Read local times of day, alone or behind a date, as HH:MM; a time marked as UTC is not local and stays null.

    Examples
    --------
    >>> read_times(pd.Series(["1:30 pm", "0130 hrs", "2010-05-01 14:05:00", "14:05Z"])).tolist()
    ['13:30', '01:30', '14:05', nan]
    """
    text = entries.str.casefold()
    parts = text.str.extract(_TIME)
    parts = parts.fillna(text.str.extract(_MILITARY_TIME).reindex(columns=[0, 1, 2]).astype("str"))
    hour, minute = (pd.to_numeric(parts[part]) for part in (0, 1))
    hour = hour.mask((parts[2] == "p") & (hour < 12), hour + 12).mask((parts[2] == "a") & (hour == 12), 0)
    good = (hour < 24) & (minute < 60)
    said = hour.where(good, 0).astype("int").astype("str").str.zfill(2) + ":"
    return (said + minute.where(good, 0).astype("int").astype("str").str.zfill(2)).where(good)


def by_distinct(values: pd.Series, read: Callable[[pd.Series], _Read]) -> _Read:
    """Read each distinct entry once; null stays null."""
    positions, distinct = pd.factorize(values)  # null is -1, the last of the entries
    read_once = read(pd.Series(list(distinct) + [None], dtype="str"))  # noqa: RUF005
    return read_once.iloc[positions].set_axis(values.index)


def _plain(text: str) -> str | None:
    plain = " ".join(str(text).translate(_PLAIN).split())
    return None if plain.casefold() in UNKNOWN or not plain else plain


def _without_commas(match: re.Match[str]) -> str:
    return match[1].replace(",", "")

"""How people write coordinates: degrees in many ways, two in one text, grid references (MGRS)."""

from __future__ import annotations

import warnings

import mgrs
import numpy as np
import pandas as pd
from mgrs.core import MGRSError

LAT_LONG, LONG_LAT, MGRS = "lat, long", "long, lat", "mgrs"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_DEGREE = r" ?(?:[°º˚]|deg\.?)? ?"
_MINUTE, _SECOND = r" ?(?:['’′`]|min\.?)? ?", r" ?(?:[\"”″]|''|’’|sec\.?)? ?"
_UP_TO_60 = r"([0-5]?\d(?:\.\d+)?)"
_DECIMAL = rf"^([nsew])?{_DEGREE}({_NUMBER}){_DEGREE}([nsew])?$"
_MARKED = rf"^([nsew])? ?([+-]?\d{{1,3}}) ?(?:[°º˚:]|deg\.?) ?{_UP_TO_60}{_MINUTE}:?(?:{_UP_TO_60}{_SECOND})?([nsew])?$"
_SPACED = rf"^([nsew])? ?([+-]?\d{{1,3}}) {_UP_TO_60}{_MINUTE}(?: {_UP_TO_60}{_SECOND})? ?([nsew])?$"
# Two coordinates in one text, and which of them is the latitude where the text itself says so.
_PAIRS: tuple[tuple[str, str], ...] = (
    (r"^point ?z?m? ?\( ?(\S+) (\S+).*\)$", LONG_LAT),  # well-known text
    (r"^lat\w*[ :=]*(.+?)[ ,;]+lo?ng?\w*[ :=]*(.+)$", LAT_LONG),
    (r"^lo?ng?\w*[ :=]*(.+?)[ ,;]+lat\w*[ :=]*(.+)$", LONG_LAT),
    (r"^([-+\d].*?[ns])[ ,;/]*([-+\d].*[ew])$", LAT_LONG),
    (r"^([-+\d].*?[ew])[ ,;/]*([-+\d].*[ns])$", LONG_LAT),
    (r"^([ns] ?\d.*?)[ ,;/]*([ew] ?\d.*)$", LAT_LONG),
    (r"^([ew] ?\d.*?)[ ,;/]*([ns] ?\d.*)$", LONG_LAT),
    (r"^([-+]?\d+,\d+) ?[,;/| ] ?([-+]?\d+,\d+)$", ""),  # commas for points
    (r"^([^;|/]+?) ?[;|/] ?([^;|/]+)$", ""),
    (r"^([^,]+?) ?, ?([^,]+)$", ""),
    (r"^([^ ]+) ([^ ]+)$", ""),
)
_AXES = ["latitude", "longitude"]
_PARTS = ["before", "degrees", "minutes", "seconds", "after"]
_GRID = r"^(\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V])((?:\d\d){0,5})$"
# Digits of a grid reference, and the square that they stand for: 1 m to 100 m, 1 km, 10 km, 100 km.
_GRID_PRECISION = {10: "exact", 8: "exact", 6: "exact", 4: "settlement", 2: "district", 0: "province"}


def read_degrees(entries: pd.Series, *, axis: str) -> pd.Series:
    """Read degrees: ``34.5``, ``34,5``, ``34.5 N``, ``34°30'15"N``, ``34:30:15``, ``N 34 30 15``.

    Parameters
    ----------
    entries
        Cleaned text.
    axis
        ``latitude`` or ``longitude``: a letter of the other one is not read.

    Returns
    -------
    Series
        Decimal degrees as text; numbers stay as they are written.

    Examples
    --------
    >>> read_degrees(pd.Series(["34.50", "34,5", "34°30'N", "69 E"]), axis="latitude").tolist()
    ['34.50', '34.5', '34.5', nan]
    """
    text = entries.str.casefold().str.replace(r"^([^.]*\d),(\d[^.,]*)$", r"\1.\2", regex=True)
    numbers = text.str.fullmatch(_NUMBER).fillna(False).astype(bool)
    rest = text[~numbers & text.notna()]
    return text.where(numbers).fillna(_marked_degrees(rest, axis).reindex(text.index)) if len(rest) else text


def _marked_degrees(text: pd.Series, axis: str) -> pd.Series:
    """Read degrees that are more than a number: with minutes, a sign for degrees or a letter."""
    found = text.str.extract(_DECIMAL).set_axis(["before", "degrees", "after"], axis=1).reindex(columns=_PARTS)
    for pattern in (_MARKED, _SPACED):
        found = found.where(found["degrees"].notna(), text.str.extract(pattern).set_axis(_PARTS, axis=1))
    letter = found["before"].fillna(found["after"])
    negative = found["degrees"].str.startswith("-").fillna(False).astype(bool)
    good = letter.isna() | letter.isin(["n", "s"] if axis == "latitude" else ["e", "w"])
    good &= found["before"].isna() | found["after"].isna()
    good &= ~negative | letter.isna()
    # without mark or letter "34 30" may be half a pair as well as degrees and minutes
    good &= letter.notna() | found["minutes"].isna() | text.str.contains("[°º˚:]|deg", regex=True)
    parts = found[["degrees", "minutes", "seconds"]].apply(pd.to_numeric).fillna(0)
    size = parts["degrees"].abs() + parts["minutes"] / 60 + parts["seconds"] / 3600
    size = size.mask(negative | letter.isin(["s", "w"]), -size).where(good & found["degrees"].notna())
    return size.round(7).astype("str").where(size.notna())


def read_pairs(entries: pd.Series, *, order: str) -> pd.DataFrame:
    """Read two coordinates from one text.

    Parameters
    ----------
    entries
        Cleaned text.
    order
        ``lat, long`` or ``long, lat``; a text that says it by its letters, its words or as well-known text is right.

    Returns
    -------
    DataFrame
        ``latitude`` and ``longitude`` as text.

    Examples
    --------
    >>> read_pairs(pd.Series(["34.5, 69.2", "69.2E 34.5N", "POINT(69.2 34.5)"]), order="lat, long").to_numpy().tolist()
    [['34.5', '69.2'], ['34.5', '69.2'], ['34.5', '69.2']]
    """
    text = entries.str.casefold().str.replace(r"^[\[(](.*)[\])]$", r"\1", regex=True).str.strip()
    nothing = pd.Series([None] * len(text), index=text.index, dtype="str")
    found = pd.DataFrame(dict.fromkeys(_AXES, nothing))
    for pattern, own in _PAIRS:
        names = _AXES if (own or order) == LAT_LONG else _AXES[::-1]
        parts = text[found["latitude"].isna()].str.extract(pattern).set_axis(names, axis=1).dropna()
        if len(parts):
            read = pd.DataFrame({axis: read_degrees(parts[axis], axis=axis) for axis in _AXES}).dropna()
            found.loc[read.index] = read
    return found


def read_mgrs(entries: pd.Series) -> pd.DataFrame:
    """Read grid references (MGRS, WGS 84), with or without spaces.

    Parameters
    ----------
    entries
        Cleaned text.

    Returns
    -------
    DataFrame
        ``latitude`` and ``longitude`` of the middle of the square as text, and ``precision`` by the square's size:
        up to 100 m is exact, 1 km a settlement, 10 km a district, 100 km a province.

    References
    ----------
    NGA.STND.0037, Universal Grids and Grid Reference Systems (2014).

    Examples
    --------
    >>> read_mgrs(pd.Series(["42S WD 18360 17615", "42SWD11"])).to_numpy().tolist()
    [['34.500001', '69.199998', 'exact'], ['34.476468', '69.163347', 'district']]
    """
    text = entries.str.replace(r"[ ,.\-/]", "", regex=True).str.upper()
    parts = text.str.extract(_GRID)
    converter = mgrs.MGRS()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the middle of a square at the edge of its band lies in the next
        degrees = [_middle(converter, *one) for one in parts.itertuples(index=False)]
    found = pd.DataFrame(degrees, columns=["latitude", "longitude"], index=entries.index)
    size = parts[1].str.len().map(_GRID_PRECISION).where(found["latitude"].notna())
    return found.assign(precision=size).astype("str")


def _middle(converter: mgrs.MGRS, square: str | float, digits: str | float) -> tuple[str | None, str | None]:
    """Give the middle of a square, as the converter does."""
    if not isinstance(square, str) or not isinstance(digits, str):
        return None, None
    try:
        latitude, longitude = converter.toLatLon(square + digits)
    except MGRSError:  # a square that does not exist in its zone
        return None, None
    return str(np.round(latitude, 6)), str(np.round(longitude, 6))

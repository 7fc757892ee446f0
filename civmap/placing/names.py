"""Names of provinces as sources spell them: known spellings first, then likeness, and doubt where two are alike.

A name is compared in the form of `normalise_name`. What the theatre lists is certain. Of the rest, a name that holds
one listed name beside other words ("Sangin, Helmand", "northern Hama") stands for it; otherwise the listed spellings
are scored by edit distance (letters put in, left out, changed or exchanged; 100 is the same, 0 nothing in common).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA

from civmap.theatre import Theatre, normalise_name

# Measured on one-letter slips of all listed spellings: four in five are matched, the others set aside, none wrongly.
# A lower bar takes "Andar", a district of Ghazni, for Anbar; "Hamza" for Hama.
LIKE = 83.0  # one letter in six differs
NEAR = 75.0  # one in four: too far to match, too near to pass over
MARGIN = 15.0  # the next province must be at least so much less alike: one letter in a name of six or seven

_LONGEST = 60  # letters; a longer text is no name of a province
MOST = 20_000  # distinct names; a column with more holds something else, and likeness would find nothing but chance
_NAMED = 3  # candidates named at most
_BLOCK = 2_000  # names scored at once, which bounds the memory
_SEPARATORS = re.compile(r"[,;/&+|()]|\b(?:or|and)\b|\s-\s|\s(?:و|یا|أو)\s", flags=re.IGNORECASE)
_DIRECTIONS = {
    f"{side}{end}" for side in ("north", "south", "east", "west", "northeast", "northwest", "southeast", "southwest")
    for end in ("", "ern")
} | {"central"}  # fmt: skip


def match_provinces(names: pd.Series, theatre: Theatre) -> pd.DataFrame:
    """Find the province that each distinct name stands for.

    Parameters
    ----------
    names
        Names in the source's words; null is passed over.
    theatre
        Its listed names and spellings.

    Returns
    -------
    DataFrame
        Indexed by distinct name: ``admin1`` (null where none is found), ``by_likeness`` (the name itself is not
        listed) and ``candidates``, filled where the name is ambiguous: it holds the names of several provinces, two
        are alike within `MARGIN`, or the best lies between `NEAR` and `LIKE`. Among more than `MOST` names only those
        that are listed are found.

    Examples
    --------
    >>> from civmap.theatre import load_theatre
    >>> names = pd.Series(["Hilmand", "Kandahr", "Paktyka", "Atlantis"])
    >>> match_provinces(names, load_theatre("afghanistan"))
             admin1  by_likeness                    candidates
    Hilmand  AF-HEL        False                           NaN
    Kandahr  AF-KAN         True                           NaN
    Paktyka     NaN        False  Paktia (86) or Paktika (86)
    Atlantis    NaN        False                           NaN
    """
    distinct = pd.Index(names.dropna().unique(), dtype="str")
    listed = theatre.aliases["admin1"]
    plain = pd.Series([normalise_name(name) for name in distinct], index=distinct, dtype="str")
    found = pd.DataFrame({"admin1": plain.map(listed), "by_likeness": False, "candidates": None}, index=distinct)
    left = plain[found["admin1"].isna() & plain.str.len().between(1, _LONGEST)]
    if len(left) and len(distinct) <= MOST:
        held = pd.Series([_named_within(name, listed) for name in left.index], index=left.index, dtype="object")
        one, several = held[held.map(len) == 1], held[held.map(len) > 1]
        found.loc[one.index, "admin1"] = [next(iter(codes)) for codes in one]
        found.loc[one.index, "by_likeness"] = True
        found.loc[several.index, "candidates"] = [_either(theatre, sorted(codes)) for codes in several]
        left = left[held.map(len) == 0]
        for first in range(0, len(left), _BLOCK):
            alike = _alike(left.iloc[first : first + _BLOCK], theatre)
            found.loc[alike.index] = alike
    return found.astype({"admin1": "str", "by_likeness": "bool", "candidates": "str"})


def _named_within(name: str, listed: dict[str, str]) -> set[str]:
    """Give the provinces that parts of a name stand for, "northern" and the like left out."""
    parts = [normalise_name(part).split() for part in _SEPARATORS.split(name)]
    words = (" ".join(word for word in part if word not in _DIRECTIONS) for part in parts)
    return {listed[part] for part in words if part in listed}


def _alike(plain: pd.Series, theatre: Theatre) -> pd.DataFrame:
    """Score names that are not listed against all that are, by each province's best; same columns as the whole."""
    listed = theatre.aliases["admin1"]
    similar = process.cdist(plain.to_list(), list(listed), scorer=OSA.normalized_similarity)
    scores = pd.DataFrame(100 * similar.T, index=list(listed.values())).groupby(level=0).max()
    codes, points = scores.index.to_numpy(), scores.to_numpy()
    order = np.argsort(-points, axis=0, kind="stable")
    ranked = np.take_along_axis(points, order, axis=0)
    best = ranked[0]
    second = ranked[1] if len(codes) > 1 else np.zeros(len(plain))
    alike = (best >= LIKE) & (best - second >= MARGIN)
    doubtful = (best >= NEAR) & ~alike
    rivals = ranked > best - MARGIN
    rivals[_NAMED:] = False
    candidates = [
        _either(theatre, codes[order[rivals[:, n], n]], ranked[rivals[:, n], n]) if doubtful[n] else None
        for n in range(len(plain))
    ]
    admin1 = np.where(alike, codes[order[0]], None)
    return pd.DataFrame({"admin1": admin1, "by_likeness": alike, "candidates": candidates}, index=plain.index)


def _either(theatre: Theatre, codes: Sequence[str], scores: Sequence[float] | None = None) -> str:
    """Name provinces as alternatives, with their scores where they were found by likeness."""
    names = theatre.boundaries["name"].reindex(codes)
    said = names if scores is None else [f"{name} ({score:.0f})" for name, score in zip(names, scores, strict=True)]
    return " or ".join(said)

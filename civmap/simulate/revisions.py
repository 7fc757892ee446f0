"""Releases of a tally: which one brings a record first, and how later ones correct it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.simulate.columns import counts, ranges
from civmap.simulate.plan import Source

_CORRECTED = 0.7  # chance of each person missed, or counted too many, to be put right when a record is looked at again


def release_numbers(source: Source, reported_at: pd.Series) -> np.ndarray:
    """Give the number of the release that brings each record: the first not before its report, -1 where there is none.

    A source without releases has one, number 0, of everything.
    """
    if not source.releases:
        return np.zeros(len(reported_at), "int64")
    days = np.array(source.releases, dtype="datetime64[us]")
    number = np.searchsorted(days, reported_at.to_numpy(dtype="datetime64[us]"))
    return np.where(number < len(days), number, -1)


def released_on(source: Source, number: np.ndarray) -> np.ndarray:
    """Give the day of each release by its number; null for -1, and for a source without releases."""
    days = np.array([*source.releases, "NaT"], dtype="datetime64[us]")
    return days[np.where(np.array(number) < len(source.releases), number, -1)]


def revise(source: Source, rows: pd.DataFrame, incidents: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Make the rows of later releases that replace earlier ones with the same id, in the order of the releases.

    Each later release looks at a share of the earlier records again and finds most of those killed whom it had missed
    and most of those it had counted too many; only rows whose number of killed changes are given. Place, date, party
    and injured stay.

    Parameters
    ----------
    rows
        The source's records as `report` makes them.
    incidents
        The true incidents, by id.

    Returns
    -------
    DataFrame
        Columns of `rows`, `released` the day of the later release, and before: killed (best) until then.
    """
    made = [rows.iloc[:0].assign(before=rows["civilians_killed_best"].iloc[:0])]
    if len(source.releases) < 2:
        return made[0]
    current, first = rows, release_numbers(source, rows["reported_at"])
    true = incidents["killed"].reindex(rows["incident"]).to_numpy()
    for number in range(1, len(source.releases)):
        again = (first >= 0) & (first < number) & (rng.random(len(rows)) < source.revised)
        before = current["civilians_killed_best"].to_numpy(dtype="int64")
        more = rng.binomial(np.maximum(true - before, 0), _CORRECTED)
        fewer = rng.binomial(np.maximum(before - true, 0), _CORRECTED)
        changed = np.flatnonzero(again & (more + fewer > 0))
        found = _corrected(current.iloc[changed], (before + more - fewer)[changed], more[changed], rng)
        made.append(
            found.assign(
                released=np.datetime64(source.releases[number], "us"),
                before=current["civilians_killed_best"].iloc[changed],
                rule=None,
            )
        )
        current = pd.concat([current.drop(found.index), found]).sort_index()
    return pd.concat(made, ignore_index=True)


def _corrected(rows: pd.DataFrame, killed: np.ndarray, more: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Write new numbers of killed; those added may have been killed whose status was unknown until then."""
    doubtful = np.maximum(rows["status_unknown_killed"].fillna(0).to_numpy(dtype="int64") - more, 0)
    children = rows["children_killed_max"]
    few = np.minimum(children.fillna(0).to_numpy(dtype="int64"), killed)
    known = (children.notna() & (killed > 0)).to_numpy()
    return rows.assign(
        **ranges("civilians_killed", killed, np.ones(len(rows), bool), rng),
        children_killed_min=counts(few, known),
        children_killed_max=counts(few, known),
        status_unknown_killed=counts(doubtful, doubtful > 0),
    )

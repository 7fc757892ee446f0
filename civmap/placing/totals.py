"""Totals: the areas, parties and causes of tallies and activity, in the theatre's codes.

An area is a province, an area group, or the theatre as a whole. A party may also be a side ("Anti-Government
Elements"), and a cell may name several of either. What cannot be told is set aside: a total of an unknown area, party
or cause is comparable with nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from civmap import schema
from civmap.placing.names import match_provinces
from civmap.readers.columns import caveat_lists
from civmap.readers.tallies import TotalsResult
from civmap.theatre import Theatre, normalise_name

_SEVERAL = re.compile(r"[;,/&+]|\band\b", flags=re.IGNORECASE)


def place_totals(result: TotalsResult, theatre: Theatre) -> TotalsResult:
    r"""Give tallies or activity the theatre's codes, and set aside what it does not know.

    Parameters
    ----------
    result
        What `civmap.readers.tallies` returned.
    theatre
        Its provinces, area groups, parties and their spellings.

    Returns
    -------
    TotalsResult
        `totals` with ``area`` (a province, a group, or empty for the whole theatre), ``party`` and ``cause`` (tuples of
        codes; empty means all, or not said) and ``caveats``. A row of the file of which any of the three is not known
        or ambiguous is in `rejected` whole, with its figures under ``row``.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from civmap.readers.tallies import read_tallies
    >>> from civmap.theatre import load_theatre
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "un_by_region.csv"
    >>> _ = file.write_text("region,month,party,killed\nHilmand,2010-03,AGEs,41\nPaktyka,2010-03,,5\n")
    >>> placed = place_totals(read_tallies(file), load_theatre("afghanistan"))
    >>> placed.totals[["area", "value"]], placed.rejected["rule"].item()
    (     area  value
    0  AF-HEL     41, 'area_ambiguous')
    """
    totals = result.totals.reset_index(drop=True)
    areas = _areas(totals["area_as_reported"], theatre)
    said = totals["area_as_reported"]
    totals["area"] = said.map(areas["area"]).astype("str").mask(said.isna(), "")
    for kind, listed in (("party", _parties(theatre)), ("cause", theatre.aliases["cause"])):
        positions, words = pd.factorize(totals[f"{kind}_as_reported"])  # null is -1, the last: all, or not said
        codes = pd.Series([*(_codes(each, listed) for each in words), ()], dtype="object")
        totals[kind] = codes.to_numpy()[positions]
    flags = {
        "province_by_likeness": said.isin(areas.index[areas["by_likeness"]]).to_numpy(),
        "area_redrawn": redrawn(totals, theatre),
    }
    totals["caveats"] = caveat_lists(len(totals), flags)
    faulty = totals[["area", "party", "cause"]].isna().any(axis=1)
    aside = _set_aside(totals[faulty], areas, result)
    rejected = pd.concat([result.rejected, aside], ignore_index=True).sort_values("source_row", ignore_index=True)
    return replace(result, totals=totals[~faulty].reset_index(drop=True), rejected=rejected)


def _areas(names: pd.Series, theatre: Theatre) -> pd.DataFrame:
    """Find what each distinct name stands for: area (null where not known), by_likeness and candidates."""
    found = match_provinces(names, theatre).rename(columns={"admin1": "area"})
    wide = dict.fromkeys(map(normalise_name, (theatre.title, theatre.id)), "") | theatre.aliases["group"]
    codes = found.index.to_series().map({name: wide.get(normalise_name(name)) for name in found.index})
    listed = found["area"].notna() & ~found["by_likeness"]
    use = codes.notna() & ~listed
    found["area"] = found["area"].mask(use, codes)
    return found.assign(by_likeness=found["by_likeness"] & ~use, candidates=found["candidates"].mask(use))


def _parties(theatre: Theatre) -> dict[str, tuple[str, ...]]:
    """Give for each name the parties it stands for; those of a side for the side's."""
    of_side = theatre.parties.groupby("side")["party"].agg(tuple)
    one = {name: (party,) for name, party in theatre.aliases["party"].items()}
    return one | {name: of_side[side] for name, side in theatre.aliases["side"].items()}


def _codes(words: str, listed: Mapping[str, str | tuple[str, ...]]) -> tuple[str, ...] | None:
    """Look up one cell, as a whole or part by part; None where any part is not listed."""
    parts = [words] if normalise_name(words) in listed else [part for part in _SEVERAL.split(words) if part.strip()]
    found = [listed.get(normalise_name(part)) for part in parts]
    if not found or None in found:
        return None
    codes = [(one,) if isinstance(one, str) else one for one in found if one is not None]
    return tuple(dict.fromkeys(code for each in codes for code in each))


def redrawn(totals: pd.DataFrame, theatre: Theatre) -> np.ndarray:
    """Say of which totals (``area``, ``start``, ``end``) the area group won or lost a province within the period."""
    groups = theatre.area_groups
    pairs = (
        totals[["area", "start", "end"]]
        .rename_axis("row")
        .reset_index()
        .merge(groups, left_on="area", right_on="group")
    )
    begins = (pairs["valid_from"] > pairs["start"]) & (pairs["valid_from"] <= pairs["end"])
    ends = (pairs["valid_to"] >= pairs["start"]) & (pairs["valid_to"] < pairs["end"])
    return totals.index.isin(pairs.loc[begins | ends, "row"])


def _set_aside(faulty: pd.DataFrame, areas: pd.DataFrame, result: TotalsResult) -> pd.DataFrame:
    """Describe the rows of the file that are set aside, each once, with all its figures."""
    if faulty.empty:
        return schema.empty_rejected()
    rows = faulty.drop_duplicates("source_row").set_index("source_row")
    candidates = rows["area_as_reported"].map(areas["candidates"])
    faults = pd.DataFrame(
        {
            "area": np.select([rows["area"].notna(), candidates.notna()], ["", "area_ambiguous"], "area_unknown"),
            "party": np.where(rows["party"].isna(), "party_unknown", ""),
            "cause": np.where(rows["cause"].isna(), "cause_unknown", ""),
        },
        index=rows.index,
    )
    first = (faults != "").idxmax(axis=1)
    expected = first.map(
        {
            "area": "a province or an area group of the theatre, or nothing for the whole of it",
            "party": "parties or sides of the theatre; add an alias to its aliases.csv",
            "cause": "causes of civmap/schema.py; add an alias to the theatre's aliases.csv",
        }
    )
    said = faulty.pivot(index="source_row", columns="measure", values="value").join(
        rows[["tally", *(f"{kind}_as_reported" for kind in faults), "start", "end", "publication", "published_at"]]
    )
    said.columns = said.columns.str.removesuffix("_as_reported")
    days = ["start", "end", "published_at"]
    said[days] = said[days].apply(lambda column: column.dt.strftime("%Y-%m-%d"))
    values = rows[[f"{kind}_as_reported" for kind in faults]]
    number, column = np.arange(len(rows)), faults.columns.get_indexer(pd.Index(first))
    aside = pd.DataFrame(
        {
            "file": result.provenance.file,
            "source": rows["tally"],
            "source_row": rows.index,
            "rule": faults.to_numpy()[number, column],
            "column": first,
            "value": values.to_numpy()[number, column],
            "expected": expected.mask(
                first.eq("area") & candidates.notna(), "one area: " + candidates.astype("str") + "?"
            ),
            "row": said.to_json(orient="records", lines=True, force_ascii=False).split("\n")[: len(said)],
        }
    ).reindex(columns=list(schema.REJECTED_COLUMNS))
    return aside.astype(schema.empty_rejected().dtypes.to_dict()).reset_index(drop=True)

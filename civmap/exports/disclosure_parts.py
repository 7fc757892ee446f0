"""Charts and maps as they may leave: what is withheld is null, cells are no finer than the theatre lets out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from civmap.exports import counts
from civmap.exports.disclosure import Care, nameless
from civmap.exports.disclosure_tables import safe_table
from civmap.exports.disclosure_text import bound_of, per_of
from civmap.figures.part import Part
from civmap.filters import BOUNDS, Filters
from civmap.language import say

LookUp = Callable[[str], pd.DataFrame]  # a bound into value, withheld, low and high, a row for each of the frame


def safe_part(part: Part, care: Care) -> Part:
    """Give a part as it may leave; what is withheld is noted in `care`."""
    filters = part.encoding.get("filters")
    part = replace(part, encoding={key: value for key, value in part.encoding.items() if key != "filters"})
    if isinstance(filters, Filters):
        care = replace(care, filters=filters)
    if part.kind == "table":
        table = safe_table(part.table, care)
        return replace(part, frames={**part.frames, "table": _coarse(table) if care.rounds else table})
    care = care.of(str(part.encoding.get("unit", "")))
    frames: Mapping[str, pd.DataFrame] = part.frames
    if part.kind == "cells":
        frames = _cells(part, care)
    elif part.kind == "provinces":
        frames = {"provinces": _provinces(frames["provinces"], care)}
    elif part.kind in ("series", "small_multiples") and care.protects:
        frames = _over_time(part, care)
    if care.rounds:
        frames = {name: frame if name == "series" else _coarse(frame) for name, frame in frames.items()}
    return replace(part, frames={name: nameless(frame) for name, frame in frames.items()})


def _coarse(frame: pd.DataFrame) -> pd.DataFrame:
    """Round what a model says of few people: with all its digits whoever has CivMap could try counts against it."""
    ratios = [name for name in frame if pd.api.types.is_float_dtype(frame[name])]
    return frame.assign(**{str(name): frame[name].map(_two_digits, na_action="ignore") for name in ratios})


def _two_digits(value: float) -> float:
    return float(f"{value:.2g}")


def _over_time(part: Part, care: Care) -> dict[str, pd.DataFrame]:
    """Withhold in a line per province, or in one of some provinces; that of the whole theatre is told."""
    series, frames = part.frames["series"], dict(part.frames)
    panels = series["panel"].astype("str").map(care.codes) if "panel" in series else pd.Series(dtype="str")
    by_province = len(panels) > 0 and panels.notna().any()
    if not by_province and not care.areas:
        return frames
    unit = str(part.encoding.get("unit", ""))
    level = per_of(unit)
    at = pd.to_datetime(series["period"]).astype("datetime64[us]")

    def found(bound: str) -> pd.DataFrame:
        if by_province:
            return care.look_up(bound, level, panels, at)
        each = [care.look_up(bound, level, [area] * len(at), at) for area in care.areas]
        return each[0] if len(each) == 1 else _sum(each)

    bounds = {"value": bound_of(unit) or care.bound, "low": "min", "high": "max"}
    frames.pop("model", None)  # a model of few people follows them closely
    return {**frames, "series": _withheld(series, care, bounds, found)}


def _sum(each: list[pd.DataFrame]) -> pd.DataFrame:
    """Add up what is told of several provinces; an interval is not stated for a sum."""
    every = pd.concat(each)
    by = every.groupby(level=0)
    told = (
        by["value"]
        .sum(min_count=1)
        .to_frame()
        .assign(withheld=every["withheld"].fillna(False).astype(bool).groupby(level=0).any())
    )
    return told.assign(low=np.nan, high=np.nan)


def _withheld(frame: pd.DataFrame, care: Care, bounds: Mapping[str, str], find: LookUp) -> pd.DataFrame:
    """Make withheld counts null and say in ``withheld`` between what the drawn one lies."""
    frame = frame.copy()
    for column, bound in bounds.items():
        if column not in frame or frame[column].isna().all():
            continue
        found = find(bound)
        mask = care.hide(frame[column], found)
        if column == "value":
            decided, drawn = (
                pd.to_numeric(one, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
                for one in (found["value"], frame[column])
            )
            said = np.array(care.said(found, mask), dtype=object)  # an interval is of counts, and of no rate
            frame["withheld"] = np.where(mask & (drawn != decided), say("withheld"), said)
        frame[column] = frame[column].mask(mask)
    if "withheld" in frame and not (frame["withheld"] != "").any():
        frame = frame.drop(columns="withheld")
    return frame


def _cells(part: Part, care: Care) -> dict[str, pd.DataFrame]:
    """Draw cells no finer than the theatre lets out, and withhold in them and in what is known to the province."""
    cells, provinces = part.frames["cells"], part.frames["provinces"]
    coarse = counts.coarsened(cells["cell"], counts.finest_resolution(care.store))
    if "value_min" in cells:
        bound = care.bound
        cells = _joined(cells, coarse)
        if not care.protects:
            return {"cells": cells.assign(value=cells["incidents"]), "provinces": provinces}
        cells["value"] = cells[f"value_{bound}"]
        bounds = {"value": bound, **{f"value_{each}": each for each in BOUNDS}}
        cells = _withheld(cells, care, bounds, lambda bound: _of_cells(care, bound, cells["cell"]))
        provinces = _withheld(provinces, care, bounds, lambda bound: _vague(care, bound, provinces["admin1"]))
        return {"cells": cells, "provinces": provinces}
    if (coarse != cells["cell"]).any():
        cells = _strongest(cells, coarse, part)
        care.notes.append(say(
            "On exports a cell is as large as a district: it shows the first finding of the legend that holds for any "
            "of the smaller cells in it."
        ))  # fmt: skip
    if counts.protected(care.store, "incidents"):
        cells = cells[[name for name in ("cell", "admin1", "finding", "resolution") if name in cells]]
        provinces = provinces.drop(columns=["incidents", "value"], errors="ignore")
    return {"cells": cells, "provinces": provinces}


def _of_cells(care: Care, bound: str, cells: pd.Series) -> pd.DataFrame:
    """Look cells up; of one that lies in several provinces the parts are added, and no interval is stated."""
    found = care.cells(bound)
    found = found[found["level"] == "cell"]
    if care.areas:
        found = found[found["area"].isin(care.areas)]
    by = found.groupby("at")
    ends = {end: by[end].first().where(by.size() == 1) for end in ("low", "high")}
    decided = by["value"].sum().to_frame().assign(withheld=by["withheld"].any(), **ends)
    return decided.reindex(list(cells)).reset_index(drop=True)


def _vague(care: Care, bound: str, areas: pd.Series) -> pd.DataFrame:
    found = care.cells(bound)
    found = found[found["level"] == "vague"].set_index("area")[["value", "withheld", "low", "high"]]
    return found.reindex(list(areas)).reset_index(drop=True)


def _joined(cells: pd.DataFrame, coarse: pd.Series) -> pd.DataFrame:
    """Add up the counts of cells that fall into one."""
    sums = [name for name in cells if name == "incidents" or str(name).startswith("value_")]
    first = [name for name in ("admin1", "label") if name in cells]
    by = cells.assign(cell=coarse).sort_values("incidents", ascending=False).groupby("cell", sort=False)
    joined = by[first].first().join(by[sums].sum(min_count=1)).reset_index()
    size = [int(cell, 16) >> 52 & 15 for cell in joined["cell"]]
    return joined.assign(resolution=size)


def _strongest(cells: pd.DataFrame, coarse: pd.Series, part: Part) -> pd.DataFrame:
    """Join cells that show findings: the first of the legend that any of them has, and their incidents."""
    order = {name: at for at, (name, *_) in enumerate(part.encoding.get("classes", ()))}
    finding = next((name for name in ("finding", "class", "value") if name in cells), None)
    rank = cells[finding].map(order).fillna(len(order)) if finding and order else pd.Series(0.0, index=cells.index)
    ranked = cells.assign(cell=coarse, rank=rank).sort_values("rank", kind="stable")
    kept = [name for name in ("cell", "admin1", finding, "label", "resolution") if name and name in ranked]
    joined = ranked.drop_duplicates("cell")[kept].reset_index(drop=True)
    if "incidents" in cells:
        joined["incidents"] = joined["cell"].map(cells["incidents"].groupby(coarse.to_numpy()).sum())
    return joined


def _provinces(frame: pd.DataFrame, care: Care) -> pd.DataFrame:
    if not care.protects or "value" not in frame or "finding" in frame:
        return frame
    bounds = {"value": care.bound, **{f"value_{each}": each for each in BOUNDS}}
    return _withheld(frame, care, bounds, lambda bound: care.added(bound, list(frame["admin1"])))

"""Tables out: CSV with units in its headers, the caveats above them, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from civmap.exhibits.recipe import Exhibit
from civmap.figures.part import Part
from civmap.filters import BOUNDS

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")  # a cell that begins so is taken as a formula
_RUNS_WITHIN = re.compile(r'([,;\t][\s"]*)(?=[=+\-@])')  # a line is split there into cells
# not for a file: shapes, the words of a tooltip, and place names, which in one's own log can be somebody's home
_SCREEN_ONLY = ("geometry", "label", "place", "Place")


def part_table(part: Part) -> pd.DataFrame:
    """Give all the numbers behind a part as one plain table, with units in its headers."""
    table = part.table
    if part.kind == "cells":
        layers = {"cell": part.frames["cells"], "known only to the province": part.frames["provinces"]}
        known = {
            name: (frame[frame["incidents"] > 0] if "incidents" in frame else frame).assign(layer=name)
            for name, frame in layers.items()
        }
        table = pd.concat(
            [frame.drop(columns="geometry", errors="ignore") for frame in known.values()], ignore_index=True
        )
        table.insert(0, "layer", table.pop("layer"))
    elif "model" in part.frames:
        table = table.merge(part.frames["model"], on="period", how="outer")
    table = table.drop(columns=list(_SCREEN_ONLY), errors="ignore")
    unit = str(part.encoding.get("unit", ""))
    if not unit:
        return table
    if "value_min" in table:  # the value drawn is one of these three
        return table.drop(columns="value").rename(columns={f"value_{end}": f"{_of(unit)}, {end}" for end in BOUNDS})
    ends = {"value": unit, "low": f"{_of(unit)}, min", "high": f"{_of(unit)}, max"}
    return table.drop(columns=[end for end in ("low", "high") if table.get(end, pd.Series([0])).isna().all()]).rename(
        columns=ends
    )


def _of(unit: str) -> str:
    """Take the bound out of a unit, such as civilians killed (best) per month."""
    return re.sub(r" \((min|best|max)\)", "", unit)


def csv_bytes(exhibit: Exhibit, part: Part) -> bytes:
    """Write one part as CSV (UTF-8 with BOM), headed by lines that begin with ``#``.

    Parameters
    ----------
    exhibit
        Gives title, period, n, caveats, sources and fingerprint.
    part
        The part to write.

    Returns
    -------
    bytes
        For reading again: ``pandas.read_csv(file, comment="#")``.
    """
    head = [
        exhibit.title,
        part.title,
        *(["SYNTHETIC DATA"] if exhibit.synthetic else []),
        f"Period: {exhibit.period}; n = {exhibit.n} incidents" if exhibit.period else f"n = {exhibit.n}",
        exhibit.sentence,
        *(f"Caveat: {caveat}" for caveat in exhibit.caveats),
        *(f"Source: {source}" for source in exhibit.sources),
        f"Fingerprint: {exhibit.fingerprint}",
    ]
    return csv_with(part_table(part), head)


def csv_with(table: pd.DataFrame, head: Sequence[str], foot: Sequence[str] = ()) -> bytes:
    """Write a table as CSV (UTF-8 with BOM) between lines that begin with ``#``; a spreadsheet runs none of it."""
    above, below = (
        "".join(f"# {_RUNS_WITHIN.sub(_apart, ' '.join(line.split()))}\n" for line in lines) for lines in (head, foot)
    )
    rows = safe_cells(table).to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    return ("\ufeff" + above + rows + below).encode()


def _apart(found: re.Match[str]) -> str:
    return f"{found[1]}'"


def file_name(exhibit: Exhibit, part: Part, ending: str) -> str:
    """Name a download after the exhibit, the part and the fingerprint."""
    words = re.sub(r"[^a-z0-9]+", "-", f"{exhibit.recipe.analysis} {part.title}".lower()).strip("-")
    return f"civmap-{words[:60].strip('-')}-{exhibit.fingerprint}.{ending}"


def file_names(exhibit: Exhibit, ending: str) -> list[str]:
    """Name a file for each part of an exhibit; parts whose titles are too alike are numbered."""
    names = [file_name(exhibit, part, ending) for part in exhibit.parts]
    before = [names[:at].count(name) for at, name in enumerate(names)]
    end = f"-{exhibit.fingerprint}.{ending}"
    return [
        name if not number else f"{name.removesuffix(end)}-{number + 1}{end}"
        for name, number in zip(names, before, strict=True)
    ]


def safe_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before text that a spreadsheet would run, in headers too."""
    safe = table.rename(columns=_safe_cell)
    for name in safe.columns:
        if not (pd.api.types.is_numeric_dtype(safe[name]) or pd.api.types.is_datetime64_any_dtype(safe[name])):
            safe[name] = safe[name].astype("object").map(_safe_cell, na_action="ignore")
    return safe


def _safe_cell(cell: Any) -> Any:
    text = "; ".join(map(str, cell)) if isinstance(cell, list | tuple) else cell
    return f"'{text}" if isinstance(text, str) and text.startswith(_RUNS) else text

"""Tables out: CSV with units in its headers, the caveats above them, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import pandas as pd

from civmap.exhibits import words
from civmap.exhibits.headers import headers
from civmap.exhibits.recipe import Exhibit
from civmap.figures import theme
from civmap.figures.part import Part
from civmap.filters import BOUNDS
from civmap.language import mark, say, say_n, speaking

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n")  # a cell that begins so is taken as a formula
_RUNS_WITHIN = re.compile(r'([,;\t][\s"]*)(?=[=+\-@])')  # a line is split there into cells
# not for a file: shapes, the words of a tooltip, and place names, which in one's own log can be somebody's home
_SCREEN_ONLY = ("geometry", "label", "place", "Place")
_LAYERS = {"cells": mark("cell"), "provinces": mark("known only to the province")}
_LATIN = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i"})
_SPACES = re.compile(r"[^\S\u00a0\u202f]+")  # but for those that hold a number and its sign together


def part_table(part: Part) -> pd.DataFrame:
    """Give all the numbers behind a part as one plain table, with units in its headers.

    Columns keep their names but for those of the unit, which are said.
    """
    table = part.table
    if part.kind == "cells":
        layers = {name: part.frames[name] for name in _LAYERS}
        known = {
            name: (frame[frame["incidents"] > 0] if "incidents" in frame else frame).assign(layer=say(_LAYERS[name]))
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
        return table.drop(columns="value").rename(columns={f"value_{end}": _bounded(unit, end) for end in BOUNDS})
    ends = {"value": unit, "low": _bounded(unit, "min"), "high": _bounded(unit, "max")}
    return table.drop(columns=[end for end in ("low", "high") if table.get(end, pd.Series([0])).isna().all()]).rename(
        columns=ends
    )


def shown_table(part: Part) -> pd.DataFrame:
    """Give the table of a part as a file shows it: that of a kind ``table`` under headers in words."""
    table = part_table(part)
    if part.kind != "table":
        return table
    said = headers(part)
    return table.set_axis([said.get(str(name), str(name)) for name in table], axis="columns")


def _bounded(unit: str, bound: str) -> str:
    """Put another bound to a unit, such as civilians killed (best) per month."""
    bounds = "|".join(re.escape(say(one)) for one in words.BOUNDS.values())
    return say("{unit}, {bound}", unit=re.sub(rf" \(({bounds})\)", "", unit), bound=say(words.BOUNDS[bound]))


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
    with speaking(exhibit.language):
        counted = (
            say_n(exhibit.n, "Period: {period}; n = {n} incident", "Period: {period}; n = {n} incidents",
                  period=exhibit.period) if exhibit.period else say("n = {n}", n=words.number(exhibit.n))
        )  # fmt: skip
        head = [
            exhibit.title,
            part.title,
            *([say(theme.SYNTHETIC)] if exhibit.synthetic else []),
            counted,
            exhibit.sentence,
            *(say("Caveat: {caveat}", caveat=caveat) for caveat in exhibit.caveats),
            *(say("Source: {source}", source=source) for source in exhibit.sources),
            say("Fingerprint: {fingerprint}", fingerprint=exhibit.fingerprint),
        ]
        return csv_with(shown_table(part), head)


def csv_with(table: pd.DataFrame, head: Sequence[str], foot: Sequence[str] = ()) -> bytes:
    """Write a table as CSV (UTF-8 with BOM) between lines that begin with ``#``; a spreadsheet runs none of it."""
    above, below = (
        "".join(f"# {_RUNS_WITHIN.sub(_apart, _SPACES.sub(' ', line).strip())}\n" for line in lines)
        for lines in (head, foot)
    )
    rows = safe_cells(table).to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    return ("\ufeff" + above + rows + below).encode()


def _apart(found: re.Match[str]) -> str:
    return f"{found[1]}'"


def file_name(exhibit: Exhibit, part: Part, ending: str) -> str:
    """Name a download after the exhibit, the part and the fingerprint, in letters that every system takes."""
    return f"civmap-{plain_name(f'{exhibit.recipe.analysis} {part.title}')}-{exhibit.fingerprint}.{ending}"


def plain_name(text: str) -> str:
    """Write a text as a piece of a file's name: at most 60 letters a to z, digits and dashes.

    Examples
    --------
    >>> plain_name("Évolution des œuvres, 2009: n < 5")
    'evolution-des-oeuvres-2009-n-5'
    """
    bare = unicodedata.normalize("NFKD", text.casefold().translate(_LATIN))
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:60].strip("-")


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
    columns = [
        column if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
        else column.astype("object").map(_safe_cell, na_action="ignore") for _, column in table.items()
    ]  # fmt: skip
    return pd.concat(columns, axis="columns").rename(columns=_safe_cell) if columns else table


def _safe_cell(cell: Any) -> Any:
    text = "; ".join(map(str, cell)) if isinstance(cell, list | tuple) else cell
    return f"'{text}" if isinstance(text, str) and text.startswith(_RUNS) else text

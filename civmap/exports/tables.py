"""Tables out: CSV with units in its headers, the caveats above them, and no cell that a spreadsheet would run."""

from __future__ import annotations

import re

import pandas as pd

from civmap.exhibits.recipe import Exhibit
from civmap.figures.part import Part

_RUNS = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is taken as a formula
_NAMES = {"value": "{unit}", "low": "{unit}, min", "high": "{unit}, max"}


def part_table(part: Part) -> pd.DataFrame:
    """Give the numbers behind a part as a plain table with units in its headers."""
    table = part.table.drop(columns="geometry", errors="ignore")
    unit = str(part.encoding.get("unit", ""))
    return table.rename(columns={name: new.format(unit=unit) for name, new in _NAMES.items()}) if unit else table


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
    lines = "".join(f"# {' '.join(line.split())}\n" for line in head)
    return ("\ufeff" + lines + _safe(part_table(part)).to_csv(index=False, lineterminator="\n")).encode()


def file_name(exhibit: Exhibit, part: Part, ending: str) -> str:
    """Name a download after the exhibit, the part and the fingerprint."""
    words = re.sub(r"[^a-z0-9]+", "-", f"{exhibit.recipe.analysis} {part.title}".lower()).strip("-")
    return f"civmap-{words[:60].strip('-')}-{exhibit.fingerprint}.{ending}"


def _safe(table: pd.DataFrame) -> pd.DataFrame:
    """Put an apostrophe before text that a spreadsheet would run, and before a ``#`` that would read as a remark."""
    safe = table.copy()
    for name in safe.columns:
        if safe[name].dtype == "object":
            safe[name] = safe[name].map(
                lambda cell: "; ".join(map(str, cell)) if isinstance(cell, (list, tuple)) else cell
            )
        if pd.api.types.is_string_dtype(safe[name]):
            text = safe[name].astype("str")
            runs = text.str.startswith((*_RUNS, "#"), na=False)
            safe[name] = text.mask(runs, "'" + text)
    return safe

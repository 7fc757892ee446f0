"""The coverage map: for how long a footprint lay over each cell; elsewhere it says not covered, which is no zero."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.errors import RecipeError
from civmap.exhibits import words
from civmap.exhibits.air_shared import Air, air, province_of, theatre_cells
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.queries.air import has_telemetry
from civmap.store import Store

BOUNDS_HOURS = (1 / 6, 1.0, 6.0, 24.0)
CLASSES = (
    ("not covered", "unobserved"), ("up to 10 minutes", "1"), ("to 1 hour", "2"), ("to 6 hours", "3"),
    ("to 24 hours", "4"), ("more than 24 hours", "5"),
)  # fmt: skip
ALL_MONTHS = "all"


def months(store: Store, recipe: Recipe) -> list[str]:
    """List the months (YYYY-MM) with coverage that may be shown; none where there is nothing to show."""
    if store.loads().empty or not has_telemetry(store):
        return []
    days = air(recipe, store)[0].coverage()["day"]
    return sorted(days.dt.strftime("%Y-%m").unique())


def air_coverage(recipe: Recipe, store: Store) -> Exhibit:
    """Map hours of coverage.

    Parameters of the recipe: ``month`` (YYYY-MM, or ``all``), ``footprints`` (known, or assumed as well).
    """
    asked, chosen = air(recipe, store, month=str(ALL_MONTHS))
    table = _of_month(asked.coverage(), str(chosen["month"]))
    hours = table.groupby("cell").agg(seconds=("seconds", "sum"), looks=("looks", "sum"), share=("share", "max"),
                                      days=("day", "nunique"))  # fmt: skip
    cells = _cells(asked, hours)
    inside = theatre_cells(store, asked.resolution)
    covered = int(np.isin(hours.index.to_numpy(), inside).sum())
    when = "all months with telemetry" if chosen["month"] == ALL_MONTHS else _month(str(chosen["month"]))
    if table.empty:
        sentence = f"No cell was covered ({when}, {asked.here.period})."
    else:
        span = f"{words.day(table['day'].min())} to {words.day(table['day'].max())}"
        sentence = (
            f"From {span} a footprint lay over {words.number(covered)} of {words.number(len(inside))} cells of the "
            "theatre at some time; elsewhere none did."
        )
    unit = "Time covered by a sensor"
    part = Part(
        "cells", "Map of coverage", {"cells": cells, "provinces": _land(asked)},
        alt=f"Map of {store.theatre.title}: time covered by cell, {when}. {covered} of {len(inside)} cells covered.",
        encoding={"classes": CLASSES, "unit": unit, "view": store.theatre.view, "subtitle": f"{unit}, {when}"},
    )  # fmt: skip
    caveats = [
        "A minute over a part of a cell is not a day's watch over it: see the share in the numbers.",
    ]
    return asked.exhibit(title="What was covered from the air", sentence=sentence, parts=[part], caveats=caveats,
                              n=len(table))  # fmt: skip


def _of_month(table: pd.DataFrame, month: str) -> pd.DataFrame:
    if month == ALL_MONTHS:
        return table
    try:
        first = pd.Timestamp(f"{month}-01")
    except ValueError as error:
        raise RecipeError(f"'{month}' is no month.", expected="YYYY-MM, or all") from error
    return table[table["day"].between(first, first + pd.offsets.MonthEnd(0))]


def _month(month: str) -> str:
    return words.month(pd.Timestamp(f"{month}-01"))


def _cells(asked: Air, hours: pd.DataFrame) -> pd.DataFrame:
    """List all cells of the theatre and all that were covered, with the class of each."""
    every = np.union1d(theatre_cells(asked.store, asked.resolution), hours.index.to_numpy(dtype="uint64"))
    frame = hours.reindex(every)
    known = frame["seconds"].notna().to_numpy()
    number = np.searchsorted(BOUNDS_HOURS, frame["seconds"].to_numpy() / 3600, side="left") + 1
    names = np.array([name for name, _ in CLASSES], dtype=object)
    province = province_of(pd.Series(every), asked.store.theatre.boundaries)
    label = province.map(asked.store.theatre.boundaries["name"]).fillna("outside the theatre")
    minutes = (frame["seconds"] / 60).round(1)
    said = [
        f"{where}\n{time:,.0f} minutes on {days:.0f} days, {looks:.0f} looks, up to {100 * share:.0f} % of it in a day"
        if known_one else where
        for where, time, days, looks, share, known_one in zip(
            label, minutes, frame["days"], frame["looks"], frame["share"], known, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(
        {
            "cell": [f"{cell:x}" for cell in every.tolist()], "finding": names[np.where(known, number, 0)],
            "label": said, "minutes": minutes.to_numpy(), "days": frame["days"].to_numpy(),
            "looks": frame["looks"].to_numpy(), "most_of_cell_in_a_day": frame["share"].to_numpy(),
        }
    )  # fmt: skip


def _land(asked: Air) -> pd.DataFrame:
    boundaries = asked.store.theatre.boundaries
    return pd.DataFrame(
        {"admin1": boundaries.index, "name": boundaries["name"].to_numpy(), "geometry": boundaries.geometry.to_numpy(),
         "value": None, "label": boundaries["name"].to_numpy()}
    )  # fmt: skip

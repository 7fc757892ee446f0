"""The coverage map: for how long a footprint lay over each cell; elsewhere it says not covered, which is no zero."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.exhibits import words
from civmap.exhibits.air_shared import ALL_MONTHS, Air, air, in_words, land, of_month, province_of, theatre_cells
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.language import mark, say, say_n
from civmap.queries.air import has_telemetry
from civmap.store import Store

BOUNDS_HOURS = (1 / 6, 1.0, 6.0, 24.0)
CLASSES = (
    (mark("not covered"), "unobserved"), (mark("up to 10 minutes"), "1"), (mark("to 1 hour"), "2"),
    (mark("to 6 hours"), "3"), (mark("to 24 hours"), "4"), (mark("more than 24 hours"), "5"),
)  # fmt: skip


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
    asked, chosen = air(recipe, store, month=ALL_MONTHS)
    month = str(chosen["month"])
    table = of_month(asked.coverage(), month, "day")
    hours = table.groupby("cell").agg(seconds=("seconds", "sum"), looks=("looks", "sum"), share=("share", "max"),
                                      days=("day", "nunique"))  # fmt: skip
    inside = theatre_cells(store, asked.resolution)
    covered = int(np.isin(hours.index.to_numpy(), inside).sum())
    beyond = len(hours) - covered
    if table.empty:
        sentence = say("No cell was covered ({month}, {period}).", month=in_words(month), period=asked.here.period)
    else:
        sentence = say(
            "From {period} a footprint lay over {covered} of {cells} cells of the theatre at some time; elsewhere none "
            "did.", period=words.days(table["day"].min(), table["day"].max()), covered=words.number(covered),
            cells=words.number(len(inside)),
        )  # fmt: skip
        if beyond:
            sentence += " " + say_n(beyond, "Outside the theatre it lay over {n} cell.",
                                    "Outside the theatre it lay over {n} cells.")  # fmt: skip
    unit = say("Time covered by a sensor")
    part = Part(
        "cells", say("Map of coverage"), {"cells": _cells(asked, hours), "provinces": land(store)},
        alt=say("Map of {theatre}: time covered by cell, {month}. {covered} of {cells} cells covered.",
                theatre=store.theatre.title, month=in_words(month), covered=words.number(covered),
                cells=words.number(len(inside))),
        encoding={"classes": tuple((say(name), role) for name, role in CLASSES), "unit": unit,
                  "view": store.theatre.view, "subtitle": f"{unit}, {in_words(month)}"},
    )  # fmt: skip
    caveats = [
        say("A minute over a part of a cell is not a day's watch over it: see the share in the numbers."),
        say("n counts cells and days with coverage."),
    ]
    return asked.exhibit(title=say("What was covered from the air"), sentence=sentence, parts=[part], caveats=caveats,
                              n=len(table))  # fmt: skip


def _cells(asked: Air, hours: pd.DataFrame) -> pd.DataFrame:
    """List all cells of the theatre and all that were covered, with the class of each."""
    every = np.union1d(theatre_cells(asked.store, asked.resolution), hours.index.to_numpy(dtype="uint64"))
    frame = hours.reindex(every)
    known = frame["seconds"].notna().to_numpy()
    number = np.searchsorted(BOUNDS_HOURS, frame["seconds"].to_numpy() / 3600, side="left") + 1
    names = np.array([say(name) for name, _ in CLASSES], dtype=object)
    province = province_of(pd.Series(every), asked.store.theatre.boundaries)
    label = province.map(asked.store.theatre.boundaries["name"]).fillna(say("outside the theatre"))
    minutes = (frame["seconds"] / 60).round(1)
    said = [
        where + "\n" + say(
            "{minutes:,.0f} minutes on {days:.0f} days, {looks:.0f} looks, up to {percent:.0f} % of it in a day",
            minutes=time, days=days, looks=looks, percent=100 * share,
        ) if known_one else where
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

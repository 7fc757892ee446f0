"""The first answer of the page: the map of decisions, the ranked list, the sentence."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from civmap.exhibits import words
from civmap.exhibits.hotspots import cautions, told
from civmap.exhibits.hotspots.field import EXPOSURES, UNITS, Field, default, in_words
from civmap.exhibits.hotspots.tested import Tested, tested
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import options, standing
from civmap.figures.part import Part
from civmap.store import Store

ANY = "default"


def hotspots(recipe: Recipe, store: Store) -> Exhibit:
    """Test every cell or province against an exposure.

    Parameters of the recipe: ``unit``, cells or provinces; ``exposure``, one of population, earlier, all, area (by
    default population for provinces where it is known, else the places' own earlier period).
    """
    chosen = options(recipe, unit=UNITS, exposure=(ANY, *EXPOSURES))
    exposure = chosen["exposure"]
    if exposure == ANY:
        exposure = default(chosen["unit"], theatre_has_population=not store.theatre.population.empty)
    here = standing(recipe, store)
    done = tested(here, chosen["unit"], exposure)
    table = told.ranked(done)
    days = in_words((done.field.here.first, done.field.here.last))
    unit = done.field.unit
    listing = Part(
        "table", f"{unit.capitalize()} in order: hot ones first, then by the lower end of the ratio's interval",
        {"table": table},
        alt=f"Ranked list of {words.count(len(table), unit[:-1], unit)} with expected counts, ratios and draws: {days}.",
        encoding={"subtitle": subtitle(done)},
    )  # fmt: skip
    return replace(done.field.here, notes=here.notes).exhibit(
        title=f"Where incidents concentrate, by {unit[:-1]}, compared with {EXPOSURES[exposure]}",
        sentence=told.sentence(done),
        parts=[map_part(done), listing],
        caveats=cautions.caveats(done),
        n=int(done.found["count"].sum()),
    )


def subtitle(done: Tested) -> str:
    """Write period, n and comparison, to stand in a picture."""
    return f"{done.field.here.subtitled(int(done.found['count'].sum()))}; compared with {EXPOSURES[done.exposure]}"


def map_part(done: Tested, *, title: str = "") -> Part:
    """Draw the decision on every place."""
    field, found = done.field, done.found
    frame = pd.DataFrame({
        "admin1": field.places["admin1"], "finding": told.findings(done), "incidents": found["count"].astype("Int64"),
        "incidents with cells around": found["observed"].astype("Int64"), "expected incidents": found["expected"],
        "ratio": found["ratio"], "ratio low (95 %)": found["ratio_low"], "ratio high (95 %)": found["ratio_high"],
        "p value": found["p"], "q value": found["q"], "Gi* (z)": found["z"], "hot draws of 100": done.draws.hot,
        "why no answer": found["reason"], "label": told.labels(done),
    })  # fmt: skip
    counted = frame["finding"].value_counts()
    alt = (
        f"Map of {field.unit} of {field.here.store.theatre.title}: {subtitle(done)}. "
        + "; ".join(f"{name}: {counted.get(name, 0)}" for name, _ in told.CLASSES) + "."
    )  # fmt: skip
    if field.unit == "provinces":
        frame = frame.drop(columns="incidents with cells around")
    return place_part(field, frame, title or f"Hot {field.unit}", alt, told.CLASSES, subtitle(done))


def place_part(
    field: Field,
    frame: pd.DataFrame,
    title: str,
    alt: str,
    classes: tuple[tuple[str, str], ...],
    below: str,
    *,
    unit: str = "finding",
) -> Part:
    """Make a map of places in classes, with what a click needs to list the records behind one."""
    theatre = field.here.store.theatre
    shapes = pd.DataFrame({
        "admin1": theatre.boundaries.index, "name": theatre.boundaries["name"].to_numpy(),
        "geometry": theatre.boundaries.geometry.to_numpy(),
    })  # fmt: skip
    encoding = {
        "classes": classes, "view": theatre.view, "subtitle": below, "unit": unit,
        "filters": field.here.filters, "within": True,
    }  # fmt: skip
    if field.unit == "cells":
        cells = frame.rename_axis("cell").reset_index()
        return Part("cells", title, {"cells": cells, "provinces": shapes.assign(incidents=0)}, alt, encoding)
    asked = shapes.merge(frame.drop(columns="admin1"), left_on="admin1", right_index=True, how="left")
    return Part("provinces", title, {"provinces": asked}, alt, encoding)

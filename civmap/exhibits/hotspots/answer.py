"""The first answer of the page: the map of decisions, the ranked list, the sentence."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from civmap.exhibits import words
from civmap.exhibits.hotspots import cautions, sentences, told
from civmap.exhibits.hotspots.exposures import COMPARED, EXPOSURES, default
from civmap.exhibits.hotspots.field import Field, in_words
from civmap.exhibits.hotspots.tested import Tested, tested
from civmap.exhibits.hotspots.units import UNITS, counted, either
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import options, standing
from civmap.figures.part import Part
from civmap.language import mark, say
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
        "table",
        either(unit, mark("Cells in order: hot ones first, then by the lower end of the ratio's interval"),
               mark("Provinces in order: hot ones first, then by the lower end of the ratio's interval")),
        {"table": table},
        alt=say("Ranked list of {places} with expected counts, ratios and draws: {days}.",
                places=counted(len(table), unit), days=days),
        encoding={"subtitle": subtitle(done)},
    )  # fmt: skip
    return replace(done.field.here, notes=here.notes).exhibit(
        title=either(unit, mark("Where incidents concentrate, by cell, {compared}"),
                     mark("Where incidents concentrate, by province, {compared}"), compared=say(COMPARED[exposure])),
        sentence=sentences.sentence(done),
        parts=[map_part(done), listing],
        caveats=cautions.caveats(done),
        n=int(done.found["count"].sum()),
    )  # fmt: skip


def subtitle(done: Tested) -> str:
    """Write period, n and comparison, to stand in a picture."""
    total = int(done.found["count"].sum())
    return words.clauses([done.field.here.subtitled(total), say(COMPARED[done.exposure])])


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
    in_class, classes = frame["finding"].value_counts(), told.said(told.CLASSES)
    alt = either(
        field.unit, mark("Map of cells of {theatre}: {subtitle}. {classes}."),
        mark("Map of provinces of {theatre}: {subtitle}. {classes}."),
        theatre=field.here.store.theatre.title, subtitle=subtitle(done),
        classes=words.listed([say("{name} ({n})", name=name, n=in_class.get(name, 0)) for name, _ in classes]),
    )  # fmt: skip
    if field.unit == "provinces":
        frame = frame.drop(columns="incidents with cells around")
    title = title or either(field.unit, mark("Hot cells"), mark("Hot provinces"))
    return place_part(field, frame, title, alt, classes, subtitle(done))


def place_part(
    field: Field,
    frame: pd.DataFrame,
    title: str,
    alt: str,
    classes: tuple[tuple[str, str], ...],
    below: str,
    *,
    unit: str = "",
) -> Part:
    """Make a map of places in classes, with what a click needs to list the records behind one."""
    theatre = field.here.store.theatre
    shapes = pd.DataFrame({
        "admin1": theatre.boundaries.index, "name": theatre.boundaries["name"].to_numpy(),
        "geometry": theatre.boundaries.geometry.to_numpy(),
    })  # fmt: skip
    encoding = {
        "classes": classes, "view": theatre.view, "subtitle": below, "unit": unit or say("finding"),
        "filters": field.here.filters, "within": True,
    }  # fmt: skip
    if field.unit == "cells":
        cells = frame.rename_axis("cell").reset_index()
        return Part("cells", title, {"cells": cells, "provinces": shapes.assign(incidents=0)}, alt, encoding)
    asked = shapes.merge(frame.drop(columns="admin1"), left_on="admin1", right_index=True, how="left")
    return Part("provinces", title, {"provinces": asked}, alt, encoding)

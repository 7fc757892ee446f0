"""The Situation: where incidents are recorded, at the grain of what is known, and how many people that means."""

from __future__ import annotations

import pandas as pd

from civmap import queries
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, options, standing
from civmap.figures.part import Part
from civmap.filters import BOUNDS
from civmap.store import Store


def incident_map(recipe: Recipe, store: Store) -> Exhibit:
    """Map incidents as cells at the grain of their precision; those known only to the province shade the province."""
    options(recipe)
    here = standing(recipe, store)
    part, shown = map_part(here)
    total = here.totals["incidents"]
    elsewhere = total - shown["cells"] - shown["provinces"]
    caveats = []
    if shown["provinces"]:
        vague = words.count(shown["provinces"], "incident is", "incidents are")
        caveats.append(f"{vague} known only to the province and shaded there, not drawn as points.")
    if elsewhere:
        caveats.append(
            f"{words.count(elsewhere, 'incident is', 'incidents are')} known only to the country and not on the map."
        )
    caveats.append("A cell without colour has no record here; that does not mean that nothing happened.")
    sentence = (
        f"{here.label} records {words.count(total, 'incident')} {_harm(here)}from {here.period}; "
        f"{words.number(shown['cells'])} can be placed in {words.count(len(part.frames['cells']), 'cell')}."
    )
    return here.exhibit(
        title=f"Where {words.what(here.filters)} are recorded", sentence=sentence, parts=[part], caveats=caveats
    )


def map_part(here: Standing) -> tuple[Part, dict[str, int]]:
    """Make the map of a standing, and say how many incidents are shown in cells and by province."""
    cells = queries.cells(here.store, here.filters, as_known_on=here.recipe.as_known_on)
    vague = queries.provinces(here.store, here.filters, as_known_on=here.recipe.as_known_on, only_province=True)
    names = here.store.theatre.boundaries["name"]
    shown = {"cells": int(cells["incidents"].sum()), "provinces": int(vague["incidents"].sum())}
    near = cells["place"].str.slice(0, 60).radd(" near ").fillna("")
    cells = cells.assign(
        value=cells[here.value],
        label=cells["admin1"].map(names).fillna("province unknown") + near,
    )
    vague = vague.assign(
        geometry=here.store.theatre.boundaries.geometry.to_numpy(),
        value=vague[here.value].where(vague["incidents"] > 0),
        label=vague["name"] + ", known only to the province",
    )
    top = cells.sort_values("incidents", ascending=False).head(1)
    most = (
        f" The cell with most lies in {top['label'].iloc[0]}: {words.number(top['incidents'].iloc[0])} incidents."
        if len(top)
        else ""
    )
    part = Part(
        "cells",
        f"Map of {here.unit}",
        {"cells": cells, "provinces": vague},
        alt=f"Map of {here.store.theatre.title}: {here.subtitle}, in {len(cells)} cells of about "
        f"{CELL_ACROSS_KM.get(here.store.theatre.map_cell_resolution, 0)} km across.{most}",
        encoding={"unit": here.unit, "view": here.store.theatre.view, "subtitle": here.subtitle},
    )
    return part, shown


CELL_ACROSS_KM = {3: 120, 4: 45, 5: 17, 6: 6}  # H3 average, rounded; h3geo.org/docs/core-library/restable


def totals(recipe: Recipe, store: Store) -> Exhibit:
    """Count incidents and people as min, best and max, beside the same period a year earlier and the year to date."""
    options(recipe)
    here = standing(recipe, store)
    rows = []
    for name, first, last in _windows(here.first, here.last):
        covered = first >= pd.Timestamp(here.loaded.date_min).to_period("M").start_time
        window = here.filters.with_(date_from=first.date(), date_to=last.date())
        counted = queries.totals(store, window, as_known_on=recipe.as_known_on) if covered else {}
        row = {
            "Period": name,
            "From": f"{first:%Y-%m-%d}",
            "To": f"{last:%Y-%m-%d}",
            "Incidents": counted.get("incidents"),
        }
        for people in ("killed", "injured"):
            for bound in BOUNDS:
                row[f"Civilians {people}, {bound}"] = counted.get(f"{people}_{bound}")
        rows.append(row)
    table = pd.DataFrame(rows)
    numbers = [str(column) for column in table if column not in ("Period", "From", "To")]
    table[numbers] = table[numbers].astype("Int64")
    whole = here.totals
    sentence = (
        f"{here.label}, {here.period}: {words.count(whole['incidents'], 'incident')} {_harm(here)}"
        f"with {words.span(whole['killed_min'], whole['killed_max'])} civilians killed and "
        f"{words.span(whole['injured_min'], whole['injured_max'])} injured."
    ).replace("harm with", "harm, with")
    latest, before = table.iloc[1], table.iloc[2]
    if pd.notna(latest["Incidents"]) and pd.notna(before["Incidents"]):
        sentence += (
            f" {latest['Period']}: {words.count(latest['Incidents'], 'incident')}; "
            f"{str(before['Period']).lower()}: {words.number(before['Incidents'])}."
        )
    caveats = ["Counts as recorded; a difference between two periods may be chance, season or recording. See Trends."]
    if table["Incidents"].isna().any():
        caveats.append("Periods before the first loaded record are left empty, not shown as zero.")
    part = Part(
        "table",
        "Incidents and civilians harmed",
        {"table": table},
        alt=f"Table of incidents and civilians killed and injured: {here.subtitle}.",
        encoding={"subtitle": here.subtitle},
    )
    return here.exhibit(title="Incidents and civilians harmed", sentence=sentence, parts=[part], caveats=caveats)


def _harm(here: Standing) -> str:
    return "with civilian harm " if here.filters.harm_only else ""


def _windows(first: pd.Timestamp, last: pd.Timestamp) -> list[tuple[str, pd.Timestamp, pd.Timestamp]]:
    year, tomorrow = pd.DateOffset(years=1), pd.Timedelta(days=1)
    january = last.replace(month=1, day=1)
    if last - first <= pd.Timedelta(days=366):
        compared = [("The same days", first, last), ("A year earlier", first - year, last - year)]
    else:
        begun = last + tomorrow - year
        compared = [("Last 12 months", begun, last), ("The 12 months before", begun - year, begun - tomorrow)]
    return [
        ("Whole period", first, last),
        *compared,
        (f"{last.year} to date", january, last),
        (f"{last.year - 1} to the same day", january - year, last - year),
    ]

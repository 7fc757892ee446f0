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
    if (part.frames["cells"]["resolution"] < store.theatre.map_cell_resolution).any():
        caveats.append("Large cells hold what is known only to the district; they hold more because they are larger.")
    caveats.append("A cell without colour has no record here; that does not mean that nothing happened.")
    people = f"{words.number(here.people)} {here.unit} in " if here.filters.measure != "incidents" else ""
    of = "incidents " if people else ""
    sentence = (
        f"{here.label} records {people}{words.count(total, 'incident')} {_harm(here)}from {here.period}; "
        f"{words.number(shown['cells'])} {of}can be placed in {words.count(len(part.frames['cells']), 'cell')}."
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
    across_km = CELL_ACROSS_KM.get(here.store.theatre.map_cell_resolution)
    across = f" of about {across_km} km across" if across_km else ""
    part = Part(
        "cells",
        f"Map of {here.unit}",
        {"cells": cells, "provinces": vague},
        alt=f"Map of {here.store.theatre.title}: {here.subtitle}, in {len(cells)} cells{across}.{most}",
        encoding={"unit": here.unit, "view": here.store.theatre.view, "subtitle": here.subtitle},
    )
    return part, shown


DAY, YEAR = pd.Timedelta(days=1), pd.DateOffset(years=1)
CELL_ACROSS_KM = {3: 120, 4: 45, 5: 17, 6: 6}  # H3 average, rounded; h3geo.org/docs/core-library/restable


def totals(recipe: Recipe, store: Store) -> Exhibit:
    """Count incidents and people as min, best and max, beside the same period a year earlier and the year to date."""
    options(recipe)
    here = standing(recipe, store)
    rows = []
    for name, first, last in _windows(here.first, here.last):
        window = here.filters.with_(date_from=first.date(), date_to=last.date())
        counted = queries.totals(store, window, as_known_on=recipe.as_known_on) if here.covers(first, last) else {}
        row = {
            "Period": name,
            "From": f"{first:%Y-%m-%d}",
            "To": f"{last:%Y-%m-%d}",
            "Incidents": counted.get("incidents"),
        }
        for people in ("killed", "injured"):
            for bound in BOUNDS:
                row[f"{people.capitalize()}, {bound}"] = counted.get(f"{people}_{bound}")
        rows.append(row)
    table = pd.DataFrame(rows)
    numbers = [str(column) for column in table if column not in ("Period", "From", "To")]
    table[numbers] = table[numbers].astype("Int64")
    table = table.drop(columns=[column for column in numbers if table[column].isna().all()])
    whole = here.totals
    harmed = [
        f"{words.span(whole[f'{one}_min'], whole[f'{one}_max'])} civilians {one}"
        for one in ("killed", "injured")
        if whole[f"{one}_max"] is not None
    ]
    incidents = words.count(whole["incidents"], "incident") + (" with civilian harm" if here.filters.harm_only else "")
    sentence = f"{here.label}, {here.period}: {incidents}{'; ' if harmed else ''}{words.listed(harmed)}."
    latest, before = table.iloc[1], table.iloc[2]
    if pd.notna(latest.get("Incidents")) and pd.notna(before.get("Incidents")):
        sentence += (
            f" {latest['Period']}: {words.count(latest['Incidents'], 'incident')}; "
            f"{str(before['Period']).lower()}: {words.number(before['Incidents'])}."
        )
    caveats = ["Counts as recorded; a difference between two periods may be chance, season or recording. See Trends."]
    if table["Incidents"].isna().any():
        caveats.append("Periods that the source's scope or the loaded data do not cover are left empty, not zero.")
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
    """Give the whole period, a year's worth beside the year before, and the year to date beside the year before."""
    tomorrow, january = last + DAY, last.replace(month=1, day=1)
    if tomorrow - YEAR <= first:  # at most a year
        compared = [("The same days", first, last), ("A year earlier", first - YEAR, tomorrow - YEAR - DAY)]
    else:
        begun = tomorrow - YEAR
        compared = [("Last 12 months", begun, last), ("The 12 months before", begun - YEAR, begun - DAY)]
    return [
        ("Whole period", first, last),
        *compared,
        (f"{last.year} to date", january, last),
        (f"{last.year - 1} to the same day", january - YEAR, tomorrow - YEAR - DAY),
    ]

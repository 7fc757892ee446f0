"""The Situation: where incidents are recorded, at the grain of what is known, and how many people that means."""

from __future__ import annotations

import pandas as pd

from civmap import queries
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, options, standing
from civmap.figures.part import Part
from civmap.filters import BOUNDS
from civmap.language import mark, say, say_n
from civmap.store import Store


def incident_map(recipe: Recipe, store: Store) -> Exhibit:
    """Map incidents as cells at the grain of their precision; those known only to the province shade the province."""
    options(recipe)
    here = standing(recipe, store)
    part, shown = map_part(here)
    elsewhere = here.totals["incidents"] - shown["cells"] - shown["provinces"]
    caveats = []
    if shown["provinces"]:
        caveats.append(say_n(
            shown["provinces"],
            "{n} incident is known only to the province and shaded there, not drawn as a point.",
            "{n} incidents are known only to the province and shaded there, not drawn as points.",
        ))  # fmt: skip
    if elsewhere:
        caveats.append(say_n(
            elsewhere,
            "{n} incident is known only to the country and not on the map.",
            "{n} incidents are known only to the country and not on the map.",
        ))  # fmt: skip
    if (part.frames["cells"]["resolution"] < store.theatre.map_cell_resolution).any():
        caveats.append(
            say("Large cells hold what is known only to the district; they hold more because they are larger.")
        )
    caveats.append(say("A cell without colour has no record here; that does not mean that nothing happened."))
    return here.exhibit(
        title=say("Where {what} are recorded", what=words.what(here.filters)), sentence=_found(here, part, shown),
        parts=[part], caveats=caveats,
    )  # fmt: skip


def _found(here: Standing, part: Part, shown: dict[str, int]) -> str:
    """Say how much is recorded, and how much of it the map can show."""
    placed = say_n(len(part.frames["cells"]), "{placed} can be placed in {n} cell.",
                   "{placed} can be placed in {n} cells.",
                   placed=words.count(shown["cells"], "incident", "incidents"))  # fmt: skip
    incidents = _incidents(here.totals["incidents"], harm=here.filters.harm_only)
    if here.filters.measure != "incidents":
        incidents = say("{people} {unit} in {incidents}", people=words.number(here.people), unit=here.unit,
                        incidents=incidents)  # fmt: skip
    return say("{source} records {what} from {period}; {placed}", source=here.label, what=incidents,
               period=here.period, placed=placed)  # fmt: skip


def map_part(here: Standing) -> tuple[Part, dict[str, int]]:
    """Make the map of a standing, and say how many incidents are shown in cells and by province."""
    cells = queries.cells(here.store, here.filters, as_known_on=here.recipe.as_known_on)
    vague = queries.provinces(here.store, here.filters, as_known_on=here.recipe.as_known_on, only_province=True)
    names = here.store.theatre.boundaries["name"]
    shown = {"cells": int(cells["incidents"].sum()), "provinces": int(vague["incidents"].sum())}
    near = cells["place"].str.slice(0, 60).radd(" " + say("near") + " ").fillna("")
    cells = cells.assign(
        value=cells[here.value],
        label=cells["admin1"].map(names).fillna(say("province unknown")) + near,
    )
    vague = vague.assign(
        geometry=here.store.theatre.boundaries.geometry.to_numpy(),
        value=vague[here.value].where(vague["incidents"] > 0),
        label=[say("{province}, known only to the province", province=name) for name in vague["name"]],
    )
    top = cells.sort_values("incidents", ascending=False).head(1)
    alt = say_n(len(cells), "Map of {theatre}: {subtitle}, in {n} cell.", "Map of {theatre}: {subtitle}, in {n} cells.",
                theatre=here.store.theatre.title, subtitle=here.subtitle)  # fmt: skip
    if across_km := CELL_ACROSS_KM.get(here.store.theatre.map_cell_resolution):
        alt += " " + say("A cell is about {across_km} km across.", across_km=across_km)
    if len(top):
        alt += " " + say_n(top["incidents"].iloc[0], "The cell with most lies in {place}: {n} incident.",
                           "The cell with most lies in {place}: {n} incidents.",
                           place=top["label"].iloc[0])  # fmt: skip
    part = Part(
        "cells",
        say("Map of {what}", what=here.unit),
        {"cells": cells, "provinces": vague},
        alt=alt,
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
    said = {"killed": mark("{span} civilians killed"), "injured": mark("{span} civilians injured")}
    harmed = [
        say(text, span=words.span(whole[f"{one}_min"], whole[f"{one}_max"]))
        for one, text in said.items()
        if whole[f"{one}_max"] is not None
    ]
    incidents = _incidents(whole["incidents"], harm=here.filters.harm_only)
    finding = words.clauses((incidents, words.listed(harmed)))
    sentence = say("{source}, {period}: {finding}.", source=here.label, period=here.period, finding=finding)
    latest, before = table.iloc[1], table.iloc[2]
    if pd.notna(latest.get("Incidents")) and pd.notna(before.get("Incidents")):
        sentence += " " + say(
            "{latest}: {incidents}; {before}: {number}.", latest=latest["Period"],
            before=before["Period"][:1].lower() + before["Period"][1:],
            incidents=words.count(latest["Incidents"], "incident", "incidents"),
            number=words.number(before["Incidents"]),
        )  # fmt: skip
    caveats = [
        say("Counts as recorded; a difference between two periods may be chance, season or recording. See Trends.")
    ]
    if table["Incidents"].isna().any():
        caveats.append(say("Periods that the source's scope or the loaded data do not cover are left empty, not zero."))
    title = say("Incidents and civilians harmed")
    part = Part(
        "table",
        title,
        {"table": table},
        alt=say("Table of incidents and civilians killed and injured: {subtitle}.", subtitle=here.subtitle),
        encoding={"subtitle": here.subtitle},
    )
    return here.exhibit(title=title, sentence=sentence, parts=[part], caveats=caveats)


def _incidents(n: int, *, harm: bool) -> str:
    if not harm:
        return words.count(n, "incident", "incidents")
    return say_n(n, "{n} incident with civilian harm", "{n} incidents with civilian harm")


def _windows(first: pd.Timestamp, last: pd.Timestamp) -> list[tuple[str, pd.Timestamp, pd.Timestamp]]:
    """Give the whole period, a year's worth beside the year before, and the year to date beside the year before."""
    tomorrow, january = last + DAY, last.replace(month=1, day=1)
    if tomorrow - YEAR <= first:  # at most a year
        compared = [(say("The same days"), first, last), (say("A year earlier"), first - YEAR, tomorrow - YEAR - DAY)]
    else:
        begun = tomorrow - YEAR
        compared = [
            (say("Last 12 months"), begun, last), (say("The 12 months before"), begun - YEAR, begun - DAY)
        ]  # fmt: skip
    return [
        (say("Whole period"), first, last),
        *compared,
        (say("{year} to date", year=last.year), january, last),
        (say("{year} to the same day", year=last.year - 1), january - YEAR, tomorrow - YEAR - DAY),
    ]

"""Hotspots by count: where most incidents were recorded. A count is no test; whether it could be chance is not said."""

from __future__ import annotations

import pandas as pd

from civmap import queries
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.situation import map_part
from civmap.exhibits.standing import Standing, options, standing
from civmap.figures.part import Part
from civmap.filters import BOUNDS
from civmap.store import Store

LISTED = 25
CAVEAT = (
    "Ranked by count only. No test for chance, and no allowance for population or for who was watching, has been made."
)


def hotspots(recipe: Recipe, store: Store) -> Exhibit:
    """Rank cells or provinces by what was recorded in them.

    Parameters of the recipe: ``unit``, ``cells`` or ``provinces``.
    """
    unit = options(recipe, unit=("cells", "provinces"))["unit"]
    here = standing(recipe, store)
    part, ranked = _by_cell(here) if unit == "cells" else _by_province(here)
    people = here.filters.measure != "incidents"
    column = _header(here, here.bound) if people else "Incidents"
    placed, counted = int(ranked["Incidents"].sum()), int(ranked[column].sum())
    top = ranked.head(LISTED)
    table = Part(
        "table",
        f"The {len(top)} {unit} with the highest counts",
        {"table": top},
        alt=f"Ranked list of {len(top)} {unit}: {here.subtitle}.",
        encoding={"subtitle": here.subtitle},
    )
    most_first = ranked[column].sort_values(ascending=False)
    half = int((most_first.cumsum() < counted / 2).sum()) + 1 if counted else 0
    sentence = (
        f"Half of the {words.number(counted)} {here.unit if people else 'incidents'} that can be placed by "
        f"{unit[:-1]} lie in "
        f"{words.number(half)} of {words.number(len(ranked))} {unit} with any record."
        if counted
        else f"None of the {here.unit} can be placed by {unit[:-1]} under these filters."
    )
    apart = here.totals["incidents"] - placed
    caveats = [CAVEAT]
    if apart:
        caveats.append(f"{words.count(apart, 'incident is', 'incidents are')} known too vaguely to be ranked here.")
    return here.exhibit(title=f"Where most {words.what(here.filters)} are recorded, by {unit[:-1]}",
                        sentence=sentence, parts=[part, table], caveats=caveats)  # fmt: skip


def _by_cell(here: Standing) -> tuple[Part, pd.DataFrame]:
    part, _ = map_part(here)
    cells = part.frames["cells"].sort_values([here.value, "incidents", "cell"], ascending=[False, False, True])
    fine = here.store.theatre.map_cell_resolution
    cells = cells.assign(grain=cells["resolution"].map(lambda size: "settlement" if size == fine else "district"))
    return part, _ranked(cells, here, {"label": "Place", "grain": "Place known to", "cell": "H3 cell"})


def _by_province(here: Standing) -> tuple[Part, pd.DataFrame]:
    counted = queries.provinces(here.store, here.filters, as_known_on=here.recipe.as_known_on)
    frame = counted.assign(
        geometry=here.store.theatre.boundaries.geometry.to_numpy(),
        value=counted[here.value].where(counted["incidents"] > 0),
        label=counted["name"],
    )
    ranked = frame[frame["incidents"] > 0].sort_values(
        [here.value, "incidents", "name"], ascending=[False, False, True]
    )
    most = f" Most: {ranked['name'].iloc[0]}, {words.number(ranked[here.value].iloc[0])}." if len(ranked) else ""
    part = Part(
        "provinces",
        f"Provinces by {here.unit}",
        {"provinces": frame},
        alt=f"Map of provinces of {here.store.theatre.title}: {here.subtitle}.{most}",
        encoding={"unit": here.unit, "view": here.store.theatre.view, "subtitle": here.subtitle},
    )
    return part, _ranked(ranked, here, {"name": "Province", "admin1": "ISO 3166-2"})


def _ranked(frame: pd.DataFrame, here: Standing, names: dict[str, str]) -> pd.DataFrame:
    columns = {**names, "incidents": "Incidents"}
    if here.filters.measure != "incidents":
        columns |= {f"value_{bound}": _header(here, bound) for bound in BOUNDS}
    ranked = frame[list(columns)].rename(columns=columns).reset_index(drop=True)
    ranked.insert(0, "Rank", pd.RangeIndex(1, len(ranked) + 1))
    return ranked


def _header(here: Standing, bound: str) -> str:
    return f"{words.MEASURED[here.filters.measure].capitalize()}, {bound}"

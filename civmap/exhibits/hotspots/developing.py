"""How hot spots came and went, and clusters in space and time together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap import queries
from civmap.analysis.cell_windows import MIN_EXPECTED
from civmap.analysis.emerging import emerging as developed
from civmap.analysis.scan import space_time_scan
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.hotspots import told
from civmap.exhibits.hotspots.answer import place_part
from civmap.exhibits.hotspots.field import Field, field
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, options, standing
from civmap.figures.part import Part
from civmap.store import Store

PERIODS = {"quarter": "Q", "month": "M", "year": "Y"}
WINDOW = 7  # cells
GROWING, LASTING = "New, consecutive or intensifying", "Persistent"
CHANGING, FADING = "Sporadic or oscillating", "Diminishing or historical"
COLD, NEITHER = "Cold spot of any kind: fewer than an even spread", "No pattern"
PATTERNS = {
    "new": GROWING, "consecutive": GROWING, "intensifying": GROWING, "persistent": LASTING, "sporadic": CHANGING,
    "oscillating": CHANGING, "diminishing": FADING, "historical": FADING, "no_pattern": NEITHER,
    "too_few": told.NO_ANSWER, "not_observed": told.UNSEEN,
}  # fmt: skip
CLASSES = ((GROWING, "5"), (LASTING, "4"), (CHANGING, "3"), (FADING, "2"), (COLD, "1"), (NEITHER, "bare"),
           (told.NO_ANSWER, "no_answer"), (told.UNSEEN, "unobserved"))  # fmt: skip
RADII_KM = (100, 50, 200)
LONGEST = 6  # months
SIMULATIONS = 199
LIKELY, UNLIKELY, APART = "In a cluster with p up to 0.05", "In a cluster that chance explains", "In no cluster"


def emerging(recipe: Recipe, store: Store) -> Exhibit:
    """Say of each cell how its hot or cold spot developed over quarters, months or years.

    Parameters of the recipe: ``period``.
    """
    period = options(recipe, period=tuple(PERIODS))["period"]
    here = standing(recipe, store)
    seen, cube = _cube(here, PERIODS[period])
    title = f"How hot spots developed, by {period}"
    try:
        found = developed(cube, seen.neighbours)
    except AnalysisError as error:
        return here.exhibit(title=title, sentence=f"No answer: {error}", parts=[], n=int(cube.sum().sum()))
    total = int(cube.sum().sum())
    finding = found["pattern"].map(lambda name: COLD if name.endswith("_cold") else PATTERNS[name])
    said = found["pattern"].str.replace("_", " ")
    frame = pd.DataFrame({
        "admin1": seen.places["admin1"], "finding": finding, "pattern": said,
        "incidents": cube.sum(axis=1).astype("Int64"),
        "hot periods": found["hot_periods"], "cold periods": found["cold_periods"], "trend of z": found["trend"],
        "why no answer": found["reason"],
        "label": told.place_names(seen) + "\n" + said.where(found["answer"], found["reason"]) + "\nhot in "
        + found["hot_periods"].astype("str") + f" of {cube.shape[1]} {period}s",
    })  # fmt: skip
    below = f"{here.subtitled(total)}; {cube.shape[1]} {period}s"
    map_ = place_part(seen, frame, "Patterns", f"Map of patterns: {below}.", CLASSES, below)
    said = said.mask((found["pattern"] == "no_pattern") & (found["hot_periods"] > 0), "hot and cold in turn")
    ever = found[found["answer"] & (found["hot_periods"] > 0)].sort_values(["hot_periods", "z_last"], ascending=False)
    table = pd.DataFrame({
        "Province": seen.places.loc[ever.index, "name"], "Place": told.near(seen).loc[ever.index],
        "Pattern": said[ever.index], "Hot periods": ever["hot_periods"].astype("Int64"), "Last period": ever["last"],
        "Trend": ever["trend"], "Trend p": ever["trend_p"].map(told.chance),
        "Incidents": cube.sum(axis=1)[ever.index].astype("Int64"), "H3 cell": ever.index,
    }).head(told.LISTED).reset_index(drop=True)  # fmt: skip
    table = told.without_empty(table, "Place")
    counted = said[ever.index].value_counts()
    listed = words.listed([f"{number} {name}" for name, number in counted.items()])
    answered = int(found["answer"].sum())
    sentence = (
        f"Of {words.count(answered, 'cell', 'cells')} that can be answered, {words.number(len(ever))} were hot in at least "
        "one of "
        f"{cube.shape[1]} {period}s" + (f": {listed}." if len(ever) else ".")
    )
    caveats = [
        f"Hot in a {period} means more than an even spread over all cells would bring by chance, corrected over all "
        f"cells and {period}s at 5 %. An even spread over land is not where people live: lasting hot spots are "
        "mostly towns. What changed is the finding here, not where.",
        "New: hot in the last period only. Consecutive: one unbroken run to the end. Intensifying, diminishing: hot "
        "in nine of ten periods with a z that rises or falls. Historical: so, but not now. Sporadic: on and off. "
        "Oscillating: hot now, cold before.",
        "The trend is not corrected for the number of cells, nor for slow swings, which look like trends; scatter "
        "beyond chance is not allowed for.",
        f"Cells are of H3 resolution {seen.resolution}, so that a window expects at least {MIN_EXPECTED:g} incident "
        f"in a {period} on average; only whole {period}s are used.",
    ]
    part = Part(
        "table", "Cells by number of hot periods", {"table": table}, alt=f"Table of {len(table)} cells: {below}."
    )
    return here.exhibit(title=title, sentence=sentence, parts=[map_, part], caveats=caveats, n=total)


def _cube(here: Standing, code: str) -> tuple[Field, pd.DataFrame]:
    """Count by cell and whole period, in cells large enough for the number of incidents; null where not covered."""
    store, known_on = here.store, here.recipe.as_known_on
    spans = pd.period_range(here.first, here.last, freq=code)
    slack = pd.Timedelta(days=queries.EDGE_DAYS)
    whole = (spans.start_time >= here.first - slack) & (spans.end_time <= here.last + slack + pd.Timedelta(days=1))
    spans = spans[whole]
    seen = field(here, "cells")
    finest = seen.resolution or 0
    for size in (finest, finest - 1, finest - 2):
        seen = field(here, "cells", resolution=size)
        if seen.counts.sum() * WINDOW >= MIN_EXPECTED * max(seen.counts.notna().sum() * len(spans), 1):
            break
    counted = queries.place_counts(store, here.filters, resolution=seen.resolution, by_month=True, as_known_on=known_on)
    month = _months(counted["month"])
    counted = counted.assign(period=month.asfreq(code))
    cube = counted.pivot_table(index="place", columns="period", values="incidents", aggfunc="sum", observed=True)
    cube = cube.reindex(index=seen.places.index, columns=spans).fillna(0)
    areas = list(store.theatre.boundaries.index)
    scope = queries.scope_of(store, here.filters, as_known_on=known_on)
    covered = pd.DataFrame(scope.covers(areas, pd.DatetimeIndex(spans.start_time)), index=areas)
    return seen, cube.where(covered.loc[seen.places["admin1"]].to_numpy())


def _months(number: pd.Series) -> pd.PeriodIndex:
    """Turn months since year 0, as the store counts them, into periods."""
    return pd.PeriodIndex((number - 12 * 1970).to_numpy(dtype="int64").view("datetime64[M]"), freq="M")


def scan(recipe: Recipe, store: Store) -> Exhibit:
    """Search all circles and spans of months for the clusters that are least like chance.

    Parameters of the recipe: ``radius_km``, the largest circle.
    """
    radius = options(recipe, radius_km=RADII_KM)["radius_km"]
    here = standing(recipe, store)
    seen = field(here, "cells")
    title = f"Clusters in space and time, up to {radius} km and {LONGEST} months"
    counted = queries.place_counts(
        store, here.filters, resolution=seen.resolution, by_month=True, as_known_on=recipe.as_known_on
    )
    counted = counted[counted["place"].isin(seen.counts.index[seen.counts > 0])]
    cases = counted.rename(columns={"incidents": "count"}).assign(period=_months(counted["month"]))
    caveats = [
        "Space-time permutation scan (Kulldorff and others 2005): each place keeps its number of incidents and each "
        "month its own; a cluster is a place that had more than its part of a month's. A place that is always high "
        "is no cluster, nor is a month that is high everywhere.",
        f"p from {SIMULATIONS} random repetitions of the whole search, so it allows for all circles and spans looked "
        f"at; the smallest it can be is {1 / (SIMULATIONS + 1):.3f}. Clusters after the first are judged on the "
        "careful side.",
        "Where reporting came and went the scan finds clusters too.",
    ]
    known = [place for place in seen.counts.index if seen.counts[place] > 0]
    places = seen.grid.cells.loc[known, ["x", "y"]].rename_axis("place").reset_index()  # type: ignore[union-attr]
    total = int(cases["count"].sum())
    months = len(pd.period_range(here.first, here.last, freq="M"))
    try:
        if cases.empty:
            raise AnalysisError("too few to tell: 0 incidents can be placed by cell.")
        found = space_time_scan(cases, places, max_radius_km=radius, max_periods=max(1, min(LONGEST, months // 2)),
                                simulations=SIMULATIONS)  # fmt: skip
    except AnalysisError as error:
        return here.exhibit(title=title, sentence=f"No answer: {error}", parts=[], caveats=caveats, n=total)
    total = int(cases["count"].sum())
    likely = found[found["p"] <= 0.05]
    inside = {
        place: number for number, members in zip(found["cluster"], found["members"], strict=True) for place in members
    }
    cluster = pd.Series(inside, dtype="float").reindex(seen.places.index)
    finding = np.select(
        [cluster.isin(likely["cluster"]), cluster.notna(), seen.counts.isna(), seen.counts > 0],
        [LIKELY, UNLIKELY, told.UNSEEN, APART], default=told.EMPTY,
    )  # fmt: skip
    frame = pd.DataFrame({
        "admin1": seen.places["admin1"], "finding": finding, "incidents": seen.counts.astype("Int64"),
        "cluster": cluster.astype("Int64"),
        "label": told.place_names(seen) + cluster.map(lambda n: "" if np.isnan(n) else f"\ncluster {n:.0f}"),
    })  # fmt: skip
    below = here.subtitled(total)
    classes = ((LIKELY, "5"), (UNLIKELY, "2"), (APART, "1"), (told.EMPTY, "bare"), (told.UNSEEN, "unobserved"))
    map_ = place_part(seen, frame, "Clusters", f"Map of {len(found)} clusters: {below}.", classes, below)
    top = found.head(told.LISTED)
    table = pd.DataFrame({
        "Cluster": top["cluster"].astype("Int64"), "Province": top["centre"].map(seen.places["name"]),
        "Place": top["centre"].map(told.near(seen)), "Radius (km)": top["radius_km"].round(),
        "From": top["start"].astype("str"),
        "To": top["end"].astype("str"), "Incidents": top["observed"].astype("Int64"),
        "Expected": top["expected"].map(told.number), "Ratio": top["ratio"].map(told.number),
        "p value": top["p"].map(told.chance),
        "Cells": top["members"].map(len).astype("Int64"),
    })  # fmt: skip
    table = told.without_empty(table, "Place")
    if likely.empty:
        least = f"smallest p {found['p'].min():.2g}" if len(found) else "no place ever had more than its part"
        sentence = (
            f"No cluster in {words.count(total, 'incident', 'incidents')} that chance does not explain ({least})."
        )
    else:
        one = likely.iloc[0]
        sentence = (
            f"{words.count(len(likely), 'cluster', 'clusters')} that chance hardly explains (p up to 0.05). The clearest: "
            f"{seen.places.loc[one['centre'], 'name']}, {one['start']} to {one['end']}, {one['observed']:,} "
            f"incidents within {one['radius_km']:.0f} km where {told.number(one['expected'])} are expected (p = "
            f"{told.chance(one['p'])})."
        )
    part = Part("table", "Clusters, the least like chance first", {"table": table}, alt=f"Table of clusters: {below}.")
    return here.exhibit(title=title, sentence=sentence, parts=[map_, part], caveats=caveats, n=total)

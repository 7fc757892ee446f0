"""Clusters in space and time together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap import queries
from civmap.analysis.scan import space_time_scan
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.hotspots import told
from civmap.exhibits.hotspots.answer import place_part
from civmap.exhibits.hotspots.developing import months_of
from civmap.exhibits.hotspots.field import Field, field
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import options, standing
from civmap.figures.part import Part
from civmap.language import mark, say, say_n
from civmap.store import Store

RADII_KM = (100, 50, 200)
LONGEST = 6  # months
SIMULATIONS = 199
LIKELY = mark("In a cluster with p up to 0.05")
UNLIKELY, APART = mark("In a cluster that chance explains"), mark("In no cluster")
CLASSES = ((LIKELY, "5"), (UNLIKELY, "2"), (APART, "1"), (told.EMPTY, "bare"), (told.UNSEEN, "unobserved"))


def scan(recipe: Recipe, store: Store) -> Exhibit:
    """Search all circles and spans of months for the clusters that are least like chance.

    Parameters of the recipe: ``radius_km``, the largest circle.
    """
    radius = options(recipe, radius_km=RADII_KM)["radius_km"]
    here = standing(recipe, store)
    seen = field(here, "cells")
    title = say("Clusters in space and time, up to {km} km and {months} months", km=radius, months=LONGEST)
    counted = queries.place_counts(
        store, here.filters, resolution=seen.resolution, by_month=True, as_known_on=recipe.as_known_on
    )
    counted = counted[counted["place"].isin(seen.counts.index[seen.counts > 0])]
    cases = counted.rename(columns={"incidents": "count"}).assign(period=months_of(counted["month"]))
    known = [place for place in seen.counts.index if seen.counts[place] > 0]
    places = seen.grid.cells.loc[known, ["x", "y"]].rename_axis("place").reset_index()  # type: ignore[union-attr]
    total, caveats = int(cases["count"].sum()), _caveats()
    months = len(pd.period_range(here.first, here.last, freq="M"))
    try:
        if cases.empty:
            raise AnalysisError(say("too few to tell: 0 incidents can be placed by cell."))
        found = space_time_scan(cases, places, max_radius_km=radius, max_periods=max(1, min(LONGEST, months // 2)),
                                simulations=SIMULATIONS)  # fmt: skip
    except AnalysisError as error:
        why = say("No answer: {why}", why=str(error))
        return here.exhibit(title=title, sentence=why, parts=[], caveats=caveats, n=total)
    below = here.subtitled(total)
    part = Part("table", say("Clusters, the least like chance first"), {"table": _table(seen, found)},
                alt=say("Table of clusters: {subtitle}.", subtitle=below))  # fmt: skip
    return here.exhibit(title=title, sentence=_sentence(seen, found, total), parts=[_map(seen, found, below), part],
                        caveats=caveats, n=total)  # fmt: skip


def _caveats() -> list[str]:
    return [
        say("Space-time permutation scan (Kulldorff and others 2005): each place keeps its number of incidents and "
            "each month its own; a cluster is a place that had more than its part of a month's. A place that is "
            "always high is no cluster, nor is a month that is high everywhere."),
        say("p from {simulations} random repetitions of the whole search, so it allows for all circles and spans "
            "looked at; the smallest it can be is {smallest:.3f}. Clusters after the first are judged on the careful "
            "side.",
            simulations=SIMULATIONS, smallest=1 / (SIMULATIONS + 1)),
        say("Where reporting came and went the scan finds clusters too."),
    ]  # fmt: skip


def _map(seen: Field, found: pd.DataFrame, below: str) -> Part:
    """Draw which cells lie in a cluster."""
    likely = found.loc[found["p"] <= 0.05, "cluster"]
    inside = {
        place: number for number, members in zip(found["cluster"], found["members"], strict=True) for place in members
    }
    cluster = pd.Series(inside, dtype="float").reindex(seen.places.index)
    finding = np.select(
        [cluster.isin(likely), cluster.notna(), seen.counts.isna(), seen.counts > 0],
        [say(name) for name in (LIKELY, UNLIKELY, told.UNSEEN, APART)], default=say(told.EMPTY),
    )  # fmt: skip
    frame = pd.DataFrame({
        "admin1": seen.places["admin1"], "finding": finding, "incidents": seen.counts.astype("Int64"),
        "cluster": cluster.astype("Int64"),
        "label": told.place_names(seen)
        + cluster.map(lambda n: "" if np.isnan(n) else "\n" + say("cluster {number:.0f}", number=n)),
    })  # fmt: skip
    alt = say_n(len(found), "Map of {n} cluster: {subtitle}.", "Map of {n} clusters: {subtitle}.", subtitle=below)
    return place_part(seen, frame, say("Clusters"), alt, told.said(CLASSES), below)


def _table(seen: Field, found: pd.DataFrame) -> pd.DataFrame:
    """List the clusters that are least like chance."""
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
    return told.without_empty(table, "Place")


def _sentence(seen: Field, found: pd.DataFrame, total: int) -> str:
    likely = found[found["p"] <= 0.05]
    incidents = words.count(total, "incident", "incidents")
    if likely.empty and found.empty:
        return say("No cluster in {incidents} that chance does not explain (no place ever had more than its part).",
                   incidents=incidents)  # fmt: skip
    if likely.empty:
        return say("No cluster in {incidents} that chance does not explain (smallest p {p:.2g}).",
                   incidents=incidents, p=found["p"].min())  # fmt: skip
    one = likely.iloc[0]
    many = say_n(len(likely), "{n} cluster that chance hardly explains (p up to 0.05).",
                 "{n} clusters that chance hardly explains (p up to 0.05).")  # fmt: skip
    clearest = say(
        "The clearest: {place}, {start} to {end}, {incidents} within {km:.0f} km where {expected} are expected "
        "(p = {p}).",
        place=seen.places.loc[one["centre"], "name"], start=str(one["start"]), end=str(one["end"]),
        incidents=words.count(one["observed"], "incident", "incidents"), km=one["radius_km"],
        expected=told.number(one["expected"]), p=told.chance(one["p"]),
    )  # fmt: skip
    return f"{many} {clearest}"

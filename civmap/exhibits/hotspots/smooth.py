"""Incidents as a smooth surface, and incidents that lie close together in space and time: for looking, no test."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from civmap import queries
from civmap.analysis.density import density as surface_of
from civmap.analysis.groups import describe_groups, group_incidents
from civmap.exhibits import words
from civmap.exhibits.hotspots.answer import place_part
from civmap.exhibits.hotspots.field import field
from civmap.exhibits.hotspots.told import PEOPLE, each
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, options, standing
from civmap.figures.part import Part
from civmap.language import mark, say, say_n, write
from civmap.schema import CRS
from civmap.store import Store

BANDWIDTHS_KM = (25, 50, 100)
WIDE_KM = 50  # from here on a place known to the district is known better than the bandwidth
SHARES = (0.5, 0.25, 0.1, 0.05, 0.02)  # of the highest density: lower bounds of the classes
CELLS = 256  # of the grid along the longer side
REACHES = ("5 km and 7 days", "2 km and 2 days", "10 km and 14 days", "25 km and 30 days")
LISTED = 25
WELL_KNOWN = {
    False: mark("Only places known to the settlement or better are spread; a vaguer one would be spread from a point "
                "that nobody reported."),
    True: mark("Only places known to the settlement and district or better are spread; a vaguer one would be spread "
               "from a point that nobody reported."),
}  # fmt: skip


def density(recipe: Recipe, store: Store) -> Exhibit:
    """Spread incidents over their surroundings and show the surface at the cells.

    Parameters of the recipe: ``bandwidth_km``, 25, 50 or 100.
    """
    bandwidth = options(recipe, bandwidth_km=BANDWIDTHS_KM)["bandwidth_km"]
    here = standing(recipe, store)
    theatre = store.theatre
    known = ["exact", "settlement", *(["district"] if bandwidth >= WIDE_KM else [])]
    points = _points(here, known)
    over = field(here, "cells", resolution=theatre.map_cell_resolution)
    title = say("Density of incidents, smoothed over {km} km", km=bandwidth)
    caveats = [
        say("A Gaussian kernel with a standard deviation of {km} km, corrected at the theatre's border. A picture of "
            "where incidents are recorded, which is mostly where people live: no test, and no exposure.", km=bandwidth),
        say(WELL_KNOWN["district" in known]),
    ]  # fmt: skip
    if points.empty:
        return here.exhibit(title=title, sentence=say("No incident is placed well enough to be spread."), parts=[],
                            n=0, caveats=caveats)  # fmt: skip
    border = theatre.boundaries.to_crs(theatre.measuring_crs)
    surface = surface_of(points.geometry, border.geometry, bandwidth_km=bandwidth, cells=CELLS)
    row = np.abs(surface.y_m[:, None] - over.grid.cells["y"].to_numpy()).argmin(axis=0)  # type: ignore[union-attr]
    column = np.abs(surface.x_m[:, None] - over.grid.cells["x"].to_numpy()).argmin(axis=0)  # type: ignore[union-attr]
    per_1000 = pd.Series(surface.per_km2[row, column] * 1000, index=over.grid.cells.index)  # type: ignore[union-attr]
    per_1000 = per_1000.reindex(over.places.index)
    peak = float(np.nanmax(surface.per_km2) * 1000)
    bounds = [peak * share for share in SHARES]
    ends = [say("the peak"), *(write(bound, ".3g") for bound in bounds[:-1])]
    names = [say("{low} to {high}", low=write(low, ".3g"), high=end) for low, end in zip(bounds, ends, strict=True)]
    least = say("less than {least:.3g}", least=bounds[-1])
    shown = per_1000.map("{:.3g}".format).astype(float)  # many are the same then
    frame = pd.DataFrame({
        "admin1": over.places["admin1"],
        "finding": np.select([per_1000 >= bound for bound in bounds], names, default=least),
        "incidents per 1,000 km²": per_1000.round(3),
        "label": over.places["name"] + "\n"
        + each(shown, lambda value: say("{density:.3g} incidents per 1,000 km²", density=value)),
    }).dropna(subset=["incidents per 1,000 km²"])  # fmt: skip
    classes = (*zip(names, "54321", strict=True), (least, "bare"))
    below = here.subtitled(surface.counted)
    alt = say("Map of the density of incidents: {subtitle}. Peak {peak:.3g} per 1,000 km².", subtitle=below, peak=peak)
    part = place_part(over, frame, title, alt, classes, below, unit=say("incidents per 1,000 km²"))
    top = str(per_1000.idxmax())
    sentence = say_n(
        surface.counted,
        "{n} incident is spread over its surroundings; the density is highest in {place}, {peak:.3g} incidents per "
        "1,000 km² in these days.",
        "{n} incidents are spread over their surroundings; the density is highest in {place}, {peak:.3g} incidents per "
        "1,000 km² in these days.",
        place=over.places["name"][top], peak=peak,
    )  # fmt: skip
    return here.exhibit(title=title, sentence=sentence, parts=[part], caveats=caveats, n=surface.counted)


def groups(recipe: Recipe, store: Store) -> Exhibit:
    """List incidents that lie within so many km and days of each other.

    Parameters of the recipe: ``within``, one of `REACHES`.
    """
    within = options(recipe, within=REACHES)["within"]
    radius_km, days = _reach(within)
    here = standing(recipe, store)
    points = _points(here, ["exact", "settlement"])
    points = points[points["date_precision"] == "day"].reset_index(drop=True)
    together = group_incidents(points, radius_km=radius_km, days=days) if len(points) else pd.Series(dtype="Int64")
    listed = describe_groups(points, together).head(LISTED) if together.notna().any() else pd.DataFrame()
    grouped, number = int(together.notna().sum()), int(together.max()) if together.notna().any() else 0
    title = say("Incidents within {reach} of each other", reach=reach(within))
    caveats = [
        say("Grouped are incidents near each other directly or by way of others (DBSCAN), for reading them together; "
            "any busy area and time makes groups, so a group is no finding by itself and says nothing of why."),
        say("Only incidents with a day and a place known to the settlement or better: {n} of {total}. Places known to "
            "a settlement share its point.",
            n=words.number(len(points)), total=words.number(here.totals["incidents"])),
    ]  # fmt: skip
    if not number:
        sentence = say_n(len(points), "No two of {n} incident lie so close.", "No two of {n} incidents lie so close.")
        return here.exhibit(title=title, sentence=sentence, parts=[], caveats=caveats, n=len(points))
    first = points.assign(group=together).dropna(subset=["group"]).groupby("group")
    names, usual = store.theatre.boundaries["name"], first["admin1"].agg(lambda of: of.mode().iloc[0])
    people = {
        name: _spans(first[f"{harm}_min"].sum(), first[f"{harm}_max"].sum(), listed.index)
        for harm, name in PEOPLE.items()
    }
    table = pd.DataFrame({
        "Group": listed.index.to_numpy(), "Province": usual.loc[listed.index].map(names),
        "Incidents": listed["incidents"].astype("Int64"), "First day": listed["start"],
        "Last day": listed["end"], "Across (km)": listed["width_km"].round(1), **people,
    }).reset_index(drop=True)  # fmt: skip
    top = table.iloc[0]
    sentence = say(
        "{grouped} of {total} incidents lie within {reach} of another one, in {groups}; the largest, in {place}, holds "
        "{most} from {days}.",
        grouped=words.number(grouped), total=words.number(len(points)), reach=reach(within),
        groups=words.count(number, "group", "groups"), place=top["Province"], most=words.number(top["Incidents"]),
        days=words.days(top["First day"], top["Last day"]),
    )  # fmt: skip
    part = Part(
        "table", say_n(len(table), "The largest group", "The {n} largest groups"), {"table": table},
        alt=say_n(len(table), "Table of {n} group of incidents: {subtitle}.",
                  "Table of {n} groups of incidents: {subtitle}.", subtitle=here.subtitle),
    )  # fmt: skip
    return here.exhibit(title=title, sentence=sentence, parts=[part], caveats=caveats, n=len(points))


def reach(within: str) -> str:
    """Say one of `REACHES`.

    Examples
    --------
    >>> reach("25 km and 30 days")
    '25 km and 30 days'
    """
    radius_km, days = _reach(within)
    return say("{km} km and {days} days", km=radius_km, days=days)


def _reach(within: str) -> tuple[int, int]:
    km, _, _, days, _ = within.split()
    return int(km), int(days)


def _spans(low: pd.Series, high: pd.Series, index: pd.Index) -> list[str]:
    return [words.span(*pair) for pair in zip(low.loc[index], high.loc[index], strict=True)]


def _points(here: Standing, precisions: list[str]) -> gpd.GeoDataFrame:
    """Give the incidents known at least so well as points in the measuring CRS."""
    records = queries.place_records(here.store, here.filters, as_known_on=here.recipe.as_known_on)
    chosen = records[records["location_precision"].isin(precisions) & records["longitude"].notna()]
    points = gpd.points_from_xy(chosen["longitude"], chosen["latitude"], crs=CRS)
    return gpd.GeoDataFrame(chosen, geometry=points).to_crs(here.store.theatre.measuring_crs)

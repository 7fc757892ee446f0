"""What an answer rests on: exposure, correction, scatter, cells, draws, and what is not in it."""

from __future__ import annotations

import numpy as np

from civmap.exhibits import words
from civmap.exhibits.hotspots.field import EXPOSURES, in_words
from civmap.exhibits.hotspots.observed import caveat
from civmap.exhibits.hotspots.tested import DRAWS, Tested
from civmap.exhibits.situation import CELL_ACROSS_KM


def caveats(done: Tested) -> list[str]:
    """Say what the answer rests on: exposure, correction, scatter, cells, draws, and what is not in it."""
    found, field = done.found, done.field
    wide = field.unit == "cells"
    looked = int(found["count"].notna().sum())
    said = [
        f"Hot: {'in a cell with its neighbours' if wide else 'in the province'} at least twice the incidents "
        "expected, more than chance explains, and an incident in the place itself.",
        _of_exposure(done),
    ]
    if done.source:
        said.append(f"{done.source}.")
    said.append(
        f"Corrected for looking at all {words.number(looked)} {field.unit} (Benjamini-Hochberg, 5 %): of the "
        f"{field.unit} named hot about one in twenty may be wrong. Not corrected for trying several comparisons, "
        "periods or filters; each interval stands for itself."
    )
    said.append(_of_scatter(done))
    if wide:
        across = CELL_ACROSS_KM.get(field.resolution or 0)
        why = (
            f"because {field.vague:.0%} of the incidents with a point are known only to the district"
            if field.resolution is not None and field.resolution < field.here.store.theatre.map_cell_resolution
            else "as fine as places known to the settlement bear"
        )
        said.append(
            f"Tested is each cell with its neighbours; cells are about {across} km across, {why}. Cells side by side "
            "share incidents, so a group of hot cells is one finding."
        )
    if field.outside > 0:
        left = words.count(field.outside, "incident is", "incidents are")
        said.append(
            f"{left} known too vaguely for cells or lie where the source does not look; those known to the province "
            "are tested by province."
            if wide
            else f"{left} known only to the country, or lie where the source does not look."
        )
    said.append(_of_draws(done))
    said.append(
        "People killed and injured stand beside the incidents and are never tested: deaths cluster within incidents."
    )
    said.append(
        f"A grey {field.unit[:-1]} has no answer or was not observed, which is not the same as calm. A place without "
        "a record is never called hot, and never safe."
    )
    return said


def _of_exposure(done: Tested) -> str:
    name = EXPOSURES[done.exposure]
    if done.before is not None:
        return (
            f"Compared with {name}, {in_words((done.before.here.first, done.before.here.last))}: hot is where the "
            "part of all incidents grew, not where most are. A rise everywhere is not seen here; see Trends. Better "
            "reporting looks the same as more harm."
        )
    if done.exposure == "population" and done.field.unit == "cells":
        return (
            "Compared with population, which is known by province only and is spread evenly over each province "
            "here: cells that hold a town come out hot because people live there."
        )
    if done.exposure == "hours":
        here = done.field.here
        left_out = int(done.field.counts.sum() - done.found["count"].sum())
        return caveat(here.store, in_words((here.first, here.last)), left_out)
    return {
        "population": "Compared with population: hot is where incidents are many for the people who live there. How "
        "closely anyone watched is not allowed for.",
        "all": "Compared with all incidents that the source records in the same days: hot is where an unusual part "
        "of them is of the kind counted.",
        "area": "Compared with area, as asked: hot is then mostly where people live, or where somebody watches.",
    }[done.exposure]


def _of_scatter(done: Tested) -> str:
    unit = done.field.unit
    if done.before is not None:
        if done.scatter <= 0:
            return f"{unit.capitalize()} differ between the periods no more than by chance; the test is the exact one."
        return (
            f"{unit.capitalize()} differ between the periods more than chance makes them (correlation "
            f"{done.scatter:.2f}, estimated from this map; for a cell that stands out, from the others), and "
            "the test allows for it; where much truly changed, that makes it careful."
        )
    if np.isnan(done.scatter):
        return (
            f"There is too little to estimate how much {unit} scatter; the test takes them to scatter by chance alone."
        )
    if np.isinf(done.scatter):
        return f"{unit.capitalize()} scatter no more than chance makes them; the test is the exact binomial one."
    return (
        f"{unit.capitalize()} scatter more than chance makes them (negative binomial, k = {done.scatter:.2g}, "
        "estimated from this map), and the test allows for it; true hot spots look like scatter too, which makes it "
        "careful."
    )


def _of_draws(done: Tested) -> str:
    doubtful = (
        "each record is in or out by its grade (accepted or corroborated always, single source or ungraded in 80 %, "
        "contested in 50 %)"
    )
    where = (
        ", and lies within 5 km of a settlement, 25 km of a district, anywhere in its province or, where only that "
        "is known, the country"
        if done.field.unit == "cells"
        else "; provinces are taken as recorded"
    )
    out = f" {words.count(done.unplaced, 'incident is', 'incidents are')} in no draw." if done.unplaced else ""
    return f"Draws: {DRAWS} times over, {doubtful}{where}. These chances are assumptions.{out}"

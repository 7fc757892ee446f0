"""What an answer rests on: exposure, correction, scatter, cells, draws, and what is not in it."""

from __future__ import annotations

import numpy as np

from civmap.exhibits import words
from civmap.exhibits.hotspots.field import in_words
from civmap.exhibits.hotspots.observed import caveat
from civmap.exhibits.hotspots.tested import DRAWS, Tested
from civmap.exhibits.hotspots.units import counted, either, of_all
from civmap.exhibits.situation import CELL_ACROSS_KM
from civmap.language import mark, say, say_n

WHAT_IS_HOT = (
    mark("Hot: in a cell with its neighbours at least twice the incidents expected, more than chance explains, and an "
         "incident in the place itself."),
    mark("Hot: in the province at least twice the incidents expected, more than chance explains, and an incident in "
         "the place itself."),
)  # fmt: skip
NOT_CALM = (
    mark("A grey cell has no answer or was not observed, which is not the same as calm. A place without a record is "
         "never called hot, and never safe."),
    mark("A grey province has no answer or was not observed, which is not the same as calm. A place without a record "
         "is never called hot, and never safe."),
)  # fmt: skip
AGAINST = {
    "population": mark("Compared with population: hot is where incidents are many for the people who live there. How "
                       "closely anyone watched is not allowed for."),
    "all": mark("Compared with all incidents that the source records in the same days: hot is where an unusual part "
                "of them is of the kind counted."),
    "area": mark("Compared with area, as asked: hot is then mostly where people live, or where somebody watches."),
}  # fmt: skip
DRAWN = (
    mark("Draws: {draws} times over, each record is in or out by its grade (accepted or corroborated always, single "
         "source or ungraded in 80 %, contested in 50 %), and lies within 5 km of a settlement, 25 km of a district, "
         "anywhere in its province or, where only that is known, the country. These chances are assumptions."),
    mark("Draws: {draws} times over, each record is in or out by its grade (accepted or corroborated always, single "
         "source or ungraded in 80 %, contested in 50 %); provinces are taken as recorded. These chances are "
         "assumptions."),
)  # fmt: skip


def caveats(done: Tested) -> list[str]:
    """Say what the answer rests on: exposure, correction, scatter, cells, draws, and what is not in it."""
    found, field = done.found, done.field
    wide = field.unit == "cells"
    looked = int(found["count"].notna().sum())
    said = [either(field.unit, *WHAT_IS_HOT), _of_exposure(done)]
    if done.source:
        said.append(f"{done.source}.")
    said.append(
        say(
            "Corrected for looking at all {places} (Benjamini-Hochberg, 5 %): of those named hot about one in twenty "
            "may be wrong. Not corrected for trying several comparisons, periods or filters; each interval stands for "
            "itself.",
            places=counted(looked, field.unit),
        )
    )
    said.append(_of_scatter(done))
    if wide:
        said.append(_of_cells(done))
    if field.outside > 0:
        said.append(_of_others(field.outside, wide=wide))
    said.append(either(field.unit, *DRAWN, draws=DRAWS))
    if done.unplaced:
        said[-1] += " " + say_n(done.unplaced, "{n} incident is in no draw.", "{n} incidents are in no draw.")
    said.append(
        say("People killed and injured stand beside the incidents and are never tested: deaths cluster within "
            "incidents.")
    )  # fmt: skip
    said.append(either(field.unit, *NOT_CALM))
    return said


def _of_exposure(done: Tested) -> str:
    if done.before is not None:
        return say(
            "Compared with its own earlier period, {days}: hot is where the part of all incidents grew, not where "
            "most are. A rise everywhere is not seen here; see Trends. Better reporting looks the same as more harm.",
            days=in_words((done.before.here.first, done.before.here.last)),
        )
    if done.exposure == "population" and done.field.unit == "cells":
        return say(
            "Compared with population, which is known by province only and is spread evenly over each province "
            "here: cells that hold a town come out hot because people live there."
        )
    if done.exposure == "hours":
        here = done.field.here
        left_out = int(done.field.counts.sum() - done.found["count"].sum())
        return caveat(here.store, in_words((here.first, here.last)), left_out)
    return say(AGAINST[done.exposure])


def _of_scatter(done: Tested) -> str:
    places = of_all(done.field.unit)
    some = words.capital(places)
    if done.before is not None:
        if done.scatter <= 0:
            return say(
                "{Places} differ between the periods no more than by chance; the test is the exact one.", Places=some
            )
        return say(
            "{Places} differ between the periods more than chance makes them (correlation {scatter:.2f}, estimated "
            "from this map; for a cell that stands out, from the others), and the test allows for it; where much "
            "truly changed, that makes it careful.", Places=some, scatter=done.scatter,
        )  # fmt: skip
    if np.isnan(done.scatter):
        return say(
            "There is too little to estimate how much {places} scatter; the test takes them to scatter by chance "
            "alone.", places=places,
        )  # fmt: skip
    if np.isinf(done.scatter):
        return say("{Places} scatter no more than chance makes them; the test is the exact binomial one.", Places=some)
    return say(
        "{Places} scatter more than chance makes them (negative binomial, k = {k:.2g}, estimated from this map), and "
        "the test allows for it; true hot spots look like scatter too, which makes it careful.",
        Places=some, k=done.scatter,
    )  # fmt: skip


def _of_cells(done: Tested) -> str:
    """Say how large the cells are, and why."""
    field = done.field
    across = CELL_ACROSS_KM.get(field.resolution or 0)
    if field.resolution is not None and field.resolution < field.here.store.theatre.map_cell_resolution:
        return say(
            "Tested is each cell with its neighbours; cells are about {across} km across, because {share} of the "
            "incidents with a point are known only to the district. Cells side by side share incidents, so a group of "
            "hot cells is one finding.",
            across=across, share=words.percent(field.vague),
        )  # fmt: skip
    return say(
        "Tested is each cell with its neighbours; cells are about {across} km across, as fine as places known to the "
        "settlement bear. Cells side by side share incidents, so a group of hot cells is one finding.",
        across=across,
    )


def _of_others(outside: int, *, wide: bool) -> str:
    """Say how many incidents no place holds."""
    if wide:
        return say_n(
            outside,
            "{n} incident is known too vaguely for cells or lies where the source does not look; those known to the "
            "province are tested by province.",
            "{n} incidents are known too vaguely for cells or lie where the source does not look; those known to the "
            "province are tested by province.",
        )
    return say_n(
        outside,
        "{n} incident is known only to the country, or lies where the source does not look.",
        "{n} incidents are known only to the country, or lie where the source does not look.",
    )

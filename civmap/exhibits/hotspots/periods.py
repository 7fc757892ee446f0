"""Two periods side by side on one scale, and single months to play through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from civmap.errors import RecipeError
from civmap.exhibits import words
from civmap.exhibits.hotspots import cautions, told
from civmap.exhibits.hotspots.answer import ANY, map_part, place_part
from civmap.exhibits.hotspots.exposures import COMPARED, EXPOSURES, default
from civmap.exhibits.hotspots.field import field, in_span, in_words, two_spans
from civmap.exhibits.hotspots.grid import resolution_of
from civmap.exhibits.hotspots.tested import Tested, tested
from civmap.exhibits.hotspots.units import UNITS, either
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import options, standing
from civmap.figures.part import Part
from civmap.language import mark, say, say_in, say_n
from civmap.store import Store

NARROWER = 0.7  # zoom levels by which a map of half the width shows the same
AMOUNTS = ((mark("20 incidents or more"), "5", 20), (mark("10 to 19"), "4", 10), (mark("5 to 9"), "3", 5),
           (mark("2 to 4"), "2", 2), (mark("1 incident"), "1", 1))  # fmt: skip
CLASSES = (*((name, role) for name, role, _ in AMOUNTS), (told.EMPTY, "bare"), (told.UNSEEN, "unobserved"))


def hotspot_periods(recipe: Recipe, store: Store) -> Exhibit:
    """Test two periods in the same way and show both maps side by side, on one scale.

    Parameters of the recipe: ``unit`` and ``exposure`` as in `hotspots`.
    """
    chosen = options(recipe, unit=UNITS, exposure=(ANY, *EXPOSURES))
    unit, exposure = chosen["unit"], chosen["exposure"]
    if exposure == ANY:
        exposure = default(unit, theatre_has_population=not store.theatre.population.empty)
    here = standing(recipe, store)
    spans = two_spans(here)[::-1]  # the earlier one first, as one reads
    size = resolution_of(store, here.filters, as_known_on=recipe.as_known_on)[0] if unit == "cells" else None
    pair = [tested(here, unit, exposure, span=span, resolution=size) for span in spans]
    parts = [map_part(done, title=_days(done)) for done in pair]
    view = {**store.theatre.view, "zoom": store.theatre.view["zoom"] - NARROWER}
    beside = {"beside": 2, "view": view}
    parts = [Part(one.kind, one.title, one.frames, one.alt, {**one.encoding, **beside}) for one in parts]
    table = _both(pair)
    hot = [set(done.found.index[done.found["hot"]]) for done in pair]
    sentence = either(
        unit, mark("Hot cells: {earlier} in the earlier period, {later} in the later one, {both} in both."),
        mark("Hot provinces: {earlier} in the earlier period, {later} in the later one, {both} in both."),
        earlier=_few(len(hot[0])), later=_few(len(hot[1])), both=_few(len(hot[0] & hot[1])),
    )  # fmt: skip
    sentence += " " + say(
        "Hot in one period and not in the other is no proof of a change: each period is tested by itself, and what can "
        "be told in it differs."
    )
    return here.exhibit(
        title=either(unit, mark("Two periods side by side, by cell, {compared}"),
                     mark("Two periods side by side, by province, {compared}"), compared=say(COMPARED[exposure])),
        sentence=sentence,
        parts=[*parts, Part(
            "table", say("Places that are hot in either period"), {"table": table},
            alt=say_n(len(table), "Table of {n} place that is hot in either of two periods.",
                      "Table of {n} places that are hot in either of two periods."),
        )],
        caveats=[*cautions.caveats(pair[1])[:2], say("Both maps have the same classes and the same places."),
                 say("Whether a place changed is asked by comparing it with its own earlier period.")],
        n=sum(int(done.found["count"].sum()) for done in pair),
    )  # fmt: skip


def _few(number: int) -> str:
    return words.number(number) if number else say_in("cells or provinces", "none")


def _days(done: Tested) -> str:
    here = done.field.here
    return f"{words.capital(in_words((here.first, here.last)))}, n = {words.number(done.found['count'].sum())}"


def _both(pair: list[Tested]) -> pd.DataFrame:
    hot = pair[0].found["hot"] | pair[1].found["hot"]
    order = pair[1].found.loc[hot].sort_values("count", ascending=False).index
    columns: dict[str, object] = {"Province": pair[1].field.places.loc[order, "name"]}
    if pair[1].field.unit == "cells":
        columns["Place"] = told.near(pair[1].field).loc[order]
    for name, done in zip(("Earlier", "Later"), pair, strict=True):
        found = done.found.loc[order]
        columns |= {
            f"{name}: incidents": found["count"].astype("Int64"), f"{name}: ratio": found["ratio"].map(told.number),
            f"{name}: finding": told.verdict(done).loc[order],
            f"{name}: hot in draws": told.short_draws(done.draws).loc[order],
        }  # fmt: skip
    return told.without_empty(pd.DataFrame(columns).reset_index(drop=True), "Place")


def months(recipe: Recipe, store: Store) -> list[str]:
    """List the months that `hotspot_month` can show under a recipe's filters."""
    here = standing(recipe, store)
    return [str(month) for month in pd.period_range(here.first, here.last, freq="M")]


def hotspot_month(recipe: Recipe, store: Store) -> Exhibit:
    """Count one month by place, in classes that are the same for every month; no test.

    Parameters of the recipe: ``unit``; ``month``, such as 2012-05 (by default the last).
    """
    chosen = options(recipe, unit=UNITS, month="")
    unit = chosen["unit"]
    whole = standing(recipe, store)
    known = months(recipe, store)
    month = chosen["month"] or known[-1]
    if month not in known:
        raise RecipeError(
            say("There is no month '{month}' in these days.", month=month),
            expected=say("{low} to {high}", low=known[0], high=known[-1]),
        )
    size = resolution_of(store, whole.filters, as_known_on=recipe.as_known_on)[0] if unit == "cells" else None
    period = pd.Period(month, "M")
    days = max(period.start_time, whole.first), min(period.end_time.normalize(), whole.last)
    here = replace(standing(recipe, store, filters=in_span(whole.filters, days)), notes=whole.notes)
    seen = field(here, unit, resolution=size)
    total = int(seen.counts.sum())
    finding = np.select(
        [seen.counts.isna(), *(seen.counts >= least for *_, least in AMOUNTS)],
        [say(told.UNSEEN), *(say(name) for name, *_ in AMOUNTS)], default=say(told.EMPTY),
    )  # fmt: skip
    count = seen.counts.fillna(0).astype(int)
    frame = pd.DataFrame({
        "admin1": seen.places["admin1"], "finding": finding, "incidents": seen.counts.astype("Int64"),
        "label": told.place_names(seen) + "\n" + told.each(count, lambda n: words.count(n, "incident", "incidents")),
    })  # fmt: skip
    below = seen.here.subtitled(total)
    top = str(count.idxmax()) if total else None
    named = words.capital(words.month(period.start_time))
    part = place_part(
        seen, frame, say("{month}, counts", month=named),
        either(unit, mark("Map of cells: {subtitle}."), mark("Map of provinces: {subtitle}."), subtitle=below),
        told.said(CLASSES), below, unit=say("incidents in the month"),
    )  # fmt: skip
    sentence = either(
        unit, mark("{incidents} that can be placed by cell in {days}."),
        mark("{incidents} that can be placed by province in {days}."),
        incidents=words.count(total, "incident", "incidents"), days=in_words(days),
    )  # fmt: skip
    if top is not None:
        sentence += " " + say("Most: {place}, {n}.", place=told.place_names(seen)[top], n=words.number(count[top]))
    return here.exhibit(
        title=either(unit, mark("{month}: incidents by cell"), mark("{month}: incidents by province"), month=named),
        sentence=sentence,
        parts=[part],
        caveats=[
            say("Counts as recorded, the same classes for every month, so that months can be gone through; nothing is "
                "tested: in a single month most places expect too little."),
        ],
        n=total,
    )  # fmt: skip

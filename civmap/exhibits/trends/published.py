"""The national line beside published yearly totals: two accounts of overlapping harm, never added, never one line."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap import queries
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.events import event_table, events
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import Standing, options, standing
from civmap.exhibits.trends.periods import per_period
from civmap.figures.part import Part
from civmap.language import mark, say, say_n, speaking
from civmap.store import Store

MEASURES = ("killed", "injured", "casualties", "incidents")


def trend_published(recipe: Recipe, store: Store) -> Exhibit:
    """Set the records of a source per year beside what was published for the whole theatre and all causes.

    Parameters of the recipe: ``measure``: killed, injured, casualties, incidents. Every publication of a figure is
    listed; the panels draw the one published last.
    """
    measure = options(recipe, measure=MEASURES)["measure"]
    filters = recipe.filters.with_(measure=measure, admin1=(), parties=(), causes=())
    here = standing(recipe, store, filters=filters)
    every = queries.tallies(store, as_known_on=recipe.as_known_on)
    whole = every["start"].dt.is_year_start & every["end"].dt.is_year_end
    whole &= every["start"].dt.year == every["end"].dt.year
    named = (every["party"].map(len) > 0) | (every["cause"].map(len) > 0)
    listed = every[whole & ~named & (every["area"] == "") & (every["measure"] == measure)].reset_index(drop=True)
    if listed.empty:
        raise AnalysisError(
            say(
                "No yearly total of {unit} has been published for the whole theatre.",
                unit=say(words.MEASURED[measure]),
            ),
            next_step=say("Choose another measure, or load a table of totals on the Data Quality page."),
        )
    publishers = listed["tally"].map(store.theatre.source_label)
    listed["name"] = [
        say("{publisher}: {definition}", publisher=publisher, definition=definition)
        for publisher, definition in zip(publishers, listed["definition"].fillna(""), strict=True)
    ]
    latest = listed.drop_duplicates(["name", "start"], keep="last")
    panel = queries.panel(store, here.filters, by=None, frequency="year", as_known_on=recipe.as_known_on)
    first, last = (pick(latest["start"].agg(pick.__name__), panel["period"].agg(pick.__name__)) for pick in (min, max))
    years = pd.date_range(first, last, freq="YS")
    own = panel[panel["complete"]].set_index("period").reindex(years)
    recorded = {end: own[f"value_{end}"].astype("Float64") for end in ("min", "best", "max")}
    own_name = say("{source}: records ({bound})", source=here.label, bound=say(words.BOUNDS[here.bound]))
    lines = [_panel(own_name, years, recorded[here.bound], recorded["min"], recorded["max"])]
    for name, rows in latest.groupby("name", sort=False):
        lines.append(_panel(str(name), years, rows.set_index("start")["value"].reindex(years)))
    happened = events(store, here.filters, years[0], years[-1] + pd.offsets.YearEnd(0))
    unit = per_period(say(words.MEASURED[measure]), "year")
    chart = Part(
        "small_multiples", say("{unit}, on one scale", unit=words.capital(unit)),
        {"series": pd.concat(lines, ignore_index=True), "events": happened},
        alt=say_n(len(lines), "{n} small chart of {unit}: the records, and each published series.",
                  "{n} small charts of {unit}: the records, and each published series.", unit=unit),
        encoding={"unit": unit, "value_name": say("Recorded or published"), "shared": True,
                  "subtitle": here.subtitle},
    )  # fmt: skip
    beside = queries.recorded_beside(store, here.filters, listed, as_known_on=recipe.as_known_on)
    headers = _headers(here)
    low, high = headers
    table = pd.DataFrame(
        {
            "Year": listed["start"].dt.strftime("%Y"),
            "Published by": publishers,
            "Definition": listed["definition"],
            "Value": listed["value"].round().astype("Int64"),
            low: beside["value_min"],
            high: beside["value_max"],
            "Published on": listed["published_at"],
            "Later revised": np.where(listed["revised"], say("yes"), ""),
            "Publication": listed["publication"],
            "Figure is": listed["certainty"].map(words.CERTAINTIES).map(say, na_action="ignore"),
            "Note": listed["note"],
        }
    )
    figures = Part(
        "table", say("Every published figure, with its revisions"), {"table": table},
        alt=say_n(len(table), "Table of {n} published yearly figure beside {source}.",
                  "Table of {n} published yearly figures beside {source}.", source=here.label),
        encoding={"headers": headers},
    )  # fmt: skip
    return here.exhibit(
        title=say("Beside published totals: {unit}", unit=unit),
        sentence=_sentence(here, listed, say(words.MEASURED[measure]), series=len(lines) - 1, years=years),
        parts=[chart, figures, event_table(happened)],
        caveats=[say(
            "Each panel has its own definition of whom it counts; a gap between two of them is no error of either, and "
            "no change is computed across them. Provinces, parties and causes of the filters do not hold here."
        )],
    )  # fmt: skip


def _sentence(here: Standing, listed: pd.DataFrame, what: str, *, series: int, years: pd.DatetimeIndex) -> str:
    """Say how much is published, and how much of it was revised."""
    text = say(
        "{figures} in {series} beside the records of {source}, {first} to {last}",
        figures=say_n(len(listed), "{n} published yearly figure of {what}", "{n} published yearly figures of {what}",
                      what=what),
        series=words.count(series, "series", "series"), source=here.label, first=years[0].year, last=years[-1].year,
    )  # fmt: skip
    revised = int(listed["revised"].sum())
    if not revised:
        return f"{text}."
    return say("{published}; {revised}.", published=text,
               revised=say_n(revised, "{n} figure was revised later", "{n} figures were revised later"))  # fmt: skip


def _headers(here: Standing) -> dict[str, str]:
    """Head the columns that are named after the source, by their English names."""
    with speaking("en"):
        names = [f"{here.label}, min", f"{here.label}, max"]
    said = (mark("{source}, min"), mark("{source}, max"))
    return {name: say(text, source=here.label) for name, text in zip(names, said, strict=True)}


def _panel(
    name: str, years: pd.DatetimeIndex, value: pd.Series, low: pd.Series | None = None, high: pd.Series | None = None
) -> pd.DataFrame:
    numbers = {
        column: np.full(len(years), np.nan) if given is None else given.to_numpy(dtype="float64", na_value=np.nan)
        for column, given in (("value", value), ("low", low), ("high", high))
    }
    return pd.DataFrame({"panel": name, "period": years, **numbers, "complete": True})

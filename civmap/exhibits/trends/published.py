"""The national line beside published yearly totals: two accounts of overlapping harm, never added, never one line."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap import queries
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import event_table, events, options, standing
from civmap.figures.part import Part
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
            f"No yearly total of {words.MEASURED[measure]} has been published for the whole theatre.",
            next_step="Choose another measure, or load a table of totals on the Data Quality page.",
        )
    listed["name"] = listed["tally"].map(store.theatre.source_label) + ": " + listed["definition"].fillna("")
    latest = listed.drop_duplicates(["name", "start"], keep="last")
    panel = queries.panel(store, here.filters, by=None, frequency="year", as_known_on=recipe.as_known_on)
    first, last = (pick(latest["start"].agg(pick.__name__), panel["period"].agg(pick.__name__)) for pick in (min, max))
    years = pd.date_range(first, last, freq="YS")
    own = panel[panel["complete"]].set_index("period").reindex(years)
    recorded = {end: own[f"value_{end}"].astype("Float64") for end in ("min", "best", "max")}
    lines = [_panel(f"{here.label}: records ({here.bound})", years, recorded[here.bound], recorded["min"],
                    recorded["max"])]  # fmt: skip
    for name, rows in latest.groupby("name", sort=False):
        lines.append(_panel(str(name), years, rows.set_index("start")["value"].reindex(years)))
    happened = events(store, here.filters, years[0], years[-1] + pd.offsets.YearEnd(0))
    unit = words.MEASURED[measure]
    revised = int(listed["revised"].sum())
    chart = Part(
        "small_multiples", f"{unit.capitalize()} per year, on one scale",
        {"series": pd.concat(lines, ignore_index=True), "events": happened},
        alt=f"{len(lines)} small charts of {unit} per year: the records, and each published series.",
        encoding={"unit": f"{unit} per year", "value_name": "Recorded or published", "shared": True,
                  "subtitle": here.subtitle},
    )  # fmt: skip
    beside = queries.recorded_beside(store, here.filters, listed, as_known_on=recipe.as_known_on)
    table = pd.DataFrame(
        {
            "Year": listed["start"].dt.strftime("%Y"),
            "Published by": listed["tally"].map(store.theatre.source_label),
            "Definition": listed["definition"],
            "Value": listed["value"].round().astype("Int64"),
            f"{here.label}, min": beside["value_min"],
            f"{here.label}, max": beside["value_max"],
            "Published on": listed["published_at"],
            "Later revised": np.where(listed["revised"], "yes", ""),
            "Publication": listed["publication"],
            "Figure is": listed["certainty"].map(words.CERTAINTIES),
            "Note": listed["note"],
        }
    )
    figures = Part("table", "Every published figure, with its revisions", {"table": table},
                   alt=f"Table of {len(table)} published yearly figures beside {here.label}.")  # fmt: skip
    sentence = (
        f"{words.count(len(listed), 'published yearly figure', 'published yearly figures')} of {unit} in "
        f"{words.count(len(lines) - 1, 'series', 'series')} beside the records of {here.label}, "
        f"{years[0]:%Y} to {years[-1]:%Y}"
    )
    sentence += f"; {words.count(revised, 'figure was', 'figures were')} revised later." if revised else "."
    return here.exhibit(
        title=f"Beside published totals: {unit} per year", sentence=sentence,
        parts=[chart, figures, event_table(happened)],
        caveats=["Each panel has its own definition of whom it counts; a gap between two of them is no error of "
                 "either, and no change is computed across them. Provinces, parties and causes of the filters do not "
                 "hold here."],
    )  # fmt: skip


def _panel(
    name: str, years: pd.DatetimeIndex, value: pd.Series, low: pd.Series | None = None, high: pd.Series | None = None
) -> pd.DataFrame:
    numbers = {
        column: np.full(len(years), np.nan) if given is None else given.to_numpy(dtype="float64", na_value=np.nan)
        for column, given in (("value", value), ("low", low), ("high", high))
    }
    return pd.DataFrame({"panel": name, "period": years, **numbers, "complete": True})

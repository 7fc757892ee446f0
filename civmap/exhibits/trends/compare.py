"""Two provinces, causes or parties beside each other: whether their trends differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from civmap.analysis.count_series import ar1_estimates, fit_counts
from civmap.analysis.trend_words import TREND, TrendFit, fit_trend
from civmap.errors import AnalysisError, RecipeError
from civmap.exhibits import words
from civmap.exhibits.events import events
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing import options, standing
from civmap.exhibits.trends.asked import SPANS, YEARS, ask, provisional
from civmap.exhibits.trends.chosen import choices, most_frequent, narrowed
from civmap.exhibits.trends.findings import limits, percent
from civmap.exhibits.trends.lines import series_of
from civmap.exhibits.trends.periods import per_period, periods
from civmap.figures.part import Part
from civmap.language import mark, say
from civmap.queries.scope import ALL
from civmap.store import Store

COMPARED = ("admin1", "causes", "parties")
BOTH_SIDES = {
    "parties": (mark("An incident that names both parties is counted on both sides."),),
    "causes": (mark("A cause that is a parent of the other holds its incidents too."),),
}
DIFFER = mark(
    "their trends differ; each year the first changes by {ratio:.2f} times what the second does (interval {low:.2f} to "
    "{high:.2f}; 1 is alike)."
)
ALIKE = mark(
    "no clear difference between their trends; each year the first changes by {ratio:.2f} times what the second does "
    "(interval {low:.2f} to {high:.2f}; 1 is alike)."
)


def trend_compare(recipe: Recipe, store: Store) -> Exhibit:
    """Set two provinces, causes or parties beside each other and say whether their trends differ.

    Parameters of the recipe: ``what``: admin1, causes or parties; ``first`` and ``second``, two codes, the two most
    frequent if not given; ``years`` as for `trend_table`.
    """
    chosen = options(recipe, what=COMPARED, first="", second="", years=YEARS)
    here = standing(recipe, store)
    names = choices(store, chosen["what"])
    pair = [chosen["first"], chosen["second"]]
    if not all(pair) or pair[0] == pair[1]:
        pair = most_frequent(here, chosen["what"])
    if len(pair) < 2:
        raise AnalysisError(
            say("There are no two to compare under these filters."), next_step=say("Take fewer filters.")
        )
    wrong = [code for code in pair if code not in names]
    if wrong:
        raise RecipeError(say("'{code}' cannot be compared.", code=wrong[0]), expected=", ".join(names))
    asks = [ask(narrowed(here, chosen["what"], code), span=SPANS[0], years=chosen["years"]) for code in pair]
    panels = [one.looked_at[one.looked_at["area"] == ALL] for one in asks]
    rows, fits = [], []
    for code, panel in zip(pair, panels, strict=True):
        row: dict[str, Any] = {"": names[code], "Incidents": int(panel["incidents"].sum())}
        try:
            fit: TrendFit | None = fit_trend(panel)
        except AnalysisError as error:
            fit, row["Trend a year"] = None, error.message
        if fit:
            row |= {"Trend a year": percent(fit.ratio), "95 % interval": limits(fit.low, fit.high)}
        fits.append(fit)
        rows.append(row)
    both = {"first": names[pair[0]], "second": names[pair[1]]}
    sentence = say(
        "{first} beside {second} over the {months} to {last}: {finding}", **both,
        months=periods(asks[0].length, "month"), last=words.month(asks[0].window[1]), finding=_differ(panels, fits),
    )  # fmt: skip
    shown = pd.concat([panel.assign(panel=names[code]) for code, panel in zip(pair, panels, strict=True)])
    happened = events(store, here.filters, *asks[0].window)
    unit = per_period(here.unit, "month")
    chart = Part(
        "small_multiples", say("{Unit}, on one scale", Unit=words.capital(unit)),
        {"series": series_of(shown, here, extra=("panel",)), "events": happened},
        alt=say("Two small charts: {first} and {second}, {unit}.", unit=unit, **both),
        encoding={"unit": unit, "value_name": say("Recorded"), "shared": True,
                  **provisional(asks[0].late)},
    )  # fmt: skip
    table = Part(
        "table",
        say("Trends side by side"),
        {"table": pd.DataFrame(rows)},
        alt=say("Table of the trends of {first} and {second}.", **both),
    )
    return here.exhibit(
        title=say("Two beside each other"), sentence=words.capital(sentence), parts=[chart, table],
        caveats=[*map(say, BOTH_SIDES.get(chosen["what"], ())),
                 say("Two words never make a difference: that one is clear and the other is not says nothing of "
                     "whether they differ; the ratio of the two trends does.")],
    )  # fmt: skip


def _differ(panels: list[pd.DataFrame], fits: list[TrendFit | None]) -> str:
    """Model the first as a share of both, so that what moves both alike cancels out."""
    if any(fit is None for fit in fits):
        return say("at least one of them has too few incidents to say, so they are not compared.")
    both = panels[0][["period", "incidents"]].merge(panels[1][["period", "incidents"]], on="period").dropna()
    first, second = (both[name].to_numpy(dtype=float) for name in ("incidents_x", "incidents_y"))
    some = first + second > 0
    assert fits[0] is not None
    design = fits[0].fit.design if len(fits[0].fit.design) == len(both) else None
    if design is None:
        return say("they are not covered in the same months, so they are not compared.")
    try:
        fit = fit_counts(first[some], design[some], family="quasibinomial", trials=(first + second)[some])
        found = ar1_estimates(fit, times=np.flatnonzero(some)).infer(np.eye(design.shape[1])[TREND])
    except AnalysisError as error:
        return say("whether they differ cannot be said. {reason}", reason=error.message)
    ratio, low, high = (float(np.exp(part[0])) for part in (found.value, found.low, found.high))
    return say(DIFFER if low > 1 or high < 1 else ALIKE, ratio=ratio, low=low, high=high)

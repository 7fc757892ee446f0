"""More methods: a control beside the outcome, provinces outside the scope, all provinces pooled, a wandering level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd

from civmap import queries
from civmap.analysis import interventions
from civmap.errors import AnalysisError
from civmap.exhibits import words
from civmap.exhibits.directives.beside import controls
from civmap.exhibits.directives.primary import itself, model_lines, one_date, primary
from civmap.exhibits.directives.question import Question, ask
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.store import Store

METHODS = {
    "controlled": "beside what the directive could not touch",
    "provinces": "provinces in its scope against the others",
    "pooled": "all provinces pooled, each with its own level",
    "structural": "a level that wanders (structural model)",
}


def method(recipe: Recipe, store: Store) -> Exhibit:
    """Ask the same question by another method; a second opinion, never in place of the primary model.

    Parameters of the recipe: as for `directive`; ``method``, one of `METHODS`.
    """
    question, chosen = ask(recipe, store, method=tuple(METHODS))
    made: dict[str, Callable[[Question], Exhibit]] = {
        "controlled": _controlled, "provinces": _provinces, "pooled": _pooled, "structural": _structural,
    }  # fmt: skip
    return made[chosen["method"]](question)


def _controlled(question: Question) -> Exhibit:
    """Set the sum of what the directive could not touch beside the outcome."""
    found = controls(question)
    if not found:
        raise AnalysisError(
            "Nothing here lies outside the directive's reach: all parties and all provinces are asked for.",
            next_step="Choose the directive's own parties, or parties in the filters.",
        )
    name, filters = next(iter(found.items()))
    every = question.every.assign(**{name: question.months(filters, "incidents")})
    panel = _window(question, every, [question.counted, name])
    model = interventions.interrupted_time_series(
        panel, at=question.at, outcome=question.counted, controls=[name], **primary(question).terms
    )
    return _answer(question, model, "controlled", extra=every, extra_name=name, caveats=[
        f"The change is the one in {question.counted} over the one in {name}: whatever moved both alike cancels out.",
        "It holds only if the directive did not touch the control; harm that moved from one to the other counts twice.",
    ])  # fmt: skip


def _pooled(question: Question) -> Exhibit:
    """Pool all provinces of the filters."""
    panel = _by_province(question, question.filters)
    model = interventions.pooled_time_series(panel, at=question.at, outcome=question.counted, **primary(question).terms)
    return _answer(question, model, "pooled", caveats=[
        "One effect for all provinces: where it differs from place to place this is a mean weighted by incidents.",
        "Incidents known only to the country are in no province and not counted here.",
    ])  # fmt: skip


def _structural(question: Question) -> Exhibit:
    """Let the level wander instead of following a straight trend."""
    model = interventions.structural_counterfactual(
        question.model, at=question.at, outcome=question.counted, **primary(question).terms
    )
    return _answer(question, model, "structural", caveats=[
        "Its intervals take the variances as known and are too narrow on so few months: where it disagrees with the "
        "primary model, the primary model stands.",
    ])  # fmt: skip


def _answer(
    question: Question,
    found: interventions.Intervention,
    which: str,
    *,
    caveats: list[str],
    extra: pd.DataFrame | None = None,
    extra_name: str = "",
) -> Exhibit:
    here = question.here
    # what cannot be told apart is a property of the months, and is taken from the primary model
    found = replace(found, neighbours=primary(question).found.neighbours)
    summary = interventions.summarise(found, name=question.name, counted=question.counted)
    first, level = one_date(primary(question).found.level), one_date(found.level)
    bars = pd.DataFrame(
        [("the primary model", first.ratio, first.low, first.high),
         (METHODS[which], level.ratio, level.low, level.high)],
        columns=["reading", "value", "low", "high"],
    )  # fmt: skip
    parts = [Part("ratio_bars", "Level after / projected", {"bars": bars},
                  alt=f"Two ratios with 95 % intervals, the primary model and {METHODS[which]}.",
                  encoding={"subtitle": here.subtitle})]  # fmt: skip
    if which != "controlled":
        panel = question.panel
        counts = panel[question.counted].to_numpy(dtype="float64", na_value=float("nan"))
        series = pd.DataFrame({"period": panel["period"], "value": counts, "low": float("nan"), "high": float("nan")})
        shown = pd.concat([question.happened, itself(question.name, question.at)], ignore_index=True)
        parts.append(Part(
            "series", f"{here.unit.capitalize()} per month", {"series": series, "model": model_lines(found),
                                                              "events": shown},
            alt=f"Monthly {here.unit} with the line of this method and its projection: {here.subtitle}.",
            encoding={"unit": f"{here.unit} per month", "value_name": "Recorded", "subtitle": here.subtitle,
                      "counterfactual_name": "Projected from before", "counterfactual_band_name": "95 % interval"},
        ))  # fmt: skip
    elif extra is not None:
        window = extra[question.inside(extra)]
        own = "counted here"
        series = window.rename(columns={question.counted: own}).melt("period", [own, extra_name], "panel", "value")
        series = series.assign(value=series["value"].astype("float64"), low=float("nan"), high=float("nan"))
        shown = pd.concat([question.happened, itself(question.name, question.at)], ignore_index=True)
        parts.append(Part(
            "small_multiples", "The two series", {"series": series, "events": shown},
            alt=f"Two small charts per month: {question.counted} and {extra_name}.",
            encoding={"unit": "incidents per month", "value_name": "Recorded", "shared": False,
                      "subtitle": here.subtitle},
        ))  # fmt: skip
    notes = [note for note in found.notes if not (question.split and "without a row" in note)]
    return here.exhibit(
        title=f"Another method: {METHODS[which]}", sentence=summary.text, parts=parts, caveats=[*caveats, *notes]
    )


def _provinces(question: Question) -> Exhibit:
    """Compare the provinces of the scope with the others: a difference in differences."""
    treated = question.filters.admin1
    here = question.here
    if not treated:
        raise AnalysisError(
            "The directive holds in the whole theatre, so no province lies outside it to compare with.",
            next_step="Choose provinces in the filters and take parties and causes as in the filters.",
        )
    panel = _by_province(question, question.filters.with_(admin1=()))
    found = interventions.difference_in_differences(
        panel, at=question.at, outcome=question.counted, treated=list(treated)
    )
    one = found.ratio
    told = f"{one.ratio:.2g} times that in the {found.n_control} others (95 % interval {one.low:.2g} to {one.high:.2g})"
    sentence = (
        f"The change in the {words.count(found.n_treated, 'province', 'provinces')} of the scope was {told}. "
        + ("The interval excludes no difference." if one.excludes_one else "These data cannot tell a difference.")
    )
    if found.drift is not None:
        sentence += (
            f" Before the date the two drifted apart by {found.drift.ratio:.2g} times a year "
            f"({found.drift.low:.2g} to {found.drift.high:.2g})"
            + ("; they were not moving alike." if found.drift.excludes_one else ".")
        )
    bars = found.periods.dropna(subset="ratio").rename(columns={"ratio": "value"})
    bars = bars.assign(panel="In the scope / outside it, relative to before",
                       reading=[words.month(day) for day in bars["period"]])  # fmt: skip
    means = found.means.rename(columns={"group": "Provinces", "units": "Number", "before": "Before", "after": "After",
                                        "rate_before": "A month each, before", "rate_after": "A month each, after",
                                        "ratio": "Ratio"})  # fmt: skip
    means["Provinces"] = means["Provinces"].replace({"treated": "in the scope", "control": "outside"})
    return here.exhibit(
        title=f"Another method: {METHODS['provinces']}", sentence=sentence,
        parts=[
            Part("ratio_panels", "How the two moved against each other",
                 {"bars": bars[["panel", "period", "reading", "value", "low", "high"]]},
                 alt=f"{len(bars)} monthly ratios of the provinces in scope to the others: {here.subtitle}.",
                 encoding={"subtitle": here.subtitle}),
            Part("table", "Means", {"table": means.round(2)}, alt="Table of counts before and after in both groups."),
        ],
        caveats=[*found.notes, "It holds only if the two would have moved alike; the months before are for the eye."],
    )  # fmt: skip


def _by_province(question: Question, filters: Any) -> pd.DataFrame:
    """Count by province and month, only the months of the window that enter a model."""
    here = question.here
    panel = queries.panel(here.store, filters, as_known_on=here.recipe.as_known_on)
    panel = panel[panel["period"].isin(question.model["period"])]
    counted = panel[here.value].astype("Float64")
    return pd.DataFrame(
        {"period": panel["period"], "admin1": panel["area"], question.counted: counted}
    ).sort_values(["period", "admin1"], ignore_index=True)  # fmt: skip


def _window(question: Question, every: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    panel = every[every["period"].isin(question.model["period"])]
    return panel[["period", *columns]].reset_index(drop=True)

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
from civmap.exhibits.directives.primary import (
    itself,
    line_words,
    model_lines,
    one_date,
    own_notes,
    primary,
)
from civmap.exhibits.directives.question import Question, ask
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.language import mark, say, say_n
from civmap.store import Store

METHODS = {
    "controlled": mark("beside what the directive could not touch"),
    "provinces": mark("provinces in its scope against the others"),
    "pooled": mark("all provinces pooled, each with its own level"),
    "structural": mark("a level that wanders (structural model)"),
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
            say("Nothing here lies outside the directive's reach: all parties and all provinces are asked for."),
            next_step=say("Choose the directive's own parties, or parties in the filters."),
        )
    name, filters = next(iter(found.items()))
    every = question.every.assign(**{name: question.months(filters, "incidents")})
    panel = _window(question, every, [question.counted, name])
    model = interventions.interrupted_time_series(
        panel, at=question.at, outcome=question.counted, controls=[name], **primary(question).terms
    )
    return _answer(question, model, "controlled", extra=every, extra_name=name, caveats=[
        say("The change is the one in {counted} over the one in {control}: whatever moved both alike cancels out.",
            counted=question.counted, control=name),
        say("It holds only if the directive did not touch the control; harm that moved from one to the other counts "
            "twice."),
    ])  # fmt: skip


def _pooled(question: Question) -> Exhibit:
    """Pool all provinces of the filters."""
    panel = _by_province(question, question.filters)
    model = interventions.pooled_time_series(panel, at=question.at, outcome=question.counted, **primary(question).terms)
    return _answer(question, model, "pooled", caveats=[
        say("One effect for all provinces: where it differs from place to place this is a mean weighted by incidents."),
        say("Incidents known only to the country are in no province and not counted here."),
    ])  # fmt: skip


def _structural(question: Question) -> Exhibit:
    """Let the level wander instead of following a straight trend."""
    model = interventions.structural_counterfactual(
        question.model, at=question.at, outcome=question.counted, **primary(question).terms
    )
    return _answer(question, model, "structural", caveats=[
        say("Its intervals take the variances as known and are too narrow on so few months: where it disagrees with "
            "the primary model, the primary model stands."),
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
    first, level, name = one_date(primary(question).found.level), one_date(found.level), say(METHODS[which])
    bars = pd.DataFrame(
        [(say("the primary model"), first.ratio, first.low, first.high), (name, level.ratio, level.low, level.high)],
        columns=["reading", "value", "low", "high"],
    )  # fmt: skip
    parts = [Part("ratio_bars", say("Level after / projected"), {"bars": bars},
                  alt=say("Two ratios with 95 % intervals, the primary model and {method}.", method=name),
                  encoding={"subtitle": here.subtitle})]  # fmt: skip
    if which != "controlled":
        panel = question.panel
        counts = panel[question.counted].to_numpy(dtype="float64", na_value=float("nan"))
        series = pd.DataFrame({"period": panel["period"], "value": counts, "low": float("nan"), "high": float("nan")})
        shown = pd.concat([question.happened, itself(question.name, question.at)], ignore_index=True)
        parts.append(Part(
            "series", words.capital(say("{unit} per month", unit=here.unit)),
            {"series": series, "model": model_lines(found), "events": shown},
            alt=say("Monthly {unit} with the line of this method and its projection: {subtitle}.", unit=here.unit,
                    subtitle=here.subtitle),
            encoding=line_words(question),
        ))  # fmt: skip
    elif extra is not None:
        window = extra[question.inside(extra)]
        own = say("counted here")
        series = window.rename(columns={question.counted: own}).melt("period", [own, extra_name], "panel", "value")
        series = series.assign(value=series["value"].astype("float64"), low=float("nan"), high=float("nan"))
        shown = pd.concat([question.happened, itself(question.name, question.at)], ignore_index=True)
        parts.append(Part(
            "small_multiples", say("The two series"), {"series": series, "events": shown},
            alt=say("Two small charts per month: {counted} and {control}.", counted=question.counted,
                    control=extra_name),
            encoding={"unit": say("{unit} per month", unit=say("incidents")), "value_name": say("Recorded"),
                      "shared": False, "subtitle": here.subtitle},
        ))  # fmt: skip
    return here.exhibit(
        title=say("Another method: {method}", method=name), sentence=summary.text, parts=parts,
        caveats=[*caveats, *own_notes(question, found)],
    )  # fmt: skip


def _provinces(question: Question) -> Exhibit:
    """Compare the provinces of the scope with the others: a difference in differences."""
    treated = question.filters.admin1
    here = question.here
    if not treated:
        raise AnalysisError(
            say("The directive holds in the whole theatre, so no province lies outside it to compare with."),
            next_step=say("Choose provinces in the filters and take parties and causes as in the filters."),
        )
    panel = _by_province(question, question.filters.with_(admin1=()))
    found = interventions.difference_in_differences(
        panel, at=question.at, outcome=question.counted, treated=list(treated)
    )
    bars = found.periods.dropna(subset="ratio").rename(columns={"ratio": "value"})
    bars = bars.assign(panel=say("In the scope / outside it, relative to before"),
                       reading=[words.month(day) for day in bars["period"]])  # fmt: skip
    means = found.means.rename(columns={"group": "Provinces", "units": "Number", "before": "Before", "after": "After",
                                        "rate_before": "A month each, before", "rate_after": "A month each, after",
                                        "ratio": "Ratio"})  # fmt: skip
    means["Provinces"] = means["Provinces"].replace({"treated": say("in the scope"), "control": say("outside")})
    return here.exhibit(
        title=say("Another method: {method}", method=say(METHODS["provinces"])), sentence=_moved(found),
        parts=[
            Part("ratio_panels", say("How the two moved against each other"),
                 {"bars": bars[["panel", "period", "reading", "value", "low", "high"]]},
                 alt=say_n(len(bars), "{n} monthly ratio of the provinces in scope to the others: {subtitle}.",
                           "{n} monthly ratios of the provinces in scope to the others: {subtitle}.",
                           subtitle=here.subtitle),
                 encoding={"subtitle": here.subtitle}),
            Part("table", say("Means"), {"table": means.round(2)},
                 alt=say("Table of counts before and after in both groups.")),
        ],
        caveats=[
            *found.notes,
            say("It holds only if the two would have moved alike; the months before are for the eye."),
        ],
    )  # fmt: skip


def _moved(found: interventions.Comparison) -> str:
    """Say the change in the scope over that outside it, and whether the two moved alike before."""
    one, drift = found.ratio, found.drift
    said = [
        say_n(
            found.n_treated,
            "The change in the {n} province of the scope was {ratio:.2g} times that in the {others} others (95 % "
            "interval {low:.2g} to {high:.2g}).",
            "The change in the {n} provinces of the scope was {ratio:.2g} times that in the {others} others (95 % "
            "interval {low:.2g} to {high:.2g}).",
            ratio=one.ratio, others=found.n_control, low=one.low, high=one.high,
        ),
        say(mark("The interval excludes no difference.") if one.excludes_one
            else mark("These data cannot tell a difference.")),
    ]  # fmt: skip
    if drift is not None:
        text = (
            mark("Before the date the two drifted apart by {ratio:.2g} times a year ({low:.2g} to {high:.2g}); they "
                 "were not moving alike.")
            if drift.excludes_one
            else mark("Before the date the two drifted apart by {ratio:.2g} times a year ({low:.2g} to {high:.2g}).")
        )  # fmt: skip
        said.append(say(text, ratio=drift.ratio, low=drift.low, high=drift.high))
    return " ".join(said)


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

"""Whether two tallies agree about a directive."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from civmap import queries
from civmap.analysis import interventions
from civmap.errors import RecipeError
from civmap.exhibits import words
from civmap.exhibits.directives.primary import itself, one_date, primary
from civmap.exhibits.directives.question import Question, ask
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.exhibits.standing_notes import NOT_COUNTED
from civmap.figures.part import Part
from civmap.language import say, say_n
from civmap.store import Store


def tallies(recipe: Recipe, store: Store) -> Exhibit:
    """Put the same model on two tallies and judge by the ratio of their ratios whether they changed alike.

    Parameters of the recipe: as for `directive`; ``second``, the other source; ``nested``, whether every incident of
    the first is also in the second.
    """
    question, chosen = ask(recipe, store, second="", nested=(False, True))
    second = _second(chosen["second"], question, store, recipe)
    other, _ = ask(
        replace(recipe, filters=recipe.filters.with_(source=second), parameters=_plain(recipe)), store
    )  # fmt: skip
    labels = [store.theatre.source_label(one.here.loaded.source) for one in (question, other)]
    months = [one.modelled(one.every).set_index("period")[one.counted] for one in (question, other)]
    panel = pd.concat(months, axis=1, keys=labels, sort=True).rename_axis("period").reset_index()
    panel = panel[panel["period"].between(question.here.first.to_period("M").start_time, question.here.last)]
    models = [primary(one) for one in (question, other)]
    terms: dict[str, Any] = {
        kind: list({term.label: term for model in models for term in model.terms[kind]}.values())
        for kind in ("recording_changes", "context")
    }
    found = interventions.compare_tallies(
        panel.reset_index(drop=True), at=question.at, first=labels[0], second=labels[1], nested=chosen["nested"],
        **terms,
    )  # fmt: skip
    changed = _recording(question, other)
    sentence = found.text
    if changed:
        sentence += " " + say(
            "A change in recording lies too near to tell it from a difference in harm: {events}.", events=changed
        )
    here = question.here
    ratios = [one_date(found.first.level), one_date(found.second.level), found.ratio]
    readings = [*labels, say("the first relative to the second")]
    groups = [say("each tally"), say("each tally"), say("ratio of their ratios")]
    bars = pd.DataFrame(
        [(name, group, one.ratio, one.low, one.high)
         for name, group, one in zip(readings, groups, ratios, strict=True)],
        columns=["reading", "group", "value", "low", "high"],
    )  # fmt: skip
    series = panel.melt("period", var_name="panel", value_name="value").assign(low=float("nan"), high=float("nan"))
    series["value"] = series["value"].astype("float64")
    shown = pd.concat([question.happened, itself(question.name, question.at)], ignore_index=True)
    nested = say("Every incident of the first is taken to be in the second too.") if chosen["nested"] else say(
        "The two are compared as they stand; which incidents are in both is not known here."
    )  # fmt: skip
    both = {"first": labels[0], "second": labels[1]}
    uncounted = say(NOT_COUNTED).partition("{")[0]
    return here.exhibit(
        title=say("Do {first} and {second} agree?", **both),
        sentence=sentence,
        parts=[
            Part("ratio_bars", say("Level after / projected, in each tally and between them"), {"bars": bars},
                 alt=say("Three ratios with 95 % intervals: {first}, {second}, and one relative to the other.", **both),
                 encoding={"subtitle": say_n(len(panel), "{n} month that both cover", "{n} months that both cover")}),
            Part("small_multiples", say("The two tallies per month"),
                 {"series": series[["panel", "period", "value", "low", "high"]], "events": shown},
                 alt=say("Two small charts, {unit} per month in each tally.", unit=here.unit),
                 encoding={"unit": say("{unit} per month", unit=here.unit), "value_name": say("Recorded"),
                           "shared": False, "subtitle": say("{first} and {second}, never added together", **both)}),
        ],
        caveats=[
            say(
                "They agree where the interval of the ratio of their ratios lies within {low:.2f} to {high:g}; that "
                "one of them shows a clear change and the other does not says nothing by itself.",
                low=1 / found.margin, high=found.margin,
            ),
            nested,
            say("Only months that both cover, and the events of both, are in these models, so each ratio may differ "
                "from that of the tally alone."),
            *question.caveats,
            *(say("{source}: {text}", source=labels[1], text=one)
              for one in (*other.caveats, *(one for one in other.here.notes if one.startswith(uncounted)))
              if one not in question.caveats),
        ],
    )  # fmt: skip


def _plain(recipe: Recipe) -> dict[str, Any]:
    return {name: value for name, value in recipe.options.items() if name not in ("second", "nested")}


def _second(second: str, question: Question, store: Store, recipe: Recipe) -> str:
    there = [one.source for one in queries.sources(store, as_known_on=recipe.as_known_on)]
    others = [source for source in there if source != question.here.loaded.source]
    if second in others:
        return second
    raise RecipeError(
        say("Two tallies are compared; choose a second source."),
        found=second or say("none chosen"),
        expected=", ".join(others) or say("another source, and none is loaded"),
        next_step=None if others else say("Load a file of another source on the Data Quality page."),
    )


def _recording(question: Question, other: Question) -> str:
    """Name changes in recording that no model can tell from the directive, with the tally that they are in."""
    said = [
        say("{event} in {source}", event=one.label, source=asked.here.label)
        for asked in (question, other)
        for one in primary(asked).found.neighbours
        if one.kind == "recording change" and one.inseparable
    ]
    return words.listed(list(dict.fromkeys(said)))

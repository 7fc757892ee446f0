"""The caveats that hold for whatever is counted from a source: what is left out, what is unknown, how it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from civmap import queries
from civmap.exhibits import words
from civmap.exhibits.recipe import Recipe
from civmap.filters import Filters
from civmap.language import mark, mark_n, say, say_n
from civmap.store import Store

NOT_COUNTED = mark("Not counted under these filters: {what}.")


def _continued(text: str) -> str:
    """Write a text of the theatre so that it follows a colon and ends in one full stop."""
    return f"{text[0] if text[:2].isupper() else text[0].lower()}{text[1:].rstrip('.')}."


def notes(
    store: Store,
    filters: Filters,
    loaded: queries.Extent,
    totals: Mapping[str, Any],
    held: Mapping[str, int],
    vague: pd.DataFrame,
    recipe: Recipe,
) -> list[str]:
    """Write the standing caveats of a source under filters, most general last."""
    notes = []
    scope = store.theatre.source_scopes
    scope = scope[scope["source"] == loaded.source]
    label = store.theatre.source_label(loaded.source)
    if recipe.as_known_on:
        day = words.day(recipe.as_known_on)
        notes.append(say("As known on {day}; later releases are left out.", day=day))
    if said := _left_out(held):
        notes.append(say(NOT_COUNTED, what=words.clauses(said)))
    if filters.harm_only and held["without_harm"]:
        notes.append(say_n(
            held["without_harm"],
            "Left out under these filters: {n} record of this source without civilian harm.",
            "Left out under these filters: {n} records of this source without civilian harm.",
        ))  # fmt: skip
    silent = {
        "killed": mark_n("{n} incident gives no number of killed; it adds nothing to the sum.",
                         "{n} incidents give no number of killed; they add nothing to the sum."),
        "injured": mark_n("{n} incident gives no number of injured; it adds nothing to the sum.",
                          "{n} incidents give no number of injured; they add nothing to the sum."),
    }  # fmt: skip
    for measure, (one, many) in silent.items():
        absent = totals[f"without_{measure}"]
        if absent and filters.measure in (measure, "casualties"):
            notes.append(say_n(absent, one, many))
    if filters.measure != "incidents" and not loaded.has_best:
        notes.append(
            say("{source} gives no best estimate; minimum and maximum are shown, never a midpoint.", source=label)
        )
    if filters.measure != "incidents":
        parts = ("killed", "injured") if filters.measure == "casualties" else (filters.measure,)
        only_max = sum(totals[f"only_max_{part}"] for part in parts)
        if only_max:
            notes.append(say_n(
                only_max,
                "{n} incident gives a maximum and no minimum; it adds nothing to the minimum.",
                "{n} incidents give a maximum and no minimum; they add nothing to the minimum.",
            ))  # fmt: skip
    imprecise = int(vague.loc[vague["date_precision"].isin(["month", "year"]), "incidents"].sum())
    if imprecise:
        notes.append(say_n(
            imprecise,
            "{n} incident is dated only to a month or year and counted at its start.",
            "{n} incidents are dated only to a month or year and counted at its start.",
        ))  # fmt: skip
    if len(scope):
        stated = {
            mark("What {source} holds: {rule}"): "inclusion_rule",
            mark("Definition of a civilian: {rule}"): "civilian_definition",
        }
        notes += [
            say(line, source=label, rule=_continued(text))
            for line, column in stated.items() if (text := scope.iloc[0][column])
        ]  # fmt: skip
    else:
        notes.append(say("The theatre states no scope for this source, so a month without a record is shown as zero."))
    return notes


def _left_out(held: Mapping[str, int]) -> list[str]:
    """Say how many rows and records no total holds, and why."""
    reasons = (
        (held["set_aside"], *mark_n("{n} row was set aside at reading, whatever its day, place or party",
                                    "{n} rows were set aside at reading, whatever their day, place or party")),
        (held["outside"], *mark_n("{n} record lies outside the theatre or at a place it does not know",
                                  "{n} records lie outside the theatre or at places it does not know")),
        (held["excluded"], *mark_n("{n} record is discounted, not credible or a duplicate",
                                   "{n} records are discounted, not credible or duplicates")),
    )  # fmt: skip
    return [say_n(value, one, many) for value, one, many in reasons if value]

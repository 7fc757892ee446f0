"""What a result was held against, as an exhibit: other readings, and what it passed."""

from __future__ import annotations

from typing import Any

import pandas as pd

from civmap.exhibits import words
from civmap.exhibits.directives.beside import NOBODY, Beside, beside
from civmap.exhibits.directives.primary import one_date
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.language import mark, say, say_n
from civmap.store import Store

PASSED = {True: mark("passed"), False: mark("not passed"), None: mark("no answer")}


def checks(recipe: Recipe, store: Store) -> Exhibit:
    """Hold the result against other readings: each count, place and cause by itself, and what the result passed.

    Parameters of the recipe: as for `directive`.
    """
    looked = beside(recipe, store)
    bars = _readings(looked)
    without = bars[bars["value"].isna()]
    table = pd.DataFrame(
        [(words.capital(one.name), say(PASSED[one.passed]), f"{one.said}.") for one in looked.found.checks],
        columns=["Held against", "Outcome", "What was found"],
    )
    caveats = [
        say(
            "The primary reading was fixed before looking: incidents, level only. The others show how much hangs on "
            "it; none replaces it."
        ),
        say("With so many readings, one interval in twenty would exclude no change by chance alone."),
        # placebo dates have an exhibit of their own
        *(note for note in looked.notes if not note.startswith(say("Placebo dates"))),
        *(say("{reading}: {why}", reading=row["reading"], why=row["why_not"])
          for _, row in without.iterrows() if row["why_not"]),
    ]  # fmt: skip
    here = looked.question.here
    return here.exhibit(
        title=say("What the result was held against"),
        sentence=_held(looked),
        parts=[
            Part("ratio_bars", say("The same question, read in other ways"), {"bars": bars.drop(columns="why_not")},
                 alt=say_n(
                     len(bars),
                     "{n} ratio with its 95 % interval for other counts, attributions, causes and parties: {subtitle}.",
                     "{n} ratios with 95 % intervals for other counts, attributions, causes and parties: {subtitle}.",
                     subtitle=here.subtitle,
                 ), encoding={"subtitle": here.subtitle}),
            Part("table", say("Checks"), {"table": table},
                 alt=say_n(len(table), "Table of {n} check of the result.", "Table of {n} checks of the result.")),
        ],
        caveats=caveats,
    )  # fmt: skip


def _held(looked: Beside) -> str:
    """Say what holds after all checks; where there is nothing to hold, say that."""
    summary, question = looked.summary, looked.question
    curve = looked.found.specifications.dropna(subset="ratio")
    fewer, more = int((curve["high"] < 1).sum()), int((curve["low"] > 1).sum())
    below = (
        say_n(fewer, "{n} lies clearly below no change", "{n} lie clearly below no change")
        if fewer
        else say("none lie clearly below no change")
    )
    above = say_n(more, "{n} clearly above", "{n} clearly above") if more else say("none clearly above")
    lie = say_n(len(curve), "Of {n} other specification, {below} and {above}.",
                "Of {n} other specifications, {below} and {above}.", below=below, above=above)  # fmt: skip
    if summary.verdict in ("fewer", "more", "fragile"):
        return summary.text
    if summary.verdict == "inseparable":
        named = list(dict.fromkeys(one.label for one in looked.model.found.neighbours if one.inseparable))
        told = say(
            "The change cannot be separated from {events}. No check of these counts can separate them.",
            events=words.listed(named, joined="or"),
        )
        return f"{told} {lie}"
    told = say(
        "The data cannot tell whether {counted} changed, so there is no change that could be held against anything; "
        "the other readings are shown so that nobody picks one of them.", counted=question.counted,
    )  # fmt: skip
    return f"{told} {lie}"


def _readings(looked: Beside) -> pd.DataFrame:
    """Put every other reading into one row each: ``reading, group, value, low, high, why_not``."""
    found, counted = looked.found, looked.question.counted
    level = one_date(looked.model.found.level)
    own, another, place = say("the result"), say("the same harm, read in another way"), say("elsewhere")
    first = (say("the result: {counted}", counted=counted), own, level.ratio, level.low, level.high, "")
    rows: list[tuple[Any, ...]] = [first]

    def add(frame: pd.DataFrame, group: str, named: str = "") -> None:
        for _, row in frame.iterrows():
            rows.append((named or row["label"], group, row["ratio"], row["low"], row["high"], row["why_not"]))

    if found.largest is not None:  # the first row holds all
        add(found.largest.table.iloc[1:], another, say(
            "{counted} without the largest incident (killed {people:,.0f} on {day})", counted=counted,
            people=found.largest.people, day=words.day(found.largest.day),
        ))  # fmt: skip
    if found.bounds is not None:  # rows: none of the undetermined ours, all of them, the undetermined
        add(found.bounds.table.iloc[1:2], another, say("if all incidents for which nobody is named were theirs"))
        add(found.bounds.table.iloc[2:], place, say(NOBODY))
    add(found.counts, another)
    if looked.largest_killed is not None:
        named = say("civilians killed, maximum, without the largest incident")
        add(looked.largest_killed.table.iloc[1:], another, named)
    if found.activity is not None:  # rows: harm, activity, harm per activity
        each = say("{counted} for each of the {activity}", counted=counted, activity=looked.doing)
        add(found.activity.table.iloc[2:], another, each)
        add(found.activity.table.iloc[1:2], place, say("the {activity} themselves", activity=looked.doing))
    for name, one in found.controlled.items():
        rows.append((say("relative to {name}", name=name), another, one.ratio, one.low, one.high, ""))
    add(found.elsewhere, place)
    frame = pd.DataFrame(rows, columns=["reading", "group", "value", "low", "high", "why_not"])
    order = {own: 0, another: 1, place: 2}
    return frame.sort_values("group", key=lambda group: group.map(order), kind="stable", ignore_index=True)

"""What a result was held against, as exhibits: readings, specifications, placebo dates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from civmap.analysis.specifications import placebo_dates
from civmap.exhibits import words
from civmap.exhibits.directives.beside import Beside, beside
from civmap.exhibits.directives.primary import one_date
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.store import Store

PASSED = {True: "passed", False: "not passed", None: "no answer"}
FAMILIES = {
    "quasipoisson": "quasi-Poisson",
    "negative_binomial": "negative binomial",
    "gaussian": "Gaussian",
    "quasibinomial": "share beside a control",
}
SEASONS = {0: "no season", 1: "one seasonal wave", 2: "two seasonal waves"}


def checks(recipe: Recipe, store: Store) -> Exhibit:
    """Hold the result against other readings: each count, place and cause by itself, and what the result passed.

    Parameters of the recipe: as for `directive`.
    """
    looked = beside(recipe, store)
    question, summary = looked.question, looked.summary
    bars = _readings(looked)
    without = bars[bars["value"].isna()]
    table = pd.DataFrame(
        [(one.name.capitalize(), PASSED[one.passed], f"{one.said}.") for one in looked.found.checks],
        columns=["Held against", "Outcome", "What was found"],
    )
    caveats = [
        "The primary reading was fixed before looking: incidents, level only. The others show how much hangs on it; "
        "none replaces it.",
        "With so many readings, one interval in twenty would exclude no change by chance alone.",
        *(note for note in looked.notes if not note.startswith("Placebo dates")),  # they have an exhibit of their own
        *(f"{row['reading']}: {row['why_not']}" for _, row in without.iterrows() if row["why_not"]),
    ]
    here = question.here
    return here.exhibit(
        title="What the result was held against",
        sentence=_held(looked),
        parts=[
            Part("ratio_bars", "The same question, read in other ways", {"bars": bars.drop(columns="why_not")},
                 alt=f"{len(bars)} ratios with 95 % intervals for other counts, attributions, causes and parties: "
                 f"{here.subtitle}.", encoding={"subtitle": here.subtitle}),
            Part("table", "Checks", {"table": table}, alt=f"Table of {len(table)} checks. {summary.verdict}."),
        ],
        caveats=caveats,
    )  # fmt: skip


def _held(looked: Beside) -> str:
    """Say what holds after all checks; where there is nothing to hold, say that."""
    summary, question = looked.summary, looked.question
    curve = looked.found.specifications.dropna(subset="ratio")
    fewer, more = int((curve["high"] < 1).sum()), int((curve["low"] > 1).sum())
    lie = (
        f"Of {words.count(len(curve), 'other specification', 'other specifications')}, {fewer or 'none'} "
        f"{'lies' if fewer == 1 else 'lie'} clearly below no change and {more or 'none'} clearly above."
    )
    if summary.verdict in ("fewer", "more", "fragile"):
        return summary.text
    if summary.verdict == "inseparable":
        named = list(dict.fromkeys(one.label for one in looked.model.found.neighbours if one.inseparable))
        end = "No check of these counts can separate them."
        return f"The change cannot be separated from {words.listed(named, joined='or')}. {end} {lie}"
    return (
        f"The data cannot tell whether {question.counted} changed, so there is no change that could be held against "
        f"anything; the other readings are shown so that nobody picks one of them. {lie}"
    )


def _readings(looked: Beside) -> pd.DataFrame:
    """Put every other reading into one row each: ``reading, group, value, low, high, why_not``."""
    found, counted = looked.found, looked.question.counted
    level = one_date(looked.model.found.level)
    rows: list[tuple[Any, ...]] = [(f"the result: {counted}", "the result", level.ratio, level.low, level.high, "")]

    def add(frame: pd.DataFrame, group: str, *, only: tuple[str, ...] = (), named: str = "{}") -> None:
        for _, row in frame.iterrows():
            if not only or row["label"] in only:
                why = row["why_not"]
                rows.append((named.format(row["label"]), group, row["ratio"], row["low"], row["high"], why))

    another, place = "the same harm, read in another way", "elsewhere"
    if found.largest is not None:
        day = words.day(found.largest.day)
        named = f"{counted} {{}} (killed {found.largest.people:,.0f} on {day})"
        add(found.largest.table, another, only=("without the largest incident",), named=named)
    if found.bounds is not None:
        bounds = ("none of the undetermined ours", "all of the undetermined ours")
        add(found.bounds.table, another, only=bounds[1:])
        add(found.bounds.table, place, only=("the undetermined",))
    add(found.counts, another)
    if looked.largest_killed is not None:
        named = "civilians killed, maximum, {}"
        add(looked.largest_killed.table, another, only=("without the largest incident",), named=named)
    if found.activity is not None:
        each = f"{counted} for each of the {looked.doing}"
        add(found.activity.table, another, only=("harm per activity",), named=each)
        add(found.activity.table, place, only=("activity",), named=f"the {looked.doing} themselves")
    for name, one in found.controlled.items():
        rows.append((f"relative to {name}", another, one.ratio, one.low, one.high, ""))
    add(found.elsewhere, place)
    frame = pd.DataFrame(rows, columns=["reading", "group", "value", "low", "high", "why_not"])
    names = {"all of the undetermined ours": "if all incidents for which nobody is named were theirs",
             "the undetermined": "incidents for which nobody is named"}  # fmt: skip
    order = {"the result": 0, another: 1, place: 2}
    frame = frame.sort_values("group", key=lambda group: group.map(order), kind="stable", ignore_index=True)
    return frame.assign(reading=frame["reading"].replace(names))


def specifications(recipe: Recipe, store: Store) -> Exhibit:
    """Show how much hangs on the window, the family, the season and a control: the specification curve.

    Parameters of the recipe: as for `directive`.
    """
    looked = beside(recipe, store)
    here = looked.question.here
    curve = looked.found.specifications
    given = curve.dropna(subset="ratio")
    level = one_date(looked.model.found.level)
    bars = given.assign(
        panel=[f"{window} months each side" for window in given["window"]],
        reading=[
            f"{window} months, {FAMILIES.get(family, family)}, {SEASONS.get(waves, f'{waves} waves')}"
            + ("" if pd.isna(control) else f", beside {control}")
            for window, family, waves, control in given[["window", "family", "harmonics", "control"]].itertuples(
                index=False
            )
        ],
        group=["alone" if pd.isna(control) else f"beside {control}" for control in given["control"]],
    ).sort_values(["window", "ratio"])
    bars = bars.rename(columns={"ratio": "value"})[["panel", "reading", "group", "value", "low", "high"]]
    fewer, more = int((given["high"] < 1).sum()), int((given["low"] > 1).sum())
    below = int((given["ratio"] < 1).sum())
    sentence = (
        f"{words.count(len(given), 'specification', 'specifications')}: {below} with fewer than projected ({fewer} clearly), "
        f"{len(given) - below} with more ({more} clearly). The result was one of them, fixed before looking: ratio "
        f"{level.ratio:.2g} ({level.low:.2g} to {level.high:.2g})."
    )
    refused = curve[curve["ratio"].isna()]
    caveats = ["Each mark is one specification, named on hovering and in the numbers behind the picture.",
               "Specifications share their data, so their number is no number of proofs.",
               "Events outside the chosen window are in none of these models."]  # fmt: skip
    if len(refused):
        reasons = words.listed(list(dict.fromkeys(str(why).split(". ")[0].rstrip(".") for why in refused["why_not"])))
        caveats.append(f"{words.count(len(refused), 'specification has', 'specifications have')} no answer: {reasons}.")
    part = Part(
        "ratio_panels", "Level after / projected, by window, family, season and control", {"bars": bars},
        alt=f"{len(bars)} ratios with 95 % intervals in {bars['panel'].nunique()} panels by window: {here.subtitle}.",
        encoding={"subtitle": here.subtitle, "marked": level.ratio, "marked_name": "the result",
                  "groups": ["alone", *sorted(set(bars["group"]) - {"alone"})]},
    )  # fmt: skip
    return here.exhibit(title="How much hangs on the specification", sentence=sentence, parts=[part], caveats=caveats)


def placebos(recipe: Recipe, store: Store) -> Exhibit:
    """Show the same model at every date before the real one: a picture that decides nothing.

    Parameters of the recipe: as for `directive`.

    Raises
    ------
    AnalysisError
        With less than three years of months before the date.
    """
    looked = beside(recipe, store)
    question, here = looked.question, looked.question.here
    found = looked.found.placebos or placebo_dates(looked.every, at=question.at, outcome=question.counted)
    level = one_date(looked.model.found.level)
    dates = found.dates.dropna(subset="ratio")
    bars = pd.DataFrame(
        {
            "panel": "Dates on which nothing is known to have happened",
            "period": dates["at"],
            "reading": [words.month(day) for day in dates["at"]],
            "value": dates["ratio"], "low": dates["low"], "high": dates["high"],
        }
    )  # fmt: skip
    part = Part(
        "ratio_panels", "The same model at every date before", {"bars": bars},
        alt=f"{len(bars)} ratios with 95 % intervals, one for each month before the {question.name}: {here.subtitle}.",
        encoding={"subtitle": here.subtitle, "marked": level.ratio, "marked_name": "the result"},
    )  # fmt: skip
    wilder = int((np.log(dates["ratio"]).abs() >= abs(np.log(level.ratio))).sum())
    sentence = (
        f"{found.text} {words.count(wilder, 'of them moves', 'of them move')} as far from no change as the result does "
        f"(ratio {level.ratio:.2g}, the line)."
    )
    caveats = ["Neighbouring dates share nearly all their data, so their number is no significance."]
    return here.exhibit(title="Dates on which nothing happened", sentence=sentence, parts=[part], caveats=caveats)

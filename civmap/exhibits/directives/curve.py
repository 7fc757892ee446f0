"""How much hangs on the specification, and dates on which nothing happened, as exhibits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from civmap.analysis.specifications import placebo_dates
from civmap.exhibits import words
from civmap.exhibits.directives.beside import beside
from civmap.exhibits.directives.primary import one_date
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.language import mark, say, say_in, say_n
from civmap.store import Store

FAMILIES = {
    "quasipoisson": mark("quasi-Poisson"),
    "negative_binomial": mark("negative binomial"),
    "gaussian": mark("Gaussian"),
    "quasibinomial": mark("share beside a control"),
}
SEASONS = {0: mark("no season"), 1: mark("one seasonal wave"), 2: mark("two seasonal waves")}


def specifications(recipe: Recipe, store: Store) -> Exhibit:
    """Show how much hangs on the window, the family, the season and a control: the specification curve.

    Parameters of the recipe: as for `directive`.
    """
    looked = beside(recipe, store)
    here = looked.question.here
    curve = looked.found.specifications
    given = curve.dropna(subset="ratio")
    level, alone = one_date(looked.model.found.level), say_in("specification", "alone")
    bars = given.assign(
        panel=[say("{window} months each side", window=window) for window in given["window"]],
        reading=[_named(*one) for one in given[["window", "family", "harmonics", "control"]].itertuples(index=False)],
        group=[alone if pd.isna(one) else say("beside {control}", control=one) for one in given["control"]],
    ).sort_values(["window", "ratio"])
    bars = bars.rename(columns={"ratio": "value"})[["panel", "reading", "group", "value", "low", "high"]]
    fewer, more = int((given["high"] < 1).sum()), int((given["low"] > 1).sum())
    below = int((given["ratio"] < 1).sum())
    sentence = say_n(
        len(given),
        "{n} specification: {below} with fewer than projected ({fewer} clearly), {above} with more ({more} clearly). "
        "The result was one of them, fixed before looking: ratio {ratio:.2g} ({low:.2g} to {high:.2g}).",
        "{n} specifications: {below} with fewer than projected ({fewer} clearly), {above} with more ({more} clearly). "
        "The result was one of them, fixed before looking: ratio {ratio:.2g} ({low:.2g} to {high:.2g}).",
        below=below, fewer=fewer, above=len(given) - below, more=more, ratio=level.ratio, low=level.low,
        high=level.high,
    )  # fmt: skip
    refused = curve[curve["ratio"].isna()]
    caveats = [
        say("Each mark is one specification, named on hovering and in the numbers behind the picture."),
        say("Specifications share their data, so their number is no number of proofs."),
        say("Events outside the chosen window are in none of these models."),
    ]
    if len(refused):
        reasons = words.listed(list(dict.fromkeys(str(why).split(". ")[0].rstrip(".") for why in refused["why_not"])))
        caveats.append(say_n(len(refused), "{n} specification has no answer: {reasons}.",
                             "{n} specifications have no answer: {reasons}.", reasons=reasons))  # fmt: skip
    shown = say_n(len(bars), "{n} ratio with its 95 % interval", "{n} ratios with 95 % intervals")
    part = Part(
        "ratio_panels", say("Level after / projected, by window, family, season and control"), {"bars": bars},
        alt=say_n(bars["panel"].nunique(), "{ratios} in {n} panel by window: {subtitle}.",
                  "{ratios} in {n} panels by window: {subtitle}.", ratios=shown, subtitle=here.subtitle),
        encoding={"subtitle": here.subtitle, "marked": level.ratio, "marked_name": say("the result"),
                  "groups": [alone, *sorted(set(bars["group"]) - {alone})]},
    )  # fmt: skip
    return here.exhibit(
        title=say("How much hangs on the specification"), sentence=sentence, parts=[part], caveats=caveats
    )


def _named(window: int, family: str, waves: int, control: str) -> str:
    """Name a specification; ``control`` is null where it has none."""
    season = say(SEASONS[waves]) if waves in SEASONS else say_n(waves, "{n} seasonal wave", "{n} seasonal waves")
    values = {"window": window, "family": say(FAMILIES.get(family, family)), "season": season}
    if pd.isna(control):
        return say("{window} months, {family}, {season}", **values)
    return say("{window} months, {family}, {season}, beside {control}", control=control, **values)


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
            "panel": say("Dates on which nothing is known to have happened"),
            "period": dates["at"],
            "reading": [words.month(day) for day in dates["at"]],
            "value": dates["ratio"], "low": dates["low"], "high": dates["high"],
        }
    )  # fmt: skip
    part = Part(
        "ratio_panels", say("The same model at every date before"), {"bars": bars},
        alt=say_n(len(bars), "{n} ratio with its 95 % interval, for one month before the {name}: {subtitle}.",
                  "{n} ratios with 95 % intervals, one for each month before the {name}: {subtitle}.",
                  name=question.name, subtitle=here.subtitle),
        encoding={"subtitle": here.subtitle, "marked": level.ratio, "marked_name": say("the result")},
    )  # fmt: skip
    wilder = int((np.log(dates["ratio"]).abs() >= abs(np.log(level.ratio))).sum())
    moves = say_n(
        wilder, "{n} of them moves as far from no change as the result does (ratio {ratio:.2g}, the line).",
        "{n} of them move as far from no change as the result does (ratio {ratio:.2g}, the line).", ratio=level.ratio,
    )  # fmt: skip
    caveats = [say("Neighbouring dates share nearly all their data, so their number is no significance.")]
    return here.exhibit(
        title=say("Dates on which nothing happened"), sentence=f"{found.text} {moves}", parts=[part], caveats=caveats
    )

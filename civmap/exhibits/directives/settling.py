"""What would settle it: the months that an effect needs, and what could turn the conclusion."""

from __future__ import annotations

from typing import Any

import pandas as pd

from civmap.analysis import interventions
from civmap.exhibits import words
from civmap.exhibits.directives.beside import beside
from civmap.exhibits.directives.primary import one_date
from civmap.exhibits.recipe import Exhibit, Recipe
from civmap.figures.part import Part
from civmap.language import say
from civmap.store import Store


def needed(recipe: Recipe, store: Store) -> Exhibit:
    """Say what would change the conclusion, and how many months an effect of a given size would need.

    Parameters of the recipe: as for `directive`.
    """
    looked = beside(recipe, store)
    question, here = looked.question, looked.question.here
    rows = [
        {
            "A fall of": say("{percent:.0f} %", percent=100 * (1 - one.ratio)),
            "Months there are before": one.before,
            "Months needed after, with these before": say("more than 240") if one.after is None else str(one.after),
            "Months needed on each side": say("more than 240") if one.each_side is None else str(one.each_side),
        }
        for one in looked.found.needed
    ]
    lines = what_would_change(looked.summary.verdict, looked.model.found, looked.found.checks)
    if rows:
        forty = looked.found.needed[1].text
        if looked.summary.verdict == "inseparable":
            forty = say("As far as chance alone goes: {finding}", finding=forty[:1].lower() + forty[1:])
        lines.append(forty)
    part = Part("table", say("Months needed to see a fall with 80 % probability"), {"table": pd.DataFrame(rows)},
                alt=say("Table of months needed for falls of three sizes after the {name}.",
                        name=question.name))  # fmt: skip
    caveats = [
        say(
            "Months needed assume that counts go on around the level projected for the date, with the scatter and "
            "likeness of neighbouring months seen here; both are estimates, so the answer is rough."
        )
    ]
    return here.exhibit(
        title=say("What would change the conclusion"),
        sentence=" ".join(lines),
        parts=[part],
        caveats=caveats,
    )


def what_would_change(
    verdict: str | None, found: interventions.Intervention, passed: tuple[Any, ...] = ()
) -> list[str]:
    """Say by rules what could turn the conclusion.

    Parameters
    ----------
    verdict
        Of the summary with all checks.
    found
        The primary model.
    passed
        Checks of the result.
    """
    level, size = one_date(found.level), one_date(found.detectable)
    lines = []
    if verdict == "inseparable":
        mixed = [one for one in found.neighbours if one.inseparable]
        recording = list(dict.fromkeys(one.label for one in mixed if one.kind == "recording change"))
        others = list(dict.fromkeys(one.label for one in mixed if one.kind != "recording change"))
        lines.append(say("More months of this series would not separate what began together."))
        if recording:
            named = words.listed(recording, joined="or")
            lines.append(say("A tally that {events} did not touch could.", events=named))
        if others:
            lines.append(say(
                "Places, parties or causes that the directive touched, and that {events} did not touch, could.",
                events=words.listed(others, joined="or"),
            ))  # fmt: skip
    elif verdict == "cannot_tell":
        if size.fall > 0.05:
            lines.append(say(
                "An effect larger than a fall of {fall:.0f} % would probably have been seen; a smaller one needs more "
                "months, more provinces, or a control series.", fall=100 * (1 - size.fall),
            ))  # fmt: skip
        else:
            lines.append(say(
                "This series could hardly show any fall: it needs more months, more provinces, or a control series."
            ))  # fmt: skip
    elif verdict == "fragile":
        failed = words.listed([one.name for one in passed if one.passed is False])
        lines.append(say(
            "The result would stand if it held for {checks}; each is a question of records, not of months.",
            checks=failed,
        ))  # fmt: skip
    else:
        nearest = level.high if level.ratio < 1 else level.low
        lines.append(say(
            "The conclusion would fall if the level were {level:.2g} times the projected one or nearer to no change, "
            "or if a change in recording that is not listed here fell near the date.", level=nearest,
        ))  # fmt: skip
        open_ones = [one.name for one in passed if one.passed is None]
        if open_ones:
            lines.append(say("Not answered: {names}.", names=words.listed(open_ones)))
    return lines

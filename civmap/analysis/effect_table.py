"""The table of a comparison: one row per quantity, in the words of the language that is spoken."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from civmap.analysis.effects import Check, Detectable, Intervention, Neighbour, RateRatio
from civmap.analysis.period_words import unit_word, units_word
from civmap.language import mark, say

__all__ = ["SMALLEST", "effect_table"]

SMALLEST = (mark("smallest fall that would be seen (ratio)"), mark("smallest rise that would be seen (ratio)"))
OUTCOMES = {
    True: mark("passed; {finding}"), False: mark("not passed; {finding}"), None: mark("no answer; {finding}"),
}  # fmt: skip


def effect_table(
    intervention: Intervention,
    level: RateRatio,
    slope: RateRatio | None,
    detectable: Detectable,
    beside: list[Neighbour],
    checks: Sequence[Check],
) -> pd.DataFrame:
    """List every quantity of a comparison: ``quantity, value, low, high, p, note``."""
    unit, units, none = unit_word(intervention.unit), units_word(intervention.unit), float("nan")
    by_chance = say("variance over mean; 1 if incidents came one by one, by chance")
    allowed = (
        say("correlation, allowed for in the intervals")
        if intervention.errors == "ar1"
        else say("correlation, not allowed for in the intervals")
    )
    power = say("with {power:.0f} % probability", power=100 * detectable.power)
    rows: list[tuple[str, float, float, float, float, str]] = [
        (say(SMALLEST[0]), detectable.fall, none, none, none, power),
        (say(SMALLEST[1]), detectable.rise, none, none, none, power),
        (say("level after / projected"), level.ratio, level.low, level.high, level.p, ""),
    ]
    if slope is not None:
        label = say("trend after / before, per {unit}", unit=unit)
        rows.append((label, slope.ratio, slope.low, slope.high, slope.p, ""))
    if (total := intervention.fewer_than_projected) is not None:
        note = say("projected less counted")
        rows.append((say("fewer than projected"), total.value, total.low, total.high, none, note))
    spread = (
        say("spread of the monthly counts")
        if intervention.unit == "month"
        else say("spread of the counts per {unit}", unit=unit)
    )
    rows += [
        (say("{units} before", units=units), intervention.n_before, none, none, none, ""),
        (say("{units} after", units=units), intervention.n_after, none, none, none, ""),
        (say("counted before"), intervention.events_before, none, none, none, intervention.outcome),
        (say("counted after"), intervention.events_after, none, none, none, intervention.outcome),
        (spread, intervention.dispersion, none, none, none, by_chance),
        (say("likeness of neighbouring {units}", units=units), intervention.rho, none, none, none, allowed),
    ]
    for one in beside:
        told = mark("{kind}; cannot be told apart") if one.inseparable else mark("{kind}; can be told apart")
        label = say("correlation with {event}", event=one.label)
        rows.append((label, one.correlation, none, none, none, say(told, kind=say(one.kind))))
    for check in checks:
        note = say(OUTCOMES[check.passed], finding=check.said)
        rows.append((say("check: {name}", name=check.name), none, none, none, none, note))
    return pd.DataFrame(rows, columns=["quantity", "value", "low", "high", "p", "note"])

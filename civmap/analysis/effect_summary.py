"""The careful sentence: made by rules from the numbers of one comparison, never from a judgement.

Verdicts, in the order in which they are tried:

``inseparable``  another event correlates above 0.5 with the level change, inflates its standard error more
                 than 1.2 times, or lasts half a year and begins or ends within two months of the date.
``cannot_tell``  the interval includes 1.
``fragile``      the interval excludes 1, but the result did not pass one of the checks it was given.
``fewer``        the level's interval lies below 1, and every check was passed.
``more``         the level's interval lies above 1, and every check was passed.

The words say what changed after a date, never what made it change, and an interval that includes no change is
never turned into a claim that nothing changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import pandas as pd

from civmap.analysis.effect_table import effect_table
from civmap.analysis.effect_words import named, one_by_one, passed, ratio, seen, total
from civmap.analysis.effects import Check, Detectable, Intervention, Neighbour, RateRatio
from civmap.analysis.period_words import per as said_per
from civmap.analysis.period_words import unit_word
from civmap.errors import AnalysisError
from civmap.language import listed, mark, say, say_n

__all__ = ["EffectSummary", "Verdict", "summarise"]

Part = TypeVar("Part")
Verdict = Literal["fewer", "more", "fragile", "cannot_tell", "inseparable"]


@dataclass(frozen=True)
class EffectSummary:
    """A result as table, sentence and verdict, made together from the same numbers.

    Parameters
    ----------
    table
        One row per quantity: ``quantity, value, low, high, p, note``, said in the language that is spoken.
    text
        The careful sentence or sentences.
    verdict
        As above; None for a summary that was not made from a comparison.
    """

    table: pd.DataFrame = field(repr=False, compare=False)
    text: str
    verdict: Verdict | None = None


def summarise(
    intervention: Intervention,
    *,
    name: str,
    counted: str = "incidents",
    per: str | None = None,
    which: int = 0,
    checks: Sequence[Check] = (),
) -> EffectSummary:
    """Put a comparison into a table and a sentence that a lawyer and a general both accept.

    Parameters
    ----------
    intervention
        From `interrupted_time_series`.
    name
        Of the directive, as it follows "After the", such as ``December 2016 delegation``; without an article also where
        the language that is spoken has genders (feminine in French).
    counted
        What was counted, plural, such as ``incidents with civilian harm``; masculine where there are genders.
    per
        What it was counted per, in words; without it the period or the exposure of the model.
    which
        Number of the date, in time order from 0, where the model has several.
    checks
        What the result was held against, from `look_beside`.

    Returns
    -------
    EffectSummary
        Table, text and verdict.

    Raises
    ------
    AnalysisError
        When the model has no such date.

    Examples
    --------
    >>> from civmap.analysis.interventions import interrupted_time_series
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> counts = [20, 26, 23, 19, 25, 22] * 3 + [12, 9, 11, 14, 10, 13] * 3
    >>> panel = pd.DataFrame({"period": months, "incidents": counts})
    >>> found = interrupted_time_series(panel, at="2009-07-02", outcome="incidents", harmonics=0)
    >>> print(summarise(found, name="July 2009 directive").verdict)
    fewer
    """
    if not 0 <= which < len(intervention.at):
        raise AnalysisError(
            say("The model has no such date."),
            found=str(which),
            expected=say("0 to {last}", last=len(intervention.at) - 1),
        )
    level = _pick(intervention.level, which)
    detectable = _pick(intervention.detectable, which)
    beside = [one for one in intervention.neighbours if one.at == intervention.at[which]]
    mixed = [one for one in beside if one.inseparable]
    verdict = _verdict(level, mixed, [one for one in checks if one.passed is False])
    text = " ".join(_sentences(intervention, level, detectable, beside, verdict, checks, name, counted, per))
    slope = None if intervention.slope is None else _pick(intervention.slope, which)
    if slope is not None:
        text += " " + _slope(slope, intervention)
    table = effect_table(intervention, level, slope, detectable, beside, checks)
    return EffectSummary(table, text, verdict)


def _sentences(
    intervention: Intervention,
    level: RateRatio,
    detectable: Detectable,
    beside: list[Neighbour],
    verdict: Verdict,
    checks: Sequence[Check],
    name: str,
    counted: str,
    per: str | None,
) -> list[str]:
    """Say the level with its interval, and what the verdict makes of it."""
    values = {"lead": _lead(intervention, level, name, counted, per), "percent": 100 * intervention.confidence,
              "low": ratio(level.low), "high": ratio(level.high)}  # fmt: skip
    if verdict == "inseparable":
        mixed = [one for one in beside if one.inseparable]
        said = [say_n(
            len(mixed),
            "{lead} ({percent:g} % interval {low} to {high}), but the change cannot be separated from {events}.",
            "{lead} ({percent:g} % interval {low} to {high}), but the change cannot be separated from {events}.",
            events=named(mixed), **values,
        )]  # fmt: skip
        if not level.excludes_one:
            said.append(say("The data cannot tell: no change at all lies within the interval too."))
        return said
    if verdict == "cannot_tell":
        return [say(
            "{lead}, but the data cannot tell: the {percent:g} % interval {low} to {high} includes no change; {seen}.",
            seen=seen(detectable), **values,
        )]  # fmt: skip
    if verdict == "fragile":
        failed = one_by_one([one.said for one in checks if one.passed is False])
        return [say(
            "{lead} ({percent:g} % interval {low} to {high}), but this does not hold up: {failed}.",
            failed=failed, **values,
        )]  # fmt: skip
    allowed = [one.label for one in beside if one.in_model]
    return [
        say("{lead} ({percent:g} % interval {low} to {high}).", **values),
        *total(intervention, counted),
        *([say("The model also allows for {events}.", events=listed(allowed))] if allowed else []),
        *passed(checks),
        say("This shows that the level changed after that date, not what changed it."),
    ]


def _lead(intervention: Intervention, level: RateRatio, name: str, counted: str, per: str | None) -> str:
    """Say the ratio of the level, without its interval."""
    if per is not None:
        what = f"{counted} {per}"
    elif intervention.exposure is None:
        what = said_per(counted, intervention.unit)
    else:
        what = say("{counted} relative to {exposure}", counted=counted, exposure=intervention.exposure)
    values = {"name": name, "what": what, "ratio": ratio(level.ratio)}
    if not intervention.controls:
        if intervention.slope is None:
            return say("After the {name}, {what} were {ratio} times the level projected from before", **values)
        return say("After the {name}, {what} were at first {ratio} times the level projected from before", **values)
    values["controls"] = listed(list(intervention.controls))
    if intervention.slope is None:
        return say(
            "After the {name}, {what} were {ratio} times the level projected from before and from {controls}", **values
        )
    return say(
        "After the {name}, {what} were at first {ratio} times the level projected from before and from {controls}",
        **values,
    )


def _slope(slope: RateRatio, intervention: Intervention) -> str:
    return say(
        mark("From then on the month-to-month trend was multiplied by {ratio:.3f} ({percent:g} % interval {low:.3f} to "
             "{high:.3f}).")
        if intervention.unit == "month"
        else mark("From then on the trend from one period ({unit}) to the next was multiplied by {ratio:.3f} "
                  "({percent:g} % interval {low:.3f} to {high:.3f})."),
        unit=unit_word(intervention.unit), ratio=slope.ratio, percent=100 * intervention.confidence, low=slope.low,
        high=slope.high,
    )  # fmt: skip


def _pick(parts: Part | tuple[Part, ...], which: int) -> Part:
    return parts[which] if isinstance(parts, tuple) else parts


def _verdict(level: RateRatio, mixed: list[Neighbour], failed: list[Check]) -> Verdict:
    if mixed:
        return "inseparable"
    if not level.excludes_one:
        return "cannot_tell"
    if failed:
        return "fragile"
    return "fewer" if level.ratio < 1 else "more"

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

from civmap.analysis.effects import NEAR_DAYS, Check, Detectable, Intervention, Neighbour, RateRatio
from civmap.errors import AnalysisError

__all__ = ["EffectSummary", "Verdict", "summarise"]

Part = TypeVar("Part")
NAMED = 3  # events in the sentence; a sentence with more is not read
Verdict = Literal["fewer", "more", "fragile", "cannot_tell", "inseparable"]


@dataclass(frozen=True)
class EffectSummary:
    """A result as table, sentence and verdict, made together from the same numbers.

    Parameters
    ----------
    table
        One row per quantity: ``quantity, value, low, high, p, note``.
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
        Of the directive, as it follows "After the", such as ``December 2016 delegation``.
    counted
        What was counted, plural, such as ``incidents with civilian harm``.
    per
        What it was counted per; without it the period or the exposure of the model.
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
            "The model has no such date.", found=str(which), expected=f"0 to {len(intervention.at) - 1}"
        )
    level = _pick(intervention.level, which)
    detectable = _pick(intervention.detectable, which)
    beside = [one for one in intervention.neighbours if one.at == intervention.at[which]]
    mixed = [one for one in beside if one.inseparable]
    failed = [one for one in checks if one.passed is False]
    verdict = _verdict(level, mixed, failed)
    per = per or (
        f"per {intervention.unit}" if intervention.exposure is None else f"relative to {intervention.exposure}"
    )
    at_once = "at first " if intervention.slope is not None else ""
    basis = "before" + (f" and from {_listed(list(intervention.controls))}" if intervention.controls else "")
    lead = (
        f"After the {name}, {counted} {per} were {at_once}{_ratio(level.ratio)} times the level projected from {basis}"
    )
    span = f"{_ratio(level.low)} to {_ratio(level.high)}"
    percent = f"{100 * intervention.confidence:g} %"
    if verdict == "inseparable":
        text = f"{lead} ({percent} interval {span}), but the change cannot be separated from {_named(mixed)}."
        if not level.excludes_one:
            text += " The data cannot tell: no change at all lies within the interval too."
    elif verdict == "cannot_tell":
        text = (
            f"{lead}, but the data cannot tell: the {percent} interval {span} includes no change; {_seen(detectable)}."
        )
    elif verdict == "fragile":
        said = "; ".join(one.said for one in failed)
        text = f"{lead} ({percent} interval {span}), but this does not hold up: {said}."
    else:
        text = f"{lead} ({percent} interval {span}).{_total(intervention, counted)}"
        if any(one.in_model for one in beside):
            text += f" The model also allows for {_listed([one.label for one in beside if one.in_model])}."
        text += _passed(checks)
        text += " This shows that the level changed after that date, not what changed it."
    slope = None if intervention.slope is None else _pick(intervention.slope, which)
    if slope is not None:
        text += (
            f" From then on the {intervention.unit}-to-{intervention.unit} trend was multiplied by"
            f" {slope.ratio:.3f} ({percent} interval {slope.low:.3f} to {slope.high:.3f})."
        )
    table = _table(intervention, level, slope, detectable, beside)
    outcome = {True: "passed", False: "not passed", None: "no answer"}
    rows = [(f"check: {one.name}", *[float("nan")] * 4, f"{outcome[one.passed]}; {one.said}") for one in checks]
    table = pd.concat([table, pd.DataFrame(rows, columns=table.columns)], ignore_index=True) if rows else table
    return EffectSummary(table, text, verdict)


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


def _passed(checks: Sequence[Check]) -> str:
    """Name the checks that were passed, and those that had no answer."""
    held = [one.name for one in checks if one.passed]
    open_ones = [one.name for one in checks if one.passed is None]
    text = f" Checks passed: {_listed(held)}." if held else ""
    return text + (f" Not answered: {_listed(open_ones)}." if open_ones else "")


def _ratio(value: float) -> str:
    """Two figures, and more where two would read as no change."""
    if value >= 9.95:
        return f"{value:,.0f}" if value < 1e4 else "more than 10,000"
    text = f"{value:.2g}"
    for digits in (2, 3, 4, 5):
        if float(text) != 1 or value == 1:
            break
        text = f"{value:.{digits}f}"
    return text if float(text) >= 0.0001 else "less than 0.0001"


def _seen(detectable: Detectable) -> str:
    """Say what the design would probably have shown."""
    power = f"{100 * detectable.power:.0f} %"
    fall, rise = 100 * (1 - detectable.fall), 100 * (detectable.rise - 1)
    if fall > 95:
        return f"even a fall of 95 % would probably (by the usual {power} standard) not have been seen"
    up = f"a rise of {rise:.0f} %" if rise < 200 else f"a rise to {_ratio(detectable.rise)} times"
    return f"a fall of {fall:.0f} % or more, or {up} or more, would probably ({power}) have been seen"


def _total(intervention: Intervention, counted: str) -> str:
    total = intervention.fewer_than_projected
    if total is None:
        return ""
    word, value, low, high = "fewer", total.value, total.low, total.high
    if value < 0:
        word, value, low, high = "more", -value, -high, -low
    months = f"{intervention.n_after} {intervention.unit}s"
    return (
        f" Over the {months} after, {value:,.0f} {word} {counted} were counted than projected"
        f" ({100 * intervention.confidence:g} % interval {low:,.0f} to {high:,.0f})."
    )


def _named(mixed: list[Neighbour]) -> str:
    """Name the nearest events with their months, changes in recording first; the others are in the table."""
    groups: dict[str, list[str]] = {}
    nearest = sorted(mixed, key=lambda one: (one.kind != "recording change", _days_apart(one)))
    for one in nearest[:NAMED]:
        months = f"from {one.start:%B %Y}" + ("" if one.end is None else f" to {one.end:%B %Y}")
        if one.end is not None and (one.start.year, one.start.month) == (one.end.year, one.end.month):
            months = f"in {one.start:%B %Y}"
        groups.setdefault(_when(one), []).append(f"{one.label} ({months})")
    text = "; nor from ".join(_listed(labels) + when for when, labels in groups.items())
    others = len(mixed) - NAMED
    if others <= 0:
        return text
    return f"{text}; nor from {others} other {'event' if others == 1 else 'events'} in the table"


def _days_apart(one: Neighbour) -> int:
    return min(abs((edge - one.at).days) for edge in (one.start, one.end) if edge is not None)


def _when(one: Neighbour) -> str:
    """How the other event lies to the date, where that is close."""
    for edge, word in ((one.start, "began"), (one.end, "ended")):
        if edge is not None and (edge.year, edge.month) == (one.at.year, one.at.month):
            return f", which {word} in the same month"
        if edge is not None and abs((edge - one.at).days) <= NEAR_DAYS:
            return f", which {word} in nearly the same months"
    return ""


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def _table(
    intervention: Intervention,
    level: RateRatio,
    slope: RateRatio | None,
    detectable: Detectable,
    beside: list[Neighbour],
) -> pd.DataFrame:
    unit, none = intervention.unit, float("nan")
    by_chance = "variance over mean; 1 if incidents came one by one, by chance"
    allowed = "allowed for in the intervals" if intervention.errors == "ar1" else "not allowed for in the intervals"
    power = f"with {100 * detectable.power:.0f} % probability"
    rows: list[tuple[str, float, float, float, float, str]] = [
        ("smallest fall that would be seen (ratio)", detectable.fall, none, none, none, power),
        ("smallest rise that would be seen (ratio)", detectable.rise, none, none, none, power),
        ("level after / projected", level.ratio, level.low, level.high, level.p, ""),
    ]
    if slope is not None:
        rows.append((f"trend after / before, per {unit}", slope.ratio, slope.low, slope.high, slope.p, ""))
    if (total := intervention.fewer_than_projected) is not None:
        rows.append(("fewer than projected", total.value, total.low, total.high, none, "projected less counted"))
    rows += [
        (f"{unit}s before", intervention.n_before, none, none, none, ""),
        (f"{unit}s after", intervention.n_after, none, none, none, ""),
        ("counted before", intervention.events_before, none, none, none, intervention.outcome),
        ("counted after", intervention.events_after, none, none, none, intervention.outcome),
        (f"spread of the {unit}ly counts", intervention.dispersion, none, none, none, by_chance),
        (f"likeness of neighbouring {unit}s", intervention.rho, none, none, none, f"correlation, {allowed}"),
    ]
    for one in beside:
        verdict = "cannot be told apart" if one.inseparable else "can be told apart"
        rows.append((f"correlation with {one.label}", one.correlation, none, none, none, f"{one.kind}; {verdict}"))
    return pd.DataFrame(rows, columns=["quantity", "value", "low", "high", "p", "note"])

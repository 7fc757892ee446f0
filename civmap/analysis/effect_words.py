"""Words of the careful sentence: ratios, what would have been seen, and what cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence

from civmap.analysis.effects import NEAR_DAYS, Check, Detectable, Intervention, Neighbour
from civmap.analysis.period_words import units_word
from civmap.language import listed, mark, month, say, say_n, write

__all__ = ["named", "one_by_one", "passed", "ratio", "seen", "total"]

NAMED = 3  # events in the sentence; a sentence with more is not read


def passed(checks: Sequence[Check]) -> list[str]:
    """Name the checks that were passed, and those that had no answer."""
    held = [one.name for one in checks if one.passed]
    open_ones = [one.name for one in checks if one.passed is None]
    said = [say("Checks passed: {names}.", names=listed(held))] if held else []
    return said + ([say("Not answered: {names}.", names=listed(open_ones))] if open_ones else [])


def one_by_one(findings: Sequence[str]) -> str:
    """Write findings after each other, each a clause of its own.

    Examples
    --------
    >>> one_by_one(["harm rose elsewhere", "one incident decides it"])
    'harm rose elsewhere; one incident decides it'
    """
    text = findings[0]
    for finding in findings[1:]:
        text = say("{findings}; {finding}", findings=text, finding=finding)
    return text


def ratio(value: float) -> str:
    """Two figures, and more where two would read as no change."""
    if value >= 9.95:
        return write(value, ",.0f") if value < 1e4 else say("more than 10,000")
    form = ".2g"
    for digits in (2, 3, 4, 5):
        if float(format(value, form)) != 1 or value == 1:
            break
        form = f".{digits}f"
    return write(value, form) if float(format(value, form)) >= 0.0001 else say("less than 0.0001")


def seen(detectable: Detectable) -> str:
    """Say what the design would probably have shown."""
    fall, rise = 100 * (1 - detectable.fall), 100 * (detectable.rise - 1)
    values = {"power": 100 * detectable.power, "fall": fall, "rise": rise}
    if fall > 95:
        return say(
            "even a fall of 95 % would probably (by the usual {power:.0f} % standard) not have been seen", **values
        )
    if rise < 200:
        return say(
            "a fall of {fall:.0f} % or more, or a rise of {rise:.0f} % or more, would probably ({power:.0f} %) have "
            "been seen", **values,
        )  # fmt: skip
    return say(
        "a fall of {fall:.0f} % or more, or a rise to {times} times or more, would probably ({power:.0f} %) have been "
        "seen", times=ratio(detectable.rise), **values,
    )  # fmt: skip


def total(intervention: Intervention, counted: str) -> list[str]:
    """Say how many fewer or more were counted than projected, where the level's interval says that it changed."""
    found = intervention.fewer_than_projected
    if found is None:
        return []
    sign = 1 if found.value >= 0 else -1
    low, high = sorted(sign * end for end in (found.low, found.high))
    return [say(
        mark("Over the {n} {units} after, {value:,.0f} fewer {counted} were counted than projected ({percent:g} % "
             "interval {low:,.0f} to {high:,.0f}).")
        if sign > 0
        else mark("Over the {n} {units} after, {value:,.0f} more {counted} were counted than projected ({percent:g} % "
                  "interval {low:,.0f} to {high:,.0f})."),
        n=intervention.n_after, units=units_word(intervention.unit), value=sign * found.value, counted=counted,
        percent=100 * intervention.confidence, low=low, high=high,
    )]  # fmt: skip


def named(mixed: list[Neighbour]) -> str:
    """Name the nearest events with their months, changes in recording first; the others are in the table."""
    groups: dict[str, list[str]] = {}
    nearest = sorted(mixed, key=lambda one: (one.kind != "recording change", _days_apart(one)))
    for one in nearest[:NAMED]:
        groups.setdefault(_when(one), []).append(_dated(one))
    parts = [say(when, events=listed(labels)) for when, labels in groups.items()]
    text = parts[0]
    for part in parts[1:]:
        text = say("{events}; nor from {others}", events=text, others=part)
    others = len(mixed) - NAMED
    if others <= 0:
        return text
    return say_n(
        others, "{events}; nor from {n} other event in the table", "{events}; nor from {n} other events in the table",
        events=text,
    )  # fmt: skip


def _dated(one: Neighbour) -> str:
    """Name an event with its months."""
    if one.end is None and month(one.start) in one.label:
        return one.label
    if one.end is None:
        return say("{event} (from {start:%B %Y})", event=one.label, start=one.start)
    if (one.start.year, one.start.month) == (one.end.year, one.end.month):
        return say("{event} (in {start:%B %Y})", event=one.label, start=one.start)
    return say("{event} (from {start:%B %Y} to {end:%B %Y})", event=one.label, start=one.start, end=one.end)


def _days_apart(one: Neighbour) -> int:
    return min(abs((edge - one.at).days) for edge in (one.start, one.end) if edge is not None)


def _when(one: Neighbour) -> str:
    """How other events lie to the date, where that is close; a text to be said with the events."""
    began = (mark("{events}, which began in the same month"), mark("{events}, which began in nearly the same months"))
    ended = (mark("{events}, which ended in the same month"), mark("{events}, which ended in nearly the same months"))
    for edge, (same, nearly) in ((one.start, began), (one.end, ended)):
        if edge is not None and (edge.year, edge.month) == (one.at.year, one.at.month):
            return same
        if edge is not None and abs((edge - one.at).days) <= NEAR_DAYS:
            return nearly
    return "{events}"

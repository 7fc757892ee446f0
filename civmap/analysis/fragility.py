"""What is always run beside a before/after result, and which checks the result passed.

The primary specification is fixed before looking. Everything here asks how much hangs on it: other specifications, a
control, the largest incident, attribution, minimum and maximum counts, activity, other places and causes, placebo
dates, and how long one would have to wait. A check is a stated rule with a sentence, never a judgement.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from civmap.analysis.count_panel import Day, read_series
from civmap.analysis.effects import Check, Intervention, RateRatio
from civmap.analysis.months_needed import MonthsNeeded, months_needed
from civmap.analysis.segmented_model import analyse, first_level, fit_segmented
from civmap.analysis.segmented_terms import Event
from civmap.analysis.specifications import Placebos, each_outcome, placebo_dates, specification_curve
from civmap.analysis.variants import (
    Activity,
    Bounds,
    Largest,
    attribution_bounds,
    per_activity,
    ratio_span,
    without_largest,
)
from civmap.errors import AnalysisError
from civmap.language import day, mark, say

__all__ = ["PLACEBO_DATES", "Fragility", "look_beside"]

MOSTLY = 0.8  # share of the specifications that have to point the same way
PLACEBO_DATES = mark("Placebo dates")  # begins the note on why there are none
EFFECTS = (0.8, 0.6, 0.4)  # falls for which the months needed are given


@dataclass(frozen=True)
class Fragility:
    """A result and everything that is looked at beside it.

    Parameters
    ----------
    primary
        The primary model.
    specifications
        From `specification_curve`.
    controlled
        Column of each control, and the level change relative to it.
    largest, bounds, activity
        From `without_largest`, `attribution_bounds` and `per_activity`; None where not asked for or without answer.
    counts, elsewhere
        From `each_outcome`: other counts of the same harm; other causes, parties and provinces.
    placebos
        From `placebo_dates`; None where refused.
    needed
        Months that falls of 20, 40 and 60 % would need.
    checks
        What the result passed; empty where the primary interval includes no change.
    notes
        What could not be looked at, in sentences.
    """

    primary: Intervention
    specifications: pd.DataFrame = field(repr=False, compare=False)
    controlled: dict[str, RateRatio]
    largest: Largest | None
    bounds: Bounds | None
    activity: Activity | None
    counts: pd.DataFrame = field(repr=False, compare=False)
    elsewhere: pd.DataFrame = field(repr=False, compare=False)
    placebos: Placebos | None
    needed: tuple[MonthsNeeded, ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...]


def look_beside(
    panel: pd.DataFrame,
    *,
    at: Day,
    outcome: str,
    recording_changes: Sequence[Event] = (),
    context: Sequence[Event] = (),
    controls: Sequence[str] = (),
    attribution: tuple[str, str] | None = None,
    counts: Mapping[str, str] | None = None,
    activity: str | None = None,
    elsewhere: Mapping[str, str] | None = None,
    incidents: pd.DataFrame | None = None,
    people: str | None = None,
    counts_people: bool = False,
    confidence: float = 0.95,
    longer: pd.DataFrame | None = None,
    progress: Callable[[float, str], None] | None = None,
) -> Fragility:
    """Run everything that belongs beside one result.

    Parameters
    ----------
    panel
        As for `interrupted_time_series`, with all the columns named below.
    at, outcome, recording_changes, context, confidence
        Of the primary model, which changes the level only, with season and errors averaged over serial correlation.
    controls
        Columns of counts that the directive could not touch.
    attribution
        Columns of incidents attributed to us and to nobody.
    counts
        Label and column of other counts of the same harm: minimum, maximum, deaths, injured.
    activity
        Column of strikes or sorties.
    elsewhere
        Label and column of other causes, parties and neighbouring provinces.
    incidents, people, counts_people
        For `without_largest`.
    longer
        The same columns over more months, for longer windows and for placebo dates; without it those of the panel.
    progress
        Called with the share done, from 0 to 1, and what comes next.

    Returns
    -------
    Fragility
        All results and the checks.

    Raises
    ------
    AnalysisError
        When the primary model itself cannot be fitted; whatever else fails is named in ``notes``.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=48, freq="MS")
    >>> counts = [20, 26, 23, 19, 25, 22] * 4 + [12, 9, 11, 14, 10, 13] * 4
    >>> other = [31, 36, 28, 33, 40, 35, 30, 37, 29, 34, 38, 32] * 4
    >>> panel = pd.DataFrame({"period": months, "air": counts, "ground": other})
    >>> beside = look_beside(panel, at="2010-01-01", outcome="air", controls=["ground"])
    >>> [(check.name, check.passed) for check in beside.checks]
    [('other specifications', True), ('compared with ground', True)]
    """
    events: dict[str, Any] = {"recording_changes": recording_changes, "context": context}
    shared: dict[str, Any] = {"at": at, "confidence": confidence}
    notes: list[str] = []
    steps = iter(range(9))
    longest = panel if longer is None else longer

    def tell(what: str) -> None:
        if progress is not None:
            progress(next(steps) / 9, say(what))

    def tried(work: Callable[[], Any], what: str) -> Any:
        tell(what)
        try:
            return work()
        except AnalysisError as error:
            notes.append(say("{reading}: {why}", reading=say(what), why=str(error)))
            return None

    tell(mark("Primary model"))
    primary = analyse(read_series(panel, outcome=outcome, exposure=None), outcome=outcome, **shared, **events)
    tell(mark("Other specifications"))
    curve = specification_curve(longest, outcome=outcome, controls=controls, **shared, **events)
    controlled = {
        name: found
        for name in controls
        if (found := _beside_control(panel, outcome, name, notes, {**shared, **events})) is not None
    }
    largest = bounds = doing = None
    if incidents is not None and people is not None:
        options = {**shared, **events, "people": people, "counts_people": counts_people}
        largest = tried(
            lambda: without_largest(panel, incidents, outcome=outcome, **options), mark("The largest incident")
        )
    if attribution is not None:
        ours, nobody = attribution
        bounds = tried(
            lambda: attribution_bounds(panel, ours=ours, undetermined=nobody, **shared, **events), mark("Attribution")
        )
    tell(mark("Other counts"))
    others = each_outcome(panel, counts or {}, **shared, **events)
    if activity is not None:
        doing = tried(
            lambda: per_activity(panel, outcome=outcome, activity=activity, **shared, **events),
            mark("Harm per activity"),
        )
    tell(mark("Other places and causes"))
    moved = each_outcome(panel, elsewhere or {}, **shared, **events)
    placebos = tried(lambda: placebo_dates(longest, outcome=outcome, **shared), PLACEBO_DATES)
    needed = tried(
        lambda: tuple(months_needed(panel, outcome=outcome, ratio=ratio, **shared) for ratio in EFFECTS),
        mark("Months needed"),
    )
    if progress is not None:
        progress(1.0, say("Done"))
    assert isinstance(primary.level, RateRatio)
    checks = _checks(primary.level, curve, controlled, largest, bounds, others, moved)
    return Fragility(
        primary, curve, controlled, largest, bounds, doing, others, moved, placebos, needed or (), checks, tuple(notes)
    )


def _beside_control(
    panel: pd.DataFrame, outcome: str, control: str, notes: list[str], options: dict[str, Any]
) -> RateRatio | None:
    try:
        series = read_series(panel, outcome=outcome, exposure=None, beside=[control])
        level = options.pop("confidence")
        return first_level(fit_segmented(series, family="quasibinomial", **options), confidence=level)
    except AnalysisError as error:
        notes.append(say("Compared with {control}: {why}", control=control, why=str(error)))
        return None


def _checks(
    level: RateRatio,
    curve: pd.DataFrame,
    controlled: Mapping[str, RateRatio],
    largest: Largest | None,
    bounds: Bounds | None,
    counts: pd.DataFrame,
    elsewhere: pd.DataFrame,
) -> tuple[Check, ...]:
    """State what the result passed; a result that includes no change has nothing to pass."""
    if not level.excludes_one:
        return ()
    sign = -1 if level.ratio < 1 else 1
    found = [_specifications(curve, sign)]
    for name, one in controlled.items():
        held = _clear(one.low, one.high) == sign
        said = say(
            mark("relative to {control} the ratio is {ratio}")
            if held
            else mark("relative to {control} the ratio is {ratio}, which includes no change"),
            control=name, ratio=ratio_span(vars(one)),
        )  # fmt: skip
        found.append(Check(say("compared with {control}", control=name), held, said))
    if largest is not None:
        row = largest.table.iloc[1]
        held = _clear(row["low"], row["high"]) == sign
        ratio = say("not to be had") if pd.isna(row["ratio"]) else ratio_span(row)
        said = say("without the largest incident ({day}) the ratio is {ratio}", day=day(largest.day), ratio=ratio)
        found.append(Check(say("without the largest incident"), held, said))
    if bounds is not None:
        found.append(Check(say("attribution"), bounds.holds, bounds.text[:1].lower() + bounds.text[1:].rstrip(".")))
    against = [row["label"] for _, row in counts.iterrows() if _clear(row["low"], row["high"]) == -sign]
    if len(counts):
        said = (
            say("{counts} moved the other way", counts=", ".join(against))
            if against
            else say("no other count moved the other way")
        )
        found.append(Check(say("other counts"), not against, said))
    rose = [row["label"] for _, row in elsewhere.iterrows() if _clear(row["low"], row["high"]) == 1]
    if len(elsewhere) and sign < 0:
        said = (
            say("harm rose elsewhere: {readings}", readings=", ".join(rose)) if rose else say("no clear rise elsewhere")
        )
        found.append(Check(say("displacement"), not rose, said))
    return tuple(found)


def _specifications(curve: pd.DataFrame, sign: int) -> Check:
    """Most of those without a control point the same way, and none clearly the other."""
    given = curve[curve["control"].isna()].dropna(subset="ratio")
    if given.empty:
        return Check(say("other specifications"), None, say("no other specification has an answer"))
    same = float(((given["ratio"] - 1) * sign > 0).mean())
    other = int(sum(_clear(low, high) == -sign for low, high in zip(given["low"], given["high"], strict=True)))
    clear = int(sum(_clear(low, high) == sign for low, high in zip(given["low"], given["high"], strict=True)))
    said = say(
        "{percent:.0f} % of {n} specifications point the same way, {clear} clearly, {other} clearly the other",
        percent=100 * same, n=len(given), clear=clear, other=other,
    )  # fmt: skip
    return Check(say("other specifications"), same >= MOSTLY and not other, said)


def _clear(low: float, high: float) -> int:
    """-1 for an interval below 1, 1 above it, 0 otherwise or where there is none."""
    return -1 if high < 1 else 1 if low > 1 else 0

"""How many more months a given effect would need to be seen."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from civmap.analysis.count_fit import CountFit
from civmap.analysis.count_panel import Day, Series, read_series
from civmap.analysis.count_series import Estimates
from civmap.analysis.detectable import is_detectable
from civmap.analysis.period_words import counted
from civmap.analysis.segmented_design import build_design
from civmap.analysis.segmented_model import fit_segmented
from civmap.analysis.window import MIN_SIDE
from civmap.errors import AnalysisError
from civmap.language import mark, say

__all__ = ["MonthsNeeded", "months_needed"]

Array = NDArray[np.float64]

MOST = 240  # periods tried on a side


@dataclass(frozen=True)
class MonthsNeeded:
    """What it would take to see an effect with the given power.

    Parameters
    ----------
    ratio
        The effect that is asked about.
    before
        Periods before the date that there are.
    after
        Periods after the date that would be needed with these before; None where even 240 would not do.
    each_side
        Periods needed on each side, if both could be had; None likewise.
    unit
        What one period is.
    text
        The same in a sentence, in the language that is spoken.
    """

    ratio: float
    before: int
    after: int | None
    each_side: int | None
    unit: str
    text: str


def months_needed(
    panel: pd.DataFrame,
    *,
    at: Day | Sequence[Day],
    outcome: str,
    ratio: float,
    exposure: str | None = None,
    harmonics: int = 2,
    power: float = 0.8,
    confidence: float = 0.95,
) -> MonthsNeeded:
    """Say how long a series would have to be for an effect to be seen.

    Assumes that counts go on around the level and season projected for the date, with the scatter and serial
    correlation of this series; both are themselves estimated, so the answer is rough.

    Parameters
    ----------
    panel, at, outcome, exposure, harmonics, confidence
        As for `interrupted_time_series`; with several dates, the first.
    ratio
        Of the level after to the level projected, such as 0.6 for a fall of 40 %.
    power
        Probability with which the effect should be found.

    Returns
    -------
    MonthsNeeded
        With these periods before, and with as many on each side.

    Examples
    --------
    >>> months = pd.date_range("2008-01-01", periods=36, freq="MS")
    >>> counts = [20, 35, 13, 29, 15, 22, 40, 9, 25, 18, 31, 12] * 3
    >>> panel = pd.DataFrame({"period": months, "incidents": [n + i % 5 for i, n in enumerate(counts)]})
    >>> months_needed(panel, at="2009-07-02", outcome="incidents", ratio=0.5, harmonics=0).after
    35
    """
    if not 0 < ratio < np.inf or ratio == 1:
        raise AnalysisError(
            say("The effect has to be a ratio other than 1."),
            found=str(ratio),
            expected=say("such as 0.6 for a fall of 40 %"),
        )
    series = read_series(panel, outcome=outcome, exposure=exposure)
    model = fit_segmented(series, at=at, harmonics=harmonics)
    series, day = model.ready.series, model.ready.days[0]
    start = series.position(day)
    before = int((series.place < start).sum())

    calendar = _calendar(series, start)

    def enough(n_before: int, n_after: int) -> bool:
        if n_before + n_after < series.per_year:
            return False  # shorter than the season
        inside = (calendar.place >= start - n_before) & (calendar.place < start + n_after)
        plan, estimates, column = _planned(series, model.fit, model.estimates, calendar.keep(inside), day, harmonics)
        return is_detectable(plan, plan.means, estimates, column, ratio, power=power, confidence=confidence)

    after = _smallest(lambda number: enough(before, number))
    each_side = _smallest(lambda number: enough(number, number))
    text = _text(ratio, power, before, after, each_side, series.unit)
    return MonthsNeeded(ratio, before, after, each_side, series.unit, text)


def _text(ratio: float, power: float, before: int, after: int | None, each_side: int | None, unit: str) -> str:
    """Say how many periods would do."""
    effect = (
        say("a fall of {percent:.0f} %", percent=100 * (1 - ratio))
        if ratio < 1
        else say("a rise of {percent:.0f} %", percent=100 * (ratio - 1))
    )
    text = say(
        mark("With {before} before the date, {effect} would be seen with {power:.0f} % probability after {after}.")
        if after is not None
        else mark("With {before} before the date, {effect} would be seen with less than {power:.0f} % probability even "
                  "after {after}."),
        before=counted(before, unit), effect=effect, power=100 * power, after=counted(after or MOST, unit),
    )  # fmt: skip
    if each_side is not None and each_side != after:
        text += " " + say("With as many before as after, {n} on each side would do.", n=each_side)
    return text


def _calendar(series: Series, start: int) -> Series:
    """Make a calendar of the most periods on each side, without counts."""
    place = np.arange(start - MOST, start + MOST)
    months, days = (series.step, 0) if series.monthly else (0, series.step)
    step = pd.DateOffset(months=months, days=days)
    since = int(place[0] - series.place[0])
    first = series.starts[0] + pd.DateOffset(months=months * since, days=days * since)
    starts = pd.date_range(first, periods=len(place), freq=step)
    zeros = np.zeros(len(place))
    return replace(
        series, starts=starts, ends=starts + step, place=place, counts=zeros, offset=zeros, controls=(), trials=None
    )


def _planned(
    series: Series,
    fit: CountFit,
    estimates: Estimates,
    calendar: Series,
    day: pd.Timestamp,
    harmonics: int,
) -> tuple[CountFit, Estimates, int]:
    """Let the counts go on as they would without an effect; also gives the column of the level."""
    design = build_design(calendar, at=[day], harmonics=harmonics, slope_change=False, terms=())
    columns = design.matrix
    column = design.level[0]
    # level and season as projected for the date, the trend held there
    still = columns.copy()
    still[:, column] = 0.0
    base = [number for number, one in enumerate(design.columns) if one.kind == "base"]
    years = (series.position(day) - series.place.mean()) / series.per_year
    still[:, 1] = years
    means = np.exp(still[:, base] @ fit.coefficients[base] + fit.offset.mean())
    plan = replace(
        fit,
        outcome=means,
        means=means,
        design=columns,
        offset=np.log(means),
        coefficients=np.zeros(columns.shape[1]),  # the means are all in the offset
    )
    df = float(columns.shape[0] - columns.shape[1])
    assumed = replace(estimates, times=calendar.place.astype(float), df=df)
    assumed = replace(assumed, covariances=assumed.covariances_at(plan, means))
    return plan, assumed, column


def _smallest(enough: Callable[[int], bool]) -> int | None:
    """Find the smallest number of periods that is enough; more are never worse."""
    low, high = MIN_SIDE - 1, MOST
    if not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high

"""The window of a before/after comparison: its dates, its phase-in, and enough of it on both sides.

Everything here refuses in words what cannot be compared: a date outside the data, too few periods on a side, nothing
counted on a side, phase-ins that overlap.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from civmap.analysis.count_panel import Day, Series, read_series, to_day
from civmap.analysis.period_words import units_word
from civmap.errors import AnalysisError
from civmap.language import day as said_day
from civmap.language import mark, say, say_n

__all__ = ["MIN_SIDE", "around", "check_sides", "read_dates", "without_phase_in"]

MIN_SIDE = 6  # periods before and after; fewer cannot carry a level and a trend
WIDER = mark("Take a wider area, more causes or parties, or a longer window.")


def read_dates(at: Day | Sequence[Day], series: Series) -> tuple[pd.Timestamp, ...]:
    """Read the dates, in time order; each has to lie inside the series."""
    several = list(at) if isinstance(at, Iterable) and not isinstance(at, str) else [at]
    days = tuple(sorted(to_day(day, say("the directive")) for day in several))
    if not days:
        raise AnalysisError(say("No date is given."), next_step=say("Give the day on which the directive took effect."))
    for day in days:
        if not series.starts[0] <= day < series.ends[-1]:
            raise AnalysisError(
                say("{day} lies outside the data.", day=day.date().isoformat()),
                found=say("counts from {first:%B %Y} to {last:%B %Y}", first=series.starts[0], last=series.starts[-1]),
                next_step=say("Choose a date inside, a longer window, or a source whose scope covers it."),
            )
    return days


def without_phase_in(series: Series, days: Sequence[pd.Timestamp], phase_in: int) -> tuple[Series, list[str]]:
    """Leave out so many periods from each date on, and say so."""
    if phase_in < 0 or phase_in != int(phase_in):
        raise AnalysisError(say("The phase-in has to be a whole number of periods."), found=str(phase_in))
    if not phase_in:
        return series, []
    positions = sorted({series.position(day) for day in days})
    if (np.diff(positions) <= phase_in).any():
        raise AnalysisError(
            say("The phase-ins of two directives overlap, so nothing is left between them."),
            next_step=say("Shorten the phase-in or leave one date out."),
        )
    away = np.isin(series.place, [start + i for start in positions for i in range(phase_in)])
    left_out = int(away.sum())
    note = say_n(left_out, "{n} period of phase-in left out.", "{n} periods of phase-in left out.")
    return series.keep(~away), [note]


def check_sides(series: Series, days: Sequence[pd.Timestamp]) -> None:
    """Refuse a window with too little before the first date or from the last one on."""
    if not series.counts.any():
        raise AnalysisError(
            say("Nothing was counted in the whole window, so there is nothing to compare."),
            next_step=say(WIDER),
        )
    before = series.place < series.position(days[0])
    after = series.place >= series.position(days[-1])
    sides = (
        (before, days[0], mark("Too few {units} before {day} to compare."),
         mark("Nothing was counted before {day}, so the model has no finite answer.")),
        (after, days[-1], mark("Too few {units} after {day} to compare."),
         mark("Nothing was counted after {day}, so the model has no finite answer.")),
    )  # fmt: skip
    for rows, day, too_few, nothing in sides:
        if rows.sum() < MIN_SIDE:
            raise AnalysisError(
                say(too_few, units=units_word(series.unit), day=said_day(day)),
                found=say("{n} with a count", n=int(rows.sum())),
                expected=say("at least {n}", n=MIN_SIDE),
                next_step=say("Take a longer window or a source that reaches further."),
            )
        if not series.counts[rows].any():
            raise AnalysisError(
                say(nothing, day=said_day(day)),
                found=say("{before:.0f} before, {after:.0f} after", before=series.counts[before].sum(),
                          after=series.counts[after].sum()),
                next_step=say(WIDER),
            )  # fmt: skip


def around(panel: pd.DataFrame, day: Day, periods: int | None, *, outcome: str) -> pd.DataFrame:
    """Keep as many periods before a day as from it on.

    Parameters
    ----------
    panel
        As for `interrupted_time_series`.
    day
        The date; the period that holds it is the first after.
    periods
        On each side; without it the panel stays as it is.
    outcome
        Column of counts.
    """
    if periods is None:
        return panel
    series = read_series(panel.assign(**{outcome: 0.0}), outcome=outcome, exposure=None)
    start = series.position(to_day(day, say("the directive")))
    return panel[(series.place >= start - periods) & (series.place < start + periods)]

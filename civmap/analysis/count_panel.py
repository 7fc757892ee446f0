"""Counts per period on a calendar without gaps.

A panel becomes a calendar of equal periods (months, quarters, years, weeks, days). Periods without a row or
with a null count are missing, not zero: a zero is a zero only inside a source's scope.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from civmap.errors import AnalysisError

__all__ = ["Day", "Series", "counted", "read_series", "to_day"]

Array = NDArray[np.float64]
Day = date | pd.Timestamp | str


@dataclass(frozen=True)
class Series:
    """Counts on a calendar of equal periods.

    Parameters
    ----------
    starts, ends
        First moment of each period, and of the next one.
    place
        Number of each period on a calendar without gaps.
    counts, offset
        The outcome; logarithm of the exposure.
    step, monthly
        Length of a period, in months or in days.
    notes
        What was left out.
    controls
        Other counts of the same periods, by name.
    trials
        The outcome and the count it is compared with, together; None where it stands alone.
    """

    starts: pd.DatetimeIndex
    ends: pd.DatetimeIndex
    place: NDArray[np.int64]
    counts: Array
    offset: Array
    step: int
    monthly: bool
    notes: tuple[str, ...]
    controls: tuple[tuple[str, Array], ...] = ()
    trials: Array | None = None

    @property
    def unit(self) -> str:
        """What one period is."""
        names = {1: "month", 3: "quarter", 12: "year"} if self.monthly else {1: "day", 7: "week"}
        return names.get(self.step, f"period of {self.step} {'months' if self.monthly else 'days'}")

    @property
    def per_year(self) -> float:
        """Periods in a year."""
        return (12 if self.monthly else 365.25) / self.step

    def position(self, day: pd.Timestamp) -> int:
        """Place of the period that holds the day."""
        first = self.starts[0]
        since = (day.year - first.year) * 12 + day.month - first.month if self.monthly else (day - first).days
        return int(self.place[0] + since // self.step)

    def keep(self, rows: NDArray[np.bool_]) -> "Series":
        """Leave out all other periods."""
        return replace(
            self,
            starts=self.starts[rows],
            ends=self.ends[rows],
            place=self.place[rows],
            counts=self.counts[rows],
            offset=self.offset[rows],
            controls=tuple((name, values[rows]) for name, values in self.controls),
            trials=None if self.trials is None else self.trials[rows],
        )


def to_day(value: Day, what: str) -> pd.Timestamp:
    """Read a day, without time and time zone."""
    try:
        day = pd.Timestamp(value)
    except (ValueError, TypeError) as error:
        raise AnalysisError(f"The date of {what} cannot be read.", found=repr(value)) from error
    if pd.isna(day):
        raise AnalysisError(f"The date of {what} is missing.", next_step="Give a day, such as 2009-07-02.")
    return day.tz_localize(None).normalize()


def read_series(
    panel: pd.DataFrame,
    *,
    outcome: str,
    exposure: str | None,
    controls: Sequence[str] = (),
    beside: Sequence[str] = (),
) -> Series:
    """Put a panel on a calendar of equal periods.

    Parameters
    ----------
    panel
        One row per period in time order; a column ``period`` (first day of the period) or a time index.
    outcome, exposure
        Names of columns.
    controls
        Columns of other counts; a period in which one is null is left out.
    beside
        Columns of counts that together the outcome is compared with; periods in which all are 0 say nothing and are
        left out.

    Raises
    ------
    AnalysisError
        On a panel without time, out of order, with unequal periods, with counts or exposures that cannot be.
    """
    others = [*controls, *beside]
    for name in [outcome, *([] if exposure is None else [exposure]), *others]:
        if name not in panel.columns:
            raise AnalysisError(f"The panel has no column '{name}'.", found=", ".join(map(str, panel.columns)))
    all_starts = _starts(panel)
    counts = _numbers(panel, outcome)
    known = ~np.isnan(counts)
    notes = []
    if (~known).any():
        notes.append(f"{counted((~known).sum(), 'period')} without a count (outside the source's scope) left out.")
    if not known.any():
        raise AnalysisError(
            "No period has a count.", next_step="Choose a source whose scope covers this place and time."
        )
    further = {name: _numbers(panel, name) for name in others}
    for name, values in {outcome: counts, **further}.items():
        there = values[~np.isnan(values)]
        if (there < 0).any() or np.isinf(there).any():
            raise AnalysisError(f"'{name}' holds values that are not counts.", expected="0 or more")
        gone = known & np.isnan(values)
        if gone.all() or not (known & ~gone).any():
            raise AnalysisError(
                f"No period has a count of both '{outcome}' and '{name}'.",
                next_step="Choose two sources, parties or causes whose scopes share a stretch of time.",
            )
        if gone.any():
            notes.append(f"{counted(int(gone.sum()), 'period')} without a count of '{name}' left out.")
            known &= ~gone
    place, ends, step, monthly = _calendar(all_starts)
    missing = int(place[-1]) + 1 - len(place)
    if missing:
        notes.append(f"{counted(missing, 'period')} without a row left out, not counted as zero.")
    offset = np.zeros(len(counts))
    if exposure is not None:
        amount = _numbers(panel, exposure)
        wrong = known & ~((amount > 0) & np.isfinite(amount))
        if wrong.any():
            raise AnalysisError(
                f"'{exposure}' is zero or missing in {counted(int(wrong.sum()), 'period')}, "
                f"first {all_starts[wrong][0]:%B %Y}.",
                expected="an exposure above 0 in every period with a count",
                next_step="Take a window in which it is known, or compare counts without it.",
            )
        offset[known] = np.log(amount[known])
    trials = None
    if len(beside):
        trials = counts + sum(further[name] for name in beside)
        empty = known & (trials == 0)
        if empty.any():
            notes.append(f"{counted(int(empty.sum()), 'period')} without any count on either side left out.")
            known &= ~empty
    kept = tuple((name, further[name]) for name in controls)
    return Series(all_starts, ends, place, counts, offset, step, monthly, tuple(notes), kept, trials).keep(known)


def _numbers(panel: pd.DataFrame, name: str) -> Array:
    return pd.to_numeric(panel[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _starts(panel: pd.DataFrame) -> pd.DatetimeIndex:
    periods = panel["period"] if "period" in panel.columns else panel.index
    index = pd.Index(periods)
    if isinstance(index, pd.PeriodIndex):
        starts = index.to_timestamp(how="start")
    elif "period" in panel.columns or isinstance(index, pd.DatetimeIndex):
        try:
            starts = pd.DatetimeIndex(index)
        except (ValueError, TypeError) as error:
            raise AnalysisError("The column 'period' cannot be read as dates.", found=str(index[0])) from error
    else:
        raise AnalysisError("The panel has no time.", expected="a column 'period' with the first day of each period")
    starts = starts.tz_localize(None).normalize()
    if len(starts) < 2 or starts.hasnans:
        raise AnalysisError("The panel needs at least two periods, each with a date.", found=f"{len(starts)} rows")
    if not (starts.is_monotonic_increasing and starts.is_unique):
        raise AnalysisError("The panel needs one row per period in time order.", next_step="Sum and sort it by period.")
    return starts


def _calendar(starts: pd.DatetimeIndex) -> tuple[NDArray[np.int64], pd.DatetimeIndex, int, bool]:
    """Place and end of each period, its length, and whether that is in months or in days."""
    return _calendar_of(starts.to_numpy().astype("datetime64[us]").tobytes())  # areas of one panel share theirs


@lru_cache(maxsize=64)
def _calendar_of(days: bytes) -> tuple[NDArray[np.int64], pd.DatetimeIndex, int, bool]:
    starts = pd.DatetimeIndex(np.frombuffer(days, dtype="datetime64[us]"))
    monthly = bool((starts.day == 1).all())
    count = np.asarray(starts.year * 12 + starts.month if monthly else (starts - starts[0]).days, dtype=np.int64)
    gaps = np.diff(count)
    step = int(gaps.min())
    if (gaps % step).any():
        raise AnalysisError(
            "The periods are of unequal length.",
            expected="months, quarters, years, weeks or days, the same throughout",
        )
    ends = starts + (pd.DateOffset(months=step) if monthly else pd.Timedelta(days=step))
    place = (count - count[0]) // step
    place.setflags(write=False)  # shared
    return place, pd.DatetimeIndex(ends), step, monthly


def counted(number: int, noun: str) -> str:
    """Name a number of things."""
    return f"{number} {noun}" + ("" if number == 1 else "s")

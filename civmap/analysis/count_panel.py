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

from civmap.analysis.period_words import counted
from civmap.errors import AnalysisError
from civmap.language import say, say_n

__all__ = ["Day", "Series", "counted", "read_series", "tells_gap", "to_day"]

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
        """What one period is; a code, in words by `period_words`."""
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
        if rows.all():
            return self
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
    """Read a day of an event, without time and time zone."""
    try:
        day = pd.Timestamp(value)
    except (ValueError, TypeError) as error:
        raise AnalysisError(say("The date of {event} cannot be read.", event=what), found=repr(value)) from error
    if pd.isna(day):
        raise AnalysisError(
            say("The date of {event} is missing.", event=what), next_step=say("Give a day, such as 2009-07-02.")
        )
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
            raise AnalysisError(
                say("The panel has no column '{name}'.", name=name), found=", ".join(map(str, panel.columns))
            )
    all_starts = _starts(panel)
    counts = _numbers(panel, outcome)
    known = ~np.isnan(counts)
    notes = []
    if (~known).any():
        notes.append(say_n(
            int((~known).sum()),
            "{n} period without a count (outside the source's scope) left out.",
            "{n} periods without a count (outside the source's scope) left out.",
        ))  # fmt: skip
    if not known.any():
        raise AnalysisError(
            say("No period has a count."), next_step=say("Choose a source whose scope covers this place and time.")
        )
    further = {name: _numbers(panel, name) for name in others}
    for name, values in {outcome: counts, **further}.items():
        there = values[~np.isnan(values)]
        if (there < 0).any() or np.isinf(there).any():
            raise AnalysisError(say("'{name}' holds values that are not counts.", name=name), expected=say("0 or more"))
        gone = known & np.isnan(values)
        if gone.all() or not (known & ~gone).any():
            raise AnalysisError(
                say("No period has a count of both '{first}' and '{second}'.", first=outcome, second=name),
                next_step=say("Choose two sources, parties or causes whose scopes share a stretch of time."),
            )
        if gone.any():
            notes.append(say_n(
                int(gone.sum()),
                "{n} period without a count of '{name}' left out.",
                "{n} periods without a count of '{name}' left out.",
                name=name,
            ))  # fmt: skip
            known &= ~gone
    place, ends, step, monthly = _calendar(all_starts)
    missing = int(place[-1]) + 1 - len(place)
    if missing:
        notes.append(_gap(missing))
    offset = np.zeros(len(counts))
    if exposure is not None:
        amount = _numbers(panel, exposure)
        wrong = known & ~((amount > 0) & np.isfinite(amount))
        if wrong.any():
            raise AnalysisError(
                say("'{name}' is zero or missing in {periods}, first {when:%B %Y}.", name=exposure,
                    periods=counted(int(wrong.sum()), "period"), when=all_starts[wrong][0]),
                expected=say("an exposure above 0 in every period with a count"),
                next_step=say("Take a window in which it is known, or compare counts without it."),
            )  # fmt: skip
        offset[known] = np.log(amount[known])
    trials = None
    if len(beside):
        trials = counts + sum(further[name] for name in beside)
        empty = known & (trials == 0)
        if empty.any():
            notes.append(say_n(
                int(empty.sum()),
                "{n} period without any count on either side left out.",
                "{n} periods without any count on either side left out.",
            ))  # fmt: skip
            known &= ~empty
    kept = tuple((name, further[name]) for name in controls)
    return Series(all_starts, ends, place, counts, offset, step, monthly, tuple(notes), kept, trials).keep(known)


def _numbers(panel: pd.DataFrame, name: str) -> Array:
    if panel[name].dtype == np.float64:
        return panel[name].to_numpy()
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
            raise AnalysisError(say("The column 'period' cannot be read as dates."), found=str(index[0])) from error
    else:
        raise AnalysisError(
            say("The panel has no time."), expected=say("a column 'period' with the first day of each period")
        )
    times = starts.tz_localize(None).to_numpy()
    return _days(times.tobytes(), times.dtype.str)  # areas of one panel share theirs


@lru_cache(maxsize=64)
def _days(times: bytes, kind: str) -> pd.DatetimeIndex:
    """Give the days of some moments, if these can be the first days of periods."""
    starts = pd.DatetimeIndex(np.frombuffer(times, dtype=kind)).normalize()
    if len(starts) < 2 or starts.hasnans:
        raise AnalysisError(
            say("The panel needs at least two periods, each with a date."), found=counted(len(starts), "row")
        )
    if not (starts.is_monotonic_increasing and starts.is_unique):
        raise AnalysisError(
            say("The panel needs one row per period in time order."), next_step=say("Sum and sort it by period.")
        )
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
            say("The periods are of unequal length."),
            expected=say("months, quarters, years, weeks or days, the same throughout"),
        )
    ends = starts + (pd.DateOffset(months=step) if monthly else pd.Timedelta(days=step))
    place = (count - count[0]) // step
    place.setflags(write=False)  # shared
    return place, pd.DatetimeIndex(ends), step, monthly


def tells_gap(note: str) -> bool:
    """Whether a note of a series says that periods have no row, in the language that is spoken.

    Examples
    --------
    >>> tells_gap("3 periods without a row left out, not counted as zero.")
    True
    """
    return note.lstrip("0123456789") in {_gap(number).lstrip("0123456789") for number in (1, 2)}


def _gap(number: int) -> str:
    return say_n(
        number,
        "{n} period without a row left out, not counted as zero.",
        "{n} periods without a row left out, not counted as zero.",
    )

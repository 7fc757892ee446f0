"""Values at equal steps of time, as a rank test needs them: read, put on their calendar, or refused in words."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from civmap.analysis.mann_kendall import MIN_VALUES
from civmap.errors import AnalysisError
from civmap.language import say, say_n

__all__ = ["check_season", "read_values"]

Array = NDArray[np.float64]

MIN_SEASONAL_YEARS = 3
MIN_DIFFERENT = 3  # values that are not 0; with fewer the ranks are ties and nothing else
MOST_EMPTY = 10  # steps of the calendar for each value; beyond that the times have no step in common


def read_values(series: ArrayLike) -> Array:
    """Read the values of a series, and say in words what is too little for a test.

    A pandas series with times as its index is put in the order of its times, and a step without a row becomes NaN;
    everything else is taken to stand at equal steps.

    Parameters
    ----------
    series
        Values, NaN where missing.

    Raises
    ------
    AnalysisError
        On what is no number, too short, nearly all zero or all the same.

    Examples
    --------
    >>> times = pd.DatetimeIndex(["2008-01-01", "2008-02-01", "2008-04-01", "2008-05-01", "2008-06-01"])
    >>> read_values(pd.Series([1, 2, 4, 5, 6], index=times)).tolist()
    [1.0, 2.0, nan, 4.0, 5.0, 6.0]
    """
    if isinstance(series, pd.Series) and isinstance(series.index, pd.DatetimeIndex | pd.PeriodIndex):
        series = _on_calendar(series)
    try:
        x = np.asarray(series, dtype=float)
    except (TypeError, ValueError) as error:
        raise AnalysisError(say("The series holds something that is no number."), found=str(error)) from error
    if x.ndim != 1:
        raise AnalysisError(say("A series has one value per step of time."), found=say("{n} dimensions", n=x.ndim))
    n, other = int((~np.isnan(x)).sum()), int((np.nan_to_num(x) != 0).sum())
    if np.isinf(x).any():
        raise AnalysisError(
            say("The series holds a value without end."), expected=say("finite numbers, NaN where missing")
        )
    if n < MIN_VALUES:
        raise AnalysisError(
            say("The series is too short for a test of trend."), found=say_n(n, "{n} value", "{n} values"),
            expected=say("at least {n}", n=MIN_VALUES), next_step=say("Take a longer period."),
        )  # fmt: skip
    if other < MIN_DIFFERENT:
        raise AnalysisError(
            say("The series is nearly all zero, so its ranks are ties and say nothing of a trend."),
            found=say("{other} of {n} values are not 0", other=other, n=n),
            expected=say("at least {n}", n=MIN_DIFFERENT),
            next_step=say("Take a wider area, more causes or longer periods."),
        )  # fmt: skip
    if np.ptp(x[~np.isnan(x)]) == 0:
        raise AnalysisError(say("All values of the series are the same, so there is no trend to test."))
    return x


def check_season(x: Array, season: int) -> None:
    """Refuse a season that is none, or a series of fewer than three of them."""
    n = int((~np.isnan(x)).sum())
    if not (isinstance(season, int | np.integer) and not isinstance(season, bool) and season >= 2):
        raise AnalysisError(say("A season has a whole number of at least 2 steps."), found=repr(season))
    if n < MIN_SEASONAL_YEARS * season:
        raise AnalysisError(
            say("The series is too short for a seasonal test."), found=say_n(n, "{n} value", "{n} values"),
            expected=say("{n} seasons of {values} values each", n=MIN_SEASONAL_YEARS, values=season),
            next_step=say("Take a longer period."),
        )  # fmt: skip


def _on_calendar(series: pd.Series) -> Array:
    """Give each value the place of its time; the step is the largest that all times have in common."""
    times = series.index
    assert isinstance(times, pd.DatetimeIndex | pd.PeriodIndex)
    if times.hasnans or times.has_duplicates:
        raise AnalysisError(
            say("The series has values without a time.") if times.hasnans
            else say("The series has values with the same time."),
            expected=say("one value per step of time"),
        )  # fmt: skip
    if len(times) < 2:
        return np.asarray(series, dtype=float)
    at = _ordinals(times)
    at = at - at.min()
    place = at // np.gcd.reduce(at)
    if place.max() >= MOST_EMPTY * len(place):
        raise AnalysisError(
            say("The times of the series have no step in common."),
            expected=say("values at equal steps, such as months"),
            next_step=say("Sum the values by month first."),
        )  # fmt: skip
    x = np.full(int(place.max()) + 1, np.nan)
    try:
        x[place] = series.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise AnalysisError(say("The series holds something that is no number."), found=str(error)) from error
    return x


def _ordinals(times: pd.DatetimeIndex | pd.PeriodIndex) -> NDArray[np.int64]:
    """Give each time a number: months where all of them begin or end one alike, else by the clock."""
    if isinstance(times, pd.PeriodIndex):
        return times.astype("int64").to_numpy()
    if times.is_month_end.all() or (times.day == times.day[0]).all():
        return np.asarray(12 * times.year + times.month, dtype=np.int64)
    return times.as_unit("us").astype("int64").to_numpy()

"""The columns of an interrupted time series: trend, season, directives, recording changes, context.

A panel becomes a calendar of equal periods; periods without a row or with a null count are missing, not zero.
A date takes effect with THE PERIOD THAT HOLDS IT: that period counts as after.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from civmap.analysis.count_panel import Series
from civmap.analysis.period_words import counted, unit_word, units_word
from civmap.analysis.segmented_terms import SAME, Column, capital
from civmap.errors import AnalysisError
from civmap.language import day as said_day
from civmap.language import listed, mark, say, say_in

__all__ = ["Design", "build_design", "log_counts"]

Array = NDArray[np.float64]

SAME_AS = mark("{event} says the same as {others} and is not in the model.")


@dataclass(frozen=True)
class Design:
    """The model's columns, and what could not enter it.

    Parameters
    ----------
    columns
        In the order of the matrix.
    level, slope
        Column number per date; dates that share a column share a number.
    left_out
        Terms that say the same as columns that are in, each with the numbers of those columns; no numbers
        where there were too few periods for one more term.
    notes
        What was dropped or lowered.
    """

    columns: tuple[Column, ...]
    level: tuple[int, ...]
    slope: tuple[int, ...]
    left_out: tuple[tuple[Column, tuple[int, ...]], ...]
    notes: tuple[str, ...]

    @property
    def matrix(self) -> Array:
        """Periods by columns."""
        return np.column_stack([column.values for column in self.columns])


def build_design(
    series: Series,
    *,
    at: Sequence[pd.Timestamp],
    harmonics: int,
    slope_change: bool,
    terms: Sequence[Column],
    trend: bool = True,
) -> Design:
    """Make the columns: intercept, trend, season, controls, level and slope per date, then other events if they differ.

    Parameters
    ----------
    series
        Without the periods that are not to be fitted.
    at
        Dates in time order.
    harmonics, slope_change
        As in `interrupted_time_series`.
    terms
        From `by_nearness`. At most a third as many columns as periods enter; of more, the first.
    trend
        Whether the level may drift through the whole window.
    """
    place = series.place.astype(float)
    years = (place - place.mean()) / series.per_year
    pairs, notes = _harmonics(series, harmonics)
    turn = 2 * np.pi * _season(series)
    columns = [Column("intercept", "base", np.ones(len(place)))]
    if trend:
        columns.append(Column("trend", "base", years))
    for number in range(1, pairs + 1):
        waves = (np.cos,) if 2 * number == series.per_year else (np.sin, np.cos)  # two periods a wave have no sine
        columns += [Column(f"{f.__name__} {number}", "base", f(number * turn)) for f in waves]
    for name, counts in series.controls:
        control = Column(say("the control '{name}'", name=name), "base", _centred(log_counts(counts)))
        if _twins(columns, control):
            both = [say_in("in a list", "trend"), say_in("in a list", "season")]
            notes.append(say(SAME_AS, event=capital(control.label), others=listed(both)))
        else:
            columns.append(control)
    level: list[int] = []
    slope: list[int] = []
    for day in at:
        since = place - series.position(day)
        step = Column(say("the directive of {day:%B %Y}", day=day), "directive", (since >= 0).astype(float), day)
        same = [index for index in level if np.array_equal(columns[index].values, step.values)]
        if same:
            notes.append(say(
                "{day} falls into the same {unit} as another date; the two share one step.",
                day=said_day(day), unit=unit_word(series.unit),
            ))  # fmt: skip
        level.append(same[0] if same else _append(columns, step))
        if slope_change:
            ramp = Column(step.label, "slope", np.maximum(since, 0.0), day)
            slope.append(slope[level.index(same[0])] if same else _append(columns, ramp))
    left_out: list[tuple[Column, tuple[int, ...]]] = []
    room = len(place) // 3 - len(columns)
    for column in terms:
        if np.ptp(column.values) < SAME:
            notes.append(say("{event} does not vary inside the window and is left out.", event=capital(column.label)))
        elif twins := _twins(columns, column):
            left_out.append((column, twins))
            others = dict.fromkeys(_in_list(columns[number]) for number in twins if number)
            notes.append(say(SAME_AS, event=capital(column.label), others=listed(list(others))))
        elif room <= 0:
            left_out.append((column, ()))
            notes.append(say(
                "Too few {units} to allow for {event}; it is not in the model.",
                units=units_word(series.unit), event=column.label,
            ))  # fmt: skip
        else:
            columns.append(column)
            room -= 1
    return Design(tuple(columns), tuple(level), tuple(slope), tuple(left_out), tuple(notes))


def log_counts(counts: Array) -> Array:
    """Logarithm of counts; half a count is added to all where one is 0."""
    return np.asarray(np.log(counts + 0.5 * float((counts == 0).any())))


def _append(columns: list[Column], column: Column) -> int:
    if _twins(columns, column):
        raise AnalysisError(
            say("{event} cannot be told from the trend, the season and the other directives.",
                event=capital(column.label)),
            next_step=say("Take a longer window or fewer dates."),
        )  # fmt: skip
    columns.append(column)
    return len(columns) - 1


def _twins(columns: Sequence[Column], column: Column) -> tuple[int, ...]:
    """Numbers of the columns that together say the same as the new one; none where it adds something."""
    matrix = np.column_stack([each.values for each in columns])
    shares, *_ = np.linalg.lstsq(matrix, column.values, rcond=None)
    if np.linalg.norm(column.values - matrix @ shares) > SAME * np.linalg.norm(column.values):
        return ()
    size = np.abs(shares) * np.linalg.norm(matrix, axis=0)
    return tuple(int(index) for index in np.flatnonzero(size > SAME * size.max()))


def _harmonics(series: Series, asked: int) -> tuple[int, list[str]]:
    if asked < 0 or asked != int(asked):
        raise AnalysisError(
            say("The number of harmonics has to be a whole number."), found=str(asked), expected="0, 1, 2, ..."
        )
    span = series.place[-1] - series.place[0] + 1
    if asked and span < np.floor(series.per_year):
        raise AnalysisError(
            say("The window is shorter than the season, so a seasonal swing would be taken for a change."),
            found=counted(int(span), series.unit),
            expected=say("at least a year"),
            next_step=say("Take a longer window; harmonics=0 leaves the season out knowingly."),
        )
    most = int(series.per_year / 2)
    if asked > most:
        return most, [say(
            "A {unit} is too long for {asked} seasonal waves; {most} used.",
            unit=unit_word(series.unit), asked=asked, most=most,
        )]  # fmt: skip
    if asked and span < 2 * series.per_year:
        return asked, [say("The window is shorter than two years, so season and trend are hard to tell apart.")]
    return asked, []


def _centred(values: Array) -> Array:
    return values - values.mean()


def _season(series: Series) -> Array:
    """Place of each period in the year, 0 to 1."""
    if series.monthly:
        return np.asarray(series.starts.to_numpy().astype("datetime64[M]").astype(int) % 12 / 12)
    return np.asarray(series.starts.day_of_year - 1, dtype=float) / 365.25


def _in_list(column: Column) -> str:
    """Name a column beside others; every wave is the season."""
    if column.label == "trend":
        return say_in("in a list", "trend")
    wave = column.kind == "base" and column.label[:3] in ("sin", "cos")
    return say_in("in a list", "season") if wave else column.label

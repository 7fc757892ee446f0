"""Other events as columns of an interrupted time series: changes of recording, and context."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from civmap.analysis.count_panel import Day, Series, to_day
from civmap.analysis.period_words import counted
from civmap.errors import AnalysisError
from civmap.language import mark, say

__all__ = ["Column", "Event", "Term", "by_nearness", "capital", "term_columns", "without_silence"]

Array = NDArray[np.float64]

SAME = 1e-6  # share of a column's length left after regression on others, below which it says nothing new


@dataclass(frozen=True)
class Term:
    """Something else that happened inside the window: a change of recording, or context.

    Parameters
    ----------
    label
        As it stands in the sentence, in the language that is spoken, such as ``the Raqqa campaign``.
    start, end
        Days; the end may be open.
    shape
        ``step``: from the period that holds the start on. ``ramp``: grows from start to end, then stays.
        ``pulse``: the share of each period between start and end. Without it, a recording change with an end
        is a ramp, context with an end a pulse, and anything without an end a step.
    """

    label: str
    start: Day
    end: Day | None = None
    shape: Literal["step", "ramp", "pulse"] | None = None


Event = Term | Day | tuple[Day, Day | None]


@dataclass(frozen=True)
class Column:
    """One column of the model and what it stands for."""

    label: str
    kind: str
    values: Array
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None


def term_columns(series: Series, *, recording_changes: Sequence[Event], context: Sequence[Event]) -> tuple[Column, ...]:
    """Turn other events into columns.

    Parameters
    ----------
    series
        The periods.
    recording_changes, context
        The events; a day alone begins something lasting, a pair of days is a start and an end.
    """
    kinds = [("recording change", each) for each in recording_changes] + [("context", each) for each in context]
    return tuple(_term_column(series, _named(each, kind), kind) for kind, each in kinds)


def without_silence(series: Series, terms: Sequence[Column]) -> tuple[Series, list[str]]:
    """Leave out the periods of an event during which nothing was counted.

    The effect of such an event has no finite value; leaving its periods out gives the same answer for all
    else.
    """
    keep, notes = np.ones(len(series.place), dtype=bool), []
    for term in terms:
        during = term.values > SAME
        if during.any() and not during.all() and not series.counts[during].any():
            keep &= ~during
            notes.append(say(
                "Nothing was counted during {event}; {periods} left out.",
                event=term.label, periods=counted(int(during.sum()), "period"),
            ))  # fmt: skip
    return series.keep(keep), notes


def by_nearness(terms: Sequence[Column], at: Sequence[pd.Timestamp]) -> list[Column]:
    """Sort recording changes before context, each by how near it begins or ends to a date."""

    def distance(term: Column) -> int:
        edges = [edge for edge in (term.start, term.end) if edge is not None]
        return min(abs((edge - day).days) for edge in edges for day in at)

    return sorted(terms, key=lambda term: (term.kind == "context", distance(term)))


def _named(event: Event, kind: str) -> Term:
    """Name an event that was given by its days alone."""
    if isinstance(event, Term):
        return event
    start, end = event if isinstance(event, tuple) else (event, None)
    nameless, named = (
        (say("a recording change"), mark("the recording change of {day:%B %Y}"))
        if kind == "recording change"
        else (say("an event of context"), mark("the context of {day:%B %Y}"))
    )
    return Term(say(named, day=to_day(start, nameless)), start, end)


def _term_column(series: Series, term: Term, kind: str) -> Column:
    start = to_day(term.start, term.label)
    end = None if term.end is None else to_day(term.end, term.label)
    shape = term.shape or ("step" if end is None else "ramp" if kind == "recording change" else "pulse")
    if end is not None and end < start:
        raise AnalysisError(
            say("{event} ends before it starts.", event=capital(term.label)),
            found=say("{first_day} to {last_day}", first_day=start.date().isoformat(), last_day=end.date().isoformat()),
        )
    if shape == "step":
        return Column(term.label, kind, (series.place >= series.position(start)).astype(float), start, end)
    if end is None:
        raise AnalysisError(
            say("{event} is a {shape} without an end.", event=capital(term.label), shape=shape),
            next_step=say("Give its end."),
        )
    opens, closes = (np.asarray((times - start) / pd.Timedelta(days=1)) for times in (series.starts, series.ends))
    length = (end - start).days + 1.0  # the last day belongs to it
    if shape == "pulse":
        lasting = np.clip(closes, 0, length) - np.clip(opens, 0, length)
        return Column(term.label, kind, lasting / (closes - opens), start, end)
    # mean over each period of a line from 0 to 1, so that a period half way through counts half
    area = [np.where(x > length, x - length / 2, np.maximum(x, 0) ** 2 / (2 * length)) for x in (opens, closes)]
    return Column(term.label, kind, (area[1] - area[0]) / (closes - opens), start, end)


def capital(label: str) -> str:
    """Begin a sentence with a label."""
    return label[:1].upper() + label[1:]

"""Directives, changes in recording and context on a native chart: lines from the axis up, bars above, and labels."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from civmap.exports.slide_book import EPOCH, Book
from civmap.exports.slide_chart_xml import Errors, Line, Series
from civmap.figures import theme
from civmap.figures.events import Event

LETTERS, LANES = 30, 5
LANE = 0.06  # of the plot's height
WEEK = pd.Timedelta(days=7)
WIDTH_LETTERS = 118  # labels' letters that the plot is wide
_DASHES = {"solid": "solid", "dot": "sysDot", "dash": "dash"}


def event_series(
    found: Sequence[Event], most: float, ends: tuple[float, float], book: Book
) -> tuple[list[Series], float]:
    """Make the series of events, and say up to where the value axis must reach for them.

    Labels stand in lanes above the highest value; an event whose label finds no lane keeps its line, and every event
    is named in the notes of its slide.

    Parameters
    ----------
    found
        From `civmap.figures.events.events_within`.
    most
        The highest value drawn.
    ends
        First and last day of the axis, as days of a spreadsheet.
    """
    dated = [event for event in found if event.kind != "context"]
    spans = [event for event in found if event.kind == "context"]
    lanes = _lanes(dated, ends)
    used = max([0, *(lane + 1 for lane in lanes if lane is not None)]) + (1 if spans else 0)
    top = most / max(1 - LANE * (used + 0.3), 0.4) if found else most
    step = top * LANE
    colours, drawn = theme.palette("light"), []
    if spans:
        at = book.add(_spans(spans, most + 0.4 * step))
        style = theme.EVENTS["context"]
        drawn.append(Series(style.name, at["day"], at["height"], Line(colours.shade, 5, opacity=0.5)))
    for kind in ("directive", "recording"):
        style = theme.EVENTS[kind]
        chosen = [k for k, event in enumerate(dated) if event.kind == kind]
        if not chosen:
            continue
        base = most + (step if spans else 0.0)
        heights = [base + step * (0.2 if lanes[k] is None else (lanes[k] or 0) + 0.2) for k in chosen]
        at = book.add(_frame([dated[k] for k in chosen], heights))
        line = Line(colours.event, style.width * 0.75, _DASHES[style.dash])
        labels = [_short(dated[k].label) if lanes[k] is not None else "" for k in chosen]
        drawn.append(Series(style.name, at["day"], at["height"], None, ("dash", 2, colours.event, colours.event),
                            [Errors("y", [0.0] * len(chosen), heights, line)], labels, "r"))  # fmt: skip
    return drawn, top


def _frame(found: Sequence[Event], heights: Sequence[float]) -> pd.DataFrame:
    return pd.DataFrame({
        "day": pd.to_datetime([event.start for event in found]), "height": list(heights),
        "event": [event.label for event in found],
    })  # fmt: skip


def _spans(found: Sequence[Event], height: float) -> pd.DataFrame:
    """Give two days to each event, and a row without a height after them, where the line is broken."""
    rows = [
        (day, high, event.label)
        for event in found
        for day, high in ((event.start, height), (max(event.end, event.start + WEEK), height), (event.end, None))
    ]
    return pd.DataFrame(rows, columns=["day", "height", "event"]).astype({"day": "datetime64[us]", "height": "float64"})


def _lanes(found: Sequence[Event], ends: tuple[float, float]) -> list[int | None]:
    """Give each label the highest lane in which it meets no other; none where all are taken or it leaves the plot."""
    letter = (ends[1] - ends[0]) / WIDTH_LETTERS
    free = [ends[0]] * LANES
    lanes: list[int | None] = []
    for event in found:
        day = float((event.start - EPOCH).days)
        width = (len(_short(event.label)) + 2) * letter
        fits = [lane for lane in range(LANES) if free[lane] <= day]
        if not fits or day + width > ends[1] + 6 * letter:
            lanes.append(None)
            continue
        lane = fits[0]
        free[lane] = day + width
        lanes.append(lane)
    return lanes


def _short(label: str) -> str:
    return label if len(label) <= LETTERS else label[: LETTERS - 1].rstrip() + "\u2026"

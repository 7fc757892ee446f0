"""Directives, changes in recording and context on a native chart: lines from the axis up, bars above, and labels."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from civmap.exports.slide_book import EPOCH, Book
from civmap.exports.slide_chart_xml import Line, Series
from civmap.figures import theme
from civmap.figures.events import Event
from civmap.language import say

LETTERS, LANES = 30, 8
LANE = 0.042  # of the plot's height
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
        name = say("{kind} (lying)", kind=say(theme.EVENTS["context"].name))
        drawn.append(Series(name, at["day"], at["height"], Line(colours.shade, 5, opacity=0.5)))
    for kind in ("directive", "recording"):
        style = theme.EVENTS[kind]
        chosen = [k for k, event in enumerate(dated) if event.kind == kind]
        if not chosen:
            continue
        base = most + (step if spans else 0.0)
        heights = [base if (lane := lanes[k]) is None else base + step * (lane + 0.6) for k in chosen]
        at = book.add(_upright([dated[k] for k in chosen], heights))
        labels = [text for k in chosen for text in ("", "" if lanes[k] is None else _short(dated[k]), "")]
        drawn.append(Series(say("{kind} (upright)", kind=say(style.name)), at["day"], at["height"],
                            Line(colours.event, style.width * 0.75, _DASHES[style.dash]),
                            labels=labels, label_at="r"))  # fmt: skip
    return drawn, top


def _upright(found: Sequence[Event], heights: Sequence[float]) -> pd.DataFrame:
    """Give each event a line up from the axis."""
    return _broken([(event.label, (event.start, 0.0), (event.start, high))
                    for event, high in zip(found, heights, strict=True)])  # fmt: skip


def _spans(found: Sequence[Event], height: float) -> pd.DataFrame:
    """Give each event a lying line, of a week at least."""
    return _broken([(event.label, (event.start, height), (max(event.end, event.start + WEEK), height))
                    for event in found])  # fmt: skip


def _broken(lines: Sequence[tuple[str, tuple[pd.Timestamp, float], tuple[pd.Timestamp, float]]]) -> pd.DataFrame:
    """Give two points to each line, and a row without a height after them, where it is broken."""
    rows = [(day, high, label) for label, start, end in lines for day, high in (start, end, (end[0], None))]
    return pd.DataFrame(rows, columns=["day", "height", "event"]).astype({"day": "datetime64[us]", "height": "float64"})


def _lanes(found: Sequence[Event], ends: tuple[float, float]) -> list[int | None]:
    """Give each label a lane above every later line that it would meet, or else one in which it meets no label.

    A label that leaves the plot, or finds no such lane, has none.
    """
    letter = (ends[1] - ends[0]) / WIDTH_LETTERS
    days = [float((event.start - EPOCH).days) for event in found]
    lanes: list[int | None] = [None] * len(found)
    for k in reversed(range(len(found))):
        reach = days[k] + (len(_short(found[k])) + 2) * letter
        later = zip(days[k + 1 :], lanes[k + 1 :], strict=True)
        met = {lane for day, lane in later if day <= reach and lane is not None}
        above = max(met, default=-1) + 1
        if reach <= ends[1] + 6 * letter:
            lanes[k] = next((lane for lane in (above, *range(LANES)) if lane < LANES and lane not in met), None)
    return lanes


def _short(event: Event) -> str:
    label = event.label
    if event.kind == "directive":  # its month is enough
        before, _, after = say("{month} directive", month="\0").partition("\0")
        label = label.removeprefix(before).removesuffix(after)
    return label if len(label) <= LETTERS else label[: LETTERS - 1].rstrip() + "\u2026"

"""Directives, changes in recording and context on a time axis: lines, shades, bars, and labels that do not collide."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from civmap.errors import CivMapError
from civmap.figures import theme
from civmap.figures.part import Part
from civmap.language import say

LANE_HEIGHT = 16  # pixels
MAX_LANES = 7
BAR_HEIGHT = 15  # pixels of a bar of context
MAX_BARS = 6
PLOT_WIDTH = 640  # pixels; the plot of a 1366-pixel laptop at 200 %, so that nothing collides on a wider one either
LETTER = 5.2  # mean width of a letter at the small size
LINE_LETTERS = 115  # of small text across the plot
LABEL_LETTERS, CROWDED_LETTERS, CROWD = 44, 28, 6  # letters of a label, and where more than so many events stand


@dataclass(frozen=True)
class Event:
    """One event, clipped to the months on the axis."""

    kind: str
    label: str
    start: pd.Timestamp
    end: pd.Timestamp


def events_within(frame: pd.DataFrame | None, first: pd.Timestamp, last: pd.Timestamp) -> list[Event]:
    """Read an events frame, keeping what touches the axis; an open end runs to its edge.

    Examples
    --------
    >>> frame = pd.DataFrame({"kind": ["context"], "label": ["Surge"], "start": ["2009-12-01"], "end": [None]})
    >>> events_within(frame, pd.Timestamp("2010-01-01"), pd.Timestamp("2011-01-01"))[0].start
    Timestamp('2010-01-01 00:00:00')
    """
    if frame is None or frame.empty:
        return []
    unknown = sorted(set(frame["kind"]) - set(theme.EVENTS))
    if unknown:
        raise CivMapError(say("An event is of no known kind."), found=", ".join(map(str, unknown)),
                          expected=", ".join(theme.EVENTS))  # fmt: skip
    found = []
    starts, ends = pd.to_datetime(frame["start"]), pd.to_datetime(frame["end"])
    for kind, label, start, stop in zip(frame["kind"], frame["label"], starts, ends, strict=True):
        if pd.isna(start):
            continue
        end = start if kind == "directive" else last if pd.isna(stop) else max(stop, start)
        if start <= last and end >= first:
            found.append(Event(kind, str(label), max(start, first), min(end, last)))
    return sorted(found, key=lambda event: event.start)


def bars(events: Iterable[Event]) -> list[tuple[Event, int]]:
    """Give each event of context a lane of its own bar, from the top; what overlaps lies in another lane."""
    ends: list[pd.Timestamp] = []
    placed = []
    for event in (event for event in events if event.kind == "context"):
        lane = next((k for k, end in enumerate(ends) if end < event.start), len(ends))
        if lane == MAX_BARS:  # no room: into the lane that is free first
            lane = ends.index(min(ends))
        if lane == len(ends):
            ends.append(event.end)
        ends[lane] = max(event.end, ends[lane])
        placed.append((event, lane))
    return placed


def shapes(
    events: list[Event],
    mode: theme.Mode,
    *,
    xref: str = "x",
    yref: str = "y domain",
    scale: float = 1.0,
    bar: float = 0.05,
) -> list[dict[str, Any]]:
    """Draw events as plotly shapes: a solid line, a pale shade between dotted lines, a bar along the top.

    `bar` is the height of a bar as a share of the plot; with a `scale` below 1, all bars share one lane.
    """
    colours = theme.palette(mode)
    drawn: list[dict[str, Any]] = []
    place: dict[str, Any] = {"xref": xref, "yref": yref, "layer": "below"}
    for event in (event for event in events if event.kind != "context"):
        style = theme.EVENTS[event.kind]
        start, end = _day(event.start), _day(event.end)
        whole = {**place, "y0": 0, "y1": 1}
        if style.shade and end > start:
            drawn.append({"type": "rect", "x0": start, "x1": end, "line": {"width": 0},
                          "fillcolor": theme.rgba(colours.shade, style.shade), **whole})  # fmt: skip
        line = {"color": theme.rgba(colours.event, 1 if scale == 1 else 0.45), "width": style.width * scale,
                "dash": style.dash}  # fmt: skip
        edges = (start,) if event.kind == "directive" or start == end else (start, end)
        drawn += [{"type": "line", "x0": day, "x1": day, "line": line, **whole} for day in edges]
    fill = theme.rgba(colours.shade, theme.EVENTS["context"].shade)
    for event, lane in bars(events):
        top = 1 - bar * (lane if scale == 1 else 0)
        seen = max(event.end, event.start + pd.Timedelta(days=10))  # a day of context would be invisible
        drawn.append({"type": "rect", "x0": _day(event.start), "x1": _day(seen), "y0": top - 0.85 * bar, "y1": top,
                      "fillcolor": fill, "line": {"width": 0}, **place})  # fmt: skip
    return drawn


def provisional(
    part: Part, last: pd.Timestamp, mode: theme.Mode, *, xref: str = "x", yref: str = "y domain"
) -> list[dict[str, Any]]:
    """Shade the periods for which reports are still coming in, from ``encoding["provisional"]`` to the end."""
    start = part.encoding.get("provisional")
    if not start or pd.Timestamp(start) > last:
        return []
    colours = theme.palette(mode)
    begins, ends = pd.Timestamp(start) - pd.Timedelta(days=15), last + pd.Timedelta(days=31)
    return [{"type": "rect", "x0": _day(begins), "x1": _day(ends), "y0": 0, "y1": 1, "layer": "below", "xref": xref,
             "yref": yref, "line": {"width": 0}, "fillcolor": theme.rgba(colours.counterfactual, 0.22)}]  # fmt: skip


def provisional_legend(part: Part, last: pd.Timestamp, mode: theme.Mode) -> list[dict[str, Any]]:
    """Make the legend entry of the shaded tail, where there is one."""
    if not provisional(part, last, mode):
        return []
    marker = {"symbol": "square", "size": 13, "color": theme.rgba(theme.palette(mode).counterfactual, 0.3)}
    return [{"type": "scatter", "x": [None], "y": [None], "name": say("Provisional: reports still come in"),
             "mode": "markers", "marker": marker, "hoverinfo": "skip", "legendrank": 1900}]  # fmt: skip


def bar_texts(
    events: list[Event], first: pd.Timestamp, last: pd.Timestamp, mode: theme.Mode, *, bar: float
) -> list[dict[str, Any]]:
    """Write into each bar of context its name, or where it is too short the number under which `key` names it."""
    number = {event: str(k) for k, event in enumerate(_nameless(events, first, last), start=1)}
    return [{
        "x": _day(event.start), "xref": "x", "y": 1 - bar * (lane + 0.43), "yref": "y domain", "xanchor": "left",
        "yanchor": "middle", "showarrow": False, "text": html.escape(number.get(event, event.label), quote=False),
        "hovertext": html.escape(event.label, quote=False), "borderpad": 0,
        "font": {"size": theme.SIZE_SMALL - 1, "color": theme.palette(mode).text},
    } for event, lane in bars(events)]  # fmt: skip


def key(events: list[Event], first: pd.Timestamp, last: pd.Timestamp) -> list[str]:
    """Name the bars that are too short for their names, as lines of text for under the plot."""
    named = [f"{k} {event.label}" for k, event in enumerate(_nameless(events, first, last), start=1)]
    lines: list[str] = []
    for one in named:
        if lines and len(lines[-1]) + len(one) < LINE_LETTERS:
            lines[-1] += f" \u00b7 {one}"
        else:
            lines.append(one)
    return lines


def _nameless(events: list[Event], first: pd.Timestamp, last: pd.Timestamp) -> list[Event]:
    span = max((last - first).total_seconds(), 1.0)
    widths = {event: PLOT_WIDTH * (event.end - event.start).total_seconds() / span for event, _ in bars(events)}
    return [event for event, width in widths.items() if len(event.label) * LETTER + 4 > width]


def legend_traces(events: Iterable[Event], mode: theme.Mode) -> list[dict[str, Any]]:
    """Make one legend entry per kind of event that is drawn."""
    colours = theme.palette(mode)
    kinds = {event.kind for event in events}
    traces = []
    for kind, style in theme.EVENTS.items():
        if kind not in kinds:
            continue
        fill = theme.rgba(colours.shade, max(style.shade, 0.2))
        marker: dict[str, Any] = {"symbol": "square", "size": 13, "color": fill,
                                  "line": {"color": theme.rgba(colours.shade, 0.5), "width": 1}}  # fmt: skip
        if not style.shade:  # upright, as on the plot; a lying line would read as one of the series
            marker = {"symbol": "line-ns", "size": 14, "line": {"color": colours.event, "width": style.width}}
        trace = {"type": "scatter", "x": [None], "y": [None], "name": say(style.name), "hoverinfo": "skip",
                 "legendrank": 2000, "mode": "markers", "marker": marker}  # fmt: skip
        if style.shade and style.width:
            line = {"color": colours.event, "width": style.width, "dash": style.dash}
            trace |= {"mode": "lines+markers", "line": line}
        traces.append(trace)
    return traces


@dataclass(frozen=True)
class _Spot:
    """Where a label stands: its lane, the pixel of its event, its ends, and which end holds on to the event."""

    event: Event
    lane: int
    anchor: float
    left: float
    right: float
    side: str


def labels(
    events: list[Event], first: pd.Timestamp, last: pd.Timestamp, mode: theme.Mode
) -> tuple[list[dict[str, Any]], int, list[Event]]:
    """Place labels above the plot in lanes, so that neither texts nor their leaders cross.

    Where room is short, directives keep their labels before changes in recording. Context has its names in its bars.

    Returns
    -------
    annotations, lanes, left_out
        Plotly annotations, how many lanes they fill, and the events for whose label there was no room.
    """
    colours = theme.palette(mode)
    letters = LABEL_LETTERS if len([event for event in events if event.kind != "context"]) <= CROWD else CROWDED_LETTERS
    spots: list[_Spot] = []
    left_out: list[Event] = []
    labelled = [event for event in events if event.kind != "context"]
    for event in sorted(labelled, key=lambda event: (list(theme.EVENTS).index(event.kind), event.start)):
        tried = _pack([*(spot.event for spot in spots), event], first, last, letters)
        if tried is None:
            left_out.append(event)
        else:
            spots = tried
    annotations = [
        {"x": _day(spot.event.start), "xref": "x", "y": 1, "yref": "y domain", "ax": 0,
         "ay": -LANE_HEIGHT * (spot.lane + 0.6), "text": html.escape(_short(spot.event.label, letters), quote=False),
         "hovertext": html.escape(spot.event.label, quote=False), "showarrow": True, "arrowhead": 0,
         "arrowwidth": 0.7, "arrowcolor": colours.muted, "standoff": 0, "xanchor": spot.side, "yanchor": "middle",
         "align": "left", "borderpad": 1, "font": {"size": theme.SIZE_SMALL, "color": colours.text
                                                   if spot.event.kind == "directive" else colours.muted}}
        for spot in spots
    ]  # fmt: skip
    return annotations, 1 + max((spot.lane for spot in spots), default=-1), left_out


def _pack(events: list[Event], first: pd.Timestamp, last: pd.Timestamp, letters: int) -> list[_Spot] | None:
    """Give every label the lowest lane that is free, from right to left, or none if one finds no room."""
    span = max((last - first).total_seconds(), 1.0)
    spots: list[_Spot] = []
    for event in sorted(events, key=lambda event: event.start, reverse=True):
        anchor = PLOT_WIDTH * (event.start - first).total_seconds() / span
        width = len(_short(event.label, letters)) * LETTER + 8
        sides = [("left", anchor - 3, anchor + width), ("right", anchor - width, anchor + 3)]
        spot = next((
            found for side, left, right in sides for lane in range(MAX_LANES)
            if left >= -40 and right <= PLOT_WIDTH + 20
            and _free(spots, found := _Spot(event, lane, anchor, left, right, side))
        ), None)  # fmt: skip
        if spot is None:
            return None
        spots.append(spot)
    return spots


def _free(spots: list[_Spot], new: _Spot) -> bool:
    for old in spots:
        if old.lane == new.lane and new.left < old.right and old.left < new.right:
            return False
        if old.lane < new.lane and old.left + 4 < new.anchor < old.right - 4:  # own leader would cross a lower label
            return False
        if old.lane > new.lane and new.left + 4 < old.anchor < new.right - 4:  # a higher leader would cross this one
            return False
    return True


def _short(label: str, letters: int) -> str:
    return label if len(label) <= letters else label[: letters - 1].rstrip(" ,;:") + "…"


def _day(moment: pd.Timestamp) -> str:
    return moment.strftime("%Y-%m-%d")

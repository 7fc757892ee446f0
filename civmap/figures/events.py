"""Directives, changes in recording and context on a time axis: lines, shades, and labels that do not collide."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from civmap.errors import CivMapError
from civmap.figures import theme

LANE_HEIGHT = 16  # pixels
MAX_LANES = 6
PLOT_WIDTH = 860  # pixels; the content column of a 1366-pixel laptop without its axis
LETTER = 5.9  # mean width of a letter at the small size
LABEL_LETTERS = 40


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
        raise CivMapError("An event is of no known kind.", found=", ".join(map(str, unknown)),
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


def shapes(
    events: Iterable[Event], mode: theme.Mode, *, xref: str = "x", yref: str = "y domain"
) -> list[dict[str, Any]]:
    """Draw events as plotly shapes: a solid line, a shade between dotted lines, a pale shade."""
    colours = theme.palette(mode)
    drawn: list[dict[str, Any]] = []
    for event in events:
        style = theme.EVENTS[event.kind]
        place = {"xref": xref, "yref": yref, "y0": 0, "y1": 1, "layer": "below"}
        start, end = _day(event.start), _day(event.end)
        if style.shade:
            drawn.append({"type": "rect", "x0": start, "x1": end, "line": {"width": 0},
                          "fillcolor": theme.rgba(colours.shade, style.shade), **place})  # fmt: skip
        line = {"color": colours.event, "width": style.width, "dash": style.dash}
        edges = () if not style.width else (start,) if event.kind == "directive" or start == end else (start, end)
        drawn += [{"type": "line", "x0": day, "x1": day, "line": line, **place} for day in edges]
        if event.kind == "context" and (event.end - event.start).days < 10:  # a day of context would be invisible
            drawn.append({"type": "line", "x0": start, "x1": start, **place,
                          "line": {"color": theme.rgba(colours.shade, 0.35), "width": 3}})  # fmt: skip
    return drawn


def legend_traces(events: Iterable[Event], mode: theme.Mode) -> list[go.Scatter]:
    """Make one legend entry per kind of event that is drawn."""
    colours = theme.palette(mode)
    kinds = {event.kind for event in events}
    traces = []
    for kind, style in theme.EVENTS.items():
        if kind not in kinds:
            continue
        line = {"color": colours.event, "width": style.width, "dash": style.dash}
        marker = {"symbol": "square", "size": 13, "color": theme.rgba(colours.shade, style.shade * 1.6),
                  "line": {"color": theme.rgba(colours.shade, 0.5), "width": 1}}  # fmt: skip
        traces.append(go.Scatter(
            x=[None], y=[None], name=style.name, hoverinfo="skip", legendrank=2000,
            **({"mode": "markers", "marker": marker} if not style.width else
               {"mode": "lines", "line": line} if not style.shade else
               {"mode": "lines+markers", "line": line, "marker": marker}),
        ))  # fmt: skip
    return traces


def labels(
    events: list[Event], first: pd.Timestamp, last: pd.Timestamp, mode: theme.Mode
) -> tuple[list[dict[str, Any]], int, list[Event]]:
    """Place labels above the plot in lanes, so that neither texts nor their leaders cross.

    Returns
    -------
    annotations, lanes, left_out
        Plotly annotations, how many lanes they fill, and the events for whose label there was no room.
    """
    colours = theme.palette(mode)
    span = max((last - first).total_seconds(), 1.0)
    order = sorted(events, key=lambda event: (list(theme.EVENTS).index(event.kind), -event.start.value))
    placed: list[tuple[int, float, float, float]] = []  # lane, anchor, left, right
    annotations: list[dict[str, Any]] = []
    left_out: list[Event] = []
    for event in order:
        anchor = PLOT_WIDTH * (event.start - first).total_seconds() / span
        text = _short(event.label)
        width = len(text) * LETTER + 8
        sides = [(anchor - 3, anchor + width), (anchor - width, anchor + 3)]
        spots = [(lane, left, right) for lane in range(MAX_LANES) for left, right in sides
                 if left >= -40 and right <= PLOT_WIDTH + 20 and _free(placed, lane, anchor, left, right)]  # fmt: skip
        if not spots:
            left_out.append(event)
            continue
        lane, left, right = spots[0]
        placed.append((lane, anchor, left, right))
        annotations.append({
            "x": _day(event.start), "xref": "x", "y": 1, "yref": "y domain", "ax": 0, "ay": -LANE_HEIGHT * (lane + 0.6),
            "text": html.escape(text, quote=False), "hovertext": html.escape(event.label, quote=False),
            "showarrow": True, "arrowhead": 0, "arrowwidth": 0.7, "arrowcolor": colours.muted, "standoff": 0,
            "xanchor": "left" if left == anchor - 3 else "right", "yanchor": "middle", "align": "left", "borderpad": 1,
            "font": {"size": theme.SIZE_SMALL, "color": colours.text if event.kind == "directive" else colours.muted},
        })  # fmt: skip
    return annotations, 1 + max((spot[0] for spot in placed), default=-1), left_out


def _free(placed: list[tuple[int, float, float, float]], lane: int, anchor: float, left: float, right: float) -> bool:
    for other, mark, start, end in placed:
        overlap = left < end and start < right
        if other == lane and overlap:
            return False
        if other < lane and start - 3 < anchor < end + 3:  # own leader would cross a lower label
            return False
        if other > lane and left - 3 < mark < right + 3:  # a higher label's leader would cross this one
            return False
    return True


def _short(label: str) -> str:
    return label if len(label) <= LABEL_LETTERS else label[: LABEL_LETTERS - 1].rstrip(" ,;:") + "…"


def _day(moment: pd.Timestamp) -> str:
    return moment.strftime("%Y-%m-%d")

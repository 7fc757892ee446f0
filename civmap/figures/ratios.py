"""Ratios with their intervals on a logarithmic scale: as rows, and as small panels of many readings of one question.

Half and double lie equally far from no change, which is a dashed line. What is told apart by a group differs in the
shape and fill of its mark, not in hue alone.
"""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import pandas as pd

from civmap.figures import theme
from civmap.figures.axes import Drawing, numbers
from civmap.figures.part import Part
from civmap.language import say, write

ROW, PANEL = 26, 250  # pixels
MOST_PANELS = 6
WIDEST = 50.0  # times; an axis beyond it would squeeze everything near no change
SYMBOLS = ("circle", "circle-open", "diamond", "square-open", "triangle-up")
TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
LETTERS = 46  # of a row's name before it is broken


def ratio_bars(part: Part, mode: theme.Mode) -> Drawing | None:
    """Draw one row for each ratio; the first row is the result, the others are what lies beside it."""
    frame = part.frames["bars"]
    if frame.empty:
        return None
    rows = np.arange(len(frame))
    span = _span(frame)
    traces = _marks(frame, rows, span, mode, groups=_groups(part), upright=False)
    texts = [_broken(str(text)) for text in frame["reading"]]
    lines = 1 + max(text.count("<br>") for text in texts)
    top = 34 + (22 if part.encoding.get("subtitle") else 0)
    legend = len({*frame.get("group", pd.Series([""]))}) > 1
    bottom = 62 + (24 if legend else 0)
    height = top + bottom + max(ROW, 15 * lines) * max(len(frame), 2)
    name = str(part.encoding.get("value_name", say("times the level projected")))
    title = _plain(say("Ratio ({name}), logarithmic scale", name=name))
    return traces, {
        "height": height, "margin": {"l": 40, "r": 20, "t": top, "b": bottom}, "hovermode": "closest",
        "xaxis": {**_axis(span), "title": {"text": title}, "showgrid": True},
        "yaxis": {"range": [len(frame) - 0.5, -0.5], "tickvals": rows.tolist(), "ticktext": texts, "showgrid": False,
                  "zeroline": False, "ticks": ""},
        "shapes": [_no_change(mode, upright=True)],
        "annotations": [*_sides(mode), *_without(frame, rows, mode)],
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "xanchor": "left",
                   "itemclick": False, "itemdoubleclick": False},
        "showlegend": legend,
    }  # fmt: skip


def ratio_panels(part: Part, mode: theme.Mode) -> Drawing | None:
    """Draw many readings side by side, a panel for each ``panel``, on one scale; by date where they have a ``period``.

    ``encoding["marked"]`` draws one more line, ``marked_name``: a ratio to hold them against.
    """
    frame = part.frames["bars"]
    if frame.empty:
        return None
    panels = list(dict.fromkeys(frame["panel"]))[:MOST_PANELS]
    frame = frame[frame["panel"].isin(panels)]
    span = _span(frame)
    top = 30 + (22 if part.encoding.get("subtitle") else 0)
    dated = "period" in frame
    layout: dict[str, Any] = {
        "height": top + PANEL + 78, "margin": {"l": 56, "r": 12, "t": top, "b": 78}, "hovermode": "closest",
        "shapes": [], "annotations": [],
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "xanchor": "left",
                   "itemclick": False, "itemdoubleclick": False},
    }  # fmt: skip
    traces: list[dict[str, Any]] = []
    named: set[str] = set()
    several = "group" in frame and frame["group"].nunique() > 1
    marked = part.encoding.get("marked")
    result = {"color": theme.palette(mode).counterfactual, "width": 1.6}
    for k, panel in enumerate(panels):
        one, suffix = frame[frame["panel"] == panel], "" if k == 0 else str(k + 1)
        place = pd.to_datetime(one["period"]) if dated else pd.Series(np.arange(len(one)), index=one.index)
        traces += [
            {**trace, "xaxis": f"x{suffix}", "yaxis": f"y{suffix}",
             "showlegend": several and trace["name"] not in named}
            for trace in _marks(one, place, span, mode, groups=_groups(part), upright=True)
        ]  # fmt: skip
        named |= {trace["name"] for trace in traces}
        gap = 0.015
        layout[f"xaxis{suffix}"] = {
            "domain": [k / len(panels) + (gap if k else 0), (k + 1) / len(panels)], "anchor": f"y{suffix}",
            "zeroline": False, "showgrid": False,
            **({"type": "date"} if dated else {"showticklabels": False, "ticks": "", "range": [-0.8, len(one) - 0.2]}),
        }  # fmt: skip
        layout[f"yaxis{suffix}"] = {
            **_axis(span), "anchor": f"x{suffix}", "showticklabels": k == 0, "showgrid": True,
            **({"title": {"text": say("Ratio, logarithmic scale")}} if k == 0 else {}),
        }  # fmt: skip
        layout["shapes"].append(_no_change(mode, upright=False, suffix=suffix))
        if marked is not None:
            layout["shapes"].append({**_no_change(mode, upright=False, suffix=suffix), "y0": marked, "y1": marked,
                                     "line": result, "name": "Marked"})  # fmt: skip
        layout["annotations"].append({
            "text": _plain(str(panel)), "xref": f"x{suffix} domain", "yref": f"y{suffix} domain", "x": 0, "y": 1,
            "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": theme.SIZE_SMALL},
        })  # fmt: skip
    if marked is not None:  # the line itself is a shape, which has no place in a legend
        name = _plain(str(part.encoding.get("marked_name", say("the result"))))
        traces.append({"type": "scatter", "x": [None], "y": [None], "mode": "lines", "line": result, "name": name,
                       "hoverinfo": "skip", "showlegend": True})  # fmt: skip
    return traces, layout


def _marks(
    frame: pd.DataFrame, place: Any, span: tuple[float, float], mode: theme.Mode, *, groups: list[str], upright: bool
) -> list[Any]:
    """Make one trace for each group: marks with whiskers that end at the edge of the plot."""
    colours = theme.palette(mode)
    of = frame["group"] if "group" in frame else pd.Series("", index=frame.index)
    place = pd.Series(place, index=frame.index)
    traces = []
    for k, group in enumerate(groups):
        one = frame[(of == group) & frame["value"].notna()]
        value, low, high = (one[name].to_numpy(dtype="float64") for name in ("value", "low", "high"))
        shown = np.clip(value, *span)
        colour = colours.value if k == 0 else colours.muted if k == 1 else colours.counterfactual
        low_end, high_end = (np.clip(np.nan_to_num(ends, nan=1.0, posinf=span[1]), *span) for ends in (low, high))
        error = {
            "type": "data", "symmetric": False, "thickness": 1.6, "width": 0 if len(frame) > 12 and upright else 4,
            "color": colour, "array": np.maximum(high_end - shown, 0).tolist(),
            "arrayminus": np.maximum(shown - low_end, 0).tolist(),
        }  # fmt: skip
        at = place[one.index]
        axis = at.dt.strftime("%Y-%m-%d").tolist() if pd.api.types.is_datetime64_any_dtype(at) else numbers(at)
        hover = [
            _plain(str(text)) + "<br>" + say("{value:.2f} ({low:.2f} to {high:.2f})", value=v, low=a, high=b)
            for text, v, a, b in zip(one["reading"], value, low, high, strict=True)
        ]
        traces.append({
            "type": "scatter", "x": axis if upright else shown.tolist(), "y": shown.tolist() if upright else axis,
            "mode": "markers", "name": _plain(str(group)), "showlegend": bool(group), "text": hover,
            "hovertemplate": "%{text}<extra></extra>", f"error_{'y' if upright else 'x'}": error,
            "marker": {"size": 8 if len(frame) <= 30 else 6, "color": colour, "symbol": SYMBOLS[k % len(SYMBOLS)],
                       "line": {"width": 1.4, "color": colour}},
        })  # fmt: skip
    return traces


def _groups(part: Part) -> list[str]:
    """List the groups in the order in which they take their marks, the same in every panel."""
    frame = part.frames["bars"]
    found = list(dict.fromkeys(frame["group"])) if "group" in frame else [""]
    return list(part.encoding.get("groups", found))


def _span(frame: pd.DataFrame) -> tuple[float, float]:
    """Find ends that hold all intervals, symmetric around no change, between double and `WIDEST`."""
    ends = frame[["value", "low", "high"]].to_numpy(dtype="float64").ravel()
    ends = ends[np.isfinite(ends) & (ends > 0)]
    far = float(np.exp(np.abs(np.log(ends)).max())) if len(ends) else 2.0
    edge = min(max(1.1 * far, 2.2), WIDEST)
    return 1 / edge, edge


def _axis(span: tuple[float, float]) -> dict[str, Any]:
    low, high = np.log10(span)
    ticks = [tick for tick in TICKS if span[0] <= tick <= span[1]]
    return {"type": "log", "range": [float(low), float(high)], "tickvals": ticks, "zeroline": False,
            "ticktext": [write(tick, "g") for tick in ticks]}  # fmt: skip


def _no_change(mode: theme.Mode, *, upright: bool, suffix: str = "") -> dict[str, Any]:
    line = {"color": theme.palette(mode).event, "width": 1, "dash": "dash"}
    across = {"x0": 1, "x1": 1, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain"}
    along = {"x0": 0, "x1": 1, "xref": f"x{suffix} domain", "y0": 1, "y1": 1, "yref": f"y{suffix}"}
    return {"type": "line", "layer": "above", "line": line, "name": "No change", **(across if upright else along)}


def _sides(mode: theme.Mode) -> list[dict[str, Any]]:
    """Say on which side of no change fewer and more lie."""
    said = {"text": "", "yref": "y domain", "y": 1, "yanchor": "bottom", "xref": "x", "x": 0, "showarrow": False,
            "font": {"size": theme.SIZE_SMALL, "color": theme.palette(mode).muted}}  # fmt: skip
    return [
        {**said, "text": "\u2190 " + say("fewer") + "  ", "xanchor": "right"},
        {**said, "text": "  " + say("more") + " \u2192", "xanchor": "left"},
    ]


def _without(frame: pd.DataFrame, rows: Any, mode: theme.Mode) -> list[dict[str, Any]]:
    """Say where a row has no answer."""
    return [
        {"text": say("no answer"), "xref": "x domain", "x": 0.01, "xanchor": "left", "yref": "y", "y": float(row),
         "showarrow": False, "font": {"size": theme.SIZE_SMALL, "color": theme.palette(mode).muted}}
        for row, known in zip(rows, frame["value"].notna(), strict=True) if not known
    ]  # fmt: skip


def _broken(text: str) -> str:
    words, lines = text.split(" "), [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) >= LETTERS:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(_plain(line) for line in lines)


def _plain(text: str) -> str:
    """Keep text from being read as markup or as a template of plotly."""
    return html.escape(text, quote=False).replace("%{", "% {")

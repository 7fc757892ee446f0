"""Charts on screen: a finished Part in, a plotly figure out. Nothing is fetched and nothing is computed anew."""

from __future__ import annotations

import html
import textwrap
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from civmap.errors import CivMapError
from civmap.figures import events as marks
from civmap.figures import theme
from civmap.figures.axes import Drawing, Months, closed_bands, months, numbers
from civmap.figures.panels import small_multiples
from civmap.figures.part import Part
from civmap.figures.ratios import ratio_bars, ratio_panels
from civmap.language import mark, say

LEGEND_ROW, LINE = 20, 14  # pixels
OTHERS = mark("Other events (hover)")
KINDS = ("series", "small_multiples", "interval_bars", "ratio_bars", "ratio_panels")


def chart(part: Part, *, mode: theme.Mode = "light", synthetic: bool = False) -> go.Figure:
    """Draw a part of kind series, small_multiples, interval_bars, ratio_bars or ratio_panels.

    The title is left to the page; ``part.encoding["subtitle"]`` (n and period) is drawn small. Show it with
    ``st.plotly_chart(figure, theme=None, config=theme.config())``.

    Parameters
    ----------
    part
        What to draw; its frames are not changed.
    mode
        Colours for a light or a dark page.
    synthetic
        Write SYNTHETIC DATA into the picture.

    Returns
    -------
    Figure
        With the height it needs; an empty part gives a figure that says so.

    Raises
    ------
    CivMapError
        The part is no chart.

    Examples
    --------
    >>> frame = pd.DataFrame({"period": ["2016-01-01", "2016-02-01"], "value": [3, None], "low": None, "high": None})
    >>> part = Part("series", "Harm", {"series": frame}, "two months", {"unit": "incidents", "value_name": "Recorded"})
    >>> chart(part).data[0].y
    (3, None)
    """
    if part.kind not in KINDS:
        raise CivMapError(say("This part cannot be drawn as a chart."), found=part.kind, expected=", ".join(KINDS))
    colours = theme.palette(mode)
    drawing = {
        "series": _series,
        "small_multiples": small_multiples,
        "interval_bars": _interval_bars,
        "ratio_bars": ratio_bars,
        "ratio_panels": ratio_panels,
    }[part.kind](part, mode)
    traces, layout = drawing or _empty(mode)
    notes = layout.setdefault("annotations", [])
    if part.encoding.get("subtitle") and traces:
        lines = textwrap.wrap(str(part.encoding["subtitle"]), marks.LINE_LETTERS, break_on_hyphens=False)
        more = LINE * (len(lines) - 1)
        notes.append({
            "text": "<br>".join(html.escape(line, quote=False) for line in lines), "xref": "paper", "x": 0,
            "xanchor": "left", "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": layout["margin"]["t"] - 22,
            "showarrow": False, "align": "left", "font": {"size": theme.SIZE_SMALL, "color": colours.muted},
        })  # fmt: skip
        layout["margin"]["t"] += more
        layout["height"] += more
    if synthetic:
        notes.append({
            "text": say(theme.SYNTHETIC), "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False,
            "textangle": -12, "font": {"size": 46, "color": theme.rgba(colours.watermark, 0.3), "weight": 700},
        })  # fmt: skip
    layout |= {"separators": theme.separators(), "template": theme.layout(mode)}
    # Checking every property of 34 panels would take ten times as long as drawing them; the tests check them instead.
    return go.Figure(data=traces, layout=layout, _validate=False)


def _empty(mode: theme.Mode) -> Drawing:
    hidden = {"visible": False, "range": [0, 1]}
    note = {"text": say(theme.EMPTY), "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False,
            "yshift": 40, "font": {"size": theme.SIZE_TITLE, "color": theme.palette(mode).muted}}  # fmt: skip
    margin = {"t": 10, "b": 10, "l": 10, "r": 10}
    return [], {"xaxis": hidden, "yaxis": hidden, "height": 220, "margin": margin, "annotations": [note]}


def _series(part: Part, mode: theme.Mode) -> Drawing | None:
    frame = part.frames["series"]
    if frame.empty:
        return None
    axis, colours, unit = months(frame["period"]), theme.palette(mode), str(part.encoding.get("unit", ""))
    name = str(part.encoding.get("value_name", say("Recorded")))
    value = numbers(frame["value"])
    whole = all(isinstance(one, int) for one in value if one is not None)  # a rate has decimals, and its own steps
    form = "," if whole else ",.3~r"
    line = {
        "type": "scatter", "x": axis.text, "y": value, "name": _plain(name), "mode": "lines+markers",
        "connectgaps": False, "line": {"color": colours.value, "width": 2}, "showlegend": True, "legendrank": 1,
        "marker": {"size": 4, "color": colours.value}, "hovertemplate": f"%{{y:{form}}} {_plain(unit)}<extra></extra>",
    }  # fmt: skip
    traces: list[dict[str, Any]] = [line]
    traces += _band(axis, frame, "low", "high", str(part.encoding.get("band_name", say("Lowest to highest"))),
                    theme.rgba(colours.value, 0.22), rank=2)  # fmt: skip
    shown = [value, numbers(frame["high"]) if "high" in frame else []]
    model = part.frames.get("model")
    if model is not None and len(model):
        drawn, lines = _model(model, part, mode)
        traces, shown = traces + drawn, shown + lines
    found = marks.events_within(part.frames.get("events"), axis.first, axis.last)
    notes, lanes, left_out = marks.labels(found, axis.first, axis.last, mode)
    traces += _hidden_labels(left_out, mode) if left_out else []
    traces += marks.legend_traces(found, mode) + marks.provisional_legend(part, axis.last, mode)
    top = 14 + (22 if part.encoding.get("subtitle") else 0) + lanes * marks.LANE_HEIGHT
    per_row = max(int(marks.PLOT_WIDTH // (50 + 6.2 * max(len(trace["name"]) for trace in traces))), 1)
    key = marks.key(found, axis.first, axis.last)
    bottom = 66 + LEGEND_ROW * -(-len(traces) // per_row) + LINE * len(key)
    ceiling = max((number for column in shown for number in column if number is not None), default=0)
    bars = 1 + max((lane for _, lane in marks.bars(found)), default=-1)
    plot = 290 + bars * marks.BAR_HEIGHT
    bar = marks.BAR_HEIGHT / plot
    notes += marks.bar_texts(found, axis.first, axis.last, mode, bar=bar)
    notes += [{
        "text": "<br>".join(_plain(line) for line in key), "xref": "paper", "x": 0, "xanchor": "left", "yref": "paper",
        "y": 0, "yanchor": "top", "yshift": -54, "showarrow": False, "align": "left",
        "font": {"size": theme.SIZE_SMALL, "color": theme.palette(mode).text},
    }] if key else []  # fmt: skip
    most = ceiling * 1.06 / (1 - bars * bar) or 1  # the bars lie above the highest value
    return traces, {
        "height": plot + top + bottom, "margin": {"l": 64, "r": 24, "t": top, "b": bottom}, "hovermode": "x unified",
        "xaxis": {"type": "date", "range": axis.range, "hoverformat": axis.hover,
                  "title": {"text": say(mark("Month") if axis.monthly else mark("Date"))}},
        "yaxis": {"range": [0, most], "title": {"text": _axis(name, unit)}, "tickformat": form,
                  **({"dtick": 1} if whole and ceiling <= 4 else {})},
        "shapes": [*marks.provisional(part, axis.last, mode), *marks.shapes(found, mode, bar=bar)],
        "annotations": notes,
        "legend": {"orientation": "h", "yref": "container", "y": 0.0, "yanchor": "bottom", "x": 0, "xanchor": "left",
                   "itemclick": False, "itemdoubleclick": False},
    }  # fmt: skip


def _model(model: pd.DataFrame, part: Part, mode: theme.Mode) -> tuple[list[dict[str, Any]], list[list[Any]]]:
    """Draw what was fitted and what would have been; the band may be cut, but never the lines."""
    axis, colours, unit = months(model["period"]), theme.palette(mode), _plain(str(part.encoding.get("unit", "")))
    fitted, other = numbers(model["fitted"]), numbers(model["counterfactual"])
    name = str(part.encoding.get("counterfactual_name", say("Expected without a change")))
    bands = _band(axis, model, "counterfactual_low", "counterfactual_high",
                  str(part.encoding.get("counterfactual_band_name", say("Its interval"))),
                  theme.rgba(colours.counterfactual, 0.16), rank=5)  # fmt: skip
    lines = [
        {"type": "scatter", "x": axis.text, "y": [None if v is None else round(v, 2) for v in y], "name": _plain(label),
         "mode": "lines", "connectgaps": False, "line": line, "legendrank": rank,
         "hovertemplate": f"%{{y:,.1f}} {unit}<extra>%{{fullData.name}}</extra>"}
        for y, label, rank, line in (
            (fitted, str(part.encoding.get("fitted_name", say("Model"))), 3, {"color": colours.fitted, "width": 1.3}),
            (other, name, 4, {"color": colours.counterfactual, "width": 2, "dash": "dash"}),
        )
        if any(v is not None for v in y)
    ]  # fmt: skip
    highest = max((v for y in (fitted, other) for v in y if v is not None), default=0.0)
    upper = max((v for band in bands for v in band["y"] if v is not None), default=0.0)
    return [*bands, *lines], [fitted, other, [min(upper, 3 * highest)]]


def _band(
    axis: Months, frame: pd.DataFrame, low: str, high: str, name: str, colour: str, *, rank: int
) -> list[dict[str, Any]]:
    if low not in frame or high not in frame:
        return []
    lows, highs = numbers(frame[low]), numbers(frame[high])
    x, y = closed_bands(axis.text, lows, highs)
    if not x or lows == highs:
        return []
    return [{
        "type": "scatter", "x": x, "y": y, "name": _plain(name), "mode": "lines", "fill": "toself", "legendrank": rank,
        "fillcolor": colour, "hoverinfo": "skip", "line": {"width": 1, "color": colour}, "connectgaps": False,
    }]  # fmt: skip


def _hidden_labels(left_out: list[marks.Event], mode: theme.Mode) -> list[dict[str, Any]]:
    """Put small triangles where a label found no room; the text shows on hovering."""
    return [{
        "type": "scatter", "x": [event.start.strftime("%Y-%m-%d") for event in left_out], "y": [0] * len(left_out),
        "mode": "markers", "marker": {"symbol": "triangle-up", "size": 8, "color": theme.palette(mode).muted},
        "name": say(OTHERS), "text": [_plain(event.label) for event in left_out], "cliponaxis": False,
        "hovertemplate": "%{text}<extra></extra>",
    }]  # fmt: skip


def _interval_bars(part: Part, mode: theme.Mode) -> Drawing | None:
    frame = part.frames["bars"]
    if frame.empty:
        return None
    colours, unit = theme.palette(mode), str(part.encoding.get("unit", ""))
    value, low, high = (
        np.array([np.nan if v is None else v for v in numbers(frame[column], infinite=True)], dtype=float)
        for column in ("value", "low", "high")
    )
    reference = part.encoding.get("reference")
    ends = np.concatenate([value, low, high, [] if reference is None else [float(reference)]])
    finite = ends[np.isfinite(ends)]
    least, most = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
    pad = 0.05 * (most - least) or max(abs(most) * 0.1, 1)
    span = [least - pad, most + pad]
    # an interval without an end runs to the edge of the plot; one without a number is no whisker
    right = np.where(np.isnan(high), value, np.minimum(high, span[1]))
    left = np.where(np.isnan(low), value, np.maximum(low, span[0]))
    known = np.isfinite(value)
    rows = list(range(len(frame)))
    texts = [html.escape(str(label), quote=False) for label in frame["label"]]
    hover = [f"{text}<br>{theme.number(v)} ({theme.interval(a, b)}) {_plain(unit)}"
             for text, v, a, b in zip(texts, value, low, high, strict=True)]  # fmt: skip
    bars = {
        "type": "scatter", "x": [float(v) if k else None for v, k in zip(value, known, strict=True)], "y": rows,
        "mode": "markers", "marker": {"size": 9, "color": colours.value}, "text": hover, "showlegend": False,
        "hovertemplate": "%{text}<extra></extra>", "name": "Estimate and interval",
        "error_x": {"type": "data", "symmetric": False, "thickness": 1.8, "width": 4, "color": colours.value,
                    "array": [float(e) if k else None for e, k in zip(right - value, known, strict=True)],
                    "arrayminus": [float(e) if k else None for e, k in zip(value - left, known, strict=True)]},
    }  # fmt: skip
    endless = [(edge, row, symbol) for ends_, edge, symbol in ((low, span[0], "triangle-left"), (high, span[1],
               "triangle-right")) for row in rows if np.isinf(ends_[row]) and known[row]]  # fmt: skip
    tips = {
        "type": "scatter", "x": [tip[0] for tip in endless], "y": [tip[1] for tip in endless], "mode": "markers",
        "marker": {"size": 11, "symbol": [tip[2] for tip in endless], "color": colours.value}, "cliponaxis": False,
        "hoverinfo": "skip", "showlegend": False, "name": "No limit",
    }  # fmt: skip
    notes = [{"x": 0, "xref": "x domain", "y": row, "yref": "y", "text": say("no estimate"), "showarrow": False,
              "xanchor": "left", "font": {"size": theme.SIZE_SMALL, "color": colours.muted}}
             for row, k in zip(rows, known, strict=True) if not k]  # fmt: skip
    line = {"type": "line", "x0": reference, "x1": reference, "y0": 0, "y1": 1, "yref": "y domain", "layer": "above",
            "line": {"color": colours.event, "width": 1, "dash": "dash"}, "name": "Reference"}  # fmt: skip
    top = 10 + (22 if part.encoding.get("subtitle") else 0)
    return [bars, *([tips] if endless else [])], {
        "height": top + 58 + 30 * max(len(rows), 2), "margin": {"l": 40, "r": 24, "t": top, "b": 56},
        "xaxis": {"range": span, "title": {"text": _axis(str(part.encoding.get("value_name", "")), unit)},
                  "showgrid": True, "zeroline": False},
        "yaxis": {"range": [len(rows) - 0.5, -0.5], "tickvals": rows, "ticktext": texts, "showgrid": False,
                  "zeroline": False, "ticks": ""},
        "annotations": notes, "shapes": [] if reference is None else [line],
    }  # fmt: skip


def _axis(name: str, unit: str) -> str:
    return html.escape(f"{name} ({unit})" if name and unit and unit not in name.casefold() else name or unit,
                       quote=False)  # fmt: skip


def _plain(text: str) -> str:
    """Keep text from being read as markup or as a template of plotly."""
    return html.escape(text, quote=False).replace("%{", "% {")

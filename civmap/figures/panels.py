"""Small multiples: one small panel per province on a shared time axis."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd

from civmap.figures import events as marks
from civmap.figures import theme
from civmap.figures.axes import Drawing, Months, closed_bands, months, numbers
from civmap.figures.part import Part
from civmap.language import mark, say, say_n

COLUMNS, MOST_PANELS = 6, 40
ROW, GAP, TITLE = 108, 34, 14  # pixels: row pitch, of it the gap that holds the next panel's title
WIDTH_GAP = 0.022


def small_multiples(part: Part, mode: theme.Mode) -> Drawing | None:
    """Draw up to 40 panels, on one scale (``encoding["shared"]``, the default) or each on its own.

    Panels stand in the order of the frame; those beyond the fortieth are left out, and the picture says so.
    """
    frame = part.frames["series"]
    if frame.empty:
        return None
    whole = months(frame["period"])
    every = list(dict.fromkeys(frame["panel"]))
    panels = every[:MOST_PANELS]
    colours, unit = theme.palette(mode), str(part.encoding.get("unit", ""))
    shared = bool(part.encoding.get("shared", True))
    columns = min(COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    top = 62  # the subtitle, the scale, and the first panels' titles
    bottom, plot_height = 58, rows * ROW - GAP + TITLE
    found = marks.events_within(part.frames.get("events"), whole.first, whole.last)
    layout: dict[str, Any] = {
        "height": top + plot_height + bottom, "margin": {"l": 46, "r": 10, "t": top, "b": bottom},
        "shapes": [], "annotations": [], "hovermode": "closest",
        "legend": {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "xanchor": "left",
                   "itemclick": False, "itemdoubleclick": False},
    }  # fmt: skip
    traces: list[dict[str, Any]] = []
    groups = dict(list(frame.groupby("panel", sort=False)))
    ceiling = _ceiling(frame)
    years = _years(whole)
    for k, panel in enumerate(panels):
        one, row, column = groups[panel], k // columns, k % columns
        suffix = "" if k == 0 else str(k + 1)
        y_top = 1 - row * ROW / plot_height
        x_left = column * (1 + WIDTH_GAP) / columns
        most = ceiling if shared else _ceiling(one)
        below = k + columns >= len(panels)
        layout[f"xaxis{suffix}"] = {
            "domain": [x_left, x_left + (1 + WIDTH_GAP) / columns - WIDTH_GAP], "anchor": f"y{suffix}", "type": "date",
            "range": whole.range, "fixedrange": True, "showticklabels": below, **years, "hoverformat": whole.hover,
        }  # fmt: skip
        layout[f"yaxis{suffix}"] = {
            "domain": [max(y_top - (ROW - GAP) / plot_height, 0), y_top], "anchor": f"x{suffix}", "fixedrange": True,
            "range": [0, most * 1.15], "tickvals": [0, most], "ticktext": ["0", theme.number(most)], "ticks": "",
            "showticklabels": not shared or column == 0, "tickfont": {"size": theme.SIZE_SMALL - 1},
        }  # fmt: skip
        layout["annotations"].append({
            "text": html.escape(_short(str(panel)), quote=False), "xref": f"x{suffix} domain",
            "yref": f"y{suffix} domain", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom", "showarrow": False,
            "font": {"size": theme.SIZE_SMALL},
        })  # fmt: skip
        layout["shapes"] += marks.provisional(part, whole.last, mode, xref=f"x{suffix}", yref=f"y{suffix} domain")
        layout["shapes"] += marks.shapes(found, mode, xref=f"x{suffix}", yref=f"y{suffix} domain", scale=0.6, bar=0.07)
        traces += _panel(one, str(panel), suffix, colours, part, first=k == 0)
    scale = mark("{unit} (one scale)") if shared else mark("{unit} (each panel on its own scale)")
    said = [say(scale, unit=unit[:1].upper() + unit[1:])]
    if unknown := len(every) - len(panels):
        said.append(say_n(unknown, "{n} more panel is not drawn", "{n} more panels are not drawn"))
    layout["annotations"].append({
        "text": html.escape("; ".join(said), quote=False),
        "xref": "paper", "yref": "paper", "x": 0, "y": 1, "yshift": top - 38, "yanchor": "bottom", "xanchor": "left",
        "showarrow": False, "font": {"size": theme.SIZE_SMALL, "color": colours.muted},
    })  # fmt: skip
    return [*traces, *marks.legend_traces(found, mode), *marks.provisional_legend(part, whole.last, mode)], layout


def _panel(
    frame: pd.DataFrame, name: str, suffix: str, colours: theme.Palette, part: Part, *, first: bool
) -> list[dict[str, Any]]:
    axis = months(frame["period"])
    value = numbers(frame["value"])
    where = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}
    alone = [v is not None and _gap(value, k - 1) and _gap(value, k + 1) for k, v in enumerate(value)]
    dots = {"mode": "lines+markers", "marker": {"size": [4 if a else 0 for a in alone], "color": colours.value}}
    hover = say("{label}: {value}", label="%{x}", value="%{y:,}")
    line = {
        "type": "scatter", "x": axis.text, "y": value, **(dots if any(alone) else {"mode": "lines"}),
        "line": {"color": colours.value, "width": 1.2}, "connectgaps": False, "showlegend": first,
        "name": html.escape(str(part.encoding.get("value_name", say("Recorded"))) if first else name, quote=False),
        "text": html.escape(name, quote=False), "hovertemplate": f"%{{text}}<br>{hover}<extra></extra>", **where,
    }  # fmt: skip
    if "low" not in frame or "high" not in frame:
        return [line]
    low, high = numbers(frame["low"]), numbers(frame["high"])
    x, y = closed_bands(axis.text, low, high)
    if low == high or not x:
        return [line]
    colour = theme.rgba(colours.value, 0.25)
    return [line, {
        "type": "scatter", "x": x, "y": y, "mode": "lines", "fill": "toself", "fillcolor": colour,
        "line": {"width": 0.5, "color": colour}, "hoverinfo": "skip", "showlegend": first, **where,
        "name": html.escape(str(part.encoding.get("band_name", say("Lowest to highest"))), quote=False),
    }]  # fmt: skip


def _gap(values: list[Any], k: int) -> bool:
    return not 0 <= k < len(values) or values[k] is None


def _ceiling(frame: pd.DataFrame) -> float:
    drawn = [v for column in ("value", "high") if column in frame for v in numbers(frame[column]) if v is not None]
    return max(drawn, default=0) or 1


def _years(axis: Months) -> dict[str, Any]:
    """Name at most three years under a panel, in two digits only where they must be short."""
    first, last = axis.first.year + (axis.first.month > 1), axis.last.year
    step = max(1, -(-(last - first + 1) // 3))
    years = list(range(first, last + 1, step)) or [axis.first.year]
    return {"tickvals": [f"{year}-01" for year in years], "ticktext": [str(year) for year in years],
            "tickfont": {"size": theme.SIZE_SMALL - 1}, "ticklen": 3, "tickangle": 0}  # fmt: skip


def _short(name: str) -> str:
    return name if len(name) <= 26 else name[:25].rstrip() + "…"

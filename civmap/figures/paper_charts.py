"""Charts on paper: the very figure of the screen, drawn by matplotlib, so that a report needs no browser and no script.

Only what the charts of this package use of plotly is read: scatter traces, axes, shapes, annotations and the legend.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator, NullLocator

from civmap.errors import CivMapError
from civmap.figures import charts, theme
from civmap.figures.paper_axes import Written, dates, keep_inside
from civmap.figures.paper_marks import DASHES, MARKERS, colour, handle, points, values
from civmap.figures.paper_texts import axis_title, plain, tick_label, unlabelled, whole_names
from civmap.figures.part import Part
from civmap.language import say, write

WIDTH = 960  # pixels of the figure on paper, 96 to the inch
LETTER = 6.4  # pixels of a letter of a tick label, at most on average
LINE = 17  # pixels of a small line


def draw_chart(part: Part, *, synthetic: bool = False, head_in: float = 0.0, foot_in: float = 0.0) -> Figure:
    """Draw a chart part as it is on screen, on white.

    Parameters
    ----------
    part
        Of one of `civmap.figures.charts.KINDS`.
    synthetic
        Write SYNTHETIC DATA into the picture.
    head_in, foot_in
        Inches left free above and below for texts.

    Raises
    ------
    CivMapError
        The part is no chart, or its figure holds something that is not drawn on paper.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"period": ["2016-01-01", "2016-02-01"], "value": [3, None], "low": None, "high": None})
    >>> part = Part("series", "Harm", {"series": frame}, "two months", {"unit": "incidents", "value_name": "Recorded"})
    >>> draw_chart(part).axes[0].get_ylabel()
    'Recorded (incidents)'
    """
    drawn = charts.chart(part, synthetic=synthetic).to_plotly_json()
    drawn["layout"].pop("template", None)
    layout, margin = drawn["layout"], drawn["layout"]["margin"]
    if part.kind == "small_multiples":
        whole_names(layout, part, WIDTH - 70)
    told = unlabelled(drawn["data"])
    foot = 96 * foot_in + LINE * len(told)
    layout["height"] += 96 * head_in + foot
    layout["margin"] = {**margin, "t": margin["t"] + 96 * head_in, "b": margin["b"] + foot}
    paper = _Paper(drawn["data"], layout, foot=foot)
    for k, line in enumerate(told):
        paper.line(line, foot - LINE * k)
    return paper.figure


class _Paper:
    """One figure while it is drawn; pixels of plotly are points of a 96th of an inch here."""

    def __init__(self, traces: list[dict[str, Any]], layout: dict[str, Any], *, foot: float = 0.0) -> None:
        self.layout, self.height, self.foot = layout, float(layout["height"]), foot
        margin = layout["margin"]
        upright = [layout[key] for key in layout if _is(key, "yaxis")]
        titles = [axis_title(axis, self.height - margin["t"] - margin["b"]).count("\n") for axis in upright]
        left = max(margin["l"], *map(self._labels, upright)) + 18 * max(titles)
        self.box = (left, self.height - margin["b"], WIDTH - margin["r"], margin["t"])  # left, bottom, right, top
        self.figure = Figure(figsize=(WIDTH / 96, self.height / 96), facecolor=theme.palette("light").background)
        self.axes: dict[str, Axes] = {}
        for key in (key for key in layout if _is(key, "xaxis")):
            self._axes(key.removeprefix("xaxis"))
        for trace in traces:
            self._trace(trace)
        for shape in layout.get("shapes", ()):
            self._shape(shape)
        for note in layout.get("annotations", ()):
            self._note(note)
        self._legend(traces)

    def line(self, text: str, above: float) -> None:
        """Write a small line, its upper edge so many pixels above the lower edge of the picture."""
        self.figure.text(self.box[0] / WIDTH, above / self.height, text, va="top",
                         fontsize=points(theme.SIZE_SMALL), color=theme.palette("light").text)  # fmt: skip

    @staticmethod
    def _labels(axis: dict[str, Any]) -> float:
        """Give the pixels that the widest given tick label needs."""
        texts = [line for text in axis.get("ticktext", ()) for line in tick_label(text).split("\n")]
        return 18 + LETTER * max(map(len, texts), default=0)

    def _axes(self, suffix: str) -> None:
        x, y = self.layout[f"xaxis{suffix}"], self.layout[f"yaxis{suffix}"]
        left, bottom, right, top = self.box
        (x0, x1), (y0, y1) = x.get("domain", (0, 1)), y.get("domain", (0, 1))
        wide, high = right - left, bottom - top
        axes = self.figure.add_axes((
            (left + x0 * wide) / WIDTH, 1 - (bottom - y0 * high) / self.height, (x1 - x0) * wide / WIDTH,
            (y1 - y0) * high / self.height,
        ))  # fmt: skip
        self.axes[suffix] = axes
        colours = theme.palette("light")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(colours.muted)
        axes.tick_params(colors=colours.muted, labelsize=points(theme.SIZE_BODY - 1), length=3, width=0.6)
        axes.set_axisbelow(True)
        for one, which in ((x, axes.xaxis), (y, axes.yaxis)):
            if one.get("visible") is False:
                which.set_visible(False)
                axes.spines["bottom"].set_visible(False)
            self._scale(one, which, axes)

    def _scale(self, one: dict[str, Any], which: Any, axes: Axes) -> None:
        across = which is axes.xaxis
        set_scale, set_limits = (axes.set_xscale, axes.set_xlim) if across else (axes.set_yscale, axes.set_ylim)
        if one.get("type") == "log":
            set_scale("log")
            which.set_minor_locator(NullLocator())
        if one.get("type") == "date":
            axes.xaxis_date()
            dates(which, values(one["range"]) if "range" in one else None)
        elif one.get("tickformat") == ",":
            which.set_major_formatter(lambda value, _: write(value, ",.6g"))
        elif one.get("type") != "log":
            which.set_major_formatter(Written())
        if "range" in one:
            set_limits(*(10.0**v if one.get("type") == "log" else v for v in values(one["range"])))
        if "tickvals" in one:
            texts = [tick_label(text) for text in one.get("ticktext", one["tickvals"])]
            which.set_ticks(values(one["tickvals"]), labels=texts)
            if one.get("type") == "date":
                keep_inside(which)
        elif "dtick" in one:
            which.set_major_locator(MultipleLocator(one["dtick"]))
        if one.get("tickfont"):
            which.set_tick_params(labelsize=points(one["tickfont"]["size"]))
        if one.get("showticklabels") is False:
            which.set_tick_params(labelleft=False, labelbottom=False)
        if one.get("ticks") == "":
            which.set_tick_params(length=0)
        if one.get("showgrid", not across):
            axes.grid(True, axis="x" if across else "y", color=theme.palette("light").grid, linewidth=0.7)
        left, bottom, right, top = self.box
        if title := axis_title(one, right - left if across else bottom - top):
            which.set_label_text(title, fontsize=points(theme.SIZE_BODY), color=theme.palette("light").text)

    def _trace(self, trace: dict[str, Any]) -> None:
        if trace["type"] != "scatter":
            raise CivMapError(say("This chart cannot be drawn on paper."), found=trace["type"])
        axes = self.axes[trace.get("xaxis", "x").removeprefix("x")]
        x, y = values(trace["x"]), values(trace["y"])
        if not np.isfinite(y).any():
            return
        if trace.get("fill") == "toself":
            gaps = np.flatnonzero(~np.isfinite(y))
            for piece in np.split(np.arange(len(y)), gaps):
                inside = piece[np.isfinite(y[piece])]
                axes.fill(x[inside], y[inside], **colour(trace["fillcolor"]), linewidth=0, zorder=2)
            return
        line, marker = trace.get("line", {}), trace.get("marker", {})
        for which in ("error_x", "error_y"):
            if which in trace:
                self._whiskers(axes, x, y, trace[which], across=which == "error_x")
        if "lines" in trace["mode"]:
            axes.plot(x, y, color=line["color"], linewidth=points(line["width"]), zorder=3.0,
                      linestyle=DASHES[line.get("dash", "solid")])  # fmt: skip
        if "markers" in trace["mode"]:
            size = np.broadcast_to(np.asarray(marker["size"], dtype=float), x.shape)
            open_ = "open" in str(marker.get("symbol", ""))
            symbols = np.broadcast_to(np.asarray(marker.get("symbol", "circle"), dtype=object), x.shape)
            for symbol in dict.fromkeys(symbols):
                chosen = (symbols == symbol) & (size > 0) & np.isfinite(y)
                axes.scatter(x[chosen], y[chosen], s=points(size[chosen]) ** 2, marker=MARKERS[symbol],
                             facecolors="white" if open_ else marker["color"], edgecolors=marker["color"],
                             linewidths=1 if open_ else 0.5, zorder=4,
                             clip_on=trace.get("cliponaxis", True))  # fmt: skip

    @staticmethod
    def _whiskers(axes: Axes, x: Any, y: Any, error: dict[str, Any], *, across: bool) -> None:
        more, less = (np.nan_to_num(values(error[key])) for key in ("array", "arrayminus"))
        known = np.isfinite(x) & np.isfinite(y)
        lengths = np.array([less, more])[:, known]
        ends: dict[str, Any] = {"xerr" if across else "yerr": lengths}
        axes.errorbar(x[known], y[known], **ends, fmt="none", ecolor=error["color"],
                      elinewidth=points(error["thickness"]), capsize=points(error["width"]), zorder=3)  # fmt: skip

    def _shape(self, shape: dict[str, Any]) -> None:
        axes, place = self._place(shape)
        (x0, x1), (y0, y1) = values([shape["x0"], shape["x1"]]), values([shape["y0"], shape["y1"]])
        below = 1.5 if shape.get("layer") == "below" else 3.5
        if shape["type"] == "rect":
            axes.fill([x0, x1, x1, x0], [y0, y0, y1, y1], transform=place, **colour(shape["fillcolor"]), linewidth=0,
                      zorder=1)  # fmt: skip
            return
        line = shape["line"]
        axes.plot([x0, x1], [y0, y1], transform=place, linewidth=points(line["width"]), zorder=below,
                  linestyle=DASHES[line.get("dash", "solid")], scalex=False, scaley=False,
                  **colour(line["color"]))  # fmt: skip

    def _place(self, item: dict[str, Any]) -> tuple[Axes, Any]:
        """Find the axes of a shape and the coordinates it is given in."""
        xref, yref = item.get("xref", "x"), item.get("yref", "y")
        axes = self.axes[(xref if xref != "paper" else yref).split(" ")[0][1:] if "paper" not in (xref, yref) else ""]
        if "domain" in xref:
            return axes, axes.transAxes if "domain" in yref else axes.get_yaxis_transform()
        return axes, axes.get_xaxis_transform() if "domain" in yref else axes.transData

    def _pixel(self, value: Any, ref: str, *, across: bool) -> float:
        """Give the pixel of a coordinate, from the left or from the top."""
        left, bottom, right, top = self.box
        if ref == "paper":
            return left + value * (right - left) if across else bottom - value * (bottom - top)
        axes = self.axes[ref.split(" ")[0][1:]]
        one = float(values([value])[0])
        if "domain" not in ref and self.layout[f"{'x' if across else 'y'}axis{ref[1:]}"].get("type") == "log":
            one = 10.0**one  # plotly gives notes on a logarithmic axis as powers
        pair = (one, 0.0) if across else (0.0, one)
        if "domain" in ref:
            spot = axes.transAxes.transform(pair)
        else:
            spot = (axes.get_xaxis_transform() if across else axes.get_yaxis_transform()).transform(pair)
        scale = 96 / self.figure.dpi
        return float(spot[0] * scale if across else self.height - spot[1] * scale)

    def _note(self, note: dict[str, Any]) -> None:
        x = self._pixel(note["x"], note.get("xref", "paper"), across=True) + note.get("xshift", 0)
        y = self._pixel(note["y"], note.get("yref", "paper"), across=False) - note.get("yshift", 0)
        font = dict(note.get("font", {}))
        if note["text"] == say(theme.SYNTHETIC):  # slanting, within the picture even of a single bar
            font["size"] = min(font["size"], (self.box[1] - self.box[3]) / 2.4)
        own = colour(font.get("color", theme.palette("light").text))
        if note.get("showarrow"):
            stop = y + note["ay"]
            self.figure.add_artist(Line2D([x / WIDTH] * 2, [1 - y / self.height, 1 - stop / self.height],
                                          color=note["arrowcolor"], linewidth=0.5))  # fmt: skip
            y = stop
        across = {"left": "left", "right": "right", "center": "center", "auto": "center"}[note.get("xanchor", "auto")]
        upright = {"top": "top", "bottom": "bottom", "middle": "center", "auto": "center"}[note.get("yanchor", "auto")]
        self.figure.text(x / WIDTH, 1 - y / self.height, plain(note["text"]), ha=across, va=upright, linespacing=1.25,
                         fontsize=points(font.get("size", theme.SIZE_BODY)), rotation=-note.get("textangle", 0),
                         fontweight="bold" if font.get("weight", 400) > 500 else "normal", **own)  # fmt: skip

    def _legend(self, traces: list[dict[str, Any]]) -> None:
        shown = [trace for trace in traces if trace.get("showlegend", len(traces) > 1) and trace.get("name")]
        if not shown or self.layout.get("showlegend") is False:
            return
        shown.sort(key=lambda trace: trace.get("legendrank", 1000))
        self.figure.legend(
            handles=[handle(trace) for trace in shown], labels=[plain(trace["name"]) for trace in shown],
            loc="lower left", ncols=min(len(shown), max(int(120 // max(len(t["name"]) + 9 for t in shown)), 1)),
            bbox_to_anchor=(self.box[0] / WIDTH - 0.01, self.foot / self.height), frameon=False,
            handlelength=1.6, columnspacing=1.4, fontsize=points(theme.SIZE_BODY - 1),
            labelcolor=theme.palette("light").text,
        )  # fmt: skip


def _is(key: str, axis: str) -> bool:
    return bool(re.fullmatch(rf"{axis}\d*", key))

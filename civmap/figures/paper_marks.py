"""What plotly's words mean to matplotlib: numbers, sizes, colours, lines and marks."""

from __future__ import annotations

import re
from typing import Any

import matplotlib.dates as mdates
import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

DASHES: dict[str, Any] = {"solid": "-", "dot": (0, (1, 2)), "dash": (0, (5, 3))}
MARKERS = {"circle": "o", "circle-open": "o", "diamond": "D", "square": "s", "square-open": "s", "triangle-up": "^",
           "triangle-left": "<", "triangle-right": ">", "line-ns": "|"}  # fmt: skip


def values(items: Any) -> Any:
    """Turn what plotly takes into numbers; days become matplotlib's, unknown becomes NaN."""
    if any(isinstance(item, str) for item in items):
        stamps = np.array(["NaT" if item is None else str(item)[:10] for item in items], dtype="datetime64[D]")
        return np.where(np.isnat(stamps), np.nan, mdates.date2num(stamps))
    return np.array([np.nan if item is None else item for item in items], dtype=float)


def points(pixels: Any) -> Any:
    """Turn pixels, 96 to the inch, into points.

    Examples
    --------
    >>> points(16)
    12.0
    """
    return np.asarray(pixels, dtype=float) * 0.75 if np.ndim(pixels) else float(pixels) * 0.75


def colour(said: str) -> dict[str, Any]:
    """Give colour and opacity as matplotlib takes them.

    Examples
    --------
    >>> colour("rgba(255,0,51,0.3)")
    {'color': (1.0, 0.0, 0.2), 'alpha': 0.3}
    """
    found = re.fullmatch(r"rgba\((\d+),(\d+),(\d+),([\d.]+)\)", said)
    if not found:
        return {"color": said}
    red, green, blue = (int(found[k]) / 255 for k in (1, 2, 3))
    return {"color": (red, green, blue), "alpha": float(found[4])}


def handle(trace: dict[str, Any]) -> Any:
    """Draw what stands for a trace in the legend."""
    line, marker = trace.get("line", {}), trace.get("marker", {})
    if trace.get("fill") == "toself":
        return Patch(**colour(trace["fillcolor"]), linewidth=0)
    if "lines" in trace["mode"]:
        dotted = "markers" in trace["mode"] and np.max(marker["size"]) > 0  # what tells two dark lines apart in grey
        return Line2D([], [], linestyle=DASHES[line.get("dash", "solid")], linewidth=points(line["width"]),
                      marker="o" if dotted else "", markersize=points(np.max(marker.get("size", 0))),
                      **colour(line["color"]))  # fmt: skip
    symbol = str(np.ravel(marker.get("symbol", "circle"))[0])
    own = colour(marker.get("color") or marker["line"]["color"])
    return Line2D([], [], linestyle="none", marker=MARKERS[symbol], markersize=points(np.max(marker["size"])),
                  markerfacecolor="white" if "open" in symbol else own["color"], **own)  # fmt: skip

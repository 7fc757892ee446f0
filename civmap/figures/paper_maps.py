"""Maps on paper: the same places and classes as on screen, drawn by matplotlib with legend and scale bar.

Where a source gives no answer the place is hatched, so that grey print keeps it apart from a low class.
"""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from h3ronpy.vector import cells_to_wkb_polygons
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.path import Path

from civmap.errors import CivMapError
from civmap.figures import theme
from civmap.figures.class_maps import shades
from civmap.figures.classes import classes
from civmap.figures.maps import LegendEntry, legend
from civmap.figures.paper_texts import POINTS, broken, text_width
from civmap.figures.part import Part
from civmap.language import say

KINDS = ("cells", "provinces")
LEGEND_IN = 2.35  # inches
KM_PER_DEGREE = 111.32  # of latitude; WGS 84, mean
NO_ANSWER, UNOBSERVED = "////", "...."
matplotlib.rcParams["hatch.linewidth"] = 0.5
SMALL, BODY = 8.5, 9.5  # points


def draw_map(
    part: Part, *, width_in: float = 8.4, height_in: float = 4.6, synthetic: bool = False, head_in: float = 0.0,
    foot_in: float = 0.0,
) -> Figure:  # fmt: skip
    """Draw a part of kind cells or provinces, all of its provinces in sight, north up.

    Longitude and latitude are drawn as they are, lengths true along the middle parallel; the scale bar holds there.

    Parameters
    ----------
    part
        What to draw; its frames are not changed.
    width_in, height_in
        Size of the picture with its legend, in inches.
    synthetic
        Write SYNTHETIC DATA into the picture.
    head_in, foot_in
        Inches left free above and below for texts, beside the height.

    Raises
    ------
    CivMapError
        The part is no map.

    Examples
    --------
    >>> import geopandas as gpd
    >>> land = gpd.GeoDataFrame({"admin1": ["AF-KAB"], "name": ["Kabul"], "value": [4], "label": ["Kabul"]},
    ...                         geometry=[shapely.box(69, 34, 70, 35)], crs="EPSG:4326")
    >>> part = Part("provinces", "Harm", {"provinces": land}, "one province", {"unit": "incidents"})
    >>> len(draw_map(part).axes)
    2
    """
    if part.kind not in KINDS:
        raise CivMapError(say("This part cannot be drawn as a map."), found=part.kind, expected=", ".join(KINDS))
    colours = theme.palette("light")
    whole_in = height_in + head_in + foot_in
    figure = Figure(figsize=(width_in, whole_in), facecolor=colours.background)
    share = 1 - LEGEND_IN / width_in
    bottom, high = foot_in / whole_in, height_in / whole_in
    axes = figure.add_axes((0, bottom, share, high))
    axes.set_axis_off()
    provinces = part.frames["provinces"]
    land = np.asarray(provinces["geometry"])
    extent = _frame(axes, land, width_in * share / height_in)
    shapes = cell_shapes(part.frames["cells"]["cell"]) if part.kind == "cells" else land
    if "classes" in part.encoding:
        _fill(axes, land, [colours.background] * len(land), [None] * len(land))
        _findings(axes, part, shapes)
    else:
        pale = part.kind == "cells"
        cut = classes(provinces["value"], n=3 if pale else 5)
        ramp = theme.province_ramp("light", len(cut.labels)) if pale else theme.ramp("light", len(cut.labels))
        _values(axes, land, cut.index, ramp, colours.background if pale else None)
        if pale:
            cut = classes(part.frames["cells"]["value"])
            _values(axes, shapes, cut.index, theme.ramp("light", len(cut.labels)), None)
    borders = PathCollection([_path(shape) for shape in land], facecolors="none", edgecolors=colours.muted,
                             linewidths=0.7)  # fmt: skip
    axes.add_collection(borders)
    _scale_bar(axes, extent)
    _legend(figure.add_axes((share, bottom, 1 - share, high)), legend(part), height_in)
    if synthetic:
        mark = say(theme.SYNTHETIC)
        size = min(34, 34 * 0.95 * share * width_in * POINTS / text_width(mark, 34, bold=True))
        axes.text(0.5, 0.5, mark, transform=axes.transAxes, ha="center", va="center", rotation=15, fontsize=size,
                  fontweight="bold", color=colours.watermark, alpha=0.4)  # fmt: skip
    if len(shapes) == 0:
        axes.text(0.5, 0.5, say(theme.EMPTY), transform=axes.transAxes, ha="center", va="center", fontsize=13,
                  color=colours.text, backgroundcolor=colours.background)  # fmt: skip
    return figure


def _frame(axes: Axes, land: Any, aspect: float) -> tuple[float, float, float, float]:
    """Show all the land in axes of a width-to-height ratio, and give west, south, east and north."""
    west, south, east, north = shapely.total_bounds(land) if len(land) else (-120.0, -60.0, 120.0, 60.0)
    shrink = float(np.cos(np.radians((south + north) / 2)))  # of a degree of longitude against one of latitude
    high = max((north - south) * 1.13, (east - west) * 1.04 * shrink / aspect)
    wide = high * aspect / shrink
    x, y = (west + east) / 2, (south + north) / 2 - high * 0.03  # room for the scale bar
    extent = (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2)
    axes.set_xlim(extent[0], extent[2])
    axes.set_ylim(extent[1], extent[3])
    return extent


def cell_shapes(cells: pd.Series) -> Any:
    """Give the polygons of H3 cells, WGS 84."""
    numbers = pa.array([int(str(cell), 16) for cell in cells], pa.uint64())
    return shapely.from_wkb(pa.array(cells_to_wkb_polygons(numbers)).to_numpy(zero_copy_only=False))


def _path(shape: Any) -> Path:
    """Make one path of all rings of a polygon or several."""
    rings = [shapely.get_coordinates(ring) for one in shapely.get_parts(shape) for ring in shapely.get_rings(one)]
    codes = [np.r_[Path.MOVETO, np.full(len(ring) - 2, Path.LINETO), Path.CLOSEPOLY] for ring in rings]
    return Path(np.concatenate(rings), np.concatenate(codes))


def _values(axes: Axes, shapes: Any, index: Any, ramp: tuple[str, ...], bare: str | None) -> None:
    """Fill shapes by class; those without a value stay bare, or are hatched as without an answer."""
    null = (bare, None) if bare else (theme.palette("light").no_answer, NO_ANSWER)
    pairs = [(ramp[k], None) if k >= 0 else null for k in index]
    _fill(axes, shapes, [fill for fill, _ in pairs], [hatch for _, hatch in pairs])


def _findings(axes: Axes, part: Part, shapes: Any) -> None:
    roles = dict(part.encoding["classes"])
    found = part.frames[part.kind]["finding"]
    here = np.flatnonzero(found.isin(list(roles)).to_numpy())
    names = [roles[name] for name in found.iloc[here]]
    hatches = [{"no_answer": NO_ANSWER, "unobserved": UNOBSERVED}.get(role) for role in names]
    _fill(axes, np.asarray(shapes)[here], [shades(role, "light")[0] for role in names], hatches)


def _fill(axes: Axes, shapes: Any, fills: list[Any], hatches: list[str | None]) -> None:
    edge = theme.palette("light").outline
    for hatch in dict.fromkeys(hatches):
        chosen = [k for k, one in enumerate(hatches) if one == hatch]
        paths, colours = [_path(shapes[k]) for k in chosen], [fills[k] for k in chosen]
        if hatch:  # as one area: a pattern is clipped anew for every path, 5 ms each, and edges would drown it
            paths, colours = [_path(shapely.union_all([shapes[k] for k in chosen]))], colours[:1]
        axes.add_collection(PathCollection(paths, facecolors=colours, hatch=hatch, linewidths=0.3,
                                           edgecolors=edge if hatch else colours))  # fmt: skip


def _scale_bar(axes: Axes, extent: tuple[float, float, float, float]) -> None:
    """Draw a bar of a round length, at most a quarter of the width, true along the middle parallel."""
    west, south, east, north = extent
    km_per_degree = KM_PER_DEGREE * float(np.cos(np.radians((south + north) / 2)))
    most = (east - west) * km_per_degree / 4
    power = 10 ** np.floor(np.log10(most))
    km = float(max(step * power for step in (1, 2, 5) if step * power <= most))
    colours = theme.palette("light")
    x, y, tick = west + (east - west) * 0.02, south + (north - south) * 0.035, (north - south) * 0.012
    end = x + km / km_per_degree
    axes.plot([x, x, end, end], [y + tick, y, y, y + tick], color=colours.text, linewidth=1.2, solid_capstyle="butt")
    said = say("{km:g} km", km=km)
    axes.text((x + end) / 2, y + tick, said, ha="center", va="bottom", fontsize=SMALL, color=colours.text)


def _legend(axes: Axes, entries: list[LegendEntry], height_in: float) -> None:
    """Write the legend beside the map, in points from the top."""
    colours = theme.palette("light")
    axes.set_axis_off()
    width, height = LEGEND_IN * POINTS, height_in * POINTS
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    unobserved = shades("unobserved", "light")[0]
    lines = sum(1 + entry.label.count(" ") // 5 for entry in entries) + 3 * len({e.heading for e in entries})
    step = min(14.0, (height - 20) / max(lines, 1))
    y, heading = 14.0, None
    for entry in entries:
        if entry.heading != heading:
            heading = entry.heading
            said = broken(heading, width - 8, BODY, bold=True)
            y += 8 if y > 14 else 0
            axes.text(4, y, "\n".join(said), va="top", fontsize=BODY, fontweight="bold", color=colours.text)
            y += 13.0 * len(said) + 3
        hatch = {colours.no_answer: NO_ANSWER, unobserved: UNOBSERVED}.get(entry.colour)
        label = broken(entry.label, width - 30, SMALL)
        axes.add_patch(Rectangle((4, y), 16, 9.5, facecolor=entry.colour, hatch=hatch, linewidth=0.6,
                                 edgecolor=entry.outline or entry.colour))  # fmt: skip
        axes.text(26, y, "\n".join(label), va="top", fontsize=SMALL, color=colours.text, linespacing=1.15)
        y += max(step, 12.0 * len(label))

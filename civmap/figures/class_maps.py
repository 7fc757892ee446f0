"""Maps of findings: places in named classes instead of amounts, among them those without an answer.

A part of kind cells or provinces is drawn so when its encoding has ``classes``: pairs of what a class is called and its
role. A role is ``1`` to ``5`` (few to much on the ramp), ``bare`` (looked at, nothing there), ``no_answer`` or
``unobserved``; both of these are grey with an outline. Where three steps of the ramp must be told from what is not
known in grey too, ``few`` (too little to say) is a sandy neutral and ``outside`` (not looked at) as empty as the page.
The frame's column ``finding`` names the class of each place.
"""

from __future__ import annotations

import json
from typing import Any

import pydeck as pdk
import shapely

from civmap.figures import theme
from civmap.figures.layers import line_layer
from civmap.figures.part import Part
from civmap.language import say

Role = tuple[str, str]


def shades(role: str, mode: theme.Mode) -> tuple[str, str | None]:
    """Give the fill of a role, and its outline where it has one.

    Examples
    --------
    >>> shades("no_answer", "light") == (theme.palette("light").no_answer, theme.palette("light").outline)
    True
    """
    colours = theme.palette(mode)
    greys = (0.0, 0.35) if mode == "light" else (0.17, 0.43)  # in the dark, lighter than an empty place and apart
    if role == "no_answer":
        return _between(colours.no_answer, colours.outline, greys[0]), colours.outline
    if role == "unobserved":
        return _between(colours.no_answer, colours.outline, greys[1]), colours.outline
    if role == "few":
        return colours.province_only[1], colours.outline
    if role == "outside":
        return colours.background, colours.outline
    if role == "bare":
        return _between(colours.background, colours.ramp[0], 0.25), None
    return colours.ramp[int(role) - 1], None


def class_legend(part: Part, mode: theme.Mode) -> list[tuple[str, str, str | None]]:
    """List fill, words and outline of each class that is on the map."""
    there = set(part.frames[part.kind]["finding"].dropna())
    return [
        (fill, name, outline or theme.palette(mode).boundary)
        for name, role in part.encoding["classes"] if name in there
        for fill, outline in [shades(role, mode)]
    ]  # fmt: skip


def class_layers(part: Part, geometry: Any, mode: theme.Mode) -> list[pdk.Layer]:
    """Fill places by class, with an edge around those that are not known; under cells the provinces stay bare.

    Edges are layers of their own that cannot be picked: to look up what lies under the mouse among thousands of them
    takes a machine without graphics longer than a press may last to be a click.
    """
    colours = theme.palette(mode)
    names = [name for name, _ in part.encoding["classes"]]
    pairs = [shades(role, mode) for _, role in part.encoding["classes"]]
    fills = [*([*theme.channels(fill), 235] for fill, _ in pairs), [0, 0, 0, 0]]  # clear is what was not asked for
    with_edge = {position for position, (_, line) in enumerate(pairs) if line}
    frame = part.frames[part.kind]
    number = {name: position for position, name in enumerate(names)}
    said = zip(frame["label"].fillna("").astype("str"), frame["finding"].fillna(say("not asked for")), strict=True)
    rows = [{"l": label, "v": finding, "c": number.get(finding, len(names))} for label, finding in said]
    highlight = [*theme.channels(colours.text), 60]
    if part.kind == "cells":
        data = [{"cell": cell, **row} for cell, row in zip(frame["cell"], rows, strict=True)]
        edged = [{"cell": row["cell"]} for row in data if row["c"] in with_edge]
        shared = {"get_hexagon": "cell", "extruded": False}
        return [
            pdk.Layer("H3HexagonLayer", data=data, id="cells", pickable=True, auto_highlight=True, filled=True,
                      stroked=False, get_fill_color=_choose(fills, "c"), highlight_color=highlight, **shared),
            pdk.Layer("H3HexagonLayer", data=edged, id="edges", pickable=False, filled=False, stroked=True,
                      get_line_color=[*theme.channels(colours.outline), 255], line_width_min_pixels=0.5,
                      line_width_max_pixels=1, **shared),
        ]  # fmt: skip
    shapes = (json.loads(text) for text in shapely.to_geojson(geometry))
    features = [
        {"type": "Feature", "geometry": shape, "properties": {"admin1": admin1, **row}}
        for shape, admin1, row in zip(shapes, frame["admin1"], rows, strict=True)
    ]
    edged = [shape for shape, row in zip(geometry, rows, strict=True) if row["c"] in with_edge]
    return [
        pdk.Layer("GeoJsonLayer", data=features, id="provinces", pickable=True, auto_highlight=True, filled=True,
                  stroked=False, get_fill_color=_choose(fills, "properties.c"), highlight_color=highlight),
        line_layer("edges", edged, colours.outline, width=3),
    ]  # fmt: skip


def _choose(values: list[list[int]], name: str) -> str:
    """Write an expression of the browser that looks a colour up by the number of a class."""
    tests = [f"{name}=={k}?{json.dumps(value, separators=(',', ':'))}:" for k, value in enumerate(values[:-1])]
    return "".join(tests) + json.dumps(values[-1], separators=(",", ":"))


def _between(first: str, last: str, part: float) -> str:
    mixed = (round(a + (b - a) * part) for a, b in zip(theme.channels(first), theme.channels(last), strict=True))
    return "#" + "".join(f"{one:02x}" for one in mixed)

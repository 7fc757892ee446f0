"""The layers of a map: each a pydeck layer with short keys, colours looked up by class in the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pydeck as pdk
import shapely

from civmap.figures import theme
from civmap.figures.classes import classes
from civmap.figures.part import Part
from civmap.language import mark, say, write

DECIMALS = 3  # of a degree: about 100 m, finer than a boundary is drawn
NONE_KNOWN = mark("none known only to the province")
NO_ANSWER = mark("no answer")
OVERLAY_ZOOM = 8
FRAME = (840, 400)  # pixels of a map 430 high on a 1366-pixel laptop, less a margin


def rounded(provinces: pd.DataFrame) -> Any:
    """Round the geometry; neighbours stay neighbours, because they share their points."""
    return shapely.transform(np.asarray(provinces["geometry"]), lambda xy: np.round(xy, DECIMALS))


def _plain(value: Any) -> int | str | None:
    if value is None or pd.isna(value):
        return None
    return int(value) if float(value).is_integer() else write(round(float(value), 3))


def _by_class(fills: list[list[int]], field: str) -> str:
    """Write an expression of the browser that looks a colour up by class; class -1 is the first."""
    tests = [f"{field}=={k - 1}?{json.dumps(fill, separators=(',', ':'))}:" for k, fill in enumerate(fills[:-1])]
    return "".join(tests) + json.dumps(fills[-1], separators=(",", ":"))


def province_layer(part: Part, provinces: pd.DataFrame, geometry: Any, mode: theme.Mode) -> pdk.Layer:
    """Fill provinces: by value, or in pale neutrals what is known only to the province."""
    colours, only = theme.palette(mode), part.kind == "cells"
    cut = classes(provinces["value"], n=3 if only else 5)
    ramp = theme.province_ramp(mode, len(cut.labels)) if only else theme.ramp(mode, len(cut.labels))
    # where nothing is known only to the province the land stays bare, and can still be clicked
    null = [*theme.channels(colours.province_only[0]), 0] if only else [*theme.channels(colours.no_answer), 255]
    fills = [null, *([*theme.channels(colour), 255] for colour in ramp)]
    keys = provinces["admin1"] if "admin1" in provinces else provinces["name"]
    texts = provinces["label"] if "label" in provinces else provinces["name"]
    features = [
        {"type": "Feature", "geometry": shape,
         "properties": {"admin1": key, "l": str(text), "c": int(k),
                        "v": say(NONE_KNOWN if only else NO_ANSWER) if (v := _plain(value)) is None else v}}
        for shape, key, text, k, value in zip(
            (json.loads(text) for text in shapely.to_geojson(geometry)), keys, texts, cut.index, provinces["value"],
            strict=True)
    ]  # fmt: skip
    return pdk.Layer(
        "GeoJsonLayer", data=features, id="provinces", pickable=True, auto_highlight=True, filled=True, stroked=False,
        highlight_color=[*theme.channels(colours.text), 40], get_fill_color=_by_class(fills, "properties.c"),
    )  # fmt: skip


def cell_layer(cells: pd.DataFrame, mode: theme.Mode) -> pdk.Layer:
    """Fill H3 cells by class."""
    colours, cut = theme.palette(mode), classes(cells["value"])
    fills = [[*theme.channels(colours.no_answer), 235]]
    fills += [[*theme.channels(colour), 235] for colour in theme.ramp(mode, len(cut.labels))]
    texts = cells["label"] if "label" in cells else cells["cell"]
    rows = [
        {"cell": cell, "c": int(k), "v": say(NO_ANSWER) if (v := _plain(value)) is None else v, "l": str(text)}
        for cell, k, value, text in zip(cells["cell"], cut.index, cells["value"], texts, strict=True)
    ]
    edge = bool((cut.index < 0).any())
    return pdk.Layer(
        "H3HexagonLayer", data=rows, id="cells", pickable=True, auto_highlight=True, filled=True, extruded=False,
        stroked=edge, get_hexagon="cell", get_fill_color=_by_class(fills, "c"), line_width_min_pixels=1,
        highlight_color=[*theme.channels(colours.text), 70],
        **({"get_line_color": f"c<0?{[*theme.channels(colours.outline), 255]}:[0,0,0,0]"} if edge else {}),
    )  # fmt: skip


def boundary_layer(geometry: Any, colours: theme.Palette) -> pdk.Layer:
    """Draw the borders of provinces."""
    return line_layer("boundaries", geometry, colours.boundary)


def line_layer(layer: str, geometry: Any, colour: str, *, width: int = 1) -> pdk.Layer:
    """Draw every border once, although two areas share it; the width is in pixels."""
    lines = shapely.line_merge(shapely.unary_union(shapely.boundary(geometry))) if len(geometry) else None
    parts = [] if lines is None else shapely.get_parts(lines)
    paths = [np.round(shapely.get_coordinates(line), DECIMALS).tolist() for line in parts]
    return pdk.Layer(
        "PathLayer", data=[{"p": path} for path in paths], id=layer, get_path="p", pickable=False,
        get_color=[*theme.channels(colour), 255], width_min_pixels=width, get_width=1, width_max_pixels=width,
        joint_rounded=True,
    )  # fmt: skip


def overlay_view() -> pdk.View:
    """Make a second view that never moves, over a point of the empty sea at 0, 0, for text that stays in the frame."""
    return pdk.View(
        type="MapView", id="text", controller=False, view_state={"longitude": 0, "latitude": 0, "zoom": OVERLAY_ZOOM}
    )


def note_layer(
    layer: str, notes: Sequence[tuple[float, float, str]], size: int, colour: list[int], *, halo: list[int], angle: int
) -> pdk.Layer:
    """Write text at pixels from the middle of the frame, with a halo that keeps it apart from what lies under it."""
    degrees = 360 / (512 * 2**OVERLAY_ZOOM)  # per pixel in the overlay view
    rows = [{"p": [round(x * degrees, 5), round(y * degrees, 5)], "t": text} for x, y, text in notes]
    return pdk.Layer(
        "TextLayer", data=rows, id=layer, get_position="p", get_text="t", get_size=size, get_color=colour,
        character_set=pdk.types.String("".join(sorted({letter for *_, text in notes for letter in text}))),
        get_angle=angle, pickable=False, font_weight=700, font_family=pdk.types.String("sans-serif"),
        font_settings={"sdf": True, "radius": 12}, outline_width=4, outline_color=halo,
    )  # fmt: skip


def view_state(part: Part, geometry: Any) -> pdk.ViewState:
    """Look where the part says, or so that all provinces fit."""
    view = part.encoding.get("view") or _fit(geometry)
    longitude, latitude, zoom = (view["lon"], view["lat"], view["zoom"]) if isinstance(view, Mapping) else view
    return pdk.ViewState(longitude=longitude, latitude=latitude, zoom=zoom, min_zoom=zoom - 1.5, max_zoom=13, pitch=0)


def _fit(geometry: Any) -> tuple[float, float, float]:
    west, south, east, north = shapely.total_bounds(geometry) if len(geometry) else (-120.0, -60.0, 120.0, 60.0)
    y_south, y_north = (np.degrees(np.arctanh(np.sin(np.radians(y)))) for y in (south, north))  # Mercator
    wide, high = (360 * pixels / 512 for pixels in FRAME)
    zoom = np.log2(min(wide / max(east - west, 0.01), high / max(y_north - y_south, 0.01)))
    middle = np.degrees(np.arcsin(np.tanh(np.radians((y_south + y_north) / 2))))
    return round((west + east) / 2, 3), round(float(middle), 3), round(float(zoom), 2)

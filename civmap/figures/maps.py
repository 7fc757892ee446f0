"""Maps on screen: a finished Part in, a pydeck Deck out, small enough for a slow link and without any tile host."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pydeck as pdk
from pydeck.bindings.json_tools import default_serialize

from civmap.errors import CivMapError
from civmap.figures import theme
from civmap.figures.class_maps import class_layers, class_legend
from civmap.figures.classes import Classes, classes
from civmap.figures.layers import (
    NO_ANSWER,
    boundary_layer,
    cell_layer,
    note_layer,
    overlay_view,
    province_layer,
    rounded,
    view_state,
)
from civmap.figures.part import Part
from civmap.language import say

STYLE = "/app/static/style.json"  # an empty style of our own: without one Streamlit asks a public tile host


class CompactDeck(pdk.Deck):
    """A deck that writes its JSON without white space."""

    def to_json(self) -> str:
        """Write the deck for the browser."""
        return json.dumps(self, sort_keys=True, default=default_serialize, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True)
class LegendEntry:
    """One line of a legend: a patch, what it stands for, its edge, and the heading above it."""

    colour: str
    label: str
    outline: str | None = None
    heading: str = ""


def deck(part: Part, *, mode: theme.Mode = "light", synthetic: bool = False) -> CompactDeck:
    """Draw a part of kind cells or provinces.

    A selected object carries ``cell`` (layer ``cells``) or ``properties["admin1"]`` (layer ``provinces``); `selected`
    reads it. Give ``st.pydeck_chart`` a ``key`` and ``on_select="rerun"``.

    Parameters
    ----------
    part
        What to draw; its frames are not changed.
    mode
        Colours for a light or a dark page.
    synthetic
        Write SYNTHETIC DATA into the picture, at every zoom.

    Raises
    ------
    CivMapError
        The part is no map.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> land = gpd.GeoDataFrame({"admin1": ["AF-KAB"], "name": ["Kabul"], "value": [4], "label": ["Kabul"]},
    ...                         geometry=[shapely.box(69, 34, 70, 35)], crs="EPSG:4326")
    >>> part = Part("provinces", "Harm", {"provinces": land}, "one province", {"unit": "incidents"})
    >>> [layer.id for layer in deck(part).layers]
    ['provinces', 'boundaries']
    """
    _check(part)
    colours = theme.palette(mode)
    provinces = part.frames["provinces"]
    geometry = rounded(provinces)
    named = "classes" in part.encoding
    layers = class_layers(part, geometry, mode) if named else [province_layer(part, provinces, geometry, mode)]
    if not named and part.kind == "cells" and len(part.frames["cells"]):
        layers.append(cell_layer(part.frames["cells"], mode))
    layers.append(boundary_layer(geometry, colours))
    views = [
        pdk.View(type="MapView", id="map", controller={"dragRotate": False, "touchRotate": False, "scrollZoom": False})
    ]
    paper = theme.channels(colours.background)
    if _nothing(part):
        ink = [*theme.channels(colours.text), 255]
        layers.append(note_layer("empty", [(0, 0, say(theme.EMPTY))], 18, ink, halo=[*paper, 255], angle=0))
    if synthetic:
        marks = [(x, y, say(theme.SYNTHETIC)) for x, y in ((-190, 110), (190, 110), (-190, -110), (190, -110))]
        ink = [*theme.channels(colours.watermark), 125]
        layers.append(note_layer("synthetic", marks, 30, ink, halo=[*paper, 130], angle=15))
    if layers[-1].type == "TextLayer":
        views.append(overlay_view())
    heading = _unit(part)
    return CompactDeck(
        layers=layers, views=views, initial_view_state=view_state(part, geometry), map_provider=None, map_style=STYLE,
        tooltip={
            "text": "{l}\n" + say("{label}: {value}", label=heading, value="{v}"),
            "style": {"backgroundColor": colours.background, "color": colours.text, "fontFamily": theme.FONT,
                      "fontSize": f"{theme.SIZE_BODY}px", "border": f"1px solid {colours.outline}",
                      "padding": "6px 8px", "whiteSpace": "pre-line"},
        },
    )  # fmt: skip


def selected(selection: Mapping[str, Any]) -> tuple[str, str] | None:
    """Read what a person clicked from the selection of ``st.pydeck_chart``.

    Returns
    -------
    layer, key
        ``cells`` and the H3 cell, or ``provinces`` and its admin1; none if nothing is selected.

    Examples
    --------
    >>> selected({"indices": {"cells": [0]}, "objects": {"cells": [{"cell": "84434c5ffffffff", "v": 2}]}})
    ('cells', '84434c5ffffffff')
    """
    objects = selection.get("objects", {})
    for layer, name in (("cells", "cell"), ("provinces", "admin1")):
        for found in objects.get(layer) or ():
            key = found.get("properties", found).get(name)
            if key is not None:
                return layer, str(key)
    return None


def legend(part: Part, *, mode: theme.Mode = "light") -> list[LegendEntry]:
    """List what the colours of a map stand for, from few to many.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> land = gpd.GeoDataFrame({"name": ["Kabul"], "value": [4], "label": ["Kabul"]},
    ...                         geometry=[shapely.box(69, 34, 70, 35)], crs="EPSG:4326")
    >>> part = Part("provinces", "Harm", {"provinces": land}, "one province", {"unit": "incidents"})
    >>> [(entry.heading, entry.label) for entry in legend(part)]
    [('Incidents per province', '4')]
    """
    _check(part)
    colours, unit = theme.palette(mode), _unit(part)
    if "classes" in part.encoding:
        return [LegendEntry(fill, name, edge, unit) for fill, name, edge in class_legend(part, mode)]
    entries = []
    if part.kind == "cells":
        cut = classes(part.frames["cells"]["value"])
        heading = say("{unit} per cell", unit=unit)
        entries += _entries(cut, theme.ramp(mode, len(cut.labels)), heading, None)
        if (cut.index < 0).any():
            entries.append(LegendEntry(colours.no_answer, _null(part.frames["cells"]), colours.outline, heading))
        known = classes(part.frames["provinces"]["value"], n=3)
        pale = theme.province_ramp(mode, len(known.labels))
        return entries + _entries(known, pale, say("{unit} known only to the province", unit=unit), colours.boundary)
    cut = classes(part.frames["provinces"]["value"])
    heading = say("{unit} per province", unit=unit)
    entries += _entries(cut, theme.ramp(mode, len(cut.labels)), heading, None)
    if (cut.index < 0).any():
        entries.append(LegendEntry(colours.no_answer, _null(part.frames["provinces"]), colours.outline, heading))
    return entries


def legend_html(part: Part, *, mode: theme.Mode = "light") -> str:
    """Write the legend as a small piece of HTML with its own styles, for under the map.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> land = gpd.GeoDataFrame({"name": ["Kabul"], "value": [4], "label": ["Kabul"]},
    ...                         geometry=[shapely.box(69, 34, 70, 35)], crs="EPSG:4326")
    >>> part = Part("provinces", "Harm", {"provinces": land}, "one province", {"unit": "deaths < 5"})
    >>> "Deaths &lt; 5 per province" in legend_html(part)
    True
    """
    colours = theme.palette(mode)
    groups: dict[str, list[LegendEntry]] = {}
    for entry in legend(part, mode=mode):
        groups.setdefault(entry.heading, []).append(entry)
    blocks = []
    for heading, entries in groups.items():
        items = "".join(
            f'<span style="display:inline-flex;align-items:center;gap:5px;white-space:nowrap">'
            f'<span style="width:18px;height:12px;box-sizing:border-box;background:{entry.colour};'
            f'border:1px solid {entry.outline or entry.colour}"></span>{html.escape(entry.label)}</span>'
            for entry in entries
        )
        blocks.append(
            f'<div style="display:flex;flex-wrap:wrap;gap:3px 14px;align-items:center">'
            f'<span style="font-weight:600">{html.escape(heading)}</span>{items}</div>'
        )
    name = html.escape(say("Legend"))
    return (
        f'<div role="list" aria-label="{name}" style="font:{theme.SIZE_BODY}px {html.escape(theme.FONT)};'
        f'color:{colours.text};display:flex;flex-direction:column;gap:4px">{"".join(blocks)}</div>'
    )


def _check(part: Part) -> None:
    if part.kind not in ("cells", "provinces"):
        raise CivMapError(say("This part cannot be drawn as a map."), found=part.kind, expected="cells, provinces")


def _nothing(part: Part) -> bool:
    """Tell "nothing found" from "no answer": provinces without an answer are shown as such."""
    if "classes" in part.encoding:
        return False
    if part.kind == "provinces":
        return part.frames["provinces"].empty
    return part.frames["cells"].empty and bool(part.frames["provinces"]["value"].isna().all())


def _null(places: pd.DataFrame) -> str:
    """Say what a place without a value is: on exports it may be withheld."""
    null = places["value"].isna()
    withheld = "withheld" in places and places.loc[null, "withheld"].fillna("").ne("").all()
    return say("withheld") if withheld else say(NO_ANSWER)


def _unit(part: Part) -> str:
    unit = str(part.encoding.get("unit", say("value")))
    return unit[:1].upper() + unit[1:]


def _entries(cut: Classes, colours: tuple[str, ...], heading: str, outline: str | None) -> list[LegendEntry]:
    return [LegendEntry(colour, label, outline, heading) for colour, label in zip(colours, cut.labels, strict=True)]

"""Maps of findings: every role tells itself apart without hue, grey has an outline, and each place has its class."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely

from civmap.figures import maps, theme
from civmap.figures.class_maps import shades
from civmap.figures.part import Part

CLASSES = (("much", "5"), ("some", "3"), ("little", "1"), ("empty", "bare"), ("no answer", "no_answer"),
           ("not observed", "unobserved"))  # fmt: skip


def part(kind: str, findings: list[str | None]) -> Part:
    land = gpd.GeoDataFrame(
        {"admin1": [f"AF-{n}" for n in range(len(findings))], "name": "x", "finding": findings, "label": "said"},
        geometry=[shapely.box(60 + n, 33, 61 + n, 34) for n in range(len(findings))], crs="EPSG:4326",
    )  # fmt: skip
    encoding = {"classes": CLASSES, "unit": "finding"}
    if kind == "provinces":
        return Part(kind, "t", {"provinces": land}, "alt", encoding)
    names = ["85283473fffffff", "85283477fffffff", "85283083fffffff", "8528308bfffffff", "85283087fffffff"]
    cells = land.drop(columns="geometry").assign(cell=names[: len(land)])
    return Part(kind, "t", {"cells": cells, "provinces": land.drop(columns="finding")}, "alt", encoding)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_roles_differ_in_lightness_or_by_their_outline(mode: theme.Mode) -> None:
    ordered = [theme.lightness(shades(role, mode)[0]) for role in ("bare", "1", "2", "3", "4", "5")]
    assert ordered == sorted(ordered, reverse=mode == "light")
    assert min(abs(one - other) for one, other in zip(ordered, ordered[1:], strict=False)) > 3
    grey = [shades(role, mode) for role in ("no_answer", "unobserved")]
    assert all(outline for _, outline in grey) and grey[0][0] != grey[1][0]
    assert all(shades(role, mode)[1] is None for role in ("bare", "1", "5"))


@pytest.mark.parametrize(("mode", "apart"), [("light", 5), ("dark", 10)])
def test_nothing_recorded_and_no_answer_are_told_apart_in_grey(mode: theme.Mode, apart: float) -> None:
    empty, unknown, unseen = (theme.lightness(shades(role, mode)[0]) for role in ("bare", "no_answer", "unobserved"))
    assert abs(empty - unknown) > apart  # on paper the outline, and in a briefing a hatch, help the pale ones
    assert abs(unknown - unseen) > 10
    edge = theme.lightness(theme.palette(mode).outline)
    assert abs(edge - unknown) > 20 and abs(edge - unseen) > 20


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("kind", ["cells", "provinces"])
def test_grey_places_have_an_edge_that_no_click_has_to_look_through(kind: str, mode: theme.Mode) -> None:
    deck = json.loads(maps.deck(part(kind, ["much", "no answer", "not observed", "empty"]), mode=mode).to_json())
    layers = {one["id"]: one for one in deck["layers"]}
    assert [name for name, one in layers.items() if one.get("pickable")] == [kind]
    assert layers[kind]["stroked"] is False
    edge = [*theme.channels(theme.palette(mode).outline), 255]
    if kind == "cells":
        grey = [one["cell"] for one in layers["cells"]["data"] if one["v"] in ("no answer", "not observed")]
        assert [one["cell"] for one in layers["edges"]["data"]] == grey and len(grey) == 2
        assert layers["edges"]["getLineColor"] == edge
    else:  # boxes one degree wide, of which the second and third are grey
        corners = {tuple(point) for path in layers["edges"]["data"] for point in path["p"]}
        assert {x for x, _ in corners} == {61.0, 62.0, 63.0} and layers["edges"]["getColor"] == edge


@pytest.mark.parametrize("kind", ["cells", "provinces"])
def test_each_place_is_drawn_in_its_class_and_said(kind: str) -> None:
    found = ["much", "no answer", "not observed", "empty"]
    deck = json.loads(maps.deck(part(kind, found)).to_json())
    layer = next(one for one in deck["layers"] if one["id"] == kind)
    rows = layer["data"] if kind == "cells" else [one["properties"] for one in layer["data"]]
    assert [row["c"] for row in rows] == [0, 4, 5, 3] and [row["v"] for row in rows] == found
    dark = theme.channels(theme.palette("light").ramp[4])
    field = "c" if kind == "cells" else "properties.c"
    assert f"{field}==0?[{dark[0]},{dark[1]},{dark[2]},235]" in layer["getFillColor"].replace(" ", "")


def test_the_legend_lists_only_what_is_on_the_map() -> None:
    legend = maps.legend(part("provinces", ["much", "no answer", None]))
    assert [entry.label for entry in legend] == ["much", "no answer"]
    assert legend[1].outline == theme.palette("light").outline


def test_what_was_not_asked_for_is_drawn_in_no_class() -> None:
    deck = json.loads(maps.deck(part("provinces", ["much", None])).to_json())
    rows = [one["properties"] for one in next(one for one in deck["layers"] if one["id"] == "provinces")["data"]]
    assert rows[1]["v"] == "not asked for" and rows[1]["c"] == len(CLASSES)

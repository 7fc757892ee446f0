import copy
import json
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest
import shapely

from civmap.errors import CivMapError
from civmap.figures import theme
from civmap.figures.maps import STYLE, deck, legend, legend_html, selected
from civmap.figures.part import Part

ROOT = Path(__file__).parents[2]


def _land(values) -> gpd.GeoDataFrame:
    boxes = [shapely.box(60 + k, 30, 61 + k, 31.123456) for k in range(len(values))]
    return gpd.GeoDataFrame(
        {"admin1": [f"AF-{k}" for k in range(len(values))], "name": [f"Province {k}" for k in range(len(values))],
         "value": pd.array(values, dtype="Int64"), "label": [f"Province {k}" for k in range(len(values))]},
        geometry=boxes, crs="EPSG:4326",
    )  # fmt: skip


def _cells(values, provinces=(None, 2, 5), **encoding) -> Part:
    found = list(h3.grid_disk(h3.latlng_to_cell(30.5, 61.5, 5), 40))[: len(values)]
    cells = pd.DataFrame({"cell": pd.Series(found, dtype="str"), "value": pd.array(values, dtype="Int64"),
                          "label": pd.Series(["Helmand"] * len(found), dtype="str")})  # fmt: skip
    return Part("cells", "Where", {"cells": cells, "provinces": _land(provinces)}, "alt",
                {"unit": "incidents", "view": (66.0, 33.9, 5.0)} | encoding)  # fmt: skip


def _provinces(values) -> Part:
    return Part("provinces", "Where", {"provinces": _land(values)}, "alt", {"unit": "incidents"})


def _spec(part: Part, **options) -> dict:
    return json.loads(deck(part, **options).to_json())


def _layer(spec: dict, name: str) -> dict:
    return next(layer for layer in spec["layers"] if layer["id"] == name)


def _colour(expression: str, index: int) -> str:
    """Do what the browser does with the expression: look a class up."""
    *tests, last = expression.removeprefix("@@=").split(":")
    for test in tests:
        condition, fill = test.split("?")
        if condition.split("==")[1] == str(index):
            last = fill
            break
    return "#{:02x}{:02x}{:02x}".format(*json.loads(last)[:3])


def test_cells_carry_key_class_value_and_label():
    spec = _spec(_cells([1, 3, 12, None]))
    rows = _layer(spec, "cells")["data"]
    assert [(row["c"], row["v"], row["l"]) for row in rows] == [
        (0, 1, "Helmand"), (1, 3, "Helmand"), (2, 12, "Helmand"), (-1, "no answer", "Helmand"),
    ]  # fmt: skip
    assert all(h3.is_valid_cell(row["cell"]) for row in rows)
    assert _layer(spec, "cells")["getHexagon"] == "@@=cell"
    assert [layer["id"] for layer in spec["layers"]] == ["provinces", "cells", "boundaries"]


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colours_on_the_map_are_those_of_the_legend(mode):
    part = _cells([1, 3, 12, None])
    spec = _spec(part, mode=mode)
    entries = legend(part, mode=mode)
    cells = [entry for entry in entries if "per cell" in entry.heading]
    fill = _layer(spec, "cells")["getFillColor"]
    assert [_colour(fill, k) for k in (0, 1, 2, -1)] == [entry.colour for entry in cells]
    assert [entry.label for entry in cells] == ["1-2", "3-9", "10-12", "no answer"]
    assert cells[-1].outline is not None and cells[0].outline is None
    known = [entry for entry in entries if "known only" in entry.heading]
    fill = _layer(spec, "provinces")["getFillColor"].replace("properties.c", "c")
    assert [_colour(fill, k) for k in range(2)] == [entry.colour for entry in known]
    assert {entry.heading for entry in entries} == {"Incidents per cell", "Incidents known only to the province"}


def test_land_without_anything_known_only_to_the_province_stays_bare_but_can_be_clicked():
    spec = _spec(_cells([1, 3]))
    layer = _layer(spec, "provinces")
    assert layer["data"][0]["properties"] == {
        "admin1": "AF-0", "c": -1, "l": "Province 0", "v": "none known only to the province",
    }  # fmt: skip
    assert ",0]:" in layer["getFillColor"].split("?")[1]  # no opacity
    assert layer["pickable"] is True and _layer(spec, "cells")["pickable"] is True
    assert _layer(spec, "boundaries")["pickable"] is False


def test_provinces_tell_zero_from_no_answer():
    part = _provinces([0, None, 4, 9])
    spec = _spec(part)
    assert [feature["properties"]["v"] for feature in _layer(spec, "provinces")["data"]] == [0, "no answer", 4, 9]
    assert [(entry.label, entry.heading) for entry in legend(part)][0] == ("0", "Incidents per province")
    assert legend(part)[-1].label == "no answer"
    assert "cells" not in [layer["id"] for layer in spec["layers"]]


def test_each_border_is_drawn_once_and_rounded():
    spec = _spec(_provinces([1, 2]))
    points = [tuple(point) for path in _layer(spec, "boundaries")["data"] for point in path["p"]]
    assert max(y for _, y in points) == 31.123
    segments = [frozenset(pair) for path in _layer(spec, "boundaries")["data"]
                for pair in zip(map(tuple, path["p"]), map(tuple, path["p"][1:]), strict=False)]  # fmt: skip
    assert len(segments) == len(set(segments)) == 7


def test_nothing_on_the_map_reaches_out():
    text = deck(_cells([1, 3]), synthetic=True).to_json()
    assert "http" not in text
    spec = json.loads(text)
    assert spec["mapStyle"] == STYLE and "mapProvider" not in spec
    style = json.loads((ROOT / "static" / Path(STYLE).name).read_text())
    assert style["sources"] == {} and "glyphs" not in style and "sprite" not in style


def test_synthetic_is_written_on_a_view_that_does_not_move():
    spec = _spec(_cells([1, 3]), synthetic=True)
    assert {row["t"] for row in _layer(spec, "synthetic")["data"]} == {theme.SYNTHETIC}
    assert [view["controller"] for view in spec["views"]][1] is False
    assert spec["views"][1]["viewState"] == {"longitude": 0, "latitude": 0, "zoom": 8}
    assert "synthetic" not in [layer["id"] for layer in _spec(_cells([1, 3]))["layers"]]


def test_four_thousand_cells_and_the_real_boundaries_stay_small():
    part = _cells(np.random.default_rng(1).geometric(0.2, 4000).tolist())
    land = gpd.read_file(ROOT / "data" / "afghanistan" / "boundaries.geojson").assign(value=3)
    land["label"] = land["name"]
    assert len(part.frames["cells"]) == 4000
    part = Part(part.kind, part.title, {"cells": part.frames["cells"], "provinces": land}, part.alt, part.encoding)
    text = deck(part, synthetic=True).to_json()
    assert len(text.encode()) <= 500_000
    assert "\n" not in text


def test_streamlit_sends_the_compact_text():
    from streamlit.elements import deck_gl_json_chart

    source = Path(deck_gl_json_chart.__file__).read_text()
    assert "pydeck_obj.to_json()" in source


def test_view_is_the_parts_or_fits_all_provinces():
    assert _spec(_cells([1]))["initialViewState"]["zoom"] == 5.0
    view = _spec(_provinces([1, 2, 3]))["initialViewState"]
    assert view["longitude"] == 61.5 and 30.5 < view["latitude"] < 30.6 and 6 < view["zoom"] < 9
    assert _spec(_cells([1], view={"lon": 1, "lat": 2, "zoom": 3}))["initialViewState"]["latitude"] == 2


def test_hovering_names_the_unit():
    tooltip = deck(_cells([1]))._tooltip
    assert tooltip["text"] == "{l}\nIncidents: {v}" and "html" not in tooltip


@pytest.mark.parametrize("part", [_cells([], provinces=(None, None)), _cells([], provinces=()), _provinces([])])
def test_empty_maps_say_so(part):
    spec = _spec(part, synthetic=True)
    assert _layer(spec, "empty")["data"][0]["t"] == theme.EMPTY
    assert legend(part) == []


def test_provinces_without_any_answer_are_not_called_empty():
    assert "empty" not in [layer["id"] for layer in _spec(_provinces([None, None]))["layers"]]


def test_frames_are_left_as_they_were():
    part = _cells([1, 3, None])
    before = copy.deepcopy(part.frames)
    deck(part, synthetic=True)
    legend_html(part)
    pd.testing.assert_frame_equal(part.frames["cells"], before["cells"])
    pd.testing.assert_frame_equal(part.frames["provinces"], before["provinces"])


def test_legend_html_escapes_and_closes_its_tags():
    class Reader(HTMLParser):
        depth = 0

        def handle_starttag(self, tag, attrs):
            assert tag in ("div", "span") and dict(attrs).keys() <= {"style", "role", "aria-label"}
            self.depth += 1

        def handle_endtag(self, tag):
            self.depth -= bool(tag)

    text = legend_html(_cells([1, 3], unit='<script>"x"'), mode="dark")
    reader = Reader()
    reader.feed(text)
    assert reader.depth == 0
    assert "&lt;script&gt;" in text


def test_selection_is_read_for_both_layers():
    part = _cells([1, 3])
    spec = _spec(part)
    cell, province = _layer(spec, "cells")["data"][0], _layer(spec, "provinces")["data"][1]
    assert selected({"indices": {"cells": [0]}, "objects": {"cells": [cell]}}) == ("cells", cell["cell"])
    assert selected({"indices": {"provinces": [1]}, "objects": {"provinces": [province]}}) == ("provinces", "AF-1")
    assert selected({"indices": {}, "objects": {}}) is None


@pytest.mark.parametrize("kind", ["series", "table", "globe"])
def test_other_kinds_are_refused(kind):
    for draw in (deck, legend, legend_html):
        with pytest.raises(CivMapError, match=kind):
            draw(Part(kind, "Where", {}, "alt"))

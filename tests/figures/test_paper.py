"""Pictures on paper: what the frames say, nothing cut, nothing that only a mouse would tell."""

import io
from typing import Any

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from civmap.errors import CivMapError
from civmap.figures import paper, theme
from civmap.figures.classes import classes
from civmap.figures.part import Part

MONTHS = pd.date_range("2008-01-01", periods=96, freq="MS")
LONG = "Aerial attacks by international forces as one of several publications counts them & others do not"


def series(months: int = 96, *, events: pd.DataFrame | None = None, **encoding: Any) -> Part:
    value = [None if k == 3 else float(k % 17) for k in range(months)]
    frame = pd.DataFrame({"period": MONTHS[:months], "value": value, "low": value,
                          "high": [None if v is None else v + 2 for v in value]})  # fmt: skip
    frames = {"series": frame} | ({} if events is None else {"events": events})
    return Part("series", "Harm", frames, "alt", {"unit": "incidents", "value_name": "Recorded"} | encoding)


def panels(names: list[str], *, first: str = "2008-01-01") -> Part:
    periods = pd.date_range(first, periods=84, freq="MS")
    frame = pd.DataFrame({"panel": np.repeat(names, 84), "period": np.tile(periods, len(names)),
                          "value": np.arange(84 * len(names), dtype=float) % 23})  # fmt: skip
    return Part("small_multiples", "Harm", {"series": frame}, "alt", {"unit": "incidents a month"})


def land(values: list[int | None]) -> gpd.GeoDataFrame:
    boxes = [shapely.box(60 + k, 30, 61 + k, 31) for k in range(len(values))]
    return gpd.GeoDataFrame({"admin1": [f"AF-{k}" for k in range(len(values))], "name": "P", "label": "P",
                             "value": pd.array(values, dtype="Int64")}, geometry=boxes, crs="EPSG:4326")  # fmt: skip


def cells(values: list[int]) -> Part:
    found = list(h3.grid_disk(h3.latlng_to_cell(30.5, 61.5, 5), 40))[: len(values)]
    frame = pd.DataFrame({"cell": found, "value": pd.array(values, dtype="Int64"), "label": "here"})
    return Part("cells", "Where", {"cells": frame, "provinces": land([None, 2, 5])}, "alt", {"unit": "incidents"})


def boxes(figure: Figure) -> list[tuple[str, Any]]:
    """Give every text that is drawn and the pixels that it takes."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    drawn = [text for text in figure.findobj(Text) if isinstance(text, Text) and text.get_visible()]
    return [(text.get_text(), text.get_window_extent(renderer)) for text in drawn if text.get_text().strip()]


def _within(spot: float, ends: Any) -> bool:
    return bool(min(ends) <= spot <= max(ends))


WIDE = series(5, value_name="Under observation", unit="incidents per 1,000 cell-hours of observation by any sensor")
BARS = Part("interval_bars", "Change", {"bars": pd.DataFrame({
    "label": [LONG, "Kunar"], "value": [-20.0, None], "low": [-40.0, None], "high": [np.inf, None]})}, "alt",
    {"unit": "% change", "reference": 0})  # fmt: skip


@pytest.mark.parametrize(
    "part", [series(), WIDE, panels([f"Province {k}" for k in range(34)]), panels([LONG, "B", "C", "D"]), BARS]
)
def test_no_text_is_cut_at_the_edge(part: Part) -> None:
    figure = paper.draw(part, synthetic=True)
    width, height = figure.get_size_inches() * figure.dpi
    written = boxes(figure)
    scales = [which for axes in figure.axes for which in (axes.xaxis, axes.yaxis)]
    outside = {tick.label1.get_text() for which in scales for tick in which.get_major_ticks()
               if not _within(tick.get_loc(), which.get_view_interval())}  # fmt: skip
    for said, box in written:
        if said not in outside:  # matplotlib keeps them and does not draw them
            assert box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1, said


def test_long_labels_leave_room_for_the_chart_and_for_each_other() -> None:
    figure = paper.draw(BARS)
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    axes = figure.axes[0]
    assert axes.get_position().width > 0.5
    first, second = (label.get_window_extent(renderer) for label in axes.get_yticklabels())
    assert not first.overlaps(second)


def test_the_name_of_an_axis_is_no_longer_than_the_axis() -> None:
    figure = paper.draw(WIDE)
    axes = figure.axes[0]
    renderer = FigureCanvasAgg(figure).get_renderer()
    box = axes.yaxis.label.get_window_extent(renderer)
    whole = axes.get_window_extent(renderer)
    assert whole.y0 - 12 <= box.y0 and box.y1 <= whole.y1 + 12
    assert " ".join(axes.get_ylabel().split()) == f"Under observation ({WIDE.encoding['unit']})"


def test_years_under_neighbouring_panels_do_not_meet() -> None:
    figure = paper.draw(panels(["A", "B", "C", "D", "E", "F"]))
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    years = [label.get_window_extent(renderer) for axes in figure.axes for label in axes.get_xticklabels()]
    assert len(years) == 18
    assert not any(one.overlaps(other) for k, one in enumerate(years) for other in years[k + 1 :])


def test_a_panel_has_its_whole_name() -> None:
    name = "Aerial attacks by pro-government forces"
    figure = paper.draw(panels([name, "Air & <land>", "C", "D"]))
    said = {" ".join(text.get_text().split()) for text in figure.texts}
    assert {name, "Air & <land>"} <= said


def test_months_of_one_year_are_named_with_it() -> None:
    figure = paper.draw(series(5))
    assert "Mar 2008" in [said for said, _ in boxes(figure)]
    assert "2012" in [said for said, _ in boxes(paper.draw(series(96)))]


def test_an_event_that_found_no_room_is_named_below_and_nothing_asks_for_a_mouse() -> None:
    events = pd.DataFrame({
        "kind": "directive", "label": [f"Directive {k} of $2010 <b>" for k in range(30)],
        "start": pd.date_range("2010-01-05", periods=30, freq="3D").strftime("%Y-%m-%d"), "end": None,
    })  # fmt: skip
    figure = paper.draw(series(events=events))
    said = " ".join(" ".join(one.replace("\\$", "$") for one, _ in boxes(figure)).split())
    assert all(f"Directive {k} of $2010 <b>" in said for k in range(30)) and "hover" not in said
    lines = [(one, box) for one, box in boxes(figure) if one in [text.get_text() for text in figure.texts]]
    named = [box for one, box in lines if "Directive" in one and " · " in one]
    legend = figure.legends[0].get_window_extent(FigureCanvasAgg(figure).get_renderer())
    assert named and not any(box.overlaps(legend) for box in named)


def test_the_legend_shows_the_dots_by_which_grey_print_tells_lines_apart() -> None:
    model = pd.DataFrame({"period": MONTHS[:4], "fitted": [3.0] * 4, "counterfactual": [None] * 4})
    part = series(4)
    figure = paper.draw(Part("series", "Harm", {**part.frames, "model": model}, "alt", part.encoding))
    legend = figure.legends[0]
    dots = {text.get_text(): handle.get_marker() for text, handle in
            zip(legend.get_texts(), legend.legend_handles, strict=True) if hasattr(handle, "get_marker")}  # fmt: skip
    assert dots["Recorded"] == "o" and [one for one in dots.values() if one != "o"]


def test_lines_are_what_the_frame_says_with_its_gaps() -> None:
    part = series()
    drawn = [line for line in paper.draw(part).axes[0].lines if len(line.get_ydata()) == 96]
    assert len(drawn) == 1
    np.testing.assert_array_equal(np.asarray(drawn[0].get_ydata()), part.frames["series"]["value"].to_numpy(float))


def test_cells_are_filled_by_the_classes_of_the_screen() -> None:
    values = [1, 2, 3, 5, 8, 13, 40, 90, 200, 1000]
    part = cells(values)
    cut = classes(part.frames["cells"]["value"])
    ramp = theme.ramp("light", len(cut.labels))
    figure = paper.draw(part)
    filled = [one for one in figure.axes[0].collections if isinstance(one, PathCollection)
              and len(one.get_paths()) == len(values)]  # fmt: skip
    assert len(filled) == 1
    expected = [to_rgb(ramp[k]) for k in cut.index]
    np.testing.assert_allclose(filled[0].get_facecolor()[:, :3], expected)


def test_classes_keep_their_order_in_grey() -> None:
    figure = paper.draw(cells([1, 2, 3, 5, 8, 13, 40, 90, 200, 1000]))
    grey = np.asarray(Image.open(io.BytesIO(paper.picture(figure, "png"))).convert("L"), dtype=int)
    levels = [int(Image.new("RGB", (1, 1), shade).convert("L").getpixel((0, 0)))  # type: ignore[arg-type]
              for shade in theme.ramp("light", 5)]  # fmt: skip
    assert levels == sorted(levels, reverse=True) and min(-np.diff(levels)) > 15
    assert all((grey == level).sum() > 500 for level in levels), "every class is on the map or in its legend"


@pytest.mark.parametrize("km_wide", [3.0, 30.0, 3000.0])
def test_the_scale_bar_is_as_long_as_it_says(km_wide: float) -> None:
    degrees = km_wide / 111.32
    shape = land([4]).set_geometry([shapely.box(10, -degrees / 2, 10 + degrees, degrees / 2)], crs="EPSG:4326")
    figure = paper.draw(Part("provinces", "Where", {"provinces": shape}, "alt", {"unit": "incidents"}))
    axes = figure.axes[0]
    bar = np.asarray(axes.lines[-1].get_xdata(), dtype=float)
    (said,) = [text.get_text() for text in axes.texts if text.get_text().endswith(" km")]
    middle = float(np.mean(axes.get_ylim()))
    length = np.radians(bar.max() - bar.min()) * 6371.0088 * np.cos(np.radians(middle))
    assert length == pytest.approx(float(said.removesuffix(" km")), rel=0.002)


@pytest.mark.parametrize("form", paper.FORMATS)
def test_the_same_part_gives_the_same_bytes(form: str) -> None:
    for part in (series(), cells([1, 2, 3])):
        assert paper.picture(paper.draw(part), form) == paper.picture(paper.draw(part), form)


def test_a_part_without_records_says_so() -> None:
    assert theme.EMPTY in [said for said, _ in boxes(paper.draw(series(0)))]
    assert theme.EMPTY in [said for said, _ in boxes(paper.draw(cells([])))]


def test_a_table_has_no_picture_here() -> None:
    with pytest.raises(CivMapError, match="cannot be drawn as a picture"):
        paper.draw(Part("table", "T", {"table": pd.DataFrame({"a": [1]})}, "alt"))

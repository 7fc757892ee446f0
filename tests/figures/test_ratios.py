"""Ratios on a logarithmic scale: where they stand, what has no answer, what is too wide, and that colour is not all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from civmap.figures import theme
from civmap.figures.charts import chart
from civmap.figures.part import Part

INF = float("inf")
ROWS = pd.DataFrame(
    {
        "reading": ["the result", "civilians killed, maximum", "no <answer>", "endless"],
        "group": ["the result", "another", "another", "elsewhere"],
        "value": [0.5, 0.8, np.nan, 3.0], "low": [0.4, 0.2, np.nan, 0.01], "high": [0.7, 2.5, np.nan, INF],
    }
)  # fmt: skip
PANELS = pd.DataFrame(
    {
        "panel": ["12 months"] * 2 + ["24 months"] * 3, "reading": list("abcde"),
        "group": ["alone", "beside", "alone", "alone", "beside"],
        "value": [0.5, 0.6, 0.7, 0.9, 1.2], "low": [0.3] * 5, "high": [1.4] * 5,
    }
)  # fmt: skip


def drawn(kind: str, frame: pd.DataFrame, mode: theme.Mode = "light", **encoding: Any) -> go.Figure:
    part = Part(kind, "Ratios", {"bars": frame}, "ratios", encoding)
    before = frame.copy(deep=True)
    figure = chart(part, mode=mode, synthetic=True)
    pd.testing.assert_frame_equal(frame, before)
    return go.Figure(figure.to_dict())  # checks every property


def test_rows_stand_at_their_ratio_and_no_change_is_a_dashed_line() -> None:
    figure = drawn("ratio_bars", ROWS, subtitle="n = 9")
    assert figure.layout.xaxis.type == "log" and [list(trace.y) for trace in figure.data] == [[0], [1], [3]]
    assert [list(trace.x) for trace in figure.data] == [[0.5], [0.8], [3.0]]
    (line,) = figure.layout.shapes
    assert (line.x0, line.x1, line.line.dash) == (1, 1, "dash")
    low, high = figure.layout.xaxis.range
    assert low == pytest.approx(-high), "half and double lie equally far from no change"


def test_whiskers_end_at_the_interval_or_at_the_edge_of_the_plot() -> None:
    first, _, endless = drawn("ratio_bars", ROWS).data
    assert (first.error_x.arrayminus[0], first.error_x.array[0]) == (pytest.approx(0.1), pytest.approx(0.2))
    assert endless.x[0] + endless.error_x.array[0] == pytest.approx(50) and endless.x[0] - 1 / 50 == pytest.approx(
        endless.error_x.arrayminus[0]
    )
    assert "inf" in endless.text[0], "hovering says that there is no limit"


def test_a_row_without_an_answer_says_so_and_text_is_no_markup() -> None:
    figure = drawn("ratio_bars", ROWS)
    notes = [note.text for note in figure.layout.annotations]
    assert "no answer" in notes and any("fewer" in note for note in notes) and any("more" in note for note in notes)
    assert "no &lt;answer&gt;" in figure.layout.yaxis.ticktext
    nothing = ROWS.assign(value=np.nan, low=np.nan, high=np.nan)
    assert not [x for trace in drawn("ratio_bars", nothing).data for x in trace.x or []]


def test_groups_differ_in_shape_as_well() -> None:
    for kind, frame in (("ratio_bars", ROWS), ("ratio_panels", PANELS)):
        for mode in ("light", "dark"):
            symbols = {trace.name: trace.marker.symbol for trace in drawn(kind, frame, mode).data}
            assert len(set(symbols.values())) == len(symbols) > 1
    one = drawn("ratio_panels", PANELS.assign(group="alone"))
    assert not any(trace.showlegend for trace in one.data), "a legend of one says nothing"


def test_panels_share_one_scale_and_are_held_against_the_result() -> None:
    figure = drawn("ratio_panels", PANELS, marked=0.55, marked_name="the result")
    assert figure.layout.yaxis.range == figure.layout.yaxis2.range and figure.layout.yaxis.type == "log"
    marked = [shape for shape in figure.layout.shapes if shape.y0 == 0.55]
    assert len(marked) == 2 and sum(shape.y0 == 1 for shape in figure.layout.shapes) == 2
    named = [trace.name for trace in figure.data if trace.showlegend]
    assert sorted(named) == ["alone", "beside", "the result"], "each once"
    ends = figure.layout.xaxis.domain + figure.layout.xaxis2.domain
    assert list(ends) == sorted(ends)


def test_a_group_has_one_mark_in_every_panel() -> None:
    turned = PANELS.assign(group=["beside", "alone", "alone", "alone", "beside"])
    marks = {(trace.name, trace.marker.symbol, trace.marker.color) for trace in drawn("ratio_panels", turned).data}
    assert len(marks) == 2, "also where another group comes first"
    first = drawn("ratio_panels", turned, groups=["alone", "beside"]).data[0]
    assert first.name == "alone"


def test_panels_with_a_period_stand_in_time() -> None:
    dated = PANELS.assign(panel="dates", period=pd.date_range("2010-01-01", periods=5, freq="MS")).drop(columns="group")
    figure = drawn("ratio_panels", dated)
    assert figure.layout.xaxis.type == "date" and list(figure.data[0].x)[1] == "2010-02-01"


def test_an_empty_frame_says_so() -> None:
    for kind, frame in (("ratio_bars", ROWS), ("ratio_panels", PANELS)):
        assert drawn(kind, frame.head(0)).layout.annotations[0].text == theme.EMPTY

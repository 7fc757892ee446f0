import copy
import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from civmap.errors import CivMapError
from civmap.figures import theme
from civmap.figures.charts import chart
from civmap.figures.events import PLOT_WIDTH, Event, _pack, events_within, labels
from civmap.figures.part import Part

MONTHS = pd.date_range("2008-01-01", periods=96, freq="MS")
EVENTS = pd.DataFrame({
    "kind": ["directive", "recording", "context"],
    "label": ["Revised tactical directive", "Tracking improved <2009>", "Surge"],
    "start": ["2009-07-02", "2009-01-01", "2009-12-01"], "end": [None, "2009-12-31", "2012-09-30"],
})  # fmt: skip


def _series(value, *, high=None, events=EVENTS, model=None, **encoding) -> Part:
    value = pd.Series(value, dtype="Int64")
    frame = pd.DataFrame({"period": MONTHS[: len(value)], "value": value, "low": value,
                          "high": value if high is None else pd.Series(high, dtype="Int64")})  # fmt: skip
    frames = {"series": frame, "events": events} | ({} if model is None else {"model": model})
    return Part("series", "Harm", frames, "alt", {"unit": "incidents", "value_name": "Reported"} | encoding)


def _panels(count: int, months: int = 96, **encoding) -> Part:
    generator = np.random.default_rng(2)
    value = pd.Series(generator.poisson(5, count * months), dtype="Int64")
    frame = pd.DataFrame({
        "panel": np.repeat([f"Province {k}" for k in range(count)], months), "period": np.tile(MONTHS[:months], count),
        "value": value, "low": value, "high": value + generator.poisson(1, len(value)),
    })  # fmt: skip
    return Part("small_multiples", "Harm", {"series": frame, "events": EVENTS}, "alt",
                {"unit": "incidents a month", "value_name": "Incidents"} | encoding)  # fmt: skip


def _bars(**columns) -> Part:
    return Part("interval_bars", "Change", {"bars": pd.DataFrame(columns)}, "alt",
                {"unit": "% change", "value_name": "After the directive", "reference": 0})  # fmt: skip


BARS = _bars(label=["All", "Kunar", "Ghor"], value=[-20.0, 5.0, None], low=[-40.0, -30.0, None],
             high=[1.0, np.inf, None])  # fmt: skip
MODEL = pd.DataFrame({
    "period": MONTHS[:4], "fitted": [3.0, 3, 3, 3], "counterfactual": [None, None, 4.0, 4.0],
    "counterfactual_low": [None, None, 2.0, 2.0], "counterfactual_high": [None, None, 7.0, 900.0],
})  # fmt: skip


def _texts(figure: go.Figure) -> str:
    return " | ".join(note.text for note in figure.layout.annotations)


def _trace(figure: go.Figure, name: str) -> go.Scatter:
    return next(trace for trace in figure.data if trace.name == name)


def test_series_draws_what_the_frame_says_and_leaves_gaps_open():
    figure = chart(_series([3, None, 0, 5], high=[4, None, 2, 9]))
    assert figure.data[0].y == (3, None, 0, 5)
    assert figure.data[0].x == ("2008-01", "2008-02", "2008-03", "2008-04")
    assert figure.data[0].connectgaps is False
    band = _trace(figure, "Lowest to highest")
    assert band.x == ("2008-01", "2008-01", None, "2008-03", "2008-04", "2008-04", "2008-03")
    assert band.y == (3, 4, None, 0, 5, 9, 2)
    assert figure.layout.yaxis.title.text == "Reported (incidents)"
    assert figure.layout.yaxis.range[0] == 0 and figure.layout.yaxis.range[1] > 9
    assert figure.layout.xaxis.title.text == "Month"


def test_series_without_a_band_has_none():
    assert [trace.name for trace in chart(_series([3, 4], events=None)).data] == ["Reported"]


def test_model_and_what_would_have_been():
    figure = chart(_series([3, 3, 2, 2], model=MODEL))
    expected = _trace(figure, "Expected without a change")
    assert expected.y == (None, None, 4, 4)
    assert expected.line.dash == "dash"
    assert _trace(figure, "Model").y == (3, 3, 3, 3)
    assert _trace(figure, "Its interval").y == (2, 2, 900, 7)
    assert 4 < figure.layout.yaxis.range[1] < 20  # a band that explodes does not flatten the data


def test_three_kinds_of_events_look_different():
    figure = chart(_series([5] * 96))
    lines = [shape for shape in figure.layout.shapes if shape.type == "line" and shape.line.width]
    shades = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert [(line.x0, line.line.dash) for line in lines if line.line.dash == "solid"] == [("2009-07-02", "solid")]
    assert [line.x0 for line in lines if line.line.dash == "dot"] == ["2009-01-01", "2009-12-31"]
    assert [(shade.x0, shade.x1) for shade in shades] == [("2009-01-01", "2009-12-31"), ("2009-12-01", "2012-09-30")]
    assert shades[0].fillcolor != shades[1].fillcolor
    assert {"Directive", "Change in recording", "Context"} <= {trace.name for trace in figure.data}
    assert "Tracking improved &lt;2009&gt;" in _texts(figure)  # text is text, never markup


def test_overlapping_context_lies_in_bars_of_its_own_above_the_highest_value():
    frame = pd.DataFrame({"kind": "context", "label": ["Surge of forces", "Election", "Later"],
                          "start": ["2009-12-01", "2010-01-01", "2013-01-01"],
                          "end": ["2012-09-30", "2010-01-02", "2014-12-01"]})  # fmt: skip
    figure = chart(_series([5] * 96, events=frame))
    bars = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    tops = {bar.x0: bar.y1 for bar in bars}
    assert tops["2009-12-01"] == tops["2013-01-01"] == 1 and tops["2010-01-01"] < 1
    highest = 5 / figure.layout.yaxis.range[1]
    assert all(bar.y0 > highest for bar in bars)
    assert _texts(figure) == "Surge of forces | 1 | Later | 1 Election", "a bar too short for its name has a number"


def test_events_outside_the_axis_are_left_out_and_open_ends_run_to_its_edge():
    frame = pd.DataFrame({
        "kind": ["context", "directive", "recording"], "label": ["a", "b", "c"],
        "start": ["2009-01-01", "2030-01-01", "2000-01-01"], "end": [None, None, "2001-01-01"],
    })  # fmt: skip
    found = events_within(frame, MONTHS[0], MONTHS[-1])
    assert [(event.label, event.end) for event in found] == [("a", MONTHS[-1])]


def test_unknown_kind_of_event_is_refused():
    with pytest.raises(CivMapError, match="weather"):
        events_within(EVENTS.assign(kind="weather"), MONTHS[0], MONTHS[-1])


@pytest.mark.parametrize("seed", range(8))
def test_labels_and_their_leaders_never_cross(seed):
    generator = np.random.default_rng(seed)
    days = pd.to_datetime("2008-01-01") + pd.to_timedelta(np.sort(generator.integers(0, 2900, 14)), unit="D")
    kinds = generator.choice(["directive", "recording"], 14)
    events = [Event(kind, f"Event number {k} of a long name", day, day)
              for k, (kind, day) in enumerate(zip(kinds, days, strict=True))]  # fmt: skip
    notes, lanes, left_out = labels(events, MONTHS[0], MONTHS[-1], "light")
    assert len(notes) + len(left_out) == 14 and len(notes) >= 5 and lanes <= 7
    kept = [event for event in events if event not in left_out]
    spots = _pack(kept, MONTHS[0], MONTHS[-1], 28)
    assert spots is not None and len(spots) == len(notes)
    for one in spots:
        assert one.left >= -40 and one.right <= PLOT_WIDTH + 20
        for other in spots:
            if one is not other and one.lane == other.lane:
                assert one.right <= other.left or other.right <= one.left
            if one.lane < other.lane:
                assert not one.left + 4 < other.anchor < one.right - 4


def test_a_label_without_room_shows_on_hovering():
    crowd = pd.DataFrame({"kind": "directive", "label": [f"Directive {k}" for k in range(20)], "end": None,
                          "start": pd.date_range("2009-01-01", periods=20, freq="D")})  # fmt: skip
    figure = chart(_series([5] * 96, events=crowd))
    hidden = _trace(figure, "Other events (hover)")
    shown = [note for note in figure.layout.annotations if note.text.startswith("Directive")]
    assert len(hidden.text) + len(shown) == 20 and len(shown) >= 7


@pytest.mark.parametrize("count", [1, 5, 34, 40])
def test_every_panel_has_its_title_and_values(count):
    part = _panels(count)
    figure = chart(part)
    assert figure.data[0].y == tuple(part.frames["series"]["value"][:96])
    titles = [note.text for note in figure.layout.annotations]
    assert titles[:count] == [f"Province {k}" for k in range(count)]
    assert "Incidents a month (one scale)" in titles
    tops = {figure.layout[f"yaxis{k or ''}"].range for k in [0, *range(2, count + 1)]}
    assert len(tops) == 1
    assert {"Directive", "Change in recording", "Context"} <= {trace.name for trace in figure.data}
    assert sum(trace.showlegend is not False for trace in figure.data) == 5
    assert len(figure.to_json()) < 260_000


def test_panels_on_their_own_scales():
    part = _panels(3, shared=False)
    figure = chart(part)
    highest = part.frames["series"].groupby("panel")["high"].max().tolist()
    assert [int(figure.layout[f"yaxis{k}"].ticktext[1]) for k in ("", 2, 3)] == highest
    assert "each panel on its own scale" in _texts(figure)


def test_more_than_forty_panels_are_owned_up_to():
    assert "3 more panels are not drawn" in _texts(chart(_panels(43, months=6)))


def test_a_month_alone_between_gaps_is_still_seen():
    frame = pd.DataFrame({"panel": "Ghor", "period": MONTHS[:4], "value": [None, 4, None, None]})
    figure = chart(Part("small_multiples", "Harm", {"series": frame}, "alt", {"unit": "incidents"}))
    assert figure.data[0].y == (None, 4, None, None)
    assert figure.data[0].marker.size == (0, 4, 0, 0)


def test_interval_bars_show_ends_without_limit_and_missing_estimates():
    figure = chart(BARS)
    points, tips = figure.data
    assert points.x == (-20, 5, None)
    assert points.error_x.array[0] == 21 and points.error_x.arrayminus[:2] == (20, 35)
    assert tips.marker.symbol == ("triangle-right",) and tips.y == (1,)
    assert figure.layout.yaxis.ticktext == ("All", "Kunar", "Ghor")
    assert figure.layout.xaxis.title.text == "After the directive (% change)"
    assert figure.layout.shapes[0].x0 == 0
    assert "no estimate" in _texts(figure)
    assert "no limit" in points.text[1]


ALL = {"series": _series([3, None, 4, 5], model=MODEL, subtitle="n = 12, 2008"), "small_multiples": _panels(7),
       "interval_bars": BARS}  # fmt: skip


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("kind", ALL)
def test_figures_are_valid_and_carry_their_marks(kind, mode):
    figure = chart(ALL[kind], mode=mode, synthetic=True)
    go.Figure(json.loads(figure.to_json()))  # drawing skips plotly's own check, so it is made here
    assert theme.SYNTHETIC in _texts(figure)
    assert figure.layout.template.layout.paper_bgcolor == theme.palette(mode).background
    assert figure.layout.title.text is None
    assert theme.SYNTHETIC not in _texts(chart(ALL[kind], mode=mode))


@pytest.mark.parametrize("kind", ALL)
def test_frames_are_left_as_they_were(kind):
    before = {name: copy.deepcopy(frame) for name, frame in ALL[kind].frames.items()}
    chart(ALL[kind], synthetic=True)
    for name, frame in ALL[kind].frames.items():
        pd.testing.assert_frame_equal(frame, before[name])


@pytest.mark.parametrize("kind", ALL)
def test_empty_parts_say_so(kind):
    empty = {name: frame.iloc[:0] for name, frame in ALL[kind].frames.items()}
    figure = chart(Part(kind, "Harm", empty, "alt", ALL[kind].encoding), synthetic=True)
    assert not figure.data
    assert theme.EMPTY in _texts(figure) and theme.SYNTHETIC in _texts(figure)


@pytest.mark.parametrize("kind", ALL)
def test_one_row_is_drawn(kind):
    one = {name: frame.iloc[:1] for name, frame in ALL[kind].frames.items()}
    assert len(chart(Part(kind, "Harm", one, "alt", ALL[kind].encoding)).data) >= 1


@pytest.mark.parametrize("kind", ALL)
def test_nulls_only_are_drawn_as_nothing(kind):
    frames = dict(ALL[kind].frames)
    for name in ("series", "bars"):
        if name in frames:
            frames[name] = frames[name].assign(value=None, low=None, high=None)
    figure = chart(Part(kind, "Harm", frames, "alt", ALL[kind].encoding))
    drawn = figure.data[0].x if kind == "interval_bars" else figure.data[0].y
    assert set(drawn) == {None}


def test_subtitle_is_drawn_small():
    note = next(note for note in chart(ALL["series"]).layout.annotations if note.text == "n = 12, 2008")
    assert note.font.size == theme.SIZE_SMALL


@pytest.mark.parametrize("kind", ["cells", "table", "pie"])
def test_other_kinds_are_refused(kind):
    with pytest.raises(CivMapError, match=kind):
        chart(Part(kind, "Harm", {}, "alt"))


@pytest.mark.parametrize(("values", "step", "form"), [([1, 3, 2], 1, ","), ([0.01, 0.04, None], None, ",.3~r")])
def test_rates_get_ticks_between_whole_numbers_and_counts_do_not(
    values: list[float | None], step: int | None, form: str
) -> None:
    value = pd.Series(values, dtype="Float64")
    frame = pd.DataFrame({"period": MONTHS[:3], "value": value, "low": value, "high": value})
    axis = chart(Part("series", "Rate", {"series": frame, "events": EVENTS.head(0)}, "alt", {"unit": "x"})).layout.yaxis
    assert axis.dtick == step and axis.tickformat == form

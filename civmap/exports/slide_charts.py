"""From a chart part to native charts of Office, intervals drawn in: one, or one for each panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from civmap.exports.slide_axes import WHOLE, ceiling, linear_span, log_base, number_form, ratio_span, time_axis
from civmap.exports.slide_book import EPOCH, Book, Ref, plain
from civmap.exports.slide_chart_xml import Axis, Errors, Line, Series, bars, scatter
from civmap.exports.slide_events import event_series
from civmap.figures import axes, events, theme
from civmap.figures.part import Part
from civmap.language import mark, say

KINDS = ("series", "small_multiples", "interval_bars", "ratio_bars", "ratio_panels")
FEW_PANELS = 6  # that are large enough for a scale of their own
HEADROOM = 1.06  # of a chart above the highest number
EXPECTED = mark("Expected without a change")
_WHISKER, _BAND = 1.5, 0.3  # points wide, opacity of a band made of whiskers


@dataclass(frozen=True)
class Chart:
    """One native chart: its XML, the workbook behind it, and the panel's name where there are several."""

    xml: bytes
    book: bytes
    panel: str = ""


def charts(part: Part) -> list[Chart]:
    """Make the native charts of a part; none where nothing is to be drawn.

    Parameters
    ----------
    part
        Of one of `KINDS`. The workbooks hold the columns that are drawn, as the part's frames hold them.
    """
    frame = part.frames["series" if "series" in part.frames else "bars"]
    if frame.empty:
        return []
    if part.kind == "series":
        return [_series(part)]
    if part.kind in ("interval_bars", "ratio_bars"):
        return [_rows(part)]
    groups = frame.groupby("panel", sort=False, observed=True)
    if part.kind == "ratio_panels":
        span = ratio_span(frame)
        return [_ratio_panel(str(name), one, part, span) for name, one in groups]
    most = ceiling([frame]) if part.encoding.get("shared") else 0.0
    days = _days(frame["period"])
    large = groups.ngroups <= FEW_PANELS
    return [_panel(str(name), one, most, (min(days), max(days)), large=large) for name, one in groups]


def beyond(part: Part) -> str:
    """Say up to where an interval reaches that the chart cuts off, to keep its lines readable; else nothing."""
    model = part.frames.get("model")
    if part.kind != "series" or model is None or "counterfactual_high" not in model:
        return ""
    most, high = ceiling([part.frames["series"], model]) * HEADROOM, pd.to_numeric(model["counterfactual_high"]).max()
    if pd.isna(high) or high <= most:
        return ""
    return say(
        "The interval of \u201c{name}\u201d reaches {high}; the chart ends below it.",
        name=part.encoding.get("counterfactual_name", say(EXPECTED)), high=theme.number(float(high)),
    )  # fmt: skip


def _series(part: Part) -> Chart:
    frame, model = part.frames["series"], part.frames.get("model")
    colours, book = theme.palette("light"), Book()
    shown = [frame] if model is None or model.empty else [frame, model]
    most = ceiling(shown) * HEADROOM
    months = axes.months(frame["period"])
    x = time_axis((float((months.first - EPOCH).days), float((months.last - EPOCH).days)))
    ends = (x.low, x.high)
    found = events.events_within(part.frames.get("events"), months.first, months.last)
    marks, top = event_series(found, most, ends, book)
    drawn = []
    if model is not None and len(model):
        columns = [name for name in ("period", "fitted", "counterfactual", "counterfactual_low", "counterfactual_high")
                   if name in model]  # fmt: skip
        at = book.add(_dated(model[columns]))
        if model["counterfactual"].notna().any():
            name = str(part.encoding.get("counterfactual_name", say(EXPECTED)))
            band = _band(model, "counterfactual", colours.counterfactual, most=most)
            line = Line(colours.counterfactual, 2, "dash")
            drawn.append(Series(name, at["period"], at["counterfactual"], line, errors=band))
        if model["fitted"].notna().any():
            drawn.append(Series(str(part.encoding.get("fitted_name", say("Model"))), at["period"], at["fitted"],
                                Line(colours.fitted, 1.25)))  # fmt: skip
    at = book.add(_dated(frame[[name for name in ("period", "value", "low", "high") if name in frame]]))
    name = str(part.encoding.get("value_name", say("Recorded")))
    dot = ("circle", 3, colours.value, colours.value)
    band = _band(frame, "value", colours.value)
    drawn.append(Series(name, at["period"], at["value"], Line(colours.value, 2), dot, band))
    form = number_form(shown)
    y = Axis(0, top, _title(name, part), form, 1 if most <= 5 and form == WHOLE else None, grid=True)
    return Chart(scatter([drawn[-1], *drawn[:-1], *marks], x, y), book.xlsx())


def _panel(name: str, frame: pd.DataFrame, most: float, ends: tuple[float, float], *, large: bool) -> Chart:
    colours, book = theme.palette("light"), Book()
    at = book.add(_dated(frame[[one for one in ("period", "value", "low", "high") if one in frame]]))
    dot = ("circle", 2, colours.value, colours.value) if frame["value"].isna().any() else None  # of a month by itself
    band = _band(frame, "value", colours.value)
    line = Series(name, at["period"], at["value"], Line(colours.value, 1.25), dot, band)
    most = most or ceiling([frame])
    y = Axis(0, most * 1.08, form=number_form([frame]), step=None if large else most, grid=large)
    years = time_axis(ends, most_ticks=6 if large else 3)
    return Chart(scatter([line], years, y, legend=False, size=9 if large else 7), book.xlsx(), name)


def _rows(part: Part) -> Chart:
    """Draw a lying bar for each row, from the reference to its value, with its interval as a whisker."""
    frame = part.frames["bars"]
    ratio = part.kind == "ratio_bars"
    label = "reading" if ratio else "label"
    book, colours = Book(), theme.palette("light")
    at = book.add(frame[[label, "value", "low", "high"]].reset_index(drop=True))
    span = ratio_span(frame) if ratio else linear_span(frame, part)
    reference = 1.0 if ratio else part.encoding.get("reference")
    name = part.encoding.get("value_name", say("times the level projected") if ratio else "")
    title = say("Ratio ({name}), logarithmic scale", name=name) if ratio else _title(str(name), part)
    axis = Axis(*span, title, "General", log=log_base(span[1]) if ratio else 0, grid=True,
                crosses=None if reference is None else float(reference))  # fmt: skip
    whiskers = _whiskers(frame, span, Line(colours.fitted, _WHISKER), caps=True)
    one = Series(_value_name(part), at[label], at["value"], errors=[whiskers], fill=(colours.ramp[0], colours.value))
    return Chart(bars([one], axis, legend=False), book.xlsx())


def _ratio_panel(name: str, frame: pd.DataFrame, part: Part, span: tuple[float, float]) -> Chart:
    """Draw the readings of one panel in their order or by their day, with whiskers, beside a line of no change."""
    colours, book = theme.palette("light"), Book()
    dated = "period" in frame
    frame = frame.reset_index(drop=True)
    place = pd.to_datetime(frame["period"]) if dated else pd.Series(np.arange(1, len(frame) + 1, dtype=float))
    columns = pd.DataFrame({"place": place, "reading": frame["reading"].astype("str"),
                            **{end: frame[end] for end in ("value", "low", "high")}})  # fmt: skip
    at = book.add(columns)
    x = plain(place)
    across = time_axis((min(x), max(x)), most_ticks=3) if dated else Axis(min(x) - 1, max(x) + 1, labels=False)
    ends = (across.low, across.high)
    lines = [(say("No change"), 1.0, Line(colours.event, 1, "sysDash"))]
    if (marked := part.encoding.get("marked")) is not None:
        lines.append((str(part.encoding.get("marked_name", say("the result"))), float(marked),
                      Line(colours.counterfactual, 1.5)))  # fmt: skip
    drawn = [Series(said, Ref(ends), Ref((level, level)), line) for said, level, line in lines]
    marker = ("circle", 4, colours.value, colours.value)
    drawn.append(Series(_value_name(part), at["place"], at["value"], None, marker,
                        [_whiskers(frame, span, Line(colours.value, 1))]))  # fmt: skip
    ratios = Axis(*span, "", "General", log=log_base(span[1]), grid=True)
    return Chart(scatter(drawn, across, ratios, legend=False, size=8), book.xlsx(), name)


def _value_name(part: Part) -> str:
    return str(part.encoding.get("value_name", say("Estimate and interval")))


def _whiskers(frame: pd.DataFrame, span: tuple[float, float], line: Line, *, caps: bool = False) -> Errors:
    """Reach from each value to the ends of its interval, at most to the edge of the plot."""
    value, low, high = (pd.to_numeric(frame[name]).to_numpy("float64", na_value=np.nan)
                        for name in ("value", "low", "high"))  # fmt: skip
    up, down = np.clip(high, *span) - value, value - np.clip(low, *span)
    return Errors("y", _finite(up), _finite(down), line, caps)


def _band(frame: pd.DataFrame, column: str, colour: str, *, most: float = np.inf) -> list[Errors]:
    """Draw an interval as broad pale whiskers, a band when months stand close; none where there is none."""
    low, high = ("low", "high") if column == "value" else (f"{column}_low", f"{column}_high")
    if low not in frame or high not in frame:
        return []
    value, least, high_ends = (pd.to_numeric(frame[name]).to_numpy("float64", na_value=np.nan)
                          for name in (column, low, high))  # fmt: skip
    if not (high_ends > least).any():
        return []
    width = 6.0 if len(frame) <= 60 else 4.0
    up, down = np.minimum(high_ends, most) - value, value - least
    return [Errors("y", _finite(up), _finite(down), Line(colour, width, opacity=_BAND))]


def _finite(reach: np.ndarray) -> list[float]:
    return [float(one) if np.isfinite(one) and one > 0 else 0.0 for one in reach]


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    period = frame["period"]
    stamps = period.dt.to_timestamp() if isinstance(period.dtype, pd.PeriodDtype) else pd.to_datetime(period)
    return frame.assign(period=stamps).reset_index(drop=True)


def _days(periods: pd.Series) -> list[float]:
    return [float(one) for one in plain(_dated(periods.to_frame("period"))["period"])]


def _title(name: str, part: Part) -> Any:
    unit = str(part.encoding.get("unit", ""))
    return f"{name} ({unit})" if name and unit and unit not in name.casefold() else name or unit

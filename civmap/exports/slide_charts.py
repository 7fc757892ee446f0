"""From a chart part to native charts of Office, intervals drawn in: one, or one for each panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from civmap.exports.slide_book import EPOCH, Book, Ref, plain
from civmap.exports.slide_chart_xml import Axis, Errors, Line, Series, bars, scatter
from civmap.exports.slide_events import event_series
from civmap.figures import axes, events, theme
from civmap.figures.part import Part

KINDS = ("series", "small_multiples", "interval_bars", "ratio_bars", "ratio_panels")
WIDEST = 50.0  # times, as on screen
FEW_DOUBLINGS = 8
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
        span = _span(frame)
        return [_ratio_panel(str(name), one, part, span) for name, one in groups]
    most = _ceiling([frame]) if part.encoding.get("shared") else 0.0
    days = _days(frame["period"])
    return [_panel(str(name), one, most, (min(days), max(days))) for name, one in groups]


def _series(part: Part) -> Chart:
    frame, model = part.frames["series"], part.frames.get("model")
    colours, book = theme.palette("light"), Book()
    shown = [frame] if model is None or model.empty else [frame, model]
    most = _ceiling(shown) * 1.06
    months = axes.months(frame["period"])
    ends = (float((months.first - EPOCH).days) - 20, float((months.last - EPOCH).days) + 20)
    found = events.events_within(part.frames.get("events"), months.first, months.last)
    marks, top = event_series(found, most, ends, book)
    drawn = []
    if model is not None and len(model):
        columns = [name for name in ("period", "fitted", "counterfactual", "counterfactual_low", "counterfactual_high")
                   if name in model]  # fmt: skip
        at = book.add(_dated(model[columns]))
        name = str(part.encoding.get("counterfactual_name", "Expected without a change"))
        line = Line(colours.counterfactual, 2, "dash")
        drawn.append(Series(name, at["period"], at["counterfactual"], line,
                            errors=_band(model, "counterfactual", colours.counterfactual)))  # fmt: skip
        if model["fitted"].notna().any():
            drawn.append(Series(str(part.encoding.get("fitted_name", "Model")), at["period"], at["fitted"],
                                Line(colours.fitted, 1.25)))  # fmt: skip
    at = book.add(_dated(frame[[name for name in ("period", "value", "low", "high") if name in frame]]))
    name = str(part.encoding.get("value_name", "Recorded"))
    mark = ("circle", 3, colours.value, colours.value)
    band = _band(frame, "value", colours.value)
    drawn.append(Series(name, at["period"], at["value"], Line(colours.value, 2), mark, band))
    whole = bool(most <= 5)
    y = Axis(0, top, _title(name, part), "#,##0", 1 if whole else None, grid=True)
    return Chart(scatter([drawn[-1], *drawn[:-1], *marks], _time(ends), y), book.xlsx())


def _panel(name: str, frame: pd.DataFrame, most: float, ends: tuple[float, float]) -> Chart:
    colours, book = theme.palette("light"), Book()
    at = book.add(_dated(frame[[one for one in ("period", "value", "low", "high") if one in frame]]))
    mark = ("circle", 2, colours.value, colours.value) if frame["value"].isna().any() else None  # of a month by itself
    band = _band(frame, "value", colours.value)
    line = Series(name, at["period"], at["value"], Line(colours.value, 1.25), mark, band)
    top = (most or _ceiling([frame])) * 1.08
    years = _time((ends[0] - 20, ends[1] + 20), most_ticks=3)
    return Chart(scatter([line], years, Axis(0, top, form="#,##0", step=top / 1.08), legend=False, size=7), book.xlsx(),
                 name)  # fmt: skip


def _rows(part: Part) -> Chart:
    """Draw a lying bar for each row, from the reference to its value, with its interval as a whisker."""
    frame = part.frames["bars"]
    ratio = part.kind == "ratio_bars"
    label = "reading" if ratio else "label"
    book, colours = Book(), theme.palette("light")
    at = book.add(frame[[label, "value", "low", "high"]].reset_index(drop=True))
    span = _span(frame) if ratio else _linear(frame, part)
    reference = 1.0 if ratio else part.encoding.get("reference")
    unit = str(part.encoding.get("value_name", "times the level projected"))
    title = f"Ratio ({unit}), logarithmic scale" if ratio else _title(str(part.encoding.get("value_name", "")), part)
    axis = Axis(*span, title, "General", log=_base(span[1]) if ratio else 0, grid=True,
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
    ends = (min(x) - (60 if dated else 1), max(x) + (60 if dated else 1))
    lines = [("No change", 1.0, Line(colours.event, 1, "sysDash"))]
    if (marked := part.encoding.get("marked")) is not None:
        lines.append((str(part.encoding.get("marked_name", "the result")), float(marked),
                      Line(colours.counterfactual, 1.5)))  # fmt: skip
    drawn = [Series(said, Ref(ends), Ref((level, level)), line) for said, level, line in lines]
    marker = ("circle", 4, colours.value, colours.value)
    drawn.append(Series(_value_name(part), at["place"], at["value"], None, marker,
                        [_whiskers(frame, span, Line(colours.value, 1))]))  # fmt: skip
    across = _time(ends, most_ticks=3) if dated else Axis(*ends, labels=False)
    ratios = Axis(*span, "", "General", log=_base(span[1]), grid=True)
    return Chart(scatter(drawn, across, ratios, legend=False, size=8), book.xlsx(), name)


def _value_name(part: Part) -> str:
    return str(part.encoding.get("value_name", "Estimate and interval"))


def _whiskers(frame: pd.DataFrame, span: tuple[float, float], line: Line, *, caps: bool = False) -> Errors:
    """Reach from each value to the ends of its interval, at most to the edge of the plot."""
    value, low, high = (pd.to_numeric(frame[name]).to_numpy("float64", na_value=np.nan)
                        for name in ("value", "low", "high"))  # fmt: skip
    up, down = np.clip(high, *span) - value, value - np.clip(low, *span)
    return Errors("y", _finite(up), _finite(down), line, caps)


def _band(frame: pd.DataFrame, column: str, colour: str) -> list[Errors]:
    """Draw an interval as broad pale whiskers, a band when months stand close; none where there is none."""
    low, high = ("low", "high") if column == "value" else (f"{column}_low", f"{column}_high")
    if low not in frame or high not in frame:
        return []
    value, least, most = (pd.to_numeric(frame[name]).to_numpy("float64", na_value=np.nan)
                          for name in (column, low, high))  # fmt: skip
    if not (most > least).any():
        return []
    width = 6.0 if len(frame) <= 60 else 4.0
    return [Errors("y", _finite(most - value), _finite(value - least), Line(colour, width, opacity=_BAND))]


def _finite(reach: np.ndarray) -> list[float]:
    return [float(one) if np.isfinite(one) and one > 0 else 0.0 for one in reach]


def _span(frame: pd.DataFrame) -> tuple[float, float]:
    """Give the ends of an axis of ratios, alike far from 1 on both sides."""
    ends = pd.concat([pd.to_numeric(frame[name]) for name in ("value", "low", "high")]).astype("float64")
    ends = ends[np.isfinite(ends) & (ends > 0)]
    reach = min(max([2.0, *np.exp(np.abs(np.log(ends)))]) * 1.1, WIDEST)
    base = _base(reach)
    power = base ** np.ceil(np.log(reach) / np.log(base))
    return float(1 / power), float(power)


def _base(reach: float) -> int:
    """Choose the base of a logarithmic scale: its powers are named, and more than a few would not fit."""
    return 2 if reach <= FEW_DOUBLINGS else 10


def _linear(frame: pd.DataFrame, part: Part) -> tuple[float, float]:
    ends = pd.concat([pd.to_numeric(frame[name]) for name in ("value", "low", "high")]).astype("float64").to_numpy()
    reference = part.encoding.get("reference")
    known = np.append(ends[np.isfinite(ends)], [] if reference is None else [float(reference)])
    if not len(known):
        return 0.0, 1.0
    pad = 0.05 * float(np.ptp(known)) or max(abs(float(known[0])) * 0.1, 1.0)
    return float(known.min() - pad), float(known.max() + pad)


def _ceiling(frames: Sequence[pd.DataFrame]) -> float:
    """Give the highest number drawn; of the projected interval no more than three times the highest line."""
    lines = [pd.to_numeric(frame[name]) for frame in frames for name in ("value", "high", "fitted", "counterfactual")
             if name in frame]  # fmt: skip
    most = float(np.nanmax([0.0, *(float(line.max()) for line in lines if line.notna().any())]))
    bands = [pd.to_numeric(frame["counterfactual_high"]) for frame in frames if "counterfactual_high" in frame]
    upper = max((float(band.max()) for band in bands if band.notna().any()), default=0.0)
    return max(most, min(upper, 3 * most)) or 1.0


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    period = frame["period"]
    stamps = period.dt.to_timestamp() if isinstance(period.dtype, pd.PeriodDtype) else pd.to_datetime(period)
    return frame.assign(period=stamps).reset_index(drop=True)


def _days(periods: pd.Series) -> list[float]:
    return [float(one) for one in plain(_dated(periods.to_frame("period"))["period"])]


def _time(ends: tuple[float, float], *, most_ticks: int = 9) -> Axis:
    """Name years, or months where few are drawn; ticks stand on first days as near as even steps allow."""
    first = EPOCH + pd.Timedelta(days=ends[0])
    years = (ends[1] - ends[0]) / 365.25
    if years > 2:
        step = max(1, int(np.ceil(years / most_ticks)))
        january = float((pd.Timestamp(first.year, 1, 1) - EPOCH).days) + 1  # a step is a mean year: never a day early
        return Axis(january, ends[1], "", "yyyy", 365.25 * step)
    begin = float((first.to_period("M").start_time - EPOCH).days) + 3  # as above, of months
    return Axis(begin, ends[1], "", "mmm yyyy", 30.4375 * max(1, int(np.ceil(years * 12 / min(most_ticks, 8)))))


def _title(name: str, part: Part) -> Any:
    unit = str(part.encoding.get("unit", ""))
    return f"{name} ({unit})" if name and unit and unit not in name.casefold() else name or unit

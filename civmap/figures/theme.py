"""Colours, lines, type and numbers of every picture, for a light and a dark page.

The ramps keep one hue and a monotone lightness, so that they survive grey print and colour blindness; no red, because a
colour must not cry louder than the number. On a dark page brighter means more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import numpy as np

from civmap.errors import CivMapError
from civmap.figures.classes import NOT_KNOWN as NOT_KNOWN
from civmap.figures.classes import Classes as Classes
from civmap.figures.classes import classes as classes
from civmap.figures.classes import interval as interval
from civmap.figures.classes import number as number
from civmap.language import mark, say, spoken, write

Mode = Literal["light", "dark"]

FONT = '"Source Sans", "Source Sans Pro", "Noto Sans", Arial, sans-serif'
SIZE_TITLE, SIZE_BODY, SIZE_SMALL = 16, 13, 11  # pixels; the one typeface scale
EMPTY = mark("No incidents match these filters")
SYNTHETIC = mark("SYNTHETIC DATA")


@dataclass(frozen=True)
class Palette:
    """The colours of one mode, as #rrggbb.

    Parameters
    ----------
    ramp
        Five classes from few to many.
    province_only
        Three pale neutrals for harm known only to the province, from few to many.
    no_answer, outline
        Fill and edge where a source gives no answer; the edge is what tells it from a low class.
    """

    background: str
    text: str
    muted: str
    grid: str
    ramp: tuple[str, str, str, str, str]
    province_only: tuple[str, str, str]
    no_answer: str
    outline: str
    boundary: str
    value: str
    fitted: str
    counterfactual: str
    event: str
    shade: str
    watermark: str


_PALETTES: dict[str, Palette] = {
    "light": Palette(
        background="#ffffff", text="#1d2126", muted="#5b636d", grid="#e3e6ea",
        ramp=("#c3dcea", "#8dbdd6", "#5598bb", "#2a6d94", "#0d3f5e"),
        province_only=("#f1ece0", "#e3dac5", "#d0c4a6"),
        no_answer="#e4e5e8", outline="#7b818a", boundary="#8d939b",
        value="#1f6289", fitted="#1d2126", counterfactual="#9a5b00", event="#1d2126", shade="#6f757d",
        watermark="#6b7280",
    ),
    "dark": Palette(
        background="#14181d", text="#f0f2f5", muted="#a7aeb8", grid="#2a2f38",
        ramp=("#1c4560", "#2c6b8f", "#4c93ba", "#84bddb", "#d6edf8"),
        province_only=("#353128", "#4f4837", "#6b6149"),
        no_answer="#23262d", outline="#8a919b", boundary="#7b828c",
        value="#84bddb", fitted="#f0f2f5", counterfactual="#e3a857", event="#f0f2f5", shade="#9aa1ab",
        watermark="#9aa1ab",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class EventStyle:
    """How one kind of event is drawn, its name still to be said: told apart by dash and shade, not by hue."""

    name: str
    dash: str
    width: float
    shade: float


EVENTS: dict[str, EventStyle] = {
    "directive": EventStyle(mark("Directive"), "solid", 1.6, 0.0),
    "recording": EventStyle(mark("Change in recording"), "dot", 1.4, 0.1),
    "context": EventStyle(mark("Context"), "solid", 0.0, 0.3),
}


def palette(mode: Mode = "light") -> Palette:
    """Give the colours of a mode.

    Examples
    --------
    >>> palette("light").background
    '#ffffff'
    """
    if mode not in _PALETTES:
        raise CivMapError(say("There is no colour mode '{mode}'.", mode=mode), expected="light, dark")
    return _PALETTES[mode]


def ramp(mode: Mode = "light", classes: int = 5) -> tuple[str, ...]:
    """Give colours for a number of classes, spread over the five of the mode.

    Examples
    --------
    >>> len(ramp("light", 3)), ramp("light", 5) == palette("light").ramp
    (3, True)
    """
    return _spread(palette(mode).ramp, classes)


def province_ramp(mode: Mode = "light", classes: int = 3) -> tuple[str, ...]:
    """Give the neutrals for harm that is known only to the province."""
    return _spread(palette(mode).province_only, classes)


def _spread(colours: tuple[str, ...], classes: int) -> tuple[str, ...]:
    if classes <= 1:
        return (colours[len(colours) // 2],)[:classes]
    return tuple(colours[round(step)] for step in np.linspace(0, len(colours) - 1, min(classes, len(colours))))


def rgba(colour: str, alpha: float) -> str:
    """Write a colour with opacity for CSS.

    Examples
    --------
    >>> rgba("#0d3f5e", 0.2)
    'rgba(13,63,94,0.2)'
    """
    red, green, blue = channels(colour)
    return f"rgba({red},{green},{blue},{alpha:g})"


def channels(colour: str) -> tuple[int, int, int]:
    """Split #rrggbb into three numbers of 0-255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def lightness(colour: str) -> float:
    """Compute the CIE lightness (0-100) that grey print keeps of a colour.

    Examples
    --------
    >>> lightness("#ffffff"), lightness("#000000")
    (100.0, 0.0)
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in channels(colour))]
    y = float(np.dot(linear, (0.2126, 0.7152, 0.0722)))
    return round(116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y, 1)


def separators() -> str:
    """Give the signs before decimals and between thousands, as plotly's layout takes them.

    Examples
    --------
    >>> separators()
    '.,'
    """
    return write(0.5, ".1f")[1] + write(1000, ",")[1]


def config() -> dict[str, Any]:
    """Make what ``st.plotly_chart(figure, theme=None, config=...)`` takes: no logo, no tools, the language's months.

    Examples
    --------
    >>> config()
    {'displaylogo': False, 'displayModeBar': False}
    """
    plain: dict[str, Any] = {"displaylogo": False, "displayModeBar": False}
    if spoken() == "en":  # which plotly speaks by itself
        return plain
    days = [date(2000, month, 1) for month in range(1, 13)]
    signs = separators()
    own = {"months": [write(day, "%B") for day in days], "shortMonths": [write(day, "%b") for day in days],
           "month": "%b %Y", "dayMonth": "%-d %b", "dayMonthYear": "%-d %b %Y", "date": "%d/%m/%Y",
           "decimal": signs[0], "thousands": signs[1]}  # fmt: skip
    return {**plain, "locale": spoken(), "locales": {spoken(): {"dictionary": {}, "format": own}}}


def layout(mode: Mode = "light") -> dict[str, Any]:
    """Make the plotly template of a mode.

    Examples
    --------
    >>> layout("dark")["layout"]["paper_bgcolor"]
    '#14181d'
    """
    colours = palette(mode)
    axis = {
        "gridcolor": colours.grid, "linecolor": colours.muted, "zerolinecolor": colours.muted, "zerolinewidth": 1,
        "tickcolor": colours.muted, "ticks": "outside", "ticklen": 4, "automargin": True,
        "tickfont": {"size": SIZE_BODY - 1, "color": colours.muted},
        "title": {"font": {"size": SIZE_BODY, "color": colours.text}, "standoff": 8},
    }  # fmt: skip
    return {
        "layout": {
            "paper_bgcolor": colours.background, "plot_bgcolor": colours.background,
            "font": {"family": FONT, "size": SIZE_BODY, "color": colours.text},
            "xaxis": {**axis, "showgrid": False, "showline": True}, "yaxis": axis,
            "hoverlabel": {
                "font": {"family": FONT, "size": SIZE_BODY, "color": colours.text},
                "bgcolor": colours.background, "bordercolor": colours.muted,
            },
            "legend": {"font": {"size": SIZE_BODY - 1, "color": colours.text}, "bgcolor": rgba(colours.background, 0)},
            "dragmode": False,
        }
    }  # fmt: skip

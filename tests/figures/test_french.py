"""Pictures in French: signs of numbers, names of months, and every word of a picture's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from civmap.figures import charts, maps, theme
from civmap.figures.classes import classes, interval, number
from civmap.figures.paper_charts import draw_chart
from civmap.figures.paper_maps import draw_map
from civmap.figures.part import Part
from civmap.language import speaking, spoken

NARROW = "\u202f"  # what stands between French thousands


@pytest.fixture(autouse=True)
def _french() -> Iterator[None]:
    with speaking("fr"):
        yield
    assert spoken() == "en"


def series(months: int, *, start: str = "2009-01-01") -> Part:
    periods = pd.date_range(start, periods=months, freq="MS")
    values = [1000 * (1 + n % 4) for n in range(months)]
    frame = pd.DataFrame({"period": periods, "value": values, "low": [v - 10 for v in values], "high": values})
    events = pd.DataFrame({"kind": ["directive", "recording", "context"], "label": ["A", "B", "C"],
                           "start": [periods[2]] * 3, "end": [None] * 3})  # fmt: skip
    return Part("series", "Harm", {"series": frame, "events": events}, "months", {"unit": "incidents"})


def named(figure: Any) -> set[str]:
    return {trace.name for trace in figure.data}


def test_numbers_are_written_as_french_writes_them() -> None:
    assert number(12345) == f"12{NARROW}345" and number(0.25) == "0,25" and number(None) == "inconnu"
    assert number(float("inf")) == "sans limite" and interval(1.5, 2500) == f"1,5 à 2{NARROW}500"
    assert classes(pd.Series([0.5, 1.5, 2.5, 9.5]), n=2).labels[-1] == "2 à 9,5"
    assert theme.separators() == f",{NARROW}"


def test_a_chart_tells_plotly_signs_and_months() -> None:
    figure = charts.chart(series(30), synthetic=True)
    assert figure.layout.separators == f",{NARROW}"
    told = theme.config()
    months = told["locales"][told["locale"]]["format"]["months"]
    assert months[0] == "janvier" and months[7] == "août" and len(months) == 12
    assert "DONNÉES SYNTHÉTIQUES" in [note.text for note in figure.layout.annotations]
    assert figure.layout.xaxis.title.text == "Mois"
    assert named(figure) >= {
        "Enregistré",
        "Du plus bas au plus haut",
        "Directive",
        "Changement d'enregistrement",
        "Contexte",
    }


def test_an_english_chart_leaves_plotly_as_it_is() -> None:
    with speaking("en"):
        assert charts.chart(series(3)).layout.separators == ".," and "locale" not in theme.config()


def test_nothing_found_and_no_answer_are_said() -> None:
    empty = Part("series", "Harm", {"series": series(3).frames["series"].iloc[:0]}, "nothing", {"unit": "incidents"})
    assert charts.chart(empty).layout.annotations[0].text == "Aucun incident ne correspond à ces filtres"
    bars = pd.DataFrame({"reading": ["a", "b"], "value": [0.5, None], "low": [0.25, None], "high": [1.5, None]})
    figure = charts.chart(Part("ratio_bars", "Change", {"bars": bars}, "bars", {}))
    notes = [note.text for note in figure.layout.annotations]
    assert "sans réponse" in notes and "\u2190 moins  " in notes and "  plus \u2192" in notes
    assert figure.data[0].text[0] == "a<br>0,50 (0,25 à 1,50)"
    assert "0,5" in figure.layout.xaxis.ticktext


@pytest.mark.parametrize(
    ("months", "expected"), [(12, r"(janv|févr|mars|avr|mai|juin|juil|août|sept|oct|nov|déc)"), (60, r"20\d\d")]
)
def test_months_on_paper_are_french(months: int, expected: str) -> None:
    figure = draw_chart(series(months))
    figure.canvas.draw()
    texts = [label.get_text() for label in figure.axes[0].get_xticklabels() if label.get_text()]
    assert texts and all(re.match(expected, text) for text in texts)
    upright = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert f"2{NARROW}000" in upright


def test_decimals_of_an_axis_on_paper_have_a_comma() -> None:
    bars = pd.DataFrame({"label": ["a"], "value": [0.5], "low": [0.1], "high": [0.9]})
    figure = draw_chart(Part("interval_bars", "Change", {"bars": bars}, "bar", {"unit": "rapport"}))
    figure.canvas.draw()
    texts = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert "0,4" in texts and not [text for text in texts if "." in text]


def test_a_maps_legend_and_what_hovering_says_are_french() -> None:
    shapes = [shapely.box(69 + n, 34, 70 + n, 35) for n in range(3)]
    land = gpd.GeoDataFrame({"admin1": ["a", "b", "c"], "name": ["a", "b", "c"], "value": [None, 0.25, 1200],
                             "label": ["a", "b", "c"]}, geometry=shapes, crs="EPSG:4326")  # fmt: skip
    part = Part("provinces", "Harm", {"provinces": land}, "three provinces", {"unit": "incidents"})
    deck = maps.deck(part, synthetic=True)
    assert [one["properties"]["v"] for one in deck.layers[0].data] == ["sans réponse", "0,25", 1200]
    assert deck._tooltip["text"] == "{l}\nIncidents\u00a0: {v}"
    assert {entry.heading for entry in maps.legend(part)} == {"Incidents par province"}
    assert 'aria-label="Légende"' in maps.legend_html(part)
    drawn = draw_map(part, synthetic=True)
    assert "DONNÉES SYNTHÉTIQUES" in [text.get_text() for text in drawn.axes[0].texts]

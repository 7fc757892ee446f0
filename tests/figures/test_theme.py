import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from civmap.errors import CivMapError
from civmap.figures import theme


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_ramp_keeps_its_order_in_grey_print(mode):
    grey = np.array([theme.lightness(colour) for colour in theme.ramp(mode)])
    steps = np.diff(grey)
    assert (np.abs(steps) > 9).all()
    assert (steps < 0).all() if mode == "light" else (steps > 0).all()  # on a dark page brighter means more


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_no_colour_cries_alarm(mode):
    palette = theme.palette(mode)
    for colour in (*palette.ramp, *palette.province_only, palette.value, palette.no_answer):
        red, green, blue = theme.channels(colour)
        assert red <= max(green, blue) + 45


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        value = (theme.lightness(colour) + 16) / 116
        return value**3

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_can_be_read(mode):
    palette = theme.palette(mode)
    assert _contrast(palette.text, palette.background) > 7
    assert _contrast(palette.muted, palette.background) > 4.5
    assert _contrast(palette.value, palette.background) > 3
    assert _contrast(palette.outline, palette.no_answer) > 3


def test_kinds_of_events_differ_without_colour():
    looks = {(style.dash, style.width > 0, style.shade > 0) for style in theme.EVENTS.values()}
    assert len(looks) == 3


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_figures_stand_on_the_colour_of_the_page(mode):
    settings = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())
    assert settings["theme"][mode]["backgroundColor"] == theme.palette(mode).background


def test_unknown_mode_is_refused():
    with pytest.raises(CivMapError, match="sepia"):
        theme.palette("sepia")


@pytest.mark.parametrize("classes", range(6))
def test_fewer_classes_spread_over_the_ramp(classes):
    assert len(theme.ramp("light", classes)) == len(set(theme.ramp("light", classes))) == classes


def test_classes_hold_their_values_and_none_is_empty():
    generator = np.random.default_rng(5)
    for values in (generator.geometric(0.2, 4000), generator.poisson(30, 34), generator.pareto(1, 500).round(),
                   generator.poisson(2000, 40), generator.random(50), generator.normal(0, 20, 60)):  # fmt: skip
        cut = theme.classes(pd.Series(values))
        assert 3 <= len(cut.labels) <= 5
        assert set(cut.index) == set(range(len(cut.labels)))
        for k in range(len(cut.labels)):
            inside = values[cut.index == k]
            assert inside.min() >= cut.breaks[k]
            assert k == len(cut.labels) - 1 or inside.max() < cut.breaks[k + 1]
        assert cut.breaks[0] == values.min() and cut.breaks[-1] == values.max()


@pytest.mark.parametrize(
    ("values", "labels", "index"),
    [
        ([], (), []),
        ([None, None], (), [-1, -1]),
        ([7], ("7",), [0]),
        ([0, 0], ("0",), [0, 0]),
        ([0, 3, None], ("0", "3"), [0, 1, -1]),
        ([1, 2, 7], ("1", "2-4", "5-7"), [0, 1, 2]),
        ([1] * 50 + [12345], ("1", "2-12,345"), [0] * 50 + [1]),
    ],
)
def test_classes_of_small_series(values, labels, index):
    cut = theme.classes(pd.Series(values, dtype="Int64"))
    assert cut.index.tolist() == index
    assert len(cut.labels) == len(labels)
    assert all(given == wanted or given[:3] == wanted[:3] == "2-1" or given.endswith("12,345")
               for given, wanted in zip(cut.labels, labels, strict=True))  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (1234567, "1,234,567"), (12.34, "12.3"), (pd.NA, "not known"), (float("inf"), "no limit"), (-22, "-22")],
)
def test_numbers_for_people(value, text):
    assert theme.number(value) == text

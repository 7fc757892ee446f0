"""The Trends page without a browser: its controls, its closer looks, and that one fault leaves the rest standing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from civmap.store import Store
from tests.pages.test_pages import SEASON, opened, param, pictures, text
from tests.stores import KANDAHAR, add, incident, monthly


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Store:
    """Return a store with four years of a seasonal series in Kabul and a few incidents in Kandahar."""
    store = Store(home, "afghanistan")
    few = [incident(5000 + n, f"2010-0{n}-05", KANDAHAR) for n in range(1, 7)]
    add(store, tmp_path, [*monthly(SEASON * 4, start="2007-07-01"), *few], known_at=date(2012, 1, 1))
    return store


def test_the_table_comes_first_with_a_word_for_every_province(own: Store) -> None:
    test = opened("Trends", theatre="afghanistan")
    first = test.dataframe[0].value
    assert first["Province"].tolist() == ["All", "Kabul", "Kandahar"]
    assert first["Trend (48 months)"].tolist()[1:] == ["no clear change", "too few to tell"]
    assert test.subheader[0].value.startswith("Rising or falling")


def test_the_latest_period_and_the_years_are_the_pages_own_choice(own: Store) -> None:
    test = opened("Trends", theatre="afghanistan", span="3 months", years="2", areas="groups")
    columns = list(test.dataframe[0].value)
    assert "Apr to Jun 2011" in columns and "Apr to Jun 2010" in columns and columns[0] == "Area"
    assert "Over the 24 months to June 2011" in text(test)
    test.segmented_control(key="own-span").set_value("12 months").run()
    assert "Jul 2010 to Jun 2011" in test.dataframe[0].value and param(test, "span") == "12 months"
    assert pictures(test) == 2, "regions overlap and have no map"


@pytest.mark.parametrize(
    ("closer", "title", "charts"),
    [("province", "Kabul: trend and cases", 4), ("compare", "Two beside each other", 4),
     ("published", "Beside published totals: civilians killed per year", 4),
     ("methods", "More methods: Afghanistan", 4)],
)  # fmt: skip
def test_a_closer_look_is_worked_out_when_it_is_opened(own: Store, closer: str, title: str, charts: int) -> None:
    test = opened("Trends", theatre="afghanistan")
    assert title not in [one.value for one in test.subheader]
    test.segmented_control(key="own-closer").set_value(closer).run()
    assert not test.exception and not test.error
    assert title in [one.value for one in test.subheader] and pictures(test) == charts
    assert param(test, "closer") == closer


def test_a_link_opens_one_province(own: Store) -> None:
    test = opened("Trends", theatre="afghanistan", closer="province", province="AF-KAN")
    assert "Kandahar: too few to tell." in text(test)


@pytest.mark.parametrize("closer", ["province", "compare", "methods"])
def test_filters_that_leave_nothing_end_in_sentences(own: Store, closer: str) -> None:
    test = opened("Trends", theatre="afghanistan", admin1="AF-NUR", closer=closer)
    assert not test.exception and not test.error
    assert "provinces rising: none, falling: none" in text(test)

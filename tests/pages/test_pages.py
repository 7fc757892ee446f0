"""The pages without a browser: each opens, answers its controls, ends in a plain sentence, and changes nothing cached.

Maps and charts are unknown to AppTest: they are counted here, tested in tests/figures and seen in tests/browser.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from civmap.exhibits import Exhibit, Recipe, build
from civmap.exports import tables
from civmap.figures import charts, maps
from civmap.filters import Filters
from civmap.readers.air import read_air
from civmap.store import Store, air
from civmap.ui import loading
from tests.conftest import ROOT
from tests.stores import KANDAHAR, add, incident, monthly, telemetry

PAGES = {
    "Situation": "app.py",
    "Hotspots": "pages/1_Hotspots.py",
    "Trends": "pages/2_Trends.py",
    "Directives": "pages/3_Directives.py",
    "Air Surveillance": "pages/4_Air_Surveillance.py",
    "Tallies": "pages/5_Tallies.py",
    "Data Quality": "pages/6_Data_Quality.py",
}
PICTURES = {
    "Situation": 1, "Hotspots": 1, "Trends": 3, "Directives": 0, "Air Surveillance": 2, "Tallies": 0, "Data Quality": 0,
}  # fmt: skip
SEASON = [8, 7, 9, 12, 15, 18, 20, 19, 15, 11, 9, 8]


def opened(title: str, **params: str) -> AppTest:
    """Open a page as a link with these URL parameters does."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    if title != "Situation":
        test.switch_page(PAGES[title])
    for name, value in params.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception, test.exception
    return test


def pictures(test: AppTest) -> int:
    return len(test.main.get("plotly_chart")) + len(test.main.get("deck_gl_json_chart"))


def text(test: AppTest) -> str:
    return "\n".join(str(element.value) for kind in ("markdown", "caption", "info", "warning", "error", "success")
                     for element in test.main.get(kind))  # fmt: skip


def widget(test: AppTest, kind: str, label: str) -> Any:
    return next(one for one in test.get(kind) if one.label == label)


def param(test: AppTest, name: str) -> str | None:
    values = test.query_params.get(name)
    return values[0] if isinstance(values, list) else values


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Store:
    """Return a store with four years of a seasonal series in Kabul, and a second source with two incidents."""
    store = Store(home, "afghanistan")
    add(store, tmp_path, monthly(SEASON * 4, start="2007-07-01"))
    second = [incident(1, "2009-01-05", KANDAHAR), incident(2, "2009-03-06", KANDAHAR)]
    add(store, tmp_path, second, source="other", known_at=date(2010, 1, 1))
    air.keep(store, read_air(telemetry(tmp_path, date(2008, 1, 5), date(2008, 2, 5), date(2008, 2, 6))))
    return store


@pytest.mark.parametrize("title", PAGES)
def test_a_page_shows_the_demonstration_and_says_that_it_is_synthetic(home: Path, title: str) -> None:
    test = opened(title)
    assert test.title[0].value == title
    assert any("Synthetic demonstration data" in box.value for box in test.info)
    assert "no real incident" in text(test), "each exhibit says so too, for screenshots"
    assert pictures(test) == PICTURES[title]
    assert test.dataframe and not test.warning and not test.error


@pytest.mark.parametrize("title", PAGES)
def test_a_page_shows_a_store_of_ones_own_and_nothing_synthetic(own: Store, title: str) -> None:
    test = opened(title, theatre="afghanistan", directive="ISAF-2009-07-02", scope="filters")
    assert "synthetic" not in text(test).casefold()
    assert pictures(test) == PICTURES[title]
    assert not test.warning and not test.error


@pytest.mark.parametrize("title", PAGES)
def test_an_empty_theatre_says_what_to_do(home: Path, title: str) -> None:
    test = opened(title, theatre="oir")
    assert pictures(test) == 0
    assert text(test).count("Nothing has been loaded yet. Load a file on the Data Quality page") == 1
    assert not test.warning and not test.dataframe and not test.subheader
    assert widget(test, "selectbox", "Theatre").value == "oir"


def test_situation_counts_what_was_loaded(own: Store) -> None:
    test = opened("Situation", theatre="afghanistan")
    assert f"log records {4 * sum(SEASON)} incidents with civilian harm" in text(test)
    widget(test, "selectbox", "Source (never added together)").set_value("other").run()
    assert "other records 2 incidents with civilian harm" in text(test)
    assert param(test, "source") == "other"


def test_what_holds_for_the_whole_page_is_said_once(own: Store) -> None:
    said = text(opened("Situation", theatre="afghanistan", measure="killed", source="log"))
    exhibit = build(Recipe("afghanistan", "totals", filters=Filters(source="log", measure="killed")), own)
    assert exhibit.standing and set(exhibit.standing) < set(exhibit.caveats)
    for line in (*exhibit.standing, *exhibit.sources):
        assert said.count(line) == 1, line
    assert "See Trends" in said.partition("For the whole page")[0], "an exhibit's own caveat stands under it"


def test_why_a_page_shows_nothing_is_said_once(own: Store) -> None:
    test = opened("Situation", theatre="afghanistan", known="2009-06-30")
    assert len(test.warning) == 1


def test_numbers_behind_a_picture_have_headers_in_words(own: Store) -> None:
    for title in ("Situation", "Hotspots", "Trends", "Directives"):
        test = opened(title, theatre="afghanistan", directive="ISAF-2009-07-02", scope="filters")
        headers = {str(name) for table in test.dataframe for name in table.value.columns}
        assert headers and not [name for name in headers if "_" in name or name[0].islower() and " " not in name]


def test_only_sources_known_on_the_day_are_listed(own: Store) -> None:
    label = "Source (never added together)"
    assert widget(opened("Situation", theatre="afghanistan"), "selectbox", label).options == ["log", "other"]
    test = opened("Situation", theatre="afghanistan", known="2010-06-30")
    assert widget(test, "selectbox", label).options == ["other"]
    test = opened("Situation", theatre="afghanistan", source="log", known="2010-06-30")
    assert widget(test, "selectbox", label).value == "log", "what a link asks for is not exchanged in silence"


def test_hotspots_are_tested_by_cell_or_by_province_against_a_chosen_exposure(own: Store) -> None:
    test = opened("Hotspots", theatre="afghanistan")
    assert "No answer for any cell" in text(test), "all of them lie in one place"
    test.segmented_control(key="own-unit").set_value("provinces").run()
    assert test.dataframe[-1].value["Province"].tolist() == ["Kabul"]
    assert param(test, "unit") == "provinces"
    test.segmented_control(key="own-exposure").set_value("area").run()
    assert "compared with area" in test.subheader[0].value and param(test, "exposure") == "area"
    test.segmented_control(key="own-exposure").set_value("all").run()
    assert "no place can hold twice its part" in test.warning[0].value and pictures(test) == 0


def test_only_what_the_theatre_knows_is_offered_as_a_comparison(own: Store, home: Path, tmp_path: Path) -> None:
    afghan = opened("Hotspots", theatre="afghanistan").segmented_control(key="own-exposure").options
    assert afghan == ["population", "its own earlier period", "all incidents", "observation hours", "area"]
    add(Store(home, "oir"), tmp_path, [incident(n, f"2016-0{n}-05", (36.2, 37.1)) for n in range(1, 9)])
    test = opened("Hotspots", theatre="afghanistan", exposure="population")
    widget(test, "selectbox", "Theatre").set_value("oir").run()
    assert not test.exception
    offered = test.segmented_control(key="own-exposure").options
    assert not {"population", "observation hours"} & set(offered) and "area" in offered
    assert param(test, "exposure") == "earlier"


MORE = {"hotspot_periods": 3, "hotspot_month": 2, "density": 2, "emerging": 2, "scan": 2, "groups": 1}


@pytest.mark.parametrize("method", MORE)
def test_other_methods_are_worked_out_when_they_are_opened(
    home: Path, built: list[tuple[Exhibit, list[str]]], method: str
) -> None:
    test = opened("Hotspots", theatre="afghanistan", source="isaf_like")
    assert [exhibit.recipe.analysis for exhibit, _ in built] in ([], ["hotspots"])
    test.segmented_control(key="own-more").set_value(method).run()
    assert not test.exception and not test.warning and not test.error
    assert pictures(test) == MORE[method] and param(test, "more") == method
    assert len(test.subheader) == 2


def test_months_are_gone_through_with_a_slider(own: Store) -> None:
    test = opened("Hotspots", theatre="afghanistan", source="log", more="hotspot_month", month="2008-03")
    assert "15 incidents" in text(test) or "20 incidents" in text(test)
    slider = test.select_slider(key="own-month")
    assert slider.value == "2008-03" and len(slider.options) == 48
    slider.set_value("2010-02").run()
    assert "February 2010" in test.subheader[1].value and param(test, "month") == "2010-02"


def test_trends_are_counted_per_chosen_period(own: Store) -> None:
    test = opened("Trends", theatre="afghanistan")
    assert "in 48 months" in text(test)
    test.segmented_control(key="own-per").set_value("year").run()
    assert "in 5 years" in text(test) and param(test, "per") == "year"


def test_directives_compare_the_chosen_window(own: Store) -> None:
    test = opened("Directives", theatre="afghanistan", directive="ISAF-2009-07-02", scope="filters")
    assert "With 24 months before and 23 after" in text(test)
    test.selectbox(key="own-window").set_value(12).run()
    assert "With 12 months before and 12 after" in text(test) and param(test, "window") == "12"


def test_what_a_directive_cannot_be_compared_with_ends_in_a_sentence(own: Store) -> None:
    test = opened("Directives", theatre="afghanistan", directive="RS-2017", scope="filters")
    assert "outside" in test.warning[0].value and pictures(test) == 0


def test_data_quality_lists_loads_and_rows_set_aside(home: Path, tmp_path: Path) -> None:
    rows = [incident(1, "2009-01-05"), incident(2, "no day"), incident(3, "2009-02-01", civilians_killed_min=9)]
    add(Store(home, "afghanistan"), tmp_path, rows)
    test = opened("Data Quality", theatre="afghanistan")
    loads = next(table.value for table in test.dataframe if "Rows read" in table.value)
    assert loads.loc[0, ["Rows read", "Accepted", "Set aside"]].tolist() == [3, 1, 2]
    aside = next(table.value for table in test.dataframe if "Record" in table.value)
    assert aside["Id"].tolist() == ["T2", "T3"]
    test.button("FormSubmitter:upload-Load").click().run()
    assert "Choose a file first" in test.warning[0].value


def test_as_known_on_a_day_before_the_release_says_that_nothing_was_known(own: Store) -> None:
    test = opened("Situation", theatre="afghanistan", known="2009-06-30")
    assert "Nothing was known on 2009-06-30" in text(test).replace("30 June 2009", "2009-06-30")
    assert pictures(test) == 0 and "records 0" not in text(test)


def test_as_known_on_leaves_a_source_out_that_was_published_later(own: Store, tmp_path: Path) -> None:
    test = opened("Situation", theatre="afghanistan", source="log", known="2010-06-30")
    assert "Nothing was known from" in text(test) and "records 0" not in text(test)
    test = opened("Situation", theatre="afghanistan", source="other", known="2010-06-30")
    assert "other records 2 incidents" in text(test)
    assert "As known on 30 June 2010" in text(test)


def test_filters_reach_every_page_and_clear_filters_clears_them(own: Store) -> None:
    test = opened("Situation", theatre="afghanistan", measure="killed", parties="international_forces", harm="0")
    for title in ("Trends", "Directives", "Data Quality", "Hotspots"):
        test.switch_page(PAGES[title]).run()
        assert widget(test, "selectbox", "Count").value == "killed", title
        assert widget(test, "multiselect", "Parties named").value == ["international_forces"], title
        assert param(test, "measure") == "killed" and param(test, "harm") == "0", title
    next(button for button in test.button if button.label == "Clear filters").click().run()
    assert widget(test, "selectbox", "Count").value == "incidents"
    assert param(test, "measure") is None and param(test, "parties") is None and param(test, "harm") is None


@pytest.mark.parametrize(
    "bad",
    [
        {"theatre": "atlantis"},
        {"source": "nobody"},
        {"measure": "sorrow", "bound": "most"},
        {"from": "yesterday", "to": "2009-13-40"},
        {"from": "1900-01-01", "to": "2999-01-01"},
        {"admin1": "XX-999,AF-KAB", "parties": "martians", "causes": "fate"},
        {"known": "soon"},
        {"unit": "hexes"},
    ],
    ids=lambda bad: next(iter(bad)),
)
def test_a_bad_value_in_a_link_falls_back(own: Store, bad: dict[str, str]) -> None:
    test = opened("Hotspots", **{"theatre": "afghanistan", **bad})
    assert pictures(test) == 1 and not test.warning and not test.error
    for name, value in bad.items():
        assert param(test, name) != value or name == "admin1"


def test_a_link_wins_over_the_session(own: Store) -> None:
    test = opened("Situation", theatre="afghanistan", source="log")
    test.query_params["source"] = "other"
    test.run()
    assert widget(test, "selectbox", "Source (never added together)").value == "other"


def test_another_theatre_begins_without_the_filters_of_the_one_before(own: Store) -> None:
    test = opened("Situation", theatre="afghanistan", admin1="AF-KAB", measure="killed")
    widget(test, "selectbox", "Theatre").set_value("oir").run()
    assert not test.exception
    assert param(test, "theatre") == "oir" and param(test, "admin1") is None and param(test, "measure") is None


def test_text_in_data_is_shown_as_text(home: Path, tmp_path: Path) -> None:
    add(Store(home, "afghanistan"), tmp_path, [incident(1, "2009-01-05")], source="a_[b](c)_$d$")
    test = opened("Situation", theatre="afghanistan")
    assert r"a\_\[b](c)\_\$d\$ records 1 incident" in text(test)


def behind(selected, recipe, store, part):  # type: ignore[no-untyped-def]  # AppTest runs the text without our imports
    from civmap.ui import show

    show._behind(selected, recipe, store, part)


@pytest.mark.parametrize("kind", ["cells", "provinces"])
def test_what_was_clicked_on_the_map_is_listed(own: Store, kind: str) -> None:
    analysis = {"cells": "incident_map", "provinces": "hotspots"}[kind]
    parameters = {"unit": "provinces"} if kind == "provinces" else {}
    recipe = Recipe("afghanistan", analysis, parameters, Filters(source="other"))
    exhibit = build(recipe, own)
    deck = maps.deck(exhibit.parts[0])
    layer = next(layer for layer in deck.layers if layer.id == kind)
    chosen = layer.data[0]
    if kind == "provinces":
        chosen = next(one for one in layer.data if one["properties"]["admin1"] == "AF-KAN")
    test = AppTest.from_function(behind, args=({kind: [chosen]}, recipe, own, exhibit.parts[0])).run()
    assert not test.exception
    assert "**2 incidents in the chosen" in test.markdown[0].value
    listed = test.dataframe[0].value
    assert listed["Id"].tolist() == ["T2", "T1"], "newest first"
    assert listed["Parties named"].tolist() == ["International forces"] * 2, "words, not codes"


def test_a_tested_cell_lists_what_was_counted_in_it(home: Path, tmp_path: Path) -> None:
    """Cells as coarse as the district, and only the days that were tested."""
    store = Store(home, "afghanistan")
    precise = ("district", "exact", "exact")
    days = [f"20{9 + n % 2:02d}-03-0{n % 9 + 1}" for n in range(18)]
    rows = [incident(n, day, KANDAHAR, location_precision=precise[n % 3]) for n, day in enumerate(days)]
    add(store, tmp_path, rows)
    exhibit = build(Recipe("afghanistan", "hotspots", {"exposure": "earlier"}), store)
    layer = next(layer for layer in maps.deck(exhibit.parts[0]).layers if layer.id == "cells")
    counted = exhibit.parts[0].frames["cells"].set_index("cell")["incidents"]
    chosen = next(row for row in layer.data if counted[row["cell"]] == 9)
    test = AppTest.from_function(behind, args=({"cells": [chosen]}, exhibit.recipe, store, exhibit.parts[0])).run()
    assert not test.exception
    assert "**9 incidents in the chosen cell" in test.markdown[0].value
    assert set(test.dataframe[0].value["Date"].str[:4]) == {"2010"}


def test_nothing_is_listed_until_something_is_clicked(own: Store) -> None:
    recipe = Recipe("afghanistan", "incident_map")
    test = AppTest.from_function(behind, args=({}, recipe, own, build(recipe, own).parts[0])).run()
    assert not test.exception and not test.markdown and not test.dataframe


# ---- what is cached is shared between sessions -------------------------------------------------------------------


def prints(exhibit: Exhibit) -> list[str]:
    """Write down every frame of an exhibit, with its types."""
    return [f"{part.title} {name}\n{frame.dtypes}\n{frame.to_csv()}"
            for part in exhibit.parts for name, frame in part.frames.items()]  # fmt: skip


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Exhibit, list[str]]]:
    """Every exhibit that the pages build from now on, with its frames as they were built."""
    kept: list[tuple[Exhibit, list[str]]] = []
    real: Callable[[Recipe, Store], Exhibit] = loading.build

    def build_(recipe: Recipe, store: Store) -> Exhibit:
        exhibit = real(recipe, store)
        kept.append((exhibit, prints(exhibit)))
        return exhibit

    monkeypatch.setattr(loading, "build", build_)
    return kept


@pytest.mark.parametrize("title", PAGES)
def test_showing_a_page_leaves_the_cached_exhibits_as_they_were(
    own: Store, built: list[tuple[Exhibit, list[str]]], title: str
) -> None:
    opened(title, theatre="afghanistan", measure="casualties", directive="ISAF-2009-07-02", scope="filters")
    assert built
    for exhibit, before in built:
        for part in exhibit.parts:
            tables.csv_bytes(exhibit, part)
            for mode in ("light", "dark"):
                if part.kind in ("cells", "provinces"):
                    maps.deck(part, mode=mode, synthetic=True).to_json()
                    maps.legend_html(part, mode=mode)
                elif part.kind != "table":
                    charts.chart(part, mode=mode, synthetic=True)
        assert prints(exhibit) == before, exhibit.title


def test_a_changed_frame_would_be_noticed(
    own: Store, built: list[tuple[Exhibit, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(part: Any) -> pd.DataFrame:
        part.table.insert(0, "rank", range(len(part.table)))
        return part.table

    monkeypatch.setattr(tables, "part_table", careless)
    opened("Trends", theatre="afghanistan", measure="injured")
    assert any(prints(exhibit) != before for exhibit, before in built)


def test_the_same_question_is_built_once_and_a_load_is_seen_at_once(
    own: Store, tmp_path: Path, built: list[tuple[Exhibit, list[str]]]
) -> None:
    opened("Hotspots", theatre="afghanistan", source="other", causes="aerial", exposure="area")
    opened("Hotspots", theatre="afghanistan", source="other", causes="aerial", exposure="area")
    assert len(built) == 1
    add(own, tmp_path, [incident(number, "2009-01-05", KANDAHAR) for number in range(5, 9)], source="other")
    opened("Hotspots", theatre="afghanistan", source="other", causes="aerial", exposure="area")
    assert [exhibit.n for exhibit, _ in built] == [2, 6]

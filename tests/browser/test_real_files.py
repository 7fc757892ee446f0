"""Each page with the real files, loaded by the command line; the numbers agree with a count by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import DRAWN, PAGES, Settle, cells, drawn, main, sentences, visit


@pytest.fixture(scope="module")
def ged(reference_data: Path) -> pd.DataFrame:
    """UCDP GED events with civilian harm, from the file itself."""
    raw = pd.read_csv(reference_data / "ucdp" / "ucdp_ged_syria_2016-2019_v652.1601.1911.csv.gz", low_memory=False)
    return raw[(raw["deaths_civilians"] > 0) | (raw["deaths_unknown"].clip(upper=raw["high"]) > 0)]


@pytest.fixture(scope="module")
def airwars(reference_data: Path) -> pd.DataFrame:
    """Airwars incidents with civilian harm that are neither discounted nor faulty, from the file itself."""
    raw = pd.read_csv(reference_data / "airwars" / "airwars_syria_incidents_8114.csv.gz", low_memory=False)
    harm = pd.concat([raw[f"civilians_{what}_max"].fillna(raw[f"civilians_{what}_min"]) for what in
                      ("killed", "injured")], axis="columns").gt(0).any(axis="columns")  # fmt: skip
    good = ~(raw["longitude"].abs() > 180) & (raw["incident_date"] > "1970-01-01")
    for people in ("women_killed", "children_killed"):
        good &= ~(raw[f"{people}_min"] > raw[f"{people}_max"])
    return raw[harm & good & (raw["civilian_harm_status_original"] != "Discounted")]


def test_each_page_shows_the_real_files_and_nothing_synthetic(
    serve: Callable[[Path], str], real_home: Path, new_page: Callable[..., Page], settle: Settle
) -> None:
    page = new_page(color_scheme="dark")
    page.goto(f"{serve(real_home)}/?theatre=oir&source=ucdp_ged")
    for title in PAGES:
        visit(page, title, settle)
        assert "synthetic" not in main(page).inner_text().casefold(), title
        expect(page.get_by_test_id("stException")).to_have_count(0)
        maps, charts, tables = DRAWN[title]
        if title == "Directives":  # UCDP names the Coalition in four rows
            assert "directive" in main(page).inner_text()
            continue
        expect(page.get_by_test_id("stDeckGlJsonChart")).to_have_count(maps)
        expect(page.locator(".js-plotly-plot")).to_have_count(charts)
        assert page.get_by_test_id("stDataFrame").count() >= tables, title
        if maps:
            assert drawn(page.get_by_test_id("stDeckGlJsonChart")) > 0.05, f"{title}: an empty map"


def test_situation_and_trend_agree_with_the_events_counted_by_hand(
    serve: Callable[[Path], str], real_home: Path, page: Page, settle: Settle, ged: pd.DataFrame
) -> None:
    page.goto(f"{serve(real_home)}/?theatre=oir&source=ucdp_ged")
    settle(page)
    assert f"UCDP GED records {len(ged):,} incidents with civilian harm from 1 January 2016" in sentences(page)
    assert f" {ged['deaths_civilians'].sum():,} to " in sentences(page), "the minimum is what is certainly civilian"
    visit(page, "Trends", settle)
    months = pd.to_datetime(ged["date_start"]).dt.to_period("M").value_counts()
    assert f"the highest count, {months.max():,}, is in {months.idxmax():%B %Y}" in sentences(page)


def test_the_coalition_is_counted_where_it_is_named(
    serve: Callable[[Path], str], real_home: Path, page: Page, settle: Settle, airwars: pd.DataFrame
) -> None:
    named = airwars["belligerents_original"].fillna("").str.contains("Coalition")
    page.goto(f"{serve(real_home)}/?theatre=oir&source=airwars&parties=coalition")
    settle(page)
    assert f"Airwars records {named.sum():,} incidents with civilian harm" in sentences(page)
    years = pd.to_datetime(airwars.loc[named, "incident_date"]).dt.year.value_counts()
    page.goto(f"{serve(real_home)}/Trends?theatre=oir&source=airwars&parties=coalition&per=year")
    settle(page)
    assert f"the highest count, {years.max():,}, is in {years.idxmax()}" in sentences(page)


def test_the_december_2016_delegation_cannot_be_separated_from_the_campaign(
    serve: Callable[[Path], str], real_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(real_home)}/Directives?theatre=oir&source=airwars&directive=OIR-2016-12&result=shown")
    settle(page)
    assert "cannot be separated from" in sentences(page)
    assert "Campaign for Raqqa" in sentences(page)
    assert "80 % probability" in sentences(page).partition("After the")[0], "what could be seen stands first"
    assert "More months of this series would not separate what began together" in sentences(page)
    expect(page.locator(".js-plotly-plot")).to_have_count(5)  # result, readings, specifications, timeline and its steps


def test_what_was_read_is_what_was_accepted_and_set_aside(
    serve: Callable[[Path], str], real_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(real_home)}/Data_Quality?theatre=oir")
    settle(page)
    assert "24,680 rows read, 24,672 accepted, 8 set aside" in sentences(page)
    loads = cells(page.get_by_test_id("stDataFrame").first)
    assert {row[0]: row[3:7] for row in loads} == {  # read, accepted, mended, set aside
        "Airwars": ["8114", "8106", "0", "8"],
        "UCDP GED": ["16566", "16566", "0", "0"],
    }
    assert {row[2] for row in loads} == {"2026-07-16"}


def test_before_its_release_nothing_was_known(
    serve: Callable[[Path], str], real_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(real_home)}/?theatre=oir&source=airwars&known=2020-01-01")
    settle(page)
    assert "Nothing was known on" in main(page).inner_text()
    assert "records 0" not in main(page).inner_text()
    assert page.get_by_test_id("stDeckGlJsonChart").count() == 0
    page.goto(f"{serve(real_home)}/?theatre=oir&source=airwars&known=2026-07-16")
    settle(page)
    assert "Airwars records" in sentences(page)


def test_a_click_on_the_map_lists_the_incidents_there(
    serve: Callable[[Path], str], real_home: Path, new_page: Callable[..., Page], settle: Settle
) -> None:
    page = new_page(viewport={"width": 800, "height": 600})  # software WebGL loses clicks on large maps
    page.goto(f"{serve(real_home)}/?theatre=oir&source=airwars")
    settle(page)
    heading = page.get_by_text("in the chosen")
    expect(heading).to_have_count(0)
    map_ = page.get_by_test_id("stDeckGlJsonChart")
    box = map_.bounding_box()
    assert box
    map_.click(position={"x": 0.1 * box["width"], "y": 0.18 * box["height"]})  # around Aleppo
    expect(heading).to_be_visible()
    settle(page)
    number = int(heading.inner_text().split()[0].replace(",", ""))
    days = [row[1] for row in cells(page.get_by_test_id("stDataFrame").first)]
    assert len(days) == number or number > len(days) > 3, "the grid holds as many rows as can be seen"
    assert days == sorted(days, reverse=True)

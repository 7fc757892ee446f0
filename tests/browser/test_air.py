"""Air Surveillance in the browser: two maps first, the slider, the closer looks, loading a file, the narrow screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from civmap.store import Store
from tests.browser.steps import SLOW, Settle, cells, choose_file, drawn, main, said, sentences
from tests.stores import add, incident, telemetry

LINK = "/Air_Surveillance?theatre=afghanistan&source=isaf_like"


def test_the_demonstration_shows_what_was_covered_and_which_incidents(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(serve(empty_home) + LINK)
    settle(page)
    maps = page.get_by_test_id("stDeckGlJsonChart")
    expect(maps).to_have_count(2, timeout=SLOW)
    box = maps.first.bounding_box()
    assert box and box["y"] < 400, "the first map begins on the first screen of a laptop"
    assert drawn(maps.first) > 0.1 and drawn(maps.nth(1)) > 0.02
    assert "a footprint lay over" in sentences(page) and "it cannot be said" in sentences(page)
    rows = cells(page.get_by_test_id("stDataFrame").last)
    assert [row[0] for row in rows] == [
        "a footprint covered the reported place and time", "covered part of the area or of the day", "not covered",
        "cannot say",
    ]  # fmt: skip
    height = main(page).evaluate("element => element.scrollHeight")
    assert height < 3.5 * 768, "it is read in a minute"


def test_a_closer_look_takes_the_place_of_another(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(empty_home)}{LINK}&month=2010-10&more=air_gap")
    settle(page)
    expect(page.get_by_role("heading", name="Verification gap")).to_be_visible(timeout=SLOW)
    assert "From 1 October 2010 to 31 October 2010 a footprint lay over" in sentences(page)
    main(page).get_by_role("radio", name="rates under observation").click()
    expect(page.get_by_role("heading", name="Incidents under observation")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("heading", name="Verification gap")).to_have_count(0)
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(1, timeout=SLOW)


@pytest.mark.parametrize("more", ["none", "air_checked", "air_gap", "air_rates", "air_lists"])
def test_no_look_is_wider_than_a_laptop_at_twice_the_size(
    serve: Callable[[Path], str], empty_home: Path, new_page: Callable[..., Page], settle: Settle, more: str
) -> None:
    page = new_page(viewport={"width": 683, "height": 384}, device_scale_factor=2, color_scheme="dark")
    page.goto(f"{serve(empty_home)}{LINK}&more={more}")
    settle(page)
    wide, seen = main(page).evaluate("element => [element.scrollWidth, element.clientWidth]")
    assert wide <= seen


def test_a_file_is_loaded_on_the_page_and_faults_are_said_in_words(
    serve: Callable[[Path], str], page: Page, settle: Settle, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    home = tmp_path_factory.mktemp("air-home")
    add(Store(home, "afghanistan"), tmp_path, [incident(n, f"2010-0{n}-05") for n in range(1, 9)])
    page.goto(f"{serve(home)}/Air_Surveillance?theatre=afghanistan&source=log")
    settle(page)
    assert "No air surveillance has been loaded for this theatre." in main(page).inner_text()
    bad = tmp_path / "notes.csv"
    bad.write_text("a,b\n1,2\n")
    choose_file(page, bad)
    main(page).get_by_role("button", name="Load", exact=True).click()
    expect(main(page).get_by_text("notes.csv: no reader of air surveillance knows this file.")).to_be_visible(
        timeout=SLOW
    )
    settle(page)
    choose_file(page, telemetry(tmp_path, date(2010, 3, 5), date(2010, 4, 5)))
    main(page).get_by_role("button", name="Load", exact=True).click()
    expect(said(page)).to_contain_text("2 read, 2 accepted, 0 set aside", timeout=SLOW)
    settle(page)
    expect(page.get_by_test_id("stDeckGlJsonChart")).to_have_count(2, timeout=SLOW)

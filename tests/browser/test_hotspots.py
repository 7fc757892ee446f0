"""Hotspots in the browser: the choice, the side by side, the narrow screen, and a click that lists what was counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import SLOW, Settle, cells, main, sentences


def test_two_periods_stand_side_by_side_and_another_method_takes_their_place(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(empty_home)}/Hotspots?source=isaf_like&more=hotspot_periods")
    settle(page)
    decks = page.get_by_test_id("stDeckGlJsonChart")
    expect(decks).to_have_count(3, timeout=SLOW)
    left, right = decks.nth(1).bounding_box(), decks.nth(2).bounding_box()
    assert left and right and left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]
    main(page).get_by_role("radio", name="density").click()
    expect(page.get_by_text("Density of incidents, smoothed over 25 km")).to_be_visible(timeout=SLOW)
    settle(page)
    expect(decks).to_have_count(2)


@pytest.mark.parametrize("more", ["hotspot_periods", "hotspot_month", "groups"])
def test_no_method_is_wider_than_a_laptop_at_twice_the_size(
    serve: Callable[[Path], str], empty_home: Path, new_page: Callable[..., Page], settle: Settle, more: str
) -> None:
    page = new_page(viewport={"width": 683, "height": 384}, device_scale_factor=2)
    page.goto(f"{serve(empty_home)}/Hotspots?source=isaf_like&unit=provinces&more={more}")
    settle(page)
    wide, seen = main(page).evaluate("element => [element.scrollWidth, element.clientWidth]")
    assert wide <= seen


def test_a_click_on_a_tested_province_lists_its_incidents(
    serve: Callable[[Path], str], real_home: Path, new_page: Callable[..., Page], settle: Settle
) -> None:
    page = new_page(viewport={"width": 800, "height": 600})  # software WebGL loses clicks on large maps
    page.goto(f"{serve(real_home)}/Hotspots?theatre=oir&source=ucdp_ged&unit=provinces&exposure=area")
    settle(page)
    assert "hot" in sentences(page)
    map_ = page.get_by_test_id("stDeckGlJsonChart")
    map_.scroll_into_view_if_needed()
    box = map_.bounding_box()
    assert box
    map_.click(position={"x": 0.12 * box["width"], "y": 0.22 * box["height"]})  # Aleppo or a neighbour
    heading = page.get_by_text("in the chosen province")
    expect(heading).to_be_visible(timeout=SLOW)
    settle(page)
    assert len(cells(page.get_by_test_id("stDataFrame").first)) > 3

"""Each page with the demonstration, light and dark: all is drawn, and everything says that it is made up."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.steps import DRAWN, PAGES, SLOW, Settle, main, picture, sentences, visit


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_each_page_draws_the_demonstration_and_says_that_it_is_made_up(
    serve: Callable[[Path], str], empty_home: Path, new_page: Callable[..., Page], settle: Settle, mode: str
) -> None:
    page = new_page(color_scheme=mode)
    page.goto(serve(empty_home))
    for title in PAGES:
        visit(page, title, settle)
        banner = main(page).get_by_test_id("stAlert")
        expect(banner).to_have_count(1)
        expect(banner).to_contain_text("Synthetic demonstration data")
        assert "no real incident" in main(page).inner_text(), title
        assert len(sentences(page)) > 60, title
        expect(page.get_by_test_id("stException")).to_have_count(0)
        maps, charts, tables = DRAWN[title]
        deck, chart = page.get_by_test_id("stDeckGlJsonChart"), page.locator(".js-plotly-plot")
        expect(deck).to_have_count(maps)
        expect(chart).to_have_count(charts)
        assert page.get_by_test_id("stDataFrame").count() >= tables, title
        for one in chart.all():
            expect(one.get_by_text("SYNTHETIC DATA")).to_have_count(1, timeout=SLOW)
        if maps:
            colours, brightness = picture(deck)
            assert colours > 100, f"{title}: an empty map"
            assert brightness > 200 if mode == "light" else brightness < 60, f"{title}: {brightness} is not {mode}"


@pytest.mark.parametrize("title", ["", "Hotspots"])
def test_synthetic_is_written_into_the_pixels_of_the_map(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle, title: str
) -> None:
    page.goto(f"{serve(empty_home)}/{title}")
    settle(page)
    map_ = page.get_by_test_id("stDeckGlJsonChart")
    map_.scroll_into_view_if_needed()
    image = Image.open(BytesIO(map_.screenshot())).convert("L")
    middle = (image.width // 2, image.height // 2)
    # south-east of Afghanistan the map is bare, so whatever is drawn there is the words
    words = image.crop((middle[0] + 130, middle[1] + 80, middle[0] + 310, middle[1] + 140))
    ink = sum(words.histogram()[:230]) / (words.width * words.height)
    assert 0.1 < ink < 0.6, f"{ink:.0%} of the pixels"


def test_nothing_is_wider_than_the_screen_and_the_marking_stays_in_sight(
    serve: Callable[[Path], str], empty_home: Path, new_page: Callable[..., Page], settle: Settle
) -> None:
    page = new_page(viewport={"width": 683, "height": 384}, device_scale_factor=2)  # a laptop at 200 %
    for path in ("", "Hotspots", "Trends", "Directives", "Data_Quality"):
        page.goto(f"{serve(empty_home)}/{path}")
        settle(page)
        wide, seen = main(page).evaluate("element => [element.scrollWidth, element.clientWidth]")
        assert wide <= seen, path
        for group in main(page).get_by_role("radiogroup").all():
            wide, seen = group.evaluate("element => [element.scrollWidth, element.clientWidth]")
            assert wide <= seen, f"{path}: a choice is cut off"
        main(page).evaluate("element => element.scrollTo(0, 500)")
        expect(page.get_by_text("Marking: not set")).to_be_in_viewport(ratio=1)


def test_an_empty_theatre_says_what_to_do(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(empty_home)}/?theatre=oir")
    settle(page)
    assert "Nothing has been loaded yet. Load a file on the Data Quality page" in main(page).inner_text()
    assert page.get_by_test_id("stDeckGlJsonChart").count() == 0
    expect(main(page).get_by_test_id("stAlert")).to_have_count(1)

"""Directives in a real browser: what stands before the result, how it is asked for, and that it fits a small screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.steps import SLOW, Settle, main, sentences

JULY = "Directives?theatre=afghanistan&source=isaf_like&directive=ISAF-2009-07-02"


def test_july_2009_is_asked_about_and_then_shown_on_the_isaf_like_tally(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(empty_home)}/{JULY}")
    settle(page)
    before = sentences(page)
    assert "Only 6 comparable months lie before it" in before and "times the level projected" not in before
    expect(page.locator(".js-plotly-plot")).to_have_count(0)
    main(page).get_by_role("button", name="Show the result without an expectation").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=SLOW)
    settle(page)
    after = sentences(page)
    assert "The data cannot tell: no change at all lies within the interval too" in after
    assert "Too coarse and too mixed for a test" in after
    assert "result=shown" in page.url
    for word in ("caused", "averted", "no effect", "rate_ratio", "ISAF-2009"):
        assert word not in main(page).inner_text(), word


def test_a_second_tally_is_chosen_and_nothing_is_wider_than_a_small_screen(
    serve: Callable[[Path], str], empty_home: Path, new_page: Callable[..., Page], settle: Settle
) -> None:
    page = new_page(viewport={"width": 683, "height": 384}, device_scale_factor=2, color_scheme="dark")
    page.goto(f"{serve(empty_home)}/{JULY}&result=shown&second=un_like&method=controlled")
    settle(page)
    assert "cannot tell whether the two tallies changed alike" in sentences(page)
    assert "Another method" in main(page).inner_text()
    wide, seen = main(page).evaluate("element => [element.scrollWidth, element.clientWidth]")
    assert wide <= seen

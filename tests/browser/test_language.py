"""French in a browser: chosen by hand, spoken by links, charts, maps and the page itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.steps import SLOW, Settle, main, sidebar, visit


def test_a_person_chooses_french_and_english_again(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(empty_home)}/Hotspots?unit=provinces")
    settle(page)
    sidebar(page).get_by_text("Français").click()
    expect(page.locator("h1")).to_have_text("Points chauds", timeout=SLOW)
    settle(page)
    assert "lang=fr" in page.url and "unit=provinces" in page.url
    assert page.evaluate("document.documentElement.lang") == "fr"
    expect(main(page).get_by_role("radio", name="provinces", exact=True)).to_be_checked()
    visit(page, "Tendances", settle)
    assert "lang=fr" in page.url
    sidebar(page).get_by_text("English").click()
    expect(page.locator("h1")).to_have_text("Trends", timeout=SLOW)
    settle(page)
    assert "lang=" not in page.url and page.evaluate("document.documentElement.lang") == "en"


def test_a_chart_names_its_months_in_french(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(empty_home)}/Directives?lang=fr&result=shown&directive=ISAF-2009-07-02")
    settle(page)
    chart = page.locator(".js-plotly-plot").first
    ticks = chart.locator(".xtick").all_text_contents()
    assert {"juil. 2008", "janv. 2009"} <= set(ticks)
    chart.scroll_into_view_if_needed()
    box = chart.locator(".nsewdrag").bounding_box()
    assert box is not None
    for step in range(5):  # a mouse that jumps is no mouse that hovers
        page.mouse.move(box["x"] + box["width"] / 2 + step, box["y"] + box["height"] / 2)
    expect(chart.locator(".hoverlayer")).to_contain_text("2009")
    assert "incidents avec dommages civils" in (chart.locator(".hoverlayer").text_content() or "")

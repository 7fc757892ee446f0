"""Filters: they survive a change of page, stand in the URL, and a link opens what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from civmap import queries
from civmap.filters import Filters
from civmap.store import Store
from tests.browser.steps import SLOW, Settle, chosen, main, pick, sentences, several, sidebar, visit


def params(page: Page) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


def test_filters_survive_a_change_of_page_and_a_link_opens_the_same_view(
    serve: Callable[[Path], str], empty_home: Path, new_page: Callable[..., Page], settle: Settle
) -> None:
    page = new_page()
    page.goto(f"{serve(empty_home)}/Data_Quality")
    settle(page)
    pick(page, "Source", "ISAF-like (synthetic)", settle)
    pick(page, "Count", "Civilians killed", settle)
    pick(page, "Parties named", "International forces", settle)
    page.keyboard.press("Escape")
    asked = {"theatre": "afghanistan", "source": "isaf_like", "measure": "killed", "parties": "international_forces"}
    for title in ("Hotspots", "Directives", "Situation", "Trends"):
        visit(page, title, settle)
        assert chosen(page, "Source") == "ISAF-like (synthetic)", title
        assert chosen(page, "Count") == "Civilians killed", title
        assert several(page, "Parties named") == ["International forces"], title
        assert asked.items() <= params(page).items(), title
    page.get_by_role("radio", name="quarter").click()
    expect(page.get_by_text("the quarter from").first).to_be_visible()
    settle(page)
    said = sentences(page)
    assert "civilians killed" in said

    other = new_page()
    other.goto(page.url)
    settle(other)
    assert sentences(other) == said
    assert several(other, "Parties named") == ["International forces"]

    visit(page, "Data Quality", settle)
    visit(page, "Trends", settle)
    assert params(page)["per"] == "quarter", "a page's own choice is still there when one comes back"
    sidebar(page).get_by_role("button", name="Clear filters").click()
    expect(sidebar(page).get_by_role("combobox", name="Count")).to_have_value("Incidents with civilian harm")
    settle(page)
    assert params(page).keys() & {"measure", "parties"} == set()
    assert several(page, "Parties named") == []


def test_a_link_with_bad_values_falls_back(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    bad = "theatre=atlantis&source=nobody&measure=sorrow&from=yesterday&to=2999-01-01&causes=fate&known=soon&per=aeon"
    page.goto(f"{serve(empty_home)}/Trends?{bad}")
    settle(page)
    counted = queries.totals(Store(empty_home, "afghanistan"), Filters(source="un_like"))["incidents"]
    said = f"UN-like (synthetic) records {counted:,} incidents with civilian harm in 96 months"
    assert said in sentences(page)
    assert params(page)["theatre"] == "afghanistan"
    assert params(page).keys() & {"measure", "from", "causes", "known"} == set()


def test_a_link_opens_its_theatre_and_the_list_switches_it(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(empty_home)}/Hotspots?theatre=oir&measure=killed")
    settle(page)
    assert chosen(page, "Theatre").startswith("Iraq and Syria")
    assert "Load a file on the Data Quality page" in main(page).inner_text()
    visit(page, "Trends", settle)
    assert chosen(page, "Theatre").startswith("Iraq and Syria") and params(page)["theatre"] == "oir"
    pick(page, "Theatre", "Afghanistan", settle)
    expect(page.locator(".js-plotly-plot")).to_have_count(2, timeout=SLOW)
    assert params(page)["theatre"] == "afghanistan" and "measure" not in params(page)

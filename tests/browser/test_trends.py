"""The Trends page as a person uses it: words first, choices kept in the link, nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import SLOW, Settle, cells, main, sentences


def test_the_words_stand_in_the_first_table_on_the_first_screen(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(empty_home)}/Trends?theatre=afghanistan&source=un_like")
    settle(page)
    table = page.get_by_test_id("stDataFrame").first
    box = table.bounding_box()
    assert box is not None and box["y"] + 100 < 768, "the first rows are seen without scrolling"
    rows = cells(table)
    assert rows[0][0] == "All" and {row[1] for row in rows} <= {
        "rising", "falling", "no clear change", "too few to tell"
    }  # fmt: skip
    assert "Over the 48 months to December 2014, provinces rising:" in sentences(page)


@pytest.mark.parametrize("width", [1366, 683])
def test_nothing_is_wider_than_the_screen_with_everything_open(
    serve: Callable[[Path], str], empty_home: Path, new_page: Callable[..., Page], settle: Settle, width: int
) -> None:
    page = new_page(viewport={"width": width, "height": 768})
    page.goto(f"{serve(empty_home)}/Trends?theatre=afghanistan&closer=compare")
    settle(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(main(page).get_by_text("Two beside each other", exact=True)).to_be_visible(timeout=SLOW)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_closer_look_opens_and_its_link_opens_it_again(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(empty_home)}/Trends?theatre=afghanistan&source=un_like")
    settle(page)
    main(page).get_by_role("radio", name="more methods").click()
    expect(main(page).get_by_text("Rank tests of trend")).to_be_visible(timeout=SLOW)
    settle(page)
    assert "closer=methods" in page.url
    page.reload()
    settle(page)
    expect(main(page).get_by_text("Rank tests of trend")).to_be_visible(timeout=SLOW)

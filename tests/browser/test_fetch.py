"""Fetching a release in the page, from a publisher on this machine: broken off first, then gone on with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import SLOW, Settle, cells, main, said
from tests.publisher import csv, ged, publisher


def test_a_release_is_fetched_in_the_page(
    serve: Callable[[Path], str], page: Page, settle: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")  # the app inherits it when it starts
    table = csv(ged(Afghanistan=300, Syria=40))
    with publisher() as served:
        address = served.put("/ged261.csv", table, cut=len(table) // 2, pause=0.1)
        page.goto(f"{serve(tmp_path / 'home')}/Data_Quality?theatre=afghanistan")
        settle(page)
        main(page).get_by_text("Fetch UCDP GED over the network").click()
        main(page).get_by_role("textbox", name="Version").fill("26.1")
        main(page).get_by_role("textbox", name="Countries").fill("Afghanistan")
        main(page).get_by_role("textbox", name="Address").fill(address)
        press = main(page).get_by_role("button", name="Fetch and load")
        press.click()
        error = main(page).get_by_test_id("stAlertContentError")
        expect(error).to_contain_text("broke off", timeout=SLOW)
        expect(error).to_contain_text("which are kept")
        settle(page)
        served.shelves["/ged261.csv"].cut = -1
        press.click()
        expect(said(page)).to_contain_text("300 rows read, 300 accepted, 0 set aside", timeout=SLOW)
        expect(said(page)).to_contain_text("40 rows of other countries were left out")
        expect(said(page)).to_contain_text("CC BY 4.0")
        assert "Range" in served.asked[-1][1]
    expect(main(page)).not_to_contain_text("Synthetic demonstration data", timeout=SLOW)
    settle(page)
    expect(page.get_by_test_id("stDataFrame").first).to_contain_text("2026-06-10", timeout=SLOW)
    assert cells(page.get_by_test_id("stDataFrame").first)[0][2:6] == ["2026-06-10", "300", "300", "0"]

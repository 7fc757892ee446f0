"""A spreadsheet in a person's own columns: from the file to the map, by hand, in a real browser."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import SLOW, Settle, cells, choose_file, main, said, sentences, visit


@pytest.fixture(scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that the tests of this file load into."""
    return tmp_path_factory.mktemp("mapping-home")


def write_log(file: Path, *, first: int = 1) -> Path:
    """Write a log with titles, a header of two rows, two scripts, and days that could be months."""
    book = openpyxl.Workbook()
    rows: list[list[object]] = [
        ["Civilian casualty log"], [], ["Ser\nNo", "Date", "Location", None, "ولایت", "Civilians", None],
        [None, None, "Grid", "Village", None, "Killed", "Injured"],
    ]  # fmt: skip
    rows += [
        [first + n, f"0{1 + n % 9}/06/2010", "42S WD 18360 17615", "A", "کابل", "4-7", "3+"] for n in range(20)
    ]  # fmt: skip
    rows += [
        [first + 20, "07/06/2010", "Unknown", "B", "کندهار", 2, None],
        [first + 21, dt.date(2010, 6, 8), "none", "C", None, 1, 1],
    ]
    for row in rows:
        book.active.append(row)
    for merged in ("A1:G1", "A3:A4", "B3:B4", "C3:D3", "E3:E4", "F3:G3"):
        book.active.merge_cells(merged)
    book.save(file)
    return file


def test_a_spreadsheet_is_asked_about_previewed_loaded_and_known_the_next_time(
    serve: Callable[[Path], str], own_home: Path, page: Page, settle: Settle, tmp_path: Path
) -> None:
    page.goto(f"{serve(own_home)}/Data_Quality?theatre=afghanistan")
    settle(page)
    choose_file(page, write_log(tmp_path / "log.xlsx"))
    main(page).get_by_role("button", name="Load", exact=True).click()
    expect(main(page).get_by_text("Which column is which")).to_be_visible(timeout=SLOW)
    settle(page)
    proposed = cells(page.get_by_test_id("stDataFrame").first)
    assert [row[1:3] for row in proposed[:4]] == [
        ["Ser No", ""], ["Date", "?"], ["Location Grid", "mgrs"], ["ولایت", ""]
    ]  # fmt: skip
    assert main(page).get_by_role("button", name="Load", exact=True).last.is_disabled()
    main(page).get_by_text("day first (31/12)").click()
    expect(main(page).get_by_text("21 rows would be read")).to_be_visible(timeout=SLOW)
    settle(page)
    shown = cells(page.get_by_test_id("stDataFrame").nth(1))
    assert len(shown) == 10 and shown[0][1] == "2010-06-01" and "4 to 7" in shown[0]
    aside = cells(page.get_by_test_id("stDataFrame").nth(2))
    assert aside[0][:4] == ["22", "Location Grid", "none", "place missing"]
    main(page).get_by_role("button", name="Load 21 rows").click()
    expect(said(page)).to_contain_text("22 rows read, 21 accepted, 1 set aside", timeout=SLOW)
    settle(page)

    page.reload()
    settle(page)
    choose_file(page, write_log(tmp_path / "july.xlsx", first=101))
    main(page).get_by_role("button", name="Load", exact=True).click()
    expect(said(page)).to_contain_text("july.xlsx: 22 rows read, 21 accepted, 1 set aside", timeout=SLOW)
    expect(said(page)).to_contain_text("Read through a mapping")
    settle(page)
    visit(page, "Situation", settle)
    assert "log records 42 incidents" in sentences(page)

"""The set-aside desk with real rows: mended in place and in a spreadsheet, and likely duplicates set apart."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pandas as pd
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from civmap.readers import read
from civmap.store import Store
from tests.browser.steps import SLOW, Settle, cells, main, sentences


def airwars(home: Path, reference_data: Path) -> Store:
    store = Store(home, "oir")
    store.add(read(reference_data / "airwars" / "airwars_syria_incidents_8114.csv.gz"))
    return store


def write(page: Page, grid: Locator, right: int, value: str) -> None:
    """Write into the first row of an editor, so many pixels from its left edge; again if the page was still moving."""
    for _ in range(3):
        grid.evaluate("grid => grid.scrollIntoView({block: 'center'})")
        box = grid.bounding_box()
        assert box is not None
        page.mouse.dblclick(box["x"] + right, box["y"] + 50)
        cell = page.locator(".gdg-input")
        with suppress(PlaywrightTimeout):
            cell.fill(value, timeout=5_000)
            cell.press("Enter")
            page.wait_for_timeout(500)  # the table for screen readers follows a moment later
        if value in cells(grid)[0]:
            return
    raise AssertionError(f"{value} did not arrive: {cells(grid)}")


def test_rows_are_mended_in_place_and_in_a_spreadsheet(
    serve: Callable[[Path], str], tmp_path: Path, page: Page, settle: Settle, reference_data: Path
) -> None:
    store = airwars(tmp_path / "home", reference_data)
    page.goto(f"{serve(store.home)}/Data_Quality?theatre=oir")
    settle(page)
    assert "8,114 rows read, 8,106 accepted, 8 set aside" in sentences(page)
    grid = main(page).get_by_test_id("stForm").filter(has_text="Check and keep").get_by_test_id("stDataFrame").first
    write(page, grid, 105, "39.00416")  # the faulty value stands right of the record number
    reason = main(page).get_by_label("Why (stays with the records)").first
    reason.fill("two digits too many before the point")
    main(page).get_by_role("button", name="Check and keep").first.click()
    expect(main(page)).to_contain_text("1 row accepted and counted from now on", timeout=SLOW)
    settle(page)
    assert "8,114 rows read, 8,106 accepted, 1 mended and accepted, 7 set aside" in sentences(page)
    record = store.incidents().set_index("source_id").loc["CS1033"]
    assert record.geometry.x == 39.00416 and record["source_row"] == 4771 and record["admin1"] == "SY-RA"

    main(page).get_by_text("Mend in a spreadsheet instead").click()
    with page.expect_download() as download:
        main(page).get_by_role("button", name="Download these rows").click()
    rows = pd.read_csv(download.value.path(), dtype="str", keep_default_na=False)
    column = "incident_date_end"
    assert rows[["source_row", column]].to_numpy().tolist() == [["5392", "2017-02-04"]]
    rows[column] = rows["incident_date"]
    buffer = BytesIO()
    rows.to_csv(buffer, index=False)
    upload = main(page).get_by_test_id("stFileUploader").last.locator("input[type=file]")
    upload.set_input_files({"name": "mended.csv", "mimeType": "text/csv", "buffer": buffer.getvalue()})
    expect(page.get_by_test_id("stFileChipName").last).to_have_attribute("title", "mended.csv", timeout=SLOW)
    expect(page.get_by_test_id("stFileChipIconSpinner")).to_have_count(0, timeout=SLOW)
    settle(page)
    main(page).get_by_label("Why (stays with the records)").nth(1).fill("the end had the wrong month")
    main(page).get_by_role("button", name="Check and keep").nth(1).click()
    expect(main(page)).to_contain_text("2 mended and accepted, 6 set aside", timeout=SLOW)
    settle(page)
    assert "2 decisions about records" in sentences(page)


def test_likely_duplicates_are_set_apart_and_counted_again(
    serve: Callable[[Path], str], tmp_path: Path, page: Page, settle: Settle, reference_data: Path
) -> None:
    store = airwars(tmp_path / "home", reference_data)
    page.goto(f"{serve(store.home)}/Data_Quality?theatre=oir")
    settle(page)
    assert "34 groups of records agree in day, place and every figure" in sentences(page)
    form = main(page).get_by_test_id("stForm").filter(has_text="Groups that are one event each")
    box = form.get_by_role("combobox", name="Groups that are one event each")
    box.evaluate("box => box.scrollIntoView({block: 'center'})")
    box.click()
    page.get_by_role("option", name="2", exact=True).click()
    page.keyboard.press("Escape")
    form.get_by_label("Why (stays with the records)").fill("one strike, reported under two codes")
    form.get_by_role("button", name="Decide").click()
    expect(main(page)).to_contain_text("33 groups of records agree", timeout=SLOW)
    settle(page)
    assert [one.about for one in store.decisions()] == [(("airwars", "CS978"),)]

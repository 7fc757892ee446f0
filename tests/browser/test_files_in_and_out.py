"""Loading a file in the page, and taking a table out of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from civmap import queries
from civmap.filters import Filters
from civmap.store import Store
from tests.browser.steps import SLOW, Settle, cells, choose_file, main, said, sentences, visit
from tests.stores import incident

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")


@pytest.fixture(scope="module")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home that the tests of this file load into."""
    return tmp_path_factory.mktemp("own-home")


def load(page: Page, file: Path) -> None:
    choose_file(page, file)
    main(page).get_by_role("button", name="Load", exact=True).click()


def test_the_airwars_file_is_loaded_in_the_page(
    serve: Callable[[Path], str], own_home: Path, page: Page, settle: Settle, reference_data: Path
) -> None:
    file = reference_data / "airwars" / "airwars_syria_incidents_8114.csv.gz"
    page.goto(f"{serve(own_home)}/Data_Quality?theatre=oir")
    settle(page)
    assert "Nothing has been loaded yet" in main(page).inner_text()
    load(page, file)
    expect(said(page)).to_contain_text("8,114 rows read, 8,106 accepted, 8 set aside", timeout=SLOW)
    placed, outside = re.findall(r"([\d,]+) lie in the theatre, ([\d,]+) outside", said(page).inner_text())[0]
    assert int(placed.replace(",", "")) + int(outside) == 8_106 and int(outside) < 20
    settle(page)
    assert cells(page.get_by_test_id("stDataFrame").first)[0][3:7] == ["8114", "8106", "0", "8"]
    assert "8 rows set aside, by 5 rules" in sentences(page)
    page.reload()  # a form of its own: a click while the first answer is still being drawn would be lost
    settle(page)
    load(page, file)
    expect(said(page)).to_contain_text("was loaded before; nothing has changed", timeout=SLOW)
    settle(page)
    assert "1 load: 8,114 rows read" in sentences(page)
    visit(page, "Situation", settle)
    assert "Airwars records 7,7" in sentences(page), "the map of what was loaded"


def test_a_broken_file_ends_in_a_sentence_and_changes_nothing(
    serve: Callable[[Path], str], own_home: Path, page: Page, settle: Settle, tmp_path: Path
) -> None:
    page.goto(f"{serve(own_home)}/Data_Quality?theatre=afghanistan")
    settle(page)
    error = main(page).get_by_test_id("stAlertContentError")
    for name, content in (
        ("picture.csv", PNG),
        ("empty.csv", b""),
    ):
        file = tmp_path / name
        file.write_bytes(content)
        load(page, file)
        expect(error).to_contain_text(name, timeout=SLOW)
        settle(page)
        words = error.inner_text()
        assert len(words) > 30 and "Traceback" not in words and str(Path.home()) not in words and "/tmp" not in words
    letter = tmp_path / "letter.csv"
    letter.write_bytes(b"Dear colleague,\nplease find enclosed\n")
    load(page, letter)
    expect(main(page)).to_contain_text("Which column is which: letter.csv", timeout=SLOW)
    settle(page)
    assert "Synthetic demonstration data" in main(page).inner_text(), "still nothing is loaded"


def test_rows_set_aside_are_said_with_their_reasons(
    serve: Callable[[Path], str], own_home: Path, page: Page, settle: Settle, tmp_path: Path
) -> None:
    rows = [incident(1, "2009-01-05"), incident(2, "no day"), incident(3, "2009-02-01", civilians_killed_min=9)]
    file = tmp_path / "tally.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    page.goto(f"{serve(own_home)}/Data_Quality?theatre=afghanistan")
    settle(page)
    main(page).get_by_role("textbox", name="Name of the source").fill("our_log")
    load(page, file)
    expect(said(page)).to_contain_text("3 rows read, 1 accepted, 2 set aside", timeout=SLOW)
    expect(said(page)).to_contain_text("1 min above max")
    settle(page)
    assert "made up" not in main(page).inner_text(), "the demonstration has gone"


def test_a_csv_holds_the_numbers_of_the_page_and_says_what_they_are(
    serve: Callable[[Path], str], empty_home: Path, page: Page, settle: Settle
) -> None:
    page.goto(f"{serve(empty_home)}/Hotspots?theatre=afghanistan&unit=provinces")
    settle(page)
    grid = page.get_by_test_id("stDataFrame").last
    values = cells(grid)
    shown = pd.DataFrame(values, columns=grid.locator("[role=columnheader]").all_inner_texts())
    main(page).get_by_role("button", name="Export", exact=True).first.click()
    choices = page.get_by_test_id("stPopoverBody")
    choices.get_by_role("button", name="CSV", exact=True).click()
    save = choices.get_by_role("button", name=re.compile("^Save civmap-"))
    expect(save).to_be_visible(timeout=4 * SLOW)  # the first export of a source decides what is withheld
    with page.expect_download() as download:
        save.click()
    with ZipFile(download.value.path()) as parts:  # a file for the map and one for the list
        text = parts.read(parts.namelist()[-1]).decode("utf-8-sig")
    head = [line for line in text.splitlines() if line.startswith("# ")]
    assert text.startswith("# ") and "# SYNTHETIC DATA" in head
    assert any(line.startswith("# Caveat: Corrected for looking at all") for line in head)
    loaded = queries.extent(Store(empty_home, "afghanistan"), Filters(source="un_like"))
    first, last = (f"{day.day} {day:%B %Y}" for day in (loaded.date_min, loaded.date_max))
    assert any(line.startswith(f"# Period: {first} to {last}") for line in head)
    table = pd.read_csv(StringIO(text), comment="#", dtype="str", keep_default_na=False)
    assert len(shown) > 5 and len(set(shown) & set(table)) > 7, "what must not leave is left out"
    pd.testing.assert_frame_equal(table.head(len(shown)), shown[list(table)], check_dtype=False)
    assert download.value.suggested_filename.startswith("civmap-hotspots-")

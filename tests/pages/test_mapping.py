"""A table of one's own on the Data Quality page: proposed, asked about, previewed, loaded, and known the next time."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from civmap.readers import Mapping
from civmap.store import Store
from tests.conftest import ROOT
from tests.stores import incident

ROWS = 30
TALLY = {
    "Ref": [f"R{number}" for number in range(ROWS)], "Date": ["25/06/2010", "07/08/2010"] * 15,
    "Lat/Long": ["34.5, 69.2"] * (ROWS - 2) + ["Unknown", "nowhere"], "Wilayat": ["کابل"] * (ROWS - 2) + ["", "Herat"],
    "Civilians killed": ["4-7", "3+", "2"] * 10, "Comment": ["Mr. So-and-so saw it."] * ROWS,
}  # fmt: skip


def csv(table: dict[str, Any]) -> bytes:
    return pd.DataFrame(table).to_csv(index=False).encode()


@pytest.fixture
def page(home: Path) -> AppTest:
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.switch_page("pages/6_Data_Quality.py")
    test.query_params["theatre"] = "afghanistan"
    return run(test)


def run(test: AppTest) -> AppTest:
    test.run()
    assert not test.exception, test.exception
    return test


def press(test: AppTest, key: str) -> AppTest:
    test.button(key=key).click()
    return run(test)


def load(test: AppTest, name: str, content: bytes, *, ask: bool = False) -> AppTest:
    test.file_uploader[0].set_value((name, content, "application/octet-stream"))
    test.checkbox[0].set_value(ask)
    test.button("FormSubmitter:upload-Load").click()
    return run(test)


def text(test: AppTest) -> str:
    """Read the page; what is escaped for Markdown is read as it is seen."""
    kinds = ("markdown", "caption", "info", "warning", "error", "success")
    return "\n".join(str(element.value).replace("\\", "") for kind in kinds for element in test.main.get(kind))


def edit(test: AppTest, what: str, **cells: str) -> AppTest:
    """Change a line of the table of columns, as typed into it."""
    editor = test.data_editor[0]
    number = editor.value["ours"].tolist().index(what)
    state = test.session_state[editor.key] if editor.key in test.session_state else {}  # noqa: SIM401
    edited = {**dict(state.get("edited_rows", {})), number: cells}
    test.session_state[editor.key] = {"edited_rows": edited, "added_rows": [], "deleted_rows": []}
    return run(test)


def loaded(home: Path) -> pd.DataFrame:
    return Store(home, "afghanistan").loads()


def test_an_unknown_table_is_proposed_previewed_and_loaded(page: AppTest, home: Path) -> None:
    load(page, "tally.csv", csv(TALLY))
    lines = page.data_editor[0].value.set_index("ours")[["column", "written"]]
    assert lines[lines["column"] != ""].to_numpy().tolist() == [
        ["Ref", ""], ["Date", "day first"], ["Lat/Long", "lat, long"], ["Wilayat", ""], ["Civilians killed", ""],
    ]  # fmt: skip
    assert "**28 rows would be read**, none of them outside Afghanistan, and 2 set aside. The first 10:" in text(page)
    assert "Not read: Comment" in text(page) and "So-and-so" not in text(page)
    rows, aside = [table.value for table in page.main.get("dataframe") if table.editing_mode == "read_only"][:2]
    assert len(rows) == 10 and rows.loc[0, ["Date", "Civilians killed"]].tolist() == ["2010-06-25", "4 to 7"]
    assert aside[["Record", "Your column", "What stands there", "Rule"]].to_numpy().tolist() == [
        [29, "Lat/Long", "Unknown", "place missing"], [30, "Lat/Long", "nowhere", "coordinate unreadable"],
    ]  # fmt: skip
    assert loaded(home).empty or "tally.csv" not in set(loaded(home)["file"]), "nothing is kept before it is asked for"
    press(page, "mapping-load")
    assert "30 rows read, 28 accepted, 2 set aside" in page.success[0].value
    assert "Read through a mapping" in page.success[0].value and not page.data_editor[0].key.startswith("mapping")
    assert loaded(home)["source"].tolist() == ["tally"]


def test_the_same_columns_are_read_the_same_way_the_next_time(page: AppTest, home: Path) -> None:
    load(page, "tally.csv", csv(TALLY))
    press(page, "mapping-load")
    later = {**TALLY, "Ref": [f"L{number}" for number in range(ROWS)]}
    load(page, "second.csv", csv({name: later[name] for name in reversed(later)}))
    assert "second.csv: 30 rows read, 28 accepted" in page.success[0].value
    assert loaded(home)["source"].tolist() == ["tally", "tally"], "one source, two files"
    load(page, "tally.csv", csv(TALLY))
    assert "was loaded before; nothing has changed" in page.success[0].value


def test_an_order_that_nothing_decides_is_asked_before_anything_is_read(page: AppTest, home: Path) -> None:
    load(page, "tally.csv", csv({**TALLY, "Date": ["05/06/2010"] * ROWS}))
    question = page.radio[0]
    assert "Nothing in **Date** says whether the day or the month stands first" in question.label
    assert page.button(key="mapping-load").disabled and "Once the question above is answered" in page.info[-1].value
    question.set_value("month first")
    run(page)
    shown = next(table.value for table in page.main.get("dataframe") if "Civilians killed" in table.value)
    assert set(shown["Date"]) == {"2010-05-06"}
    press(page, "mapping-load")
    (kept,) = (home / "afghanistan" / "mappings").glob("*.toml")
    assert Mapping.load(kept).field("event_date").written == "month first"  # type: ignore[union-attr]


def test_a_wrong_proposal_is_mended_in_the_table(page: AppTest, home: Path) -> None:
    load(page, "tally.csv", csv({**TALLY, "Seen": ["05/07/2010", "31/07/2010"] * 15}))
    edit(page, "Civilians killed", column="")
    edit(page, "Everyone killed", column="Civilians killed")
    edit(page, "Party", constant="ISAF")
    edit(page, "Date of the report", column="Seen")
    shown = next(table.value for table in page.main.get("dataframe") if "Everyone killed" in table.value)
    assert "Civilians killed" not in shown and shown.loc[0, ["Party", "Everyone killed"]].tolist() == ["ISAF", "4 to 7"]
    press(page, "mapping-load")
    records = Store(home, "afghanistan").incidents()
    assert records["civilians_killed_max"].isna().all() and records["all_killed_max"].notna().any()
    assert set(records["reported_at"].dt.strftime("%Y-%m-%d")) == {"2010-07-05", "2010-07-31"}, "its order was found"


def test_what_is_missing_or_contradictory_is_said_in_place_of_the_rows(page: AppTest) -> None:
    load(page, "tally.csv", csv(TALLY))
    edit(page, "Date", column="")
    assert "event_date is missing" in page.warning[0].value and page.button(key="mapping-load").disabled
    edit(page, "Date", column="Date")
    edit(page, "Latitude", column="Ref")
    assert "coordinates and latitude or longitude are both said" in page.warning[0].value


def test_exchanged_coordinates_are_noticed_before_loading(page: AppTest) -> None:
    load(page, "tally.csv", csv({**TALLY, "Lat/Long": ["69.2, 34.5"] * ROWS, "Wilayat": [""] * ROWS}))
    assert "30 of them outside Afghanistan" in text(page)
    assert "30 rows would lie in Afghanistan with latitude and longitude exchanged" in page.warning[0].value
    edit(page, "Coordinates, both in one column", written="long, lat")
    assert "none of them outside Afghanistan" in text(page) and not page.warning


def test_another_sheet_can_be_chosen(page: AppTest) -> None:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "Summary"
    for row in [["Province", "Total"], *([name, 3] for name in ("Kabul", "Herat", "Khost", "Zabul"))]:
        book.active.append(row)
    sheet = book.create_sheet("Data")
    sheet.append(["Id", "Date", "Province", "Civilians killed"])
    sheet.append([1, "2010-05-01", "Kabul", 3])
    book.save(out)
    load(page, "book.xlsx", out.getvalue())
    (box,) = (one for one in page.selectbox if one.label == "Sheet or layer")
    assert box.value == "Summary" and "event_date is missing" in text(page)
    box.set_value("Data")
    run(page)
    assert "**1 row would be read**" in text(page)


def test_the_columns_of_a_known_file_are_shown_when_asked_for(page: AppTest, home: Path) -> None:
    known = csv({name: [value] for name, value in incident(1, "2009-01-05").items()})
    load(page, "log.csv", known, ask=True)
    lines = page.data_editor[0].value.set_index("ours")["column"]
    assert lines["Date"] == "event_date" and "**1 row would be read**" in text(page)
    press(page, "mapping-leave")
    assert "Which column is which" not in text(page) and "log.csv" not in set(loaded(home).get("file", []))
    load(page, "log.csv", known)
    assert "log.csv: 1 row read, 1 accepted" in page.success[0].value


def test_names_and_values_of_a_file_are_shown_as_they_are(page: AppTest) -> None:
    load(page, "[x](javascript:y) *z*.csv", csv({**TALLY, "$x$ <b>": ["1"] * ROWS}))
    escaped = "\n".join(str(element.value) for kind in ("markdown", "caption") for element in page.main.get(kind))
    assert "\\[x\\]\\(javascript\\:y\\) \\*z\\*\\.csv" in escaped and "\\$x\\$ \\<b\\>" in escaped


def test_a_file_that_cannot_be_opened_ends_in_a_sentence_also_when_asked_for(page: AppTest) -> None:
    load(page, "empty.csv", b"", ask=True)
    assert "empty.csv: the file is empty" in page.error[0].value and "Which column is which" not in text(page)
    load(page, "log.xlsx", b"PK\x03\x04no workbook")
    assert "log.xlsx: the zip archive or workbook is damaged" in page.error[0].value

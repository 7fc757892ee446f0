"""Loading on the Data Quality page: complete releases, totals, mended rows in the wrong place, and long work."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from civmap import queries
from civmap.store import Store
from civmap.store.totals import described
from civmap.ui import working as module
from civmap.ui.working import working
from tests.conftest import ROOT
from tests.stores import incident

ROWS = [incident(n, f"2010-0{n}-01") for n in range(1, 6)]
TOTALS = (
    b"area,period,killed,publication,published_at\nHilmand,2010,41,Weekly,2011-01-31\nPaktyka,2010,5,Weekly,2011-01\n"
)


def csv(rows: list[dict[str, Any]]) -> bytes:
    return pd.DataFrame(rows).to_csv(index=False).encode()


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


def one(test: AppTest, kind: str, label: str) -> Any:
    return next(found for found in test.get(kind) if found.label.startswith(label))


def load(test: AppTest, name: str, content: bytes, span: tuple[date, ...] = ()) -> AppTest:
    one(test, "file_uploader", "UCDP GED").set_value((name, content, "text/csv"))
    one(test, "text_input", "Name of the source").set_value("log")
    one(test, "date_input", "Holds everything").set_value(span)
    test.button("FormSubmitter:upload-Load").click()
    return run(test)


def text(test: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "warning", "error", "success")
    return "\n".join(str(element.value).replace("\\", "") for kind in kinds for element in test.main.get(kind))


def test_what_a_complete_release_lacks_is_withdrawn(page: AppTest, home: Path) -> None:
    load(page, "first.csv", csv(ROWS))
    load(page, "second.csv", csv(ROWS[:3]), (date(2010, 1, 1), date(2010, 4, 30)))
    store = Store(home, "afghanistan")
    assert sorted(store.incidents()["source_id"]) == ["T1", "T2", "T3", "T5"], "T4 lies in the span, T5 after it"
    assert "1 withdrawn" in text(page)


def test_a_release_that_does_not_say_so_withdraws_nothing(page: AppTest, home: Path) -> None:
    load(page, "first.csv", csv(ROWS))
    load(page, "second.csv", csv(ROWS[:3]))
    assert len(Store(home, "afghanistan").incidents()) == 5


def test_a_span_with_one_end_is_asked_about(page: AppTest, home: Path) -> None:
    load(page, "first.csv", csv(ROWS), (date(2010, 1, 1),))
    assert "A complete span has two ends" in text(page) and Store(home, "afghanistan").is_demonstration


def test_mended_rows_in_the_wrong_form_are_sent_to_the_right_one(page: AppTest, home: Path) -> None:
    load(page, "civmap-set-aside.csv", b"\xef\xbb\xbfload_id,source_row,event_date\nabc,2,2010-01-01\n")
    assert "These rows were set aside. Load them below" in text(page) and Store(home, "afghanistan").is_demonstration


def totals(test: AppTest, content: bytes) -> AppTest:
    one(test, "file_uploader", "Table of totals").set_value(("weekly.csv", content, "text/csv"))
    one(test, "text_input", "Whose totals").set_value("press")
    test.button("FormSubmitter:totals-Load totals").click()
    return run(test)


def test_totals_are_loaded_and_shown_on_the_tallies_page(page: AppTest, home: Path) -> None:
    totals(page, TOTALS)
    assert "weekly.csv: 2 rows read, 1 accepted with 1 figure, 1 set aside" in text(page)
    aside = next(table.value for table in page.dataframe if "Expected" in table.value and "Paktyka" in str(table.value))
    assert aside["Rule"].tolist() == ["area ambiguous"]
    totals(page, TOTALS)
    assert "weekly.csv was loaded before; nothing has changed." in text(page)
    store = Store(home, "afghanistan")
    assert store.is_demonstration and len(described(store.folder)) == 1
    found = queries.tallies(store)
    assert found.loc[found["tally"] == "press", ["area", "value"]].to_numpy().tolist() == [["AF-HEL", 41]]

    tallies = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    tallies.switch_page("pages/5_Tallies.py")
    tallies.query_params["theatre"] = "afghanistan"
    table = next(one.value for one in run(tallies).dataframe if "Publication" in one.value)
    assert table.loc[table["Tally"] == "press", "Published"].tolist() == [41] and "UNAMA" in set(table["Tally"])
    assert "1 row of loaded tables set aside" in text(tallies)


def test_own_totals_are_shown_also_where_no_incident_was_loaded(home: Path, tmp_path: Path) -> None:
    from civmap.readers.tallies import read_tallies

    (tmp_path / "weekly.csv").write_text("area,period,killed\nRaqqa,2017,41\n")
    Store(home, "oir").add_totals(read_tallies(tmp_path / "weekly.csv"))
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    test.switch_page("pages/5_Tallies.py")
    test.query_params["theatre"] = "oir"
    assert any("Publication" in table.value for table in run(test).dataframe)


def test_a_table_without_period_or_figures_is_refused_in_words(page: AppTest, home: Path) -> None:
    totals(page, b"area,comment\nKabul,none\n")
    assert "no column with period and none with figures" in text(page)
    assert described(Store(home, "afghanistan").folder) == []


class Bar:
    """What a progress bar was told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def progress(self, value: float, text: str) -> None:
        assert 0 <= value <= 1
        self.said.append(text)


def test_work_that_takes_long_is_counted_and_its_answer_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.02)
    bar: Any = Bar()
    assert working(bar, 0.5, "Reading log.csv", lambda: time.sleep(0.2) or 7) == 7
    assert bar.said[0] == "Reading log.csv …" and bar.said[-1].startswith("Reading log.csv … 0 s")


def test_short_work_is_said_once_and_a_fault_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    bar: Any = Bar()

    def fail() -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        working(bar, 0.5, "Reading", fail)
    assert bar.said == ["Reading …"]


def test_rows_read_and_set_aside_are_said_while_the_others_are_placed(
    page: AppTest, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from civmap.ui import upload

    said: list[str] = []
    real = upload.working
    monkeypatch.setattr(
        upload, "working", lambda bar, share, what, work: (said.append(what), real(bar, share, what, work))[1]
    )
    load(page, "first.csv", csv([*ROWS, incident(9, "no day")]))
    assert said[0].startswith("Reading first.csv") and said[1].startswith("6 rows read, 1 set aside; placing")
    assert len(Store(home, "afghanistan").rejected()) == 1

"""Rows with impossible values: set aside under their rule, column, value and number; the others are accepted."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest

from civmap.readers import ReadResult, read
from civmap.readers.faults import RULES

GOOD = {
    "source_id": "good", "event_date": "2010-05-01", "event_date_end": "2010-05-02", "latitude": "34.5",
    "longitude": "69.2", "admin1": "Kabul", "civilians_killed_min": "1", "civilians_killed_best": "2",
    "civilians_killed_max": "3", "cause": "ied", "grade": "corroborated", "reported_via": "media; community",
    "reported_at": "2010-05-03",
}  # fmt: skip


def read_rows(folder: Path, *changes: dict[str, str]) -> ReadResult:
    """Read a good row, then one for each mapping of changes, then a good row again."""
    changed = [{**GOOD, "source_id": f"bad{number}", **change} for number, change in enumerate(changes)]
    file = folder / "log.csv"
    pd.DataFrame([GOOD, *changed, {**GOOD, "source_id": "last"}]).to_csv(file, index=False)
    return read(file)


def only_fault(folder: Path, **change: str) -> tuple[str, str, str | None]:
    result = read_rows(folder, change)
    assert list(result.records["source_id"]) == ["good", "last"]
    assert list(result.records["source_row"]) == [1, 3]
    fault = result.rejected.iloc[0]
    assert len(result.rejected) == 1
    assert (fault["file"], fault["source_row"], fault["expected"] != "") == ("log.csv", 2, True)
    return fault["rule"], fault["column"], None if pd.isna(fault["value"]) else fault["value"]


TOMORROW = (date.today() + timedelta(days=2)).isoformat()


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        *(("event_date", value, "date_unreadable") for value in (
            "01/05/2010", "5/1/2010", "2010-5-1", "20100501", "1 May 2010", "2010-02-30", "2010-13-01", "0000-00-00",
            "40299", "2010-05-01x", "2010-05-011", "2010-05-01/2010-06-01", "2010-05-01 to 2010-06-01", "٢٠١٠-٠٥-٠١",
        )),
        ("event_date", "", "date_missing"),
        ("event_date", "2999-01-01", "date_in_future"),
        ("event_date_end", TOMORROW, "date_in_future"),
        ("event_date_end", "2010-04-30", "end_before_start"),
        ("event_date_end", "unknown", "date_unreadable"),
        ("reported_at", "soon", "date_unreadable"),
        ("source_id", "", "id_missing"),
        ("source_id", "good", "id_repeated"),
        ("latitude", "north", "coordinate_unreadable"),
        ("latitude", "34,5", "coordinate_unreadable"),
        ("latitude", "NaN", "coordinate_unreadable"),
        ("latitude", "inf", "coordinate_unreadable"),
        ("latitude", "34°30'N", "coordinate_unreadable"),
        ("latitude", "90.1", "coordinate_out_of_range"),
        ("longitude", "4239.00416", "coordinate_out_of_range"),
        *(("civilians_killed_best", value, "count_unreadable") for value in (
            "4-7", "3+", "-1", "2.5", "NaN", "inf", "-inf", "1e9", "1e400", "0x10", "1_000", "1,000", "several", "٣",
            "=1+1", "9" * 400,
        )),
        ("civilians_killed_min", "4", "min_above_max"),
        ("civilians_killed_best", "4", "min_above_max"),
        ("cause", "drone", "code_unknown"),
        ("grade", "Confirmed", "code_unknown"),
        ("reported_via", "media; rumour", "code_unknown"),
    ],
)  # fmt: skip
def test_bad_value_is_set_aside_with_its_rule_and_value(tmp_path: Path, column: str, value: str, rule: str) -> None:
    assert rule in RULES
    found, named, shown = only_fault(tmp_path, **{column: value})
    assert found == rule
    if rule != "min_above_max":
        assert (named, shown) == (column, value or None)


def test_zero_zero_stands_for_no_place(tmp_path: Path) -> None:
    for zero in ("0", "0.0", "-0", "0e5"):
        assert only_fault(tmp_path, latitude=zero, longitude="0")[0] == "coordinate_zero"


def test_zero_latitude_alone_is_a_place(tmp_path: Path) -> None:
    assert len(read_rows(tmp_path, {"latitude": "0"}).rejected) == 0


@pytest.mark.parametrize("column", ["latitude", "longitude"])
def test_half_a_coordinate_is_set_aside(tmp_path: Path, column: str) -> None:
    assert only_fault(tmp_path, **{column: ""})[0] == "coordinate_incomplete"


def test_neither_coordinates_nor_province_is_set_aside(tmp_path: Path) -> None:
    assert only_fault(tmp_path, latitude="", longitude="", admin1="")[0] == "place_missing"


@pytest.mark.parametrize(("value", "count"), [("3", 3), (" 3 ", 3), ("3.0", 3), ("+3", 3), ("0.2e1", 2), ("", None)])
def test_whole_numbers_in_any_writing_are_counts(tmp_path: Path, value: str, count: int | None) -> None:
    record = read_rows(tmp_path, {"civilians_injured_best": value}).records.iloc[1]
    assert (None if pd.isna(record["civilians_injured_best"]) else record["civilians_injured_best"]) == count


@pytest.mark.parametrize(
    "value", ["2010-05-01 23:59:59.000", "2010-05-01T01:00:00Z", " 2010-05-01 ", "2010-05-01 1:00"]
)
def test_time_behind_the_date_is_ignored(tmp_path: Path, value: str) -> None:
    assert read_rows(tmp_path, {"event_date": value}).records["event_date"].iloc[1] == pd.Timestamp("2010-05-01")


def test_today_is_not_the_future(tmp_path: Path) -> None:
    today = date.today().isoformat()
    assert len(read_rows(tmp_path, {"event_date": today, "event_date_end": today}).rejected) == 0


def test_one_line_for_each_row_names_its_other_faults(tmp_path: Path) -> None:
    result = read_rows(tmp_path, {"event_date": "never", "latitude": "99", "civilians_killed_best": "3+"})
    fault = result.rejected.iloc[0]
    assert fault["rule"] == "date_unreadable"
    assert set(fault["other_faults"].split("; ")) == {
        "latitude: coordinate_out_of_range", "civilians_killed_best: count_unreadable",
    }  # fmt: skip
    assert '"latitude":"99"' in fault["row"]


def test_many_faults_give_each_row_its_own(tmp_path: Path) -> None:
    result = read_rows(tmp_path, {"latitude": "99"}, {}, {"event_date": "never"}, {"cause": "x"}, {"latitude": "98"})
    assert result.rejected[["source_row", "column", "value"]].to_numpy().tolist() == [
        [2, "latitude", "99"], [4, "event_date", "never"], [5, "cause", "x"], [6, "latitude", "98"],
    ]  # fmt: skip
    assert result.rule_counts == {"code_unknown": 1, "coordinate_out_of_range": 2, "date_unreadable": 1}


def test_exchanged_coordinates_within_range_are_left_to_placing(tmp_path: Path) -> None:
    assert len(read_rows(tmp_path, {"latitude": "69.2", "longitude": "34.5"}).rejected) == 0


def test_missing_end_is_the_first_day(tmp_path: Path) -> None:
    record = read_rows(tmp_path, {"event_date_end": ""}).records.iloc[1]
    assert record["event_date_end"] == record["event_date"]


def test_file_in_which_every_row_is_bad_is_fully_set_aside(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("source_id,event_date,admin1\n1,x,Kabul\n2,,Kabul\n")
    result = read(tmp_path / "log.csv")
    assert (len(result.records), len(result.rejected), result.provenance.read) == (0, 2, 2)
    assert result.summary()["date_min"] is None

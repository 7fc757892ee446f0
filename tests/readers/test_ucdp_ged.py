"""UCDP GED: what its columns become."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from civmap.readers import read

ROW = {
    "id": "1", "type_of_violence": "1", "side_a": "Government of Syria", "side_b": "IS", "where_prec": "1",
    "where_coordinates": "Raqqa town", "adm_1": "Ar Raqqah Governorate", "adm_2": "Ar Raqqah district",
    "latitude": "35.95", "longitude": "39.01", "country": "Syria", "date_prec": "1", "date_start": "2016-03-01",
    "date_end": "2016-03-01", "deaths_a": "1", "deaths_b": "1", "deaths_civilians": "3", "deaths_unknown": "2",
    "low": "5", "best": "7", "high": "9",
}  # fmt: skip


def read_event(folder: Path, **change: str) -> Any:
    """Read one event and give its record."""
    pd.DataFrame([{**ROW, **change}]).to_csv(folder / "ged.csv", index=False)
    result = read(folder / "ged.csv")
    assert result.provenance.reader == "ucdp_ged"
    assert len(result.records) == 1, result.rejected.to_dict("records")
    return result.records.iloc[0]


def counts(record: Any, measure: str) -> list[int | None]:
    values = [record[f"{measure}_{bound}"] for bound in ("min", "best", "max")]
    return [None if pd.isna(value) else int(value) for value in values]


def test_civilian_deaths_are_minimum_and_best_and_unknown_deaths_raise_the_maximum(tmp_path: Path) -> None:
    record = read_event(tmp_path)
    assert counts(record, "civilians_killed") == [3, 3, 5]
    assert record["status_unknown_killed"] == 2


def test_maximum_stays_within_the_high_of_the_event(tmp_path: Path) -> None:
    assert counts(read_event(tmp_path, deaths_unknown="50"), "civilians_killed") == [3, 3, 9]


def test_maximum_is_never_below_the_best(tmp_path: Path) -> None:
    assert counts(read_event(tmp_path, deaths_civilians="12", best="12", high="12"), "civilians_killed") == [12, 12, 12]


def test_unknown_high_leaves_the_maximum_open_to_the_unknown_deaths(tmp_path: Path) -> None:
    assert counts(read_event(tmp_path, high=""), "civilians_killed") == [3, 3, 5]


def test_low_best_high_count_everyone(tmp_path: Path) -> None:
    assert counts(read_event(tmp_path), "all_killed") == [5, 7, 9]


def test_ucdp_counts_no_injured(tmp_path: Path) -> None:
    assert counts(read_event(tmp_path), "civilians_injured") == [None, None, None]


@pytest.mark.parametrize(
    ("code", "precision"),
    [("1", "exact"), ("2", "settlement"), ("3", "district"), ("4", "province"), ("5", "province"), ("6", "country"),
     ("7", "country")],
)  # fmt: skip
def test_place_codes(tmp_path: Path, code: str, precision: str) -> None:
    record = read_event(tmp_path, where_prec=code)
    assert record["location_precision"] == precision
    assert ("linear_or_fuzzy_place" in record["caveats"]) == (code == "5")


@pytest.mark.parametrize(
    ("code", "precision"), [("1", "day"), ("2", "week"), ("3", "week"), ("4", "month"), ("5", "year"), ("9", "month")]
)
def test_date_codes(tmp_path: Path, code: str, precision: str) -> None:
    assert read_event(tmp_path, date_prec=code)["date_precision"] == precision


def test_range_of_days_is_a_caveat(tmp_path: Path) -> None:
    assert list(read_event(tmp_path, date_end="2016-03-04")["caveats"]) == ["date_range"]
    assert list(read_event(tmp_path)["caveats"]) == []


def test_fighting_between_two_sides_leaves_the_attribution_undetermined(tmp_path: Path) -> None:
    record = read_event(tmp_path)
    assert (record["attribution"], record["party_as_reported"]) == ("undetermined", "Government of Syria; IS")


def test_one_sided_violence_has_a_single_party(tmp_path: Path) -> None:
    record = read_event(tmp_path, type_of_violence="3", side_a="IS", side_b="Civilians")
    assert (record["attribution"], record["party_as_reported"]) == ("single", "IS")


def test_cause_and_grade_are_not_made_up(tmp_path: Path) -> None:
    record = read_event(tmp_path)
    assert (record["cause"], record["grade"], record["assessment"]) == ("unknown", "ungraded", "none")


def test_place_names_are_kept(tmp_path: Path) -> None:
    record = read_event(tmp_path)
    assert list(record[["admin1_as_reported", "admin2", "place"]]) == [
        "Ar Raqqah Governorate", "Ar Raqqah district", "Raqqa town",
    ]  # fmt: skip


def test_event_without_point_is_known_to_its_province(tmp_path: Path) -> None:
    record = read_event(tmp_path, latitude="", longitude="")
    assert (record["location_precision"], list(record["caveats"])) == ("province", ["no_coordinates"])
    assert record.geometry is None


@pytest.mark.parametrize("code", ["0", "8", "", "one"])
def test_unknown_place_code_is_set_aside(tmp_path: Path, code: str) -> None:
    pd.DataFrame([{**ROW, "where_prec": code}]).to_csv(tmp_path / "ged.csv", index=False)
    assert read(tmp_path / "ged.csv").rule_counts == {"code_unknown": 1}


def test_best_outside_its_own_range_leaves_that_end_open_with_a_caveat(tmp_path: Path) -> None:
    below, above = read_event(tmp_path, low="8"), read_event(tmp_path, high="6")
    assert (counts(below, "all_killed"), counts(above, "all_killed")) == ([None, 7, 9], [5, 7, None])
    assert "range_disagrees" in below["caveats"]
    assert "range_disagrees" in above["caveats"]


def test_range_turned_around_is_set_aside(tmp_path: Path) -> None:
    pd.DataFrame([{**ROW, "low": "9", "high": "5"}]).to_csv(tmp_path / "ged.csv", index=False)
    assert read(tmp_path / "ged.csv").rule_counts == {"min_above_max": 1}


def test_repeated_id_is_set_aside_once(tmp_path: Path) -> None:
    pd.DataFrame([ROW, ROW, {**ROW, "id": "2"}]).to_csv(tmp_path / "ged.csv", index=False)
    result = read(tmp_path / "ged.csv")
    assert list(result.records["source_row"]) == [1, 3]
    assert result.rejected[["source_row", "rule", "value"]].to_numpy().tolist() == [[2, "id_repeated", "1"]]


@pytest.mark.reference
def test_syria_file_is_accounted_for_to_the_row_and_the_death(reference_data: Path) -> None:
    file = next((reference_data / "ucdp").glob("ucdp_ged_syria*.csv.gz"))
    by_hand = pd.read_csv(file, low_memory=False)
    result = read(file)
    assert len(by_hand) == result.provenance.read == 16_566
    assert len(result.records) + len(result.rejected) == 16_566
    accepted = by_hand.iloc[result.records["source_row"].to_numpy() - 1]
    assert (accepted["id"].astype("str").to_numpy() == result.records["source_id"].to_numpy()).all()
    assert result.records["civilians_killed_best"].sum() == accepted["deaths_civilians"].sum()
    assert result.records["all_killed_best"].sum() == accepted["best"].sum()
    assert by_hand["deaths_civilians"].sum() == 26_653
    upper = (accepted["deaths_civilians"] + accepted["deaths_unknown"]).clip(upper=accepted["high"])
    upper = upper.clip(lower=accepted["deaths_civilians"])
    assert (result.records["civilians_killed_max"].to_numpy() == upper.to_numpy()).all()


@pytest.mark.reference
def test_world_sample_is_accounted_for_to_the_row_and_the_death(reference_data: Path) -> None:
    file = next((reference_data / "ucdp").glob("ucdp_ged_world*.csv"))
    by_hand = pd.read_csv(file)
    result = read(file)
    assert len(by_hand) == result.provenance.read == 1_000
    assert len(result.records) + len(result.rejected) == 1_000
    accepted = by_hand.iloc[result.records["source_row"].to_numpy() - 1]
    assert result.records["civilians_killed_best"].sum() == accepted["deaths_civilians"].sum()
    assert (result.records["event_date"].to_numpy() == pd.to_datetime(accepted["date_start"]).to_numpy()).all()


@pytest.mark.reference
def test_order_of_columns_is_irrelevant_to_real_rows(reference_data: Path, tmp_path: Path) -> None:
    file = next((reference_data / "ucdp").glob("ucdp_ged_world*.csv"))
    frame = pd.read_csv(file, dtype="str", keep_default_na=False)
    shuffled = io.StringIO()
    frame[frame.columns.to_series().sample(frac=1, random_state=1)].to_csv(shuffled, index=False)
    (tmp_path / "shuffled.csv").write_text(shuffled.getvalue())
    pd.testing.assert_frame_equal(read(tmp_path / "shuffled.csv").records, read(file).records)

"""Airwars' flat table: what its columns become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civmap.placing import place
from civmap.readers import ReadResult, read
from civmap.schema import CAVEAT_WORDS
from civmap.theatre import Theatre

ROW = {
    "code": "CS100", "airwars_id": "100", "incident_date": "2016-12-01", "local_time_original": "21:30:00",
    "location_en": "Al Shaher village", "region_original": "Raqqa", "latitude": "35.95", "longitude": "39.01",
    "geolocation_accuracy": "village", "belligerents_original": "US-led Coalition",
    "strike_type_original": "Airstrike", "strike_status_original": "Likely strike",
    "civilian_harm_status_original": "Fair", "civilians_killed_min": "2.0", "civilians_killed_max": "5.0",
    "civilians_injured_min": "", "civilians_injured_max": "3", "women_killed_min": "1", "women_killed_max": "1",
    "children_killed_min": "", "children_killed_max": "", "incident_date_end": "", "incident_first_reported": "",
    "governorate_original": "", "province_original": "", "district_original": "",
}  # fmt: skip


def read_all(folder: Path, *changes: dict[str, str]) -> ReadResult:
    pd.DataFrame([{**ROW, **change} for change in changes]).to_csv(folder / "airwars.csv", index=False)
    return checked(read(folder / "airwars.csv"))


def checked(result: ReadResult) -> ReadResult:
    assert result.provenance.reader == "airwars"
    assert result.provenance.read == len(result.records) + len(result.rejected)
    together = [*result.records["source_row"], *result.rejected["source_row"]]
    assert sorted(together) == list(range(1, result.provenance.read + 1))
    return result


def read_incident(folder: Path, **change: str) -> Any:
    result = read_all(folder, change)
    assert len(result.records) == 1, result.rejected.to_dict("records")
    return result.records.iloc[0]


def test_minimum_and_maximum_are_kept_and_no_best_is_made(tmp_path: Path) -> None:
    record = read_incident(tmp_path)
    assert (record["civilians_killed_min"], record["civilians_killed_max"]) == (2, 5)
    assert pd.isna(record["civilians_killed_best"])
    assert pd.isna(record["civilians_injured_min"])
    assert record["civilians_injured_max"] == 3


def test_women_and_children_are_parts_of_the_civilians(tmp_path: Path) -> None:
    record = read_incident(tmp_path, children_killed_min="0", children_killed_max="2", women_injured_max="1")
    bounds = [f"{part}_{harm}_{end}" for part in ("women", "children") for harm in ("killed", "injured")
              for end in ("min", "max")]  # fmt: skip
    assert [None if pd.isna(record[name]) else int(record[name]) for name in bounds] == [
        1, 1, None, 1, 0, 2, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "disagrees"),
    [
        ({}, False),
        ({"men_killed_min": "4", "men_killed_max": "4"}, False),  # 1 woman and 4 men of 5 civilians
        ({"men_killed_min": "5", "men_killed_max": "5"}, True),
        ({"children_killed_min": "5", "children_killed_max": "5"}, True),
        ({"men_killed_min": "3", "men_killed_max": "2"}, True),
        ({"men_injured_min": "4", "men_injured_max": "4"}, True),
        ({"men_killed_min": "9", "civilians_killed_min": "", "civilians_killed_max": ""}, False),
        ({"men_killed_min": "some"}, False),
    ],
)
def test_parts_that_do_not_fit_the_civilians_are_a_caveat(
    tmp_path: Path, change: dict[str, str], disagrees: bool
) -> None:
    assert ("breakdown_disagrees" in read_incident(tmp_path, **change)["caveats"]) == disagrees
    assert "breakdown_disagrees" in CAVEAT_WORDS


@pytest.mark.parametrize(
    ("status", "caveats"),
    [("Declared strike", []), ("Likely strike", []), ("Contested strike", ["strike_contested"]),
     ("contested strike", ["strike_contested"]), ("Single source claim", ["strike_single_source"]), ("", [])],
)  # fmt: skip
def test_status_of_the_strike_qualifies_the_attribution(tmp_path: Path, status: str, caveats: list[str]) -> None:
    record = read_incident(tmp_path, strike_status_original=status)
    assert list(record["caveats"]) == caveats
    assert record["attribution"] == "single"
    assert set(caveats) <= set(CAVEAT_WORDS)


@pytest.mark.parametrize(
    ("word", "grade"),
    [("Confirmed", "accepted_by_party"), ("Fair", "corroborated"), ("Weak", "single_source"),
     ("Contested", "contested"), ("Contested, Discounted", "contested"), ("Discounted", "discounted"),
     ("", "ungraded"), ("Something new", "ungraded")],
)  # fmt: skip
def test_grade_words(tmp_path: Path, word: str, grade: str) -> None:
    record = read_incident(tmp_path, civilian_harm_status_original=word)
    assert record["grade"] == grade
    assert (record["grade_as_reported"] if word else None) == (word or None)


@pytest.mark.parametrize(
    ("words", "cause"),
    [("Airstrike", "aerial"), ("Drone Strike", "unmanned"), ("Airstrike, Drone Strike", "aerial"),
     ("Artillery", "indirect_fire"), ("Airstrike and/or Artillery", "unknown"), ("Airstrike, Artillery", "unknown"),
     ("Ground operation", "ground_engagement"), ("", "unknown")],
)  # fmt: skip
def test_causes(tmp_path: Path, words: str, cause: str) -> None:
    assert read_incident(tmp_path, strike_type_original=words)["cause"] == cause


@pytest.mark.parametrize(
    ("word", "precision"),
    [("exact_location", "exact"), ("within_100m", "exact"), ("village", "settlement"), ("city", "settlement"),
     ("subdistrict", "district"), ("province_governorate", "province"), ("", "district"), ("no such word", "district")],
)  # fmt: skip
def test_accuracy_words(tmp_path: Path, word: str, precision: str) -> None:
    assert read_incident(tmp_path, geolocation_accuracy=word)["location_precision"] == precision


@pytest.mark.parametrize(
    ("named", "strike", "attribution", "parties"),
    [("US-led Coalition", "", "single", "US-led Coalition"),
     ("US-led Coalition, Russian Military", "", "several_alleged", "US-led Coalition; Russian Military"),
     ("A , B,C", "Contested strike", "contested", "A; B; C"),
     ("A", "Contested strike", "single", "A"),
     ("Unknown", "", "undetermined", "Unknown")],
)  # fmt: skip
def test_belligerents(tmp_path: Path, named: str, strike: str, attribution: str, parties: str) -> None:
    record = read_incident(tmp_path, belligerents_original=named, strike_status_original=strike)
    assert (record["attribution"], record["party_as_reported"]) == (attribution, parties)


def test_no_belligerent_is_undetermined(tmp_path: Path) -> None:
    record = read_incident(tmp_path, belligerents_original="")
    assert record["attribution"] == "undetermined"
    assert pd.isna(record["party_as_reported"])


def test_province_falls_back_to_the_end_of_the_place(tmp_path: Path) -> None:
    assert read_incident(tmp_path)["admin1_as_reported"] == "Raqqa"
    assert read_incident(tmp_path, governorate_original="Homs")["admin1_as_reported"] == "Homs"
    fallback = read_incident(tmp_path, region_original="", location_en="Al Shaher village, Ar Raqqa")
    assert fallback["admin1_as_reported"] == "Ar Raqqa"


def test_incident_without_point_is_known_to_province_or_country(tmp_path: Path) -> None:
    record = read_incident(tmp_path, latitude="", longitude="")
    assert (record["location_precision"], "no_coordinates" in record["caveats"]) == ("province", True)
    assert read_incident(tmp_path, latitude="", longitude="", region_original="")["location_precision"] == "country"


def test_only_clock_times_are_times(tmp_path: Path) -> None:
    assert read_incident(tmp_path)["event_time_local"] == "21:30"
    assert pd.isna(read_incident(tmp_path, local_time_original="morning")["event_time_local"])


def test_placeholder_date_is_set_aside(tmp_path: Path) -> None:
    result = read_all(tmp_path, {"incident_date": "1970-01-01"}, {"code": "CS101"})
    assert result.rule_counts == {"date_placeholder": 1}
    assert result.provenance.notes == ("set aside because 1970-01-01 stands for no date: 1",)


def test_several_belligerents_become_parties_of_the_theatre(tmp_path: Path, oir: Theatre) -> None:
    records = read_all(tmp_path, {"belligerents_original": "Russian Military, U.S.-led Coalition,Somebody"}).records
    assert list(place(records, oir)["parties"].item()) == ["coalition", "other", "russia"]


def test_a_code_used_again_changes_no_id_of_the_record_that_had_it(tmp_path: Path) -> None:
    result = read_all(tmp_path, {}, {"airwars_id": "101"}, {"code": "CS200", "airwars_id": "102"})
    assert list(result.records["source_id"]) == ["CS100", "CS100#101", "CS200"]
    assert [list(caveats) for caveats in result.records["caveats"]] == [["duplicate_code"], ["duplicate_code"], []]
    assert "2 records share a code" in result.provenance.notes[0]


def test_whole_record_given_twice_is_set_aside_once(tmp_path: Path) -> None:
    assert read_all(tmp_path, {}, {}).rule_counts == {"id_repeated": 1}


def test_range_turned_around_is_set_aside(tmp_path: Path) -> None:
    result = read_all(tmp_path, {"women_killed_min": "6"}, {"code": "x"})
    assert result.rejected[["source_row", "rule", "column", "value"]].to_numpy().tolist() == [
        [1, "min_above_max", "women_killed_min", "6"]
    ]


DAMAGE = {
    "code": ["", "CS100"], "airwars_id": ["", "100", "x"], "incident_date": ["", "1970-01-01", "spring"],
    "incident_date_end": ["2016-11-01", "2016-12-20", "?"], "latitude": ["", "99"], "longitude": ["", "4239.00416"],
    "civilians_killed_min": ["", "9", "-1"], "civilians_killed_max": ["", "1", "few"], "women_killed_min": ["", "3"],
    "belligerents_original": ["", "A,,B", ","], "strike_status_original": ["", "?"], "location_en": ["", "a, C"],
}  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_row_of_a_damaged_and_shuffled_file_is_accepted_or_set_aside(tmp_path: Path, data: st.DataObject) -> None:
    columns = data.draw(st.permutations(list(ROW)))
    rows = []
    for number in range(data.draw(st.integers(1, 6))):
        damaged = data.draw(st.lists(st.sampled_from(list(DAMAGE)), max_size=4, unique=True))
        row = {**ROW, "code": f"CS{100 + number}", "airwars_id": str(100 + number)}
        rows.append(row | {name: data.draw(st.sampled_from(DAMAGE[name])) for name in damaged})
    frame = pd.DataFrame(rows)[columns]
    text = frame.to_csv(index=False)
    cut = data.draw(st.integers(0, 20))
    (tmp_path / "damaged.csv").write_text(text[: len(text) - cut], encoding="utf-8")
    result = checked(read(tmp_path / "damaged.csv"))
    assert result.provenance.read == len(frame)
    assert result.records["source_id"].is_unique
    records = result.records[result.records["source_row"] <= len(frame) - bool(cut)]  # a cut row may say another code
    kept = frame.iloc[records["source_row"].to_numpy() - 1]
    assert [one.split("#")[0] for one in records["source_id"]] == list(kept["code"])


@pytest.mark.reference
def test_real_file_is_accounted_for_to_the_row_and_the_death(reference_data: Path) -> None:
    file = next((reference_data / "airwars").glob("*.csv.gz"))
    by_hand = pd.read_csv(file, low_memory=False)
    result = read(file)
    assert len(by_hand) == result.provenance.read == 8_114
    assert len(result.records) + len(result.rejected) == 8_114
    accepted = by_hand.iloc[result.records["source_row"].to_numpy() - 1]
    for bound in ("civilians_killed_min", "civilians_killed_max", "children_killed_max", "civilians_injured_min"):
        assert result.records[bound].sum() == accepted[bound].sum()
        assert (result.records[bound].isna().to_numpy() == accepted[bound].isna().to_numpy()).all()
    assert (result.records["grade"] == "accepted_by_party").sum() == (
        accepted["civilian_harm_status_original"] == "Confirmed"
    ).sum()
    coalition = accepted["belligerents_original"].str.contains("Coalition", na=False)
    assert result.records["party_as_reported"].str.contains("Coalition", na=False).sum() == coalition.sum()
    assert result.provenance.notes == (
        "set aside because 1970-01-01 stands for no date: 1",
        "4 records share a code with another; the later ones have their Airwars id added",
    )


@pytest.mark.reference
def test_caveats_of_the_real_file_are_those_of_its_columns(reference_data: Path) -> None:
    file = next((reference_data / "airwars").glob("*.csv.gz"))
    records = read(file).records
    by_hand = pd.read_csv(file, low_memory=False).iloc[records["source_row"].to_numpy() - 1]
    parts = [by_hand[[f"{part}_{harm}_min" for part in ("men", "women", "children")]].sum(axis=1)
             > by_hand[f"civilians_{harm}_max"] for harm in ("killed", "injured")]  # fmt: skip
    turned = [by_hand[f"men_{harm}_min"] > by_hand[f"men_{harm}_max"] for harm in ("killed", "injured")]
    expected = {
        "strike_contested": by_hand["strike_status_original"] == "Contested strike",
        "strike_single_source": by_hand["strike_status_original"] == "Single source claim",
        "breakdown_disagrees": parts[0] | parts[1] | turned[0] | turned[1],
        "no_coordinates": by_hand["latitude"].isna(),
    }
    for caveat, rows in expected.items():
        found = [caveat in caveats for caveats in records["caveats"]]
        assert found == rows.tolist(), caveat
        assert any(found)


@pytest.mark.reference
def test_each_row_set_aside_from_the_real_file_is_truly_bad(reference_data: Path) -> None:
    file = next((reference_data / "airwars").glob("*.csv.gz"))
    by_hand = pd.read_csv(file, low_memory=False)
    start, end = (pd.to_datetime(by_hand[name], errors="coerce") for name in ("incident_date", "incident_date_end"))
    bad = start.isna() | (start == "1970-01-01") | (end < start)
    bad |= (by_hand["longitude"].abs() > 180) | (by_hand["latitude"].abs() > 90)
    for people in ("civilians", "women", "children"):
        for harm in ("killed", "injured"):
            bad |= by_hand[f"{people}_{harm}_min"] > by_hand[f"{people}_{harm}_max"]
    assert list(read(file).rejected["source_row"]) == list(by_hand.index[bad] + 1)

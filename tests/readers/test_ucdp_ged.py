"""UCDP GED: what its columns become."""

from __future__ import annotations

import io
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


def read_all(folder: Path, *changes: dict[str, str], name: str = "ged.csv") -> ReadResult:
    rows = [{**ROW, "id": str(number), **change} for number, change in enumerate(changes, start=1)]
    pd.DataFrame(rows).to_csv(folder / name, index=False)
    return checked(read(folder / name))


def checked(result: ReadResult) -> ReadResult:
    assert result.provenance.reader == "ucdp_ged"
    assert result.provenance.read == len(result.records) + len(result.rejected)
    together = [*result.records["source_row"], *result.rejected["source_row"]]
    assert sorted(together) == list(range(1, result.provenance.read + 1))
    return result


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


def test_civilians_as_a_side_are_harmed_and_no_party(tmp_path: Path) -> None:
    # an extract without the type of violence still says one-sided by naming the victims
    record = read_event(tmp_path, type_of_violence="", side_a="IS", side_b="Civilians")
    assert (record["attribution"], record["party_as_reported"]) == ("single", "IS")
    nobody = read_event(tmp_path, type_of_violence="3", side_a="", side_b="Civilians")
    assert (nobody["attribution"], pd.isna(nobody["party_as_reported"])) == ("undetermined", True)


def test_sides_become_parties_of_the_theatre(tmp_path: Path, oir: Theatre, afghanistan: Theatre) -> None:
    syrian = read_all(tmp_path, {}, {"side_b": "Ahrar al-Sham, HTS"}, {"side_a": "Government of Utopia"}).records
    assert [list(parties) for parties in place(syrian, oir)["parties"]] == [
        ["islamic_state", "syria_government"], ["hts", "syria_government", "syrian_opposition"],
        ["islamic_state", "other"],
    ]  # fmt: skip
    afghan = read_all(tmp_path, {"side_a": "Government of Afghanistan", "side_b": "Taleban"}).records
    assert list(place(afghan, afghanistan)["parties"].item()) == ["afghan_forces", "taliban"]


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


# ---- the forms in which it is published ------------------------------------------------------------------------------

CURRENT = (
    "id", "relid", "year", "active_year", "code_status", "type_of_violence", "conflict_dset_id", "conflict_new_id",
    "conflict_name", "dyad_dset_id", "dyad_new_id", "dyad_name", "side_a_dset_id", "side_a_new_id", "side_a",
    "side_b_dset_id", "side_b_new_id", "side_b", "number_of_sources", "source_article", "source_office", "source_date",
    "source_headline", "source_original", "where_prec", "where_coordinates", "where_description", "adm_1", "adm_2",
    "latitude", "longitude", "geom_wkt", "priogrid_gid", "country", "country_id", "region", "event_clarity",
    "date_prec", "date_start", "date_end", "deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "best", "high",
    "low", "gwnoa", "gwnob",
)  # fmt: skip
WITHOUT_OLD_IDS = (
    "id", "year", "active_year", "type_of_violence", "conflict_new_id", "conflict_name", "dyad_new_id", "dyad_name",
    "side_a_new_id", "side_a", "side_b_new_id", "gwnob", "side_b", "number_of_sources", "source_article",
    "source_office", "source_date", "source_headline", "source_original", "where_prec", "where_coordinates", "adm_1",
    "adm_2", "latitude", "longitude", "geom_wkt", "priogrid_gid", "country", "country_id", "region", "event_clarity",
    "date_prec", "date_start", "date_end", "deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "low", "best",
    "high",
)  # fmt: skip
WITH_ESTIMATES = tuple(f"{name}_est" if name in ("low", "best", "high") else name for name in WITHOUT_OLD_IDS)


@pytest.mark.parametrize("columns", [CURRENT, WITHOUT_OLD_IDS, WITH_ESTIMATES, tuple(map(str.upper, WITHOUT_OLD_IDS))])
def test_columns_of_every_release_give_the_same_record(tmp_path: Path, columns: tuple[str, ...]) -> None:
    row = {**ROW, **{f"{name}_est": ROW[name] for name in ("low", "best", "high")}}
    row |= {name.upper(): value for name, value in ROW.items()}
    pd.DataFrame([row]).reindex(columns=list(columns), fill_value="").to_csv(tmp_path / "release.csv", index=False)
    expected = read_all(tmp_path, {}).records
    pd.testing.assert_frame_equal(checked(read(tmp_path / "release.csv")).records, expected)


@pytest.mark.parametrize("written", ["2016-03-01", "2016-03-01 00:00:00.000", "2016-03-01T00:00:00"])
def test_time_behind_the_date_is_ignored(tmp_path: Path, written: str) -> None:
    record = read_event(tmp_path, date_start=written, date_end=written)
    assert record["event_date"] == record["event_date_end"] == pd.Timestamp("2016-03-01")


def test_codes_and_ids_written_as_decimals_are_the_same(tmp_path: Path) -> None:
    plain = read_event(tmp_path, type_of_violence="3")
    decimal = read_event(tmp_path, id="1.0", type_of_violence="3.0", where_prec="1.0", date_prec="1.0", best="7.0")
    pd.testing.assert_series_equal(plain.drop("caveats"), decimal.drop("caveats"))


TAGS = {
    "id": "#event+id", "type_of_violence": "#event+type", "side_a": "#group+name+a", "side_b": "#group+name+b",
    "where_prec": "#loc+precision", "latitude": "#geo+lat", "longitude": "#geo+lon", "date_start": "#date+start",
    "date_end": "#date+end", "deaths_civilians": "#affected+killed+civilians", "best": "#affected+killed+best",
}  # fmt: skip


def test_row_of_tags_is_no_record(tmp_path: Path) -> None:
    bad = {**ROW, "id": "2", "where_prec": "9"}
    pd.DataFrame([TAGS, ROW, bad]).to_csv(tmp_path / "tagged.csv", index=False)
    with (tmp_path / "tagged.csv").open("a") as file:
        file.write("3,too,few\n")
    result = checked(read(tmp_path / "tagged.csv"))
    assert (result.provenance.read, list(result.records["source_row"])) == (3, [1])
    assert list(result.rejected["source_row"]) == [2, 3]
    assert result.rule_counts == {"broken_row": 1, "code_unknown": 1}
    assert "HXL" in "; ".join(result.provenance.notes)


def test_tags_alone_are_no_records_and_tags_further_down_are_a_bad_one(tmp_path: Path) -> None:
    pd.DataFrame([TAGS]).to_csv(tmp_path / "tagged.csv", index=False)
    assert checked(read(tmp_path / "tagged.csv")).provenance.read == 0
    columns = list(ROW)
    pd.DataFrame([ROW, TAGS])[columns].to_csv(tmp_path / "tagged.csv", index=False)
    result = checked(read(tmp_path / "tagged.csv"))
    assert (list(result.records["source_row"]), list(result.rejected["source_row"])) == ([1], [2])
    assert result.provenance.notes == ()


def test_row_with_a_hash_in_one_field_is_a_record(tmp_path: Path) -> None:
    assert len(read_all(tmp_path, {"where_coordinates": "#city"}, {}).records) == 2


@pytest.mark.parametrize(
    ("name", "version"),
    [("GEDEvent_v24_0_1.csv", "24.0.1"), ("gedevent_v23_01_23_06.csv", "23.01.23.06"), ("GEDEvent_v23_1.csv", None)],
)
def test_candidate_release_is_preliminary(tmp_path: Path, name: str, version: str | None) -> None:
    result = read_all(tmp_path, {"code_status": "Clear"}, {}, name=name)
    assert result.provenance.source == "ucdp_ged"
    assert [list(caveats) for caveats in result.records["caveats"]] == [["preliminary"] * bool(version)] * 2
    notes = [f"UCDP Candidate release {version}: its events are preliminary"] if version else []
    assert list(result.provenance.notes) == notes
    assert "preliminary" in CAVEAT_WORDS


def test_event_that_is_not_marked_clear_is_preliminary(tmp_path: Path) -> None:
    result = read_all(tmp_path, {"code_status": "Clear"}, {"code_status": "Check deaths"}, {"code_status": ""})
    assert [list(caveats) for caveats in result.records["caveats"]] == [[], ["preliminary"], []]
    assert result.provenance.notes == ("events not marked Clear and so preliminary: 1",)


# ---- nothing lost ----------------------------------------------------------------------------------------------------

DAMAGE = {
    "id": ["", "1"], "date_start": ["", "x", "2999-01-01"], "date_end": ["", "2015-01-01"], "where_prec": ["", "0"],
    "latitude": ["", "95", "n"], "longitude": ["", "inf", "999"], "deaths_civilians": ["", "-1", "2.5"],
    "best": ["", "many"], "low": ["", "99"], "high": ["", "0"], "side_a": ["", "a\nb", "#tag"], "adm_1": [""],
    "type_of_violence": ["", "4"], "deaths_unknown": ["", "1e400"],
}  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_row_of_a_damaged_and_shuffled_file_is_accepted_or_set_aside(tmp_path: Path, data: st.DataObject) -> None:
    columns = data.draw(st.permutations(list(ROW)))
    rows = []
    for number in range(data.draw(st.integers(1, 6))):
        damaged = data.draw(st.lists(st.sampled_from(list(DAMAGE)), max_size=4, unique=True))
        row = {**ROW, "id": str(number + 1)}
        rows.append(row | {name: data.draw(st.sampled_from(DAMAGE[name])) for name in damaged})
    frame = pd.DataFrame(rows)[columns]
    tagged = data.draw(st.booleans())
    (tmp_path / "damaged.csv").write_text(
        pd.concat([pd.DataFrame([TAGS]).reindex(columns=columns), frame] if tagged else [frame]).to_csv(index=False)
    )
    result = checked(read(tmp_path / "damaged.csv"))
    assert result.provenance.read == len(frame)
    kept = frame.iloc[result.records["source_row"].to_numpy() - 1]
    assert list(result.records["source_id"]) == list(kept["id"])
    known = kept["deaths_civilians"] != ""
    assert (result.records["civilians_killed_best"].notna().to_numpy() == known.to_numpy()).all()
    assert result.records["civilians_killed_best"].sum() == kept.loc[known, "deaths_civilians"].astype("int").sum()


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

"""ACLED: what its columns become, in the current export and in the older ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civmap.errors import ReadError
from civmap.placing import place
from civmap.readers import ReadResult, read
from civmap.readers.acled import CAUSE
from civmap.schema import CAUSES, CAVEAT_WORDS
from civmap.theatre import Theatre

# An invented event in the columns of the current export.
ROW = {
    "event_id_cnty": "AFG100", "event_date": "2019-03-01", "year": "2019", "time_precision": "1",
    "disorder_type": "Political violence", "event_type": "Explosions/Remote violence",
    "sub_event_type": "Air/drone strike", "actor1": "Military Forces of the United States (2017-2021)",
    "assoc_actor_1": "", "inter1": "External/Other forces", "actor2": "Civilians (Afghanistan)",
    "assoc_actor_2": "Women (Afghanistan)", "inter2": "Civilians",
    "interaction": "External/Other forces-Civilians", "civilian_targeting": "Civilian targeting", "iso": "4",
    "region": "Caucasus and Central Asia", "country": "Afghanistan", "admin1": "Helmand", "admin2": "Sangin",
    "admin3": "", "location": "Sangin", "latitude": "32.0731", "longitude": "64.8362", "geo_precision": "1",
    "source": "Invented Daily; Another Paper", "source_scale": "National-International",
    "notes": "On 1 March, an aircraft struck a house. Mr. So-and-so was named.", "fatalities": "4", "tags": "",
    "timestamp": "1551830400",
}  # fmt: skip
ARMED = {"actor2": "Taliban", "assoc_actor_2": "", "inter2": "Rebel group", "civilian_targeting": ""}
CODES = {"External/Other forces": "8", "Civilians": "7", "Rebel group": "2", "": "0"}
# The columns of earlier exports, in their order.
EXPORT_2019 = (
    "data_id", "iso", "event_id_cnty", "event_id_no_cnty", "event_date", "year", "time_precision", "event_type",
    "sub_event_type", "actor1", "assoc_actor_1", "inter1", "actor2", "assoc_actor_2", "inter2", "interaction", "region",
    "country", "admin1", "admin2", "admin3", "location", "latitude", "longitude", "geo_precision", "source",
    "source_scale", "notes", "fatalities", "timestamp", "iso3",
)  # fmt: skip
EXPORT_2015 = (
    "GWNO", "EVENT_ID_CNTY", "EVENT_ID_NO_CNTY", "EVENT_DATE", "YEAR", "TIME_PRECISION", "EVENT_TYPE", "ACTOR1",
    "ALLY_ACTOR_1", "INTER1", "ACTOR2", "ALLY_ACTOR_2", "INTER2", "INTERACTION", "COUNTRY", "ADMIN1", "ADMIN2",
    "ADMIN3", "LOCATION", "LATITUDE", "LONGITUDE", "GEO_PRECISION", "SOURCE", "NOTES", "FATALITIES",
)  # fmt: skip


def read_all(folder: Path, *changes: dict[str, str], columns: tuple[str, ...] = tuple(ROW)) -> ReadResult:
    rows = [{**ROW, "event_id_cnty": f"AFG{100 + number}", **change} for number, change in enumerate(changes)]
    pd.DataFrame(rows).reindex(columns=list(columns), fill_value="").to_csv(folder / "acled.csv", index=False)
    return checked(read(folder / "acled.csv"))


def checked(result: ReadResult) -> ReadResult:
    assert result.provenance.reader == "acled"
    assert result.provenance.read == len(result.records) + len(result.rejected)
    together = [*result.records["source_row"], *result.rejected["source_row"]]
    assert sorted(together) == list(range(1, result.provenance.read + 1))
    return result


def read_event(folder: Path, **change: str) -> Any:
    result = read_all(folder, change)
    assert len(result.records) == 1, result.rejected.to_dict("records")
    return result.records.iloc[0]


def deaths(record: Any) -> list[int | None]:
    values = [record[f"all_killed_{bound}"] for bound in ("min", "best", "max")]
    return [None if pd.isna(value) else int(value) for value in values]


# ---- whose deaths ----------------------------------------------------------------------------------------------------


def test_deaths_are_everyones_and_no_civilian_count_is_made_of_them(tmp_path: Path) -> None:
    record = read_event(tmp_path)
    assert deaths(record) == [4, 4, 4]
    people = [name for name in record.index if name.startswith(("civilians_", "women_", "children_", "status_"))]
    assert len(people) > 10
    assert record[people].isna().all()


def test_no_deaths_reported_is_zero_and_not_given_is_unknown(tmp_path: Path) -> None:
    assert deaths(read_event(tmp_path, fatalities="0")) == [0, 0, 0]
    assert deaths(read_event(tmp_path, fatalities="")) == [None, None, None]


def test_notes_say_whose_deaths_they_are_and_what_zero_means(tmp_path: Path) -> None:
    result = read_all(tmp_path, {}, {"fatalities": "0"}, {**ARMED, "fatalities": "7"})
    whose, zero, upload = result.provenance.notes
    assert "the 11 in this file are everyone's" in whose
    assert "civilians were the main or only target in 2 events with 4 deaths" in whose
    assert zero.startswith("events with 0 deaths: 1;")
    assert "2019-03-06" in upload


def test_civilian_targeting_is_a_caveat(tmp_path: Path) -> None:
    assert list(read_event(tmp_path)["caveats"]) == ["civilians_targeted"]
    assert list(read_event(tmp_path, **ARMED)["caveats"]) == []
    assert "civilians_targeted" in CAVEAT_WORDS


# ---- the exports -----------------------------------------------------------------------------------------------------


def old(change: dict[str, str]) -> dict[str, str]:
    """Write the invented event as the export of 2019 did."""
    row = {**ROW, **change}
    codes = {"inter1": CODES[row["inter1"]], "inter2": CODES[row["inter2"]]}
    return {**change, **codes, "event_date": "01 March 2019", "data_id": "5", "event_id_no_cnty": "100", "iso3": "AFG"}


@pytest.mark.parametrize("change", [{}, ARMED, {**ARMED, "actor2": "", "inter2": ""}])
def test_old_export_with_numeric_codes_gives_the_same_records(tmp_path: Path, change: dict[str, str]) -> None:
    current = read_all(tmp_path, change).records
    before = read_all(tmp_path, old(change), columns=EXPORT_2019).records
    pd.testing.assert_frame_equal(pd.DataFrame(before), pd.DataFrame(current))


def test_export_in_capitals_without_sub_events_is_read(tmp_path: Path) -> None:
    row = {
        "GWNO": "700", "EVENT_ID_CNTY": "1AFG", "EVENT_DATE": "18/04/2001", "YEAR": "2001", "TIME_PRECISION": "2",
        "EVENT_TYPE": "Battle-No change of territory", "ACTOR1": "Taliban", "ALLY_ACTOR_1": "Haqqani Network",
        "INTER1": "2", "ACTOR2": "NATO: North Atlantic Treaty Organization", "INTER2": "8", "COUNTRY": "Afghanistan",
        "ADMIN1": "Khost", "LOCATION": "Khost", "LATITUDE": "33.34", "LONGITUDE": "69.92", "GEO_PRECISION": "3",
        "SOURCE": "Agency", "NOTES": "Free text.", "FATALITIES": "2",
    }  # fmt: skip
    pd.DataFrame([row]).reindex(columns=list(EXPORT_2015)).to_csv(tmp_path / "old.csv", index=False)
    record = checked(read(tmp_path / "old.csv")).records.iloc[0]
    assert record["event_date"] == pd.Timestamp("2001-04-18")
    assert (record["source_id"], record["date_precision"], record["location_precision"]) == ("1AFG", "week", "province")
    assert record["party_as_reported"] == "Taliban; Haqqani Network; NATO: North Atlantic Treaty Organization"
    assert (record["cause"], record["cause_as_reported"]) == ("ground_engagement", "Battle-No change of territory")
    assert deaths(record) == [2, 2, 2]


def test_order_of_columns_is_irrelevant(tmp_path: Path) -> None:
    shuffled = tuple(pd.Series(list(ROW)).sample(frac=1, random_state=3))
    expected = read_all(tmp_path, {}, ARMED).records
    pd.testing.assert_frame_equal(read_all(tmp_path, {}, ARMED, columns=shuffled).records, expected)


def test_row_of_tags_is_no_record(tmp_path: Path) -> None:
    tags = {name: f"#event+{name}" for name in ROW}
    pd.DataFrame([tags, ROW]).to_csv(tmp_path / "tagged.csv", index=False)
    result = checked(read(tmp_path / "tagged.csv"))
    assert (result.provenance.read, len(result.rejected), list(result.records["source_row"])) == (1, 0, [1])
    assert "HXL" in result.provenance.notes[0]


def test_source_of_one_s_own_name_and_the_reader_s_name(tmp_path: Path) -> None:
    read_all(tmp_path, {})
    assert read(tmp_path / "acled.csv", source="acled").provenance.source == "acled"
    assert read(tmp_path / "acled.csv", source="my copy").provenance.source == "my copy"
    with pytest.raises(ReadError, match="looks like ACLED, but without the column 'fatalities'"):
        read_all(tmp_path, {}, columns=tuple(name for name in ROW if name != "fatalities"))


# ---- dates and places ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["2019-03-01", "01 March 2019", "1 March 2019", "01-Mar-2019", "01-March-2019", "01/03/2019", "1 Mar 2019"],
)
def test_ways_of_writing_a_date(tmp_path: Path, written: str) -> None:
    record = read_event(tmp_path, event_date=written)
    assert record["event_date"] == record["event_date_end"] == pd.Timestamp("2019-03-01")


def test_dates_whose_day_and_month_may_be_exchanged_are_not_guessed(tmp_path: Path) -> None:
    result = read_all(
        tmp_path, {"event_date": "03/14/2019"}, {"event_date": "03/04/2019"}, {"event_date": "2019-03-14"}
    )
    assert result.rule_counts == {"date_unreadable": 2}
    assert list(result.records["source_row"]) == [3]


@pytest.mark.parametrize("written", ["31 February 2019", "March 2019", "2019", "01.03.2019", "never"])
def test_no_date_is_set_aside(tmp_path: Path, written: str) -> None:
    assert read_all(tmp_path, {"event_date": written}).rule_counts == {"date_unreadable": 1}


@pytest.mark.parametrize(
    ("code", "precision"), [("1", "day"), ("2", "week"), ("3", "month"), ("1.0", "day"), ("", "month"), ("7", "month")]
)
def test_time_codes(tmp_path: Path, code: str, precision: str) -> None:
    assert read_event(tmp_path, time_precision=code)["date_precision"] == precision


@pytest.mark.parametrize(("code", "precision"), [("1", "settlement"), ("2", "district"), ("3", "province")])
def test_place_codes_are_no_finer_than_a_town(tmp_path: Path, code: str, precision: str) -> None:
    assert read_event(tmp_path, geo_precision=code)["location_precision"] == precision


@pytest.mark.parametrize("code", ["0", "4", "", "town"])
def test_unknown_place_code_is_set_aside(tmp_path: Path, code: str) -> None:
    assert read_all(tmp_path, {"geo_precision": code}).rule_counts == {"code_unknown": 1}


def test_place_names_are_kept(tmp_path: Path) -> None:
    record = read_event(tmp_path)
    assert list(record[["admin1_as_reported", "admin2", "place"]]) == ["Helmand", "Sangin", "Sangin"]
    assert (record.geometry.x, record.geometry.y) == (64.8362, 32.0731)


# ---- who and how -----------------------------------------------------------------------------------------------------

UNITED_STATES = "Military Forces of the United States (2017-2021)"


@pytest.mark.parametrize(
    ("change", "parties", "attribution"),
    [
        ({}, UNITED_STATES, "single"),
        ({"actor2": "", "inter2": ""}, UNITED_STATES, "single"),
        ({"inter2": "civilians"}, UNITED_STATES, "single"),
        ({"inter2": "A word not yet known"}, UNITED_STATES, "single"),
        (ARMED, f"{UNITED_STATES}; Taliban", "undetermined"),
        ({"assoc_actor_1": "Police Forces of Afghanistan (2014-2021); Civilians (Afghanistan)"},
         f"{UNITED_STATES}; Police Forces of Afghanistan (2014-2021)", "joint"),
        ({"assoc_actor_1": "Women (Afghanistan)"}, UNITED_STATES, "single"),
        ({"actor1": "Unidentified Armed Group (X)"}, "Unidentified Armed Group (X)", "undetermined"),
        ({"actor1": "Allied Syrian and/or Russian Forces"}, "Allied Syrian and/or Russian Forces", "undetermined"),
        ({"actor1": "Protesters (Afghanistan)", "inter1": "Protesters", "actor2": "Taliban", "inter2": "State forces",
          "assoc_actor_2": ""}, "Taliban", "single"),
        ({"actor1": "Protesters (Afghanistan)", "inter1": "Protesters", "assoc_actor_1": "Students (Afghanistan)"},
         None, "undetermined"),
        ({"actor1": "Rioters (Afghanistan)", "inter1": "5"}, "Rioters (Afghanistan)", "single"),
    ],
)  # fmt: skip
def test_sides(tmp_path: Path, change: dict[str, str], parties: str | None, attribution: str) -> None:
    record = read_event(tmp_path, **change)
    found = None if pd.isna(record["party_as_reported"]) else record["party_as_reported"]
    assert (found, record["attribution"]) == (parties, attribution)


def test_sides_are_those_of_their_own_row(tmp_path: Path) -> None:
    nobody = {"actor1": "Protesters (X)", "inter1": "Protesters", "actor2": "", "inter2": "", "assoc_actor_2": ""}
    records = read_all(tmp_path, nobody, ARMED, nobody, {}, nobody).records
    expected = [None, f"{UNITED_STATES}; Taliban", None, UNITED_STATES, None]
    assert records["party_as_reported"].astype("object").where(records["party_as_reported"].notna(), None).tolist() == (
        expected
    )


@pytest.mark.parametrize(
    ("event", "sub_event", "cause"),
    [
        ("Explosions/Remote violence", "Air/drone strike", "aerial"),
        ("Explosions/Remote violence", "Shelling/artillery/missile attack", "indirect_fire"),
        ("Explosions/Remote violence", "Remote explosive/landmine/IED", "ied"),
        ("Explosions/Remote violence", "Suicide bomb", "suicide_or_complex"),
        ("Explosions/Remote violence", "Grenade", "other"),
        ("Explosions/Remote violence", "", "unknown"),
        ("Remote violence", "", "unknown"),
        ("Battles", "Armed clash", "ground_engagement"),
        ("Battles", "", "ground_engagement"),
        ("Violence against civilians", "Attack", "unknown"),
        ("Violence against civilians", "Abduction/forced disappearance", "other"),
        ("Protests", "Peaceful protest", "other"),
        ("Strategic developments", "Other", "other"),
        ("A new kind", "A new kind of it", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_causes(tmp_path: Path, event: str, sub_event: str, cause: str) -> None:
    record = read_event(tmp_path, event_type=event, sub_event_type=sub_event)
    assert record["cause"] == cause
    assert (record["cause_as_reported"] if event else None) == (sub_event or event or None)
    assert ("mines_with_ied" in record["caveats"]) == (cause == "ied")


def test_code_table_speaks_the_schema_s_words() -> None:
    assert set(CAUSE.values()) <= set(CAUSES)


@pytest.mark.parametrize(
    ("scale", "channels"),
    [("National", ["media"]), ("Subnational-National", ["media"]), ("International", ["media"]), ("New media", None),
     ("Local partner-National", None), ("Other", None), ("National-New media", None), ("", None)],
)  # fmt: skip
def test_only_the_press_alone_is_a_channel_for_sure(tmp_path: Path, scale: str, channels: list[str] | None) -> None:
    found = read_event(tmp_path, source_scale=scale)["reported_via"]
    assert (None if found is None or found is pd.NA else list(found)) == channels


@pytest.mark.parametrize("written", ["1551830400", "1551830400.0", "2019-03-06", "2019-03-06 00:00:00"])
def test_last_upload_is_kept_as_a_day(tmp_path: Path, written: str) -> None:
    assert read_event(tmp_path, timestamp=written)["reported_at"] == pd.Timestamp("2019-03-06")


@pytest.mark.parametrize("written", ["soon", "12", "99999999999999", "-1", "nan", "2999-01-01"])
def test_upload_that_cannot_be_is_set_aside(tmp_path: Path, written: str) -> None:
    rejected = read_all(tmp_path, {"timestamp": written}).rejected
    assert rejected[["rule", "column", "value"]].to_numpy().tolist() == [["date_unreadable", "timestamp", written]]


def test_free_text_is_not_loaded(tmp_path: Path) -> None:
    result = read_all(tmp_path, {}, {"latitude": "north"})
    loaded = result.records.drop(columns="geometry").to_csv() + result.rejected.to_csv()
    assert "So-and-so" not in loaded
    assert "Invented Daily" not in loaded


def test_parties_of_an_export_are_those_of_the_theatre(tmp_path: Path, afghanistan: Theatre, oir: Theatre) -> None:
    # a branch belongs to its government, and the government of Afghanistan changed in 2021
    actors = {
        "Military Forces of Afghanistan (2014-2021) Special Forces": "afghan_forces",
        "Police Forces of Afghanistan (2021-)": "taliban",
        "NATO: North Atlantic Treaty Organization": "international_forces",
        UNITED_STATES: "international_forces",
        "Islamic State Khorasan Province (ISKP)": "iskp",
        "Unidentified Armed Group (Afghanistan)": "undetermined",
        "Military Forces of Utopia (1999-)": "other",
    }
    records = read_all(tmp_path, *({"actor1": actor} for actor in actors)).records
    assert [list(parties) for parties in place(records, afghanistan)["parties"]] == [[one] for one in actors.values()]
    fight = read_all(
        tmp_path, ARMED | {"assoc_actor_1": "Military Forces of Afghanistan (2014-2021) Air Force"}
    ).records
    assert list(place(fight, afghanistan)["parties"].item()) == ["afghan_forces", "international_forces", "taliban"]
    syrian = {
        "Global Coalition Against Daesh": "coalition",
        "Military Forces of Syria (2000-2024) Air Force": "syria_government",
        "Military Forces of Russia (2000-) Air Force": "russia",
        "HTS: Hayat Tahrir al Sham": "hts",
        "QSD: Syrian Democratic Forces": "sdf",
    }
    assert [oir.party_of(actor) for actor in syrian] == list(syrian.values())


# ---- nothing lost ----------------------------------------------------------------------------------------------------


def test_event_given_once_for_each_actor_is_counted_once(tmp_path: Path) -> None:
    result = read_all(tmp_path, {"event_id_cnty": "AFG1"}, {"event_id_cnty": "AFG1", "actor1": "Taliban"})
    assert result.rule_counts == {"id_repeated": 1}


DAMAGE = {
    "event_id_cnty": ["", "AFG100"], "event_date": ["", "never", "2999-01-01", "31/12/2018"],
    "latitude": ["", "99", "north", "NaN"], "longitude": ["", "190", "-0"], "geo_precision": ["", "9"],
    "fatalities": ["", "-1", "3+", "1e9", "٣"], "timestamp": ["", "x"], "inter1": ["", "9", "?"],
    "actor1": ["", "x, y", "=cmd()", "a;b;;"], "admin1": [""], "assoc_actor_1": [";", "; Civilians (X);"],
    "event_type": ["", "New"], "time_precision": ["", "x"],
}  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_row_of_a_damaged_and_shuffled_file_is_accepted_or_set_aside(tmp_path: Path, data: st.DataObject) -> None:
    columns = data.draw(st.permutations(list(ROW)))
    rows = []
    for number in range(data.draw(st.integers(1, 6))):
        damaged = data.draw(st.lists(st.sampled_from(list(DAMAGE)), max_size=4, unique=True))
        row = {**ROW, "event_id_cnty": f"AFG{100 + number}"}
        rows.append(row | {name: data.draw(st.sampled_from(DAMAGE[name])) for name in damaged})
    frame = pd.DataFrame(rows)[columns]
    text = frame.to_csv(index=False)
    cut = data.draw(st.integers(0, 30))
    (tmp_path / "damaged.csv").write_text(text[: len(text) - cut], encoding="utf-8")
    result = checked(read(tmp_path / "damaged.csv"))
    assert result.provenance.read == len(frame)
    # what was accepted is what the rows say, in any order of the columns; a cut row may say something else
    records = result.records[result.records["source_row"] <= len(frame) - bool(cut)]
    kept = frame.iloc[records["source_row"].to_numpy() - 1]
    assert list(records["source_id"]) == list(kept["event_id_cnty"])
    given = kept["fatalities"].replace("", np.nan).astype("float64").to_numpy()
    assert np.array_equal(records["all_killed_best"].to_numpy("float64", na_value=np.nan), given, equal_nan=True)

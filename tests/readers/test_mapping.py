"""A mapping: kept as TOML, answered before it is used, and every row in or set aside as it stands in the file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civmap.errors import ReadError
from civmap.readers import Mapping, ReadResult, read, read_known
from civmap.readers.faults import RULES
from civmap.readers.kept_mappings import save, saved
from civmap.readers.mapped import NUMBER
from civmap.readers.mapping import OPEN, RECORD_NUMBER, TARGETS, Field, ways
from civmap.readers.written_dates import DAY_FIRST, MONTH_FIRST

ROW = {"No": "7", "Day": "25/06/2010", "Lat": "34.53", "Long": "69.17", "Wilayat": "Kabul", "Killed": "3"}
FIELDS = (
    Field("source_id", "No"), Field("event_date", "Day", DAY_FIRST), Field("latitude", "Lat"),
    Field("longitude", "Long"), Field("admin1_as_reported", "Wilayat"), Field("civilians_killed", "Killed"),
)  # fmt: skip
MAPPING = Mapping(FIELDS, tuple(ROW), "own_log")


def using(*fields: Field) -> Mapping:
    """Give the mapping of these tests with some fields instead of its own, or besides."""
    others = {field.to for field in fields}
    if "coordinates" in others:
        others |= {"latitude", "longitude"}
    return replace(MAPPING, fields=(*fields, *(field for field in FIELDS if field.to not in others)))


def read_rows(folder: Path, *changes: dict[str, Any], mapping: Mapping = MAPPING) -> ReadResult:
    rows = [{**ROW, "No": str(number), **change} for number, change in enumerate(changes, start=1)]
    pd.DataFrame(rows).to_csv(folder / "log.csv", index=False)
    result = read(folder / "log.csv", mapping=mapping)
    assert result.provenance.read == len(result.records) + len(result.rejected) == len(rows)
    together = [*result.records["source_row"], *result.rejected["source_row"]]
    assert sorted(together) == list(range(1, len(rows) + 1))
    return result


def read_row(folder: Path, change: dict[str, Any], *, mapping: Mapping = MAPPING) -> pd.Series:
    result = read_rows(folder, change, mapping=mapping)
    assert len(result.records) == 1, result.rejected.to_dict("records")
    return result.records.iloc[0]


def counts(record: Any, measure: str = "civilians_killed") -> list[int | None]:
    values = [record[f"{measure}_{end}"] for end in ("min", "best", "max") if f"{measure}_{end}" in record]
    return [None if pd.isna(value) else int(value) for value in values]


# ---- values ---------------------------------------------------------------------------------------------------------


def test_a_plain_row_becomes_a_record(tmp_path: Path) -> None:
    record = read_row(tmp_path, {})
    assert (record["source"], record["source_id"], record["admin1_as_reported"]) == ("own_log", "1", "Kabul")
    assert record["event_date"] == record["event_date_end"] == pd.Timestamp("2010-06-25")
    assert (record.geometry.x, record.geometry.y) == (69.17, 34.53)
    assert counts(record) == [3, 3, 3] and record["caveats"] == [] and record["date_precision"] == "day"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4", [4, 4, 4]), ("4-7", [4, None, 7]), ("3+", [3, None, None]), ("up to 5", [None, None, 5]),
        ("٣", [3, 3, 3]), ("۴-۷", [4, None, 7]), ("Unknown", [None] * 3), ("", [None] * 3), ("0", [0, 0, 0]),
        ("None", [None] * 3), ("1,200", [1200] * 3),
    ],
)  # fmt: skip
def test_a_measure_fills_the_ends_that_its_text_gives(tmp_path: Path, text: str, expected: list[int | None]) -> None:
    assert counts(read_row(tmp_path, {"Killed": text})) == expected


def test_a_measure_without_best_has_a_plain_number_at_both_ends(tmp_path: Path) -> None:
    women = using(Field("women_killed", "Killed"))
    assert counts(read_row(tmp_path, {"Killed": "2"}, mapping=women), "women_killed") == [2, 2]
    assert counts(read_row(tmp_path, {"Killed": "2+"}, mapping=women), "women_killed") == [2, None]


def test_a_column_for_one_end_takes_that_end_of_a_range(tmp_path: Path) -> None:
    both = replace(
        MAPPING, fields=(*FIELDS[:-1], Field("civilians_killed_min", "Killed"), Field("civilians_killed_max", "Long"))
    )
    both = replace(both, fields=tuple(field for field in both.fields if field.to not in ("latitude", "longitude")))
    assert counts(read_row(tmp_path, {"Killed": "4-7", "Long": "4-7"}, mapping=both)) == [4, None, 7]
    assert counts(read_row(tmp_path, {"Killed": "4", "Long": "3+"}, mapping=both)) == [4, None, None]


def test_unknown_coordinates_are_none_with_a_province_and_set_aside_without(tmp_path: Path) -> None:
    nowhere = {"Lat": "Unknown", "Long": "unknown"}
    result = read_rows(tmp_path, nowhere, {**nowhere, "Wilayat": ""}, {**nowhere, "Wilayat": "N/A"}, {"Lat": "Unknown"})
    record = result.records.iloc[0]
    assert record["caveats"] == ["no_coordinates"] and record["location_precision"] == "province"
    assert record.geometry is None
    assert list(result.rejected["rule"]) == ["place_missing", "place_missing", "coordinate_incomplete"]
    assert list(result.rejected["column"]) == ["Lat"] * 3 and list(result.rejected["value"]) == ["Unknown"] * 3


@pytest.mark.parametrize(
    ("written", "text", "precision"),
    [
        ("lat, long", "34.53, 69.17", "settlement"), ("long, lat", "69.17 34.53", "settlement"),
        ("lat, long", "34°31'48\"N 69°10'12\"E", "settlement"), ("mgrs", "42S WD 15604 20934", "exact"),
        ("mgrs", "42SWD1520", "settlement"), ("mgrs", "42SWD12", "district"),
        ("lat, long", "٣٤٫٥٣، ٦٩٫١٧", "settlement"),
    ],
)  # fmt: skip
def test_one_text_of_coordinates(tmp_path: Path, written: str, text: str, precision: str) -> None:
    record = read_row(tmp_path, {"Lat": text}, mapping=using(Field("coordinates", "Lat", written)))
    assert abs(record.geometry.x - 69.17) < 0.06 and abs(record.geometry.y - 34.53) < 0.06
    assert record["location_precision"] == precision


def test_a_stated_precision_counts_more_than_that_of_the_grid(tmp_path: Path) -> None:
    fields = (Field("coordinates", "Lat", "mgrs"), Field("location_precision", constant="district"))
    assert read_row(tmp_path, {"Lat": "42S WD 15604 20934"}, mapping=using(*fields))["location_precision"] == "district"


def test_a_month_lasts_a_month(tmp_path: Path) -> None:
    record = read_row(tmp_path, {"Day": "June 2010"})
    assert (record["event_date"], record["event_date_end"]) == (pd.Timestamp("2010-06-01"), pd.Timestamp("2010-06-30"))
    assert record["date_precision"] == "month" and record["caveats"] == ["date_range"]


def test_order_of_day_and_month_is_as_said(tmp_path: Path) -> None:
    read = {order: read_row(tmp_path, {"Day": "05/06/2010"}, mapping=using(Field("event_date", "Day", order)))
            for order in (DAY_FIRST, MONTH_FIRST)}  # fmt: skip
    days = {order: record["event_date"] for order, record in read.items()}
    assert days == {DAY_FIRST: pd.Timestamp("2010-06-05"), MONTH_FIRST: pd.Timestamp("2010-05-06")}


def test_words_are_put_into_ours_in_any_case_and_the_others_are_set_aside(tmp_path: Path) -> None:
    words = (("air  strike", "aerial"), ("Démineur", "remnants"), ("other?", ""))
    texts = ["Air Strike", "demineur", "other?", "", "dynamite"]
    result = read_rows(
        tmp_path, *({"Type": text} for text in texts), mapping=using(Field("cause", "Type", words=words))
    )
    assert list(result.records["cause"]) == ["aerial", "remnants", "unknown", "unknown"]
    assert (result.rejected["rule"].item(), result.rejected["value"].item()) == ("code_unknown", "dynamite")


def test_constants_lists_and_record_numbers(tmp_path: Path) -> None:
    party, via = Field("party_as_reported", constant="ISAF"), Field("reported_via", "Via")
    mapping = using(Field("source_id", written=RECORD_NUMBER), party, via)
    result = read_rows(tmp_path, {"Via": "media, community"}, {"Via": "rumour"}, {"Via": ""}, mapping=mapping)
    assert list(result.records["source_id"]) == ["1", "3"] and set(result.records["party_as_reported"]) == {"ISAF"}
    assert result.records["reported_via"].iloc[0] == ["media", "community"]
    assert json.loads(result.rejected["row"].item())[NUMBER] == "2"


def test_a_mended_row_keeps_its_record_number(tmp_path: Path) -> None:
    numbered = using(Field("source_id", written=RECORD_NUMBER))
    aside = read_rows(tmp_path, {}, {}, {"Day": "never"}, mapping=numbered).rejected
    row = {**json.loads(aside["row"].item()), "Day": "26/06/2010"}
    pd.DataFrame([row]).to_csv(tmp_path / "mended.csv", index=False)
    assert list(read(tmp_path / "mended.csv", mapping=numbered).records["source_id"]) == ["3"]


def test_the_row_of_tags_of_a_data_exchange_is_no_record(tmp_path: Path) -> None:
    pd.DataFrame([dict.fromkeys(ROW, "#tag"), ROW]).to_csv(tmp_path / "log.csv", index=False)
    result = read(tmp_path / "log.csv", mapping=MAPPING)
    assert result.provenance.read == len(result.records) == 1


def test_formulas_stay_text_and_never_become_numbers(tmp_path: Path) -> None:
    result = read_rows(tmp_path, {"Killed": "=1+1"}, {"Wilayat": "=cmd|' /C calc'!A0"}, {"Lat": "=34.5"})
    assert list(result.records["admin1_as_reported"]) == ["=cmd|' /C calc'!A0"]
    assert list(result.rejected["rule"]) == ["count_unreadable", "coordinate_unreadable"]


# ---- rows set aside -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "rule", "column", "value", "expected"),
    [
        ({"Day": "31/06/2010"}, "date_unreadable", "Day", "31/06/2010", "day first"),
        ({"Day": "1389-04-04"}, "date_unreadable", "Day", "1389-04-04", "from the year 1900"),
        ({"Day": ""}, "date_missing", "Day", None, "a date"),
        ({"Day": "01/01/2999"}, "date_unreadable", "Day", "01/01/2999", "a date such as"),
        ({"Killed": "several"}, "count_unreadable", "Killed", "several", "4-7, 3+"),
        ({"Killed": "7-4"}, "min_above_max", "Killed", "7-4", "min <= best"),
        ({"Killed": "2010-07-04"}, "count_unreadable", "Killed", "2010-07-04", "turned 4-7 into a date"),
        ({"Lat": "north"}, "coordinate_unreadable", "Lat", "north", "34°30'N"),
        ({"Long": "69..1"}, "coordinate_unreadable", "Lat", "34.53", "degrees"),
        ({"Lat": "91"}, "coordinate_out_of_range", "Lat", "91", "are the two exchanged"),
        ({"No": ""}, "id_missing", "No", None, "an id"),
    ],
)  # fmt: skip
def test_a_row_set_aside_shows_the_files_own_column_and_value(
    tmp_path: Path, change: dict[str, str], rule: str, column: str, value: str | None, expected: str
) -> None:
    aside = read_rows(tmp_path, {}, change, {}).rejected
    assert len(aside) == 1
    one = aside.iloc[0]
    assert (one["rule"], one["column"], one["source_row"], one["file"]) == (rule, column, 2, "log.csv")
    assert (None if pd.isna(one["value"]) else one["value"]) == value
    assert expected in one["expected"] and rule in RULES
    assert json.loads(one["row"]) == {
        **ROW,
        "No": "2",
        **change,
        **{name: None for name, text in change.items() if not text},
    }


def test_other_faults_are_named_once_by_the_files_columns(tmp_path: Path) -> None:
    one = read_rows(tmp_path, {"Day": "never", "Lat": "x", "Killed": "y"}).rejected.iloc[0]
    assert one["column"] == "Day"
    assert one["other_faults"] == "Lat: coordinate_unreadable; Killed: count_unreadable"


def test_broken_rows_keep_their_numbers_beside_the_others(tmp_path: Path) -> None:
    text = ",".join(ROW) + "\nbroken\n" + ",".join(ROW.values()) + "\n8,never,1,2,Kabul,1\n"
    (tmp_path / "log.csv").write_text(text)
    aside = read(tmp_path / "log.csv", mapping=MAPPING).rejected
    assert aside[["source_row", "rule"]].to_numpy().tolist() == [[1, "broken_row"], [3, "date_unreadable"]]
    assert aside["value"].isna().tolist() == [True, False]


def test_columns_that_are_not_mapped_are_not_read_and_said(tmp_path: Path) -> None:
    result = read_rows(tmp_path, {"Remarks": "Mr. So-and-so", "Day": "never"})
    assert "columns not read: Remarks" in result.provenance.notes
    assert "So-and-so" not in result.rejected.to_csv()


ODD = st.sampled_from(
    ["", "Unknown", "4-7", "3+", "-1", "NaN", "inf", "1e999", "=cmd()", "31/12/2010", "12/31/2010", "2010-05-01",
     "40299", "34.5", "34,5", "34°30'N", "42SWD12", "٣", "هرات", "\u202e", "\x00", '"', "x" * 300, "1;2", "#REF!",
     "34.5, 69.2", "5/6/10"]
) | st.text(max_size=12)  # fmt: skip


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.fixed_dictionaries(dict.fromkeys(ROW, ODD)), min_size=1, max_size=6),
    order=st.sampled_from([DAY_FIRST, MONTH_FIRST, ""]),
    place=st.sampled_from(["degrees", "lat, long", "long, lat", "mgrs"]),
)
def test_whatever_stands_in_a_table_every_row_is_in_or_set_aside(
    tmp_path: Path, rows: list[dict[str, str]], order: str, place: str
) -> None:
    fields = [Field("event_date", "Day", order)]
    fields += [] if place == "degrees" else [Field("coordinates", "Lat", place)]
    pd.DataFrame(rows).to_parquet(tmp_path / "log.parquet")
    result = read(tmp_path / "log.parquet", mapping=using(*fields))
    assert sorted([*result.records["source_row"], *result.rejected["source_row"]]) == list(range(1, len(rows) + 1))
    assert result.rejected["rule"].isin(RULES).all() and result.rejected["expected"].notna().all()
    assert (result.records["event_date"] >= "1900-01-01").all()


# ---- the TOML -------------------------------------------------------------------------------------------------------

NAME = st.text(min_size=1, max_size=20)


@st.composite
def mappings(draw: st.DrawFn) -> Mapping:
    names = draw(st.lists(NAME, min_size=4, max_size=4, unique=True))
    place = draw(st.sampled_from(["coordinates", "admin1_as_reported"]))
    fields = (
        Field("source_id", names[0]) if draw(st.booleans()) else Field("source_id", written=RECORD_NUMBER),
        Field("event_date", names[1], draw(st.sampled_from(["", OPEN, *ways("event_date")]))),
        Field(place, names[2], draw(st.sampled_from(ways(place) or [""]))),
        Field("cause", names[3], words=tuple(sorted({draw(NAME): "ied", draw(NAME): ""}.items()))),
        Field("party_as_reported", constant=draw(NAME)),
    )
    return Mapping(fields, tuple(names), draw(st.sampled_from(["", "own"])), draw(st.one_of(st.just(""), NAME)))


@settings(max_examples=200)
@given(mapping=mappings())
def test_what_is_written_as_toml_is_read_back_the_same(mapping: Mapping) -> None:
    assert Mapping.from_toml(mapping.to_toml()) == mapping


def test_notes_and_questions_are_comments_and_come_back() -> None:
    asked = replace(using(Field("event_date", "Day", OPEN)), notes=("First\nnote.", "Second note."))
    text = asked.to_toml()
    assert text.startswith("# First note.\n# Second note.\n")
    assert (
        'written = "?"  # Does "Day" have the day or the month first? Write "day first" (31/12) or "month first".'
        in text
    )
    assert Mapping.from_toml(text).notes == ("First note.", "Second note.")


def test_an_open_question_must_be_answered_first(tmp_path: Path) -> None:
    with pytest.raises(
        ReadError, match="log.csv: the mapping has 1 open question.*day or the month first.*answer in the place"
    ):
        read_rows(tmp_path, {}, mapping=using(Field("event_date", "Day", OPEN)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("this is = = no toml", "not written as TOML"),
        ("source = 'x'", "there is no [columns.…]"),
        ("[columns.evnt_date]\nfrom='a'", "[columns.evnt_date] is no column of ours; is it event_date?"),
        ("[columns.place]\nfrom='a'\nwriten='b'", "place: 'writen' is no key of a column"),
        ("[columns.event_date]\nfrom='a'\nwritten='dd/mm'", "'dd/mm' is no way to write it; there is day first, "),
        ("[columns.place]\nfrom='a'\nwritten='b'", "there is only the usual one"),
        ("[columns.place]\nfrom='a'\nconstant='b'", "place: say one of from and constant"),
        ("[columns.place]", "place: say one of from and constant"),
        ("[columns.cause]\nconstant='bomb'", "cause: bomb is none of aerial"),
        ("[columns.cause]\nfrom='a'\nwords={x='bomb'}", "cause: bomb is none of aerial"),
        ("[columns.coordinates]\nfrom='a'", "coordinates: say how it is written"),
        ("columns.place = 3", "place must be a table"),
        ("[columns.place]\nfrom = 3", "from, written, constant and words are texts"),
        ("colums = 1\n[columns.place]\nfrom='a'", "'colums' is no key of a mapping"),
        ("header = 'a'\n[columns.place]\nfrom='a'", "header is a list of names"),
        ("[columns.coordinates]\nfrom='a'\nwritten='mgrs'\n[columns.latitude]\nfrom='b'", "both said"),
        ("[columns.women_killed]\nfrom='a'\n[columns.women_killed_min]\nfrom='b'", "women_killed_min are both"),
        ("[columns.event_date]\nfrom='a'", "source_id is missing; a place"),
    ],
)  # fmt: skip
def test_faults_of_a_mapping_are_said_in_words(text: str, says: str) -> None:
    with pytest.raises(ReadError, match=r"map\.toml") as caught:
        Mapping.from_toml(text, name="map.toml")
    assert says in str(caught.value) and caught.value.next_step


def test_all_faults_are_named_at_once() -> None:
    text = "colums = 1\n[columns.plac]\nfrom='a'\n[columns.cause]\nconstant='bomb'"
    with pytest.raises(ReadError, match="has 3 fault") as caught:
        Mapping.from_toml(text)
    assert "colums" in str(caught.value) and "plac" in str(caught.value) and "bomb" in str(caught.value)


def test_columns_that_the_file_lacks_are_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"log\.csv: .* lacks: 'Lon' \(is it 'Long'\?\), 'Elsewhere'\. Found: No, Day"):
        read_rows(tmp_path, {}, mapping=using(Field("longitude", "Lon"), Field("place", "Elsewhere")))


def test_every_target_can_be_mapped(tmp_path: Path) -> None:
    bare = replace(MAPPING, fields=FIELDS[:-1])
    for to in TARGETS:
        if bare.field(to) is None and to != "coordinates":
            read_rows(tmp_path, {"Any": ""}, mapping=replace(bare, fields=(*bare.fields, Field(to, "Any"))))


def test_the_file_of_a_mapping_is_taken_as_well(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAPPING.to_toml(), encoding="utf-8-sig")
    pd.DataFrame([ROW]).to_csv(tmp_path / "log.csv", index=False)
    for mapping in (tmp_path / "map.toml", str(tmp_path / "map.toml")):
        result = read(tmp_path / "log.csv", mapping=mapping, source="other")
        assert set(result.records["source"]) == {"other"}
    assert result.provenance.reader == f"mapping {MAPPING.fingerprint}"
    assert Mapping.from_toml(result.provenance.mapping) == MAPPING
    with pytest.raises(ReadError, match=r"absent\.toml: the mapping cannot be read"):
        read(tmp_path / "log.csv", mapping=tmp_path / "absent.toml")


def test_the_fingerprint_follows_what_is_said_and_not_its_order() -> None:
    assert replace(MAPPING, fields=FIELDS[::-1], notes=("x",)).fingerprint == MAPPING.fingerprint
    assert using(Field("event_date", "Day", MONTH_FIRST)).fingerprint != MAPPING.fingerprint


# ---- kept with a theatre --------------------------------------------------------------------------------------------


def test_a_mapping_is_known_again_by_the_header_in_any_order(tmp_path: Path) -> None:
    folder = tmp_path / "mappings"
    assert saved(tuple(ROW), folder) is None
    file = save(MAPPING, folder)
    assert file.parent == folder and file.name.startswith("own_log-") and folder.stat().st_mode & 0o777 == 0o700
    assert saved(tuple(ROW)[::-1], folder) == saved([name.upper() for name in ROW], folder) == MAPPING
    assert saved(("No", "Day"), folder) is None


def test_a_later_mapping_for_the_same_header_replaces_the_one_before(tmp_path: Path) -> None:
    save(MAPPING, tmp_path)
    later = replace(using(Field("event_date", "Day", MONTH_FIRST)), source="renamed")
    save(later, tmp_path)
    save(replace(MAPPING, header=("other",)), tmp_path)
    assert saved(tuple(ROW), tmp_path) == later
    assert len(list(tmp_path.iterdir())) == 2


def test_a_spoilt_mapping_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("spoilt")
    save(MAPPING, tmp_path)
    assert saved(tuple(ROW), tmp_path) == MAPPING


def test_a_mapping_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(MAPPING, tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(ReadError, match="could not be kept"):
        save(using(Field("event_date", "Day", MONTH_FIRST)), tmp_path)
    assert saved(tuple(ROW), tmp_path) == MAPPING and len(list(tmp_path.iterdir())) == 1


def test_a_file_with_a_known_header_is_read_through_the_mapping_kept(tmp_path: Path) -> None:
    folder = tmp_path / "mappings"
    pd.DataFrame([ROW]).to_csv(tmp_path / "log.csv", index=False)
    with pytest.raises(ReadError, match="suggest-mapping FILE"):
        read_known(tmp_path / "log.csv", folder)
    with pytest.raises(ReadError, match="open question"):
        read_known(tmp_path / "log.csv", folder, mapping=using(Field("event_date", "Day", OPEN)))
    assert saved(tuple(ROW), folder) is None, "only what could be used is kept"
    read_known(tmp_path / "log.csv", folder, mapping=MAPPING)
    pd.DataFrame([ROW])[[*ROW][::-1]].to_csv(tmp_path / "next.csv", index=False)
    assert len(read_known(tmp_path / "next.csv", folder).records) == 1

"""A proposed mapping: found by names in several languages and by values, asked where nothing decides."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from civmap.cli import app
from civmap.errors import ReadError
from civmap.readers import Mapping, read, suggest
from civmap.readers.mapping import OPEN, RECORD_NUMBER
from civmap.readers.written_dates import DAY_FIRST, MONTH_FIRST

BASE = {"Id": ["a", "b", "c"], "Date": ["2010-05-01"] * 3, "Province": ["Kabul", "Herat", "Khost"]}


def proposed(folder: Path, columns: dict[str, Any], **options: Any) -> Mapping:
    pd.DataFrame(columns).to_csv(folder / "log.csv", index=False)
    mapping = suggest(folder / "log.csv", **options)
    if not any(note.startswith("Missing") for note in mapping.notes):
        assert Mapping.from_toml(mapping.to_toml()) == mapping
    return mapping


def columns_of(mapping: Mapping) -> dict[str, str]:
    return {field.to: field.column for field in mapping.fields if field.column}


# Invented tables with the headings that people use, and which of ours each is.
ENGLISH = {
    "Incident No": (["1", "2"], "source_id"), "Date of incident": (["25/06/2010", "1/7/2010"], "event_date"),
    "Time": (["01:30", "1400"], "event_time_local"), "Lat": (["34.5", "Unknown"], "latitude"),
    "Long": (["69.1", "Unknown"], "longitude"), "Province": (["Kabul", "Herat"], "admin1_as_reported"),
    "District": (["Surobi", "Guzara"], "admin2"), "Village": (["A", "B"], "place"),
    "Responsible party": (["ISAF", "Taliban"], "party_as_reported"),
    "Incident type": (["Air strike", "IED"], "cause_as_reported"),
    "Civilians killed": (["4-7", "3+"], "civilians_killed"), "Civilians injured": (["1", "?"], "civilians_injured"),
    "Women killed": (["1", ""], "women_killed"), "Children injured": (["0", "2"], "children_injured"),
    "Date reported": (["26/06/2010", "2/7/2010"], "reported_at"), "Remarks": (["A long story.", "Another."], None),
    "Contact name": (["Mr. A", "Mrs. B"], None), "Men killed": (["1", "1"], None), "Ages": (["4", "30"], None),
}  # fmt: skip
FRENCH = {
    "numéro": (["1", "2"], "source_id"), "date de l'incident": (["1 mai 2010", "2 août 2010"], "event_date"),
    "lieu": (["A", "B"], "place"), "gouvernorat": (["Raqqa", "Alep"], "admin1_as_reported"),
    "auteur": (["Russie", "EI"], "party_as_reported"), "civils tués": (["1", "2"], "civilians_killed"),
    "civils blessés": (["3", "plus de 4"], "civilians_injured"),
    "enfants tués (min)": (["0", "1"], "children_killed_min"),
    "coordonnées": (["36.2; 37.1", "35.9; 39.0"], "coordinates"),
}  # fmt: skip
ARABIC = {
    "الرقم": (["1", "2"], "source_id"), "التاريخ": (["٢٠١٦/٠٥/٠١", "٢٠١٦/٠٥/٠٢"], "event_date"),
    "المحافظة": (["حلب", "الرقة"], "admin1_as_reported"), "الموقع": (["ا", "ب"], "place"),
    "خط العرض": (["٣٦٫٢", "35.9"], "latitude"), "خط الطول": (["37.1", "39.0"], "longitude"),
    "القتلى المدنيين": (["٤", "٥-٧"], "civilians_killed"), "الجرحى": (["1", "غير معروف"], "civilians_injured"),
}  # fmt: skip
DARI = {
    "شماره": (["۱", "۲"], "source_id"), "تاریخ": (["40299", "40300"], "event_date"),
    "ولایت": (["کابل", "هرات"], "admin1_as_reported"), "ولسوالی": (["الف", "ب"], "admin2"),
    "قریه": (["ا", "ب"], "place"),
    "تعداد کشته شده": (["۴", "۵+"], "civilians_killed"), "زخمی": (["۱", "نامعلوم"], "civilians_injured"),
}  # fmt: skip
PASHTO = {
    "گڼه": (["۱", "۲"], "source_id"), "نېټه": (["2010-05-01", "2010-05-02"], "event_date"),
    "ولايت": (["هېلمند", "کندهار"], "admin1_as_reported"), "ولسوالۍ": (["ا", "ب"], "admin2"),
    "ټپیان": (["۱", "۲"], "civilians_injured"),
}  # fmt: skip
CAMEL_CASE = {
    "ReportKey": (["x", "y"], "source_id"), "Date": (["1/1/04 0:00", "1/25/04 0:00"], "event_date"),
    "Type": (["Enemy Action", "Explosive Hazard"], "cause_as_reported"), "FriendlyKIA": (["0", "0"], None),
    "HostNationWIA": (["0", "0"], None), "CivilianKIA": (["2", "1"], "civilians_killed"),
    "CivilianWIA": (["0", "3"], "civilians_injured"), "EnemyKIA": (["4", "4"], None),
    "MGRS": (["42SWB39916465", "41RPR78"], "coordinates"),
}  # fmt: skip


@pytest.mark.parametrize("table", [ENGLISH, FRENCH, ARABIC, DARI, PASHTO, CAMEL_CASE])
def test_columns_are_known_by_their_names(tmp_path: Path, table: dict[str, tuple[list[str], str | None]]) -> None:
    mapping = proposed(tmp_path, {name: values for name, (values, _) in table.items()})
    assert columns_of(mapping) == {to: name for name, (_, to) in table.items() if to}
    result = read(tmp_path / "log.csv", mapping=mapping)
    assert len(result.records) == 2, result.rejected.to_dict("records")


def test_names_in_any_order_or_case_give_the_same(tmp_path: Path) -> None:
    values = {name: given for name, (given, _) in ENGLISH.items()}
    expected = proposed(tmp_path, values)
    names = list(values)
    for seed in range(5):
        random.Random(seed).shuffle(names)
        again = proposed(tmp_path, {name.upper(): values[name] for name in names})
        assert {field.to: (field.column, field.written) for field in again.fields} == {
            field.to: (field.column.upper(), field.written) for field in expected.fields
        }


def test_columns_without_a_telling_name_are_known_by_their_values(tmp_path: Path) -> None:
    table = {
        "a": ["2010-05-01", "May 2010", "2010-06-01"], "b": ["42SWD1836017615", "42S WD 18 17", "Unknown"],
        "c": ["Kabul", "قندهار", "Hilmand"], "d": ["1", "2", "3"],
    }  # fmt: skip
    assert columns_of(proposed(tmp_path, table)) == {"event_date": "a", "coordinates": "b", "admin1_as_reported": "c"}
    assert columns_of(proposed(tmp_path, {**table, "b": ["34.5, 69.1"] * 3}))["coordinates"] == "b"
    mine = proposed(tmp_path, {**table, "c": ["Nord", "Sud", "Nord"]}, provinces=["Nord", "Sud"])
    assert columns_of(mine)["admin1_as_reported"] == "c"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Latitude", ["north", "south", "east"]), ("Date", ["x", "y", "2010-01-01"]), ("Killed", ["many", "few", "3"]),
        ("Province", ["1", "2", "3"]), ("cause", ["bomb", "ied", "gun"]), ("Killed and injured", ["1", "2", "3"]),
        ("Casualties", ["1", "2", "3"]), ("Names of killed", ["A", "B", "C"]), ("Taliban killed", ["1", "2", "3"]),
    ],
)  # fmt: skip
def test_a_name_alone_is_not_enough(tmp_path: Path, name: str, values: list[str]) -> None:
    mapping = proposed(tmp_path, {"Id": ["a", "b", "c"], "when": ["2010-05-01"] * 3, "place": ["x"] * 3, name: values})
    assert name not in columns_of(mapping).values() or columns_of(mapping).get("cause_as_reported") == name


@pytest.mark.parametrize(
    "name",
    ["Phone number", "Passport ID", "No of injured", "Victim name", "Age", "Contact", "Tazkira no", "Date of birth"],
)
def test_a_column_about_people_and_a_number_of_something_name_no_record(tmp_path: Path, name: str) -> None:
    values = [f"2010-0{number}-01" if "Date" in name else f"070{number}" for number in range(1, 9)]
    mapping = proposed(tmp_path, {name: values, "Province": ["Kabul"] * 8})
    assert not {"source_id", "event_date", "place"} & {
        to for to, column in columns_of(mapping).items() if column == name
    }


def test_every_own_column_is_known_by_its_own_name(tmp_path: Path) -> None:
    own = {
        "source_id": ["1"], "event_date": ["2010-05-01"], "latitude": ["34.5"], "longitude": ["69.1"],
        "location_precision": ["exact"], "cause": ["ied"], "civilians_killed_min": ["1"],
        "children_injured_max": ["2"], "party_as_reported": ["ISAF"], "grade": ["single_source"],
        "status_unknown_killed": ["3"],
    }  # fmt: skip
    assert columns_of(proposed(tmp_path, own)) == {name: name for name in own}


# ---- order of day and month -----------------------------------------------------------------------------------------


def test_the_order_is_decided_from_the_whole_column(tmp_path: Path) -> None:
    early = [f"{day:02}/{month:02}/2010" for day in range(1, 13) for month in range(1, 13)] * 50
    for telling, order in (("13/01/2010", DAY_FIRST), ("01/13/2010", MONTH_FIRST)):
        days = [*early, telling]
        mapping = proposed(tmp_path, {"Id": range(len(days)), "Date": days, "Province": ["Kabul"] * len(days)})
        field = mapping.field("event_date")
        assert field is not None and field.written == order and mapping.questions == ()
        assert f"'Date': {order}, as 1 different entry allows nothing else." in mapping.notes
        assert len(read(tmp_path / "log.csv", mapping=mapping).records) == len(days)


def test_what_no_entry_decides_is_asked_and_not_read_before(tmp_path: Path) -> None:
    mapping = proposed(tmp_path, {**BASE, "Date": ["05/06/2010", "06/06/2010", "7.8.2010"]})
    assert [field.written for field in mapping.fields if field.to == "event_date"] == [OPEN]
    assert len(mapping.questions) == 1 and '"Date"' in mapping.questions[0]
    with pytest.raises(ReadError, match="open question"):
        read(tmp_path / "log.csv", mapping=mapping)
    (tmp_path / "map.toml").write_text(mapping.to_toml().replace('"?"', '"month first"'), encoding="utf-8")
    records = read(tmp_path / "log.csv", mapping=tmp_path / "map.toml").records
    assert list(records["event_date"].dt.month) == [5, 6, 7]


def test_contradictions_are_asked_with_their_numbers(tmp_path: Path) -> None:
    mapping = proposed(tmp_path, {**BASE, "Date": ["25/06/2010", "26/06/2010", "06/27/2010"]})
    assert len(mapping.questions) == 1
    assert "'Date': 2 entries can only have the day first, 1 only the month." in mapping.notes


def test_each_column_of_dates_is_decided_by_itself(tmp_path: Path) -> None:
    mapping = proposed(tmp_path, {**BASE, "Date": ["25/06/2010"] * 3, "Date reported": ["05/07/2010"] * 3})
    assert {field.to: field.written for field in mapping.fields if "Date" in field.column} == {
        "event_date": DAY_FIRST, "reported_at": OPEN,
    }  # fmt: skip


def test_dates_half_exchanged_by_the_spreadsheet_are_pointed_out(tmp_path: Path) -> None:
    days = [dt.date(2010, 1, 1) + dt.timedelta(days=9 * number) for number in range(40)]
    half = [f"{day:%Y-%d-%m}" if day.day <= 12 else f"{day:%d/%m/%Y}" for day in days]
    mapping = proposed(tmp_path, {"Id": range(40), "Date": half, "Province": ["Kabul"] * 40})
    assert any("seems to have turned some dates around" in note for note in mapping.notes)


# ---- what was assumed -----------------------------------------------------------------------------------------------


def test_whose_deaths_are_counted_is_assumed_and_said(tmp_path: Path) -> None:
    bare = proposed(tmp_path, {**BASE, "Killed": [1, 2, 3]})
    assert columns_of(bare)["civilians_killed"] == "Killed"
    assert (
        "'Killed' is taken as civilians; if fighters are counted too, it belongs to everyone killed (all_killed)."
        in bare.notes
    )
    total = proposed(tmp_path, {**BASE, "Killed": [1, 2, 3], "Civilians killed": [1, 1, 1], "Fatalities": [3, 3, 3]})
    assert columns_of(total)["civilians_killed"] == "Civilians killed"
    assert columns_of(total)["all_killed"] == "Fatalities"
    assert any("'Fatalities' is taken as everyone" in note for note in total.notes)


def test_min_and_max_beside_a_bare_count_make_it_the_best(tmp_path: Path) -> None:
    table = {
        **BASE,
        "Civilians killed": [2, 3, 4],
        "Civilians killed (low)": [1, 1, 1],
        "Civilians killed high": [9, 9, 9],
    }
    found = columns_of(proposed(tmp_path, table))
    assert found["civilians_killed_best"] == "Civilians killed" and "civilians_killed" not in found
    assert found["civilians_killed_min"] == "Civilians killed (low)"
    assert found["civilians_killed_max"] == "Civilians killed high"


def test_without_ids_the_record_number_stands_in_and_is_said(tmp_path: Path) -> None:
    for table in ({"Date": BASE["Date"], "Province": BASE["Province"]}, {**BASE, "Id": ["a", "a", "a"]}):
        mapping = proposed(tmp_path, table)
        assert mapping.field("source_id").written == RECORD_NUMBER  # type: ignore[union-attr]
        assert any("must keep the order" in note for note in mapping.notes)


def test_the_time_behind_the_date_is_used_where_there_is_one(tmp_path: Path) -> None:
    mapping = proposed(tmp_path, {**BASE, "Date": ["2010-05-01 01:30", "2010-05-02 14:00", "2010-05-03 02:15"]})
    assert columns_of(mapping)["event_time_local"] == "Date"
    assert list(read(tmp_path / "log.csv", mapping=mapping).records["event_time_local"]) == ["01:30", "14:00", "02:15"]
    midnight = proposed(
        tmp_path, {**BASE, "Date": ["2010-05-01 00:00:00", "2010-05-02 00:00:00", "2010-05-03 00:00:00"]}
    )
    assert "event_time_local" not in columns_of(midnight)


def test_the_order_of_two_coordinates_is_said_where_it_is_only_assumed(tmp_path: Path) -> None:
    unsaid = proposed(tmp_path, {**BASE, "GPS": ["34.5, 69.1"] * 3})
    assert any("'GPS' is taken as lat, long" in note for note in unsaid.notes)
    assert not any("taken as" in note for note in proposed(tmp_path, {**BASE, "Lat/Long": ["34.5, 69.1"] * 3}).notes)
    beyond = proposed(tmp_path, {**BASE, "GPS": ["134.5, 36.1", "135.0, 36.2", "136.0, 37.0"]})
    assert beyond.field("coordinates").written == "long, lat"  # type: ignore[union-attr]


def test_what_is_missing_is_said_and_reading_asks_for_it(tmp_path: Path) -> None:
    mapping = proposed(tmp_path, {"name": ["A", "B"], "age": [1, 2]})
    assert sum(note.startswith("Missing") for note in mapping.notes) == 2
    with pytest.raises(ReadError, match="not complete: event_date is missing; a place"):
        read(tmp_path / "log.csv", mapping=mapping)


# ---- whole workbooks ------------------------------------------------------------------------------------------------


def messy(path: Path) -> Path:
    """Write a log as it comes on a Monday: titles, groups, merged cells, two kinds of dates, three scripts."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Civilian casualty log"], ["printed", dt.date(2011, 1, 3)], [],
        ["Ser\nNo", "Date of\nIncident", "Location", None, "ولایت", None, "Responsible", "Civilians", None, "Remarks"],
        [None, None, "Grid", "Village", None, None, None, "Killed", "Injured", None],
        [1, "25/06/2010", "42S WD 18360 17615", "A", "کابل", None, "ISAF", "4-7", "3+", "x"],
        [2, dt.date(2010, 6, 5), "Unknown", "B", "کندهار", None, "Taliban", 2, "Unknown", "y"],
        [3, 40299, "42SWD1817", "C", "Kabul", None, "ANSF", "٣", None, None],
        [],
        [4, "31/02/2010", "garbage", "D", "Herat", None, "ISAF", "several", 1, None],
        [5, "01/07/2010", None, "E", None, None, "ISAF", 1, 1, None],
        [6, "02/07/2010", None, "F", "Khost", None, "ISAF", dt.datetime(2010, 7, 4), 1, None],
    ):  # fmt: skip
        sheet.append(row)
    for cells in ("A1:J1", "A4:A5", "B4:B5", "C4:D4", "H4:I4"):
        sheet.merge_cells(cells)
    book.create_sheet("Codes").append(["a", "b"])
    book.save(path)
    return path


def test_a_messy_workbook_is_read_through_its_proposal_as_it_stands(tmp_path: Path) -> None:
    file = messy(tmp_path / "log.xlsx")
    mapping = suggest(file)
    assert mapping.questions == () and {field.to: (field.column, field.written) for field in mapping.fields} == {
        "source_id": ("Ser No", ""), "event_date": ("Date of Incident", DAY_FIRST),
        "coordinates": ("Location Grid", "mgrs"), "admin1_as_reported": ("ولایت", ""),
        "place": ("Location Village", ""), "party_as_reported": ("Responsible", ""),
        "civilians_killed": ("Civilians Killed", ""), "civilians_injured": ("Civilians Injured", ""),
    }  # fmt: skip
    result = read(file, mapping=mapping)
    records = result.records
    assert records["event_date"].dt.strftime("%Y-%m-%d").tolist() == ["2010-06-25", "2010-06-05", "2010-05-01"]
    assert records["location_precision"].tolist() == ["exact", "province", "settlement"]
    assert records["civilians_killed_max"].tolist() == [7, 2, 3]
    aside = result.rejected[["source_row", "rule", "column", "value"]].fillna({"value": "nothing"})
    assert aside.to_numpy().tolist() == [
        [4, "date_unreadable", "Date of Incident", "31/02/2010"], [5, "place_missing", "Location Grid", "nothing"],
        [6, "count_unreadable", "Civilians Killed", "2010-07-04"],
    ]  # fmt: skip


def test_a_hundred_thousand_columns_are_looked_at_in_part(tmp_path: Path) -> None:
    header = ["Id", "Date", "Province", *(f"c{number}" for number in range(100_000))]
    (tmp_path / "log.csv").write_text(",".join(header) + "\n" + ",".join(["1", "2010-05-01", "Kabul"]) + "," * 100_000)
    mapping = suggest(tmp_path / "log.csv")
    assert columns_of(mapping) == {"source_id": "Id", "event_date": "Date", "admin1_as_reported": "Province"}
    assert len(mapping.to_toml()) < 10_000
    assert len(read(tmp_path / "log.csv", mapping=mapping).records) == 1


# ---- on the command line --------------------------------------------------------------------------------------------


def command(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return done.exit_code, done.stdout, done.stderr


def test_the_command_prints_the_mapping_and_asks_beside_it(tmp_path: Path) -> None:
    pd.DataFrame({**BASE, "Date": ["05/06/2010"] * 3}).to_csv(tmp_path / "log.csv", index=False)
    code, printed, asked = command("suggest-mapping", tmp_path / "log.csv")
    assert code == 0 and Mapping.from_toml(printed) == suggest(tmp_path / "log.csv")
    assert 'Question: Does "Date" have the day or the month first?' in asked
    (tmp_path / "map.toml").write_text(printed, encoding="utf-8")
    code, _, said = command("read", tmp_path / "log.csv", "--mapping", tmp_path / "map.toml")
    assert code == 1 and "1 open question" in said and "Traceback" not in said
    (tmp_path / "map.toml").write_text(printed.replace('"?"', '"day first"'), encoding="utf-8")
    code, said, _ = command("read", tmp_path / "log.csv", "--mapping", tmp_path / "map.toml")
    assert code == 0 and "3 rows read, 3 accepted" in said


def test_a_mapping_that_was_ingested_with_is_known_the_next_time(tmp_path: Path, home: Path) -> None:
    pd.DataFrame(BASE).to_csv(tmp_path / "log.csv", index=False)
    pd.DataFrame({**BASE, "Id": ["x", "y", "z"]}).to_csv(tmp_path / "next.csv", index=False)
    (tmp_path / "map.toml").write_text(suggest(tmp_path / "log.csv").to_toml(), encoding="utf-8")
    to = ("--theatre", "afghanistan", "--home", home)
    code, _, said = command("ingest", tmp_path / "log.csv", *to)
    assert code == 1 and "suggest-mapping FILE" in said and "Nothing was kept" in said
    assert command("ingest", tmp_path / "log.csv", "--mapping", tmp_path / "map.toml", *to)[0] == 0
    code, said, _ = command("ingest", tmp_path / "next.csv", *to)
    assert code == 0 and "next.csv (mapping" in said and "3 rows read, 3 accepted" in said

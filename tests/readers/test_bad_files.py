"""Broken files: a clear error, or every record counted and the broken ones set aside under their own number."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civmap.errors import CivMapError, ReadError
from civmap.readers import ReadResult, files, read

HEADER = "source_id,event_date,latitude,longitude,civilians_killed_min,civilians_killed_max,place\n"


def row(number: int, place: str = "Kabul") -> str:
    return f"{number},2010-05-01,34.5,69.2,1,3,{place}\n"


def rows(count: int) -> str:
    return "".join(row(number) for number in range(1, count + 1))


def read_bytes(folder: Path, content: bytes | str, name: str = "log.csv") -> ReadResult:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(file)


def outcome(result: ReadResult) -> tuple[list[int], dict[int, str]]:
    """Give the numbers of the accepted records, and of the others the rule they broke."""
    assert result.provenance.read == len(result.records) + len(result.rejected)
    together = [*result.records["source_row"], *result.rejected["source_row"]]
    assert sorted(together) == list(range(1, result.provenance.read + 1))
    return list(result.records["source_row"]), dict(
        zip(result.rejected["source_row"], result.rejected["rule"], strict=True)
    )


# ---- files that are no table at all ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\n \r\n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"PK\x03\x04rest of a zip", "zip archive or workbook is damaged"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "old Excel workbook (.xls) or one locked with a password"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "PNG picture"),
        (b"\xff\xd8\xff\xe0JFIF", "JPEG picture"),
        (b"%PDF-1.7\n", "PDF document"),
        (b"SQLite format 3\x00", "geographic file is damaged"),
        (bytes(range(256)), "binary file"),
        (b"PAR1 and nothing behind it", "Parquet file is damaged"),
        (b"\x1f\x8bno gzip", "gzip archive is damaged"),
        ((HEADER + rows(3)).encode("utf-16-le"), "binary file"),
        (b"just a sentence", "no reader knows"),
        (b"x" * 300_000, "no reader knows"),
        (b'{"type": "FeatureCollection", "features": []}', "holds no feature"),
    ],
)
def test_what_is_no_table_is_refused_with_file_and_next_step(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(ReadError, match=r"log\.csv") as caught:
        read_bytes(tmp_path, content)
    assert says in str(caught.value)
    assert caught.value.next_step
    assert len(str(caught.value)) < 3000


def test_a_zip_that_only_looks_like_a_workbook_is_refused(tmp_path: Path) -> None:
    for name in ("log.zip", "log.xlsx"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("xl/workbook.xml", HEADER)
        with pytest.raises(ReadError, match="the workbook is damaged or locked"):
            read(tmp_path / name)


def test_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"absent\.csv: there is no such file"):
        read(tmp_path / "absent.csv")


def test_file_that_may_not_be_opened_is_a_read_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "log.csv").write_text(HEADER + rows(1))
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ReadError, match="cannot be opened"):
        read(tmp_path / "log.csv")


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_gzip_cut_short_is_refused(tmp_path: Path, keep: float) -> None:
    packed = gzip.compress((HEADER + rows(3000)).encode())
    with pytest.raises(ReadError, match="damaged or cut short"):
        read_bytes(tmp_path, packed[: int(len(packed) * keep)], "log.csv.gz")


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(10, 2000), flip=st.integers(1, 255))
def test_gzip_with_a_flipped_byte_is_refused(tmp_path: Path, position: int, flip: int) -> None:
    packed = bytearray(gzip.compress((HEADER + "".join(row(n * n) for n in range(900))).encode()))
    packed[position % (len(packed) - 10) + 10] ^= flip
    try:
        result = read_bytes(tmp_path, bytes(packed), "log.csv.gz")
    except ReadError:
        return
    assert len(outcome(result)[0]) == 900  # a flip in an unused header byte changes nothing


def test_gzip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 100_000)
    monkeypatch.setattr(files, "_CHUNK", 10_000)
    with pytest.raises(ReadError, match="unpacks to more than"):
        read_bytes(tmp_path, gzip.compress(bytes(1_000_000)), "log.csv.gz")


# ---- titles above the header ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "above",
    [
        "Civilian casualties 2010\n", "Civilian casualties 2010,,,,,,\n", "Title\n\nPrinted,2011-01-03\n,,,,,,\n",
        "sep=,\n", "\n\n", '"Title, with a comma\nand a line break"\n', "# Caveat: a, b, c, d, e, f, g, h\n# Of: x\n",
    ],
)  # fmt: skip
def test_titles_above_the_header_are_no_records_and_are_said(tmp_path: Path, above: str) -> None:
    result = read_bytes(tmp_path, above + HEADER + row(1) + "broken\n" + row(3))
    assert outcome(result) == ([1, 3], {2: "broken_row"})
    assert any("above the header, not read" in note for note in result.provenance.notes) == bool(above.strip())


def test_titles_do_not_hide_another_delimiter(tmp_path: Path) -> None:
    text = "Killed, injured, by day\n\n" + (HEADER + rows(3)).replace(",", ";")
    assert outcome(read_bytes(tmp_path, text)) == ([1, 2, 3], {})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.lists(st.lists(st.sampled_from(["", "a", "5", "2010-05-01", "x y"]), min_size=1, max_size=9), min_size=1),
)
def test_whatever_the_first_rows_hold_no_record_is_lost(tmp_path: Path, table: list[list[str]]) -> None:
    text = HEADER + "".join(",".join(fields) + "\n" for fields in table)
    result = read_bytes(tmp_path, text)
    outcome(result)
    assert result.provenance.read == sum(1 for fields in table if "".join(fields) or len(fields) > 1)


# ---- headers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n  \n", "\n" * 6000])
def test_header_alone_gives_no_records_but_all_columns(tmp_path: Path, end: str) -> None:
    result = read_bytes(tmp_path, HEADER.rstrip() + end)
    full = read_bytes(tmp_path, HEADER + rows(2))
    assert outcome(result) == ([], {})
    pd.testing.assert_series_equal(result.records.dtypes, full.records.dtypes)
    pd.testing.assert_series_equal(result.rejected.dtypes, full.rejected.dtypes)


def test_renamed_column_names_the_near_match(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"without the column 'event_date' \(is it 'event_dat'\?\)"):
        read_bytes(tmp_path, HEADER.replace("event_date", "event_dat") + rows(2))


def test_lost_place_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no column latitude and longitude, or admin1"):
        read_bytes(tmp_path, "source_id,event_date\n1,2010-01-01\n")


def test_column_that_appears_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="'latitude' appears more than once"):
        read_bytes(tmp_path, HEADER.replace("place", "latitude") + row(1, "12.0"))


def test_unread_column_that_appears_twice_does_no_harm(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, HEADER.replace("place", "note,note,note__2") + row(1, "a,b,c"))
    assert outcome(result) == ([1], {})


def test_ten_thousand_columns_are_read_in_a_moment(tmp_path: Path) -> None:
    extra = [f"c{number}" for number in range(10_000)]
    result = read_bytes(tmp_path, HEADER.rstrip() + "," + ",".join(extra) + "\n" + row(1).rstrip() + "," * 10_000)
    assert outcome(result) == ([1], {})
    assert len(result.provenance.notes) < 30
    with pytest.raises(ReadError, match="no reader knows"):
        read_bytes(tmp_path, ",".join(extra) + "\n")


def test_unclosed_quote_in_the_header_of_a_large_file_is_refused_soon(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        read_bytes(tmp_path, '"' + HEADER + rows(150_000))
    assert len(str(caught.value)) < 3000


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(HEADER.strip().split(",")))
def test_order_of_columns_is_irrelevant(tmp_path: Path, order: list[str]) -> None:
    frame = pd.DataFrame([row(n).strip().split(",") for n in range(3)], columns=HEADER.strip().split(","))
    expected = read_bytes(tmp_path, frame.to_csv(index=False)).records
    pd.testing.assert_frame_equal(read_bytes(tmp_path, frame[order].to_csv(index=False)).records, expected)


# ---- delimiters, encodings, line ends -------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_recognised(tmp_path: Path, delimiter: str) -> None:
    result = read_bytes(tmp_path, (HEADER + rows(3)).replace(",", delimiter))
    assert outcome(result) == ([1, 2, 3], {})
    assert list(result.records["place"]) == ["Kabul"] * 3


def test_row_with_another_delimiter_is_set_aside(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, HEADER + row(1) + row(2).replace(",", ";") + row(3))
    assert outcome(result) == ([1, 3], {2: "broken_row"})


@pytest.mark.parametrize(
    ("encoding", "start"),
    [("utf-8", ""), ("utf-8-sig", ""), ("utf-16-le", "\ufeff"), ("utf-16-be", "\ufeff"), ("cp1252", "")],
)
def test_encodings_are_recognised(tmp_path: Path, encoding: str, start: str) -> None:
    result = read_bytes(tmp_path, (start + HEADER + row(1, "Café") + row(2, "Ñandú")).encode(encoding))
    assert list(result.records["place"]) == ["Café", "Ñandú"]


def test_utf16_cut_in_the_middle_of_a_character_is_counted(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, ("\ufeff" + HEADER + rows(3)).encode("utf-16-le")[:-3])
    assert result.provenance.read == 3
    assert len(outcome(result)[0]) >= 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_are_irrelevant(tmp_path: Path, end: str) -> None:
    text = (HEADER + row(1) + "broken,row\n" + row(3)).replace("\n", end)
    assert outcome(read_bytes(tmp_path, text)) == ([1, 3], {2: "broken_row"})


@pytest.mark.parametrize("blank", ["\n", "\r\n", "\n" * 5000])
def test_blank_lines_are_no_records(tmp_path: Path, blank: str) -> None:
    text = HEADER + blank + row(1) + blank + "broken\n" + blank + row(3) + blank
    assert outcome(read_bytes(tmp_path, text)) == ([1, 3], {2: "broken_row"})


def test_line_breaks_in_quotes_stay_in_their_record(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, HEADER + row(1, '"Kabul,\nnorth"') + "broken\n" + row(3))
    assert outcome(result) == ([1, 3], {2: "broken_row"})
    assert result.records["place"].iloc[0] == "Kabul,\nnorth"


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b", "\x1c"])
def test_odd_line_separators_in_text_break_nothing(tmp_path: Path, mark: str) -> None:
    text = HEADER + row(1, f"a{mark}b").replace("2010", "never") + row(2, f"a{mark}b") + row(3, '"open') + row(4)
    assert outcome(read_bytes(tmp_path, text)) == ([2, 4], {1: "date_unreadable", 3: "broken_row"})


# ---- broken records -------------------------------------------------------------------------------------------------


def test_row_cut_in_the_middle_is_set_aside_without_its_text(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, HEADER + rows(3) + "4,2010-05")
    assert outcome(result) == ([1, 2, 3], {4: "broken_row"})
    assert result.rejected["expected"].iloc[0] == "7 fields, found 2"
    assert result.rejected[["value", "row"]].isna().all(axis=None), "a shifted field may hold a name"


def test_row_cut_inside_quotes_is_set_aside(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, HEADER + rows(3) + '4,2010-05-01,34.5,69.2,1,3,"Kab')
    assert outcome(result) == ([1, 2, 3], {4: "broken_row"})


def test_unclosed_quote_swallows_no_rows(tmp_path: Path) -> None:
    text = HEADER + row(1) + row(2, '"Kab') + row(3) + row(4, '"Herat, city"') + row(5)
    assert outcome(read_bytes(tmp_path, text)) == ([1, 3, 4, 5], {2: "broken_row"})


def test_two_unclosed_quotes_swallow_no_rows_between_them(tmp_path: Path) -> None:
    text = HEADER + row(1) + row(2, '"Kab') + row(3) + row(4, '"Her') + row(5)
    assert outcome(read_bytes(tmp_path, text)) == ([1, 3, 5], {2: "broken_row", 4: "broken_row"})


def test_quotes_inside_a_word_are_text(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, HEADER + row(1, '5" gun') + row(2, '"a ""b"" c"') + row(3))
    assert list(result.records["place"]) == ['5" gun', 'a "b" c', "Kabul"]


def test_broken_rows_of_both_kinds_keep_their_numbers(tmp_path: Path) -> None:
    text = HEADER + "x\n" + row(2) + row(3, '"a') + row(4) + "y,z\n" + row(6, '"b') + row(7) + "w\n" + row(9)
    accepted, broken = outcome(read_bytes(tmp_path, text))
    assert (accepted, sorted(broken)) == ([2, 4, 7, 9], [1, 3, 5, 6, 8])


def test_set_aside_value_shows_its_own_number_behind_broken_rows(tmp_path: Path) -> None:
    result = read_bytes(tmp_path, HEADER + "x\n" + row(2) + "y\n" + row(4).replace("34.5", "north") + row(5))
    bad = result.rejected[result.rejected["rule"] == "coordinate_unreadable"].iloc[0]
    assert (bad["source_row"], bad["column"], bad["value"], bad["source_id"]) == (4, "latitude", "north", "4")


def test_numbers_hold_beyond_the_first_block_of_a_large_file(tmp_path: Path) -> None:
    lines = [row(number, "x" * 200) for number in range(1, 90_001)]  # 20 MB: three blocks of the parser
    lines[80_000 - 1] = "broken\n"
    lines[85_000 - 1] = row(85_000).replace("2010", "never")
    result = read_bytes(tmp_path, HEADER + "".join(lines))
    assert dict(zip(result.rejected["source_row"], result.rejected["rule"], strict=True)) == {
        80_000: "broken_row", 85_000: "date_unreadable",
    }  # fmt: skip
    assert (result.records["source_row"].astype("str") == result.records["source_id"]).all()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(len(HEADER), len(HEADER + rows(8))))
def test_file_cut_anywhere_loses_no_whole_row(tmp_path: Path, cut: int) -> None:
    text = (HEADER + rows(8))[:cut]
    result = read_bytes(tmp_path, text)
    outcome(result)
    assert result.provenance.read == len(text.splitlines()) - 1
    assert len(result.records) >= text.count("\n") - 1


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(1, 255)), min_size=1, max_size=6))
def test_flipped_bytes_give_an_error_or_a_full_account(tmp_path: Path, flips: list[tuple[int, int]]) -> None:
    content = bytearray((HEADER + rows(12) + row(13, '"Herat, city"')).encode())
    for position, flip in flips:
        content[position % len(content)] ^= flip
    try:
        result = read_bytes(tmp_path, bytes(content))
    except CivMapError:
        return
    outcome(result)


def test_a_few_damaged_characters_do_not_turn_the_file_into_another_encoding(tmp_path: Path) -> None:
    content = (
        (HEADER + row(1, "كابل") + row(2, "Café") + row(3, "قندهار")).encode().replace(b"Caf\xc3\xa9", b"Caf\xc3e")
    )
    places = list(read_bytes(tmp_path, content).records["place"])
    assert places == ["كابل", "Caf\ufffde", "قندهار"]


# ---- Parquet --------------------------------------------------------------------------------------------------------


def parquet(folder: Path, **columns: object) -> Path:
    given = {"source_id": ["1", "2"], "event_date": ["2010-05-01"] * 2, "admin1": ["Kabul"] * 2, **columns}
    pd.DataFrame(given).to_parquet(folder / "log.parquet")
    return folder / "log.parquet"


def test_parquet_with_real_types_reads_like_its_text(tmp_path: Path) -> None:
    typed = read(parquet(tmp_path, event_date=pd.to_datetime(["2010-05-01"] * 2), civilians_killed_max=[1.0, np.nan]))
    assert outcome(typed) == ([1, 2], {})
    assert list(typed.records["event_date"]) == [pd.Timestamp("2010-05-01")] * 2
    assert typed.records["civilians_killed_max"].isna().tolist() == [False, True]


def test_parquet_text_stored_as_bytes_is_not_lost(tmp_path: Path) -> None:
    assert list(read(parquet(tmp_path, place=[b"Kabul", b"Herat"])).records["place"]) == ["Kabul", "Herat"]


def test_parquet_lists_of_other_things_than_text_are_read(tmp_path: Path) -> None:
    result = read(parquet(tmp_path, reported_via=[["media", "community"], None]))
    assert result.records["reported_via"].iloc[0] == ["media", "community"]
    assert outcome(read(parquet(tmp_path, reported_via=[[1, 2], None])))[1] == {1: "code_unknown"}


@pytest.mark.parametrize("bad", [[{"a": 1}, {"a": 2}], [b"\xff\xfe", b"\x00\xff"]])
def test_parquet_column_that_is_no_value_is_refused(tmp_path: Path, bad: list[object]) -> None:
    with pytest.raises(ReadError, match=r"log\.parquet: the Parquet file is damaged or holds a column"):
        read(parquet(tmp_path, place=bad))


def test_parquet_cut_short_is_refused(tmp_path: Path) -> None:
    file = parquet(tmp_path)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ReadError, match="damaged"):
        read(file)


def test_parquet_with_damaged_pages_is_refused_or_fully_read(tmp_path: Path) -> None:
    file = parquet(tmp_path)
    content = bytearray(file.read_bytes())
    content[4:60] = bytes(56)
    file.write_bytes(content)
    with pytest.raises(ReadError, match="damaged"):
        read(file)

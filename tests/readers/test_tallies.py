"""Published totals and activity tables: every row is a figure or is set aside with its rule."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from civmap.errors import ReadError
from civmap.readers.tallies import TOTALS, TotalsResult, read_activity, read_tallies
from civmap.schema import ACTIVITY_MEASURES, TALLY_MEASURES


def tallies(folder: Path, text: str, *, name: str = "un.csv") -> TotalsResult:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    result = read_tallies(file)
    assert result.provenance.read == result.totals["source_row"].nunique() + len(result.rejected)
    return result


def rules(result: TotalsResult) -> list[tuple[int, str, str]]:
    return list(result.rejected[["source_row", "rule", "column"]].itertuples(index=False, name=None))


def days(result: TotalsResult) -> list[tuple[str, str]]:
    return [
        (f"{a:%Y-%m-%d}", f"{b:%Y-%m-%d}") for a, b in zip(result.totals["start"], result.totals["end"], strict=True)
    ]


LONG = "tally,area,start,end,party,cause,measure,value,publication,published_at\n"


def test_a_long_table_is_read_as_it_is(tmp_path: Path) -> None:
    text = LONG + 'unama,Helmand,2010-01-01,2010-12-31,AGEs,IED,killed,"1,141",Report 2010,2011-03-09\n'
    row = tallies(tmp_path, text).totals.iloc[0]
    assert row[["tally", "area_as_reported", "party_as_reported", "cause_as_reported"]].tolist() == [
        "unama", "Helmand", "AGEs", "IED",
    ]  # fmt: skip
    assert (row["measure"], row["value"], row["publication"]) == ("killed", 1141, "Report 2010")
    assert (row["start"], row["end"]) == (pd.Timestamp("2010-01-01"), pd.Timestamp("2010-12-31"))
    assert (row["published_at"], row["published_precision"]) == (pd.Timestamp("2011-03-09"), "day")
    assert row[["definition", "certainty", "source", "note"]].isna().all()


def test_a_un_table_by_region_and_month_is_read_figure_by_figure(tmp_path: Path) -> None:
    text = "Region;Month;Deaths;Injured;Remarks\nSouth;2010-03;41;60;x\nEast;March 2010;;31;y\nWest;2010-03;0;;z\n"
    result = tallies(tmp_path, text)
    assert result.totals[["source_row", "area_as_reported", "measure", "value"]].to_numpy(dtype=object).tolist() == [
        [1, "South", "killed", 41], [1, "South", "injured", 60], [2, "East", "injured", 31], [3, "West", "killed", 0],
    ]  # fmt: skip
    assert set(days(result)) == {("2010-03-01", "2010-03-31")}
    assert set(result.totals["tally"]) == {"un"}
    assert result.provenance.notes == ("column 'Remarks' was not read",)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2010", "2010-01-01", "2010-12-31"), ("2008-02", "2008-02-01", "2008-02-29"),
        ("2010-3", "2010-03-01", "2010-03-31"),
        ("2010-03-05", "2010-03-05", "2010-03-05"), ("2010-01..06", "2010-01-01", "2010-06-30"),
        ("2010-11..2011-02", "2010-11-01", "2011-02-28"), ("2010 Q2", "2010-04-01", "2010-06-30"),
        ("Q4 2010", "2010-10-01", "2010-12-31"), ("March 2010", "2010-03-01", "2010-03-31"),
        ("Sept 2010", "2010-09-01", "2010-09-30"), ("2010-01-05 to 2010-02-01", "2010-01-05", "2010-02-01"),
    ],
)  # fmt: skip
def test_periods_are_read_as_they_are_commonly_written(tmp_path: Path, period: str, first: str, last: str) -> None:
    assert days(tallies(tmp_path, f"period,killed\n{period},5\n")) == [(first, last)]


@pytest.mark.parametrize(
    ("year", "month", "first"),
    [
        ("2010", "3", "2010-03-01"),
        ("2010", "March", "2010-03-01"),
        ("2010", "Mar 2011", "2011-03-01"),
        ("2010", "12", "2010-12-01"),
    ],
)
def test_year_and_month_may_stand_apart(tmp_path: Path, year: str, month: str, first: str) -> None:
    assert days(tallies(tmp_path, f"year,month,killed\n{year},{month},5\n"))[0][0] == first


@pytest.mark.parametrize(
    "period", ["2010-13", "2010-02-30", "05/03/2010", "last year", "10", "2010..x", "2010-2013-2014"]
)
def test_a_period_that_can_be_read_in_two_ways_or_none_is_set_aside(tmp_path: Path, period: str) -> None:
    assert rules(tallies(tmp_path, f"period,killed\n{period},5\n2010,6\n")) == [(1, "period_unreadable", "period")]


def test_every_fault_has_its_rule_and_place(tmp_path: Path) -> None:
    body = (
        "un,,2010-01-01,2010-12-31,,,killed,5,R,2011-03-09\n"  # 1 good
        "un,,2010-01-01,2010-12-31,,,killed,about 5,R2,2011-03-09\n"
        "un,,2010-01-01,2010-12-31,,,killed,-5,R2,2011-03-09\n"
        "un,,2010-01-01,2010-12-31,,,killed,5.5,R2,2011-03-09\n"
        "un,,2010-01-01,2010-12-31,,,killed,,R2,2011-03-09\n"  # 5
        "un,,2010-01-01,2010-12-31,,,dead people,5,R2,2011-03-09\n"
        "un,,,2010-12-31,,,killed,5,R2,2011-03-09\n"
        "un,,2010-12-31,2010-01-01,,,killed,5,R2,2011-03-09\n"
        "un,,2090-01-01,2090-12-31,,,killed,5,R2,2011-03-09\n"
        "un,,2010-01-01,2010-12-31,,,killed,5,R2,9 March\n"  # 10
        "un,,2010-01-01,2010-12-31,,,killed,6,R,2011-03-09\n"
        "un,,2010-01-01,2010-12-31,,,killed,5\n"
    )
    result = tallies(tmp_path, LONG + body)
    assert rules(result)[:-1] == [
        (2, "value_unreadable", "value"), (3, "value_unreadable", "value"), (4, "value_unreadable", "value"),
        (5, "value_missing", "value"), (6, "measure_unknown", "measure"), (7, "period_missing", "start"),
        (8, "end_before_start", "start"), (9, "date_in_future", "start"), (10, "date_unreadable", "published_at"),
        (11, "total_repeated", "value"),
    ]  # fmt: skip
    assert rules(result)[-1][:2] == (12, "broken_row")
    assert result.rejected["expected"].notna().all()
    assert result.rejected["value"][0] == "about 5"
    assert set(result.rejected["file"]) == {"un.csv"}
    assert set(result.rejected["source"]) == {"un"}


def test_a_revision_is_a_row_of_its_own_and_a_repetition_is_not(tmp_path: Path) -> None:
    first = "un,,2011-01-01,2011-12-31,,,killed,3021,Report 2011,2012-02-05\n"
    revised = "un,,2011-01-01,2011-12-31,,,killed,3131,Report 2012,2013-02-19\n"
    result = tallies(tmp_path, LONG + first + revised + first)
    assert result.totals["value"].tolist() == [3021, 3131]
    assert rules(result) == [(3, "total_repeated", "value")]


def test_a_wide_row_repeats_only_figures_that_were_there(tmp_path: Path) -> None:
    result = tallies(tmp_path, "period,killed,injured\n2010,5,\n2010,,6\n2010,,7\n")
    assert result.totals[["source_row", "measure"]].to_numpy(dtype=object).tolist() == [[1, "killed"], [2, "injured"]]
    assert rules(result) == [(3, "total_repeated", "killed")]


def test_one_bad_figure_sets_the_whole_row_aside(tmp_path: Path) -> None:
    result = tallies(tmp_path, "period,killed,injured\n2010,5,many\n2011,,\n2012,1,2\n")
    assert set(result.totals["source_row"]) == {3}
    assert rules(result) == [(1, "value_unreadable", "injured"), (2, "value_missing", "killed")]


def test_publication_known_to_the_month_counts_from_its_last_day(tmp_path: Path) -> None:
    text = "period,killed,published_at\n2010,5,2011-02\n2011,5,2012\n2012,6,\n2013,6,March 2014\n"
    totals = tallies(tmp_path, text).totals
    assert totals["published_precision"].tolist() == ["month", "year", "unknown", "month"]
    assert totals["published_at"].dt.strftime("%Y-%m-%d").fillna("").tolist() == [
        "2011-02-28",
        "2012-12-31",
        "",
        "2014-03-31",
    ]


def test_activity_has_measures_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "air.csv"
    file.write_text(
        "period,measure,value,definition\n2010,Sorties,33679,close air support\n2010,killed,5,\n", encoding="utf-8"
    )
    result = read_activity(file)
    assert result.totals[["measure", "value", "definition"]].to_numpy(dtype=object).tolist() == [
        ["sorties", 33679, "close air support"],
    ]  # fmt: skip
    assert result.rejected["rule"].tolist() == ["measure_unknown"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("area,killed", "period"),
        ("period,area", "figures"),
        ("a,b", "period and none with figures"),
        ("start,killed", "period"),
    ],
)
def test_a_file_without_period_or_figures_is_refused_in_words(tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(ReadError, match=rf"un\.csv: no column with {said}") as raised:
        tallies(tmp_path, f"{header}\n1,2\n")
    assert "Rename the columns" in str(raised.value)


def test_other_kinds_of_file_are_read_alike(tmp_path: Path) -> None:
    frame = pd.DataFrame({"period": ["2010", "2011"], "killed": ["5", "x"]})
    frame.to_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    for name in ("a.parquet", "b.csv.gz"):
        result = read_tallies(tmp_path / name, tally="own")
        assert (result.totals["value"].tolist(), result.totals["tally"].tolist()) == ([5], ["own"])
        assert len(result.rejected) == 1


def test_no_rows_give_an_empty_frame_with_the_same_columns_and_types(tmp_path: Path) -> None:
    empty = tallies(tmp_path, "period,killed,published_at\n").totals
    assert list(empty) == list(TOTALS)
    full = tallies(tmp_path, "period,killed,published_at\n2010,5,2011-03-09\n").totals
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)


CELLS = st.sampled_from(
    ["", "2010", "2011-02", "x", "5", "-1", "1,234", "killed", "injured", "=cmd()", "NaN", "1e400", "٣"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(*[CELLS] * 4), max_size=12), wide=st.booleans())
def test_any_row_is_either_read_or_set_aside(tmp_path: Path, rows: list[tuple[str, ...]], wide: bool) -> None:
    header = "period,area,killed,injured" if wide else "period,area,measure,value"
    lines = [",".join(f'"{cell}"' for cell in row) for row in rows]
    result = tallies(tmp_path, "\n".join([header, *lines]) + "\n")
    assert result.provenance.read == len(rows)
    assert set(result.totals["source_row"]).isdisjoint(result.rejected["source_row"])
    assert result.totals["value"].between(0, np.iinfo("int64").max).all()
    assert set(result.totals["measure"]) <= {*TALLY_MEASURES, *ACTIVITY_MEASURES}

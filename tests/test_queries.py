"""Questions to the store, against counts made by hand."""

from datetime import date
from pathlib import Path

import h3
import pandas as pd
import pytest

from civmap import queries
from civmap.errors import RecipeError
from civmap.filters import Filters
from civmap.readers import read
from civmap.store import Store
from tests.stores import KABUL, KANDAHAR, add, incident


@pytest.fixture
def store(home: Path, tmp_path: Path) -> Store:
    store = Store(home, "afghanistan")
    add(
        store,
        tmp_path,
        [
            incident(1, "2009-01-05"),
            incident(2, "2009-01-20", KANDAHAR, cause="ied", party_as_reported="Taliban"),
            incident(3, "2009-03-31", KANDAHAR, civilians_injured_min=1, civilians_injured_max=4),
            incident(4, "2009-03-02", None, admin1="Helmand"),
            incident(5, "2009-02-11", KABUL, civilians_killed_min=0, civilians_killed_best=0, civilians_killed_max=0),
            incident(6, "2009-02-12", KABUL, grade="discounted"),
            incident(7, "2009-02-13", (50.0, 10.0)),
            incident(8, "2009-03-09", KABUL, location_precision="district"),
        ],
    )
    return store


def test_totals_leave_out_what_is_outside_excluded_or_without_harm(store: Store) -> None:
    counted = queries.totals(store, Filters(source="log"))
    assert counted["incidents"] == 5
    assert (counted["killed_min"], counted["killed_best"], counted["killed_max"]) == (5, 10, 15)
    assert (counted["injured_min"], counted["injured_best"], counted["injured_max"]) == (1, None, 4)
    assert counted["without_injured"] == 4


def test_what_is_left_out_is_counted(store: Store) -> None:
    assert queries.held_back(store, Filters(source="log")) == {
        "set_aside": 0, "outside": 1, "excluded": 1, "without_harm": 1,
    }  # fmt: skip


def test_without_a_source_the_first_one_is_asked_everywhere(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, [incident(1, "2009-01-05"), incident(2, "no day")], source="other")
    add(store, tmp_path, [incident(9, "no day"), incident(10, "2009-01-05", None, admin1="Helmand")])
    assert queries.held_back(store, Filters()) == queries.held_back(store, Filters(source="log"))
    assert queries.held_back(store, Filters())["set_aside"] == 1
    counted = queries.caveat_counts(store, Filters())
    assert counted["records"].sum() > 0
    pd.testing.assert_frame_equal(counted, queries.caveat_counts(store, Filters(source="log")))


def test_rows_set_aside_are_counted_as_known_then_and_until_mended(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    log = Filters(source="log")
    add(store, tmp_path, [incident(1, "2009-01-05"), incident(2, "no day")], known_at=date(2012, 1, 1))
    held = [queries.held_back(store, log)["set_aside"]]
    load = add(store, tmp_path, [incident(3, "2009-01-05"), incident(4, "no day"), incident(5, "no day")])
    held += [queries.held_back(store, log, as_known_on=day)["set_aside"] for day in (None, date(2012, 1, 1))]
    store.mend(pd.DataFrame({"load_id": [load.load_id], "source_row": [2], "event_date": ["2009-02-01"]}), why="x")
    assert [*held, queries.held_back(store, log)["set_aside"]] == [1, 3, 1, 2]


def test_discounted_records_count_when_asked_for(store: Store) -> None:
    assert queries.totals(store, Filters(source="log", grades=("discounted",)))["incidents"] == 1


def test_cells_are_parents_by_integer_arithmetic_and_equal_h3(store: Store) -> None:
    found = queries.cells(store, Filters(source="log")).set_index("cell")
    assert found["incidents"].to_dict() == {
        h3.cell_to_parent(h3.latlng_to_cell(*KABUL, 9), 4): 1,
        h3.cell_to_parent(h3.latlng_to_cell(*KABUL, 9), 5): 1,
        h3.cell_to_parent(h3.latlng_to_cell(*KANDAHAR, 9), 5): 2,
    }


def test_records_known_only_to_the_province_are_never_cells(store: Store) -> None:
    vague = queries.provinces(store, Filters(source="log"), only_province=True).set_index("admin1")["incidents"]
    assert vague[vague > 0].to_dict() == {"AF-HEL": 1}
    placed = queries.cells(store, Filters(source="log"))["incidents"].sum()
    assert placed + vague.sum() == queries.totals(store, Filters(source="log"))["incidents"]


def test_panel_is_complete_and_adds_up_to_the_totals(store: Store) -> None:
    panel = queries.panel(store, Filters(source="log", measure="killed"))
    assert len(panel) == 34 * 3
    assert panel["incidents"].sum() == 5
    assert panel["value_best"].sum() == 10
    nation = queries.panel(store, Filters(source="log"), by=None)
    assert nation["incidents"].tolist() == [2, 0, 3]
    assert nation["period"].dt.strftime("%Y-%m-%d").tolist() == ["2009-01-01", "2009-02-01", "2009-03-01"]
    assert nation["value_max"].tolist() == [2, 0, 3]


def test_a_zero_is_a_zero_only_inside_the_scope(home: Path, tmp_path: Path) -> None:
    store = Store(home, "oir")
    raqqa = (35.95, 39.0)
    rows = [incident(n, f"2014-{n}-05", raqqa, source="airwars") for n in (10, 12)]
    add(store, tmp_path, rows)
    panel = queries.panel(store, Filters(source="airwars"))
    by_area = panel.groupby("area")["incidents"].apply(lambda counts: counts.tolist())
    assert by_area["SY-RA"] == [1, 0, 1]
    assert by_area["SY-HL"] == [0, 0, 0]
    assert panel.loc[panel["area"].str.startswith("IQ"), "incidents"].isna().all(), "Airwars' scope is Syria"


def test_a_period_that_the_data_covers_in_part_is_marked(store: Store) -> None:
    nation = queries.panel(store, Filters(source="log", date_from=date(2009, 1, 15)), by=None)
    assert nation["complete"].tolist() == [False, True, True]
    nation = queries.panel(store, Filters(source="log", date_to=date(2009, 3, 10)), by=None)
    assert nation["complete"].tolist() == [True, True, False]


@pytest.mark.parametrize("frequency", ["week", "month", "quarter", "year"])
def test_every_frequency_adds_up(store: Store, frequency: str) -> None:
    assert queries.panel(store, Filters(source="log"), frequency=frequency)["incidents"].sum() == 5


def test_records_behind_a_cell_are_those_counted_in_it(store: Store) -> None:
    for cell in queries.cells(store, Filters(source="log")).itertuples():
        assert queries.records(store, Filters(source="log"), cell=cell.cell)[1] == cell.incidents


def test_sources_are_never_added_together(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, [incident(1, "2009-01-05")], source="other")
    assert [one.source for one in queries.sources(store)] == ["log", "other"]
    assert queries.totals(store, Filters(source="other"))["incidents"] == 1
    assert queries.panel(store, Filters(), by=None)["incidents"].sum() == 5, "without a source, the first one alone"


def test_before_anything_was_known_it_says_so(store: Store) -> None:
    with pytest.raises(RecipeError, match="Nothing was known on 2000-01-01"):
        queries.extent(store, Filters(), as_known_on=date(2000, 1, 1))
    with pytest.raises(RecipeError, match="no records of the source 'nobody'"):
        queries.extent(store, Filters(source="nobody"))


def test_real_totals_agree_with_a_count_by_pandas(reference_data: Path, home: Path) -> None:
    file = reference_data / "ucdp" / "ucdp_ged_syria_2016-2019_v652.1601.1911.csv.gz"
    raw = pd.read_csv(file)
    store = Store(home, "oir")
    store.add(read(file))
    harm = (raw["deaths_civilians"] > 0) | (raw["deaths_unknown"] > 0)
    counted = queries.totals(store, Filters(source="ucdp_ged"))
    assert counted["incidents"] == harm.sum()
    assert counted["killed_best"] == raw.loc[harm, "deaths_civilians"].sum() == 26_653
    march = raw[harm & raw["date_start"].str.startswith("2017-03")]
    panel = queries.panel(store, Filters(source="ucdp_ged"), by=None).set_index("period")
    assert panel.loc["2017-03-01", "incidents"] == len(march)
    vague = raw[harm & raw["where_prec"].isin([4, 5])]
    assert queries.provinces(store, Filters(source="ucdp_ged"), only_province=True)["incidents"].sum() == len(vague)


def test_what_is_held_back_follows_the_filters(home: Path, tmp_path: Path) -> None:
    """Set-aside rows are counted whatever the filters: their day or place may be what could not be read."""
    store = Store(home, "afghanistan")
    add(store, tmp_path, [
        incident(1, "2009-01-05"), incident(2, "2010-01-05", grade="discounted"), incident(3, "no day"),
        incident(4, "2010-02-05", civilians_killed_min=0, civilians_killed_best=0, civilians_killed_max=0),
        incident(5, "2010-03-05", (10.0, 10.0)), incident(6, "2010-04-05", KANDAHAR, grade="discounted"),
    ])  # fmt: skip
    held = {
        "all": queries.held_back(store, Filters(source="log")),
        "2009": queries.held_back(store, Filters(source="log", date_to=date(2009, 12, 31))),
        "Kabul": queries.held_back(store, Filters(source="log", admin1=("AF-KAB",))),
        "Taliban": queries.held_back(store, Filters(source="log", parties=("taliban",))),
    }
    counts = pd.DataFrame(held).T[["set_aside", "outside", "excluded", "without_harm"]]
    assert counts.to_numpy().tolist() == [[1, 1, 2, 1], [1, 0, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]]

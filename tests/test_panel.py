"""The panel by district, group and period, and what its counts are divided by, against counts made by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from civmap import queries
from civmap.errors import RecipeError
from civmap.filters import Filters
from civmap.queries.areas import by_group
from civmap.readers.tallies import read_activity
from civmap.store import Store
from tests.stores import KABUL, KANDAHAR, add, incident

HELMAND = (31.58, 64.36)
LOG = Filters(source="log")


@pytest.fixture
def store(home: Path, tmp_path: Path) -> Store:
    store = Store(home, "afghanistan")
    rows = [
        incident(1, "2009-01-05", KANDAHAR, admin2="Zhari"),
        incident(2, "2009-01-20", KANDAHAR, admin2="Zhari"),
        incident(3, "2009-03-31", KANDAHAR, admin2="Centre", civilians_killed_best=5, civilians_killed_max=6),
        incident(4, "2009-03-02", KABUL, admin2="Centre"),
        incident(5, "2009-06-30", KABUL),  # its district is not known
        incident(6, "2009-06-02", HELMAND, admin2="Nad Ali", civilians_killed_min=0, civilians_killed_best=0,
                 civilians_killed_max=0),
    ]  # fmt: skip
    add(store, tmp_path, rows)
    return store


def test_districts_are_complete_and_two_of_one_name_stay_apart(store: Store) -> None:
    found = queries.panel(store, LOG, by="admin2").pivot(index="area", columns="period", values="incidents")
    assert found.shape == (4, 6) and found.notna().all(axis=None)
    assert found.loc["AF-KAN/Zhari"].tolist() == [2, 0, 0, 0, 0, 0]
    assert found.loc["AF-KAN/Centre"].tolist() == found.loc["AF-KAB/Centre"].tolist() == [0, 0, 1, 0, 0, 0]
    assert found.loc["AF-HEL/Nad Ali"].sum() == 0, "named by the source, without harm"
    assert found.to_numpy().sum() == queries.totals(store, LOG)["incidents"] - 1, "one has no district"


def test_districts_follow_the_filters_and_count_people(store: Store) -> None:
    filters = Filters(source="log", admin1=("AF-KAN",), measure="killed")
    found = queries.panel(store, filters, by="admin2", frequency="year").set_index("area")
    assert found.index.tolist() == ["AF-KAN/Centre", "AF-KAN/Zhari"]
    counts = found[["incidents", "value_min", "value_best", "value_max"]]
    assert counts.to_numpy().tolist() == [[1, 1, 5, 6], [2, 2, 4, 6]]


WEEKS = [int(week in (0, 2, 8, 12, 25)) for week in range(26)]  # from Monday 5 January on


@pytest.mark.parametrize(
    ("frequency", "counts"),
    [("month", [2, 0, 2, 0, 0, 1]), ("quarter", [4, 1]), ("year", [5]), ("week", WEEKS)],
)
def test_every_area_and_period_adds_up_to_the_same_incidents(store: Store, frequency: str, counts: list[int]) -> None:
    whole = queries.panel(store, LOG, by=None, frequency=frequency)
    assert whole["incidents"].tolist() == counts
    for by, missing in (("admin1", 0), ("admin2", 1)):
        assert queries.panel(store, LOG, by=by, frequency=frequency)["incidents"].sum() == sum(counts) - missing


def test_outside_the_scope_a_district_is_null(home: Path, tmp_path: Path) -> None:
    store = Store(home, "oir")
    rows = [incident(n, f"2014-{n}-05", (35.95, 39.0), admin2="Raqqa", source="airwars") for n in (10, 12)]
    rows += [incident(30, "2014-11-05", (36.34, 43.13), admin2="Mosul", source="airwars", civilians_killed_min=0,
                      civilians_killed_best=0, civilians_killed_max=0)]  # fmt: skip
    add(store, tmp_path, rows)
    found = queries.panel(store, Filters(source="airwars"), by="admin2").set_index("area")["incidents"]
    assert found["SY-RA/Raqqa"].tolist() == [1, 0, 1] and found["IQ-NI/Mosul"].isna().all()


def test_groups_are_the_sums_of_their_provinces_as_they_were(store: Store) -> None:
    found = queries.panel(store, LOG, by="group").set_index(["area", "period"])["incidents"]
    groups = store.theatre.area_groups
    day = pd.Timestamp("2009-01-15")
    held = groups["valid_from"].fillna(day).le(day) & groups["valid_to"].fillna(day).ge(day)
    with_kandahar = set(groups.loc[held & (groups["admin1"] == "AF-KAN"), "group"])
    counted = found.xs("2009-01-01", level="period")
    assert with_kandahar and set(counted[counted == 2].index) == with_kandahar


def test_a_group_is_null_in_a_period_in_which_a_province_joined_or_left() -> None:
    periods = pd.date_range("2010-01-01", periods=3, freq="MS")
    panel = pd.concat([pd.DataFrame({"area": area, "period": periods, "complete": True}) for area in ("A", "B")])
    panel = panel.assign(**{name: pd.array([1] * 6, dtype="Int64")
                            for name in ("incidents", "value_min", "value_best", "value_max")})  # fmt: skip
    groups = pd.DataFrame(
        {"group": ["south", "south"], "admin1": ["A", "B"], "valid_from": pd.to_datetime([None, None]),
         "valid_to": pd.to_datetime([None, "2010-02-14"])}
    )  # fmt: skip
    by_month = by_group(panel, groups, frequency="month")["incidents"]
    assert by_month.isna().tolist() == [False, True, False] and by_month.dropna().tolist() == [2, 1]


def test_rates_per_100_000_people_take_the_nearest_population(store: Store) -> None:
    found = queries.panel(store, LOG, frequency="quarter", per="people").set_index(["area", "period"])
    people = store.theatre.population
    nearest = people[people["year"] == people["year"].min()].set_index("admin1")["population"]
    one = found.loc[("AF-KAN", pd.Timestamp("2009-01-01"))]
    assert one["exposure"] == pytest.approx(nearest["AF-KAN"] / 100_000)
    assert one["rate"] == pytest.approx(3 / nearest["AF-KAN"] * 100_000)
    whole = queries.panel(store, LOG, by=None, frequency="quarter", per="people").iloc[0]
    assert whole["rate"] == pytest.approx(4 / nearest.reindex(store.theatre.boundaries.index).sum() * 100_000)
    groups = store.theatre.area_groups
    south = groups[(groups["group"] == "rc_capital")]["admin1"]
    assert found.attrs.get("exposure", "per 100,000 people") == "per 100,000 people"
    capital = queries.panel(store, LOG, by="group", frequency="quarter", per="people").set_index(["area", "period"])
    assert capital.loc[("rc_capital", pd.Timestamp("2009-01-01")), "exposure"] == pytest.approx(
        nearest[south].sum() / 100_000
    )


def test_nobody_counted_the_people_of_a_district_so_its_rate_is_missing(store: Store) -> None:
    found = queries.panel(store, LOG, by="admin2", per="people")
    assert found["incidents"].sum() == 4 and found[["exposure", "rate", "rate_best"]].isna().all(axis=None)


def test_a_theatre_without_population_has_no_rates(home: Path, tmp_path: Path) -> None:
    store = Store(home, "oir")
    add(store, tmp_path, [incident(1, "2016-01-05", (35.95, 39.0)), incident(2, "2016-02-20", (35.95, 39.0))])
    for by in ("admin1", None):
        found = queries.panel(store, LOG, by=by, per="people")
        assert found["exposure"].isna().all() and found["rate"].isna().all() and found["incidents"].sum() == 2
    assert "people" not in queries.denominators(store, LOG)


@pytest.fixture
def flown(store: Store, tmp_path: Path) -> Store:
    """Sorties of January to June 2009 over Kandahar, strikes of the whole theatre in the first quarter."""
    rows = [("AF-KAN", f"2009-{n:02}-01", f"2009-{n:02}-{pd.Timestamp(2009, n, 1).days_in_month}", 10 * n, "sorties")
            for n in range(1, 6)]  # fmt: skip
    rows += [("", "2009-01-01", "2009-03-31", 8, "strikes")]
    table = pd.DataFrame(rows, columns=["area", "start", "end", "value", "measure"])
    table.assign(party="international_forces", definition=table["measure"], publication="Press").to_csv(
        tmp_path / "air.csv", index=False
    )
    store.add_totals(read_activity(tmp_path / "air.csv"), known_at=date(2012, 1, 1))
    return store


def test_rates_per_sortie_are_of_the_same_area_and_period_and_missing_elsewhere(flown: Store) -> None:
    found = queries.panel(flown, LOG, per="sorties").set_index(["area", "period"])
    kandahar = found.loc["AF-KAN"]
    assert kandahar["exposure"].tolist()[:5] == [10, 20, 30, 40, 50] and pd.isna(kandahar["exposure"].iloc[5])
    assert kandahar["rate"].tolist()[:5] == pytest.approx([0.2, 0, 1 / 30, 0, 0])
    assert found.drop(index="AF-KAN")["exposure"].isna().all(), "sorties over one province say nothing of another"


def test_months_are_summed_only_where_each_has_a_figure(flown: Store) -> None:
    found = queries.panel(flown, LOG, frequency="quarter", per="sorties").set_index(["area", "period"])
    assert found.loc["AF-KAN", "exposure"].isna().tolist() == [False, True], "June has no figure"
    assert found.loc[("AF-KAN", pd.Timestamp("2009-01-01")), "exposure"] == 60
    whole = queries.panel(flown, LOG, by=None, frequency="quarter", per="strikes")
    assert whole["exposure"].iloc[0] == 8 and whole["rate"].iloc[0] == 4 / 8
    assert queries.panel(flown, LOG, by=None, per="strikes")["exposure"].isna().all(), "a quarter is no month"


def test_a_period_covered_in_part_has_no_rate(flown: Store) -> None:
    found = queries.panel(flown, LOG.with_(date_from=date(2009, 1, 15)), per="sorties").set_index(["area", "period"])
    first = found.loc[("AF-KAN", pd.Timestamp("2009-01-01"))]
    assert first["incidents"] == 1 and pd.isna(first["rate"]) and not first["complete"]


def test_denominators_are_those_of_the_parties_asked_for(flown: Store) -> None:
    offered = queries.denominators(flown, LOG)
    assert offered["people"] and offered["sorties"] and not offered["strikes"]
    assert set(queries.denominators(flown, LOG.with_(parties=("taliban",)))) == {"people"}


def test_a_word_that_does_not_exist_is_refused_with_those_that_do(store: Store) -> None:
    with pytest.raises(RecipeError, match=r"no period 'day'.*no area 'village'.*week, month"):
        queries.panel(store, LOG, by="village", frequency="day")
    with pytest.raises(RecipeError, match="per 'tanks'.*sorties"):
        queries.panel(store, LOG, per="tanks")


def test_a_quarter_has_a_best_only_where_all_of_its_months_do(store: Store, tmp_path: Path) -> None:
    add(store, tmp_path, [
        incident(7, "2009-02-02", KABUL, civilians_killed_min=1, civilians_killed_best=None, civilians_killed_max=3),
        incident(8, "2009-05-02", KABUL, civilians_killed_min=None, civilians_killed_best=None,
                 civilians_killed_max=None, civilians_injured_max=2),
    ])  # fmt: skip
    filters = LOG.with_(measure="killed", admin1=("AF-KAB",))
    months = queries.panel(store, filters)
    assert months["value_best"].isna().tolist() == [True, True, False, True, True, False]
    quarters = queries.panel(store, filters, frequency="quarter")
    assert quarters["value_best"].isna().tolist() == [True, False]
    assert quarters["value_best"][1] == months["value_best"][5], "an incident without any figure adds nothing"
    assert quarters["value_max"].tolist() == [months["value_max"][:3].sum(), months["value_max"][3:].sum()]


@pytest.mark.parametrize("begins", [date(2009, 3, 1), date(2009, 3, 2), date(2009, 3, 3), date(2009, 6, 1)])
def test_days_from_any_day_of_a_month_are_counted(store: Store, begins: date) -> None:
    queries.panel(store, LOG)
    filters = LOG.with_(date_from=begins)
    for by, frequency in (("admin1", "month"), (None, "month"), ("admin1", "quarter"), (None, "year")):
        found = queries.panel(store, filters, by=by, frequency=frequency)
        assert found["incidents"].sum() == queries.totals(store, filters)["incidents"]

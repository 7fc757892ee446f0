from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civmap import schema
from civmap.errors import RecipeError
from civmap.filters import BOUNDS, MEASURES, PARAM_NAMES, PARTY_MODES, Filters, conditions, known_on
from civmap.store.tables import encode

WORD = st.text(st.characters(exclude_characters=",", exclude_categories=["Cs"]), min_size=1, max_size=8)


def some(choices: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(choices), unique=True, max_size=3).map(tuple)


DAYS = st.lists(st.none() | st.dates(), min_size=2, max_size=2).map(
    lambda days: sorted(days) if all(days) else days  # type: ignore[type-var]
)
FILTERS = st.builds(
    lambda days, **rest: Filters(date_from=days[0], date_to=days[1], **rest),
    days=DAYS,
    source=st.none() | WORD,
    admin1=st.lists(WORD, max_size=3).map(tuple),
    parties=st.lists(WORD, max_size=3).map(tuple),
    party_mode=st.sampled_from(PARTY_MODES),
    causes=some(schema.CAUSES),
    grades=some(schema.GRADES),
    precisions=some(schema.LOCATION_PRECISIONS),
    measure=st.sampled_from(MEASURES),
    bound=st.sampled_from(BOUNDS),
    harm_only=st.booleans(),
)


@given(FILTERS)
def test_url_parameters_come_back_as_the_same_filters(filters: Filters) -> None:
    params = filters.to_params()
    assert Filters.from_params(params) == filters
    assert set(params) <= PARAM_NAMES
    assert all(isinstance(value, str) for value in params.values())


@given(FILTERS)
def test_mapping_comes_back_as_the_same_filters_through_json(filters: Filters) -> None:
    assert Filters.from_dict(json.loads(json.dumps(filters.to_dict()))) == filters


@given(FILTERS)
def test_equal_filters_have_equal_hashes(filters: Filters) -> None:
    assert hash(dataclasses.replace(filters)) == hash(filters)


def test_defaults_need_no_parameters() -> None:
    assert Filters().to_params() == Filters().to_dict() == {}


def test_filters_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Filters().source = "x"  # type: ignore[misc]


@given(st.dictionaries(st.sampled_from([*sorted(PARAM_NAMES), "unknown"]), st.text(max_size=30)))
def test_any_url_gives_usable_filters(params: dict[str, str]) -> None:
    filters = Filters.from_params(params)
    conditions(filters)
    assert Filters.from_params(filters.to_params()) == filters


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([field.name for field in dataclasses.fields(Filters)]), JSON))
def test_any_mapping_gives_usable_filters_or_a_sentence(values: dict[str, Any]) -> None:
    try:
        filters = Filters.from_dict(values)
    except RecipeError:
        return
    hash(filters)
    conditions(filters)


@pytest.mark.parametrize(
    "params",
    [{"from": "yesterday"}, {"to": "2016-02-30"}, {"measure": "all"}, {"bound": "mean"}, {"causes": "magic"},
     {"grades": ",,"}, {"precisions": "roughly"}, {"party_mode": "both"}, {"source": ""}, {"nonsense": "1"}],
)  # fmt: skip
def test_bad_value_in_a_link_falls_back_to_the_default(params: dict[str, str]) -> None:
    assert Filters.from_params(params) == Filters()


@pytest.mark.parametrize(
    ("values", "said"),
    [({"causes": ["airstrike"]}, "causes cannot be 'airstrike'"), ({"causes": "ied"}, "a list of words"),
     ({"measure": "deaths"}, "measure cannot be 'deaths'"), ({"admin": ["AF-HEL"]}, "no filter admin"),
     ({"date_from": "soon"}, "no day"), ({"harm_only": "no"}, "true or false")],
)  # fmt: skip
def test_a_filter_that_does_not_exist_is_refused_and_never_widens_the_answer(values: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        Filters.from_dict(values)


def test_days_are_taken_as_text_date_or_timestamp() -> None:
    days = ["2010-08-01", date(2010, 8, 1), pd.Timestamp("2010-08-01 13:00")]
    assert {Filters(date_from=day).date_from for day in days} == {date(2010, 8, 1)}  # type: ignore[arg-type]


def test_good_values_beside_bad_ones_are_kept() -> None:
    assert Filters.from_params({"causes": "magic,ied", "from": "x", "to": "2016-01-01"}) == Filters(
        causes=("ied",), date_to=date(2016, 1, 1)
    )


def test_dates_turned_around_are_exchanged() -> None:
    filters = Filters.from_params({"from": "2017-01-01", "to": "2016-01-01"})
    assert (filters.date_from, filters.date_to) == (date(2016, 1, 1), date(2017, 1, 1))


def test_time_of_day_is_dropped_from_dates() -> None:
    filters = Filters.from_dict({"date_from": datetime(2016, 5, 1, 12), "date_to": date(2016, 6, 1)})
    assert filters.to_params() == {"from": "2016-05-01", "to": "2016-06-01"}


# ---- the SQL condition, against pandas ------------------------------------------------------------------------------

PARTIES = [["coalition"], ["coalition", "russia"], ["russia"], ["undetermined"]]


def incidents() -> pd.DataFrame:
    """Give every combination of the values that filters look at."""
    size = 480
    number = pd.Series(range(size))

    def turn(values: Any, step: int) -> list[Any]:
        return [list(values)[n // step % len(values)] for n in range(size)]

    grades = turn(schema.GRADES, 1)
    assessments = turn(("none", "credible", "not_credible", "duplicate"), 7)
    return pd.DataFrame(
        {
            "number": number,
            "source": turn(("airwars", "ucdp_ged"), 3),
            "event_date": pd.Timestamp("2016-01-01") + pd.to_timedelta(number, unit="D"),
            "admin1": turn(("SY-RA", "SY-HL", None), 2),
            "admin2": turn(("Tabqa", None), 6),
            "parties": turn(PARTIES, 5),
            "date_precision": "day",
            "cause": turn(schema.CAUSES, 1),
            "grade": grades,
            "location_precision": turn(schema.LOCATION_PRECISIONS, 4),
            "civilian_harm": turn((True, True, False), 11),
            "in_theatre": turn((True, True, True, False), 13),
            "discounted": [grade in schema.EXCLUDED_GRADES for grade in grades],
            "set_apart": [assessment in schema.EXCLUDED_ASSESSMENTS for assessment in assessments],
            "known_from": pd.Timestamp("2017-01-01", tz="UTC"),
            "known_to": pd.to_datetime(turn((None, None, "2018-01-01"), 17), utc=True),
        }
    )


FRAME = incidents()
ALWAYS = FRAME["in_theatre"] & FRAME["known_to"].isna() & ~FRAME["set_apart"]
COUNTED = ALWAYS & ~FRAME["discounted"] & FRAME["civilian_harm"]
CASES: list[tuple[str, Filters, Callable[[pd.DataFrame], Any]]] = [
    ("default", Filters(), lambda _: COUNTED),
    ("source", Filters(source="airwars"), lambda f: COUNTED & (f["source"] == "airwars")),
    ("from", Filters(date_from=date(2016, 5, 1)), lambda f: COUNTED & (f["event_date"] >= "2016-05-01")),
    ("to", Filters(date_to=date(2016, 5, 1)), lambda f: COUNTED & (f["event_date"] <= "2016-05-01")),
    ("provinces", Filters(admin1=("SY-RA", "SY-HL")), lambda f: COUNTED & f["admin1"].notna()),
    ("cause", Filters(causes=("ied",)), lambda f: COUNTED & (f["cause"] == "ied")),
    (
        "parent cause", Filters(causes=("aerial",)),
        lambda f: COUNTED & f["cause"].isin(["aerial", "fixed_wing", "rotary", "unmanned"]),
    ),
    ("child cause", Filters(causes=("unmanned",)), lambda f: COUNTED & (f["cause"] == "unmanned")),
    ("grade", Filters(grades=("corroborated",)), lambda f: COUNTED & (f["grade"] == "corroborated")),
    (
        "excluded grade asked for", Filters(grades=("discounted",)),
        lambda f: ALWAYS & f["civilian_harm"] & (f["grade"] == "discounted"),
    ),
    ("precision", Filters(precisions=("exact",)), lambda f: COUNTED & (f["location_precision"] == "exact")),
    (
        "any party", Filters(parties=("coalition",)),
        lambda f: COUNTED & f["parties"].map(lambda parties: "coalition" in parties),
    ),
    (
        "any of two parties", Filters(parties=("coalition", "russia")),
        lambda f: COUNTED & f["parties"].map(lambda parties: bool({"coalition", "russia"} & set(parties))),
    ),
    (
        "single party", Filters(parties=("coalition", "russia"), party_mode="single"),
        lambda f: COUNTED & f["parties"].map(lambda parties: parties in (["coalition"], ["russia"])),
    ),
    ("without harm too", Filters(harm_only=False), lambda f: ALWAYS & ~f["discounted"]),
    ("measure is no condition", Filters(measure="killed", bound="max"), lambda _: COUNTED),
    (
        "several at once", Filters(source="ucdp_ged", causes=("aerial", "ied"), date_from=date(2016, 3, 1)),
        lambda f: COUNTED & (f["source"] == "ucdp_ged") & (f["event_date"] >= "2016-03-01")
        & f["cause"].isin(["aerial", "fixed_wing", "rotary", "unmanned", "ied"]),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "by_hand"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_condition_chooses_what_pandas_chooses(filters: Filters, by_hand: Callable[[pd.DataFrame], Any]) -> None:
    assert chosen(filters) == FRAME["number"][by_hand(FRAME)].tolist()
    assert chosen(filters)


def chosen(filters: Filters, as_known_on: date | None = None) -> list[int]:
    where, values = conditions(filters, as_known_on=as_known_on)
    assert where.count("?") == len(values)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("frame", FRAME)
        connection.execute("CREATE TABLE kept AS SELECT * FROM frame")
        encode(connection)
        found = connection.execute(f"SELECT number FROM incidents WHERE {where} ORDER BY number", values).fetchall()
    return [number for (number,) in found]


@pytest.mark.parametrize(
    ("day", "known"),
    [(date(2016, 12, 31), "none"), (date(2017, 1, 1), "all"), (date(2017, 12, 31), "all"), (date(2018, 1, 1), "now")],
)
def test_known_on_a_day_is_the_state_at_its_end(day: date, known: str) -> None:
    everything = Filters(harm_only=False, grades=schema.GRADES)
    ever = FRAME["in_theatre"] & ~FRAME["set_apart"]
    expected = {"none": ever & False, "all": ever, "now": ALWAYS}[known]
    assert chosen(everything, day) == FRAME["number"][expected].tolist()


def test_known_on_the_last_day_there_is_does_not_overflow() -> None:
    assert known_on(date.max)[1][0].year == 9999


def test_quotes_in_values_cannot_leave_their_place() -> None:
    assert chosen(Filters(source="x' OR 1=1 --", admin1=("'); DROP TABLE incidents; --",))) == []

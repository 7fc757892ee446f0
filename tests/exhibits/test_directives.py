"""The exhibits of a directive: planted truth, real rows, what each says and refuses, and an expectation kept before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from civmap.analysis import interventions
from civmap.analysis.effects import Check, RateRatio
from civmap.errors import AnalysisError, CivMapError, RecipeError, StoreError
from civmap.exhibits import Exhibit, Recipe, build
from civmap.exhibits.directives import beside, keep_expectation
from civmap.exhibits.directives.expected import expected_range, held
from civmap.exhibits.directives.settling import what_would_change
from civmap.filters import Filters
from civmap.language import speaking
from civmap.store import Store
from civmap.theatre import load_theatre
from tests.stores import KABUL, KANDAHAR, add, incident

AT = "2013-07-01"
SEASON = [20, 22, 26, 30, 34, 38, 40, 38, 33, 28, 24, 21]
STEPS = ("text", "detectable", "checks", "specifications", "placebos", "needed", "timeline", "expected")


def counts(factor: float, *, seed: int, years: int = 10, mean: float = 1.0) -> list[int]:
    """Seasonal, over-dispersed counts a month, multiplied from the seventh year on."""
    generator = np.random.default_rng(seed)
    usual = np.array(SEASON * years) * mean * generator.gamma(30, 1 / 30, 12 * years)
    usual[72:] *= factor
    return [int(n) for n in generator.poisson(usual)]


def rows(monthly: list[int], *, start: str = "2007-07-01", first: int = 0, **values: Any) -> list[dict[str, Any]]:
    months = pd.date_range(start, periods=len(monthly), freq="MS")
    days = [f"{month:%Y-%m}-{1 + k % 28:02}" for month, n in zip(months, monthly, strict=True) for k in range(n)]
    return [incident(first + number, day, **values) for number, day in enumerate(days)]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Ten calm years in which aerial incidents of international forces fall to 0.3 from July 2013; no others do."""
    folder = tmp_path_factory.mktemp("files")
    theatre = load_theatre("afghanistan")
    calm = replace(theatre, context=theatre.context.head(0), recording_changes=theatre.recording_changes.head(0),
                   directives=theatre.directives.head(0))  # fmt: skip
    store = Store(tmp_path_factory.mktemp("home"), calm)
    one = [
        *rows(counts(0.3, seed=1, mean=0.5)),
        *rows(counts(0.3, seed=6, mean=0.5), first=50_000, place=KANDAHAR),
        *rows(counts(1.0, seed=2), first=100_000, party_as_reported="Taliban", cause="ied", place=KANDAHAR),
        *rows(counts(1.0, seed=3, mean=0.1), first=200_000, party_as_reported=None),
        *rows(counts(1.0, seed=4), first=300_000, cause="ground_engagement"),
        incident(400_000, "2010-05-04", civilians_killed_min=80, civilians_killed_best=86, civilians_killed_max=97),
    ]
    add(store, folder, one)
    add(store, folder, rows(counts(0.3, seed=5, mean=0.5)), source="second")
    return store


def recipe(analysis: str, filters: Filters | None = None, **parameters: Any) -> Recipe:
    ours = filters or Filters(source="log", parties=("international_forces",), causes=("aerial",))
    return Recipe("afghanistan", analysis, {"at": AT, **parameters}, ours)


def bars(exhibit: Exhibit) -> pd.DataFrame:
    return exhibit.parts[0].frames["bars"].set_index("reading")


def test_a_planted_fall_holds_against_every_check(planted: Store) -> None:
    exhibit = build(recipe("directive_checks", window=48), planted)
    assert "Checks passed" in exhibit.sentence and "not what changed it" in exhibit.sentence
    table = exhibit.parts[1].table.set_index("Held against")["Outcome"]
    assert {"Other specifications", "Compared with incidents of other parties", "Without the largest incident",
            "Attribution", "Other counts", "Displacement"} == set(table.index)  # fmt: skip
    assert (table == "passed").all()
    shown = bars(exhibit)
    own = shown.loc["the result: incidents with civilian harm"]
    assert own["low"] < 0.3 < own["high"] < 1
    relative = shown.loc["relative to incidents of other parties"]
    assert relative["low"] < 0.3 < relative["high"] < 1
    other = shown.loc["other causes, same parties"]
    assert other["low"] < 1 < other["high"]
    assert any("97 on 4 May 2010" in reading for reading in shown.index)


def test_what_stands_before_the_result_does_not_give_it_away(planted: Store) -> None:
    exhibit = build(recipe("directive_detectable", window=48), planted)
    said = " ".join([exhibit.sentence, *exhibit.caveats, *(part.table.to_string() for part in exhibit.parts)])
    result = build(recipe("directive", window=48), planted)
    level = result.parts[1].table.set_index("Quantity").loc["level after / projected"]
    for number in (level["Value"], level["Low (95 %)"], level["High (95 %)"]):
        assert f"{number:.2g}" not in said
    assert "counted" not in said and "0.3" not in said
    sizes = exhibit.parts[0].table
    assert "48, as chosen" in sizes["Months on each side"].tolist()
    falls = [int(text.split()[0]) for text in sizes["Smallest fall"] if text[0].isdigit()]
    assert falls == sorted(falls, reverse=True), "longer windows see smaller falls"


def test_the_naive_ratio_stands_beside_the_model_and_equals_rate_ratio(planted: Store) -> None:
    table = build(recipe("directive", window=24), planted).parts[1].table.set_index("Quantity")
    before, after = int(table.loc["counted before", "Value"]), int(table.loc["counted after", "Value"])
    found = interventions.rate_ratio(before, 24, after, 24)
    naive = table.loc["naive: rate after / rate before"]
    assert [naive["Value"], naive["Low (95 %)"], naive["High (95 %)"]] == [
        round(part, 3) for part in (found.ratio, found.low, found.high)
    ]
    assert "far too often" in naive["Note"]
    assert "naive" not in build(recipe("directive", window=24), planted).sentence
    people = Filters(source="log", parties=("international_forces",), causes=("aerial",), measure="killed")
    counted = build(recipe("directive", people, window=24), planted).parts[1].table["Quantity"]
    assert not counted.str.startswith("naive").any(), "exact intervals are for incidents only"


def test_specifications_are_drawn_by_window_and_beside_a_control(planted: Store) -> None:
    exhibit = build(recipe("directive_specifications"), planted)
    frame = exhibit.parts[0].frames["bars"]
    assert list(dict.fromkeys(frame["panel"])) == [f"{n} months each side" for n in (12, 18, 24, 30, 36)]
    assert set(frame["group"]) == {"alone", "beside incidents of other parties"}
    assert len(frame) == 5 * (3 * 3 + 3) and str(len(frame)) in exhibit.sentence
    assert exhibit.parts[0].encoding["marked"] == pytest.approx(
        build(recipe("directive_checks"), planted).parts[0].frames["bars"]["value"].iloc[0]
    )


@pytest.mark.parametrize("analysis", ["directive", "directive_checks", "directive_specifications"])
def test_what_is_kept_is_kept_in_each_language_with_the_same_numbers(planted: Store, analysis: str) -> None:
    english = build(recipe(analysis, window=48), planted)
    with speaking("fr"):
        french = build(recipe(analysis, window=48), planted)
    assert "1 July 2013" not in str((french.title, french.sentence, french.caveats)) and french.language == "fr"
    assert french.title != english.title and french.sentence != english.sentence
    assert build(recipe(analysis, window=48), planted).sentence == english.sentence
    for one, other in zip(english.parts, french.parts, strict=True):
        for name in set(one.frames) - {"events"}:
            pd.testing.assert_frame_equal(
                one.frames[name].select_dtypes("number"), other.frames[name].select_dtypes("number")
            )


def test_placebo_dates_are_counted_and_decide_nothing(planted: Store) -> None:
    exhibit = build(recipe("directive_placebos"), planted)
    frame = exhibit.parts[0].frames["bars"]
    assert len(frame) == 72 - 2 * 12 + 1 and f"{len(frame)} placebo dates exist" in exhibit.sentence
    assert frame["period"].max() <= pd.Timestamp("2012-07-01"), "from data before the date alone"
    assert "decide nothing" in exhibit.sentence
    early = Filters(source="log", parties=("international_forces",), causes=("aerial",))
    with pytest.raises(AnalysisError, match="too little before the date for placebo dates"):
        build(Recipe("afghanistan", "directive_placebos", {"at": "2009-01-01"}, early), planted)


def test_two_tallies_that_fall_alike_do_not_differ(planted: Store) -> None:
    exhibit = build(recipe("directive_tallies", second="second", window=48), planted)
    shown = bars(exhibit)
    assert (
        shown.loc["the first relative to the second", "low"] < 1 < shown.loc["the first relative to the second", "high"]
    )
    assert "differ:" not in exhibit.sentence and "significant" not in exhibit.sentence
    assert (shown.loc[["log", "second"], "high"] < 1).all()
    assert list(dict.fromkeys(exhibit.parts[1].frames["series"]["panel"])) == ["log", "second"], "never one line"


@pytest.mark.parametrize(
    ("second", "said"), [("", "choose a second source"), ("log", "choose a second source"), ("nobody", "Found: nobody")]
)
def test_a_second_tally_has_to_be_another_loaded_source(planted: Store, second: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        build(recipe("directive_tallies", second=second), planted)


@pytest.mark.parametrize("method", ["controlled", "pooled", "structural"])
def test_other_methods_find_the_planted_fall_beside_the_primary_model(planted: Store, method: str) -> None:
    exhibit = build(recipe("directive_method", method=method, window=48), planted)
    shown = exhibit.parts[0].frames["bars"]
    assert shown["reading"].iloc[0] == "the primary model" and len(shown) == 2
    assert shown["low"].iloc[1] < 0.3 < shown["high"].iloc[1] < 1


def test_provinces_outside_the_scope_are_the_comparison(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, [*rows(counts(0.4, seed=1, mean=0.5), place=KABUL),
                          *rows(counts(1.0, seed=2, mean=0.5), first=50_000, place=KANDAHAR)])  # fmt: skip
    inside = Filters(source="log", admin1=("AF-KAB",))
    exhibit = build(recipe("directive_method", inside, method="provinces", window=48), store)
    assert exhibit.sentence.startswith("The change in the 1 province of the scope was 0.")
    assert "excludes no difference" in exhibit.sentence
    with pytest.raises(AnalysisError, match="no province lies outside it"):
        build(recipe("directive_method", Filters(source="log"), method="provinces"), store)
    with pytest.raises(AnalysisError, match="Nothing here lies outside the directive's reach"):
        build(recipe("directive_method", Filters(source="log"), method="controlled"), store)
    near = beside(recipe("directive_checks", inside, window=48), store)
    assert near.found.elsewhere["label"].tolist() == ["neighbouring provinces"]
    assert "AF-KAN" not in str(near.question.filters.admin1)
    assert list(near.found.controlled) == ["the same in other provinces"]


def test_harm_per_strike_is_given_only_where_every_month_is_known(planted: Store, tmp_path: Path) -> None:
    exhibit = build(recipe("directive_checks"), planted)
    assert any("so harm per strike cannot be given" in caveat for caveat in exhibit.caveats)
    months = pd.date_range("2010-01-01", "2016-12-01", freq="MS")
    known = pd.DataFrame(
        {
            "area": "", "start": months, "end": months + pd.offsets.MonthEnd(0),
            "party": [("international_forces",)] * len(months), "measure": "strikes",
            "value": [400.0 if month < pd.Timestamp(AT) else 120.0 for month in months], "definition": "strikes",
            "published_at": pd.NaT,
        }
    )  # fmt: skip
    known["value"] += np.random.default_rng(0).normal(0, 8, len(known)).round()
    with_activity = replace(planted.theatre, activity=known, fingerprint="with activity")
    store = Store(planted.home, with_activity)
    shown = bars(build(recipe("directive_checks"), store))
    each = shown.loc["incidents with civilian harm for each of the strikes"]
    assert each["low"] < 1 < each["high"], "fewer strikes, not safer strikes"
    assert shown.loc["the strikes themselves", "high"] < 1


def test_all_directives_stand_in_one_model_with_what_they_cannot_be_told_apart_from(planted: Store) -> None:
    store = Store(planted.home, "afghanistan")
    exhibit = build(Recipe("afghanistan", "directive_timeline", {}, Filters(source="log")), store)
    table = exhibit.parts[2].table
    assert len(table) == len(exhibit.parts[1].frames["bars"]) > 4
    assert table["Directive"].is_unique and not table["Directive"].str.contains("2011-05").any()
    assert any("dated only to the year" in caveat for caveat in exhibit.caveats)
    assert "model" not in exhibit.parts[0].frames, "eight years are not projected from the first two"
    nothing = Filters(source="log", date_from=date(2014, 1, 1), date_to=date(2014, 12, 31))
    with pytest.raises(AnalysisError, match="No directive to these parties"):
        build(Recipe("afghanistan", "directive_timeline", {}, nothing), store)


def test_published_totals_stand_apart_by_definition_and_carry_no_change(planted: Store) -> None:
    exhibit = build(Recipe("afghanistan", "published_totals", {}), planted)
    assert exhibit.sentence.startswith("Too coarse and too mixed for a test")
    frame = exhibit.parts[0].frames["series"]
    per_year = frame.dropna(subset="value").groupby("period")["panel"].nunique()
    assert (per_year == 1).all() and per_year.index.year.tolist() == list(range(2008, 2015))
    known = frame.dropna(subset="value").set_index(["panel", "period"])["value"]
    assert known[("Air strikes", pd.Timestamp("2008-01-01"))] == 552
    assert known[("Aerial attacks by international forces", pd.Timestamp("2012-01-01"))] == 126
    assert "3 rules of whose aircraft count" in exhibit.sentence
    earlier = build(Recipe("afghanistan", "published_totals", {}, as_known_on=date(2012, 12, 31)), planted)
    assert earlier.parts[1].table["Year"].max() == 2011, "what was published later was not known"


# ---- an expectation, kept before the result -------------------------------------------------------------------------


def test_an_expectation_is_kept_seen_on_its_day_and_part_of_the_fingerprint(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, rows(counts(0.3, seed=1)), known_at=date(2020, 1, 1))
    asked = Recipe("afghanistan", "directive", {"at": AT}, Filters(source="log"))
    before = build(asked, store).fingerprint
    with pytest.raises(StoreError, match="needs its reason"):
        keep_expectation(asked, store, change="fewer", sizes=(20, 40), why=" ")
    with pytest.raises(RecipeError, match="cannot be 'better'"):
        keep_expectation(asked, store, change="better", sizes=(20, 40), why="a guess")
    kept = keep_expectation(asked, store, change="fewer", sizes=(50, 90), why="the order was strict", who="J3")
    assert (
        kept.kind == "expectation" and kept.about == (("directive", AT),) and kept.values["low"] == pytest.approx(0.1)
    )
    assert build(asked, store).fingerprint != before
    assert store.query("SELECT count(*) AS n FROM incidents")["n"][0] == sum(counts(0.3, seed=1)), (
        "no record is touched"
    )
    exhibit = build(replace(asked, analysis="directive_expected"), store)
    assert "J3 expected fewer, by 50 to 90 %" in exhibit.sentence
    assert exhibit.parts[0].table["Why"].tolist() == ["the order was strict"]
    earlier = replace(asked, analysis="directive_expected", as_known_on=date(2020, 6, 1))
    assert "Nobody kept an expectation" in build(earlier, store).sentence
    other = Recipe("afghanistan", "directive_expected", {"at": "2012-08-01"}, Filters(source="log"))
    assert "Nobody kept an expectation" in build(other, store).sentence
    assert build(Recipe("afghanistan", "decisions"), store).sentence == "1 expectation of directives."


def test_nothing_is_expected_of_the_demonstration(home: Path) -> None:
    store = Store(home, "afghanistan")
    asked = Recipe("afghanistan", "directive", {"directive": "ISAF-2009-07-02"}, Filters(source="un_like"))
    with pytest.raises(StoreError, match="demonstration"):
        keep_expectation(asked, store, change="fewer", sizes=(20, 40), why="a guess")


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (RateRatio(0.7, 0.62, 0.79, 0.0), "the whole interval lies within"),
        (RateRatio(0.7, 0.4, 1.2, 0.3), "neither bears it out nor rules it out"),
        (RateRatio(0.3, 0.2, 0.5, 0.0), "excludes what was expected"),
        (RateRatio(1.5, 1.2, 1.9, 0.0), "excludes what was expected"),
    ],
)
def test_an_expectation_is_held_against_the_interval_by_rule(level: RateRatio, said: str) -> None:
    from civmap.store.decisions import decision

    low, high = expected_range("fewer", 20, 40)
    made = decision("expectation", [("directive", "X")], why="so", values={"change": "fewer", "low": low, "high": high})
    assert said in held(made, level)


# ---- what would change the conclusion -------------------------------------------------------------------------------


def test_what_would_change_the_conclusion_follows_the_verdict(planted: Store) -> None:
    found = beside(recipe("directive_checks", window=48), planted).model.found
    clear = " ".join(what_would_change("fewer", found))
    assert f"{found.level.high:.2g}" in clear  # type: ignore[union-attr]
    failed = (Check("attribution", False, "it does not hold"),)
    assert "attribution" in " ".join(what_would_change("fragile", found, failed))
    wide = " ".join(what_would_change("cannot_tell", found))
    assert "needs more months, more provinces, or a control series" in wide
    for verdict in ("fewer", "fragile", "cannot_tell", "inseparable"):
        said = " ".join(what_would_change(verdict, found, failed)).casefold()
        assert not any(word in said for word in ("caused", "averted", "no effect", "proved", "significant"))


# ---- the real case and the demonstration ----------------------------------------------------------------------------


def test_on_the_isaf_like_tally_july_2009_has_six_comparable_months_and_cannot_tell(home: Path) -> None:
    store = Store(home, "afghanistan")
    asked = {"directive": "ISAF-2009-07-02"}
    filters = Filters(source="isaf_like")
    first = build(Recipe("afghanistan", "directive_detectable", asked, filters), store)
    assert "Only 6 comparable months lie before it" in first.sentence
    assert "even a fall of 95 % could have gone unseen" in first.sentence
    answer = build(Recipe("afghanistan", "directive", asked, filters), store)
    assert "The data cannot tell" in answer.sentence and "ISAF tracking improves" in answer.sentence
    roles = first.parts[1].table.set_index("What")["Beside this directive"]
    assert roles[roles.index.str.startswith("ISAF tracking")].tolist() == ["cannot be told apart"]
    elections = roles[roles.index.str.startswith("Presidential")]
    assert elections.tolist() == ["told apart, drawn only"], "one day is not the beginning of something lasting"
    mixed = set(roles.index[roles.str.startswith("cannot")])
    assert mixed and not any(f"allows for the recording change \u201c{name}" in first.sentence for name in mixed)
    tally = build(Recipe("afghanistan", "directive_tallies", {**asked, "second": "un_like"}, filters), store)
    assert "cannot tell whether the two tallies changed alike" in tally.sentence
    assert "A change in recording lies too near" in tally.sentence


def test_no_step_says_more_than_the_data_on_the_real_delegation(reference_data: Path, home: Path) -> None:
    from civmap.readers import read

    store = Store(home, "oir")
    store.add(read(reference_data / "airwars" / "airwars_syria_incidents_8114.csv.gz"))
    filters = Filters(source="airwars")
    said = []
    for step in STEPS:
        try:
            exhibit = build(Recipe("oir", f"directive_{step}", {"directive": "OIR-2016-12"}, filters), store)
        except CivMapError as error:
            assert step == "placebos" and "too little before the date" in str(error)
            continue
        said += [exhibit.sentence, *exhibit.caveats]
    text = " ".join(said)
    assert "cannot be separated from" in text and "More months of this series would not separate" in text
    assert "None can be told apart" in text, "the timeline agrees with the directive by itself"
    assert "lie outside what the source covers" in text, "incidents of nobody are outside the scope of Airwars"
    assert not any(word in text.casefold() for word in ("caused", "averted", "no effect", "rate_ratio"))

"""Every analysis: what an exhibit must carry, that it agrees with the store, that bad questions end in a sentence."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from civmap.errors import AnalysisError, CivMapError, RecipeError
from civmap.exhibits import ANALYSES, Recipe, build, words
from civmap.figures.part import KINDS
from civmap.filters import Filters
from civmap.readers.air import read_air
from civmap.store import Store
from civmap.store import air as kept
from tests.stores import KABUL, KANDAHAR, add, incident, monthly, telemetry

JULY = {"directive": "ISAF-2009-07-02", "scope": "filters"}
PARAMETERS = {
    **{name: JULY for name in ANALYSES if name.startswith("directive")},
    "directive_method": {**JULY, "method": "structural"},
    "trend_compare": {"first": "AF-KAB", "second": "AF-KAN"},
    "directive_placebos": {**JULY, "directive": "ISAF-2010-08-01"},  # placebo dates need three years before
}
DATED = set(PARAMETERS) - {"directive_timeline", "trend_compare"}
NO_RECORDS_NEEDED = {"loads", "set_aside", "missing", "points", "changes", "decisions", "tallies", "published_totals"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("files")
    store = Store(tmp_path_factory.mktemp("home"), "afghanistan")
    seasonal = [8, 7, 9, 12, 15, 18, 20, 19, 15, 11, 9, 8]
    add(store, folder, monthly(seasonal * 4, start="2007-07-01"))
    add(store, folder, monthly([1], start="2007-07-01", civilians_killed_max=9))
    store.decide("restored", [("log", "T1")], why="looked at again")
    kept.keep(store, read_air(telemetry(folder, date(2008, 7, 1), date(2008, 7, 2), date(2009, 7, 15))))
    return store


@pytest.mark.parametrize("analysis", sorted(set(ANALYSES) - {"directive_tallies"}))  # it needs a second source
def test_every_exhibit_carries_what_it_must(store: Store, analysis: str) -> None:
    exhibit = build(Recipe("afghanistan", analysis, PARAMETERS.get(analysis, {})), store)
    assert exhibit.title and exhibit.sentence and exhibit.sources and len(exhibit.fingerprint) == 12
    assert exhibit.n > 0 or analysis == "set_aside"
    assert exhibit.parts and all(part.kind in KINDS and part.title and len(part.alt) > 20 for part in exhibit.parts)
    assert not exhibit.synthetic and not any("Synthetic" in caveat for caveat in exhibit.caveats)
    assert not any("nan" in text.casefold().split() for text in (exhibit.sentence, *exhibit.caveats))


@pytest.mark.parametrize("analysis", sorted(ANALYSES))
def test_an_unknown_parameter_is_refused(store: Store, analysis: str) -> None:
    with pytest.raises(RecipeError, match="no parameter colour"):
        build(Recipe("afghanistan", analysis, {"colour": "red"}), store)


@pytest.mark.parametrize("analysis", sorted(set(ANALYSES) - NO_RECORDS_NEEDED))
def test_an_empty_store_says_what_to_do(home: Path, analysis: str) -> None:
    with pytest.raises(CivMapError, match="Load a file"):
        build(Recipe("oir", analysis, {"at": "2016-12-01"} if analysis in DATED else {}), Store(home, "oir"))


@pytest.mark.parametrize("analysis", sorted(ANALYSES))
def test_a_filter_that_leaves_nothing_gives_a_plain_answer(store: Store, analysis: str) -> None:
    nothing = Filters(admin1=("AF-NUR",), causes=("remnants",))
    recipe = Recipe("afghanistan", analysis, PARAMETERS.get(analysis, {}), nothing)
    try:
        exhibit = build(recipe, store)
    except CivMapError as error:
        assert len(str(error)) > 20
    else:
        assert exhibit.sentence


def test_the_fingerprint_changes_with_the_question_and_with_the_data(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, [incident(1, "2009-01-05")])
    first = build(Recipe("afghanistan", "totals"), store).fingerprint
    assert build(Recipe("afghanistan", "totals"), store).fingerprint == first
    assert build(Recipe("afghanistan", "totals", filters=Filters(measure="killed")), store).fingerprint != first
    add(store, tmp_path, [incident(2, "2009-01-05"), incident(3, "2009-01-06")])
    assert build(Recipe("afghanistan", "totals"), store).fingerprint != first


def test_totals_stand_beside_the_year_before_and_what_was_not_loaded_is_empty(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, [incident(1, "2008-02-01"), incident(2, "2009-02-01"), incident(3, "2009-02-20")])
    recent = Filters(date_from=pd.Timestamp("2009-02-01").date(), date_to=pd.Timestamp("2009-02-20").date())
    table = build(Recipe("afghanistan", "totals", filters=recent), store).parts[0].table.set_index("Period")
    assert table.loc["The same days", "Incidents"] == 2
    assert table.loc["A year earlier", "Incidents"] == 1
    earlier = Filters(date_from=pd.Timestamp("2008-02-01").date(), date_to=pd.Timestamp("2008-02-20").date())
    table = build(Recipe("afghanistan", "totals", filters=earlier), store).parts[0].table.set_index("Period")
    assert pd.isna(table.loc["A year earlier", "Incidents"])


def test_the_map_shows_each_incident_once(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    rows = [
        incident(1, "2009-01-05", KABUL),
        incident(2, "2009-01-06", KANDAHAR, location_precision="district"),
        incident(3, "2009-01-07", None, admin1="Helmand"),
        incident(4, "2009-01-08", location_precision="country"),
    ]
    add(store, tmp_path, rows)
    exhibit = build(Recipe("afghanistan", "incident_map"), store)
    part = exhibit.parts[0]
    shown = part.frames["cells"]["incidents"].sum() + part.frames["provinces"]["incidents"].sum()
    assert shown == 3
    assert any("1 incident is known only to the country" in caveat for caveat in exhibit.caveats)
    assert any("1 incident is known only to the province" in caveat for caveat in exhibit.caveats)


def test_panels_say_how_many_they_draw_and_how_many_are_in_no_province(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    vague = [incident(n, "2009-01-08", location_precision="country") for n in (2, 3)]
    add(store, tmp_path, [incident(1, "2009-01-05", KABUL), *vague])
    exhibit = build(Recipe("afghanistan", "trends"), store)
    assert "n = 1 incident; 2 more known only to the country" in exhibit.parts[0].encoding["subtitle"]
    assert exhibit.n == 1
    assert build(Recipe("afghanistan", "national_trend"), store).n == 3


@pytest.mark.parametrize("analysis", ["incident_map"])
def test_title_and_sentence_are_about_the_same_measure(store: Store, analysis: str) -> None:
    exhibit = build(Recipe("afghanistan", analysis, filters=Filters(measure="killed")), store)
    people = build(Recipe("afghanistan", "totals"), store).parts[0].table.loc[0, "Killed, best"]
    assert "civilians killed" in exhibit.title
    assert f"{people:,} civilians killed (best)" in exhibit.sentence


def test_what_the_source_holds_is_said_in_sentences(home: Path) -> None:
    caveats = build(Recipe("afghanistan", "totals"), Store(home, "afghanistan")).caveats
    assert "Definition of a civilian: as in the simulation." in caveats
    assert all(caveat.endswith(".") for caveat in caveats)


def test_rules_and_certainties_are_words(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    add(store, tmp_path, [incident(1, "2009-01-05"), incident(2, "2009-09-05", civilians_killed_min=9),
                          incident(3, "2009-12-05")])  # fmt: skip
    for part in build(Recipe("afghanistan", "set_aside"), store).parts:
        assert part.table["Rule"].tolist() == ["min above max"]
    happened = build(Recipe("afghanistan", "national_trend"), store).parts[1].table
    assert set(happened["Date is"]) <= set(words.CERTAINTIES.values()) and len(happened)


def test_a_source_without_best_estimates_shows_its_maximum_and_says_so(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    rows = [incident(n, f"2009-0{n}-05") for n in range(1, 5)]
    for row in rows:
        del row["civilians_killed_best"]
    add(store, tmp_path, rows)
    exhibit = build(Recipe("afghanistan", "national_trend", filters=Filters(measure="killed")), store)
    series = exhibit.parts[0].frames["series"]
    assert series["value"].tolist() == series["high"].tolist() == [3, 3, 3, 3]
    assert series["low"].tolist() == [1, 1, 1, 1]
    assert any("no best estimate" in caveat for caveat in exhibit.caveats)


def test_discounted_set_aside_and_outside_are_said(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    rows = [incident(1, "2009-01-05"), incident(2, "2009-01-06", grade="discounted"),
            incident(3, "2009-01-07", (10.0, 10.0)), incident(4, "not a day")]  # fmt: skip
    add(store, tmp_path, rows)
    said = " ".join(build(Recipe("afghanistan", "totals"), store).caveats)
    assert "1 row was set aside at reading" in said
    assert "1 record lies outside the theatre" in said
    assert "1 record is discounted" in said


def test_a_planted_fall_is_found_and_a_split_month_is_left_out(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    season = [20, 22, 26, 30, 34, 38, 40, 38, 33, 28, 24, 21]
    fallen = [max(1, count // 4) for count in season]
    add(store, tmp_path, monthly([*season, *season, *fallen, *fallen], start="2013-01-01"))
    recipe = Recipe("afghanistan", "directive", {"at": "2015-01-10"})
    exhibit = build(recipe, store)
    assert "25 %" in exhibit.sentence or "0.25" in exhibit.sentence
    assert any("January 2015 is left out" in caveat for caveat in exhibit.caveats)
    frames = exhibit.parts[0].frames
    assert frames["series"].set_index("period")["value"]["2015-01-01"] == fallen[0], "drawn"
    fitted = frames["model"].set_index("period")["fitted"]
    assert pd.Timestamp("2015-01-01") not in fitted.index and fitted.notna().sum() == 47, "not in the model"


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"directive": "NONE"}, "no directive 'NONE'"),
        ({}, "Neither a directive nor a date"),
        ({"at": "2009-07-02", "window": 7}, "cannot be 7"),
        ({"at": "1999-07-02"}, "outside"),
    ],
)
def test_what_cannot_be_compared_ends_in_a_sentence(store: Store, parameters: dict[str, object], said: str) -> None:
    with pytest.raises((RecipeError, AnalysisError), match=said):
        build(Recipe("afghanistan", "directive", parameters), store)


def test_december_2016_cannot_be_separated_from_the_campaign(reference_data: Path, home: Path) -> None:
    from civmap.readers import read

    store = Store(home, "oir")
    store.add(read(reference_data / "airwars" / "airwars_syria_incidents_8114.csv.gz"))
    recipe = Recipe("oir", "directive", {"directive": "OIR-2016-12"}, Filters(source="airwars"))
    exhibit = build(recipe, store)
    assert "cannot be separated from" in exhibit.sentence
    assert "Campaign for Raqqa" in exhibit.sentence
    assert "caused" not in exhibit.sentence and "averted" not in exhibit.sentence
    raw = pd.read_csv(reference_data / "airwars" / "airwars_syria_incidents_8114.csv.gz", low_memory=False)
    named = raw["belligerents_original"].fillna("").str.contains("U.S.-led Coalition", regex=False)
    harm = (raw["civilians_killed_max"].fillna(raw["civilians_killed_min"]) > 0) | (
        raw["civilians_injured_max"].fillna(raw["civilians_injured_min"]) > 0
    )
    counted = named & harm & (raw["civilian_harm_status_original"] != "Discounted")
    counted &= raw["incident_date"].between("2017-01-01", "2018-12-31")
    table = exhibit.parts[1].table.set_index("Quantity")["Value"]
    assert abs(table["counted after"] - counted.sum()) <= 2, "rows set aside or outside the theatre"
    assert counted.sum() > 1_000


def test_a_source_that_does_not_tell_civilians_from_others_is_no_zero(home: Path, tmp_path: Path) -> None:
    store = Store(home, "afghanistan")
    rows = [incident(n, f"2009-0{n}-05", all_killed_best=3) for n in range(1, 5)]
    add(store, tmp_path, [{key: value for key, value in row.items() if "civilians" not in key} for row in rows])
    with pytest.raises(RecipeError, match="not the same as no harm"):
        build(Recipe("afghanistan", "national_trend"), store)
    counted = build(Recipe("afghanistan", "national_trend", filters=Filters(harm_only=False)), store)
    assert counted.n == 4
    with pytest.raises(RecipeError, match="whose deaths"):
        build(Recipe("afghanistan", "totals", filters=Filters(harm_only=False, measure="killed")), store)

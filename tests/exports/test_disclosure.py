"""What leaves holds no name, no note, no exact place and no small count of people, and nothing else is lost."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from civmap.errors import CivMapError
from civmap.exhibits import ANALYSES, Exhibit, Recipe, build
from civmap.exports import counts, data, disclosure, marking
from civmap.exports.disclosure_text import without_places
from civmap.exports.prepare import prepare
from civmap.filters import Filters
from civmap.language import speaking
from civmap.readers import read
from civmap.store import Store
from civmap.theatre import Theatre
from tests.exports.conftest import PARAMETERS, asked
from tests.stores import add, incident, monthly

HOME, PERSON = "Qala-e-Ghareeb near the Zamani family house", "Mirwais Zamani"


def strings(value: Any) -> Iterator[str]:
    """Give every text of an exhibit: titles, sentences, alt texts, headers and cells."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Exhibit):
        yield from strings([value.title, value.sentence, value.caveats, value.standing, value.parts])
    elif isinstance(value, pd.DataFrame):
        frame = value.drop(columns="geometry", errors="ignore")
        yield from map(str, frame.columns)
        for name in frame:
            yield from strings(frame[name].dropna().tolist())
    elif isinstance(value, dict):
        yield from strings(list(value.values()))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings(one)
    elif hasattr(value, "frames"):
        yield from strings(
            [value.title, value.alt, dict(value.frames), {k: v for k, v in value.encoding.items() if k != "view"}]
        )


@pytest.fixture
def told_all(own: Store, tmp_path) -> Store:
    """Load rows that name a person, a house and an exact point."""
    rows = [
        incident(k, f"2009-{k % 12 + 1:02d}-0{k % 9 + 1}", (34.53123 + k / 1000, 69.17456), location_precision="exact",
                 notes=f"{PERSON} said so", civilians_killed_min=k % 4, civilians_killed_best=k % 4,
                 civilians_killed_max=k % 4 + 1)
        | {"place": HOME} for k in range(40)
    ]  # fmt: skip
    add(own, tmp_path, rows)
    add(own, tmp_path, [{**rows[0], "latitude": 99, "source_id": "T999"}, *rows], source="second")
    own.decide("duplicates", [("log", "T1"), ("log", "T2")], why=f"{PERSON} counted twice", who="J. Analyst")
    marking.set_marking(own, "FOR TESTS")
    return own


@pytest.mark.parametrize("analysis", sorted(ANALYSES))
def test_no_name_no_note_and_no_house_leaves(analysis: str, told_all: Store) -> None:
    recipe = Recipe("afghanistan", analysis, PARAMETERS.get(analysis, {}), Filters(source="log", measure="killed"))
    try:
        exhibit = build(recipe, told_all)
    except CivMapError:
        pytest.skip("these few rows cannot carry the analysis")
    ready = prepare(exhibit, told_all)
    text = "\n".join([*strings(ready.exhibit), *ready.stamp, json.dumps(dict(ready.manifest))])
    for secret in ("Zamani", "Ghareeb", "Analyst", "34.5312", "69.17456"):
        assert secret not in text, f"{analysis} tells {secret}"


def test_what_would_be_told_without_it(told_all: Store) -> None:
    """The secrets are there before, else the test above could not fail."""
    before = "\n".join(
        text for name in ("decisions", "incident_map", "province_trend")
        for text in strings(build(Recipe("afghanistan", name, filters=Filters(source="log")), told_all))
    )  # fmt: skip
    assert all(secret in before for secret in ("Zamani", "Ghareeb", "Analyst"))


@pytest.mark.parametrize("analysis", ["incident_map", "hotspots", "density"])
def test_cells_are_no_finer_than_the_theatre_lets_out(analysis: str, demonstration: Store) -> None:
    exhibit = build(asked(analysis), demonstration)
    safe, _ = disclosure.disclose(exhibit, demonstration)
    finest = counts.finest_resolution(demonstration)
    before, after = (one.parts[0].frames["cells"]["cell"] for one in (exhibit, safe))
    assert max(int(cell, 16) >> 52 & 15 for cell in before) > finest or analysis == "hotspots"
    assert max(int(cell, 16) >> 52 & 15 for cell in after) == finest
    if analysis == "incident_map":
        assert safe.parts[0].frames["cells"]["incidents"].sum() == exhibit.parts[0].frames["cells"]["incidents"].sum()


def test_incidents_by_province_and_period_are_told_as_they_are(demonstration: Store) -> None:
    for analysis in ("trends", "national_trend", "trend_table"):
        exhibit = build(asked(analysis), demonstration)
        safe, withheld = disclosure.disclose(exhibit, demonstration)
        assert withheld == 0 and safe.sentence == exhibit.sentence
        for one, other in zip(safe.parts, exhibit.parts, strict=True):
            for name in one.frames:
                shared = [column for column in one.frames[name] if column != "geometry"]
                pd.testing.assert_frame_equal(
                    pd.DataFrame(one.frames[name][shared]), pd.DataFrame(other.frames[name][shared])
                )


def test_small_counts_of_people_are_null_and_never_nought(demonstration: Store) -> None:
    exhibit = build(asked("trends", measure="killed", bound="max"), demonstration)
    safe, withheld = disclosure.disclose(exhibit, demonstration)
    before, after = (one.parts[0].frames["series"] for one in (exhibit, safe))
    gone = after["withheld"] != ""
    assert withheld >= gone.sum() > 50
    assert after.loc[gone, "value"].isna().all()
    kept = ~gone & before["value"].notna()
    assert (after.loc[kept, "value"] == before.loc[kept, "value"]).all()
    small = before["value"].between(1, 4)
    assert gone[small].all() and not gone[before["value"].isna()].any()
    assert any("are withheld" in line for line in safe.caveats)


def test_the_exhibit_that_is_given_stays_as_it_is(exhibit_of: Callable[..., Exhibit], demonstration: Store) -> None:
    exhibit = exhibit_of("trends", measure="killed", bound="max")
    before = [{name: frame.copy() for name, frame in part.frames.items()} for part in exhibit.parts]
    disclosure.disclose(exhibit, demonstration)
    for frames, part in zip(before, exhibit.parts, strict=True):
        for name, frame in frames.items():
            pd.testing.assert_frame_equal(frame, part.frames[name])


@pytest.mark.parametrize("analysis", ["province_trend", "trend_table", "totals", "incident_map", "trend_compare"])
def test_no_text_tells_a_number_that_is_withheld(analysis: str, demonstration: Store) -> None:
    """Every number of three or less beside a word for people in a sentence stands for the whole theatre, or is gone."""
    filters = Filters(source="un_like", measure="killed", bound="max", parties=("international_forces",),
                      date_from="2010-01-01", date_to="2010-12-31", admin1=("AF-SAR",))  # fmt: skip
    try:
        exhibit = build(Recipe("afghanistan", analysis, PARAMETERS.get(analysis, {}), filters), demonstration)
    except CivMapError:
        pytest.skip("these days cannot carry the analysis")
    safe, _ = disclosure.disclose(exhibit, demonstration)
    for text in (safe.sentence, *safe.caveats, *(part.alt for part in safe.parts)):
        assert not re.search(r"\b[1-4] (?:civilians )?(?:killed|injured)", text), text


def test_the_workbook_of_a_withheld_chart_holds_no_withheld_number(demonstration: Store) -> None:
    ready = prepare(build(asked("province_trend", measure="killed", bound="max"), demonstration), demonstration)
    frame = ready.exhibit.parts[0].frames["series"]
    assert (frame["withheld"] != "").any()
    (csv,) = [content for name, content in data.files(ready, ["csv"]) if "per-month" in name]
    lines = [line for line in csv.decode("utf-8-sig").splitlines() if not line.startswith("#")]
    table = pd.read_csv(pd.io.common.StringIO("\n".join(lines)), keep_default_na=False)
    gone = table[table["withheld"] != ""]
    assert len(gone) == (frame["withheld"] != "").sum() and set(gone.iloc[:, 1]) == {""}


@pytest.mark.reference
def test_no_name_of_a_real_place_leaves(reference_data, tmp_path, oir: Theatre) -> None:
    store = Store(tmp_path / "real", oir)
    store.add(read(next(reference_data.rglob("airwars*.csv.gz"))))
    marking.set_marking(store, "FOR TESTS")
    places = {str(place) for place in store.incidents()["place"].dropna() if len(str(place)) > 12}
    provinces = {str(name) for name in oir.boundaries["name"]}
    for analysis in ("incident_map", "hotspots", "province_trend", "groups", "duplicates", "points"):
        ready = prepare(build(Recipe("oir", analysis), store), store)
        text = "\n".join(strings(ready.exhibit))
        told = [place for place in places if place in text and not any(place in name for name in provinces)]
        assert not told, f"{analysis} tells {told[:3]}"


# ---- what a hostile reader found ------------------------------------------------------------------------------------

KILLED = {"measure": "killed", "bound": "best"}
DECEMBER = {"date_from": "2011-12-01", "date_to": "2011-12-31"}
LANGUAGES = ("en", "fr")


@pytest.fixture
def few(own: Store, tmp_path) -> Store:
    """Load four years in which each of four districts has one incident a month, of one and two killed."""
    spots = {"Kabul": (34.53, 69.17), "Kandahar": (31.61, 65.71)}
    rows = []
    for month in pd.date_range("2008-01-01", "2011-12-01", freq="MS"):
        for name, (north, east) in spots.items():
            for district, killed in enumerate((1, 2)):
                deaths = {f"civilians_killed_{end}": killed for end in ("min", "best", "max")}
                spot = (north + 0.3 * district, east)
                more = {"admin2": f"{name} {district}", "place": HOME}
                rows.append(incident(len(rows), f"{month:%Y-%m}-15", spot, **deaths) | more)
    add(own, tmp_path, rows)
    marking.set_marking(own, "FOR TESTS")
    return own


def told_of(store: Store, analysis: str, options: dict[str, Any], language: str, **filters: Any) -> Exhibit:
    with speaking(language):
        recipe = Recipe("afghanistan", analysis, options, Filters(source="log", **filters))
        return prepare(build(recipe, store), store).exhibit


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("analysis", "options", "filters"),
    [
        ("incident_map", {}, {"admin1": ("AF-KAB",), **DECEMBER, **KILLED}),
        ("national_trend", {"frequency": "month"}, {"admin1": ("AF-KAB",), **DECEMBER, **KILLED}),
        ("national_trend", {"frequency": "month", "per": "people"}, {"admin1": ("AF-KAB",), **DECEMBER, **KILLED}),
        ("trend_table", {"areas": "districts", "span": "1 month"}, {"admin1": ("AF-KAB",), **KILLED}),
        ("totals", {}, {"admin1": ("AF-KAB",), **DECEMBER}),
    ],
)
def test_no_sentence_about_one_province_counts_its_people(
    analysis: str, options: dict[str, Any], filters: dict[str, Any], language: str, few: Store
) -> None:
    """Three were killed in Kabul in that month."""
    safe = told_of(few, analysis, options, language, **filters)
    for text in (safe.title, safe.sentence, *safe.caveats, *(part.alt for part in safe.parts)):
        assert not re.search(r"(?<![\d.])3(?! [a-z]* ?(?:km|incidents?|areas|zones))(?!\d)", text), text


@pytest.mark.parametrize("analysis", sorted(set(ANALYSES) - {"points"}))
def test_nothing_is_cut_out_of_a_text_of_incidents(analysis: str, demonstration: Store) -> None:
    """In the demonstration's texts nobody has written anything, and incidents are exempt."""
    try:
        exhibit = build(asked(analysis), demonstration)
    except CivMapError:
        pytest.skip("these days cannot carry the analysis")
    safe, _ = disclosure.disclose(exhibit, demonstration)
    assert (safe.title, safe.sentence) == tuple(without_places(one) for one in (exhibit.title, exhibit.sentence))


@pytest.mark.parametrize("areas", ["districts", "provinces", "groups"])
def test_a_table_of_a_month_tells_no_small_count_in_any_row(areas: str, few: Store) -> None:
    filters = {"admin1": ("AF-KAB",)} if areas == "provinces" else {}
    safe = told_of(few, "trend_table", {"areas": areas, "span": "1 month"}, "en", **filters, **KILLED)
    table = safe.parts[0].table
    people = [name for name in table if "killed" in name]
    assert bool(people) == (areas != "districts")
    for name in people:
        rows = table if areas != "groups" else table[table["Area"] != "All"]
        assert set(rows[name].astype("str")) <= {"withheld", "0"}, rows[[name]]
        assert set(rows["Change, %"].astype("str")) <= {"withheld"}


def test_a_range_that_is_written_out_is_no_way_round(few: Store) -> None:
    for measure in ("incidents", "killed"):
        safe = told_of(few, "hotspots", {"unit": "provinces", "exposure": "area"}, "en", measure=measure, **DECEMBER)
        table = next(part.table for part in safe.parts if part.kind == "table")
        for name in (name for name in table if name.startswith("Killed")):
            assert set(table[name].dropna().astype("str")) <= {"withheld", "0"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("home", ["Qala, Zamani house", "Qala; Zamani house", "Qala (Zamani house)", "Zamani house"])
def test_no_sign_in_a_place_lets_it_out(home: str, language: str, own: Store, tmp_path) -> None:
    add(own, tmp_path, [incident(k, f"2009-0{k % 9 + 1}-03") | {"place": home} for k in range(30)])
    marking.set_marking(own, "FOR TESTS")
    for analysis in ("incident_map", "hotspot_month", "points", "groups", "scan"):
        try:
            safe = told_of(own, analysis, {}, language)
        except CivMapError:
            continue
        assert "Zamani" not in "\n".join(strings(safe)), analysis


def test_results_of_a_model_of_one_province_are_told_with_two_digits(own: Store, tmp_path) -> None:
    add(own, tmp_path, monthly(list(np.random.default_rng(1).poisson(6, 48)), start="2008-01-01"))
    marking.set_marking(own, "FOR TESTS")
    options = {"at": "2010-01-01", "scope": "filters"}
    numbers = {}
    for areas in ((), ("AF-KAB",)):
        safe = told_of(own, "directive", options, "en", admin1=areas, **KILLED)
        table = next(part.table for part in safe.parts if part.kind == "table")
        assert any("two digits" in line for line in safe.caveats) == bool(areas)
        numbers[areas] = table.select_dtypes("float").stack().dropna()
    odd = [value for value in numbers[("AF-KAB",)] if value != float(f"{value:.2g}")]
    assert not odd, odd
    assert not all(value == float(f"{value:.2g}") for value in numbers[()]), "the theatre's are told in full"

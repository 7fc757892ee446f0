"""Names of provinces: listed spellings, likeness, and doubt that is said."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rapidfuzz.distance import OSA

from civmap.placing.names import LIKE, MARGIN, NEAR, match_provinces
from civmap.theatre import Theatre, normalise_name

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def match(theatre: Theatre, name: str) -> tuple[str | None, bool, str | None]:
    one = match_provinces(pd.Series([name]), theatre).iloc[0]
    admin1, candidates = (None if pd.isna(one[column]) else one[column] for column in ("admin1", "candidates"))
    return admin1, bool(one["by_likeness"]), candidates


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Hilmand", "AF-HEL"), ("KANDAHAR province", "AF-KAN"), ("AF-KAB", "AF-KAB"), ("ولایت هلمند", "AF-HEL"),
        ("كابل", "AF-KAB"), ("ننګرهار", "AF-NAN"), ("ننگرهار", "AF-NAN"), ("دایکنډي", "AF-DAY"), ("هېلمند", "AF-HEL"),
        ("پنجشېر", "AF-PAN"), ("کونړ", "AF-KNR"), ("میدان وردګ", "AF-WAR"), ("هراة", "AF-HER"),
    ],
)  # fmt: skip
def test_listed_names_are_certain_in_either_script(afghanistan: Theatre, name: str, code: str) -> None:
    assert match(afghanistan, name) == (code, False, None)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("محافظة الرقة", "SY-RA"),
        ("رقة", "SY-RA"),
        ("دیر الزور", "SY-DY"),
        ("الديوانية", "IQ-QA"),
        ("صلاح الدين", "IQ-SD"),
    ],
)
def test_arabic_names_of_governorates_are_listed(oir: Theatre, name: str, code: str) -> None:
    assert match(oir, name) == (code, False, None)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Kandahr", "AF-KAN"), ("Hellmand", "AF-HEL"), ("Nangarhaar", "AF-NAN"), ("Badakhsahn", "AF-BDS"),
        ("Kabull", "AF-KAB"), ("Urozgaan", "AF-URU"), ("ننگرهارر", "AF-NAN"),
        ("Sangin, Helmand", "AF-HEL"), ("Helmand (Nad Ali)", "AF-HEL"), ("Southern Helmand", "AF-HEL"),
    ],
)  # fmt: skip
def test_near_spellings_and_names_among_other_words_are_matched_by_likeness(
    afghanistan: Theatre, name: str, code: str
) -> None:
    assert match(afghanistan, name) == (code, True, None)


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("Paktyka", {"Paktia", "Paktika"}),  # one letter from either
        ("Pakti", {"Paktia", "Paktika"}),  # one letter from the one and only two from the other
        ("Habul", {"Kabul", "Zabul"}),
        ("Kabl", {"Kabul"}),
        ("Kandahar and Helmand", {"Kandahar", "Helmand"}),
        ("Kabul/Logar", {"Kabul", "Logar"}),
    ],
)
def test_what_may_stand_for_several_or_is_merely_near_decides_nothing(
    afghanistan: Theatre, name: str, candidates: set[str]
) -> None:
    admin1, by_likeness, named = match(afghanistan, name)
    assert (admin1, by_likeness) == (None, False)
    assert named is not None
    assert {part.split(" (")[0] for part in named.split(" or ")} == candidates


@pytest.mark.parametrize(
    "name", ["Atlantis", "Lorestan x", "Kerman", "x", "-", "?" * 500, "province", "Hamza", "Baghdad", "Andar"]
)
def test_other_names_are_not_found_and_not_doubted(afghanistan: Theatre, name: str) -> None:
    assert match(afghanistan, name) == (None, False, None)


def test_a_district_that_is_like_another_province_is_listed_under_its_own(afghanistan: Theatre) -> None:
    assert OSA.normalized_similarity("paghman", "laghman") * 100 > LIKE
    assert match(afghanistan, "Paghman") == ("AF-KAB", False, None)


def test_scores_are_those_of_the_edit_distance_and_the_bars_hold(afghanistan: Theatre) -> None:
    """Each answer held against scores computed one by one."""
    listed = afghanistan.aliases["admin1"]
    names = [
        "Kandahr",
        "Paktyka",
        "Pakti",
        "Habul",
        "Kabl",
        "Nangarhor",
        "Ghazi",
        "Logarr",
        "Balkhh",
        "Farahh",
        "Tahkar",
    ]
    found = match_provinces(pd.Series(names), afghanistan)
    for name in names:
        best: dict[str, float] = {}
        for spelling, code in listed.items():
            score = 100 * OSA.normalized_similarity(normalise_name(name), spelling)
            best[code] = max(best.get(code, 0.0), score)
        first, second = sorted(best.values(), reverse=True)[:2]
        alike = first >= LIKE and first - second >= MARGIN
        assert pd.notna(found.at[name, "admin1"]) == alike, name
        assert pd.notna(found.at[name, "candidates"]) == (not alike and first >= NEAR), name
        if alike:
            assert found.at[name, "admin1"] == max(best, key=best.__getitem__)


def slip(name: str, generator: random.Random) -> str:
    """Leave out, put in, change or exchange one letter."""
    at, letter = generator.randrange(len(name)), generator.choice(LETTERS)
    swapped = name[:at] + name[at + 1 : at + 2] + name[at : at + 1] + name[at + 2 :]
    return generator.choice([name[:at] + name[at + 1 :], name[:at] + letter + name[at:],
                             name[:at] + letter + name[at + 1 :], swapped])  # fmt: skip


@pytest.mark.parametrize("theatre", ["afghanistan", "oir"])
def test_one_letter_slips_are_never_matched_to_another_province(theatre: str, request: pytest.FixtureRequest) -> None:
    loaded = request.getfixturevalue(theatre)
    generator = random.Random(5)
    listed = {name: code for name, code in loaded.aliases["admin1"].items() if name.isascii() and len(name) > 3}
    planted = pd.Series({slip(name, generator): code for _ in range(6) for name, code in listed.items()})
    planted = planted[[normalise_name(name) not in loaded.aliases["admin1"] for name in planted.index]]
    found = match_provinces(planted.index.to_series(), loaded)["admin1"]
    assert (found.dropna() == planted[found.notna()]).all()
    assert 0.7 < found.notna().mean() < 0.95  # the others are set aside or not recognised


def test_answers_do_not_depend_on_order_repeats_or_nulls(afghanistan: Theatre) -> None:
    names = ["Kandahr", "Paktyka", "Atlantis", "Kabul"]
    alone = match_provinces(pd.Series(names), afghanistan)
    mixed = match_provinces(pd.Series([None, *reversed(names), None, *names, float("nan")]), afghanistan)
    pd.testing.assert_frame_equal(mixed.loc[names], alone)
    assert len(mixed) == 4
    assert match_provinces(pd.Series([None, None], dtype="str"), afghanistan).empty


def test_a_theatre_of_one_province_still_needs_likeness(afghanistan: Theatre) -> None:
    alone = replace(afghanistan, aliases={"admin1": {"helmand": "AF-HEL"}})
    assert match(alone, "Hellmand")[:2] == ("AF-HEL", True)
    assert match(alone, "Kunduz")[0] is None


@pytest.mark.reference
def test_no_foreign_name_of_the_world_sample_is_taken_for_an_afghan_province(
    reference_data: Path, afghanistan: Theatre
) -> None:
    rows = pd.read_csv(
        next((reference_data / "ucdp").glob("*world*")), dtype="str", usecols=["country", "adm_1", "adm_2"]
    )
    abroad = rows[rows["country"] != "Afghanistan"]
    names = pd.concat([abroad["adm_1"], abroad["adm_2"]]).dropna().drop_duplicates()
    assert len(names) > 600
    found = match_provinces(names, afghanistan)
    assert found.loc[found["by_likeness"], "admin1"].to_dict() == {}


@pytest.mark.reference
def test_syrian_districts_and_places_are_matched_to_no_other_province_than_their_own(
    reference_data: Path, oir: Theatre
) -> None:
    rows = pd.read_csv(
        next((reference_data / "ucdp").glob("*syria*")), dtype="str", usecols=["adm_1", "adm_2", "where_coordinates"]
    )
    places = rows.melt("adm_1", value_name="place").dropna().drop_duplicates(["adm_1", "place"])
    found = match_provinces(places["place"], oir)
    places["found"] = places["place"].map(found["admin1"])
    places["true"] = oir.admin1_of(places["adm_1"])
    likely = places[places["place"].isin(found.index[found["by_likeness"]])]
    assert len(likely) > 3
    assert (likely["found"] == likely["true"]).all(), likely


def test_among_too_many_names_only_listed_ones_are_found(afghanistan: Theatre, monkeypatch: pytest.MonkeyPatch) -> None:
    """A column with more names than there are provinces and districts holds something else: no likeness by chance."""
    monkeypatch.setattr("civmap.placing.names.MOST", 3)
    few = match_provinces(pd.Series(["Kandahr", "Hilmand"]), afghanistan)
    many = match_provinces(pd.Series(["Kandahr", "Hilmand", "x", "y"]), afghanistan)
    assert few["admin1"].tolist() == ["AF-KAN", "AF-HEL"]
    assert many["admin1"].fillna("").tolist() == ["", "AF-HEL", "", ""] and many["candidates"].isna().all()

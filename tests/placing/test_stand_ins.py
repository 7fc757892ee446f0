"""Stand-in points: what is planted is found, and a besieged city is left where it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from civmap import schema
from civmap.placing import place, shared_points
from civmap.placing.stand_ins import FEWEST, FEWEST_POINTS
from civmap.readers import read
from civmap.simulate import simulate
from civmap.theatre import Theatre

LASHKAR_GAH, KANDAHAR = (64.36, 31.59), (65.71, 31.61)
HELMAND_DISTRICTS = ["Nad Ali", "Sangin", "Musa Qala", "Garmser", "Kajaki"]


def records(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Make records from rows of values; `point` is (longitude, latitude)."""
    columns: dict[str, Any] = {
        name: [row.get(name, default) for row in rows]
        for name, default in {
            "source": "log",
            "place": None,
            "admin2": None,
            "location_precision": "settlement",
        }.items()
    }
    columns |= {"source_id": [str(n) for n in range(len(rows))], "caveats": [[]] * len(rows)}
    return schema.incident_frame(columns, [shapely.Point(row["point"]) for row in rows], length=len(rows))


def scattered(number: int, *, seed: int = 1, **values: Any) -> list[dict[str, Any]]:
    """Make records at points of their own in Helmand, each in a place that it does not name."""
    spots = np.random.default_rng(seed).uniform((63.5, 30.5), (64.8, 32.0), (number, 2))
    return [{"point": (float(east), float(north)), **values} for east, north in spots]


def demoted(theatre: Theatre, rows: list[dict[str, Any]]) -> np.ndarray:
    """Say which records lost their precision, and check that the caveat says so of exactly these."""
    given = records(rows)
    placed = place(given, theatre)
    said = np.array(["stand_in_point" in caveats for caveats in placed["caveats"]])
    changed = (placed["location_precision"] != given["location_precision"]).to_numpy()
    assert (said == changed).all()
    assert (placed["location_precision"][changed] == "province").all()
    assert (placed["placed_by"] == "point").all()
    return changed


def test_a_fifth_of_the_records_on_one_point_without_a_name_are_known_to_the_province(afghanistan: Theatre) -> None:
    rows = scattered(81) + [{"point": LASHKAR_GAH, "location_precision": "exact"}] * 19
    assert demoted(afghanistan, rows).tolist() == [False] * 81 + [True] * 19


@pytest.mark.parametrize("name", [None, "Helmand province", "ولایت هلمند"])
def test_naming_only_the_province_is_naming_no_place(afghanistan: Theatre, name: str | None) -> None:
    rows = scattered(81, place="a village") + [{"point": LASHKAR_GAH, "place": name}] * 19
    assert demoted(afghanistan, rows).sum() == 19


@pytest.mark.parametrize(
    "named", [{"place": "Lashkar Gah"}, {"admin2": "Lashkar Gah"}, {"place": "Kandahar"}, {"place": "Helmand"}]
)
def test_records_that_name_a_place_are_believed_however_many_share_the_point(
    afghanistan: Theatre, named: dict[str, str]
) -> None:
    assert not demoted(afghanistan, scattered(30) + [{"point": LASHKAR_GAH, **named}] * 300).any()


def test_what_is_known_to_be_vague_stays_as_it_is_and_gets_no_caveat(afghanistan: Theatre) -> None:
    rows = scattered(81) + [{"point": LASHKAR_GAH, "location_precision": "province"}] * 19
    assert not demoted(afghanistan, rows).any()


def test_vague_and_exact_records_of_one_point_are_seen_together(afghanistan: Theatre) -> None:
    vague = [{"point": LASHKAR_GAH, "location_precision": "province"}] * 15
    rows = scattered(81) + vague + [{"point": LASHKAR_GAH, "location_precision": "exact"}] * 4
    assert demoted(afghanistan, rows).sum() == 4


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (scattered(81) + [{"point": LASHKAR_GAH}] * (FEWEST - 1), "too few on the point"),
        (scattered(300) + [{"point": LASHKAR_GAH}] * 20, "too small a share of the province"),
        (
            scattered(60) + [{"point": LASHKAR_GAH}] * 20 + [{"point": (64.2, 31.8)}] * 10,
            "another point nearly as full",
        ),
        (scattered(FEWEST_POINTS - 2) + [{"point": LASHKAR_GAH}] * 50, "too few points to stand out among"),
        ([{"point": LASHKAR_GAH}] * 40 + [{"point": KANDAHAR}] * 40, "only two points in all"),
    ],
)
def test_no_claim_without_enough_to_tell(afghanistan: Theatre, rows: list[dict[str, Any]], why: str) -> None:
    assert not demoted(afghanistan, rows).any(), why


def test_each_source_is_judged_by_itself(afghanistan: Theatre) -> None:
    crowd = [{"point": LASHKAR_GAH}] * 19
    mixed = scattered(81, source="other") + crowd  # the crowd's own source has one point
    assert not demoted(afghanistan, mixed).any()
    assert demoted(afghanistan, mixed + scattered(81, seed=2)).sum() == 19


def test_records_of_two_sources_on_one_point_are_not_counted_together(afghanistan: Theatre) -> None:
    half = FEWEST - 1
    rows = [
        row
        for source in ("one", "other")
        for row in scattered(40, source=source) + [{"point": LASHKAR_GAH, "source": source}] * half
    ]
    assert not demoted(afghanistan, rows).any()
    assert shared_points(place(records(rows), afghanistan)).empty


def test_many_districts_at_one_point_are_not_all_there(afghanistan: Theatre) -> None:
    """Half of the records name Lashkar Gah and are believed; the others were put there for want of their district."""
    strays = [{"point": LASHKAR_GAH, "admin2": name} for name in HELMAND_DISTRICTS for _ in range(3)]
    there = [
        {"point": LASHKAR_GAH, "admin2": name}
        for name in ["Lashkar Gah", "Lashkargah", "Lashkar Gaah"]
        for _ in range(5)
    ]
    rows = scattered(81, place="a village") + strays + there
    assert demoted(afghanistan, rows).tolist() == [False] * 81 + [True] * 15 + [False] * 15
    without = scattered(81, place="a village") + strays
    assert demoted(afghanistan, without).sum() == 15


@pytest.mark.parametrize("names", [["Nad Ali", "Sangin"], ["Nad Ali", "Nad-e Ali", "Nadali", "Nad e Ali"], ["Nad Ali"]])
def test_two_districts_at_a_border_or_one_spelled_variously_are_believed(
    afghanistan: Theatre, names: list[str]
) -> None:
    rows = scattered(81, place="a village") + [
        {"point": LASHKAR_GAH, "admin2": name} for name in names for _ in range(10)
    ]
    assert not demoted(afghanistan, rows).any()


def test_order_of_rows_is_irrelevant(afghanistan: Theatre) -> None:
    rows = scattered(81) + [{"point": LASHKAR_GAH}] * 19
    order = np.random.default_rng(0).permutation(len(rows))
    assert (demoted(afghanistan, [rows[n] for n in order]) == (order >= 81)).all()


def test_planted_capitals_are_found_and_nothing_else(afghanistan: Theatre) -> None:
    """The simulator puts a fifth on the capitals and says so; here the file claims a settlement for all."""
    made = simulate(afghanistan, start=date(2007, 1, 1), end=date(2014, 12, 31), seed=3)
    planted = made.records["location_precision"].isin(["province", "country"]) & made.records.geometry.notna()
    assert not place(made.records, afghanistan)["caveats"].map(lambda said: "stand_in_point" in said).any()
    claimed = made.records.assign(location_precision=made.records["location_precision"].mask(planted, "settlement"))
    placed = place(claimed, afghanistan)
    found = (placed["location_precision"] == "province") & planted
    said = placed["caveats"].map(lambda said: "stand_in_point" in said)
    assert not (said & ~planted).any()  # precision 1
    assert (said & planted).sum() == found.sum() > 0.9 * planted.sum()  # recall: but for provinces with few records


def test_points_are_listed_with_their_share(afghanistan: Theatre) -> None:
    rows = scattered(60, place="a village") + [{"point": LASHKAR_GAH, "location_precision": "province"}] * 19
    rows += [{"point": KANDAHAR, "place": name} for name in ["Kandahar"] * 12 + ["Kandahar city"] * 9]
    listed = shared_points(place(records(rows), afghanistan))
    assert listed["place"].fillna("none").tolist() == ["Kandahar", "none"]
    assert listed[["admin1", "records", "named", "province_only", "stand_in"]].to_numpy(dtype=object).tolist() == [
        ["AF-KAN", 21, 21, 0, False],
        ["AF-HEL", 19, 0, 19, True],
    ]
    assert listed["share"].tolist() == [0.21, 0.19]
    assert listed[["longitude", "latitude"]].to_numpy().tolist() == [list(KANDAHAR), list(LASHKAR_GAH)]


def test_no_records_share_no_points(afghanistan: Theatre) -> None:
    listed = shared_points(place(schema.empty_incidents(), afghanistan))
    assert listed.empty
    assert "share" in listed


@pytest.mark.reference
@pytest.mark.parametrize("pattern", ["ucdp/*syria*", "airwars/*"])
def test_no_real_record_loses_the_precision_that_its_source_gives(
    reference_data: Path, oir: Theatre, pattern: str
) -> None:
    placed = place(read(next(reference_data.glob(pattern))).records, oir)
    assert not placed["caveats"].map(lambda said: "stand_in_point" in said).any()


@pytest.mark.reference
def test_shared_points_of_ucdp_are_its_cities_and_its_stand_ins(reference_data: Path, oir: Theatre) -> None:
    """Counted in the file as published: where_prec 4 to 6 is the province, a fuzzy region or the country."""
    file = next((reference_data / "ucdp").glob("*syria*"))
    listed = shared_points(place(read(file).records, oir))
    raw = pd.read_csv(file, usecols=["latitude", "longitude", "where_prec", "where_coordinates"])
    aleppo = raw[raw["where_coordinates"] == "Aleppo town"]
    first = listed.iloc[0]
    assert (first["place"], first["records"], first["province_only"]) == ("Aleppo town", len(aleppo), 0)
    assert first["share"] == len(aleppo) / len(raw)
    vague = raw[raw["where_prec"] >= 4].groupby(["longitude", "latitude"]).size()
    every = raw.groupby(["longitude", "latitude"]).size()
    expected = every[(every >= FEWEST) & (vague.reindex(every.index, fill_value=0) > every / 2)]
    assert listed["stand_in"].sum() == len(expected) > 20
    assert listed.loc[listed["stand_in"], "records"].sum() == expected.sum()

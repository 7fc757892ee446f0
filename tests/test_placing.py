from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from civmap import schema
from civmap.placing import BORDER_TOLERANCE_KM, place, set_aside_ambiguous
from civmap.readers import read
from civmap.readers.result import Provenance, ReadResult
from civmap.theatre import Theatre

RAQQA = (39.01, 35.95)


def records(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    """Make records from rows of values; `point` is (longitude, latitude)."""
    given = pd.DataFrame(rows, dtype="object")
    points = [shapely.Point(*row["point"]) if row.get("point") else None for row in rows]
    defaults = {"source": "airwars", "location_precision": "settlement"}
    columns = {
        name: [default if pd.isna(value := row.get(name, default)) else value for row in rows]
        for name, default in defaults.items()
    }
    for name in ("admin1_as_reported", "party_as_reported"):
        if name in given:
            columns[name] = [row.get(name) for row in rows]
    columns["source_id"] = [str(number) for number in range(len(rows))]
    columns["caveats"] = [row.get("caveats", []) for row in rows]
    return schema.incident_frame(columns, points, length=len(rows))


def place_one(theatre: Theatre, **row: Any) -> Any:
    return place(records(row), theatre).iloc[0]


def test_point_decides_the_province(oir: Theatre) -> None:
    placed = place_one(oir, point=RAQQA)
    assert (placed["admin1"], placed["placed_by"], list(placed["caveats"])) == ("SY-RA", "point", [])


def test_every_province_holds_its_own_inner_point(oir: Theatre) -> None:
    inner = oir.boundaries.representative_point()
    placed = place(records(*({"point": (point.x, point.y)} for point in inner)), oir)
    assert list(placed["admin1"]) == list(oir.boundaries.index)
    assert set(placed["placed_by"]) == {"point"}


def beyond_the_border(theatre: Theatre, kilometres: float) -> tuple[float, float]:
    """Give a point so far west of the westernmost point of all provinces."""
    outline = shapely.get_coordinates(theatre.boundaries.geometry.to_numpy())
    west = outline[outline[:, 0].argmin()]
    return (west[0] - kilometres / (111.32 * np.cos(np.radians(west[1]))), west[1])


def test_point_just_outside_belongs_to_the_nearest_province(oir: Theatre) -> None:
    placed = place_one(oir, point=beyond_the_border(oir, BORDER_TOLERANCE_KM / 2))
    assert (placed["placed_by"], list(placed["caveats"])) == ("nearest", ["nearest_province"])
    assert placed["admin1"] in oir.boundaries.index


def test_point_beyond_the_tolerance_is_outside(oir: Theatre) -> None:
    placed = place_one(oir, point=beyond_the_border(oir, BORDER_TOLERANCE_KM * 1.5))
    assert (placed["placed_by"], list(placed["caveats"])) == ("outside", ["outside_theatre"])


def test_point_far_outside_gets_no_province(oir: Theatre) -> None:
    placed = place_one(oir, point=(2.35, 48.86))
    assert (placed["placed_by"], list(placed["caveats"])) == ("outside", ["outside_theatre"])
    assert pd.isna(placed["admin1"])


def test_exchanged_coordinates_are_said_so(afghanistan: Theatre) -> None:
    placed = place_one(afghanistan, point=(34.5, 69.2))
    assert (placed["placed_by"], list(placed["caveats"])) == ("outside", ["outside_theatre", "coordinates_swapped"])


def test_exchanged_coordinates_are_said_so_where_the_name_places_the_record(afghanistan: Theatre) -> None:
    placed = place_one(afghanistan, point=(34.5, 69.2), admin1_as_reported="Kabul")
    assert (placed["admin1"], placed["placed_by"]) == ("AF-KAB", "name")
    assert list(placed["caveats"]) == ["named_province_only", "coordinates_swapped"]


@pytest.mark.parametrize("name", ["Ar-Raqqah", "SY-RA", " ar raqqah "])
def test_record_without_point_is_placed_by_its_name(oir: Theatre, name: str) -> None:
    placed = place_one(oir, admin1_as_reported=name, location_precision="province")
    assert (placed["admin1"], placed["placed_by"]) == ("SY-RA", "name")
    assert pd.isna(placed["cell"])


def test_placing_by_name_lowers_the_precision_to_the_province(oir: Theatre) -> None:
    placed = place_one(oir, point=(2.35, 48.86), admin1_as_reported="SY-RA", location_precision="exact")
    assert (placed["location_precision"], list(placed["caveats"])) == ("province", ["named_province_only"])


def test_unknown_name_without_point_is_not_recognised(oir: Theatre) -> None:
    placed = place_one(oir, admin1_as_reported="Atlantis", location_precision="province")
    assert (placed["placed_by"], list(placed["caveats"])) == ("outside", ["place_not_recognised"])


def test_country_precision_gets_no_province(oir: Theatre) -> None:
    by_point = place_one(oir, point=RAQQA, location_precision="country", admin1_as_reported="SY-RA")
    without = place_one(oir, location_precision="country")
    assert by_point["placed_by"] == without["placed_by"] == "country"
    assert pd.isna(by_point["admin1"])
    assert pd.isna(without["admin1"])


def test_a_record_without_any_place_is_in_the_theatre_unless_the_others_of_its_file_are_not(oir: Theatre) -> None:
    assert place_one(oir, location_precision="country", source="own_log")["placed_by"] == "country"
    elsewhere = records({"location_precision": "country"}, {"point": (2.35, 48.86)})
    assert list(place(elsewhere, oir)["placed_by"]) == ["outside", "outside"]


def test_an_unknown_province_name_is_in_the_theatre_only_beside_records_that_are(oir: Theatre) -> None:
    alone = place_one(oir, location_precision="province", admin1_as_reported="Atlantis")
    assert (alone["placed_by"], list(alone["caveats"])) == ("outside", ["place_not_recognised"])
    both = records({"admin1_as_reported": "Atlantis"}, {"admin1_as_reported": "Aleppo"})
    assert list(place(both, oir)["placed_by"]) == ["country", "name"]


def test_country_precision_elsewhere_is_outside(oir: Theatre) -> None:
    assert place_one(oir, point=(2.35, 48.86), location_precision="country")["placed_by"] == "outside"


def test_disagreement_of_point_and_name_is_a_caveat_and_the_point_decides(oir: Theatre) -> None:
    placed = place_one(oir, point=RAQQA, admin1_as_reported="Aleppo")
    assert (placed["admin1"], list(placed["caveats"])) == ("SY-RA", ["province_disagrees"])


def test_name_that_the_theatre_does_not_know_is_no_disagreement(oir: Theatre) -> None:
    assert list(place_one(oir, point=RAQQA, admin1_as_reported="Atlantis")["caveats"]) == []


def test_disagreement_is_said_of_a_point_just_outside_too(oir: Theatre) -> None:
    beyond = beyond_the_border(oir, BORDER_TOLERANCE_KM / 2)
    nearest = place_one(oir, point=beyond)["admin1"]
    placed = place_one(oir, point=beyond, admin1_as_reported="Basra")
    assert placed["admin1"] == nearest != "IQ-BA"
    assert list(placed["caveats"]) == ["nearest_province", "province_disagrees"]
    assert list(place_one(oir, point=beyond, admin1_as_reported=nearest)["caveats"]) == ["nearest_province"]


def test_a_name_by_likeness_places_a_record_without_point_and_is_a_caveat(afghanistan: Theatre) -> None:
    placed = place_one(afghanistan, admin1_as_reported="Kandahr", location_precision="province")
    assert (placed["admin1"], placed["placed_by"]) == ("AF-KAN", "name")
    assert list(placed["caveats"]) == ["province_by_likeness"]


def test_a_name_by_likeness_is_held_against_the_point_and_said_only_where_it_counts(afghanistan: Theatre) -> None:
    kabul = (69.17, 34.53)
    assert list(place_one(afghanistan, point=kabul, admin1_as_reported="Kabull")["caveats"]) == []
    elsewhere = place_one(afghanistan, point=kabul, admin1_as_reported="Kandahr")
    assert elsewhere["admin1"] == "AF-KAB"
    assert list(elsewhere["caveats"]) == ["province_by_likeness", "province_disagrees"]


def test_a_point_abroad_is_not_drawn_in_by_a_name_that_is_merely_alike(afghanistan: Theatre) -> None:
    paris = (2.35, 48.86)
    assert place_one(afghanistan, point=paris, admin1_as_reported="Kandahr")["placed_by"] == "outside"
    assert place_one(afghanistan, point=paris, admin1_as_reported="Kandahar")["placed_by"] == "name"


def result_of(given: gpd.GeoDataFrame) -> ReadResult:
    """Wrap records as a reader returns them, beside one row that was set aside already."""
    given["source_row"] = pd.Series(range(1, len(given) + 1), dtype="Int32")
    before = pd.DataFrame([{"file": "log.csv", "source_row": len(given) + 1, "rule": "date_missing"}])
    rejected = before.reindex(columns=list(schema.REJECTED_COLUMNS)).astype(schema.empty_rejected().dtypes.to_dict())
    about = Provenance("log.csv", "0", 1, "utf-8", "civmap", "log", len(given) + 1, datetime.now(UTC))
    return ReadResult(given, rejected, about)


def test_records_that_only_an_ambiguous_name_could_place_are_set_aside_with_the_candidates(
    afghanistan: Theatre,
) -> None:
    given = records(
        {"admin1_as_reported": "Paktyka", "location_precision": "province"},
        {"admin1_as_reported": "Paktyka", "point": (69.17, 34.53)},  # its point decides
        {"admin1_as_reported": "Paktyka", "point": (2.35, 48.86)},  # abroad
        {"admin1_as_reported": "Kandahr", "location_precision": "province"},
        {"admin1_as_reported": "Kabul or Logar", "location_precision": "province"},
        {"admin1_as_reported": "Atlantis", "location_precision": "province"},
        {"admin1_as_reported": "Paktyka", "location_precision": "country"},
    )
    result = set_aside_ambiguous(result_of(given), afghanistan)
    assert len(result.records) + len(result.rejected) == result.provenance.read == 8
    aside = result.rejected[result.rejected["rule"] == "province_ambiguous"]
    assert aside["source_row"].tolist() == [1, 5]
    assert aside["source_id"].tolist() == ["0", "4"]
    assert aside["value"].tolist() == ["Paktyka", "Kabul or Logar"]
    assert aside["expected"].tolist()[1] == "one province: Kabul or Logar?"
    assert all(name in aside["expected"].tolist()[0] for name in ("Paktia", "Paktika"))
    assert set(aside["file"]) == {"log.csv"} and set(aside["column"]) == {"admin1_as_reported"}
    assert result.rejected["rule"].tolist() == ["province_ambiguous", "province_ambiguous", "date_missing"]
    assert result.records["source_id"].tolist() == ["1", "2", "3", "5", "6"]
    assert list(result.records.index) == [0, 1, 2, 3, 4]
    pd.testing.assert_series_equal(result.rejected.dtypes, schema.empty_rejected().dtypes)


def test_nothing_ambiguous_leaves_the_result_as_it_was(oir: Theatre) -> None:
    result = result_of(mixed(oir))
    assert set_aside_ambiguous(result, oir) is result
    empty = result_of(schema.empty_incidents())
    assert set_aside_ambiguous(empty, oir) is empty


def test_a_mended_row_that_was_set_aside_is_read_and_placed(afghanistan: Theatre, tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    header = "source_id,event_date,admin1,party_as_reported,reported_via,civilians_killed_best\n"
    file.write_text(header + "7,2010-05-01,Paktyka,ISAF,media;authority,3\n", encoding="utf-8")
    aside = set_aside_ambiguous(read(file), afghanistan).rejected
    mended = pd.DataFrame([json.loads(aside["row"].item()) | {"admin1_as_reported": "Paktika"}])
    mended.to_csv(tmp_path / "mended.csv", index=False)
    again = set_aside_ambiguous(read(tmp_path / "mended.csv", source="civmap"), afghanistan)
    assert again.rejected.empty
    placed = place(again.records, afghanistan).iloc[0]
    assert (placed["admin1"], placed["source_id"], placed["civilians_killed_best"]) == ("AF-PKA", "7", 3)
    assert f"{placed['event_date']:%Y-%m-%d}" == "2010-05-01"
    assert list(placed["reported_via"]) == ["media", "authority"]


@pytest.mark.reference
@pytest.mark.parametrize("pattern", ["ucdp/*syria*", "ucdp/*world*", "airwars/*"])
def test_every_real_row_is_accounted_for_after_placing(reference_data: Path, oir: Theatre, pattern: str) -> None:
    result = set_aside_ambiguous(read(next(reference_data.glob(pattern))), oir)
    placed = place(result.records, oir)
    assert len(placed) + len(result.rejected) == result.provenance.read
    by_likeness = placed["caveats"].map(lambda said: "province_by_likeness" in said)
    assert placed.loc[by_likeness, "placed_by"].isin(["name", "point", "nearest"]).all()


def test_caveats_of_the_reader_come_first(oir: Theatre) -> None:
    placed = place_one(oir, point=RAQQA, admin1_as_reported="Aleppo", caveats=["date_range"])
    assert list(placed["caveats"]) == ["date_range", "province_disagrees"]


def test_parties_are_the_theatres(oir: Theatre) -> None:
    named = ["US-led Coalition", "Russia; US-led Coalition", None, "Martians", "Russia; Martians"]
    placed = place(records(*({"point": RAQQA, "party_as_reported": name} for name in named)), oir)
    assert [list(parties) for parties in placed["parties"]] == [
        ["coalition"], ["coalition", "russia"], ["undetermined"], ["other"], ["other", "russia"],
    ]  # fmt: skip
    assert ["party_not_recognised" in caveats for caveats in placed["caveats"]] == [False, False, False, True, True]


def test_cell_is_the_finest_h3_cell_of_the_point(oir: Theatre) -> None:
    import h3

    expected = h3.str_to_int(h3.latlng_to_cell(RAQQA[1], RAQQA[0], schema.FINEST_CELL_RESOLUTION))
    assert place_one(oir, point=RAQQA)["cell"] == expected


def mixed(theatre: Theatre) -> gpd.GeoDataFrame:
    generator = np.random.default_rng(3)
    west, south, east, north = theatre.boundaries.total_bounds
    names = [None, "Aleppo", "SY-RA", "Atlantis"]
    return records(
        *(
            {
                "point": None if number % 5 == 0 else (generator.uniform(west, east), generator.uniform(south, north)),
                "admin1_as_reported": names[number % 4],
                "location_precision": schema.LOCATION_PRECISIONS[number % 5 if number % 3 else 1],
                "party_as_reported": [None, "Russia", "Russia; SDF"][number % 3],
                "caveats": [[], ["date_range"]][number % 2],
            }
            for number in range(300)
        )
    )


def test_input_is_left_as_it_was(oir: Theatre) -> None:
    given = mixed(oir)
    before = given.copy(deep=True)
    place(given, oir)
    pd.testing.assert_frame_equal(given, before)


def test_order_of_rows_is_irrelevant(oir: Theatre) -> None:
    given = mixed(oir)
    order = np.random.default_rng(0).permutation(len(given))
    shuffled = place(given.iloc[order].reset_index(drop=True), oir)
    pd.testing.assert_frame_equal(shuffled, place(given, oir).iloc[order].reset_index(drop=True))


def test_index_of_the_records_is_kept(oir: Theatre) -> None:
    given = mixed(oir).set_index(pd.Index(range(1000, 1300)))
    placed = place(given, oir)
    assert list(placed.index) == list(given.index)
    pd.testing.assert_frame_equal(placed.reset_index(drop=True), place(mixed(oir), oir))


def test_no_records_give_no_records_with_the_same_types(oir: Theatre) -> None:
    empty = place(schema.empty_incidents(), oir)
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, place(mixed(oir), oir).dtypes)


def test_every_record_is_placed_in_a_known_way(oir: Theatre) -> None:
    placed = place(mixed(oir), oir)
    assert set(placed["placed_by"]) <= set(schema.PLACED_BY)
    assert (placed["admin1"].isna() == placed["placed_by"].isin(["country", "outside"])).all()
    assert {caveat for caveats in placed["caveats"] for caveat in caveats} <= set(schema.CAVEAT_WORDS)


@pytest.mark.reference
def test_real_points_agree_with_a_spatial_join(reference_data: Path, oir: Theatre) -> None:
    given = read(next((reference_data / "ucdp").glob("ucdp_ged_syria*.csv.gz"))).records
    placed = place(given, oir)
    joined = gpd.sjoin(given[["geometry"]], oir.boundaries[["geometry"]], how="left", predicate="intersects")
    joined = joined[~joined.index.duplicated()]["admin1"]
    by_point = placed["placed_by"] == "point"
    assert by_point.sum() > 15_000
    assert (placed["admin1"][by_point] == joined[by_point]).all()
    elsewhere = placed["placed_by"].isin(["nearest", "name", "outside"])
    assert joined[elsewhere].isna().all()


@pytest.mark.reference
def test_nearest_province_of_real_points_is_within_the_tolerance(reference_data: Path, oir: Theatre) -> None:
    placed = place(read(next((reference_data / "ucdp").glob("ucdp_ged_syria*.csv.gz"))).records, oir)
    near = placed[placed["placed_by"] == "nearest"].to_crs(oir.measuring_crs)
    provinces = oir.boundaries.to_crs(oir.measuring_crs)
    to_all = np.column_stack([near.distance(province) for province in provinces.geometry])
    assert (to_all.min(axis=1) <= BORDER_TOLERANCE_KM * 1000).all()
    assert (provinces.index[to_all.argmin(axis=1)] == near["admin1"]).all()

"""Workbooks and geographic files: the same records as from a CSV, and whatever is no point set aside."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

from civmap.errors import ReadError
from civmap.readers import ReadResult, archives, geojson, read, spreadsheets
from civmap.readers.faults import RULES
from civmap.readers.files import open_table, read_records

KABUL, HERAT = (69.17, 34.53), (62.2, 34.35)
POLYGON = shapely.box(69, 34, 70, 35)


def log(*changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows in CivMap's own columns, without coordinates."""
    row = {"event_date": "2010-05-01", "admin1": "Kabul", "civilians_killed_best": "3"}
    return [{"source_id": str(number), **row, **change} for number, change in enumerate(changes or ({},), start=1)]


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {**log()[0], **properties}, "geometry": geometry}


def point(longitude: Any, latitude: Any) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [longitude, latitude]}


def write_geojson(path: Path, *features: Any, **members: Any) -> Path:
    text = json.dumps({"type": "FeatureCollection", **members, "features": list(features)})
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def write_book(path: Path, rows: list[list[Any]], *, merged: tuple[str, ...] = (), **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    for name, content in {"Log": rows, **sheets}.items():
        sheet = book.active if name == "Log" else book.create_sheet(name)
        sheet.title = name
        for row in content:
            sheet.append(row)
        for cells in merged if name == "Log" else ():
            sheet.merge_cells(cells)
    book.save(path)
    return path


def frame(points: list[Any], *, crs: Any = "EPSG:4326", **columns: Any) -> gpd.GeoDataFrame:
    rows = pd.DataFrame(log(*({"source_id": str(number)} for number in range(1, len(points) + 1)))).assign(**columns)
    return gpd.GeoDataFrame(rows, geometry=points, crs=crs)


def rules(result: ReadResult) -> dict[int, str]:
    """Give the rules of the rows set aside by their number, when every row is accounted for."""
    assert result.provenance.read == len(result.records) + len(result.rejected)
    together = [*result.records["source_row"], *result.rejected["source_row"]]
    assert sorted(together) == list(range(1, result.provenance.read + 1))
    return dict(zip(result.rejected["source_row"], result.rejected["rule"], strict=True))


def lon_lat(result: ReadResult) -> np.ndarray:
    return shapely.get_coordinates(result.records.geometry.to_numpy())


def texts(path: Path) -> dict[str, list[str | None]]:
    table = open_table(path)
    return {str(name): column for name, column in read_records(table, table.header).columns.to_pydict().items()}


# ---- GeoJSON --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ged.geojson", "ged.json", "ged.geojson.gz", "ged.txt"])
def test_ucdp_as_geojson_is_recognised_and_reads_like_its_csv(tmp_path: Path, name: str) -> None:
    row = {
        "id": 412700, "date_start": "2016-03-01", "date_end": "2016-03-02", "where_prec": 1, "deaths_civilians": 3,
        "deaths_unknown": 1, "low": 3, "best": 4, "high": 5, "type_of_violence": 3, "side_a": "IS",
        "side_b": "Civilians", "adm_1": "Ar Raqqah Governorate", "date_prec": 1, "country": "Syria",
    }  # fmt: skip
    pd.DataFrame([{**row, "latitude": 35.95, "longitude": 39.01}]).to_csv(tmp_path / "ged.csv", index=False)
    file = write_geojson(tmp_path / name, {"type": "Feature", "properties": row, "geometry": point(39.01, 35.95)})
    expected, found = read(tmp_path / "ged.csv"), read(file)
    assert (found.provenance.reader, found.provenance.encoding) == ("ucdp_ged", "geojson")
    assert expected.records["geometry"].notna().all() and rules(found) == {}
    pd.testing.assert_frame_equal(found.records, expected.records)


def test_a_collection_a_line_each_and_a_single_feature_read_alike(tmp_path: Path) -> None:
    features = [feature(point(*KABUL), source_id="1"), feature(point(*HERAT), source_id="2")]
    whole = read(write_geojson(tmp_path / "log.geojson", *features))
    (tmp_path / "log.geojsonl").write_text("\n".join(map(json.dumps, features)) + "\n")
    (tmp_path / "log.geojsons").write_text("".join(f"\x1e{json.dumps(one)}\n" for one in features))
    (tmp_path / "one.geojson").write_text(json.dumps(features[0]))
    assert lon_lat(whole).tolist() == [list(KABUL), list(HERAT)]
    for name in ("log.geojsonl", "log.geojsons"):
        pd.testing.assert_frame_equal(read(tmp_path / name).records, whole.records)
    assert lon_lat(read(tmp_path / "one.geojson")).tolist() == [list(KABUL)]


@pytest.mark.parametrize(
    "kind", ["Polygon", "LineString", "MultiPolygon", "MultiPoint", "GeometryCollection", "Circle"]
)
def test_what_is_no_point_is_set_aside_and_never_turned_into_one(tmp_path: Path, kind: str) -> None:
    ring = [[69, 34], [70, 34], [70, 35], [69, 34]]
    at = {"Polygon": [ring], "MultiPolygon": [[ring]]}.get(kind, ring)
    area = {"type": kind, "geometries": []} if kind == "GeometryCollection" else {"type": kind, "coordinates": at}
    result = read(write_geojson(tmp_path / "log.geojson", feature(point(*KABUL)), feature(area, source_id="2")))
    assert rules(result) == {2: "geometry_not_point"}
    aside = result.rejected.iloc[0]
    assert (aside["column"], aside["value"], aside["expected"]) == ("geometry", kind, RULES["geometry_not_point"])
    assert f'"geometry":"{kind}"' in aside["row"] and '"admin1":"Kabul"' in aside["row"]


def test_odd_geometries_are_a_point_no_point_or_a_fault(tmp_path: Path) -> None:
    result = read(
        write_geojson(
            tmp_path / "log.geojson",
            feature({"type": "MultiPoint", "coordinates": [list(KABUL)]}, source_id="one of several is a point"),
            feature(None, source_id="none, but a province"),
            feature({"type": "Point", "coordinates": []}, source_id="an empty point is none"),
            feature({"type": "Point", "coordinates": [*KABUL, 1800]}, source_id="a height does no harm"),
            feature(None, source_id="none, and no province", admin1=None),
            feature(point("north", 1), source_id="words"),
            feature(point(float("nan"), 34.5), source_id="not a number"),
            feature(point(float("inf"), 34.5), source_id="infinite"),
            feature({"type": "Point", "coordinates": [69.1]}, source_id="half"),
            feature({"type": "Point", "coordinates": "69.1, 34.5"}, source_id="a text"),
            feature({"type": "Point", "coordinates": [[69.1, 34.5], [1, 2]]}, source_id="nested"),
            feature({"type": "Point", "coordinates": [KABUL[1] + 60, KABUL[0] + 30]}, source_id="out of range"),
        )
    )  # fmt: skip
    assert rules(result) == {
        5: "place_missing", 6: "coordinate_unreadable", 7: "coordinate_unreadable", 8: "coordinate_unreadable",
        9: "coordinate_incomplete", 10: "coordinate_unreadable", 11: "coordinate_unreadable",
        12: "coordinate_out_of_range",
    }  # fmt: skip
    assert result.records.geometry.isna().tolist() == [False, True, True, False]


def test_what_stands_among_the_features_without_being_one_is_a_broken_record(tmp_path: Path) -> None:
    features = [feature(point(*KABUL)), 5, None, {"type": "Featur"}, feature(point(*HERAT), source_id="2")]
    result = read(write_geojson(tmp_path / "log.geojson", *features))
    assert rules(result) == {2: "broken_row", 3: "broken_row", 4: "broken_row"}
    assert list(result.records["source_row"]) == [1, 5]


def test_numbers_and_words_stay_as_they_are_written(tmp_path: Path) -> None:
    text = """{"type":"FeatureCollection","features":[{"type":"Feature","id":"x7","geometry":null,"properties":{
        "a":1.50,"b":1e2,"c":true,"d":null,"e":["u","v"],"f":{"g":1},"h":"2010/05/01","i":"","j":7}}]}"""
    (tmp_path / "log.geojson").write_text(text)
    assert texts(tmp_path / "log.geojson") == {
        "id": ["x7"], "a": ["1.50"], "b": ["1e2"], "c": ["true"], "d": [None], "e": ["u; v"], "f": ['{"g": "1"}'],
        "h": ["2010/05/01"], "i": [None], "j": ["7"], "longitude": [None], "latitude": [None],
    }  # fmt: skip


def test_own_columns_of_coordinates_count_where_both_are_filled(tmp_path: Path) -> None:
    result = read(
        write_geojson(
            tmp_path / "log.geojson",
            feature(point(*KABUL), latitude=HERAT[1], longitude=HERAT[0]),
            feature(point(*KABUL), source_id="2", latitude=None, longitude=HERAT[0]),
            feature(point(*KABUL), source_id="3", latitude=KABUL[1], longitude=KABUL[0]),
        )
    )
    assert lon_lat(result).tolist() == [list(HERAT), list(KABUL), list(KABUL)]
    assert [note for note in result.provenance.notes if "elsewhere" in note][0].startswith(
        "own longitude and latitude of 1"
    )


def test_another_coordinate_system_of_old_geojson_is_turned_into_degrees(tmp_path: Path) -> None:
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:32642", always_xy=True).transform(*KABUL)
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32642"}}
    result = read(
        write_geojson(tmp_path / "log.geojson", feature(point(x, y)), feature(point(1e30, y), source_id="2"), crs=crs)
    )
    assert rules(result) == {2: "coordinate_unreadable"}
    assert np.allclose(lon_lat(result), [KABUL], atol=1e-6)
    assert "EPSG:32642" in result.rejected["value"].iloc[0] or "EPSG:32642" in result.rejected["row"].iloc[0]
    same = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert lon_lat(read(write_geojson(tmp_path / "log.geojson", feature(point(*KABUL)), crs=same))).tolist() == [
        list(KABUL)
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"type":"FeatureCollection","features":[{"type":"Feature","prop', "damaged or cut short"),
        ('{"type":"FeatureCollection","features":[]}', "holds no feature"),
        ('{"type":"FeatureCollection"}', "not GeoJSON"),
        ('{"type":"Topology","objects":{}}', "not GeoJSON"),
        ("[1, 2]", "not GeoJSON"),
        ("[" * 100_000, "damaged or cut short"),
        ('{"a":' * 100_000, "damaged or cut short"),
        ('{"type":"FeatureCollection","crs":{"properties":{"name":"Mars"}},"features":[1]}', "not known"),
    ],
)
def test_what_is_no_geojson_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "log.geojson").write_text(text)
    with pytest.raises(ReadError, match=r"log\.geojson") as caught:
        read(tmp_path / "log.geojson")
    assert says in str(caught.value) and caught.value.next_step and len(str(caught.value)) < 1500


def test_geojson_beyond_reason_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "MAX_CELLS", 20)
    features = [feature(None, source_id=str(number), **{f"own{number}": 1}) for number in range(9)]
    with pytest.raises(ReadError, match="9 features with 13 different properties"):
        read(write_geojson(tmp_path / "log.geojson", *features))
    monkeypatch.setattr(geojson, "MAX_BYTES", 100)
    with pytest.raises(ReadError, match="Convert it"):
        read(write_geojson(tmp_path / "log.geojson", *features))


# ---- GeoPackage, Shapefile, GeoParquet ------------------------------------------------------------------------------


def zipped(folder: Path, name: str, *parts: str) -> Path:
    with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
        for file in sorted(folder.glob(f"{name}.*")):
            if file.suffix.lstrip(".") in parts:
                archive.write(file, f"some folder/{file.name}")
    return folder / f"{name}.zip"


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32642", "EPSG:3857"])
@pytest.mark.parametrize("kind", ["gpkg", "parquet", "shp"])
def test_points_in_any_coordinate_system_become_degrees(tmp_path: Path, kind: str, crs: str) -> None:
    given = frame([shapely.Point(KABUL), shapely.Point(HERAT), None], place=["Kabul", "هرات", "Café"])
    given = given.rename(columns={"civilians_killed_best": "killed"}).to_crs(crs)
    file = tmp_path / f"log.{kind}"
    if kind == "parquet":
        given.to_parquet(file)
    else:
        names = {"source_id": "id", "event_date": "date"} if kind == "shp" else {}
        given.rename(columns=names).to_file(file)
        file = zipped(tmp_path, "log", "shp", "shx", "dbf", "prj", "cpg") if kind == "shp" else file
    table = open_table(file)
    columns = read_records(table, table.header).columns.to_pydict()
    assert columns["place"] == ["Kabul", "هرات", "Café"]
    points = np.array([columns["longitude"], columns["latitude"]], dtype=object).T
    assert np.allclose(points[:2].astype(float), [KABUL, HERAT], atol=1e-6)
    assert points[2].tolist() == [None, None]
    assert any("EPSG" in note for note in table.notes) == (crs != "EPSG:4326")


def test_a_geopackage_reads_like_its_csv(tmp_path: Path) -> None:
    points = [shapely.Point(KABUL), shapely.Point(HERAT)]
    given = frame(points, civilians_killed_best=[3, 4], event_date=pd.to_datetime(["2010-05-01", "2010-05-02"]))
    given.to_file(tmp_path / "log.gpkg")
    plain = pd.DataFrame(given.drop(columns="geometry")).assign(longitude=given.geometry.x, latitude=given.geometry.y)
    plain.to_csv(tmp_path / "log.csv", index=False)
    found = read(tmp_path / "log.gpkg")
    assert rules(found) == {}
    pd.testing.assert_frame_equal(found.records, read(tmp_path / "log.csv").records)


@pytest.mark.parametrize("kind", ["gpkg", "parquet", "geojson"])
def test_areas_and_lines_of_any_file_are_set_aside(tmp_path: Path, kind: str) -> None:
    shapes = [shapely.Point(KABUL), POLYGON, shapely.LineString([KABUL, HERAT]), None, shapely.MultiPoint([HERAT])]
    given = frame(shapes)
    given.to_parquet(tmp_path / "log.parquet") if kind == "parquet" else given.to_file(tmp_path / f"log.{kind}")
    result = read(tmp_path / f"log.{kind}")
    assert rules(result) == {2: "geometry_not_point", 3: "geometry_not_point"}
    assert list(result.rejected["value"]) == ["Polygon", "LineString"]
    assert lon_lat(result).tolist() == [list(KABUL), list(HERAT)]


def test_the_largest_layer_is_read_and_the_others_are_named(tmp_path: Path) -> None:
    frame([shapely.Point(KABUL)]).to_file(tmp_path / "log.gpkg", layer="small")
    frame([shapely.Point(KABUL), shapely.Point(HERAT)]).to_file(tmp_path / "log.gpkg", layer="large")
    result = read(tmp_path / "log.gpkg")
    assert len(result.records) == 2
    assert "layer 'large' was read, not 'small' (1 records)" in result.provenance.notes
    assert len(read_records(open_table(tmp_path / "log.gpkg", sheet="small"), ["source_id"]).columns) == 1
    with pytest.raises(ReadError, match="no layer 'other'.*large, small|no layer 'other'.*small, large"):
        open_table(tmp_path / "log.gpkg", sheet="other")


def test_a_shapefile_without_its_other_files_says_which_belong_to_it(tmp_path: Path) -> None:
    frame([shapely.Point(KABUL)]).rename(columns={"civilians_killed_best": "killed"}).to_file(tmp_path / "log.shp")
    (tmp_path / "log.dbf").unlink()
    with pytest.raises(ReadError, match=r"log\.shp: the Shapefile has no table.*\.dbf"):
        read(tmp_path / "log.shp")
    (tmp_path / "log.shx").unlink()
    with pytest.raises(ReadError, match=r"log\.shp.*\.shx, \.dbf and \.prj"):
        read(tmp_path / "log.shp")


def test_without_a_coordinate_system_degrees_are_assumed_and_metres_refused(tmp_path: Path) -> None:
    short = {"civilians_killed_best": "killed"}
    for crs in ("EPSG:4326", "EPSG:32642"):
        frame([shapely.Point(KABUL)]).rename(columns=short).to_crs(crs).to_file(tmp_path / "log.shp")
        (tmp_path / "log.prj").unlink()
        file = zipped(tmp_path, "log", "shp", "shx", "dbf")
        if crs == "EPSG:4326":
            assert any("taken as degrees" in note for note in open_table(file).notes)
        else:
            with pytest.raises(ReadError, match=r"does not say in which coordinate system.*\.prj"):
                open_table(file)


def test_a_database_that_is_no_geopackage_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.gpkg").write_bytes(b"SQLite format 3\x00" + bytes(5000))
    with pytest.raises(ReadError, match=r"log\.gpkg: the geographic file is damaged"):
        read(tmp_path / "log.gpkg")


# ---- workbooks ------------------------------------------------------------------------------------------------------

HEADER = ["source_id", "event_date", "latitude", "longitude", "civilians_killed_best", "place"]


def test_a_workbook_reads_like_its_csv(tmp_path: Path) -> None:
    rows = [[1, dt.date(2010, 5, 1), 34.5, 69.2, 3, "Kabul"], ["x-2", dt.datetime(2010, 5, 2, 1, 30), 34, 69, 0, None]]
    text = ["1,2010-05-01,34.5,69.2,3,Kabul", "x-2,2010-05-02 01:30:00,34,69,0,"]
    (tmp_path / "log.csv").write_text("\n".join([",".join(HEADER), *text]))
    found = read(write_book(tmp_path / "log.xlsx", [HEADER, *rows]))
    assert rules(found) == {} and found.provenance.encoding == "xlsx"
    pd.testing.assert_frame_equal(found.records, read(tmp_path / "log.csv").records)


def test_cells_are_written_as_they_would_be_typed(tmp_path: Path) -> None:
    cells = [
        "text",
        3,
        3.5,
        -2,
        1e20,
        True,
        dt.date(2010, 5, 1),
        dt.datetime(2010, 5, 1, 14, 30),
        dt.time(1, 30),
        "0",
    ]
    header = [f"c{number}" for number in range(len(cells))]
    found = texts(write_book(tmp_path / "log.xlsx", [header, cells]))
    assert [column[0] for column in found.values()] == [
        "text", "3", "3.5", "-2", "1e+20", "true", "2010-05-01", "2010-05-01 14:30:00", "01:30:00", "0",
    ]  # fmt: skip


def test_titles_groups_merged_and_empty_columns_are_ordinary(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Civilian casualties 2010"], ["as of", dt.date(2011, 1, 1)], [],
        ["source\n id", "event_date", "Place", None, None, "Civilians", None],
        [None, None, "latitude", "longitude", None, "killed", "injured"],
        [1, dt.date(2010, 5, 1), 34.5, 69.2, None, 3, 4],
        [],
        [2, dt.date(2010, 5, 2), 34.5, 69.2, None, 5, 6],
    ]  # fmt: skip
    table = open_table(write_book(tmp_path / "log.xlsx", rows, merged=("A1:G1", "A4:A5", "B4:B5", "C4:D4", "F4:G4")))
    assert table.header == (
        "source id",
        "event_date",
        "Place latitude",
        "Place longitude",
        "Civilians killed",
        "Civilians injured",
    )
    assert texts(table.path)["Civilians killed"] == ["3", "5"]
    assert table.notes[0] == "above the header, not read: 'Civilian casualties 2010', 'as of 2011-01-01'"


def test_texts_and_dates_merged_downwards_count_for_each_row_and_numbers_once(tmp_path: Path) -> None:
    rows = [["id", "date", "province", "killed"], [1, dt.date(2010, 5, 1), "Kabul", 5], [2], [3, None, "Herat", 1]]
    found = texts(write_book(tmp_path / "log.xlsx", rows, merged=("B2:B4", "C2:C3", "D2:D3")))
    assert found == {
        "id": ["1", "2", "3"], "date": ["2010-05-01"] * 3, "province": ["Kabul", "Kabul", "Herat"],
        "killed": ["5", None, "1"],
    }  # fmt: skip


def test_the_largest_sheet_is_read_and_a_hidden_one_only_if_asked_for(tmp_path: Path) -> None:
    file = write_book(
        tmp_path / "log.xlsx", [HEADER, [1]], Data=[HEADER, [1], [2], [3]], Codes=[HEADER, *[[n] for n in range(99)]]
    )
    book = openpyxl.load_workbook(file)
    book["Codes"].sheet_state = "hidden"
    book.save(file)
    table = open_table(file)
    assert texts(file)["source_id"] == ["1", "2", "3"]
    assert table.notes == ("sheet 'Data' was read, not 'Log' (2 rows), 'Codes' (100 rows)",)
    assert len(read_records(open_table(file, sheet="Codes"), ["source_id"]).columns) == 99
    with pytest.raises(ReadError, match="no sheet 'Other'.*Log, Data, Codes"):
        open_table(file, sheet="Other")


def test_a_table_that_begins_lower_and_further_right_is_found(tmp_path: Path) -> None:
    rows = [
        [None, None],
        [None, None],
        [None, None, "id", "date", "killed"],
        [None, None, 1, dt.date(2010, 5, 1), 2],
        [None, None, 2],
    ]
    found = texts(write_book(tmp_path / "log.xlsx", rows, merged=("D4:D5",)))
    assert found == {"id": ["1", "2"], "date": ["2010-05-01"] * 2, "killed": ["2", None]}


def test_an_empty_workbook_and_one_of_a_header_alone(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="the workbook is empty"):
        read(write_book(tmp_path / "log.xlsx", []))
    assert read(write_book(tmp_path / "log.xlsx", [HEADER])).provenance.read == 0


# ---- what would fill the memory -------------------------------------------------------------------------------------


def changed(path: Path, part: str, old: bytes, new: bytes) -> Path:
    """Change one part of a workbook, as no spreadsheet would write it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(old, new) if name == part else content)
    return path


SHEET = "xl/worksheets/sheet1.xml"


def test_a_long_workbook_that_names_the_namespace_of_relations_is_read(tmp_path: Path) -> None:
    """Excel writes xmlns:r="http://..." on every sheet; that is no cell in a column named http."""
    rows = [[f"row {number}"] for number in range(3_000)]
    book = write_book(tmp_path / "log.xlsx", [HEADER[:1], *rows])
    named = b'<worksheet xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    with zipfile.ZipFile(book) as archive:
        said = b"xmlns:r=" in archive.read(SHEET)
    file = book if said else changed(book, SHEET, b"<worksheet ", named)
    assert read_records(open_table(file), HEADER[:1]).columns.num_rows == 3_000


@pytest.mark.parametrize("cell", [b'r="XFD1048576"', b"r='XFD1048576'", b'r = "XFD1048576"', b't="s"r="XFD1048576"'])
def test_a_cell_far_out_is_refused_before_room_is_made_for_all_before_it(tmp_path: Path, cell: bytes) -> None:
    file = changed(write_book(tmp_path / "log.xlsx", [HEADER, [1]]), SHEET, b'r="A2"', cell)
    with pytest.raises(ReadError, match="too large.*row 1,048,576, column 16,384.*Delete empty rows"):
        read(file)


@pytest.mark.parametrize("row", [b"1048577", b"99999999999", b"4294967297"])
def test_a_row_that_cannot_be_is_refused(tmp_path: Path, row: bytes) -> None:
    file = changed(write_book(tmp_path / "log.xlsx", [HEADER, [1]]), SHEET, b'<row r="2"', b'<row r="%s"' % row)
    with pytest.raises(ReadError, match="too large"):
        read(file)


def test_a_list_said_to_be_endless_is_refused(tmp_path: Path) -> None:
    file = write_book(tmp_path / "log.xlsx", [HEADER, [1]])
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", '<sst count="1" uniqueCount="999999999999"><si><t>a</t></si></sst>')
    with pytest.raises(ReadError, match="a list of more than"):
        read(file)


def test_workbooks_and_archives_that_unpack_to_too_much_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = write_book(tmp_path / "log.xlsx", [HEADER, *([number, "x" * 500] for number in range(500))])
    monkeypatch.setattr(spreadsheets, "MAX_BYTES", 100_000)
    with pytest.raises(ReadError, match="too large.*once unpacked"):
        read(book)
    monkeypatch.setattr("civmap.readers.files.MAX_BYTES", 100_000)
    with zipfile.ZipFile(tmp_path / "log.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.csv", ",".join(HEADER) + "\n" + "0" * 200_000)
    with pytest.raises(ReadError, match="unpacks to more than"):
        read(tmp_path / "log.zip")


def test_one_long_text_said_again_and_again_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = write_book(tmp_path / "log.xlsx", [HEADER, *([number, "x" * 30_000] for number in range(20))])
    monkeypatch.setattr(spreadsheets, "MAX_BYTES", 10_000_000)
    shared = changed(book, SHEET, b"x" * 30_000, b"x" * 29_999)
    size = sum(one.file_size for one in zipfile.ZipFile(shared).infolist())
    monkeypatch.setattr(spreadsheets, "MAX_BYTES", size + 1)
    assert read_records(open_table(shared), ["source_id"]).columns.num_rows == 20
    monkeypatch.setattr(spreadsheets, "_check", lambda *_: None)
    monkeypatch.setattr(spreadsheets, "MAX_BYTES", 100_000)
    with pytest.raises(ReadError, match="MB of text"):
        open_table(shared)


# ---- archives -------------------------------------------------------------------------------------------------------


def archive_of(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("a__", "a/").replace("_dot_", "."), content)
    return path


CSV = "source_id,event_date,admin1\n1,2010-05-01,Kabul\n2,never,Kabul\n"


def test_the_one_table_of_an_archive_is_read(tmp_path: Path) -> None:
    file = archive_of(tmp_path / "log.zip", a__log_dot_csv=CSV, readme_dot_txt="see below", **{"__MACOSX/a.csv": "x"})
    result = read(file)
    assert rules(result) == {2: "date_unreadable"}
    assert result.provenance.file == "log.zip" and result.provenance.notes[0] == "read from log.csv"
    assert result.provenance.sha256 == open_table(file).sha256
    write_geojson(tmp_path / "log.geojson", feature(point(*KABUL)))
    with zipfile.ZipFile(tmp_path / "geo.zip", "w") as archive:
        archive.write(tmp_path / "log.geojson", "log.geojson")
    assert lon_lat(read(tmp_path / "geo.zip")).tolist() == [list(KABUL)]


def test_a_fault_of_the_table_inside_names_both(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"log\.zip: a\.csv: the file is empty"):
        read(archive_of(tmp_path / "log.zip", a_dot_csv=""))


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"a_dot_csv": CSV, "b_dot_csv": CSV}, "2 tables (a.csv, b.csv)"),
        ({"a_dot_png": "x"}, "0 tables (a.png)"),
        ({}, "0 tables"),
    ],
)
def test_an_archive_of_several_tables_or_none_is_refused(tmp_path: Path, members: dict[str, str], found: str) -> None:
    with pytest.raises(ReadError, match=r"log\.zip: a zip archive must hold one table") as caught:
        read(archive_of(tmp_path / "log.zip", **members))
    assert caught.value.found == found or not members


def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as archive:
        archive.writestr("../../../outside.csv", CSV)
    with zipfile.ZipFile(tmp_path / "log.zip") as archive:
        (tmp_path / "folder").mkdir()
        assert (
            archives.unpacked(archive, tmp_path / "folder", name="log.zip", most_bytes=1000).parent
            == tmp_path / "folder"
        )
    assert len(read(tmp_path / "log.zip").records) == 1


def test_a_locked_or_damaged_archive_says_so(tmp_path: Path) -> None:
    content = bytearray(archive_of(tmp_path / "log.zip", a_dot_csv=CSV).read_bytes())
    locked = bytearray(content)
    at = locked.index(b"PK\x01\x02")
    locked[6] |= 1
    locked[at + 8] |= 1
    for bad in (bytes(locked), bytes(content[:-30]), bytes(content[:40]), b"PK\x03\x04rest of a zip"):
        (tmp_path / "log.zip").write_bytes(bad)
        with pytest.raises(ReadError, match=r"log\.zip: the zip archive or workbook is damaged, cut short or locked"):
            read(tmp_path / "log.zip")

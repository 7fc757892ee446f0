"""Data files: read again by other programs, with the numbers of the exhibit and all that must stand beside them."""

import csv
import io
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely

from civmap.errors import ExportError
from civmap.exports import data
from civmap.exports.prepared import Prepared
from civmap.figures.part import Part


def by_ending(one: Prepared, *forms: str) -> dict[str, bytes]:
    return dict(data.files(one, forms or data.FORMS))


def test_csv_is_read_again_between_its_lines(ready: dict[str, Prepared]) -> None:
    one = ready["national_trend"]
    for content in by_ending(one, "csv").values():
        lines = content.decode("utf-8-sig").splitlines()
        assert lines[0] == lines[-1] == f"# {one.marking}" and "# SYNTHETIC DATA" in lines
        head = "\n".join(line for line in lines if line.startswith("# "))
        assert all(f"# {line}" in head for line in one.stamp) and one.exhibit.sentence in head
    counts = pd.read_csv(io.BytesIO(next(iter(by_ending(one, "csv").values()))), comment="#")
    assert counts.iloc[:, 1].tolist() == one.exhibit.parts[0].table["value"].tolist()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_no_cell_is_run_by_a_spreadsheet(cell: str, ready: dict[str, Prepared]) -> None:
    part = Part("table", "Cells", {"table": pd.DataFrame({"What": [cell, "plain"], "N": [1, -2]})}, "two rows")
    one = replace(ready["totals"], exhibit=replace(ready["totals"].exhibit, parts=(part,)))
    files = by_ending(one, "csv", "xlsx")
    written = next(content.decode() for name, content in files.items() if name.endswith("csv"))
    assert f"\"'{cell}" in written and "-2" in written
    book = openpyxl.load_workbook(io.BytesIO(next(c for n, c in files.items() if n.endswith("xlsx"))))
    cells = [box for sheet in book for row in sheet.iter_rows() for box in row]
    assert not any(box.data_type == "f" for box in cells) and any(box.value == -2 for box in cells)


def test_neither_a_title_nor_a_header_nor_a_category_is_run(ready: dict[str, Prepared]) -> None:
    """A line that begins with ``#`` is split into cells too."""
    mixed = pd.Series(["=1+1", 5, None, ("=2", "b")], dtype="object")
    cells = pd.DataFrame({"=header": mixed, "kind": pd.Categorical(["@a", "b", "b", "b"])})
    part = Part("table", "Cells", {"table": cells}, "four rows")
    one = replace(ready["totals"], exhibit=replace(ready["totals"].exhibit, parts=(part,)), title='a,=1+1;  "-2\t@b')
    written = by_ending(one, "csv").popitem()[1].decode("utf-8-sig")
    for separator in ",;\t":
        for line in csv.reader(written.splitlines(), delimiter=separator):
            assert not any(cell.lstrip(' "').startswith(("=", "+", "-", "@")) for cell in line), line
    read = pd.read_csv(io.StringIO(written), comment="#")
    assert read.columns.tolist() == ["'=header", "kind"] and read["kind"].tolist() == ["'@a", "b", "b", "b"]
    assert read.iloc[:, 0].fillna("").tolist() == ["'=1+1", "5", "", "'=2; b"]


def test_a_long_marking_still_stands_on_printed_pages(ready: dict[str, Prepared]) -> None:
    one = replace(ready["totals"], marking="R&D " * 60)
    book = openpyxl.load_workbook(io.BytesIO(by_ending(one, "xlsx").popitem()[1]))
    assert all(str(sheet.oddHeader.center.text).startswith("R&&D R&&D") for sheet in book)


def test_too_many_rows_for_a_sheet_are_said(ready: dict[str, Prepared], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "MOST_ROWS", 3)
    with pytest.raises(ExportError, match="too many rows"):
        by_ending(ready["national_trend"], "xlsx")


def test_a_workbook_has_a_sheet_for_each_part_and_one_about_them(ready: dict[str, Prepared]) -> None:
    one = ready["trend_table"]
    book = openpyxl.load_workbook(io.BytesIO(by_ending(one, "xlsx").popitem()[1]))
    assert book.sheetnames[0] == "About" and len(book.sheetnames) == 3
    about = [row[0].value for row in book["About"].iter_rows()]
    assert about[0] == about[-1] == one.marking and set(one.stamp) <= set(about)
    for sheet in book:
        assert sheet.oddHeader.center.text == sheet.oddFooter.center.text == one.marking
    assert json.loads(book.properties.description)["exhibits"][0]["recipe"]["analysis"] == "trend_table"
    table = one.exhibit.parts[0].table
    first = [row[0].value for row in book.worksheets[1].iter_rows(min_row=2)]
    assert first == table.iloc[:, 0].tolist()


def test_parts_with_long_and_like_titles_get_sheets_of_their_own(ready: dict[str, Prepared]) -> None:
    table = {"table": pd.DataFrame({"N": [1]})}
    parts = tuple(
        Part("table", title, table, "one") for title in ("A/B:*?[x]" + "y" * 60, "A/B:*?[x]" + "y" * 61, "about")
    )
    one = replace(ready["totals"], exhibit=replace(ready["totals"].exhibit, parts=parts))
    names = openpyxl.load_workbook(io.BytesIO(by_ending(one, "xlsx").popitem()[1])).sheetnames
    assert len({name.casefold() for name in names}) == 4 and all(len(name) <= 31 for name in names)


def test_shapes_are_read_again_with_their_numbers_and_their_marking(ready: dict[str, Prepared], tmp_path: Path) -> None:
    one = ready["incident_map"]
    cells = one.exhibit.parts[0].frames["cells"]
    files = by_ending(one)
    geojson = json.loads(
        files[next(name for name in files if name.endswith("cells-" + one.exhibit.fingerprint + ".geojson"))]
    )
    assert set(geojson) == {"type", "civmap", "features"} and geojson["civmap"]["marking"] == one.marking
    assert len(geojson["features"]) == len(cells)
    assert shapely.geometry.shape(geojson["features"][0]["geometry"]).exterior.is_ccw, "RFC 7946"
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        if name.endswith(".parquet"):
            held = json.loads(pq.read_schema(tmp_path / name).metadata[b"civmap"])
            assert held["marking"] == one.marking and held["stamp"] == list(one.stamp)
            assert gpd.read_parquet(tmp_path / name).crs == "EPSG:4326"
        if name.endswith(".gpkg"):
            read = gpd.read_file(tmp_path / name, layer="cells")
            assert read["incidents"].sum() == cells["incidents"].sum() and read.crs == "EPSG:4326"
            with sqlite3.connect(tmp_path / name) as base:
                said = " ".join(row[0] for row in base.execute("SELECT metadata FROM gpkg_metadata"))
                described = {row[0] for row in base.execute("SELECT description FROM gpkg_contents")}
            assert one.marking in said and described == {f"{one.marking}. {one.heading}"}
    for name, content in files.items():
        assert b"label" not in content.split(b"\n")[0] or not name.endswith("json")
        if name.endswith(".geojson"):
            assert not {"label", "place", "near"} & set(json.loads(content)["features"][0]["properties"])


def test_an_exhibit_without_a_map_has_no_shapes(ready: dict[str, Prepared]) -> None:
    endings = {name.rsplit(".", 1)[1] for name in by_ending(ready["totals"])}
    assert endings == {"csv", "xlsx"}
    with pytest.raises(ExportError, match="no form 'doc'"):
        data.files(ready["totals"], ["doc"])

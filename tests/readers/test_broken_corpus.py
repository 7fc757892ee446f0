"""Some hundred broken files made from good ones of every kind: a clear error, or every row in or set aside.

The same seeds give the same files. To look at one: `broken("ucdp_ged.csv", "bytes flipped", 3)`.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from civmap.errors import CivMapError
from civmap.readers import Mapping, read, suggest
from civmap.readers.faults import RULES
from civmap.readers.mapping import Field
from tests.conftest import ROOT

ROWS = 12
Breaker = Callable[[bytes, random.Random], bytes]

# ---- good files -----------------------------------------------------------------------------------------------------

UCDP = {
    "id": "1", "date_start": "2016-03-01", "date_end": "2016-03-02", "where_prec": "1", "latitude": "35.95",
    "longitude": "39.01", "deaths_civilians": "3", "deaths_unknown": "1", "low": "3", "best": "4", "high": "6",
    "type_of_violence": "3", "side_a": "IS", "side_b": "Civilians", "adm_1": "Ar Raqqah", "date_prec": "2",
    "where_coordinates": "Raqqa town", "country": "Syria", "source_headline": 'He said "stop", then left',
}  # fmt: skip
ACLED = {
    "event_id_cnty": "AFG1", "event_date": "2019-03-01", "year": "2019", "time_precision": "1",
    "disorder_type": "Political violence", "event_type": "Explosions/Remote violence",
    "sub_event_type": "Air/drone strike", "actor1": "Taliban", "assoc_actor_1": "", "inter1": "Rebel group",
    "actor2": "Civilians (Afghanistan)", "assoc_actor_2": "", "inter2": "Civilians",
    "interaction": "Rebel group-Civilians",
    "civilian_targeting": "Civilian targeting", "iso": "4", "region": "Caucasus and Central Asia",
    "country": "Afghanistan", "admin1": "Helmand", "admin2": "Sangin", "admin3": "", "location": "Sangin",
    "latitude": "32.07", "longitude": "64.83", "geo_precision": "1", "source": "A Paper", "source_scale": "National",
    "notes": "A note, with a comma.", "fatalities": "4", "tags": "", "timestamp": "1551830400",
}  # fmt: skip
AIRWARS = {
    "code": "CS1", "airwars_id": "7", "incident_date": "2016-03-01", "incident_date_end": "",
    "belligerents_original": "US-led Coalition, Russian Military", "civilians_killed_min": "1",
    "civilians_killed_max": "4", "women_killed_min": "", "women_killed_max": "1", "latitude": "35.95",
    "longitude": "39.01", "governorate_original": "Ar Raqqah", "location_en": "Raqqa, Ar Raqqah",
    "geolocation_accuracy": "town",
    "strike_type_original": "Airstrike", "strike_status_original": "Likely strike",
    "civilian_harm_status_original": "Fair",
}  # fmt: skip
CIVMAP = {
    "source_id": "1", "event_date": "2010-05-01", "latitude": "34.5", "longitude": "69.2", "admin1": "Kabul",
    "civilians_killed_min": "1", "civilians_killed_best": "2", "civilians_killed_max": "3", "cause": "ied",
    "place": "Café",
}  # fmt: skip
OWN = {"No": "1", "Day": "25/06/2010", "Where": "34.5, 69.2", "Wilayat": "کابل", "Killed": "4-7", "Note": "x"}
MAPPING = Mapping(
    (Field("source_id", "No"), Field("event_date", "Day", "day first"), Field("coordinates", "Where", "lat, long"),
     Field("admin1_as_reported", "Wilayat"), Field("civilians_killed", "Killed"))
)  # fmt: skip
LON_LAT = ("longitude", "latitude")
IDS = {"id", "event_id_cnty", "code", "source_id", "No"}


def rows_of(row: dict[str, str]) -> list[dict[str, str]]:
    return [row | {name: f"{row[name]}{number}" for name in IDS & set(row)} for number in range(1, ROWS + 1)]


def as_csv(row: dict[str, str]) -> bytes:
    return pd.DataFrame(rows_of(row)).to_csv(index=False).encode()


def as_parquet(row: dict[str, str]) -> bytes:
    out = io.BytesIO()
    pd.DataFrame(rows_of(row)).to_parquet(out)
    return out.getvalue()


def as_book(row: dict[str, str]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for cells in [["A title"], list(row), *(list(one.values()) for one in rows_of(row))]:
        book.active.append(cells)
    book.save(out)
    return out.getvalue()


def as_geojson(row: dict[str, str]) -> bytes:
    features = [
        {"type": "Feature", "properties": {name: value for name, value in one.items() if name not in LON_LAT},
         "geometry": {"type": "Point", "coordinates": [float(one[name]) for name in LON_LAT]}}
        for one in rows_of(row)
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def as_layer(row: dict[str, str], folder: Path, kind: str) -> bytes:
    frame = pd.DataFrame(rows_of(row))
    points = gpd.points_from_xy(frame.pop("longitude").astype(float), frame.pop("latitude").astype(float))
    given = gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:4326")
    file = folder / f"log.{kind}"
    if kind == "parquet":
        given.to_parquet(file)
    elif kind == "gpkg":
        given.to_file(file)
    else:
        given.rename(columns={name: name[:10] for name in frame}).to_file(file)
        with zipfile.ZipFile(folder / "log.zip", "w") as archive:
            for part in ("shp", "shx", "dbf", "prj", "cpg"):
                archive.write(folder / f"log.{part}", f"log.{part}")
        file = folder / "log.zip"
    return file.read_bytes()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("good")
    short = {"source_id": "1", "event_date": "2010-05-01", "latitude": "34.5", "longitude": "69.2", "admin1": "Kabul"}
    return {
        "ucdp_ged.csv": as_csv(UCDP), "acled.csv": as_csv(ACLED), "airwars.csv": as_csv(AIRWARS),
        "civmap.csv": as_csv(CIVMAP), "own.csv": as_csv(OWN), "airwars.csv.gz": gzip.compress(as_csv(AIRWARS), mtime=0),
        "civmap.parquet": as_parquet(CIVMAP), "own.xlsx": as_book(OWN), "civmap.xlsx": as_book(CIVMAP),
        "ucdp_ged.geojson": as_geojson(UCDP), "civmap.gpkg": as_layer(CIVMAP, folder, "gpkg"),
        "civmap.geo.parquet": as_layer(CIVMAP, folder, "parquet"), "shape.zip": as_layer(short, folder, "shp"),
    }  # fmt: skip


# ---- ways of breaking -----------------------------------------------------------------------------------------------


def flipped(content: bytes, seed: random.Random) -> bytes:
    broken = bytearray(content)
    for _ in range(seed.choice([1, 1, 3, 30])):
        broken[seed.randrange(len(broken))] ^= 1 << seed.randrange(8)
    return bytes(broken)


def cut(content: bytes, seed: random.Random) -> bytes:
    return content[: seed.randrange(len(content))]


def blotted(content: bytes, seed: random.Random) -> bytes:
    at, length = seed.randrange(len(content)), seed.choice([4, 64, 512])
    return content[:at] + bytes([seed.choice([0, 0xFF, 0x20])]) * length + content[at + length :]


def doubled(content: bytes, seed: random.Random) -> bytes:
    at = seed.randrange(len(content))
    return content[:at] + content[at // 2 :]


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def text(rows: list[list[str]], delimiter: str = ",") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(rows)
    return out.getvalue().encode()


def some(rows: list[list[str]], seed: random.Random, values: list[str], *, most: int = 20) -> bytes:
    """Put odd values into fields of records; the header stays."""
    for _ in range(seed.randint(1, most)):
        row = seed.choice(rows[1:])
        row[seed.randrange(len(row))] = seed.choice(values)
    return text(rows)


FORMULAS = ["=cmd|' /C calc'!A0", "=1+1", "+1+1", "@SUM(A1)", "-2+3", '=HYPERLINK("http://x","y")', "=cmd()"]
NUMBERS = [
    "NaN",
    "inf",
    "-inf",
    "1e999",
    "-1",
    "1e308",
    "0x10",
    "٣",
    "--",
    "1,5",
    "9" * 400,
    "#REF!",
    "1970-01-01",
    "0",
]
TEXTS = [
    "",
    " ",
    '"',
    "a\nb",
    "a\rb",
    "\u202e",
    "\x00",
    "\x1c",
    "x" * 200_000,
    "Ünïcödé",
    "هرات",
    "'; DROP TABLE x",
    "<script>",
]


def columns_dropped(content: bytes, seed: random.Random) -> bytes:
    rows, gone = table(content), seed.randrange(5)
    return text([[cell for number, cell in enumerate(row) if number != gone % len(row)] for row in rows])


def fields_dropped(content: bytes, seed: random.Random) -> bytes:
    rows = table(content)
    for row in seed.sample(rows[1:], 4):
        del row[seed.randrange(len(row))]
    return text(rows)


def delimiters_mixed(content: bytes, seed: random.Random) -> bytes:
    lines = content.decode().splitlines()
    for number in seed.sample(range(len(lines)), seed.randint(1, 5)):
        lines[number] = lines[number].replace(",", seed.choice(";\t|"))
    return "\n".join(lines).encode()


def quotes_open(content: bytes, seed: random.Random) -> bytes:
    lines = content.decode().splitlines()
    for number in seed.sample(range(len(lines)), seed.randint(1, 4)):
        at = seed.randrange(len(lines[number]))
        lines[number] = lines[number][:at] + '"' + lines[number][at:]
    return "\n".join(lines).encode()


def recoded(content: bytes, seed: random.Random) -> bytes:
    encoding = seed.choice(["utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-8-sig", "utf-7", "cp1256", "cp037"])
    return content.decode().encode(encoding, errors="replace")


def header_spoilt(content: bytes, seed: random.Random) -> bytes:
    rows = table(content)
    at = seed.randrange(len(rows[0]))
    rows[0][at] = seed.choice(["", rows[0][at - 1], rows[0][at] + "\n", rows[0][at].upper(), "=cmd()", "x" * 500])
    return text(rows[seed.choice([0, 0, 0, 1]) :])


def columns_without_end(content: bytes, seed: random.Random) -> bytes:
    rows, extra = table(content), seed.choice([50_000, 100_000])
    return text([rows[0] + [f"c{number}" for number in range(extra)], *([*row, *[""] * extra] for row in rows[1:3])])


def titled(content: bytes, seed: random.Random) -> bytes:
    title = seed.choice(
        ["Casualties\n", "Casualties,,,\n\n", "a,b\n", "\ufeff\n", "# x, y, z\n", '"open\n', "1,2,3,4,5\n"]
    )
    return title.encode() + content


def mixed_ends(content: bytes, seed: random.Random) -> bytes:
    return b"".join(line + seed.choice([b"\n", b"\r\n", b"\r", b"\n\n\n"]) for line in content.splitlines())


def parts_changed(content: bytes, seed: random.Random) -> bytes:
    """Break what is inside a zip archive or workbook, so that the archive itself stays whole."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    out = io.BytesIO()
    name = seed.choice([name for name, part in parts.items() if part])
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for other, part in parts.items():
            if other != name:
                archive.writestr(other, part)
            elif seed.random() < 0.8:  # else it is lost
                archive.writestr(other, seed.choice([flipped, cut, blotted])(part, seed))
    return out.getvalue()


def features_changed(content: bytes, seed: random.Random) -> bytes:
    whole = json.loads(content)
    odd: list[Any] = [
        None, {}, [], 5, {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}, {"type": "Point"},
        {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, {"type": "Point", "coordinates": ["a", {}]},
        {"type": "Point", "coordinates": [float("nan"), float("inf")]}, {"type": "Point", "coordinates": [1e9, -1e9]},
        {"type": "MultiPoint", "coordinates": [[39, 35], [38, 36]]}, {"type": "Point", "coordinates": [[[]]]},
    ]  # fmt: skip
    for _ in range(seed.randint(1, 6)):
        number = seed.randrange(len(whole["features"]))
        feature = whole["features"][number]
        if seed.random() < 0.15 or not isinstance(feature, dict):
            whole["features"][number] = seed.choice([None, 3, [], {}, "x", {"type": "Point"}])
        elif seed.random() < 0.6:
            feature["geometry"] = seed.choice(odd)
        else:
            properties = feature.get("properties") or {"x": 1}
            name = seed.choice(list(properties))
            odd_value = seed.choice([None, [1, [2]], {"a": 1}, *NUMBERS, *FORMULAS])
            feature["properties"] = {**properties, name: odd_value}
    if seed.random() < 0.3:
        crs = seed.choice(["urn:ogc:def:crs:EPSG::3857", "EPSG:32642", "Mars", "", "EPSG:0"])
        whole["crs"] = {"type": "name", "properties": {"name": crs}}
    return json.dumps(whole).encode()


def geometries_changed(content: bytes, seed: random.Random) -> bytes:
    frame = gpd.read_parquet(io.BytesIO(content))
    shapes = [None, shapely.Point(), shapely.box(0, 0, 1, 1), shapely.LineString([(0, 0), (1, 1)]),
              shapely.Point(float("inf"), 1), shapely.MultiPoint([(1, 1), (2, 2)]),
              shapely.GeometryCollection()]  # fmt: skip
    for _ in range(seed.randint(1, 6)):
        frame.loc[seed.randrange(len(frame)), "geometry"] = seed.choice(shapes)
    crs = seed.choice([None, "EPSG:4326", "EPSG:3857", "EPSG:2154", "EPSG:4978"])
    frame = (
        frame.set_crs(crs, allow_override=True) if crs else gpd.GeoDataFrame(frame, geometry=frame.geometry.to_numpy())
    )
    out = io.BytesIO()
    frame.to_parquet(out)
    return out.getvalue()


BYTES: dict[str, Breaker] = {"bytes flipped": flipped, "cut": cut, "a blot": blotted, "a part doubled": doubled}
VALUES: dict[str, Breaker] = {
    "formulas": lambda content, seed: some(table(content), seed, FORMULAS),
    "odd numbers": lambda content, seed: some(table(content), seed, NUMBERS),
    "odd texts": lambda content, seed: some(table(content), seed, TEXTS[:8] + TEXTS[9:], most=6),
}
LINES: dict[str, Breaker] = {
    **BYTES, **VALUES, "columns dropped": columns_dropped, "fields dropped": fields_dropped,
    "delimiters mixed": delimiters_mixed, "quotes open": quotes_open, "encoding changed": recoded,
    "header spoilt": header_spoilt, "a title": titled, "line ends mixed": mixed_ends,
}  # fmt: skip
BREAKERS: dict[str, dict[str, Breaker]] = {
    **dict.fromkeys(("ucdp_ged.csv", "acled.csv", "airwars.csv", "civmap.csv", "own.csv"), LINES),
    "airwars.csv.gz": BYTES, "civmap.parquet": BYTES, "civmap.gpkg": BYTES,
    "own.xlsx": {**BYTES, "parts changed": parts_changed}, "civmap.xlsx": {"parts changed": parts_changed},
    "shape.zip": {**BYTES, "parts changed": parts_changed},
    "ucdp_ged.geojson": {**BYTES, "features changed": features_changed},
    "civmap.geo.parquet": {**BYTES, "geometries changed": geometries_changed},
}  # fmt: skip
SEEDS = 4
MORE = {"bytes flipped": 8, "parts changed": 30, "features changed": 30, "geometries changed": 12}
CASES = [(file, way, MORE.get(way, SEEDS)) for file, ways in BREAKERS.items() for way in ways]
CASES += [("civmap.csv", "columns without end", 1), ("own.csv", "columns without end", 1)]
ALL_WAYS = {way: breaker for ways in BREAKERS.values() for way, breaker in ways.items()} | {
    "columns without end": columns_without_end
}


# ---- what must hold -------------------------------------------------------------------------------------------------


def check(file: Path, *, rows: int | None = None) -> str:
    """Read a file, and a table of one's own also through a mapping; say what came of it."""
    said = []
    own = file.name.startswith("own")
    for action in [lambda: read(file, mapping=MAPPING), lambda: suggest(file)] if own else [lambda: read(file)]:
        try:
            result = action()
        except CivMapError as error:
            words = str(error)
            assert file.name in words and error.next_step and len(words) < 4000, words
            assert str(file.parent) not in words, "a path of this machine"
            assert error.found or error.expected or re.search(r": .{10}", error.message), words
            said.append("error")
            continue
        if isinstance(result, Mapping):
            continue
        together = sorted([*result.records["source_row"], *result.rejected["source_row"]])
        assert together == list(range(1, result.provenance.read + 1)), "read = accepted + rejected"
        assert result.rejected["rule"].isin(RULES).all()
        assert result.rejected["expected"].notna().all() and (result.rejected["file"] == file.name).all()
        assert rows is None or result.provenance.read == rows, "a row was lost"
        said.append("read")
    return said[0]


@cache
def outcomes() -> dict[str, int]:
    return {}


@pytest.mark.parametrize(("name", "way", "number"), CASES)
def test_a_broken_file_gives_an_error_in_words_or_a_full_account(
    tmp_path: Path, good: dict[str, bytes], name: str, way: str, number: int
) -> None:
    for seed in range(number):
        content = ALL_WAYS[way](good[name], random.Random(f"{name} {way} {seed}"))
        file = tmp_path / f"{name.split('.')[0]}-{seed}.{name.split('.', 1)[1]}"
        file.write_bytes(content)
        found = check(file, rows=ROWS if way in VALUES else None)
        outcomes()[found] = outcomes().get(found, 0) + 1


def test_the_corpus_is_large_and_of_both_kinds(good: dict[str, bytes]) -> None:
    assert sum(number for _, _, number in CASES) >= 500
    assert {name for name, _, _ in CASES} == set(good)
    if sum(outcomes().values()) == sum(number for _, _, number in CASES):  # where all have run
        assert outcomes()["read"] > 150 and outcomes()["error"] > 100


@pytest.mark.parametrize("name", list(BREAKERS))
def test_the_good_files_are_read_whole(tmp_path: Path, good: dict[str, bytes], name: str) -> None:
    file = tmp_path / name
    file.write_bytes(good[name])
    assert check(file, rows=ROWS) == "read"
    result = read(file, mapping=MAPPING if name.startswith("own") else None)
    assert len(result.records) == ROWS, result.rejected.to_dict("records")


def test_values_that_spoil_a_field_spoil_no_other_row(tmp_path: Path, good: dict[str, bytes]) -> None:
    for name in ("ucdp_ged.csv", "acled.csv", "airwars.csv", "civmap.csv"):
        rows = table(good[name])
        rows[3] = ["=cmd()"] * len(rows[0])
        (tmp_path / name).write_bytes(text(rows))
        result = read(tmp_path / name)
        assert list(result.rejected["source_row"]) == [3] and len(result.records) == ROWS - 1


BOMBS = """
    import gzip, io, sys, zipfile
    from pathlib import Path
    import numpy as np, pyarrow as pa, pyarrow.parquet as pq
    from civmap.errors import CivMapError
    from civmap.readers import read

    folder = Path(sys.argv[1])
    header = b"source_id,event_date,admin1\\n"
    with gzip.open(folder / "rows.csv.gz", "wb", compresslevel=1) as out:
        out.write(header)
        for _ in range(60):
            out.write(b",,\\n" * 1_000_000)
    with zipfile.ZipFile(folder / "sheet.xlsx", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("xl/workbook.xml", "<workbook/>")
        with out.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(60):
                part.write(bytes(10_000_000))
    with zipfile.ZipFile(folder / "packed.zip", "w", zipfile.ZIP_DEFLATED) as out:
        with out.open("log.geojson", "w", force_zip64=True) as part:
            part.write(b'{"type": "FeatureCollection", "features": [')
            for _ in range(250):
                part.write(b" " * 1_000_000)
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(20_000_000, "int8")), pa.array(["x"]))
    pq.write_table(pa.table({"source_id": column, "event_date": column, "admin1": column}), folder / "long.parquet")
    for file in sorted(folder.iterdir()):
        assert file.stat().st_size < 5_000_000, file
        try:
            read(file)
        except CivMapError as error:
            print(error)
    peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]  # since exec, unlike ru_maxrss
    print("peak GB", int(peak[0].split()[1]) / 1e6)
"""


def test_files_that_grow_without_end_are_refused_within_two_gigabytes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(BOMBS), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for says in (
        "rows.csv.gz: 60,000,000 records", "sheet.xlsx: the workbook is too large",
        "packed.zip: log.geojson: more than 200 MB of GeoJSON", "long.parquet: 20,000,000 records",
    ):  # fmt: skip
        assert says in done.stdout
    assert float(done.stdout.split()[-1]) < 2.0

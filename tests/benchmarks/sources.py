"""Speed and memory of reading: large files into the store against a plain script, and each reader's rows per second.

Called by `tests.benchmarks.run`. All files are made in a temporary folder and removed with it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from civmap.readers import ReadResult, read, suggest
from civmap.store import Store
from civmap.theatre import load_theatre
from tests.benchmarks.lines import Line

ROUNDS = 3  # a whole run of ours, then of theirs, and so on: the median of each
REPOSITORY = Path(__file__).resolve().parents[2]
AIRWARS = "airwars/airwars_syria_incidents_8114.csv.gz"

# Both scripts print the seconds of their work (imports left out) and the peak memory of their process in MB.
_OURS = """
import sys, time
from civmap.readers import read
from civmap.store import Store
begin = time.perf_counter()
load = Store(sys.argv[2], sys.argv[3]).add(read(sys.argv[1]))
assert load.read == load.accepted + load.rejected
seconds = time.perf_counter() - begin
"""
_THEIRS = """
import sys, time
import geopandas as gpd, pandas as pd
begin = time.perf_counter()
frame = pd.read_csv(sys.argv[1], low_memory=False)
for column in sys.argv[4:]:
    frame[column] = pd.to_datetime(frame[column])
points = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["longitude"], frame["latitude"]), crs="EPSG:4326")
provinces = gpd.read_file(sys.argv[3])[["admin1", "geometry"]]
joined = gpd.sjoin(points, provinces, how="left", predicate="within")
joined.to_parquet(sys.argv[2])
seconds = time.perf_counter() - begin
"""
_PEAK = """
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]  # since exec, unlike ru_maxrss
print(seconds, int(peak[0].split()[1]) / 1000)
"""


def source_lines(reference: Path, syria: Path, folder: Path, *, ged_rows: int, acled_rows: int) -> list[Line]:
    """Measure both large files and every reader."""
    ged, acled = folder / "ged.csv", folder / "acled.csv"
    write_large_csv(syria, ged, rows=ged_rows)
    lines = ingest(ged, "oir", ("date_start", "date_end"), what=f"{ged_rows:,} GED rows", most_mb=1200)
    ged.unlink()
    write_acled(acled, rows=acled_rows)
    lines += ingest(acled, "afghanistan", ("event_date",), what=f"{acled_rows:,} ACLED rows", most_mb=2000)
    acled.unlink()
    return [*lines, *readers(reference, syria, folder)]


# ---- a large file into the store, against the script a user would write ---------------------------------------------


def ingest(file: Path, theatre: str, dates: tuple[str, ...], *, what: str, most_mb: int) -> list[Line]:
    """Read and keep a large file, and do the same with pandas and geopandas."""
    boundaries = REPOSITORY / "data" / theatre / "boundaries.geojson"
    joined = file.with_suffix(".parquet")
    ours, theirs = [], []
    for number in range(ROUNDS):
        ours.append(_measured(_OURS, file, _home(file, number), theatre))
        theirs.append(_measured(_THEIRS, file, joined, boundaries, *dates))
    mine, script = (statistics.median(seconds for seconds, _ in times) for times in (ours, theirs))
    peak, their_peak = (max(megabytes for _, megabytes in times) for times in (ours, theirs))
    joined.unlink()
    begin = time.perf_counter()
    Store(_home(file, 0), theatre).query("SELECT count(*) FROM incidents")
    first = time.perf_counter() - begin
    megabytes = file.stat().st_size / 1e6
    return [
        Line(
            f"ingest {what} ({megabytes:.0f} MB): ours / the user's script",
            f"{mine / script:.2f} ({mine:.1f} s / {script:.1f} s)",
            "<= 1.0",
            mine <= script,
        ),
        Line("  peak memory", f"{peak:,.0f} MB (script {their_peak:,.0f} MB)", f"<= {most_mb:,} MB", peak <= most_mb),
        Line("  first question after it (who knew what when)", f"{first:.1f} s", "", None),
    ]


def write_large_csv(source: Path, file: Path, *, rows: int) -> None:
    """Repeat a GED file with fresh ids until it has so many rows."""
    frame = pd.read_csv(source, dtype="str", keep_default_na=False)
    written = 0
    while written < rows:
        part = frame.head(rows - written).copy()
        part["id"] = np.arange(written + 1, written + 1 + len(part)).astype("str")
        part.to_csv(file, mode="a" if written else "w", header=not written, index=False)
        written += len(part)


def write_acled(file: Path, *, rows: int, places: int = 8_000, seed: int = 0) -> None:
    """Write made-up events in all 31 columns of ACLED's current export, with notes of the usual length."""
    generator = np.random.default_rng(seed)
    boundaries = load_theatre("afghanistan").boundaries
    west, south, east, north = boundaries.total_bounds
    points = gpd.points_from_xy(generator.uniform(west, east, 2 * places), generator.uniform(south, north, 2 * places))
    inside = gpd.sjoin(gpd.GeoDataFrame(geometry=points, crs=boundaries.crs), boundaries, predicate="within")
    inside = inside.head(places).reset_index(drop=True)
    place = generator.integers(0, len(inside), rows)
    day = pd.Timestamp("2017-01-01") + pd.to_timedelta(generator.integers(0, 2_900, rows), unit="D")
    lone = generator.random(rows) < 0.3
    actors = pd.array([f"Group {number} of Province {number % 34} (Afghanistan)" for number in range(400)], dtype="str")
    papers = pd.array([f"Paper {number}; Agency {number % 90}" for number in range(2_000)], dtype="str")
    said = "On that day a group attacked another near the bazaar, casualties unknown; shots were heard"
    words = np.array(said.split(" "))
    notes = pd.array([" ".join(generator.choice(words, 45)) for _ in range(20_000)], dtype="str")
    empty, kinds = (
        np.full(rows, ""),
        np.array(["Armed clash", "Air/drone strike", "Attack", "Remote explosive/landmine/IED"]),
    )
    sides = np.array(["State forces", "Rebel group", "Political militia", "Identity militia"])
    names = inside["name"].to_numpy()[place]
    columns = {
        "event_id_cnty": [f"AFG{number}" for number in range(rows)], "event_date": day.strftime("%Y-%m-%d"),
        "year": day.year, "time_precision": generator.integers(1, 4, rows), "disorder_type": "Political violence",
        "event_type": "Battles", "sub_event_type": kinds[generator.integers(0, 4, rows)],
        "actor1": actors[generator.integers(0, 400, rows)], "assoc_actor_1": empty,
        "inter1": sides[generator.integers(0, 4, rows)],
        "actor2": np.where(lone, "Civilians (Afghanistan)", actors[generator.integers(0, 400, rows)]),
        "assoc_actor_2": empty, "inter2": np.where(lone, "Civilians", sides[generator.integers(0, 4, rows)]),
        "interaction": "State forces-Rebel group", "civilian_targeting": np.where(lone, "Civilian targeting", ""),
        "iso": 4, "region": "Caucasus and Central Asia", "country": "Afghanistan", "admin1": names,
        "admin2": [f"District {number % 400}" for number in place], "admin3": empty,
        "location": [f"Village {number}" for number in place], "latitude": inside.geometry.y.round(4).to_numpy()[place],
        "longitude": inside.geometry.x.round(4).to_numpy()[place], "geo_precision": generator.integers(1, 4, rows),
        "source": papers[generator.integers(0, 2_000, rows)], "source_scale": "National", "notes":
        notes[generator.integers(0, len(notes), rows)], "fatalities": generator.poisson(1, rows), "tags": empty,
        "timestamp": generator.integers(1_600_000_000, 1_700_000_000, rows),
    }  # fmt: skip
    pa_csv.write_csv(pa.Table.from_pandas(pd.DataFrame(columns), preserve_index=False), file)


def _home(file: Path, number: int) -> Path:
    return file.with_name(f"{file.stem}-home{number}")


def _measured(script: str, *arguments: Path | str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", script + _PEAK, *map(str, arguments)],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    seconds, megabytes = done.stdout.split()[-2:]
    return float(seconds), float(megabytes)


# ---- each reader ----------------------------------------------------------------------------------------------------


def readers(reference: Path, syria: Path, folder: Path, *, rows: int = 100_000) -> list[Line]:
    """Read a file in each form of each source, of so many rows where it is made here, and count the rows per second."""
    file = folder / "ged-small.csv"
    write_large_csv(syria, file, rows=rows)
    write_acled(folder / "acled-small.csv", rows=rows)
    own = _own(read(file).records)
    theirs = {"source_id": "No", "event_date": "Day", "civilians_killed_best": "Civilians killed", "latitude": "Lat",
              "longitude": "Long", "admin1_as_reported": "Province", "place": "Place"}  # fmt: skip
    own[list(theirs)].rename(columns=theirs).to_csv(folder / "own-table.csv", index=False)
    mapping = suggest(folder / "own-table.csv")
    own.to_csv(folder / "own.csv", index=False)
    own.head(rows // 5).to_excel(folder / "own.xlsx", index=False)
    own.to_parquet(folder / "own.parquet", index=False)
    shapes = gpd.GeoDataFrame(
        own.drop(columns=["latitude", "longitude"]),
        geometry=gpd.points_from_xy(own["longitude"], own["latitude"]), crs="EPSG:4326",
    )  # fmt: skip
    shapes.to_parquet(folder / "own.geoparquet")
    shapes.to_file(folder / "own.gpkg")
    shapes.to_file(folder / "own.geojson")
    forms = {
        "ucdp_ged, CSV": file, "acled, CSV": folder / "acled-small.csv", "airwars, CSV": reference / AIRWARS,
        "civmap, CSV": folder / "own.csv", "civmap, XLSX": folder / "own.xlsx",
        "civmap, Parquet": folder / "own.parquet", "civmap, GeoParquet": folder / "own.geoparquet",
        "civmap, GeoPackage": folder / "own.gpkg", "civmap, GeoJSON": folder / "own.geojson",
    }  # fmt: skip
    lines = [_pace(what, lambda path=path: read(path)) for what, path in forms.items()]
    return [*lines, _pace("mapped, CSV", lambda: read(folder / "own-table.csv", mapping=mapping))]


def _own(records: pd.DataFrame) -> pd.DataFrame:
    columns = ["source_id", "event_date", "location_precision", "admin1_as_reported", "place", "party_as_reported"]
    counts = [f"civilians_killed_{end}" for end in ("min", "best", "max")]
    table = pd.DataFrame(records[[*columns, *counts]])
    table["event_date"] = table["event_date"].dt.strftime("%Y-%m-%d")
    return table.assign(latitude=records.geometry.y, longitude=records.geometry.x)


def _pace(what: str, work: Callable[[], ReadResult]) -> Line:
    seconds, count = [], 0
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        count = work().provenance.read
        seconds.append(time.perf_counter() - begin)
    return Line(f"read {what}: {count:,} rows", f"{count / statistics.median(seconds):,.0f} rows/s", "", None)

"""Telemetry in the store, the limits on what is shown, the exhibits and the commands that rest on them."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import h3
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from typer.testing import CliRunner

from civmap.analysis.coverage import partials
from civmap.cli import app
from civmap.errors import RecipeError
from civmap.exhibits import Recipe, build
from civmap.queries import air as questions
from civmap.readers.air import read_air
from civmap.store import Store
from civmap.store import air as kept
from civmap.theatre import new_theatre
from tests.stores import add, incident, telemetry

LIMIT = date(2010, 12, 1)


@pytest.fixture
def store(home: Path, tmp_path: Path) -> Store:
    made = Store(home, "afghanistan")
    rows = [
        incident(1, "2010-09-01", location_precision="exact", reported_via="ground_team"),
        incident(
            2, "2010-09-02", location_precision="exact", reported_via="ground_team", checked_via="air_surveillance"
        ),
        incident(3, "2010-09-01", location_precision="district", admin2="Kabul"),
        incident(4, "2010-09-03", (31.61, 65.71), location_precision="exact", admin2="Kandahar"),
    ]
    add(made, tmp_path, rows)
    kept.keep(made, read_air(telemetry(tmp_path, date(2010, 9, 1), date(2010, 9, 2), date(2010, 9, 5))))
    return made


def recipe(analysis: str, **parameters: Any) -> Recipe:
    return Recipe("afghanistan", analysis, parameters, {"source": "log"})


def test_a_load_is_kept_once_and_changes_the_fingerprint(store: Store, tmp_path: Path) -> None:
    before, result = store.fingerprint, read_air(telemetry(tmp_path, date(2011, 1, 1)))
    assert not kept.keep(store, result)["already_loaded"] and store.fingerprint != before
    after = store.fingerprint
    assert kept.keep(store, result)["already_loaded"] and store.fingerprint == after
    assert kept.loads(store)["read"].tolist() == [1, 3] or kept.loads(store)["read"].tolist() == [3, 1]
    assert not list((store.folder / "air").glob(".draft-*"))


def test_nothing_younger_than_the_delay_is_handed_out(store: Store, tmp_path: Path) -> None:
    today = date(2010, 12, 2)
    last = questions.last_day(store, today=today)
    assert (today - last).days == store.theatre.surveillance_delay_days + 1 == 91
    assert last == date(2010, 9, 2)
    seen = questions.telemetry(store, today=today)["time"]
    assert len(seen) == 2 and seen.max() < pd.Timestamp("2010-09-02T19:30", tz="UTC"), "Kabul's midnight"

    def make(file: Path) -> pa.Table:
        return partials([file], resolution=6, time_zone="Asia/Kabul")

    sums = questions.coverage_sums(store, make, resolution=6, today=today)
    assert max(sums["day"].to_pylist()) == last
    everything = questions.coverage_sums(store, make, resolution=6)
    assert max(everything["day"].to_pylist()) == date(2010, 9, 5)
    # a later date asked for does not lift the limit
    asked = questions.coverage_sums(store, make, resolution=6, today=today,
                                    date_to=date(2010, 12, 2))  # fmt: skip
    assert asked.equals(sums)


def test_an_observation_that_goes_on_into_the_delay_ends_with_the_last_day_shown(store: Store, tmp_path: Path) -> None:
    outline = "POLYGON ((68.9 34.3, 69.4 34.3, 69.4 34.8, 68.9 34.8, 68.9 34.3))"
    rows = f'"{outline}",2010-09-01T00:00,2010-09-20T00:00,EO\n'
    (tmp_path / "sorties.csv").write_text("area,start,end,sensor\n" + rows)
    kept.keep(store, read_air(tmp_path / "sorties.csv"))
    seen = questions.telemetry(store, today=date(2010, 12, 2))
    ends = seen["time"] + pd.to_timedelta(seen["seconds"], unit="s")
    assert ends.max() == pd.Timestamp("2010-09-02T19:30", tz="UTC"), "midnight in Kabul after 2 September"


@pytest.mark.parametrize("resolution", [7, 8, 15])
def test_nothing_finer_than_resolution_six_is_handed_out(store: Store, resolution: int) -> None:
    with pytest.raises(RecipeError, match="not shown this fine"):
        questions.coverage_sums(store, lambda file: pytest.fail(f"{file} was summed"), resolution=resolution)
    with pytest.raises(RecipeError, match="not shown this fine"):
        questions.within_limits(pd.DataFrame({"day": []}), resolution=resolution, last=LIMIT)
    done = CliRunner().invoke(app, ["coverage", "none.parquet", "--resolution", str(resolution)])
    assert done.exit_code == 1 and "not shown this fine" in done.output


def test_exhibits_show_no_day_within_the_delay(home: Path, tmp_path: Path) -> None:
    made = Store(home, "afghanistan")
    young, old = date.today() - timedelta(days=20), date.today() - timedelta(days=200)
    add(made, tmp_path, [incident(1, f"{young}"), incident(2, f"{old}", location_precision="exact")])
    kept.keep(made, read_air(telemetry(tmp_path, young, old)))
    shown = build(recipe("air_coverage"), made).parts[0].frames["cells"]
    assert (
        shown["days"].dropna().eq(1).all() and shown["minutes"].dropna().eq(1.0).all() and shown["days"].notna().any()
    )
    assert f"{young:%-d %B %Y}" not in build(recipe("air_coverage"), made).sentence
    classes = build(recipe("air_incidents"), made).parts[1].table.set_index("Coverage")["Incidents"]
    assert classes["covered part of the area or of the day"] == 1 and classes["cannot say"] == 1


def test_the_map_tells_not_covered_from_covered(store: Store) -> None:
    cells = build(recipe("air_coverage"), store).parts[0].frames["cells"]
    counts = cells["finding"].value_counts()
    assert counts["up to 10 minutes"] == cells["minutes"].notna().sum() > 0
    assert counts["not covered"] == cells["minutes"].isna().sum() > 1000, "unknown is null, never 0"
    month = build(recipe("air_coverage", month="2010-08"), store)
    assert month.parts[0].frames["cells"]["minutes"].isna().all() and "No cell was covered" in month.sentence
    with pytest.raises(RecipeError, match="no month"):
        build(recipe("air_coverage", month="soon"), store)


def test_incidents_by_class_on_the_map_and_counted(store: Store) -> None:
    built = build(recipe("air_incidents"), store)
    classes = built.parts[1].table.set_index("Coverage")["Incidents"].to_dict()
    assert classes == {
        "a footprint covered the reported place and time": 0, "covered part of the area or of the day": 2,
        "not covered": 1, "cannot say": 1,
    }  # fmt: skip
    cells = built.parts[0].frames["cells"].set_index("finding")
    assert cells["label"].to_dict() == {"all covered, some in part": "2 in part", "none covered": "1 not covered"}
    assert "1 without a place are not on the map" in built.parts[0].encoding["subtitle"]
    assert "1 place known too vaguely" in built.sentence
    text = " ".join([built.sentence, *built.caveats])
    assert "covered" in text and " seen" not in text
    august = build(recipe("air_incidents", month="2010-08"), store)
    assert august.n == 0 and august.parts[0].frames["cells"].empty


def test_a_cell_says_what_holds_for_all_its_incidents(home: Path, tmp_path: Path) -> None:
    made = Store(home, "afghanistan")
    noon = {"location_precision": "exact", "event_time_local": "12:30"}
    rows = [incident(1, "2010-09-01", **noon), incident(2, "2010-09-02", location_precision="exact")]
    rows += [incident(3, "2010-09-01", (31.61, 65.71), **noon), incident(4, "2012-09-01", (36.7, 67.1), **noon)]
    add(made, tmp_path, rows)
    kept.keep(made, read_air(telemetry(tmp_path, date(2010, 9, 1))))
    found = build(recipe("air_incidents", month="2010-09"), made).parts[0].frames["cells"]
    assert sorted(found["finding"]) == ["all covered, place and time", "none covered"]
    kept.keep(made, read_air(telemetry(tmp_path, date(2010, 9, 3))))
    found = build(recipe("air_incidents"), made).parts[0].frames["cells"].set_index("finding")["label"]
    assert found["some covered, some not"] == "1 place and time and 1 not covered"
    assert found["cannot say"] == "1 cannot say"


def test_the_cross_table_of_how_reported_and_checked(store: Store) -> None:
    built = build(recipe("air_checked"), store)
    crossed = built.parts[0].table
    assert crossed.iloc[:, 2:].to_numpy().sum() == 4
    assert set(crossed["Checked via"]) == {"air surveillance", "none given"}
    assert "1 of 4 incidents have a check on record" in built.sentence and "1 of them and of 1 of" in built.sentence
    assert built.parts[1].table.set_index("Province").loc["Kabul", "Covered of told (%)"] == 100
    assert built.parts[2].table["Month"].tolist() == ["2010-09"]


@pytest.mark.parametrize("analysis", ["air_incidents", "air_checked", "air_gap", "air_rates", "air_lists"])
def test_headers_are_short_enough_for_a_laptop(store: Store, analysis: str) -> None:
    for part in build(recipe(analysis), store).parts:
        if part.kind == "table":
            assert max(len(name) for name in part.table) <= 20, list(part.table)
            assert sum(len(name) + 3 for name in part.table) <= 115, list(part.table)


def test_the_gap_lists_what_nobody_checked_by_district(store: Store) -> None:
    built = build(recipe("air_gap", after_hours=168), store)
    listed = built.parts[1].table.set_index("Id")
    assert sorted(listed.index) == ["T1", "T3", "T4"]
    assert listed.loc["T1", "Next (hours)"] == 12.5  # from midnight in Kabul to half past noon
    assert listed["Next (hours)"].isna().sum() == 2
    districts = built.parts[0].table
    assert districts["Unchecked"].sum() == 3 and {"Kabul", "Kandahar"} <= set(districts["District"])


def test_rates_and_lists(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civmap.exhibits.air_watching.LEAST_HOURS", 0.0)
    rates = build(recipe("air_rates"), store)
    kabul = rates.parts[2].table.set_index("Province").loc["Kabul"]
    assert kabul["Observed"] == 2 and 0 < kabul["Cell-hours"] < 1
    lists = build(recipe("air_lists"), store)
    assert lists.parts[0].table.set_index("Channels")["Incidents"].to_dict()["both"] == 1
    assert "No curve can be drawn" in lists.caveats[0]


def test_the_rate_by_month_is_null_where_too_little_was_covered(home: Path, tmp_path: Path) -> None:
    """Observation as exposure: 20 hours over a whole cell in January and in March, none in February."""
    made = Store(home, "afghanistan")
    add(made, tmp_path, [incident(n, f"2010-0{1 + n % 3}-0{1 + n % 7}", location_precision="exact") for n in range(40)])
    outline = "POLYGON ((68.9 34.3, 69.4 34.3, 69.4 34.8, 68.9 34.8, 68.9 34.3))"
    days = [f"2010-{month}-0{day}" for month in ("01", "03") for day in (1, 2, 3)]
    rows = "".join(f'"{outline}",{day}T06:00,{day}T12:00,EO\n' for day in days)
    (tmp_path / "sorties.csv").write_text("area,start,end,sensor\n" + rows)
    kept.keep(made, read_air(tmp_path / "sorties.csv"))
    line = build(recipe("air_rates"), made).parts[0].frames["series"].set_index("period")
    assert line.index.strftime("%Y-%m").tolist() == ["2010-01", "2010-02", "2010-03"]
    assert line.loc["2010-02"].isna().all(axis=None), "no observation is no rate, and no zero"
    table = build(recipe("air_rates"), made).parts[1].table.set_index("Month")
    expected = 1000 * table["Observed"] / table["Cell-hours"]
    assert line["value"].dropna().tolist() == pytest.approx(expected[["2010-01", "2010-03"]].tolist(), rel=0.01)
    assert (line["low"].dropna() < line["value"].dropna()).all() and table.loc["2010-01", "Observed"] > 0


def test_without_telemetry_the_page_says_how_to_load_some(home: Path, tmp_path: Path) -> None:
    made = Store(home, "afghanistan")
    add(made, tmp_path, [incident(1, "2010-09-01")])
    with pytest.raises(RecipeError, match="ingest-air FILE"):
        build(recipe("air_coverage"), made)


def test_commands(store: Store, tmp_path: Path) -> None:
    file = telemetry(tmp_path, date(2010, 9, 1), date.today() - timedelta(days=3))
    done = CliRunner().invoke(app, ["coverage", str(file), "--resolution", "6", "--json"])
    said = json.loads(done.stdout)
    assert done.exit_code == 0 and said["held_back"] > 0 and {one["day"] for one in said["coverage"]} == {"2010-09-01"}
    assert {*said["coverage"][0]} >= {"cell", "day", "seconds", "looks", "share"}
    loaded = CliRunner().invoke(
        app, ["ingest-air", str(file), "--theatre", "afghanistan", "--home", str(store.home), "--json"]
    )
    said = json.loads(loaded.stdout)
    assert (said["read"], said["accepted"], said["rejected"]) == (2, 2, 0)
    bad = tmp_path / "bad.klv"
    bad.write_bytes(b"no klv")
    refused = CliRunner().invoke(
        app, ["ingest-air", str(file), str(bad), "--theatre", "afghanistan", "--home", str(store.home)]
    )
    assert refused.exit_code == 1 and "Nothing was kept" in refused.output


def test_the_demonstration_shows_its_passes(home: Path) -> None:
    made = Store(home, "afghanistan")
    built = build(Recipe("afghanistan", "air_coverage", {}, {"source": "isaf_like"}), made)
    assert built.synthetic and "652 of 2,281 cells" in built.sentence and "elsewhere none did" in built.sentence
    assert not (home / "afghanistan" / "air").exists()


REAL = {
    "klv_Cheyenne.bin": ((-106.0, 40.5, -104.0, 42.0), ("centre_longitude", "centre_latitude"), "known"),
    "traffic_border_control.json.gz": ((0.0, 50.0, 2.0, 52.0), ("sensor_longitude", "sensor_latitude"), "assumed"),
    "traffic_inflight_refuelling.json.gz": ((1.0, 42.0, 9.0, 50.0), ("sensor_longitude", "sensor_latitude"), "assumed"),
}


@pytest.mark.parametrize("name", REAL)
def test_the_real_flight_and_tracks_are_on_the_map_where_they_were(
    reference_data: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    box, centre, kind = REAL[name]
    land = gpd.GeoDataFrame({"name": ["Here"]}, geometry=[shapely.box(*box)], crs="EPSG:4326")
    land.to_file(tmp_path / "land.geojson")
    monkeypatch.setenv("CIVMAP_THEATRES", str(tmp_path))
    made = Store(home, new_theatre("here", tmp_path / "land.geojson", folder=tmp_path))
    read = read_air(reference_data / "surveillance" / name)
    kept.keep(made, read)
    day = read.telemetry["time"].dt.date.iloc[0]
    middle = ((box[1] + box[3]) / 2, (box[0] + box[2]) / 2)
    add(made, tmp_path, [incident(1, f"{day}", middle), incident(2, f"{day + timedelta(days=1)}", middle)])
    asked = Recipe("here", "air_coverage", {"footprints": kind}, {"source": "log"})
    shown = build(asked, made).parts[0].frames["cells"]
    covered = set(shown.loc[shown["minutes"].notna(), "cell"])
    own = {
        h3.cell_to_parent(h3.latlng_to_cell(y, x, 7), 5)
        for x, y in read.telemetry[[*centre]].dropna().to_numpy()[:: max(len(read.telemetry) // 300, 1)]
        if box[0] < x < box[2] and box[1] < y < box[3]
    }
    assert own and len(own - covered) <= 0.05 * len(own), "a footprint at a cell's edge may count for the neighbour"
    if kind == "assumed":
        plain = build(Recipe("here", "air_coverage", {}, {"source": "log"}), made)
        assert plain.parts[0].frames["cells"]["minutes"].isna().all(), "a track alone is not surveillance"
        assert any("assumed" in caveat for caveat in build(asked, made).caveats)

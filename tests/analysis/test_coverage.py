"""Coverage against the simulator's truth, against shapely, and by hand; engines and batches agree to the last digit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from h3ronpy.vector import ContainmentMode, wkb_to_cells
from hypothesis import given, settings
from hypothesis import strategies as st

from civmap import air_schema
from civmap.analysis import coverage as measured
from civmap.analysis import overlaps
from civmap.analysis.coverage import combine, coverage, partial_coverage
from civmap.analysis.measuring_points import points_of
from civmap.errors import AnalysisError
from civmap.readers.air import read_air
from civmap.simulate import Simulated, simulate
from civmap.simulate.files import write_passes
from civmap.theatre import Theatre

START = pd.Timestamp("2010-09-01T10:00", tz="UTC")


def cell_at(lat: float, lon: float, resolution: int = 6) -> int:
    return int(h3.latlng_to_cell(lat, lon, resolution), 16)


def square(lon: float, lat: float, half: float) -> list[float]:
    return [lon - half, lat - half, lon + half, lat - half, lon + half, lat + half, lon - half, lat + half]


def samples(corners: list[list[float]], **columns: object) -> pa.Table:
    """Telemetry with these corners, a minute each, of one pass unless said otherwise."""
    default = {"pass_id": ["p"] * len(corners), "time": [START] * len(corners), "seconds": [60.0] * len(corners)}
    made = pd.DataFrame(default | columns)
    made[[*air_schema.CORNERS]] = np.array(corners, float)
    return pa.Table.from_pandas(made, preserve_index=False)


def of(table: pa.Table, **options: object) -> pd.DataFrame:
    return combine(partial_coverage(table, **options)).set_index("cell")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def flown(afghanistan: Theatre) -> Simulated:
    return simulate(afghanistan, start=date(2010, 1, 1), end=date(2010, 6, 30), seed=5)


def test_a_footprint_larger_than_a_cell_covers_it_whole_for_its_own_time() -> None:
    found = of(samples([square(65.0, 31.0, 0.3)]))
    row = found.loc[cell_at(31.0, 65.0)]
    assert (row["seconds"], row["looks"], row["share"]) == (60.0, 1, 1.0)


def test_time_is_counted_once_however_many_points_of_a_cell_are_covered() -> None:
    lat, lon = h3.cell_to_latlng(h3.int_to_str(cell_at(31.0, 65.0)))
    found = of(samples([square(lon, lat, 0.01)] * 3, pass_id=["a", "a", "b"]))
    assert found.loc[cell_at(31.0, 65.0), ["seconds", "looks"]].tolist() == [180.0, 2]
    assert 0 < found.loc[cell_at(31.0, 65.0), "share"] < 0.2


def test_the_share_is_of_what_any_footprint_of_the_day_covered() -> None:
    lat, lon = h3.cell_to_latlng(h3.int_to_str(cell_at(31.0, 65.0)))
    west, east = square(lon - 0.02, lat, 0.01), square(lon + 0.02, lat, 0.01)
    shares = [
        of(samples(each))["share"].get(cell_at(31.0, 65.0)) for each in ([west], [east], [west, east], [west] * 2)
    ]
    assert shares[2] == pytest.approx(shares[0] + shares[1]) and shares[3] == shares[0] > 0


def test_no_frame_is_too_small_to_count() -> None:
    rng = np.random.default_rng(1)
    spots = np.column_stack([rng.uniform(64, 66, 500), rng.uniform(30, 33, 500)])
    found = of(samples([square(x, y, 1e-4) for x, y in spots]))
    assert found["seconds"].sum() == 500 * 60
    # the cell in which an incident at that place lies: the parent of its finest one, not one indexed anew
    assert set(found.index) == {int(h3.cell_to_parent(h3.latlng_to_cell(y, x, 9), 6), 16) for x, y in spots}


@pytest.mark.parametrize("resolution", [5, 6, 7])
def test_points_in_footprints_are_those_that_shapely_finds(resolution: int) -> None:
    rng = np.random.default_rng(resolution)
    n = 300
    middle = np.column_stack([rng.uniform(62, 70, n), rng.uniform(-40, 60, n)])
    turn, size = rng.uniform(0, 2 * np.pi, n), rng.uniform(0.01, 0.3, n)
    ring = np.stack(
        [[np.cos(turn + k * np.pi / 2) * (1 + 0.4 * (k % 2)), np.sin(turn + k * np.pi / 2)] for k in range(4)]
    )
    corners = middle[:, None] + size[:, None, None] * ring.transpose(2, 0, 1)
    table = samples(corners.reshape(n, 8).tolist(), pass_id=[f"p{k}" for k in range(n)])
    partial = partial_coverage(table, resolution=resolution).to_pandas().sort_values(["pass_id", "cell"])
    frames = shapely.polygons(corners)
    for number in range(0, n, 7):
        mine = partial[partial["pass_id"] == f"p{number}"]
        near = np.unique(pa.array(wkb_to_cells([shapely.to_wkb(frames[number].buffer(0.2))], resolution,
                                               ContainmentMode.Covers, flatten=True)).to_numpy())  # fmt: skip
        lon, lat, cell, bit = points_of(near, resolution)
        within = shapely.contains_xy(frames[number], lon, lat)
        if not within.any():
            assert len(mine) == 1 and int(mine["mask"].iloc[0]).bit_count() == 1
            continue
        expected: dict[int, int] = {}
        for one, place in zip(cell[within].tolist(), bit[within].tolist(), strict=True):
            expected[one] = expected.get(one, 0) | 1 << place
        assert dict(zip(mine["cell"].tolist(), mine["mask"].tolist(), strict=True)) == expected


def test_watched_time_is_the_simulators_truth_for_every_cell_and_day(flown: Simulated, afghanistan: Theatre) -> None:
    telemetry = pa.Table.from_pandas(flown.passes[flown.passes["corner_1_longitude"].notna()], preserve_index=False)
    # the simulator watches a cell while its centre lies in the frame: the first of the cell's measuring points
    rows = partial_coverage(
        telemetry.append_column("row", pa.array(np.arange(telemetry.num_rows)))
        .set_column(0, "pass_id", pa.array(np.arange(telemetry.num_rows)).cast(pa.string())),
        resolution=7, time_zone=afghanistan.time_zone,
    ).to_pandas()  # fmt: skip
    rows = rows[rows["mask"] % 2 == 1]
    # the simulator gives a sample's time to the day on which it begins; what goes on over midnight is left out here
    over = set(rows.loc[rows.groupby(["pass_id", "cell"])["day"].transform("nunique") > 1, "cell"])
    assert 0 < len(over) < 0.02 * rows["cell"].nunique()
    rows = rows[~rows["cell"].isin(over)]
    ours = rows.groupby(["cell", "day"])["microseconds"].sum() / 1e6
    ours.index = ours.index.set_levels(pd.to_datetime(ours.index.levels[1]), level=1)
    ours = ours[ours > 0]
    blank = flown.passes.groupby("pass_id")["corner_1_longitude"].count().eq(0)
    assert blank.any(), "runs without corners are in the truth, and in nobody's telemetry"
    truth = flown.truth.watched.query("cell not in @over").set_index(["cell", "day"])["seconds"]
    both = pd.concat([ours, truth], axis=1, keys=["ours", "truth"]).fillna(0)
    assert len(both) > 5000
    framed_days = both[both["ours"] > 0]
    # cells of framed runs only: equal but for centres on a frame's very edge (corners are written to a metre)
    assert (framed_days["ours"] <= framed_days["truth"] + 1e-6).mean() > 0.999
    assert ((framed_days["ours"] - framed_days["truth"]).abs() < 1e-6).mean() > 0.97
    lacking = (both["truth"].sum() - both["ours"].sum()) / both["truth"].sum()
    unframed = (
        flown.passes.loc[flown.passes["corner_1_longitude"].isna(), "seconds"].sum() / flown.passes["seconds"].sum()
    )
    assert lacking == pytest.approx(unframed, rel=0.05)


def test_batches_threads_and_row_groups_change_nothing(flown: Simulated, tmp_path: Path) -> None:
    file = write_passes(flown.passes, tmp_path / "passes.parquet")
    table = pq.read_table(file)
    pq.write_table(table, tmp_path / "small.parquet", row_group_size=997)
    whole = coverage([file], time_zone="Asia/Kabul")
    pd.testing.assert_frame_equal(whole, coverage([tmp_path / "small.parquet"], time_zone="Asia/Kabul", threads=3))
    halves = [table.slice(0, 5000), table.slice(5000)]
    for number, half in enumerate(halves):
        pq.write_table(half, tmp_path / f"half{number}.parquet")
    together = coverage([tmp_path / f"half{number}.parquet" for number in (1, 0)], time_zone="Asia/Kabul", threads=1)
    pd.testing.assert_frame_equal(whole, together)


def test_assumed_footprints_count_only_when_asked_for_and_are_told_apart() -> None:
    table = pa.table({
        "pass_id": ["p"], "time": [START], "seconds": [30.0], "sensor_longitude": [65.0], "sensor_latitude": [31.0],
        "sensor_altitude_m": [6000.0],
    })  # fmt: skip
    assert of(table).empty
    switched_on = of(table, assumed_view_degrees=60.0)
    assert switched_on["seconds"].max() == switched_on["assumed_seconds"].max() == 30.0
    assert combine(partial_coverage(table, assumed_view_degrees=60.0), assumed=False).empty


def test_a_frame_over_the_antimeridian_is_whole_and_no_wider_than_it_is() -> None:
    corners = [179.9, 10.0, -179.9, 10.0, -179.9, 10.2, 179.9, 10.2]
    found = of(samples([corners]))
    assert {cell_at(10.1, 179.95), cell_at(10.1, -179.95)} <= set(found.index)
    area = (found["share"] * [h3.cell_area(h3.int_to_str(int(cell))) for cell in found.index]).sum()
    assert area == pytest.approx(0.2 * 111.2**2 * 0.2 * np.cos(np.radians(10.1)), rel=0.05)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_frame_over_a_pole_covers_the_pole(sign: int) -> None:
    corners = [0.0, sign * 89.8, 90.0, sign * 89.8, 180.0, sign * 89.8, -90.0, sign * 89.8]
    found = of(samples([corners]))
    assert cell_at(sign * 90.0, 0.0) in found.index
    area = (found["share"] * [h3.cell_area(h3.int_to_str(int(cell))) for cell in found.index]).sum()
    assert area == pytest.approx(2 * (0.2 * 111.195) ** 2, rel=0.05)  # a square whose half diagonal is 0.2 degrees


def test_an_area_counts_on_each_local_day_it_touches() -> None:
    outline = shapely.to_wkb(shapely.box(64.7, 30.7, 65.3, 31.3))
    table = pa.table({"pass_id": ["a"], "time": [START], "seconds": [86400.0], "area": [outline]})
    found = combine(partial_coverage(table, time_zone="Asia/Kabul"))
    own = found[found["cell"] == cell_at(31.0, 65.0)]
    # 10:00 UTC is 14:30 in Kabul: nine and a half hours of the first day
    assert own["seconds"].tolist() == [9.5 * 3600, 14.5 * 3600] and own["share"].tolist() == [1.0, 1.0]


def test_days_are_those_of_the_time_zone() -> None:
    late = samples([square(65.0, 31.0, 0.1)], time=[pd.Timestamp("2010-09-01T20:00", tz="UTC")])
    assert of(late)["day"].unique().tolist() == [pd.Timestamp("2010-09-01")]
    assert of(late, time_zone="Asia/Kabul")["day"].unique().tolist() == [pd.Timestamp("2010-09-02")]


def seconds_by_day(begin: str, seconds: float, zone: str, **columns: object) -> dict[str, float]:
    """Give the seconds of the cell around 65, 31 on each day of a zone, of one sample that begins at a UTC time."""
    table = samples([square(65.0, 31.0, 0.3)], time=[pd.Timestamp(begin, tz="UTC")], seconds=[seconds], **columns)
    found = combine(partial_coverage(table, time_zone=zone))
    own = found[found["cell"] == cell_at(31.0, 65.0)]
    return {f"{day:%m-%d}": value for day, value in zip(own["day"], own["seconds"], strict=True)}


def test_a_sample_over_midnight_counts_on_both_days() -> None:
    assert seconds_by_day("2010-09-01T19:29:20", 60.0, "Asia/Kabul") == {"09-01": 40.0, "09-02": 20.0}
    assert seconds_by_day("2010-09-01T19:29:00", 60.0, "Asia/Kabul") == {"09-01": 60.0}, "until midnight, not into it"
    assert seconds_by_day("2010-09-01T19:30:00", 60.0, "Asia/Kabul") == {"09-02": 60.0}
    assert seconds_by_day("2010-09-01T19:29:59", 0.0, "Asia/Kabul") == {"09-01": 0.0}


@pytest.mark.parametrize(
    ("zone", "begin", "days"),
    [
        # three days from the local midnight before clocks change: 24, 23 or 25, 24 hours
        ("Europe/Paris", "2019-03-29T23:00", {"03-30": 24, "03-31": 23, "04-01": 24}),
        ("Europe/Paris", "2019-10-25T22:00", {"10-26": 24, "10-27": 25, "10-28": 24}),
        # in Tehran and Damascus clocks change at midnight itself: in spring the day begins at one
        ("Asia/Tehran", "2016-03-19T20:30", {"03-20": 24, "03-21": 23, "03-22": 24}),
        ("Asia/Damascus", "2016-03-23T22:00", {"03-24": 24, "03-25": 23, "03-26": 24}),
    ],
)
@pytest.mark.parametrize("as_area", [False, True])
def test_days_on_which_clocks_change(zone: str, begin: str, days: dict[str, int], as_area: bool) -> None:
    hours = sum(days.values())
    more = {"area": [shapely.to_wkb(shapely.box(64.7, 30.7, 65.3, 31.3))]} if as_area else {}
    found = seconds_by_day(begin, hours * 3600.0, zone, **more)
    assert sum(found.values()) == hours * 3600
    assert found == {day: length * 3600 for day, length in days.items()}


@pytest.mark.parametrize("middle", [(65.0, 31.0), (44.0, 36.0), (-179.9, 12.0), (20.0, -55.0), (10.0, 75.0)])
def test_what_is_covered_of_several_cells_is_the_frame_s_area_in_an_equal_area_projection(
    middle: tuple[float, float],
) -> None:
    """A frame of any shape has the area that shapely gives it in Lambert's projection about its middle."""
    rng = np.random.default_rng(7)
    narrow = np.cos(np.radians(middle[1]))
    for _ in range(6):
        around = np.sort(rng.uniform(0, 2 * np.pi, 4)) * 0.3 + np.arange(4) * np.pi / 2
        reach = rng.uniform(0.25, 0.45, 4)
        lon = (middle[0] + reach * np.cos(around) / narrow + 180) % 360 - 180
        corners = np.column_stack([lon, middle[1] + reach * np.sin(around)])
        if air_schema.impossible(corners[None])[0]:
            continue
        found = of(samples([corners.ravel().tolist()]))
        ours = (found["share"] * [h3.cell_area(h3.int_to_str(int(cell))) for cell in found.index]).sum()
        crs = f"+proj=laea +lat_0={middle[1]} +lon_0={middle[0]} +R=6371007"
        whole = shapely.segmentize(shapely.Polygon(air_schema.beside(corners[None])[0]), 0.01)
        area = gpd.GeoSeries([whole], crs="EPSG:4326").to_crs(crs).area.item() / 1e6
        assert ours == pytest.approx(area, rel=0.03) and len(found) > 20


def test_frames_whose_sides_cross_cover_nothing_and_others_the_same_from_any_corner() -> None:
    corners = [(65.0, 31.0), (65.2, 31.0), (65.2, 31.15), (65.0, 31.15)]
    orders = [[(turn + step * n) % 4 for n in range(4)] for turn in range(4) for step in (1, -1)]
    tables = [of(samples([[value for k in order for value in corners[k]]])) for order in orders]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])
    assert of(samples([[value for k in (0, 2, 1, 3) for value in corners[k]]])).empty


def test_the_compiled_loop_judges_frames_as_the_readers_do() -> None:
    rng = np.random.default_rng(4)
    corners = np.concatenate([rng.normal(0, 0.5, (3000, 4, 2)), rng.normal(0, 2.5, (1000, 4, 2))]) + [65.0, 31.0]
    corners[:100, :, 0] += 115.0  # over the antimeridian
    corners[:, :, 0] = (corners[:, :, 0] + 180) % 360 - 180
    odd = air_schema.impossible(corners)
    kind, _ = overlaps.prepare(corners.copy(), air_schema.POLAR_LATITUDE, air_schema.WIDEST_DEGREES)
    assert ((kind == overlaps.NONE) == odd).all() and 200 < odd.sum() < 3800


@pytest.mark.usefixtures("reference_data")
def test_the_real_flight_covers_the_cells_of_its_own_frame_centres(reference_data: Path, tmp_path: Path) -> None:
    read = read_air(reference_data / "surveillance" / "klv_Cheyenne.bin")
    read.telemetry.to_parquet(tmp_path / "flight.parquet")
    found = coverage([tmp_path / "flight.parquet"], resolution=6)
    centres = {cell_at(y, x) for x, y in read.telemetry[["centre_longitude", "centre_latitude"]].to_numpy()}
    assert centres <= set(found["cell"]) and len(found) <= 3
    assert found["seconds"].max() <= read.telemetry["seconds"].sum() + 1e-6
    frames = shapely.polygons(read.telemetry[[*air_schema.CORNERS]].to_numpy().reshape(-1, 4, 2))
    middle = shapely.points(read.telemetry[["centre_longitude", "centre_latitude"]].to_numpy())
    assert shapely.contains(frames, middle).all()


NUMBER = st.one_of(st.floats(), st.floats(-181, 181), st.sampled_from([0.0, 90.0, 180.0]))


@settings(max_examples=150)
@given(corners=st.lists(st.lists(NUMBER, min_size=8, max_size=8), min_size=1, max_size=5))
def test_whatever_stands_for_corners_the_sums_hold(corners: list[list[float]]) -> None:
    table = samples(corners, pass_id=[f"p{number}" for number in range(len(corners))])
    try:
        found = partial_coverage(table, resolution=4).to_pandas()
    except AnalysisError as error:
        assert "coarser" in str(error)
        return
    given_ = np.array(corners).reshape(-1, 4, 2)
    odd = air_schema.impossible(given_) | np.isnan(given_).any(axis=(1, 2))
    # what is as thin as a hair may be a line or not, by the last digit
    with np.errstate(all="ignore"):
        x, y = air_schema.beside(given_)[..., 0], given_[..., 1]
        hair = ~(np.abs((x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(axis=1)) > 1e-6)
    covered = {int(name[1:]) for name in found["pass_id"]}
    assert covered ^ set(np.flatnonzero(~odd).tolist()) <= set(np.flatnonzero(hair & ~np.isnan(x).any(axis=1)).tolist())
    assert found["microseconds"].eq(60_000_000).all() and found["cell"].gt(0).all()


@pytest.mark.parametrize(
    ("seconds", "said"), [(-1.0, "no time"), (np.nan, "no seconds"), (np.inf, "too long"), (1e12, "too long")]
)
def test_odd_lengths_of_time_are_named(seconds: float, said: str) -> None:
    with pytest.raises(AnalysisError, match=said):
        partial_coverage(samples([square(65.0, 31.0, 0.1)] * 2, seconds=[1.0, seconds]))


def test_where_nothing_can_be_written_the_loop_is_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object) -> None:
        raise RuntimeError("no locator available")  # what numba says

    monkeypatch.setattr("numba.core.dispatcher.Dispatcher.enable_caching", nowhere)
    assert overlaps.compiled(lambda number: number + 1)(1) == 2


def test_faults_are_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"x": [1]}), tmp_path / "other.parquet")
    with pytest.raises(AnalysisError, match="without pass_id, time, seconds"):
        coverage([tmp_path / "other.parquet"])
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(AnalysisError, match="cannot be read as Parquet"):
        coverage([tmp_path / "torn.parquet"])
    with pytest.raises(AnalysisError, match="from 3 to 9"):
        coverage([], resolution=12)
    assert coverage([]).empty and list(coverage([]).columns)[:5] == ["cell", "day", "seconds", "looks", "share"]
    with pytest.raises(AnalysisError, match="coarser resolution"):
        of(samples([square(65.0, 31.0, 1.2)]), resolution=9)
    assert measured.RESOLUTIONS[-1] == 9

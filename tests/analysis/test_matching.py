"""Incidents against coverage: right for every incident of a simulated war, and by hand for each of the four answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import h3
import numpy as np
import pandas as pd
import pytest
import shapely

from civmap import air_schema
from civmap.analysis.matching import CLASSES, match
from civmap.simulate import Simulated, afghan_plan, simulate
from civmap.theatre import Theatre

ZONE = "Asia/Kabul"


@pytest.fixture(scope="module")
def flown(afghanistan: Theatre) -> Simulated:
    return simulate(afghanistan, start=date(2010, 1, 1), end=date(2010, 12, 31), incidents_per_month=900, seed=8)


def incidents(lon: object, lat: object, day: object, **columns: object) -> pd.DataFrame:
    frame = pd.DataFrame({"longitude": lon, "latitude": lat, "event_date": pd.to_datetime(pd.Series(day)).to_numpy()})
    default = {"location_precision": "exact", "date_precision": "day", "event_time_local": None}
    frame = frame.assign(event_date_end=frame["event_date"], **(default | columns))
    return frame.astype({"event_date": "datetime64[us]", "event_date_end": "datetime64[us]"})


def telemetry(passes: pd.DataFrame) -> pd.DataFrame:
    read = passes.astype({"pass_id": "object", "platform": "object", "sensor": "object"})
    columns = {name: read[name] for name in read} | {"source_row": np.arange(len(read))}
    return air_schema.frame(columns, length=len(read))


def at_cell_middles(truth: pd.DataFrame) -> np.ndarray:
    """Where the simulator asks whether an incident's cell is watched: longitude and latitude."""
    cells = [h3.latlng_to_cell(y, x, 7) for y, x in truth[["latitude", "longitude"]].to_numpy()]
    return np.array([h3.cell_to_latlng(cell)[::-1] for cell in cells])


@pytest.mark.parametrize("seed", [8, 21, 34])
def test_the_class_is_the_simulators_truth_for_every_incident(afghanistan: Theatre, seed: int) -> None:
    plan = afghan_plan()
    assert plan.surveillance is not None
    plan = replace(plan, surveillance=replace(plan.surveillance, unframed=0.0))  # every run sends its corners
    flown = simulate(afghanistan, start=date(2010, 1, 1), end=date(2010, 12, 31), incidents_per_month=900, seed=seed,
                     plan=plan)  # fmt: skip
    truth = flown.truth.incidents
    found = match(incidents(*at_cell_middles(truth).T, truth["event_date"]), telemetry(flown.passes), time_zone=ZONE)
    # the simulator gives a sample to the day on which it begins; here one over midnight counts on both
    local = flown.passes["time"].dt.tz_convert(ZONE)
    last = (local + pd.to_timedelta(flown.passes["seconds"], unit="s")).dt.normalize()
    days = set(local[last > local.dt.normalize()].dt.tz_localize(None).dt.normalize())
    doubtful = truth["event_date"].isin(days | {day + pd.Timedelta(days=1) for day in days}).to_numpy(copy=True)
    # corners are sent to five decimals, about a metre: nearer to an edge than that nobody can tell
    edges = shapely.boundary(shapely.polygons(flown.passes[[*air_schema.CORNERS]].to_numpy().reshape(-1, 4, 2)))
    tree = shapely.STRtree(shapely.points(at_cell_middles(truth)))
    frame, point = tree.query(edges, predicate="dwithin", distance=1.5e-5)
    same = local.dt.tz_localize(None).dt.normalize().to_numpy()[frame] == truth["event_date"].to_numpy()[point]
    assert len(np.unique(point[same])) <= 10
    doubtful[point[same]] = True
    expected = np.where(truth["watched_seconds"] > 0, "part", "not_covered")
    assert (expected[~doubtful] == "part").sum() > 100 and doubtful.mean() < 0.6
    assert found["covered"][~doubtful].tolist() == expected[~doubtful].tolist(), "for every incident"
    seconds = (found["minutes"] * 60)[~doubtful].tolist()
    assert seconds == pytest.approx(truth["watched_seconds"][~doubtful].tolist())
    assert (found["covered"] != expected).sum() <= 5, "and only there can it differ at all"


def test_each_of_the_four_answers_is_right_for_every_incident_of_a_simulated_war(flown: Simulated) -> None:
    """Against a plain reckoning: half-planes for places, seconds on the clock for times, one incident at a time."""
    rng = np.random.default_rng(3)
    framed = flown.passes[flown.passes["corner_1_longitude"].notna()].reset_index(drop=True)
    truth = flown.truth.incidents.sample(2500, random_state=3)
    at = truth[["longitude", "latitude"]].to_numpy(copy=True)
    # some lie where a sensor was at about their time, the others where the simulator put them
    watched = rng.choice(len(framed), 900)
    middle = framed[[*air_schema.CORNERS]].to_numpy().reshape(-1, 4, 2).mean(axis=1)[watched]
    moment = framed["time"].dt.tz_convert(ZONE).dt.tz_localize(None).iloc[watched] + pd.to_timedelta(
        rng.integers(-80, 80, 900), unit="min"
    )
    at[:900] = middle
    day = truth["event_date"].to_numpy(copy=True).astype("datetime64[us]")
    day[:900] = moment.dt.normalize().to_numpy()
    clock = np.array([f"{minute // 60:02d}:{minute % 60:02d}" for minute in rng.integers(0, 1440, 2500)], dtype=object)
    clock[:900] = moment.dt.strftime("%H:%M")
    clock[rng.random(2500) < 0.3] = None
    place = np.where(rng.random(2500) < 0.1, "district", "exact")
    dated = np.where(rng.random(2500) < 0.1, "month", "day")
    asked = incidents(at[:, 0], at[:, 1], day, event_time_local=clock, location_precision=place, date_precision=dated)
    found = match(asked, telemetry(framed), time_zone=ZONE)

    corners = framed[[*air_schema.CORNERS]].to_numpy().reshape(-1, 4, 2)
    side = np.roll(corners, -1, axis=1) - corners
    begin = framed["time"].dt.tz_convert(ZONE).dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    end = begin + (framed["seconds"].to_numpy() * 1e6).astype("timedelta64[us]")
    counts = dict.fromkeys(CLASSES, 0)
    for number in range(2500):
        cross = side[..., 0] * (at[number, 1] - corners[..., 1]) - side[..., 1] * (at[number, 0] - corners[..., 0])
        inside = ((cross >= 0).all(axis=1) | (cross <= 0).all(axis=1)) & (end > begin)
        on_day = inside & (begin < day[number] + np.timedelta64(1, "D")) & (end > day[number])
        if place[number] == "district" or dated[number] == "month":
            expected = "cannot_say"
        elif clock[number] and np.any(
            (begin[inside] <= pd.Timestamp(f"{str(day[number])[:10]}T{clock[number]}") + pd.Timedelta(minutes=30))
            & (end[inside] >= pd.Timestamp(f"{str(day[number])[:10]}T{clock[number]}") - pd.Timedelta(minutes=30))
        ):
            expected = "covered"
        else:
            expected = "part" if on_day.any() else "not_covered"
        assert found["covered"].iloc[number] == expected, number
        counts[expected] += 1
    assert min(counts.values()) > 150, counts


def test_two_sensors_at_once_are_one_time_of_coverage() -> None:
    half_a_day = [frames("2010-09-01 00:00", seconds=43200.0)] * 2
    found = one(incidents([65.0], [31.0], ["2010-09-01"]), pd.concat(half_a_day, ignore_index=True))
    assert (found["covered"], found["minutes"]) == ("part", 720.0)
    one_by_one = pd.concat([half_a_day[0], frames("2010-09-01 12:00", seconds=43200.0)], ignore_index=True)
    assert one(incidents([65.0], [31.0], ["2010-09-01"]), one_by_one)["covered"] == "covered"


def test_a_place_is_covered_all_day_only_if_each_part_of_it_is() -> None:
    lat, lon = h3.cell_to_latlng(h3.latlng_to_cell(31.0, 65.0, 7))
    west, east = (
        frames("2010-09-01 00:00", lon=lon + turn, lat=lat, half=0.05, seconds=43200.0) for turn in (-0.05, 0.05)
    )
    later = frames("2010-09-01 12:00", lon=lon - 0.05, lat=lat, half=0.05, seconds=43200.0)
    asked = incidents([lon], [lat], ["2010-09-01"], location_precision="settlement")
    found = one(asked, pd.concat([west, east, later], ignore_index=True))
    assert (found["covered"], found["minutes"], found["share"]) == ("part", 1440.0, 1.0), "the east half, half the day"


def test_a_sample_that_ends_at_midnight_covers_nothing_of_the_next_day() -> None:
    seen = frames("2010-09-01 23:59")
    asked = incidents([65.0, 65.0], [31.0, 31.0], ["2010-09-01", "2010-09-02"])
    assert match(asked, seen, time_zone=ZONE)["covered"].tolist() == ["part", "cannot_say"]
    over = match(asked, frames("2010-09-01 23:59", seconds=90.0), time_zone=ZONE)
    assert over["minutes"].tolist() == [1.0, 0.5]


def test_days_on_which_clocks_change_have_their_own_length() -> None:
    asked = incidents([65.0], [31.0], ["2019-10-27"])  # 25 hours in Paris
    seen = frames("2019-10-27 00:00", seconds=86400.0)
    seen["time"] = pd.Timestamp("2019-10-26T22:00", tz="UTC")
    assert match(asked, seen, time_zone="Europe/Paris")["covered"].tolist() == ["part"]
    seen["seconds"] = 25 * 3600.0
    assert match(asked, seen, time_zone="Europe/Paris")["covered"].tolist() == ["covered"]


def test_in_a_long_silence_no_telemetry_is_at_hand() -> None:
    seen = frames("2010-09-01 10:00", "2010-09-05 10:00", "2012-03-01 10:00")
    days = ["2010-09-01", "2010-09-03", "2010-09-06", "2011-06-01", "2012-03-01", "2012-03-02"]
    found = match(incidents([66.0] * 6, [31.0] * 6, days), seen, time_zone=ZONE)
    assert found["covered"].tolist() == [
        "not_covered",
        "not_covered",
        "cannot_say",
        "cannot_say",
        "not_covered",
        "cannot_say",
    ]
    assert found["reason"].dropna().unique().tolist() == ["no_telemetry"]


OVER = [(179.95, 10.1), (-179.95, 10.1)]  # on both sides of the antimeridian


@pytest.mark.parametrize(
    ("corners", "inside", "outside"),
    [
        ([179.9, 10.0, -179.9, 10.0, -179.9, 10.2, 179.9, 10.2], OVER, [(179.8, 10.1), (0.0, 10.1)]),
        ([-179.9, 10.0, -179.9, 10.2, 179.9, 10.2, 179.9, 10.0], OVER, [(-179.8, 10.1)]),
        ([0.0, 89.8, 90.0, 89.8, 180.0, 89.8, -90.0, 89.8], [(45.0, 89.95), (-100.0, 89.9)], [(45.0, 89.7)]),
        ([0.0, -89.8, 90.0, -89.8, 180.0, -89.8, -90.0, -89.8], [(45.0, -89.95)], [(45.0, 89.95), (0.0, -80.0)]),
    ],
)  # fmt: skip
def test_places_across_the_antimeridian_and_at_the_poles(
    corners: list[float], inside: list[tuple[float, float]], outside: list[tuple[float, float]]
) -> None:
    seen = frames("2010-09-01 10:00")
    seen[[*air_schema.CORNERS]] = corners
    lon, lat = np.array([*inside, *outside]).T
    found = match(incidents(lon, lat, ["2010-09-01"] * len(lon)), seen, time_zone=ZONE)
    assert found["covered"].tolist() == ["part"] * len(inside) + ["not_covered"] * len(outside)


def frames(*when: str, half: float = 0.05, lon: float = 65.0, lat: float = 31.0, seconds: float = 60.0) -> pd.DataFrame:
    """One square frame of a minute at each local time."""
    corners = [lon - half, lat - half, lon + half, lat - half, lon + half, lat + half, lon - half, lat + half]
    time = pd.to_datetime(pd.Series(when)).dt.tz_localize(ZONE).dt.tz_convert("UTC")
    columns: dict[str, object] = {"pass_id": ["p"] * len(when), "source_row": range(len(when)), "time": time,
                                  "seconds": [seconds] * len(when)}  # fmt: skip
    columns |= {name: [value] * len(when) for name, value in zip(air_schema.CORNERS, corners, strict=True)}
    return air_schema.frame(columns, length=len(when))


def one(asked: pd.DataFrame, seen: pd.DataFrame, **options: float) -> pd.Series:
    return match(asked, seen, time_zone=ZONE, **options).iloc[0]  # type: ignore[arg-type]


SPAN = ("2010-08-30 12:00", "2010-09-08 12:00")  # telemetry is at hand from the first to the last


def test_place_and_time_covered() -> None:
    seen = pd.concat([frames("2010-09-01 10:20"), frames(*SPAN, lon=60.0)], ignore_index=True)
    at = {"event_time_local": "10:00"}
    assert one(incidents([65.0], [31.0], ["2010-09-01"], **at), seen)["covered"] == "covered"
    late = one(incidents([65.0], [31.0], ["2010-09-01"], event_time_local="16:00"), seen)
    assert late["covered"] == "part" and late["minutes"] == 1.0 and late["at_time"] is np.False_ or not late["at_time"]


def test_without_a_time_of_day_a_footprint_covers_a_part_of_the_day() -> None:
    seen = pd.concat([frames("2010-09-01 10:20", "2010-09-01 11:00"), frames(*SPAN, lon=60.0)], ignore_index=True)
    found = one(incidents([65.0], [31.0], ["2010-09-01"]), seen)
    assert (found["covered"], found["minutes"], found["share"]) == ("part", 2.0, 1.0) and pd.isna(found["at_time"])
    assert one(incidents([65.0], [31.0], ["2010-09-02"]), seen)["covered"] == "not_covered"
    all_day = frames("2010-09-01 00:00", seconds=86400.0)
    assert one(incidents([65.0], [31.0], ["2010-09-01"]), all_day)["covered"] == "covered"


def test_a_settlement_is_covered_in_part() -> None:
    seen = frames("2010-09-01 10:00", half=0.006)
    found = one(
        incidents([65.0], [31.0], ["2010-09-01"], location_precision="settlement", event_time_local="10:00"), seen
    )
    assert found["covered"] == "part" and 0 < found["share"] < 0.6
    whole = frames("2010-09-01 10:00", half=0.1)
    found = one(
        incidents([65.0], [31.0], ["2010-09-01"], location_precision="settlement", event_time_local="10:00"), whole
    )
    assert found["covered"] == "covered" and found["share"] == 1.0 and found["minutes"] == 1.0


@pytest.mark.parametrize(
    ("columns", "day", "reason"),
    [
        ({"location_precision": "district"}, "2010-09-01", "place"),
        ({"date_precision": "month"}, "2010-09-01", "date"),
        ({}, "2012-09-01", "no_telemetry"),
    ],
)
def test_what_is_too_vague_cannot_be_said_and_is_not_called_uncovered(
    columns: dict[str, str], day: str, reason: str
) -> None:
    found = one(incidents([65.0], [31.0], [day], **columns), frames("2010-09-01 10:00"))
    assert (found["covered"], found["reason"]) == ("cannot_say", reason)
    assert found[["share", "minutes", "after_minutes", "hours_to_next"]].isna().all()


def test_after_the_event() -> None:
    seen = pd.concat(
        [frames("2010-09-01 11:00", "2010-09-02 10:00", "2010-09-06 10:00"), frames(*SPAN, lon=60.0)], ignore_index=True
    )
    timed = one(incidents([65.0], [31.0], ["2010-09-01"], event_time_local="10:00"), seen, after_hours=24.5)
    assert (timed["after_minutes"], timed["hours_to_next"]) == (2.0, 1.0)
    # without a time the event ends with its day
    untimed = one(incidents([65.0], [31.0], ["2010-09-01"]), seen, after_hours=72)
    assert (untimed["after_minutes"], untimed["hours_to_next"]) == (1.0, 10.0)
    assert pd.isna(one(incidents([66.0], [31.0], ["2010-09-01"]), seen)["hours_to_next"])


def test_positions_without_a_footprint_cover_nothing_unless_assumed() -> None:
    plane = frames("2010-09-01 10:00")
    plane[[*air_schema.CORNERS]] = np.nan
    plane[["sensor_longitude", "sensor_latitude", "sensor_altitude_m"]] = 65.0, 31.0, 5000.0
    asked = incidents([65.0], [31.0], ["2010-09-01"])
    assert one(asked, plane)["reason"] == "no_telemetry", "a track says nothing of what a sensor covered"
    assert one(asked, plane, assumed_view_degrees=60.0)["covered"] == "part"


def test_nothing_of_either_is_no_error() -> None:
    assert match(incidents([], [], []), frames("2010-09-01 10:00"), time_zone=ZONE).empty
    assert one(incidents([65.0], [31.0], ["2010-09-01"]), air_schema.frame({}, length=0))["reason"] == "no_telemetry"

"""Incidents against coverage: right for every incident of a simulated war, and by hand for each of the four answers."""

from __future__ import annotations

from datetime import date

import h3
import numpy as np
import pandas as pd
import pytest
import shapely

from civmap import air_schema
from civmap.analysis.matching import match
from civmap.simulate import Simulated, simulate
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


def test_the_class_is_right_for_every_incident_of_a_simulated_war(flown: Simulated) -> None:
    truth = flown.truth.incidents
    framed = flown.passes[flown.passes["corner_1_longitude"].notna()].reset_index(drop=True)
    # an incident asked about where the simulator asks whether its cell is watched: at the cell's middle
    cells = [h3.latlng_to_cell(y, x, 7) for y, x in truth[["latitude", "longitude"]].to_numpy()]
    middle = np.array([h3.cell_to_latlng(cell) for cell in cells])
    found = match(incidents(middle[:, 1], middle[:, 0], truth["event_date"]), telemetry(framed), time_zone=ZONE)
    watched = truth["watched_seconds"].to_numpy()
    # runs without corners are in the simulator's truth; whose they are is asked of shapely, frame by frame
    frames = shapely.polygons(framed[[*air_schema.CORNERS]].to_numpy().reshape(-1, 4, 2))
    day = framed["time"].dt.tz_convert(ZONE).dt.tz_localize(None).dt.normalize().to_numpy()
    frame, point = shapely.STRtree(shapely.points(middle[:, ::-1])).query(frames, predicate="intersects")
    same = day[frame] == truth["event_date"].to_numpy()[point]
    expected = np.bincount(point[same], framed["seconds"].to_numpy()[frame[same]], len(truth))
    touched = np.bincount(point[same], minlength=len(truth)) > 0
    assert (found["covered"].to_numpy() == np.where(touched, "part", "not_covered")).mean() > 0.9995
    # samples that stand over midnight give a part of their time to the next day
    assert np.isclose(found["minutes"] * 60, expected).mean() > 0.99
    assert (expected > 0).sum() > 200
    assert ((expected > 0) & (watched == 0)).sum() <= 1 and ((watched > 0) & (expected == 0)).sum() < 0.25 * (
        watched > 0
    ).sum()


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
    assert one(asked, plane)["covered"] == "not_covered"
    assert one(asked, plane, assumed_view_degrees=60.0)["covered"] == "part"


def test_nothing_of_either_is_no_error() -> None:
    assert match(incidents([], [], []), frames("2010-09-01 10:00"), time_zone=ZONE).empty
    assert one(incidents([65.0], [31.0], ["2010-09-01"]), air_schema.frame({}, length=0))["reason"] == "no_telemetry"

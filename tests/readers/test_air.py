"""Readers of air surveillance: the real files, and what is broken in every way that was thought of."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from civmap import air_schema
from civmap.errors import ReadError
from civmap.readers.air import AirResult, read_air
from civmap.readers.air.packets import packets

KEY = bytes.fromhex("060e2b34020b01010e01030101000000")
FLIGHT = "surveillance/klv_Cheyenne.bin"


def packet(*items: tuple[int, bytes], stamp: int | None = 1_300_000_000_000_000, spoil: int = 0) -> bytes:
    """One ST 0601 packet with these items; `spoil` is added to its checksum."""
    body = b"" if stamp is None else bytes([2, 8]) + stamp.to_bytes(8, "big")
    body += bytes([65, 1, 13]) + b"".join(bytes([tag, len(value)]) + value for tag, value in items)
    length = len(body) + 4
    head = KEY + (bytes([length]) if length < 128 else bytes([0x81, length])) + body + bytes([1, 2])
    total = sum(byte << (8 if place % 2 == 0 else 0) for place, byte in enumerate(head))
    return head + ((total + spoil) & 0xFFFF).to_bytes(2, "big")


def degrees(value: float, whole: float, size: int = 4) -> bytes:
    """Degrees on the standard's scale of signed whole numbers."""
    return round(value / whole * (2 ** (8 * size - 1) - 1)).to_bytes(size, "big", signed=True)


def sent(lat: float = 31.0, lon: float = 65.0, **options: int) -> bytes:
    """Make a packet with a sensor position, a frame centre half a degree north, and four offset corners."""
    offsets = [(0.01, -0.01), (0.01, 0.01), (-0.01, 0.01), (-0.01, -0.01)]
    corners = [
        (26 + 2 * number + axis, degrees(offset[axis], 0.075, 2))
        for number, offset in enumerate(offsets)
        for axis in (0, 1)
    ]
    where = [(13, degrees(lat, 90)), (14, degrees(lon, 180)), (23, degrees(lat + 0.5, 90)), (24, degrees(lon, 180))]
    return packet(*where, *corners, **options)


def read(tmp_path: Path, content: bytes, name: str = "stream.klv", **options: str) -> AirResult:
    file = tmp_path / name
    file.write_bytes(content)
    result = read_air(file, **options)
    assert result.read == result.accepted + len(result.rejected)
    return result


def rules(result: AirResult) -> dict[str, int]:
    return {str(rule): int(number) for rule, number in result.rejected["rule"].value_counts().items()}


SECOND = 1_000_000
START = 1_300_000_000 * SECOND


def flight(*seconds: float) -> list[bytes]:
    return [sent(stamp=START + int(second * SECOND)) for second in seconds]


def test_a_packet_says_when_where_and_what_lay_in_its_frame(tmp_path: Path) -> None:
    row = read(tmp_path, sent()).telemetry.iloc[0]
    assert row["time"] == pd.Timestamp(1_300_000_000, unit="s", tz="UTC") and row["footprint"] == "corners"
    found = row[[*air_schema.CORNERS]].to_numpy(float).reshape(4, 2)
    expected = [[64.99, 31.51], [65.01, 31.51], [65.01, 31.49], [64.99, 31.49]]
    assert np.allclose(found, expected, atol=1e-5)


def test_a_sample_stands_until_the_next_and_never_for_a_gap(tmp_path: Path) -> None:
    result = read(tmp_path, b"".join(flight(0, 2, 5, 905, 906, 6000, 6001)))
    assert result.telemetry["seconds"].tolist() == [2, 3, air_schema.LONGEST_GAP_SECONDS, 1, 0, 1, 0]
    assert result.passes["samples"].tolist() == [5, 2], "a silence of over half an hour begins another pass"


def test_every_broken_packet_is_set_aside_with_its_offset_and_reason(tmp_path: Path) -> None:
    one, two, three, four = flight(0, 1, 2, 3)
    wrong = sent(stamp=START + 9 * SECOND, spoil=1)
    blank = packet(stamp=None)
    cut = sent(stamp=START + 10 * SECOND)[:60]
    content = one + b"noise" * 7 + two + wrong + two + cut + three + blank + four[:-9]
    result = read(tmp_path, content)
    assert result.accepted == 3
    assert rules(result) == {
        "bytes_between_packets": 1, "checksum_wrong": 1, "packet_repeated": 1, "packet_cut_short": 2, "time_missing": 1,
    }  # fmt: skip
    offsets = dict(zip(result.rejected["rule"], result.rejected["offset"], strict=True))
    assert offsets["bytes_between_packets"] == len(one)
    assert offsets["checksum_wrong"] == len(one) + 35 + len(two)
    assert result.rejected["expected"].notna().all()


def test_a_wrong_length_swallows_no_other_packet(tmp_path: Path) -> None:
    one, two, three = flight(0, 1, 2)
    longer = bytearray(one)
    assert longer[16] < 0x7F, "the length stands in one byte"
    longer[16] = 0x7F
    result = read(tmp_path, bytes(longer) + two + three)
    assert result.accepted == 2 and rules(result) == {"packet_cut_short": 1}


@pytest.mark.parametrize("chunk", [1, 17, 300])
def test_packets_are_the_same_however_the_bytes_arrive(
    chunk: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = b"".join(flight(0, 1, 2)) + b"tail"
    whole = read(tmp_path, content)
    monkeypatch.setattr("civmap.readers.air.klv._CHUNK", chunk)
    pieces = read(tmp_path, content)
    pd.testing.assert_frame_equal(whole.telemetry, pieces.telemetry)
    pd.testing.assert_frame_equal(whole.rejected, pieces.rejected)


def test_a_clock_that_goes_backwards_and_impossible_times_are_set_aside(tmp_path: Path) -> None:
    content = b"".join([*flight(0, 5, 3, 6), packet((13, degrees(31, 90)), (14, degrees(65, 180)), stamp=7),
                        packet((13, degrees(31, 90)), (14, degrees(65, 180)), stamp=2**63)])  # fmt: skip
    result = read(tmp_path, content)
    assert rules(result) == {"clock_backwards": 1, "time_implausible": 2}
    assert result.telemetry["time"].is_monotonic_increasing


def test_one_clock_that_leaps_ahead_does_not_put_all_behind_it_in_the_wrong(tmp_path: Path) -> None:
    leapt = read(tmp_path, b"".join(flight(0, 1, 3600, 2, 3, 4, 1.5, 5)))
    assert rules(leapt) == {"clock_backwards": 2} and leapt.rejected["source_row"].tolist() == [3, 7]
    year_2099 = sent(stamp=4_070_000_000 * SECOND)
    assert rules(read(tmp_path, b"".join([*flight(0, 1), year_2099, *flight(2, 3)]))) == {"time_implausible": 1}


def test_words_that_are_sent_now_and_then_do_not_cut_a_pass(tmp_path: Path) -> None:
    where = [(13, degrees(31, 90)), (14, degrees(65, 180))]
    content = b"".join(
        packet(*where, *([(4, b"N1")] if second % 5 == 0 else []), stamp=START + second * SECOND)
        for second in range(12)
    )
    result = read(tmp_path, content)
    assert result.passes["samples"].tolist() == [12] and result.telemetry["platform"].eq("N1").all()
    assert result.telemetry["seconds"].sum() == 11


def corner_items(corners: list[tuple[float, float]]) -> list[tuple[int, bytes]]:
    """Four corners in full (items 82 to 89), latitude and longitude each."""
    return [
        (82 + 2 * number + axis, degrees(corner[axis], 90 if axis == 0 else 180))
        for number, corner in enumerate(corners)
        for axis in (0, 1)
    ]


@pytest.mark.parametrize("lon", [65.0, 179.995, -179.995])
def test_corners_in_full_and_as_offsets_are_the_same_corners(tmp_path: Path, lon: float) -> None:
    offsets = [(0.01, -0.02), (0.012, 0.02), (-0.01, 0.018), (-0.011, -0.02)]
    centre = [(23, degrees(31, 90)), (24, degrees(lon, 180))]
    moved = [(26 + 2 * n + axis, degrees(one[axis], 0.075, 2)) for n, one in enumerate(offsets) for axis in (0, 1)]
    whole = corner_items([(31 + north, (lon + east + 180) % 360 - 180) for north, east in offsets])
    result = read(tmp_path, packet(*centre, *moved) + packet(*centre, *whole, stamp=START + SECOND))
    one, two = result.telemetry[[*air_schema.CORNERS]].to_numpy()
    assert np.allclose(one, two, atol=2e-6) and result.telemetry["footprint"].eq("corners").all()
    both = packet(*centre, *[(tag, degrees(0.05, 0.075, 2)) for tag, _ in moved], *whole, stamp=START)
    assert np.allclose(read(tmp_path, both).telemetry[[*air_schema.CORNERS]].to_numpy()[0], two, atol=1e-9), (
        "full first"
    )


@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("backwards", [False, True])
def test_corners_may_go_round_either_way_from_any_but_may_not_cross(tmp_path: Path, turn: int, backwards: bool) -> None:
    corners = [(31.0, 65.0), (31.0, 65.1), (31.1, 65.1), (31.1, 65.0)]
    order = [corners[(turn + (-n if backwards else n)) % 4] for n in range(4)]
    assert read(tmp_path, packet(*corner_items(order))).accepted == 1
    crossed = [order[0], order[2], order[1], order[3]]
    assert rules(read(tmp_path, packet(*corner_items(crossed)))) == {"footprint_impossible": 1}


@given(cut=st.integers(0, 2000))
def test_a_stream_cut_anywhere_loses_only_the_packet_that_was_cut(cut: int) -> None:
    pieces = flight(*range(8))
    content = b"".join(pieces)[:cut]
    whole = sum(len(b"".join(pieces[: n + 1])) <= cut for n in range(8))
    found = list(packets([content[k : k + 37] for k in range(0, len(content), 37)]))
    assert b"".join(piece for _, piece in found) == content, "every byte is in one piece"
    assert all(piece.startswith(one) for (_, piece), one in zip(found, pieces[:whole], strict=False))
    assert len(found) >= whole


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_bits_flip_every_packet_is_accounted_for(tmp_path: Path, data: st.DataObject) -> None:
    pieces = flight(*range(6))
    order = data.draw(st.permutations(range(6)))
    content = bytearray(b"".join(pieces[number] for number in order))
    flips = data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 7)), max_size=6))
    for place, bit in flips:
        content[place] ^= 1 << bit
    spoilt = {place // len(pieces[0]) for place, _ in flips}
    assume(KEY[:4] in content)
    result = read(tmp_path, bytes(content))
    given_back = result.telemetry["time"].map(lambda when: round(when.timestamp())).tolist()
    assert given_back == sorted(given_back) and len(set(given_back)) == len(given_back)
    if not flips:
        assert result.read == 6 and set(result.rejected["rule"]) <= {"clock_backwards"}
    # what was not touched is accepted, or its clock stands behind another's
    untouched = [number for place, number in enumerate(order) if place not in spoilt]
    late = set(result.rejected.loc[result.rejected["rule"] == "clock_backwards", "value"].str[:19])
    said = {pd.Timestamp(START + number * SECOND, unit="us").strftime("%Y-%m-%d %H:%M:%S") for number in untouched}
    kept = {pd.Timestamp(second, unit="s").strftime("%Y-%m-%d %H:%M:%S") for second in given_back}
    assert said <= kept | late


def test_a_key_inside_a_whole_packet_is_part_of_its_value_however_the_bytes_arrive() -> None:
    odd = packet((10, KEY), (13, degrees(31, 90)), (14, degrees(65, 180)))
    content = odd + sent(stamp=START + SECOND) + odd
    for size in (1, 7, 16, 40, 1000):
        found = list(packets([content[k : k + size] for k in range(0, len(content), size)]))
        assert [offset for offset, _ in found] == [0, len(odd), len(content) - len(odd)], size


def test_many_keys_and_false_lengths_take_no_long_time_and_lose_no_byte() -> None:
    liar = KEY + b"\x83\x0f\xff\x00"  # says that a million bytes follow
    content = liar + KEY * 20_000 + sent()
    found = list(packets([content[k : k + 4096] for k in range(0, len(content), 4096)]))
    assert b"".join(piece for _, piece in found) == content and found[-1][1] == sent()
    junk = b"\x00" * 3_000_000
    found = list(packets([junk[k : k + 184] for k in range(0, len(junk), 184)]))
    assert sum(len(piece) for _, piece in found) == len(junk) and max(len(piece) for _, piece in found) < 1_100_000


@pytest.mark.parametrize("more", range(1, 16))
def test_no_bytes_at_the_end_are_dropped_in_silence(tmp_path: Path, more: int) -> None:
    result = read(tmp_path, sent() + bytes(more))
    assert rules(result) == {"bytes_between_packets": 1} and result.rejected["value"].tolist() == [f"{more} bytes"]


def test_more_packets_than_fit_into_memory_are_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("civmap.readers.air.klv.MOST_PACKETS", 5)
    assert read(tmp_path, b"".join(flight(*range(5)))).accepted == 5
    with pytest.raises(ReadError, match="more than 5 packets") as caught:
        read(tmp_path, b"".join(flight(*range(6))))
    assert "Cut the recording" in str(caught.value)


def test_packing_samples_early_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"".join(flight(*range(9)))
    whole = read(tmp_path, content)
    monkeypatch.setattr("civmap.readers.air.klv._AT_ONCE", 2)
    pd.testing.assert_frame_equal(read(tmp_path, content).telemetry, whole.telemetry)


def test_null_island_and_crossed_frames_are_set_aside(tmp_path: Path) -> None:
    nowhere = packet((13, degrees(0, 90)), (14, degrees(0, 180)))
    offsets = [(0.01, -0.01), (-0.01, 0.01), (0.01, 0.01), (-0.01, -0.01)]
    corners = [(26 + 2 * n + axis, degrees(one[axis], 0.075, 2)) for n, one in enumerate(offsets) for axis in (0, 1)]
    crossed = packet((23, degrees(31, 90)), (24, degrees(65, 180)), *corners, stamp=START + SECOND)
    assert rules(read(tmp_path, nowhere + crossed)) == {"null_island": 1, "footprint_impossible": 1}


def test_the_centre_and_the_width_give_a_footprint_where_corners_are_missing(tmp_path: Path) -> None:
    width = round(2000 / 10_000 * 65535).to_bytes(2, "big")
    centre = [(23, degrees(31, 90)), (24, degrees(65, 180))]
    found = read(tmp_path, packet(*centre, (22, width))).telemetry.iloc[0]
    assert found["footprint"] == "width" and found["target_width_m"] == pytest.approx(2000, abs=1)


def test_heights_in_feet_taken_as_metres_are_asked_about_not_guessed(tmp_path: Path) -> None:
    def high(metres: float, second: int) -> bytes:
        height = round((metres + 900) / 19_900 * 65535).to_bytes(2, "big")
        ground = round((1000 + 900) / 19_900 * 65535).to_bytes(2, "big")
        slant = round(4000 / 5_000_000 * (2**32 - 1)).to_bytes(4, "big")
        place = [(13, degrees(31, 90)), (14, degrees(65, 180))]
        return packet(*place, (15, height), (21, slant), (25, ground), stamp=START + second * SECOND)

    plain = b"".join(high(4000, second) for second in range(5))
    feet = b"".join(high(4000 / 0.3048, second) for second in range(5))
    assert not read(tmp_path, plain).questions
    asked = read(tmp_path, feet)
    assert "feet" in asked.questions[0] and asked.telemetry["sensor_altitude_m"].isna().all()
    answered = read(tmp_path, feet, altitude_unit="ft")
    assert not answered.questions and answered.telemetry["sensor_altitude_m"].mean() == pytest.approx(4000, abs=1)


def test_the_real_flight_is_read_whole_and_fits_its_own_frame_centres(reference_data: Path) -> None:
    result = read_air(reference_data / FLIGHT)
    assert (result.read, result.accepted, len(result.rejected), len(result.passes)) == (407, 407, 0, 1)
    table = result.telemetry
    assert table["time"].iloc[0] == pd.Timestamp("2012-09-19T20:40:44.105300Z") and table["platform"].eq("N97826").all()
    frames = shapely.polygons(table[[*air_schema.CORNERS]].to_numpy().reshape(-1, 4, 2))
    assert shapely.contains_xy(frames, table["centre_longitude"], table["centre_latitude"]).all()
    assert not result.questions and table["footprint"].eq("corners").all()


def test_a_transport_stream_gives_what_the_bare_stream_gives(reference_data: Path, tmp_path: Path) -> None:
    bare = reference_data / FLIGHT
    stream = tmp_path / "flight.ts"
    stream.write_bytes(transport_stream(bare.read_bytes()))
    one, two = read_air(bare), read_air(stream)
    assert (two.reader, two.read, two.accepted) == ("transport_stream", 407, 407)
    same = one.telemetry.columns.difference(["pass_id", "source_row"])
    pd.testing.assert_frame_equal(one.telemetry[same], two.telemetry[same])


def test_a_damaged_transport_stream_loses_only_what_was_in_the_damage(reference_data: Path, tmp_path: Path) -> None:
    content = bytearray(transport_stream((reference_data / FLIGHT).read_bytes()))
    middle = len(content) // 2 // 188 * 188
    content[middle : middle + 188] = bytes(188)
    (tmp_path / "flight.ts").write_bytes(content)
    result = read_air(tmp_path / "flight.ts")
    assert result.read == result.accepted + len(result.rejected) and 400 <= result.accepted < 407


def transport_stream(klv: bytes) -> bytes:
    """Carry each packet of a KLV stream in a transport stream."""
    from stanag4609 import KLVStreamParser

    from tests.readers.transport_streams import carried

    return carried([bytes(one) for one in KLVStreamParser().feed(klv)])


def test_real_tracks_keep_every_row_and_claim_no_footprint(reference_data: Path) -> None:
    track = read_air(reference_data / "surveillance/traffic_border_control.json.gz")
    assert (track.read, track.accepted, len(track.rejected)) == (1465, 1465, 0)
    assert track.telemetry["footprint"].isna().all() and track.passes["with_footprint"].eq(0).all()
    first = track.telemetry.iloc[0]
    assert (first["sensor_latitude"], first["sensor_longitude"]) == (50.953583, 0.936659)
    assert first["sensor_altitude_m"] == pytest.approx(125 * 0.3048)
    tanker = read_air(reference_data / "surveillance/traffic_inflight_refuelling.json.gz")
    assert (tanker.read, tanker.accepted) == (10397, 10396) and rules(tanker) == {"position_missing": 1}


STATES = pd.DataFrame({
    "time": [1_600_000_000, 1_600_000_010, 1_600_000_010, 1_600_000_005, 1_600_000_020, 1_600_000_030, 1_600_000_000],
    "icao24": ["abc123"] * 6 + ["def456"], "lat": [31.0, 31.1, 31.1, 31.2, None, 0.0, 95.0],
    "lon": [65.0, 65.1, 65.1, 65.2, 65.3, 0.0, 65.0], "baroaltitude": [9000.0] * 7, "geoaltitude": [None] * 7,
    "callsign": ["ONE"] * 7,
})  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_state_vectors_of_opensky(tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"states.{kind}"
    STATES.to_csv(file, index=False) if kind == "csv" else STATES.to_parquet(file, index=False)
    result = read_air(file)
    assert result.read == len(STATES) == result.accepted + len(result.rejected)
    assert rules(result) == {
        "row_repeated": 1, "clock_backwards": 1, "position_missing": 1, "null_island": 1, "position_out_of_range": 1,
    }  # fmt: skip
    assert result.telemetry["sensor_altitude_m"].tolist() == [9000, 9000], "OpenSky's heights are metres"
    assert result.telemetry["seconds"].tolist() == [10, 0]


def test_heights_that_no_aircraft_reaches_are_asked_about(tmp_path: Path) -> None:
    file = tmp_path / "states.csv"
    STATES.assign(baroaltitude=35_000).to_csv(file, index=False)
    result = read_air(file)
    assert "feet" in result.questions[0] and result.telemetry["sensor_altitude_m"].isna().all()
    assert read_air(file, altitude_unit="ft").telemetry["sensor_altitude_m"].max() == pytest.approx(10_668)


def test_a_trace_of_readsb(tmp_path: Path) -> None:
    trace = {"icao": "abc123", "timestamp": 1_600_000_000.5, "trace": [
        [0, 31.0, 65.0, "ground", 0], [4.5, 31.1, 65.1, 1000, 200], "no point",
        [9.5, None, None, 1000, 0]]}  # fmt: skip
    file = tmp_path / "trace_full_abc123.json"
    file.write_bytes(gzip.compress(json.dumps(trace).encode()))
    result = read_air(file)
    assert (result.reader, result.read, result.accepted) == ("readsb", 4, 2)
    assert rules(result) == {"row_broken": 1, "position_missing": 1}
    assert result.telemetry["sensor_altitude_m"].tolist()[1] == pytest.approx(304.8)
    assert np.isnan(result.telemetry["sensor_altitude_m"][0]), "on the ground is no height"


SHAPES = [shapely.box(65, 31, 66, 32), shapely.box(65, 31, 66, 32), shapely.Point(65, 31),
          shapely.from_wkt("POLYGON ((0 0, 1 1, 0 1, 1 0, 0 0))"), None]  # fmt: skip
AREAS = pd.DataFrame({
    "start": ["2010-09-01T04:00Z", "2010-09-01T08:00", "2010-09-01T04:00", "2010-09-01T04:00", "soon"],
    "end": ["2010-09-01T06:00Z", "2010-09-01T06:00", "2010-09-01T06:00", "2010-09-01T06:00", "2010-09-01T06:00"],
    "sensor": ["EO"] * 5,
})  # fmt: skip


@pytest.mark.parametrize("name", ["areas.geojson", "areas.gpkg", "areas.csv"])
def test_observed_areas(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    if name.endswith("csv"):
        AREAS.assign(wkt=[None if one is None else one.wkt for one in SHAPES]).to_csv(file, index=False)
    else:
        layer = gpd.GeoDataFrame(AREAS, geometry=SHAPES, crs="EPSG:4326")
        layer.to_file(file, driver="GeoJSON" if name.endswith("json") else "GPKG")
    result = read_air(file)
    assert result.read == 5 == result.accepted + len(result.rejected)
    assert rules(result) == {"end_before_start": 1, "area_missing": 2, "area_impossible": 1}
    row = result.telemetry.iloc[0]
    assert (row["seconds"], row["footprint"], row["sensor"]) == (7200.0, "area", "EO")
    assert shapely.from_wkb(row["area"]).equals(SHAPES[0])


def test_telemetry_in_our_own_columns(tmp_path: Path) -> None:
    corners = dict(zip(air_schema.CORNERS, [64.9, 31.0, 65.0, 31.0, 65.0, 31.1, 64.9, 31.1], strict=True))
    rows = [{"pass_id": "P", "time": pd.Timestamp("2010-09-01", tz="UTC") + pd.Timedelta(seconds=n * 30), **corners}
            for n in (0, 1, 1, 2)]  # fmt: skip
    pq.write_table(pa.Table.from_pandas(pd.DataFrame(rows)), tmp_path / "own.parquet")
    result = read_air(tmp_path / "own.parquet")
    assert rules(result) == {"row_repeated": 1} and result.telemetry["seconds"].tolist() == [30, 30, 0]


def test_odd_numbers_in_our_own_columns_are_set_aside_or_null(tmp_path: Path) -> None:
    corners = dict(zip(air_schema.CORNERS, [64.9, 31.0, 65.0, 31.0, 65.0, 31.1, 64.9, 31.1], strict=True))
    good = {"pass_id": "P", "time": pd.Timestamp("2010-09-01", tz="UTC"), "seconds": 30.0, **corners}
    rows = [good, *[good | {"seconds": odd} for odd in (-1.0, np.nan, np.inf, 1e12)]]
    rows += [good | {"corner_2_latitude": odd} for odd in (95.0, 1e300)]
    rows += [good | {"corner_2_longitude": np.inf}, good | {"centre_latitude": 99.0, "centre_longitude": 0.0}]
    pd.DataFrame(rows).to_parquet(tmp_path / "own.parquet")
    result = read_air(tmp_path / "own.parquet")
    assert result.read == 9 == result.accepted + len(result.rejected)
    assert rules(result) == {"seconds_implausible": 4, "footprint_impossible": 2, "position_out_of_range": 1}
    assert result.telemetry["footprint"].isna().tolist() == [False, True], "a corner at no place is no corner"


@pytest.mark.parametrize("column", ["time", "seconds", "corner_1_latitude", "source_row"])
def test_another_kind_of_value_in_our_own_columns_is_named(tmp_path: Path, column: str) -> None:
    good = {"pass_id": "P", "time": pd.Timestamp("2010-09-01", tz="UTC"), "seconds": 30.0, "corner_1_longitude": 1.0,
            "corner_1_latitude": 1.0, "source_row": 1}  # fmt: skip
    pd.DataFrame([good | {column: "odd"}]).to_parquet(tmp_path / "own.parquet")
    with pytest.raises(ReadError, match="another kind of value"):
        read_air(tmp_path / "own.parquet")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_transport_stream_is_read_or_refused_and_nothing_is_lost(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(transport_stream(b"".join(flight(*range(30)))))
    for place, bit in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 7)), max_size=8)):
        content[place] ^= 1 << bit
    del content[data.draw(st.integers(1000, len(content))) :]
    (tmp_path / "flight.ts").write_bytes(content)
    try:
        result = read_air(tmp_path / "flight.ts")
    except ReadError:
        return
    assert result.read == result.accepted + len(result.rejected)


def test_files_too_large_for_a_reader_are_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("civmap.readers.air.LARGEST_WHOLE", 1000)
    monkeypatch.setattr("civmap.readers.air.adsb.LARGEST_UNPACKED", 1000)
    monkeypatch.setattr("civmap.readers.air.own.MOST_ROWS", 2)
    long = json.dumps([{"icao24": "a", "timestamp": 1, "latitude": 1, "longitude": 1}] * 200).encode()
    corners = dict(zip(air_schema.CORNERS, [64.9, 31.0, 65.0, 31.0, 65.0, 31.1, 64.9, 31.1], strict=True))
    rows = [{"pass_id": "P", "time": pd.Timestamp("2010-09-01", tz="UTC"), "seconds": 1.0, **corners}] * 3
    pd.DataFrame(rows).to_parquet(tmp_path / "own.parquet")
    (tmp_path / "tracks.json").write_bytes(long)
    (tmp_path / "tracks.json.gz").write_bytes(gzip.compress(long))  # small on disk
    (tmp_path / "states.csv.gz").write_bytes(gzip.compress(STATES.to_csv(index=False).encode() * 9))
    STATES.to_parquet(tmp_path / "states.parquet", index=False)
    (tmp_path / "areas.geojson").write_bytes(b'{"type": "FeatureCollection", "features": [' + b" " * 2000 + b"]}")
    large = ("tracks.json", "tracks.json.gz", "areas.geojson", "states.csv.gz")
    for name in (*large, "states.parquet", "own.parquet"):
        said = "too large" if name in large else "rows, which is more"
        with pytest.raises(ReadError, match=said) as caught:
            read_air(tmp_path / name)
        assert caught.value.next_step, name


@pytest.mark.parametrize(
    "text",
    ["[" * 200_000, '[{"icao24": "a", "latitude": [1], "longitude": {}, "timestamp": [2]}]', '[{"icao24": 1}]',
     '[{"icao24": "a", "latitude": 1e999, "longitude": NaN, "timestamp": -Infinity}]',
     '{"icao": "a", "timestamp": 1e300, "trace": [[1, [2], 3, 4], [null, 1, 2, 3], [true, "x", "y", "z"]]}',
     '{"icao": "a", "timestamp": 1600000000, "trace": [[1, 31, 65, 4, 5], {}, [], 7]}'],
)  # fmt: skip
def test_odd_json_is_refused_or_set_aside_never_worse(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_text(text)
    try:
        result = read_air(tmp_path / "odd.json")
    except ReadError:
        return
    assert result.read == result.accepted + len(result.rejected)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.klv", b"", "is empty"),
        ("table.csv", b"a,b\n1,2\n", "no reader of air surveillance"),
        ("other.json", b'{"x": 1}', "holds no tracks"),
        ("torn.json.gz", gzip.compress(b'[{"icao24": 1}]')[:-9], "cannot be read as JSON"),
        ("torn.parquet", b"PAR1 and nothing", "damaged"),
        ("areas.geojson", b'{"type": "FeatureCollection", "features": []}', "start and an end"),
    ],
)
def test_files_that_cannot_be_read_say_why(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReadError, match=said):
        read_air(tmp_path / name)
    with pytest.raises(ReadError, match="no such file"):
        read_air(tmp_path / "absent.klv")
    with pytest.raises(ReadError, match="unit of heights"):
        read_air(tmp_path / name, altitude_unit="furlong")

"""MISB ST 0601 metadata of motion imagery: bare KLV, and KLV inside MPEG transport streams.

Every packet is either a sample or set aside with its offset. Time is the packet's own precision time stamp, taken as
microseconds of UTC since 1970, as senders write it; a packet that carries its leap seconds (item 136) is corrected by
them. Heights are metres by the standard.

Sources: MISB ST 0601.16 (UAS datalink local set), ST 0603.5 (time stamps), ST 1402 (carriage in transport streams).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from stanag4609 import FieldDecodingMode, decode_uas_local_set
from stanag4609.errors import ChecksumError, DecodeError, Stanag4609Error

from civmap import air_schema
from civmap.errors import ReadError
from civmap.readers.air import result as parts
from civmap.readers.air.packets import KEY, PREFIX, Pieces, packets, read_packet
from civmap.readers.air.result import AirResult

MOST_PACKETS = 2_000_000  # in one file: a flight of two days at ten a second, in about 2 GB of memory
_AT_ONCE = 20_000  # packets that are held as Python's objects before they become columns
_CHUNK = 1 << 20
_LATEST_STAMP = 4_102_444_800_000_000  # microseconds: the year 2100; what is later is no time at all

_NUMBERS = {
    13: "sensor_latitude", 14: "sensor_longitude", 15: "altitude", 104: "altitude_ellipsoid", 75: "altitude_hae",
    21: "slant_range", 22: "target_width_m", 23: "centre_latitude", 24: "centre_longitude", 25: "centre_elevation",
    96: "target_width_extended",
    26: "offset_1_latitude", 27: "offset_1_longitude", 28: "offset_2_latitude", 29: "offset_2_longitude",
    30: "offset_3_latitude", 31: "offset_3_longitude", 32: "offset_4_latitude", 33: "offset_4_longitude",
    82: "corner_1_latitude", 83: "corner_1_longitude", 84: "corner_2_latitude", 85: "corner_2_longitude",
    86: "corner_3_latitude", 87: "corner_3_longitude", 88: "corner_4_latitude", 89: "corner_4_longitude",
    136: "leap_seconds",
}  # fmt: skip
_WORDS_STAND = 1000  # packets
_WORDS = {4: "tail", 59: "call_sign", 10: "designation", 11: "sensor", 3: "mission"}
_TAGS = {**_NUMBERS, **_WORDS}


@dataclass
class _Found:
    """Packets as they are decoded: values by item, and what was set aside."""

    file: str
    samples: list[dict[str, Any]] = field(default_factory=list)
    tables: list[pd.DataFrame] = field(default_factory=list)
    aside: list[dict[str, Any]] = field(default_factory=list)
    read: int = 0

    def count(self) -> int:
        """Give the next packet's number; more than fit into memory are refused."""
        self.read += 1
        if self.read > MOST_PACKETS:
            raise ReadError(
                f"{self.file}: more than {MOST_PACKETS:,} packets, which is more than is read at once.",
                expected=f"at most {MOST_PACKETS:,} packets in one file",
                next_step="Cut the recording into flights or days and load these.",
            )
        if len(self.samples) >= _AT_ONCE:
            self.pack()
        return self.read

    def pack(self) -> None:
        """Turn the samples held so far into columns, which take a tenth of the memory."""
        columns = ["source_row", "offset", "raw", "stream", "stamp", *_TAGS.values()]
        table = pd.DataFrame(self.samples, columns=columns).astype(dict.fromkeys(_NUMBERS.values(), "float64"))
        table["stamp"] = table["stamp"].where(lambda sent: sent < _LATEST_STAMP).astype("Int64")
        self.tables.append(table.astype(dict.fromkeys(_WORDS.values(), "str")))
        self.samples.clear()

    def table(self) -> pd.DataFrame:
        """Give all samples, each stream's behind one another."""
        self.pack()
        whole = pd.concat(self.tables, ignore_index=True)
        return whole.sort_values(["stream", "source_row"], kind="stable", ignore_index=True)


def read_klv(path: Path, *, sha256: str, altitude_unit: str | None = None) -> AirResult:
    """Read a file of bare KLV, piece by piece, so that its size does not matter to the memory."""
    found = _Found(path.name)
    with path.open("rb") as file:
        _decode(packets(iter(lambda: file.read(_CHUNK), b"")), found)
    return _result(found, path, sha256, reader="klv", notes=[], altitude_unit=altitude_unit)


def read_transport_stream(path: Path, *, sha256: str, altitude_unit: str | None = None) -> AirResult:
    """Read the KLV streams of an MPEG transport stream; pictures and sound are passed over."""
    import av

    found, notes = _Found(path.name), []
    try:
        with av.open(str(path), format="mpegts", metadata_errors="ignore") as container:
            streams = [stream for stream in container.streams if stream.type == "data"]
            if not streams:
                raise ReadError(
                    f"{path.name}: the transport stream holds no metadata.",
                    found=", ".join(stream.type for stream in container.streams) or "no stream",
                    expected="a KLV stream (ST 0601)",
                )
            carried = {stream.index: Pieces() for stream in streams}
            for packet in _demuxed(container, streams):
                _decode(carried[packet.stream.index].feed(bytes(packet)), found, packet.stream.index, _UNIT_HEADER)
            for number, pieces in carried.items():
                _decode(pieces.finish(), found, number, _UNIT_HEADER)
            notes.append(f"{len(streams)} KLV stream(s); offsets count the bytes of a stream's KLV")
    except av.FFmpegError as error:
        raise ReadError(f"{path.name}: the transport stream cannot be read.", found=str(error)[:200]) from error
    return _result(found, path, sha256, reader="transport_stream", notes=notes, altitude_unit=altitude_unit)


def _demuxed(container: Any, streams: list[Any]) -> Iterator[Any]:
    """Give the packets of streams; goes on where damage makes one appear that was not there at the start."""
    while True:
        try:
            yield from container.demux(streams)
            return
        except IndexError:  # of a stream that PyAV does not know; the next packet may be ours
            continue


def _decode(pieces: Iterable[tuple[int, bytes]], found: _Found, stream: int = 0, header: int = 0) -> None:
    """Decode pieces into samples; what cannot be is set aside with its offset.

    Between two packets may stand a header of so many bytes.
    """
    for offset, piece in pieces:
        found.count()
        if not piece.startswith(KEY):
            rule = "other_set" if piece.startswith(PREFIX) else "bytes_between_packets"
            _aside(found, offset, rule, f"{len(piece)} bytes")
            continue
        packet, end = read_packet(piece, offset)
        if packet is None:
            _aside(found, offset, "packet_cut_short", f"{len(piece)} of {end or 'unknown'} bytes")
            continue
        try:
            fields = decode_uas_local_set(packet, field_decoding=FieldDecodingMode.PRESERVE).fields
        except ChecksumError as error:
            _aside(found, offset, "checksum_wrong", str(error))
        except DecodeError as error:
            rule = "time_missing" if "Time Stamp" in str(error) and "required" in str(error) else "packet_broken"
            _aside(found, offset, rule, str(error))
        except OverflowError as error:  # a time stamp beyond the calendar
            _aside(found, offset, "time_implausible", str(error))
        except (Stanag4609Error, ValueError) as error:
            _aside(found, offset, "packet_broken", str(error))
        else:
            sample: dict[str, Any] = {"source_row": found.read, "offset": offset, "raw": hash(packet.value),
                                      "stream": stream}  # fmt: skip
            for one in fields:
                tag = one.definition.tag
                if tag == 2:
                    sample["stamp"] = int.from_bytes(one.raw, "big")
                elif tag in _NUMBERS and isinstance(one.value, int | float):  # else it says that it does not know
                    sample[_NUMBERS[tag]] = float(one.value)
                elif tag in _WORDS and isinstance(one.value, str):
                    sample[_WORDS[tag]] = one.value
            found.samples.append(sample)
        if len(piece) - end not in (0, header):
            found.count()
            other = piece[end:].startswith(PREFIX)
            rule = "other_set" if other else "bytes_between_packets"
            _aside(found, offset + end, rule, f"{len(piece) - end} bytes")


_UNIT_HEADER = 5  # bytes of the access-unit header that stands before each packet of a synchronous stream (ST 1402)


def _aside(found: _Found, offset: int, rule: str, value: str) -> None:
    found.aside.append({"source_row": found.read, "offset": offset, "rule": rule, "column": "packet", "value": value})


def _result(
    found: _Found, path: Path, sha256: str, *, reader: str, notes: list[str], altitude_unit: str | None
) -> AirResult:
    """Put decoded packets into the columns of telemetry, and set implausible ones aside."""
    read = found.table()
    seconds = read.pop("leap_seconds").fillna(0.0)
    stamp = read.pop("stamp") - (seconds * 1e6).astype("Int64")
    read["time"] = pd.to_datetime(stamp, unit="us", utc=True).astype("datetime64[us, UTC]")
    read["footprint"] = _corners(read)
    widths = read["target_width_extended"].fillna(read["target_width_m"])
    read["target_width_m"] = widths.where(widths > 0)  # 0 is what senders write who do not know it
    centred = read[["centre_latitude", "centre_longitude", "target_width_m"]].notna().all(axis=1)
    read["footprint"] = read["footprint"].mask(read["footprint"].isna() & centred, "width")
    repeated = read.duplicated(["time", "raw"])
    kept, rows = parts.faults_of(
        [
            ("packet_repeated", "time", repeated.to_numpy()),
            *parts.time_faults(read["time"]),
            ("clock_backwards", "time", parts.backwards(read["time"], read["stream"])),
            *parts.place_faults(read["sensor_latitude"], read["sensor_longitude"], needed=False),
            *parts.place_faults(read["centre_latitude"], read["centre_longitude"], needed=False),
            ("footprint_impossible", "corner_1_latitude", air_schema.impossible(_shaped(read))),
            ("position_missing", "sensor_latitude",
             (read["footprint"].isna() & read[["sensor_latitude", "sensor_longitude"]].isna().any(axis=1)).to_numpy()),
        ],
        read,
    )  # fmt: skip
    good = read[kept].reset_index(drop=True)
    # words are sent less often than places: between two packets that carry one it stands
    words = good.groupby("stream")[[*_WORDS.values()]].ffill(limit=_WORDS_STAND).bfill(limit=_WORDS_STAND)
    good[[*_WORDS.values()]] = words
    good["platform"] = good["tail"].fillna(good["call_sign"]).fillna(good["designation"])
    key = good["stream"].astype("str") + " " + good["platform"].fillna("")
    ids, stands_for = parts.split_passes(key, good["time"], prefix=f"KLV-{sha256[:8]}")
    heights = good["altitude"].fillna(good["altitude_ellipsoid"]).fillna(good["altitude_hae"])
    good = good.assign(pass_id=ids, seconds=stands_for, sensor_altitude_m=heights)
    questions = () if altitude_unit else _feet(good)
    factor = np.nan if questions else parts.METRES[altitude_unit or "m"]
    good["sensor_altitude_m"] = good["sensor_altitude_m"] * factor
    telemetry = air_schema.frame({str(name): good[name] for name in good}, length=len(good))
    rejected = parts.rejected_frame([*found.aside, *parts.listed(rows)], file=path.name)
    passes = air_schema.passes_of(telemetry, file=path.name, reader=reader)
    return AirResult(passes, telemetry, rejected, found.read, reader, path.name, sha256, tuple(notes), questions)


def _corners(read: pd.DataFrame) -> pd.Series:
    """Fill the corners from the frame centre and its offsets where they are not given in full."""
    whole = read[[*air_schema.CORNERS]].notna().all(axis=1)
    for number in range(1, 5):
        for axis in ("longitude", "latitude"):
            name = f"corner_{number}_{axis}"
            moved = read[f"centre_{axis}"] + read[f"offset_{number}_{axis}"]
            if axis == "longitude":
                moved = (moved + 180) % 360 - 180
            read[name] = read[name].where(whole, moved)
    kind = pd.Series([None] * len(read), index=read.index, dtype="object")
    return kind.mask(read[[*air_schema.CORNERS]].notna().all(axis=1), "corners")


def _shaped(read: pd.DataFrame) -> np.ndarray:
    return read[[*air_schema.CORNERS]].to_numpy("float64").reshape(-1, 4, 2)


def _feet(good: pd.DataFrame) -> tuple[str, ...]:
    """Ask about heights where the sensor would be further above the frame centre than the slant range is long."""
    above = (good["sensor_altitude_m"] - good["centre_elevation"]) / good["slant_range"].where(good["slant_range"] > 0)
    if above.notna().sum() < 3 or above.median() < 1.3:
        return ()
    return (
        f"Heights: the sensor stands {above.median():.1f} times its slant range above the frame centre, which cannot "
        "be. Are heights in feet, not metres? They are left out until you say so: altitude_unit='ft' or 'm'.",
    )

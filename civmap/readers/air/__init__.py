"""Readers of air surveillance: one file in; passes, telemetry and what was set aside out. They know no theatre."""

from __future__ import annotations

import hashlib
from pathlib import Path

from civmap.errors import ReadError
from civmap.readers.air import adsb, areas, own
from civmap.readers.air.klv import read_klv, read_transport_stream
from civmap.readers.air.packets import PREFIX
from civmap.readers.air.result import METRES, REJECTED_COLUMNS, RULES, AirResult, too_large
from civmap.readers.files import open_table

__all__ = ["REJECTED_COLUMNS", "RULES", "AirResult", "read_air"]

_SYNC, _PACKET_BYTES = 0x47, (188, 192, 204)  # of MPEG transport streams
_EXPECTED = (
    "MISB ST 0601 (bare KLV or a transport stream), ADS-B (OpenSky CSV or Parquet, readsb JSON, a JSON list of "
    "positions), observed areas (GeoJSON, GeoPackage, CSV with WKT), or telemetry in CivMap's columns (Parquet)"
)
_HEAD = 1 << 16
LARGEST_WHOLE = 500_000_000  # bytes of a table, unpacked: while it is read it takes four to five times as much memory


def read_air(path: str | Path, *, altitude_unit: str | None = None) -> AirResult:
    r"""Read a file of air surveillance; its kind is recognised from its content.

    Every packet or record is either a sample or set aside with its rule: read = accepted + rejected.

    Parameters
    ----------
    path
        MISB ST 0601 as bare KLV or in an MPEG transport stream; ADS-B as OpenSky state vectors (CSV, Parquet), readsb
        trace (JSON) or a JSON list of positions; observed areas or sorties with start and end as GeoJSON, GeoPackage or
        CSV with WKT; telemetry in CivMap's columns (Parquet).
    altitude_unit
        ``m`` or ``ft``: the answer where `AirResult.questions` asks for the unit of heights.

    Returns
    -------
    AirResult
        `passes` and `telemetry` (tables of `civmap.air_schema`), `rejected`, `notes`, `questions`.

    Raises
    ------
    ReadError
        When the file as a whole cannot be read or no reader knows it.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "sorties.csv"
    >>> area = '"POLYGON ((65 31, 66 31, 66 32, 65 32, 65 31))"'
    >>> _ = file.write_text(f"area,start,end,sensor\n{area},2010-09-01T04:00,2010-09-01T06:00,EO\n")
    >>> result = read_air(file)
    >>> result.read, result.accepted, len(result.rejected), result.telemetry["seconds"].tolist()
    (1, 1, 0, [7200.0])
    """
    path = Path(path)
    if altitude_unit is not None and altitude_unit not in METRES:
        raise ReadError(f"There is no unit of heights '{altitude_unit}'.", expected=", ".join(METRES))
    if not path.is_file():
        raise ReadError(f"{path.name}: there is no such file.", next_step="Check the path.")
    size = path.stat().st_size
    if not size:
        raise ReadError(f"{path.name}: the file is empty.", next_step="Export it again from its source.")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if _is_transport_stream(head):
        return read_transport_stream(path, sha256=_sha256(path), altitude_unit=altitude_unit)
    if PREFIX in head and not head.lstrip().startswith((b"{", b"[", b"PAR1", b"SQLite", b"PK")):
        return read_klv(path, sha256=_sha256(path), altitude_unit=altitude_unit)
    if size > LARGEST_WHOLE and not head.startswith(b"PAR1"):  # of Parquet the rows are counted
        raise too_large(path, LARGEST_WHOLE)
    if head.startswith(b"SQLite format 3\x00"):
        return areas.read_layers(path, sha256=_sha256(path))
    if head.startswith(b"\x1f\x8b") or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        if b'"FeatureCollection"' in head:
            return areas.read_layers(path, sha256=_sha256(path))
        if head.startswith(b"\x1f\x8b") and not path.name.casefold().endswith((".json.gz", ".json")):
            return _table(path, altitude_unit)
        return adsb.read_json(path, sha256=_sha256(path), altitude_unit=altitude_unit)
    if own.is_own_file(path):
        return own.read_own(path, sha256=_sha256(path))
    return _table(path, altitude_unit)


def _table(path: Path, altitude_unit: str | None) -> AirResult:
    table = open_table(path)
    if table.buffer is not None and table.buffer.size > LARGEST_WHOLE:
        raise too_large(path, LARGEST_WHOLE)
    if table.buffer is None and table.records is None and own.rows_of(path) > own.MOST_ROWS:
        raise own.too_many(path)
    if areas.is_areas(table.header):
        return areas.read_table(table)
    if adsb.is_positions(table.header):
        return adsb.read_positions(table, altitude_unit=altitude_unit)
    raise ReadError(
        f"{path.name}: no reader of air surveillance knows this file.",
        found=", ".join(name[:40] for name in table.header[:20]) or "no header",
        expected=_EXPECTED,
    )


def _is_transport_stream(head: bytes) -> bool:
    """Whether most packets of a size begin with the sync byte, although some may be damaged."""
    for size in _PACKET_BYTES:
        first = 4 if size == 192 else 0
        marks = head[first : first + size * 50 : size]
        if len(marks) >= 4 and marks.count(_SYNC) >= 0.8 * len(marks):
            return True
    return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

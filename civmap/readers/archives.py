"""Zip archives: the one table inside, unpacked with a limit, whatever the archive says of its own size."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from civmap.errors import ReadError

# What Python's zipfile raises for bytes that are no archive; RuntimeError where a password is asked for.
DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, UnicodeDecodeError, struct.error,
)  # fmt: skip
MAX_MEMBERS = 10_000
_TABLES = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".geojson", ".json", ".gpkg", ".parquet", ".shp"}
_BESIDE_SHP = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
_CHUNK = 1 << 22


def unpacked(archive: zipfile.ZipFile, folder: Path, *, name: str, most_bytes: int) -> Path:
    """Unpack the one table of an archive, for a Shapefile with the files beside it.

    Parameters
    ----------
    archive
        The opened archive.
    folder
        Where to unpack; file names are kept, folders of the archive are not.
    name
        The archive's name, for messages.
    most_bytes
        More than this is a mistake or a bomb.

    Returns
    -------
    Path
        The unpacked table.

    Raises
    ------
    ReadError
        When there is no table, more than one, or too much in it.
    """
    members = [member for member in archive.infolist() if _is_file(member)]
    if len(archive.infolist()) > MAX_MEMBERS:
        raise ReadError(f"{name}: holds more than {MAX_MEMBERS:,} files.", next_step="Unpack the one that counts.")
    tables = [member for member in members if _suffix(member) in _TABLES]
    if len(tables) > 1:  # a readme beside the table is none
        tables = [member for member in tables if _suffix(member) != ".txt"] or tables
    if len(tables) != 1:
        found = ", ".join(PurePosixPath(member.filename).name[:60] for member in (tables or members)[:10])
        raise ReadError(
            f"{name}: a zip archive must hold one table.",
            found=f"{len(tables)} tables" + (f" ({found})" if found else ""),
            expected="one CSV, XLSX, GeoJSON, GeoPackage, Shapefile or Parquet",
            next_step="Unpack it and load the file that counts.",
        )
    stem = PurePosixPath(tables[0].filename).with_suffix("")
    beside = _BESIDE_SHP if _suffix(tables[0]) == ".shp" else set()
    parts = [member for member in members if PurePosixPath(member.filename).with_suffix("") == stem]
    left = most_bytes
    for member in [tables[0], *(part for part in parts if _suffix(part) in beside and part is not tables[0])]:
        left = _extract(archive, member, folder / _name(member), left, name=name, most_bytes=most_bytes)
    return folder / _name(tables[0])


def too_large(name: str, most_bytes: int) -> ReadError:
    """Make the error of a file that is too large once unpacked."""
    return ReadError(
        f"{name}: unpacks to more than {most_bytes / 1e9:.1g} GB.",
        next_step="Check where the file comes from; split it if it is genuine.",
    )


def _extract(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int, *, name: str, most_bytes: int
) -> int:
    with archive.open(member) as packed, target.open("wb") as out:
        while chunk := packed.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise too_large(name, most_bytes)
            out.write(chunk)
    return left


def _name(member: zipfile.ZipInfo) -> str:
    path = PurePosixPath(member.filename.replace("\\", "/"))
    return path.stem.replace("\x00", "") + path.suffix.lower()


def _suffix(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.lower()


def _is_file(member: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(member.filename).parts
    return not member.is_dir() and "__MACOSX" not in parts and bool(parts) and not parts[-1].startswith(".")

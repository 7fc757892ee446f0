"""The one table in a download, written under a name of our own, and never more of it than is plausible.

Names and sizes that stand in an archive are not believed: bytes are counted as they come out.
"""

from __future__ import annotations

import gzip
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from civmap.errors import FetchError
from civmap.readers.files import MAX_BYTES

_Stream = IO[bytes] | gzip.GzipFile
_CHUNK = 1 << 20
_MOST_MEMBERS = 20
_MOST_RATIO = 100  # a table of events packs to a tenth
_ALWAYS_ALLOWED = 1_000_000  # bytes: a small table of equal rows may pack better than that


def unpack(path: Path, target: Path, *, most_bytes: int = MAX_BYTES) -> Path:
    """Write the single CSV file of a zip archive, or a gzipped file, to a target; anything else is left as it is.

    Assumes that a table packs to no less than a hundredth; what unpacks to more is taken for a zip bomb.

    Parameters
    ----------
    path
        A file that was fetched.
    target
        Where to write the table; it appears under this name only when whole.
    most_bytes
        Size of the table from which it is refused, in bytes.

    Returns
    -------
    Path
        The target, or `path` itself when it is no archive.

    Raises
    ------
    FetchError
        When the archive is damaged, encrypted, holds no or several tables, or unpacks to too much.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if not head.startswith((b"PK", b"\x1f\x8b")):
        return path
    allowed = min(most_bytes, max(_ALWAYS_ALLOWED, _MOST_RATIO * path.stat().st_size))
    draft = target.with_name(f".{target.name}.tmp")
    try:
        with _opened(path, head) as stream, draft.open("wb") as out:
            _copy(stream, out, path.name, allowed)
        return draft.replace(target)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, gzip.BadGzipFile) as error:
        raise FetchError(
            f"{path.name}: the archive is damaged.", found=str(error)[:200], next_step="Fetch it again."
        ) from error
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path, head: bytes) -> Iterator[_Stream]:
    if head.startswith(b"\x1f\x8b"):
        with gzip.open(path) as stream:
            yield stream
        return
    with zipfile.ZipFile(path) as archive:
        member = _table(archive, path.name)
        with archive.open(member) as stream:
            yield stream


def _table(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    members = [one for one in archive.infolist() if not one.is_dir()]
    tables = [one for one in members if one.filename.lower().endswith(".csv") and "__MACOSX" not in one.filename]
    if len(members) > _MOST_MEMBERS or len(tables) != 1:
        raise FetchError(
            f"{name}: the archive does not hold one table.",
            found=f"{len(members)} files, {len(tables)} of them CSV",
            expected="one CSV file",
            next_step="Unpack it by hand and load the file that counts.",
        )
    if tables[0].flag_bits & 1:
        raise FetchError(
            f"{name}: the archive is encrypted.", next_step="Unpack it by hand with its password and load the CSV file."
        )
    return tables[0]


def _copy(stream: _Stream, out: IO[bytes], name: str, allowed: int) -> None:
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > allowed:
            raise FetchError(
                f"{name}: unpacks to more than {allowed / 1e6:,.0f} MB, which no table of this size does.",
                next_step="Check where the file comes from; if it is genuine, unpack it by hand and load the CSV file.",
            )
        out.write(chunk)

"""Mappings kept with a theatre, and known again by the columns of a file."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from civmap.errors import ReadError
from civmap.readers.columns import header_key
from civmap.readers.mapping import MAX_COLUMNS, Mapping

MAPPINGS = "mappings"  # folder of a theatre's store in which they are kept


def save(mapping: Mapping, folder: Path) -> Path:
    """Keep a mapping for files with the same header; it replaces the one kept for that header before.

    Parameters
    ----------
    mapping
        With its header.
    folder
        The theatre's folder of mappings; made if absent. The file is written whole or not at all.

    Returns
    -------
    Path
        The file.
    """
    header = hashlib.sha256("\n".join(_header(mapping.header)).encode()).hexdigest()[:8]
    folder.mkdir(mode=0o700, exist_ok=True, parents=True)
    for old in folder.glob(f"*-{header}.toml"):
        name = old.name
        break
    else:
        name = f"{header_key(mapping.source)[:40] or 'table'}-{header}.toml"
    draft = folder / f".{name}.{uuid.uuid4().hex}"
    try:
        draft.write_text(mapping.to_toml(), encoding="utf-8")
        os.replace(draft, folder / name)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ReadError("The mapping could not be kept.", found=str(error)) from error
    return folder / name


def saved(header: Sequence[str], folder: Path) -> Mapping | None:
    """Find the mapping kept for files with this header, in any order of columns."""
    for file in sorted(folder.glob("[!.]*.toml")) if folder.is_dir() else ():
        try:
            mapping = Mapping.load(file)
        except ReadError:
            continue  # spoilt by hand; the others still hold
        if _header(mapping.header) == _header(header):
            return mapping
    return None


def _header(names: Iterable[str]) -> list[str]:
    return sorted(" ".join(name.split()).casefold() for name in islice(names, MAX_COLUMNS))

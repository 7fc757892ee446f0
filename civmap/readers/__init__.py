"""Readers: one file of a source in, incident records and set-aside rows out. They know no theatre."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from civmap.errors import ReadError
from civmap.readers import airwars, civmap_table, ucdp_ged
from civmap.readers.columns import header_key
from civmap.readers.files import TextTable, open_table
from civmap.readers.result import Provenance, ReadResult

__all__ = ["READERS", "Provenance", "ReadResult", "read"]

READERS: dict[str, Callable[..., ReadResult]] = {
    "ucdp_ged": ucdp_ged.read_ucdp_ged,
    "airwars": airwars.read_airwars,
    "civmap": civmap_table.read_civmap,
}
_NEEDED = {"ucdp_ged": ucdp_ged.NEEDED, "airwars": airwars.NEEDED, "civmap": civmap_table.NEEDED}
_TITLES = {"ucdp_ged": "UCDP GED", "airwars": "Airwars", "civmap": "CivMap's own columns"}
_OTHER_NAMES = {"ucdp": "ucdp_ged", "ged": "ucdp_ged"}


def read(path: str | Path, *, source: str | None = None, mapping: None = None) -> ReadResult:
    r"""Read a file of incidents; its kind is recognised from its columns.

    Every row is either in the records or set aside with its rule: read = accepted + rejected.

    Parameters
    ----------
    path
        CSV (also gzipped; any usual delimiter or encoding) or Parquet.
    source
        A reader's name (``ucdp_ged``, ``airwars``, ``civmap``), which overrides the recognition; anything else is
        the id under which the records are kept, for one's own tally.
    mapping
        Reserved for column mappings.

    Returns
    -------
    ReadResult
        `records` in CivMap's columns (EPSG:4326), `rejected` rows, and `provenance`.

    Raises
    ------
    ReadError
        When the file as a whole cannot be read or no reader knows its columns.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "log.csv"
    >>> header = "source_id,event_date,latitude,longitude,civilians_killed_best"
    >>> _ = file.write_text(header + "\n1,2010-05-01,34.5,69.2,3\n")
    >>> result = read(file, source="own_log")
    >>> len(result.records), len(result.rejected), result.provenance.source
    (1, 0, 'own_log')
    """
    if mapping is not None:
        raise ReadError("Column mappings are not read yet.", next_step="Rename the columns to CivMap's names.")
    table = open_table(path)
    named = _OTHER_NAMES.get(header_key(source or ""), header_key(source or ""))
    if named in READERS:
        reader, label = named, None
        missing = [name for name in _NEEDED[reader] if name not in table.header]
        if missing:
            raise _unlike(table, reader, missing)
    else:
        reader, label = _recognise(table), source
    options: dict[str, Any] = {"source": label} if label else {}
    return READERS[reader](table, **options)


def _recognise(table: TextTable) -> str:
    header = set(table.header)
    missing = {name: [column for column in needed if column not in header] for name, needed in _NEEDED.items()}
    whole = [name for name, lacking in missing.items() if not lacking]
    if whole:
        return whole[0]
    nearest = min(missing, key=lambda name: len(missing[name]) / len(_NEEDED[name]))
    raise _unlike(table, nearest, missing[nearest])


def _unlike(table: TextTable, reader: str, missing: list[str]) -> ReadError:
    if len(missing) == len(_NEEDED[reader]):
        return ReadError(
            f"{table.path.name}: no reader knows these columns.",
            found=_shown(table.header) or "no header",
            expected="the columns of " + ", ".join(_TITLES.values()),
            next_step="Check that the first line holds the column names, or rename them to CivMap's names.",
        )
    hints = []
    for name in missing:
        near = difflib.get_close_matches(name, table.header, n=1, cutoff=0.7)
        hints.append(f"'{name}'" + (f" (is it '{near[0]}'?)" if near else ""))
    return ReadError(
        f"{table.path.name}: looks like {_TITLES[reader]}, but without the column {', '.join(hints)}.",
        found=_shown(table.header),
        next_step="Rename the column or export the file again.",
    )


def _shown(header: tuple[str, ...]) -> str:
    return ", ".join(name[:60] for name in header[:30])

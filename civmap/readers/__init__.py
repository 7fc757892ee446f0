"""Readers: one file of a source in, incident records and set-aside rows out. They know no theatre."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from civmap.errors import ColumnsError
from civmap.readers import acled, airwars, civmap_table, ucdp_ged
from civmap.readers.columns import header_key, known_names
from civmap.readers.files import TextTable, open_table
from civmap.readers.kept_mappings import MAPPINGS, save, saved
from civmap.readers.mapped import read_mapped
from civmap.readers.mapping import Mapping
from civmap.readers.result import Provenance, ReadResult
from civmap.readers.suggest import suggest

__all__ = ["MAPPINGS", "READERS", "Mapping", "Provenance", "ReadResult", "read", "read_known", "suggest"]

READERS: dict[str, Callable[..., ReadResult]] = {
    "ucdp_ged": ucdp_ged.read_ucdp_ged,
    "acled": acled.read_acled,
    "airwars": airwars.read_airwars,
    "civmap": civmap_table.read_civmap,
}
_NEEDED = {
    "ucdp_ged": ucdp_ged.NEEDED, "acled": acled.NEEDED, "airwars": airwars.NEEDED, "civmap": civmap_table.NEEDED,
}  # fmt: skip
# readers that know a column in any letter case and by its older names
_SPELLINGS: dict[str, dict[str, str]] = {"ucdp_ged": ucdp_ged.SPELLINGS, "acled": acled.SPELLINGS, "airwars": {}}
_TITLES = {"ucdp_ged": "UCDP GED", "acled": "ACLED", "airwars": "Airwars", "civmap": "CivMap's own columns"}
_MAPPING_STEP = "Say which column is which by a mapping; python -m civmap suggest-mapping FILE > map.toml proposes one."
_OTHER_NAMES = {"ucdp": "ucdp_ged", "ged": "ucdp_ged"}


def read(path: str | Path, *, source: str | None = None, mapping: Mapping | str | Path | None = None) -> ReadResult:
    r"""Read a file of incidents; its kind is recognised from its columns.

    Every row is either in the records or set aside with its rule: read = accepted + rejected.

    Parameters
    ----------
    path
        CSV (any usual delimiter or encoding), XLSX or GeoJSON (these also gzipped), GeoPackage, a zipped Shapefile,
        Parquet or GeoParquet.
    source
        A reader's name (``ucdp_ged``, ``acled``, ``airwars``, ``civmap``), which overrides the recognition; anything
        else is the id under which the records are kept, for one's own tally.
    mapping
        For a table of one's own: which of its columns is which of ours, or the TOML file that says so.

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
        mapping = mapping if isinstance(mapping, Mapping) else Mapping.load(mapping)
        return read_mapped(open_table(path, sheet=mapping.sheet), mapping, source=source)
    table = open_table(path)
    named = _OTHER_NAMES.get(header_key(source or ""), header_key(source or ""))
    if named in READERS:
        reader, label = named, None
        missing = _lacking(table, reader)
        if missing:
            raise _unlike(table, reader, missing)
    else:
        reader, label = _recognise(table), source
    options: dict[str, Any] = {"source": label} if label else {}
    return READERS[reader](table, **options)


def read_known(
    path: str | Path, folder: Path, *, source: str | None = None, mapping: Mapping | str | Path | None = None
) -> ReadResult:
    """Read a file as `read` does; a table of one's own through the mapping kept for its columns.

    Parameters
    ----------
    path, source, mapping
        As for `read`. A mapping that is given is kept once the file has been read.
    folder
        The theatre's folder of mappings, `MAPPINGS` in the store's.
    """
    if mapping is None:
        try:
            return read(path, source=source)
        except ColumnsError:
            mapping = saved(open_table(path).header, folder)
            if mapping is None:
                raise
    given = mapping if isinstance(mapping, Mapping) else Mapping.load(mapping)
    result = read(path, source=source, mapping=given)
    save(given, folder)
    return result


def _recognise(table: TextTable) -> str:
    missing = {name: _lacking(table, name) for name in _NEEDED}
    whole = [name for name, lacking in missing.items() if not lacking]
    if whole:
        return whole[0]
    nearest = min(missing, key=lambda name: len(missing[name]) / len(_NEEDED[name]))
    raise _unlike(table, nearest, missing[nearest])


def _lacking(table: TextTable, reader: str) -> list[str]:
    header = known_names(table.header, _SPELLINGS[reader]) if reader in _SPELLINGS else table.header
    return [name for name in _NEEDED[reader] if name not in header]


def _unlike(table: TextTable, reader: str, missing: list[str]) -> ColumnsError:
    if 2 * len(missing) > len(_NEEDED[reader]):
        return ColumnsError(
            f"{table.path.name}: no reader knows these columns.",
            found=_shown(table.header) or "no header",
            expected="the columns of " + ", ".join(_TITLES.values()),
            next_step=_MAPPING_STEP,
        )
    hints = []
    for name in missing:
        near = difflib.get_close_matches(name, table.header, n=1, cutoff=0.7)
        hints.append(f"'{name}'" + (f" (is it '{near[0]}'?)" if near else ""))
    return ColumnsError(
        f"{table.path.name}: looks like {_TITLES[reader]}, but without the column {', '.join(hints)}.",
        found=_shown(table.header),
        next_step="Rename the column, or, for a table of your own: " + _MAPPING_STEP,
    )


def _shown(header: tuple[str, ...]) -> str:
    return ", ".join(name[:60] for name in header[:30])

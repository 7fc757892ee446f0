"""A theatre: the folder that holds a war's provinces, names, parties, directives and recording rules.

Only ``theatre.toml`` and ``boundaries.geojson`` are required; a missing table is an empty one. Cells that hold a list
separate it by ``;`` and load as tuples; an empty list means "all". Dates are days, local to the theatre.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from civmap import theatre_files, theatre_making, theatre_settings
from civmap.errors import TheatreError
from civmap.language import say, speaking, spoken
from civmap.theatre_files import TABLES, TEXTS, normalise_name

__all__ = ["Theatre", "load_theatre", "new_theatre", "normalise_name", "theatre_names"]

SHIPPED = Path(__file__).resolve().parents[1] / "data"


# "Military Forces of Syria (2000-2024) Air Force": one name, its years, and perhaps a branch
_GOVERNMENT = re.compile(r"\s*(?P<with_years>(?P<name>[^,;]*?)\(\d{4}-\d{0,4}\))[^,;]*")


@dataclass(frozen=True, eq=False)
class Theatre:
    """One loaded theatre; its frames are shared and read-only.

    Parameters
    ----------
    boundaries
        Provinces in EPSG:4326, indexed by ``admin1`` with ``name``, ``country`` and ``geometry``.
    aliases
        For each kind (admin1, group, party, side, cause) the normalised name and what it stands for.
    parties, population, area_groups, source_scopes, directives, recording_changes, context, tallies, activity
        Tables with the columns of `TABLES`. A tally's revision is a row of its own; totals of different `definition`
        are not to be joined by a line.
    measuring_crs
        Equal-area CRS, in metres, in which distances and areas are measured.
    disclosure, view
        Rules for small counts on exports; ``lon``, ``lat`` and ``zoom`` at which the map opens.
    demonstration
        Folder of synthetic data, if the theatre has one.
    fingerprint
        A short hash of the folder's files.
    notes
        What a person should know about the folder and that is no fault.
    """

    id: str
    title: str
    countries: tuple[str, ...]
    folder: Path
    boundaries: gpd.GeoDataFrame
    aliases: dict[str, dict[str, str]]
    parties: pd.DataFrame
    population: pd.DataFrame
    area_groups: pd.DataFrame
    source_scopes: pd.DataFrame
    directives: pd.DataFrame
    recording_changes: pd.DataFrame
    context: pd.DataFrame
    tallies: pd.DataFrame
    activity: pd.DataFrame
    measuring_crs: str
    time_zone: str
    map_cell_resolution: int
    surveillance_delay_days: int
    disclosure: dict[str, Any]
    marking: str
    view: dict[str, float]
    demonstration: Path | None
    fingerprint: str
    notes: tuple[str, ...] = ()

    @property
    def spoken(self) -> Theatre:
        """The theatre with its texts in the language that is spoken; names of provinces stay as they are."""
        return self if spoken() == "en" else _said(self, spoken())

    def admin1_of(self, names: pd.Series) -> pd.Series:
        """Look up province codes by name or code; null where the theatre knows no such name."""
        codes = {name: self.aliases["admin1"].get(normalise_name(name)) for name in names.dropna().unique()}
        return names.map(codes).astype("str")

    def party_of(self, name: str | None) -> str:
        """Look up one party: ``undetermined`` where none is named, ``other`` where the name is not listed."""
        if not isinstance(name, str) or not name.strip():
            return "undetermined"
        known = self.aliases["party"]
        party = known.get(normalise_name(name))
        if party is None and (government := _GOVERNMENT.fullmatch(name)):
            with_years, without = government["with_years"], government["name"]
            party = known.get(normalise_name(with_years)) or known.get(normalise_name(without))
        return party or "other"

    def parties_of(self, names: str | None) -> tuple[str, ...]:
        """Look up parties named in one cell, separated by commas or semicolons, each once, in their order."""
        whole = self.party_of(names)
        if whole != "other" or not isinstance(names, str):
            return (whole,)
        return tuple(dict.fromkeys(self.party_of(name) for name in re.split(r"[,;]", names) if name.strip()))

    def source_label(self, source: str) -> str:
        """Say a source's name as its scope gives it, else its id."""
        labels = self.source_scopes.loc[self.source_scopes["source"] == source, "label"]
        return labels.iloc[0] if len(labels) else source


@lru_cache(maxsize=8)
def _said(theatre: Theatre, language: str) -> Theatre:
    with speaking(language):
        tables = {
            name: getattr(theatre, name).assign(
                **{column: getattr(theatre, name)[column].map(say, na_action="ignore") for column in columns}
            )
            for name, columns in TEXTS.items()
        }
        return replace(theatre, title=say(theatre.title), **tables)


def theatre_names() -> list[str]:
    """List the theatres found under ``$CIVMAP_THEATRES`` and those shipped, by folder name."""
    return sorted({toml.parent.name for root in _roots() for toml in root.glob("[!.]*/theatre.toml")})


def _roots() -> list[Path]:
    own = os.environ.get("CIVMAP_THEATRES")
    return [Path(own), SHIPPED] if own else [SHIPPED]


def load_theatre(path_or_name: str | Path) -> Theatre:
    """Load a theatre from its folder, or by name from ``$CIVMAP_THEATRES`` or the shipped ones.

    Raises
    ------
    TheatreError
        Names every fault of the folder at once.
    """
    named = [root / path_or_name for root in _roots() if (root / path_or_name / "theatre.toml").is_file()]
    folder = named[0] if named and str(path_or_name) == Path(path_or_name).name else Path(path_or_name)
    if not folder.is_dir():
        raise TheatreError(
            f"There is no theatre '{path_or_name}'.", expected=", ".join(theatre_names()) + ", or the path of a folder"
        )
    faults: list[str] = []
    settings = theatre_settings.read_settings(folder / "theatre.toml", faults)
    boundaries = theatre_files.read_boundaries(folder / "boundaries.geojson", faults)
    tables = {
        name: theatre_files.read_table(folder / f"{name}.csv", columns, faults) for name, columns in TABLES.items()
    }
    aliases = theatre_files.check_references(tables, boundaries, faults)
    if faults:
        raise TheatreError(
            f"The theatre folder {folder.name} has {len(faults)} fault(s):\n- " + "\n- ".join(faults) + "\n",
            next_step="Mend these and load it again; data/README.md describes the files.",
        )
    west, south, east, north = boundaries.total_bounds
    view = {"lon": (west + east) / 2, "lat": (south + north) / 2, "zoom": 5.0} | settings.get("view", {})
    demonstration = folder / "demonstration"
    del tables["aliases"]
    return Theatre(
        id=settings["id"], title=settings["title"], countries=tuple(settings["countries"]), folder=folder,
        boundaries=boundaries, aliases=aliases, **tables,
        measuring_crs=settings["measuring_crs"], time_zone=settings["time_zone"],
        map_cell_resolution=settings["map_cell_resolution"],
        surveillance_delay_days=settings["surveillance_delay_days"],
        disclosure=settings["disclosure"], marking=settings["marking"], view=view,
        demonstration=demonstration if demonstration.is_dir() else None, fingerprint=_fingerprint(folder),
        notes=_notes(settings["id"], folder.resolve().name),
    )  # fmt: skip


def _fingerprint(folder: Path) -> str:
    """Hash the theatre's own files; what else lies in the folder, such as notes or a repository, does not count."""
    names = ("theatre.toml", "boundaries.geojson", *(f"{name}.csv" for name in TABLES))
    files = [folder / name for name in sorted(names) if (folder / name).is_file()]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _notes(theatre: str, folder: str) -> tuple[str, ...]:
    if theatre == folder:
        return ()
    return (
        f"The folder is named '{folder}' and its theatre.toml says id '{theatre}'. Loads, links and recipes go by the"
        f" id, and open the theatre whose folder is named '{theatre}'. Give the two one name.",
    )


def new_theatre(
    name: str,
    boundaries: Path,
    *,
    folder: Path | None = None,
    code_column: str | None = None,
    name_column: str | None = None,
) -> Path:
    """Make a theatre's folder from any vector file of provinces, whole or not at all.

    Parameters
    ----------
    name
        Name of the new folder: small letters, digits, ``-`` and ``_``.
    boundaries
        A file of provinces that geopandas can read, in any CRS.
    folder
        Where to make it; by default ``$CIVMAP_THEATRES``, else beside the shipped theatres.
    code_column, name_column
        Columns with codes and names; guessed if not given. Without codes, provinces become ``NAME-01``, ``NAME-02``.

    Raises
    ------
    TheatreError
        If the folder exists, the file has no CRS or no polygons, a column is missing or not unique, or a code holds a
        comma or semicolon.
    """
    target = (folder or _roots()[0]) / name
    if not re.fullmatch(theatre_settings.NAME, name):
        raise TheatreError(f"'{name}' cannot name a theatre.", expected="small letters, digits, '-' and '_'")
    if target.exists():
        raise TheatreError(f"{target} exists already.", next_step="Choose another name, or move the folder away.")
    frame = theatre_making.provinces(name, boundaries, code_column=code_column, name_column=name_column)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=target.parent))
    try:
        theatre_making.write(draft, frame, theatre_making.settings(name, frame))
        load_theatre(draft)
        draft.chmod(0o755)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return target

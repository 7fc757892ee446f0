"""Fetch a published file over the network: only when asked, resumed after a break, checked before it is read.

Nothing else in CivMap opens a connection. What arrives is treated as a stranger's file: its size, its packing and its
columns are checked, and it is read by the same reader as a file that was loaded by hand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from civmap.errors import CivMapError, FetchError
from civmap.fetch.archives import unpack
from civmap.fetch.countries import checked, select
from civmap.fetch.kept import forget
from civmap.fetch.transfers import Progress, shown, transfer
from civmap.readers import ReadResult, read

__all__ = ["LIMIT_MB", "Fetched", "Progress", "address_of", "fetch", "release_day"]

LIMIT_MB = 500.0  # GED as zip is about a tenth of its 261 MB as CSV
LICENCE = "CC BY 4.0, as UCDP states for GED; a page that offers the file elsewhere may add terms"
CITATION = (
    "Sundberg, Ralph and Erik Melander (2013), Introducing the UCDP Georeferenced Event Dataset, Journal of Peace "
    "Research 50(4), 523-532, doi:10.1177/0022343313484347; add the article that UCDP names for the version"
)
_SITE = "https://ucdp.uu.se/downloads"


@dataclass(frozen=True)
class Fetched:
    """A file that was fetched and checked, ready to be read.

    `released` is None where nobody says when it was released: then it counts as known from the moment of loading.
    `download` is the file as it came, `path` the table in it.
    """

    path: Path
    released: date | None
    licence: str
    citation: str
    notes: tuple[str, ...]
    download: Path

    def read(self) -> ReadResult:
        """Read the records, with address, licence, citation and what was left out among the notes of the load.

        Returns
        -------
        ReadResult
            As `civmap.readers.read` gives it.

        Raises
        ------
        ReadError
            When the file as a whole cannot be read.
        """
        result = read(self.path, source="ucdp_ged")
        said = (*self.notes, f"licence: {self.licence}", f"cite: {self.citation}")
        return replace(result, provenance=replace(result.provenance, notes=(*result.provenance.notes, *said)))

    def discard(self) -> None:
        """Remove the files: the store keeps the records, and free text that nobody asked for is kept nowhere."""
        self.path.unlink(missing_ok=True)
        forget(self.download)


def fetch(
    source: str,
    *,
    folder: Path,
    version: str | None = None,
    countries: Sequence[str] = (),
    address: str | None = None,
    released: date | None = None,
    limit_mb: float = LIMIT_MB,
    progress: Progress | None = None,
) -> Fetched:
    """Fetch a release of UCDP GED, whole or the rows of some countries.

    Assumes that the file at the address is the version named; nothing in a GED file says which it is.

    Parameters
    ----------
    source
        ``ucdp_ged``.
    folder
        A folder for nothing else, where the download is kept until it has been loaded; an unfinished one is continued
        from there.
    version
        UCDP's number of the release, such as ``26.1``.
    countries
        Names as UCDP spells them; none means all.
    address
        Where to get it, if not from UCDP: a CSV file (also zipped or gzipped), such as a country's on HDX.
    released
        Day of release, if it is known better than `release_day` can tell.
    limit_mb
        Size of the download from which it is refused, in megabytes.
    progress
        Called with the bytes that are there and the bytes expected.

    Returns
    -------
    Fetched
        Where the table is, and what must be said with it.

    Raises
    ------
    FetchError
        When there is no way to the file, or it is not what was asked for.

    Source: UCDP dataset download center, ucdp.uu.se/downloads; licence and citation as stated there.
    """
    if source.replace("-", "_").casefold() not in ("ucdp_ged", "ucdp", "ged"):
        raise FetchError(f"'{source}' cannot be fetched.", expected="ucdp-ged", next_step="Load other files by hand.")
    if released and released > _today():
        raise FetchError("A release cannot lie in the future.", found=f"{released}", expected="a day up to today")
    where = address or address_of(version)
    came = transfer(where, folder, limit_mb=limit_mb, progress=progress)
    path, left_out = _prepared(came.path, countries)
    day, why = release_day(version, came.last_modified, released=released)
    notes = [f"fetched from {shown(where)} on {_today()}", *([f"version {version}"] if version else []), why, *left_out]
    if not came.measured:
        notes.append("the server named no length, so nobody can say whether the file is whole")
    return Fetched(path, day, LICENCE, CITATION, tuple(notes), came.path)


def _prepared(download: Path, countries: Sequence[str]) -> tuple[Path, list[str]]:
    """Unpack, check and select; a file that is no table of this kind is not kept for the next try."""
    stem = download.with_name(download.name.split(".")[0] or "file")
    unpacked = stem.with_name(f"{stem.name}-table.csv")
    chosen = re.sub(r"\W+", "_", "-".join(countries)).strip("_").lower() or "rows"
    path = download
    try:
        try:
            table = checked(unpack(download, unpacked), countries)
        except CivMapError:
            forget(download)
            raise
        path, left_out = select(table, stem.with_name(f"{stem.name}-{chosen[:60]}.csv"), countries)
    finally:
        if path != unpacked:
            unpacked.unlink(missing_ok=True)
    return path, left_out


def address_of(version: str | None) -> str:
    """Give UCDP's address of a release: yearly ones (26.1) as a zip archive, candidates (26.0.3) as CSV.

    Assumes the names that UCDP has used since 17.1.

    Parameters
    ----------
    version
        UCDP's number of the release.

    Returns
    -------
    str
        The address.

    Raises
    ------
    FetchError
        When this is no number of a release.

    Source: UCDP dataset download center.

    Examples
    --------
    >>> address_of("26.1"), address_of("26.0.3")
    ('https://ucdp.uu.se/downloads/ged/ged261-csv.zip',
     'https://ucdp.uu.se/downloads/candidateged/GEDEvent_v26_0_3.csv')
    """
    asked = (version or "").strip()
    if re.fullmatch(r"\d{1,2}\.\d", asked):
        return f"{_SITE}/ged/ged{asked.replace('.', '')}-csv.zip"
    if re.fullmatch(r"\d{2}(\.\d{1,2}){2,3}", asked):
        return f"{_SITE}/candidateged/GEDEvent_v{asked.replace('.', '_')}.csv"
    raise FetchError(
        f"'{asked}' is no version of UCDP GED." if asked else "Which version of UCDP GED?",
        expected="a number such as 26.1",
        next_step="Look it up on ucdp.uu.se/downloads, or give the address of a file.",
    )


def release_day(
    version: str | None, last_modified: str | None, *, released: date | None = None, today: date | None = None
) -> tuple[date | None, str]:
    """Decide from which day a release counts as known; never too early, never in the future.

    A day that the user names wins. Yearly versions from 17.1 on come out in the year of their number (26.1 in 2026,
    mostly in June): the server's date counts if it lies in that year, and otherwise, since files are moved and dated
    anew, the last day of that year, so that an older version never outranks a newer one. Of anything else only the
    server's date is known. Where that leaves nothing, the release counts as known from the moment it is loaded.

    Parameters
    ----------
    version
        UCDP's number of the release.
    last_modified
        The server's header of this name.
    released
        Day that the user names.
    today
        For tests; the present day in UTC.

    Returns
    -------
    date or None, str
        The day, and in words where it comes from.

    Source: the numbering of the releases on ucdp.uu.se/downloads.

    Examples
    --------
    >>> release_day("24.1", "Tue, 11 Jun 2024 08:00:00 GMT")
    (datetime.date(2024, 6, 11), 'released on 2024-06-11 by the date of the file on the server')
    >>> release_day("19.1", "Tue, 11 Jun 2024 08:00:00 GMT")[0]
    datetime.date(2019, 12, 31)
    """
    today = today or _today()
    if released:
        return released, f"released on {released} as said on fetching"
    dated = _day(last_modified)
    yearly = re.fullmatch(r"(\d{2})\.\d", (version or "").strip())
    year = 2000 + int(yearly[1]) if yearly else None
    if dated and dated <= today and (year is None or dated.year == year):
        return dated, f"released on {dated} by the date of the file on the server"
    if year and date(year, 12, 31) <= today:
        return date(year, 12, 31), f"released during {year} by its number, counted from the last day of that year"
    return None, "day of release not known, so known from this load; --released says it"


def _day(header: str | None) -> date | None:
    try:
        return parsedate_to_datetime(header).astimezone(UTC).date() if header else None
    except ValueError:
        return None


def _today() -> date:
    return datetime.now(UTC).date()

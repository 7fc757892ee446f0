"""Files in: read, suggest-mapping, ingest and fetch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from civmap import fetch as fetching
from civmap import readers
from civmap.cli.terminal import Home, Json, TheatreName, plainly, say, working
from civmap.errors import ReadError, RecipeError
from civmap.readers import MAPPINGS, ReadResult
from civmap.store import Store, default_home
from civmap.theatre import load_theatre, theatre_names

MappingFile = Annotated[
    Path | None, typer.Option("--mapping", help="TOML that says which column is which; see suggest-mapping.")
]
SourceName = Annotated[
    str | None, typer.Option("--source", help=f"Reader ({', '.join(readers.READERS)}) or the name of your own tally.")
]


def read(file: Path, source: SourceName = None, mapping: MappingFile = None, as_json: Json = False) -> None:
    """Parse one file without keeping it, and say what is accepted and what set aside."""
    with plainly(as_json=as_json), working(f"Reading {file.name}") as task:
        result = readers.read(file, source=source, mapping=mapping)
        summary, task.outcome = result.summary(), _counted(result)
    say(summary, [_read_line(summary)], as_json=as_json)


def suggest_mapping(
    file: Path,
    sheet: Annotated[str, typer.Option("--sheet", help="Sheet or layer; default the largest.")] = "",
    theatre: Annotated[str | None, typer.Option("--theatre", help="Whose provinces to look for; default all.")] = None,
) -> None:
    """Propose which column of your own table is which of ours, as TOML to look through; questions go to stderr."""
    with plainly(), working(f"Reading {file.name}"):
        names = load_theatre(theatre).aliases["admin1"] if theatre else None
        proposed = readers.suggest(file, sheet=sheet, provinces=names)
    typer.echo(proposed.to_toml(), nl=False)
    for said in (*proposed.notes, *(f"Question: {question}" for question in proposed.questions)):
        typer.echo(said, err=True)


def ingest(
    files: list[Path],
    theatre: TheatreName,
    source: SourceName = None,
    mapping: MappingFile = None,
    released: Annotated[
        datetime | None, typer.Option("--released", formats=["%Y-%m-%d"], help="Day of release; default now.")
    ] = None,
    complete_from: Annotated[
        datetime | None, typer.Option("--complete-from", formats=["%Y-%m-%d"], help="The files hold everything from …")
    ] = None,
    complete_to: Annotated[
        datetime | None,
        typer.Option("--complete-to", formats=["%Y-%m-%d"], help="… to here: the rest is withdrawn."),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Read, place and keep files; all are read before the first is kept, and every fault is named.

    A mapping is kept with the theatre, and used again for files with the same columns.
    """
    with plainly(as_json=as_json):
        if (complete_from is None) != (complete_to is None):
            raise RecipeError("A complete span has two ends.", next_step="Give --complete-from and --complete-to.")
        span = (complete_from.date(), complete_to.date()) if complete_from and complete_to else None
        store = Store(home or default_home(), theatre)
        results, faults = [], []
        for number, file in enumerate(files, start=1):
            with working(f"Reading {file.name}" + (f", file {number} of {len(files)}" if files[1:] else "")) as task:
                try:
                    result = readers.read_known(file, store.folder / MAPPINGS, source=source, mapping=mapping)
                except ReadError as error:
                    faults.append(str(error))
                else:
                    results.append(result)
                    task.outcome = _counted(result)
        if faults:
            raise ReadError("Nothing was kept. " + " | ".join(faults))
        objects = [_kept(store, result, released.date() if released else None, complete=span) for result in results]
    printed = objects[0] if len(objects) == 1 else _together(objects)
    say(printed, [_read_line(one) + _placed(one) for one in objects], as_json=as_json)


def fetch(
    source: Annotated[str, typer.Argument(help="ucdp-ged")],
    theatre: Annotated[
        str | None, typer.Option("--theatre", help="Name or folder; default the theatre named as the country.")
    ] = None,
    version: Annotated[str | None, typer.Option("--version", help="Number of the release, such as 26.1.")] = None,
    country: Annotated[
        list[str] | None, typer.Option("--country", help="As UCDP spells it; may be given again. Default all.")
    ] = None,
    address: Annotated[
        str | None, typer.Option("--address", help="Where to get it instead, such as a country's CSV on HDX.")
    ] = None,
    released: Annotated[
        datetime | None,
        typer.Option("--released", formats=["%Y-%m-%d"], help="Day of release; default from the server and version."),
    ] = None,
    limit_mb: Annotated[float, typer.Option("--limit-mb", help="Refuse a larger download.")] = fetching.LIMIT_MB,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Fetch a published file over the network, check it, and keep it as ingest does."""
    with plainly(as_json=as_json):
        store = Store(home or default_home(), theatre or _theatre_of(country or ()))
        with _arriving() as progress:
            found = fetching.fetch(
                source, folder=store.home / "fetched", version=version, countries=country or (), address=address,
                released=released.date() if released else None, limit_mb=limit_mb, progress=progress,
            )  # fmt: skip
        with working(f"Reading {found.path.name}") as task:
            result = found.read()
            task.outcome = _counted(result)
        said = _kept(store, result, found.released) | {"licence": found.licence, "citation": found.citation}
        found.discard()
    notes = [f"- {note}" for note in found.notes]
    cite = [f"Licence: {found.licence}.", f"Cite: {found.citation}."]
    say(said, [_read_line(said) + _placed(said), *notes, *cite], as_json=as_json)


def _theatre_of(countries: Sequence[str]) -> str:
    """Give the theatre that bears a country's name, so that a single country needs no second word for it."""
    named = [name for name in theatre_names() if [name] == [country.casefold() for country in countries]]
    if not named:
        raise RecipeError("Nothing was fetched.", next_step=f"Say --theatre: {' or '.join(theatre_names())}.")
    return named[0]


def _kept(
    store: Store, result: ReadResult, known_at: date | None, *, complete: tuple[date, date] | None = None
) -> dict[str, Any]:
    """Place and keep one file, and say in one object what became of it."""
    with working(f"Placing and keeping {result.provenance.file}, {_counted(result)}"):
        load = store.add(result, known_at=known_at, complete=complete)
    names = ("load_id", "known_at", "accepted", "rejected", "placed", "without_province", "outside", "already_loaded")
    said = {**result.summary(), **{name: getattr(load, name) for name in names}}
    ambiguous = load.rejected - len(result.rejected)  # placing may set rows aside as well
    if ambiguous > 0 and not load.already_loaded:
        said["rules"] = said["rules"] | {"province_ambiguous": ambiguous}
    return said


def _counted(result: ReadResult) -> str:
    return f"{result.provenance.read:,} rows read, {len(result.rejected):,} set aside"


def _read_line(one: dict[str, Any]) -> str:
    rules = "; ".join(f"{number} {rule.replace('_', ' ')}" for rule, number in one["rules"].items())
    aside = f"{one['rejected']:,} set aside" + (f" ({rules})" if rules else "")
    days = f", {one['date_min']} to {one['date_max']}" if one["date_min"] else ""
    return f"{one['file']} ({one['reader']}): {one['read']:,} rows read, {one['accepted']:,} accepted, {aside}{days}."


def _placed(one: dict[str, Any]) -> str:
    if one["already_loaded"]:
        return " It was loaded before; nothing has changed."
    return f" {one['placed']:,} lie in the theatre, {one['outside']:,} outside."


def _together(objects: list[dict[str, Any]]) -> dict[str, Any]:
    """Add the counts of several files up and keep each file's own object beside."""
    numbers = ("read", "accepted", "rejected", "placed", "without_province", "outside")
    rules: dict[str, int] = {}
    for one in objects:
        for rule, number in one["rules"].items():
            rules[rule] = rules.get(rule, 0) + number
    totals = {}
    for name in ("civilians_killed_best", "all_killed_best"):
        known = [one[name] for one in objects if one[name] is not None]
        totals[name] = sum(known) if known else None
    first = [one["date_min"] for one in objects if one["date_min"]]
    last = [one["date_max"] for one in objects if one["date_max"]]
    return {
        "source": "; ".join(sorted({one["source"] for one in objects})),
        **{name: sum(one[name] for one in objects) for name in numbers},
        "rules": rules,
        "date_min": min(first, default=None),
        "date_max": max(last, default=None),
        **totals,
        "files": objects,
    }


@contextmanager
def _arriving() -> Iterator[fetching.Progress]:
    """Show on the terminal how much of a file has arrived."""
    columns = (TextColumn("Fetching"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Fetching", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)

"""The command line, ``python -m civmap``: each command says what it did, with ``--json`` in one object."""

from __future__ import annotations

import json
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
from civmap import simulate as simulation
from civmap.errors import CivMapError, ReadError, RecipeError
from civmap.exhibits import Recipe, build
from civmap.exports import tables
from civmap.readers import ReadResult
from civmap.store import Store, default_home
from civmap.theatre import load_theatre, new_theatre, theatre_names

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
theatre_app = typer.Typer(no_args_is_help=True, help="Make theatres.")
app.add_typer(theatre_app, name="theatre")

Home = Annotated[Path | None, typer.Option("--home", help="Folder of the stores; default $CIVMAP_HOME or ~/civmap.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
SourceName = Annotated[
    str | None, typer.Option("--source", help="Reader (ucdp_ged, airwars, civmap) or the name of your own tally.")
]


@app.command()
def theatres(as_json: Json = False) -> None:
    """List the theatres with their titles and provinces."""
    with _plainly():
        found = [load_theatre(name) for name in theatre_names()]
    rows = [{"id": one.id, "title": one.title, "provinces": len(one.boundaries)} for one in found]
    _say({"theatres": rows}, as_json, [f"{row['id']}: {row['title']}, {row['provinces']} provinces" for row in rows])


@theatre_app.command("new")
def theatre_new(
    name: str,
    boundaries: Annotated[Path, typer.Option(help="Any vector file of provinces.")],
    folder: Annotated[Path | None, typer.Option(help="Where to make it; default $CIVMAP_THEATRES or data/.")] = None,
    code_column: Annotated[str | None, typer.Option(help="Column with ISO 3166-2 or other codes.")] = None,
    name_column: Annotated[str | None, typer.Option(help="Column with names.")] = None,
) -> None:
    """Start a theatre's folder from a file of boundaries."""
    with _plainly():
        made = new_theatre(name, boundaries, folder=folder, code_column=code_column, name_column=name_column)
        theatre = load_theatre(made)
    typer.echo(f"{made}: {len(theatre.boundaries)} provinces. Next: fill in its tables; data/README.md describes them.")


@app.command()
def read(file: Path, source: SourceName = None, as_json: Json = False) -> None:
    """Parse one file without keeping it, and say what is accepted and what set aside."""
    with _plainly(as_json=as_json), _working(f"Reading {file.name}"):
        summary = readers.read(file, source=source).summary()
    _say(summary, as_json, [_read_line(summary)])


@app.command()
def ingest(
    files: list[Path],
    theatre: Annotated[str, typer.Option("--theatre", help="Name or folder of the theatre.")],
    source: SourceName = None,
    released: Annotated[
        datetime | None, typer.Option("--released", formats=["%Y-%m-%d"], help="Day of release; default now.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Read, place and keep files; all are read before the first is kept, and every fault is named."""
    with _plainly(as_json=as_json):
        store = Store(home or default_home(), theatre)
        results, faults = [], []
        for file in files:
            with _working(f"Reading {file.name}"):
                try:
                    results.append(readers.read(file, source=source))
                except ReadError as error:
                    faults.append(str(error))
        if faults:
            raise ReadError("Nothing was kept. " + " | ".join(faults))
        objects = [_kept(store, result, released.date() if released else None) for result in results]
    printed = objects[0] if len(objects) == 1 else _together(objects)
    _say(printed, as_json, [_read_line(one) + _placed(one) for one in objects])


@app.command()
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
    with _plainly(as_json=as_json):
        store = Store(home or default_home(), theatre or _theatre_of(country or ()))
        with _arriving() as progress:
            found = fetching.fetch(
                source, folder=store.home / "fetched", version=version, countries=country or (), address=address,
                released=released.date() if released else None, limit_mb=limit_mb, progress=progress,
            )  # fmt: skip
        with _working(f"Reading {found.path.name}"):
            result = found.read()
        said = _kept(store, result, found.released) | {"licence": found.licence, "citation": found.citation}
        found.discard()
    notes = [f"- {note}" for note in found.notes]
    cite = [f"Licence: {found.licence}.", f"Cite: {found.citation}."]
    _say(said, as_json, [_read_line(said) + _placed(said), *notes, *cite])


@app.command()
def exhibit(
    recipe: Path,
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables and the description.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Build an exhibit from a recipe: one CSV for each part, and its sentence, caveats and sources as JSON."""
    with _plainly(as_json=as_json):
        try:
            asked = Recipe.from_json(recipe.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"{recipe.name} cannot be read.", found=str(error)) from error
        store = Store(home or default_home(), asked.theatre)
        with _working(f"Building {asked.analysis}"):
            built = build(asked, store)
        out.mkdir(parents=True, exist_ok=True)
        files = [out / tables.file_name(built, part, "csv") for part in built.parts]
        for file, part in zip(files, built.parts, strict=True):
            file.write_bytes(tables.csv_bytes(built, part))
        described = {
            "title": built.title, "sentence": built.sentence, "n": built.n, "period": built.period,
            "caveats": list(built.caveats), "sources": list(built.sources), "fingerprint": built.fingerprint,
            "synthetic": built.synthetic, "recipe": built.recipe.to_dict(), "files": [file.name for file in files],
        }  # fmt: skip
        (out / "exhibit.json").write_text(json.dumps(described, indent=1, ensure_ascii=False), encoding="utf-8")
    _say(described, as_json, [built.title, built.sentence, *(f"- {caveat}" for caveat in built.caveats), str(out)])


@app.command()
def simulate(
    theatre: Annotated[str, typer.Option("--theatre", help="Name or folder of the theatre.")] = "afghanistan",
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the files, one CSV for each source.")] = None,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])] = datetime(2007, 1, 1),
    end: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])] = datetime(2014, 12, 31),
    per_month: Annotated[float, typer.Option(help="True incidents a month, on average.")] = 120.0,
    seed: int = 0,
    demonstration: Annotated[bool, typer.Option(help="Make the Afghan demonstration again, in its place.")] = False,
    as_json: Json = False,
) -> None:
    """Make up incidents whose truth is known, in CivMap's own columns."""
    with _plainly(as_json=as_json), _working("Simulating"):
        of = load_theatre(theatre)
        if demonstration:
            files = simulation.write_demonstration(load_theatre("afghanistan").folder / "demonstration")
        elif out is None:
            raise RecipeError("Nothing was made.", next_step="Say where the files shall go: --out FOLDER.")
        else:
            made = simulation.simulate(of, start=start.date(), end=end.date(), incidents_per_month=per_month, seed=seed)
            out.mkdir(parents=True, exist_ok=True)
            files = simulation.write_files(made, out)
    _say({"files": [str(file) for file in files]}, as_json, [str(file) for file in files])


def _theatre_of(countries: Sequence[str]) -> str:
    """Give the theatre that bears a country's name, so that a single country needs no second word for it."""
    named = [name for name in theatre_names() if [name] == [country.casefold() for country in countries]]
    if not named:
        raise RecipeError("Nothing was fetched.", next_step=f"Say --theatre: {' or '.join(theatre_names())}.")
    return named[0]


def _kept(store: Store, result: ReadResult, known_at: date | None) -> dict[str, Any]:
    """Place and keep one file, and say in one object what became of it."""
    with _working(f"Placing and keeping {result.provenance.file}"):
        load = store.add(result, known_at=known_at)
    names = ("load_id", "known_at", "placed", "without_province", "outside", "already_loaded")
    return {**result.summary(), **{name: getattr(load, name) for name in names}}


def _say(value: dict[str, Any], as_json: bool, lines: list[str]) -> None:
    if as_json:
        typer.echo(json.dumps(value, ensure_ascii=False, default=_jsonable))
    else:
        typer.echo("\n".join(lines))


def _jsonable(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else str(value)


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
def _working(what: str) -> Iterator[None]:
    """Show on the terminal, never in what is printed, that something is going on."""
    with Console(stderr=True).status(f"{what} …"):
        yield


@contextmanager
def _arriving() -> Iterator[fetching.Progress]:
    """Show on the terminal how much of a file has arrived."""
    columns = (TextColumn("Fetching"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Fetching", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def _plainly(*, as_json: bool = False) -> Iterator[None]:
    """End with the sentence of a CivMapError and exit code 1; anything else is a bug and keeps its trace."""
    try:
        yield
    except CivMapError as error:
        if as_json:
            typer.echo(json.dumps({"error": str(error)}, ensure_ascii=False))
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error

"""The command line, ``python -m civmap``: each command says what it did, with ``--json`` in one object."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from civmap import fetch as fetching
from civmap import readers
from civmap import simulate as simulation
from civmap.errors import CivMapError, ReadError, RecipeError
from civmap.exhibits import Recipe, build
from civmap.exports import tables
from civmap.readers import MAPPINGS, ReadResult
from civmap.store import Store, default_home
from civmap.theatre import load_theatre, new_theatre, theatre_names

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
theatre_app = typer.Typer(no_args_is_help=True, help="Make theatres.")
app.add_typer(theatre_app, name="theatre")

Home = Annotated[Path | None, typer.Option("--home", help="Folder of the stores; default $CIVMAP_HOME or ~/civmap.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", help="TOML that says which column is which; see suggest-mapping.")
]
SourceName = Annotated[
    str | None, typer.Option("--source", help="Reader (ucdp_ged, airwars, civmap) or the name of your own tally.")
]


@app.command()
def theatres(as_json: Json = False) -> None:
    """List the theatres with their titles and provinces."""
    with _plainly():
        found = [load_theatre(name) for name in theatre_names()]
    rows = [
        {"id": one.id, "title": one.title, "provinces": len(one.boundaries), "notes": list(one.notes)} for one in found
    ]
    lines = [f"{one.id}: {one.title}, {len(one.boundaries)} provinces" for one in found]
    _say({"theatres": rows}, as_json, [*lines, *(f"- {note}" for one in found for note in one.notes)])


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
def read(file: Path, source: SourceName = None, mapping: MappingFile = None, as_json: Json = False) -> None:
    """Parse one file without keeping it, and say what is accepted and what set aside."""
    with _plainly(as_json=as_json), _working(f"Reading {file.name}"):
        summary = readers.read(file, source=source, mapping=mapping).summary()
    _say(summary, as_json, [_read_line(summary)])


@app.command()
def suggest_mapping(
    file: Path,
    sheet: Annotated[str, typer.Option("--sheet", help="Sheet or layer; default the largest.")] = "",
    theatre: Annotated[str | None, typer.Option("--theatre", help="Whose provinces to look for; default all.")] = None,
) -> None:
    """Propose which column of your own table is which of ours, as TOML to look through; questions go to stderr."""
    with _plainly(), _working(f"Reading {file.name}"):
        names = load_theatre(theatre).aliases["admin1"] if theatre else None
        proposed = readers.suggest(file, sheet=sheet, provinces=names)
    typer.echo(proposed.to_toml(), nl=False)
    for said in (*proposed.notes, *(f"Question: {question}" for question in proposed.questions)):
        typer.echo(said, err=True)


@app.command()
def ingest(
    files: list[Path],
    theatre: Annotated[str, typer.Option("--theatre", help="Name or folder of the theatre.")],
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
    with _plainly(as_json=as_json):
        if (complete_from is None) != (complete_to is None):
            raise RecipeError("A complete span has two ends.", next_step="Give --complete-from and --complete-to.")
        span = (complete_from.date(), complete_to.date()) if complete_from and complete_to else None
        store = Store(home or default_home(), theatre)
        results, faults = [], []
        for file in files:
            with _working(f"Reading {file.name}"):
                try:
                    results.append(readers.read_known(file, store.folder / MAPPINGS, source=source, mapping=mapping))
                except ReadError as error:
                    faults.append(str(error))
        if faults:
            raise ReadError("Nothing was kept. " + " | ".join(faults))
        objects = [_kept(store, result, released.date() if released else None, complete=span) for result in results]
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
def mend(
    file: Path,
    theatre: Annotated[str, typer.Option("--theatre", help="Name or folder of the theatre.")],
    why: Annotated[str, typer.Option("--why", help="The reason; it stays with the records.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Take set-aside rows back from a CSV as the Data Quality page gives it, mended; those that pass are kept."""
    with _plainly(as_json=as_json), _working(f"Checking {file.name}"):
        try:
            rows = pd.read_csv(file, dtype="str", keep_default_na=False, encoding="utf-8-sig")
        except (OSError, ValueError) as error:
            raise ReadError(f"{file.name} cannot be read as CSV.", found=str(error)[:200]) from error
        done = Store(home or default_home(), theatre).mend(rows, why=why)
    still = done.still_aside[["source_row", "rule", "column", "value"]].astype("str")
    faulty = still.to_dict(orient="records")
    said = {"mended": len(done.records), "still_aside": len(still), "rows": faulty}
    lines = [f"record {row['source_row']}: {row['rule']}, {row['column']} = {row['value']}" for row in faulty]
    _say(said, as_json, [f"{said['mended']:,} mended and accepted, {said['still_aside']:,} still set aside.", *lines])


@app.command()
def redact(
    theatre: Annotated[str, typer.Option("--theatre", help="Name or folder of the theatre.")],
    where: Annotated[list[str], typer.Option("--where", help="column=value; given again, all must hold.")],
    why: Annotated[str, typer.Option("--why", help="The rule that asks for it; it stays.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Erase records from every load, for good; ids, the time and the rule stay."""
    with _plainly(as_json=as_json):
        asked = dict(condition.partition("=")[::2] for condition in where)
        erased = Store(home or default_home(), theatre).redact(asked, why=why)
    said = {
        "erased": [list(one) for one in erased.records], "rows": erased.rows, "loads": list(erased.loads),
        "fingerprint_before": erased.fingerprint_before, "fingerprint_after": erased.fingerprint_after,
    }  # fmt: skip
    _say(said, as_json, [
        f"{len(erased.records):,} records erased, {erased.rows:,} set-aside rows emptied.",
        f"Exports made from these loads ({', '.join(erased.loads) or 'none'}) can no longer be rebuilt: the store's "
        f"fingerprint was {erased.fingerprint_before} and is {erased.fingerprint_after}.",
    ])  # fmt: skip


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
    out: Annotated[Path | None, typer.Option("--out", help="Folder for a CSV a source, and passes.parquet.")] = None,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])] = datetime(2007, 1, 1),
    end: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"])] = datetime(2014, 12, 31),
    per_month: Annotated[float, typer.Option(help="True incidents a month, on average.")] = 120.0,
    seed: int = 0,
    demonstration: Annotated[bool, typer.Option(help="Make the Afghan demonstration again, in its place.")] = False,
    as_json: Json = False,
) -> None:
    """Make up incidents whose truth is known, in CivMap's own columns; beside them passes of air surveillance."""
    with _plainly(as_json=as_json), _working("Simulating"):
        of = load_theatre(theatre)
        passes: list[Path] = []
        if demonstration:
            files = simulation.write_demonstration(load_theatre("afghanistan").folder / "demonstration")
        elif out is None:
            raise RecipeError("Nothing was made.", next_step="Say where the files shall go: --out FOLDER.")
        else:
            made = simulation.simulate(of, start=start.date(), end=end.date(), incidents_per_month=per_month, seed=seed)
            out.mkdir(parents=True, exist_ok=True)
            files = simulation.write_files(made, out)
            passes = [simulation.write_passes(made.passes, out / "passes.parquet")]
    said = {"files": [str(file) for file in files], "passes": [str(file) for file in passes]}
    _say(said, as_json, [*said["files"], *said["passes"]])


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
    with _working(f"Placing and keeping {result.provenance.file}"):
        load = store.add(result, known_at=known_at, complete=complete)
    # placing may set rows aside as well
    ambiguous = load.rejected - len(result.rejected)
    names = ("load_id", "known_at", "accepted", "rejected", "placed", "without_province", "outside", "already_loaded")
    said = {**result.summary(), **{name: getattr(load, name) for name in names}}
    return said | ({"rules": said["rules"] | {"province_ambiguous": ambiguous}} if ambiguous > 0 else {})


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

"""What is made: theatres, exhibits, and data with known truth."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from civmap import simulate as simulation
from civmap.cli.terminal import Home, Json, Language, known, plainly, say, working
from civmap.errors import RecipeError
from civmap.exhibits import Recipe, build
from civmap.exports import tables
from civmap.language import speaking
from civmap.store import Store, default_home
from civmap.theatre import load_theatre, new_theatre, theatre_names


def theatres(as_json: Json = False) -> None:
    """List the theatres with their titles and provinces."""
    with plainly(as_json=as_json):
        found = [load_theatre(name) for name in theatre_names()]
    rows = [
        {"id": one.id, "title": one.title, "provinces": len(one.boundaries), "notes": list(one.notes)} for one in found
    ]
    lines = [f"{one.id}: {one.title}, {len(one.boundaries)} provinces" for one in found]
    say({"theatres": rows}, [*lines, *(f"- {note}" for one in found for note in one.notes)], as_json=as_json)


def theatre_new(
    name: str,
    boundaries: Annotated[Path, typer.Option(help="Any vector file of provinces.")],
    folder: Annotated[Path | None, typer.Option(help="Where to make it; default $CIVMAP_THEATRES or data/.")] = None,
    code_column: Annotated[str | None, typer.Option(help="Column with ISO 3166-2 or other codes.")] = None,
    name_column: Annotated[str | None, typer.Option(help="Column with names.")] = None,
) -> None:
    """Start a theatre's folder from a file of boundaries."""
    with plainly():
        made = new_theatre(name, boundaries, folder=folder, code_column=code_column, name_column=name_column)
        theatre = load_theatre(made)
    typer.echo(f"{made}: {len(theatre.boundaries)} provinces. Next: fill in its tables; data/README.md describes them.")


def exhibit(
    recipe: Path,
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables and the description.")],
    language: Language = "en",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Build an exhibit from a recipe: one CSV for each part, and its sentence, caveats and sources as JSON."""
    with speaking(language), plainly(as_json=as_json):
        known(language)
        try:
            asked = Recipe.from_json(recipe.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"{recipe.name} cannot be read.", found=str(error)) from error
        store = Store(home or default_home(), asked.theatre)
        with working(f"Building {asked.analysis}"):
            built = build(asked, store)
        out.mkdir(parents=True, exist_ok=True)
        files = [out / name for name in tables.file_names(built, "csv")]
        for file, part in zip(files, built.parts, strict=True):
            file.write_bytes(tables.csv_bytes(built, part))
        described = {
            "title": built.title, "sentence": built.sentence, "n": built.n, "period": built.period,
            "caveats": list(built.caveats), "sources": list(built.sources), "fingerprint": built.fingerprint,
            "synthetic": built.synthetic, "language": built.language,
            "recipe": built.recipe.to_dict(), "files": [file.name for file in files],
        }  # fmt: skip
        (out / "exhibit.json").write_text(json.dumps(described, indent=1, ensure_ascii=False), encoding="utf-8")
    say(
        described,
        [built.title, built.sentence, *(f"- {caveat}" for caveat in built.caveats), str(out)],
        as_json=as_json,
    )


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
    with plainly(as_json=as_json), working("Simulating"):
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
    say(said, [*said["files"], *said["passes"]], as_json=as_json)

"""What leaves by the command line, its marking, and whether it would still be the same: brief, marking, verify."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Annotated

import typer

from civmap.cli.terminal import Home, Json, Language, TheatreName, known, plainly, say, working
from civmap.errors import CivMapError, ExportError
from civmap.exhibits import words
from civmap.exports import making
from civmap.exports import marking as marks
from civmap.exports.briefing import Briefing
from civmap.language import speaking
from civmap.store import Store, default_home


def brief(
    briefing: Annotated[Path, typer.Argument(help="A briefing, as the Briefing page saves it.")],
    out: Annotated[Path, typer.Option("--out", help="The PowerPoint file to write.")],
    template: Annotated[Path | None, typer.Option(help="A PowerPoint template of your own.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write an HTML report as well.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Write a ZIP with all files and their manifest as well.")] = None,
    language: Language = "en",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Make a deck from a saved briefing: nothing is written unless every exhibit can be made."""
    with speaking(language), plainly(as_json=as_json):
        known(language)
        files = {form: file for form, file in {"pptx": out, "html": report, "zip": bundle}.items() if file is not None}
        if len({file.resolve() for file in files.values()}) < len(files):
            raise ExportError("Two files have one name.", next_step="Give the deck, report and bundle their own.")
        asked = Briefing.load(briefing)
        open_store = cache(partial(Store, home or default_home()))
        with working(f"Building {len(asked.items)} exhibit{'s' * (len(asked.items) != 1)}"):
            exported = making.prepared(asked, open_store)
        notes = [item.note for item in asked.items]
        made: dict[Path, bytes] = {}
        for form, file in files.items():
            with working(f"Making {file.name}"):
                made[file] = making.made(exported, form, notes=notes, title=asked.title,
                                         template=template if form == "pptx" else None)  # fmt: skip
        warnings = making.note(exported, open_store, what=", ".join(file.name for file in made))
        for file, data in made.items():
            making.write_whole(file, data)
    exhibits = [
        {"title": one.exhibit.title, "analysis": one.exhibit.recipe.analysis, "theatre": one.exhibit.recipe.theatre,
         "language": one.language, "fingerprint": one.exhibit.fingerprint, "synthetic": one.synthetic}
        for one in exported
    ]  # fmt: skip
    markings = list(dict.fromkeys(one.marking for one in exported))
    said = {"files": list(map(str, made)), "exhibits": exhibits, "markings": markings, "warnings": warnings}
    counted = words.count(len(exported), "exhibit", "exhibits")
    lines = [f"{file}: {counted}, {making.size(data)}" for file, data in made.items()]
    lines += [*(f"Marking: {one}" for one in markings), *(f"- {one}" for one in warnings)]
    say(said, lines, as_json=as_json)


def marking(
    theatre: TheatreName,
    text: Annotated[str | None, typer.Argument(help="The marking from now on; without it the present one.")] = None,
    who: Annotated[str | None, typer.Option(help="Whose decision it is; default the user of this machine.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Set or show the marking at the top and bottom of whatever leaves a theatre; the latest holds."""
    with plainly(as_json=as_json):
        store = Store(home or default_home(), theatre)
        if text is not None:
            marks.set_marking(store, text, who=who)
        present = marks.marking(store)
    say({"theatre": store.theatre.id, "marking": present}, [f"{store.theatre.title}: {present}"], as_json=as_json)


def verify(
    bundle: Annotated[Path, typer.Argument(help="A bundle (.zip), or its manifest.json.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Build what a bundle holds anew: same (exit 0), or what differs and why (exit 1); exit 2 if it cannot be read."""
    from civmap.exports.verify import verify as verified

    try:
        with working(f"Verifying {bundle.name}"):
            found = verified(bundle, home or default_home())
    except CivMapError as error:
        say({"error": str(error)}, [], as_json=True) if as_json else typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    counted = f"{words.count(found.exhibits, 'exhibit', 'exhibits')}, {words.count(found.files, 'file', 'files')}"
    lines = [f"same: {counted}"] if found.same else [f"differs: {counted}", *(f"- {one}" for one in found.differences)]
    said = {
        "same": found.same,
        "differences": list(found.differences),
        "exhibits": found.exhibits,
        "files": found.files,
    }
    say(said, lines, as_json=as_json)
    if not found.same:
        raise typer.Exit(1)

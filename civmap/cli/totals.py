"""Published totals and activity in: ingest-totals."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from civmap.cli.terminal import Home, Json, TheatreName, plainly, say, working
from civmap.readers.tallies import read_activity, read_tallies
from civmap.store import Store, default_home


def ingest_totals(
    file: Path,
    theatre: TheatreName,
    activity: Annotated[
        bool, typer.Option("--activity", help="Sorties, weapons, strikes, troops; not casualties.")
    ] = False,
    tally: Annotated[
        str | None,
        typer.Option("--tally", help="Whose totals they are, where the file does not say; default its name."),
    ] = None,
    released: Annotated[
        datetime | None,
        typer.Option("--released", formats=["%Y-%m-%d"], help="Known from, for totals without a day; default now."),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Read, place and keep a table of published totals by area and period; they stay apart from incidents."""
    with plainly(as_json=as_json):
        store = Store(home or default_home(), theatre)
        with working(f"Reading {file.name}") as task:
            result = read_activity(file) if activity else read_tallies(file, tally=tally)
            task.outcome = f"{result.provenance.read:,} rows read, {len(result.rejected):,} set aside"
        kept, placed = store.add_totals(result, known_at=released.date() if released else None)
    rows = placed.rejected[["source_row", "rule", "column", "value", "expected"]].astype("str")
    counted = {"read": kept.read, "rejected": kept.rejected, "accepted": kept.read - kept.rejected,
               "figures": kept.figures}  # fmt: skip
    said = {
        "file": kept.file, "kind": kept.kind, "totals_id": kept.totals_id, **counted, "known_at": kept.known_at,
        "already_loaded": kept.already_loaded, "rows": rows.to_dict(orient="records"), "notes": list(kept.notes),
    }  # fmt: skip
    line = (
        f"{kept.file}: {kept.read:,} rows read, {counted['accepted']:,} accepted with {kept.figures:,} figures, "
        f"{kept.rejected:,} set aside."
    )
    again = " It was loaded before; nothing has changed." if kept.already_loaded else ""
    lines = [
        f"record {row.source_row}: {row.rule}, {row.column} = {row.value}; {row.expected}" for row in rows.itertuples()
    ]
    say(said, [line + again, *lines], as_json=as_json)

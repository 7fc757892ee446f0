"""Air surveillance on the command line: coverage, ingest-air."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from civmap import air_schema
from civmap.analysis.coverage import coverage as in_threads
from civmap.cli.terminal import Home, Json, TheatreName, plainly, say, working
from civmap.errors import ReadError, RecipeError
from civmap.queries import air as questions
from civmap.readers.air import AirResult, own, read_air
from civmap.store import Store, default_home
from civmap.store import air as kept
from civmap.theatre import load_theatre

AltitudeUnit = Annotated[
    str | None, typer.Option("--altitude-unit", help="m or ft: the answer where the unit of heights is asked for.")
]
Assumed = Annotated[
    float | None,
    typer.Option("--assumed-view", help="Count footprints assumed from height and this angle of view (degrees)."),
]


class Engine(StrEnum):
    """Who computes."""

    threads = "threads"
    spark = "spark"


def coverage(
    telemetry: Annotated[list[Path], typer.Argument(help="Files of air surveillance of any kind that is read.")],
    resolution: Annotated[int, typer.Option(help="H3 resolution, 3 to 6.")] = air_schema.FINEST_SHOWN_RESOLUTION,
    theatre: Annotated[str | None, typer.Option("--theatre", help="Whose local days and delay; default UTC.")] = None,
    engine: Annotated[Engine, typer.Option(help="threads, or spark for a cluster.")] = Engine.threads,
    master: Annotated[str, typer.Option("--master", help="Of the Spark cluster.")] = "local-cluster[2,1,1024]",
    assumed_view: Assumed = None,
    altitude_unit: AltitudeUnit = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the table as CSV.")] = None,
    as_json: Json = False,
) -> None:
    """Give seconds, looks and the share covered by cell and day; nothing of the last weeks, nothing finer than 6."""
    with plainly(as_json=as_json):
        questions.check_resolution(resolution)
        of = load_theatre(theatre) if theatre else None
        zone, delay = (of.time_zone, of.surveillance_delay_days) if of else ("UTC", air_schema.DELAY_DAYS)
        with tempfile.TemporaryDirectory(prefix="civmap-air-") as folder:
            files, summaries = _as_parquet(telemetry, Path(folder), altitude_unit)
            options: dict[str, Any] = {
                "resolution": resolution,
                "time_zone": zone,
                "assumed_view_degrees": assumed_view,
            }
            with working(f"Summing coverage of {len(files)} file(s)") as task:
                if engine is Engine.spark:
                    from civmap.analysis.coverage_spark import coverage_on_spark

                    table = coverage_on_spark(files, master=master, **options)
                else:
                    table = in_threads(files, **options)
                task.outcome = f"{len(table):,} cells and days"
        last = datetime.now(UTC).date() - timedelta(days=delay + 1)
        table, held_back = questions.within_limits(table, resolution=resolution, last=last)
        written = _written(table)
        if out is not None:
            written.to_csv(out, index=False)
    said = {
        "resolution": resolution, "time_zone": zone, "engine": engine.value, "files": summaries,
        "assumed_view_degrees": assumed_view, "cells": int(table["cell"].nunique()),
        "days": int(table["day"].nunique()),
        "seconds": float(table["seconds"].sum()), "looks": int(table["looks"].sum()),
        "last_day_shown": last.isoformat(), "held_back": held_back, "coverage": written.to_dict(orient="records"),
    }  # fmt: skip
    lines = [_read_line(one) for one in summaries if "read" in one]
    lines += [f"- {text}" for one in summaries for text in (*one.get("notes", ()), *one.get("questions", ()))]
    lines += [
        f"{said['cells']:,} cells of resolution {resolution} covered on {said['days']:,} days ({zone}).",
        f"{held_back:,} cells and days after {last} held back.",
        *([f"Footprints assumed from an angle of view of {assumed_view:g} degrees are in it."] if assumed_view else []),
    ]
    say(said, lines, as_json=as_json)


def ingest_air(
    files: list[Path],
    theatre: TheatreName,
    altitude_unit: AltitudeUnit = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Read and keep files of air surveillance; all are read before the first is kept, and every fault is named."""
    with plainly(as_json=as_json):
        store = Store(home or default_home(), theatre)
        results, faults = [], []
        for file in files:
            with working(f"Reading {file.name}"):
                try:
                    results.append(read_air(file, altitude_unit=altitude_unit))
                except ReadError as error:
                    faults.append(str(error))
        if faults:
            raise ReadError("Nothing was kept. " + " | ".join(faults))
        said = [kept.keep(store, result) for result in results]
    lines = [_read_line(one) for one in said]
    lines += [f"- {text}" for one in said for text in (*one["notes"], *one["questions"])]
    say(said[0] if len(said) == 1 else {"files": said}, lines, as_json=as_json)


def _as_parquet(paths: list[Path], folder: Path, altitude_unit: str | None) -> tuple[list[Path], list[dict[str, Any]]]:
    """Give files of telemetry as they are, however large, and read the others into some."""
    files, summaries = [], []
    for number, path in enumerate(paths):
        if not path.is_file():
            raise RecipeError(f"{path}: there is no such file.", next_step="Check the path.")
        if own.is_own_file(path):
            files.append(path)
            summaries.append({"file": path.name, "reader": "telemetry", "rows": own.rows_of(path)})
            continue
        with working(f"Reading {path.name}"):
            result: AirResult = read_air(path, altitude_unit=altitude_unit)
        files.append(folder / f"{number}.parquet")
        result.telemetry.to_parquet(files[-1], index=False)
        summaries.append(result.summary())
    return files, summaries


def _written(table: pd.DataFrame) -> pd.DataFrame:
    """Write cells as H3's text and days as ISO 8601."""
    cells = [f"{cell:x}" for cell in table["cell"].tolist()]
    return table.assign(cell=cells, day=table["day"].dt.strftime("%Y-%m-%d"))


def _read_line(said: dict[str, Any]) -> str:
    rules = ", ".join(f"{rule} {count}" for rule, count in said["rules"].items())
    return (
        f"{said['file']}: {said['read']:,} read as {said['reader']}, {said['accepted']:,} accepted, "
        f"{said['rejected']:,} set aside{f' ({rules})' if rules else ''}; {said['passes']:,} pass(es)."
    )
